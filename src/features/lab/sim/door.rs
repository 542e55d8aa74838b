//! Where requests come in: HTTP with or without TLS, and what goes wrong before anybody has looked at them.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::World;
use super::gateway::{Asked, answer};
use super::page::{Answer, front_error};
use super::state::Fault;
use crate::listening::{self, Ended};

/// Bytes of a request.
const LARGEST: usize = 1 << 20;

/// Takes connections until the end.
pub(super) async fn listen(world: Arc<World>, listener: TcpListener, tls: Option<TlsAcceptor>) -> Infallible {
    listening::serve_each("simulated lab", listener, &world.tasks, &world.stop, |socket, peer| {
        connection(Arc::clone(&world), socket, peer.ip(), tls.clone())
    })
    .await
}

/// One connection.
async fn connection(world: Arc<World>, socket: TcpStream, peer: IpAddr, tls: Option<TlsAcceptor>) -> Result<(), Ended> {
    match tls {
        Some(tls) => serve(world, tls.accept(socket).await?, peer).await,
        None => serve(world, socket, peer).await,
    }
}

/// The requests of a connection.
async fn serve(
    world: Arc<World>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: IpAddr,
) -> Result<(), Ended> {
    let service = service_fn(move |request| pass(Arc::clone(&world), peer, request));
    Builder::new(TokioExecutor::new()).http1_only().serve_connection(TokioIo::new(stream), service).await
}

/// One request, from the front server to the gateway and back. An error closes the connection.
async fn pass(world: Arc<World>, peer: IpAddr, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, LARGEST).collect().await.map_err(io::Error::other)?.to_bytes();
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let asked = Asked {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        token: header("x-auth"),
        content_type: header("content-type").unwrap_or_default(),
        body,
        peer,
    };
    let seen = match parts.uri.query() {
        Some(query) => format!("{} {}?{query}", asked.method, asked.path),
        None => format!("{} {}", asked.method, asked.path),
    };
    world.state().calls.push(seen);
    // One process, one thread: whoever comes next waits.
    let _turn = world.turn.lock().await;
    let met = |wanted: &dyn Fn(&Fault) -> bool| world.state().meets(&asked.method, wanted);
    if met(&|fault| *fault == Fault::DropBefore).is_some() {
        return Err(io::Error::other("dropped as it was told"));
    }
    if let Some(Fault::Late(time)) = met(&|fault| matches!(fault, Fault::Late(_))) {
        tokio::time::sleep(time).await;
    }
    if let Some(fault) = met(&|fault| matches!(fault, Fault::NoHost | Fault::Unavailable | Fault::TimedOut)) {
        return Ok(relay(&world, &fault, &asked.path).response());
    }
    let answer = answer(&world, &asked);
    if met(&|fault| *fault == Fault::DropAfter).is_some() {
        return Err(io::Error::other("dropped as it was told"));
    }
    let is_cut = met(&|fault| *fault == Fault::Truncated).is_some();
    Ok(if is_cut { answer.truncated() } else { answer }.response())
}

/// What the front server says when it cannot hand a request on.
fn relay(world: &World, fault: &Fault, path: &str) -> Answer {
    let owner = &world.setup.owner;
    match fault {
        Fault::NoHost => front_error(404, &format!("unable to find host {owner}.vlab.local for {path}")),
        Fault::TimedOut => front_error(504, "service unavailable"),
        Fault::Unavailable
        | Fault::DropAfter
        | Fault::DropBefore
        | Fault::Late(_)
        | Fault::Truncated
        | Fault::DatabaseDown
        | Fault::ForeignRule
        | Fault::SaveFails
        | Fault::FilterStepFails
        | Fault::ListingFails
        | Fault::Stumbles(_)
        | Fault::Crashes
        | Fault::Pending
        | Fault::Claims(_)
        | Fault::For(..) => front_error(503, "service unavailable"),
    }
}

//! The port: gRPC and the few pages beside it, on the same TLS as on the real server.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::gate;
use crate::features::cloudvision::sim::world::World;
use crate::listening::{self, Ended};

/// Bytes that a client may send before it is told to go on: large messages come in one go.
const WINDOW: u32 = 4 << 20;

/// Takes connections until the end.
pub(crate) async fn listen(world: Arc<World>, listener: TcpListener, tls: TlsAcceptor, routes: Router) -> Infallible {
    listening::serve_each("simulated CloudVision", listener, &world.tasks, &world.stop, |socket, _| {
        let (world, tls, routes) = (Arc::clone(&world), tls.clone(), routes.clone());
        // Some faults end a connection by themselves.
        let connection = world.stop.child_token();
        async move {
            let served = serve(world, socket, tls, routes, connection.clone());
            connection.run_until_cancelled(served).await.unwrap_or(Ok(()))
        }
    })
    .await
}

/// Serves one connection. HTTP/1.1 and HTTP/2 are told apart by their first bytes.
async fn serve(
    world: Arc<World>,
    socket: TcpStream,
    tls: TlsAcceptor,
    routes: Router,
    connection: CancellationToken,
) -> Result<(), Ended> {
    let stream = tls.accept(socket).await?;
    let service =
        service_fn(move |request| gate::pass(Arc::clone(&world), routes.clone(), connection.clone(), request));
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http2().initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW);
    builder.serve_connection(TokioIo::new(stream), service).await
}

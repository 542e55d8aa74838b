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

/// Bytes that a client may send before it is told to go on: large messages come in one go.
const WINDOW: u32 = 4 << 20;

/// Takes connections until the end.
///
/// Cancel safety: `accept` loses no connection when it is dropped.
pub(crate) async fn listen(world: Arc<World>, listener: TcpListener, tls: TlsAcceptor, routes: Router) -> Infallible {
    loop {
        match listener.accept().await {
            Ok((socket, _)) => {
                let (world, tls, routes) = (Arc::clone(&world), tls.clone(), routes.clone());
                let tasks = world.tasks.clone();
                tasks.spawn(async move {
                    let connection = world.stop.child_token();
                    let served = serve(world, socket, tls, routes, connection.clone());
                    if let Some(Err(error)) = connection.run_until_cancelled(served).await {
                        tracing::debug!(%error, "a connection to the simulated CloudVision ended");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the simulated CloudVision cannot take a connection");
                tokio::task::yield_now().await;
            }
        }
    }
}

/// Serves one connection. HTTP/1.1 and HTTP/2 are told apart by their first bytes.
async fn serve(
    world: Arc<World>,
    socket: TcpStream,
    tls: TlsAcceptor,
    routes: Router,
    connection: CancellationToken,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    socket.set_nodelay(true)?;
    let stream = tls.accept(socket).await?;
    let service =
        service_fn(move |request| gate::pass(Arc::clone(&world), routes.clone(), connection.clone(), request));
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http2().initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW);
    builder.serve_connection(TokioIo::new(stream), service).await
}

//! The port of a simulated backend: connections are taken one after the other and served side by side.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What ended a connection.
pub(crate) type Ended = Box<dyn std::error::Error + Send + Sync>;

/// How long nothing is taken after the system refused to; without it, a process out of files would spin.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes connections until it is dropped, and serves each as one of `tasks` until `stop`. What goes wrong on one ends
/// that one. `whose` port it is stands in the log.
///
/// Cancel safety: `accept` loses no connection when it is dropped.
pub(crate) async fn serve_each<F>(
    whose: &'static str,
    listener: TcpListener,
    tasks: &TaskTracker,
    stop: &CancellationToken,
    serve: impl Fn(TcpStream, SocketAddr) -> F,
) -> Infallible
where
    F: Future<Output = Result<(), Ended>> + Send + 'static,
{
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => {
                // Small answers go out at once; where the socket is gone already, serving it says so.
                let _ = socket.set_nodelay(true);
                let (served, stop) = (serve(socket, peer), stop.clone());
                tasks.spawn(async move {
                    if let Some(Err(error)) = stop.run_until_cancelled(served).await {
                        tracing::debug!(%error, "a connection to the {whose} ended");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the {whose} cannot take a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn a_connection_that_fails_ends_alone() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let echo = |mut socket: TcpStream, _| async move {
            let mut byte = [0];
            socket.read_exact(&mut byte).await?;
            if byte == *b"!" {
                return Err("refused".into());
            }
            Ok(socket.write_all(&byte).await?)
        };
        let asked = async {
            let mut open = TcpStream::connect(address).await.unwrap();
            let mut failing = TcpStream::connect(address).await.unwrap();
            failing.write_all(b"!").await.unwrap();
            assert_eq!(failing.read(&mut [0]).await.unwrap_or(0), 0);
            open.write_all(b"x").await.unwrap();
            let mut byte = [0];
            open.read_exact(&mut byte).await.unwrap();
            byte
        };
        tokio::select! {
            biased;
            byte = asked => assert_eq!(byte, *b"x"),
            _ = serve_each("test", listener, &tasks, &stop, echo) => {}
        }
        stop.cancel();
        tasks.close();
        tasks.wait().await;
    }
}

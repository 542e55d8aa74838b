//! What really happens at a forward's port, measured from here: a connection, how long it took, and what an SSH server says
//! of itself. Never more sockets at once than were allowed.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};

use super::model::Reach;
use crate::text::clean_line;

/// Sockets that are open at once.
pub const SOCKETS: usize = 64;
/// How long a connection may take.
pub const PATIENCE: Duration = Duration::from_secs(3);
/// How long a server may take to say who it is, and how many bytes it may use: RFC 4253 §4.2 lets 255 bytes and lines
/// before.
const BANNER_WITHIN: Duration = Duration::from_millis(1500);
const BANNER_BYTES: usize = 1024;
/// A banner is cut here.
const BANNER_CELLS: usize = 80;

/// A port to be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port {
    /// The gateway's port.
    pub port: u16,
    /// Whether whoever listens says who they are.
    pub has_banner: bool,
}

/// The address of a host; one that has several is measured at the first.
pub async fn resolve(host: &str) -> Result<SocketAddr, Reach> {
    if host.is_empty() {
        return Err(Reach::Failed { why: "the gateway's address is not known".to_owned() });
    }
    let found = timeout(PATIENCE, lookup_host((host, 0))).await.map_err(|_| Reach::TimedOut)?;
    let failed = |why: &str| Reach::Failed { why: clean_line(why) };
    let mut found = found.map_err(|error| failed(&format!("{host}: {error}")))?;
    found.next().ok_or_else(|| failed(&format!("{host} has no address")))
}

/// Measures one port.
///
/// Cancel safety: dropping it closes the socket.
pub async fn reach(address: SocketAddr, port: Port, patience: Duration) -> Reach {
    let target = SocketAddr::new(address.ip(), port.port);
    let begun = Instant::now();
    let mut stream = match timeout(patience, TcpStream::connect(target)).await {
        Err(_) => return Reach::TimedOut,
        Ok(Err(error)) => return refused(&error),
        Ok(Ok(stream)) => stream,
    };
    let latency = begun.elapsed();
    let banner = if port.has_banner { banner(&mut stream).await } else { String::new() };
    Reach::Open { latency, banner }
}

/// Measures ports, at most `sockets` of them at a time, and tells each as soon as it is known.
///
/// Cancel safety: dropping it closes all sockets.
pub async fn sweep(
    address: SocketAddr,
    ports: Vec<Port>,
    sockets: usize,
    patience: Duration,
    mut each: impl FnMut(u16, Reach),
) {
    let measured = stream::iter(ports)
        .map(|port| async move { (port.port, reach(address, port, patience).await) })
        .buffer_unordered(sockets.max(1));
    let told = measured.for_each(|(port, reach)| {
        each(port, reach);
        std::future::ready(())
    });
    told.await;
}

/// Why there is no connection.
fn refused(error: &std::io::Error) -> Reach {
    let kind = error.kind();
    if kind == ErrorKind::ConnectionRefused || kind == ErrorKind::ConnectionReset {
        Reach::Refused
    } else if kind == ErrorKind::TimedOut {
        Reach::TimedOut
    } else if kind == ErrorKind::HostUnreachable || kind == ErrorKind::NetworkUnreachable {
        Reach::Failed { why: "no way there".to_owned() }
    } else {
        Reach::Failed { why: clean_line(&error.to_string()) }
    }
}

/// The line in which an SSH server says who it is; empty where nobody does.
async fn banner(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::with_capacity(256);
    let read = async {
        let mut piece = [0; 256];
        while bytes.len() < BANNER_BYTES {
            match stream.read(&mut piece).await {
                Ok(length @ 1..) => bytes.extend_from_slice(piece.get(..length).unwrap_or_default()),
                Ok(0) | Err(_) => return,
            }
            if version(&bytes).is_some() {
                return;
            }
        }
    };
    let _late = timeout(BANNER_WITHIN, read).await;
    version(&bytes).unwrap_or_default()
}

/// The first whole line that begins with `SSH-`, harmless and not endless.
fn version(bytes: &[u8]) -> Option<String> {
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let line = lines.find(|line| line.starts_with(b"SSH-") && line.ends_with(b"\n"))?;
    let text: String = String::from_utf8_lossy(line).trim_end().chars().take(BANNER_CELLS).collect();
    Some(clean_line(&text))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;
    use tokio::task::JoinSet;

    use super::*;

    async fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[tokio::test]
    async fn an_ssh_server_says_who_it_is_and_nothing_that_a_terminal_obeys() {
        let (listener, address) = listener().await;
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"hello\r\nSSH-2.0-Open\x1b[2JSSH_9.6\r\n").await.unwrap();
        });
        let port = Port { port: address.port(), has_banner: true };
        let reached = reach(address, port, PATIENCE).await;
        let Reach::Open { banner, .. } = reached else { panic!("{reached:?}") };
        assert_eq!(banner, "SSH-2.0-Open␛[2JSSH_9.6");
    }

    #[tokio::test]
    async fn a_port_that_nobody_listens_on_is_refused() {
        let (listener, address) = listener().await;
        drop(listener);
        assert_eq!(reach(address, Port { port: address.port(), has_banner: false }, PATIENCE).await, Reach::Refused);
    }

    #[tokio::test]
    async fn there_are_never_more_sockets_than_allowed() {
        const ALLOWED: usize = 5;
        let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut ports = Vec::new();
        let mut tasks = JoinSet::new();
        for _ in 0..40 {
            let (listener, address) = listener().await;
            ports.push(Port { port: address.port(), has_banner: true });
            let (open, most) = (Arc::clone(&open), Arc::clone(&most));
            tasks.spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                // Others get the chance to come in meanwhile.
                for _ in 0..20 {
                    tokio::task::yield_now().await;
                }
                open.fetch_sub(1, Ordering::SeqCst);
                stream.write_all(b"SSH-2.0-x\r\n").await.unwrap();
            });
        }
        let mut told = 0;
        let address = "127.0.0.1:0".parse().unwrap();
        sweep(address, ports, ALLOWED, PATIENCE, |_, reach| {
            assert!(reach.is_open(), "{reach:?}");
            told += 1;
        })
        .await;
        assert_eq!(told, 40);
        assert!(most.load(Ordering::SeqCst) <= ALLOWED, "{most:?} at once");
    }

    #[test]
    fn a_banner_is_a_whole_line() {
        assert_eq!(version(b"SSH-2.0-x"), None);
        assert_eq!(version(b"220 smtp\r\n"), None);
        assert_eq!(version(&[b"SSH-", [b'x'; 300].as_slice(), b"\n"].concat()).unwrap().len(), BANNER_CELLS);
    }
}

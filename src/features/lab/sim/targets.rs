//! What listens behind the forwards: one listener for each rule of a machine that is on. An SSH server says who it is. The
//! port of one that is off is taken all the same, or another program of this machine would answer there.

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What an SSH server says first.
const BANNER: &[u8] = b"SSH-2.0-OpenSSH_9.6 simulated\r\n";
/// Nobody keeps a connection longer.
const LONGEST: Duration = Duration::from_mins(10);

/// A port of the gateway.
#[derive(Debug)]
enum Port {
    /// Listens until this is cancelled.
    Open(CancellationToken),
    /// Refuses.
    Taken {
        /// Bound, and not listening.
        _socket: TcpSocket,
    },
}

impl Drop for Port {
    fn drop(&mut self) {
        if let Self::Open(stop) = self {
            stop.cancel();
        }
    }
}

/// The listeners by the gateway's port.
#[derive(Debug)]
pub(super) struct Targets {
    is_wanted: bool,
    ports: Mutex<BTreeMap<u16, Port>>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Targets {
    /// None yet; and none ever, unless they are wanted.
    pub(super) fn new(is_wanted: bool, stop: CancellationToken, tasks: TaskTracker) -> Self {
        Self { is_wanted, ports: Mutex::default(), stop, tasks }
    }

    /// Takes a port of the gateway for a machine's port, and listens there if the machine is on. Needs a runtime.
    pub(super) fn open(&self, port: u16, target: u16, is_on: bool) -> io::Result<()> {
        if !self.is_wanted {
            return Ok(());
        }
        // What held it until now lets go of it first.
        self.close(port);
        let opened = if is_on { self.listen(port, target)? } else { take(port)? };
        self.ports().insert(port, opened);
        Ok(())
    }

    /// Listens on a port for a machine's port.
    fn listen(&self, port: u16, target: u16) -> io::Result<Port> {
        let socket = std::net::TcpListener::bind(("127.0.0.1", port))?;
        socket.set_nonblocking(true)?;
        let listener = TcpListener::from_std(socket)?;
        let stop = self.stop.child_token();
        let open = Port::Open(stop.clone());
        let tasks = self.tasks.clone();
        self.tasks.spawn(async move {
            while let Some(Ok((stream, _))) = stop.run_until_cancelled(listener.accept()).await {
                let stop = stop.clone();
                tasks.spawn(async move { stop.run_until_cancelled(attend(stream, target)).await });
            }
        });
        Ok(open)
    }

    /// The ports that are taken.
    pub(super) fn taken(&self) -> Vec<u16> {
        self.ports().keys().copied().collect()
    }

    /// Lets go of a port.
    pub(super) fn close(&self, port: u16) {
        drop(self.ports().remove(&port));
    }

    /// The ports.
    fn ports(&self) -> MutexGuard<'_, BTreeMap<u16, Port>> {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a port without listening there: whoever connects is refused, and nobody else can have it.
fn take(port: u16) -> io::Result<Port> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    Ok(Port::Taken { _socket: socket })
}

/// Says what such a server says, and then reads until the other side has enough.
async fn attend(mut stream: TcpStream, target: u16) {
    let attended = async {
        if target == 22 {
            stream.write_all(BANNER).await?;
        }
        let mut bytes = [0; 1024];
        loop {
            let count = stream.read(&mut bytes).await?;
            if count == 0 {
                break;
            }
            // Nobody logs in to it: whoever means to is told, and need not wait.
            if target == 22 && bytes.get(..count).is_some_and(|said| said.starts_with(b"SSH-")) {
                stream.write_all(&farewell()).await?;
                break;
            }
        }
        io::Result::Ok(())
    };
    let _over = tokio::time::timeout(LONGEST, attended).await;
}

/// What an SSH server says that ends a connection before anything is agreed upon (RFC 4253, sections 6 and 11.1).
fn farewell() -> Vec<u8> {
    const DISCONNECT: u8 = 1;
    const BY_APPLICATION: u32 = 11;
    const TEXT: &[u8] = b"this machine is simulated, and nobody logs in to it";
    /// Packets are as long as a multiple of this.
    const BLOCK: usize = 8;
    const LEAST_PADDING: usize = 4;
    let long = |number: usize| u32::try_from(number).unwrap_or(0).to_be_bytes();
    let mut payload = vec![DISCONNECT];
    payload.extend(BY_APPLICATION.to_be_bytes());
    payload.extend(long(TEXT.len()));
    payload.extend(TEXT);
    // Of no language.
    payload.extend(long(0));
    let unpadded = 5 + payload.len() + LEAST_PADDING;
    let padding = LEAST_PADDING + (BLOCK - unpadded % BLOCK) % BLOCK;
    let mut packet = long(1 + payload.len() + padding).to_vec();
    packet.push(u8::try_from(padding).unwrap_or(0));
    packet.extend(payload);
    packet.resize(packet.len() + padding, 0);
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_speaks_ssh_to_a_machine_is_told_that_nobody_logs_in_to_it() {
        let targets = Targets::new(true, CancellationToken::new(), TaskTracker::new());
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        drop(socket);
        targets.open(port, 22, true).unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n").await.unwrap();
        let mut said = Vec::new();
        stream.read_to_end(&mut said).await.unwrap();
        let packet = said.strip_prefix(BANNER).unwrap();
        let length = u32::from_be_bytes(packet[..4].try_into().unwrap());
        assert_eq!((usize::try_from(length).unwrap() + 4, packet.len() % 8), (packet.len(), 0));
        assert!(String::from_utf8_lossy(packet).contains("this machine is simulated"));
    }

    #[tokio::test]
    async fn nobody_else_gets_the_port_of_a_machine_that_is_off() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let targets = Targets::new(true, CancellationToken::new(), TaskTracker::new());
        targets.open(port, 22, false).unwrap();
        let refused = TcpStream::connect(("127.0.0.1", port)).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(std::net::TcpListener::bind(("127.0.0.1", port)).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        targets.open(port, 22, true).unwrap();
        TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    }
}

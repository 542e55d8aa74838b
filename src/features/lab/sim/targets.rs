//! What listens behind the forwards: one listener for each rule of a machine that is on. An SSH server says who it is.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What an SSH server says first.
const BANNER: &[u8] = b"SSH-2.0-OpenSSH_9.6 simulated\r\n";
/// Nobody keeps a connection longer.
const LONGEST: Duration = Duration::from_mins(10);

/// The listeners by the gateway's port.
#[derive(Debug)]
pub(super) struct Targets {
    is_wanted: bool,
    open: Mutex<BTreeMap<u16, CancellationToken>>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Targets {
    /// None yet; and none ever, unless they are wanted.
    pub(super) fn new(is_wanted: bool, stop: CancellationToken, tasks: TaskTracker) -> Self {
        Self { is_wanted, open: Mutex::default(), stop, tasks }
    }

    /// Listens on a port of the gateway for a machine's port. Needs a runtime.
    pub(super) fn open(&self, port: u16, target: u16) -> io::Result<()> {
        if !self.is_wanted {
            return Ok(());
        }
        let socket = std::net::TcpListener::bind(("127.0.0.1", port))?;
        socket.set_nonblocking(true)?;
        let listener = TcpListener::from_std(socket)?;
        let stop = self.stop.child_token();
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(port, stop.clone());
        let tasks = self.tasks.clone();
        self.tasks.spawn(async move {
            while let Some(Ok((stream, _))) = stop.run_until_cancelled(listener.accept()).await {
                let stop = stop.clone();
                tasks.spawn(async move { stop.run_until_cancelled(attend(stream, target)).await });
            }
        });
        Ok(())
    }

    /// No longer listens there.
    pub(super) fn close(&self, port: u16) {
        if let Some(stop) = self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&port) {
            stop.cancel();
        }
    }
}

/// Says what such a server says, and then reads until the other side has enough.
async fn attend(mut stream: TcpStream, target: u16) {
    let attended = async {
        if target == 22 {
            stream.write_all(BANNER).await?;
        }
        let mut bytes = [0; 1024];
        while stream.read(&mut bytes).await? > 0 {}
        io::Result::Ok(())
    };
    let _over = tokio::time::timeout(LONGEST, attended).await;
}

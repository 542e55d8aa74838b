//! A thread that writes to a terminal whose file is shared, so that a slow link blocks the thread and not the screen.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;

use tokio::sync::Notify;

/// The side of the screen. Dropping it ends the thread after the write under way.
#[derive(Debug)]
pub(super) struct Writer {
    /// To the thread; capacity 1, and never more than that is under way because `is_busy` is asked before.
    slot: SyncSender<Vec<u8>>,
    shared: Arc<Shared>,
}

/// What both sides see.
#[derive(Debug, Default)]
struct Shared {
    is_busy: AtomicBool,
    idle: Notify,
    failed: RwLock<Option<io::ErrorKind>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(fd: OwnedFd) -> io::Result<Self> {
        let (slot, writes) = sync_channel(1);
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        thread::Builder::new().name("terminal-writer".to_owned()).spawn(move || run(&fd, &writes, &theirs))?;
        Ok(Self { slot, shared })
    }

    /// Hands over all of `bytes`, or fails with `WouldBlock` while the last ones are being written.
    pub(super) fn write_now(&self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(kind) = *self.shared.failed.read().unwrap_or_else(PoisonError::into_inner) {
            return Err(kind.into());
        }
        if self.shared.is_busy.swap(true, Ordering::AcqRel) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.slot.try_send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    /// Whether nothing is being written.
    pub(super) fn is_idle(&self) -> bool {
        !self.shared.is_busy.load(Ordering::Acquire)
    }

    /// Waits until nothing is being written. Cancel safety: waits only.
    pub(super) async fn idle(&self) {
        while !self.is_idle() {
            let idle = self.shared.idle.notified();
            if self.is_idle() {
                return;
            }
            idle.await;
        }
    }
}

/// Writes until the other side is gone.
fn run(fd: &OwnedFd, writes: &Receiver<Vec<u8>>, shared: &Shared) {
    while let Ok(bytes) = writes.recv() {
        if let Err(error) = write_all(fd, &bytes) {
            *shared.failed.write().unwrap_or_else(PoisonError::into_inner) = Some(error.kind());
        }
        shared.is_busy.store(false, Ordering::Release);
        shared.idle.notify_one();
    }
}

/// Writes all of `bytes`, however long that takes.
fn write_all(fd: &OwnedFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(fd, bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{PipeReader, Read, pipe};

    use super::*;

    fn writer() -> (Writer, PipeReader) {
        let (reader, write_end) = pipe().unwrap();
        (Writer::start(write_end.into()).unwrap(), reader)
    }

    #[tokio::test]
    async fn a_full_pipe_blocks_the_thread_and_not_the_caller() {
        let (writer, mut reader) = writer();
        let large = vec![b'x'; 1 << 20];
        assert_eq!(writer.write_now(&large).unwrap(), large.len());
        assert_eq!(writer.write_now(b"y").unwrap_err().kind(), io::ErrorKind::WouldBlock);
        let mut read = vec![0; large.len()];
        reader.read_exact(&mut read).unwrap();
        writer.idle().await;
        assert_eq!(writer.write_now(b"y").unwrap(), 1);
        assert_eq!(read, large);
    }

    #[tokio::test]
    async fn a_reader_that_is_gone_is_told_with_the_next_write() {
        let (writer, reader) = writer();
        drop(reader);
        writer.write_now(b"x").unwrap();
        writer.idle().await;
        assert_eq!(writer.write_now(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}

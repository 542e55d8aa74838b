//! The terminal as a file: an open file of our own where possible, so that not blocking is no business of the shell's.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use ratatui::layout::Size;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{Mode, OFlags};
use rustix::termios;
use tokio::io::unix::AsyncFd;

use super::writer::Writer;

/// What a terminal that does not know its size (serial lines) is taken for.
const USUAL_SIZE: Size = Size::new(80, 24);
/// Windows beyond this are drawn in their corner: sizes come from outside and decide how much memory is taken.
const LARGEST_SIZE: Size = Size::new(1000, 400);

/// The terminal, readable and writable without waiting.
#[derive(Debug)]
pub(super) struct Tty {
    fd: AsyncFd<OwnedFd>,
    /// Set when the file is shared with the shell and whoever else has it, so that a write may block.
    writer: Option<Writer>,
}

impl Tty {
    /// Opens the terminal that standard output is. Needs a Tokio runtime with I/O enabled.
    pub(super) fn open() -> io::Result<Self> {
        if let Some(own) = open_again() {
            return Ok(Self { fd: watched(own)?, writer: None });
        }
        tracing::info!("the terminal cannot be opened a second time; it is written by a thread");
        Self::share()
    }

    /// The files that the shell gave us. They are left blocking: changing that would change the shell's too.
    fn share() -> io::Result<Self> {
        let input = io::stdin().as_fd().try_clone_to_owned()?;
        let writer = Writer::start(io::stdout().as_fd().try_clone_to_owned()?)?;
        Ok(Self { fd: watched(input)?, writer: Some(writer) })
    }

    /// Reads what is there, waiting for the first byte. 0 means that the terminal is gone. Cancel safety: nothing has
    /// been read while this waits.
    pub(super) async fn read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut ready = self.fd.readable().await?;
            let read = ready.try_io(|fd| {
                if self.writer.is_some() && !is_ready(fd.as_fd(), PollFlags::IN, Duration::ZERO) {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                Ok(rustix::io::read(fd, &mut *bytes)?)
            });
            match read {
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(done) => return done,
                Err(_would_block) => {}
            }
        }
    }

    /// Writes what fits without waiting; an error of kind `WouldBlock` when nothing does.
    pub(super) fn write_now(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.writer {
            None => Ok(rustix::io::write(self.fd.get_ref(), bytes)?),
            Some(writer) => writer.write_now(bytes),
        }
    }

    /// Waits until something can be written, and writes it. Cancel safety: nothing has been written while this waits.
    pub(super) async fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(writer) = &self.writer {
            writer.idle().await;
            return writer.write_now(bytes);
        }
        loop {
            let mut ready = self.fd.writable().await?;
            if let Ok(written) = ready.try_io(|fd| Ok(rustix::io::write(fd, bytes)?)) {
                return written;
            }
        }
    }

    /// Whether all that was written is with the kernel, not with a thread of ours.
    pub(super) fn is_idle(&self) -> bool {
        self.writer.as_ref().is_none_or(Writer::is_idle)
    }

    /// The window's size in cells, never zero and never huge.
    pub(super) fn size(&self) -> Size {
        termios::tcgetwinsize(&self.fd).map_or(USUAL_SIZE, |size| sane(size.ws_col, size.ws_row))
    }
}

impl AsFd for Tty {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// `fd`, with its readiness told by the runtime.
#[expect(deprecated, reason = "the successor is unsafe for types that may change their file; an OwnedFd never does")]
fn watched(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(fd)
}

/// A size as the kernel tells it, made usable.
fn sane(columns: u16, rows: u16) -> Size {
    if columns == 0 || rows == 0 {
        return USUAL_SIZE;
    }
    Size::new(columns.min(LARGEST_SIZE.width), rows.min(LARGEST_SIZE.height))
}

/// The terminal behind standard output, opened anew by its name or as the terminal of this session.
fn open_again() -> Option<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    // By name first: epoll's cousins on other systems do not take /dev/tty. The name is of no use in another mount
    // namespace, and closed to us after `su`.
    let by_name = termios::ttyname(io::stdout().as_fd(), Vec::new())
        .and_then(|name| rustix::fs::open(name, flags, Mode::empty()));
    by_name.or_else(|_| rustix::fs::open("/dev/tty", flags, Mode::empty())).ok()
}

/// Writes all of `bytes`, blocking, but gives up at `deadline`: a terminal stopped by Ctrl-S takes nothing for ever.
pub(super) fn write_until(fd: BorrowedFd<'_>, mut bytes: &[u8], deadline: Instant) {
    while !bytes.is_empty() {
        if !is_ready(fd, PollFlags::OUT, deadline.saturating_duration_since(Instant::now())) {
            return;
        }
        match rustix::io::write(fd, bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
            Err(_) => return,
        }
    }
}

/// Whether `fd` is ready for `what` (or broken) within `wait`.
fn is_ready(fd: BorrowedFd<'_>, what: PollFlags, wait: Duration) -> bool {
    let wait = Timespec::try_from(wait).ok();
    rustix::event::poll(&mut [PollFd::from_borrowed_fd(fd, what)], wait.as_ref()).is_ok_and(|ready| ready > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_without_a_size_has_the_usual_one_and_none_is_huge() {
        assert_eq!(sane(0, 0), USUAL_SIZE);
        assert_eq!(sane(132, 0), USUAL_SIZE);
        assert_eq!(sane(1, 1), Size::new(1, 1));
        assert_eq!(sane(u16::MAX, u16::MAX), LARGEST_SIZE);
    }
}

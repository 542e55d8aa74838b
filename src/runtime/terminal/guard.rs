//! The one duty that outlives every failure: the terminal goes back to how it was found.
//!
//! What is needed for that lies in a static, because a panic can strike anywhere.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};

use super::{modes, tty};

/// How long the restoring bytes may wait for a terminal that takes nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// The terminal as it was found. `None` while it is not ours.
static FOUND: Mutex<Option<Found>> = Mutex::new(None);

/// How the terminal was and where it is.
struct Found {
    fd: OwnedFd,
    settings: Termios,
}

/// In what state the terminal is left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Unfinished {
    /// A frame was sent in part.
    pub(super) is_frame_cut: bool,
    /// A paste has begun: its rest would be run by the shell.
    pub(super) is_in_paste: bool,
}

/// Makes the terminal raw and remembers how it was, unless it is ours already. The modes are for the caller to send.
pub(super) fn take(fd: BorrowedFd<'_>) -> io::Result<()> {
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    let settings = tcgetattr(fd)?;
    let mut raw = settings.clone();
    raw.make_raw();
    if found.is_none() {
        *found = Some(Found { fd: fd.try_clone_to_owned()?, settings });
    }
    Ok(tcsetattr(fd, OptionalActions::Now, &raw)?)
}

/// Gives the terminal back as it was found; nothing when it is not ours. Never fails and never waits for long: there is
/// nobody left to tell.
pub(super) fn give_back(unfinished: Unfinished) {
    let Some(found) = FOUND.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
    let fd = std::os::fd::AsFd::as_fd(&found.fd);
    tty::write_until(fd, modes::leave(unfinished.is_frame_cut).as_bytes(), Instant::now() + PATIENCE);
    if unfinished.is_in_paste {
        let _ = tcflush(fd, QueueSelector::IFlush);
    }
    let _ = tcsetattr(fd, OptionalActions::Now, &found.settings);
}

/// Whether the terminal is ours.
pub(super) fn is_taken() -> bool {
    FOUND.lock().unwrap_or_else(PoisonError::into_inner).is_some()
}

//! Signals, as events of the loop.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGCONT has no name in Tokio; its number is the same on Linux, macOS and the BSDs save for old MIPS.
const SIGCONT: i32 = rustix::process::Signal::CONT.as_raw();

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::runtime) enum Caught {
    /// The window has another size.
    WindowChanged,
    /// The process goes on after it was stopped.
    Continued,
    /// Noctui is to end.
    Stop(StopSignal),
}

/// A signal that ends noctui, after the terminal is restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSignal {
    /// SIGHUP: the terminal or the connection is gone.
    Hangup,
    /// SIGINT, from outside: in raw mode Ctrl-C is a key.
    Interrupt,
    /// SIGQUIT.
    Quit,
    /// SIGTERM.
    Terminate,
}

impl StopSignal {
    /// The signal itself.
    pub(in crate::runtime) fn as_signal(self) -> rustix::process::Signal {
        use rustix::process::Signal;
        match self {
            Self::Hangup => Signal::HUP,
            Self::Interrupt => Signal::INT,
            Self::Quit => Signal::QUIT,
            Self::Terminate => Signal::TERM,
        }
    }

    /// What the shell expects of a process that ended by this signal: 128 and its number.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Hangup => 128 + 1,
            Self::Interrupt => 128 + 2,
            Self::Quit => 128 + 3,
            Self::Terminate => 128 + 15,
        }
    }
}

/// All signals that concern the screen.
#[derive(Debug)]
pub(in crate::runtime) struct Signals {
    window: Signal,
    continued: Signal,
    hangup: Signal,
    interrupt: Signal,
    quit: Signal,
    terminate: Signal,
}

impl Signals {
    /// Catches them from now on, for as long as the process lives.
    pub(in crate::runtime) fn catch() -> io::Result<Self> {
        Ok(Self {
            window: signal(SignalKind::window_change())?,
            continued: signal(SignalKind::from_raw(SIGCONT))?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The next one; several of a kind count once. Cancel safety: one that was caught is told by the next call.
    pub(in crate::runtime) async fn next(&mut self) -> Caught {
        tokio::select! {
            biased;
            Some(()) = self.terminate.recv() => Caught::Stop(StopSignal::Terminate),
            Some(()) = self.hangup.recv() => Caught::Stop(StopSignal::Hangup),
            Some(()) = self.interrupt.recv() => Caught::Stop(StopSignal::Interrupt),
            Some(()) = self.quit.recv() => Caught::Stop(StopSignal::Quit),
            Some(()) = self.continued.recv() => Caught::Continued,
            Some(()) = self.window.recv() => Caught::WindowChanged,
            // The streams only end with the runtime, and this future ends before it.
            else => std::future::pending().await,
        }
    }
}

//! Programs that run in the terminal of a subcommand, and the signals meanwhile.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitCode;

use rustix::process::{Pid, kill_process};
use tokio::process::Command;
use tokio::signal::unix::{Signal as Caught, SignalKind, signal};

use crate::output;
use crate::text::clean_line;
use crate::trouble::Trouble;

/// The signals that would end noctui. As long as this is there, they do not.
#[derive(Debug)]
pub(super) struct Signals {
    interrupt: Caught,
    quit: Caught,
    terminate: Caught,
    hangup: Caught,
}

/// One that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signal(rustix::process::Signal);

impl Signal {
    /// The exit code of a program that ended because of it.
    pub(super) fn code(self) -> ExitCode {
        code_of(self.0.as_raw())
    }

    /// Whether it is one of the terminal's keys, which every program in it gets.
    fn is_of_terminal(self) -> bool {
        matches!(self.0, rustix::process::Signal::INT | rustix::process::Signal::QUIT)
    }
}

/// As shells write it.
fn code_of(signal: i32) -> ExitCode {
    ExitCode::from(u8::try_from(128 + signal).unwrap_or(output::EXIT_FAILED))
}

impl Signals {
    /// Begins to listen; what would have ended noctui is told by [`Signals::next`] instead.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// The next one.
    ///
    /// Cancel safety: a signal that came stays until it is told.
    pub(super) async fn next(&mut self) -> Signal {
        use rustix::process::Signal as Kind;
        let kind = tokio::select! {
            _ = self.interrupt.recv() => Kind::INT,
            _ = self.quit.recv() => Kind::QUIT,
            _ = self.terminate.recv() => Kind::TERM,
            _ = self.hangup.recv() => Kind::HUP,
        };
        Signal(kind)
    }
}

/// How a program ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    /// Its exit code, as ours.
    pub(super) code: ExitCode,
    /// Whether it failed by itself.
    pub(super) failed: bool,
}

/// Runs a program in this terminal; its exit code becomes ours. `started` is told its number.
pub(super) async fn start(
    words: &[String],
    signals: &mut Signals,
    started: impl AsyncFnOnce(u32),
) -> Result<Ended, Trouble> {
    let (program, arguments) = words.split_first().ok_or_else(|| Trouble::new("there is no program"))?;
    let failed = |error: io::Error| {
        Trouble::new(&format!("cannot start {program}"))
            .caused_by(&error.to_string())
            .to_do("name another one in [connect]")
    };
    let mut child = Command::new(program).args(arguments).spawn().map_err(failed)?;
    if let Some(pid) = child.id() {
        started(pid).await;
    }
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.map_err(failed)?,
            signal = signals.next() => {
                let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
                // The terminal's keys reach the program by themselves: what they mean is its own affair.
                if let (Some(pid), false) = (pid, signal.is_of_terminal()) {
                    let _it_has_ended = kill_process(pid, signal.0);
                }
            }
        }
    };
    if let Some(signal) = status.signal() {
        output::complain(&format!("noctui: {} was ended by signal {signal}", clean_line(program)));
        return Ok(Ended { code: code_of(signal), failed: false });
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(output::EXIT_FAILED);
    Ok(Ended { code: ExitCode::from(code), failed: !status.success() })
}

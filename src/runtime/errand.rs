//! Programs that are started for the person at the screen.

use std::cell::Cell;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;
use tokio::time::timeout;

use super::terminal::{StopSignal, Terminal};
use crate::errand::{Errand, Returned};
use crate::text::clean_line;

/// How long a program may take to end after a signal that ends noctui, too.
const ENDS_WITHIN: Duration = Duration::from_secs(3);
/// The same after it was killed.
const IS_DEAD_WITHIN: Duration = Duration::from_secs(1);

/// Runs a program in noctui's own terminal, which it has for itself meanwhile, and tells its number to `started`. Nothing is
/// drawn until it has ended. An error is a signal that ends noctui, too: the program got the same one and has ended, so that
/// what was made for it can go.
pub(super) async fn in_terminal(
    errand: Errand,
    terminal: &mut Terminal,
    started: impl FnOnce(u32),
) -> Result<Returned, StopSignal> {
    let Errand { id, words, greeting, .. } = errand;
    let running = Cell::new(None);
    let mut run = std::pin::pin!(async {
        crate::output::complain(&clean_line(&greeting));
        let (program, arguments) = words.split_first().ok_or_else(|| "there is no program".to_owned())?;
        let failed = |error: std::io::Error| format!("{}: {error}", clean_line(program));
        let mut child = Command::new(program).args(arguments).kill_on_drop(true).spawn().map_err(failed)?;
        running.set(child.id());
        if let Some(pid) = child.id() {
            started(pid);
        }
        let status = child.wait().await.map_err(failed);
        running.set(None);
        status.map(code)
    });
    match terminal.lend(run.as_mut()).await {
        Ok(outcome) => Ok(Returned { id, outcome }),
        Err(signal) => {
            let send = |signal| {
                let pid = running.get().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
                if let Some(pid) = pid {
                    let _it_has_ended = kill_process(pid, signal);
                }
            };
            send(signal.as_signal());
            if running.get().is_some() && timeout(ENDS_WITHIN, run.as_mut()).await.is_err() {
                send(Signal::KILL);
                let _nothing_more_can_be_done = timeout(IS_DEAD_WITHIN, run).await;
            }
            Err(signal)
        }
    }
}

/// Runs a program that has no terminal.
pub(super) async fn beside(errand: Errand) -> Returned {
    let Errand { id, words, .. } = errand;
    let run = async {
        let (program, arguments) = words.split_first().ok_or_else(|| "there is no program".to_owned())?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // A Ctrl-C for noctui's terminal is none of its business, and it outlives noctui.
        command.process_group(0);
        command.status().await.map(code).map_err(|error| format!("{}: {error}", clean_line(program)))
    };
    Returned { id, outcome: run.await }
}

/// The exit code as a shell has it.
fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

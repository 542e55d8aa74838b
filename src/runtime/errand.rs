//! Programs that are started for the person at the screen.

use std::process::{ExitStatus, Stdio};

use tokio::process::Command;

use super::terminal::{StopSignal, Terminal};
use crate::errand::{Errand, Returned};
use crate::text::clean_line;

/// Runs a program in noctui's own terminal, which it has for itself meanwhile. Nothing is drawn until it has ended. An error
/// is a signal that ends noctui, too.
pub(super) async fn in_terminal(errand: Errand, terminal: &mut Terminal) -> Result<Returned, StopSignal> {
    let Errand { id, words, greeting, .. } = errand;
    let run = async {
        crate::output::complain(&clean_line(&greeting));
        let (program, arguments) = words.split_first().ok_or_else(|| "there is no program".to_owned())?;
        let child = Command::new(program).args(arguments).kill_on_drop(true).status();
        child.await.map(code).map_err(|error| format!("{}: {error}", clean_line(program)))
    };
    let outcome = terminal.lend(run).await?;
    Ok(Returned { id, outcome })
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

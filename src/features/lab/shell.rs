//! Lines in the shell of a lab's gateway, by the program that the configuration names.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::config::GatewayShell;
use crate::text::clean_line;
use crate::trouble::Trouble;

/// How long a line may take: nothing asks for anything meanwhile.
const PATIENCE: Duration = Duration::from_mins(1);
/// Characters of what a program says that are told.
const TOLD: usize = 300;

/// Runs a line in the shell of the gateway at `host`, and waits for its end. It has no terminal and nothing to read.
pub(super) async fn run(shell: &GatewayShell, host: &str, line: &str) -> Result<(), Trouble> {
    let words = shell.words(host, line);
    let by_hand = format!("on the gateway: {line}");
    let Some((program, arguments)) = words.split_first() else { return Ok(()) };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let ended = match timeout(PATIENCE, command.output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => {
            let what = format!("the gateway's shell was not reached: cannot start {}", clean_line(program));
            return Err(Trouble::new(&what).caused_by(&error.to_string()).to_do("check gateway_shell in [[lab]]"));
        }
        Err(_) => {
            let what = format!("the gateway's shell did not answer within {} s", PATIENCE.as_secs());
            return Err(Trouble::new(&what).to_do(&format!("look again, it may have been done; else {by_hand}")));
        }
    };
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    let said: String =
        said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().chars().take(TOLD).collect();
    let what = format!("the gateway's shell did not do it: {} ended with {}", clean_line(program), ended.status);
    Err(Trouble::new(&what).caused_by(&clean_line(&said)).to_do(&by_hand))
}

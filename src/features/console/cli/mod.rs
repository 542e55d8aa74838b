//! The subcommands of consoles, without the screen of noctui.
//!
//! What `--json` prints is a contract; `docs/json.md` has it for readers.

mod attach;
mod connection;
mod screenshot;
mod token;
mod tunnel;
pub(crate) mod vmcp;

use std::process::ExitCode;

use crate::config::{self, Environment, Flags};

/// What was typed after `console`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Attach this terminal to a machine's serial line.
    Attach(attach::Args),
    /// Take a picture of a machine's screen or, in text mode, read its characters. Whoever looks at it through a cluster is put
    /// off.
    Screenshot(screenshot::Args),
    /// Open a local port to a machine's screen for a viewer of one's own, and print the ssh line to reach it.
    Tunnel(tunnel::Args),
    /// Tokens of websocket proxies: mint, inspect.
    #[command(subcommand)]
    Token(token::Command),
}

/// Runs it.
pub(crate) fn run(command: &Command, flags: &Flags) -> anyhow::Result<ExitCode> {
    let config = config::load(flags, &Environment::of_this_process())?;
    let _logging = crate::logging::start(&config.log, &config.paths.log);
    match command {
        Command::Attach(args) => attach::run(args, &config),
        Command::Screenshot(args) => screenshot::run(args, &config),
        Command::Tunnel(args) => tunnel::run(args, &config),
        Command::Token(command) => token::run(command, &config),
    }
}

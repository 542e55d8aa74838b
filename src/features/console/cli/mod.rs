//! The subcommands of consoles, without the screen of noctui.
//!
//! What `--json` prints is a contract; `docs/json.md` has it for readers.

mod attach;
mod connection;
mod machines;
mod screenshot;
mod token;
mod tunnel;
pub(crate) mod vmcp;

use std::process::ExitCode;

use crate::config::{self, Environment, Flags};
use crate::features::console::cluster::model::Action;

/// What was typed after `console`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the machines with consoles: those of the cluster, and those that tokens of proxies name.
    List(machines::ListArgs),
    /// Start a machine.
    Start(machines::ActArgs),
    /// Stop a machine: it is asked to shut down.
    Stop(machines::ActArgs),
    /// Restart a machine.
    Restart(machines::ActArgs),
    /// Have a machine stand still.
    Pause(machines::ActArgs),
    /// Let a paused machine go on.
    Unpause(machines::ActArgs),
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
        Command::List(args) => machines::list(args, &config),
        Command::Start(args) => machines::act(args, Action::Start, &config),
        Command::Stop(args) => machines::act(args, Action::Stop, &config),
        Command::Restart(args) => machines::act(args, Action::Restart, &config),
        Command::Pause(args) => machines::act(args, Action::Pause, &config),
        Command::Unpause(args) => machines::act(args, Action::Unpause, &config),
        Command::Attach(args) => attach::run(args, &config),
        Command::Screenshot(args) => screenshot::run(args, &config),
        Command::Tunnel(args) => tunnel::run(args, &config),
        Command::Token(command) => token::run(command, &config),
    }
}

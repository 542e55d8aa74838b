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

/// What `--read-only`, and `read_only` in the configuration, do to consoles; it stands in the help of each that they concern.
pub(crate) const READ_ONLY: &str = "Under --read-only consoles are looked at: attach shows a serial line and types nothing, list \
    and screenshot work, and start, stop, restart, pause, unpause and tunnel are refused.";
/// The same of one subcommand.
const ACTING: &str = "Under --read-only this is refused.";
const ATTACHING: &str =
    "Under --read-only the line is looked at: no key and no paste reaches the machine, but the one that leaves.";
const LOOKING: &str = "Under --read-only this works: nothing is typed at the machine.";
const TUNNELLING: &str = "Under --read-only this is refused: whoever connects could type at the machine.";

/// What was typed after `console`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the machines with consoles: those of the cluster, and those that tokens of proxies name.
    List(machines::ListArgs),
    /// Start a machine.
    #[command(after_help = ACTING)]
    Start(machines::ActArgs),
    /// Stop a machine: it is asked to shut down.
    #[command(after_help = ACTING)]
    Stop(machines::ActArgs),
    /// Restart a machine.
    #[command(after_help = ACTING)]
    Restart(machines::ActArgs),
    /// Have a machine stand still.
    #[command(after_help = ACTING)]
    Pause(machines::ActArgs),
    /// Let a paused machine go on.
    // Taken all the same: a name that is another than the machine's is refused as everywhere.
    #[command(after_help = ACTING, mut_arg("confirm", |confirm| confirm.hide(true)))]
    Unpause(machines::ActArgs),
    /// Attach this terminal to a machine's serial line.
    #[command(after_help = ATTACHING)]
    Attach(attach::Args),
    /// Take a picture of a machine's screen or, in text mode, read its characters. Whoever looks at it through a cluster is put
    /// off.
    #[command(after_help = LOOKING)]
    Screenshot(screenshot::Args),
    /// Open a local port to a machine's screen for a viewer of one's own, and print the ssh line to reach it.
    #[command(after_help = TUNNELLING)]
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

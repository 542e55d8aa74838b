//! `noctui maintenance …`

mod parse;

use std::process::ExitCode;

use clap::Subcommand;

use crate::config::Flags;

/// The subcommands of `noctui maintenance`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read a notification and print its maintenances; nothing is stored.
    Parse(parse::Args),
}

/// Runs one of them.
pub(crate) fn run(command: Command, flags: &Flags) -> anyhow::Result<ExitCode> {
    match command {
        Command::Parse(args) => parse::run(&args, flags),
    }
}

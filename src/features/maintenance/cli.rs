//! `noctui maintenance …`

use std::process::ExitCode;

use clap::Subcommand;

/// The subcommands of `noctui maintenance`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {}

/// Runs one of them.
pub(crate) fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {}
}

//! Arguments and exit codes. Each feature brings its own subcommands.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::features::maintenance;
use crate::output;

/// Exit code when the check or test that was asked for says no.
pub const EXIT_NO: u8 = 1;
/// Exit code when noctui could not do it or was asked wrongly.
pub const EXIT_FAILED: u8 = 2;

/// What was typed.
#[derive(Debug, Parser)]
#[command(name = "noctui", version, about, long_about = None)]
struct Cli {
    /// What to do; the screen when absent.
    #[command(subcommand)]
    command: Option<Command>,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
enum Command {
    /// Circuit maintenances: parse, import, list, acknowledge.
    #[command(subcommand)]
    Maintenance(maintenance::cli::Command),
}

/// Runs what the command line asks for.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        None => Ok(ExitCode::SUCCESS),
        Some(Command::Maintenance(command)) => maintenance::cli::run(command),
    };
    done.unwrap_or_else(|error| {
        output::complain(&format!("noctui: {error:#}"));
        ExitCode::from(EXIT_FAILED)
    })
}

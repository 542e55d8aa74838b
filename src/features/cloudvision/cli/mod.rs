//! The subcommands of CloudVision, without a screen, on the same functions as it.
//!
//! What `--json` prints is a contract; `docs/json.md` has it for readers.

pub(crate) mod audit;
pub(crate) mod change;
mod connection;
pub(crate) mod deploy;
pub(crate) mod workspace;

//! Notifications and what they say: our own, and a larger collection where it is at hand.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot be set up fails")]

mod above;
mod docs;
mod labels;
mod letter;
mod own;
#[path = "../support/random.rs"]
#[expect(clippy::print_stdout, reason = "a failure says how to repeat it")]
mod random;
mod restyle;
mod shared;
#[path = "../support/skip.rs"]
mod skip;
mod template;
mod variations;

use std::path::{Path, PathBuf};

use noctui::features::maintenance::model::{Notice, Verdict};
use serde_json::Value;

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// What a verdict comes to: notices, none, or an error.
fn notices(verdict: Verdict) -> Result<Vec<Notice>, String> {
    match verdict {
        Verdict::Parsed { notices, .. } => Ok(notices),
        Verdict::Ignored { .. } => Ok(Vec::new()),
        Verdict::Failed { reason, .. } | Verdict::Unknown { reason } => Err(reason),
    }
}

/// JSON with sorted keys, one value a line.
fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

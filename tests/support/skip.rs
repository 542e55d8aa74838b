//! Tests that need something which not every machine has.

use std::io::{Write, stderr};

/// Says that a test is skipped and what it lacks. Where everything is installed (`NOCTUI_NO_SKIPS`, as `.ci/run` sets
/// it) that is a failure.
pub(crate) fn skip(lacking: &str) {
    assert!(std::env::var_os("NOCTUI_NO_SKIPS").is_none(), "nothing may be skipped here: {lacking}");
    // Not by a macro: what those print is only shown of tests that fail.
    stderr().write_all(format!("SKIPPED: {lacking}\n").as_bytes()).unwrap();
}

//! The terminal layer and the real binary in a pseudo-terminal.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "the sample is a test program")]

#[path = "../support/mod.rs"]
mod support;

mod sample;
mod terminal;

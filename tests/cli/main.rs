//! The subcommands as a script meets them: standard output, standard error, exit code, JSON.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod cloudvision;
mod config;
mod console;
mod general;
mod json;
mod lab;
mod lab_stumbles;
mod maintenance;
#[path = "../support/skip.rs"]
mod skip;
mod support;

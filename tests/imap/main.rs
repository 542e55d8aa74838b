//! Mailboxes on a real server: Dovecot, as Debian packages it, started on loopback for each test with a Maildir of its own.
//!
//! Where Dovecot is not installed the tests say so and pass; `.ci/run` installs it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a harness fails loudly and says why"
)]

#[path = "../support/mod.rs"]
mod support;

mod corpus;
mod dovecot;
mod lives;
mod reading;

//! Mailboxes on a real server: Dovecot, as Debian packages it, started on loopback for each test with a Maildir of its own.
//!
//! Where Dovecot is not installed the tests say so and pass; `.ci/run` installs it.

mod corpus;
mod dovecot;
mod lives;
mod reading;

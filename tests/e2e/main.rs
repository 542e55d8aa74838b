//! The real binary in a pseudo-terminal, with a mailbox of its own: what a person does in a night, and what happens to
//! the machine meanwhile.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a world that cannot be made fails its test, and rows are looked at by their places"
)]

#[path = "../support/mod.rs"]
mod support;

mod arriving;
mod consoles;
mod deploying;
mod imap;
mod killed;
mod lab;
mod machines;
mod nautobot;
mod night;
mod serving;
mod signalled;
mod together;
mod world;

//! The real binary in a pseudo-terminal, with a mailbox of its own: what a person does in a night, and what happens to
//! the machine meanwhile.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up fails, and one that fails prints how to repeat it"
)]

#[path = "../support/mod.rs"]
mod support;

mod arriving;
mod killed;
mod night;
mod together;
mod world;

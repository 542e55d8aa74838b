//! What a terminal, a network and a person can do to a program, done to the real binary.
//!
//! Most of it is quick and part of `cargo test`. What takes long is ignored there and run by `.ci/run`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a world that cannot be made fails its test, and what a terminal is made to send is taken apart by its places"
)]

#[path = "../support/mod.rs"]
mod support;

mod colours;
mod ends;
mod floods;
mod refusals;
mod shell;
mod sizes;
mod subject;

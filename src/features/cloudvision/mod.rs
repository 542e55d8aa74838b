//! Arista CloudVision, by its resource APIs over gRPC.

pub mod act;
mod actor;
pub(crate) mod cli;
pub mod client;
pub mod deploy;
mod difference;
mod error;
pub mod inputs;
mod leftover;
pub mod model;
pub mod pane;
pub mod pb;
mod schedule;
pub mod sim;
pub mod store;
mod wire;
pub mod worker;

pub use super::open_store;
pub use error::Error;

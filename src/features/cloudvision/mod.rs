//! Arista CloudVision, by its resource APIs over gRPC.

pub(crate) mod cli;
pub mod model;
pub mod pb;
pub mod sim;
pub mod store;

pub use super::open_store;

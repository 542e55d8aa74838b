//! Arista CloudVision, by its resource APIs over gRPC.

pub mod act;
pub mod client;
pub mod deploy;
mod error;
pub mod model;
pub mod pb;
pub mod sim;
mod wire;

pub use error::Error;

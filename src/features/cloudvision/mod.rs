//! Arista CloudVision, by its resource APIs over gRPC.

pub mod model;
pub mod pb;
pub mod sim;
pub mod store;

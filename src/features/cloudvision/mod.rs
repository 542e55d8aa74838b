//! Arista CloudVision, by its resource APIs over gRPC.

pub mod inputs;
pub mod model;
pub mod pb;
pub mod sim;

//! One folder per backend, all with the same inner shape. A feature never uses another feature.

pub mod maintenance;

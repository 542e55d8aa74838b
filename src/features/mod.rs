//! One folder per backend, all with the same inner shape. A feature never uses another feature.

pub mod maintenance;

/// The tables of all features, in the order in which they came to be: the store's version counts them. Appended to and
/// never reordered.
pub const MIGRATIONS: &[&str] =
    &[maintenance::store::SCHEMA_1, maintenance::store::SCHEMA_2, maintenance::store::SCHEMA_3];

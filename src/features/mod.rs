//! One folder per backend, all with the same inner shape. A feature never uses another feature.

pub mod cloudvision;
pub mod console;
pub mod lab;
pub mod maintenance;

#[cfg(test)]
mod tests;

use std::path::Path;

use chrono::{DateTime, Utc};

use crate::store::{self, Error, Options, Restored, Store};

/// The tables of all features, in the order in which they came to be: the store's version counts them. Appended to and
/// never reordered.
pub const MIGRATIONS: &[&str] = &[
    maintenance::store::SCHEMA_1,
    maintenance::store::SCHEMA_2,
    maintenance::store::SCHEMA_3,
    cloudvision::store::SCHEMA_1,
    maintenance::store::SCHEMA_4,
    maintenance::store::SCHEMA_5,
    lab::store::SCHEMA_1,
    maintenance::store::SCHEMA_6,
    maintenance::store::SCHEMA_7,
    maintenance::nautobot::store::SCHEMA_1,
    lab::store::SCHEMA_2,
    lab::store::SCHEMA_3,
    lab::store::SCHEMA_4,
    lab::store::SCHEMA_5,
    maintenance::nautobot::store::SCHEMA_2,
    maintenance::store::SCHEMA_8,
    maintenance::store::SCHEMA_9,
    maintenance::nautobot::store::SCHEMA_3,
    maintenance::store::SCHEMA_10,
    maintenance::nautobot::store::SCHEMA_4,
    maintenance::store::SCHEMA_11,
    maintenance::store::SCHEMA_12,
    maintenance::nautobot::store::SCHEMA_5,
    maintenance::nautobot::store::SCHEMA_6,
    maintenance::nautobot::store::SCHEMA_7,
    maintenance::store::SCHEMA_13,
    maintenance::nautobot::store::SCHEMA_8,
    maintenance::store::SCHEMA_14,
];

/// Opens the store with every feature's tables. Blocks for some milliseconds.
pub fn open_store(data_dir: &Path) -> Result<Store, Error> {
    Store::open(data_dir, &Options::new(MIGRATIONS))
}

/// Puts a backup back, see [`store::restore`]; sources are read anew from where it stands. Blocks.
pub fn restore(data_dir: &Path, from: &Path, now: DateTime<Utc>) -> Result<Restored, Error> {
    let settle = |connection: &rusqlite::Connection| maintenance::store::source::put_back(connection, now);
    store::restore(data_dir, from, MIGRATIONS, settle, now)
}

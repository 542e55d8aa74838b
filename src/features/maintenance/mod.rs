//! Circuit maintenances: what providers announce by mail, read into the store, triaged and acknowledged.
//!
//! A *notification* is a mail as received. Parsing it with the provider rules gives *notices*: what this notification
//! says of one maintenance window. Notices are merged into *maintenances*, the state of the world as far as we know it.

pub(crate) mod cli;
pub mod export;
pub mod ical;
pub mod intake;
pub mod mail;
pub mod model;
pub mod pane;
pub mod rules;
pub mod source;
pub mod store;
mod when;
pub mod worker;

use std::path::Path;

use crate::config::{Config, Problem};
use crate::store::{Error, Options, Store};

/// What is wrong with the provider rules of the user.
#[must_use]
pub fn rule_problems(config: &Config) -> Vec<Problem> {
    let (_, errors) = rules::Rules::with_user_dir(&config.maintenance.providers_dir);
    errors.into_iter().map(rules::RuleError::problem).collect()
}

/// Opens the store with every feature's tables. Blocks for some milliseconds.
pub fn open_store(data_dir: &Path) -> Result<Store, Error> {
    Store::open(data_dir, &Options::new(super::MIGRATIONS))
}

//! Circuit maintenances: what providers announce by mail, read into the store, triaged and acknowledged.
//!
//! A *notification* is a mail as received. Parsing it with the provider rules gives *notices*: what this notification
//! says of one maintenance window. Notices are merged into *maintenances*, the state of the world as far as we know it.

pub(crate) mod cli;
pub mod export;
pub mod guess;
pub mod ical;
pub mod intake;
pub mod inventory;
pub mod mail;
pub mod model;
pub mod pane;
pub mod rules;
pub mod source;
pub mod store;
mod when;
pub mod worker;

pub use super::open_store;
use crate::config::{Config, Problem};

/// What is wrong with the provider rules of the user, and with the file of their circuits.
#[must_use]
pub fn rule_problems(config: &Config) -> Vec<Problem> {
    let (_, errors) = rules::Rules::with_user_dir(&config.maintenance.providers_dir);
    let (_, circuits) = inventory::Inventory::of_config(config.maintenance.circuits.as_deref());
    errors.into_iter().map(rules::RuleError::problem).chain(circuits).collect()
}

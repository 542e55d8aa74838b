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
pub mod nautobot;
pub mod pane;
pub(crate) mod reread;
pub mod rules;
pub mod source;
pub mod store;
mod typed;
mod when;
pub mod worker;

pub use super::open_store;
use crate::config::{Config, Problem};
use crate::store::Store;
use crate::trouble::Trouble;

/// What is said where the database was an empty file: somebody may have had something in it.
pub(crate) fn begun_anew(store: &Store) -> Option<Trouble> {
    store.was_empty().then(|| {
        Trouble::new(&format!("{} was an empty file: it begins anew", store.path().display()))
            .to_do("if it had something in it, move it away and copy back the newest `noctui backup`")
    })
}

/// What should be known of the provider rules of the user and is no mistake.
#[must_use]
pub fn rule_warnings(config: &Config) -> Vec<Problem> {
    let (rules, _) = rules::Rules::with_user_dir(&config.maintenance.providers_dir);
    let because = "which rule reads a mail goes by its senders, then by signs in it";
    let warning = |error: rules::RuleError| Problem { because: because.to_owned(), ..error.problem() };
    rules.warnings().into_iter().map(warning).collect()
}

/// What is wrong with the provider rules of the user, and with the file of their circuits.
#[must_use]
pub fn rule_problems(config: &Config) -> Vec<Problem> {
    let (_, errors) = rules::Rules::with_user_dir(&config.maintenance.providers_dir);
    let (_, circuits) = inventory::Inventory::of_config(config.maintenance.circuits.as_deref());
    errors.into_iter().map(rules::RuleError::problem).chain(circuits).collect()
}

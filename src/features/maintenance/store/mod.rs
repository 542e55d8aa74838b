//! The tables of circuit maintenances and everything that is asked of them.
//!
//! Plain functions over a [`rusqlite::Connection`], to be run inside [`crate::store::Store::write`] (those that change
//! something) and [`crate::store::Store::read`]. No function reads a clock: `now` and `at` are arguments.
//!
//! | file | what |
//! |---|---|
//! | `schema_1.sql` and further | tables, indexes and why each is there |
//! | `merge` | the rules by which a notice changes what is known; pure |
//! | `record` | one received notification into the tables |
//! | `told` | what one says of a maintenance, into its windows, whenever it comes |
//! | `said` | what each says of a maintenance, kept for those that come late |
//! | `rows` | the rows of a maintenance |
//! | `list` | windows of the list in its sorts and filters |
//! | `letters` | which characters a text has, for filters |
//! | `detail` | all about one maintenance |
//! | `event` | what happened to a maintenance |
//! | `look_up` | finding a maintenance by its provider's id |
//! | `action` | what people do: acknowledge, note, look, and the inverse of each |
//! | `dismiss` | mails that could not be read and need no look any more |
//! | `draft` | notes that were begun and put away |
//! | `accept` | a suggestion becomes a maintenance because a person says so, and the inverse |
//! | `undo` | what they did last, for taking it back from another process |
//! | `by_hand` | what people set by hand, beside what notices say |
//! | `edit` | making a maintenance by hand, correcting it, saying that a mail belongs to it, and the inverse of each |
//! | `sender` | whose mails come from an address that no rule names, as people say |
//! | `again` | reading stored notifications again |
//! | `rewritten` | mails whose file is another than when it was read |
//! | `renamed` | what a mail alone has told, and does not tell any more |
//! | `unparsed` | notifications, above all those nobody could read |
//! | `unknown` | notifications that name circuits which are not the user's |
//! | `count` | the numbers beside the pane's title |
//! | `away` | mails that a source has and does not give out |
//! | `given_up` | mails whose content never came, and asking for them again |
//! | `retention` | forgetting what is old |
//! | `source` | how far sources were read, who reads them now, and which of them rest |
//! | `seed` | filling a store with plausible maintenances, for measuring |

pub mod accept;
pub mod action;
pub mod again;
pub mod away;
pub mod by_hand;
pub mod change;

pub mod count;
pub mod detail;
pub mod dismiss;
pub mod draft;
pub mod edit;
pub mod event;
pub mod given_up;
mod letters;
pub mod list;
pub mod look_up;
pub mod merge;
pub mod record;
mod renamed;
pub mod retention;
pub mod rewritten;
pub(in crate::features::maintenance) mod rows;
pub(super) mod said;
pub mod seed;
pub mod sender;
pub mod source;
mod sql;
mod told;
pub mod undo;
mod unedit;
pub mod unknown;
pub mod unparsed;

#[cfg(test)]
mod testing;

#[cfg(test)]
mod action_tests;
#[cfg(test)]
mod edit_tests;
#[cfg(test)]
mod merge_tests;
#[cfg(test)]
mod record_tests;
#[cfg(test)]
mod told_tests;

use serde::{Deserialize, Serialize};

/// Version 1 of the tables; released versions are never edited, a change is a further migration.
pub const SCHEMA_1: &str = include_str!("schema_1.sql");

/// Version 2: what people did last.
pub const SCHEMA_2: &str = include_str!("schema_2.sql");

/// Version 3: which letters a text has.
pub const SCHEMA_3: &str = include_str!("schema_3.sql");

/// Version 4: when something was recorded, what was looked at before, and what is final and asks again.
pub const SCHEMA_4: &str = include_str!("schema_4.sql");

/// Version 5: mails that need no look any more.
pub const SCHEMA_5: &str = include_str!("schema_5.sql");

/// Version 6: how far sources were read, who reads them, which rest.
pub const SCHEMA_6: &str = include_str!("schema_6.sql");

/// Version 7: what people set by hand, and whose the senders are.
pub const SCHEMA_7: &str = include_str!("schema_7.sql");

/// Version 8: when commands forgot last, and searching without accents.
pub const SCHEMA_8: &str = include_str!("schema_8.sql");

/// Version 9: when the status was said.
pub const SCHEMA_9: &str = include_str!("schema_9.sql");

/// Version 10: what each notification says.
pub const SCHEMA_10: &str = include_str!("schema_10.sql");

/// Version 11: mails whose content never came.
pub const SCHEMA_11: &str = include_str!("schema_11.sql");

/// Version 12: mails that do not come, and what a source of a name was.
pub const SCHEMA_12: &str = include_str!("schema_12.sql");

/// Version 13: as what files were read.
pub const SCHEMA_13: &str = include_str!("schema_13.sql");

/// Version 14: as what else files of one name were read.
pub const SCHEMA_14: &str = include_str!("schema_14.sql");

/// Circuits of one window that are kept, more than any notice seen by two orders of magnitude: of one that names more the
/// first are, and that is said.
pub const MOST_CIRCUITS: usize = 20_000;

/// Identifies one window of one maintenance in this database; never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MaintenanceKey(pub(in crate::features::maintenance) i64);

/// Identifies one received notification in this database; never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NotificationKey(pub(in crate::features::maintenance) i64);

/// Identifies a note in this database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NoteKey(pub(in crate::features::maintenance) i64);

impl std::fmt::Display for NotificationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

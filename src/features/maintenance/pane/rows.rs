//! How the store's rows stand in lists, and the names of orders and parts of the list.

use crate::features::maintenance::nautobot::store::standing::OutboxRow;
use crate::features::maintenance::store::list::{Group, Row, Scope, Sort};
use crate::features::maintenance::store::unparsed::Notification;
use crate::features::maintenance::store::{MaintenanceKey, NotificationKey};
use crate::ui::list;

impl list::Row for Row {
    type Key = MaintenanceKey;

    fn key(&self) -> MaintenanceKey {
        self.key.maintenance
    }

    fn group(&self) -> Option<&'static str> {
        Some(match self.group {
            Group::Active => "active",
            Group::Next24h => "next 24 h",
            Group::Later => "later",
            Group::Past => "past",
        })
    }
}

impl list::Row for Notification {
    type Key = NotificationKey;

    fn key(&self) -> NotificationKey {
        self.key
    }

    fn group(&self) -> Option<&'static str> {
        None
    }
}

impl list::Row for OutboxRow {
    type Key = (bool, i64);

    fn key(&self) -> (bool, i64) {
        match self {
            Self::Entry(entry) => (false, entry.id),
            Self::Difference(difference) => (true, difference.here.0),
        }
    }

    fn group(&self) -> Option<&'static str> {
        Some(match self {
            Self::Entry(_) => "to be written there",
            Self::Difference(_) => "otherwise there",
        })
    }
}

/// The word for an order: on the screen, in the saved view and on the command line.
pub(crate) fn sort_name(sort: Sort) -> &'static str {
    match sort {
        Sort::Grouped => "time",
        Sort::Changed => "change",
        Sort::Provider => "provider",
    }
}

/// The words for all orders.
pub(crate) fn sort_names() -> impl Iterator<Item = &'static str> {
    Sort::ALL.into_iter().map(sort_name)
}

/// The word for a part of the list.
pub(crate) fn show_name(scope: Scope) -> &'static str {
    match scope {
        Scope::All => "all",
        Scope::Open => "open",
        Scope::Unacknowledged => "unacknowledged",
        Scope::Changed => "changed",
    }
}

//! Backends in the header while they are read: most readings take a blink, and one that is told as under way for a blink
//! moves everything beside it there and back for nothing.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::Connection;
use crate::ui::theme::State;

/// What is under way for longer is told.
const BLINK: TimeDelta = TimeDelta::milliseconds(400);

/// What was told of the backends before something was under way with them.
#[derive(Debug, Clone, Default)]
pub(super) struct Calm {
    /// By its name.
    backends: BTreeMap<&'static str, Backend>,
}

/// One of the backends.
#[derive(Debug, Clone)]
struct Backend {
    /// As it was when nothing was under way.
    settled: Connection,
    /// Since when something is.
    busy_since: Option<DateTime<Utc>>,
}

impl Calm {
    /// Takes in how the backends are at `now`.
    pub(super) fn observe(&mut self, connections: Vec<Connection>, now: DateTime<Utc>) {
        self.backends.retain(|name, _| connections.iter().any(|connection| connection.name == *name));
        for connection in connections {
            if connection.state != State::Progress {
                self.backends.insert(connection.name, Backend { settled: connection, busy_since: None });
            } else if let Some(backend) = self.backends.get_mut(connection.name) {
                backend.busy_since.get_or_insert(now);
            }
        }
    }

    /// Forgets what was told: other backends are configured.
    pub(super) fn clear(&mut self) {
        self.backends.clear();
    }

    /// A backend as it is shown at `now`. One that is read for the first time is shown so at once.
    pub(super) fn shown(&self, connection: Connection, now: DateTime<Utc>) -> Connection {
        if connection.state != State::Progress {
            return connection;
        }
        let backend = self.backends.get(connection.name).filter(|backend| backend.ends_at(now).is_some());
        backend.map_or(connection, |backend| backend.settled.clone())
    }

    /// When something that is under way is to be told, if it is still under way then.
    pub(super) fn ends_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.backends.values().filter_map(|backend| backend.ends_at(now)).min()
    }
}

impl Backend {
    /// When what is under way is to be told; `None` once it is, and where nothing is. A clock that was set back does not
    /// keep it quiet.
    fn ends_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.busy_since.filter(|since| (*since..*since + BLINK).contains(&now)).map(|since| since + BLINK)
    }
}

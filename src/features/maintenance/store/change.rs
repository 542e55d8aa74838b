//! What is different between how a window was and how it is: what the history tells, and what asks for a new acknowledgement.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::merge::State;
use crate::features::maintenance::model::{Circuit, Impact, Status};

/// One thing that a notice changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Change {
    /// The window moved.
    Window {
        /// Start before.
        #[serde(with = "chrono::serde::ts_seconds")]
        from_start: DateTime<Utc>,
        /// End before.
        #[serde(with = "chrono::serde::ts_seconds")]
        from_end: DateTime<Utc>,
        /// Start now.
        #[serde(with = "chrono::serde::ts_seconds")]
        to_start: DateTime<Utc>,
        /// End now.
        #[serde(with = "chrono::serde::ts_seconds")]
        to_end: DateTime<Utc>,
    },
    /// Another status.
    Status {
        /// Before.
        from: Status,
        /// Now.
        to: Status,
    },
    /// The calendar says cancelled, which leaves the status.
    CalendarCancelled,
    /// It does not any more.
    CalendarNotCancelled,
    /// A circuit came.
    CircuitAdded {
        /// Its id.
        circuit_id: String,
        /// What happens to it.
        impact: Impact,
    },
    /// A circuit went.
    CircuitRemoved {
        /// Its id.
        circuit_id: String,
        /// What would have happened to it.
        impact: Impact,
    },
    /// Another impact on a circuit that stays.
    Impact {
        /// Its id.
        circuit_id: String,
        /// Before.
        from: Impact,
        /// Now.
        to: Impact,
    },
    /// Another summary.
    Summary {
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
    /// Another ticket.
    Ticket {
        /// Before; empty for none.
        from: String,
        /// Now; empty for none.
        to: String,
    },
    /// Somebody else looks after it.
    Assignee {
        /// Before; empty for nobody.
        from: String,
        /// Now; empty for nobody.
        to: String,
    },
    /// A note, on the events of notes.
    Note {
        /// How it begins, on one line.
        text: String,
    },
}

impl Change {
    /// Whether it asks for a new acknowledgement.
    #[must_use]
    pub fn matters(&self) -> bool {
        match self {
            Self::Window { .. }
            | Self::Status { .. }
            | Self::CalendarCancelled
            | Self::CalendarNotCancelled
            | Self::CircuitAdded { .. }
            | Self::CircuitRemoved { .. }
            | Self::Impact { .. } => true,
            Self::Summary { .. } | Self::Ticket { .. } | Self::Assignee { .. } | Self::Note { .. } => false,
        }
    }
}

/// What is different.
pub(in crate::features::maintenance) fn compare(before: &State, after: &State) -> Vec<Change> {
    let mut changes = Vec::new();
    match (before.says_cancelled, after.says_cancelled) {
        (false, true) => changes.push(Change::CalendarCancelled),
        (true, false) => changes.push(Change::CalendarNotCancelled),
        _ => {}
    }
    if (before.start, before.end) != (after.start, after.end) {
        changes.push(Change::Window {
            from_start: before.start,
            from_end: before.end,
            to_start: after.start,
            to_end: after.end,
        });
    }
    if before.status != after.status {
        changes.push(Change::Status { from: before.status, to: after.status });
    }
    compare_circuits(&before.circuits, &after.circuits, &mut changes);
    if before.summary != after.summary {
        changes.push(Change::Summary { from: before.summary.clone(), to: after.summary.clone() });
    }
    changes
}

/// Whether they are the same circuits, hit in the same way, in whatever order.
pub(super) fn has_same_circuits(one: &State, other: &State) -> bool {
    let mut changes = Vec::new();
    compare_circuits(&one.circuits, &other.circuits, &mut changes);
    changes.is_empty()
}

/// Circuits that came, went or are hit otherwise.
fn compare_circuits(before: &[Circuit], after: &[Circuit], changes: &mut Vec<Change>) {
    let by_id = |circuits: &[Circuit]| -> HashMap<String, Impact> {
        circuits.iter().map(|circuit| (circuit.circuit_id.to_lowercase(), circuit.impact)).collect()
    };
    let (old, new) = (by_id(before), by_id(after));
    for Circuit { circuit_id, impact } in after {
        match old.get(&circuit_id.to_lowercase()) {
            None => changes.push(Change::CircuitAdded { circuit_id: circuit_id.clone(), impact: *impact }),
            Some(from) if from != impact => {
                changes.push(Change::Impact { circuit_id: circuit_id.clone(), from: *from, to: *impact });
            }
            Some(_) => {}
        }
    }
    for Circuit { circuit_id, impact } in before {
        if !new.contains_key(&circuit_id.to_lowercase()) {
            changes.push(Change::CircuitRemoved { circuit_id: circuit_id.clone(), impact: *impact });
        }
    }
}

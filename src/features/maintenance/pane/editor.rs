//! Text being typed in the pane: the filter, a note.

use crate::features::maintenance::store::MaintenanceKey;
use crate::ui::field::Field;

/// What is being typed.
#[derive(Debug)]
pub(crate) enum Editor {
    /// The filter of the list under it; applied with every key.
    Filter {
        /// The text.
        field: Field,
        /// What the filter was before, for Esc.
        before: String,
    },
    /// A note for these maintenances.
    Note {
        /// The text.
        field: Field,
        /// Where it goes.
        targets: Vec<MaintenanceKey>,
        /// What it is about, for the title: an id, or how many.
        about: String,
    },
}

impl Editor {
    /// The field that has the keyboard.
    pub(crate) fn field(&mut self) -> &mut Field {
        match self {
            Self::Filter { field, .. } | Self::Note { field, .. } => field,
        }
    }
}

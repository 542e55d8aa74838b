//! What is typed after `/` on the list of change controls, and which of them are listed.

use std::collections::BTreeSet;

use super::instance::{Entry, Instance};
use crate::features::cloudvision::model::{ChangeState, DeviceId};

/// Which change controls are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Show {
    /// All.
    #[default]
    All,
    /// Those that are not over.
    Open,
    /// Those that wait for an approval.
    Pending,
    /// Those that run.
    Running,
    /// Those that failed or were stopped.
    Failed,
}

impl Show {
    /// All of them, in the order of their key.
    const ALL: [Self; 5] = [Self::All, Self::Open, Self::Pending, Self::Running, Self::Failed];

    /// The word for it, on the screen and in the saved view.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Open => "open",
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Failed => "failed",
        }
    }

    /// The one of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|show| show.name() == name)
    }

    /// The one after it.
    pub(super) fn next(self) -> Self {
        Self::ALL.into_iter().cycle().skip_while(|other| *other != self).nth(1).unwrap_or_default()
    }

    /// Whether it lists change controls in this state.
    fn shows(self, state: ChangeState) -> bool {
        match self {
            Self::All => true,
            Self::Open => !state.is_over(),
            Self::Pending => state == ChangeState::Pending,
            Self::Running => state == ChangeState::Running,
            Self::Failed => matches!(state, ChangeState::Failed | ChangeState::Stopped),
        }
    }
}

/// A filter, read.
pub(super) struct Filter {
    /// Which states.
    show: Show,
    /// Every one has to be fulfilled.
    terms: Vec<Term>,
}

/// One word of it.
struct Term {
    /// Whether it excludes.
    is_excluding: bool,
    /// What is looked at.
    field: Field,
    /// In small letters.
    text: String,
    /// The devices whose name or serial number has it.
    devices: BTreeSet<DeviceId>,
}

/// What a term looks at.
#[derive(Clone, Copy, PartialEq)]
enum Field {
    /// Name, id, description, creator, state, devices.
    Any,
    /// Who made it.
    Creator,
    /// Its devices.
    Device,
    /// Its state.
    State,
}

/// The words before a colon, and what they look at.
const FIELDS: [(&str, Field); 3] = [("by:", Field::Creator), ("on:", Field::Device), ("is:", Field::State)];

impl Filter {
    /// What `text` and `show` ask for. The names of devices are those of `instance`.
    pub(super) fn new(text: &str, show: Show, instance: &Instance) -> Self {
        let terms = text.split_whitespace().filter_map(|word| {
            let word = word.to_lowercase();
            let (is_excluding, word) = word.strip_prefix('!').map_or((false, word.as_str()), |rest| (true, rest));
            let field = FIELDS.iter().find_map(|(prefix, field)| Some((*field, word.strip_prefix(prefix)?)));
            let (field, text) = field.unwrap_or((Field::Any, word));
            if text.is_empty() {
                return None;
            }
            let of_device = matches!(field, Field::Any | Field::Device);
            let devices = instance.devices.items.values().filter(|device| {
                of_device
                    && (device.hostname.to_lowercase().contains(text)
                        || device.id.as_str().to_lowercase().contains(text))
            });
            let devices = devices.map(|device| device.id.clone()).collect();
            Some(Term { is_excluding, field, text: text.to_owned(), devices })
        });
        Self { show, terms: terms.collect() }
    }

    /// Whether a change control is listed.
    pub(super) fn lists(&self, entry: &Entry) -> bool {
        self.show.shows(entry.change.state) && self.terms.iter().all(|term| term.fits(entry) != term.is_excluding)
    }
}

impl Term {
    /// Whether the change control has what it looks for.
    fn fits(&self, entry: &Entry) -> bool {
        let change = &entry.change;
        let touches = || {
            let fits = |device: &DeviceId| {
                self.devices.contains(device) || device.as_str().to_lowercase().contains(&self.text)
            };
            change.devices.iter().any(fits)
        };
        match self.field {
            Field::Any => entry.text.contains(&self.text) || touches(),
            Field::Creator => change.created_by.to_lowercase().contains(&self.text),
            Field::Device => touches(),
            Field::State => change.state.name().starts_with(&self.text),
        }
    }
}

//! What the screen lets the worker change.

use crate::features::maintenance::model::Notice;
use crate::features::maintenance::store::action::Inverse;
use crate::features::maintenance::store::by_hand::Field;
use crate::features::maintenance::store::edit::{Edit, Looked, Made};
use crate::features::maintenance::store::{MaintenanceKey, NotificationKey};
use crate::features::maintenance::worker::{OutboxWish, Target};

/// Something that changes the store.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// Acknowledge as seen.
    Acknowledge {
        /// What, at which revision.
        targets: Vec<Target>,
        /// Who says so.
        who: String,
    },
    /// Take acknowledgements back.
    Unacknowledge {
        /// Of which.
        keys: Vec<MaintenanceKey>,
        /// Who says so.
        who: String,
    },
    /// Add a note.
    Note {
        /// To which.
        keys: Vec<MaintenanceKey>,
        /// What it says.
        text: String,
        /// Who says so.
        who: String,
    },
    /// Take an action back.
    Undo {
        /// Which.
        inverse: Inverse,
        /// Who says so.
        who: String,
    },
    /// Take back what this one did last, in whichever process.
    UndoLast {
        /// Who.
        who: String,
    },
    /// Keep what was written of a note so far.
    Draft {
        /// On which it is to be written.
        keys: Vec<MaintenanceKey>,
        /// What there is of it; none removes an earlier draft.
        text: String,
        /// Whether somebody put it away and waits to be told; else it is kept while it is being written.
        is_put_away: bool,
        /// Who writes it.
        who: String,
    },
    /// These were looked at.
    Seen(Vec<Target>),
    /// Nobody need look at these mails any more.
    Dismiss {
        /// Which.
        keys: Vec<NotificationKey>,
        /// Who says so.
        who: String,
    },
    /// These mails need a look again.
    BringBack {
        /// Which.
        keys: Vec<NotificationKey>,
        /// Who says so.
        who: String,
    },
    /// What was filled in by hand; what comes of it is told with the number.
    OfForm {
        /// Tells it from what was filled in before.
        form: u64,
        /// What is to be written.
        write: Box<Self>,
    },
    /// Make a maintenance known that no notice has told of.
    Make {
        /// What it is.
        made: Box<Made>,
        /// Who says so.
        who: String,
    },
    /// Set something by hand.
    Edit {
        /// Of which.
        key: MaintenanceKey,
        /// What was known of it.
        looked: Box<Looked>,
        /// What is to be set.
        edit: Box<Edit>,
        /// Who says so.
        who: String,
    },
    /// Take over what notices say of what was set by hand.
    Take {
        /// Of which.
        key: MaintenanceKey,
        /// Who says so.
        who: String,
    },
    /// Keep what was set by hand although a notice says something else.
    Keep {
        /// Of which.
        key: MaintenanceKey,
        /// Who says so.
        who: String,
    },
    /// A mail belongs to a maintenance.
    Attach {
        /// The mail.
        mail: NotificationKey,
        /// The maintenance.
        key: MaintenanceKey,
        /// Who says so.
        who: String,
    },
    /// Mails from an address are of a provider; those of it that could not be read are read again.
    Assign {
        /// The address.
        address: String,
        /// The provider's rules.
        provider: String,
        /// Who says so.
        who: String,
    },
    /// Read every mail again that could not be read.
    Reread,
    /// Let a source rest.
    Pause {
        /// Its name.
        name: String,
        /// Who says so.
        who: String,
    },
    /// Read a source again.
    Resume {
        /// Its name.
        name: String,
    },
    /// Have a source looked at now, by whichever process reads it.
    Look {
        /// Its name.
        name: String,
    },
    /// Let entries of the outbox be sent again, or take them out.
    Outbox {
        /// Which.
        ids: Vec<i64>,
        /// What to do with them.
        what: OutboxWish,
        /// Who says so.
        who: String,
    },
    /// Take what is suggested for a mail, or was typed instead, as what it means.
    Accept {
        /// The mail.
        key: NotificationKey,
        /// What it means.
        notice: Box<Notice>,
        /// What of it somebody typed: it is set by hand.
        by_hand: Vec<Field>,
        /// Who says so.
        who: String,
    },
}

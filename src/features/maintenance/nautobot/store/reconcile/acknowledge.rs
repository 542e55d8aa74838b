//! Acknowledgements. Somebody acknowledges what they have seen: one side's counts on the other where both say the same, or
//! where it was decided that they need not.

use rusqlite::Connection;

use super::{Manner, NAUTOBOT, compare};
use crate::features::maintenance::nautobot::store::content::{Here, There};
use crate::features::maintenance::nautobot::store::lines::{Field, Value, Verdict};
use crate::features::maintenance::nautobot::store::outbox::{self, Kind};
use crate::features::maintenance::store::MaintenanceKey;
use crate::features::maintenance::store::action::{self, Actor};
use crate::store::Error;

/// What became of an acknowledgement.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Whether it is another one here now.
    pub(super) is_changed: bool,
    /// The one there is of something else than what is known here: of what, in words.
    pub(super) of_another: Option<String>,
}

/// Takes over an acknowledgement, or that it was taken back; puts one into the outbox that Nautobot was never told.
pub(super) fn take(connection: &Connection, there: &There, here: &Here, manner: &Manner) -> Result<Seen, Error> {
    let (theirs, ours) = (there.content.ack, here.content.ack);
    if theirs == ours || outbox::waits(connection, Kind::Acknowledgement, &there.provider, &there.maintenance_id)? {
        return Ok(Seen::default());
    }
    let compared = compare::of(connection, there, here)?;
    let value = |is: bool| Value::Acknowledged(is);
    let verdict = compared.agreed.verdict(&Field::Acknowledgement, Some(&value(ours)), Some(&value(theirs)));
    let actor = Actor { who: NAUTOBOT.to_owned(), at: manner.now };
    let keys: Vec<MaintenanceKey> = here.windows.iter().map(|(key, _)| *key).collect();
    match (verdict, theirs) {
        (Verdict::Take, true) if !compared.is_seen() => {
            let (theirs, ours) = (there.content.told(), here.content.told());
            let reason = format!("acknowledged in Nautobot as {theirs}; here it says {ours}");
            Ok(Seen { is_changed: false, of_another: Some(reason) })
        }
        (Verdict::Take, _) => {
            set(connection, there, &keys, theirs, &actor)?;
            Ok(Seen { is_changed: true, of_another: None })
        }
        // Acknowledged here before the two met: now it is told.
        (Verdict::Send, false) => {
            let is_open = here.content.end > manner.now && !here.content.status.is_final();
            if is_open && compared.is_seen() {
                outbox::acknowledged(connection, &keys, &actor)?;
            }
            Ok(Seen::default())
        }
        _ => Ok(Seen::default()),
    }
}

/// Makes it acknowledged here as it is there.
pub(super) fn set(
    connection: &Connection,
    there: &There,
    keys: &[MaintenanceKey],
    is_acknowledged: bool,
    actor: &Actor,
) -> Result<(), Error> {
    quietly(connection, there, |connection| {
        if is_acknowledged {
            action::acknowledge_as_it_is(connection, keys, actor)?;
        } else {
            action::unacknowledge(connection, keys, actor)?;
        }
        Ok(())
    })
}

/// Does something that came from there, and so has not to be told there.
pub(super) fn quietly(
    connection: &Connection,
    there: &There,
    what: impl FnOnce(&Connection) -> Result<(), Error>,
) -> Result<(), Error> {
    let (provider, id) = (&there.provider, &there.maintenance_id);
    let waited = outbox::waits(connection, Kind::Acknowledgement, provider, id)?;
    what(connection)?;
    if !waited {
        outbox::forget(connection, Kind::Acknowledgement, provider, id, 0)?;
    }
    Ok(())
}

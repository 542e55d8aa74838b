//! Mails in the store, read again by the rules as they are now, and by what people have said of their senders.

use rusqlite::Connection;

use super::intake::unknown;
use super::inventory::Inventory;
use super::mail::MAX_PARSED_BYTES;
use super::model::Reading;
use super::nautobot::store::reconcile::astray;
use super::rules::Rules;
use super::store::NotificationKey;
use super::store::again::{self, Again};
use super::store::sender::{self, Senders};
use super::store::unparsed::{self, Opened};
use crate::store::Error;

/// Mails to be read again.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// The mails.
    opened: Vec<Opened>,
    /// Whose the senders are, as people say.
    assigned: Senders,
}

/// A mail with what the rules make of it now.
#[derive(Debug)]
pub(crate) struct Reread {
    /// The mail.
    opened: Opened,
    /// What it says.
    reading: Reading,
    /// The circuits in it that the inventory does not have.
    unknown: Vec<String>,
}

/// Fetches mails from the store.
pub(crate) fn fetch(connection: &Connection, keys: &[NotificationKey]) -> Result<Fetched, Error> {
    let opened = keys.iter().filter_map(|key| unparsed::notification(connection, *key).transpose());
    Ok(Fetched { opened: opened.collect::<Result<_, _>>()?, assigned: sender::all(connection)? })
}

impl Fetched {
    /// Reads those of which all bytes are kept. Takes milliseconds for each.
    pub(crate) fn read(self, rules: &Rules, inventory: &Inventory) -> Vec<Reread> {
        let Self { opened, assigned } = self;
        let read = |opened: Opened| {
            // Of one that was cut the rest is not there to be read.
            let is_whole = |raw: &&[u8]| raw.len() as u64 >= opened.notification.size && raw.len() <= MAX_PARSED_BYTES;
            let raw = opened.raw.as_deref().filter(is_whole)?;
            let reading = rules.read_assigned(raw, &assigned);
            let unknown = unknown(inventory, &reading);
            Some(Reread { opened, reading, unknown })
        };
        opened.into_iter().filter_map(read).collect()
    }
}

/// Applies what was read, in one transaction.
pub(crate) fn apply(connection: &Connection, read: Vec<Reread>) -> Result<Vec<(Opened, Reading, Again)>, Error> {
    let apply = |Reread { opened, reading, unknown }: Reread| {
        let spoken_of = astray::spoken_of(connection, opened.notification.key)?;
        let again = again::apply(connection, &opened, &reading, &unknown)?;
        astray::left(connection, opened.notification.key, &spoken_of)?;
        Ok((opened, reading, again))
    };
    read.into_iter().map(apply).collect()
}

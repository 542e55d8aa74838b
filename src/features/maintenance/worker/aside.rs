//! Answers that take more than a connection: what is configured, and the rules.

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::intake::{kind, label, place, scope};
use super::{Done, Report, SourceFacts, Write, write};
use crate::config::Source;
use crate::features::maintenance::inventory::Inventory;
use crate::features::maintenance::reread;
use crate::features::maintenance::rules::Rules;
use crate::features::maintenance::store::action::{Actor, Inverse};
use crate::features::maintenance::store::{NotificationKey, given_up, sender, source as kept};
use crate::store::{Error, Store};
use crate::text::clean_line;

/// Mails that are read again together.
const REREAD: usize = 32;

/// How these sources are doing, as the store has it.
pub(super) fn sources(connection: &Connection, sources: &[Source], now: DateTime<Utc>) -> Result<Report, Error> {
    let facts = sources.iter().map(|source| {
        let label = label(&source.from);
        let known = kept::known_of(connection, &source.name, &scope(&source.from))?;
        Ok(SourceFacts {
            name: source.name.clone(),
            kind: kind(&source.from),
            place: clean_line(&place(&source.from)),
            reader: known.reader(now).map(|holder| holder.owner.label()),
            mails: kept::mails(connection, &label)?,
            outcomes: kept::outcomes(connection, &label)?,
            given_up: given_up::of(connection, &label)?,
            known,
        })
    });
    Ok(Report::Sources(Ok(facts.collect::<Result<_, Error>>()?)))
}

/// The providers that there are rules for.
pub(super) fn providers(rules: &Rules) -> Report {
    Report::Providers(rules.slugs().into_iter().map(str::to_owned).collect())
}

/// Says whose mails come from an address, and reads those again that could not be read. Blocks: some milliseconds for each
/// mail, in steps between which others can write.
pub(crate) fn assign(
    store: &Store,
    rules: &Rules,
    inventory: &Inventory,
    address: String,
    provider: String,
    actor: &Actor,
) -> Result<Report, Error> {
    let (by, to, of) = (actor.clone(), address.clone(), provider.clone());
    let inverse = store.write_blocking(move |connection| sender::assign(connection, &to, &of, &by))?;
    let (read, unread) = reread_from(store, rules, inventory, &address)?;
    Ok(Report::Done { done: Done::Assigned { address, provider, read, unread }, inverse })
}

/// Reads the mails from an address again that have said nothing: it is somebody else's now. Blocks likewise. How many of them say
/// something now, and how many do not.
pub(crate) fn reread_from(
    store: &Store,
    rules: &Rules,
    inventory: &Inventory,
    address: &str,
) -> Result<(usize, usize), Error> {
    let keys = store.read_blocking(|connection| sender::unread_from(connection, address))?;
    read_again(store, rules, inventory, &keys)
}

/// Takes back what was done. Of a sender that is nobody's again the mails are read again. Blocks likewise.
pub(super) fn undo(
    store: &Store,
    rules: &Rules,
    inventory: &Inventory,
    undo: Write,
    now: DateTime<Utc>,
) -> Result<Report, Error> {
    let report = store.write_blocking(move |connection| write::carry_out(connection, undo, now))?;
    if let Report::Done { done: Done::Undone { inverse: Inverse::Unassign(assignment), .. }, .. } = &report {
        reread_from(store, rules, inventory, assignment.address())?;
    }
    Ok(report)
}

/// Reads every mail again that could not be read. Blocks likewise.
pub(super) fn reread(store: &Store, rules: &Rules, inventory: &Inventory) -> Result<Report, Error> {
    let keys = store.read_blocking(sender::unread)?;
    let (read, unread) = read_again(store, rules, inventory, &keys)?;
    Ok(Report::Done { done: Done::Reread { read, unread }, inverse: None })
}

/// Reads these mails again; how many of them say something now, and how many do not.
fn read_again(
    store: &Store,
    rules: &Rules,
    inventory: &Inventory,
    keys: &[NotificationKey],
) -> Result<(usize, usize), Error> {
    let (mut read, mut unread) = (0, 0);
    for some in keys.chunks(REREAD) {
        let reread = store.read_blocking(|connection| reread::fetch(connection, some))?.read(rules, inventory);
        let applied = store.write_blocking(move |connection| reread::apply(connection, reread))?;
        let left = applied.iter().filter(|(_, _, again)| again.after.needs_a_look()).count();
        (read, unread) = (read + applied.len() - left, unread + left);
    }
    Ok((read, unread))
}

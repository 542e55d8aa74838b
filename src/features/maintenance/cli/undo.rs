//! `noctui maintenance undo`: takes back what somebody did last, in whichever process.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::provider::sender;
use super::show::happened;
use super::{Session, failed, json, name, time};
use crate::features::maintenance::store::MaintenanceKey;
use crate::features::maintenance::store::action::{Inverse, Refusal};
use crate::features::maintenance::store::detail::{Detail, detail};
use crate::features::maintenance::store::event::{Event, EventKind};
use crate::features::maintenance::store::undo::{Last, forget, undo_last};
use crate::features::maintenance::worker::reread_from;
use crate::output;
use crate::store::Error;
use crate::text::counted;
use crate::trouble::Trouble;

/// Maintenances that are named as what something was done to; more are counted.
const NAMED: usize = 5;

/// What was typed after `undo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Pass over what cannot be taken back any more, since something else happened to it, and take back what was done before.
    #[arg(long)]
    skip_changed: bool,
    /// How it is done and said.
    #[command(flatten)]
    manner: super::act::Manner,
}

/// What became of what was done last.
struct Undone {
    /// What it was.
    last: Last,
    /// The windows that were changed by the undo, as they are now,
    changed: Vec<Detail>,
    /// those of which all or some has changed since and was left, with what that is in words,
    left: Vec<(Detail, Vec<&'static str>)>,
    /// and those of which somebody had taken it back already.
    already: Vec<Detail>,
}

/// `noctui maintenance undo`
pub(super) fn run(args: Args, session: &Session) -> anyhow::Result<ExitCode> {
    let actor = session.actor(args.manner.who);
    let who = actor.who.clone();
    let skips = args.skip_changed;
    let undone = session.store.write_blocking(move |connection| {
        loop {
            let Some(last) = undo_last(connection, &actor)? else { return Ok(None) };
            if !(skips && last.done.is_nothing()) {
                return Undone::of(connection, last, actor.at).map(Some);
            }
            forget(connection, &last.inverse)?;
        }
    })?;
    let Some(undone) = undone else {
        let trouble = Trouble::new(&format!("{who} has nothing to undo"))
            .caused_by("only what was done in the last days, in this name, and by no newer noctui, can be undone")
            .to_do("name who did it with --who, or do the opposite: ack, unack");
        return Ok(failed(&[trouble]));
    };
    if undone.last.done.is_nothing() {
        return Ok(failed(&[undone.refused(&who)]));
    }
    let mut of_sender = String::new();
    if let Inverse::Unassign(assignment) = &undone.last.inverse {
        let address = assignment.address();
        let again = reread_from(&session.store, &session.rules(), &session.inventory(), address)?;
        of_sender = sender::told(address, assignment.before(), again);
    }
    let (result, words) = words(&undone.last.inverse);
    if args.manner.json {
        let changed = undone.changed.iter();
        output::print_json(&changed.map(|detail| json::Acted::of(detail, result)).collect::<Vec<_>>())?;
    } else {
        output::print(&undone.sentences(result, words, of_sender))?;
    }
    for (detail, parts) in &undone.left {
        let what = if parts.is_empty() { "it".to_owned() } else { parts.join(" and ") };
        let trouble = Trouble::new(&format!("{}: {what} left as it is", window(detail)))
            .caused_by(&since(&undone.last, &who, detail))
            .to_do("correct it with `noctui maintenance edit`");
        output::complain(&format!("noctui: {trouble}"));
    }
    Ok(if undone.left.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(output::EXIT_NO) })
}

impl Undone {
    /// What became of it, as far as it is still there.
    fn of(connection: &Connection, last: Last, now: DateTime<Utc>) -> Result<Self, Error> {
        let (mut changed, mut left, mut already) = (Vec::new(), Vec::new(), Vec::new());
        for key in &last.done.done {
            changed.extend(detail(connection, *key, now)?);
        }
        for (key, why) in &last.done.refused {
            let Some(detail) = detail(connection, *key, now)? else { continue };
            if *why == Refusal::Already {
                already.push(detail);
            } else {
                left.push((detail, left_of(connection, &last.inverse, *key)?));
            }
        }
        Ok(Self { last, changed, left, already })
    }

    /// Why nothing of it was undone.
    fn refused(&self, who: &str) -> Trouble {
        let left: Vec<&Detail> = self.left.iter().map(|(detail, _)| detail).chain(&self.already).collect();
        let mut names: Vec<String> = left.iter().take(NAMED).map(|detail| window(detail)).collect();
        if left.len() > NAMED {
            names.push(format!("{} more", left.len() - NAMED));
        }
        if names.is_empty() {
            names.push("a maintenance".to_owned());
        }
        let inverse = &self.last.inverse;
        let why = match (left.first(), inverse) {
            (Some(first), _) => since(&self.last, who, first),
            (None, Inverse::Dismiss(_) | Inverse::BringBack(_)) => "that is so no more, or they are gone".to_owned(),
            (None, Inverse::Unassign(_)) => "something else was said of the sender since".to_owned(),
            (None, _) => "the maintenance is no longer in the store".to_owned(),
        };
        let deed = deed(inverse, &names.join(", "));
        Trouble::new(&format!("what {who} did last cannot be undone: {deed}, {}", time(self.last.at)))
            .caused_by(&why)
            .to_do("nothing was undone; do the opposite, or take back what was done before it with --skip-changed")
    }

    /// How many mails were meant.
    fn meant(&self) -> usize {
        if let Inverse::Dismiss(mails) | Inverse::BringBack(mails) = &self.last.inverse { mails.len() } else { 0 }
    }

    /// A line for each window, for people.
    fn sentences(&self, result: &str, words: &str, of_sender: String) -> String {
        let mails = self.last.done.mails;
        let changed = self.changed.iter().map(|detail| {
            let left = self.left.iter().find(|(left, parts)| left.key == detail.key && !parts.is_empty());
            let but = left.map_or_else(String::new, |(_, parts)| format!(", but for {}", parts.join(" and ")));
            format!("{}: {words}{but}\n", window(detail))
        });
        let already = self.already.iter().map(|detail| format!("{}: had been taken back already\n", window(detail)));
        let lines: String = changed.chain(already).collect();
        let gone = match (self.changed.is_empty(), mails) {
            (false, _) => String::new(),
            // What only the acceptance had made known is gone.
            (true, 0) if result == "unaccepted" => "the accepted suggestion was taken back\n".to_owned(),
            (true, 0) => "what had been made known by hand is gone again\n".to_owned(),
            (true, _) if result == "unassigned" => of_sender,
            (true, mails) => {
                let left = self.meant().saturating_sub(mails);
                let left = if left == 0 { String::new() } else { format!(" ({left} had been already, or are gone)") };
                format!("{}: {words}{left}\n", counted(mails, "mail"))
            }
        };
        format!("{lines}{gone}")
    }
}

/// What of a window that was set is not as it was before, in words.
fn left_of(connection: &Connection, inverse: &Inverse, key: MaintenanceKey) -> Result<Vec<&'static str>, Error> {
    if let Inverse::Unedit(before) = inverse {
        return before.left(connection, key);
    }
    let Inverse::Each(each) = inverse else { return Ok(Vec::new()) };
    let left = each.iter().map(|one| left_of(connection, one, key)).collect::<Result<Vec<_>, _>>()?;
    Ok(left.concat())
}

/// A maintenance by name, and which window of it where there are several.
fn window(detail: &Detail) -> String {
    let window = detail.windows.iter().find(|window| window.key == detail.key).filter(|_| detail.windows.len() > 1);
    let window = window.map_or_else(String::new, |window| format!(" window {}", window.window));
    format!("{}{window}", name::full(&detail.provider, &detail.maintenance_id))
}

/// What an undo did: the word in JSON, and the words for people.
fn words(inverse: &Inverse) -> (&'static str, &'static str) {
    match inverse {
        Inverse::Withdraw(_) => ("withdrawn", "acknowledgement taken back"),
        Inverse::Reinstate(_) => ("acknowledged", "acknowledged again"),
        Inverse::RemoveNotes(_) => ("note-removed", "note removed"),
        Inverse::RestoreNotes(_) => ("noted", "note written again"),
        Inverse::See(_) => ("unseen", "shown as news again"),
        Inverse::Dismiss(_) => ("dismissed", "dismissed again"),
        Inverse::BringBack(_) => ("brought-back", "no longer dismissed"),
        Inverse::Unedit(_) => ("unedited", "as it was before"),
        Inverse::Detach(_) => ("detached", "the mail belongs to it no more"),
        Inverse::Unassign(_) => ("unassigned", ""),
        Inverse::Unaccept(_) => ("unaccepted", "changed back, the suggestion is no longer accepted"),
        Inverse::Each(each) => each.first().map_or(("undone", "undone"), words),
    }
}

/// What had been done to these.
fn deed(inverse: &Inverse, names: &str) -> String {
    match inverse {
        Inverse::Withdraw(_) => format!("{names} acknowledged"),
        Inverse::Reinstate(_) => format!("acknowledgement of {names} taken back"),
        Inverse::RemoveNotes(_) => format!("note on {names}"),
        Inverse::RestoreNotes(_) => format!("note on {names} removed"),
        Inverse::See(_) => format!("{names} looked at"),
        Inverse::Dismiss(mails) => format!("{} brought back", counted(mails.len(), "mail")),
        Inverse::BringBack(mails) => format!("{} dismissed", counted(mails.len(), "mail")),
        Inverse::Unedit(before) => before.deed(names),
        Inverse::Detach(attachment) => format!("mail {} attached to {names}", attachment.mail()),
        Inverse::Unassign(assignment) => {
            format!("{} said to be {}'s", assignment.address(), assignment.provider().unwrap_or("nobody"))
        }
        Inverse::Unaccept(_) => format!("suggestion accepted as {names}"),
        Inverse::Each(each) => each.first().map_or_else(|| names.to_owned(), |first| deed(first, names)),
    }
}

/// What happened to a window since somebody did that, by which it cannot be undone.
fn since(last: &Last, who: &str, detail: &Detail) -> String {
    let is_deed = |event: &Event| event.at.timestamp() == last.at.timestamp() && event.who.as_deref() == Some(who);
    // The newest is first.
    let since = detail.events.iter().rposition(is_deed).unwrap_or(detail.events.len());
    match detail.events.iter().take(since).find(|event| is_against(&last.inverse, event.kind)) {
        Some(event) => format!("since then: {}, {}", happened(event), time(event.at)),
        None => "it has changed since".to_owned(),
    }
}

/// Whether something can no longer be taken back where such a thing has happened since.
fn is_against(inverse: &Inverse, kind: EventKind) -> bool {
    match inverse {
        Inverse::Withdraw(_) => kind == EventKind::Unacknowledged,
        Inverse::Reinstate(_) => kind == EventKind::Acknowledged,
        Inverse::RemoveNotes(_) => kind == EventKind::NoteRemoved,
        Inverse::RestoreNotes(_) => kind == EventKind::NoteAdded,
        Inverse::Detach(_) => kind == EventKind::Detached,
        Inverse::Unedit(before) if !before.is_made() => !matches!(
            kind,
            EventKind::Unchanged
                | EventKind::Acknowledged
                | EventKind::Unacknowledged
                | EventKind::NoteAdded
                | EventKind::NoteRemoved
                | EventKind::Attached
                | EventKind::Detached
        ),
        Inverse::Each(each) => each.iter().any(|one| is_against(one, kind)),
        Inverse::See(_)
        | Inverse::Unaccept(_)
        | Inverse::Dismiss(_)
        | Inverse::BringBack(_)
        | Inverse::Unedit(_)
        | Inverse::Unassign(_) => true,
    }
}

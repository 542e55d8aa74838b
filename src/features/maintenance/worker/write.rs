//! What a write does to the store: on the writing connection, at a given time.

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::{Done, OutboxWish, Report, Target, Write};
use crate::features::maintenance::nautobot::store::outbox;
use crate::features::maintenance::store::action::{self, Actor, Inverse, Refusal};
use crate::features::maintenance::store::edit::{self, Edited};
use crate::features::maintenance::store::{MaintenanceKey, accept, detail, dismiss, draft, sender, source, undo};
use crate::store::Error;

/// Carries out one write.
pub(super) fn carry_out(connection: &Connection, write: Write, at: DateTime<Utc>) -> Result<Report, Error> {
    let pairs =
        |targets: Vec<Target>| targets.into_iter().map(|target| (target.key, target.revision)).collect::<Vec<_>>();
    let (done, result) = match write {
        Write::Acknowledge { targets, who } => {
            let result = action::acknowledge(connection, &pairs(targets), &Actor { who, at })?;
            (acknowledged(connection, &result)?, result)
        }
        Write::Unacknowledge { keys, who } => {
            let result = action::unacknowledge(connection, &keys, &Actor { who, at })?;
            (Done::Unacknowledged(result.done.len()), result)
        }
        Write::Note { keys, text, who } => {
            let actor = Actor { who, at };
            let result = action::add_note(connection, &keys, &text, &actor)?;
            draft::forget(connection, &keys, &actor)?;
            let first = match result.done[..] {
                [only] => name_of(connection, only, at)?,
                _ => String::new(),
            };
            (Done::Noted { keys, count: result.done.len(), first }, result)
        }
        Write::Undo { inverse, who } => {
            let result = action::undo(connection, &inverse, &Actor { who, at })?;
            let done = undone(connection, inverse, &result, at)?;
            return Ok(Report::Done { done, inverse: None });
        }
        Write::UndoLast { who } => {
            let done = undo_last(connection, &Actor { who, at })?;
            return Ok(Report::Done { done, inverse: None });
        }
        Write::Draft { keys, text, is_put_away, who } => {
            draft::keep(connection, &keys, &text, &Actor { who, at })?;
            let done = Done::Drafted { is_news: is_put_away && !text.trim().is_empty() };
            return Ok(Report::Done { done, inverse: None });
        }
        Write::Accept { key, notice, by_hand, who } => {
            let name = format!("{}/{}", notice.provider, notice.maintenance_id);
            return Ok(match accept::accept(connection, key, &notice, &by_hand, &Actor { who, at })? {
                Ok(accepted) => Report::Done { done: Done::Accepted(name), inverse: Some(accepted.inverse) },
                Err(_) => Report::Done { done: Done::NotAccepted, inverse: None },
            });
        }
        // Whoever asks for this tells of which form it was.
        Write::OfForm { write, .. } => return carry_out(connection, *write, at),
        Write::Make { made, who } => {
            let name = format!("{} {}", made.provider, made.maintenance_id);
            return Ok(edited("made", name, edit::create(connection, &made, &Actor { who, at })?));
        }
        Write::Edit { key, looked, edit: wish, who } => {
            let result = edit::edit(connection, key, Some(&looked), &wish, &Actor { who, at })?;
            return Ok(edited("corrected", name_of(connection, key, at)?, result));
        }
        Write::Take { key, who } => {
            let result = edit::take(connection, key, &Actor { who, at })?;
            return Ok(edited("taken over", name_of(connection, key, at)?, result));
        }
        Write::Keep { key, who } => {
            let result = edit::keep(connection, key, &Actor { who, at })?;
            return Ok(edited("kept as it was set", name_of(connection, key, at)?, result));
        }
        Write::Attach { mail, key, who } => {
            let result = edit::attach(connection, mail, key, &Actor { who, at })?;
            return Ok(edited("mail attached", name_of(connection, key, at)?, result));
        }
        Write::Pause { name, who } => {
            source::pause(connection, &name, &Actor { who, at }.name(), at)?;
            return Ok(Report::Done { done: Done::Source { name, word: "paused" }, inverse: None });
        }
        Write::Resume { name } => {
            let word = if source::resume(connection, &name)? { "read again" } else { "not paused" };
            return Ok(Report::Done { done: Done::Source { name, word }, inverse: None });
        }
        Write::Look { name } => {
            source::want(connection, &name, at)?;
            return Ok(Report::Done { done: Done::Source { name, word: "being looked at" }, inverse: None });
        }
        // These read mails, and are carried out elsewhere for that.
        Write::Reread => return Ok(Report::Done { done: Done::Reread { read: 0, unread: 0 }, inverse: None }),
        Write::Assign { address, provider, who } => {
            let inverse = sender::assign(connection, &address, &provider, &Actor { who, at })?;
            let done = Done::Assigned { address, provider, read: 0, unread: 0 };
            return Ok(Report::Done { done, inverse });
        }
        Write::Dismiss { keys, who } => {
            let result = dismiss::dismiss(connection, &keys, &Actor { who, at })?;
            (Done::Dismissed(result.mails), result)
        }
        Write::BringBack { keys, who } => {
            let result = dismiss::bring_back(connection, &keys, &Actor { who, at })?;
            (Done::BroughtBack(result.mails), result)
        }
        Write::Outbox { ids, what, who } => return of_outbox(connection, &ids, what, &Actor { who, at }),
        Write::Seen(targets) => {
            action::mark_seen(connection, &pairs(targets))?;
            return Ok(Report::Done { done: Done::Seen, inverse: None });
        }
    };
    Ok(Report::Done { done, inverse: result.inverse })
}

/// Lets entries of the outbox be sent again, takes over what is said instead, or takes them out.
fn of_outbox(connection: &Connection, ids: &[i64], what: OutboxWish, actor: &Actor) -> Result<Report, Error> {
    let entries = match what {
        OutboxWish::Retry => outbox::retry(connection, ids, false, actor)?,
        OutboxWish::Anyway => outbox::retry(connection, ids, true, actor)?,
        OutboxWish::Take => outbox::take(connection, ids, actor)?,
        OutboxWish::Drop => outbox::drop(connection, ids, actor)?,
    };
    let mut count = entries.len();
    if what == OutboxWish::Anyway {
        for entry in &entries {
            count -= usize::from(outbox::is_unwritten(connection, entry)?);
        }
    }
    Ok(Report::Done { done: Done::Outbox { what, count }, inverse: None })
}

/// What came of acknowledging.
fn acknowledged(connection: &Connection, result: &action::Done) -> Result<Done, Error> {
    let of = |is: fn(&Refusal) -> bool| result.refused.iter().filter(|(_, refusal)| is(refusal)).count();
    let changed = of(|refusal| matches!(refusal, Refusal::Changed { .. }));
    let already = of(|refusal| matches!(refusal, Refusal::Already));
    let before = result.refused.iter().filter(|(_, refusal)| matches!(refusal, Refusal::Already));
    let by = before.map(|(key, _)| action::acknowledged_by(connection, *key)).collect::<Result<Vec<_>, _>>()?;
    let by = by.into_iter().flatten().max_by_key(|(_, at)| *at);
    Ok(Done::Acknowledged { count: result.done.len(), changed, already, by })
}

/// What came of setting something by hand.
fn edited(word: &'static str, name: String, result: Result<Edited, edit::Refused>) -> Report {
    match result {
        Ok(edited) => Report::Done { done: Done::Edited { word, name }, inverse: Some(edited.inverse) },
        Err(why) => Report::Done { done: Done::NotEdited(why), inverse: None },
    }
}

/// Provider and id of a maintenance; empty if it is gone.
fn name_of(connection: &Connection, key: MaintenanceKey, now: DateTime<Utc>) -> Result<String, Error> {
    let detail = detail::outline(connection, key, now)?;
    Ok(detail.map_or_else(String::new, |detail| format!("{} {}", detail.provider, detail.maintenance_id)))
}

/// Takes back what somebody did last, wherever that was.
fn undo_last(connection: &Connection, actor: &Actor) -> Result<Done, Error> {
    let Some(undo::Last { inverse, done, .. }) = undo::undo_last(connection, actor)? else {
        return Ok(Done::NothingDone);
    };
    if done.is_nothing() {
        // As with what was done here: asked again, somebody means what was before.
        undo::forget(connection, &inverse)?;
    }
    undone(connection, inverse, &done, actor.at)
}

/// What is said of an undo that concerned these.
fn undone(connection: &Connection, inverse: Inverse, result: &action::Done, now: DateTime<Utc>) -> Result<Done, Error> {
    if result.mails > 0 {
        return Ok(Done::Undone { inverse, count: result.mails, first: String::new(), is_all: true });
    }
    let keys = &result.done;
    let Some(first) = keys.first() else { return Ok(Done::NothingToUndo) };
    let first = detail::detail(connection, *first, now)?;
    let first = first.map_or_else(String::new, |first| format!("{} {}", first.provider, first.maintenance_id));
    let is_all = result.refused.iter().all(|(_, why)| *why != Refusal::Since);
    Ok(Done::Undone { inverse, count: keys.len(), first, is_all })
}

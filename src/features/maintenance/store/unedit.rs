//! Takes back what somebody set by hand, of which each part stands for itself: a ticket is taken back whatever notices have
//! come since, and a window as long as nobody has set another one and no notice has said anything new of it.

use rusqlite::Connection;

use super::MaintenanceKey;
use super::action::{Actor, Done, Refusal};
use super::by_hand::{ByHand, Field};
use super::edit::{Before, Row, Whole, look, put, row};
use super::event::EventKind;
use super::merge::State;
use crate::store::Error;

/// Makes of a window as it was what is still as it was made, and says of what is not that it is left.
pub(super) fn take_back(
    connection: &Connection,
    inverse: &Before,
    actor: &Actor,
    done: &mut Done,
) -> Result<(), Error> {
    let Before { key, was, is } = inverse;
    let Some(now) = row(connection, *key)? else {
        done.refused.push((*key, Refusal::Gone));
        return Ok(());
    };
    let Some(was) = was else {
        if now.whole.is(is) && !is_of_others(connection, *key)? {
            connection.prepare_cached("DELETE FROM maintenance WHERE id = ?1")?.execute([key])?;
            done.done.push(*key);
        } else {
            done.refused.push((*key, Refusal::Since));
        }
        return Ok(());
    };
    let (after, is_left) = if now.whole.is(is) {
        let state = State { order: now.whole.state.order, ..was.state.clone() };
        (Some(Whole { state, ..was.clone() }), false)
    } else {
        without(was, is, &now.whole)
    };
    if let Some(after) = after {
        let Row { whole: now, seen, revision, .. } = now;
        put(connection, *key, &now, &after, EventKind::Unedited, actor)?;
        // A notice that came since is as much news as it was.
        if seen == revision {
            look(connection, *key)?;
        }
        done.done.push(*key);
    }
    if is_left {
        done.refused.push((*key, Refusal::Since));
    }
    Ok(())
}

/// What is known `now`, without what made `is` of what `was`; `None` if all of that is to be left. And whether any of it is.
fn without(was: &Whole, is: &Whole, now: &Whole) -> (Option<Whole>, bool) {
    let set = || Field::ALL.into_iter().filter(|field| !was.has_same(is, *field));
    let is_untouched = |field: &Field| now.has_same(is, *field) && now.says_same(is, *field);
    let taken: Vec<Field> = set().filter(is_untouched).collect();
    let mut after = now.clone();
    for field in &taken {
        field.put(&was.state, &mut after.state);
    }
    let (ticket, assignee) = (was.ticket != is.ticket, was.assignee != is.assignee);
    let takes_ticket = ticket && now.ticket == is.ticket;
    let takes_assignee = assignee && now.assignee == is.assignee;
    if takes_ticket {
        after.ticket.clone_from(&was.ticket);
    }
    if takes_assignee {
        after.assignee.clone_from(&was.assignee);
    }
    // Whoever keeps what was set does nothing but that a notice is no longer news.
    let was_news = was.is_news() && !is.is_news();
    let is_news = was_news && !now.is_news() && Field::ALL.iter().filter(|field| is.is_set(**field)).all(is_untouched);
    after.by_hand = set_by_hand(was, is, now, &taken, &after.state, is_news);
    let all = set().count() + usize::from(ticket) + usize::from(assignee);
    let done = taken.len() + usize::from(takes_ticket) + usize::from(takes_assignee);
    let does_anything = done > 0 || (all == 0 && is_news && after.is_news());
    (does_anything.then_some(after), done < all || !does_anything)
}

/// What is left of what was set by hand, where these fields are as before.
fn set_by_hand(was: &Whole, is: &Whole, now: &Whole, taken: &[Field], shown: &State, is_news: bool) -> Option<ByHand> {
    let said = now.said().cloned();
    let is_set = |field: &Field| {
        let of = if taken.contains(field) { was } else { now };
        of.is_set(*field) && said.as_ref().is_none_or(|said| !field.is_same(said, shown))
    };
    let fields: Vec<Field> = Field::ALL.into_iter().filter(is_set).collect();
    let by = |whole: &Whole| whole.by_hand.as_ref().map(|set| (set.who.clone(), set.at));
    // Unless somebody has set something since, whoever did before is named again.
    let (who, at) = if by(now) == by(is) { by(was).or(by(now)) } else { by(now).or(by(was)) }?;
    let set = ByHand { fields, who, at, said, is_news: is_news || now.is_news() };
    Some(set).filter(|set| !set.fields.is_empty())
}

impl Whole {
    /// Whether it is the same but for when a notice last spoke of it.
    fn is(&self, other: &Self) -> bool {
        let State { order, .. } = self.state;
        let state = State { order, ..other.state.clone() };
        (&self.state, &self.by_hand, &self.ticket, &self.assignee)
            == (&state, &other.by_hand, &other.ticket, &other.assignee)
    }

    /// Whether a field was set by hand.
    fn is_set(&self, field: Field) -> bool {
        self.by_hand.as_ref().is_some_and(|set| set.fields.contains(&field))
    }

    /// Whether a notice says something new of what was set by hand.
    fn is_news(&self) -> bool {
        self.by_hand.as_ref().is_some_and(|set| set.is_news)
    }

    /// What notices say; `None` while none has spoken of it.
    fn said(&self) -> Option<&State> {
        self.by_hand.as_ref().map_or(Some(&self.state), |set| set.said.as_ref())
    }

    /// Whether a field is the same, and set by hand in both or in neither.
    pub(super) fn has_same(&self, other: &Self, field: Field) -> bool {
        field.is_same(&self.state, &other.state) && self.is_set(field) == other.is_set(field)
    }

    /// What is not the same in another, in words.
    pub(super) fn differs_in(&self, other: &Self) -> Vec<&'static str> {
        let fields = Field::ALL.into_iter().filter(|field| !self.has_same(other, *field)).map(Field::as_str);
        let labels = [("ticket", self.ticket != other.ticket), ("assignee", self.assignee != other.assignee)];
        fields.chain(labels.into_iter().filter(|(_, differs)| *differs).map(|(word, _)| word)).collect()
    }

    /// Whether notices say the same of a field.
    fn says_same(&self, other: &Self, field: Field) -> bool {
        match (self.said(), other.said()) {
            (Some(one), Some(other)) => field.is_same(one, other),
            (one, other) => one.is_none() == other.is_none(),
        }
    }
}

/// Whether a mail speaks of a maintenance, or somebody's note or acknowledgement stands on it.
fn is_of_others(connection: &Connection, key: MaintenanceKey) -> Result<bool, Error> {
    let mut query = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM event WHERE maintenance = ?1 AND notification IS NOT NULL)
             OR EXISTS (SELECT 1 FROM note WHERE maintenance = ?1 AND removed_at IS NULL)
             OR EXISTS (SELECT 1 FROM acknowledgement WHERE maintenance = ?1 AND withdrawn_at IS NULL)",
    )?;
    Ok(query.query_row([key], |row| row.get(0))?)
}

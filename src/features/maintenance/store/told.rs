//! What a notification says of a maintenance, into its windows.
//!
//! One that is newer than all others changes what is known. One that comes late, or is read again and says something else,
//! takes its place among the others, and all that was told is told again ([`merge::retell`]); what comes out of that goes
//! into the windows that the notifications spoke of all along, with their notes and acknowledgements.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Connection;

use super::action::Actor;
use super::by_hand::{self, ByHand, Field};
use super::change::{self, Change};
use super::event::{self, EventKind, NewEvent};
use super::merge::{self, Retold, State, Step, Telling};
use super::record::Merged;
use super::rows::{self, windows_of};
use super::said::{self, Said};
use super::{MaintenanceKey, NotificationKey, again};
use crate::features::maintenance::model::Status;
use crate::features::maintenance::nautobot::store::layer::Layer;
use crate::features::maintenance::nautobot::store::outbox;
use crate::store::Error;

/// In whose name it is put into the outbox what notices changed.
const MAIL: &str = "mail";

/// A maintenance, and the notification that speaks of it.
pub(super) struct Told<'a> {
    /// The store.
    connection: &'a Connection,
    /// Under which provider it is filed.
    provider: &'a str,
    /// The provider's id of it.
    id: &'a str,
    /// Which notification.
    notification: NotificationKey,
    /// When that was received,
    received_at: DateTime<Utc>,
    /// and when what it says was made.
    stamp: Option<DateTime<Utc>>,
    /// Its windows as they are shown.
    shown: Vec<(MaintenanceKey, State)>,
    /// The same as notices have said them.
    known: Vec<(MaintenanceKey, State)>,
    /// What was set by hand in them.
    by_hand: HashMap<MaintenanceKey, ByHand>,
    /// What was done.
    done: Vec<(MaintenanceKey, Merged)>,
}

impl<'a> Told<'a> {
    /// What is known of a maintenance that a notification speaks of.
    pub(super) fn of(
        connection: &'a Connection,
        (provider, id): (&'a str, &'a str),
        (notification, received_at): (NotificationKey, DateTime<Utc>),
    ) -> Result<Self, Error> {
        let shown = windows_of(connection, provider, id)?;
        let mut by_hand = HashMap::new();
        for (key, _) in &shown {
            if let Some(set) = by_hand::of(connection, *key)? {
                by_hand.insert(*key, set);
            }
        }
        // Notices are merged with what notices said.
        let as_said = |(key, state): &(MaintenanceKey, State)| {
            (*key, by_hand.get(key).map_or_else(|| state.clone(), |set| set.as_said(state)))
        };
        let known = shown.iter().map(as_said).collect();
        let (stamp, done) = (None, Vec::new());
        Ok(Self { connection, provider, id, notification, received_at, stamp, shown, known, by_hand, done })
    }

    /// Applies what it says: the windows that it speaks of or changes, and what it did to them.
    pub(super) fn apply(mut self, telling: Telling) -> Result<Vec<(MaintenanceKey, Merged)>, Error> {
        let order = telling.order();
        self.stamp = Some(order.stamp);
        let newest = said::newest(self.connection, self.provider, self.id)?;
        let is_newest = newest.is_none_or(|newest| newest < telling.place());
        let is_overtaken = self.known.iter().any(|(_, state)| state.order > order);
        // What was made by hand is no window of its own, but one of those that notices tell of: which one may be known only now.
        let is_sought = self.by_hand.keys().try_fold(false, |is, key| Ok::<_, Error>(is || self.is_sought(*key)?))?;
        let lacks = |told: &Self| said::lacks_but(told.connection, told.provider, told.id, told.notification);
        // What it said before would have a place that is newer or its own.
        if is_newest && !is_overtaken && (!is_sought || lacks(&self)?) {
            self.in_order(telling)?;
        } else {
            self.out_of_order(telling)?;
        }
        self.finish()
    }

    /// It says nothing of the maintenance any more.
    pub(super) fn withdraw(mut self) -> Result<Vec<(MaintenanceKey, Merged)>, Error> {
        said::forget(self.connection, self.provider, self.id, self.notification)?;
        if !said::lacks_but(self.connection, self.provider, self.id, self.notification)? {
            let all = said::all(self.connection, self.provider, self.id)?;
            if !all.is_empty() {
                self.tell_again(all, true)?;
            }
        }
        self.finish()
    }

    /// Nothing tells of a window any more on which somebody acted: it stays, cancelled. Whether it was not before.
    pub(super) fn cancel(mut self, key: MaintenanceKey) -> Result<bool, Error> {
        let Some((_, state)) = self.known.iter().find(|(known, _)| *known == key).cloned() else { return Ok(false) };
        if state.status.is_final() {
            return Ok(false);
        }
        self.change(key, (State { status: Status::Cancelled, ..state }, None), None, Manner::Untold)?;
        self.finish()?;
        Ok(true)
    }

    /// Nautobot is told of changes.
    fn finish(self) -> Result<Vec<(MaintenanceKey, Merged)>, Error> {
        let is_change =
            |what: &Merged| matches!(what, Merged::Created | Merged::Changed | Merged::Unlisted | Merged::Told);
        if self.done.iter().any(|(_, what)| is_change(what)) {
            let actor = Actor { who: MAIL.to_owned(), at: self.received_at };
            outbox::changed(self.connection, self.provider, self.id, &actor)?;
        }
        Ok(self.done)
    }

    /// It is newer than everything that was told.
    fn in_order(&mut self, telling: Telling) -> Result<(), Error> {
        let steps = merge::merge(&self.known, &telling.notices, telling.mailed);
        let is_one = matches!(steps.as_slice(), [Step::Update { .. }]);
        let creates = steps.iter().any(|step| matches!(step, Step::Create(_)));
        let newer = self.newer_elsewhere(telling.order().stamp, is_one, creates)?;
        let mut windows = Vec::with_capacity(steps.len());
        for step in steps {
            match step {
                Step::Create(state) => windows.push(self.create(&state)?),
                Step::Update { key, state, .. } => {
                    windows.push(key);
                    self.change(key, (state, None), newer.as_ref(), Manner::InOrder)?;
                }
                Step::Unlisted { key, state, .. } => self.change(key, (state, None), None, Manner::Unlisted)?,
            }
        }
        said::keep(self.connection, self.provider, self.id, &Said { telling, windows })
    }

    /// It came late, or said something before.
    fn out_of_order(&mut self, telling: Telling) -> Result<(), Error> {
        let before = said::one(self.connection, self.provider, self.id, self.notification)?;
        if let Some(before) = before.as_ref().filter(|before| before.telling == telling) {
            self.done.extend(before.windows.iter().map(|window| (*window, Merged::Unchanged)));
            return Ok(());
        }
        if said::lacks_but(self.connection, self.provider, self.id, self.notification)? {
            return self.only_link(telling, before.is_some());
        }
        let is_again = before.is_some();
        let windows = before.map(|before| before.windows).unwrap_or_default();
        let mut all = said::all(self.connection, self.provider, self.id)?;
        all.retain(|said| said.telling.notification != self.notification);
        let at = all.partition_point(|said| said.telling.place() < telling.place());
        all.insert(at, Said { telling, windows });
        self.tell_again(all, is_again)
    }

    /// What was told before it is not known: it is linked to its maintenance and changes nothing.
    fn only_link(&mut self, telling: Telling, is_again: bool) -> Result<(), Error> {
        let mut windows = Vec::new();
        for notice in &telling.notices {
            let exact = self.known.iter().find(|(_, state)| (state.start, state.end) == (notice.start, notice.end));
            let Some((key, _)) = exact.or(self.known.first()) else { continue };
            if !windows.contains(key) {
                windows.push(*key);
            }
        }
        for key in &windows {
            if !is_again {
                self.event(*key, EventKind::OutOfSequence).insert(self.connection, &[])?;
            }
            self.done.push((*key, Merged::OutOfSequence));
        }
        said::keep(self.connection, self.provider, self.id, &Said { telling, windows })
    }

    /// Makes the windows what all that was told makes of them.
    fn tell_again(&mut self, mut all: Vec<Said>, is_again: bool) -> Result<(), Error> {
        let tellings: Vec<Telling> = all.iter().map(|said| said.telling.clone()).collect();
        let is_newest = tellings.last().is_some_and(|newest| newest.notification == self.notification);
        // What was there before anybody told of it.
        let is_first = |(key, state): &&(MaintenanceKey, State)| {
            state.order.stamp == DateTime::UNIX_EPOCH && self.by_hand.get(key).is_none_or(|set| set.said.is_some())
        };
        let first: Vec<(MaintenanceKey, State)> = self.known.iter().filter(is_first).cloned().collect();
        let retold = merge::retell(&first, &tellings, self.notification);
        let rows = self.rows_of(&retold, &all)?;
        let creates = rows.iter().any(Option::is_none);
        let newest = retold.iter().map(|window| window.state.order.stamp).max().unwrap_or_default();
        let newer = self.newer_elsewhere(newest, retold.len() == 1 && !creates, creates)?;
        let mut keys = Vec::with_capacity(retold.len());
        for (window, row) in retold.iter().zip(&rows) {
            let is_meant = window.told.iter().any(|(notification, _)| *notification == self.notification);
            let Some(key) = *row else {
                keys.push(self.create(&window.state)?);
                continue;
            };
            keys.push(key);
            let manner = if is_newest { Manner::Again { is_meant } } else { Manner::Late { is_meant } };
            let mut state = window.state.clone();
            self.fill_up(key, &mut state)?;
            self.change(key, (state, window.heard.as_ref()), newer.as_ref(), manner)?;
        }
        if !is_again {
            let spoken_of = all.iter().flat_map(|said| said.windows.iter().copied());
            self.let_go(spoken_of.filter(|key| !keys.contains(key)).collect())?;
        }
        let numbers: Vec<(MaintenanceKey, u32)> =
            keys.iter().copied().zip(retold.iter().map(|window| window.state.window)).collect();
        rows::number(self.connection, self.provider, self.id, &numbers)?;
        for said in &mut all {
            let mut windows: Vec<(usize, MaintenanceKey)> = Vec::new();
            for (window, key) in retold.iter().zip(&keys) {
                let told = window.told.iter().filter(|(notification, _)| *notification == said.telling.notification);
                windows.extend(told.map(|(_, at)| (*at, *key)));
            }
            windows.sort_unstable_by_key(|(at, _)| *at);
            let windows: Vec<MaintenanceKey> = windows.into_iter().map(|(_, key)| key).collect();
            if windows != said.windows || said.telling.notification == self.notification {
                said.windows = windows;
                said::keep(self.connection, self.provider, self.id, said)?;
            }
        }
        Ok(())
    }

    /// Whether a window was made by hand, and no notice has told of it at that time yet.
    fn is_sought(&self, key: MaintenanceKey) -> Result<bool, Error> {
        let is_set = self.by_hand.get(&key).is_some_and(|set| set.fields.contains(&Field::Window));
        Ok(is_set && event::is_made(self.connection, key)?)
    }

    /// Windows that were made for want of what was told only now, and of which nothing speaks any more.
    fn let_go(&mut self, keys: HashSet<MaintenanceKey>) -> Result<(), Error> {
        for key in keys {
            let Some((_, state)) = self.known.iter().find(|(known, _)| *known == key).cloned() else { continue };
            if !again::has_actions(self.connection, key)? {
                self.connection.prepare_cached("DELETE FROM maintenance WHERE id = ?1")?.execute([key])?;
            } else if !state.status.is_final() {
                // What somebody did there stays.
                let state = State { status: Status::Cancelled, ..state };
                self.change(key, (state, None), None, Manner::Unlisted)?;
            }
        }
        Ok(())
    }

    /// Which window each of these is: the one that was there first; what was made by hand, of what is nearest to it; that of which
    /// other notifications spoke, those first whose place is before this one, for what they spoke of they did not know from
    /// it; one of the same times; that of which this notification spoke before. What somebody did to a window does not
    /// stay behind where another one has none: it goes with what overlaps most.
    fn rows_of(&self, retold: &[Retold], all: &[Said]) -> Result<Vec<Option<MaintenanceKey>>, Error> {
        let rows: Vec<Option<MaintenanceKey>> = retold.iter().map(|window| window.known).collect();
        let mut free: Vec<MaintenanceKey> = self.known.iter().map(|(key, _)| *key).collect();
        free.retain(|key| !rows.contains(&Some(*key)));
        let mut rows = Rows { rows, free };
        let mut index_of = HashMap::new();
        for (index, window) in retold.iter().enumerate() {
            index_of.extend(window.told.iter().map(|told| (*told, index)));
        }
        let spoken_of = |said: &Said| {
            let keys = said.windows.iter().copied().enumerate();
            let indexed = keys.map(|(at, key)| (index_of.get(&(said.telling.notification, at)).copied(), key));
            indexed.filter_map(|(index, key)| Some((index?, key))).collect::<Vec<_>>()
        };
        let times = |state: &State| (state.start, state.end);
        for (key, shown) in &self.shown {
            if self.is_sought(*key)? {
                rows.give_nearest(retold, *key, shown);
            }
        }
        let this = all.iter().position(|said| said.telling.notification == self.notification);
        let (before, after) = all.split_at(this.unwrap_or_default());
        let after = after.iter().skip(usize::from(this.is_some()));
        for said in before.iter().rev().chain(after.rev()) {
            for (index, key) in spoken_of(said) {
                rows.give(index, key);
            }
        }
        for (index, window) in retold.iter().enumerate() {
            for (key, _) in self.known.iter().filter(|(_, state)| times(state) == times(&window.state)) {
                rows.give(index, *key);
            }
        }
        for (index, key) in this.and_then(|this| all.get(this)).iter().flat_map(|said| spoken_of(said)) {
            rows.give(index, key);
        }
        for (key, shown) in &self.shown {
            if again::has_actions(self.connection, *key)? {
                rows.give_nearest(retold, *key, shown);
            }
        }
        Ok(rows.rows)
    }

    /// What no notice says of a window that Nautobot has, too, stays as that says it.
    fn fill_up(&self, key: MaintenanceKey, state: &mut State) -> Result<(), Error> {
        let mut shared = self.connection.prepare_cached("SELECT 1 FROM nautobot_maintenance WHERE maintenance = ?1")?;
        let Some((_, before)) = self.known.iter().find(|(known, _)| *known == key) else { return Ok(()) };
        if !shared.exists([key])? {
            return Ok(());
        }
        if state.status == Status::NoChange {
            state.status = before.status;
        }
        if state.circuits.is_empty() && state.status.is_final() {
            state.circuits.clone_from(&before.circuits);
        }
        if state.summary.is_empty() {
            state.summary.clone_from(&before.summary);
        }
        Ok(())
    }

    /// What Nautobot says since after a notification was made, where it has one window and the notification speaks of that. Of
    /// fields that it says nothing of the notification counts, and of all where it says more than one window.
    fn newer_elsewhere(&self, stamp: DateTime<Utc>, is_one: bool, creates: bool) -> Result<Option<Layer>, Error> {
        let layer = Layer::newer(self.connection, self.provider, self.id, stamp.timestamp_micros())?;
        let Some(layer) = layer else { return Ok(None) };
        if is_one {
            return Ok(Some(layer));
        }
        if creates {
            layer.forget(self.connection)?;
        }
        Ok(None)
    }

    /// A window that was not known.
    fn create(&mut self, state: &State) -> Result<MaintenanceKey, Error> {
        let made = self.shown.iter().map(|(_, shown)| shown.window).max().unwrap_or(0) + 1;
        let state = State { window: made, ..state.clone() };
        let key = rows::create(self.connection, self.provider, self.id, &state)?;
        let said = state.says_cancelled.then_some(Change::CalendarCancelled);
        let said: Vec<Change> = said.into_iter().collect();
        self.event(key, EventKind::FirstNotice).insert(self.connection, &said)?;
        self.shown.push((key, state));
        self.done.push((key, Merged::Created));
        Ok(key)
    }

    /// A window is now so, but for what was set by hand; `heard` is what a notice that came late says of it.
    fn change(
        &mut self,
        key: MaintenanceKey,
        (mut state, heard): (State, Option<&State>),
        newer: Option<&Layer>,
        manner: Manner,
    ) -> Result<(), Error> {
        let Some((_, before)) = self.known.iter().find(|(known, _)| *known == key) else { return Ok(()) };
        state.window = before.window;
        let is_late = newer.map(|layer| layer.over(self.connection, &mut state)).transpose()?.unwrap_or_default();
        let shown = self.shown.iter().find(|(shown, _)| *shown == key).map(|(_, state)| state);
        let (state, changes, withheld) = if let (Some(set), Some(shown)) = (self.by_hand.get(&key), shown) {
            let held = by_hand::hold(set, shown, state, heard);
            by_hand::keep(self.connection, key, Some(&held.by_hand))?;
            (held.state, held.changes, held.withheld)
        } else {
            let changes = change::compare(before, &state);
            (state, changes, Vec::new())
        };
        // What is withheld asks for a look, too.
        rows::update(self.connection, key, &state, &[changes.as_slice(), &withheld].concat())?;
        let is_changed = !changes.is_empty() || !withheld.is_empty();
        let what = match (manner, is_changed) {
            (Manner::Unlisted | Manner::Untold, _) => Merged::Unlisted,
            (Manner::InOrder, false) if is_late => Merged::OutOfSequence,
            (Manner::InOrder | Manner::Again { is_meant: true }, false) => Merged::Unchanged,
            (Manner::InOrder | Manner::Again { .. }, true) => Merged::Changed,
            (Manner::Late { .. }, true) => Merged::Told,
            (Manner::Late { is_meant: true }, false) => Merged::OutOfSequence,
            (Manner::Late { is_meant: false } | Manner::Again { is_meant: false }, false) => return Ok(()),
        };
        let kind = match what {
            Merged::Created => EventKind::FirstNotice,
            Merged::Changed => EventKind::Changed,
            Merged::Unchanged => EventKind::Unchanged,
            Merged::Unlisted if manner == Manner::Untold => EventKind::Untold,
            Merged::Unlisted => EventKind::Unlisted,
            Merged::OutOfSequence | Merged::Told => EventKind::OutOfSequence,
        };
        // One that would only change what was set by hand is told as that alone.
        if withheld.is_empty() || !changes.is_empty() {
            self.event(key, kind).insert(self.connection, &changes)?;
        }
        if !withheld.is_empty() {
            self.event(key, EventKind::Withheld).insert(self.connection, &withheld)?;
        }
        self.done.push((key, what));
        Ok(())
    }

    /// An event of a window.
    fn event(&self, maintenance: MaintenanceKey, kind: EventKind) -> NewEvent {
        NewEvent {
            maintenance,
            at: self.received_at,
            stamp: self.stamp,
            kind,
            notification: Some(self.notification),
            who: None,
        }
    }
}

/// The rows of windows, as far as they are found.
struct Rows {
    /// That of each window.
    rows: Vec<Option<MaintenanceKey>>,
    /// Those that are no window's yet.
    free: Vec<MaintenanceKey>,
}

impl Rows {
    /// Gives a row that is no window's yet to the one without a row that is most like what it shows: told of at that time, at
    /// that time by now, overlapping it most, not over, or else the first.
    fn give_nearest(&mut self, retold: &[Retold], key: MaintenanceKey, shown: &State) {
        let differs = |state: &State| (state.start, state.end) != (shown.start, shown.end);
        let overlap = |state: &State| (state.end.min(shown.end) - state.start.max(shown.start)).max(TimeDelta::zero());
        let rank = |window: &Retold| {
            let Retold { state, heard, .. } = window;
            let is_unheard = heard.as_ref().is_none_or(differs);
            (is_unheard, differs(state), Reverse(overlap(state)), state.status.is_final(), state.start)
        };
        let without = self.rows.iter().zip(retold).enumerate().filter(|(_, (row, _))| row.is_none());
        if let Some((index, _)) = without.min_by_key(|(_, (_, window))| rank(window)) {
            self.give(index, key);
        }
    }

    /// Gives a row to a window that has none, unless it is another's.
    fn give(&mut self, index: usize, key: MaintenanceKey) {
        let Some(row) = self.rows.get_mut(index).filter(|row| row.is_none()) else { return };
        if let Some(at) = self.free.iter().position(|free| *free == key) {
            self.free.swap_remove(at);
            *row = Some(key);
        }
    }
}

/// How a window comes to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// By a notice that is newer than all others.
    InOrder,
    /// The newest does not list it.
    Unlisted,
    /// Nothing tells of it any more.
    Untold,
    /// By the newest notice, which is read again; whether it speaks of the window.
    Again {
        /// See above.
        is_meant: bool,
    },
    /// By a notice that came late; whether it speaks of the window.
    Late {
        /// See above.
        is_meant: bool,
    },
}

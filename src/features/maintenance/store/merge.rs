//! How notices change what is known. Pure: what is known and what is said goes in, steps come out.
//!
//! **Identity.** Notices with the same provider and maintenance id speak of the same maintenance. A maintenance has one
//! window or several; each window is a row of its own with its own status, circuits and acknowledgement.
//!
//! **Order.** A notice counts as made at its stamp, but never later than the mail that carries it (some providers stamp with
//! the start of the work, and a wrong clock must not block all that follows). One that has no stamp but the date of a mail,
//! and that somebody forwarded as text, counts as made when it was first sent. The newer (stamp, then sequence) wins, and of
//! two that are alike in both the one whose mail was made later, then the one that came later: some providers tell the day
//! alone. One that comes late, or is read again and says something else, takes its place in that order, and all that was
//! told of the maintenance is told again from the start ([`retell`]): what is known does not depend on the order in which
//! mails come. Mailboxes are read with the newest mail first.
//!
//! **Which window is meant.** First by exact times. What is left over is paired with the windows that are open at the time
//! of the notice (neither final nor past), or with any if none is open: by the UID where only one of each has it, then by
//! what overlaps, the longest overlap first, then in order of start. So a moved window stays the same row, with its notes
//! and its acknowledgement. What finds no partner is a new window. Two notices of one notification with equal times are one
//! window with the circuits of both, but for those that are cancelled while others are not.
//!
//! A cancellation may come without its window: it speaks of every window that is open, and leaves their times. Of a
//! maintenance that was not known it keeps the moment of the notice as its window, for want of any other.
//!
//! **What changes.** Window, summary and circuits become what the notice says. `NO-CHANGE` keeps the status; in a first
//! notice there is none to keep, and the status stays `NO-CHANGE`, "not stated": any other word would be our invention.
//! A calendar that is cancelled in the words of calendars alone leaves the status, too; that it says so stands beside it
//! until a notice says otherwise.
//! An empty summary, and an empty list of circuits in a cancellation or completion, keep what is known. Circuits are
//! compared ignoring case; one that is named twice counts once, with the worse impact.
//!
//! **Windows no longer listed.** When every notice for a maintenance in one notification is firm (`TENTATIVE`,
//! `CONFIRMED`, `RE-SCHEDULED`), the notification is taken as the whole plan: windows that it does not list and that had
//! not begun are `CANCELLED`. A notification with any other status speaks of the windows it names and of no other.
//!
//! **Revision.** Grows when window, status, circuits or impact change, or whether the calendar says cancelled, which asks
//! for a new acknowledgement; not for a new summary.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::change::{Change, compare};
use super::{MaintenanceKey, NotificationKey};
use crate::features::maintenance::model::{Circuit, Notice, Status};

/// When a notice was made, for comparing notices of one maintenance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Order {
    /// By the provider's clock, but not later than the mail.
    pub stamp: DateTime<Utc>,
    /// Breaks ties.
    pub sequence: i64,
}

/// What is known of one window of a maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Number of the window within its maintenance, from 1.
    pub window: u32,
    /// The customer's account.
    pub account: String,
    /// The provider's address for questions.
    pub organizer: String,
    /// The calendar event's UID.
    pub uid: String,
    /// One line on what is done.
    pub summary: String,
    /// Where it stands.
    pub status: Status,
    /// Start of the window.
    pub start: DateTime<Utc>,
    /// End of the window.
    pub end: DateTime<Utc>,
    /// Order of the newest notice applied.
    pub order: Order,
    /// Each circuit once.
    pub circuits: Vec<Circuit>,
    /// Whether the newest notice is a calendar that says cancelled and leaves the status. Kept in the history alone; see
    /// [`super::event::says_cancelled`].
    #[serde(default)]
    pub says_cancelled: bool,
}

/// What a notification says of one maintenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// Which notification.
    pub notification: NotificationKey,
    /// When the mail that carries it was made at the latest.
    pub mailed: DateTime<Utc>,
    /// Its notices of this maintenance.
    pub notices: Vec<Notice>,
}

/// Where a notification stands among those about its maintenance.
pub type Place = (Order, DateTime<Utc>, NotificationKey);

impl Telling {
    /// How old what it says is.
    #[must_use]
    pub fn order(&self) -> Order {
        let orders = self.notices.iter().map(|notice| order(notice, self.mailed));
        orders.max().unwrap_or(Order { stamp: self.mailed, sequence: 0 })
    }

    /// Where it stands: those that are alike by what they say go by the mail, and then by which came later.
    #[must_use]
    pub fn place(&self) -> Place {
        (self.order(), self.mailed, self.notification)
    }
}

/// A window as all that was told makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retold {
    /// The window that it began as, where it was there before anything was told.
    pub known: Option<MaintenanceKey>,
    /// What is known of it.
    pub state: State,
    /// The notifications that spoke of it, the newest last, with which of their windows it is.
    pub told: Vec<(NotificationKey, usize)>,
    /// What the one in question says of it, as if nothing else were known.
    pub heard: Option<State>,
}

/// What a notification does to one window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A window that was not known.
    Create(State),
    /// A known one is now so; without changes only its order is newer.
    Update {
        /// Which.
        key: MaintenanceKey,
        /// What is known from now on.
        state: State,
        /// What that changes.
        changes: Vec<Change>,
    },
    /// A known one is not listed any more and therefore cancelled.
    Unlisted {
        /// Which.
        key: MaintenanceKey,
        /// What is known from now on.
        state: State,
        /// What that changes.
        changes: Vec<Change>,
    },
}

/// What the notices of one notification about one maintenance change, `known` being its windows by number and what is told
/// being newer than that. The mail that carries them was made at `mailed` at the latest. A step for each window that is told of
/// comes first, in the order of the notification, then those for windows that it does not list.
#[must_use]
pub fn merge(known: &[(MaintenanceKey, State)], notices: &[Notice], mailed: DateTime<Utc>) -> Vec<Step> {
    let said = join_equal_windows(&with_windows(known, notices, mailed));
    plan(known, &said, mailed)
}

/// The same for notices that have a window each.
fn plan(known: &[(MaintenanceKey, State)], said: &[Notice], mailed: DateTime<Utc>) -> Vec<Step> {
    let Some(newest_said) = said.iter().map(|notice| order(notice, mailed)).max() else { return Vec::new() };
    let pairs = pair(known, said, newest_said.stamp);
    let mut next_window = known.iter().map(|(_, state)| state.window).max().unwrap_or(0);
    let mut steps = Vec::with_capacity(said.len());
    for (notice, partner) in said.iter().zip(&pairs) {
        if let Some((key, before)) = partner.and_then(|index| known.get(index)) {
            let state = apply(before, notice, newest_said);
            let changes = compare(before, &state);
            steps.push(Step::Update { key: *key, state, changes });
        } else {
            next_window += 1;
            steps.push(Step::Create(first(notice, next_window, newest_said)));
        }
    }
    let firm = |notice: &Notice| matches!(notice.status, Status::Tentative | Status::Confirmed | Status::ReScheduled);
    if said.iter().all(firm) {
        let unlisted = known.iter().enumerate().filter(|(index, _)| !pairs.contains(&Some(*index)));
        steps.extend(unlisted.filter_map(|(_, (key, before))| cancel_unlisted(*key, before, newest_said)));
    }
    steps
}

/// What all notifications about a maintenance, in their order, make of what was known before any of them; `of` is the one in
/// question.
#[must_use]
pub fn retell(known: &[(MaintenanceKey, State)], all: &[Telling], of: NotificationKey) -> Vec<Retold> {
    let mut windows: Vec<(MaintenanceKey, State)> = known.to_vec();
    let mut told: HashMap<MaintenanceKey, Vec<(NotificationKey, usize)>> = HashMap::new();
    let mut heard: HashMap<MaintenanceKey, State> = HashMap::new();
    for telling in all {
        let said = join_equal_windows(&with_windows(&windows, &telling.notices, telling.mailed));
        for (at, step) in plan(&windows, &said, telling.mailed).into_iter().enumerate() {
            let (key, is_told) = match step {
                Step::Create(state) => {
                    // No row has such a key.
                    let key = MaintenanceKey(-i64::try_from(windows.len()).unwrap_or(i64::MAX) - 1);
                    windows.push((key, state));
                    (key, true)
                }
                Step::Update { key, state, .. } => (put(&mut windows, key, state), true),
                Step::Unlisted { key, state, .. } => (put(&mut windows, key, state), false),
            };
            if is_told {
                told.entry(key).or_default().push((telling.notification, at));
            }
            if let Some(notice) = said.get(at).filter(|_| is_told && telling.notification == of) {
                heard.insert(key, first(notice, 0, telling.order()));
            }
        }
    }
    let retold = |(key, state): (MaintenanceKey, State)| Retold {
        known: (key.0 > 0).then_some(key),
        state,
        told: told.remove(&key).unwrap_or_default(),
        heard: heard.remove(&key),
    };
    windows.into_iter().map(retold).collect()
}

/// Puts what is known of a window into its place.
fn put(windows: &mut [(MaintenanceKey, State)], key: MaintenanceKey, state: State) -> MaintenanceKey {
    if let Some((_, before)) = windows.iter_mut().find(|(known, _)| *known == key) {
        *before = state;
    }
    key
}

/// How old a notice is, in a mail that was made at `mailed` at the latest.
fn order(notice: &Notice, mailed: DateTime<Utc>) -> Order {
    Order { stamp: notice.made().min(mailed), sequence: notice.sequence }
}

/// The notices with a window each: one that has none stands for every open window that is known.
fn with_windows(known: &[(MaintenanceKey, State)], notices: &[Notice], mailed: DateTime<Utc>) -> Vec<Notice> {
    let mut windowed = Vec::with_capacity(notices.len());
    for notice in notices {
        let at = notice.made().min(mailed);
        let meant = |(_, state): &&(MaintenanceKey, State)| !state.status.is_final() && state.end > at;
        let windows = known.iter().filter(meant).map(|(_, state)| (state.start, state.end));
        let mut windows: Vec<_> =
            if notice.has_window() { vec![(notice.start, notice.end)] } else { windows.collect() };
        if windows.is_empty() {
            let last = known.last().map(|(_, state)| (state.start, state.end));
            windows.push(last.unwrap_or((at, at + TimeDelta::seconds(1))));
        }
        windowed.extend(windows.into_iter().map(|(start, end)| Notice { end, start, ..notice.clone() }));
    }
    windowed
}

/// Notices with the same window become one, in the place of the first; a later status and summary win over earlier ones and
/// over none. What is cancelled of a window that is not leaves it.
fn join_equal_windows(notices: &[Notice]) -> Vec<Notice> {
    let mut joined: Vec<Notice> = Vec::with_capacity(notices.len());
    let mut places = HashMap::new();
    let is_cancelled = |notice: &Notice| notice.status == Status::Cancelled;
    let standing: HashSet<_> =
        notices.iter().filter(|notice| !is_cancelled(notice)).map(|notice| (notice.start, notice.end)).collect();
    for notice in notices.iter().filter(|one| !is_cancelled(one) || !standing.contains(&(one.start, one.end))) {
        let place = *places.entry((notice.start, notice.end)).or_insert(joined.len());
        if let Some(first) = joined.get_mut(place) {
            first.circuits.extend(notice.circuits.iter().cloned());
            if notice.status != Status::NoChange || first.status == Status::NoChange {
                (first.status, first.says_cancelled) = (notice.status, notice.says_cancelled);
            }
            if (notice.made(), notice.sequence) > (first.made(), first.sequence) {
                (first.stamp, first.sent, first.sequence) = (notice.stamp, notice.sent, notice.sequence);
            }
            if !notice.summary.is_empty() {
                first.summary.clone_from(&notice.summary);
            }
        } else {
            joined.push(notice.clone());
        }
    }
    joined
}

/// For each notice the index of the known window it speaks of.
fn pair(known: &[(MaintenanceKey, State)], said: &[Notice], at: DateTime<Utc>) -> Vec<Option<usize>> {
    let mut exact: HashMap<_, usize> = HashMap::new();
    for (index, (_, state)) in known.iter().enumerate() {
        // Should two known windows have come to equal times, the first that is not final is meant.
        let place = exact.entry((state.start, state.end)).or_insert(index);
        if known.get(*place).is_some_and(|(_, first)| first.status.is_final()) && !state.status.is_final() {
            *place = index;
        }
    }
    let mut pairs: Vec<Option<usize>> =
        said.iter().map(|notice| exact.get(&(notice.start, notice.end)).copied()).collect();
    let mut free: Vec<(usize, &State)> = known.iter().map(|(_, state)| state).enumerate().collect();
    free.retain(|(index, _)| !pairs.contains(&Some(*index)));
    let is_open = |state: &State| !state.status.is_final() && state.end > at;
    if known.iter().any(|(_, state)| is_open(state)) {
        free.retain(|(_, state)| is_open(state));
    }
    free.sort_by_key(|(_, state)| (state.start, state.window));
    let mut unpaired: Vec<(usize, &Notice)> = said.iter().enumerate().collect();
    unpaired.retain(|(place, _)| pairs.get(*place) == Some(&None));
    unpaired.sort_by_key(|(_, notice)| notice.start);
    for find in [same_uid, longest_overlap, in_order] {
        for (place, index) in find(&unpaired, &free) {
            if let Some(pair) = pairs.get_mut(place) {
                *pair = Some(index);
            }
            unpaired.retain(|(other, _)| *other != place);
            free.retain(|(other, _)| *other != index);
        }
    }
    pairs
}

/// Places of notices with indexes of the windows they speak of.
type Found = Vec<(usize, usize)>;

/// Those that alone have the same UID: some providers give one to all windows.
fn same_uid(said: &[(usize, &Notice)], known: &[(usize, &State)]) -> Found {
    let mut of_windows: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, state) in known.iter().filter(|(_, state)| !state.uid.is_empty()) {
        of_windows.entry(&state.uid).or_default().push(*index);
    }
    let mut of_notices: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, notice) in said {
        of_notices.entry(&notice.uid).or_default().push(*place);
    }
    let alone = |(uid, places): (&str, Vec<usize>)| match (places.as_slice(), of_windows.get(uid)?.as_slice()) {
        ([place], [index]) => Some((*place, *index)),
        _ => None,
    };
    of_notices.into_iter().filter_map(alone).collect()
}

/// Those that share some time, the longest first.
fn longest_overlap(said: &[(usize, &Notice)], known: &[(usize, &State)]) -> Found {
    /// More pairs than any plan has are not compared with each other.
    const PAIRS: usize = 10_000;
    if said.len().saturating_mul(known.len()) > PAIRS {
        return Vec::new();
    }
    let overlap = |notice: &Notice, state: &State| notice.end.min(state.end) - notice.start.max(state.start);
    let of_notice = |(place, notice): &(usize, &Notice)| {
        let shared = known.iter().map(|(index, state)| (overlap(notice, state), *place, *index));
        shared.filter(|(shared, ..)| *shared > TimeDelta::zero()).collect::<Vec<_>>()
    };
    let mut shared: Vec<_> = said.iter().flat_map(of_notice).collect();
    // Stable: those of equal length stay in order of start.
    shared.sort_by_key(|(shared, ..)| std::cmp::Reverse(*shared));
    let mut found = Found::new();
    for (_, place, index) in shared {
        if !found.iter().any(|(other, taken)| *other == place || *taken == index) {
            found.push((place, index));
        }
    }
    found
}

/// One after the other.
fn in_order(said: &[(usize, &Notice)], known: &[(usize, &State)]) -> Found {
    said.iter().zip(known).map(|((place, _), (index, _))| (*place, *index)).collect()
}

/// What a first notice makes known.
fn first(notice: &Notice, window: u32, order: Order) -> State {
    State {
        window,
        account: notice.account.clone(),
        organizer: notice.organizer.clone(),
        uid: notice.uid.clone(),
        summary: notice.summary.clone(),
        status: notice.status,
        start: notice.start,
        end: notice.end,
        order,
        circuits: each_once(&notice.circuits),
        says_cancelled: notice.says_cancelled,
    }
}

/// What is known after a notice.
fn apply(before: &State, notice: &Notice, order: Order) -> State {
    let keeps_circuits = notice.circuits.is_empty() && notice.status.is_final();
    let mut after = first(notice, before.window, order);
    if notice.status == Status::NoChange {
        after.status = before.status;
    }
    // Of what is cancelled anyway nobody asks what its calendar says.
    if after.status == Status::Cancelled {
        after.says_cancelled = before.says_cancelled;
    }
    if keeps_circuits {
        after.circuits.clone_from(&before.circuits);
    }
    if after.summary.is_empty() {
        after.summary.clone_from(&before.summary);
    }
    after
}

/// Cancels a window that had not begun when a whole plan without it was announced.
fn cancel_unlisted(key: MaintenanceKey, before: &State, order: Order) -> Option<Step> {
    if before.status.is_final() || before.start <= order.stamp {
        return None;
    }
    let state = State { status: Status::Cancelled, order, ..before.clone() };
    let changes = compare(before, &state);
    Some(Step::Unlisted { key, state, changes })
}

/// The circuits with each id once, in the place of the first and with the worst impact.
pub(super) fn each_once(circuits: &[Circuit]) -> Vec<Circuit> {
    let mut once: Vec<Circuit> = Vec::with_capacity(circuits.len());
    let mut places = HashMap::new();
    for circuit in circuits {
        let place = *places.entry(circuit.circuit_id.to_lowercase()).or_insert(once.len());
        match once.get_mut(place) {
            Some(first) => first.impact = first.impact.max(circuit.impact),
            None => once.push(circuit.clone()),
        }
    }
    once
}

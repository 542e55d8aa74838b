//! Reading: what has changed there since the last time, into the store, in transactions that nobody waits for.
//!
//! Maintenances, impacts and notes are watched each by itself, for a change of one does not touch the others. How far each
//! was read is the newest change that was seen in answers, never a clock of ours, less a few seconds. Deletions do not
//! show there: where the token may look at the log of changes they are found at once, else now and then everything is
//! read. What is missing then is asked for once more by its UUID before it is gone, for pages can skip what is there.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Connection;
use tokio::sync::mpsc::channel;

use super::Error;
use super::client::Client;
use super::graphql::{Counted, Whole};
use super::read::{self, AHEAD, ATTEMPTS, IMPACT, MAINTENANCE, NOTE, STEADY, is_refusal};
use super::rows::{self, Listed};
use super::store::reconcile::{self, Manner};
use super::store::setting::{self, Progress};
use super::store::{inventory, mirror, outbox};
use super::wire::{CircuitImpact, Maintenance, Note, OfWire};
use crate::store::Store;

/// Seconds by which a reading begins before the newest change that was seen: two changes can be seen out of order.
const OVERLAP: i64 = 5_000_000;
/// A change is settled so long after it was made, by our clock, in microseconds: whatever was written together with it has
/// been read, and it is not read again. Otherwise thousands that were imported in the last moment would come for ever.
const SETTLED: i64 = 30_000_000;
/// Everything is read again after this long.
const FULL_EVERY: TimeDelta = TimeDelta::hours(24);
/// After this long where not all of it made sense.
const FULL_AGAIN: TimeDelta = TimeDelta::hours(1);
/// Providers and circuits are read again after this long.
const INVENTORY_EVERY: TimeDelta = TimeDelta::hours(1);
/// Rows of one transaction: some hundredths of a second.
const BATCH: usize = 200;
/// How long one of them may go on comparing: somebody's acknowledgement may wait behind it.
const BUDGET: Duration = Duration::from_millis(20);
/// Of so many maintenances that GraphQL skipped the impacts are asked for by name, else all impacts are read.
const SKIPPED: usize = 1_000;
/// What the log of changes calls the kinds of objects that are read.
const KINDS: [&str; 3] = [
    "nautobot_circuit_maintenance.circuitmaintenance",
    "nautobot_circuit_maintenance.circuitimpact",
    "nautobot_circuit_maintenance.note",
];
/// Between two transactions others get their turn.
const BREATH: Duration = Duration::from_millis(2);

/// How to read.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The names of the provider rules.
    pub slugs: Vec<String>,
    /// How long what is over is kept; it is not taken over when it is older.
    pub past_days: Option<u32>,
    /// Whether to read everything whenever it was read last.
    pub full: bool,
    /// Now.
    pub now: DateTime<Utc>,
}

impl Plan {
    /// How to take over what was read.
    fn manner(&self, is_first: bool) -> Manner {
        let not_before = self.past_days.and_then(|days| self.now.checked_sub_signed(TimeDelta::days(i64::from(days))));
        Manner { now: self.now, not_before, is_first }
    }
}

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Read {
    /// Whether everything was.
    pub full: bool,
    /// Maintenances that came, changed or not.
    pub maintenances: usize,
    /// Those that were taken over into the maintenances here.
    pub taken: usize,
    /// Those that are gone there.
    pub gone: usize,
    /// Whether providers or circuits differ from before.
    pub inventory: bool,
}

/// Reads what is new. Where a full reading had rows that make no sense, what made sense is taken over, nothing goes, and
/// that is an error.
pub async fn sync(client: &Client, store: &Store, plan: &Plan) -> Result<Read, Error> {
    let mut progress = store.read(setting::progress).await?;
    let since = |at: Option<i64>| at.and_then(|at| DateTime::from_timestamp(at, 0)).map(|at| plan.now - at);
    let is_full = plan.full || since(progress.full_at).is_none_or(|age| age >= FULL_EVERY);
    let is_first = progress.full_at.is_none();
    let mut told = Read { full: is_full, ..Read::default() };
    let hour = |at: i64| at / INVENTORY_EVERY.num_seconds();
    if is_full {
        // GraphQL shows impacts to whoever may see their maintenance. What changes in them is read by REST, which asks for
        // the right: who lacks it hears of it before thousands of rows were read for nothing.
        client.count(IMPACT).await?;
    }
    if is_full || progress.synced_at.is_none_or(|at| hour(at) != hour(plan.now.timestamp())) {
        told.inventory = take_inventory(client, store, plan).await?;
    }
    // What was deleted is asked for after what is there, and from the newest change that was known before.
    let newest = [progress.maintenances_to, progress.impacts_to, progress.notes_to, progress.deletions_to];
    let since = from(&progress, newest.into_iter().max().unwrap_or_default());
    let mut senseless = BTreeMap::new();
    let mut named = Vec::new();
    told.maintenances = if is_full {
        full(client, store, &mut progress, &mut senseless).await?
    } else {
        incremental(client, store, &mut progress, &mut named).await?
    };
    if !told.inventory && store.read(move |c| inventory::lacks(c, &named)).await? {
        // Somebody added a circuit since; a maintenance of it would lack it.
        told.inventory = take_inventory(client, store, plan).await?;
    }
    told.taken = take_over(store, plan.manner(is_first)).await?;
    if is_full && senseless.is_empty() {
        told.gone = sweep(client, store, progress.round, plan).await?;
        progress.full_at = Some(plan.now.timestamp());
    } else if is_full {
        progress.full_at = Some((plan.now - FULL_EVERY + FULL_AGAIN).timestamp());
    } else if deletions(client, store, &mut progress, since).await? {
        told.gone = sweep(client, store, mirror::LOST + 1, plan).await?;
    }
    progress.synced_at = Some(plan.now.timestamp());
    store.write(move |connection| setting::keep(connection, &progress)).await?;
    match senseless.into_iter().next() {
        Some((path, rows)) => Err(rows::left_out(path, rows)),
        None => Ok(told),
    }
}

/// Reads providers and circuits; whether they differ.
async fn take_inventory(client: &Client, store: &Store, plan: &Plan) -> Result<bool, Error> {
    let (providers, circuits) = client.inventory().await?;
    let slugs = plan.slugs.clone();
    let mut differs = store.write(move |c| inventory::providers(c, &providers, &slugs)).await?;
    let (mut changed, gone) = store.read(move |c| inventory::difference(c, circuits)).await?;
    differs |= !changed.is_empty() || !gone.is_empty();
    while !changed.is_empty() {
        let rest = changed.split_off(changed.len().min(BATCH * 5));
        let batch = std::mem::replace(&mut changed, rest);
        store.write(move |c| inventory::circuits(c, &batch)).await?;
        tokio::time::sleep(BREATH).await;
    }
    if !gone.is_empty() {
        store.write(move |c| inventory::without(c, &gone)).await?;
    }
    Ok(differs)
}

/// Writes rows in batches.
async fn write<T: Send + Clone + 'static>(
    store: &Store,
    rows: Vec<T>,
    work: impl Fn(&Connection, &[T]) -> Result<(), crate::store::Error> + Send + Clone + 'static,
) -> Result<(), Error> {
    for batch in rows.chunks(BATCH) {
        let (batch, work) = (batch.to_vec(), work.clone());
        store.write(move |connection| work(connection, &batch)).await?;
        tokio::time::sleep(BREATH).await;
    }
    Ok(())
}

/// Reads everything. GraphQL has maintenances and impacts together; REST is asked where it does not, and whether that was
/// all.
async fn full(
    client: &Client,
    store: &Store,
    progress: &mut Progress,
    senseless: &mut BTreeMap<&'static str, usize>,
) -> Result<usize, Error> {
    progress.round += 1;
    let round = progress.round;
    let reached = *progress;
    // A reading that is broken off leaves rows of this round, which the next one must not take for its own.
    store.write(move |c| setting::keep(c, &reached)).await?;
    let (mut maintenances_to, mut impacts_to, mut seen) = (0, 0, HashSet::new());
    let (pages, mut received) = channel::<Vec<Whole>>(AHEAD);
    let taking = async {
        while let Some(page) = received.recv().await {
            let (maintenances, impacts): (Vec<_>, Vec<_>) =
                page.into_iter().map(|whole| (whole.maintenance, whole.impacts)).unzip();
            let impacts: Vec<CircuitImpact> = impacts.into_iter().flatten().collect();
            let ids: Vec<String> = maintenances.iter().map(|one| one.id.clone()).collect();
            maintenances_to = maintenances.iter().map(|one| one.updated).fold(maintenances_to, i64::max);
            impacts_to = impacts.iter().map(|one| one.updated).fold(impacts_to, i64::max);
            write(store, maintenances, move |c, batch| mirror::maintenances(c, round, batch)).await?;
            write(store, impacts, move |c, batch| mirror::impacts(c, round, batch)).await?;
            // Not before: who breaks off here has not seen them.
            seen.extend(ids);
        }
        Ok::<(), Error>(())
    };
    let by_graphql = async { tokio::try_join!(client.maintenances_by_graphql(pages), taking) };
    let by_graphql = by_graphql.await.map(|(counted, ())| counted);
    let came = match by_graphql {
        Ok(Counted { came, count }) if came >= count => came,
        Err(error) if !is_refusal(&error) => return Err(error),
        other => {
            tracing::info!(counted = ?other.ok(), "maintenances are read by REST");
            let newest = (&mut maintenances_to, &mut impacts_to);
            by_rest(client, store, round, &seen, newest, senseless).await?
        }
    };
    let take = move |c: &Connection, batch: &[Note]| mirror::notes(c, round, batch);
    let (listed, notes_to) = list(client, store, NOTE, |note: &Note| note.updated, take).await?;
    listed.complain(NOTE, senseless);
    (progress.maintenances_to, progress.impacts_to, progress.notes_to) = (maintenances_to, impacts_to, notes_to);
    Ok(came)
}

/// Reads every maintenance by REST, and the impacts of those that were not `seen`.
async fn by_rest(
    client: &Client,
    store: &Store,
    round: i64,
    seen: &HashSet<String>,
    (maintenances_to, impacts_to): (&mut i64, &mut i64),
    senseless: &mut BTreeMap<&'static str, usize>,
) -> Result<usize, Error> {
    let take = move |c: &Connection, batch: &[Maintenance]| mirror::maintenances(c, round, batch);
    let mut skipped = BTreeSet::new();
    let look = |one: &Maintenance| {
        if !seen.contains(&one.id) {
            skipped.insert(one.id.clone());
        }
        one.updated
    };
    let (listed, newest) = list(client, store, MAINTENANCE, look, take).await?;
    listed.complain(MAINTENANCE, senseless);
    *maintenances_to = newest.max(*maintenances_to);
    let take = move |c: &Connection, batch: &[CircuitImpact]| mirror::impacts(c, round, batch);
    if skipped.len() <= SKIPPED {
        for ids in skipped.into_iter().collect::<Vec<_>>().chunks(BATCH) {
            let impacts = client.impacts_of(ids).await?;
            *impacts_to = impacts.iter().map(|one| one.updated).fold(*impacts_to, i64::max);
            write(store, impacts, take).await?;
        }
        return Ok(listed.came);
    }
    let (impacts, newest) = list(client, store, IMPACT, |one: &CircuitImpact| one.updated, take).await?;
    impacts.complain(IMPACT, senseless);
    *impacts_to = newest.max(*impacts_to);
    Ok(listed.came)
}

/// Reads a list into the store: what came of it, and when the newest was changed, which `updated` tells of each. Pages over
/// data that changes skip rows: then it is read again.
async fn list<T: OfWire + Send + Sync + Clone + 'static>(
    client: &Client,
    store: &Store,
    path: &str,
    mut updated: impl FnMut(&T) -> i64,
    work: impl Fn(&Connection, &[T]) -> Result<(), crate::store::Error> + Send + Clone + 'static,
) -> Result<(Listed, i64), Error> {
    let (mut listed, mut newest) = (Listed::default(), 0);
    for _ in 0..ATTEMPTS {
        let (pages, mut received) = channel::<Vec<T>>(AHEAD);
        let taking = async {
            while let Some(page) = received.recv().await {
                newest = page.iter().map(&mut updated).fold(newest, i64::max);
                write(store, page, work.clone()).await?;
            }
            Ok::<(), Error>(())
        };
        (listed, ()) = tokio::try_join!(client.list(path, STEADY, read::PAGE, pages), taking)?;
        if listed.is_whole() {
            break;
        }
    }
    Ok((listed, newest))
}

/// Reads what has changed since the last time, and notes the circuits that it names.
async fn incremental(
    client: &Client,
    store: &Store,
    progress: &mut Progress,
    named: &mut Vec<String>,
) -> Result<usize, Error> {
    let round = progress.round;
    let known = *progress;
    let filter = |to: i64| format!("last_updated__gte={}&{STEADY}", moment(from(&known, to)));
    let (maintenances, impacts) = (filter(progress.maintenances_to), filter(progress.impacts_to));
    let (maintenances, impacts, notes) = tokio::try_join!(
        client.all::<Maintenance>(MAINTENANCE, &maintenances),
        client.all::<CircuitImpact>(IMPACT, &impacts),
        client.notes_since(from(&known, progress.notes_to)),
    )?;
    let came = maintenances.len();
    let newest = |all: &mut dyn Iterator<Item = i64>, before: i64| all.fold(before, i64::max);
    progress.maintenances_to = newest(&mut maintenances.iter().map(|one| one.updated), progress.maintenances_to);
    progress.impacts_to = newest(&mut impacts.iter().map(|one| one.updated), progress.impacts_to);
    progress.notes_to = newest(&mut notes.iter().map(|one| one.updated), progress.notes_to);
    named.extend(impacts.iter().map(|impact| impact.circuit.clone()));
    // Whoever changes a maintenance often takes impacts away from it, which shows nowhere else. They are asked for before
    // anything is written: once the maintenance is known as it is now, nobody would look again.
    let known = maintenances.iter().map(|one| (one.id.clone(), one.updated)).collect::<Vec<_>>();
    let changed = store.read(move |c| mirror::changed(c, known)).await?;
    let mut left = Vec::new();
    for ids in changed.chunks(BATCH) {
        match client.impacts_of(ids).await {
            // Which are missing cannot be told, and the rest is none the worse for it.
            Err(Error::Senseless { what, why }) => {
                tracing::warn!(what, why, "impacts that are gone are not looked for");
            }
            impacts => left.push((ids.to_vec(), impacts?)),
        }
    }
    write(store, maintenances, move |c, batch| mirror::maintenances(c, round, batch)).await?;
    write(store, impacts, move |c, batch| mirror::impacts(c, round, batch)).await?;
    write(store, notes, move |c, batch| mirror::notes(c, round, batch)).await?;
    for (ids, impacts) in left {
        store.write(move |c| mirror::only(c, round, &ids, &impacts)).await?;
    }
    Ok(came)
}

/// From when on changes are asked for, where the newest that was seen is `to`: a little before it, until that has settled.
fn from(progress: &Progress, to: i64) -> i64 {
    let is_settled = progress.synced_at.is_some_and(|at| at.saturating_mul(1_000_000) - to >= SETTLED);
    if is_settled { to + 1 } else { to - OVERLAP }
}

/// A point in time in microseconds since 1970, as it can stand in a query.
fn moment(at: i64) -> String {
    let at = DateTime::from_timestamp_micros(at).unwrap_or_default();
    read::escaped(&at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true))
}

/// Marks what the log of changes says was deleted; whether there is any. The log is not read again where the token may not.
async fn deletions(client: &Client, store: &Store, progress: &mut Progress, since: i64) -> Result<bool, Error> {
    let since = moment(since);
    let mut lost = Vec::new();
    for kind in KINDS {
        if client.sees_no_changes() {
            return Ok(false);
        }
        for deletion in client.deleted_since(kind, &since).await? {
            progress.deletions_to = progress.deletions_to.max(deletion.at);
            lost.push(deletion.object);
        }
    }
    let known = store.read(move |connection| mirror::known(connection, lost)).await?;
    let is_any = !known.is_empty();
    if is_any {
        store.write(move |connection| mirror::lose(connection, &known)).await?;
    }
    Ok(is_any)
}

/// Takes over into the maintenances what has changed.
pub(super) async fn take_over(store: &Store, manner: Manner) -> Result<usize, Error> {
    let mut taken = 0;
    loop {
        let step = store.write(move |connection| {
            let step = reconcile::step(connection, &manner, BATCH, BUDGET)?;
            if !step.is_more {
                outbox::settle_what_is_over(connection, manner.now)?;
            }
            Ok(step)
        });
        let step = step.await?;
        taken += step.taken;
        if !step.is_more {
            return Ok(taken);
        }
        tokio::time::sleep(BREATH).await;
    }
}

/// Takes out what an older round had last, once Nautobot has said that it is not there. How many maintenances went.
async fn sweep(client: &Client, store: &Store, round: i64, plan: &Plan) -> Result<usize, Error> {
    let (mut gone, now) = (0, plan.now);
    loop {
        let ids = store.read(move |connection| mirror::gone(connection, round, BATCH)).await?;
        if ids.is_empty() {
            break;
        }
        let there: Vec<Maintenance> = client.present(MAINTENANCE, &ids).await?;
        let kept: Vec<String> = there.iter().map(|one| one.id.clone()).collect();
        let impacts = if kept.is_empty() { Vec::new() } else { client.impacts_of(&kept).await? };
        gone += ids.len() - kept.len();
        store
            .write(move |connection| {
                mirror::found(connection, round, &kept)?;
                mirror::maintenances(connection, round, &there)?;
                mirror::impacts(connection, round, &impacts)?;
                for id in ids.iter().filter(|id| !kept.contains(id)) {
                    reconcile::gone(connection, id, now)?;
                }
                Ok(())
            })
            .await?;
        tokio::time::sleep(BREATH).await;
    }
    let mut after = String::new();
    loop {
        let from = after.clone();
        let ids = store.read(move |connection| mirror::impacts_gone(connection, round, &from, BATCH)).await?;
        let Some(last) = ids.last() else { break };
        after.clone_from(last);
        let there: Vec<CircuitImpact> = client.present(IMPACT, &ids).await?;
        store.write(move |connection| mirror::impacts(connection, round, &there)).await?;
        tokio::time::sleep(BREATH).await;
    }
    store.write(move |connection| reconcile::sweep(connection, round, now)).await?;
    take_over(store, plan.manner(false)).await?;
    Ok(gone)
}

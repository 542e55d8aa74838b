//! Reading: what has changed there since the last time, into the store, in transactions that nobody waits for.
//!
//! Maintenances, impacts and notes are watched each by itself, for a change of one does not touch the others. How far each
//! was read is the newest change that was seen in answers, never a clock of ours, less a few seconds. Deletions do not
//! show there: where the token may look at the log of changes they are found at once, else now and then everything is
//! read. What is missing then is asked for once more by its UUID before it is gone, for pages can skip what is there. Where
//! that is much, and the log of changes does not tell that it was deleted, the token may rather see less than before: then
//! it stays until somebody says that it is gone.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Connection;
use tokio::sync::mpsc::channel;

use super::Error;
use super::client::Client;
use super::graphql::{Counted, Whole};
use super::missing::{self, Swept, Unseen};
use super::read::{self, AHEAD, ATTEMPTS, IMPACT, MAINTENANCE, NOTE, STEADY, is_refusal};
use super::rows::{self, Listed};
use super::store::mirror::{Kind, Vanished};
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
pub(super) const BATCH: usize = 200;
/// How long one of them may go on comparing: somebody's acknowledgement may wait behind it.
pub(super) const BUDGET: Duration = Duration::from_millis(20);
/// Where more have changed than this,
const MANY: usize = 1_000;
/// and one of so few, everything is read: that takes a seventh as long for each (a real Nautobot 3.1 with 50,000).
const OF_FEW: usize = 7;
/// Of so many maintenances that GraphQL skipped the impacts are asked for by name, else all impacts are read.
const SKIPPED: usize = 1_000;
/// Between two transactions others get their turn.
pub(super) const BREATH: Duration = Duration::from_millis(2);

/// How to read.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The names of the provider rules.
    pub slugs: Vec<String>,
    /// How long what is over is kept; it is not taken over when it is older.
    pub past_days: Option<u32>,
    /// Whether to read everything whenever it was read last.
    pub full: bool,
    /// Whether what does not show any more is gone, however much it is.
    pub accept_gone: bool,
    /// Now.
    pub now: DateTime<Utc>,
}

impl Plan {
    /// Whether the token may rather see less than before.
    pub(super) fn doubts(&self, vanished: &Vanished) -> bool {
        !self.accept_gone && vanished.is_doubtful()
    }

    /// How to take over what was read.
    pub(super) fn manner(&self, is_first: bool) -> Manner {
        let not_before = self.past_days.and_then(|days| self.now.checked_sub_signed(TimeDelta::days(i64::from(days))));
        Manner { now: self.now, not_before, is_first }
    }
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    /// What does not show any more and is so much that it was kept, such as `900 of 1000 maintenances`.
    pub vanished: Option<String>,
}

/// Reads what is new. Where a full reading had rows that make no sense, what made sense is taken over, nothing goes, and
/// that is an error.
pub async fn sync(client: &Client, store: &Store, plan: &Plan) -> Result<Read, Error> {
    let (mut progress, before) = store.read(|c| Ok((setting::progress(c)?, setting::vanished(c)?))).await?;
    let age = |at: Option<i64>| at.and_then(|at| DateTime::from_timestamp(at, 0)).map(|at| plan.now - at);
    let is_first = progress.full_at.is_none();
    let since = from(&progress, progress.log_to).max(0);
    let mut is_full = plan.full || age(progress.full_at).is_none_or(|age| age >= FULL_EVERY);
    if !is_full && before.is_some() {
        // Somebody else's token may have seen less, and this one may look at what was deleted: then all is looked at anew.
        is_full = missing::deletions(client, store, &mut progress, since).await? == Some(true);
    }
    let (mut named, mut unseen, mut hidden) = (Vec::new(), Unseen::default(), None);
    let mut changes = None;
    if !is_full {
        changes = incremental(client, store, &mut progress, &mut named).await?;
        is_full = changes.is_none();
    }
    let mut told = Read { full: is_full, ..Read::default() };
    let hour = |at: i64| at / INVENTORY_EVERY.num_seconds();
    // GraphQL shows impacts to whoever may see their maintenance. What changes in them is read by REST, which asks for the
    // right: who lacks it hears of it before thousands of rows were read for nothing.
    let shown = if is_full { client.count(IMPACT).await? } else { 0 };
    let mut vanished = None;
    let is_hour_over = progress.synced_at.is_none_or(|at| hour(at) != hour(plan.now.timestamp()));
    // Somebody may have added a circuit since; a maintenance of it would lack it.
    if is_full || is_hour_over || store.read(move |c| inventory::lacks(c, &named)).await? {
        (told.inventory, vanished) = take_inventory(client, store, plan, is_first).await?;
    }
    let mut senseless = BTreeMap::new();
    if let Some((came, missing)) = changes {
        (told.maintenances, unseen) = (came, missing);
    } else {
        let (came, nested) = full(client, store, &mut progress, &mut senseless).await?;
        hidden = missing::hidden(client, shown, nested).await?;
        told.maintenances = came;
        if is_first {
            leave_behind(store, progress.round).await?;
        }
    }
    told.taken = take_over(store, plan.manner(is_first)).await?;
    // What was deleted is asked for after what is there. Of what the log tells there is no doubt.
    let deleted = if is_first { Some(false) } else { missing::deletions(client, store, &mut progress, since).await? };
    let newest = [progress.maintenances_to, progress.impacts_to, progress.notes_to, progress.deletions_to];
    // Who may not look leaves it to somebody who may.
    progress.log_to = deleted.map_or(since, |_| newest.into_iter().max().unwrap_or_default());
    let swept = if is_full && senseless.is_empty() {
        missing::sweep(client, store, progress.round, plan).await?
    } else if deleted == Some(true) {
        missing::sweep(client, store, mirror::LOST + 1, plan).await?
    } else {
        Swept::default()
    };
    told.gone = swept.gone;
    let mut vanished: Vec<String> =
        [swept.vanished, vanished].into_iter().flatten().map(|kind| kind.to_string()).collect();
    vanished.extend(hidden);
    vanished.extend(store.read(move |c| unseen.told(c)).await?);
    told.vanished = Some(vanished.join(" and ")).filter(|told| !told.is_empty());
    if is_full && senseless.is_empty() && told.vanished.is_none() {
        progress.full_at = Some(plan.now.timestamp());
    } else if is_full || told.vanished.is_some() {
        progress.full_at = Some((plan.now - FULL_EVERY + FULL_AGAIN).timestamp());
    }
    progress.synced_at = Some(plan.now.timestamp());
    let kept = told.vanished.clone();
    store
        .write(move |connection| {
            setting::keep(connection, &progress)?;
            if is_full || kept.is_some() { setting::keep_vanished(connection, kept.as_deref()) } else { Ok(()) }
        })
        .await?;
    match senseless.into_iter().next() {
        Some((path, rows)) => Err(rows::left_out(path, rows)),
        None => Ok(told),
    }
}

/// Reads providers and circuits: whether they differ, and which are so many that do not show any more that they were kept.
async fn take_inventory(
    client: &Client,
    store: &Store,
    plan: &Plan,
    is_first: bool,
) -> Result<(bool, Option<Vanished>), Error> {
    let (providers, circuits) = client.inventory().await?;
    let slugs = plan.slugs.clone();
    let mut differs = store.write(move |c| inventory::providers(c, &providers, &slugs)).await?;
    let (mut changed, gone, known) = store
        .read(move |c| {
            let (changed, gone) = inventory::difference(c, circuits)?;
            Ok((changed, gone, inventory::count(c)?))
        })
        .await?;
    let vanished = Vanished { kind: Kind::Circuit, missing: gone.len(), known };
    // What was known before a first reading may be another Nautobot's.
    let vanished = Some(vanished).filter(|vanished| !is_first && plan.doubts(vanished));
    let gone = if vanished.is_some() { Vec::new() } else { gone };
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
    Ok((differs, vanished))
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
/// all. How many maintenances came, and, where GraphQL told them all, how many impacts with them.
async fn full(
    client: &Client,
    store: &Store,
    progress: &mut Progress,
    senseless: &mut BTreeMap<&'static str, usize>,
) -> Result<(usize, Option<usize>), Error> {
    progress.round += 1;
    let round = progress.round;
    let reached = *progress;
    // A reading that is broken off leaves rows of this round, which the next one must not take for its own.
    store.write(move |c| setting::keep(c, &reached)).await?;
    let (mut newest, mut seen, mut nested) = (Newest::default(), HashSet::new(), 0);
    let (pages, mut received) = channel::<Vec<Whole>>(AHEAD);
    let taking = async {
        while let Some(page) = received.recv().await {
            let ids: Vec<String> = page.iter().map(|whole| whole.maintenance.id.clone()).collect();
            for whole in &page {
                newest.see(&whole.maintenance, &whole.impacts);
                nested += if seen.contains(&whole.maintenance.id) { 0 } else { whole.impacts.len() };
            }
            write(store, page, move |c, batch| mirror::whole(c, round, batch)).await?;
            // Not before: who breaks off here has not seen them.
            seen.extend(ids);
        }
        Ok::<(), Error>(())
    };
    let by_graphql = async { tokio::try_join!(client.maintenances_by_graphql(pages), taking) };
    let by_graphql = by_graphql.await.map(|(counted, ())| counted);
    let (came, nested) = match by_graphql {
        Ok(Counted { came, count }) if came >= count => (came, Some(nested)),
        Err(error) if !is_refusal(&error) => return Err(error),
        other => {
            tracing::info!(counted = ?other.ok(), "maintenances are read by REST");
            (by_rest(client, store, round, &seen, &mut newest, senseless).await?, None)
        }
    };
    let take = move |c: &Connection, batch: &[Note]| mirror::notes(c, round, batch);
    let mut notes_to = 0;
    let look = |note: Note| {
        notes_to = notes_to.max(note.updated);
        Some(note)
    };
    let listed = list(client, store, NOTE, look, take).await?;
    listed.complain(NOTE, senseless);
    (progress.maintenances_to, progress.impacts_to, progress.notes_to) = (newest.maintenance, newest.impact, notes_to);
    Ok((came, nested))
}

/// What was read under another URL, and what a first full reading under this one lacks, is not in this Nautobot: nothing more is
/// known of it. Before anything is compared, for a record here of the same name takes its place.
async fn leave_behind(store: &Store, round: i64) -> Result<(), Error> {
    let mut after = String::new();
    loop {
        let from = after.clone();
        let before = move |c: &Connection, from: &str| mirror::gone(c, Kind::Maintenance, round, from, BATCH);
        let ids: Vec<String> = store.read(move |c| before(c, &from)).await?.into_iter().map(|(id, _)| id).collect();
        let Some(last) = ids.last() else { return Ok(()) };
        after.clone_from(last);
        store.write(move |connection| reconcile::leave(connection, &ids)).await?;
        tokio::time::sleep(BREATH).await;
    }
}

/// The newest changes that a reading saw, in microseconds since 1970.
#[derive(Debug, Clone, Copy, Default)]
struct Newest {
    /// Of a maintenance.
    maintenance: i64,
    /// Of an impact.
    impact: i64,
}

impl Newest {
    /// Sees a maintenance with impacts.
    fn see(&mut self, maintenance: &Maintenance, impacts: &[CircuitImpact]) {
        self.maintenance = self.maintenance.max(maintenance.updated);
        self.impact = impacts.iter().map(|impact| impact.updated).fold(self.impact, i64::max);
    }
}

/// Reads every maintenance by REST, and the impacts of those that were not `seen`. No maintenance is written before its
/// impacts are: who breaks off between the two would leave one that seems to hit nothing.
async fn by_rest(
    client: &Client,
    store: &Store,
    round: i64,
    seen: &HashSet<String>,
    newest: &mut Newest,
    senseless: &mut BTreeMap<&'static str, usize>,
) -> Result<usize, Error> {
    let has_all = client.count(MAINTENANCE).await?.saturating_sub(seen.len()) > SKIPPED;
    if has_all {
        let take = move |c: &Connection, batch: &[CircuitImpact]| mirror::impacts(c, round, batch);
        let look = |impact: CircuitImpact| {
            newest.impact = newest.impact.max(impact.updated);
            Some(impact)
        };
        list(client, store, IMPACT, look, take).await?.complain(IMPACT, senseless);
    }
    let take = move |c: &Connection, batch: &[Maintenance]| mirror::maintenances(c, round, batch);
    let mut skipped = BTreeMap::new();
    let look = |one: Maintenance| {
        newest.see(&one, &[]);
        if has_all || seen.contains(&one.id) {
            return Some(one);
        }
        skipped.insert(one.id.clone(), one);
        None
    };
    let listed = list(client, store, MAINTENANCE, look, take).await?;
    listed.complain(MAINTENANCE, senseless);
    let skipped: Vec<Maintenance> = skipped.into_values().collect();
    for some in skipped.chunks(BATCH) {
        let ids: Vec<String> = some.iter().map(|one| one.id.clone()).collect();
        let mut impacts: BTreeMap<String, Vec<CircuitImpact>> = BTreeMap::new();
        for impact in client.impacts_of(&ids).await? {
            impacts.entry(impact.maintenance.clone()).or_default().push(impact);
        }
        let whole = some.iter().map(|maintenance| {
            let impacts = impacts.remove(&maintenance.id).unwrap_or_default();
            newest.see(maintenance, &impacts);
            Whole { maintenance: maintenance.clone(), impacts }
        });
        write(store, whole.collect(), move |c, batch| mirror::whole(c, round, batch)).await?;
    }
    Ok(listed.came)
}

/// Reads a list into the store, what `look` lets through of it. Pages over data that changes skip rows: then it is read
/// again.
async fn list<T: OfWire + Send + Sync + Clone + 'static>(
    client: &Client,
    store: &Store,
    path: &str,
    mut look: impl FnMut(T) -> Option<T>,
    work: impl Fn(&Connection, &[T]) -> Result<(), crate::store::Error> + Send + Clone + 'static,
) -> Result<Listed, Error> {
    let mut listed = Listed::default();
    for _ in 0..ATTEMPTS {
        let (pages, mut received) = channel::<Vec<T>>(AHEAD);
        let taking = async {
            while let Some(page) = received.recv().await {
                let page = page.into_iter().filter_map(&mut look).collect();
                write(store, page, work.clone()).await?;
            }
            Ok::<(), Error>(())
        };
        (listed, ()) = tokio::try_join!(client.list(path, STEADY, read::PAGE, pages), taking)?;
        if listed.is_whole() {
            break;
        }
    }
    Ok(listed)
}

/// Reads what has changed since the last time, and notes the circuits that it names: how many maintenances came, and which
/// impacts of them do not show and were kept. `None`, with nothing read, where so much has changed that everything is read
/// sooner.
async fn incremental(
    client: &Client,
    store: &Store,
    progress: &mut Progress,
    named: &mut Vec<String>,
) -> Result<Option<(usize, Unseen)>, Error> {
    let round = progress.round;
    let known = *progress;
    let filter = |to: i64| format!("last_updated__gte={}&{STEADY}", moment(from(&known, to)));
    let (maintenances, impacts) = (filter(progress.maintenances_to), filter(progress.impacts_to));
    let Some((maintenances, changed)) = changed(client, store, &maintenances).await? else { return Ok(None) };
    let (impacts, notes) = tokio::try_join!(
        client.all::<CircuitImpact>(IMPACT, &impacts),
        client.notes_since(from(&known, progress.notes_to)),
    )?;
    named.extend(impacts.iter().map(|impact| impact.circuit.clone()));
    let came = maintenances.len();
    let newest = |all: &mut dyn Iterator<Item = i64>, before: i64| all.fold(before, i64::max);
    progress.maintenances_to = newest(&mut maintenances.iter().map(|one| one.updated), progress.maintenances_to);
    progress.impacts_to = newest(&mut impacts.iter().map(|one| one.updated), progress.impacts_to);
    progress.notes_to = newest(&mut notes.iter().map(|one| one.updated), progress.notes_to);
    // Whoever changes a maintenance often takes impacts away from it, which shows nowhere else. They are asked for before
    // anything is written: once the maintenance is known as it is now, nobody would look again.
    let (mut left, mut unseen) = (Vec::new(), Unseen::default());
    for ids in changed.chunks(BATCH) {
        match client.impacts_of(ids).await {
            // Which are missing cannot be told, and the rest is none the worse for it.
            Err(Error::Senseless { what, why }) => {
                tracing::warn!(what, why, "impacts that are gone are not looked for");
            }
            impacts => {
                let impacts = impacts?;
                let missing = missing::impacts(client, store, ids, &impacts, &[]).await?;
                unseen.add(missing.unseen);
                left.push((impacts, missing.gone));
            }
        }
    }
    write(store, maintenances, move |c, batch| mirror::maintenances(c, round, batch)).await?;
    write(store, impacts, move |c, batch| mirror::impacts(c, round, batch)).await?;
    write(store, notes, move |c, batch| mirror::notes(c, round, batch)).await?;
    for (impacts, gone) in left {
        store.write(move |c| mirror::impacts(c, round, &impacts).and_then(|()| mirror::without(c, &gone))).await?;
    }
    Ok(Some((came, unseen)))
}

/// Reads the maintenances of a filter, and which of them have changed since they were seen. `None` as soon as those are so many
/// that everything is read sooner: how many a list has does not tell how many of them are known as they are, or new.
async fn changed(
    client: &Client,
    store: &Store,
    filter: &str,
) -> Result<Option<(Vec<Maintenance>, Vec<String>)>, Error> {
    let all = store.read(mirror::count).await?;
    let (mut came, mut changed) = (BTreeMap::new(), BTreeSet::new());
    for _ in 0..ATTEMPTS {
        let (pages, mut received) = channel::<Vec<Maintenance>>(AHEAD);
        let taking = async {
            while let Some(page) = received.recv().await {
                let seen = page.iter().map(|one| (one.id.clone(), one.updated)).collect();
                changed.extend(store.read(move |c| mirror::changed(c, seen)).await?);
                came.extend(page.into_iter().map(|one| (one.id.clone(), one)));
                if changed.len() > MANY && changed.len().saturating_mul(OF_FEW) as u64 > all {
                    // Nobody reads on.
                    received.close();
                    return Ok(true);
                }
            }
            Ok::<bool, Error>(false)
        };
        let (listed, is_much) = tokio::try_join!(client.list(MAINTENANCE, filter, read::PAGE, pages), taking)?;
        if is_much {
            return Ok(None);
        }
        if listed.is_whole() {
            break;
        }
    }
    Ok(Some((came.into_values().collect(), changed.into_iter().collect())))
}

/// From when on changes are asked for, where the newest that was seen is `to`: a little before it, until that has settled.
fn from(progress: &Progress, to: i64) -> i64 {
    let is_settled = progress.synced_at.is_some_and(|at| at.saturating_mul(1_000_000) - to >= SETTLED);
    if is_settled { to + 1 } else { to - OVERLAP }
}

/// A point in time in microseconds since 1970, as it can stand in a query.
pub(super) fn moment(at: i64) -> String {
    let at = DateTime::from_timestamp_micros(at).unwrap_or_default();
    read::escaped(&at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true))
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

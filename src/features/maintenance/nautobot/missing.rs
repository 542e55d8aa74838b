//! What does not show any more: whether it was deleted there, or the token may rather see less than before.
//!
//! Three things tell. The log of changes says what was deleted, to who may look at it. A maintenance that shows has all of its
//! impacts with it in GraphQL, whatever the token may view of impacts by themselves: one that is not there is gone, and one
//! that is and does not show in the list is hidden. And how much it is: where nothing else tells, much is rather hidden.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::Connection;

use super::Error;
use super::client::Client;
use super::read::{CIRCUIT, IMPACT, MAINTENANCE, is_refusal};
use super::store::mirror::{self, Kind, Vanished};
use super::store::setting::Progress;
use super::store::{inventory, reconcile};
use super::sync::{BATCH, BREATH, Plan, moment, take_over};
use super::wire::{Circuit, CircuitImpact, Maintenance, OfWire};
use crate::store::Store;

/// What the log of changes calls the kinds of objects that are read.
const KINDS: [&str; 3] = [
    "nautobot_circuit_maintenance.circuitmaintenance",
    "nautobot_circuit_maintenance.circuitimpact",
    "nautobot_circuit_maintenance.note",
];
/// Impacts that do not show, and were kept.
#[derive(Debug, Default)]
pub(super) struct Unseen {
    /// They are there all the same.
    hidden: usize,
    /// Nothing tells whether they are there: their UUIDs.
    doubted: Vec<String>,
}

impl Unseen {
    /// Both together.
    pub(super) fn add(&mut self, other: Self) {
        self.hidden += other.hidden;
        self.doubted.extend(other.doubted);
    }

    /// In words, but for those that are gone by now, for the log of changes told so.
    pub(super) fn told(&self, connection: &Connection) -> Result<Vec<String>, crate::store::Error> {
        let doubted = mirror::known(connection, self.doubted.clone())?.len();
        if self.hidden + doubted == 0 {
            return Ok(Vec::new());
        }
        let known = mirror::vanished(connection, Kind::Impact, 0)?.known;
        let told = |missing: usize| Vanished { kind: Kind::Impact, missing, known };
        let hidden = (self.hidden > 0).then(|| told_hidden(&told(self.hidden)));
        Ok(hidden.into_iter().chain((doubted > 0).then(|| told(doubted).to_string())).collect())
    }
}

/// Impacts that are there and do not show, in words.
fn told_hidden(vanished: &Vanished) -> String {
    format!("{vanished}{}", super::error::HIDDEN)
}

/// What became of impacts that were known.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// They are gone.
    pub(super) gone: Vec<String>,
    /// They stay.
    pub(super) unseen: Unseen,
}

/// What became of the known impacts of these maintenances that are not among those that their list shows; `deleted` are known
/// to be gone.
pub(super) async fn impacts(
    client: &Client,
    store: &Store,
    ids: &[String],
    shown: &[CircuitImpact],
    deleted: &[String],
) -> Result<Missing, Error> {
    let of = ids.to_vec();
    let known = store.read(move |c| mirror::impacts_of(c, &of)).await?;
    let shown: HashSet<&String> = shown.iter().map(|one| &one.id).collect();
    let mut missing = Missing::default();
    let (told, lost): (Vec<_>, Vec<_>) =
        known.iter().filter(|(impact, _)| !shown.contains(impact)).partition(|(impact, _)| deleted.contains(impact));
    missing.gone.extend(told.into_iter().map(|(impact, _)| impact.clone()));
    if lost.is_empty() {
        return Ok(missing);
    }
    let asked: Vec<String> = lost.iter().map(|(_, of)| of.clone()).collect::<HashSet<_>>().into_iter().collect();
    let nested = match client.nested_impacts(&asked).await {
        Ok(nested) => nested,
        Err(error) if is_refusal(&error) => HashMap::new(),
        Err(error) => return Err(error),
    };
    let mut untold: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
    for (impact, of) in lost {
        match nested.get(of) {
            Some(there) if there.contains(impact) => missing.unseen.hidden += 1,
            Some(_) => missing.gone.push(impact.clone()),
            None => untold.entry(of).or_default().push(impact),
        }
    }
    // Where others of a maintenance still show, the token may view its impacts.
    let all = |of: &String| known.iter().filter(|(_, known)| known == of).count();
    let many = Vanished { kind: Kind::Impact, missing: untold.values().map(Vec::len).sum(), known: known.len() };
    for (of, impacts) in untold {
        let impacts = impacts.iter().map(|impact| (*impact).clone());
        if impacts.len() < all(of) && !many.is_doubtful() {
            missing.gone.extend(impacts);
        } else {
            missing.unseen.doubted.extend(impacts);
        }
    }
    let gone = missing.gone.clone();
    forget_circuits(client, store, store.read(move |c| mirror::circuits_of(c, &gone)).await?).await?;
    Ok(missing)
}

/// Takes out those of these circuits that are not there any more, before what becomes of their impacts is taken over: they went
/// with the circuit, and nobody has said that its maintenances do not hit it.
async fn forget_circuits(client: &Client, store: &Store, circuits: Vec<String>) -> Result<(), Error> {
    if circuits.is_empty() {
        return Ok(());
    }
    let there = match client.present::<Circuit>(CIRCUIT, &circuits).await {
        // Which are gone cannot be told, and all else is none the worse for it.
        Err(error) if is_refusal(&error) || matches!(error, Error::Senseless { .. }) => return Ok(()),
        there => there?.into_iter().map(|one| one.id).collect::<HashSet<_>>(),
    };
    let gone: Vec<String> = circuits.into_iter().filter(|id| !there.contains(id)).collect();
    if !gone.is_empty() {
        store.write(move |c| inventory::without(c, &gone)).await?;
    }
    Ok(())
}

/// How many impacts of all that came with their maintenances do not show by themselves, in words. `shown` is how many did before
/// these were read.
pub(super) async fn hidden(client: &Client, shown: usize, nested: Option<usize>) -> Result<Option<String>, Error> {
    let Some(known) = nested.filter(|nested| *nested > shown) else { return Ok(None) };
    // Some may have been made meanwhile.
    let shown = client.count(IMPACT).await?.max(shown);
    let missing = known.saturating_sub(shown);
    Ok((missing > 0).then(|| told_hidden(&Vanished { kind: Kind::Impact, missing, known })))
}

/// Marks what the log of changes says was deleted; whether there is any. `None` where the token may not look at it, which is
/// asked once.
pub(super) async fn deletions(
    client: &Client,
    store: &Store,
    progress: &mut Progress,
    since: i64,
) -> Result<Option<bool>, Error> {
    let since = moment(since);
    let mut lost = Vec::new();
    for kind in KINDS {
        let deleted = if client.sees_no_changes() { Vec::new() } else { client.deleted_since(kind, &since).await? };
        if client.sees_no_changes() {
            return Ok(None);
        }
        for deletion in deleted {
            progress.deletions_to = progress.deletions_to.max(deletion.at);
            lost.push(deletion.object);
        }
    }
    let known = store.read(move |connection| mirror::known(connection, lost)).await?;
    let is_any = !known.is_empty();
    if is_any {
        store.write(move |connection| mirror::lose(connection, &known)).await?;
    }
    Ok(Some(is_any))
}

/// What became of what does not show any more.
#[derive(Debug, Default)]
pub(super) struct Swept {
    /// Maintenances that are gone.
    pub(super) gone: usize,
    /// What is so much that it was kept.
    pub(super) vanished: Option<Vanished>,
}

/// Takes out what an older round had last, once Nautobot has said that it is not there. So much that the token may rather see
/// less than before stays as it was.
pub(super) async fn sweep(client: &Client, store: &Store, round: i64, plan: &Plan) -> Result<Swept, Error> {
    let now = plan.now;
    let (gone, vanished) = absent::<Maintenance>(client, store, Kind::Maintenance, round, plan).await?;
    if vanished.is_some() {
        return Ok(Swept { gone: 0, vanished });
    }
    for ids in gone.chunks(BATCH) {
        let ids = ids.to_vec();
        store.write(move |c| ids.iter().try_for_each(|id| reconcile::gone(c, id, now))).await?;
        tokio::time::sleep(BREATH).await;
    }
    // What hung on those went with them.
    let (_, vanished) = absent::<CircuitImpact>(client, store, Kind::Impact, round, plan).await?;
    let notes = store.read(move |c| mirror::vanished(c, Kind::Note, round)).await?;
    let vanished = vanished.or(Some(notes).filter(|notes| plan.doubts(notes)));
    if vanished.is_none() {
        let circuits = store.read(move |c| mirror::circuits_before(c, round)).await?;
        forget_circuits(client, store, circuits).await?;
        store.write(move |connection| reconcile::sweep(connection, round, now)).await?;
    }
    take_over(store, plan.manner(false)).await?;
    Ok(Swept { gone: gone.len(), vanished })
}

/// Asks for what an older round had last: the UUIDs of what is not there, or how much that is where it is too much to be
/// believed. Pages may have skipped what is there.
async fn absent<T: Kept>(
    client: &Client,
    store: &Store,
    kind: Kind,
    round: i64,
    plan: &Plan,
) -> Result<(Vec<String>, Option<Vanished>), Error> {
    let known = store.read(move |c| mirror::vanished(c, kind, round)).await?.known;
    let (mut gone, mut untold, mut after) = (Vec::new(), 0, String::new());
    loop {
        let from = after.clone();
        let ids = store.read(move |connection| mirror::gone(connection, kind, round, &from, BATCH)).await?;
        let Some((last, _)) = ids.last() else { break };
        after.clone_from(last);
        let asked: Vec<String> = ids.iter().map(|(id, _)| id.clone()).collect();
        let there: Vec<T> = client.present(T::PATH, &asked).await?;
        let kept: HashSet<String> = there.iter().map(|one| one.id().to_owned()).collect();
        for (id, is_told) in ids.into_iter().filter(|(id, _)| !kept.contains(id)) {
            untold += usize::from(!is_told);
            gone.push(id);
        }
        T::keep(client, store, round, there).await?;
        if plan.doubts(&Vanished { kind, missing: untold, known }) {
            return Ok((Vec::new(), Some(store.read(move |c| mirror::vanished(c, kind, round)).await?)));
        }
        tokio::time::sleep(BREATH).await;
    }
    Ok((gone, None))
}

/// What can be asked for by its UUID when pages skipped it.
trait Kept: OfWire + Sized {
    /// The list that it is in.
    const PATH: &'static str;

    /// Keeps what is there, after all.
    async fn keep(client: &Client, store: &Store, round: i64, there: Vec<Self>) -> Result<(), Error>;
}

impl Kept for Maintenance {
    const PATH: &'static str = MAINTENANCE;

    async fn keep(client: &Client, store: &Store, round: i64, there: Vec<Self>) -> Result<(), Error> {
        if there.is_empty() {
            return Ok(());
        }
        let kept: Vec<String> = there.iter().map(|one| one.id.clone()).collect();
        let impacts = client.impacts_of(&kept).await?;
        let keeping = store.write(move |connection| {
            mirror::found(connection, round, &kept)?;
            mirror::maintenances(connection, round, &there)?;
            mirror::impacts(connection, round, &impacts)
        });
        Ok(keeping.await?)
    }
}

impl Kept for CircuitImpact {
    const PATH: &'static str = IMPACT;

    async fn keep(_: &Client, store: &Store, round: i64, there: Vec<Self>) -> Result<(), Error> {
        Ok(store.write(move |connection| mirror::impacts(connection, round, &there)).await?)
    }
}

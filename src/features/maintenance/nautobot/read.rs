//! Reading lists: page by page, several at a time, without ever believing that a page that is short is the last.

use std::collections::{BTreeMap, HashMap};

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::client::{AT_ONCE, Client};
use super::error::Error;
use super::graphql;
use super::rows::{Listed, Seen, decoded, left_out};
use super::wire::{self, Circuit, CircuitImpact, Maintenance, Note, OfWire, Page, Provider};

/// Objects of a page that are asked for; sites allow fewer.
pub(super) const PAGE: usize = 1000;
/// The order of lists that are read in pages: with any other, those that are alike may change places between two pages.
pub(super) const STEADY: &str = "sort=id&";
/// Pages of one list: more than any site has, and an end for one that never says so.
pub(super) const MOST_PAGES: usize = 2000;
/// Pages that wait for whoever works with them; then reading waits, too.
pub(super) const AHEAD: usize = 2;

pub(super) const MAINTENANCE: &str = "plugins/circuit-maintenance/maintenance/";
pub(super) const IMPACT: &str = "plugins/circuit-maintenance/circuitimpact/";
pub(super) const NOTE: &str = "plugins/circuit-maintenance/note/";
pub(super) const CIRCUIT: &str = "circuits/circuits/";
const CHANGES: &str = "extras/object-changes/";

/// Rows in one answer where what they link to comes with them, which takes the server forty times as long.
const PAGE_WITH_DEPTH: usize = 200;
/// Notes in the first answer, where there are seldom new ones.
const FEW: usize = 50;
/// UUIDs in one question. uWSGI as it comes takes 4096 bytes of a request, its headers among them, and closes the connection
/// on a longer one: 36 of the longest filter pass (seen with Nautobot 3.1.8).
const NAMED: usize = 25;
/// How often a list is read that changes while it is read. Then it has to be enough.
pub(super) const ATTEMPTS: u32 = 3;

impl Client {
    /// One page of a list.
    pub(super) async fn page(&self, path: &str, query: &str) -> Result<Page, Error> {
        let value = self.get(&format!("{path}?{query}")).await?;
        Page::of(value).ok_or_else(|| Error::Senseless { what: path.to_owned(), why: "it is no list".to_owned() })
    }

    /// A list as a whole, `size` rows at a time: pages go into `pages` as they come, capacity [`AHEAD`], so that
    /// it is read on while somebody works with them.
    pub(super) async fn list<T: OfWire>(
        &self,
        path: &str,
        filter: &str,
        size: usize,
        pages: Sender<Vec<T>>,
    ) -> Result<Listed, Error> {
        let mut seen = Seen::default();
        let mut first = self.page(path, &format!("{filter}limit={size}&offset=0")).await?;
        let (all, step) = (first.count, first.results.len());
        let next = first.next.take();
        // Nobody takes them any more where taking has failed, which its own error tells.
        if pages.send(seen.decoded(path, &first.results)).await.is_err() {
            return Ok(seen.listed(all));
        }
        let Some(next) = next else { return Ok(seen.listed(all)) };
        // What the server made of our limit stands in its own link; a page tells it, too.
        let step = parameter(&next, "limit").unwrap_or(step).max(1);
        let offsets = (1..MOST_PAGES).map(|page| page * step).take_while(move |offset| *offset < all);
        let mut asked = stream::iter(offsets)
            .map(|offset| {
                let query = format!("{filter}limit={step}&offset={offset}");
                async move { self.page(path, &query).await }
            })
            .buffered(AT_ONCE);
        let (mut count, mut last) = (all, Some(next));
        while let Some(page) = asked.try_next().await? {
            (count, last) = (page.count, page.next);
            if pages.send(seen.decoded(path, &page.results)).await.is_err() {
                return Ok(seen.listed(count));
            }
        }
        // It grew meanwhile, or said too little at first.
        for _ in 0..MOST_PAGES {
            let Some(query) = last else { return Ok(seen.listed(count)) };
            let page = self.page(path, &query).await?;
            (count, last) = (page.count, page.next);
            if pages.send(seen.decoded(path, &page.results)).await.is_err() {
                return Ok(seen.listed(count));
            }
        }
        Err(Error::Senseless { what: path.to_owned(), why: "the list does not end".to_owned() })
    }

    /// Everything of a list at once, each object as it was seen last. What was skipped is found by reading again.
    pub(super) async fn all<T: OfWire>(&self, path: &str, filter: &str) -> Result<Vec<T>, Error> {
        Ok(self.listed(path, filter, PAGE).await?.0)
    }

    /// The same, and what came of reading it last.
    async fn listed<T: OfWire>(&self, path: &str, filter: &str, size: usize) -> Result<(Vec<T>, Listed), Error> {
        let (mut all, mut listed) = (BTreeMap::new(), Listed::default());
        for _ in 0..ATTEMPTS {
            let (pages, received) = channel(AHEAD);
            let read;
            (listed, read) = tokio::try_join!(self.list::<T>(path, filter, size, pages), collected(received))?;
            all.extend(read.into_iter().map(|one| (one.id().to_owned(), one)));
            if listed.is_whole() {
                break;
            }
        }
        Ok((all.into_values().collect(), listed))
    }

    /// Those of these objects that are there, or that the token may see.
    pub(super) async fn present<T: OfWire>(&self, path: &str, ids: &[String]) -> Result<Vec<T>, Error> {
        let found = self.of(path, "id", ids).await?;
        // A filter that is passed over would have selected everything.
        Ok(found.into_iter().filter(|one: &T| ids.iter().any(|id| id == one.id())).collect())
    }

    /// The impacts of these maintenances.
    pub(super) async fn impacts_of(&self, ids: &[String]) -> Result<Vec<CircuitImpact>, Error> {
        let found: Vec<CircuitImpact> = self.of(IMPACT, "maintenance", ids).await?;
        Ok(found.into_iter().filter(|impact| ids.contains(&impact.maintenance)).collect())
    }

    /// What is selected by a filter that takes UUIDs. What is not among it is not there, so every row has to come and to make
    /// sense.
    async fn of<T: OfWire>(&self, path: &str, filter: &str, ids: &[String]) -> Result<Vec<T>, Error> {
        let mut found = Vec::new();
        let mut asked: Vec<&[String]> = ids.chunks(NAMED).collect();
        while let Some(ids) = asked.pop() {
            let named: Vec<String> = ids.iter().map(|id| format!("{filter}={id}")).collect();
            match self.listed(path, &format!("{}&{STEADY}", named.join("&")), PAGE).await {
                Ok((_, listed)) if listed.senseless > 0 => return Err(left_out(path, listed.senseless)),
                Ok((_, listed)) if !listed.is_whole() => {
                    let why = format!("{} of {} rows came", listed.came, listed.count);
                    return Err(Error::Senseless { what: path.to_owned(), why });
                }
                Ok((some, _)) => found.extend(some),
                // One that is gone by now makes all of them a choice that is none: which of them it is, is looked for.
                Err(Error::Refused { why, .. }) if why.contains("valid choice") => {
                    let (some, others) = ids.split_at(ids.len() / 2);
                    asked.extend([some, others].into_iter().filter(|ids| ids.len() < named.len() && !ids.is_empty()));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Which objects of a kind were deleted at that time or later. A token that may not look at changes is told
    /// so once.
    pub(super) async fn deleted_since(&self, kind: &str, since: &str) -> Result<Vec<Deletion>, Error> {
        let query = format!("changed_object_type={kind}&action=delete&time__gte={since}&{STEADY}");
        match self.all::<Deletion>(CHANGES, &query).await {
            Ok(changes) => Ok(changes),
            Err(error) if is_refusal(&error) => {
                tracing::info!(%error, "deletions in Nautobot are seen when everything is read again");
                self.hide_changes();
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    /// Notes changed since, the newest first: the list takes no filter, and says nothing about that.
    pub(super) async fn notes_since(&self, since: i64) -> Result<Vec<Note>, Error> {
        let mut notes = Vec::new();
        let mut query = format!("sort=-last_updated,id&limit={FEW}&offset=0");
        for page in 0..MOST_PAGES {
            if page == 1 {
                query = format!("sort=-last_updated,id&limit={PAGE}&offset={FEW}");
            }
            let page = self.page(NOTE, &query).await?;
            let decoded: Vec<Note> = decoded(NOTE, &page.results);
            let is_over = decoded.last().is_none_or(|oldest| oldest.updated != 0 && oldest.updated < since);
            notes.extend(decoded.into_iter().filter(|note| note.updated == 0 || note.updated >= since));
            match page.next {
                Some(next) if !is_over => query = next,
                _ => break,
            }
        }
        Ok(notes)
    }

    /// Every provider and every circuit with its sites. GraphQL has them in one answer a page; where it is off, fails, or
    /// shows nothing, REST puts them together.
    pub(super) async fn inventory(&self) -> Result<(Vec<Provider>, Vec<Circuit>), Error> {
        match self.inventory_by_graphql().await {
            Ok((providers, circuits)) if !providers.is_empty() && !circuits.is_empty() => Ok((providers, circuits)),
            Ok(_) => self.inventory_by_rest().await,
            Err(error) if is_refusal(&error) => {
                tracing::info!(%error, "Nautobot's GraphQL is not used");
                self.inventory_by_rest().await
            }
            Err(error) => Err(error),
        }
    }

    async fn inventory_by_graphql(&self) -> Result<(Vec<Provider>, Vec<Circuit>), Error> {
        const PROVIDERS: &str =
            "{providers{id name cf_emails_circuit_maintenances cf_provider_parser_circuit_maintenances}}";
        const CIRCUITS: &str = "query($l:Int,$o:Int){circuits(limit:$l,offset:$o){id cid description circuit_type{name} \
             provider{id name} circuit_termination_a{location{name}} circuit_termination_z{location{name}}}}";
        let told = self.graphql(PROVIDERS, &json!({})).await?;
        let providers = decoded("providers", &graphql::field(told, "providers"));
        let (pages, received) = channel(AHEAD);
        let (came, told) = tokio::try_join!(self.graphql_pages(CIRCUITS, "circuits", pages), collected(received))?;
        let circuits = decoded("circuits", &told);
        // A page may have been cut, or rows skipped: REST tells how many there are.
        if came.len() < self.count(CIRCUIT).await? {
            return Ok((Vec::new(), Vec::new()));
        }
        Ok((providers, circuits))
    }

    /// The same from REST, where links are UUIDs: names of types and sites come from lists of their own.
    async fn inventory_by_rest(&self) -> Result<(Vec<Provider>, Vec<Circuit>), Error> {
        let providers = self.all::<Provider>("circuits/providers/", STEADY).await?;
        let named: Vec<Named> = self.all::<Named>("dcim/locations/", STEADY).await.or_else(without)?;
        let named: HashMap<String, String> = named.into_iter().map(|named| (named.id, named.name)).collect();
        let place = |id: &str| named.get(id).cloned();
        // With depth the type is whole and the ends are, each with a short link to its place.
        let (known, _) = self.listed::<Ends>(CIRCUIT, &format!("depth=1&{STEADY}"), PAGE_WITH_DEPTH).await?;
        let (mut circuits, places): (Vec<Circuit>, Vec<(String, String)>) =
            known.into_iter().map(|Ends { circuit, ends }| (circuit, ends)).unzip();
        for (circuit, (a, z)) in circuits.iter_mut().zip(places) {
            circuit.site_a = place(&a).unwrap_or_else(|| std::mem::take(&mut circuit.site_a));
            circuit.site_z = place(&z).unwrap_or_else(|| std::mem::take(&mut circuit.site_z));
        }
        Ok((providers, circuits))
    }

    /// How many objects a list has.
    pub(super) async fn count(&self, path: &str) -> Result<usize, Error> {
        Ok(self.page(path, "limit=1&offset=0").await?.count)
    }

    /// One object by its UUID; `None` where there is none, or none that the token may see.
    pub(super) async fn object<T: OfWire>(&self, path: &str, id: &str) -> Result<Option<T>, Error> {
        match self.get(&format!("{path}{id}/")).await {
            Ok(value) => Ok(T::of(&value)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The maintenance of this name.
    pub(super) async fn maintenance_named(&self, name: &str) -> Result<Option<Maintenance>, Error> {
        let page = self.page(MAINTENANCE, &format!("name={}", escaped(name))).await?;
        let found: Vec<Maintenance> = decoded(MAINTENANCE, &page.results);
        // A site may have turned off strict filters, and then a filter that it does not know selects everything.
        Ok(found.into_iter().find(|maintenance| maintenance.name == name))
    }
}

/// All that comes.
async fn collected<T>(mut received: Receiver<Vec<T>>) -> Result<Vec<T>, Error> {
    let mut all = Vec::new();
    while let Some(page) = received.recv().await {
        all.extend(page);
    }
    Ok(all)
}

/// Something with a name.
struct Named {
    id: String,
    name: String,
}

impl OfWire for Named {
    fn of(value: &Value) -> Option<Self> {
        let name = value.get("name").and_then(Value::as_str)?;
        Some(Self { id: wire::id(value)?, name: crate::text::clean_line(name) })
    }

    fn id(&self) -> &str {
        &self.id
    }
}

/// A circuit, and the UUIDs of the places of its ends.
struct Ends {
    circuit: Circuit,
    ends: (String, String),
}

impl OfWire for Ends {
    fn of(value: &Value) -> Option<Self> {
        let place = |key: &str| value.get(key)?.get("location").and_then(super::wire::id);
        let ends = (place("circuit_termination_a"), place("circuit_termination_z"));
        let ends = (ends.0.unwrap_or_default(), ends.1.unwrap_or_default());
        Some(Self { circuit: Circuit::of(value)?, ends })
    }

    fn id(&self) -> &str {
        &self.circuit.id
    }
}

/// That something was deleted.
pub(super) struct Deletion {
    /// The UUID of the change.
    id: String,
    /// Of what was deleted.
    pub object: String,
    /// When, in microseconds since 1970; 0 where it does not say.
    pub at: i64,
}

impl OfWire for Deletion {
    fn of(value: &Value) -> Option<Self> {
        let object = value.get("changed_object_id").and_then(Value::as_str)?;
        Some(Self { id: wire::id(value)?, object: object.to_lowercase(), at: wire::micros(value, "time") })
    }

    fn id(&self) -> &str {
        &self.id
    }
}

/// What a token that may not look at something is spared.
fn without<T>(error: Error) -> Result<Vec<T>, Error> {
    if is_refusal(&error) { Ok(Vec::new()) } else { Err(error) }
}

/// Whether it is a refusal of this way, and not of everything.
pub(super) fn is_refusal(error: &Error) -> bool {
    matches!(
        error,
        Error::Forbidden { .. }
            | Error::NotFound { .. }
            | Error::Refused { .. }
            | Error::Broken { .. }
            | Error::NotNautobot { .. }
            | Error::Senseless { .. }
    )
}

/// A number in a query.
fn parameter(query: &str, name: &str) -> Option<usize> {
    let value = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name)?.1;
    value.parse().ok()
}

/// Text as it can stand in a query.
pub(super) fn escaped(text: &str) -> String {
    use std::fmt::Write as _;
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

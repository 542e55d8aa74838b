//! Lists by GraphQL: what REST tells in several lists comes in one answer there.
//!
//! It sorts maintenances by their start alone. Where a page ends between some that begin together, the next page may repeat
//! some of these and skip others; those are asked for once more, in one answer.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, SecondsFormat, Utc};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use tokio::sync::mpsc::{Sender, channel};

use super::client::Client;
use super::error::Error;
use super::read::{AHEAD, MAINTENANCE, MOST_PAGES, PAGE, is_refusal};
use super::rows::{decoded, noted};
use super::wire::{self, CircuitImpact, Maintenance, OfWire as _};

/// Questions at a time. Of pages each waits for the one before in its order, so one too many is asked for at the end.
const AT_A_TIME: usize = 2;
/// The list of maintenances.
const MAINTENANCES: &str = "circuit_maintenances";
/// Rows that are asked for where some begin together, until these are all.
const TOGETHER: [usize; 3] = [PAGE / 10, PAGE, PAGE * 10];

/// A maintenance with its impacts, as GraphQL tells them together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// The maintenance.
    pub maintenance: Maintenance,
    /// Its impacts.
    pub impacts: Vec<CircuitImpact>,
}

/// How many maintenances there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    /// Those that came and make sense.
    pub(super) came: usize,
    /// Those that REST counts.
    pub(super) count: usize,
}

impl Client {
    /// Every maintenance with its impacts, in pages. Fewer may come than there are, and an error may be a refusal: then REST is
    /// to be asked.
    pub(super) async fn maintenances_by_graphql(&self, pages: Sender<Vec<Whole>>) -> Result<Counted, Error> {
        let (told, mut received) = channel::<Vec<Value>>(AHEAD);
        let passing = async {
            let (mut cuts, mut senseless) = (BTreeSet::new(), 0);
            while let Some(page) = received.recv().await {
                cuts.extend(page.last().filter(|_| page.len() >= PAGE).and_then(start));
                match hand_on(&page, &pages).await {
                    Some(rows) => senseless += rows,
                    None => break,
                }
            }
            // Nobody sends any more pages to somebody who has gone.
            drop(received);
            Ok::<_, Error>((cuts, senseless))
        };
        let query = maintenances(None);
        let (mut seen, (cuts, mut senseless)) =
            tokio::try_join!(self.graphql_pages(&query, MAINTENANCES, told), passing)?;
        let count = self.count(MAINTENANCE).await?;
        // An empty list may mean that the token may not look.
        if seen.len() < count && !seen.is_empty() {
            let mut asked = stream::iter(cuts).map(|start| self.beginning_at(start)).buffered(AT_A_TIME);
            while let Some(asked) = asked.next().await {
                let mut page = match asked {
                    Ok(page) => page,
                    // REST has them.
                    Err(error) if is_refusal(&error) => break,
                    Err(error) => return Err(error),
                };
                page.retain(|row| wire::id(row).is_some_and(|id| !seen.contains(&id)));
                noted(&mut seen, &page);
                match hand_on(&page, &pages).await {
                    Some(rows) => senseless += rows,
                    None => break,
                }
            }
        }
        Ok(Counted { came: seen.len().saturating_sub(senseless), count })
    }

    /// The maintenances that begin then. None where there are too many for one answer: then nobody knows them all.
    async fn beginning_at(&self, at: DateTime<Utc>) -> Result<Vec<Value>, Error> {
        let query = maintenances(Some(at));
        for limit in TOGETHER {
            let answer = self.graphql(&query, &json!({"l": limit, "o": 0})).await?;
            let mut page = field(answer, MAINTENANCES);
            let is_all = page.len() < limit || page.last().and_then(start) != Some(at);
            if is_all {
                page.retain(|row| start(row) == Some(at));
                return Ok(page);
            }
        }
        Ok(Vec::new())
    }

    /// The UUIDs of all impacts of these maintenances, whether or not the token may view them by themselves, by the
    /// maintenances that it may view.
    pub(super) async fn nested_impacts(&self, ids: &[String]) -> Result<HashMap<String, HashSet<String>>, Error> {
        let mut nested = HashMap::new();
        for ids in ids.chunks(PAGE / 10) {
            let query = format!("query($i:[String]){{{MAINTENANCES}(id:$i){{id circuitimpact_set{{id}}}}}}");
            let answer = self.graphql(&query, &json!({ "i": ids })).await?;
            for row in field(answer, MAINTENANCES) {
                let Some(id) = wire::id(&row).filter(|id| ids.contains(id)) else { continue };
                let impacts = row.get("circuitimpact_set").and_then(Value::as_array);
                let Some(impacts) = impacts.map(|all| all.iter().map(wire::id).collect::<Option<HashSet<_>>>()) else {
                    continue;
                };
                nested.extend(impacts.map(|impacts| (id, impacts)));
            }
        }
        Ok(nested)
    }

    /// Pages of a question in GraphQL, which has no count: until a page is short. The UUIDs of what came.
    pub(super) async fn graphql_pages(
        &self,
        query: &str,
        name: &str,
        pages: Sender<Vec<Value>>,
    ) -> Result<HashSet<String>, Error> {
        let mut asked = stream::iter(0..MOST_PAGES)
            .map(|page| async move { self.graphql(query, &json!({"l": PAGE, "o": page * PAGE})).await })
            .buffered(AT_A_TIME);
        let mut seen = HashSet::new();
        while let Some(answer) = asked.try_next().await? {
            let page = field(answer, name);
            let is_last = page.len() < PAGE;
            noted(&mut seen, &page);
            if pages.send(page).await.is_err() || is_last {
                break;
            }
        }
        Ok(seen)
    }
}

/// The question for maintenances with their impacts, all of them or those that begin at a time or later.
fn maintenances(from: Option<DateTime<Utc>>) -> String {
    let from = from.map(|at| format!(",start_time:\"{}\"", at.to_rfc3339_opts(SecondsFormat::AutoSi, true)));
    // `circuitimpact` is in the schema as well, and fails when it is asked for.
    format!(
        "query($l:Int,$o:Int){{{MAINTENANCES}(limit:$l,offset:$o{}){{id name start_time end_time description status ack created \
         last_updated circuitimpact_set{{id impact last_updated circuit{{id}}}}}}}}",
        from.unwrap_or_default()
    )
}

/// Hands on what of a page makes sense: how many rows do not, or `None` where nobody takes them any more.
async fn hand_on(page: &[Value], pages: &Sender<Vec<Whole>>) -> Option<usize> {
    let decoded: Vec<Whole> = page.iter().filter_map(whole).collect();
    let senseless = page.len() - decoded.len();
    pages.send(decoded).await.ok().map(|()| senseless)
}

/// A list in an answer of GraphQL.
pub(super) fn field(mut told: Value, name: &str) -> Vec<Value> {
    match told.get_mut("data").and_then(|data| data.get_mut(name)).map(Value::take) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    }
}

/// When a row's maintenance begins.
fn start(row: &Value) -> Option<DateTime<Utc>> {
    row.get("start_time")?.as_str()?.parse().ok()
}

/// A maintenance with its impacts, as GraphQL tells it.
fn whole(value: &Value) -> Option<Whole> {
    let maintenance = Maintenance::of(value)?;
    let impacts = value.get("circuitimpact_set").and_then(Value::as_array).map(Vec::as_slice);
    let impacts = impacts.unwrap_or_default();
    let rows = impacts.len();
    let mut impacts: Vec<CircuitImpact> = decoded("circuitimpact_set", impacts);
    if impacts.len() < rows {
        return None;
    }
    for impact in &mut impacts {
        impact.maintenance.clone_from(&maintenance.id);
    }
    Some(Whole { maintenance, impacts })
}

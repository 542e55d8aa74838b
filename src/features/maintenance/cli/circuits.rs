//! `noctui maintenance circuits`: the user's own circuits, each with its next maintenance.

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::list::Chunks;
use super::name::full;
use super::{Session, failed};
use crate::features::maintenance::inventory::{Inventory, KnownCircuit, Standing};
use crate::features::maintenance::model::{Circuit, Impact};
use crate::features::maintenance::store::detail::circuits_of;
use crate::features::maintenance::store::list::{Filter, ListQuery, Row, Scope, Sort};
use crate::output;
use crate::store;
use crate::table::Table;
use crate::trouble::Trouble;

/// What was typed after `circuits`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// List the ids in maintenances that are not over and that the inventory does not have, in place of its own.
    #[arg(long)]
    unknown: bool,
    /// Print a JSON array with one object for each circuit.
    #[arg(long)]
    json: bool,
}

/// A maintenance that concerns a circuit.
#[derive(Debug, Clone, Serialize)]
struct Next {
    name: String,
    window: u32,
    status: &'static str,
    impact: &'static str,
    start: String,
    end: String,
    #[serde(skip)]
    begins: DateTime<Utc>,
    #[serde(skip)]
    words: (&'static str, &'static str),
}

impl Next {
    /// What `row` does to a circuit.
    fn of(row: &Row, impact: Impact) -> Self {
        let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        Self {
            name: full(&row.provider, &row.maintenance_id),
            window: row.window,
            status: row.status.as_str(),
            impact: impact.as_str(),
            start: time(row.start),
            end: time(row.end),
            begins: row.start,
            words: (row.status.word(), impact.word()),
        }
    }
}

/// A circuit in JSON.
#[derive(Debug, Serialize)]
struct Shown<'c> {
    circuit_id: &'c str,
    provider: &'c str,
    known: bool,
    circuit_name: &'c str,
    site_a: &'c str,
    site_z: &'c str,
    r#type: &'c str,
    tags: &'c [String],
    next: Option<&'c Next>,
    maintenance_count: usize,
}

/// The maintenances of a circuit that are not over: how many, and the first of them.
#[derive(Debug, Default)]
struct Ahead {
    count: usize,
    next: Option<Next>,
}

impl Ahead {
    /// One more.
    fn add(&mut self, next: Next) {
        self.count += 1;
        if self.next.as_ref().is_none_or(|first| next.begins < first.begins) {
            self.next = Some(next);
        }
    }
}

/// Lists circuits in the order of their file, or unknown ids by provider.
pub(super) fn run(args: &Args, session: &Session) -> anyhow::Result<ExitCode> {
    let inventory = session.inventory();
    if !inventory.is_there() {
        let trouble = Trouble::new("no circuits are known")
            .to_do("name a file with `circuits` in [maintenance]; `noctui config check` says what is wrong with it");
        return Ok(failed(&[trouble]));
    }
    let (known, unknown) = ahead(session, &inventory)?;
    let unknown: Vec<(KnownCircuit, Ahead)> = unknown.into_iter().filter(|_| args.unknown).collect();
    let own = inventory.circuits().iter().filter(|_| !args.unknown);
    let none = Ahead::default();
    let circuits: Vec<(&KnownCircuit, &Ahead)> = own
        .map(|circuit| (&**circuit, known.get(&Arc::as_ptr(circuit)).unwrap_or(&none)))
        .chain(unknown.iter().map(|(circuit, ahead)| (circuit, ahead)))
        .collect();
    if args.json {
        let shown: Vec<Shown<'_>> =
            circuits.iter().map(|(circuit, ahead)| shown(circuit, ahead, !args.unknown)).collect();
        output::print_json(&shown)?;
    } else {
        let rows: Vec<[String; 6]> = std::iter::once(TITLES.map(str::to_owned))
            .chain(circuits.iter().map(|(circuit, ahead)| cells(circuit, ahead)))
            .collect();
        output::print(&Table::new(output::columns()).lines(&rows))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What stands above the columns.
const TITLES: [&str; 6] = ["ID", "PROVIDER", "NAME AND SITES", "TYPE", "TAGS", "NEXT MAINTENANCE (UTC)"];

/// Maintenances by the place of a circuit in memory, which is one for each.
type Known = HashMap<*const KnownCircuit, Ahead>;

/// What is ahead of the circuits of the inventory, and of ids that it does not have, by provider and id.
fn ahead(session: &Session, inventory: &Inventory) -> Result<(Known, Vec<(KnownCircuit, Ahead)>), store::Error> {
    let filter = Filter { scope: Scope::Open, ..Filter::default() };
    let query = ListQuery { sort: Sort::Grouped, filter, now: session.now };
    let mut known = Known::new();
    let mut unknown: HashMap<(String, String), Ahead> = HashMap::new();
    for rows in Chunks::new(session, query, usize::MAX) {
        let rows = rows?;
        let circuits: Vec<Vec<Circuit>> = session.store.read_blocking(|connection| {
            rows.iter().map(|row| circuits_of(connection, row.key.maintenance)).collect::<Result<_, _>>()
        })?;
        for (row, circuits) in rows.iter().zip(&circuits) {
            for circuit in circuits {
                let next = Next::of(row, circuit.impact);
                match inventory.standing(&row.provider, &circuit.circuit_id) {
                    Standing::Known(found) => known.entry(Arc::as_ptr(&found)).or_default().add(next),
                    Standing::Unknown => {
                        let id = (row.provider.clone(), circuit.circuit_id.clone());
                        unknown.entry(id).or_default().add(next);
                    }
                    Standing::NoInventory => {}
                }
            }
        }
    }
    let mut unknown: Vec<((String, String), Ahead)> = unknown.into_iter().collect();
    unknown.sort_by(|(a, _), (b, _)| a.cmp(b));
    let circuit = |(provider, circuit_id)| KnownCircuit { circuit_id, provider, ..KnownCircuit::default() };
    Ok((known, unknown.into_iter().map(|(id, ahead)| (circuit(id), ahead)).collect()))
}

/// A circuit in JSON.
fn shown<'c>(circuit: &'c KnownCircuit, ahead: &'c Ahead, known: bool) -> Shown<'c> {
    Shown {
        circuit_id: &circuit.circuit_id,
        provider: &circuit.provider,
        known,
        circuit_name: &circuit.name,
        site_a: &circuit.site_a,
        site_z: &circuit.site_z,
        r#type: &circuit.kind,
        tags: &circuit.tags,
        next: ahead.next.as_ref(),
        maintenance_count: ahead.count,
    }
}

/// A circuit in words.
fn cells(circuit: &KnownCircuit, ahead: &Ahead) -> [String; 6] {
    let more = if ahead.count > 1 { format!(" and {} more", ahead.count - 1) } else { String::new() };
    let next = ahead.next.as_ref().map_or_else(
        || "-".to_owned(),
        |next| {
            let (status, impact) = next.words;
            format!("{}  {}  {status}  {impact}{more}", next.begins.format("%Y-%m-%d %H:%M"), next.name)
        },
    );
    [
        circuit.circuit_id.clone(),
        circuit.provider.clone(),
        circuit.remark(),
        circuit.kind.clone(),
        circuit.tags.join(" "),
        next,
    ]
}

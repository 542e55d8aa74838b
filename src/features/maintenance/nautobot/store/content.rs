//! What a maintenance says, here and in Nautobot, in the same words, so that the two can be compared.
//!
//! Nautobot has one window for a maintenance. Where a maintenance has several here, they are told as one that spans those
//! that are not cancelled, and its description begins with them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _};

use super::inventory;
use super::lines::{Agreed, Changed, Field, Said, Value};
use super::meaning::{self, Meaning};
use crate::features::maintenance::model::{Circuit, Impact, Status};
use crate::features::maintenance::store::MaintenanceKey;
use crate::features::maintenance::store::merge::State;
use crate::features::maintenance::store::rows::windows_of;
use crate::store::Error;

/// Characters of a record's name; what is longer is cut there and here.
pub const NAME: usize = 100;
/// What records are filed under of which nothing tells whose they are.
pub const NOBODY: &str = "nautobot";
/// How the id ends of a record that names no provider, where what it would be is another record's.
pub const BESIDE: &str = " (Nautobot)";
/// How the app's own notes about circuits that it does not know begin.
pub const NONEXISTENT: &str = "Nonexistent circuit ID ";

/// What a maintenance says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Start of the window.
    pub start: DateTime<Utc>,
    /// End of the window.
    pub end: DateTime<Utc>,
    /// Where it stands.
    pub status: Status,
    /// Whether it is acknowledged.
    pub ack: bool,
    /// What is done.
    pub description: String,
    /// The circuits that Nautobot knows, by their UUIDs, and what happens to them.
    pub circuits: BTreeMap<String, Impact>,
}

impl Content {
    /// Whether somebody who acknowledged the one has seen what the other says.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.start == other.start
            && self.end == other.end
            && self.status == other.status
            && self.circuits == other.circuits
    }

    /// The same, line by line.
    #[must_use]
    pub fn said(&self) -> Said {
        let mut said = Said::from([
            (Field::Window, Value::Window(self.start.timestamp(), self.end.timestamp())),
            (Field::Status, Value::Status(self.status)),
            (Field::Acknowledgement, Value::Acknowledged(self.ack)),
        ]);
        if !self.description.is_empty() {
            said.insert(Field::Description, Value::Text(self.description.clone()));
        }
        let circuits = self.circuits.iter().map(|(id, impact)| (Field::Circuit(id.clone()), Value::Impact(*impact)));
        said.extend(circuits);
        said
    }

    /// In few words: `CONFIRMED 2026-11-21 02:00 - 06:00 UTC, 3 circuits`.
    #[must_use]
    pub fn told(&self) -> String {
        let end = if self.start.date_naive() == self.end.date_naive() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
        let circuits = match self.circuits.len() {
            1 => "1 circuit".to_owned(),
            many => format!("{many} circuits"),
        };
        let status = super::super::wire::status_word(self.status);
        format!("{status} {} - {} UTC, {circuits}", self.start.format("%Y-%m-%d %H:%M"), self.end.format(end))
    }
}

/// A maintenance as Nautobot has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct There {
    /// Its UUID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it says.
    pub content: Content,
    /// When it was made, in seconds since 1970.
    pub created: i64,
    /// When it was last changed.
    pub updated: Changed,
    /// The same by its own clock, be it ahead.
    pub seen: Changed,
    /// What was agreed; `None` before it was compared for the first time.
    pub agreed: Option<Agreed>,
    /// Under which provider it is filed here.
    pub provider: String,
    /// The provider's id of it.
    pub maintenance_id: String,
    /// Circuits that the app did not know, from its notes.
    pub unmatched: Vec<String>,
}

/// A maintenance as it is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Here {
    /// Its windows.
    pub windows: Vec<(MaintenanceKey, State)>,
    /// What they say together.
    pub content: Content,
    /// Circuits that Nautobot does not know.
    pub unmatched: Vec<String>,
    /// Circuits of which nobody can tell which of Nautobot's they are, and why, in words.
    pub unclear: Vec<String>,
}

/// A maintenance of Nautobot.
pub fn there(connection: &Connection, id: &str) -> Result<Option<There>, Error> {
    let mut query = connection.prepare_cached("SELECT * FROM nautobot_maintenance WHERE id = ?1")?;
    let found = query
        .query_row([id], |row| {
            let time = |name: &str| row.get(name).map(|at| DateTime::from_timestamp(at, 0).unwrap_or_default());
            let content = Content {
                start: time("starts_at")?,
                end: time("ends_at")?,
                status: row.get("status")?,
                ack: row.get("ack")?,
                description: row.get("description")?,
                circuits: BTreeMap::new(),
            };
            let agreed: Option<String> = row.get("agreed")?;
            Ok(There {
                id: id.to_owned(),
                name: row.get("name")?,
                content,
                created: row.get::<_, i64>("created")? / 1_000_000,
                updated: Changed { record: row.get("updated")?, circuits: BTreeMap::new() },
                seen: Changed::default(),
                // Written by us; of a newer version it is as if nothing had been compared yet.
                agreed: agreed.and_then(|agreed| serde_json::from_str(&agreed).ok()),
                provider: String::new(),
                maintenance_id: String::new(),
                unmatched: Vec::new(),
            })
        })
        .optional()?;
    let Some(mut there) = found else { return Ok(None) };
    for (circuit, impact, updated) in impacts(connection, id)? {
        there.updated.circuits.insert(circuit.clone(), updated);
        there.content.circuits.insert(circuit, impact);
    }
    there.seen.clone_from(&there.updated);
    (there.provider, there.maintenance_id) = identity(connection, &there)?;
    there.unmatched = unmatched(connection, id)?;
    Ok(Some(there))
}

/// Its circuits, what happens to them, and when that was changed. One that is in no inventory yet cannot be compared, and is no line.
fn impacts(connection: &Connection, id: &str) -> Result<Vec<(String, Impact, i64)>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT i.circuit, i.impact, i.updated FROM nautobot_impact i JOIN nautobot_circuit c ON c.id = i.circuit
         WHERE i.maintenance = ?1",
    )?;
    let rows = query.query_map([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Circuits that the app says it does not know.
fn unmatched(connection: &Connection, id: &str) -> Result<Vec<String>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT substr(title, length(?2) + 1) FROM nautobot_note
         WHERE maintenance = ?1 AND substr(title, 1, length(?2)) = ?2 ORDER BY title",
    )?;
    let rows = query.query_map((id, NONEXISTENT), |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Provider and id of a maintenance of Nautobot: what it was once found to be stays.
fn identity(connection: &Connection, there: &There) -> Result<(String, String), Error> {
    let mut query = connection.prepare_cached(
        "SELECT m.provider, m.maintenance_id FROM nautobot_maintenance n JOIN maintenance m ON m.id = n.maintenance
         WHERE n.id = ?1",
    )?;
    if let Some(known) = query.query_row([&there.id], |row| Ok((row.get(0)?, row.get(1)?))).optional()? {
        return Ok(known);
    }
    let mut meant = meant(connection, &there.id, &there.name)?;
    meant.push((NOBODY.to_owned(), there.name.clone()));
    let found = choose(connection, (&there.id, &there.name), meant)?;
    Ok(found.unwrap_or_else(|| (NOBODY.to_owned(), there.id.clone())))
}

/// Provider and id of what a record's name says that it is, the likeliest first; nothing of one that names no provider.
pub fn says(connection: &Connection, id: &str, name: &str) -> Result<Vec<(String, String)>, Error> {
    let mut says = Vec::new();
    for (provider, slug) in inventory::called(connection, id, name)? {
        // Without the dash it would be the whole name.
        let id = name.get(provider.len() + 1..).filter(|id| !id.is_empty()).unwrap_or(name);
        says.push((slug, id.to_owned()));
    }
    Ok(says)
}

/// Provider and id of what a record may be by its name and its circuits, the likeliest first.
fn meant(connection: &Connection, record: &str, name: &str) -> Result<Vec<(String, String)>, Error> {
    let mut meant = says(connection, record, name)?;
    // Where that is another record's, it is here under its whole name.
    meant.extend(meant.first().map(|(slug, _)| (slug.clone(), name.to_owned())));
    // The circuits of a record may not all have come, so what they say comes after what its name does.
    if let Some(slug) = inventory::touched(connection, record)? {
        if named(connection, record, (&slug, name))?.is_none() {
            meant.push((slug.clone(), name.to_owned()));
        }
        meant.push((slug, format!("{name}{BESIDE}")));
    }
    Ok(meant)
}

/// The name of another record that says that it is this maintenance, whether or not it was compared yet.
fn named(connection: &Connection, record: &str, (slug, id): (&str, &str)) -> Result<Option<String>, Error> {
    let mut named = connection.prepare_cached(
        "SELECT n.name FROM nautobot_provider p JOIN nautobot_maintenance n ON n.name = p.name || '-' || ?2
         WHERE p.slug = ?1 AND n.id <> ?3",
    )?;
    Ok(named.query_row((slug, id, record), |row| row.get(0)).optional()?)
}

/// Provider and id of a record by what is known of it by now; `None` where nothing tells whose it is.
pub fn of_somebody(connection: &Connection, record: &str, name: &str) -> Result<Option<(String, String)>, Error> {
    choose(connection, (record, name), meant(connection, record, name)?)
}

/// Of what a record may be what is here without a record, or else what is no other record's.
fn choose(
    connection: &Connection,
    (record, name): (&str, &str),
    mut meant: Vec<(String, String)>,
) -> Result<Option<(String, String)>, Error> {
    if name.chars().count() >= NAME {
        for (slug, id) in &mut meant {
            uncut(connection, slug, id)?;
        }
    }
    let mut is_free = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM maintenance WHERE provider = ?1 AND maintenance_id = ?2) AND NOT EXISTS (
             SELECT 1 FROM maintenance m JOIN nautobot_maintenance n ON n.maintenance = m.id
             WHERE m.provider = ?1 AND m.maintenance_id = ?2 AND n.id <> ?3)",
    )?;
    for (slug, id) in &meant {
        if is_free.query_row((slug, id, record), |row| row.get(0))? {
            return Ok(Some((slug.clone(), id.clone())));
        }
    }
    for (slug, id) in meant {
        if record_of(connection, &slug, &id)?.is_none_or(|(other, _)| other == record) {
            return Ok(Some((slug, id)));
        }
    }
    Ok(None)
}

/// UUID and name of the record that a maintenance here is.
pub fn record_of(connection: &Connection, provider: &str, id: &str) -> Result<Option<(String, String)>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT n.id, n.name FROM nautobot_maintenance n JOIN maintenance m ON m.id = n.maintenance
         WHERE m.provider = ?1 AND m.maintenance_id = ?2",
    )?;
    Ok(query.query_row([provider, id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// What is told of a record that is not here as what it would be, because that is another record.
pub fn twin(connection: &Connection, there: &There) -> Result<Option<String>, Error> {
    let (name, own) = (&there.name, (&*there.provider, &*there.maintenance_id));
    let mut meant = says(connection, &there.id, name)?;
    let (meant, told) = if own.1 == *name {
        (meant, format!("{name} is here under its whole name"))
    } else if own.1.strip_suffix(BESIDE) == Some(name) {
        meant.push((own.0.to_owned(), name.clone()));
        (meant, format!("{name} is here as {}/{}", own.0, own.1))
    } else {
        return Ok(None);
    };
    for (slug, id) in meant.iter().filter(|(slug, id)| (&**slug, &**id) != own) {
        let linked = record_of(connection, slug, id)?.filter(|(record, _)| *record != there.id);
        let other = match linked {
            Some((_, other)) => Some(other),
            None => named(connection, &there.id, (slug, id))?,
        };
        if let Some(other) = other {
            return Ok(Some(format!("{told}, for {slug}/{id} is {other} in Nautobot")));
        }
    }
    Ok(None)
}

/// The name may have been cut: whatever is here and begins so is meant.
fn uncut(connection: &Connection, slug: &str, id: &mut String) -> Result<(), Error> {
    let mut longer = connection.prepare_cached(
        "SELECT maintenance_id FROM maintenance WHERE provider = ?1 AND maintenance_id >= ?2
             AND maintenance_id < ?2 || char(1114111) ORDER BY maintenance_id LIMIT 1",
    )?;
    if let Some(longer) = longer.query_row((slug, &*id), |row| row.get(0)).optional()? {
        *id = longer;
    }
    Ok(())
}

/// The name of a maintenance in Nautobot, as the app makes it.
#[must_use]
pub fn name(provider: &str, maintenance_id: &str) -> String {
    format!("{provider}-{maintenance_id}").chars().take(NAME).collect()
}

/// A maintenance as it is here; `None` where it is not.
pub fn here(connection: &Connection, provider: &str, maintenance_id: &str) -> Result<Option<Here>, Error> {
    let windows = windows_of(connection, provider, maintenance_id)?;
    let Some((_, first)) = windows.first() else { return Ok(None) };
    let standing: Vec<&State> = windows.iter().map(|(_, state)| state).collect();
    let counting: Vec<&State> = standing.iter().copied().filter(|state| state.status != Status::Cancelled).collect();
    let counting = if counting.is_empty() { standing } else { counting };
    let open = counting.iter().find(|state| !state.status.is_final()).or(counting.last()).copied().unwrap_or(first);
    let mut circuits: BTreeMap<String, Impact> = BTreeMap::new();
    let (mut missing, mut unclear) = (Vec::new(), Vec::new());
    for Circuit { circuit_id, impact } in counting.iter().flat_map(|state| &state.circuits) {
        match meaning::of(connection, (provider, maintenance_id), circuit_id)? {
            Meaning::Circuits(ids) => {
                for id in ids {
                    let worst = circuits.entry(id).or_insert(*impact);
                    *worst = (*worst).max(*impact);
                }
            }
            Meaning::Unclear(why) => {
                let told = format!("circuit {circuit_id} is not told to Nautobot: {why}");
                if !unclear.contains(&told) {
                    unclear.push(told);
                }
            }
            Meaning::Unknown if missing.contains(circuit_id) => {}
            Meaning::Unknown => missing.push(circuit_id.clone()),
        }
    }
    let content = Content {
        start: counting.iter().map(|state| state.start).min().unwrap_or(first.start),
        end: counting.iter().map(|state| state.end).max().unwrap_or(first.end),
        status: open.status,
        ack: is_acknowledged(connection, provider, maintenance_id)?,
        description: description(&counting),
        circuits,
    };
    Ok(Some(Here { windows, content, unmatched: missing, unclear }))
}

/// The summary, and before it the windows where there are several.
fn description(windows: &[&State]) -> String {
    let summary = windows.first().map_or("", |state| state.summary.as_str());
    if windows.len() < 2 {
        return summary.to_owned();
    }
    let each = windows
        .iter()
        .map(|state| format!("{} to {}", state.start.format("%Y-%m-%d %H:%M"), state.end.format("%Y-%m-%d %H:%M")));
    format!("{} windows (UTC): {}. {summary}", windows.len(), each.collect::<Vec<_>>().join("; ")).trim_end().to_owned()
}

/// Whether every window that is not final is acknowledged as it is; of a final maintenance every one.
fn is_acknowledged(connection: &Connection, provider: &str, maintenance_id: &str) -> Result<bool, Error> {
    let mut query = connection.prepare_cached(
        "SELECT coalesce(min(iif(final, NULL, ack_revision >= revision)), min(ack_revision >= revision), 0)
         FROM maintenance WHERE provider = ?1 AND maintenance_id = ?2",
    )?;
    Ok(query.query_row([provider, maintenance_id], |row| row.get(0))?)
}

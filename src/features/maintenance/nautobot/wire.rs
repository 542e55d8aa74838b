//! From Nautobot's JSON to our nouns, leniently: three major versions differ in how they write links and choices, and
//! GraphQL differs from REST. The only file that sees the wire's shapes.

use chrono::{DateTime, SubsecRound as _, Utc};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::features::maintenance::model::{Impact, Status};
use crate::text::{clean_line, clean_text};

/// Characters of a field; more is cut.
const CHARS: usize = 2048;
/// Characters of a note's text.
const NOTE: usize = 16 * 1024;

/// When something was last changed, in microseconds since 1970; 0 is not known.
pub type Micros = i64;

/// A provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its UUID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who sends its notices: addresses in lower case.
    pub emails: Vec<String>,
    /// The parser of its notices; empty is that of its name.
    pub parser: String,
}

/// A circuit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Circuit {
    /// Its UUID.
    pub id: String,
    /// The provider's id of it.
    pub cid: String,
    /// Its provider's UUID.
    pub provider: String,
    /// What it is called.
    pub description: String,
    /// Its type's name.
    pub kind: String,
    /// Its ends.
    pub site_a: String,
    /// The other one.
    pub site_z: String,
}

/// A maintenance without its impacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maintenance {
    /// Its UUID.
    pub id: String,
    /// Its name, unique over all providers.
    pub name: String,
    /// Start of the window.
    pub start: DateTime<Utc>,
    /// End of the window.
    pub end: DateTime<Utc>,
    /// Where it stands; `NoChange` is Nautobot's `UNKNOWN`.
    pub status: Status,
    /// Whether it is acknowledged.
    pub ack: bool,
    /// What is done.
    pub description: String,
    /// When it was made.
    pub created: Micros,
    /// When it was last changed.
    pub updated: Micros,
}

/// What a maintenance does to a circuit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CircuitImpact {
    /// Its UUID.
    pub id: String,
    /// The maintenance's UUID.
    pub maintenance: String,
    /// The circuit's UUID.
    pub circuit: String,
    /// What happens to it.
    pub impact: Impact,
    /// When it was last changed.
    pub updated: Micros,
}

/// A note of the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its UUID.
    pub id: String,
    /// The maintenance's UUID.
    pub maintenance: String,
    /// Its title.
    pub title: String,
    /// What it says.
    pub comment: String,
    /// When it was last changed.
    pub updated: Micros,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// How many there are in all.
    pub count: usize,
    /// The query of the next page; `None` at the end. Its host is the server's idea of itself and is not looked at.
    pub next: Option<String>,
    /// The objects.
    pub results: Vec<Value>,
}

impl Page {
    /// Reads a page.
    pub fn of(mut value: Value) -> Option<Self> {
        let count = usize::try_from(value.get("count")?.as_u64()?).ok()?;
        let next = value.get("next").and_then(Value::as_str);
        let next = next.and_then(|next| next.split_once('?')).map(|(_, query)| query.to_owned());
        let Value::Array(results) = value.get_mut("results")?.take() else { return None };
        Some(Self { count, next, results })
    }
}

/// What can be read from an object of the wire.
pub trait OfWire: Sized {
    /// Reads it; `None` where what cannot be done without is missing.
    fn of(value: &Value) -> Option<Self>;

    /// Its UUID.
    fn id(&self) -> &str;
}

impl OfWire for Provider {
    fn of(value: &Value) -> Option<Self> {
        let custom = |key: &str| {
            let rest = value.get("custom_fields").and_then(|fields| fields.get(key));
            rest.or_else(|| value.get(format!("cf_{key}"))).map(choice).unwrap_or_default()
        };
        let emails = custom("emails_circuit_maintenances");
        let emails = emails.split(',').map(|one| one.trim().to_lowercase()).filter(|one| one.contains('@'));
        Some(Self {
            id: id(value)?,
            name: text(value, "name"),
            emails: emails.map(|one| cut(&one, CHARS)).collect(),
            parser: custom("provider_parser_circuit_maintenances").trim().to_lowercase(),
        })
    }

    fn id(&self) -> &str {
        &self.id
    }
}

impl OfWire for Circuit {
    fn of(value: &Value) -> Option<Self> {
        let name_of = |key: &str| value.get(key).map(named).unwrap_or_default();
        let end = |key: &str| {
            let end = value.get(key);
            let place = ["location", "site", "cloud_network", "provider_network"];
            let place = place.into_iter().filter_map(|place| end?.get(place)).map(named);
            place.into_iter().find(|name| !name.is_empty()).unwrap_or_default()
        };
        let kind = name_of("circuit_type");
        Some(Self {
            id: id(value)?,
            cid: Some(text(value, "cid")).filter(|cid| !cid.is_empty())?,
            provider: link(value.get("provider")?)?,
            description: text(value, "description"),
            kind: if kind.is_empty() { name_of("type") } else { kind },
            site_a: end("circuit_termination_a"),
            site_z: end("circuit_termination_z"),
        })
    }

    fn id(&self) -> &str {
        &self.id
    }
}

impl OfWire for Maintenance {
    fn of(value: &Value) -> Option<Self> {
        Some(Self {
            id: id(value)?,
            name: Some(text(value, "name")).filter(|name| !name.is_empty())?,
            // Windows are whole seconds here; what is finer would differ for ever.
            start: time(value.get("start_time")?)?.trunc_subsecs(0),
            end: time(value.get("end_time")?)?.trunc_subsecs(0),
            status: value
                .get("status")
                .map(choice)
                .and_then(|word| dashed(&word).parse().ok())
                .unwrap_or(Status::NoChange),
            ack: value.get("ack").and_then(Value::as_bool).unwrap_or(false),
            description: text(value, "description"),
            created: micros(value, "created"),
            updated: micros(value, "last_updated"),
        })
    }

    fn id(&self) -> &str {
        &self.id
    }
}

impl OfWire for CircuitImpact {
    fn of(value: &Value) -> Option<Self> {
        Some(Self {
            id: id(value)?,
            maintenance: value.get("maintenance").and_then(link).unwrap_or_default(),
            circuit: link(value.get("circuit")?)?,
            impact: value
                .get("impact")
                .map(choice)
                .and_then(|word| dashed(&word).parse().ok())
                .unwrap_or(Impact::Outage),
            updated: micros(value, "last_updated"),
        })
    }

    fn id(&self) -> &str {
        &self.id
    }
}

impl OfWire for Note {
    fn of(value: &Value) -> Option<Self> {
        Some(Self {
            id: id(value)?,
            maintenance: link(value.get("maintenance")?)?,
            title: text(value, "title"),
            comment: cut(&clean_text(value.get("comment").and_then(Value::as_str).unwrap_or_default()), NOTE),
            updated: micros(value, "last_updated"),
        })
    }

    fn id(&self) -> &str {
        &self.id
    }
}

/// An object's UUID.
#[must_use]
pub fn id(value: &Value) -> Option<String> {
    let id = value.get("id")?.as_str()?;
    uuid::Uuid::parse_str(id).ok().map(|id| id.to_string())
}

/// The UUID that a link leads to: a string, or an object with one.
fn link(value: &Value) -> Option<String> {
    match value.as_str() {
        Some(id) => uuid::Uuid::parse_str(id).ok().map(|id| id.to_string()),
        None => id(value),
    }
}

/// The name of a linked object, where the answer has it: brief objects of old versions say `display` or `name`.
fn named(value: &Value) -> String {
    let name = ["name", "display"].into_iter().filter_map(|key| value.get(key)?.as_str()).find(|name| !name.is_empty());
    name.map(|name| cut(&clean_line(name), CHARS)).unwrap_or_default()
}

/// A choice: a word, or an object with a value.
fn choice(value: &Value) -> String {
    let word = value.as_str().or_else(|| value.get("value")?.as_str());
    word.map(clean_line).unwrap_or_default()
}

/// GraphQL's names of choices have no dashes.
fn dashed(word: &str) -> String {
    word.replace('_', "-")
}

/// A text, harmless and bounded.
fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).map(|text| cut(clean_line(text).trim(), CHARS)).unwrap_or_default()
}

/// A point in time, however its zone is written.
fn time(value: &Value) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(value.as_str()?).ok().map(|at| at.to_utc())
}

/// When, to the microsecond; 0 where that is not said.
pub(super) fn micros(value: &Value, key: &str) -> Micros {
    value.get(key).and_then(time).map(|at| at.timestamp_micros()).unwrap_or_default()
}

/// The first so many characters.
fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// What is wrong with a request, from the maps and lists in which the server says it: `start_time: This field is
/// required.`
#[must_use]
pub fn faults(value: &Value) -> String {
    /// Faults that are told.
    const MOST: usize = 5;
    let mut told = Vec::new();
    collect(value, "", &mut told);
    let more = told.len().saturating_sub(MOST);
    told.truncate(MOST);
    let mut text = told.join("; ");
    if more > 0 {
        text = format!("{text}; and {more} more");
    }
    if text.is_empty() { "no reason is given".to_owned() } else { cut(&text, CHARS) }
}

/// Collects the sentences in an answer, each with its field.
fn collect(value: &Value, field: &str, told: &mut Vec<String>) {
    match value {
        Value::String(text) if matches!(field, "" | "__all__" | "non_field_errors" | "detail") => {
            told.push(clean_line(text));
        }
        Value::String(text) => told.push(format!("{field}: {}", clean_line(text))),
        Value::Array(items) => items.iter().for_each(|item| collect(item, field, told)),
        Value::Object(map) => map.iter().for_each(|(key, value)| collect(value, &clean_line(key), told)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// How a status is written there: what nobody has stated is unknown.
#[must_use]
pub fn status_word(status: Status) -> &'static str {
    if status == Status::NoChange { "UNKNOWN" } else { status.as_str() }
}

/// A UUID that follows from what it is of: the same at every try (RFC 9562 §5.8).
#[must_use]
pub fn follows(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

//! Writing: every body is checked as the real one checks it, and a list is written as a whole or not at all.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, SecondsFormat, TimeDelta, Utc};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::Options;
use super::answer::Answer;
use super::schema::{self, Field, Kind, Table};
use super::world::{self, Shelf, World};

/// Fields of an object, checked.
type Fields = BTreeMap<&'static str, Value>;

/// `POST`: an object or a list of them.
pub(super) fn create(world: &mut World, table: &'static Table, body: &Value, host: &str, options: &Options) -> Answer {
    let (bodies, is_list) = bodies(body);
    let mut checked: Vec<(Option<String>, Fields)> = Vec::new();
    let mut faults = Vec::new();
    for body in bodies {
        let Value::Object(given) = body else {
            faults.push(json!({"non_field_errors": ["Invalid data. Expected a dictionary."]}));
            continue;
        };
        match check(world, table, given, None, &checked, options) {
            Ok(fields) => {
                faults.push(json!({}));
                checked.push((given.get("id").and_then(Value::as_str).map(str::to_owned), fields));
            }
            Err(fault) => faults.push(fault),
        }
    }
    if let Some(refused) = refusal(faults, is_list) {
        return refused;
    }
    let ids: Vec<String> = checked.into_iter().map(|(id, fields)| world.insert(table.path, id, fields)).collect();
    for id in &ids {
        world.log(table.path, id, "create");
    }
    shown(world, table, &ids, is_list, StatusCode::CREATED, host)
}

/// `PATCH` and `PUT`: of one object, or of a list of them that name their ids.
pub(super) fn change(
    world: &mut World,
    table: &'static Table,
    id: Option<&str>,
    body: &Value,
    host: &str,
    options: &Options,
) -> Answer {
    let (bodies, is_list) = bodies(body);
    if is_list != id.is_none() {
        return Answer::bad(json!({"non_field_errors": ["Expected a list of items but got type \"dict\"."]}));
    }
    let mut changed: Vec<(String, Fields)> = Vec::new();
    let mut faults = Vec::new();
    for body in bodies {
        let Value::Object(given) = body else { return Answer::bad(json!({"detail": "Invalid data."})) };
        let Some(id) = id.or_else(|| given.get("id").and_then(Value::as_str)) else {
            faults.push(json!({"id": ["This field is required."]}));
            continue;
        };
        let Some(before) = world.get(table.path, id) else { return missing(table) };
        match check(world, table, given, Some((id, &before.fields)), &[], options) {
            Ok(fields) => {
                faults.push(json!({}));
                changed.push((id.to_owned(), fields));
            }
            Err(fault) => faults.push(fault),
        }
    }
    if let Some(refused) = refusal(faults, is_list) {
        return refused;
    }
    let mut ids = Vec::new();
    for (id, fields) in changed {
        let at = world.tick();
        if let Some(object) = world.shelf_mut(table.path).get_mut(&id) {
            object.fields = fields;
            object.updated = at;
        }
        world.log(table.path, &id, "update");
        ids.push(id);
    }
    shown(world, table, &ids, is_list, StatusCode::OK, host)
}

/// `DELETE`: of one object, or of a list of them.
pub(super) fn delete(world: &mut World, table: &'static Table, id: Option<&str>, body: &Value) -> Answer {
    let ids: Vec<String> = match (id, body) {
        (Some(id), _) => vec![id.to_owned()],
        (None, Value::Array(items)) => {
            items.iter().filter_map(|item| item.get("id")?.as_str().map(str::to_owned)).collect()
        }
        (None, _) => return Answer::bad(json!({"detail": "Invalid data."})),
    };
    if ids.iter().any(|id| world.get(table.path, id).is_none()) {
        return missing(table);
    }
    for id in ids {
        world.delete(table.path, &id);
    }
    Answer::nothing()
}

/// 404, also where the token may not see the object.
pub(super) fn missing(table: &Table) -> Answer {
    Answer::detail(StatusCode::NOT_FOUND, &format!("No {} matches the given query.", table.class))
}

/// The objects in a body, and whether they came as a list.
fn bodies(body: &Value) -> (Vec<&Value>, bool) {
    match body.as_array() {
        Some(items) => (items.iter().collect(), true),
        None => (vec![body], false),
    }
}

/// What is said when something is wrong: of a list one entry for each of its items.
fn refusal(faults: Vec<Value>, is_list: bool) -> Option<Answer> {
    let sound = json!({});
    if faults.iter().all(|fault| *fault == sound) {
        return None;
    }
    Some(Answer::bad(if is_list { Value::Array(faults) } else { faults.into_iter().next().unwrap_or(sound) }))
}

/// Objects after a write.
fn shown(
    world: &World,
    table: &'static Table,
    ids: &[String],
    is_list: bool,
    status: StatusCode,
    host: &str,
) -> Answer {
    let shown = |id: &String| Some(world.shown(table, world.get(table.path, id)?, 0, host));
    let mut objects: Vec<Value> = ids.iter().filter_map(shown).collect();
    Answer::new(status, if is_list { Value::Array(objects) } else { objects.pop().unwrap_or_default() })
}

/// Checks a body; fields that no object has are passed over in silence.
fn check(
    world: &World,
    table: &'static Table,
    given: &Map<String, Value>,
    before: Option<(&str, &Fields)>,
    beside: &[(Option<String>, Fields)],
    options: &Options,
) -> Result<Fields, Value> {
    let mut faults = Map::new();
    let mut fields = Fields::new();
    for field in table.fields {
        let value = match (given.get(field.name), before) {
            (Some(value), _) => read(world, field, value, options),
            (None, Some((_, before))) => Ok(before.get(field.name).cloned().unwrap_or_default()),
            (None, None) if field.required => Err("This field is required.".to_owned()),
            (None, None) => Ok(world::default(field)),
        };
        match value {
            Ok(value) => _ = fields.insert(field.name, value),
            Err(fault) => _ = faults.insert(field.name.to_owned(), json!([fault])),
        }
    }
    if let Some(id) = given.get("id").and_then(Value::as_str).filter(|_| before.is_none()) {
        if uuid::Uuid::parse_str(id).is_err() {
            faults.insert("id".to_owned(), json!(["Must be a valid UUID."]));
        } else if world.get(table.path, id).is_some() && !faults.contains_key("id") {
            faults.insert("id".to_owned(), json!([format!("{} with this ID already exists.", table.words)]));
        }
    }
    unique(world, table, &fields, before.map(|(id, _)| id), beside, &mut faults);
    if faults.is_empty() && table.path == schema::MAINTENANCE {
        let time = |name: &str| fields.get(name).and_then(Value::as_str).and_then(super::list::instant);
        if time("end_time") < time("start_time") {
            faults.insert("__all__".to_owned(), json!(["End time should be greater than start time."]));
        }
    }
    if faults.is_empty() && table.path == schema::PROVIDER {
        parser(&fields, &mut faults);
        addresses(world, &fields, before.map(|(id, _)| id), &mut faults);
    }
    if faults.is_empty() { Ok(fields) } else { Err(Value::Object(faults)) }
}

/// What may be there once only.
fn unique(
    world: &World,
    table: &'static Table,
    fields: &Fields,
    own: Option<&str>,
    beside: &[(Option<String>, Fields)],
    faults: &mut Map<String, Value>,
) {
    for set in table.unique {
        if set.iter().any(|name| faults.contains_key(*name)) {
            continue;
        }
        let same = |other: &Fields| set.iter().all(|name| other.get(name) == fields.get(name));
        let all = world.shelf(table.path).into_iter().flat_map(Shelf::all);
        let mut others = all.filter(|object| Some(object.id.as_str()) != own).map(|object| &object.fields);
        if !others.any(same) && !beside.iter().any(|(_, fields)| same(fields)) {
            continue;
        }
        if let [one] = set {
            // Seen first, and alone: a created object's name is checked before its id is.
            faults.remove("id");
            faults.insert((*one).to_owned(), json!([format!("{} with this {one} already exists.", table.words)]));
        } else {
            let text = format!("The fields {} must make a unique set.", set.join(", "));
            faults.insert("non_field_errors".to_owned(), json!([text]));
        }
    }
}

/// A provider's parser is one that the library has, or none.
fn parser(fields: &Fields, faults: &mut Map<String, Value>) {
    /// Some of them.
    const KNOWN: [&str; 8] = ["arelion", "cogent", "colt", "equinix", "lumen", "telstra", "verizon", "zayo"];
    let named = fields.get("custom_fields").and_then(|map| map.get("provider_parser_circuit_maintenances"));
    if let Some(named) = named.and_then(Value::as_str).filter(|named| !KNOWN.contains(&named.to_lowercase().as_str())) {
        let text = format!("{named} is not one of the supported parsers: {}.", KNOWN.join(", "));
        faults.insert("__all__".to_owned(), json!([text]));
    }
}

/// An address of a provider may not be another's.
fn addresses(world: &World, fields: &Fields, own: Option<&str>, faults: &mut Map<String, Value>) {
    const KEY: &str = "emails_circuit_maintenances";
    let of = |fields: &Fields| -> Vec<String> {
        let text = fields.get("custom_fields").and_then(|map| map.get(KEY)).and_then(Value::as_str).unwrap_or_default();
        text.split(',').map(|one| one.trim().to_lowercase()).filter(|one| !one.is_empty()).collect()
    };
    let mine = of(fields);
    let all = world.shelf(schema::PROVIDER).into_iter().flat_map(Shelf::all);
    for other in all.filter(|object| Some(object.id.as_str()) != own) {
        if let Some(taken) = of(&other.fields).iter().find(|address| mine.contains(address)) {
            faults
                .insert("__all__".to_owned(), json!([format!("{taken} is in use by {} already.", other.text("name"))]));
        }
    }
}

/// Reads one field.
fn read(world: &World, field: &Field, value: &Value, options: &Options) -> Result<Value, String> {
    match field.kind {
        Kind::Text { longest, blank } => match value {
            Value::Null => Err("This field may not be null.".to_owned()),
            Value::String(text) if text.trim().is_empty() && !blank => Err("This field may not be blank.".to_owned()),
            Value::String(text) if text.chars().count() > longest => {
                Err(format!("Ensure this field has no more than {longest} characters."))
            }
            Value::String(text) => Ok(json!(text)),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                Err("Not a valid string.".to_owned())
            }
        },
        Kind::Choice(words) => match value.as_str() {
            Some(choice) if words.contains(&choice) => Ok(json!(choice)),
            _ => Err(format!("\"{}\" is not a valid choice.", value.as_str().unwrap_or_default())),
        },
        Kind::Bool => value.as_bool().map(|yes| json!(yes)).ok_or_else(|| "Must be a valid boolean.".to_owned()),
        Kind::Number | Kind::Map => Ok(value.clone()),
        Kind::Time => time(value.as_str().unwrap_or_default(), options),
        Kind::Link(_) if value.is_null() && !field.required => Ok(Value::Null),
        Kind::Link(path) => linked(world, path, value),
    }
}

/// A time in UTC. One without a zone is read in the server's.
fn time(text: &str, options: &Options) -> Result<Value, String> {
    let naive = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok();
    let at: Option<DateTime<Utc>> = match DateTime::parse_from_rfc3339(text) {
        Ok(at) => Some(at.to_utc()),
        Err(_) => naive().map(|at| at.and_utc() - TimeDelta::hours(options.zone_hours)),
    };
    let wrong =
        "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].";
    let at = at.ok_or_else(|| wrong.to_owned())?;
    let format = if at.timestamp_subsec_micros() == 0 { SecondsFormat::Secs } else { SecondsFormat::Micros };
    Ok(json!(at.to_rfc3339_opts(format, true)))
}

/// A linked object, by its UUID or by what it has.
fn linked(world: &World, path: &'static str, value: &Value) -> Result<Value, String> {
    let keys = match value {
        Value::String(id) if world.get(path, id).is_some() => return Ok(value.clone()),
        Value::String(id) => json!({ "id": id }),
        Value::Object(keys) => Value::Object(keys.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            return Err("Related objects must be referenced by ID or by dictionary of attributes.".to_owned());
        }
    };
    let found: Vec<&str> = world
        .shelf(path)
        .into_iter()
        .flat_map(Shelf::all)
        .filter(|object| {
            keys.as_object().is_some_and(|keys| {
                keys.iter().all(|(key, value)| match key.as_str() {
                    "id" => value.as_str() == Some(object.id.as_str()),
                    key => object.fields.get(key) == Some(value),
                })
            })
        })
        .map(|object| object.id.as_str())
        .collect();
    match found.as_slice() {
        [one] => Ok(json!(one)),
        [] => Err(format!("Related object not found using the provided attributes: {keys}")),
        _ => Err(format!("Multiple objects match the provided attributes: {keys}")),
    }
}

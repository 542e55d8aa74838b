//! GraphQL as the real one answers it: enums in letters that GraphQL allows, times with `+00:00`, an empty list where the
//! token may not look, and 200 with `errors` where a resolver fails.

mod parse;

use chrono::{DateTime, SecondsFormat};
use http::StatusCode;
use serde_json::{Map, Value, json};

use self::parse::{Argument, Field};
use super::answer::Answer;
use super::list::garbled;
use super::schema::{self, Table};
use super::world::{Object, Shelf, World};
use super::{Options, Verb};

/// Lists that can be asked for, and their tables.
const ROOTS: &[(&str, &str)] = &[
    ("circuit_maintenances", schema::MAINTENANCE),
    ("circuit_impacts", schema::IMPACT),
    ("providers", schema::PROVIDER),
    ("circuits", schema::CIRCUIT),
];

/// Why a query has no answer.
enum Fault {
    /// It is no query of this schema.
    Query(String),
    /// A resolver failed.
    Resolver(String),
}

/// Answers a query.
pub(super) fn answer(world: &World, body: &Value, options: &Options) -> Answer {
    let Some(query) = body.get("query").and_then(Value::as_str) else {
        return Answer::bad(json!({"errors": [{"message": "Must provide query string."}]}));
    };
    let none = json!({});
    let variables = body.get("variables").unwrap_or(&none);
    let (mut data, mut errors) = (Map::new(), Vec::new());
    let wrong = |message: String| Answer::new(StatusCode::BAD_REQUEST, json!({"errors": [{"message": message}]}));
    let fields = match parse::parse(query) {
        Ok(fields) => fields,
        Err(message) => return wrong(format!("Syntax Error GraphQL: {message}")),
    };
    for field in &fields {
        let Some((_, path)) = ROOTS.iter().find(|(name, _)| *name == field.name) else {
            return wrong(format!("Cannot query field '{}' on type 'Query'.", field.name));
        };
        match root(world, path, field, variables, options) {
            Ok(list) => _ = data.insert(field.name.clone(), list),
            Err(Fault::Query(message)) => return wrong(message),
            Err(Fault::Resolver(message)) => {
                data.insert(field.name.clone(), Value::Null);
                errors.push(json!({"message": message, "path": [field.name]}));
            }
        }
    }
    let mut told = json!({ "data": data });
    if let (false, Value::Object(told)) = (errors.is_empty(), &mut told) {
        told.insert("errors".to_owned(), Value::Array(errors));
    }
    Answer::ok(told)
}

/// A list.
fn root(
    world: &World,
    path: &'static str,
    field: &Field,
    variables: &Value,
    options: &Options,
) -> Result<Value, Fault> {
    let Some(table) = Table::at(path) else { return Ok(json!([])) };
    let (mut limit, mut offset, mut since, mut statuses) = (usize::MAX, 0, i64::MIN, Vec::new());
    let (mut from, mut named): (_, Option<Vec<String>>) = (i64::MIN, None);
    for (name, argument) in &field.arguments {
        let value = match argument {
            Argument::Given(value) => value.clone(),
            Argument::Variable(name) => variables.get(name).cloned().unwrap_or_default(),
        };
        if value.is_null() {
            continue;
        }
        let number = || value.as_u64().and_then(|number| usize::try_from(number).ok());
        match name.as_str() {
            "limit" => limit = number().unwrap_or(limit),
            "offset" => offset = number().unwrap_or(offset),
            "last_updated__gte" => {
                let first = value.as_str().or_else(|| value.get(0).and_then(Value::as_str)).unwrap_or_default();
                since = super::list::instant(first).unwrap_or(i64::MIN);
            }
            // A plain scalar, unlike the others, and those that begin later count, too.
            "start_time" if path == schema::MAINTENANCE && options.graphql_starts && value.is_string() => {
                from = super::list::instant(value.as_str().unwrap_or_default()).unwrap_or(i64::MIN);
            }
            "id" => {
                let ids = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
                named = Some(ids.iter().filter_map(Value::as_str).map(str::to_owned).collect());
            }
            "status" => {
                let words = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
                statuses = words.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            }
            "provider" | "circuit" if path == schema::MAINTENANCE => {
                return Err(Fault::Resolver(format!("Cannot resolve keyword '{name}' into field.")));
            }
            _ => {
                return Err(Fault::Query(format!("Unknown argument '{name}' on field 'Query.{}'.", field.name)));
            }
        }
    }
    check(path, &field.fields)?;
    if options.refuses(Verb::View, path) {
        return Ok(json!([]));
    }
    let selected = |object: &&Object| {
        object.updated >= since
            && named.as_ref().is_none_or(|ids| ids.contains(&object.id))
            && (from == i64::MIN || super::list::instant(object.text("start_time")).is_some_and(|start| start >= from))
            && !options.skipped.contains(&object.id)
            // What hangs on others is shown whoever asks: seen with 3.1.8.
            && !options.hidden.contains(&object.id)
            && (statuses.is_empty() || statuses.iter().any(|word| word == object.text("status")))
    };
    let mut found: Vec<&Object> = world.shelf(path).into_iter().flat_map(Shelf::all).filter(selected).collect();
    // What begins at the same time comes in no order that holds. Others have an order of their own.
    if path == schema::MAINTENANCE {
        if offset > 0 {
            found.reverse();
        }
        found.sort_by(|a, b| a.text("start_time").cmp(b.text("start_time")));
    }
    let row = |object: &Object| Ok(garbled(shown(world, table, object, &field.fields)?, options));
    found.into_iter().skip(offset).take(limit).map(row).collect::<Result<Vec<_>, _>>().map(Value::Array)
}

/// What a field of a type leads to.
#[derive(Debug, Clone, Copy)]
enum Leads {
    /// A value of its own.
    Value,
    /// Another object, or several.
    Object(&'static str),
    /// Tags and notes of the core, of which there are none.
    Nothing,
}

/// Where a field leads; `None` where the type has no such field.
fn leads(path: &str, name: &str) -> Option<Leads> {
    if matches!(name, "id" | "created" | "last_updated") {
        return Some(Leads::Value);
    }
    Some(match (path, name) {
        (_, "tags" | "notes") => Leads::Nothing,
        (schema::MAINTENANCE, "name" | "start_time" | "end_time" | "description" | "status" | "ack")
        | (schema::IMPACT, "impact")
        | (
            schema::PROVIDER,
            "name" | "asn" | "cf_emails_circuit_maintenances" | "cf_provider_parser_circuit_maintenances",
        )
        | (schema::CIRCUIT, "cid" | "description" | "comments")
        | (schema::TERMINATION, "term_side")
        | (schema::CIRCUIT_TYPE | schema::LOCATION | schema::STATUS, "name") => Leads::Value,
        // Offered by the schema, too, and fails when it is asked for.
        (schema::MAINTENANCE, "circuitimpact_set" | "circuitimpact") => Leads::Object(schema::IMPACT),
        (schema::IMPACT, "maintenance") => Leads::Object(schema::MAINTENANCE),
        (schema::IMPACT, "circuit") => Leads::Object(schema::CIRCUIT),
        (schema::CIRCUIT, "provider") => Leads::Object(schema::PROVIDER),
        (schema::CIRCUIT, "circuit_type") => Leads::Object(schema::CIRCUIT_TYPE),
        (schema::CIRCUIT, "status") => Leads::Object(schema::STATUS),
        (schema::CIRCUIT, "circuit_termination_a" | "circuit_termination_z") => Leads::Object(schema::TERMINATION),
        (schema::TERMINATION, "location") => Leads::Object(schema::LOCATION),
        _ => return None,
    })
}

/// Checks that a type has what is asked of it.
fn check(path: &str, fields: &[Field]) -> Result<(), Fault> {
    for field in fields {
        match leads(path, &field.name) {
            None => {
                let class = Table::at(path).map_or("", |table| table.class);
                return Err(Fault::Query(format!("Cannot query field '{}' on type '{class}Type'.", field.name)));
            }
            Some(Leads::Object(below)) => check(below, &field.fields)?,
            Some(Leads::Value | Leads::Nothing) => {}
        }
    }
    Ok(())
}

/// An object with the fields that were asked for.
fn shown(world: &World, table: &'static Table, object: &Object, fields: &[Field]) -> Result<Value, Fault> {
    let mut shown = Map::new();
    for field in fields {
        let value = match leads(table.path, &field.name) {
            Some(Leads::Nothing) | None => json!([]),
            Some(Leads::Value) => value(object, &field.name),
            Some(Leads::Object(path)) => below(world, path, object, field)?,
        };
        shown.insert(field.name.clone(), value);
    }
    Ok(Value::Object(shown))
}

/// What a field leads to.
fn below(world: &World, path: &'static str, object: &Object, field: &Field) -> Result<Value, Fault> {
    let Some(table) = Table::at(path) else { return Ok(Value::Null) };
    let one = |found: Option<&Object>| found.map_or(Ok(Value::Null), |found| shown(world, table, found, &field.fields));
    match field.name.as_str() {
        "circuitimpact" => {
            Err(Fault::Resolver("'CircuitMaintenance' object has no attribute 'circuitimpact'".to_owned()))
        }
        "circuitimpact_set" => {
            let impacts = world.shelf(schema::IMPACT).into_iter().flat_map(|shelf| shelf.of(&object.id));
            impacts
                .map(|impact| shown(world, table, impact, &field.fields))
                .collect::<Result<Vec<_>, _>>()
                .map(Value::Array)
        }
        "circuit_termination_a" | "circuit_termination_z" => {
            let side = if field.name.ends_with('a') { "A" } else { "Z" };
            one(world.ends(&object.id).find(|end| end.text("term_side") == side))
        }
        name => one(world.get(path, object.text(name))),
    }
}

/// A value as GraphQL writes it.
fn value(object: &Object, name: &str) -> Value {
    let time = |micros: i64| {
        let at = DateTime::from_timestamp_micros(micros).unwrap_or_default();
        json!(at.to_rfc3339_opts(SecondsFormat::AutoSi, false))
    };
    match name {
        "id" => json!(object.id),
        "created" => time(object.created),
        "last_updated" => time(object.updated),
        "start_time" | "end_time" => super::list::instant(object.text(name)).map_or(Value::Null, time),
        // An enum's name has no dash.
        "status" | "impact" => json!(object.text(name).replace('-', "_")),
        _ => match name.strip_prefix("cf_") {
            Some(key) => object.fields.get("custom_fields").and_then(|map| map.get(key)).cloned().unwrap_or_default(),
            None => object.fields.get(name).cloned().unwrap_or_default(),
        },
    }
}

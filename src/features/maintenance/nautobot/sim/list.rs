//! Lists: which objects, in what order, a page at a time.

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDateTime};
use serde_json::{Value, json};

use super::answer::Answer;
use super::schema::{CHANGE, Filter, Kind, STATUSES, Table};
use super::world::{Object, Shelf, World};
use super::{Options, query};

/// Parameters that every list takes and that select nothing.
const MANNERS: &[&str] = &["limit", "offset", "sort", "depth", "include", "exclude_m2m", "format"];
/// Filters of every object's own times.
const TIMES: &[(&str, Filter)] =
    &[("__gte", Filter::From), ("__gt", Filter::After), ("__lte", Filter::Until), ("__lt", Filter::Before)];

/// Answers a list.
pub(super) fn list(world: &World, table: &'static Table, raw: &str, host: &str, options: &Options) -> Answer {
    let given = query::parameters(raw);
    let mut wanted: Vec<(String, &'static str, Filter, Vec<String>)> = Vec::new();
    for (name, value) in &given {
        if MANNERS.contains(&name.as_str()) || !table.filtered {
            continue;
        }
        let Some((field, filter)) = filter_named(table, name) else {
            if !options.strict_filters {
                continue;
            }
            return Answer::bad(json!({ name.as_str(): ["Unknown filter field"] }));
        };
        match wanted.iter_mut().find(|(known, ..)| known == name) {
            Some((.., values)) => values.push(value.clone()),
            None => wanted.push((name.clone(), field, filter, vec![value.clone()])),
        }
    }
    for (name, field, filter, values) in &wanted {
        if *filter == Filter::Broken {
            return Answer::broken(&format!(
                "Cannot resolve keyword '{field}' into field. Choices are: ack, created, id"
            ));
        }
        if table.field(field).is_some_and(|field| field.kind == Kind::Choice(STATUSES))
            && let Some(wrong) = values.iter().find(|value| !STATUSES.contains(&value.as_str()))
        {
            let text = format!("Select a valid choice. {wrong} is not one of the available choices.");
            return Answer::bad(json!({ name.as_str(): [text] }));
        }
    }
    for (name, field, _, values) in wanted.iter().filter(|(.., filter, _)| *filter == Filter::Linked) {
        let Some(Kind::Link(path)) = table.field(field).map(|field| field.kind) else { continue };
        let Some(shelf) = world.shelf(path) else { continue };
        let is_there = |value: &&String| {
            world.get(path, value).is_some() || shelf.all().any(|linked| linked.text("name") == value.as_str())
        };
        // One of several is enough.
        if let Some(wrong) = values.iter().find(|value| !is_there(value)) {
            let text = format!("Select a valid choice. {wrong} is not one of the available choices.");
            return Answer::bad(json!({ name.as_str(): [text] }));
        }
    }
    let matches = |object: &&Object| {
        wanted.iter().all(|(_, field, filter, values)| {
            let one = |value: &String| holds(world, table, object, field, *filter, value);
            if *filter == Filter::Not { values.iter().all(one) } else { values.iter().any(one) }
        })
    };
    let mut found: Vec<&Object> = world.shelf(table.path).into_iter().flat_map(Shelf::all).filter(matches).collect();
    found.retain(|object| !options.hidden.contains(&object.id));
    let count = found.len();
    if !wanted.iter().any(|(name, ..)| matches!(name.as_str(), "id" | "name" | "maintenance")) {
        found.retain(|object| !options.skipped.contains(&object.id));
    }
    let last = |name: &str| given.iter().rfind(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let offset = last("offset").and_then(|offset| offset.parse().ok()).unwrap_or_default();
    sort(table, &mut found, last("sort").unwrap_or_default(), offset);
    page(world, table, (&found, count), raw, host, options, last)
}

/// The field and the filter behind a parameter.
fn filter_named(table: &'static Table, name: &str) -> Option<(&'static str, Filter)> {
    if name == "id" {
        return Some(("id", Filter::Exact));
    }
    for own in ["created", "last_updated"] {
        if let Some(end) = name.strip_prefix(own) {
            return TIMES.iter().find(|(known, _)| *known == end).map(|(_, filter)| (own, *filter));
        }
    }
    table.filters.iter().find(|(known, ..)| *known == name).map(|(_, field, filter)| (*field, *filter))
}

/// Whether an object is selected by one value.
fn holds(world: &World, table: &Table, object: &Object, field: &str, filter: Filter, value: &str) -> bool {
    let text = match field {
        "id" => object.id.clone(),
        _ => match object.fields.get(field) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Bool(yes)) => yes.to_string(),
            _ => String::new(),
        },
    };
    let (low, sought) = (text.to_lowercase(), value.to_lowercase());
    let micros = || match field {
        "created" => Some(object.created),
        "last_updated" => Some(object.updated),
        _ => instant(&text),
    };
    let compare = |is: fn(i64, i64) -> bool| micros().zip(instant(value)).is_some_and(|(this, that)| is(this, that));
    match filter {
        Filter::Exact if field == "ack" => low == sought,
        Filter::Exact => text == value,
        Filter::Not => text != value,
        Filter::Same => low == sought,
        Filter::Contains => low.contains(&sought),
        Filter::Begins => low.starts_with(&sought),
        Filter::Ends => low.ends_with(&sought),
        Filter::From => compare(|this, that| this >= that),
        Filter::After => compare(|this, that| this > that),
        Filter::Until => compare(|this, that| this <= that),
        Filter::Before => compare(|this, that| this < that),
        Filter::Linked => {
            let Some(Kind::Link(path)) = table.field(field).map(|field| field.kind) else { return false };
            text == value || world.get(path, &text).is_some_and(|linked| linked.text("name") == value)
        }
        Filter::Custom(key) => {
            let custom = object.fields.get(field).and_then(|map| map.get(key)).and_then(Value::as_str);
            custom.is_some_and(|custom| custom.to_lowercase().contains(&sought))
        }
        Filter::Broken => false,
    }
}

/// A time in a parameter.
pub(super) fn instant(text: &str) -> Option<i64> {
    let zoned = DateTime::parse_from_rfc3339(text).map(|at| at.timestamp_micros()).ok();
    let naive = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok();
    zoned.or_else(|| naive().map(|at| at.and_utc().timestamp_micros()))
}

/// Sorts by fields with commas between them, unknown ones passed over in silence. Those that are alike in all of them come
/// in no order that holds: another page has them the other way round.
fn sort(table: &Table, found: &mut Vec<&Object>, by: &str, offset: usize) {
    let key = |object: &Object, name: &str| match name {
        "id" => Some(object.id.clone()),
        "created" => Some(format!("{:020}", object.created)),
        "last_updated" => Some(format!("{:020}", object.updated)),
        _ => table.field(name).map(|_| object.text(name).to_owned()),
    };
    // Objects have an order of their own: by name or by start, of changes the newest first.
    let own = if table.path == CHANGE { "-created" } else { table.display };
    let known = |by: &str| found.first().is_some_and(|one| key(one, by.trim_start_matches('-')).is_some());
    let by: Vec<&str> = Some(by).into_iter().flat_map(|by| by.split(',')).filter(|by| known(by)).collect();
    let by = if by.is_empty() { vec![own] } else { by };
    let order = |a: &Object, b: &Object| {
        let each = by.iter().map(|by| match by.strip_prefix('-') {
            Some(name) => key(b, name).cmp(&key(a, name)),
            None => key(a, by).cmp(&key(b, by)),
        });
        each.fold(Ordering::Equal, Ordering::then)
    };
    if offset > 0 {
        found.reverse();
    }
    found.sort_by(|a, b| order(a, b));
}

/// One page.
fn page<'a>(
    world: &World,
    table: &'static Table,
    (found, count): (&[&Object], usize),
    raw: &str,
    host: &str,
    options: &Options,
    last: impl Fn(&str) -> Option<&'a str>,
) -> Answer {
    let number = |name: &str| last(name).and_then(|value| value.parse::<usize>().ok());
    let limit = match number("limit") {
        None => options.page,
        Some(0) => options.largest_page,
        Some(limit) => limit.min(options.largest_page),
    };
    let offset = number("offset").unwrap_or(0);
    let depth = number("depth").map_or(0, |depth| u32::try_from(depth).unwrap_or(0).min(10));
    let results: Vec<Value> = found
        .iter()
        .skip(offset)
        .take(limit)
        .map(|object| garbled(world.shown(table, object, depth, host), options))
        .collect();
    let link = |offset: usize| {
        let mut kept: Vec<(String, String)> =
            query::parameters(raw).into_iter().filter(|(name, _)| name != "limit" && name != "offset").collect();
        kept.push(("limit".to_owned(), limit.to_string()));
        kept.push(("offset".to_owned(), offset.to_string()));
        json!(format!("{host}{}?{}", table.api(), query::written(&kept)))
    };
    let next = if offset + limit < found.len() { link(offset + limit) } else { Value::Null };
    let previous = if offset > 0 { link(offset.saturating_sub(limit)) } else { Value::Null };
    Answer::ok(json!({"count": count, "next": next, "previous": previous, "results": results}))
}

/// A row as it is told, with an `id` that is none where that is wanted.
pub(super) fn garbled(mut row: Value, options: &Options) -> Value {
    if let Some(id) = row.get_mut("id")
        && options.garbled.iter().any(|garbled| id == garbled.as_str())
    {
        *id = json!(7);
    }
    row
}

//! Everything that the simulated Nautobot knows, and its clock.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::schema::{self, Kind, Table};

/// An object.
#[derive(Debug, Clone)]
pub(super) struct Object {
    /// Its UUID.
    pub(super) id: String,
    /// When it was made, in microseconds since 1970.
    pub(super) created: i64,
    /// When it was last changed.
    pub(super) updated: i64,
    /// Its fields: links are UUIDs, times are written with `Z`.
    pub(super) fields: BTreeMap<&'static str, Value>,
}

impl Object {
    /// A field's text; empty if it has none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// The objects of one table, in the order in which they were made.
#[derive(Debug, Clone, Default)]
pub(super) struct Shelf {
    /// By UUID.
    by_id: HashMap<String, u64>,
    /// By their order.
    objects: BTreeMap<u64, Object>,
    /// The next place.
    next: u64,
    /// By what they belong to: maintenances to impacts, circuits to terminations.
    children: HashMap<String, Vec<u64>>,
}

impl Shelf {
    /// The object with this UUID.
    pub(super) fn get(&self, id: &str) -> Option<&Object> {
        self.objects.get(self.by_id.get(id)?)
    }

    /// The same, to be changed.
    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Object> {
        self.objects.get_mut(self.by_id.get(id)?)
    }

    /// All of them, the oldest first.
    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = &Object> {
        self.objects.values()
    }

    /// Those that belong to `parent`.
    pub(super) fn of(&self, parent: &str) -> impl Iterator<Item = &Object> {
        self.children.get(parent).into_iter().flatten().filter_map(|at| self.objects.get(at))
    }

    /// Adds one.
    fn push(&mut self, parent: Option<&str>, object: Object) {
        let at = self.next;
        self.next += 1;
        self.by_id.insert(object.id.clone(), at);
        if let Some(parent) = parent {
            self.children.entry(parent.to_owned()).or_default().push(at);
        }
        self.objects.insert(at, object);
    }

    /// Takes one out.
    pub(super) fn remove(&mut self, id: &str) -> Option<Object> {
        let at = self.by_id.remove(id)?;
        self.objects.remove(&at)
    }
}

/// All of it.
#[derive(Debug, Clone)]
pub(super) struct World {
    /// The tables by path.
    shelves: HashMap<&'static str, Shelf>,
    /// Now, in microseconds since 1970; each write takes a millisecond.
    now: i64,
}

impl World {
    /// Nothing but the statuses of circuits, at `start`.
    pub(super) fn new(start: DateTime<Utc>) -> Self {
        let mut world = Self { shelves: HashMap::new(), now: start.timestamp_micros() };
        for name in ["Active", "Planned", "Decommissioned"] {
            world.put(schema::STATUS, json!({ "name": name }));
        }
        world
    }

    /// The time, which goes on with each write.
    pub(super) fn tick(&mut self) -> i64 {
        self.now += 1000;
        self.now
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, time: TimeDelta) {
        self.now += time.num_microseconds().unwrap_or_default();
    }

    /// The objects of a table.
    pub(super) fn shelf(&self, path: &str) -> Option<&Shelf> {
        self.shelves.get(path)
    }

    /// The same, to be changed.
    pub(super) fn shelf_mut(&mut self, path: &'static str) -> &mut Shelf {
        self.shelves.entry(path).or_default()
    }

    /// An object.
    pub(super) fn get(&self, path: &str, id: &str) -> Option<&Object> {
        self.shelf(path)?.get(id)
    }

    /// Adds an object as it is, for stories and tests; answers its UUID, which may be among the fields. What the fields
    /// lack has its default.
    pub(super) fn put(&mut self, path: &'static str, fields: Value) -> String {
        let Value::Object(mut given) = fields else { return String::new() };
        let id = given.remove("id").and_then(|id| id.as_str().map(str::to_owned));
        let mut filled = BTreeMap::new();
        for field in Table::at(path).map(|table| table.fields).unwrap_or_default() {
            filled.insert(field.name, given.remove(field.name).unwrap_or_else(|| default(field)));
        }
        self.insert(path, id, filled)
    }

    /// Adds an object with all its fields.
    pub(super) fn insert(
        &mut self,
        path: &'static str,
        id: Option<String>,
        fields: BTreeMap<&'static str, Value>,
    ) -> String {
        let id = id.unwrap_or_else(|| Uuid::new_v4().to_string());
        let at = self.tick();
        let parent = match path {
            schema::IMPACT => fields.get("maintenance"),
            schema::TERMINATION => fields.get("circuit"),
            _ => None,
        };
        let parent = parent.and_then(Value::as_str).map(str::to_owned);
        let object = Object { id: id.clone(), created: at, updated: at, fields };
        self.shelf_mut(path).push(parent.as_deref(), object);
        id
    }

    /// Writes to the log of changes what was done to an object.
    pub(super) fn log(&mut self, path: &str, id: &str, action: &str) {
        let kind = Table::at(path).map_or("", |table| table.object_type);
        let time = written(self.tick());
        self.put(
            schema::CHANGE,
            json!({"time": time, "user_name": "jonas", "action": action, "changed_object_type": kind,
                   "changed_object_id": id}),
        );
    }

    /// Deletes an object; impacts and notes go with their maintenance.
    pub(super) fn delete(&mut self, path: &'static str, id: &str) -> bool {
        if self.shelf_mut(path).remove(id).is_none() {
            return false;
        }
        self.log(path, id, "delete");
        if path == schema::MAINTENANCE {
            for below in [schema::IMPACT, schema::NOTE] {
                let objects = self.shelf_mut(below);
                let gone: Vec<String> = objects
                    .all()
                    .filter(|object| object.text("maintenance") == id)
                    .map(|object| object.id.clone())
                    .collect();
                for id in gone {
                    self.shelf_mut(below).remove(&id);
                    self.log(below, &id, "delete");
                }
            }
        }
        true
    }

    /// An object as REST shows it: links short at depth 0, whole at depth 1.
    pub(super) fn shown(&self, table: &'static Table, object: &Object, depth: u32, host: &str) -> Value {
        let mut shown = Map::new();
        let url = format!("{host}{}{}/", table.api(), object.id);
        shown.insert("id".to_owned(), json!(object.id));
        shown.insert("object_type".to_owned(), json!(table.object_type));
        let display = if table.path == schema::IMPACT {
            let circuit = self.get(schema::CIRCUIT, object.text("circuit")).map_or("", |circuit| circuit.text("cid"));
            format!("Circuit {circuit} with impact {}", object.text("impact"))
        } else {
            object.text(table.display).to_owned()
        };
        let slug = display.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        shown.insert("natural_slug".to_owned(), json!(format!("{slug}_{}", object.id.get(..4).unwrap_or_default())));
        shown.insert("display".to_owned(), json!(display));
        shown.insert("url".to_owned(), json!(url));
        for field in table.fields {
            let value = object.fields.get(field.name).cloned().unwrap_or(Value::Null);
            let value = match (field.kind, value.as_str()) {
                (Kind::Link(path), Some(id)) => self.linked(path, id, depth, host),
                _ => value,
            };
            shown.insert(field.name.to_owned(), value);
        }
        if table.path == schema::CHANGE {
            let action = object.text("action");
            let label = format!(
                "{}{}d",
                action.get(..1).unwrap_or_default().to_uppercase(),
                action.get(1..).unwrap_or_default()
            );
            shown.insert("action".to_owned(), json!({"value": action, "label": label}));
        }
        if table.path == schema::CIRCUIT {
            for (name, side) in [("circuit_termination_a", "A"), ("circuit_termination_z", "Z")] {
                let end = self.ends(&object.id).find(|end| end.text("term_side") == side);
                let end = end.map_or(Value::Null, |end| self.linked(schema::TERMINATION, &end.id, depth, host));
                shown.insert(name.to_owned(), end);
            }
        }
        shown.entry("custom_fields").or_insert_with(|| json!({}));
        shown.insert("created".to_owned(), json!(written(object.created)));
        shown.insert("last_updated".to_owned(), json!(written(object.updated)));
        let notes = if table.is_of_the_app() { Value::Null } else { json!(format!("{url}notes/")) };
        shown.insert("notes_url".to_owned(), notes);
        shown.insert("tags".to_owned(), json!([]));
        Value::Object(shown)
    }

    /// A linked object.
    fn linked(&self, path: &str, id: &str, depth: u32, host: &str) -> Value {
        let Some(table) = Table::at(path) else { return Value::Null };
        match self.get(path, id) {
            Some(object) if depth > 0 => self.shown(table, object, depth - 1, host),
            _ => json!({"id": id, "object_type": table.object_type, "url": format!("{host}{}{id}/", table.api())}),
        }
    }

    /// The ends of a circuit.
    pub(super) fn ends(&self, circuit: &str) -> impl Iterator<Item = &Object> {
        self.shelf(schema::TERMINATION).into_iter().flat_map(move |shelf| shelf.of(circuit))
    }
}

/// What a field is when nobody says.
pub(super) fn default(field: &schema::Field) -> Value {
    match field.kind {
        Kind::Text { .. } | Kind::Choice(_) => json!(field.default),
        Kind::Bool => json!(false),
        Kind::Map => json!({}),
        Kind::Time | Kind::Number | Kind::Link(_) => Value::Null,
    }
}

/// A time as REST writes it.
pub(super) fn written(micros: i64) -> String {
    let at = DateTime::from_timestamp_micros(micros).unwrap_or_default();
    let format = if micros % 1_000_000 == 0 { SecondsFormat::Secs } else { SecondsFormat::Micros };
    at.to_rfc3339_opts(format, true)
}

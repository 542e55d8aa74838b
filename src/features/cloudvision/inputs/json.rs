//! JSON to values, with members that are written twice still there twice.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::tree::{MOST_NODES, Member, Node, Value};

/// Why a text is not JSON.
pub(super) struct BadJson {
    /// The line, counted from 1.
    pub(super) line: usize,
    /// The column, counted from 1.
    pub(super) column: usize,
    /// What is wrong there.
    pub(super) why: String,
}

/// Reads one JSON value. Nesting is bounded by `serde_json`.
pub(super) fn read(bytes: &[u8]) -> Result<Node<'_>, BadJson> {
    let left = Cell::new(MOST_NODES);
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = Seed { left: &left }.deserialize(&mut json).and_then(|node| json.end().map(|()| node));
    read.map_err(|error| {
        let told = error.to_string();
        // The place stands in front of the message then.
        let why = told.rsplit_once(" at line ").map_or(told.as_str(), |(why, _)| why);
        BadJson { line: error.line(), column: error.column(), why: why.to_owned() }
    })
}

/// Reads one value.
#[derive(Clone, Copy)]
struct Seed<'c> {
    /// How many values may still come.
    left: &'c Cell<usize>,
}

impl Seed<'_> {
    /// A value, if there may be one more.
    fn node<E: Error>(self, value: Value<'_>) -> Result<Node<'_>, E> {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.ok_or_else(|| E::custom(format!("there are more than {MOST_NODES} values")))?);
        Ok(Node { line: None, value })
    }
}

impl<'t> DeserializeSeed<'t> for Seed<'_> {
    type Value = Node<'t>;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Node<'t>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for Seed<'_> {
    type Value = Node<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Node<'t>, E> {
        self.node(Value::Bare(Cow::Borrowed("null")))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node<'t>, E> {
        self.node(Value::Bare(Cow::Borrowed(if value { "true" } else { "false" })))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node<'t>, E> {
        self.node(Value::Bare(Cow::Owned(value.to_string())))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node<'t>, E> {
        self.node(Value::Bare(Cow::Owned(value.to_string())))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node<'t>, E> {
        self.node(Value::Bare(Cow::Owned(value.to_string())))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'t str) -> Result<Node<'t>, E> {
        self.node(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node<'t>, E> {
        self.node(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut list: A) -> Result<Node<'t>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(self)? {
            items.push(Rc::new(item));
        }
        self.node(Value::List(items))
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Node<'t>, A::Error> {
        let mut members = Vec::new();
        while let Some(key) = map.next_key_seed(KeySeed)? {
            members.push(Member { key, node: Rc::new(map.next_value_seed(self)?) });
        }
        self.node(Value::Map(members))
    }
}

/// Reads the name of a member.
struct KeySeed;

impl<'t> DeserializeSeed<'t> for KeySeed {
    type Value = Cow<'t, str>;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'t> Visitor<'t> for KeySeed {
    type Value = Cow<'t, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'t str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

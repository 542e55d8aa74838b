//! What a definition says: fields of text or whole numbers, in the order in which they are signed.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::reading::{self, Problem};

/// The name under which an answer carries its signature.
pub(super) const SIGNATURE: &str = "signature";

/// The whole numbers that clients read: theirs are of 32 bits, and the least of those is left out.
pub(super) const NUMBERS: std::ops::RangeInclusive<i64> = -2_147_483_647..=2_147_483_647;

/// The definition of a machine, without signature.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Definition {
    /// By name as it is written. Bytewise order is the one that is signed.
    fields: BTreeMap<String, Field>,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Field {
    /// Text.
    Text(String),
    /// A whole number within [`NUMBERS`].
    Number(i32),
}

impl Definition {
    /// Reads one from JSON. A boolean becomes 1 or 0, as clients want it sent. A `signature` that is there is left out: it
    /// belongs to an answer.
    ///
    /// # Errors
    /// Everything that cannot be signed, at once.
    pub fn from_json(text: &[u8]) -> Result<Self, Vec<Problem>> {
        Self::of_members(reading::json(text)?)
    }

    /// Reads one from TOML, see [`Definition::from_json`].
    ///
    /// # Errors
    /// Everything that cannot be signed, at once.
    pub fn from_toml(text: &[u8]) -> Result<Self, Vec<Problem>> {
        Self::of_members(reading::toml(text)?)
    }

    /// Keeps what can be signed, or says why it cannot.
    fn of_members(members: Vec<(String, Value)>) -> Result<Self, Vec<Problem>> {
        let mut fields = BTreeMap::new();
        let mut problems = Vec::new();
        for (name, value) in members {
            if name == SIGNATURE {
                continue;
            }
            let known = fields.contains_key(&name);
            match reading::name(&name).and_then(|()| field(&value)) {
                Ok(_) if known => problems.push(Problem::of(&name, "it is there twice", "remove one of the two")),
                Ok(field) => {
                    fields.insert(name, field);
                }
                Err((what, remedy)) => problems.push(Problem::of(&name, what, remedy)),
            }
        }
        if problems.is_empty() { Ok(Self { fields }) } else { Err(problems) }
    }

    /// A definition of these fields; for answers, whose fields were checked.
    pub(super) fn of_fields(fields: BTreeMap<String, Field>) -> Self {
        Self { fields }
    }

    /// Every field by name, in the order in which they are signed.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.fields.iter().map(|(name, field)| (name.as_str(), field))
    }

    /// The field of exactly this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Field> {
        self.fields.get(name)
    }
}

impl Field {
    /// As it is signed: numbers in plain decimals.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        }
    }

    /// The number that it is, or that its text says.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        match self {
            Self::Text(text) => text.parse().ok(),
            Self::Number(number) => Some(i64::from(*number)),
        }
    }
}

/// What a value is as a field, or what is wrong with it and what to write instead.
pub(super) fn field(value: &Value) -> Result<Field, (&'static str, &'static str)> {
    match value {
        Value::String(text) => Ok(Field::Text(text.clone())),
        Value::Bool(flag) => Ok(Field::Number(i32::from(*flag))),
        Value::Number(number) => {
            let within = number.as_i64().filter(|number| NUMBERS.contains(number));
            let within = within.and_then(|number| i32::try_from(number).ok());
            within.map(Field::Number).ok_or((
                "clients read whole numbers from -2147483647 to 2147483647 and skip others",
                "write it as text, between quotes",
            ))
        }
        Value::Null => Err(("clients skip what is null", "leave the field out, or write an empty text")),
        Value::Array(_) => Err(("clients skip lists", "write it as text, with commas between")),
        // As the reader of TOML hands on its dates.
        Value::Object(members) if members.keys().any(|name| name.starts_with("$__toml")) => {
            Err(("clients know no dates", "write it as text, between quotes"))
        }
        Value::Object(_) => {
            Err(("clients take the inner fields of an object for outer ones", "write its fields at the top"))
        }
    }
}

//! What YAML and JSON have in common: values with the line they stand on. Text is borrowed from the input wherever it
//! stands there as it is meant.

use std::borrow::Cow;
use std::rc::Rc;

/// The most values in one file or request: a device of a request has about ten.
pub(super) const MOST_NODES: usize = 2_000_000;

/// Values inside one another deeper than this are refused; structured configurations need about fifteen.
pub(super) const DEEPEST: usize = 100;

/// A value.
#[derive(Debug)]
pub(super) struct Node<'t> {
    /// Its line, counted from 1, where it is known.
    pub(super) line: Option<usize>,
    /// What it is.
    pub(super) value: Value<'t>,
}

/// What a value is.
#[derive(Debug)]
pub(super) enum Value<'t> {
    /// A text between quotes.
    Text(Cow<'t, str>),
    /// A word without quotes: a number, true, false, null, and in YAML also text.
    Bare(Cow<'t, str>),
    /// A list. YAML can say one value in several places.
    List(Vec<Rc<Node<'t>>>),
    /// Members in the order they were written.
    Map(Vec<Member<'t>>),
}

/// A member of a map.
#[derive(Debug)]
pub(super) struct Member<'t> {
    /// Its name.
    pub(super) key: Cow<'t, str>,
    /// What it says.
    pub(super) node: Rc<Node<'t>>,
}

impl<'t> Node<'t> {
    /// The member `key`; of two that have the name the last, as Python reads it.
    pub(super) fn get(&self, key: &str) -> Option<&Node<'t>> {
        let member = self.members()?.iter().rev().find(|member| member.key == key)?;
        (!member.node.is_null()).then_some(&*member.node)
    }

    /// The members of a map.
    pub(super) fn members(&self) -> Option<&[Member<'t>]> {
        match &self.value {
            Value::Map(members) => Some(members),
            Value::Text(_) | Value::Bare(_) | Value::List(_) => None,
        }
    }

    /// The values of a list.
    pub(super) fn items(&self) -> Option<&[Rc<Node<'t>>]> {
        match &self.value {
            Value::List(items) => Some(items),
            Value::Text(_) | Value::Bare(_) | Value::Map(_) => None,
        }
    }

    /// A text between quotes.
    pub(super) fn quoted(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Bare(_) | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// A text, between quotes or not: YAML numbers are text as they were written.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Bare(text) => Some(text),
            Value::List(_) | Value::Map(_) => None,
        }
    }

    /// true or false, as YAML's older version and JSON say it.
    pub(super) fn boolean(&self) -> Option<bool> {
        let Value::Bare(word) = &self.value else { return None };
        match word.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => None,
        }
    }

    /// Whether nothing is said.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Bare(word) if matches!(&**word, "" | "~" | "null" | "Null" | "NULL"))
    }

    /// What it is, for messages; never its content, which may be a secret.
    pub(super) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Text(_) => "text",
            Value::Bare(_) if self.is_null() => "null",
            Value::Bare(_) if self.boolean().is_some() => "true or false",
            Value::Bare(_) => "a number or word",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
        }
    }
}

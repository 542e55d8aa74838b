//! The members of an object, as they are written: none is lost, also not one that is there twice.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::text::clean_line;
use crate::trouble::Trouble;

/// The largest definition or answer, in bytes: user data are a page or two.
pub(super) const LARGEST: usize = 1 << 20;
/// More fields than any client knows.
const MOST_FIELDS: usize = 1000;

/// One thing that is wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field; empty where the whole is meant.
    pub field: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: &'static str,
}

impl Problem {
    /// A file that could not be read at all.
    #[must_use]
    pub fn unread(error: &super::Error) -> Self {
        let what = if let super::Error::Unreadable { source, .. } = error {
            if source.kind() == std::io::ErrorKind::InvalidInput {
                return Self::of("", format!("{error}: {source}"), "put a file in its place");
            }
            format!("{error}: {source}")
        } else {
            error.to_string()
        };
        Self::of("", what, "see that the file can be read, and that there is one of its name")
    }

    /// One of a field; of the whole where `field` is empty.
    pub(super) fn of(field: &str, what: impl Into<String>, remedy: &'static str) -> Self {
        Self { field: field.to_owned(), what: what.into(), remedy }
    }

    /// The three parts, `source` in front.
    #[must_use]
    pub fn trouble(&self, source: &str) -> Trouble {
        let what = if self.field.is_empty() {
            format!("{source} is no definition")
        } else {
            format!("{source}: `{}` cannot be signed", self.field)
        };
        Trouble::new(&what).caused_by(&self.what).to_do(self.remedy)
    }
}

/// An object's members in their order.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                    if members.len() > MOST_FIELDS {
                        return Err(serde::de::Error::custom("it has more than 1000 fields"));
                    }
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

/// The members of a JSON object.
pub(super) fn json(text: &[u8]) -> Result<Vec<(String, Value)>, Vec<Problem>> {
    const REMEDY: &str = "write one JSON object";
    let text = bounded(text, REMEDY)?;
    let read: Result<Members, _> = serde_json::from_str(text);
    read.map(|Members(members)| members)
        .map_err(|error| vec![Problem::of("", format!("not read as JSON: {}", clean_line(&error.to_string())), REMEDY)])
}

/// The members of a TOML document.
pub(super) fn toml(text: &[u8]) -> Result<Vec<(String, Value)>, Vec<Problem>> {
    const REMEDY: &str = "write NAME = VALUE, one a line";
    let wrong = |because: String| vec![Problem::of("", because, REMEDY)];
    let text = bounded(text, REMEDY)?;
    let read: Result<Members, _> = ::toml::from_str(text);
    read.map(|Members(members)| members).map_err(|error| {
        let line = error.span().map_or(0, |span| text.get(..span.start).unwrap_or("").matches('\n').count() + 1);
        wrong(format!("line {line}: {}", clean_line(error.message())))
    })
}

/// The text, where it is no larger than a definition and has anything in it.
fn bounded<'t>(text: &'t [u8], remedy: &'static str) -> Result<&'t str, Vec<Problem>> {
    if text.len() > LARGEST {
        return Err(vec![Problem::of("", "it is larger than 1 MiB", "name a smaller file")]);
    }
    let Ok(text) = std::str::from_utf8(text) else {
        return Err(vec![Problem::of("", "it is no text in UTF-8", "write it in UTF-8")]);
    };
    if text.trim().is_empty() {
        return Err(vec![Problem::of("", "it is empty", remedy)]);
    }
    Ok(text)
}

/// Whether a field can have this name, or what is wrong with it.
pub(super) fn name(name: &str) -> Result<(), (&'static str, &'static str)> {
    if name.is_empty() {
        return Err(("its name is empty", "give it a name"));
    }
    if name.contains(['=', '\n', '\r']) {
        return Err(("its name has a `=` or a line end, which end it in what is signed", "give it another name"));
    }
    if name.eq_ignore_ascii_case(super::definition::SIGNATURE) {
        return Err(("clients take it for the signature", "remove it"));
    }
    if !name.is_ascii() {
        return Err(("it is not said how letters beyond ASCII become small ones", "write its name in ASCII"));
    }
    Ok(())
}

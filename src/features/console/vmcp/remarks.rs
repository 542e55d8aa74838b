//! What a client would refuse or ignore, although it is signed correctly.

use std::fmt;

use serde::Serialize;

use super::definition::{Definition, Field};

/// What becomes of a definition because of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Clients refuse the whole definition.
    Refused,
    /// Clients do not look at the field.
    Ignored,
}

/// What there is to say about a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// What becomes of it.
    pub severity: Severity,
    /// The field.
    pub field: String,
    /// Why, and what would be meant.
    pub why: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.severity {
            Severity::Refused => write!(f, "clients refuse it: `{}` {}", self.field, self.why),
            Severity::Ignored => write!(f, "clients ignore `{}`: {}", self.field, self.why),
        }
    }
}

/// What a field holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Text.
    Text,
    /// A whole number, also written as text.
    Number,
}

/// The fields that clients read. The last ones only those of 2020 do.
const KNOWN: [(&str, Kind); 21] = [
    ("name", Kind::Text),
    ("secret", Kind::Text),
    ("userData", Kind::Text),
    ("memory", Kind::Number),
    ("cpus", Kind::Number),
    ("disk", Kind::Number),
    ("flags", Kind::Number),
    ("cernvmVersion", Kind::Text),
    ("cernvmFlavor", Kind::Text),
    ("diskURL", Kind::Text),
    ("diskChecksum", Kind::Text),
    ("executionCap", Kind::Number),
    ("vram", Kind::Number),
    ("apiPort", Kind::Number),
    ("canOverride", Kind::Text),
    ("diskPath", Kind::Text),
    ("isoPath", Kind::Text),
    ("ovaImport", Kind::Text),
    ("ovaPath", Kind::Text),
    ("sharedFolder", Kind::Text),
    ("signature", Kind::Text),
];

/// What people write, and what clients read.
const MISTAKEN: [(&str, &str); 5] =
    [("ram", "memory"), ("vcpus", "cpus"), ("cpu", "cpus"), ("hdd", "disk"), ("user_data", "userData")];

/// What the bits of `flags` ask for, from the lowest.
const FLAGS: [&str; 11] = [
    "64-bit guest",
    "boot from diskURL",
    "guest additions",
    "context on a floppy",
    "show a window",
    "graphical extras",
    "second network card",
    "serial line to a file",
    "disk from a local file",
    "import an appliance",
    "boot from a local ISO",
];
/// The bit of `flags` that boots from `diskURL`.
const BOOT_FROM_DISK: i64 = 2;

/// What the bits of `flags` ask for, in words; nothing where it is no number.
#[must_use]
pub fn flags(definition: &Definition) -> Vec<&'static str> {
    let bits = definition.get("flags").and_then(Field::number).unwrap_or(0);
    FLAGS.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, words)| *words).collect()
}

/// What a client would refuse or ignore; the refusals first.
#[must_use]
pub fn remarks(definition: &Definition) -> Vec<Remark> {
    let mut remarks = refusals(definition);
    for (name, value) in definition.fields() {
        let known = KNOWN.iter().find(|(known, _)| *known == name);
        let why = match known {
            Some((_, Kind::Number)) => wrong_number(name, value).or_else(|| boots_from_nothing(name, definition)),
            Some((_, Kind::Text)) if name == "canOverride" => unknown_names(&value.text()),
            Some((_, Kind::Text)) => None,
            None => Some(unknown(name)),
        };
        remarks.extend(why.map(|why| Remark { severity: Severity::Ignored, field: name.to_owned(), why }));
    }
    remarks.sort_by_key(|remark| remark.severity);
    remarks
}

/// Why clients would refuse all of it.
fn refusals(definition: &Definition) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut refuse = |field: &str, why: &str| {
        remarks.push(Remark { severity: Severity::Refused, field: field.to_owned(), why: why.to_owned() });
    };
    let text = |name: &str| definition.get(name).map(Field::text);
    match text("name") {
        None => refuse("name", "is missing"),
        Some(name) if name.is_empty() => refuse("name", "is empty"),
        Some(name) if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-_~".contains(&byte)) => {
            refuse("name", "has characters other than letters, digits and +-_~");
        }
        Some(_) => {}
    }
    if text("secret").is_none() {
        refuse("secret", "is missing");
    }
    if text("diskURL").is_some() && text("diskChecksum").is_none() {
        refuse("diskChecksum", "is missing, which goes with diskURL");
    }
    remarks
}

/// What is wrong with a field of whole numbers.
fn wrong_number(name: &str, value: &Field) -> Option<String> {
    let Some(number) = value.number() else { return Some("it is no whole number".to_owned()) };
    let (least, most) = match name {
        "flags" => (0, (1 << FLAGS.len()) - 1),
        "executionCap" => (1, 100),
        "apiPort" => (1, 65_535),
        "cpus" | "memory" => (1, i64::from(i32::MAX)),
        _ => (0, i64::from(i32::MAX)),
    };
    (!(least..=most).contains(&number)).then(|| match name {
        "flags" => format!("clients know its bits up to {}", 1 << (FLAGS.len() - 1)),
        _ => format!("it takes {least} to {most}"),
    })
}

/// Why `flags` asks for a disk that is not there.
fn boots_from_nothing(name: &str, definition: &Definition) -> Option<String> {
    let bits = definition.get("flags").and_then(Field::number).filter(|_| name == "flags")?;
    let nowhere = bits & BOOT_FROM_DISK != 0 && definition.get("diskURL").is_none();
    nowhere.then(|| format!("its bit {BOOT_FROM_DISK} boots from diskURL, which is missing"))
}

/// The names in `canOverride` that are no fields.
fn unknown_names(list: &str) -> Option<String> {
    let is_unknown = |name: &&str| !KNOWN.iter().any(|(known, _)| known == name);
    let unknown: Vec<_> = list.split(',').map(str::trim).filter(|name| !name.is_empty()).filter(is_unknown).collect();
    (!unknown.is_empty()).then(|| format!("in it {}, which they do not know", unknown.join(", ")))
}

/// Why a field is not known, and what may be meant.
fn unknown(name: &str) -> String {
    let other_case = KNOWN.iter().map(|(known, _)| *known).find(|known| known.eq_ignore_ascii_case(name));
    let mistaken = MISTAKEN.iter().find(|(written, _)| written.eq_ignore_ascii_case(name)).map(|(_, meant)| *meant);
    match other_case.or(mistaken) {
        Some(meant) => format!("they read `{meant}`"),
        None => "they do not know it".to_owned(),
    }
}

//! The forwards of a lab as a file: to make them again after a rebuild.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Snapshot, Wanted};
use crate::text::clean_line;

/// What tells such a file from others.
const FORMAT: &str = "noctui lab forwards";
/// The version that is written.
const VERSION: u32 = 1;
/// Far above what a gateway has ports for.
const MOST: usize = 10_000;

/// A saved set of forwards. The gateway's own ports are not in it: it never gives the same ones again. One odd row of
/// a file that is read takes nothing from the others: it is told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Saved {
    format: String,
    version: u32,
    /// Of which lab.
    pub lab: String,
    /// The forwards, by name and port.
    pub forwards: Vec<Wanted>,
    /// Those that were read and say nothing.
    #[serde(skip)]
    pub unreadable: Vec<Unusable>,
}

/// A saved forward that cannot be made, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unusable {
    /// What it is called.
    pub title: String,
    /// Why.
    pub why: String,
}

/// A text is no saved set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFile {
    /// It is something else.
    #[error("this is no file of saved forwards: {0}")]
    Other(String),
    /// A later noctui wrote it.
    #[error("the file has version {0}; this noctui reads version {VERSION}")]
    Newer(u64),
    /// There is too much in it.
    #[error("the file has more than {MOST} forwards")]
    TooMany,
}

impl Saved {
    /// The forwards that a lab lists, each once; and apart from them those that cannot be made again, which are not in it.
    #[must_use]
    pub fn of(lab: &str, snapshot: &Snapshot) -> (Self, Vec<Unusable>) {
        let mut forwards: Vec<Wanted> = snapshot.forwards.iter().map(super::Forward::wanted).collect();
        forwards.sort();
        forwards.dedup();
        let (format, lab) = (FORMAT.to_owned(), lab.to_owned());
        let mut saved = Self { format, version: VERSION, lab, forwards, unreadable: Vec::new() };
        let unusable = saved.unusable();
        saved.forwards.retain(|wanted| wanted.check().is_ok());
        (saved, unusable)
    }

    /// Whether it was written for another lab than this one.
    #[must_use]
    pub fn is_of_another(&self, lab: &str) -> bool {
        !self.lab.is_empty() && self.lab != lab
    }

    /// As a text that people can read and compare.
    #[must_use]
    pub fn write(&self) -> String {
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }

    /// Those of which no forward can be made again.
    #[must_use]
    pub fn unusable(&self) -> Vec<Unusable> {
        let refused = self.forwards.iter().filter_map(|wanted| {
            let why = wanted.check().err()?.to_string();
            Some(Unusable { title: clean_line(&wanted.title()), why })
        });
        self.unreadable.iter().cloned().chain(refused).collect()
    }

    /// Reads one. Whether each of its forwards can be made is another question.
    pub fn read(text: &str) -> Result<Self, BadFile> {
        let other = |why: &str| BadFile::Other(why.to_owned());
        let read: Value = serde_json::from_str(text).map_err(|error| BadFile::Other(syntax(&error)))?;
        if read.get("format").and_then(Value::as_str) != Some(FORMAT) {
            return Err(BadFile::Other(format!("its format is not \"{FORMAT}\"")));
        }
        let version = read.get("version").and_then(Value::as_u64).ok_or_else(|| other("it has no version"))?;
        if version > u64::from(VERSION) {
            return Err(BadFile::Newer(version));
        }
        let items =
            read.get("forwards").and_then(Value::as_array).ok_or_else(|| other("it has no list of forwards"))?;
        if items.len() > MOST {
            return Err(BadFile::TooMany);
        }
        let (mut forwards, mut unreadable) = (Vec::new(), Vec::new());
        for (at, item) in items.iter().enumerate() {
            match forward(item) {
                Ok(wanted) => forwards.push(wanted),
                Err(why) => {
                    let name = item.get("name").and_then(Value::as_str).map(clean_line).unwrap_or_default();
                    let title = format!("forward {} {name}", at + 1).trim_end().to_owned();
                    unreadable.push(Unusable { title, why });
                }
            }
        }
        let lab = read.get("lab").and_then(Value::as_str).map(clean_line).unwrap_or_default();
        Ok(Self { format: FORMAT.to_owned(), version: VERSION, lab, forwards, unreadable })
    }
}

/// Why a text is no JSON, in words.
fn syntax(error: &serde_json::Error) -> String {
    if error.is_eof() {
        "it ends too early".to_owned()
    } else {
        format!("it is no JSON, from line {} on", error.line())
    }
}

/// One forward of the file, or what is missing.
fn forward(item: &Value) -> Result<Wanted, String> {
    let text = |name: &str| {
        let found = item.get(name).and_then(Value::as_str).map(str::to_owned);
        found.ok_or_else(|| format!("its {name} is missing or no text"))
    };
    let target = item.get("target").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
    Ok(Wanted {
        name: text("name")?,
        component: text("component")?,
        address: text("address")?,
        target: target.ok_or("its target is missing or no port")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::lab::model::Forward;

    fn forward(port: u16, name: &str, address: &str, target: u16) -> Forward {
        let (name, component, address) = (name.to_owned(), "CentOS".to_owned(), address.to_owned());
        Forward { port, name, component, address, target }
    }

    fn saved(forwards: Vec<Forward>) -> (Saved, Vec<Unusable>) {
        Saved::of("training", &Snapshot { forwards, ..Snapshot::default() })
    }

    #[test]
    fn what_was_written_is_read_and_duplicates_are_written_once() {
        let of = |port, name| forward(port, name, "192.168.1.20", 22);
        let (saved, unusable) = saved(vec![of(50_002, "web02"), of(50_001, "web01"), of(50_003, "web01")]);
        let names: Vec<&str> = saved.forwards.iter().map(|wanted| wanted.name.as_str()).collect();
        assert_eq!(names, ["web01", "web02"]);
        assert_eq!(Saved::read(&saved.write()).unwrap(), saved);
        assert_eq!((unusable, saved.unusable()), (vec![], vec![]));
    }

    #[test]
    fn one_odd_row_takes_nothing_from_the_others() {
        let mut odd = forward(50_004, "", "192.168.1.23", 22);
        odd.component = String::new();
        let (saved, unusable) = saved(vec![
            forward(50_001, "web01", "192.168.1.20", 22),
            forward(50_002, "zero", "192.168.1.21", 0),
            forward(50_003, "host", "host.lab", 22),
            odd,
        ]);
        let titles: Vec<String> = unusable.into_iter().map(|odd| odd.title).collect();
        assert_eq!(titles, ["host 22", "zero 0"]);
        // A forward without a name can be made again as it was; what is saved can be restored without an error.
        let read = Saved::read(&saved.write()).unwrap();
        assert_eq!((read.forwards.len(), read.unusable()), (2, vec![]));
    }

    #[test]
    fn a_forward_that_says_nothing_is_told_and_the_others_are_read() {
        let text = format!(
            r#"{{"format":"{FORMAT}","version":1,"lab":"x","forwards":[{{"name":"a","component":"CentOS","address":"192.168.1.1","target":70000}},
            {{"name":"b","component":"CentOS","address":"192.168.1.2","target":22}}, 7]}}"#
        );
        let read = Saved::read(&text).unwrap();
        assert_eq!(read.forwards.len(), 1);
        let told: Vec<String> = read.unusable().iter().map(|odd| format!("{}: {}", odd.title, odd.why)).collect();
        assert_eq!(
            told,
            ["forward 1 a: its target is missing or no port", "forward 3: its name is missing or no text"]
        );
    }

    #[test]
    fn another_file_is_refused_with_its_reason() {
        let told = |text: &str| Saved::read(text).unwrap_err().to_string();
        assert_eq!(told("<html>"), "this is no file of saved forwards: it is no JSON, from line 1 on");
        assert_eq!(told("{\"format\":"), "this is no file of saved forwards: it ends too early");
        assert_eq!(told("[1]"), format!("this is no file of saved forwards: its format is not \"{FORMAT}\""));
        let file = format!(r#"{{"format":"{FORMAT}","version":2,"lab":"x","forwards":[]}}"#);
        assert_eq!(told(&file), "the file has version 2; this noctui reads version 1");
    }
}

//! The forwards of a lab as a file: to make them again after a rebuild.

use serde::{Deserialize, Serialize};

use super::{Snapshot, Unwanted, Wanted};

/// What tells such a file from others.
const FORMAT: &str = "noctui lab forwards";
/// The version that is written.
const VERSION: u32 = 1;
/// Far above what a gateway has ports for.
const MOST: usize = 10_000;

/// A saved set of forwards. The gateway's own ports are not in it: it never gives the same ones again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    format: String,
    version: u32,
    /// Of which lab.
    pub lab: String,
    /// The forwards, by name and port.
    pub forwards: Vec<Wanted>,
}

/// A text is no saved set.
#[derive(Debug, thiserror::Error)]
pub enum BadFile {
    /// It is something else.
    #[error("this is no file of saved forwards")]
    Other(#[source] Option<serde_json::Error>),
    /// A later noctui wrote it.
    #[error("the file has version {0}; this noctui reads version {VERSION}")]
    Newer(u32),
    /// There is too much in it.
    #[error("the file has more than {MOST} forwards")]
    TooMany,
    /// One of its forwards cannot be made.
    #[error("forward {number}, {title}, cannot be made")]
    Unwanted {
        /// Which one, counted from 1.
        number: usize,
        /// What it is called.
        title: String,
        /// Why.
        #[source]
        source: Unwanted,
    },
}

impl Saved {
    /// The forwards that a lab lists, each once.
    #[must_use]
    pub fn of(lab: &str, snapshot: &Snapshot) -> Self {
        let mut forwards: Vec<Wanted> = snapshot.forwards.iter().map(super::Forward::wanted).collect();
        forwards.sort();
        forwards.dedup();
        Self { format: FORMAT.to_owned(), version: VERSION, lab: lab.to_owned(), forwards }
    }

    /// As a text that people can read and compare.
    #[must_use]
    pub fn write(&self) -> String {
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }

    /// Reads one; everything in it can be made.
    pub fn read(text: &str) -> Result<Self, BadFile> {
        let saved: Self = serde_json::from_str(text).map_err(|error| BadFile::Other(Some(error)))?;
        if saved.format != FORMAT {
            return Err(BadFile::Other(None));
        }
        if saved.version > VERSION {
            return Err(BadFile::Newer(saved.version));
        }
        if saved.forwards.len() > MOST {
            return Err(BadFile::TooMany);
        }
        for (at, wanted) in saved.forwards.iter().enumerate() {
            let title = crate::text::clean_line(&wanted.title());
            wanted.check().map_err(|source| BadFile::Unwanted { number: at + 1, title, source })?;
        }
        Ok(saved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::lab::model::Forward;

    #[test]
    fn what_was_written_is_read_and_duplicates_are_written_once() {
        let forward = |port, name: &str| Forward {
            port,
            name: name.to_owned(),
            component: "CentOS".to_owned(),
            address: "192.168.1.20".to_owned(),
            target: 22,
        };
        let forwards = vec![forward(50_002, "web02"), forward(50_001, "web01"), forward(50_003, "web01")];
        let saved = Saved::of("training", &Snapshot { forwards, ..Snapshot::default() });
        let names: Vec<&str> = saved.forwards.iter().map(|wanted| wanted.name.as_str()).collect();
        assert_eq!(names, ["web01", "web02"]);
        assert_eq!(Saved::read(&saved.write()).unwrap(), saved);
    }

    #[test]
    fn another_file_is_refused_with_its_reason() {
        let told = |text: &str| Saved::read(text).unwrap_err().to_string();
        assert_eq!(told("<html>"), "this is no file of saved forwards");
        let file = |version: u32, address: &str| {
            format!(
                r#"{{"format":"{FORMAT}","version":{version},"lab":"x","forwards":[{{"name":"a","component":"CentOS","address":"{address}","target":22}}]}}"#
            )
        };
        assert_eq!(told(&file(2, "192.168.1.1")), "the file has version 2; this noctui reads version 1");
        assert_eq!(told(&file(1, "192.168.1.0/24")), "forward 1, a 22, cannot be made");
        assert!(Saved::read(&file(1, "192.168.1.1")).is_ok());
    }
}

//! What is wrong with the input, and where.

use std::fmt;
use std::io;
use std::path::Path;

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::super::model::Origin;
use crate::text::clean_line;
use crate::trouble::Trouble;

/// More problems than this nobody reads.
const MOST: usize = 100;

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The file or the member.
    pub(super) origin: Origin,
    /// The line in the file, counted from 1, where one is meant.
    pub(super) line: Option<usize>,
}

impl Place {
    /// The file at `path` as a whole.
    pub(super) fn file(path: &Path) -> Self {
        Self { origin: Origin::File(path.to_owned()), line: None }
    }

    /// The member of a request.
    pub(super) fn member(path: &str) -> Self {
        Self { origin: Origin::Request(short(path)), line: None }
    }

    /// A line of the same file.
    pub(super) fn at(&self, line: Option<usize>) -> Self {
        Self { origin: self.origin.clone(), line }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, or the member of the request. An empty member is the request as a whole.
    pub origin: Origin,
    /// The line, counted from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong, with what was written.
    pub what: String,
    /// What is accepted, or why it cannot be.
    pub because: String,
    /// What to do about it.
    pub remedy: String,
}

impl Problem {
    /// What is wrong at `place`. Its words are made harmless here.
    pub(super) fn new(place: &Place, what: &str, because: &str, remedy: &str) -> Self {
        let Place { origin, line } = place.clone();
        Self { origin, line, what: short(what), because: short(because), remedy: short(remedy) }
    }

    /// A file or folder cannot be read.
    pub(super) fn unreadable(path: &Path, error: &io::Error) -> Self {
        let remedy = if error.kind() == io::ErrorKind::NotFound {
            "correct the path"
        } else if error.kind() == io::ErrorKind::PermissionDenied {
            "change its owner or permissions"
        } else {
            "name something that can be read"
        };
        Self::new(&Place::file(path), "it cannot be read", &error.to_string(), remedy)
    }

    /// Where it stands: `intended/configs/leaf1.cfg:3`, or `devices.leaf1.configlet`.
    #[must_use]
    pub fn place(&self) -> String {
        match self.line {
            Some(line) => format!("{}:{line}", self.origin),
            None => self.origin.to_string(),
        }
    }

    /// The three parts, the place in front.
    #[must_use]
    pub fn trouble(&self) -> Trouble {
        Trouble::new(&self.placed()).caused_by(&self.because).to_do(&self.remedy)
    }

    /// Place and what is wrong there.
    fn placed(&self) -> String {
        let place = self.place();
        if place.is_empty() { self.what.clone() } else { format!("{place}: {}", self.what) }
    }
}

/// `text` made harmless, and cut where it repeats too much of the input.
fn short(text: &str) -> String {
    const LONGEST: usize = 400;
    let text = clean_line(text);
    if text.chars().count() <= LONGEST { text } else { text.chars().take(LONGEST).chain(['…']).collect() }
}

/// On one line, without what to do.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.placed())?;
        if self.because.is_empty() { Ok(()) } else { write!(f, " ({})", self.because) }
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Problem", 5)?;
        fields.serialize_field("place", &self.origin.to_string())?;
        fields.serialize_field("line", &self.line)?;
        fields.serialize_field("what", &self.what)?;
        fields.serialize_field("because", &self.because)?;
        fields.serialize_field("do", &self.remedy)?;
        fields.end()
    }
}

/// Everything that keeps the input from being deployed; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [problem] => problem.fmt(f),
            problems => write!(f, "the input has {} problems", problems.len()),
        }
    }
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// What keeps the input from being deployed.
    problems: Vec<Problem>,
    /// How many problems there were besides.
    more: usize,
    /// What does not.
    warnings: Vec<Problem>,
}

impl Findings {
    /// Notes a problem.
    pub(super) fn refuse(&mut self, problem: Problem) {
        if self.problems.len() < MOST {
            self.problems.push(problem);
        } else {
            self.more += 1;
        }
    }

    /// Notes what should be known.
    pub(super) fn warn(&mut self, problem: Problem) {
        if self.warnings.len() < MOST {
            self.warnings.push(problem);
        }
    }

    /// Whether nothing keeps the input from being deployed.
    pub(super) fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    /// The warnings, or the problems where there are any.
    pub(super) fn finish(mut self) -> Result<Vec<Problem>, Problems> {
        if self.problems.is_empty() {
            return Ok(self.warnings);
        }
        if self.more > 0 {
            let what = format!("{} more problems were found", self.more);
            let because = format!("only the first {MOST} are told");
            self.problems.push(Problem::new(&Place::member(""), &what, &because, "correct those first"));
        }
        Err(Problems(self.problems))
    }
}

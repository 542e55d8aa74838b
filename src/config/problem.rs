//! What is wrong with a configuration, and where it was written.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use crate::text;
use crate::trouble::Trouble;

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A flag on the command line, such as `--color`.
    Flag(&'static str),
    /// An environment variable, such as `NOCTUI_COLOR`.
    Variable(&'static str),
    /// A place in the configuration file.
    File {
        /// The file as it was asked for.
        path: Arc<Path>,
        /// Counted from 1; 0 when the file as a whole is meant.
        line: usize,
        /// Counted in characters from 1.
        column: usize,
    },
}

impl Origin {
    /// The line in the file, counted from 1; 0 when no line is meant.
    #[must_use]
    pub fn line(&self) -> usize {
        match self {
            Self::Flag(_) | Self::Variable(_) => 0,
            Self::File { line, .. } => *line,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::File { path, line: 0, .. } => write!(f, "{}", path.display()),
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
        }
    }
}

/// A value together with where it was written, for whoever finds fault with it later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub origin: Origin,
}

/// One thing that is wrong, with its fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it was written.
    pub origin: Origin,
    /// The setting as a dotted path such as `log.level`; empty when no setting is meant.
    pub key: String,
    /// What is wrong, with the bad value.
    pub what: String,
    /// What is accepted, or why it cannot be.
    pub because: String,
    /// What to write instead.
    pub remedy: String,
}

impl Problem {
    /// Whether it is about which theme is drawn with, or about a file in `themes`.
    pub(super) fn is_about_a_theme(&self, themes: &Path) -> bool {
        let is_of_file = matches!(&self.origin, Origin::File { path, .. } if path.starts_with(themes));
        self.key == "theme" || is_of_file
    }

    /// The three parts, the place in front.
    #[must_use]
    pub fn trouble(&self) -> Trouble {
        Trouble::new(&format!("{}: {}", self.origin, self.what)).caused_by(&self.because).to_do(&self.remedy)
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Problem", 7)?;
        let (from, line, column) = match &self.origin {
            Origin::Flag(name) | Origin::Variable(name) => ((*name).to_owned(), 0, 0),
            Origin::File { path, line, column } => (path.display().to_string(), *line, *column),
        };
        fields.serialize_field("from", &from)?;
        fields.serialize_field("line", &(line > 0).then_some(line))?;
        fields.serialize_field("column", &(line > 0).then_some(column))?;
        fields.serialize_field("key", &text::clean_line(&self.key))?;
        fields.serialize_field("what", &text::clean_line(&self.what))?;
        fields.serialize_field("because", &text::clean_line(&self.because))?;
        fields.serialize_field("do", &text::clean_line(&self.remedy))?;
        fields.end()
    }
}

/// Everything that is wrong with a configuration, in the order of the file; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("the configuration has a problem"),
            count => write!(f, "the configuration has {count} problems"),
        }
    }
}

/// The word of `known` that `typed` was probably meant to be: at most a third of its letters away (one is always
/// allowed), or else one that begins like it.
pub(crate) fn nearest<'k>(typed: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> Option<&'k str> {
    // Longer input is not a slip of the fingers, and the distance costs its square.
    const LONGEST: usize = 64;
    if typed.len() > LONGEST {
        return None;
    }
    let typed = typed.to_lowercase();
    let slip = known
        .clone()
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&typed, word), word))
        .filter(|(distance, word)| *distance <= (word.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word);
    let begins_like = |word: &&str| {
        let shorter = typed.len().min(word.len());
        shorter >= 3 && (typed.starts_with(word) || word.starts_with(&typed))
    };
    slip.or_else(|| known.into_iter().find(begins_like))
}

/// `"a"`, `"a" or "b"`, `"a", "b" or "c"`.
pub(crate) fn either<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("\"{word}\"")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_a_slip_away_or_it_is_none() {
        let known = ["theme", "time_zone", "read_only"];
        assert_eq!(nearest("tehme", known), Some("theme"));
        assert_eq!(nearest("Timezone", known), Some("time_zone"));
        assert_eq!(nearest("readonly", known), Some("read_only"));
        assert_eq!(nearest("time", known), Some("time_zone"));
        assert_eq!(nearest("themes.dir", known), Some("theme"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest(&"x".repeat(1_000_000), known), None);
    }

    #[test]
    fn a_list_of_words_reads_as_a_sentence() {
        assert_eq!(either(["a"]), "\"a\"");
        assert_eq!(either(["a", "b"]), "\"a\" or \"b\"");
        assert_eq!(either(["a", "b", "c"]), "\"a\", \"b\" or \"c\"");
    }
}

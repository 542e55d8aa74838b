//! Patterns that choose devices.

use std::fmt;
use std::str::FromStr;

use globset::{GlobBuilder, GlobMatcher};

use super::Setting;
use crate::text::clean_line;

/// The longest pattern, in bytes: what a glob costs grows with it.
const LONGEST: usize = 256;

/// A glob: `*`, `?`, `[a-c]`, `{leaf,spine}-*`. It matches a name as a whole, in upper and lower case as written.
#[derive(Clone)]
pub struct Pattern {
    /// As it was written.
    text: String,
    /// The same, ready to be used.
    matcher: GlobMatcher,
}

/// Why something is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    /// Nothing, or too much.
    #[error("a pattern has 1 to {LONGEST} characters, none of them a control character")]
    Length,
    /// A bracket or brace is not closed, or the like.
    #[error("{0}")]
    Glob(String),
    /// A filter of tags has no colon, or no label before it.
    #[error("a tag is chosen with LABEL:VALUE, the value may be a pattern")]
    Tag,
}

impl Pattern {
    /// Whether `name` is meant.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.matcher.is_match(name)
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Pattern {
    type Err = BadPattern;

    fn from_str(text: &str) -> Result<Self, BadPattern> {
        if text.is_empty() || text.len() > LONGEST || clean_line(text) != text {
            return Err(BadPattern::Length);
        }
        let glob = GlobBuilder::new(text).build().map_err(|error| BadPattern::Glob(error.kind().to_string()))?;
        Ok(Self { text: text.to_owned(), matcher: glob.compile_matcher() })
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.text)
    }
}

impl Setting for Pattern {
    fn takes() -> String {
        "a pattern of host names such as \"leaf-*\", \"dc1-{leaf,spine}-?\" or \"*-[1-4]\"".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// A tag that a device has to carry: `role:leaf`, `topology_hint_pod:dc1-*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagFilter {
    /// The label, as it is.
    pub label: String,
    /// The value.
    pub value: Pattern,
}

impl FromStr for TagFilter {
    type Err = BadPattern;

    fn from_str(text: &str) -> Result<Self, BadPattern> {
        let (label, value) = text.split_once(':').ok_or(BadPattern::Tag)?;
        if label.trim().is_empty() || label.len() > LONGEST || clean_line(label) != label {
            return Err(BadPattern::Tag);
        }
        Ok(Self { label: label.to_owned(), value: value.parse()? })
    }
}

impl fmt::Display for TagFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.label, self.value)
    }
}

impl Setting for TagFilter {
    fn takes() -> String {
        "a tag such as \"role:leaf\" or \"pod:dc1-*\"".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_whole_names() {
        let pattern: Pattern = "{leaf,spine}-[1-3]*".parse().unwrap();
        assert!(pattern.matches("leaf-1a") && pattern.matches("spine-3"));
        assert!(!pattern.matches("leaf-4") && !pattern.matches("dc1-leaf-1") && !pattern.matches("Leaf-1"));
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        let why = |text: &str| text.parse::<Pattern>().unwrap_err().to_string();
        assert!(why("leaf-[").contains("unclosed character class"), "{}", why("leaf-["));
        assert!(why("{a").contains("unclosed alternate group"), "{}", why("{a"));
        for text in ["", "a\u{1b}b", &"x".repeat(LONGEST + 1)] {
            assert_eq!(text.parse::<Pattern>(), Err(BadPattern::Length));
        }
    }

    #[test]
    fn a_tag_filter_is_split_at_its_first_colon() {
        let filter: TagFilter = "peer:leaf1:*".parse().unwrap();
        assert_eq!((filter.label.as_str(), filter.value.as_str()), ("peer", "leaf1:*"));
        assert_eq!(filter.to_string(), "peer:leaf1:*");
        for wrong in ["role", ":leaf", " :leaf"] {
            assert_eq!(wrong.parse::<TagFilter>(), Err(BadPattern::Tag), "{wrong}");
        }
        assert_eq!("role:".parse::<TagFilter>(), Err(BadPattern::Length));
    }
}

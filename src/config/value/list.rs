//! Settings that have several values.

use toml::de::DeValue;

use super::{Endpoint, Pattern, Setting, TagFilter};

/// The most values in one list: of nodes, patterns, tags and arguments.
const MOST: usize = 64;

/// A list of values, or one value without its brackets. Never empty, and none is there twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct List<T>(pub(crate) Vec<T>);

/// What can be in a [`List`].
pub(crate) trait Item: Setting + PartialEq {
    /// What a list of them is called, to follow "or".
    const MANY: &'static str;
}

impl Item for Endpoint {
    const MANY: &'static str = "a list of the nodes of one cluster";
}

impl Item for Pattern {
    const MANY: &'static str = "a list of patterns";
}

impl Item for TagFilter {
    const MANY: &'static str = "a list of tags";
}

impl<T: Item> Setting for List<T> {
    fn takes() -> String {
        format!("{}, or {}", T::takes(), T::MANY)
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(Self(vec![T::from_text(text)?]))
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        let Some(items) = value.as_array() else { return Self::from_text(value.as_str()?) };
        let items: Vec<T> = items.iter().map(|item| T::from_value(item.get_ref())).collect::<Option<_>>()?;
        let once = items.iter().enumerate().all(|(at, item)| !items.iter().take(at).any(|other| other == item));
        (once && (1..=MOST).contains(&items.len())).then_some(Self(items))
    }
}

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words(pub(crate) Vec<String>);

impl Setting for Words {
    // A token can be among the arguments.
    const PRIVATE: bool = true;

    fn takes() -> String {
        "a list of a program and its arguments such as [\"pass\", \"show\", \"cloudvision\"]; a text is split at its blanks, \
         and no shell reads it"
            .to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        // Somebody expects a shell.
        let shell =
            |c: char| matches!(c, '\'' | '"' | '\\' | '$' | '`' | '|' | '&' | ';' | '<' | '>' | '~' | '*' | '\n');
        if text.contains(shell) { None } else { Self::of(text.split(' ').filter(|word| !word.is_empty())) }
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        let Some(items) = value.as_array() else { return Self::from_text(value.as_str()?) };
        let words: Vec<&str> = items.iter().map(|item| item.get_ref().as_str()).collect::<Option<_>>()?;
        Self::of(words.into_iter())
    }
}

impl Words {
    /// These words, if they name a program.
    fn of<'w>(words: impl Iterator<Item = &'w str>) -> Option<Self> {
        let words: Vec<String> = words.map(str::to_owned).collect();
        let named = words.first().is_some_and(|program| !program.trim().is_empty());
        (named && words.len() <= MOST && !words.iter().any(|word| word.contains('\0'))).then_some(Self(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the value of a TOML line.
    fn read<T: Setting>(value: &str) -> Option<T> {
        let text = format!("key = {value}");
        let table = toml::de::DeTable::parse(&text).unwrap();
        T::from_value(table.get_ref().get("key").unwrap().get_ref())
    }

    #[test]
    fn one_value_needs_no_brackets_and_several_are_told_once_each() {
        let nodes = |value| read::<List<Endpoint>>(value).map(|List(nodes)| nodes.len());
        assert_eq!(nodes("'cvp.example'"), Some(1));
        assert_eq!(nodes("['cvp1.example', 'cvp2.example:8443']"), Some(2));
        for wrong in ["[]", "3", "['a', 'a:443']", "['a', 3]", "['https://a']"] {
            assert_eq!(nodes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_command_is_a_list_or_a_text_without_shell() {
        let words = |value| read::<Words>(value).map(|Words(words)| words.join("|"));
        assert_eq!(words("['pass', 'show', 'a b']").as_deref(), Some("pass|show|a b"));
        assert_eq!(words("'pass show  cv'").as_deref(), Some("pass|show|cv"));
        assert_eq!(words("[\"sh\", \"-c\", \"echo $X | tr a b\"]").as_deref(), Some("sh|-c|echo $X | tr a b"));
        for wrong in ["'echo $X'", "\"echo 'a b'\"", "'a | b'", "'~/bin/x'", "''", "[]", "['']", "[1]"] {
            assert_eq!(words(wrong), None, "{wrong}");
        }
    }
}

//! Patterns of rule files: regular expressions in which blanks and digits mean what they look like.

use regex::{Regex, RegexBuilder};
use toml::Spanned;

use super::error::Problem;
use super::file::Field;

/// A compiled pattern may take this much memory: a pattern of a user that needs more is an error, not a stop.
const PATTERN_BYTES: usize = 2 * 1024 * 1024;

/// A pattern; its groups are fields if `with_fields`.
pub(super) fn pattern(found: &Spanned<String>, key: &'static str, with_fields: bool) -> Result<Regex, Problem> {
    let regex =
        RegexBuilder::new(&any_blanks(found.as_ref())).multi_line(true).size_limit(PATTERN_BYTES).build().map_err(
            |error| Problem::new(found.span(), key, one_line(&error), "write a regular expression of the regex crate"),
        )?;
    let unknown = regex.capture_names().flatten().find(|name| with_fields && Field::from_name(name).is_none());
    match unknown {
        Some(name) => {
            let problem = format!("the group {name:?} is no field");
            Err(Problem::new(found.span(), key, problem, "name groups after fields, such as (?<circuit>…)"))
        }
        None => Ok(regex),
    }
}

/// A pattern in which each blank stands for one or more, since nobody sees how many there are, and `\d` for the digits of
/// ASCII: those of all scripts take several times the memory, and dates are not written in them. Likewise `\b`, which in all
/// scripts keeps the quick engine from any text with a letter beyond ASCII.
pub(super) fn any_blanks(pattern: &str) -> String {
    // Under `x` blanks are layout of the pattern.
    let blanks = !pattern.trim_start().starts_with("(?x");
    let mut written = String::with_capacity(pattern.len() + 8);
    let mut in_class = false;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('d') => written.push_str(if in_class { "0-9" } else { DIGIT }),
                Some('b') if !in_class && chars.peek() != Some(&'{') => written.push_str(EDGE),
                escaped => written.extend(std::iter::once(c).chain(escaped)),
            },
            ' ' if blanks && !in_class && !matches!(chars.peek(), Some('+' | '*' | '?' | '{')) => {
                written.push_str(" +");
            }
            _ => {
                match c {
                    '[' => in_class = true,
                    ']' => in_class = false,
                    _ => {}
                }
                written.push(c);
            }
        }
    }
    written
}

/// What takes the place of `\d`.
const DIGIT: &str = "[0-9]";
/// What takes the place of `\b`.
const EDGE: &str = r"(?-u:\b)";

/// A pattern as its writer wrote it, near enough: [`any_blanks`] undone.
pub(super) fn as_written(pattern: &str) -> String {
    let pattern = pattern.replace(DIGIT, r"\d").replace(EDGE, r"\b");
    if pattern.trim_start().starts_with("(?x") { pattern } else { pattern.replace(" +", " ") }
}

/// The last line of a pattern error: what is wrong, without the picture.
fn one_line(error: &regex::Error) -> String {
    error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_digits_of_patterns_are_taken_as_they_are_meant() {
        for (written, taken) in [
            (r"Ticket \d+ of", r"Ticket +[0-9]+ +of"),
            (r"[\d ,]+ x", r"[0-9 ,]+ +x"),
            (r"a\ b \\d", r"a\ b +\\d"),
            (r"\[ \d\]", r"\[ +[0-9]\]"),
            (r"a ?b *c", r"a ?b *c"),
            (r"(?x) a \d", r"(?x) a [0-9]"),
            (r"\bTTN-\d", r"(?-u:\b)TTN-[0-9]"),
            (r"\", r"\"),
        ] {
            assert_eq!(any_blanks(written), taken);
        }
        assert_eq!(as_written(r"Ticket +[0-9]+ +of"), r"Ticket \d+ of");
    }
}

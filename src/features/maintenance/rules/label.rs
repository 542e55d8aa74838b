//! What belongs to a label beyond the words that a rule knows: a plural, a bracket, `No.`, more words up to a colon.
//!
//! Providers change such things without telling anybody. What is left of a longer label is never its value: either the value
//! is found behind it, or the label is another one.

use super::fold;

/// Words that make a label longer and say nothing.
const WORDS: [&str; 10] = ["no", "nos", "nr", "num", "number", "id", "ref", "reference", "name", "code"];
/// Words that go on with a label: `of the works`.
const LINKS: [&str; 13] =
    ["of", "for", "and", "or", "&", "in", "on", "under", "affected", "impacted", "involved", "list", "details"];
/// More words than this between a label and a colon are no label.
const MAX_WORDS: usize = 5;
/// A longer word than this in a bracket is told apart by its digits: `(2)` counts, `(12345)` is a value.
const MAX_COUNT_CHARS: usize = 2;

/// What the step that looks for a label takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// A time, whose zone may stand in a bracket or a word.
    pub(super) is_time: bool,
    /// The next cell of the row has a text that may be the value.
    pub(super) has_neighbour: bool,
}

/// The rest of `line` after `label`, which is folded. Where the label ends with a colon, small additions may stand before it.
pub(super) fn after<'l>(line: &'l str, label: &str) -> Option<&'l str> {
    fold::after(line, label).or_else(|| {
        let rest = fold::after(line, label.strip_suffix(':')?.trim_end())?;
        let rest = blank(added(rest, true));
        rest.strip_prefix(':').or_else(|| Some(rest.split_once(':').filter(|(words, _)| go_on(words))?.1))
    })
}

/// The rest of `line` after the first place where `label` occurs.
pub(super) fn within<'l>(line: &'l str, label: &str) -> Option<&'l str> {
    line.char_indices().find_map(|(at, _)| after(line.get(at..)?, label))
}

/// Whether nothing is left of a label behind the words that were found.
pub(super) fn is_whole(rest: &str) -> bool {
    let rest = added(rest, true).trim_matches([':', ' ', '\n']);
    rest.is_empty() || go_on(rest)
}

/// What of the text behind a label is its value, which is empty where it stands elsewhere; `None` if the words that were
/// found begin another label.
pub(super) fn value<'l>(line: &str, rest: &'l str, wanted: Wanted) -> Option<&'l str> {
    let found = line.get(..line.len().saturating_sub(rest.len())).unwrap_or_default();
    if found.trim_end().ends_with(':') || blank(rest).starts_with(':') {
        return Some(rest);
    }
    let all = added(rest, wanted.is_time);
    let ends = |rest: &str| blank(rest).is_empty() || blank(rest).starts_with(':');
    if ends(all) || all.len() < rest.len() && has_digit(first_word(all)) {
        return Some(all);
    }
    let rest = marked(rest, wanted.is_time);
    if rest.starts_with(is_cased) && found.ends_with(is_cased) && !begins_anew(found, rest) {
        return None;
    }
    let are_more = |words: &str| if wanted.is_time { go_on(words) } else { are_words(words) };
    if let Some((_, behind)) = rest.split_once(':').filter(|(words, _)| are_more(words))
        && (behind.is_empty() || behind.starts_with([' ', '\n']))
    {
        return Some(behind);
    }
    Some(if go_on(rest) || wanted.has_neighbour && are_more(rest) { "" } else { rest })
}

/// `rest` without a plural, brackets and words that say nothing.
fn added(rest: &str, is_time: bool) -> &str {
    let mut rest = plural(rest);
    loop {
        let next = blank(rest);
        match bracket(next, is_time).or_else(|| word(next)) {
            Some(behind) => rest = behind,
            None => return rest,
        }
    }
}

/// `rest` without a plural and brackets.
fn marked(rest: &str, is_time: bool) -> &str {
    let mut rest = plural(rest);
    while let Some(behind) = bracket(blank(rest), is_time) {
        rest = behind;
    }
    rest
}

/// `text` without blanks before it.
fn blank(text: &str) -> &str {
    text.trim_start_matches([' ', '\n'])
}

/// `rest` without the sign of a plural.
fn plural(rest: &str) -> &str {
    let ends = |rest: &&str| !rest.starts_with(char::is_alphanumeric);
    ["(s)", "(es)", "/s", "s", "es"].iter().find_map(|sign| strip(rest, sign).filter(ends)).unwrap_or(rest)
}

/// What follows the bracket that `rest` begins with. That of a time may name its zone, and one with a number may be a value.
fn bracket(rest: &str, is_time: bool) -> Option<&str> {
    let (inside, behind) = rest.strip_prefix('(')?.split_once(')')?;
    let says_nothing = inside.chars().count() <= MAX_COUNT_CHARS && inside.chars().all(|c| c.is_ascii_digit())
        || is_whole_word(inside)
        || inside.eq_ignore_ascii_case("s");
    (says_nothing || !is_time && !has_digit(inside)).then_some(behind)
}

/// Whether a text is a word that says nothing.
fn is_whole_word(text: &str) -> bool {
    word(text.trim()).is_some_and(str::is_empty)
}

/// What follows the word that says nothing that `rest` begins with.
fn word(rest: &str) -> Option<&str> {
    if let Some(behind) = rest.strip_prefix('#') {
        return Some(behind);
    }
    let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
    let (word, behind) = rest.split_at(end);
    let is_plural = WORDS.iter().any(|known| strip(word, known).is_some_and(|rest| plural(rest).is_empty()));
    let behind = plural(behind);
    is_plural
        .then(|| behind.strip_prefix('.').unwrap_or(behind))
        .filter(|rest| !rest.starts_with(char::is_alphanumeric))
}

/// `text` without `begin`, in any case.
fn strip<'t>(text: &'t str, begin: &str) -> Option<&'t str> {
    let (first, rest) = text.split_at_checked(begin.len())?;
    first.eq_ignore_ascii_case(begin).then_some(rest)
}

/// Whether a text can be the end of a label: a few words, and no number.
fn are_words(text: &str) -> bool {
    !has_digit(text) && (1..=MAX_WORDS).contains(&text.split_whitespace().count())
}

/// Whether a text goes on with a label.
fn go_on(text: &str) -> bool {
    are_words(text) && LINKS.iter().any(|link| first_word(text).eq_ignore_ascii_case(link))
}

/// Whether a value begins where a label ends though nothing stands between them: after small letters a capital, or what has
/// a digit in it.
fn begins_anew(found: &str, rest: &str) -> bool {
    found.ends_with(char::is_lowercase) && rest.starts_with(char::is_uppercase) || has_digit(first_word(rest))
}

/// The first word of a text.
fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

/// Whether there is a digit in it.
fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether a letter is of a script that has capitals, whose words have blanks between them.
fn is_cased(c: char) -> bool {
    c.is_lowercase() || c.is_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &'static str, label: &str, is_time: bool, has_neighbour: bool) -> Option<&'static str> {
        let rest = after(line, &fold::fold(label))?;
        value(line, rest, Wanted { is_time, has_neighbour }).map(|value| value.trim_start_matches([':', ' ']))
    }

    #[test]
    fn what_is_left_of_a_longer_label_is_no_value() {
        for (line, label, value) in [
            ("Service ID: 1", "Service ID", "1"),
            ("Service ID A 1", "Service ID", "A 1"),
            ("Service IDs: 1", "Service ID", "1"),
            ("SERVICE IDS", "Service ID", ""),
            ("Service ID(s) 1", "Service ID", "1"),
            ("Service ID (Ref): 1", "Service ID", "1"),
            ("Number (Ref) PN1", "Number", "PN1"),
            ("Ticket No.", "Ticket", ""),
            ("Ticket No. 12", "Ticket", "12"),
            ("Ticket Number(s): A", "Ticket", "A"),
            ("Ticket Numbers (ID): A", "Ticket", "A"),
            ("Impact No impact", "Impact", "No impact"),
            ("Services (2)", "Services", ""),
            ("Reference (123456)", "Reference", "(123456)"),
            ("Description of Work: Fibre", "Description of", "Fibre"),
            ("Description Fibre cut at 10:00", "Description", "Fibre cut at 10:00"),
            ("Reference numberPN1", "Reference number", "PN1"),
            ("Circuit IDAB-1", "Circuit ID", "AB-1"),
            ("Ticket Number(s): 1", "Ticket Number:", "1"),
            ("Ticket Number No. : 1", "Ticket Number:", "1"),
            ("Ticket Number: s", "Ticket Number:", "s"),
            ("End Time of the works: 1", "End Time:", "1"),
            ("名称ABC", "名称", "ABC"),
        ] {
            assert_eq!(read(line, label, false, false), Some(value), "{line}");
        }
        for (line, label) in
            [("Today 1", "To"), ("Eventually", "Event"), ("Ticket Number to 1: 2", "Ticket Number:"), ("IDEA", "ID")]
        {
            assert_eq!(read(line, label, false, true), None, "{line}");
        }
        assert_eq!(read("Description of Work", "Description", false, true), Some(""));
        assert_eq!(read("Description of Work", "Description", false, false), Some(""));
        assert_eq!(read("Description Fibre cut", "Description", false, false), Some("Fibre cut"));
        assert_eq!(read("Description Fibre cut", "Description", false, true), Some(""));
        assert_eq!(read("Description of 2", "Description", false, true), Some("of 2"));
    }

    #[test]
    fn a_zone_beside_the_label_of_a_time_stays() {
        assert_eq!(read("Start time (CET): 10:00", "Start time", true, false), Some("(CET): 10:00"));
        assert_eq!(read("Start time(s): 10:00", "Start time", true, false), Some("10:00"));
        assert_eq!(read("Start times (ID): 10:00", "Start time", true, false), Some("10:00"));
        assert_eq!(read("Start time CET", "Start time", true, true), Some("CET"));
        assert_eq!(read("Start time 3 May 10:00", "Start time", true, true), Some("3 May 10:00"));
    }

    #[test]
    fn a_label_is_whole_with_a_small_addition() {
        assert!(is_whole("") && is_whole(" :") && is_whole("s") && is_whole(" ID(s):") && is_whole(" (Ref)"));
        assert_eq!(within("The Start Time is", "start time"), Some(" is"));
        assert!(
            is_whole(" Affected:") && !is_whole(" (CET)") && !is_whole(" Other") && !is_whole("x") && !is_whole(": 1")
        );
    }
}

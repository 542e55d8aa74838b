//! Quotes that are not closed. A reader of separated values takes all that follows for one value: the rest of the file would
//! be gone without a word.

use std::borrow::Cow;

/// Where a quote stands that is not closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Open {
    /// From 1.
    pub(super) line: usize,
    /// In characters, from 1.
    pub(super) column: usize,
}

/// The text with the rows left empty whose quotes are not closed, and where those quotes are. Lines keep their numbers.
///
/// A quote counts as not closed if nothing closes it, or if the next one does so lines below in the midst of a value: that
/// one was to begin another.
pub(super) fn without_open(text: &str, separator: u8) -> (Cow<'_, str>, Vec<Open>) {
    let (mut kept, mut open) = (String::new(), Vec::new());
    let mut rest = text;
    let mut line = 1;
    while let Some(found) = first_open(rest.as_bytes(), separator) {
        let (before, from) = rest.split_at_checked(found.row).unwrap_or((rest, ""));
        let (lost, after) = from.split_at_checked(found.next - found.row).unwrap_or((from, ""));
        let above = before.matches('\n').count() + newlines(lost.get(..found.quote - found.row));
        let of_line = rest.get(..found.quote).and_then(|text| text.rsplit('\n').next()).unwrap_or_default();
        open.push(Open { line: line + above, column: of_line.chars().count() + 1 });
        kept.push_str(before);
        kept.push_str(&"\n".repeat(newlines(Some(lost))));
        line += newlines(Some(before)) + newlines(Some(lost));
        rest = after;
    }
    if open.is_empty() {
        return (Cow::Borrowed(text), open);
    }
    kept.push_str(rest);
    (Cow::Owned(kept), open)
}

/// How many lines end in a text.
fn newlines(text: Option<&str>) -> usize {
    text.map_or(0, |text| text.matches('\n').count())
}

/// A row with a quote that is not closed, in bytes.
#[derive(Debug, Clone, Copy)]
struct Found {
    /// Where the row begins.
    row: usize,
    /// Where the quote is.
    quote: usize,
    /// Where the line below that of the quote begins.
    next: usize,
}

/// Where a reader of separated values is.
#[derive(Debug, Clone, Copy)]
enum At {
    /// Before a value.
    Begin,
    /// Within a value without quotes.
    Plain,
    /// Within a value whose quote is there, and whether a line ended since.
    Quoted { quote: usize, spans: bool },
    /// Behind a quote that closes that value, or is the first of two that stand for one.
    Closed { quote: usize, spans: bool },
}

/// The first row with a quote that is not closed.
fn first_open(text: &[u8], separator: u8) -> Option<Found> {
    let (mut row, mut at) = (0, At::Begin);
    let found = |row, quote| {
        let below = text.iter().skip(quote).position(|byte| *byte == b'\n');
        Found { row, quote, next: below.map_or(text.len(), |below| quote + below + 1) }
    };
    for (place, byte) in text.iter().copied().enumerate() {
        at = match (at, byte) {
            (At::Quoted { quote, spans }, b'"') => At::Closed { quote, spans },
            (At::Quoted { quote, spans }, _) => At::Quoted { quote, spans: spans || byte == b'\n' },
            (At::Closed { quote, spans }, b'"') => At::Quoted { quote, spans },
            (_, b'\n' | b'\r') => {
                row = place + 1;
                At::Begin
            }
            (_, _) if byte == separator => At::Begin,
            (At::Closed { quote, spans: true }, _) if byte != b' ' => return Some(found(row, quote)),
            (At::Closed { quote, spans }, b' ') => At::Closed { quote, spans },
            (At::Begin, b'"') => At::Quoted { quote: place, spans: false },
            _ => At::Plain,
        };
    }
    if let At::Quoted { quote, .. } = at { Some(found(row, quote)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of a text, and the places of its open quotes.
    fn tried(text: &str) -> (String, Vec<(usize, usize)>) {
        let (kept, open) = without_open(text, b',');
        (kept.into_owned(), open.iter().map(|open| (open.line, open.column)).collect())
    }

    #[test]
    fn a_quote_that_nothing_closes_costs_its_own_row_alone() {
        assert_eq!(tried("id\na,\"é\",\"Main\nb\nc\n"), ("id\n\nb\nc\n".to_owned(), vec![(2, 7)]));
        assert_eq!(
            tried("id\na,\"Main\nb,\"x\"\nc,\"y\nd\n"),
            ("id\n\nb,\"x\"\n\nd\n".to_owned(), vec![(2, 3), (4, 3)])
        );
        assert_eq!(tried("id\n\""), ("id\n".to_owned(), vec![(2, 1)]));
        assert_eq!(tried("id\n\"two\nlines\",\"x\nb\n"), ("id\n\n\nb\n".to_owned(), vec![(3, 8)]));
    }

    #[test]
    fn quotes_that_are_closed_stay_whatever_is_within_them() {
        for text in [
            "a,\"b\"\"c\",d\n",
            "a,\"two\r\nlines\"\r\nb\n",
            "a,5\" pipe\nb\n",
            "a,\"b\"c\nd",
            "",
            "\"\"",
            "a,\"b\" ,c\n",
        ] {
            assert_eq!(tried(text), (text.to_owned(), vec![]), "{text:?}");
        }
    }
}

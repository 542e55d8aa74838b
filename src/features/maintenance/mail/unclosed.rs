//! Mails whose inner parts have no end: what comes behind them is taken for theirs by the parser, although the next delimiter of
//! the outer part ends them (RFC 2046, 5.1.2). They are given their end.

use std::borrow::Cow;

/// Parts inside one another, of which the delimiters are known.
const MAX_OPEN: usize = 32;

/// The mail with the ends that are missing.
pub(super) fn closed(raw: &[u8]) -> Cow<'_, [u8]> {
    let missing = missing(raw);
    if missing.is_empty() {
        return raw.into();
    }
    let (mut whole, mut from) = (Vec::with_capacity(raw.len()), 0);
    for (at, delimiter) in missing {
        whole.extend(raw.get(from..at).unwrap_or_default());
        whole.extend([b"--", delimiter, b"--\r\n"].concat());
        from = at;
    }
    whole.extend(raw.get(from..).unwrap_or_default());
    whole.into()
}

/// Where an end is missing, and of what.
fn missing(raw: &[u8]) -> Vec<(usize, &[u8])> {
    let (mut missing, mut open, mut is_multipart, mut at) = (Vec::new(), Vec::new(), false, 0);
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        let begins = at;
        at += line.len();
        let text = line.trim_ascii_end();
        if let Some(delimiter) = text.strip_prefix(b"--") {
            let is = |known: &&[u8]| delimiter == *known || delimiter.strip_suffix(b"--") == Some(*known);
            if let Some(level) = open.iter().rposition(is) {
                missing.extend(open.drain(level + 1..).rev().map(|inner| (begins, inner)));
                if open.get(level).is_some_and(|known| delimiter != *known) {
                    open.truncate(level);
                }
            }
        }
        let goes_on = line.starts_with(b" ") || line.starts_with(b"\t");
        is_multipart = is_multipart && goes_on || begins_with(text, b"content-type:") && holds(text, b"multipart/");
        if is_multipart && open.len() < MAX_OPEN {
            open.extend(boundary(text));
        }
    }
    missing
}

/// What parts are delimited by, on a line of a header.
fn boundary(line: &[u8]) -> Option<&[u8]> {
    const NAME: &[u8] = b"boundary=";
    let at = line.windows(NAME.len()).position(|found| found.eq_ignore_ascii_case(NAME))?;
    let value = line.get(at + NAME.len()..)?;
    let value = match value.strip_prefix(b"\"") {
        Some(quoted) => quoted.split(|byte| *byte == b'"').next(),
        None => value.split(|byte| *byte == b';' || byte.is_ascii_whitespace()).next(),
    };
    value.filter(|value| !value.is_empty())
}

/// Without case.
fn begins_with(line: &[u8], word: &[u8]) -> bool {
    line.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word))
}

/// See [`begins_with`].
fn holds(line: &[u8], word: &[u8]) -> bool {
    line.windows(word.len()).any(|found| found.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_delimiter_outside_ends_what_is_inside() {
        let mail = "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative;\n \
                    boundary=\"b c\"\n\n--b c\n\none\n{}--a\n\ntwo\n--a--\n";
        let closed_mail = mail.replace("{}", "--b c--\r\n");
        let given = mail.replace("{}", "");
        assert_eq!(closed(given.as_bytes()), closed_mail.as_bytes());
        assert!(matches!(closed(closed_mail.as_bytes()), Cow::Borrowed(_)));
        // Two of them at once, the inner one first.
        let deep = "Content-Type: multipart/x; boundary=a\n\n--a\nContent-Type: multipart/x; boundary=b\n\n--b\n\
                    content-type: multipart/x; BOUNDARY=c\n\n--c\n\nx\n--a--\n";
        let ends = String::from_utf8(closed(deep.as_bytes()).into_owned()).unwrap();
        assert!(ends.ends_with("x\n--c--\r\n--b--\r\n--a--\n"), "{ends}");
        // What only looks like one stays.
        for text in ["--a\n", "a\n--\n--b--\n", "Content-Type: text/plain; boundary=a\n\n--b\n--a\n"] {
            assert!(matches!(closed(text.as_bytes()), Cow::Borrowed(_)), "{text}");
        }
    }
}

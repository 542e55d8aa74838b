//! Comparing as people do: without case, without the dot that Turkish capitals carry, one blank as good as several.

/// A text for comparing.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().map(fold_char) {
        if c != ' ' || !folded.ends_with(' ') {
            folded.push(c);
        }
    }
    folded
}

/// A text with one blank for each run of blanks.
pub(super) fn squash(text: &str) -> String {
    if !text.contains("  ") && !text.contains('\n') {
        return text.to_owned();
    }
    let mut squashed = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !squashed.is_empty() {
            squashed.push(' ');
        }
        squashed.push_str(word);
    }
    squashed
}

/// A character for comparing; always one for one.
fn fold_char(c: char) -> char {
    match c {
        'İ' | 'ı' => 'i',
        // A label may be broken over two lines of a cell.
        '\n' => ' ',
        c if c.is_ascii() => c.to_ascii_lowercase(),
        c => {
            let mut lower = c.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(lower), None) => lower,
                _ => c,
            }
        }
    }
}

/// The rest of `line` after `label`, which is folded. Some set a blank before a colon and some do not.
pub(super) fn after<'l>(line: &'l str, label: &str) -> Option<&'l str> {
    // Most lines differ in their first byte.
    let first = line.as_bytes().first()?;
    if first.is_ascii() && label.as_bytes().first()? != &first.to_ascii_lowercase() {
        return None;
    }
    let mut rest = line;
    let mut label = label.chars().peekable();
    while let Some(wanted) = label.next() {
        if wanted == ' ' && label.peek() == Some(&':') {
            continue;
        }
        if wanted == ':' {
            rest = rest.trim_start_matches([' ', '\n']);
        }
        if wanted == ' ' {
            let blanks = rest.len() - rest.trim_start_matches([' ', '\n']).len();
            rest = rest.get(blanks..).filter(|_| blanks > 0)?;
            continue;
        }
        let mut chars = rest.chars();
        if fold_char(chars.next()?) != wanted {
            return None;
        }
        rest = chars.as_str();
    }
    Some(rest)
}

/// Whether `line` is `label`.
pub(super) fn is(line: &str, label: &str) -> bool {
    after(line, label).is_some_and(str::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found_without_case_and_without_turkish_dots() {
        assert_eq!(after("Start Tİme: 10", &fold("Start Time:")), Some(" 10"));
        assert_eq!(after("DÜSSELDORF x", &fold("düsseldorf")), Some(" x"));
        assert_eq!(after("Start   Time 1", "start time"), Some(" 1"));
        assert_eq!(after("StartTime 1", "start time"), None);
        assert_eq!(after("Star", "start"), None);
        assert_eq!(after("Start : 1", "start:"), Some(" 1"));
        assert_eq!(after("Start: 1", "start :"), Some(" 1"));
        assert_eq!(after("Start 1", "start:"), None);
        assert!(is("Outage", "outage") && !is("Outages", "outage"));
    }
}

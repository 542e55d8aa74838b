//! Subjects of mails that somebody forwarded as text: who forwards a notice may write what he likes above it, and some
//! notices say what they are in their subject only.

use super::part::{Kind, Part};

/// How mail programs begin the subject of a forward.
const PREFIXES: [&str; 10] = ["fwd:", "fw:", "wg:", "tr:", "rv:", "i:", "enc:", "vs:", "doorst:", "vl:"];
/// How they announce the mail below, in lower case.
const MARKERS: [&str; 4] =
    ["forwarded message", "begin forwarded", "weitergeleitete nachricht", "message transf\u{e9}r\u{e9}"];
/// What they write before the subject of the mail below.
const SUBJECTS: [&str; 7] = ["subject", "betreff", "objet", "asunto", "oggetto", "assunto", "onderwerp"];
/// What they write before its sender.
const SENDERS: [&str; 5] = ["from", "von", "de", "da", "van"];
/// So many lines belong to the headers of the mail below.
const HEADER_LINES: usize = 8;
/// Longer chains are cut.
const MAX_SUBJECTS: usize = 8;
/// Longer subjects are none.
const MAX_CHARS: usize = 1000;
/// A line of plain text that is at least this long may go on in the next one.
const WRAPPED_CHARS: usize = 60;

/// Puts the subjects of mails that are quoted in a forward behind the subject of the forward itself: where both say as
/// much, that of the forward counts.
pub(super) fn find_subjects(parts: &mut Vec<Part>) {
    let homes: Vec<usize> = parts.iter().filter(|part| part.kind() == Kind::Subject).map(Part::home).collect();
    for home in homes {
        if !is_forward(parts, home) {
            continue;
        }
        let mut found: Vec<String> = Vec::new();
        for kind in [Kind::Html, Kind::Text] {
            for part in parts.iter().filter(|part| part.home() == home && part.kind() == kind) {
                quoted(part, &mut found);
            }
            if !found.is_empty() {
                break;
            }
        }
        parts.extend(found.iter().map(|subject| Part::text(Kind::Subject, subject).in_mail(home)));
    }
}

/// Whether a mail says that it is a forward, in its subject or its text.
fn is_forward(parts: &[Part], home: usize) -> bool {
    parts.iter().filter(|part| part.home() == home).any(|part| match part.kind() {
        Kind::Subject => {
            let subject = part.as_text().trim_start();
            PREFIXES.iter().any(|prefix| after(subject, prefix).is_some())
        }
        Kind::Html | Kind::Text => {
            let text = part.as_text();
            // What every marker ends with; most mails are done here.
            ["orward", "achricht", "essage transf"].iter().any(|piece| text.contains(piece))
                && (0..part.page().len()).any(|line| {
                    let line = part.page().line(line).to_lowercase();
                    MARKERS.iter().any(|marker| line.contains(marker)) && line.len() < 2 * WRAPPED_CHARS
                })
        }
        Kind::Ical | Kind::Date | Kind::Csv | Kind::Xlsx => false,
    })
}

/// Adds the subjects in the headers of mails that are quoted in a part.
fn quoted(part: &Part, found: &mut Vec<String>) {
    let page = part.page();
    for line in 0..page.len() {
        let Some(subject) = value(page.line(line), &SUBJECTS) else { continue };
        let headers = line.saturating_sub(HEADER_LINES)..(line + HEADER_LINES).min(page.len());
        if !headers.into_iter().any(|line| value(page.line(line), &SENDERS).is_some()) {
            continue;
        }
        let mut subject = subject.to_owned();
        let next = page.line(line + 1);
        let goes_on = part.kind() == Kind::Text && page.line(line).chars().count() >= WRAPPED_CHARS;
        if goes_on && !next.split(' ').next().unwrap_or_default().ends_with(':') {
            subject.extend([" ", next]);
        }
        if subject.chars().count() <= MAX_CHARS && found.len() < MAX_SUBJECTS && !found.contains(&subject) {
            found.push(subject);
        }
    }
}

/// What stands after one of these headers; some programs set their names in asterisks.
fn value<'l>(line: &'l str, names: &[&str]) -> Option<&'l str> {
    let name = line.strip_prefix('*').unwrap_or(line);
    let rest = names.iter().find_map(|word| after(name, word)?.trim_start().strip_prefix(':'))?;
    let rest = if name.len() < line.len() { rest.strip_prefix('*').unwrap_or(rest) } else { rest }.trim();
    (!rest.is_empty()).then_some(rest)
}

/// What stands after a word, whose case does not matter.
fn after<'l>(line: &'l str, word: &str) -> Option<&'l str> {
    let start = line.get(..word.len())?;
    start.eq_ignore_ascii_case(word).then(|| line.get(word.len()..)).flatten()
}

//! Subjects of mails that somebody forwarded as text: who forwards a notice may write what he likes above it, and some
//! notices say what they are in their subject only.

use super::layers::{SENDERS, SUBJECTS, is_attribution};
use super::part::{Kind, Part};

/// How mail programs begin the subject of a forward.
const PREFIXES: [&str; 10] = ["fwd:", "fw:", "wg:", "tr:", "rv:", "i:", "enc:", "vs:", "doorst:", "vl:"];
/// How they begin the subject of an answer, in lower case; a colon comes behind it.
#[rustfmt::skip]
const ANSWERS: [&str; 26] = [
    // English, and most others beside their own.
    "re", "accepted", "declined", "automatic reply",
    // German, Dutch.
    "aw", "antwort", "automatische antwort", "antw",
    // Swedish, Norwegian, Danish, Icelandic.
    "sv",
    // French, Spanish, Portuguese.
    "ré", "réf", "rép", "res",
    // Italian, Romanian.
    "r", "rif",
    // Polish, Slovenian and Croatian, Hungarian.
    "odp", "odg", "vá",
    // Turkish, Greek, Russian.
    "ynt", "απ", "σχετ", "отв", "ответ",
    // Chinese.
    "回复", "回覆", "答复",
];
/// This one begins an answer in Finnish, and a forward in Danish and Norwegian.
const EITHER: &str = "vs";
/// What Finnish programs write before the sender of the mail that is answered.
const FINNISH: &str = "lähettäjä";
/// How they announce the mail below, in lower case.
const MARKERS: [&str; 4] =
    ["forwarded message", "begin forwarded", "weitergeleitete nachricht", "message transf\u{e9}r\u{e9}"];
/// So many lines belong to the headers of the mail below.
const HEADER_LINES: usize = 8;
/// Longer chains are cut.
const MAX_SUBJECTS: usize = 8;
/// Longer subjects are none.
const MAX_CHARS: usize = 1000;
/// A line of plain text that is at least this long may go on in the next one.
const WRAPPED_CHARS: usize = 60;

/// Puts the subjects of mails that are quoted in a forward behind the subject of the forward itself: where both say as
/// much, that of the forward counts. `senders` wrote the mail and those inside it.
pub(super) fn find_subjects(parts: &mut Vec<Part>, senders: &[String]) {
    let own: Vec<usize> = parts.iter().filter(|part| part.kind() == Kind::Subject).map(Part::home).collect();
    for home in own {
        let is_forward = is_forward(parts, home);
        if !is_forward && is_answer(parts, home) {
            continue;
        }
        let mut found: Vec<Quoted> = Vec::new();
        for kind in [Kind::Html, Kind::Text] {
            for part in parts.iter().filter(|part| part.home() == home && part.kind() == kind && may_quote(part)) {
                let Some(layers) = part.layers() else {
                    quoted(part, 0, &mut found);
                    continue;
                };
                for layer in 0..layers.count {
                    quoted(&part.only(&layers, &(layer..=layer)), layer, &mut found);
                }
            }
            if !found.is_empty() {
                break;
            }
        }
        // Nothing says that it is a forward, but somebody quotes the mail of somebody else.
        let of_others = |quoted: &&Quoted| is_forward || quoted.domain.as_ref().is_some_and(|at| !sent_by(senders, at));
        let found: Vec<Part> = found
            .iter()
            .filter(of_others)
            .map(|quoted| Part::text(Kind::Subject, &quoted.subject).in_mail(home).in_layer(quoted.layer))
            .collect();
        parts.extend(found);
    }
}

/// Whether one of `senders` is of a domain, given with its `@`.
fn sent_by(senders: &[String], domain: &str) -> bool {
    senders.iter().any(|sender| sender.ends_with(domain))
}

/// Whether the mail `home` is an answer, as mail programs of several languages begin its subject.
pub(super) fn is_answer(parts: &[Part], home: usize) -> bool {
    let mut own = parts.iter().filter(|part| part.home() == home && part.kind() == Kind::Subject);
    let Some(prefix) = own.next().and_then(|part| prefix(part.as_text())) else { return false };
    ANSWERS.contains(&&*prefix) || (prefix == EITHER && is_finnish(parts, home))
}

/// A subject without the names of lists before it, and without what mail programs begin that of a forward or an answer with.
pub(crate) fn bare_subject(subject: &str) -> &str {
    let mut bare = subject.trim();
    loop {
        let (marked, rest) = match bare.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((_, rest)) => (true, rest),
            None => bare.split_once([':', '\u{ff1a}']).map_or((false, ""), |(word, rest)| {
                let is_forward = PREFIXES.iter().any(|prefix| after(bare, prefix).is_some());
                let is_answer = || prefix(bare).is_some_and(|prefix| ANSWERS.contains(&&*prefix));
                (!word.contains('[') && is_forward || is_answer(), rest)
            }),
        };
        let rest = rest.trim_start();
        if !marked || rest.is_empty() {
            return bare;
        }
        bare = rest;
    }
}

/// What stands before the first colon of a subject, in lower case and without a number: `re` of `[list] Re[2]: Works`.
fn prefix(subject: &str) -> Option<String> {
    let mut subject = subject.trim_start();
    // Lists set their name before it.
    while let Some((_, after)) = subject.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        subject = after.trim_start();
    }
    // Programs of East Asia write a colon as wide as their letters.
    let (prefix, _) = subject.split_once([':', '\u{ff1a}'])?;
    let prefix = prefix.trim_end();
    let bare = prefix.trim_end_matches([']', ')']).trim_end_matches(|c: char| c.is_ascii_digit());
    let bare = bare.strip_suffix(['[', '(', '^', '*']).filter(|_| bare.len() < prefix.len()).unwrap_or(prefix);
    Some(bare.trim_end().to_lowercase())
}

/// Whether a program that speaks Finnish wrote the text of a mail.
fn is_finnish(parts: &[Part], home: usize) -> bool {
    let texts = parts.iter().filter(|part| part.home() == home && matches!(part.kind(), Kind::Html | Kind::Text));
    let mut pages = texts.map(Part::page);
    pages.any(|page| page.text(0..page.len()).to_lowercase().contains(FINNISH))
}

/// Whether a mail says that it is a forward, in its subject or its text.
fn is_forward(parts: &[Part], home: usize) -> bool {
    parts.iter().filter(|part| part.home() == home).any(|part| match part.kind() {
        Kind::Subject => {
            let subject = part.as_text().trim_start();
            let is_one = PREFIXES.iter().any(|prefix| after(subject, prefix).is_some());
            is_one && !(prefix(subject).as_deref() == Some(EITHER) && is_finnish(parts, home))
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

/// The headers of a mail that is quoted.
struct Quoted {
    /// Its subject.
    subject: String,
    /// The domain of its sender with the `@`, where its address is there.
    domain: Option<String>,
    /// The layer of the body that it is in.
    layer: usize,
}

/// Whether a subject may stand in a part; of most mails that is all that is looked at.
fn may_quote(part: &Part) -> bool {
    let rest = |word: &str| word.chars().next().map_or(0, char::len_utf8);
    SUBJECTS.iter().any(|word| part.as_text().contains(word.get(rest(word)..).unwrap_or_default()))
}

/// Adds the headers of mails that are quoted in a part, which is a `layer` of a body.
fn quoted(part: &Part, layer: usize, found: &mut Vec<Quoted>) {
    let page = part.page();
    for line in 0..page.len() {
        let Some(subject) = value(page.line(line), &SUBJECTS) else { continue };
        let mut headers = line.saturating_sub(HEADER_LINES)..(line + HEADER_LINES).min(page.len());
        let Some(sender) = headers.find_map(|line| value(page.line(line), &SENDERS)) else { continue };
        let mut subject = subject.to_owned();
        let next = page.line(line + 1);
        let goes_on = part.kind() == Kind::Text && page.line(line).chars().count() >= WRAPPED_CHARS;
        if goes_on && !next.split(' ').next().unwrap_or_default().ends_with(':') {
            subject.extend([" ", next]);
        }
        let is_new = !found.iter().any(|quoted| quoted.subject == subject);
        if subject.chars().count() <= MAX_CHARS && found.len() < MAX_SUBJECTS && is_new {
            found.push(Quoted { subject, domain: domain(sender), layer });
        }
    }
}

/// The subject in a line above a mail that is quoted.
pub(super) fn subject_in(line: &str) -> Option<&str> {
    value(line, &SUBJECTS)
}

/// The domain of the sender, with its `@`, in a line above a mail that is quoted.
pub(super) fn domain_in(line: &str) -> Option<String> {
    value(line, &SENDERS).or_else(|| is_attribution(line).then_some(line)).and_then(domain)
}

/// What stands in a subject before the prefixes of mail programs, what stands behind them, and whether there are any: then
/// it is that of another mail.
pub(crate) fn without_prefixes(subject: &str) -> (String, &str, bool) {
    let (mut before, mut bare, mut is_others) = (String::new(), subject.trim(), false);
    loop {
        let is_program = |prefix: &String| {
            ANSWERS.contains(&prefix.as_str()) || PREFIXES.iter().any(|known| known.trim_end_matches(':') == prefix)
        };
        let parted = prefix(bare).filter(is_program).and_then(|_| bare.split_once([':', '\u{ff1a}']));
        let Some((prefixes, rest)) = parted else { return (before, bare, is_others) };
        let tags = prefixes.rfind(']').and_then(|end| prefixes.get(..=end));
        before.extend(tags.filter(|tags| tags.starts_with('[')));
        (bare, is_others) = (rest.trim_start(), true);
    }
}

/// The domain in a sender, with its `@`.
fn domain(sender: &str) -> Option<String> {
    let at = sender.rfind('@')?;
    let end = |c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '@'));
    let domain = sender.get(at..)?.split(end).next()?;
    (domain.len() > 1).then(|| domain.to_lowercase())
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
    let is_same = start.eq_ignore_ascii_case(word) || (!word.is_ascii() && start.to_lowercase() == word);
    is_same.then(|| line.get(word.len()..)).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    /// The subjects of a mail, its own first.
    fn subjects(subject: &str, kind: &str, body: &str) -> Vec<String> {
        let raw = format!("From: ann@corp.example\nSubject: {subject}\nContent-Type: text/{kind}\n\n{body}\n");
        let parts = read(raw.as_bytes()).unwrap().parts;
        parts.iter().filter(|part| part.kind() == Kind::Subject).map(|part| part.as_text().to_owned()).collect()
    }

    #[test]
    fn the_subject_below_a_forward_is_found_in_every_style() {
        let gmail =
            "---------- Forwarded message ---------\nFrom: NOC <noc@isp.example>\nSubject: Works X-1\nTo: <a@b>\n\nHi";
        assert_eq!(subjects("for tonight", "plain", gmail), ["for tonight", "Works X-1"]);
        let outlook = "<p><b>Von:</b> NOC<br><b>Gesendet:</b> Montag<br><b>Betreff:</b> Works ***X-1***</p><p>Hi</p>";
        assert_eq!(subjects("WG: ok", "html", outlook), ["WG: ok", "Works ***X-1***"]);
        let french = "De : noc@isp.example\nObjet : Travaux X-1\n\nBonjour";
        assert_eq!(subjects("TR: ok", "plain", french), ["TR: ok", "Travaux X-1"]);
        let quoted = "> *From:* noc@isp.example\n> *Subject:* Works X-1\n";
        assert_eq!(subjects("Fwd: ok", "plain", quoted), ["Fwd: ok", "Works X-1"]);
    }

    #[test]
    fn a_long_subject_goes_on_in_the_next_line_of_plain_text() {
        let long = "Subject: Works on a cable between Ghent and Bruges which have a number\nX-1\nTo: a@b.example\n";
        let found = subjects("Fwd: ok", "plain", &format!("From: noc@isp.example\n{long}"));
        assert_eq!(found[1], "Works on a cable between Ghent and Bruges which have a number X-1");
        let last = "Subject: Works on a cable between Ghent and Bruges which have a number\nTo: a@b.example\n";
        let found = subjects("Fwd: ok", "plain", &format!("From: noc@isp.example\n{last}"));
        assert_eq!(found[1], "Works on a cable between Ghent and Bruges which have a number");
    }

    /// Whether a mail with this subject and body is an answer.
    fn answers(subject: &str, body: &str) -> bool {
        let raw =
            format!("From: ann@corp.example\nContent-Type: text/plain; charset=utf-8\nSubject: {subject}\n\n{body}\n");
        read(raw.as_bytes()).unwrap().is_answer
    }

    #[test]
    fn an_answer_is_known_in_every_language_and_however_often_it_was_answered() {
        for subject in [
            "Re: Works",
            "RE : Works",
            "re:Works",
            "Re[2]: Works",
            "Re(3): Works",
            "Re^2: Works",
            "Re [4]: Works",
            "AW: Works",
            "Antw: Works",
            "SV: Works",
            "R: Works",
            "RIF: Works",
            "RES: Works",
            "Odp: Works",
            "Odg: Works",
            "YNT: Works",
            "VÁ: Works",
            "ΑΠ: Works",
            "Ответ: Works",
            "回复：Works",
            "[noc] [ext] Re[2]: Works",
            "Accepted: Works",
            "Re: Fwd: Works",
        ] {
            assert!(answers(subject, "x"), "{subject}");
        }
        for subject in [
            "Works",
            "Fwd: Re: Works",
            "I: R: Works",
            "WG: AW: Works",
            "Rescheduled: Works",
            "Reminder: Works",
            "[Re] Works",
            "Response: Works",
            "Retn: Works",
            "R2: Works",
            "Tentative: Works",
            "Cancelled: TH-77",
            "SV8: Works",
            "Correction: Works",
            "RE-SCHEDULED: Works",
            "[RETN.NET Ticket#PW-1]: Works",
            "Re",
            "",
            ":",
            "AW-1: Works",
        ] {
            assert!(!answers(subject, "x"), "{subject}");
        }
    }

    #[test]
    fn a_subject_is_bare_without_lists_forwards_and_answers() {
        for subject in [
            "Works: X-1",
            "[noc] Works: X-1",
            "[noc][EXTERNAL]  Works: X-1",
            "Fwd: Works: X-1",
            "RE: [noc] WG: Re[2]: Works: X-1 ",
            "回复：Works: X-1",
        ] {
            assert_eq!(bare_subject(subject), "Works: X-1", "{subject}");
        }
        for subject in ["X-1 [noc] Works", "Cancelled: Works", "[Ticket#PW-1]", "Re:", "", "RE-SCHEDULED: Works"] {
            assert_eq!(bare_subject(subject), subject);
        }
    }

    #[test]
    fn a_subject_that_answers_in_finnish_and_forwards_in_danish_is_told_apart_by_the_language_below() {
        let below = "Sent: today\nSubject: Works X-1\n\nHi";
        assert!(answers("Vs: Works X-1", &format!("Lähettäjä: NOC <noc@isp.example>\n{below}")));
        assert!(!answers("Vs: Works X-1", &format!("Fra: NOC <noc@isp.example>\n{below}")));
        assert_eq!(subjects("VS: ok", "plain", &format!("From: noc@isp.example\n{below}")), ["VS: ok", "Works X-1"]);
    }

    #[test]
    fn what_is_no_forward_has_one_subject() {
        let quoted = "From: noc@isp.example\nSubject: Works X-1\n\nHi";
        assert_eq!(subjects("Re: Works X-1", "plain", quoted), ["Re: Works X-1"]);
        assert_eq!(subjects("Fwd: Works", "plain", "Subject: to change without notice"), ["Fwd: Works"]);
        assert_eq!(subjects("Fwd: Works", "plain", "we look forward to it"), ["Fwd: Works"]);
    }

    #[test]
    fn who_quotes_somebody_else_forwards_without_saying_so() {
        let quoted = "See below.\n\nFrom: NOC <noc@isp.example>\nSent: Monday\nSubject: Works X-1\n\nHi";
        assert_eq!(subjects("for tonight", "plain", quoted), ["for tonight", "Works X-1"]);
        let own = quoted.replace("isp.example", "corp.example");
        assert_eq!(subjects("Works X-1 cancelled", "plain", &own), ["Works X-1 cancelled"]);
    }
}

//! What the templates write is read back, however it is dated, worded, encoded and sent on.

use std::fs;

use chrono::{DateTime, TimeDelta, Utc};
use noctui::features::maintenance::model::Verdict;
use noctui::features::maintenance::rules::Rules;

use super::letter::{Look, PLAIN, Transfer, WAYS, Way, mail};
use super::random::Random;
use super::restyle::{STYLES, as_text, cut_lines, quote_marks};
use super::template::{Filling, Template, Wanted, Written};
use super::{notices, root};

/// Days around which calendars and clocks change, and days that are another date when day and month change places.
const DAYS: [&str; 14] = [
    "2025-12-31T23:30:00Z",
    "2026-01-01T00:00:00Z",
    "2024-02-28T22:00:00Z",
    "2028-02-29T12:00:00Z",
    "2026-03-08T03:00:00Z",
    "2026-03-08T12:00:00Z",
    "2026-03-28T23:30:00Z",
    "2026-03-29T02:15:00Z",
    "2026-10-24T23:00:00Z",
    "2026-11-01T00:01:00Z",
    "2026-11-01T12:00:00Z",
    "2026-07-15T13:59:00Z",
    "2026-05-04T00:00:00Z",
    "2026-04-12T23:59:00Z",
];
/// Lengths of windows in minutes.
const MINUTES: [i64; 6] = [30, 59, 360, 725, 1440, 4321];
const CIRCUITS: [usize; 4] = [1, 2, 7, 200];
const ACCOUNTS: [&str; 4] = ["Meridian Broadcasting", "Océane Télécom", "Łódź Nadajnik 1", "Kestrel Data, Inc."];
const CHARSETS: [&str; 5] = ["utf-8", "iso-8859-1", "windows-1252", "iso-8859-2", "us-ascii"];

/// Every template with its name.
pub(crate) fn templates() -> Vec<(String, Template)> {
    let mut templates: Vec<(String, Template)> = fs::read_dir(root().join("tests/corpus/templates"))
        .unwrap()
        .map(|file| {
            let file = file.unwrap().path();
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            let template = toml::from_str(&fs::read_to_string(&file).unwrap());
            (name.clone(), template.unwrap_or_else(|error| panic!("{name}: {error}")))
        })
        .collect();
    templates.sort_by(|(one, _), (other, _)| one.cmp(other));
    templates
}

/// The rules as they are in the source, so that a changed rule needs no build to be tried.
pub(crate) fn rules() -> Rules {
    let (rules, errors) = Rules::with_user_dir(&root().join("assets/providers"));
    assert_eq!(errors, []);
    rules
}

/// Start and end of `count` windows.
fn windows(template: &Template, random: &mut Random, count: usize) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let plain = |mut time: DateTime<Utc>| {
        while !template.is_plain(time) {
            time += TimeDelta::hours(1);
        }
        time
    };
    let mut start: DateTime<Utc> = random.one_of(&DAYS).parse().unwrap();
    start += TimeDelta::minutes(i64::try_from(random.below(6)).unwrap() * 31);
    (0..count)
        .map(|_| {
            let from = plain(start);
            let to = plain(from + TimeDelta::minutes(random.one_of(&MINUTES)));
            start = to + TimeDelta::hours(19);
            (from, to)
        })
        .collect()
}

/// What comes into the gaps of a template, by chance.
pub(crate) fn filling(template: &Template, random: &mut Random) -> Filling {
    let count = 1 + random.below(template.windows);
    Filling {
        number: 10_000_000 + random.below(80_000_000),
        status: random.below(template.statuses.len().max(1)),
        account: random.one_of(&ACCOUNTS).to_owned(),
        circuits: random.one_of(&CIRCUITS[..3]).min(template.max_circuits),
        windows: windows(template, random, count),
    }
}

/// Reads a template that was filled and sent; what is wrong, if anything is.
fn wrong(rules: &Rules, template: &Template, filling: &Filling, look: Look, named: bool) -> Option<String> {
    let raw = mail(&template.write(filling), look);
    let verdict = rules.read(&raw, named.then_some(template.provider.as_str())).verdict;
    misread(verdict, &template.wanted(filling)).map(|problem| format!("{look:?}, provider named: {named}: {problem}"))
}

/// What of a verdict is not as wanted, if anything is.
fn misread(verdict: Verdict, wanted: &[Wanted]) -> Option<String> {
    let read = if let Verdict::Ignored { reason, .. } = &verdict {
        Err(format!("ignored: {reason}"))
    } else {
        notices(verdict)
    };
    let said: Result<Vec<Wanted>, String> = read.map(|notices| {
        notices
            .into_iter()
            .zip(wanted.iter().map(Some).chain(std::iter::repeat(None)))
            .map(|(notice, wanted)| Wanted {
                id: wanted.is_none_or(|wanted| wanted.id.is_some()).then_some(notice.maintenance_id),
                summary: wanted.is_none_or(|wanted| wanted.summary.is_some()).then_some(notice.summary),
                account: notice.account,
                provider: notice.provider,
                status: notice.status.as_str().to_owned(),
                start: notice.start.timestamp(),
                end: notice.end.timestamp(),
                circuits: notice
                    .circuits
                    .into_iter()
                    .map(|circuit| (circuit.circuit_id, circuit.impact.as_str().to_owned()))
                    .collect(),
            })
            .collect()
    });
    match said {
        Ok(said) if said == wanted => None,
        Ok(said) => Some(difference(&said, wanted)),
        Err(reason) => Some(reason),
    }
}

/// The first thing that differs.
fn difference(said: &[Wanted], wanted: &[Wanted]) -> String {
    if said.len() != wanted.len() {
        return format!("{} notices instead of {}", said.len(), wanted.len());
    }
    let Some((said, wanted)) = said.iter().zip(wanted).find(|(said, wanted)| said != wanted) else {
        return String::new();
    };
    let circuits = said.circuits.iter().zip(&wanted.circuits).find(|(said, wanted)| said != wanted);
    let head = |notice: &Wanted| {
        format!(
            "{:?} {:?} {:?} {:?} {} {}..{} with {} circuits",
            notice.id,
            notice.summary,
            notice.account,
            notice.provider,
            notice.status,
            DateTime::from_timestamp(notice.start, 0).unwrap(),
            DateTime::from_timestamp(notice.end, 0).unwrap(),
            notice.circuits.len()
        )
    };
    format!("said {}, wanted {}, circuits {circuits:?}", head(said), head(wanted))
}

/// Fails with the first few of what is wrong with each template.
fn all_right(found: Vec<(String, String)>) {
    let mut wrong: Vec<String> = Vec::new();
    let mut last: (String, usize) = (String::new(), 0);
    for (name, problem) in found {
        last = if last.0 == name { (name, last.1 + 1) } else { (name, 1) };
        if last.1 <= 3 {
            wrong.push(format!("{}: {problem}", last.0));
        }
    }
    assert!(wrong.is_empty(), "{} kinds of trouble:\n{}", wrong.len(), wrong.join("\n"));
}

/// Runs `try_one` on every template and collects what is wrong.
fn on_all(mut try_one: impl FnMut(&Rules, &Template, &mut Random, &mut Vec<String>)) {
    let rules = rules();
    let mut random = Random::new();
    let mut found = Vec::new();
    for (name, template) in templates() {
        let mut wrong = Vec::new();
        try_one(&rules, &template, &mut random, &mut wrong);
        found.extend(wrong.into_iter().map(|problem| (name.clone(), problem)));
    }
    all_right(found);
}

#[test]
fn every_provider_has_a_template() {
    let templates = templates();
    let lacking: Vec<String> = Rules::embedded()
        .slugs()
        .into_iter()
        .filter(|slug| templates.iter().all(|(_, template)| template.provider != *slug))
        .map(str::to_owned)
        .collect();
    assert_eq!(lacking, Vec::<String>::new());
}

#[test]
fn every_word_for_a_status_or_an_impact_means_what_it_should() {
    on_all(|rules, template, random, found| {
        for status in 0..template.statuses.len().max(1) {
            for impact in 0..template.impacts.len().max(1) {
                let mut filling = Filling { status, ..filling(template, random) };
                filling.number += impact;
                found.extend(wrong(rules, template, &filling, PLAIN, true));
            }
        }
    });
}

#[test]
fn windows_are_read_over_year_ends_leap_days_and_changes_of_the_clock() {
    on_all(|rules, template, random, found| {
        for _ in 0..40 {
            let filling = Filling { circuits: template.max_circuits.min(1), ..filling(template, random) };
            found.extend(wrong(rules, template, &filling, PLAIN, false));
        }
    });
}

#[test]
fn one_circuit_and_two_hundred_are_read_each_with_its_impact() {
    on_all(|rules, template, random, found| {
        for circuits in CIRCUITS {
            let filling = Filling { circuits: circuits.min(template.max_circuits), ..filling(template, random) };
            found.extend(wrong(rules, template, &filling, PLAIN, false));
        }
    });
}

#[test]
fn encodings_charsets_and_line_ends_change_nothing() {
    on_all(|rules, template, random, found| {
        for transfer in [Transfer::Eight, Transfer::Base64, Transfer::QuotedPrintable] {
            for charset in CHARSETS {
                let look =
                    Look { transfer, charset, crlf: random.below(2) == 0, capitals: random.below(2) == 0, ..PLAIN };
                let filling = filling(template, random);
                found.extend(wrong(rules, template, &filling, look, random.below(2) == 0));
            }
        }
    });
}

#[test]
fn whoever_sends_a_notice_on_it_says_the_same() {
    on_all(|rules, template, random, found| {
        for way in WAYS {
            for transfer in [Transfer::Eight, Transfer::QuotedPrintable] {
                let look = Look { transfer, crlf: random.below(2) == 0, way, ..PLAIN };
                // Calendars have no subject that matters, and these say all in theirs.
                let filling = filling(template, random);
                found.extend(wrong(rules, template, &filling, look, way == Way::Resent));
            }
        }
    });
}

/// The notice with every part of a kind changed.
fn changed(written: &Written, kind: &str, change: impl Fn(&str) -> String) -> Written {
    let mut written = written.clone();
    for (_, text) in written.parts.iter_mut().filter(|(of, _)| *of == kind) {
        *text = change(text);
    }
    written
}

#[test]
fn how_the_html_is_written_changes_nothing() {
    on_all(|rules, template, random, found| {
        for (name, restyle) in STYLES {
            let filling = filling(template, random);
            let written = changed(&template.write(&filling), "text/html", restyle);
            let verdict = rules.read(&mail(&written, PLAIN), None).verdict;
            found.extend(misread(verdict, &template.wanted(&filling)).map(|problem| format!("{name}: {problem}")));
        }
    });
}

#[test]
fn lines_of_plain_text_may_be_cut_and_quoted() {
    on_all(|rules, template, random, found| {
        let filling = filling(template, random);
        for (name, change) in [("cut", cut_lines as fn(&str) -> String), ("quoted", quote_marks)] {
            let written = changed(&template.write(&filling), "text/plain", change);
            let verdict = rules.read(&mail(&written, PLAIN), None).verdict;
            found.extend(misread(verdict, &template.wanted(&filling)).map(|problem| format!("{name}: {problem}")));
        }
    });
}

#[test]
fn a_page_sent_as_plain_text_is_read_right_or_reported() {
    on_all(|rules, template, random, found| {
        let filling = filling(template, random);
        let mut written = template.write(&filling);
        written.parts.retain(|(kind, _)| *kind != "text/plain");
        for (kind, text) in written.parts.iter_mut().filter(|(kind, _)| *kind == "text/html") {
            (*kind, *text) = ("text/plain", as_text(text));
        }
        match rules.read(&mail(&written, PLAIN), None).verdict {
            Verdict::Failed { .. } => {}
            Verdict::Ignored { reason, .. } | Verdict::Unknown { reason } => {
                found.push(format!("not reported: {reason}"));
            }
            verdict @ Verdict::Parsed { .. } => found.extend(misread(verdict, &template.wanted(&filling))),
        }
    });
}

#[test]
fn what_a_provider_sends_beside_notices_is_none() {
    on_all(|rules, template, random, found| {
        let filling = filling(template, random);
        let signature = "NOC of the provider, on duty since 01/02/2020 10:00. Reference number: 12345.";
        for (subject, text) in [
            ("Our newsletter", "News of our network in Ghent, from 1 May 2026 10:00 UTC to 2 May 2026 10:00 UTC."),
            ("Your invoice 4711", "Please find the invoice for circuits CIR-1, CIR-2 attached."),
            ("Automatic reply: out of office", "I am back on 2 May 2026 at 10:00 UTC."),
            ("[Case 4711] update", "The case was updated. Status: closed."),
        ] {
            let html = format!("<p>Dear customer,</p><p>{text}</p><p>{signature}</p>");
            let parts = vec![("text/plain", format!("{text}\n\n{signature}\n")), ("text/html", html)];
            let written = Written { subject: subject.to_owned(), parts, ..template.write(&filling) };
            if let Verdict::Parsed { notices, .. } = rules.read(&mail(&written, PLAIN), None).verdict {
                found.push(format!("{subject:?} is read as {notices:?}"));
            }
        }
    });
}

#[test]
fn a_notice_that_lacks_its_window_is_reported() {
    on_all(|rules, template, random, found| {
        let mut filling = filling(template, random);
        // Some announce what is cancelled without saying when it would have been.
        filling.status = 0;
        let written = template.write(&filling);
        let mut lacking = written.clone();
        let (start, end) = filling.windows[0];
        let years = [start.format("%Y").to_string(), end.format("%Y").to_string()];
        for text in lacking.parts.iter_mut().map(|(_, text)| text).chain([&mut lacking.subject]) {
            for year in &years {
                *text = text.replace(year.as_str(), "soon");
            }
        }
        let verdict = rules.read(&mail(&lacking, PLAIN), None).verdict;
        let is_reported = matches!(verdict, Verdict::Failed { .. });
        // Years of two digits are not found and replaced.
        let unchanged = format!("{written:?}") == format!("{lacking:?}");
        if !is_reported && !unchanged {
            found.push(format!("{verdict:?}"));
        }
    });
}

#[test]
fn what_has_become_of_a_maintenance_is_read_in_the_usual_sentence() {
    on_all(|rules, template, random, found| {
        let mut filling = filling(template, random);
        filling.status = 0;
        let written = template.write(&filling);
        let say = |sentence: &str| {
            let mut written = written.clone();
            for (kind, text) in &mut written.parts {
                match *kind {
                    "text/html" => *text = format!("<p>{sentence}</p>{text}"),
                    "text/plain" => *text = format!("{sentence}\n\n{text}"),
                    _ => {}
                }
            }
            notices(rules.read(&mail(&written, PLAIN), Some(&template.provider)).verdict)
        };
        let Ok(before) = say("Good morning.") else { return };
        // What will be is not what is.
        for sentence in [
            "Once the maintenance has been completed, services are restored.",
            "You will be informed as soon as the planned maintenance has been cancelled or postponed.",
        ] {
            // This one says it in sentences of any kind.
            let anywhere = sentence.contains("cancelled") && template.provider == "telstra";
            if !anywhere && say(sentence).ok().as_ref() != Some(&before) {
                found.push(format!("{sentence} is read as {:?}", say(sentence)));
            }
        }
        let by_words = template.statuses.iter().all(|(word, _)| !word.ends_with(':') && !word.ends_with(" - "));
        if template.statuses.is_empty() || by_words {
            return;
        }
        for (sentence, status) in [
            ("Please be advised that this maintenance has been cancelled.", "CANCELLED"),
            ("The planned maintenance activity has been successfully completed.", "COMPLETED"),
            ("We regret: Your maintenance window has been postponed.", "RE-SCHEDULED"),
            ("The above mentioned work is now in progress.", "IN-PROCESS"),
        ] {
            let said = say(sentence).map(|notices| notices[0].status.as_str());
            if said != Ok(status) {
                found.push(format!("{sentence} is read as {said:?}"));
            }
        }
    });
}

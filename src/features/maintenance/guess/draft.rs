//! The draft of a rule file from a sample: what was found in it, with remarks on what to check.

use std::fmt::Write as _;

use super::language::spoken;
use super::subject::STATUS_WORDS;
use super::{By, Guess, Seen, guess};
use crate::features::maintenance::mail::{Kind, Mail};
use crate::features::maintenance::model::Status;
use crate::features::maintenance::when::Order;
use crate::text::clean_line;

/// The text of a rule file for the provider of `mail`, called `name` for people.
#[must_use]
pub fn draft(mail: &Mail, name: &str) -> String {
    let guess = guess(mail);
    let sender = clean_line(&mail.envelope.sender);
    let mut text = head(&guess, name, &sender);
    text.push_str(&dates(&guess));
    text.push_str(&defaults(&guess));
    if guess.maintenance_id.is_none() {
        text.push_str("# No id was found, so maintenances are named after what they are about. Write a step for\n");
        text.push_str("# maintenance_id if there is one, and take these lines out.\n");
        text.push_str("[id]\neach_circuit = \"{circuit}\"\nwindow = \"{start}{end}\"\n\n");
    }
    text.push_str(&subject_steps(&guess));
    text.push_str(&body_steps(&guess));
    text
}

/// The keys above the first section.
fn head(guess: &Guess, name: &str, sender: &str) -> String {
    let organizer = if sender.is_empty() { "noc@provider.example" } else { sender };
    let domain = sender.rsplit_once('@').map(|(_, domain)| domain);
    let mut text = format!(
        "# A draft from one mail: check every line marked CHECK, then `noctui provider test` this file with all the\n\
         # mails of this provider that you have. `noctui provider show zayo` prints one that is done.\n\
         name = {}\n\
         # Who to ask: CHECK.\n\
         organizer = {}\n",
        toml_text(name),
        toml_text(organizer)
    );
    let senders: Vec<String> = match domain {
        Some(domain) => vec![toml_text(sender), toml_text(&format!("@{domain}"))],
        None => Vec::new(),
    };
    let _ = writeln!(text, "# CHECK: the domain stands for every address in it.\nsenders = [{}]", senders.join(", "));
    let _ = writeln!(
        text,
        "# A text that only this provider's mails hold finds forwarded ones, too: CHECK.\n# signs = [\"…\"]"
    );
    let mut parts = Vec::new();
    parts.extend(guess.kind.map(|kind| toml_text(kind.as_str())));
    if has_subject(guess) {
        parts.push("\"subject\"".to_owned());
    }
    parts.push("\"date\"".to_owned());
    let _ = writeln!(text, "processors = [[\"ical\"], [{}]]", parts.join(", "));
    text.push_str("# Words and what they mean; the first that occurs counts: CHECK against other mails.\nstatus = [\n");
    for (word, status) in STATUS_WORDS.iter().take_while(|(word, _)| *word != "confirmed") {
        let _ = writeln!(text, "  [{}, \"{}\"],", toml_text(word), status.as_str());
    }
    let said = guess.status.as_ref().map_or("", |(_, seen)| seen.value.as_str());
    for language in spoken(&format!("{} {said}", guess.subject).to_lowercase()) {
        for (word, status) in language.statuses.iter().filter(|(_, status)| *status != Status::Confirmed) {
            let _ = writeln!(text, "  [{}, \"{}\"],", toml_text(word), status.as_str());
        }
    }
    text.push_str("  [\"\", \"CONFIRMED\"],\n]\n");
    text.push_str(
        "impact = [\n  [\"no impact\", \"NO-IMPACT\"],\n  [\"redundan\", \"REDUCED-REDUNDANCY\"],\n  [\"protect\", \
         \"REDUCED-REDUNDANCY\"],\n  [\"degrad\", \"DEGRADED\"],\n  [\"\", \"OUTAGE\"],\n]\n\n",
    );
    text
}

/// How dates are read.
fn dates(guess: &Guess) -> String {
    let (order, is_known) = guess.order;
    let order = if order == Order::DayFirst { "day-first" } else { "month-first" };
    let mut text = "[dates]\n".to_owned();
    for (what, (moment, _)) in
        guess.start.iter().map(|start| ("start", start)).chain(guess.end.iter().map(|end| ("end", end)))
    {
        let _ = writeln!(
            text,
            "# {what}: \"{}\" is read as {}",
            clean_line(&moment.text),
            moment.at.format("%Y-%m-%d %H:%M UTC")
        );
    }
    let in_figures = guess.start.iter().chain(&guess.end).any(|(moment, _)| super::moments::in_figures(&moment.text));
    let remark = match (is_known, in_figures) {
        (true, _) => "",
        (false, true) => " # CHECK: the sample does not show it",
        (false, false) => " # for dates in figures, which the sample has not",
    };
    let _ = writeln!(text, "order = \"{order}\"{remark}");
    if !guess.has_zone {
        text.push_str(
            "# CHECK: no zone was found beside the times; UTC unless you say otherwise.\n# zone = \"Europe/Paris\"\n",
        );
    }
    if !guess.zones.is_empty() {
        text.push_str("\n[dates.zones]\n");
    }
    for (letters, zone) in &guess.zones {
        let _ = match zone {
            Some(zone) => writeln!(text, "{letters} = \"{zone}\" # CHECK: letters mean several zones in the world"),
            None => writeln!(text, "{letters} = \"UTC\" # CHECK: these letters are not known"),
        };
    }
    text.push('\n');
    text
}

/// What holds where the mail says nothing.
fn defaults(guess: &Guess) -> String {
    let mut text = "[default]\n".to_owned();
    if guess.account.is_none() {
        text.push_str("# CHECK: the mail names no account; write yours.\naccount = \"unknown\"\n");
    }
    text.push_str("status = \"CONFIRMED\"\n\n");
    text
}

/// Whether the subject says something that nothing else does.
fn has_subject(guess: &Guess) -> bool {
    let by_subject = |seen: &Seen| seen.by == By::Subject;
    guess.maintenance_id.as_ref().is_some_and(by_subject)
        || guess.status.as_ref().is_none_or(|(_, seen)| !matches!(seen.by, By::Label(_)))
}

/// The steps of the subject.
fn subject_steps(guess: &Guess) -> String {
    let mut text = String::new();
    if !has_subject(guess) {
        return text;
    }
    let _ = writeln!(text, "# The subject: {}", clean_line(&guess.subject));
    if let Some(id) = guess.maintenance_id.as_ref().filter(|seen| seen.by == By::Subject) {
        let pattern = general(&id.value);
        let _ = writeln!(
            text,
            "[[part.subject.step]]\n# CHECK: how ids are built.\nfind = '(?<maintenance_id>{pattern})'\nrequired = true\n"
        );
    }
    if !guess.status.as_ref().is_some_and(|(_, seen)| matches!(seen.by, By::Label(_))) {
        text.push_str("[[part.subject.step]]\nfind = '\\A(?<status>[^\\n]+)'\n\n");
    }
    text
}

/// The steps of the page or the text.
fn body_steps(guess: &Guess) -> String {
    let Some(kind) = guess.kind else { return String::new() };
    let mut text = format!("# What `noctui maintenance parse --lines` shows under [{}].\n", kind.as_str());
    let labelled = [
        ("maintenance_id", &guess.maintenance_id),
        ("account", &guess.account),
        ("summary", &guess.summary),
        ("impact", &guess.impact),
    ];
    for (field, seen) in labelled {
        let Some(Seen { value, by: By::Label(label) }) = seen else { continue };
        step(&mut text, kind, field, label, value, "");
    }
    if guess.account.as_ref().is_some_and(|seen| seen.by == By::Dear) {
        let _ = writeln!(text, "[[part.{}.step]]\nfind = '^Dear (?<account>[^,\\n]+),'\n", kind.as_str());
    }
    if let Some((_, Seen { value, by: By::Label(label) })) = &guess.status {
        step(&mut text, kind, "status", label, value, "");
    }
    window(&mut text, kind, guess);
    circuits(&mut text, kind, guess);
    if !text.contains("[[part.") {
        let _ = writeln!(text, "[part.{}]", kind.as_str());
    }
    text
}

/// The steps for the window.
fn window(text: &mut String, kind: Kind, guess: &Guess) {
    match (&guess.start, &guess.end) {
        (Some((from, start)), Some((to, end))) if start == end => {
            let By::Label(label) = &start.by else {
                text.push_str(WINDOW_UNKNOWN);
                return;
            };
            if clean_line(&to.text).len() < 9 {
                text.push_str("# CHECK: the end of the window has no date of its own; write how long windows are:\n");
                text.push_str("# minutes in [default], or a step for minutes or hours.\n");
                step(text, kind, "start", label, &from.text, "pattern = '^(?<start>.+?) (?:-|–|to|until) '\n");
                return;
            }
            let pattern = "pattern = '(?<start>\\d.+?) (?:-|–|to|until) (?<end>.+)'\n";
            step(text, kind, "", label, &start.value, pattern);
        }
        (start, end) => {
            for (field, seen) in [("start", start), ("end", end)] {
                match seen {
                    Some((moment, Seen { by: By::Label(label), .. })) => {
                        moment_step(text, kind, field, label, &moment.text);
                    }
                    Some(_) | None => {
                        let _ = writeln!(text, "# CHECK: no label for the {field} of the window was found.\n");
                    }
                }
            }
        }
    }
}

/// Said where the window stands in running text.
const WINDOW_UNKNOWN: &str = "# CHECK: the window stands in running text; write\n\
    # find = '… (?<start>…) … (?<end>…)' for it.\n\n";

/// A step for a start or an end, whose label may name the zone.
fn moment_step(text: &mut String, kind: Kind, field: &str, label: &str, value: &str) {
    match label.split_once('(').filter(|_| super::moments::zone_of_label(label).is_some()) {
        Some((before, _)) => {
            let before = regex::escape(before.trim_end());
            let _ = writeln!(
                text,
                "# {}\n[[part.{}.step]]\nlabel_pattern = '^{before} \\((?<zone>[A-Z]+)\\)'\nfield = \"{field}\"\n",
                clean_line(value),
                kind.as_str()
            );
        }
        None => step(text, kind, field, label, value, ""),
    }
}

/// The step for circuits.
fn circuits(text: &mut String, kind: Kind, guess: &Guess) {
    let part = kind.as_str();
    if let Some(table) = &guess.table {
        let first = guess.circuits.first().map(|seen| clean_line(&seen.value)).unwrap_or_default();
        let _ = writeln!(text, "# {} circuits, the first is {first}", guess.circuits.len());
        let impact =
            table.impact.as_ref().map(|head| format!(", {{ header = {}, field = \"impact\" }}", toml_text(head)));
        let _ = writeln!(
            text,
            "[[part.{part}.step]]\ncolumns = [{{ header = {}, field = \"circuit\" }}{}]\n",
            toml_text(&table.circuit),
            impact.unwrap_or_default()
        );
        return;
    }
    match guess.circuits.first() {
        Some(Seen { value, by: By::Label(label) }) => step(text, kind, "circuit", label, value, "split = \",\"\n"),
        _ => text.push_str("# CHECK: nothing that looks like a circuit was found; write a step for circuit.\n"),
    }
}

/// One step by a label.
fn step(text: &mut String, kind: Kind, field: &str, label: &str, value: &str, more: &str) {
    let value: String = clean_line(value).chars().take(80).collect();
    let field = if field.is_empty() { String::new() } else { format!("field = \"{field}\"\n") };
    // Without a colon longer lines may begin with the same words.
    let whole = if label.ends_with(':') { "" } else { "label_is = \"whole\"\n" };
    let label = toml_text(&clean_line(label));
    let _ = writeln!(text, "# {value}\n[[part.{}.step]]\nlabel = {label}\n{whole}{field}{more}", kind.as_str());
}

/// A pattern for ids that are built like this one.
fn general(id: &str) -> String {
    let mut pattern = String::from("\\b");
    let mut digits = false;
    for c in id.chars() {
        if c.is_ascii_digit() {
            if !digits {
                pattern.push_str("\\d+");
            }
            digits = true;
            continue;
        }
        digits = false;
        pattern.push_str(&regex::escape(&c.to_string()));
    }
    pattern
}

/// A text as TOML writes it.
fn toml_text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

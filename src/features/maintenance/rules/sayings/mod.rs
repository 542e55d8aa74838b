//! Sentences that say what has become of the work: that it is done, called off, begun, or that its times change.
//!
//! They stand [above](Quoting) a notice that is quoted, or are the notice's [own](Own). They are in `assets/sayings.toml`.

mod above;
mod own;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

pub(super) use self::above::Quoting;
pub(super) use self::own::Own;
use super::fold::squash;
use super::rule::Rule;
use crate::features::maintenance::mail::page::Page;
use crate::features::maintenance::model::Status;
use crate::text::clean_line;

/// The sentences, as they are written.
const WRITTEN: &str = include_str!("../../../../../assets/sayings.toml");
/// A line that is at least this long may go on in the next one.
const WRAPPED_CHARS: usize = 45;
/// Sentences of one letter that are looked at, and bytes of each: whoever tells what has become of the work is brief.
const MAX_SENTENCES: usize = 200;
/// See [`MAX_SENTENCES`].
const MAX_BYTES: usize = 1000;
/// Characters of a sentence that is told.
const TOLD_CHARS: usize = 160;
/// Words that end with a dot and end no sentence.
const SHORT: [&str; 14] =
    ["ref.", "no.", "nr.", "id.", "approx.", "incl.", "e.g.", "i.e.", "a.m.", "p.m.", "mr.", "ms.", "dr.", "st."];

/// The sentences, ready to be looked for.
static SAYINGS: LazyLock<Option<Sayings>> = LazyLock::new(|| Sayings::compile(WRITTEN).ok());

/// What a sentence means for the maintenance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
enum Meaning {
    /// It will not be.
    Cancelled,
    /// It is over.
    Completed,
    /// It has begun.
    InProcess,
    /// Its times were moved.
    #[serde(rename = "RE-SCHEDULED")]
    ReScheduled,
    /// Its times are moved now.
    Moves,
    /// It will not be at its time.
    Postponed,
    /// New times are announced.
    Later,
}

/// The file of the sentences.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// No statement stands behind what this fits.
    never_behind: String,
    /// Nor behind this and "that".
    never_behind_that: String,
    /// No statement stands before what this fits.
    never_before: String,
    /// What may not stand between the work and what has become of it.
    never_between: String,
    /// What is left out before all that.
    ignore: String,
    /// What speaks of a cancellation, and is no sentence that is known.
    unclear: String,
    /// What in a subject tells no status.
    untold: String,
    /// What says that the new times are those that are quoted.
    below: String,
    /// What a notice says of itself.
    own: own::File,
    /// Pieces of patterns.
    pieces: BTreeMap<String, String>,
    /// The sentences.
    said: Vec<SaidFile>,
}

/// Sentences that mean the same.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidFile {
    /// What they mean.
    means: Meaning,
    /// Patterns.
    #[serde(default)]
    find: Vec<String>,
    /// Words that say it alone.
    heading: Vec<String>,
}

/// See [`File`].
#[derive(Debug)]
struct Sayings {
    never_behind: Regex,
    never_behind_that: Regex,
    never_before: Regex,
    never_between: Regex,
    ignore: Regex,
    unclear: Regex,
    untold: Regex,
    below: Regex,
    own: own::Sentences,
    said: Vec<Saying>,
}

/// Sentences that mean the same.
#[derive(Debug)]
struct Saying {
    /// What they mean.
    means: Meaning,
    /// Each as a clause; `said` is what was said, `of` and `when` say of what.
    find: Vec<Regex>,
    /// A line that says it alone; `None` if no words do.
    heading: Option<Regex>,
}

impl Sayings {
    /// Compiles the file.
    fn compile(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let regex = |pattern: &str| Regex::new(pattern).map_err(|error| format!("{pattern}: {error}"));
        let clause = |pattern: &String| {
            let begins = r"(?:^|[,;:(–—] ?| - |(?<that>\bthat )|\b(?:and|but|hereby|unfortunately|regrettably|sadly|sorry|update|note|now) )";
            regex(&format!(r"(?i){begins}(?<said>{})(?:\b|$)", expanded(pattern, &file.pieces, "")))
        };
        let saying = |said: &SaidFile| {
            let words = said.heading.join("|");
            let noun = r"(?:maintenance|works?|activity|window|event|ticket|status|state|update|notice|notification)";
            let kind = "(?:(?:the|this|final|planned|scheduled|emergency|urgent|network) )*";
            let before = format!("(?:{kind}{noun}[ :–—-]+(?:of[ :]+)?)*");
            let behind = format!("(?:[ :–—-]+(?:{noun}|successfully))*(?: (?:to|until|till|at|on) .*)?");
            let heading = format!("(?i)^{before}(?:{words}){behind}$");
            Ok(Saying {
                means: said.means,
                find: said.find.iter().map(clause).collect::<Result<_, String>>()?,
                heading: if words.is_empty() { None } else { Some(regex(&heading)?) },
            })
        };
        Ok(Self {
            never_behind: regex(&file.never_behind)?,
            never_behind_that: regex(&file.never_behind_that)?,
            never_before: regex(&file.never_before)?,
            never_between: regex(&file.never_between)?,
            ignore: regex(&file.ignore)?,
            unclear: regex(&expanded(&file.unclear, &file.pieces, ""))?,
            untold: regex(&file.untold)?,
            below: regex(&file.below)?,
            own: own::Sentences::compile(&file.own)?,
            said: file.said.iter().map(saying).collect::<Result<_, String>>()?,
        })
    }

    /// Whether a sentence speaks of a cancellation that may have been meant.
    fn is_unclear(&self, sentence: &str) -> bool {
        let doubts = [&self.never_behind, &self.never_behind_that, &self.never_before, &self.own.contrary];
        self.unclear.is_match(sentence) && !doubts.iter().any(|doubt| doubt.is_match(sentence))
    }

    /// What a sentence says clearly of the work, or of its times. `quoted` is what stands below it.
    fn of_sentence(&self, sentence: &str, quoted: &str, said: &mut Said) {
        if sentence.ends_with('?') {
            return;
        }
        let mut found: Vec<Meaning> = Vec::new();
        for saying in &self.said {
            let mut clauses = saying.find.iter().flat_map(|find| find.captures_iter(sentence));
            if clauses.any(|clause| self.is_statement(sentence, &clause, quoted)) {
                found.push(saying.means);
            }
        }
        if found.contains(&Meaning::Later) {
            found.retain(|means| *means != Meaning::Moves);
        }
        for means in found {
            said.entry(means).or_insert_with(|| sentence.to_owned());
        }
    }

    /// What words that stand alone say.
    fn of_heading(&self, words: &str, said: &mut Said) {
        let bare = words.trim_matches(|c: char| !c.is_alphanumeric());
        let is_said = |saying: &&Saying| saying.heading.as_ref().is_some_and(|heading| heading.is_match(bare));
        for saying in self.said.iter().filter(is_said).filter(|_| !words.ends_with('?')) {
            said.entry(saying.means).or_insert_with(|| words.to_owned());
        }
    }

    /// Whether a clause of a sentence is a statement about the work that is quoted.
    fn is_statement(&self, sentence: &str, clause: &regex::Captures<'_>, quoted: &str) -> bool {
        let Some(said) = clause.name("said") else { return false };
        let around = [sentence.get(..said.start()), sentence.get(said.end()..)];
        let [behind, before] = around.map(|text| self.ignore.replace_all(text.unwrap_or_default(), " "));
        let is_that = clause.name("that").is_some();
        let between = [clause.name("of"), clause.name("when")];
        let is_other = between.into_iter().flatten().any(|of| {
            self.never_between.is_match(of.as_str()) || names(of.as_str()).any(|name| !quoted.contains(&name))
        });
        let is_doubtful = self.never_behind.is_match(&behind)
            || (is_that && self.never_behind_that.is_match(&behind))
            || self.never_before.is_match(&before);
        !is_other && !is_doubtful
    }
}

/// A pattern with its pieces, which are made of pieces, with the lines of all joined.
fn expanded(pattern: &str, pieces: &BTreeMap<String, String>, join: &str) -> String {
    let joined = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join(join);
    let mut whole = joined(pattern);
    while let Some((name, piece)) = pieces.iter().find(|(name, _)| whole.contains(&format!("{{{name}}}"))) {
        whole = whole.replace(&format!("{{{name}}}"), &joined(piece));
    }
    whole
}

/// A subject with blanks for what tells no status in it.
pub(super) fn without_untold(subject: &str) -> Cow<'_, str> {
    let Some(sayings) = SAYINGS.as_ref() else { return subject.into() };
    sayings.untold.replace_all(subject, |found: &regex::Captures<'_>| {
        let words = found.get(0).map_or("", |found| found.as_str()).to_lowercase();
        let is_of_work = ["maintenance", "maintenances", "work", "works"].iter().any(|work| words.ends_with(work));
        if words.starts_with("completion of") && is_of_work { words } else { " ".repeat(words.len()) }
    })
}

/// What was said, each with the sentence.
type Said = BTreeMap<Meaning, String>;

/// Whether what is postponed is another maintenance then, as it is to some providers.
fn is_another_then(rule: &Rule) -> bool {
    let meaning = |word: &str| rule.status.meaning(word).and_then(|word| word.parse().ok());
    meaning("postponed") == Some(Status::Cancelled) && meaning("") != Some(Status::Cancelled)
}

/// The sentences of these lines.
fn sentences(page: &Page, lines: &[usize]) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in lines.iter().map(|line| page.line(*line)) {
        let line = squash(line).replace('\u{a0}', " ").replace('’', "'");
        for word in line.split(' ').filter(|word| !word.is_empty()) {
            if !std::mem::replace(&mut goes_on, true) {
                sentences.push(String::new());
            }
            if sentences.len() > MAX_SENTENCES {
                return sentences;
            }
            if let Some(sentence) = sentences.last_mut().filter(|sentence| sentence.len() < MAX_BYTES) {
                sentence.extend([if sentence.is_empty() { "" } else { " " }, word]);
            }
            let is_short = SHORT.contains(&word.trim_start_matches('(').to_lowercase().as_str());
            goes_on = is_short || !word.trim_end_matches([')', '"', '*']).ends_with(['.', '!', '?']);
        }
        goes_on = goes_on && line.chars().count() >= WRAPPED_CHARS && !line.ends_with([':', ',']);
    }
    sentences
}

/// What in a text may name a maintenance: words with digits, but no dates and times.
fn names(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(' ').map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase());
    words.filter(|word| {
        let is_date = word.chars().all(|c| !c.is_alphabetic()) && word.contains([':', '/', '-', '.']);
        word.len() >= 4 && !is_date && word.contains(|c: char| c.is_ascii_digit()) && !word.parse().is_ok_and(is_year)
    })
}

/// Whether a number is a year.
fn is_year(number: u32) -> bool {
    (2000..2100).contains(&number)
}

/// A sentence as it is told.
fn shortened(sentence: &str) -> String {
    crate::text::shortened(&clean_line(sentence), TOLD_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::maintenance::model::Notice;

    /// What a sentence says above a notice of PW-4711.
    fn said(sentence: &str) -> Vec<Meaning> {
        let (mut said, sayings) = (Said::new(), SAYINGS.as_ref().unwrap());
        let notice = Notice {
            account: String::new(),
            circuits: Vec::new(),
            start: "2026-03-05T01:00:00Z".parse().unwrap(),
            end: "2026-03-05T05:00:00Z".parse().unwrap(),
            maintenance_id: "PW-4711".to_owned(),
            organizer: String::new(),
            provider: String::new(),
            sequence: 1,
            stamp: "2026-03-01T01:00:00Z".parse().unwrap(),
            status: Status::Confirmed,
            summary: String::new(),
            uid: "0".to_owned(),
            says_cancelled: false,
            sent: None,
        };
        let of = own::Of { sentences: &sayings.own, notices: &[notice] };
        sayings.of_sentence(sentence, "id: pw-4711", &mut said);
        sayings.of_heading(sentence, &mut said);
        said.extend(of.said(&[sentence.to_owned()]));
        said.into_keys().collect()
    }

    #[test]
    fn what_has_become_of_the_work_is_told_in_many_sentences() {
        use Meaning::{Cancelled, Completed, InProcess, Later, Moves, Postponed, ReScheduled};
        for (sentence, means) in [
            ("Dear customer, this maintenance has been completed.", vec![Completed]),
            ("The below maintenance has been CANCELLED.", vec![Cancelled]),
            ("We have to postpone the maintenance, new dates will follow.", vec![Postponed, Later]),
            ("The work has started.", vec![InProcess]),
            ("We need to extend the window until 08:00 UTC.", vec![Moves]),
            ("We need to extend until 08:00 UTC.", vec![Moves]),
            ("Please be advised that this maintenance has been cancelled.", vec![Cancelled]),
            ("The planned maintenance activity has been successfully completed.", vec![Completed]),
            ("We regret: Your maintenance window has been postponed.", vec![Postponed]),
            ("The above mentioned work is now in progress.", vec![InProcess]),
            ("Maintenance PW-4711 has been completed.", vec![Completed]),
            (
                "The work in Frankfurt scheduled for 5 March 2026 01:00 UTC has been cancelled due to bad weather.",
                vec![Cancelled],
            ),
            ("COMPLETED", vec![Completed]),
            ("*** CANCELLED ***", vec![Cancelled]),
            ("Status: Completed", vec![Completed]),
            ("Maintenance extension notification", vec![Moves]),
            ("Maintenance completed at 03:45 UTC", vec![Completed]),
            ("Extended until 08:00 UTC.", vec![Moves]),
            ("Please treat the below maintenance as cancelled.", vec![Cancelled]),
            ("Our engineers have completed the work.", vec![Completed]),
            ("The maintenance will not take place.", vec![Cancelled]),
            ("The new window is 7 March 01:00 - 05:00 UTC.", vec![Moves]),
            ("Due to a fibre cut elsewhere, we will have to reschedule this activity.", vec![Moves]),
            ("We would like to inform you that the works have been rescheduled.", vec![ReScheduled]),
            ("It has been postponed until further notice.", vec![Postponed]),
            ("We need two more hours to finish.", vec![Moves]),
            ("The maintenance has been cancelled and will be rescheduled.", vec![Cancelled, Later]),
            ("Update: the maintenance is taking longer than expected.", vec![Moves]),
            ("No action is required, the maintenance has been cancelled.", vec![Cancelled]),
            ("This is to inform you of the cancellation of the maintenance below.", vec![Cancelled]),
        ] {
            assert_eq!(said(sentence), means, "{sentence}");
        }
    }

    #[test]
    fn what_may_be_or_is_of_other_work_says_nothing() {
        for sentence in [
            "Thanks for your question, circuit X is not impacted.",
            "Maintenance PW-4712 has been completed.",
            "The work will be completed by 05:00 UTC.",
            "The maintenance window is 4 hours, it will be completed before 06:00.",
            "If the maintenance is cancelled, we will tell you.",
            "If it is cancelled, we will tell you.",
            "The maintenance has not been cancelled.",
            "No maintenance has been cancelled.",
            "The previously cancelled maintenance will take place.",
            "The maintenance that was cancelled last week will take place as planned.",
            "Once the maintenance has been completed, services are restored.",
            "You will be informed as soon as the planned maintenance has been cancelled or postponed.",
            "You will be notified when the maintenance is completed.",
            "We will inform you that the maintenance has been completed.",
            "Has the maintenance been completed?",
            "The maintenance has been cancelled?",
            "Please confirm that the maintenance has been completed.",
            "You wrote that the maintenance has been cancelled.",
            "In case of bad weather, the maintenance will be rescheduled.",
            "Should the work not be completed, it will be rescheduled.",
            "The first part of the maintenance has been completed.",
            "The maintenance of last week has been completed.",
            "The maintenance has been completed for circuit C-9 only.",
            "The maintenance has been partially completed.",
            "The maintenance will take place as planned.",
            "The schedule remains unchanged.",
            "We have not extended the window.",
            "We may have to extend the window.",
            "We will extend our network.",
            "This work is required to extend the capacity of our network.",
            "Your request has been completed.",
            "This has been completed.",
            "Completed works in your area",
            "Thank you for your patience during the maintenance.",
        ] {
            assert_eq!(said(sentence), [], "{sentence}");
        }
    }
}

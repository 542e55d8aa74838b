//! What a provider says above a notice that it quotes: that the work is done, called off, begun, or that its times change.
//!
//! One idea: what was written later counts. The notice below was true when it was sent; a sentence above it that says what
//! has become of the work takes the place of its status, and one that speaks of new times takes away its window: where the
//! new ones cannot be read, nothing is told rather than what is no longer so. What is not said clearly changes nothing.
//! The sentences are in `assets/above.toml`; words that a rule knows for a status count as well.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use regex::Regex;
use serde::Deserialize;

use super::file::Field;
use super::fold::squash;
use super::partial;
use super::read::{self, Outcome};
use super::rule::Rule;
use crate::features::maintenance::mail::{Kind, Letter, Letters, Part, without_prefixes};
use crate::features::maintenance::model::{Notice, Status};
use crate::features::maintenance::when;
use crate::text::clean_line;

/// The sentences, as they are written.
const WRITTEN: &str = include_str!("../../../../assets/above.toml");
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

/// How letters begin.
const GREETINGS: [&str; 8] = ["dear", "hello", "hi", "good", "greetings", "hey", "team", "all"];
/// What may stand behind "this".
const PREDICATES: [&str; 4] = ["has ", "is ", "was ", "will "];

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

/// What tells that the times change.
const TIMES: [Meaning; 4] = [Meaning::Moves, Meaning::Postponed, Meaning::Later, Meaning::ReScheduled];

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
    /// The same for what is said to be so, and not to come.
    never_before_done: String,
    /// What may not stand between the work and what has become of it.
    never_between: String,
    /// What is left out before all that.
    ignore: String,
    /// What says that the new times are those that are quoted.
    below: String,
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
    never_before_done: Regex,
    never_between: Regex,
    ignore: Regex,
    below: Regex,
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
        let one_line = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().concat();
        let regex = |pattern: &str| Regex::new(pattern).map_err(|error| format!("{pattern}: {error}"));
        let whole = |pattern: &str| {
            let mut whole = pattern.to_owned();
            // Pieces are made of pieces.
            while let Some((name, piece)) = file.pieces.iter().find(|(name, _)| whole.contains(&format!("{{{name}}}")))
            {
                whole = whole.replace(&format!("{{{name}}}"), &one_line(piece));
            }
            whole
        };
        let clause = |pattern: &String| {
            let begins = r"(?:^|[,;:(–—] ?| - |(?<that>\bthat )|\b(?:and|but|hereby|unfortunately|regrettably|sadly|sorry|update|note|now) )";
            regex(&format!(r"(?i){begins}(?<said>{})(?:\b|$)", whole(pattern)))
        };
        let saying = |said: &SaidFile| {
            let words = said.heading.join("|");
            let noun = r"(?:maintenance|works?|activity|window|event|ticket|status|state|update|notice|notification)";
            let kind = "(?:(?:the|this|final|planned|scheduled|emergency|urgent|network) )*";
            let before = format!("(?:{kind}{noun}[ :–—-]+(?:(?:of|is|was|now|has been)[ :]+)*)*");
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
            never_before_done: regex(&file.never_before_done)?,
            never_between: regex(&file.never_between)?,
            ignore: regex(&file.ignore)?,
            below: regex(&file.below)?,
            said: file.said.iter().map(saying).collect::<Result<_, String>>()?,
        })
    }

    /// What a sentence says clearly of the work. `quoted` is what stands below it.
    fn of_sentence(&self, sentence: &str, quoted: &str, said: &mut Said) {
        if sentence.ends_with('?') {
            return;
        }
        let bare = sentence.trim_matches(|c: char| !c.is_alphanumeric());
        let mut found: Vec<Meaning> = Vec::new();
        for saying in &self.said {
            let is_heading = saying.heading.as_ref().is_some_and(|heading| heading.is_match(bare));
            let mut clauses = saying.find.iter().flat_map(|find| find.captures_iter(sentence));
            if is_heading || clauses.any(|clause| self.is_statement(saying.means, sentence, &clause, quoted)) {
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

    /// Whether a clause of a sentence is a statement about the work that is quoted.
    fn is_statement(&self, means: Meaning, sentence: &str, clause: &regex::Captures<'_>, quoted: &str) -> bool {
        let Some(said) = clause.name("said") else { return false };
        let around = [sentence.get(..said.start()), sentence.get(said.end()..)];
        let [behind, before] = around.map(|text| self.ignore.replace_all(text.unwrap_or_default(), " "));
        let is_that = clause.name("that").is_some();
        let is_done = matches!(means, Meaning::Cancelled | Meaning::Completed | Meaning::InProcess);
        let between = [clause.name("of"), clause.name("when")];
        let is_other = between.into_iter().flatten().any(|of| {
            self.never_between.is_match(of.as_str()) || names(of.as_str()).any(|name| !quoted.contains(&name))
        });
        let is_doubtful = self.never_behind.is_match(&behind)
            || (is_that && self.never_behind_that.is_match(&behind))
            || self.never_before.is_match(&before)
            || (is_done && self.never_before_done.is_match(&before));
        !is_other && !is_doubtful
    }
}

/// What was said, each with the sentence.
type Said = BTreeMap<Meaning, String>;

/// What is told above a notice.
struct Above {
    /// What has become of the work.
    status: Status,
    /// Whether that holds for another window than the one that is quoted.
    is_new_window: bool,
    /// What was said.
    sentence: String,
}

/// The notice that a mail quotes, and what is above it.
pub(super) struct Quoting<'q, 'p> {
    /// The rule.
    pub(super) rule: &'q Rule,
    /// The layers.
    pub(super) letters: &'q Letters<'p>,
    /// Those above the notice that may be the provider's.
    pub(super) above: Range<usize>,
    /// Whether an address of this domain is the provider's.
    pub(super) is_provider: &'q dyn Fn(&str) -> bool,
}

impl Quoting<'_, '_> {
    /// What was read of the mail, with what is told above the notice, and the sentence that told it. `quoted` is what the
    /// notice alone says, where it says all.
    pub(super) fn settle(&self, outcome: Outcome, quoted: Option<&[Notice]>) -> (Outcome, Option<String>) {
        let Outcome::Parsed(mut notices) = outcome else { return (outcome, None) };
        let below = self.letters.letters(self.above.end);
        let text = |letter: &Letter<'_>| letter.part.page().text(0..letter.part.page().len()).to_lowercase();
        let text = below.iter().map(text).collect::<Vec<_>>().join("\n");
        let subject = below.iter().find_map(|letter| letter.subject.clone());
        let mut said_below = quoted.unwrap_or(&notices).iter();
        let is_moved = said_below.all(|notice| notice.status == Status::ReScheduled);
        for layer in self.above.clone() {
            let letters = self.letters.letters(layer);
            let of_others =
                |letter: &Letter<'_>| letter.domain.as_ref().is_some_and(|domain| !(self.is_provider)(domain));
            if layer > 0 && letters.iter().any(of_others) {
                continue;
            }
            let Some(above) = self.told(&letters, &text, subject.as_deref(), is_moved) else { continue };
            let sentence = shortened(&above.sentence);
            if above.is_new_window && !self.has_new_times(&letters, &notices, quoted) {
                let reason = "it speaks of new times above the notice that it quotes, and they could not be read";
                return (Outcome::Failed(format!("{reason}: \"{sentence}\"")), None);
            }
            // Some notices carry their own date, which is that of what they said then.
            let made = letters.first().filter(|_| layer == 0).and_then(|letter| self.made(letter));
            for notice in &mut notices {
                notice.status = above.status;
                notice.stamp = made.map_or(notice.stamp, |made| made.max(notice.stamp));
            }
            return (Outcome::Parsed(notices), Some(sentence));
        }
        (Outcome::Parsed(notices), None)
    }

    /// When the mail that a letter is in was written.
    fn made(&self, letter: &Letter<'_>) -> Option<DateTime<Utc>> {
        let is_date = |part: &&Part| part.kind() == Kind::Date && part.home() == letter.part.home();
        when::header_date(self.letters.whole.iter().find(is_date)?.as_text()).ok()
    }

    /// What a letter tells of the notice below it.
    fn told(&self, letters: &[Letter<'_>], below: &str, subject: Option<&str>, is_moved: bool) -> Option<Above> {
        let sayings = SAYINGS.as_ref()?;
        let (mut said, mut is_below) = (Said::new(), false);
        for letter in letters {
            let mut has_begun = false;
            for sentence in sentences(letter) {
                is_below |= sayings.below.is_match(&sentence);
                // Who begins with it means what is below.
                let is_first = !has_begun;
                has_begun |= !is_greeting(&sentence);
                let this = sentence.strip_prefix("This ").filter(|_| is_first);
                let whole = this.filter(|rest| PREDICATES.iter().any(|word| rest.starts_with(word)));
                let whole = whole.map(|rest| format!("This maintenance {rest}"));
                sayings.of_sentence(whole.as_deref().unwrap_or(&sentence), below, &mut said);
            }
        }
        if is_below && TIMES.iter().any(|means| said.contains_key(means)) {
            return None;
        }
        if said.is_empty() {
            said.extend(letters.iter().find_map(|letter| self.of_rule(letter, sayings)));
        }
        if said.is_empty()
            && letters.iter().any(|letter| !letter.lines.is_empty())
            && let Some(own) = letters.iter().find_map(|letter| letter.subject.as_deref())
        {
            let mut of_below = Said::new();
            for piece in pieces(subject.unwrap_or_default()) {
                sayings.of_sentence(&piece, below, &mut of_below);
            }
            let (tags, bare, is_others) = without_prefixes(own);
            // The subject of an answer is that of the mail that is answered, unless that is known to be another.
            let bare = if is_others && subject.is_none() { "" } else { bare };
            for piece in pieces(&format!("{tags} {bare}")) {
                sayings.of_sentence(&piece, below, &mut said);
            }
            said.retain(|means, _| !of_below.contains_key(means));
        }
        self.together(&said, is_moved)
    }

    /// What several sentences come to; `None` where they say nothing, or nothing clear.
    fn together(&self, said: &Said, is_moved: bool) -> Option<Above> {
        let has = |means: Meaning| said.contains_key(&means);
        let tell = |means: &Meaning, status: Status| {
            let is_new_window = TIMES.contains(means) && status != Status::Cancelled;
            said.get(means).map(|sentence| Above { status, is_new_window, sentence: sentence.clone() })
        };
        if has(Meaning::Cancelled) && has(Meaning::Completed) {
            return None;
        }
        let meaning = |word: &str| self.rule.status.meaning(word).and_then(|word| word.parse().ok());
        // To some providers what is postponed is another maintenance then.
        let is_another = || meaning("postponed") == Some(Status::Cancelled) && meaning("") != Some(Status::Cancelled);
        if !has(Meaning::Moves) && !has(Meaning::ReScheduled) {
            let postponed = || tell(&Meaning::Postponed, Status::Cancelled).filter(|_| is_another());
            if let Some(cancelled) = tell(&Meaning::Cancelled, Status::Cancelled).or_else(postponed) {
                return Some(cancelled);
            }
        }
        // That it was moved is nothing new where the notice says so, too.
        if is_moved && said.keys().eq([&Meaning::ReScheduled]) {
            return None;
        }
        let moved = if has(Meaning::InProcess) { Status::InProcess } else { Status::ReScheduled };
        let done = || tell(&Meaning::Completed, Status::Completed);
        let begun = || tell(&Meaning::InProcess, Status::InProcess);
        TIMES.iter().find_map(|means| tell(means, moved)).or_else(done).or_else(begun)
    }

    /// What the rule's own steps find in a letter.
    fn of_rule(&self, letter: &Letter<'_>, sayings: &Sayings) -> Option<(Meaning, String)> {
        let is_clear = |line: &str| {
            let line = sayings.ignore.replace_all(line, " ");
            let doubts = [&sayings.never_behind, &sayings.never_behind_that, &sayings.never_before];
            !line.contains('?') && !doubts.iter().any(|doubt| doubt.is_match(&line))
        };
        let (found, page) = (read::found(self.rule, letter.part), letter.part.page());
        let statuses = found.iter().filter(|found| found.field == Field::Status);
        let status = |found: &partial::Found| {
            let line = page.line(found.line);
            let status = partial::status(&found.value, self.rule).ok().flatten().filter(|_| is_clear(line))?;
            let means = match status {
                Status::Cancelled => Meaning::Cancelled,
                Status::Completed => Meaning::Completed,
                Status::InProcess => Meaning::InProcess,
                Status::ReScheduled => Meaning::ReScheduled,
                Status::Tentative | Status::Confirmed | Status::NoChange => return None,
            };
            Some((means, squash(line)))
        };
        statuses.filter(|found| letter.lines.contains(&found.line)).find_map(status)
    }

    /// Whether new times of every notice were read above.
    fn has_new_times(&self, letters: &[Letter<'_>], notices: &[Notice], quoted: Option<&[Notice]>) -> bool {
        let is_old = |notice: &Notice| {
            quoted.is_none_or(|quoted| quoted.iter().any(|old| (old.start, old.end) == (notice.start, notice.end)))
        };
        let is_time = |found: &partial::Found| matches!(found.field, Field::Start | Field::End);
        let has_time = |letter: &Letter<'_>| read::found(self.rule, letter.part).iter().any(is_time);
        letters.iter().any(has_time) && (quoted.is_none() || !notices.iter().any(is_old))
    }
}

/// Whether notices are of the same maintenances.
pub(super) fn are_named_alike(notices: &[Notice], others: &[Notice]) -> bool {
    let is_in =
        |notice: &Notice, list: &[Notice]| list.iter().any(|other| other.maintenance_id == notice.maintenance_id);
    notices.iter().all(|notice| is_in(notice, others)) && others.iter().all(|notice| is_in(notice, notices))
}

/// Whether the ids of notices look like ids: no words that stand where one was looked for.
pub(super) fn is_named(notices: &[Notice]) -> bool {
    let is_id = |id: &str| !id.contains(' ') && id.contains(|c: char| c.is_ascii_digit());
    notices.iter().all(|notice| is_id(&notice.maintenance_id))
}

/// The sentences of a letter.
fn sentences(letter: &Letter<'_>) -> Vec<String> {
    let page = letter.part.page();
    let mut sentences: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in letter.lines.iter().map(|line| page.line(*line)) {
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

/// Whether a sentence is what letters begin with.
fn is_greeting(sentence: &str) -> bool {
    let word = sentence.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default().to_lowercase();
    GREETINGS.contains(&word.as_str()) && sentence.chars().count() < WRAPPED_CHARS
}

/// The pieces of a subject that may say something by themselves, and all of it.
fn pieces(subject: &str) -> Vec<String> {
    let whole = squash(subject.trim());
    let pieces = whole.split(['[', ']', '(', ')', '|', ':', '*', '–', '—', '#']).flat_map(|piece| piece.split(" - "));
    let mut pieces: Vec<String> =
        pieces.map(|piece| piece.trim().to_owned()).filter(|piece| !piece.is_empty()).collect();
    pieces.push(whole);
    pieces
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

    /// What a sentence says above a notice of PW-4711.
    fn said(sentence: &str) -> Vec<Meaning> {
        let mut said = Said::new();
        SAYINGS.as_ref().unwrap().of_sentence(sentence, "id: pw-4711", &mut said);
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

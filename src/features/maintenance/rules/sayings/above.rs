//! What a provider says above a notice that it quotes: that the work is done, called off, begun, or that its times change.
//!
//! One idea: what was written later counts. The notice below was true when it was sent; a sentence above it that says what
//! has become of the work takes the place of its status, and one that speaks of new times takes away its window: where the
//! new ones cannot be read, nothing is told rather than what is no longer so. What is not said clearly changes nothing.
//! Words that a rule knows for a status count as well.

use std::ops::Range;

use chrono::{DateTime, Utc};

use super::own::{Of, paragraphs};
use super::{Meaning, SAYINGS, Said, Sayings, WRAPPED_CHARS, is_another_then, sentences, shortened};
use crate::features::maintenance::mail::page::Marks;
use crate::features::maintenance::mail::{Kind, Letter, Letters, Part, without_prefixes};
use crate::features::maintenance::model::{Notice, Status};
use crate::features::maintenance::rules::file::Field;
use crate::features::maintenance::rules::fold::squash;
use crate::features::maintenance::rules::partial;
use crate::features::maintenance::rules::read;
use crate::features::maintenance::rules::rule::Rule;
use crate::features::maintenance::when;

/// How letters begin.
const GREETINGS: [&str; 8] = ["dear", "hello", "hi", "good", "greetings", "hey", "team", "all"];
/// What may stand behind "this".
const PREDICATES: [&str; 4] = ["has ", "is ", "was ", "will "];
/// What may not, since it is what is written that is meant.
const OF_THE_LETTER: [&str; 4] = ["is to ", "is a ", "is an ", "is the "];

/// What tells that the times change.
const TIMES: [Meaning; 4] = [Meaning::Moves, Meaning::Postponed, Meaning::Later, Meaning::ReScheduled];

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
pub(in super::super) struct Quoting<'q, 'p> {
    /// The rule.
    pub(in super::super) rule: &'q Rule,
    /// The layers.
    pub(in super::super) letters: &'q Letters<'p>,
    /// Those above the notice that may be the provider's.
    pub(in super::super) above: Range<usize>,
    /// Whether an address of this domain is the provider's.
    pub(in super::super) is_provider: &'q dyn Fn(&str) -> bool,
}

impl Quoting<'_, '_> {
    /// What was read of the mail, with what is told above the notice, and the sentence that told it; the reason where nothing of
    /// it is so any more. `quoted` is what the notice alone says, where it says all.
    pub(in super::super) fn settle(
        &self,
        mut notices: Vec<Notice>,
        quoted: Option<&[Notice]>,
    ) -> Result<(Vec<Notice>, Option<String>), String> {
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
            let Some(above) = self.told(&letters, (&text, &notices), subject.as_deref(), is_moved) else {
                if let Some(sentence) = unclear(&letters) {
                    let reason =
                        "it speaks of a cancellation above the notice that it quotes, in words that are not known";
                    return Err(format!("{reason}: \"{sentence}\""));
                }
                continue;
            };
            let sentence = shortened(&above.sentence);
            if above.is_new_window && !self.has_new_times(&letters, &notices, quoted) {
                let reason = "it speaks of new times above the notice that it quotes, and they could not be read";
                return Err(format!("{reason}: \"{sentence}\""));
            }
            // Some notices carry their own date, which is that of what they said then.
            let made = letters.first().filter(|_| layer == 0).and_then(|letter| self.made(letter));
            for notice in &mut notices {
                notice.status = above.status;
                notice.stamp = made.map_or(notice.stamp, |made| made.max(notice.stamp));
            }
            return Ok((notices, Some(sentence)));
        }
        Ok((notices, None))
    }

    /// When the mail that a letter is in was written.
    fn made(&self, letter: &Letter<'_>) -> Option<DateTime<Utc>> {
        let is_date = |part: &&Part| part.kind() == Kind::Date && part.home() == letter.part.home();
        when::header_date(self.letters.whole.iter().find(is_date)?.as_text()).ok()
    }

    /// What a letter tells of the notices below it, of which the mail has this text.
    fn told(
        &self,
        letters: &[Letter<'_>],
        (below, notices): (&str, &[Notice]),
        subject: Option<&str>,
        is_moved: bool,
    ) -> Option<Above> {
        let sayings = SAYINGS.as_ref()?;
        let of = Of { sentences: &sayings.own, notices };
        let (mut said, mut is_below) = (Said::new(), false);
        let add = |said: &mut Said, paragraphs: &[String]| {
            for (means, sentence) in of.said(paragraphs) {
                said.entry(means).or_insert(sentence);
            }
        };
        for letter in letters {
            let page = letter.part.page();
            let lines = letter.lines.iter().copied().filter(|line| !page.marks(*line).any(Marks::TITLE));
            let mut all = paragraphs(page, lines);
            // Who begins with "this" means what is below.
            with_noun(&mut all);
            add(&mut said, &all);
            let mut all = sentences(letter.part.page(), &letter.lines);
            with_noun(&mut all);
            for sentence in &all {
                is_below |= sayings.below.is_match(sentence);
                sayings.of_sentence(sentence, below, &mut said);
            }
            for heading in headings(letter, notices) {
                sayings.of_heading(&heading, &mut said);
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
                sayings.of_heading(&piece, &mut of_below);
                add(&mut of_below, &[piece]);
            }
            let (tags, bare, is_others) = without_prefixes(own);
            // The subject of an answer is that of the mail that is answered, unless that is known to be another.
            let bare = if is_others && subject.is_none() { "" } else { bare };
            for piece in pieces(&format!("{tags} {bare}")) {
                sayings.of_sentence(&piece, below, &mut said);
                sayings.of_heading(&piece, &mut said);
                add(&mut said, &[piece]);
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
        if !has(Meaning::Moves) && !has(Meaning::ReScheduled) {
            let postponed = || tell(&Meaning::Postponed, Status::Cancelled).filter(|_| is_another_then(self.rule));
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

/// Puts the word that is meant behind a "This" that everything but the greeting begins with.
fn with_noun(all: &mut [String]) {
    let Some(first) = all.iter_mut().find(|text| !is_greeting(text)) else { return };
    let begins = |rest: &str, words: &[&str]| words.iter().any(|word| rest.starts_with(word));
    let rest = first.strip_prefix("This ");
    let rest = rest.filter(|rest| begins(rest, &PREDICATES) && !begins(rest, &OF_THE_LETTER));
    if let Some(rest) = rest {
        *first = format!("This maintenance {rest}");
    }
}

/// The first sentence that speaks of a cancellation and is not known.
fn unclear(letters: &[Letter<'_>]) -> Option<String> {
    let sayings = SAYINGS.as_ref()?;
    let mut all = letters.iter().flat_map(|letter| sentences(letter.part.page(), &letter.lines));
    all.find(|sentence| sayings.is_unclear(sentence)).map(|sentence| shortened(&sentence))
}

/// The lines that may say something by being alone: what stands above has its end, or names the work, and nothing goes on below.
fn headings(letter: &Letter<'_>, notices: &[Notice]) -> Vec<String> {
    let page = letter.part.page();
    let lines = letter.lines.iter().filter(|line| !page.marks(**line).any(Marks::TITLE));
    let lines: Vec<String> = lines.map(|line| squash(page.line(*line))).collect();
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
    let is_named = |line: &str| notices.iter().any(|notice| line.contains(&notice.maintenance_id));
    let is_end = |line: &str| line.ends_with(['.', '!', ',']) || is_greeting(line) || is_named(line);
    let may_be = |at: &usize| {
        let (above, below) = (at.checked_sub(1).and_then(|above| lines.get(above)), lines.get(at + 1));
        above.is_none_or(|above| is_end(above)) && !below.is_some_and(|below| below.starts_with(char::is_lowercase))
    };
    (0..lines.len()).filter(may_be).filter_map(|at| lines.get(at).map(|line| (*line).to_owned())).collect()
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

//! One rule on a mail whose body may quote earlier ones.
//!
//! The topmost layer counts that is a whole notice by itself; what is below it is not looked at. What stands above it says
//! something of it ("this is completed, see below"), unless it is the letter of somebody who forwards it. Where no layer is
//! a notice, the body counts as a whole.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::read::{self, Bodies, Outcome, Trust};
use super::rule::Rule;
use super::sayings::{Own, Quoting};
use crate::features::maintenance::mail::{Letters, Part};
use crate::features::maintenance::model::Notice;

/// A rule, and the mail that it reads.
pub(super) struct Layered<'r, 'l, 'p> {
    /// The rule.
    pub(super) rule: &'r Rule,
    /// Its name.
    pub(super) slug: &'r str,
    /// The mail, by what quotes what.
    pub(super) letters: &'l Letters<'p>,
    /// Whether it is the provider that sent it.
    pub(super) is_own: bool,
    /// Which of two parts is trusted more.
    pub(super) trust: Trust,
    /// Whether an address of this domain is the provider's.
    pub(super) is_provider: &'r dyn Fn(&str) -> bool,
}

/// What one rule made of a mail.
pub(super) struct ReadWith<'p> {
    /// That.
    pub(super) outcome: Outcome,
    /// The parts that counted.
    pub(super) parts: Cow<'p, [Part]>,
    /// The sentence above the notice that tells its status, where one does.
    above: Option<String>,
    /// What the notice says of itself in place of a status, where it does.
    own: Option<Own>,
}

impl<'p> ReadWith<'p> {
    /// One in which no sentence tells the status.
    pub(super) fn of(outcome: Outcome, parts: &'p [Part]) -> Self {
        Self { outcome, parts: Cow::Borrowed(parts), above: None, own: None }
    }

    /// The sentence that tells the status, with where it is.
    pub(super) fn told(&self) -> Option<String> {
        let above = self.above.as_ref().map(|sentence| format!("above the notice that is quoted: \"{sentence}\""));
        above.or_else(|| self.own.as_ref().map(|own| format!("a sentence of the notice: \"{}\"", own.sentence)))
    }
}

impl<'l> Layered<'_, 'l, '_> {
    /// Reads the mail.
    pub(super) fn read(&self) -> ReadWith<'l> {
        let first = self.first();
        for layer in 0..self.letters.count() {
            let parts = self.letters.alone(layer);
            match self.read_as(parts, Bodies::Letter) {
                Outcome::Parsed(notices) if layer > first => return self.with_above(layer, notices),
                Outcome::Parsed(notices) => {
                    let read = self.with_own(notices, parts);
                    return ReadWith { outcome: self.dated(read.outcome, layer), ..read };
                }
                outcome @ Outcome::Excluded(_) if layer == 0 && self.is_own => return ReadWith::of(outcome, parts),
                // What is further down would be one of its windows, or one that it takes the place of.
                outcome @ Outcome::Unclear(_) => return ReadWith::of(outcome, parts),
                Outcome::Excluded(_) | Outcome::NotIncluded(_) | Outcome::Failed(_) => {}
            }
        }
        let whole = self.letters.whole;
        let Some(deepest) = self.letters.count().checked_sub(1) else {
            return match self.read_as(whole, Bodies::Letter).parsed() {
                Ok(notices) => self.with_own(notices, whole),
                Err(outcome) => ReadWith::of(outcome, whole),
            };
        };
        let outcome = self.read_as(whole, Bodies::Quoting);
        if deepest <= first {
            return ReadWith::of(outcome, whole);
        }
        let (outcome, above) = self.quoting(deepest).settle(outcome, None);
        ReadWith { above, ..ReadWith::of(outcome, whole) }
    }

    /// The notices of a layer below the first, with what is said above them.
    fn with_above(&self, layer: usize, notices: Vec<Notice>) -> ReadWith<'l> {
        let (first, parts) = (self.first(), self.letters.alone(layer));
        let own = self.own(&notices, parts);
        let told = |notices: Vec<Notice>| match &own {
            Some(own) => own.apply(self.rule, notices),
            None => notices,
        };
        let notices = told(notices);
        let together = self.letters.only(&(first..=layer));
        // What is above may tell another window, which counts then.
        let letter = self.read_as(&together, Bodies::Letter).parsed().ok().filter(|all| all.len() <= notices.len());
        let joined = letter.or_else(|| self.read_as(&together, Bodies::Quoting).parsed().ok());
        let (joined, parts) = match joined {
            Some(all) if self.rule.id.is_some() || are_named_alike(&all, &notices) => (told(all), Cow::Owned(together)),
            // Another maintenance is named above this one.
            Some(all) if is_named(&all) => {
                return ReadWith { own, ..ReadWith::of(self.dated(Outcome::Parsed(notices), layer), parts) };
            }
            _ => (notices.clone(), Cow::Borrowed(parts)),
        };
        let (outcome, above) = self.quoting(layer).settle(Outcome::Parsed(joined), Some(&notices));
        let is_told_above = !matches!(&outcome, Outcome::Parsed(said) if *said == notices);
        let outcome = self.dated(outcome, if is_told_above { first } else { layer });
        ReadWith { outcome, parts, above, own }
    }

    /// The first layer that may be the provider's.
    fn first(&self) -> usize {
        usize::from(!self.is_own)
    }

    /// What the rule makes of parts.
    fn read_as(&self, parts: &[Part], bodies: Bodies) -> Outcome {
        read::read(self.rule, self.slug, parts, self.trust, bodies)
    }

    /// What the notice of these parts says of itself in a sentence, where it says no status.
    fn own(&self, notices: &[Notice], parts: &[Part]) -> Option<Own> {
        Own::of(self.rule, self.slug, parts, self.trust, notices)
    }

    /// Notices with that.
    fn with_own<'p>(&self, notices: Vec<Notice>, parts: &'p [Part]) -> ReadWith<'p> {
        match self.own(&notices, parts) {
            Some(own) => {
                let outcome = Outcome::Parsed(own.apply(self.rule, notices));
                ReadWith { own: Some(own), ..ReadWith::of(outcome, parts) }
            }
            None => ReadWith::of(Outcome::Parsed(notices), parts),
        }
    }

    /// What is quoted in a layer, and what is above it.
    fn quoting(&self, notice: usize) -> Quoting<'_, '_> {
        let above = self.first()..notice;
        Quoting { rule: self.rule, letters: self.letters, above, is_provider: self.is_provider }
    }

    /// Notices with the day of a layer: what the provider itself sends is of that day, whatever it quotes.
    fn dated(&self, outcome: Outcome, layer: usize) -> Outcome {
        let sent = self.letters.sent(layer).filter(|_| !self.is_own);
        outcome.map(|notices| as_sent(notices, sent))
    }
}

/// Whether notices are of the same maintenances.
fn are_named_alike(notices: &[Notice], others: &[Notice]) -> bool {
    let is_in =
        |notice: &Notice, list: &[Notice]| list.iter().any(|other| other.maintenance_id == notice.maintenance_id);
    notices.iter().all(|notice| is_in(notice, others)) && others.iter().all(|notice| is_in(notice, notices))
}

/// Whether the ids of notices look like ids: no words that stand where one was looked for.
fn is_named(notices: &[Notice]) -> bool {
    let is_id = |id: &str| !id.contains(' ') && id.contains(|c: char| c.is_ascii_digit());
    notices.iter().all(|notice| is_id(&notice.maintenance_id))
}

/// Notices that somebody forwarded as text, with when that was first sent, where the date of the forward is all the stamp that
/// they have; `sent` has both dates.
fn as_sent(mut notices: Vec<Notice>, sent: Option<(DateTime<Utc>, DateTime<Utc>)>) -> Vec<Notice> {
    let Some((sent, forwarded)) = sent else { return notices };
    // The start of the work says nothing of when it was announced.
    for notice in notices.iter_mut().filter(|notice| notice.stamp >= forwarded || notice.stamp == notice.start) {
        notice.sent = Some(sent);
    }
    notices
}

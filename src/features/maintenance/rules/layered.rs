//! One rule on a mail whose body may quote earlier ones.
//!
//! The topmost layer counts that is a whole notice by itself; what is below it is not looked at. What stands above it says
//! something of it ("this is completed, see below"), unless it is the letter of somebody who forwards it. Where no layer is
//! a notice, the body counts as a whole.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::read::{self, Bodies, Outcome, Parsed, Trust};
use super::rule::Rule;
use super::sayings::Quoting;
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
    /// The sentence that tells the status and where it is, where one does.
    pub(super) told: Option<String>,
}

impl<'p> ReadWith<'p> {
    /// One in which no sentence tells the status, but for one of the notice itself.
    pub(super) fn of(outcome: Outcome, parts: impl Into<Cow<'p, [Part]>>) -> Self {
        let own = outcome.as_parsed().and_then(|parsed| parsed.own.as_ref());
        let told = own.map(|own| format!("a sentence of the notice: \"{}\"", own.sentence));
        Self { outcome, parts: parts.into(), told }
    }

    /// One in which a sentence above the notice may tell the status.
    fn with_above(self, above: Option<String>) -> Self {
        let above = above.map(|sentence| format!("above the notice that is quoted: \"{sentence}\""));
        Self { told: above.or(self.told), ..self }
    }
}

impl<'l> Layered<'_, 'l, '_> {
    /// Reads the mail.
    pub(super) fn read(&self) -> ReadWith<'l> {
        let first = self.first();
        for layer in 0..self.letters.count() {
            let parts = self.letters.alone(layer);
            match self.read_as(parts, Bodies::Letter) {
                Outcome::Parsed(parsed) if layer > first => return self.with_above(layer, parsed),
                Outcome::Parsed(parsed) => return ReadWith::of(self.dated(parsed, layer), parts),
                outcome @ Outcome::Excluded(_) if layer == 0 && self.is_own => return ReadWith::of(outcome, parts),
                // What is further down would be one of its windows, or one that it takes the place of.
                outcome @ Outcome::Unclear(_) => return ReadWith::of(outcome, parts),
                Outcome::Excluded(_) | Outcome::NotIncluded(_) | Outcome::Failed(_) => {}
            }
        }
        let (whole, count) = (self.letters.whole, self.letters.count());
        let bodies = if count == 0 { Bodies::Letter } else { Bodies::Quoting(None) };
        match self.read_as(whole, bodies).parsed() {
            Ok(parsed) if count > first + 1 => self.settled(parsed, count - 1, None, whole.into()),
            Ok(parsed) => ReadWith::of(Outcome::Parsed(parsed), whole),
            Err(outcome) => ReadWith::of(outcome, whole),
        }
    }

    /// The notices of a layer below the first, with what is said above them.
    fn with_above(&self, layer: usize, parsed: Parsed) -> ReadWith<'l> {
        let (first, parts) = (self.first(), self.letters.alone(layer));
        let Parsed { notices, own } = &parsed;
        let together = self.letters.only(&(first..=layer));
        // What is above may tell another window, which counts then.
        let letters = self.read_as(&together, Bodies::Letters(own.as_ref())).parsed().ok();
        let letters = letters.filter(|all| all.notices.len() <= notices.len());
        let joined = letters.or_else(|| self.read_as(&together, Bodies::Quoting(own.as_ref())).parsed().ok());
        match joined {
            Some(all) if self.rule.id.is_some() || are_named_alike(&all.notices, notices) => {
                self.settled(all, layer, Some(notices), together.into())
            }
            // Another maintenance is named above this one.
            Some(all) if is_named(&all.notices) => ReadWith::of(self.dated(parsed, layer), parts),
            _ => {
                let all = Parsed { notices: notices.clone(), own: own.clone() };
                self.settled(all, layer, Some(notices), parts.into())
            }
        }
    }

    /// What was read, with what is said above the notice in `layer`; `quoted` is what that one says, where it says all.
    fn settled(&self, all: Parsed, layer: usize, quoted: Option<&[Notice]>, parts: Cow<'l, [Part]>) -> ReadWith<'l> {
        let (notices, above) = match self.quoting(layer).settle(all.notices, quoted) {
            Ok(settled) => settled,
            Err(reason) => return ReadWith::of(Outcome::Failed(reason), parts),
        };
        let parsed = Parsed { notices, own: all.own };
        let outcome = match quoted {
            Some(quoted) if parsed.notices == quoted => self.dated(parsed, layer),
            Some(_) => self.dated(parsed, self.first()),
            None => Outcome::Parsed(parsed),
        };
        ReadWith::of(outcome, parts).with_above(above)
    }

    /// The first layer that may be the provider's.
    fn first(&self) -> usize {
        usize::from(!self.is_own)
    }

    /// What the rule makes of parts.
    fn read_as(&self, parts: &[Part], bodies: Bodies<'_>) -> Outcome {
        read::read(self.rule, self.slug, parts, self.trust, bodies)
    }

    /// What is quoted in a layer, and what is above it.
    fn quoting(&self, notice: usize) -> Quoting<'_, '_> {
        let above = self.first()..notice;
        Quoting { rule: self.rule, letters: self.letters, above, is_provider: self.is_provider }
    }

    /// Notices with the day of a layer: what the provider itself sends is of that day, whatever it quotes.
    fn dated(&self, parsed: Parsed, layer: usize) -> Outcome {
        let sent = self.letters.sent(layer).filter(|_| !self.is_own);
        Outcome::Parsed(Parsed { notices: as_sent(parsed.notices, sent), ..parsed })
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

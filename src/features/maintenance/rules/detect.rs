//! Whose mail is it? Senders are looked up first, because that is quick; content decides where senders serve several
//! providers, are unknown, or where their rule cannot read the mail.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

use super::calendar;
use super::file::Head;
use super::whose::Sender;
use crate::features::maintenance::mail::{Kind, Mail};

/// A sign in the content.
const SIGN: u32 = 20;
/// A sender's address.
const ADDRESS: u32 = 10;
/// A sender's domain.
const DOMAIN: u32 = 5;
/// What either counts more where the header names it that a source says to hold the sender.
const NAMED: u32 = 4;
/// An address of the provider in the text: forwarded mails name their sender so.
const MENTION: u32 = 3;

/// What to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Senders; content only where several providers share a sender.
    Senders,
    /// Everything.
    Content,
}

/// A rule that may know a mail.
#[derive(Debug)]
pub(super) struct Candidate {
    /// The rule.
    pub(super) slug: String,
    /// Whether more than a mention speaks for it, so that its failure is worth reporting.
    pub(super) is_sure: bool,
    /// Whether one of its senders has to do with the mail.
    pub(super) is_sender: bool,
    /// Whether the text is its own.
    pub(super) has_sign: bool,
}

/// Senders and signs of all rules.
#[derive(Debug)]
pub(super) struct Index {
    /// The rules.
    slugs: Vec<String>,
    /// Rules for calendars of providers without one.
    generic: Vec<usize>,
    /// Addresses, and domains with an `@` before them, to rules.
    senders: HashMap<String, Vec<usize>>,
    /// Finds signs and addresses in content; `None` if there are none.
    finder: Option<AhoCorasick>,
    /// The rule and the weight of what the finder finds.
    found: Vec<(usize, u32)>,
}

impl Index {
    /// The index of rules, given as slug and text.
    pub(super) fn new<'a>(rules: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let (mut slugs, mut generic, mut texts, mut found) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut senders: HashMap<String, Vec<usize>> = HashMap::new();
        for (slug, text) in rules {
            let head = head(text);
            let at = slugs.len();
            slugs.push(slug.to_owned());
            if head.generic {
                generic.push(at);
            }
            for sender in head.senders {
                let sender = sender.to_lowercase();
                texts.push(sender.clone());
                found.push((at, MENTION));
                senders.entry(sender).or_default().push(at);
            }
            for sign in head.signs {
                texts.push(sign);
                found.push((at, SIGN));
            }
        }
        let mut builder = AhoCorasickBuilder::new();
        let finder = builder.ascii_case_insensitive(true).match_kind(MatchKind::Standard).build(&texts).ok();
        Self { slugs, generic, senders, finder: finder.filter(|_| !texts.is_empty()), found }
    }

    /// The same, with addresses that send for some rules as well. A mention of one in a text says nothing.
    pub(super) fn with_senders(mut self, senders: &[Sender]) -> Self {
        for Sender { address, rule, .. } in senders {
            if let Some(at) = self.slugs.iter().position(|known| known == rule) {
                let rules = self.senders.entry(address.to_lowercase()).or_default();
                if !rules.contains(&at) {
                    rules.push(at);
                }
            }
        }
        self
    }

    /// Slugs of the rules for calendars of providers without one.
    pub(super) fn generic(&self) -> impl Iterator<Item = &str> {
        self.generic.iter().filter_map(|at| self.slugs.get(*at)).map(String::as_str)
    }

    /// Whether one of the senders of a mail sends for a rule.
    pub(super) fn knows_sender(&self, slug: &str, mail: &Mail) -> bool {
        let mut scores = HashMap::new();
        self.look_at_senders(mail, &mut scores);
        scores.keys().any(|at| self.slugs.get(*at).is_some_and(|known| known == slug))
    }

    /// Whether a domain, given with its `@`, is one that a rule has senders of.
    pub(super) fn sends_from(&self, slug: &str, domain: &str) -> bool {
        let is_its = |rules: &[usize]| rules.iter().any(|at| self.slugs.get(*at).is_some_and(|known| known == slug));
        self.senders.iter().any(|(sender, rules)| sender.ends_with(domain) && is_its(rules))
    }

    /// The rules that may know a mail, the likeliest first.
    pub(super) fn candidates(&self, mail: &Mail, look: Look) -> Vec<Candidate> {
        let mut scores: HashMap<usize, u32> = HashMap::new();
        self.look_at_senders(mail, &mut scores);
        let senders: Vec<usize> = scores.keys().copied().collect();
        if look == Look::Content || scores.len() > 1 {
            self.look_inside(mail, &mut scores);
        }
        if look == Look::Senders {
            // What only the content knows comes in the second look.
            scores.retain(|_, score| *score % SIGN >= DOMAIN);
        }
        let mut ranked: Vec<(usize, u32)> = scores.into_iter().collect();
        ranked.sort_by_key(|(at, score)| (std::cmp::Reverse(*score), *at));
        let candidate = |(at, score): (usize, u32)| {
            let slug = self.slugs.get(at)?.clone();
            Some(Candidate {
                slug,
                is_sure: score > MENTION,
                is_sender: senders.contains(&at),
                has_sign: score >= SIGN,
            })
        };
        ranked.into_iter().filter_map(candidate).collect()
    }

    /// Raises the scores of rules whose addresses or domains sent the mail.
    fn look_at_senders(&self, mail: &Mail, scores: &mut HashMap<usize, u32>) {
        let named = mail.named.iter().map(|sender| (sender, NAMED));
        for (sender, more) in named.chain(mail.senders.iter().map(|sender| (sender, 0))) {
            self.raise(scores, sender, ADDRESS + more);
            if let Some(at) = sender.rfind('@') {
                self.raise(scores, sender.get(at..).unwrap_or_default(), DOMAIN + more);
            }
        }
    }

    /// Raises the score of the rules of a sender, once each.
    fn raise(&self, scores: &mut HashMap<usize, u32>, sender: &str, by: u32) {
        for at in self.senders.get(sender).into_iter().flatten() {
            let score = scores.entry(*at).or_default();
            *score = (*score).max(by);
        }
    }

    /// Raises the scores of rules whose signs or addresses are in the mail, each once.
    fn look_inside(&self, mail: &Mail, scores: &mut HashMap<usize, u32>) {
        let Some(finder) = &self.finder else { return };
        let (mut signs, mut mentions) = (Vec::new(), Vec::new());
        let mut look = |text: &str| {
            for found in finder.find_overlapping_iter(text) {
                let Some((at, weight)) = self.found.get(found.pattern().as_usize()).copied() else { continue };
                let seen = if weight == SIGN { &mut signs } else { &mut mentions };
                if !seen.contains(&at) {
                    seen.push(at);
                }
            }
        };
        for part in &mail.parts {
            match part.kind() {
                Kind::Html => {
                    let page = part.page();
                    look(page.text(0..page.len()));
                }
                Kind::Ical => look(&calendar::plain_text(part.as_text())),
                Kind::Text | Kind::Subject => look(part.as_text()),
                Kind::Date | Kind::Csv | Kind::Xlsx => {}
            }
        }
        for at in signs {
            *scores.entry(at).or_default() += SIGN;
        }
        for at in mentions {
            scores.entry(at).or_insert(MENTION);
        }
    }
}

/// The head of a rule file. The keys above the first table are enough; where they cannot be cut off, all is read.
fn head(text: &str) -> Head {
    let cut = text.find("\n[").map_or(text.len(), |at| at + 1);
    let above = text.get(..cut).unwrap_or(text);
    toml::from_str(above).or_else(|_| toml::from_str(text)).unwrap_or_default()
}

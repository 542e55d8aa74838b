//! Provider rules: which mail is whose, and what it says. `docs/providers.md` explains the format.
//!
//! Rules are data. Those in the binary are the files of `assets/providers/`; a file of the same name in the user's folder
//! takes the place of one, others are added. A rule is compiled when a mail first needs it.

mod calendar;
mod catalog;
mod compile;
mod detect;
mod digest;
mod error;
mod explain;
mod extract;
mod file;
mod finish;
mod fold;
mod former;
mod label;
mod layered;
mod partial;
mod pattern;
mod read;
mod recurrence;
mod repeating;
mod rows;
mod rule;
mod salvage;
mod sayings;
mod whose;
mod windows;
mod windows_zones;
mod words;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub use self::catalog::{Listed, Origin};
use self::detect::Index;
pub use self::error::RuleError;
pub use self::explain::{
    Explanation, FieldSeen, FilterSeen, Near, PartSeen, Place, ProcessorSeen, StepSeen, ValueSeen,
};
use self::layered::{Layered, ReadWith};
use self::read::{Outcome, Parsed, Trust};
use self::rule::Rule;
pub use self::whose::Sender;
use super::mail::{self, Kind, Letters, Mail, Part};
use super::model::{Reading, Verdict};
use crate::regular;

/// Name and text of every file in `assets/providers/`, listed by `build.rs`.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/providers.rs"));

/// Longer rule files are refused.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// One rule: its text, and what it was compiled to.
#[derive(Debug)]
struct Entry {
    /// The file's name without `.toml`.
    slug: String,
    /// The file.
    file: PathBuf,
    /// Its text.
    text: Cow<'static, str>,
    /// The rule, compiled at first use.
    rule: OnceLock<Result<Rule, RuleError>>,
}

impl Entry {
    /// The compiled rule.
    fn rule(&self) -> Result<&Rule, &RuleError> {
        let compile = || Rule::compile(&self.file, &self.text).map_err(RuleError::first);
        self.rule.get_or_init(compile).as_ref()
    }
}

/// All rules. Cheap to make, shared by `Arc`.
#[derive(Debug)]
pub struct Rules {
    /// The rules, by slug.
    entries: BTreeMap<String, Entry>,
    /// Addresses that are known to send for a rule, beside those that the rules name.
    senders: Vec<Sender>,
    /// Headers that hold the sender, as sources say, and count before From.
    sender_headers: Vec<String>,
    /// What tells whose mail it is, read at first use.
    index: OnceLock<Index>,
}

impl Rules {
    /// The rules in the binary.
    #[must_use]
    pub fn embedded() -> Self {
        let entry = |(slug, text): &(&str, &'static str)| {
            let file = Path::new("assets/providers").join(format!("{slug}.toml"));
            let entry = Entry { slug: (*slug).to_owned(), file, text: Cow::Borrowed(*text), rule: OnceLock::new() };
            ((*slug).to_owned(), entry)
        };
        Self {
            entries: EMBEDDED.iter().map(entry).collect(),
            senders: Vec::new(),
            sender_headers: Vec::new(),
            index: OnceLock::new(),
        }
    }

    /// The rules in the binary, with those of a folder of the user in place of or beside them. Files with an error are
    /// left out and come back as errors; a folder that is not there has no rules.
    #[must_use]
    pub fn with_user_dir(dir: &Path) -> (Self, Vec<RuleError>) {
        let mut rules = Self::embedded();
        let mut errors = Vec::new();
        for file in toml_files(dir) {
            match user_entry(&file) {
                Ok(entry) => {
                    rules.entries.insert(entry.slug.clone(), entry);
                }
                Err(mut mistakes) => errors.append(&mut mistakes),
            }
        }
        (rules, errors)
    }

    /// The same rules, which know whose these addresses are.
    #[must_use]
    pub fn with_senders(mut self, senders: Vec<Sender>) -> Self {
        self.senders = senders;
        self.index = OnceLock::new();
        self
    }

    /// The same rules, which look for the sender of a mail in these headers first.
    #[must_use]
    pub fn with_sender_headers(self, sender_headers: Vec<String>) -> Self {
        Self { sender_headers, ..self }
    }

    /// The headers in which the sender of a mail is looked for first.
    #[must_use]
    pub fn sender_headers(&self) -> &[String] {
        &self.sender_headers
    }

    /// The slugs of all rules, sorted.
    #[must_use]
    pub fn slugs(&self) -> Vec<&str> {
        self.entries.keys().map(String::as_str).collect()
    }

    /// Compiles every rule; the errors of those that cannot be.
    #[must_use]
    pub fn check(&self) -> Vec<RuleError> {
        self.entries.values().filter_map(|entry| entry.rule().err().cloned()).collect()
    }

    /// What should be known of the user's rules and is no mistake, with where it is and what to do.
    #[must_use]
    pub fn warnings(&self) -> Vec<RuleError> {
        let own = |entry: &&Entry| matches!(entry.text, Cow::Owned(_));
        let mut warnings = Vec::new();
        let mut known: BTreeMap<String, &Entry> = BTreeMap::new();
        for entry in self.entries.values().filter(own) {
            let Ok(file) = toml::from_str::<file::RuleFile>(&entry.text) else { continue };
            let warning = |span, key, wrong: String, fix: String| {
                error::Problem::new(span, key, wrong, fix).in_file(entry.file.clone(), &entry.text)
            };
            if file.senders.is_empty() && file.signs.is_empty() && !file.generic {
                let wrong = "warning: no mail is known as this provider's by it".to_owned();
                let fix = "write senders or signs, or say whose the senders are: `noctui provider sender`".to_owned();
                warnings.push(RuleError { line: 0, ..warning(0..0, "senders", wrong, fix) });
            }
            for sender in &file.senders {
                match known.entry(sender.as_ref().to_lowercase()) {
                    std::collections::btree_map::Entry::Vacant(vacant) => _ = vacant.insert(entry),
                    std::collections::btree_map::Entry::Occupied(other) => {
                        let other = other.get().file.file_name().unwrap_or_default().to_string_lossy();
                        let wrong = format!("warning: {:?} is a sender of {other}, too", sender.as_ref());
                        let fix =
                            "give each of the two signs that only its mails have, or the sender to one".to_owned();
                        warnings.push(warning(sender.span(), "senders", wrong, fix));
                    }
                }
            }
        }
        warnings
    }

    /// Reads a mail. Without a provider, its content and its senders say whose it is. Never fails: what cannot be read
    /// comes back as a verdict that says why.
    #[must_use]
    pub fn read(&self, raw: &[u8], provider: Option<&str>) -> Reading {
        match mail::read(raw) {
            Ok(mut mail) => {
                mail.name_senders(raw, &self.sender_headers);
                let verdict = self.read_mail(&mail, provider);
                Reading { envelope: mail.envelope, verdict }
            }
            Err(error) => Reading {
                envelope: mail::read_envelope(raw),
                verdict: match provider {
                    Some(provider) => Verdict::Failed { provider: provider.to_owned(), reason: error.to_string() },
                    None => Verdict::Unknown { reason: error.to_string() },
                },
            },
        }
    }

    /// Reads a mail, of which people may have said whose it is: where its content and its senders do not say that, or say
    /// it and it cannot be read so, the first of its senders counts that is in `assigned`, in small letters.
    #[must_use]
    pub fn read_assigned<S: std::hash::BuildHasher>(
        &self,
        raw: &[u8],
        assigned: &std::collections::HashMap<String, String, S>,
    ) -> Reading {
        let Ok(mut mail) = mail::read(raw) else { return self.read(raw, None) };
        mail.name_senders(raw, &self.sender_headers);
        let verdict = digest::read_each(&mail, &|mail| self.read_alone_assigned(mail, assigned));
        Reading { envelope: mail.envelope, verdict }
    }

    /// The same for a mail that is not read as several.
    fn read_alone_assigned<S: std::hash::BuildHasher>(
        &self,
        mail: &Mail,
        assigned: &std::collections::HashMap<String, String, S>,
    ) -> Verdict {
        let verdict = self.read_alone(mail, None, Trust::Rule);
        let missed = match &verdict {
            Verdict::Unknown { .. } => None,
            Verdict::Failed { provider, .. } => Some(provider.clone()),
            Verdict::Parsed { .. } | Verdict::Ignored { .. } => return verdict,
        };
        let slug = mail.senders.iter().find_map(|sender| assigned.get(&sender.to_lowercase()));
        let Some(slug) = slug.filter(|slug| missed.as_ref() != Some(*slug) && self.entries.contains_key(*slug)) else {
            return verdict;
        };
        match (self.read_alone(mail, Some(slug), Trust::Rule), missed) {
            // Another rule's reason is as good as this one's.
            (Verdict::Failed { .. } | Verdict::Unknown { .. }, Some(_)) => verdict,
            (better, _) => better,
        }
    }

    /// Reads parts that came without a mail around them; where two say different things, the later one counts.
    #[must_use]
    pub fn read_parts(&self, parts: Vec<Part>, provider: Option<&str>) -> Verdict {
        self.read_alone(&Mail { parts, ..Mail::default() }, provider, Trust::Later)
    }

    /// Reads a mail that was taken apart.
    fn read_mail(&self, mail: &Mail, provider: Option<&str>) -> Verdict {
        digest::read_each(mail, &|mail| self.read_alone(mail, provider, Trust::Rule))
    }

    /// Reads a mail with all that is in it as one.
    fn read_alone(&self, mail: &Mail, provider: Option<&str>, trust: Trust) -> Verdict {
        let Some(slug) = provider else {
            let (verdict, rule) = self.detect_and_read(mail, trust);
            return whose::filed(&self.senders, mail, with_unread(mail, verdict), rule.as_deref());
        };
        match self.entries.get(slug) {
            Some(entry) => {
                let is_own = self.index().knows_sender(slug, mail);
                let letters = Letters::new(&mail.parts);
                with_unread(mail, verdict(entry, self.read_with(entry, &letters, is_own, trust).outcome))
            }
            None => Verdict::Unknown { reason: format!("no provider {slug:?}; known are {}", self.slugs().join(", ")) },
        }
    }

    /// What tells whose mail it is.
    fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let rules = self.entries.values().map(|entry| (&*entry.slug, &*entry.text));
            Index::new(rules).with_senders(&self.senders)
        })
    }

    /// Reads a mail by the rules that may know it, the likeliest first. Answers the rule that read it, unless it is one for
    /// calendars of anybody.
    fn detect_and_read(&self, mail: &Mail, trust: Trust) -> (Verdict, Option<String>) {
        let index = self.index();
        let letters = Letters::new(&mail.parts);
        let mut first: Option<(Verdict, Option<String>)> = None;
        let mut tried = Vec::new();
        for look in [detect::Look::Senders, detect::Look::Content] {
            let candidates = index.candidates(mail, look);
            let has_sign = |slug: &str| candidates.iter().any(|candidate| candidate.has_sign && candidate.slug == slug);
            // Of two that share an address, and cannot read it, it is the mail of the one whose text it is.
            let others = |first: &Verdict| {
                let Verdict::Failed { provider, reason } = first else { return None };
                let is_others = look == detect::Look::Content && !has_sign(provider);
                is_others.then(|| format!("; as {provider}: {reason}"))
            };
            for candidate in &candidates {
                let Some(entry) = self.entries.get(&candidate.slug).filter(|_| !tried.contains(&candidate.slug)) else {
                    continue;
                };
                let mut outcome = self.read_with(entry, &letters, candidate.is_sender, trust).outcome;
                if matches!(outcome, Outcome::Parsed(_)) && !candidate.is_sender && mail.is_answer {
                    outcome = Outcome::Excluded("it is an answer that quotes a notice".to_owned());
                }
                let decided = matches!(outcome, Outcome::Parsed(_) | Outcome::Excluded(_));
                let verdict = (verdict(entry, outcome), Some(candidate.slug.clone()).filter(|_| !is_generic(entry)));
                if decided {
                    return verdict;
                }
                let also = first.as_ref().and_then(|(first, _)| others(first)).filter(|_| candidate.has_sign);
                match (verdict, also) {
                    ((Verdict::Failed { provider, reason }, rule), Some(also)) => {
                        first = Some((Verdict::Failed { provider, reason: reason + &also }, rule));
                    }
                    (verdict, _) if candidate.is_sure && first.is_none() => first = Some(verdict),
                    _ => {}
                }
                tried.push(candidate.slug.clone());
            }
        }
        let is_maintenance = |part: &&Part| part.kind() == Kind::Ical && calendar::is_maintenance(part);
        if mail.parts.iter().any(|part| is_maintenance(&part)) {
            for entry in index.generic().filter_map(|slug| self.entries.get(slug)) {
                let outcome = self.read_with(entry, &letters, false, trust).outcome;
                if matches!(outcome, Outcome::Parsed(_)) || first.is_none() {
                    first = Some((verdict(entry, outcome), None));
                }
            }
        }
        first.unwrap_or_else(|| (Verdict::Unknown { reason: unknown(mail) }, None))
    }

    /// Reads a mail by one rule. `is_own`: it is the provider that sent it.
    fn read_with<'p>(&self, entry: &Entry, letters: &'p Letters<'_>, is_own: bool, trust: Trust) -> ReadWith<'p> {
        let is_provider = |domain: &str| self.index().sends_from(&entry.slug, domain);
        match entry.rule() {
            Ok(rule) => Layered { rule, slug: &entry.slug, letters, is_own, trust, is_provider: &is_provider }.read(),
            Err(error) => ReadWith::of(Outcome::Failed(format!("the rule is broken: {error}")), letters.whole),
        }
    }
}

/// A verdict whose reason tells of the calendar in the mail's text that is not read, where that may be what was missed.
fn with_unread(mail: &Mail, verdict: Verdict) -> Verdict {
    let Some(unread) = mail.unread_calendar else { return verdict };
    match verdict {
        Verdict::Failed { provider, reason } => Verdict::Failed { provider, reason: format!("{reason}; {unread}") },
        Verdict::Unknown { reason } => Verdict::Unknown { reason: format!("{reason}; {unread}") },
        other @ (Verdict::Parsed { .. } | Verdict::Ignored { .. }) => other,
    }
}

/// Why nobody knows a mail.
fn unknown(mail: &Mail) -> String {
    let senders = crate::text::clean_line(&mail.senders.join(", "));
    let or = |nobody: &str| if senders.is_empty() { nobody.to_owned() } else { senders.clone() };
    if let [only] = mail.parts.as_slice()
        && only.kind() == Kind::Ical
    {
        return format!("it is a calendar of no maintenance, and no rule knows its organizer ({})", or("none"));
    }
    let cut = mail.parts.iter().find_map(Part::too_large).map(|reason| format!("; {reason}")).unwrap_or_default();
    format!("no rule knows its senders ({}) or its content{cut}", or("no sender"))
}

/// Whether a rule reads calendars of anybody.
fn is_generic(entry: &Entry) -> bool {
    entry.rule().is_ok_and(|rule| rule.generic)
}

/// What a rule made of a mail, as the model says it.
fn verdict(entry: &Entry, outcome: Outcome) -> Verdict {
    let slug = || entry.slug.clone();
    match outcome {
        Outcome::Parsed(Parsed { notices, .. }) => {
            let named = notices.first().filter(|_| is_generic(entry)).map(|notice| notice.provider.trim().to_owned());
            Verdict::Parsed { provider: named.unwrap_or_else(slug), notices }
        }
        Outcome::Excluded(reason) | Outcome::NotIncluded(reason) => Verdict::Ignored { provider: slug(), reason },
        Outcome::Unclear(reason) | Outcome::Failed(reason) => Verdict::Failed { provider: slug(), reason },
    }
}

/// The rule files of a folder, sorted.
fn toml_files(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml") && !is_hidden(path))
        .collect();
    files.sort();
    files
}

/// Whether a file is one that an editor keeps beside the one that is edited.
fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// A rule of the user, compiled at once so that its errors are known.
fn user_entry(file: &Path) -> Result<Entry, Vec<RuleError>> {
    let broken = |problem: String, fix: &str| {
        vec![RuleError { file: file.to_owned(), line: 0, key: String::new(), problem, fix: fix.to_owned() }]
    };
    let mut text = String::new();
    let opened = regular::open(file).and_then(|opened| opened.take(MAX_FILE_BYTES + 1).read_to_string(&mut text));
    let is = |error: &std::io::Error, kind: std::io::ErrorKind| error.kind() == kind;
    let fix = |error: &std::io::Error| {
        if is(error, std::io::ErrorKind::NotFound) {
            "check its name and the folder"
        } else if is(error, std::io::ErrorKind::InvalidInput) {
            "put a file in its place, or take it out of the folder"
        } else if is(error, std::io::ErrorKind::PermissionDenied) {
            "change its owner or permissions"
        } else {
            "make it a readable text in UTF-8"
        }
    };
    opened.map_err(|error| broken(format!("it cannot be read: {error}"), fix(&error)))?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(broken(
            format!("it is larger than {MAX_FILE_BYTES} bytes"),
            "look whether it is a rule at all; those in noctui have some thousand bytes",
        ));
    }
    let Some(slug) = file.file_stem().and_then(|stem| stem.to_str()).filter(|stem| is_slug(stem)) else {
        return Err(broken("its name is no slug".to_owned(), "use small letters, digits and dashes only"));
    };
    let rule = Rule::compile(file, &text)?;
    let compiled = OnceLock::new();
    let _ = compiled.set(Ok(rule));
    Ok(Entry { slug: slug.to_owned(), file: file.to_owned(), text: Cow::Owned(text), rule: compiled })
}

/// Whether a name can be a slug.
fn is_slug(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests;

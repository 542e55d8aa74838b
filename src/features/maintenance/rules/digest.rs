//! Mails with several mails attached side by side: each is read by itself, and nothing of them is lost without a word.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::features::maintenance::guess::Suggestion;
use crate::features::maintenance::mail::Mail;
use crate::features::maintenance::model::{Notice, Status, Verdict};
use crate::text::clean_line;

/// What is said to do where the mails do not count together.
const REMEDY: &str = "none of them counts; forward each by itself";

/// Reads a mail by `read`: each of the mails that are attached to it, where there are several. They count together if all
/// notices among them can be read; else the mail fails, and the reason names them.
pub(super) fn read_each(mail: &Mail, read: &dyn Fn(&Mail) -> Verdict) -> Verdict {
    let Some(digest) = &mail.digest else { return read(mail) };
    let letter = std::iter::once((0, &digest.letter, read(&digest.letter)));
    let attached = digest.attached.iter().enumerate().map(|(at, mail)| (at + 1, mail, read_each(mail, read)));
    let mut said: Vec<Said> = Vec::new();
    let mut unread: Vec<String> = Vec::new();
    for (at, mail, verdict) in letter.chain(attached) {
        let mut is_missed = |reason: &str| unread.push(format!("{}: {reason}", name(at, mail)));
        match verdict {
            Verdict::Parsed { provider, notices } => {
                let notices = named(&provider, notices);
                said.push(Said { name: name(at, mail), provider, notices, dated: mail.envelope.date });
            }
            Verdict::Failed { reason, .. } if at > 0 => is_missed(&reason),
            Verdict::Unknown { reason } if at > 0 && is_notice(mail) => is_missed(&reason),
            // What is said in a letter is not missed: that is about what is attached to it.
            Verdict::Failed { .. } | Verdict::Unknown { .. } | Verdict::Ignored { .. } => {}
        }
    }
    if said.is_empty() {
        return read(mail);
    }
    together(&said, &unread)
}

/// Whether a mail that nobody knows looks like a notice. What an answer quotes is no news.
fn is_notice(mail: &Mail) -> bool {
    !mail.is_answer && Suggestion::of_mail(mail).is_some()
}

/// What one of the mails says.
struct Said {
    /// Which it is, for people.
    name: String,
    /// Whose notices they are.
    provider: String,
    /// Its notices.
    notices: Vec<Notice>,
    /// When it was written.
    dated: Option<DateTime<Utc>>,
}

/// A mail for people: which it is of those that are attached, and its subject.
fn name(at: usize, mail: &Mail) -> String {
    let subject = clean_line(&mail.envelope.subject);
    if at == 0 { "the mail itself".to_owned() } else { format!("attached mail {at} ({subject:?})") }
}

/// Notices that name the provider whose they are: beside others it is not told by the mail.
fn named(provider: &str, mut notices: Vec<Notice>) -> Vec<Notice> {
    let names_it = notices.first().is_some_and(|first| first.provider.eq_ignore_ascii_case(provider));
    for notice in &mut notices {
        if !names_it || notice.provider.is_empty() {
            provider.clone_into(&mut notice.provider);
        }
    }
    notices
}

/// What mails say together.
fn together(said: &[Said], unread: &[String]) -> Verdict {
    let provider = said.first().map(|said| said.provider.clone()).unwrap_or_default();
    if !unread.is_empty() {
        let is_one = said.iter().all(|said| said.provider == provider);
        return Verdict::Failed {
            provider: if is_one { provider } else { String::new() },
            reason: clean_line(&format!(
                "it has several mails attached, and not all are read: {}; {REMEDY}",
                unread.join("; ")
            )),
        };
    }
    match newest(said) {
        Ok(notices) => Verdict::Parsed { provider, notices },
        Err(reason) => Verdict::Failed { provider, reason: clean_line(&format!("{reason}; {REMEDY}")) },
    }
}

/// What the mails say of each maintenance, in the order in which they name them: what the newest mail on it says. An error
/// if older ones say what it does not.
fn newest(said: &[Said]) -> Result<Vec<Notice>, String> {
    let mut ids: Vec<(String, &str)> = Vec::new();
    let mut mails: HashMap<(String, &str), Vec<About<'_>>> = HashMap::new();
    for (at, one) in said.iter().enumerate() {
        for notice in &one.notices {
            let id = (notice.provider.to_lowercase(), notice.maintenance_id.as_str());
            let about = mails.entry(id.clone()).or_default();
            if about.is_empty() {
                ids.push(id);
            }
            match about.last_mut().filter(|about| about.at == at) {
                Some(about) => about.notices.push(notice),
                None => about.push(About { at, dated: one.dated, notices: vec![notice] }),
            }
        }
    }
    let mut notices = Vec::new();
    for id in ids {
        let about = mails.remove(&id).unwrap_or_default();
        let Some(newest) = about.iter().max_by_key(|about| about.age()) else { continue };
        if about.iter().any(|older| older.at != newest.at && !newest.replaces(older)) {
            let names: Vec<&str> = about.iter().filter_map(|about| Some(said.get(about.at)?.name.as_str())).collect();
            let names = names.join(" and ");
            let (_, id) = id;
            return Err(format!("{names} are about {id}, and the newest of them does not repeat what the others say"));
        }
        notices.extend(newest.notices.iter().map(|notice| (*notice).clone()));
    }
    Ok(notices)
}

/// What one mail says of one maintenance.
struct About<'s> {
    /// The place of the mail among those that say something.
    at: usize,
    /// When it was written.
    dated: Option<DateTime<Utc>>,
    /// Its notices of the maintenance; one at least.
    notices: Vec<&'s Notice>,
}

/// The newest stamp and sequence, when the mail was written, and its place.
type Age = (Option<(DateTime<Utc>, i64)>, Option<DateTime<Utc>>, usize);

impl About<'_> {
    /// How new it is. Of two that are as old the later one is newer.
    fn age(&self) -> Age {
        (self.notices.iter().map(|notice| (notice.made(), notice.sequence)).max(), self.dated, self.at)
    }

    /// Whether nothing is lost without an older one: this one is the whole plan, or says all of each of its windows.
    fn replaces(&self, older: &Self) -> bool {
        let says_all =
            |notice: &Notice| notice.status != Status::NoChange && !notice.circuits.is_empty() && notice.has_window();
        let is_plan =
            |notice: &Notice| matches!(notice.status, Status::Tentative | Status::Confirmed | Status::ReScheduled);
        let windows: HashSet<_> = self.notices.iter().map(|notice| (notice.start, notice.end)).collect();
        let is_repeated = |notice: &Notice| windows.contains(&(notice.start, notice.end));
        self.notices.iter().all(|notice| says_all(notice))
            && (self.notices.iter().all(|notice| is_plan(notice))
                || older.notices.iter().all(|notice| is_repeated(notice)))
    }
}

//! One mail of the story with everything in it decided: times, digits, circuits.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::Error;
use super::mime::Shape;
use super::story::{Customer, Effect, Maintenance, OneOrMany, Other, Provider, Story};
use super::when::{self, Window};
use crate::features::maintenance::model::{Impact, Status};

/// What a provider announces in one mail.
#[derive(Debug, Clone)]
pub(super) struct Announcement<'s> {
    /// Who receives it.
    pub(super) customer: &'s Customer,
    /// Who sends it.
    pub(super) provider: &'s Provider,
    /// The maintenance it is about.
    pub(super) about: &'s Maintenance,
    /// The ids of the windows, the same one again where the maintenance has only one.
    pub(super) ids: Vec<String>,
    /// The windows; never empty.
    pub(super) windows: Vec<Window>,
    /// In the order of the mail.
    pub(super) circuits: Vec<Affected>,
    /// Where the maintenance stands.
    pub(super) status: Status,
    /// What is done.
    pub(super) work: String,
    /// Another subject than the usual one.
    pub(super) subject: Option<String>,
    /// When the provider made it.
    pub(super) made: DateTime<Utc>,
    /// When it is delivered.
    pub(super) arrives: DateTime<Utc>,
    /// Counts the mails on this maintenance from 1.
    pub(super) sequence: usize,
    /// How the mail is encoded.
    pub(super) shape: Shape,
    /// Unlike any other mail's.
    pub(super) message_id: String,
}

/// A circuit in a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Affected {
    /// The provider's id.
    pub(super) id: String,
    /// What happens to it.
    pub(super) effect: Effect,
    /// Its A end.
    pub(super) from: String,
    /// Its Z end.
    pub(super) to: String,
}

/// One mail of the story.
#[derive(Debug)]
pub(super) enum Item<'s> {
    /// An announcement.
    Announcement(Box<Announcement<'s>>),
    /// Anything else.
    Other {
        /// As the story has it.
        other: &'s Other,
        /// Who receives it.
        customer: &'s Customer,
        /// How it is encoded.
        shape: Shape,
        /// When it was made and arrives.
        at: DateTime<Utc>,
        /// Unlike any other mail's.
        message_id: String,
    },
}

impl Item<'_> {
    /// When it is delivered.
    pub(super) fn arrives(&self) -> DateTime<Utc> {
        match self {
            Self::Announcement(announcement) => announcement.arrives,
            Self::Other { at, .. } => *at,
        }
    }
}

/// Every mail of the story in the order of delivery, as seen from `now`; the copies of a mail follow it.
pub(super) fn resolve(story: &Story, now: DateTime<Utc>, seed: u64) -> Result<Vec<Item<'_>>, Error> {
    let mut items = Vec::new();
    let mut sent: HashMap<&str, usize> = HashMap::new();
    for about in &story.maintenance {
        let provider = story
            .provider
            .iter()
            .find(|provider| provider.slug == about.provider)
            .ok_or_else(|| Error::Story(format!("no provider {:?}", about.provider)))?;
        let sent = sent.entry(&provider.slug).or_default();
        items.extend(announcements(&story.customer, provider, about, now, seed, sent)?.into_iter().map(Item::from));
    }
    for (number, other) in story.other.iter().enumerate() {
        let shape = Shape::parse(&other.shape)?;
        let at = now + offset(&other.at)?;
        let message_id = digest(seed, &format!("other {number}"));
        items.push(Item::Other { other, customer: &story.customer, shape, at, message_id });
    }
    // Stable: what arrives in the same second keeps the order of the story.
    items.sort_by_key(Item::arrives);
    Ok(items)
}

impl<'s> From<Announcement<'s>> for Item<'s> {
    fn from(announcement: Announcement<'s>) -> Self {
        Self::Announcement(Box::new(announcement))
    }
}

/// The mails on one maintenance; `sent` counts those of the provider, whose encodings take turns.
fn announcements<'s>(
    customer: &'s Customer,
    provider: &'s Provider,
    about: &'s Maintenance,
    now: DateTime<Utc>,
    seed: u64,
    sent: &mut usize,
) -> Result<Vec<Announcement<'s>>, Error> {
    let mut windows = windows(&about.window, now)?;
    let mut circuits = affected(&about.circuits, seed)?;
    let mut work = about.work.clone();
    let mut mails = Vec::new();
    for (number, notice) in about.notices.iter().enumerate() {
        if let Some(new) = &notice.window {
            windows = self::windows(new, now)?;
        }
        if let Some(new) = &notice.circuits {
            circuits = affected(new, seed)?;
        }
        if let Some(new) = &notice.work {
            work.clone_from(new);
        }
        let all = about.id.all();
        let ids = (0..windows.len()).filter_map(|window| all.get(window).or_else(|| all.last()));
        let shape = provider.shapes.get(*sent % provider.shapes.len().max(1)).map_or("", String::as_str);
        *sent += 1;
        let arrives = moment(&notice.at, &windows, now)?;
        let mail = Announcement {
            customer,
            provider,
            about,
            ids: ids.map(|id| digits(seed, id)).collect(),
            windows: windows.clone(),
            circuits: circuits.clone(),
            status: notice.status,
            work: work.clone(),
            subject: notice.subject.clone(),
            made: notice.made.as_deref().map_or(Ok(arrives), |made| Ok::<_, Error>(now + offset(made)?))?,
            arrives,
            sequence: number + 1,
            shape: Shape::parse(shape)?,
            message_id: digest(seed, &format!("{} {:?} {number}", about.provider, about.id)),
        };
        for copy in 1..=notice.copies {
            let later = mail.arrives + TimeDelta::seconds(i64::from(copy));
            mails.push(Announcement { arrives: later, shape: mail.shape.by_way_of_a_list(), ..mail.clone() });
        }
        mails.push(mail);
    }
    Ok(mails)
}

/// The windows of a maintenance.
fn windows(texts: &OneOrMany, now: DateTime<Utc>) -> Result<Vec<Window>, Error> {
    let window = |text: &String| when::window(text, now).ok_or_else(|| Error::Story(format!("no window: {text:?}")));
    texts.all().iter().map(window).collect()
}

/// When a mail arrives: so long after the start of the demo, or of the last window (`start-5m`, `end+20m`).
fn moment(text: &str, windows: &[Window], now: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
    let of_window = |word: &str, from: fn(&Window) -> DateTime<Utc>| {
        let offset = when::offset(text.strip_prefix(word)?)?;
        windows.last().map(|window| from(window) + offset)
    };
    let moment = of_window("start", |window| window.start).or_else(|| of_window("end", |window| window.end));
    moment.map_or_else(|| Ok(now + offset(text)?), Ok)
}

/// An offset from the start of the demo.
fn offset(text: &str) -> Result<TimeDelta, Error> {
    when::offset(text).ok_or_else(|| Error::Story(format!("no offset: {text:?}")))
}

/// Circuits as written in the story: `ID | EFFECT | A END | Z END`, the effect a word of BCOP or `untouched`, and the
/// ends as far as the format gives them.
fn affected(texts: &[String], seed: u64) -> Result<Vec<Affected>, Error> {
    let read = |text: &String| {
        let mut fields = text.split('|').map(str::trim);
        let id = fields.next().filter(|id| !id.is_empty())?;
        let effect = match fields.next() {
            None => Effect::Impact(Impact::Outage),
            Some("untouched") => Effect::Untouched,
            Some(word) => Effect::Impact(word.parse().ok()?),
        };
        let mut end = || fields.next().unwrap_or_default().to_owned();
        Some(Affected { id: digits(seed, id), effect, from: end(), to: end() })
    };
    texts.iter().map(|text| read(text).ok_or_else(|| Error::Story(format!("no circuit: {text:?}")))).collect()
}

/// `pattern` with every `#` made a digit: the same for the same pattern and seed, so that an id is the same in every
/// mail. What follows the last `#` does not count, so that the parts of one work share their number.
fn digits(seed: u64, pattern: &str) -> String {
    let counts = pattern.rsplit_once('#').map_or(pattern, |(before, _)| before);
    let random = Sha256::digest(format!("{seed} {counts}"));
    let mut digits = random.iter().cycle().map(|byte| char::from(b'0' + byte % 10));
    pattern.chars().filter_map(|c| if c == '#' { digits.next() } else { Some(c) }).collect()
}

/// What makes a mail's id and boundaries its own.
fn digest(seed: u64, what: &str) -> String {
    let random = Sha256::digest(format!("{seed} mail {what}"));
    random.iter().take(10).fold(String::new(), |digest, byte| digest + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_depend_on_the_pattern_and_the_seed_alone() {
        let id = digits(1, "IC-######");
        assert!(id.starts_with("IC-") && id[3..].bytes().all(|byte| byte.is_ascii_digit()));
        assert_eq!(id, digits(1, "IC-######"));
        assert_ne!(id, digits(2, "IC-######"));
        assert_eq!(digits(1, "PWIC####.1").strip_suffix(".1"), digits(1, "PWIC####.2").strip_suffix(".2"));
    }

    #[test]
    fn circuits_have_an_effect_and_two_ends() {
        let circuits = ["A-1".to_owned(), "B-2 | NO-IMPACT | Oslo | Bergen".to_owned(), "C-3 | untouched".to_owned()];
        let circuits = affected(&circuits, 0).unwrap();
        assert_eq!(circuits[0].effect, Effect::Impact(Impact::Outage));
        assert_eq!((circuits[1].from.as_str(), circuits[1].to.as_str()), ("Oslo", "Bergen"));
        assert_eq!(circuits[2].effect, Effect::Untouched);
        assert!(affected(&["A-1 | gone".to_owned()], 0).is_err());
    }
}

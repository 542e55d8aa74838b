//! A best effort at a mail that no rule knows: what looks like an id, a window, a status, circuits. Never taken as fact:
//! it becomes a suggestion that a person accepts or a draft of a rule that a person checks.

mod draft;
mod ids;
mod language;
mod moments;
mod pairs;
mod subject;
mod suggestion;
mod tables;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

pub use self::draft::draft;
use self::moments::{Moment, Reader};
use self::pairs::{Meaning, Pair};
pub use self::suggestion::{Suggestion, provider_of};
use self::tables::TableSeen;
use super::mail::page::Page;
use super::mail::{Kind, Mail, Part};
use super::model::Status;
use super::when::Order;

/// Circuits that are told; a mail with more needs a rule.
const MAX_CIRCUITS: usize = 1000;

/// What a mail seems to say.
#[derive(Debug, Default)]
pub(crate) struct Guess {
    /// The kind of the part that most is from; `None` if the mail has no text.
    kind: Option<Kind>,
    /// The subject.
    subject: String,
    /// The maintenance's id.
    maintenance_id: Option<Seen>,
    /// The customer's account.
    account: Option<Seen>,
    /// One line on what is done.
    summary: Option<Seen>,
    /// Where it stands, by the word that says so.
    status: Option<(Status, Seen)>,
    /// What is said of the impact.
    impact: Option<Seen>,
    /// Start of the window.
    start: Option<(Moment, Seen)>,
    /// End of the window.
    end: Option<(Moment, Seen)>,
    /// Circuits.
    circuits: Vec<Seen>,
    /// The table that the circuits are from, if it is one.
    table: Option<TableSeen>,
    /// Which number of a date is the month, and whether the mail shows it.
    order: (Order, bool),
    /// Letters of zones, and the zone that they probably mean.
    zones: BTreeMap<String, Option<&'static str>>,
    /// Whether a time names its zone.
    has_zone: bool,
}

/// A value and how it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    /// The value as it stands in the mail.
    value: String,
    /// How it was found.
    by: By,
}

/// How a value was found.
#[derive(Debug, Clone, PartialEq, Eq)]
enum By {
    /// Beside or below a label.
    Label(String),
    /// In a column of a table.
    Column,
    /// In the subject.
    Subject,
    /// The date beside one label, the times beside another.
    Apart,
    /// Between "Dear" and a comma.
    Dear,
    /// In running text.
    Text,
}

/// What a mail seems to say, as far as it can be read without a rule.
#[must_use]
pub(crate) fn guess(mail: &Mail) -> Guess {
    let subject = mail.parts.iter().find(|part| part.kind() == Kind::Subject).map_or("", Part::as_text);
    let bodies = [Kind::Html, Kind::Text, Kind::Xlsx, Kind::Csv];
    let parts = bodies.iter().flat_map(|kind| mail.parts.iter().filter(move |part| part.kind() == *kind));
    let near = mail.envelope.date;
    let mut best = Guess::default();
    for part in parts {
        let guess = Guess::of(part.kind(), part.page(), subject, near);
        if best.kind.is_none() || guess.weight() > best.weight() {
            best = guess;
        }
    }
    if best.kind.is_none() {
        best = Guess::of(Kind::Text, &Page::default(), subject, near);
        best.kind = None;
    }
    best
}

impl Guess {
    /// What one part and the subject seem to say; `near` is when the mail was made.
    fn of(kind: Kind, page: &Page, subject: &str, near: Option<DateTime<Utc>>) -> Self {
        let found = pairs::pairs(page);
        let reader = Reader::new(page, near);
        let mut guess = Self {
            kind: Some(kind),
            subject: subject.to_owned(),
            order: (reader.order, reader.order_is_known),
            table: tables::circuits(page),
            ..Self::default()
        };
        guess.take_window(&found, page, &reader);
        guess.maintenance_id = first(&found, Meaning::Id, ids::is_id).or_else(|| subject::id(subject));
        guess.account =
            first(&found, Meaning::Account, |value| value.chars().count() <= 80).or_else(|| pairs::addressee(page));
        guess.summary = first(&found, Meaning::Summary, |value| !value.is_empty());
        guess.impact = first(&found, Meaning::Impact, |value| !value.is_empty());
        guess.take_status(&found, page);
        guess.take_circuits(&found, page);
        guess
    }

    /// How much it is.
    fn weight(&self) -> usize {
        let window = usize::from(self.start.is_some()) + usize::from(self.end.is_some());
        let texts = [&self.maintenance_id, &self.account, &self.summary].into_iter().flatten().count();
        2 * window + texts + 2 * usize::from(!self.circuits.is_empty())
    }

    /// The window: beside labels, else the first two moments of the text.
    fn take_window(&mut self, found: &[Pair], page: &Page, reader: &Reader) {
        let seen = |pair: &Pair| Seen { value: pair.value.clone(), by: By::Label(pair.label.clone()) };
        for pair in found {
            let beside = moments::zone_of_label(&pair.label);
            let moments = reader.moments(&pair.value, beside.as_deref());
            match (pair.meaning, moments.as_slice()) {
                (Some(Meaning::Start | Meaning::Window), [start, end, ..])
                    if self.start.is_none() && start.at < end.at =>
                {
                    self.start = Some((start.clone(), seen(pair)));
                    self.end = Some((end.clone(), seen(pair)));
                }
                (Some(Meaning::Start), [start, ..]) if self.start.is_none() => {
                    self.start = Some((start.clone(), seen(pair)));
                }
                (Some(Meaning::End), [end, ..]) if self.end.is_none() => self.end = Some((end.clone(), seen(pair))),
                _ => {}
            }
        }
        if self.start.is_none() && self.end.is_none() {
            self.take_apart(found, reader);
        }
        if self.start.is_none() && self.end.is_none() {
            let all: Vec<(Moment, Seen)> = (0..page.len())
                .flat_map(|line| reader.moments(page.line(line), None))
                .map(|moment| (moment.clone(), Seen { value: moment.text, by: By::Text }))
                .take(2)
                .collect();
            if let [start, end] = all.as_slice()
                && start.0.at < end.0.at
            {
                (self.start, self.end) = (Some(start.clone()), Some(end.clone()));
            }
        }
        for (moment, _) in self.start.iter().chain(&self.end) {
            self.has_zone |= moment.zone.is_some();
            if let Some(letters) = moment.zone.as_deref().filter(|zone| *zone != "UTC" && !zone.contains('/')) {
                self.zones.insert(letters.to_owned(), moments::likely_zone(letters));
            }
        }
    }

    /// The window of a date and of times that stand beside labels of their own.
    fn take_apart(&mut self, found: &[Pair], reader: &Reader) {
        let of_window = |pair: &&Pair| pairs::is_when(&pair.label) || pair.meaning == Some(Meaning::Window);
        for times in found.iter().filter(of_window).filter(|pair| !moments::has_day(&pair.value)) {
            let beside = moments::zone_of_label(&times.label);
            let mut dates = found.iter().filter(of_window).filter(|pair| moments::has_day(&pair.value));
            let read = dates.find_map(|date| {
                let both = reader.apart(&date.value, &times.value, beside.as_deref())?;
                Some((date, both))
            });
            let Some((date, [start, end])) = read else { continue };
            let seen = || Seen { value: format!("{} {}", date.value, times.value), by: By::Apart };
            (self.start, self.end) = (Some((start, seen())), Some((end, seen())));
            return;
        }
    }

    /// The status: beside a label, else in the subject, else a cancellation or the like in the text.
    fn take_status(&mut self, found: &[Pair], page: &Page) {
        let labelled = found.iter().filter(|pair| pair.meaning == Some(Meaning::Status)).find_map(|pair| {
            let status = subject::status(&pair.value)?;
            Some((status, Seen { value: pair.value.clone(), by: By::Label(pair.label.clone()) }))
        });
        let from_subject = || {
            let status = subject::status(&self.subject)?;
            Some((status, Seen { value: self.subject.clone(), by: By::Subject }))
        };
        let from_text = || {
            (0..page.len()).find_map(|line| {
                let status = subject::status(page.line(line)).filter(|status| status.is_final())?;
                Some((status, Seen { value: page.line(line).to_owned(), by: By::Text }))
            })
        };
        let weak = |(status, _): &(Status, Seen)| *status == Status::Confirmed;
        let said = labelled.or_else(from_subject);
        // "Maintenance notification" in a subject is no more than that; a text that says cancelled says more.
        self.status = match said {
            Some(said) if !weak(&said) => Some(said),
            weak => from_text().or(weak),
        };
    }

    /// The circuits: of a table, else beside labels.
    fn take_circuits(&mut self, found: &[Pair], page: &Page) {
        if let Some(table) = &self.table {
            self.circuits = tables::values(page, table)
                .into_iter()
                .map(|value| Seen { value, by: By::Column })
                .take(MAX_CIRCUITS)
                .collect();
            return;
        }
        let own = self.maintenance_id.as_ref().map(|seen| seen.value.clone());
        for pair in found.iter().filter(|pair| pair.meaning == Some(Meaning::Circuit)) {
            for value in
                ids::split(&pair.value).filter(|value| ids::is_circuit(value) && Some(*value) != own.as_deref())
            {
                let seen = Seen { value: value.to_owned(), by: By::Label(pair.label.clone()) };
                if self.circuits.len() < MAX_CIRCUITS && !self.circuits.contains(&seen) {
                    self.circuits.push(seen);
                }
            }
        }
    }
}

/// The first value of a meaning that can be one, of what is surely a label before what may be one.
fn first(found: &[Pair], meaning: Meaning, can_be: impl Fn(&str) -> bool) -> Option<Seen> {
    let fits = |pair: &&Pair| pair.meaning == Some(meaning) && can_be(&pair.value);
    let strict = found.iter().filter(|pair| !pair.is_loose).find(fits);
    let pair = strict.or_else(|| found.iter().find(fits))?;
    Some(Seen { value: pair.value.clone(), by: By::Label(pair.label.clone()) })
}

#[cfg(test)]
mod tests;

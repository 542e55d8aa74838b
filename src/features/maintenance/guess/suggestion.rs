//! What a mail that no rule knows may be about, for a person to accept or not.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Guess, guess};
use crate::features::maintenance::mail::{self, Mail};
use crate::features::maintenance::model::{Circuit, Impact, Notice, Status};
use crate::text::clean_line;

/// What a mail may be about. Every field may be wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// The provider, by the sender's domain; empty if there is none.
    pub provider: String,
    /// The maintenance's id, if something looks like one.
    pub maintenance_id: Option<String>,
    /// The customer's account, if something looks like one.
    pub account: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// Start of the window.
    pub start: Option<DateTime<Utc>>,
    /// End of the window.
    pub end: Option<DateTime<Utc>>,
    /// Circuits, each once.
    pub circuits: Vec<String>,
    /// One line on what is done; the subject if nothing else is.
    pub summary: String,
    /// What had to be assumed, for people.
    pub doubts: Vec<String>,
    /// What is lacking for a maintenance: `maintenance_id`, `start`, `end`.
    pub missing: Vec<&'static str>,
}

impl Suggestion {
    /// What a mail may be about; `None` if it has neither a window nor circuits, and so speaks of no maintenance, or if it
    /// cannot be taken apart.
    #[must_use]
    pub fn of(raw: &[u8]) -> Option<Self> {
        let mail = mail::read(raw).ok()?;
        Self::of_mail(&mail)
    }

    /// See [`Suggestion::of`].
    pub(crate) fn of_mail(mail: &Mail) -> Option<Self> {
        let guess = guess(mail);
        let says_something = guess.start.is_some() || (!guess.circuits.is_empty() && guess.status.is_some());
        says_something.then(|| Self::from(&guess, mail))
    }

    /// From a guess.
    fn from(guess: &Guess, mail: &Mail) -> Self {
        let value = |seen: &Option<super::Seen>| seen.as_ref().map(|seen| clean_line(&seen.value));
        let (start, end) = (guess.start.as_ref().map(|seen| seen.0.at), guess.end.as_ref().map(|seen| seen.0.at));
        let mut circuits: Vec<String> = Vec::with_capacity(guess.circuits.len());
        for circuit in guess.circuits.iter().map(|seen| clean_line(&seen.value)) {
            if !circuits.contains(&circuit) {
                circuits.push(circuit);
            }
        }
        let mut suggestion = Self {
            provider: provider_of(&mail.envelope.sender),
            maintenance_id: value(&guess.maintenance_id),
            account: value(&guess.account),
            status: guess.status.as_ref().map_or(Status::Confirmed, |(status, _)| *status),
            start,
            end: end.filter(|end| start.is_none_or(|start| start < *end)),
            circuits,
            summary: value(&guess.summary).unwrap_or_else(|| clean_line(&guess.subject)),
            doubts: doubts(guess),
            missing: Vec::new(),
        };
        suggestion.missing = suggestion.lacking();
        suggestion
    }

    /// A suggestion that says nothing but who sent the mail, for a person to fill in.
    pub(crate) fn nothing(sender: &str) -> Self {
        let mut nothing = Self {
            provider: provider_of(sender),
            maintenance_id: None,
            account: None,
            status: Status::Confirmed,
            start: None,
            end: None,
            circuits: Vec::new(),
            summary: String::new(),
            doubts: Vec::new(),
            missing: Vec::new(),
        };
        nothing.missing = nothing.lacking();
        nothing
    }

    /// The same of a mail that is this provider's: a rule took it, though it could not read it, or somebody assigned its
    /// sender. What is filed under a guess from the address is met by none of the provider's later mails.
    #[must_use]
    pub fn whose(mut self, provider: Option<&str>) -> Self {
        if let Some(provider) = provider {
            provider.clone_into(&mut self.provider);
            self.missing = self.lacking();
        }
        self
    }

    /// It as labels and values, for people.
    #[must_use]
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let time = |at: Option<DateTime<Utc>>| at.map(|at| at.format("%Y-%m-%d %H:%M UTC").to_string());
        let mut lines = vec![("provider", self.provider.clone())];
        let mut add = |label: &'static str, value: Option<String>| {
            lines.extend(value.filter(|value| !value.is_empty()).map(|value| (label, value)));
        };
        add("id", self.maintenance_id.clone());
        add("status", Some(self.status.word().to_owned()));
        add("start", time(self.start));
        add("end", time(self.end));
        add("account", self.account.clone());
        for circuit in self.circuits.iter().take(20) {
            add("circuit", Some(circuit.clone()));
        }
        let more = self.circuits.len().saturating_sub(20);
        add("", (more > 0).then(|| format!("and {more} more circuits")));
        add("summary", Some(self.summary.clone()));
        for doubt in &self.doubts {
            add("check", Some(doubt.clone()));
        }
        add("missing", Some(self.missing.join(", ")));
        lines
    }

    /// Whether it can be accepted as it is.
    #[must_use]
    pub(crate) fn is_whole(&self) -> bool {
        self.missing.is_empty()
    }

    /// What is lacking for a maintenance.
    pub(crate) fn lacking(&self) -> Vec<&'static str> {
        let lacks = [
            (self.provider.is_empty(), "provider"),
            (self.maintenance_id.is_none(), "maintenance_id"),
            (self.start.is_none(), "start"),
            (self.end.is_none(), "end"),
            (self.circuits.is_empty() && !self.status.is_final(), "circuits"),
        ];
        lacks.into_iter().filter(|(lacks, _)| *lacks).map(|(_, what)| what).collect()
    }

    /// The notice that it is when somebody accepts it; `None` if something is lacking. `stamp` is when the mail was made,
    /// `organizer` its sender.
    #[must_use]
    pub fn notice(&self, stamp: DateTime<Utc>, organizer: &str) -> Option<Notice> {
        let (start, end) = (self.start?, self.end?);
        if start >= end || !self.lacking().is_empty() {
            return None;
        }
        let circuit = |id: &String| Circuit { circuit_id: id.clone(), impact: Impact::Outage };
        Some(Notice {
            account: self.account.clone().unwrap_or_else(|| "unknown".to_owned()),
            circuits: self.circuits.iter().map(circuit).collect(),
            end,
            maintenance_id: self.maintenance_id.clone()?,
            organizer: organizer.to_owned(),
            provider: self.provider.clone(),
            sequence: 1,
            stamp,
            start,
            status: self.status,
            summary: self.summary.clone(),
            uid: "0".to_owned(),
            says_cancelled: false,
            sent: None,
        })
    }
}

/// What had to be assumed.
fn doubts(guess: &Guess) -> Vec<String> {
    let mut doubts = Vec::new();
    let in_figures = guess.start.iter().chain(&guess.end).any(|(moment, _)| super::moments::in_figures(&moment.text));
    if in_figures && !guess.order.1 {
        let first = if guess.order.0 == super::Order::DayFirst { "day" } else { "month" };
        doubts.push(format!("dates are read {first} first; nothing in the mail shows it"));
    }
    if guess.start.is_some() && !guess.has_zone {
        doubts.push("times are taken as UTC; the mail names no zone".to_owned());
    }
    for (letters, zone) in &guess.zones {
        doubts.push(match zone {
            Some(zone) => format!("{letters} is taken as {zone}"),
            None => format!("{letters} is no zone that is known; its times are taken as UTC"),
        });
    }
    match &guess.status {
        None => doubts.push("nothing says where it stands; taken as confirmed".to_owned()),
        // "Planned maintenance" is a subject that a tentative one may have, too.
        Some((Status::Confirmed, seen)) if !super::subject::is_confirmed(&seen.value) => {
            doubts.push("no word says that it is confirmed; taken as confirmed".to_owned());
        }
        Some(_) => {}
    }
    if guess.start.as_ref().is_some_and(|(_, seen)| seen.by == super::By::Text) {
        doubts.push("the window is the first two times in the text".to_owned());
    }
    doubts
}

/// A provider's name from an address: the label that was registered, such as `bramble` of `noc@mail.bramble.example`.
#[must_use]
pub fn provider_of(address: &str) -> String {
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    let labels: Vec<&str> = domain.split('.').filter(|label| !label.is_empty()).collect();
    let is_general = |label: &str| matches!(label, "co" | "com" | "net" | "org" | "ac" | "gov" | "ne" | "or");
    let name = match labels.as_slice() {
        [.., name, second, _] if is_general(second) => name,
        [.., name, _] | [name] => name,
        [] => "",
    };
    name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect::<String>().to_lowercase()
}

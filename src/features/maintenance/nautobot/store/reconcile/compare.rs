//! What follows for each field of one maintenance, from what both sides say and what was agreed.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use crate::features::maintenance::model::Impact;
use crate::features::maintenance::nautobot::store::content::{self, Here, There};
use crate::features::maintenance::nautobot::store::layer::by_hand_of;
use crate::features::maintenance::nautobot::store::lines::{Agreed, Field, Value, Verdict};
use crate::features::maintenance::nautobot::store::{journal, meaning, outbox};
use crate::features::maintenance::nautobot::wire::status_word;
use crate::features::maintenance::store::by_hand::{self, ByHand};
use crate::features::maintenance::store::merge::State;
use crate::features::maintenance::store::rows::UNNOTICED;
use crate::store::Error;

/// Why nobody but a person can say what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It changed on both sides.
    Both,
    /// It changed there, and was set by hand here.
    ByHand,
    /// It was set by hand here, and a notice says something else since.
    Undecided,
    /// It changed there, where there is one window; here there are several.
    Windows,
}

/// What follows.
#[derive(Debug, Clone)]
pub struct Compared {
    /// What was agreed, be it only now that the two meet.
    pub agreed: Agreed,
    /// What follows for each field.
    verdicts: BTreeMap<Field, Verdict>,
    /// Why a field is in conflict.
    why: BTreeMap<Field, Why>,
    /// Fields that were set by hand here.
    pub by_hand: BTreeSet<Field>,
    /// When what is here was said.
    pub origin: Origin,
}

/// When what is here of a maintenance was said, in microseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The newest word, a mail's or somebody's.
    newest: i64,
    /// The newest mail's; `None` where none has spoken of it.
    mailed: Option<i64>,
    /// What was set by hand.
    by_hand: Vec<by_hand::Field>,
}

impl Origin {
    /// Where what is here of its windows comes from.
    fn of(windows: &[(Option<ByHand>, &State)]) -> Self {
        let mails = windows.iter().filter(|(_, state)| state.order != UNNOTICED);
        let mailed = mails.map(|(_, state)| state.order.stamp.timestamp_micros()).max();
        let set = || windows.iter().filter_map(|(set, _)| set.as_ref());
        let newest = set().map(|set| set.at.timestamp_micros()).chain(mailed).max();
        let by_hand = set().flat_map(|set| set.fields.iter().copied()).collect();
        Self { newest: newest.unwrap_or_default(), mailed, by_hand }
    }

    /// When what is here of a field was said. What was set by hand is older than any mail, for it stays whatever they say; what
    /// came from there alone is as old as it is there.
    #[must_use]
    pub fn said(&self, field: &Field) -> i64 {
        let is_by_hand = by_hand_of(field).is_some_and(|field| self.by_hand.contains(&field));
        if is_by_hand { 0 } else { self.mailed.unwrap_or(i64::MAX) }
    }
}

impl Compared {
    /// The fields of which this follows.
    pub fn of(&self, verdict: Verdict) -> impl Iterator<Item = &Field> {
        self.verdicts.iter().filter(move |(_, found)| **found == verdict).map(|(field, _)| field)
    }

    /// Fields that changed there and were set by hand here: what is said there is kept beside what was set.
    pub fn held(&self) -> impl Iterator<Item = &Field> {
        let is_held = |(field, why): &(&Field, &Why)| match why {
            Why::ByHand => true,
            Why::Both => self.by_hand.contains(*field),
            Why::Undecided | Why::Windows => false,
        };
        self.why.iter().filter(is_held).map(|(field, _)| field)
    }

    /// Whether this follows for a field.
    #[must_use]
    pub fn is(&self, field: &Field, verdict: Verdict) -> bool {
        self.verdicts.get(field) == Some(&verdict)
    }

    /// Whether somebody who acknowledges the one side has seen what the other says, or knows that it differs.
    #[must_use]
    pub fn is_seen(&self) -> bool {
        let is_settled = |verdict: &Verdict| matches!(verdict, Verdict::Same | Verdict::Apart);
        self.verdicts.iter().filter(|(field, _)| field.is_acknowledged()).all(|(_, verdict)| is_settled(verdict))
    }

    /// Each field in conflict, and what it is about. `of_another` is what an acknowledgement there was of.
    pub(super) fn conflicts(
        &self,
        connection: &Connection,
        there: &There,
        here: &Here,
        of_another: Option<String>,
    ) -> Result<Vec<(Field, String)>, Error> {
        let (ours, theirs) = (here.content.said(), there.content.said());
        let mut conflicts = Vec::new();
        for (field, why) in &self.why {
            let name = name(connection, field)?;
            let (ours, theirs) = (in_words(ours.get(field)), in_words(theirs.get(field)));
            conflicts.push((
                field.clone(),
                match why {
                    Why::Both => format!("{name} changed here and in Nautobot, which says {theirs}; here {ours}"),
                    Why::ByHand => format!("{name} was set by hand here to {ours}; Nautobot says {theirs}"),
                    Why::Undecided => {
                        format!("{name} was set by hand here to {ours}, and a notice says something else")
                    }
                    Why::Windows => {
                        format!("{name} changed in Nautobot, which says {theirs}; here there are several windows")
                    }
                },
            ));
        }
        conflicts.extend(of_another.map(|reason| (Field::Acknowledgement, reason)));
        Ok(conflicts)
    }
}

impl Compared {
    /// What differs and was left so, in words: both sides say something of it.
    pub(super) fn left(&self, connection: &Connection, there: &There, here: &Here) -> Result<Vec<String>, Error> {
        let (ours, theirs) = (here.content.said(), there.content.said());
        let mut left = Vec::new();
        for field in self.of(Verdict::Apart) {
            let (ours, theirs) = (ours.get(field), theirs.get(field));
            let is_told = match field {
                // Who says nothing of it is not contradicted.
                Field::Description => ours.is_some() && theirs.is_some(),
                // Who may not delete there says so.
                Field::Circuit(_) => ours.is_some() || theirs != Some(&Value::Impact(Impact::NoImpact)),
                Field::Window | Field::Status | Field::Acknowledgement => true,
            };
            if is_told {
                let (name, ours, theirs) = (name(connection, field)?, in_words(ours), in_words(theirs));
                left.push(format!("{name} is left different: Nautobot says {theirs}; here {ours}"));
            }
        }
        Ok(left)
    }
}

/// Compares a record with what is here.
pub fn of(connection: &Connection, there: &There, here: &Here) -> Result<Compared, Error> {
    let (ours, theirs) = (here.content.said(), there.content.said());
    let set = by_hand_in(connection, here)?;
    let origin = Origin::of(&set);
    let unheard = journal::of(connection, &there.id)?;
    let met = || Agreed::met(&ours, &theirs, origin.newest, |field| origin.said(field), &there.updated);
    let agreed = match &there.agreed {
        Some(agreed) if agreed.is_of_a_later(&there.seen) => agreed.met_again(met(), &ours, &theirs),
        Some(agreed) => agreed.clone(),
        // Made from here, and not finished: what it lacks is still to be sent.
        None if !unheard.is_empty() || outbox::makes(connection, &there.id)? => Agreed::default(),
        None => met(),
    };
    let agreed = agreed.recognised(&unheard, &theirs);
    let is_by_hand = |field: &Field| {
        let of_field = by_hand_of(field);
        set.iter().any(|(set, _)| set.as_ref().is_some_and(|set| set.fields.iter().any(|set| Some(*set) == of_field)))
    };
    // Nobody has said yet whether what was said since counts.
    let is_undecided = |field: &Field| {
        let Some(of_field) = by_hand_of(field) else { return false };
        set.iter()
            .any(|(set, state)| set.as_ref().is_some_and(|set| set.is_news && set.says_otherwise(of_field, state)))
    };
    let (mut verdicts, mut why, mut held) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
    for (field, verdict) in agreed.compare(&ours, &theirs) {
        if is_by_hand(&field) {
            held.insert(field.clone());
        }
        let is_content = field != Field::Acknowledgement;
        let reason = match verdict {
            Verdict::Conflict if is_content => Some(Why::Both),
            Verdict::Take if is_content && here.windows.len() > 1 => Some(Why::Windows),
            Verdict::Take if is_content && is_by_hand(&field) => Some(Why::ByHand),
            Verdict::Send if is_undecided(&field) => Some(Why::Undecided),
            Verdict::Same | Verdict::Apart | Verdict::Take | Verdict::Send | Verdict::Conflict => None,
        };
        if let Some(reason) = reason {
            why.insert(field.clone(), reason);
        }
        verdicts.insert(field, if reason.is_some() { Verdict::Conflict } else { verdict });
    }
    Ok(Compared { agreed, verdicts, why, by_hand: held, origin })
}

/// The windows, each with what was set by hand in it.
fn by_hand_in<'a>(connection: &Connection, here: &'a Here) -> Result<Vec<(Option<ByHand>, &'a State)>, Error> {
    here.windows.iter().map(|(key, state)| Ok((by_hand::of(connection, *key)?, state))).collect()
}

/// When what is here of a maintenance was said.
pub fn origin(connection: &Connection, here: &Here) -> Result<Origin, Error> {
    Ok(Origin::of(&by_hand_in(connection, here)?))
}

/// Compares a record with what is here, as they are now.
pub fn now(connection: &Connection, id: &str) -> Result<Option<(There, Here, Compared)>, Error> {
    let Some(there) = content::there(connection, id)? else { return Ok(None) };
    let Some(here) = content::here(connection, &there.provider, &there.maintenance_id)? else { return Ok(None) };
    let compared = of(connection, &there, &here)?;
    Ok(Some((there, here, compared)))
}

/// A field as people call it: `circuit LUM/000106/A`.
fn name(connection: &Connection, field: &Field) -> Result<String, Error> {
    Ok(match field {
        Field::Circuit(id) => {
            let circuit = meaning::told(connection, id)?;
            format!("circuit {}", circuit.unwrap_or_else(|| id.clone()))
        }
        Field::Window | Field::Status | Field::Description | Field::Acknowledgement => {
            format!("the {}", field.word())
        }
    })
}

/// What a side says of a field, in words.
fn in_words(value: Option<&Value>) -> String {
    let time = |seconds: i64| chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    match value {
        None => "nothing".to_owned(),
        Some(Value::Window(start, end)) => {
            let (start, end) = (time(*start), time(*end));
            let format = if start.date_naive() == end.date_naive() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
            format!("{} - {} UTC", start.format("%Y-%m-%d %H:%M"), end.format(format))
        }
        Some(Value::Status(status)) => status_word(*status).to_owned(),
        Some(Value::Text(text)) => {
            /// Characters that are quoted.
            const QUOTED: usize = 60;
            let short: String = text.chars().take(QUOTED).collect();
            let more = if text.chars().count() > QUOTED { " …" } else { "" };
            format!("\"{}{more}\"", crate::text::clean_line(&short))
        }
        Some(Value::Impact(impact)) => impact.as_str().to_owned(),
        Some(Value::Acknowledged(is)) => (if *is { "acknowledged" } else { "not acknowledged" }).to_owned(),
    }
}

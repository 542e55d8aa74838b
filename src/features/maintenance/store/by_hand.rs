//! What people set by hand, beside what notices say.
//!
//! The row of a maintenance has what is shown: the value that was set by hand where there is one. What notices have said
//! instead is kept beside it, and notices are merged into that, as if nobody had set anything. Of what comes out, a field
//! that was set by hand keeps its value; the notice is told as one that *would change* it, which asks for a look and an
//! acknowledgement. Somebody then takes what the notice says, or keeps what was set. A notice that comes to say what was
//! set ends the matter by itself, be it one that comes late. One that says nothing of it (no status, circuits or summary) does
//! neither.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::change::{self, Change};
use super::merge::{Order, State};
use super::{MaintenanceKey, rows, sql};
use crate::features::maintenance::model::Status;
use crate::store::Error;

/// Something that can be set by hand and that notices speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// Start and end.
    Window,
    /// Where it stands.
    Status,
    /// The circuits, and what happens to them.
    Circuits,
    /// One line on what is done.
    Summary,
}

impl Field {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Window, Self::Status, Self::Circuits, Self::Summary];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Status => "status",
            Self::Circuits => "circuits",
            Self::Summary => "summary",
        }
    }

    /// Whether two states have the same in it.
    pub(super) fn is_same(self, one: &State, other: &State) -> bool {
        match self {
            Self::Window => (one.start, one.end) == (other.start, other.end),
            Self::Status => one.status == other.status,
            Self::Circuits => change::has_same_circuits(one, other),
            Self::Summary => one.summary == other.summary,
        }
    }

    /// Whether nothing was said of it.
    pub(super) fn is_unsaid(self, said: &State) -> bool {
        match self {
            // No window is as short.
            Self::Window => said.start == said.end,
            Self::Status => said.status == Status::NoChange,
            Self::Circuits => said.circuits.is_empty(),
            Self::Summary => said.summary.is_empty(),
        }
    }

    /// Whether it is said as it is shown.
    fn is_confirmed(self, shown: &State, said: &State) -> bool {
        !self.is_unsaid(said) && self.is_same(shown, said)
    }

    /// Puts what `from` has in it into `into`.
    pub(super) fn put(self, from: &State, into: &mut State) {
        match self {
            Self::Window => (into.start, into.end) = (from.start, from.end),
            Self::Status => into.status = from.status,
            Self::Circuits => into.circuits.clone_from(&from.circuits),
            Self::Summary => into.summary.clone_from(&from.summary),
        }
    }

    /// Makes it one that nothing was said of.
    pub(super) fn leave_unsaid(self, said: &mut State) {
        match self {
            Self::Window => said.end = said.start,
            Self::Status => said.status = Status::NoChange,
            Self::Circuits => said.circuits.clear(),
            Self::Summary => said.summary.clear(),
        }
    }
}

/// What of a window was set by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHand {
    /// Which fields.
    pub fields: Vec<Field>,
    /// Who set something last.
    pub who: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What notices say; `None` while none has spoken of it.
    pub said: Option<State>,
    /// Whether a notice that came later says something new of one of the fields.
    pub is_news: bool,
}

impl ByHand {
    /// What is to be merged with: what notices have said, in the order that the row has, which a second reading may have
    /// set back.
    pub(super) fn as_said(&self, shown: &State) -> State {
        match &self.said {
            Some(said) => {
                let State { window, order, says_cancelled, .. } = *shown;
                let mut state = State { window, order, says_cancelled, ..said.clone() };
                // A notice is merged with a window in any case.
                if Field::Window.is_unsaid(said) {
                    Field::Window.put(shown, &mut state);
                }
                state
            }
            // Any notice at all is newer than none.
            None => State {
                order: Order { stamp: DateTime::UNIX_EPOCH, sequence: i64::from(i32::MIN) },
                status: Status::NoChange,
                circuits: Vec::new(),
                summary: String::new(),
                ..shown.clone()
            },
        }
    }

    /// What has been said besides, where somewhere else `before`, which is shown, was made into `after`. As long as no
    /// notice has spoken of it, any is newer than that.
    pub(in crate::features::maintenance) fn as_said_elsewhere(&self, before: &State, after: &State) -> State {
        let order = if self.said.is_some() { before.order } else { rows::UNNOTICED };
        let mut said = State { order, ..self.as_said(before) };
        for field in Field::ALL.into_iter().filter(|field| !field.is_same(before, after)) {
            field.put(after, &mut said);
        }
        said
    }

    /// Whether something else is said of a field than what is shown.
    pub(in crate::features::maintenance) fn says_otherwise(&self, field: Field, shown: &State) -> bool {
        let is_otherwise = |said: &State| !field.is_unsaid(said) && !field.is_same(said, shown);
        self.fields.contains(&field) && self.said.as_ref().is_some_and(is_otherwise)
    }

    /// What a notice would change of the fields that were set by hand.
    pub(super) fn would_change(&self, shown: &State) -> Vec<Change> {
        let taken = self.said.as_ref().map(|said| self.with_said(said, shown));
        taken.map(|taken| change::compare(shown, &taken)).unwrap_or_default()
    }

    /// `base`, with what is said of the fields that were set by hand, as far as anything is.
    fn with_said(&self, said: &State, base: &State) -> State {
        let mut state = base.clone();
        for field in self.fields.iter().filter(|field| !field.is_unsaid(said)) {
            field.put(said, &mut state);
        }
        state
    }

    /// What is shown and what is left of this where somebody takes what is said; `None` while nothing is.
    pub(super) fn taken(&self, shown: &State) -> Option<(State, Option<Self>)> {
        let said = self.said.as_ref()?;
        let State { window, order, says_cancelled, .. } = *shown;
        let mut state = State { window, order, says_cancelled, ..said.clone() };
        let fields: Vec<Field> = self.fields.iter().copied().filter(|field| field.is_unsaid(said)).collect();
        for field in &fields {
            field.put(shown, &mut state);
        }
        let left = Self { fields, is_news: false, ..self.clone() };
        Some((state, Some(left).filter(|left| !left.fields.is_empty())))
    }
}

/// What a notice comes to where something was set by hand.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::features::maintenance) struct Held {
    /// What is shown from now on.
    pub(in crate::features::maintenance) state: State,
    /// What that changes.
    pub(in crate::features::maintenance) changes: Vec<Change>,
    /// What the notice would change besides.
    pub(in crate::features::maintenance) withheld: Vec<Change>,
    /// What is left of what was set by hand.
    pub(in crate::features::maintenance) by_hand: ByHand,
}

/// Holds back what a notice, which makes `said` of what notices said before, would change of what was set by hand. `heard` is
/// what a notice that came late says itself.
pub(in crate::features::maintenance) fn hold(
    by_hand: &ByHand,
    shown: &State,
    said: State,
    heard: Option<&State>,
) -> Held {
    let is_news = |field: &Field| {
        !field.is_unsaid(&said) && by_hand.said.as_ref().is_none_or(|before| !field.is_same(before, &said))
    };
    let is_left = |field: &Field| {
        !field.is_confirmed(shown, &said) && !heard.is_some_and(|heard| field.is_confirmed(shown, heard))
    };
    let fields: Vec<Field> = by_hand.fields.iter().copied().filter(is_left).collect();
    let news: Vec<Field> = fields.iter().copied().filter(is_news).collect();
    let left = ByHand { fields, ..by_hand.clone() };
    let mut state = said.clone();
    for field in &left.fields {
        field.put(shown, &mut state);
    }
    let changes = change::compare(shown, &state);
    let withheld = change::compare(&state, &ByHand { fields: news, ..left.clone() }.with_said(&said, &state));
    let left = ByHand { said: Some(said), ..left };
    // What was news may have been taken back.
    let is_news = !withheld.is_empty() || (left.is_news && !left.would_change(&state).is_empty());
    Held { state, changes, withheld, by_hand: ByHand { is_news, ..left } }
}

/// What of a window was set by hand.
pub(in crate::features::maintenance) fn of(
    connection: &Connection,
    key: MaintenanceKey,
) -> Result<Option<ByHand>, Error> {
    let mut query =
        connection.prepare_cached("SELECT fields, who, at, said, is_news FROM by_hand WHERE maintenance = ?1")?;
    let found = query.query_row([key], |row| {
        let (fields, said): (String, Option<String>) = (row.get(0)?, row.get(3)?);
        Ok(ByHand {
            fields: Field::ALL
                .into_iter()
                .filter(|field| fields.split(' ').any(|word| word == field.as_str()))
                .collect(),
            who: row.get(1)?,
            at: sql::from_seconds(row.get(2)?),
            // Written by us; what cannot be read any more counts as not said.
            said: said.and_then(|said| serde_json::from_str(&said).ok()),
            is_news: row.get(4)?,
        })
    });
    Ok(found.optional()?)
}

/// Keeps what of a window was set by hand; forgets it where nothing is left.
pub(in crate::features::maintenance) fn keep(
    connection: &Connection,
    key: MaintenanceKey,
    by_hand: Option<&ByHand>,
) -> Result<(), Error> {
    let Some(by_hand) = by_hand.filter(|by_hand| !by_hand.fields.is_empty()) else {
        connection.prepare_cached("DELETE FROM by_hand WHERE maintenance = ?1")?.execute([key])?;
        return Ok(());
    };
    let fields: Vec<&str> = by_hand.fields.iter().map(|field| field.as_str()).collect();
    let said = by_hand.said.as_ref().map(serde_json::to_string).transpose();
    let said = said.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let mut put = connection.prepare_cached(
        "INSERT OR REPLACE INTO by_hand (maintenance, fields, who, at, said, is_news) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    put.execute((key, fields.join(" "), &by_hand.who, by_hand.at.timestamp(), said, by_hand.is_news))?;
    Ok(())
}

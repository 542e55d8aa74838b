//! A walk along the order of a list: what tests the rows that it meets, and when it gives up.

use rusqlite::{CachedStatement, Statement};

use super::ListQuery;
use super::filter::{Predicate, or_true};
use super::leg::{Direction, Piece};
use super::rank::{Rank, RowKey};
use super::sets::Candidates;
use super::window::List;
use crate::features::maintenance::store::MaintenanceKey;
use crate::store::Error;

/// How a walk finds out which rows pass, and how long it tries.
pub(super) enum Test<'a> {
    /// By asking for the condition with each row; gives up after so many.
    Asked(usize),
    /// By what is known already, which costs a row nothing unless it may pass; gives up when reading all candidates is
    /// cheaper, or after so many that had to be tested.
    Among(&'a Candidates, usize),
}

/// Rows met on a walk, and whether it came to an end or gave up.
pub(super) struct Walked<T> {
    pub(super) found: T,
    pub(super) gave_up: bool,
}

/// Tests row after row by itself.
pub(super) struct Probe<'a> {
    query: CachedStatement<'a>,
    id: usize,
    predicate: &'a Predicate,
}

impl<'a> Probe<'a> {
    pub(super) fn new(list: &'a List<'a>) -> Result<Self, Error> {
        let Predicate { whole, text, .. } = &list.predicate;
        let sql = format!("SELECT {text} FROM {} WHERE id = :id AND {}", list.predicate.source(), or_true(whole));
        let mut query = list.connection.prepare_cached(&sql)?;
        bind(&mut query, list.query, &list.predicate)?;
        let id = query.parameter_index(":id")?.unwrap_or_default();
        Ok(Self { query, id, predicate: &list.predicate })
    }

    /// Whether a row passes the filter.
    pub(super) fn passes(&mut self, id: i64) -> Result<bool, Error> {
        self.query.raw_bind_parameter(self.id, id)?;
        Ok(self.query.raw_query().next()?.map(|row| self.predicate.passes(row, 0)).transpose()?.unwrap_or_default())
    }
}

/// The keys of the first `wanted` rows that pass, of those that `next` gives.
pub(super) fn nearest(
    wanted: usize,
    mut next: impl FnMut() -> Option<(Rank, i64)>,
    probe: &mut Option<Probe<'_>>,
) -> Result<Vec<RowKey>, Error> {
    let mut keys = Vec::with_capacity(wanted);
    while keys.len() < wanted {
        let Some((rank, id)) = next() else { break };
        if probe.as_mut().map_or(Ok(true), |probe| probe.passes(id))? {
            keys.push(RowKey { maintenance: MaintenanceKey(id), rank });
        }
    }
    Ok(keys)
}

/// A walk under way.
pub(super) struct Walk<'a> {
    pub(super) direction: Direction,
    pub(super) test: &'a Test<'a>,
    pub(super) wanted: usize,
    pub(super) keys: Vec<RowKey>,
    /// Rows that it may still look at.
    pub(super) patience: usize,
    /// Rows that it may still test by themselves.
    pub(super) tests: usize,
    /// What tests the rows that only may pass.
    pub(super) probe: Option<Probe<'a>>,
}

impl Walk<'_> {
    /// Whether a candidate passes.
    pub(super) fn passes(&mut self, id: i64) -> Result<bool, Error> {
        let Some(probe) = &mut self.probe else { return Ok(true) };
        self.tests = self.tests.saturating_sub(1);
        probe.passes(id)
    }

    pub(super) fn is_over(&self) -> bool {
        self.keys.len() >= self.wanted || self.has_given_up()
    }

    pub(super) fn has_given_up(&self) -> bool {
        self.keys.len() < self.wanted && (self.patience == 0 || self.tests == 0)
    }

    /// What it found.
    pub(super) fn end(self) -> Walked<Vec<RowKey>> {
        Walked { gave_up: self.has_given_up(), found: self.keys }
    }
}

/// Binds the bounds of a piece of a leg.
pub(super) fn bind_piece(query: &mut Statement<'_>, piece: &Piece) -> Result<(), Error> {
    let ((low, low_id), (high, high_id)) = match *piece {
        Piece::SameTime { time, low, high } => {
            bind_one(query, ":time", time)?;
            ((low, 0), (high, 0))
        }
        Piece::Times { low, high } => ((low, 0), (high, 0)),
        Piece::Sorted { low, high } => (low, high),
    };
    bind_one(query, ":low", low)?;
    bind_one(query, ":low_id", low_id)?;
    bind_one(query, ":high", high)?;
    bind_one(query, ":high_id", high_id)
}

/// Binds what the filter's conditions ask for.
pub(super) fn bind(query: &mut Statement<'_>, list: &ListQuery, predicate: &Predicate) -> Result<(), Error> {
    bind_one(query, ":provider", predicate.provider.as_deref())?;
    bind_one(query, ":now", list.now.timestamp())
}

/// Binds a parameter if the statement has it.
pub(super) fn bind_one(query: &mut Statement<'_>, name: &str, value: impl rusqlite::ToSql) -> Result<(), Error> {
    if let Some(index) = query.parameter_index(name)? {
        query.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

//! Reading a window: walk the order, or sort what the indexes give.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rusqlite::Connection;

use super::filter::{Predicate, or_true};
use super::ids::Ids;
use super::leg::{Direction, From, Leg};
use super::rank::{RowKey, SORTED, SORTED_COLUMNS, Sorted};
use super::sets::Candidates;
use super::view::View;
use super::walk::{Probe, Test, Walk, Walked, bind, bind_one, bind_piece, nearest};
use super::{Anchor, ListQuery, Sort, Window, row};
use crate::features::maintenance::store::{MaintenanceKey, count};
use crate::store::Error;

/// How hard each way is tried before the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    /// Rows that a filtered walk tests before the indexes are asked.
    pub(super) walk: usize,
    /// Rows that may pass, up to which they are all read.
    pub(super) sort: usize,
}

impl Default for Effort {
    /// A few milliseconds each; the walk is enough where one row in ten passes.
    fn default() -> Self {
        Self { walk: 600, sort: 500 }
    }
}

/// So many times longer is the walk at the most where the indexes know nothing and all texts would have to be read.
const LONGER: usize = 10;

/// Steps along an index that cost as much as reading where a row stands: a hundred steps share a page, few rows do.
const STEPS_PER_READ: usize = 12;

/// Rows that one run through all texts tests in the time of testing a row by itself.
const ROWS_PER_TEST: usize = 8;

/// Where that run is the quicker way in the worst case, testing rows by themselves is tried first for this part of it.
const TRIED_FIRST: usize = 4;

/// The rows around `anchor`: up to `before` above it and up to `after` from it on. `Top` and `After` take `after` rows,
/// `Bottom` and `Before` take `before` rows.
pub fn window(
    connection: &Connection,
    query: &ListQuery,
    anchor: &Anchor,
    before: usize,
    after: usize,
) -> Result<Window, Error> {
    List::new(connection, query, Effort::default()).window(anchor, before, after)
}

/// How many rows pass the filter; stops counting at `limit`, which then means "at least".
pub fn matches(connection: &Connection, query: &ListQuery, limit: usize) -> Result<usize, Error> {
    // A count meets as many rows as it counts at least, so that walking is worth more than for a window.
    let effort = Effort { walk: limit.saturating_mul(3), ..Effort::default() };
    List::new(connection, query, effort).matches(limit)
}

/// One list being read.
pub(super) struct List<'a> {
    pub(super) connection: &'a Connection,
    pub(super) query: &'a ListQuery,
    pub(super) predicate: Predicate,
    effort: Effort,
}

impl<'a> List<'a> {
    pub(super) fn new(connection: &'a Connection, query: &'a ListQuery, effort: Effort) -> Self {
        Self { connection, query, predicate: Predicate::of(&query.filter, query.sort), effort }
    }

    /// See [`window`].
    pub(super) fn window(&self, anchor: &Anchor, before: usize, after: usize) -> Result<Window, Error> {
        let view = self.view(anchor, before, after)?;
        let walked = self.walk_around(&view, &Test::Asked(self.effort.walk))?;
        let (keys, middle) = if walked.gave_up { self.ask_indexes(&view, walked.found.0.len())? } else { walked.found };
        let shown = view.cut(middle, keys.len());
        let (more_before, more_after) = (shown.start > 0, shown.end < keys.len());
        let anchor = (view.is_elastic && middle < shown.end).then(|| middle - shown.start);
        let keys = keys.into_iter().take(shown.end).skip(shown.start).collect();
        let rows = row::read(self.connection, keys, self.query.now)?;
        Ok(Window { rows, anchor, more_before, more_after })
    }

    /// See [`matches()`].
    pub(super) fn matches(&self, limit: usize) -> Result<usize, Error> {
        if self.predicate.is_empty() {
            return Ok(self.total()?.min(limit));
        }
        let walked = self.walk(Direction::Forward, &From::end(), limit, &Test::Asked(self.effort.walk))?;
        if !walked.gave_up {
            return Ok(walked.found.len());
        }
        let Some(candidates) = Candidates::collect(self.connection, self.query, &self.predicate)? else {
            return self.count(&self.read_all(None, limit)?, limit);
        };
        if self.tests(&candidates)? < candidates.ids.len() {
            return self.count(&self.read_all(Some(&candidates), limit)?, limit);
        }
        self.count(&candidates, limit)
    }

    /// How many of the candidates pass; stops counting at `limit`.
    fn count(&self, candidates: &Candidates, limit: usize) -> Result<usize, Error> {
        if candidates.is_exact {
            return Ok(candidates.ids.len().min(limit));
        }
        let mut probe = Probe::new(self)?;
        let mut passing = 0;
        for id in candidates.ids.iter() {
            if passing == limit {
                break;
            }
            passing += usize::from(probe.passes(id)?);
        }
        Ok(passing)
    }

    /// Resolves the anchor: a row asked for is looked up where it stands now.
    fn view(&self, anchor: &Anchor, before: usize, after: usize) -> Result<View, Error> {
        let top = View { at: None, is_below: true, before: 0, after, is_elastic: false, is_bottom: false };
        Ok(match anchor {
            Anchor::Top => top,
            Anchor::Bottom => View { before, after: 0, is_bottom: true, ..top },
            Anchor::After(key) => View { at: Some(key.rank.clone()), is_below: false, ..top },
            Anchor::Before(key) => View { at: Some(key.rank.clone()), before, after: 0, ..top },
            Anchor::At(key) => {
                let rank = self.find(key.maintenance.0)?.map_or_else(|| key.rank.clone(), |found| found.rank);
                View { at: Some(rank), before, is_elastic: true, ..top }
            }
            Anchor::On(key) => match self.find(key.0)? {
                Some(found) => View { at: Some(found.rank), before, is_elastic: true, ..top },
                None => View { after: before + after, ..top },
            },
        })
    }

    /// How many maintenances there are.
    fn total(&self) -> Result<usize, Error> {
        Ok(usize::try_from(count::total(self.connection)?).unwrap_or(usize::MAX))
    }

    /// Keys of the view and around it, and how many of them are above its place.
    fn walk_around(&self, view: &View, test: &Test<'_>) -> Result<Walked<(Vec<RowKey>, usize)>, Error> {
        let (up, down) = view.reach();
        let from = |inclusive| From { rank: view.at.clone(), inclusive };
        let above = self.walk(Direction::Backward, &from(!view.is_below), up, test)?;
        let below =
            if above.gave_up { None } else { Some(self.walk(Direction::Forward, &from(view.is_below), down, test)?) };
        let gave_up = below.as_ref().is_none_or(|below| below.gave_up);
        let mut keys = above.found;
        keys.reverse();
        let middle = keys.len();
        keys.extend(below.into_iter().flat_map(|below| below.found));
        Ok(Walked { found: (keys, middle), gave_up })
    }

    /// The same from what the indexes say, or from all texts where they say nothing, after a walk that met too few.
    fn ask_indexes(&self, view: &View, met: usize) -> Result<(Vec<RowKey>, usize), Error> {
        let known = Candidates::collect(self.connection, self.query, &self.predicate)?;
        let (up, down) = view.reach();
        // A longer walk is worth trying only where one as lucky as the first would meet enough.
        if known.is_none() && met * LONGER >= up.max(down) {
            let walked = self.walk_around(view, &Test::Asked(self.effort.walk * LONGER))?;
            if !walked.gave_up {
                return Ok(walked.found);
            }
        }
        let mut candidates = match known {
            Some(candidates) => candidates,
            None => self.read_all(None, usize::MAX)?,
        };
        if let Some(found) = self.walk_among(view, &candidates)? {
            return Ok(found);
        }
        if self.tests(&candidates)? < candidates.ids.len() {
            candidates = self.read_all(Some(&candidates), usize::MAX)?;
            if let Some(found) = self.walk_among(view, &candidates)? {
                return Ok(found);
            }
        }
        self.read_around(view, &candidates)
    }

    /// The same from a walk that tests only candidates, if they are many and it does not take too long.
    fn walk_among(&self, view: &View, candidates: &Candidates) -> Result<Option<(Vec<RowKey>, usize)>, Error> {
        if candidates.ids.len() <= self.effort.sort {
            return Ok(None);
        }
        let walked = self.walk_around(view, &Test::Among(candidates, self.tests(candidates)?))?;
        Ok((!walked.gave_up).then_some(walked.found))
    }

    /// How many of the candidates are tested by themselves before all texts are read instead.
    fn tests(&self, candidates: &Candidates) -> Result<usize, Error> {
        let most = self.total()? / ROWS_PER_TEST;
        let is_worth_it = candidates.is_exact || candidates.is_read || candidates.ids.len() <= most;
        Ok(if is_worth_it { usize::MAX } else { most / TRIED_FIRST })
    }

    /// The first `limit` rows whose texts pass, of all or of some, in no order: from one run through all texts, which takes
    /// each a small part of looking it up by itself. Where columns are asked for, too, they are left to be tested.
    fn read_all(&self, of: Option<&Candidates>, limit: usize) -> Result<Candidates, Error> {
        let Predicate { whole, text, words, .. } = &self.predicate;
        let (source, condition, is_exact) = if words.is_empty() {
            ("maintenance m", or_true(whole), true)
        } else {
            ("maintenance_text t", "1", whole.is_empty())
        };
        let limit = if is_exact { limit } else { usize::MAX };
        let mut query =
            self.connection.prepare_cached(&format!("SELECT id, {text} FROM {source} WHERE {condition}"))?;
        bind(&mut query, self.query, &self.predicate)?;
        let mut ids = Ids::default();
        let mut rows = query.raw_query();
        while ids.len() < limit
            && let Some(row) = rows.next()?
        {
            // The text first: most rows fail by it, and asking SQLite for a column takes as long as the test.
            if self.predicate.passes(row, 1)? {
                let id = row.get(0)?;
                if of.is_none_or(|of| of.ids.contains(id)) {
                    ids.insert(id);
                }
            }
        }
        Ok(Candidates { ids, is_exact, is_read: true })
    }

    /// The view from candidates alone: all are placed, and those nearest to the view's place are tested.
    fn read_around(&self, view: &View, candidates: &Candidates) -> Result<(Vec<RowKey>, usize), Error> {
        let mut place =
            self.connection.prepare_cached(&format!("SELECT {SORTED} FROM maintenance m WHERE m.id = :id"))?;
        let (mut above, mut below) = (Vec::new(), Vec::new());
        for id in candidates.ids.iter() {
            place.raw_bind_parameter(1, id)?;
            if let Some(row) = place.raw_query().next()? {
                let rank = Sorted::read(row)?.rank(self.query.sort, self.query.now);
                if view.is_above(&rank) { above.push((rank, id)) } else { below.push(Reverse((rank, id))) }
            }
        }
        let (up, down) = view.reach();
        let mut probe = if candidates.is_exact { None } else { Some(Probe::new(self)?) };
        let (mut above, mut below) = (BinaryHeap::from(above), BinaryHeap::from(below));
        let mut keys = nearest(up, || above.pop(), &mut probe)?;
        keys.reverse();
        let middle = keys.len();
        keys.extend(nearest(down, || below.pop().map(|found| found.0), &mut probe)?);
        Ok((keys, middle))
    }

    /// Up to `wanted` passing rows from a place on.
    fn walk(
        &self,
        direction: Direction,
        from: &From,
        wanted: usize,
        test: &Test<'_>,
    ) -> Result<Walked<Vec<RowKey>>, Error> {
        let (patience, tests, probe) = match test {
            Test::Asked(_) if self.predicate.is_empty_on_legs() => (wanted, usize::MAX, None),
            Test::Asked(rows) => (*rows, usize::MAX, None),
            Test::Among(candidates, tests) => {
                let probe = if candidates.is_exact { None } else { Some(Probe::new(self)?) };
                (candidates.ids.len() * STEPS_PER_READ, *tests, probe)
            }
        };
        let mut walk = Walk { direction, test, wanted, keys: Vec::new(), patience, tests, probe };
        let legs = Leg::of(self.query.sort, direction, &self.predicate);
        if self.query.sort != Sort::Provider {
            for leg in legs {
                self.walk_leg(*leg, "", from, &mut walk)?;
            }
            return Ok(walk.end());
        }
        let asked = self.predicate.provider.clone();
        let mut provider = match (&asked, &from.rank) {
            (Some(asked), _) => Some(asked.clone()),
            (None, Some(rank)) => Some(rank.provider.clone()),
            (None, None) => self.provider_after(direction, None)?,
        };
        let mut from = from.clone();
        while let Some(name) = provider {
            for leg in legs {
                self.walk_leg(*leg, &name, &from, &mut walk)?;
            }
            if walk.is_over() || asked.is_some() {
                break;
            }
            from = From::end();
            provider = self.provider_after(direction, Some(&name))?;
        }
        Ok(walk.end())
    }

    /// Goes along one leg.
    fn walk_leg(&self, leg: Leg, provider: &str, from: &From, walk: &mut Walk<'_>) -> Result<(), Error> {
        let (more, join) = match walk.test {
            Test::Among(..) => ("1".to_owned(), ""),
            Test::Asked(_) => {
                (format!("{}, {}", or_true(&self.predicate.on_legs), self.predicate.text), self.predicate.join)
            }
        };
        for piece in leg.pieces(self.query.now.timestamp(), walk.direction, from) {
            if walk.is_over() {
                break;
            }
            let mut query = self.connection.prepare_cached(&leg.sql(walk.direction, &piece, join, &more))?;
            bind(&mut query, self.query, &self.predicate)?;
            bind_piece(&mut query, &piece)?;
            bind_one(&mut query, ":of_provider", provider)?;
            bind_one(&mut query, ":limit", i64::try_from(walk.patience).unwrap_or(i64::MAX))?;
            let mut rows = query.raw_query();
            while !walk.is_over() {
                let Some(row) = rows.next()? else { break };
                walk.patience -= 1;
                let id = row.get(0)?;
                let passes = match walk.test {
                    Test::Asked(_) => row.get(2)? && self.predicate.passes(row, 3)?,
                    Test::Among(candidates, _) => candidates.ids.contains(id) && walk.passes(id)?,
                };
                if passes {
                    let rank = leg.rank(id, row.get(1)?, provider);
                    walk.keys.push(RowKey { maintenance: MaintenanceKey(id), rank });
                }
            }
        }
        Ok(())
    }

    /// The provider that is met after this one, or first.
    fn provider_after(&self, direction: Direction, name: Option<&str>) -> Result<Option<String>, Error> {
        let (beyond, way) = if direction == Direction::Forward { (">", "ASC") } else { ("<", "DESC") };
        let condition = if name.is_some() { format!("WHERE provider {beyond} :name") } else { String::new() };
        let sql = format!("SELECT provider FROM maintenance {condition} ORDER BY provider {way} LIMIT 1");
        let mut query = self.connection.prepare_cached(&sql)?;
        bind_one(&mut query, ":name", name)?;
        Ok(query.raw_query().next()?.map(|row| row.get(0)).transpose()?)
    }

    /// Where a maintenance stands in this list, if it does.
    fn find(&self, id: i64) -> Result<Option<RowKey>, Error> {
        let Predicate { join, whole, text, .. } = &self.predicate;
        let sql = format!("SELECT {SORTED}, {text} FROM maintenance m {join} WHERE m.id = :id AND {}", or_true(whole));
        let mut query = self.connection.prepare_cached(&sql)?;
        bind(&mut query, self.query, &self.predicate)?;
        bind_one(&mut query, ":id", id)?;
        let mut rows = query.raw_query();
        let Some(row) = rows.next()? else { return Ok(None) };
        if !self.predicate.passes(row, SORTED_COLUMNS)? {
            return Ok(None);
        }
        let rank = Sorted::read(row)?.rank(self.query.sort, self.query.now);
        Ok(Some(RowKey { maintenance: MaintenanceKey(id), rank }))
    }
}

impl From {
    /// The end of the list that is met first.
    fn end() -> Self {
        Self { rank: None, inclusive: false }
    }
}

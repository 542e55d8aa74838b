//! Reading a window: walk the order, or sort the candidates.

use std::ops::Range;

use rusqlite::{Connection, Statement};

use super::filter::Predicate;
use super::leg::{Bounds, Direction, From, Leg};
use super::rank::{Rank, RowKey, SORTED, Sorted};
use super::{Anchor, ListQuery, Window, candidates, row};
use crate::features::maintenance::store::{MaintenanceKey, count};
use crate::store::Error;

/// Rows that a filtered walk looks at before the candidates are collected instead: some milliseconds.
const WALK: usize = 2000;

/// For walks that may go through the whole list.
const TO_THE_END: usize = usize::MAX;

/// The rows around `anchor`: up to `before` above it and up to `after` from it on. `Top` and `After` take `after` rows,
/// `Bottom` and `Before` take `before` rows.
pub fn window(
    connection: &Connection,
    query: &ListQuery,
    anchor: &Anchor,
    before: usize,
    after: usize,
) -> Result<Window, Error> {
    let list = List { connection, query, predicate: Predicate::of(&query.filter) };
    let view = list.view(anchor, before, after)?;
    let patience = if list.predicate.is_empty() { TO_THE_END } else { WALK };
    let (keys, middle) = match list.walk_around(&view, patience)? {
        Some(found) => found,
        None => match candidates::collect(connection, query, &list.predicate)? {
            Some(candidates) => view.place_in(candidates),
            // So many candidates that a walk meets enough of them soon.
            None => list.walk_around(&view, TO_THE_END)?.unwrap_or_default(),
        },
    };
    let shown = view.cut(middle, keys.len());
    let (more_before, more_after) = (shown.start > 0, shown.end < keys.len());
    let anchor = (view.is_elastic && middle < shown.end).then(|| middle - shown.start);
    let keys = keys.into_iter().take(shown.end).skip(shown.start).collect();
    let rows = row::read(connection, keys, query.now)?;
    Ok(Window { rows, anchor, more_before, more_after })
}

/// How many rows pass the filter; stops counting at `limit`, which then means "at least".
pub fn matches(connection: &Connection, query: &ListQuery, limit: usize) -> Result<usize, Error> {
    let predicate = Predicate::of(&query.filter);
    if predicate.is_empty() {
        return Ok(usize::try_from(count::total(connection)?).unwrap_or(usize::MAX).min(limit));
    }
    let list = List { connection, query, predicate };
    if let Some(keys) = list.walk(Direction::Forward, None, limit, WALK)? {
        return Ok(keys.len());
    }
    if let Some(candidates) = candidates::collect(connection, query, &list.predicate)? {
        return Ok(candidates.len().min(limit));
    }
    Ok(list.walk(Direction::Forward, None, limit, TO_THE_END)?.map_or(0, |keys| keys.len()))
}

/// One list being read.
struct List<'a> {
    connection: &'a Connection,
    query: &'a ListQuery,
    predicate: Predicate,
}

/// Which stretch of the list is asked for.
struct View {
    /// Where the lower half begins; `None` for the ends of the list.
    at: Option<Rank>,
    /// Whether the row at that place belongs to the lower half.
    is_below: bool,
    before: usize,
    after: usize,
    /// Whether rows missing on one side are added on the other.
    is_elastic: bool,
    /// Without a place: whether the end is the bottom.
    is_bottom: bool,
}

impl View {
    /// Rows to read above and below the place: one more than is shown, to know whether there are more.
    fn reach(&self) -> (usize, usize) {
        match (&self.at, self.is_elastic) {
            (None, _) if self.is_bottom => (self.before + 1, 0),
            (None, _) => (0, self.after + 1),
            (Some(_), true) => (self.before + self.after + 1, self.before + self.after + 1),
            (Some(_), false) => (self.before + 1, self.after + 1),
        }
    }

    /// Which of `len` rows to show when `middle` of them are above the place.
    fn cut(&self, middle: usize, len: usize) -> Range<usize> {
        let (above, below) = (middle, len - middle);
        let (mut before, mut after) = (self.before.min(above), self.after.min(below));
        if self.is_elastic {
            before = (self.before + self.after - after).min(above);
            after = (self.before + self.after - before).min(below);
        }
        middle - before..middle + after
    }

    /// All keys and how many of them are above the place.
    fn place_in(&self, keys: Vec<RowKey>) -> (Vec<RowKey>, usize) {
        let middle = match &self.at {
            Some(at) if self.is_below => keys.partition_point(|key| key.rank < *at),
            Some(at) => keys.partition_point(|key| key.rank <= *at),
            None if self.is_bottom => keys.len(),
            None => 0,
        };
        (keys, middle)
    }
}

impl List<'_> {
    /// Resolves the anchor: a row asked for is looked up where it stands now.
    fn view(&self, anchor: &Anchor, before: usize, after: usize) -> Result<View, Error> {
        let top = View { at: None, is_below: true, before: 0, after, is_elastic: false, is_bottom: false };
        Ok(match anchor {
            Anchor::Top => top,
            Anchor::Bottom => View { before, after: 0, is_bottom: true, ..top },
            Anchor::After(key) => View { at: Some(key.rank.clone()), is_below: false, ..top },
            Anchor::Before(key) => View { at: Some(key.rank.clone()), before, after: 0, ..top },
            Anchor::At(key) => {
                let rank = self.find(key.maintenance)?.unwrap_or_else(|| key.rank.clone());
                View { at: Some(rank), before, is_elastic: true, ..top }
            }
            Anchor::On(key) => match self.find(*key)? {
                Some(rank) => View { at: Some(rank), before, is_elastic: true, ..top },
                None => View { after: before + after, ..top },
            },
        })
    }

    /// Where a maintenance stands in this list, if it does.
    fn find(&self, key: MaintenanceKey) -> Result<Option<Rank>, Error> {
        let sorted = find(self.connection, self.query, &self.predicate, key.0)?;
        Ok(sorted.map(|sorted| sorted.rank(self.query.sort, self.query.now)))
    }

    /// Keys of the view and around it, and how many of them are above its place; `None` if a walk gave up.
    fn walk_around(&self, view: &View, patience: usize) -> Result<Option<(Vec<RowKey>, usize)>, Error> {
        let (up, down) = view.reach();
        let from = |inclusive| view.at.clone().map(|rank| From { rank, inclusive });
        let above = self.walk(Direction::Backward, from(!view.is_below).as_ref(), up, patience)?;
        let Some(mut keys) = above else { return Ok(None) };
        let below = self.walk(Direction::Forward, from(view.is_below).as_ref(), down, patience)?;
        let Some(below) = below else { return Ok(None) };
        keys.reverse();
        let middle = keys.len();
        keys.extend(below);
        Ok(Some((keys, middle)))
    }

    /// Up to `wanted` matching rows from a place on; `None` if after `patience` rows there were fewer and the list went on.
    fn walk(
        &self,
        direction: Direction,
        from: Option<&From>,
        wanted: usize,
        patience: usize,
    ) -> Result<Option<Vec<RowKey>>, Error> {
        let mut keys = Vec::new();
        let mut patience = if self.predicate.is_empty() { wanted } else { patience };
        for leg in Leg::of(self.query.sort, direction) {
            let Some(bounds) = leg.bounds(self.query.now.timestamp(), direction, from) else { continue };
            if keys.len() >= wanted {
                break;
            }
            let sql = leg.sql(direction, self.predicate.join, self.predicate.condition());
            let mut query = self.connection.prepare_cached(&sql)?;
            bind(&mut query, self.query, &self.predicate)?;
            bind_leg(&mut query, direction, from, bounds, patience)?;
            let mut rows = query.raw_query();
            while keys.len() < wanted {
                let Some(row) = rows.next()? else { break };
                patience = patience.saturating_sub(1);
                if row.get(7)? {
                    let sorted = Sorted::read(row)?;
                    let rank = sorted.rank(self.query.sort, self.query.now);
                    keys.push(sorted.key(rank));
                }
            }
            if keys.len() < wanted && patience == 0 {
                return Ok(None);
            }
        }
        Ok(Some(keys))
    }
}

/// What decides the place of a row, if it passes the filter.
pub(super) fn find(
    connection: &Connection,
    list: &ListQuery,
    predicate: &Predicate,
    id: i64,
) -> Result<Option<Sorted>, Error> {
    let (join, condition) = (predicate.join, predicate.condition());
    let sql = format!("SELECT {SORTED} FROM maintenance m {join} WHERE m.id = :id AND {condition}");
    let mut query = connection.prepare_cached(&sql)?;
    bind(&mut query, list, predicate)?;
    bind_one(&mut query, ":id", id)?;
    let mut rows = query.raw_query();
    Ok(rows.next()?.map(Sorted::read).transpose()?)
}

/// Binds what the filter's conditions ask for.
pub(super) fn bind(query: &mut Statement<'_>, list: &ListQuery, predicate: &Predicate) -> Result<(), Error> {
    for (name, text) in &predicate.texts {
        bind_one(query, name, text)?;
    }
    bind_one(query, ":now", list.now.timestamp())
}

/// Binds what the leg asks for.
fn bind_leg(
    query: &mut Statement<'_>,
    direction: Direction,
    from: Option<&From>,
    bounds: Bounds,
    limit: usize,
) -> Result<(), Error> {
    let end_of_providers = if direction == Direction::Forward { "" } else { "\u{10ffff}" };
    bind_one(query, ":from_provider", from.map_or(end_of_providers, |from| &from.rank.provider))?;
    bind_one(query, ":low", bounds.low.0)?;
    bind_one(query, ":low_id", bounds.low.1)?;
    bind_one(query, ":high", bounds.high.0)?;
    bind_one(query, ":high_id", bounds.high.1)?;
    bind_one(query, ":limit", i64::try_from(limit).unwrap_or(i64::MAX))
}

/// Binds a parameter if the statement has it.
pub(super) fn bind_one(query: &mut Statement<'_>, name: &str, value: impl rusqlite::ToSql) -> Result<(), Error> {
    if let Some(index) = query.parameter_index(name)? {
        query.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

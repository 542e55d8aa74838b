//! The legs of each order: stretches of the list that one index gives in order.
//!
//! A leg is bounded by two places that it excludes, so that continuing from a row is the same query with a tighter bound.
//! Everything that makes a rank stands in the leg's index: walking along a leg touches no row of the table.

use super::filter::Predicate;
use super::rank::{Part, Rank};
use super::{Scope, Sort};

/// Which way to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Down the list.
    Forward,
    /// Up the list.
    Backward,
}

/// A stretch of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leg {
    /// Running now. Which windows enclose a moment is no range of any index, unless the length is bounded: windows of
    /// one class of length that enclose `now` began at most that length ago. So one short range per class is read, and
    /// what it gives is sorted: about twice as many rows as are active, however many there are in all.
    Active,
    /// Not begun.
    Upcoming,
    /// Final, but by its times not over yet at `now`: only where clocks disagree.
    SettledAhead,
    /// Over.
    Over,
    /// All, by change.
    Changed,
    /// The provider of the place that is continued from, or the one asked for.
    SameProvider,
    /// The providers that follow it.
    OtherProviders,
}

/// Number and seconds of each class of length in the schema, the longest without bound.
const SPANS: &str = "(VALUES (0, 3600), (1, 14400), (2, 57600), (3, 230400), (4, 921600), (5, 3686400), (6, 14745600),
    (7, 9223372036854775))";

/// Larger than every second and every id, and can be negated.
const MAX: i64 = i64::MAX / 2;

impl Leg {
    /// The legs of an order as they are met when reading in `direction`, without those that the filter excludes whole.
    pub(super) fn of(sort: Sort, direction: Direction, filter: &Predicate) -> &'static [Self] {
        let open = matches!(filter.scope, Scope::Open | Scope::Unacknowledged);
        match (sort, direction) {
            (Sort::Grouped, Direction::Forward) if open => &[Self::Active, Self::Upcoming],
            (Sort::Grouped, Direction::Backward) if open => &[Self::Upcoming, Self::Active],
            (Sort::Grouped, Direction::Forward) => &[Self::Active, Self::Upcoming, Self::SettledAhead, Self::Over],
            (Sort::Grouped, Direction::Backward) => &[Self::Over, Self::SettledAhead, Self::Upcoming, Self::Active],
            (Sort::Changed, _) => &[Self::Changed],
            (Sort::Provider, _) if filter.provider.is_some() => &[Self::SameProvider],
            (Sort::Provider, _) => &[Self::SameProvider, Self::OtherProviders],
        }
    }

    fn part(self) -> Part {
        match self {
            Self::Upcoming => Part::Second,
            Self::SettledAhead | Self::Over => Part::Third,
            Self::Active | Self::Changed | Self::SameProvider | Self::OtherProviders => Part::First,
        }
    }

    /// Whether later times stand higher.
    fn is_newest_first(self) -> bool {
        !matches!(self, Self::Active | Self::Upcoming)
    }

    fn column(self) -> &'static str {
        match self {
            Self::Active => "m.ends_at",
            Self::Upcoming | Self::SameProvider | Self::OtherProviders => "m.starts_at",
            Self::SettledAhead | Self::Over => "m.over_at",
            Self::Changed => "m.changed_at",
        }
    }

    fn source(self) -> &'static str {
        match self {
            Self::Active => "spans s CROSS JOIN maintenance m INDEXED BY maintenance_active",
            Self::Upcoming => "maintenance m INDEXED BY maintenance_upcoming",
            Self::SettledAhead => "maintenance m INDEXED BY maintenance_settled",
            Self::Over => "maintenance m INDEXED BY maintenance_over",
            Self::Changed => "maintenance m INDEXED BY maintenance_changed",
            Self::SameProvider | Self::OtherProviders => "maintenance m INDEXED BY maintenance_provider",
        }
    }

    /// What makes a row one of this leg, beside the bounds.
    fn condition(self, direction: Direction) -> &'static str {
        match (self, direction) {
            (Self::Active, _) => {
                "m.final = 0 AND m.span = s.column1 AND m.starts_at > :now - s.column2 AND m.starts_at <= :now AND "
            }
            (Self::Upcoming, _) => "m.final = 0 AND ",
            (Self::SettledAhead, _) => "m.final = 1 AND ",
            (Self::Over | Self::Changed, _) => "",
            (Self::SameProvider, _) => "m.provider = :from_provider AND ",
            (Self::OtherProviders, Direction::Forward) => "m.provider > :from_provider",
            (Self::OtherProviders, Direction::Backward) => "m.provider < :from_provider",
        }
    }

    /// The query that reads this leg in `direction`: id, time, provider where it counts, and whether `condition` holds.
    pub(super) fn sql(self, direction: Direction, join: &str, condition: &str) -> String {
        let with = if self == Self::Active { format!("WITH spans AS {SPANS} ") } else { String::new() };
        let (column, source, own) = (self.column(), self.source(), self.condition(direction));
        let by_provider = matches!(self, Self::SameProvider | Self::OtherProviders);
        let provider = if by_provider { "m.provider" } else { "''" };
        let ascending = self.is_newest_first() == (direction == Direction::Backward);
        let way = if ascending { "ASC" } else { "DESC" };
        let (bounds, order) = if self == Self::OtherProviders {
            let providers = if direction == Direction::Forward { "ASC" } else { "DESC" };
            (String::new(), format!("m.provider {providers}, {column} {way}, m.id {way}"))
        } else {
            let bounds = format!("({column}, m.id) > (:low, :low_id) AND ({column}, m.id) < (:high, :high_id)");
            (bounds, format!("{column} {way}, m.id {way}"))
        };
        format!(
            "{with}SELECT m.id, {column}, {provider}, {condition} FROM {source} {join} WHERE {own}{bounds}
             ORDER BY {order} LIMIT :limit"
        )
    }

    /// The place of a row that this leg gave.
    pub(super) fn rank(self, id: i64, time: i64, provider: &str) -> Rank {
        let sign = self.sign();
        Rank { part: self.part(), provider: provider.to_ascii_lowercase(), time: sign * time, id: sign * id }
    }

    fn sign(self) -> i64 {
        if self.is_newest_first() { -1 } else { 1 }
    }

    /// The bounds of what is left of this leg from `from` on; `None` if nothing is.
    pub(super) fn bounds(self, now: i64, direction: Direction, from: &From, filter: &Predicate) -> Option<Bounds> {
        let mut bounds = match self {
            Self::Active | Self::Upcoming | Self::SettledAhead => Bounds { low: (now, MAX), high: (MAX, MAX) },
            Self::Over => Bounds { low: (-MAX, -MAX), high: (now, MAX) },
            Self::Changed | Self::SameProvider | Self::OtherProviders => Bounds { low: (-MAX, -MAX), high: (MAX, MAX) },
        };
        let Some(rank) = &from.rank else {
            // Without a place there is no provider to stay with, unless one is asked for.
            return (self != Self::SameProvider || filter.provider.is_some()).then_some(bounds);
        };
        if rank.part != self.part() {
            let ahead = (self.part() > rank.part) == (direction == Direction::Forward);
            return ahead.then_some(bounds);
        }
        if self == Self::OtherProviders {
            return Some(bounds);
        }
        let (time, id) = (rank.time.saturating_mul(self.sign()), rank.id.saturating_mul(self.sign()));
        let upwards = (self.sign() == 1) == (direction == Direction::Forward);
        if upwards {
            bounds.low = bounds.low.max((time, id - i64::from(from.inclusive)));
        } else {
            bounds.high = bounds.high.min((time, id + i64::from(from.inclusive)));
        }
        (bounds.low < bounds.high).then_some(bounds)
    }
}

/// The ids of all that run at `:now`, in no order.
pub(in crate::features::maintenance::store) fn active_ids() -> String {
    let (source, condition) = (Leg::Active.source(), Leg::Active.condition(Direction::Forward));
    format!("SELECT m.id FROM {source} WHERE {condition}m.ends_at > :now").replace("spans s", &format!("{SPANS} s"))
}

/// Where to continue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct From {
    /// `None`: from the end of the list that is met first.
    pub(super) rank: Option<Rank>,
    /// Whether the row at that very place counts.
    pub(super) inclusive: bool,
}

/// The two excluded places, as (seconds, id) in columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) low: (i64, i64),
    pub(super) high: (i64, i64),
}

//! The legs of each order: stretches of the list that one index gives in order.
//!
//! A leg is continued from any place in two pieces: the rows of the same second beyond that id, then the seconds beyond.
//! (SQLite begins a walk at a pair of values only if neither is the row's id.) Everything that makes a rank stands in the
//! leg's index: walking along a leg touches no row of the table.

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
    /// Those of one provider.
    Provider,
}

/// Number and seconds of each class of length in the schema, the longest without bound.
const SPANS: &str = "(VALUES (0, 3600), (1, 14400), (2, 57600), (3, 230400), (4, 921600), (5, 3686400), (6, 14745600),
    (7, 9223372036854775))";

/// Larger than every second and every id, and can be negated.
const MAX: i64 = i64::MAX / 2;

impl Leg {
    /// The legs of an order as they are met when reading in `direction`, without those that the filter excludes whole.
    /// By provider the leg is read once for each.
    pub(super) fn of(sort: Sort, direction: Direction, filter: &Predicate) -> &'static [Self] {
        let open = filter.scope == Scope::Open;
        match (sort, direction) {
            (Sort::Grouped, Direction::Forward) if open => &[Self::Active, Self::Upcoming],
            (Sort::Grouped, Direction::Backward) if open => &[Self::Upcoming, Self::Active],
            (Sort::Grouped, Direction::Forward) => &[Self::Active, Self::Upcoming, Self::SettledAhead, Self::Over],
            (Sort::Grouped, Direction::Backward) => &[Self::Over, Self::SettledAhead, Self::Upcoming, Self::Active],
            (Sort::Changed, _) => &[Self::Changed],
            (Sort::Provider, _) => &[Self::Provider],
        }
    }

    fn part(self) -> Part {
        match self {
            Self::Upcoming => Part::Second,
            Self::SettledAhead | Self::Over => Part::Third,
            Self::Active | Self::Changed | Self::Provider => Part::First,
        }
    }

    /// Whether later times stand higher.
    fn is_newest_first(self) -> bool {
        !matches!(self, Self::Active | Self::Upcoming)
    }

    fn column(self) -> &'static str {
        match self {
            Self::Active => "m.ends_at",
            Self::Upcoming | Self::Provider => "m.starts_at",
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
            Self::Provider => "maintenance m INDEXED BY maintenance_provider",
        }
    }

    /// What makes a row one of this leg, beside its time.
    fn condition(self) -> &'static str {
        match self {
            Self::Active => {
                "m.final = 0 AND m.span = s.column1 AND m.starts_at > :now - s.column2 AND m.starts_at <= :now AND "
            }
            Self::Upcoming => "m.final = 0 AND ",
            Self::SettledAhead => "m.final = 1 AND ",
            Self::Over | Self::Changed => "",
            Self::Provider => "m.provider = :of_provider AND ",
        }
    }

    /// The query that reads a piece of this leg in `direction`: id, time, and `more` columns.
    pub(super) fn sql(self, direction: Direction, piece: &Piece, join: &str, more: &str) -> String {
        let (column, source, own) = (self.column(), self.source(), self.condition());
        let way = if self.is_ascending(direction) { "ASC" } else { "DESC" };
        let (with, range) = match piece {
            Piece::SameTime { .. } => (String::new(), format!("{column} = :time AND m.id > :low AND m.id < :high")),
            Piece::Times { .. } => (String::new(), format!("{column} > :low AND {column} < :high")),
            Piece::Sorted { .. } => (
                format!("WITH spans AS {SPANS} "),
                format!("({column}, m.id) > (:low, :low_id) AND ({column}, m.id) < (:high, :high_id)"),
            ),
        };
        let order = if let Piece::SameTime { .. } = piece { String::new() } else { format!("{column} {way}, ") };
        format!(
            "{with}SELECT m.id, {column}, {more} FROM {source} {join} WHERE {own}{range}
             ORDER BY {order}m.id {way} LIMIT :limit"
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

    /// Whether reading in `direction` meets ever later times.
    fn is_ascending(self, direction: Direction) -> bool {
        self.is_newest_first() == (direction == Direction::Backward)
    }

    /// What is left of this leg from `from` on, in the order of reading.
    pub(super) fn pieces(self, now: i64, direction: Direction, from: &From) -> Vec<Piece> {
        let (low, high) = match self {
            Self::Active | Self::Upcoming | Self::SettledAhead => (now, MAX),
            Self::Over => (-MAX, now + 1),
            Self::Changed | Self::Provider => (-MAX, MAX),
        };
        let whole = match self {
            Self::Active => Piece::Sorted { low: (now, MAX), high: (MAX, MAX) },
            Self::Upcoming | Self::SettledAhead | Self::Over | Self::Changed | Self::Provider => {
                Piece::Times { low, high }
            }
        };
        let Some(rank) = &from.rank else { return vec![whole] };
        if rank.part != self.part() {
            let ahead = (self.part() > rank.part) == (direction == Direction::Forward);
            return if ahead { vec![whole] } else { Vec::new() };
        }
        let (time, id) = (rank.time.saturating_mul(self.sign()), rank.id.saturating_mul(self.sign()));
        let edge = i64::from(from.inclusive);
        match (self, self.is_ascending(direction)) {
            (Self::Active, true) => vec![Piece::Sorted { low: (now, MAX).max((time, id - edge)), high: (MAX, MAX) }],
            (Self::Active, false) => vec![Piece::Sorted { low: (now, MAX), high: (time, id + edge) }],
            // Not begun, or over, as seen from there.
            (_, true) if time <= low => vec![whole],
            (_, false) if time >= high => vec![whole],
            (_, true) if time >= high => Vec::new(),
            (_, false) if time <= low => Vec::new(),
            (_, true) => {
                vec![Piece::SameTime { time, low: id - edge, high: MAX }, Piece::Times { low: time, high }]
            }
            (_, false) => {
                vec![Piece::SameTime { time, low: -MAX, high: id + edge }, Piece::Times { low, high: time }]
            }
        }
    }
}

/// The ids of all that run at `:now`, in no order.
pub(in crate::features::maintenance::store) fn active_ids() -> String {
    let (source, condition) = (Leg::Active.source(), Leg::Active.condition());
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

/// A piece of a leg; bounds are excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// Rows of one second between two ids.
    SameTime { time: i64, low: i64, high: i64 },
    /// Rows between two seconds.
    Times { low: i64, high: i64 },
    /// Rows between two places (second and id) of a leg that is sorted as a whole.
    Sorted { low: (i64, i64), high: (i64, i64) },
}

//! Sizes and lengths of time, written with their unit.

use std::fmt;
use std::time::Duration;

use super::Setting;

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Size(pub(crate) u64);

/// The units of a [`Size`], largest first.
const SIZE_UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl Setting for Size {
    fn takes() -> String {
        "a size with its unit such as \"512 KiB\", \"4 MiB\" or \"1 GiB\"".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        let (number, unit) = number_and_unit(text)?;
        let (_, factor) = SIZE_UNITS.into_iter().find(|(name, _)| *name == unit)?;
        number.checked_mul(factor).map(Self)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fitting = SIZE_UNITS.into_iter().find(|(_, factor)| self.0 >= *factor && self.0.is_multiple_of(*factor));
        let (name, factor) = fitting.unwrap_or(("B", 1));
        write!(f, "{} {name}", self.0 / factor)
    }
}

/// How long something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Until somebody deletes it.
    Forever,
    /// Until it is this old.
    Days(Days),
}

/// A number of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Days(pub(crate) u32);

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} d", self.0)
    }
}

impl Setting for Keep {
    fn takes() -> String {
        "\"forever\" or a number of days such as \"730 d\"".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        if text == "forever" {
            return Some(Self::Forever);
        }
        let (number, unit) = number_and_unit(text)?;
        (unit == "d").then_some(Self::Days(Days(number.try_into().ok()?)))
    }
}

/// A time to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span(pub(crate) Duration);

/// The units of a [`Span`] in seconds, largest first.
const SPAN_UNITS: [(&str, u64); 3] = [("h", 3600), ("min", 60), ("s", 1)];

impl Setting for Span {
    fn takes() -> String {
        "a time with its unit such as \"10 s\", \"5 min\" or \"1 h\"".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        let (number, unit) = number_and_unit(text)?;
        let (_, factor) = SPAN_UNITS.into_iter().find(|(name, _)| *name == unit)?;
        number.checked_mul(factor).map(|seconds| Self(Duration::from_secs(seconds)))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let fitting = SPAN_UNITS.into_iter().find(|(_, factor)| seconds >= *factor && seconds.is_multiple_of(*factor));
        let (name, factor) = fitting.unwrap_or(("s", 1));
        write!(f, "{} {name}", seconds / factor)
    }
}

/// `"4 MiB"` or `"4MiB"` as 4 and `MiB`.
fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, unit.trim_start_matches(' ')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_ages_carry_their_unit() {
        assert_eq!(Size::from_text("4 MiB"), Some(Size(4 << 20)));
        assert_eq!(Size::from_text("4MiB"), Some(Size(4 << 20)));
        assert_eq!(Size::from_text("4"), None);
        assert_eq!(Size::from_text("MiB"), None);
        assert_eq!(Size::from_text("-1 B"), None);
        assert_eq!(Size::from_text("99999999999999999999 B"), None);
        assert_eq!(Size::from_text("18446744073709551615 GiB"), None);
        assert_eq!(Keep::from_text("forever"), Some(Keep::Forever));
        assert_eq!(Keep::from_text("90 d"), Some(Keep::Days(Days(90))));
        assert_eq!(Keep::from_text("2160 h"), None);
    }

    #[test]
    fn times_carry_their_unit_and_print_as_they_are_written() {
        for text in ["10 s", "90 s", "5 min", "1 h", "0 s"] {
            assert_eq!(Span::from_text(text).unwrap().to_string(), text);
        }
        assert_eq!(Span::from_text("600 s"), Span::from_text("10min"));
        for wrong in ["10", "s", "10 ms", "-1 s", "18446744073709551615 h"] {
            assert_eq!(Span::from_text(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_print_as_they_are_written() {
        for text in ["4 MiB", "1 GiB", "1500 B", "0 B"] {
            assert_eq!(Size::from_text(text).unwrap().to_string(), text);
        }
    }
}

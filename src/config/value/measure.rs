//! Sizes and lengths of time, written with their unit.

use std::fmt;

use chrono::TimeDelta;

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

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Length(pub(crate) TimeDelta);

/// The units of a [`Length`] in seconds, longest first. Not `m`: it is read as minutes by some and months by others.
const LENGTH_UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];

impl Setting for Length {
    fn takes() -> String {
        "a length of time with its unit such as \"30 d\", \"12 h\", \"5 min\" or \"10 s\"".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        let (number, unit) = number_and_unit(text)?;
        let (_, factor) = LENGTH_UNITS.into_iter().find(|(name, _)| *name == unit)?;
        let seconds = i64::try_from(number.checked_mul(factor)?).ok()?;
        TimeDelta::try_seconds(seconds).map(Self)
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = u64::try_from(self.0.num_seconds()).unwrap_or(0);
        let fitting =
            LENGTH_UNITS.into_iter().find(|(_, factor)| seconds >= *factor && seconds.is_multiple_of(*factor));
        let (name, factor) = fitting.unwrap_or(("s", 1));
        write!(f, "{} {name}", seconds / factor)
    }
}

/// How long something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Until somebody deletes it.
    Forever,
    /// Until it is this old.
    For(Length),
}

impl Setting for Keep {
    fn takes() -> String {
        "\"forever\" or a length of time with its unit such as \"730 d\"".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        if text == "forever" { Some(Self::Forever) } else { Length::from_text(text).map(Self::For) }
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
    fn sizes_and_lengths_carry_their_unit() {
        assert_eq!(Size::from_text("4 MiB"), Some(Size(4 << 20)));
        assert_eq!(Size::from_text("4MiB"), Some(Size(4 << 20)));
        assert_eq!(Size::from_text("4"), None);
        assert_eq!(Size::from_text("MiB"), None);
        assert_eq!(Size::from_text("-1 B"), None);
        assert_eq!(Size::from_text("99999999999999999999 B"), None);
        assert_eq!(Size::from_text("18446744073709551615 GiB"), None);
        assert_eq!(Length::from_text("36 h"), Some(Length(TimeDelta::hours(36))));
        assert_eq!(Length::from_text("5 m"), None);
        assert_eq!(Length::from_text("9999999999999999 d"), None);
        assert_eq!(Keep::from_text("forever"), Some(Keep::Forever));
    }

    #[test]
    fn sizes_and_lengths_print_as_they_are_written() {
        for text in ["4 MiB", "1 GiB", "1500 B", "0 B"] {
            assert_eq!(Size::from_text(text).unwrap().to_string(), text);
        }
        for text in ["30 d", "36 h", "90 s", "5 min"] {
            assert_eq!(Length::from_text(text).unwrap().to_string(), text);
        }
    }
}

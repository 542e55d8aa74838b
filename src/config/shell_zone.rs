//! The zone that `TZ` names: an IANA name, with a colon before it or without, the path of its file, or the rules of a zone as
//! POSIX writes them, as far as a zone of IANA has the same.

use chrono_tz::{Etc, Europe, Tz};

/// Rules of zones as POSIX writes them.
const RULES: [(&str, Tz); 8] = [
    ("CET-1CEST,M3.5.0,M10.5.0/3", Tz::CET),
    ("EET-2EEST,M3.5.0/3,M10.5.0/4", Tz::EET),
    ("WET0WEST,M3.5.0/1,M10.5.0", Tz::WET),
    ("GMT0BST,M3.5.0/1,M10.5.0", Europe::London),
    ("EST5EDT,M3.2.0,M11.1.0", Tz::EST5EDT),
    ("CST6CDT,M3.2.0,M11.1.0", Tz::CST6CDT),
    ("MST7MDT,M3.2.0,M11.1.0", Tz::MST7MDT),
    ("PST8PDT,M3.2.0,M11.1.0", Tz::PST8PDT),
];

/// Zones that are whole hours away from UTC all year, from one that is that many hours behind: `Etc/GMT+12`.
const FIXED: [Tz; 27] = [
    Etc::GMTPlus12,
    Etc::GMTPlus11,
    Etc::GMTPlus10,
    Etc::GMTPlus9,
    Etc::GMTPlus8,
    Etc::GMTPlus7,
    Etc::GMTPlus6,
    Etc::GMTPlus5,
    Etc::GMTPlus4,
    Etc::GMTPlus3,
    Etc::GMTPlus2,
    Etc::GMTPlus1,
    Tz::UTC,
    Etc::GMTMinus1,
    Etc::GMTMinus2,
    Etc::GMTMinus3,
    Etc::GMTMinus4,
    Etc::GMTMinus5,
    Etc::GMTMinus6,
    Etc::GMTMinus7,
    Etc::GMTMinus8,
    Etc::GMTMinus9,
    Etc::GMTMinus10,
    Etc::GMTMinus11,
    Etc::GMTMinus12,
    Etc::GMTMinus13,
    Etc::GMTMinus14,
];

/// The zone that the value of `TZ` names; what was written where that names none. An empty one says nothing.
pub(super) fn read(written: &str) -> Result<Option<Tz>, String> {
    let name = written.strip_prefix(':').unwrap_or(written).trim();
    if name.is_empty() {
        return Ok(None);
    }
    let of_file = name.split_once("/zoneinfo/").map_or(name, |(_, name)| name);
    let of_rules = || RULES.iter().find(|(rules, _)| *rules == name).map(|(_, zone)| *zone);
    of_file.parse().ok().or_else(of_rules).or_else(|| fixed(name)).map(Some).ok_or_else(|| written.to_owned())
}

/// A zone without daylight saving: its abbreviation, and how many hours it is behind UTC. `<+03>-3` is three ahead.
fn fixed(name: &str) -> Option<Tz> {
    let behind = match name.strip_prefix('<') {
        Some(rest) => rest.split_once('>')?.1,
        None => name.trim_start_matches(|c: char| c.is_ascii_alphabetic()),
    };
    if name.len() - behind.len() < 3 {
        return None;
    }
    let behind: i8 = behind.parse().ok()?;
    FIXED.get(usize::try_from(12 - i16::from(behind)).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_files_and_rules_that_a_zone_has_are_read_and_others_told() {
        let denver = Ok(Some(chrono_tz::America::Denver));
        for tz in ["America/Denver", ":America/Denver", "/usr/share/zoneinfo/America/Denver"] {
            assert_eq!(read(tz), denver, "{tz}");
        }
        assert_eq!(read("CET-1CEST,M3.5.0,M10.5.0/3"), Ok(Some(Tz::CET)));
        assert_eq!(read("<+03>-3"), Ok(Some(Etc::GMTMinus3)));
        assert_eq!(read("XYZ+5"), Ok(Some(Etc::GMTPlus5)));
        assert_eq!(read("UTC0"), Ok(Some(Tz::UTC)));
        assert_eq!(read(""), Ok(None));
        for tz in
            ["XYZ-1ABC", "IST-5:30", "../../etc/passwd", "CET-1CEST,M1.1.0,M2.1.0", "X1", "<+99>-99", "<", "UTC-128"]
        {
            assert_eq!(read(tz), Err(tz.to_owned()), "{tz}");
        }
    }

    #[test]
    fn what_is_taken_for_rules_is_as_far_from_utc_as_they_say() {
        use chrono::{Offset as _, TimeZone as _};
        for (at, zone) in (-12..).zip(FIXED) {
            let offset = zone.offset_from_utc_datetime(&chrono::DateTime::UNIX_EPOCH.naive_utc()).fix();
            assert_eq!(offset.local_minus_utc(), at * 3600, "{zone}");
        }
    }
}

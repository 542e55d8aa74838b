//! The time zone of a city, from a small table in the binary. Never asks anybody.

use chrono_tz::Tz;

use super::WhenError;

/// `kind<TAB>name<TAB>zone`; see the head of the file.
const PLACES: &str = include_str!("../../../../assets/zones.tsv");

/// The zone of `City, ST`, `City, Country` or `City`.
///
/// The letters of a state decide before the city does: there are many Portlands.
pub(crate) fn zone_of_city(place: &str) -> Result<Tz, WhenError> {
    let place = place.trim();
    let unknown = || WhenError::UnknownCity { city: crate::text::clean_line(place).chars().take(80).collect() };
    let (city, region) = match place.rsplit_once(',') {
        // "Washington, D.C."
        Some((city, region)) => (city.trim(), region.trim().replace('.', "")),
        None => (place, String::new()),
    };
    let full = format!("{city}, {region}");
    find("city", &full)
        .or_else(|| find("state", &region))
        .or_else(|| find("country", &region))
        .or_else(|| find("city", city))
        .ok_or_else(unknown)
}

/// The zone of one line of the table.
fn find(kind: &str, name: &str) -> Option<Tz> {
    let line = PLACES.lines().map(|line| line.split('\t')).find_map(|mut columns| {
        let found = columns.next()? == kind && columns.next()?.eq_ignore_ascii_case(name);
        if found { columns.next() } else { None }
    })?;
    line.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_decides_and_split_states_are_split() {
        for (place, zone) in [
            ("Portland, ME", Tz::America__New_York),
            ("Portland, OR", Tz::America__Los_Angeles),
            ("Minneapolis, MN", Tz::America__Chicago),
            ("El Paso, TX", Tz::America__Denver),
            ("Nowhere Special, TX", Tz::America__Chicago),
            ("Phoenix, AZ", Tz::America__Phoenix),
            ("Frankfurt, Germany", Tz::Europe__Berlin),
            ("Sydney, Australia", Tz::Australia__Sydney),
            ("Washington, D.C.", Tz::America__New_York),
            ("london", Tz::Europe__London),
        ] {
            assert_eq!(zone_of_city(place), Ok(zone), "{place}");
        }
    }

    #[test]
    fn an_unknown_city_is_an_error_that_says_so() {
        let error = zone_of_city("Atlantis, Ocean").unwrap_err();
        assert_eq!(error.to_string(), "the time zone of \"Atlantis, Ocean\" is not known");
    }

    #[test]
    fn every_line_of_the_table_names_a_zone_that_exists() {
        let mut count = 0;
        for line in PLACES.lines().filter(|line| !line.starts_with('#')) {
            let columns: Vec<&str> = line.split('\t').collect();
            assert!(matches!(columns[0], "state" | "city" | "country"), "{line}");
            assert!(columns[2].parse::<Tz>().is_ok(), "{line}");
            count += 1;
        }
        assert!(count > 300);
    }
}

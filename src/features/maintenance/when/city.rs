//! The time zone of a city, from small tables in the binary. Never asks anybody.

use std::borrow::Cow;

use chrono_tz::Tz;

use super::WhenError;

/// `kind<TAB>name<TAB>zone`; see the head of the file.
const PLACES: &str = include_str!("../../../../assets/zones.tsv");

/// `kind<TAB>letters<TAB>zone<TAB>name|name|…`; see the head of the file.
const CITIES: &str = include_str!("../../../../assets/cities.tsv");

/// The provinces of Canada whose letters are a country's.
const PROVINCES: [&str; 3] = ["NL", "PE", "SK"];

/// The zone of `City, ST`, `City, Country` or `City`.
///
/// The letters of a state decide before the city does: there are many Portlands. Letters that are a country's, too, mean
/// whichever has the city. Where neither is known to have it, those of the United States are a state's, whose small towns are in
/// no list; those of Canada mean nothing: the Netherlands have more towns than Newfoundland, and a window hours off would look
/// as sure as any.
pub(crate) fn zone_of_city(place: &str) -> Result<Tz, WhenError> {
    let place = place.trim();
    if place.is_empty() {
        return Err(WhenError::NoCity);
    }
    let unknown = || WhenError::UnknownCity { city: crate::text::clean_line(place).chars().take(80).collect() };
    let (city, region) = match place.rsplit_once(',') {
        // "Washington, D.C."
        Some((city, region)) => (city.trim(), region.trim().replace('.', "")),
        None => (place, String::new()),
    };
    let full = format!("{city}, {region}");
    find("city", &full)
        .map(Some)
        .or_else(|| find("state", &region).map(|state| of_state_or_country(city, &region, state)))
        .or_else(|| find("country", &region).map(Some))
        .or_else(|| find("city", city).map(Some))
        .flatten()
        .ok_or_else(unknown)
}

/// The zone of a city behind which the letters of a state stand, on whose clock its cities are.
fn of_state_or_country(city: &str, letters: &str, state: Tz) -> Option<Tz> {
    let lines = || of_letters(letters);
    let is_country = lines().any(|(kind, ..)| kind == "country");
    if !is_country || lines().any(|(kind, _, names)| kind == "state" && has(names, city)) {
        return Some(state);
    }
    let zones = || lines().filter(|(kind, ..)| *kind == "country").filter_map(|(_, zone, names)| Some((zone?, names)));
    let listed = zones().find_map(|(zone, names)| has(names, city).then_some(zone));
    // Those that are named without a country have other spellings, too.
    let alone = || find("city", city).filter(|alone| zones().any(|(zone, _)| zone == *alone));
    let is_american = || !PROVINCES.iter().any(|province| province.eq_ignore_ascii_case(letters));
    listed.or_else(alone).or_else(|| is_american().then_some(state))
}

/// The lines of these letters: what kind of region has them, the zone of its cities, the cities.
fn of_letters(letters: &str) -> impl Iterator<Item = (&'static str, Option<Tz>, &'static str)> {
    CITIES.lines().filter(|line| !line.starts_with('#')).filter_map(move |line| {
        let mut columns = line.split('\t');
        let (kind, of, zone, names) = (columns.next()?, columns.next()?, columns.next()?, columns.next()?);
        of.eq_ignore_ascii_case(letters).then(|| (kind, zone.parse().ok(), names))
    })
}

/// Whether a city is among the names, however it is abbreviated.
fn has(names: &str, city: &str) -> bool {
    let city = spelled_out(city);
    names.split('|').any(|name| spelled_out(name).eq_ignore_ascii_case(&city))
}

/// "St. Paul" and "Ft Wayne" in full.
fn spelled_out(city: &str) -> Cow<'_, str> {
    const SHORT: [(&str, &str); 3] = [("st", "Saint"), ("ft", "Fort"), ("mt", "Mount")];
    let is_short = |word: &str| SHORT.iter().any(|(short, _)| word.trim_end_matches('.').eq_ignore_ascii_case(short));
    if !city.contains('’') && !city.split(' ').any(is_short) {
        return city.into();
    }
    let words = city.split_whitespace().map(|word| {
        let full = SHORT.iter().find(|(short, _)| word.trim_end_matches('.').eq_ignore_ascii_case(short));
        full.map_or_else(|| word.replace('’', "'"), |(_, full)| (*full).to_owned())
    });
    words.collect::<Vec<_>>().join(" ").into()
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
    fn letters_of_a_state_and_a_country_mean_whichever_has_the_city() {
        for (place, zone) in [
            ("Frankfurt, DE", Tz::Europe__Berlin),
            ("Düsseldorf, DE", Tz::Europe__Berlin),
            ("Dusseldorf, DE", Tz::Europe__Berlin),
            ("Hamburg, DE", Tz::Europe__Berlin),
            ("Wilmington, DE", Tz::America__New_York),
            ("Amsterdam, NL", Tz::Europe__Amsterdam),
            ("Rotterdam, NL", Tz::Europe__Amsterdam),
            ("St. John's, NL", Tz::America__St_Johns),
            ("St. John’s, NL", Tz::America__St_Johns),
            ("Toronto, CA", Tz::America__Toronto),
            ("Calgary, CA", Tz::America__Edmonton),
            ("Fremont, CA", Tz::America__Los_Angeles),
            ("San Jose, CA", Tz::America__Los_Angeles),
            ("Los Angeles, CA", Tz::America__Los_Angeles),
            ("Bogota, CO", Tz::America__Bogota),
            ("Denver, CO", Tz::America__Denver),
            ("Tel Aviv, IL", Tz::Asia__Jerusalem),
            ("Chicago, IL", Tz::America__Chicago),
            ("Mumbai, IN", Tz::Asia__Kolkata),
            ("Indianapolis, IN", Tz::America__New_York),
            ("Gary, IN", Tz::America__Chicago),
            ("St. Louis, MO", Tz::America__Chicago),
            ("St Paul, MN", Tz::America__Chicago),
            ("Saint Paul, MN", Tz::America__Chicago),
            ("Tunis, TN", Tz::Africa__Tunis),
            ("Nashville, TN", Tz::America__Chicago),
            // Both have one.
            ("Richmond, CA", Tz::America__Los_Angeles),
        ] {
            assert_eq!(zone_of_city(place), Ok(zone), "{place}");
        }
        assert_eq!(zone_of_city("Irwindale, CA"), Ok(Tz::America__Los_Angeles), "a small town");
        for place in ["Nowhere Special, NL", "Nowhere Special, sk", "Athens, PE"] {
            let error = zone_of_city(place).unwrap_err();
            assert_eq!(error.to_string(), format!("the time zone of {place:?} is not known"));
        }
    }

    #[test]
    fn every_line_of_the_cities_is_of_letters_that_are_a_states() {
        let mut count = 0;
        for line in CITIES.lines().filter(|line| !line.starts_with('#')) {
            let columns: Vec<&str> = line.split('\t').collect();
            let [kind, letters, zone, names] = columns[..] else { panic!("{line}") };
            assert!(find("state", letters).is_some(), "{letters}");
            assert_eq!(zone.parse::<Tz>().is_ok(), kind == "country", "{kind} {letters}");
            count += names.split('|').filter(|name| !name.is_empty()).count();
        }
        assert!(count > 5000, "{count}");
        // Every city of a state that is off its clock is one of the state.
        for city in PLACES.lines().filter_map(|line| line.strip_prefix("city\t")?.split('\t').next()) {
            let Some((_, letters)) = city.rsplit_once(", ") else { continue };
            assert!(find("state", letters).is_some(), "{city}");
        }
    }

    #[test]
    fn where_no_city_is_named_that_is_said() {
        assert_eq!(zone_of_city(" "), Err(WhenError::NoCity));
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

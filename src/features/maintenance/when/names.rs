//! Months and weekdays in the languages in which providers and mail programs write: English, German, French, Spanish,
//! Italian, Portuguese, Dutch.

/// The names of each month. A word of three letters or more that one of them begins with means it, if it begins no other
/// month's name: `mar` is always March, `jui` may be June or July.
const MONTHS: [&[&str]; 12] = [
    &["january", "januar", "jänner", "janvier", "enero", "gennaio", "janeiro", "januari"],
    &["february", "februar", "février", "fevrier", "febrero", "febbraio", "fevereiro", "februari"],
    &["march", "märz", "maerz", "mars", "marzo", "março", "marco", "maart", "mrt"],
    &["april", "avril", "abril", "aprile"],
    &["may", "mai", "mayo", "maggio", "maio", "mei"],
    &["june", "juni", "juin", "junio", "giugno", "junho"],
    &["july", "juli", "juillet", "julio", "luglio", "julho"],
    &["august", "août", "aout", "agosto", "augustus"],
    &["september", "septembre", "septiembre", "setiembre", "settembre", "setembro"],
    &["october", "oktober", "octobre", "octubre", "ottobre", "outubro"],
    &["november", "novembre", "noviembre", "novembro"],
    &["december", "dezember", "décembre", "decembre", "diciembre", "dicembre", "dezembro"],
];

/// Weekdays; cut ones count from three letters on, as of months, which go before them.
const WEEKDAYS: [&str; 50] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonnabend",
    "sonntag",
    "lundi",
    "mardi",
    "mercredi",
    "jeudi",
    "vendredi",
    "samedi",
    "dimanche",
    "lunes",
    "martes",
    "miércoles",
    "miercoles",
    "jueves",
    "viernes",
    "sábado",
    "sabado",
    "domingo",
    "lunedì",
    "martedì",
    "mercoledì",
    "giovedì",
    "venerdì",
    "domenica",
    "segunda",
    "terça",
    "quarta",
    "quinta",
    "sexta",
    "feira",
    "maandag",
    "dinsdag",
    "woensdag",
    "donderdag",
    "vrijdag",
    "zaterdag",
    "zondag",
];

/// German and Dutch weekdays in two letters.
const SHORT_WEEKDAYS: [&str; 12] = ["mo", "di", "mi", "do", "fr", "sa", "so", "ma", "wo", "vr", "za", "zo"];

/// The month that a word in small letters means, 1 to 12.
pub(super) fn month(lower: &str) -> Option<u32> {
    if lower.chars().count() < 3 {
        return None;
    }
    let mut of = MONTHS.iter().zip(1..).filter(|(names, _)| names.iter().any(|name| name.starts_with(lower)));
    let (_, month) = of.next()?;
    of.next().is_none().then_some(month)
}

/// Whether a word in small letters is a weekday, in full or cut.
pub(super) fn is_weekday(lower: &str) -> bool {
    SHORT_WEEKDAYS.contains(&lower) || (lower.chars().count() >= 3 && WEEKDAYS.iter().any(|day| day.starts_with(lower)))
}

/// A pattern of the months' names in full or cut, for finding dates in running text.
pub(in crate::features::maintenance) fn months_pattern() -> String {
    let mut beginnings: Vec<String> = Vec::new();
    for name in MONTHS.iter().flat_map(|names| names.iter()) {
        let beginning: String = name.chars().take(3).collect();
        if !beginnings.contains(&beginning) {
            beginnings.push(beginning);
        }
    }
    format!(r"(?i:{})\p{{L}}*", beginnings.join("|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_known_in_every_language_in_full_and_cut() {
        for (word, number) in [
            ("jan", 1),
            ("ene", 1),
            ("gennaio", 1),
            ("fév", 2),
            ("märz", 3),
            ("mrt", 3),
            ("mar", 3),
            ("abr", 4),
            ("avr", 4),
            ("mai", 5),
            ("mag", 5),
            ("mei", 5),
            ("juin", 6),
            ("giu", 6),
            ("juil", 7),
            ("lug", 7),
            ("août", 8),
            ("ago", 8),
            ("set", 9),
            ("sept", 9),
            ("okt", 10),
            ("out", 10),
            ("ott", 10),
            ("nov", 11),
            ("dez", 12),
            ("déc", 12),
            ("dic", 12),
        ] {
            assert_eq!(month(word), Some(number), "{word}");
        }
        for word in ["jui", "ja", "monat", "m", "", "decade"] {
            assert_eq!(month(word), None, "{word}");
        }
        for (names, number) in MONTHS.iter().zip(1..) {
            assert!(names.iter().all(|name| month(name) == Some(number)), "{names:?}");
        }
    }

    #[test]
    fn weekdays_are_no_months() {
        assert!(WEEKDAYS.iter().all(|day| is_weekday(day) && month(day).is_none()));
        assert!(is_weekday("thu") && is_weekday("mi") && is_weekday("zo") && !is_weekday("th") && !is_weekday("now"));
    }
}

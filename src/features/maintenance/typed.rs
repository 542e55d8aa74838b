//! What people type of a maintenance, on the command line and in forms: the words that the screens show, and those of the wire.

use chrono::{DateTime, Datelike as _, NaiveDateTime, Timelike as _, Utc};

use super::model::{Circuit, Impact, Status};

/// The words for where a maintenance stands, for whoever typed another one.
pub(crate) const STATUSES: &str = "tentative, confirmed, rescheduled, in process, completed or cancelled";

/// Whether `typed` is one of these words, in capitals or not, with blanks or dashes.
fn is_word(typed: &str, words: [&str; 2]) -> bool {
    words.iter().any(|word| word.replace('-', " ").eq_ignore_ascii_case(&typed.replace('-', " ")))
}

/// Where a maintenance stands, or what can be typed instead.
pub(crate) fn status(typed: &str) -> Result<Status, String> {
    let known = Status::ALL.into_iter().find(|status| is_word(typed.trim(), [status.word(), status.as_str()]));
    known.ok_or_else(|| format!("{typed:?} is none; it is {STATUSES}"))
}

/// A circuit, with what happens to it behind an equals sign unless it is an outage; or what is wrong with that.
pub(crate) fn circuit(typed: &str) -> Result<Circuit, String> {
    let known = |word: &str| Impact::ALL.into_iter().find(|impact| is_word(word, [impact.word(), impact.as_str()]));
    let (id, impact) = match typed.rsplit_once('=').map(|(id, word)| (id.trim(), word.trim())) {
        Some((id, word)) if !id.is_empty() => match known(word) {
            Some(impact) => (id, impact),
            // A word of letters alone is meant as an impact; anything else belongs to the id.
            None if word.chars().all(|c| c.is_alphabetic() || c == ' ' || c == '-') => {
                return Err(format!("{word:?} is no impact; it is outage, degraded, reduced or no impact"));
            }
            None => (typed.trim(), Impact::Outage),
        },
        _ => (typed.trim(), Impact::Outage),
    };
    Ok(Circuit { circuit_id: id.to_owned(), impact })
}

/// In a second; chrono counts on in one that lasts longer.
const NANOSECONDS: u32 = 1_000_000_000;
/// Years of maintenances; another one is mistyped.
const YEARS: std::ops::Range<i32> = 1970..2200;

/// A point in time: `2026-11-21 22:00` in UTC, or with a zone as in `2026-11-21T23:00+01:00`; seconds may follow, of which
/// none is a 60th.
pub(crate) fn instant(typed: &str) -> Option<DateTime<Utc>> {
    let typed = typed.trim().replacen(['T', 't'], " ", 1);
    let zoned = typed.strip_suffix(['Z', 'z']).map_or_else(|| typed.clone(), |utc| format!("{utc}+00:00"));
    let of_zone = ["%Y-%m-%d %H:%M%:z", "%Y-%m-%d %H:%M:%S%.f%:z"];
    let in_utc = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"];
    let of_zone = of_zone.iter().find_map(|format| DateTime::parse_from_str(&zoned, format).ok());
    let at = of_zone.map(|at| at.to_utc()).or_else(|| {
        let read = in_utc.iter().find_map(|format| NaiveDateTime::parse_from_str(&typed, format).ok());
        read.map(|at| at.and_utc())
    });
    at.filter(|at| YEARS.contains(&at.year()) && at.nanosecond() < NANOSECONDS)
}

/// A circuit as somebody would type it.
pub(crate) fn of_circuit(circuit: &Circuit) -> String {
    if circuit.impact == Impact::Outage && !circuit.circuit_id.contains('=') {
        return circuit.circuit_id.clone();
    }
    format!("{}={}", circuit.circuit_id, circuit.impact.word())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_typed_as_screens_and_as_files_have_it() {
        for known in Status::ALL {
            assert_eq!(status(known.word()), Ok(known));
            assert_eq!(status(known.as_str()), Ok(known));
        }
        assert_eq!(status(" in-process "), Ok(Status::InProcess));
        assert!(status("soon").unwrap_err().contains("rescheduled"));
    }

    #[test]
    fn a_time_is_typed_in_utc_or_with_its_zone_with_seconds_or_without() {
        let same = [
            "2026-11-21 22:00",
            " 2026-11-21 22:00:00 ",
            "2026-11-21T22:00",
            "2026-11-21T22:00Z",
            "2026-11-21 22:00:00Z",
            "2026-11-21T23:00+01:00",
            "2026-11-21T23:00:00.000+01:00",
            "2026-11-21 17:00-0500",
        ];
        let meant = same.map(|typed| instant(typed).map(|at| at.timestamp()));
        assert_eq!(meant, [Some(1_795_298_400); 8]);
        let wrong = ["", "soon", "2026-11-21", "2026-02-30 10:00", "2026-11-21 22:00 CET", "22:00"];
        for typed in wrong.into_iter().chain(["9999-12-31 22:00", "2026-11-21 22:00:60", "0026-11-21 22:00"]) {
            assert_eq!(instant(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn a_circuit_is_an_outage_unless_it_says_otherwise() {
        let typed = ["A-1=reduced-redundancy", "A-2=Reduced", " A-3 = no impact", "A-4=OUTAGE", "A=5", "=A6"];
        let read = typed
            .map(|typed| circuit(typed).unwrap())
            .map(|read| format!("{} {}", read.circuit_id, read.impact.word()));
        assert_eq!(read.join(", "), "A-1 reduced, A-2 reduced, A-3 no impact, A-4 outage, A=5 outage, =A6 outage");
        assert!(circuit("A-1=degradd").unwrap_err().contains("degraded"));
        for impact in Impact::ALL {
            for id in ["/OGYX/900001/ /ZYO /", "A=B"] {
                let known = Circuit { circuit_id: id.to_owned(), impact };
                assert_eq!(circuit(&of_circuit(&known)), Ok(known));
            }
        }
    }
}

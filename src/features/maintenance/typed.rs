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

/// What happens to a circuit.
fn impact(typed: &str) -> Option<Impact> {
    Impact::ALL.into_iter().find(|impact| is_word(typed, [impact.word(), impact.as_str()]))
}

/// What can be typed instead of a word that is no impact.
fn no_impact(typed: &str) -> String {
    format!("{typed:?} is no impact; it is outage, degraded, reduced or no impact")
}

/// A circuit, with what happens to it behind an equals sign unless it is an outage; or what is wrong with that.
pub(crate) fn circuit(typed: &str) -> Result<Circuit, String> {
    let (id, impact) = match typed.rsplit_once('=').map(|(id, word)| (id.trim(), word.trim())) {
        Some((id, word)) if !id.is_empty() => match impact(word) {
            Some(impact) => (id, impact),
            // A word of letters alone is meant as an impact; anything else belongs to the id.
            None if word.chars().all(|c| c.is_alphabetic() || c == ' ' || c == '-') => {
                return Err(no_impact(word));
            }
            None => (typed.trim(), Impact::Outage),
        },
        _ => (typed.trim(), Impact::Outage),
    };
    Ok(Circuit { circuit_id: id.to_owned(), impact })
}

/// Circuits with commas between. An id in double quotes may have commas in it, and every quote in it twice.
pub(crate) fn circuits(typed: &str) -> Result<Vec<Circuit>, String> {
    let mut read = Vec::new();
    let mut rest = typed.trim_start();
    while !rest.is_empty() {
        let (one, behind) = if let Some((circuit_id, behind)) = quoted(rest) {
            let (impact, behind) = behind.split_once(',').unwrap_or((behind, ""));
            let impact = impact.strip_prefix('=').map_or(Ok(Impact::Outage), |word| {
                let word = word.trim();
                self::impact(word).ok_or_else(|| no_impact(word))
            })?;
            (Some(Circuit { circuit_id, impact }), behind)
        } else {
            let (one, behind) = rest.split_once(',').unwrap_or((rest, ""));
            (if one.trim().is_empty() { None } else { Some(circuit(one)?) }, behind)
        };
        read.extend(one);
        rest = behind.trim_start();
    }
    Ok(read)
}

/// An id in double quotes at the start of `typed`, and what follows; `None` if there is none, or something else than an
/// impact or another circuit follows.
fn quoted(typed: &str) -> Option<(String, &str)> {
    let mut rest = typed.strip_prefix('"')?;
    let mut id = String::new();
    loop {
        let (part, behind) = rest.split_once('"')?;
        id.push_str(part);
        let Some(more) = behind.strip_prefix('"') else {
            rest = behind.trim_start();
            break;
        };
        id.push('"');
        rest = more;
    }
    let follows = rest.is_empty() || rest.starts_with([',', '=']);
    (follows && !id.trim().is_empty()).then(|| (id.trim().to_owned(), rest))
}

/// In a second; chrono counts on in one that lasts longer.
const NANOSECONDS: u32 = 1_000_000_000;
/// Years of maintenances; another one is mistyped.
const YEARS: std::ops::Range<i32> = 1970..2200;

/// Why what was typed is no point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoTime {
    /// It cannot be read as one.
    #[error("write it as 2026-11-21 22:00 in UTC, or 2026-11-21T23:00+01:00")]
    Unread,
    /// Its year is none of a maintenance.
    #[error("the year {0} is none of a maintenance; it is one from {first} to {last}", first = YEARS.start, last = YEARS.end - 1)]
    Year(i32),
}

/// A point in time: `2026-11-21 22:00` in UTC, or with a zone as in `2026-11-21T23:00+01:00`; seconds may follow, of which
/// none is a 60th.
pub(crate) fn instant(typed: &str) -> Result<DateTime<Utc>, NoTime> {
    let typed = typed.trim().replacen(['T', 't'], " ", 1);
    let zoned = typed.strip_suffix(['Z', 'z']).map_or_else(|| typed.clone(), |utc| format!("{utc}+00:00"));
    let of_zone = ["%Y-%m-%d %H:%M%:z", "%Y-%m-%d %H:%M:%S%.f%:z"];
    let in_utc = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"];
    let of_zone = of_zone.iter().find_map(|format| DateTime::parse_from_str(&zoned, format).ok());
    let at = of_zone.map(|at| at.to_utc()).or_else(|| {
        let read = in_utc.iter().find_map(|format| NaiveDateTime::parse_from_str(&typed, format).ok());
        read.map(|at| at.and_utc())
    });
    let at = at.filter(|at| at.nanosecond() < NANOSECONDS).ok_or(NoTime::Unread)?;
    if YEARS.contains(&at.year()) { Ok(at) } else { Err(NoTime::Year(at.year())) }
}

/// A circuit as somebody would type it.
fn of_circuit(circuit: &Circuit) -> String {
    if circuit.impact == Impact::Outage && !circuit.circuit_id.contains('=') {
        return of_id(&circuit.circuit_id);
    }
    format!("{}={}", of_id(&circuit.circuit_id), circuit.impact.word())
}

/// The same of several.
pub(crate) fn of_circuits(circuits: &[Circuit]) -> String {
    circuits.iter().map(of_circuit).collect::<Vec<_>>().join(", ")
}

/// The id of a circuit among several, as somebody would type it.
pub(crate) fn of_id(id: &str) -> String {
    if id.contains(',') || id.starts_with('"') { format!("\"{}\"", id.replace('"', "\"\"")) } else { id.to_owned() }
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
        assert_eq!(meant, [Ok(1_795_298_400); 8]);
        let wrong = ["", "soon", "2026-11-21", "2026-02-30 10:00", "2026-11-21 22:00 CET", "22:00"];
        for typed in wrong.into_iter().chain(["2026-11-21 22:00:60"]) {
            assert_eq!(instant(typed), Err(NoTime::Unread), "{typed:?}");
        }
        for (typed, year) in [("9999-12-31 22:00", 9999), ("2200-01-01 00:00Z", 2200), ("0026-11-21 22:00", 26)] {
            assert_eq!(instant(typed), Err(NoTime::Year(year)), "{typed:?}");
        }
        assert!(NoTime::Year(2200).to_string().ends_with("from 1970 to 2199"));
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

    #[test]
    fn an_id_with_a_comma_stays_one() {
        let ids = ["X,Y", "\"", "\"A\", B", "A=B, C", ",", "A \"B\" C", "X,Y=outage", "D"];
        for impact in Impact::ALL {
            let known: Vec<_> = ids.iter().map(|id| Circuit { circuit_id: (*id).to_owned(), impact }).collect();
            assert_eq!(circuits(&of_circuits(&known)), Ok(known.clone()), "{}", of_circuits(&known));
        }
        let read = |typed: &str| {
            let each = circuits(typed).unwrap().into_iter();
            each.map(|read| format!("<{}> {}", read.circuit_id, read.impact.word())).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(read(" A ,, \"X,Y\" = degraded,B=reduced, "), "<A> outage <X,Y> degraded <B> reduced");
        // Quotes that are none are part of the id.
        assert_eq!(read("\"A, B"), "<\"A> outage <B> outage");
        assert_eq!(read("\"A\" 3, B"), "<\"A\" 3> outage <B> outage");
        assert!(circuits("\"X,Y\"=degradd").unwrap_err().contains("degraded"));
    }
}

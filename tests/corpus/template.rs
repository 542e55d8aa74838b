//! Templates of notices: `templates/<name>.toml` has the text that a provider sends with gaps in it, and says what comes
//! into the gaps and what it means.
//!
//! Gaps: `{id}`, `{number}`, `{account}`, `{status}`, `{impact}`, `{minutes}`, `{start}` and `{end}` (or
//! `{start|format|zone}`), `{windows}` (`window` once for each window), `{rows}` (`row` once for each circuit), and in them
//! `{circuit}` and `{n}`. Numbers take a width and a base: `{n:06}`, `{n:x}`.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Deserialize;

/// How a provider writes its notices.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Template {
    /// The rule that reads it.
    pub(crate) provider: String,
    /// The summary, where the notice has one.
    summary: Option<String>,
    /// The provider in its notices, if not the rule's name.
    names: Option<String>,
    /// Who sends it.
    pub(crate) from: String,
    subject: String,
    #[serde(default = "number")]
    id: String,
    /// Whether the id is a hash.
    #[serde(default)]
    hashed: bool,
    /// The account, if the provider names none or only numbers.
    account: Option<String>,
    #[serde(default = "circuit")]
    circuit: String,
    #[serde(default = "many")]
    pub(crate) max_circuits: usize,
    date: String,
    /// The zone in which dates are written.
    #[serde(default)]
    zone: Tz,
    /// Whether dates are written in capitals.
    #[serde(default)]
    upper: bool,
    /// The only status, where there are no words for it.
    #[serde(default = "confirmed")]
    status: String,
    /// Words and the status that they mean.
    #[serde(default)]
    pub(crate) statuses: Vec<(String, String)>,
    /// Words and the impact that they mean.
    #[serde(default)]
    pub(crate) impacts: Vec<(String, String)>,
    /// Whether the impact is the same on all circuits.
    #[serde(default)]
    one_impact: bool,
    #[serde(default = "row")]
    row: String,
    /// What stands between rows.
    #[serde(default)]
    between: String,
    /// How many windows it may have.
    #[serde(default = "one")]
    pub(crate) windows: usize,
    #[serde(default)]
    window: String,
    /// What follows the id of the second window and later ones.
    #[serde(default)]
    suffix: String,
    html: Option<String>,
    text: Option<String>,
    csv: Option<String>,
    /// Rows of a spreadsheet, their cells separated by tabs.
    xlsx: Option<String>,
    calendar: Option<String>,
}

fn number() -> String {
    "{number}".to_owned()
}

fn circuit() -> String {
    "CIR-{n}".to_owned()
}

fn confirmed() -> String {
    "CONFIRMED".to_owned()
}

fn row() -> String {
    "{circuit}".to_owned()
}

fn many() -> usize {
    200
}

fn one() -> usize {
    1
}

/// What comes into the gaps.
#[derive(Debug, Clone)]
pub(crate) struct Filling {
    /// The number of the maintenance.
    pub(crate) number: usize,
    /// Which of the words for a status.
    pub(crate) status: usize,
    /// The customer, where the template does not fix it.
    pub(crate) account: String,
    /// How many circuits.
    pub(crate) circuits: usize,
    /// Start and end of every window.
    pub(crate) windows: Vec<(DateTime<Utc>, DateTime<Utc>)>,
}

/// What has to be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// `None` if it is a hash.
    pub(crate) id: Option<String>,
    pub(crate) account: String,
    pub(crate) provider: String,
    /// `None` if it does not matter.
    pub(crate) summary: Option<String>,
    pub(crate) status: String,
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) circuits: Vec<(String, String)>,
}

/// A written notice: what kind of part, and its text.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) from: String,
    pub(crate) subject: String,
    pub(crate) parts: Vec<(&'static str, String)>,
}

impl Template {
    /// The notice.
    pub(crate) fn write(&self, filling: &Filling) -> Written {
        let window = filling.windows[0];
        let fill = |text: &String| self.fill(text.trim_start_matches('\n'), filling, window, 0);
        let parts = [
            ("text/plain", &self.text),
            ("text/html", &self.html),
            ("text/csv", &self.csv),
            ("application/octet-stream", &self.xlsx),
            ("text/calendar", &self.calendar),
        ];
        let parts = parts.into_iter().filter_map(|(kind, text)| Some((kind, fill(text.as_ref()?)))).collect();
        Written { from: self.from.clone(), subject: fill(&self.subject), parts }
    }

    /// What has to be read of it.
    pub(crate) fn wanted(&self, filling: &Filling) -> Vec<Wanted> {
        let status = self.statuses.get(filling.status).map_or(&self.status, |(_, meaning)| meaning);
        let circuits: Vec<(String, String)> = (0..filling.circuits)
            .map(|circuit| {
                let id = self.fill(&self.circuit, filling, filling.windows[0], circuit);
                (id, self.impact(filling, circuit).map_or("OUTAGE", |(_, meaning)| meaning).to_owned())
            })
            .collect();
        let wanted = |(index, (start, end)): (usize, &(DateTime<Utc>, DateTime<Utc>))| {
            let suffix = if index == 0 { String::new() } else { self.suffix.replace("{n}", &(index + 1).to_string()) };
            let id = self.fill(&self.id, filling, (*start, *end), 0) + &suffix;
            Wanted {
                id: (!self.hashed).then_some(id),
                account: self.account.as_ref().unwrap_or(&filling.account).clone(),
                provider: self.names.as_ref().unwrap_or(&self.provider).clone(),
                summary: self.summary.clone(),
                status: status.clone(),
                start: start.timestamp(),
                end: end.timestamp(),
                circuits: circuits.clone(),
            }
        };
        filling.windows.iter().enumerate().map(wanted).collect()
    }

    /// Whether a time can be written so that it means nothing else: not in an hour that a clock repeats.
    pub(crate) fn is_plain(&self, time: DateTime<Utc>) -> bool {
        let local = time.with_timezone(&self.zone).naive_local();
        local.and_local_timezone(self.zone).single().is_some_and(|read| read.to_utc() == time)
    }

    /// Word and meaning of the impact on a circuit.
    fn impact(&self, filling: &Filling, circuit: usize) -> Option<&(String, String)> {
        let index = if self.one_impact { filling.number } else { filling.number + circuit };
        self.impacts.get(index % self.impacts.len().max(1))
    }

    /// `text` with its gaps filled.
    fn fill(&self, text: &str, filling: &Filling, window: (DateTime<Utc>, DateTime<Utc>), circuit: usize) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, gap)) = rest.split_once('{') {
            let (gap, after) = gap.split_once('}').unwrap();
            filled.push_str(before);
            let (name, how) = gap.split_once([':', '|']).unwrap_or((gap, ""));
            let n = 100 + circuit;
            match name {
                "id" => filled.push_str(&self.fill(&self.id, filling, window, circuit)),
                "number" => filled.push_str(&digits(filling.number, how)),
                "n" => filled.push_str(&digits(n, how)),
                "circuit" => filled.push_str(&self.fill(&self.circuit, filling, window, circuit)),
                "account" => filled.push_str(self.account.as_ref().unwrap_or(&filling.account)),
                "status" => filled.push_str(self.statuses.get(filling.status).map_or("", |(word, _)| word)),
                "impact" => filled.push_str(self.impact(filling, circuit).map_or("", |(word, _)| word)),
                "minutes" => write!(filled, "{}", (window.1 - window.0).num_minutes()).unwrap(),
                "start" => filled.push_str(&self.time(window.0, how)),
                "end" => filled.push_str(&self.time(window.1, how)),
                "windows" => {
                    let window = |window: &_| self.fill(&self.window, filling, *window, circuit);
                    filled.extend(filling.windows.iter().map(window));
                }
                "rows" => {
                    let rows = (0..filling.circuits).map(|circuit| self.fill(&self.row, filling, window, circuit));
                    filled.push_str(&rows.collect::<Vec<_>>().join(&self.between));
                }
                other => panic!("no gap is called {other:?}"),
            }
            rest = after;
        }
        filled + rest
    }

    /// A time as the provider writes it; `how` is `format|zone`.
    fn time(&self, time: DateTime<Utc>, how: &str) -> String {
        let (format, zone) = how.split_once('|').unwrap_or((how, ""));
        let format = if format.is_empty() { &self.date } else { format };
        let zone = if zone.is_empty() { self.zone } else { zone.parse().unwrap() };
        let written = time.with_timezone(&zone).format(format).to_string();
        if self.upper { written.to_uppercase() } else { written }
    }
}

/// A number in so many digits, or in hexadecimal.
fn digits(number: usize, how: &str) -> String {
    match how {
        "x" => format!("{number:x}"),
        _ => format!("{number:0width$}", width = how.parse().unwrap_or(0)),
    }
}

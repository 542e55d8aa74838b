//! `noctui audit`: what was asked of a CloudVision from here, by whom, and what came of it. Needs no CloudVision.

use std::process::ExitCode;

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};
use rusqlite::Connection;
use serde::Serialize;

use crate::clock;
use crate::config::{self, Environment, Flags};
use crate::features::cloudvision::model::DeploymentId;
use crate::features::cloudvision::open_store;
use crate::features::cloudvision::store::DeviceRecord;
use crate::features::cloudvision::store::audit::{self, AuditKey, Filter, Outcome, Row, What};
use crate::output::{self, JsonArray, Printer};
use crate::store::{self, Store};
use crate::table::Table;
use crate::text::{clean_line, counted};

/// Rows read at a time, with the devices of each: a deployment may have a thousand.
const CHUNK: usize = 100;

/// What was typed after `audit`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only from then on: 90m, 12h, 7d or 2w ago, 2026-11-21, or 2026-11-21T02:00:00Z; a date begins in UTC.
    #[arg(long, value_name = "TIME")]
    since: Option<Since>,
    /// Only this, such as deploy, approve or start.
    #[arg(long, value_name = "WHAT")]
    what: Option<What>,
    /// Only in this name.
    #[arg(long, value_name = "WHO")]
    who: Option<String>,
    /// Only of this CloudVision, by its name or as host:port.
    #[arg(long, value_name = "NAME")]
    instance: Option<String>,
    /// Only of this configured target.
    #[arg(long, value_name = "TARGET")]
    target: Option<String>,
    /// Only about this change control or workspace, by id or name.
    #[arg(long, value_name = "ID")]
    object: Option<String>,
    /// Stop after so many.
    #[arg(long, value_name = "N", value_parser = crate::table::at_least_one)]
    limit: Option<usize>,
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

/// A time, or one relative to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    /// Then.
    At(DateTime<Utc>),
    /// So long ago.
    Ago(TimeDelta),
}

impl std::str::FromStr for Since {
    type Err = &'static str;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let date = || Some(typed.parse::<NaiveDate>().ok()?.and_time(NaiveTime::MIN).and_utc());
        let time = || Some(DateTime::parse_from_rfc3339(typed).ok()?.to_utc());
        let ago = || {
            let (number, unit) = typed.split_at_checked(typed.len().checked_sub(1)?)?;
            let seconds = match unit {
                "m" => 60,
                "h" => 3_600,
                "d" => 86_400,
                "w" => 7 * 86_400,
                _ => return None,
            };
            TimeDelta::try_seconds(i64::from(number.parse::<u32>().ok()?).checked_mul(seconds)?)
        };
        date().or_else(time).map(Self::At).or_else(|| ago().map(Self::Ago)).ok_or(
            "it takes 90m, 12h, 7d or 2w for so long ago, a date such as 2026-11-21, or a time such as \
             2026-11-21T02:00:00Z",
        )
    }
}

impl Since {
    /// As a time; one that lies before all calendars lies before all rows.
    fn time(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => now.checked_sub_signed(ago).unwrap_or(DateTime::<Utc>::MIN_UTC),
        }
    }
}

/// Prints the log, the newest first, reading on while somebody reads what is printed.
pub(crate) fn run(args: &Args, flags: &Flags) -> anyhow::Result<ExitCode> {
    let config = config::load_without_screen(flags, &Environment::of_this_process())?;
    let store = open_store(&config.paths.data)?;
    let filter = Filter {
        what: args.what,
        who: args.who.clone(),
        instance: args.instance.clone(),
        target: args.target.clone(),
        object: args.object.clone(),
        since: args.since.map(|since| since.time(clock::now())),
    };
    let is_filtered = filter != Filter::default();
    let chunks = Chunks { store: &store, filter, after: None, more: true, left: args.limit.unwrap_or(usize::MAX) };
    if args.json {
        print_json(chunks)?;
    } else if !print_table(chunks)? {
        output::complain(if is_filtered {
            "nothing in the log is as that asks"
        } else {
            "nothing was asked of CloudVision from here yet"
        });
    }
    Ok(ExitCode::SUCCESS)
}

fn print_json(chunks: Chunks<'_>) -> anyhow::Result<()> {
    let mut array = JsonArray::begin()?;
    for rows in chunks {
        for (row, devices) in &rows? {
            array.push(&Element::of(row, devices))?;
        }
        if !array.is_open() {
            break;
        }
    }
    Ok(array.finish()?)
}

/// As aligned columns; whether there was anything.
fn print_table(chunks: Chunks<'_>) -> anyhow::Result<bool> {
    let mut printer = Printer::new();
    let mut table = Table::new(output::columns());
    let mut titles = Some(["AT", "WHO", "WHERE", "WHAT", "OBJECT", "RESULT", ""].map(str::to_owned));
    for rows in chunks {
        let rows = rows?;
        let lines: Vec<_> =
            titles.take().into_iter().chain(rows.iter().map(|(row, devices)| cells(row, devices))).collect();
        printer.print(&table.lines(&lines))?;
        if !printer.is_open() {
            break;
        }
    }
    printer.finish()?;
    Ok(titles.is_none())
}

/// A row for people.
fn cells(row: &Row, devices: &[DeviceRecord]) -> [String; 7] {
    let request = &row.request;
    let object = if request.object_name.is_empty() { &request.object } else { &request.object_name };
    let parts = [request.target.as_deref().unwrap_or_default(), object.as_str()];
    let object: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let remarks = [changes(devices), clean_line(&row.text)];
    let remarks: Vec<_> = remarks.into_iter().filter(|remark| !remark.is_empty()).collect();
    [
        request.at.format("%Y-%m-%d %H:%M UTC").to_string(),
        request.who.clone(),
        request.instance.name.clone(),
        request.what.to_string(),
        object.join(": "),
        row.outcome.to_string(),
        remarks.join("; "),
    ]
}

/// `2 devices, 1 changed`; nothing where there are none. How many changed is not said where nobody came to look.
fn changes(devices: &[DeviceRecord]) -> String {
    let changed = devices.iter().filter(|device| device.changed == Some(true)).count();
    let is_known = devices.iter().any(|device| device.changed.is_some());
    match devices.len() {
        0 => String::new(),
        count if is_known => format!("{}, {changed} changed", counted(count, "device")),
        count => counted(count, "device"),
    }
}

/// A row in JSON. A contract with other people's scripts, apart from our own types so that no rename reaches it by
/// accident.
#[derive(Debug, Serialize)]
struct Element<'a> {
    id: AuditKey,
    at: String,
    who: &'a str,
    instance: &'a str,
    server: &'a str,
    target: Option<&'a str>,
    what: What,
    object_id: &'a str,
    object_name: &'a str,
    details: &'a serde_json::Value,
    deployment: Option<&'a str>,
    result: Outcome,
    text: &'a str,
    settled_at: Option<String>,
    devices: Vec<Device<'a>>,
}

/// A device of a deployment.
#[derive(Debug, Serialize)]
struct Device<'a> {
    hostname: &'a str,
    serial: Option<&'a str>,
    sha256: Option<&'a str>,
    changed: Option<bool>,
}

impl<'a> Element<'a> {
    /// From the store's words.
    fn of(row: &'a Row, devices: &'a [DeviceRecord]) -> Self {
        let request = &row.request;
        let device = |device: &'a DeviceRecord| Device {
            hostname: &device.hostname,
            serial: device.serial.as_deref(),
            sha256: device.sha256.as_deref(),
            changed: device.changed,
        };
        Self {
            id: row.key,
            at: time(request.at),
            who: &request.who,
            instance: &request.instance.name,
            server: &request.instance.server,
            target: request.target.as_deref(),
            what: request.what,
            object_id: &request.object,
            object_name: &request.object_name,
            details: &request.details,
            deployment: request.deployment.as_ref().map(DeploymentId::as_str),
            result: row.outcome,
            text: &row.text,
            settled_at: row.settled_at.map(time),
            devices: devices.iter().map(device).collect(),
        }
    }
}

/// RFC 3339 in UTC, to the second.
fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The log in pieces, each read when it is asked for.
struct Chunks<'s> {
    /// Where to read.
    store: &'s Store,
    /// What to read.
    filter: Filter,
    /// The row after which the next piece begins; `None` at the beginning.
    after: Option<AuditKey>,
    /// Whether there is a next piece.
    more: bool,
    /// Rows that may still come.
    left: usize,
}

/// A row and its devices.
type WithDevices = (Row, Vec<DeviceRecord>);

impl Iterator for Chunks<'_> {
    type Item = Result<Vec<WithDevices>, store::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if !std::mem::take(&mut self.more) || self.left == 0 {
            return None;
        }
        let wanted = self.left.min(CHUNK);
        let (rows, more) = match self.store.read_blocking(|c| piece(c, &self.filter, self.after, wanted)) {
            Ok(read) => read,
            Err(error) => return Some(Err(error)),
        };
        self.left -= rows.len();
        self.more = more;
        self.after = rows.last().map(|(row, _)| row.key);
        (!rows.is_empty()).then_some(Ok(rows))
    }
}

/// Some rows with their devices, and whether there are more.
fn piece(
    connection: &Connection,
    filter: &Filter,
    after: Option<AuditKey>,
    wanted: usize,
) -> Result<(Vec<WithDevices>, bool), store::Error> {
    let read = audit::list(connection, filter, after, wanted)?;
    let with_devices = |row: Row| {
        let devices = audit::devices(connection, row.key)?;
        Ok((row, devices))
    };
    Ok((read.rows.into_iter().map(with_devices).collect::<Result<_, store::Error>>()?, read.more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_many_changed_is_said_where_somebody_looked() {
        let device = |changed| DeviceRecord { hostname: "leaf1".to_owned(), serial: None, sha256: None, changed };
        assert_eq!(changes(&[device(Some(true)), device(Some(false))]), "2 devices, 1 changed");
        assert_eq!(changes(&[device(None)]), "1 device");
        assert_eq!(changes(&[]), "");
    }

    #[test]
    fn a_time_is_a_date_a_moment_or_a_while_ago() {
        let now = DateTime::from_timestamp(1_795_220_000, 0).unwrap();
        let since = |typed: &str| typed.parse::<Since>().ok().map(|since| time(since.time(now)));
        for (typed, meant) in [
            ("2026-11-21", "2026-11-21T00:00:00Z"),
            ("2026-11-21T02:00:00+01:00", "2026-11-21T01:00:00Z"),
            ("0m", "2026-11-21T00:13:20Z"),
            ("90m", "2026-11-20T22:43:20Z"),
            ("12h", "2026-11-20T12:13:20Z"),
            ("7d", "2026-11-14T00:13:20Z"),
            ("2w", "2026-11-07T00:13:20Z"),
        ] {
            assert_eq!(since(typed).as_deref(), Some(meant), "{typed}");
        }
        for wrong in ["", "d", "7", "-1d", "7 d", "7ä", "2026-13-01", "99999999999d", "yesterday"] {
            assert_eq!(since(wrong), None, "{wrong}");
        }
        assert!(since("4294967295w").is_some());
    }
}

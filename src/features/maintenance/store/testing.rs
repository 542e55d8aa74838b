//! What the tests of these tables share.

use std::sync::{LazyLock, Mutex};

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::merge::{Order, State};
use crate::features::MIGRATIONS;
use crate::features::maintenance::model::{Circuit, Envelope, Impact, Notice, Reading, Status, Verdict};
use crate::features::maintenance::store::record::Delivery;

/// An empty database in memory. The migrations, which take longer than most tests, are made once and copied.
pub(super) fn empty() -> Connection {
    static MIGRATED: LazyLock<Mutex<Connection>> = LazyLock::new(|| {
        let connection = Connection::open_in_memory().unwrap();
        crate::store::teach(&connection).unwrap();
        for migration in MIGRATIONS {
            connection.execute_batch(migration).unwrap();
        }
        Mutex::new(connection)
    });
    let mut connection = Connection::open_in_memory().unwrap();
    let whole = Backup::new(&MIGRATED.lock().unwrap(), &mut connection).unwrap().step(-1).unwrap();
    assert_eq!(whole, StepResult::Done);
    connection
}

/// Seconds since 1970 as a time.
pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

/// A time in the hours of one day, where the tests happen.
pub(super) fn hour(hour: i64) -> DateTime<Utc> {
    at(1_795_220_000 + hour * 3600)
}

/// A confirmed notice of zayo's TTN-1, made at `made`, for one circuit from hour 100 to hour 104.
pub(super) fn notice(made: DateTime<Utc>) -> Notice {
    Notice {
        account: "Example Networks".to_owned(),
        circuits: vec![circuit("IC-1", Impact::Outage)],
        end: hour(104),
        maintenance_id: "TTN-1".to_owned(),
        organizer: "noc@carrier.example".to_owned(),
        provider: "zayo".to_owned(),
        sequence: 1,
        stamp: made,
        start: hour(100),
        status: Status::Confirmed,
        summary: "Fibre relocation".to_owned(),
        uid: "0".to_owned(),
        says_cancelled: false,
        sent: None,
    }
}

/// A circuit.
pub(super) fn circuit(id: &str, impact: Impact) -> Circuit {
    Circuit { circuit_id: id.to_owned(), impact }
}

/// The state that a notice makes known at first.
pub(super) fn state(notice: &Notice, window: u32) -> State {
    State {
        window,
        account: notice.account.clone(),
        organizer: notice.organizer.clone(),
        uid: notice.uid.clone(),
        summary: notice.summary.clone(),
        status: notice.status,
        start: notice.start,
        end: notice.end,
        order: Order { stamp: notice.stamp, sequence: notice.sequence },
        circuits: notice.circuits.clone(),
        says_cancelled: notice.says_cancelled,
    }
}

/// A mail that says `notices`, received at `received_at`, told apart from others by `item`.
pub(super) fn mail(item: &str, received_at: DateTime<Utc>, notices: Vec<Notice>) -> (Delivery, Reading) {
    let raw = format!("Message-ID: <{item}@carrier.example>\r\nSubject: Maintenance\r\n\r\n{item}\r\n");
    let size = raw.len() as u64;
    let delivery = Delivery {
        source: "test".to_owned(),
        item: item.to_owned(),
        raw: raw.into_bytes(),
        size,
        received_at,
        recorded_at: received_at,
    };
    let envelope = Envelope {
        message_id: Some(format!("{item}@carrier.example")),
        sender: "noc@carrier.example".to_owned(),
        subject: "Maintenance".to_owned(),
        date: Some(received_at),
    };
    let verdict = Verdict::Parsed { provider: "zayo".to_owned(), notices };
    (delivery, Reading { envelope, verdict })
}

/// How `SQLite` means to answer a query, a line each.
pub(super) fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut query = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    // The plan is the same for all values; unbound ones are null.
    let mut rows = query.raw_query();
    let mut lines = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        lines.push(row.get("detail").unwrap());
    }
    lines
}

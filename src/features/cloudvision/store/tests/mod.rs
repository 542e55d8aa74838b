//! What the tests of these tables share.

mod audit;
mod cache;
mod journal;
mod processes;

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::journal::NewDeployment;
use super::{DeviceRecord, Instance, SCHEMA_1};
use crate::process::Owner;

/// An empty database in memory, as strict about references as the store's.
fn empty() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    connection.pragma_update(None, "trusted_schema", false).unwrap();
    connection.execute_batch(SCHEMA_1).unwrap();
    connection
}

/// So many seconds into the night of the tests.
fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_220_000 + second, 0).unwrap()
}

/// The CloudVision of the tests.
fn production() -> Instance {
    Instance { name: "production".to_owned(), server: "cvp.example:443".to_owned() }
}

/// A device with a digest that `n` decides.
fn device(hostname: &str, n: u8) -> DeviceRecord {
    DeviceRecord {
        hostname: hostname.to_owned(),
        serial: Some(format!("JPE{n:08}")),
        sha256: Some(format!("{n:02x}").repeat(32)),
        changed: Some(n.is_multiple_of(2)),
    }
}

/// A deployment of a target by this process.
fn deployment(target: &str, second: i64) -> NewDeployment {
    NewDeployment {
        instance: production(),
        target: Some(target.to_owned()),
        source: "/srv/avd/intended/configs".to_owned(),
        who: "anna".to_owned(),
        owner: Owner::of_this_process(),
        options: serde_json::json!({"approve": true}),
        devices: vec![device("leaf1", 1), device("leaf2", 2)],
        at: at(second),
    }
}

/// How `SQLite` means to answer a query, a line each.
fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut query = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    // The plan is the same for all values; unbound ones are null.
    let mut rows = query.raw_query();
    let mut lines = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        lines.push(row.get("detail").unwrap());
    }
    lines
}

/// Asserts that a query searches `index` as far as `bounds` say and sorts nothing.
fn assert_from_index(connection: &Connection, sql: &str, index: &str, bounds: &str) {
    let plan = plan(connection, sql);
    let read = format!("INDEX {index} ({bounds})");
    assert!(plan.iter().any(|line| line.starts_with("SEARCH") && line.contains(&read)), "{index}: {plan:?}");
    assert!(!plan.iter().any(|line| line.contains("TEMP B-TREE")), "{plan:?}");
}

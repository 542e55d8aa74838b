//! The tables of all features together.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::Value;

use super::maintenance::nautobot::store::SCHEMA_4;
use super::maintenance::store::{SCHEMA_8, seed};
use super::{MIGRATIONS, open_store};
use crate::store::{FILE_NAME, Options, Store, folded};

/// Every table of the database but those behind the index for searching, with all rows.
fn dump(connection: &Connection) -> Vec<(String, Vec<Vec<Value>>)> {
    let mut query = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%trigram%' ORDER BY name")
        .unwrap();
    let names: Vec<String> = query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let rows = |name: &str| {
        let mut query = connection.prepare(&format!("SELECT * FROM {name}")).unwrap();
        let columns = query.column_count();
        let rows = query.query_map([], |row| (0..columns).map(|column| row.get(column)).collect()).unwrap();
        rows.map(Result::unwrap).collect()
    };
    names.iter().map(|name| (name.clone(), rows(name))).collect()
}

/// Fills the tables of an older database from a new one, as far as they have room for it.
fn fill_from(old: &Connection, newer: &Path) {
    old.pragma_update(None, "foreign_keys", false).unwrap();
    old.execute("ATTACH ?1 AS newer", [newer.to_str().unwrap()]).unwrap();
    let texts = |sql: &str| -> Vec<String> {
        let mut query = old.prepare(sql).unwrap();
        query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    // Triggers count what is put in.
    let tables = texts(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'
             AND name <> 'counter'",
    );
    for table in tables {
        let columns = texts(&format!("SELECT name FROM pragma_table_info('{table}')")).join(", ");
        let fill = format!(
            "DELETE FROM main.{table}; INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}"
        );
        old.execute_batch(&fill).unwrap();
    }
}

#[test]
fn a_database_from_before_cloudvision_keeps_every_maintenance() {
    let dir = tempfile::tempdir().unwrap();
    let now = chrono::DateTime::from_timestamp(1_795_220_000, 0).unwrap();
    let before = {
        let newer = tempfile::tempdir().unwrap();
        let store = open_store(newer.path()).unwrap();
        seed::fill(&store, 300, now, 7, |_| ()).unwrap();
        drop(store);
        drop(Store::open(dir.path(), &Options::new(&MIGRATIONS[..3])).unwrap());
        let old = Connection::open(dir.path().join(FILE_NAME)).unwrap();
        fill_from(&old, &newer.path().join(FILE_NAME));
        dump(&old)
    };
    let rows = |name: &str| before.iter().find(|(table, _)| table == name).unwrap().1.len();
    assert!(rows("maintenance") == 300 && rows("event") > 300 && rows("notification") > 0, "{before:?}");
    let store = open_store(dir.path()).unwrap();
    let (after, sound) = store
        .read_blocking(|connection| {
            let sound: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
            Ok((dump(connection), sound))
        })
        .unwrap();
    assert_eq!(sound, "ok");
    let (kept, new): (Vec<_>, Vec<_>) =
        after.into_iter().partition(|(table, _)| before.iter().any(|(known, _)| known == table));
    for ((name, now), (_, then)) in kept.iter().zip(&before) {
        // Columns that came later stand behind those that there were.
        let is_kept = if name == "counter" {
            // New things are counted, too.
            then.iter().all(|row| now.contains(row))
        } else {
            now.len() == then.len() && now.iter().zip(then).all(|(now, then)| now.starts_with(then))
        };
        assert!(is_kept, "{name} differs");
    }
    assert_eq!(kept.len(), before.len());
    let names: Vec<_> = new.iter().map(|(table, rows)| (table.as_str(), rows.len())).collect();
    assert_eq!(
        names,
        [
            ("audit", 0),
            ("audit_device", 0),
            ("audit_forgetting", 0),
            ("by_hand", 0),
            ("cloudvision_cache", 0),
            ("cloudvision_sync", 0),
            ("deployment", 0),
            ("deployment_device", 0),
            ("draft", 0),
            ("forgetting", 0),
            ("lab_action", 0),
            ("lab_routable", 0),
            ("lab_snapshot", 0),
            ("lab_temporary", 0),
            ("nautobot", 0),
            ("nautobot_circuit", 0),
            ("nautobot_impact", 0),
            ("nautobot_kept", 0),
            ("nautobot_left", 0),
            ("nautobot_left_note", 0),
            ("nautobot_lost_note", 0),
            ("nautobot_maintenance", 0),
            ("nautobot_meant", 0),
            ("nautobot_note", 0),
            ("nautobot_provider", 0),
            ("nautobot_sent", 0),
            ("outbox", 0),
            ("put_back", 0),
            ("said", 0),
            ("sender", 0),
            ("source_away", 0),
            ("source_bookmark", 0),
            ("source_item_before", 0),
            ("source_state", 0),
        ]
    );
}

#[test]
fn texts_of_an_older_database_are_searched_without_accents_too() {
    let dir = tempfile::tempdir().unwrap();
    let before = MIGRATIONS.iter().position(|sql| *sql == SCHEMA_8).unwrap();
    let texts = ["são paulo – łódź\n\n", "plain\n\n", "東京–x\n\n"];
    {
        drop(Store::open(dir.path(), &Options::new(&MIGRATIONS[..before])).unwrap());
        let connection = Connection::open(dir.path().join(FILE_NAME)).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        for (id, text) in (1..).zip(texts) {
            connection.execute("INSERT INTO maintenance_text (id, text) VALUES (?1, ?2)", (id, text)).unwrap();
            connection.execute("INSERT INTO maintenance_trigram (rowid, text) VALUES (?1, ?2)", (id, text)).unwrap();
        }
    }
    let store = open_store(dir.path()).unwrap();
    let look = |connection: &Connection| {
        let mut query = connection.prepare("SELECT text, letters FROM maintenance_text ORDER BY id")?;
        let kept: Vec<(String, i64)> =
            query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        let sql = "SELECT rowid FROM maintenance_trigram WHERE maintenance_trigram MATCH ?1";
        let mut query = connection.prepare(sql)?;
        let mut matching =
            |word: &str| -> rusqlite::Result<Vec<i64>> { query.query_map([word], |row| row.get(0))?.collect() };
        Ok((kept, matching("sao")?, matching("são")?, matching("pla")?))
    };
    let (kept, sao, accented, plain) = store.read_blocking(look).unwrap();
    assert_eq!(kept.iter().map(|(text, _)| text.clone()).collect::<Vec<_>>(), texts.map(folded));
    // Which letters a text has is known of those that were changed: s, a, o, p, u, l, d and z.
    assert_eq!(kept.iter().map(|(_, letters)| letters.count_ones()).collect::<Vec<_>>(), [8, 0, 0]);
    assert_eq!((sao, accented, plain), (vec![1], vec![], vec![2]));
}

#[test]
fn what_an_older_database_could_not_write_for_want_of_a_record_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let before = MIGRATIONS.iter().position(|sql| *sql == SCHEMA_4).unwrap();
    {
        drop(Store::open(dir.path(), &Options::new(&MIGRATIONS[..before])).unwrap());
        let connection = Connection::open(dir.path().join(FILE_NAME)).unwrap();
        let reasons = ["Nautobot has no maintenance Lumen-CHG1 yet", "Nautobot does not let the token add a note", ""];
        for (note, reason) in (0..).zip(reasons) {
            connection
                .execute(
                    "INSERT INTO outbox (at, who, kind, provider, maintenance_id, note, object, state, reason)
                     VALUES (0, 'anna', 'note', 'lumen', 'CHG1', ?1, ?1, 'failed', ?2)",
                    (note, reason),
                )
                .unwrap();
        }
    }
    let store = open_store(dir.path()).unwrap();
    let absent = store.read_blocking(|connection| {
        let mut query = connection.prepare("SELECT absent FROM outbox ORDER BY note")?;
        Ok(query.query_map([], |row| row.get(0))?.collect::<Result<Vec<bool>, _>>()?)
    });
    assert_eq!(absent.unwrap(), [true, false, false]);
}

//! The tables of the labs and what is asked of them: what each lab told last, since when its machines answer pings, and
//! what was asked of it from here.
//!
//! Plain functions over a connection, to be run inside [`crate::store::Store::write`] and [`crate::store::Store::read`].
//! No function reads a clock.

pub mod open;
pub mod temporary;
pub mod turn;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, named_params};

use super::model::{Forward, Machine, Since, Snapshot, Wanted};
use crate::process::Owner;
use crate::store::Error;
use crate::text::clean_line;

/// Version 1 of the tables; released versions are never edited, a change is a further migration.
pub const SCHEMA_1: &str = include_str!("schema_1.sql");

/// Version 2: forwards that were made for one connection.
pub const SCHEMA_2: &str = include_str!("schema_2.sql");

/// Version 3: which process asked for an action.
pub const SCHEMA_3: &str = include_str!("schema_3.sql");

/// Version 4: the program of a connection.
pub const SCHEMA_4: &str = include_str!("schema_4.sql");

/// Version 5: forwards that several connections use.
pub const SCHEMA_5: &str = include_str!("schema_5.sql");

/// Actions that are kept of each lab.
const ACTIONS: u32 = 5_000;
/// Characters of a result.
const TEXT: usize = 1024;
/// What is written of a deletion that only took back what a connection had needed: nobody wants it back.
pub(super) const TIDIED: &str = "it was made for a connection, which is over";

/// What stands before the line by which something was put right in the gateway's shell: it did not work before, and nobody wants
/// it back.
pub(super) const MENDED: &str = "in the gateway's shell: ";

/// What was asked of a lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A forward.
    Add,
    /// Its end.
    Remove,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// It was done.
    Ok,
    /// There was one already.
    Found,
    /// It was not done.
    Failed,
    /// Nobody knows.
    Unknown,
}

impl Came {
    /// Its word in the table.
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Found => "found",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// Who asks what of which lab.
#[derive(Debug, Clone)]
pub struct Asked {
    /// In whose name.
    pub who: String,
    /// The lab's name.
    pub lab: String,
    /// Its address.
    pub server: String,
    /// What.
    pub what: What,
    /// Where the forward leads.
    pub wanted: Wanted,
    /// The gateway's port, where it is known.
    pub port: Option<u16>,
    /// What it is for, where that decides whether anybody wants it back; else empty.
    pub text: String,
}

/// An action as it is told.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Action {
    /// When it was asked for.
    pub at: DateTime<Utc>,
    /// By whom.
    pub who: String,
    /// `add` or `remove`.
    pub what: String,
    /// The machine.
    pub name: String,
    /// The machine's port.
    pub target: u16,
    /// The gateway's port, once it was known.
    pub port: Option<u16>,
    /// `requested`, `ok`, `found`, `failed` or `unknown`.
    pub result: String,
    /// Why, where it was not done.
    pub text: String,
}

/// Keeps what a lab told.
pub fn save(connection: &Connection, server: &str, snapshot: Snapshot, at: DateTime<Utc>) -> Result<Snapshot, Error> {
    let snapshot = match load(connection, server)? {
        Some((before, told_at)) => snapshot.with_known(&before, told_at),
        None => snapshot,
    };
    keep(connection, server, &snapshot, at)?;
    Ok(snapshot)
}

/// Keeps what a lab told apart from its inventory, or its list alone: the rest stays as it was.
pub fn renew(connection: &Connection, server: &str, told: Snapshot, at: DateTime<Utc>) -> Result<(), Error> {
    let renewed = match load(connection, server)? {
        Some((before, told_at)) => told.renewing(&before, told_at),
        None => told,
    };
    keep(connection, server, &renewed, at)
}

/// A forward was deleted from here: nobody is to use it by what is known from the last time.
pub fn forget(connection: &Connection, server: &str, gone: &Forward) -> Result<(), Error> {
    let Some((mut known, at)) = load(connection, server)? else { return Ok(()) };
    known.forget(gone);
    keep(connection, server, &known, at)
}

/// Writes down what is known of a lab.
fn keep(connection: &Connection, server: &str, snapshot: &Snapshot, at: DateTime<Utc>) -> Result<(), Error> {
    let body = serde_json::to_vec(snapshot).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection
        .prepare_cached(
            "INSERT INTO lab_snapshot (server, read_at, body) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET read_at = excluded.read_at, body = excluded.body",
        )?
        .execute((server, at.timestamp(), body))?;
    Ok(())
}

/// What a lab told last, and when. What another version of noctui wrote and this one cannot read is as good as nothing.
pub fn load(connection: &Connection, server: &str) -> Result<Option<(Snapshot, DateTime<Utc>)>, Error> {
    let mut query = connection.prepare_cached("SELECT read_at, body FROM lab_snapshot WHERE server = ?1")?;
    let found: Option<(i64, Vec<u8>)> =
        query.query_row([server], |row| Ok((row.get("read_at")?, row.get("body")?))).optional()?;
    Ok(found.and_then(|(at, body)| Some((serde_json::from_slice(&body).ok()?, DateTime::from_timestamp(at, 0)?))))
}

/// What a lab told last of a machine's power; `None` where it did not.
pub fn power(connection: &Connection, server: &str, name: &str) -> Result<Option<String>, Error> {
    let known = load(connection, server)?;
    Ok(known.and_then(|(snapshot, _)| snapshot.machines.get(name)?.power.clone()))
}

/// Notes which machines answer pings as of `at`, and tells since when each does or does not. What was never tried is left
/// out, and machines that are gone are forgotten.
pub fn note_routable<'m>(
    connection: &Connection,
    server: &str,
    machines: impl Iterator<Item = (&'m String, &'m Machine)>,
    at: DateTime<Utc>,
) -> Result<Since, Error> {
    let mut upsert = connection.prepare_cached(
        "INSERT INTO lab_routable (server, name, routable, since) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET routable = excluded.routable, since = excluded.since
         WHERE routable <> excluded.routable",
    )?;
    let mut named = std::collections::BTreeSet::new();
    for (name, machine) in machines {
        for (key, routable) in machine.pinged(name) {
            upsert.execute((server, &key, routable, at.timestamp()))?;
            named.insert(key);
        }
    }
    let known = since(connection, server)?;
    let mut delete = connection.prepare_cached("DELETE FROM lab_routable WHERE server = ?1 AND name = ?2")?;
    for gone in known.keys().filter(|name| !named.contains(*name)) {
        delete.execute((server, gone))?;
    }
    Ok(known.into_iter().filter(|(name, _)| named.contains(name)).collect())
}

/// Since when machines answer pings, or do not.
pub fn since(connection: &Connection, server: &str) -> Result<Since, Error> {
    let mut query = connection.prepare_cached("SELECT name, since FROM lab_routable WHERE server = ?1")?;
    let rows = query.query_map([server], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
    let mut since = Since::new();
    for row in rows {
        let (name, at) = row?;
        since.extend(DateTime::from_timestamp(at, 0).map(|at| (name, at)));
    }
    Ok(since)
}

/// Writes down what a process is going to ask, and returns the number under which its result is written.
pub fn begin(connection: &Connection, asked: &Asked, owner: &Owner, at: DateTime<Utc>) -> Result<i64, Error> {
    let what = match asked.what {
        What::Add => "add",
        What::Remove => "remove",
    };
    let Wanted { name, component, address, target } = &asked.wanted;
    connection
        .prepare_cached(
            "INSERT INTO lab_action (at, who, lab, server, what, name, component, address, target, port, result_text,
                 owner_host, owner_boot, owner_pid, owner_start)
             VALUES (:at, :who, :lab, :server, :what, :name, :component, :address, :target, :port, :text,
                 :host, :boot, :pid, :start)",
        )?
        .execute(named_params! {
            ":at": at.timestamp(), ":who": asked.who, ":lab": asked.lab, ":server": asked.server, ":what": what,
            ":name": name, ":component": component, ":address": address, ":target": target, ":port": asked.port,
            ":text": asked.text, ":host": owner.host, ":boot": owner.boot, ":pid": owner.pid, ":start": owner.start,
        })?;
    let id = connection.last_insert_rowid();
    connection
        .prepare_cached(
            "DELETE FROM lab_action WHERE server = ?1 AND id <= (
                SELECT id FROM lab_action WHERE server = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        )?
        .execute((&asked.server, ACTIONS))?;
    Ok(id)
}

/// Writes down what came of it.
pub fn settle(
    connection: &Connection,
    id: i64,
    (came, text): (Came, &str),
    port: Option<u16>,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let text: String = clean_line(text).chars().take(TEXT).collect();
    connection
        .prepare_cached(
            "UPDATE lab_action SET result = ?2, result_text = ?3, port = coalesce(?4, port), settled_at = ?5
             WHERE id = ?1 AND result = 'requested'",
        )?
        .execute((id, came.word(), text, port, at.timestamp()))?;
    Ok(())
}

/// What was asked for a machine from here, the newest first.
pub fn actions(connection: &Connection, server: &str, name: &str, limit: u32) -> Result<Vec<Action>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT at, who, what, name, target, port, result, result_text FROM lab_action INDEXED BY lab_action_of
         WHERE server = ?1 AND name = ?2 ORDER BY id DESC LIMIT ?3",
    )?;
    let rows = query.query_map((server, name, limit), |row| {
        Ok(Action {
            at: DateTime::from_timestamp(row.get("at")?, 0).unwrap_or_default(),
            who: row.get("who")?,
            what: row.get("what")?,
            name: row.get("name")?,
            target: row.get("target")?,
            port: row.get("port")?,
            result: row.get("result")?,
            text: row.get("result_text")?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What was asked for, in a row that has its columns.
fn wanted_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Wanted> {
    Ok(Wanted {
        name: row.get("name")?,
        component: row.get("component")?,
        address: row.get("address")?,
        target: row.get("target")?,
    })
}

/// Which process asked, in a row that has its columns; `None` where an earlier version wrote it.
fn owner_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Owner>> {
    let Some(host) = row.get("owner_host")? else { return Ok(None) };
    let (boot, pid, start) = (row.get("owner_boot")?, row.get("owner_pid")?, row.get("owner_start")?);
    Ok(Some(Owner { host, boot, pid, start }))
}

/// What was deleted from here since `after` and was not made again from here, the newest last.
pub fn deleted(connection: &Connection, server: &str, after: DateTime<Utc>, limit: u32) -> Result<Vec<Forward>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT name, component, address, target, port FROM lab_action gone
         WHERE server = ?1 AND at >= ?2 AND what = 'remove' AND result = 'ok' AND result_text <> ?4 AND port IS NOT NULL
           AND substr(result_text, 1, length(?5)) <> ?5
           AND NOT EXISTS (
                SELECT 1 FROM lab_action made
                WHERE made.server = gone.server AND made.name = gone.name AND made.id > gone.id AND made.what = 'add'
                  AND made.result IN ('ok', 'found') AND made.address = gone.address AND made.target = gone.target)
         ORDER BY id DESC LIMIT ?3",
    )?;
    let rows = query.query_map((server, after.timestamp(), limit, TIDIED, MENDED), |row| {
        Ok(Forward {
            port: row.get("port")?,
            name: row.get("name")?,
            component: row.get("component")?,
            address: row.get("address")?,
            target: row.get("target")?,
        })
    })?;
    let mut found = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    found.reverse();
    Ok(found)
}

/// What is asked when a forward is to go.
#[must_use]
pub fn removing(who: &str, lab: &str, server: &str, forward: &Forward) -> Asked {
    let (who, lab, server) = (who.to_owned(), lab.to_owned(), server.to_owned());
    let wanted = forward.wanted();
    Asked { who, lab, server, what: What::Remove, wanted, port: Some(forward.port), text: String::new() }
}

/// What is asked when a forward is to be there.
#[must_use]
pub fn adding(who: &str, lab: &str, server: &str, wanted: &Wanted) -> Asked {
    let (who, lab, server) = (who.to_owned(), lab.to_owned(), server.to_owned());
    Asked { who, lab, server, what: What::Add, wanted: wanted.clone(), port: None, text: String::new() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::store::Store;

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::features::open_store(dir.path()).unwrap();
        (dir, store)
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_220_000 + seconds, 0).unwrap()
    }

    fn wanted(name: &str) -> Wanted {
        Wanted { name: name.to_owned(), component: "CentOS".to_owned(), address: "192.168.1.20".to_owned(), target: 22 }
    }

    #[test]
    fn what_a_lab_told_is_found_again() {
        let (_dir, store) = store();
        let snapshot = Snapshot { gateway: "198.51.100.2".to_owned(), ..Snapshot::default() };
        let kept = snapshot.clone();
        store.write_blocking(move |c| save(c, "https://lab.example", kept, at(0)).map(drop)).unwrap();
        let found = store.read_blocking(|c| Ok((load(c, "https://lab.example")?, load(c, "https://other.example")?)));
        assert_eq!(found.unwrap(), (Some((snapshot, at(0))), None));
    }

    #[test]
    fn the_time_since_a_machine_answers_is_that_of_its_last_change() {
        let (_dir, store) = store();
        let machine = |routable| Machine { routable, addresses: vec!["192.168.1.1".to_owned()], ..Machine::default() };
        let note = |machines: Vec<(&str, Option<bool>)>, seconds| {
            let machines: BTreeMap<String, Machine> =
                machines.into_iter().map(|(name, routable)| (name.to_owned(), machine(routable))).collect();
            let noted = store.write_blocking(move |c| note_routable(c, "s", machines.iter(), at(seconds))).unwrap();
            noted.into_iter().map(|(name, since)| (name, (since - at(0)).num_seconds())).collect::<Vec<_>>()
        };
        let told = |pairs: &[(&str, i64)]| pairs.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect::<Vec<_>>();
        assert_eq!(note(vec![("a", Some(true)), ("b", None)], 0), told(&[("a", 0)]));
        assert_eq!(note(vec![("a", Some(true)), ("b", Some(false))], 60), told(&[("a", 0), ("b", 60)]));
        assert_eq!(note(vec![("a", Some(false))], 90), told(&[("a", 90)]));
    }

    #[test]
    fn what_was_deleted_is_known_until_it_is_made_again() {
        let (_dir, store) = store();
        let told = store
            .write_blocking(|c| {
                let of = |name: &str, port| {
                    let Wanted { name, component, address, target } = wanted(name);
                    Forward { port, name, component, address, target }
                };
                for (name, port, text, seconds) in [
                    ("old", 50_000, "", -90_000),
                    ("a", 50_001, "", 0),
                    ("b", 50_002, "", 1),
                    ("c", 50_003, TIDIED, 2),
                    ("e", 50_005, "in the gateway's shell: x", 2),
                ] {
                    let id = begin(
                        c,
                        &removing("anna", "training", "s", &of(name, port)),
                        &Owner::of_this_process(),
                        at(seconds),
                    )?;
                    settle(c, id, (Came::Ok, text), None, at(seconds))?;
                }
                let failed =
                    begin(c, &removing("anna", "training", "s", &of("d", 50_004)), &Owner::of_this_process(), at(3))?;
                settle(c, failed, (Came::Failed, "no"), None, at(3))?;
                let before = deleted(c, "s", at(-86_400), 10)?;
                let id = begin(c, &adding("anna", "training", "s", &wanted("b")), &Owner::of_this_process(), at(4))?;
                settle(c, id, (Came::Ok, ""), Some(50_009), at(4))?;
                Ok((before, deleted(c, "s", at(-86_400), 10)?))
            })
            .unwrap();
        let ports = |forwards: &[Forward]| forwards.iter().map(|forward| forward.port).collect::<Vec<_>>();
        assert_eq!((ports(&told.0), ports(&told.1)), (vec![50_001, 50_002], vec![50_001]));
    }

    #[test]
    fn an_action_is_written_before_it_is_sent_and_settled_once() {
        let (_dir, store) = store();
        let told = store
            .write_blocking(|c| {
                let id =
                    begin(c, &adding("anna", "training", "s", &wanted("web01")), &Owner::of_this_process(), at(0))?;
                let before = actions(c, "s", "web01", 10)?;
                settle(c, id, (Came::Ok, ""), Some(50_064), at(1))?;
                settle(c, id, (Came::Failed, "late"), None, at(2))?;
                Ok((before, actions(c, "s", "web01", 10)?, actions(c, "s", "web02", 10)?))
            })
            .unwrap();
        assert_eq!((told.0[0].result.as_str(), told.0[0].port), ("requested", None));
        assert_eq!((told.1[0].result.as_str(), told.1[0].port, told.2.len()), ("ok", Some(50_064), 0));
    }
}

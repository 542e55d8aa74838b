//! Forwards that were made for one connection alone: who removes them, and which of them nobody does any more.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, named_params};

use crate::features::lab::model::{Forward, Wanted};
use crate::process::{Fate, Owner};
use crate::store::Error;

/// One that its process did not remove before it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The forward.
    pub forward: Forward,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// The process, as messages name it.
    pub owner: String,
    /// The program that uses it still, as messages name it: it outlived that process.
    pub program: Option<String>,
}

impl Left {
    /// In a sentence: `web02 22 on 50064 was made for one connection, and process 812 on jump1 ended before it removed it`.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { forward, owner, program, .. } = self;
        let (title, port) = (forward.title(), forward.port);
        let ended = format!("{title} on {port} was made for one connection, and {owner} ended before it removed it");
        match program {
            Some(program) => format!("{ended}; its program, {program}, still runs and uses it"),
            None => ended,
        }
    }

    /// Whether the connection goes on that it was made for: then nothing is to end it.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        self.program.is_some()
    }
}

/// Writes down that a forward is going to be made for a connection of this process; returns the number of the row.
pub fn note(
    connection: &Connection,
    (lab, server): (&str, &str),
    wanted: &Wanted,
    owner: &Owner,
    at: DateTime<Utc>,
) -> Result<i64, Error> {
    let Wanted { name, component, address, target } = wanted;
    connection
        .prepare_cached(
            "INSERT INTO lab_temporary (at, lab, server, name, component, address, target,
                 owner_host, owner_boot, owner_pid, owner_start)
             VALUES (:at, :lab, :server, :name, :component, :address, :target, :host, :boot, :pid, :start)",
        )?
        .execute(named_params! {
            ":at": at.timestamp(), ":lab": lab, ":server": server, ":name": name, ":component": component,
            ":address": address, ":target": target, ":host": owner.host, ":boot": owner.boot, ":pid": owner.pid,
            ":start": owner.start,
        })?;
    Ok(connection.last_insert_rowid())
}

/// It was made, on this port; with `None` there was one already, which is nobody's to remove.
pub fn settle(connection: &Connection, id: i64, port: Option<u16>) -> Result<(), Error> {
    match port {
        Some(port) => {
            connection.prepare_cached("UPDATE lab_temporary SET port = ?2 WHERE id = ?1")?.execute((id, port))?
        }
        None => connection.prepare_cached("DELETE FROM lab_temporary WHERE id = ?1")?.execute([id])?,
    };
    Ok(())
}

/// A program was started that uses the forward on this port; where none was made for a connection, that is of no interest.
pub fn started(connection: &Connection, server: &str, port: u16, program: &Owner) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE lab_temporary SET program_pid = :pid, program_start = :start
             WHERE server = :server AND port = :port AND owner_host = :host AND owner_boot = :boot",
        )?
        .execute(named_params! {
            ":server": server, ":port": port, ":pid": program.pid, ":start": program.start, ":host": program.host,
            ":boot": program.boot,
        })?;
    Ok(())
}

/// The forward on this port is gone, or stays for good.
pub fn forget(connection: &Connection, server: &str, port: u16) -> Result<(), Error> {
    connection.prepare_cached("DELETE FROM lab_temporary WHERE server = ?1 AND port = ?2")?.execute((server, port))?;
    Ok(())
}

/// Those that nobody removes any more, of those that the gateway lists now; the others are forgotten.
pub fn left_behind(connection: &Connection, server: &str, listed: &[Forward]) -> Result<Vec<Left>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT id, at, name, component, address, target, port, owner_host, owner_boot, owner_pid, owner_start,
                program_pid, program_start
         FROM lab_temporary WHERE server = ?1 ORDER BY id",
    )?;
    let rows = query.query_map([server], |row| {
        let wanted = Wanted {
            name: row.get("name")?,
            component: row.get("component")?,
            address: row.get("address")?,
            target: row.get("target")?,
        };
        let owner = Owner {
            host: row.get("owner_host")?,
            boot: row.get("owner_boot")?,
            pid: row.get("owner_pid")?,
            start: row.get("owner_start")?,
        };
        let program = match row.get::<_, Option<u32>>("program_pid")? {
            Some(pid) => Some(Owner { pid, start: row.get("program_start")?, ..owner.clone() }),
            None => None,
        };
        let at = DateTime::from_timestamp(row.get("at")?, 0).unwrap_or_default();
        Ok((row.get::<_, i64>("id")?, at, wanted, row.get::<_, Option<u16>>("port")?, (owner, program)))
    })?;
    let mut left: Vec<Left> = Vec::new();
    for row in rows {
        let (id, at, wanted, port, (owner, program)) = row?;
        // Of one elsewhere nothing can be said from here.
        if owner.fate() != Fate::Dead {
            continue;
        }
        // Where the process ended before the answer came, there was none to the same place when it asked.
        let is_it = |forward: &&Forward| port.is_none_or(|port| forward.port == port) && forward.is_for(&wanted);
        match listed.iter().find(is_it) {
            Some(forward) if left.iter().all(|other| other.forward != *forward) => {
                let program = program.filter(|program| program.fate() == Fate::Alive).map(|program| program.label());
                left.push(Left { forward: forward.clone(), at, owner: owner.label(), program });
            }
            Some(_) => {}
            None => settle(connection, id, None)?,
        }
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forward(port: u16, name: &str) -> Forward {
        let (name, component, address) = (name.to_owned(), "CentOS".to_owned(), "192.168.1.20".to_owned());
        Forward { port, name, component, address, target: 22 }
    }

    #[test]
    fn what_a_process_left_behind_is_known_until_it_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::features::open_store(dir.path()).unwrap();
        let at = DateTime::from_timestamp(1_795_220_000, 0).unwrap();
        let ours = Owner::of_this_process();
        let dead = Owner { start: "another time".to_owned(), ..ours.clone() };
        let listed = [forward(50_001, "killed"), forward(50_002, "early"), forward(50_003, "running")];
        let told = store.write_blocking(move |c| {
            let note = |name: &str, owner: &Owner| note(c, ("training", "s"), &forward(0, name).wanted(), owner, at);
            settle(c, note("killed", &dead)?, Some(50_001))?;
            // It ended before the answer came.
            note("early", &dead)?;
            settle(c, note("running", &ours)?, Some(50_003))?;
            // There was one already, and it stays.
            settle(c, note("found", &dead)?, None)?;
            // Somebody has removed it since; on its port is another one by now.
            settle(c, note("gone", &dead)?, Some(50_002))?;
            let before = left_behind(c, "s", &listed)?;
            forget(c, "s", 50_001)?;
            let after = left_behind(c, "s", &listed)?;
            Ok((before, after, left_behind(c, "other", &listed)?))
        });
        let (before, after, other) = told.unwrap();
        let ports = |left: &[Left]| left.iter().map(|it| it.forward.port).collect::<Vec<_>>();
        assert_eq!((ports(&before), ports(&after), ports(&other)), (vec![50_001, 50_002], vec![50_002], vec![]));
        assert!(before[0].words().starts_with("killed 22 on 50001 was made for one connection, and process "));
        assert!(before[0].words().ends_with("ended before it removed it") && !before[0].is_in_use());
    }

    #[test]
    fn a_program_that_outlives_its_process_is_told_as_long_as_it_runs() {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::features::open_store(dir.path()).unwrap();
        let at = DateTime::from_timestamp(1_795_220_000, 0).unwrap();
        let dead = Owner { start: "another time".to_owned(), ..Owner::of_this_process() };
        let listed = [forward(50_001, "web01"), forward(50_002, "web02")];
        let mut program = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let running = Owner::of_process(program.id());
        let label = running.label();
        let forwards = listed.clone();
        let before = store.write_blocking(move |c| {
            for forward in &forwards {
                settle(c, note(c, ("training", "s"), &forward.wanted(), &dead, at)?, Some(forward.port))?;
            }
            started(c, "s", 50_001, &running)?;
            // Another process has its number since.
            started(c, "s", 50_002, &Owner { start: "before".to_owned(), ..running })?;
            left_behind(c, "s", &forwards)
        });
        let before = before.unwrap();
        assert_eq!(before.iter().map(Left::is_in_use).collect::<Vec<_>>(), [true, false]);
        assert!(before[0].words().ends_with(&format!("its program, {label}, still runs and uses it")));
        drop(program.stdin.take());
        program.wait().unwrap();
        let after = store.write_blocking(move |c| left_behind(c, "s", &listed)).unwrap();
        assert_eq!(after.iter().map(Left::is_in_use).collect::<Vec<_>>(), [false, false]);
    }
}

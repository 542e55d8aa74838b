//! Forwards that were made for connections alone: who removes them, who takes them over, and which of them nobody removes any
//! more.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, named_params};
use serde::Serialize;

use super::wanted_of;
use crate::features::lab::model::{Forward, Wanted};
use crate::process::{Fate, Owner};
use crate::store::Error;

/// A forward that was made for a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Temporary {
    /// The forward.
    #[serde(skip)]
    pub forward: Forward,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// The process that removes it, or would have, as messages name it.
    pub owner: String,
    /// Whether that process runs, and removes it when its connection ends.
    pub owner_runs: bool,
    /// The program that uses it, as messages name it, as long as it runs: it may outlive that process.
    pub program: Option<String>,
}

impl Temporary {
    /// In a sentence: `web02 22 on 50064 was made for one connection, and process 812 on jump1 ended before it removed it`.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} on {} {}", self.forward.title(), self.forward.port, self.story())
    }

    /// The same without what it is about.
    #[must_use]
    pub fn story(&self) -> String {
        let Self { owner, program, .. } = self;
        let story = if self.owner_runs {
            format!("was made for a connection; {owner} removes it when that ends")
        } else {
            format!("was made for one connection, and {owner} ended before it removed it")
        };
        match program {
            Some(program) => format!("{story}; its program, {program}, still runs and uses it"),
            None => story,
        }
    }

    /// Whether nobody removes it any more.
    #[must_use]
    pub fn is_left(&self) -> bool {
        !self.owner_runs
    }

    /// Whether the connection goes on that it was made for: then nothing is to end it.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        self.owner_runs || self.program.is_some()
    }
}

/// What it means for a forward that a connection is over which it was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Release {
    /// It is to be removed: nobody else wants it. Nobody takes it over from now on.
    Ends,
    /// Somebody took it over for good, or removed it.
    Taken,
    /// Another connection uses it, that of this process, and removes it.
    Used(String),
}

/// What came of taking a forward over, or of using it as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was made for no connection, and stays anyway.
    Nothing,
    /// It was: now it is whose it was asked for.
    Done,
    /// It is just being removed.
    TooLate,
}

/// A connection and the forward it uses, as it was written down.
struct Held {
    id: i64,
    at: DateTime<Utc>,
    wanted: Wanted,
    port: Option<u16>,
    owner: Owner,
    program: Option<Owner>,
    is_ending: bool,
}

impl Held {
    /// Whether it may still use the forward; of one elsewhere nothing can be said from here.
    fn goes_on(&self) -> bool {
        self.owner.fate() != Fate::Dead || self.program()
    }

    /// Whether its program runs.
    fn program(&self) -> bool {
        self.program.as_ref().is_some_and(|program| program.fate() == Fate::Alive)
    }

    /// Whether its process is removing the forward.
    fn is_ending(&self) -> bool {
        self.is_ending && self.owner.fate() != Fate::Dead
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

/// A process started a program that uses the forward on this port; where none was made for a connection of it, that is of no
/// interest.
pub fn started(
    connection: &Connection,
    server: &str,
    port: u16,
    (owner, program): (&Owner, &Owner),
) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE lab_temporary SET program_pid = :program, program_start = :program_start
             WHERE server = :server AND port = :port
                 AND owner_host = :host AND owner_boot = :boot AND owner_pid = :pid AND owner_start = :start",
        )?
        .execute(named_params! {
            ":server": server, ":port": port, ":program": program.pid, ":program_start": program.start,
            ":host": owner.host, ":boot": owner.boot, ":pid": owner.pid, ":start": owner.start,
        })?;
    Ok(())
}

/// The forward on this port is gone, or stays for good.
pub fn forget(connection: &Connection, server: &str, port: u16) -> Result<(), Error> {
    connection.prepare_cached("DELETE FROM lab_temporary WHERE server = ?1 AND port = ?2")?.execute((server, port))?;
    Ok(())
}

/// The forward on this port stays for good, whatever it was made for. With `only_held` that is so where a process that runs
/// would remove it: what nobody removes needs no taking over by somebody who only uses it.
pub fn take_over(connection: &Connection, server: &str, port: u16, only_held: bool) -> Result<Taken, Error> {
    let held = of_port(connection, server, port)?;
    if held.iter().any(Held::is_ending) {
        return Ok(Taken::TooLate);
    }
    if held.is_empty() || (only_held && held.iter().all(|held| held.owner.fate() == Fate::Dead)) {
        return Ok(Taken::Nothing);
    }
    forget(connection, server, port)?;
    Ok(Taken::Done)
}

/// Another connection uses a forward as well, and removes it if it is the last one.
pub fn join(
    connection: &Connection,
    (lab, server): (&str, &str),
    forward: &Forward,
    owner: &Owner,
    at: DateTime<Utc>,
) -> Result<Taken, Error> {
    let held = of_port(connection, server, forward.port)?;
    if held.is_empty() {
        return Ok(Taken::Nothing);
    }
    if held.iter().any(Held::is_ending) {
        return Ok(Taken::TooLate);
    }
    let id = note(connection, (lab, server), &forward.wanted(), owner, at)?;
    settle(connection, id, Some(forward.port))?;
    Ok(Taken::Done)
}

/// A connection of this process is over, for which the forward on this port was made or which used it as well.
pub fn release(connection: &Connection, server: &str, port: u16, owner: &Owner) -> Result<Release, Error> {
    let held = of_port(connection, server, port)?;
    let own = held.iter().filter(|held| held.owner == *owner).min_by_key(|held| (held.is_ending, held.id));
    let Some(own) = own else { return Ok(Release::Taken) };
    if let Some(other) = held.iter().find(|other| other.id != own.id && other.goes_on()) {
        settle(connection, own.id, None)?;
        return Ok(Release::Used(other.owner.label()));
    }
    connection.prepare_cached("UPDATE lab_temporary SET ending = 1 WHERE id = ?1")?.execute([own.id])?;
    Ok(Release::Ends)
}

/// The forward on this port could not be removed: it is as it was.
pub fn not_ended(connection: &Connection, server: &str, port: u16) -> Result<(), Error> {
    let reset = "UPDATE lab_temporary SET ending = 0 WHERE server = ?1 AND port = ?2";
    connection.prepare_cached(reset)?.execute((server, port))?;
    Ok(())
}

/// The forwards that a process is to remove, and whose program does not run.
pub fn of_process(connection: &Connection, server: &str, owner: &Owner) -> Result<Vec<Forward>, Error> {
    let held = all_held(connection, server)?.into_iter().filter(|held| held.owner == *owner && !held.program());
    Ok(held.filter_map(|held| Some(held.wanted.on(held.port?))).collect())
}

/// All that were made for connections, of those that the gateway lists now; what is not there any more is forgotten, unless
/// its process is just at it.
pub fn all(connection: &Connection, server: &str, listed: &[Forward]) -> Result<Vec<Temporary>, Error> {
    let mut told: Vec<Temporary> = Vec::new();
    for held in all_held(connection, server)? {
        let fate = held.owner.fate();
        let is_dead = fate == Fate::Dead;
        // Of one elsewhere nothing can be said from here, and what is being made is not known yet.
        if fate == Fate::Elsewhere || (held.port.is_none() && !is_dead) {
            continue;
        }
        // Where the process ended before the answer came, there was none to the same place when it asked.
        let is_it =
            |forward: &&Forward| held.port.is_none_or(|port| forward.port == port) && forward.is_for(&held.wanted);
        let Some(forward) = listed.iter().find(is_it) else {
            if is_dead {
                settle(connection, held.id, None)?;
            }
            continue;
        };
        let program = held.program.as_ref().filter(|_| held.program()).map(Owner::label);
        match told.iter_mut().find(|other| other.forward == *forward) {
            Some(known) => {
                // Whoever removes it counts.
                if !known.owner_runs && !is_dead {
                    (known.owner, known.owner_runs) = (held.owner.label(), true);
                }
                known.program = known.program.take().or(program);
            }
            None => told.push(Temporary {
                forward: forward.clone(),
                at: held.at,
                owner: held.owner.label(),
                owner_runs: !is_dead,
                program,
            }),
        }
    }
    Ok(told)
}

/// Whoever uses the forward on a port.
fn of_port(connection: &Connection, server: &str, port: u16) -> Result<Vec<Held>, Error> {
    Ok(all_held(connection, server)?.into_iter().filter(|held| held.port == Some(port)).collect())
}

/// All that is written down of a lab, the oldest first.
fn all_held(connection: &Connection, server: &str) -> Result<Vec<Held>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT id, at, name, component, address, target, port, owner_host, owner_boot, owner_pid, owner_start,
                program_pid, program_start, ending
         FROM lab_temporary WHERE server = ?1 ORDER BY id",
    )?;
    let rows = query.query_map([server], |row| {
        let wanted = wanted_of(row)?;
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
        let (id, port, is_ending) = (row.get("id")?, row.get("port")?, row.get("ending")?);
        Ok(Held { id, at, wanted, port, owner, program, is_ending })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests;

//! The journal of deployments: how far each one is, written before every step that cannot be taken back, so that whoever
//! comes after a killed process, a lost terminal or a power cut knows what to finish or to abandon.
//!
//! A deployment belongs to the process that began it. [`begin`] and [`adopt`] answer with a [`Claim`], without which
//! nothing is written; once another process has taken the deployment over, the old claim is refused, and whoever holds it
//! sends nothing more.

mod history;
mod phase;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, named_params};

use super::{DeviceRecord, Instance, sql};
use crate::features::cloudvision::model::{BuildId, ChangeId, DeploymentId, WorkspaceId};
use crate::process::{Fate, Owner};
use crate::store::Error;

pub use history::{
    Brought, Deployed, Entry, Revision, Unfinished, Unsubmitted, brought, deployed, devices, entry, of_workspace,
    recent, revision, under_way, unfinished, unsubmitted,
};
pub use phase::{Ending, Phase, Refusal};

#[cfg(test)]
pub(super) use history::queries;

/// Ended deployments that are kept of each target; enough to see what a bad night was like. The last one that is in force
/// is kept however old it is.
const KEPT: i64 = 50;

/// A deployment that is about to begin.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDeployment {
    /// Where to.
    pub instance: Instance,
    /// The configured target; `None` for a folder or a request named on the command line.
    pub target: Option<String>,
    /// Where it was read: a path, or `-` for standard input.
    pub source: String,
    /// In whose name.
    pub who: String,
    /// The process that does it.
    pub owner: Owner,
    /// What else was asked for, such as whether to approve and to start; whoever takes it over reads it again.
    pub options: serde_json::Value,
    /// What it brings.
    pub devices: Vec<DeviceRecord>,
    /// Now.
    pub at: DateTime<Utc>,
}

/// The right to write about a deployment. Plain data; worth nothing once somebody else took the deployment over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Which deployment.
    pub id: DeploymentId,
    /// Its row.
    key: i64,
    /// How often it changed hands.
    number: i64,
}

/// What became known with a step; what is `None` stays as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The workspace; needed from [`Phase::WorkspaceRequested`] on.
    pub workspace: Option<WorkspaceId>,
    /// Its newest build.
    pub build: Option<BuildId>,
    /// The change control.
    pub change: Option<ChangeId>,
    /// What that is called.
    pub change_name: Option<String>,
    /// What to say of this step.
    pub message: Option<String>,
}

/// Begins a deployment in [`Phase::Preparing`] and forgets those of the same target that are long over.
pub fn begin(connection: &Connection, new: &NewDeployment) -> Result<Claim, Error> {
    let id = new_id(connection)?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO deployment (name, instance, server, target, source, who, options, started_at, changed_at, phase,
             owner_host, owner_boot, owner_pid, owner_start)
         VALUES (:name, :instance, :server, :target, :source, :who, :options, :at, :at, :phase, :host, :boot, :pid, :start)",
    )?;
    insert.execute(named_params! {
        ":name": id, ":instance": sql::name(&new.instance.name), ":server": sql::name(&new.instance.server),
        ":target": new.target.as_deref().map(sql::name), ":source": sql::name(&new.source), ":who": sql::name(&new.who),
        ":options": sql::json(&new.options)?, ":at": new.at.timestamp(), ":phase": Phase::Preparing,
        ":host": new.owner.host, ":boot": new.owner.boot, ":pid": new.owner.pid, ":start": new.owner.start,
    })?;
    let key = connection.last_insert_rowid();
    insert_devices(connection, key, &new.devices)?;
    forget(connection, new)?;
    Ok(Claim { id, key, number: 1 })
}

/// Takes the deployment to `phase`, or notes `facts` in the phase it is in. Written before what the phase sends is sent;
/// refused unless `phase` may follow, see [`Phase::may_follow`].
pub fn advance(
    connection: &Connection,
    claim: &Claim,
    phase: Phase,
    facts: &Facts,
    at: DateTime<Utc>,
) -> Result<Result<(), Refusal>, Error> {
    let current = match standing(connection, claim)? {
        Ok((_, Some(ending))) => return Ok(Err(Refusal::Over { ending })),
        Ok((current, None)) => current,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if !phase.may_follow(current) {
        return Ok(Err(Refusal::OutOfOrder { from: current, to: phase }));
    }
    let mut update = connection.prepare_cached(
        "UPDATE deployment SET phase = :phase, changed_at = :at, workspace = coalesce(:workspace, workspace),
             build = coalesce(:build, build), change = coalesce(:change, change),
             change_name = coalesce(:change_name, change_name), message = coalesce(:message, message),
             in_force_at = CASE WHEN :in_force THEN coalesce(in_force_at, :at) ELSE in_force_at END
         WHERE id = :key",
    )?;
    update.execute(named_params! {
        ":key": claim.key, ":phase": phase, ":at": at.timestamp(), ":workspace": facts.workspace, ":build": facts.build,
        ":change": facts.change, ":change_name": facts.change_name.as_deref().map(sql::name),
        ":message": facts.message.as_deref().map(sql::message), ":in_force": phase.is_in_force(),
    })?;
    Ok(Ok(()))
}

/// Replaces what is known of the devices, once they are found and compared.
pub fn set_devices(
    connection: &Connection,
    claim: &Claim,
    devices: &[DeviceRecord],
) -> Result<Result<(), Refusal>, Error> {
    match standing(connection, claim)? {
        Ok((_, Some(ending))) => return Ok(Err(Refusal::Over { ending })),
        Ok((_, None)) => {}
        Err(refusal) => return Ok(Err(refusal)),
    }
    connection.prepare_cached("DELETE FROM deployment_device WHERE deployment = ?1")?.execute([claim.key])?;
    insert_devices(connection, claim.key, devices)?;
    Ok(Ok(()))
}

/// Ends the deployment; `result` is what to say of it. One that ended as unknown can be ended once more, when it is known.
pub fn end(
    connection: &Connection,
    claim: &Claim,
    ending: Ending,
    result: &str,
    at: DateTime<Utc>,
) -> Result<Result<(), Refusal>, Error> {
    match standing(connection, claim)? {
        Ok((_, None | Some(Ending::Unknown))) => {}
        Ok((_, Some(ending))) => return Ok(Err(Refusal::Over { ending })),
        Err(refusal) => return Ok(Err(refusal)),
    }
    let mut update = connection.prepare_cached(
        "UPDATE deployment SET ending = :ending, ended_at = :at, changed_at = :at, result = :result,
             in_force_at = CASE WHEN :in_force THEN coalesce(in_force_at, :at) ELSE in_force_at END
         WHERE id = :key",
    )?;
    update.execute(named_params! {
        ":key": claim.key, ":ending": ending, ":at": at.timestamp(), ":result": sql::message(result),
        // Where nothing differs, CloudVision holds what would have been deployed.
        ":in_force": ending == Ending::NothingToDo,
    })?;
    Ok(Ok(()))
}

/// Takes over a deployment as it was read, unless somebody else did so since or its owner still runs. One of this very
/// process can be taken over: its worker may have been started again.
pub fn adopt(
    connection: &Connection,
    entry: &Entry,
    owner: &Owner,
    at: DateTime<Utc>,
) -> Result<Result<Claim, Refusal>, Error> {
    match standing(connection, &entry.claim)? {
        Ok((_, None | Some(Ending::Unknown))) => {}
        Ok((_, Some(ending))) => return Ok(Err(Refusal::Over { ending })),
        Err(refusal) => return Ok(Err(refusal)),
    }
    if entry.owner.fate() == Fate::Alive {
        return Ok(Err(Refusal::Alive { owner: entry.owner.label() }));
    }
    let mut update = connection.prepare_cached(
        "UPDATE deployment SET claim = claim + 1, changed_at = :at,
             owner_host = :host, owner_boot = :boot, owner_pid = :pid, owner_start = :start
         WHERE id = :key",
    )?;
    update.execute(named_params! {
        ":key": entry.claim.key, ":at": at.timestamp(),
        ":host": owner.host, ":boot": owner.boot, ":pid": owner.pid, ":start": owner.start,
    })?;
    Ok(Ok(Claim { number: entry.claim.number + 1, ..entry.claim.clone() }))
}

/// Where the deployment is, for whoever holds its claim.
fn standing(connection: &Connection, claim: &Claim) -> Result<Result<(Phase, Option<Ending>), Refusal>, Error> {
    let mut query = connection.prepare_cached("SELECT claim, phase, ending FROM deployment WHERE id = ?1")?;
    let found = query
        .query_row([claim.key], |row| Ok((row.get::<_, i64>("claim")?, row.get("phase")?, row.get("ending")?)))
        .optional()?;
    Ok(match found {
        Some((number, phase, ending)) if number == claim.number => Ok((phase, ending)),
        Some(_) => Err(Refusal::TakenOver),
        None => Err(Refusal::Gone),
    })
}

/// A random id in the form of a UUID (RFC 9562 §5.4).
fn new_id(connection: &Connection) -> Result<DeploymentId, Error> {
    let random: [u8; 16] = connection.query_row("SELECT randomblob(16)", [], |row| row.get(0))?;
    let bits = u128::from_be_bytes(random);
    let bits = bits & !(0xf << 76) | (4 << 76);
    let bits = bits & !(3 << 62) | (2 << 62);
    let digits = |from: u32, count: u32| (bits >> (4 * from)) & ((1 << (4 * count)) - 1);
    Ok(DeploymentId::new(format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        digits(24, 8),
        digits(20, 4),
        digits(16, 4),
        digits(12, 4),
        digits(0, 12)
    )))
}

fn insert_devices(connection: &Connection, key: i64, devices: &[DeviceRecord]) -> Result<(), Error> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO deployment_device (deployment, hostname, serial, sha256, changed) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    Ok(sql::insert_devices(&mut insert, key, devices)?)
}

/// Forgets what is long over of the same target.
fn forget(connection: &Connection, new: &NewDeployment) -> Result<(), Error> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM deployment WHERE server = :server AND target IS :target AND ending IS NOT NULL
             AND id <= (SELECT id FROM deployment INDEXED BY deployment_of WHERE server = :server AND target IS :target
                 ORDER BY id DESC LIMIT 1 OFFSET :kept)
             AND id IS NOT (SELECT max(id) FROM deployment INDEXED BY deployment_in_force
                 WHERE server = :server AND target IS :target AND in_force_at IS NOT NULL)",
    )?;
    delete.execute(named_params! {
        ":server": sql::name(&new.instance.server), ":target": new.target.as_deref().map(sql::name), ":kept": KEPT,
    })?;
    Ok(())
}

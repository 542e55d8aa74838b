//! Reading the journal: what is unfinished, what came of the last deployments, what they brought.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row};

use super::{Claim, Ending, NewDeployment, Phase};
use crate::features::cloudvision::model::{BuildId, ChangeId, DeploymentId, WorkspaceId};
use crate::features::cloudvision::store::{DeviceRecord, Instance, sql};
use crate::process::{Fate, Owner};
use crate::store::Error;

/// A deployment as the journal has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Which.
    pub id: DeploymentId,
    /// Where to.
    pub instance: Instance,
    /// The configured target; `None` for a folder or a request named on the command line.
    pub target: Option<String>,
    /// Where it was read.
    pub source: String,
    /// In whose name.
    pub who: String,
    /// What else was asked for.
    pub options: serde_json::Value,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When something was written about it last.
    pub changed_at: DateTime<Utc>,
    /// How far it is, or was when it ended.
    pub phase: Phase,
    /// Its workspace, which may not exist: it is written down before it is asked for.
    pub workspace: Option<WorkspaceId>,
    /// The newest build of it.
    pub build: Option<BuildId>,
    /// The change control that came of it.
    pub change: Option<ChangeId>,
    /// What that is called.
    pub change_name: Option<String>,
    /// What was said of it last; may be empty.
    pub message: String,
    /// Since when CloudVision holds what was deployed.
    pub in_force_at: Option<DateTime<Utc>>,
    /// How it ended, and when; `None` while it has not.
    pub ended: Option<(Ending, DateTime<Utc>)>,
    /// What came of it, in words; may be empty.
    pub result: String,
    /// The process that does it, or did.
    pub owner: Owner,
    /// As it was read: what [`super::adopt`] compares.
    pub(super) claim: Claim,
}

impl Entry {
    /// Why it did not come to its end: that nobody went on with it, unless it told more.
    #[must_use]
    pub fn left(&self) -> &str {
        if self.message.is_empty() { "left unfinished" } else { &self.message }
    }

    /// Whether it was to build, and to bring nothing into force.
    #[must_use]
    pub fn is_build_alone(&self) -> bool {
        self.options.get("reach").and_then(|reach| reach.as_str()) == Some("build")
    }
}

/// A deployment that has not ended, and what has become of its owner.
#[derive(Debug, Clone, PartialEq)]
pub struct Unfinished {
    /// The deployment.
    pub entry: Entry,
    /// [`Fate::Dead`]: nobody goes on with it.
    pub fate: Fate,
}

/// The last deployment of a target that CloudVision holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployed {
    /// The deployment.
    pub entry: Entry,
    /// What CloudVision holds of its devices, by hostname: what it brought, or what another deployment has brought to them
    /// since.
    pub devices: Vec<DeviceRecord>,
}

/// Another one after every step that is written into the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The newest deployment, how many there are, and how many have ended.
    counts: (i64, i64, i64),
    /// How far those are that have not: several steps may come within the second that times are kept to.
    under_way: String,
}

/// The present revision.
pub fn revision(connection: &Connection) -> Result<Revision, Error> {
    let mut query = connection.prepare_cached(
        "SELECT coalesce(max(id), 0), count(*), count(ending), (SELECT coalesce(group_concat(id || phase || claim), '')
             FROM deployment INDEXED BY deployment_unfinished WHERE ending IS NULL) FROM deployment",
    )?;
    let read = |row: &Row<'_>| Ok(Revision { counts: (row.get(0)?, row.get(1)?, row.get(2)?), under_way: row.get(3)? });
    Ok(query.query_row([], read)?)
}

/// Every deployment that has not ended, on any server, the newest first.
pub fn unfinished(connection: &Connection) -> Result<Vec<Unfinished>, Error> {
    let mut query = connection.prepare_cached(queries::UNFINISHED)?;
    let entries: Vec<Entry> = query.query_map([], read)?.collect::<rusqlite::Result<_>>()?;
    Ok(entries.into_iter().map(|entry| Unfinished { fate: entry.owner.fate(), entry }).collect())
}

/// The deployment of the same target on the same server that another process has begun and not ended, unless that process is
/// dead. One that is built and not submitted is in nobody's way, and what is no target is somebody's own.
pub fn under_way(connection: &Connection, new: &NewDeployment) -> Result<Option<Entry>, Error> {
    if new.target.is_none() {
        return Ok(None);
    }
    let is_other = |left: &Unfinished| {
        matches!(left.fate, Fate::Alive | Fate::Elsewhere)
            && left.entry.instance.server == new.instance.server
            && left.entry.target == new.target
            && !left.entry.is_build_alone()
    };
    Ok(unfinished(connection)?.into_iter().find(is_other).map(|left| left.entry))
}

/// The last deployments of a target, or with `None` of what is no target, the newest first.
pub fn recent(connection: &Connection, server: &str, target: Option<&str>, rows: usize) -> Result<Vec<Entry>, Error> {
    let mut query = connection.prepare_cached(queries::RECENT)?;
    let found = query.query_map((sql::name(server), target.map(sql::name), sql::limit(rows)), read)?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// One deployment; `None` if it is gone.
pub fn entry(connection: &Connection, id: &DeploymentId) -> Result<Option<Entry>, Error> {
    let mut query = connection.prepare_cached("SELECT * FROM deployment WHERE name = ?1")?;
    Ok(query.query_row([id], read).optional()?)
}

/// The deployment that made a workspace, and its target; nothing where none of the journal did.
pub fn of_workspace(
    connection: &Connection,
    workspace: &WorkspaceId,
) -> Result<Option<(DeploymentId, Option<String>)>, Error> {
    let mut query = connection
        .prepare_cached("SELECT name, target FROM deployment WHERE workspace = ?1 ORDER BY id DESC LIMIT 1")?;
    Ok(query.query_row([workspace], |row| Ok((row.get("name")?, row.get("target")?))).optional()?)
}

/// What a deployment brings or brought, by hostname; empty if it is gone.
pub fn devices(connection: &Connection, id: &DeploymentId) -> Result<Vec<DeviceRecord>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT d.* FROM deployment_device d JOIN deployment ON deployment.id = d.deployment
         WHERE deployment.name = ?1 ORDER BY d.hostname",
    )?;
    Ok(query.query_map([id], sql::device)?.collect::<rusqlite::Result<_>>()?)
}

/// The last deployment of a target that CloudVision holds, whatever came of its change control; what differs from its
/// devices is what changed since.
pub fn deployed(connection: &Connection, server: &str, target: &str) -> Result<Option<Deployed>, Error> {
    let mut query = connection.prepare_cached(queries::DEPLOYED)?;
    let Some(entry) = query.query_row((sql::name(server), sql::name(target)), read).optional()? else {
        return Ok(None);
    };
    let mut devices = devices(connection, &entry.id)?;
    let mut query = connection.prepare_cached(queries::BROUGHT_SINCE)?;
    let since = entry.in_force_at.map(|at| at.timestamp());
    let rows = query.query_map((sql::name(server), since, entry.claim.key), |row| {
        Ok((row.get::<_, String>("hostname")?, row.get::<_, Option<String>>("sha256")?))
    })?;
    for row in rows {
        let (hostname, sha256) = row?;
        // They are read in the order of their names.
        let found = devices.binary_search_by(|device| device.hostname.cmp(&hostname));
        if let Some(device) = found.ok().and_then(|index| devices.get_mut(index)) {
            device.sha256 = sha256;
        }
    }
    Ok(Some(Deployed { entry, devices }))
}

/// A workspace that a deployment has made and, now that it has ended, not submitted. Whether it is open still, CloudVision
/// knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubmitted {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The configured target of the deployment; `None` for a folder or a request.
    pub target: Option<String>,
    /// Where what it deployed was read.
    pub source: String,
    /// In whose name it was made.
    pub who: String,
    /// When the deployment began.
    pub started_at: DateTime<Utc>,
}

/// The workspaces that deployments have made and not submitted: those of a server, the newest first, then those of others. A
/// CloudVision may have been addressed otherwise then, and the id of a workspace is never given twice: it knows its own.
pub fn unsubmitted(connection: &Connection, server: &str, rows: usize) -> Result<Vec<Unsubmitted>, Error> {
    let mut query = connection.prepare_cached(queries::UNSUBMITTED)?;
    let found = query.query_map((sql::name(server), sql::limit(rows)), |row| {
        Ok(Unsubmitted {
            workspace: row.get("workspace")?,
            target: row.get("target")?,
            source: row.get("source")?,
            who: row.get("who")?,
            started_at: sql::time(row, "started_at")?,
        })
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// What the last deployment of a target was to bring to devices, by a change control that may not exist any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// The change control.
    pub change: ChangeId,
    /// The names of the devices whose configuration was another one than before.
    pub devices: Vec<String>,
}

/// What the last deployment of a target that CloudVision took was to bring; nothing where no device had to change. One that
/// found nothing to do brought nothing, and the one before it still counts.
pub fn brought(connection: &Connection, server: &str, target: &str) -> Result<Option<Brought>, Error> {
    let mut query = connection.prepare_cached(queries::BROUGHT)?;
    let last: Option<(DeploymentId, Option<ChangeId>)> = query
        .query_row((sql::name(server), sql::name(target)), |row| Ok((row.get("name")?, row.get("change")?)))
        .optional()?;
    let Some((id, Some(change))) = last else { return Ok(None) };
    let devices = devices(connection, &id)?.into_iter();
    let devices = devices.filter(|device| device.changed == Some(true)).map(|device| device.hostname).collect();
    Ok(Some(Brought { change, devices }))
}

/// The statements, for a test of how they are answered.
pub(in crate::features::cloudvision::store) mod queries {
    /// What has not ended.
    pub(in crate::features::cloudvision::store) const UNFINISHED: &str =
        "SELECT * FROM deployment INDEXED BY deployment_unfinished WHERE ending IS NULL ORDER BY id DESC";

    /// The last of a target.
    pub(in crate::features::cloudvision::store) const RECENT: &str = "SELECT * FROM deployment INDEXED BY deployment_of WHERE server = ?1 AND target IS ?2 ORDER BY id DESC LIMIT ?3";

    /// What was not submitted, on a server before others.
    pub(in crate::features::cloudvision::store) const UNSUBMITTED: &str =
        "SELECT workspace, target, source, who, started_at FROM deployment
     WHERE ending IS NOT NULL AND in_force_at IS NULL AND workspace IS NOT NULL
     ORDER BY server <> ?1, id DESC LIMIT ?2";

    /// The last of a target that CloudVision took.
    pub(in crate::features::cloudvision::store) const BROUGHT: &str =
        "SELECT name, change FROM deployment INDEXED BY deployment_in_force
     WHERE server = ?1 AND target = ?2 AND in_force_at IS NOT NULL AND ending IS NOT 'nothing-to-do'
     ORDER BY id DESC LIMIT 1";

    /// The last of a target that is in force.
    pub(in crate::features::cloudvision::store) const DEPLOYED: &str =
        "SELECT * FROM deployment INDEXED BY deployment_in_force
     WHERE server = ?1 AND target = ?2 AND in_force_at IS NOT NULL ORDER BY id DESC LIMIT 1";

    /// The configurations that others have brought to devices since, the newest last.
    pub(in crate::features::cloudvision::store) const BROUGHT_SINCE: &str = "SELECT device.hostname, device.sha256
     FROM deployment INDEXED BY deployment_in_force JOIN deployment_device device ON device.deployment = deployment.id
     WHERE server = ?1 AND in_force_at IS NOT NULL AND (in_force_at, deployment.id) > (?2, ?3)
       AND device.sha256 IS NOT NULL
     ORDER BY in_force_at, deployment.id";
}

fn read(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let id: DeploymentId = row.get("name")?;
    let ending: Option<Ending> = row.get("ending")?;
    Ok(Entry {
        claim: Claim { id: id.clone(), key: row.get("id")?, number: row.get("claim")? },
        id,
        instance: sql::instance(row)?,
        target: row.get("target")?,
        source: row.get("source")?,
        who: row.get("who")?,
        options: sql::value(row, "options")?,
        started_at: sql::time(row, "started_at")?,
        changed_at: sql::time(row, "changed_at")?,
        phase: row.get("phase")?,
        workspace: row.get("workspace")?,
        build: row.get("build")?,
        change: row.get("change")?,
        change_name: row.get("change_name")?,
        message: row.get("message")?,
        in_force_at: sql::time_if_any(row, "in_force_at")?,
        ended: ending.zip(sql::time_if_any(row, "ended_at")?),
        result: row.get("result")?,
        owner: Owner {
            host: row.get("owner_host")?,
            boot: row.get("owner_boot")?,
            pid: row.get("owner_pid")?,
            start: row.get("owner_start")?,
        },
    })
}

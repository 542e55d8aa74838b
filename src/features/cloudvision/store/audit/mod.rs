//! The audit log: what was asked of a CloudVision, by whom, and what came of it.
//!
//! [`request`] writes a row before the request is sent, [`settle`] fills in once what came of it. A deployment that failed
//! before it could ask for its workspace has its row, too, written when it failed: somebody tried. Nothing else is ever
//! changed, which triggers in the database hold this program to as well. A row that stays [`Outcome::Requested`] says that
//! noctui was ended before it had an answer.

mod list;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, named_params};
use serde::Serialize;

use super::sql::words;
use super::{DeviceRecord, Instance, sql};
use crate::features::cloudvision::model::DeploymentId;
use crate::store::Error;

pub use list::{Filter, Row, Rows, devices, list, unsettled};

#[cfg(test)]
pub(super) use list::Leg;

/// Identifies a row of the log in this database; never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AuditKey(pub(in crate::features::cloudvision) i64);

words! {
    /// What was asked for.
    pub enum What {
        /// Bring configurations and tags into force in CloudVision.
        Deploy = "deploy",
        /// Let CloudVision build and validate configurations and tags, and bring nothing into force.
        Build = "build",
        /// Approve a change control.
        Approve = "approve",
        /// Take an approval back.
        Unapprove = "unapprove",
        /// Start a change control.
        Start = "start",
        /// Stop a change control.
        Stop = "stop",
        /// Let a change control start by itself.
        Schedule = "schedule",
        /// No longer let it start by itself.
        Unschedule = "unschedule",
        /// Delete a change control.
        Delete = "delete",
        /// Change name or description of a change control.
        Edit = "edit",
        /// Change the order in which stages run.
        Arrange = "arrange",
        /// Throw a workspace away.
        AbandonWorkspace = "abandon-workspace",
        /// Delete a workspace.
        DeleteWorkspace = "delete-workspace",
        /// Forget old rows of this log.
        Forget = "forget",
    }
}

words! {
    /// What came of it.
    pub enum Outcome {
        /// Not known yet, or never: noctui was ended first.
        Requested = "requested",
        /// It was done.
        Ok = "ok",
        /// It was not done.
        Failed = "failed",
        /// That cannot be told: the answer never came.
        Unknown = "unknown",
    }
}

/// Something that is about to be asked of a CloudVision.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Now.
    pub at: DateTime<Utc>,
    /// In whose name.
    pub who: String,
    /// Of which.
    pub instance: Instance,
    /// The configured target, where one is deployed.
    pub target: Option<String>,
    /// What.
    pub what: What,
    /// Id of the change control or workspace; empty while there is none.
    pub object: String,
    /// Its name; empty while there is none.
    pub object_name: String,
    /// Whatever else is worth knowing, such as the approved version or the planned time.
    pub details: serde_json::Value,
    /// The deployment that it belongs to.
    pub deployment: Option<DeploymentId>,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// What; never [`Outcome::Requested`].
    pub outcome: Outcome,
    /// In words; may be empty.
    pub text: String,
    /// Id and name of what it was done to, where that came to be only now; does not change one that was written before.
    pub object: Option<(String, String)>,
    /// Now.
    pub at: DateTime<Utc>,
}

/// Writes down what is about to be asked for.
pub fn request(connection: &Connection, request: &Request) -> Result<AuditKey, Error> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO audit (at, who, instance, server, target, what, object, object_name, details, deployment)
         VALUES (:at, :who, :instance, :server, :target, :what, :object, :object_name, :details, :deployment)",
    )?;
    insert.execute(named_params! {
        ":at": request.at.timestamp(), ":who": sql::name(&request.who),
        ":instance": sql::name(&request.instance.name), ":server": sql::name(&request.instance.server),
        ":target": request.target.as_deref().map(sql::name), ":what": request.what,
        ":object": sql::name(&request.object), ":object_name": sql::name(&request.object_name),
        ":details": sql::json(&request.details)?, ":deployment": request.deployment,
    })?;
    Ok(AuditKey(connection.last_insert_rowid()))
}

/// Adds the devices that a deployment is about to bring something to, each once; an error when it is settled already.
pub fn add_devices(connection: &Connection, key: AuditKey, devices: &[DeviceRecord]) -> Result<(), Error> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO audit_device (audit, hostname, serial, sha256, changed) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    Ok(sql::insert_devices(&mut insert, key.0, devices)?)
}

/// Fills in what came of it. Whether there was something to fill in: `false` if it is settled already, or forgotten.
pub fn settle(connection: &Connection, key: AuditKey, settlement: &Settlement) -> Result<bool, Error> {
    let mut update = connection.prepare_cached(
        "UPDATE audit SET result = :result, settled_at = :at, result_text = :text,
             object = CASE WHEN object = '' THEN :object ELSE object END,
             object_name = CASE WHEN object = '' THEN :object_name ELSE object_name END
         WHERE id = :key AND result = 'requested'",
    )?;
    let (object, object_name) =
        settlement.object.as_ref().map_or(("", ""), |(object, name)| (object.as_str(), name.as_str()));
    let settled = update.execute(named_params! {
        ":key": key.0, ":result": settlement.outcome, ":at": settlement.at.timestamp(),
        ":text": sql::message(&settlement.text), ":object": sql::name(object), ":object_name": sql::name(object_name),
    })?;
    Ok(settled > 0)
}

/// Forgets up to `batch` rows older than `before`, the oldest first, and writes into the log that it did; how many went.
/// The only way in which a row goes. Call again, as a job of its own, while it answers `batch`.
pub fn forget(
    connection: &Connection,
    before: DateTime<Utc>,
    who: &str,
    at: DateTime<Utc>,
    batch: usize,
) -> Result<usize, Error> {
    connection.execute("INSERT INTO audit_forgetting (before) VALUES (?1)", [before.timestamp()])?;
    let gone = connection
        .prepare_cached(
            "DELETE FROM audit WHERE id IN
                 (SELECT id FROM audit INDEXED BY audit_at WHERE at < ?1 ORDER BY at, id LIMIT ?2)",
        )?
        .execute((before.timestamp(), sql::limit(batch)))?;
    connection.execute("DELETE FROM audit_forgetting", [])?;
    if gone > 0 {
        let trace = Request {
            at,
            who: who.to_owned(),
            instance: Instance { name: String::new(), server: String::new() },
            target: None,
            what: What::Forget,
            object: String::new(),
            object_name: String::new(),
            details: serde_json::json!({"rows": gone, "before": before}),
            deployment: None,
        };
        let key = request(connection, &trace)?;
        let done = Settlement { outcome: Outcome::Ok, text: format!("{gone} rows"), object: None, at };
        settle(connection, key, &done)?;
    }
    Ok(gone)
}

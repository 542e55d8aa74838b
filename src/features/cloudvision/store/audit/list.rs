//! Reading the audit log, the newest first.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, named_params};

use super::{AuditKey, Outcome, Request, What};
use crate::features::cloudvision::model::DeploymentId;
use crate::features::cloudvision::store::{DeviceRecord, sql};
use crate::store::Error;

/// Which rows; all that is said must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// What was asked for.
    pub what: Option<What>,
    /// In whose name.
    pub who: Option<String>,
    /// The CloudVision, by name or by server.
    pub instance: Option<String>,
    /// The configured target.
    pub target: Option<String>,
    /// The change control or workspace, by id or by name.
    pub object: Option<String>,
    /// From then on.
    pub since: Option<DateTime<Utc>>,
}

/// A row of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Which.
    pub key: AuditKey,
    /// What was asked for; its object may have come to be only afterwards.
    pub request: Request,
    /// What came of it.
    pub outcome: Outcome,
    /// That in words; may be empty.
    pub text: String,
    /// When that was known.
    pub settled_at: Option<DateTime<Utc>>,
}

/// Some consecutive rows, the newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// The rows.
    pub rows: Vec<Row>,
    /// Whether there are older ones.
    pub more: bool,
}

/// Up to `limit` rows older than `after`; from the newest on with `None`.
pub fn list(connection: &Connection, filter: &Filter, after: Option<AuditKey>, limit: usize) -> Result<Rows, Error> {
    let (at, id) = match after {
        None => (i64::MAX, i64::MAX),
        Some(key) => place(connection, key)?,
    };
    let wanted = sql::limit(limit.saturating_add(1));
    let mut rows: Vec<Row> = Vec::new();
    for leg in Leg::of(filter) {
        let mut query = connection.prepare_cached(&leg.sql())?;
        let found = query.query_map(
            named_params! {
                ":at": at, ":id": id, ":limit": wanted, ":since": filter.since.map_or(i64::MIN, |since| since.timestamp()),
                ":what": filter.what, ":who": filter.who, ":target": filter.target, ":instance": filter.instance,
                ":object": filter.object,
            },
            read,
        )?;
        for row in found {
            rows.push(row?);
        }
    }
    rows.sort_by_key(|row| std::cmp::Reverse((row.request.at, row.key)));
    let more = rows.len() > limit;
    rows.truncate(limit);
    Ok(Rows { rows, more })
}

/// The rows of a deployment that are not settled, the oldest first: for whoever takes it over and learns what became of it.
pub fn unsettled(connection: &Connection, deployment: &DeploymentId) -> Result<Vec<Row>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT * FROM audit INDEXED BY audit_deployment WHERE deployment = ?1 AND result = 'requested' ORDER BY id",
    )?;
    Ok(query.query_map([deployment], read)?.collect::<rusqlite::Result<_>>()?)
}

/// The devices of a deployment's row, by hostname.
pub fn devices(connection: &Connection, key: AuditKey) -> Result<Vec<DeviceRecord>, Error> {
    let mut query = connection.prepare_cached("SELECT * FROM audit_device WHERE audit = ?1 ORDER BY hostname")?;
    Ok(query.query_map([key.0], sql::device)?.collect::<rusqlite::Result<_>>()?)
}

/// The index that a list is read from, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::features::cloudvision::store) enum Leg {
    /// By id of the object.
    Object,
    /// By its name.
    ObjectName,
    /// By target.
    Target,
    /// By who.
    Who,
    /// By what.
    What,
    /// All.
    All,
}

impl Leg {
    /// The legs that together have all rows of `filter`, each row in one of them.
    fn of(filter: &Filter) -> &'static [Self] {
        if filter.object.is_some() {
            &[Self::Object, Self::ObjectName]
        } else if filter.target.is_some() {
            &[Self::Target]
        } else if filter.who.is_some() {
            &[Self::Who]
        } else if filter.what.is_some() {
            &[Self::What]
        } else {
            &[Self::All]
        }
    }

    /// The query for what is older than a place.
    pub(in crate::features::cloudvision::store) fn sql(self) -> String {
        let (index, own) = match self {
            Self::Object => ("audit_object", "object = :object"),
            Self::ObjectName => ("audit_object_name", "object_name = :object AND object <> :object"),
            Self::Target => ("audit_target", "target = :target"),
            Self::Who => ("audit_who", "who = :who"),
            Self::What => ("audit_what", "what = :what"),
            Self::All => ("audit_at", ":object IS NULL"),
        };
        format!(
            "SELECT * FROM audit INDEXED BY {index}
             WHERE {own} AND at >= :since AND at <= :at AND (at < :at OR id < :id)
                 AND (:object IS NULL OR :object IN (object, object_name))
                 AND (:target IS NULL OR target = :target) AND (:who IS NULL OR who = :who)
                 AND (:what IS NULL OR what = :what) AND (:instance IS NULL OR :instance IN (instance, server))
             ORDER BY at DESC, id DESC LIMIT :limit"
        )
    }
}

/// The place of a row in the list; the end if it is gone, since what goes is the oldest.
fn place(connection: &Connection, key: AuditKey) -> Result<(i64, i64), Error> {
    let mut query = connection.prepare_cached("SELECT at, id FROM audit WHERE id = ?1")?;
    let found = query.query_row([key.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(found.unwrap_or((i64::MIN, i64::MIN)))
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        key: AuditKey(row.get("id")?),
        request: Request {
            at: sql::time(row, "at")?,
            who: row.get("who")?,
            instance: sql::instance(row)?,
            target: row.get("target")?,
            what: row.get("what")?,
            object: row.get("object")?,
            object_name: row.get("object_name")?,
            details: sql::value(row, "details")?,
            deployment: row.get("deployment")?,
        },
        outcome: row.get("result")?,
        text: row.get("result_text")?,
        settled_at: sql::time_if_any(row, "settled_at")?,
    })
}

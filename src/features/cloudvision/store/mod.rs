//! The tables of CloudVision and everything that is asked of them: what was deployed, what was asked of a CloudVision by
//! whom, and what each one last said there is.
//!
//! Plain functions over a [`rusqlite::Connection`], to be run inside [`crate::store::Store::write`] (those that change
//! something) and [`crate::store::Store::read`]. No function reads a clock: `at` is an argument.
//!
//! | file | what |
//! |---|---|
//! | `schema_1.sql` | tables, indexes, and the triggers that keep the audit log as it was written |
//! | `journal` | deployments: begun, advanced, ended, taken over, listed |
//! | `audit` | the log of what was asked of a CloudVision |
//! | `cache` | change controls, workspaces and devices as last seen |
//!
//! **Written before it is sent.** What a request could change is in the journal and the audit log, synced, before the
//! request leaves. Both go into one transaction:
//!
//! ```text
//! let sent = store.write(move |c| {
//!     if let Err(refusal) = journal::advance(c, &claim, Phase::SubmitRequested, &facts, at)? {
//!         return Ok(Err(refusal));
//!     }
//!     audit::request(c, &request).map(Ok)
//! });
//! let row = sent.await??;         // only now the request is sent
//! ```

pub mod audit;
pub mod cache;
pub mod journal;
mod sql;

#[cfg(test)]
mod tests;

/// Version 1 of the tables; released versions are never edited, a change is a further migration.
pub const SCHEMA_1: &str = include_str!("schema_1.sql");

/// A CloudVision, as rows name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// As configured; where it is not, the server.
    pub name: String,
    /// Host and port: what is known of a server must not pass for another's when a name moves on.
    pub server: String,
}

/// What a deployment brings to one device.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DeviceRecord {
    /// Without the domain; unique within a deployment.
    pub hostname: String,
    /// Serial number, once it is known.
    pub serial: Option<String>,
    /// SHA-256 of its configuration in hexadecimal; `None` where only tags are wanted.
    pub sha256: Option<String>,
    /// Whether that differs from what CloudVision held; `None` while it is not known.
    pub changed: Option<bool>,
}

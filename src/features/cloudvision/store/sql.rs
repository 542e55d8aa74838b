//! How things stand in columns: times as epoch seconds, enums as words, ids as text.

use chrono::{DateTime, Utc};
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Row, Statement};
use serde::Serialize;

use super::{DeviceRecord, Instance};
use crate::features::cloudvision::model::{BuildId, ChangeId, DeploymentId, WorkspaceId};
use crate::store::Error;
use crate::text::{clean_line, clean_text};

/// Characters of a name; more is cut.
const NAME: usize = 256;
/// Characters of a message; more is cut.
const MESSAGE: usize = 4 * 1024;
/// Bytes of JSON; more is left out.
const JSON: usize = 64 * 1024;

/// Declares an enum of words that are the same in columns, in JSON and on the command line.
macro_rules! words {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Every one, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text).ok_or_else(|| {
                    let all: Vec<_> = Self::ALL.iter().map(|one| one.as_str()).collect();
                    format!("it is one of {}", all.join(", "))
                })
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl ::rusqlite::types::ToSql for $name {
            fn to_sql(&self) -> ::rusqlite::Result<::rusqlite::types::ToSqlOutput<'_>> {
                Ok(::rusqlite::types::ToSqlOutput::from(self.as_str()))
            }
        }

        impl ::rusqlite::types::FromSql for $name {
            fn column_result(value: ::rusqlite::types::ValueRef<'_>) -> ::rusqlite::types::FromSqlResult<Self> {
                let word = value.as_str()?;
                word.parse().map_err(|known| {
                    ::rusqlite::types::FromSqlError::Other(format!("`{word}` is not known: {known}").into())
                })
            }
        }
    };
}
pub(super) use words;

/// Columns that hold an id.
macro_rules! id_columns {
    ($($id:ident),*) => {$(
        impl ToSql for $id {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.as_str()))
            }
        }

        impl FromSql for $id {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_str().map(Self::new)
            }
        }
    )*};
}

id_columns!(DeploymentId, WorkspaceId, BuildId, ChangeId);

/// A name as it is kept.
pub(super) fn name(text: &str) -> String {
    clean_line(text).chars().take(NAME).collect()
}

/// A message as it is kept.
pub(super) fn message(text: &str) -> String {
    clean_text(text).trim().chars().take(MESSAGE).collect()
}

/// JSON as it is kept.
pub(super) fn json(value: &serde_json::Value) -> Result<String, Error> {
    let text = encode(value)?;
    if text.len() <= JSON {
        return Ok(text);
    }
    encode(&serde_json::json!({"left_out_bytes": text.len()}))
}

/// What a column of JSON says; null when it is no JSON.
pub(super) fn value(row: &Row<'_>, name: &str) -> rusqlite::Result<serde_json::Value> {
    row.get::<_, String>(name).map(|text| serde_json::from_str(&text).unwrap_or_default())
}

/// A value as JSON text.
pub(super) fn encode<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()).into())
}

/// The time in column `name`.
pub(super) fn time(row: &Row<'_>, name: &str) -> rusqlite::Result<DateTime<Utc>> {
    row.get(name).map(from_seconds)
}

/// The time in column `name`, which may be empty.
pub(super) fn time_if_any(row: &Row<'_>, name: &str) -> rusqlite::Result<Option<DateTime<Utc>>> {
    Ok(row.get::<_, Option<i64>>(name)?.map(from_seconds))
}

/// A column's number as a time. What no calendar has room for was never written by us and reads as 1970.
fn from_seconds(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::UNIX_EPOCH)
}

/// A limit as `SQLite` takes it.
pub(super) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// The CloudVision that a row is about.
pub(super) fn instance(row: &Row<'_>) -> rusqlite::Result<Instance> {
    Ok(Instance { name: row.get("instance")?, server: row.get("server")? })
}

/// Inserts devices below `parent` with a statement of the columns parent, hostname, serial, sha256, changed.
pub(super) fn insert_devices(
    statement: &mut Statement<'_>,
    parent: i64,
    devices: &[DeviceRecord],
) -> rusqlite::Result<()> {
    for device in devices {
        let serial = device.serial.as_deref().map(name);
        let sha256 = device.sha256.as_deref().map(name);
        statement.execute((parent, name(&device.hostname), serial, sha256, device.changed))?;
    }
    Ok(())
}

/// A row of a device.
pub(super) fn device(row: &Row<'_>) -> rusqlite::Result<DeviceRecord> {
    Ok(DeviceRecord {
        hostname: row.get("hostname")?,
        serial: row.get("serial")?,
        sha256: row.get("sha256")?,
        changed: row.get("changed")?,
    })
}

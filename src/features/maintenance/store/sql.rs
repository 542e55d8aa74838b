//! How the nouns stand in columns: times as epoch seconds, words as they are on the wire.

use chrono::{DateTime, Utc};
use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use super::event::EventKind;
use super::{MaintenanceKey, NoteKey, NotificationKey};
use crate::features::maintenance::model::{Impact, Outcome, Status};

/// Columns that hold a word of the model.
macro_rules! word_columns {
    ($($word:ty),*) => {$(
        impl ToSql for $word {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.as_str()))
            }
        }

        impl FromSql for $word {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_str()?.parse().map_err(FromSqlError::other)
            }
        }
    )*};
}

word_columns!(Status, Impact, Outcome, EventKind);

/// Columns that hold a key.
macro_rules! key_columns {
    ($($key:ident),*) => {$(
        impl ToSql for $key {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }

        impl FromSql for $key {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_i64().map(Self)
            }
        }
    )*};
}

key_columns!(MaintenanceKey, NotificationKey, NoteKey);

/// The time in column `name`.
pub(super) fn time(row: &Row<'_>, name: &str) -> rusqlite::Result<DateTime<Utc>> {
    row.get(name).map(from_seconds)
}

/// The time in column `name`, which may be empty.
pub(super) fn time_if_any(row: &Row<'_>, name: &str) -> rusqlite::Result<Option<DateTime<Utc>>> {
    Ok(row.get::<_, Option<i64>>(name)?.map(from_seconds))
}

/// A column's number as a time. What no calendar has room for was never written by us and reads as 1970.
pub(super) fn from_seconds(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::UNIX_EPOCH)
}

/// The same of a column that may be empty.
pub(super) fn opt_from_seconds(seconds: Option<i64>) -> Option<DateTime<Utc>> {
    seconds.map(from_seconds)
}

/// The count or size in column `name`.
pub(super) fn size(row: &Row<'_>, name: &str) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(name)?).unwrap_or_default())
}

//! What was sent to Nautobot and not heard of yet: written down before it is sent, so that it is known again when it is read
//! back, whatever has changed here meanwhile. An answer that is lost, and a process that ends before it came, look alike.

use rusqlite::Connection;

use super::lines::{Said, Sent, Value};
use crate::store::Error;

/// Writes down what is about to be sent to an object.
pub fn write(connection: &Connection, object: &str, sent: &[Sent]) -> Result<(), Error> {
    let mut put = connection.prepare_cached(
        "INSERT INTO nautobot_sent (object, field, value, since) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET since = ?4",
    )?;
    for Sent { field, value, since } in sent {
        put.execute((object, String::from(field.clone()), written(value.as_ref())?, since))?;
    }
    Ok(())
}

/// What was sent to an object and not heard of.
pub fn of(connection: &Connection, object: &str) -> Result<Vec<Sent>, Error> {
    let mut query =
        connection.prepare_cached("SELECT field, value, since FROM nautobot_sent WHERE object = ?1 ORDER BY rowid")?;
    let rows =
        query.query_map([object], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get(2)?)))?;
    let mut sent = Vec::new();
    for row in rows {
        let (field, value, since) = row?;
        // Written by us; what another version wrote is as if it had not been sent.
        if let Ok(value) = serde_json::from_str(&value) {
            sent.push(Sent { field: field.into(), value, since });
        }
    }
    Ok(sent)
}

/// What an object says by now has arrived.
pub fn arrived(connection: &Connection, object: &str, there: &Said) -> Result<(), Error> {
    for Sent { field, value, .. } in of(connection, object)? {
        if there.get(&field) == value.as_ref() {
            connection
                .prepare_cached("DELETE FROM nautobot_sent WHERE object = ?1 AND field = ?2")?
                .execute([object, &String::from(field)])?;
        }
    }
    Ok(())
}

/// What was sent to an object was heard of, all of it.
pub fn forget(connection: &Connection, object: &str) -> Result<(), Error> {
    connection.prepare_cached("DELETE FROM nautobot_sent WHERE object = ?1")?.execute([object])?;
    Ok(())
}

/// A value as it stands in the table.
fn written(value: Option<&Value>) -> Result<String, Error> {
    Ok(serde_json::to_string(&value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?)
}

//! The rows of a maintenance: one for each of its windows, their circuits, and the text that `/` searches.

use rusqlite::{Connection, named_params};

use super::change::Change;
use super::detail::circuits_of;
use super::event;
use super::letters::letters;
use super::merge::{Order, State};
use super::{MaintenanceKey, sql};
use crate::features::maintenance::model::{Circuit, Impact};
use crate::store::{Error, folded};

/// Bytes of the text that `/` searches, far above what providers send: room for [`super::MOST_CIRCUITS`] ids of fifty letters.
const SEARCHED: usize = 1024 * 1024;

/// The order of what no notice has said.
pub(in crate::features::maintenance) const UNNOTICED: Order =
    Order { stamp: chrono::DateTime::UNIX_EPOCH, sequence: i64::MIN };

/// The known windows of a maintenance by number.
pub(in crate::features::maintenance) fn windows_of(
    connection: &Connection,
    provider: &str,
    maintenance_id: &str,
) -> Result<Vec<(MaintenanceKey, State)>, Error> {
    let mut query = connection
        .prepare_cached("SELECT * FROM maintenance WHERE provider = ?1 AND maintenance_id = ?2 ORDER BY window")?;
    let rows = query.query_map((provider, maintenance_id), |row| {
        let state = State {
            window: row.get("window")?,
            account: row.get("account")?,
            organizer: row.get("organizer")?,
            uid: row.get("uid")?,
            summary: row.get("summary")?,
            status: row.get("status")?,
            start: sql::time(row, "starts_at")?,
            end: sql::time(row, "ends_at")?,
            // No notice has been applied to one that was made by hand or came from Nautobot: any is newer.
            order: if row.get("noticed")? {
                Order { stamp: sql::time(row, "stamp")?, sequence: row.get("sequence")? }
            } else {
                UNNOTICED
            },
            circuits: Vec::new(),
            says_cancelled: false,
        };
        Ok((row.get("id")?, state))
    })?;
    let mut windows = rows.collect::<rusqlite::Result<Vec<(MaintenanceKey, State)>>>()?;
    for (key, state) in &mut windows {
        state.circuits = circuits_of(connection, *key)?;
        state.says_cancelled = event::says_cancelled(connection, *key)?;
    }
    Ok(windows)
}

/// Adds a window.
pub(in crate::features::maintenance) fn create(
    connection: &Connection,
    provider: &str,
    maintenance_id: &str,
    state: &State,
) -> Result<MaintenanceKey, Error> {
    let key = insert_window(connection, provider, maintenance_id, state)?;
    connection
        .prepare_cached(
            "INSERT INTO maintenance_trigram (rowid, text) SELECT id, text FROM maintenance_text WHERE id = ?1",
        )?
        .execute([key])?;
    Ok(key)
}

/// Adds a window everywhere but to the search index, for callers that add many to that at once.
pub(in crate::features::maintenance) fn insert_window(
    connection: &Connection,
    provider: &str,
    maintenance_id: &str,
    state: &State,
) -> Result<MaintenanceKey, Error> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO maintenance (provider, maintenance_id, window, account, organizer, uid, summary, status, starts_at,
             ends_at, stamp, sequence, settled_at, changed_at, revision, circuits, first_circuits, worst_impact, final,
             over_at, span)
         VALUES (:provider, :maintenance_id, :window, :account, :organizer, :uid, :summary, :status, :starts_at,
             :ends_at, :stamp, :sequence, iif(:final, :stamp, NULL), :stamp, 1, :circuits, :first_circuits, :worst_impact,
             :final, iif(:final, min(:stamp, :ends_at), :ends_at), :span)",
    )?;
    insert.execute(named_params! {
        ":provider": provider,
        ":maintenance_id": maintenance_id,
        ":window": state.window,
        ":account": state.account,
        ":organizer": state.organizer,
        ":uid": state.uid,
        ":summary": state.summary,
        ":status": state.status,
        ":starts_at": state.start.timestamp(),
        ":ends_at": state.end.timestamp(),
        ":stamp": state.order.stamp.timestamp(),
        ":sequence": state.order.sequence,
        ":final": state.status.is_final(),
        ":span": span(state),
        ":circuits": length(&state.circuits),
        ":first_circuits": first_circuits(&state.circuits),
        ":worst_impact": worst_impact(&state.circuits),
    })?;
    let key = MaintenanceKey(connection.last_insert_rowid());
    insert_circuits(connection, key, &state.circuits)?;
    let text = searched(provider, maintenance_id, &[], state);
    let mut insert =
        connection.prepare_cached("INSERT INTO maintenance_text (id, text, letters) VALUES (?1, ?2, ?3)")?;
    insert.execute((key, &text, letters(&text)))?;
    Ok(key)
}

pub(in crate::features::maintenance) fn update(
    connection: &Connection,
    key: MaintenanceKey,
    state: &State,
    changes: &[Change],
) -> Result<(), Error> {
    let matters = changes.iter().any(Change::matters);
    let mut update = connection.prepare_cached(
        "UPDATE maintenance SET account = :account, organizer = :organizer, uid = :uid, summary = :summary,
             status = :status, starts_at = :starts_at, ends_at = :ends_at, noticed = :noticed,
             stamp = iif(:noticed, :stamp, stamp), sequence = iif(:noticed, :sequence, sequence),
             settled_at = iif(:final, coalesce(settled_at, iif(:noticed, :stamp, stamp)), NULL),
             changed_at = iif(:changed AND :noticed, :stamp, changed_at), revision = revision + :matters,
             circuits = :circuits, first_circuits = :first_circuits, worst_impact = :worst_impact,
             final = :final, span = :span,
             over_at = iif(:final, min(coalesce(settled_at, iif(:noticed, :stamp, stamp)), :ends_at), :ends_at)
         WHERE id = :id",
    )?;
    update.execute(named_params! {
        ":id": key,
        ":account": state.account,
        ":organizer": state.organizer,
        ":uid": state.uid,
        ":summary": state.summary,
        ":status": state.status,
        ":starts_at": state.start.timestamp(),
        ":ends_at": state.end.timestamp(),
        ":stamp": state.order.stamp.timestamp(),
        ":sequence": state.order.sequence,
        ":noticed": state.order != UNNOTICED,
        ":final": state.status.is_final(),
        ":span": span(state),
        ":changed": !changes.is_empty(),
        ":matters": matters,
        ":circuits": length(&state.circuits),
        ":first_circuits": first_circuits(&state.circuits),
        ":worst_impact": worst_impact(&state.circuits),
    })?;
    connection.prepare_cached("DELETE FROM circuit WHERE maintenance = ?1")?.execute([key])?;
    insert_circuits(connection, key, &state.circuits)?;
    refresh_text(connection, key, state)
}

/// Gives the windows of a maintenance these numbers; others that it has come after them.
pub(super) fn number(
    connection: &Connection,
    provider: &str,
    maintenance_id: &str,
    numbers: &[(MaintenanceKey, u32)],
) -> Result<(), Error> {
    let mut query = connection.prepare_cached(
        "SELECT id, window FROM maintenance WHERE provider = ?1 AND maintenance_id = ?2 ORDER BY window",
    )?;
    let rows = query.query_map((provider, maintenance_id), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let before = rows.collect::<rusqlite::Result<Vec<(MaintenanceKey, u32)>>>()?;
    let mut next = numbers.iter().map(|(_, number)| *number).max().unwrap_or(0);
    let mut after = Vec::with_capacity(before.len());
    for (key, _) in &before {
        let given = numbers.iter().find(|(numbered, _)| numbered == key).map(|(_, number)| *number);
        after.push((
            *key,
            given.unwrap_or_else(|| {
                next += 1;
                next
            }),
        ));
    }
    if after == before {
        return Ok(());
    }
    let mut update = connection.prepare_cached("UPDATE maintenance SET window = ?2 WHERE id = ?1")?;
    // No two may have the same on the way.
    for (key, number) in &after {
        update.execute((key, -i64::from(*number)))?;
    }
    for (key, number) in &after {
        update.execute((key, number))?;
    }
    Ok(())
}

/// Brings the searched text up to date if it differs.
pub(in crate::features::maintenance) fn refresh_text(
    connection: &Connection,
    key: MaintenanceKey,
    state: &State,
) -> Result<(), Error> {
    let mut query = connection.prepare_cached(
        "SELECT text, provider, maintenance_id, ticket, assignee FROM maintenance_text JOIN maintenance USING (id)
         WHERE id = ?1",
    )?;
    let (before, provider, maintenance_id, labels): (String, String, String, [String; 2]) =
        query.query_row([key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, [row.get(3)?, row.get(4)?])))?;
    let text = searched(&provider, &maintenance_id, &labels, state);
    if text != before {
        let mut update =
            connection.prepare_cached("UPDATE maintenance_text SET text = ?2, letters = ?3 WHERE id = ?1")?;
        update.execute((key, &text, letters(&text)))?;
        connection
            .prepare_cached("INSERT OR REPLACE INTO maintenance_trigram (rowid, text) VALUES (?1, ?2)")?
            .execute((key, &text))?;
    }
    Ok(())
}

fn insert_circuits(connection: &Connection, key: MaintenanceKey, circuits: &[Circuit]) -> Result<(), Error> {
    let mut insert = connection
        .prepare_cached("INSERT INTO circuit (maintenance, position, circuit_id, impact) VALUES (?1, ?2, ?3, ?4)")?;
    for (position, circuit) in (1_i64..).zip(circuits) {
        insert.execute((key, position, &circuit.circuit_id, circuit.impact))?;
    }
    Ok(())
}

/// See `maintenance_text` in the schema.
fn searched(provider: &str, maintenance_id: &str, labels: &[String], state: &State) -> String {
    let circuits = state.circuits.iter().map(|circuit| circuit.circuit_id.as_str());
    let mut text = String::new();
    let labels = labels.iter().map(String::as_str).filter(|label| !label.is_empty());
    for field in [provider, maintenance_id, &state.summary].into_iter().chain(labels).chain(circuits) {
        if text.len() + field.len() > SEARCHED {
            break;
        }
        text.push_str(&folded(field));
        text.push_str("\n\n");
    }
    text
}

pub(in crate::features::maintenance) fn length<T>(items: &[T]) -> i64 {
    i64::try_from(items.len()).unwrap_or(i64::MAX)
}

/// Class of length of the window; see `span` in the schema.
fn span(state: &State) -> i64 {
    const LONGEST_S: [i64; 7] = [3_600, 14_400, 57_600, 230_400, 921_600, 3_686_400, 14_745_600];
    let length = state.end.timestamp() - state.start.timestamp();
    (0..).zip(LONGEST_S).find(|(_, longest)| length <= *longest).map_or(7, |(class, _)| class)
}

/// What a list row shows of the circuits: the first three, a line each.
fn first_circuits(circuits: &[Circuit]) -> String {
    circuits.iter().take(3).map(|circuit| circuit.circuit_id.as_str()).collect::<Vec<_>>().join("\n")
}

fn worst_impact(circuits: &[Circuit]) -> Option<Impact> {
    circuits.iter().map(|circuit| circuit.impact).max()
}

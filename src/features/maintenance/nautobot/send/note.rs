//! A note, made there once; one that is taken back is marked so.

use chrono::{DateTime, Utc};
use reqwest::Method;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::json;

use super::{Ended, Sending, senseless};
use crate::features::maintenance::nautobot::Error;
use crate::features::maintenance::nautobot::read::{MAINTENANCE, NOTE};
use crate::features::maintenance::nautobot::store::outbox::{self, State};
use crate::features::maintenance::nautobot::store::reconcile::note::{self, TAKEN_BACK};
use crate::features::maintenance::nautobot::store::{mirror, setting};
use crate::features::maintenance::nautobot::wire::{Maintenance, Note, OfWire as _};
use crate::features::maintenance::store::NoteKey;

impl Sending<'_> {
    /// A note: made once, marked as taken back, or brought back.
    pub(super) async fn note(&self) -> Result<Ended, Error> {
        let Some(key) = self.entry.note else { return self.nothing_to_send().await };
        let Some(note) = self.store.read(move |connection| written(connection, key)).await? else {
            return self.nothing_to_send().await;
        };
        let signed = note::signed(&note.text, &note.who, note.at);
        let comment = match &note.removed {
            None => signed,
            Some((who, at)) => format!("{TAKEN_BACK}{who}, {} UTC] {signed}", at.format("%Y-%m-%d %H:%M")),
        };
        // One that was tried may be there as it should be because of that.
        let mut is_needless = false;
        let made = match &note.there {
            Some(id) => match self.rewrite(id, &comment, note.agreed.as_deref()).await? {
                Ok((made, is_as_before)) => {
                    is_needless = is_as_before && self.entry.tries == 0;
                    made
                }
                Err(ended) => return Ok(ended),
            },
            // It may have been made by an earlier try whose answer was lost.
            None if self.entry.tries > 0 || note.removed.is_some() => {
                match self.client.object::<Note>(NOTE, &self.entry.object).await? {
                    Some(made) if made.comment != comment => self.comment(&made.id, &comment).await?,
                    other => other,
                }
            }
            None => None,
        };
        let made = match made {
            Some(made) => made,
            None if note.is_elsewhere => {
                let reason = "the note is in the Nautobot that was configured before, and is changed there once that is \
                              again: drop this if it never is";
                return Ok(Ended::absent(State::Waiting, reason.to_owned()));
            }
            None if note.removed.is_some() => return self.nothing_to_send().await,
            None => {
                let known = self.known().await?;
                let record = match &known.id {
                    Some(id) => Some(id.clone()),
                    None => self.record(&known).await?.map(|record| record.id),
                };
                let Some(record) = record else { return Ok(self.unknown_there(&known)) };
                if let Some(ended) = self.another(&record).await? {
                    return Ok(ended);
                }
                match self.make_note(&record, &note, &comment).await {
                    // Deleted since it was last read.
                    Err(Error::Refused { .. }) if !self.is_there(&record).await? => {
                        return Ok(self.unknown_there(&known));
                    }
                    made => made?,
                }
            }
        };
        let entry = self.entry.clone();
        self.store
            .write(move |connection| {
                mirror::notes(connection, setting::progress(connection)?.round, std::slice::from_ref(&made))?;
                connection
                    .prepare_cached("UPDATE nautobot_note SET note = ?2, agreed = comment WHERE id = ?1")?
                    .execute((&made.id, key))?;
                outbox::sent(connection, &entry)
            })
            .await?;
        Ok(if is_needless { Ended::Needless } else { Ended::Done })
    }

    /// Whether a maintenance is there now.
    async fn is_there(&self, record: &str) -> Result<bool, Error> {
        Ok(self.client.object::<Maintenance>(MAINTENANCE, record).await?.is_some())
    }

    /// Makes a note there.
    async fn make_note(&self, maintenance: &str, note: &Written, comment: &str) -> Result<Note, Error> {
        // A maintenance has no two notes of one title.
        let tail = self.entry.object.get(..8).unwrap_or_default();
        let title = format!("Note by {}, {} UTC ({tail})", note.who, note.at.format("%Y-%m-%d %H:%M:%S"));
        let title: String = title.chars().take(200).collect();
        let body = json!({
            "id": self.entry.object, "maintenance": maintenance, "title": title, "level": "INFO", "comment": comment,
        });
        match self.client.write(Method::POST, NOTE, Some(&body)).await {
            Ok(made) => Note::of(&made).ok_or_else(|| senseless("the note that was made")),
            Err(Error::Refused { what, why }) => {
                let ours = self.client.object::<Note>(NOTE, &self.entry.object).await?;
                ours.ok_or(Error::Refused { what, why })
            }
            Err(error) => Err(error),
        }
    }

    /// Changes what a note says that was written there before, unless somebody has changed it there since; the note, and whether
    /// it said so before.
    async fn rewrite(
        &self,
        id: &str,
        comment: &str,
        agreed: Option<&str>,
    ) -> Result<Result<(Option<Note>, bool), Ended>, Error> {
        let Some(now) = self.client.object::<Note>(NOTE, id).await? else { return Ok(Ok((None, false))) };
        if now.comment == comment {
            return Ok(Ok((Some(now), true)));
        }
        if agreed.is_some_and(|agreed| agreed != now.comment) && !self.entry.anyway {
            let reason = "the note was changed in Nautobot since it was written".to_owned();
            return Ok(Err(Ended::stays(State::Conflict, reason)));
        }
        Ok(Ok((self.comment(id, comment).await?, false)))
    }

    /// Changes what a note says; `None` where somebody has deleted it there.
    async fn comment(&self, id: &str, comment: &str) -> Result<Option<Note>, Error> {
        let body = json!({ "comment": comment });
        match self.client.write(Method::PATCH, &format!("{NOTE}{id}/"), Some(&body)).await {
            Ok(changed) => Note::of(&changed).map(Some).ok_or_else(|| senseless("the note that was changed")),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A note as it is here.
struct Written {
    who: String,
    at: DateTime<Utc>,
    text: String,
    /// Who removed it, and when.
    removed: Option<(String, DateTime<Utc>)>,
    /// Its UUID there,
    there: Option<String>,
    /// and what it said there when it was written.
    agreed: Option<String>,
    /// Whether it is in another Nautobot than the configured one.
    is_elsewhere: bool,
}

/// Looks up a note.
fn written(connection: &Connection, key: NoteKey) -> Result<Option<Written>, crate::store::Error> {
    let mut query = connection.prepare_cached(
        "SELECT n.*, b.id AS there, b.agreed, b.id IS NULL
             AND EXISTS (SELECT 1 FROM nautobot_left_note l WHERE l.note = n.id) AS is_elsewhere
         FROM note n LEFT JOIN nautobot_note b ON b.note = n.id
         WHERE n.id = ?1 ORDER BY b.id LIMIT 1",
    )?;
    let time = |seconds: i64| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    let found = query.query_row([key], |row| {
        let by: Option<String> = row.get("removed_by")?;
        Ok(Written {
            who: row.get("who")?,
            at: time(row.get("at")?),
            text: row.get("text")?,
            removed: by.zip(row.get::<_, Option<i64>>("removed_at")?.map(time)),
            there: row.get("there")?,
            agreed: row.get("agreed")?,
            is_elsewhere: row.get("is_elsewhere")?,
        })
    });
    Ok(found.optional()?)
}

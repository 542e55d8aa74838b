//! How far sources were read, who reads them now, and which of them rest.
//!
//! A source is read by one process at a time: whoever holds its *lease*. It is put off while its holder lives
//! and runs out when that one is stopped or its machine is gone; of a holder on this machine that has died the system
//! knows at once. Bookmarks are written under the lease only. Mails are recorded without asking for it: one that is
//! recorded twice is found to be the same.

use std::path::Path;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, named_params};

use super::sql::opt_from_seconds;
use crate::features::maintenance::model::Outcome;
use crate::features::maintenance::source::Mark;
use crate::process::{Fate, Owner};
use crate::store::Error;

/// Who reads a source, or would like to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Told apart from every other that ever was; see [`Holder::of`].
    pub id: String,
    /// Its process.
    pub owner: Owner,
}

impl Holder {
    /// This process, `process` being told apart from every other, which reads the source with this label.
    #[must_use]
    pub fn of(process: &str, label: &str) -> Self {
        Self { id: format!("{process} {label}"), owner: Owner::of_this_process() }
    }

    /// What it reads where that is something else than `label`: leases are by the name of a source, and two configurations
    /// may give one name to two.
    #[must_use]
    pub fn reads_instead_of(&self, label: &str) -> Option<&str> {
        // As paths: a slash at the end makes no difference.
        self.id.split_once(' ').map(|(_, other)| other).filter(|other| Path::new(other) != Path::new(label))
    }

    /// Whether both are of one process: what begins anew there has the lease of what was before.
    #[must_use]
    pub fn is_of_process_of(&self, other: &Self) -> bool {
        let process = |id: &str| id.split(' ').next().map(str::to_owned);
        process(&self.id) == process(&other.id)
    }
}

/// What came of asking for the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is the asker's until the time that was asked for.
    Ours,
    /// Somebody else has it.
    Of {
        /// Number and host of the process.
        label: String,
    },
    /// The source rests.
    Paused {
        /// Who said so.
        who: String,
        /// When.
        at: DateTime<Utc>,
    },
}

/// What is known of a source beside its mails.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Who reads it, and until when if they do not put it off.
    pub holder: Option<(Holder, DateTime<Utc>)>,
    /// Who let it rest, and when.
    pub paused: Option<(String, DateTime<Utc>)>,
    /// When somebody last wanted it to be looked at, in milliseconds since 1970; 0 for never.
    pub wanted_at: i64,
    /// When it was last read to the end.
    pub complete_at: Option<DateTime<Utc>>,
    /// When that last failed, and why, unless it has gone well since.
    pub failed: Option<(DateTime<Utc>, String)>,
    /// When it is looked at again, as far as its holder knows.
    pub next_at: Option<DateTime<Utc>>,
    /// Mails that were taken from it in all.
    pub received: u64,
    /// Those of them that had not come before.
    pub fresh: u64,
    /// What the source of this name was when that was told; empty where nobody said so.
    pub reads: String,
    /// See [`put_back_at`].
    pub put_back_at: Option<i64>,
}

/// How it went, told with a lease that is put off.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Mails taken since this was last told.
    pub received: u64,
    /// Those of them that had not come before.
    pub fresh: u64,
    /// When it was last read to the end.
    pub complete_at: Option<DateTime<Utc>>,
    /// Why it failed and when; `None` if it did not.
    pub failed: Option<(DateTime<Utc>, String)>,
    /// When it is looked at again.
    pub next_at: Option<DateTime<Utc>>,
    /// The newest wish for a look that this one came after, as [`Known::wanted_at`].
    pub wanted_at: i64,
}

impl Known {
    /// Whether its holder has died, is stopped or has not put the lease off, so that another may have it.
    fn is_free(&self, now: DateTime<Utc>) -> bool {
        let is_idle = |holder: &Holder| holder.owner.fate() == Fate::Dead || holder.owner.is_stopped();
        self.holder.as_ref().is_none_or(|(holder, until)| *until <= now || is_idle(holder))
    }

    /// Who reads it now.
    #[must_use]
    pub fn reader(&self, now: DateTime<Utc>) -> Option<&Holder> {
        self.holder.as_ref().filter(|_| !self.is_free(now)).map(|(holder, _)| holder)
    }
}

/// Bookmarks of a folder that are kept, one for each of the settings under which it was read last.
const MARKS: usize = 8;

/// How far a folder was read under the settings that are called `wanted`; where it was not, how far it was under those that
/// it was read under last.
pub fn bookmark(connection: &Connection, (source, folder): (&str, &str), wanted: &str) -> Result<Option<Mark>, Error> {
    let marks = marks(connection, (source, folder))?;
    let current = marks.iter().find(|(of, _)| of == wanted);
    let mark = current.or_else(|| marks.last());
    Ok(mark.map(|(_, text)| Mark { text: text.clone(), is_current: current.is_some() }))
}

/// Puts a bookmark, unless somebody else holds the lease of `name` by now; answers whether it was put.
pub fn put_bookmark(
    connection: &Connection,
    (name, holder): (&str, &str),
    (source, folder): (&str, &str),
    (wanted, bookmark): (&str, &str),
) -> Result<bool, Error> {
    let mut marks = marks(connection, (source, folder))?;
    marks.retain(|(of, _)| of != wanted);
    marks.push((wanted.to_owned(), bookmark.to_owned()));
    marks.drain(..marks.len().saturating_sub(MARKS));
    let mut put = connection.prepare_cached(
        "INSERT OR REPLACE INTO source_bookmark (source, folder, bookmark) SELECT ?1, ?2, ?3
         WHERE EXISTS (SELECT 1 FROM source_state WHERE name = ?4 AND holder = ?5)",
    )?;
    let marks = serde_json::to_string(&marks).unwrap_or_default();
    Ok(put.execute([source, folder, &marks, name, holder])? > 0)
}

/// The bookmarks of a folder with the names of their settings, the one that was put last at the end.
fn marks(connection: &Connection, (source, folder): (&str, &str)) -> Result<Vec<(String, String)>, Error> {
    let mut query =
        connection.prepare_cached("SELECT bookmark FROM source_bookmark WHERE source = ?1 AND folder = ?2")?;
    let kept: Option<String> = query.query_row([source, folder], |row| row.get(0)).optional()?;
    // One from before there were several was put under settings that nobody knows.
    Ok(kept.map_or_else(Vec::new, |kept| serde_json::from_str(&kept).unwrap_or_else(|_| vec![(String::new(), kept)])))
}

/// What is known of the source called `name`.
pub fn known(connection: &Connection, name: &str) -> Result<Known, Error> {
    let mut query = connection.prepare_cached(
        "SELECT holder, held_until, owner_host, owner_boot, owner_pid, owner_start, paused_by, paused_at, wanted_at,
                complete_at, failed_at, failure, next_at, received, fresh, reads
         FROM source_state WHERE name = ?1",
    )?;
    let known = query.query_row([name], |row| {
        let owner = Owner { host: row.get(2)?, boot: row.get(3)?, pid: row.get(4)?, start: row.get(5)? };
        let holder: Option<String> = row.get(0)?;
        let until = opt_from_seconds(row.get(1)?);
        let (who, at): (Option<String>, _) = (row.get(6)?, opt_from_seconds(row.get(7)?));
        let failure: String = row.get(11)?;
        Ok(Known {
            holder: holder.zip(until).map(|(id, until)| (Holder { id, owner }, until)),
            paused: who.zip(at),
            wanted_at: row.get(8)?,
            complete_at: opt_from_seconds(row.get(9)?),
            failed: opt_from_seconds(row.get(10)?).map(|at| (at, failure)),
            next_at: opt_from_seconds(row.get(12)?),
            received: row.get::<_, i64>(13)?.try_into().unwrap_or_default(),
            fresh: row.get::<_, i64>(14)?.try_into().unwrap_or_default(),
            reads: row.get(15)?,
            put_back_at: None,
        })
    });
    Ok(Known { put_back_at: put_back_at(connection)?, ..known.optional()?.unwrap_or_default() })
}

/// The same of the source that stands in the store under `label`: how another one went that had this name before says nothing
/// of it.
pub fn known_of(connection: &Connection, name: &str, label: &str) -> Result<Known, Error> {
    let known = known(connection, name)?;
    if is_same(&known.reads, label) {
        return Ok(known);
    }
    Ok(Known { complete_at: None, failed: None, next_at: None, received: 0, fresh: 0, ..known })
}

/// Whether what is known is of this source; as paths: a slash at the end makes no difference.
fn is_same(reads: &str, label: &str) -> bool {
    reads.is_empty() || Path::new(reads) == Path::new(label)
}

/// When a backup last took the place of what was here, in milliseconds since 1970. Whoever reads a source begins anew when
/// this has changed: mails that were recorded since the backup was made are not recorded any more.
pub fn put_back_at(connection: &Connection) -> Result<Option<i64>, Error> {
    Ok(connection.prepare_cached("SELECT at FROM put_back")?.query_row([], |row| row.get(0)).optional()?)
}

/// Makes a backup what processes may go on with: nobody reads a source by its word, and whoever does learns of it.
pub fn put_back(connection: &Connection, at: DateTime<Utc>) -> Result<(), Error> {
    connection.execute("UPDATE source_state SET holder = NULL, held_until = NULL, next_at = NULL", [])?;
    connection.execute("INSERT OR REPLACE INTO put_back (only, at) VALUES (1, ?1)", [at.timestamp_millis()])?;
    Ok(())
}

/// Some of the mails of a source of which it was not told what became of them: the item, the outcome, and the one that it
/// was told before.
pub fn untold(
    connection: &Connection,
    source: &str,
    most: usize,
) -> Result<Vec<(String, Outcome, Option<String>)>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT i.item, n.outcome, i.told FROM source_item i JOIN notification n ON n.id = i.notification
         WHERE i.source = ?1 AND i.told IS NOT n.outcome LIMIT ?2",
    )?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = query.query_map((source, most), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A source was told what became of these.
pub fn told(connection: &Connection, source: &str, items: &[(String, &'static str)]) -> Result<(), Error> {
    let mut update = connection.prepare_cached("UPDATE source_item SET told = ?3 WHERE source = ?1 AND item = ?2")?;
    for (item, outcome) in items {
        update.execute((source, item, outcome))?;
    }
    Ok(())
}

/// What became of the mails that a source has handed over, by outcome; of those that are still kept. One that stands in
/// several folders is one mail, as in [`mails`].
pub fn outcomes(connection: &Connection, source: &str) -> Result<Vec<(Outcome, u64)>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT n.outcome, count(DISTINCT n.id) FROM source_item i JOIN notification n ON n.id = i.notification
         WHERE i.source = ?1 GROUP BY n.outcome ORDER BY n.outcome",
    )?;
    let rows = query.query_map([source], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?;
    let rows = rows.collect::<rusqlite::Result<Vec<(Outcome, i64)>>>()?;
    Ok(rows.into_iter().map(|(outcome, mails)| (outcome, u64::try_from(mails).unwrap_or_default())).collect())
}

/// How many mails have come from a source. One that came again, under another name or in another folder, is the same mail.
pub fn mails(connection: &Connection, source: &str) -> Result<u64, Error> {
    let mut query = connection.prepare_cached("SELECT count(DISTINCT notification) + coalesce(sum(notification IS NULL), 0) FROM source_item WHERE source = ?1")?;
    Ok(query.query_row([source], |row| row.get::<_, i64>(0))?.try_into().unwrap_or_default())
}

/// Asks for the lease of `name` until `until`, or puts it off.
pub fn claim(
    connection: &Connection,
    name: &str,
    holder: &Holder,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Claim, Error> {
    let known = known(connection, name)?;
    if let Some((who, at)) = known.paused {
        return Ok(Claim::Paused { who, at });
    }
    if let Some(other) = known.reader(now).filter(|other| !other.is_of_process_of(holder)) {
        return Ok(Claim::Of { label: other.owner.label() });
    }
    make(connection, name)?;
    let reads = holder.id.split_once(' ').map_or("", |(_, label)| label);
    if !reads.is_empty() && known.reads != reads {
        let is_another = !is_same(&known.reads, reads);
        connection
            .prepare_cached(
                "UPDATE source_state SET reads = ?2, complete_at = CASE WHEN ?3 THEN NULL ELSE complete_at END,
                     failed_at = CASE WHEN ?3 THEN NULL ELSE failed_at END WHERE name = ?1",
            )?
            .execute((name, reads, is_another))?;
    }
    let mut update = connection.prepare_cached(
        "UPDATE source_state SET holder = :holder, held_until = :until, owner_host = :host, owner_boot = :boot,
             owner_pid = :pid, owner_start = :start WHERE name = :name",
    )?;
    update.execute(named_params! {
        ":name": name, ":holder": holder.id, ":until": until.timestamp(), ":host": holder.owner.host,
        ":boot": holder.owner.boot, ":pid": holder.owner.pid, ":start": holder.owner.start,
    })?;
    Ok(Claim::Ours)
}

/// Tells how it went, if the lease is still `holder`'s. A look that somebody wants by now and that was not taken leaves when
/// the source was complete as it is.
pub fn tell(connection: &Connection, name: &str, holder: &str, told: &Progress) -> Result<(), Error> {
    let mut update = connection.prepare_cached(
        "UPDATE source_state SET received = received + :received, fresh = fresh + :fresh,
             complete_at = CASE WHEN wanted_at <= :wanted THEN coalesce(:complete, complete_at) ELSE complete_at END,
             failed_at = :failed, failure = :failure, next_at = :next WHERE name = :name AND holder = :holder",
    )?;
    update.execute(named_params! {
        ":name": name, ":holder": holder, ":received": i64::try_from(told.received).unwrap_or(i64::MAX),
        ":fresh": i64::try_from(told.fresh).unwrap_or(i64::MAX),
        ":complete": told.complete_at.map(|at| at.timestamp()),
        ":failed": told.failed.as_ref().map(|(at, _)| at.timestamp()),
        ":failure": told.failed.as_ref().map_or("", |(_, why)| why),
        ":next": told.next_at.map(|at| at.timestamp()), ":wanted": told.wanted_at,
    })?;
    Ok(())
}

/// Gives the lease back.
pub fn release(connection: &Connection, name: &str, holder: &str) -> Result<(), Error> {
    let mut update = connection.prepare_cached(
        "UPDATE source_state SET holder = NULL, held_until = NULL, next_at = NULL WHERE name = ?1 AND holder = ?2",
    )?;
    update.execute([name, holder])?;
    Ok(())
}

/// Lets a source rest; whoever reads it stops.
pub fn pause(connection: &Connection, name: &str, who: &str, at: DateTime<Utc>) -> Result<(), Error> {
    make(connection, name)?;
    let mut update =
        connection.prepare_cached("UPDATE source_state SET paused_by = ?2, paused_at = ?3 WHERE name = ?1")?;
    update.execute((name, who, at.timestamp()))?;
    Ok(())
}

/// Lets a source be read again; answers whether it rested.
pub fn resume(connection: &Connection, name: &str) -> Result<bool, Error> {
    let mut update = connection.prepare_cached(
        "UPDATE source_state SET paused_by = NULL, paused_at = NULL WHERE name = ?1 AND paused_by IS NOT NULL",
    )?;
    Ok(update.execute([name])? > 0)
}

/// Asks whoever reads a source to look now.
pub fn want(connection: &Connection, name: &str, at: DateTime<Utc>) -> Result<(), Error> {
    make(connection, name)?;
    let mut update =
        connection.prepare_cached("UPDATE source_state SET wanted_at = max(wanted_at + 1, ?2) WHERE name = ?1")?;
    update.execute((name, at.timestamp_millis()))?;
    Ok(())
}

/// As [`want`], for somebody who waits until it was looked: how it was before. What is told of a look after that has other
/// times. `None`, and nothing is asked, in the second in which something was told: times are kept in seconds.
pub fn ask(connection: &Connection, name: &str, at: DateTime<Utc>) -> Result<Option<Known>, Error> {
    let known = known(connection, name)?;
    let told_at = [known.complete_at, known.failed.as_ref().map(|(at, _)| *at)];
    if told_at.into_iter().flatten().any(|told| told.timestamp() == at.timestamp()) {
        return Ok(None);
    }
    want(connection, name, at)?;
    Ok(Some(known))
}

/// Makes the row of a source.
fn make(connection: &Connection, name: &str) -> Result<(), Error> {
    connection.prepare_cached("INSERT OR IGNORE INTO source_state (name) VALUES (?1)")?.execute([name])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;
    use crate::features::maintenance::store::testing::{empty, hour};

    fn holder(id: &str) -> Holder {
        Holder { id: id.to_owned(), owner: Owner::of_this_process() }
    }

    #[test]
    fn one_has_the_lease_until_it_runs_out_or_is_given_back() {
        let c = empty();
        let (one, other) = (holder("1"), holder("2"));
        assert_eq!(claim(&c, "noc", &one, hour(0), hour(1)).unwrap(), Claim::Ours);
        let Claim::Of { label } = claim(&c, "noc", &other, hour(0), hour(1)).unwrap() else { panic!("it is held") };
        assert!(label.starts_with(&format!("process {}", std::process::id())), "{label}");
        assert_eq!(claim(&c, "another", &other, hour(0), hour(1)).unwrap(), Claim::Ours);
        // Put off, run out, and given back.
        assert_eq!(claim(&c, "noc", &one, hour(1), hour(2)).unwrap(), Claim::Ours);
        assert!(matches!(claim(&c, "noc", &other, hour(1), hour(2)).unwrap(), Claim::Of { .. }));
        assert_eq!(claim(&c, "noc", &other, hour(2), hour(3)).unwrap(), Claim::Ours);
        release(&c, "noc", "1").unwrap();
        assert!(matches!(claim(&c, "noc", &one, hour(2), hour(3)).unwrap(), Claim::Of { .. }), "it was the other's");
        release(&c, "noc", "2").unwrap();
        assert_eq!(claim(&c, "noc", &one, hour(2), hour(3)).unwrap(), Claim::Ours);
    }

    #[test]
    fn the_lease_of_a_process_that_died_is_free_at_once() {
        let c = empty();
        let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let dying = Holder { id: "1".to_owned(), owner: Owner::of_process(child.id()) };
        assert_eq!(claim(&c, "noc", &dying, hour(0), hour(9)).unwrap(), Claim::Ours);
        assert!(matches!(claim(&c, "noc", &holder("2"), hour(0), hour(9)).unwrap(), Claim::Of { .. }));
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(claim(&c, "noc", &holder("2"), hour(0), hour(9)).unwrap(), Claim::Ours);
    }

    #[test]
    fn a_bookmark_is_put_by_whoever_has_the_lease_and_by_nobody_else() {
        let c = empty();
        let put = |holder, text| put_bookmark(&c, ("noc", holder), ("imap", "INBOX"), ("all", text)).unwrap();
        assert!(!put("1", "a"));
        claim(&c, "noc", &holder("1"), hour(0), hour(1)).unwrap();
        assert!(put("1", "a"));
        claim(&c, "noc", &holder("2"), hour(1), hour(2)).unwrap();
        assert!(!put("1", "b"), "its lease ran out meanwhile");
        let kept = |folder| bookmark(&c, ("imap", folder), "all").unwrap().map(|mark| mark.text);
        assert_eq!((kept("INBOX").as_deref(), kept("Other")), (Some("a"), None));
    }

    #[test]
    fn a_bookmark_is_of_the_settings_under_which_it_was_put() {
        let c = empty();
        claim(&c, "noc", &holder("1"), hour(0), hour(1)).unwrap();
        let put = |wanted: &str, text| {
            put_bookmark(&c, ("noc", "1"), ("imap", "INBOX"), (wanted, text)).unwrap();
        };
        let kept = |wanted| {
            let mark = bookmark(&c, ("imap", "INBOX"), wanted).unwrap().unwrap();
            (mark.text, mark.is_current)
        };
        c.execute("INSERT INTO source_bookmark VALUES ('imap', 'INBOX', 'history 1')", []).unwrap();
        assert_eq!(kept("one"), ("history 1".to_owned(), false));
        put("one", "a");
        put("other", "b");
        assert_eq!((kept("one"), kept("other")), (("a".to_owned(), true), ("b".to_owned(), true)));
        put("one", "c");
        assert_eq!((kept("one"), kept("third")), (("c".to_owned(), true), ("c".to_owned(), false)));
        for n in 0..20 {
            put(&n.to_string(), "x");
        }
        assert_eq!(marks(&c, ("imap", "INBOX")).unwrap().len(), MARKS);
    }

    #[test]
    fn a_source_that_rests_is_nobodys_and_remembers_how_it_went() {
        let c = empty();
        claim(&c, "noc", &holder("1"), hour(0), hour(1)).unwrap();
        let told = Progress { received: 3, complete_at: Some(hour(0)), ..Progress::default() };
        tell(&c, "noc", "1", &told).unwrap();
        let failed = Some((hour(1), "no answer".to_owned()));
        tell(&c, "noc", "1", &Progress { received: 2, failed: failed.clone(), ..Progress::default() }).unwrap();
        tell(&c, "noc", "2", &told).unwrap();
        pause(&c, "noc", "anna", hour(1)).unwrap();
        let paused = Claim::Paused { who: "anna".to_owned(), at: hour(1) };
        assert_eq!(claim(&c, "noc", &holder("1"), hour(0), hour(1)).unwrap(), paused);
        let known = known(&c, "noc").unwrap();
        assert_eq!((known.received, known.complete_at, known.failed), (5, Some(hour(0)), failed));
        assert!(resume(&c, "noc").unwrap() && !resume(&c, "noc").unwrap());
        assert_eq!(claim(&c, "noc", &holder("1"), hour(0), hour(1)).unwrap(), Claim::Ours);
    }

    #[test]
    fn how_a_source_went_says_nothing_of_another_one_that_has_its_name_now() {
        let c = empty();
        let known = |label: &str| known_of(&c, "noc", label).unwrap();
        let read = |label: &str| {
            let holder = Holder::of("1", label);
            claim(&c, "noc", &holder, hour(0), hour(1)).unwrap();
            let told = Progress { received: 3, fresh: 1, complete_at: Some(hour(0)), ..Progress::default() };
            tell(&c, "noc", &holder.id, &told).unwrap();
            release(&c, "noc", &holder.id).unwrap();
        };
        read("maildir /old");
        assert_eq!((known("maildir /old/").complete_at, known("maildir /old").fresh), (Some(hour(0)), 1));
        let new = known("maildir /new");
        assert_eq!((new.complete_at, new.received, new.fresh), (None, 0, 0));
        // Nor when it is read and not at its end.
        let holder = Holder::of("1", "maildir /new");
        claim(&c, "noc", &holder, hour(0), hour(1)).unwrap();
        assert_eq!(known("maildir /new").complete_at, None);
        read("maildir /new");
        assert_eq!(known("maildir /new").complete_at, Some(hour(0)));
    }

    #[test]
    fn a_mail_in_two_folders_is_one_of_those_that_came() {
        let c = empty();
        c.execute_batch(
            "INSERT INTO notification (id, source, item, received_at, sender, subject, outcome, reason, size, kept,
                 whole_hash, body_hash) VALUES (1, 'imap', 'A/1/1', 0, '', '', 'parsed', '', 0, 0, x'00', x'00');
             INSERT INTO source_item (source, item, notification) VALUES ('imap', 'A/1/1', 1), ('imap', 'B/1/7', 1);",
        )
        .unwrap();
        assert_eq!((mails(&c, "imap").unwrap(), outcomes(&c, "imap").unwrap()), (1, vec![(Outcome::Parsed, 1)]));
    }

    #[test]
    fn every_wish_for_a_look_is_another_one() {
        let c = empty();
        want(&c, "noc", hour(0)).unwrap();
        let first = known(&c, "noc").unwrap().wanted_at;
        want(&c, "noc", hour(0)).unwrap();
        assert!(known(&c, "noc").unwrap().wanted_at > first && first == hour(0).timestamp_millis());
    }

    #[test]
    fn what_is_told_after_a_wish_is_of_a_look_after_it() {
        let c = empty();
        claim(&c, "noc", &holder("1"), hour(0), hour(9)).unwrap();
        let tell_at = |at, wanted_at| {
            tell(&c, "noc", "1", &Progress { complete_at: Some(at), wanted_at, ..Progress::default() }).unwrap();
            known(&c, "noc").unwrap().complete_at
        };
        assert_eq!(tell_at(hour(1), 0), Some(hour(1)));
        assert_eq!(ask(&c, "noc", hour(1)).unwrap(), None, "a look in the same second could not be told from this one");
        let before = ask(&c, "noc", hour(2)).unwrap().unwrap();
        assert_eq!(before.complete_at, Some(hour(1)));
        assert_eq!(tell_at(hour(3), before.wanted_at), Some(hour(1)), "who told this had not heard of the wish");
        assert_eq!(tell_at(hour(3), hour(2).timestamp_millis()), Some(hour(3)));
    }
}

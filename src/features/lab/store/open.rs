//! Actions of which nobody heard what became of them: their process was killed, or no answer came and the list could not be
//! read. What the gateway lists later settles them.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, named_params};

use super::{MENDED, TIDIED, owner_of, wanted_of};
use crate::features::lab::model::{Forward, Snapshot, Wanted};
use crate::process::{Fate, Owner};
use crate::store::Error;

/// Of an action without a process, which an earlier version wrote, nobody waits for an answer this long.
const LONGEST: TimeDelta = TimeDelta::hours(1);
/// So long after an answer did not come, what was asked for may still be on its way to the gateway.
const SETTLES: TimeDelta = TimeDelta::minutes(2);

/// What became of an action, as the list tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A deletion was carried out: what it was.
    Deleted(Forward),
    /// A deletion was not.
    StillThere(Forward),
    /// A deletion was not, and another one was, later.
    DeletedLater(Forward),
    /// Something was made.
    Made(Forward),
    /// Something was made, and was deleted from here since.
    MadeAndDeleted(Forward),
    /// Nothing was made that is there, and this one leads to the same place, which is known to have been made otherwise.
    Another(Forward),
    /// Nothing was made.
    NotMade(Wanted),
}

impl Found {
    /// In a sentence, with what can be done about it in the places for keys: `deleting web01 22 on 50064 was cut off: it is
    /// gone`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Deleted(forward) => {
                format!("deleting {} on {} was cut off: it is gone", forward.title(), forward.port)
            }
            Self::StillThere(forward) => {
                format!("deleting {} on {} was cut off: it is still there", forward.title(), forward.port)
            }
            Self::DeletedLater(forward) => format!(
                "deleting {} on {} was cut off: it was still there, and was deleted later",
                forward.title(),
                forward.port
            ),
            Self::MadeAndDeleted(forward) => format!(
                "making a forward to {} was cut off: it was there, on {}, and was deleted since",
                forward.title(),
                forward.port
            ),
            Self::Made(forward) => {
                format!("making a forward to {} was cut off: it is there, on {}", forward.title(), forward.port)
            }
            Self::Another(forward) => {
                let (title, port) = (forward.title(), forward.port);
                format!(
                    "making a forward to {title} was cut off: nothing of it is there; the one on {port} was made otherwise"
                )
            }
            Self::NotMade(wanted) => format!("making a forward to {} was cut off: there is none", wanted.title()),
        }
    }
}

/// An action as it was written down.
struct Open {
    id: i64,
    at: DateTime<Utc>,
    is_removal: bool,
    wanted: Wanted,
    port: Option<u16>,
    text: String,
    owner: Option<Owner>,
    /// When it was given up, where its process has done so.
    given_up: Option<DateTime<Utc>>,
}

impl Open {
    /// Whether nobody waits for an answer to it any more, as of the time of a list.
    fn is_given_up(&self, now: DateTime<Utc>) -> bool {
        match (&self.given_up, &self.owner) {
            // An older list says nothing of it.
            (Some(given_up), _) => *given_up <= now,
            (None, Some(owner)) => owner.fate() == Fate::Dead,
            (None, None) => now - self.at >= LONGEST,
        }
    }

    /// Whether it is not going to be carried out any more, if it was not yet.
    fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.given_up.is_none_or(|given_up| now - given_up >= SETTLES)
    }

    /// What the list says of it; `None` where it says nothing yet. That something was done is seen in the first list that has
    /// it; that it was not, only when it cannot be done any more. What is dead was not made then: the gateway's firewall would
    /// lead it on.
    fn found(&self, snapshot: &Snapshot, known: &Known<'_>, now: DateTime<Utc>) -> Result<Option<Found>, Error> {
        let listed = &snapshot.forwards;
        if let Some(port) = self.port.filter(|_| self.is_removal) {
            let forward = self.wanted.on(port);
            return Ok(if listed.contains(&forward) {
                self.is_over(now).then_some(Found::StillThere(forward))
            } else if known.deleted_later(&self.wanted, self.id)?.contains(&port) {
                // Whoever asked for that had seen it.
                Some(Found::DeletedLater(forward))
            } else {
                Some(Found::Deleted(forward))
            });
        }
        let place = |forward: &&Forward| forward.is_for(&self.wanted) && !snapshot.is_dead(forward);
        let mut another = None;
        for forward in listed.iter().filter(place) {
            if !known.is_made_otherwise(forward, self.id, Which::Listed)? {
                return Ok(Some(Found::Made(forward.clone())));
            }
            another.get_or_insert(forward);
        }
        for port in known.deleted_later(&self.wanted, self.id)? {
            let gone = self.wanted.on(port);
            if !known.is_made_otherwise(&gone, self.id, Which::Gone)? {
                return Ok(Some(Found::MadeAndDeleted(gone)));
            }
        }
        if !self.is_over(now) {
            return Ok(None);
        }
        Ok(Some(another.map_or(Found::NotMade(self.wanted.clone()), |forward| Found::Another(forward.clone()))))
    }
}

/// What is known of the actions that were heard of.
struct Known<'c> {
    connection: &'c Connection,
    server: &'c str,
}

impl Known<'_> {
    /// The ports from which forwards to this place were deleted by actions after `id`, or were to be: what they were about was
    /// in the list then.
    fn deleted_later(&self, wanted: &Wanted, id: i64) -> Result<Vec<u16>, Error> {
        let mut query = self.connection.prepare_cached(
            "SELECT port FROM lab_action INDEXED BY lab_action_of
             WHERE server = ?1 AND name = ?2 AND address = ?3 AND target = ?4 AND id > ?5 AND what = 'remove'
               AND result IN ('ok', 'unknown') AND port IS NOT NULL ORDER BY id",
        )?;
        let Wanted { name, address, target, .. } = wanted;
        let ports = query.query_map((self.server, name, address, target, id), |row| row.get(0))?;
        Ok(ports.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether a forward is known to have been made by another action than `id`. Who only found it says nothing of who made it.
    fn is_made_otherwise(&self, forward: &Forward, id: i64, which: Which) -> Result<bool, Error> {
        // One that is there was made last; one that is gone was there only after it was asked for, or that had found it.
        let query = match which {
            Which::Listed => {
                "SELECT what = 'add' FROM lab_action INDEXED BY lab_action_of
                 WHERE server = ?1 AND name = ?2 AND address = ?3 AND target = ?4 AND port = ?5 AND id <> ?6 AND result = 'ok'
                 ORDER BY id DESC LIMIT 1"
            }
            Which::Gone => {
                "SELECT 1 FROM lab_action INDEXED BY lab_action_of
                 WHERE server = ?1 AND name = ?2 AND address = ?3 AND target = ?4 AND port = ?5 AND id > ?6 AND result = 'ok'
                   AND what = 'add' LIMIT 1"
            }
        };
        let Forward { port, name, address, target, .. } = forward;
        let mut query = self.connection.prepare_cached(query)?;
        let found = query.query_row((self.server, name, address, target, port, id), |row| row.get(0)).optional()?;
        Ok(found.unwrap_or(false))
    }
}

/// Of which forward it is asked who made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    /// Of one that is there.
    Listed,
    /// Of one that was deleted since.
    Gone,
}

/// Settles by what the gateway lists as of `at` whatever nobody hears of any more, and tells it; the newest last.
pub fn settle_open(
    connection: &Connection,
    server: &str,
    snapshot: &Snapshot,
    at: DateTime<Utc>,
) -> Result<Vec<Found>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT id, at, what, name, component, address, target, port, result_text, settled_at,
                owner_host, owner_boot, owner_pid, owner_start
         FROM lab_action WHERE server = ?1 AND result IN ('requested', 'unknown') ORDER BY id",
    )?;
    let time = |seconds: i64| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    let rows = query.query_map([server], |row| {
        let wanted = wanted_of(row)?;
        let owner = owner_of(row)?;
        Ok(Open {
            id: row.get("id")?,
            at: time(row.get("at")?),
            is_removal: row.get::<_, String>("what")? == "remove",
            wanted,
            port: row.get("port")?,
            text: row.get("result_text")?,
            owner,
            given_up: row.get::<_, Option<i64>>("settled_at")?.map(time),
        })
    })?;
    let mut told = Vec::new();
    for open in rows.collect::<rusqlite::Result<Vec<_>>>()? {
        if !open.is_given_up(at) {
            continue;
        }
        let (id, before) = (open.id, open.text.clone());
        let is_given_up = open.given_up.is_some();
        let Some(found) = open.found(snapshot, &Known { connection, server }, at)? else { continue };
        let (result, port) = match &found {
            Found::Deleted(forward) | Found::Made(forward) | Found::MadeAndDeleted(forward) => {
                ("ok", Some(forward.port))
            }
            Found::StillThere(_) | Found::DeletedLater(_) | Found::Another(_) | Found::NotMade(_) => ("failed", None),
        };
        // What was written before it was sent says what it was for; a reason for giving up says nothing any more.
        let text =
            if before.is_empty() || is_given_up { "no answer was heard; the list told".to_owned() } else { before };
        connection
            .prepare_cached(
                "UPDATE lab_action SET result = :result, result_text = :text, port = coalesce(:port, port), settled_at = :at
                 WHERE id = :id AND result IN ('requested', 'unknown')",
            )?
            .execute(named_params! {":result": result, ":text": text, ":port": port, ":at": at.timestamp(), ":id": id})?;
        // That a connection is over and its forward is gone needs no telling, and nobody wants back what was dead.
        let is_wanted = text != TIDIED && !(text.starts_with(MENDED) && matches!(found, Found::Deleted(_)));
        if is_wanted {
            told.push(found);
        }
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::lab::store::{Asked, Came, actions, adding, begin, deleted, removing, settle};

    fn forward(port: u16, name: &str) -> Forward {
        let (name, component, address) = (name.to_owned(), "CentOS".to_owned(), "192.168.1.20".to_owned());
        Forward { port, name, component, address, target: 22 }
    }

    fn listing<const N: usize>(forwards: [Forward; N]) -> Snapshot {
        Snapshot { forwards: forwards.into(), ..Snapshot::default() }
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_220_000 + seconds, 0).unwrap()
    }

    #[test]
    fn what_a_dead_process_never_heard_of_is_settled_by_the_list() {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::features::open_store(dir.path()).unwrap();
        let ours = Owner::of_this_process();
        let dead = Owner { start: "another time".to_owned(), ..ours.clone() };
        let listed = listing([forward(50_002, "stays"), forward(50_003, "made"), forward(50_009, "running")]);
        let (told, after, words) = store
            .write_blocking(move |c| {
                let remove = |port, name: &str| removing("anna", "training", "s", &forward(port, name));
                let add = |name: &str| adding("anna", "training", "s", &forward(0, name).wanted());
                begin(c, &remove(50_001, "gone"), &dead, at(0))?;
                begin(c, &remove(50_002, "stays"), &dead, at(0))?;
                begin(c, &add("made"), &dead, at(0))?;
                begin(c, &add("never"), &dead, at(0))?;
                for (port, text) in [(50_005, TIDIED), (50_008, "in the gateway's shell: x")] {
                    begin(c, &Asked { text: text.to_owned(), ..remove(port, "dead") }, &dead, at(0))?;
                }
                // Somebody waits for the answer to this one, and of the other the list is no older than the question.
                begin(c, &remove(50_006, "asked"), &ours, at(0))?;
                let late = begin(c, &remove(50_007, "late"), &ours, at(0))?;
                settle(c, late, (Came::Unknown, "no answer"), None, at(10))?;
                let told = settle_open(c, "s", &listed, at(20))?;
                let after = settle_open(c, "s", &listed, at(300))?;
                let result = |name: &str| Ok::<_, Error>(actions(c, "s", name, 1)?.remove(0).result);
                let words = [result("gone")?, result("stays")?, result("made")?, result("never")?, result("asked")?];
                assert_eq!(
                    deleted(c, "s", at(-10), 10)?.iter().map(|it| it.port).collect::<Vec<_>>(),
                    [50_001, 50_007],
                    "what is gone can be made again, and what was for a connection need not be"
                );
                Ok((told, after, words))
            })
            .unwrap();
        let made = forward(50_003, "made");
        assert_eq!(
            told,
            [
                Found::Deleted(forward(50_001, "gone")),
                Found::StillThere(forward(50_002, "stays")),
                Found::Made(made),
                Found::NotMade(forward(0, "never").wanted()),
                // The first list that has it no more tells it.
                Found::Deleted(forward(50_007, "late")),
            ]
        );
        assert_eq!(after, []);
        assert_eq!(words, ["ok", "failed", "ok", "failed", "requested"]);
        assert_eq!(told[0].words(), "deleting gone 22 on 50001 was cut off: it is gone");
    }

    #[test]
    fn an_action_of_before_it_was_known_whose_it_is_is_over_after_a_while() {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::features::open_store(dir.path()).unwrap();
        let told = store.write_blocking(move |c| {
            let asked = removing("anna", "training", "s", &forward(50_001, "old"));
            begin(c, &asked, &Owner::of_this_process(), at(0))?;
            c.execute(
                "UPDATE lab_action SET owner_host = NULL, owner_boot = NULL, owner_pid = NULL, owner_start = NULL",
                [],
            )?;
            Ok((settle_open(c, "s", &listing([]), at(3_599))?, settle_open(c, "s", &listing([]), at(3_600))?))
        });
        assert_eq!(told.unwrap(), (vec![], vec![Found::Deleted(forward(50_001, "old"))]));
    }

    #[test]
    fn what_another_action_made_settles_none_that_nobody_heard_of() {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::features::open_store(dir.path()).unwrap();
        let ours = Owner::of_this_process();
        let told = store.write_blocking(move |c| {
            let web01 = || adding("anna", "training", "s", &forward(0, "web01").wanted());
            let lost = begin(c, &web01(), &ours, at(0))?;
            settle(c, lost, (Came::Unknown, "no answer"), None, at(2))?;
            // It had been made, on 50079; that was deleted, and made again.
            let gone = begin(c, &removing("anna", "training", "s", &forward(50_079, "web01")), &ours, at(20))?;
            settle(c, gone, (Came::Ok, ""), None, at(21))?;
            let restored = begin(c, &web01(), &ours, at(30))?;
            settle(c, restored, (Came::Ok, ""), Some(50_093), at(31))?;
            let told = settle_open(c, "s", &listing([forward(50_093, "web01")]), at(300))?;
            // On a port that was another's before.
            let lost = begin(c, &web01(), &ours, at(400))?;
            settle(c, lost, (Came::Unknown, "no answer"), None, at(401))?;
            let listed = listing([forward(50_079, "web01"), forward(50_093, "web01")]);
            Ok((told, settle_open(c, "s", &listed, at(700))?))
        });
        let (told, later) = told.unwrap();
        assert_eq!(told, [Found::MadeAndDeleted(forward(50_079, "web01"))]);
        assert_eq!(later, [Found::Made(forward(50_079, "web01"))]);
        assert!(told[0].words().ends_with("it was there, on 50079, and was deleted since"), "{}", told[0].words());
    }

    #[test]
    fn what_nobody_heard_of_is_settled_by_the_first_list_that_has_it_and_by_nobody_elses_deed() {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::features::open_store(dir.path()).unwrap();
        let ours = Owner::of_this_process();
        let told = store.write_blocking(move |c| {
            let web01 = || adding("anna", "training", "s", &forward(0, "web01").wanted());
            let remove = |port| removing("anna", "training", "s", &forward(port, "web01"));
            let lost = begin(c, &web01(), &ours, at(0))?;
            settle(c, lost, (Came::Unknown, "no answer"), None, at(2))?;
            // Not there so far, and may still come.
            let none = settle_open(c, "s", &listing([]), at(3))?;
            // Somebody who asked again found it there.
            let again = begin(c, &web01(), &ours, at(8))?;
            settle(c, again, (Came::Found, ""), Some(50_073), at(9))?;
            let made = settle_open(c, "s", &listing([forward(50_073, "web01")]), at(10))?;
            // It is asked twice to go, and goes the second time.
            let lost = begin(c, &remove(50_073), &ours, at(20))?;
            settle(c, lost, (Came::Unknown, "no answer"), None, at(22))?;
            let there = settle_open(c, "s", &listing([forward(50_073, "web01")]), at(23))?;
            let gone = begin(c, &remove(50_073), &ours, at(30))?;
            settle(c, gone, (Came::Ok, ""), None, at(31))?;
            let later = settle_open(c, "s", &listing([]), at(32))?;
            Ok((none, made, there, later, deleted(c, "s", at(-10), 10)?.len()))
        });
        let (none, made, there, later, undoable) = told.unwrap();
        assert_eq!((none, there), (vec![], vec![]));
        assert_eq!(made, [Found::Made(forward(50_073, "web01"))]);
        assert_eq!(later, [Found::DeletedLater(forward(50_073, "web01"))]);
        assert_eq!(undoable, 1, "it was deleted once");
    }

    #[test]
    fn what_another_made_in_the_meantime_is_not_taken_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::features::open_store(dir.path()).unwrap();
        let ours = Owner::of_this_process();
        let told = store.write_blocking(move |c| {
            let web01 = || adding("anna", "training", "s", &forward(0, "web01").wanted());
            let lost = begin(c, &web01(), &ours, at(0))?;
            settle(c, lost, (Came::Unknown, "no answer"), None, at(2))?;
            let made = begin(c, &web01(), &ours, at(30))?;
            settle(c, made, (Came::Ok, ""), Some(50_093), at(31))?;
            let listed = listing([forward(50_093, "web01")]);
            Ok((settle_open(c, "s", &listed, at(40))?, settle_open(c, "s", &listed, at(300))?))
        });
        let (early, late) = told.unwrap();
        assert_eq!((early, late.clone()), (vec![], vec![Found::Another(forward(50_093, "web01"))]));
        assert!(late[0].words().ends_with("nothing of it is there; the one on 50093 was made otherwise"));
    }
}

//! Actions of which nobody heard what became of them: their process was killed, or no answer came and the list could not be
//! read. What the gateway lists later settles them.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, named_params};

use super::{MENDED, TIDIED, wanted_of};
use crate::features::lab::model::{Forward, Snapshot, Wanted};
use crate::process::{Fate, Owner};
use crate::store::Error;

/// Of an action without a process, which an earlier version wrote, nobody waits for an answer this long.
const LONGEST: TimeDelta = TimeDelta::hours(1);
/// A list that was asked for within this time of an answer that did not come may be older than what was asked for.
const SETTLES: TimeDelta = TimeDelta::minutes(2);

/// What became of an action, as the list tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A deletion was carried out: what it was.
    Deleted(Forward),
    /// A deletion was not.
    StillThere(Forward),
    /// Something was made.
    Made(Forward),
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
    /// Whether nobody hears an answer to it any more.
    fn is_over(&self, now: DateTime<Utc>) -> bool {
        match (&self.given_up, &self.owner) {
            (Some(given_up), _) => now - *given_up >= SETTLES,
            (None, Some(owner)) => owner.fate() == Fate::Dead,
            (None, None) => now - self.at >= LONGEST,
        }
    }

    /// What the list says of it. What is dead was not made then: the gateway's firewall would lead it on. What another action
    /// is known to have made, or to have found, `is_known`.
    fn found(self, snapshot: &Snapshot, is_known: impl Fn(u16) -> Result<bool, Error>) -> Result<Found, Error> {
        let listed = &snapshot.forwards;
        if let Some(port) = self.port.filter(|_| self.is_removal) {
            let forward = self.wanted.on(port);
            return Ok(if listed.contains(&forward) { Found::StillThere(forward) } else { Found::Deleted(forward) });
        }
        let place = |forward: &&Forward| forward.is_for(&self.wanted) && !snapshot.is_dead(forward);
        let mut another = None;
        for forward in listed.iter().filter(place) {
            if !is_known(forward.port)? {
                return Ok(Found::Made(forward.clone()));
            }
            another.get_or_insert(forward);
        }
        Ok(another.map_or(Found::NotMade(self.wanted.clone()), |forward| Found::Another(forward.clone())))
    }
}

/// Whether the forward on a port is known to be of another action than `id`: the last one about it that came to an end made or
/// found it.
fn is_of_another(connection: &Connection, server: &str, port: u16, id: i64) -> Result<bool, Error> {
    let mut query = connection.prepare_cached(
        "SELECT what = 'add' FROM lab_action WHERE server = ?1 AND port = ?2 AND id <> ?3 AND result IN ('ok', 'found')
         ORDER BY settled_at DESC, id DESC LIMIT 1",
    )?;
    Ok(query.query_row((server, port, id), |row| row.get(0)).optional()?.unwrap_or(false))
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
        let owner = match row.get::<_, Option<String>>("owner_host")? {
            Some(host) => Some(Owner {
                host,
                boot: row.get("owner_boot")?,
                pid: row.get("owner_pid")?,
                start: row.get("owner_start")?,
            }),
            None => None,
        };
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
        if !open.is_over(at) {
            continue;
        }
        let (id, before) = (open.id, open.text.clone());
        let is_given_up = open.given_up.is_some();
        let found = open.found(snapshot, |port| is_of_another(connection, server, port, id))?;
        let (result, port) = match &found {
            Found::Deleted(forward) | Found::Made(forward) => ("ok", Some(forward.port)),
            Found::StillThere(_) | Found::Another(_) | Found::NotMade(_) => ("failed", None),
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
            ]
        );
        assert_eq!(after, [Found::Deleted(forward(50_007, "late"))]);
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
        assert_eq!(told, [Found::Another(forward(50_093, "web01"))]);
        assert_eq!(later, [Found::Made(forward(50_079, "web01"))]);
        assert!(told[0].words().ends_with("nothing of it is there; the one on 50093 was made otherwise"));
    }
}

//! Forwards that are made for connections alone: made, used by several, taken over, removed again.

use std::time::Duration;

use tokio::time::sleep;

use super::{Actor, Change, Outcome, came_of};
use crate::clock;
use crate::features::lab::Error;
use crate::features::lab::client::Ensured;
use crate::features::lab::model::{Forward, Snapshot, Wanted};
use crate::features::lab::store::Came;
use crate::features::lab::store::temporary::{self, Release, Taken};
use crate::process::Owner;
use crate::store::Store;
use crate::trouble::Trouble;

/// Tries to take over a forward that another connection is just removing.
const TRIES: u32 = 50;
/// Between two of them.
const AGAIN: Duration = Duration::from_millis(400);

impl Actor {
    /// Makes a forward for one connection alone; tells as well whether it is to go afterwards, which it is also where another
    /// connection has made it. That it is to go is written down before it is asked for: what ends this process does not make
    /// it stay unnoticed.
    pub async fn make_for_connection(&self, wanted: &Wanted) -> (Outcome, bool) {
        let (lab, server) = (self.lab.clone(), self.client.server().to_owned());
        let noted = wanted.clone();
        let note = move |connection: &rusqlite::Connection| {
            temporary::note(connection, (&lab, &server), &noted, &Owner::of_this_process(), clock::now())
        };
        let id = match self.store.write(note).await {
            Ok(id) => id,
            Err(error) => return (Outcome::Failed { trouble: Trouble::of(&error) }, false),
        };
        let outcome = self.perform(&Change::Add(wanted.clone()), Some(id)).await;
        let port = match &outcome {
            Outcome::Made { forward, .. } => Some(forward.port),
            // Nobody knows: the list will tell whether it was made.
            Outcome::Failed { .. } => return (outcome, false),
            Outcome::Found { .. } | Outcome::Stays { .. } | Outcome::Removed { .. } | Outcome::Mended { .. } => None,
        };
        let known = self.store.write(move |connection| temporary::settle(connection, id, port)).await;
        if let Err(error) = known {
            tracing::warn!(%error, "which forward was made for a connection was not written down");
        }
        let Outcome::Found { forward, .. } = &outcome else { return (outcome, port.is_some()) };
        match self.use_for_connection(forward, true).await {
            Ok(is_temporary) => (outcome, is_temporary),
            Err(trouble) => (Outcome::Failed { trouble }, false),
        }
    }

    /// A connection is going to use a forward that is there: tells whether it goes afterwards, since it was made for another
    /// connection; then whichever ends last removes it. Without `removes` it stays where the other would have removed it.
    pub async fn use_for_connection(&self, forward: &Forward, removes: bool) -> Result<bool, Trouble> {
        let at = (self.lab.clone(), self.client.server().to_owned());
        use_for_connection(&self.store, at, forward, removes).await
    }

    /// A program was started that uses a forward: where that was made for the connection alone, this is told if the program
    /// outlives noctui.
    pub async fn started(&self, forward: &Forward, pid: u32) {
        started(&self.store, self.client.server().to_owned(), forward.port, pid).await;
    }

    /// A forward that was made for a connection stays after all.
    pub async fn keep(&self, forward: &Forward) {
        keep(&self.store, self.client.server().to_owned(), forward.port).await;
    }

    /// Removes what this process has made for connections, as far as no program of theirs runs: it is about to end, and nobody
    /// else would. Returns what came of each.
    pub async fn tidy_up(&self) -> Vec<Outcome> {
        let server = self.client.server().to_owned();
        let ours = move |connection: &rusqlite::Connection| {
            temporary::of_process(connection, &server, &Owner::of_this_process())
        };
        let forwards = self.store.read(ours).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "which forwards were made for connections cannot be read");
            Vec::new()
        });
        let mut outcomes = Vec::new();
        for forward in forwards {
            outcomes.push(self.carry_out(&Change::Tidy(forward)).await);
        }
        outcomes
    }

    /// What came of the end of a connection, where its forward is not to be removed.
    pub(super) async fn stays(&self, forward: &Forward) -> Option<Outcome> {
        let (server, port) = (self.client.server().to_owned(), forward.port);
        let release = move |connection: &rusqlite::Connection| {
            temporary::release(connection, &server, port, &Owner::of_this_process())
        };
        let forward = forward.clone();
        match self.store.write(release).await {
            Ok(Release::Ends) => None,
            Ok(Release::Used(by)) => {
                Some(Outcome::Stays { forward, why: format!("{by} uses it, too, and removes it") })
            }
            Ok(Release::Taken) => match self.client.list().await {
                // Whoever deleted it was told.
                Ok((listed, ..)) if !listed.contains(&forward) => Some(Outcome::Removed { forward }),
                Ok(_) | Err(_) => Some(Outcome::Stays {
                    forward,
                    why: "somebody wants it for longer than this connection".to_owned(),
                }),
            },
            Err(error) => Some(Outcome::Failed { trouble: Trouble::of(&error) }),
        }
    }

    /// Sees to it that there is a forward. With `for_good` it stays, whatever the one that is found was made for.
    pub(super) async fn ensure(&self, wanted: &Wanted, for_good: bool) -> Result<Outcome, (Trouble, Came)> {
        let failed = |error: Error| (Trouble::of(&error), came_of(&error));
        let mut port = 0;
        for _ in 0..TRIES {
            let Ensured { forward, is_made, twin, list } = self.client.ensure(wanted).await.map_err(failed)?;
            self.remember(Snapshot::of_list(list)).await;
            if is_made {
                return Ok(Outcome::Made { forward, twin });
            }
            if !for_good {
                return Ok(Outcome::Found { forward, kept: false });
            }
            port = forward.port;
            let server = self.client.server().to_owned();
            let take = move |connection: &rusqlite::Connection| temporary::take_over(connection, &server, port, false);
            match self.store.write(take).await.map_err(|error| (Trouble::of(&error), Came::Failed))? {
                Taken::Nothing => return Ok(Outcome::Found { forward, kept: false }),
                Taken::Done => return Ok(Outcome::Found { forward, kept: true }),
                Taken::TooLate => sleep(AGAIN).await,
            }
        }
        Err((too_late(port), Came::Failed))
    }
}

/// A connection is going to use a forward of a lab, by its name and its address: see [`Actor::use_for_connection`].
pub(in crate::features::lab) async fn use_for_connection(
    store: &Store,
    (lab, server): (String, String),
    forward: &Forward,
    removes: bool,
) -> Result<bool, Trouble> {
    let used = forward.clone();
    let taken = move |connection: &rusqlite::Connection| {
        if !removes {
            return temporary::take_over(connection, &server, used.port, true);
        }
        temporary::join(connection, (&lab, &server), &used, &Owner::of_this_process(), clock::now())
    };
    match store.write(taken).await.map_err(|error| Trouble::of(&error))? {
        Taken::Nothing => Ok(false),
        Taken::Done => Ok(removes),
        Taken::TooLate => Err(too_late(forward.port)),
    }
}

/// A forward that was made for a connection stays after all.
pub(in crate::features::lab) async fn keep(store: &Store, server: String, port: u16) {
    let kept = store.write(move |connection| temporary::forget(connection, &server, port)).await;
    if let Err(error) = kept {
        tracing::warn!(%error, "that a forward stays was not written down");
    }
}

/// A process of this host uses a forward that a connection of this process was made for, or not: then that is of no interest.
pub(in crate::features::lab) async fn started(store: &Store, server: String, port: u16, pid: u32) {
    let note = move |connection: &rusqlite::Connection| {
        let (owner, program) = (Owner::of_this_process(), Owner::of_process(pid));
        temporary::started(connection, &server, port, (&owner, &program))
    };
    if let Err(error) = store.write(note).await {
        tracing::warn!(%error, "which program uses a forward was not written down");
    }
}

/// Whose forward is wanted while another connection removes it.
fn too_late(port: u16) -> Trouble {
    Trouble::new(&format!("the forward on {port} is just being removed, by a connection that it was made for"))
        .to_do("do the same again: another one is made")
}

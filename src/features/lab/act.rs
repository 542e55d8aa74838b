//! What people do with forwards, from the screen and from the command line: written down before it is sent, done, and its
//! result written down.

use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::client::{Client, Ensured};
use super::model::{Forward, Protocol, Reach, Wanted, component};
use super::probe::{self, Port};
use super::store::{self, Asked, Came};
use crate::clock;
use crate::store::Store;
use crate::trouble::Trouble;

/// How long a forward that was just made may take until something answers behind it.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);
/// Between two tries.
const AGAIN: Duration = Duration::from_millis(400);

/// A change of a lab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// There is to be such a forward.
    Add(Wanted),
    /// This one is to go.
    Remove(Forward),
    /// This one was made for a connection that is over, and is to go.
    Tidy(Forward),
}

impl Change {
    /// What it is about, in a sentence.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Add(wanted) => wanted.title(),
            Self::Remove(forward) | Self::Tidy(forward) => format!("{} on {}", forward.title(), forward.port),
        }
    }
}

/// What came of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum Outcome {
    /// It was made.
    Made {
        /// The forward.
        forward: Forward,
    },
    /// There was one already.
    Found {
        /// The forward.
        forward: Forward,
    },
    /// It is gone.
    Removed {
        /// What it was.
        forward: Forward,
    },
    /// It was not done, or nobody knows.
    Failed {
        /// Why.
        trouble: Trouble,
    },
}

/// Who acts on a lab.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The connection.
    pub client: Client,
    /// Where it is written down.
    pub store: Store,
    /// In whose name.
    pub who: String,
    /// The lab's name.
    pub lab: String,
}

impl Actor {
    /// Carries a change out. Not to be dropped before its end: what was sent was sent.
    pub async fn carry_out(&self, change: &Change) -> Outcome {
        let server = self.client.server();
        let asked = match change {
            Change::Add(wanted) => store::adding(&self.who, &self.lab, server, wanted),
            Change::Remove(forward) | Change::Tidy(forward) => store::removing(&self.who, &self.lab, server, forward),
        };
        let id = match self.begin(asked).await {
            Ok(id) => id,
            Err(trouble) => return Outcome::Failed { trouble },
        };
        let done = match change {
            Change::Add(wanted) => self.client.ensure(wanted).await.map(|ensured| match ensured {
                Ensured::Made(forward) => Outcome::Made { forward },
                Ensured::Found(forward) => Outcome::Found { forward },
            }),
            Change::Remove(forward) | Change::Tidy(forward) => {
                self.client.remove(forward).await.map(|()| Outcome::Removed { forward: forward.clone() })
            }
        };
        let (outcome, came, port) = match done {
            Ok(outcome) => {
                let (came, port) = match &outcome {
                    Outcome::Made { forward } => (Came::Ok, Some(forward.port)),
                    Outcome::Found { forward } => (Came::Found, Some(forward.port)),
                    Outcome::Removed { .. } | Outcome::Failed { .. } => (Came::Ok, None),
                };
                let text = if matches!(change, Change::Tidy(_)) { store::TIDIED } else { "" };
                (outcome, (came, text.to_owned()), port)
            }
            Err(error) => {
                let came = if error.is_outcome_unknown() { Came::Unknown } else { Came::Failed };
                let trouble = Trouble::of(&error);
                let text = trouble.one_line();
                (Outcome::Failed { trouble }, (came, text), None)
            }
        };
        let settled = move |connection: &rusqlite::Connection| {
            store::settle(connection, id, (came.0, &came.1), port, clock::now())
        };
        if let Err(error) = self.store.write(settled).await {
            tracing::warn!(%error, "what came of a change was not written down");
        }
        outcome
    }

    /// Writes down what is going to be asked. Nothing is asked that is not written down.
    async fn begin(&self, asked: Asked) -> Result<i64, Trouble> {
        let begun = self.store.write(move |connection| store::begin(connection, &asked, clock::now())).await;
        begun.map_err(|error| Trouble::of(&error))
    }
}

/// What a forward's port is measured as.
#[must_use]
pub fn port_of(forward: &Forward) -> Port {
    let protocol = component(&forward.component).protocol(forward.target);
    Port { port: forward.port, has_banner: protocol == Protocol::Ssh }
}

/// That nothing answers behind a forward.
#[must_use]
pub fn silent(host: &str, forward: &Forward, reach: &Reach) -> Trouble {
    let at = crate::features::lab::connect::address(host, forward.port);
    Trouble::new(&format!("{} does not answer on {at}", forward.title()))
        .caused_by(&reach.words())
        .to_do("switch the machine on, or wait until its service has started")
}

/// Waits until something takes connections behind a forward; returns what was measured last.
///
/// Cancel safety: only measures.
pub async fn wait_until_open(host: &str, forward: &Forward) -> Reach {
    let until = Instant::now() + ANSWERS_WITHIN;
    loop {
        let reach = match probe::resolve(host).await {
            Ok(address) => probe::reach(address, port_of(forward), probe::PATIENCE).await,
            Err(reach) => reach,
        };
        if reach.is_open() || Instant::now() >= until {
            return reach;
        }
        sleep(AGAIN).await;
    }
}

//! What people do with forwards, from the screen and from the command line: written down before it is sent, done, and its
//! result written down.

mod temporary;

use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::client::Client;
use super::model::{self, Forward, List, Mending, Protocol, Reach, Since, Snapshot, Wanted, component};
use super::probe::{self, Port};
use super::shell;
use super::store::temporary as held;
use super::store::{self, Asked, Came};
use crate::clock;
use crate::config::GatewayShell;
use crate::process::Owner;
use crate::store::Store;
use crate::trouble::Trouble;
pub(super) use temporary::{keep, started, use_for_connection};

/// How long a forward that was just made may take until something answers behind it.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);
/// Between two tries.
const AGAIN: Duration = Duration::from_millis(400);
/// Between two looks whether somebody else has made the same forward.
const TURN: Duration = Duration::from_millis(100);

/// A change of a lab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// There is to be such a forward.
    Add(Wanted),
    /// This one is to go.
    Remove(Forward),
    /// This one was made for a connection that is over, and is to go.
    Tidy(Forward),
    /// This is to be put right in the gateway's shell, since the service cannot.
    Mend(Mending),
}

impl Change {
    /// What it is about, in a sentence.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Add(wanted) => wanted.title(),
            Self::Remove(forward) | Self::Tidy(forward) | Self::Mend(Mending { forward, .. }) => {
                format!("{} on {}", forward.title(), forward.port)
            }
        }
    }

    /// What is written down of it before it is sent: whether anybody wants back what it ends.
    fn purpose(&self) -> String {
        match self {
            Self::Tidy(_) => store::TIDIED.to_owned(),
            Self::Mend(mending) if !mending.is_half => format!("{}{}", store::MENDED, mending.line),
            // What only lacked a rule worked before.
            Self::Add(_) | Self::Remove(_) | Self::Mend(_) => String::new(),
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
        /// The port of another one to the same place, which somebody made at the same time.
        #[serde(skip_serializing_if = "Option::is_none")]
        twin: Option<u16>,
    },
    /// There was one already.
    Found {
        /// The forward.
        forward: Forward,
        /// Whether a connection would have removed it when it ends: now it stays.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        kept: bool,
    },
    /// It was made for a connection that is over, and is still there: somebody else wants it.
    Stays {
        /// The forward.
        forward: Forward,
        /// Who.
        why: String,
    },
    /// It is gone.
    Removed {
        /// What it was.
        forward: Forward,
    },
    /// It was put right in the gateway's shell.
    Mended {
        /// What it was.
        forward: Forward,
    },
    /// It was not done, or nobody knows.
    Failed {
        /// Why.
        trouble: Trouble,
    },
}

/// That of two forwards to one place, made at the same time, one is needless; empty where there is one only.
#[must_use]
pub fn beside(forward: &Forward, twin: Option<u16>) -> String {
    let port = forward.port;
    match twin {
        None => String::new(),
        Some(twin) if twin < port => format!(
            "; it is a duplicate of the one on {twin}, which somebody made at the same time; noctui lab remove {port} deletes it"
        ),
        Some(twin) => format!(
            "; somebody made one at the same time, on {twin}, which is a duplicate; noctui lab remove {twin} deletes it"
        ),
    }
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
    /// What runs a line in the gateway's shell, if anything.
    pub shell: Option<GatewayShell>,
    /// The gateway's host as the configuration has it, where it is not the address that the gateway tells.
    pub gateway: Option<String>,
}

impl Actor {
    /// Puts something right in the gateway's shell, if it is still as it was when that was decided; looks afterwards whether it
    /// is gone, whatever the shell said: a part of it may have been done.
    async fn mend(&self, mending: &Mending) -> Result<Outcome, Trouble> {
        let by_hand = || format!("on the gateway: {}", mending.line);
        let shell = self
            .shell
            .as_ref()
            .ok_or_else(|| Trouble::new("no gateway_shell is configured for this lab").to_do(&by_hand()))?;
        let rows = async || {
            // The inventory has no part in it, and may take its time.
            let snapshot = self.client.told().await.map_err(|error| Trouble::of(&error))?;
            let host = self.gateway.clone().unwrap_or_else(|| snapshot.gateway.clone());
            let rows = model::rows(&snapshot, &std::collections::BTreeMap::new(), &Since::new());
            self.remember(snapshot).await;
            Ok::<_, Trouble>((rows, host))
        };
        let port = mending.forward.port;
        let (before, host) = rows().await?;
        if !mending.fits(&before) {
            let what = format!("{port} is not what it was: nothing was done");
            return Err(Trouble::new(&what).to_do("read the lab again and look"));
        }
        let ran = shell::run(shell, &host, &mending.line).await;
        let (after, _) = rows().await?;
        let is_needed = mending.is_needed(&after);
        match ran {
            Err(trouble) if is_needed => return Err(trouble),
            Err(trouble) => {
                let what = format!("{port} was put right until the gateway's next start alone: {}", trouble.what());
                let because = trouble.because().iter().fold(Trouble::new(&what), |told, it| told.caused_by(it));
                return Err(because.to_do(&format!("on the gateway: {}", model::SAVE)));
            }
            Ok(()) if is_needed => {
                let what = format!("{port} is still there, although the gateway's shell said that it was done");
                return Err(Trouble::new(&what).to_do(&by_hand()));
            }
            Ok(()) => {}
        }
        if mending.is_half {
            // It has both its rules again, and the service deletes it as any other.
            self.client.remove(&mending.forward).await.map_err(|error| Trouble::of(&error))?;
            // It deletes without saving: what was just saved would be back after the next start, and in no list.
            if let Err(trouble) = shell::run(shell, &host, model::SAVE).await {
                tracing::warn!(lab = self.lab, "{}", trouble.one_line());
            }
            return Ok(Outcome::Removed { forward: mending.forward.clone() });
        }
        Ok(Outcome::Mended { forward: mending.forward.clone() })
    }

    /// Carries a change out. Not to be dropped before its end: what was sent was sent. What was made for a connection is
    /// tidied up only where nobody else wants it.
    pub async fn carry_out(&self, change: &Change) -> Outcome {
        if let Change::Tidy(forward) = change
            && let Some(outcome) = self.stays(forward).await
        {
            return outcome;
        }
        self.perform(change, None).await
    }

    /// The same. A forward that is found stays for good, unless it is made for a connection, of which this is the note.
    async fn perform(&self, change: &Change, note: Option<i64>) -> Outcome {
        let server = self.client.server();
        let asked = match change {
            Change::Add(wanted) => store::adding(&self.who, &self.lab, server, wanted),
            Change::Remove(forward) | Change::Tidy(forward) | Change::Mend(Mending { forward, .. }) => {
                let text = change.purpose();
                Asked { text, ..store::removing(&self.who, &self.lab, server, forward) }
            }
        };
        let id = match self.begin(asked).await {
            Ok(id) => id,
            Err(trouble) => return Outcome::Failed { trouble },
        };
        let failed = |error: super::Error| (Trouble::of(&error), came_of(&error));
        let done = match change {
            Change::Add(wanted) => {
                self.await_turn(id, wanted).await;
                self.ensure(wanted, note.is_none()).await
            }
            Change::Remove(forward) | Change::Tidy(forward) => {
                let removed = self.client.remove(forward).await.map_err(failed);
                removed.map(|()| Outcome::Removed { forward: forward.clone() })
            }
            Change::Mend(mending) => self.mend(mending).await.map_err(|trouble| (trouble, Came::Failed)),
        };
        let (outcome, came, port) = match done {
            Ok(outcome) => {
                let (came, port) = match &outcome {
                    Outcome::Made { forward, .. } => (Came::Ok, Some(forward.port)),
                    Outcome::Found { forward, .. } => (Came::Found, Some(forward.port)),
                    Outcome::Stays { .. }
                    | Outcome::Removed { .. }
                    | Outcome::Mended { .. }
                    | Outcome::Failed { .. } => (Came::Ok, None),
                };
                let text = change.purpose();
                (outcome, (came, text), port)
            }
            Err((trouble, came)) => {
                let text = trouble.one_line();
                (Outcome::Failed { trouble }, (came, text), None)
            }
        };
        let (server, change) = (self.client.server().to_owned(), change.clone());
        let is_done = !matches!(outcome, Outcome::Failed { .. });
        let gone = if let Outcome::Removed { forward } = &outcome { Some(forward.clone()) } else { None };
        let made_for = note.filter(|_| matches!(outcome, Outcome::Made { .. }));
        let settled = move |connection: &rusqlite::Connection| {
            if let Some(gone) = &gone {
                store::forget(connection, &server, gone)?;
            }
            // Whoever waits for this to be over sees whom it was made for.
            if let Some(note) = made_for {
                held::settle(connection, note, port)?;
            }
            match &change {
                Change::Remove(forward) | Change::Tidy(forward) if is_done => {
                    held::forget(connection, &server, forward.port)?;
                }
                Change::Mend(mending) if is_done => held::forget(connection, &server, mending.forward.port)?,
                Change::Tidy(forward) => held::not_ended(connection, &server, forward.port)?,
                Change::Add(_) | Change::Remove(_) | Change::Mend(_) => {}
            }
            store::settle(connection, id, (came.0, &came.1), port, clock::now())
        };
        if let Err(error) = self.store.write(settled).await {
            tracing::warn!(%error, "what came of a change was not written down");
        }
        outcome
    }

    /// What the gateway lists, which is remembered.
    pub async fn list(&self) -> Result<List, super::Error> {
        let list = self.client.list().await?;
        self.remember(Snapshot::of_list(list.clone())).await;
        Ok(list)
    }

    /// Keeps what the gateway told just now, or its list alone: it is what is used where it does not answer.
    pub(super) async fn remember(&self, told: Snapshot) {
        let (server, at) = (self.client.server().to_owned(), clock::now());
        let kept = self.store.write(move |connection| store::renew(connection, &server, told, at)).await;
        if let Err(error) = kept {
            tracing::warn!(%error, "what a lab told is not kept");
        }
    }

    /// Waits until nobody else who shares these data is about to make the same forward: the gateway would make two. Whoever
    /// asked first is first.
    async fn await_turn(&self, id: i64, wanted: &Wanted) {
        loop {
            let (server, wanted) = (self.client.server().to_owned(), wanted.clone());
            let ahead = move |connection: &rusqlite::Connection| {
                store::turn::is_another_ahead(connection, &server, &wanted, id, clock::now())
            };
            match self.store.read(ahead).await {
                Ok(false) => return,
                Ok(true) => sleep(TURN).await,
                Err(error) => {
                    tracing::warn!(%error, "who else makes a forward cannot be read");
                    return;
                }
            }
        }
    }

    /// Writes down what is going to be asked. Nothing is asked that is not written down.
    async fn begin(&self, asked: Asked) -> Result<i64, Trouble> {
        let begun = self
            .store
            .write(move |connection| store::begin(connection, &asked, &Owner::of_this_process(), clock::now()))
            .await;
        begun.map_err(|error| Trouble::of(&error))
    }
}

/// What is written down of an error.
fn came_of(error: &super::Error) -> Came {
    if error.is_outcome_unknown() { Came::Unknown } else { Came::Failed }
}

/// What a forward's port is measured as.
#[must_use]
pub fn port_of(forward: &Forward) -> Port {
    let protocol = component(&forward.component).protocol(forward.target);
    Port { port: forward.port, has_banner: protocol == Protocol::Ssh }
}

/// That nothing answers behind a forward; with what the inventory says of the machine's power, where it is known.
#[must_use]
pub fn silent(host: &str, forward: &Forward, reach: &Reach, power: Option<&str>) -> Trouble {
    let at = crate::features::lab::connect::address(host, forward.port);
    let trouble = Trouble::new(&format!("{} does not answer on {at}", forward.title())).caused_by(&reach.words());
    match power {
        Some(power) if model::is_off(power) => trouble
            .caused_by(&format!("the inventory says that the machine is {}", model::power_words(power)))
            .to_do("switch the machine on"),
        Some(power) => {
            let what = format!("{} according to the inventory", model::power_words(power));
            trouble.to_do(&format!("wait until its service has started; the machine is {what}"))
        }
        None => trouble.to_do("see whether the machine is on, or wait until its service has started"),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_to_switch_on_what_is_on() {
        let (name, component, address) = ("win01".to_owned(), "Windows".to_owned(), "192.168.1.30".to_owned());
        let forward = Forward { port: 50_004, name, component, address, target: 3389 };
        let told = |power| silent("198.51.100.2", &forward, &Reach::Refused, power).one_line();
        let off = told(Some("poweredOff"));
        assert!(off.contains("the inventory says that the machine is powered off"), "{off}");
        assert!(off.ends_with("switch the machine on"), "{off}");
        assert!(told(Some("poweredOn")).contains("wait until its service has started"), "{}", told(Some("poweredOn")));
        assert!(told(None).contains("see whether the machine is on"), "{}", told(None));
    }
}

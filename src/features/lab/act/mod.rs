//! What people do with forwards, from the screen and from the command line: written down before it is sent, done, and its
//! result written down.

use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::client::{Client, Ensured};
use super::model::{self, Forward, Mending, Protocol, Reach, Since, Wanted, component};
use super::probe::{self, Port};
use super::shell;
use super::store::{self, Asked, Came, temporary};
use crate::clock;
use crate::config::GatewayShell;
use crate::process::Owner;
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
    /// Makes a forward for one connection alone. That it is to go afterwards is written down before it is asked for: what
    /// ends this process does not make it stay unnoticed.
    pub async fn make_for_connection(&self, wanted: &Wanted) -> Outcome {
        let (lab, server) = (self.lab.clone(), self.client.server().to_owned());
        let noted = wanted.clone();
        let note = move |connection: &rusqlite::Connection| {
            temporary::note(connection, (&lab, &server), &noted, &Owner::of_this_process(), clock::now())
        };
        let id = match self.store.write(note).await {
            Ok(id) => id,
            Err(error) => return Outcome::Failed { trouble: Trouble::of(&error) },
        };
        let outcome = self.carry_out(&Change::Add(wanted.clone())).await;
        let port = match &outcome {
            Outcome::Made { forward } => Some(forward.port),
            // Nobody knows: the list will tell whether it was made.
            Outcome::Failed { .. } => return outcome,
            Outcome::Found { .. } | Outcome::Removed { .. } | Outcome::Mended { .. } => None,
        };
        let known = self.store.write(move |connection| temporary::settle(connection, id, port)).await;
        if let Err(error) = known {
            tracing::warn!(%error, "which forward was made for a connection was not written down");
        }
        outcome
    }

    /// A program was started that uses a forward: where that was made for the connection alone, this is told if the program
    /// outlives noctui.
    pub async fn started(&self, forward: &Forward, pid: u32) {
        let (server, port) = (self.client.server().to_owned(), forward.port);
        let note = move |connection: &rusqlite::Connection| {
            temporary::started(connection, &server, port, &Owner::of_process(pid))
        };
        if let Err(error) = self.store.write(note).await {
            tracing::warn!(%error, "which program uses a forward was not written down");
        }
    }

    /// A forward that was made for a connection stays after all.
    pub async fn keep(&self, forward: &Forward) {
        let (server, port) = (self.client.server().to_owned(), forward.port);
        let kept = self.store.write(move |connection| temporary::forget(connection, &server, port)).await;
        if let Err(error) = kept {
            tracing::warn!(%error, "that a forward stays was not written down");
        }
    }

    /// Puts something right in the gateway's shell, if it is still as it was when that was decided; looks afterwards whether it
    /// is gone, whatever the shell said: a part of it may have been done.
    async fn mend(&self, mending: &Mending) -> Result<Outcome, Trouble> {
        let by_hand = || format!("on the gateway: {}", mending.line);
        let shell = self
            .shell
            .as_ref()
            .ok_or_else(|| Trouble::new("no gateway_shell is configured for this lab").to_do(&by_hand()))?;
        let rows = async || {
            let snapshot = self.client.snapshot().await.map_err(|error| Trouble::of(&error))?;
            let host = self.gateway.clone().unwrap_or_else(|| snapshot.gateway.clone());
            Ok::<_, Trouble>((model::rows(&snapshot, &std::collections::BTreeMap::new(), &Since::new()), host))
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

    /// Carries a change out. Not to be dropped before its end: what was sent was sent.
    pub async fn carry_out(&self, change: &Change) -> Outcome {
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
        let failed = |error: super::Error| {
            let came = if error.is_outcome_unknown() { Came::Unknown } else { Came::Failed };
            (Trouble::of(&error), came)
        };
        let done = match change {
            Change::Add(wanted) => self.client.ensure(wanted).await.map_err(failed).map(|ensured| match ensured {
                Ensured::Made(forward) => Outcome::Made { forward },
                Ensured::Found(forward) => Outcome::Found { forward },
            }),
            Change::Remove(forward) | Change::Tidy(forward) => {
                let removed = self.client.remove(forward).await.map_err(failed);
                removed.map(|()| Outcome::Removed { forward: forward.clone() })
            }
            Change::Mend(mending) => self.mend(mending).await.map_err(|trouble| (trouble, Came::Failed)),
        };
        let (outcome, came, port) = match done {
            Ok(outcome) => {
                let (came, port) = match &outcome {
                    Outcome::Made { forward } => (Came::Ok, Some(forward.port)),
                    Outcome::Found { forward } => (Came::Found, Some(forward.port)),
                    Outcome::Removed { .. } | Outcome::Mended { .. } | Outcome::Failed { .. } => (Came::Ok, None),
                };
                let text = change.purpose();
                (outcome, (came, text), port)
            }
            Err((trouble, came)) => {
                let text = trouble.one_line();
                (Outcome::Failed { trouble }, (came, text), None)
            }
        };
        let gone = match &outcome {
            Outcome::Removed { forward } => Some((self.client.server().to_owned(), forward.port)),
            Outcome::Made { .. } | Outcome::Found { .. } | Outcome::Mended { .. } | Outcome::Failed { .. } => None,
        };
        let settled = move |connection: &rusqlite::Connection| {
            if let Some((server, port)) = gone {
                temporary::forget(connection, &server, port)?;
            }
            store::settle(connection, id, (came.0, &came.1), port, clock::now())
        };
        if let Err(error) = self.store.write(settled).await {
            tracing::warn!(%error, "what came of a change was not written down");
        }
        outcome
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

//! One lab: what is known from the last time at once, then reading it from time to time and changing it when asked to.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::watch::Watch;
use super::{Health, JobId, Report, Shared, Wake};
use crate::blocking;
use crate::config::{Lab, LabToken};
use crate::features::lab::act::{Actor, Change, Outcome};
use crate::features::lab::client::{Client, Credentials, Server};
use crate::features::lab::error::Error;
use crate::features::lab::model::{Holding, Machine, Protocol, Snapshot, Wanted};
use crate::features::lab::probe::Port;
use crate::features::lab::store::temporary::Temporary;
use crate::trouble::Trouble;

/// What the front server's inventory says; nothing where there is none.
pub(super) type Inventory = Result<Option<BTreeMap<String, Machine>>, Error>;

/// Something to be done to a lab.
#[derive(Debug)]
pub(super) enum Job {
    /// Changes, one after the other.
    Change {
        /// To tell it from others.
        id: JobId,
        /// What.
        changes: Vec<Change>,
        /// Keeps it from beginning another one.
        cancel: CancellationToken,
    },
    /// A forward that answers.
    Prepare {
        /// To tell it from others.
        id: JobId,
        /// Where it leads.
        wanted: Wanted,
        /// How it is to be used.
        protocol: Option<Protocol>,
        /// Whether the end of the program matters.
        remove_after: bool,
        /// Ends the wait for an answer.
        cancel: CancellationToken,
    },
}

impl Job {
    /// What tells it from others.
    pub(super) fn id(&self) -> JobId {
        match self {
            Self::Change { id, .. } | Self::Prepare { id, .. } => *id,
        }
    }
}

/// How a configured lab is reached.
pub(in crate::features::lab) async fn open(lab: &Lab) -> Result<Client, Error> {
    let server = Server {
        url: lab.url.clone(),
        trust: lab.trust.clone(),
        connect_timeout: lab.connect_timeout,
        call_timeout: lab.call_timeout,
        health: lab.health_check,
    };
    let credentials = match &lab.token {
        LabToken::Kept(from) => Credentials::Token(from.clone()),
        LabToken::Vlab(path) => Credentials::VlabFile(path.clone()),
        LabToken::Login { user, password, url } => {
            Credentials::Login { user: user.clone(), password: password.clone(), url: url.clone() }
        }
    };
    let handle = tokio::runtime::Handle::current();
    blocking::run(move || {
        // The connection belongs to the runtime, and reading certificates blocks.
        let _entered = handle.enter();
        Client::new(server, credentials)
    })
    .await
}

/// Waits until the file of the token is another one; for ever where nobody waits for that.
async fn changed(awaited: Option<&Watch>) {
    match awaited {
        Some(watch) => watch.changed().await,
        None => std::future::pending().await,
    }
}

/// One lab and its connection.
pub(super) struct Link {
    pub(super) shared: Shared,
    pub(super) lab: Lab,
    /// `None` until it could be prepared.
    client: Option<Client>,
    /// What the gateway told last, without the inventory, and when; `None` where it does not tell.
    pub(super) latest: Option<(Snapshot, DateTime<Utc>)>,
    /// The inventory that is awaited, if any.
    pub(super) inventory: JoinSet<Inventory>,
    /// What the inventory said last, or why it did not; `None` until it is known.
    pub(super) machines: Option<Result<Option<BTreeMap<String, Machine>>, String>>,
    /// Whether something was changed of which no list was told since.
    pub(super) has_changed: bool,
    /// When the lab answered last.
    pub(super) heard_at: Option<DateTime<Utc>>,
    /// What was told of the token last.
    pub(super) holding: Option<Holding>,
    /// The gateway's host as seen from here, once it is known.
    pub(super) host: Option<String>,
    /// The ports that are measured.
    pub(super) ports: Vec<Port>,
    /// The measurement that runs, if any.
    pub(super) sweep: JoinSet<()>,
    /// The file of the token, as long as another one is waited for.
    pub(super) awaited: Option<Watch>,
    /// The forwards that were made for connections, as they were told last.
    pub(super) temporary: Vec<Temporary>,
}

/// Follows a lab until `stop` is cancelled. `wake` makes it read at once.
///
/// Cancel safety: the `select!` only waits; what a branch chose is finished, as far as it writes.
pub(super) async fn follow(
    shared: Shared,
    lab: Lab,
    mut jobs: Receiver<Job>,
    wake: Arc<Wake>,
    stop: CancellationToken,
) {
    let mut link = Link {
        shared,
        lab,
        client: None,
        latest: None,
        inventory: JoinSet::new(),
        machines: None,
        has_changed: false,
        heard_at: None,
        holding: None,
        host: None,
        ports: Vec::new(),
        sweep: JoinSet::new(),
        awaited: None,
        temporary: Vec::new(),
    };
    link.recall().await;
    link.tell_health(Health::Connecting).await;
    let mut next = Instant::now();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            job = jobs.recv() => match job {
                None => break,
                Some(job) => {
                    link.work(job, &stop).await;
                    link.has_changed = true;
                    // What was done shows.
                    next = Instant::now();
                }
            },
            () = wake.read.notified() => next = Instant::now(),
            () = wake.retry.notified() => {
                if let Some(client) = &link.client {
                    client.try_again().await;
                }
                next = Instant::now();
            }
            () = sleep_until(next) => {
                let Some(wait) = stop.run_until_cancelled(link.read()).await else { break };
                next = Instant::now() + wait;
            }
            Some(_) = link.sweep.join_next() => {}
            Some(Ok(told)) = link.inventory.join_next() => link.inventory_told(told).await,
            () = changed(link.awaited.as_ref()) => {
                link.awaited = None;
                if let Some(client) = &link.client {
                    client.try_again().await;
                }
                next = Instant::now();
            }
        }
    }
    link.sweep.shutdown().await;
    link.inventory.shutdown().await;
    link.tidy_up().await;
}

impl Link {
    /// Tells how the lab is doing.
    pub(super) async fn tell_health(&self, health: Health) {
        self.shared.tell(Report::Health { lab: self.lab.name.clone(), health }).await;
    }

    /// The connection, prepared where it was not yet.
    pub(super) async fn client(&mut self) -> Result<Client, Error> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let client = open(&self.lab).await?;
        self.client = Some(client.clone());
        Ok(client)
    }

    /// Tells of the token where there is another one, or none any more.
    pub(super) async fn tell_token(&mut self, client: &Client) {
        let holding = client.holding().await;
        if holding != self.holding {
            if let Some(warning) = holding.as_ref().and_then(|holding| holding.warning.as_ref()) {
                tracing::warn!(lab = self.lab.name, "{warning}");
            }
            self.holding.clone_from(&holding);
            self.shared.tell(Report::Token { lab: self.lab.name.clone(), holding }).await;
        }
    }

    /// Who acts on the lab.
    fn actor(&self, client: Client) -> Actor {
        let (who, lab) = (self.shared.setup.who.clone(), self.lab.name.clone());
        let (shell, gateway) = (self.lab.gateway_shell.clone(), self.lab.gateway.clone());
        Actor { client, store: self.shared.store.clone(), who, lab, shell, gateway }
    }

    /// Removes what was made for connections of this process, whatever ends it: nobody else would.
    async fn tidy_up(&self) {
        let Some(client) = &self.client else { return };
        for outcome in self.actor(client.clone()).tidy_up().await {
            if let Outcome::Failed { trouble } = outcome {
                tracing::warn!(lab = self.lab.name, "{}", trouble.one_line());
            }
        }
    }

    /// Does what was ordered.
    async fn work(&mut self, job: Job, stop: &CancellationToken) {
        let id = job.id();
        let client = match self.client().await {
            Ok(client) => client,
            Err(error) => {
                self.shared.fail(Trouble::of(&error)).await;
                self.shared.tell(Report::Ended { job: id }).await;
                return;
            }
        };
        let actor = self.actor(client.clone());
        match job {
            Job::Change { id, changes, cancel } => {
                for (at, change) in changes.iter().enumerate() {
                    if cancel.is_cancelled() || stop.is_cancelled() {
                        break;
                    }
                    self.shared.tell(Report::Step { job: id, at, outcome: None }).await;
                    let outcome = actor.carry_out(change).await;
                    self.shared.tell(Report::Step { job: id, at, outcome: Some(outcome) }).await;
                }
                self.shared.tell(Report::Ended { job: id }).await;
            }
            Job::Prepare { id, wanted, protocol, remove_after, cancel } => {
                let result = self.prepare(&actor, &wanted, (protocol, remove_after), &cancel).await;
                self.shared.tell(Report::Ready { job: id, result }).await;
            }
        }
        self.tell_token(&client).await;
    }
}

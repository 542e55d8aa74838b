//! One lab: what is known from the last time at once, then reading it from time to time and changing it when asked to.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::watch::{self, Watch};
use super::{Health, JobId, Prepared, Report, Shared, Wake, sweep};
use crate::blocking;
use crate::clock;
use crate::config::{Lab, LabToken};
use crate::features::lab::act::{Actor, Change, Outcome, keep, silent, use_for_connection, wait_until_open};
use crate::features::lab::client::{Client, Credentials, Server};
use crate::features::lab::connect::{self, Surroundings, Target};
use crate::features::lab::error::Error;
use crate::features::lab::model::{Forward, Holding, Protocol, Since, Snapshot, Wanted};
use crate::features::lab::probe::Port;
use crate::features::lab::store::{self, temporary::Temporary};
use crate::trouble::Trouble;

/// How long after a failure it is tried again at the earliest.
const RETRY: Duration = Duration::from_secs(30);
/// The same where somebody has to do something first.
const RETRY_LATE: Duration = Duration::from_mins(2);

/// What stands for the gateway's port as long as it has not chosen one.
const UNKNOWN_PORT: u16 = 1;

/// How long a deletion is known as one that can be undone, and how many of them.
const UNDOABLE: TimeDelta = TimeDelta::days(1);
const MOST_UNDOABLE: u32 = 50;

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
struct Link {
    shared: Shared,
    lab: Lab,
    /// `None` until it could be prepared.
    client: Option<Client>,
    /// When the lab answered last.
    heard_at: Option<DateTime<Utc>>,
    /// What was told of the token last.
    holding: Option<Holding>,
    /// The gateway's host as seen from here, once it is known.
    host: Option<String>,
    /// The ports that are measured.
    ports: Vec<Port>,
    /// The measurement that runs, if any.
    sweep: JoinSet<()>,
    /// The file of the token, as long as another one is waited for.
    awaited: Option<Watch>,
    /// The forwards that were made for connections, as they were told last.
    temporary: Vec<Temporary>,
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
    let sweep = JoinSet::new();
    let (holding, host, ports, awaited, temporary) = (None, None, Vec::new(), None, Vec::new());
    let mut link = Link { shared, lab, client: None, heard_at: None, holding, host, ports, sweep, awaited, temporary };
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
    link.tidy_up().await;
}

impl Link {
    /// Tells how the lab is doing.
    async fn tell_health(&self, health: Health) {
        self.shared.tell(Report::Health { lab: self.lab.name.clone(), health }).await;
    }

    /// Tells what is known from the last time.
    async fn recall(&mut self) {
        let (server, recently) = (self.lab.url.to_string(), clock::now() - UNDOABLE);
        let read = move |connection: &rusqlite::Connection| {
            let deleted = store::deleted(connection, &server, recently, MOST_UNDOABLE)?;
            Ok((store::load(connection, &server)?, store::since(connection, &server)?, deleted))
        };
        match self.shared.store.read(read).await {
            Ok((known, since, deleted)) => {
                let lab = || self.lab.name.clone();
                if let Some((snapshot, at)) = known {
                    (self.host, self.ports) = (self.host_of(&snapshot), sweep::ports(&snapshot));
                    let (snapshot, since) = (Arc::new(snapshot), Arc::new(since));
                    self.shared.tell(Report::Snapshot { lab: lab(), snapshot, since, at }).await;
                    self.heard_at = Some(at);
                    self.measure();
                }
                if !deleted.is_empty() {
                    self.shared.tell(Report::Deleted { lab: self.lab.name.clone(), forwards: deleted }).await;
                }
            }
            Err(error) => tracing::warn!(lab = self.lab.name, %error, "what was known of a lab cannot be read"),
        }
    }

    /// The connection, prepared where it was not yet.
    async fn client(&mut self) -> Result<Client, Error> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let client = open(&self.lab).await?;
        self.client = Some(client.clone());
        Ok(client)
    }

    /// Reads the lab and tells what it says; returns how long to wait until the next time.
    async fn read(&mut self) -> Duration {
        let watch = match watch::file(&self.lab) {
            Some(path) => Some(Watch::begin(path).await),
            None => None,
        };
        let read = match self.client().await {
            Ok(client) => {
                let read = client.snapshot().await;
                self.tell_token(&client).await;
                read
            }
            Err(error) => Err(error),
        };
        let is_due = || self.holding.as_ref().is_some_and(|holding| holding.claims.is_due(clock::now()));
        let is_wanting = match &read {
            Ok(_) => is_due(),
            Err(error) => {
                error.is_about_token()
                    || matches!(error, Error::LoginRefused { .. } | Error::NoToken(_) | Error::NoPassword(_))
            }
        };
        self.awaited = watch.filter(|_| is_wanting);
        match read {
            Ok(snapshot) => {
                self.told(snapshot).await;
                self.lab.refresh
            }
            Err(error) => {
                let wait = if error.is_transient() { RETRY } else { RETRY_LATE }.max(self.lab.refresh);
                let trouble = Trouble::of(&error);
                tracing::warn!(lab = self.lab.name, "{}", trouble.one_line());
                // A password that was refused is not tried again before it is another one, or somebody says so.
                let retry_at = (!matches!(error, Error::LoginRefused { .. })).then(|| clock::now() + wait);
                let (word, since) = (error.word(), self.heard_at);
                self.tell_health(Health::Failing { trouble, word, since, retry_at }).await;
                self.measure();
                wait
            }
        }
    }

    /// The lab told all this.
    async fn told(&mut self, snapshot: Snapshot) {
        let at = clock::now();
        self.heard_at = Some(at);
        self.host = self.host_of(&snapshot);
        let (server, kept) = (self.lab.url.to_string(), snapshot.clone());
        let write = move |connection: &rusqlite::Connection| {
            let kept = store::save(connection, &server, kept, at)?;
            let since = store::note_routable(connection, &server, kept.machines.iter(), at)?;
            let found = store::open::settle_open(connection, &server, &kept, at)?;
            let temporary = store::temporary::all(connection, &server, &kept.forwards)?;
            Ok((kept, since, found, temporary))
        };
        let (snapshot, since, found, temporary) = self.shared.store.write(write).await.unwrap_or_else(|error| {
            tracing::warn!(lab = self.lab.name, %error, "what a lab told is not kept");
            (snapshot, Since::new(), Vec::new(), self.temporary.clone())
        });
        self.ports = sweep::ports(&snapshot);
        let lab = self.lab.name.clone();
        let report = Report::Snapshot { lab: lab.clone(), snapshot: Arc::new(snapshot), since: Arc::new(since), at };
        self.shared.tell(report).await;
        if !found.is_empty() {
            self.shared.tell(Report::Found { lab, found }).await;
        }
        if temporary != self.temporary {
            self.temporary.clone_from(&temporary);
            self.shared.tell(Report::Temporary { lab: self.lab.name.clone(), temporary }).await;
        }
        self.tell_health(Health::Live { at }).await;
        self.measure();
    }

    /// Measures what is behind the forwards that are known, whether the lab answers or not: its ports are the gateway's.
    fn measure(&mut self) {
        // One that still runs goes on: it measures the same ports.
        if self.sweep.is_empty() && !self.ports.is_empty() {
            let (lab, host) = (self.lab.name.clone(), self.host.clone().unwrap_or_default());
            self.sweep.spawn(sweep::measure(self.shared.clone(), lab, host, self.ports.clone()));
        }
    }

    /// The gateway's host as seen from here, once it is known.
    fn host_of(&self, snapshot: &Snapshot) -> Option<String> {
        self.lab.gateway.clone().or_else(|| Some(snapshot.gateway.clone())).filter(|host| !host.is_empty())
    }

    /// Tells of the token where there is another one, or none any more.
    async fn tell_token(&mut self, client: &Client) {
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

    /// Sees to it that there is a forward that answers.
    async fn prepare(
        &mut self,
        actor: &Actor,
        wanted: &Wanted,
        (protocol, remove_after): (Option<Protocol>, bool),
        cancel: &CancellationToken,
    ) -> Result<Prepared, (Trouble, Option<Forward>)> {
        // What no program can use need not be made.
        let planned = self.host.clone().unwrap_or_else(|| "gateway".to_owned());
        let planned = Target::of(&self.lab.name, &planned, &wanted.on(UNKNOWN_PORT), protocol);
        let around = Surroundings::read(|name| std::env::var_os(name));
        connect::launch(&self.shared.setup.connect, &planned, &around, remove_after)
            .map_err(|trouble| (trouble, None))?;
        let (outcome, goes) = if remove_after {
            actor.make_for_connection(wanted).await
        } else {
            (actor.carry_out(&Change::Add(wanted.clone())).await, false)
        };
        let is_new = matches!(outcome, Outcome::Made { .. });
        let forward = match outcome {
            Outcome::Made { forward }
            | Outcome::Found { forward, .. }
            | Outcome::Stays { forward, .. }
            | Outcome::Removed { forward }
            | Outcome::Mended { forward } => forward,
            Outcome::Failed { trouble } => return Err((trouble, None)),
        };
        let made = (is_new || goes).then(|| forward.clone());
        let host = if let Some(host) = &self.host {
            host.clone()
        } else {
            let gateway = actor.client.list().await.map(|(_, gateway, _)| gateway);
            let gateway = gateway.map_err(|error| (Trouble::of(&error), made.clone()))?;
            self.lab.gateway.clone().unwrap_or(gateway)
        };
        let using = Using { lab: self.lab.name.clone(), host, protocol, removes: remove_after, goes, is_new };
        prepared(&self.shared, using, forward, cancel).await.map_err(|trouble| (trouble, made))
    }
}

/// How a forward is to be used.
#[derive(Debug)]
pub(super) struct Using {
    /// The lab's name.
    pub(super) lab: String,
    /// The gateway's host as seen from here.
    pub(super) host: String,
    /// How; `None` as its port is usually used.
    pub(super) protocol: Option<Protocol>,
    /// Whether it is removed afterwards if it was made for this.
    pub(super) removes: bool,
    /// Whether it goes afterwards, so that the end of the program matters.
    pub(super) goes: bool,
    /// Whether the forward was made for this.
    pub(super) is_new: bool,
}

/// Waits for a forward that is there, and tells what uses it.
pub(super) async fn use_it(shared: Shared, job: JobId, using: Using, forward: Forward, cancel: CancellationToken) {
    let at = (using.lab.clone(), shared.server(&using.lab));
    let result = match use_for_connection(&shared.store, at, &forward, using.removes).await {
        Ok(goes) => {
            let made = goes.then(|| forward.clone());
            let using = Using { goes, ..using };
            prepared(&shared, using, forward, &cancel).await.map_err(|trouble| (trouble, made))
        }
        Err(trouble) => Err((trouble, None)),
    };
    shared.tell(Report::Ready { job, result }).await;
}

/// Waits until something answers behind a forward, and chooses the program that uses it.
async fn prepared(
    shared: &Shared,
    using: Using,
    forward: Forward,
    cancel: &CancellationToken,
) -> Result<Prepared, Trouble> {
    let Using { lab, host, protocol, goes, is_new, .. } = using;
    match cancel.run_until_cancelled(wait_until_open(&host, &forward)).await {
        Some(reach) if reach.is_open() => {
            let target = Target::of(&lab, &host, &forward, protocol);
            let around = Surroundings::read(|name| std::env::var_os(name));
            let launch = connect::launch(&shared.setup.connect, &target, &around, goes)?;
            let instead = connect::instead(&shared.setup.connect, &target, &around);
            // Of a program whose end nobody sees the forward stays, which is said.
            let is_seen = matches!(launch, connect::Launch::Terminal(_));
            if goes && !is_seen {
                keep(&shared.store, shared.server(&lab), forward.port).await;
            }
            Ok(Prepared { forward, host, is_new, goes: goes && is_seen, launch, instead })
        }
        Some(reach) => {
            let (server, name) = (shared.server(&lab), forward.name.clone());
            let power = shared.store.read(move |connection| store::power(connection, &server, &name)).await;
            Err(silent(&host, &forward, &reach, power.ok().flatten().as_deref()))
        }
        None => Err(Trouble::new(&format!("no longer waiting for {}", forward.title()))),
    }
}

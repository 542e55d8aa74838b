//! Follows a Nautobot: what is new there comes into the store, what waits in the outbox goes there.
//!
//! Of several processes on one data directory one does this at a time; when it dies another takes over within [`RENEW`], on
//! another machine within [`LEASE`]. What waits is sent as soon as it is put into the outbox, by whichever process.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Report, Shared};
use crate::clock;
use crate::config::Nautobot;
use crate::features::maintenance::inventory::KnownCircuit;
use crate::features::maintenance::nautobot::client::{About, Client};
use crate::features::maintenance::nautobot::store::{inventory, outbox, setting};
use crate::features::maintenance::nautobot::sync::{self, Plan};
use crate::features::maintenance::nautobot::{Error, connect, send, whose};
use crate::features::maintenance::rules::Sender as Address;
use crate::features::maintenance::store::source::{Claim, Holder};
use crate::process::Owner;
use crate::store::{self, Store};
use crate::trouble::Trouble;

/// How long a process has the right to speak with Nautobot without renewing it.
const LEASE: TimeDelta = TimeDelta::seconds(30);
/// How often it is renewed.
const RENEW: Duration = Duration::from_secs(10);
/// What this process is called in the store: a worker that is started anew still has what the one before it had.
static HOLDER: LazyLock<Holder> =
    LazyLock::new(|| Holder { id: uuid::Uuid::new_v4().to_string(), owner: Owner::of_this_process() });
/// The pause after a failure; each is twice as long as the one before, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// Changes of the store that come together are looked at once.
const QUIET: Duration = Duration::from_millis(300);

/// How the connection to Nautobot is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NautobotHealth {
    /// Nothing was heard yet.
    Connecting,
    /// It is being read.
    Reading,
    /// Everything was read; it is asked again in time.
    Live,
    /// Another noctui on this data directory reads and writes it.
    Elsewhere {
        /// Number and host of its process.
        label: String,
        /// What it says is wrong, if something is.
        failure: Option<String>,
    },
    /// It cannot be read.
    Failing {
        /// Why, in a word.
        word: &'static str,
        /// The whole story.
        trouble: Trouble,
        /// When it is tried again.
        retry_at: DateTime<Utc>,
    },
}

/// What somebody wants of entries of the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutboxWish {
    /// Send them again; a maintenance in conflict stays so.
    Retry,
    /// Send them whatever Nautobot says.
    Anyway,
    /// Take over what Nautobot says.
    Take,
    /// Never send them.
    Drop,
}

/// The connection to Nautobot as the header shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NautobotState {
    /// Where it is.
    pub server: String,
    /// Its version and the app's, once known.
    pub version: String,
    /// How it is doing.
    pub health: NautobotHealth,
    /// When it was last read to the end.
    pub synced_at: Option<DateTime<Utc>>,
    /// Entries of the outbox.
    pub waiting: u32,
    /// Those of them that need somebody.
    pub stuck: u32,
    /// Why nothing is written, if nothing is.
    pub held: Option<&'static str>,
    /// What does not show any more and was kept, such as `900 of 1000 maintenances`.
    pub vanished: Option<String>,
}

/// What the task that speaks with Nautobot is told. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Wishes {
    /// Rung when it is to be asked now.
    sync: Arc<Notify>,
    /// Whether the screen is read-only.
    hold: watch::Sender<bool>,
}

impl Wishes {
    /// Nothing is wanted yet; writing waits if `hold` says so.
    pub(super) fn new(hold: bool) -> Self {
        Self { sync: Arc::default(), hold: watch::Sender::new(hold) }
    }

    /// It is to be asked now.
    pub(super) fn sync(&self) {
        self.sync.notify_one();
    }

    /// Whether writing waits.
    pub(super) fn hold(&self, hold: bool) {
        self.hold.send_if_modified(|held| std::mem::replace(held, hold) != hold);
    }
}

/// Takes over what is configured, and reads what is known from the last time.
pub(super) async fn known(
    store: &Store,
    server: Option<(String, bool)>,
) -> Result<(Vec<KnownCircuit>, Vec<Address>), store::Error> {
    configure(store, server).await?;
    store.read(|connection| Ok((inventory::known(connection)?, inventory::senders(connection)?))).await
}

/// Takes over what is configured; written only where it differs.
async fn configure(store: &Store, server: Option<(String, bool)>) -> Result<(), store::Error> {
    let (read, write) = (server.clone(), server);
    let differs =
        store.read(move |c| setting::differs(c, read.as_ref().map(|(url, writes)| (&**url, *writes)))).await?;
    if differs {
        store.write(move |c| setting::configure(c, write.as_ref().map(|(url, writes)| (&**url, *writes)))).await?;
    }
    Ok(())
}

/// Follows Nautobot until `stop` is cancelled.
pub(super) async fn follow(shared: Shared, setup: Nautobot, stop: CancellationToken) {
    let state = NautobotState {
        server: setup.url.to_string(),
        version: String::new(),
        health: NautobotHealth::Connecting,
        synced_at: None,
        waiting: 0,
        stuck: 0,
        held: None,
        vanished: None,
    };
    let hold = shared.nautobot.hold.subscribe();
    let changes = shared.store.changes();
    let read_at = Instant::now();
    let wanted = shared.store.read(setting::wanted).await.unwrap_or_default();
    let mut link = Link {
        shared,
        setup,
        state,
        client: None,
        hold,
        changes,
        pause: FIRST_PAUSE,
        read_at,
        is_wanted: false,
        wanted,
        told: None,
    };
    // It can end anywhere: what was sent and not heard of is found again the next time.
    let _ended = stop.run_until_cancelled(Box::pin(link.run())).await;
    let given_back = link.shared.store.write(|c| setting::give_back(c, &HOLDER)).await;
    if let Err(error) = given_back {
        tracing::debug!(%error, "another process takes over when the time is up");
    }
}

/// The connection and what is known of it.
struct Link {
    shared: Shared,
    setup: Nautobot,
    /// What the header is told.
    state: NautobotState,
    /// The connection, once there is one.
    client: Option<Client>,
    /// Whether the screen is read-only.
    hold: watch::Receiver<bool>,
    /// Rung by commits.
    changes: watch::Receiver<u64>,
    /// The pause after the next failure.
    pause: Duration,
    /// When it is to be read again.
    read_at: Instant,
    /// Whether somebody wants it read now, whoever read it last.
    is_wanted: bool,
    /// What was known of that from other processes.
    wanted: i64,
    /// What is wrong, as other processes were told.
    told: Option<String>,
}

impl Link {
    /// Reads and writes, again and again.
    async fn run(&mut self) {
        // What waits is known before anybody answers.
        self.count().await;
        self.tell().await;
        loop {
            match self.turn().await {
                Ok(()) => {
                    self.pause = FIRST_PAUSE;
                    self.tell_others(None).await;
                }
                Err(error) => {
                    self.client = None;
                    self.tell_others(Some(Trouble::of(&error).one_line())).await;
                    let wait = if error.is_transient() { self.pause } else { LONGEST_PAUSE };
                    let asked = if let Error::Busy { after: Some(after), .. } = &error { *after } else { wait };
                    let wait = wait.max(asked.min(LONGEST_PAUSE));
                    self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                    tracing::warn!(%error, "Nautobot was not read or written");
                    let trouble = Trouble::of(&error);
                    let retry_at = clock::now() + wait;
                    self.state.health = NautobotHealth::Failing { word: error.word(), trouble, retry_at };
                    self.read_at = Instant::now() + wait;
                }
            }
            self.count().await;
            self.tell().await;
            self.wait().await;
        }
    }

    /// One turn: reads if that is due, and writes what waits.
    async fn turn(&mut self) -> Result<(), Error> {
        if let Some(label) = renew(&self.shared.store).await? {
            let (progress, failure) =
                self.shared.store.read(|c| Ok((setting::progress(c)?, setting::failure(c)?))).await?;
            self.state.health = NautobotHealth::Elsewhere { label, failure };
            self.state.synced_at = progress.synced_at.and_then(|at| DateTime::from_timestamp(at, 0));
            self.read_at = Instant::now() + RENEW;
            return Ok(());
        }
        if let Some(server) = self.shared.store.read(setting::server).await?.filter(|now| *now != self.state.server) {
            return Err(Error::Another { server });
        }
        let client = self.connect().await?;
        self.spare().await?;
        if Instant::now() >= self.read_at {
            self.state.health = NautobotHealth::Reading;
            self.tell().await;
            let plan = self.plan();
            let reading = sync::sync(&client, &self.shared.store, &plan);
            let read = renewing(&self.shared.store, reading).await?;
            (self.read_at, self.is_wanted) = (Instant::now() + self.setup.poll, false);
            tracing::debug!(?read, "Nautobot was read");
            self.state.synced_at = Some(clock::now());
            if read.inventory {
                self.know().await?;
            }
        }
        self.ask_whose().await?;
        self.state.held = if self.setup.read_only {
            Some("[nautobot] has read_only = true")
        } else if *self.hold.borrow() {
            Some("noctui is read-only")
        } else {
            None
        };
        if self.state.held.is_none() {
            let sending = send::drain(&client, &self.shared.store, clock::now());
            let sent = renewing(&self.shared.store, sending).await?;
            if sent.sent > 0 || sent.needless > 0 {
                tracing::info!(sent.sent, sent.needless, sent.left, "written to Nautobot");
            }
        }
        self.state.health = NautobotHealth::Live;
        Ok(())
    }

    /// Reads those mails again that are another provider's by what Nautobot says now.
    async fn ask_whose(&self) -> Result<(), Error> {
        let (store, setup) = (self.shared.store.clone(), self.shared.setup.clone());
        let asking = crate::blocking::run(move || {
            whose::again(&store, (&setup.providers_dir, setup.circuits.as_deref()), clock::now())
        });
        renewing(&self.shared.store, async { Ok(asking.await?) }).await?;
        Ok(())
    }

    /// What another process has read just now is not read again.
    async fn spare(&mut self) -> Result<(), Error> {
        let progress = self.shared.store.read(setting::progress).await?;
        let synced_at = progress.synced_at.and_then(|at| DateTime::from_timestamp(at, 0));
        let age = synced_at.and_then(|at| (clock::now() - at).to_std().ok());
        if let Some(rest) = age.and_then(|age| self.setup.poll.checked_sub(age)).filter(|_| !self.is_wanted) {
            self.state.synced_at = synced_at;
            self.read_at = self.read_at.max(Instant::now() + rest);
        }
        Ok(())
    }

    /// The connection, made anew after a failure: the token may be another one by now.
    async fn connect(&mut self) -> Result<Client, Error> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let (client, About { version, app }) = connect(&self.setup).await?;
        self.state.version = format!("{version}, app {app}");
        self.client = Some(client.clone());
        Ok(client)
    }

    /// How to read.
    fn plan(&self) -> Plan {
        Plan {
            slugs: self.shared.rules.now().slugs().into_iter().map(str::to_owned).collect(),
            past_days: self.shared.setup.retention.past_days,
            full: false,
            accept_gone: false,
            now: clock::now(),
        }
    }

    /// Takes over providers and circuits that are others than before.
    async fn know(&self) -> Result<(), Error> {
        let (more, senders) = self.shared.store.read(|c| Ok((inventory::known(c)?, inventory::senders(c)?))).await?;
        let shared = self.shared.clone();
        crate::blocking::run(move || {
            use crate::features::maintenance::inventory::Inventory;
            use crate::features::maintenance::rules::Rules;
            let (inventory, _) = Inventory::of_config(shared.setup.circuits.as_deref());
            shared.inventory.replace(inventory.with_more(&more));
            shared.more.replace(more);
            if *shared.senders.now() != senders {
                let (rules, _) = Rules::with_user_dir(&shared.setup.providers_dir);
                let headers = shared.rules.now().sender_headers().to_vec();
                shared.rules.replace(rules.with_senders(senders.clone()).with_sender_headers(headers));
                shared.senders.replace(senders);
            }
        })
        .await;
        let _nobody_listens = self.shared.reports.send(Report::Changed).await;
        Ok(())
    }

    /// Waits: for the time to read again, for somebody who wants that now, or for something to write.
    ///
    /// Cancel safety: all that is waited for can be dropped; what was told meanwhile is told again.
    async fn wait(&mut self) {
        loop {
            tokio::select! {
                () = sleep_until(self.read_at) => return,
                () = self.shared.nautobot.sync.notified() => {
                    (self.read_at, self.is_wanted) = (Instant::now(), true);
                    return;
                }
                // Fails only when its sender is gone, which is ours.
                _ = self.hold.changed() => return,
                changed = self.changes.changed() => {
                    if changed.is_err() {
                        // The store is being closed.
                        return sleep_until(self.read_at).await;
                    }
                    tokio::time::sleep(QUIET).await;
                    self.changes.mark_unchanged();
                    let before = (self.state.waiting, self.state.stuck);
                    self.count().await;
                    if (self.state.waiting, self.state.stuck) != before {
                        self.tell().await;
                    }
                    let told = self.shared.store.read(|c| Ok((outbox::is_fresh(c)?, setting::wanted(c)?))).await;
                    let Ok((is_due, wanted)) = told else { continue };
                    if wanted > self.wanted {
                        (self.wanted, self.read_at, self.is_wanted) = (wanted, Instant::now(), true);
                        return;
                    }
                    let is_ready = matches!(self.state.health, NautobotHealth::Live) && self.state.held.is_none();
                    if is_ready && is_due {
                        return;
                    }
                }
            }
        }
    }

    /// Counts what waits; and when Nautobot was last read to its end, by whichever process.
    async fn count(&mut self) {
        let counted =
            self.shared.store.read(|c| Ok((outbox::counts(c)?, setting::vanished(c)?, setting::progress(c)?)));
        if let Ok(((waiting, stuck), vanished, progress)) = counted.await {
            (self.state.waiting, self.state.stuck, self.state.vanished) = (waiting, stuck, vanished);
            let synced_at = progress.synced_at.and_then(|at| DateTime::from_timestamp(at, 0));
            self.state.synced_at = self.state.synced_at.max(synced_at);
        }
    }

    /// Tells the other processes what is wrong, where that is not what they were told.
    async fn tell_others(&mut self, failure: Option<String>) {
        if failure == self.told || matches!(self.state.health, NautobotHealth::Elsewhere { .. }) {
            return;
        }
        let (why, now) = (failure.clone(), clock::now());
        match self.shared.store.write(move |c| setting::fails(c, &HOLDER, why, now)).await {
            Ok(()) => self.told = failure,
            Err(error) => tracing::debug!(%error, "other processes do not hear how Nautobot goes"),
        }
    }

    /// Tells the header.
    async fn tell(&self) {
        let _nobody_listens = self.shared.reports.send(Report::Nautobot(Box::new(self.state.clone()))).await;
    }
}

/// Takes or renews the right to speak with Nautobot; who has it, if that is another process.
async fn renew(store: &Store) -> Result<Option<String>, Error> {
    let now = clock::now();
    Ok(match store.write_quietly(move |connection| setting::take(connection, &HOLDER, now, LEASE)).await? {
        Claim::Of { label } => Some(label),
        // Nobody can let it rest.
        Claim::Ours | Claim::Paused { .. } => None,
    })
}

/// Does something that may take longer than the right to do it lasts, and renews that meanwhile.
async fn renewing<T>(store: &Store, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(RENEW) => {
                if renew(store).await?.is_some() {
                    // This process slept for longer than it had the right for.
                    return Err(Error::TakenOver);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::maintenance::inventory::Inventory;
    use crate::features::maintenance::open_store;
    use crate::features::maintenance::rules::Rules;
    use crate::features::maintenance::store::record::Limits;
    use crate::features::maintenance::store::retention::Retention;
    use crate::features::maintenance::worker::{Current, Setup};
    use crate::secret::SecretFrom;
    use crate::tls::Trust;

    #[tokio::test]
    async fn when_it_was_last_read_is_told_from_the_first_word_on() {
        let dir = tempfile::tempdir().unwrap();
        let store = open_store(dir.path()).unwrap();
        let url = "http://127.0.0.1:1";
        let read = setting::Progress { synced_at: Some(1_795_220_000), ..setting::Progress::default() };
        let keep = move |c: &rusqlite::Connection| {
            setting::configure(c, Some((url, false)))?;
            setting::keep(c, &read)
        };
        store.write(keep).await.unwrap();
        let (reports, mut told) = tokio::sync::mpsc::channel(16);
        let setup = Setup {
            data_dir: dir.path().to_owned(),
            providers_dir: dir.path().join("providers"),
            circuits: None,
            sources: Vec::new(),
            limits: Limits::default(),
            retention: Retention { past_days: None, notification_days: None, raw_days: None },
            nautobot: None,
            read_only: false,
            export_dir: dir.path().to_owned(),
        };
        let shared = Shared {
            setup: Arc::new(setup),
            store: store.clone(),
            rules: Current::new(Rules::embedded()),
            inventory: Current::new(Inventory::default()),
            more: Current::new(Vec::new()),
            senders: Current::new(Vec::new()),
            nautobot: Wishes::new(false),
            sync: watch::Sender::new(0),
            reports,
        };
        let config = Nautobot {
            url: url.parse().unwrap(),
            token: SecretFrom::Command(["printf", "token"].map(str::to_owned).to_vec()),
            trust: Trust::System,
            poll: Duration::from_mins(1),
            write_maintenances: false,
            read_only: false,
            connect_timeout: Duration::from_secs(1),
            call_timeout: Duration::from_secs(1),
        };
        let stop = CancellationToken::new();
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(follow(shared.clone(), config.clone(), stop.clone()));
        let first = tokio::time::timeout(Duration::from_mins(1), told.recv()).await.unwrap();
        let Some(Report::Nautobot(state)) = first else { panic!("{first:?}") };
        assert_eq!(
            (state.health, state.synced_at.map(|at| at.timestamp())),
            (NautobotHealth::Connecting, Some(1_795_220_000))
        );
        // Another configuration names another Nautobot for this data directory: this one is not taken for it.
        let another = |c: &rusqlite::Connection| setting::configure(c, Some(("http://another.example", false)));
        assert!(store.write(another).await.unwrap());
        tasks.spawn(follow(shared, config, stop.clone()));
        let failing = async {
            loop {
                if let Some(Report::Nautobot(state)) = told.recv().await
                    && let NautobotHealth::Failing { word: "elsewhere", trouble, .. } = state.health
                {
                    return trouble.one_line();
                }
            }
        };
        let why = tokio::time::timeout(Duration::from_mins(1), failing).await.unwrap();
        assert!(why.contains("follows Nautobot at http://another.example by now"), "{why}");
        stop.cancel();
        while tasks.join_next().await.is_some() {}
    }
}

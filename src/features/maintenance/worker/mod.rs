//! Owns the store's maintenances and their sources: requests in, reports out.
//!
//! Reads run side by side, a newer list request stops an older one. Writes run one after the other, in the order in which
//! they were asked for, and are reported once they are durable. Each source runs in a task of its own, so that one that
//! fails does not hold up the others.

mod answer;
mod aside;
pub(crate) mod circuits;
mod health;
mod intake;
mod nautobot;
mod protocol;
mod read;
mod rulebook;
#[cfg(test)]
pub(crate) mod testing;
mod watched;
mod write;

pub(crate) use aside::{assign, reread_from};
pub use health::{SourceFacts, SourceHealth, SourceState};
pub(crate) use intake::{kind, label, namesake, place, scope, sender_headers};
pub use nautobot::{NautobotHealth, NautobotState, OutboxWish};
pub use protocol::{Done, Mail, Question, Report, Request, Target, Write};

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::inventory::{Inventory, KnownCircuit};
use super::rules::{RuleError, Rules};
use super::store::record::Limits;
use super::store::retention::{self, Forgotten, Retention};
use super::store::source;
use crate::blocking;
use crate::clock;
use crate::config::{Config, Source};
use crate::store::{Error, Store};
use answer::{Answers, Job};
use watched::{Current, keep_reading};

/// How often news of a changed store are told at the most. An import commits hundreds of times a second; nobody reads
/// that fast.
const TELL_EVERY: Duration = Duration::from_millis(200);
/// Forgetting begins when the start is well over,
const FORGET_FIRST: Duration = Duration::from_mins(1);
/// goes on with pauses between its steps,
const FORGET_NEXT: Duration = Duration::from_secs(1);
/// and comes again after this long.
const FORGET_EVERY: Duration = Duration::from_hours(1);
/// How long leaving waits for leases to be given back; those that are not run out.
const GIVE_BACK: Duration = Duration::from_millis(500);
/// Rows that one step forgets.
const FORGET_BATCH: usize = 500;

/// What the worker works with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// The folder of the database.
    pub data_dir: PathBuf,
    /// The user's own provider rules.
    pub providers_dir: PathBuf,
    /// The file of the user's circuits.
    pub circuits: Option<PathBuf>,
    /// Where notifications come from.
    pub sources: Vec<Source>,
    /// How much of a notification is kept.
    pub limits: Limits,
    /// How long what is over is kept.
    pub retention: Retention,
    /// The Nautobot that maintenances are shared with.
    pub nautobot: Option<crate::config::Nautobot>,
    /// Whether writes to backends wait until the screen says otherwise.
    pub read_only: bool,
    /// Where calendar files are written.
    pub export_dir: PathBuf,
}

impl Setup {
    /// What the configuration says.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let kept = &config.maintenance.retention;
        Self {
            data_dir: config.paths.data.clone(),
            providers_dir: config.maintenance.providers_dir.clone(),
            circuits: config.maintenance.circuits.clone(),
            sources: config.maintenance.sources.clone(),
            limits: Limits {
                raw_bytes: usize::try_from(config.maintenance.raw_size_limit_bytes).unwrap_or(usize::MAX),
            },
            retention: Retention {
                past_days: kept.past_days,
                notification_days: kept.notification_days,
                raw_days: kept.raw_days,
            },
            nautobot: config.nautobot.clone(),
            read_only: config.refuses_writes(config.context.as_ref()).is_some(),
            export_dir: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
        }
    }
}

/// What every part of the worker shares.
#[derive(Debug, Clone)]
struct Shared {
    /// As configured.
    setup: Arc<Setup>,
    /// The database.
    store: Store,
    /// The provider rules in force.
    rules: Current<Rules>,
    /// The user's circuits.
    inventory: Current<Inventory>,
    /// Those of them that come from Nautobot.
    more: Current<Vec<KnownCircuit>>,
    /// Addresses that Nautobot knows as senders of a provider.
    senders: Current<Vec<super::rules::Sender>>,
    /// What the task that speaks with Nautobot is told.
    nautobot: nautobot::Wishes,
    /// Changes when somebody wants every source to be looked at; the number itself means nothing.
    sync: watch::Sender<u64>,
    /// Where reports go: to the screen, capacity 256; a full channel makes the worker wait.
    reports: Sender<Report>,
}

/// Serves requests and feeds the sources into the store until `stop` is cancelled or the screen is gone. Returns an error
/// when the store cannot be opened.
///
/// Cancel safety: the `select!` only waits; what a branch starts runs in tasks of its own, and writes that were handed to
/// the store are carried out whether or not anybody waits for them.
pub async fn run(
    setup: Setup,
    mut requests: Receiver<Request>,
    reports: Sender<Report>,
    stop: CancellationToken,
) -> Result<(), Error> {
    let (shared, problems) = open(setup, reports).await?;
    if let Some(trouble) = super::begun_anew(&shared.store) {
        // Told before anything is: nothing waits to be undone, so that no answer is mistaken for another.
        let _ = shared.reports.send(Report::Failed(trouble)).await;
    }
    let mut tasks = JoinSet::new();
    read_files(&shared, problems, &stop, &mut tasks);
    let mut answers = Answers::new(shared.clone());
    let sources = stop.child_token();
    intake::start(&shared, &sources, &mut tasks);
    if let Some(setup) = shared.setup.nautobot.clone() {
        tasks.spawn(nautobot::follow(shared.clone(), setup, stop.clone()));
    }
    tasks.spawn(forget(shared.clone(), stop.clone()));
    tasks.spawn(tell_of_backups(shared.clone()));
    let mut changes = shared.store.changes();
    let mut quiet_until = tokio::time::Instant::now();
    let mut news = false;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            request = requests.recv() => match request {
                None => break,
                Some(Request::Hold(hold)) => shared.nautobot.hold(hold),
                Some(Request::Sync) => {
                    shared.nautobot.sync();
                    shared.sync.send_modify(|count| *count = count.wrapping_add(1));
                }
                Some(Request::Ask(question)) => answers.read(question),
                Some(Request::Write(write)) => answers.write(Job::Write(write)),
                Some(Request::Export(keys)) => answers.write(Job::Export(keys)),
            },
            told = changes.changed(), if !news => if told.is_ok() { news = true } else { break },
            () = tokio::time::sleep_until(quiet_until), if news => {
                news = false;
                changes.mark_unchanged();
                quiet_until = tokio::time::Instant::now() + TELL_EVERY;
                if shared.reports.send(Report::Changed).await.is_err() { break }
            }
            Some(_) = tasks.join_next() => {}
        }
    }
    sources.cancel();
    // Somebody waits for the end, and mails that are not recorded yet come again at the next start.
    shared.store.begin_to_close();
    requests.close();
    let rest = std::iter::from_fn(|| requests.try_recv().ok()).filter_map(|request| match request {
        Request::Write(write) => Some(Job::Write(write)),
        Request::Export(keys) => Some(Job::Export(keys)),
        Request::Ask(_) | Request::Sync | Request::Hold(_) => None,
    });
    answers.finish(rest).await;
    if shared.setup.sources.iter().any(|source| intake::is_remote(&source.from)) {
        // A lease that is given back lets another process read on at once. Nobody waits for that of a Maildir: who would read it
        // next is on this machine as a rule, and knows at once that this process is gone.
        let _ = tokio::time::timeout(GIVE_BACK, async { while tasks.join_next().await.is_some() {} }).await;
    }
    tasks.shutdown().await;
    Ok(())
}

/// Reads the user's rules and circuits whenever they change.
fn read_files(shared: &Shared, problems: Vec<RuleError>, stop: &CancellationToken, tasks: &mut JoinSet<()>) {
    let (reports, setup) = (&shared.reports, &shared.setup);
    let (rules, senders) = (shared.rules.clone(), shared.senders.clone());
    let rules = rulebook::Reading::new(rules, senders, setup.providers_dir.clone(), problems);
    match rules.changes() {
        Ok(changes) => _ = tasks.spawn(keep_reading(rules, changes, reports.clone(), stop.clone())),
        Err(error) => tracing::warn!(%error, "changes of provider rules go unnoticed until noctui starts again"),
    }
    let Some(file) = setup.circuits.clone() else { return };
    let circuits = circuits::Reading::new(shared.inventory.clone(), shared.more.clone(), file);
    match circuits.changes() {
        Ok(changes) => _ = tasks.spawn(keep_reading(circuits, changes, reports.clone(), stop.clone())),
        Err(error) => tracing::warn!(%error, "changes of the circuits go unnoticed until noctui starts again"),
    }
}

/// Feeds sources into a store, and nothing else, until `stop` is cancelled. How they go is reported as to a screen.
pub async fn feed(setup: Setup, store: Store, rules: Rules, reports: Sender<Report>, stop: CancellationToken) {
    let file = setup.circuits.clone();
    // What is wrong with it is told where it is asked for.
    let (inventory, _) = blocking::run(move || Inventory::of_config(file.as_deref())).await;
    let shared = match share(setup, store, (rules, inventory), reports).await {
        Ok(shared) => shared,
        Err(error) => {
            tracing::error!(%error, "the store cannot be read: no source is");
            return;
        }
    };
    let mut tasks = JoinSet::new();
    intake::start(&shared, &stop, &mut tasks);
    while tasks.join_next().await.is_some() {}
}

/// Forgets what is older than the configuration keeps, now and then, in small steps so that nothing waits for it.
async fn forget(shared: Shared, stop: CancellationToken) {
    let mut pause = FORGET_FIRST;
    let mut gone = Forgotten::default();
    while stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
        let (kept, now) = (shared.setup.retention, clock::now());
        match shared.store.write(move |c| retention::forget(c, &kept, now, FORGET_BATCH)).await {
            Ok(forgotten) => {
                gone.add(&forgotten);
                pause = if forgotten.and_more { FORGET_NEXT } else { FORGET_EVERY };
                if !forgotten.and_more {
                    tell_forgotten(&shared, std::mem::take(&mut gone)).await;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "what is past its time was not forgotten");
                pause = FORGET_EVERY;
            }
        }
    }
}

/// Says when a backup takes the place of what is in the store, for as long as there is one.
async fn tell_of_backups(shared: Shared) {
    let mut changes = shared.store.changes();
    let mut before = None;
    loop {
        // What cannot be read is told by whoever wants to show it.
        if let Ok(at) = shared.store.read(source::put_back_at).await {
            if before.is_some_and(|before| before != at) {
                let _ = shared.reports.send(Report::PutBack).await;
            }
            before = Some(at);
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

/// Says what was forgotten: in the log, and on the screen where somebody could have seen it.
async fn tell_forgotten(shared: &Shared, gone: Forgotten) {
    let Forgotten { maintenances, notifications, raws, .. } = gone;
    if maintenances + notifications + raws > 0 {
        tracing::info!(maintenances, notifications, raws, "what is older than the configuration keeps was forgotten");
    }
    if maintenances + notifications > 0 {
        let _ = shared.reports.send(Report::Forgotten { maintenances, notifications }).await;
    }
}

/// What every part shares, with what is known from Nautobot.
async fn share(
    setup: Setup,
    store: Store,
    (rules, inventory): (Rules, Inventory),
    reports: Sender<Report>,
) -> Result<Shared, Error> {
    let url = setup.nautobot.as_ref().map(|nautobot| (nautobot.url.to_string(), nautobot.write_maintenances));
    let (more, senders) = nautobot::known(&store, url).await?;
    let rules = rules.with_senders(senders.clone()).with_sender_headers(sender_headers(&setup.sources));
    let inventory = inventory.with_more(&more);
    Ok(Shared {
        nautobot: nautobot::Wishes::new(setup.read_only),
        setup: Arc::new(setup),
        store,
        rules: Current::new(rules),
        inventory: Current::new(inventory),
        more: Current::new(more),
        senders: Current::new(senders),
        sync: watch::Sender::new(0),
        reports,
    })
}

/// Opens the store and reads the rules, away from the threads that answer.
async fn open(setup: Setup, reports: Sender<Report>) -> Result<(Shared, Vec<RuleError>), Error> {
    let dir = setup.data_dir.clone();
    let store = blocking::run(move || super::open_store(&dir)).await?;
    let (rules, problems) = Rules::with_user_dir(&setup.providers_dir);
    for problem in &problems {
        tracing::warn!(%problem, "a provider rule is not used");
    }
    // What is wrong with them is told by whoever reads them again when they change.
    let file = setup.circuits.clone();
    let (inventory, _) = blocking::run(move || Inventory::of_config(file.as_deref())).await;
    Ok((share(setup, store, (rules, inventory), reports).await?, problems))
}

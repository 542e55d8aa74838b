//! From the sources into the store: each mail is read by the rules and recorded, in the order in which it came.
//!
//! A store that takes no mails, above all for want of space, keeps its source waiting: everything that is not recorded is
//! found again when the source is begun anew, after a pause that grows. A bookmark is put when every mail before it is
//! recorded. A source is read by one process at a time, see [`turn`].

mod memory;
mod news;
mod origin;
mod turn;

#[cfg(test)]
mod tests;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt};
use tokio::sync::mpsc::{self, Receiver};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use self::memory::Memory;
use self::news::{News, brief, news};
use self::origin::Kind;
use self::origin::wanted;
pub(crate) use self::origin::{is_remote, kind, label, place, scope, sender_headers};
pub(crate) use self::turn::namesake;
use self::turn::{Going, Turn};
use super::{Report, Shared, SourceHealth, SourceState};
use crate::clock;
use crate::config::Source;
use crate::features::maintenance::intake::{Intake, Read};
use crate::features::maintenance::model::Outcome;
use crate::features::maintenance::source::imap::Mailbox;
use crate::features::maintenance::source::maildir::Maildir;
use crate::features::maintenance::source::{self, Desk, Event, State, remote, web};
use crate::features::maintenance::store::record::{Novelty, Recorded};
use crate::store::Error;

/// What is told at once is read and recorded together: enough that commits are shared, few enough that a burst of large
/// mails fits into memory.
const BATCH: usize = 16;
/// Batches that are read at the same time, while the one before is recorded.
const READERS: usize = 2;
/// Events between a source on a network and its reader. Each may have as many mails as were fetched at once.
const REMOTE_CAPACITY: usize = 2;

/// The pause before what was not recorded is tried again; each is twice as long as the one before, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Starts one task a source.
pub(super) fn start(shared: &Shared, stop: &CancellationToken, tasks: &mut JoinSet<()>) {
    for source in &shared.setup.sources {
        tasks.spawn(Feed::new(shared.clone(), source, FIRST_PAUSE).run(stop.clone()));
    }
}

/// Takes one source's mails into the store.
pub(crate) struct Feed {
    /// What all share.
    shared: Shared,
    /// What is watched.
    kind: Kind,
    /// What the store knows of it.
    memory: Memory,
    /// What the header is told.
    state: SourceState,
    /// The pause after the next failure.
    pause: Duration,
    /// Its least value.
    first_pause: Duration,
    /// Whether the last look was one at all of the source.
    is_whole: bool,
    /// Mails that the source has announced and that are not recorded yet.
    left: usize,
    /// Mails that the store refused since the source was begun, one by one, and why.
    refused: usize,
    /// When these are tried again.
    again_at: Option<Instant>,
    /// How it goes, for who keeps the turn.
    going: watch::Sender<Going>,
    /// Our turn to read the source.
    turn: Turn,
}

/// Why one look at a source came to its end.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// Nobody wants more.
    Stopped,
    /// The source is to be begun anew at this time.
    Again(Instant),
}

/// What a source told, its mails read.
enum Step {
    /// Mails, to be recorded.
    Mails(Vec<Read>),
    /// A bookmark behind them.
    Bookmark {
        /// Of which folder.
        folder: String,
        /// In the source's own words.
        bookmark: String,
    },
    /// The source is in another state.
    State(State),
    /// The server wants this to be read.
    Alert(String),
}

/// Reads the mails among what a source told. Neighbours are read together, so that they are recorded together.
async fn read(shared: Shared, label: String, events: Vec<Event>) -> Vec<Step> {
    // The rules may have changed since the last ones.
    let intake = Intake::new(shared.store.clone(), shared.rules.now(), shared.setup.limits);
    let intake = intake.with_inventory(shared.inventory.now());
    let (mut steps, mut mails) = (Vec::new(), Vec::new());
    for event in events {
        let step = match event {
            Event::Received(more) => {
                mails.extend(more);
                continue;
            }
            Event::Bookmark { folder, bookmark } => Step::Bookmark { folder, bookmark },
            Event::State(state) => Step::State(state),
            Event::Alert(text) => Step::Alert(text),
        };
        if !mails.is_empty() {
            steps.push(Step::Mails(intake.read(&label, std::mem::take(&mut mails), clock::now()).await));
        }
        steps.push(step);
    }
    if !mails.is_empty() {
        steps.push(Step::Mails(intake.read(&label, mails, clock::now()).await));
    }
    steps
}

impl Feed {
    /// A feed that has told nothing yet.
    pub(crate) fn new(shared: Shared, source: &Source, first_pause: Duration) -> Self {
        let names = (&*source.name, &*scope(&source.from));
        let turn = Turn::new(shared.store.clone(), names, !is_remote(&source.from), shared.sync.subscribe());
        Self {
            kind: Kind::of(&source.from),
            memory: Memory { store: shared.store.clone(), label: label(&source.from), wanted: wanted(&source.from) },
            state: SourceState {
                name: source.name.clone(),
                place: place(&source.from),
                health: SourceHealth::Starting,
                fresh_at: None,
                next_at: None,
                received: 0,
                fresh: 0,
                unparsed: 0,
                alert: None,
            },
            pause: first_pause,
            first_pause,
            is_whole: false,
            left: 0,
            refused: 0,
            again_at: None,
            going: watch::Sender::new(Going::default()),
            turn,
            shared,
        }
    }

    /// Until nobody wants more, through every time the store takes none.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        self.tell().await;
        while self.wait_for_turn(&stop).await {
            let end = self.read_on(&stop).await;
            if let End::Again(at) = end
                && stop.run_until_cancelled(sleep_until(at)).await.is_some()
            {
                continue;
            }
            break;
        }
        let going = self.going.borrow().clone();
        self.turn.give_back(going).await;
    }

    /// Waits until it is our turn to read the source; false when nobody wants that any more.
    async fn wait_for_turn(&mut self, stop: &CancellationToken) -> bool {
        loop {
            let obstacle = match stop.run_until_cancelled(self.turn.take()).await {
                None => return false,
                Some(Ok(None)) => return true,
                Some(Ok(Some(health))) => health,
                Some(Err(error)) => {
                    tracing::error!(%error, source = self.memory.label, "nobody knows whose turn it is to read the source");
                    let at = self.wait(&error, 0);
                    self.tell().await;
                    if stop.run_until_cancelled(sleep_until(at)).await.is_none() {
                        return false;
                    }
                    continue;
                }
            };
            let complete_at = self.turn.complete_at().or(self.state.fresh_at);
            if (&self.state.health, self.state.fresh_at) != (&obstacle, complete_at) {
                (self.state.health, self.state.fresh_at) = (obstacle, complete_at);
                self.tell().await;
            }
            if stop.run_until_cancelled(self.turn.changed()).await.is_none() {
                return false;
            }
        }
    }

    /// Reads the source for as long as it is our turn.
    async fn read_on(&mut self, stop: &CancellationToken) -> End {
        let wanted = watch::Sender::new(0);
        // Aborted when it is dropped: a source may end anywhere.
        let mut watch = JoinSet::new();
        let events = self.watch(&mut watch, wanted.subscribe(), stop);
        let mut turn = self.turn.clone();
        let going = self.going.subscribe();
        // Cancel safety: what was handed to the store is recorded whether or not anybody waits for that; everything else
        // comes again.
        let end = tokio::select! {
            end = self.look(events, stop) => end,
            () = turn.keep(going, &wanted) => End::Again(Instant::now()),
        };
        self.turn = turn;
        end
    }

    /// Starts the source.
    fn watch(
        &self,
        tasks: &mut JoinSet<()>,
        wanted: watch::Receiver<u64>,
        stop: &CancellationToken,
    ) -> Receiver<Event> {
        match &self.kind {
            Kind::Maildir(path) => {
                let (out, events) = source::channel();
                tasks.spawn(Maildir::new(path).watch(self.memory.handled(), out, wanted, stop.clone()));
                events
            }
            Kind::Imap(config) => {
                let (out, events) = mpsc::channel(REMOTE_CAPACITY);
                let desk = Desk::new(self.memory.handled(), self.memory.bookmarks(), out, wanted)
                    .with_absences(Arc::new(self.memory.clone()));
                tasks.spawn(remote::watch(Mailbox::new(config), desk, stop.clone()));
                events
            }
            Kind::Web(config) => {
                let (out, events) = mpsc::channel(REMOTE_CAPACITY);
                let desk = Desk::new(self.memory.handled(), self.memory.bookmarks(), out, wanted)
                    .with_fates(Arc::new(self.memory.clone()))
                    .with_absences(Arc::new(self.memory.clone()));
                tasks.spawn(remote::watch(web::Mailbox::new(config), desk, stop.clone()));
                events
            }
        }
    }

    /// Takes what a source hands out.
    ///
    /// Cancel safety: a mail that was taken from the channel is recorded, or comes again because its key is not in the
    /// store.
    async fn look(&mut self, events: Receiver<Event>, stop: &CancellationToken) -> End {
        (self.left, self.refused, self.again_at) = (0, 0, None);
        let (shared, label) = (self.shared.clone(), self.memory.label.clone());
        let batches = stream::unfold(events, async |mut events| {
            let mut batch = Vec::with_capacity(BATCH);
            (events.recv_many(&mut batch, BATCH).await > 0).then_some((batch, events))
        });
        let mut batches = pin!(batches.map(move |batch| read(shared.clone(), label.clone(), batch)).buffered(READERS));
        loop {
            let steps = tokio::select! {
                biased;
                () = stop.cancelled() => return End::Stopped,
                steps = batches.next() => steps,
                () = at(self.again_at) => return End::Again(Instant::now()),
            };
            let Some(steps) = steps else {
                // A source ends when it is told to, and otherwise because something broke.
                let again = || End::Again(Instant::now() + self.first_pause);
                return if stop.is_cancelled() { End::Stopped } else { again() };
            };
            for step in steps {
                let end = match step {
                    Step::Mails(mails) => self.record(mails, stop).await,
                    Step::Bookmark { folder, bookmark } => self.put(folder, bookmark).await,
                    Step::State(state) => {
                        self.turned(state);
                        None
                    }
                    Step::Alert(text) => {
                        tracing::warn!(source = self.state.name, "the server says: {text}");
                        self.state.alert = Some(text);
                        None
                    }
                };
                if let Some(end) = end {
                    return end;
                }
            }
            self.tell().await;
        }
    }

    /// Records mails. An end where going on makes no sense.
    async fn record(&mut self, mails: Vec<Read>, stop: &CancellationToken) -> Option<End> {
        let intake = Intake::new(self.shared.store.clone(), self.shared.rules.now(), self.shared.setup.limits);
        let mut of_the_store = None;
        let mut refused = 0;
        for taken in intake.record(mails).await {
            match taken {
                Ok(recorded) => {
                    self.state.received += 1;
                    self.state.fresh += usize::from(recorded.novelty != Novelty::Duplicate);
                    self.state.unparsed += usize::from(is_unparsed(&recorded));
                    self.left = self.left.saturating_sub(1);
                    if self.refused == 0
                        && matches!(self.state.health, SourceHealth::Waiting { .. } | SourceHealth::Reading(_))
                    {
                        self.state.health = SourceHealth::Reading(self.left);
                    }
                }
                // It comes again; the store no longer records what nobody waits for.
                Err(_) if stop.is_cancelled() => return Some(End::Stopped),
                Err(error) => {
                    refused += 1;
                    // One mail that the store cannot take does not hold up the others.
                    if error.concerns_all_writes() { of_the_store = Some(error) } else { self.refuse(&error) }
                }
            }
        }
        let error = of_the_store?;
        tracing::error!(%error, source = self.memory.label, "mails are not recorded; they are tried again");
        let at = self.wait(&error, self.left.max(refused));
        self.tell().await;
        Some(End::Again(at))
    }

    /// Puts a bookmark, unless a mail before it was refused: then it comes again.
    async fn put(&mut self, folder: String, bookmark: String) -> Option<End> {
        if self.refused > 0 {
            return None;
        }
        match self.turn.put(&self.memory, folder, bookmark).await {
            Ok(true) => None,
            // Another process reads the source by now.
            Ok(false) => Some(End::Again(Instant::now())),
            Err(error) => {
                tracing::error!(%error, source = self.memory.label, "how far the source was read is not recorded");
                let at = self.wait(&error, self.left);
                self.tell().await;
                Some(End::Again(at))
            }
        }
    }

    /// A mail was refused for a reason of its own.
    fn refuse(&mut self, error: &Error) {
        tracing::error!(%error, source = self.memory.label, "a mail was not recorded; it is tried again");
        self.refused += 1;
        if let (Some(_), SourceHealth::Waiting { mails, .. }) = (self.again_at, &mut self.state.health) {
            *mails = self.refused;
        } else {
            self.again_at = Some(self.wait(error, self.refused));
        }
    }

    /// So many mails wait because of `error`; answers until when.
    fn wait(&mut self, error: &Error, mails: usize) -> Instant {
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        self.state.health = SourceHealth::Waiting {
            reason: brief(error),
            why: error.to_string(),
            mails,
            again_at: clock::now() + pause,
        };
        Instant::now() + pause
    }

    /// The source is in another state; what waits is told before anything else.
    fn turned(&mut self, state: State) {
        let before = self.state.health.clone();
        let is_waiting = matches!(before, SourceHealth::Waiting { .. });
        match state {
            State::Failing { reason } => self.state.health = SourceHealth::Failing(reason),
            State::Down { brief, trouble, again_in } => {
                let again_at = again_in.map(|pause| clock::now() + pause);
                self.state.health = SourceHealth::Down { brief, trouble, again_at };
            }
            State::Reading { mails } => {
                self.left = mails;
                if !is_waiting {
                    self.state.health = SourceHealth::Reading(mails);
                }
            }
            State::Watching { looks_every, is_whole } => {
                self.is_whole = is_whole;
                if is_whole {
                    self.state.next_at = looks_every.map(|pause| clock::now() + pause);
                }
                self.left = 0;
                if self.refused == 0 {
                    self.pause = self.first_pause;
                    self.state.health = SourceHealth::Watching;
                }
            }
        }
        let source = &self.state.name;
        if before != self.state.health {
            tracing::debug!(source, was = ?before, is = ?self.state.health, "a source of mails is in another state");
        }
        match news(&before, &self.state.health) {
            Some(News::Fails(reason)) => tracing::warn!(source, reason, "a source of mails cannot be read"),
            Some(News::IsBack) => tracing::info!(source, "a source of mails is read again"),
            None => {}
        }
    }

    /// Tells the header how the source is doing, and who keeps the turn.
    async fn tell(&mut self) {
        if self.is_whole && self.state.health == SourceHealth::Watching {
            self.state.fresh_at = Some(clock::now());
        }
        self.going.send_replace(Going::of(&self.state, self.is_whole));
        let _ = self.shared.reports.send(Report::Source(self.state.clone())).await;
    }
}

/// Whether a mail is new and of those that were not read.
fn is_unparsed(recorded: &Recorded) -> bool {
    recorded.novelty == Novelty::New && matches!(recorded.outcome, Outcome::ParsingFailed | Outcome::UnknownProvider)
}

/// Waits until `when`; for ever when there is no such time.
async fn at(when: Option<Instant>) {
    match when {
        Some(when) => sleep_until(when).await,
        None => std::future::pending().await,
    }
}

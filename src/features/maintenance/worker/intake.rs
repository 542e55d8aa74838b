//! From the sources into the store: each mail is read by the rules and recorded, in the order in which it came.
//!
//! A store that takes no mails, above all for want of space, keeps its source waiting: everything that is not recorded is
//! found again when the source is begun anew, after a pause that grows.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Report, Shared, Source, SourceHealth, SourceState};
use crate::clock;
use crate::features::maintenance::intake::Intake;
use crate::features::maintenance::source::maildir::Maildir;
use crate::features::maintenance::source::{self, Event, Handled, Received, State};
use crate::features::maintenance::store::record;
use crate::store::Error;

/// Mails that are read and recorded together: enough that commits are shared, few enough that a burst of large ones
/// fits into memory.
const BATCH: usize = 16;

/// The pause before what was not recorded is tried again; each is twice as long as the one before, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Starts one task a source.
pub(super) fn start(shared: &Shared, stop: &CancellationToken, tasks: &mut JoinSet<()>) {
    for source in &shared.setup.sources {
        tasks.spawn(Feed::new(shared.clone(), source, FIRST_PAUSE).run(stop.clone()));
    }
}

/// The name under which a source's mails stand in the store.
fn label(source: &Source) -> String {
    format!("maildir {}", source.maildir.display())
}

/// Takes one source's mails into the store.
struct Feed {
    /// What all share.
    shared: Shared,
    /// What is watched.
    source: Source,
    /// The source's name in the store.
    label: String,
    /// What the header is told.
    state: SourceState,
    /// The pause after the next failure.
    pause: Duration,
    /// Its least value.
    first_pause: Duration,
    /// Mails that the source has announced and that are not recorded yet.
    left: usize,
    /// Mails that the store refused since the source was begun, one by one, and why.
    refused: usize,
    /// When these are tried again.
    again_at: Option<Instant>,
}

/// Why one look at a source came to its end.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// Nobody wants more.
    Stopped,
    /// The source is to be begun anew at this time.
    Again(Instant),
}

impl Feed {
    /// A feed that has told nothing yet.
    fn new(shared: Shared, source: &Source, first_pause: Duration) -> Self {
        Self {
            shared,
            source: source.clone(),
            label: label(source),
            state: SourceState {
                name: source.name.clone(),
                place: source.maildir.display().to_string(),
                health: SourceHealth::Starting,
                fresh_at: None,
                received: 0,
            },
            pause: first_pause,
            first_pause,
            left: 0,
            refused: 0,
            again_at: None,
        }
    }

    /// Until nobody wants more, through every time the store takes none.
    async fn run(mut self, stop: CancellationToken) {
        self.tell().await;
        loop {
            let (out, events) = source::channel();
            // Aborted when it is dropped: a source may end anywhere.
            let mut watch = JoinSet::new();
            watch.spawn(Maildir::new(&self.source.maildir).watch(self.handled(), out, stop.clone()));
            let End::Again(at) = self.look(events, &stop).await else { return };
            drop(watch);
            if stop.run_until_cancelled(sleep_until(at)).await.is_none() {
                return;
            }
        }
    }

    /// The question whether a mail is recorded.
    fn handled(&self) -> Handled {
        let (store, label) = (self.shared.store.clone(), self.label.clone());
        // A question that cannot be answered is answered with no: recording finds duplicates again.
        Arc::new(move |key| store.read_blocking(|c| record::is_recorded(c, &label, key)).unwrap_or(false))
    }

    /// Takes what a source hands out.
    ///
    /// Cancel safety: a mail that was taken from the channel is recorded, or comes again because its key is not in the
    /// store.
    async fn look(&mut self, mut events: Receiver<Event>, stop: &CancellationToken) -> End {
        (self.left, self.refused, self.again_at) = (0, 0, None);
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let received = tokio::select! {
                biased;
                () = stop.cancelled() => return End::Stopped,
                received = events.recv_many(&mut batch, BATCH) => received,
                () = at(self.again_at) => return End::Again(Instant::now()),
            };
            if received == 0 {
                return End::Stopped;
            }
            let mut mails = Vec::new();
            let mut news = None;
            for event in batch.drain(..) {
                match event {
                    Event::Received(mail) => mails.push(mail),
                    Event::State(state) => news = Some(state),
                }
                // Announced before its mails come.
                if let Some(State::Reading { mails }) = news {
                    self.left = mails;
                }
            }
            if let Some(end) = self.take(mails, stop).await {
                return end;
            }
            if let Some(state) = news {
                self.turned(state);
            }
            self.tell().await;
        }
    }

    /// Records mails. An end where going on makes no sense.
    async fn take(&mut self, mails: Vec<Received>, stop: &CancellationToken) -> Option<End> {
        // The rules may have changed since the last ones.
        let intake = Intake::new(self.shared.store.clone(), self.shared.rules.now(), self.shared.setup.limits);
        let intake = intake.with_inventory(self.shared.inventory.now());
        let mut of_the_store = None;
        let mut refused = 0;
        for taken in intake.take(&self.label, mails, clock::now()).await {
            match taken {
                Ok(_) => {
                    self.state.received += 1;
                    self.left = self.left.saturating_sub(1);
                    if self.refused == 0 && matches!(self.state.health, SourceHealth::Waiting { .. }) {
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
        tracing::error!(%error, source = self.label, "mails are not recorded; they are tried again");
        let at = self.wait(&error, self.left.max(refused));
        self.tell().await;
        Some(End::Again(at))
    }

    /// A mail was refused for a reason of its own.
    fn refuse(&mut self, error: &Error) {
        tracing::error!(%error, source = self.label, "a mail was not recorded; it is tried again");
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
            State::Reading { mails } if !is_waiting => self.state.health = SourceHealth::Reading(mails),
            State::Watching { .. } if self.refused == 0 => {
                self.left = 0;
                self.pause = self.first_pause;
                self.state.health = SourceHealth::Watching;
            }
            State::Watching { .. } => self.left = 0,
            State::Reading { .. } => {}
        }
        let source = &self.source.name;
        match turn(&before, &self.state.health) {
            Some(Turn::Fails(reason)) => tracing::warn!(source, reason, "a source of mails cannot be read"),
            Some(Turn::IsBack) => tracing::info!(source, "a source of mails is read again"),
            None => {}
        }
    }

    /// Tells the header how the source is doing.
    async fn tell(&mut self) {
        if self.state.health == SourceHealth::Watching {
            self.state.fresh_at = Some(clock::now());
        }
        let _ = self.shared.reports.send(Report::Source(self.state.clone())).await;
    }
}

/// What the log tells of a source.
#[derive(Debug, PartialEq, Eq)]
enum Turn<'r> {
    /// It cannot be read, for this reason.
    Fails(&'r str),
    /// It can be read again.
    IsBack,
}

/// What is new where a source was in one state and is in another: it is tried again and again, and told of once.
fn turn<'r>(before: &SourceHealth, now: &'r SourceHealth) -> Option<Turn<'r>> {
    match (before, now) {
        (before, now) if before == now => None,
        (_, SourceHealth::Failing(reason)) => Some(Turn::Fails(reason)),
        (SourceHealth::Failing(_), _) => Some(Turn::IsBack),
        _ => None,
    }
}

/// An error in a word or two, for the header.
fn brief(error: &Error) -> &'static str {
    match error {
        Error::Full { .. } => "no space",
        Error::Busy { .. } => "store busy",
        Error::ReadOnly { .. } | Error::Unusable { .. } => "cannot write",
        Error::Replaced { .. } => "store replaced",
        Error::Corrupt { .. }
        | Error::Emptied { .. }
        | Error::Lost { .. }
        | Error::NotOurs { .. }
        | Error::Newer { .. }
        | Error::Superseded
        | Error::Panicked { .. }
        | Error::Closed
        | Error::TargetExists { .. }
        | Error::TargetUnusable { .. }
        | Error::NoBackup { .. }
        | Error::InUse { .. }
        | Error::Missing { .. }
        | Error::Refused { .. } => "not recorded",
    }
}

/// Waits until `when`; for ever when there is no such time.
async fn at(when: Option<Instant>) {
    match when {
        Some(when) => sleep_until(when).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use rusqlite::Connection;
    use tokio::sync::mpsc;
    use tokio::time::timeout;

    use super::super::{Current, Setup};
    use super::*;
    use crate::features::maintenance::inventory::Inventory;
    use crate::features::maintenance::open_store;
    use crate::features::maintenance::rules::Rules;
    use crate::features::maintenance::store::record::Limits;
    use crate::features::maintenance::store::retention::Retention;
    use crate::store::Store;

    /// Far beyond what any of these takes.
    const DEADLINE: Duration = Duration::from_mins(1);

    /// Writes so many mails of some kilobytes into a Maildir in `dir`.
    fn fill(dir: &Path, mails: usize) -> Source {
        let maildir = dir.join("Maildir");
        for part in ["cur", "new", "tmp"] {
            fs::create_dir_all(maildir.join(part)).unwrap();
        }
        for mail in 0..mails {
            let text =
                format!("From: noc@lakeside.example\r\nSubject: {mail}\r\n\r\n{}", format!("{mail} ").repeat(9000));
            fs::write(maildir.join("new").join(format!("17000000{mail:02}.M1.host")), text).unwrap();
        }
        Source { name: "noc".to_owned(), maildir }
    }

    /// Lets the database grow by so many pages from now on, as on a disk with so much space left.
    async fn leave_pages(store: &Store, more: i64) {
        let limit = move |connection: &Connection| {
            let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
            Ok(connection.pragma_update_and_check(None, "max_page_count", pages + more, |_| Ok(()))?)
        };
        store.write(limit).await.unwrap();
    }

    #[test]
    fn a_source_that_fails_is_logged_once_and_so_is_its_return() {
        let fails = |reason: &str| SourceHealth::Failing(reason.to_owned());
        let states = [
            SourceHealth::Starting,
            fails("cannot be opened"),
            fails("cannot be opened"),
            fails("no folder"),
            SourceHealth::Reading(3),
            SourceHealth::Watching,
            fails("cannot be listed"),
        ];
        let told: Vec<_> = states.windows(2).filter_map(|pair| turn(&pair[0], &pair[1])).collect();
        let fails = Turn::Fails;
        assert_eq!(
            told,
            [fails("cannot be opened"), fails("no folder"), Turn::IsBack, fails("cannot be listed")],
            "each change once"
        );
    }

    #[tokio::test]
    async fn mails_wait_while_the_disk_is_full_and_are_taken_by_themselves_when_it_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let source = fill(dir.path(), 40);
        let store = open_store(&dir.path().join("data")).unwrap();
        leave_pages(&store, 30).await;
        let (reports, mut told) = mpsc::channel(256);
        let setup = Setup {
            data_dir: dir.path().join("data"),
            providers_dir: dir.path().join("providers"),
            circuits: None,
            sources: vec![source.clone()],
            limits: Limits::default(),
            retention: Retention { past_days: None, notification_days: None, raw_days: None },
            export_dir: dir.path().to_owned(),
        };
        let shared = Shared {
            setup: Arc::new(setup),
            store: store.clone(),
            rules: Current::new(Rules::embedded()),
            inventory: Current::new(Inventory::default()),
            reports,
        };
        let stop = CancellationToken::new();
        let mut feed = JoinSet::new();
        feed.spawn(Feed::new(shared, &source, Duration::from_millis(1)).run(stop.clone()));
        let mut failures = 0;
        let received = loop {
            let report = timeout(DEADLINE, told.recv()).await.expect("told in time").expect("the feed runs");
            let Report::Source(state) = report else { continue };
            match state.health {
                SourceHealth::Waiting { reason, mails, .. } => {
                    assert_eq!(reason, "no space");
                    assert_eq!(mails, 40 - state.received, "those that are not recorded wait");
                    failures += 1;
                    if failures == 4 {
                        leave_pages(&store, 1_000_000).await;
                    }
                }
                SourceHealth::Watching => break state.received,
                SourceHealth::Starting | SourceHealth::Reading(_) => {}
                SourceHealth::Failing(reason) => panic!("{reason}"),
            }
        };
        assert!(failures >= 4, "it was tried again");
        assert_eq!(received, 40);
        stop.cancel();
        while feed.join_next().await.is_some() {}
    }
}

//! The thread that owns the only writing connection.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot, watch};

use super::connect::{self, Identity};
use super::damage::Damage;
use super::error::Error;

/// Jobs that may wait for the writer; a sender beyond that waits itself.
const QUEUE: usize = 64;

/// Jobs that share one commit at most, which bounds how long a single job can wait behind an import.
const BATCH: usize = 64;

/// Virtual machine steps between two looks at whether imports are to be given up.
const STEPS: i32 = 200;

/// Whether a job may share its commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Commit {
    /// A commit of its own.
    Alone,
    /// Together with neighbours of the same kind.
    Batched,
    /// A commit of its own that is not announced here.
    Quiet,
}

/// What the thread is asked.
enum Message {
    /// A change.
    Write(Commit, Box<dyn Job>),
    /// Whether another process committed since this was asked last.
    Probe(oneshot::Sender<bool>),
}

/// The sending side of the writer thread. Dropping it waits until what was sent is done.
#[derive(Debug)]
pub(super) struct Writer {
    /// To the thread, capacity [`QUEUE`]; senders wait when it is full. `None` only while dropping.
    jobs: Option<mpsc::Sender<Message>>,
    /// From the thread: grows with every commit that changed something, unless it is quiet.
    changes: watch::Sender<u64>,
    /// See [`super::Store::begin_to_close`].
    is_closing: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(mut connection: Connection, at: &Path, damage: Damage) -> Result<Self, Error> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let changes = watch::Sender::new(0);
        let is_closing = Arc::new(AtomicBool::new(false));
        let is_import = Arc::new(AtomicBool::new(false));
        let (closing, import) = (Arc::clone(&is_closing), Arc::clone(&is_import));
        // A single mail may make the search index merge what it has, for a tenth of a second.
        let given_up = move || closing.load(Ordering::Relaxed) && import.load(Ordering::Relaxed);
        connection.progress_handler(STEPS, Some(given_up)).map_err(|error| Error::from(error).at(at))?;
        let (path, told) = (at.to_owned(), changes.clone());
        let file = Identity::of(at)?;
        let is_closing_there = Arc::clone(&is_closing);
        let mut desk =
            Desk { connection, path, file, seen: 0, changes: told, is_closing: is_closing_there, is_import, damage };
        desk.seen = desk.version();
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || desk.serve(queue))
            .map_err(|error| Error::io(at, error))?;
        Ok(Self { jobs: Some(jobs), changes, is_closing, thread: Some(thread) })
    }

    /// Hands a job to the thread and waits for its commit.
    pub(super) async fn write<T, F>(&self, work: F, commit: Commit) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        let (job, answer) = Write::boxed(work);
        self.queue()?.send(Message::Write(commit, job)).await.map_err(|_| Error::Closed)?;
        answer.await.map_err(|_| Error::Closed)?
    }

    /// The same for threads outside a runtime.
    pub(super) fn write_blocking<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        let (job, answer) = Write::boxed(work);
        self.queue()?.blocking_send(Message::Write(Commit::Alone, job)).map_err(|_| Error::Closed)?;
        answer.blocking_recv().map_err(|_| Error::Closed)?
    }

    /// See [`super::Store::begin_to_close`].
    pub(super) fn begin_to_close(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
    }

    /// For the watcher, which must not keep the thread alive.
    pub(super) fn prober(&self) -> Option<Prober> {
        Some(Prober { jobs: self.jobs.as_ref()?.downgrade(), changes: self.changes.clone() })
    }

    /// See [`super::Store::changes`].
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn queue(&self) -> Result<&mpsc::Sender<Message>, Error> {
        self.jobs.as_ref().ok_or(Error::Closed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        let Some(thread) = self.thread.take() else { return };
        // The last clone of a store may be dropped by a job, on the writer thread itself.
        if thread.thread().id() != thread::current().id() {
            let _ = thread.join();
        }
    }
}

/// Asks the writing connection whether another process committed: its `data_version` changes with others' commits only.
pub(super) struct Prober {
    jobs: mpsc::WeakSender<Message>,
    changes: watch::Sender<u64>,
}

impl Prober {
    /// Whether another process committed since this was asked last, or since the store was opened; `None` once the store is
    /// gone.
    pub(super) fn has_news(&self) -> Option<bool> {
        let (answer, news) = oneshot::channel();
        self.jobs.upgrade()?.blocking_send(Message::Probe(answer)).ok()?;
        news.blocking_recv().ok()
    }

    /// Tells everybody that another process committed.
    pub(super) fn announce(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// The thread's side.
struct Desk {
    connection: Connection,
    path: PathBuf,
    /// The file that is open.
    file: Identity,
    /// The `data_version` that everybody was told of.
    seen: i64,
    changes: watch::Sender<u64>,
    is_closing: Arc<AtomicBool>,
    /// Whether what is being done may be undone when the store closes.
    is_import: Arc<AtomicBool>,
    damage: Damage,
}

impl Desk {
    fn serve(mut self, mut queue: mpsc::Receiver<Message>) {
        let mut next = queue.blocking_recv();
        while let Some(message) = next.take() {
            match message {
                Message::Probe(answer) => drop(answer.send(self.has_news())),
                Message::Write(kind @ (Commit::Alone | Commit::Quiet), job) => self.commit(vec![job], kind),
                // Whoever sent it is told that it was not done.
                Message::Write(Commit::Batched, _) if self.is_closing.load(Ordering::Relaxed) => {}
                Message::Write(Commit::Batched, job) => {
                    let mut batch = vec![job];
                    while batch.len() < BATCH && next.is_none() {
                        match queue.try_recv() {
                            Ok(Message::Write(Commit::Batched, job)) => batch.push(job),
                            Ok(other) => next = Some(other),
                            Err(_) => break,
                        }
                    }
                    self.commit(batch, Commit::Batched);
                    if (next.is_some() || !queue.is_empty()) && !self.is_closing.load(Ordering::Relaxed) {
                        // An import commits without end; other processes look every millisecond whether it is their turn.
                        pause(Duration::from_millis(2));
                    }
                }
            }
            next = next.or_else(|| queue.blocking_recv());
        }
        if !self.is_closing.load(Ordering::Relaxed)
            && !self.damage.is_known()
            && let Err(error) = connect::empty_journal(&self.connection)
        {
            tracing::debug!(%error, "the journal stays as it is");
        }
    }

    fn has_news(&mut self) -> bool {
        let version = self.version();
        version != std::mem::replace(&mut self.seen, version)
    }

    fn version(&self) -> i64 {
        // Whoever reads is to hear of it.
        if self.file.hold(&self.path).is_err() {
            return i64::MIN;
        }
        // Unreadable counts as unchanged: whoever reads next meets the error itself.
        self.connection.pragma_query_value(None, "data_version", |row| row.get(0)).unwrap_or_default()
    }

    /// Runs the jobs in one transaction and answers them once it is committed.
    fn commit(&mut self, mut jobs: Vec<Box<dyn Job>>, kind: Commit) {
        self.is_import.store(kind == Commit::Batched, Ordering::Relaxed);
        if self.damage.is_known() {
            self.keep_apart();
        }
        let before = self.connection.total_changes();
        let committed = self.transact(&mut jobs).map_err(|error| {
            self.damage.note(&error);
            error.at(&self.path)
        });
        if committed.is_ok() && kind != Commit::Quiet && self.connection.total_changes() != before {
            self.changes.send_modify(|count| *count = count.wrapping_add(1));
        }
        for job in jobs {
            job.settle(committed.as_ref().err(), &self.path);
        }
    }

    /// Lets commits no longer copy into the database what is in the journal.
    fn keep_apart(&self) {
        if let Err(error) = self.connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(())) {
            tracing::warn!(%error, "what is written goes on into the damaged database");
        }
    }

    fn transact(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<(), Error> {
        self.file.hold(&self.path)?;
        let mut tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // A savepoint around a long job makes each of its statements slower the more pages it has touched before.
        if let [only] = jobs {
            only.run(&tx)?;
            return Ok(tx.commit()?);
        }
        for job in jobs {
            if self.is_closing.load(Ordering::Relaxed) && self.is_import.load(Ordering::Relaxed) {
                return Err(Error::Closed);
            }
            let savepoint = tx.savepoint()?;
            match job.run(&savepoint) {
                Ok(()) => savepoint.commit()?,
                // A full disk or an I/O error makes SQLite roll back everything, and with it the neighbours in the batch.
                Err(failed) if savepoint.is_autocommit() => return Err(failed),
                Err(failed) => {
                    self.damage.note(&failed);
                    savepoint.finish()?;
                }
            }
        }
        Ok(tx.commit()?)
    }
}

#[expect(clippy::disallowed_methods, reason = "the writer thread is no runtime's")]
fn pause(length: Duration) {
    thread::sleep(length);
}

/// Work for the thread, whatever its type of answer.
trait Job: Send {
    /// Does the work; after an error its part of the transaction has to be undone.
    fn run(&mut self, connection: &Connection) -> Result<(), Error>;
    /// Answers whoever waits; `failed` if the commit did.
    fn settle(self: Box<Self>, failed: Option<&Error>, path: &Path);
}

/// A piece of work and who waits for it.
struct Write<T, F> {
    work: Option<F>,
    done: Option<Result<T, Error>>,
    answer: oneshot::Sender<Result<T, Error>>,
}

impl<T, F> Write<T, F>
where
    T: Send + 'static,
    F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
{
    fn boxed(work: F) -> (Box<dyn Job>, oneshot::Receiver<Result<T, Error>>) {
        let (answer, waiting) = oneshot::channel();
        (Box::new(Self { work: Some(work), done: None, answer }), waiting)
    }
}

impl<T, F> Job for Write<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, Error> + Send,
{
    fn run(&mut self, connection: &Connection) -> Result<(), Error> {
        let done = match self.work.take() {
            Some(work) => catch(|| work(connection)),
            None => Err(Error::Closed),
        };
        let judged = done.as_ref().map(|_| ()).map_err(Error::clone);
        self.done = Some(done);
        judged
    }

    fn settle(self: Box<Self>, failed: Option<&Error>, path: &Path) {
        let own = self.done.unwrap_or(Err(Error::Closed)).map_err(|error| error.at(path));
        let answer = match (own, failed) {
            // Done and undone by the failed commit, or never run because the transaction could not begin.
            (Ok(_) | Err(Error::Closed), Some(failed)) => Err(failed.clone()),
            (own, _) => own,
        };
        // Nobody waiting is fine: sent means sent.
        let _ = self.answer.send(answer);
    }
}

/// Runs `work`; a panic becomes an error of this piece of work and not the end of the thread.
pub(super) fn catch<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(Error::Panicked { message: message(&*panic) }))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}

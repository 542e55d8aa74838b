//! The threads that answer queries.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::connect::{self, Identity};
use super::damage::Damage;
use super::error::Error;
use super::writer::catch;

/// Reads that may wait; a sender beyond that waits itself.
const QUEUE: usize = 32;

/// Reading threads at most: one for the list, one for what is opened meanwhile. Each is started when it is first needed.
const THREADS: usize = 2;

/// Virtual machine steps between two looks at whether the answer is still wanted, some ten microseconds.
const STEPS: i32 = 1000;

/// What a read does with the connection, or with the reason why there is none.
type Work = Box<dyn FnOnce(Result<&Connection, Error>) + Send>;

/// A read, and the flag by which whoever waits takes it back.
struct Job {
    given_up: Arc<AtomicBool>,
    work: Work,
}

/// The sending side of the reading threads, which end when it is dropped.
pub(super) struct Readers {
    path: PathBuf,
    /// The file that is open.
    file: Identity,
    waits: bool,
    /// To whichever thread is free, capacity [`QUEUE`]; senders wait when it is full.
    jobs: mpsc::Sender<Job>,
    queue: Arc<Mutex<mpsc::Receiver<Job>>>,
    threads: AtomicUsize,
    /// Reads sent and not yet answered, which says when a second thread is worth starting.
    pending: Arc<AtomicUsize>,
    /// The connection of [`Readers::read_blocking`].
    own: Mutex<Option<Connection>>,
    damage: Damage,
}

impl std::fmt::Debug for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Readers").field("path", &self.path).field("threads", &self.threads).finish_non_exhaustive()
    }
}

/// Takes a read back when dropped.
struct Wanted(Arc<AtomicBool>);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Readers {
    /// No thread and no connection yet: both come with the first read.
    pub(super) fn new(path: PathBuf, waits: bool, damage: Damage) -> Result<Self, Error> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        Ok(Self {
            file: Identity::of(&path)?,
            path,
            waits,
            jobs,
            queue: Arc::new(Mutex::new(queue)),
            threads: AtomicUsize::new(0),
            pending: Arc::default(),
            own: Mutex::new(None),
            damage,
        })
    }

    /// See [`super::Store::read`].
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        self.start_thread_if_busy()?;
        let (answer, waiting) = oneshot::channel();
        let wanted = Wanted(Arc::default());
        let pending = Pending::new(&self.pending);
        let work = Box::new(move |connection: Result<&Connection, Error>| {
            let done = connection.and_then(|connection| snapshot(connection, work));
            drop(pending);
            let _ = answer.send(done);
        });
        let job = Job { given_up: Arc::clone(&wanted.0), work };
        self.jobs.send(job).await.map_err(|_| Error::Closed)?;
        waiting.await.map_err(|_| Error::Closed)?.map_err(|error| self.told(error))
    }

    /// See [`super::Store::read_blocking`].
    pub(super) fn read_blocking<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        self.file.hold(&self.path)?;
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = match own.take() {
            Some(connection) => connection,
            None => connect::open_reader(&self.path, self.waits)?,
        };
        let done = snapshot(&connection, work).map_err(|error| self.told(error));
        *own = Some(connection);
        done
    }

    /// An error as it is told to whoever waits.
    fn told(&self, error: Error) -> Error {
        self.damage.note(&error);
        error.at(&self.path)
    }

    /// One thread per read in flight, up to [`THREADS`].
    fn start_thread_if_busy(&self) -> Result<(), Error> {
        let wanted = self.pending.load(Ordering::Relaxed).saturating_add(1).min(THREADS);
        let started = self.threads.fetch_max(wanted, Ordering::Relaxed);
        for _ in started..wanted {
            let desk = Desk {
                path: self.path.clone(),
                file: self.file,
                waits: self.waits,
                queue: Arc::clone(&self.queue),
                connection: None,
            };
            thread::Builder::new()
                .name("store-reader".to_owned())
                .spawn(move || desk.serve())
                .map_err(|error| Error::io(&self.path, error))?;
        }
        Ok(())
    }
}

/// Counts a read as pending while it lives.
struct Pending(Arc<AtomicUsize>);

impl Pending {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A thread's side.
struct Desk {
    path: PathBuf,
    file: Identity,
    waits: bool,
    queue: Arc<Mutex<mpsc::Receiver<Job>>>,
    connection: Option<Connection>,
}

impl Desk {
    fn serve(mut self) {
        // The lock is held while waiting: the other thread waits for the lock instead, which is as good.
        while let Some(job) = {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.blocking_recv()
        } {
            if job.given_up.load(Ordering::Relaxed) {
                (job.work)(Err(Error::Superseded));
            } else {
                match self.connection(job.given_up) {
                    Ok(connection) => (job.work)(Ok(connection)),
                    Err(error) => (job.work)(Err(error)),
                }
            }
        }
    }

    /// The thread's connection, which gives up as soon as the flag says so.
    fn connection(&mut self, given_up: Arc<AtomicBool>) -> Result<&Connection, Error> {
        self.file.hold(&self.path)?;
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect::open_reader(&self.path, self.waits)?,
        };
        connection.progress_handler(STEPS, Some(move || given_up.load(Ordering::Relaxed)))?;
        Ok(self.connection.insert(connection))
    }
}

/// Runs `work` against one state of the database.
fn snapshot<T>(connection: &Connection, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
    let tx = connection.unchecked_transaction()?;
    let done = catch(|| work(&tx));
    // Nothing was written; ending the transaction lets checkpoints proceed.
    drop(tx);
    done
}

//! A feature's worker: started, asked, listened to, started again when it dies, stopped. All of them share their threads.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Environment, Flags, Problems, Watch};
use crate::features::{cloudvision, console, lab, maintenance};
use crate::store::Error;
use crate::trouble::Trouble;

/// From the screen to the worker. The worker hands requests on at once, so it is full only when the worker hangs; then
/// the request is refused and the user told.
const REQUESTS: usize = 32;
/// From the worker to the screen. When it is full the worker waits: a slow screen slows it, memory stays flat.
const REPORTS: usize = 256;
/// The first pause before a dead worker is started again; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// A worker that ran this long has recovered.
const RECOVERED: Duration = Duration::from_mins(1);
/// How long leaving waits for writes that were asked for: a little longer than a workspace is given to be abandoned.
const LAST_WRITES: Duration = Duration::from_secs(12);

/// What tells the workers of the features apart: what a worker is set up with (`S`), asked (`Q`) and tells (`R`).
pub(super) struct Role<S, Q, R> {
    /// As messages name it.
    name: &'static str,
    /// Whether a request is a question, which is asked again when nobody could take it.
    is_question: fn(&Q) -> bool,
    /// Its work, until it is to stop.
    work: Work<S, Q, R>,
}

/// The work of a worker: with what it is set up with, what it is asked, where it tells, and what ends it.
type Work<S, Q, R> =
    fn(S, mpsc::Receiver<Q>, mpsc::Sender<R>, CancellationToken) -> BoxFuture<'static, Result<(), Error>>;

/// The worker behind the maintenances.
pub(super) type Maintenances =
    Worker<maintenance::worker::Setup, maintenance::worker::Request, maintenance::worker::Report>;

/// The worker behind deploys and change controls.
pub(super) type CloudVision =
    Worker<cloudvision::worker::Setup, cloudvision::worker::Request, cloudvision::worker::Report>;

/// The worker behind the labs.
pub(super) type Labs = Worker<lab::worker::Setup, lab::worker::Request, lab::worker::Report>;

/// The worker behind the consoles.
pub(super) type Consoles = Worker<console::worker::Setup, console::worker::Request, console::worker::Report>;

impl Maintenances {
    /// Starts it.
    pub(super) fn of(threads: &Threads, setup: maintenance::worker::Setup) -> Self {
        use maintenance::worker::{Request, run};
        let role = Role {
            name: "the maintenance worker",
            is_question: |request| matches!(request, Request::Ask(_)),
            work: |setup, requests, reports, stop| Box::pin(run(setup, requests, reports, stop)),
        };
        Self::start(threads, role, setup)
    }
}

impl CloudVision {
    /// Starts it.
    pub(super) fn of(threads: &Threads, setup: cloudvision::worker::Setup) -> Self {
        use cloudvision::worker::{Request, run};
        let role = Role {
            name: "the CloudVision worker",
            is_question: |request| matches!(request, Request::Diff { .. } | Request::Refresh),
            work: |setup, requests, reports, stop| Box::pin(run(setup, requests, reports, stop)),
        };
        Self::start(threads, role, setup)
    }
}

impl Labs {
    /// Starts it.
    pub(super) fn of(threads: &Threads, setup: lab::worker::Setup) -> Self {
        use lab::worker::{Request, run};
        let role = Role {
            name: "the lab worker",
            is_question: |request| matches!(request, Request::Refresh | Request::History { .. }),
            work: |setup, requests, reports, stop| Box::pin(run(setup, requests, reports, stop)),
        };
        Self::start(threads, role, setup)
    }
}

impl Consoles {
    /// Starts it.
    pub(super) fn of(threads: &Threads, setup: console::worker::Setup) -> Self {
        use console::worker::{Request, run};
        let role = Role {
            name: "the console worker",
            is_question: |request| matches!(request, Request::Refresh),
            work: |setup, requests, reports, stop| {
                Box::pin(async move {
                    run(setup, requests, reports, stop).await;
                    Ok(())
                })
            },
        };
        Self::start(threads, role, setup)
    }
}

/// What is heard from a worker.
#[derive(Debug)]
pub(super) enum Heard<R> {
    /// It tells something.
    Report(R),
    /// It ended by itself, for this reason; it is started again.
    Stopped(Trouble),
    /// It can be asked again.
    Started,
    /// Something that was asked was not done.
    Refused(Trouble),
}

/// A worker and its channels.
pub(super) struct Worker<S, Q, R> {
    /// What it does.
    role: Role<S, Q, R>,
    /// Where it runs.
    handle: Handle,
    /// What it works with.
    setup: S,
    /// Cancelled when noctui leaves.
    stop: CancellationToken,
    /// The worker while it runs.
    running: Option<Running<Q, R>>,
    /// When it is started again, and the pause after that.
    restart: (Instant, Duration),
    /// What could not be asked.
    refused: Option<Trouble>,
    /// Whether a question was lost because nobody could take it.
    missed: bool,
    /// Whether it is to be started again with a new setup.
    replacing: bool,
}

/// The threads of all workers, which end in the background when this is dropped: a runtime itself may not be dropped
/// where the screen runs.
pub(super) struct Threads {
    /// Starts tasks on them.
    handle: Handle,
    /// `None` only while dropping.
    runtime: Option<Runtime>,
    /// Cancelled when noctui leaves.
    stop: CancellationToken,
}

impl Threads {
    /// Starts them.
    pub(super) fn start() -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(4)
            .thread_keep_alive(Duration::from_secs(5))
            .thread_name("worker")
            .enable_all()
            .build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime), stop: CancellationToken::new() })
    }

    /// Runs something else on the same threads until noctui leaves.
    pub(super) fn run_beside(&self, companion: super::Companion) {
        self.handle.spawn(companion(self.stop.child_token()));
    }

    /// Reads the configuration again whenever it changes, in a task of its own. Capacity 1: a reading that nobody took yet
    /// makes the next one wait. Closes where changes cannot be watched, which is logged.
    pub(super) fn watch_config(
        &self,
        flags: &Flags,
        environment: &Environment,
        current: &Config,
    ) -> mpsc::Receiver<Result<Config, Problems>> {
        let (sender, receiver) = mpsc::channel(1);
        let stop = self.stop.clone();
        let (flags, environment, current) = (flags.clone(), environment.clone(), current.clone());
        self.handle.spawn(async move {
            let mut watch = match Watch::new(flags, environment, current) {
                Ok(watch) => watch,
                Err(error) => return tracing::warn!(%error),
            };
            while let Some(read) = stop.run_until_cancelled(watch.changed()).await {
                if sender.send(read).await.is_err() {
                    return;
                }
            }
        });
        receiver
    }

    /// Runs a program beside the screen and tells when it has ended. Capacity of the channel: see who made it.
    pub(super) fn run_errand(&self, errand: crate::errand::Errand, done: mpsc::Sender<crate::errand::Returned>) {
        self.handle.spawn(async move {
            let returned = super::errand::beside(errand).await;
            let _nobody_waits = done.send(returned).await;
        });
    }

    /// Lets everything on them end, without waiting for it.
    pub(super) fn begin_to_stop(&self) {
        self.stop.cancel();
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A worker that runs.
struct Running<Q, R> {
    /// Its task.
    task: JoinHandle<Result<(), Trouble>>,
    /// To it.
    requests: mpsc::Sender<Q>,
    /// From it.
    reports: mpsc::Receiver<R>,
    /// Ends it.
    stop: CancellationToken,
    /// Since when.
    since: Instant,
}

impl<S: Clone + PartialEq, Q, R> Worker<S, Q, R> {
    /// Starts the worker.
    fn start(threads: &Threads, role: Role<S, Q, R>, setup: S) -> Self {
        let mut this = Self {
            role,
            handle: threads.handle.clone(),
            setup,
            stop: threads.stop.clone(),
            running: None,
            restart: (Instant::now(), FIRST_PAUSE),
            refused: None,
            missed: false,
            replacing: false,
        };
        this.launch();
        this
    }

    /// Starts the worker.
    fn launch(&mut self) {
        let (requests, inbox) = mpsc::channel(REQUESTS);
        let (outbox, reports) = mpsc::channel(REPORTS);
        let stop = self.stop.child_token();
        let work = (self.role.work)(self.setup.clone(), inbox, outbox, stop.clone());
        let name = self.role.name;
        let task = self.handle.spawn(async move {
            match AssertUnwindSafe(work).catch_unwind().await {
                Ok(ended) => ended.map_err(|error| Trouble::of(&error)),
                Err(_) => {
                    Err(Trouble::new(&format!("{name} has crashed")).to_do("see the log; it starts again by itself"))
                }
            }
        });
        self.running = Some(Running { task, requests, reports, stop, since: Instant::now() });
    }

    /// Asks the worker. A question that it cannot take now is asked again when it can; that something else was not done
    /// is told by [`Self::next`].
    pub(super) fn ask(&mut self, request: Q) {
        let is_question = (self.role.is_question)(&request);
        let refused = match &self.running {
            Some(running) => running.requests.try_send(request).is_err(),
            None => true,
        };
        if refused && is_question {
            self.missed = true;
        } else if refused && self.refused.is_none() {
            self.refused = Some(
                Trouble::new(&format!("{} is not answering: this was not done", self.role.name))
                    .to_do("wait a moment and do it again"),
            );
        }
    }

    /// Asks the worker, unless it has no room now: then the request comes back. One that does not run takes nothing at all.
    pub(super) fn offer(&mut self, request: Q) -> Result<(), Q> {
        let Some(running) = &self.running else {
            self.ask(request);
            return Ok(());
        };
        match running.requests.try_send(request) {
            Err(mpsc::error::TrySendError::Full(request)) => Err(request),
            // It has ended, which is told.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
        }
    }

    /// The way to the worker, where it runs.
    pub(super) fn sender(&self) -> Option<mpsc::Sender<Q>> {
        self.running.as_ref().map(|running| running.requests.clone())
    }

    /// What could not be done is told by [`Self::next`].
    pub(super) fn refuse(&mut self, trouble: Trouble) {
        self.refused.get_or_insert(trouble);
    }

    /// What the worker tells, or what happened to it. Cancel safety: only waits; nothing is taken that is not returned.
    pub(super) async fn next(&mut self) -> Heard<R> {
        if let Some(refused) = self.refused.take() {
            return Heard::Refused(refused);
        }
        let Some(running) = &mut self.running else {
            sleep_until(self.restart.0).await;
            self.launch();
            self.missed = false;
            return Heard::Started;
        };
        if self.missed && running.requests.capacity() == running.requests.max_capacity() {
            self.missed = false;
            return Heard::Started;
        }
        tokio::select! {
            biased;
            Some(report) = running.reports.recv() => Heard::Report(report),
            ended = &mut running.task => {
                let name = self.role.name;
                let trouble = match ended {
                    Ok(Err(trouble)) => trouble,
                    Ok(Ok(())) => Trouble::new(&format!("{name} has ended")),
                    Err(error) => Trouble::new(&format!("{name} has crashed")).caused_by(&error.to_string()),
                };
                let recovered = running.since.elapsed() > RECOVERED;
                self.running = None;
                if std::mem::take(&mut self.replacing) {
                    self.launch();
                    return Heard::Started;
                }
                let pause = if recovered { FIRST_PAUSE } else { self.restart.1 };
                self.restart = (Instant::now() + pause, (pause * 2).min(LONGEST_PAUSE));
                tracing::error!(worker = name, what = trouble.what(), retry_s = pause.as_secs(), "a worker stopped");
                Heard::Stopped(trouble)
            }
        }
    }

    /// Takes over a new setup: the worker ends its writes and starts again with it.
    pub(super) fn reconfigure(&mut self, setup: S) {
        if self.setup == setup {
            return;
        }
        self.setup = setup;
        if let Some(running) = &self.running {
            self.replacing = true;
            running.stop.cancel();
        }
    }

    /// Ends the worker. Writes that were asked for are carried out, for as long as [`LAST_WRITES`]; what it tells meanwhile is
    /// `heard`.
    pub(super) async fn stop(self, mut heard: impl FnMut(R)) {
        let Self { stop, running, .. } = self;
        if let Some(Running { task, requests, mut reports, .. }) = running {
            drop(requests);
            stop.cancel();
            let ended = async {
                while let Some(report) = reports.recv().await {
                    heard(report);
                }
                task.await
            };
            if tokio::time::timeout(LAST_WRITES, ended).await.is_err() {
                tracing::error!(
                    "leaving although a write has not ended; the store decides by itself whether it was done"
                );
            }
        }
    }
}

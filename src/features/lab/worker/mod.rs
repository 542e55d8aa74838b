//! Owns the connections to every configured lab: requests in, reports out.
//!
//! Each lab has a task of its own (`link`), which reads it from time to time and changes it when asked to: one thing after
//! the other, as the gateway works. Reachability is measured beside that. A change that was sent is waited for even while
//! noctui leaves; what was not begun is not begun any more.

mod files;
mod link;
mod prepare;
mod protocol;
mod read;
mod sweep;
#[cfg(test)]
mod tests;
mod watch;

pub(in crate::features::lab) use files::{load as load_file, save as save_file};
pub(in crate::features::lab) use link::open as open_lab;
pub(in crate::features::lab) use sweep::ports;

pub use protocol::{Health, JobId, LabView, Prepared, Report, Request};

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::link::Job;
use crate::blocking;
use crate::config::{Connect, Lab};
use crate::features::lab::act;
use crate::store::{Error, Store};
use crate::trouble::Trouble;

/// Orders that wait for a lab. The gateway may take a minute for one; whoever orders more is told that it is busy.
const JOBS: usize = 32;

/// What the worker works with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// The folder of the database.
    pub data_dir: PathBuf,
    /// The labs.
    pub labs: Vec<Lab>,
    /// How forwards are used.
    pub connect: Connect,
    /// In whose name it acts.
    pub who: String,
}

/// What every part of the worker shares.
#[derive(Debug, Clone)]
struct Shared {
    /// As configured.
    setup: Arc<Setup>,
    /// The database.
    store: Store,
    /// To the screen, capacity 256; a full channel makes the worker wait.
    reports: Sender<Report>,
}

/// What makes a lab's task read before its time. What comes while it reads is kept until it has done so.
#[derive(Debug, Default)]
struct Wake {
    /// To read.
    read: Notify,
    /// To read, and to try what would not be tried by itself.
    retry: Notify,
}

impl Shared {
    /// Tells the screen. Nobody listening is no error: the worker is told to end then.
    async fn tell(&self, report: Report) {
        let _nobody_listens = self.reports.send(report).await;
    }

    /// Tells that something was not done.
    async fn fail(&self, trouble: Trouble) {
        self.tell(Report::Failed(trouble)).await;
    }

    /// The address of a lab, by which the store knows it.
    fn server(&self, lab: &str) -> String {
        let found = self.setup.labs.iter().find(|known| known.name == lab);
        found.map_or_else(String::new, |lab| lab.url.to_string())
    }
}

/// Serves requests and follows every lab until `stop` is cancelled or the screen is gone. Returns an error when the store
/// cannot be opened.
///
/// Cancel safety: the `select!` only waits; what a branch starts runs in tasks of its own.
pub async fn run(
    setup: Setup,
    mut requests: Receiver<Request>,
    reports: Sender<Report>,
    stop: CancellationToken,
) -> Result<(), Error> {
    let data_dir = setup.data_dir.clone();
    let store = blocking::run(move || super::open_store(&data_dir)).await?;
    let shared = Shared { setup: Arc::new(setup), store, reports };
    let mut wakes = Vec::new();
    let mut links = JoinSet::new();
    let mut orders: BTreeMap<String, Sender<Job>> = BTreeMap::new();
    for lab in shared.setup.labs.clone() {
        let (sender, jobs) = mpsc::channel(JOBS);
        orders.insert(lab.name.clone(), sender);
        let wake = Arc::new(Wake::default());
        links.spawn(link::follow(shared.clone(), lab, jobs, Arc::clone(&wake), stop.clone()));
        wakes.push(wake);
    }
    let mut running: BTreeMap<JobId, CancellationToken> = BTreeMap::new();
    let mut reading = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            request = requests.recv() => match request {
                None => break,
                Some(Request::Refresh) => wakes.iter().for_each(|wake| wake.read.notify_one()),
                Some(Request::Retry) => wakes.iter().for_each(|wake| wake.retry.notify_one()),
                Some(Request::Cancel { job }) => {
                    if let Some(cancel) = running.get(&job) {
                        cancel.cancel();
                    }
                }
                Some(Request::Change { lab, job, changes }) => {
                    let cancel = stop.child_token();
                    running.retain(|_, cancel| !cancel.is_cancelled());
                    running.insert(job, cancel.clone());
                    order(&shared, &orders, &lab, Job::Change { id: job, changes, cancel }).await;
                }
                Some(Request::Prepare { lab, job, existing, wanted, protocol, remove_after }) => {
                    let cancel = stop.child_token();
                    running.insert(job, cancel.clone());
                    if let Some((forward, host)) = existing {
                        // The lab need not be asked for it, and may be busy.
                        let using = prepare::Using { lab, host, protocol, removes: remove_after, goes: false, is_new: false };
                        reading.spawn(prepare::use_it(shared.clone(), job, using, forward, cancel));
                        continue;
                    }
                    order(&shared, &orders, &lab, Job::Prepare { id: job, wanted, protocol, remove_after, cancel }).await;
                }
                Some(Request::Started { lab, forward, pid }) => {
                    let (shared, server) = (shared.clone(), shared.server(&lab));
                    reading.spawn(async move { act::started(&shared.store, server, forward.port, pid).await });
                }
                Some(Request::Keep { lab, forward }) => {
                    let (shared, server) = (shared.clone(), shared.server(&lab));
                    reading.spawn(async move { act::keep(&shared.store, server, forward.port).await });
                }
                Some(request @ (Request::Save { .. } | Request::Load { .. } | Request::History { .. })) => {
                    reading.spawn(files::answer(shared.clone(), request));
                }
            },
            Some(_) = links.join_next() => {}
            Some(_) = reading.join_next() => {}
        }
    }
    requests.close();
    stop.cancel();
    drop(orders);
    reading.shutdown().await;
    // A link ends once what it has sent is answered.
    while links.join_next().await.is_some() {}
    Ok(())
}

/// Hands an order to a lab, or says that it cannot take it.
async fn order(shared: &Shared, orders: &BTreeMap<String, Sender<Job>>, lab: &str, job: Job) {
    let id = job.id();
    let taken = orders.get(lab).is_some_and(|orders| orders.try_send(job).is_ok());
    if !taken {
        let trouble = Trouble::new(&format!("lab {lab} has too much to do: this was not begun"));
        shared.fail(trouble.to_do("wait for what was ordered before")).await;
        shared.tell(Report::Ended { job: id }).await;
    }
}

//! Owns the connections to every configured CloudVision: requests in, reports out.
//!
//! Each instance is followed by a task of its own (`link`), each deployment runs in one (`deploying`), and what people do
//! with change controls is done in the order in which they asked for it. A write that was sent is waited for even while
//! noctui leaves; a deployment that has not submitted is abandoned then.

mod acting;
mod deploying;
mod folders;
mod following;
mod hearing;
mod link;
mod protocol;

mod targets;
#[cfg(test)]
mod tests;

pub use protocol::{
    Delta, Health, Inputs, InstanceView, LastDeployment, Progress, Report, Request, Target, Unfinished,
};

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::deploying::Deployments;
use super::actor::Actor;
use super::client::Client;
use super::difference;
use super::store::Instance;
use crate::blocking;
use crate::config::{CloudVision, Deploy};
use crate::store::{Error, Store};
use crate::trouble::Trouble;

/// What the worker works with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// The folder of the database.
    pub data_dir: PathBuf,
    /// The instances.
    pub instances: Vec<CloudVision>,
    /// The targets.
    pub deploys: Vec<Deploy>,
    /// In whose name it acts.
    pub who: String,
    /// The names of the instances that it writes nothing to of its own accord.
    pub hands_off: Vec<String>,
}

/// What every part of the worker shares.
#[derive(Clone)]
struct Shared {
    /// As configured.
    setup: Arc<Setup>,
    /// The database.
    store: Store,
    /// To the screen, capacity 256; a full channel makes the worker wait.
    reports: Sender<Report>,
    /// Rung when the targets have to be told again.
    retell: Arc<Notify>,
    /// The connections that there are, by the name of their instance.
    clients: Arc<Mutex<BTreeMap<String, Client>>>,
}

impl Shared {
    /// Tells the screen. Nobody listening is no error: the worker is told to end then.
    async fn tell(&self, report: Report) {
        let _nobody_listens = self.reports.send(report).await;
    }

    /// The connection to an instance.
    fn client(&self, instance: &str) -> Result<Client, Trouble> {
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.get(instance).cloned().ok_or_else(|| {
            Trouble::new(&format!("CloudVision {instance} is not connected: this was not done"))
                .to_do("look at its state in the header's connections")
        })
    }

    /// Whoever acts on an instance.
    fn actor(&self, instance: &str) -> Result<Actor, Trouble> {
        let client = self.client(instance)?;
        let (store, who) = (self.store.clone(), self.setup.who.clone());
        Ok(Actor { client, store, instance: self.instance(instance), who })
    }

    /// What an instance is called in the store.
    fn instance(&self, name: &str) -> Instance {
        let found = self.setup.instances.iter().find(|instance| instance.name == name);
        let server = found.and_then(|instance| instance.servers.first()).map_or_else(String::new, ToString::to_string);
        Instance { name: name.to_owned(), server }
    }
}

/// Serves requests and follows every instance until `stop` is cancelled or the screen is gone. Returns an error when the
/// store cannot be opened.
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
    let shared = Shared { setup: Arc::new(setup), store, reports, retell: Arc::default(), clients: Arc::default() };
    let mut tasks = JoinSet::new();
    let retry = Arc::new(Notify::new());
    for instance in shared.setup.instances.clone() {
        tasks.spawn(link::follow(shared.clone(), instance, Arc::clone(&retry), stop.clone()));
    }
    let mut deployments = Deployments::new(shared.clone());
    let mut acting = JoinSet::new();
    tasks.spawn(targets::follow(shared.clone(), stop.clone()));
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            request = requests.recv() => match request {
                None => break,
                Some(Request::Deploy { target, advance }) => deployments.begin(&target, advance),
                Some(Request::GoOn { deployment, look }) => deployments.go_on(&deployment, look).await,
                Some(Request::Cancel(id)) => deployments.cancel(&id).await,
                Some(Request::Refresh) => {
                    retry.notify_waiters();
                    shared.retell.notify_one();
                }
                Some(request @ (Request::Abandon { .. } | Request::Act { .. } | Request::Diff { .. })) => {
                    acting.spawn(acting::act(shared.clone(), request));
                }
            },
            () = deployments.ended() => shared.retell.notify_one(),
            Some(_) = tasks.join_next() => {}
            Some(_) = acting.join_next() => {}
        }
    }
    requests.close();
    // Nobody may wait for room in a channel that nobody reads any more.
    tasks.shutdown().await;
    deployments.finish().await;
    while acting.join_next().await.is_some() {}
    Ok(())
}

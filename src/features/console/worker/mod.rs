//! Owns the connections to the cluster, to the proxies and to every console that is open: requests in, reports out.
//!
//! The cluster is listened to in one task; every console has one of its own, which takes keys whatever comes from the machine.

mod asked;
mod machines;
mod protocol;
mod proxies;
mod screen;
mod serial;
#[cfg(test)]
mod tests;

pub(crate) use asked::{Asked, is_typed, lost};
pub use protocol::{ConsoleId, Health, Picture, Report, Request, Target, Touch};

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::access::Pass;
use super::cluster::model::{Action, Key};
use super::cluster::{self, Api, Which};
use super::error::Error;
use super::link::{self, Link, Route};
use super::model::Described;
use super::vmcp::{Definition, Folder, remarks};
use crate::blocking;
use crate::clock;
use crate::config::{ConsoleCluster, ConsoleProxy, ProxyUrl};
use crate::secret::Secret;
use crate::text::clean_line;
use crate::trouble::Trouble;
use crate::watching::FolderChanges;

/// Orders that wait for a console. A line that takes none for so long is told to be stuck.
const ORDERS: usize = 256;

/// What the worker works with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// The cluster, where there is one.
    pub cluster: Option<ConsoleCluster>,
    /// The proxies.
    pub proxies: Vec<ConsoleProxy>,
    /// The folder of definitions.
    pub definitions: PathBuf,
    /// Where serial lines are written to.
    pub logs: PathBuf,
    /// In whose name tokens are made.
    pub who: String,
}

impl Setup {
    /// Whether there is nothing that could be reached.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cluster.is_none() && self.proxies.is_empty() && !self.definitions.is_dir()
    }
}

/// What every part of the worker shares.
#[derive(Debug, Clone)]
struct Shared {
    setup: Arc<Setup>,
    /// To the screen, capacity 256; a full channel makes whoever tells wait, and so the machine.
    reports: Sender<Report>,
    /// The cluster's API, once it could be made out.
    api: Arc<tokio::sync::Mutex<Option<Api>>>,
}

/// Something for a console that is open.
#[derive(Debug)]
enum Order {
    Type(bytes::Bytes),
    Paste(bytes::Bytes),
    Touch(Vec<Touch>),
    Seen { is_looked_at: bool },
    Log(bool),
}

/// A console that is open.
struct Open {
    /// Capacity [`ORDERS`]; when it is full, what was ordered is lost until all of them are carried out.
    orders: Sender<Order>,
    stop: CancellationToken,
    /// Whether an order was lost, and others wait still.
    is_stuck: bool,
    /// Where a password goes for a screen that wants one and waits for it.
    password: Option<oneshot::Sender<Secret>>,
}

impl Open {
    /// Hands a password to a screen that waits for one; it comes back where none does.
    fn unlock(&mut self, password: Secret) -> Result<(), Secret> {
        match self.password.take() {
            Some(waiting) => waiting.send(password),
            None => Err(password),
        }
    }

    /// Orders something; false where it is lost. What is lost is one piece: what comes behind it is lost as well until the
    /// console has carried out all that waits, so that nothing is missing in the middle of a line.
    fn order(&mut self, order: Order) -> bool {
        let is_typed = matches!(order, Order::Type(_) | Order::Paste(_) | Order::Touch(_));
        self.is_stuck &= self.orders.capacity() < self.orders.max_capacity();
        let is_taken = !(self.is_stuck && is_typed) && self.orders.try_send(order).is_ok();
        self.is_stuck |= !is_taken;
        is_taken
    }
}

impl Shared {
    /// Tells the screen. Nobody listening is no error: the worker is told to end then.
    async fn tell(&self, report: Report) {
        let _nobody_listens = self.reports.send(report).await;
    }

    /// The cluster's API. Made out anew where that failed before.
    async fn api(&self) -> Result<Api, Error> {
        let mut api = self.api.lock().await;
        if let Some(api) = &*api {
            return Ok(api.clone());
        }
        let none = || Error::Kubeconfig { path: "-".to_owned(), why: "no cluster is configured".to_owned() };
        let config = self.setup.cluster.clone().ok_or_else(none)?;
        let made = Api::new(blocking::run(move || cluster::configured(&config)).await?);
        *api = Some(made.clone());
        Ok(made)
    }

    /// Opens a console.
    async fn open(&self, target: &Target, which: Which) -> Result<Link, Error> {
        let (proxy, machine) = match target {
            Target::Vm(key) => return self.api().await?.console(key, which, false).await,
            Target::Proxied(proxy, machine) => (proxy, machine),
        };
        let proxy = self.setup.proxies.iter().find(|known| known.name == *proxy);
        let nowhere = || Error::NoGrant { machine: machine.to_string(), what: "its proxy is not configured" };
        let proxy = proxy.ok_or_else(nowhere)?;
        let url: Option<&ProxyUrl> = match which {
            Which::Serial => proxy.serial.as_ref(),
            Which::Screen => proxy.screen.as_ref(),
        };
        let url = url.cloned().ok_or_else(nowhere)?;
        let ticket = self.pass(proxy).ticket(machine, clock::now()).await?;
        let route = Route { url, trust: proxy.trust.clone() };
        link::open(&route, &ticket.token, machine).await
    }

    /// What lets us in at a proxy.
    fn pass(&self, proxy: &ConsoleProxy) -> Pass {
        Pass {
            proxy: proxy.name.clone(),
            access: Pass::over(|name| std::env::var_os(name), Some(&proxy.access)),
            namespace: proxy.namespace.clone(),
            user: self.setup.who.clone(),
        }
    }
}

/// Serves requests and listens to the cluster until `stop` is cancelled or the screen is gone. It keeps nothing in a store and
/// cannot fail.
///
/// Cancel safety: the `select!` only waits; what a branch starts runs in tasks of its own.
pub async fn run(setup: Setup, mut requests: Receiver<Request>, reports: Sender<Report>, stop: CancellationToken) {
    let shared = Shared { setup: Arc::new(setup), reports, api: Arc::default() };
    let again = Arc::new(Notify::new());
    let mut standing = JoinSet::new();
    if shared.setup.cluster.is_some() {
        standing.spawn(machines::follow(shared.clone(), Arc::clone(&again), stop.clone()));
    }
    standing.spawn(follow_definitions(shared.clone(), stop.clone()));
    let mut reading = JoinSet::new();
    let mut writing = JoinSet::new();
    let mut consoles = JoinSet::new();
    let mut open: BTreeMap<ConsoleId, Open> = BTreeMap::new();
    read_tokens(&shared, &mut reading);
    loop {
        let request = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            request = requests.recv() => match request {
                None => break,
                Some(request) => request,
            },
            Some(_) = reading.join_next() => continue,
            Some(_) = writing.join_next() => continue,
            Some(ended) = consoles.join_next() => {
                // One that was opened again under its number meanwhile is another, and lives.
                if let Ok(id) = ended
                    && open.get(&id).is_some_and(|open| open.orders.is_closed())
                {
                    open.remove(&id);
                }
                continue;
            }
            Some(_) = standing.join_next() => continue,
        };
        match request {
            Request::Refresh => {
                again.notify_waiters();
                read_tokens(&shared, &mut reading);
                reading.spawn(definitions(shared.clone()));
            }
            Request::Define { name, before, definition } => {
                _ = writing.spawn(define(shared.clone(), name, before, definition));
            }
            Request::Act { key, action } => _ = writing.spawn(act(shared.clone(), key, action)),
            Request::Open { id, target, which, with_log, recording, password } => {
                // One prompt, one connection: a server may count those that end without the right password.
                let password = match (open.get_mut(&id), password) {
                    (Some(open), Some(password)) => match open.unlock(password) {
                        Ok(()) => continue,
                        Err(password) => Some(password),
                    },
                    (_, password) => password,
                };
                let (sender, orders) = mpsc::channel(ORDERS);
                let (hand_in, handed) = oneshot::channel();
                let ended = stop.child_token();
                let opened = Open { orders: sender, stop: ended.clone(), is_stuck: false, password: Some(hand_in) };
                open.insert(id, opened);
                let typed = screen::Typing { password: handed, within: screen::PASSWORD_WITHIN };
                let shared = shared.clone();
                consoles.spawn(async move {
                    match which {
                        Which::Serial => serial::carry(shared, (id, target, with_log), recording, orders, ended).await,
                        Which::Screen => screen::carry(shared, (id, target), (password, typed), orders, ended).await,
                    }
                    id
                });
            }
            Request::Save { id, machine, text } => _ = writing.spawn(save(shared.clone(), id, machine, text)),
            Request::Close { id } => {
                if let Some(open) = open.remove(&id) {
                    open.stop.cancel();
                }
            }
            Request::Type { id, bytes } => order(&shared, &mut open, id, Order::Type(bytes)),
            Request::Paste { id, bytes } => order(&shared, &mut open, id, Order::Paste(bytes)),
            Request::Touch { id, touches } => order(&shared, &mut open, id, Order::Touch(touches)),
            Request::Seen { id, is_looked_at } => order(&shared, &mut open, id, Order::Seen { is_looked_at }),
            Request::Log { id, on } => order(&shared, &mut open, id, Order::Log(on)),
        }
    }
    requests.close();
    stop.cancel();
    drop(open);
    reading.shutdown().await;
    // Consoles close their lines, so that nobody finds them taken; what was sent to the cluster is waited for.
    while consoles.join_next().await.is_some() {}
    while writing.join_next().await.is_some() {}
    standing.shutdown().await;
}

/// Hands something to a console. What it does not take is lost, which is told.
fn order(shared: &Shared, open: &mut BTreeMap<ConsoleId, Open>, id: ConsoleId, order: Order) {
    let is_lost = open.get_mut(&id).is_some_and(|open| !open.order(order));
    if is_lost {
        let trouble = Trouble::new("the machine takes no keys at present: what was typed last is lost");
        let remedy = "look at what arrived before you type the rest, or open it again";
        let _busy = shared.reports.try_send(Report::Failed(trouble.to_do(remedy)));
    }
}

/// Reads the tokens of the proxies.
fn read_tokens(shared: &Shared, reading: &mut JoinSet<()>) {
    for proxy in shared.setup.proxies.clone() {
        reading.spawn(proxies::look(shared.clone(), proxy));
    }
}

/// Tells of every definition.
async fn definitions(shared: Shared) {
    let dir = shared.setup.definitions.clone();
    let at = dir.clone();
    match blocking::run(move || Folder(dir).list()).await {
        Ok(listed) => {
            let described = listed.into_iter().map(|(name, read)| {
                let read = read.unwrap_or_else(|error| Err(vec![super::vmcp::Problem::unread(&error)]));
                let remarks = read.as_ref().map(remarks).unwrap_or_default();
                Arc::new(Described { name, read, remarks, dir: at.clone() })
            });
            shared.tell(Report::Definitions(described.collect())).await;
        }
        Err(error) => shared.tell(Report::Failed(Trouble::of(&error))).await,
    }
}

/// Tells of every definition, now and whenever somebody has changed one, until `stop` is cancelled.
async fn follow_definitions(shared: Shared, stop: CancellationToken) {
    let dir = shared.setup.definitions.clone();
    let watched = blocking::run(move || FolderChanges::of(&dir)).await;
    // Read behind the beginning of the watch: nothing is missed between.
    definitions(shared.clone()).await;
    match watched {
        Ok(mut changes) => {
            while stop.run_until_cancelled(changes.next()).await.is_some() {
                definitions(shared.clone()).await;
            }
        }
        Err(error) => tracing::warn!(%error, "changes of definitions go unnoticed until they are read again"),
    }
}

/// Writes a definition, and tells of all of them.
async fn define(shared: Shared, name: String, before: Option<Definition>, definition: Definition) {
    let (folder, of) = (Folder(shared.setup.definitions.clone()), name.clone());
    match blocking::run(move || folder.write(&of, before.as_ref(), &definition)).await {
        Ok(()) => shared.tell(Report::Defined { name }).await,
        Err(error) => shared.tell(Report::NotDefined { name, trouble: Trouble::of(&error) }).await,
    }
    // Where it was not written, somebody else may have.
    definitions(shared).await;
}

/// Writes what a console said into a file that nobody else may read.
async fn save(shared: Shared, id: ConsoleId, machine: String, text: bytes::Bytes) {
    let dir = shared.setup.logs.clone();
    let name = format!("{machine}-{}.txt", clock::now().format("%Y%m%dT%H%M%S%3fZ"));
    let written = blocking::run(move || {
        let (mut file, path) = serial::create(&dir, &name)?;
        std::io::Write::write_all(&mut file, &text).map(|()| path)
    });
    match written.await {
        Ok(path) => shared.tell(Report::Saved { id, path }).await,
        Err(error) => {
            let trouble = Trouble::new("what the machine said was not written").caused_by(&error.to_string());
            shared.tell(Report::Failed(trouble.to_do("check the folder of noctui's state"))).await;
        }
    }
}

/// Does something to a machine.
async fn act(shared: Shared, key: Key, action: Action) {
    let acted = match shared.api().await {
        Ok(api) => api.act(&key, action).await,
        Err(error) => Err(error),
    };
    let (namespace, name) = (&key.0, &key.1);
    match acted {
        Ok(()) => {
            tracing::info!(namespace, name, action = action.as_str(), "the cluster has taken an order");
            shared.tell(Report::Acted { key, action }).await;
        }
        Err(error) => {
            let trouble = Trouble::of(&error);
            tracing::warn!(namespace, name, action = action.as_str(), "{}", clean_line(&trouble.one_line()));
            shared.tell(Report::NotActed { key, trouble }).await;
        }
    }
}

//! Follows one CloudVision: what is known from the last time at once, then its streams of change controls, workspaces and
//! devices, for as long as noctui runs.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Delta, Health, Report, Shared};
use crate::blocking;
use crate::clock;
use crate::config::CloudVision;
use crate::features::cloudvision::client::{Client, Server, Told, Trust};
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::{Change, ChangeId, Device, DeviceId, Workspace, WorkspaceId};
use crate::features::cloudvision::pb::Operation;
use crate::features::cloudvision::store::cache::{self, Cached};
use crate::features::cloudvision::wire;
use crate::trouble::Trouble;

/// How long after a failure it is tried again.
const RETRY: Duration = Duration::from_secs(30);
/// The same where somebody has to do something first, such as renewing a token.
const RETRY_LATE: Duration = Duration::from_mins(5);

/// Follows an instance until `stop` is cancelled. `retry` makes it try at once.
pub(super) async fn follow(shared: Shared, instance: CloudVision, retry: Arc<Notify>, stop: CancellationToken) {
    let mut since = recall(&shared, &instance).await;
    shared.tell(Report::Health { instance: instance.name.clone(), health: Health::Connecting }).await;
    loop {
        let failed = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            failed = stay(&shared, &instance, &mut since) => failed,
        };
        let (trouble, word, wait) = failed;
        let retry_at = clock::now() + wait;
        shared.clients.lock().unwrap_or_else(PoisonError::into_inner).remove(&instance.name);
        let health = Health::Failing { trouble, word, since, retry_at: Some(retry_at) };
        shared.tell(Report::Health { instance: instance.name.clone(), health }).await;
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = retry.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Tells what was known of the instance the last time. Returns when that was.
async fn recall(shared: &Shared, instance: &CloudVision) -> Option<DateTime<Utc>> {
    let server = shared.instance(&instance.name).server;
    let known = match shared.store.read(move |connection| cache::load(connection, &server)).await {
        Ok(known) => known,
        Err(error) => {
            tracing::warn!(%error, "what was known of CloudVision cannot be read");
            return None;
        }
    };
    let at = known.changes.synced_at?;
    let name = || instance.name.clone();
    let upserts = known.changes.items.into_iter().map(Arc::new).collect();
    shared.tell(Report::Changes { instance: name(), delta: whole(upserts, at) }).await;
    shared.tell(Report::Workspaces { instance: name(), delta: whole(known.workspaces.items, at) }).await;
    shared.tell(Report::Devices { instance: name(), delta: whole(known.devices.items, at) }).await;
    Some(at)
}

/// All there are.
fn whole<T, K>(upserts: Vec<T>, at: DateTime<Utc>) -> Delta<T, K> {
    Delta { all: true, upserts, removed: Vec::new(), at }
}

/// Connects and follows until that fails: why, in a word, and how long to wait.
async fn stay(
    shared: &Shared,
    instance: &CloudVision,
    since: &mut Option<DateTime<Utc>>,
) -> (Trouble, &'static str, Duration) {
    let client = match connect(instance).await {
        Ok(client) => client,
        Err(trouble) => return (trouble, "token", RETRY_LATE),
    };
    let version = match client.version().await {
        Ok(version) => version,
        Err(error) => return failed(&error),
    };
    shared.clients.lock().unwrap_or_else(PoisonError::into_inner).insert(instance.name.clone(), client.clone());
    let health = Health::Live { version: version.to_string() };
    shared.tell(Report::Health { instance: instance.name.clone(), health }).await;
    let ended = tokio::select! {
        ended = changes(shared, instance, &client) => ended,
        ended = workspaces(shared, instance, &client) => ended,
        ended = devices(shared, instance, &client) => ended,
    };
    *since = Some(clock::now());
    failed(&ended)
}

/// Fetches the token and prepares a connection.
async fn connect(instance: &CloudVision) -> Result<Client, Trouble> {
    let found = instance.token.fetch(|name| std::env::var_os(name)).await.map_err(|error| Trouble::of(&error))?;
    if let Some(warning) = found.warning {
        tracing::warn!(instance = instance.name, "{warning}");
    }
    let trust = match &instance.ca_file {
        _ if !instance.verify_tls => Trust::Anybody,
        Some(path) => Trust::File(path.clone()),
        None => Trust::System,
    };
    let server = Server {
        nodes: instance.servers.clone(),
        trust,
        connect_timeout: instance.connect_timeout,
        call_timeout: instance.call_timeout,
    };
    let handle = tokio::runtime::Handle::current();
    let made = blocking::run(move || {
        // The connection belongs to the runtime, and reading certificates blocks.
        let _entered = handle.enter();
        Client::new(&server, found.secret.expose())
    });
    made.await.map_err(|error| Trouble::of(&error))
}

/// An error as the header shows it.
fn failed(error: &Error) -> (Trouble, &'static str, Duration) {
    let (word, wait) = match error {
        Error::Untrusted { .. } => ("TLS", RETRY_LATE),
        Error::Unauthenticated { .. } => ("token", RETRY_LATE),
        Error::Forbidden { .. } => ("forbidden", RETRY_LATE),
        Error::TooOld { .. } => ("too old", RETRY_LATE),
        Error::WrongHost { .. } => ("host", RETRY_LATE),
        Error::Setup { .. } => ("setup", RETRY_LATE),
        Error::Unreachable { .. }
        | Error::NotFound { .. }
        | Error::TooLarge { .. }
        | Error::TimedOut { .. }
        | Error::Lost { .. }
        | Error::Refused { .. }
        | Error::Entries { .. }
        | Error::Senseless { .. } => ("offline", RETRY),
    };
    (Trouble::of(error), word, wait)
}

/// What one message of a stream says.
enum Said<T, K> {
    /// There is this.
    Value(T),
    /// There is this no more.
    Gone(K),
    /// What there is was told completely.
    Complete,
    /// Nothing that matters.
    Nothing,
}

/// Gathers a stream: everything that is as one delta, then each change as one of its own.
struct Gathering<T> {
    /// Values of a stream that is not complete yet.
    initial: Option<Vec<T>>,
}

impl<T> Gathering<T> {
    /// Takes in what a message says; what is to be told of it.
    fn take<K>(&mut self, said: Said<T, K>) -> Option<Delta<T, K>> {
        let at = clock::now();
        match said {
            Said::Complete => self.initial.take().map(|upserts| whole(upserts, at)),
            Said::Value(value) => match &mut self.initial {
                Some(initial) => {
                    initial.push(value);
                    None
                }
                None => Some(Delta { all: false, upserts: vec![value], removed: Vec::new(), at }),
            },
            Said::Gone(key) => Some(Delta { all: false, upserts: Vec::new(), removed: vec![key], at }),
            Said::Nothing => None,
        }
    }
}

/// What an operation and a value say together.
fn said<T, K>(operation: Operation, value: Option<T>, key: impl FnOnce(&T) -> K) -> Said<T, K> {
    match (operation, value) {
        (Operation::InitialSyncComplete, _) => Said::Complete,
        (Operation::Deleted, Some(value)) => Said::Gone(key(&value)),
        (_, Some(value)) => Said::Value(value),
        (_, None) => Said::Nothing,
    }
}

/// Keeps a delta for the next start. That it cannot be kept is logged and holds nothing up.
async fn keep<T: Cached + Clone + Send + 'static>(shared: &Shared, server: &str, delta: cache::Delta<T>) {
    let server = server.to_owned();
    if let Err(error) = shared.store.write(move |connection| cache::apply(connection, &server, &delta)).await {
        tracing::warn!(%error, "what CloudVision says cannot be kept");
    }
}

/// What the store keeps of a delta.
fn kept<T: Clone>(all: bool, changed: Vec<T>, gone: Vec<String>, at: DateTime<Utc>) -> cache::Delta<T> {
    cache::Delta { changed, gone, is_whole: all, synced_at: Some(at) }
}

/// Follows change controls until that fails for good.
async fn changes(shared: &Shared, instance: &CloudVision, client: &Client) -> Error {
    let server = shared.instance(&instance.name).server;
    let mut stream = client.follow_changes(None);
    let mut gathering = Gathering::<Arc<Change>> { initial: None };
    loop {
        let message = match stream.next().await {
            Ok(Told::Opened) => {
                gathering.initial = Some(Vec::new());
                continue;
            }
            Ok(Told::Message(message)) => message,
            Ok(Told::Broken { error, .. }) | Err(error) => return error,
        };
        let operation = message.r#type();
        let change = message.value.and_then(wire::change).map(Arc::new);
        let said = said::<_, ChangeId>(operation, change, |change| change.id.clone());
        let Some(delta) = gathering.take(said) else { continue };
        let changed = delta.upserts.iter().map(|change| Change::clone(change)).collect();
        let gone = delta.removed.iter().map(|id| id.as_str().to_owned()).collect();
        keep(shared, &server, kept::<Change>(delta.all, changed, gone, delta.at)).await;
        shared.tell(Report::Changes { instance: instance.name.clone(), delta }).await;
    }
}

/// Follows workspaces until that fails for good.
async fn workspaces(shared: &Shared, instance: &CloudVision, client: &Client) -> Error {
    let server = shared.instance(&instance.name).server;
    let mut stream = client.follow_workspaces(None);
    let mut gathering = Gathering::<Workspace> { initial: None };
    loop {
        let message = match stream.next().await {
            Ok(Told::Opened) => {
                gathering.initial = Some(Vec::new());
                continue;
            }
            Ok(Told::Message(message)) => message,
            Ok(Told::Broken { error, .. }) | Err(error) => return error,
        };
        let operation = message.r#type();
        let workspace = message.value.and_then(wire::workspace);
        let said = said::<_, WorkspaceId>(operation, workspace, |workspace| workspace.id.clone());
        let Some(delta) = gathering.take(said) else { continue };
        let gone = delta.removed.iter().map(|id| id.as_str().to_owned()).collect();
        keep(shared, &server, kept(delta.all, delta.upserts.clone(), gone, delta.at)).await;
        shared.tell(Report::Workspaces { instance: instance.name.clone(), delta }).await;
    }
}

/// Follows devices until that fails for good.
async fn devices(shared: &Shared, instance: &CloudVision, client: &Client) -> Error {
    let server = shared.instance(&instance.name).server;
    let mut stream = client.follow_devices();
    let mut gathering = Gathering::<Device> { initial: None };
    loop {
        let message = match stream.next().await {
            Ok(Told::Opened) => {
                gathering.initial = Some(Vec::new());
                continue;
            }
            Ok(Told::Message(message)) => message,
            Ok(Told::Broken { error, .. }) | Err(error) => return error,
        };
        let operation = message.r#type();
        let device = message.value.and_then(wire::device);
        let said = said::<_, DeviceId>(operation, device, |device| device.id.clone());
        let Some(delta) = gathering.take(said) else { continue };
        let gone = delta.removed.iter().map(|id| id.as_str().to_owned()).collect();
        keep(shared, &server, kept(delta.all, delta.upserts.clone(), gone, delta.at)).await;
        shared.tell(Report::Devices { instance: instance.name.clone(), delta }).await;
    }
}

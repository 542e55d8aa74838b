//! Follows one CloudVision: what is known from the last time at once, then its streams of change controls, workspaces and
//! devices, for as long as noctui runs.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::following;
use super::hearing::{Hearing, word};
use super::{Delta, Health, Report, Shared};
use crate::blocking;
use crate::clock;
use crate::config::CloudVision;
use crate::features::cloudvision::client::{Client, Server, Trust};
use crate::features::cloudvision::deploy::recovery::{self, Standing};
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::{Change, Device, Workspace};
use crate::features::cloudvision::store::cache;
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
    let hearing = Hearing::new(&instance.name, version.to_string());
    hearing.live(shared).await;
    settle(shared, instance, &client).await;
    let ended = tokio::select! {
        ended = following::follow::<Change>(shared, &hearing, &client) => ended,
        ended = following::follow::<Workspace>(shared, &hearing, &client) => ended,
        ended = following::follow::<Device>(shared, &hearing, &client) => ended,
    };
    *since = Some(hearing.heard_at());
    failed(&ended)
}

/// Finds out what has become of the deployments that other processes left. That it cannot be done is logged: they stay on
/// the screen as they are.
async fn settle(shared: &Shared, instance: &CloudVision, client: &Client) {
    match recovery::settle(client, &shared.store, &shared.instance(&instance.name).server).await {
        Ok(left) if left.iter().any(|left| matches!(left.standing, Standing::Ended { .. })) => {
            shared.retell.notify_one();
        }
        Ok(_) => {}
        Err(trouble) => tracing::warn!(what = trouble.what(), "what was left unfinished is not known"),
    }
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

/// An error as the header shows it, and how long to wait. Where somebody has to do something first, asking often is
/// noise in the server's log.
fn failed(error: &Error) -> (Trouble, &'static str, Duration) {
    let word = word(error);
    (Trouble::of(error), word, if word == "offline" { RETRY } else { RETRY_LATE })
}

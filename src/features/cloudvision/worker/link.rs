//! Follows one CloudVision: what is known from the last time at once, then its streams of change controls, workspaces and
//! devices, for as long as noctui runs.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::following;
use super::hearing::{Hearing, word};
use super::{Delta, Health, Report, Shared};
use crate::blocking;
use crate::clock;
use crate::config::CloudVision;
use crate::features::cloudvision::client::{Client, Server};
use crate::features::cloudvision::deploy::recovery::{self, Standing};
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::{Change, Device, Workspace, WorkspaceId};
use crate::features::cloudvision::store::cache;
use crate::trouble::Trouble;

/// How long after a failure it is tried again.
const RETRY: Duration = Duration::from_secs(30);
/// The same where somebody has to do something first, such as renewing a token.
const RETRY_LATE: Duration = Duration::from_mins(5);
/// How often a server is asked whether it is there.
const PULSE: Duration = Duration::from_secs(10);
/// How long that may take before it is told, and how long after that before the connection is given up.
const DOUBT: Duration = Duration::from_secs(2);
const GIVE_UP: Duration = Duration::from_secs(6);

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
        Err((trouble, word)) => return (trouble, word, RETRY_LATE),
    };
    let version = match client.version().await {
        Ok(version) => version,
        Err(error) => return failed(&error),
    };
    shared.clients.lock().unwrap_or_else(PoisonError::into_inner).insert(instance.name.clone(), client.clone());
    let hearing = Hearing::new(&instance.name, version.to_string());
    hearing.live(shared).await;
    settle(shared, &instance.name).await;
    let ended = tokio::select! {
        ended = following::follow::<Change>(shared, &hearing, &client) => ended,
        ended = following::follow::<Workspace>(shared, &hearing, &client) => ended,
        ended = following::follow::<Device>(shared, &hearing, &client) => ended,
        ended = pulse(shared, &hearing, &client) => ended,
    };
    *since = Some(hearing.heard_at());
    failed(&ended)
}

/// Asks now and then whether the server still answers, and tells while it does not; over when that takes too long.
///
/// A stream on which nothing comes looks the same whether nothing happens or the way is cut. HTTP/2's own pings may be sent
/// once in a minute at most, and whoever is on call should not read `live` for so long.
async fn pulse(shared: &Shared, hearing: &Hearing, client: &Client) -> Error {
    // It need not exist: that there is none is an answer.
    let nobody = WorkspaceId::new("noctui-pulse");
    loop {
        tokio::time::sleep(PULSE).await;
        let asked_at = clock::now();
        let mut answered = std::pin::pin!(client.workspace(&nobody));
        let in_time = timeout(DOUBT, &mut answered).await;
        let answer = if let Ok(answer) = in_time {
            answer
        } else {
            hearing.doubt(shared, asked_at).await;
            let late = Error::TimedOut { call: "WorkspaceService/GetOne", after: DOUBT + GIVE_UP };
            timeout(GIVE_UP, answered).await.unwrap_or(Err(late))
        };
        match answer {
            Ok(_) => hearing.trust(shared).await,
            // Streams that broke tell of it, and are opened again sooner than all of it would be.
            Err(error) if error.is_transient() && hearing.is_broken() => {}
            Err(error) => return error,
        }
    }
}

/// Finds out what has become of the deployments that other processes left. That it cannot be done is logged: they stay on
/// the screen as they are.
pub(super) async fn settle(shared: &Shared, instance: &str) {
    // Where nothing is connected, that is done when it is.
    let Ok(actor) = shared.actor(instance) else { return };
    let may_write = !shared.setup.hands_off.iter().any(|name| name == instance);
    match recovery::settle(&actor, may_write).await {
        Ok(left) if left.iter().any(|left| matches!(left.standing, Standing::Ended { .. })) => {
            shared.retell.notify_one();
        }
        Ok(_) => {}
        Err(trouble) => tracing::warn!(what = trouble.what(), "what was left unfinished is not known"),
    }
}

/// Fetches the token and prepares a connection. The error comes with its word for the header.
async fn connect(instance: &CloudVision) -> Result<Client, (Trouble, &'static str)> {
    let found = instance.token.fetch(|name| std::env::var_os(name)).await;
    let found = found.map_err(|error| (Trouble::of(&error), "token"))?;
    if let Some(warning) = found.warning {
        tracing::warn!(instance = instance.name, "{warning}");
    }
    let trust = instance.trust.clone();
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
    made.await.map_err(|error| (Trouble::of(&error), word(&error)))
}

/// An error as the header shows it, and how long to wait. Where somebody has to do something first, asking often is
/// noise in the server's log.
fn failed(error: &Error) -> (Trouble, &'static str, Duration) {
    let word = word(error);
    (Trouble::of(error), word, if word == "offline" { RETRY } else { RETRY_LATE })
}

//! Listens to the cluster: lists what there is, then follows every change.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Health, Report, Shared};
use crate::clock;
use crate::features::console::cluster::api::Listed;
use crate::features::console::cluster::model::{Definition, Instance, Key, merge};
use crate::features::console::cluster::{Api, Found, Told};
use crate::features::console::error::Error;
use crate::trouble::Trouble;

/// How long after a failure it is tried again; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// A list that is out of date is asked for again at once, but not more often than this: then something is wrong.
const AT_ONCE: u32 = 2;
/// Changes that come together are told together.
const TOGETHER: Duration = Duration::from_millis(150);

/// What is known of every machine.
#[derive(Debug, Default)]
struct Known {
    definitions: BTreeMap<Key, Definition>,
    instances: BTreeMap<Key, Instance>,
}

/// Follows the cluster until `stop` is cancelled. `again` makes it list at once.
///
/// Cancel safety: everything is read and may be dropped anywhere.
pub(super) async fn follow(shared: Shared, again: Arc<Notify>, stop: CancellationToken) {
    let (mut pause, mut outdated) = (FIRST_PAUSE, 0_u32);
    shared.tell(Report::Health { health: Health::Connecting, name: None }).await;
    loop {
        let begun = Instant::now();
        let ended = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            ended = listen(&shared) => ended,
            () = again.notified() => continue,
        };
        if begun.elapsed() > LONGEST_PAUSE {
            (pause, outdated) = (FIRST_PAUSE, 0);
        }
        let error = match ended {
            Err(error) => error,
            Ok(server) => {
                outdated += 1;
                if outdated <= AT_ONCE {
                    continue;
                }
                Error::Outdated { server }
            }
        };
        let trouble = Trouble::of(&error);
        tracing::warn!("{}", trouble.one_line());
        let failing = |retry_at| Health::Failing { trouble: trouble.clone(), word: error.word(), retry_at };
        shared.tell(Report::Health { health: failing(clock::now() + pause), name: None }).await;
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = again.notified() => {}
            () = sleep_until(Instant::now() + pause) => {}
        }
        // It may take a while until it answers or not: meanwhile it is being tried, whenever that was to be.
        shared.tell(Report::Health { health: failing(clock::now()), name: None }).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Lists and follows until the list has to be asked for again; then host and port of the API.
async fn listen(shared: &Shared) -> Result<String, Error> {
    let api = shared.api().await?;
    let everywhere = shared.setup.cluster.as_ref().is_some_and(|cluster| cluster.all_namespaces);
    let namespace = api.cluster().namespace.clone();
    let namespace = (!everywhere).then_some(namespace.as_str());
    let Found { definitions, instances, hidden } = api.machines(namespace).await?;
    let (definitions, of_definitions) = split(definitions);
    let (instances, of_instances) = split(instances);
    let known = Mutex::new(Known { definitions, instances });
    shared.tell(Report::Hidden(hidden)).await;
    tell(shared, &known).await;
    let name = Some(api.cluster().name.clone());
    shared.tell(Report::Health { health: Health::Live, name }).await;
    let changed = Notify::new();
    let telling = async {
        loop {
            changed.notified().await;
            sleep(TOGETHER).await;
            tell(shared, &known).await;
        }
    };
    tokio::select! {
        ended = watch(&api, namespace, (of_definitions, of_instances), &known, &changed) => ended?,
        () = telling => {}
    }
    Ok(api.cluster().endpoint.to_string())
}

/// What is listed, and its version, from which it is watched; none where it may not be listed.
fn split<T>(listed: Option<Listed<T>>) -> (BTreeMap<Key, T>, Option<String>) {
    listed.map_or_else(Default::default, |listed| (listed.items.into_iter().collect(), Some(listed.version)))
}

/// Follows both kinds of objects until one of them has to be listed again.
async fn watch(
    api: &Api,
    namespace: Option<&str>,
    (definitions, instances): (Option<String>, Option<String>),
    known: &Mutex<Known>,
    changed: &Notify,
) -> Result<(), Error> {
    let (no_definitions, no_instances) = (definitions.is_none(), instances.is_none());
    let of_definitions = api.watch_definitions(namespace, definitions.unwrap_or_default(), |told| {
        let mut known = lock(known);
        match told {
            Told::Is(key, definition) => _ = known.definitions.insert(key, definition),
            Told::Gone(key) => _ = known.definitions.remove(&key),
        }
        changed.notify_one();
    });
    let of_instances = api.watch_instances(namespace, instances.unwrap_or_default(), |told| {
        let mut known = lock(known);
        match told {
            Told::Is(key, instance) => _ = known.instances.insert(key, instance),
            Told::Gone(key) => _ = known.instances.remove(&key),
        }
        changed.notify_one();
    });
    tokio::select! {
        ended = of_definitions, if !no_definitions => ended,
        ended = of_instances, if !no_instances => ended,
    }
}

/// What is known, whoever panicked while it was looked at.
fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells of every machine.
async fn tell(shared: &Shared, known: &Mutex<Known>) {
    let vms = {
        let known = lock(known);
        merge(&known.definitions, &known.instances).into_iter().map(Arc::new).collect()
    };
    shared.tell(Report::Machines { vms }).await;
}

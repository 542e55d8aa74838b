//! Follows one kind of things of a CloudVision by its stream: everything that is first, then what changes, gathered, kept
//! in the store and told to the screen.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use prost::Message;
use tokio::time::{Instant, timeout_at};

use super::hearing::Hearing;
use super::{Delta, Report, Shared};
use crate::clock;
use crate::features::cloudvision::client::{Client, Subscription, Told};
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::{Change, ChangeId, Device, DeviceId, Workspace, WorkspaceId};
use crate::features::cloudvision::pb::Operation;
use crate::features::cloudvision::pb::changecontrol::{ChangeControlStreamRequest, ChangeControlStreamResponse};
use crate::features::cloudvision::pb::inventory::{DeviceStreamRequest, DeviceStreamResponse};
use crate::features::cloudvision::pb::workspace::{WorkspaceStreamRequest, WorkspaceStreamResponse};
use crate::features::cloudvision::store::cache::{self, Cached};
use crate::features::cloudvision::wire;

/// How long changes are gathered: a fabric that reboots tells hundreds at once, and each batch is one commit.
const GATHER: Duration = Duration::from_millis(100);
/// Things in a batch at most.
const BATCH: usize = 1_000;

/// A kind of things that a stream tells.
pub(super) trait Followed: Cached + Clone + Send + 'static {
    /// What one is known by.
    type Id: Display + Send;
    /// What the stream is asked.
    type Question: Message + Clone + 'static;
    /// What it tells.
    type Answer: Message + Default + 'static;

    /// The stream.
    fn subscribe(client: &Client) -> Subscription<Self::Question, Self::Answer>;

    /// What a message says; no value where there is none that makes sense.
    fn read(answer: Self::Answer) -> (Operation, Option<Self>);

    /// What it is known by.
    fn id(&self) -> Self::Id;

    /// For the screen.
    fn report(instance: String, delta: Delta<Self, Self::Id>) -> Report;
}

/// Follows a kind until that fails for good: why.
pub(super) async fn follow<T: Followed>(shared: &Shared, hearing: &Hearing, client: &Client) -> Error {
    let mut subscription = T::subscribe(client);
    let mut gathering = Gathering::<T>::new();
    loop {
        // Only the first wait is without an end: what came is told soon.
        let mut told = subscription.next().await;
        let until = Instant::now() + GATHER;
        loop {
            match told {
                Ok(Told::Opened) => gathering.begin(),
                Ok(Told::Message(message)) => {
                    let (operation, value) = T::read(message);
                    gathering.take(operation, value);
                }
                Ok(Told::Broken { error, pause }) => hearing.broken(shared, T::KIND, &error, pause).await,
                Err(error) => return error,
            }
            if gathering.len() >= BATCH {
                break;
            }
            match timeout_at(until, subscription.next()).await {
                Ok(next) => told = next,
                Err(_) => break,
            }
        }
        if let Some(delta) = gathering.batch(clock::now()) {
            let is_whole = delta.all;
            tell(shared, hearing.instance(), delta).await;
            if is_whole {
                hearing.complete(shared, T::KIND).await;
            }
        }
    }
}

/// Keeps a batch for the next start, and tells the screen. That it cannot be kept is logged and holds nothing up.
async fn tell<T: Followed>(shared: &Shared, instance: &str, delta: Delta<T, T::Id>) {
    let server = shared.instance(instance).server;
    let kept = cache::Delta {
        changed: delta.upserts.clone(),
        gone: delta.removed.iter().map(T::Id::to_string).collect(),
        is_whole: delta.all,
        synced_at: Some(delta.at),
    };
    if let Err(error) = shared.store.write(move |connection| cache::apply(connection, &server, &kept)).await {
        tracing::warn!(%error, "what CloudVision says cannot be kept");
    }
    shared.tell(T::report(instance.to_owned(), delta)).await;
}

/// What a stream told and was not passed on yet.
#[derive(Debug)]
struct Gathering<T> {
    /// What there is, as long as not all of it was told.
    initial: Option<Vec<T>>,
    /// Whether `upserts` are all there are.
    all: bool,
    /// New ones and changed ones, each once.
    upserts: Vec<T>,
    /// Gone ones, none of them in `upserts`.
    removed: Vec<T>,
}

impl<T: Followed> Gathering<T> {
    /// Nothing yet.
    fn new() -> Self {
        Self { initial: None, all: false, upserts: Vec::new(), removed: Vec::new() }
    }

    /// A stream was opened: what is comes first.
    fn begin(&mut self) {
        self.initial = Some(Vec::new());
    }

    /// Takes in what a message says.
    fn take(&mut self, operation: Operation, value: Option<T>) {
        match (operation, value) {
            (Operation::InitialSyncComplete, _) => {
                if let Some(initial) = self.initial.take() {
                    self.all = true;
                    self.upserts = initial;
                    self.removed.clear();
                }
            }
            (_, None) => {}
            (Operation::Deleted, Some(value)) => {
                let told = self.initial.as_mut().unwrap_or(&mut self.upserts);
                told.retain(|known| known.key() != value.key());
                if self.initial.is_none() {
                    self.removed.push(value);
                }
            }
            (_, Some(value)) => {
                if let Some(initial) = &mut self.initial {
                    initial.push(value);
                    return;
                }
                self.removed.retain(|known| known.key() != value.key());
                match self.upserts.iter_mut().find(|known| known.key() == value.key()) {
                    Some(known) => *known = value,
                    None => self.upserts.push(value),
                }
            }
        }
    }

    /// How many things a batch would have.
    fn len(&self) -> usize {
        self.upserts.len() + self.removed.len()
    }

    /// What was gathered by `at`, if anything; none before all that is was told.
    fn batch(&mut self, at: DateTime<Utc>) -> Option<Delta<T, T::Id>> {
        if !self.all && self.len() == 0 {
            return None;
        }
        let removed = std::mem::take(&mut self.removed).iter().map(T::id).collect();
        Some(Delta { all: std::mem::take(&mut self.all), upserts: std::mem::take(&mut self.upserts), removed, at })
    }
}

impl Followed for Change {
    type Id = ChangeId;
    type Question = ChangeControlStreamRequest;
    type Answer = ChangeControlStreamResponse;

    fn subscribe(client: &Client) -> Subscription<Self::Question, Self::Answer> {
        client.follow_changes(None)
    }

    fn read(answer: Self::Answer) -> (Operation, Option<Self>) {
        (answer.r#type(), answer.value.and_then(wire::change))
    }

    fn id(&self) -> Self::Id {
        self.id.clone()
    }

    fn report(instance: String, delta: Delta<Self, Self::Id>) -> Report {
        let Delta { all, upserts, removed, at } = delta;
        let upserts = upserts.into_iter().map(Arc::new).collect();
        Report::Changes { instance, delta: Delta { all, upserts, removed, at } }
    }
}

impl Followed for Workspace {
    type Id = WorkspaceId;
    type Question = WorkspaceStreamRequest;
    type Answer = WorkspaceStreamResponse;

    fn subscribe(client: &Client) -> Subscription<Self::Question, Self::Answer> {
        client.follow_workspaces(None)
    }

    fn read(answer: Self::Answer) -> (Operation, Option<Self>) {
        (answer.r#type(), answer.value.and_then(wire::workspace))
    }

    fn id(&self) -> Self::Id {
        self.id.clone()
    }

    fn report(instance: String, delta: Delta<Self, Self::Id>) -> Report {
        Report::Workspaces { instance, delta }
    }
}

impl Followed for Device {
    type Id = DeviceId;
    type Question = DeviceStreamRequest;
    type Answer = DeviceStreamResponse;

    fn subscribe(client: &Client) -> Subscription<Self::Question, Self::Answer> {
        client.follow_devices()
    }

    fn read(answer: Self::Answer) -> (Operation, Option<Self>) {
        (answer.r#type(), answer.value.and_then(wire::device))
    }

    fn id(&self) -> Self::Id {
        self.id.clone()
    }

    fn report(instance: String, delta: Delta<Self, Self::Id>) -> Report {
        Report::Devices { instance, delta }
    }
}

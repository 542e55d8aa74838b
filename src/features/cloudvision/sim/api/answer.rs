//! The shapes that all services share: streams of values, and bulk writes that answer with what failed.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use futures::{Stream, StreamExt, stream};
use prost_types::Timestamp;
use tokio::sync::watch;
use tonic::{Response, Status};

use crate::features::cloudvision::pb::Operation;
use crate::features::cloudvision::sim::feed::{Change, Feed};
use crate::features::cloudvision::sim::state::State;
use crate::features::cloudvision::sim::world::World;

/// A stream of answers.
pub(super) type Answers<M> = Pin<Box<dyn Stream<Item = Result<M, Status>> + Send>>;

/// A message of a stream: a value, when, and what happened to it.
pub(super) trait Message<V>: Send + 'static {
    /// Makes one. [`Operation::InitialSyncComplete`] has no value.
    fn of(value: Option<V>, time: Timestamp, operation: Operation) -> Self;
}

/// Makes stream responses out of their three fields.
macro_rules! messages {
    ($($message:ty: $value:ty),* $(,)?) => {$(
        impl $crate::features::cloudvision::sim::api::answer::Message<$value> for $message {
            fn of(
                value: Option<$value>,
                time: prost_types::Timestamp,
                operation: $crate::features::cloudvision::pb::Operation,
            ) -> Self {
                Self { value, time: Some(time), r#type: operation.into() }
            }
        }
    )*};
}
pub(super) use messages;

/// `GetAll`: all values, each as [`Operation::Initial`], and no more.
pub(super) fn all<V, M: Message<V>>(values: Vec<V>, time: Timestamp) -> Response<Answers<M>> {
    let messages: Vec<_> = values.into_iter().map(|value| Ok(M::of(Some(value), time, Operation::Initial))).collect();
    Response::new(stream::iter(messages).boxed())
}

/// The answer of a bulk write: an entry for each that failed, nothing for the others.
pub(super) fn failures<M: Send + 'static>(failed: Vec<M>) -> Response<Answers<M>> {
    Response::new(stream::iter(failed.into_iter().map(Ok)).boxed())
}

/// What a client sees of a value, if it asked for it.
type See<V, W> = Box<dyn Fn(&V) -> Option<W> + Send>;

/// What a subscription looks at: which feed, what of it, and what a deleted value is told as.
pub(super) struct Wanted<V, W> {
    /// The feed.
    pub(super) feed: fn(&State) -> &Feed<V>,
    /// What a client sees of a value, if it asked for it.
    pub(super) see: See<V, W>,
    /// The key alone of what it would see.
    pub(super) key: fn(W) -> W,
}

/// A subscription that goes on.
struct Following<V, W, M> {
    world: Arc<World>,
    wanted: Wanted<V, W>,
    position: usize,
    wake: watch::Receiver<usize>,
    queue: VecDeque<M>,
}

/// `Subscribe`: all values as [`Operation::Initial`], once [`Operation::InitialSyncComplete`], then every change.
pub(super) fn subscribe<V, W, M>(world: &Arc<World>, wanted: Wanted<V, W>) -> Response<Answers<M>>
where
    V: Clone + Send + Sync + 'static,
    W: Send + 'static,
    M: Message<W>,
{
    let mut state = world.state();
    let time = state.now();
    let feed = (wanted.feed)(&state);
    let seen = feed.values().filter_map(&wanted.see);
    let mut queue: VecDeque<M> = seen.map(|value| M::of(Some(value), time, Operation::Initial)).collect();
    queue.push_back(M::of(None, time, Operation::InitialSyncComplete));
    let (position, wake) = (feed.position(), feed.watch());
    drop(state);
    let following = Following { world: Arc::clone(world), wanted, position, wake, queue };
    Response::new(
        stream::unfold(following, |mut following| async {
            let message = following.next().await?;
            Some((message, following))
        })
        .boxed(),
    )
}

impl<V: Clone, W, M: Message<W>> Following<V, W, M> {
    /// The next message. Ends with the server.
    async fn next(&mut self) -> Option<Result<M, Status>> {
        loop {
            if let Some(message) = self.queue.pop_front() {
                return Some(Ok(message));
            }
            if let Err(status) = self.catch_up() {
                return Some(Err(status));
            }
            if self.queue.is_empty() {
                self.world.stop.run_until_cancelled(self.wake.changed()).await?.ok()?;
            }
        }
    }

    /// Puts what has happened since into the queue.
    fn catch_up(&mut self) -> Result<(), Status> {
        // What happens from here on wakes again.
        self.wake.mark_unchanged();
        let state = self.world.state();
        let feed = (self.wanted.feed)(&state);
        let changes =
            feed.since(self.position).map_err(|_| Status::aborted("the stream is too far behind what happens"))?;
        self.position = feed.position();
        for Change { operation, value, time } in changes {
            let Some(seen) = (self.wanted.see)(&value) else { continue };
            let seen = if operation == Operation::Deleted { (self.wanted.key)(seen) } else { seen };
            self.queue.push_back(M::of(Some(seen), time, operation));
        }
        Ok(())
    }
}

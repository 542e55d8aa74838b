//! One call: signed, within a deadline, repeated where that is safe.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::future::BoxFuture;
use http::uri::PathAndQuery;
use prost::Message;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tonic::client::Grpc;
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;

use super::Client;
use crate::features::cloudvision::error::Error;

/// Bytes that one answer may have. Inventories of thousands of devices come in one message each, studio inputs in pieces
/// of up to a few megabytes.
const LARGEST_ANSWER: usize = 64 << 20;
/// The pause before the first repetition; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// How often a call is repeated.
const REPETITIONS: u32 = 5;
/// How long the first attempt waits for its answer; each further one waits twice as long as the one before. What takes long,
/// such as builds, submissions and change controls, is told by subscriptions: an answer that has not come by then was lost
/// more often than it is late, and of a server that is slow the later ones come in time.
const FIRST_PATIENCE: Duration = Duration::from_secs(30);
/// No attempt waits less, however short all of them together may take.
const LEAST_PATIENCE: Duration = Duration::from_secs(1);
/// What a first attempt waits more for each entry of a bulk write, as Arista's own client does.
const PATIENCE_PER_ENTRY: Duration = Duration::from_millis(100);
/// Bytes in a second that a slow line takes: a first attempt waits until a large message is through.
const SLOW_LINE: usize = 16 << 10;
/// The part of the time for a call that its first attempt has: there has to be some for another.
const FIRST_SHARE: u32 = 4;
/// How long a write waits for its answer that is not made again: then somebody looks what has become of it.
const ONLY_PATIENCE: Duration = Duration::from_mins(1);
/// Messages that one answer may have in all.
const MOST_MESSAGES: usize = 1 << 20;

/// Whether a call that failed on the way is made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It reads, or it says what is to be and not what is to be done: the second time changes nothing.
    Safe,
    /// Somebody decides that, knowing what has happened since.
    Never,
}

impl Client {
    /// Makes a call with one answer. `method` is `/package.Service/Method`.
    pub(super) async fn unary<Q, A>(&self, method: &'static str, request: Q, repeat: Repeat) -> Result<A, Error>
    where
        Q: Message + Clone + 'static,
        A: Message + Default + 'static,
    {
        let patience = self.patience(repeat, request.encoded_len(), 1);
        let request = &request;
        let ask = |patience| async move {
            let answered = timeout(patience, self.ask(method, request.clone())).await;
            answered.map_err(|_| late(method, patience))?.map_err(|status| self.error(method, &status))
        };
        self.repeating(name_of(method), repeat, patience, |patience| Box::pin(ask(patience))).await
    }

    /// Makes a call whose answer is a stream that ends, and collects it.
    pub(super) async fn collect<Q, A>(&self, method: &'static str, request: Q, repeat: Repeat) -> Result<Vec<A>, Error>
    where
        Q: Message + Clone + 'static,
        A: Message + Default + 'static,
    {
        self.collect_of(method, request, 0, repeat).await
    }

    /// The same for a write of so many entries.
    pub(super) async fn collect_of<Q, A>(
        &self,
        method: &'static str,
        request: Q,
        entries: usize,
        repeat: Repeat,
    ) -> Result<Vec<A>, Error>
    where
        Q: Message + Clone + 'static,
        A: Message + Default + 'static,
    {
        let patience = self.patience(repeat, request.encoded_len(), entries);
        let ask = |patience| self.ask_all(method, request.clone(), patience);
        self.repeating(name_of(method), repeat, patience, |patience| Box::pin(ask(patience))).await
    }

    /// How long the first attempt of a call waits that sends so many bytes and entries.
    fn patience(&self, repeat: Repeat, bytes: usize, entries: usize) -> Duration {
        let whole = self.inner.call_timeout;
        if repeat == Repeat::Never {
            return ONLY_PATIENCE.min(whole);
        }
        let sent = Duration::from_secs(u64::try_from(bytes / SLOW_LINE).unwrap_or(u64::MAX));
        let written = PATIENCE_PER_ENTRY.saturating_mul(u32::try_from(entries).unwrap_or(u32::MAX));
        let wanted = FIRST_PATIENCE.saturating_add(sent).saturating_add(written);
        wanted.min(whole / FIRST_SHARE).max(LEAST_PATIENCE).min(whole)
    }

    /// Asks once for one answer.
    async fn ask<Q, A>(&self, method: &'static str, request: Q) -> Result<A, Status>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let path = PathAndQuery::from_static(method);
        let answer = self.grpc().await?.unary(self.signed(request), path, ProstCodec::default()).await?;
        Ok(answer.into_inner())
    }

    /// Asks once for a stream that ends, as long as something of it comes before `patience` is over.
    async fn ask_all<Q, A>(&self, method: &'static str, request: Q, patience: Duration) -> Result<Vec<A>, Error>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let error = |status: Status| self.error(method, &status);
        let late = |_| late(method, patience);
        let mut stream = timeout(patience, self.open(method, request)).await.map_err(late)?.map_err(error)?;
        let mut messages = Vec::new();
        while let Some(message) = timeout(patience, stream.message()).await.map_err(late)?.map_err(error)? {
            if messages.len() == MOST_MESSAGES {
                return Err(error(Status::out_of_range("the answer does not end")));
            }
            messages.push(message);
        }
        Ok(messages)
    }

    /// Opens a stream that stays open.
    pub(super) async fn open<Q, A>(&self, method: &'static str, request: Q) -> Result<Streaming<A>, Status>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let path = PathAndQuery::from_static(method);
        let answer = self.grpc().await?.server_streaming(self.signed(request), path, ProstCodec::default()).await?;
        Ok(answer.into_inner())
    }

    /// The error that `status` of `method` stands for.
    pub(super) fn error(&self, method: &'static str, status: &Status) -> Error {
        Error::of_status(name_of(method), &self.inner.server, self.inner.call_timeout, status)
    }

    /// Makes a call until it is answered, may not be made again, or its time is over. `call` is told how long this attempt
    /// waits for its answer: at first `patience`.
    pub(super) async fn repeating<'a, A>(
        &'a self,
        what: &'static str,
        repeat: Repeat,
        mut patience: Duration,
        call: impl Fn(Duration) -> BoxFuture<'a, Result<A, Error>>,
    ) -> Result<A, Error> {
        let begun = Instant::now();
        let deadline = begun + self.inner.call_timeout;
        let mut pause = FIRST_PAUSE;
        let mut repetitions = 0;
        loop {
            let answered = timeout_at(deadline, call(patience));
            let error = match answered.await {
                Ok(Ok(answer)) => {
                    self.inner.has_answered.store(true, Ordering::Relaxed);
                    self.answered();
                    return Ok(answer);
                }
                Ok(Err(error)) => {
                    tracing::debug!(what, %error, repetitions, "a call failed");
                    error
                }
                Err(_) => return Err(Error::TimedOut { call: what, after: self.inner.call_timeout }),
            };
            let wait = jittered(pause);
            let is_over = repetitions == REPETITIONS || Instant::now() + wait >= deadline;
            // A server that never answered is a wrong address more often than one that starts up.
            let is_strange =
                matches!(error, Error::Unreachable { .. }) && !self.inner.has_answered.load(Ordering::Relaxed);
            if repeat == Repeat::Never || is_over || is_strange || !error.is_transient() {
                // All attempts together were waited for.
                if let Error::TimedOut { call, .. } = error {
                    return Err(Error::TimedOut { call, after: begun.elapsed() });
                }
                return Err(error);
            }
            self.asks_again(&error, wait);
            sleep(wait).await;
            repetitions += 1;
            pause *= 2;
            patience *= 2;
        }
    }

    /// A client that takes large answers, once there is a connection.
    async fn grpc(&self) -> Result<Grpc<tonic::transport::Channel>, Status> {
        let mut grpc = Grpc::new(self.inner.channel.clone()).max_decoding_message_size(LARGEST_ANSWER);
        grpc.ready().await.map_err(|error| Status::from_error(error.into()))?;
        Ok(grpc)
    }

    /// `message` with the token.
    fn signed<Q>(&self, message: Q) -> Request<Q> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.inner.bearer.clone());
        request
    }
}

/// No answer to an attempt of a call.
fn late(method: &'static str, after: Duration) -> Error {
    Error::TimedOut { call: name_of(method), after }
}

/// `Service/Method` of a path: `WorkspaceService/GetOne`.
pub(super) fn name_of(method: &'static str) -> &'static str {
    method.rsplit_once('.').map_or(method, |(_, name)| name)
}

/// Between half of `pause` and all of it, so that clients that lost the same server do not come back together.
pub(super) fn jittered(pause: Duration) -> Duration {
    let random = uuid::Uuid::new_v4().as_u128() & 0xffff;
    #[expect(clippy::cast_precision_loss, reason = "sixteen bits")]
    let share = random as f64 / 65_535.0;
    pause.mul_f64(0.5 + share / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_never_longer_and_never_shorter_than_half() {
        for _ in 0..1_000 {
            let pause = jittered(Duration::from_secs(2));
            assert!((Duration::from_secs(1)..=Duration::from_secs(2)).contains(&pause), "{pause:?}");
        }
    }

    #[test]
    fn a_call_is_named_by_service_and_method() {
        assert_eq!(name_of("/arista.workspace.v1.WorkspaceService/GetOne"), "WorkspaceService/GetOne");
    }
}

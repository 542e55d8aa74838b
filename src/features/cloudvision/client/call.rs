//! One call: signed, within a deadline, repeated where that is safe.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::future::BoxFuture;
use http::uri::PathAndQuery;
use prost::Message;
use tokio::time::{Instant, sleep, timeout_at};
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
        let ask = || async { self.ask(method, request.clone()).await.map_err(|status| self.error(method, &status)) };
        self.repeating(name_of(method), repeat, || Box::pin(ask())).await
    }

    /// Makes a call whose answer is a stream that ends, and collects it.
    pub(super) async fn collect<Q, A>(&self, method: &'static str, request: Q, repeat: Repeat) -> Result<Vec<A>, Error>
    where
        Q: Message + Clone + 'static,
        A: Message + Default + 'static,
    {
        let ask =
            || async { self.ask_all(method, request.clone()).await.map_err(|status| self.error(method, &status)) };
        self.repeating(name_of(method), repeat, || Box::pin(ask())).await
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

    /// Asks once for a stream that ends.
    async fn ask_all<Q, A>(&self, method: &'static str, request: Q) -> Result<Vec<A>, Status>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let mut stream = self.open(method, request).await?;
        let mut messages = Vec::new();
        while let Some(message) = stream.message().await? {
            if messages.len() == MOST_MESSAGES {
                return Err(Status::out_of_range("the answer does not end"));
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

    /// Makes a call until it is answered, may not be made again, or its time is over.
    pub(super) async fn repeating<'a, A>(
        &'a self,
        what: &'static str,
        repeat: Repeat,
        call: impl Fn() -> BoxFuture<'a, Result<A, Error>>,
    ) -> Result<A, Error> {
        let deadline = Instant::now() + self.inner.call_timeout;
        let mut pause = FIRST_PAUSE;
        let mut repetitions = 0;
        loop {
            let answered = timeout_at(deadline, call());
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
                return Err(error);
            }
            self.asks_again(&error, wait);
            sleep(wait).await;
            repetitions += 1;
            pause *= 2;
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

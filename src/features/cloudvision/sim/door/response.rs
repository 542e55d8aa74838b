//! Answers on their way out: counted, and broken where that was told.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::{Buf, Bytes};
use futures::stream;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio::time::sleep;

use super::gate::Broken;
use crate::features::cloudvision::sim::script::Effect;
use crate::features::cloudvision::sim::world::World;

/// Bytes before a message: whether it is compressed, and how long it is.
const PREFIX: usize = 5;

/// Between the last message and a reset: a reset overtakes what is still waiting to be sent.
const BEFORE_RESET: Duration = Duration::from_millis(50);

/// A call that is in the log as open until this goes away.
pub(super) struct Open {
    world: Arc<World>,
    number: usize,
}

impl Open {
    /// Puts a call into the log.
    pub(super) fn new(world: &Arc<World>, method: &str, request_bytes: usize) -> Self {
        Self { world: Arc::clone(world), number: world.calls.begin(method, request_bytes) }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.world.calls.end(self.number);
    }
}

/// A body that goes out.
struct Outgoing {
    body: Body,
    open: Open,
    effect: Option<Effect>,
    /// Messages that came in one frame and are to go out one by one.
    queue: VecDeque<Bytes>,
    /// Messages that went out.
    sent: usize,
    over: bool,
}

/// A body that is counted, and does what was told.
pub(super) fn watched(body: Body, open: Open, effect: Option<Effect>) -> Body {
    let outgoing = Outgoing { body, open, effect, queue: VecDeque::new(), sent: 0, over: false };
    Body::new(StreamBody::new(stream::unfold(outgoing, |mut outgoing| async {
        let frame = outgoing.next().await?;
        Some((frame, outgoing))
    })))
}

impl Outgoing {
    /// The next frame, or the end.
    async fn next(&mut self) -> Option<Result<Frame<Bytes>, Broken>> {
        if self.over {
            return None;
        }
        match self.effect {
            Some(Effect::ResetAfter(messages)) if self.sent >= messages => {
                self.over = true;
                sleep(BEFORE_RESET).await;
                return Some(Err(Broken));
            }
            Some(Effect::EndAfter(messages)) if self.sent >= messages => {
                self.over = true;
                return Some(Ok(Frame::trailers(ok())));
            }
            _ => {}
        }
        if self.queue.is_empty() {
            match self.body.frame().await? {
                Ok(frame) => match frame.into_data() {
                    Ok(data) => self.queue = self.pieces(data),
                    Err(other) => return Some(Ok(other)),
                },
                Err(_) => return Some(Err(Broken)),
            }
        }
        if let Some(Effect::Slow(wait)) = self.effect {
            sleep(wait).await;
        }
        let data = self.queue.pop_front()?;
        let messages = split(data.clone()).len();
        self.sent += messages;
        self.open.world.calls.answered(self.open.number, data.len(), messages);
        Some(Ok(Frame::data(data)))
    }

    /// What a frame goes out as: message by message where something is to happen between them, else whole.
    fn pieces(&self, data: Bytes) -> VecDeque<Bytes> {
        match self.effect {
            Some(Effect::ResetAfter(_) | Effect::EndAfter(_) | Effect::Slow(_)) => split(data),
            _ => VecDeque::from([data]),
        }
    }
}

/// The messages of a frame, each with its prefix. What is no message, as on pages, is one piece.
fn split(mut data: Bytes) -> VecDeque<Bytes> {
    let mut pieces = VecDeque::new();
    while data.has_remaining() {
        let length = data.get(1..PREFIX).map(|mut bytes| bytes.get_u32() as usize + PREFIX);
        let length = length.filter(|length| *length <= data.len()).unwrap_or(data.len());
        pieces.push_back(data.split_to(length));
    }
    pieces
}

/// The trailers of a stream that ends well.
fn ok() -> HeaderMap {
    HeaderMap::from_iter([(HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"))])
}

//! A console as a stream of bytes, over a websocket through the proxy.
//!
//! The proxy relays binary messages that are cut anywhere, so reading and writing are those of one stream of bytes.
//! It refuses by closing with code 1000, the one of a normal end, and a reason: [`Link::end`] tells the two apart.

mod open;
mod sending;
#[cfg(test)]
mod tests;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use futures::{Sink, SinkExt as _, Stream, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Message};

pub use self::open::{Route, open};
pub(super) use self::open::{senseless, upgrade};
pub(super) use self::sending::Sending;
use super::error::{Error, Likely};
use crate::text::clean_line;

/// The largest message that is taken. The proxy itself ends a session that has one above 1 MiB.
const LARGEST_MESSAGE: usize = 1 << 20;
/// The largest message that is sent.
const LARGEST_SENT: usize = 32 << 10;
/// How long a quiet line is taken for an open one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// How often the other side is asked whether it is still there.
    ping_every: Duration,
    /// Silence for so long is an end.
    silence: Duration,
}

impl Patience {
    /// As the proxy has it itself, and two tries more.
    pub(super) const USUAL: Self = Self { ping_every: Duration::from_secs(20), silence: Duration::from_secs(50) };
}

/// The longest reason that is told; the protocol itself has 123 bytes.
const LONGEST_REASON: usize = 200;

/// Whatever carries the websocket.
pub(super) trait Carrier: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Carrier for T {}

/// A console.
pub struct Link {
    /// The machine, for messages.
    machine: String,
    socket: WebSocketStream<Box<dyn Carrier>>,
    /// What came and was not read yet.
    unread: Bytes,
    patience: Patience,
    /// When something came last.
    heard: Instant,
    /// When to look whether something came.
    tick: Pin<Box<Sleep>>,
    /// Whether something came from the machine, or the silence of an open one: then the proxy had a connection to it.
    was_open: bool,
    /// Bytes that came from the machine.
    received: Arc<AtomicU64>,
    /// Why nothing comes any more.
    end: Option<End>,
}

/// Why nothing comes any more.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    /// It was closed as it should be.
    Closed,
    /// Code 1000, and a reason: the proxy says no.
    Refused(String),
    /// Code 1011: the proxy has no connection to the machine.
    Upstream,
    /// It ended without a word.
    Dropped,
    /// Nothing came for too long.
    Silent,
    /// What came breaks the protocol or is too large.
    Senseless(String),
    /// Any other code.
    Code(String),
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("machine", &self.machine).field("end", &self.end).finish_non_exhaustive()
    }
}

impl Link {
    /// A console on an open websocket.
    pub(super) fn new(machine: String, socket: WebSocketStream<Box<dyn Carrier>>, patience: Patience) -> Self {
        let now = Instant::now();
        let tick = Box::pin(tokio::time::sleep_until(now + patience.ping_every));
        Self {
            machine,
            socket,
            unread: Bytes::new(),
            patience,
            heard: now,
            tick,
            was_open: false,
            received: Arc::default(),
            end: None,
        }
    }

    /// Counts the bytes that come from the machine: neither pings nor what the proxy itself says.
    pub(super) fn received(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.received)
    }

    /// Why nothing comes any more, once reading gave nothing or an error.
    ///
    /// # Errors
    /// Everything but a normal end; nothing while it has not ended.
    pub fn end(&self) -> Result<(), Error> {
        let machine = || self.machine.clone();
        match self.end.clone() {
            None | Some(End::Closed) => Ok(()),
            Some(End::Refused(reason)) => Err(Error::Refused { reason }),
            Some(End::Upstream) if self.was_open => Err(Error::Lost {
                machine: machine(),
                source: Likely("the machine stopped or started again, or somebody else opened its console"),
            }),
            Some(End::Upstream) => Err(Error::Upstream {
                machine: machine(),
                source: Likely("it does not run, has no such console, or the proxy may not reach it"),
            }),
            Some(End::Dropped) => Err(Error::Dropped {
                machine: machine(),
                source: Likely("the machine stopped, somebody else attached, or the network failed"),
            }),
            Some(End::Silent) => Err(Error::Silent { machine: machine(), after: self.patience.silence }),
            Some(End::Senseless(why)) => Err(Error::Senseless { machine: machine(), source: why.into() }),
            Some(End::Code(code)) => Err(Error::Closed { machine: machine(), code }),
        }
    }

    /// Closes it, and waits a moment for the other side to say that it knows: a proxy that does not keeps the line busy. What
    /// comes meanwhile is nobody's.
    pub async fn close(&mut self) {
        const WITHIN: Duration = Duration::from_secs(1);
        let closing = async {
            match self.end {
                None => {
                    self.socket.close(None).await?;
                    while let Some(Ok(_)) = self.socket.next().await {}
                    Ok(())
                }
                // The answer to its own close.
                Some(_) => self.socket.flush().await,
            }
        };
        // Whoever does not listen any more does not hear this either.
        let _ = tokio::time::timeout(WITHIN, closing).await;
        self.end.get_or_insert(End::Closed);
    }

    /// Pings when it is time to; notes where nothing came for too long. Leaves the task to be woken at the next look.
    fn look_around(&mut self, cx: &mut Context<'_>) {
        while self.tick.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            // A proxy that reaches nobody says so sooner.
            self.was_open = true;
            self.tick.as_mut().reset(now + self.patience.ping_every);
            if now.duration_since(self.heard) >= self.patience.silence {
                self.end = Some(End::Silent);
                return;
            }
            // Where something waits to be sent already, that will be told of as well as a ping.
            if let Poll::Ready(Ok(())) = Pin::new(&mut self.socket).poll_ready(cx) {
                let _ = Pin::new(&mut self.socket).start_send(Message::Ping(Bytes::new()));
                let _ = Pin::new(&mut self.socket).poll_flush(cx);
            }
        }
    }
}

/// What a message means.
fn end_of(frame: Option<CloseFrame>) -> End {
    // Without a frame there was no code either.
    let Some(CloseFrame { code, reason }) = frame else { return End::Closed };
    let reason: String = clean_line(reason.as_str()).chars().take(LONGEST_REASON).collect();
    match (code, reason.is_empty()) {
        (CloseCode::Normal, false) => End::Refused(reason),
        (CloseCode::Normal | CloseCode::Away | CloseCode::Status, true) => End::Closed,
        (CloseCode::Error, true) => End::Upstream,
        (code, true) => End::Code(u16::from(code).to_string()),
        (code, false) => End::Code(format!("{}: {reason}", u16::from(code))),
    }
}

/// What an error means.
fn end_of_error(error: &tungstenite::Error) -> End {
    use tungstenite::Error::{AlreadyClosed, ConnectionClosed, Io, Protocol};
    let is_dropped = matches!(
        error,
        Io(_) | Protocol(ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing)
    );
    if matches!(error, ConnectionClosed | AlreadyClosed) {
        End::Closed
    } else if is_dropped {
        End::Dropped
    } else {
        End::Senseless(clean_line(&error.to_string()))
    }
}

impl AsyncRead for Link {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if !this.unread.is_empty() {
                let length = this.unread.len().min(buf.remaining());
                buf.put_slice(this.unread.get(..length).unwrap_or_default());
                this.unread.advance(length);
                return Poll::Ready(Ok(()));
            }
            // Nothing read is the end of the stream; why it ended is told by [`Link::end`].
            if this.end.is_some() {
                return Poll::Ready(Ok(()));
            }
            let message = match Pin::new(&mut this.socket).poll_next(cx) {
                Poll::Ready(message) => message,
                Poll::Pending => {
                    this.look_around(cx);
                    if this.end.is_some() {
                        continue;
                    }
                    return Poll::Pending;
                }
            };
            this.heard = Instant::now();
            match message {
                Some(Ok(Message::Binary(bytes))) => this.unread = bytes,
                Some(Ok(Message::Text(text))) => this.unread = text.into(),
                Some(Ok(Message::Close(frame))) => this.end = Some(end_of(frame)),
                // Pings are answered by the socket itself.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(error)) => this.end = Some(end_of_error(&error)),
                None => this.end = Some(End::Dropped),
            }
            this.was_open |= !this.unread.is_empty();
            this.received.fetch_add(this.unread.len() as u64, Ordering::Relaxed);
        }
    }
}

impl AsyncWrite for Link {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.end.is_some() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        ready!(Pin::new(&mut self.socket).poll_ready(cx)).map_err(io::Error::other)?;
        let piece = bytes.get(..LARGEST_SENT).unwrap_or(bytes);
        let message = Message::Binary(Bytes::copy_from_slice(piece));
        Pin::new(&mut self.socket).start_send(message).map_err(io::Error::other)?;
        Poll::Ready(Ok(piece.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx).map_err(io::Error::other)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_close(cx).map_err(io::Error::other)
    }
}

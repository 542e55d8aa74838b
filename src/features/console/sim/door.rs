//! Connections: address, token, and the line behind them.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use http::StatusCode;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};
use tokio_util::sync::CancellationToken;

use super::{Counts, Fault, Line, LineEnd, Switch, World, screen};
use crate::clock;
use crate::config::MachineName;
use crate::features::console::link::{Carrier, Link, Patience};
use crate::features::console::token::Token;
use crate::listening;

/// The reasons, in the words of the real proxy.
const INVALID_URL: &str = "invalid url";
const WRONG_PREFIX: &str = "wrong path prefix";
const INVALID_TOKEN: &str = "invalid token";
/// What a machine says at once is sent in pieces of this size at most.
const PIECE: usize = 16 << 10;

/// Takes connections until the end.
pub(super) async fn listen(world: Arc<World>, listener: TcpListener, tls: Option<TlsAcceptor>) -> Infallible {
    listening::serve_each("simulated console proxy", listener, &world.tasks, &world.stop, |socket, _| {
        let (world, tls) = (Arc::clone(&world), tls.clone());
        async move { Ok(serve(world, secured(socket, tls).await?).await?) }
    })
    .await
}

/// A connection, in TLS where the port has it.
pub(super) async fn secured(socket: TcpStream, tls: Option<TlsAcceptor>) -> io::Result<Box<dyn Carrier>> {
    Ok(match tls {
        Some(tls) => Box::new(tls.accept(socket).await?),
        None => Box::new(socket),
    })
}

/// Opens the websocket and says no, or lets the client through to the machine.
async fn serve(world: Arc<World>, stream: Box<dyn Carrier>) -> Result<(), Error> {
    let fault = world.fault.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut path = String::new();
    #[expect(clippy::result_large_err, reason = "the type is the library's")]
    let callback = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        // The real one does not take the query off.
        path = request.uri().path_and_query().map_or_else(String::new, ToString::to_string);
        match &fault {
            Some(Fault::Page(status, body)) => {
                let mut page = ErrorResponse::new(Some(body.clone()));
                *page.status_mut() = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
                Err(page)
            }
            _ => Ok(response),
        }
    };
    let mut socket = accept_hdr_async(stream, callback).await?;
    let close = |code: u16, reason: &str| CloseFrame { code: CloseCode::from(code), reason: reason.into() };
    let line = match admit(&world, &path) {
        Ok(line) => line,
        Err(reason) => return end(socket, close(1000, reason)).await,
    };
    let Some(line) = line else { return end(socket, close(1011, "")).await };
    match fault {
        Some(Fault::Upstream) => end(socket, close(1011, "")).await,
        Some(Fault::Close(code, reason)) => end(socket, close(code, &reason)).await,
        Some(Fault::Mute) => std::future::pending().await,
        Some(Fault::Huge(bytes)) => socket.send(Message::Binary(vec![b'x'; bytes].into())).await,
        Some(Fault::DropAfter(bytes)) => relay(socket, line, Some((bytes, None))).await,
        Some(Fault::LostAfter(bytes)) => relay(socket, line, Some((bytes, Some(close(1011, ""))))).await,
        Some(Fault::Page(..)) | None => relay(socket, line, None).await,
    }
}

/// The line that an address leads to, none where there is no such machine; or the reason to refuse it.
fn admit<'w>(world: &'w World, path: &str) -> Result<Option<&'w Line>, &'static str> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (token, machine) = match (&world.prefix, parts.as_slice()) {
        (None, [token, machine]) => (token, machine),
        (Some(prefix), [first, token, machine]) if first == prefix => (token, machine),
        (Some(_), [_, _, _]) => return Err(WRONG_PREFIX),
        _ => return Err(INVALID_URL),
    };
    let machine: MachineName = machine.parse().map_err(|_| INVALID_TOKEN)?;
    let token = Token::read(token).map_err(|_| INVALID_TOKEN)?;
    let refused = token.objection(Some(&machine), clock::now()).is_some();
    if refused || !token.is_signed_by(&world.key) { Err(INVALID_TOKEN) } else { Ok(world.lines.get(&machine)) }
}

/// Closes as the real one does: with a frame, and without waiting for long.
async fn end(mut socket: WebSocketStream<Box<dyn Carrier>>, frame: CloseFrame) -> Result<(), Error> {
    socket.close(Some(frame)).await?;
    while let Some(Ok(_)) = socket.next().await {}
    Ok(())
}

/// Somebody is attached, until this is dropped.
struct Leaves<'l>(&'l Line);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.attached.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Carries bytes between the client and the machine. Whoever attaches later takes the line.
pub(super) async fn relay(
    socket: WebSocketStream<Box<dyn Carrier>>,
    line: &Line,
    most: Option<(usize, Option<CloseFrame>)>,
) -> Result<(), Error> {
    let mine = CancellationToken::new();
    let before = std::mem::replace(&mut *line.viewer.lock().unwrap_or_else(PoisonError::into_inner), mine.clone());
    before.cancel();
    line.attached.fetch_add(1, Ordering::Relaxed);
    let _leaves = Leaves(line);
    let carried = async {
        match &line.end {
            LineEnd::Switch(switch) => talk(socket, switch, most).await,
            LineEnd::Flood(counts) => flood(socket, counts).await,
            LineEnd::Screen(display) => {
                let stream = Link::new(String::new(), socket, Patience::USUAL);
                Ok(screen::serve(stream, display).await?)
            }
        }
    };
    // Dropped, not closed: whoever had the line sees it break.
    mine.run_until_cancelled(carried).await.unwrap_or(Ok(()))
}

/// Lets somebody type at a switch.
async fn talk(
    mut socket: WebSocketStream<Box<dyn Carrier>>,
    switch: &Mutex<Switch>,
    mut most: Option<(usize, Option<CloseFrame>)>,
) -> Result<(), Error> {
    let greeting = switch.lock().unwrap_or_else(PoisonError::into_inner).greeting();
    if !greeting.is_empty() {
        socket.send(Message::Binary(greeting.into())).await?;
    }
    while let Some(message) = socket.next().await {
        let typed: Bytes = match message? {
            Message::Binary(bytes) => bytes,
            Message::Close(_) => return Ok(()),
            // Text is not for the machine.
            Message::Text(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => continue,
        };
        let said = switch.lock().unwrap_or_else(PoisonError::into_inner).typed(&typed);
        for piece in said.chunks(PIECE) {
            socket.feed(Message::Binary(Bytes::copy_from_slice(piece))).await?;
            if let Some((left, word)) = &mut most {
                *left = left.saturating_sub(piece.len());
                if *left == 0 {
                    socket.flush().await?;
                    return match word.take() {
                        Some(word) => end(socket, word).await,
                        None => Ok(()),
                    };
                }
            }
        }
        socket.flush().await?;
    }
    Ok(())
}

/// Says something without end, and counts what is typed meanwhile.
///
/// Cancel safety: what is not sent of it was never promised.
async fn flood(socket: WebSocketStream<Box<dyn Carrier>>, counts: &Counts) -> Result<(), Error> {
    let mut said = String::with_capacity(PIECE + 100);
    for number in 0.. {
        let _ = write!(
            said,
            "{number:06}  \u{1b}[3{}mEthernet{}\u{1b}[0m is up, line protocol is up\r\n",
            number % 8,
            number % 48
        );
        if said.len() >= PIECE {
            break;
        }
    }
    let said = Bytes::from(said);
    let (mut write, mut read) = socket.split();
    loop {
        tokio::select! {
            biased;
            message = read.next() => match message {
                Some(Ok(Message::Binary(typed))) => _ = counts.typed.fetch_add(typed.len() as u64, Ordering::Relaxed),
                Some(Ok(Message::Close(_))) | None => return Ok(()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
            },
            sent = write.send(Message::Binary(said.clone())) => {
                sent?;
                counts.sent.fetch_add(said.len() as u64, Ordering::Relaxed);
            }
        }
    }
}

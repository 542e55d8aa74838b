//! A screen as a VNC server shows it (RFC 6143): no security or a password, the pixels as they are or compressed by zlib.

use std::io;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use flate2::{Compress, Compression, FlushCompress};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::Display;
use crate::features::console::rfb::{Encoding, Frame, Password, response};

/// What the screen is called.
const NAME: &[u8] = b"simulated";
/// The messages of a client (§7.5).
const SET_PIXEL_FORMAT: u8 = 0;
const SET_ENCODINGS: u8 = 2;
const UPDATE_REQUEST: u8 = 3;
const KEY: u8 = 4;
const POINTER: u8 = 5;
const CUT_TEXT: u8 = 6;

/// What is kept of what was done at a screen; nobody looks at more.
const KEPT: usize = 10_000;

/// What is made room for at once where something is compressed.
const ROOM: usize = 64 << 10;

/// Something that was done at a screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touch {
    /// A key went down or up.
    Key {
        /// Down.
        is_down: bool,
        /// Which, as X11 numbers them.
        keysym: u32,
    },
    /// The pointer moved, or a button did.
    Pointer {
        /// The buttons that are down.
        buttons: u8,
        /// Pixels from the left.
        x: u16,
        /// Pixels from the top.
        y: u16,
    },
    /// The clipboard holds this.
    Cut(String),
}

/// Keeps it.
fn note(display: &Display, touch: Touch) {
    display.counts.typed.fetch_add(1, Ordering::Relaxed);
    let mut touched = display.touched.lock().unwrap_or_else(PoisonError::into_inner);
    if touched.len() < KEPT {
        touched.push(touch);
    }
}

/// What a viewer has asked for.
struct Viewer {
    /// Whether pixels have 16 bits.
    high: bool,
    /// Whether it takes Zlib.
    zlib: bool,
    /// Whether it takes another size.
    resize: bool,
    /// Its stream of zlib.
    stream: Compress,
    /// The size that it was told.
    size: (u16, u16),
}

/// Shows the screen to one viewer until it goes. Whoever asks for changes waits for one.
///
/// Cancel safety: the `select!` waits for one byte or for a change; what follows a byte is read whole.
pub(super) async fn serve<S>(mut stream: S, display: &Display) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut shown = display.shown.subscribe();
    let first = shown.borrow_and_update().clone();
    let password = display.password.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let size = handshake(&mut stream, &first, password.as_ref().map(Password::from).as_ref()).await?;
    let stream_of_zlib = Compress::new(Compression::fast(), true);
    let mut viewer = Viewer { high: false, zlib: false, resize: false, stream: stream_of_zlib, size };
    let mut waits = false;
    loop {
        let kind = tokio::select! {
            kind = stream.read_u8() => kind?,
            changed = shown.changed(), if waits => {
                changed.map_err(io::Error::other)?;
                waits = false;
                let frame = shown.borrow_and_update().clone();
                viewer.update(&mut stream, &frame).await?;
                display.counts.sent.fetch_add(1, Ordering::Relaxed);
                continue;
            }
        };
        match kind {
            SET_PIXEL_FORMAT => {
                let mut format = [0; 19];
                stream.read_exact(&mut format).await?;
                viewer.high = format.get(3) == Some(&16);
            }
            SET_ENCODINGS => {
                let _padding = stream.read_u8().await?;
                for _ in 0..stream.read_u16().await? {
                    let number = stream.read_i32().await?;
                    viewer.zlib |= number == Encoding::Zlib.number();
                    viewer.resize |= number == Encoding::DesktopSize.number();
                }
            }
            UPDATE_REQUEST => {
                let only_changes = stream.read_u8().await? != 0;
                skip(&mut stream, 8).await?;
                waits = only_changes;
                if !only_changes {
                    let frame = shown.borrow_and_update().clone();
                    viewer.update(&mut stream, &frame).await?;
                    display.counts.sent.fetch_add(1, Ordering::Relaxed);
                }
            }
            KEY => {
                let is_down = stream.read_u8().await? != 0;
                skip(&mut stream, 2).await?;
                let keysym = stream.read_u32().await?;
                note(display, Touch::Key { is_down, keysym });
            }
            POINTER => {
                let buttons = stream.read_u8().await?;
                let (x, y) = (stream.read_u16().await?, stream.read_u16().await?);
                note(display, Touch::Pointer { buttons, x, y });
            }
            CUT_TEXT => {
                skip(&mut stream, 3).await?;
                let length = stream.read_u32().await?;
                let mut text = Vec::new();
                (&mut stream).take(length.into()).read_to_end(&mut text).await?;
                note(display, Touch::Cut(text.iter().map(|byte| char::from(*byte)).collect()));
            }
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

/// Asks for a password (§7.2.2); whoever has another one is sent away.
async fn ask<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, password: &Password) -> io::Result<()> {
    const WHY: &[u8] = b"Authentication failed";
    const CHALLENGE: [u8; 16] = *b"not by chance at";
    stream.write_all(&CHALLENGE).await?;
    stream.flush().await?;
    let mut answer = [0; 16];
    stream.read_exact(&mut answer).await?;
    if answer == response(CHALLENGE, password) {
        return Ok(());
    }
    stream.write_all(&1_u32.to_be_bytes()).await?;
    stream.write_all(&u32::try_from(WHY.len()).unwrap_or(0).to_be_bytes()).await?;
    stream.write_all(WHY).await?;
    stream.flush().await?;
    Err(io::ErrorKind::PermissionDenied.into())
}

/// Lets everybody in who has the password, where there is one; the size that was told.
async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    frame: &Frame,
    password: Option<&Password>,
) -> io::Result<(u16, u16)> {
    stream.write_all(b"RFB 003.008\n").await?;
    stream.flush().await?;
    skip(stream, 12).await?;
    stream.write_all(&[1, if password.is_some() { 2 } else { 1 }]).await?;
    stream.flush().await?;
    skip(stream, 1).await?;
    if let Some(password) = password {
        ask(stream, password).await?;
    }
    stream.write_all(&[0; 4]).await?;
    stream.flush().await?;
    skip(stream, 1).await?;
    let mut init = Vec::new();
    init.extend_from_slice(&frame.width().to_be_bytes());
    init.extend_from_slice(&frame.height().to_be_bytes());
    init.extend_from_slice(&[32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0]);
    init.extend_from_slice(&u32::try_from(NAME.len()).unwrap_or(0).to_be_bytes());
    init.extend_from_slice(NAME);
    stream.write_all(&init).await?;
    stream.flush().await?;
    Ok((frame.width(), frame.height()))
}

impl Viewer {
    /// Sends all of a frame, behind its size where that is new and the viewer takes another.
    async fn update<S: AsyncWrite + Unpin>(&mut self, stream: &mut S, frame: &Frame) -> io::Result<()> {
        let size = (frame.width(), frame.height());
        if size != self.size {
            if !self.resize {
                return Ok(());
            }
            self.size = size;
            stream.write_all(&[0, 0, 0, 1]).await?;
            stream.write_all(&head(size, Encoding::DesktopSize)).await?;
            // All of it is asked for by whoever takes another size.
            return stream.flush().await;
        }
        let mut pixels = Vec::with_capacity(frame.area().pixels() * 4);
        for pixel in frame.rows().flatten() {
            if self.high {
                let (red, green, blue) = (pixel >> 19 & 0x1f, pixel >> 10 & 0x3f, pixel >> 3 & 0x1f);
                let value = u16::try_from(red << 11 | green << 5 | blue).unwrap_or(0);
                pixels.extend_from_slice(&value.to_le_bytes());
            } else {
                pixels.extend_from_slice(&pixel.to_le_bytes());
            }
        }
        stream.write_all(&[0, 0, 0, 1]).await?;
        if self.zlib {
            let packed = packed(&mut self.stream, &pixels)?;
            stream.write_all(&head(size, Encoding::Zlib)).await?;
            stream.write_all(&u32::try_from(packed.len()).unwrap_or(u32::MAX).to_be_bytes()).await?;
            stream.write_all(&packed).await?;
        } else {
            stream.write_all(&head(size, Encoding::Raw)).await?;
            stream.write_all(&pixels).await?;
        }
        stream.flush().await
    }
}

/// The next piece of a stream of zlib, whole. A flush is over once there is room left behind it.
fn packed(stream: &mut Compress, mut plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    loop {
        packed.reserve(ROOM);
        let before = stream.total_in();
        stream.compress_vec(plain, &mut packed, FlushCompress::Sync).map_err(io::Error::other)?;
        let taken = usize::try_from(stream.total_in() - before).unwrap_or(usize::MAX);
        plain = plain.get(taken..).unwrap_or_default();
        if plain.is_empty() && packed.len() < packed.capacity() {
            return Ok(packed);
        }
    }
}

/// The head of a rectangle that is all of the screen.
fn head((width, height): (u16, u16), encoding: Encoding) -> Vec<u8> {
    let mut head = vec![0; 4];
    head.extend_from_slice(&width.to_be_bytes());
    head.extend_from_slice(&height.to_be_bytes());
    head.extend_from_slice(&encoding.number().to_be_bytes());
    head
}

/// Passes over `count` bytes.
async fn skip<S: AsyncRead + Unpin>(stream: &mut S, count: u64) -> io::Result<()> {
    let passed = tokio::io::copy(&mut stream.take(count), &mut tokio::io::sink()).await?;
    if passed == count { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

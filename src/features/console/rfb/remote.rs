//! What is said to a server (RFC 6143 §7.5).

use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::encoding::Encoding;
use super::error::Error;
use super::format::Format;
use super::frame::Area;

/// The messages (§7.5).
const SET_PIXEL_FORMAT: u8 = 0;
const SET_ENCODINGS: u8 = 2;
const UPDATE_REQUEST: u8 = 3;
const KEY: u8 = 4;
const POINTER: u8 = 5;
const CUT_TEXT: u8 = 6;

/// The writing side of a screen.
#[derive(Debug)]
pub struct Remote<W> {
    write: W,
}

impl<W: AsyncWrite + Unpin> Remote<W> {
    /// Writes to `write`.
    pub(super) fn new(write: W) -> Self {
        Self { write }
    }

    /// Says how pixels and rectangles are to come. Before the first request, since what comes is read in one way.
    pub(super) async fn choose(&mut self, format: Format, encodings: &[Encoding]) -> Result<(), Error> {
        let mut message = vec![SET_PIXEL_FORMAT, 0, 0, 0];
        message.extend_from_slice(&format.bytes());
        let numbers: Vec<i32> = encodings.iter().map(|encoding| encoding.number()).collect();
        message.extend_from_slice(&[SET_ENCODINGS, 0]);
        message.extend_from_slice(&u16::try_from(numbers.len()).unwrap_or(u16::MAX).to_be_bytes());
        message.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
        self.send(&message).await
    }

    /// Asks for one update of `area`: of what has changed since the last one, or of all of it.
    ///
    /// # Errors
    /// Where the connection is gone.
    pub async fn ask(&mut self, area: Area, only_changes: bool) -> Result<(), Error> {
        let mut message = vec![UPDATE_REQUEST, u8::from(only_changes)];
        for number in [area.x, area.y, area.width, area.height] {
            message.extend_from_slice(&number.to_be_bytes());
        }
        self.send(&message).await
    }

    /// Presses a key or lets it go; `keysym` is its number in X11.
    ///
    /// # Errors
    /// Where the connection is gone.
    pub async fn key(&mut self, is_down: bool, keysym: u32) -> Result<(), Error> {
        let mut message = vec![KEY, u8::from(is_down), 0, 0];
        message.extend_from_slice(&keysym.to_be_bytes());
        self.send(&message).await
    }

    /// Moves the pointer there, with these buttons down: 1 the left one, 2 the middle, 4 the right, 8 and 16 the wheel.
    ///
    /// # Errors
    /// Where the connection is gone.
    pub async fn pointer(&mut self, buttons: u8, x: u16, y: u16) -> Result<(), Error> {
        let mut message = vec![POINTER, buttons];
        message.extend_from_slice(&x.to_be_bytes());
        message.extend_from_slice(&y.to_be_bytes());
        self.send(&message).await
    }

    /// Puts a text on the server's clipboard, in Latin-1: what that has not becomes a question mark.
    ///
    /// # Errors
    /// Where the connection is gone.
    pub async fn cut(&mut self, text: &str) -> Result<(), Error> {
        let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
        let mut message = vec![CUT_TEXT, 0, 0, 0];
        message.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(0).to_be_bytes());
        message.extend_from_slice(&bytes);
        self.send(&message).await
    }

    /// Sends a message whole.
    async fn send(&mut self, message: &[u8]) -> Result<(), Error> {
        self.write.write_all(message).await?;
        Ok(self.write.flush().await?)
    }
}

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

    /// Sends a message whole.
    async fn send(&mut self, message: &[u8]) -> Result<(), Error> {
        self.write.write_all(message).await?;
        Ok(self.write.flush().await?)
    }
}

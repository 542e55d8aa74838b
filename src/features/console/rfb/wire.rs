//! Bytes as they come, and pieces of them that are there already.

use std::io;

use tokio::io::{AsyncBufRead, AsyncReadExt as _, BufReader};

use super::error::Error;

/// What is read ahead.
pub(super) const READ_AHEAD: usize = 64 << 10;

/// What comes from a server.
#[derive(Debug)]
pub(super) struct Wire<R>(pub(super) BufReader<R>);

impl<R> Wire<R>
where
    BufReader<R>: AsyncBufRead + Unpin,
{
    /// The next byte.
    pub(super) async fn u8(&mut self) -> Result<u8, Error> {
        Ok(self.0.read_u8().await?)
    }

    /// The next two bytes.
    pub(super) async fn u16(&mut self) -> Result<u16, Error> {
        Ok(self.0.read_u16().await?)
    }

    /// The next four bytes.
    pub(super) async fn u32(&mut self) -> Result<u32, Error> {
        Ok(self.0.read_u32().await?)
    }

    /// The next four bytes, with a sign.
    pub(super) async fn i32(&mut self) -> Result<i32, Error> {
        Ok(self.0.read_i32().await?)
    }

    /// The next bytes, as many as fit.
    pub(super) async fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes).await?;
        Ok(bytes)
    }

    /// The next `count` bytes in place of what is in `bytes`. Memory is taken as they come, not as they are announced.
    pub(super) async fn fill(&mut self, bytes: &mut Vec<u8>, count: usize) -> Result<(), Error> {
        bytes.clear();
        let got = (&mut self.0).take(count as u64).read_to_end(bytes).await?;
        if got == count { Ok(()) } else { Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()) }
    }

    /// Passes over `count` bytes.
    pub(super) async fn skip(&mut self, count: u64) -> Result<(), Error> {
        let passed = tokio::io::copy(&mut (&mut self.0).take(count), &mut tokio::io::sink()).await?;
        if passed == count { Ok(()) } else { Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()) }
    }

    /// A text with its length in front, no more of it than `most` bytes.
    pub(super) async fn text(&mut self, most: u32) -> Result<String, Error> {
        let length = self.u32().await?;
        let mut bytes = Vec::new();
        let kept = length.min(most);
        self.fill(&mut bytes, usize::try_from(kept).unwrap_or(0)).await?;
        self.skip(u64::from(length - kept)).await?;
        Ok(crate::text::clean_line(&String::from_utf8_lossy(&bytes)))
    }
}

/// Bytes that are there already.
#[derive(Debug)]
pub(super) struct Piece<'a>(pub(super) &'a [u8]);

impl<'a> Piece<'a> {
    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Error::Malformed("a rectangle ends early"))?;
        self.0 = rest;
        Ok(taken)
    }

    /// The next byte.
    pub(super) fn u8(&mut self) -> Result<u8, Error> {
        self.take(1).map(|taken| taken.first().copied().unwrap_or(0))
    }
}

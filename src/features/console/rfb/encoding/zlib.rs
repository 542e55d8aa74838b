//! Zlib: the bytes of Raw, compressed. Not in RFC 6143; from the list that the RFB community keeps.

use tokio::io::{AsyncBufRead, BufReader};

use super::Streams;
use crate::features::console::rfb::error::Error;
use crate::features::console::rfb::format::Format;
use crate::features::console::rfb::frame::{Area, Frame};
use crate::features::console::rfb::wire::Wire;

/// What cannot be compressed grows by less than that, and a flush adds a few bytes.
const OVERHEAD: usize = 64 << 10;

/// Reads a rectangle.
pub(super) async fn read<R>(
    wire: &mut Wire<R>,
    streams: &mut Streams,
    format: Format,
    frame: &mut Frame,
    area: Area,
) -> Result<(), Error>
where
    BufReader<R>: AsyncBufRead + Unpin,
{
    let size = area.pixels() * format.size();
    let length = length(wire, size).await?;
    wire.fill(&mut streams.packed, length).await?;
    streams.zlib.inflate(&streams.packed, &mut streams.plain, size)?;
    if streams.plain.len() != size {
        return Err(Error::Malformed("a rectangle with fewer pixels than it has"));
    }
    frame.put(area, streams.plain.chunks_exact(format.size()).map(|pixel| format.pixel(pixel)));
    Ok(())
}

/// The length of what is compressed; `size` is what it comes to at most.
pub(super) async fn length<R>(wire: &mut Wire<R>, size: usize) -> Result<usize, Error>
where
    BufReader<R>: AsyncBufRead + Unpin,
{
    let length = usize::try_from(wire.u32().await?).unwrap_or(usize::MAX);
    // Deflate's stored blocks add five bytes to 32 KiB or less.
    if length > size + size / 512 + OVERHEAD {
        return Err(Error::Malformed("a rectangle of more bytes than its pixels need"));
    }
    Ok(length)
}

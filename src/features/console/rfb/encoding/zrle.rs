//! ZRLE (RFC 6143 §7.7.6): tiles of 64x64, each as pixels, one colour, a palette, or runs; all of it compressed.

use tokio::io::{AsyncBufRead, BufReader};

use super::zlib::length;
use super::{Streams, tiles};
use crate::features::console::rfb::error::Error;
use crate::features::console::rfb::format::Format;
use crate::features::console::rfb::frame::{Area, Frame};
use crate::features::console::rfb::wire::{Piece, Wire};

/// The side of a tile.
const SIDE: u16 = 64;
/// The most colours of a palette.
const PALETTE: usize = 127;

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
    let count = usize::from(area.width.div_ceil(SIDE)) * usize::from(area.height.div_ceil(SIDE));
    // At worst every pixel is a run of its own, and every tile has a palette.
    let most = area.pixels() * (format.compact_size() + 1) + count * (1 + PALETTE * format.compact_size());
    let length = length(wire, most).await?;
    wire.fill(&mut streams.packed, length).await?;
    streams.zrle.inflate(&streams.packed, &mut streams.plain, most)?;
    let mut piece = Piece(&streams.plain);
    for area in tiles(area, SIDE) {
        tile(&mut piece, format, frame, area)?;
    }
    if piece.0.is_empty() { Ok(()) } else { Err(Error::Malformed("a rectangle with more than its tiles")) }
}

/// Reads a tile.
fn tile(piece: &mut Piece<'_>, format: Format, frame: &mut Frame, area: Area) -> Result<(), Error> {
    let kind = piece.u8()?;
    let size = format.compact_size();
    match kind {
        0 => {
            let bytes = piece.take(area.pixels() * size)?;
            frame.put(area, bytes.chunks_exact(size).map(|pixel| format.pixel(pixel)));
        }
        1 => frame.fill(area, format.pixel(piece.take(size)?)),
        2..=16 => {
            let palette = palette(piece, format, kind)?;
            packed(piece, frame, area, &palette)?;
        }
        128 => runs(piece, frame, area, |piece| Ok((format.pixel(piece.take(size)?), true)))?,
        130.. => {
            let palette = palette(piece, format, kind - 128)?;
            runs(piece, frame, area, |piece| {
                let index = piece.u8()?;
                Ok((colour(&palette, index & 0x7f)?, index & 0x80 != 0))
            })?;
        }
        17..=127 | 129 => return Err(Error::Malformed("a tile of an unknown kind")),
    }
    Ok(())
}

/// The colours of a tile.
fn palette(piece: &mut Piece<'_>, format: Format, count: u8) -> Result<Vec<u32>, Error> {
    let size = format.compact_size();
    let bytes = piece.take(usize::from(count) * size)?;
    Ok(bytes.chunks_exact(size).map(|pixel| format.pixel(pixel)).collect())
}

/// A colour of a palette.
fn colour(palette: &[u32], index: u8) -> Result<u32, Error> {
    palette.get(usize::from(index)).copied().ok_or(Error::Malformed("a colour beyond the end of its palette"))
}

/// Pixels as indexes of one, two or four bits, each row filled up to a byte.
fn packed(piece: &mut Piece<'_>, frame: &mut Frame, area: Area, palette: &[u32]) -> Result<(), Error> {
    let bits: usize = match palette.len() {
        ..=2 => 1,
        3..=4 => 2,
        _ => 4,
    };
    let width = usize::from(area.width);
    let mut row = Vec::with_capacity(width);
    for y in 0..area.height {
        let bytes = piece.take((width * bits).div_ceil(8))?;
        row.clear();
        for x in 0..width {
            let byte = bytes.get(x * bits / 8).copied().unwrap_or(0);
            let index = byte >> (8 - bits - x * bits % 8) & ((1 << bits) - 1);
            row.push(colour(palette, index)?);
        }
        frame.put(Area { y: area.y + y, height: 1, ..area }, row.iter().copied());
    }
    Ok(())
}

/// Runs of pixels: a colour, and its length where there is one.
fn runs(
    piece: &mut Piece<'_>,
    frame: &mut Frame,
    area: Area,
    mut begin: impl FnMut(&mut Piece<'_>) -> Result<(u32, bool), Error>,
) -> Result<(), Error> {
    let mut pixels = Vec::with_capacity(area.pixels());
    while pixels.len() < area.pixels() {
        let (colour, is_run) = begin(piece)?;
        let mut length = 1;
        // A length is a sum; a number that could be larger goes on.
        let mut goes_on = is_run;
        while goes_on {
            let more = piece.u8()?;
            length += usize::from(more);
            goes_on = more == 255;
        }
        if pixels.len() + length > area.pixels() {
            return Err(Error::Malformed("a run beyond the end of its tile"));
        }
        pixels.resize(pixels.len() + length, colour);
    }
    frame.put(area, pixels);
    Ok(())
}

//! Tight: one colour, JPEG, or pixels behind a filter, compressed by one of four streams. Not in RFC 6143; from the list that
//! the RFB community keeps.

use tokio::io::{AsyncBufRead, BufReader};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::Streams;
use crate::features::console::rfb::error::Error;
use crate::features::console::rfb::format::Format;
use crate::features::console::rfb::frame::{Area, Frame};
use crate::features::console::rfb::wire::Wire;

/// What is shorter is not compressed.
const SHORTEST: usize = 12;
/// Widths that servers keep to.
const WIDEST: u16 = 2048;
/// The kinds of rectangles, in the upper half of the first byte.
const FILL: u8 = 8;
const JPEG: u8 = 9;
/// A filter is named.
const NAMED: u8 = 4;
/// The filters.
const COPY: u8 = 0;
const PALETTE: u8 = 1;
const GRADIENT: u8 = 2;

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
    let control = wire.u8().await?;
    for (bit, stream) in streams.tight.iter_mut().enumerate() {
        if control >> bit & 1 == 1 {
            stream.reset();
        }
    }
    let size = format.compact_size();
    let mut bytes = Vec::new();
    match control >> 4 {
        FILL => {
            wire.fill(&mut bytes, size).await?;
            frame.fill(area, format.tight_pixel(&bytes));
        }
        JPEG => {
            let length = length(wire).await?;
            wire.fill(&mut bytes, length).await?;
            jpeg(&bytes, frame, area)?;
        }
        kind @ 0..=7 => {
            if area.width > WIDEST {
                return Err(Error::Malformed("a rectangle of Tight that is too wide"));
            }
            let filter = if kind & NAMED == 0 { COPY } else { wire.u8().await? };
            let stream = usize::from(kind & 3);
            match filter {
                COPY => {
                    plain(wire, streams, stream, area.pixels() * size).await?;
                    frame.put(area, streams.plain.chunks_exact(size).map(|pixel| format.tight_pixel(pixel)));
                }
                PALETTE => {
                    let count = usize::from(wire.u8().await?) + 1;
                    wire.fill(&mut bytes, count * size).await?;
                    let palette: Vec<u32> = bytes.chunks_exact(size).map(|pixel| format.tight_pixel(pixel)).collect();
                    let row = if count == 2 { usize::from(area.width).div_ceil(8) } else { usize::from(area.width) };
                    plain(wire, streams, stream, row * usize::from(area.height)).await?;
                    indexed(&streams.plain, &palette, frame, area)?;
                }
                GRADIENT => {
                    plain(wire, streams, stream, area.pixels() * size).await?;
                    gradient(&streams.plain, format, frame, area);
                }
                _ => return Err(Error::Malformed("a filter of an unknown kind")),
            }
        }
        _ => return Err(Error::Malformed("a rectangle of Tight of an unknown kind")),
    }
    Ok(())
}

/// A length of one to three bytes, seven bits in each but the last, the lowest first.
async fn length<R>(wire: &mut Wire<R>) -> Result<usize, Error>
where
    BufReader<R>: AsyncBufRead + Unpin,
{
    let mut length = 0;
    for shift in [0, 7, 14] {
        let byte = usize::from(wire.u8().await?);
        let (bits, more) = if shift == 14 { (byte, false) } else { (byte & 0x7f, byte & 0x80 != 0) };
        length |= bits << shift;
        if !more {
            break;
        }
    }
    Ok(length)
}

/// `size` bytes, which came compressed unless they are few, in place of what is in `streams.plain`.
async fn plain<R>(wire: &mut Wire<R>, streams: &mut Streams, stream: usize, size: usize) -> Result<(), Error>
where
    BufReader<R>: AsyncBufRead + Unpin,
{
    if size < SHORTEST {
        return wire.fill(&mut streams.plain, size).await;
    }
    let length = length(wire).await?;
    wire.fill(&mut streams.packed, length).await?;
    if let Some(stream) = streams.tight.get_mut(stream) {
        stream.inflate(&streams.packed, &mut streams.plain, size)?;
    }
    if streams.plain.len() == size {
        Ok(())
    } else {
        Err(Error::Malformed("a rectangle with fewer pixels than it has"))
    }
}

/// Pixels as indexes: of one bit with two colours, each row filled up to a byte, else of a byte.
fn indexed(bytes: &[u8], palette: &[u32], frame: &mut Frame, area: Area) -> Result<(), Error> {
    let width = usize::from(area.width);
    let colour =
        |index: usize| palette.get(index).copied().ok_or(Error::Malformed("a colour beyond the end of its palette"));
    let mut pixels = Vec::with_capacity(area.pixels());
    if palette.len() == 2 {
        for row in bytes.chunks_exact(width.div_ceil(8).max(1)) {
            for x in 0..width {
                let byte = row.get(x / 8).copied().unwrap_or(0);
                pixels.push(colour(usize::from(byte >> (7 - x % 8) & 1))?);
            }
        }
    } else {
        for index in bytes {
            pixels.push(colour(usize::from(*index))?);
        }
    }
    frame.put(area, pixels);
    Ok(())
}

/// Pixels as differences from what their neighbours let expect: left plus above minus above left, within bounds.
fn gradient(bytes: &[u8], format: Format, frame: &mut Frame, area: Area) {
    let (width, limits) = (usize::from(area.width), format.channel_limits());
    let mut above = vec![[0; 3]; width];
    for (y, row) in (0..area.height).zip(bytes.chunks_exact((width * format.compact_size()).max(1))) {
        let (mut left, mut corner) = ([0; 3], [0; 3]);
        let mut pixels = Vec::with_capacity(width);
        for (pixel, above) in row.chunks_exact(format.compact_size()).zip(&mut above) {
            let difference = format.gradient_channels(pixel);
            let mut value = [0; 3];
            let neighbours = left.iter().zip(above.iter()).zip(&corner).zip(limits).zip(difference);
            for (place, ((((left, above), corner), limit), difference)) in value.iter_mut().zip(neighbours) {
                // Every limit is one less than a power of two.
                *place = ((left + above - corner).clamp(0, limit) + difference) & limit;
            }
            (corner, left) = (*above, value);
            *above = value;
            pixels.push(format.of_channels(value));
        }
        frame.put(Area { y: area.y + y, height: 1, ..area }, pixels);
    }
}

/// A JPEG picture of exactly the rectangle's size.
fn jpeg(bytes: &[u8], frame: &mut Frame, area: Area) -> Result<(), Error> {
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .set_max_width(usize::from(area.width))
        .set_max_height(usize::from(area.height));
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let broken = |_| Error::Malformed("a JPEG that cannot be read");
    decoder.decode_headers().map_err(broken)?;
    if decoder.dimensions() != Some((usize::from(area.width), usize::from(area.height))) {
        return Err(Error::Malformed("a JPEG of another size than its rectangle"));
    }
    let pixels = decoder.decode().map_err(broken)?;
    frame.put(area, pixels.chunks_exact(3).map(|pixel| Format::True.tight_pixel(pixel)));
    Ok(())
}

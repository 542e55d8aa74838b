//! How rectangles are written (RFC 6143 §7.7).

mod cursor;
mod hextile;
mod inflate;
mod tight;
mod zlib;
mod zrle;

use tokio::io::{AsyncBufRead, BufReader};

pub use self::cursor::Cursor;
use self::inflate::Inflate;
use super::error::Error;
use super::format::Format;
use super::frame::{Area, Frame};
use super::wire::Wire;

/// An encoding that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Pixels as they are.
    Raw,
    /// What is elsewhere on the screen already.
    CopyRect,
    /// Tiles of 16x16, of rectangles or pixels.
    Hextile,
    /// Pixels, compressed.
    Zlib,
    /// Palettes, gradients and pixels, compressed.
    Tight,
    /// Tiles of 64x64 of palettes and runs, compressed.
    Zrle,
    /// The shape of the pointer, drawn by whoever looks.
    Cursor,
    /// Another size of the screen.
    DesktopSize,
    /// An update may end before the rectangles that it announced.
    LastRect,
    /// JPEG in Tight, of this quality from 0 to 9. Without it, nothing is lost.
    Quality(u8),
}

impl Encoding {
    /// Everything but JPEG, the best first.
    pub const USUAL: [Self; 9] = [
        Self::Zrle,
        Self::Tight,
        Self::Zlib,
        Self::Hextile,
        Self::CopyRect,
        Self::Raw,
        Self::DesktopSize,
        Self::LastRect,
        Self::Cursor,
    ];

    /// Its number.
    #[must_use]
    pub fn number(self) -> i32 {
        match self {
            Self::Raw => RAW,
            Self::CopyRect => COPY_RECT,
            Self::Hextile => HEXTILE,
            Self::Zlib => ZLIB,
            Self::Tight => TIGHT,
            Self::Zrle => ZRLE,
            Self::Cursor => CURSOR,
            Self::DesktopSize => DESKTOP_SIZE,
            Self::LastRect => LAST_RECT,
            Self::Quality(quality) => QUALITY_0 + i32::from(quality.min(9)),
        }
    }
}

/// The numbers (§8.4, and the list that the RFB community keeps).
const RAW: i32 = 0;
const COPY_RECT: i32 = 1;
const HEXTILE: i32 = 5;
const ZLIB: i32 = 6;
const TIGHT: i32 = 7;
const ZRLE: i32 = 16;
const QUALITY_0: i32 = -32;
const CURSOR: i32 = -239;
const DESKTOP_SIZE: i32 = -223;
const LAST_RECT: i32 = -224;

/// What lasts from rectangle to rectangle: one stream of zlib goes through a whole connection.
#[derive(Debug, Default)]
pub(super) struct Streams {
    /// Of Zlib.
    zlib: Inflate,
    /// Of ZRLE.
    zrle: Inflate,
    /// Of Tight, which has four and begins them anew when the server says so.
    tight: [Inflate; 4],
    /// What came, and what it was before it was compressed. Kept for their memory.
    packed: Vec<u8>,
    plain: Vec<u8>,
    /// The shape of the pointer that came last.
    pub(super) cursor: Option<Cursor>,
}

/// What a rectangle did.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It was drawn.
    Drawn,
    /// The screen has another size.
    Resized(Frame),
    /// Nothing that is seen on the screen.
    Nothing,
    /// It was none: the update has ended.
    Last,
}

/// Reads one rectangle and does what it says.
pub(super) async fn rectangle<R>(
    wire: &mut Wire<R>,
    streams: &mut Streams,
    format: Format,
    frame: &mut Frame,
    area: Area,
    number: i32,
) -> Result<Outcome, Error>
where
    BufReader<R>: AsyncBufRead + Unpin,
{
    match number {
        LAST_RECT => return Ok(Outcome::Last),
        DESKTOP_SIZE => {
            let frame = Frame::new(area.width, area.height).ok_or(Error::TooLarge(area.width, area.height))?;
            return Ok(Outcome::Resized(frame));
        }
        CURSOR => {
            streams.cursor = cursor::read(wire, format, area).await?;
            return Ok(Outcome::Nothing);
        }
        _ => {}
    }
    if !frame.holds(area) {
        return Err(Error::Malformed("a rectangle beyond the edge of the screen"));
    }
    match number {
        RAW => raw(wire, &mut streams.packed, format, frame, area).await?,
        COPY_RECT => {
            let (x, y) = (wire.u16().await?, wire.u16().await?);
            if !frame.holds(Area { x, y, ..area }) {
                return Err(Error::Malformed("a copy from beyond the edge of the screen"));
            }
            frame.copy(x, y, area);
        }
        HEXTILE => hextile::read(wire, format, frame, area).await?,
        ZLIB => zlib::read(wire, streams, format, frame, area).await?,
        TIGHT => tight::read(wire, streams, format, frame, area).await?,
        ZRLE => zrle::read(wire, streams, format, frame, area).await?,
        _ => return Err(Error::Malformed("a rectangle in an encoding that was not asked for")),
    }
    Ok(Outcome::Drawn)
}

/// Pixels as they are (§7.7.1), row by row: no more than a row is kept twice.
async fn raw<R>(
    wire: &mut Wire<R>,
    row: &mut Vec<u8>,
    format: Format,
    frame: &mut Frame,
    area: Area,
) -> Result<(), Error>
where
    BufReader<R>: AsyncBufRead + Unpin,
{
    for y in 0..area.height {
        wire.fill(row, usize::from(area.width) * format.size()).await?;
        let line = Area { y: area.y + y, height: 1, ..area };
        frame.put(line, row.chunks_exact(format.size()).map(|pixel| format.pixel(pixel)));
    }
    Ok(())
}

/// The tiles of a side of `side` in `area`, row by row; those at the right and at the bottom can be smaller.
fn tiles(area: Area, side: u16) -> impl Iterator<Item = Area> {
    let cut = move |begin: u16, length: u16| {
        (0..length.div_ceil(side)).map(move |at| (begin + at * side, side.min(length - at * side)))
    };
    cut(area.y, area.height)
        .flat_map(move |(y, height)| cut(area.x, area.width).map(move |(x, width)| Area { x, y, width, height }))
}

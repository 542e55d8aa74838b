//! Hextile (RFC 6143 §7.7.4): tiles of 16x16, each as pixels, or as rectangles on a background.

use tokio::io::{AsyncBufRead, BufReader};

use super::{raw, tiles};
use crate::features::console::rfb::error::Error;
use crate::features::console::rfb::format::Format;
use crate::features::console::rfb::frame::{Area, Frame};
use crate::features::console::rfb::wire::{Piece, Wire};

/// The side of a tile.
const SIDE: u16 = 16;
/// What a tile brings.
const RAW: u8 = 1;
const BACKGROUND: u8 = 2;
const FOREGROUND: u8 = 4;
const RECTANGLES: u8 = 8;
const COLOURED: u8 = 16;

/// Reads a rectangle. The two colours last from tile to tile.
pub(super) async fn read<R>(wire: &mut Wire<R>, format: Format, frame: &mut Frame, area: Area) -> Result<(), Error>
where
    BufReader<R>: AsyncBufRead + Unpin,
{
    let (mut background, mut foreground) = (0, 0);
    let mut bytes = Vec::new();
    for tile in tiles(area, SIDE) {
        let brings = wire.u8().await?;
        if brings & RAW != 0 {
            raw(wire, &mut bytes, format, frame, tile).await?;
            continue;
        }
        for (bit, colour) in [(BACKGROUND, &mut background), (FOREGROUND, &mut foreground)] {
            if brings & bit != 0 {
                wire.fill(&mut bytes, format.size()).await?;
                *colour = format.pixel(&bytes);
            }
        }
        frame.fill(tile, background);
        if brings & RECTANGLES == 0 {
            continue;
        }
        let count = usize::from(wire.u8().await?);
        let coloured = brings & COLOURED != 0;
        let size = 2 + if coloured { format.size() } else { 0 };
        wire.fill(&mut bytes, count * size).await?;
        let mut piece = Piece(&bytes);
        for _ in 0..count {
            let colour = if coloured { format.pixel(piece.take(format.size())?) } else { foreground };
            let (place, extent) = (piece.u8()?, piece.u8()?);
            let (x, y) = (u16::from(place >> 4), u16::from(place & 15));
            let (width, height) = (u16::from(extent >> 4) + 1, u16::from(extent & 15) + 1);
            if x + width > tile.width || y + height > tile.height {
                return Err(Error::Malformed("a rectangle beyond the edge of its tile"));
            }
            frame.fill(Area { x: tile.x + x, y: tile.y + y, width, height }, colour);
        }
    }
    Ok(())
}

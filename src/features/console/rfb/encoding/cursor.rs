//! The shape of the pointer (RFC 6143 §7.8.1).

use tokio::io::{AsyncBufRead, BufReader};

use crate::features::console::rfb::error::Error;
use crate::features::console::rfb::format::Format;
use crate::features::console::rfb::frame::Area;
use crate::features::console::rfb::wire::Wire;

/// The longest side of a pointer.
const LONGEST_SIDE: u16 = 512;

/// The shape of a pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Its width.
    pub width: u16,
    /// Its height.
    pub height: u16,
    /// The place in it that points, from its left and from its top.
    pub hot: (u16, u16),
    /// Its pixels, row by row; none where what is below shines through.
    pub pixels: Vec<Option<u32>>,
}

/// Reads one; none where the pointer is not to be seen.
pub(super) async fn read<R>(wire: &mut Wire<R>, format: Format, area: Area) -> Result<Option<Cursor>, Error>
where
    BufReader<R>: AsyncBufRead + Unpin,
{
    let Area { x, y, width, height } = area;
    if width > LONGEST_SIDE || height > LONGEST_SIDE {
        return Err(Error::Malformed("a pointer larger than any screen shows"));
    }
    let (mut pixels, mut mask) = (Vec::new(), Vec::new());
    wire.fill(&mut pixels, area.pixels() * format.size()).await?;
    let stride = usize::from(width).div_ceil(8);
    wire.fill(&mut mask, stride * usize::from(height)).await?;
    if area.pixels() == 0 {
        return Ok(None);
    }
    let is_seen = |index: usize| {
        let (row, column) = (index / usize::from(width), index % usize::from(width));
        mask.get(row * stride + column / 8).is_some_and(|byte| byte << (column % 8) & 0x80 != 0)
    };
    let pixels = pixels.chunks_exact(format.size()).enumerate();
    let pixels = pixels.map(|(index, pixel)| is_seen(index).then(|| format.pixel(pixel))).collect();
    Ok(Some(Cursor { width, height, hot: (x, y), pixels }))
}

//! Pictures in pixels, for terminals that can: as the user says which protocol theirs speaks, nothing is asked of it.
//!
//! A picture stands in cells of the frame that are left blank, and is sent after the frame, whole: none of the protocols has
//! parts that change. It is sent again when it is another one or stands elsewhere.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use ratatui::layout::Rect;

use crate::config::Pictures;
use crate::features::console::rfb::Frame;

/// Pixels of a cell where nobody says more; larger cells show a larger picture of as many pixels.
const CELL: (u32, u32) = (8, 16);
/// The longest piece of a picture that kitty takes at once.
const KITTY_PIECE: usize = 4096;
/// The number of our picture among those that a kitty shows.
const KITTY_ID: u32 = 7077;
/// Steps of each of the three colours of a sixel.
const STEPS: u32 = 6;

/// A picture, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    /// The cells that it covers.
    pub(crate) area: Rect,
    /// Its pixels.
    pub(crate) frame: Arc<Frame>,
    /// How it is sent.
    pub(crate) by: Pictures,
}

impl PartialEq for Picture {
    fn eq(&self, other: &Self) -> bool {
        self.area == other.area && self.by == other.by && Arc::ptr_eq(&self.frame, &other.frame)
    }
}

impl Picture {
    /// What puts it on the terminal.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let (width, height, rgb) = self.scaled();
        if width == 0 || height == 0 {
            return Vec::new();
        }
        // The cursor is where it was afterwards.
        let mut bytes = format!("\x1b7\x1b[{};{}H", self.area.y + 1, self.area.x + 1).into_bytes();
        match self.by {
            Pictures::Cells => return Vec::new(),
            Pictures::Kitty => kitty(width, height, &rgb, self.area, &mut bytes),
            Pictures::Iterm2 => iterm2(width, height, &rgb, self.area, &mut bytes),
            Pictures::Sixel => sixel(width, height, &rgb, &mut bytes),
        }
        bytes.extend_from_slice(b"\x1b8");
        bytes
    }

    /// What takes it away, where drawing over it does not.
    pub(crate) fn gone(&self) -> Vec<u8> {
        match self.by {
            Pictures::Kitty => format!("\x1b_Ga=d,d=I,i={KITTY_ID},q=2\x1b\\").into_bytes(),
            Pictures::Cells | Pictures::Iterm2 | Pictures::Sixel => Vec::new(),
        }
    }

    /// As many pixels as the cells have, never more than there are; red, green, blue.
    fn scaled(&self) -> (u32, u32, Vec<u8>) {
        let (wide, high) = (u32::from(self.area.width) * CELL.0, u32::from(self.area.height) * CELL.1);
        let (width, height) = (u32::from(self.frame.width()), u32::from(self.frame.height()));
        // A sixel is as large as it is; the others are scaled by the terminal.
        let is_fixed = self.by == Pictures::Sixel;
        let (across, down) = if is_fixed { (wide, high) } else { (wide.min(width), high.min(height)) };
        if width == 0 || height == 0 {
            return (0, 0, Vec::new());
        }
        let mut rgb = Vec::new();
        for y in 0..down {
            for x in 0..across {
                let at = (x * width / across, y * height / down);
                let pixel = self.frame.pixel(u16::try_from(at.0).unwrap_or(0), u16::try_from(at.1).unwrap_or(0));
                let [_, red, green, blue] = pixel.to_be_bytes();
                rgb.extend_from_slice(&[red, green, blue]);
            }
        }
        (across, down, rgb)
    }
}

/// The graphics protocol of kitty: RGB, compressed, in pieces.
fn kitty(width: u32, height: u32, rgb: &[u8], area: Rect, bytes: &mut Vec<u8>) {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(rgb);
    let text = STANDARD.encode(encoder.finish().unwrap_or_default());
    let mut pieces = text.as_bytes().chunks(KITTY_PIECE).peekable();
    let mut head =
        format!("a=T,f=24,o=z,s={width},v={height},c={},r={},i={KITTY_ID},p=1,C=1,q=2,", area.width, area.height);
    while let Some(piece) = pieces.next() {
        let more = u8::from(pieces.peek().is_some());
        let _ = write!(bytes, "\x1b_G{head}m={more};");
        bytes.extend_from_slice(piece);
        bytes.extend_from_slice(b"\x1b\\");
        head.clear();
    }
}

/// The inline images of iTerm2: a file, which is PNG here.
fn iterm2(width: u32, height: u32, rgb: &[u8], area: Rect, bytes: &mut Vec<u8>) {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(rgb));
    if let Err(error) = written {
        tracing::warn!(%error, "a picture cannot be written as PNG");
        return;
    }
    let _ = write!(
        bytes,
        "\x1b]1337;File=inline=1;size={};width={};height={};preserveAspectRatio=0;doNotMoveCursor=1:{}\x07",
        file.len(),
        area.width,
        area.height,
        STANDARD.encode(&file)
    );
}

/// Sixels: a fixed palette, and bands of six rows, each colour of a band in turn.
fn sixel(width: u32, height: u32, rgb: &[u8], bytes: &mut Vec<u8>) {
    let step = |part: u8| (u32::from(part) * (STEPS - 1) + 127) / 255;
    let colours: Vec<u32> =
        rgb.chunks_exact(3).map(|pixel| pixel.iter().fold(0, |sum, part| sum * STEPS + step(*part))).collect();
    let mut text = format!("\x1bP0;1q\"1;1;{width};{height}");
    for colour in 0..STEPS * STEPS * STEPS {
        let percent = |steps: u32| steps * 100 / (STEPS - 1);
        let (red, green, blue) = (colour / (STEPS * STEPS), colour / STEPS % STEPS, colour % STEPS);
        let _ = write!(text, "#{colour};2;{};{};{}", percent(red), percent(green), percent(blue));
    }
    let wide = usize::try_from(width).unwrap_or(usize::MAX).max(1);
    for band in colours.chunks(wide * 6) {
        let mut rows: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        for (y, row) in band.chunks(wide).enumerate() {
            for (x, colour) in row.iter().enumerate() {
                let columns = rows.entry(*colour).or_insert_with(|| vec![0; wide]);
                if let Some(column) = columns.get_mut(x) {
                    *column |= 1 << y;
                }
            }
        }
        for (colour, columns) in rows {
            let _ = write!(text, "#{colour}");
            for run in columns.chunk_by(|one, other| one == other) {
                let sixel = char::from(0x3f + run.first().copied().unwrap_or(0));
                if run.len() > 3 {
                    let _ = write!(text, "!{}{sixel}", run.len());
                } else {
                    text.extend(std::iter::repeat_n(sixel, run.len()));
                }
            }
            text.push('$');
        }
        text.push('-');
    }
    text.push_str("\x1b\\");
    bytes.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn picture(by: Pictures) -> Picture {
        let mut frame = Frame::new(64, 32).unwrap();
        frame.fill(frame.area(), 0x00ff_0000);
        Picture { area: Rect::new(3, 2, 4, 1), frame: Arc::new(frame), by }
    }

    #[test]
    fn kitty_gets_rgb_in_pieces_that_unpack_to_the_picture() {
        let text = String::from_utf8(picture(Pictures::Kitty).bytes()).unwrap();
        assert!(text.starts_with("\u{1b}7\u{1b}[3;4H\u{1b}_Ga=T,f=24,o=z,s=32,v=16,c=4,r=1,"), "{text}");
        let data = text.split(';').nth(2).unwrap().split('\u{1b}').next().unwrap();
        let packed = STANDARD.decode(data).unwrap();
        let mut rgb = Vec::new();
        flate2::read::ZlibDecoder::new(packed.as_slice()).read_to_end(&mut rgb).unwrap();
        assert_eq!((rgb.len(), &rgb[..3]), (32 * 16 * 3, &[255, 0, 0][..]));
        assert!(!picture(Pictures::Kitty).gone().is_empty() && picture(Pictures::Sixel).gone().is_empty());
    }

    #[test]
    fn iterm2_gets_a_png() {
        let text = String::from_utf8(picture(Pictures::Iterm2).bytes()).unwrap();
        let (_, data) = text.trim_end_matches("\u{7}\u{1b}8").rsplit_once(':').unwrap();
        let file = STANDARD.decode(data).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(&pixels[..3], [255, 0, 0]);
    }

    #[test]
    fn sixels_are_bands_of_runs() {
        let text = String::from_utf8(picture(Pictures::Sixel).bytes()).unwrap();
        // Red is step 5 of 6; a full band of six rows is `~`.
        assert!(text.contains("\u{1b}P0;1q\"1;1;32;16") && text.contains("#180!32~$-#180!32~$-#180!32N$-"), "{text}");
    }

    #[test]
    fn the_same_picture_is_the_same_only_where_it_stands() {
        let one = picture(Pictures::Kitty);
        assert_eq!(one, one.clone());
        assert_ne!(one, Picture { area: Rect::new(0, 0, 4, 1), ..one.clone() });
        assert_ne!(one, picture(Pictures::Kitty));
        let empty = Picture { frame: Arc::new(Frame::new(0, 0).unwrap()), ..one };
        assert!(empty.bytes().is_empty());
    }
}

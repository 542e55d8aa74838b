//! What a server says (RFC 6143 §7.6).

use std::collections::BTreeMap;

use tokio::io::{AsyncBufRead, BufReader};

use super::encoding::{self, Cursor, Encoding, Outcome, Streams};
use super::error::Error;
use super::format::Format;
use super::frame::{Area, Frame};
use super::wire::Wire;

/// The messages (§7.6).
const UPDATE: u8 = 0;
const COLOUR_MAP: u8 = 1;
const BELL: u8 = 2;
const CUT_TEXT: u8 = 3;
/// The longest text of a clipboard that is kept; more is passed over.
const LONGEST_CUT: u32 = 1 << 20;

/// The reading side of a screen.
#[derive(Debug)]
pub struct Viewer<R> {
    wire: Wire<R>,
    frame: Frame,
    format: Format,
    streams: Streams,
    name: String,
    /// How many rectangles came, by the number of their encoding.
    came: BTreeMap<i32, u64>,
}

/// Something that a server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// These areas are new.
    Updated(Vec<Area>),
    /// The screen has another size and nothing on it yet: all of it is to be asked for.
    Resized,
    /// The bell rang.
    Bell,
    /// The clipboard holds this.
    Cut(String),
}

impl<R> Viewer<R>
where
    BufReader<R>: AsyncBufRead + Unpin,
{
    /// Reads from `wire` into `frame`.
    pub(super) fn new(wire: Wire<R>, frame: Frame, format: Format, name: String) -> Self {
        Self { wire, frame, format, streams: Streams::default(), name, came: BTreeMap::new() }
    }

    /// The screen as it is now.
    #[must_use]
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// The shape of the pointer, where the server leaves drawing it to us and it is to be seen.
    #[must_use]
    pub fn cursor(&self) -> Option<&Cursor> {
        self.streams.cursor.as_ref()
    }

    /// How many rectangles came in this encoding: servers choose among those that they were offered.
    #[must_use]
    pub fn came(&self, encoding: Encoding) -> u64 {
        self.came.get(&encoding.number()).copied().unwrap_or(0)
    }

    /// What the server calls the screen.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Waits for the next thing that the server says. Not to be dropped before its end: half a message would be lost.
    ///
    /// # Errors
    /// Where the connection ends, or brings what cannot be. Nothing more can be read then.
    pub async fn next(&mut self) -> Result<Event, Error> {
        loop {
            match self.wire.u8().await? {
                UPDATE => return self.update().await,
                COLOUR_MAP => {
                    // Nobody asked for colours by number.
                    let _: [u8; 3] = self.wire.array().await?;
                    let count = self.wire.u16().await?;
                    self.wire.skip(6 * u64::from(count)).await?;
                }
                BELL => return Ok(Event::Bell),
                CUT_TEXT => return self.cut_text().await,
                _ => return Err(Error::Malformed("a message of a kind that was not asked for")),
            }
        }
    }

    /// An update: rectangles.
    async fn update(&mut self) -> Result<Event, Error> {
        let _padding = self.wire.u8().await?;
        let count = self.wire.u16().await?;
        let mut areas = Vec::new();
        let mut resized = false;
        for _ in 0..count {
            let (x, y) = (self.wire.u16().await?, self.wire.u16().await?);
            let (width, height) = (self.wire.u16().await?, self.wire.u16().await?);
            let (area, number) = (Area { x, y, width, height }, self.wire.i32().await?);
            let outcome =
                encoding::rectangle(&mut self.wire, &mut self.streams, self.format, &mut self.frame, area, number)
                    .await?;
            match outcome {
                Outcome::Drawn => {
                    *self.came.entry(number).or_default() += 1;
                    areas.push(area);
                }
                Outcome::Resized(frame) => {
                    (self.frame, resized) = (frame, true);
                    areas.clear();
                }
                Outcome::Nothing => {}
                Outcome::Last => break,
            }
        }
        Ok(if resized { Event::Resized } else { Event::Updated(areas) })
    }

    /// A text for the clipboard, in Latin-1. What controls terminals is no text: whoever pastes it at a shell would have it run
    /// there.
    async fn cut_text(&mut self) -> Result<Event, Error> {
        let _: [u8; 3] = self.wire.array().await?;
        let length = self.wire.u32().await?;
        let kept = length.min(LONGEST_CUT);
        let mut bytes = Vec::new();
        self.wire.fill(&mut bytes, usize::try_from(kept).unwrap_or(0)).await?;
        self.wire.skip(u64::from(length - kept)).await?;
        let is_text = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
        let ends = |at: usize| bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) != Some(&b'\n');
        let text = bytes.iter().enumerate().map(|(at, byte)| if ends(at) { '\n' } else { char::from(*byte) });
        Ok(Event::Cut(text.filter(is_text).collect()))
    }
}

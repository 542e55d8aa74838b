//! What comes from a screen, made into what is told of it.

use std::sync::Arc;

use tokio::io::AsyncRead;
use tokio::sync::mpsc::Sender;

use super::super::Picture;
use crate::features::console::glyph::{self, TextScreen};
use crate::features::console::rfb::{self, Area, Event, Frame, Viewer};

/// Screens beyond this are no text screens, and are not looked through for characters.
const TEXT_PIXELS: usize = 1024 * 768;

/// What the reading side hands on.
pub(super) enum Came {
    /// A picture, because something on it is new.
    Picture(Picture),
    /// The screen has another size: all of it is to be asked for.
    Resized(Area),
    /// Nothing that is to be seen came: the next update is to be asked for.
    Nothing(Area),
    /// Text for the clipboard.
    Cut(String),
}

/// Reads until the screen ends, and hands on what comes.
pub(super) async fn read<R: AsyncRead + Unpin>(mut viewer: Viewer<R>, hand_on: Sender<Came>) -> Result<(), rfb::Error> {
    let mut last: Option<Arc<Frame>> = None;
    loop {
        let told = match viewer.next().await? {
            Event::Updated(areas) if is_same(last.as_deref(), viewer.frame(), &areas) => {
                Came::Nothing(viewer.frame().area())
            }
            Event::Updated(_) => {
                let picture = picture(viewer.frame());
                last = Some(Arc::clone(&picture.frame));
                Came::Picture(picture)
            }
            Event::Resized => Came::Resized(viewer.frame().area()),
            Event::Bell => continue,
            Event::Cut(text) => Came::Cut(text),
        };
        if hand_on.send(told).await.is_err() {
            return Ok(());
        }
    }
}

/// Whether what came in these areas is what was there before: the answer to a question whether anybody is there.
fn is_same(last: Option<&Frame>, frame: &Frame, areas: &[Area]) -> bool {
    let Some(last) = last.filter(|last| last.area() == frame.area()) else { return areas.is_empty() };
    areas.iter().all(|area| {
        let (right, below) = (area.x.saturating_add(area.width), area.y.saturating_add(area.height));
        (area.y..below).all(|y| (area.x..right).all(|x| last.pixel(x, y) == frame.pixel(x, y)))
    })
}

/// Whether there is no character on it and all of it has one colour, and not that of a screen that is asleep: then it is a
/// picture of something.
fn is_one_colour(text: &TextScreen) -> bool {
    let paper = text.cells().first().map_or(0, |cell| cell.paper);
    paper != 0 && text.cells().iter().all(|cell| cell.character == Some(' ') && cell.paper == paper)
}

/// A picture, with its characters where it is a text screen.
fn picture(frame: &Frame) -> Picture {
    let text = (frame.area().pixels() <= TEXT_PIXELS).then(|| glyph::read(frame)).flatten();
    let text = text.filter(glyph::TextScreen::is_text).filter(|text| !is_one_colour(text)).map(Arc::new);
    Picture { frame: Arc::new(frame.clone()), text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_of_one_colour_is_text_that_is_asleep_where_it_is_black_alone() {
        for (colour, is_text) in [(0, true), (0x0090_6030, false)] {
            let mut frame = Frame::new(720, 400).unwrap();
            frame.fill(frame.area(), colour);
            assert_eq!(picture(&frame).text.is_some(), is_text, "{colour:06x}");
        }
    }
}

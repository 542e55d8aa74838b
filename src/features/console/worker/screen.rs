//! A screen: pictures one at a time, as fast as they are drawn, and what is done at it at once.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::sync::mpsc::{self, Receiver};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{ConsoleId, Order, Picture, Report, Shared, Target, Touch};
use crate::features::console::cluster::Which;
use crate::features::console::glyph;
use crate::features::console::keysym;
use crate::features::console::link::Link;
use crate::features::console::rfb::{self, Area, Event, Frame, Remote, Wishes};
use crate::trouble::Trouble;

/// Pictures do not come faster than this.
const PICTURE_EVERY: Duration = Duration::from_millis(33);
/// Between two typed characters: slow guests lose those that come faster.
const CHARACTER_EVERY: Duration = Duration::from_millis(4);
/// Screens beyond this are no text screens, and are not looked through for characters.
const TEXT_PIXELS: usize = 1024 * 768;

/// What the reading side hands on.
enum Came {
    /// A picture, because something on it is new.
    Picture(Picture),
    /// The screen has another size: all of it is to be asked for.
    Resized(Area),
    /// Nothing that is to be seen came: the next update is to be asked for.
    Nothing(Area),
    /// Text for the clipboard.
    Cut(String),
}

/// Carries a screen until it ends, or `stop` is cancelled.
pub(super) async fn carry(
    shared: Shared,
    (id, target): (ConsoleId, Target),
    orders: Receiver<Order>,
    stop: CancellationToken,
) {
    let opened = stop.run_until_cancelled(shared.open(&target, Which::Screen)).await;
    let mut link = match opened {
        Some(Ok(link)) => link,
        Some(Err(error)) => return shared.tell(Report::Ended { id, trouble: Some(Trouble::of(&error)) }).await,
        None => return,
    };
    let shown = stop.run_until_cancelled(show(&shared, id, &mut link, orders)).await;
    let ended = link.end();
    link.close().await;
    let trouble = match (shown, ended) {
        (None, _) => return,
        // Why the link ended says more than that it did.
        (Some(Err(rfb::Error::Ended(_)) | Ok(())), Err(end)) => Some(Trouble::of(&end)),
        (Some(Err(rfb::Error::Ended(_)) | Ok(())), Ok(())) => None,
        (Some(Err(error)), _) => Some(Trouble::of(&error)),
    };
    shared.tell(Report::Ended { id, trouble }).await;
}

/// Shows it.
async fn show(shared: &Shared, id: ConsoleId, link: &mut Link, mut orders: Receiver<Order>) -> Result<(), rfb::Error> {
    let (mut viewer, mut remote) = rfb::open(link, &Wishes::default()).await?;
    let whole = viewer.frame().area();
    shared.tell(Report::Opened { id, log: bytes::Bytes::new() }).await;
    remote.ask(whole, false).await?;
    // Capacity 1: the reading side has no more than one picture ahead, since it is asked for one at a time.
    let (hand_on, mut came) = mpsc::channel(1);
    // Never dropped before its end: half a message would be lost.
    let mut reading = std::pin::pin!(async move {
        loop {
            let told = match viewer.next().await? {
                Event::Updated(areas) if areas.is_empty() => Came::Nothing(viewer.frame().area()),
                Event::Updated(_) => Came::Picture(picture(viewer.frame())),
                Event::Resized => Came::Resized(viewer.frame().area()),
                Event::Bell => continue,
                Event::Cut(text) => Came::Cut(text),
            };
            if hand_on.send(told).await.is_err() {
                return Ok::<(), rfb::Error>(());
            }
        }
    });
    let mut at = whole;
    let mut due =
        Due { characters: VecDeque::new(), next_character: None, shown_at: Instant::now(), next_picture: None };
    loop {
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                None => return Ok(()),
                Some(Order::Touch(touch)) => do_it(&mut remote, touch, &mut due).await?,
                Some(Order::Seen) => due.want_picture(),
                Some(Order::Type(_) | Order::Paste(_) | Order::Log(_)) => {}
            },
            Some(told) = came.recv() => match told {
                Came::Picture(picture) => {
                    (at, due.shown_at) = (picture.frame.area(), Instant::now());
                    shared.tell(Report::Shown { id, picture }).await;
                }
                Came::Resized(area) => {
                    at = area;
                    remote.ask(at, false).await?;
                }
                Came::Nothing(area) => {
                    (at, due.shown_at) = (area, Instant::now());
                    due.want_picture();
                }
                Came::Cut(text) => shared.tell(Report::Cut { id, text }).await,
            },
            ended = &mut reading => return ended,
            () = until(due.next_character) => {
                if let Some(character) = due.next_character() {
                    type_it(&mut remote, character).await?;
                }
            }
            () = until(due.next_picture) => {
                due.next_picture = None;
                remote.ask(at, true).await?;
            }
        }
    }
}

/// What waits for its time: nothing sleeps in the loop, since keys and the far end's questions do not wait.
struct Due {
    /// What is to be typed.
    characters: VecDeque<char>,
    /// When the next of it may go.
    next_character: Option<Instant>,
    /// When the last picture came.
    shown_at: Instant,
    /// When the next one is asked for; `None` while one is, or where nobody looks.
    next_picture: Option<Instant>,
}

impl Due {
    /// Another picture is wanted: the frame rate is that of whoever draws, up to a limit.
    fn want_picture(&mut self) {
        self.next_picture = Some(self.shown_at + PICTURE_EVERY);
    }

    /// Types this behind what is being typed.
    fn type_text(&mut self, text: &str) {
        self.characters.extend(text.chars());
        self.next_character.get_or_insert_with(Instant::now);
    }

    /// The next character, which goes now.
    fn next_character(&mut self) -> Option<char> {
        let next = self.characters.pop_front();
        self.next_character = (!self.characters.is_empty()).then(|| Instant::now() + CHARACTER_EVERY);
        next
    }

    /// What was not typed yet is not typed any more.
    fn give_up(&mut self) {
        self.characters.clear();
        self.next_character = None;
    }
}

/// Waits until then; for ever, where it is never.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// A picture, with its characters where it is a text screen.
fn picture(frame: &Frame) -> Picture {
    let text = (frame.area().pixels() <= TEXT_PIXELS).then(|| glyph::read(frame)).flatten();
    let text = text.filter(glyph::TextScreen::is_text).map(Arc::new);
    Picture { frame: Arc::new(frame.clone()), text }
}

/// Does something at the screen.
async fn do_it<W: AsyncWrite + Unpin>(remote: &mut Remote<W>, touch: Touch, due: &mut Due) -> Result<(), rfb::Error> {
    match touch {
        Touch::Chord(keys) => {
            if keys == keysym::interrupt() {
                due.give_up();
            }
            for keysym in &keys {
                remote.key(true, *keysym).await?;
            }
            for keysym in keys.iter().rev() {
                remote.key(false, *keysym).await?;
            }
        }
        Touch::Text(text) => due.type_text(&text),
        Touch::Pointer { buttons, x, y } => remote.pointer(buttons, x, y).await?,
        Touch::Cut(text) => remote.cut(&text).await?,
    }
    Ok(())
}

/// Types a character.
async fn type_it<W: AsyncWrite + Unpin>(remote: &mut Remote<W>, character: char) -> Result<(), rfb::Error> {
    for (is_down, keysym) in keysym::typed(character) {
        remote.key(is_down, keysym).await?;
    }
    Ok(())
}

//! A screen: pictures one at a time, as fast as they are drawn, and what is done at it at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::sync::mpsc::{self, Receiver};
use tokio::time::{Instant, sleep};
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
    let mut shown_at = Instant::now();
    loop {
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                None => return Ok(()),
                Some(Order::Touch(touch)) => do_it(&mut remote, touch).await?,
                Some(Order::Seen) => {
                    // The frame rate is that of whoever draws, up to a limit.
                    let wait = (shown_at + PICTURE_EVERY).saturating_duration_since(Instant::now());
                    if !wait.is_zero() {
                        sleep(wait).await;
                    }
                    remote.ask(at, true).await?;
                }
                Some(Order::Type(_) | Order::Paste(_) | Order::Log(_)) => {}
            },
            Some(told) = came.recv() => match told {
                Came::Picture(picture) => {
                    (at, shown_at) = (picture.frame.area(), Instant::now());
                    shared.tell(Report::Shown { id, picture }).await;
                }
                Came::Resized(area) => {
                    at = area;
                    remote.ask(at, false).await?;
                }
                Came::Nothing(area) => {
                    at = area;
                    sleep(PICTURE_EVERY).await;
                    remote.ask(at, true).await?;
                }
                Came::Cut(text) => shared.tell(Report::Cut { id, text }).await,
            },
            ended = &mut reading => return ended,
        }
    }
}

/// A picture, with its characters where it is a text screen.
fn picture(frame: &Frame) -> Picture {
    let text = (frame.area().pixels() <= TEXT_PIXELS).then(|| glyph::read(frame)).flatten();
    let text = text.filter(glyph::TextScreen::is_text).map(Arc::new);
    Picture { frame: Arc::new(frame.clone()), text }
}

/// Does something at the screen.
async fn do_it<W: AsyncWrite + Unpin>(remote: &mut Remote<W>, touch: Touch) -> Result<(), rfb::Error> {
    match touch {
        Touch::Chord(keys) => {
            for keysym in &keys {
                remote.key(true, *keysym).await?;
            }
            for keysym in keys.iter().rev() {
                remote.key(false, *keysym).await?;
            }
        }
        Touch::Text(text) => {
            for c in text.chars() {
                for (is_down, keysym) in keysym::typed(c) {
                    remote.key(is_down, keysym).await?;
                }
                sleep(CHARACTER_EVERY).await;
            }
        }
        Touch::Pointer { buttons, x, y } => remote.pointer(buttons, x, y).await?,
        Touch::Cut(text) => remote.cut(&text).await?,
    }
    Ok(())
}

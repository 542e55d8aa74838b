//! What waits for its time at a screen: nothing sleeps in the loop, since keys and the far end's questions do not wait.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::time::{Instant, sleep_until};

use super::super::Touch;
use super::Times;
use crate::features::console::keysym;
use crate::features::console::rfb::{self, Remote};

/// Pictures do not come faster than this.
const PICTURE_EVERY: Duration = Duration::from_millis(33);
/// Nor those that nobody looks at.
const HIDDEN_EVERY: Duration = Duration::from_secs(2);
/// Between two keys: slow guests lose those that come faster.
const CHARACTER_EVERY: Duration = Duration::from_millis(4);
/// Keys that wait for their time: no more orders are taken then.
pub(super) const MOST_PRESSED: usize = 4096;

/// What waits.
pub(super) struct Due {
    /// What was pressed, on keys and with the pointer. It goes before what was pasted.
    pub(super) pressed: VecDeque<Typed>,
    /// What is to be typed.
    pub(super) characters: VecDeque<char>,
    /// When the next of it may go.
    pub(super) next_key: Option<Instant>,
    /// When the guest has had its time for the last of it.
    free_at: Instant,
    /// When the last picture came.
    shown_at: Instant,
    /// How often one comes at most.
    picture_every: Duration,
    /// When the next one is asked for; `None` while one is, or where nobody looks.
    next_picture: Option<Instant>,
    /// Whether one is asked for and has not come.
    pub(super) is_asked_for: bool,
    /// Whether a sign of life is asked for and has not come. Meanwhile no picture is asked for: one question at a time.
    is_sign_asked_for: bool,
    /// When it is looked whether anything came since the last look, and how much had come then.
    next_look: Instant,
    received: u64,
    /// The last text for the clipboard, and when it may be taken over.
    cut: Option<String>,
    next_cut: Instant,
    times: Times,
}

/// Something to be done now.
pub(super) enum Wish {
    /// To ask for the next picture.
    Picture,
    /// To ask for anything at all.
    Sign,
    /// To take over this text.
    Cut(String),
}

impl Due {
    /// Nothing yet; a picture is asked for.
    pub(super) fn new(times: Times) -> Self {
        let now = Instant::now();
        Self {
            pressed: VecDeque::new(),
            characters: VecDeque::new(),
            next_key: None,
            free_at: now,
            shown_at: now,
            picture_every: PICTURE_EVERY,
            next_picture: None,
            is_asked_for: true,
            is_sign_asked_for: false,
            next_look: now + times.quiet,
            received: 0,
            cut: None,
            next_cut: now,
            times,
        }
    }

    /// An update came: whatever was asked for. Whether that was the next picture.
    pub(super) fn answered(&mut self) -> bool {
        self.shown_at = Instant::now();
        self.is_sign_asked_for = false;
        std::mem::take(&mut self.is_asked_for)
    }

    /// A text for the clipboard came: the last of those that come together is taken over.
    pub(super) fn take_over(&mut self, text: String) {
        self.cut = Some(text);
    }

    /// When the next thing is to be done.
    pub(super) fn next_wish(&self) -> Instant {
        let picture = self.next_picture.filter(|_| !self.is_sign_asked_for);
        let cut = self.cut.as_ref().map(|_| self.next_cut);
        [picture, cut].into_iter().flatten().fold(self.next_look, Instant::min)
    }

    /// What is to be done now, where that is anything, so many bytes having come.
    pub(super) fn wish(&mut self, received: u64) -> Option<Wish> {
        let now = Instant::now();
        if self.next_cut <= now
            && let Some(text) = self.cut.take()
        {
            self.next_cut = now + self.times.cut_every;
            return Some(Wish::Cut(text));
        }
        if !self.is_sign_asked_for && self.next_picture.take_if(|at| *at <= now).is_some() {
            self.is_asked_for = true;
            return Some(Wish::Picture);
        }
        if self.next_look > now {
            return None;
        }
        self.next_look = now + self.times.quiet;
        let is_quiet = std::mem::replace(&mut self.received, received) == received;
        self.is_sign_asked_for |= is_quiet;
        is_quiet.then_some(Wish::Sign)
    }

    /// Sends the next piece.
    pub(super) async fn send<W: AsyncWrite + Unpin>(&mut self, remote: &mut Remote<W>) -> Result<(), rfb::Error> {
        match self.next() {
            Some(Typed::Chord(keys)) => press(remote, &keys).await,
            Some(Typed::Pointer { buttons, x, y }) => remote.pointer(buttons, x, y).await,
            Some(Typed::Character(character)) => type_it(remote, character).await,
            None => Ok(()),
        }
    }

    /// The last picture was seen, or is not looked at: then the next one is not urgent.
    pub(super) fn seen(&mut self, is_looked_at: bool) {
        self.picture_every = if is_looked_at { PICTURE_EVERY } else { HIDDEN_EVERY };
        self.want_picture();
    }

    /// Another picture is wanted: the frame rate is that of whoever draws, up to a limit.
    pub(super) fn want_picture(&mut self) {
        // One that is asked for already is not asked for twice.
        if !self.is_asked_for {
            self.next_picture = Some(self.shown_at + self.picture_every);
        }
    }

    /// Types this behind what is being typed.
    fn type_text(&mut self, text: &str) {
        self.characters.extend(text.chars());
        self.begin();
    }

    /// Presses these behind what is being pressed: at once, unless something went just now.
    fn press(&mut self, pressed: Typed) {
        self.pressed.push_back(pressed);
        self.begin();
    }

    /// Sees to it that what waits goes.
    fn begin(&mut self) {
        self.next_key.get_or_insert(self.free_at.max(Instant::now()));
    }

    /// The next piece, which goes now.
    fn next(&mut self) -> Option<Typed> {
        let next = self.pressed.pop_front().or_else(|| self.characters.pop_front().map(Typed::Character));
        let is_pointer = matches!(next, Some(Typed::Pointer { .. }));
        self.free_at = Instant::now() + if is_pointer { Duration::ZERO } else { CHARACTER_EVERY };
        let is_more = !(self.pressed.is_empty() && self.characters.is_empty());
        self.next_key = is_more.then_some(self.free_at);
        next
    }

    /// What was pasted and not typed yet is not typed any more.
    fn give_up(&mut self) {
        self.characters.clear();
    }
}

/// What goes at its time.
pub(super) enum Typed {
    Chord(Vec<u32>),
    Pointer { buttons: u8, x: u16, y: u16 },
    Character(char),
}

/// Waits until then; for ever, where it is never.
pub(super) async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Does something at the screen.
pub(super) async fn do_it<W: AsyncWrite + Unpin>(
    remote: &mut Remote<W>,
    touch: Touch,
    due: &mut Due,
) -> Result<(), rfb::Error> {
    match touch {
        Touch::Chord(keys) => {
            if keys == keysym::interrupt() {
                due.give_up();
            }
            due.press(Typed::Chord(keys));
        }
        Touch::Text(text) => due.type_text(&text),
        Touch::Pointer { buttons, x, y } => due.press(Typed::Pointer { buttons, x, y }),
        Touch::Cut(text) => remote.cut(&text).await?,
    }
    Ok(())
}

/// Presses keys, and lets them go in the other order.
async fn press<W: AsyncWrite + Unpin>(remote: &mut Remote<W>, keys: &[u32]) -> Result<(), rfb::Error> {
    for keysym in keys {
        remote.key(true, *keysym).await?;
    }
    for keysym in keys.iter().rev() {
        remote.key(false, *keysym).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    #[test]
    fn of_texts_that_come_together_the_last_is_taken_over_and_that_not_at_once() {
        let mut due = Due::new(Times { within: HOUR, quiet: HOUR, cut_every: HOUR });
        let mut taken_over = |text: &str, is_later: bool| {
            due.take_over(text.to_owned());
            if is_later {
                due.next_cut = Instant::now();
            }
            if let Some(Wish::Cut(text)) = due.wish(0) { Some(text) } else { None }
        };
        assert_eq!(taken_over("first", false).as_deref(), Some("first"));
        assert_eq!((taken_over("second", false), taken_over("third", false)), (None, None));
        assert_eq!(taken_over("last", true).as_deref(), Some("last"));
        assert!(due.cut.is_none() && due.next_wish() > Instant::now());
    }
}

//! A screen: pictures one at a time, as fast as they are drawn, and what is done at it at once.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadHalf, WriteHalf};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::{ConsoleId, Order, Picture, Report, Shared, Target, Touch};
use crate::features::console::cluster::Which;
use crate::features::console::error::Error;
use crate::features::console::glyph;
use crate::features::console::keysym;
use crate::features::console::link::Link;
use crate::features::console::rfb::{self, Area, Begun, Event, Frame, Password, Remote, Viewer, Wishes};
use crate::secret::Secret;
use crate::trouble::Trouble;

/// Pictures do not come faster than this.
const PICTURE_EVERY: Duration = Duration::from_millis(33);
/// Nor those that nobody looks at.
const HIDDEN_EVERY: Duration = Duration::from_secs(2);
/// Between two keys: slow guests lose those that come faster.
const CHARACTER_EVERY: Duration = Duration::from_millis(4);
/// Keys that wait for their time: no more orders are taken then.
const MOST_PRESSED: usize = 4096;
/// How long a screen may take until it shows something.
const WITHIN: Duration = Duration::from_secs(30);
/// How long a connection is kept for a password that is being typed: somebody may have to look it up.
pub(super) const PASSWORD_WITHIN: Duration = Duration::from_mins(1);
/// A screen that is closed has so long to take what was done at it before.
const LAST_KEYS: Duration = Duration::from_secs(2);
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
    (password, typed): (Option<Secret>, Typing),
    orders: Receiver<Order>,
    stop: CancellationToken,
) {
    let opened = stop.run_until_cancelled(shared.open(&target, Which::Screen)).await;
    let mut link = match opened {
        Some(Ok(link)) => link,
        Some(Err(error)) => return shared.tell(Report::Ended { id, trouble: Some(Trouble::of(&error)) }).await,
        None => return,
    };
    let wishes = Wishes { password: password.as_ref().map(Password::from), ..Wishes::default() };
    let stuck = async {
        stop.cancelled().await;
        // Longer than it takes to leave a screen that does not hang.
        sleep(LAST_KEYS * 2).await;
    };
    let shown = tokio::select! {
        shown = show(&shared, (id, &target), &mut link, (&wishes, typed, WITHIN), orders, &stop) => shown,
        () = stuck => Ok(Why::Closed),
    };
    let ended = link.end();
    link.close().await;
    let trouble = match (shown, ended) {
        (Ok(Why::Closed), _) => return,
        (Ok(Why::Untyped), _) => return shared.tell(Report::LetGo { id, trouble: untyped() }).await,
        (Ok(Why::Unlocked), end) => {
            return shared.tell(Report::LetGo { id, trouble: ended_locked(end.err().as_ref()) }).await;
        }
        (Err(error @ (rfb::Error::NoPassword | rfb::Error::WrongPassword(_))), _) => {
            return shared.tell(Report::PasswordWanted { id, trouble: Trouble::of(&error), is_held: false }).await;
        }
        // Why the link ended says more than that it did.
        (Err(rfb::Error::Ended(_)) | Ok(Why::Over | Why::Late), Err(end)) => Some(Trouble::of(&end)),
        (Err(rfb::Error::Ended(_)) | Ok(Why::Over), Ok(())) => None,
        (Ok(Why::Late), Ok(())) => Some(
            Trouble::new(&format!("{} showed nothing of its screen within {} s", target.machine(), WITHIN.as_secs()))
                .to_do("open it again; if that does not help, see that what answers there is a VNC server"),
        ),
        (Err(error), _) => Some(Trouble::of(&error)),
    };
    shared.tell(Report::Ended { id, trouble }).await;
}

/// Why a screen is not shown any more.
enum Why {
    /// The other end.
    Over,
    /// It never showed anything.
    Late,
    /// Somebody closed it here.
    Closed,
    /// It wants a password, and none was typed while it was kept for that.
    Untyped,
    /// It wants a password, and the other end did not wait for it.
    Unlocked,
}

/// What is said where no password was typed in time.
fn untyped() -> Trouble {
    let within = PASSWORD_WITHIN.as_secs();
    let what = format!("the screen's connection was let go: no password was typed within {within} s");
    Trouble::new(&what).to_do("type it: another connection is made with it")
}

/// What is said where the other end did not wait for a password.
fn ended_locked(end: Option<&Error>) -> Trouble {
    let trouble = Trouble::new("the screen's connection ended while it waited for the password");
    let because = end.map_or_else(|| "it was closed at its other end".to_owned(), ToString::to_string);
    trouble.caused_by(&because).to_do("type it: another connection is made with it; see that the machine runs")
}

/// Where a password comes from that is typed while the connection is kept for it, and how long that may take. The worker holds
/// the other end; once this one is gone, a password means another connection.
pub(super) struct Typing {
    /// The password.
    pub(super) password: oneshot::Receiver<Secret>,
    /// How long it may take.
    pub(super) within: Duration,
}

/// The two sides of a screen.
type Sides<'l> = (Viewer<ReadHalf<&'l mut Link>>, Remote<WriteHalf<&'l mut Link>>);

/// Gets into a screen. Where it wants a password and there is none, the connection is kept until one is typed, or until that
/// takes too long.
async fn get_in<'l>(
    shared: &Shared,
    id: ConsoleId,
    link: &'l mut Link,
    (wishes, mut typed, within): (&Wishes, Typing, Duration),
) -> Result<Result<Sides<'l>, Why>, rfb::Error> {
    let Ok(begun) = timeout(within, rfb::begin(link, wishes)).await else { return Ok(Err(Why::Late)) };
    let mut locked = match begun? {
        Begun::Open(sides) => return Ok(Ok(*sides)),
        Begun::Locked(locked) => locked,
    };
    // Where that is told it can be typed.
    let trouble = Trouble::of(&rfb::Error::NoPassword).to_do("type it; of VNC's only the first 8 characters count");
    shared.tell(Report::PasswordWanted { id, trouble, is_held: true }).await;
    let mut why = Why::Untyped;
    let handed = tokio::select! {
        handed = &mut typed.password => match handed {
            Ok(password) => Some(password),
            // Nobody can type one any more.
            Err(_) => return Ok(Err(Why::Closed)),
        },
        () = locked.ended() => {
            why = Why::Unlocked;
            None
        }
        () = sleep(typed.within) => None,
    };
    // From here on a password means another connection; one that was handed in just now is still of this one.
    typed.password.close();
    let Some(password) = handed.or_else(|| typed.password.try_recv().ok()) else { return Ok(Err(why)) };
    match timeout(within, locked.unlock(&Password::from(&password), wishes)).await {
        Ok(sides) => Ok(Ok(sides?)),
        Err(_) => Ok(Err(Why::Late)),
    }
}

/// Whether a screen is given up since it shows nothing.
#[cfg(test)]
pub(super) async fn is_late(shared: &Shared, link: &mut Link, orders: Receiver<Order>, within: Duration) -> bool {
    let target = Target::Vm((String::new(), "leaf1".to_owned()));
    let (stop, wishes) = (CancellationToken::new(), Wishes::default());
    let typed = Typing { password: oneshot::channel().1, within };
    let shown = show(shared, (1, &target), link, (&wishes, typed, within), orders, &stop).await;
    matches!(shown, Ok(Why::Late))
}

/// Shows it.
async fn show(
    shared: &Shared,
    (id, target): (ConsoleId, &Target),
    link: &mut Link,
    (wishes, typed, within): (&Wishes, Typing, Duration),
    mut orders: Receiver<Order>,
    stop: &CancellationToken,
) -> Result<Why, rfb::Error> {
    let (viewer, mut remote) = tokio::select! {
        sides = get_in(shared, id, link, (wishes, typed, within)) => match sides? {
            Ok(sides) => sides,
            Err(why) => return Ok(why),
        },
        () = stop.cancelled() => return Ok(Why::Closed),
    };
    let late = Instant::now() + within;
    let whole = viewer.frame().area();
    shared.tell(Report::Opened { id, log: bytes::Bytes::new() }).await;
    remote.ask(whole, false).await?;
    // Capacity 1: the reading side has no more than one picture ahead, since it is asked for one at a time.
    let (hand_on, mut came) = mpsc::channel(1);
    // Never dropped before its end: half a message would be lost.
    let mut reading = std::pin::pin!(read(viewer, hand_on));
    let (mut at, mut is_shown) = (whole, false);
    let mut due = Due::new();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => {
                leave(shared, target, &mut remote, &mut due, orders).await;
                return Ok(Why::Closed);
            }
            // Before all others, so that nothing overtakes what was done before it.
            () = until(due.next_key) => due.send(&mut remote).await?,
            // Beyond that they wait where they are, and whoever sends them is told.
            order = orders.recv(), if due.pressed.len() < MOST_PRESSED => match order {
                None => {
                    leave(shared, target, &mut remote, &mut due, orders).await;
                    return Ok(Why::Closed);
                }
                Some(Order::Touch(touches)) => {
                    for touch in touches {
                        do_it(&mut remote, touch, &mut due).await?;
                    }
                }
                Some(Order::Seen { is_looked_at }) => {
                    due.picture_every = if is_looked_at { PICTURE_EVERY } else { HIDDEN_EVERY };
                    due.want_picture();
                }
                Some(Order::Type(_) | Order::Paste(_) | Order::Log(_)) => {}
            },
            Some(told) = came.recv() => match told {
                Came::Picture(picture) => {
                    (at, due.shown_at, due.is_asked_for) = (picture.frame.area(), Instant::now(), false);
                    is_shown = true;
                    shared.tell(Report::Shown { id, picture }).await;
                }
                Came::Resized(area) => {
                    (at, due.is_asked_for) = (area, true);
                    remote.ask(at, false).await?;
                }
                Came::Nothing(area) => {
                    (at, due.shown_at, due.is_asked_for) = (area, Instant::now(), false);
                    due.want_picture();
                }
                Came::Cut(text) => shared.tell(Report::Cut { id, text }).await,
            },
            ended = &mut reading => return ended.map(|()| Why::Over),
            () = until(due.next_picture) => {
                (due.next_picture, due.is_asked_for) = (None, true);
                remote.ask(at, true).await?;
            }
            () = sleep_until(late), if !is_shown => return Ok(Why::Late),
        }
    }
}

/// Reads until the screen ends, and hands on what comes.
async fn read<R: AsyncRead + Unpin>(mut viewer: Viewer<R>, hand_on: Sender<Came>) -> Result<(), rfb::Error> {
    loop {
        let told = match viewer.next().await? {
            Event::Updated(areas) if areas.is_empty() => Came::Nothing(viewer.frame().area()),
            Event::Updated(_) => Came::Picture(picture(viewer.frame())),
            Event::Resized => Came::Resized(viewer.frame().area()),
            Event::Bell => continue,
            Event::Cut(text) => Came::Cut(text),
        };
        if hand_on.send(told).await.is_err() {
            return Ok(());
        }
    }
}

/// A screen is closed: what was pressed before goes out, as far as it takes that soon; what was pasted and not typed yet does
/// not. What is left is told.
async fn leave<W: AsyncWrite + Unpin>(
    shared: &Shared,
    target: &Target,
    remote: &mut Remote<W>,
    due: &mut Due,
    mut orders: Receiver<Order>,
) {
    let all = async {
        while let Ok(order) = orders.try_recv() {
            let Order::Touch(touches) = order else { continue };
            for touch in touches {
                do_it(remote, touch, due).await?;
            }
        }
        while !due.pressed.is_empty() {
            until(due.next_key).await;
            due.send(remote).await?;
        }
        Ok::<(), rfb::Error>(())
    };
    let is_sent = matches!(timeout(LAST_KEYS, all).await, Ok(Ok(())));
    let lost = match (is_sent, due.characters.len()) {
        (true, 0) => return,
        (true, characters) => format!("was closed before the last {characters} pasted characters were typed"),
        (false, _) => "was closed and did not take all that was typed before".to_owned(),
    };
    let trouble = Trouble::new(&format!("the screen of {} {lost}", target.machine()));
    let _nobody_listens =
        shared.reports.try_send(Report::Failed(trouble.to_do("open it again, and look at what arrived")));
}

/// What waits for its time: nothing sleeps in the loop, since keys and the far end's questions do not wait.
struct Due {
    /// What was pressed, on keys and with the pointer. It goes before what was pasted.
    pressed: VecDeque<Typed>,
    /// What is to be typed.
    characters: VecDeque<char>,
    /// When the next of it may go.
    next_key: Option<Instant>,
    /// When the guest has had its time for the last of it.
    free_at: Instant,
    /// When the last picture came.
    shown_at: Instant,
    /// How often one comes at most.
    picture_every: Duration,
    /// When the next one is asked for; `None` while one is, or where nobody looks.
    next_picture: Option<Instant>,
    /// Whether one is asked for and has not come.
    is_asked_for: bool,
}

impl Due {
    /// Nothing yet; a picture is asked for.
    fn new() -> Self {
        Self {
            pressed: VecDeque::new(),
            characters: VecDeque::new(),
            next_key: None,
            free_at: Instant::now(),
            shown_at: Instant::now(),
            picture_every: PICTURE_EVERY,
            next_picture: None,
            is_asked_for: true,
        }
    }

    /// Sends the next piece.
    async fn send<W: AsyncWrite + Unpin>(&mut self, remote: &mut Remote<W>) -> Result<(), rfb::Error> {
        match self.next() {
            Some(Typed::Chord(keys)) => press(remote, &keys).await,
            Some(Typed::Pointer { buttons, x, y }) => remote.pointer(buttons, x, y).await,
            Some(Typed::Character(character)) => type_it(remote, character).await,
            None => Ok(()),
        }
    }

    /// Another picture is wanted: the frame rate is that of whoever draws, up to a limit.
    fn want_picture(&mut self) {
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
enum Typed {
    Chord(Vec<u32>),
    Pointer { buttons: u8, x: u16, y: u16 },
    Character(char),
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

//! A screen: pictures one at a time, as fast as they are drawn, and what is done at it at once.

mod due;
mod reading;
#[cfg(test)]
mod tests;

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncWrite, ReadHalf, WriteHalf};
use tokio::sync::mpsc::{self, Receiver};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use self::due::{Due, MOST_PRESSED, Wish, do_it, until};
use self::reading::{Came, read};
use super::{ConsoleId, Order, Report, Shared, Target};
use crate::features::console::cluster::Which;
use crate::features::console::error::Error;
use crate::features::console::link::Link;
use crate::features::console::rfb::{self, Area, Begun, Password, Remote, Viewer, Wishes};
use crate::secret::Secret;
use crate::trouble::Trouble;

/// How long things take.
#[derive(Debug, Clone, Copy)]
struct Times {
    /// How long a screen may take until it shows something.
    within: Duration,
    /// A screen that has said nothing for so long is asked whether it is there. A proxy may notice that a machine has ended when
    /// something is sent to it, and not before; its answers to pings say nothing of the machine.
    quiet: Duration,
    /// The clipboard is not taken over more often than this.
    cut_every: Duration,
}

/// As it is outside of tests.
const USUAL: Times =
    Times { within: Duration::from_secs(30), quiet: Duration::from_secs(5), cut_every: Duration::from_secs(1) };
/// How long a connection is kept for a password that is being typed: somebody may have to look it up.
pub(super) const PASSWORD_WITHIN: Duration = Duration::from_mins(1);
/// A screen that is closed has so long to take what was done at it before.
const LAST_KEYS: Duration = Duration::from_secs(2);

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
        shown = show(&shared, (id, &target), &mut link, (&wishes, typed, USUAL), orders, &stop) => shown,
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
            Trouble::new(&format!(
                "{} showed nothing of its screen within {} s",
                target.machine(),
                USUAL.within.as_secs()
            ))
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

/// Shows it.
async fn show(
    shared: &Shared,
    (id, target): (ConsoleId, &Target),
    link: &mut Link,
    (wishes, typed, times): (&Wishes, Typing, Times),
    mut orders: Receiver<Order>,
    stop: &CancellationToken,
) -> Result<Why, rfb::Error> {
    let received = link.received();
    let (viewer, mut remote) = tokio::select! {
        sides = get_in(shared, id, link, (wishes, typed, times.within)) => match sides? {
            Ok(sides) => sides,
            Err(why) => return Ok(why),
        },
        () = stop.cancelled() => return Ok(Why::Closed),
    };
    let late = Instant::now() + times.within;
    let whole = viewer.frame().area();
    shared.tell(Report::Opened { id, log: bytes::Bytes::new() }).await;
    remote.ask(whole, false).await?;
    // Capacity 1: the reading side has no more than one picture ahead, since it is asked for one at a time.
    let (hand_on, mut came) = mpsc::channel(1);
    // Never dropped before its end: half a message would be lost.
    let mut reading = std::pin::pin!(read(viewer, hand_on));
    let (mut at, mut is_shown) = (whole, false);
    let mut due = Due::new(times);
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
                    due.seen(is_looked_at);
                }
                Some(Order::Type(_) | Order::Paste(_) | Order::Log(_)) => {}
            },
            Some(told) = came.recv() => match told {
                Came::Picture(picture) => {
                    at = picture.frame.area();
                    due.answered();
                    is_shown = true;
                    shared.tell(Report::Shown { id, picture }).await;
                }
                Came::Resized(area) => {
                    at = area;
                    due.answered();
                    due.is_asked_for = true;
                    remote.ask(at, false).await?;
                }
                Came::Nothing(area) => {
                    at = area;
                    if due.answered() {
                        due.want_picture();
                    }
                }
                Came::Cut(text) => due.take_over(text),
            },
            ended = &mut reading => return ended.map(|()| Why::Over),
            () = sleep_until(due.next_wish()) => match due.wish(received.load(Ordering::Relaxed)) {
                Some(Wish::Picture) => remote.ask(at, true).await?,
                Some(Wish::Sign) if is_shown => remote.ask(corner(at), false).await?,
                Some(Wish::Cut(text)) => shared.tell(Report::Cut { id, text }).await,
                // Before the first picture that one is asked for already.
                Some(Wish::Sign) | None => {}
            },
            () = sleep_until(late), if !is_shown => return Ok(Why::Late),
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

/// The smallest part of a screen that can be asked for.
fn corner(area: Area) -> Area {
    Area { width: area.width.min(1), height: area.height.min(1), ..area }
}

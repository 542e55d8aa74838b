//! `noctui console attach`: a serial line on the user's own terminal, byte for byte.

mod escape;
mod modes;
mod terminal;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use bytes::{Bytes, BytesMut};
use tokio::io::AsyncReadExt as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use self::escape::{Escape, Typed};
use self::terminal::{Output, Raw};
use super::connection::{Console, RouteArgs, Way};
use crate::config::{Config, EscapeKey};
use crate::features::console::error::Error;
use crate::features::console::link::{Link, Sending};
use crate::output;
use crate::regular;
use crate::text::clean_line;
use crate::trouble::Trouble;

/// The escape key that is pressed again after this time was pressed twice by chance.
const TWICE_WITHIN: Duration = Duration::from_millis(600);
/// A line that is not open after this is said to be on its way.
const A_MOMENT: Duration = Duration::from_secs(1);
/// What is read from the line at once.
const CHUNK: usize = 16 << 10;
/// What is said where nothing of what was typed has reached the machine.
const UNSENT: &str = "noctui: what was typed while it was being opened was not sent";
/// Whoever leaves waits so long at most for what was typed before.
const LAST_KEYS: Duration = Duration::from_secs(2);

/// What was typed after `console attach`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The way there.
    #[command(flatten)]
    route: RouteArgs,
    /// Leave with this key, from ctrl-a to ctrl-_; pressed twice it is sent.
    #[arg(long, value_name = "KEY")]
    escape: Option<EscapeKey>,
    /// Write what the machine says into this file too, at its end.
    #[arg(long, value_name = "PATH")]
    log: Option<PathBuf>,
}

/// Why an attachment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// The escape key.
    Left,
    /// A signal, by its number.
    Signal(i32),
    /// The line, or the terminal.
    Ended,
}

/// An attachment that has ended.
struct Left {
    why: Why,
    /// The line; none where somebody left before it was open.
    link: Option<Link>,
    /// Bytes that were typed and did not reach the machine.
    lost: usize,
    /// Whether the log is whole.
    logged: io::Result<()>,
}

/// Attaches until somebody leaves or the line ends.
pub(super) fn run(args: &Args, config: &Config) -> anyhow::Result<ExitCode> {
    if let Err(which) = Raw::is_possible() {
        let trouble = Trouble::new(&format!("attaching needs a terminal, and {which} is none"));
        return Err(trouble.to_do("run it in a terminal; ssh needs -t for one").into());
    }
    let way = args.route.way(Console::Serial, config)?;
    way.warn();
    let read_only = way.no_typing(config);
    let log = args.log.as_deref().map(open_log).transpose()?;
    let key = args.escape.unwrap_or(config.console_escape);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(async { attach(&way, (key, read_only.as_deref()), log).await });
    // The thread that waits for keys is not waited for.
    runtime.shutdown_background();
    let Left { why, link, lost, logged } = ended?;
    let whole = told(&way, lost, logged, args.log.as_deref());
    match why {
        Why::Left if link.is_none() => {
            output::complain(&format!("noctui: left before the line to {} was open", way.machine));
            Ok(whole)
        }
        Why::Left => {
            output::complain(&format!("noctui: left {}; who is logged in there stays so", way.machine));
            Ok(whole)
        }
        // As shells tell it.
        Why::Signal(number) => Ok(ExitCode::from(128_u8.saturating_add(u8::try_from(number).unwrap_or(0)))),
        Why::Ended => {
            link.map_or(Ok(()), |link| link.end()).map_err(|error| Trouble::of(&error))?;
            output::complain(&format!("noctui: the line to {} was closed at its other end", way.machine));
            Ok(whole)
        }
    }
}

/// Says what did not arrive: at the machine of what was typed, in the log of what it said.
fn told(way: &Way, lost: usize, logged: io::Result<()>, log: Option<&Path>) -> ExitCode {
    let mut troubles = Vec::new();
    if lost > 0 {
        let keys = if lost == 1 { "1 byte that was".to_owned() } else { format!("{lost} bytes that were") };
        let trouble = Trouble::new(&format!("{keys} typed last did not reach {}: it takes no more", way.machine));
        troubles.push(trouble.to_do("attach again, and look at what arrived"));
    }
    if let (Err(error), Some(log)) = (logged, log) {
        let path = clean_line(&log.display().to_string());
        let trouble = Trouble::new(&format!("the log {path} is not whole")).caused_by(&error.to_string());
        troubles.push(trouble.to_do("make room, or name a file elsewhere with --log"));
    }
    for trouble in &troubles {
        output::complain(&format!("noctui: {trouble}"));
    }
    if troubles.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(output::EXIT_FAILED) }
}

/// Opens the log, which nobody else may read.
fn open_log(path: &Path) -> anyhow::Result<File> {
    regular::append(path).with_context(|| format!("cannot open the log {}", path.display()))
}

/// Opens the line and carries bytes between it and the terminal, which is given back before this returns. The terminal is
/// taken first: what is typed while the line is being opened is for the machine, and never for whatever runs here afterwards.
///
/// With a reason for being read-only, nothing but the key that leaves is heeded of what is typed.
async fn attach(way: &Way, (key, read_only): (EscapeKey, Option<&str>), log: Option<File>) -> anyhow::Result<Left> {
    let machine = way.machine.as_str();
    let mut signals = Signals::catch()?;
    let raw = Raw::take().context("take the terminal")?;
    let (mut typing, mut sending) = (Typing::begin(key, read_only.is_some()), Sending::default());
    let link = match typing.until_opened(way, &mut sending, &raw, &mut signals).await {
        Ok(Ok(link)) => link,
        Ok(Err(why)) => {
            give_back(raw, &sending);
            return Ok(Left { why, link: None, lost: 0, logged: Ok(()) });
        }
        Err(trouble) => {
            give_back(raw, &sending);
            return Err(trouble.into());
        }
    };
    let short = key.short();
    // A terminal that is taken does not go to the margin by itself.
    output::complain(&match read_only {
        None => format!(
            "noctui: the serial line of {machine}: {short} leaves, {short}{short} sends it; enter wakes a quiet line\r"
        ),
        Some(why) => format!(
            "noctui: the serial line of {machine}: {short} leaves; nothing else that is typed is sent: read-only, since {why}\r"
        ),
    });
    let output = Output::start(log);
    let (mut link, why, lost) = carry(link, (&mut typing, sending), &output, &raw, &mut signals).await;
    link.close().await;
    let logged = output.end(why == Why::Ended).await;
    drop(raw);
    // Below whatever the machine left on its last line.
    output::complain("");
    // A proxy takes what is typed before it looks at the token, and has nobody to hand it to.
    let is_refused = matches!(link.end(), Err(Error::Refused { .. } | Error::Upstream { .. }));
    if why == Why::Ended && is_refused && typing.has_typed {
        output::complain(UNSENT);
    }
    Ok(Left { why, link: Some(link), lost, logged })
}

/// Gives the terminal back where no line was opened.
fn give_back(raw: Raw, sending: &Sending) {
    drop(raw);
    if sending.waits() {
        output::complain(UNSENT);
    }
}

/// The keyboard, and what becomes of what is typed there.
struct Typing {
    /// What was typed, chunk by chunk.
    keys: mpsc::Receiver<Vec<u8>>,
    /// The key that leaves.
    key: EscapeKey,
    /// Finds it.
    escape: Escape,
    /// When something was typed last.
    pressed: Instant,
    /// Whether the machine is to get nothing of it.
    is_read_only: bool,
    /// Whether something was typed for the machine.
    has_typed: bool,
}

impl Typing {
    /// Listens to the keyboard from now on.
    fn begin(key: EscapeKey, is_read_only: bool) -> Self {
        Self {
            keys: terminal::keys(),
            key,
            escape: Escape::new(key),
            pressed: Instant::now(),
            is_read_only,
            has_typed: false,
        }
    }

    /// Waits for something to be typed, or until the key that leaves was not pressed twice.
    ///
    /// Cancel safety: what was typed is taken whole or not at all.
    async fn next(&mut self) -> Typed {
        let left = Typed { send: Vec::new(), leave: true };
        tokio::select! {
            biased;
            typed = self.keys.recv() => {
                // The terminal is gone.
                let Some(typed) = typed else { return left };
                let mut typed = self.escape.typed(&typed);
                self.pressed = Instant::now();
                if self.is_read_only {
                    typed.send.clear();
                }
                self.has_typed |= !typed.send.is_empty();
                typed
            }
            () = sleep_until(self.pressed + TWICE_WITHIN), if self.escape.is_pressed() => left,
        }
    }

    /// Opens the line, or says why somebody left before it was open. What is typed meanwhile waits for it.
    async fn until_opened(
        &mut self,
        way: &Way,
        sending: &mut Sending,
        raw: &Raw,
        signals: &mut Signals,
    ) -> Result<Result<Link, Why>, Trouble> {
        let mut opening = std::pin::pin!(way.opened());
        let mut word = std::pin::pin!(sleep(A_MOMENT));
        let mut is_said = false;
        loop {
            tokio::select! {
                biased;
                number = signals.next() => match number {
                    Some(number) => return Ok(Err(Why::Signal(number))),
                    None => _ = raw.again(),
                },
                typed = self.next() => {
                    if !sending.unsent.add(&typed.send) {
                        output::complain("noctui: it is not open yet, and no more of what is typed is kept\r");
                    }
                    if typed.leave {
                        return Ok(Err(Why::Left));
                    }
                }
                opened = &mut opening => return opened.map(Ok),
                () = &mut word, if !is_said => {
                    is_said = true;
                    let key = self.key.short();
                    output::complain(&format!("noctui: the serial line of {} is being opened; {key} gives up\r", way.machine));
                }
            }
        }
    }
}

/// Carries bytes until one side ends. With the reason comes how many bytes were typed and lost.
///
/// Cancel safety: what a branch waits for is taken whole or not at all; bytes wait in `sending` and `unshown` between.
async fn carry(
    link: Link,
    (typing, mut sending): (&mut Typing, Sending),
    output: &Output,
    raw: &Raw,
    signals: &mut Signals,
) -> (Link, Why, usize) {
    let (mut from, mut to) = tokio::io::split(link);
    let mut unshown = Bytes::new();
    let mut chunk = BytesMut::with_capacity(CHUNK);
    let why = loop {
        tokio::select! {
            biased;
            number = signals.next() => match number {
                Some(number) => break Why::Signal(number),
                None => _ = raw.again(),
            },
            typed = typing.next() => {
                // Also of what was read together with the key that leaves, all that stands before it.
                if !sending.unsent.add(&typed.send) {
                    output.ring();
                }
                if typed.leave {
                    break Why::Left;
                }
            }
            pushed = sending.push(&mut to), if sending.waits() => {
                if pushed.is_err() {
                    // Reading says why.
                    sending.give_up();
                }
            }
            place = output.place(), if !unshown.is_empty() => match place {
                Some(place) => place.send(std::mem::take(&mut unshown)),
                None => break Why::Left,
            },
            read = from.read_buf(&mut chunk), if unshown.is_empty() => match read {
                Ok(1..) => unshown = chunk.split().freeze(),
                Ok(0) | Err(_) => break Why::Ended,
            },
        }
        chunk.reserve(CHUNK);
    };
    if why != Why::Ended {
        // What was typed before somebody leaves is not lost by that; whatever is left then is told to be.
        sending.deliver(&mut to, LAST_KEYS).await;
    }
    sending.give_up();
    (from.unsplit(to), why, sending.unsent.lost())
}

/// The signals that concern an attachment.
struct Signals {
    /// Those that end it, with their numbers.
    ends: [(i32, Signal); 4],
    /// The one after a stop.
    continued: Signal,
}

impl Signals {
    /// Catches them from now on.
    fn catch() -> anyhow::Result<Self> {
        let catch = |kind: SignalKind| Ok::<_, std::io::Error>((kind.as_raw_value(), signal(kind)?));
        let ends = [
            catch(SignalKind::hangup())?,
            catch(SignalKind::interrupt())?,
            catch(SignalKind::quit())?,
            catch(SignalKind::terminate())?,
        ];
        let continued = SignalKind::from_raw(rustix::process::Signal::CONT.as_raw());
        Ok(Self { ends, continued: signal(continued)? })
    }

    /// The number of one that ends it; none where the process goes on after a stop.
    async fn next(&mut self) -> Option<i32> {
        let ended = self.ends.iter_mut().map(|(number, signal)| {
            Box::pin(async move {
                signal.recv().await;
                *number
            })
        });
        tokio::select! {
            (number, ..) = futures::future::select_all(ended) => Some(number),
            _ = self.continued.recv() => None,
        }
    }
}

//! `noctui console attach`: a serial line on the user's own terminal, byte for byte.

mod escape;
mod modes;
mod terminal;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, WriteHalf};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use self::escape::Escape;
use self::terminal::{Output, Raw};
use super::connection::{Console, RouteArgs};
use crate::config::{Config, EscapeKey};
use crate::features::console::link::Link;
use crate::output;
use crate::trouble::Trouble;

/// The escape key that is pressed again after this time was pressed twice by chance.
const TWICE_WITHIN: Duration = Duration::from_millis(600);
/// What is read from the line at once.
const CHUNK: usize = 16 << 10;
/// What was typed and not sent yet: a line that takes no more has nothing typed into it.
const UNSENT: usize = 64 << 10;

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
    let ended = runtime.block_on(async {
        let link = way.opened().await?;
        attach(link, way.machine.as_str(), (key, read_only.as_deref()), log).await
    });
    // The thread that waits for keys is not waited for.
    runtime.shutdown_background();
    let (why, link) = ended?;
    match why {
        Why::Left => {
            output::complain(&format!("noctui: left {}; who is logged in there stays so", way.machine));
            Ok(ExitCode::SUCCESS)
        }
        // As shells tell it.
        Why::Signal(number) => Ok(ExitCode::from(128_u8.saturating_add(u8::try_from(number).unwrap_or(0)))),
        Why::Ended => {
            link.end().map_err(|error| Trouble::of(&error))?;
            output::complain(&format!("noctui: the line to {} was closed at its other end", way.machine));
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Opens the log, which nobody else may read.
fn open_log(path: &Path) -> anyhow::Result<File> {
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    file.with_context(|| format!("open the log {}", path.display()))
}

/// Carries bytes between the terminal and the line. The terminal is given back before this returns.
///
/// With a reason for being read-only, nothing but the key that leaves is heeded of what is typed.
async fn attach(
    link: Link,
    machine: &str,
    (key, read_only): (EscapeKey, Option<&str>),
    log: Option<File>,
) -> anyhow::Result<(Why, Link)> {
    let mut signals = Signals::catch()?;
    let raw = Raw::take().context("take the terminal")?;
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
    let (mut link, why) = carry(link, (Escape::new(key), read_only.is_some()), &output, &raw, &mut signals).await;
    link.close().await;
    output.end(why == Why::Ended).await;
    drop(raw);
    // Below whatever the machine left on its last line.
    output::complain("");
    Ok((why, link))
}

/// Carries bytes until one side ends.
///
/// Cancel safety: what a branch waits for is taken whole or not at all; bytes wait in `unsent` and `unshown` between.
async fn carry(
    link: Link,
    (mut escape, is_read_only): (Escape, bool),
    output: &Output,
    raw: &Raw,
    signals: &mut Signals,
) -> (Link, Why) {
    let (mut from, mut to) = tokio::io::split(link);
    let mut keys: mpsc::Receiver<Vec<u8>> = terminal::keys();
    let (mut unsent, mut unshown) = (BytesMut::new(), Bytes::new());
    let mut chunk = BytesMut::with_capacity(CHUNK);
    let (mut unflushed, mut pressed) = (false, Instant::now());
    let why = loop {
        tokio::select! {
            biased;
            number = signals.next() => match number {
                Some(number) => break Why::Signal(number),
                None => _ = raw.again(),
            },
            typed = keys.recv() => {
                let Some(typed) = typed else { break Why::Left };
                let typed = escape.typed(&typed);
                if typed.leave {
                    break Why::Left;
                }
                pressed = Instant::now();
                if !is_read_only && unsent.len() + typed.send.len() <= UNSENT {
                    unsent.extend_from_slice(&typed.send);
                }
            }
            () = sleep_until(pressed + TWICE_WITHIN), if escape.is_pressed() => break Why::Left,
            pushed = push(&mut to, &mut unsent, &mut unflushed), if !unsent.is_empty() || unflushed => {
                if pushed.is_err() {
                    // Reading says why.
                    unsent.clear();
                    unflushed = false;
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
    (from.unsplit(to), why)
}

/// Sends a piece of what was typed or, where nothing is left, sees to it that it goes out.
///
/// Cancel safety: a piece that was sent is gone from `unsent`.
async fn push(to: &mut WriteHalf<Link>, unsent: &mut BytesMut, unflushed: &mut bool) -> io::Result<()> {
    if unsent.is_empty() {
        to.flush().await?;
        *unflushed = false;
    } else {
        let length = to.write(unsent).await?;
        unsent.advance(length);
        *unflushed = true;
    }
    Ok(())
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

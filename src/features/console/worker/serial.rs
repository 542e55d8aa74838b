//! A serial line: bytes from the machine to the screen, keys from the screen to the machine, and a log.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, WriteHalf};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{ConsoleId, Order, Report, Shared, Target, lost};
use crate::blocking;
use crate::clock;
use crate::features::console::cluster::Which;
use crate::features::console::link::{Link, Sending};
use crate::regular;
use crate::trouble::Trouble;

/// What is read from the line at once.
const CHUNK: usize = 16 << 10;
/// Between two pasted lines: enough for a console server at 9600 baud to echo a line of twenty characters.
const LINE_EVERY: Duration = Duration::from_millis(25);
/// Lines of what was said before that are asked for.
const LOG_LINES: usize = 1000;
/// Ctrl-C gives up a paste.
const INTERRUPT: u8 = 3;
/// A line that is closed has so long to take what was typed before.
const LAST_KEYS: Duration = Duration::from_secs(1);

/// Carries a serial line until it ends, or `stop` is cancelled.
pub(super) async fn carry(
    shared: Shared,
    (id, target, with_log): (ConsoleId, Target, bool),
    recording: Option<PathBuf>,
    orders: Receiver<Order>,
    stop: CancellationToken,
) {
    let opened = stop.run_until_cancelled(shared.open(&target, Which::Serial)).await;
    let mut link = match opened {
        Some(Ok(link)) => link,
        Some(Err(error)) => return shared.tell(Report::Ended { id, trouble: Some(Trouble::of(&error)) }).await,
        None => return,
    };
    let log = if with_log { said_before(&shared, &target).await } else { Bytes::new() };
    shared.tell(Report::Opened { id, log }).await;
    let mut carrier = Line { id, machine: target.machine().to_owned(), shared: &shared, log: None };
    if let Some(path) = recording {
        carrier.go_on(path).await;
    }
    let is_over;
    (link, is_over) = carrier.carry(link, orders, &stop).await;
    link.close().await;
    if is_over {
        let trouble = link.end().err().map(|error| Trouble::of(&error));
        carrier.gap(&trouble.as_ref().map_or_else(|| "closed at its other end".to_owned(), Trouble::one_line)).await;
        shared.tell(Report::Ended { id, trouble }).await;
    }
}

/// What the line said before anybody looked, where the cluster keeps it.
async fn said_before(shared: &Shared, target: &Target) -> Bytes {
    let Target::Vm(key) = target else { return Bytes::new() };
    let asked = async { shared.api().await?.serial_log(key, LOG_LINES).await };
    asked.await.unwrap_or_else(|error| {
        // The line is there all the same.
        tracing::info!(machine = key.1, "{}", Trouble::of(&error).one_line());
        Bytes::new()
    })
}

/// A line that is open.
struct Line<'s> {
    id: ConsoleId,
    machine: String,
    shared: &'s Shared,
    log: Option<File>,
}

/// What waits to be sent.
#[derive(Default)]
struct Waiting {
    /// What was typed, and the pasted lines whose time has come.
    sending: Sending,
    /// Pasted lines.
    lines: VecDeque<Bytes>,
    /// When the next of them may go.
    next_line: Option<Instant>,
}

impl Waiting {
    /// Takes something typed; false where it is lost, since the line takes no more.
    fn typed(&mut self, bytes: &[u8]) -> bool {
        if bytes.contains(&INTERRUPT) {
            self.lines.clear();
        }
        self.sending.unsent.add(bytes)
    }

    /// Takes something pasted.
    fn pasted(&mut self, bytes: &Bytes) {
        let mut rest = bytes.clone();
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == b'\r').map_or(rest.len(), |at| at + 1);
            self.lines.push_back(rest.split_to(end));
        }
        self.next_line = Some(Instant::now());
    }

    /// The next pasted line goes.
    fn next_line(&mut self) {
        if let Some(line) = self.lines.pop_front() {
            self.sending.unsent.add_all(&line);
        }
        self.next_line = (!self.lines.is_empty()).then(|| Instant::now() + LINE_EVERY);
    }
}

impl Line<'_> {
    /// Carries bytes until the line ends; then true.
    ///
    /// Cancel safety: what a branch waits for is taken whole or not at all; bytes wait in `waiting` and `unshown` between.
    async fn carry(&mut self, link: Link, mut orders: Receiver<Order>, stop: &CancellationToken) -> (Link, bool) {
        let (mut from, mut to) = tokio::io::split(link);
        let (mut waiting, mut unshown) = (Waiting::default(), Bytes::new());
        let mut chunk = BytesMut::with_capacity(CHUNK);
        let is_over = loop {
            let next_line = waiting.next_line;
            tokio::select! {
                biased;
                () = stop.cancelled() => break false,
                order = orders.recv() => match order {
                    None => break false,
                    Some(Order::Type(bytes)) => if !waiting.typed(&bytes) {
                        let _busy = self.shared.reports.try_send(Report::Failed(lost()));
                    },
                    Some(Order::Paste(bytes)) => waiting.pasted(&bytes),
                    Some(Order::Log(on)) => self.set_log(on).await,
                    Some(Order::Touch(_) | Order::Seen { .. }) => {}
                },
                pushed = waiting.sending.push(&mut to), if waiting.sending.waits() => {
                    if pushed.is_err() {
                        // Reading says why.
                        waiting.sending.give_up();
                    }
                }
                () = sleep_until(next_line.unwrap_or_else(Instant::now)), if next_line.is_some() => waiting.next_line(),
                place = self.shared.reports.reserve(), if !unshown.is_empty() => match place {
                    Ok(place) => place.send(Report::Said { id: self.id, bytes: std::mem::take(&mut unshown) }),
                    Err(_) => break false,
                },
                read = from.read_buf(&mut chunk), if unshown.is_empty() => match read {
                    Ok(1..) => {
                        unshown = chunk.split().freeze();
                        self.write_down(&unshown).await;
                    }
                    Ok(0) | Err(_) => break true,
                },
            }
            chunk.reserve(CHUNK);
        };
        if !is_over {
            self.deliver(&mut to, waiting, orders).await;
        }
        (from.unsplit(to), is_over)
    }

    /// Sends what was typed before the line was closed, as far as it takes that soon. Of what was pasted only the line that is
    /// on its way goes. What is left is told.
    async fn deliver(&self, to: &mut WriteHalf<Link>, mut waiting: Waiting, mut orders: Receiver<Order>) {
        while let Ok(order) = orders.try_recv() {
            match order {
                Order::Type(bytes) => _ = waiting.typed(&bytes),
                Order::Paste(bytes) => waiting.pasted(&bytes),
                Order::Touch(_) | Order::Seen { .. } | Order::Log(_) => {}
            }
        }
        let is_sent = waiting.sending.deliver(to, LAST_KEYS).await;
        let machine = &self.machine;
        let lost = match (is_sent, waiting.lines.len()) {
            (true, 0) => return,
            (true, 1) => format!("{machine} was closed before the last pasted line was sent"),
            (true, lines) => format!("{machine} was closed before the last {lines} pasted lines were sent"),
            (false, _) => format!("{machine} was closed and did not take all that was typed before"),
        };
        let _nobody_listens = self
            .shared
            .reports
            .try_send(Report::Failed(Trouble::new(&lost).to_do("open it again, and look at what arrived")));
    }

    /// Begins a log, or ends it.
    async fn set_log(&mut self, on: bool) {
        if !on {
            self.log = None;
            return self.tell_log(None, None).await;
        }
        let dir = self.shared.setup.logs.clone();
        let name = format!("{}-{}.log", self.machine, clock::now().format("%Y%m%dT%H%M%SZ"));
        match blocking::run(move || create(&dir, &name)).await {
            Ok((file, path)) => {
                self.log = Some(file);
                self.tell_log(Some(path), None).await;
            }
            Err(error) => {
                let trouble = Trouble::new("no log is written").caused_by(&error.to_string());
                self.shared.tell(Report::Failed(trouble.to_do("check the folder of noctui's state"))).await;
            }
        }
    }

    /// Goes on with a recording that stopped when the line dropped.
    async fn go_on(&mut self, path: PathBuf) {
        let at = path.clone();
        match blocking::run(move || regular::append(&at)).await {
            Ok(file) => {
                self.log = Some(file);
                self.gap("open again").await;
            }
            Err(error) => {
                let trouble = Trouble::new("the recording does not go on").caused_by(&error.to_string());
                self.tell_log(None, Some(trouble.to_do("begin another one"))).await;
            }
        }
    }

    /// Says in the recording, if there is one, what became of the line, and when: between two such lines nothing was heard.
    async fn gap(&mut self, what: &str) {
        let at = clock::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        self.write_down(&format!("\r\n-- noctui {at}: {what}\r\n").into()).await;
    }

    /// Writes down what the machine said, if that is wanted.
    async fn write_down(&mut self, bytes: &Bytes) {
        let Some(mut file) = self.log.take() else { return };
        let bytes = bytes.clone();
        let written = blocking::run(move || file.write_all(&bytes).map(|()| file)).await;
        match written {
            Ok(file) => self.log = Some(file),
            Err(error) => {
                let what = format!("the log of {} has ended", self.machine);
                let trouble = Trouble::new(&what).caused_by(&error.to_string());
                self.tell_log(None, Some(trouble.to_do("make room on the disk"))).await;
            }
        }
    }

    /// Tells where it is written down or, of none, why not any more where nobody wanted that.
    async fn tell_log(&self, path: Option<PathBuf>, trouble: Option<Trouble>) {
        self.shared.tell(Report::Logging { id: self.id, path, trouble }).await;
    }
}

/// Makes a log that nobody else may read.
pub(super) fn create(dir: &std::path::Path, name: &str) -> io::Result<(File, PathBuf)> {
    crate::config::create_private_dir(dir)?;
    let path = dir.join(name);
    Ok((regular::append(&path)?, path))
}

//! A stand-in for the websocket proxy and the machines behind it: real websockets, real tokens, machines that are simulated.
//!
//! It refuses as the real one does: the websocket is opened, and closed with code 1000 and a reason. For tests it can be told
//! to misbehave.

pub mod cluster;
mod door;
mod screen;
mod switch;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::screen::Touch;
pub use self::switch::{PASSWORD, Switch, USER};
use super::rfb::Frame;
use crate::config::{Endpoint, MachineName, ProxyUrl};
use crate::secret::Secret;
use crate::tls::identity;

/// What is simulated.
#[derive(Debug)]
pub struct Setup {
    /// The key that tokens are checked with.
    pub key: Secret,
    /// The prefix in addresses.
    pub prefix: Option<String>,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// The machines behind it. One proxy leads to one console of each.
    pub machines: Vec<(MachineName, Machine)>,
}

/// What the proxy leads to.
#[derive(Debug, Clone)]
pub enum Machine {
    /// The serial line of a switch.
    Switch,
    /// A serial line that says something without end, and counts what is typed at it.
    Flood,
    /// A screen that shows this.
    Screen(Frame),
}

/// What goes wrong with connections from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The machine cannot be reached: code 1011.
    Upstream,
    /// Closed at once with this code and reason.
    Close(u16, String),
    /// The line drops without a word once so many bytes came from the machine.
    DropAfter(usize),
    /// The proxy loses its connection to the machine once so many bytes came from it: code 1011.
    LostAfter(usize),
    /// Nothing comes, no answer to a ping either.
    Mute,
    /// One message of so many bytes.
    Huge(usize),
    /// An HTTP page instead of a websocket.
    Page(u16, String),
}

/// A proxy that runs. It ends when it is dropped.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    prefix: Option<String>,
    /// The certificate of its authority, in PEM, where it speaks TLS.
    authority: Option<String>,
    world: Arc<World>,
}

/// What connections share.
#[derive(Debug)]
struct World {
    key: Secret,
    prefix: Option<String>,
    lines: BTreeMap<MachineName, Line>,
    fault: Mutex<Option<Fault>>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// A line: the machine at its end, and who looks at it.
#[derive(Debug)]
struct Line {
    end: LineEnd,
    /// Cancelled when the next one attaches, who takes the line.
    viewer: Mutex<CancellationToken>,
    /// How many are attached.
    attached: AtomicUsize,
}

/// What is at the end of a line.
#[derive(Debug)]
enum LineEnd {
    /// A switch, in whatever state it was left.
    Switch(Mutex<Switch>),
    /// Something that never ends.
    Flood(Counts),
    /// A screen.
    Screen(Display),
}

/// What went over a line, in bytes; of a screen, in pictures.
#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    typed: AtomicU64,
}

/// A screen, and what is done at it.
#[derive(Debug)]
struct Display {
    /// How many pictures were sent.
    counts: Counts,
    /// What it shows, for whoever waits for it to change.
    shown: watch::Sender<Frame>,
    /// What was done at it, the oldest first.
    touched: Mutex<Vec<Touch>>,
    /// The password that lets in; `None` where everybody is let in.
    password: Mutex<Option<Secret>>,
}

impl Line {
    /// A line to this machine.
    fn new(name: &str, machine: &Machine) -> Self {
        let end = match machine {
            Machine::Switch => LineEnd::Switch(Mutex::new(Switch::new(name))),
            Machine::Flood => LineEnd::Flood(Counts::default()),
            Machine::Screen(frame) => LineEnd::Screen(Display {
                counts: Counts::default(),
                shown: watch::Sender::new(frame.clone()),
                touched: Mutex::default(),
                password: Mutex::default(),
            }),
        };
        Self { end, viewer: Mutex::default(), attached: AtomicUsize::new(0) }
    }

    /// Breaks it for whoever is attached.
    fn break_off(&self) {
        self.viewer.lock().unwrap_or_else(PoisonError::into_inner).cancel();
    }

    /// The machine at its end starts anew: the line breaks.
    fn restart(&self) {
        self.break_off();
        if let LineEnd::Switch(switch) = &self.end {
            switch.lock().unwrap_or_else(PoisonError::into_inner).restart();
        }
    }

    /// What was sent, and what was typed.
    fn counts(&self) -> (u64, u64) {
        let counts = match &self.end {
            LineEnd::Switch(_) => return (0, 0),
            LineEnd::Flood(counts) => counts,
            LineEnd::Screen(display) => &display.counts,
        };
        (counts.sent.load(Ordering::Relaxed), counts.typed.load(Ordering::Relaxed))
    }

    /// Whether anybody is attached.
    fn is_in_use(&self) -> bool {
        self.attached.load(Ordering::Relaxed) > 0
    }
}

impl Simulator {
    /// Starts one on a port of the loopback.
    ///
    /// # Errors
    /// Where the system gives no port.
    pub async fn start(setup: Setup) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let identity = setup.tls.then(|| identity("console proxy")).transpose()?;
        let line = |(name, machine): (MachineName, Machine)| {
            let line = Line::new(name.as_str(), &machine);
            (name, line)
        };
        let world = Arc::new(World {
            key: setup.key,
            prefix: setup.prefix.clone(),
            lines: setup.machines.into_iter().map(line).collect(),
            fault: Mutex::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        let acceptor = identity.as_ref().map(|identity| TlsAcceptor::from(Arc::clone(&identity.tls)));
        let (stop, listening) = (world.stop.clone(), door::listen(Arc::clone(&world), listener, acceptor));
        world.tasks.spawn(async move { stop.run_until_cancelled(listening).await });
        let authority = identity.map(|identity| identity.authority);
        Ok(Self { address, prefix: setup.prefix, authority, world })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> ProxyUrl {
        let host = if self.authority.is_some() { "localhost".to_owned() } else { self.address.ip().to_string() };
        let endpoint = Endpoint { host, port: self.address.port() };
        ProxyUrl { tls: self.authority.is_some(), endpoint, prefix: self.prefix.clone() }
    }

    /// The certificate to trust, in PEM; none where it speaks no TLS.
    #[must_use]
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// Shows another picture on the screen of `machine`; nothing where it has none.
    pub fn show(&self, machine: &MachineName, frame: Frame) {
        if let Some(Line { end: LineEnd::Screen(screen), .. }) = self.world.lines.get(machine) {
            screen.shown.send_replace(frame);
        }
    }

    /// What goes wrong with connections from now on.
    pub fn misbehave(&self, fault: Option<Fault>) {
        *self.world.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.world.stop.cancel();
    }
}

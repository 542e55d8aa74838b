//! A stand-in for the API of a cluster with KubeVirt: lists, watches, power, consoles and logs, as far as they are asked for.

mod door;
mod objects;
mod state;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::state::{Machine as Known, Power, State};
use super::screen::Touch;
use super::{Line, LineEnd, Machine};
use crate::clock;
use crate::features::console::rfb::Frame;
use crate::secret::Secret;
use crate::tls::identity;

/// What is simulated.
#[derive(Debug)]
pub struct ClusterSetup {
    /// The token that lets in.
    pub token: Secret,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// How long a machine takes to start or stop.
    pub power_takes: Duration,
    /// The machines.
    pub machines: Vec<ClusterMachine>,
}

/// A machine of it.
#[derive(Debug, Clone)]
pub struct ClusterMachine {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Whether it runs.
    pub runs: bool,
    /// What it runs on.
    pub node: String,
    /// Its address.
    pub address: String,
    /// What its agent tells; empty where it has none.
    pub guest: String,
    /// Whether it has a serial line, with a switch at its end.
    pub has_serial: bool,
    /// Whether that line says something without end instead.
    pub floods: bool,
    /// What its serial line said before anybody looked.
    pub serial_log: String,
    /// What its screen shows; `None` where it has none.
    pub screen: Option<Frame>,
}

/// What goes wrong from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClusterFault {
    /// Nobody is let in.
    Unauthorized,
    /// Nothing is allowed.
    Forbidden,
    /// There is no KubeVirt.
    NotInstalled,
    /// No console can be opened, with this status and message.
    NoConsole(u16, String),
    /// Every watch begins too late: 410.
    Gone,
    /// One of the two kinds may not be listed: `virtualmachines` or `virtualmachineinstances`.
    ForbiddenKind(&'static str),
    /// Nothing is answered.
    Mute,
}

/// A cluster that runs. It ends when it is dropped.
#[derive(Debug)]
pub struct ClusterSimulator {
    address: SocketAddr,
    authority: Option<String>,
    world: Arc<World>,
}

/// What connections share.
#[derive(Debug)]
struct World {
    token: Secret,
    power_takes: Duration,
    state: Mutex<State>,
    /// The version of the state, for those who watch.
    changed: watch::Sender<u64>,
    fault: Mutex<Option<ClusterFault>>,
    /// Requests that came, as `GET /path?query`.
    calls: Mutex<Vec<String>>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl World {
    /// The state.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What goes wrong.
    fn fault(&self) -> Option<ClusterFault> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells those who watch.
    fn tell(&self) {
        let version = self.state().version();
        self.changed.send_replace(version);
    }
}

impl ClusterSimulator {
    /// Starts one on a port of the loopback.
    ///
    /// # Errors
    /// Where the system gives no port.
    pub async fn start(setup: ClusterSetup) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let identity = setup.tls.then(|| identity("cluster")).transpose()?;
        let now = clock::now();
        let mut state = State::default();
        for (number, machine) in setup.machines.into_iter().enumerate() {
            let line = |machine: &Machine| Arc::new(Line::new("", machine));
            state.add(Known {
                serial: machine.has_serial.then(|| {
                    let end = if machine.floods { Machine::Flood } else { Machine::Switch };
                    Arc::new(Line::new(&machine.name, &end))
                }),
                screen: machine.screen.map(|frame| line(&Machine::Screen(frame))),
                key: (machine.namespace, machine.name),
                number,
                power: if machine.runs { Power::Running } else { Power::Stopped },
                node: machine.node,
                address: machine.address,
                guest: machine.guest,
                created: objects::created(now, number),
                since: objects::created(now, 0),
                serial_log: machine.serial_log,
            });
        }
        let world = Arc::new(World {
            token: setup.token,
            power_takes: setup.power_takes,
            changed: watch::Sender::new(state.version()),
            state: Mutex::new(state),
            fault: Mutex::default(),
            calls: Mutex::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        let acceptor = identity.as_ref().map(|identity| TlsAcceptor::from(Arc::clone(&identity.tls)));
        let (stop, listening) = (world.stop.clone(), door::listen(Arc::clone(&world), listener, acceptor));
        world.tasks.spawn(async move { stop.run_until_cancelled(listening).await });
        Ok(Self { address, authority: identity.map(|identity| identity.authority), world })
    }

    /// Where it listens.
    #[must_use]
    pub fn server(&self) -> String {
        match self.authority {
            Some(_) => format!("https://localhost:{}", self.address.port()),
            None => format!("http://{}", self.address),
        }
    }

    /// The certificate to trust, in PEM; none where it speaks no TLS.
    #[must_use]
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// A kubeconfig that leads here and lets in.
    #[must_use]
    pub fn kubeconfig(&self) -> String {
        let mut cluster = BTreeMap::from([("server".to_owned(), self.server())]);
        if let Some(pem) = &self.authority {
            cluster.insert("certificate-authority-data".to_owned(), STANDARD.encode(pem));
        }
        let text = serde_json::json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "lab",
            "clusters": [{"name": "lab", "cluster": cluster}],
            "users": [{"name": "somebody", "user": {"token": self.world.token.expose()}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "somebody", "namespace": "training"}}],
        });
        format!("{text:#}\n")
    }

    /// Shows another picture on the screen of a machine; nothing where it has none.
    pub fn show(&self, namespace: &str, name: &str, frame: Frame) {
        let state = self.world.state();
        let line = state.machine(namespace, name).and_then(|machine| machine.screen.as_ref());
        if let Some(LineEnd::Screen(screen)) = line.map(|line| &line.end) {
            screen.shown.send_replace(frame);
        }
    }

    /// From now on the screen of a machine wants a password; nothing where it has none.
    pub fn lock_screen(&self, namespace: &str, name: &str, password: Secret) {
        let state = self.world.state();
        let line = state.machine(namespace, name).and_then(|machine| machine.screen.as_ref());
        if let Some(LineEnd::Screen(screen)) = line.map(|line| &line.end) {
            *screen.password.lock().unwrap_or_else(PoisonError::into_inner) = Some(password);
        }
    }

    /// What was done at the screen of a machine since this was asked last.
    #[must_use]
    pub fn touched(&self, namespace: &str, name: &str) -> Vec<Touch> {
        let state = self.world.state();
        let line = state.machine(namespace, name).and_then(|machine| machine.screen.as_ref());
        match line.map(|line| &line.end) {
            Some(LineEnd::Screen(screen)) => {
                std::mem::take(&mut *screen.touched.lock().unwrap_or_else(PoisonError::into_inner))
            }
            Some(LineEnd::Switch(_) | LineEnd::Flood(_)) | None => Vec::new(),
        }
    }

    /// Whether anybody looks at the screen of a machine.
    #[must_use]
    pub fn is_watched(&self, namespace: &str, name: &str) -> bool {
        let state = self.world.state();
        let line = state.machine(namespace, name).and_then(|machine| machine.screen.as_ref());
        line.is_some_and(|line| line.is_in_use())
    }

    /// Whether a machine runs.
    #[must_use]
    pub fn is_running(&self, namespace: &str, name: &str) -> bool {
        self.world.state().machine(namespace, name).is_some_and(|machine| machine.power == Power::Running)
    }

    /// What a machine has sent, in bytes along its serial line or in pictures of its screen, and what was typed at it.
    #[must_use]
    pub fn counts(&self, namespace: &str, name: &str) -> (u64, u64) {
        let state = self.world.state();
        let machine = state.machine(namespace, name);
        let line = machine.and_then(|machine| machine.serial.as_ref().or(machine.screen.as_ref()));
        line.map_or((0, 0), |line| line.counts())
    }

    /// What goes wrong from now on.
    pub fn misbehave(&self, fault: Option<ClusterFault>) {
        *self.world.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// Forgets what happened: whoever watches has to list again.
    pub fn forget(&self) {
        self.world.state().forget();
        self.world.tell();
    }

    /// The requests that came so far, as `GET /path?query`.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.world.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Breaks every serial line that somebody is attached to, without a word.
    pub fn drop_lines(&self) {
        for machine in &self.world.state().machines {
            for line in [&machine.serial, &machine.screen].into_iter().flatten() {
                line.break_off();
            }
        }
    }
}

impl Drop for ClusterSimulator {
    fn drop(&mut self) {
        self.world.stop.cancel();
    }
}

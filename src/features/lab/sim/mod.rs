//! A simulated lab: the front server's token service and inventory, and behind it the gateway's port-forward service with a
//! database and a firewall that may disagree.
//!
//! It is written from what is known of the service, not from what our client does: it answers status by status as the real
//! one, with pages of HTML where that has them, patterns where a filter looks exact, and a delete that never says 404. Tests
//! tell it what goes wrong ([`Simulator::fault`]) and look at what is in force ([`Simulator::state`]). Where it is asked to,
//! its forwards lead to real listeners on loopback.

mod auth;
mod door;
mod gateway;
mod page;
mod shell;
mod state;
mod targets;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::auth::TokenClaims;
pub use self::shell::hand_over;
pub use self::state::{Fault, Guest, Record, Saved, State};
use self::targets::Targets;
use crate::clock;

/// What a simulated lab is started with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Whose gateway it is.
    pub owner: String,
    /// The password with which its owner logs in.
    pub password: String,
    /// How long tokens hold.
    pub lifetime: Duration,
    /// The gateway's ports, both ends included; `None` for any that are free.
    pub pool: Option<(u16, u16)>,
    /// Whether forwards lead to real listeners on 127.0.0.1.
    pub listens: bool,
    /// Whether there is TLS.
    pub tls: bool,
    /// Zero for any port that is free.
    pub port: u16,
    /// Of its random numbers.
    pub seed: u64,
    /// Whether lines for the gateway's shell are taken, from anybody on this machine.
    pub shell: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            owner: "pat".to_owned(),
            password: "simulated password".to_owned(),
            lifetime: Duration::from_hours(8),
            pool: Some((50_000, 50_100)),
            listens: false,
            tls: false,
            port: 0,
            seed: 1,
            shell: false,
        }
    }
}

/// What all connections share.
#[derive(Debug)]
struct World {
    setup: Setup,
    state: Mutex<State>,
    targets: Targets,
    /// The service has one process and one thread.
    turn: tokio::sync::Mutex<()>,
    stop: CancellationToken,
    tasks: TaskTracker,
    /// The front server's address, which its tokens name.
    issuer: String,
}

impl World {
    /// What is in force.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A simulated lab that is running. It stops when it goes away.
#[derive(Debug)]
pub struct Simulator {
    world: Arc<World>,
    address: SocketAddr,
    authority: Option<String>,
}

impl Simulator {
    /// Starts one on 127.0.0.1.
    pub async fn start(setup: Setup) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, setup.port)).await?;
        let address = listener.local_addr()?;
        let identity = if setup.tls { Some(crate::tls::identity("vLab")?) } else { None };
        let scheme = if setup.tls { "https" } else { "http" };
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let world = Arc::new(World {
            state: Mutex::new(State::new(setup.pool, setup.seed)),
            targets: Targets::new(setup.listens, stop.clone(), tasks.clone()),
            turn: tokio::sync::Mutex::new(()),
            issuer: format!("{scheme}://{address}"),
            stop,
            tasks,
            setup,
        });
        let acceptor = identity.as_ref().map(|identity| TlsAcceptor::from(Arc::clone(&identity.tls)));
        let served = door::listen(Arc::clone(&world), listener, acceptor);
        let stop = world.stop.clone();
        world.tasks.spawn(async move { stop.run_until_cancelled(served).await });
        Ok(Self { world, address, authority: identity.map(|identity| identity.authority) })
    }

    /// Its address, as a configuration has it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.world.issuer
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate of the authority that signed its own, in PEM, where there is TLS.
    #[must_use]
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// A token of the owner, as the front server makes it now.
    #[must_use]
    pub fn token(&self) -> String {
        self.token_with(|_| ())
    }

    /// The same with other claims.
    #[must_use]
    pub fn token_with(&self, change: impl FnOnce(&mut TokenClaims)) -> String {
        let mut claims = TokenClaims::of(&self.world, &self.world.setup.owner, clock::now());
        change(&mut claims);
        claims.sign()
    }

    /// What is in force, to be looked at and changed.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.world.state()
    }

    /// Has something go wrong with the next so many requests that it concerns.
    pub fn fault(&self, fault: Fault, times: usize) {
        self.world.state().faults.push((fault, times));
    }

    /// Adds a forward as the service would, and returns the gateway's port.
    pub fn forward(&self, name: &str, component: &str, address: &str, target: u16) -> io::Result<u16> {
        gateway::add(&self.world, name, component, address, target)
    }

    /// Adds a record without rules: what is left when somebody deletes rules by hand.
    pub fn dead_record(&self, name: &str, component: &str, address: &str, target: u16) -> io::Result<u16> {
        let port = self.forward(name, component, address, target)?;
        self.world.state().drop_rules(port);
        self.world.targets.close(port);
        Ok(port)
    }

    /// Adds rules without a record: what is left when saving the rules fails.
    pub fn unlisted_rule(&self, address: &str, target: u16) -> io::Result<u16> {
        let port = self.forward("", "", address, target)?;
        self.world.state().records.retain(|record| record.port != port);
        Ok(port)
    }

    /// A machine is switched on or off: what listens behind its forwards comes or goes.
    pub fn switch(&self, address: &str, is_on: bool) {
        let rules: Vec<(u16, u16)> = {
            let mut state = self.world.state();
            if is_on {
                state.off.remove(address);
            } else {
                state.off.insert(address.to_owned());
            }
            let of = state.nat.iter().filter(|rule| rule.address == address);
            of.map(|rule| (rule.port, rule.target)).collect()
        };
        for (port, target) in rules {
            if let Err(error) = self.world.targets.open(port, target, is_on) {
                tracing::info!(port, %error, "the simulated machine does not listen");
            }
        }
    }

    /// The requests so far, as `METHOD /path?query`.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.world.state().calls.clone()
    }

    /// Breaks off everything and waits until it is over.
    pub async fn stop(self) {
        self.world.stop.cancel();
        self.world.tasks.close();
        self.world.tasks.wait().await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.world.stop.cancel();
    }
}

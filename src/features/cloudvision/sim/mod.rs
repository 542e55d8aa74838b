//! A simulated CloudVision: the real wire protocol over TLS, and behind it workspaces, builds and change controls that
//! behave as the real ones do.
//!
//! It is written from what is known of the server, not from what our client does: it refuses what the server refuses, and
//! a client that leaves something out does not get the result. Tests tell it what goes wrong ([`Simulator::fault`],
//! [`Simulator::find`]), hold it in the middle of a step ([`Simulator::hold`]), and read what was called
//! ([`Simulator::calls`]) and what is in force ([`Simulator::mainline`]).
//!
//! What is where: `door` is TLS, token, message size, faults and the log; `api` has the services, each a thin reading of
//! the [`state`]; [`mainline`] is what is in force, `workspace`, `build` and `submit` are how it changes; `change`, `run`
//! and `validate` are change controls; `pages` is what is read by plain HTTP.

mod api;
mod build;
mod change;
mod configlet;
mod covers;
mod design;
mod diff;
mod door;
mod fabric;
mod feed;
mod findings;
mod inputs;
mod keys;
mod mainline;
mod pages;
mod query;
mod run;
mod script;
mod seed;
mod state;
mod studio;
mod submit;
mod summary;
mod tags;
mod validate;
mod version;
mod workspace;
mod world;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

pub use self::door::{Call, Calls};
pub use self::fabric::{Fabric, FabricChange, FabricDevice, FabricWorkspace, Fate};
pub use self::mainline::{Assigned, Inputs, Mainline, Tag};
pub use self::script::{Effect, Fault, Finding, Found, Objection, Pace, Step};
use self::state::State;
use self::world::{Rules, World, lock};
use crate::features::cloudvision::pb::inventory::StreamingStatus;

/// Bytes that the real server takes in one message.
const MESSAGE_LIMIT: usize = 1 << 20;
/// Bytes of inputs from which on they come in several messages.
const INPUTS_LIMIT: usize = 256 << 10;

/// What a simulated CloudVision is started with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Devices, and what was before.
    pub fabric: Fabric,
    /// `CVaaS` or `YYYY.N.N`. Older ones lack what came later.
    pub version: String,
    /// What every call has to bring.
    pub token: String,
    /// Name and password of the login page.
    pub login: (String, String),
    /// How long the server's steps take.
    pub pace: Pace,
    /// Bytes that a request's message may have.
    pub message_limit: usize,
    /// Bytes of studio inputs from which on they come in several messages.
    pub inputs_limit: usize,
    /// Whether interfaces of tags come back as `NAME@SERIAL`.
    pub long_interfaces: bool,
    /// Zero for any port that is free.
    pub port: u16,
}

impl Setup {
    /// The newest version, with all limits as in the field and no time for anything.
    #[must_use]
    pub fn new(fabric: Fabric) -> Self {
        Self {
            fabric,
            version: "CVaaS".to_owned(),
            token: "simulated-token".to_owned(),
            login: ("admin".to_owned(), "simulated-password".to_owned()),
            pace: Pace::default(),
            message_limit: MESSAGE_LIMIT,
            inputs_limit: INPUTS_LIMIT,
            long_interfaces: false,
            port: 0,
        }
    }
}

/// A simulated CloudVision that is running. It stops when it goes away.
#[derive(Debug)]
pub struct Simulator {
    world: Arc<World>,
    address: SocketAddr,
    authority: String,
    token: String,
}

impl Simulator {
    /// Starts one on 127.0.0.1.
    pub async fn start(setup: Setup) -> io::Result<Self> {
        let Setup { fabric, version, token, login, pace, message_limit, inputs_limit, long_interfaces, port } = setup;
        let identity = crate::tls::identity("CloudVision")?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let mut state = State::new(version);
        seed::seed(&mut state, &fabric);
        let rules = Rules { token: token.clone(), login, pace, message_limit, inputs_limit, long_interfaces };
        let world = Arc::new(World::new(state, rules));
        let routes = api::routes(&world);
        let served = door::listen(Arc::clone(&world), listener, TlsAcceptor::from(identity.tls), routes);
        let stop = world.stop.clone();
        world.tasks.spawn(async move { stop.run_until_cancelled(served).await });
        Ok(Self { world, address, authority: identity.authority, token })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate of the authority that signed its own, in PEM. It is valid for `localhost` and `127.0.0.1`.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The token that it takes.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// No longer takes any token but this one; sessions of the login page are over, too.
    pub fn set_token(&self, token: &str) {
        *lock(&self.world.tokens) = vec![token.to_owned()];
    }

    /// The log of calls.
    #[must_use]
    pub fn calls(&self) -> &Calls {
        &self.world.calls
    }

    /// Waits that long before it serves each call.
    pub fn set_latency(&self, latency: Duration) {
        *lock(&self.world.latency) = latency;
    }

    /// Serves calls one after the other, as if the client waited for each answer before it asked on, or no longer. Streams
    /// that stay open hold nothing up.
    pub fn set_in_turn(&self, in_turn: bool) {
        self.world.in_turn.store(in_turn, std::sync::atomic::Ordering::Relaxed);
    }

    /// Takes that long for its steps from now on.
    pub fn set_pace(&self, pace: Pace) {
        *lock(&self.world.pace) = pace;
    }

    /// Has something happen to calls.
    pub fn fault(&self, fault: Fault) {
        self.world.faults.add(fault);
    }

    /// Lets all calls pass again.
    pub fn clear_faults(&self) {
        self.world.faults.clear();
    }

    /// Stops at a step until it is released.
    pub fn hold(&self, step: Step) {
        self.world.hold(step, true);
    }

    /// Goes on with a step.
    pub fn release(&self, step: Step) {
        self.world.hold(step, false);
    }

    /// Has builds find something in a device.
    pub fn find(&self, finding: Finding) {
        self.world.state().script.findings.push(finding);
    }

    /// Has builds find something in every configuration that has a certain line.
    pub fn object_to(&self, objection: Objection) {
        self.world.state().script.objections.push(objection);
    }

    /// Has builds fail as a whole, or no longer.
    pub fn fail_builds(&self, error: Option<&str>) {
        self.world.state().script.build_error = error.map(str::to_owned);
    }

    /// Has submissions fail, or no longer.
    pub fn fail_submissions(&self, error: Option<&str>) {
        self.world.state().script.submit_error = error.map(str::to_owned);
    }

    /// Has rebases fail, or no longer.
    pub fn fail_rebases(&self, error: Option<&str>) {
        self.world.state().script.rebase_error = error.map(str::to_owned);
    }

    /// Has bulk and single writes of one id fail. The id is that of a configlet, an assignment or a studio, `LABEL:VALUE`
    /// of a tag, or the device of a tag's assignment.
    pub fn refuse_entry(&self, id: &str, error: &str) {
        self.world.state().script.refused_entries.push((id.to_owned(), error.to_owned()));
    }

    /// Has the stage of a device fail when a change control runs.
    pub fn fail_stage(&self, device: &str, error: &str) {
        self.world.state().script.failing_stages.push((device.to_owned(), error.to_owned()));
    }

    /// Somebody else changes the mainline now: every pending workspace needs a rebase.
    pub fn move_mainline(&self) {
        submit::overtake(&mut self.world.state());
    }

    /// Somebody else changes the mainline right before each of the next so many submissions.
    pub fn overtake_submissions(&self, times: usize) {
        self.world.state().script.overtaken = times;
    }

    /// Has a device stream, or no longer.
    pub fn set_streaming(&self, device: &str, active: bool) {
        let status = if active { StreamingStatus::Active } else { StreamingStatus::Inactive };
        let mut state = self.world.state();
        let time = state.now();
        state.devices.edit(device, time, |device| device.set_streaming_status(status));
    }

    /// What is in force.
    #[must_use]
    pub fn mainline(&self) -> Arc<Mainline> {
        Arc::clone(&self.world.state().mainline)
    }

    /// What runs on a device.
    #[must_use]
    pub fn running(&self, device: &str) -> Option<String> {
        self.world.state().running.get(device).cloned()
    }

    /// Somebody configures a device past CloudVision: this runs on it now.
    pub fn set_running(&self, device: &str, config: &str) {
        self.world.state().running.insert(device.to_owned(), config.to_owned());
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

#[cfg(test)]
mod tests;

//! A connection: a forward that is there or is made, something that answers behind it, and the program that uses it.

use tokio_util::sync::CancellationToken;

use super::link::Link;
use super::{JobId, Prepared, Report, Shared};
use crate::features::lab::act::{Actor, Change, Outcome, keep, silent, use_for_connection, wait_until_open};
use crate::features::lab::connect::{self, Surroundings, Target, UNKNOWN_PORT};
use crate::features::lab::model::{Forward, Protocol, Wanted};
use crate::features::lab::store;
use crate::trouble::Trouble;

impl Link {
    /// Sees to it that there is a forward that answers.
    pub(super) async fn prepare(
        &mut self,
        actor: &Actor,
        wanted: &Wanted,
        (protocol, remove_after): (Option<Protocol>, bool),
        cancel: &CancellationToken,
    ) -> Result<Prepared, (Trouble, Option<Forward>)> {
        // What no program can use need not be made.
        let planned = self.host.clone().unwrap_or_else(|| "gateway".to_owned());
        let planned = Target::of(&self.lab.name, &planned, &wanted.on(UNKNOWN_PORT), protocol);
        let around = Surroundings::read(|name| std::env::var_os(name));
        connect::launch(&self.shared.setup.connect, &planned, &around, remove_after)
            .map_err(|trouble| (trouble, None))?;
        let (outcome, goes) = if remove_after {
            actor.make_for_connection(wanted).await
        } else {
            (actor.carry_out(&Change::Add(wanted.clone())).await, false)
        };
        let is_new = matches!(outcome, Outcome::Made { .. });
        let forward = match outcome {
            Outcome::Made { forward, .. }
            | Outcome::Found { forward, .. }
            | Outcome::Stays { forward, .. }
            | Outcome::Removed { forward }
            | Outcome::Mended { forward } => forward,
            Outcome::Failed { trouble } => return Err((trouble, None)),
        };
        let made = (is_new || goes).then(|| forward.clone());
        let host = if let Some(host) = &self.host {
            host.clone()
        } else {
            let gateway = actor.client.list().await.map(|(_, gateway, _)| gateway);
            let gateway = gateway.map_err(|error| (Trouble::of(&error), made.clone()))?;
            self.lab.gateway.clone().unwrap_or(gateway)
        };
        let using = Using { lab: self.lab.name.clone(), host, protocol, removes: remove_after, goes, is_new };
        prepared(&self.shared, using, forward, cancel).await.map_err(|trouble| (trouble, made))
    }
}

/// How a forward is to be used.
#[derive(Debug)]
pub(super) struct Using {
    /// The lab's name.
    pub(super) lab: String,
    /// The gateway's host as seen from here.
    pub(super) host: String,
    /// How; `None` as its port is usually used.
    pub(super) protocol: Option<Protocol>,
    /// Whether it is removed afterwards if it was made for this.
    pub(super) removes: bool,
    /// Whether it goes afterwards, so that the end of the program matters.
    pub(super) goes: bool,
    /// Whether the forward was made for this.
    pub(super) is_new: bool,
}

/// Waits for a forward that is there, and tells what uses it.
pub(super) async fn use_it(shared: Shared, job: JobId, using: Using, forward: Forward, cancel: CancellationToken) {
    let at = (using.lab.clone(), shared.server(&using.lab));
    let result = match use_for_connection(&shared.store, at, &forward, using.removes).await {
        Ok(goes) => {
            let made = goes.then(|| forward.clone());
            let using = Using { goes, ..using };
            prepared(&shared, using, forward, &cancel).await.map_err(|trouble| (trouble, made))
        }
        Err(trouble) => Err((trouble, None)),
    };
    shared.tell(Report::Ready { job, result }).await;
}

/// Waits until something answers behind a forward, and chooses the program that uses it.
async fn prepared(
    shared: &Shared,
    using: Using,
    forward: Forward,
    cancel: &CancellationToken,
) -> Result<Prepared, Trouble> {
    let Using { lab, host, protocol, goes, is_new, .. } = using;
    match cancel.run_until_cancelled(wait_until_open(&host, &forward)).await {
        Some(reach) if reach.is_open() => {
            let target = Target::of(&lab, &host, &forward, protocol);
            let around = Surroundings::read(|name| std::env::var_os(name));
            let launch = connect::launch(&shared.setup.connect, &target, &around, goes)?;
            let instead = connect::instead(&shared.setup.connect, &target, &around);
            // Of a program whose end nobody sees the forward stays, which is said.
            let is_seen = matches!(launch, connect::Launch::Terminal(_));
            if goes && !is_seen {
                keep(&shared.store, shared.server(&lab), forward.port).await;
            }
            Ok(Prepared { forward, host, is_new, goes: goes && is_seen, launch, instead })
        }
        Some(reach) => {
            let (server, name) = (shared.server(&lab), forward.name.clone());
            let power = shared.store.read(move |connection| store::power(connection, &server, &name)).await;
            Err(silent(&host, &forward, &reach, power.ok().flatten().as_deref()))
        }
        None => Err(Trouble::new(&format!("no longer waiting for {}", forward.title()))),
    }
}

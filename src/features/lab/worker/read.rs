//! Reading a lab: what is known from the last time, what the gateway tells, the inventory whenever it comes, and what is
//! measured beside that.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::timeout;

use super::link::{Inventory, Link};
use super::watch::{self, Watch};
use super::{Health, Report, sweep};
use crate::clock;
use crate::features::lab::client::{Client, MOMENT};
use crate::features::lab::error::Error;
use crate::features::lab::model::{Since, Snapshot};
use crate::features::lab::store;
use crate::trouble::Trouble;

/// How long after a failure it is tried again at the earliest.
const RETRY: Duration = Duration::from_secs(30);
/// The same where somebody has to do something first.
const RETRY_LATE: Duration = Duration::from_mins(2);

/// How long a deletion is known as one that can be undone, and how many of them.
const UNDOABLE: TimeDelta = TimeDelta::days(1);
const MOST_UNDOABLE: u32 = 50;

impl Link {
    /// Tells what is known from the last time.
    pub(super) async fn recall(&mut self) {
        let (server, recently) = (self.lab.url.to_string(), clock::now() - UNDOABLE);
        let read = move |connection: &rusqlite::Connection| {
            let deleted = store::deleted(connection, &server, recently, MOST_UNDOABLE)?;
            Ok((store::load(connection, &server)?, store::since(connection, &server)?, deleted))
        };
        match self.shared.store.read(read).await {
            Ok((known, since, deleted)) => {
                let lab = || self.lab.name.clone();
                if let Some((snapshot, at)) = known {
                    (self.host, self.ports) = (self.host_of(&snapshot), sweep::ports(&snapshot));
                    let (snapshot, since) = (Arc::new(snapshot), Arc::new(since));
                    self.shared.tell(Report::Snapshot { lab: lab(), snapshot, since, at }).await;
                    self.heard_at = Some(at);
                    self.measure();
                }
                if !deleted.is_empty() {
                    self.shared.tell(Report::Deleted { lab: self.lab.name.clone(), forwards: deleted }).await;
                }
            }
            Err(error) => tracing::warn!(lab = self.lab.name, %error, "what was known of a lab cannot be read"),
        }
    }

    /// Reads the lab and tells what it says; returns how long to wait until the next time.
    pub(super) async fn read(&mut self) -> Duration {
        let watch = match watch::file(&self.lab) {
            Some(path) => Some(Watch::begin(path).await),
            None => None,
        };
        let read = match self.client().await {
            Ok(client) => {
                let read = client.told().await;
                self.tell_token(&client).await;
                if read.is_ok() {
                    self.ask_inventory(&client).await;
                }
                read
            }
            Err(error) => Err(error),
        };
        let is_due = || self.holding.as_ref().is_some_and(|holding| holding.claims.is_due(clock::now()));
        let is_wanting = match &read {
            Ok(_) => is_due(),
            Err(error) => {
                error.is_about_token()
                    || matches!(error, Error::LoginRefused { .. } | Error::NoToken(_) | Error::NoPassword(_))
            }
        };
        self.awaited = watch.filter(|_| is_wanting);
        match read {
            Ok(snapshot) => {
                self.latest = Some((snapshot, clock::now()));
                self.has_changed = false;
                self.tell().await;
                self.measure();
                self.lab.refresh
            }
            Err(error) => {
                self.latest = None;
                // What was shown before the change is not true any more.
                if std::mem::take(&mut self.has_changed) {
                    self.recall().await;
                }
                let wait = if error.is_transient() { RETRY } else { RETRY_LATE }.max(self.lab.refresh);
                let trouble = Trouble::of(&error);
                tracing::warn!(lab = self.lab.name, "{}", trouble.one_line());
                // A password that was refused is not tried again before it is another one, or somebody says so.
                let retry_at = (!matches!(error, Error::LoginRefused { .. })).then(|| clock::now() + wait);
                let (word, since) = (error.word(), self.heard_at);
                self.tell_health(Health::Failing { trouble, word, since, retry_at }).await;
                self.measure();
                wait
            }
        }
    }

    /// Asks for the inventory, unless that is still awaited. The first time it has a moment to come; later what it said last
    /// holds until it says something else.
    async fn ask_inventory(&mut self, client: &Client) {
        if self.inventory.is_empty() {
            let client = client.clone();
            self.inventory.spawn(async move { client.inventory().await });
        }
        if self.machines.is_none()
            && let Ok(Some(Ok(told))) = timeout(MOMENT, self.inventory.join_next()).await
        {
            self.machines = Some(told.map_err(|error| Trouble::of(&error).one_line()));
        }
    }

    /// The inventory has come, or is not going to. Nothing waited for it.
    pub(super) async fn inventory_told(&mut self, told: Inventory) {
        let told = Some(told.map_err(|error| Trouble::of(&error).one_line()));
        if told != self.machines {
            self.machines = told;
            self.tell().await;
        }
    }

    /// Tells what the lab told last, with the inventory as far as it is known.
    async fn tell(&mut self) {
        let Some((snapshot, at)) = self.latest.clone() else { return };
        let snapshot = match &self.machines {
            Some(Ok(machines)) => snapshot.with_inventory(machines.clone()),
            Some(Err(why)) => snapshot.without_inventory(why),
            None => snapshot.without_inventory("it has not come yet"),
        };
        self.heard_at = Some(at);
        self.host = self.host_of(&snapshot);
        let (server, kept) = (self.lab.url.to_string(), snapshot.clone());
        let write = move |connection: &rusqlite::Connection| {
            let kept = store::save(connection, &server, kept, at)?;
            let since = store::note_routable(connection, &server, kept.machines.iter(), at)?;
            let found = store::open::settle_open(connection, &server, &kept, at)?;
            let temporary = store::temporary::all(connection, &server, &kept.forwards)?;
            Ok((kept, since, found, temporary))
        };
        let (snapshot, since, found, temporary) = self.shared.store.write(write).await.unwrap_or_else(|error| {
            tracing::warn!(lab = self.lab.name, %error, "what a lab told is not kept");
            (snapshot, Since::new(), Vec::new(), self.temporary.clone())
        });
        self.ports = sweep::ports(&snapshot);
        let lab = self.lab.name.clone();
        let report = Report::Snapshot { lab: lab.clone(), snapshot: Arc::new(snapshot), since: Arc::new(since), at };
        self.shared.tell(report).await;
        if !found.is_empty() {
            self.shared.tell(Report::Found { lab, found }).await;
        }
        if temporary != self.temporary {
            self.temporary.clone_from(&temporary);
            self.shared.tell(Report::Temporary { lab: self.lab.name.clone(), temporary }).await;
        }
        self.tell_health(Health::Live { at }).await;
    }

    /// Measures what is behind the forwards that are known, whether the lab answers or not: its ports are the gateway's.
    fn measure(&mut self) {
        // One that still runs goes on: it measures the same ports.
        if self.sweep.is_empty() && !self.ports.is_empty() {
            let (lab, host) = (self.lab.name.clone(), self.host.clone().unwrap_or_default());
            self.sweep.spawn(sweep::measure(self.shared.clone(), lab, host, self.ports.clone()));
        }
    }

    /// The gateway's host as seen from here, once it is known.
    fn host_of(&self, snapshot: &Snapshot) -> Option<String> {
        self.lab.gateway.clone().or_else(|| Some(snapshot.gateway.clone())).filter(|host| !host.is_empty())
    }
}

//! Reading from and writing to the simulated Nautobot, over HTTP and into a real store.

mod elsewhere;
mod fields;
mod killed;
mod meant;
mod origin;
mod reading;
mod scale;
mod sending;
mod turnover;
mod unheard;
mod view;
mod whose;

use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::client::{Client, Server};
use super::send::{self, Sent};
use super::sim::{Options, Sim, Small, TOKEN, Trouble, Verb, small};
use super::store::outbox::{self, Entry};
use super::store::setting;
use super::sync::{self, Plan, Read};
use crate::features::maintenance::model::{Circuit, Envelope, Impact, Notice, Reading, Status, Verdict};
use crate::features::maintenance::store::MaintenanceKey;
use crate::features::maintenance::store::action::{self, Actor};
use crate::features::maintenance::store::detail::{self, Detail};
use crate::features::maintenance::store::look_up::{self, Lookup};
use crate::features::maintenance::store::record::{Delivery, Limits, record};
use crate::features::open_store;
use crate::store::Store;
use crate::tls::Trust;

const MAINTENANCE: &str = "plugins/circuit-maintenance/maintenance";
const IMPACT: &str = "plugins/circuit-maintenance/circuitimpact";
const NOTE: &str = "plugins/circuit-maintenance/note";

/// Now, in all of these tests.
fn now() -> DateTime<Utc> {
    at("2026-11-21T02:41:00Z")
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A simulation, a store, and the connection between them.
struct Desk {
    sim: Sim,
    small: Small,
    store: Store,
    client: Client,
    home: tempfile::TempDir,
}

/// A connection to a simulation.
fn client(sim: &Sim) -> Client {
    let server = Server {
        url: sim.url(),
        trust: Trust::Anybody,
        connect_timeout: Duration::from_secs(20),
        call_timeout: Duration::from_mins(2),
        first_pause: Duration::from_millis(1),
    };
    Client::new(&server, TOKEN).unwrap()
}

impl Desk {
    /// A desk whose Nautobot has a provider and a circuit; `writes` says whether maintenances are written there.
    async fn new(writes: bool) -> Self {
        let sim = Sim::start(Options::new(at("2026-11-20T00:00:00Z"))).await.unwrap();
        let small = small(&sim);
        let home = tempfile::tempdir().unwrap();
        let store = open_store(home.path()).unwrap();
        let url = sim.url();
        store.write(move |c| setting::configure(c, Some((&url, writes)))).await.unwrap();
        Self { client: client(&sim), sim, small, store, home }
    }

    /// The same, whose Nautobot has this time: what is written there is younger than the mails that it comes from.
    async fn in_time(writes: bool) -> Self {
        let desk = Self::new(writes).await;
        desk.sim.pass(now() - at("2026-11-20T00:01:00Z"));
        desk
    }

    /// Another data directory: what the desk does from now on it does there, and the other way round.
    fn swap(&mut self, other: &mut (Store, tempfile::TempDir)) {
        std::mem::swap(&mut self.store, &mut other.0);
        std::mem::swap(&mut self.home, &mut other.1);
    }

    /// A data directory beside this one.
    async fn beside(&self, writes: bool) -> (Store, tempfile::TempDir) {
        let home = tempfile::tempdir().unwrap();
        let store = open_store(home.path()).unwrap();
        let url = self.sim.url();
        store.write(move |c| setting::configure(c, Some((&url, writes)))).await.unwrap();
        (store, home)
    }

    /// Reads what is new.
    async fn sync(&self) -> Read {
        self.try_sync(false).await.unwrap()
    }

    async fn try_sync(&self, full: bool) -> Result<Read, super::Error> {
        self.sync_at(now(), full).await
    }

    /// Reads as if it were this time.
    async fn sync_at(&self, now: DateTime<Utc>, full: bool) -> Result<Read, super::Error> {
        self.read_as(Plan { full, now, ..plan() }).await
    }

    /// Reads like this.
    async fn read_as(&self, plan: Plan) -> Result<Read, super::Error> {
        sync::sync(&self.client, &self.store, &plan).await
    }

    /// Reads those mails again that are another provider's; how many say something else.
    async fn ask_whose(&self) -> usize {
        let (store, home) = (self.store.clone(), self.home.path().join("providers"));
        crate::blocking::run(move || super::whose::again(&store, (&home, None), now())).await.unwrap()
    }

    /// Writes what waits.
    async fn send(&self) -> Sent {
        self.ask_whose().await;
        send::drain(&self.client, &self.store, now()).await.unwrap()
    }

    /// Does something with the store.
    fn write<T: Send + 'static>(&self, work: impl FnOnce(&Connection) -> T + Send + 'static) -> T {
        let store = self.store.clone();
        std::thread::spawn(move || store.write_blocking(move |c| Ok(work(c))).unwrap()).join().unwrap()
    }

    /// The one window of a maintenance.
    fn look(&self, provider: &str, id: &str) -> Option<Detail> {
        let (provider, id) = (provider.to_owned(), id.to_owned());
        self.write(move |c| match look_up::look_up(c, Some(&provider), &id).unwrap() {
            Lookup::Found { windows, .. } => detail::detail(c, windows[0].key, now()).unwrap(),
            Lookup::Unknown | Lookup::Ambiguous(_) => None,
        })
    }

    /// Everything that is known of Nautobot goes: what is read next is another one with the same records.
    fn forget(&self) {
        self.write(|c| {
            c.execute_batch(
                "DELETE FROM nautobot_note; DELETE FROM nautobot_impact; DELETE FROM nautobot_maintenance;
                 DELETE FROM nautobot_circuit; DELETE FROM nautobot_provider; UPDATE nautobot SET full_at = NULL",
            )
            .unwrap();
        });
    }

    /// What waits to be written.
    fn outbox(&self) -> Vec<Entry> {
        self.write(|c| outbox::list(c, 100).unwrap())
    }

    /// A mail of lumen, made so many minutes before now.
    fn mail(&self, item: &str, minutes: i64, notice: Notice) {
        self.mail_of(item, "lumen", minutes, notice);
    }

    /// The same, which the rules say is another provider's.
    fn mail_of(&self, item: &str, provider: &str, minutes: i64, notice: Notice) {
        self.mail_of_all(item, provider, minutes, vec![notice]);
    }

    /// A mail of lumen with several notices.
    fn mail_with(&self, item: &str, minutes: i64, notices: Vec<Notice>) {
        self.mail_of_all(item, "lumen", minutes, notices);
    }

    fn mail_of_all(&self, item: &str, provider: &str, minutes: i64, notices: Vec<Notice>) {
        let made = now() - chrono::TimeDelta::minutes(minutes);
        let notices = notices.into_iter().map(|notice| Notice { stamp: made, ..notice }).collect();
        let raw = format!("Message-ID: <{item}@lumen.example>\r\nSubject: Works\r\n\r\n{item}\r\n").into_bytes();
        let envelope = Envelope { message_id: Some(item.to_owned()), date: Some(made), ..Envelope::default() };
        let verdict = Verdict::Parsed { provider: provider.to_owned(), notices };
        self.record(item, raw, made, Reading { envelope, verdict });
    }

    /// Records a mail that was read so.
    fn record(&self, item: &str, raw: Vec<u8>, made: DateTime<Utc>, reading: Reading) {
        let delivery = Delivery {
            source: "test".to_owned(),
            item: item.to_owned(),
            size: raw.len() as u64,
            raw,
            received_at: made,
            recorded_at: now(),
        };
        self.write(move |c| record(c, &delivery, &reading, Limits::default()).unwrap());
    }

    /// Acknowledges, as anna.
    fn acknowledge(&self, key: MaintenanceKey) {
        self.write(move |c| action::acknowledge_as_it_is(c, &[key], &anna()).unwrap());
    }

    /// Writes a note, as anna.
    fn note(&self, key: MaintenanceKey, text: &'static str) {
        self.write(move |c| action::add_note(c, &[key], text, &anna()).unwrap());
    }

    /// The only maintenance there.
    fn only(&self) -> Value {
        let all = self.sim.all(MAINTENANCE);
        assert_eq!(all.len(), 1, "{all:#?}");
        all[0].clone()
    }
}

/// How to read what is new.
fn plan() -> Plan {
    let slugs = vec!["lumen".to_owned(), "zayo".to_owned()];
    Plan { slugs, past_days: Some(730), full: false, accept_gone: false, now: now() }
}

fn anna() -> Actor {
    Actor { who: "anna".to_owned(), at: now() }
}

/// A confirmed notice of lumen's CHG1 for the circuit that Nautobot has.
fn notice() -> Notice {
    Notice {
        account: "Example Networks".to_owned(),
        circuits: vec![Circuit { circuit_id: "lum-000106-a".to_owned(), impact: Impact::Outage }],
        end: at("2026-11-22T14:00:00Z"),
        maintenance_id: "CHG1".to_owned(),
        organizer: "noc@lumen.example".to_owned(),
        provider: "lumen".to_owned(),
        sequence: 1,
        stamp: now(),
        start: at("2026-11-22T08:00:00Z"),
        status: Status::Confirmed,
        summary: "Fibre splice, core ring".to_owned(),
        uid: "0".to_owned(),
        says_cancelled: false,
        sent: None,
    }
}

/// A maintenance there that says what [`notice`] says; its UUID.
fn there(desk: &Desk) -> String {
    desk.small.maintenance(&desk.sim, "Lumen-CHG1", "2026-11-22T08:00:00Z", "2026-11-22T14:00:00Z")
}

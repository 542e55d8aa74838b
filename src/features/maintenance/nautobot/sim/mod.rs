//! A simulated Nautobot with the circuit-maintenance app, for tests and the demo: the REST and GraphQL interfaces of
//! Nautobot 3.1.8 as they answer, with what surprises in them, over HTTP on loopback.
//!
//! | file | what |
//! |---|---|
//! | `schema` | kinds of objects, their fields, what they can be asked by |
//! | `world` | the objects and the clock |
//! | `list` | filters, order and pages |
//! | `write` | checks and writing, all or nothing |
//! | `graphql` | the query language, and what it makes of enums and failures |
//! | `door` | HTTP: who may enter, which version, what is broken on purpose |

mod answer;
mod door;
mod graphql;
mod list;
mod query;
mod schema;
#[cfg(test)]
mod tests;
mod world;
mod write;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::world::{Shelf, World};

/// The version that it says it is.
const VERSION: &str = "3.1.8";
/// The token that it takes unless told otherwise.
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef01234567";

/// What a request does to objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Read.
    View,
    /// Make.
    Add,
    /// Change.
    Change,
    /// Delete.
    Delete,
}

/// How the site is set up.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of a site, turned by itself")]
pub struct Options {
    /// Its time when it starts.
    pub start: DateTime<Utc>,
    /// The token.
    pub token: String,
    /// Whether the token may write.
    pub write_enabled: bool,
    /// What the token may not do, by the path of a table under `/api/`.
    pub denied: Vec<(Verb, String)>,
    /// The path before `/api/`, such as `/nautobot`.
    pub prefix: String,
    /// The scheme and host that the server believes it is reached by.
    pub host: String,
    /// Objects of a page when nobody says, and at the most.
    pub page: usize,
    /// See [`Options::page`].
    pub largest_page: usize,
    /// Whether an unknown parameter of a list is an error.
    pub strict_filters: bool,
    /// Whether GraphQL is offered.
    pub graphql: bool,
    /// Whether its list of maintenances takes a start to read from: seen with 3.1.8.
    pub graphql_starts: bool,
    /// Whether the app is installed.
    pub has_app: bool,
    /// Hours by which the server's zone is ahead of UTC.
    pub zone_hours: i64,
    /// What it says of every token, such as `Token expired`; nothing of those that it takes.
    pub rejects: String,
    /// Objects that lists pass over: pages may skip what is there, whose order is not certain. Asked for by name they show.
    pub skipped: Vec<String>,
    /// Objects that a constraint of the token's permissions leaves out: they are there, and are not shown.
    pub hidden: Vec<String>,
    /// Objects that lists tell with an `id` that is none.
    pub garbled: Vec<String>,
}

impl Options {
    /// A site with everything on.
    #[must_use]
    pub fn new(start: DateTime<Utc>) -> Self {
        Self {
            start,
            token: TOKEN.to_owned(),
            write_enabled: true,
            denied: Vec::new(),
            prefix: String::new(),
            host: "http://nautobot.internal.example".to_owned(),
            page: 50,
            largest_page: 1000,
            strict_filters: true,
            graphql: true,
            graphql_starts: true,
            has_app: true,
            zone_hours: 1,
            rejects: String::new(),
            skipped: Vec::new(),
            hidden: Vec::new(),
            garbled: Vec::new(),
        }
    }

    /// Whether the token may not do this.
    fn refuses(&self, verb: Verb, path: &str) -> bool {
        (verb != Verb::View && !self.write_enabled)
            || self.denied.iter().any(|(denied, table)| *denied == verb && table == path)
    }
}

/// Something that goes wrong with requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// A proxy in front answers with a page of HTML and this status.
    Proxy(u16),
    /// A proxy asks to wait so many seconds.
    Busy(u64),
    /// The request is carried out and its answer is lost.
    LoseAnswer,
    /// The connection ends before anything is done.
    HangUp,
}

/// Trouble for requests whose method and path contain a text, such as `POST /api/plugins/circuit-maintenance/note/`.
#[derive(Debug, Clone)]
struct Planned {
    /// What the request has to contain.
    on: String,
    /// Requests that go through before.
    after: usize,
    /// How often.
    times: usize,
    /// What happens.
    trouble: Trouble,
}

/// What all connections share.
#[derive(Debug)]
struct Site {
    /// The objects.
    world: Mutex<World>,
    /// How it is set up.
    options: Mutex<Options>,
    /// What goes wrong next.
    planned: Mutex<Vec<Planned>>,
    /// Every request, as method and path with query.
    log: Mutex<Vec<String>>,
    /// What was written with requests, under method and path.
    bodies: Mutex<Vec<(String, Value)>>,
    /// Requests being answered, and the most there ever were.
    busy: AtomicUsize,
    /// See [`Site::busy`].
    busiest: AtomicUsize,
    /// How long an answer takes.
    latency: Mutex<Duration>,
    /// Connections.
    tasks: TaskTracker,
    /// Ends everything.
    stop: CancellationToken,
}

/// What a lock guards. A panic while it was held leaves data that is still whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running simulation; it ends when this is dropped.
#[derive(Debug)]
pub struct Sim {
    /// What all share.
    site: Arc<Site>,
    /// Its port on loopback.
    port: u16,
}

impl Sim {
    /// Starts one on a free port of loopback.
    pub async fn start(options: Options) -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let site = Arc::new(Site {
            world: Mutex::new(World::new(options.start)),
            options: Mutex::new(options),
            planned: Mutex::default(),
            log: Mutex::default(),
            bodies: Mutex::default(),
            busy: AtomicUsize::new(0),
            busiest: AtomicUsize::new(0),
            latency: Mutex::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        });
        let (listening, stop) = (door::listen(Arc::clone(&site), listener), site.stop.clone());
        site.tasks.spawn(async move { stop.run_until_cancelled(listening).await });
        Ok(Self { site, port })
    }

    /// Another one that has what this one has, as if it were made from its backup.
    #[cfg(test)]
    pub async fn copied(&self) -> std::io::Result<Self> {
        let world = lock(&self.site.world).clone();
        let options = lock(&self.site.options).clone();
        let copy = Self::start(options).await?;
        *lock(&copy.site.world) = world;
        Ok(copy)
    }

    /// Where it is, with its prefix and without a final slash.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.port, lock(&self.site.options).prefix)
    }

    /// Changes how the site is set up.
    pub fn set(&self, change: impl FnOnce(&mut Options)) {
        change(&mut lock(&self.site.options));
    }

    /// Adds an object as somebody else would; answers its UUID. `path` is that of a table under `/api/`.
    #[expect(clippy::must_use_candidate, reason = "it is made whether or not its UUID is wanted")]
    pub fn put(&self, path: &str, fields: Value) -> String {
        let Some(table) = schema::Table::at(path) else { return String::new() };
        lock(&self.site.world).put(table.path, fields)
    }

    /// Changes fields of an object as somebody else would.
    pub fn patch(&self, path: &str, id: &str, fields: Value) {
        let (Some(table), Value::Object(fields)) = (schema::Table::at(path), fields) else { return };
        let mut world = lock(&self.site.world);
        let at = world.tick();
        if let Some(object) = world.shelf_mut(table.path).get_mut(id) {
            object.updated = at;
            for field in table.fields {
                if let Some(value) = fields.get(field.name) {
                    object.fields.insert(field.name, value.clone());
                }
            }
        }
    }

    /// Deletes an object as somebody else would.
    pub fn delete(&self, path: &str, id: &str) {
        if let Some(table) = schema::Table::at(path) {
            lock(&self.site.world).delete(table.path, id);
        }
    }

    /// Every object of a table as REST shows it, the oldest first.
    #[must_use]
    pub fn all(&self, path: &str) -> Vec<Value> {
        let Some(table) = schema::Table::at(path) else { return Vec::new() };
        let world = lock(&self.site.world);
        world.shelf(path).into_iter().flat_map(Shelf::all).map(|it| world.shown(table, it, 0, "")).collect()
    }

    /// Lets time pass.
    pub fn pass(&self, time: TimeDelta) {
        lock(&self.site.world).pass(time);
    }

    /// Makes every answer take so long.
    pub fn take(&self, time: Duration) {
        *lock(&self.site.latency) = time;
    }

    /// Has something go wrong with the next so many requests that contain `on`, the first `after` of them apart.
    pub fn plan(&self, on: &str, after: usize, times: usize, trouble: Trouble) {
        lock(&self.site.planned).push(Planned { on: on.to_owned(), after, times, trouble });
    }

    /// Forgets what was to go wrong.
    pub fn calm(&self) {
        lock(&self.site.planned).clear();
    }

    /// Every request since the start or the last call of this, as method and path with query.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.site.log))
    }

    /// What was written since the start with requests whose method and path contain `on`.
    #[must_use]
    pub fn bodies(&self, on: &str) -> Vec<Value> {
        let bodies = lock(&self.site.bodies);
        bodies.iter().filter(|(named, _)| named.contains(on)).map(|(_, body)| body.clone()).collect()
    }

    /// Whether a request is being answered.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.site.busy.load(Ordering::Relaxed) > 0
    }

    /// The most requests that were answered at the same time.
    #[must_use]
    pub fn busiest(&self) -> usize {
        self.site.busiest.load(Ordering::Relaxed)
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.site.stop.cancel();
    }
}

/// A provider, a circuit between two sites, and a maintenance of it: the smallest world worth asking for.
#[expect(clippy::must_use_candidate, reason = "it is made whether or not its UUID is wanted")]
pub fn small(sim: &Sim) -> Small {
    let provider = sim.put(
        schema::PROVIDER,
        json!({"name": "Lumen", "asn": 3356, "account": "L-1001", "custom_fields": {
            "emails_circuit_maintenances": "Maintenance@lumen.example, change@lumen.example",
            "provider_parser_circuit_maintenances": "lumen"}}),
    );
    let active = sim.all(schema::STATUS).first().and_then(|status| status["id"].as_str().map(str::to_owned));
    let kind = sim.put(schema::CIRCUIT_TYPE, json!({"name": "Transit"}));
    let circuit = sim.put(
        schema::CIRCUIT,
        json!({"cid": "LUM/000106/A", "provider": provider, "circuit_type": kind, "status": active,
               "description": "backbone 3"}),
    );
    for (side, name) in [("A", "Ghent"), ("Z", "Bruges")] {
        let location = sim.put(schema::LOCATION, json!({ "name": name }));
        sim.put(schema::TERMINATION, json!({"circuit": circuit, "term_side": side, "location": location}));
    }
    Small { provider, circuit, kind, status: active.unwrap_or_default() }
}

/// Fills a simulation with circuits and maintenances of them, an hour apart and half of them over at `around`.
pub fn fill(sim: &Sim, small: &Small, circuits: usize, maintenances: usize, around: DateTime<Utc>) {
    let mut ids = vec![small.circuit.clone()];
    for number in 1..circuits {
        ids.push(sim.put(
            schema::CIRCUIT,
            json!({"cid": format!("LUM/{number:06}/B"), "provider": small.provider, "circuit_type": small.kind,
                   "status": small.status}),
        ));
    }
    let first = around - TimeDelta::minutes(10) * i32::try_from(maintenances / 2).unwrap_or_default();
    for (number, circuit) in (0..maintenances).zip(ids.iter().cycle()) {
        let start = first + TimeDelta::minutes(10) * i32::try_from(number).unwrap_or_default();
        let time = |at: DateTime<Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let maintenance = sim.put(
            schema::MAINTENANCE,
            json!({"name": format!("Lumen-CHG{number:07}"), "start_time": time(start),
                   "end_time": time(start + TimeDelta::hours(4)), "status": "CONFIRMED", "ack": number % 2 == 0,
                   "description": "Software upgrade of a core router"}),
        );
        sim.put(schema::IMPACT, json!({"maintenance": maintenance, "circuit": circuit, "impact": "OUTAGE"}));
    }
}

/// What [`small`] made.
#[derive(Debug, Clone)]
pub struct Small {
    /// Lumen.
    pub provider: String,
    /// Its circuit `LUM/000106/A`.
    pub circuit: String,
    /// The circuit's type.
    pub kind: String,
    /// The status Active.
    pub status: String,
}

impl Small {
    /// Adds a maintenance of the circuit; its UUID.
    #[expect(clippy::must_use_candidate, reason = "it is made whether or not its UUID is wanted")]
    pub fn maintenance(&self, sim: &Sim, name: &str, start: &str, end: &str) -> String {
        let maintenance = sim.put(
            schema::MAINTENANCE,
            json!({"name": name, "start_time": start, "end_time": end, "status": "CONFIRMED",
                   "description": "Fibre splice, core ring"}),
        );
        sim.put(schema::IMPACT, json!({"maintenance": maintenance, "circuit": self.circuit, "impact": "OUTAGE"}));
        maintenance
    }
}

//! Filling a store with plausible maintenances: for `demo --scale` and for measuring. The same seed gives the same rows.
//!
//! The rows go through the real tables, each with a notification and its history; only the parsing is left out.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, named_params};

use super::event::{EventKind, NewEvent};
use super::merge::{Order, State};
use super::{MaintenanceKey, NotificationKey, rows};
use crate::features::maintenance::model::{Circuit, Impact, Outcome, Status};
use crate::store::{Error, Store};

/// Maintenances per transaction.
const CHUNK: u64 = 10_000;

/// Memory while filling: pages of a chunk are written once instead of several times.
const CACHE_KIB: i64 = 48 * 1024;
/// As connections are opened.
const USUAL_CACHE_KIB: i64 = 1024;
/// Fewer and larger additions to the search index are merged less often.
const HASH_BYTES: i64 = 32 << 20;
/// FTS5's default.
const USUAL_HASH_BYTES: i64 = 1 << 20;

/// The archive reaches so far back.
const DAYS_BACK: i64 = 700;
/// Announcements reach so far ahead.
const DAYS_AHEAD: i64 = 60;
/// The mails behind what is older have lost their text already, as they do by default after a year: otherwise the first
/// minutes with a new archive are spent on forgetting half of it.
const TEXT_DAYS: i64 = 350;

/// Who announces, and how their ids and circuits begin.
const PROVIDERS: [(&str, &str, &str); 12] = [
    ("arelion", "PWIC", "IC-"),
    ("aquacomms", "ISSUE-", "AQ-"),
    ("cogent", "VN", "1-30"),
    ("colt", "CRQ1-", "LON/FRA/LE-"),
    ("equinix", "CHG0", "2069"),
    ("eunetworks", "EUN-", "DE-FRA-"),
    ("gtt", "GTT-", "GTT/00"),
    ("lumen", "24", "BBFX"),
    ("ntt", "VNOC-1-", "AUTO-"),
    ("sparkle", "TI-", "PAL/"),
    ("windstream", "WS", "KF/"),
    ("zayo", "TTN-000", "/IPYX/"),
];

/// What is done.
const WORK: [&str; 8] = [
    "Fibre relocation near the river crossing",
    "Software upgrade of a core router",
    "Replacement of a line card",
    "Power maintenance in the building",
    "Cable repair after damage by third parties",
    "Migration to a new optical platform",
    "Splicing at the request of the road authority",
    "Emergency replacement of a faulty amplifier",
];

/// Where.
const PLACES: [&str; 10] = [
    "Amsterdam",
    "Ashburn",
    "Chicago",
    "Dallas",
    "Frankfurt",
    "London",
    "Marseille",
    "New York",
    "Palermo",
    "Singapore",
];

/// Adds `n` maintenances around `now`; calls `progress` with how many there are so far. Blocks, some seconds per 100,000.
pub fn fill(store: &Store, n: u64, now: DateTime<Utc>, seed: u64, mut progress: impl FnMut(u64)) -> Result<(), Error> {
    store.write_blocking(|connection| prepare(connection, CACHE_KIB, HASH_BYTES))?;
    let mut done = 0;
    while done < n {
        let (first, next) = (done, n.min(done + CHUNK));
        store.write_blocking(move |connection| chunk(connection, first..next, n, now, seed))?;
        done = next;
        progress(done);
    }
    store.write_blocking(|connection| prepare(connection, USUAL_CACHE_KIB, USUAL_HASH_BYTES))
}

/// Sets how much memory this connection's pages, and the search index's additions before they are written, may take.
fn prepare(connection: &Connection, cache_kib: i64, hash_bytes: i64) -> Result<(), Error> {
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    let sql = "INSERT INTO maintenance_trigram (maintenance_trigram, rank) VALUES ('hashsize', ?1)";
    connection.execute(sql, [hash_bytes])?;
    Ok(())
}

/// Adds the maintenances with these numbers of `n`.
fn chunk(
    connection: &Connection,
    numbers: std::ops::Range<u64>,
    n: u64,
    now: DateTime<Utc>,
    seed: u64,
) -> Result<(), Error> {
    let mut first = None;
    for number in numbers {
        let mut dice = Dice::new(seed, number);
        // As mails arrive: in order of time, more or less.
        let age = DAYS_BACK
            - (DAYS_BACK + DAYS_AHEAD) * i64::try_from(number).unwrap_or(0) / i64::try_from(n).unwrap_or(1).max(1);
        let made = Made::roll(&mut dice, number, now - TimeDelta::days(age), now);
        let key = rows::insert_window(connection, made.provider, &made.maintenance_id, &made.state)?;
        let notification = made.notification(connection, number, now)?;
        NewEvent {
            maintenance: key,
            at: made.state.order.stamp,
            stamp: Some(made.state.order.stamp),
            kind: EventKind::FirstNotice,
            notification: Some(notification),
            who: None,
        }
        .insert(connection, &[])?;
        if dice.percent(if made.state.end < now { 92 } else { 55 }) {
            acknowledge(connection, key, made.state.order.stamp + TimeDelta::minutes(dice.up_to(600)))?;
        }
        first.get_or_insert(key);
    }
    // In one go: between other statements FTS5 writes each addition out by itself, which takes five times as long.
    let sql = "INSERT INTO maintenance_trigram (rowid, text) SELECT id, text FROM maintenance_text WHERE id >= ?1";
    connection.execute(sql, [first])?;
    Ok(())
}

/// A maintenance before it is in the store.
struct Made {
    provider: &'static str,
    maintenance_id: String,
    state: State,
}

impl Made {
    fn roll(dice: &mut Dice, number: u64, about: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let (provider, id, circuit) = dice.pick(&PROVIDERS).unwrap_or(("zayo", "TTN-", "/IPYX/"));
        let minutes = [30, 120, 240, 240, 360, 480, 1440];
        let duration = TimeDelta::minutes(dice.pick(&minutes).unwrap_or(240));
        let start = about + TimeDelta::minutes(15 * (dice.up_to(4 * 24 * 14) - 4 * 24 * 7));
        let stamp = (start - TimeDelta::minutes(dice.up_to(21 * 1440)) - TimeDelta::hours(2)).min(now);
        let end = start + duration;
        let status = status(dice, start, end, now);
        let (what, place) = (dice.pick(&WORK).unwrap_or_default(), dice.pick(&PLACES).unwrap_or_default());
        let circuits = (0..=dice.up_to(3)).map(|_| Circuit {
            circuit_id: format!("{circuit}{:06}", dice.up_to(999_999)),
            impact: dice.pick(&Impact::ALL).unwrap_or(Impact::Outage),
        });
        let circuits = circuits.collect();
        let state = State {
            window: 1,
            account: format!("Example Networks {}", dice.up_to(9)),
            organizer: format!("noc@{provider}.example"),
            uid: "0".to_owned(),
            summary: format!("{what}, {place}"),
            status,
            start,
            end,
            order: Order { stamp, sequence: 1 },
            circuits,
            says_cancelled: false,
        };
        Self { provider, maintenance_id: format!("{id}{:07}", number + 1_000_000), state }
    }

    /// The mail that announced it.
    fn notification(&self, connection: &Connection, number: u64, now: DateTime<Utc>) -> Result<NotificationKey, Error> {
        let State { start, end, order, summary, organizer, .. } = &self.state;
        let id = &self.maintenance_id;
        let message_id = format!("{number}.{id}@{}.example", self.provider);
        let circuits: Vec<&str> = self.state.circuits.iter().map(|circuit| circuit.circuit_id.as_str()).collect();
        let raw = format!(
            "From: {organizer}\r\nTo: noc@customer.example\r\nDate: {}\r\nMessage-ID: <{message_id}>\r\n\
             Subject: Maintenance {id}\r\n\r\n{summary}\r\nStart: {start}\r\nEnd: {end}\r\nCircuits: {}\r\n",
            order.stamp.to_rfc2822(),
            circuits.join(", "),
        );
        let hash = [number.to_be_bytes(), order.stamp.timestamp().to_be_bytes()].concat();
        let mut insert = connection.prepare_cached(
            "INSERT INTO notification (source, item, received_at, message_id, sender, subject, dated, provider, outcome,
                 reason, size, kept, whole_hash, body_hash)
             VALUES ('seed', :item, :at, :message_id, :sender, :subject, :at, :provider, :outcome, '', :size, :kept,
                 :hash, :hash)",
        )?;
        let size = i64::try_from(raw.len()).unwrap_or(i64::MAX);
        let is_kept = order.stamp > now - TimeDelta::days(TEXT_DAYS);
        insert.execute(named_params! {
            ":item": message_id,
            ":at": order.stamp.timestamp(),
            ":message_id": message_id,
            ":sender": organizer,
            ":subject": format!("Maintenance {id}"),
            ":provider": self.provider,
            ":outcome": Outcome::Parsed,
            ":size": size,
            ":kept": if is_kept { size } else { 0 },
            ":hash": hash,
        })?;
        let key = NotificationKey(connection.last_insert_rowid());
        if is_kept {
            connection
                .prepare_cached("INSERT INTO notification_raw (id, raw) VALUES (?1, ?2)")?
                .execute((key, raw.as_bytes()))?;
        }
        Ok(key)
    }
}

/// A status that fits the time.
fn status(dice: &mut Dice, start: DateTime<Utc>, end: DateTime<Utc>, now: DateTime<Utc>) -> Status {
    if dice.percent(8) {
        return Status::Cancelled;
    }
    if end <= now {
        return if dice.percent(60) { Status::Completed } else { Status::Confirmed };
    }
    if start <= now && dice.percent(40) {
        return Status::InProcess;
    }
    match dice.up_to(9) {
        0 => Status::Tentative,
        1 => Status::ReScheduled,
        _ => Status::Confirmed,
    }
}

/// As somebody on call had looked at it.
fn acknowledge(connection: &Connection, key: MaintenanceKey, at: DateTime<Utc>) -> Result<(), Error> {
    let who = "oncall";
    connection
        .prepare_cached("INSERT INTO acknowledgement (maintenance, revision, at, who) VALUES (?1, 1, ?2, ?3)")?
        .execute((key, at.timestamp(), who))?;
    connection
        .prepare_cached(
            "UPDATE maintenance SET ack_revision = 1, ack_by = ?3, ack_at = ?2, seen_revision = 1 WHERE id = ?1",
        )?
        .execute((key, at.timestamp(), who))?;
    let kind = EventKind::Acknowledged;
    NewEvent { maintenance: key, at, stamp: None, kind, notification: None, who: Some(who.to_owned()) }
        .insert(connection, &[])
}

/// Numbers that look random and are the same every time: `SplitMix64`, whose every seed gives a full period.
struct Dice(u64);

impl Dice {
    fn new(seed: u64, number: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xbf58_476d_1ce4_e5b9))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to `most`.
    fn up_to(&mut self, most: u32) -> i64 {
        i64::try_from(self.next() % (u64::from(most) + 1)).unwrap_or_default()
    }

    fn percent(&mut self, chance: i64) -> bool {
        self.up_to(99) < chance
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let last = u32::try_from(of.len().checked_sub(1)?).ok()?;
        of.get(usize::try_from(self.up_to(last)).ok()?).copied()
    }
}

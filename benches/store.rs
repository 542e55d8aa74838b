//! What the store costs: `cargo bench --bench store`. Prints figures and asserts nothing.
//!
//! `NOCTUI_BENCH_ROWS` says how many maintenances (100000). The database lies in the temporary directory, so `TMPDIR`
//! chooses the disk, and the disk decides the figures of durable writes. `NOCTUI_BENCH_DIR` names a directory that is
//! filled once and kept, and `NOCTUI_BENCH_TEXT` a filter that is tried alone, again and again, for a profiler.
//! `NOCTUI_BENCH_SIZES`, such as `100,1000,100000,1000000`, instead compares how filters fare in stores of these sizes
//! (of a million: two minutes and 1.3 GB).
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark prints, and one that cannot run has nothing better to do than to end"
)]

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use noctui::features::MIGRATIONS;
use noctui::features::maintenance::model::{Circuit, Envelope, Impact, Notice, Reading, Status, Verdict};
use noctui::features::maintenance::store::action::{self, Actor};
use noctui::features::maintenance::store::count::counts;
use noctui::features::maintenance::store::detail::detail;
use noctui::features::maintenance::store::list::{Anchor, Filter, ListQuery, Scope, Sort, matches, window};
use noctui::features::maintenance::store::record::{Delivery, Limits, record};
use noctui::features::maintenance::store::seed;
use noctui::store::{FILE_NAME, Options, Store};

/// Rows of a window as the screen asks for them: its height and as much on both sides.
const HEIGHT: usize = 60;

fn main() {
    let rows: u64 = std::env::var("NOCTUI_BENCH_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(100_000);
    let kept = std::env::var_os("NOCTUI_BENCH_DIR").map(std::path::PathBuf::from);
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let dir = kept.as_deref().unwrap_or(temporary.path());
    let now = DateTime::<Utc>::from_timestamp(1_795_220_000, 0).expect("a time");
    if let Ok(sizes) = std::env::var("NOCTUI_BENCH_SIZES") {
        return growing(dir, &sizes.split(',').filter_map(|rows| rows.trim().parse().ok()).collect::<Vec<_>>(), now);
    }
    println!("{rows} maintenances in {}", dir.display());
    if !dir.join(FILE_NAME).exists() {
        seeding(dir, rows, now);
    }
    if let Ok(text) = std::env::var("NOCTUI_BENCH_TEXT") {
        let store = Store::open(dir, &Options::new(MIGRATIONS)).expect("a store");
        for scope in Scope::ALL {
            for _ in 0..20 {
                filter(&store, now, Sort::Grouped, scope, &text, None);
            }
        }
        return;
    }
    starting(dir, now);
    let store = Store::open(dir, &Options::new(MIGRATIONS)).expect("a store");
    moving(&store, now);
    filtering(&store, now);
    writing(&store, now);
}

/// Filling a store.
fn seeding(dir: &std::path::Path, rows: u64, now: DateTime<Utc>) {
    let store = Store::open(dir, &Options::new(MIGRATIONS)).expect("a store");
    let begin = Instant::now();
    seed::fill(&store, rows, now, 7, |_| {}).expect("seeded");
    line("seed", &[begin.elapsed()]);
    let bytes = std::fs::metadata(store.path()).expect("a file").len();
    println!("{:<60} {:>9} MiB, {} bytes a maintenance", "size", bytes >> 20, bytes / rows.max(1));
}

/// From nothing open to the first rows.
fn starting(dir: &std::path::Path, now: DateTime<Utc>) {
    let mut times = Vec::new();
    for _ in 0..20 {
        let begin = Instant::now();
        let store = Store::open(dir, &Options::new(MIGRATIONS)).expect("a store");
        let query = ListQuery { sort: Sort::Grouped, filter: Filter::default(), now };
        let read = store.read_blocking(|connection| {
            Ok((window(connection, &query, &Anchor::Top, 0, HEIGHT)?, counts(connection, now)?))
        });
        assert!(!read.expect("rows").0.rows.is_empty(), "a store without maintenances");
        times.push(begin.elapsed());
    }
    line("open, first window and counts", &times);
}

/// Along the list and into a row.
fn moving(store: &Store, now: DateTime<Utc>) {
    for sort in Sort::ALL {
        let query = ListQuery { sort, filter: Filter::default(), now };
        let page = |anchor: &Anchor| {
            store.read_blocking(|connection| window(connection, &query, anchor, HEIGHT, HEIGHT)).expect("rows")
        };
        let mut anchor = Anchor::Top;
        let times = measured(200, || {
            let shown = page(&anchor);
            anchor = shown.rows.last().map_or(Anchor::Top, |row| Anchor::After(row.key.clone()));
        });
        line(&format!("next window, {sort:?}"), &times);
        line(&format!("last window, {sort:?}"), &measured(50, || drop(page(&Anchor::Bottom))));
        // A short list ends before so many windows.
        let shown = Some(page(&anchor)).filter(|shown| !shown.rows.is_empty()).unwrap_or_else(|| page(&Anchor::Top));
        let middle = shown.rows.first().expect("a row").key.clone();
        line(&format!("around a row, {sort:?}"), &measured(50, || drop(page(&Anchor::At(middle.clone())))));
    }
    line("counts", &measured(50, || drop(store.read_blocking(|connection| counts(connection, now)))));
    let key = store.read_blocking(|connection| {
        let query = ListQuery { sort: Sort::Grouped, filter: Filter::default(), now };
        Ok(window(connection, &query, &Anchor::Top, 0, 1)?.rows[0].key.maintenance)
    });
    let key = key.expect("a row");
    line("detail", &measured(50, || drop(store.read_blocking(|connection| detail(connection, key, now)))));
}

/// What is typed after `/`, key by key.
fn filtering(store: &Store, now: DateTime<Utc>) {
    let texts = [
        "z",
        "za",
        "zay",
        "zayo",
        "zayo ttn",
        "q",
        "qx",
        "ß",
        "/ip",
        "/ipyx/1234",
        "ic-12345",
        "amsterdam",
        "fibre",
        "TTN-00010",
        "1099999",
        "xyzzy",
        "!zayo",
        "!zayo !colt !lumen",
        "99 zay",
        "9 8 7",
        "fibre london colt 77",
    ];
    for scope in [Scope::All, Scope::Unacknowledged, Scope::Changed] {
        for text in texts {
            filter(store, now, Sort::Grouped, scope, text, None);
        }
    }
    for text in ["zayo", "xyzzy", "1099999"] {
        filter(store, now, Sort::Changed, Scope::Open, text, None);
        filter(store, now, Sort::Provider, Scope::All, text, None);
    }
    filter(store, now, Sort::Changed, Scope::Open, "", None);
    filter(store, now, Sort::Provider, Scope::Unacknowledged, "", None);
    filter(store, now, Sort::Grouped, Scope::All, "", Some("zayo"));
}

/// The first window of a filtered list, and its matches.
fn filter(store: &Store, now: DateTime<Utc>, sort: Sort, scope: Scope, text: &str, provider: Option<&str>) {
    let filter = Filter { text: text.to_owned(), scope, provider: provider.map(str::to_owned) };
    let query = ListQuery { sort, filter, now };
    let mut shown = 0;
    let times = measured(7, || {
        let rows = store.read_blocking(|connection| window(connection, &query, &Anchor::Top, 0, HEIGHT));
        shown = rows.expect("rows").rows.len();
    });
    let mut all = 0;
    let counted = measured(3, || {
        all = store.read_blocking(|connection| matches(connection, &query, 1000)).expect("a count");
    });
    let name = format!("/{text} {provider:?} {scope:?} {sort:?} ({shown} of {all})").replace("None ", "");
    line(&name, &times);
    if counted[0] > Duration::from_millis(10) {
        line("    counting the matches", &counted);
    }
}

/// Filters of every kind: one letter to many words, common and rare, wanted and excluded, that meet what stands first in
/// the order and what stands last.
const KINDS: [(&str, Option<&str>, Scope, Sort); 32] = [
    ("", None, Scope::All, Sort::Grouped),
    ("z", None, Scope::All, Sort::Grouped),
    ("za", None, Scope::All, Sort::Changed),
    ("qx", None, Scope::All, Sort::Grouped),
    ("9 8 7", None, Scope::All, Sort::Provider),
    ("9 8 7", None, Scope::Unacknowledged, Sort::Grouped),
    ("zayo", None, Scope::All, Sort::Grouped),
    ("zayo", None, Scope::All, Sort::Provider),
    ("zayo", None, Scope::Open, Sort::Changed),
    ("zayo", None, Scope::Changed, Sort::Provider),
    ("TTN-00010", None, Scope::All, Sort::Grouped),
    ("TTN-00010", None, Scope::All, Sort::Changed),
    ("1000050", None, Scope::All, Sort::Grouped),
    ("fibre london colt 77", None, Scope::All, Sort::Grouped),
    ("fibre london colt 77", None, Scope::Unacknowledged, Sort::Changed),
    ("99 zay", None, Scope::All, Sort::Grouped),
    ("xyzzy", None, Scope::All, Sort::Grouped),
    ("xyzzy", None, Scope::Changed, Sort::Provider),
    ("!zayo", None, Scope::All, Sort::Grouped),
    ("!zayo !colt !lumen", None, Scope::All, Sort::Provider),
    ("!arelion", None, Scope::All, Sort::Provider),
    ("!e", None, Scope::All, Sort::Grouped),
    ("!zayo !c", None, Scope::All, Sort::Grouped),
    ("!zayo !c", None, Scope::All, Sort::Changed),
    ("!zayo !c", None, Scope::Unacknowledged, Sort::Provider),
    ("!er !re !on !ne", None, Scope::All, Sort::Grouped),
    ("zayo !ttn", None, Scope::All, Sort::Grouped),
    ("zayo !fibre !software", None, Scope::All, Sort::Grouped),
    ("9 !zayo !c", None, Scope::All, Sort::Grouped),
    ("", Some("zayo"), Scope::All, Sort::Grouped),
    ("!c", Some("zayo"), Scope::All, Sort::Grouped),
    ("amsterdam", Some("zayo"), Scope::Changed, Sort::Changed),
];

/// How the same filters fare in stores of different sizes: median of the first window and of the count, and how much
/// more that is than in the first store.
fn growing(dir: &std::path::Path, sizes: &[u64], now: DateTime<Utc>) {
    let mut columns = Vec::new();
    for rows in sizes {
        let dir = dir.join(rows.to_string());
        if !dir.join(FILE_NAME).exists() {
            println!("{rows} maintenances in {}", dir.display());
            seeding(&dir, *rows, now);
        }
        let store = Store::open(&dir, &Options::new(MIGRATIONS)).expect("a store");
        columns.push(KINDS.map(|(text, provider, scope, sort)| {
            let filter = Filter { text: text.to_owned(), scope, provider: provider.map(str::to_owned) };
            let query = ListQuery { sort, filter, now };
            let shown = measured(7, || {
                let rows = store.read_blocking(|connection| window(connection, &query, &Anchor::Top, 0, HEIGHT));
                drop(rows.expect("rows"));
            });
            let counted = measured(7, || {
                store.read_blocking(|connection| matches(connection, &query, 1001)).expect("a count");
            });
            (median(&shown), median(&counted))
        }));
    }
    println!("milliseconds: first window, count up to 1001 (times those of the smallest store)");
    print!("{:<44}", "");
    for rows in sizes {
        print!("{rows:>33}");
    }
    println!();
    for (place, (text, provider, scope, sort)) in KINDS.into_iter().enumerate() {
        print!("{:<44}", format!("/{text} {provider:?} {scope:?} {sort:?}").replace("None ", ""));
        let first = columns.first().map_or((0.0, 0.0), |column| column[place]);
        for column in &columns {
            let (shown, counted) = column[place];
            print!("{shown:>9.2} ({:>4.0}) {counted:>9.2} ({:>4.0})", shown / first.0, counted / first.1);
        }
        println!();
    }
}

/// The median in milliseconds.
fn median(times: &[Duration]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

/// Imports and actions, durable.
fn writing(store: &Store, now: DateTime<Utc>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let mut number = 0;
    let mut next = || {
        number += 1;
        mail(number, now)
    };
    let alone = measured(100, || {
        let (delivery, reading) = next();
        store
            .write_blocking(move |connection| record(connection, &delivery, &reading, Limits::default()))
            .expect("recorded");
    });
    line("record a mail, alone", &alone);
    let mails: Vec<_> = (0..2000).map(|_| next()).collect();
    let begin = Instant::now();
    runtime.block_on(async {
        let jobs = mails.into_iter().map(|(delivery, reading)| {
            store.write_in_batch(move |connection| record(connection, &delivery, &reading, Limits::default()))
        });
        futures::future::try_join_all(jobs).await.expect("recorded");
    });
    line("record a mail, one of 2000", &[begin.elapsed() / 2000]);
    let filter = Filter { scope: Scope::Unacknowledged, ..Filter::default() };
    let query = ListQuery { sort: Sort::Grouped, filter, now };
    let rows = store.read_blocking(|connection| window(connection, &query, &Anchor::Top, 0, 50)).expect("rows").rows;
    let actor = Actor { who: "anna".to_owned(), at: now };
    let mut rows = rows.into_iter();
    // A small store has fewer that ask for it.
    let acknowledged = measured(rows.len(), || {
        let row = rows.next().expect("a row");
        let actor = actor.clone();
        store
            .write_blocking(move |connection| {
                action::acknowledge(connection, &[(row.key.maintenance, row.revision)], &actor)
            })
            .expect("acknowledged");
    });
    if !acknowledged.is_empty() {
        line("acknowledge", &acknowledged);
    }
}

/// A mail that announces a new maintenance, or changes the one before.
fn mail(number: u32, now: DateTime<Utc>) -> (Delivery, Reading) {
    let start = now + TimeDelta::hours(i64::from(number % 500));
    let notice = Notice {
        account: "Example Networks".to_owned(),
        circuits: (0..3)
            .map(|n| Circuit { circuit_id: format!("BENCH-{}-{n}", number / 2), impact: Impact::Outage })
            .collect(),
        end: start + TimeDelta::hours(4),
        maintenance_id: format!("BENCH-{}", number / 2),
        organizer: "noc@carrier.example".to_owned(),
        provider: "zayo".to_owned(),
        sequence: i64::from(number),
        stamp: now - TimeDelta::days(1) + TimeDelta::seconds(i64::from(number)),
        start,
        status: Status::Confirmed,
        summary: "Replacement of a line card".to_owned(),
        says_cancelled: false,
        sent: None,
        uid: "0".to_owned(),
    };
    let raw = format!("Message-ID: <{number}@carrier.example>\r\n\r\n{number}\r\n{}", "text ".repeat(800)).into_bytes();
    let envelope = Envelope {
        message_id: Some(format!("{number}@carrier.example")),
        sender: "noc@carrier.example".to_owned(),
        subject: "Maintenance".to_owned(),
        date: Some(now),
    };
    let size = raw.len() as u64;
    let delivery = Delivery {
        source: "bench".to_owned(),
        item: number.to_string(),
        raw,
        size,
        received_at: now,
        recorded_at: now,
    };
    (delivery, Reading { envelope, verdict: Verdict::Parsed { provider: "zayo".to_owned(), notices: vec![notice] } })
}

/// How long `what` takes each time.
fn measured(times: usize, mut what: impl FnMut()) -> Vec<Duration> {
    (0..times)
        .map(|_| {
            let begin = Instant::now();
            what();
            begin.elapsed()
        })
        .collect()
}

/// Prints first, median and worst.
fn line(name: &str, times: &[Duration]) {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    let (first, median, worst) = (ms(times.first()), ms(sorted.get(sorted.len() / 2)), ms(sorted.last()));
    if times.len() == 1 {
        println!("{name:<60} {first:>9.3} ms");
    } else {
        println!("{name:<60} {median:>9.3} ms median, {first:.3} first, {worst:.3} worst");
    }
}

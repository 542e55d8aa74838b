//! Feeds on real Maildirs and a real store.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::super::super::worker::Setup;
use super::super::Current;
use super::*;
use crate::config::SourceFrom;
use crate::features::maintenance::inventory::Inventory;
use crate::features::maintenance::open_store;
use crate::features::maintenance::rules::Rules;
use crate::features::maintenance::store::record::Limits;
use crate::features::maintenance::store::retention::Retention;
use crate::store::Store;
use crate::trouble::Trouble;

/// Far beyond what any of these takes.
const DEADLINE: Duration = Duration::from_mins(1);

/// Writes so many mails of some kilobytes into a Maildir in `dir`.
fn fill(dir: &Path, mails: usize) -> Source {
    let maildir = dir.join("Maildir");
    for part in ["cur", "new", "tmp"] {
        fs::create_dir_all(maildir.join(part)).unwrap();
    }
    for mail in 0..mails {
        let text = format!("From: noc@lakeside.example\r\nSubject: {mail}\r\n\r\n{}", format!("{mail} ").repeat(9000));
        fs::write(maildir.join("new").join(format!("17000000{mail:02}.M1.host")), text).unwrap();
    }
    Source { name: "noc".to_owned(), from: SourceFrom::Maildir { path: maildir } }
}

/// Lets the database grow by so many pages from now on, as on a disk with so much space left.
async fn leave_pages(store: &Store, more: i64) {
    let limit = move |connection: &Connection| {
        let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
        Ok(connection.pragma_update_and_check(None, "max_page_count", pages + more, |_| Ok(()))?)
    };
    store.write(limit).await.unwrap();
}

#[test]
fn a_source_that_fails_is_logged_once_and_so_is_its_return() {
    let fails = |reason: &str| SourceHealth::Failing(reason.to_owned());
    let down = |again_at| SourceHealth::Down { brief: "no answer", trouble: Trouble::new("no answer"), again_at };
    let states = [
        SourceHealth::Starting,
        fails("cannot be opened"),
        fails("cannot be opened"),
        fails("no folder"),
        SourceHealth::Reading(3),
        SourceHealth::Watching,
        fails("cannot be listed"),
        down(None),
        down(Some(crate::clock::now())),
        SourceHealth::Watching,
    ];
    let told: Vec<_> = states.windows(2).filter_map(|pair| news(&pair[0], &pair[1])).collect();
    let fails = |reason: &str| News::Fails(reason.to_owned());
    assert_eq!(
        told,
        [
            fails("cannot be opened"),
            fails("no folder"),
            News::IsBack,
            fails("cannot be listed"),
            fails("no answer"),
            News::IsBack
        ],
        "each change once"
    );
}

#[tokio::test]
async fn who_waits_for_their_turn_tells_how_it_goes_for_whoever_has_it() {
    use crate::features::maintenance::store::source::{self, Holder, Progress};
    let dir = tempfile::tempdir().unwrap();
    let store = open_store(dir.path()).unwrap();
    let other = Holder { id: "another".to_owned(), owner: crate::process::Owner::of_this_process() };
    let now = crate::clock::now();
    let lease = now + chrono::TimeDelta::hours(1);
    let holder = other.clone();
    store.write(move |c| source::claim(c, "noc", &holder, now, lease)).await.unwrap();
    let (_sync, synced) = watch::channel(0);
    let mut turn = Turn::new(store.clone(), ("noc", "maildir /noc"), false, synced);
    let standby = |failure: Option<&str>| SourceHealth::Standby {
        holder: other.owner.label(),
        failure: failure.map(str::to_owned),
    };
    assert_eq!((turn.take().await.unwrap(), turn.complete_at()), (Some(standby(None)), None));
    for (failed, complete_at) in [(None, Some(now)), (Some((now, "the password is refused".to_owned())), None)] {
        let told = Progress { complete_at, failed, ..Progress::default() };
        store.write(move |c| source::tell(c, "noc", "another", &told)).await.unwrap();
    }
    assert_eq!(turn.take().await.unwrap(), Some(standby(Some("the password is refused"))));
    assert_eq!(turn.complete_at().map(|at| at.timestamp()), Some(now.timestamp()));
}

#[tokio::test]
async fn a_maildir_is_asked_where_its_path_leads_whenever_the_lease_is_put_off() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_store(dir.path()).unwrap();
    let (_sync, synced) = watch::channel(0);
    let mut turn = Turn::new(store, ("noc", "maildir /noc"), true, synced);
    turn.put_off_every = Duration::from_millis(1);
    assert_eq!(turn.take().await.unwrap(), None);
    let (_going, goes) = watch::channel(Going::default());
    let check = watch::Sender::new(0);
    let mut asked = check.subscribe();
    tokio::select! {
        () = turn.keep(goes, &check) => panic!("the turn is kept"),
        changed = asked.changed() => changed.unwrap(),
    }
}

#[tokio::test]
async fn a_source_whose_name_another_configuration_has_for_something_else_says_so_and_is_not_taken_for_read() {
    use crate::features::maintenance::store::source::{self, Holder, Progress};
    let dir = tempfile::tempdir().unwrap();
    let store = open_store(dir.path()).unwrap();
    let now = crate::clock::now();
    let lease = now + chrono::TimeDelta::hours(1);
    let other = Holder::of("another", "maildir /elsewhere");
    let holder = other.clone();
    store.write(move |c| source::claim(c, "noc", &holder, now, lease)).await.unwrap();
    let told = Progress { complete_at: Some(now), ..Progress::default() };
    let id = other.id.clone();
    store.write(move |c| source::tell(c, "noc", &id, &told)).await.unwrap();
    let (_sync, synced) = watch::channel(0);
    let mut turn = Turn::new(store.clone(), ("noc", "maildir /noc"), false, synced.clone());
    let why = turn.take().await.unwrap();
    let Some(SourceHealth::Failing(why)) = why else { panic!("{why:?}") };
    assert!(why.contains(" reads maildir /elsewhere under this name, and this one is not read"), "{why}");
    assert_eq!(turn.complete_at(), None);
    // The same one, however it is written, is read by the other.
    let mut turn = Turn::new(store.clone(), ("noc", "maildir /elsewhere/"), false, synced.clone());
    let standby = SourceHealth::Standby { holder: other.owner.label(), failure: None };
    assert_eq!((turn.take().await.unwrap(), turn.complete_at().is_some()), (Some(standby), true));
    // Its end lets this one read; and what was configured before in this process is no obstacle.
    store.write(move |c| source::release(c, "noc", &other.id)).await.unwrap();
    for label in ["maildir /noc", "maildir /new"] {
        let mut turn = Turn::new(store.clone(), ("noc", label), false, synced.clone());
        assert_eq!(turn.take().await.unwrap(), None, "{label}");
    }
}

#[tokio::test]
async fn a_maildir_is_read_by_one_process_at_a_time_and_by_the_next_when_that_dies() {
    use crate::features::maintenance::store::source::{self, Holder};
    let dir = tempfile::tempdir().unwrap();
    let store = open_store(dir.path()).unwrap();
    let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
    let owner = crate::process::Owner::of_process(child.id());
    let other = Holder { id: "another".to_owned(), owner };
    let (now, holder) = (crate::clock::now(), other.clone());
    let lease = now + chrono::TimeDelta::hours(1);
    store.write(move |c| source::claim(c, "noc", &holder, now, lease)).await.unwrap();
    let (_sync, synced) = watch::channel(0);
    let begins_anew = !is_remote(&fill(dir.path(), 0).from);
    let mut turn = Turn::new(store.clone(), ("noc", "maildir /noc"), begins_anew, synced);
    let standby = SourceHealth::Standby { holder: other.owner.label(), failure: None };
    assert_eq!(turn.take().await.unwrap(), Some(standby));
    drop(child.stdin.take());
    child.wait().unwrap();
    assert_eq!(turn.take().await.unwrap(), None);
    let reader = store.read(|c| Ok(source::known(c, "noc")?.reader(crate::clock::now()).cloned())).await.unwrap();
    assert_eq!(reader.unwrap().owner.pid, crate::process::Owner::of_this_process().pid);
}

#[tokio::test]
async fn mails_wait_while_the_disk_is_full_and_are_taken_by_themselves_when_it_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let source = fill(dir.path(), 40);
    let store = open_store(&dir.path().join("data")).unwrap();
    leave_pages(&store, 30).await;
    let (reports, mut told) = mpsc::channel(256);
    let setup = Setup {
        data_dir: dir.path().join("data"),
        providers_dir: dir.path().join("providers"),
        circuits: None,
        sources: vec![source.clone()],
        limits: Limits::default(),
        retention: Retention { past_days: None, notification_days: None, raw_days: None },
        nautobot: None,
        read_only: false,
        export_dir: dir.path().to_owned(),
    };
    let shared = Shared {
        setup: Arc::new(setup),
        store: store.clone(),
        rules: Current::new(Rules::embedded()),
        inventory: Current::new(Inventory::default()),
        more: Current::new(Vec::new()),
        senders: Current::new(Vec::new()),
        nautobot: crate::features::maintenance::worker::nautobot::Wishes::new(false),
        sync: watch::Sender::new(0),
        reports,
    };
    let stop = CancellationToken::new();
    let mut feed = JoinSet::new();
    feed.spawn(Feed::new(shared, &source, Duration::from_millis(1)).run(stop.clone()));
    let mut failures = 0;
    let received = loop {
        let report = timeout(DEADLINE, told.recv()).await.expect("told in time").expect("the feed runs");
        let Report::Source(state) = report else { continue };
        match state.health {
            SourceHealth::Waiting { reason, mails, .. } => {
                assert_eq!(reason, "no space");
                assert_eq!(mails, 40 - state.received, "those that are not recorded wait");
                failures += 1;
                if failures == 4 {
                    leave_pages(&store, 1_000_000).await;
                }
            }
            SourceHealth::Watching => break state.received,
            SourceHealth::Starting | SourceHealth::Reading(_) => {}
            other @ (SourceHealth::Failing(_)
            | SourceHealth::Down { .. }
            | SourceHealth::Paused { .. }
            | SourceHealth::Standby { .. }) => panic!("{other:?}"),
        }
    };
    assert!(failures >= 4, "it was tried again");
    assert_eq!(received, 40);
    stop.cancel();
    while feed.join_next().await.is_some() {}
}

//! From a service into the store, and what became of a mail back to the service.

use std::path::Path;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::google::Google;
use super::*;
use crate::config::{Source, SourceFrom};
use crate::features::maintenance::open_store;
use crate::features::maintenance::rules::Rules;
use crate::features::maintenance::store::away;
use crate::features::maintenance::store::given_up::{self, GivenUp};
use crate::features::maintenance::store::record::Limits;
use crate::features::maintenance::store::retention::Retention;
use crate::features::maintenance::worker::{Report, Setup, SourceHealth, SourceState, feed};
use crate::store::Store;

/// Far beyond what any of these takes.
const DEADLINE: Duration = Duration::from_mins(1);

/// Reads the mailbox to its end, as a process of its own would; how that went.
async fn read(dir: &Path, store: &Store, config: &WebMail) -> SourceState {
    let setup = Setup {
        data_dir: dir.to_owned(),
        providers_dir: dir.join("providers"),
        circuits: None,
        sources: vec![Source { name: "noc".to_owned(), from: SourceFrom::Web(Box::new(config.clone())) }],
        limits: Limits::default(),
        retention: Retention { past_days: None, notification_days: None, raw_days: None },
        nautobot: None,
        read_only: false,
        export_dir: dir.to_owned(),
    };
    let (reports, mut told) = mpsc::channel(256);
    let stop = CancellationToken::new();
    let feeding = feed(setup, store.clone(), Rules::embedded(), reports, stop.clone());
    let listening = async {
        let state = loop {
            let report = timeout(DEADLINE, told.recv()).await.expect("told in time").expect("the feed runs");
            if let Report::Source(state) = report
                && matches!(state.health, SourceHealth::Watching | SourceHealth::Failing(_))
            {
                break state;
            }
        };
        stop.cancel();
        while told.recv().await.is_some() {}
        state
    };
    tokio::join!(feeding, listening).1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_goes_into_the_store_and_what_became_of_it_is_its_label() {
    let (google, url, _tasks) = Google::start().await;
    google.state().labels.push(("Label_7".to_owned(), "noc/unknown".to_owned()));
    let first = google.state().deliver(mail("anna@lakeside.example", "lunch"), 1_795_220_000_000);
    let mut config = config(Service::Gmail, &url);
    config.labels = vec![("unknown-provider", "noc/unknown".to_owned())];
    let dir = tempfile::tempdir().unwrap();
    let store = open_store(dir.path()).unwrap();
    for round in 0..2 {
        let state = read(dir.path(), &store, &config).await;
        assert!(state.next_at.is_some() && state.received == usize::from(round == 0), "{state:?}");
        let labels = google.state().messages.iter().find(|message| message.id == first).unwrap().labels.clone();
        assert_eq!(labels, ["INBOX", "UNREAD", "Label_7"]);
    }
    let changes = google.state().asked.iter().filter(|asked| asked.starts_with("messages/batchModify")).count();
    assert_eq!(changes, 1, "it is labelled once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn since_when_a_mail_does_not_come_is_kept_until_it_is_given_up_and_it_is_asked_for_again() {
    let (google, url, _tasks) = Google::start().await;
    let config = config(Service::Gmail, &url);
    let id = google.state().deliver(mail("anna@lakeside.example", "lunch"), 1_795_220_000_000);
    google.state().withheld = vec![(id, 200)];
    let dir = tempfile::tempdir().unwrap();
    let store = open_store(dir.path()).unwrap();
    let label = label(&config);
    let known = || {
        let label = label.clone();
        store.read_blocking(move |c| Ok((away::of(c, &label)?, given_up::of(c, &label)?))).unwrap()
    };
    for looks in 1..=4 {
        let state = read(dir.path(), &store, &config).await;
        assert!(matches!(state.health, SourceHealth::Failing(_)), "{state:?}");
        assert_eq!((known().0[0].1.looks, known().1), (looks, GivenUp::default()));
    }
    let earlier = |c: &rusqlite::Connection| Ok(c.execute("UPDATE source_away SET since = since - 1860", [])?);
    store.write(earlier).await.unwrap();
    let state = read(dir.path(), &store, &config).await;
    assert_eq!((state.health, known()), (SourceHealth::Watching, (vec![], GivenUp { mails: 1, again: 0 })));
    // Its server is well again.
    google.state().withheld.clear();
    let asked = label.clone();
    store.write(move |c| given_up::ask_again(c, "noc", &asked)).await.unwrap();
    let state = read(dir.path(), &store, &config).await;
    assert_eq!((state.health, state.received, known()), (SourceHealth::Watching, 1, (vec![], GivenUp::default())));
}

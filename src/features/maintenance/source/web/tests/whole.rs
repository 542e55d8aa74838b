//! From a service into the store, and what became of a mail back to the service.

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::google::Google;
use super::*;
use crate::config::{Source, SourceFrom};
use crate::features::maintenance::open_store;
use crate::features::maintenance::rules::Rules;
use crate::features::maintenance::store::record::Limits;
use crate::features::maintenance::store::retention::Retention;
use crate::features::maintenance::worker::{Report, Setup, SourceHealth, feed};

/// Far beyond what any of these takes.
const DEADLINE: Duration = Duration::from_mins(1);

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
        let setup = Setup {
            data_dir: dir.path().to_owned(),
            providers_dir: dir.path().join("providers"),
            circuits: None,
            sources: vec![Source { name: "noc".to_owned(), from: SourceFrom::Web(Box::new(config.clone())) }],
            limits: Limits::default(),
            retention: Retention { past_days: None, notification_days: None, raw_days: None },
            nautobot: None,
            read_only: false,
            export_dir: dir.path().to_owned(),
        };
        let (reports, mut told) = mpsc::channel(256);
        let stop = CancellationToken::new();
        let feeding = feed(setup, store.clone(), Rules::embedded(), reports, stop.clone());
        let listening = async {
            let state = loop {
                let report = timeout(DEADLINE, told.recv()).await.expect("told in time").expect("the feed runs");
                if let Report::Source(state) = report
                    && state.health == SourceHealth::Watching
                {
                    break state;
                }
            };
            stop.cancel();
            while told.recv().await.is_some() {}
            state
        };
        let ((), state) = tokio::join!(feeding, listening);
        assert!(state.next_at.is_some() && state.received == usize::from(round == 0), "{state:?}");
        let labels = google.state().messages.iter().find(|message| message.id == first).unwrap().labels.clone();
        assert_eq!(labels, ["INBOX", "UNREAD", "Label_7"]);
    }
    let changes = google.state().asked.iter().filter(|asked| asked.starts_with("messages/batchModify")).count();
    assert_eq!(changes, 1, "it is labelled once");
}

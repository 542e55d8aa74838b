//! The worker against the simulated lab: what it tells, and what is left when it ends.

use std::path::Path;

use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::*;
use crate::config::{self, Environment, Flags};
use crate::features::lab::act::{Change, Outcome};
use crate::features::lab::connect::Launch;
use crate::features::lab::model::Wanted;
use crate::features::lab::sim::{self, Fault, Simulator};
use crate::features::lab::store::temporary::Temporary;

/// A worker and the simulated lab that it follows.
struct Desk {
    sim: Simulator,
    dir: TempDir,
    requests: mpsc::Sender<Request>,
    reports: mpsc::Receiver<Report>,
    stop: CancellationToken,
    task: JoinSet<Result<(), Error>>,
}

/// What a worker is asked and told by, what ends it, and itself.
type Started = (mpsc::Sender<Request>, mpsc::Receiver<Report>, CancellationToken, JoinSet<Result<(), Error>>);

/// A worker in this folder for the lab at this address, with a token in a file.
fn start(path: &Path, url: &str) -> Started {
    start_with(path, url, &format!("token_file = '{}/token'", path.display()))
}

/// The same with another place for the token.
fn start_with(path: &Path, url: &str, token: &str) -> Started {
    let text = format!(
        "[[lab]]\nname = 'training'\nurl = '{url}'\n{token}\nrefresh = '1 h'\n[connect]\nssh = ['true', '{{host}}']\n",
    );
    let file = path.join("config.toml");
    std::fs::write(&file, text).unwrap();
    let flags = Flags { config: Some(file), data_dir: Some(path.join("data")), ..Flags::default() };
    let config = config::load(&flags, &Environment::of([("HOME", path.to_str().unwrap())])).unwrap();
    let setup = Setup {
        data_dir: config.paths.data.clone(),
        labs: config.labs.clone(),
        connect: config.connect.clone(),
        who: "anna".to_owned(),
    };
    let (requests, inbox) = mpsc::channel(8);
    let (outbox, reports) = mpsc::channel(256);
    let stop = CancellationToken::new();
    let mut task = JoinSet::new();
    task.spawn(run(setup, inbox, outbox, stop.clone()));
    (requests, reports, stop, task)
}

impl Desk {
    /// A lab with a machine that has a forward, told something first.
    async fn with(tell: impl FnOnce(&Simulator)) -> Self {
        let sim = Simulator::start(sim::Setup { pool: None, listens: true, ..sim::Setup::default() }).await.unwrap();
        tell(&sim);
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("token"), sim.token()).unwrap();
        let (requests, reports, stop, task) = start(dir.path(), sim.url());
        Self { sim, dir, requests, reports, stop, task }
    }

    /// Takes in reports until one of them is wanted.
    async fn hear<T>(&mut self, mut wanted: impl FnMut(Report) -> Option<T>) -> T {
        loop {
            let report = self.reports.recv().await.expect("the worker ended");
            if let Some(found) = wanted(report) {
                return found;
            }
        }
    }

    /// Until the lab has told all.
    async fn snapshot(&mut self) -> Arc<crate::features::lab::model::Snapshot> {
        self.hear(|report| if let Report::Snapshot { snapshot, .. } = report { Some(snapshot) } else { None }).await
    }

    async fn ask(&self, request: Request) {
        self.requests.send(request).await.unwrap();
    }
}

fn wanted(name: &str, address: &str, target: u16) -> Wanted {
    Wanted { name: name.to_owned(), component: "CentOS".to_owned(), address: address.to_owned(), target }
}

fn add(job: JobId, changes: Vec<Change>) -> Request {
    Request::Change { lab: "training".to_owned(), job, changes }
}

#[tokio::test]
async fn what_a_lab_tells_is_told_with_its_token_and_what_was_measured() {
    let mut desk = Desk::with(|sim| {
        sim.forward("web01", "CentOS", "192.168.1.20", 22).unwrap();
    })
    .await;
    let claims = desk.hear(|report| if let Report::Token { holding, .. } = report { holding } else { None }).await;
    assert_eq!(claims.claims.username, "pat");
    let snapshot = desk.snapshot().await;
    assert_eq!(snapshot.forwards[0].name, "web01");
    let reached = desk
        .hear(|report| {
            let Report::Reached { reached, .. } = report else { return None };
            (!reached.is_empty()).then_some(reached)
        })
        .await;
    assert!(reached[0].1.is_open(), "{reached:?}");
}

#[tokio::test]
async fn an_inventory_that_does_not_come_holds_back_nothing_and_is_told_when_it_comes() {
    let mut desk = Desk::with(|sim| {
        sim.forward("web01", "CentOS", "192.168.1.20", 22).unwrap();
        sim.state().inventory = Some(
            [(
                "web01".to_owned(),
                sim::Guest { component: "CentOS".to_owned(), is_on: true, addresses: vec!["192.168.1.20".to_owned()] },
            )]
            .into(),
        );
        sim.fault(Fault::Pending, usize::MAX);
    })
    .await;
    let snapshot = desk.snapshot().await;
    assert_eq!((snapshot.forwards.len(), snapshot.machines["web01"].exists), (1, None));
    assert!(snapshot.untold.contains_key(&crate::features::lab::model::Part::Inventory));
    let is_measured = |report| matches!(report, Report::Reached { is_complete: true, .. }).then_some(());
    desk.hear(is_measured).await;
    // What is made meanwhile is there and measured at once.
    desk.ask(add(7, vec![Change::Add(wanted("web02", "192.168.1.21", 22))])).await;
    let has_both = |report| {
        let Report::Snapshot { snapshot, .. } = report else { return None };
        (snapshot.forwards.len() == 2).then_some(snapshot)
    };
    assert_eq!(desk.hear(has_both).await.machines["web01"].exists, None);
    desk.hear(is_measured).await;
    desk.sim.state().faults.clear();
    let is_whole = |report| {
        let Report::Snapshot { snapshot, .. } = report else { return None };
        snapshot.untold.is_empty().then_some(snapshot)
    };
    let whole = desk.hear(is_whole).await;
    assert_eq!((whole.forwards.len(), whole.machines["web01"].exists), (2, Some(true)));
}

#[tokio::test]
async fn another_token_in_its_file_is_taken_up_by_itself() {
    let sim = Simulator::start(sim::Setup { pool: None, ..sim::Setup::default() }).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("token"), sim.token_with(|claims| claims.exp = Some(1.0))).unwrap();
    let (requests, reports, stop, task) = start(dir.path(), sim.url());
    let mut desk = Desk { sim, dir, requests, reports, stop, task };
    let word = desk
        .hear(|report| {
            let Report::Health { health: Health::Failing { word, .. }, .. } = report else { return None };
            Some(word)
        })
        .await;
    assert_eq!(word, "expired");
    // Without that it would be tried again in minutes.
    std::fs::write(desk.dir.path().join("token"), desk.sim.token()).unwrap();
    desk.snapshot().await;
}

#[tokio::test]
async fn what_was_told_last_is_there_before_the_lab_answers() {
    let mut desk = Desk::with(|sim| {
        sim.forward("web01", "CentOS", "192.168.1.20", 22).unwrap();
    })
    .await;
    desk.snapshot().await;
    desk.hear(|report| matches!(report, Report::Health { health: Health::Live { .. }, .. }).then_some(())).await;
    desk.stop.cancel();
    desk.task.join_next().await;
    let url = desk.sim.url().to_owned();
    desk.sim.stop().await;
    let (_requests, mut reports, _stop, _task) = start(desk.dir.path(), &url);
    let Some(Report::Snapshot { snapshot, .. }) = reports.recv().await else { panic!("the snapshot comes first") };
    assert_eq!(snapshot.forwards[0].name, "web01");
    loop {
        if let Report::Health { health: Health::Failing { word, since, .. }, .. } = reports.recv().await.unwrap() {
            assert_eq!((word, since.is_some()), ("offline", true));
            break;
        }
    }
}

#[tokio::test]
async fn what_is_known_is_measured_although_the_lab_does_not_answer() {
    let mut desk = Desk::with(|sim| {
        sim.forward("web01", "CentOS", "192.168.1.20", 22).unwrap();
    })
    .await;
    desk.snapshot().await;
    desk.hear(|report| matches!(report, Report::Health { health: Health::Live { .. }, .. }).then_some(())).await;
    desk.stop.cancel();
    desk.task.join_next().await;
    // The service is gone, the gateway is not.
    desk.sim.fault(Fault::Unavailable, 99);
    let (_requests, mut reports, _stop, _task) = start(desk.dir.path(), desk.sim.url());
    loop {
        if let Report::Reached { reached, .. } = reports.recv().await.expect("it is measured")
            && let [(_, reach)] = reached.as_slice()
        {
            assert!(reach.is_open(), "{reach:?}");
            break;
        }
    }
}

#[tokio::test]
async fn what_a_killed_noctui_had_asked_for_is_looked_for_by_the_next_one() {
    let mut desk = Desk::with(|sim| {
        sim.forward("web01", "CentOS", "192.168.1.20", 22).unwrap();
    })
    .await;
    let forward = desk.snapshot().await.forwards[0].clone();
    let (asked, url) = (forward.clone(), desk.sim.url().to_owned());
    let store = super::super::open_store(&desk.dir.path().join("data")).unwrap();
    let begun = move |connection: &rusqlite::Connection| {
        let dead = crate::process::Owner { start: "long ago".to_owned(), ..crate::process::Owner::of_this_process() };
        let asked = super::super::store::removing("anna", "training", &url, &asked);
        super::super::store::begin(connection, &asked, &dead, crate::clock::now())
    };
    store.write(begun).await.unwrap();
    desk.sim.state().records.clear();
    desk.ask(Request::Refresh).await;
    let found = desk.hear(|report| if let Report::Found { found, .. } = report { Some(found) } else { None }).await;
    assert_eq!(found, [super::super::store::open::Found::Deleted(forward)]);
}

#[tokio::test]
async fn of_several_changes_one_that_fails_keeps_no_other_from_being_made() {
    let mut desk = Desk::with(|_| ()).await;
    desk.snapshot().await;
    desk.sim.fault(Fault::For("POST", Box::new(Fault::ForeignRule)), 1);
    let changes = [("web01", "192.168.1.20"), ("web02", "192.168.1.21")];
    let changes = changes.map(|(name, address)| Change::Add(wanted(name, address, 22))).to_vec();
    desk.ask(add(7, changes)).await;
    let mut ends = Vec::new();
    loop {
        let report = desk.reports.recv().await.unwrap();
        if matches!(report, Report::Ended { job: 7 }) {
            break;
        }
        if let Report::Step { job: 7, outcome: Some(outcome), .. } = report {
            ends.push(outcome);
        }
    }
    assert!(matches!(ends.as_slice(), [Outcome::Failed { .. }, Outcome::Made { .. }]), "{ends:?}");
    desk.ask(Request::History { lab: "training".to_owned(), name: "web01".to_owned() }).await;
    let actions =
        desk.hear(|report| if let Report::History { actions, .. } = report { Some(actions) } else { None }).await;
    assert_eq!((actions[0].result.as_str(), actions[0].who.as_str()), ("failed", "anna"));
}

#[tokio::test]
async fn an_order_that_was_ended_begins_nothing_more() {
    let mut desk = Desk::with(|_| ()).await;
    desk.snapshot().await;
    desk.sim.fault(Fault::For("POST", Box::new(Fault::Late(std::time::Duration::from_millis(300)))), 1);
    let changes = (20..30).map(|end| Change::Add(wanted("web", &format!("192.168.1.{end}"), 22))).collect();
    desk.ask(add(7, changes)).await;
    desk.hear(|report| matches!(report, Report::Step { at: 0, outcome: None, .. }).then_some(())).await;
    desk.ask(Request::Cancel { job: 7 }).await;
    desk.hear(|report| matches!(report, Report::Ended { job: 7 }).then_some(())).await;
    let made = desk.sim.state().records.len();
    assert!((1..10).contains(&made), "{made} were made");
}

#[tokio::test]
async fn a_connection_waits_for_an_answer_and_makes_the_forward_first() {
    let mut desk = Desk::with(|_| ()).await;
    desk.snapshot().await;
    desk.ask(Request::Prepare {
        lab: "training".to_owned(),
        job: 3,
        existing: None,
        wanted: wanted("web01", "192.168.1.20", 22),
        protocol: None,
        remove_after: true,
    })
    .await;
    let prepared =
        desk.hear(|report| if let Report::Ready { result, .. } = report { Some(result) } else { None }).await;
    let prepared = prepared.unwrap();
    assert!(prepared.is_new && prepared.host == "127.0.0.1", "{prepared:?}");
    assert_eq!(prepared.launch, Launch::Terminal(vec!["true".to_owned(), "127.0.0.1".to_owned()]));
    assert_eq!(desk.sim.state().records[0].port, prepared.forward.port);
}

#[tokio::test]
async fn what_was_sent_is_answered_even_while_the_worker_ends() {
    let mut desk = Desk::with(|_| ()).await;
    desk.snapshot().await;
    desk.sim.fault(Fault::For("POST", Box::new(Fault::Late(std::time::Duration::from_millis(300)))), 1);
    let changes = (20..30).map(|end| Change::Add(wanted("web", &format!("192.168.1.{end}"), 22))).collect();
    desk.ask(add(7, changes)).await;
    desk.hear(|report| matches!(report, Report::Step { at: 0, outcome: None, .. }).then_some(())).await;
    desk.stop.cancel();
    drop(desk.reports);
    desk.task.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(desk.sim.state().records.len(), 1);
}

#[tokio::test]
async fn what_was_deleted_is_told_to_the_next_noctui() {
    let mut desk = Desk::with(|sim| {
        sim.forward("web01", "CentOS", "192.168.1.20", 22).unwrap();
    })
    .await;
    let forward = desk.snapshot().await.forwards[0].clone();
    desk.ask(add(7, vec![Change::Remove(forward.clone())])).await;
    desk.hear(|report| matches!(report, Report::Ended { job: 7 }).then_some(())).await;
    desk.stop.cancel();
    desk.task.join_next().await;
    let (_requests, mut reports, _stop, _task) = start(desk.dir.path(), desk.sim.url());
    loop {
        if let Report::Deleted { forwards, .. } = reports.recv().await.expect("it is told at the beginning") {
            assert_eq!(forwards, [forward]);
            break;
        }
    }
}

#[tokio::test]
async fn a_forward_whose_connection_was_cut_off_is_told_until_it_is_gone() {
    let mut desk = Desk::with(|_| ()).await;
    desk.snapshot().await;
    let prepare = Request::Prepare {
        lab: "training".to_owned(),
        job: 7,
        existing: None,
        wanted: wanted("web02", "192.168.1.21", 22),
        protocol: None,
        remove_after: true,
    };
    desk.ask(prepare).await;
    let ready =
        |report| if let Report::Ready { job: 7, result } = report { Some(result.unwrap().forward) } else { None };
    let forward = desk.hear(ready).await;
    // As if that had been another process, which is gone.
    let store = super::super::open_store(&desk.dir.path().join("data")).unwrap();
    let died = |connection: &rusqlite::Connection| {
        connection.execute("UPDATE lab_temporary SET owner_start = 'long ago'", [])?;
        Ok(())
    };
    store.write(died).await.unwrap();
    desk.ask(Request::Refresh).await;
    let left = |report| {
        let Report::Temporary { temporary, .. } = report else { return None };
        Some(temporary.into_iter().filter(Temporary::is_left).collect::<Vec<_>>())
    };
    // That it was made is told before.
    let told = desk.hear(|report| left(report).filter(|left| !left.is_empty())).await;
    let told: Vec<_> = told.into_iter().map(|left| left.forward).collect();
    assert_eq!(told, std::slice::from_ref(&forward));
    desk.ask(add(8, vec![Change::Remove(forward)])).await;
    assert_eq!(desk.hear(left).await, []);
}

#[tokio::test]
async fn what_was_made_for_a_connection_goes_with_the_noctui_that_made_it() {
    let mut desk = Desk::with(|_| ()).await;
    desk.snapshot().await;
    for (job, name, address, remove_after) in [(7, "web02", "192.168.1.21", true), (8, "web03", "192.168.1.22", false)]
    {
        let (lab, wanted) = ("training".to_owned(), wanted(name, address, 22));
        desk.ask(Request::Prepare { lab, job, existing: None, wanted, protocol: None, remove_after }).await;
        let ready = |report| {
            let Report::Ready { job: told, result } = report else { return None };
            (told == job).then(|| result.unwrap().goes)
        };
        assert_eq!(desk.hear(ready).await, remove_after);
    }
    desk.stop.cancel();
    desk.task.join_next().await;
    let listed: Vec<String> = desk.sim.state().records.iter().map(|record| record.name.clone()).collect();
    assert_eq!(listed, ["web03"]);
}

#[tokio::test]
async fn a_forward_that_was_taken_over_outlives_the_connection_it_was_made_for() {
    let mut desk = Desk::with(|_| ()).await;
    desk.snapshot().await;
    let web02 = || wanted("web02", "192.168.1.21", 22);
    let lab = "training".to_owned();
    desk.ask(Request::Prepare { lab, job: 7, existing: None, wanted: web02(), protocol: None, remove_after: true })
        .await;
    let ready =
        |report| if let Report::Ready { job: 7, result } = report { Some(result.unwrap().forward) } else { None };
    let forward = desk.hear(ready).await;
    let came = |report| if let Report::Step { outcome: Some(outcome), .. } = report { Some(outcome) } else { None };
    desk.ask(add(8, vec![Change::Add(web02())])).await;
    assert_eq!(desk.hear(came).await, Outcome::Found { forward: forward.clone(), kept: true });
    desk.ask(add(9, vec![Change::Tidy(forward.clone())])).await;
    let Outcome::Stays { forward: stays, why } = desk.hear(came).await else { panic!("it was removed") };
    assert_eq!((stays, why.as_str()), (forward, "somebody wants it for longer than this connection"));
    assert_eq!(desk.sim.state().records.len(), 1);
}

#[tokio::test]
async fn a_login_that_was_refused_is_tried_again_when_somebody_says_so() {
    let sim = Simulator::start(sim::Setup::default()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("password"), "wrong").unwrap();
    let login = format!("user = 'pat'\npassword_file = '{}/password'", dir.path().display());
    let (requests, mut reports, _stop, _task) = start_with(dir.path(), sim.url(), &login);
    let logins = || sim.calls().iter().filter(|call| call.contains("auth/token")).count();
    for times in 1..3 {
        loop {
            if let Report::Health { health: Health::Failing { word, retry_at, .. }, .. } = reports.recv().await.unwrap()
            {
                assert_eq!((word, retry_at), ("login", None), "it is not tried again by itself, and nothing says so");
                break;
            }
        }
        assert_eq!(logins(), times);
        requests.send(Request::Retry).await.unwrap();
    }
}

#[tokio::test]
async fn forwards_are_saved_and_read_again() {
    let mut desk = Desk::with(|sim| {
        sim.forward("web01", "CentOS", "192.168.1.20", 22).unwrap();
    })
    .await;
    desk.snapshot().await;
    desk.hear(|report| matches!(report, Report::Health { health: Health::Live { .. }, .. }).then_some(())).await;
    let path = desk.dir.path().join("saved.json");
    desk.ask(Request::Save { lab: "training".to_owned(), path: path.clone() }).await;
    let count = desk.hear(|report| if let Report::Saved { count, .. } = report { Some(count) } else { None }).await;
    desk.ask(Request::Load { lab: "training".to_owned(), path: path.clone() }).await;
    let read =
        desk.hear(|report| if let Report::Loaded { saved, .. } = report { Some(saved.forwards) } else { None }).await;
    assert_eq!((count, read), (1, vec![wanted("web01", "192.168.1.20", 22)]));
    desk.ask(Request::Save { lab: "training".to_owned(), path }).await;
    let told = desk.hear(|report| report.trouble().map(crate::trouble::Trouble::one_line)).await;
    assert!(told.contains("name another file"), "{told}");
}

#[tokio::test]
async fn what_was_deleted_from_here_is_gone_although_the_lab_does_not_answer_since() {
    let mut desk = Desk::with(|sim| {
        sim.forward("web01", "CentOS", "192.168.1.20", 22).unwrap();
    })
    .await;
    let forward = desk.snapshot().await.forwards[0].clone();
    desk.hear(|report| matches!(report, Report::Health { health: Health::Live { .. }, .. }).then_some(())).await;
    // It is deleted, and then nothing is heard any more.
    let late = Fault::Late(std::time::Duration::from_secs(1));
    desk.sim.fault(Fault::For("DELETE", Box::new(late)), 1);
    desk.ask(add(1, vec![Change::Remove(forward)])).await;
    while !desk.sim.state().records.is_empty() {
        tokio::task::yield_now().await;
    }
    desk.sim.fault(Fault::Unavailable, usize::MAX);
    let mut shown = None;
    desk.hear(|report| {
        if let Report::Snapshot { snapshot, .. } = &report {
            shown = Some(Arc::clone(snapshot));
        }
        matches!(report, Report::Health { health: Health::Failing { .. }, .. }).then_some(())
    })
    .await;
    assert_eq!(shown.unwrap().forwards, []);
}

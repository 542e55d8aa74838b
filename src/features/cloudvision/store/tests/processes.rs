//! Several processes on one database.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{at, deployment, production};
use crate::features::MIGRATIONS;
use crate::features::cloudvision::model::WorkspaceId;
use crate::features::cloudvision::store::audit::{self, Filter, Outcome, Request, What};
use crate::features::cloudvision::store::journal::{self, Facts, Phase, Refusal};
use crate::process::{Fate, Owner};
use crate::store::{Options, Store};

/// Tells this program, run as a second process, where its database is.
const DIRECTORY: &str = "NOCTUI_TEST_SECOND_PROCESS";

fn open(dir: &Path) -> Store {
    Store::open(dir, &Options::new(MIGRATIONS)).unwrap()
}

/// The second process: writes down that it submits, says so, and is killed before it hears an answer. Does nothing when it
/// is run as a test.
#[test]
fn second_process() {
    let Some(dir) = std::env::var_os(DIRECTORY) else { return };
    let store = open(dir.as_ref());
    let submitted = store.write_blocking(|connection| {
        let claim = journal::begin(connection, &deployment("fabric", 0))?;
        let facts = Facts { workspace: Some(WorkspaceId::new("ws-1")), ..Facts::default() };
        for phase in [Phase::WorkspaceRequested, Phase::Writing, Phase::Building, Phase::SubmitRequested] {
            journal::advance(connection, &claim, phase, &facts, at(1))?.unwrap();
        }
        let request = Request {
            at: at(1),
            who: "anna".to_owned(),
            instance: production(),
            target: Some("fabric".to_owned()),
            what: What::Deploy,
            object: String::new(),
            object_name: String::new(),
            details: serde_json::Value::Null,
            deployment: Some(claim.id),
        };
        audit::request(connection, &request)
    });
    submitted.unwrap();
    println!("\nwritten");
    std::io::stdout().flush().unwrap();
    let mut forever = String::new();
    std::io::stdin().read_line(&mut forever).unwrap();
}

/// Starts it, and waits until it has written.
fn start(dir: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "features::cloudvision::store::tests::processes::second_process", "--nocapture"])
        .env(DIRECTORY, dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).any(|line| line == "written");
    assert!(said, "the second process wrote nothing");
    child
}

#[test]
fn a_deployment_of_a_killed_process_is_found_where_it_was_and_taken_over_by_one() {
    let dir = tempfile::tempdir().unwrap();
    let (store, other) = (open(dir.path()), open(dir.path()));
    let mut child = start(dir.path());
    let found = store.read_blocking(journal::unfinished).unwrap().remove(0);
    assert_eq!((found.fate, found.entry.phase), (Fate::Alive, Phase::SubmitRequested));
    let under_way = |target: &str| {
        let new = deployment(target, 5);
        store.read_blocking(move |c| journal::under_way(c, &new)).unwrap().map(|entry| entry.id)
    };
    assert_eq!((under_way("fabric"), under_way("other")), (Some(found.entry.id), None));
    child.kill().unwrap();
    child.wait().unwrap();
    let found = store.read_blocking(journal::unfinished).unwrap().remove(0);
    assert_eq!((found.fate, found.entry.phase), (Fate::Dead, Phase::SubmitRequested));
    assert_eq!(under_way("fabric"), None);
    assert_eq!(found.entry.workspace, Some(WorkspaceId::new("ws-1")));
    // Two processes find it at the same moment; both try.
    let adopt = |store: &Store| {
        let entry = found.entry.clone();
        store.write_blocking(move |c| journal::adopt(c, &entry, &Owner::of_this_process(), at(9))).unwrap()
    };
    let (first, second) = std::thread::scope(|scope| {
        let second = scope.spawn(|| adopt(&other));
        (adopt(&store), second.join().unwrap())
    });
    let (claim, refusal) = if first.is_ok() { (first, second) } else { (second, first) };
    assert_eq!(refusal, Err(Refusal::TakenOver));
    let id = claim.unwrap().id;
    let open = store.read_blocking(move |c| audit::unsettled(c, &id)).unwrap();
    assert_eq!((open.len(), open[0].outcome, open[0].request.what), (1, Outcome::Requested, What::Deploy));
    let log = other.read_blocking(|c| audit::list(c, &Filter::default(), None, 9)).unwrap();
    assert_eq!(log.rows, open);
}

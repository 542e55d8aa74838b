//! Answers that never come, over a connection that stays.

use super::*;
use crate::features::cloudvision::model::WorkspaceId;
use crate::features::cloudvision::sim::{Effect, Fault};
use crate::features::cloudvision::store::journal::Ending;
use crate::features::cloudvision::store::{Instance, audit, journal};

/// What asks a workspace for something.
const ASKING: &str = "WorkspaceConfigService/Set";
/// What writes configurations.
const WRITING: &str = "ConfigletConfigService/SetSome";
/// Longer than anybody waits.
const FOR_EVER: Effect = Effect::Delay(Duration::from_hours(1));

#[tokio::test]
async fn an_answer_that_is_lost_holds_nothing_up_where_the_workspace_shows_what_came_of_it() {
    for after in 0..3 {
        let desk = Desk::of(1).await;
        desk.sim.fault(Fault { method: ASKING.to_owned(), after, times: 1, effect: Effect::Swallow });
        let outcome = desk.deploy(vec![wanted("leaf1", None, "!\n", &[])]).await;
        assert!(outcome.result.is_ok(), "{after}: {outcome:?}");
        assert_eq!(desk.sim.calls().count(ASKING), 3, "nothing was asked for twice");
    }
}

#[tokio::test]
async fn a_write_that_nobody_answers_is_made_again_long_before_its_time_is_over() {
    for (method, after) in [(ASKING, 1), (WRITING, 0), ("InputsConfigService/Set", 0)] {
        let mut desk = Desk::of(1).await;
        desk.client = client_within(&desk.sim, desk.sim.token(), Duration::from_secs(8));
        desk.sim.fault(Fault { method: method.to_owned(), after, times: 1, effect: FOR_EVER });
        let outcome = desk.deploy(vec![wanted("leaf1", None, "!\n", &[])]).await;
        assert!(outcome.result.is_ok(), "{method}: {outcome:?}");
        assert!(desk.sim.calls().count(method) > after + 1, "{method}: {:?}", desk.sim.calls().all());
    }
}

#[tokio::test]
async fn what_is_never_answered_is_told_with_how_long_it_was_waited_for_in_all() {
    let desk = Desk::of(1).await;
    let hasty = client_within(&desk.sim, desk.sim.token(), Duration::from_secs(4));
    desk.sim.fault(Fault::always("DeviceService/GetAll", FOR_EVER));
    let error = hasty.all_devices().await.unwrap_err().to_string();
    // A pause that would outlast the time is not waited for.
    let told = ["within 3 s", "within 4 s"]
        .map(|within| format!("no answer from CloudVision to DeviceService/GetAll {within}"));
    assert!(told.contains(&error), "{error}");
    assert!(desk.sim.calls().count("DeviceService/GetAll") > 1);
}

#[tokio::test]
async fn a_deployment_whose_workspace_is_abandoned_while_it_waits_for_an_answer_ends_with_that_everywhere() {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::features::cloudvision::open_store(dir.path()).unwrap();
    let mut desk = Desk::of(1).await;
    let about = About {
        instance: Instance { name: "lab".to_owned(), server: desk.sim.address().to_string() },
        target: Some("dc1".to_owned()),
        source: "/configs".to_owned(),
    };
    let wish = order(vec![wanted("leaf1", None, "!\n", &[])]);
    let journal = Arc::new(Journal::begin(&store, about, &wish).await.unwrap());
    let controls = Controls { recorder: journal.clone(), ..desk.controls.clone() };
    desk.sim.fault(Fault::always(WRITING, FOR_EVER));
    let other = client(&desk.sim, desk.sim.token());
    let somebody = async {
        let id = loop {
            if let Event::Workspace(id) = desk.events.recv().await.unwrap() {
                break id;
            }
        };
        while desk.sim.calls().count(WRITING) == 0 {
            tokio::task::yield_now().await;
        }
        abandon(&other, &id).await.unwrap();
    };
    let (outcome, ()) = futures::join!(run(&desk.client, &wish, &controls), somebody);
    assert!(matches!(outcome.result, Err(Failure::WorkspaceGone { .. })), "{outcome:?}");
    assert_eq!(fate(&outcome), Some(&WorkspaceFate::Abandoned), "nobody is told that it is open");
    journal.end(&outcome).await.unwrap();
    let id = journal.id().clone();
    let told = store.read(move |connection| {
        let rows = audit::list(connection, &audit::Filter::default(), None, 10)?.rows;
        Ok((journal::entry(connection, &id)?.unwrap(), rows))
    });
    let (entry, rows) = told.await.unwrap();
    let words = "the workspace was abandoned by somebody";
    assert_eq!((entry.ended.map(|(ending, _)| ending), entry.result.as_str()), (Some(Ending::Abandoned), words));
    assert_eq!((rows[0].outcome, rows[0].text.as_str()), (audit::Outcome::Failed, words));
}

#[tokio::test]
async fn a_workspace_that_is_abandoned_already_is_abandoned_whatever_the_server_says_first() {
    let desk = Desk::of(1).await;
    let id = WorkspaceId::random();
    desk.client.create_workspace(&id, "nobody's").await.unwrap();
    abandon(&desk.client, &id).await.unwrap();
    desk.sim.fault(Fault::always("WorkspaceService/Subscribe", FOR_EVER));
    abandon(&desk.client, &id).await.unwrap();
}

#[tokio::test]
async fn what_could_not_be_abandoned_and_is_found_abandoned_later_is_told_with_why_it_failed() {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::features::cloudvision::open_store(dir.path()).unwrap();
    let desk = Desk::of(1).await;
    let about = About {
        instance: Instance { name: "lab".to_owned(), server: desk.sim.address().to_string() },
        target: None,
        source: "-".to_owned(),
    };
    let wish = order(vec![wanted("leaf1", None, "!\n", &[])]);
    let journal = Journal::begin(&store, about, &wish).await.unwrap();
    let workspace = WorkspaceId::new("ws-1");
    journal.record(Fact::WorkspaceRequested(workspace.clone())).await.unwrap();
    let mut outcome = desk.run(&Order { reach: Reach::Compare, ..wish }).await;
    outcome.result = Err(Failure::Silent);
    outcome.workspace = Some((workspace, WorkspaceFate::LeftBehind("no answer".to_owned())));
    journal.end(&outcome).await.unwrap();
    let id = journal.id().clone();
    let entry = store.read(move |connection| journal::entry(connection, &id)).await.unwrap().unwrap();
    assert_eq!((entry.ended, entry.message.as_str()), (None, "the workspace did not answer within an hour"));
    assert_eq!(entry.left(), entry.message);
}

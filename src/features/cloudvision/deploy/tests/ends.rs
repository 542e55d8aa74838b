//! Deployments that do not come to their end: what is told, and what is left.

use super::*;
use crate::features::cloudvision::model::{DeviceId, WorkspaceId};
use crate::features::cloudvision::sim::{Finding, Found, Step as Held};
use crate::features::cloudvision::store::journal::Brought;
use crate::features::cloudvision::store::{Instance, audit};

#[tokio::test]
async fn devices_that_are_missing_or_could_be_several_stop_it_before_anything_is_made() {
    let mut fabric = Fabric::of_leaves(3);
    fabric.device[2].hostname = "leaf2".to_owned();
    let desk = Desk::with(Setup::new(fabric)).await;
    let mut devices = leaves("!\n");
    devices.push(wanted("leaf9", Some("SIM00000009"), "!\n", &[]));
    let outcome = desk.deploy(devices).await;
    let Err(failure) = &outcome.result else { panic!("{outcome:?}") };
    let problems = failure.problems();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("leaf2") && problems[0].contains("SIM00000003"), "{problems:?}");
    assert!(problems[1].contains("leaf9") && problems[1].contains("SIM00000009"), "{problems:?}");
    assert_eq!(outcome.workspace, None);
    assert_eq!(desk.sim.calls().count("WorkspaceConfigService/Set"), 0);
}

#[tokio::test]
async fn two_names_for_one_device_are_refused() {
    let desk = Desk::of(1).await;
    let devices = vec![wanted("leaf1", None, "!\n", &[]), wanted("other", Some(LEAF1), "!\n", &[])];
    let outcome = desk.deploy(devices).await;
    assert!(matches!(outcome.result, Err(Failure::NotPlaced(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_serial_number_that_belongs_to_another_name_names_that_one() {
    let desk = Desk::of(2).await;
    let outcome = desk.deploy(vec![wanted("leaf1", Some(LEAF2), "!\n", &[])]).await;
    assert!(outcome.warnings[0].starts_with("leaf1 is leaf2 in CloudVision's inventory (serial number"), "{outcome:?}");
    let outcome = desk.deploy(vec![wanted("leaf1", Some(LEAF1), "!\n", &[])]).await;
    assert!(!outcome.warnings.iter().any(|warning| warning.contains("inventory")), "{outcome:?}");
}

#[tokio::test]
async fn a_failed_build_names_device_and_line_and_is_kept_or_thrown_away_as_was_ordered() {
    for (keep_workspace, left) in [(true, WorkspaceFate::Kept), (false, WorkspaceFate::Abandoned)] {
        let desk = Desk::of(2).await;
        let message = "Invalid input".to_owned();
        let found = Found::Error { configlet: "avd-SIM00000002".to_owned(), line: 2, message };
        desk.sim.find(Finding { device: LEAF2.to_owned(), what: found });
        let outcome = desk.run(&Order { keep_workspace, ..order(leaves("bad line\n")) }).await;
        let Err(Failure::Build { what }) = &outcome.result else { panic!("{outcome:?}") };
        assert_eq!(what, "leaf2 line 2: Invalid input");
        assert_eq!(fate(&outcome), Some(&left));
        assert_eq!(outcome.report.unwrap().devices[0].errors.len(), 1);
    }
}

#[tokio::test]
async fn a_build_that_fails_as_a_whole_is_told_in_the_words_of_the_server() {
    let desk = Desk::of(1).await;
    desk.sim.fail_builds(Some("the studio has crashed"));
    let outcome = desk.deploy(vec![wanted("leaf1", None, "!\n", &[])]).await;
    let Err(Failure::Build { what }) = &outcome.result else { panic!("{outcome:?}") };
    assert_eq!(what, "the studio has crashed");
}

#[tokio::test]
async fn a_silent_device_is_named_where_the_submission_fails_for_it_and_can_be_forced() {
    let desk = Desk::of(2).await;
    desk.sim.set_streaming(LEAF2, false);
    let outcome = desk.deploy(leaves("!\n")).await;
    let Err(Failure::Submit { silent, .. }) = &outcome.result else { panic!("{outcome:?}") };
    assert_eq!(silent.as_deref(), Some(["leaf2".to_owned()].as_slice()));
    let outcome = desk.run(&Order { force: true, ..order(leaves("!\n")) }).await;
    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert!(outcome.warnings.iter().any(|warning| warning.starts_with("leaf2 does not stream")), "{outcome:?}");
}

#[tokio::test]
async fn a_cancelled_build_is_thrown_away() {
    let desk = Desk::of(1).await;
    desk.sim.hold(Held::Build);
    let wish = order(vec![wanted("leaf1", None, "!\n", &[])]);
    let cancel = async {
        while !desk.noted().contains(&Fact::BuildRequested) || desk.sim.calls().count("WorkspaceConfigService/Set") < 2
        {
            tokio::task::yield_now().await;
        }
        desk.controls.cancel.cancel();
        desk.sim.release(Held::Build);
    };
    let (outcome, ()) = futures::join!(desk.run(&wish), cancel);
    assert!(matches!(outcome.result, Err(Failure::Cancelled)), "{outcome:?}");
    assert_eq!(fate(&outcome), Some(&WorkspaceFate::Abandoned));
    assert_eq!(desk.body(LEAF1), None);
}

#[tokio::test]
async fn a_review_waits_until_somebody_has_looked() {
    let mut desk = Desk::of(1).await;
    let wish = Order { review: Review::Always, follow_build: true, ..order(vec![wanted("leaf1", None, "!\n", &[])]) };
    let controls = desk.controls.clone();
    let look = async {
        loop {
            if let Event::Built(report) = desk.events.recv().await.unwrap() {
                assert_eq!(report.devices[0].hostname, "leaf1");
                assert_eq!(desk.sim.mainline().configlets.len(), 0);
                controls.go_on.give(1);
                return;
            }
        }
    };
    let client = desk.client.clone();
    let (outcome, ()) = futures::join!(run(&client, &wish, &controls), look);
    assert!(outcome.result.is_ok(), "{outcome:?}");
}

#[tokio::test]
async fn a_change_control_that_fails_is_told_with_device_and_reason() {
    let desk = Desk::of(2).await;
    desk.sim.fail_stage(LEAF2, "device rejected the configuration");
    let outcome = desk.run(&Order { advance: Advance::Completed, ..order(leaves("!\n")) }).await;
    let Err(Failure::Change { what }) = &outcome.result else { panic!("{outcome:?}") };
    assert!(what.contains("rejected"), "{what}");
    assert_eq!(fate(&outcome), Some(&WorkspaceFate::Submitted));
}

#[tokio::test]
async fn an_old_server_is_refused_before_anything_is_made() {
    let desk = Desk::with(Setup { version: "2023.3.1".to_owned(), ..Setup::new(Fabric::of_leaves(1)) }).await;
    let outcome = desk.deploy(vec![wanted("leaf1", None, "!\n", &[])]).await;
    assert!(outcome.result.unwrap_err().problems()[0].contains("2023.3.1"));
    assert_eq!(desk.sim.calls().count("WorkspaceConfigService/Set"), 0);
}

/// A journal that cannot be written.
struct FullDisk;

impl Recorder for FullDisk {
    fn record(&self, _fact: Fact) -> BoxFuture<'_, Result<(), Trouble>> {
        Box::pin(std::future::ready(Err(Trouble::new("no space left"))))
    }
}

#[tokio::test]
async fn nothing_is_made_that_cannot_be_written_down() {
    let desk = Desk::of(1).await;
    let controls = Controls { recorder: Arc::new(FullDisk), ..desk.controls.clone() };
    let outcome = run(&desk.client, &order(vec![wanted("leaf1", None, "!\n", &[])]), &controls).await;
    assert!(matches!(outcome.result, Err(Failure::Journal(_))), "{outcome:?}");
    assert_eq!(desk.sim.calls().count("WorkspaceConfigService/Set"), 0);
}

#[tokio::test]
async fn what_a_deleted_change_control_was_to_bring_is_brought_again_to_its_devices_and_no_others() {
    let desk = Desk::of(2).await;
    let devices = || leaves("!\n");
    let first = desk.deploy(devices()).await.change.unwrap();
    let brought = Some(Brought { change: first.id.clone(), devices: vec!["leaf2".to_owned()] });
    let again = || Order { brought: brought.clone(), ..order(devices()) };
    assert!(desk.run(&again()).await.nothing_to_do, "it is there");
    desk.client.delete_change(&first.id).await.unwrap();
    assert!(desk.deploy(devices()).await.nothing_to_do, "nobody knows of it");
    let outcome = desk.run(&again()).await;
    assert!(outcome.result.is_ok() && !outcome.nothing_to_do, "{outcome:?}");
    let change = outcome.change.unwrap();
    assert_eq!(change.devices, [DeviceId::new(LEAF2)]);
    assert!(change.id != first.id && change.name == "planned work");
    let found = outcome.report.unwrap();
    assert!(found.devices[0].lines.is_some() && found.devices[0].skipped.is_none(), "{found:?}");
    let outcome = desk.run(&Order { again: true, ..order(devices()) }).await;
    assert_eq!(outcome.change.unwrap().devices.len(), 2);
}

#[tokio::test]
async fn one_that_fails_before_its_workspace_is_in_the_audit_log_with_who_tried_what_and_why_it_came_to_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::features::cloudvision::open_store(dir.path()).unwrap();
    let mut desk = Desk::of(1).await;
    let server = desk.sim.address().to_string();
    let about = || About {
        instance: Instance { name: "lab".to_owned(), server: server.clone() },
        target: Some("dc1".to_owned()),
        source: "/configs".to_owned(),
    };
    desk.client = client(&desk.sim, "revoked");
    let wanted = order(vec![wanted("leaf1", None, "!\n", &[])]);
    let journal = Arc::new(Journal::begin(&store, about(), &wanted).await.unwrap());
    desk.controls.recorder = journal.clone();
    let outcome = desk.run(&wanted).await;
    assert!(outcome.result.is_err() && outcome.workspace.is_none(), "{outcome:?}");
    journal.end(&outcome).await.unwrap();
    // What nobody wanted any more by then asked for nothing.
    let cancelled = Journal::begin(&store, about(), &wanted).await.unwrap();
    cancelled.end(&Outcome { result: Err(Failure::Cancelled), ..outcome }).await.unwrap();
    let rows = store.read(|connection| {
        let found = audit::list(connection, &audit::Filter::default(), None, 10)?;
        found.rows.into_iter().map(|row| Ok((audit::devices(connection, row.key)?, row))).collect::<Result<Vec<_>, _>>()
    });
    let rows = rows.await.unwrap();
    let [(devices, row)] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((row.request.what, row.request.target.as_deref()), (audit::What::Deploy, Some("dc1")));
    assert_eq!((&row.request.who, row.request.deployment.as_ref()), (&wanted.who, Some(journal.id())));
    assert_eq!((row.outcome, row.settled_at.is_some()), (audit::Outcome::Failed, true));
    assert!(row.text.contains("does not accept the token"), "{row:?}");
    assert_eq!(devices[0].hostname, "leaf1");
}

#[tokio::test]
async fn a_workspace_that_could_not_be_abandoned_stays_unfinished_in_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::features::cloudvision::open_store(dir.path()).unwrap();
    let desk = Desk::of(1).await;
    let order = order(vec![wanted("leaf1", None, "!\n", &[])]);
    let instance = Instance { name: "lab".to_owned(), server: desk.sim.address().to_string() };
    let about = || About { instance: instance.clone(), target: None, source: "-".to_owned() };
    for (fate, left) in [(WorkspaceFate::Abandoned, 0), (WorkspaceFate::LeftBehind("no answer".to_owned()), 1)] {
        let journal = Journal::begin(&store, about(), &order).await.unwrap();
        let id = WorkspaceId::new("ws-1");
        journal.record(Fact::WorkspaceRequested(id.clone())).await.unwrap();
        let mut outcome = desk.run(&Order { reach: Reach::Compare, ..order.clone() }).await;
        outcome.result = Err(Failure::Cancelled);
        outcome.workspace = Some((id, fate));
        journal.end(&outcome).await.unwrap();
        let unfinished = store.read(crate::features::cloudvision::store::journal::unfinished).await.unwrap();
        assert_eq!(unfinished.len(), left);
    }
}

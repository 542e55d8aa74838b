//! Deployments: their phases, who may write about them, what is kept.

use std::process::{Command, Stdio};

use rusqlite::Connection;

use super::{assert_from_index, at, deployment, device, empty};
use crate::features::cloudvision::model::{BuildId, ChangeId, DeploymentId, WorkspaceId};
use crate::features::cloudvision::store::DeviceRecord;
use crate::features::cloudvision::store::journal::{
    Brought, Claim, Ending, Entry, Facts, NewDeployment, Phase, Refusal, adopt, advance, begin, brought, deployed,
    devices, end, entry, recent, revision, set_devices, unfinished, unsubmitted,
};
use crate::process::{Fate, Owner};
use crate::store::Error;
use crate::trouble::Remedy;

/// Facts that every phase needs.
fn workspace() -> Facts {
    Facts { workspace: Some(WorkspaceId::new("ws-1")), ..Facts::default() }
}

/// Takes a deployment through these phases, all of which must be allowed.
fn walk(connection: &Connection, claim: &Claim, phases: &[Phase]) {
    for phase in phases {
        advance(connection, claim, *phase, &workspace(), at(1)).unwrap().unwrap();
    }
}

/// The way to the submission.
const TO_SUBMISSION: [Phase; 4] = [Phase::WorkspaceRequested, Phase::Writing, Phase::Building, Phase::SubmitRequested];

fn look(connection: &Connection, claim: &Claim) -> Entry {
    entry(connection, &claim.id).unwrap().unwrap()
}

/// An owner that has ended.
fn dead() -> Owner {
    let mut child = Command::new("cat").stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    child.wait().unwrap();
    Owner { pid: child.id(), start: "1".to_owned(), ..Owner::of_this_process() }
}

#[test]
fn a_deployment_is_read_back_as_it_was_written() {
    let connection = empty();
    let claim = begin(&connection, &deployment("fabric", 0)).unwrap();
    let facts = Facts {
        build: Some(BuildId::new("build-1")),
        change: Some(ChangeId::new("cc-1")),
        change_name: Some("Leaves\u{1b}[31m".to_owned()),
        message: Some("two devices\u{7}".to_owned()),
        ..workspace()
    };
    advance(&connection, &claim, Phase::WorkspaceRequested, &facts, at(1)).unwrap().unwrap();
    // What is not said again stays.
    advance(&connection, &claim, Phase::Writing, &Facts::default(), at(2)).unwrap().unwrap();
    let entry = look(&connection, &claim);
    assert_eq!((entry.phase, entry.started_at, entry.changed_at), (Phase::Writing, at(0), at(2)));
    assert_eq!((entry.workspace, entry.build), (Some(WorkspaceId::new("ws-1")), Some(BuildId::new("build-1"))));
    assert_eq!((entry.change, entry.change_name.as_deref()), (Some(ChangeId::new("cc-1")), Some("Leaves␛[31m")));
    assert_eq!((entry.message.as_str(), entry.options), ("two devices␇", serde_json::json!({"approve": true})));
    assert_eq!((entry.owner, entry.ended, entry.in_force_at), (Owner::of_this_process(), None, None));
    assert_eq!(devices(&connection, &claim.id).unwrap(), [device("leaf1", 1), device("leaf2", 2)]);
    end(&connection, &claim, Ending::Failed, "leaf1: line 3", at(3)).unwrap().unwrap();
    let entry = look(&connection, &claim);
    assert_eq!(
        (entry.phase, entry.ended, entry.result.as_str()),
        (Phase::Writing, Some((Ending::Failed, at(3))), "leaf1: line 3")
    );
}

#[test]
fn workspaces_that_ended_deployments_did_not_submit_are_found_again() {
    let connection = empty();
    let found = || {
        let rows = unsubmitted(&connection, "cvp.example:443", 10).unwrap();
        rows.into_iter().map(|row| (row.workspace.to_string(), row.target)).collect::<Vec<_>>()
    };
    let begun = |target: Option<&str>, workspace: &str, second| {
        let new = NewDeployment { target: target.map(str::to_owned), ..deployment("", second) };
        let claim = begin(&connection, &new).unwrap();
        let facts = Facts { workspace: Some(WorkspaceId::new(workspace)), ..Facts::default() };
        advance(&connection, &claim, Phase::WorkspaceRequested, &facts, at(second)).unwrap().unwrap();
        claim
    };
    let fabric = begun(Some("fabric"), "ws-1", 0);
    assert_eq!(found(), [], "it goes on");
    end(&connection, &fabric, Ending::Failed, "", at(1)).unwrap().unwrap();
    let request = begun(None, "ws-2", 2);
    end(&connection, &request, Ending::Unknown, "", at(3)).unwrap().unwrap();
    let submitted = begun(Some("fabric"), "ws-3", 4);
    for phase in [Phase::Writing, Phase::Building, Phase::SubmitRequested, Phase::Submitted] {
        advance(&connection, &submitted, phase, &Facts::default(), at(5)).unwrap().unwrap();
    }
    end(&connection, &submitted, Ending::Done, "", at(6)).unwrap().unwrap();
    let compared = begin(&connection, &deployment("fabric", 7)).unwrap();
    end(&connection, &compared, Ending::Failed, "", at(8)).unwrap().unwrap();
    assert_eq!(found(), [("ws-2".to_owned(), None), ("ws-1".to_owned(), Some("fabric".to_owned()))]);
    // A server that is addressed otherwise knows its workspaces all the same; its own address comes first.
    assert_eq!(unsubmitted(&connection, "other.example:443", 10).unwrap().len(), 2);
    let mut elsewhere = deployment("fabric", 9);
    elsewhere.instance.server = "other.example:443".to_owned();
    let claim = begin(&connection, &elsewhere).unwrap();
    let facts = Facts { workspace: Some(WorkspaceId::new("ws-4")), ..Facts::default() };
    advance(&connection, &claim, Phase::WorkspaceRequested, &facts, at(9)).unwrap().unwrap();
    end(&connection, &claim, Ending::Failed, "", at(10)).unwrap().unwrap();
    let all: Vec<_> = found().into_iter().map(|(workspace, _)| workspace).collect();
    assert_eq!(all, ["ws-2", "ws-1", "ws-4"]);
}

#[test]
fn ids_are_random_uuids() {
    let connection = empty();
    let mut ids: Vec<_> =
        (0..100).map(|n| begin(&connection, &deployment("fabric", n)).unwrap().id.as_str().to_owned()).collect();
    let uuid = regex::Regex::new("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$").unwrap();
    assert!(ids.iter().all(|id| uuid.is_match(id)), "{ids:?}");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 100);
}

#[test]
fn no_phase_goes_back_but_to_be_written_or_built_anew() {
    let back: Vec<_> = Phase::ALL
        .iter()
        .flat_map(|from| Phase::ALL.iter().map(move |to| (*from, *to)))
        .filter(|(from, to)| to < from && to.may_follow(*from))
        .collect();
    assert_eq!(
        back,
        [
            (Phase::Building, Phase::Writing),
            (Phase::Built, Phase::Writing),
            (Phase::Built, Phase::Building),
            (Phase::SubmitRequested, Phase::Writing),
            (Phase::SubmitRequested, Phase::Built),
        ]
    );
}

#[test]
fn a_deployment_that_is_overtaken_is_written_built_and_submitted_again() {
    let connection = empty();
    let claim = begin(&connection, &deployment("fabric", 0)).unwrap();
    walk(&connection, &claim, &TO_SUBMISSION);
    walk(&connection, &claim, &[Phase::Writing, Phase::Building, Phase::Writing, Phase::Building, Phase::Built]);
    walk(&connection, &claim, &[Phase::SubmitRequested, Phase::Submitted, Phase::ChangeNamed, Phase::Approving]);
    walk(&connection, &claim, &[Phase::Starting, Phase::Waiting]);
    end(&connection, &claim, Ending::Done, "", at(2)).unwrap().unwrap();
}

#[test]
fn nothing_is_sent_unwritten() {
    // Whatever comes before, the request that makes a phase true was written in the phase before it.
    for (phase, needs) in [(Phase::Submitted, Phase::SubmitRequested), (Phase::WorkspaceRequested, Phase::Preparing)] {
        let before: Vec<_> =
            Phase::ALL.iter().filter(|before| phase.may_follow(**before) && **before != phase).collect();
        assert_eq!(before, [&needs], "{phase}");
    }
    for phase in Phase::ALL.iter().filter(|phase| **phase > Phase::WorkspaceRequested) {
        assert!(!phase.may_follow(Phase::Preparing), "{phase}");
    }
    for from in Phase::ALL.iter().filter(|phase| !phase.is_in_force() && **phase != Phase::SubmitRequested) {
        assert!(Phase::ALL.iter().all(|to| !to.is_in_force() || !to.may_follow(*from)), "{from}");
    }
    // What is in force is never abandoned, what is not is never withdrawn.
    for from in Phase::ALL.iter().filter(|phase| **phase < Phase::Abandoning) {
        assert!(!(Phase::Abandoning.may_follow(*from) && Phase::Withdrawing.may_follow(*from)), "{from}");
        assert_eq!(Phase::Withdrawing.may_follow(*from), from.is_in_force(), "{from}");
    }
    // What throws away ends there.
    for last in [Phase::Abandoning, Phase::Withdrawing] {
        assert!(Phase::ALL.iter().all(|to| *to == last || !to.may_follow(last)), "{last}");
    }
}

#[test]
fn a_phase_out_of_order_is_refused_and_nothing_changes() {
    let connection = empty();
    let claim = begin(&connection, &deployment("fabric", 0)).unwrap();
    walk(&connection, &claim, &[Phase::WorkspaceRequested, Phase::Writing]);
    let facts = Facts { message: Some("lost".to_owned()), ..workspace() };
    let before = look(&connection, &claim);
    for to in [Phase::Preparing, Phase::WorkspaceRequested, Phase::Submitted, Phase::Waiting] {
        let refused = advance(&connection, &claim, to, &facts, at(9)).unwrap().unwrap_err();
        assert_eq!(refused, Refusal::OutOfOrder { from: Phase::Writing, to });
        assert!(!refused.remedy().is_empty());
    }
    assert_eq!(look(&connection, &claim), before);
}

#[test]
fn a_workspace_is_named_before_it_is_asked_for() {
    let connection = empty();
    let claim = begin(&connection, &deployment("fabric", 0)).unwrap();
    let refused = advance(&connection, &claim, Phase::WorkspaceRequested, &Facts::default(), at(1));
    assert!(matches!(refused, Err(Error::Refused { .. })), "{refused:?}");
    assert_eq!(look(&connection, &claim).phase, Phase::Preparing);
}

#[test]
fn what_has_ended_stays_ended_unless_nobody_knew_how() {
    let connection = empty();
    let claim = begin(&connection, &deployment("fabric", 0)).unwrap();
    walk(&connection, &claim, &TO_SUBMISSION);
    end(&connection, &claim, Ending::Unknown, "no answer", at(2)).unwrap().unwrap();
    let over = Refusal::Over { ending: Ending::Unknown };
    assert_eq!(advance(&connection, &claim, Phase::Submitted, &Facts::default(), at(3)).unwrap(), Err(over.clone()));
    assert_eq!(set_devices(&connection, &claim, &[]).unwrap(), Err(over));
    end(&connection, &claim, Ending::Done, "it was submitted", at(3)).unwrap().unwrap();
    let over = Refusal::Over { ending: Ending::Done };
    assert_eq!(end(&connection, &claim, Ending::Failed, "", at(4)).unwrap(), Err(over.clone()));
    let done = look(&connection, &claim);
    assert_eq!(adopt(&connection, &done, &dead(), at(4)).unwrap(), Err(over));
    assert_eq!((done.ended, done.result.as_str()), (Some((Ending::Done, at(3))), "it was submitted"));
}

#[test]
fn what_is_unfinished_is_found_with_the_fate_of_its_owner() {
    let connection = empty();
    let of =
        |target: &str, owner: Owner| begin(&connection, &NewDeployment { owner, ..deployment(target, 0) }).unwrap();
    let ours = of("ours", Owner::of_this_process());
    of("dead", dead());
    of("elsewhere", Owner { host: "jump-host-2".to_owned(), ..Owner::of_this_process() });
    let over = of("over", dead());
    end(&connection, &over, Ending::Done, "", at(1)).unwrap().unwrap();
    let found = unfinished(&connection).unwrap();
    let found: Vec<_> = found.iter().map(|one| (one.entry.target.as_deref().unwrap(), one.fate)).collect();
    assert_eq!(found, [("elsewhere", Fate::Elsewhere), ("dead", Fate::Dead), ("ours", Fate::Ours)]);
    end(&connection, &ours, Ending::Cancelled, "", at(1)).unwrap().unwrap();
    assert_eq!(unfinished(&connection).unwrap().len(), 2);
}

#[test]
fn only_one_takes_a_deployment_over_and_the_one_before_is_refused_from_then_on() {
    let connection = empty();
    let before = begin(&connection, &NewDeployment { owner: dead(), ..deployment("fabric", 0) }).unwrap();
    walk(&connection, &before, &TO_SUBMISSION);
    let found = unfinished(&connection).unwrap().remove(0).entry;
    let claim = adopt(&connection, &found, &Owner::of_this_process(), at(5)).unwrap().unwrap();
    let second = adopt(&connection, &found, &Owner::of_this_process(), at(5)).unwrap();
    assert_eq!(second, Err(Refusal::TakenOver));
    let late = advance(&connection, &before, Phase::Submitted, &Facts::default(), at(6)).unwrap();
    assert_eq!(late, Err(Refusal::TakenOver));
    assert_eq!(end(&connection, &before, Ending::Failed, "", at(6)).unwrap(), Err(Refusal::TakenOver));
    assert_eq!(set_devices(&connection, &before, &[]).unwrap(), Err(Refusal::TakenOver));
    advance(&connection, &claim, Phase::Submitted, &Facts::default(), at(7)).unwrap().unwrap();
    assert_eq!(look(&connection, &claim).owner, Owner::of_this_process());
}

#[test]
fn two_steps_within_one_second_are_two_revisions() {
    let connection = empty();
    let claim = begin(&connection, &deployment("fabric", 0)).unwrap();
    let mut revisions = vec![revision(&connection).unwrap()];
    for phase in TO_SUBMISSION {
        advance(&connection, &claim, phase, &workspace(), at(0)).unwrap().unwrap();
        revisions.push(revision(&connection).unwrap());
    }
    end(&connection, &claim, Ending::Done, "", at(0)).unwrap().unwrap();
    revisions.push(revision(&connection).unwrap());
    assert!(revisions.windows(2).all(|pair| pair[0] != pair[1]), "{revisions:?}");
}

#[test]
fn what_runs_elsewhere_in_this_machine_is_not_taken_over() {
    let connection = empty();
    let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    // The start of a process that was started by this one is read from the system as its own.
    let owner = Owner::of_process(child.id());
    let claim = begin(&connection, &NewDeployment { owner, ..deployment("fabric", 0) }).unwrap();
    let found = unfinished(&connection).unwrap().remove(0);
    assert_eq!(found.fate, Fate::Alive);
    let refused = adopt(&connection, &found.entry, &Owner::of_this_process(), at(1)).unwrap();
    assert!(matches!(refused, Err(Refusal::Alive { .. })), "{refused:?}");
    child.kill().unwrap();
    child.wait().unwrap();
    adopt(&connection, &found.entry, &Owner::of_this_process(), at(1)).unwrap().unwrap();
    assert_eq!(end(&connection, &claim, Ending::Done, "", at(2)).unwrap(), Err(Refusal::TakenOver));
}

#[test]
fn a_deployment_that_is_not_in_the_journal_is_refused() {
    let (connection, other) = (empty(), empty());
    let claim = begin(&other, &deployment("fabric", 0)).unwrap();
    assert_eq!(end(&connection, &claim, Ending::Done, "", at(1)).unwrap(), Err(Refusal::Gone));
    assert!(entry(&connection, &DeploymentId::new("none")).unwrap().is_none());
}

#[test]
fn what_a_target_last_brought_is_what_cloudvision_holds() {
    let connection = empty();
    let server = "cvp.example:443";
    assert!(deployed(&connection, server, "fabric").unwrap().is_none());
    let first = begin(&connection, &deployment("fabric", 0)).unwrap();
    walk(&connection, &first, &TO_SUBMISSION);
    assert!(deployed(&connection, server, "fabric").unwrap().is_none(), "asked for is not in force");
    set_devices(&connection, &first, &[device("leaf1", 7)]).unwrap().unwrap();
    advance(&connection, &first, Phase::Submitted, &Facts::default(), at(5)).unwrap().unwrap();
    // That the change control then fails does not take it out of force.
    end(&connection, &first, Ending::Failed, "", at(6)).unwrap().unwrap();
    // One that did not come so far changes nothing, nor does another target or another server.
    let second = begin(&connection, &deployment("fabric", 10)).unwrap();
    walk(&connection, &second, &TO_SUBMISSION[..2]);
    end(&connection, &second, Ending::Failed, "", at(11)).unwrap().unwrap();
    walk(&connection, &begin(&connection, &deployment("other", 12)).unwrap(), &TO_SUBMISSION);
    let found = deployed(&connection, server, "fabric").unwrap().unwrap();
    assert_eq!((found.entry.id, found.entry.in_force_at), (first.id, Some(at(5))));
    assert_eq!(found.devices, [device("leaf1", 7)]);
    assert!(deployed(&connection, "cvp.lab.example:443", "fabric").unwrap().is_none());
    // Nothing to do: CloudVision holds it all the same.
    let third = begin(&connection, &deployment("fabric", 20)).unwrap();
    end(&connection, &third, Ending::NothingToDo, "", at(21)).unwrap().unwrap();
    assert_eq!(deployed(&connection, server, "fabric").unwrap().unwrap().entry.id, third.id);
}

#[test]
fn what_another_deployment_has_brought_to_a_device_since_is_what_cloudvision_holds_of_it() {
    let connection = empty();
    let bring = |target: &str, at_minute: i64, devices: &[DeviceRecord], is_submitted: bool| {
        let claim = begin(&connection, &deployment(target, at_minute)).unwrap();
        walk(&connection, &claim, &TO_SUBMISSION);
        set_devices(&connection, &claim, devices).unwrap().unwrap();
        if is_submitted {
            advance(&connection, &claim, Phase::Submitted, &Facts::default(), at(at_minute)).unwrap().unwrap();
        }
        end(&connection, &claim, Ending::Failed, "", at(at_minute + 1)).unwrap().unwrap();
    };
    let hash = |device: DeviceRecord| (device.hostname, device.sha256);
    let held = || {
        let devices = deployed(&connection, "cvp.example:443", "fabric").unwrap().unwrap().devices;
        devices.into_iter().map(hash).collect::<Vec<_>>()
    };
    bring("before", 1, &[device("leaf2", 3)], true);
    bring("fabric", 5, &[device("leaf1", 7), device("leaf2", 7)], true);
    assert_eq!(held(), [device("leaf1", 7), device("leaf2", 7)].map(hash), "what was brought before counts no more");
    bring("borders", 10, &[device("leaf2", 8), device("leaf9", 8)], true);
    bring("borders", 12, &[device("leaf2", 9)], true);
    bring("borders", 14, &[device("leaf1", 10)], false);
    let tags_alone = DeviceRecord { sha256: None, ..device("leaf1", 11) };
    bring("borders", 16, &[tags_alone], true);
    assert_eq!(held(), [device("leaf1", 7), device("leaf2", 9)].map(hash));
    bring("fabric", 20, &[device("leaf1", 7), device("leaf2", 7)], true);
    assert_eq!(held(), [device("leaf1", 7), device("leaf2", 7)].map(hash), "it was brought again");
}

#[test]
fn what_was_to_be_brought_to_devices_counts_until_another_deployment_is_submitted() {
    let connection = empty();
    let brought = || brought(&connection, "cvp.example:443", "fabric").unwrap();
    let first = begin(&connection, &deployment("fabric", 0)).unwrap();
    let same = DeviceRecord { changed: Some(false), ..device("leaf2", 7) };
    let changed = DeviceRecord { changed: Some(true), ..device("leaf1", 7) };
    walk(&connection, &first, &TO_SUBMISSION);
    set_devices(&connection, &first, &[changed, same]).unwrap().unwrap();
    assert_eq!(brought(), None, "it was not submitted");
    let facts = Facts { change: Some(ChangeId::new("cc-1")), ..Facts::default() };
    advance(&connection, &first, Phase::Submitted, &facts, at(5)).unwrap().unwrap();
    end(&connection, &first, Ending::Done, "", at(6)).unwrap().unwrap();
    let nothing = begin(&connection, &deployment("fabric", 7)).unwrap();
    end(&connection, &nothing, Ending::NothingToDo, "", at(8)).unwrap().unwrap();
    let found = Brought { change: ChangeId::new("cc-1"), devices: vec!["leaf1".to_owned()] };
    assert_eq!(brought(), Some(found));
    let second = begin(&connection, &deployment("fabric", 10)).unwrap();
    walk(&connection, &second, &TO_SUBMISSION);
    advance(&connection, &second, Phase::Submitted, &Facts::default(), at(12)).unwrap().unwrap();
    assert_eq!(brought(), None, "no device had to change for the second one");
}

#[test]
fn the_newest_deployments_of_a_target_are_kept_and_the_last_in_force() {
    let connection = empty();
    let in_force = begin(&connection, &deployment("fabric", 0)).unwrap();
    walk(&connection, &in_force, &TO_SUBMISSION);
    walk(&connection, &in_force, &[Phase::Submitted]);
    end(&connection, &in_force, Ending::Done, "", at(1)).unwrap().unwrap();
    let open = begin(&connection, &deployment("fabric", 2)).unwrap();
    let request = NewDeployment { target: None, ..deployment("", 3) };
    let untargeted = begin(&connection, &request).unwrap();
    end(&connection, &untargeted, Ending::Done, "", at(4)).unwrap().unwrap();
    for n in 10..80 {
        let claim = begin(&connection, &deployment("fabric", n)).unwrap();
        end(&connection, &claim, Ending::Failed, "", at(n)).unwrap().unwrap();
    }
    let kept = recent(&connection, "cvp.example:443", Some("fabric"), 1000).unwrap();
    assert_eq!(kept.len(), 52);
    assert_eq!((&kept[50].id, &kept[51].id), (&open.id, &in_force.id));
    assert_eq!((kept[0].started_at, kept[49].started_at), (at(79), at(30)));
    assert!(devices(&connection, &in_force.id).unwrap().len() == 2);
    let orphans: i64 = connection
        .query_row(
            "SELECT count(*) FROM deployment_device WHERE deployment NOT IN (SELECT id FROM deployment)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(orphans, 0);
    let untargeted_kept = recent(&connection, "cvp.example:443", None, 9).unwrap();
    assert_eq!(untargeted_kept.iter().map(|entry| &entry.id).collect::<Vec<_>>(), [&untargeted.id]);
    assert_eq!(recent(&connection, "cvp.example:443", Some("fabric"), 3).unwrap().len(), 3);
}

#[test]
fn the_journal_is_read_from_indexes_in_order() {
    use crate::features::cloudvision::store::journal::queries::{BROUGHT, BROUGHT_SINCE, DEPLOYED, RECENT, UNFINISHED};
    let connection = empty();
    assert_from_index(&connection, RECENT, "deployment_of", "server=? AND target=?");
    for query in [DEPLOYED, BROUGHT] {
        assert_from_index(&connection, query, "deployment_in_force", "server=? AND target=?");
    }
    let plan = super::plan(&connection, BROUGHT_SINCE);
    assert!(plan.iter().any(|line| line.contains("USING INDEX deployment_in_force (server=?")), "{plan:?}");
    // This index has nothing but what is unfinished.
    let plan = super::plan(&connection, UNFINISHED);
    assert_eq!(plan, ["SCAN deployment USING INDEX deployment_unfinished"]);
}

//! What is in force after deployments that work.

use super::*;
use crate::features::cloudvision::model::{ChangeState, DeviceId, LineOp};
use crate::features::cloudvision::sim::{FabricDevice, Finding, Found};

/// What is in force of a device's configlet and container: names, descriptions, query, configlets.
fn layout_of(desk: &Desk, serial: &str) -> [String; 6] {
    let mainline = desk.sim.mainline();
    let id = format!("avd-{serial}");
    let (configlet, container) = (&mainline.configlets[&id], &mainline.assignments[&id]);
    let text = |text: &Option<String>| text.clone().unwrap();
    [
        text(&configlet.display_name),
        text(&configlet.description),
        text(&container.display_name),
        text(&container.description),
        text(&container.query),
        container.configlet_ids.clone().unwrap().values.join(","),
    ]
}

#[tokio::test]
async fn a_first_deployment_leaves_the_layout_of_the_tools_it_replaces_and_a_change_control_that_waits() {
    let desk = Desk::of(2).await;
    let outcome = desk.deploy(leaves("!\n")).await;
    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert_eq!(fate(&outcome), Some(&WorkspaceFate::Submitted));
    let change = outcome.change.unwrap();
    assert_eq!((change.name.as_str(), change.state), ("planned work", ChangeState::Pending));
    assert_eq!(change.devices.iter().map(DeviceId::as_str).collect::<Vec<_>>(), [LEAF1, LEAF2]);
    let mainline = desk.sim.mainline();
    assert_eq!(mainline.roots(), ["avd-configlets"]);
    let root = &mainline.assignments["avd-configlets"];
    assert_eq!(root.child_assignment_ids.clone().unwrap().values, ["avd-SIM00000001", "avd-SIM00000002"]);
    assert_eq!(root.query.as_deref(), Some("device:*"));
    assert_eq!(root.display_name.as_deref(), Some("AVD Configurations"));
    assert_eq!(root.description.as_deref(), Some("Configurations created and uploaded by AVD"));
    assert_eq!(desk.body(LEAF2).as_deref(), Some("hostname leaf2\n!\n"));
    assert_eq!(
        layout_of(&desk, LEAF1),
        [
            "AVD-leaf1",
            "Configuration created and uploaded by AVD for leaf1",
            "leaf1",
            "Configuration created and uploaded by AVD for leaf1",
            "device:SIM00000001",
            "avd-SIM00000001",
        ]
    );
}

#[tokio::test]
async fn the_same_again_makes_nothing_and_says_so() {
    let desk = Desk::of(2).await;
    assert!(desk.deploy(leaves("!\n")).await.result.is_ok());
    desk.sim.calls().clear();
    let outcome = desk.deploy(leaves("!\n")).await;
    assert!(outcome.result.is_ok() && outcome.nothing_to_do, "{outcome:?}");
    assert_eq!((outcome.workspace, outcome.change), (None, None));
    assert_eq!(desk.sim.calls().count("Set") + desk.sim.calls().count("SetSome"), 0);
}

#[tokio::test]
async fn only_what_changed_is_sent() {
    let desk = Desk::of(2).await;
    assert!(desk.deploy(leaves("!\n")).await.result.is_ok());
    let mut devices = leaves("!\n");
    devices[1].config = Some(ConfigText::new("hostname leaf2\r\nntp server 192.0.2.1\r\n"));
    let outcome = desk.deploy(devices).await;
    let becomes: Vec<_> = outcome.devices.iter().map(|device| device.config).collect();
    assert_eq!(becomes, [ConfigPlan::Same, ConfigPlan::Changed]);
    assert_eq!(desk.body(LEAF2).as_deref(), Some("hostname leaf2\nntp server 192.0.2.1\n"));
    assert_eq!(outcome.change.unwrap().devices.len(), 1);
}

#[tokio::test]
async fn a_device_that_the_topology_does_not_have_is_put_there() {
    let mut fabric = Fabric::of_leaves(2);
    fabric.device[1] = FabricDevice { registered: false, ..fabric.device[1].clone() };
    let desk = Desk::with(Setup::new(fabric)).await;
    let outcome = desk.deploy(leaves("!\n")).await;
    assert_eq!(outcome.change.unwrap().devices.len(), 2);
    let topology = &desk.sim.mainline().inputs["TOPOLOGY"].value;
    assert_eq!(topology["devices"][1]["tags"]["query"], "device:SIM00000002");
    assert_eq!(topology["devices"][1]["inputs"]["device"]["hostname"], "leaf2");
}

/// The user tags in force on a device, as `label:value`.
fn tags_of(desk: &Desk, serial: &str) -> Vec<String> {
    let mainline = desk.sim.mainline();
    let own = mainline.assigned.keys().filter(|assigned| assigned.device == serial);
    let place = |interface: &str| if interface.is_empty() { String::new() } else { format!("@{interface}") };
    own.map(|it| format!("{}:{}{}", it.tag.label, it.tag.value, place(&it.interface)))
        .filter(|tag| !tag.starts_with("role:") && !tag.starts_with("hostname:"))
        .collect()
}

#[tokio::test]
async fn tags_replace_those_of_their_label_and_strict_ones_all_others_of_their_device() {
    let desk = Desk::of(2).await;
    let tagged = |tags: &[(&str, &str)]| {
        vec![wanted("leaf1", None, "hostname leaf1\n", tags), wanted("leaf2", None, "hostname leaf2\n", &[])]
    };
    // What the check of the input lets pass is taken: a value may be empty.
    assert!(desk.deploy(tagged(&[("rack", ""), ("site", "ams")])).await.result.is_ok());
    assert!(tags_of(&desk, LEAF1).contains(&"rack:".to_owned()), "{:?}", tags_of(&desk, LEAF1));
    assert!(desk.deploy(tagged(&[("rack", "r1"), ("site", "ams")])).await.result.is_ok());
    let first = tags_of(&desk, LEAF1);
    assert!(first.contains(&"rack:r1".to_owned()) && first.contains(&"site:ams".to_owned()), "{first:?}");
    let outcome = desk.deploy(tagged(&[("rack", "r2")])).await;
    assert_eq!(outcome.devices[0].tags_removed.len(), 1);
    let second = tags_of(&desk, LEAF1);
    assert!(second.contains(&"rack:r2".to_owned()) && second.contains(&"site:ams".to_owned()), "{second:?}");
    assert!(!second.contains(&"rack:r1".to_owned()));
    let outcome = desk.run(&with(tagged(&[("rack", "r2")]), |deployment| deployment.strict_tags = true)).await;
    assert!(outcome.result.is_ok(), "{outcome:?}");
    let third = tags_of(&desk, LEAF1);
    assert!(third.contains(&"rack:r2".to_owned()) && !third.contains(&"site:ams".to_owned()), "{third:?}");
}

#[tokio::test]
async fn interfaces_carry_tags_under_their_short_name() {
    let setup = Setup { long_interfaces: true, ..Setup::new(Fabric::of_leaves(1)) };
    let desk = Desk::with(setup).await;
    let mut device = wanted("leaf1", None, "hostname leaf1\n", &[]);
    let label = Label { label: "peer".to_owned(), value: "spine1".to_owned() };
    device.tags = vec![TagLabel { interface: Some("Ethernet1".to_owned()), label }];
    assert!(desk.deploy(vec![device.clone()]).await.result.is_ok());
    assert!(tags_of(&desk, LEAF1).contains(&"peer:spine1@Ethernet1".to_owned()), "{:?}", tags_of(&desk, LEAF1));
    assert!(desk.deploy(vec![device]).await.nothing_to_do);
}

#[tokio::test]
async fn a_comparison_shows_every_line_and_writes_nothing() {
    let desk = Desk::of(2).await;
    assert!(desk.deploy(leaves("!\n")).await.result.is_ok());
    desk.sim.calls().clear();
    let outcome = desk.run(&Order { reach: Reach::Compare, ..order(leaves("ntp server 192.0.2.1\n!\n")) }).await;
    assert!(outcome.result.is_ok() && !outcome.nothing_to_do);
    assert_eq!(outcome.diffs.len(), 2);
    let added: Vec<_> = outcome.diffs[0].lines.iter().filter(|line| line.op == LineOp::Added).collect();
    assert_eq!(added.len(), 1);
    assert_eq!(added[0].text, "ntp server 192.0.2.1");
    assert_eq!(desk.sim.calls().count("Set") + desk.sim.calls().count("SetSome"), 0);
}

#[tokio::test]
async fn a_mere_build_is_looked_at_and_leaves_nothing() {
    let desk = Desk::of(1).await;
    let found = Found::Warning { configlet: "avd-SIM00000001".to_owned(), line: 2, message: "portfast".to_owned() };
    desk.sim.find(Finding { device: LEAF1.to_owned(), what: found });
    let mut wish = order(vec![wanted("leaf1", Some(LEAF1), "hostname leaf1\n!\n", &[])]);
    wish.reach = Reach::Build;
    wish.keep_workspace = false;
    let outcome = desk.run(&wish).await;
    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert_eq!(fate(&outcome), Some(&WorkspaceFate::Abandoned));
    let report = outcome.report.unwrap();
    assert_eq!((report.devices[0].hostname.as_str(), report.devices[0].warnings[0].line), ("leaf1", Some(2)));
    assert_eq!(desk.body(LEAF1), None);
}

#[tokio::test]
async fn a_change_control_is_approved_started_and_waited_for() {
    let desk = Desk::of(2).await;
    let outcome = desk.run(&Order { advance: Advance::Completed, ..order(leaves("!\n")) }).await;
    assert!(outcome.result.is_ok(), "{outcome:?}");
    let change = outcome.change.unwrap();
    assert_eq!(change.state, ChangeState::Completed);
    assert_eq!(change.approval.as_ref().unwrap().notes, "Approved by anna with noctui");
    assert_eq!(desk.sim.running(LEAF1).as_deref(), Some("hostname leaf1\n!\n"));
}

#[tokio::test]
async fn everything_is_written_down_before_it_is_sent() {
    let desk = Desk::of(1).await;
    let devices = vec![wanted("leaf1", None, "hostname leaf1\n", &[])];
    let outcome = desk.run(&Order { advance: Advance::Completed, ..order(devices) }).await;
    let (workspace, change) = (outcome.workspace.clone().unwrap().0, outcome.change.clone().unwrap().id.clone());
    let noted = desk.noted();
    let Fact::Naming { from, to, .. } = noted[5].clone() else { panic!("{noted:?}") };
    assert!(!from.is_empty() && to.as_deref() == Some("planned work"), "{from} {to:?}");
    assert_eq!(
        noted,
        [
            Fact::WorkspaceRequested(workspace),
            Fact::Writing(outcome.devices),
            Fact::BuildRequested,
            Fact::SubmitRequested,
            Fact::Submitted(Some(change.clone())),
            Fact::Naming { change: change.clone(), from, to },
            Fact::Approving { change: change.clone(), name: "planned work".to_owned() },
            Fact::Starting { change: change.clone(), name: "planned work".to_owned() },
            Fact::Waiting(change),
        ]
    );
}

#[tokio::test]
async fn a_workspace_is_deleted_where_that_is_wanted() {
    let desk = Desk::of(1).await;
    let devices = vec![wanted("leaf1", None, "hostname leaf1\n", &[])];
    let outcome = desk.run(&with(devices, |deployment| deployment.delete_workspace = true)).await;
    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert_eq!(fate(&outcome), Some(&WorkspaceFate::Deleted));
    assert_eq!(desk.body(LEAF1).as_deref(), Some("hostname leaf1\n"));
}

#[tokio::test]
async fn an_older_server_gets_single_writes() {
    let setup = Setup { version: "2024.1.2".to_owned(), ..Setup::new(Fabric::of_leaves(2)) };
    let desk = Desk::with(setup).await;
    let outcome = desk.deploy(leaves("!\n")).await;
    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert_eq!(desk.body(LEAF1).as_deref(), Some("hostname leaf1\n!\n"));
}

#[tokio::test]
async fn a_deployment_of_two_devices_is_eight_steps_and_at_most_twenty_two_calls() {
    let desk = Desk::of(2).await;
    let tagged = ["leaf1", "leaf2"].map(|name| wanted(name, None, "!\n", &[("site", "ams")])).to_vec();
    // Calls that do not wait for each other overlap only where an answer takes its time.
    desk.sim.set_latency(Duration::from_millis(30));
    let outcome = desk.run(&with(tagged, |deployment| deployment.change_name = None)).await;
    assert!(outcome.result.is_ok(), "{outcome:?}");
    let calls = desk.sim.calls().all();
    let is_submission = |call: &crate::features::cloudvision::sim::Call| !call.method.contains("ChangeControlService");
    let listed: Vec<_> = calls.iter().filter(|call| is_submission(call)).map(|call| call.method.clone()).collect();
    assert!(listed.len() <= 22, "{} calls: {listed:#?}", listed.len());
    // One more for the change control.
    assert!(desk.sim.calls().dependent_steps() <= 9, "{} steps", desk.sim.calls().dependent_steps());
}

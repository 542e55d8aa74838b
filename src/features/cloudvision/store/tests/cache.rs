//! What is kept of each server, and how much of it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{assert_from_index, at, empty, plan};
use crate::features::cloudvision::model::{
    Change, ChangeId, ChangeState, Device, DeviceId, Stage, StageState, Version, Workspace, WorkspaceId, WorkspaceState,
};
use crate::features::cloudvision::store::cache::{
    Cached, Delta, LISTED, OVER_BYTES, OVER_KEPT, PRUNE, apply, load, load_kind,
};

const SERVER: &str = "cvp.example:443";

fn change(id: &str, state: ChangeState, created_at: DateTime<Utc>) -> Change {
    let root = Stage {
        name: "leaf1".to_owned(),
        action: Some("update".to_owned()),
        device: Some(DeviceId::new("JPE00000001")),
        rows: Vec::new(),
        state: StageState::Planned,
        error: None,
        started: None,
        ended: None,
        steps: Vec::new(),
    };
    Change {
        id: ChangeId::new(id),
        name: format!("Change {id}"),
        notes: String::new(),
        state,
        version: Some(Version { seconds: 1_795_220_000, nanos: 123_456_789 }),
        created_by: "anna".to_owned(),
        created_at: Some(created_at),
        edited_by: String::new(),
        approval: None,
        start: None,
        scheduled_for: None,
        error: None,
        devices: vec![DeviceId::new("JPE00000001")],
        root: "root".to_owned(),
        stages: BTreeMap::from([("root".to_owned(), root)]),
        checks: Vec::new(),
    }
}

fn device(id: &str, hostname: &str) -> Device {
    Device {
        id: DeviceId::new(id),
        hostname: hostname.to_owned(),
        fqdn: format!("{hostname}.customer.example"),
        mac: "00:1c:73:00:00:01".to_owned(),
        model: "DCS-7050".to_owned(),
        version: "4.33.1F".to_owned(),
        streaming: true,
    }
}

fn workspace(id: &str, state: WorkspaceState) -> Workspace {
    Workspace {
        id: WorkspaceId::new(id),
        name: id.to_owned(),
        description: String::new(),
        state,
        created_by: "anna".to_owned(),
        created_at: Some(at(0)),
        modified_at: None,
        needs_build: false,
        needs_rebase: false,
        last_build: None,
        changes: Vec::new(),
    }
}

/// A difference within a stream.
fn some<T>(changed: Vec<T>) -> Delta<T> {
    Delta { changed, gone: Vec::new(), is_whole: false, synced_at: None }
}

/// A complete reading.
fn whole<T>(changed: Vec<T>, at: DateTime<Utc>) -> Delta<T> {
    Delta { changed, gone: Vec::new(), is_whole: true, synced_at: Some(at) }
}

fn keys<T: Cached>(items: &[T]) -> Vec<&str> {
    items.iter().map(Cached::key).collect()
}

#[test]
fn what_is_written_is_read_back_whole_and_in_order() {
    let connection = empty();
    let old = change("old", ChangeState::Unknown(77), at(0));
    let new = change("new", ChangeState::Pending, at(10));
    apply(&connection, SERVER, &whole(vec![old.clone(), new.clone()], at(20))).unwrap();
    apply(&connection, SERVER, &some(vec![device("2", "leaf2"), device("1", "leaf1")])).unwrap();
    apply(&connection, SERVER, &whole(vec![workspace("ws-1", WorkspaceState::Pending)], at(30))).unwrap();
    let known = load(&connection, SERVER).unwrap();
    assert_eq!((known.changes.items, known.changes.synced_at), (vec![new, old], Some(at(20))));
    assert_eq!(known.workspaces.items, [workspace("ws-1", WorkspaceState::Pending)]);
    assert_eq!((known.workspaces.synced_at, known.devices.synced_at), (Some(at(30)), None));
    assert_eq!(known.devices.items, [device("1", "leaf1"), device("2", "leaf2")]);
    let lab = load(&connection, "cvp.lab.example:443").unwrap();
    assert!(lab.changes.items.is_empty() && lab.changes.synced_at.is_none());
}

#[test]
fn differences_change_add_and_drop_and_a_whole_reading_drops_the_rest() {
    let connection = empty();
    let pending = |id: &str| change(id, ChangeState::Pending, at(0));
    apply(&connection, SERVER, &whole(vec![pending("1"), pending("2"), pending("3")], at(1))).unwrap();
    apply(&connection, "other.example:443", &whole(vec![pending("9")], at(1))).unwrap();
    apply(&connection, SERVER, &some(vec![device("1", "leaf1")])).unwrap();
    let delta =
        Delta { gone: vec!["2".to_owned(), "7".to_owned()], ..some(vec![change("1", ChangeState::Running, at(0))]) };
    apply(&connection, SERVER, &delta).unwrap();
    let changes = load(&connection, SERVER).unwrap().changes;
    assert_eq!((keys(&changes.items), changes.items[0].state), (vec!["1", "3"], ChangeState::Running));
    assert_eq!(changes.synced_at, Some(at(1)), "a difference within a reading does not make it complete");
    apply(&connection, SERVER, &whole(vec![pending("4"), pending("3")], at(5))).unwrap();
    let known = load(&connection, SERVER).unwrap();
    assert_eq!((keys(&known.changes.items), known.changes.synced_at), (vec!["3", "4"], Some(at(5))));
    assert_eq!(keys(&known.devices.items), ["1"], "another kind was not read");
    assert_eq!(keys(&load(&connection, "other.example:443").unwrap().changes.items), ["9"]);
    apply::<Change>(&connection, SERVER, &whole(Vec::new(), at(6))).unwrap();
    assert!(load(&connection, SERVER).unwrap().changes.items.is_empty());
}

#[test]
fn what_is_the_same_is_not_written_again() {
    let connection = empty();
    let delta = some(vec![change("1", ChangeState::Completed, at(0)), change("2", ChangeState::Pending, at(0))]);
    apply(&connection, SERVER, &delta).unwrap();
    let before = connection.total_changes();
    apply(&connection, SERVER, &delta).unwrap();
    apply(&connection, SERVER, &Delta { is_whole: true, ..delta }).unwrap();
    assert_eq!(connection.total_changes(), before);
}

#[test]
fn of_what_is_over_the_newest_are_kept_and_of_the_rest_all() {
    let connection = empty();
    let kept = i64::from(OVER_KEPT);
    let over = |n: i64| change(&format!("over-{n:05}"), ChangeState::Completed, at(n));
    let mut all: Vec<Change> = (0..kept + 20).map(over).collect();
    all.push(change("pending", ChangeState::Pending, at(0) - TimeDelta::days(900)));
    apply(&connection, SERVER, &whole(all.clone(), at(0))).unwrap();
    let ids = |()| -> Vec<String> {
        load_kind::<Change>(&connection, SERVER).unwrap().items.iter().map(|one| one.key().to_owned()).collect()
    };
    let found = ids(());
    assert_eq!(found.len(), OVER_KEPT as usize + 1);
    assert_eq!((found[0].as_str(), found[found.len() - 2].as_str()), ("over-02019", "over-00020"));
    assert_eq!(found.last().unwrap(), "pending");
    // The same whole reading again changes nothing, although the server tells of more.
    let before = connection.total_changes();
    apply(&connection, SERVER, &Delta { synced_at: None, ..whole(all, at(1)) }).unwrap();
    assert_eq!(connection.total_changes(), before);
    // One that ends pushes the oldest out.
    apply(&connection, SERVER, &some(vec![over(kept + 20)])).unwrap();
    let found = ids(());
    assert_eq!((found.len(), found[found.len() - 2].as_str()), (OVER_KEPT as usize + 1, "over-00021"));
}

#[test]
fn what_is_over_takes_only_so_much_room() {
    let connection = empty();
    let keep = |n: i64| {
        let failed = change(&n.to_string(), ChangeState::Failed, at(n));
        apply(&connection, SERVER, &some(vec![failed])).unwrap();
    };
    (0..4).for_each(keep);
    let wrong = "SELECT count(*) FROM cloudvision_cache WHERE size <> length(body)";
    assert_eq!(connection.query_row(wrong, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    // Each of them takes a quarter of the room from now on, so that there is none for all and one more.
    connection.execute("UPDATE cloudvision_cache SET size = ?1", [OVER_BYTES.cast_signed() / 4]).unwrap();
    keep(4);
    assert_eq!(keys(&load(&connection, SERVER).unwrap().changes.items), ["4", "3", "2", "1"]);
}

#[test]
fn workspaces_that_are_over_are_bounded_as_well() {
    assert!(workspace("", WorkspaceState::Submitted).is_over() && workspace("", WorkspaceState::Abandoned).is_over());
    let open = [WorkspaceState::Pending, WorkspaceState::Conflicts, WorkspaceState::Unknown(9)];
    assert!(open.into_iter().all(|state| !workspace("", state).is_over()));
}

#[test]
fn what_cannot_be_read_is_left_out() {
    let connection = empty();
    apply(&connection, SERVER, &whole(vec![device("1", "leaf1"), device("2", "leaf2")], at(0))).unwrap();
    connection.execute("UPDATE cloudvision_cache SET body = x'7b7d' WHERE key = '1'", []).unwrap();
    let devices = load(&connection, SERVER).unwrap().devices;
    assert_eq!((keys(&devices.items), devices.synced_at), (vec!["2"], Some(at(0))));
    // The next reading repairs it.
    apply(&connection, SERVER, &whole(vec![device("1", "leaf1"), device("2", "leaf2")], at(1))).unwrap();
    assert_eq!(load(&connection, SERVER).unwrap().devices.items.len(), 2);
}

#[test]
fn lists_are_read_in_order_and_pruning_reads_no_bodies() {
    let connection = empty();
    assert_from_index(&connection, LISTED, "cloudvision_cache_listed", "server=? AND kind=?");
    let prune = plan(&connection, PRUNE);
    assert!(
        prune
            .iter()
            .any(|line| line.contains("COVERING INDEX cloudvision_cache_over (server=? AND kind=? AND over=?)")),
        "{prune:?}"
    );
}

//! `noctui outbox` and `noctui nautobot`, against the simulated Nautobot.

use noctui::features::maintenance::nautobot::sim::{Options, Sim, Small, TOKEN, Verb, small};
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::{Value, json};

use super::json as asked;
use crate::support::Home;

/// A simulation that runs beside the commands.
struct Beside {
    sim: Sim,
    site: Small,
    _runtime: tokio::runtime::Runtime,
}

/// A user whose Nautobot has one maintenance.
fn home() -> (Home, Beside) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let sim = runtime.block_on(Sim::start(Options::new("2026-11-20T00:00:00Z".parse().unwrap()))).unwrap();
    let site = small(&sim);
    site.maintenance(&sim, "Lumen-CHG1", "2099-11-22T08:00:00Z", "2099-11-22T14:00:00Z");
    let home = Home::new();
    std::fs::write(home.path().join("token"), TOKEN).unwrap();
    std::fs::set_permissions(home.path().join("token"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    home.configure(&format!("[nautobot]\nurl = \"{}\"\ntoken_file = \"~/token\"\n", sim.url()));
    (home, Beside { sim, site, _runtime: runtime })
}

/// What `noctui …` prints as JSON.
fn told(home: &Home, arguments: &[&str]) -> Value {
    let output = home.noctui(arguments.iter().copied()).assert().success().get_output().stdout.clone();
    serde_json::from_slice(&output).unwrap()
}

/// What the subcommands print of a Nautobot, and what `show` prints of a maintenance that is there.
pub(super) fn everything() -> Vec<Value> {
    let (home, _beside) = home();
    let read = [told(&home, &["nautobot", "check", "--json"]), told(&home, &["nautobot", "sync", "--json"])];
    home.noctui(["maintenance", "ack", "CHG1"]).assert().success();
    read.into_iter().chain([told(&home, &["outbox", "list", "--json"]), asked(&home, &["show", "CHG1"])]).collect()
}

#[test]
fn what_is_there_is_read_and_what_is_done_here_goes_there() {
    let (home, beside) = home();
    home.noctui(["nautobot", "check"])
        .assert()
        .success()
        .stdout(contains("Nautobot 3.1.8, nautobot-circuit-maintenance 3.1.1"));
    let read = told(&home, &["nautobot", "sync", "--json"]);
    assert_eq!((&read["full"], &read["taken"]), (&json!(true), &json!(1)));
    let shown = asked(&home, &["show", "lumen/CHG1"]);
    assert_eq!(
        (&shown[0]["nautobot"]["record"], &shown[0]["circuits"][0]["site_a"]),
        (&json!("Lumen-CHG1"), &json!("Ghent"))
    );
    home.noctui(["maintenance", "ack", "CHG1"]).assert().success();
    let waiting = told(&home, &["outbox", "list", "--json"]);
    assert_eq!(
        (&waiting[0]["kind"], &waiting[0]["name"], &waiting[0]["state"]),
        (&json!("acknowledgement"), &json!("lumen/CHG1"), &json!("waiting"))
    );
    home.noctui(["--read-only", "outbox", "retry"]).assert().code(2).stderr(contains("--read-only"));
    assert_eq!(told(&home, &["outbox", "retry", "--json"]), json!([]));
    assert_eq!(beside.sim.all("plugins/circuit-maintenance/maintenance")[0]["ack"], true);
    home.noctui(["outbox", "list"]).assert().success().stdout("nothing waits to be written to Nautobot\n");
}

#[test]
fn a_nautobot_that_is_only_read_keeps_what_waits_until_it_may_be_written_to() {
    let (home, beside) = home();
    let url = beside.sim.url();
    let configure = |more: &str| {
        home.configure(&format!("[nautobot]\nurl = \"{url}\"\ntoken_file = \"~/token\"\n{more}"));
    };
    configure("read_only = true\n");
    told(&home, &["nautobot", "sync", "--json"]);
    home.noctui(["maintenance", "ack", "CHG1"]).assert().success();
    let read = told(&home, &["nautobot", "sync", "--json"]);
    assert_eq!(
        (&read["sent"], &read["waiting"], &read["held"]),
        (&json!(0), &json!(1), &json!("[nautobot] has read_only = true"))
    );
    home.noctui(["outbox", "retry"]).assert().code(2).stderr(contains("it waits in the outbox"));
    let _ = beside.sim.requests();
    home.noctui(["--read-only", "outbox", "retry", "--anyway"]).assert().code(2);
    assert_eq!(beside.sim.requests(), Vec::<String>::new(), "nothing is asked for what may not be sent");
    assert_eq!(beside.sim.all("plugins/circuit-maintenance/maintenance")[0]["ack"], false);
    configure("");
    let read = told(&home, &["nautobot", "sync", "--json"]);
    assert_eq!((&read["sent"], &read["waiting"], &read["held"]), (&json!(1), &json!(0), &Value::Null));
    assert_eq!(beside.sim.all("plugins/circuit-maintenance/maintenance")[0]["ack"], true);
}

#[test]
fn an_entry_is_dropped_by_its_number_and_a_number_that_is_not_there_is_told() {
    let (home, beside) = home();
    told(&home, &["nautobot", "sync", "--json"]);
    home.noctui(["maintenance", "note", "CHG1", "never mind"]).assert().success();
    let id = told(&home, &["outbox", "list", "--json"])[0]["id"].to_string();
    for command in ["drop", "take"] {
        home.noctui(["outbox", command, "999"]).assert().code(2).stderr(contains("the outbox has no entry 999"));
        home.noctui(["outbox", command, "x"]).assert().code(2).stderr(contains("write a number"));
    }
    home.noctui(["outbox", "take", &id]).assert().code(2).stderr(contains("is in no conflict: it is waiting"));
    let dropped = home.noctui(["outbox", "drop", &id]).assert().success();
    dropped.stdout(contains("dropped  note of lumen/CHG1").and(contains("waiting").not()));
    assert_eq!(told(&home, &["nautobot", "sync", "--json"])["sent"], 0);
    assert_eq!(beside.sim.all("plugins/circuit-maintenance/note").len(), 0);
}

/// Two maintenances whose window was set by hand here and changed in Nautobot; their numbers in the outbox.
fn disputed(more: &str) -> (Home, Beside, [String; 2]) {
    let (home, beside) = home();
    let url = beside.sim.url();
    home.configure(&format!("[nautobot]\nurl = \"{url}\"\ntoken_file = \"~/token\"\n{more}"));
    beside.site.maintenance(&beside.sim, "Lumen-CHG2", "2099-11-22T08:00:00Z", "2099-11-22T14:00:00Z");
    told(&home, &["nautobot", "sync", "--json"]);
    for id in ["CHG1", "CHG2"] {
        home.noctui(["maintenance", "edit", id, "--end", "2099-11-22 16:00"]).assert().success();
    }
    told(&home, &["nautobot", "sync", "--json"]);
    let path = "plugins/circuit-maintenance/maintenance";
    for there in beside.sim.all(path) {
        let id = there.get("id").and_then(Value::as_str).unwrap();
        beside.sim.patch(path, id, json!({"end_time": "2099-11-22T20:00:00Z"}));
    }
    home.noctui(["nautobot", "sync"]).assert().code(1);
    let waiting = told(&home, &["outbox", "list", "--json"]);
    let ids = [0, 1].map(|row| {
        let of = |field: &str| waiting.pointer(&format!("/{row}/{field}")).cloned().unwrap();
        assert_eq!((of("state"), of("field")), ("conflict".into(), "window".into()), "{waiting}");
        of("id").to_string()
    });
    (home, beside, ids)
}

#[test]
fn a_conflict_that_is_written_or_taken_says_so_and_what_is_left() {
    let (home, beside, [first, second]) = disputed("write_maintenances = true\n");
    let written = home.noctui(["outbox", "retry", "--anyway", &first]).assert().success();
    written
        .stdout("what was named is written\nleft: 1 in the outbox, 1 of which need somebody (`noctui outbox list`)\n");
    let ends: Vec<Value> = beside.sim.all("plugins/circuit-maintenance/maintenance");
    assert!(ends.iter().any(|one| one["end_time"] == "2099-11-22T16:00:00Z"), "{ends:#?}");
    let taken = home.noctui(["outbox", "take", &second]).assert().success();
    let second_name = "  taken  window of lumen/CHG";
    taken.stdout(contains(second_name).and(contains("conflict").not()).and(contains("left:").not()));
    home.noctui(["outbox", "retry"]).assert().success().stdout("everything is written\n");
}

#[test]
fn a_conflict_that_is_taken_is_told_as_taken_in_json_and_the_others_are_left() {
    let (home, _beside, [first, second]) = disputed("write_maintenances = true\n");
    let taken = told(&home, &["outbox", "take", &first, "--json"]);
    assert_eq!((&taken[0]["state"], taken.as_array().unwrap().len()), (&json!("taken"), 1));
    home.noctui(["outbox", "drop", &second]).assert().success();
    let left = home.noctui(["outbox", "retry"]).assert().success();
    left.stdout("all that waited is written\nleft: 1 otherwise in Nautobot and left so (`noctui outbox list`)\n");
}

#[test]
fn a_conflict_is_not_said_to_be_written_where_no_maintenance_is() {
    let (home, beside, [first, _]) = disputed("");
    for named in [&[first.as_str()][..], &[]] {
        let written = home.noctui(["outbox", "retry", "--anyway"].iter().chain(named).copied()).assert().code(1);
        written
            .stdout(contains("conflict  window of lumen/CHG").and(contains("written").not()))
            .stderr(contains("write_maintenances"));
    }
    let ends = beside.sim.all("plugins/circuit-maintenance/maintenance");
    assert!(ends.iter().all(|one| one["end_time"] == "2099-11-22T20:00:00Z"), "{ends:#?}");
}

#[test]
fn a_maintenance_that_was_deleted_there_is_not_said_to_be_not_there_yet() {
    let (home, beside) = home();
    told(&home, &["nautobot", "sync", "--json"]);
    home.noctui(["maintenance", "note", "CHG1", "drained"]).assert().success();
    told(&home, &["outbox", "retry", "--json"]);
    let path = "plugins/circuit-maintenance/maintenance";
    beside.sim.delete(path, beside.sim.all(path)[0]["id"].as_str().unwrap());
    told(&home, &["nautobot", "sync", "--full", "--json"]);
    home.noctui(["maintenance", "show", "CHG1"])
        .assert()
        .success()
        .stdout(contains("Nautobot      deleted there; ").and(contains("not there yet").not()));
    assert_eq!(asked(&home, &["show", "CHG1"])[0]["nautobot"]["absent"], "deleted");
}

#[test]
fn what_needs_somebody_is_told_by_the_exit_code_as_well() {
    let (home, beside) = home();
    told(&home, &["nautobot", "sync", "--json"]);
    home.noctui(["maintenance", "ack", "CHG1"]).assert().success();
    let path = "plugins/circuit-maintenance/maintenance";
    beside.sim.set(|options| options.denied.push((Verb::Change, path.to_owned())));
    home.noctui(["nautobot", "sync"]).assert().code(1).stdout(contains("1 of them need somebody"));
    beside.sim.set(|options| options.denied.clear());
    told(&home, &["outbox", "retry", "--json"]);
    told(&home, &["nautobot", "sync", "--json"]);
}

#[test]
fn a_check_says_what_the_token_may_not_do_and_changes_nothing() {
    let (home, beside) = home();
    assert_eq!(told(&home, &["nautobot", "check", "--json"])["lacks"], json!([]));
    beside.sim.set(|options| {
        options.denied.push((Verb::Add, "plugins/circuit-maintenance/note".to_owned()));
        options.denied.push((Verb::View, "dcim/locations".to_owned()));
    });
    home.noctui(["nautobot", "check"])
        .assert()
        .code(1)
        .stdout(contains("the token works"))
        .stderr(contains("may not add plugins/circuit-maintenance/note").and(contains("may not view dcim/locations")));
    beside.sim.set(|options| {
        options.denied.clear();
        options.write_enabled = false;
    });
    home.noctui(["nautobot", "check"])
        .assert()
        .code(1)
        .stderr(contains("change plugins/circuit-maintenance/maintenance"));
    assert_eq!(beside.sim.all("plugins/circuit-maintenance/note").len(), 0);
    assert_eq!(beside.sim.all("plugins/circuit-maintenance/maintenance").len(), 1);
}

#[test]
fn what_is_wrong_is_told_with_what_to_do() {
    let (home, beside) = home();
    std::fs::write(home.path().join("token"), "0000").unwrap();
    home.noctui(["nautobot", "check"])
        .assert()
        .code(2)
        .stderr(contains("Invalid token").and(contains("make a new API token")));
    beside.sim.set(|options| options.has_app = false);
    std::fs::write(home.path().join("token"), TOKEN).unwrap();
    home.noctui(["nautobot", "check"]).assert().code(2).stderr(contains("has no app nautobot-circuit-maintenance"));
    drop(beside);
    home.noctui(["nautobot", "check"]).assert().code(2).stderr(contains("cannot reach Nautobot"));
    home.configure("");
    home.noctui(["outbox", "retry"]).assert().code(2).stderr(contains("no Nautobot is configured"));
}

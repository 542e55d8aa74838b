//! `kill -9` while the outbox is being written to Nautobot: everything is there once in the end.

use std::process::{Command, Stdio};
use std::time::Duration;

use noctui::features::maintenance::nautobot::sim::{Options, Sim, TOKEN, small};
use serde_json::Value;

/// How often it is killed, each time a request later.
const KILLS: usize = 16;

/// A calendar notice of a maintenance of lumen.
fn mail(number: usize) -> String {
    format!(
        "From: noc@lumen.example\nSubject: Works\nMessage-ID: <{number}@lumen.example>\nDate: Mon, 2 Nov 2026 10:15:00 +0000\n\
         Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTAMP:20261102T101500Z\nDTSTART:20991122T100000Z\n\
         DTEND:20991122T200000Z\nUID:{number}\nSUMMARY:Works\nX-MAINTNOTE-PROVIDER:lumen\nX-MAINTNOTE-ACCOUNT:1\n\
         X-MAINTNOTE-MAINTENANCE-ID:CHG{number}\nX-MAINTNOTE-OBJECT-ID:LUM/000106/A\nX-MAINTNOTE-IMPACT:OUTAGE\n\
         X-MAINTNOTE-STATUS:CONFIRMED\nEND:VEVENT\nEND:VCALENDAR\n"
    )
}

/// noctui in a home.
fn noctui(home: &std::path::Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_noctui"));
    command.env_clear().env("HOME", home).env("USER", "anna").env("NOCTUI_NAUTOBOT_TOKEN", TOKEN).args(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[test]
fn a_process_that_is_killed_while_it_writes_loses_and_doubles_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let sim = runtime.block_on(Sim::start(Options::new("2026-11-20T00:00:00Z".parse().unwrap()))).unwrap();
    small(&sim);
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join(".config/noctui");
    std::fs::create_dir_all(&config).unwrap();
    let text = format!("[nautobot]\nurl = \"{}\"\nwrite_maintenances = true\n", sim.url());
    std::fs::write(config.join("config.toml"), text).unwrap();
    let run = |arguments: &[&str]| assert!(noctui(home.path(), arguments).status().unwrap().success(), "{arguments:?}");
    run(&["nautobot", "sync"]);
    for number in 0..KILLS {
        std::fs::write(home.path().join("notice.eml"), mail(number)).unwrap();
        run(&["maintenance", "import", home.path().join("notice.eml").to_str().unwrap()]);
        run(&["maintenance", "ack", &format!("CHG{number}")]);
        run(&["maintenance", "note", &format!("CHG{number}"), "traffic drained"]);
        let _ = sim.requests();
        sim.take(Duration::from_millis(5));
        let mut process = noctui(home.path(), &["outbox", "retry"]).spawn().unwrap();
        runtime.block_on(async {
            let mut seen = 0;
            // The first two ask who is there.
            while seen < number + 2 && process.try_wait().unwrap().is_none() {
                seen += sim.requests().len();
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        process.kill().unwrap();
        process.wait().unwrap();
        sim.take(Duration::ZERO);
    }
    run(&["outbox", "retry"]);
    let table = |name: &str| -> Vec<Value> { sim.all(&format!("plugins/circuit-maintenance/{name}")) };
    let maintenances = table("maintenance");
    assert_eq!(maintenances.len(), KILLS);
    assert!(maintenances.iter().all(|one| one["ack"] == true), "{maintenances:#?}");
    assert_eq!((table("circuitimpact").len(), table("note").len()), (KILLS, KILLS));
    let left = noctui(home.path(), &["outbox", "list"]).stdout(Stdio::piped()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&left.stdout), "nothing waits to be written to Nautobot\n");
}

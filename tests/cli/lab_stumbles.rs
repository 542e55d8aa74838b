//! `noctui lab` where the service stumbles, is slow, or is away: what is told, and what works all the same.

use noctui::features::lab::sim::Fault;

use crate::lab::Desk;

#[test]
fn an_inventory_that_does_not_come_keeps_nobody_waiting() {
    let desk = Desk::new();
    desk.sim.fault(Fault::Pending, usize::MAX);
    // The gateway knows web01.
    let (made, said, code) = desk.text(&["add", "web01", "--port", "8443"]);
    assert!(made.contains("web01 8443 is on port") && code == 0, "{made}{said}");
    let looks = || desk.sim.calls().iter().filter(|call| call.contains("inventory/task")).count();
    let before = looks();
    let (told, _) = desk.json(&["list"]);
    assert_eq!(told["rows"].as_array().unwrap().len(), 2, "{told}");
    let doubts = told["doubts"].as_array().unwrap();
    assert_eq!(doubts[0], "the inventory is not told: it did not come within 5 s");
    // Some seconds' worth, and no more.
    assert!((2..=9).contains(&(looks() - before)) && before <= 4, "{:?}", desk.sim.calls());
}

#[test]
fn a_live_forward_is_not_called_dead_because_a_look_at_the_firewall_failed() {
    let desk = Desk::new();
    desk.sim.fault(Fault::ListingFails, 1);
    let port = desk.port().to_string();
    let (_, said, code) = desk.text(&["remove", &port]);
    assert!(said.contains(&format!("the forward on {port} is still there, and its rule is in force")), "{said}");
    assert!(!said.contains("DELETE FROM") && !said.contains("half-way") && code == 2, "{said}");
    let (told, _) = desk.json(&["list"]);
    assert_eq!(told["rows"][0]["state"], "live");
}

#[test]
fn a_port_that_works_is_connected_to_although_the_service_does_not_answer() {
    let desk = Desk::new();
    desk.json(&["list"]);
    let port = desk.port();
    desk.sim.fault(Fault::Unavailable, usize::MAX);
    let (line, said, code) = desk.text(&["connect", "web01:ssh", "--print"]);
    assert!(line.contains(&format!("-p {port} ")) && code == 0, "{line}{said}");
    assert!(said.contains(&format!("is not there; web01 22 on {port} is used as it was told")), "{said}");
    let (line, said, code) = desk.text(&["connect", "web02:ssh", "--print"]);
    assert!(line.is_empty() && said.contains("is not there") && code == 2, "{said}");
}

#[test]
fn a_gateway_without_an_address_is_told_with_what_names_one() {
    let desk = Desk::new();
    desk.sim.state().gateway = String::new();
    let (_, said, code) = desk.text(&["list"]);
    assert!(said.contains("the gateway tells no address: say it as `gateway` in [[lab]]") && code == 0, "{said}");
    let (told, _) = desk.json(&["list"]);
    assert_eq!(told["rows"][0]["note"], "the gateway's address is not known from here");
    for machine in ["web01", "web02"] {
        let (line, said, code) = desk.text(&["connect", machine]);
        assert!(said.contains("the gateway tells no address") && said.contains("do  ") && code == 2, "{line}{said}");
    }
    assert!(desk.sim.calls().iter().all(|call| !call.starts_with("POST")), "{:?}", desk.sim.calls());
}

#[test]
fn a_proxy_of_the_environment_is_named() {
    let desk = Desk::new();
    desk.home.configure("[[lab]]\nname = 'training'\nurl = 'https://lab.example'\n");
    let output = desk.lab(&["list"]).env("HTTPS_PROXY", "http://pat:secret@127.0.0.1:1").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("cannot reach https://lab.example by way of the proxy 127.0.0.1:1 (HTTPS_PROXY)"), "{said}");
    assert!(said.contains("NO_PROXY") && !said.contains("secret"), "{said}");
}

#[test]
fn what_cannot_be_told_apart_later_is_not_made() {
    let desk = Desk::new();
    let name = "x".repeat(250);
    let target = ["--address", "192.168.1.20", "--component", "CentOS", "--port", "22"];
    let (_, said, code) = desk.text(&[&["add", &name], &target[..]].concat());
    assert!(said.contains("the name or the component has more than 200 characters") && code == 2, "{said}");
    assert!(desk.sim.calls().iter().all(|call| !call.starts_with("POST")), "{:?}", desk.sim.calls());
    let (_, said, code) = desk.text(&[&["add", "50069"], &target[..]].concat());
    assert!(said.contains("take the name 50069 for a port") && code == 0, "{said}");
    for port in ["0", "65536"] {
        let (_, said, code) = desk.text(&["add", "web01", "--port", port]);
        assert!(said.contains("1..=65535") && code == 2, "{said}");
    }
}

#[test]
fn a_file_says_once_what_would_be_made_and_what_is_odd_about_it() {
    let desk = Desk::new();
    let file = desk.home.path().join("forwards.json");
    let dns = r#"{"name":"dns","component":"CentOS","address":"8.8.8.8","target":53}"#;
    let text = format!(r#"{{"format":"noctui lab forwards","version":1,"lab":"training","forwards":[{dns},{dns}]}}"#);
    std::fs::write(&file, text).unwrap();
    let (would, said, _) = desk.text(&["restore", "--dry-run", file.to_str().unwrap()]);
    assert_eq!(would, "would make dns 53 to 8.8.8.8\n");
    assert!(said.contains("dns 53: 8.8.8.8 is outside of 192.168.1.0/24"), "{said}");
    let (_, said, _) = desk.text(&["restore", file.to_str().unwrap()]);
    assert!(said.contains("dns 53: 8.8.8.8 is outside of 192.168.1.0/24"), "{said}");
}

#[test]
fn of_a_cluster_one_address_is_told_as_one_address() {
    let desk = Desk::new();
    let mut other = desk.sim.state().records[0].clone();
    (other.port, other.address) = (other.port + 1, "192.168.1.29".to_owned());
    desk.sim.state().records.push(other);
    let (told, _, _) = desk.text(&["addr", "web01"]);
    assert!(told.contains("yes, one of them"), "{told}");
}

#[test]
fn what_was_done_from_here_is_known_where_the_service_does_not_answer() {
    let desk = Desk::new();
    desk.json(&["list"]);
    let (removed, _) = desk.json(&["remove", "web01:22"]);
    assert_eq!(removed["result"], "removed");
    let (made, _) = desk.json(&["add", "web02", "--port", "22"]);
    desk.sim.fault(Fault::Unavailable, usize::MAX);
    let (line, said, code) = desk.text(&["connect", "web01:22", "--print"]);
    assert!(line.is_empty() && said.contains("is not there") && code == 2, "it was deleted: {line}{said}");
    let (line, said, code) = desk.text(&["connect", "web02", "--print"]);
    assert!(line.contains(&format!("-p {} ", made["forward"]["port"])) && code == 0, "{line}{said}");
    desk.sim.state().faults.clear();
    // What another one did is known once a list was read for anything.
    let record = desk.sim.state().records.remove(0);
    desk.sim.state().nat.retain(|rule| rule.port != record.port);
    desk.text(&["connect", "nosuch", "--print"]);
    desk.sim.fault(Fault::Unavailable, usize::MAX);
    let (line, said, code) = desk.text(&["connect", "web02", "--print"]);
    assert!(line.is_empty() && code == 2, "{line}{said}");
}

#[test]
fn a_forward_that_nobody_listed_yet_is_known_once_it_was_made() {
    let desk = Desk::new();
    let (made, _) = desk.json(&["add", "web02", "--port", "22"]);
    desk.sim.fault(Fault::Unavailable, usize::MAX);
    let (line, said, code) = desk.text(&["connect", "web02:22", "--print"]);
    assert!(line.contains(&format!("-p {} ", made["forward"]["port"])) && code == 0, "{line}{said}");
}

#[test]
fn of_several_processes_that_want_the_same_forward_one_makes_it() {
    let desk = Desk::new();
    // Each of them would have looked before any of them has asked.
    desk.sim.fault(Fault::For("GET", Box::new(Fault::Late(std::time::Duration::from_millis(100)))), usize::MAX);
    let add = || desk.lab(&["add", "web02", "--port", "9000"]).output().unwrap();
    let said: Vec<String> = std::thread::scope(|scope| {
        let adding: Vec<_> = (0..3).map(|_| scope.spawn(add)).collect();
        adding.into_iter().map(|it| String::from_utf8(it.join().unwrap().stdout).unwrap()).collect()
    });
    assert_eq!(desk.sim.state().records.len(), 2, "{said:?}");
    assert_eq!(said.iter().filter(|said| said.contains("already")).count(), 2, "{said:?}");
}

#[test]
fn a_rule_in_front_of_the_gateways_own_is_told_with_the_line_that_ends_it() {
    let desk = Desk::new();
    desk.sim.state().front_ways.push("DROP       0    --  10.0.0.0/8           0.0.0.0/0".to_owned());
    let (text, _, code) = desk.text(&["check"]);
    let rule = "until it is gone; it says: DROP 0 -- 10.0.0.0/8 0.0.0.0/0\n  on the gateway: sudo iptables -D FORWARD 1; sudo sh";
    assert!(text.contains(rule) && code == 1, "{text}");
    let (_, said, code) = desk.text(&["add", "web02", "--port", "22"]);
    assert!(said.contains("and delete the rule DROP 0 -- 10.0.0.0/8 0.0.0.0/0") && code == 2, "{said}");
}

#[test]
fn an_empty_lab_says_that_it_is() {
    let desk = Desk::new();
    desk.sim.state().records.clear();
    desk.sim.state().nat.clear();
    desk.sim.state().inventory = None;
    let (_, said, code) = desk.text(&["list"]);
    assert!(said.contains("training has no forward, and tells of no machine") && code == 0, "{said}");
}

#[test]
fn a_program_below_the_home_folder_is_found_and_a_wrong_place_is_named() {
    let desk = Desk::new();
    let configure = |ssh: &str| {
        desk.home
            .configure(&format!("[[lab]]\nname = 'training'\nurl = '{}'\n[connect]\nssh = {ssh}\n", desk.sim.url()));
    };
    configure("['~/bin/prog', '{port}']");
    let (line, said, _) = desk.text(&["connect", "web01", "--print"]);
    assert_eq!(line, format!("{}/bin/prog {}\n", desk.home.path().display(), desk.port()), "{said}");
    let (_, said, code) = desk.text(&["connect", "web01", "notes.txt", "--print"]);
    assert!(said.contains("the program for ssh takes no files") && code == 2, "{said}");
    configure("'echo {nam}'");
    let (_, said, code) = desk.text(&["list"]);
    assert!(said.contains("it knows no {nam}: it takes a list") && code != 0, "{said}");
}

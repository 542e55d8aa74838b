//! What is told of rows, from what is known.

use super::*;
use crate::features::lab::model::{Firewall, Machine, Snapshot, Way};

fn forward(port: u16, name: &str, address: &str, target: u16) -> Forward {
    Forward { port, name: name.to_owned(), component: "CentOS".to_owned(), address: address.to_owned(), target }
}

fn rule(port: u16, address: &str, target: u16) -> Rule {
    Rule { port, address: address.to_owned(), target }
}

fn open() -> Reach {
    Reach::Open { latency: Duration::from_micros(812), banner: String::new() }
}

fn told(snapshot: &Snapshot, reached: &[(u16, Reach)]) -> Vec<(Option<u16>, &'static str)> {
    let reached = reached.iter().cloned().collect();
    rows(snapshot, &reached, &Since::new()).iter().map(|row| (row.port, row.state.as_str())).collect()
}

#[test]
fn every_state_is_told_from_the_others() {
    let machine = |exists, address: &str| Machine {
        exists: Some(exists),
        addresses: vec![address.to_owned()],
        ..Machine::default()
    };
    let snapshot = Snapshot {
        forwards: vec![
            forward(50_001, "a", "192.168.1.1", 22),
            forward(50_002, "b", "192.168.1.2", 22),
            forward(50_003, "c", "192.168.1.3", 22),
            forward(50_004, "c", "192.168.1.3", 22),
            forward(50_005, "d", "192.168.1.4", 22),
            forward(50_006, "e", "192.168.1.5", 22),
            forward(50_007, "f", "192.168.1.6", 22),
        ],
        machines: [
            ("d".to_owned(), machine(false, "192.168.1.4")),
            ("g".to_owned(), machine(true, "192.168.1.7")),
            ("h".to_owned(), machine(true, "192.168.1.8")),
        ]
        .into(),
        firewall: Some(Firewall {
            rules: vec![
                rule(50_001, "192.168.1.1", 22),
                rule(50_002, "192.168.1.2", 22),
                rule(50_003, "192.168.1.3", 22),
                rule(50_004, "192.168.1.3", 22),
                rule(50_005, "192.168.1.4", 22),
                rule(50_007, "192.168.1.9", 22),
                rule(50_099, "192.168.1.7", 443),
            ],
            ..Firewall::default()
        }),
        ..Snapshot::default()
    };
    let reached = [(50_001, open()), (50_002, Reach::Refused), (50_004, open()), (50_003, Reach::TimedOut)];
    assert_eq!(
        told(&snapshot, &reached),
        [
            (Some(50_001), "live"),
            (Some(50_002), "unreachable"),
            (Some(50_003), "duplicate"),
            (Some(50_004), "live"),
            (Some(50_005), "gone"),
            (Some(50_006), "dead"),
            (Some(50_007), "dead"),
            (None, "no-forward"),
            (Some(50_099), "unlisted"),
            (None, "no-forward"),
            (Some(50_007), "unlisted"),
        ]
    );
}

#[test]
fn the_first_rule_of_a_port_says_where_it_leads() {
    let snapshot = Snapshot {
        forwards: vec![forward(50_001, "a", "192.168.1.1", 22)],
        firewall: Some(Firewall {
            rules: vec![rule(50_001, "192.168.1.9", 8443), rule(50_001, "192.168.1.1", 22)],
            ..Firewall::default()
        }),
        ..Snapshot::default()
    };
    let rows = rows(&snapshot, &[(50_001, open())].into(), &Since::new());
    let states: Vec<_> = rows.iter().map(|row| (row.state, row.note.as_str())).collect();
    assert_eq!(
        states,
        [(State::Dead, "the firewall leads it to 192.168.1.9:8443"), (State::Unlisted, "open, and in no list")]
    );
    // Nobody is connected by it to the other machine; the service still finds its rule, and what ends the first one mends
    // it.
    assert_eq!((rows[0].usable(), rows[0].undeletable()), (None, None));
    assert!(rows[1].usable().is_some());
    let mending = rows[0].mending.as_deref().unwrap();
    assert!(mending.contains("--dport 50001 -j DNAT --to 192.168.1.9:8443"), "{mending}");
}

#[test]
fn machines_of_one_address_have_a_forward_each() {
    let snapshot = Snapshot {
        forwards: vec![forward(50_001, "a_b", "192.168.1.1", 22), forward(50_002, "isi01-1", "192.168.1.1", 22)],
        ..Snapshot::default()
    };
    // Neither is proposed for a clean-up: each machine has but one.
    assert_eq!(told(&snapshot, &[]), [(Some(50_001), "unmeasured"), (Some(50_002), "unmeasured")]);
}

#[test]
fn what_is_in_no_list_is_not_called_open_where_nothing_answers() {
    let firewall = Some(Firewall { rules: vec![rule(50_001, "192.168.1.1", 22)], ..Firewall::default() });
    let snapshot = Snapshot { firewall, ..Snapshot::default() };
    let note = |reach| rows(&snapshot, &[(50_001, reach)].into(), &Since::new())[0].note.clone();
    assert_eq!(note(open()), "open, and in no list");
    assert_eq!(note(Reach::Refused), "in no list, and nothing answers behind it");
    // Nobody has looked.
    assert_eq!(rows(&snapshot, &BTreeMap::new(), &Since::new())[0].note, "in no list");
}

#[test]
fn without_the_firewall_nothing_is_called_dead() {
    let snapshot = Snapshot { forwards: vec![forward(50_001, "a", "192.168.1.1", 22)], ..Snapshot::default() };
    assert_eq!(told(&snapshot, &[]), [(Some(50_001), "unmeasured")]);
    assert_eq!(told(&snapshot, &[(50_001, open())]), [(Some(50_001), "live")]);
}

#[test]
fn a_forward_that_works_without_its_second_rule_is_told_as_undeletable() {
    let way = Way { address: "192.168.1.1".to_owned(), target: 22 };
    let of = |accepted| Snapshot {
        forwards: vec![forward(50_001, "a", "192.168.1.1", 22)],
        firewall: Some(Firewall { rules: vec![rule(50_001, "192.168.1.1", 22)], accepted, ..Firewall::default() }),
        ..Snapshot::default()
    };
    let row = |accepted| rows(&of(accepted), &[(50_001, open())].into(), &Since::new()).remove(0);
    let half = row(Some(vec![]));
    assert_eq!((half.state, half.note.as_str()), (State::Live, HALF));
    assert!(half.undeletable().is_some() && half.is_fault() && half.usable().is_some());
    // What is proposed puts it right, and ends nothing.
    let line = half.mending.unwrap();
    assert!(line.contains("iptables -A FORWARD") && !line.contains("DELETE") && !line.contains(" -D "), "{line}");
    for sound in [row(Some(vec![way])), row(None)] {
        assert!(sound.undeletable().is_none() && sound.mending.is_none() && !sound.is_fault(), "{sound:?}");
    }
}

#[test]
fn each_address_of_a_name_is_routable_on_its_own() {
    let machine = |routable, pings: &[(&str, bool)]| Machine {
        routable,
        addresses: vec!["192.168.1.1".to_owned(), "192.168.1.2".to_owned()],
        pings: pings.iter().map(|(address, is)| ((*address).to_owned(), *is)).collect(),
        ..Machine::default()
    };
    let told = |machine: Machine| {
        let snapshot = Snapshot {
            forwards: vec![forward(50_001, "cl", "192.168.1.1", 22), forward(50_002, "cl", "192.168.1.2", 22)],
            machines: [("cl".to_owned(), machine)].into(),
            ..Snapshot::default()
        };
        let rows = rows(&snapshot, &BTreeMap::new(), &Since::new());
        rows.iter().map(|row| row.routable).collect::<Vec<_>>()
    };
    let pings = [("192.168.1.1", false), ("192.168.1.2", true)];
    assert_eq!(told(machine(Some(true), &pings)), [Some(false), Some(true)]);
    // A forward that was just made has not been tried, which says nothing of the other.
    assert_eq!(told(machine(None, &pings[..1])), [Some(false), None]);
    // The answer of a name is nobody's where it has several addresses.
    assert_eq!(told(machine(Some(true), &[])), [None, None]);
}

#[test]
fn of_a_machine_that_is_off_that_is_said_where_it_does_not_answer() {
    let machine = Machine { power: Some("poweredOff".to_owned()), exists: Some(true), ..Machine::default() };
    let snapshot = Snapshot {
        forwards: vec![forward(50_001, "a", "192.168.1.1", 22)],
        machines: [("a".to_owned(), machine)].into(),
        ..Snapshot::default()
    };
    let row = |reach| rows(&snapshot, &[(50_001, reach)].into(), &Since::new()).remove(0);
    let off = row(Reach::Refused);
    assert_eq!((off.note.as_str(), off.is_off()), ("powered off, says the inventory; refused from here", true));
    assert_eq!(row(open()).note, "");
}

#[test]
fn latencies_read_in_the_unit_that_matters() {
    let words = |micros| Reach::Open { latency: Duration::from_micros(micros), banner: String::new() }.words();
    assert_eq!(
        [80, 999, 1_000, 9_999, 10_400, 1_200_000].map(words),
        ["<1 ms", "<1 ms", "1 ms", "9 ms", "10 ms", "1200 ms"]
    );
}

#[test]
fn a_latency_that_jitters_stays_as_it_was_told() {
    let open = |micros| Reach::Open { latency: Duration::from_micros(micros), banner: String::new() };
    let told = |before, now| open(now).after(Some(&open(before))).words();
    for (before, now, words) in [
        (950, 1_050, "<1 ms"),
        (1_050, 950, "1 ms"),
        (1_050, 2_049, "1 ms"),
        (1_050, 2_050, "2 ms"),
        (20_000, 23_900, "20 ms"),
        (20_000, 24_000, "24 ms"),
        (20_000, 15_000, "15 ms"),
    ] {
        assert_eq!(told(before, now), words, "{before} then {now}");
    }
    assert_eq!(open(80).after(Some(&Reach::Refused)), open(80));
    assert_eq!(open(80).after(None), open(80));
    assert_eq!(Reach::Refused.after(Some(&open(80))), Reach::Refused);
}

//! `noctui lab` against a simulated lab.

use assert_cmd::Command;
use noctui::features::lab::sim::{Fault, Guest, Setup, Simulator};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::support::Home;

/// A lab, and somebody's home.
pub(crate) struct Desk {
    pub(crate) home: Home,
    pub(crate) sim: Simulator,
    runtime: Runtime,
}

impl Desk {
    /// A lab with a machine that has a forward, and one that has none.
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let sim = runtime.block_on(async {
            let sim = Simulator::start(Setup { pool: None, listens: true, ..Setup::default() }).await.unwrap();
            sim.forward("web01", "CentOS", "192.168.1.20", 22).unwrap();
            sim
        });
        let guest =
            |address: &str| Guest { component: "CentOS".to_owned(), is_on: true, addresses: vec![address.to_owned()] };
        sim.state().inventory =
            Some([("web01".to_owned(), guest("192.168.1.20")), ("web02".to_owned(), guest("192.168.1.21"))].into());
        let home = Home::new();
        home.configure(&format!("[[lab]]\nname = 'training'\nurl = '{}'\n", sim.url()));
        Self { home, sim, runtime }
    }

    /// `noctui lab` with these arguments.
    pub(crate) fn lab(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.noctui(std::iter::once("lab").chain(arguments.iter().copied()));
        command.env("NOCTUI_LAB_TOKEN", self.sim.token()).env("PATH", std::env::var_os("PATH").unwrap());
        command
    }

    /// What it prints as JSON, with the exit code.
    pub(crate) fn json(&self, arguments: &[&str]) -> (Value, i32) {
        let output = self.lab(arguments).arg("--json").output().unwrap();
        let told = || panic!("{}", String::from_utf8_lossy(&output.stderr));
        (serde_json::from_slice(&output.stdout).unwrap_or_else(|_| told()), output.status.code().unwrap())
    }

    /// What it prints as text, and says on standard error, with the exit code.
    pub(crate) fn text(&self, arguments: &[&str]) -> (String, String, i32) {
        let output = self.lab(arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (text(&output.stdout), text(&output.stderr), output.status.code().unwrap())
    }

    pub(crate) fn port(&self) -> u16 {
        self.sim.state().records.first().unwrap().port
    }
}

#[test]
fn a_list_says_what_is_true_of_each() {
    let desk = Desk::new();
    let (told, code) = desk.json(&["list"]);
    assert_eq!((&told["lab"], &told["gateway"], code), (&"training".into(), &"127.0.0.1".into(), 0));
    assert_eq!(told["token"]["username"], "pat");
    let rows = told["rows"].as_array().unwrap();
    assert_eq!(
        (&rows[0]["state"], &rows[0]["name"], &rows[0]["target"]),
        (&"live".into(), &"web01".into(), &22.into())
    );
    assert_eq!(rows[0]["reach"]["banner"], "SSH-2.0-OpenSSH_9.6 simulated");
    assert_eq!((&rows[1]["state"], &rows[1]["port"]), (&"no-forward".into(), &Value::Null));
    let (text, _, _) = desk.text(&["list", "--no-measure"]);
    assert!(text.contains("unmeasured  web01    CentOS     192.168.1.20  22    ssh"), "{text}");
}

#[test]
fn forwards_are_added_once_and_removed() {
    let desk = Desk::new();
    let (made, code) = desk.json(&["add", "web02", "--protocol", "https"]);
    assert_eq!((&made["result"], &made["forward"]["target"], code), (&"made".into(), &443.into(), 0));
    let (found, _) = desk.json(&["add", "web02", "--port", "443"]);
    assert_eq!((&found["result"], &found["forward"]["port"]), (&"found".into(), &made["forward"]["port"]));
    let (removed, code) = desk.json(&["remove", "web02:https"]);
    assert_eq!((&removed["result"], code), (&"removed".into(), 0));
    let (_, said, code) = desk.text(&["remove", "web02:https"]);
    assert!(said.contains("there is no such forward") && code == 2, "{said}");
}

#[test]
fn in_production_a_deletion_wants_the_name() {
    let desk = Desk::new();
    desk.home.configure(&format!("[[lab]]\nname = 'live'\nurl = '{}'\nkind = 'production'\n", desk.sim.url()));
    for (arguments, why) in [
        (vec!["remove", "web01:22"], "then add --confirm web01"),
        (vec!["remove", "web01:22", "--confirm", "web02"], "--confirm names web02, and the machine is web01"),
    ] {
        let (_, said, code) = desk.text(&arguments);
        assert!(said.contains(why) && code == 2, "{said}");
        assert_eq!(desk.sim.state().records.len(), 1);
    }
    let (removed, code) = desk.json(&["remove", "web01:22", "--confirm", "web01"]);
    assert_eq!((&removed["result"], code), (&"removed".into(), 0));
}

#[test]
fn what_cannot_be_made_is_said_before_anything_is_asked_for() {
    let desk = Desk::new();
    let (_, said, code) =
        desk.text(&["add", "x", "--port", "22", "--address", "192.168.1.0/24", "--component", "CentOS"]);
    assert!(said.contains("the address is not an IPv4 address") && code == 2, "{said}");
    let (_, said, _) = desk.text(&["add", "nobody", "--port", "22"]);
    assert!(said.contains("the lab knows no address of nobody"), "{said}");
    assert!(desk.sim.calls().iter().all(|call| !call.starts_with("POST")), "{:?}", desk.sim.calls());
}

#[test]
fn two_forwards_to_one_place_are_not_guessed_between() {
    let desk = Desk::new();
    let other = desk.sim.state().records[0].clone();
    let mut twice = other.clone();
    twice.port += 1;
    desk.sim.state().records.push(twice);
    let (_, said, code) = desk.text(&["remove", "web01:ssh"]);
    assert!(said.contains("more than one forward is meant") && said.contains(&other.port.to_string()), "{said}");
    assert_eq!(code, 2);
}

#[test]
fn a_dead_record_is_told_with_what_mends_it() {
    let desk = Desk::new();
    desk.sim.state().nat.clear();
    let (faults, code) = desk.json(&["check"]);
    assert_eq!((&faults[0]["row"]["state"], code), (&"dead".into(), 1));
    let mending = faults[0]["mending"].as_str().unwrap();
    assert!(mending.ends_with(&format!("WHERE conn_port = {}'", desk.port())), "{mending}");
    let (_, said, code) = desk.text(&["remove", &desk.port().to_string()]);
    assert!(said.contains("has no rule for this forward") && said.contains("do  ") && code == 2, "{said}");
}

#[test]
fn a_forward_that_leads_to_another_machine_is_never_connected_to() {
    let desk = Desk::new();
    let port = desk.port();
    // A rule in no list has the port, and comes first.
    let mut rule = desk.sim.state().nat[0].clone();
    rule.address = "192.168.1.30".to_owned();
    desk.sim.state().nat.insert(0, rule);
    let (told, _) = desk.json(&["list"]);
    assert_eq!((&told["rows"][0]["state"], &told["rows"][0]["port"]), (&"dead".into(), &port.into()));
    let (out, said, code) = desk.text(&["connect", &port.to_string(), "--print"]);
    let why = "the gateway's firewall leads it to 192.168.1.30:22";
    assert!(out.is_empty() && said.contains(why) && code == 2, "{out}{said}");
    let (_, said, code) = desk.text(&["connect", "web01", "--print"]);
    assert!(said.contains("there is no forward for this yet") && code == 2, "{said}");
    // Another one is made, which leads there.
    let (made, code) = desk.json(&["add", "web01", "--port", "22"]);
    assert_eq!((&made["result"], code), (&"made".into(), 0));
    assert_ne!(made["forward"]["port"], port);
}

#[test]
fn what_is_open_and_in_no_list_is_told_as_on_the_screen() {
    let desk = Desk::new();
    let _entered = desk.runtime.enter();
    let port = desk.sim.unlisted_rule("192.168.1.20", 22).unwrap().to_string();
    let (_, said, code) = desk.text(&["remove", &port]);
    let wanted = format!("port {port} leads to 192.168.1.20:22, and is in no list: the service cannot delete it");
    assert!(said.contains(&wanted) && said.contains(&format!("--dport {port} -j DNAT")) && code == 2, "{said}");
    let (line, _, code) = desk.text(&["connect", &port, "--print"]);
    assert!(line.contains(&format!("-p {port} -o HostKeyAlias=noctui-training-web01")) && code == 0, "{line}");
    let (_, said, code) = desk.text(&["connect", "1", "--print"]);
    assert!(said.contains("there is no such forward") && code == 2, "{said}");
    let (_, said, code) = desk.text(&["connect", "nosuch", "--print"]);
    assert!(said.contains("the lab knows no machine nosuch") && code == 2, "{said}");
}

#[test]
fn a_sound_lab_has_nothing_to_tell() {
    let desk = Desk::new();
    let (text, _, code) = desk.text(&["check"]);
    assert_eq!((text.as_str(), code), ("training: nothing is wrong with 1 forward\n", 0));
    // A rule that nothing leads to any more.
    desk.sim.state().filter.push(("192.168.1.99".to_owned(), 22));
    let (text, _, code) = desk.text(&["check"]);
    let said = "left over, and harmless: the firewall lets packets through to 192.168.1.99:22, which no port leads to\n  on the \
                gateway: sudo iptables -D FORWARD -p tcp -d 192.168.1.99 --dport 22 -j ACCEPT; ";
    assert!(text.starts_with(said) && text.ends_with("training: nothing is wrong with 1 forward\n"), "{text}");
    assert_eq!(code, 0, "it does no harm");
}

#[test]
fn addresses_are_those_of_exactly_this_name() {
    let desk = Desk::new();
    // To the gateway an underscore is any letter.
    desk.sim.state().records[0].name = "a_b".to_owned();
    let mut other = desk.sim.state().records[0].clone();
    (other.name, other.port) = ("axb".to_owned(), other.port + 1);
    desk.sim.state().records.push(other);
    let (told, _) = desk.json(&["addr", "a_b"]);
    assert_eq!(told.as_object().unwrap().keys().collect::<Vec<_>>(), ["a_b"]);
    let (text, said, code) = desk.text(&["addr", "zz"]);
    assert_eq!((text.as_str(), code), ("", 1));
    assert!(said.contains("the gateway knows no address of zz"), "{said}");
    // The old version of tokens is not taken for this, which has nothing to do with whose the gateway is.
    let old = desk.sim.token_with(|claims| (claims.version, claims.client_ip) = (Some(1), None));
    let output = desk.lab(&["addr"]).env("NOCTUI_LAB_TOKEN", old).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("the token has version 1"), "{said}");
}

#[test]
fn a_set_is_saved_and_what_is_missing_is_made() {
    let desk = Desk::new();
    let (text, _, code) = desk.text(&["save", "forwards.json"]);
    assert_eq!((text.as_str(), code), ("1 forward is in forwards.json\n", 0));
    let (_, said, code) = desk.text(&["save", "forwards.json"]);
    assert!(said.contains("name another file") && code == 2, "{said}");
    desk.sim.state().records.clear();
    desk.sim.state().nat.clear();
    let (missing, _) = desk.json(&["restore", "forwards.json", "--dry-run"]);
    assert_eq!((missing.as_array().unwrap().len(), &missing[0]["name"]), (1, &"web01".into()));
    let (made, code) = desk.json(&["restore", "forwards.json"]);
    assert_eq!((&made[0]["result"], code), (&"made".into(), 0));
    let (again, _) = desk.json(&["restore", "forwards.json"]);
    assert_eq!(again[0]["result"], "found");
    let (text, _, code) = desk.text(&["restore", "forwards.json", "--dry-run"]);
    assert_eq!((text.as_str(), code), ("nothing is missing that can be made\n", 0));
}

#[test]
fn one_forward_that_cannot_be_made_again_spoils_no_backup() {
    let desk = Desk::new();
    let mut odd = desk.sim.state().records[0].clone();
    (odd.port, odd.target, odd.name) = (odd.port + 1, 0, "zero".to_owned());
    let mut bare = odd.clone();
    (bare.port, bare.target, bare.component) = (odd.port + 1, 443, String::new());
    desk.sim.state().records.extend([odd, bare]);
    let (_, said, code) = desk.text(&["save", "forwards.json"]);
    assert!(said.contains("zero 0 is left out, since it cannot be made again: the port is 0") && code == 0, "{said}");
    desk.sim.state().records.clear();
    desk.sim.state().nat.clear();
    let (text, said, code) = desk.text(&["restore", "forwards.json"]);
    assert!(text.contains("web01 22 is on port") && text.contains("zero 443 is on port"), "{text}{said}");
    assert_eq!((said.as_str(), code), ("", 0), "what was saved can be restored");
    assert_eq!(desk.sim.state().records.len(), 2);
    // Somebody may have written it by hand.
    let path = desk.home.path().join("forwards.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"target\": 443", "\"target\": 0")).unwrap();
    let (_, said, code) = desk.text(&["restore", "forwards.json", "--dry-run"]);
    assert!(said.contains("would not make zero 0: the port is 0") && code == 2, "as without the flag: {said}");
    let (_, said, code) = desk.text(&["restore", "forwards.json"]);
    assert!(said.contains("zero 0: the forward cannot be made") && code == 2, "{said}");
}

#[test]
fn what_is_not_told_or_not_believed_is_said_beside_the_list() {
    let desk = Desk::new();
    desk.sim.state().inventory = Some(std::collections::BTreeMap::new());
    let (_, said, code) = desk.text(&["list"]);
    assert!(said.contains("the inventory is empty: whether machines are gone is not known") && code == 0, "{said}");
}

#[test]
fn connect_prints_or_runs_a_command_without_a_shell() {
    let desk = Desk::new();
    let port = desk.port();
    // The usual program is looked for where programs are.
    std::fs::create_dir(desk.home.path().join("bin")).unwrap();
    let ssh = desk.home.path().join("bin/ssh");
    std::fs::write(&ssh, "").unwrap();
    std::fs::set_permissions(&ssh, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let output = desk.lab(&["connect", "web01", "--print"]).env("PATH", ssh.parent().unwrap()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text, format!("ssh -p {port} -o HostKeyAlias=noctui-training-web01 root@127.0.0.1\n"));
    desk.home.configure(&format!(
        "[[lab]]\nname = 'training'\nurl = '{}'\n[connect]\nssh = ['echo', '$HOME', '{{user}}', '{{port}}']\n",
        desk.sim.url()
    ));
    let (text, _, code) = desk.text(&["connect", "web01:22", "--user", "anna"]);
    assert_eq!((text, code), (format!("$HOME anna {port}\n"), 0));
    // Printing makes nothing.
    let (_, said, code) = desk.text(&["connect", "web02", "--print"]);
    assert!(said.contains("there is no forward for this yet") && code == 2, "{said}");
    assert_eq!(desk.sim.state().records.len(), 1);
    let (text, said, code) = desk.text(&["connect", "web02", "--remove-after"]);
    assert!(text.starts_with("$HOME root ") && code == 0, "{text}{said}");
    assert!(said.contains("was removed again") && desk.sim.state().records.len() == 1, "{said}");
}

#[test]
fn of_duplicates_any_is_used_and_of_several_ports_the_usual_one() {
    let desk = Desk::new();
    let port = desk.port();
    let first = desk.sim.state().records[0].clone();
    let rule = desk.sim.state().nat[0].clone();
    for (number, target) in [(1, 22), (2, 3389)] {
        let (mut record, mut rule) = (first.clone(), rule.clone());
        (record.port, record.target) = (port + number, target);
        (rule.port, rule.target) = (port + number, target);
        desk.sim.state().records.push(record);
        desk.sim.state().nat.push(rule);
    }
    let ssh = "[connect]\nssh = ['echo', '{port}']\nsftp = ['echo', 'files', '{port}']\n";
    desk.home.configure(&format!("[[lab]]\nname = 'training'\nurl = '{}'\n{ssh}", desk.sim.url()));
    for place in ["web01", "web01:ssh"] {
        assert_eq!(desk.text(&["connect", place]).0, format!("{port}\n"), "{place}");
    }
    assert_eq!(desk.text(&["connect", "web01", "--protocol", "sftp"]).0, format!("files {port}\n"));
    let (_, said, code) = desk.text(&["connect", "web01", "--protocol", "scp"]);
    assert!(said.contains("it is not said which files are meant") && code == 2, "{said}");
    let (_, said, _) = desk.text(&["connect", &port.to_string(), "--protocol", "tcp"]);
    assert!(said.contains("no program is known for port 22") && !said.contains("copy the address"), "{said}");
}

#[test]
fn a_program_that_a_signal_ends_is_told_and_what_was_made_for_it_goes() {
    let desk = Desk::new();
    let connect = "[connect]\nssh = ['sh', '-c', 'kill -TERM $PPID; exec sleep 60']\n";
    desk.home.configure(&format!("[[lab]]\nname = 'training'\nurl = '{}'\n{connect}", desk.sim.url()));
    let (_, said, code) = desk.text(&["connect", "web02", "--remove-after"]);
    assert!(said.contains("sh was ended by signal 15") && said.contains("was removed again"), "{said}");
    assert_eq!((code, desk.sim.state().records.len()), (128 + 15, 1));
}

#[test]
fn whoever_gives_up_waiting_leaves_no_forward_behind() {
    let desk = Desk::new();
    desk.sim.switch("192.168.1.21", false);
    let mut noctui = std::process::Command::new(assert_cmd::cargo::cargo_bin!("noctui"))
        .args(["lab", "connect", "web02", "--remove-after"])
        .env_clear()
        .env("HOME", desk.home.path())
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("NOCTUI_LAB_TOKEN", desk.sim.token())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // Once it is told to be there, noctui waits for an answer.
    let mut said = std::io::BufReader::new(noctui.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut said, &mut line).unwrap();
    assert!(line.contains("web02 22 is on port"), "{line}");
    let pid = rustix::process::Pid::from_child(&noctui);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut said, &mut rest).unwrap();
    assert!(rest.contains("the forward to web02 22 was removed again"), "{rest}");
    assert_eq!(noctui.wait().unwrap().code(), Some(128 + 2));
    assert_eq!(desk.sim.state().records.len(), 1);
}

#[test]
fn a_desktop_without_a_display_is_brought_to_where_there_is_one() {
    let desk = Desk::new();
    desk.sim.state().records[0].target = 3389;
    desk.sim.state().nat[0].target = 3389;
    let port = desk.port();
    let output = desk
        .lab(&["connect", "web01:rdp"])
        .env("SSH_CONNECTION", "198.51.100.7 50022 203.0.113.5 22")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text, format!("ssh -N -L {port}:127.0.0.1:{port} anna@203.0.113.5\n"));
    let (told, code) = desk.json(&["connect", "web01:rdp"]);
    assert_eq!(
        (&told["command"][0], &told["then_open"], code),
        (&"ssh".into(), &format!("localhost:{port}").into(), 0)
    );
    assert_eq!((&told["address"], &told["forward"]["port"]), (&format!("127.0.0.1:{port}").into(), &port.into()));
}

#[test]
fn pages_and_refusals_are_told_in_words() {
    let desk = Desk::new();
    desk.sim.fault(Fault::DatabaseDown, 1);
    let (_, said, code) = desk.text(&["list"]);
    assert!(said.contains("the gateway's database does not answer") && code == 2, "{said}");
    let output = desk.lab(&["list"]).env("NOCTUI_LAB_TOKEN", "a.b.c").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("the gateway does not accept the token"), "{said}");
    let output = desk.lab(&["--read-only", "remove", "web01"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("nothing is changed") && said.contains("--read-only"), "{said}");
}

#[test]
fn which_lab_is_meant_has_to_be_said_where_there_are_several() {
    let desk = Desk::new();
    let url = desk.sim.url();
    desk.home.configure(&format!("[[lab]]\nname = 'a'\nurl = '{url}'\n[[lab]]\nname = 'b'\nurl = '{url}'\n"));
    let (_, said, code) = desk.text(&["list"]);
    assert!(said.contains("it is not said which lab is meant") && said.contains("a, b") && code == 2, "{said}");
    assert_eq!(desk.json(&["list", "--lab", "b"]).0["lab"], "b");
}

#[test]
fn files_stand_behind_the_forward_as_the_help_has_it() {
    let desk = Desk::new();
    let port = desk.port();
    let scp = "[connect]\nscp = ['echo', '{port}', '{files}']\n";
    desk.home.configure(&format!("[[lab]]\nname = 'training'\nurl = '{}'\n{scp}", desk.sim.url()));
    let (text, said, code) = desk.text(&["connect", "web01:22", "--protocol", "scp", "/etc/hosts", ":/tmp/"]);
    assert_eq!((text, code), (format!("{port} /etc/hosts root@127.0.0.1:/tmp/\n"), 0), "{said}");
    let (text, ..) = desk.text(&["connect", "web01:22", "--protocol", "scp", "--", "-odd", ":x"]);
    assert_eq!(text, format!("{port} ./-odd root@127.0.0.1:x\n"));
}

#[test]
fn no_forward_is_made_for_what_no_program_can_use() {
    let desk = Desk::new();
    let (_, said, code) = desk.text(&["connect", "web01:2222"]);
    assert!(said.contains("no program is known for port 2222") && code == 2, "{said}");
    assert_eq!(desk.sim.state().records.len(), 1);
    assert!(desk.sim.calls().iter().all(|call| !call.starts_with("POST")), "{:?}", desk.sim.calls());
}

#[test]
fn that_nothing_is_encrypted_is_said_once_and_not_of_this_machine() {
    let desk = Desk::new();
    assert!(!desk.text(&["list"]).1.contains("encrypted"));
    // No loopback, and nobody answers there.
    desk.home.configure("[[lab]]\nname = 'training'\nurl = 'http://0.0.0.0:1'\nconnect_timeout = '1s'\n");
    for subcommand in [["list"].as_slice(), &["addr"], &["check"], &["add", "web01", "--port", "22"]] {
        let (_, said, code) = desk.text(subcommand);
        let times = said.matches("noctui: nothing is encrypted on the way to http://0.0.0.0:1").count();
        assert_eq!((times, code), (1, 2), "{said}");
    }
}

#[test]
fn an_address_of_another_machine_is_told() {
    let desk = Desk::new();
    let (_, said, code) = desk.text(&["add", "web01", "--port", "443", "--address", "192.168.1.21"]);
    assert!(said.contains("192.168.1.21 is the address of web02, not of web01") && code == 0, "{said}");
}

#[test]
fn what_the_service_cannot_delete_goes_by_the_gateways_shell() {
    let desk = Desk::new();
    let _entered = desk.runtime.enter();
    let sim =
        desk.runtime.block_on(Simulator::start(Setup { pool: None, listens: true, shell: true, ..Setup::default() }));
    let sim = sim.unwrap();
    let dead = sim.dead_record("web02", "CentOS", "192.168.1.21", 443).unwrap().to_string();
    let unlisted = sim.unlisted_rule("192.168.1.20", 8443).unwrap().to_string();
    let noctui = assert_cmd::cargo::cargo_bin!("noctui").display().to_string();
    let shell = format!("['{noctui}', 'demo', '--gateway-shell', '{}']", sim.address());
    let lab = format!("[[lab]]\nname = 'training'\nurl = '{}'\n", sim.url());
    let remove = |port: &str| {
        let output = desk.lab(&["remove", port]).env("NOCTUI_LAB_TOKEN", sim.token()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (text(&output.stdout), text(&output.stderr), output.status.code().unwrap())
    };
    // Without it the line is said.
    desk.home.configure(&lab);
    let (_, said, code) = remove(&dead);
    assert!(said.contains(&format!("WHERE conn_port = {dead}")) && code == 2, "{said}");
    // A shell that does not do it is told with what it says, and the line.
    desk.home.configure(&format!("{lab}gateway_shell = ['sh', '-c', 'echo no route to host >&2; exit 255']\n"));
    let (_, said, code) = remove(&unlisted);
    assert!(said.contains("no route to host") && said.contains(&format!("--dport {unlisted} -j DNAT")), "{said}");
    assert_eq!(code, 2);
    // One that only says that it did is not believed.
    desk.home.configure(&format!("{lab}gateway_shell = ['true']\n"));
    let (_, said, code) = remove(&unlisted);
    assert!(said.contains("is still there, although the gateway's shell said") && code == 2, "{said}");
    desk.home.configure(&format!("{lab}gateway_shell = {shell}\n"));
    for port in [&dead, &unlisted] {
        let (text, said, code) = remove(port);
        assert!(text.contains(&format!("on {port} is gone, by the gateway's shell")) && code == 0, "{text}{said}");
    }
    let state = sim.state();
    assert!(state.records.is_empty() && state.nat.is_empty() && state.filter.is_empty(), "{state:?}");
}

/// A lab whose gateway's shell can be reached, as its configuration has it, and what `noctui lab` says there.
struct ShellDesk {
    desk: Desk,
    sim: Simulator,
    lab: String,
    shell: String,
}

impl ShellDesk {
    fn new() -> Self {
        let desk = Desk::new();
        let setup = Setup { pool: None, listens: true, shell: true, ..Setup::default() };
        let sim = desk.runtime.block_on(Simulator::start(setup)).unwrap();
        let noctui = assert_cmd::cargo::cargo_bin!("noctui").display().to_string();
        let lab = format!("[[lab]]\nname = 'training'\nurl = '{}'\n", sim.url());
        let shell = format!("gateway_shell = ['{noctui}', 'demo', '--gateway-shell', '{}']\n", sim.address());
        desk.home.configure(&format!("{lab}{shell}"));
        Self { desk, sim, lab, shell }
    }

    /// What is printed, what is complained of, and the exit code.
    fn run(&self, arguments: &[&str]) -> (String, String, i32) {
        let output = self.desk.lab(arguments).env("NOCTUI_LAB_TOKEN", self.sim.token()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (text(&output.stdout), text(&output.stderr), output.status.code().unwrap())
    }
}

#[test]
fn what_works_and_cannot_be_deleted_is_completed_and_then_deleted() {
    let desk = ShellDesk::new();
    let _entered = desk.desk.runtime.enter();
    let port = desk.sim.forward("web01", "CentOS", "192.168.1.20", 22).unwrap().to_string();
    desk.sim.state().filter.clear();
    desk.desk.home.configure(&desk.lab);
    let (text, _, code) = desk.run(&["check"]);
    let why = "its rule of the chain FORWARD is missing, without which the service cannot delete it";
    assert!(text.contains(&format!("live web01 22 on {port}: {why}")) && code == 1, "{text}");
    assert!(text.contains("|| sudo iptables -A FORWARD") && !text.contains("DELETE FROM"), "{text}");
    let (_, said, code) = desk.run(&["remove", &port]);
    assert!(said.contains("works, but its rule of the chain FORWARD is missing") && code == 2, "{said}");
    assert!(!said.contains("DELETE FROM") && desk.sim.state().records.len() == 1, "{said}");
    desk.desk.home.configure(&format!("{}{}", desk.lab, desk.shell));
    let (text, said, code) = desk.run(&["remove", &port]);
    assert_eq!((text.as_str(), code), (format!("deleted web01 22, which was on {port}\n").as_str(), 0), "{said}");
    let state = desk.sim.state();
    assert!(state.records.is_empty() && state.nat.is_empty() && state.filter.is_empty(), "{state:?}");
    assert_eq!(state.saved, Some((vec![], vec![])), "it is not back after the next start");
}

#[test]
fn ending_an_unlisted_port_takes_nothing_from_a_healthy_forward_beside_it() {
    let desk = ShellDesk::new();
    let _entered = desk.desk.runtime.enter();
    let port = desk.sim.forward("web01", "CentOS", "192.168.1.20", 22).unwrap().to_string();
    let unlisted = desk.sim.unlisted_rule("192.168.1.20", 22).unwrap().to_string();
    // Somebody made it by hand, and that its packets are let through was said already.
    desk.sim.state().filter.truncate(1);
    let (text, said, code) = desk.run(&["remove", &unlisted]);
    assert!(text.contains("is gone, by the gateway's shell") && code == 0, "{text}{said}");
    assert_eq!(desk.sim.state().filter.len(), 1);
    // The service finds both rules of the other one.
    let (text, said, code) = desk.run(&["remove", &port]);
    assert!(text.starts_with("deleted web01 22") && code == 0, "{text}{said}");
}

#[test]
fn what_is_ended_is_saved_whatever_of_it_was_there() {
    let desk = ShellDesk::new();
    let _entered = desk.desk.runtime.enter();
    let bare = desk.sim.unlisted_rule("192.168.1.22", 22).unwrap().to_string();
    desk.sim.state().filter.clear();
    let (text, said, code) = desk.run(&["remove", &bare]);
    assert!(text.contains("is gone, by the gateway's shell") && code == 0, "{text}{said}");
    assert_eq!(desk.sim.state().saved, Some((vec![], vec![])));
    // What is gone, and back at the next start, is neither done nor still there.
    let unlisted = desk.sim.unlisted_rule("192.168.1.22", 443).unwrap().to_string();
    desk.sim.fault(Fault::SaveFails, 1);
    let (_, said, code) = desk.run(&["remove", &unlisted]);
    assert!(said.contains("until the gateway's next start alone") && said.contains("No space left"), "{said}");
    assert!(said.contains("iptables-save > /etc") && !said.contains(" -D ") && code == 2, "{said}");
    assert!(desk.sim.state().nat.is_empty());
}

#[test]
fn an_action_that_was_killed_is_settled_by_the_next_list() {
    let desk = Desk::new();
    let port = desk.port();
    desk.sim.fault(Fault::For("DELETE", Box::new(Fault::Late(std::time::Duration::from_secs(2)))), 1);
    let mut noctui = std::process::Command::new(assert_cmd::cargo::cargo_bin!("noctui"))
        .args(["lab", "remove", "web01:22"])
        .env_clear()
        .env("HOME", desk.home.path())
        .env("NOCTUI_LAB_TOKEN", desk.sim.token())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while !desk.sim.calls().iter().any(|call| call.starts_with("DELETE")) {
        std::thread::yield_now();
    }
    noctui.kill().unwrap();
    noctui.wait().unwrap();
    // The gateway does what it was asked, whoever hears of it.
    desk.sim.state().records.clear();
    desk.sim.state().nat.clear();
    let (_, said, code) = desk.text(&["list", "--no-measure"]);
    assert_eq!((said, code), (format!("noctui: deleting web01 22 on {port} was cut off: it is gone\n"), 0));
    assert_eq!(desk.text(&["list", "--no-measure"]).1, "");
}

#[test]
fn of_several_addresses_one_is_named() {
    let desk = Desk::new();
    let mut other = desk.sim.state().records[0].clone();
    (other.address, other.port) = ("192.168.1.29".to_owned(), other.port + 1);
    desk.sim.state().records.push(other);
    let (_, said, code) = desk.text(&["add", "web01", "--port", "80"]);
    assert!(said.contains("web01 has several addresses") && said.contains("192.168.1.29") && code == 2, "{said}");
    let (_, said, code) = desk.text(&["connect", "nosuch"]);
    assert!(said.contains("the lab knows no machine nosuch") && code == 2, "{said}");
}

#[test]
fn the_variable_of_the_token_is_stronger_than_the_file() {
    let desk = Desk::new();
    let token = desk.home.path().join("token");
    std::fs::write(&token, desk.sim.token()).unwrap();
    std::fs::set_permissions(&token, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let lab = format!("[[lab]]\nname = 'training'\nurl = '{}'\n", desk.sim.url());
    desk.home.configure(&format!("{lab}token_file = '{}'\n", token.display()));
    desk.lab(&["list"]).env_remove("NOCTUI_LAB_TOKEN").assert().success();
    let output = desk.lab(&["list"]).env("NOCTUI_LAB_TOKEN", "a.b.c").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("the gateway does not accept the token"), "{said}");
}

#[test]
fn forwards_of_another_lab_are_told_as_such() {
    let desk = Desk::new();
    desk.text(&["save", "forwards.json"]);
    let path = desk.home.path().join("forwards.json");
    let text = std::fs::read_to_string(&path).unwrap().replace("\"training\"", "\"other\"");
    std::fs::write(&path, text).unwrap();
    let (_, said, code) = desk.text(&["restore", "forwards.json", "--dry-run"]);
    assert!(said.contains("these are the forwards of lab other, for lab training") && code == 0, "{said}");
}

#[test]
fn what_a_killed_connection_left_behind_is_told_until_it_is_gone() {
    let desk = Desk::new();
    let connect = "[connect]\nssh = ['sh', '-c', 'echo connected; read -r line']\n";
    desk.home.configure(&format!("[[lab]]\nname = 'training'\nurl = '{}'\n{connect}", desk.sim.url()));
    let mut noctui = std::process::Command::new(assert_cmd::cargo::cargo_bin!("noctui"))
        .args(["lab", "connect", "web02", "--remove-after"])
        .env_clear()
        .env("HOME", desk.home.path())
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("NOCTUI_LAB_TOKEN", desk.sim.token())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = std::io::BufReader::new(noctui.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut out, &mut line).unwrap();
    assert_eq!(line, "connected\n");
    // As long as it runs, it sees to that itself.
    let said = desk.text(&["list"]).1;
    assert!(said.contains("removes it when that ends") && !said.contains("ended before"), "{said}");
    // Waiting for it would close its input, and its program has the same.
    let input = noctui.stdin.take();
    noctui.kill().unwrap();
    noctui.wait().unwrap();
    let port = desk.sim.state().records[1].port;
    // Its program runs on, and uses it.
    let (_, said, code) = desk.text(&["list"]);
    assert!(said.contains(" still runs and uses it; noctui lab remove") && code == 0, "{said}");
    assert!(said.contains("ends it, best once that has ended"), "{said}");
    drop(input);
    std::io::Read::read_to_string(&mut out, &mut line).unwrap();
    for _ in 0..2 {
        let (_, said, code) = desk.text(&["list"]);
        let wanted = format!("noctui: web02 22 on {port} was made for one connection, and process ");
        assert!(said.starts_with(&wanted) && code == 0, "{said}");
        assert!(said.contains(&format!("ended before it removed it; noctui lab remove {port} ends it")), "{said}");
    }
    // Whatever else is asked has nothing to do with it.
    assert_eq!(desk.text(&["addr"]).1, "");
    // Whoever asks for exactly this one keeps it.
    let (text, ..) = desk.text(&["add", "web02", "--port", "22"]);
    assert_eq!(text, format!("web02 22 was on port {port} already; it was made for a connection, and stays now\n"));
    assert_eq!(desk.text(&["list"]).1, "");
    let (text, said, code) = desk.text(&["remove", &port.to_string()]);
    assert_eq!((text, said.as_str(), code), (format!("deleted web02 22, which was on {port}\n"), "", 0));
    assert_eq!(desk.text(&["list"]).1, "");
    // What ended as it should is not spoken of, nor what stays on purpose.
    let ended = |arguments: &[&str]| desk.lab(arguments).write_stdin("\n").assert().success();
    ended(&["connect", "web02", "--remove-after"]);
    ended(&["connect", "web02"]);
    assert_eq!((desk.text(&["list"]).1.as_str(), desk.sim.state().records.len()), ("", 2));
}

/// A noctui in the place of the program of a connection, with these arguments.
fn inner(arguments: &str) -> String {
    format!("{} lab {arguments}", assert_cmd::cargo::cargo_bin!("noctui").display())
}

#[test]
fn a_forward_that_is_added_while_a_connection_uses_it_stays() {
    let desk = Desk::new();
    let add = inner("add web02 --port 22");
    let config = |connect: &str| format!("[[lab]]\nname = 'training'\nurl = '{}'\n{connect}", desk.sim.url());
    desk.home.configure(&config(&format!("[connect]\nremove_after = true\nssh = \"{add}\"\n")));
    let (text, said, code) = desk.text(&["connect", "web02"]);
    let kept = "already; it was made for a connection, and stays now\n";
    assert!(text.starts_with("web02 22 was on port") && text.ends_with(kept) && code == 0, "{text}{said}");
    assert!(said.contains("the forward to web02 22 stays on") && !said.contains("removed again"), "{said}");
    assert_eq!(desk.sim.state().records.len(), 2);
    let (told, _) = desk.json(&["list"]);
    assert!(told["rows"].as_array().unwrap().iter().all(|row| row["temporary"].is_null()), "{told}");
}

#[test]
fn of_two_connections_over_one_forward_the_last_one_removes_it() {
    let desk = Desk::new();
    let (connect, list) = (inner("connect web02:ssh"), inner("list --no-measure --json"));
    let ssh = format!("if [ -z $INNER ]; then INNER=1 {connect}; else {list}; fi");
    let config = format!(
        "[[lab]]\nname = 'training'\nurl = '{}'\n[connect]\nremove_after = true\nssh = \"{ssh}\"\n",
        desk.sim.url()
    );
    desk.home.configure(&config);
    let (text, said, code) = desk.text(&["connect", "web02"]);
    let (stays, removed) = ("uses it, too, and removes it", "the forward to web02 22 was removed again");
    assert!(said.find(stays).is_some_and(|at| said.find(removed).is_some_and(|end| at < end)), "{said}");
    assert_eq!((said.matches(removed).count(), code, desk.sim.state().records.len()), (1, 0, 1));
    // While they ran, both were known.
    let told: Value = serde_json::from_str(&text).unwrap();
    let made_for = &told["rows"].as_array().unwrap().iter().find(|row| row["name"] == "web02").unwrap()["temporary"];
    assert_eq!(made_for["owner_runs"], true, "{text}");
    assert!(made_for["program"].as_str().is_some_and(|program| program.starts_with("process ")), "{text}");
}

#[test]
fn what_is_removed_under_a_connection_is_told_with_whoever_uses_it() {
    let desk = Desk::new();
    let remove = inner("remove web02:ssh");
    let config = format!(
        "[[lab]]\nname = 'training'\nurl = '{}'\n[connect]\nremove_after = true\nssh = \"{remove}\"\n",
        desk.sim.url()
    );
    desk.home.configure(&config);
    let (text, said, code) = desk.text(&["connect", "web02"]);
    assert!(text.starts_with("deleted web02 22") && code == 0, "{text}{said}");
    assert!(said.contains("noctui: it was used: web02 22 on ") && said.contains("whoever is in stays in"), "{said}");
    assert_eq!(desk.sim.state().records.len(), 1);
}

#[test]
fn a_program_that_fails_without_a_display_leaves_the_line_for_one() {
    let desk = Desk::new();
    let _entered = desk.runtime.enter();
    let port = desk.sim.forward("win01", "Windows", "192.168.1.30", 3389).unwrap();
    let connect = |rdp: &str| {
        let lab = format!("[[lab]]\nname = 'training'\nurl = '{}'\n[connect]\nrdp = {rdp}\n", desk.sim.url());
        desk.home.configure(&lab);
        desk.text(&["connect", &port.to_string()])
    };
    let line = format!("ssh -N -L {port}:127.0.0.1:{port} ");
    // As the example has it, wherever it lies; one that nobody knows, and one that is not there.
    for (rdp, ended) in [
        ("['/opt/xfreerdp3', '/v:{host}:{port}', '/u:{user}']", 0),
        ("['sh', '-c', 'echo no display >&2; exit 7']", 7),
        ("['/nowhere/rdesktop', '{host}']", 2),
    ] {
        let (text, said, code) = connect(rdp);
        assert!(text.starts_with(&line) && said.contains("there is no display here"), "{rdp}: {text}{said}");
        assert_eq!(code, ended, "{said}");
    }
    let (text, said, code) = connect("['true']");
    assert_eq!((text.as_str(), code), ("", 0), "it needs none: {said}");
}

#[test]
fn what_the_inventory_does_not_have_is_said_and_not_connected_to() {
    let desk = Desk::new();
    let add = |name| ["add", name, "--port", "23", "--address", "192.168.1.222", "--component", "CentOS"];
    let (text, said, code) = desk.text(&add("nosuch"));
    assert!(said.contains("the inventory has no machine nosuch") && code == 0, "{text}{said}");
    // It has a forward to 23, and none to 22.
    let (_, said, code) = desk.text(&["connect", "nosuch:22"]);
    assert!(said.contains("the inventory has no machine nosuch: no forward is made to it") && code == 2, "{said}");
    let (_, said, _) = desk.text(&add("web01"));
    assert!(!said.contains("the inventory has no machine"), "{said}");
}

#[test]
fn rules_of_ones_own_are_no_fault_and_left_ones_only_where_they_let_something_in() {
    let desk = Desk::new();
    desk.sim.state().filter.push(("192.168.1.22".to_owned(), 22));
    desk.sim.state().policy = "DROP";
    let (faults, code) = desk.json(&["check"]);
    assert_eq!((&faults[0]["harmless"], code), (&Value::Bool(false), 1), "{faults}");
    assert!(faults[0]["what"].as_str().unwrap().ends_with("whoever has a way there can reach it"), "{faults}");
    // Somebody's own rule needs it.
    desk.sim.state().own.push("DNAT 6 -- 10.0.0.0/8 0.0.0.0/0 tcp dpt:50097 to:192.168.1.22:22".to_owned());
    let (faults, code) = desk.json(&["check"]);
    assert_eq!(
        (faults.as_array().unwrap().len(), &faults[0]["harmless"], code),
        (1, &Value::Bool(true), 0),
        "{faults}"
    );
    assert!(faults[0]["what"].as_str().unwrap().contains("which noctui leaves alone"), "{faults}");
}

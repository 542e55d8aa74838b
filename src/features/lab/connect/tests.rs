use super::*;
use crate::here::Here;

fn none() -> Connect {
    Connect {
        ssh: None,
        sftp: None,
        scp: None,
        rdp: None,
        https: None,
        vnc: None,
        telnet: None,
        tmux: Tmux::Window,
        remove_after: false,
        here: None,
    }
}

fn forward(name: &str, component: &str, target: u16) -> Forward {
    let address = "192.168.1.20".to_owned();
    Forward { port: 50_064, name: name.to_owned(), component: component.to_owned(), address, target }
}

fn target(name: &str, component: &str, port: u16) -> Target {
    Target::of("training", "198.51.100.2", &forward(name, component, port), None)
}

fn words(connect: &Connect, target: &Target) -> String {
    command(connect, target, |_| true).unwrap().join("|")
}

#[test]
fn each_protocol_has_its_program() {
    let connect = none();
    assert_eq!(
        words(&connect, &target("web01", "CentOS", 22)),
        "ssh|-p|50064|-o|HostKeyAlias=noctui-training-web01|root@198.51.100.2"
    );
    assert_eq!(words(&connect, &target("x", "?", 22)), "ssh|-p|50064|-o|HostKeyAlias=noctui-training-x|198.51.100.2");
    assert_eq!(words(&connect, &target("win", "Windows", 3389)), "xfreerdp3|/v:198.51.100.2:50064|/u:administrator");
    assert_eq!(words(&connect, &target("x", "?", 3389)), "xfreerdp3|/v:198.51.100.2:50064");
    assert_eq!(words(&connect, &target("isi", "OneFS", 8080)), "xdg-open|https://198.51.100.2:50064");
    assert_eq!(words(&connect, &target("a", "Avamar", 443)), "xdg-open|https://198.51.100.2:50064/dtlt/home.html");
    assert_eq!(words(&connect, &target("x", "?", 5901)), "vncviewer|198.51.100.2::50064");
    assert_eq!(words(&connect, &target("x", "?", 23)), "telnet|198.51.100.2|50064");
    let told = command(&connect, &target("x", "?", 12_345), |_| true).unwrap_err().one_line();
    assert!(told.starts_with("no program is known for port 12345"), "{told}");
    assert!(told.ends_with("with 198.51.100.2:50064"), "{told}");
}

#[test]
fn a_host_of_ipv6_has_brackets_where_a_port_or_a_file_follows_it() {
    let at = |port| Target { host: "::1".to_owned(), ..target("web01", "CentOS", port) };
    let of = |protocol, port| {
        let files = if protocol == Protocol::Scp { vec!["x".to_owned(), ":y".to_owned()] } else { vec![] };
        Target { protocol, files, ..at(port) }
    };
    let key = "-o|HostKeyAlias=noctui-training-web01";
    let connect = none();
    assert_eq!(words(&connect, &at(22)), format!("ssh|-p|50064|{key}|root@::1"));
    assert_eq!(words(&connect, &of(Protocol::Sftp, 22)), format!("sftp|-P|50064|{key}|root@[::1]"));
    assert_eq!(words(&connect, &of(Protocol::Scp, 22)), format!("scp|-P|50064|{key}|x|root@[::1]:y"));
    assert_eq!(words(&connect, &at(3389)), "xfreerdp3|/v:[::1]:50064|/u:root");
    assert_eq!(words(&connect, &at(5901)), "vncviewer|[::1]::50064");
    assert_eq!(words(&connect, &at(23)), "telnet|::1|50064");
}

#[test]
fn a_gateway_without_an_address_is_not_called_an_odd_one() {
    let nowhere = Target { host: String::new(), ..target("web01", "CentOS", 22) };
    let told = command(&none(), &nowhere, |_| true).unwrap_err().one_line();
    assert!(told.starts_with("the gateway tells no address") && told.contains("`gateway` in [[lab]]"), "{told}");
}

#[test]
fn each_machine_has_a_host_key_of_its_own() {
    let alias = |lab: &str, name: &str| Target { lab: lab.to_owned(), ..target(name, "CentOS", 22) }.alias();
    assert_eq!(alias("training", "web01"), "noctui-training-web01");
    // Without a name the address is one.
    assert_eq!(alias("training", ""), "noctui-training-192.168.1.20");
    let alike = [("t", "a b"), ("t", "a_b"), ("t", "a/b"), ("t-a", "b"), ("t", "a-b")];
    let aliases: std::collections::BTreeSet<String> = alike.iter().map(|(lab, name)| alias(lab, name)).collect();
    assert_eq!(aliases.len(), alike.len(), "{aliases:?}");
}

#[test]
fn files_go_both_ways_and_none_is_an_option() {
    let files = ["-rf", "notes.txt", ":/tmp/a b"].map(str::to_owned).to_vec();
    let target = Target { protocol: Protocol::Scp, files, ..target("web01", "CentOS", 22) };
    assert!(words(&none(), &target).ends_with("|./-rf|notes.txt|root@198.51.100.2:/tmp/a b"));
    let connect = Connect { scp: Some(Program::Shell("scp -P {port} {files}".to_owned())), ..none() };
    assert_eq!(words(&connect, &target), "sh|-c|scp -P 50064 ./-rf notes.txt 'root@198.51.100.2:/tmp/a b'");
    // No program would see them.
    for protocol in [Protocol::Ssh, Protocol::Rdp] {
        let ignored = Target { protocol, ..target.clone() };
        let told = launch(&none(), &ignored, &Surroundings::default(), true).unwrap_err().one_line();
        assert!(told.starts_with(&format!("the program for {protocol} takes no files: named were -rf")), "{told}");
    }
    let takes =
        Connect { ssh: Some(Program::Words(["mosh", "{host}", "{files}"].map(str::to_owned).to_vec())), ..none() };
    let with_files = Target { protocol: Protocol::Ssh, ..target.clone() };
    assert_eq!(words(&takes, &with_files), "mosh|198.51.100.2|./-rf|notes.txt|root@198.51.100.2:/tmp/a b");
    let none = Target { files: vec![], ..target };
    assert!(command(&connect, &none, |_| true).unwrap_err().what().contains("which files"));
}

#[test]
fn a_line_for_the_shell_keeps_the_braces_that_are_its_own() {
    let line = "echo ${HOME} {port} | awk '{{print $1}}'";
    let connect = Connect { ssh: Some(Program::Shell(line.to_owned())), ..none() };
    let filled = words(&connect, &target("web01", "CentOS", 22));
    assert_eq!(filled, "sh|-c|echo ${HOME} 50064 | awk '{print $1}'");
}

#[test]
fn a_name_from_outside_never_becomes_a_command() {
    let hostile = target("$(reboot)'; -oProxyCommand=x", "CentOS", 22);
    let connect = Connect { ssh: Some(Program::Shell("ssh-in '{name}' {alias} {host}".to_owned())), ..none() };
    assert_eq!(
        words(&connect, &hostile),
        format!("sh|-c|ssh-in '__reboot____-oProxyCommand_x' {} 198.51.100.2", hostile.alias())
    );
    assert!(hostile.alias().starts_with("noctui-training-__reboot____-oProxyCommand_x-"), "{}", hostile.alias());
    // A word of its own would be an option.
    let option = target("-oProxyCommand=touch x", "CentOS", 22);
    let bare = Connect { ssh: Some(Program::Words(["ssh", "{name}"].map(str::to_owned).to_vec())), ..none() };
    assert_eq!(words(&bare, &option), "ssh|_oProxyCommand_touch_x");
    for host in ["-oProxyCommand=x", "a b", "", "a;b"] {
        let target = Target { host: host.to_owned(), ..target("web01", "CentOS", 22) };
        let trouble = command(&none(), &target, |_| true).unwrap_err();
        assert!(trouble.remedy().is_some_and(|what| what.contains("`gateway` in [[lab]]")), "{host}: {trouble}");
    }
    let target = Target { user: "-x".to_owned(), ..target("web01", "CentOS", 22) };
    assert!(command(&none(), &target, |_| true).is_err());
}

#[test]
fn without_a_display_a_desktop_is_brought_to_where_there_is_one() {
    let here = |port| Here { user: "anna".to_owned(), host: "203.0.113.5".to_owned(), port };
    let around = Surroundings { here: here(22), ..Surroundings::default() };
    let launched = launch(&none(), &target("win", "Windows", 3389), &around, false).unwrap();
    let wanted = ["ssh", "-N", "-L", "50064:198.51.100.2:50064", "anna@203.0.113.5"].map(str::to_owned).to_vec();
    assert_eq!(launched, Launch::Tunnel(Tunnel { words: wanted, address: "localhost:50064".to_owned() }));
    let around = Surroundings { here: here(2222), ..around };
    let Launch::Tunnel(Tunnel { words, .. }) =
        launch(&none(), &target("win", "Windows", 3389), &around, false).unwrap()
    else {
        panic!("no tunnel")
    };
    assert_eq!(line(&words), "ssh -N -p 2222 -L 50064:198.51.100.2:50064 anna@203.0.113.5");
    // What is copied is what would be run; and the configuration may know another way here.
    let copied = |connect: &Connect, target: &Target| line(&to_copy(connect, target, &around).unwrap());
    let brought = "ssh -N -p 2222 -L 50064:198.51.100.2:50064 anna@203.0.113.5";
    assert_eq!(copied(&none(), &target("isi", "OneFS", 8080)), brought);
    let jump = Connect { here: "ines@jump.example".parse().ok(), ..none() };
    let brought = "ssh -N -L 50064:198.51.100.2:50064 ines@jump.example";
    assert_eq!(copied(&jump, &target("isi", "OneFS", 8080)), brought);
    assert!(copied(&none(), &target("web01", "CentOS", 22)).starts_with("ssh -p 50064 "));
    let seen = Surroundings { has_display: true, ..around.clone() };
    let opened = to_copy(&none(), &target("isi", "OneFS", 8080), &seen).unwrap();
    assert_eq!(opened, ["xdg-open", "https://198.51.100.2:50064"]);
    let named = Connect { https: Some(Program::Words(vec!["w3m".to_owned(), "{url}".to_owned()])), ..none() };
    let launched = launch(&named, &target("isi", "OneFS", 8080), &around, false).unwrap();
    assert_eq!(launched, Launch::Terminal(vec!["w3m".to_owned(), "https://198.51.100.2:50064".to_owned()]));
    // Should it want a display after all, the line is there.
    let offered = instead(&named, &target("isi", "OneFS", 8080), &around).unwrap();
    assert_eq!(offered.address, "https://localhost:50064");
    assert_eq!(instead(&named, &target("isi", "OneFS", 8080), &seen), None);
    assert_eq!(instead(&named, &target("web01", "CentOS", 22), &around), None);
}

#[test]
fn naming_a_program_that_wants_a_display_takes_no_line_away() {
    let around = Surroundings::default();
    let words = |line: &str| Some(Program::Words(line.split(' ').map(str::to_owned).collect()));
    // As the example of a configuration has them.
    let connect =
        Connect { rdp: words("/opt/bin/xfreerdp3 /v:{host}:{port}"), https: words("xdg-open {url}"), ..none() };
    for target in [target("win", "Windows", 3389), target("isi", "OneFS", 8080)] {
        let launched = launch(&connect, &target, &around, false).unwrap();
        assert!(matches!(launched, Launch::Tunnel(_)), "{launched:?}");
        assert!(line(&to_copy(&connect, &target, &around).unwrap()).starts_with("ssh -N "));
    }
}

#[test]
fn inside_of_tmux_a_shell_has_a_window_unless_its_end_matters() {
    let around = Surroundings { is_tmux: true, ..Surroundings::default() };
    let connect = Connect { ssh: Some(Program::Words(vec!["mosh".to_owned(), "{host}".to_owned()])), ..none() };
    let target = target("web01", "CentOS", 22);
    let Launch::Tmux(words) = launch(&connect, &target, &around, false).unwrap() else { panic!("beside") };
    assert_eq!(words[..7].join(" "), "tmux new-window -n web01 -- sh -c");
    assert_eq!(words[8..], ["noctui", "mosh", "198.51.100.2"]);
    assert!(matches!(launch(&connect, &target, &around, true).unwrap(), Launch::Terminal(_)));
    let off = Connect { tmux: Tmux::Off, ..connect };
    assert!(matches!(launch(&off, &target, &around, false).unwrap(), Launch::Terminal(_)));
}

#[test]
fn a_window_stays_where_its_program_failed_and_says_with_what() {
    let run = |protocol, line: &str| {
        let words: Vec<String> = held_open(protocol, ["sh", "-c", line].map(str::to_owned).to_vec(), None).collect();
        let output = std::process::Command::new(&words[0]).args(&words[1..]).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
    };
    let held = |code| (format!("\nnoctui: sh ended with {code}; Enter closes this\n"), code);
    // The last thing that was done on the machine is nobody's failure.
    assert_eq!([run(Protocol::Ssh, "exit 0"), run(Protocol::Ssh, "exit 1")], [(String::new(), 0), (String::new(), 1)]);
    assert_eq!(run(Protocol::Ssh, "exit 255"), held(255));
    assert_eq!(run(Protocol::Telnet, "exit 0"), (String::new(), 0));
    assert_eq!(run(Protocol::Telnet, "exit 1"), held(1));
    let around = Surroundings::default();
    let tunnel = instead(&none(), &target("win", "Windows", 3389), &around);
    let words: Vec<String> = held_open(Protocol::Rdp, vec!["false".to_owned()], tunnel).collect();
    let output = std::process::Command::new(&words[0]).args(&words[1..]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("\nnoctui: no display here; run where there is one, then open localhost:50064: ssh -N "),
        "{said}"
    );
}

//! The worker against a simulated cluster, over real websockets.

use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::*;
use crate::config::Kind;
use crate::features::console::glyph;
use crate::features::console::rfb::Frame;
use crate::features::console::sim::cluster::{ClusterFault, ClusterMachine, ClusterSetup, ClusterSimulator};
use crate::features::console::sim::{self, PASSWORD, USER};
use crate::secret::Secret;

/// Far beyond what anything takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A worker at a cluster.
struct Desk {
    sim: ClusterSimulator,
    requests: Sender<Request>,
    reports: Receiver<Report>,
    stop: CancellationToken,
    task: JoinSet<()>,
    dir: tempfile::TempDir,
}

/// A machine of the cluster.
fn machine(name: &str, runs: bool, screen: Option<Frame>) -> ClusterMachine {
    ClusterMachine {
        namespace: "training".to_owned(),
        name: name.to_owned(),
        runs,
        node: "node-2".to_owned(),
        address: "192.0.2.20".to_owned(),
        guest: "Debian 13".to_owned(),
        has_serial: screen.is_none(),
        floods: false,
        serial_log: "[    0.000000] booting\n".to_owned(),
        screen,
    }
}

impl Desk {
    async fn open(tls: bool) -> Self {
        let text = glyph::draw(["Booting from disk...", "", "leaf3 login:"], 0x00aa_aaaa, 0).unwrap();
        let machines =
            vec![machine("leaf1", true, None), machine("leaf2", false, None), machine("leaf3", true, Some(text))];
        let token = Secret::read("a-token").unwrap();
        let setup = ClusterSetup { token, tls, power_takes: Duration::from_millis(20), machines };
        let sim = ClusterSimulator::start(setup).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        let kubeconfig = dir.path().join("config");
        std::fs::write(&kubeconfig, sim.kubeconfig()).unwrap();
        std::fs::create_dir(dir.path().join("vmcp")).unwrap();
        std::fs::write(dir.path().join("vmcp/vm-1.json"), r#"{"name": "vm-1", "secret": "s", "ram": 512}"#).unwrap();
        let cluster = ConsoleCluster {
            kubeconfig: Some(kubeconfig),
            context: None,
            namespace: None,
            all_namespaces: false,
            kind: Kind::Lab,
            read_only: false,
        };
        let setup = Setup {
            cluster: Some(cluster),
            proxies: Vec::new(),
            definitions: dir.path().join("vmcp"),
            logs: dir.path().join("logs"),
            who: "anna".to_owned(),
        };
        let (requests, inbox) = channel(32);
        let (outbox, reports) = channel(256);
        let stop = CancellationToken::new();
        let mut task = JoinSet::new();
        task.spawn(run(setup, inbox, outbox, stop.clone()));
        Self { sim, requests, reports, stop, task, dir }
    }

    async fn ask(&self, request: Request) {
        self.requests.send(request).await.unwrap();
    }

    /// Waits for a report that says something.
    async fn hear<T>(&mut self, mut says: impl FnMut(Report) -> Option<T>) -> T {
        let heard = async {
            loop {
                let report = self.reports.recv().await.expect("the worker has ended");
                if let Some(said) = says(report) {
                    return said;
                }
            }
        };
        timeout(PATIENCE, heard).await.expect("it was not told")
    }

    /// Waits until a machine is in this state.
    async fn state(&mut self, name: &str, state: &str) {
        self.hear(|report| {
            let Report::Machines { vms } = report else { return None };
            vms.iter().any(|vm| vm.name == name && vm.state() == state).then_some(())
        })
        .await;
    }

    /// Waits until a line has said this; all that it said until then.
    async fn said(&mut self, text: &str) -> String {
        let mut said = String::new();
        self.hear(|report| {
            if let Report::Said { bytes, .. } = report {
                said.push_str(&String::from_utf8_lossy(&bytes));
            }
            said.contains(text).then(|| said.clone())
        })
        .await
    }

    async fn open_console(&mut self, id: ConsoleId, name: &str, which: Which) -> bytes::Bytes {
        let target = Target::Vm(("training".to_owned(), name.to_owned()));
        self.ask(Request::Open { id, target, which, with_log: true, recording: None, password: None }).await;
        self.hear(|report| {
            if let Report::Ended { trouble, .. } = &report {
                panic!("{trouble:?}");
            }
            if let Report::Opened { id: opened, log } = report { (opened == id).then_some(log) } else { None }
        })
        .await
    }

    async fn typed(&self, id: ConsoleId, text: &str) {
        self.ask(Request::Type { id, bytes: text.to_owned().into() }).await;
    }
}

#[tokio::test]
async fn machines_are_listed_and_what_happens_to_them_is_told() {
    let mut desk = Desk::open(true).await;
    desk.state("leaf2", "Stopped").await;
    let key = ("training".to_owned(), "leaf2".to_owned());
    desk.ask(Request::Act { key: key.clone(), action: Action::Start }).await;
    desk.state("leaf2", "Running").await;
    desk.ask(Request::Act { key: key.clone(), action: Action::Pause }).await;
    desk.state("leaf2", "Paused").await;
    desk.ask(Request::Act { key: key.clone(), action: Action::Pause }).await;
    let told = desk
        .hear(|report| if let Report::NotActed { trouble, .. } = report { Some(trouble.one_line()) } else { None })
        .await;
    assert!(told.contains("VMI is already paused"), "{told}");
    // What was missed is listed again.
    desk.sim.forget();
    desk.ask(Request::Act { key, action: Action::Stop }).await;
    desk.state("leaf2", "Stopped").await;
    assert!(desk.sim.calls().iter().any(|call| call.contains("watch=true")));
}

#[tokio::test]
async fn a_cluster_that_says_no_is_told_and_tried_again() {
    let mut desk = Desk::open(false).await;
    desk.sim.misbehave(Some(ClusterFault::Unauthorized));
    desk.ask(Request::Refresh).await;
    let word = desk.hear(|report| {
        if let Report::Health { health: Health::Failing { word, .. }, .. } = report { Some(word) } else { None }
    });
    assert_eq!(word.await, "login");
    desk.sim.misbehave(None);
    desk.ask(Request::Refresh).await;
    desk.hear(|report| matches!(report, Report::Health { health: Health::Live, .. }).then_some(())).await;
}

#[tokio::test]
async fn lists_that_are_always_out_of_date_are_not_asked_for_without_a_pause() {
    let mut desk = Desk::open(false).await;
    desk.hear(|report| matches!(report, Report::Health { health: Health::Live, .. }).then_some(())).await;
    desk.sim.misbehave(Some(ClusterFault::Gone));
    desk.sim.forget();
    let word = desk.hear(|report| {
        if let Report::Health { health: Health::Failing { word, .. }, .. } = report { Some(word) } else { None }
    });
    assert_eq!(word.await, "outdated");
    let watches = desk.sim.calls().iter().filter(|call| call.contains("watch=true")).count();
    assert!(watches <= 8, "{watches}");
}

#[tokio::test]
async fn one_kind_that_may_not_be_listed_hides_no_other() {
    for kind in ["virtualmachines", "virtualmachineinstances"] {
        let mut desk = Desk::open(false).await;
        desk.hear(|report| matches!(report, Report::Health { health: Health::Live, .. }).then_some(())).await;
        desk.sim.misbehave(Some(ClusterFault::ForbiddenKind(kind)));
        desk.ask(Request::Refresh).await;
        let hidden = desk.hear(|report| if let Report::Hidden(hidden) = report { hidden } else { None }).await;
        assert!(hidden.one_line().contains(kind) && hidden.one_line().contains("ask for the rights"), "{hidden:?}");
        desk.state("leaf1", "Running").await;
        desk.hear(|report| matches!(report, Report::Health { health: Health::Live, .. }).then_some(())).await;
        // Its console is nobody's business but the cluster's.
        desk.open_console(1, "leaf1", Which::Serial).await;
    }
}

#[tokio::test]
async fn a_serial_line_is_typed_at_written_down_and_left_as_it_is() {
    let mut desk = Desk::open(false).await;
    let log = desk.open_console(1, "leaf1", Which::Serial).await;
    assert!(log.starts_with(b"[    0.000000] booting"));
    desk.typed(1, "\r").await;
    desk.said("leaf1 login:").await;
    desk.ask(Request::Log { id: 1, on: true }).await;
    let path = desk.hear(|report| if let Report::Logging { path, .. } = report { path } else { None }).await;
    desk.ask(Request::Paste { id: 1, bytes: format!("{USER}\r{PASSWORD}\rshow version\r").into() }).await;
    desk.said("Hostname: leaf1").await;
    desk.ask(Request::Log { id: 1, on: false }).await;
    desk.hear(|report| matches!(report, Report::Logging { path: None, .. }).then_some(())).await;
    assert!(std::fs::read_to_string(path).unwrap().contains("Hostname: leaf1"));
    // Whoever comes later finds the session as it was left.
    desk.ask(Request::Close { id: 1 }).await;
    desk.open_console(2, "leaf1", Which::Serial).await;
    desk.typed(2, "\r").await;
    desk.said("leaf1>").await;
}

#[tokio::test]
async fn a_recording_goes_on_in_its_file_after_a_drop_with_a_word_on_the_gap() {
    let mut desk = Desk::open(false).await;
    desk.open_console(1, "leaf1", Which::Serial).await;
    desk.ask(Request::Log { id: 1, on: true }).await;
    let path = desk.hear(|report| if let Report::Logging { path, .. } = report { path } else { None }).await;
    desk.typed(1, "\r").await;
    desk.said("leaf1 login:").await;
    desk.sim.drop_lines();
    desk.hear(|report| matches!(report, Report::Ended { .. }).then_some(())).await;
    let target = Target::Vm(("training".to_owned(), "leaf1".to_owned()));
    let recording = Some(path.clone());
    desk.ask(Request::Open { id: 1, target, which: Which::Serial, with_log: false, recording, password: None }).await;
    desk.hear(|report| matches!(report, Report::Opened { .. }).then_some(())).await;
    desk.typed(1, &format!("{USER}\r")).await;
    desk.said("Password:").await;
    desk.ask(Request::Log { id: 1, on: false }).await;
    desk.hear(|report| matches!(report, Report::Logging { path: None, .. }).then_some(())).await;
    let recorded = std::fs::read_to_string(path).unwrap();
    let places = ["leaf1 login:", "was dropped", ": open again", "Password:"].map(|text| recorded.find(text));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{recorded}");
}

#[tokio::test]
async fn what_was_said_is_written_into_a_file_of_ones_own() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut desk = Desk::open(false).await;
    desk.ask(Request::Save { id: 1, machine: "leaf1".to_owned(), text: "said\n".into() }).await;
    let path = desk.hear(|report| if let Report::Saved { path, .. } = report { Some(path) } else { None }).await;
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "said\n");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn why_a_line_ended_is_told() {
    let mut desk = Desk::open(false).await;
    let ended = |report| {
        let Report::Ended { trouble, .. } = report else { return None };
        Some(trouble.map(|trouble| trouble.one_line()).unwrap_or_default())
    };
    desk.open_console(1, "leaf1", Which::Serial).await;
    desk.sim.drop_lines();
    let told = desk.hear(ended).await;
    assert!(told.contains("dropped: the machine stopped, somebody else attached"), "{told}");
    let open = |name: &str| Request::Open {
        id: 7,
        target: Target::Vm(("training".to_owned(), name.to_owned())),
        which: Which::Serial,
        with_log: false,
        recording: None,
        password: None,
    };
    desk.ask(open("leaf2")).await;
    assert!(desk.hear(ended).await.contains("\"leaf2\" not found"));
    desk.ask(open("leaf3")).await;
    assert!(desk.hear(ended).await.contains("No serial consoles are present."));
    desk.sim.misbehave(Some(ClusterFault::NoConsole(500, "Internal error: handler is away".to_owned())));
    desk.ask(open("leaf1")).await;
    assert!(desk.hear(ended).await.contains("handler is away"));
}

#[tokio::test]
async fn a_screen_is_read_as_text_and_follows_what_changes_when_it_was_seen() {
    let mut desk = Desk::open(true).await;
    desk.open_console(1, "leaf3", Which::Screen).await;
    let shown = |report| if let Report::Shown { picture, .. } = report { Some(picture) } else { None };
    let picture = desk.hear(shown).await;
    assert!(picture.text.unwrap().text().ends_with("leaf3 login:"));
    desk.ask(Request::Seen { id: 1, is_looked_at: true }).await;
    let mut frame = Frame::new(64, 48).unwrap();
    frame.fill(frame.area(), 0x0000_ff00);
    desk.sim.show("training", "leaf3", frame);
    let picture = desk.hear(shown).await;
    assert_eq!((picture.frame.width(), picture.frame.pixel(3, 3), picture.text), (64, 0x0000_ff00, None));
    desk.ask(Request::touch(1, Touch::Chord(vec![0xffe3, 0x63]))).await;
    desk.ask(Request::touch(1, Touch::Pointer { buttons: 1, x: 5, y: 6 })).await;
    desk.ask(Request::touch(1, Touch::Text("A".to_owned()))).await;
    let mut touched = Vec::new();
    let all = async {
        while touched.len() < 9 {
            touched.extend(desk.sim.touched("training", "leaf3"));
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, all).await.expect("keys are missing");
    let key = |is_down, keysym| sim::Touch::Key { is_down, keysym };
    assert_eq!(
        touched,
        [
            key(true, 0xffe3),
            key(true, 0x63),
            key(false, 0x63),
            key(false, 0xffe3),
            sim::Touch::Pointer { buttons: 1, x: 5, y: 6 },
            key(true, 0xffe1),
            key(true, 0x41),
            key(false, 0x41),
            key(false, 0xffe1),
        ]
    );
}

#[tokio::test]
async fn keys_go_ahead_of_what_is_pasted_at_a_screen_and_one_gives_it_up() {
    let mut desk = Desk::open(true).await;
    desk.open_console(1, "leaf3", Which::Screen).await;
    let touch = |touch| Request::touch(1, touch);
    // Eight seconds of typing.
    desk.ask(touch(Touch::Text("x".repeat(2000)))).await;
    desk.ask(touch(Touch::Chord(crate::features::console::keysym::interrupt()))).await;
    desk.ask(touch(Touch::Text("y".to_owned()))).await;
    let mut touched = Vec::new();
    let last = sim::Touch::Key { is_down: false, keysym: u32::from('y') };
    let all = async {
        while touched.last() != Some(&last) {
            touched.extend(desk.sim.touched("training", "leaf3"));
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, all).await.expect("keys are missing");
    let pasted = touched.iter().filter(|it| **it == sim::Touch::Key { is_down: true, keysym: u32::from('x') }).count();
    assert!(pasted < 1000, "{pasted}");
    assert!(touched.contains(&sim::Touch::Key { is_down: true, keysym: u32::from('c') }));
}

#[tokio::test]
async fn many_keys_that_come_together_all_arrive_in_their_order() {
    let mut desk = Desk::open(true).await;
    desk.open_console(1, "leaf3", Which::Screen).await;
    let typed = "the quick brown fox ".repeat(20);
    let touches = typed.chars().map(|c| Touch::Chord(vec![u32::from(c)])).collect();
    desk.ask(Request::Touch { id: 1, touches }).await;
    let mut arrived = String::new();
    let all = async {
        while arrived.len() < typed.len() {
            for touch in desk.sim.touched("training", "leaf3") {
                if let sim::Touch::Key { is_down: true, keysym } = touch {
                    arrived.extend(char::from_u32(keysym));
                }
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, all).await.expect("keys are missing");
    assert_eq!(arrived, typed);
}

#[test]
fn what_a_console_does_not_take_is_lost_in_one_piece() {
    let (orders, mut taken) = mpsc::channel(2);
    let mut open = Open { orders, stop: CancellationToken::new(), is_stuck: false, password: None };
    let key = |byte: u8| Order::Type(vec![byte].into());
    assert!(open.order(key(b'a')) && open.order(key(b'b')) && !open.order(key(b'c')));
    // There is room again, but what came before is not all carried out: `d` would stand where `c` is missing.
    taken.try_recv().unwrap();
    assert!(!open.order(key(b'd')));
    taken.try_recv().unwrap();
    assert!(open.order(key(b'e')));
}

#[tokio::test]
async fn definitions_are_told_with_what_clients_make_of_them() {
    let mut desk = Desk::open(false).await;
    let told = desk.hear(|report| if let Report::Definitions(told) = report { Some(told) } else { None }).await;
    assert_eq!((told.len(), told[0].name.as_str(), told[0].refusal()), (1, "vm-1", None));
    assert!(told[0].remarks.iter().any(|remark| remark.field == "ram"));
    // Somebody else writes another one.
    std::fs::write(desk.dir.path().join("vmcp/vm-2.json"), r#"{"name": "vm-2"}"#).unwrap();
    let two = |report| if let Report::Definitions(told) = report { (told.len() == 2).then_some(told) } else { None };
    assert_eq!(desk.hear(two).await[1].name, "vm-2");
}

#[tokio::test]
async fn a_worker_that_is_stopped_closes_its_lines() {
    let mut desk = Desk::open(false).await;
    desk.open_console(1, "leaf1", Which::Serial).await;
    desk.stop.cancel();
    drop(desk.reports);
    timeout(PATIENCE, desk.task.join_next()).await.unwrap().unwrap().unwrap();
}

/// The screen of leaf3 is asked for, with a password or without.
fn open(password: Option<&str>) -> Request {
    Request::Open {
        id: 3,
        target: Target::Vm(("training".to_owned(), "leaf3".to_owned())),
        which: Which::Screen,
        with_log: false,
        recording: None,
        password: password.map(|text| Secret::password(text.as_bytes()).unwrap()),
    }
}

#[tokio::test]
async fn a_screen_that_wants_a_password_says_so_and_opens_with_the_right_one() {
    let mut desk = Desk::open(false).await;
    desk.sim.lock_screen("training", "leaf3", Secret::password(b"right").unwrap());
    for (password, said) in [
        (None, "the VNC server wants a password"),
        (Some("wrong"), "the VNC server does not accept the password: Authentication failed"),
        // That one ended; the next is another one.
        (None, "the VNC server wants a password"),
    ] {
        desk.ask(open(password)).await;
        let wanted = |report| {
            assert!(!matches!(report, Report::Opened { .. } | Report::Ended { .. }), "{report:?}");
            let Report::PasswordWanted { id: 3, trouble, is_held } = report else { return None };
            Some((trouble.what().to_owned(), is_held))
        };
        assert_eq!(desk.hear(wanted).await, (said.to_owned(), password.is_none()));
    }
    let right = open(Some("right"));
    assert!(!format!("{right:?}").contains("right"), "{right:?}");
    desk.ask(right).await;
    desk.hear(|report| matches!(report, Report::Opened { id: 3, .. }).then_some(())).await;
    // One prompt, one connection: the server may count those that end without the right password.
    let opened = desk.sim.calls().into_iter().filter(|call| call.contains("leaf3") && call.contains("vnc")).count();
    assert_eq!(opened, 2);
}

#[tokio::test]
async fn a_password_that_comes_when_the_connection_is_gone_opens_another() {
    let mut desk = Desk::open(false).await;
    desk.sim.lock_screen("training", "leaf3", Secret::password(b"right").unwrap());
    desk.ask(open(None)).await;
    desk.hear(|report| matches!(report, Report::PasswordWanted { id: 3, .. }).then_some(())).await;
    desk.sim.drop_lines();
    let gone = async {
        while desk.sim.is_watched("training", "leaf3") {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, gone).await.expect("it is still there");
    // That is told at once: nobody has to type a password first to learn it.
    let told = desk.hear(|report| {
        assert!(!matches!(report, Report::Ended { .. }), "{report:?}");
        if let Report::LetGo { id: 3, trouble } = report { Some(trouble.what().to_owned()) } else { None }
    });
    assert_eq!(told.await, "the screen's connection ended while it waited for the password");
    desk.ask(open(Some("right"))).await;
    let heard = desk.hear(|report| {
        let is_opened = matches!(report, Report::Opened { id: 3, .. });
        (is_opened || matches!(report, Report::Ended { id: 3, .. })).then_some(is_opened)
    });
    assert!(heard.await);
}

#[tokio::test]
async fn a_screen_that_is_closed_while_it_waits_for_its_password_is_let_go() {
    let mut desk = Desk::open(false).await;
    desk.sim.lock_screen("training", "leaf3", Secret::password(b"right").unwrap());
    desk.ask(open(None)).await;
    desk.hear(|report| matches!(report, Report::PasswordWanted { id: 3, .. }).then_some(())).await;
    desk.ask(Request::Close { id: 3 }).await;
    let gone = async {
        while desk.sim.is_watched("training", "leaf3") {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, gone).await.expect("it is still there");
}

#[tokio::test]
async fn a_restart_drops_the_line_and_the_login_begins_anew() {
    let mut desk = Desk::open(false).await;
    desk.open_console(1, "leaf1", Which::Serial).await;
    desk.typed(1, &format!("\r{USER}\r{PASSWORD}\r")).await;
    desk.said("leaf1>").await;
    desk.ask(Request::Act { key: ("training".to_owned(), "leaf1".to_owned()), action: Action::Restart }).await;
    desk.hear(|report| matches!(report, Report::Ended { id: 1, .. }).then_some(())).await;
    desk.state("leaf1", "Running").await;
    desk.open_console(2, "leaf1", Which::Serial).await;
    assert!(desk.said("leaf1 login: ").await.contains("Aboot"), "nobody is logged in");
}

#[tokio::test]
async fn what_is_typed_before_a_console_is_closed_arrives() {
    let mut desk = Desk::open(false).await;
    desk.open_console(1, "leaf1", Which::Serial).await;
    desk.typed(1, &format!("\r{USER}\r{PASSWORD}\r")).await;
    desk.ask(Request::Close { id: 1 }).await;
    desk.open_console(2, "leaf1", Which::Serial).await;
    desk.typed(2, "\r").await;
    desk.said("leaf1>").await;
    desk.open_console(3, "leaf3", Which::Screen).await;
    desk.ask(Request::touch(3, Touch::Chord(vec![u32::from('x')]))).await;
    desk.ask(Request::touch(3, Touch::Text("pasted".to_owned()))).await;
    desk.ask(Request::Close { id: 3 }).await;
    let told =
        desk.hear(|report| if let Report::Failed(trouble) = report { Some(trouble.one_line()) } else { None }).await;
    assert!(told.contains("the screen of leaf3 was closed before the last 6 pasted characters were typed"), "{told}");
    let key = |is_down| sim::Touch::Key { is_down, keysym: u32::from('x') };
    let mut touched = Vec::new();
    let all = async {
        while touched.len() < 2 {
            touched.extend(desk.sim.touched("training", "leaf3"));
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, all).await.expect("keys are missing");
    assert_eq!(touched, [key(true), key(false)]);
}

#[tokio::test]
async fn of_a_paste_that_is_cut_off_the_rest_is_told() {
    let mut desk = Desk::open(false).await;
    desk.open_console(1, "leaf1", Which::Serial).await;
    desk.ask(Request::Paste { id: 1, bytes: "show version\r".repeat(1000).into() }).await;
    desk.ask(Request::Close { id: 1 }).await;
    let told =
        desk.hear(|report| if let Report::Failed(trouble) = report { Some(trouble.one_line()) } else { None }).await;
    assert!(told.contains("leaf1 was closed before the last") && told.contains("pasted lines were sent"), "{told}");
}

#[tokio::test]
async fn a_log_on_a_full_disk_ends_with_the_reason() {
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let mut desk = Desk::open(false).await;
    let target = Target::Vm(("training".to_owned(), "leaf1".to_owned()));
    let recording = Some(PathBuf::from("/dev/full"));
    desk.ask(Request::Open { id: 1, target, which: Which::Serial, with_log: false, recording, password: None }).await;
    let told = desk.hear(|report| {
        let Report::Logging { path: None, trouble, .. } = report else { return None };
        Some(trouble.unwrap().one_line())
    });
    let told = told.await;
    assert!(told.contains("the log of leaf1 has ended") && told.contains("No space left"), "{told}");
}

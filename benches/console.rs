//! What consoles cost: a serial line that never stops, with keys in between, and a screen that scrolls. Not a test: nothing fails
//! here.
//!
//! `cargo bench --bench console` measures the real binary in a terminal of 120x40, at a simulated cluster in the same process; so
//! what the machines themselves take is in the figures, too.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a measurement prints, fails when it cannot measure, and its counts are small"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use noctui::features::console::emulator::Emulator;
use noctui::features::console::glyph;
use noctui::features::console::rfb::{Area, Frame};
use noctui::features::console::sim::cluster::{ClusterMachine, ClusterSetup, ClusterSimulator};
use noctui::secret::Secret;
use support::{Session, Start};
use tokio::runtime::Runtime;

/// How long each thing is measured.
const FOR: Duration = Duration::from_secs(5);
/// Keys that are typed into the flood.
const KEYS: usize = 100;
/// Pictures that the scrolling screen changes to in a second.
const CHANGES: u64 = 30;
/// The namespace of the machines.
const NAMESPACE: &str = "bench";

fn main() {
    emulator();
    let desk = Desk::new();
    desk.serial();
    desk.screen("text", true);
    desk.screen("pixels", false);
}

/// What the emulator alone takes in.
fn emulator() {
    let line = b"000000  \x1b[31mEthernet1\x1b[0m is up, line protocol is up (connected), 0 drops\r\n".repeat(256);
    let mut emulator = Emulator::new(40, 120);
    let (begun, mut fed) = (Instant::now(), 0_usize);
    while begun.elapsed() < Duration::from_secs(2) {
        emulator.feed(&line);
        fed += line.len();
    }
    println!("emulator alone       {:6.1} MB/s", fed as f64 / 1e6 / begun.elapsed().as_secs_f64());
}

/// A cluster, and its kubeconfig.
struct Desk {
    /// The cluster.
    sim: ClusterSimulator,
    /// What its tasks run on.
    runtime: Runtime,
    /// Where the kubeconfig is.
    folder: tempfile::TempDir,
}

impl Desk {
    /// With a machine that floods, and two that have screens.
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let machine = |name: &str, screen: Option<Frame>| ClusterMachine {
            namespace: NAMESPACE.to_owned(),
            name: name.to_owned(),
            runs: true,
            node: "node".to_owned(),
            address: "192.0.2.1".to_owned(),
            guest: String::new(),
            has_serial: screen.is_none(),
            floods: true,
            serial_log: String::new(),
            screen,
        };
        let setup = ClusterSetup {
            token: Secret::read("a-token").unwrap(),
            tls: false,
            power_takes: Duration::ZERO,
            machines: vec![machine("flood", None), machine("text", text(0)), machine("pixels", pixels(0))],
        };
        let sim = runtime.block_on(ClusterSimulator::start(setup)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = sim.kubeconfig().replace("\"training\"", &format!("\"{NAMESPACE}\""));
        std::fs::write(folder.path().join("kubeconfig"), kubeconfig).unwrap();
        let config = format!("[console]\nkubeconfig = '{}'\n", folder.path().join("kubeconfig").display());
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        Self { sim, runtime, folder }
    }

    /// noctui, with a console open.
    fn open(&self, machine: &str, key: &str) -> Session {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let mut session = Start::noctui(&["--config", &path("config.toml"), "--data-dir", &path("data")])
            .variable("COLORTERM", "truecolor")
            .size(120, 40)
            .spawn();
        session.send("5z");
        session.wait_for_text(machine);
        session.send(format!("/{machine}\r"));
        session.read_for(Duration::from_millis(600));
        session.send(key);
        session.wait_for_text("^] leaves");
        session
    }

    /// A line that never stops, and keys that have to reach the machine all the same.
    fn serial(&self) {
        let mut session = self.open("flood", "\r");
        session.wait_for_text("line protocol is up");
        let (before, bytes, begun) = (self.sim.counts(NAMESPACE, "flood").0, session.screen.bytes(), Instant::now());
        session.read_for(FOR);
        let sent = self.sim.counts(NAMESPACE, "flood").0 - before;
        let written = session.screen.bytes() - bytes;
        let seconds = begun.elapsed().as_secs_f64();
        println!(
            "serial line          {:6.1} MB/s taken, {:.0} kB/s to the terminal",
            sent as f64 / 1e6 / seconds,
            written as f64 / 1e3 / seconds
        );
        let mut took: Vec<Duration> = Vec::new();
        for _ in 0..KEYS {
            let (typed, begun) = (self.sim.counts(NAMESPACE, "flood").1, Instant::now());
            session.send("x");
            while self.sim.counts(NAMESPACE, "flood").1 == typed {
                session.read_within(Duration::from_micros(200));
            }
            took.push(begun.elapsed());
        }
        took.sort();
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        println!(
            "a key, meanwhile     {:6.1} ms half of them, {:.1} ms 95 of 100, {:.1} ms the slowest",
            ms(took[KEYS / 2]),
            ms(took[KEYS * 95 / 100]),
            ms(took[KEYS - 1])
        );
        session.send("\x1dx");
        session.quit("q");
    }

    /// A screen of 1024x768 that scrolls.
    fn screen(&self, machine: &str, is_text: bool) {
        let mut session = self.open(machine, "v");
        session.settle(Duration::from_millis(500));
        let stop = tokio_util::sync::CancellationToken::new();
        let until = stop.clone();
        let frames: Vec<Frame> = (0..32).filter_map(if is_text { text } else { pixels }).collect();
        let (pictures, bytes, begun) = (self.sim.counts(NAMESPACE, machine).0, session.screen.bytes(), Instant::now());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                self.runtime.block_on(async {
                    for frame in frames.iter().cycle() {
                        self.sim.show(NAMESPACE, machine, frame.clone());
                        let pause = tokio::time::sleep(Duration::from_millis(1000 / CHANGES));
                        if until.run_until_cancelled(pause).await.is_none() {
                            return;
                        }
                    }
                });
            });
            session.read_for(FOR);
            stop.cancel();
        });
        let seconds = begun.elapsed().as_secs_f64();
        let pictures = (self.sim.counts(NAMESPACE, machine).0 - pictures) as f64 / seconds;
        let written = (session.screen.bytes() - bytes) as f64 / 1e3 / seconds;
        session.settle(Duration::from_millis(500));
        // The key that leaves, then all of the screen once more.
        session.send("\x1d");
        session.settle(Duration::from_millis(500));
        let before = session.screen.bytes();
        session.send("\x12");
        session.settle(Duration::from_millis(500));
        let whole = (session.screen.bytes() - before) as f64 / 1e3;
        println!(
            "screen, as {machine:<9} {pictures:6.1} pictures/s, {written:.0} kB/s to the terminal; all of it at once {whole:.1} kB"
        );
        session.send("x");
        session.quit("q");
    }
}

/// A text screen of 128x48 cells that has scrolled by so many lines.
fn text(by: usize) -> Option<Frame> {
    let lines: Vec<String> = (by..by + 48)
        .map(|number| {
            format!(
                "{number:06} Ethernet{} is up, line protocol is up (connected), {} packets",
                number % 48,
                number * 7919
            )
        })
        .collect();
    glyph::draw_grid(lines.iter().map(String::as_str), (128, 48), 8, 0x00aa_aaaa, 0)
}

/// A picture that has scrolled by so many lines.
fn pixels(by: usize) -> Option<Frame> {
    let mut frame = Frame::new(1024, 768)?;
    for y in 0..768_u16 {
        for x in (0..1024_u16).step_by(8) {
            let noise = (usize::from(x) * 31 + (usize::from(y) + by * 16) / 4 * 97) % 256;
            let colour = (u32::try_from(noise).unwrap_or(0) * 0x0001_0203) & 0x00ff_ffff;
            frame.fill(Area { x, y, width: 8, height: 1 }, colour);
        }
    }
    Some(frame)
}

//! The program under torture: as somebody has it who has used it for a while, with a mailbox that was read and with a
//! backend of every kind. Or the demo, for what makes and removes its own world.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex, Weak};
use std::time::Duration;

use noctui::clock;
use noctui::demo::backends::Backends;
use noctui::demo::cli::{Arguments, Demo};

use crate::support::{Screen, Session, Start};

/// Nothing more is on its way after so much silence; only ever used in a loop that looks again.
const SILENCE: Duration = Duration::from_millis(300);

/// Where it is. Another build of it can be put to the test by `NOCTUI_RELEASED`: `.ci/run` names what it releases.
pub(crate) static PROGRAM: LazyLock<String> =
    LazyLock::new(|| std::env::var("NOCTUI_RELEASED").unwrap_or_else(|_| env!("CARGO_BIN_EXE_noctui").to_owned()));
/// The command line of the demo, in which nothing arrives by itself.
pub(crate) const DEMO: &[&str] = &["demo", "--still"];

/// Escape as a terminal with kitty's keyboard protocol sends it: never the start of something else.
pub(crate) const ESC: &str = "\x1b[27u";

/// The demo's mailbox, read and written to its Nautobot once, and its simulated backends. Whoever runs in it has a copy of what was read, so that nobody
/// meets what another has done; making all of it anew for each would take most of the time.
struct World {
    demo: Demo,
    _backends: Backends,
}

/// The one that is in use; it goes with whoever uses it last.
static WORLD: Mutex<Weak<World>> = Mutex::new(Weak::new());

impl World {
    /// The one that there is, or a new one.
    fn of_all() -> Arc<Self> {
        let mut known = WORLD.lock().unwrap();
        known.upgrade().unwrap_or_else(|| {
            let world = Arc::new(Self::make());
            *known = Arc::downgrade(&world);
            world
        })
    }

    fn make() -> Self {
        let arguments = Arguments {
            config: None,
            context: None,
            still: true,
            scale: None,
            seed: 1,
            keep: None,
            backends_only: false,
            port: 0,
            faults: Vec::new(),
            prepare: None,
            gateway_shell: None,
        };
        let demo = Demo::make(&arguments, None, clock::now()).unwrap();
        let backends = demo.start_backends(&arguments, clock::now()).unwrap();
        let world = Self { demo, _backends: backends };
        for command in [["source", "sync"], ["nautobot", "sync"]] {
            let folder = &world.demo.prepared.folder;
            let mut run = Command::new(PROGRAM.as_str());
            run.args(command).args(world.flags(folder)).env("NOCTUI_STATE_DIR", folder.join("state"));
            let output = run.output().unwrap();
            assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        world
    }

    /// The flags by which a noctui works in it, on the data in `home`.
    fn flags(&self, home: &Path) -> [String; 4] {
        let [config, data] = [&self.demo.prepared.config, &home.join("data")].map(|path| path.display().to_string());
        ["--config".to_owned(), config, "--data-dir".to_owned(), data]
    }
}

/// The program in a world of its own, not yet started.
pub(crate) fn start() -> Start {
    let (world, home) = (World::of_all(), tempfile::tempdir().unwrap());
    let data = home.path().join("data");
    fs::create_dir(&data).unwrap();
    for file in fs::read_dir(world.demo.prepared.folder.join("data")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), data.join(file.file_name())).unwrap();
    }
    let flags = world.flags(home.path());
    Start::program(PROGRAM.as_str()).args(&flags).home(home).beside(world)
}

/// The demo, not yet started.
pub(crate) fn demo() -> Start {
    Start::program(PROGRAM.as_str()).args(DEMO)
}

/// The started program, with its screen complete.
pub(crate) fn ready(start: Start) -> Session {
    let mut session = start.spawn();
    session.wait_for("the screen", |screen| screen.modes().is_alternate_screen);
    wait_until_complete(&mut session);
    session
}

/// How many backends there are: each has a full circle in the header once it has answered, or a star where there is only ASCII.
const BACKENDS: usize = 5;

/// Waits until the screen holds the list and does not change any more.
pub(crate) fn wait_until_complete(session: &mut Session) {
    // A narrow header has no room for all of them.
    let is_read = |screen: &Screen| screen.size().0 < 100 || screen.rows()[0].matches(['●', '*']).count() == BACKENDS;
    session.wait_for("a screen with text and every backend heard", |screen| {
        is_read(screen) && screen.rows().iter().filter(|row| !row.is_empty()).count() > 3
    });
    let mut silences = 0;
    while silences < 2 {
        let before = session.screen.bytes();
        session.settle(SILENCE);
        silences = if session.screen.bytes() == before { silences + 1 } else { 0 };
    }
}

/// The rows without what a minute changes: digits with points, units and a "less than", and the blanks that make up for them.
pub(crate) fn timeless(screen: &Screen) -> Vec<String> {
    let lasts = |c: &char| !c.is_ascii_digit() && !c.is_whitespace() && !"<dhm.".contains(*c);
    screen.rows().iter().map(|row| row.chars().filter(lasts).collect()).collect()
}

/// Whether two screens show the same: nearly all rows alike, since a row may have moved into another group meanwhile.
pub(crate) fn is_like(one: &[String], other: &[String]) -> bool {
    let alike = one.iter().zip(other).filter(|(one, other)| one == other).count();
    one.len() == other.len() && alike * 10 >= one.len() * 8
}

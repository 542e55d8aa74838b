//! The real binary in a pseudo-terminal: start it, type, look at what it shows, see how it leaves the terminal.
//!
//! Nothing here sleeps and hopes: every wait is for something to appear, and its deadline only guards against hanging.
#![allow(dead_code, unused_imports, reason = "each test binary uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    reason = "a harness fails loudly and says how to repeat it, and its counts of bytes are small"
)]

pub(crate) mod colours;
pub(crate) mod mailbox;
mod process;
mod random;
mod screen;
pub(crate) mod skip;

use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, Signal};
use rustix::termios::{Termios, tcgetattr};
use tempfile::TempDir;

pub(crate) use self::process::Process;
pub(crate) use self::random::Random;
pub(crate) use self::screen::{Modes, Screen};

/// A wait that takes this long has failed. Generous: the machine may be busy.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
/// A program whose terminal is gone works for no longer than this. How long it takes to end is measured by the benchmark.
const AFTERLIFE: Duration = Duration::from_secs(1);

/// How a program is started.
pub(crate) struct Start {
    program: PathBuf,
    args: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    size: (u16, u16),
    home: Option<TempDir>,
    beside: Option<Arc<dyn Any + Send + Sync>>,
    bytes_per_s: Option<usize>,
}

impl Start {
    /// noctui with these arguments. In tests and benchmarks only: cargo builds no binary for an example.
    pub(crate) fn noctui(args: &[&str]) -> Self {
        let Some(noctui) = option_env!("CARGO_BIN_EXE_noctui") else { panic!("an example has no binary to start") };
        Self::program(noctui).args(args)
    }

    /// Any program, in a fresh home, on a terminal of 120x40 with 256 colours.
    pub(crate) fn program(program: impl Into<PathBuf>) -> Self {
        let start = Self {
            program: program.into(),
            args: Vec::new(),
            variables: Vec::new(),
            size: (120, 40),
            home: None,
            beside: None,
            bytes_per_s: None,
        };
        start.variable("TERM", "xterm-256color").variable("LANG", "C.UTF-8").variable("TZ", "UTC")
    }

    /// With further arguments.
    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: &[A]) -> Self {
        self.args.extend(args.iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Started by `program`, which takes these arguments, the program itself and its arguments.
    pub(crate) fn within(mut self, program: &str, args: &[&str]) -> Self {
        let inner = std::mem::replace(&mut self.program, program.into());
        let before = args.iter().map(OsString::from).chain([inner.into_os_string()]);
        self.args.splice(0..0, before);
        self
    }

    /// With this variable; the last one of a name counts. The test's own environment is not inherited.
    pub(crate) fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// On a terminal of this size.
    pub(crate) fn size(mut self, columns: u16, rows: u16) -> Self {
        self.size = (columns, rows);
        self
    }

    /// In the home of an earlier session: what was saved is there.
    pub(crate) fn home(mut self, home: TempDir) -> Self {
        self.home = Some(home);
        self
    }

    /// Beside what has to be there for as long as it runs.
    pub(crate) fn beside(mut self, world: Arc<dyn Any + Send + Sync>) -> Self {
        self.beside = Some(world);
        self
    }

    /// Over a link that carries so many bytes a second from the program to the screen.
    pub(crate) fn link(mut self, bytes_per_s: usize) -> Self {
        self.bytes_per_s = Some(bytes_per_s);
        self
    }

    /// Starts it.
    pub(crate) fn spawn(self) -> Session {
        let (pty, pts) = open().unwrap();
        let (columns, rows) = self.size;
        pty.resize(Size::new(rows, columns)).unwrap();
        let before = tcgetattr(&pty).unwrap();
        let home = self.home.unwrap_or_else(|| tempfile::tempdir().unwrap());
        let command = Command::new(&self.program)
            .args(&self.args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(home_variables(home.path()))
            .envs(self.variables)
            .current_dir(home.path());
        let started = Instant::now();
        let child = command.spawn(pts).unwrap();
        Session {
            child,
            pty: Some(pty),
            screen: Screen::new(columns, rows),
            before,
            home,
            _beside: self.beside,
            started,
            link: self.bytes_per_s.map(|bytes_per_s| Link { bytes_per_s, carried: 0 }),
            exit: None,
        }
    }
}

/// Everything that decides where a program keeps its files.
fn home_variables(home: &Path) -> Vec<(&'static str, PathBuf)> {
    let folder = |name: &str| home.join(name);
    vec![
        ("HOME", home.to_owned()),
        ("XDG_CONFIG_HOME", folder(".config")),
        ("XDG_DATA_HOME", folder(".local/share")),
        ("XDG_STATE_HOME", folder(".local/state")),
        ("XDG_CACHE_HOME", folder(".cache")),
        ("XDG_RUNTIME_DIR", folder(".run")),
        ("TMPDIR", home.to_owned()),
    ]
}

/// A link with a limited rate, as a budget of bytes since the start.
struct Link {
    bytes_per_s: usize,
    carried: usize,
}

/// A running program and the terminal it runs in. Dropping it kills the program.
pub(crate) struct Session {
    child: Child,
    /// The terminal's side; none once it has been torn down.
    pty: Option<Pty>,
    /// What the person sees.
    pub(crate) screen: Screen,
    before: Termios,
    home: TempDir,
    _beside: Option<Arc<dyn Any + Send + Sync>>,
    started: Instant,
    link: Option<Link>,
    exit: Option<ExitStatus>,
}

impl Session {
    /// When the program was started.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// The program as the kernel sees it.
    pub(crate) fn process(&self) -> Process {
        Process(i32::try_from(self.child.id()).unwrap())
    }

    /// Where the program keeps its files.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Types `keys`, as the bytes a terminal sends, while reading what the program writes.
    pub(crate) fn send(&mut self, keys: impl AsRef<[u8]>) {
        assert!(self.try_send(keys), "the program has ended and takes no keys: {}", self.story());
    }

    /// The same for a program that may have ended; false when it has.
    pub(crate) fn try_send(&mut self, keys: impl AsRef<[u8]>) -> bool {
        let mut rest = keys.as_ref();
        let deadline = Instant::now() + DEADLINE;
        while !rest.is_empty() {
            assert!(
                Instant::now() < deadline,
                "the program does not take {} bytes of input\n{}",
                rest.len(),
                self.screen
            );
            let ready = self.poll(PollFlags::IN | PollFlags::OUT, DEADLINE);
            if ready.contains(PollFlags::OUT) {
                // In pieces that never block: the kernel's queue takes this much whenever it says it takes anything.
                let piece = &rest[..rest.len().min(256)];
                let Ok(written) = self.pty.as_mut().unwrap().write(piece) else { return false };
                rest = &rest[written..];
            }
            if ready.contains(PollFlags::IN) && !self.read_once() {
                return false;
            }
        }
        true
    }

    /// Waits until the screen satisfies `wanted`; fails with the screen as it is when it never does.
    pub(crate) fn wait_for(&mut self, what: &str, mut wanted: impl FnMut(&Screen) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !wanted(&self.screen) {
            let left = deadline.saturating_duration_since(Instant::now());
            let is_open = self.read_within(left);
            if !is_open || left.is_zero() {
                if wanted(&self.screen) {
                    return;
                }
                let state = if is_open { "in time" } else { "before the program ended" };
                panic!("{what} did not appear {state}: {}", self.story());
            }
        }
    }

    /// Waits until `text` stands somewhere on the screen.
    pub(crate) fn wait_for_text(&mut self, text: &str) {
        self.wait_for(&format!("{text:?}"), |screen| screen.text().contains(text));
    }

    /// Whether `text` stands somewhere on the screen.
    pub(crate) fn shows(&self, text: &str) -> bool {
        self.screen.text().contains(text)
    }

    /// Waits for output for at most `wait` and takes in one piece of it; false when none came.
    pub(crate) fn wait_for_output(&mut self, wait: Duration) -> bool {
        let before = self.screen.bytes();
        self.read_within(wait);
        self.screen.bytes() > before
    }

    /// Reads until the program has written nothing for `quiet`. For measuring; a test waits for what it wants to see.
    pub(crate) fn settle(&mut self, quiet: Duration) {
        while self.poll(PollFlags::IN, quiet).contains(PollFlags::IN) && self.read_once() {}
    }

    /// Reads for so long, whatever comes.
    pub(crate) fn read_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            if !self.read_within(left) {
                return;
            }
        }
    }

    /// Gives the window another size.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.pty.as_ref().unwrap().resize(Size::new(rows, columns)).unwrap();
        self.screen.resize(columns, rows);
    }

    /// Sends a signal to the program alone.
    pub(crate) fn signal(&self, signal: Signal) {
        rustix::process::kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Closes the terminal's window: the program's reads and writes fail from now on.
    pub(crate) fn tear_down(&mut self) {
        self.pty = None;
    }

    /// Tears the terminal down; fails unless `process` ends, and without spinning until then.
    pub(crate) fn assert_ends_with_its_terminal(self, process: Process) {
        let (lived, worked) = self.end_without_terminal(process);
        assert!(worked < AFTERLIFE, "it lived for {lived:?} without a terminal and worked for {worked:?}");
    }

    /// Tears the terminal down and waits for `process` to end; returns how long that took, and how much of it was work.
    pub(crate) fn end_without_terminal(mut self, process: Process) -> (Duration, Duration) {
        let before = process.cpu_time();
        let torn_down = Instant::now();
        self.tear_down();
        let mut cpu = before;
        while !matches!(process.state(), None | Some('Z')) {
            assert!(torn_down.elapsed() < DEADLINE, "it lives on without a terminal, state {:?}", process.state());
            cpu = process.cpu_time();
            self.poll_end();
            self.read_within(Duration::from_millis(1));
        }
        (torn_down.elapsed(), cpu.saturating_sub(before))
    }

    /// Waits until the program has ended, reading what it still writes.
    pub(crate) fn wait_for_end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.poll_end() {
                self.settle(Duration::ZERO);
                return status;
            }
            assert!(Instant::now() < deadline, "the program does not end: {}", self.story());
            self.read_within(Duration::from_millis(1));
        }
    }

    /// The program's exit, if it has ended.
    pub(crate) fn poll_end(&mut self) -> Option<ExitStatus> {
        if self.exit.is_none() {
            self.exit = self.child.try_wait().unwrap();
        }
        self.exit
    }

    /// Fails unless the terminal is as it was found: line settings, screen, cursor, mouse, paste, focus, keyboard, title.
    pub(crate) fn assert_restored(&mut self) {
        self.settle(Duration::ZERO);
        let after = tcgetattr(self.pty.as_ref().unwrap()).unwrap();
        assert_eq!(format!("{after:?}"), format!("{:?}", self.before), "line settings: {}", self.story());
        assert_eq!(self.screen.modes(), Modes::default(), "modes of the terminal: {}", self.story());
    }

    /// What there is to know when a test fails: whether the program lives, how it ended, and its screen.
    pub(crate) fn story(&mut self) -> String {
        self.settle(Duration::ZERO);
        let (state, exit) = (self.process().state(), self.poll_end());
        let is_raw = self.pty.is_some().then(|| self.is_raw());
        let modes = self.screen.modes();
        format!("state {state:?}, exit {exit:?}, raw {is_raw:?}, {modes:?}\n{}", self.screen)
    }

    /// Whether the terminal passes keys on one by one, as a program on the whole screen wants them.
    pub(crate) fn is_raw(&self) -> bool {
        let settings = tcgetattr(self.pty.as_ref().unwrap()).unwrap();
        !settings.local_modes.contains(rustix::termios::LocalModes::ICANON)
    }

    /// Ends the program by `keys` and takes its home over, for a later session in it.
    pub(crate) fn quit(mut self, keys: &str) -> TempDir {
        self.send(keys);
        let status = self.wait_for_end();
        assert!(status.success(), "{status}\n{}", self.screen);
        self.assert_restored();
        std::mem::replace(&mut self.home, tempfile::tempdir().unwrap())
    }

    /// Waits for output for at most `wait` and takes it in; false when there will be none any more.
    pub(crate) fn read_within(&mut self, wait: Duration) -> bool {
        if let Some(link) = &self.link {
            // The link has carried what it can: wait until it can carry more.
            let due = Duration::from_secs_f64(link.carried as f64 / link.bytes_per_s as f64);
            let early = due.saturating_sub(self.started.elapsed());
            if early > Duration::ZERO {
                rustix::event::poll(&mut [], Timespec::try_from(early.min(wait)).ok().as_ref()).unwrap();
                return true;
            }
        }
        if self.poll(PollFlags::IN, wait).contains(PollFlags::IN) { self.read_once() } else { self.pty.is_some() }
    }

    /// Waits until the terminal's side can be read or written. What hung up can be read.
    fn poll(&mut self, what: PollFlags, wait: Duration) -> PollFlags {
        let Some(pty) = &self.pty else {
            rustix::event::poll(&mut [], Timespec::try_from(wait).ok().as_ref()).unwrap();
            return PollFlags::empty();
        };
        let mut fds = [PollFd::from_borrowed_fd(pty.as_fd(), what)];
        rustix::event::poll(&mut fds, Timespec::try_from(wait).ok().as_ref()).unwrap();
        let ready = fds[0].revents();
        if ready.intersects(PollFlags::HUP | PollFlags::ERR) { ready | PollFlags::IN } else { ready }
    }

    /// Takes in what can be read; false when the program's side is closed.
    fn read_once(&mut self) -> bool {
        let mut bytes = [0; 4096];
        let most = self.link.as_ref().map_or(bytes.len(), |link| (link.bytes_per_s / 20).clamp(1, bytes.len()));
        let Some(pty) = &mut self.pty else { return false };
        match pty.read(&mut bytes[..most]) {
            Ok(length @ 1..) => {
                self.screen.process(&bytes[..length]);
                if let Some(link) = &mut self.link {
                    link.carried += length;
                }
                true
            }
            // EIO: nobody has the other side open any more.
            Ok(0) | Err(_) => false,
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.exit.is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// A bracketed paste of so many bytes, made of keys that would do something.
pub(crate) fn paste_of_keys(bytes: usize) -> Vec<u8> {
    let mut paste = b"\x1b[200~".to_vec();
    paste.extend(b"q:quit\rjyes\r\x1b[B\x03a".iter().cycle().take(bytes));
    paste.extend(b"\x1b[201~");
    paste
}

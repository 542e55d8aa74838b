//! The terminal: taken over, read, written, and given back as it was found.
//!
//! Three rules hold everywhere below. Nothing waits for the terminal: no question is asked of it, and a frame that does
//! not fit into a slow link is finished later, while no new one is made. Whatever ends noctui, the terminal is restored.
//! A terminal that is gone is noticed at once.
//!
//! ```text
//! bytes ─► input::Decoder ─► Event::Input          view ─► Buffer ─► encoder::Encoder ─► Tty
//! ```

mod clipboard;
mod encoder;
mod guard;
mod input;
mod modes;
mod panic;
mod signals;
mod tty;
mod writer;

use std::collections::VecDeque;
use std::io::{self, IsTerminal};
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};
use tokio::time::{Instant, sleep_until};

pub use self::clipboard::TooLong;
use self::encoder::Encoder;
use self::guard::Unfinished;
use self::input::Decoder;
pub use self::panic::install_hook as install_panic_hook;
pub use self::signals::StopSignal;
pub(super) use self::signals::{Caught, Signals};
use self::tty::Tty;
use crate::colour::{ColourDepth, TerminalEnvironment};
use crate::input::Input;
use crate::text::clean_line;

/// The kernel hands out at most this much of a terminal's input at a time.
const READ_SIZE: usize = 4096;
/// A title bar shows no more.
const LONGEST_TITLE: usize = 120;
/// A stop takes effect within microseconds, on every thread in its own time; one that has not after this time was dropped
/// by the kernel.
const STOP_TAKES: Duration = Duration::from_millis(100);
/// SIGCONT within this time of our own resuming tells nothing new.
const JUST_RESUMED: Duration = Duration::from_secs(1);
/// Ctrl-C and Ctrl-\\ within this time of a program that had the terminal were for that: it may have died of it, and that be
/// known, before the same signal is told here. Later they come from outside, since the terminal is raw then.
const JUST_LENT: Duration = Duration::from_secs(1);

/// What the person asked of the terminal.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many colours may be sent.
    pub colour_depth: ColourDepth,
    /// Whether the mouse is captured; otherwise the terminal selects text itself.
    pub mouse: bool,
    /// The environment that the depth was decided from.
    pub environment: TerminalEnvironment,
}

/// Why there is no screen. One line each, for standard error, with exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Standard input or output is a file, a pipe or nothing.
    #[error(
        "the screen needs a terminal and {0} is none; `noctui --help` lists the subcommands that work without, such as \
         `noctui maintenance list`"
    )]
    NotATerminal(&'static str),
    /// `TERM` names a terminal that cannot place the cursor, or none.
    #[error(
        "the screen needs a terminal that can place its cursor, and TERM is `{0}`; set TERM (xterm-256color is usual) \
         or use a subcommand, see `noctui --help`"
    )]
    Incapable(String),
    /// The kernel refused.
    #[error("cannot use the terminal")]
    Io(#[from] io::Error),
}

/// Something that concerns the loop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The person did something; after a resize or a resume, [`Input::Resized`] asks for a new frame.
    Input(Input),
    /// The last frame has left: [`Terminal::draw`] makes the next one.
    Drained,
    /// A signal asks noctui to end.
    Stop(StopSignal),
    /// The terminal is gone: nobody sees or types anything any more. Told again by every further call.
    Gone,
}

/// The terminal while it is ours. Dropping it gives it back, also when a panic unwinds through it.
#[derive(Debug)]
pub struct Terminal {
    tty: Tty,
    signals: Signals,
    decoder: Decoder,
    inputs: VecDeque<Input>,
    /// What frames are drawn on. ratatui's own terminal is not used: it compares every frame cell by cell with the last
    /// one, as the encoder has to do anyway.
    frame: Buffer,
    encoder: Encoder,
    /// What the terminal has not taken yet; a frame is made only when it is empty.
    unsent: Vec<u8>,
    settings: Settings,
    title: String,
    is_gone: bool,
    /// Set while the terminal is given back for a stop: when it is taken again if the stop never comes.
    suspended_until: Option<Instant>,
    resumed: Option<Instant>,
    /// When a program had the terminal last.
    lent: Option<Instant>,
}

impl Terminal {
    /// Takes the terminal over. Needs a Tokio runtime with I/O and time; fastest on a current-thread one.
    pub fn take(settings: Settings) -> Result<Self, Refusal> {
        check(&settings.environment)?;
        let tty = Tty::open()?;
        let signals = Signals::catch()?;
        let frame = Buffer::empty(area(tty.size()));
        let mut terminal = Self {
            tty,
            signals,
            decoder: Decoder::default(),
            inputs: VecDeque::new(),
            frame,
            encoder: Encoder::new(settings.colour_depth),
            unsent: Vec::new(),
            settings,
            title: String::new(),
            is_gone: false,
            suspended_until: None,
            resumed: None,
            lent: None,
        };
        panic::watch_this_thread();
        terminal.set_up()?;
        Ok(terminal)
    }

    /// The window's size in cells as of the last [`Input::Resized`].
    #[must_use]
    pub fn size(&self) -> Size {
        self.frame.area.as_size()
    }

    /// Whether the terminal has taken the last frame, so that [`Terminal::draw`] makes one.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.unsent.is_empty() && self.tty.is_idle() && !self.is_gone && self.suspended_until.is_none()
    }

    /// Whether [`Terminal::next`] has more input at once, so that a frame for the last one would be stale already.
    #[must_use]
    pub fn has_input(&self) -> bool {
        !self.inputs.is_empty()
    }

    /// Draws a frame and sends what differs from the last one, with the cursor where `view` says, or hidden. The buffer is
    /// as some frame left it: `view` draws on all of it. Returns false, drawing nothing, while the terminal is not [ready](Terminal::is_ready). Never blocks: what
    /// the link does not take at once leaves during [`Terminal::next`].
    pub fn draw(&mut self, view: impl FnOnce(&mut Buffer) -> Option<Position>) -> bool {
        if !self.is_ready() {
            return false;
        }
        let cursor = view(&mut self.frame);
        let bytes = self.encoder.encode(&self.frame, cursor);
        self.send(&bytes);
        true
    }

    /// The next thing that happened. Cancel safety: nothing is lost; what was read and sent is kept in `self`.
    pub async fn next(&mut self) -> Event {
        panic::loop_is_alive();
        let mut bytes = [0; READ_SIZE];
        loop {
            if let Some(input) = self.inputs.pop_front() {
                return Event::Input(input);
            }
            if self.is_gone {
                return Event::Gone;
            }
            let is_ours = self.suspended_until.is_none();
            let is_sending = is_ours && (!self.unsent.is_empty() || !self.tty.is_idle());
            let deadline = self.suspended_until.or_else(|| self.decoder.deadline());
            tokio::select! {
                biased;
                caught = self.signals.next() => match caught {
                    Caught::Stop(StopSignal::Interrupt | StopSignal::Quit)
                        if self.lent.is_some_and(|lent| lent.elapsed() < JUST_LENT) => {}
                    Caught::Stop(signal) => return Event::Stop(signal),
                    Caught::WindowChanged => self.measure(),
                    Caught::Continued => self.resume(),
                },
                // Before reading: a flood of input must not keep the screen from changing.
                written = self.tty.write(&self.unsent), if is_sending => {
                    self.note_written(written);
                    if self.is_ready() {
                        return Event::Drained;
                    }
                }
                read = self.tty.read(&mut bytes), if is_ours => match read {
                    Ok(length @ 1..) => {
                        self.decoder.feed(bytes.get(..length).unwrap_or_default(), Instant::now(), &mut self.inputs);
                    }
                    Ok(0) | Err(_) => self.is_gone = true,
                },
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    if is_ours {
                        self.decoder.expire(&mut self.inputs);
                    } else {
                        self.resume();
                    }
                }
            }
        }
    }

    /// Stops noctui as Ctrl-Z is expected to: the terminal is given back and the whole job stops. When the shell
    /// continues it, [`Terminal::next`] takes the terminal again and [`Input::Resized`] asks for a frame. Returns false,
    /// doing nothing, where there is no shell to go back to (`ssh -t host noctui`).
    pub fn suspend(&mut self) -> bool {
        if !has_shell() {
            return false;
        }
        self.give_back();
        self.suspended_until = Some(Instant::now() + STOP_TAKES);
        if let Err(error) = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP) {
            tracing::warn!(%error, "cannot stop for the shell");
        }
        true
    }

    /// Gives the terminal to whatever `work` does with it, and takes it again afterwards; [`Input::Resized`] asks for a
    /// frame then. Keys that come meanwhile are for `work`, and so are Ctrl-C and Ctrl-\\. What ends noctui ends this, too,
    /// and drops `work`.
    pub async fn lend<T>(&mut self, work: impl Future<Output = T>) -> Result<T, StopSignal> {
        self.give_back();
        let mut work = std::pin::pin!(work);
        let done = loop {
            tokio::select! {
                biased;
                caught = self.signals.next() => match caught {
                    Caught::Stop(signal @ (StopSignal::Hangup | StopSignal::Terminate)) => return Err(signal),
                    Caught::Stop(StopSignal::Interrupt | StopSignal::Quit) | Caught::WindowChanged | Caught::Continued => {}
                },
                done = &mut work => break done,
            }
        };
        let now = Instant::now();
        (self.resumed, self.lent) = (Some(now), Some(now));
        self.is_gone |= self.set_up().is_err();
        Ok(done)
    }

    /// Sends something that is none of the frame's cells, after all that is on its way.
    pub fn paint(&mut self, bytes: &[u8]) {
        self.send(bytes);
    }

    /// Forgets what the terminal shows, so that the next frame sends all of it.
    pub fn redraw(&mut self) {
        self.encoder.forget();
    }

    /// Captures the mouse, or leaves it to the terminal for selecting text.
    pub fn set_mouse(&mut self, is_on: bool) {
        if self.settings.mouse != is_on {
            self.settings.mouse = is_on;
            self.send(modes::mouse(is_on).as_bytes());
        }
    }

    /// Names the window, until the terminal is given back.
    pub fn set_title(&mut self, title: &str) {
        let title: String = clean_line(title).chars().take(LONGEST_TITLE).collect();
        if title != self.title {
            self.send(format!("\x1b]2;{title}\x1b\\").as_bytes());
            self.title = title;
        }
    }

    /// Copies `text` to the clipboard of the machine the person sits at. Terminals do not tell whether they obeyed.
    pub fn copy(&mut self, text: &str) -> Result<(), TooLong> {
        let bytes = clipboard::sequence(text, &self.settings.environment)?;
        self.send(&bytes);
        if self.settings.environment.tmux.is_some() {
            clipboard::to_tmux(text.to_owned());
        }
        Ok(())
    }

    /// Makes the terminal raw and sets its modes; the next frame draws everything.
    fn set_up(&mut self) -> io::Result<()> {
        guard::take(std::os::fd::AsFd::as_fd(&self.tty))?;
        self.send(modes::enter(self.settings.mouse).as_bytes());
        self.encoder.forget();
        self.title.clear();
        self.measure();
        Ok(())
    }

    /// Gives the terminal back. What it had not taken is dropped.
    fn give_back(&mut self) {
        let is_frame_cut = !self.unsent.is_empty() || !self.tty.is_idle();
        self.unsent.clear();
        guard::give_back(Unfinished { is_frame_cut, is_in_paste: self.decoder.is_in_paste() });
    }

    /// Takes the terminal again after a stop, ours or somebody else's. Whoever had it meanwhile may have changed
    /// everything about it.
    fn resume(&mut self) {
        let is_told_twice = self.resumed.take().is_some_and(|resumed| resumed.elapsed() < JUST_RESUMED);
        if self.suspended_until.take().is_none() {
            if is_told_twice {
                return;
            }
            // Stopped from outside, with all modes set: what was pushed then is to be popped once.
            self.give_back();
        }
        self.resumed = Some(Instant::now());
        self.is_gone |= self.set_up().is_err();
    }

    /// Takes on the window's present size and asks for a frame.
    fn measure(&mut self) {
        let size = self.tty.size();
        self.frame.resize(area(size));
        self.encoder.forget();
        self.inputs.push_back(Input::Resized(size));
    }

    /// Sends `bytes` after all that is on its way.
    fn send(&mut self, bytes: &[u8]) {
        self.unsent.extend_from_slice(bytes);
        while !self.unsent.is_empty() && !self.is_gone {
            match self.tty.write_now(&self.unsent) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                written => self.note_written(written),
            }
        }
    }

    /// Drops what was written from what is to be sent.
    fn note_written(&mut self, written: io::Result<usize>) {
        match written {
            Ok(length) => _ = self.unsent.drain(..length.min(self.unsent.len())),
            Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {}
            Err(_) => self.is_gone = true,
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.give_back();
        if std::thread::panicking() {
            panic::tell();
        }
    }
}

/// The whole of a window.
fn area(size: Size) -> Rect {
    Rect::new(0, 0, size.width, size.height)
}

/// Whether the parent is in our session, so that it can continue us; the kernel stops nobody who could never go on.
///
/// In a container, or below an `init` that never made a session, the parent's session has no number here: the kernel says 0.
/// Two sessions without a number are taken for the same; where they are not, [`STOP_TAKES`] ends the wait for the stop.
fn has_shell() -> bool {
    let session_of = |process| nix::unistd::getsid(process).ok();
    let parents = session_of(Some(nix::unistd::getppid()));
    parents.is_some() && parents == session_of(None)
}

/// Refuses what cannot carry a screen. [`Terminal::take`] does so too; this is for asking before anything is started.
pub fn check(environment: &TerminalEnvironment) -> Result<(), Refusal> {
    if !io::stdin().is_terminal() {
        return Err(Refusal::NotATerminal("standard input"));
    }
    if !io::stdout().is_terminal() {
        return Err(Refusal::NotATerminal("standard output"));
    }
    match environment.term.as_deref().unwrap_or_default() {
        term @ ("" | "dumb" | "unknown") => Err(Refusal::Incapable(term.to_owned())),
        _ => Ok(()),
    }
}

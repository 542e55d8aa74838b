//! The only place that starts tasks and touches the terminal: the loop that owns the model.
//!
//! The loop runs on the main thread; the workers have a runtime of their own, so that nothing they do delays a key.

mod backends;
mod consoles;
mod errand;
mod keeper;
mod pace;
mod picture;
mod serve;
pub mod terminal;
mod worker;

use std::pin::Pin;
use std::process::ExitCode;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use self::backends::Backends;
use self::keeper::Keeper;
use self::pace::Pace;
use self::picture::Picture;
pub use self::serve::serve;
use self::terminal::{Event, Terminal};
use crate::app::{Effect, Message, Model, Settings, view};
use crate::clock;
use crate::colour::TerminalEnvironment;
use crate::config::{Config, Environment, Flags, Problems};
use crate::errand::{Errand, Returned, Room};
use crate::features::console;
use crate::features::lab::surroundings::Surroundings;
use crate::input::Input;
use crate::logging::{self, Logging};
use crate::state;
use crate::trouble::Trouble;

/// Opens the screen and stays until the user leaves it.
///
/// # Errors
/// When there is no terminal to draw on, or the key map of the configuration has mistakes.
pub fn run(
    config: Config,
    flags: Flags,
    environment: Environment,
    logging: &Logging,
    companion: Option<Companion>,
) -> anyhow::Result<ExitCode> {
    let ui = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    terminal::install_panic_hook(&config.paths.log);
    logging::record_panics();
    terminal::check(&TerminalEnvironment::read())?;
    let screen = Screen::open(config, flags, environment)?;
    if let Some(companion) = companion {
        screen.backends.threads().run_beside(companion);
    }
    ui.block_on(screen.run(logging))
}

/// Something that runs on the workers' threads as long as the screen is open, until the token is cancelled.
pub type Companion = Box<dyn FnOnce(CancellationToken) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// The screen and what feeds it.
struct Screen {
    /// The configuration in force.
    config: Config,
    /// For reading it again.
    flags: Flags,
    /// For reading it again.
    environment: Environment,
    /// What the terminal said of itself.
    terminal_environment: TerminalEnvironment,
    /// All that is seen or remembered.
    model: Model,
    /// Saves the view.
    keeper: Keeper,
    /// The workers.
    backends: Backends,
    /// What is asked once the terminal has taken a frame.
    after_frame: Vec<console::worker::Request>,
    /// The picture that stands on the terminal in pixels.
    picture: Option<Picture>,
    /// A program that wants the terminal.
    errand: Option<Errand>,
    /// From programs beside the screen. Capacity 8; when it is full they wait to be told of.
    returned: (mpsc::Sender<Returned>, mpsc::Receiver<Returned>),
    /// What the workers are to be asked first.
    first: Vec<Effect>,
}

impl Screen {
    /// Everything but the terminal.
    fn open(config: Config, flags: Flags, environment: Environment) -> anyhow::Result<Self> {
        let terminal_environment = TerminalEnvironment::read();
        let settings = settings(&config, &terminal_environment).map_err(Problems)?;
        let place = format!("{} {}", config.paths.config.display(), config.paths.data.display());
        let view = state::load(&config.paths.view()).at(place);
        let mut model = Model::new(settings, &view, (80, 24), clock::now());
        let keeper = Keeper::new(config.paths.view(), view);
        let backends = Backends::start(&config, &model)?;
        let first = model.begin();
        Ok(Self {
            config,
            flags,
            environment,
            terminal_environment,
            model,
            keeper,
            backends,
            after_frame: Vec::new(),
            picture: None,
            errand: None,
            returned: mpsc::channel(8),
            first,
        })
    }

    /// The loop: quit first, then keys, then frames, then reports. An idle noctui draws nothing and wakes only when
    /// something on the screen reads differently.
    async fn run(mut self, logging: &Logging) -> anyhow::Result<ExitCode> {
        for effect in std::mem::take(&mut self.first) {
            self.backends.ask(effect);
        }
        let mut terminal = Terminal::take(terminal::Settings {
            colour_depth: self.terminal_environment.colour_depth(self.config.color),
            mouse: self.config.mouse,
            environment: self.terminal_environment.clone(),
        })?;
        let mut recent = logging.recent();
        let mut reloads = self.backends.threads().watch_config(&self.flags, &self.environment, &self.config);
        let mut dirty = false;
        let mut pace = Pace::new(Instant::now());
        let code = loop {
            if let Some(errand) = self.errand.take() {
                let id = errand.id;
                let (model, backends) = (&mut self.model, &mut self.backends);
                let started = |pid| {
                    for effect in model.update(Message::Started { id, pid }, clock::now()) {
                        backends.ask(effect);
                    }
                };
                match errand::in_terminal(errand, &mut terminal, started).await {
                    Ok(returned) => self.take_in(Message::Returned(returned), &mut terminal),
                    Err(signal) => break ExitCode::from(signal.exit_code()),
                };
                dirty = true;
            }
            // The next picture of a machine's screen may come when the last one is seen: a slow link has fewer of them, and keys
            // never wait behind one.
            if !dirty && terminal.is_ready() && self.show_picture(&mut terminal) {
                for request in std::mem::take(&mut self.after_frame) {
                    self.backends.ask(Effect::Console(request));
                }
            }
            let turn = instant_of(self.model.next_change());
            let (message, by_hand) = tokio::select! {
                biased;
                event = terminal.next() => match event {
                    Event::Input(input) => (Message::Input(input), true),
                    Event::Drained => {
                        // A frame was held back while the link was slow; the newest state goes out now.
                        if dirty && draw(&self.model, &mut terminal) { dirty = false }
                        continue;
                    }
                    Event::Stop(signal) => break ExitCode::from(signal.exit_code()),
                    Event::Gone => break ExitCode::from(crate::output::EXIT_FAILED),
                },
                // Above the reports: a flood of them must not starve the screen.
                () = sleep_until(pace.next_frame()), if dirty && terminal.is_ready() => {
                    draw(&self.model, &mut terminal);
                    pace.drew(Instant::now());
                    dirty = false;
                    continue;
                }
                message = self.backends.next() => (message, false),
                Some(returned) = self.returned.1.recv() => (Message::Returned(returned), false),
                changed = recent.changed() => match changed {
                    Ok(()) => (Message::Logged(recent.borrow_and_update().clone()), false),
                    Err(_) => continue,
                },
                Some(read) = reloads.recv() => (self.reconfigured(read, logging), false),
                () = self.keeper.due() => {
                    self.keeper.save(Instant::now());
                    continue;
                }
                () = sleep_until(turn) => (Message::Ticked, false),
            };
            if self.take_in(message, &mut terminal) {
                break ExitCode::SUCCESS;
            }
            if !terminal.has_input() {
                self.backends.hand_on_typed();
            }
            dirty = true;
            // At once, and without holding back what the workers answer to it; several keys read together are one frame.
            if by_hand && !terminal.has_input() && draw(&self.model, &mut terminal) {
                dirty = false;
            }
            if by_hand {
                self.keeper.note(self.model.view_state(), Instant::now());
            }
        };
        // A signal asks nobody: what is being typed is kept all the same.
        for effect in self.model.leaving() {
            self.backends.ask(effect);
        }
        // The terminal first: whoever quit has a prompt at once, whatever is still being written.
        drop(terminal);
        // What can end while the view is saved ends meanwhile.
        self.backends.begin_to_stop(&self.model);
        let Self { backends, keeper, mut model, .. } = self;
        keeper.finish(model.view_state(), Instant::now()).await;
        backends.stop(&mut model).await;
        Ok(code)
    }

    /// Takes in what happened and does what follows from it; returns whether that is to leave.
    fn take_in(&mut self, message: Message, terminal: &mut Terminal) -> bool {
        log(&message);
        if matches!(message, Message::Input(Input::Resized(_))) {
            // The terminal shows nothing of what was on it.
            self.picture = None;
        }
        let mut leaving = false;
        for effect in self.model.update(message, clock::now()) {
            leaving |= self.carry_out(effect, terminal);
        }
        self.backends.set_up(&self.model);
        leaving
    }

    /// Does what the model wants of the world; returns whether it wants to leave.
    fn carry_out(&mut self, effect: Effect, terminal: &mut Terminal) -> bool {
        match effect {
            Effect::Quit => return true,
            Effect::Copy(text) => {
                if let Err(error) = terminal.copy(&text) {
                    self.fail(Trouble::new("nothing was copied").caused_by(&error.to_string()), terminal);
                }
            }
            Effect::SetMouse(on) => terminal.set_mouse(on),
            Effect::Redraw => {
                self.picture = None;
                terminal.redraw();
            }
            Effect::Suspend => {
                if !terminal.suspend() {
                    self.fail(
                        Trouble::new("there is no shell that could continue noctui: it was not stopped"),
                        terminal,
                    );
                }
            }
            Effect::Run(errand) => match errand.room {
                Room::Terminal => self.errand = Some(errand),
                Room::Beside => self.backends.threads().run_errand(errand, self.returned.0.clone()),
            },
            Effect::AfterFrame(request) => self.after_frame.push(request),
            request @ (Effect::Maintenance(_) | Effect::CloudVision(_) | Effect::Lab(_) | Effect::Console(_)) => {
                self.backends.ask(request);
            }
        }
        false
    }

    /// Shows what did not work.
    fn fail(&mut self, trouble: Trouble, terminal: &mut Terminal) {
        let message = Message::Failed(trouble);
        log(&message);
        for effect in self.model.update(message, clock::now()) {
            self.carry_out(effect, terminal);
        }
    }

    /// The configuration file was read again: it is taken over, or the old one stays and the mistake is shown.
    fn reconfigured(&mut self, read: Result<Config, Problems>, logging: &Logging) -> Message {
        let settings = read.and_then(|config| {
            settings(&config, &self.terminal_environment).map(|settings| (config, settings)).map_err(Problems)
        });
        match settings {
            Ok((config, settings)) => {
                logging.set(&config.log);
                self.backends.reconfigure(&config);
                self.config = config;
                Message::Reconfigured(Box::new(settings))
            }
            Err(Problems(problems)) => {
                let first =
                    problems.first().map_or_else(|| Trouble::new("the configuration"), crate::config::Problem::trouble);
                Message::ConfigurationRefused(first)
            }
        }
    }
}

/// Whatever goes wrong stands in the log, too.
fn log(message: &Message) {
    if let Some(trouble) = message.trouble() {
        tracing::warn!("{}", trouble.one_line());
    }
}

/// Draws the model; false while the terminal has not taken the last frame.
fn draw(model: &Model, terminal: &mut Terminal) -> bool {
    terminal.draw(|buffer| view::draw(model, buffer))
}

/// What the screen needs of the configuration, or all that is wrong with its key map.
fn settings(config: &Config, environment: &TerminalEnvironment) -> Result<Settings, Vec<crate::config::Problem>> {
    let depth = environment.colour_depth(config.color);
    let (mut settings, problems) = Settings::new(config, depth, environment.is_utf8());
    settings.surroundings = Surroundings::read(|name| std::env::var_os(name));
    if environment.is_multiplexed() {
        settings.consoles.without_pixels();
    }
    if let Some(unread) = &settings.unread_zone {
        tracing::warn!(TZ = %unread, "the zone of the shell is not understood; the one of this machine is taken");
    }
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

/// When a wall-clock time comes, on the runtime's clock.
fn instant_of(at: chrono::DateTime<chrono::Utc>) -> Instant {
    let ahead = (at - clock::now()).to_std().unwrap_or_default();
    Instant::now() + ahead.max(Duration::from_millis(1))
}

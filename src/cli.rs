//! Arguments. Each feature brings its own subcommands.

use std::borrow::Cow;
use std::error::Error;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use crate::config::{self, Config, Environment, Flags, Level, Problem, Problems, When};
use crate::features::{self, cloudvision, console, lab, maintenance};
use crate::store::Restored;
use crate::trouble::{Remedy, Trouble};
use crate::{app, clock, demo, logging, output, runtime, store, text};

/// What `--help` says below the flags.
const VARIABLES: &str = "\
Variables, each weaker than its flag and stronger than the configuration file:
  NOCTUI_CONFIG NOCTUI_DATA_DIR NOCTUI_CONTEXT NOCTUI_READ_ONLY NOCTUI_COLOR NOCTUI_ASCII NOCTUI_LOG
  and without a flag NOCTUI_STATE_DIR NOCTUI_CACHE_DIR NOCTUI_THEME NOCTUI_TIME_ZONE NOCTUI_MOUSE NOCTUI_WHO
  NOCTUI_CLOUDVISION_TOKEN NOCTUI_NAUTOBOT_TOKEN NOCTUI_LAB_TOKEN NOCTUI_CONSOLE_TOKEN NOCTUI_CONSOLE_KEY

Exit codes: 0 done, 1 the check that was asked for says no, 2 noctui could not do it or was asked wrongly.";

/// What was typed.
#[derive(Debug, Parser)]
#[command(name = "noctui", version, about, long_about = None, after_help = VARIABLES)]
struct Cli {
    /// What holds for every subcommand.
    #[command(flatten)]
    global: Global,
    /// What to do; the screen when absent.
    #[command(subcommand)]
    command: Option<Command>,
}

/// What was typed where no subcommand was.
#[derive(Debug, Parser)]
#[command(name = "noctui", disable_help_flag = true, disable_version_flag = true)]
struct Screen {
    /// What holds everywhere.
    #[command(flatten)]
    global: Global,
}

impl Cli {
    /// What was typed, or what clap answers: that it cannot be understood, or help.
    ///
    /// The screen is what is started most, and stays for days. The parser of all subcommands would take memory there that
    /// is never used again, so it is only built where this one does not understand.
    fn of_this_process() -> clap::error::Result<Self> {
        match Screen::try_parse() {
            Ok(screen) => Ok(Self { global: screen.global, command: None }),
            Err(_) => Self::try_parse(),
        }
    }
}

/// Prints what clap answers.
fn answered(answer: &clap::Error) -> anyhow::Result<ExitCode> {
    match answer.print().and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(output::unwritable(error).into()),
        Ok(()) | Err(_) => Ok(u8::try_from(answer.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)),
    }
}

/// The flags that stand before or behind any subcommand.
#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
struct Global {
    /// Read this configuration file.
    #[arg(long, global = true, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Keep notifications, acknowledgements and notes in this folder.
    #[arg(long, global = true, value_name = "PATH")]
    data_dir: Option<PathBuf>,
    /// Start in this context of the configuration.
    #[arg(long, global = true, value_name = "NAME")]
    context: Option<String>,
    /// Refuse every write to a backend.
    #[arg(long, global = true)]
    read_only: bool,
    /// Use colour.
    #[arg(long, global = true, value_name = "WHEN", value_parser = words(When::ALL, When::as_str))]
    color: Option<When>,
    /// Draw with ASCII glyphs only.
    #[arg(long, global = true)]
    ascii: bool,
    /// Log lines down to this importance.
    #[arg(long, global = true, value_name = "LEVEL", value_parser = words(Level::ALL, Level::as_str))]
    log_level: Option<Level>,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
enum Command {
    /// Circuit maintenances: parse, import, list, acknowledge, export.
    #[command(subcommand)]
    Maintenance(maintenance::cli::Command),
    /// Provider rules: list, show, try, draft.
    #[command(subcommand)]
    Provider(maintenance::cli::provider::Command),
    /// Sources of notifications: list, check, read now, pause, resume.
    #[command(subcommand)]
    Source(maintenance::cli::source::Command),
    /// Nautobot: check the connection, read and write without a screen.
    #[command(subcommand)]
    Nautobot(maintenance::cli::nautobot::Command),
    /// What is to be written to Nautobot: list, send again, take out.
    #[command(subcommand)]
    Outbox(maintenance::cli::outbox::Command),
    /// Deploy configurations to CloudVision, up to a change control that waits for approval.
    Deploy(Box<cloudvision::cli::deploy::Args>),
    /// Change controls of CloudVision: list, show, approve, start, stop.
    Change(Box<cloudvision::cli::change::Args>),
    /// Workspaces of CloudVision: list, show, abandon.
    #[command(subcommand)]
    Workspace(cloudvision::cli::workspace::Command),
    /// Devices of CloudVision's inventory.
    #[command(subcommand)]
    Device(cloudvision::cli::workspace::DeviceCommand),
    /// Port forwards into labs: list, add, remove, connect, check, save, restore.
    #[command(subcommand)]
    Lab(lab::cli::Command),
    /// List what was asked of CloudVision from here, by whom, and what came of it; the newest first.
    Audit(cloudvision::cli::audit::Args),
    /// Consoles of virtual machines.
    #[command(subcommand, after_help = console::cli::READ_ONLY)]
    Console(console::cli::Command),
    /// Definitions of machines for CernVM clients (VMCP): sign, verify, fetch, serve.
    #[command(subcommand)]
    Vmcp(console::cli::vmcp::Command),
    /// Show noctui on a mailbox of realistic notifications; needs no configuration and leaves nothing behind.
    Demo(demo::cli::Arguments),
    /// Read the sources and follow the backends without a screen, until ctrl-c or SIGTERM; what changes is said on standard
    /// error.
    Serve,
    /// The configuration: where it is, a first one, its mistakes.
    #[command(subcommand)]
    Config(config::cli::Command),
    /// Copy the database, in use or not, into a new file.
    Backup {
        /// The file to make; it must not exist.
        file: PathBuf,
    },
    /// Put a backup back in the place of the database, which is kept in another file; noctui may go on running.
    Restore {
        /// A file that `noctui backup` made.
        file: PathBuf,
    },
    /// Print the completion script for a shell.
    ///
    /// For bash: noctui completions bash > ~/.local/share/bash-completion/completions/noctui
    Completions {
        /// The shell that shall complete.
        shell: Shell,
    },
}

/// The command line as it is understood, for what describes it: completions and documentation.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs what the command line asks for.
#[must_use]
pub fn main() -> ExitCode {
    crate::blocking::keep_caught_panics_quiet();
    let done = Cli::of_this_process().map_or_else(|answer| answered(&answer), run);
    done.unwrap_or_else(|error| {
        complain(&error);
        ExitCode::from(output::EXIT_FAILED)
    })
}

/// Does what was typed.
fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let flags = cli.global.flags();
    match cli.command {
        None => screen(flags, Environment::of_this_process(), None),
        Some(Command::Demo(arguments)) => demo(&arguments, &flags),
        Some(Command::Maintenance(command)) => maintenance::cli::run(command, &flags),
        Some(Command::Provider(command)) => maintenance::cli::provider::run(&command, &flags),
        Some(Command::Source(command)) => maintenance::cli::source::run(&command, &flags),
        Some(Command::Nautobot(command)) => maintenance::cli::nautobot::run(&command, &flags),
        Some(Command::Outbox(command)) => maintenance::cli::outbox::run(command, &flags),
        Some(Command::Deploy(args)) => cloudvision::cli::deploy::run(&args, &flags),
        Some(Command::Change(args)) => cloudvision::cli::change::run(&args, &flags),
        Some(Command::Workspace(command)) => cloudvision::cli::workspace::run(&command, &flags),
        Some(Command::Device(command)) => cloudvision::cli::workspace::run_device(&command, &flags),
        Some(Command::Lab(command)) => lab::cli::run(command, &flags),
        Some(Command::Audit(args)) => cloudvision::cli::audit::run(&args, &flags),
        Some(Command::Console(command)) => console::cli::run(&command, &flags),
        Some(Command::Vmcp(command)) => console::cli::vmcp::run(&command, &flags),
        Some(Command::Serve) => serve(&flags, &Environment::of_this_process()),
        Some(Command::Config(command)) => config::cli::run(&command, &flags, problems),
        Some(Command::Backup { file }) => backup(&flags, &file),
        Some(Command::Restore { file }) => restore(&flags, &file),
        Some(Command::Completions { shell }) => completions(shell),
    }
}

/// What is wrong with a configuration and only those can see who use it: keys and themes, provider rules; and what should be
/// known and is no mistake.
fn problems(config: &Config) -> (Vec<Problem>, Vec<Problem>) {
    let mut problems = app::problems(config);
    problems.extend(maintenance::rule_problems(config));
    (problems, maintenance::rule_warnings(config))
}

impl Global {
    /// The flags as the configuration takes them.
    fn flags(self) -> Flags {
        Flags {
            config: self.config,
            data_dir: self.data_dir,
            state_dir: None,
            cache_dir: None,
            context: self.context,
            read_only: self.read_only,
            color: self.color,
            ascii: self.ascii,
            log_level: self.log_level,
        }
    }
}

/// A parser for one of a few words, which the help then lists.
fn words<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    word: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(|value| word(*value)))
        .try_map(move |typed| all.iter().copied().find(|value| word(*value) == typed).ok_or("not one of the words"))
}

/// The screen, with something that runs beside it.
fn screen(flags: Flags, environment: Environment, companion: Option<runtime::Companion>) -> anyhow::Result<ExitCode> {
    let config = config::load(&flags, &environment)?;
    let logging = logging::start(&config.log, &config.paths.log);
    tracing::info!(version = env!("CARGO_PKG_VERSION"), pid = std::process::id(), "the screen opens");
    let done = runtime::run(config, flags, environment, &logging, companion);
    tracing::info!(pid = std::process::id(), "the screen is closed");
    logging.flush();
    done
}

/// `noctui serve`
fn serve(flags: &Flags, environment: &Environment) -> anyhow::Result<ExitCode> {
    let config = config::load_without_screen(flags, environment)?;
    let logging = logging::start(&config.log, &config.paths.log);
    tracing::info!(version = env!("CARGO_PKG_VERSION"), pid = std::process::id(), "serving begins");
    let done = runtime::serve(config, flags, environment, &logging);
    tracing::info!(pid = std::process::id(), "serving has ended");
    logging.flush();
    done
}

/// `noctui demo`
fn demo(arguments: &demo::cli::Arguments, flags: &Flags) -> anyhow::Result<ExitCode> {
    let now = clock::now();
    if let Some([address, line]) = arguments.gateway_shell.as_deref() {
        return demo::cli::hand_over(address, line);
    }
    let is_named = [
        ("--config", arguments.config.is_some() || flags.config.is_some()),
        ("--context", arguments.context.is_some() || flags.context.is_some()),
    ];
    if let Some((flag, _)) = is_named.into_iter().find(|(_, is_named)| *is_named) {
        let trouble = Trouble::new(&format!("the demo does not take {flag}"))
            .caused_by("it writes a configuration of its own, for the simulated backends, without contexts")
            .to_do(&format!("leave {flag} out, or demo: noctui {flag} opens what you have configured"));
        return Err(trouble.into());
    }
    let mut demo = demo::cli::Demo::make(arguments, flags.data_dir.as_deref(), now)?;
    if arguments.prepare.is_some() {
        output::print(&demo.directions())?;
        return Ok(ExitCode::SUCCESS);
    }
    let backends = demo.start_backends(arguments, now)?;
    if arguments.backends_only {
        backends.serve(&demo.prepared.folder)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Flags { read_only, color, ascii, log_level, .. } = *flags;
    let flags = Flags { read_only, color, ascii, log_level, ..demo.prepared.flags() };
    if let Some(scale) = arguments.scale {
        demo.fill(scale, arguments.seed, now)?;
    }
    let schedule = demo.take_schedule();
    let companion: Option<runtime::Companion> =
        (!arguments.still).then(|| Box::new(move |stop| demo::deliver_beside(schedule, stop)) as runtime::Companion);
    // The tokens of the user's own backends are not for the simulated ones, and none of the user's contexts is the demo's.
    let environment = Environment::of_this_process().without(config::CONTEXT_VARIABLE);
    let environment = environment.without(config::TOKEN_VARIABLE).without(config::NAUTOBOT_TOKEN_VARIABLE);
    screen(flags, environment, companion)
}

/// `noctui backup`
fn backup(flags: &Flags, file: &Path) -> anyhow::Result<ExitCode> {
    let config = config::load_without_screen(flags, &Environment::of_this_process())?;
    if file.as_os_str() == "-" {
        let trouble = Trouble::new("a backup is not written to standard output")
            .caused_by("the copy is checked as a whole before it gets its name")
            .to_do("name a new file; one that is called - is ./-");
        return Err(trouble.into());
    }
    let version = store::backup(&config.paths.data, file)?;
    let bytes = file.metadata().context("look at the backup")?.len();
    output::print(&format!("wrote {}, {bytes} bytes\n", text::clean_line(&file.to_string_lossy())))?;
    let known = features::MIGRATIONS.len();
    if usize::try_from(version).is_ok_and(|version| version > known) {
        let newer = format!("the database has version {version}, this noctui knows up to {known}");
        let trouble = Trouble::new(&newer).to_do("the copy is whole; keep a noctui with it that can read it");
        output::complain(&format!("noctui: {trouble}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// `noctui restore`
fn restore(flags: &Flags, file: &Path) -> anyhow::Result<ExitCode> {
    let config = config::load_without_screen(flags, &Environment::of_this_process())?;
    let restored = features::restore(&config.paths.data, file, clock::now())?;
    let shown = |path: &Path| text::clean_line(&path.to_string_lossy());
    let before = match restored {
        Restored::New => String::new(),
        Restored::Kept(path) => format!("; what was there is kept in {}", shown(&path)),
        Restored::Aside(path) => format!("; what was there cannot be read and stands aside as {}", shown(&path)),
    };
    output::print(&format!("put back {}{before}\n", shown(file)))?;
    Ok(ExitCode::SUCCESS)
}

/// `noctui completions`
fn completions(shell: Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "noctui", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}

/// Says what went wrong on standard error, in its three parts.
fn complain(error: &anyhow::Error) {
    if let Some(Problems(problems)) = error.downcast_ref() {
        for problem in problems {
            output::complain(&format!("noctui: {}", problem.trouble()));
        }
    } else if let Some(trouble) = error.downcast_ref::<Trouble>() {
        output::complain(&format!("noctui: {trouble}"));
    } else {
        output::complain(&format!("noctui: {}", Trouble::from_chain(error.as_ref(), remedy_of)));
    }
}

/// The remedy of an error whose type is known here; one line a feature.
fn remedy_of(error: &(dyn Error + 'static)) -> Option<Cow<'static, str>> {
    let own = || error.downcast_ref::<Trouble>().and_then(Trouble::remedy).map(|remedy| remedy.to_owned().into());
    let store = || error.downcast_ref::<store::Error>().map(Remedy::remedy);
    let demo = || error.downcast_ref::<demo::Error>().map(Remedy::remedy);
    own().or_else(store).or_else(demo)
}

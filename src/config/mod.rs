//! Settings that are final: validated, absolute, with every default in place. Past [`load`] no code meets a setting
//! that was not checked.
//!
//! `file.rs` is the file as written, `value.rs` how each value is written, `resolve.rs` makes the [`Config`] in force
//! out of flags, environment, file and defaults. `config.example.toml` documents every setting.

mod certificate;
pub(crate) mod cli;
mod cloudvision;
mod console;
mod environment;
mod expected;
mod file;
mod lab;
mod nautobot;
mod oauth;
mod paths;
mod problem;
mod reader;
mod resolve;
mod secret;
mod shell_zone;
mod source;
#[cfg(test)]
mod tests;
mod themes;
mod value;
mod watch;
mod web;

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::key::Key;
use crate::regular;
pub use cloudvision::{CloudVision, Deploy};
pub use console::{Access, CONSOLE_KEY_VARIABLE, CONSOLE_TOKEN_VARIABLE, ConsoleCluster, ConsoleProxy, Vmcp};
pub use environment::Environment;
pub use expected::Expected;
pub use lab::{Connect, Lab, LabToken};
pub use nautobot::Nautobot;
pub use oauth::OAuth;
pub use paths::{Paths, create_private_dir};
pub(crate) use problem::nearest;
pub use problem::{At, Origin, Problem, Problems};
pub use resolve::{CONTEXT_VARIABLE, LAB_TOKEN_VARIABLE, NAUTOBOT_TOKEN_VARIABLE, TOKEN_VARIABLE};
pub use source::{Imap, Login, Proof, Source, SourceFrom, Wanted};
pub use themes::{BUILT_IN_THEMES, ThemeFile};
pub use value::{
    After, Auth, BadEndpoint, BadEscapeKey, BadMachineName, BadPattern, BadProxyUrl, BadUrl, Colour, Endpoint,
    EscapeKey, Filling, GatewayShell, Grant, Kind, Level, MachineName, MailTls, Pattern, Pictures, Program, Provider,
    ProxyUrl, SshPlace, TagFilter, Template, Tmux, Url, When, Zone,
};
pub(crate) use value::{Piece, pieces};
pub use watch::{Unwatched, Watch};
pub use web::{Service, WebMail};

/// `config.example.toml`: every setting with its default, in words.
pub const EXAMPLE: &str = include_str!("../../config.example.toml");

/// The configuration in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The name of the theme to start with: one of [`BUILT_IN_THEMES`] or of [`Config::themes`].
    pub theme: String,
    /// The user's own themes, by name. Whether they are sound is for those to say who draw with them.
    pub themes: Vec<ThemeFile>,
    /// The zone in which times are shown at first; `None` where nobody names one, so that what was last chosen on the
    /// screen counts.
    pub time_zone: Option<Zone>,
    /// The zone that `TZ` names, which is the local one before the machine's own; `None` where it names none.
    pub shell_zone: Option<chrono_tz::Tz>,
    /// What `TZ` says, where no zone of that name or with those rules is known.
    pub shell_zone_unread: Option<String>,
    /// Whether the terminal's mouse is taken over.
    pub mouse: bool,
    /// Whether to draw in colour. `Auto` leaves it to `NO_COLOR` and the terminal.
    pub color: When,
    /// Whether to keep to ASCII glyphs. `Auto` leaves it to the locale and the terminal.
    pub ascii: When,
    /// What makes noctui as a whole refuse writes to backends; see [`Config::refuses_writes`].
    pub read_only: Option<ReadOnly>,
    /// Who acknowledges and notes: one line of at most 40 characters.
    pub who: String,
    /// The context to start in; `None` where none is configured.
    pub context: Option<Context>,
    /// Every context, in the order of the file.
    pub contexts: Vec<Context>,
    /// Files and folders.
    pub paths: Paths,
    /// Circuit maintenances.
    pub maintenance: Maintenance,
    /// Commands by name and the keys they shall have instead of their own, possibly none, with the place for messages
    /// about them. Whether such commands exist is for the command table to say.
    pub keys: Vec<(String, At<Vec<Key>>)>,
    /// The log file.
    pub log: Log,
    /// The CloudVision instances, in the order of the file.
    pub cloudvision: Vec<CloudVision>,
    /// The deploy targets, in the order of the file.
    pub deploys: Vec<Deploy>,
    /// The Nautobot that maintenances are shared with.
    pub nautobot: Option<Nautobot>,
    /// The labs whose gateways forward ports, in the order of the file.
    pub labs: Vec<Lab>,
    /// How forwards are used.
    pub connect: Connect,
    /// The cluster whose machines and their consoles are shown.
    pub console: Option<ConsoleCluster>,
    /// The websocket proxies in front of consoles, in the order of the file.
    pub console_proxies: Vec<ConsoleProxy>,
    /// How screens are drawn that are pictures.
    pub console_pictures: Pictures,
    /// The key that leaves a console.
    pub console_escape: EscapeKey,
    /// Definitions of machines that are signed here.
    pub vmcp: Vmcp,
}

/// A set of backends and what is at stake there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Shown in the header; unique.
    pub name: String,
    /// How carefully to treat it.
    pub kind: Kind,
    /// Whether writes to its backends are refused.
    pub read_only: bool,
    /// The name of the [`CloudVision`] it works with, if it says so; it exists.
    pub cloudvision: Option<String>,
    /// The name of the [`Lab`] it works with, if it says so; it exists.
    pub lab: Option<String>,
}

/// What made noctui read-only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadOnly {
    /// `--read-only`
    Flag,
    /// `NOCTUI_READ_ONLY`
    Variable,
    /// `read_only = true` at the top of the file.
    File,
}

/// Settings of circuit maintenances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maintenance {
    /// Of a notification larger than this only the beginning is kept. Parsing sees all of it.
    pub raw_size_limit_bytes: u64,
    /// How long what is over is kept.
    pub retention: Retention,
    /// The user's provider rules; the folder need not exist.
    pub providers_dir: PathBuf,
    /// The user's own circuits, if there is a file of them.
    pub circuits: Option<PathBuf>,
    /// Where notifications come from, in the order of the file.
    pub sources: Vec<Source>,
}

/// Ages in days after which something is forgotten; `None` keeps it for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Maintenances, from the day they were over.
    pub past_days: Option<u32>,
    /// Notifications that speak of no maintenance, from the day they were received.
    pub notification_days: Option<u32>,
    /// The bytes of notifications, from the day they were received.
    pub raw_days: Option<u32>,
}

/// Settings of the log file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The least important line that is logged.
    pub level: Level,
    /// A file that has grown past this is put aside.
    pub max_size_bytes: u64,
    /// How many files there are at most, the current one included.
    pub files: u32,
}

/// What the command line says about settings.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--data-dir`
    pub data_dir: Option<PathBuf>,
    /// Instead of the usual state folder, for a caller that wants one of its own.
    pub state_dir: Option<PathBuf>,
    /// Instead of the usual cache folder, for a caller that wants one of its own.
    pub cache_dir: Option<PathBuf>,
    /// `--context`
    pub context: Option<String>,
    /// `--read-only`
    pub read_only: bool,
    /// `--color`
    pub color: Option<When>,
    /// `--ascii`
    pub ascii: bool,
    /// `--log-level`
    pub log_level: Option<Level>,
}

impl Config {
    /// Why writes to backends are refused while `context` is active; `None` when they are not.
    #[must_use]
    pub fn refuses_writes(&self, context: Option<&Context>) -> Option<String> {
        match (self.read_only, context) {
            (Some(ReadOnly::Flag), _) => Some("noctui was started with --read-only".to_owned()),
            (Some(ReadOnly::Variable), _) => Some("NOCTUI_READ_ONLY is set".to_owned()),
            (Some(ReadOnly::File), _) => Some("the configuration says read_only = true".to_owned()),
            (None, Some(context)) if context.read_only => {
                Some(format!("context {} has read_only = true", context.name))
            }
            (None, _) => None,
        }
    }

    /// Whether what is done to a backend of this kind is done in production: whoever works in a production context has that
    /// meant for all of it.
    #[must_use]
    pub fn is_production(&self, kind: Option<Kind>) -> bool {
        let context = self.context.as_ref().map(|context| context.kind);
        [kind, context].contains(&Some(Kind::Production))
    }

    /// The instance called `name`.
    #[must_use]
    pub fn cloudvision_named(&self, name: &str) -> Option<&CloudVision> {
        self.cloudvision.iter().find(|instance| instance.name == name)
    }

    /// The instance that `context` works with: the one it names, else the only one. Several instances and a context that
    /// names none leave it open: nobody is sent to production by the order of a file.
    #[must_use]
    pub fn cloudvision_of(&self, context: Option<&Context>) -> Option<&CloudVision> {
        match (context.and_then(|context| context.cloudvision.as_deref()), self.cloudvision.as_slice()) {
            (Some(name), _) => self.cloudvision_named(name),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    /// The lab called `name`.
    #[must_use]
    pub fn lab_named(&self, name: &str) -> Option<&Lab> {
        self.labs.iter().find(|lab| lab.name == name)
    }

    /// The lab that `context` works with: the one it names, else the only one.
    #[must_use]
    pub fn lab_of(&self, context: Option<&Context>) -> Option<&Lab> {
        match (context.and_then(|context| context.lab.as_deref()), self.labs.as_slice()) {
            (Some(name), _) => self.lab_named(name),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    /// Why writes to `lab` are refused while `context` is active; `None` when they are not.
    #[must_use]
    pub fn refuses_writes_to_lab(&self, lab: &Lab, context: Option<&Context>) -> Option<String> {
        let own = || lab.read_only.then(|| format!("lab {} has read_only = true", lab.name));
        self.refuses_writes(context).or_else(own)
    }

    /// Why nothing is started or stopped in the cluster while `context` is active; `None` where it may be.
    #[must_use]
    pub fn refuses_writes_to_cluster(
        &self,
        cluster: Option<&ConsoleCluster>,
        context: Option<&Context>,
    ) -> Option<String> {
        let is_own = cluster.is_some_and(|cluster| cluster.read_only);
        self.refuses_writes(context).or_else(|| is_own.then(|| "[console] has read_only = true".to_owned()))
    }

    /// The names of the instances to which writes are refused now or in some context: nothing is written to them of its own
    /// accord.
    #[must_use]
    pub fn hands_off(&self) -> Vec<String> {
        let contexts = || std::iter::once(None).chain(self.contexts.iter().map(Some));
        let is_refused = |instance: &&CloudVision| contexts().any(|it| self.refuses_writes_to(instance, it).is_some());
        self.cloudvision.iter().filter(is_refused).map(|instance| instance.name.clone()).collect()
    }

    /// Why writes to `instance` are refused while `context` is active; `None` when they are not.
    #[must_use]
    pub fn refuses_writes_to(&self, instance: &CloudVision, context: Option<&Context>) -> Option<String> {
        let own = || instance.read_only.then(|| format!("CloudVision {} has read_only = true", instance.name));
        self.refuses_writes(context).or_else(own)
    }
}

/// Everything there is to know about a configuration, sound or not.
#[derive(Debug)]
pub struct Inspection {
    /// The configuration, with the default wherever something is wrong.
    pub config: Config,
    /// What is wrong; empty for a sound configuration.
    pub problems: Vec<Problem>,
    /// What should be known and is no mistake.
    pub warnings: Vec<Problem>,
    /// Whether there is a file. Without one everything has its default.
    pub found: Found,
    /// The settings the file leaves at their default, as dotted names.
    pub unset: Vec<String>,
    /// What should be there when it is needed. Nothing has looked.
    pub expected: Vec<Expected>,
}

/// What was found where the configuration file should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing, and nobody asked for that very file.
    Nothing,
    /// A text.
    Text,
    /// Something that cannot be read, or nothing although somebody asked for it.
    Unreadable,
}

/// Reads the configuration; the error has everything that is wrong with it.
pub fn load(flags: &Flags, environment: &Environment) -> Result<Config, Problems> {
    let Inspection { config, problems, .. } = inspect(flags, environment);
    if problems.is_empty() { Ok(config) } else { Err(Problems(problems)) }
}

/// Reads the configuration for what draws nothing: a theme that cannot be had is warned of and stops nothing else.
pub fn load_without_screen(flags: &Flags, environment: &Environment) -> Result<Config, Problems> {
    let Inspection { config, problems, .. } = inspect(flags, environment);
    let themes = config.paths.themes_dir();
    let (of_looks, problems): (Vec<Problem>, Vec<Problem>) =
        problems.into_iter().partition(|problem| problem.is_about_a_theme(&themes));
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    for problem in of_looks {
        crate::output::complain(&format!("noctui: warning: {}", problem.trouble().one_line()));
    }
    Ok(config)
}

/// Whether there is a file at `path` that says anything, be it a remark.
fn says_something(path: &Path) -> bool {
    let mut text = Vec::new();
    let read = regular::open(path).and_then(|mut file| file.read_to_end(&mut text));
    read.is_ok() && !text.trim_ascii().is_empty()
}

/// Reads the configuration for those who want to know what is wrong with it.
#[must_use]
pub fn inspect(flags: &Flags, environment: &Environment) -> Inspection {
    let mut problems = Vec::new();
    let (path, asked_for) = resolve::locate(flags, environment).unwrap_or_else(|| {
        problems.push(resolve::no_home());
        (std::env::temp_dir().join("noctui/config.toml"), None)
    });
    let path: Arc<Path> = path.into();
    let (text, found) = match File::open(&path).and_then(read_text) {
        Ok(text) => (text, Found::Text),
        Err(error) if error.kind() == ErrorKind::NotFound && asked_for.is_none() => (String::new(), Found::Nothing),
        Err(error) => {
            problems.push(unreadable(&path, asked_for, &error));
            (String::new(), Found::Unreadable)
        }
    };
    let reading = file::read(&path, &text);
    let (themes, unread) = themes::read(&paths::themes_dir(&path));
    let resolve::Resolved { config, problems: wrong, warnings, expected } =
        resolve::resolve(flags, environment, reading.file, themes, &path);
    problems.extend(reading.problems);
    problems.extend(unread);
    problems.extend(wrong);
    problems.sort_by(|a, b| a.origin.cmp(&b.origin));
    // A missing home folder is noticed for each folder.
    problems.dedup();
    Inspection { config, problems, warnings, found, unset: reading.unset, expected }
}

/// The text of an open file.
fn read_text(file: File) -> io::Result<String> {
    /// Far above any configuration; a mail box given by mistake is not read into memory.
    const LARGEST_BYTES: u64 = 256 << 10;
    let mut bytes = Vec::new();
    file.take(LARGEST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_BYTES {
        return Err(io::Error::other("it is larger than 256 KiB"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = good.filter(|byte| **byte == b'\n').count() + 1;
        io::Error::new(ErrorKind::InvalidData, format!("line {line} is not UTF-8 text"))
    })
}

/// The file is there but cannot be read, or is not there although somebody asked for it.
fn unreadable(path: &Arc<Path>, asked_for: Option<Origin>, error: &io::Error) -> Problem {
    let origin = asked_for.unwrap_or(Origin::File { path: Arc::clone(path), line: 0, column: 0 });
    let kind = error.kind();
    let (because, remedy) = if kind == ErrorKind::NotFound {
        ("there is no such file".to_owned(), "correct the path, or make the file with `noctui config init`")
    } else if kind == ErrorKind::PermissionDenied {
        ("you may not read it".to_owned(), "change its owner or permissions")
    } else if kind == ErrorKind::InvalidData {
        (error.to_string(), "save it as UTF-8")
    } else {
        (error.to_string(), "name a readable TOML file")
    };
    Problem {
        origin,
        key: String::new(),
        what: format!("cannot read {}", path.display()),
        because,
        remedy: remedy.to_owned(),
    }
}

//! From what was written to what is in force: flags over environment over file over defaults.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cloudvision::Instances;
use super::environment::Environment;
use super::file::{ContextSection, File, LogSection, MaintenanceSection};
use super::paths::{self, Paths};
use super::problem::{At, Origin, Problem, either, nearest};
use super::themes::{BUILT_IN_THEMES, ThemeFile};
use super::value::{Days, Keep, Kind, Level, Name, Pictures, Setting, Size, When, WrittenPath};
use super::{Config, Context, Expected, Flags, Log, Maintenance, ReadOnly, Retention};
use crate::text::clean_line;

/// The variable with the token of every CloudVision, whatever the file says.
pub const TOKEN_VARIABLE: &str = "NOCTUI_CLOUDVISION_TOKEN";
/// The variable with the token of a lab for which the file names no other place.
pub const LAB_TOKEN_VARIABLE: &str = "NOCTUI_LAB_TOKEN";
/// The variable with the token of Nautobot, whatever the file says.
pub const NAUTOBOT_TOKEN_VARIABLE: &str = "NOCTUI_NAUTOBOT_TOKEN";
/// The variable with the context to start in.
pub const CONTEXT_VARIABLE: &str = "NOCTUI_CONTEXT";
/// The variable with the token of a websocket proxy.
pub(super) const CONSOLE_TOKEN: &str = "NOCTUI_CONSOLE_TOKEN";
/// The variable with the key that signs the tokens of a websocket proxy.
pub(super) const CONSOLE_KEY: &str = "NOCTUI_CONSOLE_KEY";

/// What came of all layers.
pub(super) struct Resolved {
    /// With the default wherever something is wrong.
    pub(super) config: Config,
    /// What is wrong.
    pub(super) problems: Vec<Problem>,
    /// What should be known and is no mistake.
    pub(super) warnings: Vec<Problem>,
    /// The files that are named.
    pub(super) expected: Vec<Expected>,
}

/// Turns the layers into the configuration in force, with everything that is wrong with them and the files that it expects.
/// Where something is wrong the configuration has the default.
pub(super) fn resolve(
    flags: &Flags,
    environment: &Environment,
    file: File,
    themes: Vec<ThemeFile>,
    path: &Arc<Path>,
) -> Resolved {
    let mut layers =
        Layers { flags, environment, path, problems: Vec::new(), warnings: Vec::new(), expected: Vec::new() };
    let (cloudvision, instances) = layers.cloudvisions(file.cloudvisions);
    let named: Vec<String> =
        file.labs.iter().filter_map(|lab| lab.name.as_ref()).map(|name| name.value.0.clone()).collect();
    let labs = layers.labs(file.labs);
    let mut console_section = file.console;
    let console = layers.console_cluster(&mut console_section);
    let contexts = layers.contexts(file.contexts, &instances, &named);
    let paths = layers.paths(file.data_dir);
    let config = Config {
        theme: layers.theme(file.theme, &themes),
        themes,
        time_zone: layers.variable("NOCTUI_TIME_ZONE").or(value(file.time_zone)),
        shell_zone: shell_zone(environment).unwrap_or_default(),
        shell_zone_unread: shell_zone(environment).err(),
        mouse: layers.variable("NOCTUI_MOUSE").or(value(file.mouse)).unwrap_or(true),
        color: layers.over(flags.color, "NOCTUI_COLOR", file.color, When::Auto),
        ascii: layers.over(flags.ascii.then_some(When::Always), "NOCTUI_ASCII", file.ascii, When::Auto),
        read_only: layers.read_only(file.read_only.is_some_and(|at| at.value)),
        who: layers.who(file.who),
        context: layers.active_context(file.default_context, &contexts),
        contexts,
        maintenance: layers.maintenance(file.maintenance, &paths.data),
        paths,
        keys: file.keys,
        log: layers.log(&file.log),
        cloudvision,
        deploys: layers.deploys(file.deploys, &instances),
        nautobot: file.nautobot.and_then(|section| layers.nautobot(section)),
        labs,
        connect: layers.connect(file.connect),
        console,
        console_pictures: value(console_section.pictures).unwrap_or(Pictures::Cells),
        console_escape: value(console_section.escape).unwrap_or_default(),
        console_proxies: layers.console_proxies(console_section.proxies),
        vmcp: layers.vmcp(file.vmcp, path),
    };
    Resolved { config, problems: layers.problems, warnings: layers.warnings, expected: layers.expected }
}

/// What was written, without its place.
pub(super) fn value<T>(at: Option<At<T>>) -> Option<T> {
    at.map(|at| at.value)
}

/// What settings are resolved from, and what was wrong so far.
pub(super) struct Layers<'a> {
    /// The command line.
    flags: &'a Flags,
    /// Variables and home folder.
    environment: &'a Environment,
    /// The configuration file, whether it exists or not.
    path: &'a Arc<Path>,
    /// What is wrong.
    pub(super) problems: Vec<Problem>,
    /// What should be known and is no mistake.
    pub(super) warnings: Vec<Problem>,
    /// The files that are named.
    expected: Vec<Expected>,
}

impl Layers<'_> {
    /// The first layer that says something.
    fn over<T: Setting>(&mut self, flag: Option<T>, variable: &'static str, written: Option<At<T>>, default: T) -> T {
        // Read even when a flag is stronger: what is wrong is wrong.
        let named = self.variable(variable);
        flag.or(named).or(value(written)).unwrap_or(default)
    }

    /// What the variable `name` says; `None` when it is unset or wrong.
    fn variable<T: Setting>(&mut self, name: &'static str) -> Option<T> {
        let written = self.environment.variable(name)?;
        let read = written.to_str().and_then(T::from_text);
        if read.is_none() {
            let written = written.to_string_lossy();
            let meant = nearest(&written, T::WORDS.iter().copied());
            self.problems.push(Problem {
                origin: Origin::Variable(name),
                key: String::new(),
                what: format!("it cannot be \"{written}\""),
                because: format!("it takes {}", T::takes()),
                remedy: meant.map_or_else(|| format!("correct or unset {name}"), |word| format!("set {name}={word}")),
            });
        }
        read
    }

    /// Notes that the file says something that cannot be.
    pub(super) fn refuse(&mut self, origin: &Origin, key: &str, written: &dyn Display, because: String, remedy: &str) {
        self.problems.push(Problem {
            origin: origin.clone(),
            key: key.to_owned(),
            what: format!("`{key}` cannot be {written}"),
            because,
            remedy: remedy.to_owned(),
        });
    }

    /// What is written when it is within bounds, else the default.
    pub(super) fn within<T>(&mut self, key: &str, written: Option<At<T>>, (least, most): (T, T), default: T) -> T
    where
        T: PartialOrd + Display + Copy,
    {
        let Some(At { value, origin }) = written else { return default };
        if (least..=most).contains(&value) {
            return value;
        }
        self.refuse(&origin, key, &value, format!("it takes {least} to {most}"), "write a value within these bounds");
        default
    }

    /// The name of the theme to start with; the default where there is none of the name that is written.
    fn theme(&mut self, written: Option<At<Name>>, files: &[ThemeFile]) -> String {
        let written = written.map(|At { value, origin }| (value.0, origin));
        let named = self.variable::<Name>("NOCTUI_THEME").map(|name| (name.0, Origin::Variable("NOCTUI_THEME")));
        let known = || BUILT_IN_THEMES.into_iter().chain(files.iter().map(|file| file.name.as_str()));
        // The stronger one last. What is wrong is wrong, also where something stronger is right.
        let mut theme = BUILT_IN_THEMES[0].to_owned();
        for (wanted, origin) in [written, named].into_iter().flatten() {
            if known().any(|name| name == wanted) {
                theme = wanted;
                continue;
            }
            let file = paths::themes_dir(self.path).join(format!("{wanted}.toml"));
            self.problems.push(Problem {
                origin,
                key: "theme".to_owned(),
                what: format!("there is no theme \"{wanted}\""),
                because: format!("the themes are {}", either(known()).replace(" or ", " and ")),
                remedy: match nearest(&wanted, known().collect::<Vec<_>>()) {
                    Some(name) => format!("write \"{name}\""),
                    None => format!("write one of these, or make {}", file.display()),
                },
            });
        }
        theme
    }

    /// Who or what keeps noctui from writing to backends. Any layer can; none can undo another's.
    fn read_only(&mut self, in_file: bool) -> Option<ReadOnly> {
        let by_variable = self.variable("NOCTUI_READ_ONLY").unwrap_or(false);
        match (self.flags.read_only, by_variable, in_file) {
            (true, _, _) => Some(ReadOnly::Flag),
            (_, true, _) => Some(ReadOnly::Variable),
            (_, _, true) => Some(ReadOnly::File),
            (false, false, false) => None,
        }
    }

    /// Who acknowledges and notes.
    fn who(&mut self, written: Option<At<Name>>) -> String {
        if let Some(Name(who)) = self.variable("NOCTUI_WHO").or(value(written)) {
            return who;
        }
        clean_line(&self.environment.who()).chars().take(Name::LONGEST).collect()
    }

    /// Every context with a name of its own.
    fn contexts(&mut self, sections: Vec<ContextSection>, instances: &Instances, labs: &[String]) -> Vec<Context> {
        let mut contexts: Vec<Context> = Vec::new();
        for section in sections {
            let cloudvision =
                section.cloudvision.and_then(|written| self.instance("context.cloudvision", written, instances));
            let lab = section.lab.and_then(|written| self.lab_named("context.lab", written, labs));
            let Some(name) = section.name else { continue };
            if contexts.iter().any(|context| context.name == name.value.0) {
                self.taken("context.name", &name);
                continue;
            }
            contexts.push(Context {
                name: name.value.0,
                // Unsaid, the careful one.
                kind: value(section.kind).unwrap_or(Kind::Production),
                read_only: value(section.read_only).unwrap_or(false),
                cloudvision,
                lab,
            });
        }
        contexts
    }

    /// Notes that a name is another's.
    pub(super) fn taken(&mut self, key: &str, name: &At<Name>) {
        let because = "another section has that name".to_owned();
        self.refuse(&name.origin, key, &format!("\"{}\"", name.value.0), because, "give each its own name");
    }

    /// Whether a section has a name that none before it has, which is noted otherwise, whatever else is wrong with the section.
    pub(super) fn is_new(&mut self, key: &str, name: Option<&At<Name>>, seen: &mut Vec<String>) -> bool {
        let Some(name) = name else { return true };
        let is_new = !seen.contains(&name.value.0);
        if is_new {
            seen.push(name.value.0.clone());
        } else {
            self.taken(key, name);
        }
        is_new
    }

    /// The context noctui starts in: the one asked for, else the first.
    fn active_context(&mut self, written: Option<At<Name>>, contexts: &[Context]) -> Option<Context> {
        let flag = self.flags.context.clone().map(|name| (name, Origin::Flag("--context")));
        let named = self.variable::<Name>(CONTEXT_VARIABLE).map(|name| (name.0, Origin::Variable(CONTEXT_VARIABLE)));
        let written = written.map(|at| (at.value.0, at.origin));
        let Some((wanted, origin)) = flag.or(named).or(written) else { return contexts.first().cloned() };
        let found = contexts.iter().find(|context| context.name == wanted).cloned();
        if found.is_none() {
            let known = || contexts.iter().map(|context| context.name.as_str());
            let because = if contexts.is_empty() {
                format!("{} names no context", self.path.display())
            } else {
                format!("the contexts are {}", either(known()).replace(" or ", " and "))
            };
            let remedy = match nearest(&wanted, known()) {
                Some(name) => format!("write \"{name}\""),
                None => format!("name another, or add [[context]] with name = \"{wanted}\""),
            };
            self.problems.push(Problem {
                origin,
                key: "default_context".to_owned(),
                what: format!("there is no context \"{wanted}\""),
                because,
                remedy,
            });
        }
        found
    }

    /// The files and folders in use.
    fn paths(&mut self, data_dir: Option<At<WrittenPath>>) -> Paths {
        let data = self.folder(self.flags.data_dir.clone(), "NOCTUI_DATA_DIR");
        let written = data_dir.and_then(|written| self.written_path("data_dir", &written));
        let data = data.or(written).unwrap_or_else(|| self.base("XDG_DATA_HOME", ".local/share"));
        let state = self.folder(self.flags.state_dir.clone(), "NOCTUI_STATE_DIR");
        let state = state.unwrap_or_else(|| self.base("XDG_STATE_HOME", ".local/state"));
        let cache = self.folder(self.flags.cache_dir.clone(), "NOCTUI_CACHE_DIR");
        let cache = cache.unwrap_or_else(|| self.base("XDG_CACHE_HOME", ".cache"));
        let below = self.environment.home().and_then(|home| self.path.strip_prefix(home).ok());
        let shown = below.map_or_else(|| self.path.display().to_string(), |rest| format!("~/{}", rest.display()));
        Paths { config: self.path.to_path_buf(), log: state.join("noctui.log"), data, state, cache, shown }
    }

    /// The folder that a flag or else a variable names.
    fn folder(&self, flag: Option<PathBuf>, variable: &str) -> Option<PathBuf> {
        let named = flag.or_else(|| self.environment.variable(variable).map(PathBuf::from))?;
        Some(typed_path(&named, self.environment))
    }

    /// noctui's own folder below an XDG base folder.
    fn base(&mut self, variable: &'static str, fallback: &str) -> PathBuf {
        paths::base(self.environment, variable, fallback).unwrap_or_else(|| {
            self.problems.push(no_home());
            std::env::temp_dir().join("noctui")
        })
    }

    /// A path from the file; a relative one is meant from the file's folder.
    fn written_path(&mut self, key: &str, written: &At<WrittenPath>) -> Option<PathBuf> {
        let text = &written.value.0;
        match paths::expand(text, self.environment) {
            Ok(path) => Some(self.path.parent().unwrap_or(Path::new("/")).join(path)),
            Err(because) => {
                let remedy = "write the path out, or set what it needs";
                self.refuse(&written.origin, key, &format!("\"{text}\""), because, remedy);
                None
            }
        }
    }

    /// A path from the file where something should be; a secret should be private.
    pub(super) fn expected_path(
        &mut self,
        key: &'static str,
        written: &At<WrittenPath>,
        secret: bool,
    ) -> Option<PathBuf> {
        let path = self.written_path(key, written)?;
        let (origin, at) = (written.origin.clone(), path.clone());
        self.expected.push(Expected { origin, key, path: at, secret, maildir: false });
        Some(path)
    }

    /// The same of a Maildir.
    pub(super) fn expected_maildir(&mut self, key: &'static str, written: &At<WrittenPath>) -> Option<PathBuf> {
        let path = self.expected_path(key, written, false)?;
        if let Some(expected) = self.expected.last_mut() {
            expected.maildir = true;
        }
        Some(path)
    }

    /// The home folder, if it is known.
    pub(super) fn home(&self) -> Option<&Path> {
        self.environment.home()
    }

    /// Whether a variable is set.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.environment.variable(name).is_some()
    }

    /// The variable that has the token of every CloudVision, if it is set.
    pub(super) fn token_variable(&self) -> Option<&'static str> {
        self.environment.variable(TOKEN_VARIABLE).map(|_| TOKEN_VARIABLE)
    }

    /// `[maintenance]`
    fn maintenance(&mut self, section: MaintenanceSection, data: &Path) -> Maintenance {
        let limits = (Size(8 << 10), Size(64 << 20));
        let size = self.within("maintenance.raw_size_limit", section.raw_size_limit, limits, Size(10 << 20));
        let retention = Retention {
            past_days: self.keep("maintenance.retention.past", section.past, 730),
            notification_days: self.keep("maintenance.retention.notifications", section.notifications, 365),
            raw_days: self.keep("maintenance.retention.raw", section.raw, 365),
        };
        let dir = section.providers_dir.and_then(|dir| self.written_path("maintenance.providers.dir", &dir));
        let circuits = section.circuits.and_then(|file| self.written_path("maintenance.circuits", &file));
        let default_dir = || self.path.parent().unwrap_or(Path::new("/")).join("providers");
        Maintenance {
            raw_size_limit_bytes: size.0,
            retention,
            providers_dir: dir.unwrap_or_else(default_dir),
            circuits,
            sources: self.sources(section.sources, data),
        }
    }

    /// How many days something is kept; `None` for ever.
    fn keep(&mut self, key: &str, written: Option<At<Keep>>, default: u32) -> Option<u32> {
        match written {
            Some(At { value: Keep::Forever, .. }) => None,
            Some(At { value: Keep::Days(days), origin }) => {
                Some(self.within(key, Some(At { value: days, origin }), (Days(7), Days(36_500)), Days(default)).0)
            }
            None => Some(default),
        }
    }

    /// `[log]`
    fn log(&mut self, section: &LogSection) -> Log {
        let limits = (Size(64 << 10), Size(1 << 30));
        Log {
            level: self.over(self.flags.log_level, "NOCTUI_LOG", section.level.clone(), Level::Info),
            max_size_bytes: self.within("log.max_size", section.max_size.clone(), limits, Size(4 << 20)).0,
            files: self.within("log.files", section.files.clone(), (1, 50), 4),
        }
    }
}

/// The zone that `TZ` names, or what it says where that names none.
fn shell_zone(environment: &Environment) -> Result<Option<chrono_tz::Tz>, String> {
    environment.variable("TZ").map_or(Ok(None), |written| super::shell_zone::read(&written.to_string_lossy()))
}

/// The configuration file to read, and who asked for that very file. `None` without a home folder to look into.
pub(super) fn locate(flags: &Flags, environment: &Environment) -> Option<(PathBuf, Option<Origin>)> {
    let flag = flags.config.clone().map(|path| (path, Origin::Flag("--config")));
    let variable = || Some((environment.variable("NOCTUI_CONFIG")?.into(), Origin::Variable("NOCTUI_CONFIG")));
    if let Some((path, origin)) = flag.or_else(variable) {
        return Some((typed_path(&path, environment), Some(origin)));
    }
    let dir = paths::base(environment, "XDG_CONFIG_HOME", ".config")?;
    Some((dir.join("config.toml"), None))
}

/// A path typed on the command line or into a variable, made absolute. Shells do not replace the `~` of
/// `--config=~/file`, nor does systemd.
fn typed_path(path: &Path, environment: &Environment) -> PathBuf {
    let from_home = path.strip_prefix("~").ok().and_then(|rest| Some(environment.home()?.join(rest)));
    let path = from_home.unwrap_or_else(|| path.to_path_buf());
    std::path::absolute(&path).unwrap_or(path)
}

/// Nowhere to put anything.
pub(super) fn no_home() -> Problem {
    Problem {
        origin: Origin::Variable("HOME"),
        key: String::new(),
        what: "your home folder is not known".to_owned(),
        because: "HOME is not set, and the system's user list names no folder".to_owned(),
        remedy: "set HOME, or NOCTUI_CONFIG, NOCTUI_DATA_DIR, NOCTUI_STATE_DIR and NOCTUI_CACHE_DIR".to_owned(),
    }
}

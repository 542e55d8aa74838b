//! `noctui config …`

use std::borrow::Cow;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use serde::Serialize;

use super::{
    Config, EXAMPLE, Environment, Expected, Flags, Found, Inspection, Problem, Problems, create_private_dir, inspect,
};
use crate::output;
use crate::trouble::{Remedy, Trouble};

/// The subcommands of `noctui config`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the files and folders in use, whether they exist or not.
    Path {
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Write a configuration file with every setting, explained. Nothing is overwritten.
    Init,
    /// Find every mistake in the configuration; exit with 1 when there is one.
    Check {
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// Runs one of them. `further` finds the mistakes that only those can see who use a setting: keys of no command, themes
/// and provider rules that cannot be used.
pub(crate) fn run(
    command: &Command,
    flags: &Flags,
    further: impl FnOnce(&Config) -> (Vec<Problem>, Vec<Problem>),
) -> anyhow::Result<ExitCode> {
    let mut inspection = inspect(flags, &Environment::of_this_process());
    let (problems, warnings) = further(&inspection.config);
    inspection.problems.extend(problems);
    inspection.warnings.extend(warnings);
    inspection.problems.sort_by(|a, b| a.origin.cmp(&b.origin));
    match command {
        Command::Path { json } => path(inspection, *json),
        Command::Init => init(&inspection.config.paths.config),
        Command::Check { json } => check(&inspection, *json),
    }
}

/// `noctui config path`
fn path(inspection: Inspection, json: bool) -> anyhow::Result<ExitCode> {
    let Inspection { config, problems, .. } = inspection;
    let paths = &config.paths;
    let themes = paths.themes_dir();
    let named: [(&str, &Path); 7] = [
        ("config", &paths.config),
        ("themes", &themes),
        ("providers", &config.maintenance.providers_dir),
        ("data", &paths.data),
        ("state", &paths.state),
        ("cache", &paths.cache),
        ("log", &paths.log),
    ];
    if json {
        let object: serde_json::Map<String, serde_json::Value> =
            named.iter().map(|(name, path)| ((*name).to_owned(), path.to_string_lossy().into())).collect();
        output::print_json(&object)?;
    } else {
        let lines: Vec<String> = named.iter().map(|(name, path)| format!("{name:<10} {}\n", path.display())).collect();
        output::print(&lines.concat())?;
    }
    if !problems.is_empty() {
        output::complain(&format!("noctui: {}: see `noctui config check`", Problems(problems)));
    }
    Ok(ExitCode::SUCCESS)
}

/// Why there is no new configuration file.
#[derive(Debug, thiserror::Error)]
enum InitError {
    /// Something is there.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// The system refuses.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file, or the folder it should be in.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Remedy for InitError {
    fn remedy(&self) -> Cow<'static, str> {
        match self {
            Self::Exists(_) => "edit it, or name another file with --config; init overwrites nothing".into(),
            Self::Write { .. } => "make the folder writable, or name another file with --config".into(),
        }
    }
}

/// `noctui config init`
fn init(path: &Path) -> anyhow::Result<ExitCode> {
    write_example(path).map_err(|error| Trouble::of(&error))?;
    output::print(&format!("wrote {}\n", path.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the example to `path`, which must not exist, and makes the folders above it.
fn write_example(path: &Path) -> Result<(), InitError> {
    let dir = path.parent().unwrap_or(Path::new("/"));
    create_private_dir(dir).map_err(|source| InitError::Write { path: dir.to_owned(), source })?;
    let created = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = created.and_then(|mut file| {
        // Half a file would be refused as there already the next time.
        file.write_all(EXAMPLE.as_bytes()).inspect_err(|_| drop(std::fs::remove_file(path)))
    });
    written.map_err(|source| {
        let path = path.to_owned();
        if source.kind() == ErrorKind::AlreadyExists {
            InitError::Exists(path)
        } else {
            InitError::Write { path, source }
        }
    })
}

/// What `noctui config check --json` prints.
#[derive(Serialize)]
struct Checked<'i> {
    /// The configuration file.
    file: Cow<'i, str>,
    /// Whether it exists; without one everything has its default.
    exists: bool,
    /// What is wrong; empty for a sound configuration.
    problems: &'i [Problem],
    /// What should be known and is no mistake.
    warnings: &'i [Problem],
    /// The settings it leaves at their default, as dotted names.
    defaults: &'i [String],
}

/// `noctui config check`
fn check(inspection: &Inspection, json: bool) -> anyhow::Result<ExitCode> {
    let file = &inspection.config.paths.config;
    let of_files = inspection.expected.iter().filter_map(Expected::warning);
    let warnings: Vec<Problem> = inspection.warnings.iter().cloned().chain(of_files).collect();
    if json {
        output::print_json(&Checked {
            file: file.to_string_lossy(),
            exists: inspection.found != Found::Nothing,
            problems: &inspection.problems,
            warnings: &warnings,
            defaults: &inspection.unset,
        })
        .context("print the result")?;
    } else {
        output::print(&verdict(inspection, &warnings))?;
    }
    Ok(match (inspection.found, inspection.problems.as_slice()) {
        (Found::Unreadable, _) => output::EXIT_FAILED.into(),
        (Found::Nothing | Found::Text, []) => ExitCode::SUCCESS,
        (Found::Nothing | Found::Text, _) => output::EXIT_NO.into(),
    })
}

/// What `noctui config check` prints without `--json`.
fn verdict(inspection: &Inspection, warnings: &[Problem]) -> String {
    let file = inspection.config.paths.config.display();
    let all = inspection.problems.iter().chain(warnings);
    let told: Vec<String> = all.map(|problem| format!("{}\n\n", problem.trouble())).collect();
    let end = match (inspection.problems.len(), inspection.found) {
        (0, Found::Nothing) => format!("there is no {file}: every setting has its default\n"),
        (0, Found::Text | Found::Unreadable) => format!("{file} has no mistake\n"),
        (1, _) => "1 problem\n".to_owned(),
        (problems, _) => format!("{problems} problems\n"),
    };
    told.concat() + &end
}

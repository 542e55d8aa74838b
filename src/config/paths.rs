//! Which files and folders are noctui's, after the XDG Base Directory Specification 0.8 on every system.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::environment::Environment;

/// The files and folders in use. None of them need exist yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Paths {
    /// The configuration file.
    pub config: PathBuf,
    /// What was received, acknowledged and noted: the folder to back up.
    pub data: PathBuf,
    /// What may be lost without harm but is nice to have: log and saved view.
    pub state: PathBuf,
    /// What can be made anew.
    pub cache: PathBuf,
    /// The log file; older ones have `.1`, `.2` … behind their name.
    pub log: PathBuf,
    /// The configuration file as people write it: below the home folder with `~`.
    #[serde(skip)]
    pub shown: String,
}

impl Paths {
    /// The folder of the configuration file, where the user's provider rules are looked for.
    #[must_use]
    pub fn config_dir(&self) -> &Path {
        self.config.parent().unwrap_or(Path::new("/"))
    }

    /// The user's own themes; the folder need not exist.
    #[must_use]
    pub fn themes_dir(&self) -> PathBuf {
        themes_dir(&self.config)
    }

    /// The saved view state.
    #[must_use]
    pub fn view(&self) -> PathBuf {
        self.state.join("view.json")
    }
}

/// The folder of themes that belongs to a configuration file.
pub(super) fn themes_dir(config: &Path) -> PathBuf {
    config.parent().unwrap_or(Path::new("/")).join("themes")
}

/// noctui's folder below the base folder that `variable` names, or below `fallback` in the home folder. `None` without
/// a home folder.
pub(super) fn base(environment: &Environment, variable: &str, fallback: &str) -> Option<PathBuf> {
    let named = environment.variable(variable).map(PathBuf::from);
    // "If an implementation encounters a relative path it should consider the path invalid and ignore it."
    let base = named.filter(|path| path.is_absolute()).or_else(|| Some(environment.home()?.join(fallback)))?;
    Some(base.join("noctui"))
}

/// Replaces a `~` in front and every `$NAME` and `${NAME}`. The error is why that cannot be done.
pub(super) fn expand(written: &str, environment: &Environment) -> Result<PathBuf, String> {
    let mut expanded = String::new();
    let mut rest = written;
    if let Some(after) = written.strip_prefix('~') {
        if !after.is_empty() && !after.starts_with('/') {
            return Err("only your own home folder can be written as ~".to_owned());
        }
        let home = environment.home().ok_or("there is no home folder: HOME is not set")?;
        expanded.push_str(home.to_str().ok_or("the home folder's name is not UTF-8")?);
        rest = after;
    }
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        let (name, behind) = variable_name(after).ok_or("a $ stands without the name of a variable")?;
        let value = environment.variable(name).ok_or_else(|| format!("the variable {name} is not set"))?;
        expanded.push_str(value.to_str().ok_or_else(|| format!("the value of {name} is not UTF-8"))?);
        rest = behind;
    }
    expanded.push_str(rest);
    Ok(PathBuf::from(expanded))
}

/// Splits `NAME…` or `{NAME}…` into the name and what follows.
fn variable_name(text: &str) -> Option<(&str, &str)> {
    if let Some(braced) = text.strip_prefix('{') {
        return braced.split_once('}').filter(|(name, _)| !name.is_empty());
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    text.split_at_checked(end).filter(|(name, _)| !name.is_empty())
}

/// Makes `dir` and what is missing above it, for the user alone (0700). An existing folder stays as it is.
pub fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anna() -> Environment {
        Environment::of([("HOME", "/home/anna"), ("SITE", "emea"), ("EMPTY", "")])
    }

    #[test]
    fn home_and_variables_are_replaced() {
        let expand = |text| expand(text, &anna()).unwrap();
        assert_eq!(expand("~"), Path::new("/home/anna"));
        assert_eq!(expand("~/mail"), Path::new("/home/anna/mail"));
        assert_eq!(expand("$HOME/mail/$SITE"), Path::new("/home/anna/mail/emea"));
        assert_eq!(expand("/srv/${SITE}2/~x"), Path::new("/srv/emea2/~x"));
    }

    #[test]
    fn what_cannot_be_replaced_is_said() {
        let expand = |text| expand(text, &anna()).unwrap_err();
        assert_eq!(expand("~bob/mail"), "only your own home folder can be written as ~");
        assert_eq!(expand("$EMPTY/mail"), "the variable EMPTY is not set");
        assert_eq!(expand("/cost/5$"), "a $ stands without the name of a variable");
        assert_eq!(expand("/a/${HOME"), "a $ stands without the name of a variable");
    }

    #[test]
    fn a_relative_xdg_folder_is_ignored() {
        let environment = Environment::of([("HOME", "/home/anna"), ("XDG_STATE_HOME", "state")]);
        let state = base(&environment, "XDG_STATE_HOME", ".local/state");
        assert_eq!(state.as_deref(), Some(Path::new("/home/anna/.local/state/noctui")));
    }

    #[test]
    fn new_folders_are_for_the_user_alone() {
        use std::os::unix::fs::PermissionsExt;

        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("a/b");
        create_private_dir(&deep).unwrap();
        assert_eq!(deep.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(deep.parent().unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }
}

//! What surrounds the program: variables and the user's home. A value, so that resolving is a function of its inputs.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The environment variables and the home folder.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// The variables, unread ones included: a path in the file may name any.
    variables: BTreeMap<OsString, OsString>,
    /// The user's home folder; `None` where the system knows none.
    home: Option<PathBuf>,
}

impl Environment {
    /// The environment of this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        // `directories` asks the password file when $HOME is unset. Its own idea of the other folders is not used: on
        // macOS it differs from the ~/.config that users of terminal programs look into.
        let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_path_buf());
        Self { variables: std::env::vars_os().collect(), home }
    }

    /// An environment of these variables alone; `HOME` is the home folder.
    #[must_use]
    pub fn of<'v>(variables: impl IntoIterator<Item = (&'v str, &'v str)>) -> Self {
        let variables: BTreeMap<OsString, OsString> =
            variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let home = variables.get(&OsString::from("HOME")).map(PathBuf::from);
        Self { variables, home }
    }

    /// The value of `name`; an empty one counts as unset.
    pub(super) fn variable(&self, name: &str) -> Option<&OsString> {
        self.variables.get(&OsString::from(name)).filter(|value| !value.is_empty())
    }

    /// The user's home folder.
    pub(super) fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }
}

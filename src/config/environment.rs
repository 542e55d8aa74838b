//! What surrounds the program: variables and the user's home. A value, so that resolving is a function of its inputs.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User, getuid};

/// The environment variables and the home folder.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// The variables, unread ones included: a path in the file may name any.
    variables: BTreeMap<OsString, OsString>,
    /// The user's home folder; `None` where the system knows none.
    home: Option<PathBuf>,
    /// Who runs this process, as the system knows it; empty where a variable says it.
    account: String,
}

/// The variables that name the person, strongest first. Behind sudo on a jump host `USER` is the account, `SUDO_USER` the
/// person.
const LOGIN: [&str; 3] = ["SUDO_USER", "USER", "LOGNAME"];

impl Environment {
    /// The environment of this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        // `directories` asks the password file when $HOME is unset. Its own idea of the other folders is not used: on
        // macOS it differs from the ~/.config that users of terminal programs look into.
        let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_path_buf());
        let mut this = Self { variables: std::env::vars_os().collect(), home, account: String::new() };
        // Not asked without need: where accounts live in a directory on the network, it may take a while.
        if this.login().is_none() {
            this.account = name_of(getuid());
        }
        this
    }

    /// An environment of these variables alone; `HOME` is the home folder.
    #[must_use]
    pub fn of<'v>(variables: impl IntoIterator<Item = (&'v str, &'v str)>) -> Self {
        let variables: BTreeMap<OsString, OsString> =
            variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let home = variables.get(&OsString::from("HOME")).map(PathBuf::from);
        Self { variables, home, account: "uid 1000".to_owned() }
    }

    /// The same environment without this variable.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.variables.remove(&OsString::from(name));
        self
    }

    /// The value of `name`; an empty one counts as unset.
    pub(super) fn variable(&self, name: &str) -> Option<&OsString> {
        self.variables.get(&OsString::from(name)).filter(|value| !value.is_empty())
    }

    /// Who is logged in: by the variables, else by the system's list of accounts, else by number. `sh -c 'env -i …'`, cron
    /// and containers have no variable.
    pub(super) fn who(&self) -> String {
        self.login().map_or_else(|| self.account.clone(), |login| login.to_string_lossy().into_owned())
    }

    /// Who is logged in, by the variables.
    fn login(&self) -> Option<&OsString> {
        LOGIN.iter().find_map(|name| self.variable(name))
    }

    /// The user's home folder.
    pub(super) fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }
}

/// The name of this account, or its number where the system has no name for it.
fn name_of(account: Uid) -> String {
    match User::from_uid(account) {
        Ok(Some(user)) if !user.name.is_empty() => user.name,
        Ok(_) | Err(_) => format!("uid {account}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_without_a_name_is_told_by_its_number() {
        assert_eq!(name_of(Uid::from_raw(0)), "root");
        assert_eq!(name_of(Uid::from_raw(3_999_999_999)), "uid 3999999999");
    }
}

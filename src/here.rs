//! How this machine is reached by SSH from where its user sits: for the lines that bring a port there.

use std::ffi::OsString;

use crate::config::SshPlace;

/// The port of SSH where nothing else is said.
const SSH_PORT: u16 = 22;
/// The variables that name the person, strongest first: behind sudo `USER` is another account.
const LOGIN: [&str; 3] = ["SUDO_USER", "USER", "LOGNAME"];

/// A login, a host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Here {
    /// Who logs in here; empty where nobody knows.
    pub(crate) user: String,
    /// This machine as seen from there.
    pub(crate) host: String,
    /// Where its SSH server listens.
    pub(crate) port: u16,
}

impl Default for Here {
    fn default() -> Self {
        Self { user: String::new(), host: "THIS-HOST".to_owned(), port: SSH_PORT }
    }
}

impl Here {
    /// What this process knows of it: from the SSH session that it runs in, else by the names of the machine and the account.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let text =
            |name: &str| variable(name).and_then(|value| value.into_string().ok()).filter(|text| !text.is_empty());
        // CLIENT PORT SERVER PORT (sshd(8), ENVIRONMENT).
        let session = text("SSH_CONNECTION").and_then(|told| {
            let mut words = told.split(' ').skip(2);
            let host = words.next().filter(|host| !host.is_empty())?.to_owned();
            Some((host, words.next().and_then(|port| port.parse().ok()).unwrap_or(SSH_PORT)))
        });
        let (host, port) = session.unwrap_or_else(|| (host_name().unwrap_or(Self::default().host), SSH_PORT));
        let user = LOGIN.iter().find_map(|name| text(name)).or_else(account).unwrap_or_default();
        Self { user, host, port }
    }

    /// The same where the configuration says something else of it.
    pub(crate) fn or(self, written: Option<&SshPlace>) -> Self {
        let Some(SshPlace { user, host, port }) = written else { return self };
        Self { user: user.clone().unwrap_or(self.user), host: host.clone(), port: port.unwrap_or(SSH_PORT) }
    }

    /// The options of `ssh` that it takes: none, or its port.
    pub(crate) fn options(&self) -> Vec<String> {
        if self.port == SSH_PORT { vec![] } else { vec!["-p".to_owned(), self.port.to_string()] }
    }

    /// What `ssh` is told to log in to: `anna@203.0.113.5`.
    pub(crate) fn login(&self) -> String {
        if self.user.is_empty() { self.host.clone() } else { format!("{}@{}", self.user, self.host) }
    }
}

/// The name that this machine gives itself.
fn host_name() -> Option<String> {
    let name = nix::unistd::gethostname().ok()?.into_string().ok()?;
    is_word(&name).then_some(name)
}

/// The name of this account, where the system has one: cron and containers set no variable.
fn account() -> Option<String> {
    let user = nix::unistd::User::from_uid(nix::unistd::getuid()).ok()??;
    is_word(&user.name).then_some(user.name)
}

/// Whether it reads as one word.
fn is_word(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_says_how_it_came_here_and_the_configuration_knows_better() {
        let variable = |name: &str| match name {
            "SSH_CONNECTION" => Some("198.51.100.7 50022 203.0.113.5 2222".into()),
            "USER" => Some("anna".into()),
            _ => None,
        };
        let here = Here::read(variable);
        assert_eq!((here.options().join(" "), here.login()), ("-p 2222".to_owned(), "anna@203.0.113.5".to_owned()));
        let written = |text: &str| text.parse::<SshPlace>().ok();
        let jump = here.clone().or(written("ines@jump.example").as_ref());
        assert_eq!((jump.options(), jump.login()), (vec![], "ines@jump.example".to_owned()));
        let jump = here.or(written("jump.example:2200").as_ref());
        assert_eq!((jump.options().join(" "), jump.login()), ("-p 2200".to_owned(), "anna@jump.example".to_owned()));
    }

    #[test]
    fn without_variables_the_account_is_named() {
        let here = Here::read(|_| None);
        assert!(!here.user.is_empty() && !here.host.is_empty() && here.login().contains('@'), "{here:?}");
    }
}

//! `[[lab]]`: the labs whose gateways forward ports, and `[connect]`: the programs that use forwards.

use std::path::PathBuf;
use std::time::Duration;

use super::certificate;
use super::file::{ConnectSection, LabSection};
use super::problem::{At, Origin, Problem, either, nearest};
use super::resolve::{LAB_TOKEN_VARIABLE, Layers, value};
use super::secret::Keys;
use super::value::{GatewayShell, Kind, Name, Program, Span, SshPlace, Tmux, Url};
use crate::secret::SecretFrom;
use crate::tls::Trust;

/// A lab: a gateway with its service for port forwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lab {
    /// Shown wherever it could be mistaken for another; unique.
    pub name: String,
    /// The front server's address, or the gateway's own.
    pub url: Url,
    /// Where its token comes from. It is fetched when it is needed.
    pub token: LabToken,
    /// The gateway's host as seen from here, where it is not the address that the gateway tells.
    pub gateway: Option<String>,
    /// What runs a line in the gateway's shell; `None` where nothing does from here.
    pub gateway_shell: Option<GatewayShell>,
    /// Whether the health check is read.
    pub health_check: bool,
    /// Whose certificates are trusted.
    pub trust: Trust,
    /// How carefully to treat it.
    pub kind: Kind,
    /// Whether writes to it are refused.
    pub read_only: bool,
    /// Between two readings.
    pub refresh: Duration,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long an answer may take.
    pub call_timeout: Duration,
}

impl Lab {
    /// Those of its addresses on the way to which anybody can read along.
    pub fn open_ways(&self) -> impl Iterator<Item = &Url> {
        let login = if let LabToken::Login { url, .. } = &self.token { url.as_ref() } else { None };
        [Some(&self.url), login].into_iter().flatten().filter(|url| url.is_open())
    }
}

/// Where the token of a lab comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabToken {
    /// Somebody else puts it there.
    Kept(SecretFrom),
    /// From the file of vLab's own command line program.
    Vlab(PathBuf),
    /// The front server gives it for a name and a password.
    Login {
        /// The name.
        user: String,
        /// Where the password is kept.
        password: SecretFrom,
        /// The front server, where it is not [`Lab::url`].
        url: Option<Url>,
    },
}

/// How forwards are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connect {
    /// The program for a shell; `None` where noctui chooses, here and below.
    pub ssh: Option<Program>,
    /// For files, one command after the other.
    pub sftp: Option<Program>,
    /// For files that are named.
    pub scp: Option<Program>,
    /// For Windows desktops.
    pub rdp: Option<Program>,
    /// For web pages.
    pub https: Option<Program>,
    /// For screens.
    pub vnc: Option<Program>,
    /// For shells that are not encrypted.
    pub telnet: Option<Program>,
    /// Where those run that take over the terminal.
    pub tmux: Tmux,
    /// Whether a forward that was made for a connection is removed after it.
    pub remove_after: bool,
    /// How this machine is reached from where there is a display; `None` where the SSH session tells.
    pub here: Option<SshPlace>,
}

/// Where it is said how the certificate is checked.
const CERTIFICATE: certificate::Keys = certificate::Keys { ca_file: "lab.ca_file", fingerprint: "lab.fingerprint" };

/// Where the token may be kept.
pub(super) const TOKEN: Keys = Keys {
    what: "a token",
    variable: "lab.token_env",
    file: "lab.token_file",
    command: "lab.token_command",
    keyring: "lab.token_keyring",
    usual: Some("lab.token_env"),
};

/// Where the password may be kept.
pub(super) const PASSWORD: Keys = Keys {
    what: "a password",
    variable: "lab.password_env",
    file: "lab.password_file",
    command: "lab.password_command",
    keyring: "lab.password_keyring",
    usual: None,
};

impl Layers<'_> {
    /// Every lab with a name of its own and an address.
    pub(super) fn labs(&mut self, sections: Vec<LabSection>) -> Vec<Lab> {
        let (mut labs, mut seen) = (Vec::new(), Vec::new());
        for section in sections {
            let is_new = self.is_new("lab.name", section.name.as_ref(), &mut seen);
            let lab = self.lab(section);
            labs.extend(lab.filter(|_| is_new));
        }
        labs
    }

    /// One lab; `None` without name or address, which was noted.
    fn lab(&mut self, mut section: LabSection) -> Option<Lab> {
        let addresses = [("lab.url", &section.url), ("lab.login_url", &section.login_url)];
        for (key, url) in addresses.into_iter().filter_map(|(key, url)| Some((key, url.as_ref()?))) {
            if url.value.is_open() {
                self.warnings.push(Problem {
                    origin: url.origin.clone(),
                    key: key.to_owned(),
                    what: format!("warning: nothing is encrypted on the way to {}", url.value),
                    because: "whoever is on the way reads the token or the password".to_owned(),
                    remedy: "write https:// where the server speaks it".to_owned(),
                });
            }
        }
        let token = self.lab_token(&mut section);
        let trust = self.trust(&CERTIFICATE, section.certificate);
        let seconds = |seconds| Span(Duration::from_secs(seconds));
        let refresh = self.within("lab.refresh", section.refresh, (seconds(5), seconds(3600)), seconds(30));
        let connect =
            self.within("lab.connect_timeout", section.connect_timeout, (seconds(1), seconds(300)), seconds(10));
        let call = self.within("lab.call_timeout", section.call_timeout, (seconds(1), seconds(600)), seconds(60));
        let (name, url) = (section.name?, value(section.url)?);
        Some(Lab {
            name: name.value.0,
            url,
            token,
            gateway: value(section.gateway).map(|host| host.0),
            gateway_shell: value(section.gateway_shell),
            health_check: value(section.health_check).unwrap_or(true),
            trust,
            // Forwards are what a lab is for.
            kind: value(section.kind).unwrap_or(Kind::Lab),
            read_only: value(section.read_only).unwrap_or(false),
            refresh: refresh.0,
            connect_timeout: connect.0,
            call_timeout: call.0,
        })
    }

    /// Where the token comes from: one place.
    fn lab_token(&mut self, section: &mut LabSection) -> LabToken {
        let kept = self.secret(&TOKEN, std::mem::take(&mut section.token));
        let vlab = section.vlab_file.take().and_then(|file| {
            let path = self.expected_path("lab.vlab_file", &file, true)?;
            Some((LabToken::Vlab(path), file.origin))
        });
        let password = self.secret(&PASSWORD, std::mem::take(&mut section.password));
        let url = value(section.login_url.take());
        let login = match (section.user.take(), password) {
            (Some(user), Some((password, _))) => {
                Some((LabToken::Login { user: user.value.0, password, url }, user.origin))
            }
            (None, None) => None,
            (Some(user), None) => {
                self.lacks(&user.origin, "lab.user", "password_file", "logging in takes a password, too");
                None
            }
            (None, Some((_, origin))) => {
                self.lacks(&origin, "lab.user", "user", "logging in takes a name, too");
                None
            }
        };
        let kept = kept.map(|(token, origin)| (LabToken::Kept(token), origin));
        let mut places = [("token_*", kept), ("vlab_file", vlab), ("user", login)]
            .into_iter()
            .filter_map(|(key, place)| place.map(|(token, origin)| (key, token, origin)));
        let usual = || LabToken::Kept(SecretFrom::Variable(LAB_TOKEN_VARIABLE.to_owned()));
        let Some((first, token, _)) = places.next() else { return usual() };
        for (key, _, origin) in places {
            self.contradiction(&origin, &format!("lab.{key}"), first, "a token comes from one place");
        }
        if self.is_set(LAB_TOKEN_VARIABLE) { usual() } else { token }
    }

    /// Notes that a setting is of no use without another.
    fn lacks(&mut self, origin: &Origin, key: &str, missing: &str, because: &str) {
        self.problems.push(Problem {
            origin: origin.clone(),
            key: key.to_owned(),
            what: format!("`{missing}` is missing from [[lab]]"),
            because: because.to_owned(),
            remedy: format!("add `{missing} = …`, or another of user and password_env, _file, _command, _keyring"),
        });
    }

    /// `[connect]`
    pub(super) fn connect(&self, section: ConnectSection) -> Connect {
        let value_of = |program: Option<At<Program>>| value(program).map(|program| self.at_home(program));
        Connect {
            ssh: value_of(section.ssh),
            sftp: value_of(section.sftp),
            scp: value_of(section.scp),
            rdp: value_of(section.rdp),
            https: value_of(section.https),
            vnc: value_of(section.vnc),
            telnet: value_of(section.telnet),
            tmux: value(section.tmux).unwrap_or(Tmux::Window),
            remove_after: value(section.remove_after).unwrap_or(false),
            here: value(section.here),
        }
    }

    /// A program that is named below the home folder by `~`, with that written out: no shell does it. A line for the shell is the
    /// shell's.
    fn at_home(&self, program: Program) -> Program {
        let Program::Words(mut words) = program else { return program };
        let home = || self.home()?.to_str();
        if let Some(first) = words.first_mut()
            && let Some((below, home)) = first.strip_prefix("~/").map(str::to_owned).zip(home())
        {
            *first = format!("{home}/{below}");
        }
        Program::Words(words)
    }

    /// The name of a lab that is referred to; `None` where there is none of that name, which is noted.
    pub(super) fn lab_named(&mut self, key: &str, written: At<Name>, labs: &[String]) -> Option<String> {
        let At { value: Name(wanted), origin } = written;
        if labs.contains(&wanted) {
            return Some(wanted);
        }
        let known = || labs.iter().map(String::as_str);
        let (because, remedy) = if labs.is_empty() {
            ("there is no [[lab]]".to_owned(), format!("add [[lab]] with name = \"{wanted}\""))
        } else {
            let near = nearest(&wanted, known());
            let remedy = near.map_or_else(|| "name another".to_owned(), |name| format!("write \"{name}\""));
            (format!("their names are {}", either(known()).replace(" or ", " and ")), remedy)
        };
        let what = format!("there is no lab \"{wanted}\"");
        self.problems.push(Problem { origin, key: key.to_owned(), what, because, remedy });
        None
    }
}

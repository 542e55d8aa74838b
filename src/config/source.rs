//! `[[maintenance.source]]`: where notifications come from.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::certificate::{self, CertificateSection};
use super::oauth::{OAuth, OAuthSection, read_oauth};
use super::problem::{At, Origin, Problem};
use super::reader::Section;
use super::resolve::{Layers, value};
use super::secret::{self, SecretSection};
use super::value::{
    Account, Auth, Days, Endpoint, Folder, Header, Keep, List, MailServer, MailTls, Name, Sender, Size, SourceKind,
    Span, WrittenPath,
};
use super::web::{Service, WebMail, WebSection, read_web};
use crate::secret::SecretFrom;
use crate::tls::Trust;

/// A place where notifications arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Shown with its state; unique.
    pub name: String,
    /// What it is.
    pub from: SourceFrom,
}

/// The kinds of places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceFrom {
    /// A Maildir, watched.
    Maildir {
        /// The folder that holds `cur`, `new` and `tmp`.
        path: PathBuf,
    },
    /// Folders of a mailbox on an IMAP server.
    Imap(Box<Imap>),
    /// A mailbox that is read over HTTPS.
    Web(Box<WebMail>),
}

/// A mailbox on an IMAP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imap {
    /// The server.
    pub server: Endpoint,
    /// How the connection is protected. Without protection the server is this very machine.
    pub tls: MailTls,
    /// Whose certificates are trusted.
    pub trust: Trust,
    /// The account.
    pub user: String,
    /// How it is logged in to.
    pub login: Login,
    /// The folders that are read; at least one, none twice.
    pub folders: Vec<String>,
    /// Which mails of them.
    pub wanted: Wanted,
    /// The pause between two looks where the server does not tell of new mail.
    pub poll_every: Duration,
    /// Whether to let the server tell of new mail.
    pub idle: bool,
}

/// What proves who somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// What it is and how it is sent.
    pub auth: Auth,
    /// Where it comes from.
    pub proof: Proof,
}

/// Where a password or a token comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// It is kept somewhere, and fetched whenever it is needed.
    Kept(SecretFrom),
    /// noctui fetches tokens from whoever gives them.
    Fetched(Box<OAuth>),
}

/// Which mails of a mailbox are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// How far back the first look goes, in days; `None` reads everything.
    pub since_days: Option<u32>,
    /// Of a larger mail only the beginning is fetched.
    pub max_size_bytes: u64,
    /// The header that names the sender.
    pub sender_header: String,
    /// The senders, by address or by domain with its `@`, in small letters. Everybody where there is none.
    pub senders: Vec<String>,
}

/// The settings that say where a password is kept.
const PASSWORD: secret::Keys = secret::Keys {
    what: "a password",
    variable: "maintenance.source.password_env",
    file: "maintenance.source.password_file",
    command: "maintenance.source.password_command",
    keyring: "maintenance.source.password_keyring",
    usual: Some("maintenance.source.password_file"),
};
/// The settings that say which certificates are trusted.
const CERTIFICATE: certificate::Keys =
    certificate::Keys { ca_file: "maintenance.source.ca_file", fingerprint: "maintenance.source.fingerprint" };

/// The ports of IMAP with TLS and without, RFC 8314 §7.3.
const IMAP_PORTS: (u16, u16) = (993, 143);

/// One `[[maintenance.source]]`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SourceSection {
    /// Where it begins.
    origin: Origin,
    /// `name`, required
    name: Option<At<Name>>,
    /// What belongs to its kind; `None` where the kind is missing or unknown, which was reported.
    from: Option<From>,
}

/// What a source reads, by `kind`.
#[derive(Debug, PartialEq, Eq)]
enum From {
    /// `kind = "maildir"`
    Maildir {
        /// `path`, required
        path: Option<At<WrittenPath>>,
    },
    /// `kind = "imap"`
    Imap(Box<ImapSection>),
    /// `kind = "gmail"`, `kind = "microsoft"`
    Web(Box<WebSection>),
}

/// The settings of `kind = "imap"`. What it requires is `None` only where that was reported.
#[derive(Debug, PartialEq, Eq)]
struct ImapSection {
    /// `server`, required
    server: Option<At<MailServer>>,
    /// `user`, required
    user: Option<At<Account>>,
    /// `auth`
    auth: Option<At<Auth>>,
    /// `password_file`, `password_env`, `password_command`, `password_keyring`
    password: SecretSection,
    /// `tls`
    tls: Option<At<MailTls>>,
    /// `ca_file`, `fingerprint`
    certificate: CertificateSection,
    /// `folders`
    folders: Option<At<List<Folder>>>,
    /// `poll`
    poll: Option<At<Span>>,
    /// `idle`
    idle: Option<At<bool>>,
    /// Which mails.
    wanted: WantedSection,
    /// `[maintenance.source.oauth]`
    oauth: Option<OAuthSection>,
}

/// The settings that choose mails.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WantedSection {
    /// `since`
    since: Option<At<Keep>>,
    /// `max_size`
    max_size: Option<At<Size>>,
    /// `sender_header`
    sender_header: Option<At<Header>>,
    /// `senders`
    senders: Option<At<List<Sender>>>,
}

/// Reads one `[[maintenance.source]]`. Which settings it has depends on its kind.
pub(super) fn read_source(mut section: Section<'_, '_>) -> SourceSection {
    let origin = section.origin();
    let name = section.require("name");
    let kind = section.require::<SourceKind>("kind");
    let from = match kind.map(|kind| kind.value) {
        Some(SourceKind::Maildir) => Some(From::Maildir { path: section.require("path") }),
        Some(SourceKind::Imap) => Some(From::Imap(Box::new(read_imap(&mut section)))),
        Some(SourceKind::Gmail) => Some(From::Web(Box::new(read_web(Service::Gmail, &mut section)))),
        Some(SourceKind::Microsoft) => Some(From::Web(Box::new(read_web(Service::Microsoft, &mut section)))),
        // Without its kind nobody can tell which of the other settings are right.
        None => return SourceSection { origin, name, from: None },
    };
    section.finish();
    SourceSection { origin, name, from }
}

/// Reads what belongs to `kind = "imap"`.
fn read_imap(section: &mut Section<'_, '_>) -> ImapSection {
    ImapSection {
        server: section.require("server"),
        user: section.require("user"),
        auth: section.read("auth"),
        password: SecretSection::read(section, &PASSWORD),
        tls: section.read("tls"),
        certificate: CertificateSection::read_checked(section),
        folders: section.read("folders"),
        poll: section.read("poll"),
        idle: section.read("idle"),
        wanted: read_wanted(section),
        oauth: read_oauth(section.section("oauth")),
    }
}

/// Reads what chooses mails.
pub(super) fn read_wanted(section: &mut Section<'_, '_>) -> WantedSection {
    WantedSection {
        since: section.read("since"),
        max_size: section.read("max_size"),
        sender_header: section.read("sender_header"),
        senders: section.read("senders"),
    }
}

impl Layers<'_> {
    /// Every source with a name of its own and all it needs.
    pub(super) fn sources(&mut self, sections: Vec<SourceSection>, data: &Path) -> Vec<Source> {
        let mut sources: Vec<Source> = Vec::new();
        // Also of those that lack something: a name that is taken is told beside what is missing.
        let mut names: Vec<Name> = Vec::new();
        for SourceSection { origin, name, from } in sections {
            let from = match from {
                Some(From::Maildir { path }) => {
                    let path = path.and_then(|path| self.expected_maildir("maintenance.source.path", &path));
                    path.map(|path| SourceFrom::Maildir { path })
                }
                Some(From::Imap(section)) => {
                    let name = name.as_ref().map_or("", |at| at.value.0.as_str());
                    self.imap(&origin, name, data, *section).map(|imap| SourceFrom::Imap(Box::new(imap)))
                }
                Some(From::Web(section)) => {
                    let name = name.as_ref().map_or("", |at| at.value.0.as_str());
                    self.web(&origin, name, data, *section).map(|web| SourceFrom::Web(Box::new(web)))
                }
                None => None,
            };
            let Some(name) = name else { continue };
            if names.contains(&name.value) {
                self.taken("maintenance.source.name", &name);
                continue;
            }
            names.push(name.value.clone());
            let Some(from) = from else { continue };
            if let Some(other) = sources.iter().find(|other| read_the_same(&other.from, &from)) {
                self.problems.push(Problem {
                    origin,
                    key: "maintenance.source".to_owned(),
                    what: format!("source \"{}\" reads what source \"{}\" reads", name.value.0, other.name),
                    because: "a folder of an account is read by one source".to_owned(),
                    remedy: "remove one of them, or name other folders".to_owned(),
                });
                continue;
            }
            sources.push(Source { name: name.value.0, from });
        }
        sources
    }

    /// A mailbox on an IMAP server; `None` where something it needs is missing, which was noted.
    fn imap(&mut self, origin: &Origin, name: &str, data: &Path, section: ImapSection) -> Option<Imap> {
        let tls = section.tls.as_ref().map_or(MailTls::Implicit, |at| at.value);
        let auth = value(section.auth).unwrap_or(Auth::Password);
        let oauth = section.oauth.map(|oauth| self.oauth(oauth, name, data));
        let kept = self.secret(&PASSWORD, section.password);
        // `auth` says which of them counts.
        let proof = match (auth, oauth) {
            (Auth::XOAuth2 | Auth::OAuthBearer, Some(oauth)) => oauth.map(|oauth| Proof::Fetched(Box::new(oauth))),
            (Auth::Password, _) | (_, None) => kept
                .or_else(|| {
                    self.problems.push(Problem {
                        origin: origin.clone(),
                        key: "maintenance.source.password_file".to_owned(),
                        what: "`password_file` is missing from [[maintenance.source]]".to_owned(),
                        because: "nothing says where the password is kept".to_owned(),
                        remedy: "add `password_file = …`, or password_env, password_command or password_keyring"
                            .to_owned(),
                    });
                    None
                })
                .map(|(secret, _)| Proof::Kept(secret)),
        };
        if tls == MailTls::None {
            let keys = [
                (CERTIFICATE.ca_file, section.certificate.ca_file.as_ref().map(|at| at.origin.clone())),
                (CERTIFICATE.fingerprint, section.certificate.fingerprint.as_ref().map(|at| at.origin.clone())),
            ];
            for (key, origin) in keys {
                let Some(origin) = origin else { continue };
                self.contradiction(&origin, key, "tls = \"none\"", "there is no certificate then");
            }
        }
        let trust = self.trust(&CERTIFICATE, section.certificate);
        let seconds = |seconds| Span(Duration::from_secs(seconds));
        // Servers end a connection on which nothing was said for half an hour.
        let limits = (seconds(10), seconds(900));
        let poll = self.within("maintenance.source.poll", section.poll, limits, seconds(120));
        let wanted = self.wanted(section.wanted);
        let (server, user) = (section.server?, value(section.user)?);
        let MailServer { host, port } = server.value;
        if let Some(At { origin, .. }) = section.tls.filter(|_| tls == MailTls::None && !is_this_machine(&host)) {
            let because =
                "passwords and mails could be read on the way; only this machine itself needs no TLS".to_owned();
            let remedy = "write \"implicit\" or \"starttls\", or name 127.0.0.1, [::1] or localhost as the server";
            self.refuse(&origin, "maintenance.source.tls", &"\"none\"", because, remedy);
            return None;
        }
        let usual = if tls == MailTls::Implicit { IMAP_PORTS.0 } else { IMAP_PORTS.1 };
        let folders = value(section.folders).map_or_else(|| vec![Folder("INBOX".to_owned())], |List(folders)| folders);
        Some(Imap {
            server: Endpoint { host, port: port.unwrap_or(usual) },
            tls,
            trust,
            user: user.0,
            login: Login { auth, proof: proof? },
            folders: folders.into_iter().map(|Folder(name)| name).collect(),
            wanted,
            poll_every: poll.0,
            idle: value(section.idle).unwrap_or(true),
        })
    }

    /// Which mails are looked at.
    pub(super) fn wanted(&mut self, section: WantedSection) -> Wanted {
        let days = match section.since {
            Some(At { value: Keep::Forever, .. }) => None,
            Some(At { value: Keep::Days(days), origin }) => {
                let limits = (Days(1), Days(36_500));
                Some(self.within("maintenance.source.since", Some(At { value: days, origin }), limits, Days(30)).0)
            }
            None => Some(30),
        };
        let limits = (Size(64 << 10), Size(64 << 20));
        let size = self.within("maintenance.source.max_size", section.max_size, limits, Size(10 << 20));
        Wanted {
            since_days: days,
            max_size_bytes: size.0,
            sender_header: value(section.sender_header).map_or_else(|| "From".to_owned(), |Header(name)| name),
            senders: value(section.senders)
                .map_or_else(Vec::new, |List(senders)| senders.into_iter().map(|Sender(sender)| sender).collect()),
        }
    }
}

/// Whether a server can only be the machine that asks.
fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether two sources have a folder in common.
fn read_the_same(one: &SourceFrom, other: &SourceFrom) -> bool {
    match (one, other) {
        (SourceFrom::Imap(one), SourceFrom::Imap(other)) => {
            one.server == other.server
                && one.user == other.user
                && one.folders.iter().any(|folder| other.folders.contains(folder))
        }
        (SourceFrom::Web(one), SourceFrom::Web(other)) => {
            one.url == other.url
                && one.user == other.user
                && one.folders.iter().any(|folder| other.folders.contains(folder))
        }
        // Two names of one Maildir have always been possible, and each mail is recorded once all the same.
        (SourceFrom::Maildir { .. }, _)
        | (_, SourceFrom::Maildir { .. })
        | (SourceFrom::Web(_), SourceFrom::Imap(_))
        | (SourceFrom::Imap(_), SourceFrom::Web(_)) => false,
    }
}

//! Where a source's mails come from: what kind of source it is, where that is, and its name in the store.

use std::fmt::Write as _;
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use crate::config::{Imap, Service, Source, SourceFrom, WebMail};
use crate::features::maintenance::source::{imap, web};

/// What a source is, as far as reading it goes.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// A Maildir on this machine.
    Maildir(PathBuf),
    /// A mailbox on a server.
    Imap(Box<Imap>),
    /// A mailbox that is read over HTTPS.
    Web(Box<WebMail>),
}

impl Kind {
    /// What the configuration says of it.
    pub(super) fn of(from: &SourceFrom) -> Self {
        match from {
            SourceFrom::Maildir { path } => Self::Maildir(path.clone()),
            SourceFrom::Imap(config) => Self::Imap(config.clone()),
            SourceFrom::Web(config) => Self::Web(config.clone()),
        }
    }
}

/// Whether a source is on a network.
pub(crate) fn is_remote(from: &SourceFrom) -> bool {
    match from {
        SourceFrom::Maildir { .. } => false,
        SourceFrom::Imap(_) | SourceFrom::Web(_) => true,
    }
}

/// The name under which a source's mails stand in the store.
pub(crate) fn label(from: &SourceFrom) -> String {
    match from {
        SourceFrom::Maildir { path } => format!("maildir {}", path.display()),
        SourceFrom::Imap(config) => imap::label(config),
        SourceFrom::Web(config) => web::label(config),
    }
}

/// What the settings of a source are called that say which mails are wanted: of others it has another name. Empty where all
/// are.
pub(super) fn wanted(from: &SourceFrom) -> String {
    let (wanted, from) = match from {
        SourceFrom::Maildir { .. } => return String::new(),
        SourceFrom::Imap(config) => (&config.wanted, &[][..]),
        SourceFrom::Web(config) => (&config.wanted, config.limit_from.as_slice()),
    };
    let sorted = |senders: &[String]| {
        let mut senders = senders.to_vec();
        senders.sort_unstable();
        senders.dedup();
        senders
    };
    let header = if wanted.senders.is_empty() { String::new() } else { wanted.sender_header.to_lowercase() };
    digest(&format!("{:?} {header:?} {:?} {:?}", wanted.since_days, sorted(&wanted.senders), sorted(from)))
}

/// The headers that hold the sender as these sources say, where it is another one than From.
pub(crate) fn sender_headers(sources: &[Source]) -> Vec<String> {
    let header = |source: &Source| match &source.from {
        SourceFrom::Maildir { .. } => None,
        SourceFrom::Imap(config) => Some(config.wanted.sender_header.clone()),
        SourceFrom::Web(config) => Some(config.wanted.sender_header.clone()),
    };
    let mut headers: Vec<String> = sources.iter().filter_map(header).collect();
    headers.retain(|header| !header.eq_ignore_ascii_case("From"));
    headers.dedup();
    headers
}

/// What a source reads: [`label`], and on a second line a name for its folders and for which of their mails are wanted. What is
/// known of a source of another scope is not known of this one.
pub(crate) fn scope(from: &SourceFrom) -> String {
    let folders = match from {
        SourceFrom::Maildir { .. } => return label(from),
        SourceFrom::Imap(config) => &config.folders,
        SourceFrom::Web(config) => &config.folders,
    };
    let mut folders = folders.clone();
    folders.sort_unstable();
    format!("{}\n{}", label(from), digest(&format!("{} {folders:?}", wanted(from))))
}

/// A short name for a text.
fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(String::new(), |mut name, byte| {
        let _infallible = write!(name, "{byte:02x}");
        name
    })
}

/// The kind of a source, as the configuration says it.
pub(crate) fn kind(from: &SourceFrom) -> &'static str {
    match from {
        SourceFrom::Maildir { .. } => "maildir",
        SourceFrom::Imap(_) => "imap",
        SourceFrom::Web(config) => match config.service {
            Service::Gmail => "gmail",
            Service::Microsoft => "microsoft",
        },
    }
}

/// Where a source is, for people.
pub(crate) fn place(from: &SourceFrom) -> String {
    match from {
        SourceFrom::Maildir { path } => path.display().to_string(),
        SourceFrom::Imap(config) => format!("{} at {}: {}", config.user, config.server, config.folders.join(", ")),
        SourceFrom::Web(config) => format!("{} at {}: {}", config.user, config.url, config.folders.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Auth, Endpoint, Login, MailTls, Proof, Wanted};
    use crate::secret::SecretFrom;
    use crate::tls::Trust;

    fn imap() -> Imap {
        Imap {
            server: Endpoint { host: "127.0.0.1".to_owned(), port: 993 },
            tls: MailTls::Implicit,
            trust: Trust::System,
            user: "noc".to_owned(),
            login: Login { auth: Auth::Password, proof: Proof::Kept(SecretFrom::Command(Vec::new())) },
            folders: vec!["INBOX".to_owned()],
            wanted: Wanted {
                since_days: Some(30),
                max_size_bytes: 1 << 20,
                sender_header: "From".to_owned(),
                senders: Vec::new(),
            },
            poll_every: std::time::Duration::from_mins(2),
            idle: true,
        }
    }

    #[test]
    fn a_source_reads_something_else_when_its_folders_or_the_mails_that_are_wanted_are_others() {
        let plain = imap();
        let of = |change: fn(&mut Imap)| {
            let mut config = imap();
            change(&mut config);
            let from = SourceFrom::Imap(Box::new(config));
            (wanted(&from), scope(&from))
        };
        let (wanted, scope) = of(|_| ());
        let same: [fn(&mut Imap); 3] = [
            |imap| imap.idle = false,
            |imap| imap.wanted.sender_header = "Sender".to_owned(),
            |imap| imap.wanted.max_size_bytes += 1,
        ];
        assert!(same.iter().all(|same| of(*same) == (wanted.clone(), scope.clone())));
        let others: [fn(&mut Imap); 2] =
            [|imap| imap.wanted.since_days = None, |imap| imap.wanted.senders.push("@isp.example".to_owned())];
        for other in others.map(of) {
            assert!(other.0 != wanted && other.1 != scope);
        }
        let two = of(|imap| imap.wanted.senders = ["@a.example", "@b.example"].map(str::to_owned).to_vec());
        assert_eq!(two, of(|imap| imap.wanted.senders = ["@b.example", "@a.example"].map(str::to_owned).to_vec()));
        let more = of(|imap| imap.folders.push("Works".to_owned()));
        assert!(more.0 == wanted && more.1 != scope);
        assert!(scope.starts_with(&format!("{}\n", label(&SourceFrom::Imap(Box::new(plain))))));
    }
}

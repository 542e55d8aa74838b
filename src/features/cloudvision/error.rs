//! What can go wrong with a CloudVision, as situations that a person can act on.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::time::Duration;

use tonic::{Code, Status};

use crate::text::{clean_line, first_of};
use crate::tls::{self, Flaw};
use crate::trouble::Remedy;

/// The cause of an error.
type Cause = Box<dyn StdError + Send + Sync>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the connection needs is not there or not usable: a CA file, a token.
    #[error("cannot connect to {server}: {what}")]
    Setup {
        /// Which CloudVision.
        server: String,
        /// What is missing.
        what: String,
        /// Why.
        #[source]
        source: Option<Cause>,
    },
    /// Nobody answers there.
    #[error("cannot reach CloudVision at {server}")]
    Unreachable {
        /// Which CloudVision.
        server: String,
        /// What the network said.
        #[source]
        source: Option<Cause>,
    },
    /// Something else is spoken there.
    #[error("{server} does not speak TLS at this port")]
    NoTls {
        /// Which server.
        server: String,
    },
    /// Its certificate is not trusted.
    #[error("the certificate of {server} is not trusted")]
    Untrusted {
        /// Which CloudVision.
        server: String,
        /// Why not.
        #[source]
        source: Option<Cause>,
    },
    /// The token is missing, wrong or expired.
    #[error("CloudVision at {server} does not accept the token")]
    Unauthenticated {
        /// Which CloudVision.
        server: String,
    },
    /// The token's account may not do this.
    #[error("CloudVision does not allow {call}")]
    Forbidden {
        /// Service and method.
        call: &'static str,
        /// Its words.
        message: String,
    },
    /// The host is not the one that serves the API.
    #[error("{server} does not serve CloudVision's API")]
    WrongHost {
        /// The host that was asked.
        server: String,
        /// The one that should be.
        instead: String,
    },
    /// The version is too old for what is wanted.
    #[error("CloudVision {version} is too old for {wanted}")]
    TooOld {
        /// Its version.
        version: String,
        /// What is wanted.
        wanted: &'static str,
    },
    /// There is no such thing.
    #[error("{what} does not exist")]
    NotFound {
        /// What was asked for.
        what: String,
    },
    /// One entry alone is larger than the server takes.
    #[error("CloudVision takes no message of this size in {call}")]
    TooLarge {
        /// Service and method.
        call: &'static str,
        /// Its words.
        message: String,
    },
    /// No answer in time.
    #[error("no answer from CloudVision to {call} within {} s", after.as_secs())]
    TimedOut {
        /// Service and method.
        call: &'static str,
        /// How long it was waited for.
        after: Duration,
    },
    /// The connection broke and could not be used again.
    #[error("the connection to CloudVision was lost during {call}")]
    Lost {
        /// Service and method.
        call: &'static str,
        /// What the network said.
        #[source]
        source: Option<Cause>,
    },
    /// It is there and says no.
    #[error("CloudVision refused {call}: {message}")]
    Refused {
        /// Service and method.
        call: &'static str,
        /// The gRPC status.
        code: Code,
        /// Its words.
        message: String,
    },
    /// Entries of a bulk write were refused; the others were written.
    #[error("CloudVision refused {} of {total} entries of {call}: {}", entries.len(), listed(entries))]
    Entries {
        /// Service and method.
        call: &'static str,
        /// Each with what was refused and why.
        entries: Vec<(String, String)>,
        /// How many were sent.
        total: usize,
    },
    /// An answer that makes no sense.
    #[error("CloudVision's answer to {call} makes no sense: {what}")]
    Senseless {
        /// Service and method.
        call: &'static str,
        /// What is wrong with it.
        what: String,
    },
}

/// The first entries, in words.
fn listed(entries: &[(String, String)]) -> String {
    const SHOWN: usize = 3;
    let each: Vec<String> = entries.iter().map(|(key, error)| format!("{key} ({error})")).collect();
    first_of(&each, SHOWN)
}

impl Error {
    /// What a gRPC status of `call` at `server` means.
    pub(crate) fn of_status(call: &'static str, server: &str, after: Duration, status: &Status) -> Self {
        let message = clean_line(status.message());
        if let Some(error) = of_transport(call, server, status) {
            return error;
        }
        let server = server.to_owned();
        let code = status.code();
        if code == Code::ResourceExhausted && too_large(&message).is_some() {
            return Self::TooLarge { call, message };
        }
        if let (Code::Unknown, Some(instead)) = (code, wrong_host(&server)) {
            return Self::WrongHost { server, instead };
        }
        match code {
            Code::Unauthenticated => Self::Unauthenticated { server },
            Code::PermissionDenied => Self::Forbidden { call, message },
            Code::DeadlineExceeded | Code::Cancelled => Self::TimedOut { call, after },
            Code::NotFound => Self::NotFound { what: missing(call, &message) },
            Code::Unavailable => Self::Lost { call, source: Some(message.into()) },
            Code::Ok
            | Code::Unknown
            | Code::InvalidArgument
            | Code::AlreadyExists
            | Code::ResourceExhausted
            | Code::FailedPrecondition
            | Code::Aborted
            | Code::OutOfRange
            | Code::Unimplemented
            | Code::Internal
            | Code::DataLoss => Self::Refused { call, code, message },
        }
    }

    /// Whether the same call, unchanged, may work a little later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Lost { .. } | Self::TimedOut { .. } => true,
            Self::Refused { code, .. } => {
                matches!(code, Code::Unavailable | Code::ResourceExhausted | Code::Aborted | Code::Internal)
            }
            Self::Setup { .. }
            | Self::NoTls { .. }
            | Self::Untrusted { .. }
            | Self::Unauthenticated { .. }
            | Self::Forbidden { .. }
            | Self::WrongHost { .. }
            | Self::TooOld { .. }
            | Self::NotFound { .. }
            | Self::TooLarge { .. }
            | Self::Entries { .. }
            | Self::Senseless { .. } => false,
        }
    }

    /// Whether this call alone is refused, for good: it is not known there, or not allowed.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Forbidden { .. } | Self::NotFound { .. }) && !self.is_transient()
    }

    /// Whether a write may have been carried out all the same: it was sent, and the answer did not come.
    #[must_use]
    pub fn is_outcome_unknown(&self) -> bool {
        matches!(self, Self::Lost { .. } | Self::TimedOut { .. })
    }
}

/// The error behind a status that was made on this side, because the connection failed.
fn of_transport(call: &'static str, server: &str, status: &Status) -> Option<Error> {
    let source = status.source()?;
    let words = |error: &dyn StdError| -> Cause { clean_line(&error.to_string()).into() };
    if let Some(error) = tls::cause(source) {
        if tls::is_no_tls(error) {
            return Some(Error::NoTls { server: server.to_owned() });
        }
        return Some(Error::Untrusted { server: server.to_owned(), source: Some(tls::Distrust::of(error).into()) });
    }
    let mut last = source;
    while let Some(deeper) = last.source() {
        last = deeper;
    }
    let is_connecting = status.code() == Code::Unavailable;
    Some(if is_connecting {
        Error::Unreachable { server: server.to_owned(), source: Some(words(last)) }
    } else {
        Error::Lost { call, source: Some(words(last)) }
    })
}

/// Size and limit of a message that the server found too large: `grpc: received message larger than max (SIZE vs. MAX)`.
pub(crate) fn too_large(message: &str) -> Option<(usize, usize)> {
    let (_, rest) = message.split_once("larger than max (")?;
    let (size, rest) = rest.split_once(" vs. ")?;
    let (limit, _) = rest.split_once(')')?;
    Some((size.trim().parse().ok()?, limit.trim().parse().ok()?))
}

/// The host that serves the API of the hosted CloudVision, if `server` is another one of it: devices stream to
/// `apiserver.` and people browse the bare name of the cluster.
fn wrong_host(server: &str) -> Option<String> {
    let host = server.rsplit_once(':').map_or(server, |(host, _)| host);
    let cluster = host.strip_prefix("apiserver.").unwrap_or(host);
    let is_hosted = cluster == "arista.io" || cluster.ends_with(".arista.io");
    (is_hosted && !host.starts_with("www.")).then(|| format!("www.{cluster}"))
}

impl Remedy for Error {
    fn remedy(&self) -> Cow<'static, str> {
        match self {
            Self::Setup { .. } => {
                "check `server`, `ca_file` and `fingerprint` in [[cloudvision]], or --server, --ca-file and --fingerprint".into()
            }
            Self::NoTls { .. } => {
                "name the port that speaks TLS, mostly 443, as `server` in [[cloudvision]], or in --server".into()
            }
            Self::Unreachable { .. } => "check the VPN, and `server` in [[cloudvision]] or --server".into(),
            Self::Untrusted { source, .. } => {
                let told = source.as_ref().and_then(|why| why.downcast_ref::<tls::Distrust>());
                cure(told.map(|told| &told.flaw)).into()
            }
            Self::Unauthenticated { .. } => "make a new service account token in CloudVision".into(),
            Self::Forbidden { .. } => "give the service account a role that may do this".into(),
            Self::WrongHost { instead, .. } => format!("use {instead}").into(),
            Self::TooOld { .. } => "update CloudVision to 2024.1.0 or later".into(),
            Self::NotFound { .. } => "somebody may have deleted it; look again".into(),
            Self::TooLarge { .. } => "raise the limit of the server, or make the configuration smaller".into(),
            Self::TimedOut { .. } | Self::Lost { .. } => "check the network and try again".into(),
            Self::Refused { .. } | Self::Entries { .. } => "see CloudVision's own log for more".into(),
            Self::Senseless { .. } => "please report this with the version of CloudVision".into(),
        }
    }
}

/// What can be done about a certificate that is not trusted for this.
fn cure(flaw: Option<&Flaw>) -> &'static str {
    match flaw {
        Some(Flaw::Own) => {
            "give its fingerprint, as its owner tells it, with `fingerprint` in [[cloudvision]] or --fingerprint (`ca_file` does \
             not help); or let the server have one with CA:FALSE, and give that with `ca_file` or --ca-file"
        }
        Some(Flaw::Old) => {
            "give its fingerprint, as its owner tells it, with `fingerprint` in [[cloudvision]] or --fingerprint (`ca_file` does \
             not help); or let the server have one of version 3"
        }
        Some(Flaw::Expired(_)) => {
            "let the server have a new one; until then it is trusted by its fingerprint, as its owner tells it, with \
             `fingerprint` in [[cloudvision]] or --fingerprint (`ca_file` does not help)"
        }
        Some(Flaw::NotYet(_)) => "check the clocks of this machine and of the server",
        Some(Flaw::Revoked) => "let the server have a new one: somebody else may have the key of this one",
        Some(Flaw::OtherName(_)) => {
            "address the server by a name of its certificate, with `server` in [[cloudvision]] or --server; or give its \
             fingerprint, as its owner tells it, with `fingerprint` or --fingerprint (`ca_file` does not help)"
        }
        Some(Flaw::Differs(_)) => {
            "ask its owner whether its certificate was changed: if so, give the new fingerprint with `fingerprint` in \
             [[cloudvision]] or --fingerprint; if not, somebody is in between, to whom no token was sent"
        }
        Some(Flaw::Unsigned | Flaw::Other(_)) | None => {
            "give the fingerprint that its owner tells with `fingerprint` in [[cloudvision]] or --fingerprint, or the \
             authority that signed it with `ca_file` or --ca-file"
        }
    }
}

/// What there is not, by the words of a server: most of them say themselves that it is not there.
fn missing(call: &str, message: &str) -> String {
    let named = [" does not exist", " was not found", " not found"].iter().find_map(|end| message.strip_suffix(end));
    let named = named.unwrap_or(message).trim();
    if named.is_empty() { call.to_owned() } else { named.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_and_the_limit_are_read_from_the_words_of_the_server() {
        assert_eq!(
            too_large("grpc: received message larger than max (1442369 vs. 1048576)"),
            Some((1_442_369, 1_048_576))
        );
        assert_eq!(too_large("quota exceeded"), None);
    }

    #[test]
    fn the_host_of_devices_and_the_bare_name_of_a_cluster_are_told_from_the_api() {
        assert_eq!(wrong_host("apiserver.arista.io:443").as_deref(), Some("www.arista.io"));
        assert_eq!(wrong_host("cv-prod-uk-1.arista.io:443").as_deref(), Some("www.cv-prod-uk-1.arista.io"));
        assert_eq!(wrong_host("www.arista.io:443"), None);
        assert_eq!(wrong_host("cvp.example:443"), None);
    }

    #[test]
    fn what_is_not_there_is_said_once() {
        let told = |message: &str| Error::NotFound { what: missing("WorkspaceService/GetOne", message) }.to_string();
        assert_eq!(told("workspace ws-1 does not exist"), "workspace ws-1 does not exist");
        assert_eq!(told("change control not found"), "change control does not exist");
        assert_eq!(told(""), "WorkspaceService/GetOne does not exist");
    }

    #[test]
    fn what_is_advised_about_a_certificate_is_what_helps() {
        let remedy = |flaw| {
            let source = Some(tls::Distrust { flaw, found: None }.into());
            Error::Untrusted { server: "cvp.example:443".to_owned(), source }.remedy().into_owned()
        };
        let given = "00".repeat(32).parse().unwrap();
        for (flaw, begins) in [
            (Flaw::Own, "give its fingerprint"),
            (Flaw::Old, "give its fingerprint"),
            (Flaw::Expired(None), "let the server have a new one"),
            (Flaw::OtherName(vec![]), "address the server by a name of its certificate"),
        ] {
            let told = remedy(flaw.clone());
            assert!(told.starts_with(begins) && told.contains("(`ca_file` does not help)"), "{flaw:?}: {told}");
            assert!(told.contains("--fingerprint"), "{flaw:?}: {told}");
        }
        let changed = remedy(Flaw::Differs(given));
        assert!(
            changed.contains("give the new fingerprint") && changed.contains("somebody is in between"),
            "{changed}"
        );
        let other = remedy(Flaw::Unsigned);
        assert!(other.contains("the authority that signed it with `ca_file` or --ca-file"), "{other}");
    }

    #[test]
    fn a_long_list_of_refused_entries_is_cut_in_words() {
        let entries = (1..=5).map(|number| (format!("avd-{number}"), "no".to_owned())).collect();
        let error = Error::Entries { call: "Set", entries, total: 9 };
        assert_eq!(
            error.to_string(),
            "CloudVision refused 5 of 9 entries of Set: avd-1 (no), avd-2 (no), avd-3 (no) and 2 more"
        );
    }
}

//! What can go wrong on the way to a console, as situations that a person can act on.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::time::Duration;

use super::token::BadToken;
use crate::secret::NoSecret;
use crate::trouble::Remedy;

/// What is likely to be the cause, where nobody says what it is.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Likely(pub &'static str);

/// What is said of a connection that ends in the midst of TLS.
pub(super) const CUT: &str = "the connection was ended in the midst of TLS";

/// The cause of an error.
type Cause = Box<dyn StdError + Send + Sync>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no token or key, or it cannot be fetched.
    #[error("there is nothing that lets us in at {proxy}")]
    NoSecret {
        /// The proxy.
        proxy: String,
        /// Why not.
        source: NoSecret,
    },
    /// What should be a token is none.
    #[error("what should be the token for {proxy} is none")]
    NoToken {
        /// The proxy.
        proxy: String,
        /// Why not.
        source: BadToken,
    },
    /// A token would have to be made, and what it has to say is not known.
    #[error("no token can be made for {machine}: {what}")]
    NoGrant {
        /// The machine.
        machine: String,
        /// What is missing.
        what: &'static str,
    },
    /// The proxy would refuse the token; nobody has asked it.
    #[error("{proxy} would not let us in: {why}")]
    Objection {
        /// The proxy.
        proxy: String,
        /// What is wrong with the token.
        why: String,
    },
    /// A kubeconfig cannot be used.
    #[error("the kubeconfig {path} cannot be used: {why}")]
    Kubeconfig {
        /// The first of its files.
        path: String,
        /// Why not.
        why: String,
    },
    /// A program that should give credentials gave none.
    #[error("{program} gives no credentials for {context}: {why}")]
    Plugin {
        /// The program.
        program: String,
        /// The context of the kubeconfig.
        context: String,
        /// Its words.
        why: String,
        /// What the kubeconfig says to do where it is not installed.
        hint: Option<String>,
    },
    /// The API of a cluster says no.
    #[error("{server} says no ({status}): {message}")]
    Api {
        /// Host and port.
        server: String,
        /// The HTTP status.
        status: u16,
        /// Its words.
        message: String,
    },
    /// What the API of a cluster lists is out of date before its changes can be followed, time after time.
    #[error("the changes of machines cannot be followed: what {server} lists is out of date at once (410)")]
    Outdated {
        /// Host and port.
        server: String,
    },
    /// What answers is not the API of a cluster with KubeVirt.
    #[error("{server} does not answer as KubeVirt does: {why}")]
    NoKubeVirt {
        /// Host and port.
        server: String,
        /// What is wrong with the answer.
        why: String,
    },
    /// Something was sent, and no answer came.
    #[error("{server} has not answered: whether {what} was done is not known")]
    OutcomeUnknown {
        /// Host and port.
        server: String,
        /// What was asked for.
        what: &'static str,
    },
    /// Certificates cannot be checked.
    #[error("the certificate of {server} cannot be checked")]
    Setup {
        /// Host and port.
        server: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// Nobody answers there.
    #[error("cannot reach {server}")]
    Unreachable {
        /// Host and port.
        server: String,
        /// What the network said.
        #[source]
        source: Cause,
    },
    /// Its certificate was signed by none of the authorities that were given.
    #[error("the certificate of {server} is not trusted")]
    UntrustedByGiven {
        /// Host and port.
        server: String,
        /// Why not.
        #[source]
        source: Cause,
    },
    /// Its certificate is not trusted.
    #[error("the certificate of {server} is not trusted")]
    Untrusted {
        /// Host and port.
        server: String,
        /// Why not.
        #[source]
        source: Cause,
    },
    /// The API of a cluster says nothing in time.
    #[error("{server} has not answered within {} s", after.as_secs())]
    NoAnswer {
        /// Host and port.
        server: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// The certificate of a cluster's API is not trusted.
    #[error("the certificate of {server} is not trusted")]
    UntrustedCluster {
        /// Host and port.
        server: String,
        /// Why not.
        #[source]
        source: Cause,
    },
    /// What the client shows to be let in cannot be used.
    #[error("the client's certificate for {server} cannot be used")]
    ClientCertificate {
        /// Host and port.
        server: String,
        /// Why not.
        #[source]
        source: Cause,
    },
    /// What a cluster's certificate is compared with says nothing of whose it is.
    #[error("the certificate of {server} is not for {name}, which `tls-server-name` says")]
    OtherServerName {
        /// Host and port.
        server: String,
        /// The name.
        name: String,
    },
    /// It takes connections and opens no websocket in time.
    #[error("{server} opened no websocket within {} s", after.as_secs())]
    TimedOut {
        /// Host and port.
        server: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// It answers with a page instead of a websocket.
    #[error("{server} opens no websocket: {status}")]
    NoWebsocket {
        /// Host and port.
        server: String,
        /// The status, and what the page says.
        status: String,
    },
    /// It was spoken to without TLS, and answers with no websocket.
    #[error("{server} opens no websocket without TLS: {status}")]
    NotPlain {
        /// Host and port.
        server: String,
        /// What came instead.
        status: String,
    },
    /// The proxy opened the websocket and then said no.
    #[error("the proxy refuses: {reason}")]
    Refused {
        /// Its words.
        reason: String,
    },
    /// The proxy has no connection to the machine.
    #[error("the proxy cannot reach {machine}")]
    Upstream {
        /// The machine.
        machine: String,
        /// What may be the reason.
        source: Likely,
    },
    /// The proxy had a connection to the machine, and has it no more.
    #[error("the proxy has lost its connection to {machine}")]
    Lost {
        /// The machine.
        machine: String,
        /// What may be the reason.
        source: Likely,
    },
    /// It broke without a word.
    #[error("the connection to {machine} was dropped")]
    Dropped {
        /// The machine.
        machine: String,
        /// What may be the reason.
        source: Likely,
    },
    /// Nothing came for too long, no answer to a ping either.
    #[error("nothing comes from {machine} any more: no answer within {} s", after.as_secs())]
    Silent {
        /// The machine.
        machine: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// What came is no websocket, or more than is taken at once.
    #[error("what comes from {machine} cannot be taken")]
    Senseless {
        /// The machine.
        machine: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// Closed with a code of its own.
    #[error("the connection to {machine} was closed with code {code}")]
    Closed {
        /// The machine.
        machine: String,
        /// The code, and the reason where there is one.
        code: String,
    },
}

impl Error {
    /// The situation in a word, for the header.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::NoSecret { .. } | Self::NoToken { .. } | Self::NoGrant { .. } | Self::Objection { .. } => "no token",
            Self::Kubeconfig { .. } => "kubeconfig",
            Self::Plugin { .. } => "no login",
            Self::Api { status: 401, .. } => "login",
            Self::Api { status: 403, .. } => "forbidden",
            Self::Api { .. } | Self::Refused { .. } => "refused",
            Self::Outdated { .. } => "outdated",
            Self::NoKubeVirt { .. } => "no KubeVirt",
            Self::OutcomeUnknown { .. } => "unknown",
            Self::Setup { .. }
            | Self::Untrusted { .. }
            | Self::UntrustedByGiven { .. }
            | Self::UntrustedCluster { .. }
            | Self::OtherServerName { .. }
            | Self::ClientCertificate { .. } => "TLS",
            Self::Unreachable { .. } => "unreachable",
            Self::TimedOut { .. } | Self::NoAnswer { .. } | Self::Silent { .. } => "timed out",
            Self::NoWebsocket { .. } | Self::NotPlain { .. } | Self::Senseless { .. } => "no websocket",
            Self::Upstream { .. } | Self::Lost { .. } => "no way",
            Self::Dropped { .. } => "dropped",
            Self::Closed { .. } => "closed",
        }
    }
}

impl Remedy for Error {
    fn remedy(&self) -> Cow<'static, str> {
        match self {
            Self::NoSecret { source, .. } => source.remedy(),
            Self::NoToken { .. } => "see what is kept there; `noctui console token inspect` reads tokens".into(),
            Self::NoGrant { .. } => "say --namespace, or `namespace` in [[console.proxy]]".into(),
            Self::Objection { .. } => "get another token from whoever runs the lab".into(),
            Self::Kubeconfig { .. } => "see `kubectl config view`, or name another file or context".into(),
            Self::Plugin { hint: Some(hint), .. } => hint.clone().into(),
            Self::Plugin { program, .. } => format!("run {program} in a shell to see what it wants").into(),
            Self::Api { status, message, .. } => match status {
                401 => "log in again: the cluster does not take what the kubeconfig has".into(),
                403 => "ask for the rights: kubevirt.io:edit has consoles and power, kubevirt.io:view has lists".into(),
                404 if message.contains("resource") || message.contains("Not Found") => {
                    "see that KubeVirt is installed in this cluster, and that it is the right one".into()
                }
                404 => "see `noctui console list` for what there is".into(),
                409 => "look at its state again: it has changed meanwhile".into(),
                429 | 500.. => "try again; the cluster's own logs say more".into(),
                _ => "see what the cluster's events say about the machine".into(),
            },
            Self::Outdated { .. } => "see how the cluster's API server and its etcd are doing".into(),
            Self::NoKubeVirt { .. } => "check `server` in the kubeconfig".into(),
            Self::OutcomeUnknown { .. } => "look at the machine's state before doing it again".into(),
            Self::Setup { .. } => "correct --ca-file or `ca_file`".into(),
            Self::ClientCertificate { .. } => {
                "see `client-certificate` and `client-key` of the user in the kubeconfig: it takes X.509 version 3, and the key of \
                 that certificate"
                    .into()
            }
            Self::OtherServerName { .. } => "correct `tls-server-name` of the cluster in the kubeconfig".into(),
            Self::Unreachable { source, .. } if source.to_string().contains("tls handshake eof") => {
                "see whether TLS is spoken there at all: ws:// and http:// are without it".into()
            }
            Self::Unreachable { source, .. } if source.to_string().contains(CUT) => {
                "see whether it wants a client's certificate, of which only kubeconfigs have any here; check the port".into()
            }
            Self::Unreachable { .. } => "check the address, the port, the VPN".into(),
            Self::UntrustedByGiven { .. } => {
                "the file of --ca-file or `ca_file` lacks the authority that signed it: ask whoever runs the proxy for that".into()
            }
            Self::Untrusted { .. } => "name the authority's certificate with --ca-file or `ca_file`".into(),
            Self::UntrustedCluster { .. } => {
                "set `certificate-authority` of the cluster in the kubeconfig to its authority's certificate".into()
            }
            Self::NoAnswer { .. } => {
                "see that `server` in the kubeconfig is the address of the cluster's API; check the VPN".into()
            }
            Self::TimedOut { .. } => "see that it is a websocket proxy, and with ws:// or wss:// as it wants it".into(),
            Self::NoWebsocket { .. } => "check the address: it is that of the proxy, with its prefix".into(),
            Self::NotPlain { .. } => "write wss:// if TLS is spoken there; check the port and the prefix".into(),
            Self::Refused { reason } => match reason.as_str() {
                "invalid token" => {
                    "see `noctui console token inspect`: it is signed with another key, has ended, or is not for this machine"
                        .into()
                }
                "wrong path prefix" => "correct the prefix behind the host in the proxy's address".into(),
                "invalid url" => "the proxy wants a prefix in its address, or wants none".into(),
                _ => "ask whoever runs the proxy".into(),
            },
            Self::Upstream { .. } => "ask whoever runs the proxy: its log says which".into(),
            Self::Lost { .. } => "open it again when the machine is back; the log of the proxy says more".into(),
            Self::Dropped { .. } => "open it again, which takes it from whoever has it now".into(),
            Self::Silent { .. } => "check the network, then open it again".into(),
            Self::Senseless { source, .. } if source.to_string().contains("too long") => {
                "ask whoever runs the proxy: 1 MiB is the most in a message, as for the websocket proxy itself".into()
            }
            Self::Senseless { .. } => "see that the address is that of a websocket proxy for consoles".into(),
            Self::Closed { .. } => "ask whoever runs the proxy".into(),
        }
    }
}

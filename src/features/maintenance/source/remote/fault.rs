//! What can go wrong with an account on a server, and what to do about it.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use super::super::Ended;
use crate::config::Grant;
use crate::secret::NoSecret;
use crate::tls::TrustError;
use crate::trouble::Remedy;

/// Why an account cannot be read. What servers say is cut to a line, and never holds what they were sent.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The reader is gone; nothing is wrong with the account.
    #[error("nobody wants mails any more")]
    Ended,
    /// No connection comes about.
    #[error("cannot reach {server}")]
    Unreachable {
        /// Name and port.
        server: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The server's certificate is not trusted, or the handshake failed otherwise.
    #[error("no TLS with {server}")]
    Handshake {
        /// Name and port.
        server: String,
        /// Why.
        #[source]
        source: io::Error,
        /// Whether the settings name the certificate by its fingerprint.
        is_pinned: bool,
    },
    /// There is nobody to be trusted.
    #[error("TLS cannot be set up")]
    Trust(#[from] TrustError),
    /// The server does not do what is needed to protect the login.
    #[error("{server} {lacks}")]
    Unprotected {
        /// Name and port.
        server: String,
        /// What is wrong, behind the server's name.
        lacks: &'static str,
    },
    /// The server does not speak TLS, as far as can be seen.
    #[error("no TLS with {server}: {said}")]
    NoTls {
        /// Name and port.
        server: String,
        /// What it does instead.
        said: String,
    },
    /// There is a connection, and the server does not greet.
    #[error("{server} said nothing within {} s of the connection", after.as_secs())]
    Silent {
        /// Name and port.
        server: String,
        /// How long its greeting was waited for.
        after: Duration,
        /// Whether there is TLS by then.
        is_protected: bool,
    },
    /// Password, token or the application's secret cannot be fetched.
    #[error("there is nothing to log in to {server} with")]
    Secret {
        /// Name and port.
        server: String,
        /// How the settings begin that say where it is: `password` of `password_file`.
        setting: &'static str,
        /// Why.
        #[source]
        source: NoSecret,
    },
    /// The server does not accept the login.
    #[error("{server} does not accept the login of {user}: {said}")]
    Login {
        /// Name and port.
        server: String,
        /// The account.
        user: String,
        /// The server's words.
        said: String,
    },
    /// The server does not accept a token that was just given out for it.
    #[error("{server} does not accept the token of {user}: {said}")]
    Token {
        /// Where it is.
        server: String,
        /// The account.
        user: String,
        /// The server's words.
        said: String,
        /// How the token was had.
        grant: Grant,
    },
    /// The token is good, but not for this.
    #[error("{server} does not let the token {asked}: {said}")]
    Forbidden {
        /// Where it is.
        server: String,
        /// What it was asked.
        asked: String,
        /// The server's words.
        said: String,
        /// How the token was had.
        grant: Grant,
    },
    /// The account has no mailbox there.
    #[error("{server} has no mailbox of {user}: {said}")]
    NoMailbox {
        /// Where it is.
        server: String,
        /// The account.
        user: String,
        /// The server's words.
        said: String,
    },
    /// Whoever gives tokens gives none for this account any more, or never did.
    #[error("there is no token for {user}: {said}")]
    SignIn {
        /// The account.
        user: String,
        /// Why, in the provider's words or ours.
        said: String,
        /// How it was asked for.
        grant: Grant,
    },
    /// Whoever gives tokens does not take the application for one that it knows.
    #[error("there is no token for {user}: {said}")]
    Application {
        /// The account.
        user: String,
        /// Why, in the provider's words.
        said: String,
    },
    /// Whoever gives tokens is busy, or somebody else answers in its place: the login is not refused.
    #[error("{server} gives no token now: {said}")]
    NoToken {
        /// Its address.
        server: String,
        /// What was answered.
        said: String,
        /// How long it wants to be left alone; `None` where it does not say.
        again_in: Option<Duration>,
    },
    /// The server says no to something else.
    #[error("{server} refused {asked}: {said}")]
    Refused {
        /// Name and port.
        server: String,
        /// What it was asked, as a command's name.
        asked: String,
        /// The server's words.
        said: String,
    },
    /// The connection ended.
    #[error("{server} closed the connection{}", said.as_ref().map_or_else(String::new, |said| format!(": {said}")))]
    Closed {
        /// Name and port.
        server: String,
        /// The server's words, if it said good-bye.
        said: Option<String>,
    },
    /// The server announced so many bytes and sent fewer.
    #[error("{server} announced {announced} bytes in its answer to {asked} and sent {came} of them, then {}", after.map_or_else(
        || "closed the connection".to_owned(), |after| format!("nothing for {} s", after.as_secs())))]
    Short {
        /// Name and port.
        server: String,
        /// What it was asked.
        asked: String,
        /// Bytes that it announced,
        announced: u64,
        /// and those of them that came.
        came: u64,
        /// How long the others were waited for; `None` where it closed the connection.
        after: Option<Duration>,
    },
    /// The server does not answer.
    #[error("{server} did not answer {asked} within {} s", after.as_secs())]
    Late {
        /// Name and port.
        server: String,
        /// What it was asked.
        asked: String,
        /// How long that was waited for.
        after: Duration,
    },
    /// The server wants to be left alone for a while, or is not well.
    #[error("{server} cannot answer now: {said}")]
    Busy {
        /// Name and port.
        server: String,
        /// The server's words.
        said: String,
        /// How long it wants to be left alone; `None` where it does not say.
        again_in: Option<Duration>,
    },
    /// The server says that it sent a mail, and sent none.
    #[error("{server} says that it fetched {mail}, which it did not send")]
    Withheld {
        /// Name and port.
        server: String,
        /// Its number and its folder.
        mail: String,
    },
    /// The server does not give a mail out.
    #[error("{server} does not give out {mail}: {why}")]
    Unsent {
        /// Name and port.
        server: String,
        /// Its number and its folder.
        mail: String,
        /// What it does instead.
        why: String,
    },
    /// What the server sends cannot be read: it may be another one than is meant.
    #[error("{server} sends what cannot be understood: {said}")]
    Garbled {
        /// Name and port.
        server: String,
        /// What is wrong with it.
        said: String,
    },
    /// The same of a server that is known to be one for mail.
    #[error("{server} sends what cannot be understood: {said}")]
    Unreadable {
        /// Name and port.
        server: String,
        /// What is wrong with it.
        said: String,
    },
}

impl Fault {
    /// In a word or two, for the header.
    #[must_use]
    pub fn brief(&self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::Unreachable { .. } => "unreachable",
            Self::Handshake { .. } | Self::Trust(_) | Self::Unprotected { .. } | Self::NoTls { .. } => "TLS",
            Self::Secret { .. } => "no password",
            Self::Login { .. } => "login refused",
            Self::Token { .. } => "token refused",
            Self::Forbidden { .. } => "permission",
            Self::NoMailbox { .. } => "no mailbox",
            Self::SignIn { grant: Grant::User, .. } => "sign in again",
            Self::SignIn { .. } | Self::Application { .. } | Self::NoToken { .. } => "no token",
            Self::Refused { .. } => "refused",
            Self::Closed { .. } | Self::Short { .. } => "disconnected",
            Self::Late { .. } | Self::Silent { .. } => "no answer",
            Self::Busy { .. } => "busy",
            Self::Withheld { .. } | Self::Unsent { .. } => "a mail withheld",
            Self::Garbled { .. } | Self::Unreadable { .. } => "garbled",
        }
    }

    /// How long the server wants to be left alone, if it says so.
    #[must_use]
    pub fn again_in(&self) -> Option<Duration> {
        if let Self::Busy { again_in, .. } | Self::NoToken { again_in, .. } = self { *again_in } else { None }
    }

    /// Whether the login was refused. It is not tried again by itself: accounts are locked when a wrong password comes again and
    /// again.
    pub(in crate::features::maintenance::source) fn is_of_login(&self) -> bool {
        matches!(self, Self::Login { .. } | Self::Token { .. } | Self::SignIn { .. } | Self::Application { .. })
    }
}

/// A status of HTTP whose answer says nothing of why.
pub(in crate::features::maintenance::source) fn unsaid(status: u16) -> String {
    let name = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    format!("{status} {}, without a reason", name.unwrap_or("of its own"))
}

impl From<Ended> for Fault {
    fn from(_: Ended) -> Self {
        Self::Ended
    }
}

impl Remedy for Fault {
    fn remedy(&self) -> Cow<'static, str> {
        match self {
            Self::Ended => "".into(),
            Self::Unreachable { .. } => "check the address of this source (`server` or `url`), the network and the VPN".into(),
            Self::Handshake { is_pinned: true, .. } => {
                "find out from whoever runs the server whether it has another certificate now, and correct `fingerprint` if so"
                    .into()
            }
            Self::Handshake { .. } | Self::Trust(_) => {
                "check that `server` is the name in its certificate; name the authority that signed it with `ca_file`"
                    .into()
            }
            Self::Unprotected { .. } => {
                "check `tls` and the port of `server`: \"implicit\" goes with 993, \"starttls\" with 143".into()
            }
            Self::NoTls { .. } => {
                "check `tls` and the port of `server`: \"implicit\" goes with 993, \"starttls\" with 143; a running noctui tries \
                 it again by itself"
                    .into()
            }
            Self::Silent { is_protected: false, .. } => {
                "check `tls` and the port of `server`: a port that waits for TLS says nothing (\"implicit\" goes with 993, \
                 \"starttls\" with 143), nor does one that is not for mail; a server that is only slow is tried again by a \
                 running noctui"
                    .into()
            }
            Self::Silent { is_protected: true, .. } => {
                "check the port of `server` (993, as a rule): one that is not for mail says nothing; a server that is only \
                 slow is tried again by a running noctui"
                    .into()
            }
            Self::Secret { setting, .. } => format!(
                "correct {setting}_file, {setting}_env, {setting}_command or {setting}_keyring of this source"
            )
            .into(),
            Self::Login { .. } => {
                "correct user and password, or the token that is kept in its place, then sync; it is not tried again by itself, \
                 which could lock the account"
                    .into()
            }
            Self::SignIn { grant: Grant::User, .. } => {
                "sign in with `noctui source login`, after which a running noctui goes on by itself, or correct \
                 [maintenance.source.oauth]"
                    .into()
            }
            Self::Application { .. } => {
                "correct client_id and client_secret in [maintenance.source.oauth]; where they are right, an administrator has \
                 to let the application in, and you to sign in with `noctui source login`"
                    .into()
            }
            Self::NoToken { .. } => {
                "wait: a running noctui tries it again by itself; where it stays so, a proxy or the login page of a network may \
                 answer in its place: check the network, and token_url in [maintenance.source.oauth] if it is set"
                    .into()
            }
            Self::SignIn { grant: Grant::Application, .. } => {
                "check client_id and client_secret in [maintenance.source.oauth], and that an administrator agreed to \
                 the application's permissions"
                    .into()
            }
            Self::SignIn { grant: Grant::ServiceAccount, .. } => {
                "check the key of the service account, `user`, and that an administrator lets it act for the domain \
                 with these scopes"
                    .into()
            }
            Self::Token { grant: Grant::User, .. } => {
                "sign in anew with `noctui source login`, as the `user` of this source".into()
            }
            Self::Token { .. } => "check `user`, and what an administrator lets the application do".into(),
            Self::Forbidden { grant: Grant::User, .. } => {
                "sign in anew with `noctui source login` and agree to what it asks for; correct scopes and extra_scopes \
                 in [maintenance.source.oauth] first if they are set"
                    .into()
            }
            Self::Forbidden { .. } => {
                "let an administrator allow it; correct scopes in [maintenance.source.oauth] if they are set".into()
            }
            Self::NoMailbox { .. } => {
                "check `user`: Graph has the mailboxes of Exchange Online alone, with a licence".into()
            }
            Self::Refused { .. } => "see the server's words; a mail administrator knows more".into(),
            Self::Closed { .. } | Self::Late { .. } | Self::Busy { .. } => {
                "wait: a running noctui tries it again by itself".into()
            }
            Self::Withheld { .. } | Self::Unsent { .. } => {
                "wait: it is asked for at every look, and given up after half an hour and five looks where others come; a \
                 mail program or the mail administrator can tell whether the server has lost it"
                    .into()
            }
            Self::Short { .. } => {
                "wait: a running noctui tries it again by itself; where it stays so, \
                 the server, or what stands before it, does not send what it announces: tell the mail administrator"
                    .into()
            }
            Self::Unreadable { .. } => {
                "wait: a running noctui tries it again by itself; where it stays so, \
                 the server, or what stands before it, does not keep to its protocol: tell the mail administrator"
                    .into()
            }
            Self::Garbled { .. } => "check the address of this source (`server` or `url`): it is that of a mail service".into(),
        }
    }
}

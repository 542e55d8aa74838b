//! What can go wrong with a Nautobot, and what to do about it.

use std::borrow::Cow;
use std::time::Duration;

use crate::trouble::{Remedy, Trouble};

/// An error below, for the chain.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection cannot be prepared.
    #[error("cannot prepare the connection to Nautobot at {server}: {what}")]
    Setup {
        /// Where it is.
        server: String,
        /// What cannot be done.
        what: String,
        /// Why.
        #[source]
        source: Option<Cause>,
    },
    /// It does not answer.
    #[error("cannot reach Nautobot at {server}")]
    Unreachable {
        /// Where it is.
        server: String,
        /// Why.
        #[source]
        source: Option<Cause>,
    },
    /// It takes longer than it may.
    #[error("Nautobot at {server} did not answer within {} s", within.as_secs())]
    Slow {
        /// Where it is.
        server: String,
        /// How long it may take.
        within: Duration,
    },
    /// Its certificate is not trusted.
    #[error("the certificate of Nautobot at {server} is not trusted")]
    Untrusted {
        /// Where it is.
        server: String,
        /// Why.
        #[source]
        source: Option<Cause>,
    },
    /// It does not know the token, or not any more.
    #[error("Nautobot does not take the token: {detail}")]
    Credentials {
        /// In its words.
        detail: String,
    },
    /// Whoever answers takes no token of ours, and does not say why. Nautobot itself says so with another status, and in words.
    #[error("{server} refuses to {what}: 401 Unauthorized, without a reason")]
    Unauthorised {
        /// Where it is.
        server: String,
        /// What was tried.
        what: String,
    },
    /// The token may not do this.
    #[error("Nautobot does not let the token {what}")]
    Forbidden {
        /// What was tried.
        what: String,
    },
    /// There is no such object, or the token may not see it.
    #[error("Nautobot has no {what}")]
    NotFound {
        /// What was asked for.
        what: String,
    },
    /// The app for circuit maintenances is not there.
    #[error("Nautobot at {server} has no app nautobot-circuit-maintenance")]
    NoApp {
        /// Where it is.
        server: String,
    },
    /// What answers is no Nautobot, or not at this address.
    #[error("what answers at {server} is not Nautobot's interface")]
    NotNautobot {
        /// Where it is.
        server: String,
        /// What came instead.
        #[source]
        source: Option<Cause>,
    },
    /// It refuses what was sent.
    #[error("Nautobot refuses to {what}: {why}")]
    Refused {
        /// What was tried.
        what: String,
        /// In its words.
        why: String,
    },
    /// It has one of this name already, which is not shown to the token.
    #[error("Nautobot has a maintenance {name} that the token may not see")]
    Unseen {
        /// The name, which cannot be given twice.
        name: String,
    },
    /// It, or a proxy before it, has no time now.
    #[error("Nautobot has no time: {status}")]
    Busy {
        /// The status of the answer.
        status: String,
        /// How long it asks to wait.
        after: Option<Duration>,
    },
    /// It failed.
    #[error("Nautobot failed to {what}: {why}")]
    Broken {
        /// What was tried.
        what: String,
        /// In its words.
        why: String,
    },
    /// An answer is larger than it may be.
    #[error("an answer of Nautobot is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// An answer has not the shape that it should have.
    #[error("Nautobot's answer to {what} makes no sense: {why}")]
    Senseless {
        /// What was asked.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// It is not the one that this data directory is of by now.
    #[error("this data directory follows Nautobot at {server} by now, as another configuration says")]
    Another {
        /// Where that is.
        server: String,
    },
    /// Another process has the right to speak with it by now.
    #[error("another noctui on this data directory reads and writes Nautobot by now")]
    TakenOver,
    /// The database did not take or give something.
    #[error("the store did not answer")]
    Store(#[from] crate::store::Error),
}

impl Error {
    /// Whether trying again unchanged can help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            // A disk that was full has room again, unannounced.
            Self::Unreachable { .. }
            | Self::Slow { .. }
            | Self::Busy { .. }
            | Self::Another { .. }
            | Self::TakenOver
            | Self::Store(_) => true,
            Self::Setup { .. }
            | Self::Untrusted { .. }
            | Self::Credentials { .. }
            | Self::Unauthorised { .. }
            | Self::Forbidden { .. }
            | Self::NotFound { .. }
            | Self::NoApp { .. }
            | Self::NotNautobot { .. }
            | Self::Refused { .. }
            | Self::Unseen { .. }
            | Self::Broken { .. }
            | Self::TooLarge { .. }
            | Self::Senseless { .. } => false,
        }
    }

    /// Whether it concerns one object, so that others can be sent all the same.
    #[must_use]
    pub fn is_about_one(&self) -> bool {
        matches!(
            self,
            Self::Refused { .. }
                | Self::Unseen { .. }
                | Self::Broken { .. }
                | Self::NotFound { .. }
                | Self::Forbidden { .. }
        )
    }

    /// The state in a word, for the header.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Setup { .. } => "setup",
            Self::Unreachable { .. } => "offline",
            Self::Slow { .. } => "slow",
            Self::Untrusted { .. } => "TLS",
            Self::Credentials { .. } | Self::Unauthorised { .. } => "token",
            Self::Forbidden { .. } | Self::Unseen { .. } => "permission",
            Self::NoApp { .. } => "no app",
            Self::Busy { .. } => "busy",
            Self::Another { .. } | Self::TakenOver => "elsewhere",
            Self::Store(_) => "store",
            Self::NotFound { .. }
            | Self::NotNautobot { .. }
            | Self::Refused { .. }
            | Self::Broken { .. }
            | Self::TooLarge { .. }
            | Self::Senseless { .. } => "failing",
        }
    }
}

impl Remedy for Error {
    fn remedy(&self) -> Cow<'static, str> {
        match self {
            Self::Setup { .. } => "check the section [nautobot] of the configuration".into(),
            Self::Unreachable { .. } => "check the VPN, and `url` in [nautobot]".into(),
            Self::Slow { .. } => "see why it is slow, or say a longer `call_timeout` in [nautobot]".into(),
            Self::Untrusted { .. } => "name the authority with ca_file in [nautobot]".into(),
            Self::Credentials { .. } => "make a new API token in Nautobot, under your profile".into(),
            Self::Unauthorised { .. } => {
                "ask whoever runs the proxy before Nautobot what login it wants: Nautobot itself refuses a token with 403; check \
                 `url` in [nautobot]"
                    .into()
            }
            Self::Forbidden { what } if what.starts_with("read ") => {
                "give the token's user the permission to view that".into()
            }
            Self::Forbidden { .. } => {
                "give the token's user that object permission, and check that the token is write-enabled".into()
            }
            Self::NotFound { .. } => "somebody may have deleted it, or the token may not see it".into(),
            Self::NoApp { .. } => "install nautobot-circuit-maintenance, or correct `url` in [nautobot]".into(),
            Self::NotNautobot { .. } => "check `url` in [nautobot]: scheme, host, and the path before /api/".into(),
            Self::Refused { .. } => "correct it in Nautobot or here, then `noctui outbox retry`".into(),
            Self::Unseen { .. } => "let the token's user view it: a constraint of its permission leaves it out".into(),
            Self::Busy { .. } | Self::TakenOver => "wait: a running noctui tries it again by itself".into(),
            Self::Another { .. } => {
                "give each configuration a data directory of its own, and start this noctui again".into()
            }
            Self::Broken { .. } => "see Nautobot's own log for more".into(),
            Self::TooLarge { .. } | Self::Senseless { .. } => {
                "please report this with the versions of Nautobot and its app".into()
            }
            Self::Store(error) => error.remedy(),
        }
    }
}

/// How what is there and does not show by itself is told.
pub(super) const HIDDEN: &str = " of visible maintenances";

/// What is wrong where so much does not show any more, such as `900 of 1000 maintenances`, that it was kept.
#[must_use]
pub fn vanished(what: &str) -> Trouble {
    let trouble = Trouble::new(&format!("{what} do not show in Nautobot any more, and were kept here"));
    if what.ends_with(HIDDEN) && !what.contains(" and ") {
        return trouble.caused_by("they are there, and the token may view only some of the impacts").to_do(
            "let the token's user view all impacts: what changes in these is found once an hour at the earliest",
        );
    }
    trouble.caused_by("the token may see less than before, or they were deleted there").to_do(
        "see to the permissions of the token's user; `noctui nautobot sync --accept-gone` takes them for deleted",
    )
}

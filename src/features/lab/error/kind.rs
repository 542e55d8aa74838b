//! What kind of an error it is: whether to try again, whether it was done all the same, what it is called in a word.

use super::{Error, Seen};
use crate::features::lab::client;

impl Error {
    /// Whether it is about the token, so that another one may help.
    pub(in crate::features::lab) fn is_about_token(&self) -> bool {
        matches!(self, Self::Expired | Self::BadToken | Self::OddToken | Self::Elsewhere { .. } | Self::NoToken(None))
    }

    /// Whether a change may have been carried out all the same, as long as nobody has looked: it was sent, and no answer tells.
    pub(in crate::features::lab) fn may_be_done(&self) -> bool {
        // Without a token nothing was sent.
        if let Self::Empty { call, .. }
        | Self::WebPage { call, .. }
        | Self::SentOn { call, .. }
        | Self::Senseless { call, .. } = self
        {
            return *call != client::LOGIN;
        }
        matches!(
            self,
            Self::Lost { writes: true, .. }
                | Self::Slow { writes: true, .. }
                | Self::Page { writes: true, .. }
                | Self::NotMade { .. }
        )
    }

    /// Whether nobody knows, after a look, what became of a change.
    #[must_use]
    pub fn is_outcome_unknown(&self) -> bool {
        matches!(self, Self::Unheard { .. } | Self::Stumbled { seen: Seen::Nothing, .. })
    }

    /// Whether the service has answered to a change and stumbled: it is through with it, and what it has done can be seen.
    pub(in crate::features::lab) fn has_stumbled(&self) -> bool {
        matches!(
            self,
            Self::Stumbled { .. }
                | Self::Page { status: 500, writes: true, .. }
                | Self::DatabaseDown
                | Self::Unsaved { .. }
        )
    }

    /// The same, with what was seen of the change afterwards.
    pub(in crate::features::lab) fn with(self, seen: Seen) -> Self {
        if let Self::Stumbled { call, source, .. } = self {
            return Self::Stumbled { call, seen, source };
        }
        if let Self::Page { call, status: 500, .. } = self {
            return Self::Stumbled { call, seen, source: None };
        }
        if !self.may_be_done() {
            return self;
        }
        let source = std::error::Error::source(&self).map(|why| why.to_string().into());
        Self::Unheard { what: self.to_string(), word: self.word(), seen, source }
    }

    /// The same, where it is the server for logging in alone that is not as it should be.
    pub(in crate::features::lab) fn at_login(self) -> Self {
        let is_of_address =
            matches!(self, Self::Unreachable { .. } | Self::NoTls { .. } | Self::NoHttp { .. } | Self::SentOn { .. });
        let what = if let Self::NoService { server, status, .. } = &self {
            format!("{server} does not log anybody in: it answered {status}")
        } else if is_of_address {
            self.to_string()
        } else {
            return self;
        };
        let source = std::error::Error::source(&self).map(|why| why.to_string().into());
        Self::NoLogin { what, word: self.word(), is_transient: self.is_transient(), source }
    }

    /// Whether trying again can help without anybody's doing.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Proxy { .. }
                | Self::Lost { .. }
                | Self::Away { .. }
                | Self::Slow { .. }
                | Self::LoginAway { .. }
                | Self::DatabaseDown
                | Self::Stumbled { .. }
                | Self::TooMany { .. }
                | Self::NoLogin { is_transient: true, .. }
        )
    }

    /// The reason in a word, for the header.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Setup { .. } => "settings",
            Self::Unreachable { .. } => "offline",
            Self::Proxy { .. } => "proxy",
            Self::Untrusted { .. } | Self::NoTls { .. } | Self::NoHttp { .. } => "TLS",
            Self::Lost { .. } | Self::Slow { .. } => "no answer",
            Self::NoGateway { .. } | Self::Away { .. } => "gateway",
            Self::Unheard { word, .. } | Self::NoLogin { word, .. } => word,
            Self::TooMany { .. } => "busy",
            Self::NoInventory { .. } => "inventory",
            Self::NoService { .. }
            | Self::Page { .. }
            | Self::Empty { .. }
            | Self::Stumbled { .. }
            | Self::WebPage { .. }
            | Self::SentOn { .. }
            | Self::Senseless { .. } => "answer",
            Self::NoToken(_) | Self::NotInFile { .. } | Self::BadToken | Self::OddToken | Self::OldToken { .. } => {
                "token"
            }
            Self::Expired => "expired",
            Self::Elsewhere { .. } => "address",
            Self::NotOwner { .. } => "not yours",
            Self::NoPassword(_) | Self::LoginRefused { .. } | Self::LoginAway { .. } => "login",
            Self::DatabaseDown => "database",
            Self::Refused { .. }
            | Self::FirewallRefused { .. }
            | Self::NoRule { .. }
            | Self::Half { .. }
            | Self::Overlooked { .. }
            | Self::NotMade { .. }
            | Self::NotTaken
            | Self::ForeignRule { .. }
            | Self::Unsaved { .. }
            | Self::Misled { .. }
            | Self::HalfDeleted { .. }
            | Self::Undeletable { .. }
            | Self::Full { .. }
            | Self::Changed { .. }
            | Self::NotListed { .. }
            | Self::StillThere { .. }
            | Self::Unwanted(_) => "refused",
        }
    }
}

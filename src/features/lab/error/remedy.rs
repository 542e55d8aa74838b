//! What to do about each error: here, or on the gateway.

use std::borrow::Cow;

use super::{Error, Seen};
use crate::features::lab::client;
use crate::features::lab::model::Chain;
use crate::trouble::Remedy;

impl Error {
    /// What is to be done in the gateway's shell, of what the service cannot put right; else empty.
    fn at_the_gateway(&self) -> String {
        if let Self::Misled { port, by_hand, .. } = self {
            let line = by_hand.as_deref().unwrap_or("end that rule in the chain PREROUTING");
            return format!(
                "do not use it: delete it (noctui lab remove {port}) and ask again for another port; or, on the gateway: {line}"
            );
        }
        if let Self::NoRule { port, by_hand: None } = self {
            return format!(
                "let health_check = true in [[lab]] tell which rule is missing, or look on the gateway (sudo iptables-save); \
                 while a rule leads {port} on, do not delete its record: the port would be open, and in no list"
            );
        }
        let (line, then) = if let Self::Undeletable { by_hand } = self {
            let without = "end its rule in the chain PREROUTING, and its row in the table ipam";
            (by_hand.as_deref().unwrap_or(without), "")
        } else if let Self::HalfDeleted { by_hand, .. } = self {
            (by_hand.as_str(), "")
        } else if let Self::NoRule { by_hand: Some(line), .. } = self {
            (line.as_str(), "; a new forward to the same place works meanwhile")
        } else if let Self::Half { by_hand, .. } = self {
            (by_hand.as_deref().unwrap_or("add its rule to the chain FORWARD"), "; then delete it again")
        } else if let Self::Overlooked { by_hand, .. } = self {
            (by_hand.as_str(), "; then delete it again")
        } else {
            return String::new();
        };
        format!("on the gateway: {line}{then}")
    }
}

impl Remedy for Error {
    fn remedy(&self) -> Cow<'static, str> {
        match self {
            Self::Setup { .. } => "check the section [[lab]] of the configuration",
            Self::Unreachable { .. } => "check the VPN, and `url` in [[lab]]",
            Self::Proxy { variable, .. } => return past_the_proxy(variable).into(),
            Self::Untrusted { by_authority: true, .. } => {
                "ca_file has to name the authority that signed the certificate, for a name that is the one in the address; one \
                 that signs itself is trusted by its fingerprint instead: say it as `fingerprint` in [[lab]]"
            }
            Self::Untrusted { .. } => {
                "compare the fingerprint with the one that the server's owner tells, and say it as `fingerprint` in [[lab]] (a \
                 gateway that is asked directly signs its own certificate); or name the authority with ca_file"
            }
            Self::NoTls { .. } => "write the port that speaks TLS into `url` in [[lab]], or http:// where nothing is encrypted",
            Self::NoHttp { .. } => "write https:// into `url` in [[lab]], or the port that it means",
            Self::Lost { writes: true, .. } | Self::Slow { writes: true, .. } => {
                "look at the list again: it may have been done"
            }
            Self::Lost { .. } => "try again; if it stays so, check the VPN and `url` in [[lab]]",
            Self::Slow { .. } => "try again in a minute: a gateway serves one request after the other",
            Self::NoGateway { .. } => "restart your gateway machine: it registers its name when it starts",
            Self::Away { .. } => "start or restart your gateway machine, and try again in a minute",
            Self::NoService { .. } => "check `url` in [[lab]]: it is the front server's, or the gateway's own",
            Self::Page { call, .. } if *call == client::LOGIN => {
                "the front server stumbled: try again in a few minutes, and tell whoever keeps it"
            }
            Self::Page { writes: true, .. } | Self::NotMade { .. } => "look at the list again, and at the gateway's own log",
            Self::Page { .. } => "look at the gateway's own log, or restart the gateway machine",
            Self::Empty { .. } => {
                "check `url` in [[lab]]: another server may answer there, or a proxy on the way"
            }
            Self::TooMany { .. } => "wait a minute, and try again; say a longer `refresh` in [[lab]] if it stays so",
            Self::NoInventory { refused_to: None, .. } => "try again in a few minutes; forwards work without it",
            Self::NoInventory { .. } => "ask whoever keeps the front server; forwards work without it",
            Self::NoLogin { .. } => "check `login_url` in [[lab]], and the VPN: it is the server that gives tokens",
            Self::WebPage { server, .. } => {
                return format!(
                    "open {server} in a browser: a proxy on the way may want a login, or `url` in [[lab]] is another server's"
                )
                .into();
            }
            Self::SentOn { .. } => {
                "say that address as `url` in [[lab]] if it is the lab's; a token is sent to no server but the one that is \
                 configured"
            }
            Self::Senseless { .. } => "please report this with the version of the service",
            Self::NoToken(Some(missing)) | Self::NoPassword(missing) => return missing.remedy(),
            Self::NoToken(None) => {
                "set NOCTUI_LAB_TOKEN, or say token_file, token_command, token_keyring or user in [[lab]]"
            }
            Self::NotInFile { .. } => "log in with vlab, or correct vlab_file in [[lab]]",
            Self::Expired => {
                "make a new token (vlab token --refresh), or let noctui log in: user and password_* in [[lab]]"
            }
            Self::BadToken => "make a new token at this lab's front server; another server's is not accepted",
            Self::OddToken => "make a new token: this one was not made by vLab's front server",
            Self::OldToken { .. } => "make a new token: vLab's front server makes them with version 2",
            Self::Elsewhere { .. } => {
                "log in again from here: a token holds for one address, and a VPN gives another one"
            }
            Self::NotOwner { .. } => "ask its owner, or name your own gateway's `url` and token in [[lab]]",
            Self::LoginRefused { message, .. } if message.to_lowercase().contains("locked") => {
                "have the account unlocked by whoever keeps them, or wait until that is over; then read the lab again by hand"
            }
            Self::LoginRefused { .. } => {
                "check `user` and the password's place in [[lab]]; the same password is not tried again by itself, since \
                 repeated failures lock accounts"
            }
            Self::LoginAway { .. } => "try again in a few minutes",
            Self::Refused { .. } => "correct what was asked for",
            Self::FirewallRefused { .. } => "check the address and the port: IPv4, and 1 to 65535",
            Self::Unsaved { .. } => {
                "make room on the gateway's disk; what is unlisted has the lines that end it, on the screen and in noctui lab \
                 check; do not try again before"
            }
            Self::Misled { .. }
            | Self::Undeletable { .. }
            | Self::HalfDeleted { .. }
            | Self::NoRule { .. }
            | Self::Half { .. }
            | Self::Overlooked { .. } => return self.at_the_gateway().into(),
            Self::NotTaken => "write the address as plain IPv4; noctui lab check has the line that ends the rule",
            Self::ForeignRule { chain, rule } => {
                let chains = chain.as_ref().map_or(&Chain::ALL[..], std::slice::from_ref);
                let looks: Vec<String> = chains.iter().map(|chain| chain.listing()).collect();
                let which = rule.as_ref().map_or_else(|| "that rule".to_owned(), |rule| format!("the rule {rule}"));
                return format!("on the gateway: {}, and delete {which}", looks.join("; ")).into();
            }
            Self::DatabaseDown => "restart PostgreSQL or the gateway machine",
            Self::Full { .. } => "delete forwards that nobody needs",
            Self::Stumbled { seen, .. } | Self::Unheard { seen: seen @ (Seen::Nothing | Seen::Open { .. }), .. } => {
                return seen.remedy().into();
            }
            Self::Unheard { .. } => "look at the list again in a minute: it may have been done only then",
            Self::Changed { .. } | Self::NotListed { .. } => "look at the list again: somebody has changed it",
            Self::StillThere { .. } => "look at the list again in a moment",
            Self::Unwanted(_) => "correct it",
        }
        .into()
    }
}

/// How a proxy of the environment is not asked.
fn past_the_proxy(variable: &str) -> String {
    format!("name the lab's host in NO_PROXY, since a lab is usually asked without a proxy; or correct {variable}")
}

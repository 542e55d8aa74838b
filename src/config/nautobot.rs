//! `[nautobot]`: the Nautobot that circuit maintenances are shared with.

use std::time::Duration;

use super::certificate;
use super::file::NautobotSection;
use super::resolve::{Layers, NAUTOBOT_TOKEN_VARIABLE, value};
use super::secret::Keys;
use super::value::{Span, Url};
use crate::secret::SecretFrom;
use crate::tls::Trust;

/// Where it is said how the certificate is checked.
const CERTIFICATE: certificate::Keys =
    certificate::Keys { ca_file: "nautobot.ca_file", fingerprint: "nautobot.fingerprint" };

/// Where the token may be kept.
pub(super) const TOKEN: Keys = Keys {
    what: "a token",
    variable: "nautobot.token_env",
    file: "nautobot.token_file",
    command: "nautobot.token_command",
    keyring: "nautobot.token_keyring",
    usual: Some("nautobot.token_env"),
};

/// A Nautobot with its app for circuit maintenances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nautobot {
    /// Its address, with whatever path stands before `/api/`.
    pub url: Url,
    /// Where the token is kept. It is fetched when it is needed.
    pub token: SecretFrom,
    /// Whose certificates are trusted.
    pub trust: Trust,
    /// How often it is asked for what is new.
    pub poll: Duration,
    /// Whether maintenances from mails are written there.
    pub write_maintenances: bool,
    /// Whether writes to it wait.
    pub read_only: bool,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long an answer may take.
    pub call_timeout: Duration,
}

impl Layers<'_> {
    /// `[nautobot]`; nothing without an address, which was noted.
    pub(super) fn nautobot(&mut self, section: NautobotSection) -> Option<Nautobot> {
        let token = self.secret(&TOKEN, section.token).map(|(token, _)| token);
        let usual = || SecretFrom::Variable(NAUTOBOT_TOKEN_VARIABLE.to_owned());
        let token = token.filter(|_| !self.is_set(NAUTOBOT_TOKEN_VARIABLE)).unwrap_or_else(usual);
        let trust = self.trust(&CERTIFICATE, section.certificate);
        let seconds = |seconds| Span(Duration::from_secs(seconds));
        let poll = self.within("nautobot.poll", section.poll, (seconds(10), seconds(86_400)), seconds(60));
        let limits = (seconds(1), seconds(300));
        let connect = self.within("nautobot.connect_timeout", section.connect_timeout, limits, seconds(10));
        let call = self.within("nautobot.call_timeout", section.call_timeout, (seconds(1), seconds(600)), seconds(60));
        Some(Nautobot {
            url: value(section.url)?,
            token,
            trust,
            poll: poll.0,
            write_maintenances: value(section.write_maintenances).unwrap_or(false),
            read_only: value(section.read_only).unwrap_or(false),
            connect_timeout: connect.0,
            call_timeout: call.0,
        })
    }
}

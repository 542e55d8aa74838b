//! Where the consoles of machines are, and what machines are called.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use super::list::Item;
use super::{Endpoint, Setting};

/// The address of a websocket proxy: what stands before the token in the addresses that it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyUrl {
    /// Whether TLS protects the way there.
    pub tls: bool,
    /// Where it listens.
    pub endpoint: Endpoint,
    /// The one segment of path that it wants in front, without slashes.
    pub prefix: Option<String>,
}

/// A text is no address of a websocket proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a proxy is written wss://HOST[:PORT][/PREFIX], or ws:// without TLS, and never with its token")]
pub struct BadProxyUrl;

/// The port of a proxy without TLS whose address names none.
const HTTP_PORT: u16 = 80;
/// The longest prefix. A token has at least three times as many characters, so that none is taken for a prefix.
const LONGEST_PREFIX: usize = 64;

impl Setting for ProxyUrl {
    // People copy the address of a machine, which has the token in it.
    const PRIVATE: bool = true;

    fn takes() -> String {
        "\"wss://host\", \"wss://host:port/prefix\", or the same with ws:// for no TLS; without the token".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        let (tls, rest) = match (text.strip_prefix("wss://"), text.strip_prefix("ws://")) {
            (Some(rest), _) => (true, rest),
            (None, rest) => (false, rest?),
        };
        let (server, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        let endpoint = Endpoint::from_text(server)?;
        let names_port = server.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let port = if tls || names_port { endpoint.port } else { HTTP_PORT };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        // Three parts with dots between are a token.
        let fits = prefix.len() <= LONGEST_PREFIX && prefix.bytes().all(plain) && prefix.matches('.').count() != 2;
        let prefix = Some(prefix).filter(|prefix| !prefix.is_empty()).map(str::to_owned);
        fits.then_some(Self { tls, endpoint: Endpoint { port, ..endpoint }, prefix })
    }
}

impl FromStr for ProxyUrl {
    type Err = BadProxyUrl;

    fn from_str(text: &str) -> Result<Self, BadProxyUrl> {
        Self::from_text(text).ok_or(BadProxyUrl)
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "wss" } else { "ws" }, self.endpoint)?;
        self.prefix.as_ref().map_or(Ok(()), |prefix| write!(f, "/{prefix}"))
    }
}

/// The name of a machine, as the cluster that runs it has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MachineName(String);

/// A text is no name of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a machine's name has letters, digits, and -_. between them")]
pub struct BadMachineName;

impl MachineName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for MachineName {
    fn takes() -> String {
        "a machine's name, of letters, digits, and -_. between them".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        // It becomes a part of an address, where nothing is decoded.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = text.as_bytes();
        let fits = bytes.len() <= 253 && text.bytes().all(plain) && ends(bytes.first()) && ends(bytes.last());
        fits.then(|| Self(text.to_owned()))
    }
}

impl Item for MachineName {
    const MANY: &'static str = "a list of names";
}

impl FromStr for MachineName {
    type Err = BadMachineName;

    fn from_str(text: &str) -> Result<Self, BadMachineName> {
        Self::from_text(text).ok_or(BadMachineName)
    }
}

impl fmt::Display for MachineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a context in a kubeconfig. Clouds make long ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KubeContext(pub(crate) String);

impl Setting for KubeContext {
    fn takes() -> String {
        "the name of a context in the kubeconfig".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        let fits = !text.trim().is_empty() && text.len() <= 253 && !text.contains(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }
}

impl Setting for SocketAddr {
    fn takes() -> String {
        "an address with a port, such as \"127.0.0.1:5680\" or \"[::1]:5680\"".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// The key that leaves a console: one that a terminal sends as a single byte below the blank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EscapeKey(u8);

/// A text is no escape key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it takes ctrl-a to ctrl-z, ctrl-], ctrl-\\, ctrl-^ or ctrl-_, but not the keys of tab and enter")]
pub struct BadEscapeKey;

impl EscapeKey {
    /// What terminals send for it.
    #[must_use]
    pub fn byte(self) -> u8 {
        self.0
    }

    /// As it is told on a line: `^]`.
    #[must_use]
    pub fn short(self) -> String {
        format!("^{}", char::from(self.0 + 0x40))
    }
}

impl Default for EscapeKey {
    /// The one of telnet and its descendants.
    fn default() -> Self {
        Self(0x1d)
    }
}

impl Setting for EscapeKey {
    fn takes() -> String {
        "a key with ctrl, such as \"ctrl-]\" or \"ctrl-a\"".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        let key = text.strip_prefix("ctrl-")?;
        let [letter] = key.as_bytes() else { return None };
        let byte = match letter.to_ascii_uppercase() {
            // Tab, enter and escape are needed inside.
            b'I' | b'J' | b'M' | b'[' => return None,
            letter @ (b'A'..=b'Z' | b'\\' | b']' | b'^' | b'_') => letter - 0x40,
            _ => return None,
        };
        Some(Self(byte))
    }
}

impl FromStr for EscapeKey {
    type Err = BadEscapeKey;

    fn from_str(text: &str) -> Result<Self, BadEscapeKey> {
        Self::from_text(text).ok_or(BadEscapeKey)
    }
}

impl fmt::Display for EscapeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ctrl-{}", char::from(self.0 + 0x40).to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_has_a_host_and_perhaps_a_port_and_one_segment_of_path() {
        let url = |text| ProxyUrl::from_text(text).map(|url| url.to_string());
        for (written, is) in [
            ("wss://lab.example", "wss://lab.example:443"),
            ("ws://lab.example/", "ws://lab.example:80"),
            ("ws://192.0.2.1:5001/console", "ws://192.0.2.1:5001/console"),
            ("wss://[2001:db8::1]:5001/a/", "wss://[2001:db8::1]:5001/a"),
            ("ws://[2001:db8::1]", "ws://[2001:db8::1]:80"),
        ] {
            assert_eq!(url(written).as_deref(), Some(is));
        }
        let token = format!("wss://lab.example/{}", "a".repeat(65));
        for wrong in [
            "lab.example",
            "http://lab.example",
            "wss://",
            "wss://a/b/c",
            "wss://a/?x",
            "wss://a/x.y.z",
            "ws://a/%41",
            &token,
        ] {
            assert_eq!(url(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_escape_key_is_one_byte_that_nobody_needs_inside() {
        let byte = |text| EscapeKey::from_text(text).map(EscapeKey::byte);
        assert_eq!(byte("ctrl-]"), Some(EscapeKey::default().byte()));
        assert_eq!((byte("ctrl-a"), byte("ctrl-A"), byte("ctrl-_")), (Some(1), Some(1), Some(0x1f)));
        for wrong in ["ctrl-m", "ctrl-i", "ctrl-[", "ctrl-", "ctrl-ab", "]", "alt-x", "ctrl-1", "ctrl-\u{e9}"] {
            assert_eq!(byte(wrong), None, "{wrong}");
        }
        assert_eq!(
            (EscapeKey::default().to_string(), EscapeKey::default().short()),
            ("ctrl-]".to_owned(), "^]".to_owned())
        );
    }

    #[test]
    fn a_machine_has_a_name_that_can_stand_in_an_address() {
        for name in ["leaf1", "leaf-1.lab_2", "A"] {
            assert_eq!(MachineName::from_text(name).unwrap().as_str(), name);
        }
        for wrong in ["", "a/b", "-a", "a.", "..", "a b", "a%2f", "\u{e9}"] {
            assert_eq!(MachineName::from_text(wrong), None, "{wrong}");
        }
    }
}

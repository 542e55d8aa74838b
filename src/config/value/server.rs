//! Where servers are.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::Serialize;

use super::Setting;

/// A server by name and port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Endpoint {
    /// A DNS name or an address, IPv6 without brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

/// The port of an [`Endpoint`] that names none.
const HTTPS_PORT: u16 = 443;

impl Endpoint {
    /// Whether it is on this machine, to which no proxy leads.
    #[must_use]
    pub fn is_here(&self) -> bool {
        let is_loopback = |address: IpAddr| address.to_canonical().is_loopback();
        self.host.eq_ignore_ascii_case("localhost") || self.host.parse().is_ok_and(is_loopback)
    }
}

impl Setting for Endpoint {
    fn takes() -> String {
        "\"host\" or \"host:port\" without a scheme, such as \"cvp.example:443\" or \"[2001:db8::1]:443\"".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        let MailServer { host, port } = MailServer::from_text(text)?;
        Some(Self { host, port: port.unwrap_or(HTTPS_PORT) })
    }
}

/// A mail server by name, and its port where it is not the usual one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MailServer {
    /// A DNS name or an address, IPv6 without brackets.
    pub(crate) host: String,
    /// The TCP port, if it is written.
    pub(crate) port: Option<u16>,
}

impl Setting for MailServer {
    fn takes() -> String {
        "\"host\" or \"host:port\" without a scheme, such as \"imap.example\" or \"[2001:db8::1]:993\"".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix('[') {
            let (host, port) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            return Some(Self { host: host.to_owned(), port: port_after_colon(port)? });
        }
        let (host, port) = text.split_at_checked(text.find(':').unwrap_or(text.len()))?;
        is_host(host).then_some(())?;
        Some(Self { host: host.to_owned(), port: port_after_colon(port)? })
    }
}

/// A text is no server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a server is written host or host:port, without a scheme; a port is a number from 1 to 65535, and \
         an address of IPv6 stands in brackets: [2001:db8::1]:443"
)]
pub struct BadEndpoint;

impl FromStr for Endpoint {
    type Err = BadEndpoint;

    fn from_str(text: &str) -> Result<Self, BadEndpoint> {
        Self::from_text(text).ok_or(BadEndpoint)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// The port of `:443`, none of nothing; `None` where it is no port.
#[expect(clippy::option_option, reason = "nothing written, or nothing that can be read")]
fn port_after_colon(text: &str) -> Option<Option<u16>> {
    if text.is_empty() {
        return Some(None);
    }
    text.strip_prefix(':')?.parse().ok().filter(|port| *port != 0).map(Some)
}

/// Whether `text` can be a DNS name or an IPv4 address (RFC 1123 §2.1, with the underscore some labs use).
fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// A host without a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostName(pub(crate) String);

impl Setting for HostName {
    fn takes() -> String {
        "a host such as \"gateway.example\" or \"192.0.2.10\", without a port".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        let is_ipv6 = text.parse::<std::net::Ipv6Addr>().is_ok();
        (is_ipv6 || is_host(text)).then(|| Self(text.to_owned()))
    }
}

/// A login on a host, as `ssh` takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshPlace {
    /// Who logs in, if it is written.
    pub user: Option<String>,
    /// A DNS name or an address, IPv6 without brackets.
    pub host: String,
    /// The TCP port, if it is written.
    pub port: Option<u16>,
}

impl Setting for SshPlace {
    fn takes() -> String {
        "\"host\" or \"user@host:port\", such as \"anna@jump.example\" or \"anna@[2001:db8::1]:2222\"".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        let (user, place) = text.rsplit_once('@').map_or((None, text), |(user, place)| (Some(user), place));
        let is_user = |user: &str| {
            user.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '+'))
                && !user.starts_with('-')
                && !user.is_empty()
        };
        let MailServer { host, port } = MailServer::from_text(place)?;
        user.is_none_or(is_user).then(|| Self { user: user.map(str::to_owned), host, port })
    }
}

impl FromStr for SshPlace {
    type Err = BadEndpoint;

    fn from_str(text: &str) -> Result<Self, BadEndpoint> {
        Self::from_text(text).ok_or(BadEndpoint)
    }
}

/// The address of a web service, without the final slash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Url(String);

impl Url {
    /// As it is requested, to be followed by `/path`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The server of it; the port is that of https where it names none.
    fn server(&self) -> Option<Endpoint> {
        let (_, rest) = self.0.split_once("://")?;
        Endpoint::from_text(rest.split('/').next()?)
    }

    /// Whether it is on this machine, to which no proxy leads.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.server().is_some_and(|server| server.is_here())
    }

    /// Whether anybody on the way to it can read along.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.as_str().starts_with("http://") && !self.is_here()
    }
}

impl Setting for Url {
    fn takes() -> String {
        "an address such as \"https://lab.example\" or \"http://192.0.2.10:8080/api\", without user, query or fragment"
            .to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let scheme = ["https", "http"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known))?;
        let (server, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?;
        Endpoint::from_text(server)?;
        // A password has no place in a configuration, and what follows `?` or `#` is no place to build paths on.
        let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '?' | '#' | '@' | '\\' | '"' | '<' | '>');
        path.chars().all(plain).then(|| Self(format!("{scheme}://{}", rest.trim_end_matches('/'))))
    }
}

/// A text is no address of a web service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an address is written https://host or https://host:port/path, without user, query or fragment")]
pub struct BadUrl;

impl FromStr for Url {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        Self::from_text(text).ok_or(BadUrl)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_this_machine_is_known_by_its_address() {
        let is_here = |text| Url::from_text(text).unwrap().is_here();
        for here in [
            "http://localhost:8080/api",
            "https://127.0.0.1",
            "http://127.3.2.1:80/",
            "https://[::1]:8443/x",
            "HTTP://LOCALHOST",
            "http://[::ffff:127.0.0.1]",
        ] {
            assert!(is_here(here), "{here}");
        }
        for elsewhere in ["https://lab.example/127.0.0.1", "http://192.0.2.1", "https://localhost.example"] {
            assert!(!is_here(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn an_endpoint_is_a_host_and_perhaps_a_port() {
        let endpoint = |text| Endpoint::from_text(text).map(|endpoint| endpoint.to_string());
        assert_eq!(endpoint("cvp.example").as_deref(), Some("cvp.example:443"));
        assert_eq!(endpoint("192.0.2.1:8443").as_deref(), Some("192.0.2.1:8443"));
        assert_eq!(endpoint("[2001:db8::1]:443").as_deref(), Some("[2001:db8::1]:443"));
        for wrong in
            ["", "https://cvp.example", "cvp.example:", "cvp:0", "cvp:65536", "a b", "2001:db8::1", "[x]", "-a"]
        {
            assert_eq!(endpoint(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_login_on_a_host_has_a_user_and_a_port_where_they_are_written() {
        let read = |text: &str| SshPlace::from_text(text).map(|it| (it.user.unwrap_or_default(), it.host, it.port));
        let place = |user: &str, host: &str, port| Some((user.to_owned(), host.to_owned(), port));
        assert_eq!(read("jump.example"), place("", "jump.example", None));
        assert_eq!(read("anna@jump.example:2222"), place("anna", "jump.example", Some(2222)));
        assert_eq!(read("anna@[2001:db8::1]"), place("anna", "2001:db8::1", None));
        for wrong in ["", "@host", "-oProxyCommand=x@host", "-host", "a b@host", "anna@", "anna@host:0"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_url_carries_no_password_query_or_fragment() {
        let url = |text| Url::from_text(text).map(|url| url.to_string());
        assert_eq!(url("https://lab.example/").as_deref(), Some("https://lab.example"));
        assert_eq!(url("http://192.0.2.10:8080/api/v1").as_deref(), Some("http://192.0.2.10:8080/api/v1"));
        for wrong in [
            "lab.example",
            "ftp://lab.example",
            "https://",
            "https://me:pw@lab.example",
            "https://a/?q",
            "https://a/ b",
        ] {
            assert_eq!(url(wrong), None, "{wrong}");
        }
    }
}

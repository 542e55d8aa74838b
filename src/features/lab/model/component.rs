//! What is known of the machines of a lab by what they are: how people connect to them, and as whom.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A way to use a forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// A shell.
    Ssh,
    /// Files, one command after the other.
    Sftp,
    /// Files, named beforehand.
    Scp,
    /// A Windows desktop.
    Rdp,
    /// A web page.
    Https,
    /// A web page, not encrypted.
    Http,
    /// A screen.
    Vnc,
    /// A shell, not encrypted.
    Telnet,
    /// Anything else: nobody knows a program for it.
    Tcp,
}

impl Protocol {
    /// Every one, in the order of forms and messages.
    pub const ALL: [Self; 9] =
        [Self::Ssh, Self::Sftp, Self::Scp, Self::Rdp, Self::Https, Self::Http, Self::Vnc, Self::Telnet, Self::Tcp];

    /// The word in forms, flags and the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ssh => "ssh",
            Self::Sftp => "sftp",
            Self::Scp => "scp",
            Self::Rdp => "rdp",
            Self::Https => "https",
            Self::Http => "http",
            Self::Vnc => "vnc",
            Self::Telnet => "telnet",
            Self::Tcp => "tcp",
        }
    }

    /// What a port of a machine is usually for.
    #[must_use]
    pub const fn of_port(target: u16) -> Self {
        match target {
            22 => Self::Ssh,
            23 => Self::Telnet,
            80 => Self::Http,
            443 | 7543 | 8006 | 8080 | 8443 | 9443 => Self::Https,
            3389 => Self::Rdp,
            5900..=5999 => Self::Vnc,
            _ => Self::Tcp,
        }
    }

    /// The port on which a machine usually has it; `None` where there is no usual one.
    #[must_use]
    pub const fn usual_port(self) -> Option<u16> {
        match self {
            Self::Ssh | Self::Sftp | Self::Scp => Some(22),
            Self::Rdp => Some(3389),
            Self::Https => Some(443),
            Self::Http => Some(80),
            Self::Vnc => Some(5900),
            Self::Telnet => Some(23),
            Self::Tcp => None,
        }
    }

    /// Whether its program needs a display.
    #[must_use]
    pub const fn is_graphical(self) -> bool {
        matches!(self, Self::Rdp | Self::Https | Self::Http | Self::Vnc)
    }

    /// Whether its servers say who they are before they are asked.
    #[must_use]
    pub const fn has_banner(self) -> bool {
        matches!(self, Self::Ssh | Self::Sftp | Self::Scp)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text is no protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the protocols are ssh, sftp, scp, rdp, https, http, vnc, telnet and tcp")]
pub struct BadProtocol;

impl FromStr for Protocol {
    type Err = BadProtocol;

    fn from_str(text: &str) -> Result<Self, BadProtocol> {
        let text = text.trim();
        Self::ALL.into_iter().find(|protocol| text.eq_ignore_ascii_case(protocol.as_str())).ok_or(BadProtocol)
    }
}

/// What is known of a kind of machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Component {
    /// In small letters.
    pub name: &'static str,
    /// As whom people log in.
    pub user: &'static str,
    /// How they connect, the usual way first; empty where only the console leads there.
    pub protocols: &'static [Protocol],
    /// The port of its web page.
    pub https: u16,
    /// The path of its web page.
    pub path: &'static str,
    /// The ports that its forwards usually lead to.
    pub ports: &'static [u16],
}

/// A row of the table.
const fn row(
    name: &'static str,
    user: &'static str,
    protocols: &'static [Protocol],
    https: u16,
    ports: &'static [u16],
) -> Component {
    Component { name, user, protocols, https, path: "", ports }
}

use Protocol::{Https, Rdp, Scp, Ssh};

/// Web page first.
const APPLIANCE: &[Protocol] = &[Https, Ssh, Scp];
/// A desktop that has a shell, too.
const DESKTOP: &[Protocol] = &[Rdp, Ssh, Scp, Https];

/// Every kind that is known; each makes forwards for its own ports when it is created.
pub const COMPONENTS: &[Component] = &[
    row("onefs", "root", APPLIANCE, 8080, &[8080, 22]),
    row("insightiq", "administrator", APPLIANCE, 443, &[443, 22]),
    row("esrs", "root", APPLIANCE, 9443, &[22, 9443]),
    row("claritynow", "root", DESKTOP, 443, &[22, 3389, 443]),
    row("dataiq", "administrator", DESKTOP, 443, &[22, 443, 3389]),
    row("ecs", "admin", APPLIANCE, 443, &[22, 443]),
    row("esxi", "root", APPLIANCE, 443, &[22, 443]),
    row("kemp", "administrator", APPLIANCE, 443, &[443, 22]),
    row("centos", "root", &[Ssh, Scp, Rdp], 443, &[22]),
    row("dns", "root", &[Rdp, Ssh], 443, &[22, 3389]),
    row("windows", "administrator", &[Rdp], 443, &[3389]),
    row("winserver", "administrator", &[Rdp], 443, &[3389]),
    row("cee", "administrator", &[Rdp], 443, &[3389]),
    row("icap", "administrator", &[Rdp], 443, &[3389]),
    Component { path: "/dtlt/home.html", ..row("avamar", "root", APPLIANCE, 443, &[22, 443, 7543]) },
    row("ana", "root", &[Ssh, Scp], 7543, &[22, 7543]),
    row("dd", "sysadmin", &[Https, Ssh], 443, &[443, 22]),
    row("datadomain", "sysadmin", &[Https, Ssh], 443, &[443, 22]),
    row("superna", "sysadmin", &[Ssh], 443, &[22]),
    // Its console is the only way in: nothing is forwarded to it unless somebody names a port.
    row("router", "administrator", &[], 443, &[]),
    row("deployment", "root", &[Ssh, Scp, Rdp, Https], 443, &[22]),
];

/// Anything that is not in the table.
const OTHER: Component = row("", "", &[Ssh, Https, Rdp], 443, &[22]);

/// What is known of a component as the gateway writes it: `OneFS`, `Data Domain`.
#[must_use]
pub fn component(written: &str) -> Component {
    let plain: String = written.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    COMPONENTS.iter().find(|known| known.name == plain).copied().unwrap_or(OTHER)
}

impl Component {
    /// The port on which this kind of machine has a protocol.
    #[must_use]
    pub fn port(&self, protocol: Protocol) -> Option<u16> {
        if protocol == Protocol::Https { Some(self.https) } else { protocol.usual_port() }
    }

    /// How people connect to it unless they say otherwise; `None` where only its console leads there.
    #[must_use]
    pub fn usual(&self) -> Option<Protocol> {
        self.protocols.first().copied()
    }

    /// The port that it is connected to unless somebody says otherwise.
    #[must_use]
    pub fn usual_port(&self) -> Option<u16> {
        self.port(self.usual()?)
    }

    /// The path of the page behind one of its ports: only its own page has one.
    #[must_use]
    pub fn path_of(&self, target: u16) -> &'static str {
        if target == self.https { self.path } else { "" }
    }

    /// What one of its ports is for.
    #[must_use]
    pub fn protocol(&self, target: u16) -> Protocol {
        let is_own = !self.name.is_empty() && self.protocols.contains(&Protocol::Https) && target == self.https;
        if is_own { Protocol::Https } else { Protocol::of_port(target) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_knows_every_component_once_and_its_ports_have_protocols() {
        for (at, known) in COMPONENTS.iter().enumerate() {
            assert!(COMPONENTS.iter().skip(at + 1).all(|other| other.name != known.name), "{}", known.name);
            assert!(!known.user.is_empty() && known.protocols.is_empty() == known.ports.is_empty(), "{}", known.name);
            assert!(known.ports.iter().all(|port| known.protocol(*port) != Protocol::Tcp), "{}", known.name);
        }
    }

    #[test]
    fn defaults_follow_the_component() {
        let one = component("OneFS");
        assert_eq!((one.usual(), one.port(Protocol::Https), one.user), (Some(Protocol::Https), Some(8080), "root"));
        assert_eq!(component("Data Domain").user, "sysadmin");
        assert_eq!(
            (component("Windows").usual(), component("Windows").usual_port()),
            (Some(Protocol::Rdp), Some(3389))
        );
        let other = component("something else");
        assert_eq!((other.usual(), other.port(Protocol::Https)), (Some(Protocol::Ssh), Some(443)));
    }

    #[test]
    fn each_component_is_connected_to_as_vlab_does_by_default() {
        // Of vlab-cli 2021.3.2, whose first choice is the default, but for consoles.
        let usual = |name: &str| component(name).usual().map(|it| (it.as_str(), component(name).usual_port().unwrap()));
        let of = |protocol, port, names: &[&str]| {
            for name in names {
                assert_eq!(usual(name), Some((protocol, port)), "{name}");
            }
        };
        of("https", 8080, &["onefs"]);
        of("https", 9443, &["esrs"]);
        of("https", 443, &["insightiq", "ecs", "esxi", "kemp", "avamar", "dd"]);
        of("rdp", 3389, &["claritynow", "dataiq", "dns", "windows", "winserver", "cee", "icap"]);
        of("ssh", 22, &["centos", "ana", "superna", "deployment"]);
        assert_eq!(usual("router"), None, "its console is the only way in");
        assert_eq!((component("Avamar").path_of(443), component("Avamar").path_of(7543)), ("/dtlt/home.html", ""));
    }

    #[test]
    fn ports_say_what_they_are_for_and_unknown_ones_are_just_ports() {
        let of = |port| Protocol::of_port(port).as_str();
        assert_eq!(
            [22, 3389, 443, 8080, 9443, 7543, 5900, 23, 12_345].map(of),
            ["ssh", "rdp", "https", "https", "https", "https", "vnc", "telnet", "tcp"]
        );
    }
}

//! How people name a forward on a command line: `web01`, `web01:22`, `50064`.

use std::str::FromStr;

use super::{Forward, Protocol};

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A port of the gateway.
    Port(u16),
    /// A machine, and perhaps one of its ports or a protocol.
    Machine {
        /// Its name.
        name: String,
        /// Its port, if that was said.
        target: Option<Target>,
    },
}

/// A port of a machine, as it was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// By number.
    Port(u16),
    /// By what it is for.
    Protocol(Protocol),
}

/// A text names no forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a forward is named by its gateway port (50064), or by machine and port (web01, web01:22, web01:ssh)")]
pub struct BadPlace;

impl FromStr for Place {
    type Err = BadPlace;

    fn from_str(text: &str) -> Result<Self, BadPlace> {
        let text = text.trim();
        if let Ok(port) = text.parse::<u16>() {
            return if port == 0 { Err(BadPlace) } else { Ok(Self::Port(port)) };
        }
        let (name, target) = match text.rsplit_once(':') {
            Some((name, behind)) => (name, Some(behind.parse::<Target>()?)),
            None => (text, None),
        };
        if name.is_empty() || !name.chars().all(crate::text::is_harmless) {
            return Err(BadPlace);
        }
        Ok(Self::Machine { name: name.to_owned(), target })
    }
}

impl FromStr for Target {
    type Err = BadPlace;

    fn from_str(text: &str) -> Result<Self, BadPlace> {
        let port = text.parse::<u16>().ok().filter(|port| *port > 0).map(Self::Port);
        port.or_else(|| text.parse().ok().map(Self::Protocol)).ok_or(BadPlace)
    }
}

impl Place {
    /// Whether a forward is meant.
    #[must_use]
    pub fn fits(&self, forward: &Forward) -> bool {
        match self {
            Self::Port(port) => forward.port == *port,
            Self::Machine { name, target } => {
                forward.name == *name
                    && target.is_none_or(|target| target.port(&forward.component) == Some(forward.target))
            }
        }
    }
}

impl Target {
    /// The port of a machine of this component.
    #[must_use]
    pub fn port(self, component: &str) -> Option<u16> {
        match self {
            Self::Port(port) => Some(port),
            Self::Protocol(protocol) => super::component(component).port(protocol),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwards_are_named_by_port_or_by_machine() {
        let place = |text: &str| text.parse::<Place>();
        assert_eq!(place("50064"), Ok(Place::Port(50_064)));
        let machine = |name: &str, target| Ok(Place::Machine { name: name.to_owned(), target });
        assert_eq!(place("web01"), machine("web01", None));
        assert_eq!(place("web01:22"), machine("web01", Some(Target::Port(22))));
        assert_eq!(place("web01:rdp"), machine("web01", Some(Target::Protocol(Protocol::Rdp))));
        for wrong in ["", "0", ":22", "web01:", "web01:0", "web01:gopher", "a\u{1b}b"] {
            assert_eq!(place(wrong), Err(BadPlace), "{wrong:?}");
        }
    }

    #[test]
    fn a_protocol_means_the_port_that_the_component_has_it_on() {
        let forward = Forward {
            port: 50_027,
            name: "isi01-1".to_owned(),
            component: "OneFS".to_owned(),
            address: "192.168.1.21".to_owned(),
            target: 8080,
        };
        assert!("isi01-1:https".parse::<Place>().unwrap().fits(&forward));
        assert!(!"isi01-1:ssh".parse::<Place>().unwrap().fits(&forward));
        assert!(!"isi01".parse::<Place>().unwrap().fits(&forward));
    }
}

//! What is asked of a gateway: a forward to a machine.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::{Forward, Place, titled};

/// Names and addresses are read this far, in characters: nobody reads more, and a hostile list stays bounded.
pub const LONGEST_TEXT: usize = 200;

/// A forward that is to be made. The gateway chooses its own port for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Wanted {
    /// The machine's name.
    pub name: String,
    /// What it is.
    pub component: String,
    /// Its address inside of the lab.
    pub address: String,
    /// Its port.
    pub target: u16,
}

/// Why a forward cannot be made, said before the gateway is asked: it accepts some of these and cannot undo them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unwanted {
    /// The gateway's list needs a name.
    #[error("a forward needs the name of a machine")]
    NoName,
    /// The gateway's list needs a component.
    #[error("a forward needs a component, such as CentOS")]
    NoComponent,
    /// Names are drawn and compared.
    #[error("the name has characters that are no text")]
    BadName,
    /// The gateway forwards IPv4 only, and an address with more in it would reach its firewall's command line.
    #[error("the address is not an IPv4 address such as 192.168.1.20")]
    BadAddress,
    /// It could not be told from others of the list, which is read that far.
    #[error("the name or the component has more than {LONGEST_TEXT} characters")]
    TooLong,
    /// Such a forward can be made and never deleted.
    #[error("the port is 0: the gateway would take it and could never delete it")]
    PortZero,
}

impl Wanted {
    /// Says what keeps it from being made by somebody who types it: of a new forward people want to know whose it is.
    pub fn check_new(&self) -> Result<(), Unwanted> {
        if self.name.trim().is_empty() {
            return Err(Unwanted::NoName);
        }
        if self.component.trim().is_empty() {
            return Err(Unwanted::NoComponent);
        }
        self.check()
    }

    /// Says what keeps it from being made at all. The gateway takes a forward without a name or a component, so that one
    /// that was there can be made again as it was.
    pub fn check(&self) -> Result<(), Unwanted> {
        if !self.name.chars().chain(self.component.chars()).all(crate::text::is_harmless) {
            return Err(Unwanted::BadName);
        }
        if [&self.name, &self.component].iter().any(|text| text.chars().count() > LONGEST_TEXT) {
            return Err(Unwanted::TooLong);
        }
        // Written otherwise (`01.2.3.4`), the firewall's listing does not match what was sent, and the rule stays.
        let address = self.address.parse::<Ipv4Addr>().ok().filter(|address| address.to_string() == self.address);
        let address = address.ok_or(Unwanted::BadAddress)?;
        if address.is_unspecified() || address.is_broadcast() || address.is_multicast() {
            return Err(Unwanted::BadAddress);
        }
        if self.target == 0 {
            return Err(Unwanted::PortZero);
        }
        Ok(())
    }

    /// It, on this port of the gateway.
    #[must_use]
    pub fn on(&self, port: u16) -> Forward {
        let Self { name, component, address, target } = self.clone();
        Forward { port, name, component, address, target }
    }

    /// `web01 22`: what it is called in a sentence.
    #[must_use]
    pub fn title(&self) -> String {
        titled(&self.name, &self.address, self.target)
    }

    /// What should be known before it is made: that its address is none of the network that gateways have for their labs, which
    /// the gateway takes all the same, and leads the port out of the lab; or that its name means something else where forwards
    /// are named.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let outside = self.address.parse::<Ipv4Addr>().ok().filter(|it| !matches!(it.octets(), [192, 168, 1, _]));
        let outside = outside.map(|address| format!("{address} is outside of {NETWORK}, the usual network of a lab"));
        let is_itself =
            |place: Place| matches!(place, Place::Machine { name, target: None } if name == self.name.trim());
        let is_odd = !self.name.trim().is_empty() && !self.name.parse().is_ok_and(is_itself);
        let odd = is_odd.then(|| {
            let name = crate::text::clean_line(&self.name);
            format!("noctui lab remove and connect take the name {name} for a port, or for another machine's")
        });
        let both: Vec<String> = outside.into_iter().chain(odd).collect();
        (!both.is_empty()).then(|| both.join("; "))
    }
}

/// The network inside of a lab, as gateways are delivered (their own address there is 192.168.1.1).
const NETWORK: &str = "192.168.1.0/24";

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(name: &str, component: &str, address: &str, target: u16) -> Wanted {
        Wanted { name: name.to_owned(), component: component.to_owned(), address: address.to_owned(), target }
    }

    #[test]
    fn what_the_gateway_would_take_and_could_not_undo_is_refused_here() {
        let check = |address: &str, target| wanted("web01", "CentOS", address, target).check();
        assert_eq!(check("192.168.1.20", 22), Ok(()));
        for address in
            ["", "web01", "192.168.1.0/24", "01.2.3.4", "1.2.3.4/32", "2001:db8::1", "1.2.3.4 -s 0/0", "0.0.0.0"]
        {
            assert_eq!(check(address, 22), Err(Unwanted::BadAddress), "{address}");
        }
        assert_eq!(check("192.168.1.20", 0), Err(Unwanted::PortZero));
        assert_eq!(wanted(" ", "CentOS", "192.168.1.20", 22).check_new(), Err(Unwanted::NoName));
        assert_eq!(wanted("web01", "", "192.168.1.20", 22).check_new(), Err(Unwanted::NoComponent));
        // It takes them without, and deletes them.
        assert_eq!(wanted("", "", "192.168.1.20", 22).check(), Ok(()));
        assert_eq!(wanted(&"x".repeat(201), "CentOS", "192.168.1.20", 22).check(), Err(Unwanted::TooLong));
        assert_eq!(wanted(&"x".repeat(200), "CentOS", "192.168.1.20", 22).check(), Ok(()));
        assert_eq!(wanted("web\u{202e}01", "CentOS", "192.168.1.20", 22).check(), Err(Unwanted::BadName));
    }

    #[test]
    fn an_address_outside_of_the_lab_is_warned_of() {
        assert_eq!(wanted("web01", "CentOS", "192.168.1.20", 22).warning(), None);
        assert!(wanted("dns", "CentOS", "8.8.8.8", 53).warning().is_some());
        for odd in ["50069", "web01:3389", "web01:ssh"] {
            let told = wanted(odd, "CentOS", "192.168.1.20", 22).warning().unwrap();
            assert!(told.contains(&format!("take the name {odd} for a port")), "{told}");
        }
    }
}

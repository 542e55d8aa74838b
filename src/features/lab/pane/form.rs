//! A new forward: one form, whose defaults follow the machine, its component, and the protocol.

use crate::features::lab::model::{Protocol, Snapshot, Wanted, component};
use crate::ui::field::{Edited, Field};

/// What is asked, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// The machine's name.
    Machine,
    /// Its address.
    Address,
    /// What it is.
    Component,
    /// What for.
    Protocol,
    /// Its port.
    Port,
}

impl Ask {
    /// Every one, in the order of the form.
    pub(super) const ALL: [Self; 5] = [Self::Machine, Self::Address, Self::Component, Self::Protocol, Self::Port];

    /// The label.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Machine => "Machine",
            Self::Address => "Address",
            Self::Component => "Component",
            Self::Protocol => "Protocol",
            Self::Port => "Port",
        }
    }
}

/// The form.
#[derive(Debug, Clone)]
pub(super) struct Form {
    /// The machines for which it is, where there are several: name, component, address.
    pub(super) several: Vec<(String, String, String)>,
    /// The fields, as in [`Ask::ALL`].
    fields: [Field; 5],
    /// The field that is typed into.
    pub(super) at: usize,
    /// What is wrong with it, once it was sent off.
    pub(super) complaint: Option<String>,
}

impl Form {
    /// One for a machine, as far as it is known.
    pub(super) fn new(name: &str, kind: &str, address: &str) -> Self {
        let known = component(kind);
        // Of one that has none but its console both are for whoever asks to say.
        let protocol = known.usual().map_or("", Protocol::as_str);
        let port = known.usual_port().map_or_else(String::new, |port| port.to_string());
        let fields = [name, address, kind, protocol, &port].map(Field::line);
        let at = if name.is_empty() { 0 } else { 3 };
        Self { several: Vec::new(), fields, at, complaint: None }
    }

    /// One for several machines: only protocol and port are asked.
    pub(super) fn for_several(several: Vec<(String, String, String)>) -> Self {
        let mut form = Self::new("", "", "");
        form.several = several;
        form.at = 3;
        form
    }

    /// The fields that are asked.
    pub(super) fn asked(&self) -> std::ops::Range<usize> {
        if self.several.is_empty() { 0..Ask::ALL.len() } else { 3..Ask::ALL.len() }
    }

    /// The field of a question.
    pub(super) fn field(&self, ask: Ask) -> &Field {
        let [machine, address, component, protocol, port] = &self.fields;
        match ask {
            Ask::Machine => machine,
            Ask::Address => address,
            Ask::Component => component,
            Ask::Protocol => protocol,
            Ask::Port => port,
        }
    }

    /// The same, to be changed.
    fn field_mut(&mut self, ask: Ask) -> &mut Field {
        let [machine, address, component, protocol, port] = &mut self.fields;
        match ask {
            Ask::Machine => machine,
            Ask::Address => address,
            Ask::Component => component,
            Ask::Protocol => protocol,
            Ask::Port => port,
        }
    }

    /// The question that is typed into.
    pub(super) fn current(&self) -> Ask {
        Ask::ALL.get(self.at).copied().unwrap_or(Ask::Machine)
    }

    /// What stands in a field.
    fn text(&self, ask: Ask) -> &str {
        self.field(ask).text().trim()
    }

    /// Goes to another field, around the ends.
    pub(super) fn step(&mut self, forward: bool) {
        let asked = self.asked();
        self.at = if forward {
            if self.at + 1 < asked.end { self.at + 1 } else { asked.start }
        } else if self.at > asked.start {
            self.at - 1
        } else {
            asked.end - 1
        };
    }

    /// Edits by one key; defaults follow what was typed.
    pub(super) fn key(&mut self, key: crate::key::Key, snapshot: Option<&Snapshot>) {
        let ask = self.current();
        if self.field_mut(ask).key(key) == Edited::Text {
            self.changed(ask, snapshot);
        }
    }

    /// Pastes; false where it does not fit.
    pub(super) fn paste(&mut self, text: &str, snapshot: Option<&Snapshot>) -> bool {
        let ask = self.current();
        let fits = self.field_mut(ask).paste(text);
        self.changed(ask, snapshot);
        fits
    }

    /// The next or the previous protocol that the component has.
    pub(super) fn turn(&mut self, forward: bool) {
        let known = component(self.text(Ask::Component));
        let usable: Vec<Protocol> =
            Protocol::ALL.into_iter().filter(|it| !matches!(it, Protocol::Sftp | Protocol::Scp)).collect();
        let own = known.protocols.iter().copied().filter(|it| usable.contains(it));
        let mut all: Vec<Protocol> = own.collect();
        all.extend(usable.iter().copied().filter(|it| !known.protocols.contains(it)));
        let now = self.text(Ask::Protocol).parse::<Protocol>().ok();
        let at = now.and_then(|now| all.iter().position(|it| *it == now));
        let step = if forward { 1 } else { all.len() - 1 };
        let next = at.map_or(0, |at| (at + step) % all.len());
        if let Some(protocol) = all.get(next) {
            *self.field_mut(Ask::Protocol) = Field::line(protocol.as_str());
            self.changed(Ask::Protocol, None);
        }
    }

    /// A field reads differently: what follows from it is filled in.
    fn changed(&mut self, ask: Ask, snapshot: Option<&Snapshot>) {
        self.complaint = None;
        match ask {
            Ask::Machine => {
                let known = snapshot.and_then(|snapshot| snapshot.machines.get(self.text(Ask::Machine)));
                if let Some(machine) = known {
                    *self.field_mut(Ask::Address) = Field::line(machine.addresses.first().map_or("", String::as_str));
                    *self.field_mut(Ask::Component) = Field::line(&machine.component);
                    self.changed(Ask::Component, None);
                }
            }
            Ask::Component => {
                let usual = component(self.text(Ask::Component)).usual();
                *self.field_mut(Ask::Protocol) = Field::line(usual.map_or("", Protocol::as_str));
                *self.field_mut(Ask::Port) = Field::line("");
                self.changed(Ask::Protocol, None);
            }
            Ask::Protocol => {
                let known = component(self.text(Ask::Component));
                let port = self.text(Ask::Protocol).parse().ok().and_then(|protocol| known.port(protocol));
                if let Some(port) = port {
                    *self.field_mut(Ask::Port) = Field::line(&port.to_string());
                }
            }
            Ask::Address | Ask::Port => {}
        }
    }

    /// What should be known about the address that was typed.
    pub(super) fn warning(&self) -> Option<String> {
        let [name, address, component] =
            [Ask::Machine, Ask::Address, Ask::Component].map(|ask| self.text(ask).to_owned());
        Wanted { name, address, component, target: 0 }.warning()
    }

    /// What the inventory holds against the machine that was typed.
    pub(super) fn doubt(&self, snapshot: Option<&Snapshot>) -> Option<String> {
        let name = self.text(Ask::Machine);
        if name.is_empty() { None } else { snapshot?.doubt_of(name) }
    }

    /// What it asks for; or why not, which is shown and the field gone to.
    pub(super) fn wanted(&mut self) -> Result<Vec<Wanted>, ()> {
        let protocol = self.text(Ask::Protocol).parse::<Protocol>();
        let port = self.text(Ask::Port).parse::<u16>().ok().filter(|port| *port > 0);
        let mut complain = |ask: Ask, why: String| {
            self.at = Ask::ALL.iter().position(|other| *other == ask).unwrap_or(0);
            self.complaint = Some(why);
            Err(())
        };
        let protocol = match protocol {
            Ok(protocol) => protocol,
            Err(why) => return complain(Ask::Protocol, why.to_string()),
        };
        let Some(port) = port else {
            return complain(Ask::Port, "a port is 1 to 65535; only TCP is forwarded".to_owned());
        };
        let wanted: Vec<Wanted> = if self.several.is_empty() {
            let [name, address, component] =
                [Ask::Machine, Ask::Address, Ask::Component].map(|ask| self.text(ask).to_owned());
            vec![Wanted { name, component, address, target: port }]
        } else {
            // Each machine has the protocol where its component has it, unless another port was typed.
            let of = |(name, kind, address): &(String, String, String)| {
                let is_usual = Some(port) == component("").port(protocol);
                let target = if is_usual { component(kind).port(protocol).unwrap_or(port) } else { port };
                Wanted { name: name.clone(), component: kind.clone(), address: address.clone(), target }
            };
            return Ok(self.several.iter().map(of).collect());
        };
        if let Some(Err(why)) = wanted.first().map(Wanted::check_new) {
            use crate::features::lab::model::Unwanted;
            let ask = match why {
                Unwanted::NoName | Unwanted::BadName | Unwanted::TooLong => Ask::Machine,
                Unwanted::NoComponent => Ask::Component,
                Unwanted::BadAddress => Ask::Address,
                Unwanted::PortZero => Ask::Port,
            };
            self.at = Ask::ALL.iter().position(|other| *other == ask).unwrap_or(0);
            self.complaint = Some(why.to_string());
            return Err(());
        }
        Ok(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::lab::model::Machine;
    use crate::key::Key;

    fn typed(form: &mut Form, text: &str, snapshot: &Snapshot) {
        for c in text.chars() {
            form.key(Key::char(c), Some(snapshot));
        }
    }

    #[test]
    fn the_defaults_follow_machine_and_protocol() {
        let machine =
            Machine { component: "OneFS".to_owned(), addresses: vec!["192.168.1.21".to_owned()], ..Machine::default() };
        let snapshot = Snapshot { machines: [("isi01".to_owned(), machine)].into(), ..Snapshot::default() };
        let mut form = Form::new("", "", "");
        typed(&mut form, "isi01", &snapshot);
        let wanted = form.wanted().unwrap();
        assert_eq!((wanted[0].address.as_str(), wanted[0].target), ("192.168.1.21", 8080));
        form.at = 3;
        form.turn(true);
        assert_eq!((form.text(Ask::Protocol), form.text(Ask::Port)), ("ssh", "22"));
        // Nobody gets a shell on a router: what is wanted of it has to be said.
        let mut form = Form::new("rtr01", "Router", "192.168.1.2");
        assert_eq!((form.text(Ask::Protocol), form.text(Ask::Port)), ("", ""));
        assert!(form.wanted().is_err() && form.current() == Ask::Protocol);
        form.turn(true);
        assert_eq!((form.text(Ask::Protocol), form.text(Ask::Port)), ("ssh", "22"));
    }

    #[test]
    fn what_is_wrong_is_said_where_it_is() {
        let mut form = Form::new("web01", "CentOS", "not-an-address");
        assert!(form.wanted().is_err());
        assert_eq!((form.current(), form.complaint.is_some()), (Ask::Address, true));
        let mut form = Form::new("web01", "CentOS", "192.168.1.20");
        form.at = 4;
        typed(&mut form, "99999", &Snapshot::default());
        assert!(form.wanted().is_err());
        assert_eq!(form.current(), Ask::Port);
    }

    #[test]
    fn for_several_each_machine_has_the_port_of_its_kind() {
        let machine = |name: &str, kind: &str| (name.to_owned(), kind.to_owned(), "192.168.1.9".to_owned());
        let mut form = Form::for_several(vec![machine("isi01", "OneFS"), machine("esx1", "ESXi")]);
        form.turn(true);
        assert_eq!(form.text(Ask::Protocol), "https");
        let ports: Vec<u16> = form.wanted().unwrap().iter().map(|wanted| wanted.target).collect();
        assert_eq!(ports, [8080, 443]);
    }
}

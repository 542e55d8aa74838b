//! The service's JSON and the listings of its firewall, as nouns. Everything that may reach a screen is made harmless here.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::model::{Firewall, Forward, LONGEST_TEXT, Machine, Rule, SAVE, Wanted, Way};
use crate::text::clean_line;

/// Text from outside, harmless and not endless.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => short(text),
        Value::Null => String::new(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Array(_) | Value::Object(_) => "?".to_owned(),
    }
}

/// The same for a text.
pub(super) fn short(text: &str) -> String {
    let first: String = text.chars().take(LONGEST_TEXT).collect();
    clean_line(&first)
}

/// A port: an integer, or one in a string, as the keys of lists are.
fn port(value: &Value) -> Option<u16> {
    match value {
        Value::Number(number) => u16::try_from(number.as_u64()?).ok(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// What every answer of the gateway is wrapped in; the front server's own are without `content`.
#[derive(Deserialize)]
pub(super) struct Envelope {
    /// What is wrong: a text, or a list with one text in it.
    #[serde(default)]
    pub(super) error: Value,
    /// What was asked for.
    #[serde(default)]
    pub(super) content: Value,
}

impl Envelope {
    /// The first line of what is wrong.
    pub(super) fn message(&self) -> Option<String> {
        let text = match &self.error {
            Value::String(text) => text.as_str(),
            Value::Array(items) => items.first()?.as_str()?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return None,
        };
        Some(short(text.lines().next().unwrap_or_default()))
    }
}

/// What lists of forwards say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// The gateway's address.
    pub(super) gateway: String,
    /// The forwards by port.
    pub(super) forwards: Vec<Forward>,
    /// Those that cannot be read.
    pub(super) unreadable: usize,
}

/// `{"ports": {"50064": {…}}, "gateway_ip": "…"}`; `None` where it is something else.
pub(super) fn listing(content: &Value) -> Option<Listing> {
    let ports = content.get("ports")?.as_object()?;
    let mut listing =
        Listing { gateway: text(content.get("gateway_ip").unwrap_or(&Value::Null)), ..Listing::default() };
    for (key, value) in ports {
        let field = |name: &str| value.get(name).map(text);
        let forward = || {
            Some(Forward {
                // Written otherwise it would be a second row of one port.
                port: key.parse().ok().filter(|port: &u16| port.to_string() == *key)?,
                name: field("name")?,
                component: field("component").unwrap_or_default(),
                address: field("target_addr")?,
                target: port(value.get("target_port")?)?,
            })
        };
        match forward() {
            Some(forward) => listing.forwards.push(forward),
            None => listing.unreadable += 1,
        }
    }
    listing.forwards.sort_by_key(|forward| forward.port);
    Some(listing)
}

/// `{"conn_port": 50045}`.
pub(super) fn made(content: &Value) -> Option<u16> {
    port(content.get("conn_port")?)
}

/// What a forward is made of.
pub(super) fn wanted(wanted: &Wanted) -> Value {
    serde_json::json!({
        "target_addr": wanted.address,
        "target_port": wanted.target,
        "target_name": wanted.name,
        "target_component": wanted.component,
    })
}

/// `{"web01": {"component", "routable", "addr": […]}}`; `None` where it is something else.
pub(super) fn addresses(content: &Value) -> Option<BTreeMap<String, Machine>> {
    let machine = |(name, value): (&String, &Value)| {
        let addresses = value.get("addr").and_then(Value::as_array).into_iter().flatten().map(text).collect();
        let component = value.get("component").map(text).unwrap_or_default();
        let routable = value.get("routable").and_then(Value::as_bool);
        (short(name), Machine { component, addresses, routable, ..Machine::default() })
    };
    Some(content.as_object()?.iter().map(machine).collect())
}

/// `{"web01": {"state", "ips": […], "meta": {"component"}}}`; `None` where it is something else.
pub(super) fn inventory(content: &Value) -> Option<BTreeMap<String, Machine>> {
    let machine = |(name, value): (&String, &Value)| {
        let is_ipv4 = |address: &String| address.parse::<std::net::Ipv4Addr>().is_ok();
        let ips = value.get("ips").and_then(Value::as_array).into_iter().flatten().map(text).filter(is_ipv4);
        let meta = value.get("meta").unwrap_or(&Value::Null);
        let component = meta.get("component").map(text).unwrap_or_default();
        let machine = Machine {
            component,
            addresses: ips.collect(),
            routable: None,
            pings: BTreeMap::new(),
            power: value.get("state").map(text),
            exists: Some(true),
        };
        (short(name), machine)
    };
    Some(content.as_object()?.iter().map(machine).collect())
}

/// `{"version", "database", "firewall": {"nat", "filter"}}`, without an envelope; `None` where it is something else.
pub(super) fn firewall(body: &Value) -> Option<Firewall> {
    let version = body.get("version").map(text).unwrap_or_default();
    let chains = body.get("firewall")?;
    let chain = |name: &str| chains.get(name).and_then(Value::as_str);
    let (nat, filter) = (chain("nat")?, chain("filter")?);
    let (mut rules, mut others, mut foreign) = (Vec::new(), Vec::new(), 0);
    for line in numbered(nat) {
        match rule(line) {
            Led::ByForward(rule) => rules.push(rule),
            Led::Otherwise(words) => others.push(words),
            Led::Nowhere => foreign += 1,
        }
    }
    let accepted = Some(numbered(filter).filter_map(accepted).collect());
    let lets_all = Some(lets_all(filter));
    let Head { foreign_ways, missing, line } = head(filter);
    Some(Firewall { version, rules, accepted, lets_all, others, foreign, foreign_ways, missing, head: line })
}

/// What is wrong with the head of the chain FORWARD. The service passes over its first two rules, which are the gateway's own
/// on a sound one, and takes each other rule for one of a forward: what stands in front of its own two makes it stumble over
/// these, and where one of them is missing it passes over a forward's.
#[derive(Debug, Default, PartialEq, Eq)]
struct Head {
    /// The rules because of which it stumbles, where it does.
    foreign_ways: Vec<String>,
    /// The gateway's own rules that are missing.
    missing: Vec<String>,
    /// What puts it right in the gateway's shell, where that is sure.
    line: Option<String>,
}

/// Looks at the head of the chain FORWARD, and at what does not belong there.
fn head(filter: &str) -> Head {
    /// One logs, one lets the lab out. A listing does not show of which network card.
    const OWN: [(&str, &str); 2] = [("LOG", "-j LOG"), ("ACCEPT", "-i ens192 -j ACCEPT")];
    let lines: Vec<Vec<&str>> = numbered(filter).map(|line| line.split_whitespace().collect()).collect();
    if !filter.starts_with("Chain FORWARD") {
        return Head::default();
    }
    let is_own = |words: &[&str], target: &str| {
        let is_for_all = matches!(words, [_, what, "0" | "all", _, "0.0.0.0/0", "0.0.0.0/0", ..] if *what == target);
        is_for_all && (target == "LOG" || words.len() == 6)
    };
    let (mut own, mut missing, mut inserts, mut is_sure) = (Vec::new(), Vec::new(), Vec::new(), true);
    for (at, (target, rule)) in OWN.into_iter().enumerate() {
        let mut alike = (0..lines.len()).filter(|line| lines.get(*line).is_some_and(|words| is_own(words, target)));
        if let Some(found) = alike.next() {
            own.push(found);
            // Which of them is the gateway's own, nobody can see here.
            is_sure &= alike.next().is_none();
        } else {
            let rule = format!("iptables -I FORWARD {} {rule}", at + 1);
            inserts.push(format!("sudo {rule}"));
            missing.push(rule);
        }
    }
    // The service reads each rule like that, and stumbles over others.
    let is_of_port =
        |words: &[&str]| words.windows(2).any(|pair| matches!(pair, ["tcp", port] if port.starts_with("dpt:")));
    let last = own.iter().max().copied().filter(|_| missing.is_empty());
    let culprits: Vec<(usize, &Vec<&str>)> = lines
        .iter()
        .enumerate()
        .filter(|(at, words)| !own.contains(at) && (!is_of_port(words) || last.is_some_and(|last| *at < last)))
        .collect();
    let stumbles = lines.iter().skip(OWN.len()).any(|words| !is_of_port(words));
    let foreign_ways =
        if stumbles { culprits.iter().map(|(_, words)| rule_words(&words.join(" "))).collect() } else { vec![] };
    // From the end on: each rule that goes gives those behind it another number.
    let ends = culprits.iter().rev().filter(|_| stumbles || !missing.is_empty());
    let ends = ends.map(|(at, _)| format!("sudo iptables -D FORWARD {}", at + 1));
    let steps: Vec<String> = ends.chain(inserts).collect();
    let line = (is_sure && !steps.is_empty()).then(|| format!("{}; {SAVE}", steps.join("; ")));
    Head { foreign_ways, missing, line }
}

/// Whether a chain lets everything through that it does not speak of, and none of its rules keeps anything back.
fn lets_all(chain: &str) -> bool {
    let is_open = |line: &str| matches!(line.split_whitespace().nth(1), Some("ACCEPT" | "LOG"));
    chain.lines().next().is_some_and(|first| first.contains("(policy ACCEPT")) && numbered(chain).all(is_open)
}

/// Whether the gateway's ping reaches each address of each name, as the rows of the health check have it; without what was not
/// tried. Addresses are not told apart elsewhere.
pub(super) fn pings(body: &Value) -> BTreeMap<String, BTreeMap<String, bool>> {
    let mut pings: BTreeMap<String, BTreeMap<String, bool>> = BTreeMap::new();
    for row in body.get("database").and_then(Value::as_array).into_iter().flatten() {
        if let Some([_, address, _, name, _, Value::Bool(routable)]) = row.as_array().map(Vec::as_slice) {
            pings.entry(text(name)).or_default().insert(text(address), *routable);
        }
    }
    pings
}

/// The lines of a listing that begin with a rule's number.
fn numbered(chain: &str) -> impl Iterator<Item = &str> {
    let is_rule = |line: &&str| line.split_whitespace().next().is_some_and(|first| first.parse::<u32>().is_ok());
    chain.lines().filter(is_rule)
}

/// What a rule of the chain PREROUTING does.
enum Led {
    /// It leads a TCP port on, whoever asks, as a forward does.
    ByForward(Rule),
    /// It leads packets on otherwise; what it says of itself, harmless. The service reads it like a forward's.
    Otherwise(String),
    /// It leads nowhere, and the service stumbles over it.
    Nowhere,
}

/// `1 DNAT tcp -- 0.0.0.0/0 0.0.0.0/0 tcp dpt:50045 to:192.168.1.20:22`, with names or numbers for protocols.
fn rule(line: &str) -> Led {
    let words: Vec<&str> = line.split_whitespace().collect();
    let Some((address, target)) =
        words.last().and_then(|word| word.strip_prefix("to:")).and_then(|to| to.rsplit_once(':'))
    else {
        return Led::Nowhere;
    };
    if let [_, "DNAT", "6" | "tcp", _, "0.0.0.0/0", "0.0.0.0/0", "tcp", port, _] = words.as_slice()
        && let Some(port) = port.strip_prefix("dpt:").and_then(|port| port.parse().ok())
        && let Ok(target) = target.parse()
    {
        return Led::ByForward(Rule { port, address: short(address), target });
    }
    Led::Otherwise(rule_words(line))
}

/// What a rule says of itself, without its number; harmless.
fn rule_words(line: &str) -> String {
    short(&line.split_whitespace().skip(1).collect::<Vec<_>>().join(" "))
}

/// `3 ACCEPT tcp -- 0.0.0.0/0 192.168.1.20 tcp dpt:22`: address and port.
fn accepted(line: &str) -> Option<Way> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, "ACCEPT", "6" | "tcp", _, "0.0.0.0/0", to, "tcp", port] = words.as_slice() else { return None };
    let target = port.strip_prefix("dpt:")?.parse().ok()?;
    Some(Way { address: short(to.strip_suffix("/32").unwrap_or(to)), target })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As captured from vlab-ipam-api 2019.7.3, with other addresses.
    const HEALTH: &str = r#"{"version":"2019.7.3","database":[[50045,"192.168.1.20",22,"web01","CentOS",null]],
     "firewall":{"nat":"Chain PREROUTING (policy ACCEPT)\nnum  target     prot opt source               destination\n1    DNAT       6    --  0.0.0.0/0            0.0.0.0/0            tcp dpt:50045 to:192.168.1.20:22\n2    DNAT       tcp  --  0.0.0.0/0            0.0.0.0/0            tcp dpt:50046 to:192.168.1.21:443\n3    REDIRECT   tcp  --  0.0.0.0/0  0.0.0.0/0  tcp dpt:80 redir ports 8080\n",
     "filter":"Chain FORWARD (policy ACCEPT)\nnum  target     prot opt source               destination\n1    LOG        0    --  0.0.0.0/0            0.0.0.0/0            LOG flags 0 level 4\n2    ACCEPT     0    --  0.0.0.0/0            0.0.0.0/0\n3    ACCEPT     6    --  0.0.0.0/0            192.168.1.20         tcp dpt:22\n4    ACCEPT     6    --  0.0.0.0/0            192.168.1.77         tcp dpt:22\n"}}"#;

    #[test]
    fn the_listings_of_the_firewall_are_read_with_names_and_with_numbers() {
        let firewall = firewall(&serde_json::from_str(HEALTH).unwrap()).unwrap();
        let rules: Vec<String> =
            firewall.rules.iter().map(|rule| format!("{} {}:{}", rule.port, rule.address, rule.target)).collect();
        assert_eq!(rules, ["50045 192.168.1.20:22", "50046 192.168.1.21:443"]);
        let left = Way { address: "192.168.1.77".to_owned(), target: 22 };
        assert_eq!((firewall.version.as_str(), firewall.foreign), ("2019.7.3", 1));
        assert_eq!((firewall.left(), firewall.lets_all), ([(&left, 1)].into(), Some(true)));
    }

    #[test]
    fn what_keeps_packets_back_is_the_policy_or_a_rule() {
        assert!(lets_all(
            "Chain FORWARD (policy ACCEPT)\nnum  target\n1    LOG        0    --  0.0.0.0/0\n2    ACCEPT     0\n"
        ));
        assert!(lets_all("Chain FORWARD (policy ACCEPT 12 packets, 720 bytes)\n"));
        assert!(!lets_all("Chain FORWARD (policy DROP)\nnum  target\n1    LOG        0    --  0.0.0.0/0\n"));
        assert!(!lets_all("Chain FORWARD (policy ACCEPT)\nnum  target\n1    DROP       0    --  0.0.0.0/0\n"));
        assert!(!lets_all(""));
    }

    #[test]
    fn what_leads_on_otherwise_than_forwards_do_is_none() {
        let line = |line: &str| {
            let nat = format!("Chain PREROUTING (policy ACCEPT)\nnum  target\n1    {line}\n");
            let firewall = firewall(&json!({"version": "1", "firewall": {"nat": nat, "filter": ""}})).unwrap();
            (firewall.rules.len(), firewall.others, firewall.foreign)
        };
        let none = Vec::<String>::new;
        assert_eq!(line("DNAT 6 -- 0.0.0.0/0 0.0.0.0/0 tcp dpt:50077 to:192.168.1.22:53"), (1, none(), 0));
        // The service works beside these; what would end a forward ends none of them.
        for other in [
            "DNAT 17 -- 0.0.0.0/0 0.0.0.0/0 udp dpt:50077 to:192.168.1.22:53",
            "DNAT 6 -- 10.0.0.0/8 0.0.0.0/0 tcp dpt:50078 to:192.168.1.22:53",
            "DNAT 6 -- 0.0.0.0/0 198.51.100.7 tcp dpt:50078 to:192.168.1.22:53",
            "DNAT 6 -- 0.0.0.0/0 0.0.0.0/0 tcp dpts:50078:50080 to:192.168.1.22:53",
        ] {
            assert_eq!(line(other), (0, vec![other.to_owned()], 0));
        }
        assert_eq!(line("REDIRECT 6 -- 0.0.0.0/0 0.0.0.0/0 tcp dpt:80 redir ports 8080"), (0, none(), 1));
        assert_eq!(line("DNAT 6 -- 0.0.0.0/0 0.0.0.0/0 tcp dpt:80 to:192.168.1.22"), (0, none(), 1));
    }

    #[test]
    fn a_rule_of_the_chain_forward_that_is_about_no_port_is_named() {
        let foreign = |line: &str| {
            let all = "0 -- 0.0.0.0/0 0.0.0.0/0";
            let filter = format!(
                "Chain FORWARD (policy ACCEPT)\nnum  target\n1  LOG {all} LOG flags 0\n2  ACCEPT {all}\n3  {line}\n"
            );
            let body = json!({"version": "1", "firewall": {"nat": "", "filter": filter}});
            firewall(&body).unwrap().foreign_ways
        };
        let drop = "DROP 0 -- 10.0.0.0/8 0.0.0.0/0";
        assert_eq!(foreign(drop), [drop]);
        assert_eq!(foreign("ACCEPT 17 -- 0.0.0.0/0 192.168.1.20 udp dpt:53").len(), 1);
        for sound in
            ["ACCEPT 6 -- 0.0.0.0/0 192.168.1.20 tcp dpt:22", "ACCEPT tcp -- 10.0.0.0/8 192.168.1.20 tcp dpt:22"]
        {
            assert!(foreign(sound).is_empty(), "{sound}");
        }
    }

    #[test]
    fn what_stands_in_front_is_named_and_never_what_the_gateway_has_of_its_own() {
        let told = |rules: &[&str]| {
            let rules = rules.iter().enumerate().map(|(at, rule)| format!("{} {rule}\n", at + 1));
            head(&format!("Chain FORWARD (policy ACCEPT)\nnum  target\n{}", rules.collect::<String>()))
        };
        let (log, lab) = ("LOG 0 -- 0.0.0.0/0 0.0.0.0/0 LOG flags 0 level 4", "ACCEPT 0 -- 0.0.0.0/0 0.0.0.0/0");
        let (web, drop) = ("ACCEPT 6 -- 0.0.0.0/0 192.168.1.20 tcp dpt:22", "DROP 0 -- 10.0.0.0/8 0.0.0.0/0");
        let line = |steps: &str| Some(format!("{steps}; {SAVE}"));
        assert_eq!(told(&[log, lab, web, web]), Head::default());
        let at_front = told(&[drop, log, lab, web]);
        assert_eq!((at_front.foreign_ways, at_front.line), (vec![drop.to_owned()], line("sudo iptables -D FORWARD 1")));
        let both = told(&[drop, log, lab, web, drop]);
        assert_eq!(both.line, line("sudo iptables -D FORWARD 5; sudo iptables -D FORWARD 1"));
        // One that looks like a forward's pushes them down as well.
        let of_port = told(&["DROP 6 -- 0.0.0.0/0 0.0.0.0/0 tcp dpt:22", log, lab]);
        assert_eq!((of_port.foreign_ways.len(), of_port.line), (1, line("sudo iptables -D FORWARD 1")));
        // What is missing lets the service pass over a forward's rule, and stumble over nothing.
        let without = told(&[lab, web, web]);
        assert_eq!((without.foreign_ways.len(), without.missing), (0, vec!["iptables -I FORWARD 1 -j LOG".to_owned()]));
        assert_eq!(without.line, line("sudo iptables -I FORWARD 1 -j LOG"));
        let instead = told(&[drop, lab, web]);
        assert_eq!(instead.foreign_ways, Vec::<String>::new(), "it passes over both");
        assert_eq!(instead.line, line("sudo iptables -D FORWARD 1; sudo iptables -I FORWARD 1 -j LOG"));
        let none = told(&[web]);
        let wanted = "sudo iptables -I FORWARD 1 -j LOG; sudo iptables -I FORWARD 2 -i ens192 -j ACCEPT";
        assert_eq!((none.missing.len(), none.line), (2, line(wanted)));
        // Of two alike nobody knows which one is the gateway's own.
        let alike = told(&[lab, log, lab, web]);
        assert_eq!((alike.foreign_ways, alike.line), (vec![lab.to_owned()], None));
    }

    #[test]
    fn pings_are_told_by_address() {
        let rows = json!({"database": [
            [50045, "192.168.1.20", 22, "cl", "CentOS", false],
            [50046, "192.168.1.21", 22, "cl", "CentOS", true],
            [50047, "192.168.1.21", 80, "cl", "CentOS", null],
            ["odd"], 7,
        ]});
        let cluster = [("192.168.1.20".to_owned(), false), ("192.168.1.21".to_owned(), true)];
        assert_eq!(pings(&rows), [("cl".to_owned(), cluster.into())].into());
        assert!(pings(&json!({})).is_empty());
    }

    #[test]
    fn a_list_has_strings_for_keys_and_one_bad_row_hides_no_other() {
        let content = json!({"ports": {
            "50064": {"name": "web01", "target_addr": "192.168.1.20", "target_port": 22, "component": "CentOS"},
            "50071": {"name": "web\u{1b}[2J", "target_addr": "192.168.1.20", "target_port": "3389", "component": null},
            "050064": {"name": "x", "target_addr": "192.168.1.20", "target_port": 22, "component": "CentOS"},
            "seven": {"name": "x", "target_addr": "192.168.1.20", "target_port": 22, "component": "CentOS"},
            "50072": {"name": "x"},
            "50073": {"name": "x", "target_addr": "y", "target_port": 70000},
        }, "gateway_ip": "198.51.100.2"});
        let listing = listing(&content).unwrap();
        let told: Vec<String> = listing
            .forwards
            .iter()
            .map(|it| format!("{} {} {} {}", it.port, it.name, it.target, it.component))
            .collect();
        assert_eq!(told, ["50064 web01 22 CentOS", "50071 web␛[2J 3389 "]);
        assert_eq!((listing.unreadable, listing.gateway.as_str()), (4, "198.51.100.2"));
        assert_eq!(super::listing(&json!({})), None);
    }

    #[test]
    fn an_inventory_has_power_and_addresses_of_ipv4() {
        let known = inventory(&json!({
            "web01": {"state": "poweredOn", "ips": ["192.168.1.20", "fe80::1"], "meta": {"component": "CentOS"}},
        }));
        let machine = &known.unwrap()["web01"];
        assert_eq!((machine.exists, machine.power.as_deref()), (Some(true), Some("poweredOn")));
        assert_eq!(machine.addresses, ["192.168.1.20"]);
    }

    #[test]
    fn errors_are_texts_or_lists_of_one_and_only_their_first_line_counts() {
        let message = |error: Value| Envelope { error, content: Value::Null }.message();
        let long = "Input does not match schema.\nInput: {...}\nSchema: {...}";
        assert_eq!(message(json!(long)).as_deref(), Some("Input does not match schema."));
        assert_eq!(message(json!(["No password supplied"])).as_deref(), Some("No password supplied"));
        assert_eq!(message(json!(null)), None);
    }
}

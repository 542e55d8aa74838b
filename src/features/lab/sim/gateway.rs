//! The service itself: every path, with the statuses and texts of `vlab-ipam-api` 2019.7.3.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use super::World;
use super::auth::{TokenClaims, check};
use super::page::{Answer, error, front_error, ok};
use super::shell;
use super::state::{Fault, Record, State};
use crate::clock;
use crate::features::lab::model::Rule;

/// A request.
#[derive(Debug)]
pub(super) struct Asked {
    /// `GET`.
    pub(super) method: String,
    /// Without the query.
    pub(super) path: String,
    /// Without the question mark.
    pub(super) query: String,
    /// `X-Auth`.
    pub(super) token: Option<String>,
    /// `Content-Type`.
    pub(super) content_type: String,
    /// All of it.
    pub(super) body: Bytes,
    /// Who asks.
    pub(super) peer: IpAddr,
}

/// What the service says to a request.
pub(super) fn answer(world: &Arc<World>, asked: &Asked) -> Answer {
    let answered = match (asked.path.as_str(), asked.method.as_str()) {
        ("/api/1/ipam/portmap", "GET") => authorised(world, asked, true).and_then(|()| list(world, asked)),
        ("/api/1/ipam/portmap", "POST") => authorised(world, asked, true).and_then(|()| make(world, asked)),
        ("/api/1/ipam/portmap", "DELETE") => authorised(world, asked, true).and_then(|()| remove(world, asked)),
        ("/api/1/ipam/addr", "GET") => authorised(world, asked, false).and_then(|()| addresses(world, asked)),
        ("/api/1/ipam/healthcheck", "GET") => Ok(Answer::json(200, &world.state().health())),
        ("/api/2/auth/token", "POST") => Ok(log_in(world, asked)),
        ("/api/1/inf/inventory", "GET") => Ok(begin_inventory(world)),
        (shell::PATH, "POST") if world.setup.shell => Ok(obey(world, asked)),
        (
            "/api/1/ipam/portmap"
            | "/api/1/ipam/addr"
            | "/api/1/ipam/healthcheck"
            | "/api/2/auth/token"
            | "/api/1/inf/inventory",
            _,
        ) => Ok(Answer::page(405)),
        (path, "GET") if path.starts_with("/api/1/inf/inventory/task/") => Ok(end_inventory(world)),
        _ => Ok(Answer::page(404)),
    };
    answered.unwrap_or_else(|refused| refused)
}

/// A line for the gateway's shell.
fn obey(world: &World, asked: &Asked) -> Answer {
    match shell::obey(world, &String::from_utf8_lossy(&asked.body)) {
        Ok(()) => Answer::json(200, &Value::Null),
        Err(said) => Answer::json(400, &Value::String(said)),
    }
}

/// Whether the token may do that.
fn authorised(world: &World, asked: &Asked, owner_only: bool) -> Result<(), Answer> {
    check(world, asked.token.as_deref(), asked.peer, owner_only, clock::now())
}

/// The parameters of a query, decoded; empty values are as good as none.
fn params(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.to_owned(), decoded(value))).collect()
}

/// `%XX` and `+` as what they stand for.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let digits = std::str::from_utf8(&digits).unwrap_or_default();
                u8::from_str_radix(digits, 16).unwrap_or(b'?')
            }
            byte => byte,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// SQL's LIKE: `%` is anything, `_` is one character.
fn like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    fits(&text, &pattern)
}

/// The same for characters.
fn fits(text: &[char], pattern: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('%', rest)) => (0..=text.len()).any(|at| fits(text.get(at..).unwrap_or_default(), rest)),
        Some((wanted, rest)) => {
            text.split_first().is_some_and(|(first, behind)| (*wanted == '_' || wanted == first) && fits(behind, rest))
        }
    }
}

/// The parameters as the service repeats them.
fn echo(params: &[(String, String)]) -> Value {
    params.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect::<serde_json::Map<_, _>>().into()
}

/// A number in a query; the service quotes the value of another parameter when `target_port` is none.
fn number(params: &[(String, String)], name: &str) -> Result<Option<u64>, Answer> {
    let Some((_, value)) = params.iter().find(|(known, _)| known == name) else { return Ok(None) };
    value.parse().map(|number: u64| (number != 0).then_some(number)).map_err(|_| {
        let quoted = params.iter().find(|(known, _)| known == "conn_port").map_or("None", |(_, value)| value.as_str());
        error(400, &format!("Param {name} must be a number, supplied: {quoted}"))
    })
}

/// `GET portmap`
fn list(world: &World, asked: &Asked) -> Result<Answer, Answer> {
    let params = params(&asked.query);
    let (port, target) = (number(&params, "conn_port")?, number(&params, "target_port")?);
    let mut state = world.state();
    if state.meets("GET", |fault| *fault == Fault::DatabaseDown).is_some() {
        return Err(database_down());
    }
    if let Some(fault) = stumbles(&mut state, "GET") {
        return Err(fault);
    }
    let text = |name: &str| params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let fits = |record: &Record| {
        text("name").is_none_or(|name| like(&record.name, name))
            && text("target_addr").is_none_or(|address| like(&record.address, address))
            && text("component").is_none_or(|component| like(&record.component, component))
            && port.is_none_or(|port| u64::from(record.port) == port)
            && target.is_none_or(|target| u64::from(record.target) == target)
    };
    Ok(ok(&state.list(fits), &echo(&params)))
}

/// How the service looks at the rules that let packets through.
const LISTING: &str = "sudo iptables --numeric -L FORWARD -t filter --line-numbers";

/// What the service says where it stumbles over something else.
fn stumbles(state: &mut State, method: &str) -> Option<Answer> {
    let met = state.meets(method, |fault| matches!(fault, Fault::Stumbles(_)))?;
    if let Fault::Stumbles(text) = met { Some(error(500, text)) } else { None }
}

/// What the service says when its database is down.
fn database_down() -> Answer {
    error(500, "connection to server on socket \"/var/run/postgresql/.s.PGSQL.5432\" failed: No such file or directory")
}

/// The object in a request's body.
fn object(asked: &Asked) -> Result<Value, Answer> {
    let is_json = asked.content_type.starts_with("application/json");
    if !is_json || asked.body.is_empty() {
        return Err(error(400, "No JSON content body sent in HTTP request"));
    }
    match serde_json::from_slice(&asked.body) {
        Ok(Value::Null) => Err(error(400, "No JSON content body sent in HTTP request")),
        Ok(body) => Ok(body),
        Err(_) => Err(Answer::page(400)),
    }
}

/// What the service says of a body that lacks something.
fn mismatch(body: &Value) -> Answer {
    error(400, &format!("Input does not match schema.\nInput: {body}\nSchema: {{'type': 'object'}}"))
}

/// `POST portmap`
fn make(world: &Arc<World>, asked: &Asked) -> Result<Answer, Answer> {
    let body = object(asked)?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let fields = (|| {
        let target = body.get("target_port").and_then(Value::as_i64)?;
        Some((text("target_addr")?, target, text("target_name")?, text("target_component")?))
    })();
    let (address, target, name, component) = fields.ok_or_else(|| mismatch(&body))?;
    let mut state = world.state();
    if state.meets("POST", |fault| *fault == Fault::DatabaseDown).is_some() {
        return Err(database_down());
    }
    if let Some(fault) = stumbles(&mut state, "POST") {
        return Err(fault);
    }
    if let Some(Fault::Claims(port)) = state.meets("POST", |fault| matches!(fault, Fault::Claims(_))) {
        return Ok(ok(&json!({ "conn_port": port }), &json!({})));
    }
    if state.meets("POST", |fault| *fault == Fault::Crashes).is_some() {
        return Err(Answer::crashed());
    }
    let port = state.free_port().ok_or_else(Answer::crashed)?;
    let plain = address.parse::<Ipv4Addr>();
    let (host, mask) = address.split_once('/').unwrap_or((&address, ""));
    let zeros = |text: &str| text.split('.').count() == 4 && text.split('.').all(|part| part.parse::<u8>().is_ok());
    let target = u16::try_from(target).ok().filter(|_| zeros(host) || is_host_name(host)).ok_or_else(|| {
        error(500, &format!("Command Failure: sudo iptables -A FORWARD -p tcp -d {address} --dport {target} -j ACCEPT"))
    })?;
    state.filter.push((address.clone(), target));
    if plain.is_err() && (mask.is_empty() || mask == "32") {
        // Its listing has another form, and the rule stays.
        return Err(error(500, &format!("Unable to find newly created FORWARD rule for {address}:{target}")));
    }
    if state.meets("POST", |fault| *fault == Fault::ListingFails).is_some() {
        state.filter.pop();
        return Err(error(500, &format!("Command Failure: {LISTING}")));
    }
    if state.meets("POST", |fault| *fault == Fault::ForeignRule).is_some() || state.has_foreign_ways() {
        state.filter.pop();
        return Err(error(500, "not enough values to unpack (expected 3, got 1)"));
    }
    if plain.is_err() {
        state.filter.pop();
        return Err(error(
            500,
            &format!(
                "Command Failure: sudo iptables -A PREROUTING -t nat -i ens160 -p tcp --dport {port} -j DNAT --to {address}:{target}"
            ),
        ));
    }
    let saved = state.meets("POST", |fault| *fault == Fault::SaveFails).is_none();
    let is_on = !state.off.contains(&address);
    // Another program of this machine may have the port.
    let mut candidates = std::iter::once(port).chain(state.free_ports());
    // What is led elsewhere already stays so: of several rules of a port the first one counts.
    let port = candidates.find(|port| state.is_led(*port) || world.targets.open(*port, target, is_on).is_ok());
    let port = port.ok_or_else(Answer::crashed)?;
    state.nat.push(Rule { port, address: address.clone(), target });
    if saved {
        state.records.push(Record { port, address, target, name, component, routable: None });
    }
    drop(state);
    if !saved {
        return Err(error(500, "Command Failure: sudo iptables-save > /etc/iptables/rules.v4"));
    }
    Ok(ok(&json!({ "conn_port": port }), &json!({})))
}

/// Whether a text is a name that iptables would look up.
fn is_host_name(text: &str) -> bool {
    text.contains('.')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
        && text.contains(char::is_alphabetic)
}

/// `DELETE portmap`
fn remove(world: &World, asked: &Asked) -> Result<Answer, Answer> {
    let body = object(asked)?;
    let port = body.get("conn_port").and_then(Value::as_i64).ok_or_else(|| mismatch(&body))?;
    let mut state = world.state();
    if state.meets("DELETE", |fault| *fault == Fault::DatabaseDown).is_some() {
        return Err(database_down());
    }
    if let Some(fault) = stumbles(&mut state, "DELETE") {
        return Err(fault);
    }
    if state.meets("DELETE", |fault| *fault == Fault::ListingFails).is_some() {
        return Err(error(500, &format!("Command Failure: {LISTING}")));
    }
    if state.meets("DELETE", |fault| *fault == Fault::ForeignRule).is_some() || state.has_foreign_ways() {
        return Err(error(500, "not enough values to unpack (expected 3, got 1)"));
    }
    let record = state.records.iter().find(|record| i64::from(record.port) == port).cloned();
    let rule = record.as_ref().and_then(|record| {
        let is_its =
            |rule: &&Rule| rule.port == record.port && rule.address == record.address && rule.target == record.target;
        state.nat.iter().find(is_its).cloned()
    });
    // It looks up the numbers of both rules, and says the same of either.
    let is_let_through =
        |rule: &Rule| state.filter.iter().any(|(address, target)| *address == rule.address && *target == rule.target);
    let rule = rule.filter(is_let_through);
    let Some((record, rule)) = record.zip(rule) else { return Err(error(500, "Unable to find iptable rule")) };
    if record.target == 0 {
        // Its line in the listing has no port, on which the service stumbles.
        return Err(Answer::crashed());
    }
    if state.meets("DELETE", |fault| *fault == Fault::FilterStepFails).is_some() {
        state.nat.retain(|known| *known != rule);
        state.filter.push((rule.address.clone(), rule.target));
        drop(state);
        world.targets.close(record.port);
        return Err(error(500, "Command Failure: iptables -t filter -D FORWARD 3"));
    }
    state.drop_rule(&rule);
    state.records.retain(|known| known.port != record.port);
    let is_led = state.is_led(record.port);
    drop(state);
    if !is_led {
        world.targets.close(record.port);
    }
    Ok(ok(&json!({}), &json!({})))
}

/// `GET addr`
fn addresses(world: &World, asked: &Asked) -> Result<Answer, Answer> {
    let params = params(&asked.query);
    let text = |name: &str| params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let (name, address, component) = (text("name"), text("addr"), text("component"));
    let is_exclusive = [name, address, component].iter().flatten().count() <= 1;
    if !is_exclusive || address.is_some_and(|address| address.parse::<Ipv4Addr>().is_err()) {
        return Err(error(400, &format!("Params are mutually exclusive. Supplied: {}", echo(&params))));
    }
    let mut state = world.state();
    if state.meets("GET", |fault| *fault == Fault::DatabaseDown).is_some() {
        return Err(Answer::crashed());
    }
    let fits = |record: &Record| {
        name.is_none_or(|name| like(&record.name, name))
            && address.is_none_or(|address| record.address == address)
            && component.is_none_or(|component| like(&record.component, component))
    };
    Ok(ok(&state.addresses(fits), &echo(&params)))
}

/// The front server's `POST token`
fn log_in(world: &World, asked: &Asked) -> Answer {
    let body: Value = match serde_json::from_slice(&asked.body) {
        Ok(Value::Object(body)) => body.into(),
        _ => return front_error(400, "Invalid HTTP body supplied"),
    };
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let Some(user) = text("username") else { return Answer::json(400, &json!({"error": ["No username supplied"]})) };
    let Some(password) = text("password") else {
        return Answer::json(400, &json!({"error": ["No password supplied"]}));
    };
    if let Some(message) = world.state().locked.get(user) {
        let status = if message.starts_with("LDAP") { 503 } else { 403 };
        return Answer::json(status, &json!({"error": message, "content": {"token": ""}, "params": {}}));
    }
    if user != world.setup.owner || password != world.setup.password {
        return front_error(401, "Invalid username or password");
    }
    let token = TokenClaims::of(world, user, clock::now()).sign();
    ok(&json!({ "token": token }), &json!({}))
}

/// The inventory is a task: this begins it.
fn begin_inventory(world: &World) -> Answer {
    let mut state = world.state();
    if state.inventory.is_none() {
        return Answer::page(404);
    }
    state.inventory_tasks += 1;
    Answer::json(202, &json!({"error": null, "content": {"task-id": "6f1c2d"}, "params": {}}))
}

/// The inventory.
fn end_inventory(world: &World) -> Answer {
    let mut state = world.state();
    if state.meets("GET", |fault| *fault == Fault::Pending).is_some() {
        return Answer::json(202, &json!({"error": null, "content": {"task-id": "6f1c2d"}, "params": {}}));
    }
    if state.inventory_tasks == 0 { Answer::page(404) } else { ok(&state.machines(), &json!({})) }
}

/// Makes a forward as the service would, without asking it.
pub(super) fn add(world: &Arc<World>, name: &str, component: &str, address: &str, target: u16) -> io::Result<u16> {
    let mut state = world.state();
    let is_on = !state.off.contains(address);
    let mut failure = io::Error::other("no port is left");
    for port in state.free_ports() {
        // Another program of this machine may have the port.
        if let Err(error) = world.targets.open(port, target, is_on) {
            failure = error;
            continue;
        }
        state.filter.push((address.to_owned(), target));
        state.nat.push(Rule { port, address: address.to_owned(), target });
        let (address, name, component) = (address.to_owned(), name.to_owned(), component.to_owned());
        state.records.push(Record { port, address, target, name, component, routable: Some(is_on) });
        return Ok(port);
    }
    Err(io::Error::new(failure.kind(), format!("the simulated gateway can listen on none of its ports: {failure}")))
}

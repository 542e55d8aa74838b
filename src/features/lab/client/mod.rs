//! One function for each thing that a lab can be asked. No channels, no screen.
//!
//! The gateway serves one request at a time and holds all others meanwhile, so a client sends one and waits for its
//! answer; whoever asks next waits here rather than there.

mod answer;
mod call;
mod keeper;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Mutex;

use self::call::Call;
pub use self::keeper::Credentials;
use self::keeper::Keeper;
use super::error::Error;
use super::model::{
    Firewall, Forward, Holding, Led, Machine, Part, Places, Rule, Snapshot, Wanted, Ways, accept_again, end_record,
    end_rules, ending, fills_ports,
};
use super::wire;
use crate::config::Url;
pub use crate::tls::Trust;
use crate::trouble::Trouble;

/// What logging in is called in errors.
pub(super) const LOGIN: &str = Call::Login.title();

/// What is said of a firewall over whose rules the service stumbles.
const FOREIGN: &str = "a rule in the gateway's firewall is no forward: nothing can be made or deleted until it is gone";

/// How a lab is reached.
#[derive(Debug, Clone)]
pub struct Server {
    /// The front server's address, or the gateway's own.
    pub url: Url,
    /// Whose certificates are trusted.
    pub trust: Trust,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long an answer may take.
    pub call_timeout: Duration,
    /// Whether the health check is read, which alone shows what the list hides.
    pub health: bool,
}

/// A connection to a lab. Clones share it.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

/// What clones share.
#[derive(Debug)]
struct Inner {
    server: Server,
    http: reqwest::Client,
    /// Keeps the token, and gets another one in time.
    keeper: Mutex<Keeper>,
    /// Held by whoever waits for the gateway.
    turn: Mutex<()>,
}

/// What became of a forward that was to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ensured {
    /// It was made.
    Made(Forward),
    /// There was one already.
    Found(Forward),
}

impl Ensured {
    /// The forward.
    #[must_use]
    pub fn forward(&self) -> &Forward {
        match self {
            Self::Made(forward) | Self::Found(forward) => forward,
        }
    }
}

impl Client {
    /// Prepares a connection; nothing is sent. Reads certificates, which blocks. Needs the runtime that it will run on.
    pub fn new(server: Server, credentials: Credentials) -> Result<Self, Error> {
        let http = call::http(&server)?;
        let inner = Inner { server, http, keeper: Mutex::new(Keeper::new(credentials)), turn: Mutex::new(()) };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The server as messages name it.
    #[must_use]
    pub fn server(&self) -> &str {
        self.inner.server.url.as_str()
    }

    /// The token that is held, as far as it can be told.
    pub async fn holding(&self) -> Option<Holding> {
        self.inner.keeper.lock().await.holding()
    }

    /// Gets a token, or another one where it is time to.
    pub async fn renew(&self) -> Result<(), Error> {
        self.token(false).await.map(|_| ())
    }

    /// All forwards, by port. Those that cannot be read are counted.
    pub async fn list(&self) -> Result<(Vec<Forward>, String, usize), Error> {
        self.listing(&[]).await
    }

    /// All that the lab tells. What is not vital does not keep the rest away: addresses, health check, inventory.
    pub async fn snapshot(&self) -> Result<Snapshot, Error> {
        let (forwards, gateway, unreadable) = self.list().await?;
        let (mut doubts, mut untold) = (Vec::new(), BTreeMap::new());
        let mut doubt = |part: Part, error: &Error| {
            let what = format!("the {} {}", part.name(), if part == Part::Addresses { "are" } else { "is" });
            tracing::info!(server = self.server(), %error, "{what} not told");
            doubts.push(format!("{what} not told: {}", Trouble::of(error).one_line()));
            untold.insert(part, None);
        };
        let addresses = self.addresses(&[]).await.unwrap_or_else(|error| {
            doubt(Part::Addresses, &error);
            BTreeMap::new()
        });
        let (mut firewall, mut pings) = (None, BTreeMap::new());
        if self.inner.server.health {
            match self.checked().await {
                Ok((told, pinged)) => (firewall, pings) = (Some(told), pinged),
                Err(error) => doubt(Part::Health, &error),
            }
        }
        let inventory = self.ask_inventory().await.unwrap_or_else(|error| {
            doubt(Part::Inventory, &error);
            None
        });
        let (mut machines, disbelief) = wire::machines(addresses, inventory);
        for (name, pings) in pings {
            if let Some(machine) = machines.get_mut(&name) {
                machine.pings = pings;
            }
        }
        doubts.extend(disbelief.map(str::to_owned));
        if firewall.as_ref().is_some_and(|firewall| firewall.foreign > 0) {
            doubts.push(FOREIGN.to_owned());
        }
        Ok(Snapshot { gateway, forwards, machines, firewall, unreadable, doubts, untold })
    }

    /// What the firewall does, where the health check is to be read and tells it.
    pub async fn firewall(&self) -> Option<Firewall> {
        if self.inner.server.health { self.health().await.ok() } else { None }
    }

    /// Somebody wants it tried at once: a login that was refused is tried once more, and a token is looked for where it is
    /// kept even if the one that is held still holds.
    pub async fn try_again(&self) {
        self.inner.keeper.lock().await.try_again();
    }

    /// Forwards that a filter of the gateway lets through, to be looked at again here: its texts are patterns.
    async fn listing(&self, filter: &[(&str, String)]) -> Result<(Vec<Forward>, String, usize), Error> {
        let content = self.call(Call::List, filter, None).await?;
        let listing = wire::listing(&content).ok_or_else(|| self.senseless(Call::List, "it has no list of ports"))?;
        Ok((listing.forwards, listing.gateway, listing.unreadable))
    }

    /// The addresses that the gateway knows, all or those of a name.
    pub async fn addresses(&self, filter: &[(&str, String)]) -> Result<BTreeMap<String, Machine>, Error> {
        let content = self.call(Call::Addresses, filter, None).await?;
        wire::addresses(&content).ok_or_else(|| self.senseless(Call::Addresses, "it has no list of machines"))
    }

    /// What the firewall does. Needs no token.
    pub async fn health(&self) -> Result<Firewall, Error> {
        self.checked().await.map(|(firewall, _)| firewall)
    }

    /// The health check: what the firewall does, and which addresses answer pings.
    async fn checked(&self) -> Result<(Firewall, BTreeMap<String, BTreeMap<String, bool>>), Error> {
        let body = self.call(Call::Health, &[], None).await?;
        let firewall = wire::firewall(&body).ok_or_else(|| self.senseless(Call::Health, "it has no firewall"))?;
        Ok((firewall, wire::pings(&body)))
    }

    /// Sees to it that there is a forward: one that is there already is used, and else one is made. After an answer that
    /// did not come the list decides whether it was made: asking again would make a second one.
    pub async fn ensure(&self, wanted: &Wanted) -> Result<Ensured, Error> {
        wanted.check()?;
        let (forwards, gateway, unreadable) = self.list().await?;
        let firewall = self.firewall().await;
        let before = Snapshot { gateway, forwards, firewall, unreadable, ..Snapshot::default() };
        if let Some(existing) = before.existing(wanted) {
            return Ok(Ensured::Found(existing.clone()));
        }
        let made = self.make(wanted, &before).await?;
        self.look_where_it_leads(&made).await?;
        Ok(Ensured::Made(made))
    }

    /// Whether a forward that was just made leads where it is to. The gateway gives a port that is free in its list; a rule of
    /// the firewall that no list has may lead it elsewhere all the same. Where nobody tells, what the gateway said holds.
    async fn look_where_it_leads(&self, made: &Forward) -> Result<(), Error> {
        let Some(firewall) = self.firewall().await else { return Ok(()) };
        let Led::Elsewhere(rule) = firewall.led(made) else { return Ok(()) };
        let by_hand = end_rules(rule, Places::of(&firewall).at(&rule.address, rule.target));
        Err(Error::Misled { port: made.port, to: format!("{}:{}", rule.address, rule.target), by_hand })
    }

    /// Makes another forward, whatever there is. What the gateway says is not believed: the list decides.
    async fn make(&self, wanted: &Wanted, before: &Snapshot) -> Result<Forward, Error> {
        let said = match self.call(Call::Make, &[], Some(wire::wanted(wanted))).await {
            Ok(content) => match wire::made(&content).filter(|port| *port > 0) {
                Some(port) => match self.listing(&[("conn_port", port.to_string())]).await {
                    Ok((listed, ..)) if !listed.contains(&wanted.on(port)) => Err(Error::NotMade { port }),
                    // It has answered, and whether it can be listed just now is another question.
                    Ok(_) | Err(_) => Ok(wanted.on(port)),
                },
                None => Err(self.senseless(Call::Make, "it names no port")),
            },
            Err(error) => Err(error),
        };
        match said {
            Ok(made) => Ok(made),
            Err(error) if error.is_outcome_unknown() => {
                let (after, ..) = self.list().await.map_err(|_| {
                    // What was asked may have been done; nobody can tell now.
                    Error::Lost {
                        server: self.server().to_owned(),
                        call: Call::Make.title(),
                        writes: true,
                        source: None,
                    }
                })?;
                let is_new = |forward: &&Forward| {
                    forward.is_for(wanted) && !before.forwards.iter().any(|known| known.port == forward.port)
                };
                let taken = after.len();
                // A page of this status is what the gateway says when no port is free, and when anything else trips it up.
                let error = if !matches!(error, Error::Page { status: 500, .. }) {
                    error
                } else if fills_ports(&after) {
                    Error::Full { taken }
                } else {
                    Error::Stumbled { taken }
                };
                after.iter().find(is_new).cloned().ok_or(error)
            }
            Err(Error::Unsaved { .. }) => {
                let rules = |firewall: Option<&Firewall>| firewall.map(|it| it.rules.clone()).unwrap_or_default();
                let (known, now) = (rules(before.firewall.as_ref()), self.firewall().await);
                let is_its = |rule: &&Rule| rule.address == wanted.address && rule.target == wanted.target;
                let new = rules(now.as_ref()).iter().filter(is_its).find(|rule| !known.contains(rule)).cloned();
                // Without the rules of before nobody can say which of them is new.
                Err(Error::Unsaved { port: new.filter(|_| before.firewall.is_some()).map(|rule| rule.port) })
            }
            Err(error) => Err(error),
        }
    }

    /// Deletes a forward, if it is still exactly this one. What the gateway says is not believed: the list decides.
    pub async fn remove(&self, forward: &Forward) -> Result<(), Error> {
        let port = forward.port;
        if port == 0 {
            return Err(Error::NotListed { port });
        }
        let listed = |forwards: Vec<Forward>| forwards.into_iter().find(|listed| listed.port == port);
        let filter = [("conn_port", port.to_string())];
        match listed(self.listing(&filter).await?.0) {
            None => return Err(Error::NotListed { port }),
            Some(found) if found != *forward => return Err(Error::Changed { port }),
            // It would stumble over it, and nothing would be said.
            Some(_) if forward.target == 0 => {
                let firewall = self.firewall().await;
                let ways = firewall.map(|firewall| Places::of(&firewall).at(&forward.address, forward.target));
                return Err(Error::Undeletable { by_hand: ending(forward, ways.unwrap_or_default()) });
            }
            Some(_) => {}
        }
        let said = self.call(Call::Remove, &[], Some(json!({ "conn_port": port }))).await;
        match said {
            Ok(_) if listed(self.listing(&filter).await?.0).is_some() => Err(Error::StillThere { port }),
            Ok(_) => Ok(()),
            Err(error) if error.is_outcome_unknown() => match self.listing(&filter).await {
                Ok((forwards, ..)) if listed(forwards.clone()).is_none() => Ok(()),
                _ => Err(error),
            },
            Err(Error::HalfDeleted { source, .. }) => {
                let line = match self.firewall().await {
                    Some(firewall) => end_record(forward, Places::of(&firewall).at(&forward.address, forward.target)),
                    None => end_record(forward, Ways::default()),
                };
                Err(Error::HalfDeleted { port, by_hand: line, source })
            }
            Err(Error::NoRule { .. }) => Err(self.why_no_rule(forward).await),
            Err(error) => Err(error),
        }
    }

    /// What it means that the service finds no rule for a forward: it looks for two of them, and says the same whichever is
    /// missing. Only the firewall itself tells whether the port is open.
    async fn why_no_rule(&self, forward: &Forward) -> Error {
        let port = forward.port;
        let Some(firewall) = self.firewall().await else { return Error::NoRule { port, by_hand: None } };
        if firewall.rules.iter().any(|rule| rule.is_of(forward)) {
            return Error::Half { port, by_hand: accept_again(forward) };
        }
        let line = end_record(forward, Places::of(&firewall).at(&forward.address, forward.target));
        Error::NoRule { port, by_hand: Some(line) }
    }

    /// Asks for the front server's machines, which is a task: its number first, its result later. `None` where there is no
    /// inventory.
    async fn ask_inventory(&self) -> Result<Option<BTreeMap<String, Machine>>, Error> {
        /// Between two looks at the task.
        const EVERY: Duration = Duration::from_secs(1);
        /// Looks before it is given up.
        const LOOKS: usize = 20;
        let mut path = "/api/1/inf/inventory".to_owned();
        for look in 0..LOOKS {
            let (status, body) = match self.front(&path).await {
                Err(Error::NoService { .. } | Error::NoGateway { .. } | Error::Page { .. }) if look == 0 => {
                    return Ok(None);
                }
                answered => answered?,
            };
            if status != 202 {
                return wire::inventory(&body)
                    .map(Some)
                    .ok_or_else(|| self.senseless(Call::Inventory, "it has no list of machines"));
            }
            let Some(task) = body.get("task-id").map(wire::text) else {
                return Err(self.senseless(Call::Inventory, "it names no task"));
            };
            // It becomes a part of a path.
            if task.is_empty() || !task.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
                return Err(self.senseless(Call::Inventory, "the name of its task is none"));
            }
            path = format!("/api/1/inf/inventory/task/{task}");
            tokio::time::sleep(EVERY).await;
        }
        let call = Call::Inventory;
        Err(Error::Lost { server: self.server().to_owned(), call: call.title(), writes: call.writes(), source: None })
    }

    /// An answer that is something else.
    fn senseless(&self, call: Call, what: &str) -> Error {
        Error::Senseless { server: self.server().to_owned(), call: call.title(), what: what.to_owned() }
    }

    /// The content of an answer. A token that does not hold is replaced once, if there is another.
    async fn call(&self, call: Call, filter: &[(&str, String)], body: Option<Value>) -> Result<Value, Error> {
        let _turn = self.inner.turn.lock().await;
        let target = self.inner.server.url.as_str().to_owned() + call.path() + &call::query(filter);
        if !call.needs_token() {
            return self.send(call, &target, None, body.as_ref()).await.map(|(_, content)| content);
        }
        let token = self.token(false).await?;
        match self.send(call, &target, Some(&token), body.as_ref()).await {
            // It was refused, so nothing was done.
            Err(error) if error.is_about_token() => {
                // Why there is no other one says more than that this one does not hold.
                let another = self.token(true).await?;
                if another.expose() == token.expose() {
                    return Err(error);
                }
                self.send(call, &target, Some(&another), body.as_ref()).await.map(|(_, content)| content)
            }
            answered => answered.map(|(_, content)| content),
        }
    }

    /// What the front server answers, with the status.
    async fn front(&self, path: &str) -> Result<(u16, Value), Error> {
        let token = self.token(false).await?;
        let target = self.inner.server.url.as_str().to_owned() + path;
        self.send(Call::Inventory, &target, Some(&token), None).await
    }

    /// The token to send; with `another`, one that is not the one that was sent.
    async fn token(&self, another: bool) -> Result<crate::secret::Secret, Error> {
        let mut keeper = self.inner.keeper.lock().await;
        keeper.token(&self.inner.http, &self.inner.server.url, another, crate::clock::now()).await
    }
}

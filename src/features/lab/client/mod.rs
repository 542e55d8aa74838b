//! One function for each thing that a lab can be asked. No channels, no screen.
//!
//! The gateway serves one request at a time and holds all others meanwhile, so a client sends one and waits for its
//! answer; whoever asks next waits here rather than there.

mod answer;
mod call;
mod change;
mod inventory;
mod keeper;
mod proxy;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Mutex;

use self::call::Call;
pub use self::change::Ensured;
pub use self::inventory::{LONGEST, MOMENT};
pub use self::keeper::Credentials;
use self::keeper::Keeper;
use super::error::Error;
use super::model::{Firewall, Holding, List, Machine, Part, Snapshot};
use super::wire;
use crate::config::Url;
pub use crate::tls::Trust;
use crate::trouble::Trouble;

/// What logging in is called in errors.
pub(super) const LOGIN: &str = Call::Login.title();

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
    pub async fn list(&self) -> Result<List, Error> {
        self.listing(&[]).await
    }

    /// All that the lab tells, however long the inventory takes.
    pub async fn snapshot(&self) -> Result<Snapshot, Error> {
        let told = self.told().await?;
        Ok(self.complete(told, LONGEST).await)
    }

    /// All that the gateway itself tells. What is not vital does not keep the rest away: addresses, health check.
    pub async fn told(&self) -> Result<Snapshot, Error> {
        let (forwards, gateway, unreadable) = self.list().await?;
        let (mut doubts, mut untold) = (Vec::new(), BTreeMap::new());
        let mut doubt = |part: Part, error: &Error| {
            let what = format!("the {} {}", part.name(), if part == Part::Addresses { "are" } else { "is" });
            tracing::info!(server = self.server(), %error, "{what} not told");
            doubts.push(format!("{what} not told: {}", Trouble::of(error).one_line()));
            untold.insert(part, None);
        };
        let mut machines = self.addresses(&[]).await.unwrap_or_else(|error| {
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
        for (name, pings) in pings {
            if let Some(machine) = machines.get_mut(&name) {
                machine.pings = pings;
            }
        }
        doubts.extend(firewall.as_ref().and_then(Firewall::hindrance));
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
    async fn listing(&self, filter: &[(&str, String)]) -> Result<List, Error> {
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

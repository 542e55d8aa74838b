//! What changes a lab: a forward is made, or goes. What the gateway says is not believed: its list, and its firewall where the
//! health check is read, decide.

use serde_json::json;

use super::{Call, Client};
use crate::features::lab::error::{Error, Seen};
use crate::features::lab::model::{
    Chain, Forward, Led, List, Places, Rule, Snapshot, Wanted, accept_again, end_record, end_rules, ending,
    fills_ports, uses_up_ports,
};
use crate::features::lab::wire;

/// What became of a forward that was to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ensured {
    /// The forward.
    pub forward: Forward,
    /// Whether it was made; else there was one already.
    pub is_made: bool,
    /// The port of another one to the same place, which somebody made at the same time.
    pub twin: Option<u16>,
    /// What the gateway lists, with it.
    pub list: List,
}

impl Client {
    /// Sees to it that there is a forward: one that is there already is used, and else one is made. After an answer that
    /// did not come the list decides whether it was made: asking again would make a second one.
    pub async fn ensure(&self, wanted: &Wanted) -> Result<Ensured, Error> {
        wanted.check()?;
        let (forwards, gateway, unreadable) = self.list().await?;
        let firewall = self.firewall().await;
        let before = Snapshot { gateway, forwards, firewall, unreadable, ..Snapshot::default() };
        if let Some(forward) = before.existing(wanted).cloned() {
            let list = (before.forwards, before.gateway, before.unreadable);
            return Ok(Ensured { forward, is_made: false, twin: None, list });
        }
        let made = self.make(wanted, &before).await?;
        self.look_where_it_leads(&made).await?;
        // Somebody elsewhere may have looked at the same time, and have found none, either.
        let list = self.list().await.unwrap_or_else(|_| {
            let mut forwards = before.forwards.clone();
            forwards.retain(|forward| forward.port != made.port);
            forwards.push(made.clone());
            forwards.sort_by_key(|forward| forward.port);
            (forwards, before.gateway.clone(), before.unreadable)
        });
        let is_twin = |forward: &&Forward| {
            forward.is_for(wanted) && forward.port != made.port && !before.forwards.contains(forward)
        };
        let twin = list.0.iter().find(is_twin).map(|forward| forward.port);
        Ok(Ensured { forward: made, is_made: true, twin, list })
    }

    /// Whether a forward that was just made leads where it is to. The gateway gives a port that is free in its list; a rule of
    /// the firewall that no list has may lead it elsewhere all the same. Where nobody tells, what the gateway said holds.
    async fn look_where_it_leads(&self, made: &Forward) -> Result<(), Error> {
        let Some(firewall) = self.firewall().await else { return Ok(()) };
        let Led::Elsewhere(rule) = firewall.led(made) else { return Ok(()) };
        let by_hand = end_rules(rule, Places::of(&firewall).at(&rule.address, rule.target));
        Err(Error::Misled { port: made.port, to: format!("{}:{}", rule.address, rule.target), by_hand })
    }

    /// Makes another forward, whatever there is.
    pub(super) async fn make(&self, wanted: &Wanted, before: &Snapshot) -> Result<Forward, Error> {
        match self.ask_for(wanted).await {
            Err(Error::ForeignRule { .. }) => Err(self.foreign_rule().await),
            Err(error) if error.may_be_done() || error.has_stumbled() => self.look_for(wanted, before, error).await,
            said => said,
        }
    }

    /// Asks the gateway for a forward.
    async fn ask_for(&self, wanted: &Wanted) -> Result<Forward, Error> {
        let content = self.call(Call::Make, &[], Some(wire::wanted(wanted))).await?;
        let port = wire::made(&content).filter(|port| *port > 0);
        let port = port.ok_or_else(|| self.senseless(Call::Make, "it names no port"))?;
        match self.listing(&[("conn_port", port.to_string())]).await {
            Ok((listed, ..)) if !listed.contains(&wanted.on(port)) => Err(Error::NotMade { port }),
            // It has answered, and whether it can be listed just now is another question.
            Ok(_) | Err(_) => Ok(wanted.on(port)),
        }
    }

    /// Whether a forward was made all the same; else the error, with what was seen.
    async fn look_for(&self, wanted: &Wanted, before: &Snapshot, error: Error) -> Result<Forward, Error> {
        let Ok((after, ..)) = self.list().await else { return Err(error.with(Seen::Nothing)) };
        let is_new = |forward: &&Forward| {
            forward.is_for(wanted) && !before.forwards.iter().any(|known| known.port == forward.port)
        };
        if let Some(new) = after.iter().find(is_new) {
            return Ok(new.clone());
        }
        // Where the gateway says what it stumbled over, that is no lack of ports.
        let is_page = matches!(error, Error::Page { .. });
        let taken = Some(after.len()).filter(|_| is_page && fills_ports(&after));
        // Without an answer it may still come: what is open now may be somebody else's.
        if !error.has_stumbled() {
            return Err(error.with(Seen::NotMade { taken }));
        }
        let open = self.newly_open(wanted, before, &after).await;
        Err(match (error, open) {
            (Error::Unsaved { .. }, port) => Error::Unsaved { port },
            (Error::DatabaseDown, Some(port)) => {
                Error::Stumbled { call: Call::Make.title(), seen: Seen::Open { port }, source: None }
            }
            (error, Some(port)) => error.with(Seen::Open { port }),
            // A page is what the gateway says when no port is free, and when anything else trips it up.
            (Error::Page { .. }, None) if uses_up_ports(&after) => Error::Full { taken: after.len() },
            (error, None) => error.with(Seen::NotMade { taken }),
        })
    }

    /// The port of a rule that leads where `wanted` does, was not there before, and is in no list. Without the rules of before
    /// nobody can say which of them is new.
    async fn newly_open(&self, wanted: &Wanted, before: &Snapshot, after: &[Forward]) -> Option<u16> {
        let known = &before.firewall.as_ref()?.rules;
        let is_its = |rule: &&Rule| rule.address == wanted.address && rule.target == wanted.target;
        let is_listed = |rule: &Rule| after.iter().any(|forward| rule.is_of(forward));
        let now = self.firewall().await?;
        let mut new = now.rules.iter().filter(is_its).filter(|rule| !known.contains(rule) && !is_listed(rule));
        new.next().map(|rule| rule.port)
    }

    /// That somebody's own rule trips the gateway up, with the chain that it is in.
    async fn foreign_rule(&self) -> Error {
        let firewall = self.firewall().await.unwrap_or_default();
        let chains = firewall.stumbles_over();
        let only = if let [only] = chains.as_slice() { Some(*only) } else { None };
        let rule = firewall.foreign_ways.into_iter().next().filter(|_| only == Some(Chain::Forward));
        Error::ForeignRule { chain: only, rule }
    }

    /// Deletes a forward, if it is still exactly this one.
    pub async fn remove(&self, forward: &Forward) -> Result<(), Error> {
        let port = forward.port;
        if port == 0 {
            return Err(Error::NotListed { port });
        }
        match self.listed_on(port).await? {
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
        match self.call(Call::Remove, &[], Some(json!({ "conn_port": port }))).await {
            // It has answered, and whether it can be listed just now is another question.
            Ok(_) => match self.listed_on(port).await {
                Ok(Some(_)) => Err(Error::StillThere { port }),
                Ok(None) | Err(_) => Ok(()),
            },
            Err(Error::NoRule { .. }) => Err(self.why_no_rule(forward).await),
            Err(Error::ForeignRule { .. }) => Err(self.foreign_rule().await),
            Err(error) if error.may_be_done() || error.has_stumbled() => self.look_after(forward, error).await,
            Err(error) => Err(error),
        }
    }

    /// The forward that is listed on a port.
    async fn listed_on(&self, port: u16) -> Result<Option<Forward>, Error> {
        let (forwards, ..) = self.listing(&[("conn_port", port.to_string())]).await?;
        Ok(forwards.into_iter().find(|listed| listed.port == port))
    }

    /// Whether a forward is gone all the same; else the error, with what was seen. It stopped half-way only where its rule in the
    /// chain PREROUTING is really gone: whatever the gateway names as what failed, it may not have come that far.
    async fn look_after(&self, forward: &Forward, error: Error) -> Result<(), Error> {
        let port = forward.port;
        let Ok(listed) = self.listed_on(port).await else { return Err(error.with(Seen::Nothing)) };
        let has_stumbled = error.has_stumbled();
        let firewall = if has_stumbled { self.firewall().await } else { None };
        let is_led = firewall.as_ref().map(|firewall| firewall.rules.iter().any(|rule| rule.is_of(forward)));
        let stumbled = |error: Error, seen| {
            let call = Call::Remove.title();
            if matches!(error, Error::DatabaseDown) {
                Error::Stumbled { call, seen, source: None }
            } else {
                error.with(seen)
            }
        };
        match (listed.is_some(), is_led, firewall) {
            (false, Some(true), _) => Err(stumbled(error, Seen::Open { port })),
            (false, ..) => Ok(()),
            (true, Some(false), Some(firewall)) => {
                let by_hand = end_record(forward, Places::of(&firewall).at(&forward.address, forward.target));
                let source = std::error::Error::source(&error).map(|why| why.to_string().into());
                Err(Error::HalfDeleted { port, by_hand, source })
            }
            (true, Some(true), _) => Err(stumbled(error, Seen::Works { port })),
            (true, ..) => Err(stumbled(error, Seen::Listed { port })),
        }
    }

    /// What it means that the service finds no rule for a forward: it looks for two of them, and says the same whichever is
    /// missing. Only the firewall itself tells whether the port is open.
    async fn why_no_rule(&self, forward: &Forward) -> Error {
        let port = forward.port;
        let Some(firewall) = self.firewall().await else { return Error::NoRule { port, by_hand: None } };
        let is_led = firewall.rules.iter().any(|rule| rule.is_of(forward));
        if let Some(by_hand) = firewall.head.clone().filter(|_| is_led && !firewall.missing.is_empty()) {
            return Error::Overlooked { what: firewall.passes_over(), by_hand };
        }
        if is_led {
            return Error::Half { port, by_hand: accept_again(forward) };
        }
        let line = end_record(forward, Places::of(&firewall).at(&forward.address, forward.target));
        Error::NoRule { port, by_hand: Some(line) }
    }
}

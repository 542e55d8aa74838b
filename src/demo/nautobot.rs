//! The demo's Nautobot: the providers of the story, the circuits that its mails name, and what colleagues did there.

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::json;

use super::Error;
use super::announcement::{self, Affected, Item};
use super::story::Story;
use crate::features::maintenance::nautobot::sim::{Options, Sim};

/// Where the simulation keeps things, under `/api/`.
const PROVIDERS: &str = "circuits/providers";
const CIRCUITS: &str = "circuits/circuits";
const TYPES: &str = "circuits/circuit-types";
const ENDS: &str = "circuits/circuit-terminations";
const PLACES: &str = "dcim/locations";
const STATUSES: &str = "extras/statuses";
const MAINTENANCES: &str = "plugins/circuit-maintenance/maintenance";
const IMPACTS: &str = "plugins/circuit-maintenance/circuitimpact";
const NOTES: &str = "plugins/circuit-maintenance/note";

/// The circuit of the record that no mail tells of, and whose it is.
const BY_PHONE: (&str, &str) = ("lumen", "LUM-441207-DUS");

/// Starts it with all that the story of `seed` names, as seen from `now`.
pub(super) async fn start(now: DateTime<Utc>, seed: u64) -> Result<Sim, Error> {
    let sim = Sim::start(Options::new(now - TimeDelta::hours(1))).await.map_err(Error::Nautobot)?;
    let story = Story::built_in()?;
    let providers: HashMap<&str, String> = story
        .provider
        .iter()
        .map(|provider| {
            let address = provider.from.rsplit_once('<').map_or(provider.from.as_str(), |(_, address)| address);
            let address = address.trim_end_matches('>');
            let fields = json!({"name": provider.slug, "account": provider.account, "custom_fields": {
                "emails_circuit_maintenances": address, "provider_parser_circuit_maintenances": null}});
            (provider.slug.as_str(), sim.put(PROVIDERS, fields))
        })
        .collect();
    let status = sim.all(STATUSES).first().map(|status| status["id"].clone());
    let mut site =
        Site { kind: sim.put(TYPES, json!({"name": "Wavelength"})), status, places: HashMap::new(), sim: &sim };
    let mut circuits: HashMap<(&str, String), String> = HashMap::new();
    for item in announcement::resolve(&story, now, seed)? {
        let Item::Announcement(mail) = item else { continue };
        let Some(provider) = providers.get(mail.provider.slug.as_str()) else { continue };
        for affected in &mail.circuits {
            let key = (mail.provider.slug.as_str(), affected.id.to_lowercase());
            circuits.entry(key).or_insert_with(|| site.circuit(provider, affected));
        }
    }
    if let Some(provider) = providers.get(BY_PHONE.0) {
        let circuit = Affected {
            id: BY_PHONE.1.to_owned(),
            effect: super::story::Effect::Untouched,
            from: "Düsseldorf".to_owned(),
            to: "Köln".to_owned(),
        };
        let circuit = site.circuit(provider, &circuit);
        by_phone(&sim, &circuit, now);
    }
    Ok(sim)
}

/// A record that a colleague entered after a call, acknowledged and noted: noctui learns of it from there alone.
fn by_phone(sim: &Sim, circuit: &str, now: DateTime<Utc>) {
    let time = |after: TimeDelta| (now + after).to_rfc3339_opts(SecondsFormat::Secs, true);
    let record = sim.put(
        MAINTENANCES,
        json!({"name": format!("{}-PHONE-0711", BY_PHONE.0), "start_time": time(TimeDelta::hours(27)),
               "end_time": time(TimeDelta::hours(29)), "status": "CONFIRMED", "ack": true,
               "description": "Splice repair in Düsseldorf, announced by phone"}),
    );
    sim.put(IMPACTS, json!({"maintenance": record, "circuit": circuit, "impact": "DEGRADED"}));
    sim.put(
        NOTES,
        json!({"maintenance": record, "title": "Called back", "level": "INFO",
               "comment": "They promise not to touch the second pair. Jonas"}),
    );
}

/// What circuits are put into.
struct Site<'a> {
    sim: &'a Sim,
    /// The type of every circuit.
    kind: String,
    /// Their status.
    status: Option<serde_json::Value>,
    /// Places by name.
    places: HashMap<String, String>,
}

impl Site<'_> {
    /// Adds a circuit with its ends; its UUID.
    fn circuit(&mut self, provider: &str, affected: &Affected) -> String {
        let fields =
            json!({"cid": affected.id, "provider": provider, "circuit_type": self.kind, "status": self.status});
        let circuit = self.sim.put(CIRCUITS, fields);
        for (side, name) in [("A", &affected.from), ("Z", &affected.to)] {
            if name.is_empty() {
                continue;
            }
            let sim = self.sim;
            let place = self.places.entry(name.clone()).or_insert_with(|| sim.put(PLACES, json!({ "name": name })));
            sim.put(ENDS, json!({"circuit": circuit, "term_side": side, "location": place}));
        }
        circuit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_knows_every_circuit_that_the_mails_name_once() {
        let now = "2026-11-21T02:48:17Z".parse().unwrap();
        let sim = start(now, 1).await.unwrap();
        let cids: Vec<String> = sim.all(CIRCUITS).iter().map(|one| one["cid"].as_str().unwrap().to_owned()).collect();
        let story = Story::built_in().unwrap();
        for item in announcement::resolve(&story, now, 1).unwrap() {
            let Item::Announcement(mail) = item else { continue };
            assert!(mail.circuits.iter().all(|circuit| cids.contains(&circuit.id)), "{:?}", mail.circuits);
        }
        assert_eq!(sim.all(MAINTENANCES).len(), 1);
    }
}

//! What a token may do, found out without changing anything: who may not do something is told so before it is looked at what
//! was asked for. So what is to be made is asked for without what it needs, and what is to be changed is nothing.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::json;

use super::Error;
use super::client::Client;
use super::read::{IMPACT, MAINTENANCE, NOTE, is_refusal};
use super::wire;

/// What is read.
const READ: [&str; 9] = [
    "circuits/providers/",
    "circuits/circuits/",
    "circuits/circuit-types/",
    "circuits/circuit-terminations/",
    "dcim/locations/",
    "extras/statuses/",
    MAINTENANCE,
    IMPACT,
    NOTE,
];
/// Maintenances whose impacts are looked at.
const LOOKED_AT: usize = 50;
/// The UUID of nothing.
const NOTHING: &str = "00000000-0000-0000-0000-000000000000";

/// What is to be done with a Nautobot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It is only read.
    Read,
    /// Acknowledgements and notes are written.
    Notes,
    /// Maintenances are written, too.
    Maintenances,
}

/// What the token may not do of what it needs, such as `add plugins/circuit-maintenance/note`; empty where it may do all.
pub async fn lacking(client: &Client, wanted: Use) -> Result<Vec<String>, Error> {
    let mut lacks = Vec::new();
    for path in READ {
        may(&mut lacks, "view", path, client.get(&format!("{path}?limit=1")).await.map(|_| ()))?;
    }
    if lacks.is_empty() && shows_less(client).await? {
        lacks.push(format!("view all of {}", IMPACT.trim_end_matches('/')));
    }
    let (add, change): (&[&str], &[&str]) = match wanted {
        Use::Read => (&[], &[]),
        Use::Notes => (&[NOTE], &[MAINTENANCE, NOTE]),
        Use::Maintenances => (&[MAINTENANCE, IMPACT, NOTE], &[MAINTENANCE, IMPACT, NOTE]),
    };
    for path in add {
        may(&mut lacks, "add", path, client.write(Method::POST, path, Some(&json!({}))).await.map(|_| ()))?;
    }
    for path in change {
        let nothing = format!("{path}{NOTHING}/");
        may(&mut lacks, "change", path, client.write(Method::PATCH, &nothing, Some(&json!({}))).await.map(|_| ()))?;
    }
    Ok(lacks)
}

/// Whether the token may view only some impacts of maintenances that it may view, as far as those tell that changed last: with
/// their maintenance GraphQL shows all.
async fn shows_less(client: &Client) -> Result<bool, Error> {
    let newest = client.page(MAINTENANCE, &format!("sort=-last_updated,id&limit={LOOKED_AT}")).await?;
    let ids: Vec<String> = newest.results.iter().filter_map(wire::id).collect();
    let nested = match client.nested_impacts(&ids).await {
        Ok(nested) => nested,
        Err(error) if is_refusal(&error) => return Ok(false),
        Err(error) => return Err(error),
    };
    let shown: HashSet<String> = client.impacts_of(&ids).await?.into_iter().map(|impact| impact.id).collect();
    Ok(nested.into_values().flatten().any(|impact| !shown.contains(&impact)))
}

/// Notes what is not allowed. That nothing could be made of nothing, or that there is no such object, is no lack.
fn may(lacks: &mut Vec<String>, verb: &str, path: &str, asked: Result<(), Error>) -> Result<(), Error> {
    match asked {
        Ok(()) | Err(Error::Refused { .. } | Error::NotFound { .. }) => {}
        Err(Error::Forbidden { .. }) => lacks.push(format!("{verb} {}", path.trim_end_matches('/'))),
        Err(error) => return Err(error),
    }
    Ok(())
}

//! Whose mails are, by what Nautobot says of its providers now.
//!
//! A mail may be read before the providers are known, by a process that knows them as they were, or before somebody corrects
//! them there. So each mail is asked once for every state of the providers, and nothing is sent of a maintenance before its
//! mails were: see [`super::outbox::due`].

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension as _};

use super::inventory;
use crate::features::maintenance::model::Outcome;
use crate::features::maintenance::store::NotificationKey;
use crate::store::Error;

/// Mails that are to be asked whose they are.
#[derive(Debug, Default)]
pub struct Asked {
    /// The state of the providers that they are asked for.
    pub state: i64,
    /// All of them.
    pub mails: Vec<NotificationKey>,
    /// Those that may be read otherwise now, in the order in which they were made.
    pub again: Vec<NotificationKey>,
}

/// The providers are others than before.
pub(super) fn changed(connection: &Connection) -> Result<(), Error> {
    // Another Nautobot begins where the one before it ended.
    connection.execute(
        "UPDATE nautobot SET whose = max(whose, (SELECT coalesce(max(whose), 0) FROM notification)) + 1",
        [],
    )?;
    Ok(())
}

/// Whether any mail is to be asked.
pub fn is_any_unasked(connection: &Connection) -> Result<bool, Error> {
    let mut query = connection
        .prepare_cached("SELECT 1 FROM notification WHERE whose < (SELECT whose FROM nautobot WHERE is_on) LIMIT 1")?;
    Ok(query.exists([])?)
}

/// Up to `most` mails that are to be asked; `slugs` are those of the rules.
pub fn unasked(connection: &Connection, most: usize, slugs: &[&str]) -> Result<Asked, Error> {
    let state = connection.prepare_cached("SELECT whose FROM nautobot WHERE is_on")?.query_row([], |row| row.get(0));
    let Some(state) = state.optional()? else { return Ok(Asked::default()) };
    let mut query = connection.prepare_cached(
        "SELECT id, sender, provider, outcome, kept FROM notification WHERE whose < ?1
         ORDER BY whose, coalesce(dated, received_at), id LIMIT ?2",
    )?;
    let rows = query.query_map((state, i64::try_from(most).unwrap_or(i64::MAX)), |row| {
        let provider: Option<String> = row.get("provider")?;
        let is_kept = row.get::<_, i64>("kept")? > 0;
        Ok((row.get("id")?, row.get::<_, String>("sender")?, provider, row.get("outcome")?, is_kept))
    })?;
    let rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut asked = Asked { state, ..Asked::default() };
    if rows.is_empty() {
        return Ok(asked);
    }
    let known = Known::of(connection, slugs)?;
    for (key, sender, provider, outcome, is_kept) in rows {
        asked.mails.push(key);
        if is_kept && known.may_be_anothers(&sender, provider.as_deref().unwrap_or_default(), outcome) {
            asked.again.push(key);
        }
    }
    Ok(asked)
}

/// These mails were asked.
pub fn answered(connection: &Connection, asked: &Asked) -> Result<(), Error> {
    let mut update = connection.prepare_cached("UPDATE notification SET whose = ?2 WHERE id = ?1")?;
    for key in &asked.mails {
        update.execute((key, asked.state))?;
    }
    Ok(())
}

/// What is known of the providers.
struct Known {
    /// What mails of these addresses are filed under.
    addresses: HashMap<String, String>,
    /// Rules that read the mails of several.
    shared: HashSet<String>,
    /// The rules, and what the mails of providers are filed under.
    names: HashSet<String>,
}

impl Known {
    /// As they are in the tables.
    fn of(connection: &Connection, slugs: &[&str]) -> Result<Self, Error> {
        let senders = inventory::senders(connection)?;
        let addresses = senders.into_iter().map(|one| (one.address.to_lowercase(), one.provider)).collect();
        let mut query = connection.prepare_cached("SELECT lower(rule), lower(slug) FROM nautobot_provider")?;
        let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        let mut times = BTreeMap::<String, usize>::new();
        let mut names: HashSet<String> = slugs.iter().map(|slug| slug.to_lowercase()).collect();
        for row in rows {
            let (rule, slug) = row?;
            *times.entry(rule).or_default() += 1;
            names.insert(slug);
        }
        let shared = times.into_iter().filter(|(rule, times)| !rule.is_empty() && *times > 1).map(|(rule, _)| rule);
        Ok(Self { addresses, shared: shared.collect(), names })
    }

    /// Whether a mail that was read as a provider's may be another's.
    fn may_be_anothers(&self, sender: &str, provider: &str, outcome: Outcome) -> bool {
        let provider = provider.to_lowercase();
        match self.addresses.get(&sender.to_lowercase()) {
            Some(whose) => whose.to_lowercase() != provider,
            // The addresses that it came through may tell, or its circuits.
            None => match outcome {
                Outcome::UnknownProvider => true,
                Outcome::Parsed | Outcome::UnknownCids | Outcome::OutOfSequence => {
                    self.shared.contains(&provider) || !self.names.contains(&provider)
                }
                Outcome::ParsingFailed | Outcome::Ignored => false,
            },
        }
    }
}

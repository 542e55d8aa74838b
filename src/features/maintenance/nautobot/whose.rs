//! Reads mails again whose provider is another one by what Nautobot says now.

use std::path::Path;

use chrono::{DateTime, Utc};

use super::store::inventory;
use super::store::reconcile::{self, Manner};
use super::store::whose::{self, Asked};
use super::sync::{BATCH, BUDGET};
use crate::features::maintenance::inventory::Inventory;
use crate::features::maintenance::reread;
use crate::features::maintenance::rules::Rules;
use crate::store::{Error, Store};

/// Mails that are looked at together.
const LOOK: usize = 2_000;
/// Mails that are read again together.
const REREAD: usize = 32;

/// Reads those mails again that may be another provider's, and takes over what follows for the records that were made from
/// them; nothing of them is sent before. How many say something else. Blocks: some milliseconds for each mail that is read, in
/// steps between which others can write.
pub(crate) fn again(
    store: &Store,
    (providers_dir, circuits): (&Path, Option<&Path>),
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let mut moved = 0;
    while store.read_blocking(whose::is_any_unasked)? {
        let (rules, _) = Rules::with_user_dir(providers_dir);
        let slugs = rules.slugs();
        let found = store.read_blocking(|connection| {
            let asked = whose::unasked(connection, LOOK, &slugs)?;
            let more = if asked.again.is_empty() { Vec::new() } else { inventory::known(connection)? };
            Ok((asked, inventory::senders(connection)?, more))
        })?;
        let (asked, senders, more): (Asked, _, _) = found;
        if !asked.again.is_empty() {
            let (rules, known) = (rules.with_senders(senders), Inventory::of_config(circuits).0.with_more(&more));
            for some in asked.again.chunks(REREAD) {
                let read = store.read_blocking(|connection| reread::fetch(connection, some))?.read(&rules, &known);
                let applied = store.write_blocking(move |connection| reread::apply(connection, read))?;
                moved += applied.iter().filter(|(.., again)| again.is_other()).count();
            }
        }
        store.write_blocking(move |connection| whose::answered(connection, &asked))?;
    }
    if moved > 0 {
        tracing::info!(moved, "mails are other providers' by what Nautobot says");
        let manner = Manner::of_one(now);
        while store.write_blocking(move |connection| reconcile::step(connection, &manner, BATCH, BUDGET))?.is_more {}
    }
    Ok(moved)
}

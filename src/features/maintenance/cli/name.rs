//! How a maintenance is named on the command line: `PROVIDER/ID`, or `ID` alone where one provider uses it.

use std::fmt;

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use crate::features::maintenance::store::MaintenanceKey;
use crate::features::maintenance::store::detail::Sibling;
use crate::features::maintenance::store::list::{self, Anchor, Filter, ListQuery, Sort};
use crate::features::maintenance::store::look_up::{Lookup, look_up};
use crate::store::Error;
use crate::trouble::Trouble;

/// A slash that is not the one between provider and id.
const SLASH: &str = "%2F";
/// A percent sign that begins none of these.
const PERCENT: &str = "%25";
/// Names offered in place of one that nothing is called.
const OFFERED: usize = 3;

/// A maintenance that somebody named, with the windows they mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// Its provider.
    pub(super) provider: String,
    /// The provider's id.
    pub(super) maintenance_id: String,
    /// How many windows it has in all.
    pub(super) of: usize,
    /// The windows that are meant, by number; never empty.
    pub(super) windows: Vec<Sibling>,
}

impl Named {
    /// A window of it in words: `cogent/VN1`, and which one where there are several.
    pub(super) fn window(&self, window: &Sibling) -> String {
        if self.of == 1 { self.to_string() } else { format!("{self} window {}", window.window) }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&full(&self.provider, &self.maintenance_id))
    }
}

/// The name that always works.
pub(super) fn full(provider: &str, maintenance_id: &str) -> String {
    format!("{provider}/{maintenance_id}")
}

/// The same with every slash within provider and id as `%2F`, which is one maintenance's name only.
fn unmistakable(named: &Named) -> String {
    let escaped = |part: &str| part.replace('%', PERCENT).replace('/', SLASH);
    full(&escaped(&named.provider), &escaped(&named.maintenance_id))
}

/// A part of a name as it is meant.
fn meant(part: &str) -> String {
    part.replace(SLASH, "/").replace(PERCENT, "%")
}

/// Provider and id of what `name` says in full; `None` if it says one of them.
pub(super) fn parts(name: &str) -> Option<(String, String)> {
    name.split_once('/').map(|(provider, id)| (meant(provider), meant(id)))
}

/// Which window of a maintenance is meant.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Which {
    /// Mean this window of a maintenance that has several; without it all of them are meant.
    #[arg(long, value_name = "N")]
    pub(super) window: Option<u32>,
}

/// What each of `names` means, in their order and each maintenance once; or what is wrong with every name that means
/// nothing or too much.
pub(super) fn find_all(
    connection: &Connection,
    names: &[String],
    which: Which,
    now: DateTime<Utc>,
) -> Result<Result<Vec<Named>, Vec<Trouble>>, Error> {
    let (mut found, mut troubles) = (Vec::with_capacity(names.len()), Vec::new());
    for name in names {
        match find(connection, name, which, now)? {
            Ok(one) if found.contains(&one) => {}
            Ok(one) => found.push(one),
            Err(trouble) => troubles.push(trouble),
        }
    }
    Ok(if troubles.is_empty() { Ok(found) } else { Err(troubles) })
}

/// What `name` means, or why it means nothing.
pub(super) fn find(
    connection: &Connection,
    name: &str,
    which: Which,
    now: DateTime<Utc>,
) -> Result<Result<Named, Trouble>, Error> {
    let mut candidates = candidates(connection, name)?;
    let Some(mut named) = candidates.pop() else { return unknown(connection, name, now).map(Err) };
    if !candidates.is_empty() {
        candidates.push(named);
        return ambiguous(connection, name, &candidates).map(Err);
    }
    if let Some(number) = which.window {
        let windows = named.windows.clone();
        named.windows.retain(|window| window.window == number);
        if named.windows.is_empty() {
            return Ok(Err(no_such_window(&named, number, &windows)));
        }
    }
    Ok(Ok(named))
}

/// The keys of the windows that are meant.
pub(super) fn keys(named: &[Named]) -> Vec<MaintenanceKey> {
    named.iter().flat_map(|named| named.windows.iter().map(|window| window.key)).collect()
}

/// Everything that `name` can mean. Ids may have slashes in them, so every slash is tried as the one behind the provider;
/// a name that says the provider comes before one that does not.
fn candidates(connection: &Connection, name: &str) -> Result<Vec<Named>, Error> {
    let mut found = Vec::new();
    for (at, slash) in name.match_indices('/') {
        let (provider, id) = name.split_at(at);
        let id = id.strip_prefix(slash).unwrap_or(id);
        found.extend(exactly(connection, Some(provider), id)?);
    }
    if let Some((provider, id)) = parts(name).filter(|_| [SLASH, PERCENT].iter().any(|sign| name.contains(sign))) {
        found.extend(exactly(connection, Some(&provider), &id)?);
    }
    if !found.is_empty() {
        return Ok(found);
    }
    match look_up(connection, None, name)? {
        Lookup::Ambiguous(providers) => {
            for provider in providers {
                found.extend(exactly(connection, Some(&provider), name)?);
            }
        }
        Lookup::Unknown | Lookup::Found { .. } => found.extend(exactly(connection, None, name)?),
    }
    Ok(found)
}

/// The one maintenance of that provider and id.
fn exactly(connection: &Connection, provider: Option<&str>, maintenance_id: &str) -> Result<Option<Named>, Error> {
    Ok(match look_up(connection, provider, maintenance_id)? {
        Lookup::Found { provider, windows } => {
            Some(Named { provider, maintenance_id: maintenance_id.to_owned(), of: windows.len(), windows })
        }
        Lookup::Unknown | Lookup::Ambiguous(_) => None,
    })
}

fn ambiguous(connection: &Connection, name: &str, of: &[Named]) -> Result<Trouble, Error> {
    let mut names = Vec::with_capacity(of.len());
    let mut is_escaped = false;
    for named in of {
        let full = named.to_string();
        let is_one = candidates(connection, &full)?.len() == 1;
        is_escaped |= !is_one;
        names.push(if is_one { full } else { unmistakable(named) });
    }
    names.sort();
    let to_do = if is_escaped {
        "name it so, with %2F for a slash within provider or id, and %25 for a percent sign"
    } else if of.iter().all(|named| named.maintenance_id == name) {
        "name the provider too, as PROVIDER/ID"
    } else {
        "name it so"
    };
    Ok(Trouble::new(&format!("{name} can mean {} maintenances", names.len()))
        .caused_by(&format!("there are {}", names.join(" and ")))
        .to_do(to_do))
}

fn no_such_window(named: &Named, number: u32, windows: &[Sibling]) -> Trouble {
    let numbers: Vec<String> = windows.iter().map(|window| window.window.to_string()).collect();
    Trouble::new(&format!("{named} has no window {number}"))
        .caused_by(&format!("the windows it has: {}", numbers.join(", ")))
        .to_do("name one of them, or leave --window out to mean all")
}

/// Nothing is called `name`; what comes near is offered.
fn unknown(connection: &Connection, name: &str, now: DateTime<Utc>) -> Result<Trouble, Error> {
    let trouble = Trouble::new(&format!("no maintenance is called {name}"));
    let listing = "see what there is with `noctui maintenance list --all`";
    let text = name.replace('/', " ");
    if text.trim().is_empty() {
        return Ok(trouble.to_do(listing));
    }
    let filter = Filter { text, ..Filter::default() };
    let near = list::window(connection, &ListQuery { sort: Sort::Changed, filter, now }, &Anchor::Top, 0, OFFERED)?;
    let mut names: Vec<String> = near.rows.iter().map(|row| full(&row.provider, &row.maintenance_id)).collect();
    names.dedup();
    Ok(if names.is_empty() {
        trouble.to_do(listing)
    } else {
        trouble.caused_by("names are compared in full").to_do(&format!("perhaps one of: {}", names.join(", ")))
    })
}

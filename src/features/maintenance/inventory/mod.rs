//! The user's own circuits, from a file: which ids in notices are theirs, what they are called and where they go.
//!
//! Ids in notices are compared by their letters and digits alone, whatever their case, and may stand among other words:
//! providers write `Circuit ID: bn-100/7741 (primary)` for what an inventory calls `BN 100 7741`.

mod quotes;
mod rows;
mod separated;
mod tables;

use std::collections::{HashMap, HashSet};
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use self::rows::Row;
use super::model::{Circuit, Notice};
use crate::config::{Origin, Problem};
use crate::regular;

/// Longer files are refused.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Further circuits are left out, and that is said.
const MAX_CIRCUITS: usize = 500_000;
/// Words of an id in a notice that are looked at.
const MAX_WORDS: usize = 12;
/// An id among other words must have at least so many letters and digits.
const SHORTEST: usize = 4;

/// A circuit of the user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownCircuit {
    /// The provider's id, as the file has it.
    pub circuit_id: String,
    /// The provider; empty if the id is enough to tell.
    pub provider: String,
    /// What the user calls it; may be empty, as may be all that follows.
    pub name: String,
    /// One end.
    pub site_a: String,
    /// The other end.
    pub site_z: String,
    /// Such as `transit` or `dark fibre`.
    pub kind: String,
    /// Words of the user's own.
    pub tags: Vec<String>,
}

impl KnownCircuit {
    /// Name and sites on one line: `backbone 3, Ghent - Bruges`; empty if the file has neither.
    #[must_use]
    pub fn remark(&self) -> String {
        let sites: Vec<&str> = [&*self.site_a, &*self.site_z].into_iter().filter(|site| !site.is_empty()).collect();
        let parts = [self.name.clone(), sites.join(" - ")];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    }
}

/// Whether an id in a notice is one of the user's circuits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Standing {
    /// There is no inventory.
    #[default]
    NoInventory,
    /// The inventory does not have it.
    Unknown,
    /// It is this one.
    Known(Arc<KnownCircuit>),
}

impl Standing {
    /// The circuit, if it is known.
    #[must_use]
    pub fn known(&self) -> Option<&KnownCircuit> {
        if let Self::Known(circuit) = self { Some(circuit) } else { None }
    }

    /// What is said beside the id: the remark of a known circuit, that an unknown one is; empty without an inventory.
    #[must_use]
    pub fn remark(&self) -> String {
        match self {
            Self::NoInventory => String::new(),
            Self::Unknown => "not in the inventory".to_owned(),
            Self::Known(circuit) => circuit.remark(),
        }
    }
}

/// The user's circuits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inventory {
    /// Whether there is one: a file without circuits makes every id unknown.
    is_there: bool,
    /// The circuits, in the order of the file.
    circuits: Vec<Arc<KnownCircuit>>,
    /// Letters and digits of ids to places in `circuits`.
    by_id: HashMap<String, Vec<usize>>,
    /// How many of the circuits stand in the file; those behind them come from elsewhere.
    own: usize,
    /// Providers of circuits that come from elsewhere, in letters and digits.
    named: HashSet<String>,
}

impl Inventory {
    /// The circuits of a file, and what is wrong with it: a row with a mistake is left out and does not hold up the
    /// others. A file that cannot be read at all gives no inventory.
    #[must_use]
    pub fn read(file: &Path) -> (Self, Vec<Problem>) {
        let text = match text_of(file) {
            Ok(text) => text,
            Err(problem) => return (Self::default(), vec![*problem]),
        };
        let is_toml = file.extension().is_some_and(|end| end.eq_ignore_ascii_case("toml"));
        let read = if is_toml { tables::rows(file, &text) } else { separated::rows(file, &text) };
        match read {
            Ok((rows, problems)) => Self::of(file, rows, problems),
            Err(problem) => (Self::default(), vec![*problem]),
        }
    }

    /// The inventory of a configuration, which may name none.
    #[must_use]
    pub fn of_config(file: Option<&Path>) -> (Self, Vec<Problem>) {
        file.map_or_else(Default::default, Self::read)
    }

    /// From rows that were read.
    fn of(file: &Path, rows: Vec<Row>, mut problems: Vec<Problem>) -> (Self, Vec<Problem>) {
        let mut inventory = Self { is_there: true, ..Self::default() };
        for row in rows {
            let key = folded(&row.circuit.circuit_id);
            let places = inventory.by_id.entry(key).or_default();
            let same = |place: &&usize| {
                let earlier = inventory.circuits.get(**place);
                earlier.is_some_and(|earlier| is_one(&earlier.provider, &row.circuit.provider))
            };
            if places.iter().any(|place| same(&place)) {
                problems.push(Problem {
                    origin: Origin::File { path: file.into(), line: row.line, column: row.column },
                    key: "id".to_owned(),
                    what: format!("{:?} is there twice", row.circuit.circuit_id),
                    because: "letters and digits of an id tell circuits of one provider apart".to_owned(),
                    remedy: "take one of the two out, or name their providers".to_owned(),
                });
                continue;
            }
            if inventory.circuits.len() >= MAX_CIRCUITS {
                problems.push(rows::whole(file, &format!("it has more than {MAX_CIRCUITS} circuits"), "split it"));
                break;
            }
            places.push(inventory.circuits.len());
            inventory.circuits.push(Arc::new(row.circuit));
        }
        (inventory, problems)
    }

    /// The same with further circuits, where it does not have them itself.
    #[must_use]
    pub fn with_more(mut self, more: &[KnownCircuit]) -> Self {
        self.is_there |= !more.is_empty();
        if self.named.is_empty() {
            self.own = self.circuits.len();
        }
        let own = self.own;
        self.named.extend(more.iter().map(|circuit| folded(&circuit.provider)));
        for circuit in more {
            let places = self.by_id.entry(folded(&circuit.circuit_id)).or_default();
            let same = |place: &usize| {
                let known = self.circuits.get(*place);
                known.is_some_and(|known| {
                    // Of the same name, or like one in the user's own words; two that come from elsewhere are two.
                    let is_like = *place < own && is_same_provider(&known.provider, &circuit.provider);
                    known.provider.is_empty() || folded(&known.provider) == folded(&circuit.provider) || is_like
                })
            };
            if !places.iter().any(same) && self.circuits.len() < MAX_CIRCUITS {
                places.push(self.circuits.len());
                self.circuits.push(Arc::new(circuit.clone()));
            }
        }
        self
    }

    /// Whether there is one.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.is_there
    }

    /// Every circuit, in the order of the file.
    #[must_use]
    pub fn circuits(&self) -> &[Arc<KnownCircuit>] {
        &self.circuits
    }

    /// Whether an id in a notice of `provider` is one of the user's circuits.
    #[must_use]
    pub fn standing(&self, provider: &str, circuit_id: &str) -> Standing {
        if !self.is_there {
            return Standing::NoInventory;
        }
        match self.find(provider, circuit_id) {
            Some(circuit) => Standing::Known(Arc::clone(circuit)),
            None => Standing::Unknown,
        }
    }

    /// The same for every circuit of a notice, in its order; empty without an inventory.
    #[must_use]
    pub fn standings(&self, provider: &str, circuits: &[Circuit]) -> Vec<Standing> {
        if !self.is_there {
            return Vec::new();
        }
        circuits.iter().map(|circuit| self.standing(provider, &circuit.circuit_id)).collect()
    }

    /// The ids in notices that the inventory does not have, each once; none without an inventory.
    #[must_use]
    pub fn unknown(&self, provider: &str, notices: &[Notice]) -> Vec<String> {
        let mut unknown: Vec<String> = Vec::new();
        for circuit in notices.iter().flat_map(|notice| &notice.circuits) {
            let is_unknown = self.standing(provider, &circuit.circuit_id) == Standing::Unknown;
            if is_unknown && !unknown.contains(&circuit.circuit_id) {
                unknown.push(circuit.circuit_id.clone());
            }
        }
        unknown
    }

    /// The circuit that an id means: the whole id, else the longest run of words in it that is one.
    fn find(&self, provider: &str, circuit_id: &str) -> Option<&Arc<KnownCircuit>> {
        if let Some(found) = self.exactly(provider, &folded(circuit_id)) {
            return Some(found);
        }
        let is_end =
            |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | ',' | ';' | ':' | '=' | '"' | '\'');
        let words: Vec<&str> = circuit_id.split(is_end).filter(|word| !word.is_empty()).take(MAX_WORDS).collect();
        for length in (1..words.len()).rev() {
            for run in words.windows(length) {
                let run = folded(&run.concat());
                let is_id = run.chars().count() >= SHORTEST && run.contains(|c: char| c.is_ascii_digit());
                if let Some(found) = self.exactly(provider, &run).filter(|_| is_id) {
                    return Some(found);
                }
            }
        }
        None
    }

    /// The circuit of a provider with these letters and digits; one that names its provider before one that does not.
    fn exactly(&self, provider: &str, id: &str) -> Option<&Arc<KnownCircuit>> {
        let places = || self.by_id.get(id).into_iter().flatten();
        let found = || places().filter_map(|place| self.circuits.get(*place));
        let name = folded(provider);
        let named = found().find(|circuit| !circuit.provider.is_empty() && folded(&circuit.provider) == name);
        // Whose name is known has no circuits of another one whose name begins like theirs.
        let may_be_like = |place: &&usize| !self.named.contains(&name) || **place < self.own;
        let is_like = |circuit: &&Arc<KnownCircuit>| is_same_provider(&circuit.provider, provider);
        let like = || places().filter(may_be_like).filter_map(|place| self.circuits.get(*place)).find(is_like);
        let named = named.or_else(like);
        named.or_else(|| found().find(|circuit| circuit.provider.is_empty()))
    }
}

/// Whether two names mean one provider: `Zayo Group` and `zayo` do.
fn is_same_provider(a: &str, b: &str) -> bool {
    let (a, b) = (folded(a), folded(b));
    !a.is_empty() && !b.is_empty() && (a.starts_with(&b) || b.starts_with(&a))
}

/// Whether two providers of a file are one, be it none at all: of two circuits that differ in nothing else the second would
/// never be found.
fn is_one(a: &str, b: &str) -> bool {
    is_same_provider(a, b) || (folded(a).is_empty() && folded(b).is_empty())
}

/// Letters and digits in lower case.
pub(in crate::features::maintenance) fn folded(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The text of a file.
fn text_of(file: &Path) -> Result<String, Box<Problem>> {
    let mut bytes = Vec::new();
    let read = regular::open(file).and_then(|opened| opened.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    let fix = "correct `circuits` in [maintenance], or the file";
    read.map_err(|error| Box::new(rows::whole(file, &format!("it cannot be read: {error}"), fix)))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Box::new(rows::whole(
            file,
            &format!("it is larger than {MAX_BYTES} bytes"),
            "leave out what is not yours",
        )));
    }
    // Spreadsheet programs begin a CSV with a mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(bytes);
    String::from_utf8(bytes).map_err(|error| {
        let line =
            error.as_bytes().iter().take(error.utf8_error().valid_up_to()).filter(|byte| **byte == b'\n').count();
        let mut problem = rows::whole(file, "it is not in UTF-8", "save it as UTF-8");
        problem.origin = Origin::File { path: file.into(), line: line + 1, column: 1 };
        Box::new(problem)
    })
}

#[cfg(test)]
mod tests;

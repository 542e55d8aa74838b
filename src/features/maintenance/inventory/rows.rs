//! A row of an inventory, however it was written.

use std::path::Path;

use super::{KnownCircuit, folded};
use crate::config::{Origin, Problem, nearest};
use crate::text::clean_line;

/// Characters of a field; more is cut.
const CHARS: usize = 256;

/// A circuit and where it stands.
#[derive(Debug)]
pub(super) struct Row {
    /// The circuit.
    pub(super) circuit: KnownCircuit,
    /// From 1.
    pub(super) line: usize,
    /// Of its id, in characters from 1.
    pub(super) column: usize,
}

/// A field of a circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// `id`
    Id,
    /// `provider`
    Provider,
    /// `name`
    Name,
    /// `site_a`
    SiteA,
    /// `site_z`
    SiteZ,
    /// `type`
    Kind,
    /// `tags`
    Tags,
}

/// The names of fields; the first of each is the one that is told.
const NAMES: &[(&str, Field)] = &[
    ("id", Field::Id),
    ("provider", Field::Provider),
    ("name", Field::Name),
    ("site_a", Field::SiteA),
    ("site_z", Field::SiteZ),
    ("type", Field::Kind),
    ("tags", Field::Tags),
    ("circuit_id", Field::Id),
    ("circuit", Field::Id),
    ("cid", Field::Id),
    ("a_site", Field::SiteA),
    ("z_site", Field::SiteZ),
    ("tag", Field::Tags),
];

impl Field {
    /// The field of this name; case, blanks and dashes do not matter.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.trim().to_lowercase().replace([' ', '-'], "_");
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
    }

    /// Sets it.
    pub(super) fn set(self, circuit: &mut KnownCircuit, value: &str) {
        let value: String = clean_line(value).trim().chars().take(CHARS).collect();
        match self {
            Self::Id => circuit.circuit_id = value,
            Self::Provider => circuit.provider = value,
            Self::Name => circuit.name = value,
            Self::SiteA => circuit.site_a = value,
            Self::SiteZ => circuit.site_z = value,
            Self::Kind => circuit.kind = value,
            Self::Tags => {
                let tags = value.split([';', ',', ' ']).filter(|tag| !tag.is_empty());
                circuit.tags.extend(tags.map(str::to_owned));
            }
        }
    }
}

/// What is wrong at a place.
pub(super) fn problem(file: &Path, (line, column): (usize, usize), key: &str, what: &str, fix: &str) -> Problem {
    Problem {
        origin: Origin::File { path: file.into(), line, column },
        key: key.to_owned(),
        what: what.to_owned(),
        because: "a row with a mistake is left out; the others count".to_owned(),
        remedy: fix.to_owned(),
    }
}

/// What is wrong with a file as a whole.
pub(super) fn whole(file: &Path, what: &str, fix: &str) -> Problem {
    let mut problem = problem(file, (0, 0), "maintenance.circuits", what, fix);
    "without it no circuit is known".clone_into(&mut problem.because);
    problem
}

/// What is wrong with a name that no field has.
pub(super) fn unknown_name(file: &Path, place: (usize, usize), name: &str) -> Problem {
    let name = clean_line(name);
    let names = || NAMES.iter().take(7).map(|(name, _)| *name);
    let fix = match nearest(&name, NAMES.iter().map(|(name, _)| *name)) {
        Some(near) => format!("did you mean {near:?}? The fields are {}", names().collect::<Vec<_>>().join(", ")),
        None => format!("the fields are {}", names().collect::<Vec<_>>().join(", ")),
    };
    problem(file, place, &name, &format!("{name:?} is no field of a circuit"), &fix)
}

/// The row, if it has an id.
pub(super) fn checked(file: &Path, circuit: KnownCircuit, (line, column): (usize, usize)) -> Result<Row, Box<Problem>> {
    if folded(&circuit.circuit_id).is_empty() {
        let what = if circuit.circuit_id.is_empty() { "the id is empty" } else { "the id has no letter and no digit" };
        return Err(Box::new(problem(file, (line, column), "id", what, "write the provider's id of the circuit")));
    }
    Ok(Row { circuit, line, column })
}

//! Where secrets are kept: one of several settings of a section says it.

use super::problem::{At, Origin, Problem};
use super::resolve::Layers;
use super::value::{Name, VariableName, Words, WrittenPath};
use crate::secret::SecretFrom;

/// The settings of a section that can say where one secret is kept, as dotted names.
pub(super) struct Keys {
    /// What it is, to follow a blank and be followed by "comes from one place".
    pub(super) what: &'static str,
    /// A variable.
    pub(super) variable: &'static str,
    /// A file.
    pub(super) file: &'static str,
    /// What a program prints.
    pub(super) command: &'static str,
    /// A keyring's entry.
    pub(super) keyring: &'static str,
}

/// What stands in them.
pub(super) struct Written {
    /// A variable.
    pub(super) variable: Option<At<VariableName>>,
    /// A file.
    pub(super) file: Option<At<WrittenPath>>,
    /// What a program prints.
    pub(super) command: Option<At<Words>>,
    /// A keyring's entry.
    pub(super) keyring: Option<At<Name>>,
}

impl Layers<'_> {
    /// The one place that a secret comes from, with the place where that was written; `None` where nothing says it.
    pub(super) fn secret(&mut self, keys: &Keys, written: Written) -> Option<(SecretFrom, Origin)> {
        let Written { variable, file, command, keyring } = written;
        let file = file.and_then(|file| {
            let path = self.expected_path(keys.file, &file, true)?;
            Some((SecretFrom::File(path), file.origin))
        });
        let written = [
            (keys.variable, variable.map(|at| (SecretFrom::Variable(at.value.0), at.origin))),
            (keys.file, file),
            (keys.command, command.map(|at| (SecretFrom::Command(at.value.0), at.origin))),
            (keys.keyring, keyring.map(|at| (SecretFrom::Keyring(at.value.0), at.origin))),
        ];
        let mut written = written.into_iter().filter_map(|(key, place)| place.map(|place| (key, place)));
        let (first, chosen) = written.next()?;
        let first = first.rsplit('.').next().unwrap_or(first);
        for (key, (_, origin)) in written {
            self.contradiction(&origin, key, first, &format!("{} comes from one place", keys.what));
        }
        Some(chosen)
    }

    /// Notes that a setting cannot stand beside another.
    pub(super) fn contradiction(&mut self, origin: &Origin, key: &str, other: &str, because: &str) {
        self.problems.push(Problem {
            origin: origin.clone(),
            key: key.to_owned(),
            what: format!("`{key}` cannot stand beside `{other}`"),
            because: because.to_owned(),
            remedy: "remove one of the two".to_owned(),
        });
    }
}

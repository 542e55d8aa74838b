//! Where secrets are kept: one of several settings of a section says it.

use super::problem::{At, Origin, Problem};
use super::reader::Section;
use super::resolve::Layers;
use super::value::{Name, Setting, VariableName, Words, WrittenPath};
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
    /// Which of them a section usually has; `None` where it does without.
    pub(super) usual: Option<&'static str>,
}

impl Keys {
    /// The one that says such a place.
    pub(super) fn of(&self, from: &SecretFrom) -> &'static str {
        match from {
            SecretFrom::Variable(_) => self.variable,
            SecretFrom::File(_) => self.file,
            SecretFrom::Command(_) => self.command,
            SecretFrom::Keyring(_) => self.keyring,
        }
    }
}

/// What stands in them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SecretSection {
    /// A variable.
    variable: Option<At<VariableName>>,
    /// A file.
    file: Option<At<WrittenPath>>,
    /// What a program prints.
    command: Option<At<Words>>,
    /// A keyring's entry.
    keyring: Option<At<Name>>,
}

impl SecretSection {
    /// Reads the settings of a section that say where a secret is kept.
    pub(super) fn read(section: &mut Section<'_, '_>, keys: &Keys) -> Self {
        Self {
            variable: read(section, keys, keys.variable),
            file: read(section, keys, keys.file),
            command: read(section, keys, keys.command),
            keyring: read(section, keys, keys.keyring),
        }
    }
}

/// Reads one of them.
fn read<T: Setting>(section: &mut Section<'_, '_>, keys: &Keys, key: &'static str) -> Option<At<T>> {
    if keys.usual == Some(key) { section.read(leaf(key)) } else { section.read_instead(leaf(key)) }
}

/// The last part of a dotted name, which is how it stands in its section.
pub(super) fn leaf(key: &'static str) -> &'static str {
    key.rsplit('.').next().unwrap_or(key)
}

impl Layers<'_> {
    /// The one place that a secret comes from, with the place where that was written; `None` where nothing says it.
    pub(super) fn secret(&mut self, keys: &Keys, written: SecretSection) -> Option<(SecretFrom, Origin)> {
        let SecretSection { variable, file, command, keyring } = written;
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
        for (key, (_, origin)) in written {
            self.contradiction(&origin, key, leaf(first), &format!("{} comes from one place", keys.what));
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

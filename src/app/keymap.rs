//! Keys → commands: the table's defaults with the configuration's overrides laid over them.

use std::collections::{BTreeMap, HashMap};

use super::commands::{COMMANDS, Command, SUBCOMMANDS};
use crate::command::{Scope, Spec};
use crate::key::Key;
use crate::ui::keys::KeyNames;

/// Overrides that leave a command without a key although nobody said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// Two overrides name one key in one place.
    Twice {
        /// The command that does not get it.
        command: &'static str,
        /// The key.
        key: Key,
        /// The command that has it.
        taken_by: &'static str,
    },
    /// An override takes the last key of commands that are not mentioned.
    Taken {
        /// The command that takes it.
        command: &'static str,
        /// The key.
        key: Key,
        /// The commands that are left without one somewhere.
        from: Vec<&'static str>,
    },
    /// Without a key for this command somebody would be stuck.
    Stuck {
        /// The command.
        command: &'static str,
        /// How.
        because: &'static str,
    },
}

impl Conflict {
    /// The override that is at fault.
    pub(crate) fn command(&self) -> &'static str {
        match self {
            Self::Twice { command, .. } | Self::Taken { command, .. } | Self::Stuck { command, .. } => command,
        }
    }
}

/// The scopes that have the keyboard wherever somebody is.
const WIDE: [Scope; 3] = [Scope::Global, Scope::Dashboard, Scope::Moving];

/// Which key runs which command, scope by scope.
#[derive(Debug, Clone)]
pub(crate) struct Keymap {
    /// The command of a key in a scope.
    commands: HashMap<(Scope, Key), Command>,
    /// The keys of every row of the table, by its name, in the order given.
    keys: HashMap<&'static str, Vec<Key>>,
    /// The key of every row, for texts.
    names: KeyNames,
}

impl Default for Keymap {
    fn default() -> Self {
        // The table's own keys are free of conflicts; a test holds them to it.
        Self::new(&BTreeMap::new()).0
    }
}

impl Keymap {
    /// The table with `overrides` (command name → its keys, none to disable) laid over it.
    ///
    /// A key that is given twice in one scope goes to the command that names it in the overrides, so that a user can
    /// take over a default key. Two overrides for one key are a conflict, and the first of them has it. So is taking
    /// the only key of a command: whoever means it says which key that command has then, or none.
    pub(crate) fn new(overrides: &BTreeMap<String, Vec<Key>>) -> (Self, Vec<Conflict>) {
        let mut conflicts = Vec::new();
        let mut map = Self { commands: HashMap::new(), keys: HashMap::new(), names: KeyNames::default() };
        let mut owner: HashMap<(Scope, Key), &'static str> = HashMap::new();
        let given = |spec: &&'static Spec<Command>| overrides.contains_key(spec.name);
        for spec in COMMANDS.iter().filter(given).chain(COMMANDS.iter().filter(|spec| !given(spec))) {
            let keys = overrides.get(spec.name).cloned().unwrap_or_else(|| default_keys(spec));
            for key in keys {
                // A key that a user gives to a command of everywhere is not to be taken by a default further in.
                let taken = |wide: &Scope| owner.get(&(*wide, key)).is_some_and(|name| overrides.contains_key(*name));
                if !overrides.contains_key(spec.name) && WIDE.iter().any(taken) {
                    continue;
                }
                let mut kept = false;
                for scope in spec.scopes {
                    match owner.get(&(*scope, key)) {
                        None => {
                            owner.insert((*scope, key), spec.name);
                            map.commands.insert((*scope, key), spec.command);
                            kept = true;
                        }
                        Some(other) if *other != spec.name && overrides.contains_key(spec.name) => {
                            // Once, in however many places.
                            let conflict = Conflict::Twice { command: spec.name, key, taken_by: other };
                            if !conflicts.contains(&conflict) {
                                conflicts.push(conflict);
                            }
                        }
                        Some(_) => {}
                    }
                }
                if kept {
                    map.keys.entry(spec.name).or_default().push(key);
                }
            }
        }
        conflicts.extend(taken_last(overrides, &owner));
        conflicts.extend(map.hidden_last(overrides, &owner));
        conflicts.extend(map.stuck(overrides));
        let named = |spec: &Spec<Command>| {
            let key = map.keys(spec.name).first();
            (spec.name, key.map_or_else(|| format!(":{}", spec.name), ToString::to_string))
        };
        map.names = KeyNames::new(COMMANDS.iter().map(named), &SUBCOMMANDS);
        (map, conflicts)
    }

    /// The overrides that hide the last key of a command of everywhere in some place: there a key means what the place says.
    fn hidden_last(
        &self,
        overrides: &BTreeMap<String, Vec<Key>>,
        owner: &HashMap<(Scope, Key), &'static str>,
    ) -> Vec<Conflict> {
        let mut hidden: Vec<Conflict> = Vec::new();
        for spec in COMMANDS.iter().filter(|spec| overrides.contains_key(spec.name)) {
            let places = spec.scopes.iter().filter(|scope| !WIDE.contains(scope));
            for (scope, key) in places.flat_map(|scope| self.keys(spec.name).iter().map(move |key| (*scope, *key))) {
                let mut from: Vec<&'static str> = Vec::new();
                for name in WIDE.iter().filter_map(|wide| owner.get(&(*wide, key))) {
                    if self.keys(name).iter().all(|key| owner.contains_key(&(scope, *key))) && !from.contains(name) {
                        from.push(name);
                    }
                }
                let conflict = Conflict::Taken { command: spec.name, key, from };
                if !matches!(&conflict, Conflict::Taken { from, .. } if from.is_empty()) && !hidden.contains(&conflict)
                {
                    hidden.push(conflict);
                }
            }
        }
        hidden
    }

    /// What nobody can do without.
    fn stuck(&self, overrides: &BTreeMap<String, Vec<Key>>) -> Vec<Conflict> {
        let is_without = |name: &str| overrides.contains_key(name) && self.keys(name).is_empty();
        let mut stuck = Vec::new();
        if is_without("back") {
            stuck.push(Conflict::Stuck { command: "back", because: "nothing would close what lies on top" });
        }
        // ctrl-c leaves all the same, but nothing on the screen would say so.
        if is_without("quit") && is_without("palette") {
            stuck
                .push(Conflict::Stuck { command: "quit", because: "without a palette nothing would name the way out" });
        }
        stuck
    }

    /// The command of `key`, looked for in `scopes` from the innermost out.
    pub(crate) fn find(&self, scopes: &[Scope], key: Key) -> Option<Command> {
        scopes.iter().find_map(|scope| self.commands.get(&(*scope, key)).copied())
    }

    /// The keys that run this row where these scopes have the keyboard: none of those that mean something else further in.
    pub(crate) fn keys_in(&self, scopes: &[Scope], spec: &Spec<Command>) -> Vec<Key> {
        let runs = |key: &&Key| self.find(scopes, **key) == Some(spec.command);
        self.keys(spec.name).iter().filter(runs).copied().collect()
    }

    /// What texts call the keys.
    pub(crate) fn names(&self) -> &KeyNames {
        &self.names
    }

    /// The keys that run the row of this name.
    pub(crate) fn keys(&self, name: &str) -> &[Key] {
        self.keys.get(name).map_or(&[], Vec::as_slice)
    }
}

/// The overrides that take the last key of a command in some place.
fn taken_last(overrides: &BTreeMap<String, Vec<Key>>, owner: &HashMap<(Scope, Key), &'static str>) -> Vec<Conflict> {
    let mut taken_from: BTreeMap<(&'static str, String), (Key, Vec<&'static str>)> = BTreeMap::new();
    for spec in COMMANDS.iter().filter(|spec| !overrides.contains_key(spec.name)) {
        let keys = default_keys(spec);
        for scope in spec.scopes {
            let has_one = keys.iter().any(|key| owner.get(&(*scope, *key)) == Some(&spec.name));
            let taken = keys.iter().find_map(|key| {
                let taker = [*scope].iter().chain(&WIDE).find_map(|scope| owner.get(&(*scope, *key)))?;
                Some((*taker, *key))
            });
            let Some((command, key)) = taken.filter(|_| !has_one) else { continue };
            let from = taken_from.entry((command, key.to_string())).or_insert_with(|| (key, Vec::new()));
            if !from.1.contains(&spec.name) {
                from.1.push(spec.name);
            }
        }
    }
    taken_from.into_iter().map(|((command, _), (key, from))| Conflict::Taken { command, key, from }).collect()
}

/// The keys of the table, parsed.
fn default_keys(spec: &Spec<Command>) -> Vec<Key> {
    spec.keys.iter().filter_map(|key| key.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overrides(given: &[(&str, &str)]) -> BTreeMap<String, Vec<Key>> {
        given
            .iter()
            .map(|(name, keys)| ((*name).to_owned(), keys.split_whitespace().map(|key| key.parse().unwrap()).collect()))
            .collect()
    }

    fn key(text: &str) -> Key {
        text.parse().unwrap()
    }

    #[test]
    fn an_override_replaces_the_default_keys() {
        let map = Keymap::new(&overrides(&[("quit", "Q")])).0;
        assert_eq!(map.find(&[Scope::Global], key("Q")), Some(Command::Quit));
        assert_eq!(map.find(&[Scope::Global], key("q")), None);
    }

    #[test]
    fn no_keys_disable_a_command() {
        let map = Keymap::new(&overrides(&[("suspend", "")])).0;
        assert_eq!(map.find(&[Scope::Global], key("ctrl-z")), None);
    }

    #[test]
    fn a_key_taken_for_everywhere_is_taken_from_defaults_further_in_and_not_from_overrides() {
        let inner = [Scope::Maintenances, Scope::Global];
        let map = Keymap::new(&overrides(&[("help", "a")])).0;
        assert_eq!(map.find(&inner, key("a")), Some(Command::Help));
        let (map, conflicts) =
            Keymap::new(&overrides(&[("help", "a f1"), ("acknowledge", "a"), ("change-approve", "A")]));
        assert_ne!(map.find(&inner, key("a")), Some(Command::Help));
        assert_eq!(conflicts, []);
    }

    #[test]
    fn hiding_the_last_key_of_a_command_of_everywhere_is_a_conflict() {
        let hidden = |given: &[(&str, &str)]| Keymap::new(&overrides(given)).1;
        let of = |command, text, from| [Conflict::Taken { command, key: key(text), from: vec![from] }];
        assert_eq!(hidden(&[("acknowledge", "esc")]), of("acknowledge", "esc", "back"));
        assert_eq!(hidden(&[("acknowledge", "q"), ("quit", "q")]), of("acknowledge", "q", "quit"));
        assert_eq!(hidden(&[("acknowledge", "q")]), [], "ctrl-c leaves still");
        assert_eq!(hidden(&[("acknowledge", "j")]), [], "there is the arrow");
        assert_eq!(hidden(&[("acknowledge", "esc"), ("back", "f9")]), []);
    }

    #[test]
    fn a_taken_over_key_leaves_its_default_owner() {
        let map = Keymap::new(&overrides(&[("help", "q")])).0;
        assert_eq!(map.find(&[Scope::Global], key("q")), Some(Command::Help));
        assert_eq!(map.keys("quit"), [key("ctrl-c")]);
    }

    #[test]
    fn two_overrides_for_one_key_are_a_conflict() {
        let (map, conflicts) = Keymap::new(&overrides(&[("help", "f9"), ("log", "f9")]));
        assert_eq!(conflicts, [Conflict::Twice { command: "log", key: key("f9"), taken_by: "help" }]);
        assert_eq!(map.find(&[Scope::Global], key("f9")), Some(Command::Help));
    }

    #[test]
    fn a_conflict_is_told_once_and_a_key_that_is_written_twice_is_none() {
        let (map, conflicts) = Keymap::new(&overrides(&[("acknowledge", "a a")]));
        assert_eq!((map.keys("acknowledge"), conflicts), ([key("a")].as_slice(), vec![]));
        let (_, conflicts) = Keymap::new(&overrides(&[("acknowledge", "f9"), ("note", "f9")]));
        assert_eq!(conflicts, [Conflict::Twice { command: "note", key: key("f9"), taken_by: "acknowledge" }]);
    }

    #[test]
    fn taking_the_last_key_of_a_command_is_a_conflict_unless_that_one_is_given_another_or_none() {
        let taken = |command, from| [Conflict::Taken { command, key: key("a"), from }];
        let conflicts = |given| Keymap::new(&overrides(given)).1;
        assert_eq!(conflicts(&[("note", "a")]), taken("note", vec!["acknowledge"]));
        assert_eq!(conflicts(&[("quit", "a")]), taken("quit", vec!["acknowledge", "change-approve"]));
        assert_eq!(conflicts(&[("note", "a"), ("acknowledge", "A")]), []);
        assert_eq!(conflicts(&[("note", "a"), ("acknowledge", "")]), []);
        assert_eq!(Keymap::new(&overrides(&[("help", "q")])).1, [], "ctrl-c leaves still");
        assert_eq!(Keymap::new(&BTreeMap::new()).1, []);
    }

    #[test]
    fn nobody_can_be_without_a_way_back_or_out() {
        let stuck = |given: &[(&str, &str)]| -> Vec<&str> {
            Keymap::new(&overrides(given)).1.iter().map(Conflict::command).collect()
        };
        assert_eq!(stuck(&[("quit", ""), ("back", ""), ("palette", "")]), ["back", "quit"]);
        assert_eq!(stuck(&[("quit", "")]), [""; 0]);
        assert_eq!(stuck(&[("palette", "")]), [""; 0]);
    }

    #[test]
    fn an_inner_scope_comes_first() {
        let map = Keymap::default();
        assert_eq!(
            map.find(&[Scope::Moving, Scope::Global], key("g")),
            Some(Command::Move(crate::command::Motion::Top))
        );
    }
}

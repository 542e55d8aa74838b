//! What the keys are called that texts speak of.

use std::borrow::Cow;
use std::collections::HashMap;

/// A subcommand that does what a command of the screen does: advice names the one on the command line, and the key here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subcommand {
    /// What is typed, without what it is about: `change stop`.
    pub(crate) words: &'static str,
    /// The command that does it on the screen.
    pub(crate) command: &'static str,
    /// Where.
    pub(crate) place: &'static str,
}

/// The key of each command. Keys can be changed, so a text names the command: `<undo> takes it back`.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyNames {
    /// By the name of the command.
    keys: HashMap<&'static str, String>,
    /// What else names them.
    subcommands: &'static [Subcommand],
}

impl KeyNames {
    /// Of commands with the key that each has, and of subcommands that do the same.
    pub(crate) fn new(
        keys: impl IntoIterator<Item = (&'static str, String)>,
        subcommands: &'static [Subcommand],
    ) -> Self {
        Self { keys: keys.into_iter().collect(), subcommands }
    }

    /// `text` with keys in the place of commands in angle brackets, and of subcommands that do what a key does:
    /// `noctui change stop cc-7` is `x on cc-7 in Changes`. What is neither stays as it is.
    pub(crate) fn say<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut said = self.of_commands(text);
        for subcommand in self.subcommands {
            if let Some(other) = self.of_subcommand(&said, subcommand) {
                said = Cow::Owned(other);
            }
        }
        said
    }

    /// `text` with the key in the place of a subcommand; `None` where it is not spoken of.
    fn of_subcommand(&self, text: &str, subcommand: &Subcommand) -> Option<String> {
        let key = self.keys.get(subcommand.command)?;
        let typed = format!("noctui {}", subcommand.words);
        let ends = |behind: &str| behind.chars().next().is_none_or(|c| matches!(c, ' ' | '`' | ',' | ';' | ')' | '.'));
        let mut said = String::with_capacity(text.len());
        let mut rest = text;
        let mut is_found = false;
        while let Some((before, behind)) = rest.split_once(typed.as_str()) {
            rest = behind;
            if !ends(behind) {
                said.push_str(before);
                said.push_str(&typed);
                continue;
            }
            is_found = true;
            // What it is about is the next word; of one in quotes there is none unless it stands within.
            let about =
                behind.strip_prefix(' ').map(|behind| behind.split([' ', '`', ',', ';', ')']).next().unwrap_or(""));
            let about = about.filter(|word| word.contains(|c: char| c.is_ascii_digit() || c == '-'));
            said.push_str(before.strip_suffix('`').unwrap_or(before));
            said.push_str(key);
            if let Some(about) = about {
                said.push_str(" on ");
                said.push_str(about);
                rest = behind.get(1 + about.len()..).unwrap_or("");
            }
            said.push_str(" in ");
            said.push_str(subcommand.place);
            rest = rest.strip_prefix('`').unwrap_or(rest);
        }
        said.push_str(rest);
        is_found.then_some(said)
    }

    /// `text` with keys in the place of commands in angle brackets.
    fn of_commands<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !text.contains('<') {
            return Cow::Borrowed(text);
        }
        let mut said = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('<') {
            said.push_str(before);
            let key = after.split_once('>').and_then(|(name, after)| Some((self.keys.get(name)?, after)));
            rest = if let Some((key, after)) = key {
                said.push_str(key);
                after
            } else {
                said.push('<');
                after
            };
        }
        said.push_str(rest);
        Cow::Owned(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_named_by_their_keys_and_all_else_stays() {
        let keys = KeyNames::new([("undo", "ctrl-x".to_owned()), ("theme", ":theme".to_owned())], &[]);
        assert_eq!(keys.say("done; <undo> undoes, <theme> is next"), "done; ctrl-x undoes, :theme is next");
        assert_eq!(keys.say("<unknown> 3 < 4 <undo"), "<unknown> 3 < 4 <undo");
        assert_eq!(keys.say("<<undo>>"), "<ctrl-x>");
    }

    #[test]
    fn a_subcommand_is_named_by_the_key_that_does_the_same() {
        const SUBCOMMANDS: &[Subcommand] = &[
            Subcommand { words: "change stop", command: "change-stop", place: "Changes" },
            Subcommand { words: "outbox retry", command: "outbox-retry", place: "the outbox" },
            Subcommand { words: "nobody knows", command: "none", place: "no place" },
        ];
        let keys = [("change-stop", "x".to_owned()), ("outbox-retry", "r".to_owned())];
        let keys = KeyNames::new(keys, SUBCOMMANDS);
        assert_eq!(keys.say("noctui change stop cc-7 ends it"), "x on cc-7 in Changes ends it");
        let twice = "one: noctui change stop cc-7, noctui change stop cc-8; or none";
        assert_eq!(keys.say(twice), "one: x on cc-7 in Changes, x on cc-8 in Changes; or none");
        assert_eq!(keys.say("then `noctui outbox retry`"), "then r in the outbox");
        assert_eq!(keys.say("`noctui outbox retry` again"), "r in the outbox again");
        for same in ["noctui change stopped", "noctui nobody knows 1", "noctui change start cc-7"] {
            assert_eq!(keys.say(same), same);
        }
    }
}

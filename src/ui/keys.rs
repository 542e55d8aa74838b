//! What the keys are called that texts speak of.

use std::borrow::Cow;
use std::collections::HashMap;

/// The key of each command. Keys can be changed, so a text names the command: `<undo> takes it back`.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyNames(HashMap<&'static str, String>);

impl KeyNames {
    /// Of commands with the key that each has.
    pub(crate) fn new(keys: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self(keys.into_iter().collect())
    }

    /// `text` with keys in the place of commands in angle brackets. What is no command stays as it is.
    pub(crate) fn say<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !text.contains('<') {
            return Cow::Borrowed(text);
        }
        let mut said = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('<') {
            said.push_str(before);
            let key = after.split_once('>').and_then(|(name, after)| Some((self.0.get(name)?, after)));
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
        let keys = KeyNames::new([("undo", "ctrl-x".to_owned()), ("theme", ":theme".to_owned())]);
        assert_eq!(keys.say("done; <undo> undoes, <theme> is next"), "done; ctrl-x undoes, :theme is next");
        assert_eq!(keys.say("<unknown> 3 < 4 <undo"), "<unknown> 3 < 4 <undo");
        assert_eq!(keys.say("<<undo>>"), "<ctrl-x>");
    }
}

//! Which mail it is that the connection breaks at: some servers send of one what nobody can read, or end the connection
//! over it. It must not keep those behind it from being read.

use std::collections::{BTreeMap, BTreeSet};

/// Strikes after which mails that were fetched together are fetched one by one,
const ALONE: u32 = 3;
/// and after which one that is fetched alone is given up: with the pauses between attempts, half an hour of lost
/// connections.
const GIVEN_UP: u32 = 12;
/// What an answer counts that cannot be read: it is the mail, most likely.
const GARBLED: u32 = 6;

/// How a connection ended while mails were on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Break {
    /// What came cannot be read.
    Garbled,
    /// It was lost, which has other reasons most of the time.
    Lost,
}

/// What is known of mails that did not arrive.
#[derive(Debug, Default)]
pub(super) struct Doubt {
    /// Those on their way, as keys.
    flying: BTreeSet<String>,
    /// How often the connection broke with each on its way. What arrives meanwhile does not speak for the others.
    strikes: BTreeMap<String, u32>,
    /// Whether nobody has told yet what became of them.
    is_open: bool,
    /// Those that are fetched one by one.
    alone: BTreeSet<String>,
    /// Those that are given up.
    lost: BTreeSet<String>,
}

impl Doubt {
    /// These are asked for now.
    pub(super) fn sent(&mut self, keys: BTreeSet<String>) {
        if self.is_open {
            // Reading them ended without a word: by a panic.
            self.broke(Break::Garbled);
        }
        self.flying = keys;
        self.is_open = true;
    }

    /// The connection broke, and what was asked for did not all come.
    pub(super) fn broke(&mut self, how: Break) {
        self.is_open = false;
        let more = match how {
            Break::Garbled => GARBLED,
            Break::Lost => 1,
        };
        let is_alone = self.flying.len() == 1;
        let most = if is_alone { GIVEN_UP } else { ALONE };
        for key in std::mem::take(&mut self.flying) {
            let strikes = self.strikes.entry(key.clone()).or_default();
            *strikes += more;
            if *strikes >= most {
                self.strikes.remove(&key);
                let found = if is_alone { &mut self.lost } else { &mut self.alone };
                found.insert(key);
            }
        }
    }

    /// Whether a mail is fetched alone.
    pub(super) fn is_alone(&self, key: &str) -> bool {
        self.alone.contains(key)
    }

    /// Whether a mail is given up.
    pub(super) fn is_lost(&self, key: &str) -> bool {
        self.lost.contains(key)
    }

    /// Everything that was asked for has come.
    pub(super) fn arrived(&mut self) {
        for key in std::mem::take(&mut self.flying) {
            self.strikes.remove(&key);
        }
        self.is_open = false;
    }

    /// They did not come, for a reason that has nothing to do with them.
    pub(super) fn put_off(&mut self) {
        self.is_open = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(keys: &[&str]) -> BTreeSet<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    #[test]
    fn the_mail_that_cannot_be_read_is_found_and_given_up() {
        let mut doubt = Doubt::default();
        doubt.sent(keys(&["1", "2"]));
        doubt.broke(Break::Garbled);
        assert!(doubt.is_alone("1") && doubt.is_alone("2"));
        for _ in 0..2 {
            assert!(!doubt.is_lost("2"));
            // One that comes every time.
            doubt.sent(keys(&["1"]));
            doubt.arrived();
            doubt.sent(keys(&["2"]));
            doubt.broke(Break::Garbled);
        }
        assert!(doubt.is_lost("2") && !doubt.is_lost("1"));
    }

    #[test]
    fn a_mail_that_makes_reading_panic_is_found_too() {
        let mut doubt = Doubt::default();
        doubt.sent(keys(&["1", "2"]));
        doubt.sent(keys(&["1"]));
        assert!(doubt.is_alone("1") && doubt.is_alone("2"));
        doubt.sent(keys(&["1"]));
        doubt.sent(keys(&["1"]));
        assert!(doubt.is_lost("1"));
    }

    #[test]
    fn a_bad_network_is_no_reason_to_doubt_a_mail_soon() {
        let mut doubt = Doubt::default();
        for portion in [["1", "2"], ["1", "2"], ["3", "4"], ["3", "4"]] {
            doubt.sent(keys(&portion));
            doubt.broke(Break::Lost);
        }
        assert!(!doubt.is_alone("1") && !doubt.is_alone("3"));
    }
}

//! Which mail it is that the connection breaks at: some servers send of one what nobody can read, or end the connection
//! over it. It must not keep those behind it from being read.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::features::maintenance::source::Away;

/// Looks at which mails that were fetched together stayed away, after which they are fetched one by one,
const ALONE: u32 = 3;
/// and after which one that is fetched alone is given up, however quickly they followed each other. Given up is also what
/// stays away for long, see [`Away::is_given_up`].
const GIVEN_UP: u32 = ALONE + 12;
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
    /// Whether nobody has told yet what became of them.
    is_open: bool,
    /// Those that stayed away, by this connection, one before it, or another process. What arrives meanwhile does not speak
    /// for the others.
    away: BTreeMap<String, Away>,
    /// Of which of them something else is known than is kept.
    changed: BTreeSet<String>,
    /// Whether what is kept was asked for.
    is_told: bool,
}

impl Doubt {
    /// Whether what is kept is not known yet.
    pub(super) fn is_new(&self) -> bool {
        !self.is_told
    }

    /// This is kept from before.
    pub(super) fn learn(&mut self, kept: Vec<(String, Away)>) {
        self.away.extend(kept);
        self.is_told = true;
    }

    /// What is to be kept now.
    pub(super) fn changes(&mut self) -> Vec<(String, Option<Away>)> {
        let changed = std::mem::take(&mut self.changed).into_iter();
        changed.map(|key| (key.clone(), self.away.get(&key).copied())).collect()
    }

    /// These are asked for now.
    pub(super) fn sent(&mut self, keys: BTreeSet<String>, now: DateTime<Utc>) {
        if self.is_open {
            // Reading them ended without a word: by a panic.
            self.broke(Break::Garbled, now);
        }
        self.flying = keys;
        self.is_open = true;
    }

    /// The connection broke, and what was asked for did not all come.
    pub(super) fn broke(&mut self, how: Break, now: DateTime<Utc>) {
        self.is_open = false;
        let more = match how {
            Break::Garbled => GARBLED,
            Break::Lost => 1,
        };
        let is_alone = self.flying.len() == 1;
        for key in std::mem::take(&mut self.flying) {
            let Away { looks, .. } = self.away.entry(key.clone()).or_insert_with(|| Away::from(now));
            // Among others no mail is found to be the one.
            *looks = if is_alone { (*looks).max(ALONE) + more } else { (*looks + more).min(ALONE.max(*looks)) };
            self.changed.insert(key);
        }
    }

    /// A mail did not come though the server says that all is well. Whether it is given up. Where `is_servers`, none came,
    /// and what was not doubted before is not now.
    pub(super) fn stayed_away(&mut self, key: &str, is_servers: bool, now: DateTime<Utc>) -> bool {
        if is_servers && !self.is_doubted(key) {
            return false;
        }
        let away = self.away.entry(key.to_owned()).or_insert_with(|| Away::from(now));
        // Nothing came that cannot be read: as a rule the server is unwell, and it is given time.
        away.looks = (away.looks + 1).min(GIVEN_UP - 1).max(away.looks);
        let is_given_up = away.is_given_up(now);
        self.changed.insert(key.to_owned());
        is_given_up
    }

    /// Whether a mail stayed away before: it is asked for after the others.
    pub(super) fn is_doubted(&self, key: &str) -> bool {
        self.away.contains_key(key)
    }

    /// At how many looks a mail stayed away.
    pub(super) fn looks(&self, key: &str) -> u32 {
        self.away.get(key).map_or(0, |away| away.looks)
    }

    /// Whether a mail is fetched alone.
    pub(super) fn is_alone(&self, key: &str) -> bool {
        self.looks(key) >= ALONE
    }

    /// Whether a mail is given up that was fetched alone.
    pub(super) fn is_lost(&self, key: &str, now: DateTime<Utc>) -> bool {
        let is_it = |away: &Away| away.looks >= GIVEN_UP || away.looks > ALONE && away.is_given_up(now);
        self.away.get(key).is_some_and(is_it)
    }

    /// This one has come, or is not there any more.
    pub(super) fn settled(&mut self, key: &str) {
        if self.away.remove(key).is_some() {
            self.changed.insert(key.to_owned());
        }
    }

    /// Everything that was asked for has come.
    pub(super) fn arrived(&mut self) {
        for key in std::mem::take(&mut self.flying) {
            self.settled(&key);
        }
        self.is_open = false;
    }

    /// They did not come, for a reason that has nothing to do with them.
    pub(super) fn put_off(&mut self) {
        self.flying.clear();
        self.is_open = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(keys: &[&str]) -> BTreeSet<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    fn now(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_220_000 + minutes * 60, 0).unwrap()
    }

    #[test]
    fn the_mail_that_cannot_be_read_is_found_and_given_up() {
        let mut doubt = Doubt::default();
        doubt.sent(keys(&["1", "2"]), now(0));
        doubt.broke(Break::Garbled, now(0));
        assert!(doubt.is_alone("1") && doubt.is_alone("2"));
        for _ in 0..2 {
            assert!(!doubt.is_lost("2", now(0)));
            // One that comes every time.
            doubt.sent(keys(&["1"]), now(0));
            doubt.arrived();
            doubt.sent(keys(&["2"]), now(0));
            doubt.broke(Break::Garbled, now(0));
        }
        assert!(doubt.is_lost("2", now(0)) && !doubt.is_lost("1", now(0)));
    }

    #[test]
    fn a_mail_that_makes_reading_panic_is_found_too() {
        let mut doubt = Doubt::default();
        doubt.sent(keys(&["1", "2"]), now(0));
        doubt.sent(keys(&["1"]), now(0));
        assert!(doubt.is_alone("1") && doubt.is_alone("2"));
        doubt.sent(keys(&["1"]), now(0));
        doubt.sent(keys(&["1"]), now(0));
        assert!(doubt.is_lost("1", now(0)));
    }

    #[test]
    fn a_bad_network_is_no_reason_to_doubt_a_mail_soon() {
        let mut doubt = Doubt::default();
        for portion in [["1", "2"], ["1", "2"], ["3", "4"], ["3", "4"]] {
            doubt.sent(keys(&portion), now(0));
            doubt.broke(Break::Lost, now(0));
        }
        assert!(!doubt.is_alone("1") && !doubt.is_alone("3"));
    }

    #[test]
    fn what_one_process_knows_of_a_mail_another_one_goes_on_with() {
        let mut kept: Vec<(String, Away)> = Vec::new();
        // Each run of a command asks once, and the connection breaks at the same mail.
        for (run, minutes) in [0, 10, 20, 30, 40].into_iter().enumerate() {
            let mut doubt = Doubt::default();
            assert!(doubt.is_new());
            doubt.learn(std::mem::take(&mut kept));
            assert_eq!((doubt.is_doubted("1"), doubt.is_alone("1")), (run > 0, run > 2), "{run}");
            assert!(!doubt.is_lost("1", now(minutes)), "{run}");
            doubt.sent(if run < 3 { keys(&["1", "2"]) } else { keys(&["1"]) }, now(minutes));
            doubt.broke(Break::Lost, now(minutes));
            kept = doubt.changes().into_iter().filter_map(|(key, away)| Some((key, away?))).collect();
        }
        let mut doubt = Doubt::default();
        doubt.learn(kept);
        assert!(doubt.is_lost("1", now(50)) && !doubt.is_lost("1", now(20)));
        doubt.settled("1");
        assert_eq!(doubt.changes(), [("1".to_owned(), None)]);
    }

    #[test]
    fn where_none_came_it_is_the_server_unless_the_mail_was_doubted_before() {
        let mut doubt = Doubt::default();
        for minutes in [0, 10, 20, 30, 40, 50, 60] {
            assert!(!doubt.stayed_away("1", true, now(minutes)));
        }
        assert_eq!(doubt.changes(), []);
        assert!(!doubt.stayed_away("1", false, now(60)));
        for minutes in [61, 62, 63, 64] {
            assert!(!doubt.stayed_away("1", true, now(minutes)));
        }
        assert!(doubt.stayed_away("1", true, now(90)));
    }
}

//! Mails that do not come though they are there: some servers send of one what nobody can read, refuse it, or end the
//! connection over it. It must not keep the others from being read.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::features::maintenance::source::Away;

/// What is known of mails that did not come when they were asked for alone.
#[derive(Debug, Default)]
pub(super) struct Doubt {
    /// Those that stayed away, from this connection, one before it, or another process. What arrives meanwhile does not speak
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

    /// A mail did not come at a look, for whatever reason the server has; its connection works. Whether it is given up. Where
    /// `is_servers`, none came, and what was not doubted before is not now.
    pub(super) fn stayed_away(&mut self, key: &str, is_servers: bool, now: DateTime<Utc>) -> bool {
        if is_servers && !self.is_doubted(key) {
            return false;
        }
        let away = self.away.entry(key.to_owned()).or_insert_with(|| Away::from(now));
        away.looks = away.looks.saturating_add(1);
        let is_given_up = away.is_given_up(now);
        self.changed.insert(key.to_owned());
        is_given_up
    }

    /// Whether a mail stayed away before: it is asked for alone, after the others.
    pub(super) fn is_doubted(&self, key: &str) -> bool {
        self.away.contains_key(key)
    }

    /// At how many looks a mail stayed away.
    pub(super) fn looks(&self, key: &str) -> u32 {
        self.away.get(key).map_or(0, |away| away.looks)
    }

    /// This one has come, or is not there any more.
    pub(super) fn settled(&mut self, key: &str) {
        if self.away.remove(key).is_some() {
            self.changed.insert(key.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_220_000 + minutes * 60, 0).unwrap()
    }

    #[test]
    fn a_mail_is_given_up_by_time_and_looks_however_quickly_they_follow_each_other() {
        let mut doubt = Doubt::default();
        for _ in 0..100 {
            assert!(!doubt.stayed_away("1", false, now(0)));
        }
        assert!(!doubt.stayed_away("1", false, now(29)) && doubt.stayed_away("1", false, now(30)));
    }

    #[test]
    fn what_one_process_knows_of_a_mail_another_one_goes_on_with() {
        let mut kept: Vec<(String, Away)> = Vec::new();
        // Each run of a command asks once.
        for (run, minutes) in [0, 10, 20, 30, 40].into_iter().enumerate() {
            let mut doubt = Doubt::default();
            assert!(doubt.is_new());
            doubt.learn(std::mem::take(&mut kept));
            assert_eq!((doubt.is_doubted("1"), doubt.looks("1") as usize), (run > 0, run));
            assert_eq!(doubt.stayed_away("1", false, now(minutes)), run == 4, "{run}");
            kept = doubt.changes().into_iter().filter_map(|(key, away)| Some((key, away?))).collect();
        }
        let mut doubt = Doubt::default();
        doubt.learn(kept);
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

//! Sets of ids, small and quick to intersect.

use std::collections::BTreeMap;

/// Ids that share their upper bits are one block of bits: 8 KiB for up to 65,536 neighbours, which is what ids given one
/// after the other are. A million ids take about 130 KiB.
#[derive(Debug, Clone, Default)]
pub(super) struct Ids {
    blocks: BTreeMap<i64, Box<[u64; WORDS]>>,
    len: usize,
}

const WORDS: usize = 1024;

impl Ids {
    /// Adds an id; whether it is new.
    pub(super) fn insert(&mut self, id: i64) -> bool {
        let (block, word, bit) = place(id);
        let words = self.blocks.entry(block).or_insert_with(|| Box::new([0; WORDS]));
        let Some(word) = words.get_mut(word) else { return false };
        let is_new = *word & bit == 0;
        *word |= bit;
        self.len += usize::from(is_new);
        is_new
    }

    pub(super) fn contains(&self, id: i64) -> bool {
        let (block, word, bit) = place(id);
        self.blocks.get(&block).and_then(|words| words.get(word)).is_some_and(|word| word & bit != 0)
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Keeps the ids that are in `other` too.
    pub(super) fn intersect(&mut self, other: &Self) {
        self.combine(other, |own, other| own & other);
    }

    /// Drops the ids that are in `other`.
    pub(super) fn subtract(&mut self, other: &Self) {
        self.combine(other, |own, other| own & !other);
    }

    fn combine(&mut self, other: &Self, rule: impl Fn(u64, u64) -> u64) {
        self.len = 0;
        for (block, words) in &mut self.blocks {
            let theirs = other.blocks.get(block);
            for (at, word) in words.iter_mut().enumerate() {
                *word = rule(*word, theirs.and_then(|words| words.get(at)).copied().unwrap_or_default());
                self.len += usize::try_from(word.count_ones()).unwrap_or_default();
            }
        }
        self.blocks.retain(|_, words| words.iter().any(|word| *word != 0));
    }

    /// The ids in ascending order.
    pub(super) fn iter(&self) -> impl Iterator<Item = i64> {
        self.blocks.iter().flat_map(|(block, words)| {
            (0_i64..).zip(words.iter()).filter(|(_, word)| **word != 0).flat_map(move |(at, word)| {
                (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| (block << 16) + at * 64 + bit)
            })
        })
    }
}

/// Block, word within it, bit within that.
fn place(id: i64) -> (i64, usize, u64) {
    (id >> 16, usize::try_from((id >> 6) & 0x3ff).unwrap_or_default(), 1 << (id & 63))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn ids(of: &BTreeSet<i64>) -> Ids {
        let mut ids = Ids::default();
        for id in of {
            assert!(ids.insert(*id));
            assert!(!ids.insert(*id));
        }
        ids
    }

    proptest! {
        #[test]
        fn ids_are_sets(
            one in prop::collection::btree_set(prop_oneof![0_i64..300, any::<i64>()], 0..50),
            other in prop::collection::btree_set(prop_oneof![0_i64..300, any::<i64>()], 0..50),
        ) {
            let (mut both, mut only) = (ids(&one), ids(&one));
            both.intersect(&ids(&other));
            only.subtract(&ids(&other));
            for (found, expected) in [
                (ids(&one), one.clone()),
                (both, one.intersection(&other).copied().collect()),
                (only, one.difference(&other).copied().collect()),
            ] {
                prop_assert_eq!(found.len(), expected.len());
                prop_assert!(expected.iter().all(|id| found.contains(*id)));
                prop_assert!(found.iter().eq(expected));
            }
        }
    }
}

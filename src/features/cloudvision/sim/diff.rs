//! The designed configuration of a device against the one that runs, line by line.

use serde_json::{Map, Value, json};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::mainline::digest;
use crate::features::cloudvision::pb::configstatus::{ConfigSummary, ConfigSyncCode};

/// Two configurations compared.
pub(super) struct Comparison<'a> {
    running: Vec<&'a str>,
    designed: Vec<&'a str>,
    operations: Vec<DiffOp>,
}

impl<'a> Comparison<'a> {
    /// Compares them.
    pub(super) fn new(running: &'a str, designed: &'a str) -> Self {
        let (running, designed): (Vec<&str>, Vec<&str>) = (running.lines().collect(), designed.lines().collect());
        let operations = capture_diff_slices(Algorithm::Myers, &running, &designed);
        Self { running, designed, operations }
    }

    /// How many lines are the same, added, deleted and changed. Lines that replace one another are changed.
    pub(super) fn counts(&self) -> [usize; 4] {
        let mut counts = [0; 4];
        let [same, added, deleted, changed] = &mut counts;
        for operation in &self.operations {
            let (old, new) = (operation.old_range().len(), operation.new_range().len());
            if matches!(operation, DiffOp::Equal { .. }) {
                *same += old;
            } else {
                let both = old.min(new);
                *changed += both;
                *deleted += old - both;
                *added += new - both;
            }
        }
        counts
    }

    /// What build details say of it, without the times and places.
    pub(super) fn summary(&self) -> ConfigSummary {
        let [same, added, deleted, changed] = self.counts().map(|count| i32::try_from(count).ok());
        let is_same = self.counts().iter().skip(1).all(|count| *count == 0);
        let sync = if is_same { ConfigSyncCode::InSync } else { ConfigSyncCode::OutOfSync };
        ConfigSummary {
            sync: sync.into(),
            nop_lines: same,
            ignored_lines: Some(0),
            added_lines: added,
            deleted_lines: deleted,
            changed_lines: changed,
            digest: Some(digest(&self.designed.join("\n"))),
            ..Default::default()
        }
    }

    /// All lines as the diff's address gives them: entries in the JSON of their messages. How the server writes them is
    /// not published, so readers have to be lenient.
    pub(super) fn json(&self) -> Value {
        let line = |lines: &[&str], at: usize| lines.get(at).map_or(Value::Null, |line| json!(line));
        let mut entries = Vec::new();
        for operation in &self.operations {
            let (old, new) = (operation.old_range(), operation.new_range());
            for at in 0..old.len().max(new.len()) {
                let (a, b) = (old.start + at, new.start + at);
                let (has_a, has_b) = (a < old.end, b < new.end);
                let name = match (operation, has_a, has_b) {
                    (DiffOp::Equal { .. }, ..) => "DIFF_OP_NOP",
                    (_, true, true) => "DIFF_OP_CHANGE",
                    (_, true, false) => "DIFF_OP_DELETE",
                    (_, false, _) => "DIFF_OP_ADD",
                };
                let mut entry = Map::from_iter([("op".to_owned(), json!(name))]);
                if has_a {
                    entry.insert("aLineNum".to_owned(), json!(a + 1));
                    entry.insert("aLine".to_owned(), line(&self.running, a));
                }
                if has_b {
                    entry.insert("bLineNum".to_owned(), json!(b + 1));
                    entry.insert("bLine".to_owned(), line(&self.designed, b));
                }
                entries.push(entry);
            }
        }
        json!({ "diffEntries": { "values": entries }, "errors": { "values": [] } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_replace_one_another_are_changed() {
        let comparison = Comparison::new("hostname a\nvlan 1\nvlan 2\nend\n", "hostname a\nvlan 3\nend\nbanner\n");
        assert_eq!(comparison.counts(), [2, 1, 1, 1]);
        let summary = comparison.summary();
        assert_eq!(summary.sync(), ConfigSyncCode::OutOfSync);
        assert_eq!((summary.added_lines, summary.deleted_lines, summary.changed_lines), (Some(1), Some(1), Some(1)));
        let entries = comparison.json()["diffEntries"]["values"].as_array().unwrap().clone();
        assert_eq!(entries[1]["op"], "DIFF_OP_CHANGE");
        assert_eq!((&entries[1]["aLine"], &entries[1]["bLine"]), (&json!("vlan 1"), &json!("vlan 3")));
        assert_eq!(entries.last().unwrap()["bLineNum"], 4);
    }

    #[test]
    fn what_is_the_same_is_in_sync() {
        assert_eq!(Comparison::new("a\nb\n", "a\nb\n").summary().sync(), ConfigSyncCode::InSync);
    }
}

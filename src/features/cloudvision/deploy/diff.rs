//! The difference between two configurations, line by line.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

use crate::features::cloudvision::model::{DiffLine, LineOp};
use crate::text::{clean_line, counted};

/// Lines that are shown around a change.
const CONTEXT: usize = 3;
/// Two texts that have little in common are not compared to the end: what is found by then is right, if not the shortest.
const WITHIN: Duration = Duration::from_secs(2);

/// The lines in which `new` differs from `old`, with some around them. Empty if they are the same.
#[must_use]
pub fn diff(old: &str, new: &str) -> Vec<DiffLine> {
    let diff = TextDiff::configure().timeout(WITHIN).diff_lines(old, new);
    let mut lines = Vec::new();
    let mut shown_to = 0;
    for group in diff.grouped_ops(CONTEXT) {
        let from = group.first().map_or(0, |operation| operation.old_range().start);
        if from > shown_to {
            lines.push(DiffLine { op: LineOp::Gap, text: counted(from - shown_to, "line") });
        }
        for operation in &group {
            for change in diff.iter_changes(operation) {
                let op = match change.tag() {
                    ChangeTag::Equal => LineOp::Same,
                    ChangeTag::Insert => LineOp::Added,
                    ChangeTag::Delete => LineOp::Removed,
                };
                lines.push(DiffLine { op, text: clean_line(change.value().trim_end_matches('\n')) });
            }
        }
        shown_to = group.last().map_or(shown_to, |operation| operation.old_range().end);
    }
    let rest = old.lines().count().saturating_sub(shown_to);
    if !lines.is_empty() && rest > 0 {
        lines.push(DiffLine { op: LineOp::Gap, text: counted(rest, "line") });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `diff` would print it, gaps in brackets.
    fn printed(old: &str, new: &str) -> Vec<String> {
        let mark = |op| match op {
            LineOp::Same => " ",
            LineOp::Added => "+",
            LineOp::Removed => "-",
            LineOp::Gap => "…",
        };
        diff(old, new).into_iter().map(|line| format!("{}{}", mark(line.op), line.text)).collect()
    }

    #[test]
    fn only_what_is_around_a_change_is_shown() {
        let old = (1..=20).map(|line| format!("line {line}\n")).collect::<Vec<_>>().concat();
        let new = old.replace("line 10\n", "line ten\n");
        let lines = printed(&old, &new);
        assert_eq!(lines.first().unwrap(), "…6 lines");
        assert_eq!(lines.last().unwrap(), "…7 lines");
        assert!(lines.contains(&"-line 10".to_owned()) && lines.contains(&"+line ten".to_owned()), "{lines:?}");
        assert_eq!(lines.len(), 2 + 6 + 2);
    }

    #[test]
    fn the_same_text_has_no_difference_and_escapes_are_harmless() {
        assert_eq!(printed("a\nb\n", "a\nb\n"), Vec::<String>::new());
        assert!(!printed("", "banner \x1b]0;x\x07\n").concat().contains('\x1b'));
    }
}

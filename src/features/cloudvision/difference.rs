//! What a change control brings to a device: designed against running, as the build of its workspace compared them.
//!
//! How CloudVision writes such a difference is not published: entries in the JSON of their messages are read wherever they
//! stand, and what is none is shown as it is.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::client::{Client, Repeat};
use super::model::{ChangeId, DeviceId, DiffLine, LineOp, Workspace};
use super::store::cache;
use super::wire;
use crate::store::Store;
use crate::text::clean_line;
use crate::trouble::Trouble;

/// What the page of a difference is called.
pub(super) const PAGE: &str = "the page of a difference";

/// Unchanged lines that are shown around a change.
const CONTEXT: usize = 3;
/// Lines of an answer that is no list of entries.
const MOST_LINES: usize = 10_000;

/// The lines in which a device would differ. Which workspace made the change control is told by the store, or by
/// CloudVision where that does not know.
pub(crate) async fn read(
    client: &Client,
    store: &Store,
    server: String,
    change: &ChangeId,
    device: &DeviceId,
) -> Result<Vec<DiffLine>, Trouble> {
    let untold = |why: &str| Trouble::new("CloudVision tells no difference for this device").caused_by(why);
    let known = store.read(move |connection| cache::load_kind::<Workspace>(connection, &server)).await;
    let known = known.map_err(|error| Trouble::of(&error))?;
    let made = |workspace: &Workspace| workspace.changes.contains(change);
    let workspace = if let Some(workspace) = known.items.into_iter().find(made) {
        workspace
    } else {
        let all = client.all_workspaces().await.map_err(|error| Trouble::of(&error))?;
        let why = "the workspace that made the change control does not exist any more";
        all.into_iter().find(made).ok_or_else(|| untold(why))?
    };
    let build = workspace.last_build.ok_or_else(|| untold("its workspace was never built"))?;
    let details = client.build_details(&workspace.id, &build).await.map_err(|error| Trouble::of(&error))?;
    let report = wire::report(Some(build), None, details, &BTreeMap::new());
    let found = report.devices.into_iter().find(|it| it.device == *device);
    let path = found.and_then(|it| it.diff_path).ok_or_else(|| untold("the build did not compare it"))?;
    let page = client.page(PAGE, &path, Repeat::Safe).await.map_err(|error| Trouble::of(&error))?;
    Ok(lines(&page))
}

/// Lines as tools that read `diff -u` take them: hunks with their places, which follow from how many lines are left out.
pub(super) fn unified(lines: &[DiffLine]) -> String {
    let (mut text, mut old, mut new) = (String::new(), 1, 1);
    let is_gap = |line: &DiffLine| line.op == LineOp::Gap;
    for piece in lines.chunk_by(|one, other| is_gap(one) == is_gap(other)) {
        if let Some(gap) = piece.iter().find(|line| is_gap(line)) {
            let left_out: usize = gap.text.split(' ').next().and_then(|count| count.parse().ok()).unwrap_or(0);
            (old, new) = (old + left_out, new + left_out);
            continue;
        }
        let count = |other: LineOp| piece.iter().filter(|line| line.op != other).count();
        let (olds, news) = (count(LineOp::Added), count(LineOp::Removed));
        // A range without lines is named by the line before it.
        let from = |first: usize, count: usize| if count == 0 { first - 1 } else { first };
        let _infallible = writeln!(text, "@@ -{},{olds} +{},{news} @@", from(old, olds), from(new, news));
        for line in piece {
            let _infallible = writeln!(text, "{}", line.marked());
        }
        (old, new) = (old + olds, new + news);
    }
    text
}

/// Reads an answer.
pub(super) fn lines(page: &[u8]) -> Vec<DiffLine> {
    let text = String::from_utf8_lossy(page);
    let entries = serde_json::from_str::<Value>(&text).ok().and_then(|value| entries(&value));
    match entries {
        Some(all) => around_changes(all),
        None => text.lines().take(MOST_LINES).map(plain).collect(),
    }
}

/// A line of an answer that is no JSON, which may be a difference as `diff` prints it.
fn plain(line: &str) -> DiffLine {
    let op = match line.as_bytes().first() {
        Some(b'+') => LineOp::Added,
        Some(b'-') => LineOp::Removed,
        _ => LineOp::Same,
    };
    let text = if op == LineOp::Same { line } else { line.get(1..).unwrap_or_default() };
    DiffLine { op, text: clean_line(text) }
}

/// The entries, wherever in the answer they stand.
fn entries(value: &Value) -> Option<Vec<DiffLine>> {
    match value {
        Value::Array(values) if values.iter().any(|value| value.get("op").is_some()) => {
            Some(values.iter().flat_map(entry).collect())
        }
        Value::Array(values) => values.iter().find_map(entries),
        Value::Object(members) => members.values().find_map(entries),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// The lines of one entry. Its operation is a name or a number.
fn entry(entry: &Value) -> Vec<DiffLine> {
    let text = |names: [&str; 2]| {
        let text = names.iter().find_map(|name| entry.get(name)?.as_str()).unwrap_or_default();
        clean_line(text)
    };
    let (old, new) = (text(["aLine", "a_line"]), text(["bLine", "b_line"]));
    let line = |op, text| DiffLine { op, text };
    let op = entry.get("op");
    let name = op.and_then(Value::as_str).unwrap_or_default();
    match (name.trim_start_matches("DIFF_OP_"), op.and_then(Value::as_i64)) {
        ("ADD", _) | (_, Some(3)) => vec![line(LineOp::Added, new)],
        ("DELETE", _) | (_, Some(4)) => vec![line(LineOp::Removed, old)],
        ("CHANGE", _) | (_, Some(5)) => vec![line(LineOp::Removed, old), line(LineOp::Added, new)],
        _ => vec![line(LineOp::Same, if new.is_empty() { old } else { new })],
    }
}

/// Leaves out what is far from every change.
fn around_changes(all: Vec<DiffLine>) -> Vec<DiffLine> {
    let is_near: Vec<bool> = (0..all.len())
        .map(|at| {
            let window = all.get(at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(all.len())).unwrap_or_default();
            window.iter().any(|line| line.op != LineOp::Same)
        })
        .collect();
    let mut shown = Vec::new();
    let mut left_out = 0;
    for (line, is_near) in all.into_iter().zip(is_near) {
        if !is_near {
            left_out += 1;
            continue;
        }
        push_gap(&mut shown, &mut left_out);
        shown.push(line);
    }
    if !shown.is_empty() {
        push_gap(&mut shown, &mut left_out);
    }
    shown
}

/// Says how many lines were left out, if any were.
fn push_gap(shown: &mut Vec<DiffLine>, left_out: &mut usize) {
    match std::mem::take(left_out) {
        0 => {}
        1 => shown.push(DiffLine { op: LineOp::Gap, text: "1 line".to_owned() }),
        lines => shown.push(DiffLine { op: LineOp::Gap, text: format!("{lines} lines") }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ops(lines: &[DiffLine]) -> Vec<(LineOp, &str)> {
        lines.iter().map(|line| (line.op, line.text.as_str())).collect()
    }

    #[test]
    fn entries_are_found_by_name_or_number_and_far_lines_left_out() {
        let same = |line: usize| format!(r#"{{"op":"DIFF_OP_NOP","aLine":"{line}","bLine":"{line}"}}"#);
        let mut entries: Vec<String> = (0..5).map(same).collect();
        entries.push(r#"{"op":5,"aLine":"vlan 1","bLine":"vlan \u001b[2J3"}"#.to_owned());
        let page = format!(r#"{{"diffEntries":{{"values":[{}]}}}}"#, entries.join(","));
        let lines = lines(page.as_bytes());
        let ops = ops(&lines);
        assert_eq!(ops[0], (LineOp::Gap, "2 lines"));
        assert_eq!(ops[4], (LineOp::Removed, "vlan 1"));
        assert!(ops[5].0 == LineOp::Added && !ops[5].1.contains('\u{1b}'), "{ops:?}");
    }

    #[test]
    fn hunks_have_the_places_that_diff_gives_them() {
        let line = |op, text: &str| DiffLine { op, text: text.to_owned() };
        let lines = [
            line(LineOp::Gap, "28 lines"),
            line(LineOp::Same, "vlan 1"),
            line(LineOp::Removed, "vlan 2"),
            line(LineOp::Added, "vlan 3"),
            line(LineOp::Added, "vlan 4"),
            line(LineOp::Gap, "1 line"),
            line(LineOp::Same, "end"),
            line(LineOp::Gap, "5 lines"),
        ];
        let wanted = "@@ -29,2 +29,3 @@\n vlan 1\n-vlan 2\n+vlan 3\n+vlan 4\n@@ -32,1 +33,1 @@\n end\n";
        assert_eq!(unified(&lines), wanted);
        assert_eq!(unified(&[line(LineOp::Added, "vlan 7")]), "@@ -0,0 +1,1 @@\n+vlan 7\n");
    }

    #[test]
    fn what_is_no_json_is_shown_as_it_is() {
        assert_eq!(
            ops(&lines(b"+new\n-old\n same\n")),
            [(LineOp::Added, "new"), (LineOp::Removed, "old"), (LineOp::Same, " same"),]
        );
    }
}

//! Change controls as people read them on standard output.

use std::fmt::Write as _;

use serde::Serialize;

use crate::features::cloudvision::model::{Change, DeviceId, DiffLine, Stage, StageState};
use crate::output;
use crate::table::Table;
use crate::trouble::Trouble;

/// Deeper trees than this are cut: a server can tell one that has no end.
const DEEPEST: usize = 32;

/// The rows of a list.
pub(super) fn list(changes: &[Change]) -> String {
    let mut rows = vec![["CREATED", "STATE", "DEVICES", "BY", "ID", "NAME"].map(str::to_owned)];
    for change in changes {
        let created = change.created_at.map_or_else(String::new, |at| at.format("%Y-%m-%d %H:%M UTC").to_string());
        rows.push([
            created,
            change.state.name().to_owned(),
            change.devices.len().to_string(),
            change.created_by.clone(),
            change.id.to_string(),
            change.name.clone(),
        ]);
    }
    Table::new(output::columns()).lines(&rows)
}

/// How it stands, on a line.
pub(super) fn line(change: &Change) -> String {
    let (done, all) = change.progress();
    let error = change.error.as_ref().map_or_else(String::new, |error| format!(": {error}"));
    format!("{}  {} of {} stages  {}{error}", change.state.name(), done, all, change.name)
}

/// All about one, with its tree of stages.
pub(super) fn tree(change: &Change) -> String {
    let mut text = format!("{}\n{}  {}\n", change.name, change.id, line(change));
    if !change.notes.is_empty() {
        let _infallible = writeln!(text, "{}", change.notes);
    }
    if let Some(approval) = &change.approval {
        let _infallible = writeln!(text, "approved by {}  {}", approval.by, approval.notes);
    }
    for check in &change.checks {
        let _infallible = writeln!(text, "check: {check:?}");
    }
    push_stage(&mut text, change, &change.root, 0);
    text
}

/// Adds a stage and what is below it.
fn push_stage(text: &mut String, change: &Change, id: &str, depth: usize) {
    let Some(found) = change.stages.get(id).filter(|_| depth < DEEPEST) else { return };
    let state = match found.state {
        StageState::Planned => "planned",
        StageState::Running => "running",
        StageState::Completed => "completed",
        StageState::Failed => "failed",
    };
    let error = found.error.as_ref().map_or_else(String::new, |error| format!(": {error}"));
    let _infallible = writeln!(text, "{}{}  {state}{error}", "  ".repeat(depth), name(found, id));
    for row in &found.rows {
        for stage in row {
            push_stage(text, change, stage, depth + 1);
        }
    }
}

/// What a stage is called.
fn name(stage: &Stage, id: &str) -> String {
    if stage.name.is_empty() { crate::text::clean_line(id) } else { stage.name.clone() }
}

/// What a change control brings to a device.
#[derive(Debug, Serialize)]
pub(super) struct DeviceLines {
    /// Its serial number.
    device: String,
    /// Lines that begin with a blank, `+`, `-`, or `@` where lines are left out.
    lines: Vec<String>,
    /// Why there are none.
    error: Option<Trouble>,
}

impl DeviceLines {
    /// Of one device.
    pub(super) fn of(device: &DeviceId, lines: Result<Vec<DiffLine>, Trouble>) -> Self {
        let (lines, error) = match lines {
            Ok(lines) => (lines, None),
            Err(trouble) => (Vec::new(), Some(trouble)),
        };
        Self { device: device.to_string(), lines: lines.iter().map(DiffLine::marked).collect(), error }
    }
}

/// Differences as `diff` prints them.
pub(super) fn differences(devices: &[DeviceLines]) -> String {
    let mut text = String::new();
    for device in devices {
        let _infallible = writeln!(text, "--- {0} running\n+++ {0} designed", device.device);
        if let Some(error) = &device.error {
            let _infallible = writeln!(text, "@{error}");
        }
        for line in &device.lines {
            let _infallible = writeln!(text, "{line}");
        }
    }
    text
}

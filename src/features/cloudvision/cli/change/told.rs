//! Change controls as people read them on standard output.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::features::cloudvision::difference;
use crate::features::cloudvision::model::{Approval, Change, ChangeAction, DeviceId, DiffLine, Stage, StageState};
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

/// What people call it: its name, or its id where it has none.
pub(super) fn called(change: &Change) -> &str {
    if change.name.trim().is_empty() { change.id.as_str() } else { &change.name }
}

/// What has become of one, after its name.
pub(super) fn done(action: &ChangeAction) -> String {
    if let ChangeAction::Arrange(order) = action {
        return format!("runs its stages {}", order.words());
    }
    format!("is {}", action.participle())
}

/// How it stands, on a line.
pub(super) fn line(change: &Change) -> String {
    let (done, all) = change.progress();
    let error = change.error.as_ref().map_or_else(String::new, |error| format!(": {error}"));
    format!("{}  {} of {} stages  {}{error}", change.state.name(), done, all, change.name)
}

/// All about one: who made, approved and started it, its devices, and its tree of stages with what came of each action.
/// `names` has the host names of its devices.
pub(super) fn all_about(change: &Change, names: &BTreeMap<DeviceId, String>) -> String {
    let (done, all) = change.progress();
    let mut text = format!("{}\n{}  {}  {done} of {all} stages\n", change.name, change.id, change.state.name());
    let mut push = |label: &str, words: &str| {
        if !words.is_empty() {
            let _infallible = writeln!(text, "{label:<10}{words}");
        }
    };
    let by = |who: &str| if who.is_empty() { "somebody".to_owned() } else { who.to_owned() };
    let edited = Some(&change.edited_by).filter(|who| !who.is_empty() && **who != change.created_by);
    let edited = edited.map_or_else(String::new, |who| format!(", edited by {who}"));
    push("made", &format!("by {}{}{edited}", by(&change.created_by), at(change.created_at)));
    push("version", &change.version.map(|version| version.to_string()).unwrap_or_default());
    let flag = |flag: &Approval| {
        let notes = if flag.notes.is_empty() { String::new() } else { format!(": {}", on_one_line(&flag.notes)) };
        format!("by {}{}{notes}", by(&flag.by), at(flag.at))
    };
    match &change.approval {
        Some(approval) => push("approved", &flag(approval)),
        None if !change.state.is_over() => push("approved", "by nobody"),
        None => {}
    }
    push("started", &change.start.as_ref().map(flag).unwrap_or_default());
    push("starts", at(change.scheduled_for).trim_start());
    push("error", change.error.as_deref().unwrap_or_default());
    for check in &change.checks {
        push("check", check.words());
    }
    let devices = change.devices.iter().map(|id| match names.get(id) {
        Some(name) => format!("{name} ({id})"),
        None => id.to_string(),
    });
    push("devices", &devices.collect::<Vec<_>>().join(", "));
    push("order", if all > 1 { change.order().words() } else { "" });
    for notes in change.notes.lines() {
        push("notes", &crate::text::clean_line(notes));
    }
    text.push('\n');
    match change.stages.get(&change.root) {
        // The outermost stage is a frame that says nothing.
        Some(root) if root.action.is_none() => {
            root.rows.iter().flatten().for_each(|stage| push_stage(&mut text, change, names, stage, 0));
        }
        _ => push_stage(&mut text, change, names, &change.root, 0),
    }
    text
}

/// ` 2026-11-21 16:06:47 UTC`, or nothing.
fn at(time: Option<DateTime<Utc>>) -> String {
    time.map_or_else(String::new, |at| at.format(" %Y-%m-%d %H:%M:%S UTC").to_string())
}

/// Several lines as one.
fn on_one_line(text: &str) -> String {
    crate::text::clean_line(&text.lines().collect::<Vec<_>>().join(" "))
}

/// How a stage or a step stands.
fn standing(state: StageState) -> &'static str {
    match state {
        StageState::Planned => "planned",
        StageState::Running => "running",
        StageState::Completed => "completed",
        StageState::Failed => "failed",
    }
}

/// Adds a stage, the steps of its action, and what is below it.
fn push_stage(text: &mut String, change: &Change, names: &BTreeMap<DeviceId, String>, id: &str, depth: usize) {
    let Some(found) = change.stages.get(id).filter(|_| depth < DEEPEST) else { return };
    let indent = "  ".repeat(depth);
    let error = found.error.as_ref().map_or_else(String::new, |error| format!(": {error}"));
    let device = found.device.as_ref().map(|id| names.get(id).cloned().unwrap_or_else(|| id.to_string()));
    let device = device.filter(|name| !found.name.contains(name.as_str()));
    let device = device.map_or_else(String::new, |name| format!("  {name}"));
    let action = found.action.as_ref().map_or_else(String::new, |action| format!("  ({action})"));
    let times = match (found.started, found.ended) {
        (Some(from), Some(to)) => format!("{} to {}", at(Some(from)), to.format("%H:%M:%S")),
        (from, _) => at(from),
    };
    let state = standing(found.state);
    let _infallible = writeln!(text, "{indent}{}{device}{action}  {state}{times}{error}", name(found, id));
    for step in &found.steps {
        let message = if step.message.is_empty() { String::new() } else { format!(": {}", step.message) };
        let _infallible = writeln!(text, "{indent}    {}  {}{message}", step.name, standing(step.state));
    }
    for stage in found.rows.iter().flatten() {
        push_stage(text, change, names, stage, depth + 1);
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
    /// Its name, where CloudVision knows one.
    #[serde(skip_serializing_if = "String::is_empty")]
    hostname: String,
    /// Lines that begin with a blank, `+`, `-`, or `@` where lines are left out.
    lines: Vec<String>,
    /// Why there are none.
    error: Option<Trouble>,
    /// The lines by what they are.
    #[serde(skip)]
    diff: Vec<DiffLine>,
}

impl DeviceLines {
    /// Of one device.
    pub(super) fn of(device: &DeviceId, hostname: &str, lines: Result<Vec<DiffLine>, Trouble>) -> Self {
        let (lines, error) = match lines {
            Ok(lines) => (lines, None),
            Err(trouble) => (Vec::new(), Some(trouble)),
        };
        let hostname = hostname.to_owned();
        Self {
            device: device.to_string(),
            hostname,
            lines: lines.iter().map(DiffLine::marked).collect(),
            error,
            diff: lines,
        }
    }

    /// By what people call it.
    fn name(&self) -> &str {
        if self.hostname.is_empty() { &self.device } else { &self.hostname }
    }

    /// Why its lines are not known, if they are not.
    pub(super) fn untold(&self) -> Option<String> {
        self.error.as_ref().map(|trouble| format!("{}: {}", self.name(), trouble.one_line()))
    }
}

/// Differences as `diff` prints them.
pub(super) fn differences(devices: &[DeviceLines]) -> String {
    let mut text = String::new();
    for device in devices.iter().filter(|device| device.error.is_none()) {
        let name = device.name();
        let _infallible = writeln!(text, "--- {name} running\n+++ {name} designed");
        text.push_str(&difference::unified(&device.diff));
    }
    text
}

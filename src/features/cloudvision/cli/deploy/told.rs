//! A deployment as people read it on standard error and standard output.

use std::fmt::Write as _;

use crate::features::cloudvision::deploy::recovery::{Left, Standing};
use crate::features::cloudvision::deploy::{ConfigPlan, DeviceDiff, Event, Failure, Outcome, WorkspaceFate};
use crate::features::cloudvision::difference;
use crate::features::cloudvision::model::{BuildReport, Fault};
use crate::text::clean_line;

/// The line that a step of a deployment is worth.
pub(super) fn line(event: &Event) -> Option<String> {
    Some(match event {
        Event::Began(step) => format!("{} …", step.name()),
        Event::Finished(step, words) => format!("{}: {words}", step.name()),
        Event::Workspace(id) => format!("workspace: {id}"),
        Event::Warning(warning) => format!("warning: {warning}"),
        Event::Overtaken(times) => format!("somebody else changed what is in force; once more ({times})"),
        Event::Silence(Some(why)) => format!("waiting: {why}"),
        Event::Change(change) => {
            let (done, all) = change.progress();
            format!("change control: {} is {}, {done} of {all} stages", change.name, change.state.name())
        }
        Event::Planned(_)
        | Event::Compared(_)
        | Event::Computed(_)
        | Event::Building { .. }
        | Event::Built(_)
        | Event::Silence(None) => return None,
    })
}

/// What is known of a deployment that another process began.
pub(super) fn left(left: &Left) -> String {
    let entry = &left.entry;
    let what = entry.target.as_deref().unwrap_or(&entry.source);
    let begun = entry.started_at.format("%Y-%m-%d %H:%M UTC");
    let which = format!("the deployment of {} that {} began {begun}", clean_line(what), clean_line(&entry.who));
    match &left.standing {
        Standing::Owned => format!("{which} is still going on ({})", entry.owner.label()),
        Standing::Open(workspace) => format!(
            "{which} was left unfinished; its workspace is open: noctui workspace show {workspace}, noctui workspace \
             abandon {workspace}"
        ),
        Standing::Ended { ending, result } => {
            let change = entry.change.as_ref().map_or_else(String::new, |change| format!(" ({change})"));
            format!("{which} has ended as {ending}: {result}{change}")
        }
    }
}

/// What may be open in CloudVision still though it was to be abandoned.
pub(super) fn left_behind(outcome: &Outcome) -> Option<String> {
    let (id, fate) = outcome.workspace.as_ref()?;
    if let WorkspaceFate::LeftBehind(why) = fate {
        return Some(format!("the workspace may be open still ({why}): noctui workspace abandon {id}"));
    }
    let is_unknown = *fate == WorkspaceFate::Kept && matches!(outcome.result, Err(Failure::Unknown { .. }));
    is_unknown.then(|| format!("look at the workspace: noctui workspace show {id}"))
}

/// What came of it.
pub(super) fn result(outcome: &Outcome) -> String {
    let mut text = String::new();
    for diff in outcome.diffs.iter() {
        push_diff(&mut text, diff);
    }
    for device in outcome.devices.iter().filter(|device| device.is_changed()) {
        let config = match device.config {
            ConfigPlan::New => "new configuration",
            ConfigPlan::Changed => "changed configuration",
            ConfigPlan::Same if device.again => "same configuration, brought again",
            ConfigPlan::Same | ConfigPlan::None => "same configuration",
        };
        let tags = match (device.tags_added.len(), device.tags_removed.len()) {
            (0, 0) => String::new(),
            (added, removed) => format!(", tags +{added} -{removed}"),
        };
        let place = if device.placed_anew { ", its entry in the studios mended" } else { "" };
        push(&mut text, &format!("{}  {config}{tags}{place}", device.hostname));
    }
    if let Some(report) = &outcome.report {
        push_report(&mut text, report);
    }
    if outcome.nothing_to_do {
        let compared = match outcome.running {
            Some(1) => ", and 1 device was found to run it".to_owned(),
            Some(running) => format!(", and {running} devices were found to run it"),
            None => "; what devices run was not compared".to_owned(),
        };
        push(&mut text, &format!("nothing to change: the mainline holds all of it already{compared}"));
    }
    if let Some((id, fate)) = &outcome.workspace {
        let words = match fate {
            WorkspaceFate::Submitted => "submitted".to_owned(),
            WorkspaceFate::Deleted => "submitted and deleted".to_owned(),
            WorkspaceFate::Kept => "open".to_owned(),
            WorkspaceFate::Abandoned => "abandoned".to_owned(),
            WorkspaceFate::LeftBehind(why) => format!("left open: {why}"),
        };
        push(&mut text, &format!("workspace {id}  {words}"));
    }
    if let Some(change) = &outcome.change {
        push(&mut text, &format!("change control {}  {}  {}", change.id, change.state.name(), change.name));
    }
    text
}

/// Adds a line.
fn push(text: &mut String, line: &str) {
    let _infallible = writeln!(text, "{line}");
}

/// Adds a difference as `diff` prints it.
fn push_diff(text: &mut String, diff: &DeviceDiff) {
    push(text, &format!("--- {} in force\n+++ {} wanted", diff.hostname, diff.hostname));
    text.push_str(&difference::unified(&diff.lines));
}

/// Adds errors and warnings of a build.
fn push_report(text: &mut String, report: &BuildReport) {
    let place = |fault: &Fault| fault.line.map_or_else(String::new, |line| format!(" line {line}"));
    for error in &report.errors {
        push(text, &format!("error: {}", error.message));
    }
    for device in &report.devices {
        for error in &device.errors {
            push(text, &format!("{}{}: error: {}", device.hostname, place(error), error.message));
        }
        for warning in &device.warnings {
            push(text, &format!("{}{}: warning: {}", device.hostname, place(warning), warning.message));
        }
    }
}

//! How states of CloudVision's things read on the screen: glyph, word, colour.

use crate::features::cloudvision::deploy::{Advance, WorkspaceFate};
use crate::features::cloudvision::model::{
    Approval, BuildState, Change, ChangeState, Fault, StageState, WorkspaceState,
};
use crate::features::cloudvision::store::journal::{Ending, Phase};
use crate::text::counted;
use crate::ui::Look;
use crate::ui::theme::State;

/// A change control's state.
pub(crate) fn change(state: ChangeState) -> (State, &'static str) {
    let sign = match state {
        ChangeState::Pending => State::Planned,
        ChangeState::Approved | ChangeState::Scheduled => State::Active,
        ChangeState::Running => State::Progress,
        ChangeState::Completed => State::Done,
        ChangeState::Failed => State::Failed,
        ChangeState::Stopped => State::Cancelled,
        ChangeState::Unknown(_) => State::Warning,
    };
    (sign, state.name())
}

/// What people call a change control: its name, or its id where it has none.
pub(crate) fn name(change: &Change) -> &str {
    if change.name.trim().is_empty() { change.id.as_str() } else { &change.name }
}

/// `38 devices · 12 actions, all at once`.
pub(crate) fn extent(change: &Change) -> String {
    let (_, actions) = change.progress();
    let order = if actions < 2 { String::new() } else { format!(", {}", change.order().words()) };
    format!("{} · {}{order}", counted(change.devices.len(), "device"), counted(actions, "action"))
}

/// `by anna 02:12: looks good`.
pub(crate) fn approval(approval: &Approval, look: &Look<'_>) -> String {
    let by = if approval.by.is_empty() { "by somebody".to_owned() } else { format!("by {}", approval.by) };
    let at = approval.at.map_or_else(String::new, |at| format!(" {}", look.zone.short(at, look.now)));
    let notes = if approval.notes.is_empty() { String::new() } else { format!(": {}", approval.notes) };
    format!("{by}{at}{notes}")
}

/// A stage's state.
pub(crate) fn stage(state: StageState) -> (State, &'static str) {
    match state {
        StageState::Planned => (State::Planned, "planned"),
        StageState::Running => (State::Progress, "running"),
        StageState::Completed => (State::Done, "done"),
        StageState::Failed => (State::Failed, "failed"),
    }
}

/// How a device stands in a build.
pub(crate) fn build(state: BuildState) -> (State, &'static str) {
    match state {
        BuildState::Unspecified => (State::Planned, "not begun"),
        BuildState::InProgress => (State::Progress, "building"),
        BuildState::Canceled => (State::Cancelled, "cancelled"),
        BuildState::Success => (State::Done, "built"),
        BuildState::Fail => (State::Failed, "failed"),
        BuildState::Skipped => (State::Cancelled, "skipped"),
        BuildState::Unknown(_) => (State::Warning, "unknown"),
    }
}

/// A workspace's state.
pub(crate) fn workspace(state: WorkspaceState) -> (State, &'static str) {
    match state {
        WorkspaceState::Pending => (State::Planned, "open"),
        WorkspaceState::Submitted => (State::Done, "submitted"),
        WorkspaceState::Abandoned => (State::Cancelled, "abandoned"),
        WorkspaceState::Conflicts => (State::Warning, "conflicts"),
        WorkspaceState::RolledBack => (State::Cancelled, "rolled back"),
        WorkspaceState::Unknown(_) => (State::Warning, "unknown"),
    }
}

/// How a deployment ended.
pub(crate) fn ending(ending: Ending) -> (State, &'static str) {
    match ending {
        Ending::Done => (State::Done, "done"),
        Ending::NothingToDo => (State::Done, "no change"),
        Ending::Failed => (State::Failed, "failed"),
        Ending::Cancelled => (State::Cancelled, "cancelled"),
        Ending::Abandoned => (State::Cancelled, "abandoned"),
        Ending::Unknown => (State::Warning, "unknown"),
    }
}

/// At which step a deployment failed, and why, as far as what came of it begins with that.
pub(super) fn failed_at(result: &str) -> Option<(&'static str, &str)> {
    const STEPS: [(&str, &str); 3] = [
        ("build", "the build failed: "),
        ("submit", "the workspace was not submitted: "),
        ("change", "the change control has failed: "),
    ];
    STEPS.iter().find_map(|(step, words)| Some((*step, result.strip_prefix(words)?)))
}

/// How far a change control is taken.
pub(crate) fn advance(advance: Advance) -> &'static str {
    match advance {
        Advance::Pending => "its change control waits for an approval",
        Advance::Approved => "its change control is approved, and not started",
        Advance::Started => "its change control is approved and started",
        Advance::Completed => "its change control is approved, started and waited for",
    }
}

/// What an agreement to submit sets going, as a verb.
pub(crate) fn submits(advance: Advance) -> &'static str {
    match advance {
        Advance::Pending => "submits",
        Advance::Approved => "submits and approves",
        Advance::Started | Advance::Completed => "submits, approves and starts",
    }
}

/// What is done to the change control in its step; nothing where it only waits.
pub(crate) fn taken(advance: Advance) -> &'static str {
    match advance {
        Advance::Pending => "",
        Advance::Approved => "is approved",
        Advance::Started | Advance::Completed => "is approved and started: devices get the change",
    }
}

/// How far a deployment came, which a process before this one left.
pub(crate) fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Preparing => "before its workspace was made",
        Phase::WorkspaceRequested => "while its workspace was made",
        Phase::Writing => "while its workspace was written",
        Phase::Building => "while its workspace was built",
        Phase::Built => "before it was submitted",
        Phase::SubmitRequested => "while it was submitted",
        Phase::Submitted | Phase::ChangeNamed => "after it was submitted",
        Phase::Approving => "while its change control was approved",
        Phase::Starting => "while its change control was started",
        Phase::Waiting => "while its change control ran",
        Phase::Abandoning => "while its workspace was abandoned",
        Phase::Withdrawing => "while its change control was deleted",
    }
}

/// What has become of a workspace.
pub(crate) fn fate(fate: &WorkspaceFate) -> (State, String) {
    match fate {
        WorkspaceFate::Submitted => (State::Done, "submitted".to_owned()),
        WorkspaceFate::Deleted => (State::Done, "submitted, and deleted since".to_owned()),
        WorkspaceFate::Kept => {
            (State::Warning, "left open to be looked at; <workspace-abandon> abandons it".to_owned())
        }
        WorkspaceFate::Abandoned => (State::Cancelled, "abandoned".to_owned()),
        WorkspaceFate::LeftBehind(why) => {
            (State::Warning, format!("left behind: {why}; <workspace-abandon> abandons it"))
        }
    }
}

/// `line 212 of leaf-7b: invalid command`.
pub(crate) fn fault(fault: &Fault) -> String {
    let source = fault.source.as_deref().filter(|source| !source.is_empty());
    let place = match (fault.line, source) {
        (Some(line), Some(source)) => format!("line {line} of {source}: "),
        (Some(line), None) => format!("line {line}: "),
        (None, Some(source)) => format!("{source}: "),
        (None, None) => String::new(),
    };
    format!("{place}{}", fault.message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::cloudvision::deploy::Failure;

    #[test]
    fn the_step_that_failed_is_read_from_what_is_kept_of_it() {
        let what = || "leaf1: line 3: no such command".to_owned();
        let told = [
            Failure::Build { what: what() },
            Failure::Submit { what: what(), silent: None },
            Failure::Change { what: what() },
        ];
        for (failure, step) in told.into_iter().zip(["build", "submit", "change"]) {
            assert_eq!(failed_at(&failure.to_string()), Some((step, &*what())));
        }
        assert_eq!(failed_at(&Failure::NotAgreed.to_string()), None);
    }
}

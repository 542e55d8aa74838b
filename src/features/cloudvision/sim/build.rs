//! Builds: a workspace's configurations are put together and checked, stage by stage, device by device.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::design::{self, Design};
use super::mainline::Mainline;
use super::script::{Finding, Found, Objection, Step};
use super::state::State;
use super::workspace::{Busy, Reply};
use super::world::World;
use super::{findings, keys};
use crate::features::cloudvision::pb::workspace::{
    BuildStage, BuildStageState, BuildState, ConfigSyncResult, ConfigSyncSkipCause, ConfigValidationResult,
    ConfigValidationSkipCause, WorkspaceBuild, WorkspaceBuildDetails,
};

/// The stages, in their order.
const STAGES: [BuildStage; 4] = [
    BuildStage::InputValidation,
    BuildStage::ConfigletBuild,
    BuildStage::ConfigValidation,
    BuildStage::ImageValidation,
];

/// What a successful build found to change: the designed configuration of every device that gets another one.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    pub(super) designed: BTreeMap<String, String>,
}

/// A device that a build looks at.
struct Touched {
    device: String,
    design: Design,
    /// Whether its configuration would be another one than before.
    changed: bool,
    /// Whether it runs another one than that, and is to be brought it all the same.
    synced: bool,
    /// Whether it was to be brought it, and runs it already.
    complies: bool,
    /// What the device has to say of single lines.
    objected: Vec<Found>,
}

/// Takes up a build.
pub(super) fn start(world: &Arc<World>, state: &mut State, workspace: &str, busy: Busy) {
    let (build, time) = (state.fresh_id(), state.now());
    state.workspaces.edit(workspace, time, |workspace| workspace.last_build_id = Some(build.clone()));
    state.begun(workspace, &busy);
    let value = WorkspaceBuild {
        key: Some(keys::build(workspace, &build)),
        state: BuildState::InProgress.into(),
        built_by: Some(state.user.clone()),
        ..Default::default()
    };
    state.builds.put(&format!("{workspace}/{build}"), value, time);
    let devices: Vec<String> = touched(state, workspace).into_iter().map(|touched| touched.device).collect();
    enter(world, state, Going { workspace: workspace.to_owned(), build, busy, devices }, 0);
}

/// A build that goes on.
struct Going {
    workspace: String,
    build: String,
    busy: Busy,
    devices: Vec<String>,
}

/// Puts every device into a stage, and goes on to the next one when its time is over.
fn enter(world: &Arc<World>, state: &mut State, going: Going, at: usize) {
    let (Some(current), time) = (STAGES.get(at).copied(), state.now()) else {
        finish(state, &going);
        return;
    };
    for device in &going.devices {
        let details = WorkspaceBuildDetails {
            key: Some(keys::details(&going.workspace, &going.build, device)),
            state: BuildState::InProgress.into(),
            stage: current.into(),
            build_stage_state: Some(stages(|other| match (other as i32).cmp(&(current as i32)) {
                std::cmp::Ordering::Less => BuildState::Success,
                std::cmp::Ordering::Equal => BuildState::InProgress,
                std::cmp::Ordering::Greater => BuildState::Unspecified,
            })),
            ..Default::default()
        };
        state.details.put(&format!("{}/{}/{device}", going.workspace, going.build), details, time);
    }
    world.after(Step::Build, move |world| {
        let mut state = world.state();
        let goes_on = state.drafts.get(&going.workspace).is_some_and(|draft| draft.busy.as_ref() == Some(&going.busy));
        if goes_on {
            enter(world, &mut state, going, at + 1);
        }
    });
}

/// The state of every stage, by its name. Those without one are left out.
fn stages(of: impl Fn(BuildStage) -> BuildState) -> BuildStageState {
    let named = STAGES.iter().map(|stage| (stage.as_str_name().to_owned(), of(*stage)));
    let values = named.filter(|(_, state)| *state != BuildState::Unspecified).map(|(name, state)| (name, state.into()));
    BuildStageState { values: values.collect() }
}

/// Ends a build with what it found.
fn finish(state: &mut State, going: &Going) {
    let Going { workspace, build, busy, .. } = going;
    if !state.finishes(workspace, busy) {
        return;
    }
    let (mut outcome, mut failed) = (Outcome::default(), Vec::new());
    for touched in touched(state, workspace) {
        let details = details(state, workspace, build, &touched);
        if details.state() == BuildState::Fail {
            failed.push(state.hostname(&touched.device));
        }
        if touched.changed || touched.synced {
            outcome.designed.insert(touched.device.clone(), touched.design.text.clone());
        }
        let time = state.now();
        state.details.put(&format!("{workspace}/{build}/{}", touched.device), details, time);
    }
    let error = match (state.script.build_error.clone(), failed.as_slice()) {
        (Some(error), _) => Some(error),
        (None, []) => None,
        (None, names) => Some(format!("validation failed for {}", names.join(", "))),
    };
    let ended = if error.is_none() { BuildState::Success } else { BuildState::Fail };
    let (time, studios) = (state.now(), findings::of_studios(&state.script.findings));
    state.builds.edit(&format!("{workspace}/{build}"), time, |build| {
        build.set_state(ended);
        build.error.clone_from(&error);
        build.studio_build_details = studios;
    });
    match error {
        None => {
            if let Some(draft) = state.drafts.get_mut(workspace) {
                draft.built = Some(outcome);
            }
            state.respond(workspace, busy, Reply::success().and(|workspace| workspace.needs_build = Some(false)));
        }
        Some(error) => {
            let reply = Reply::fail(error).and(|workspace| workspace.needs_build = Some(true));
            state.respond(workspace, busy, reply);
        }
    }
}

/// Ends a build that somebody no longer wants.
pub(super) fn cancel(state: &mut State, workspace: &str, busy: &Busy) {
    if !state.finishes(workspace, busy) {
        return;
    }
    let build = state.workspaces.get(workspace).and_then(|found| found.last_build_id.clone()).unwrap_or_default();
    let (time, prefix) = (state.now(), format!("{workspace}/{build}"));
    state.builds.edit(&prefix, time, |build| build.set_state(BuildState::Canceled));
    let prefix = format!("{prefix}/");
    for details in state.details.ids().iter().filter(|details| details.starts_with(&prefix)) {
        state.details.edit(details, time, |details| details.set_state(BuildState::Canceled));
    }
    let reply = Reply::fail("the build was canceled").and(|workspace| workspace.needs_build = Some(true));
    state.respond(workspace, busy, reply);
}

/// The devices whose configuration a workspace changes, or whose configlets it wrote though nothing is different, and those
/// that are to be brought what is in force.
fn touched(state: &mut State, workspace: &str) -> Vec<Touched> {
    let (time, user) = (state.now(), state.user.clone());
    let Some(draft) = state.drafts.get(workspace) else { return Vec::new() };
    let view: Mainline = draft.view(&user, time);
    let mut before = design::designs(&draft.base);
    let wrote = |design: &Design| design.configlets.iter().any(|id| draft.edits.configlets.contains_key(id));
    let designs = design::designs(&view);
    let touched = designs.into_iter().filter_map(|(device, design)| {
        let changed = before.remove(&device).unwrap_or_default().text != design.text;
        let runs = state.running.get(&device).is_some_and(|running| *running == design.text);
        let wanted = !changed && draft.synced.contains(&device);
        let (synced, complies) = (wanted && !runs, wanted && runs);
        (changed || wanted || wrote(&design)).then(|| {
            let objected = objected(&state.script.objections, &view, &design);
            Touched { device, design, changed, synced, complies, objected }
        })
    });
    touched.collect()
}

/// What a build says of a device in the end.
fn details(state: &mut State, workspace: &str, build: &str, touched: &Touched) -> WorkspaceBuildDetails {
    let key = keys::details(workspace, build, &touched.device);
    let skip = match (touched.changed, state.is_active(&touched.device)) {
        (false, _) if !touched.synced => Some(ConfigValidationSkipCause::ConfigUnchanged),
        (_, false) => Some(ConfigValidationSkipCause::Inactive),
        (_, true) => None,
    };
    let mut mine: Vec<Found> = found(&state.script.findings, &touched.device);
    if skip.is_none() {
        mine.extend_from_slice(&touched.objected);
    }
    let fatal = mine.iter().find(|found| found.is_fatal());
    let (ended, last) = match (fatal, skip) {
        (Some(found), _) => (BuildState::Fail, findings::stage(found)),
        (None, Some(_)) => (BuildState::Skipped, BuildStage::ConfigValidation),
        (None, None) => (BuildState::Success, BuildStage::ImageValidation),
    };
    let mut details = WorkspaceBuildDetails {
        key: Some(key),
        state: ended.into(),
        stage: last.into(),
        config_validation_skip_cause: skip.unwrap_or_default().into(),
        build_stage_state: Some(stages(|other| match (ended, (other as i32).cmp(&(last as i32))) {
            (_, std::cmp::Ordering::Less) => BuildState::Success,
            (state, std::cmp::Ordering::Equal) => state,
            (_, std::cmp::Ordering::Greater) => BuildState::Skipped,
        })),
        ..Default::default()
    };
    if touched.complies {
        details.set_config_sync_skip_cause(ConfigSyncSkipCause::InCompliance);
    } else if touched.synced && skip.is_some() {
        details.set_config_sync_skip_cause(ConfigSyncSkipCause::Inactive);
    }
    if skip.is_none() {
        let found = findings::validation(state, (workspace, build, &touched.device), &touched.design, &mine);
        if touched.synced {
            let ConfigValidationResult { summary, errors, .. } = found;
            details.config_validation_skip_cause = ConfigValidationSkipCause::ConfigUnchanged.into();
            details.config_sync_result = Some(ConfigSyncResult { summary, errors });
        } else {
            details.config_validation_result = Some(found);
        }
    }
    findings::add(&mut details, &mine);
    details
}

/// What devices have to say of single lines of a design.
fn objected(objections: &[Objection], mainline: &Mainline, design: &Design) -> Vec<Found> {
    let mut found = Vec::new();
    for id in design.configlets.iter().filter(|_| !objections.is_empty()) {
        let body = mainline.configlets.get(id).and_then(|configlet| configlet.body.as_deref()).unwrap_or_default();
        for (text, line) in body.lines().zip(1..) {
            for objection in objections.iter().filter(|objection| objection.line == text.trim()) {
                let (configlet, message) = (id.clone(), objection.message.clone());
                found.push(if objection.refuses {
                    Found::Error { configlet, line, message }
                } else {
                    Found::Warning { configlet, line, message }
                });
            }
        }
    }
    found
}

/// What the script has a build find in a device.
fn found(findings: &[Finding], device: &str) -> Vec<Found> {
    findings.iter().filter(|finding| finding.device == device).map(|finding| finding.what.clone()).collect()
}

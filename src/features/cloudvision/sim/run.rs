//! Change controls that run: row after row, the stages of a row at the same time.

use std::collections::HashMap;
use std::sync::Arc;

use prost_types::Timestamp;
use tonic::Status;

use super::change::{DEVICE, is_approved};
use super::script::Step;
use super::state::State;
use super::validate;
use super::world::World;
use crate::features::cloudvision::pb::changecontrol::{
    ActionSteps, Change, ChangeControl, ChangeControlStatus, CompletionReason, Flag, Stage, StageStatus, StepInfo,
    StepStatus,
};

/// Stages within stages are followed this far, so that a ring of them ends.
const DEEPEST: usize = 16;
/// What an action does, in its order.
const STEPS: [&str; 2] = ["Push configuration", "Verify"];

/// Starts a change control, which has to be approved.
pub(super) fn start(world: &Arc<World>, state: &mut State, id: &str, notes: Option<String>) -> Result<(), Status> {
    let Some(control) = state.changes.get(id) else {
        return Err(Status::not_found(format!("change control {id} does not exist")));
    };
    if control.status() == ChangeControlStatus::Running {
        // Asked for twice.
        return Ok(());
    }
    if control.status() == ChangeControlStatus::Completed {
        return Err(Status::failed_precondition("a change control runs only once"));
    }
    if !is_approved(control) {
        return Err(Status::failed_precondition("only an approved change control can be started"));
    }
    let rows = control.change.as_ref().map(rows).unwrap_or_default();
    let (author, run) = (state.author(), next_run(state, id));
    state.changes.edit(id, author.time, |control| {
        control.set_status(ChangeControlStatus::Running);
        control.start = Some(Flag { value: Some(true), notes, time: Some(author.time), user: Some(author.user) });
    });
    validate::all(state);
    row(world, state, Going { id: id.to_owned(), run, rows }, 0);
    Ok(())
}

/// Stops a change control that runs. What was done to devices stays.
pub(super) fn stop(state: &mut State, id: &str, notes: Option<String>) -> Result<(), Status> {
    if state.changes.get(id).is_none_or(|control| control.status() != ChangeControlStatus::Running) {
        return Err(Status::failed_precondition("only a running change control can be stopped"));
    }
    next_run(state, id);
    let author = state.author();
    state.changes.edit(id, author.time, |control| {
        control.start = Some(Flag { value: Some(false), notes, time: Some(author.time), user: Some(author.user) });
        let running = |stage: &&mut Stage| stage.action.is_some() && stage.status() == StageStatus::Running;
        for stage in stages_mut(control).values_mut().filter(running) {
            end_stage(stage, author.time, Some("stopped".to_owned()));
        }
    });
    end(state, id, CompletionReason::Stopped, None);
    Ok(())
}

/// Makes what belongs to earlier runs do nothing any more. Returns the number of the new one.
fn next_run(state: &mut State, id: &str) -> u64 {
    state.plans.get_mut(id).map_or(0, |plan| {
        plan.run += 1;
        plan.run
    })
}

/// A run that goes on.
#[derive(Clone)]
struct Going {
    id: String,
    run: u64,
    rows: Vec<Vec<String>>,
}

/// The actions of a change in their order: those of one row at the same time.
fn rows(change: &Change) -> Vec<Vec<String>> {
    let empty = HashMap::new();
    let stages = change.stages.as_ref().map_or(&empty, |stages| &stages.values);
    below(stages, change.root_stage_id.as_deref().unwrap_or_default(), DEEPEST)
}

/// The rows of actions below a stage. Stages of a row that have rows themselves go through them side by side.
fn below(stages: &HashMap<String, Stage>, id: &str, depth: usize) -> Vec<Vec<String>> {
    let Some(stage) = stages.get(id).filter(|_| depth > 0) else { return Vec::new() };
    if stage.action.is_some() {
        return vec![vec![id.to_owned()]];
    }
    let mut all = Vec::new();
    for row in stage.rows.iter().flat_map(|rows| &rows.values) {
        let mut merged: Vec<Vec<String>> = Vec::new();
        for child in row.values.iter().map(|child| below(stages, child, depth - 1)) {
            for (at, ids) in child.into_iter().enumerate() {
                match merged.get_mut(at) {
                    Some(row) => row.extend(ids),
                    None => merged.push(ids),
                }
            }
        }
        all.extend(merged);
    }
    all
}

/// Starts a row, or ends the change control after the last one.
fn row(world: &Arc<World>, state: &mut State, going: Going, at: usize) {
    let Some(ids) = going.rows.get(at).cloned() else {
        end(state, &going.id, CompletionReason::Success, None);
        return;
    };
    let time = state.now();
    edit_stages(state, &going.id, &ids, |stage| {
        stage.set_status(StageStatus::Running);
        stage.start_time = Some(time);
        stage.steps = Some(steps([StepStatus::Running, StepStatus::NotStarted], None));
    });
    later(world, going, move |world, state, going| {
        push(state, &going.id, &ids);
        later(world, going, move |world, state, going| match finish_row(state, &going.id, &ids) {
            None => row(world, state, going, at + 1),
            Some(error) => end(state, &going.id, CompletionReason::Failed, Some(error)),
        });
    });
}

/// Goes on after a step has taken its time, unless the run is over.
fn later(world: &Arc<World>, going: Going, then: impl FnOnce(&Arc<World>, &mut State, Going) + Send + 'static) {
    world.after(Step::Stage, move |world| {
        let mut state = world.state();
        if state.plans.get(&going.id).is_some_and(|plan| plan.run == going.run) {
            then(world, &mut state, going);
        }
    });
}

/// Half of the stages' work is done: the devices have their configuration, those that take it.
fn push(state: &mut State, id: &str, row: &[String]) {
    let devices = devices_of(state, id, row);
    let mut failed = HashMap::new();
    for (stage, device) in devices {
        let error = state.script.failing_stages.iter().find(|(failing, _)| *failing == device);
        if let Some(error) = error.map(|(_, error)| error.clone()) {
            failed.insert(stage, error);
        } else if let Some(text) = state.plans.get(id).and_then(|plan| plan.designed.get(&device)).cloned() {
            state.running.insert(device, text);
        }
    }
    let time = state.now();
    for stage_id in row {
        let error = failed.remove(stage_id);
        state.changes.edit(id, time, |control| {
            let Some(one) = stages_mut(control).get_mut(stage_id) else { return };
            if let Some(error) = error {
                one.steps = Some(steps([StepStatus::Failed, StepStatus::Skipped], Some(&error)));
                end_stage(one, time, Some(error));
            } else {
                one.steps = Some(steps([StepStatus::Finished, StepStatus::Running], None));
            }
        });
    }
}

/// The work of a row is done. Returns the error that ends the change control, if a stage has one.
fn finish_row(state: &mut State, id: &str, stages: &[String]) -> Option<String> {
    let time = state.now();
    edit_stages(state, id, stages, |stage| {
        if stage.status() == StageStatus::Running {
            stage.steps = Some(steps([StepStatus::Finished, StepStatus::Finished], None));
            end_stage(stage, time, None);
        }
    });
    let all = &state.changes.get(id)?.change.as_ref()?.stages.as_ref()?.values;
    let failed = stages.iter().filter_map(|stage| all.get(stage)).find(|stage| stage.error.is_some())?;
    Some(format!("{}: {}", failed.name.clone().unwrap_or_default(), failed.error.clone().unwrap_or_default()))
}

/// The stages with the devices that their actions are about.
fn devices_of(state: &State, id: &str, stages: &[String]) -> Vec<(String, String)> {
    let known = state.changes.get(id).and_then(|control| control.change.as_ref()?.stages.as_ref());
    let device = |stage: &String| {
        let args = known?.values.get(stage)?.action.as_ref()?.args.as_ref()?;
        Some((stage.clone(), args.values.get(DEVICE)?.clone()))
    };
    stages.iter().filter_map(device).collect()
}

/// Changes stages, and tells of it once.
fn edit_stages(state: &mut State, id: &str, stages: &[String], edit: impl Fn(&mut Stage)) {
    let time = state.now();
    state.changes.edit(id, time, |control| {
        let known = stages_mut(control);
        for stage in stages {
            if let Some(stage) = known.get_mut(stage) {
                edit(stage);
            }
        }
        let root = control.change.as_ref().and_then(|change| change.root_stage_id.clone()).unwrap_or_default();
        follow(stages_mut(control), &root, time, DEEPEST);
    });
}

/// The stages of a change control.
fn stages_mut(control: &mut ChangeControl) -> &mut HashMap<String, Stage> {
    &mut control.change.get_or_insert_default().stages.get_or_insert_default().values
}

/// Puts a stage that has rows where those below it are.
fn follow(stages: &mut HashMap<String, Stage>, id: &str, time: Timestamp, depth: usize) -> Option<StageStatus> {
    let stage = stages.get(id).filter(|_| depth > 0)?;
    if stage.action.is_some() {
        return Some(stage.status());
    }
    let children: Vec<String> =
        stage.rows.iter().flat_map(|rows| &rows.values).flat_map(|row| row.values.clone()).collect();
    let below: Vec<StageStatus> = children.iter().filter_map(|child| follow(stages, child, time, depth - 1)).collect();
    let status = match below.as_slice() {
        all if all.iter().all(|status| *status == StageStatus::Completed) => StageStatus::Completed,
        all if all.iter().all(|status| *status == StageStatus::NotStarted) => StageStatus::NotStarted,
        _ => StageStatus::Running,
    };
    let stage = stages.get_mut(id)?;
    if status != stage.status() {
        if status != StageStatus::NotStarted {
            stage.start_time.get_or_insert(time);
        }
        stage.end_time = (status == StageStatus::Completed).then_some(time);
        stage.set_status(status);
    }
    Some(status)
}

/// The steps of an action.
fn steps(states: [StepStatus; 2], error: Option<&String>) -> ActionSteps {
    let step = |(at, (name, status)): (usize, (&&str, StepStatus))| {
        let error = error.filter(|_| status == StepStatus::Failed).cloned();
        let info = StepInfo { name: Some((*name).to_owned()), status: status.into(), error, message: None };
        ((at + 1).to_string(), info)
    };
    ActionSteps { values: STEPS.iter().zip(states).enumerate().map(step).collect() }
}

/// Ends one stage.
pub(super) fn end_stage(stage: &mut Stage, time: Timestamp, error: Option<String>) {
    stage.set_status(StageStatus::Completed);
    stage.end_time = Some(time);
    stage.error = error;
}

/// Ends a change control. Success, failure and stop are all called completed.
fn end(state: &mut State, id: &str, reason: CompletionReason, error: Option<String>) {
    let (time, tells_reason) = (state.now(), state.version.has_rebase());
    state.changes.edit(id, time, |control| {
        control.set_status(ChangeControlStatus::Completed);
        control.error = error;
        if tells_reason {
            control.set_completion_reason(reason);
        }
        let root = control.change.as_ref().and_then(|change| change.root_stage_id.clone()).unwrap_or_default();
        if let Some(stage) = stages_mut(control).get_mut(&root).filter(|stage| stage.action.is_none()) {
            end_stage(stage, time, None);
        }
    });
    validate::all(state);
}

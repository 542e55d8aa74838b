//! Change controls until they run: edits, approval, schedule.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use prost_types::Timestamp;
use tonic::Status;

use super::mainline::merge;
use super::state::State;
use super::world::World;
use super::{keys, run, validate};
use crate::clock;
use crate::features::cloudvision::pb::changecontrol::{
    Action, ApproveConfig, Change, ChangeConfig, ChangeControl, ChangeControlConfig, ChangeControlStatus, Creation,
    DeviceToStageMap, Flag, FlagConfig, RepeatedRepeatedString, Stage, StageMap, StageStatus, TimestampFlag,
    TimestampFlagConfig,
};
use crate::features::cloudvision::pb::fmp::{MapStringString, RepeatedString};

/// The outermost stage.
const ROOT: &str = "root";
/// Seconds after which an action gives up.
const TIMEOUT_S: u32 = 3600;
/// The argument of an action that names its device.
pub(super) const DEVICE: &str = "DeviceID";

/// What a change control does.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    /// What runs on each device afterwards.
    pub(super) designed: BTreeMap<String, String>,
    /// Counts starts and stops: what belongs to an earlier run does nothing any more.
    pub(super) run: u64,
}

/// Makes a change control that gives devices their designed configuration, all in one row. Returns its id.
pub(super) fn create(state: &mut State, workspace: &str, designed: BTreeMap<String, String>) -> String {
    let (id, author) = (state.fresh_id(), state.author());
    let name = state.workspaces.get(workspace).and_then(|workspace| workspace.display_name.clone());
    let mut stages = HashMap::new();
    let mut of_devices = HashMap::new();
    for device in designed.keys() {
        let stage_id = state.fresh_id();
        stages.insert(stage_id.clone(), stage_of(state, device));
        of_devices.insert(device.clone(), RepeatedString { values: vec![stage_id] });
    }
    let row = designed.keys().filter_map(|device| of_devices.get(device)).flat_map(|ids| ids.values.clone()).collect();
    let root = Stage {
        name: Some("Configuration".to_owned()),
        rows: Some(RepeatedRepeatedString { values: vec![RepeatedString { values: row }] }),
        status: StageStatus::NotStarted.into(),
        ..Default::default()
    };
    stages.insert(ROOT.to_owned(), root);
    let change = Change {
        name: Some(format!("Change for {}", name.as_deref().unwrap_or(workspace))),
        root_stage_id: Some(ROOT.to_owned()),
        stages: Some(StageMap { values: stages }),
        notes: None,
        time: Some(author.time),
        user: Some(author.user.clone()),
    };
    let control = ChangeControl {
        key: Some(keys::change(&id)),
        change: Some(change),
        status: ChangeControlStatus::NotStarted.into(),
        device_ids: Some(RepeatedString { values: designed.keys().cloned().collect() }),
        device_id_to_stage_ids: Some(DeviceToStageMap { values: of_devices }),
        creation: Some(Creation { time: Some(author.time), user: Some(author.user) }),
        ..Default::default()
    };
    state.plans.insert(id.clone(), Plan { designed, run: 0 });
    state.changes.put(&id, control, author.time);
    validate::all(state);
    id
}

/// The stage that configures one device.
fn stage_of(state: &mut State, device: &str) -> Stage {
    let args = HashMap::from([
        (DEVICE.to_owned(), device.to_owned()),
        ("TaskID".to_owned(), (state.plans.len() * 100 + 1).to_string()),
    ]);
    Stage {
        name: Some(format!("Configure {}", state.hostname(device))),
        action: Some(Action {
            name: Some("task".to_owned()),
            timeout: Some(TIMEOUT_S),
            args: Some(MapStringString { values: args }),
        }),
        status: StageStatus::NotStarted.into(),
        ..Default::default()
    }
}

/// The change control of that id, or that there is none.
fn find<'a>(state: &'a State, id: &str) -> Result<&'a ChangeControl, Status> {
    state.changes.get(id).ok_or_else(|| Status::not_found(format!("change control {id} does not exist")))
}

/// `ChangeControlConfigService/Set`: edits, then starts or stops, then schedules.
pub(super) fn set(world: &Arc<World>, config: &ChangeControlConfig) -> Result<(), Status> {
    let id = config.key.as_ref().and_then(|key| key.id.clone()).unwrap_or_default();
    let mut state = world.state();
    find(&state, &id)?;
    if let Some(change) = &config.change {
        edit(&mut state, &id, change)?;
    }
    match &config.start {
        Some(FlagConfig { value: Some(true), notes }) => run::start(world, &mut state, &id, notes.clone())?,
        Some(FlagConfig { value: Some(false), notes }) => run::stop(&mut state, &id, notes.clone())?,
        Some(FlagConfig { value: None, .. }) | None => {}
    }
    if let Some(schedule) = &config.schedule {
        self::schedule(world, &mut state, &id, schedule)?;
    }
    Ok(())
}

/// Changes what is to be done. The version moves, and an approval of the old one no longer counts.
fn edit(state: &mut State, id: &str, config: &ChangeConfig) -> Result<(), Status> {
    let status = find(state, id)?.status();
    if !matches!(status, ChangeControlStatus::NotStarted | ChangeControlStatus::Scheduled) {
        return Err(Status::failed_precondition("a change control that was started can no longer be edited"));
    }
    let author = state.author();
    state.changes.edit(id, author.time, |control| {
        let change = control.change.get_or_insert_default();
        merge(&mut change.name, config.name.as_ref());
        merge(&mut change.notes, config.notes.as_ref());
        merge(&mut change.root_stage_id, config.root_stage_id.as_ref());
        if let Some(stages) = &config.stages {
            let all = &mut change.stages.get_or_insert_default().values;
            for (stage_id, wanted) in &stages.values {
                let known = all.entry(stage_id.clone()).or_default();
                known.set_status(StageStatus::NotStarted);
                merge(&mut known.name, wanted.name.as_ref());
                merge(&mut known.action, wanted.action.as_ref());
                merge(&mut known.rows, wanted.rows.as_ref());
            }
        }
        change.time = Some(author.time);
        change.user = Some(author.user.clone());
        if control.approve.is_some() {
            control.approve = Some(Flag { value: Some(false), notes: None, time: Some(author.time), user: None });
        }
        control.schedule = None;
        control.set_status(ChangeControlStatus::NotStarted);
    });
    Ok(())
}

/// `ApproveConfigService/Set`. An approval names the version that was read, to the nanosecond.
pub(super) fn approve(state: &mut State, config: &ApproveConfig) -> Result<(), Status> {
    let id = config.key.as_ref().and_then(|key| key.id.clone()).unwrap_or_default();
    let control = find(state, &id)?;
    let flag = config.approve.clone().unwrap_or_default();
    let Some(value) = flag.value else {
        return Err(Status::invalid_argument("approve.value is missing"));
    };
    if !matches!(control.status(), ChangeControlStatus::NotStarted | ChangeControlStatus::Scheduled) {
        return Err(Status::failed_precondition("a change control that was started needs no approval"));
    }
    let current = control.change.as_ref().and_then(|change| change.time);
    match config.version {
        _ if !value => {}
        None => return Err(Status::invalid_argument("an approval needs the version that was read")),
        version if version == current => {}
        Some(_) => {
            return Err(Status::failed_precondition("the change control was edited since: the version is stale"));
        }
    }
    let author = state.author();
    let override_reason = config.override_reason;
    state.changes.edit(&id, author.time, |control| {
        control.approve =
            Some(Flag { value: Some(value), notes: flag.notes, time: Some(author.time), user: Some(author.user) });
        control.override_reason = override_reason;
        if !value {
            control.schedule = None;
            control.set_status(ChangeControlStatus::NotStarted);
        }
    });
    Ok(())
}

/// Whether the version that is there now was approved.
pub(super) fn is_approved(control: &ChangeControl) -> bool {
    control.approve.as_ref().is_some_and(|approve| approve.value == Some(true))
}

/// Puts a change control on the schedule, or takes it off.
fn schedule(world: &Arc<World>, state: &mut State, id: &str, config: &TimestampFlagConfig) -> Result<(), Status> {
    let control = find(state, id)?;
    if !matches!(control.status(), ChangeControlStatus::NotStarted | ChangeControlStatus::Scheduled) {
        return Err(Status::failed_precondition("a change control that was started cannot be scheduled"));
    }
    if config.value.is_some() && !is_approved(control) {
        return Err(Status::failed_precondition("only an approved change control can be scheduled"));
    }
    let wait = config.value.map(until).transpose()?;
    let author = state.author();
    state.changes.edit(id, author.time, |control| {
        control.schedule = Some(TimestampFlag {
            value: config.value,
            notes: config.notes.clone(),
            time: Some(author.time),
            user: Some(author.user),
        });
        let status = if wait.is_some() { ChangeControlStatus::Scheduled } else { ChangeControlStatus::NotStarted };
        control.set_status(status);
    });
    if let Some(wait) = wait {
        let (id, value) = (id.to_owned(), config.value);
        world.after_wait(wait, move |world| {
            let mut state = world.state();
            let is_due = state.changes.get(&id).is_some_and(|control| {
                let scheduled = control.schedule.as_ref().and_then(|schedule| schedule.value);
                control.status() == ChangeControlStatus::Scheduled && scheduled == value
            });
            if is_due {
                // It is approved, or it would not be scheduled any more.
                let _started = run::start(world, &mut state, &id, Some("scheduled".to_owned()));
            }
        });
    }
    Ok(())
}

/// How long it is until a time, which has to lie ahead.
fn until(time: Timestamp) -> Result<Duration, Status> {
    let nanos = u32::try_from(time.nanos).unwrap_or_default();
    let at = DateTime::from_timestamp(time.seconds, nanos);
    let wait = at.and_then(|at| (at - clock::now()).to_std().ok());
    wait.ok_or_else(|| Status::invalid_argument("the time of a schedule has to lie ahead"))
}

/// `ChangeControlConfigService/Delete`. One that runs is not deleted.
pub(super) fn delete(state: &mut State, id: &str) -> Result<(), Status> {
    if find(state, id)?.status() == ChangeControlStatus::Running {
        return Err(Status::failed_precondition("a running change control has to be stopped first"));
    }
    let time = state.now();
    state.changes.delete(id, time);
    state.plans.remove(id);
    validate::all(state);
    Ok(())
}

//! Workspaces: who may write to them, and what their requests do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use prost_types::Timestamp;
use serde_json::Value;
use tonic::Status;

use super::mainline::{Author, Edits, Mainline, merge};
use super::script::Step;
use super::state::State;
use super::world::World;
use super::{build, submit};
use crate::features::cloudvision::pb::workspace::{
    Request, ResponseCode, ResponseStatus, SyncOperation, Workspace, WorkspaceConfig, WorkspaceState,
    WorkspaceSyncConfig,
};

/// What a workspace has beside what is published of it.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// The mainline as of its creation or its last rebase.
    pub(super) base: Arc<Mainline>,
    /// What is to be changed.
    pub(super) edits: Edits,
    /// The inputs of the studios that it changes, as they are with its changes.
    pub(super) inputs: BTreeMap<String, Value>,
    /// The devices that are to be brought what is in force though nothing of it changes.
    pub(super) synced: BTreeSet<String>,
    /// What it is doing. No write is taken meanwhile.
    pub(super) busy: Option<Busy>,
    /// What its last successful build found to change, by device.
    pub(super) built: Option<build::Outcome>,
}

/// A request that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Busy {
    pub(super) request: Request,
    pub(super) request_id: String,
}

impl Draft {
    /// One that changes nothing yet.
    pub(super) fn new(base: Arc<Mainline>) -> Self {
        Self {
            base,
            edits: Edits::default(),
            inputs: BTreeMap::new(),
            synced: BTreeSet::new(),
            busy: None,
            built: None,
        }
    }

    /// What would be in force if it were submitted.
    pub(super) fn view(&self, user: &str, time: Timestamp) -> Mainline {
        let mut view = Mainline::clone(&self.base);
        view.apply(&self.edits, &Author { user: user.to_owned(), time });
        view
    }

    /// Puts the changes on top of another mainline.
    pub(super) fn rebase(&mut self, mainline: Arc<Mainline>, author: &Author) {
        (self.base, self.built) = (mainline, None);
        let view = self.view(&author.user, author.time);
        let studios: BTreeSet<&String> = self.edits.inputs.keys().map(|(studio, _)| studio).collect();
        let inputs = view.inputs.iter().filter(|(studio, _)| studios.contains(studio));
        self.inputs = inputs.map(|(studio, inputs)| (studio.clone(), inputs.value.clone())).collect();
    }
}

impl State {
    /// The draft of a workspace that takes writes. The mainline does not, nor does a workspace that is not pending yet or
    /// any more, or is being built or submitted.
    pub(super) fn writable(&mut self, workspace: &str) -> Result<&mut Draft, Status> {
        if workspace.is_empty() {
            return Err(Status::permission_denied("the mainline is changed through workspaces only"));
        }
        let state = match self.workspaces.get(workspace) {
            Some(found) => found.state(),
            None => return Err(Status::not_found(format!("workspace {workspace} does not exist"))),
        };
        let Some(draft) = self.drafts.get_mut(workspace).filter(|_| state == WorkspaceState::Pending) else {
            let name = state.as_str_name().trim_start_matches("WORKSPACE_STATE_").to_lowercase();
            return Err(Status::failed_precondition(format!("workspace {workspace} is not pending but {name}")));
        };
        match &draft.busy {
            None => Ok(draft),
            Some(busy) => {
                let doing = busy.request.as_str_name();
                Err(Status::failed_precondition(format!("workspace {workspace} is busy with {doing}")))
            }
        }
    }

    /// Says that a workspace was written to: it has to be built again.
    pub(super) fn touched(&mut self, workspace: &str) {
        let is_known = self.workspaces.get(workspace).is_none_or(|workspace| workspace.needs_build == Some(true));
        if is_known {
            // A bulk write of a thousand entries is no reason for a thousand messages.
            return;
        }
        let author = self.author();
        if let Some(draft) = self.drafts.get_mut(workspace) {
            draft.built = None;
        }
        self.workspaces.edit(workspace, author.time, |workspace| {
            workspace.needs_build = Some(true);
            workspace.last_modified_at = Some(author.time);
            workspace.last_modified_by = Some(author.user);
        });
    }

    /// Puts the response to a request among the others of its workspace.
    pub(super) fn respond(&mut self, workspace: &str, busy: &Busy, reply: Reply) {
        let (time, new) = (self.now(), self.version.has_rebase());
        self.workspaces.edit(workspace, time, |workspace| {
            let responses = &mut workspace.responses.get_or_insert_default().values;
            let response = responses.entry(busy.request_id.clone()).or_default();
            response.set_status(reply.status);
            response.message = reply.message;
            response.set_code(reply.code);
            if new {
                response.set_request_type(busy.request);
                response.start_time.get_or_insert(time);
                response.end_time = (reply.status != ResponseStatus::InProgress).then_some(time);
            }
            (reply.and)(workspace);
        });
    }

    /// Says that a request is being worked on. Servers that do not know that status say nothing.
    pub(super) fn begun(&mut self, workspace: &str, busy: &Busy) {
        if let Some(draft) = self.drafts.get_mut(workspace) {
            draft.busy = Some(busy.clone());
        }
        if self.version.has_rebase() {
            self.respond(workspace, busy, Reply::new(ResponseStatus::InProgress));
        }
    }

    /// Whether a workspace still works on this request; it then no longer does.
    pub(super) fn finishes(&mut self, workspace: &str, busy: &Busy) -> bool {
        let draft = self.drafts.get_mut(workspace).filter(|draft| draft.busy.as_ref() == Some(busy));
        draft.map(|draft| draft.busy = None).is_some()
    }
}

/// An answer to a request, and what else changes with it in the same message.
pub(super) struct Reply {
    status: ResponseStatus,
    message: Option<String>,
    code: ResponseCode,
    and: Box<dyn FnOnce(&mut Workspace)>,
}

impl Reply {
    /// One that says nothing but how it went.
    pub(super) fn new(status: ResponseStatus) -> Self {
        Self { status, message: None, code: ResponseCode::Unspecified, and: Box::new(|_| ()) }
    }

    /// It worked.
    pub(super) fn success() -> Self {
        Self::new(ResponseStatus::Success)
    }

    /// It did not, and why.
    pub(super) fn fail(message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..Self::new(ResponseStatus::Fail) }
    }

    /// With a code.
    pub(super) fn code(self, code: ResponseCode) -> Self {
        Self { code, ..self }
    }

    /// With a further change.
    pub(super) fn and(self, and: impl FnOnce(&mut Workspace) + 'static) -> Self {
        Self { and: Box::new(and), ..self }
    }
}

/// `WorkspaceConfigService/Set`: makes a workspace, renames it, or asks something of it.
pub(super) fn set(world: &Arc<World>, config: &WorkspaceConfig) -> Result<(), Status> {
    let id = config.key.as_ref().and_then(|key| key.workspace_id.clone()).unwrap_or_default();
    if id.is_empty() {
        return Err(Status::invalid_argument("a workspace needs an id"));
    }
    let mut state = world.state();
    let is_new = state.workspaces.get(&id).is_none();
    if is_new && config.request() != Request::Unspecified {
        return Err(Status::not_found(format!("workspace {id} does not exist")));
    }
    if is_new {
        create(&mut state, &id);
        let id = id.clone();
        world.after(Step::Create, move |world| {
            let mut state = world.state();
            let time = state.now();
            state.workspaces.edit(&id, time, |workspace| workspace.set_state(WorkspaceState::Pending));
        });
    }
    if config.display_name.is_some() || config.description.is_some() {
        let author = state.author();
        state.workspaces.edit(&id, author.time, |workspace| {
            merge(&mut workspace.display_name, config.display_name.as_ref());
            merge(&mut workspace.description, config.description.as_ref());
            workspace.last_modified_at = Some(author.time);
            workspace.last_modified_by = Some(author.user);
        });
    }
    let request = config.request();
    if request == Request::Unspecified { Ok(()) } else { ask(world, &mut state, &id, request, config) }
}

/// Makes a workspace, which is not pending yet.
fn create(state: &mut State, id: &str) {
    let author = state.author();
    let draft = Draft::new(Arc::clone(&state.mainline));
    state.drafts.insert(id.to_owned(), draft);
    let workspace = Workspace {
        key: Some(super::keys::workspace(id)),
        created_at: Some(author.time),
        created_by: Some(author.user.clone()),
        last_modified_at: Some(author.time),
        last_modified_by: Some(author.user),
        needs_build: Some(false),
        needs_rebase: Some(false),
        ..Default::default()
    };
    state.workspaces.put(id, workspace, author.time);
}

/// Takes a request. One that was made before, by its id, is not done again.
fn ask(
    world: &Arc<World>,
    state: &mut State,
    id: &str,
    request: Request,
    config: &WorkspaceConfig,
) -> Result<(), Status> {
    let request_id = config.request_params.as_ref().and_then(|params| params.request_id.clone()).unwrap_or_default();
    if request_id.is_empty() {
        return Err(Status::invalid_argument("a request needs an id"));
    }
    let Some(workspace) = state.workspaces.get(id) else {
        return Err(Status::not_found(format!("workspace {id} does not exist")));
    };
    let answered = workspace.responses.as_ref().is_some_and(|known| known.values.contains_key(&request_id));
    let busy = state.drafts.get(id).and_then(|draft| draft.busy.clone());
    if answered || busy.as_ref().is_some_and(|busy| busy.request_id == request_id) {
        return Ok(());
    }
    if request == Request::Rebase && !state.version.has_rebase() {
        return Err(Status::invalid_argument("unknown request"));
    }
    let asked = Busy { request, request_id };
    match (request, busy) {
        (Request::CancelBuild, Some(running)) if running.request == Request::StartBuild => {
            build::cancel(state, id, &running);
            state.respond(id, &asked, Reply::success());
            return Ok(());
        }
        (Request::Abandon, Some(running)) if running.request == Request::StartBuild => {
            build::cancel(state, id, &running);
        }
        _ => drop(state.writable(id)?),
    }
    match request {
        Request::StartBuild => build::start(world, state, id, asked),
        Request::Submit | Request::SubmitForce => submit::start(world, state, id, asked),
        Request::Rebase => submit::rebase(world, state, id, asked),
        Request::Abandon => {
            state.respond(id, &asked, Reply::success().and(|workspace| workspace.set_state(WorkspaceState::Abandoned)));
        }
        Request::CancelBuild => state.respond(id, &asked, Reply::fail("no build is running")),
        Request::Rollback | Request::Unspecified => {
            state.respond(id, &asked, Reply::fail("only a submitted workspace can be rolled back"));
        }
    }
    Ok(())
}

/// `WorkspaceSyncConfigService/Set`: says which devices are to be brought what is in force.
pub(super) fn sync(state: &mut State, config: &WorkspaceSyncConfig) -> Result<(), Status> {
    let key = config.key.clone().unwrap_or_default();
    if key.sync_operation() != SyncOperation::Config {
        return Err(Status::invalid_argument("unknown operation"));
    }
    let id = key.workspace_id.unwrap_or_default();
    let devices = config.device_ids.clone().unwrap_or_default().values;
    if let Some(unknown) = devices.iter().find(|device| state.devices.get(device).is_none()) {
        return Err(Status::invalid_argument(format!("device {unknown} does not exist")));
    }
    state.writable(&id)?.synced = devices.into_iter().collect();
    state.touched(&id);
    Ok(())
}

/// `WorkspaceConfigService/Delete`: takes a workspace and its builds away. Mainline and change controls stay.
pub(super) fn delete(state: &mut State, id: &str) -> Result<(), Status> {
    let Some(draft) = state.drafts.get(id) else {
        return Err(Status::not_found(format!("workspace {id} does not exist")));
    };
    if let Some(busy) = draft.busy.clone() {
        if busy.request != Request::StartBuild {
            return Err(Status::failed_precondition(format!("workspace {id} is being submitted")));
        }
        build::cancel(state, id, &busy);
    }
    state.drafts.remove(id);
    let time = state.now();
    state.workspaces.delete(id, time);
    let prefix = format!("{id}/");
    for build in state.builds.ids().iter().filter(|build| build.starts_with(&prefix)) {
        state.builds.delete(build, time);
    }
    for details in state.details.ids().iter().filter(|details| details.starts_with(&prefix)) {
        state.details.delete(details, time);
    }
    Ok(())
}

//! Submission: what a workspace wants comes into force, and what it means for devices becomes a change control.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::change;
use super::mainline::Edits;
use super::script::Step;
use super::state::State;
use super::workspace::{Busy, Reply};
use super::world::World;
use crate::features::cloudvision::pb::configlet::ConfigletConfig;
use crate::features::cloudvision::pb::fmp::RepeatedString;
use crate::features::cloudvision::pb::workspace::{Request, ResponseCode, WorkspaceState};

/// Takes up a submission.
pub(super) fn start(world: &Arc<World>, state: &mut State, workspace: &str, busy: Busy) {
    state.begun(workspace, &busy);
    if let Some(left) = state.script.overtaken.checked_sub(1) {
        state.script.overtaken = left;
        overtake(state);
    }
    let workspace = workspace.to_owned();
    world.after(Step::Submit, move |world| {
        let mut state = world.state();
        if state.finishes(&workspace, &busy) {
            let reply = submit(&mut state, &workspace, busy.request).unwrap_or_else(|refusal| refusal);
            state.respond(&workspace, &busy, reply);
        }
    });
}

/// Submits a workspace, or says why not. The mainline having moved cannot be forced.
fn submit(state: &mut State, id: &str, request: Request) -> Result<Reply, Reply> {
    if let Some(error) = state.script.submit_error.clone() {
        return Err(Reply::fail(error));
    }
    let needs = state.workspaces.get(id).map(|workspace| (workspace.needs_build, workspace.needs_rebase));
    let (needs_build, needs_rebase) = needs.unwrap_or_default();
    if needs_rebase == Some(true) {
        let reply = Reply::fail("the mainline has changed since: the workspace has to be rebased and built again");
        return Err(reply.code(ResponseCode::SynchronizationRequired));
    }
    let built = state.drafts.get(id).and_then(|draft| Some((draft.edits.clone(), draft.built.clone()?)));
    let Some((edits, outcome)) = built.filter(|_| needs_build != Some(true)) else {
        return Err(Reply::fail("the workspace has to be built before it is submitted"));
    };
    let silent: Vec<String> = outcome.designed.keys().filter(|device| !state.is_active(device)).cloned().collect();
    if !silent.is_empty() && request != Request::SubmitForce {
        let names: Vec<String> = silent.iter().map(|device| state.hostname(device)).collect();
        let reply = Reply::fail(format!("devices that do not stream: {}", names.join(", ")));
        return Err(reply.code(ResponseCode::InactiveDevicesExist));
    }
    move_mainline(state, &edits, id);
    // What runs already needs no change, though it is newly designed.
    let differs = |device: &String, text: &String| state.running.get(device).is_none_or(|running| running != text);
    let designed: BTreeMap<String, String> =
        outcome.designed.into_iter().filter(|(device, text)| differs(device, text)).collect();
    let changes = if designed.is_empty() { Vec::new() } else { vec![change::create(state, id, designed)] };
    Ok(Reply::success().and(move |workspace| {
        workspace.set_state(WorkspaceState::Submitted);
        workspace.cc_ids = Some(RepeatedString { values: changes });
    }))
}

/// Puts edits into force. Every other pending workspace then stands on an old mainline.
pub(super) fn move_mainline(state: &mut State, edits: &Edits, except: &str) {
    let author = state.author();
    Arc::make_mut(&mut state.mainline).apply(edits, &author);
    for id in state.workspaces.ids() {
        let is_open = state.workspaces.get(&id).is_some_and(|other| {
            other.state() == WorkspaceState::Pending || other.state() == WorkspaceState::Unspecified
        });
        if is_open && id != except {
            state.workspaces.edit(&id, author.time, |workspace| workspace.needs_rebase = Some(true));
        }
    }
}

/// Somebody else changes the mainline: a configlet that is assigned to nothing.
pub(super) fn overtake(state: &mut State) {
    let id = format!("configlet-{}", state.fresh_id());
    let edit = ConfigletConfig {
        display_name: Some("banner".to_owned()),
        body: Some("banner login\nAuthorised use only\nEOF\n".to_owned()),
        ..Default::default()
    };
    let edits = Edits { configlets: BTreeMap::from([(id, edit)]), ..Default::default() };
    let user = std::mem::replace(&mut state.user, "colleague".to_owned());
    move_mainline(state, &edits, "");
    state.user = user;
}

/// Takes up a rebase: the workspace's changes are put on top of the mainline as it is now.
pub(super) fn rebase(world: &Arc<World>, state: &mut State, workspace: &str, busy: Busy) {
    state.begun(workspace, &busy);
    let workspace = workspace.to_owned();
    world.after(Step::Rebase, move |world| {
        let mut state = world.state();
        if !state.finishes(&workspace, &busy) {
            return;
        }
        if let Some(error) = state.script.rebase_error.clone() {
            state.respond(&workspace, &busy, Reply::fail(error));
            return;
        }
        let (mainline, author) = (Arc::clone(&state.mainline), state.author());
        if let Some(draft) = state.drafts.get_mut(&workspace) {
            draft.rebase(mainline, &author);
        }
        let rebase = state.fresh_id();
        let reply = Reply::success().and(move |workspace| {
            workspace.needs_rebase = Some(false);
            workspace.needs_build = Some(true);
            workspace.last_rebased_at = Some(author.time);
            workspace.last_rebase_id = Some(rebase);
        });
        state.respond(&workspace, &busy, reply);
    });
}

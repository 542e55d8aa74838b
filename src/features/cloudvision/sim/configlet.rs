//! Configlets and their assignments, as they are read and written.
//!
//! A read with a workspace's id sees the mainline with the workspace's changes on it.

use std::sync::Arc;

use tonic::Status;

use super::covers::any_covers;
use super::mainline::{Mainline, merge};
use super::state::State;
use crate::features::cloudvision::pb::configlet::{
    Configlet, ConfigletAssignment, ConfigletAssignmentConfig, ConfigletAssignmentKey, ConfigletConfig, ConfigletKey,
    ConfigletStreamRequest,
};

/// The mainline and workspaces, each with its id, of which a filter names any. `named` gives the id in a filter.
fn views<F>(state: &mut State, filters: &[F], named: impl Fn(&F) -> Option<&str>) -> Vec<(String, Arc<Mainline>)> {
    let time = state.now();
    let wanted =
        |id: &str| filters.is_empty() || filters.iter().any(|filter| named(filter).is_none_or(|named| named == id));
    let mut views = Vec::new();
    if wanted("") {
        views.push((String::new(), Arc::clone(&state.mainline)));
    }
    for (id, draft) in state.drafts.iter().filter(|(id, _)| wanted(id)) {
        views.push((id.clone(), Arc::new(draft.view(&state.user, time))));
    }
    views
}

/// The workspace in a configlet's key.
fn of_configlet(configlet: &Configlet) -> Option<&str> {
    configlet.key.as_ref()?.workspace_id.as_deref()
}

/// The workspace in an assignment's key.
fn of_assignment(assignment: &ConfigletAssignment) -> Option<&str> {
    assignment.key.as_ref()?.workspace_id.as_deref()
}

/// One configlet, with its body.
pub(super) fn one(state: &mut State, key: &ConfigletKey) -> Option<Configlet> {
    let filter = Configlet { key: Some(key.clone()), ..Default::default() };
    let (workspace, view) = views(state, &[filter], of_configlet).into_iter().next()?;
    let configlet = view.configlets.get(key.configlet_id.as_deref()?)?.clone();
    Some(seen_in(configlet, &workspace))
}

/// A configlet with the id of the workspace that it is seen in.
fn seen_in(mut configlet: Configlet, workspace: &str) -> Configlet {
    configlet.key.get_or_insert_default().workspace_id = Some(workspace.to_owned());
    configlet
}

/// All configlets that a filter lets through, without their bodies unless they are asked for.
pub(super) fn configlets(state: &mut State, request: &ConfigletStreamRequest) -> Vec<Configlet> {
    let filters = &request.partial_eq_filter;
    let with_body = request.filter.as_ref().is_some_and(|filter| filter.include_body == Some(true));
    let mut found = Vec::new();
    for (workspace, view) in views(state, filters, of_configlet) {
        for configlet in view.configlets.values() {
            let body = if with_body { configlet.body.clone() } else { None };
            let seen = seen_in(Configlet { body, ..without_body(configlet) }, &workspace);
            if any_covers(filters, &seen) {
                found.push(seen);
            }
        }
    }
    found
}

/// Everything but the body, which may be large.
fn without_body(configlet: &Configlet) -> Configlet {
    Configlet {
        key: configlet.key.clone(),
        display_name: configlet.display_name.clone(),
        description: configlet.description.clone(),
        body: None,
        created_at: configlet.created_at,
        created_by: configlet.created_by.clone(),
        last_modified_at: configlet.last_modified_at,
        last_modified_by: configlet.last_modified_by.clone(),
        digest: configlet.digest.clone(),
        size: configlet.size,
    }
}

/// All assignments that a filter lets through.
pub(super) fn assignments(state: &mut State, filters: &[ConfigletAssignment]) -> Vec<ConfigletAssignment> {
    let mut found = Vec::new();
    for (workspace, view) in views(state, filters, of_assignment) {
        if let Some(named) = by_id_alone(filters) {
            // A thousand containers asked for by their ids: looked up, not compared with a thousand filters each.
            let named = named.filter_map(|id| view.assignments.get(id));
            found.extend(named.map(|assignment| assigned_in(assignment.clone(), &workspace)));
            continue;
        }
        let all = view.assignments.values().map(|assignment| assigned_in(assignment.clone(), &workspace));
        found.extend(all.filter(|assignment| any_covers(filters, assignment)));
    }
    found
}

/// The ids that filters name, if each of them names one and nothing else, and all of them the same workspace.
fn by_id_alone(filters: &[ConfigletAssignment]) -> Option<impl Iterator<Item = &String>> {
    let first = filters.first()?.key.as_ref()?.workspace_id.clone()?;
    let plain = |filter: &ConfigletAssignment| {
        let Some(ConfigletAssignmentKey { workspace_id: Some(workspace), configlet_assignment_id: Some(_) }) =
            &filter.key
        else {
            return false;
        };
        let nothing_else = ConfigletAssignment { key: filter.key.clone(), ..Default::default() };
        *workspace == first && *filter == nothing_else
    };
    let all_plain = filters.iter().all(plain);
    all_plain.then(|| filters.iter().filter_map(|filter| filter.key.as_ref()?.configlet_assignment_id.as_ref()))
}

/// An assignment with the id of the workspace that it is seen in.
fn assigned_in(mut assignment: ConfigletAssignment, workspace: &str) -> ConfigletAssignment {
    assignment.key.get_or_insert_default().workspace_id = Some(workspace.to_owned());
    assignment
}

/// Writes a configlet to a workspace. What is not mentioned stays.
pub(super) fn set(state: &mut State, edit: &ConfigletConfig) -> Result<(), Status> {
    let key = edit.key.clone().unwrap_or_default();
    let (workspace, id) = (key.workspace_id.unwrap_or_default(), key.configlet_id.unwrap_or_default());
    if id.is_empty() {
        return Err(Status::invalid_argument("a configlet needs an id"));
    }
    if let Some(error) = state.script.refuses(&id) {
        return Err(Status::internal(error));
    }
    let known = state.writable(&workspace)?.edits.configlets.entry(id).or_default();
    known.key.clone_from(&edit.key);
    known.remove = edit.remove;
    merge(&mut known.display_name, edit.display_name.as_ref());
    merge(&mut known.description, edit.description.as_ref());
    merge(&mut known.body, edit.body.as_ref());
    state.touched(&workspace);
    Ok(())
}

/// Writes an assignment to a workspace. What is not mentioned stays; a list that is present and empty empties it.
pub(super) fn assign(state: &mut State, edit: &ConfigletAssignmentConfig) -> Result<(), Status> {
    let key = edit.key.clone().unwrap_or_default();
    let (workspace, id) = (key.workspace_id.unwrap_or_default(), key.configlet_assignment_id.unwrap_or_default());
    if id.is_empty() {
        return Err(Status::invalid_argument("a configlet assignment needs an id"));
    }
    if let Some(error) = state.script.refuses(&id) {
        return Err(Status::internal(error));
    }
    let known = state.writable(&workspace)?.edits.assignments.entry(id).or_default();
    known.key.clone_from(&edit.key);
    known.remove = edit.remove;
    merge(&mut known.display_name, edit.display_name.as_ref());
    merge(&mut known.description, edit.description.as_ref());
    merge(&mut known.query, edit.query.as_ref());
    merge(&mut known.configlet_ids, edit.configlet_ids.as_ref());
    merge(&mut known.child_assignment_ids, edit.child_assignment_ids.as_ref());
    if edit.match_policy != 0 {
        known.match_policy = edit.match_policy;
    }
    state.touched(&workspace);
    Ok(())
}

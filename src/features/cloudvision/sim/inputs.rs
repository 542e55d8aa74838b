//! Inputs of studios, as they are read and written.

use serde_json::Value;
use tonic::Status;

use super::covers::any_covers;
use super::mainline::Inputs as Kept;
use super::state::State;
use super::studio;
use crate::features::cloudvision::pb::fmp::RepeatedString;
use crate::features::cloudvision::pb::studio::{Inputs, InputsConfig, InputsKey};

/// What answers for a workspace: the mainline for an empty id. A workspace answers only for studios that were changed in
/// it, and then with a copy of all of their inputs.
fn answering(state: &mut State, workspace: &str, studio: &str) -> Option<Kept> {
    if workspace.is_empty() {
        return state.mainline.inputs.get(studio).cloned();
    }
    let (time, user) = (state.now(), state.user.clone());
    let value = state.drafts.get(workspace)?.inputs.get(studio)?.clone();
    (!value.is_null()).then_some(Kept { value, time, user })
}

/// A value at a path, as the wire has it.
fn message(workspace: &str, studio: &str, path: Vec<String>, text: String, kept: &Kept) -> Inputs {
    Inputs {
        key: Some(InputsKey {
            studio_id: Some(studio.to_owned()),
            workspace_id: Some(workspace.to_owned()),
            path: Some(RepeatedString { values: path }),
        }),
        created_at: Some(kept.time),
        created_by: Some(kept.user.clone()),
        last_modified_at: Some(kept.time),
        last_modified_by: Some(kept.user.clone()),
        inputs: Some(text),
    }
}

/// The value at one path.
pub(super) fn one(state: &mut State, key: &InputsKey) -> Option<Inputs> {
    let (workspace, studio) = (key.workspace_id.as_deref()?, key.studio_id.as_deref()?);
    let path = key.path.clone().unwrap_or_default().values;
    let kept = answering(state, workspace, studio)?;
    let text = studio::get(&kept.value, &path)?.to_string();
    Some(message(workspace, studio, path, text, &kept))
}

/// All inputs that a filter lets through; large ones in parts.
pub(super) fn all(state: &mut State, filters: &[Inputs], limit: usize) -> Vec<Inputs> {
    let mut workspaces = vec![String::new()];
    workspaces.extend(state.drafts.keys().cloned());
    // A workspace that nobody asked for need not be put together.
    workspaces.retain(|id| {
        let named = |filter: &Inputs| filter.key.as_ref().and_then(|key| key.workspace_id.clone());
        filters.is_empty() || filters.iter().any(|filter| named(filter).is_none_or(|named| named == *id))
    });
    let mut found = Vec::new();
    for workspace in workspaces {
        let mut studios: Vec<String> = state.mainline.inputs.keys().cloned().collect();
        studios.extend(state.drafts.get(&workspace).into_iter().flat_map(|draft| draft.inputs.keys().cloned()));
        studios.sort();
        studios.dedup();
        for studio in studios {
            let Some(kept) = answering(state, &workspace, &studio) else { continue };
            let parts = studio::split(&kept.value, limit).into_iter();
            found.extend(parts.map(|(path, text)| message(&workspace, &studio, path, text, &kept)));
        }
    }
    found.retain(|inputs| any_covers(filters, inputs));
    found
}

/// Writes to a workspace. What was written below the path before is overwritten.
pub(super) fn set(state: &mut State, edit: &InputsConfig) -> Result<(), Status> {
    let key = edit.key.clone().unwrap_or_default();
    let (workspace, studio) = (key.workspace_id.unwrap_or_default(), key.studio_id.unwrap_or_default());
    let path = key.path.unwrap_or_default().values;
    if let Some(error) = state.script.refuses(&studio) {
        return Err(Status::internal(error));
    }
    if studio.is_empty() {
        return Err(Status::invalid_argument("inputs need the id of their studio"));
    }
    if path.iter().filter_map(|step| step.parse::<usize>().ok()).any(|index| index >= studio::LONGEST) {
        return Err(Status::invalid_argument("the path has an index that no list reaches"));
    }
    let draft = state.writable(&workspace)?;
    let before = || draft.base.inputs.get(&studio).map_or(Value::Null, |kept| kept.value.clone());
    let now = draft.inputs.entry(studio.clone()).or_insert_with(before);
    if edit.remove == Some(true) {
        studio::remove(now, &path);
    } else {
        let text = edit.inputs.as_deref().ok_or_else(|| Status::invalid_argument("the inputs are missing"))?;
        let value: Value = serde_json::from_str(text)
            .map_err(|error| Status::invalid_argument(format!("the inputs are no JSON: {error}")))?;
        studio::set(now, &path, value).map_err(Status::invalid_argument)?;
    }
    let place = (studio, path);
    let is_below = |other: &(String, Vec<String>)| other.0 == place.0 && other.1.starts_with(&place.1);
    let edits = &mut draft.edits.inputs;
    let below: Vec<_> = edits.range(place.clone()..).map(|(other, _)| other.clone()).take_while(is_below).collect();
    for other in below {
        edits.remove(&other);
    }
    edits.insert(place, edit.clone());
    state.touched(&workspace);
    Ok(())
}

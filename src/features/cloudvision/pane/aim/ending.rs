//! The end of what was begun: of a deployment, of a workspace that was left open.

use super::{Aim, Needs, TOO_SOON, act, is_too_soon, typed_word, warning};
use crate::features::cloudvision::leftover::{Leftover, Standing};
use crate::features::cloudvision::model::{ChangeAction, ChangeState, Workspace, WorkspaceId, WorkspaceState};
use crate::features::cloudvision::pane::opened::Page;
use crate::features::cloudvision::pane::view::words;
use crate::features::cloudvision::pane::{Place, State};
use crate::features::cloudvision::store::journal::Phase;
use crate::features::cloudvision::worker::Request;
use crate::ui::Look;
use crate::ui::page::Span;
use crate::ui::theme::Role;

impl State {
    /// The end of a deployment; once it is submitted, of its change control.
    pub(super) fn aim_cancelling(&self, look: &Look<'_>) -> Result<Aim, String> {
        let run = self.subject_run().ok_or("nothing of this target is being deployed from here")?;
        let runs = run.change.as_ref().is_some_and(|change| change.state == ChangeState::Running);
        if run.ended.is_none() && !runs {
            // Nothing is lost by it and every second counts: it is not asked about, and it is decided here, whether
            // CloudVision can be heard or not.
            return Ok(Aim {
                request: Request::Cancel(run.id.clone()),
                question: format!("End the deployment of \"{}\"?", run.target),
                word: run.target.clone(),
                lines: vec![],
                production: false,
                is_harmless: true,
            });
        }
        if !run.is_submitted() {
            return Err("it has ended".to_owned());
        }
        let instance = self.writable(&run.instance, Needs::Connection, look.now)?;
        let keeps = "the mainline keeps the change";
        let Some(change) = &run.change else {
            return Err(format!("it is submitted, and {keeps}; its change control is not known yet"));
        };
        // What was told of the change control since counts.
        let newest = instance.changes.items.get(&change.id).map_or(change, |entry| &entry.change);
        if newest.state == ChangeState::Running {
            return Err(format!(
                "its change control runs, and {keeps}: <deploy-change> opens it, <change-stop> stops it there"
            ));
        }
        if newest.state.is_over() {
            return Err(format!("its change control is {}, and {keeps}", newest.state.name()));
        }
        let lines = vec![
            warning(look, &format!("it is submitted: {keeps},")),
            ("  no device gets it; <deploy> makes a change control of it again".to_owned(), Role::Text),
        ];
        let request = act(&run.instance, newest, ChangeAction::Delete);
        Ok(Aim::of_change(request, "Delete the change control", newest, instance, lines))
    }

    /// The workspace on the screen that was left open.
    fn workspace_on_screen(&self, place: Place, look: &Look<'_>) -> Result<(WorkspaceId, String, Vec<Span>), String> {
        match (place, self.page(place)) {
            (_, Some(Page::Workspaces(board))) => {
                let workspace = board.list.selected().ok_or("there is no workspace here")?;
                let instance = self.instance().map_or("", |instance| &instance.view.name);
                let lines = workspace_lines(workspace, self.leftover(&workspace.id), look);
                Ok((workspace.id.clone(), instance.to_owned(), lines))
            }
            (Place::Deploys, _) => {
                if let Some(unfinished) = self.subject_unfinished() {
                    if unfinished.lives {
                        return Err("another noctui is still at it: end it there".to_owned());
                    }
                    if unfinished.phase.is_in_force() {
                        return Err("it is submitted: there is no workspace to abandon".to_owned());
                    }
                    if unfinished.phase == Phase::SubmitRequested {
                        return Err("its submission was asked for: look at the workspace in CloudVision".to_owned());
                    }
                    let id = unfinished.workspace.clone().ok_or("it has made no workspace")?;
                    let lines =
                        vec![("its deployment ends with that; nothing of it is in force".to_owned(), Role::Text)];
                    return Ok((id, unfinished.instance.clone(), lines));
                }
                let lost = vec![("what was built in it cannot be looked at any more".to_owned(), Role::Text)];
                let (id, instance) =
                    self.kept_here().ok_or("no workspace was left open here; <workspaces> lists them")?;
                Ok((id, instance, lost))
            }
            (Place::Changes, _) => Err("there is no workspace here; <workspaces> lists them".to_owned()),
        }
    }

    /// The workspace that the deployment on the screen has left open, be it one of an earlier process, and where that is.
    pub(in crate::features::cloudvision::pane) fn kept_here(&self) -> Option<(WorkspaceId, String)> {
        let own = self.subject_run().and_then(|run| Some((run.kept_workspace()?.clone(), run.instance.clone())));
        let target = || self.subject_target().ok();
        let before = || target().and_then(|target| Some((self.left_open(target)?.id.clone(), target.instance.clone())));
        own.or_else(before)
    }

    /// Throwing a workspace away.
    pub(super) fn aim_abandoning(&self, place: Place, look: &Look<'_>) -> Result<Aim, String> {
        let (workspace, name, lines) = self.workspace_on_screen(place, look)?;
        let needs =
            if matches!(self.page(place), Some(Page::Workspaces(_))) { Needs::Workspaces } else { Needs::Connection };
        let instance = self.writable(&name, needs, look.now)?;
        let soon = match self.page(place) {
            Some(Page::Workspaces(board)) => is_too_soon(board, look.now),
            Some(_) => false,
            None => is_too_soon(&self.deploys, look.now),
        };
        if soon {
            return Err(TOO_SOON.to_owned());
        }
        let known = instance.workspaces.items.get(&workspace);
        if let Some(known) = known
            && matches!(known.state, WorkspaceState::Submitted | WorkspaceState::Abandoned)
        {
            return Err(format!("the workspace is {} already", words::workspace(known.state).1));
        }
        let called = known.map(|known| known.name.as_str()).filter(|name| !name.is_empty());
        let called = called.unwrap_or(workspace.as_str()).to_owned();
        let request = Request::Abandon { instance: name.clone(), workspace };
        let aim = Aim::new(request, "Abandon the workspace", &called, instance, lines);
        // Ours are called after their target.
        let word = called.strip_prefix("noctui ").and_then(typed_word).map(str::to_owned);
        Ok(Aim { word: word.unwrap_or(aim.word), ..aim })
    }
}

/// Who made a workspace, and whose deployment ends with it.
fn workspace_lines(workspace: &Workspace, of_here: Option<Leftover>, look: &Look<'_>) -> Vec<Span> {
    let by = if workspace.created_by.is_empty() { "somebody" } else { &workspace.created_by };
    let mut lines = vec![(format!("made by {by}; what is in it is lost"), Role::Text)];
    lines.extend(of_here.map(|it| match it.standing {
        Standing::InUse => warning(look, &format!("{} is at it still, and ends with it", it.deployment())),
        Standing::Kept | Standing::Left => (it.to_string(), Role::Text),
    }));
    lines
}

//! What a command that writes would ask of the worker, made from what is on the screen and bound to it: the question shows
//! it, and its answer sends exactly this.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::editor::Bound;
use super::instance::{Instance, UNSEEN};
use super::opened::{Board, Page, Subject};
use super::rows::DeployRow;
use super::run::Run;
use super::view::words;
use super::{Deed, Place, State};
use crate::features::cloudvision::deploy::Advance;
use crate::features::cloudvision::model::{
    Change, ChangeAction, ChangeState, ExecutionOrder, Workspace, WorkspaceId, WorkspaceState,
};
use crate::features::cloudvision::store::journal::Phase;
use crate::features::cloudvision::worker::{Inputs, Request, Target};
use crate::ui::Look;
use crate::ui::line::{fit, width};
use crate::ui::list::Row;
use crate::ui::page::Span;
use crate::ui::theme::{Role, State as Sign};
use crate::ui::time::distance;

/// Cells of a name as a question has it at most.
const NAME_CELLS: usize = 40;
/// A name of more cells than this nobody types at night: its first word does, such as the number of a ticket.
const TYPED_CELLS: usize = 24;
/// A first word of fewer letters tells nothing.
const TYPED_LETTERS: usize = 4;
/// Cells of a question for its verb, its object and the name of its CloudVision.
const QUESTION_CELLS: usize = 56;
/// Names of devices that a question lists.
const NAMED_DEVICES: usize = 6;
/// There is nothing to work with.
pub(super) const UNCONFIGURED: &str = "no CloudVision is configured: [[cloudvision]] in the configuration names one";
/// Typed before anybody can have seen what it is about.
pub(super) const TOO_SOON: &str = "that was typed before this was on the screen: nothing was done";

/// What would be done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Aim {
    /// What the worker is asked.
    pub(crate) request: Request,
    /// The question, naming the object.
    pub(crate) question: String,
    /// What is typed where that is demanded: the object's name.
    pub(crate) word: String,
    /// What more there is to know.
    pub(crate) lines: Vec<Span>,
    /// Whether it concerns production.
    pub(crate) production: bool,
    /// Whether it is done without a question.
    pub(crate) is_harmless: bool,
}

/// A change control on the screen, and when that was changed last.
pub(super) struct OnScreen {
    /// As it is shown.
    pub(super) change: Arc<Change>,
    /// On which CloudVision.
    pub(super) instance: String,
    /// When it came to the screen like this.
    pub(super) changed_at: DateTime<Utc>,
}

impl State {
    /// What `deed` would do now, or why it would do nothing.
    pub(crate) fn aim(&self, deed: Deed, place: Place, look: &Look<'_>) -> Result<Aim, String> {
        if self.instances.is_empty() {
            return Err(UNCONFIGURED.to_owned());
        }
        match deed {
            Deed::Deploy => self.aim_deployment(Advance::Pending, look),
            Deed::DeployStart => {
                let target = self.subject_target()?;
                if target.advance == Advance::Pending {
                    let name = &target.name;
                    return Err(format!("{name} goes no further than d does: after = \"started\" in its [[deploy]]"));
                }
                self.aim_deployment(target.advance, look)
            }
            Deed::GoOn => self.aim_submission(look),
            Deed::Cancel => self.aim_cancelling(look),
            Deed::Abandon => self.aim_abandoning(place, look),
            Deed::Approve => self.aim_change(place, ChangeAction::Approve, "Approve", look),
            Deed::Unapprove => self.aim_change(place, ChangeAction::Unapprove, "Unapprove", look),
            Deed::Start => {
                let state = self.change_on_screen(place)?.change.state;
                if state == ChangeState::Pending {
                    return Err("nobody has approved it: a approves, S approves and starts".to_owned());
                }
                self.aim_change(place, ChangeAction::Start, "Start", look)
            }
            Deed::ApproveStart => self.aim_change(place, ChangeAction::ApproveAndStart, "Approve and start", look),
            Deed::Stop => self.aim_change(place, ChangeAction::Stop, "Stop", look),
            Deed::Unschedule => self.aim_change(place, ChangeAction::Unschedule, "Take off the schedule", look),
            Deed::Delete => self.aim_change(place, ChangeAction::Delete, "Delete", look),
            Deed::Arrange => {
                let (order, verb) = match self.change_on_screen(place)?.change.order() {
                    ExecutionOrder::Serial | ExecutionOrder::Mixed => (ExecutionOrder::Parallel, "Run all at once"),
                    ExecutionOrder::Parallel => (ExecutionOrder::Serial, "Run one after the other"),
                };
                self.aim_change(place, ChangeAction::Arrange(order), verb, look)
            }
        }
    }

    /// The CloudVision of this name, if it may be written to and is up to date.
    fn writable(&self, name: &str, needs: Needs, now: DateTime<Utc>) -> Result<&Instance, String> {
        let instance = self.named(name).ok_or_else(|| format!("no CloudVision called {name} is configured"))?;
        if instance.view.read_only {
            return Err(format!("{name} is read-only by the configuration: nothing was done"));
        }
        let told_at = match needs {
            Needs::Connection => Some(now),
            Needs::Changes => instance.changes.told_at,
            Needs::Workspaces => instance.workspaces.told_at,
        };
        match instance.stale(told_at, self.started, now) {
            Some(why) => Err(format!("{why}: nothing was done")),
            None => Ok(instance),
        }
    }

    /// The target under the cursor, or the one that is opened.
    pub(super) fn subject_target(&self) -> Result<&Target, String> {
        let none = || Err("there is no target here".to_owned());
        let opened = self.above_deploys.pages.iter().rev().find_map(|page| match page {
            Page::Deployment(page) => Some(&page.subject),
            Page::Change(_) | Page::Workspaces(_) | Page::Devices(_) => None,
        });
        match (opened, self.page(Place::Deploys), self.deploys.list.selected()) {
            (Some(Subject::Target(name)), ..) => self.target(name).map_or_else(none, Ok),
            (None, None, Some(DeployRow::Target(target))) => Ok(target),
            (Some(Subject::Unfinished(_)), ..) | (None, None, Some(DeployRow::Unfinished(_))) => {
                Err("this was left unfinished: deploy its target below".to_owned())
            }
            _ => none(),
        }
    }

    /// The deployment of this process under the cursor, or the one that is opened.
    pub(super) fn subject_run(&self) -> Option<&Run> {
        self.run_of(&self.subject_target().ok()?.name)
    }

    /// A deployment of the target on the screen.
    fn aim_deployment(&self, advance: Advance, look: &Look<'_>) -> Result<Aim, String> {
        let target = self.subject_target()?;
        let name = &target.name;
        if self.run_of(name).is_some_and(|run| run.ended.is_none()) {
            return Err(format!("{name} is being deployed already: enter shows how far it is"));
        }
        let is_asked = |page: &Page| matches!(page, Page::Deployment(page) if page.asked_at.is_some() && page.subject == Subject::Target(name.clone()));
        if self.above_deploys.pages.iter().any(is_asked) {
            return Err(format!("{name} is about to be deployed already"));
        }
        let (devices, changed) = match &target.inputs {
            Inputs::Reading => return Err(format!("the folder of {name} is still being read: nothing was done")),
            Inputs::Refused(trouble) => return Err(trouble.one_line()),
            Inputs::Ready { devices, changed, .. } => (*devices, *changed),
        };
        let instance = self.writable(&target.instance, Needs::Connection, look.now)?;
        if self.page(Place::Deploys).is_none() && is_too_soon(&self.deploys, look.now) {
            return Err(TOO_SOON.to_owned());
        }
        let mut facts = vec![words::count(devices, "device")];
        facts.push(match changed {
            Some(0) => "unchanged since the last deployment".to_owned(),
            Some(changed) => format!("{changed} changed since the last deployment"),
            None => "never deployed from here".to_owned(),
        });
        let mut lines = vec![(facts.join(" · "), Role::Text)];
        if target.protected {
            lines.push(("waits for a look after the build".to_owned(), Role::Text));
        }
        lines.push((words::advance(advance).to_owned(), Role::Text));
        let verb = match advance {
            Advance::Pending => "Deploy",
            Advance::Approved => "Deploy and approve",
            Advance::Started | Advance::Completed => "Deploy and start",
        };
        let request = Request::Deploy { target: name.clone(), advance };
        Ok(Aim::new(request, verb, name, instance, lines))
    }

    /// The submission of what was built and looked at.
    fn aim_submission(&self, look: &Look<'_>) -> Result<Aim, String> {
        let run = self.subject_run().ok_or("nothing is being deployed here")?;
        let since = run.waits_since.ok_or("nothing waits for a look here")?;
        if look.now - since < UNSEEN {
            return Err(TOO_SOON.to_owned());
        }
        let instance = self.writable(&run.instance, Needs::Connection, look.now)?;
        let changed = run.plan.iter().filter(|device| device.is_changed()).count();
        let mut lines =
            vec![(format!("{} · {changed} with changes", words::count(run.plan.len(), "device")), Role::Text)];
        let (errors, warnings) = run.report.as_ref().map_or((0, 0), |report| report.counts());
        if errors + warnings > 0 {
            let found = format!("{} and {}", words::count(errors, "error"), words::count(warnings, "warning"));
            lines.push(warning(look, &format!("the build found {found}")));
        }
        lines.push((
            "what is submitted is in force in CloudVision; no device has it before its change control runs".to_owned(),
            Role::Muted,
        ));
        Ok(Aim::new(Request::GoOn(run.id.clone()), "Submit", &run.target, instance, lines))
    }

    /// The end of a deployment; once it is submitted, of its change control.
    fn aim_cancelling(&self, look: &Look<'_>) -> Result<Aim, String> {
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
            return Err(format!("its change control runs, and {keeps}: o opens it, x stops it there"));
        }
        if newest.state.is_over() {
            return Err(format!("its change control is {}, and {keeps}", newest.state.name()));
        }
        let lines = vec![
            warning(look, &format!("it is submitted: {keeps},")),
            ("  no device gets it; d makes a change control of it again".to_owned(), Role::Text),
        ];
        let request = act(&run.instance, newest, ChangeAction::Delete);
        Ok(Aim::new(request, "Delete the change control", words::name(newest), instance, lines))
    }

    /// The workspace on the screen that was left open.
    fn workspace_on_screen(&self, place: Place) -> Result<(WorkspaceId, String, Vec<Span>), String> {
        match (place, self.page(place)) {
            (_, Some(Page::Workspaces(board))) => {
                let workspace = board.list.selected().ok_or("there is no workspace here")?;
                let instance = self.instance().map_or("", |instance| &instance.view.name);
                Ok((workspace.id.clone(), instance.to_owned(), workspace_lines(workspace)))
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
                let (id, instance) = self.kept_here().ok_or("no workspace was left open here; w lists them")?;
                Ok((id, instance, lost))
            }
            (Place::Changes, _) => Err("there is no workspace here; w lists them".to_owned()),
        }
    }

    /// The workspace that the deployment on the screen has left open, be it one of an earlier process, and where that is.
    pub(super) fn kept_here(&self) -> Option<(WorkspaceId, String)> {
        let own = self.subject_run().and_then(|run| Some((run.kept_workspace()?.clone(), run.instance.clone())));
        let target = || self.subject_target().ok();
        let before = || target().and_then(|target| Some((self.left_open(target)?.id.clone(), target.instance.clone())));
        own.or_else(before)
    }

    /// Throwing a workspace away.
    fn aim_abandoning(&self, place: Place, look: &Look<'_>) -> Result<Aim, String> {
        let (workspace, name, lines) = self.workspace_on_screen(place)?;
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

    /// The change control under the cursor, or the one that is opened.
    pub(super) fn change_on_screen(&self, place: Place) -> Result<OnScreen, String> {
        let none = || "there is no change control here".to_owned();
        let of = |instance: &str, change: &Arc<Change>| {
            let entry = self.named(instance).and_then(|instance| instance.changes.items.get(&change.id));
            OnScreen {
                change: entry.map_or(change, |entry| &entry.change).clone(),
                instance: instance.to_owned(),
                changed_at: entry.map_or(DateTime::UNIX_EPOCH, |entry| entry.changed_at),
            }
        };
        match (place, self.page(place)) {
            (_, Some(Page::Change(page))) if page.is_gone => Err("it does not exist any more".to_owned()),
            (_, Some(Page::Change(page))) => Ok(of(&page.instance, &page.change)),
            (Place::Changes, None) => {
                let row = self.changes.list.selected().ok_or_else(none)?;
                Ok(of(&self.instance().ok_or_else(none)?.view.name, &row.change))
            }
            (Place::Deploys, None | Some(Page::Deployment(_))) => {
                let run = self.subject_run().ok_or_else(none)?;
                Ok(of(&run.instance, run.change.as_ref().ok_or_else(none)?))
            }
            _ => Err(none()),
        }
    }

    /// The change control on the screen, if `action` can be done to it now.
    pub(super) fn act_on_screen(
        &self,
        place: Place,
        action: &ChangeAction,
        now: DateTime<Utc>,
    ) -> Result<(OnScreen, &Instance), String> {
        let shown = self.change_on_screen(place)?;
        let instance = self.writable(&shown.instance, Needs::Changes, now)?;
        let is_list = self.page(place).is_none() && place == Place::Changes;
        if now - shown.changed_at < UNSEEN || (is_list && is_too_soon(&self.changes, now)) {
            return Err(TOO_SOON.to_owned());
        }
        let change = &shown.change;
        let again = *action == ChangeAction::Approve && change.approval.is_some();
        if again || !action.is_possible(change.state) {
            let (name, state) = (fit(words::name(change), NAME_CELLS).into_owned(), change.state.name());
            return Err(if matches!(action, ChangeAction::Schedule(_)) && change.state == ChangeState::Pending {
                format!("{name} is {state}: approve it first")
            } else {
                format!("{name} is {state}: it cannot be {}", action.participle())
            });
        }
        Ok((shown, instance))
    }

    /// A start at a time that was typed: as dangerous as one at once.
    pub(super) fn aim_schedule(&self, bound: &Bound, at: DateTime<Utc>, look: &Look<'_>) -> Result<Aim, String> {
        let instance = self.writable(&bound.instance, Needs::Changes, look.now)?;
        let change = &instance.changes.items.get(&bound.change).ok_or("it does not exist any more")?.change;
        let starts = format!("starts by itself at {} {}", look.zone.full(at), look.zone.name(at));
        let mut lines = vec![(format!("{starts}, {}", distance(at, at, look.now)), Role::Text)];
        lines.extend(reach(change, instance));
        lines.extend(change.checks.iter().map(|check| warning(look, check.words())));
        let request = bound.act(ChangeAction::Schedule(at));
        Ok(Aim::new(request, "Schedule", words::name(change), instance, lines))
    }

    /// Something done to the change control on the screen.
    fn aim_change(&self, place: Place, action: ChangeAction, verb: &str, look: &Look<'_>) -> Result<Aim, String> {
        let (shown, instance) = self.act_on_screen(place, &action, look.now)?;
        let change = &shown.change;
        let mut lines = reach(change, instance);
        let approved = change.approval.as_ref().map(|approval| words::approval(approval, look));
        match (&action, approved) {
            (ChangeAction::Start, Some(approved)) => lines.push((format!("approved {approved}"), Role::Text)),
            (ChangeAction::ApproveAndStart, None) => {
                lines.push(("nobody has approved it yet: this approves it as it is shown".to_owned(), Role::Text));
            }
            (ChangeAction::Delete, _) => {
                lines
                    .push(warning(look, "the mainline keeps what was submitted: another change control will bring it"));
            }
            (ChangeAction::Arrange(_), _) => {
                lines.push(warning(look, "this is another version of it: an approval does not hold for that"));
            }
            _ => {}
        }
        if matches!(action, ChangeAction::Start | ChangeAction::ApproveAndStart) {
            lines.extend(change.checks.iter().map(|check| warning(look, check.words())));
        }
        let request = act(&shown.instance, change, action);
        Ok(Aim::new(request, verb, words::name(change), instance, lines))
    }
}

/// What has to be up to date for an action.
#[derive(Clone, Copy)]
enum Needs {
    /// The connection alone.
    Connection,
    /// The change controls.
    Changes,
    /// The workspaces.
    Workspaces,
}

/// Whether what is under the cursor came there a moment ago without anybody's doing.
fn is_too_soon<R: Row>(board: &Board<R>, now: DateTime<Utc>) -> bool {
    now - board.settled_at < UNSEEN
}

/// A request for an action on a change control as it is shown.
pub(super) fn act(instance: &str, change: &Change, action: ChangeAction) -> Request {
    Request::Act {
        instance: instance.to_owned(),
        change: change.id.clone(),
        version: change.version,
        action,
        notes: String::new(),
    }
}

/// How much a change control does, and to which devices.
fn reach(change: &Change, instance: &Instance) -> Vec<Span> {
    let mut lines = vec![(words::extent(change), Role::Text)];
    let named = change.devices.iter().take(NAMED_DEVICES).map(|device| instance.hostname(device));
    let mut devices = named.collect::<Vec<_>>().join(", ");
    if change.devices.len() > NAMED_DEVICES {
        devices = format!("{devices} and {} more", change.devices.len() - NAMED_DEVICES);
    }
    if !devices.is_empty() {
        lines.push((devices, Role::Muted));
    }
    lines
}

/// A line that warns.
fn warning(look: &Look<'_>, text: &str) -> Span {
    (format!("{} {text}", look.glyph(Sign::Warning)), Role::Warning)
}

/// Who made a workspace, and whether it was built.
fn workspace_lines(workspace: &Workspace) -> Vec<Span> {
    let by = if workspace.created_by.is_empty() { "somebody" } else { &workspace.created_by };
    vec![(format!("made by {by}; what is in it is lost"), Role::Text)]
}

impl Aim {
    /// `verb "name" on INSTANCE?`.
    fn new(request: Request, verb: &str, name: &str, instance: &Instance, lines: Vec<Span>) -> Self {
        let view = &instance.view;
        let place = if view.production { view.name.to_uppercase() } else { view.name.clone() };
        // The whole of the question stands in one line: where it happens is never what is cut off.
        let room = QUESTION_CELLS.saturating_sub(width(verb) + width(&place)).clamp(8, NAME_CELLS);
        Self {
            request,
            question: format!("{verb} \"{}\" on {place}?", fit(name, room)),
            word: typed_word(name).unwrap_or(&view.name).to_owned(),
            lines,
            production: view.production,
            is_harmless: false,
        }
    }
}

/// What of a name is to be typed; nothing where nobody could.
fn typed_word(name: &str) -> Option<&str> {
    let is_typable = |word: &str| word.chars().all(|c| c.is_ascii_graphic() || c == ' ') && word.trim() == word;
    let whole = (!name.is_empty() && width(name) <= TYPED_CELLS).then_some(name);
    let first = || name.split(' ').next().filter(|word| (TYPED_LETTERS..=TYPED_CELLS).contains(&word.len()));
    whole.or_else(first).filter(|word| is_typable(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_name_the_first_word_is_typed_and_of_a_strange_one_nothing() {
        assert_eq!(typed_word("snmp location"), Some("snmp location"));
        assert_eq!(typed_word("NET-4407 new tenant VLAN 140, second try"), Some("NET-4407"));
        assert_eq!(typed_word("a name that begins with a short word"), None);
        assert_eq!([typed_word(""), typed_word("Überlauf"), typed_word("x\u{200b}")], [None; 3]);
    }
}

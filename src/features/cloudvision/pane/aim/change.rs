//! What is done to change controls, as they are shown.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Aim, NAME_CELLS, Needs, TOO_SOON, TYPED_LETTERS, act, is_too_soon, typed_word, warning};
use crate::features::cloudvision::model::{Change, ChangeAction, ChangeState};
use crate::features::cloudvision::pane::editor::Bound;
use crate::features::cloudvision::pane::instance::{Instance, UNSEEN};
use crate::features::cloudvision::pane::opened::Page;
use crate::features::cloudvision::pane::view::words;
use crate::features::cloudvision::pane::{Place, State};
use crate::features::cloudvision::worker::Request;
use crate::text::first_of;
use crate::ui::Look;
use crate::ui::line::fit;
use crate::ui::page::Span;
use crate::ui::theme::Role;
use crate::ui::time::distance;

/// Names of devices that a question lists.
const NAMED_DEVICES: usize = 6;

/// A change control on the screen, and when that was changed last.
pub(in crate::features::cloudvision::pane) struct OnScreen {
    /// As it is shown.
    pub(in crate::features::cloudvision::pane) change: Arc<Change>,
    /// On which CloudVision.
    pub(in crate::features::cloudvision::pane) instance: String,
    /// When it came to the screen like this.
    pub(in crate::features::cloudvision::pane) changed_at: DateTime<Utc>,
}

impl State {
    /// The change control under the cursor, or the one that is opened.
    pub(in crate::features::cloudvision::pane) fn change_on_screen(&self, place: Place) -> Result<OnScreen, String> {
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
    pub(in crate::features::cloudvision::pane) fn act_on_screen(
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
    pub(in crate::features::cloudvision::pane) fn aim_schedule(
        &self,
        bound: &Bound,
        at: DateTime<Utc>,
        look: &Look<'_>,
    ) -> Result<Aim, String> {
        let instance = self.writable(&bound.instance, Needs::Changes, look.now)?;
        let change = &instance.changes.items.get(&bound.change).ok_or("it does not exist any more")?.change;
        let starts = format!("starts by itself at {} {}", look.zone.full(at), look.zone.name(at));
        let mut lines = vec![(format!("{starts}, {}", distance(at, at, look.now)), Role::Text)];
        lines.extend(reach(change, instance));
        lines.extend(change.checks.iter().map(|check| warning(look, check.words())));
        let request = bound.act(ChangeAction::Schedule(at));
        Ok(Aim::of_change(request, "Schedule", change, instance, lines))
    }

    /// Something done to the change control on the screen.
    pub(super) fn aim_change(
        &self,
        place: Place,
        action: ChangeAction,
        verb: &str,
        look: &Look<'_>,
    ) -> Result<Aim, String> {
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
            (ChangeAction::Unschedule, _) => {
                if let Some(at) = change.scheduled_for {
                    let at = look.zone.full(at);
                    lines.push(warning(look, &format!("it does not start at {at} then, nor by itself at any time")));
                }
            }
            (ChangeAction::Arrange(_), _) => {
                lines.push(warning(look, "this is another version of it: an approval does not hold for that"));
            }
            _ => {}
        }
        if matches!(action, ChangeAction::Approve | ChangeAction::Start | ChangeAction::ApproveAndStart) {
            lines.extend(change.checks.iter().map(|check| warning(look, check.words())));
        }
        // An approval can be taken back; what CloudVision warns of is looked at first. In production somebody relies on what is
        // planned for the night.
        let is_harmless = (action == ChangeAction::Approve && change.checks.is_empty())
            || (action == ChangeAction::Unschedule && !instance.view.production);
        let request = act(&shown.instance, change, action);
        Ok(Aim { is_harmless, ..Aim::of_change(request, verb, change, instance, lines) })
    }
}

impl Aim {
    /// What is done to a change control. Where the question has no room for its name, that is told whole; where nothing of its
    /// name tells it from the others that are listed, its id is what is typed.
    pub(super) fn of_change(
        request: Request,
        verb: &str,
        change: &Change,
        instance: &Instance,
        mut lines: Vec<Span>,
    ) -> Self {
        let name = words::name(change);
        let word = telling_word(change, instance);
        let is_by_id = word.as_ref().is_some_and(|word| !name.contains(word.as_str()));
        let aim = Self::new(request, verb, name, instance, Vec::new());
        if !aim.question.contains(name) {
            lines.insert(0, (name.to_owned(), Role::Text));
        }
        if is_by_id {
            lines.push((format!("its id: {}", change.id), Role::Muted));
        }
        Self { word: word.unwrap_or(aim.word), lines, ..aim }
    }
}

/// What is typed for a change control: its name, or of a long one the first word that no other one has, such as the number of a
/// ticket; else the end of its id. Nothing where nobody could type any of these.
fn telling_word(change: &Change, instance: &Instance) -> Option<String> {
    let name = words::name(change);
    let others = || instance.changes.items.values().map(|entry| &entry.change).filter(|other| other.id != change.id);
    let is_alone = |word: &&str| !others().any(|other| words::name(other).split(' ').any(|its| its == *word));
    let is_same = others().any(|other| words::name(other) == name);
    let whole = typed_word(name).filter(|word| *word == name && !is_same);
    let telling =
        || name.split(' ').filter(|word| word.len() >= TYPED_LETTERS && typed_word(word).is_some()).find(is_alone);
    let is_long = |part: &&str| part.len() >= TYPED_LETTERS;
    let end = || change.id.as_str().rsplit(['-', '_', ':']).filter(is_long).find_map(typed_word);
    whole.or_else(telling).or_else(end).map(str::to_owned)
}

/// How much a change control does, and to which devices.
fn reach(change: &Change, instance: &Instance) -> Vec<Span> {
    let mut lines = vec![(words::extent(change), Role::Text)];
    let devices: Vec<_> = change.devices.iter().map(|device| instance.hostname(device)).collect();
    if !devices.is_empty() {
        lines.push((first_of(&devices, NAMED_DEVICES), Role::Muted));
    }
    lines
}

//! What the panes say of themselves: in their titles, on their tabs, in the header, in the footer.

use chrono::{DateTime, TimeDelta, Utc};

use super::instance::UNSEEN;
use super::opened::Page;
use super::rows::DeployRow;
use super::run::Run;
use super::{Command, Deed, Place, State};
use crate::features::cloudvision::leftover::{Leftover, Standing};
use crate::features::cloudvision::model::{ChangeAction, ChangeState, WorkspaceId};
use crate::features::cloudvision::worker::{Health, Unfinished};
use crate::ui::Look;
use crate::ui::page::Span;
use crate::ui::theme;
use crate::ui::time::Zone;

impl State {
    /// The CloudVision that is shown, for titles.
    pub(crate) fn badge_of_instance(&self) -> Vec<Span> {
        self.instance().map(super::instance::Instance::badge).unwrap_or_default()
    }

    /// The figures of a pane's title, in the order of their weight.
    pub(crate) fn heading(&self, place: Place) -> Vec<String> {
        let Some(instance) = self.instance() else { return vec![] };
        let mut parts = Vec::new();
        let mut add = |count: usize, word: &str| {
            if count > 0 {
                parts.push(format!("{count} {word}"));
            }
        };
        match place {
            Place::Deploys => {
                add(self.waiting(), "to look at");
                add(self.running(), "running");
                add(self.unfinished_here().filter(|left| left.lives).count(), "elsewhere");
                add(self.unfinished_here().filter(|left| !left.lives).count(), "unfinished");
                add(instance.kept().count(), "kept");
                add(
                    self.targets.iter().flatten().filter(|target| target.instance == instance.view.name).count(),
                    "targets",
                );
            }
            Place::Changes => {
                let entries = || instance.changes.items.values();
                let count = |state| entries().filter(|entry| entry.change.state == state).count();
                add(count(ChangeState::Running), "running");
                add(count(ChangeState::Pending), "pending");
                add(count(ChangeState::Approved), "approved");
                add(count(ChangeState::Scheduled), "scheduled");
                add(entries().filter(|entry| entry.is_news).count(), "new");
            }
        }
        parts
    }

    /// Workspaces that are open on a CloudVision though the process that made them is no more.
    pub(super) fn lost(&self, instance: &super::instance::Instance) -> usize {
        let here = self.unfinished.iter().filter(|left| left.instance == instance.view.name);
        let lost = here.filter(|left| !left.lives && !left.phase.is_in_force());
        let open = lost.filter_map(|left| instance.workspaces.items.get(left.workspace.as_ref()?));
        open.filter(|workspace| workspace.state.is_open()).count()
    }

    /// The deployment from here that made a workspace of the CloudVision that is shown, if that is not in force.
    pub(super) fn leftover(&self, workspace: &WorkspaceId) -> Option<Leftover> {
        let instance = self.instance()?;
        let is_at_it =
            |run: &&Run| run.ended.is_none() && run.workspace.as_ref() == Some(workspace) && !run.is_submitted();
        if let Some(run) = self.runs.iter().filter(|run| run.instance == instance.view.name).find(is_at_it) {
            return Some(Leftover { standing: Standing::InUse, target: Some(run.target.clone()) });
        }
        let kept = instance.unsubmitted.get(workspace);
        let kept = kept.map(|target| Leftover { standing: Standing::Kept, target: target.clone() });
        let is_its = |left: &&Unfinished| left.workspace.as_ref() == Some(workspace) && !left.phase.is_in_force();
        kept.or_else(|| {
            let left = self.unfinished.iter().find(is_its)?;
            let standing = if left.lives { Standing::InUse } else { Standing::Left };
            Some(Leftover { standing, target: left.target.clone() })
        })
    }

    /// Deployments that wait for a look, wherever.
    fn waiting(&self) -> usize {
        self.runs.iter().filter(|run| run.waits_since.is_some()).count()
    }

    /// Deployments under way, wherever.
    fn running(&self) -> usize {
        self.runs.iter().filter(|run| run.ended.is_none() && run.waits_since.is_none()).count()
    }

    /// The number on the tab: what is under way, left unfinished or kept open; what waits for somebody or runs.
    pub(crate) fn badge(&self, place: Place) -> Option<String> {
        let count = match place {
            Place::Deploys => {
                let kept = self.instance().map_or(0, |instance| instance.kept().count());
                self.waiting() + self.running() + self.unfinished_here().count() + kept
            }
            Place::Changes => {
                let entries = self.instance()?.changes.items.values();
                entries.filter(|entry| !entry.change.state.is_over()).count()
            }
        };
        (count > 0).then(|| count.to_string())
    }

    /// Every CloudVision in one word for the header, the worst of them, and their whole story. `None` if none is
    /// configured.
    pub(crate) fn connection(&self, zone: Zone, now: DateTime<Utc>) -> Option<(theme::State, String, Vec<String>)> {
        let weight = |health: &Health| match health {
            Health::Failing { .. } => 2,
            Health::Connecting | Health::Live { unanswered: Some(_), .. } => 1,
            Health::Live { .. } => 0,
        };
        let worst = self.instances.iter().rev().max_by_key(|instance| weight(&instance.health))?;
        let (state, mut word) = worst.state(now);
        if self.instances.len() > 1 && weight(&worst.health) > 0 {
            word = format!("{} {word}", crate::ui::line::fit(&worst.view.name, 12));
        }
        let mut story: Vec<String> =
            self.instances.iter().flat_map(|instance| instance.story(self.lost(instance), zone, now)).collect();
        if self.instances.len() > 1 {
            story.extend(
                self.instance().map(|instance| format!("{} is shown; <instance> switches", instance.view.name)),
            );
        }
        Some((state, word, story))
    }

    /// Every instant that a text on the screen counts to: the seconds of a deployment that is looked at, the times at
    /// which something starts or is tried again.
    pub(crate) fn instants(&self, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let mut instants = Vec::new();
        if let Some(Page::Deployment(_)) = self.page(Place::Deploys)
            && self.subject_run().is_some_and(|run| run.ended.is_none())
        {
            instants.push(now + TimeDelta::seconds(1));
        }
        for place in [Place::Deploys, Place::Changes] {
            if let Some(Page::Change(page)) = self.page(place) {
                instants.extend(page.change.scheduled_for);
            }
        }
        if let Some(Health::Failing { retry_at, .. }) = self.instance().map(|instance| &instance.health) {
            instants.extend(*retry_at);
        }
        instants
    }

    /// Whether a deed would do something with what is on the screen: the footer promises no more than that.
    fn suits(&self, deed: Deed, place: Place, look: &Look<'_>) -> bool {
        // What has only just come to the screen can be acted on in a moment.
        self.aim(deed, place, &Look { now: look.now + UNSEEN, ..*look }).is_ok()
    }

    /// The word for a command in the footer; `None` where it makes no sense now.
    pub(crate) fn hint(
        &self,
        place: Place,
        command: Command,
        word: &'static str,
        look: &Look<'_>,
    ) -> Option<&'static str> {
        let run = || self.subject_run();
        let makes_sense = match command {
            Command::Do(deed) => self.suits(deed, place, look),
            Command::OpenChange => self.change_of_deployment().is_some(),
            Command::Schedule => {
                let action = ChangeAction::Schedule(look.now);
                let shown = self.act_on_screen(place, &action, look.now + UNSEEN);
                // One that is planned already is planned anew by `p`, and that need not be said.
                shown.is_ok_and(|(shown, _)| shown.change.state == ChangeState::Approved)
            }
            Command::Open => match (place, self.page(place)) {
                (_, Some(Page::Deployment(page))) => !page.detail.list.rows().is_empty(),
                (_, Some(_)) => true,
                (Place::Deploys, None) => self.deploys.list.selected().is_some(),
                (Place::Changes, None) => self.changes.list.selected().is_some(),
            },
            Command::Instance => self.instances.len() > 1,
            // Facts alone are no text to search in.
            Command::Filter => {
                !matches!(self.page(place), Some(Page::Deployment(page)) if page.detail.list.rows().is_empty())
            }
            Command::Rename
            | Command::Describe
            | Command::Close
            | Command::Next
            | Command::Previous
            | Command::FindNext
            | Command::FindPrevious
            | Command::Show
            | Command::Seen
            | Command::Workspaces
            | Command::Devices
            | Command::Copy
            | Command::CopyText
            | Command::Refresh => true,
        };
        let word = match (command, self.page(place)) {
            (Command::Open, Some(Page::Deployment(page))) if page.detail.is_full => return None,
            (Command::Open, Some(Page::Change(page))) if page.detail.is_full => return None,
            (Command::Open, Some(_)) => "text",
            (Command::Filter, Some(Page::Deployment(_) | Page::Change(_))) => "search",
            (Command::Do(Deed::Cancel), _) if run().is_some_and(|run| run.ended.is_some()) => "delete",
            (Command::Open, None)
                if matches!(self.deploys.list.selected(), Some(DeployRow::Unfinished(_)))
                    && place == Place::Deploys =>
            {
                "look"
            }
            _ => word,
        };
        (makes_sense && !self.instances.is_empty()).then_some(word)
    }
}

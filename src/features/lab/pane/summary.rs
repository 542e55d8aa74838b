//! What the pane says of itself: in its title, on its tab, in the header, in the footer.

use chrono::{DateTime, TimeDelta, Utc};

use super::plan::{Plan, Stage, removal};
use super::{Command, Page, State};
use crate::features::lab::model::{self, State as Is};
use crate::features::lab::worker::Health;
use crate::text::counted;
use crate::ui::page::Span;
use crate::ui::theme;
use crate::ui::time::Zone;

impl State {
    /// The lab that is shown, for titles.
    pub(crate) fn badge_of_lab(&self) -> Vec<Span> {
        self.lab().map(super::lab::LabState::badge).unwrap_or_default()
    }

    /// The rows of the lab that is shown, filter or not.
    fn all_rows(&self) -> &[model::Row] {
        self.lab().and_then(super::lab::LabState::rows).unwrap_or_default()
    }

    /// The figures of the title, in the order of their weight.
    pub(crate) fn heading(&self, now: DateTime<Utc>) -> Vec<String> {
        let Some(lab) = self.lab() else { return vec![] };
        let rows = self.all_rows();
        let mut parts: Vec<String> = lab.countdown(now).into_iter().collect();
        parts.extend(lab.untold(now));
        let mut add = |count: usize, word: &str| {
            if count > 0 {
                parts.push(format!("{count} {word}"));
            }
        };
        let foreign = lab
            .snapshot
            .as_ref()
            .and_then(|snapshot| snapshot.firewall.as_ref())
            .map_or(0, |it| it.foreign + it.foreign_ways.len());
        add(foreign, if foreign == 1 { "foreign rule" } else { "foreign rules" });
        let count = |state: Is| rows.iter().filter(|row| row.state == state).count();
        add(count(Is::Dead), "dead");
        add(count(Is::Unlisted), "unlisted");
        add(count(Is::Unreachable), "unreachable");
        add(count(Is::Duplicate), "duplicate");
        add(count(Is::Gone), "gone");
        add(count(Is::Live), "live");
        if let Some(snapshot) = lab.snapshot.as_ref().filter(|snapshot| snapshot.is_nearly_full()) {
            parts.push(format!("{} of {} ports taken", snapshot.forwards.len(), model::PORTS.len()));
        }
        let machines: std::collections::BTreeSet<&str> =
            rows.iter().map(|row| row.name.as_str()).filter(|name| !name.is_empty()).collect();
        if !machines.is_empty() {
            parts.push(counted(machines.len(), "machine"));
        }
        parts
    }

    /// The number on the tab: what somebody should look at.
    pub(crate) fn badge(&self) -> Option<String> {
        let count = self.all_rows().iter().filter(|row| row.is_fault()).count();
        (count > 0).then(|| count.to_string())
    }

    /// Every lab in one word for the header, the worst of them, and their whole story. `None` if none is configured.
    pub(crate) fn connection(&self, zone: Zone, now: DateTime<Utc>) -> Option<(theme::State, String, Vec<String>)> {
        let weight = |health: &Health| match health {
            Health::Failing { .. } => 2,
            Health::Connecting => 1,
            Health::Live { .. } => 0,
        };
        let worst = self.labs.iter().rev().max_by_key(|lab| weight(&lab.health))?;
        let (state, mut word) = worst.state(now);
        if self.labs.len() > 1 && weight(&worst.health) > 0 {
            word = format!("{} {word}", crate::ui::line::fit(&worst.view.name, 12));
        }
        let mut story: Vec<String> = self.labs.iter().flat_map(|lab| lab.story(zone, now)).collect();
        if self.labs.len() > 1 {
            story.extend(self.lab().map(|lab| format!("{} is shown; <lab-switch> switches", lab.view.name)));
        }
        Some((state, word, story))
    }

    /// Every instant that a text on the screen counts to.
    pub(crate) fn instants(&self, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let ends = self.labs.iter().filter_map(|lab| lab.token.as_ref()?.claims.expires_at);
        // At the end itself it reads differently, and is told of.
        let ends =
            ends.filter(|end| *end + TimeDelta::seconds(1) > now).flat_map(|end| [end, end + TimeDelta::seconds(1)]);
        ends.collect()
    }

    /// Changes that are being carried out or follow from what is under way: a connection that is waited for, or over which
    /// something is to be removed.
    pub(crate) fn under_way(&self) -> usize {
        let is_change = |(job, purpose): &(&super::JobId, &super::Purpose)| {
            let super::Purpose::Connect(connection) = purpose else { return true };
            self.connecting == Some(**job) || connection.temporary.is_some()
        };
        self.jobs.iter().filter(is_change).count()
    }

    /// The word for a command in the footer; `None` where it makes no sense now.
    pub(crate) fn hint(&self, command: Command, word: &'static str, now: DateTime<Utc>) -> Option<&'static str> {
        let lab = self.lab()?;
        let may_write = !lab.view.read_only && lab.stale(self.started, now).is_none();
        let row = self.row_on_screen();
        let is_marked = self.page.is_none() && self.list.marked() > 1;
        let plan = match &self.page {
            Some(Page::Plan(Plan { stage, .. })) => Some(stage),
            _ => None,
        };
        let makes_sense = match command {
            Command::Connect | Command::Files => row.is_some() && !self.is_connecting(),
            Command::Details => row.is_some(),
            Command::Copy | Command::CopyCommand => row.is_some_and(|row| row.port.is_some()),
            Command::Delete => {
                let can_go = |row: &model::Row| removal(row, lab.view.has_shell).is_ok();
                may_write && (is_marked || row.is_some_and(can_go))
            }
            Command::CopyMending => self.mending().is_some(),
            Command::Undo => may_write && self.undoable().is_some(),
            Command::Clean => may_write && self.all_rows().iter().any(|row| self.is_rubbish(row)),
            Command::Go => may_write && plan == Some(&Stage::Drafted),
            Command::Leave => plan == Some(&Stage::Drafted),
            Command::Stop => matches!(plan, Some(Stage::Running(..))),
            Command::Instance => self.labs.len() > 1,
            Command::New | Command::Restore => may_write,
            Command::Save
            | Command::Mark
            | Command::MarkAll
            | Command::Filter
            | Command::Next
            | Command::Previous
            | Command::Close
            | Command::Refresh => true,
        };
        makes_sense.then_some(word)
    }
}

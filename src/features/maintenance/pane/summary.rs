//! The pane in few words: its title, its tab, its place in the header, its text for the clipboard.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use ratatui::layout::Rect;

use super::opened::{Load, Page};
use super::report::many;
use super::{Outcome, State, view};
use crate::features::maintenance::model::Impact;
use crate::features::maintenance::store::count::Count;
use crate::features::maintenance::worker::{SourceHealth, SourceState};
use crate::text::clean_line;
use crate::ui::Look;
use crate::ui::line::fit;
use crate::ui::page::plain;
use crate::ui::theme;
use crate::ui::time::{Zone, age};

/// Cells that a reason takes in the header; all of it is one key away.
const REASON_CELLS: usize = 24;

impl State {
    /// `4 marked`, `3 active`, `5 in 24 h`, `3 to read`, `2 new`: for the title, the weightiest first. What is marked
    /// stands here because the title is always there: a line of its own would move the rows under the cursor.
    pub(crate) fn heading(&self) -> Vec<String> {
        let mut parts = Vec::new();
        match self.marked() {
            0 => {}
            marked => parts.push(format!("{marked} marked{}", self.not_shown())),
        }
        let Some(counts) = &self.counts else { return parts };
        parts.extend([format!("{} active", counts.active), format!("{} in 24 h", counts.next_24h)]);
        // Nothing else tells of a mail that no rule could read: in the smallest tile this has to be there.
        match counts.need_a_look {
            0 => {}
            mails => parts.push(format!("{mails} to read")),
        }
        if counts.unacknowledged != Count::default() {
            parts.push(format!("{} unacknowledged", counts.unacknowledged));
        }
        if counts.unseen != Count::default() {
            parts.push(format!("{} new", counts.unseen));
        }
        parts
    }

    /// The number on the tab: active ones.
    pub(crate) fn badge(&self) -> Option<String> {
        let active = self.counts.as_ref()?.active;
        (active != Count::default()).then(|| active.to_string())
    }

    /// How many maintenances there are in all; `None` until that is known.
    pub(super) fn total(&self) -> Option<u64> {
        self.counts.as_ref().map(|counts| counts.total)
    }

    /// The first source of which not every mail is read, and why in a few words.
    pub(super) fn failing(&self) -> Option<(&str, Cow<'_, str>)> {
        self.sources.iter().find_map(|source| {
            let why = match &source.health {
                // What comes first, not half of a path.
                SourceHealth::Failing(reason) => reason.split(':').next().unwrap_or(reason).into(),
                SourceHealth::Waiting { reason, .. } => (*reason).into(),
                SourceHealth::Down { brief, .. } => (*brief).into(),
                SourceHealth::Standby { failure: Some(_), .. } => "fails elsewhere".into(),
                SourceHealth::Starting
                | SourceHealth::Reading(_)
                | SourceHealth::Watching
                | SourceHealth::Paused { .. }
                | SourceHealth::Standby { failure: None, .. } => return None,
            };
            Some((source.name.as_str(), why))
        })
    }

    /// The sources in one word for the header, and their whole story. `None` if none is configured.
    pub(crate) fn connection(&self, zone: Zone, now: DateTime<Utc>) -> Option<(theme::State, String, Vec<String>)> {
        let story = self.sources.iter().flat_map(|source| {
            let health = match &source.health {
                SourceHealth::Starting => "being opened".to_owned(),
                SourceHealth::Reading(mails) => format!("reading {mails} mails"),
                SourceHealth::Watching => "complete; new mail is taken as it arrives".to_owned(),
                SourceHealth::Failing(reason) => format!("failing: {reason}"),
                SourceHealth::Down { trouble, again_at, .. } => {
                    let next = again_at.map_or_else(
                        || "not tried again by itself".to_owned(),
                        |at| format!("tried again at {} {}", zone.local(at).format("%H:%M:%S"), zone.name(at)),
                    );
                    format!("{}; {next}", trouble.one_line())
                }
                SourceHealth::Paused { who, at } => format!("paused by {who} {} ago", age(*at, now)),
                SourceHealth::Standby { holder, failure: None } => {
                    format!("read by {holder}; what it finds shows here, too")
                }
                SourceHealth::Standby { holder, failure: Some(why) } => format!("failing for {holder}: {why}"),
                SourceHealth::Waiting { why, mails, again_at, .. } => {
                    let waits = if *mails == 1 { "1 mail waits".to_owned() } else { format!("{mails} mails wait") };
                    let next = format!("{} {}", zone.local(*again_at).format("%H:%M:%S"), zone.name(*again_at));
                    format!("{waits}: {why}; tried again at {next}")
                }
            };
            // Where what is new is told at once it is complete all the time.
            let is_live = source.health == SourceHealth::Watching && source.next_at.is_none();
            let fresh_at = source.fresh_at.map(|at| if is_live { now } else { at });
            let fresh = fresh_at.map_or_else(|| "never".to_owned(), |at| format!("{} ago", age(at, now)));
            let alert = source.alert.as_ref().map(|alert| format!("  its server says: {}", clean_line(alert)));
            let story = [
                format!("{}  {}", source.name, source.place),
                format!("  {health}; {} since the start; last complete {fresh}", many(source.received, "mail")),
            ];
            story.into_iter().chain(alert)
        });
        let failing = self.failing().map(|(_, why)| fit(&why, REASON_CELLS).into_owned());
        let busy = self
            .sources
            .iter()
            .any(|source| matches!(source.health, SourceHealth::Starting | SourceHealth::Reading(_)));
        let paused = self.sources.iter().any(|source| matches!(source.health, SourceHealth::Paused { .. }));
        let (state, word) = match (self.sources.is_empty(), failing, busy) {
            (true, ..) => return None,
            (_, Some(reason), _) => (theme::State::Failed, reason),
            (_, None, true) => (theme::State::Progress, "reading".to_owned()),
            // What rests may hide what is going on; nothing else on the screen would say so.
            (_, None, false) if paused => (theme::State::Warning, "paused".to_owned()),
            (_, None, false) => (theme::State::Active, "live".to_owned()),
        };
        Some((state, word, story.collect()))
    }

    /// What is wrong with each source, for those who are told of changes alone: nothing of when and how much. Sources that are
    /// being opened or read are left out: nobody knows yet.
    pub(crate) fn troubles(&self) -> Vec<(String, Option<String>)> {
        let of = |source: &SourceState| {
            let trouble = match &source.health {
                SourceHealth::Starting | SourceHealth::Reading(_) => return None,
                SourceHealth::Watching | SourceHealth::Standby { failure: None, .. } => None,
                SourceHealth::Failing(reason) => Some(format!("failing: {reason}")),
                SourceHealth::Down { trouble, .. } => Some(trouble.one_line()),
                SourceHealth::Paused { who, .. } => Some(format!("paused by {who}")),
                SourceHealth::Standby { holder, failure: Some(why) } => Some(format!("failing for {holder}: {why}")),
                SourceHealth::Waiting { why, .. } => Some(format!("its mails wait: {why}")),
            };
            Some((format!("{}  {}", source.name, source.place), trouble))
        };
        self.sources.iter().filter_map(of).collect()
    }

    /// `Y`: what is shown, as text.
    pub(super) fn copy_text(&self, look: &Look<'_>) -> Outcome {
        if let Some(outcome) = self.too_many_to_copy() {
            return outcome;
        }
        let columns = 100;
        let lines = match self.pages.last() {
            Some(Page::Maintenance(page)) => {
                let mut lines = view::maintenance_lines(page, look, columns);
                if let Load::Ready(detail) = &page.detail {
                    let title = format!(
                        "{} {} {}",
                        detail.provider,
                        detail.maintenance_id,
                        detail.status.word_at(detail.end, look.now)
                    );
                    lines.insert(0, plain(title, theme::Role::Title));
                }
                lines
            }
            Some(Page::Notification(page)) => match &page.mail {
                Load::Ready(mail) if page.is_raw => view::raw_lines(mail, columns.into()),
                Load::Ready(mail) => view::mail_lines(mail, look, columns.into()),
                Load::Loading | Load::Failed(_) => vec![],
            },
            Some(Page::Outbox(page)) => {
                let row = page.list.selected();
                row.map(|row| plain(super::outbox::in_words(row), theme::Role::Text)).into_iter().collect()
            }
            Some(Page::Notifications(page)) => {
                let row = page.list.selected();
                row.map(|row| plain(format!("{} {} {}", row.outcome, row.sender, row.subject), theme::Role::Text))
                    .into_iter()
                    .collect()
            }
            Some(Page::Sources(page)) => view::source_lines(self, page, look),
            None => self
                .list
                .targets()
                .into_iter()
                .map(|row| {
                    let window = look.zone.window(row.start, row.end);
                    let impact = row.worst_impact.map_or("", Impact::word);
                    let text = format!(
                        "{} {} {} {window} {impact} {}",
                        row.provider,
                        row.maintenance_id,
                        row.status.word_at(row.end, look.now),
                        row.first_circuits.join(" ")
                    );
                    plain(text.trim_end().to_owned(), theme::Role::Text)
                })
                .collect(),
        };
        let text: Vec<String> = lines
            .into_iter()
            .map(|line| line.into_iter().map(|(text, _)| text).collect::<String>().trim_end().to_owned())
            .collect();
        Outcome::copied(text.join("\n"))
    }

    /// Makes what is opened fit its place: mails become lines, and nothing is scrolled past its end.
    pub(crate) fn lay_out(&mut self, look: &Look<'_>) {
        let area = Rect::new(0, 0, self.size.0, self.size.1);
        match self.pages.last_mut() {
            Some(Page::Maintenance(page)) => view::lay_out_maintenance(page, look, area),
            Some(Page::Notification(page)) => view::lay_out_notification(page, look, area),
            Some(Page::Notifications(_) | Page::Sources(_) | Page::Outbox(_)) | None => {}
        }
    }
}

//! The sources: how they are doing, looked at now, paused and read again.

use super::opened::{Page, SourcesPage};
use super::{Outcome, State};
use crate::command::Motion;
use crate::features::maintenance::worker::{Question, Request, SourceFacts, SourceState, Write};
use crate::trouble::Trouble;

impl State {
    /// `S`.
    pub(super) fn open_sources(&mut self) -> Outcome {
        self.pages.push(Page::Sources(SourcesPage::default()));
        Outcome::ask(Question::Sources)
    }

    /// The page, if it is open.
    fn sources_page(&mut self) -> Option<&mut SourcesPage> {
        self.pages.iter_mut().find_map(|page| match page {
            Page::Sources(page) => Some(page),
            Page::Maintenance(_) | Page::Notifications(_) | Page::Notification(_) | Page::Outbox(_) => None,
        })
    }

    /// What is known of the sources.
    pub(super) fn sources_told(&mut self, facts: Result<Vec<SourceFacts>, Trouble>) {
        let Some(page) = self.sources_page() else { return };
        match facts {
            Ok(facts) => {
                let selected = page.selected().map(|facts| facts.name.clone());
                page.at = facts.iter().position(|facts| Some(&facts.name) == selected.as_ref()).unwrap_or(0);
                (page.rows, page.failure) = (Some(facts), None);
            }
            Err(trouble) => page.failure = Some(trouble),
        }
    }

    /// How this process has a source.
    pub(crate) fn source_state(&self, name: &str) -> Option<&SourceState> {
        self.sources.iter().find(|source| source.name == name)
    }

    /// `r` on the page looks at the source under the cursor, elsewhere at all of them.
    pub(super) fn sync(&self) -> Outcome {
        let Some(Page::Sources(page)) = self.pages.last() else {
            let said = match (self.sources.is_empty(), self.nautobot.is_some()) {
                (true, false) => {
                    return Outcome::warn(
                        "no source is configured; [[maintenance.source]] in the configuration adds one",
                    );
                }
                (false, false) => "asking the sources for new mail",
                (true, true) => "asking Nautobot for what is new",
                (false, true) => "asking the sources for new mail, and Nautobot",
            };
            return Outcome { requests: vec![Request::Sync], ..Outcome::done(said) };
        };
        match page.selected() {
            Some(_) if self.is_source_paused() => Outcome::warn("it is paused; <pause-source> reads it again"),
            Some(facts) => Outcome::ask(Write::Look { name: facts.name.clone() }),
            None => Outcome::warn("there is no source here"),
        }
    }

    /// `p` on the page.
    pub(super) fn pause(&self) -> Outcome {
        let Some(Page::Sources(page)) = self.pages.last() else { return Outcome::none() };
        let Some(facts) = page.selected() else { return Outcome::warn("there is no source here") };
        let name = facts.name.clone();
        if facts.known.paused.is_some() {
            Outcome::ask(Write::Resume { name })
        } else {
            Outcome::ask(Write::Pause { name, who: self.who.clone() })
        }
    }

    /// Whether the page of the sources is open and the cursor is on one.
    pub(super) fn has_source(&self) -> bool {
        matches!(self.pages.last(), Some(Page::Sources(page)) if page.selected().is_some())
    }

    /// Whether the source under the cursor rests.
    pub(super) fn is_source_paused(&self) -> bool {
        let Some(Page::Sources(page)) = self.pages.last() else { return false };
        page.selected().is_some_and(|facts| facts.known.paused.is_some())
    }
}

impl SourcesPage {
    /// The source under the cursor.
    pub(crate) fn selected(&self) -> Option<&SourceFacts> {
        self.rows.as_ref()?.get(self.at)
    }

    /// Moves the cursor.
    pub(super) fn moved(&mut self, motion: Motion) {
        let last = self.rows.as_ref().map_or(0, Vec::len).saturating_sub(1);
        self.at = match (motion, motion.distance(last.max(1))) {
            (_, Some(rows)) => self.at.saturating_add_signed(rows).min(last),
            (Motion::Bottom, None) => last,
            (_, None) => 0,
        };
    }
}

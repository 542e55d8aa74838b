//! What is to be written to Nautobot, and how the connection to it is doing.

use chrono::{DateTime, Utc};

use super::moving::page_height;
use super::opened::{OutboxPage, Page};
use super::{Command, Outcome, State};
use crate::features::maintenance::nautobot::error;
use crate::features::maintenance::nautobot::store::outbox::{self, Entry};
use crate::features::maintenance::nautobot::store::standing::OutboxRow;
use crate::features::maintenance::store::MaintenanceKey;
use crate::features::maintenance::worker::{NautobotHealth, OutboxWish, Question, Request, Write};
use crate::trouble::Trouble;
use crate::ui::theme;
use crate::ui::time::{Zone, age};

/// What is said where no entry is.
const NOTHING: &str = "there is nothing here to be written";

impl State {
    /// `O`: what is to be written.
    pub(super) fn open_outbox(&mut self) -> Outcome {
        if self.nautobot.is_none() {
            return Outcome::warn("no Nautobot is configured: `url` in [nautobot] names one");
        }
        let mut page = OutboxPage::default();
        page.list.set_height(page_height(self.size.1, 0));
        self.pages.push(Page::Outbox(page));
        Outcome::ask(Question::Outbox)
    }

    /// Whether something waits to be written: only then the footer has room for its key.
    pub(super) fn has_outbox(&self) -> bool {
        !self.is_opened() && self.nautobot.as_ref().is_some_and(|nautobot| nautobot.waiting > 0)
    }

    /// The entry under the cursor.
    pub(super) fn outbox_entry(&self) -> Option<&Entry> {
        match self.pages.last() {
            Some(Page::Outbox(page)) => match page.list.selected() {
                Some(OutboxRow::Entry(entry)) => Some(entry),
                Some(OutboxRow::Difference(_)) | None => None,
            },
            _ => None,
        }
    }

    /// The maintenance of the row under the cursor, as far as it is known here.
    pub(super) fn outbox_maintenance(&self) -> Option<MaintenanceKey> {
        match self.pages.last() {
            Some(Page::Outbox(page)) => match page.list.selected()? {
                OutboxRow::Entry(entry) => entry.here,
                OutboxRow::Difference(difference) => Some(difference.here),
            },
            _ => None,
        }
    }

    /// `t`: the entry is sent again. One in conflict is asked about first.
    pub(super) fn send_again(&self) -> Outcome {
        match self.outbox_entry() {
            Some(entry) if entry.state == outbox::State::Conflict => {
                Outcome::warn("it was changed in Nautobot, too: <outbox-anyway> writes ours, <outbox-drop> leaves both")
            }
            Some(entry) => {
                let who = self.who.clone();
                Outcome::ask(Write::Outbox { ids: vec![entry.id], what: OutboxWish::Retry, who })
            }
            None => Outcome::warn(NOTHING),
        }
    }

    /// Whether what is under the cursor is a conflict about a field or an acknowledgement, of which `t` takes what Nautobot says.
    pub(crate) fn is_outbox_in_conflict(&self) -> bool {
        let is_of_note = |entry: &Entry| entry.kind == outbox::Kind::Note;
        self.outbox_entry().is_some_and(|entry| entry.state == outbox::State::Conflict && !is_of_note(entry))
    }

    /// What takes the entry out or writes it whatever is there, and what is asked before: others come and go meanwhile, so
    /// it is bound to this one. Or why there is none.
    pub(crate) fn question_of_outbox(&self, command: Command) -> Result<(Request, &'static str, Vec<String>), String> {
        let entry = self.outbox_entry().ok_or(NOTHING)?;
        let mut more = vec![told(entry)];
        let (what, question) = if command == Command::OutboxAnyway {
            if entry.state != outbox::State::Conflict {
                return Err("nothing in Nautobot speaks against it: <outbox-retry> tries it again".to_owned());
            }
            more.push(entry.reason.clone());
            (OutboxWish::Anyway, "Write this to Nautobot all the same?")
        } else if command == Command::OutboxRetry {
            more.push(entry.reason.clone());
            (OutboxWish::Take, "Take over what Nautobot says?")
        } else if entry.state == outbox::State::Conflict {
            more.push(entry.reason.clone());
            (OutboxWish::Drop, "Leave it different here and in Nautobot?")
        } else {
            (OutboxWish::Drop, "Never write this to Nautobot?")
        };
        let who = self.who.clone();
        Ok((Write::Outbox { ids: vec![entry.id], what, who }.into(), question, more))
    }

    /// What becomes of entries that may be sent again.
    pub(super) fn sent_again(&self) -> &'static str {
        match self.nautobot.as_ref().map(|told| (told.held, &told.health)) {
            Some((Some(_), _)) => "to be sent when Nautobot may be written to",
            Some((None, NautobotHealth::Live | NautobotHealth::Reading)) => "being sent again",
            Some((None, NautobotHealth::Elsewhere { .. })) => "being sent again by the noctui that writes to Nautobot",
            Some((None, NautobotHealth::Connecting | NautobotHealth::Failing { .. })) | None => {
                "to be sent again when Nautobot answers"
            }
        }
    }

    /// What is to be written arrived.
    pub(super) fn outbox_told(&mut self, entries: &Result<Vec<OutboxRow>, Trouble>) {
        for page in &mut self.pages {
            let Page::Outbox(page) = page else { continue };
            match entries {
                Ok(entries) => {
                    page.failure = None;
                    page.list.replace(entries.clone(), false, false, None);
                }
                Err(trouble) => page.failure = Some(trouble.clone()),
            }
        }
    }

    /// Nautobot is configured no more.
    pub(crate) fn forget_nautobot(&mut self) {
        self.nautobot = None;
    }

    /// The connection to Nautobot in one word for the header, and its whole story. `None` if none is configured.
    pub(crate) fn nautobot_connection(
        &self,
        zone: Zone,
        now: DateTime<Utc>,
    ) -> Option<(theme::State, String, Vec<String>)> {
        let told = self.nautobot.as_ref()?;
        let (state, word) = match &told.health {
            NautobotHealth::Connecting => (theme::State::Progress, "connecting".to_owned()),
            NautobotHealth::Reading => (theme::State::Progress, "reading".to_owned()),
            NautobotHealth::Failing { word, .. } => (theme::State::Failed, (*word).to_owned()),
            NautobotHealth::Elsewhere { failure: Some(_), .. } => (theme::State::Failed, "fails elsewhere".to_owned()),
            _ if told.vanished.is_some() => (theme::State::Warning, "shows less".to_owned()),
            _ if told.stuck > 0 => (theme::State::Warning, format!("{} stuck", told.stuck)),
            _ if told.waiting > 0 => (theme::State::Active, format!("{} waiting", told.waiting)),
            NautobotHealth::Live | NautobotHealth::Elsewhere { .. } => {
                let synced = told.synced_at.map_or_else(|| "live".to_owned(), |at| age(at, now));
                (theme::State::Active, synced)
            }
        };
        let health = match &told.health {
            NautobotHealth::Connecting => "being connected".to_owned(),
            NautobotHealth::Reading => "being read".to_owned(),
            NautobotHealth::Live => "read to the end".to_owned(),
            NautobotHealth::Elsewhere { label, failure: None } => {
                format!("read and written by {label}; what it does shows here, too")
            }
            NautobotHealth::Elsewhere { label, failure: Some(why) } => format!("failing for {label}: {why}"),
            NautobotHealth::Failing { trouble, retry_at, .. } => {
                let next = format!("{} {}", zone.local(*retry_at).format("%H:%M:%S"), zone.name(*retry_at));
                format!("{}; tried again at {next}", trouble.one_line())
            }
        };
        let version = if told.version.is_empty() { String::new() } else { format!("  {}", told.version) };
        let synced = told.synced_at.map_or_else(|| "never".to_owned(), |at| format!("{} ago", age(at, now)));
        let held = told.held.map(|why| format!("; nothing is written: {why}")).unwrap_or_default();
        let outbox = match (told.waiting, told.stuck) {
            (0, _) => format!("  outbox: nothing waits{held}"),
            (waiting, 0) => format!("  outbox: {waiting} waiting{held}"),
            (waiting, stuck) => format!("  outbox: {waiting} waiting, {stuck} of them need somebody{held}"),
        };
        let first = format!("Nautobot  {}{version}", told.server);
        let mut story = vec![first, format!("  {health}; last complete {synced}"), outbox];
        story.extend(told.vanished.as_deref().map(|what| format!("  {}", error::vanished(what).one_line())));
        Some((state, word, story))
    }
}

/// An entry in words: `note of lumen/CHG1 by anna`.
pub(super) fn told(entry: &Entry) -> String {
    let Entry { provider, maintenance_id, who, .. } = entry;
    let by = if entry.field.is_some() { String::new() } else { format!(" by {who}") };
    format!("{} of {provider}/{maintenance_id}{by}", entry.word())
}

/// A row in words, for the clipboard.
pub(super) fn in_words(row: &OutboxRow) -> String {
    match row {
        OutboxRow::Entry(entry) if entry.reason.is_empty() => told(entry),
        OutboxRow::Entry(entry) => format!("{}: {}", told(entry), entry.reason),
        OutboxRow::Difference(difference) => {
            format!("{}/{}: {}", difference.provider, difference.maintenance_id, difference.reason)
        }
    }
}

/// The provider's id of a row's maintenance, for the clipboard.
pub(super) fn id_of(row: &OutboxRow) -> String {
    match row {
        OutboxRow::Entry(entry) => entry.maintenance_id.clone(),
        OutboxRow::Difference(difference) => difference.maintenance_id.clone(),
    }
}

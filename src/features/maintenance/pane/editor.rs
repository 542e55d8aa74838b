//! Text being typed in the pane: the filter, a note.

use chrono::{DateTime, TimeDelta, Utc};

use super::form::{Form, Stage};
use super::opened::Page;
use super::picker::Picker;
use super::query::CHUNK;
use super::{Outcome, State};
use crate::features::maintenance::store::MaintenanceKey;
use crate::features::maintenance::worker::Write;
use crate::key::{Code, Key};
use crate::ui::field::{Field, Typed, no_room};

/// What is typed of a note is kept this long after it was typed: whatever ends noctui takes no more than that of it.
const KEEP_AFTER: TimeDelta = TimeDelta::seconds(1);

/// What is being typed.
#[derive(Debug, Clone)]
pub(crate) enum Editor {
    /// The filter of the list under it; applied with every key.
    Filter {
        /// The text.
        field: Field,
        /// What the filter was before, for Esc.
        before: String,
        /// What it filters.
        of: Filtered,
    },
    /// A note for these maintenances.
    Note {
        /// The text.
        field: Field,
        /// Where it goes.
        targets: Vec<MaintenanceKey>,
        /// What it is about, for the title: an id, or how many.
        about: String,
    },
    /// A maintenance that is made or corrected.
    Form(Box<Form>),
    /// One of several that is chosen.
    Pick(Box<Picker>),
}

/// What a filter is typed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filtered {
    /// The maintenances.
    Maintenances,
    /// The mails, whose list lies above them.
    Mails,
}

impl Editor {
    /// Whether it takes nothing because it is being saved.
    fn is_busy(&self) -> bool {
        matches!(self, Self::Form(form) if form.stage != Stage::Typed)
    }

    /// The field that has the keyboard.
    pub(crate) fn field(&mut self) -> Option<&mut Field> {
        match self {
            Self::Filter { field, .. } | Self::Note { field, .. } => Some(field),
            Self::Form(form) => form.field(),
            Self::Pick(picker) => Some(&mut picker.field),
        }
    }
}

impl State {
    /// The keys of what is being typed and what they do, for the footer.
    pub(crate) fn editor_keys(&self) -> Option<&'static [(&'static str, &'static str)]> {
        Some(match self.editor.as_ref()? {
            Editor::Filter { .. } => &[("enter", "keep"), ("esc", "as before"), ("up down", "move")],
            Editor::Note { .. } => &[("enter", "save"), ("alt-enter", "new line"), ("esc", "keep as draft")],
            Editor::Form(form) if form.has_more_news(self.size) => {
                &[("enter", "read on"), ("tab", "next field"), ("shift-tab", "previous"), ("esc", "drop it")]
            }
            Editor::Form(_) => {
                &[("enter", "save"), ("tab", "next field"), ("shift-tab", "previous"), ("esc", "drop it")]
            }
            Editor::Pick(_) => &[("enter", "choose"), ("up down", "move"), ("esc", "leave it")],
        })
    }

    /// A key while text is being typed.
    pub(crate) fn typed(&mut self, key: Key, now: DateTime<Utc>) -> Outcome {
        match (&self.editor, key.code) {
            (Some(Editor::Form(_)), code) if code != Code::Esc => return self.typed_in_form(key),
            (Some(Editor::Pick(_)), code) if code != Code::Esc => return self.typed_in_picker(key),
            _ => {}
        }
        let (field, is_filter) = match &mut self.editor {
            Some(Editor::Filter { field, .. }) => (field, true),
            Some(Editor::Note { field, .. }) => (field, false),
            Some(Editor::Form(_) | Editor::Pick(_)) => return self.put_away(now),
            None => return Outcome::none(),
        };
        match field.typed(key, is_filter) {
            Typed::PutAway => self.put_away(now),
            Typed::Done if is_filter => {
                self.editor = None;
                Outcome::none()
            }
            Typed::Done => self.save_note(),
            Typed::Moved(motion) => self.moved(motion, now),
            Typed::Changed if is_filter => self.filter_changed(now),
            Typed::Changed => {
                self.note_changed(now);
                Outcome::none()
            }
            Typed::Nothing => Outcome::none(),
        }
    }

    /// Pasted text goes into what is being typed; too much of it is refused whole.
    pub(crate) fn paste(&mut self, text: &str, now: DateTime<Utc>) -> Outcome {
        let Some(editor) = &mut self.editor else { return Outcome::none() };
        if editor.is_busy() {
            return Outcome::none();
        }
        if !editor.field().is_some_and(|field| field.paste(text)) {
            return Outcome::warn(no_room(text.len()));
        }
        match editor {
            Editor::Filter { .. } => self.filter_changed(now),
            Editor::Pick(_) => self.picker_changed(),
            Editor::Form(form) => {
                form.problem = None;
                Outcome::none()
            }
            Editor::Note { .. } => {
                self.note_changed(now);
                Outcome::none()
            }
        }
    }

    /// The note's text is another one, which is to be kept soon: not with every key, each would be a write to the disk.
    fn note_changed(&mut self, now: DateTime<Utc>) {
        self.keep_at.get_or_insert(now + KEEP_AFTER);
    }

    /// When something is to be kept of the note; it may be over.
    pub(crate) fn keeps_at(&self) -> Option<DateTime<Utc>> {
        self.keep_at
    }

    /// Keeps what there is of the note by now, if it is time.
    pub(super) fn keep_draft(&mut self, now: DateTime<Utc>) -> Outcome {
        if self.keep_at.is_none_or(|at| at > now) {
            return Outcome::none();
        }
        self.keep_at = None;
        let Some(Editor::Note { field, targets, .. }) = &self.editor else { return Outcome::none() };
        let (targets, text) = (targets.clone(), field.text().to_owned());
        self.drafted(targets, text, false).unwrap_or_else(Outcome::none)
    }

    /// A note on these that is written so far stays as a draft, a blank one as none. `None` where there is nothing to keep.
    fn drafted(&mut self, targets: Vec<MaintenanceKey>, text: String, is_put_away: bool) -> Option<Outcome> {
        self.keep_at = None;
        if text.trim().is_empty() {
            self.drafts.remove(&targets)?;
        } else {
            self.drafts.insert(targets.clone(), text.clone());
        }
        Some(Outcome::ask(Write::Draft { keys: targets, text, is_put_away, who: self.who.clone() }))
    }

    /// Esc while typing: the filter is as before, the note stays as a draft.
    fn put_away(&mut self, now: DateTime<Utc>) -> Outcome {
        match self.editor.take() {
            Some(Editor::Filter { before, of, .. }) => self.filter_by(of, &before, now),
            Some(Editor::Note { field, targets, .. }) => {
                self.drafted(targets, field.text().to_owned(), true).unwrap_or_else(Outcome::none)
            }
            Some(Editor::Form(_) | Editor::Pick(_)) | None => Outcome::none(),
        }
    }

    /// noctui is being left: a note that is being written becomes a draft.
    pub(crate) fn leaving(&mut self) -> Outcome {
        match self.editor.take() {
            Some(Editor::Note { field, targets, .. }) => {
                self.drafted(targets, field.text().to_owned(), true).unwrap_or_else(Outcome::none)
            }
            Some(Editor::Filter { .. } | Editor::Form(_) | Editor::Pick(_)) | None => Outcome::none(),
        }
    }

    /// The filter's text is another one.
    fn filter_changed(&mut self, now: DateTime<Utc>) -> Outcome {
        let Some(Editor::Filter { field, of, .. }) = &self.editor else { return Outcome::none() };
        let (text, of) = (field.text().to_owned(), *of);
        self.filter_by(of, &text, now)
    }

    /// Lists what has these words.
    fn filter_by(&mut self, of: Filtered, text: &str, now: DateTime<Utc>) -> Outcome {
        match (of, self.pages.last_mut()) {
            (Filtered::Mails, Some(Page::Notifications(page))) if page.filter != text => {
                text.clone_into(&mut page.filter);
                Outcome::ask(page.relist(CHUNK))
            }
            (Filtered::Maintenances, _) if self.query.filter.text != text => {
                text.clone_into(&mut self.query.filter.text);
                self.requery(now)
            }
            (Filtered::Mails | Filtered::Maintenances, _) => Outcome::none(),
        }
    }

    /// `/`.
    pub(super) fn edit_filter(&mut self) -> Outcome {
        // Of an opened mail the list that it is in, else that of the maintenances.
        let mails = self.pages.iter().rposition(|page| matches!(page, Page::Notifications(_)));
        self.pages.truncate(mails.map_or(0, |at| at + 1));
        let (before, of) = match self.pages.last() {
            Some(Page::Notifications(page)) => (page.filter.clone(), Filtered::Mails),
            _ => (self.query.filter.text.clone(), Filtered::Maintenances),
        };
        self.editor = Some(Editor::Filter { field: Field::line(&before), before, of });
        Outcome::none()
    }

    /// `n`.
    pub(super) fn edit_note(&mut self) -> Outcome {
        let subjects = self.subjects();
        let about = match (subjects.len(), self.names().as_slice()) {
            (0, _) => return Outcome::warn("there is nothing to write a note on here"),
            (_, [(provider, id)]) => format!("{provider} {id}"),
            (1, _) => "one maintenance".to_owned(),
            (many, _) => format!("{many} maintenances{}", self.unseen_of_subjects()),
        };
        let targets: Vec<_> = subjects.iter().map(|mark| mark.key).collect();
        let draft = self.drafts.get(&targets).map_or("", String::as_str);
        self.editor = Some(Editor::Note { field: Field::lines(draft), targets, about });
        Outcome::none()
    }

    /// Enter in the note: it is sent, and stays a draft until the store has it.
    fn save_note(&mut self) -> Outcome {
        let Some(Editor::Note { field, targets, .. }) = self.editor.take() else { return Outcome::none() };
        let text = field.text().trim().to_owned();
        if text.is_empty() {
            return self.drafted(targets, text, true).unwrap_or_else(Outcome::none);
        }
        self.keep_at = None;
        self.unseen_targets = self.unseen_of_subjects();
        self.drafts.insert(targets.clone(), text.clone());
        Outcome::ask(Write::Note { keys: targets, text, who: self.who.clone() })
    }
}

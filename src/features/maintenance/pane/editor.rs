//! Text being typed in the pane: the filter, a note.

use chrono::{DateTime, Utc};

use super::opened::Page;
use super::query::CHUNK;
use super::{Outcome, State};
use crate::command::Motion;
use crate::features::maintenance::store::MaintenanceKey;
use crate::features::maintenance::worker::Write;
use crate::key::{Code, Key};
use crate::ui::field::{Edited, Field, LIMIT_BYTES};

/// What is being typed.
#[derive(Debug)]
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
    /// The field that has the keyboard.
    pub(crate) fn field(&mut self) -> &mut Field {
        match self {
            Self::Filter { field, .. } | Self::Note { field, .. } => field,
        }
    }
}

impl State {
    /// The keys of what is being typed and what they do, for the footer.
    pub(crate) fn editor_keys(&self) -> Option<&'static [(&'static str, &'static str)]> {
        Some(match self.editor.as_ref()? {
            Editor::Filter { .. } => &[("enter", "keep"), ("esc", "as before"), ("up down", "move")],
            Editor::Note { .. } => &[("enter", "save"), ("alt-enter", "new line"), ("esc", "keep as draft")],
        })
    }

    /// A key while text is being typed.
    pub(crate) fn typed(&mut self, key: Key, now: DateTime<Utc>) -> Outcome {
        let Some(editor) = &mut self.editor else { return Outcome::none() };
        match (&*editor, key.code) {
            (_, Code::Esc) => self.put_away(now),
            (Editor::Filter { .. }, Code::Enter) => {
                self.editor = None;
                Outcome::none()
            }
            (Editor::Filter { .. }, Code::Up) => self.moved(Motion::Up, now),
            (Editor::Filter { .. }, Code::Down) => self.moved(Motion::Down, now),
            (Editor::Filter { .. }, Code::PageUp) => self.moved(Motion::PageUp, now),
            (Editor::Filter { .. }, Code::PageDown) => self.moved(Motion::PageDown, now),
            (Editor::Note { .. }, Code::Enter) if !key.alt => self.save_note(),
            (Editor::Filter { .. }, _) => {
                if editor.field().key(key) == Edited::Text {
                    self.filter_changed(now)
                } else {
                    Outcome::none()
                }
            }
            (Editor::Note { .. }, _) => {
                editor.field().key(key);
                Outcome::none()
            }
        }
    }

    /// Pasted text goes into what is being typed; too much of it is refused whole.
    pub(crate) fn paste(&mut self, text: &str, now: DateTime<Utc>) -> Outcome {
        let Some(editor) = &mut self.editor else { return Outcome::none() };
        if !editor.field().paste(text) {
            return Outcome::warn(format!(
                "{} bytes are too much to paste here; the limit is {} KiB",
                text.len(),
                LIMIT_BYTES / 1024
            ));
        }
        if matches!(editor, Editor::Filter { .. }) { self.filter_changed(now) } else { Outcome::none() }
    }

    /// Esc while typing: the filter is as before, the note stays as a draft.
    fn put_away(&mut self, now: DateTime<Utc>) -> Outcome {
        match self.editor.take() {
            Some(Editor::Filter { before, of, .. }) => self.filter_by(of, &before, now),
            Some(Editor::Note { field, targets, .. }) => {
                let text = field.text().to_owned();
                if text.trim().is_empty() {
                    if self.drafts.remove(&targets).is_none() {
                        return Outcome::none();
                    }
                } else {
                    self.drafts.insert(targets.clone(), text.clone());
                }
                Outcome::ask(Write::Draft { keys: targets, text, who: self.who.clone() })
            }
            None => Outcome::none(),
        }
    }

    /// noctui is being left: a note that is being written becomes a draft.
    pub(crate) fn leaving(&mut self) -> Outcome {
        match self.editor.take() {
            Some(Editor::Note { field, targets, .. }) if !field.text().trim().is_empty() => {
                Outcome::ask(Write::Draft { keys: targets, text: field.text().to_owned(), who: self.who.clone() })
            }
            Some(Editor::Note { .. } | Editor::Filter { .. }) | None => Outcome::none(),
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
            (many, _) => format!("{many} maintenances"),
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
            return Outcome::none();
        }
        self.drafts.insert(targets.clone(), text.clone());
        Outcome::ask(Write::Note { keys: targets, text, who: self.who.clone() })
    }
}

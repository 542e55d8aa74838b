//! Text being typed in the pane: a filter, or what is looked for in a console.

use chrono::{DateTime, Utc};

use super::console::Shown;
use super::{Outcome, State};
use crate::features::console::worker::ConsoleId;
use crate::key::{Code, Key};
use crate::ui::field::{Field, Typed, no_room};
use crate::ui::hidden::Hidden;

/// What is said where nothing can be looked through.
const NO_TEXT: &str = "it is a picture: what a serial line said can be looked through, and a screen that is text";

/// What is being typed.
#[derive(Debug, Clone)]
pub(super) struct Editor {
    /// The text.
    pub(super) field: Field,
    /// What it is for.
    pub(super) purpose: For,
}

/// What a text is for.
#[derive(Debug, Clone)]
pub(super) enum For {
    /// The filter; applied with every key. Holds what it was before, for Esc.
    Filter(String),
    /// What is looked for in a console.
    Find,
    /// The password of a screen, which is not shown: the text of the editor stays empty.
    Password(ConsoleId, Hidden),
}

impl State {
    /// Whether text is being typed, for noctui or for a machine.
    pub(crate) fn is_typing(&self) -> bool {
        self.editor.is_some() || self.is_form() || self.takes_every_key()
    }

    /// The keys of what is being typed and what they do, for the footer.
    pub(crate) fn editor_keys(&self) -> Option<&'static [(&'static str, &'static str)]> {
        match &self.editor {
            Some(Editor { purpose: For::Filter(_), .. }) => {
                Some(&[("enter", "keep"), ("esc", "as before"), ("up down", "move")])
            }
            Some(Editor { purpose: For::Find, .. }) => Some(&[("enter", "look for it above"), ("esc", "cancel")]),
            Some(Editor { purpose: For::Password(..), .. }) => {
                Some(&[("enter", "open the screen"), ("esc", "let it go")])
            }
            None if self.is_form() => Some(&[("ctrl-s", "save"), ("tab", "name or fields"), ("esc", "cancel")]),
            None if self.takes_every_key() => Some(&[("all keys", "go to the machine, but the one in the title")]),
            None => None,
        }
    }

    /// `/` on the list.
    pub(super) fn edit_filter(&mut self) -> Outcome {
        self.page = None;
        let purpose = For::Filter(self.filter.clone());
        self.editor = Some(Editor { field: Field::line(&self.filter), purpose });
        Outcome::none()
    }

    /// `/` in a console.
    pub(super) fn edit_search(&mut self) -> Outcome {
        let has_text = self.console().is_some_and(|console| match &console.shown {
            Shown::Serial(_) => true,
            Shown::Screen(screen) => screen.is_text(),
        });
        if !has_text {
            return Outcome::warn(NO_TEXT);
        }
        self.editor = Some(Editor { field: Field::line(""), purpose: For::Find });
        Outcome::none()
    }

    /// A key while text is being typed.
    pub(crate) fn typed(&mut self, key: Key, now: DateTime<Utc>) -> Outcome {
        let is_form = self.is_form();
        let Some(editor) = &mut self.editor else {
            return if is_form { self.typed_into_form(key) } else { self.typed_at_machine(key, now) };
        };
        if let For::Password(_, hidden) = &mut editor.purpose {
            if key.code == Code::Esc {
                return self.put_away();
            }
            if key.code == Code::Enter {
                return self.take_over(now);
            }
            hidden.key(key);
            return Outcome::none();
        }
        match editor.field.typed(key, matches!(editor.purpose, For::Filter(_))) {
            Typed::PutAway => self.put_away(),
            Typed::Done => self.take_over(now),
            Typed::Moved(motion) => self.moved(motion),
            Typed::Changed => self.text_changed(),
            Typed::Nothing => Outcome::none(),
        }
    }

    /// Esc: a filter is as before, the rest is forgotten.
    fn put_away(&mut self) -> Outcome {
        match self.editor.take().map(|editor| editor.purpose) {
            Some(For::Filter(before)) => self.set_filter(before),
            Some(For::Password(id, _)) => return self.give_no_password(id),
            Some(For::Find) | None => {}
        }
        Outcome::none()
    }

    /// A filter reads differently: it is applied.
    fn text_changed(&mut self) -> Outcome {
        if let Some(Editor { field, purpose: For::Filter(_) }) = &self.editor {
            let text = field.text().to_owned();
            self.set_filter(text);
        }
        Outcome::none()
    }

    /// Pasted text goes into what is being typed, or to the machine.
    pub(crate) fn paste(&mut self, text: &str) -> Outcome {
        let Some(editor) = &mut self.editor else {
            return self.paste_into_form(text).unwrap_or_else(|| self.paste_at_machine(text));
        };
        if let For::Password(_, hidden) = &mut editor.purpose {
            let is_taken = hidden.paste(text);
            return if is_taken { Outcome::none() } else { Outcome::warn("that is no password: it has several lines") };
        }
        if !editor.field.paste(text) {
            return Outcome::warn(no_room(text.len()));
        }
        self.text_changed()
    }

    /// Enter: what was typed counts.
    fn take_over(&mut self, now: DateTime<Utc>) -> Outcome {
        let Some(Editor { field, purpose }) = self.editor.take() else { return Outcome::none() };
        match purpose {
            For::Filter(_) => Outcome::none(),
            For::Find => {
                field.text().clone_into(&mut self.sought);
                self.find(true)
            }
            For::Password(id, hidden) => self.open_with(id, &hidden, now),
        }
    }

    /// Another filter.
    pub(super) fn set_filter(&mut self, filter: String) {
        self.filter = filter;
        self.refill(None);
    }

    /// Looks for what was looked for last.
    pub(super) fn find(&mut self, upwards: bool) -> Outcome {
        let sought = self.sought.clone();
        if sought.is_empty() {
            return Outcome::warn("nothing was looked for yet: <console-find> does");
        }
        let room = self.room();
        let found = match self.console_mut().map(|console| &mut console.shown) {
            Some(Shown::Serial(emulator)) => emulator.find(&sought, upwards),
            Some(Shown::Screen(screen)) if screen.is_text() => screen.find(&sought, upwards, room),
            Some(Shown::Screen(_)) | None => return Outcome::warn(NO_TEXT),
        };
        match found {
            0 => Outcome::warn(format!("no line has \"{sought}\"")),
            1 => Outcome::done(format!("one line has \"{sought}\"")),
            many => Outcome::done(format!(
                "{many} lines have \"{sought}\"; <console-find-above> goes on up, <console-find-below> down"
            )),
        }
    }
}

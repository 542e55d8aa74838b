//! Text being typed in the pane: a filter, the name of a file, a form.

use super::form::Form;
use super::plan::{self, Plan};
use super::{Outcome, Page, State};
use crate::features::lab::act::Change;
use crate::features::lab::model::{Forward, Snapshot, Wanted};
use crate::features::lab::worker::Request;
use crate::key::{Code, Key};
use crate::ui::field::{Field, Typed, no_room};

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
    /// The file into which the forwards are written.
    Save,
    /// The file from which they are read.
    Restore,
}

impl Editor {
    /// The title of its prompt; a filter has none, it stands above the list.
    pub(super) fn title(&self) -> Option<&'static str> {
        match self.purpose {
            For::Filter(_) => None,
            For::Save => Some("write the forwards into this new file"),
            For::Restore => Some("make the forwards of this file that are missing"),
        }
    }
}

impl State {
    /// Whether text is being typed.
    pub(crate) fn is_typing(&self) -> bool {
        self.editor.is_some() || matches!(self.page, Some(Page::Form(_)))
    }

    /// Whether it is a form, which writes when it is sent off.
    pub(crate) fn is_form(&self) -> bool {
        self.editor.is_none() && matches!(self.page, Some(Page::Form(_)))
    }

    /// The keys of what is being typed and what they do, for the footer.
    pub(crate) fn editor_keys(&self) -> Option<&'static [(&'static str, &'static str)]> {
        match (&self.editor, &self.page) {
            (Some(Editor { purpose: For::Filter(_), .. }), _) => {
                Some(&[("enter", "keep"), ("esc", "as before"), ("up down", "move")])
            }
            (Some(Editor { purpose: For::Save, .. }), _) => Some(&[("enter", "write"), ("esc", "cancel")]),
            (Some(Editor { purpose: For::Restore, .. }), _) => Some(&[("enter", "read"), ("esc", "cancel")]),
            (None, Some(Page::Form(_))) => {
                Some(&[("enter", "make it"), ("tab", "next"), ("ctrl-n ctrl-p", "protocol"), ("esc", "cancel")])
            }
            (None, _) => None,
        }
    }

    /// `/`
    pub(super) fn edit_filter(&mut self) -> Outcome {
        self.page = None;
        let purpose = For::Filter(self.filter.clone());
        self.editor = Some(Editor { field: Field::line(&self.filter), purpose });
        Outcome::none()
    }

    /// Asks for the name of a file.
    pub(super) fn edit_path(&mut self, purpose: For) -> Outcome {
        let name = self.lab().map_or("", |lab| lab.view.name.as_str());
        let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        self.editor = Some(Editor { field: Field::line(&format!("{plain}-forwards.json")), purpose });
        Outcome::none()
    }

    /// A key while text is being typed.
    pub(crate) fn typed(&mut self, key: Key) -> Outcome {
        let Some(editor) = &mut self.editor else { return self.typed_into_form(key) };
        match editor.field.typed(key, matches!(editor.purpose, For::Filter(_))) {
            Typed::PutAway => self.put_away(),
            Typed::Done => self.take_over(),
            Typed::Moved(motion) => self.moved(motion),
            Typed::Changed => self.text_changed(),
            Typed::Nothing => Outcome::none(),
        }
    }

    /// Esc: a filter is as before, the rest is forgotten.
    fn put_away(&mut self) -> Outcome {
        if let Some(Editor { purpose: For::Filter(before), .. }) = self.editor.take() {
            self.set_filter(before);
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

    /// Pasted text goes into what is being typed; too much of it is refused whole.
    pub(crate) fn paste(&mut self, text: &str) -> Outcome {
        let snapshot = self.snapshot();
        let fits = match (&mut self.editor, &mut self.page) {
            (Some(editor), _) => editor.field.paste(text),
            (None, Some(Page::Form(form))) => form.paste(text, snapshot.as_deref()),
            (None, _) => return Outcome::none(),
        };
        if !fits {
            return Outcome::warn(no_room(text.len()));
        }
        self.text_changed()
    }

    /// What the lab that is shown told.
    pub(super) fn snapshot(&self) -> Option<std::sync::Arc<Snapshot>> {
        self.lab().and_then(|lab| lab.snapshot.clone())
    }

    /// Another filter.
    pub(super) fn set_filter(&mut self, text: String) {
        self.filter = text;
        self.refill(None);
    }

    /// Enter: what was typed is asked for.
    fn take_over(&mut self) -> Outcome {
        let Some(Editor { field, purpose }) = self.editor.take() else { return Outcome::none() };
        let text = field.text().trim().to_owned();
        let lab = self.lab().map(|lab| lab.view.name.clone()).unwrap_or_default();
        if text.is_empty() && !matches!(purpose, For::Filter(_)) {
            return Outcome::warn("a file needs a name");
        }
        match purpose {
            For::Filter(_) => Outcome::none(),
            For::Save => Outcome::ask(Request::Save { lab, path: text.into() }),
            For::Restore => Outcome::ask(Request::Load { lab, path: text.into() }),
        }
    }

    /// A key for the form.
    fn typed_into_form(&mut self, key: Key) -> Outcome {
        let snapshot = self.snapshot();
        let Some(Page::Form(form)) = &mut self.page else { return Outcome::none() };
        match (key.code, key.ctrl) {
            (Code::Esc, _) => {
                self.page = None;
                return Outcome::none();
            }
            (Code::Enter, _) => return self.send_form(),
            (Code::Tab, _) => form.step(!key.shift),
            (Code::Down, _) => form.step(true),
            (Code::Up, _) => form.step(false),
            (Code::Char('n'), true) => form.turn(true),
            (Code::Char('p'), true) => form.turn(false),
            _ => form.key(key, snapshot.as_deref()),
        }
        Outcome::none()
    }

    /// Enter in a form: one forward is made at once, several are planned.
    fn send_form(&mut self) -> Outcome {
        let snapshot = self.snapshot();
        let Some(Page::Form(form)) = &mut self.page else { return Outcome::none() };
        let several = !form.several.is_empty();
        let Ok(wanted) = form.wanted() else { return Outcome::none() };
        let Some(lab) = self.lab().map(|lab| lab.view.name.clone()) else { return Outcome::none() };
        if several {
            let title = format!("make a forward for each of {} machines", wanted.len());
            let temporary = self.lab().map_or(&[][..], |lab| lab.temporary.as_slice());
            let items = plan::additions(wanted, (snapshot.as_deref(), temporary), Wanted::check_new);
            self.page = Some(Page::Plan(Plan::new(title, &lab, items)));
            return Outcome::none();
        }
        let Some(wanted) = wanted.into_iter().next() else { return Outcome::none() };
        let existing = snapshot.as_ref().and_then(|snapshot| snapshot.existing(&wanted));
        // What was made for a connection is kept by being asked for.
        let temporary = self.lab().map_or(&[][..], |lab| lab.temporary.as_slice());
        let stays = |forward: &&Forward| temporary.iter().all(|it| it.forward != **forward);
        if let Some(Forward { port, .. }) = existing.filter(stays) {
            return Outcome::warn(format!("there is one already, on {port}"));
        }
        self.page = None;
        let warning = wanted.warning();
        let outcome = self.carry_out(Request::Change { lab, job: 0, changes: vec![Change::Add(wanted)] });
        match warning {
            Some(warning) => Outcome { requests: outcome.requests, ..Outcome::warn(warning) },
            None => outcome,
        }
    }

    /// `n`: a form for the row, or for all that are marked.
    pub(super) fn open_form(&mut self) -> Outcome {
        let mut machines: Vec<(String, String, String)> = Vec::new();
        if self.page.is_none() && self.list.marked() > 1 {
            for row in self.chosen() {
                let machine = (row.name.clone(), row.component.clone(), row.address.clone());
                if !row.name.is_empty() && !machines.iter().any(|(name, ..)| *name == machine.0) {
                    machines.push(machine);
                }
            }
        }
        let form = if machines.len() > 1 {
            Form::for_several(machines)
        } else {
            let gone = if let Some(Page::Details(details)) = &self.page { Some(&details.row) } else { None };
            match self.row_on_screen().or(gone) {
                Some(row) => Form::new(&row.name, &row.component, &row.address),
                None => Form::new("", "", ""),
            }
        };
        self.page = Some(Page::Form(form));
        Outcome::none()
    }
}

//! A definition as it is written: its name and its fields, a line each, judged with every key.

use std::sync::Arc;

use super::{Outcome, Page, State};
use crate::features::console::model::{Described, Row};
use crate::features::console::vmcp::{Definition, Error, Field as Value, Problem, Remark, Severity, remarks};
use crate::features::console::worker::Request;
use crate::key::{Code, Key};
use crate::trouble::Trouble;
use crate::ui::field::{Field, no_room};

/// What a new definition begins with: what clients read, and nothing else.
const TEMPLATE: &str =
    "name = \"\"\nsecret = \"\"\nmemory = 1024\ncpus = 1\ndisk = 1024\nflags = 49\nuserData = \"\"\n";

/// What the name of a definition can be.
const NAMES: &str = "a definition's name has letters, digits and -_+~. and no dot in front";

/// The form.
#[derive(Debug, Clone)]
pub(super) struct Form {
    /// The name of its file; fixed where there is one already.
    pub(super) name: Field,
    /// Whether there is none yet.
    pub(super) is_new: bool,
    /// The fields, as TOML.
    pub(super) text: Field,
    /// Whether the name is typed at, rather than the fields.
    pub(super) at_name: bool,
    /// What is wrong, once it was sent off.
    pub(super) complaint: Option<String>,
    /// The name and the fields as they were when it was opened.
    before: (String, String),
    /// What the definition said then; `None` where there is none yet.
    opened: Option<Definition>,
    /// How far it is.
    stage: Stage,
}

/// How far a form is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It is written.
    Open,
    /// Esc was said to what was changed; once more drops it.
    Left,
    /// It was sent off and is not answered; until then it stays as it is.
    Sent,
}

impl Form {
    /// One for a new definition.
    fn empty() -> Self {
        Self::new("", TEMPLATE, None)
    }

    /// One that holds these.
    fn new(name: &str, text: &str, opened: Option<Definition>) -> Self {
        let is_new = opened.is_none();
        Self {
            name: Field::line(name),
            is_new,
            text: Field::lines(text),
            at_name: is_new,
            complaint: None,
            before: (name.to_owned(), text.to_owned()),
            opened,
            stage: Stage::Open,
        }
    }

    /// One for a definition that is there.
    fn of(described: &Described) -> Option<Self> {
        let definition = described.read.as_ref().ok()?;
        Some(Self::new(&described.name, &text_of(definition), Some(definition.clone())))
    }

    /// What the text says, or what is wrong with it.
    pub(super) fn read(&self) -> Result<(Definition, Vec<Remark>), Vec<Problem>> {
        let definition = Definition::from_toml(self.text.text().as_bytes())?;
        let remarks = remarks(&definition);
        Ok((definition, remarks))
    }

    /// Esc. Returns whether it is to be left: at once where nothing was changed, else when it is said twice.
    fn leave(&mut self) -> bool {
        let is_changed = (self.name.text(), self.text.text()) != (self.before.0.as_str(), self.before.1.as_str());
        if is_changed && std::mem::replace(&mut self.stage, Stage::Left) == Stage::Open {
            self.complaint = Some("what you changed is not saved: ctrl-s saves it, esc once more drops it".to_owned());
            return false;
        }
        true
    }

    /// It was not written: what was typed stays, with a word on why.
    pub(super) fn answered(&mut self, trouble: &Trouble) {
        if std::mem::replace(&mut self.stage, Stage::Open) == Stage::Sent {
            self.complaint = Some(trouble.one_line());
        }
    }

    /// The definitions were read again: whoever is changing one that somebody else has changed is told before they save it.
    fn told(&mut self, definitions: &[Arc<Described>]) {
        let is_same = |now: &Described| now.read.as_ref().ok() == self.opened.as_ref();
        let name = self.name.text();
        let has_changed = !self.is_new && !definitions.iter().any(|now| now.name == name && is_same(now));
        if has_changed && self.stage == Stage::Open && self.complaint.is_none() {
            self.complaint = Some(Trouble::of(&Error::Changed { name: name.to_owned() }).one_line());
        }
    }

    /// A key. Returns whether it is to be saved.
    fn key(&mut self, key: Key) -> bool {
        if self.stage == Stage::Sent {
            return false;
        }
        self.complaint = None;
        self.stage = Stage::Open;
        match (key.code, key.ctrl) {
            (Code::Char('s'), true) => return true,
            (Code::Tab, _) if self.is_new => self.at_name = !self.at_name,
            (Code::Enter, _) if self.at_name => self.at_name = false,
            (Code::Enter, _) => _ = self.text.paste("\n"),
            _ if self.at_name => _ = self.name.key(key),
            _ => _ = self.text.key(key),
        }
        false
    }

    /// What is wrong with its name; one that is not typed yet is wrong once it is sent off.
    pub(super) fn wrong_name(&self) -> Option<&'static str> {
        let name = self.name.text().trim();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+~.".contains(&byte);
        let is_wrong = name.len() > 100 || name.starts_with('.') || !name.bytes().all(is_plain);
        is_wrong.then_some(NAMES)
    }

    /// What saving it asks for, or why it cannot be saved.
    fn wanted(&self) -> Result<Request, String> {
        let name = self.name.text().trim();
        if name.is_empty() || self.wrong_name().is_some() {
            return Err(NAMES.to_owned());
        }
        match self.read() {
            Err(problems) => {
                let first = problems.first().map_or_else(String::new, |problem| problem.what.clone());
                Err(format!("it cannot be signed: {first}"))
            }
            Ok((definition, remarks)) => {
                let refused = remarks.iter().find(|remark| remark.severity == Severity::Refused);
                match refused {
                    Some(remark) => Err(format!("clients would refuse it: {}: {}", remark.field, remark.why)),
                    None => Ok(Request::Define { name: name.to_owned(), before: self.opened.clone(), definition }),
                }
            }
        }
    }
}

/// A definition as TOML, a line for each field.
fn text_of(definition: &Definition) -> String {
    let line = |(name, value): (&str, &Value)| {
        let value = match value {
            // On one line, whatever is in it. Of what JSON leaves as it is TOML escapes one more.
            Value::Text(text) => serde_json::Value::from(text.as_str()).to_string().replace('\u{7f}', "\\u007f"),
            Value::Number(number) => number.to_string(),
        };
        let is_bare =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let name = if is_bare { name.to_owned() } else { toml::Value::from(name).to_string() };
        format!("{name} = {value}\n")
    };
    definition.fields().map(line).collect()
}

impl State {
    /// `n`
    pub(super) fn new_definition(&mut self) -> Outcome {
        self.page = Some(Page::Form(Form::empty()));
        Outcome::none()
    }

    /// `e`
    pub(super) fn edit_definition(&mut self) -> Outcome {
        let Some(Row::Definition(described)) = self.row_on_screen() else {
            return Outcome::warn("only definitions are edited here");
        };
        match Form::of(described) {
            Some(form) => {
                self.page = Some(Page::Form(form));
                Outcome::none()
            }
            None => Outcome::warn("its file cannot be read as a definition: mend it in an editor first"),
        }
    }

    /// The definitions were read again.
    pub(super) fn form_told(&mut self) {
        if let Some(Page::Form(form)) = &mut self.page {
            form.told(&self.definitions);
        }
    }

    /// Whether a form is filled in.
    pub(super) fn is_form(&self) -> bool {
        matches!(self.page, Some(Page::Form(_)))
    }

    /// A key for the form.
    pub(super) fn typed_into_form(&mut self, key: Key) -> Outcome {
        let Some(Page::Form(form)) = &mut self.page else { return Outcome::none() };
        if key.code == Code::Esc {
            if form.leave() {
                self.page = None;
            }
            return Outcome::none();
        }
        if !form.key(key) {
            return Outcome::none();
        }
        match form.wanted() {
            Ok(request) => {
                form.stage = Stage::Sent;
                Outcome::ask(request)
            }
            Err(why) => {
                form.complaint = Some(why);
                Outcome::none()
            }
        }
    }

    /// The definition of this name was written, or there is trouble with it: the form it came from is done, or stays.
    pub(super) fn form_answered(&mut self, name: &str, trouble: Option<&Trouble>) {
        let Some(Page::Form(form)) = &mut self.page else { return };
        if form.stage != Stage::Sent || form.name.text().trim() != name {
            return;
        }
        match trouble {
            None => self.page = None,
            Some(trouble) => form.answered(trouble),
        }
    }

    /// Pasted text for the form; `None` where there is none.
    pub(super) fn paste_into_form(&mut self, text: &str) -> Option<Outcome> {
        let Some(Page::Form(form)) = &mut self.page else { return None };
        if form.stage == Stage::Sent {
            return Some(Outcome::warn("it is being written"));
        }
        let field = if form.at_name { &mut form.name } else { &mut form.text };
        Some(if field.paste(text) { Outcome::none() } else { Outcome::warn(no_room(text.len())) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(form: &mut Form, text: &str) {
        for c in text.chars() {
            form.key(Key::char(c));
        }
    }

    #[test]
    fn a_definition_reads_back_from_the_text_that_is_made_of_it() {
        let json = br#"{"name": "a-b", "user data": "one\n\"two\" \\ \u00fc\u007f\u001b", "flags": 49, "secret": "s"}"#;
        let definition = Definition::from_json(json).unwrap();
        assert_eq!(Definition::from_toml(text_of(&definition).as_bytes()).unwrap(), definition);
    }

    #[test]
    fn what_clients_would_refuse_is_not_saved() {
        let mut form = Form::empty();
        typed(&mut form, "vm-1");
        form.key(Key::plain(Code::Enter));
        assert!(form.wanted().unwrap_err().contains("clients would refuse it"));
        form.text = Field::lines("name = \"vm-1\"\nsecret = \"s\"\n");
        let wanted = form.wanted().unwrap();
        assert!(matches!(wanted, Request::Define { name, before: None, .. } if name == "vm-1"));
        form.text = Field::lines("name = [1]\n");
        assert!(form.wanted().unwrap_err().contains("cannot be signed"));
        form.name = Field::line("../x");
        assert!(form.wanted().unwrap_err().contains("name has letters"));
        // It is said with every key, but not before the first.
        form.name = Field::line("");
        assert!(form.wrong_name().is_none() && form.wanted().is_err());
        form.at_name = true;
        typed(&mut form, "My");
        assert_eq!(form.wrong_name(), None);
        typed(&mut form, " VM");
        assert!(form.wrong_name().is_some());
    }
}

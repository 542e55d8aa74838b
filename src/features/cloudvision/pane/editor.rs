//! Text being typed in a pane: a filter, a search, a time, a name, a description.

use chrono::{DateTime, Utc};

use super::opened::Page;
use super::{Outcome, Place, State};
use crate::command::Motion;
use crate::features::cloudvision::model::{ChangeAction, ChangeId, Version};
use crate::features::cloudvision::schedule;
use crate::features::cloudvision::worker::Request;
use crate::key::Key;
use crate::ui::Look;
use crate::ui::field::{Field, Typed, no_room};
use crate::ui::time::distance;

/// What is being typed.
#[derive(Debug, Clone)]
pub(super) struct Editor {
    /// The text.
    pub(super) field: Field,
    /// What it is for.
    pub(super) purpose: Purpose,
}

/// What a text is for.
#[derive(Debug, Clone)]
pub(super) enum Purpose {
    /// The filter of a list; applied with every key. Holds what it was before, for Esc.
    Filter(String),
    /// A search in a text; likewise.
    Search(String),
    /// When a change control starts.
    Schedule(Bound),
    /// Its name.
    Name(Bound),
    /// Its description.
    Notes(Bound),
}

/// A change control as it was on the screen when somebody began to type.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    /// On which CloudVision.
    pub(super) instance: String,
    /// Which.
    pub(super) change: ChangeId,
    /// What people call it.
    name: String,
    /// The version on the screen.
    version: Option<Version>,
    /// Whether it is approved, which holds for this version alone.
    is_approved: bool,
    /// The text that is there already; empty of a time.
    before: String,
}

impl Bound {
    /// What another text costs, behind what is typed for.
    fn price(&self) -> &'static str {
        if self.is_approved { " (its approval will not hold)" } else { "" }
    }

    /// A request for `action`.
    pub(super) fn act(&self, action: ChangeAction) -> Request {
        Request::Act {
            instance: self.instance.clone(),
            change: self.change.clone(),
            version: self.version,
            action,
            notes: String::new(),
        }
    }
}

impl Editor {
    /// Whether what is typed takes effect at once.
    fn is_live(&self) -> bool {
        matches!(self.purpose, Purpose::Filter(_) | Purpose::Search(_))
    }

    /// The title over what is typed; `None` where it stands in the list's own line.
    pub(super) fn title(&self, look: &Look<'_>) -> Option<String> {
        Some(match &self.purpose {
            Purpose::Filter(_) | Purpose::Search(_) => return None,
            Purpose::Schedule(bound) => {
                let when = match schedule::parse(self.field.text(), Some(look.zone), look.now) {
                    Ok(at) => {
                        let zone = look.zone.name(at);
                        format!("{} {zone}, {}", look.zone.full(at), distance(at, at, look.now))
                    }
                    Err(_) if self.field.text().is_empty() => schedule::FORMS.to_owned(),
                    Err(why) => why,
                };
                format!("Start {} at: {when}", crate::ui::line::fit(&bound.name, 30))
            }
            Purpose::Name(bound) => {
                format!("Name instead of {}{}", crate::ui::line::fit(&bound.name, 30), bound.price())
            }
            Purpose::Notes(bound) => {
                format!("Description of {}{}", crate::ui::line::fit(&bound.name, 30), bound.price())
            }
        })
    }
}

impl State {
    /// Whether text is being typed in a pane.
    pub(crate) fn is_typing(&self, place: Place) -> bool {
        self.editor.as_ref().is_some_and(|(at, _)| *at == place)
    }

    /// The keys of what is being typed and what they do, for the footer.
    pub(crate) fn editor_keys(&self, place: Place) -> Option<&'static [(&'static str, &'static str)]> {
        let (_, editor) = self.editor.as_ref().filter(|(at, _)| *at == place)?;
        Some(match editor.purpose {
            Purpose::Filter(_) => &[("enter", "keep"), ("esc", "as before"), ("up down", "move")],
            Purpose::Search(_) => &[("enter", "keep"), ("esc", "as before")],
            Purpose::Schedule(_) => &[("enter", "schedule"), ("esc", "cancel")],
            Purpose::Name(_) => &[("enter", "rename"), ("esc", "cancel")],
            Purpose::Notes(_) => &[("enter", "save"), ("alt-enter", "new line"), ("esc", "cancel")],
        })
    }

    /// What the filter of a pane's topmost list is; `None` where there is no list.
    fn filter_mut(&mut self, place: Place) -> Option<&mut String> {
        match (place, self.page(place).is_some()) {
            (_, true) => match self.page_mut(place)? {
                Page::Workspaces(board) => Some(&mut board.filter),
                Page::Devices(board) => Some(&mut board.filter),
                Page::Deployment(_) | Page::Change(_) => None,
            },
            (Place::Deploys, false) => Some(&mut self.deploys.filter),
            (Place::Changes, false) => Some(&mut self.changes.filter),
        }
    }

    /// `/`: the filter of a list, or a search in a text.
    pub(super) fn edit_filter(&mut self, place: Place) -> Outcome {
        let (before, purpose): (String, fn(String) -> Purpose) = match self.filter_mut(place) {
            Some(filter) => (filter.clone(), Purpose::Filter),
            None => match self.detail_mut(place) {
                Some(detail) => (detail.search.clone(), Purpose::Search),
                None => return Outcome::none(),
            },
        };
        let field = Field::line(if matches!(purpose(String::new()), Purpose::Search(_)) { "" } else { &before });
        self.editor = Some((place, Editor { field, purpose: purpose(before) }));
        Outcome::none()
    }

    /// Begins to type something about the change control on the screen.
    pub(super) fn edit_change(&mut self, place: Place, what: &ChangeAction, now: DateTime<Utc>) -> Outcome {
        let (shown, _) = match self.act_on_screen(place, what, now) {
            Ok(found) => found,
            Err(why) => return Outcome::warn(why),
        };
        let change = &shown.change;
        let before = if let ChangeAction::Edit { name, .. } = what {
            if name.is_some() { change.name.clone() } else { change.notes.clone() }
        } else {
            String::new()
        };
        let bound = Bound {
            instance: shown.instance.clone(),
            change: change.id.clone(),
            name: super::view::words::name(change).to_owned(),
            version: change.version,
            is_approved: change.approval.is_some(),
            before,
        };
        let editor = if let ChangeAction::Edit { name, .. } = what {
            match name {
                Some(_) => Editor { field: Field::line(&change.name), purpose: Purpose::Name(bound) },
                None => Editor { field: Field::lines(&change.notes), purpose: Purpose::Notes(bound) },
            }
        } else {
            Editor { field: Field::line(""), purpose: Purpose::Schedule(bound) }
        };
        self.editor = Some((place, editor));
        Outcome::none()
    }

    /// A key while text is being typed.
    pub(crate) fn typed(&mut self, key: Key, look: &Look<'_>) -> Outcome {
        let Some((place, editor)) = &mut self.editor else { return Outcome::none() };
        let place = *place;
        match editor.field.typed(key, editor.is_live()) {
            Typed::PutAway => self.put_away(place),
            Typed::Done => self.take_over(look),
            Typed::Moved(motion) => self.moved(place, motion),
            Typed::Changed => self.text_changed(look),
            Typed::Nothing => Outcome::none(),
        }
    }

    /// Pasted text goes into what is being typed; too much of it is refused whole.
    pub(crate) fn paste(&mut self, text: &str, look: &Look<'_>) -> Outcome {
        let Some((_, editor)) = &mut self.editor else { return Outcome::none() };
        if !editor.field.paste(text) {
            return Outcome::warn(no_room(text.len()));
        }
        self.text_changed(look)
    }

    /// A filter or a search reads differently: it is applied.
    fn text_changed(&mut self, look: &Look<'_>) -> Outcome {
        let Some((place, editor)) = &self.editor else { return Outcome::none() };
        let (place, text) = (*place, editor.field.text().to_owned());
        match editor.purpose {
            Purpose::Filter(_) => self.set_filter(place, text),
            Purpose::Search(_) => {
                if let Some(detail) = self.detail_mut(place) {
                    detail.search = text;
                }
                self.find(place, Motion::Down, true, look);
            }
            Purpose::Schedule(_) | Purpose::Name(_) | Purpose::Notes(_) => {}
        }
        Outcome::none()
    }

    /// Another filter.
    pub(super) fn set_filter(&mut self, place: Place, text: String) {
        if let Some(filter) = self.filter_mut(place) {
            *filter = text;
        }
        self.refill(None);
    }

    /// Esc: a filter and a search are as before, the rest is forgotten.
    fn put_away(&mut self, place: Place) -> Outcome {
        match self.editor.take().map(|(_, editor)| editor.purpose) {
            Some(Purpose::Filter(before)) => self.set_filter(place, before),
            Some(Purpose::Search(before)) => {
                if let Some(detail) = self.detail_mut(place) {
                    detail.search = before;
                }
            }
            Some(Purpose::Schedule(_) | Purpose::Name(_) | Purpose::Notes(_)) | None => {}
        }
        Outcome::none()
    }

    /// Enter: what was typed is asked for.
    fn take_over(&mut self, look: &Look<'_>) -> Outcome {
        let Some((_, editor)) = &self.editor else { return Outcome::none() };
        let text = editor.field.text().trim();
        let (bound, action) = match &editor.purpose {
            Purpose::Filter(_) | Purpose::Search(_) => {
                self.editor = None;
                return Outcome::none();
            }
            Purpose::Schedule(bound) => match schedule::parse(text, Some(look.zone), look.now) {
                Ok(at) => {
                    let aim = self.aim_schedule(bound, at, look);
                    self.editor = None;
                    return match aim {
                        Ok(aim) => {
                            self.question = Some(aim);
                            Outcome::none()
                        }
                        Err(why) => Outcome::warn(why),
                    };
                }
                Err(why) => return Outcome::warn(why),
            },
            // Sent all the same it would be another version of the change control, and cost its approval.
            Purpose::Name(bound) | Purpose::Notes(bound) if text == bound.before.trim() => {
                self.editor = None;
                return Outcome::done("that is so already: nothing was sent");
            }
            Purpose::Name(_) if text.is_empty() => return Outcome::warn("a change control needs a name"),
            Purpose::Name(bound) => (bound, ChangeAction::Edit { name: Some(text.to_owned()), notes: None }),
            Purpose::Notes(bound) => (bound, ChangeAction::Edit { name: None, notes: Some(text.to_owned()) }),
        };
        let request = bound.act(action);
        self.editor = None;
        self.carry_out(request, look.now)
    }
}

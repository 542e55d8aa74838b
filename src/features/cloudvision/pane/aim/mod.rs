//! What a command that writes would ask of the worker, made from what is on the screen and bound to it: the question shows
//! it, and its answer sends exactly this.
//!
//! What is what: `deploying` asks for a deployment and its submission, `ending` ends what was begun and throws away what was
//! left, `change` acts on change controls.

mod change;
mod deploying;
mod ending;

use chrono::{DateTime, Utc};

use super::instance::{Instance, UNSEEN};
use super::opened::Board;
use super::{Deed, Place, State};
use crate::features::cloudvision::deploy::Advance;
use crate::features::cloudvision::model::{Change, ChangeAction, ChangeState, ExecutionOrder};
use crate::features::cloudvision::worker::Request;
use crate::ui::Look;
use crate::ui::line::{fit, width};
use crate::ui::list::Row;
use crate::ui::page::Span;
use crate::ui::theme::{Role, State as Sign};

/// Cells of a name as a question has it at most.
const NAME_CELLS: usize = 40;
/// A name of more cells than this nobody types at night: its first word does, such as the number of a ticket.
const TYPED_CELLS: usize = 24;
/// A first word of fewer letters tells nothing.
const TYPED_LETTERS: usize = 4;
/// Cells of a question for its verb, its object and the name of its CloudVision.
const QUESTION_CELLS: usize = 56;
/// There is nothing to work with.
pub(super) const UNCONFIGURED: &str = "no CloudVision is configured: [[cloudvision]] in the configuration names one";
/// Typed before anybody can have seen what it is about.
pub(super) const TOO_SOON: &str = "that was typed before this was on the screen: nothing was done";

/// What would be done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Aim {
    /// What the worker is asked.
    pub(crate) request: Request,
    /// The question, naming the object.
    pub(crate) question: String,
    /// What is typed where that is demanded: the object's name.
    pub(crate) word: String,
    /// What more there is to know.
    pub(crate) lines: Vec<Span>,
    /// Whether it concerns production.
    pub(crate) production: bool,
    /// Whether it is done without a question.
    pub(crate) is_harmless: bool,
}

impl State {
    /// What `deed` would do now, or why it would do nothing.
    pub(crate) fn aim(&self, deed: Deed, place: Place, look: &Look<'_>) -> Result<Aim, String> {
        if self.instances.is_empty() {
            return Err(UNCONFIGURED.to_owned());
        }
        match deed {
            Deed::Deploy => self.aim_deployment(Advance::Pending, look),
            Deed::DeployStart => {
                let target = self.subject_target()?;
                if target.advance == Advance::Pending {
                    let name = &target.name;
                    return Err(format!(
                        "{name} goes no further than d does; after = \"started\" in its [[deploy]] would take it further"
                    ));
                }
                self.aim_deployment(target.advance, look)
            }
            Deed::GoOn => self.aim_submission(look),
            Deed::Cancel => self.aim_cancelling(look),
            Deed::Abandon => self.aim_abandoning(place, look),
            Deed::Approve => self.aim_change(place, ChangeAction::Approve, "Approve", look),
            Deed::Unapprove => self.aim_change(place, ChangeAction::Unapprove, "Unapprove", look),
            Deed::Start => {
                let state = self.change_on_screen(place)?.change.state;
                if state == ChangeState::Pending {
                    return Err("nobody has approved it: a approves, S approves and starts".to_owned());
                }
                self.aim_change(place, ChangeAction::Start, "Start", look)
            }
            Deed::ApproveStart => self.aim_change(place, ChangeAction::ApproveAndStart, "Approve and start", look),
            Deed::Stop => self.aim_change(place, ChangeAction::Stop, "Stop", look),
            Deed::Unschedule => self.aim_change(place, ChangeAction::Unschedule, "Take off the schedule", look),
            Deed::Delete => self.aim_change(place, ChangeAction::Delete, "Delete", look),
            Deed::Arrange => {
                let (order, verb) = match self.change_on_screen(place)?.change.order() {
                    ExecutionOrder::Serial | ExecutionOrder::Mixed => {
                        (ExecutionOrder::Parallel, "Run all at once the stages of")
                    }
                    ExecutionOrder::Parallel => (ExecutionOrder::Serial, "Run one by one the stages of"),
                };
                self.aim_change(place, ChangeAction::Arrange(order), verb, look)
            }
        }
    }

    /// The CloudVision of this name, if it may be written to and is up to date.
    fn writable(&self, name: &str, needs: Needs, now: DateTime<Utc>) -> Result<&Instance, String> {
        let instance = self.named(name).ok_or_else(|| format!("no CloudVision called {name} is configured"))?;
        if instance.view.read_only {
            return Err(format!("{name} is read-only by the configuration: nothing was done"));
        }
        let told_at = match needs {
            Needs::Connection => Some(now),
            Needs::Changes => instance.changes.told_at,
            Needs::Workspaces => instance.workspaces.told_at,
        };
        match instance.stale(told_at, self.started, now) {
            Some(why) => Err(format!("{why}: nothing was done")),
            None => Ok(instance),
        }
    }
}

/// What has to be up to date for an action.
#[derive(Clone, Copy)]
enum Needs {
    /// The connection alone.
    Connection,
    /// The change controls.
    Changes,
    /// The workspaces.
    Workspaces,
}

/// Whether what is under the cursor came there a moment ago without anybody's doing.
fn is_too_soon<R: Row>(board: &Board<R>, now: DateTime<Utc>) -> bool {
    now - board.settled_at < UNSEEN
}

/// A request for an action on a change control as it is shown.
pub(super) fn act(instance: &str, change: &Change, action: ChangeAction) -> Request {
    Request::Act {
        instance: instance.to_owned(),
        change: change.id.clone(),
        version: change.version,
        action,
        notes: String::new(),
    }
}

/// A line that warns.
fn warning(look: &Look<'_>, text: &str) -> Span {
    (format!("{} {text}", look.glyph(Sign::Warning)), Role::Warning)
}

impl Aim {
    /// `verb "name" on INSTANCE?`.
    fn new(request: Request, verb: &str, name: &str, instance: &Instance, lines: Vec<Span>) -> Self {
        let view = &instance.view;
        let place = if view.production { view.name.to_uppercase() } else { view.name.clone() };
        // The whole of the question stands in one line: where it happens is never what is cut off.
        let room = QUESTION_CELLS.saturating_sub(width(verb) + width(&place)).clamp(8, NAME_CELLS);
        Self {
            request,
            question: format!("{verb} \"{}\" on {place}?", fit(name, room)),
            word: typed_word(name).unwrap_or(&view.name).to_owned(),
            lines,
            production: view.production,
            is_harmless: false,
        }
    }
}

/// What of a name is to be typed; nothing where nobody could.
fn typed_word(name: &str) -> Option<&str> {
    let is_typable = |word: &str| word.chars().all(|c| c.is_ascii_graphic() || c == ' ') && word.trim() == word;
    let whole = (!name.is_empty() && width(name) <= TYPED_CELLS).then_some(name);
    let first = || name.split(' ').next().filter(|word| (TYPED_LETTERS..=TYPED_CELLS).contains(&word.len()));
    whole.or_else(first).filter(|word| is_typable(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_name_the_first_word_is_typed_and_of_a_strange_one_nothing() {
        assert_eq!(typed_word("snmp location"), Some("snmp location"));
        assert_eq!(typed_word("NET-4407 new tenant VLAN 140, second try"), Some("NET-4407"));
        assert_eq!(typed_word("a name that begins with a short word"), None);
        assert_eq!([typed_word(""), typed_word("Überlauf"), typed_word("x\u{200b}")], [None; 3]);
    }
}

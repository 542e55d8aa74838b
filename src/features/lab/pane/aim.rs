//! What a command that writes would do, before it is asked about: exactly this is done when the answer is yes.

use super::lab::LabState;
use super::plan::{Stage, removal};
use super::update::NOTHING_DELETED;
use super::{Command, Deleted, Page, Purpose, State};
use crate::features::lab::act::Change;
use crate::features::lab::model::{self, Mending};
use crate::features::lab::worker::Request;
use crate::text::{counted, first_of};
use crate::ui::Look;
use crate::ui::page::Span;
use crate::ui::theme::{Role, State as Sign};

/// A request that waits for an answer.
#[derive(Debug)]
pub(crate) struct Aim {
    /// What would be asked of the worker; `None` where the command asks by itself.
    pub(crate) request: Option<Request>,
    /// The question, naming the object.
    pub(crate) question: String,
    /// What more there is to know.
    pub(crate) lines: Vec<Span>,
    /// The word to type where that is demanded.
    pub(crate) word: String,
    /// Whether it concerns production.
    pub(crate) production: bool,
}

/// Names of a plan that a question shows.
const NAMED: usize = 4;
/// What becomes of whoever uses a forward that is deleted: the gateway remembers the connections that it has let through, and
/// deleting a rule ends none of them (tried with the service's own rules).
const IN_USE: &str = "it works: nobody comes in by it any more, and whoever is in stays in";
/// What comes too early was meant for something else.
const TOO_SOON: &str = "what is shown has just changed: look again";

impl Aim {
    /// What is done without a question, or asks by itself: a form, a plan.
    fn harmless() -> Self {
        Self { request: None, question: String::new(), lines: vec![], word: String::new(), production: false }
    }
}

/// The end of what the service cannot delete, by the gateway's shell: the whole line is shown.
fn aim_mending(lab: &LabState, row: &model::Row, mending: Mending) -> Aim {
    let place = if lab.view.production { lab.view.name.to_uppercase() } else { lab.view.name.clone() };
    let Mending { forward, line, is_half, .. } = &mending;
    let mut lines = vec![(format!("{}: {}", row.state.as_str(), row.note), Role::Text)];
    if row.reach.as_ref().is_some_and(model::Reach::is_open) {
        lines.push((IN_USE.to_owned(), Role::Warning));
    }
    lines.push((format!("in the gateway's shell: {line}"), Role::Muted));
    if *is_half {
        lines.push(("then the service deletes it; <lab-undo> makes it again, on another port".to_owned(), Role::Muted));
    }
    let (question, word) = (format!("End \"{}\" on port {} of {place}?", forward.title(), forward.port), forward.port);
    let changes = vec![Change::Mend(mending)];
    Aim {
        request: Some(Request::Change { lab: lab.view.name.clone(), job: 0, changes }),
        question,
        lines,
        word: word.to_string(),
        production: lab.view.production,
    }
}

impl State {
    /// What a command would do now, or why it would do nothing.
    pub(crate) fn aim(&self, command: Command, look: &Look<'_>) -> Result<Aim, String> {
        let lab = self.lab().ok_or("no lab is configured: [[lab]] in the configuration adds one")?;
        if lab.view.read_only {
            return Err(format!("lab {} has read_only = true", lab.view.name));
        }
        if let Some(why) = lab.stale(self.started, look.now) {
            return Err(format!("{why}: nothing is changed meanwhile"));
        }
        let is_several = self.page.is_none() && self.list.marked() > 1;
        if command == Command::Go {
            self.aim_plan()
        } else if command == Command::Delete && !is_several {
            self.aim_deletion(look)
        } else if command == Command::Undo {
            self.aim_undoing()
        } else {
            Ok(Aim::harmless())
        }
    }

    /// What was deleted, made again: without a question where that was done on this screen.
    fn aim_undoing(&self) -> Result<Aim, String> {
        let lab = self.lab().ok_or("there is no lab")?;
        let (_, Deleted { forward, is_own, .. }) = self.undoable().ok_or(NOTHING_DELETED)?;
        if *is_own {
            return Ok(Aim::harmless());
        }
        let place = if lab.view.production { lab.view.name.to_uppercase() } else { lab.view.name.clone() };
        let was = format!("{}:{}, which was on port {} of the gateway", forward.address, forward.target, forward.port);
        let changes = vec![Change::Add(forward.wanted())];
        Ok(Aim {
            request: Some(Request::Change { lab: lab.view.name.clone(), job: 0, changes }),
            question: format!("Make the forward to \"{}\" again on {place}?", forward.title()),
            lines: vec![
                (was, Role::Text),
                ("it was deleted within a day, not on this screen: perhaps on purpose".to_owned(), Role::Warning),
            ],
            word: forward.name.clone(),
            production: lab.view.production,
        })
    }

    /// The deletion of the forward on the screen.
    fn aim_deletion(&self, look: &Look<'_>) -> Result<Aim, String> {
        let row = self.row_on_screen().ok_or("there is nothing to delete here")?;
        let lab = self.lab().ok_or("there is no lab")?;
        if self.is_too_soon(look.now) {
            return Err(TOO_SOON.to_owned());
        }
        let forward = match removal(row, lab.view.has_shell) {
            Ok(Change::Mend(mending)) => return Ok(aim_mending(lab, row, mending)),
            Ok(Change::Remove(forward) | Change::Tidy(forward)) => forward,
            Ok(Change::Add(_)) => return Err("there is nothing to delete here".to_owned()),
            Err(why) if row.state == model::State::NoForward => return Err(format!("{}: {why}", row.name)),
            Err(why) => {
                let by_hand = if row.mending.is_some() { "; <lab-copy-mending> copies what does" } else { "" };
                return Err(format!("{why}{by_hand}"));
            }
        };
        let place = if lab.view.production { lab.view.name.to_uppercase() } else { lab.view.name.clone() };
        let mut lines = vec![(
            format!("{}:{} on port {} of the gateway", forward.address, forward.target, forward.port),
            Role::Text,
        )];
        if row.state == model::State::Live {
            lines.push((format!("{} {IN_USE}", look.glyph(Sign::Warning)), Role::Warning));
        }
        if let Some(made_for) = lab.temporary(row) {
            lines.push((format!("it {}", made_for.story()), Role::Text));
        }
        if let Some(why) = lab.hindrance() {
            lines.push((format!("{} {why}", look.glyph(Sign::Warning)), Role::Warning));
        }
        let wanted = forward.wanted();
        let other = lab.snapshot.as_ref().and_then(|snapshot| {
            let same = |other: &&model::Forward| other.port != forward.port && other.is_for(&wanted);
            snapshot.forwards.iter().filter(|other| !snapshot.is_dead(other)).find(same)
        });
        lines.push(match (wanted.check(), other) {
            (Err(why), _) => (format!("{} it cannot be made again: {why}", look.glyph(Sign::Warning)), Role::Warning),
            (Ok(()), Some(other)) => (format!("{} leads to the same place, and stays", other.port), Role::Muted),
            (Ok(()), None) => ("<lab-undo> makes it again, on another port".to_owned(), Role::Muted),
        });
        let request =
            Request::Change { lab: lab.view.name.clone(), job: 0, changes: vec![Change::Remove(forward.clone())] };
        Ok(Aim {
            request: Some(request),
            question: format!("Delete the forward to \"{}\" on {place}?", forward.title()),
            lines,
            word: forward.name,
            production: lab.view.production,
        })
    }

    /// The plan that is opened.
    fn aim_plan(&self) -> Result<Aim, String> {
        let Some(Page::Plan(plan)) = &self.page else { return Err("there is no plan here".to_owned()) };
        let lab = self.lab().filter(|lab| lab.view.name == plan.lab).ok_or("the plan is for another lab")?;
        if plan.stage != Stage::Drafted {
            return Err("the plan is carried out already".to_owned());
        }
        let wanted = plan.wanted();
        if wanted.is_empty() {
            return Err("nothing of the plan is to be done".to_owned());
        }
        let (mut adds, mut removes) = (0, 0);
        for (_, change) in &wanted {
            match change {
                Change::Add(_) => adds += 1,
                Change::Remove(_) | Change::Tidy(_) | Change::Mend(_) => removes += 1,
            }
        }
        let what = match (adds, removes) {
            (0, removes) => format!("Delete {}", counted(removes, "forward")),
            (adds, 0) => format!("Make {}", counted(adds, "forward")),
            (adds, removes) => format!("Make {} and delete {removes}", counted(adds, "forward")),
        };
        let place = if lab.view.production { lab.view.name.to_uppercase() } else { lab.view.name.clone() };
        let titles: Vec<String> = wanted.iter().map(|(_, change)| change.title()).collect();
        let mut lines = vec![(first_of(&titles, NAMED), Role::Text)];
        let is_live = |row: &&model::Row| {
            let goes =
                |change: &Change| matches!(change, Change::Remove(forward) if row.forward().as_ref() == Some(forward));
            row.state == model::State::Live && wanted.iter().any(|(_, change)| goes(change))
        };
        let live = lab.rows().unwrap_or_default().iter().filter(is_live).count();
        if live > 0 {
            let what = format!("{live} of them work: nobody comes in by these any more, and whoever is in stays in");
            lines.push((what, Role::Warning));
        }
        let by_shell = wanted.iter().filter(|(_, change)| matches!(change, Change::Mend(_))).count();
        if by_shell > 0 {
            lines.push((format!("{by_shell} of them by the gateway's shell"), Role::Text));
        }
        lines.push(("one after the other; <lab-stop> begins no further one".to_owned(), Role::Muted));
        let changes = wanted.into_iter().map(|(_, change)| change).collect();
        Ok(Aim {
            request: Some(Request::Change { lab: plan.lab.clone(), job: 0, changes }),
            question: format!("{what} on {place}?"),
            lines,
            word: lab.view.name.clone(),
            production: lab.view.production,
        })
    }

    /// Asks the worker for what was ordered and, where that was demanded, confirmed.
    pub(crate) fn carry_out(&mut self, request: Request) -> super::Outcome {
        let Request::Change { lab, changes, .. } = request else { return super::Outcome::ask(request) };
        // The question was about exactly this.
        let is_undo = |deleted: &Deleted| {
            !deleted.is_own && deleted.lab == lab && changes == [Change::Add(deleted.forward.wanted())]
        };
        if self.undoable().is_some_and(|(_, deleted)| is_undo(deleted)) {
            return self.undo();
        }
        let is_plan = matches!(&self.page, Some(Page::Plan(plan)) if plan.stage == Stage::Drafted && plan.lab == lab
            && plan.wanted().iter().map(|(_, change)| change).eq(&changes));
        let purpose = match changes.as_slice() {
            _ if is_plan => Purpose::Plan,
            [change] => Purpose::Single(lab.clone(), change.clone()),
            _ => return super::Outcome::warn("the plan has changed meanwhile: look again"),
        };
        let said = match changes.as_slice() {
            [Change::Remove(forward) | Change::Tidy(forward)] => format!("deleting {}", forward.title()),
            [Change::Mend(mending)] => format!("asking the gateway's shell to end {}", mending.forward.port),
            [Change::Add(wanted)] => format!("making a forward to {}", wanted.title()),
            changes => format!("carrying out {}", counted(changes.len(), "change")),
        };
        let job = self.order(purpose);
        if is_plan && let Some(Page::Plan(plan)) = &mut self.page {
            let sent = plan.wanted().into_iter().map(|(at, _)| at).collect();
            plan.stage = Stage::Running(job, sent);
        }
        super::Outcome::done(said).and([Request::Change { lab, job, changes }])
    }
}

//! What keys do to the pane.

use super::editor::For;
use super::plan::{self, Plan, Proposal, Stage, Standing};
use super::{Command, Deleted, Details, Outcome, Page, Purpose, State};
use crate::command::{Motion, Scope};
use crate::features::lab::act::Change;
use crate::features::lab::model::{self, Protocol};
use crate::features::lab::worker::Request;
use crate::text::counted;
use crate::ui::Look;
use crate::ui::load::Load;

/// What is said where there is no lab.
const UNCONFIGURED: &str = "no lab is configured: [[lab]] in the configuration adds one";
/// What is said where nothing can be made again.
pub(super) const NOTHING_DELETED: &str = "nothing that could be made again was deleted from here within a day";

impl State {
    /// Questions were lost: asks for everything that is missing on the screen.
    pub(crate) fn ask_again(&mut self) -> Vec<Request> {
        let mut requests = if self.labs.is_empty() { vec![] } else { vec![Request::Refresh] };
        requests.extend(self.ask_history());
        requests
    }

    /// Whether something is opened above the list.
    pub(crate) fn is_opened(&self) -> bool {
        self.page.is_some()
    }

    /// The scopes that have the keyboard, innermost first.
    pub(crate) fn scopes(&self) -> [Scope; 2] {
        let inner = match &self.page {
            None => Scope::Lab,
            Some(Page::Details(_) | Page::Form(_)) => Scope::Forward,
            Some(Page::Plan(_)) => Scope::LabPlan,
        };
        [inner, Scope::Moving]
    }

    /// The row that a command is about: the one that is opened, else the one under the cursor.
    pub(super) fn row_on_screen(&self) -> Option<&model::Row> {
        match &self.page {
            Some(Page::Details(details)) => Some(&details.row).filter(|_| !details.is_gone),
            Some(Page::Form(_) | Page::Plan(_)) => None,
            None => self.list.selected(),
        }
    }

    /// Runs one of this feature's commands. `may_write` says whether noctui may write to backends at present.
    pub(crate) fn run(&mut self, command: Command, look: &Look<'_>, may_write: bool) -> Outcome {
        if self.labs.is_empty() {
            return Outcome::warn(UNCONFIGURED);
        }
        self.list.touch();
        match command {
            Command::Connect => self.begin_connection(None, may_write),
            Command::Files => self.begin_connection(Some(Protocol::Sftp), may_write),
            Command::Details => self.open_details(),
            Command::New => self.unless_stale(look, Self::open_form),
            Command::Delete if self.page.is_none() && self.list.marked() > 1 => {
                let rows = self.chosen();
                self.open_removals(&format!("delete {}", counted(rows.len(), "marked row")), &rows, false)
            }
            Command::Delete | Command::Go => match self.aim(command, look).map(|aim| aim.request) {
                Ok(Some(request)) => self.carry_out(request),
                Ok(None) => Outcome::none(),
                Err(why) => Outcome::warn(why),
            },
            Command::Undo => self.unless_stale(look, Self::undo),
            Command::Clean => self.unless_stale(look, Self::clean),
            Command::Save => self.edit_path(For::Save),
            Command::Restore => self.unless_stale(look, |state| state.edit_path(For::Restore)),
            Command::Stop => self.stop(),
            Command::Leave => self.leave_out(),
            Command::Mark => {
                self.list.toggle_mark();
                self.moved(Motion::Down)
            }
            Command::MarkAll => {
                self.list.toggle_all();
                Outcome::none()
            }
            Command::Filter => self.edit_filter(),
            Command::Copy => Outcome::copied(self.address().unwrap_or_default()),
            Command::CopyCommand => match self.command_line() {
                Ok(line) => Outcome::copied(line),
                Err(why) => Outcome::warn(why),
            },
            Command::CopyMending => match self.mending() {
                Some(line) => Outcome::copied(line),
                None => Outcome::warn("there is nothing to put right by hand at the gateway"),
            },
            Command::Next => self.step(Motion::Down),
            Command::Previous => self.step(Motion::Up),
            Command::Close => self.back().unwrap_or_else(|| Outcome::warn("nothing is opened here")),
            Command::Instance => self.next_lab(),
            Command::Refresh => Outcome { requests: vec![Request::Retry], ..Outcome::done("reading the lab again") },
        }
    }

    /// Does something unless what is shown is out of date, which is said.
    fn unless_stale(&mut self, look: &Look<'_>, run: impl FnOnce(&mut Self) -> Outcome) -> Outcome {
        let why = self.lab().and_then(|lab| {
            let read_only = lab.view.read_only.then(|| format!("lab {} has read_only = true", lab.view.name));
            read_only.or_else(|| lab.stale(self.started, look.now))
        });
        match why {
            Some(why) => Outcome::warn(why),
            None => run(self),
        }
    }

    /// `i`
    pub(super) fn open_details(&mut self) -> Outcome {
        let Some(row) = self.list.selected().cloned() else { return Outcome::none() };
        let (key, history) = (row.key(), Load::Loading);
        self.page = Some(Page::Details(Details { key, row, is_gone: false, scroll: 0, history }));
        Outcome::none().and(self.ask_history())
    }

    /// What was asked for the machine that is opened.
    pub(super) fn ask_history(&self) -> Option<Request> {
        let Some(Page::Details(details)) = &self.page else { return None };
        let is_missing = matches!(details.history, Load::Loading) && !details.row.name.is_empty();
        is_missing.then(|| Request::History {
            lab: self.lab().map(|lab| lab.view.name.clone()).unwrap_or_default(),
            name: details.row.name.clone(),
        })
    }

    /// `]` and `[`
    fn step(&mut self, motion: Motion) -> Outcome {
        let before = self.list.cursor();
        self.list.move_by(motion.distance(1).unwrap_or(0));
        if self.list.cursor() == before {
            let which = if motion == Motion::Down { "last" } else { "first" };
            return Outcome::warn(format!("this is the {which} one"));
        }
        self.open_details()
    }

    /// What `u` would make again: what was deleted last on this screen, else what was deleted last from here.
    pub(super) fn undoable(&self) -> Option<(usize, &Deleted)> {
        let name = &self.lab()?.view.name;
        self.deleted.iter().enumerate().rev().find(|(_, deleted)| deleted.lab == *name)
    }

    /// `u`
    pub(super) fn undo(&mut self) -> Outcome {
        let Some((at, _)) = self.undoable() else { return Outcome::warn(NOTHING_DELETED) };
        let Deleted { lab, forward, .. } = self.deleted.remove(at);
        let changes = vec![Change::Add(forward.wanted())];
        let said = format!("making the forward to {} again", forward.title());
        let job = self.order(Purpose::Undo(lab.clone(), forward));
        Outcome::done(said).and([Request::Change { lab, job, changes }])
    }

    /// `X`
    fn clean(&mut self) -> Outcome {
        let rows = self.lab().and_then(super::lab::LabState::rows).unwrap_or_default();
        let rubbish: Vec<model::Row> = rows.iter().filter(|row| self.is_rubbish(row)).cloned().collect();
        if rubbish.is_empty() {
            return Outcome::warn(
                "nothing is dead, gone, duplicate, left behind or in no list that could be ended from here",
            );
        }
        self.open_removals("delete what is dead, gone, duplicate, left behind or in no list", &rubbish, true)
    }

    /// Whether a clean-up is about a row: what is of no use, what a connection left behind, and what is in no list where that
    /// can be ended from here.
    pub(super) fn is_rubbish(&self, row: &model::Row) -> bool {
        let Some(lab) = self.lab() else { return false };
        let is_left = || lab.temporary(row).is_some_and(|it| !it.is_in_use());
        row.state.is_rubbish() || (row.state == model::State::Unlisted && lab.view.has_shell) || is_left()
    }

    /// What puts right at the gateway what is on the screen, where the service cannot.
    pub(super) fn mending(&self) -> Option<String> {
        match &self.page {
            Some(Page::Plan(plan)) => plan.list.selected()?.mending.clone(),
            _ => self.row_on_screen().and_then(|row| row.mending.clone()),
        }
    }

    /// Opens a plan that deletes.
    fn open_removals(&mut self, title: &str, rows: &[model::Row], proposes: bool) -> Outcome {
        let Some(lab) = self.lab() else { return Outcome::none() };
        let untold: Vec<_> =
            lab.snapshot.as_ref().map_or_else(Vec::new, |snapshot| snapshot.untold.keys().copied().collect());
        let proposal = Proposal { proposes, untold: &untold, has_shell: lab.view.has_shell, temporary: &lab.temporary };
        let plan = Plan::new(title, &lab.view.name, plan::removals(rows, proposal));
        self.page = Some(Page::Plan(plan));
        Outcome::none()
    }

    /// `x` in a plan
    fn stop(&mut self) -> Outcome {
        match &self.page {
            Some(Page::Plan(Plan { stage: Stage::Running(job, _), .. })) => {
                let job = *job;
                Outcome::done("no further change is begun").and([Request::Cancel { job }])
            }
            _ => Outcome::warn("nothing is being carried out here"),
        }
    }

    /// Space in a plan
    fn leave_out(&mut self) -> Outcome {
        let Some(Page::Plan(plan)) = &mut self.page else { return Outcome::warn("there is no plan here") };
        if plan.stage != Stage::Drafted {
            return Outcome::warn("the plan is carried out already");
        }
        let Some(at) = plan.list.selected().filter(|item| item.change.is_some()).map(|item| item.at) else {
            return Outcome::warn("there is nothing to do for it");
        };
        plan.edit(at, |item| {
            item.standing = if item.standing == Standing::Wanted { Standing::LeftOut } else { Standing::Wanted };
        });
        plan.list.move_by(1);
        Outcome::none()
    }

    /// `I`
    fn next_lab(&mut self) -> Outcome {
        if self.labs.len() < 2 {
            return Outcome::warn("there is only one lab; [[lab]] in the configuration adds another");
        }
        self.show_lab_at((self.current + 1) % self.labs.len());
        Outcome::done(self.lab().map_or_else(String::new, |lab| format!("lab {}: {}", lab.view.name, lab.view.server)))
    }

    /// Shows the lab of this name, if there is one.
    pub(crate) fn show_lab(&mut self, name: &str) {
        if let Some(at) = self.labs.iter().position(|lab| lab.view.name == name)
            && at != self.current
        {
            self.show_lab_at(at);
        }
    }

    /// Shows another lab.
    fn show_lab_at(&mut self, at: usize) {
        self.current = at;
        self.page = None;
        self.editor = None;
        self.list = crate::ui::list::List::default();
        self.list.set_headings(false);
        self.refill(None);
    }
}

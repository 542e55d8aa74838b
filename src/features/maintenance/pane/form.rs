//! Fields that are filled in by hand: a maintenance that is made or corrected, or what a mail means.

use chrono::{DateTime, Timelike as _, Utc};

use super::news::News;
use super::opened::{Load, Page};
use super::{Outcome, State};
use crate::features::maintenance::guess::Suggestion;
use crate::features::maintenance::model::{Circuit, Notice, Status};
use crate::features::maintenance::store::by_hand::Field as By;
use crate::features::maintenance::store::detail::Detail;
use crate::features::maintenance::store::edit::{Edit, Looked, Made, Refused};
use crate::features::maintenance::store::{MaintenanceKey, NotificationKey};
use crate::features::maintenance::typed::{self, NoTime};
use crate::features::maintenance::worker::{Done, Mail, Question, Report, Write};
use crate::key::{Code, Key};
use crate::trouble::Trouble;
use crate::ui::field::{Edited, Field};

/// A time as somebody would type it: to the second where it has any, so that one which nobody touches stays what it is.
fn time(at: DateTime<Utc>) -> String {
    at.format(if at.second() == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" }).to_string()
}

/// What a field is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    /// Whose maintenance it is.
    Provider,
    /// What they call it.
    Id,
    /// Where it stands.
    Status,
    /// Start of the window.
    Start,
    /// End of the window.
    End,
    /// The circuits, each with what happens to it.
    Circuits,
    /// One line on what is done.
    Summary,
    /// A ticket of the user's own system.
    Ticket,
    /// Who looks after it.
    Assignee,
}

impl Label {
    /// Beside the field.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "Provider",
            Self::Id => "Id",
            Self::Status => "Status",
            Self::Start => "Start (UTC)",
            Self::End => "End (UTC)",
            Self::Circuits => "Circuits",
            Self::Summary => "Summary",
            Self::Ticket => "Ticket",
            Self::Assignee => "Assignee",
        }
    }

    /// What can stand in it, where the label does not say that.
    pub(crate) fn help(self) -> &'static str {
        match self {
            Self::Status => typed::STATUSES,
            Self::Start | Self::End => "such as 2026-11-21 22:00, in UTC",
            Self::Circuits => "with commas between; not an outage: AB-1=degraded, =reduced or =no impact",
            Self::Ticket => "its id or its address; left empty there is none",
            Self::Provider | Self::Id | Self::Summary | Self::Assignee => "",
        }
    }
}

/// What is filled in.
#[derive(Debug, Clone)]
enum Purpose {
    /// A maintenance that no notice has told of.
    Make,
    /// What is known of one.
    Edit {
        /// Which.
        key: MaintenanceKey,
        /// What was known of it when this was filled in with it.
        looked: Box<Looked>,
    },
    /// What a mail means that no rule reads.
    Mail {
        /// The mail.
        key: NotificationKey,
        /// When it was made.
        made_at: DateTime<Utc>,
        /// Who sent it.
        sender: String,
        /// The account that it may name.
        account: Option<String>,
    },
}

/// What has become of what was filled in. It goes when it is in the store, not when it is sent there: nobody types it twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It is being filled in.
    Typed,
    /// It is being saved, under this number.
    Sent(u64),
    /// It was not saved, since what it corrects is another by now: which is being looked up.
    Outdated,
}

/// Fields being filled in.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    /// What for.
    purpose: Purpose,
    /// What it is about.
    pub(crate) title: String,
    /// The fields, with what stood in them at first.
    pub(crate) fields: Vec<(Label, Field, String)>,
    /// Which of them has the keyboard.
    pub(crate) at: usize,
    /// What is wrong with what was filled in.
    pub(crate) problem: Option<String>,
    /// What somebody else set while it was filled in, until that is read.
    pub(crate) news: Option<News>,
    /// What has become of it.
    pub(crate) stage: Stage,
}

impl Form {
    /// With these texts.
    fn new(purpose: Purpose, title: String, texts: Vec<(Label, String)>) -> Self {
        let fields = texts.into_iter().map(|(label, text)| (label, Field::line(&text), text)).collect();
        Self { purpose, title, fields, at: 0, problem: None, news: None, stage: Stage::Typed }
    }

    /// Nothing is known.
    fn of_nothing() -> Self {
        let labels = [
            (Label::Provider, ""),
            (Label::Id, ""),
            (Label::Status, "confirmed"),
            (Label::Start, ""),
            (Label::End, ""),
            (Label::Circuits, ""),
            (Label::Summary, ""),
            (Label::Ticket, ""),
            (Label::Assignee, ""),
        ];
        let texts = labels.map(|(label, text)| (label, text.to_owned()));
        Self::new(Purpose::Make, "A maintenance made by hand".to_owned(), texts.into())
    }

    /// What is known of a maintenance.
    fn of_detail(detail: &Detail) -> Self {
        let purpose = Purpose::Edit { key: detail.key, looked: Box::new(Looked::at(detail)) };
        Self::new(purpose, format!("{} {}", detail.provider, detail.maintenance_id), Self::texts_of(detail))
    }

    /// What stands in its fields at first.
    fn texts_of(detail: &Detail) -> Vec<(Label, String)> {
        vec![
            (Label::Ticket, detail.ticket.clone()),
            (Label::Assignee, detail.assignee.clone()),
            (Label::Status, detail.status.word().to_owned()),
            (Label::Start, time(detail.start)),
            (Label::End, time(detail.end)),
            (Label::Circuits, typed::of_circuits(&detail.circuits)),
            (Label::Summary, detail.summary.clone()),
        ]
    }

    /// Takes over what is known by now of what it corrects, where nothing was typed, and tells what that is.
    fn look_again(&mut self, detail: &Detail) {
        self.stage = Stage::Typed;
        let Purpose::Edit { looked, .. } = &mut self.purpose else { return };
        **looked = Looked::at(detail);
        let mut news = News::default();
        for (label, now) in Self::texts_of(detail) {
            let Some((_, field, before)) = self.fields.iter_mut().find(|(other, ..)| *other == label) else { continue };
            if *before == now {
                continue;
            }
            if field.text() == before {
                *field = Field::line(&now);
            }
            news.labels.push(label);
            *before = now;
        }
        (self.problem, self.news) = (None, Some(news));
    }

    /// What is guessed of a mail.
    fn of_mail(mail: &Mail) -> Self {
        let guess = mail
            .suggestion
            .clone()
            .unwrap_or_else(|| Suggestion::nothing(&mail.sender).whose(mail.provider.as_deref()));
        let time = |at: Option<DateTime<Utc>>| at.map(time).unwrap_or_default();
        let texts = vec![
            (Label::Provider, guess.provider),
            (Label::Id, guess.maintenance_id.unwrap_or_default()),
            (Label::Status, guess.status.word().to_owned()),
            (Label::Start, time(guess.start)),
            (Label::End, time(guess.end)),
            (Label::Circuits, guess.circuits.iter().map(|id| typed::of_id(id)).collect::<Vec<_>>().join(", ")),
            (Label::Summary, guess.summary),
        ];
        let (key, made_at, sender) = (mail.key, mail.made_at, mail.sender.clone());
        let purpose = Purpose::Mail { key, made_at, sender, account: guess.account };
        Self::new(purpose, format!("What the mail means: {}", mail.subject), texts)
    }

    /// The field that has the keyboard.
    pub(crate) fn field(&mut self) -> Option<&mut Field> {
        self.fields.get_mut(self.at).map(|(_, field, _)| field)
    }

    /// Goes to another field, round and round.
    fn go(&mut self, forward: bool) {
        let many = self.fields.len().max(1);
        self.at = if forward { (self.at + 1) % many } else { (self.at + many - 1) % many };
    }

    /// What stands in a field.
    fn text(&self, label: Label) -> &str {
        self.fields.iter().find(|(other, ..)| *other == label).map_or("", |(_, field, _)| field.text().trim())
    }

    /// The same, if it is not what stood there at first.
    fn changed(&self, label: Label) -> Option<&str> {
        let (_, field, before) = self.fields.iter().find(|(other, ..)| *other == label)?;
        (field.text() != before).then(|| field.text().trim())
    }

    /// Says that a field is wrong, and goes there.
    fn wrong(&mut self, label: Label, why: &str) {
        self.at = self.fields.iter().position(|(other, ..)| *other == label).unwrap_or(self.at);
        self.problem = Some(format!("{}: {why}", label.as_str()));
    }

    /// What is to be written, or the first field that is wrong and why.
    fn write(&self, who: &str) -> Result<Option<Write>, (Label, String)> {
        let who = who.to_owned();
        let filled = |label: Label| match self.text(label) {
            "" => Err((label, "it has to be filled in".to_owned())),
            text => Ok(text.to_owned()),
        };
        Ok(Some(match &self.purpose {
            Purpose::Make => {
                let (start, end) = self.window()?;
                let made = Made {
                    provider: filled(Label::Provider)?,
                    maintenance_id: filled(Label::Id)?,
                    status: self.status()?,
                    start,
                    end,
                    circuits: self.circuits()?,
                    summary: self.text(Label::Summary).to_owned(),
                    ticket: self.text(Label::Ticket).to_owned(),
                    assignee: self.text(Label::Assignee).to_owned(),
                };
                Write::Make { made: Box::new(made), who }
            }
            Purpose::Edit { key, looked } => {
                let is_moved = self.changed(Label::Start).is_some() || self.changed(Label::End).is_some();
                let owned = |label| self.changed(label).map(str::to_owned);
                let edit = Edit {
                    window: if is_moved { Some(self.window()?) } else { None },
                    status: if self.changed(Label::Status).is_some() { Some(self.status()?) } else { None },
                    circuits: if self.changed(Label::Circuits).is_some() { Some(self.circuits()?) } else { None },
                    summary: owned(Label::Summary),
                    ticket: owned(Label::Ticket),
                    assignee: owned(Label::Assignee),
                };
                if edit == Edit::default() {
                    return Ok(None);
                }
                Write::Edit { key: *key, looked: looked.clone(), edit: Box::new(edit), who }
            }
            Purpose::Mail { key, made_at, sender, account } => {
                let (start, end) = self.window()?;
                let status = self.status()?;
                let circuits = self.circuits()?;
                if circuits.is_empty() && !status.is_final() {
                    return Err((Label::Circuits, "it has to be filled in".to_owned()));
                }
                let notice = Notice {
                    account: account.clone().unwrap_or_else(|| "unknown".to_owned()),
                    circuits,
                    end,
                    maintenance_id: filled(Label::Id)?,
                    organizer: sender.clone(),
                    provider: filled(Label::Provider)?,
                    sequence: 1,
                    stamp: *made_at,
                    start,
                    status,
                    summary: self.text(Label::Summary).to_owned(),
                    uid: "0".to_owned(),
                    says_cancelled: false,
                    sent: None,
                };
                Write::Accept { key: *key, notice: Box::new(notice), by_hand: self.by_hand(), who }
            }
        }))
    }

    /// What somebody typed, of what notices speak of.
    fn by_hand(&self) -> Vec<By> {
        let labels = [
            (By::Window, [Label::Start, Label::End].as_slice()),
            (By::Status, &[Label::Status]),
            (By::Circuits, &[Label::Circuits]),
            (By::Summary, &[Label::Summary]),
        ];
        let is_typed = |labels: &[Label]| labels.iter().any(|label| self.changed(*label).is_some());
        labels.into_iter().filter(|(_, labels)| is_typed(labels)).map(|(field, _)| field).collect()
    }

    /// Start and end.
    fn window(&self) -> Result<(DateTime<Utc>, DateTime<Utc>), (Label, String)> {
        let time = |label: Label| {
            let text = self.text(label);
            typed::instant(text).map_err(|why| match why {
                NoTime::Unread => (label, format!("{text:?} is no time; write it as 2026-11-21 22:00, in UTC")),
                NoTime::Year(_) => (label, why.to_string()),
            })
        };
        let (start, end) = (time(Label::Start)?, time(Label::End)?);
        if end <= start {
            return Err((Label::End, "it has to be after the start".to_owned()));
        }
        Ok((start, end))
    }

    /// Where it stands.
    fn status(&self) -> Result<Status, (Label, String)> {
        typed::status(self.text(Label::Status)).map_err(|why| (Label::Status, why))
    }

    /// The circuits.
    fn circuits(&self) -> Result<Vec<Circuit>, (Label, String)> {
        typed::circuits(self.text(Label::Circuits)).map_err(|why| (Label::Circuits, why))
    }
}

impl State {
    /// `N`: a maintenance made by hand, or what an opened mail means.
    pub(super) fn fill_in(&mut self) -> Outcome {
        let form = match self.pages.last() {
            Some(Page::Notification(page)) => match &page.mail {
                Load::Ready(mail) if mail.outcome.needs_a_look() => Form::of_mail(mail),
                Load::Ready(_) => return Outcome::warn("it was read: what it says is known"),
                Load::Loading | Load::Failed(_) => return Outcome::none(),
            },
            Some(_) | None => Form::of_nothing(),
        };
        self.editor = Some(super::editor::Editor::Form(Box::new(form)));
        Outcome::none()
    }

    /// `E`: corrects what is opened.
    pub(super) fn correct(&mut self) -> Outcome {
        let Some(Page::Maintenance(page)) = self.pages.last() else { return Outcome::none() };
        let Load::Ready(detail) = &page.detail else { return Outcome::none() };
        let form = Form::of_detail(detail);
        self.editor = Some(super::editor::Editor::Form(Box::new(form)));
        Outcome::none()
    }

    /// A key in a form.
    pub(super) fn typed_in_form(&mut self, key: Key) -> Outcome {
        let Some(form) = self.form() else { return Outcome::none() };
        if form.stage != Stage::Typed {
            return Outcome::none();
        }
        if key.code == Code::Enter {
            return self.save_form();
        }
        if key.code == Code::Tab {
            form.go(!key.shift);
        } else if matches!(key.code, Code::Down | Code::Up) {
            form.go(key.code == Code::Down);
        } else if form.field().map(|field| field.key(key)) == Some(Edited::Text) {
            form.problem = None;
        }
        Outcome::none()
    }

    /// Enter in a form.
    fn save_form(&mut self) -> Outcome {
        let (who, number, size) = (self.who.clone(), self.forms + 1, self.size);
        let Some(form) = self.form() else { return Outcome::none() };
        if form.reads_on(size) {
            return Outcome::none();
        }
        // All of it was told.
        (form.news, form.problem) = (None, None);
        match form.write(&who) {
            Ok(Some(write)) => {
                form.stage = Stage::Sent(number);
                self.forms = number;
                Outcome::ask(Write::OfForm { form: number, write: Box::new(write) })
            }
            Ok(None) => {
                self.editor = None;
                Outcome::warn("nothing was changed")
            }
            Err((label, why)) => {
                form.wrong(label, &why);
                Outcome::none()
            }
        }
    }

    /// The form that is open.
    fn form(&mut self) -> Option<&mut Form> {
        match &mut self.editor {
            Some(super::editor::Editor::Form(form)) => Some(form),
            Some(_) | None => None,
        }
    }

    /// The form that was sent with this number, if it is still being saved.
    fn sent_form(&mut self, number: u64) -> Option<&mut Form> {
        self.form().filter(|form| form.stage == Stage::Sent(number))
    }

    /// What came of what was filled in. A form that was opened since is another one.
    pub(super) fn form_answered(&mut self, number: u64, report: &Report) -> Option<Question> {
        self.sent_form(number)?;
        if let Report::Done { done: Done::NotEdited(why), .. } = report {
            return self.form_refused(number, *why);
        }
        if matches!(report, Report::Done { done: Done::Edited { .. } | Done::Accepted(_), .. }) {
            self.editor = None;
        } else {
            self.form_failed();
        }
        None
    }

    /// What was filled in could not be saved: it stays, to be sent again.
    pub(super) fn form_failed(&mut self) {
        if let Some(form) = self.form() {
            form.stage = Stage::Typed;
        }
    }

    /// What was filled in was refused: it stays, to be corrected, with what is wrong.
    fn form_refused(&mut self, number: u64, why: Refused) -> Option<Question> {
        let form = self.sent_form(number)?;
        form.stage = Stage::Typed;
        match (why, &form.purpose) {
            (Refused::Changed, Purpose::Edit { key, .. }) => {
                form.stage = Stage::Outdated;
                return Some(Question::Open(*key));
            }
            (Refused::Known, _) => form.wrong(Label::Id, "a maintenance of this provider and id is known"),
            (Refused::Same, _) => self.editor = None,
            (Refused::Backwards | Refused::Empty, _) => form.wrong(Label::End, "it has to be after the start"),
            (Refused::Nameless, _) => form.wrong(Label::Id, "it has to be filled in"),
            (Refused::Gone | Refused::Changed | Refused::NothingSaid, _) => {}
        }
        None
    }

    /// How a maintenance is by now, if a form waits for that.
    pub(super) fn looked_up(&mut self, key: MaintenanceKey, detail: Result<&Detail, &Trouble>) {
        let Some(form) = self.form().filter(|form| form.stage == Stage::Outdated) else { return };
        if !matches!(&form.purpose, Purpose::Edit { key: waits, .. } if *waits == key) {
            return;
        }
        match detail {
            Ok(detail) => form.look_again(detail),
            Err(trouble) => {
                form.stage = Stage::Typed;
                form.problem = Some(trouble.what().to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::maintenance::model::Impact;

    /// The form with these texts typed in.
    fn filled(texts: &[(Label, &str)]) -> Form {
        let mut form = Form::of_nothing();
        for (label, text) in texts {
            let field = form.fields.iter_mut().find(|(other, ..)| other == label).unwrap();
            field.1 = Field::line(text);
        }
        form
    }

    const WHOLE: &[(Label, &str)] = &[
        (Label::Provider, "bramble"),
        (Label::Id, "BR-1"),
        (Label::Status, "rescheduled"),
        (Label::Start, "2026-11-21 22:00"),
        (Label::End, "2026-11-21T23:30:00+01:00"),
        (Label::Circuits, "AB-1, CD=2=degraded ,"),
    ];

    #[test]
    fn what_is_typed_becomes_a_maintenance() {
        let Ok(Some(Write::Make { made, who })) = filled(WHOLE).write("anna") else { panic!("it is whole") };
        assert_eq!((made.status, who.as_str()), (Status::ReScheduled, "anna"));
        assert_eq!(made.end - made.start, chrono::TimeDelta::minutes(30));
        let circuit = |id: &str, impact| Circuit { circuit_id: id.to_owned(), impact };
        assert_eq!(made.circuits, [circuit("AB-1", Impact::Outage), circuit("CD=2", Impact::Degraded)]);
    }

    #[test]
    fn the_field_that_is_wrong_is_named() {
        for (label, text) in [
            (Label::Id, " "),
            (Label::Status, "soon"),
            (Label::Start, "tonight"),
            (Label::End, "2026-11-21 21:00"),
            (Label::Circuits, "AB-1=degradd"),
        ] {
            let mut form = filled(WHOLE);
            form.fields.iter_mut().find(|(other, ..)| *other == label).unwrap().1 = Field::line(text);
            let (wrong, why) = form.write("anna").unwrap_err();
            assert_eq!(wrong, label, "{why}");
        }
    }
}

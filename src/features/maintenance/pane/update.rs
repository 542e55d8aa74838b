//! What keys do to the pane.

use chrono::{DateTime, Utc};

use super::moving::page_height;
use super::opened::{Facts, Load, MaintenancePage, NotificationPage, NotificationsPage, Page, Text};
use super::query::CHUNK;
use super::report::many;
use super::{Command, Outcome, State};
use crate::command::{Motion, Scope};
use crate::features::maintenance::store::unparsed::Which;
use crate::features::maintenance::store::{MaintenanceKey, NotificationKey};
use crate::features::maintenance::worker::{Question, Request, Target, Write};
use crate::ui::Look;
use crate::ui::list::List;

/// More rows than this are said to be on their way; fewer are done before somebody could read it.
const AT_ONCE: usize = 2000;
/// More maintenances than this are in no calendar that a program would open, and would all be in memory at once.
const MOST_EXPORTED: usize = 5000;

impl State {
    /// Takes over a changed name.
    pub(crate) fn set_who(&mut self, who: &str) {
        who.clone_into(&mut self.who);
    }

    /// Takes over the names of the configured sources. What is known of others goes: nobody would tell of them again.
    pub(crate) fn set_sources(&mut self, names: &[String]) {
        names.clone_into(&mut self.configured);
        self.sources.retain(|source| names.contains(&source.name));
    }

    /// Whether something is opened above the list.
    pub(crate) fn is_opened(&self) -> bool {
        !self.pages.is_empty()
    }

    /// Whether text is being typed.
    pub(crate) fn is_typing(&self) -> bool {
        self.editor.is_some()
    }

    /// The scopes that have the keyboard, innermost first.
    pub(crate) fn scopes(&self) -> [Scope; 2] {
        let place = match self.pages.last() {
            None => Scope::Maintenances,
            Some(Page::Maintenance(_)) => Scope::Maintenance,
            Some(Page::Notifications(_)) => Scope::Notifications,
            Some(Page::Notification(_)) => Scope::Notification,
            Some(Page::Sources(_)) => Scope::Sources,
            Some(Page::Outbox(_)) => Scope::Outbox,
        };
        [place, Scope::Moving]
    }

    /// Every instant that a text on the screen counts down to.
    pub(crate) fn instants(&self) -> impl Iterator<Item = DateTime<Utc>> {
        use crate::ui::list::Line;
        let windows: Vec<_> = match self.pages.last() {
            None => {
                let rows = self.list.lines().into_iter().filter_map(|line| match line {
                    Line::Row(_, row) => Some([row.start, row.end]),
                    Line::Heading(_) => None,
                });
                rows.collect()
            }
            Some(Page::Maintenance(page)) => match &page.detail {
                Load::Ready(detail) => vec![[detail.start, detail.end]],
                Load::Loading | Load::Failed(_) => vec![],
            },
            Some(Page::Notifications(_) | Page::Notification(_) | Page::Sources(_) | Page::Outbox(_)) => vec![],
        };
        windows.into_iter().flatten()
    }

    /// Runs one of this feature's commands.
    pub(crate) fn run(&mut self, command: Command, look: &Look<'_>) -> Outcome {
        let now = look.now;
        self.list.touch();
        if command.acts_on_marks() && self.is_marking() {
            // It would reach the row under the cursor, or what was marked before.
            return Outcome::warn("all rows are being marked, and nothing was done: press it again in a moment");
        }
        match command {
            Command::Open => self.open(),
            Command::Acknowledge => self.acknowledge(),
            Command::Note => self.edit_note(),
            Command::Undo => self.undo_last(),
            Command::Accept => self.accept(),
            Command::Mark => {
                self.toggle_mark();
                self.moved(Motion::Down, now)
            }
            Command::MarkAll => self.mark_all(),
            Command::Seen => self.clear_news(),
            Command::Filter => self.edit_filter(),
            Command::Show => self.show_next(now),
            Command::Provider => self.only_provider(now),
            Command::Sort => self.sort_next(now),
            Command::Notifications => self.open_notifications(),
            Command::Outbox => self.open_outbox(),
            Command::OutboxRetry => self.send_again(),
            // Their questions hold what is asked; they run by no other way.
            Command::OutboxAnyway | Command::OutboxDrop => Outcome::none(),
            Command::OpenMail => self.open_mail(),
            Command::Next => self.step(Motion::Down, now),
            Command::Previous => self.step(Motion::Up, now),
            Command::Close => self.close(),
            Command::Dismiss => self.dismiss(),
            Command::Copy => self.copy_ids(),
            Command::CopyText => self.copy_text(look),
            Command::Export => self.export(),
            Command::Sync => self.sync(),
            Command::Sources => self.open_sources(),
            Command::Pause => self.pause(),
            Command::Raw => self.toggle_raw(),
            Command::Reread => Outcome::ask(Write::Reread),
            Command::AssignSender => self.assign_sender(),
            Command::Make => self.fill_in(),
            Command::Edit => self.correct(),
            Command::Attach => self.attach(),
            Command::Take => self.take_notice(),
            Command::Keep => self.settle(|key, who| Write::Keep { key, who }),
        }
    }

    /// Enter.
    pub(super) fn open(&mut self) -> Outcome {
        match self.pages.last() {
            Some(Page::Notifications(page)) => {
                let Some(id) = page.list.selected().map(|row| row.key) else { return Outcome::none() };
                self.open_notification(id)
            }
            Some(Page::Outbox(page)) => match (self.outbox_maintenance(), page.list.selected()) {
                (Some(key), _) => self.open_maintenance(key, 0),
                (None, Some(_)) => Outcome::warn("this maintenance is no longer known here"),
                (None, None) => Outcome::warn("there is nothing here to open"),
            },
            Some(_) => Outcome::none(),
            None => match self.list.selected() {
                Some(row) => {
                    let (key, revision) = (row.key.maintenance, row.revision);
                    self.open_maintenance(key, revision)
                }
                None => Outcome::none(),
            },
        }
    }

    /// Opens a maintenance; looking at it clears the sign of news.
    fn open_maintenance(&mut self, key: MaintenanceKey, revision: u32) -> Outcome {
        let page = MaintenancePage {
            key,
            detail: Load::Loading,
            facts: Facts::default(),
            mail_of: None,
            mail: None,
            text: Text::default(),
            scroll: 0,
        };
        self.pages.push(Page::Maintenance(page));
        Outcome::ask(Question::Open(key)).and([Write::Seen(vec![Target { key, revision }])])
    }

    /// Opens a notification.
    pub(super) fn open_notification(&mut self, key: NotificationKey) -> Outcome {
        self.pages.push(Page::Notification(NotificationPage {
            key,
            mail: Load::Loading,
            is_raw: false,
            text: Text::default(),
            scroll: 0,
        }));
        Outcome::ask(Question::Read(key))
    }

    /// `o` on an opened maintenance: the newest mail behind it.
    fn open_mail(&mut self) -> Outcome {
        let Some(Page::Maintenance(page)) = self.pages.last() else { return Outcome::none() };
        let Load::Ready(detail) = &page.detail else { return Outcome::none() };
        match detail.notifications.first().map(|newest| newest.key) {
            Some(id) => self.open_notification(id),
            None => Outcome::warn("there is no mail behind this maintenance"),
        }
    }

    /// The list of notifications.
    fn open_notifications(&mut self) -> Outcome {
        let mut page = NotificationsPage {
            list: List::default(),
            which: Which::NeedALook,
            filter: String::new(),
            generation: 0,
            extending: false,
            marking: false,
            failure: None,
        };
        page.list.set_height(page_height(self.size.1, 0));
        let question = page.relist(CHUNK);
        self.pages.push(Page::Notifications(page));
        Outcome::ask(question)
    }

    /// `d` on mails: those that need a look need it no more; those that were dismissed need it again.
    fn dismiss(&mut self) -> Outcome {
        let who = self.who.clone();
        let (keys, dismissed, unread) = match self.pages.last() {
            Some(Page::Notifications(page)) => {
                let targets = page.list.targets();
                let keys: Vec<NotificationKey> = targets.iter().map(|row| row.key).collect();
                let dismissed = targets.iter().all(|row| row.dismissed.is_some());
                (keys, dismissed, targets.iter().any(|row| row.outcome.needs_a_look()))
            }
            Some(Page::Notification(page)) => match &page.mail {
                Load::Ready(mail) => (vec![page.key], mail.dismissed.is_some(), mail.outcome.needs_a_look()),
                Load::Loading | Load::Failed(_) => (vec![], false, false),
            },
            Some(Page::Maintenance(_) | Page::Sources(_) | Page::Outbox(_)) | None => (vec![], false, false),
        };
        match (keys.is_empty(), unread) {
            (true, _) => Outcome::warn("there is no mail to dismiss here"),
            (false, false) => Outcome::warn("it was read: there is nothing to dismiss"),
            (false, true) if dismissed => Outcome::ask(Write::BringBack { keys, who }),
            (false, true) => Outcome::ask(Write::Dismiss { keys, who }),
        }
    }

    /// Acknowledges what is not, or takes it back where all is.
    fn acknowledge(&mut self) -> Outcome {
        let subjects = self.subjects();
        if subjects.is_empty() {
            return Outcome::warn("there is nothing to acknowledge here");
        }
        let who = self.who.clone();
        let many = subjects.len();
        self.unseen_targets = self.unseen_of_subjects();
        let write = if self.is_all_acknowledged() {
            Write::Unacknowledge { keys: subjects.iter().map(|mark| mark.key).collect(), who }
        } else {
            Write::Acknowledge { targets: subjects.iter().map(Target::from).collect(), who }
        };
        // So many take seconds, in which nothing else would say that something is being done.
        let say = (many > AT_ONCE)
            .then(|| Outcome::done(format!("{many} are being written{}", self.unseen_targets)).say)
            .flatten();
        Outcome { say, ..Outcome::ask(write) }
    }

    /// `A` on an opened mail: what is suggested becomes a maintenance.
    fn accept(&self) -> Outcome {
        let Some(Page::Notification(NotificationPage { key, mail: Load::Ready(mail), .. })) = self.pages.last() else {
            return Outcome::none();
        };
        let Some(suggestion) = &mail.suggestion else {
            return Outcome::warn("nothing is suggested for this mail");
        };
        match suggestion.notice(mail.made_at, &mail.sender) {
            Some(notice) => {
                let (notice, who) = (Box::new(notice), self.who.clone());
                Outcome::ask(Write::Accept { key: *key, notice, by_hand: Vec::new(), who })
            }
            None => Outcome::warn(format!(
                "it lacks {}: noctui maintenance accept {key} takes them as flags",
                suggestion.missing.join(", ")
            )),
        }
    }

    /// `v` on an opened mail.
    fn toggle_raw(&mut self) -> Outcome {
        if let Some(Page::Notification(page)) = self.pages.last_mut() {
            page.is_raw = !page.is_raw;
            (page.text, page.scroll) = (Text::default(), 0);
        }
        Outcome::none()
    }

    /// `T` on an opened maintenance of which something was set by hand.
    fn take_notice(&self) -> Outcome {
        match self.set_by_hand() {
            Some(set) if set.is_announced && set.would_change.is_empty() => {
                Outcome::warn("no notice says anything else than what was set by hand: there is nothing to take over")
            }
            Some(_) | None => self.settle(|key, who| Write::Take { key, who }),
        }
    }

    /// `T` and `K` on an opened maintenance of which something was set by hand.
    fn settle(&self, write: impl FnOnce(MaintenanceKey, String) -> Write) -> Outcome {
        let Some(Page::Maintenance(MaintenancePage { detail: Load::Ready(detail), .. })) = self.pages.last() else {
            return Outcome::none();
        };
        match &detail.by_hand {
            Some(set) if set.is_announced => Outcome::ask(write(detail.key, self.who.clone())),
            Some(_) => Outcome::warn("no notice has spoken of it"),
            None => Outcome::warn("nothing of it was set by hand; <correct> corrects it"),
        }
    }

    /// `x`.
    fn clear_news(&mut self) -> Outcome {
        let news: Vec<Target> = self.subjects().iter().filter(|mark| mark.is_unseen).map(Target::from).collect();
        // A sign that is cleared does not come back, and `u` is not to take back what was done before in its place.
        self.did_nothing = true;
        if news.is_empty() {
            return Outcome::warn("it carries no sign of news");
        }
        let unseen = self.unseen_of_subjects();
        let is_bulk = self.pages.is_empty() && self.marked() > 0;
        let said = format!("cleared the sign of news of {}{unseen}", many(news.len(), "maintenance"));
        if is_bulk {
            // As after every other action on many: the marks would hide that the signs are gone.
            self.clear_marks();
        }
        let say = is_bulk.then(|| Outcome::done(said).say).flatten();
        Outcome { say, ..Outcome::ask(Write::Seen(news)) }
    }

    /// `u`.
    fn undo_last(&mut self) -> Outcome {
        if std::mem::take(&mut self.did_nothing) {
            return Outcome::warn("there is nothing of it to undo; <undo> again undoes what was before");
        }
        match self.undo.pop() {
            Some(inverse) => {
                self.undoing.push_back(inverse.clone());
                Outcome::ask(Write::Undo { inverse, who: self.who.clone() })
            }
            // What was done before the start, or in another process.
            None => Outcome::ask(Write::UndoLast { who: self.who.clone() }),
        }
    }

    /// `y`.
    fn copy_ids(&self) -> Outcome {
        let text = match self.pages.last() {
            Some(Page::Notifications(page)) => page.list.selected().map(|row| row.subject.clone()).unwrap_or_default(),
            Some(Page::Notification(page)) => match &page.mail {
                Load::Ready(mail) => mail.subject.clone(),
                Load::Loading | Load::Failed(_) => String::new(),
            },
            Some(Page::Outbox(page)) => page.list.selected().map(super::outbox::id_of).unwrap_or_default(),
            _ => match self.too_many_to_copy() {
                Some(outcome) => return outcome,
                None => self.names().iter().map(|(_, id)| *id).collect::<Vec<_>>().join("\n"),
            },
        };
        Outcome::copied(text)
    }

    /// `e`.
    fn export(&mut self) -> Outcome {
        self.unseen_targets = self.unseen_of_subjects();
        let keys: Vec<MaintenanceKey> = self.subjects().iter().map(|mark| mark.key).collect();
        match keys.len() {
            0 => Outcome::warn("there is nothing to export here"),
            1..=MOST_EXPORTED => Outcome::ask(Request::Export(keys)),
            many => Outcome::warn(format!("{many} are too many for a calendar; a filter makes them fewer")),
        }
    }
}

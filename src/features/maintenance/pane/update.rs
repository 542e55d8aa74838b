//! What keys do to the pane.

use chrono::{DateTime, Utc};

use super::editor::Editor;
use super::opened::{Load, MaintenancePage, NotificationPage, NotificationsPage, Page};
use super::rows::{show_name, sort_name};
use super::{Command, Landing, Outcome, State};
use crate::command::{Motion, Scope};
use crate::features::maintenance::store::list::{Acknowledged, Anchor, Filter, ListQuery, Row, Scope as Show, Sort};
use crate::features::maintenance::store::unparsed::NotificationAnchor;
use crate::features::maintenance::store::{MaintenanceKey, NotificationKey};
use crate::features::maintenance::worker::{Request, Target, Write};
use crate::key::{Code, Key};
use crate::state::PaneState;
use crate::ui::Look;
use crate::ui::field::{Edited, Field, LIMIT_BYTES};
use crate::ui::list::{List, Want};

/// Rows asked for at a time, in each direction.
pub(super) const CHUNK: usize = 200;
/// How the provider whose maintenances alone are listed stands in the saved view.
const ONLY: &str = "only ";

impl State {
    /// The pane as it was left the last time.
    pub(crate) fn new(who: &str, view: Option<&PaneState>) -> Self {
        let view = view.cloned().unwrap_or_default();
        let sort = view.sort.as_deref().and_then(|name| Sort::ALL.into_iter().find(|sort| sort_name(*sort) == name));
        let show = Show::ALL.into_iter().find(|show| view.switches.iter().any(|switch| switch == show_name(*show)));
        let filter = Filter {
            text: view.filter,
            scope: show.unwrap_or_default(),
            provider: view.switches.iter().find_map(|switch| switch.strip_prefix(ONLY)).map(ToOwned::to_owned),
        };
        Self {
            who: who.to_owned(),
            list: List::default(),
            query: ListQuery { sort: sort.unwrap_or(Sort::Grouped), filter, now: DateTime::UNIX_EPOCH },
            stale: false,
            generation: 0,
            extending: false,
            landing: Landing::First,
            counts: None,
            matches: None,
            pages: Vec::new(),
            editor: None,
            draft: String::new(),
            undo: Vec::new(),
            failure: None,
            sources: Vec::new(),
            size: (80, 20),
        }
    }

    /// What is worth keeping for the next start.
    pub(crate) fn saved(&self) -> PaneState {
        let filter = &self.query.filter;
        let mut switches = vec![show_name(filter.scope).to_owned()];
        switches.extend(filter.provider.iter().map(|provider| format!("{ONLY}{provider}")));
        let sort = Some(sort_name(self.query.sort).to_owned());
        PaneState { sort, descending: false, filter: filter.text.clone(), switches }
    }

    /// What to ask for at the start.
    pub(crate) fn begin(&mut self, now: DateTime<Utc>) -> Vec<Request> {
        self.relist(Anchor::Top, now)
    }

    /// Takes over a changed name.
    pub(crate) fn set_who(&mut self, who: &str) {
        who.clone_into(&mut self.who);
    }

    /// Tells how much room there is.
    pub(crate) fn fit(&mut self, columns: u16, rows: u16) {
        self.size = (columns, rows);
        let lines = usize::from(rows).saturating_sub(super::view::list::status_rows(self));
        self.list.set_height(lines);
        for page in &mut self.pages {
            if let Page::Notifications(page) = page {
                page.list.set_height(usize::from(rows).saturating_sub(1));
            }
        }
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
        };
        [place, Scope::Moving]
    }

    /// The word for a command in the footer, which is `hint` unless the row says better; `None` where it makes no sense.
    pub(crate) fn hint(&self, command: Command, hint: &'static str) -> Option<&'static str> {
        let makes_sense = match command {
            Command::Acknowledge => {
                let subjects = self.subjects();
                let taken = !subjects.is_empty() && subjects.iter().all(|subject| subject.is_acknowledged);
                return self.has_target().then_some(if taken { "un-acknowledge" } else { hint });
            }
            Command::Note | Command::Open | Command::Mark | Command::OpenMail => self.has_target(),
            Command::Undo => !self.undo.is_empty(),
            Command::MarkAll
            | Command::Seen
            | Command::Filter
            | Command::Show
            | Command::Provider
            | Command::Sort
            | Command::Notifications
            | Command::Next
            | Command::Previous
            | Command::Copy
            | Command::CopyText
            | Command::Export
            | Command::Sync => true,
        };
        makes_sense.then_some(hint)
    }

    /// Whether there is a row to act on.
    fn has_target(&self) -> bool {
        match self.pages.last() {
            Some(Page::Notifications(page)) => page.list.selected().is_some(),
            _ => self.list.selected().is_some(),
        }
    }

    /// What a command acts on: the opened one, the marked ones, or the one under the cursor.
    fn subjects(&self) -> Vec<Subject> {
        match self.pages.last() {
            Some(Page::Maintenance(page)) => match &page.detail {
                Load::Ready(detail) => vec![Subject {
                    target: Target { key: detail.key, revision: detail.revision },
                    provider: detail.provider.clone(),
                    maintenance_id: detail.maintenance_id.clone(),
                    is_acknowledged: matches!(detail.acknowledged, Acknowledged::Yes { .. }),
                }],
                Load::Loading | Load::Failed(_) => vec![],
            },
            Some(_) => vec![],
            None => self.list.targets().into_iter().map(Subject::of).collect(),
        }
    }

    /// Every instant that a text on the screen counts down to.
    pub(crate) fn instants(&self) -> impl Iterator<Item = DateTime<Utc>> {
        use crate::ui::list::Line;
        let lines = self.list.lines().into_iter().filter_map(|line| match line {
            Line::Row(_, row) => Some([row.start, row.end]),
            Line::Heading(_) => None,
        });
        lines.flatten()
    }

    /// Asks for the list anew, around `anchor`, and for the figures.
    pub(super) fn relist(&mut self, anchor: Anchor, now: DateTime<Utc>) -> Vec<Request> {
        self.generation += 1;
        self.extending = false;
        self.landing = match anchor {
            Anchor::Top => Landing::First,
            Anchor::Bottom => Landing::Last,
            Anchor::At(_) | Anchor::On(_) | Anchor::After(_) | Anchor::Before(_) => Landing::Stay,
        };
        self.query.now = now;
        let query = self.query.clone();
        vec![
            Request::List { generation: self.generation, query: query.clone(), anchor, before: CHUNK, after: CHUNK },
            Request::Count { generation: self.generation, query },
        ]
    }

    /// Asks for the list anew around the row under the cursor.
    pub(super) fn relist_here(&mut self, now: DateTime<Utc>) -> Vec<Request> {
        let anchor = self.list.selected().map_or(Anchor::Top, |row| Anchor::At(row.key.clone()));
        self.relist(anchor, now)
    }

    /// Asks for more rows when the cursor comes near the window's end.
    pub(super) fn prefetch(&mut self) -> Vec<Request> {
        if self.extending || self.stale {
            return vec![];
        }
        let query = self.query.clone();
        let generation = self.generation;
        let request = match self.list.wants() {
            None => return vec![],
            Some(Want::After(row)) => {
                let anchor = Anchor::After(row.key.clone());
                Request::Extend { generation, query, anchor, rows: CHUNK, after: true }
            }
            Some(Want::Before(row)) => {
                let anchor = Anchor::Before(row.key.clone());
                Request::Extend { generation, query, anchor, rows: CHUNK, after: false }
            }
        };
        self.extending = true;
        vec![request]
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
            Some(Editor::Filter { before, .. }) => {
                if self.query.filter.text == before {
                    return Outcome::none();
                }
                self.query.filter.text = before;
                self.requery(now)
            }
            Some(Editor::Note { field, .. }) => {
                field.text().clone_into(&mut self.draft);
                if self.draft.trim().is_empty() {
                    Outcome::none()
                } else {
                    Outcome::done("the note is kept as a draft; n goes on with it")
                }
            }
            None => Outcome::none(),
        }
    }

    /// The filter's text is another one.
    fn filter_changed(&mut self, now: DateTime<Utc>) -> Outcome {
        let Some(Editor::Filter { field, .. }) = &self.editor else { return Outcome::none() };
        field.text().clone_into(&mut self.query.filter.text);
        self.requery(now)
    }

    /// The query is another one: the old rows stay until the new ones are there.
    fn requery(&mut self, now: DateTime<Utc>) -> Outcome {
        self.stale = true;
        self.list.clear_marks();
        let requests = self.relist(Anchor::Top, now);
        Outcome::none().and(requests)
    }

    /// Enter in the note: it is sent, and stays a draft until the store has it.
    fn save_note(&mut self) -> Outcome {
        let Some(Editor::Note { field, targets, .. }) = self.editor.take() else { return Outcome::none() };
        let text = field.text().trim().to_owned();
        if text.is_empty() {
            return Outcome::none();
        }
        self.draft.clone_from(&text);
        Outcome::write(Write::Note { keys: targets, text, who: self.who.clone() })
    }

    /// Runs one of this feature's commands.
    pub(crate) fn run(&mut self, command: Command, look: &Look<'_>) -> Outcome {
        let now = look.now;
        match command {
            Command::Open => self.open(),
            Command::Acknowledge => self.acknowledge(),
            Command::Note => self.edit_note(),
            Command::Undo => self.undo_last(),
            Command::Mark => {
                self.list.toggle_mark();
                self.moved(Motion::Down, now)
            }
            Command::MarkAll => {
                self.list.toggle_all();
                Outcome::none()
            }
            Command::Seen => Outcome::write(Write::Seen(self.targets())),
            Command::Filter => self.edit_filter(),
            Command::Show => self.show_next(now),
            Command::Provider => self.only_provider(now),
            Command::Sort => {
                self.query.sort = Sort::ALL
                    .into_iter()
                    .cycle()
                    .skip_while(|sort| *sort != self.query.sort)
                    .nth(1)
                    .unwrap_or(Sort::Grouped);
                let outcome = self.requery(now);
                Outcome { say: Outcome::done(format!("sorted by {}", sort_name(self.query.sort))).say, ..outcome }
            }
            Command::Notifications => self.open_notifications(),
            Command::OpenMail => self.open_mail(),
            Command::Next => self.step(Motion::Down, now),
            Command::Previous => self.step(Motion::Up, now),
            Command::Copy => self.copy_ids(),
            Command::CopyText => self.copy_text(look),
            Command::Export => self.export(),
            Command::Sync => {
                Outcome { requests: vec![Request::Sync], ..Outcome::done("asking the sources for new mail") }
            }
        }
    }

    /// What commands act on, with the revision that was on the screen.
    fn targets(&self) -> Vec<Target> {
        self.subjects().iter().map(|subject| subject.target).collect()
    }

    /// Enter.
    fn open(&mut self) -> Outcome {
        match self.pages.last() {
            Some(Page::Notifications(page)) => {
                let Some(id) = page.list.selected().map(|row| row.key) else { return Outcome::none() };
                self.open_notification(id)
            }
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
        let page = MaintenancePage { key, detail: Load::Loading, mail_of: None, mail: None, scroll: 0 };
        self.pages.push(Page::Maintenance(page));
        Outcome::ask(Request::Open(key)).and([Request::Write(Write::Seen(vec![Target { key, revision }]))])
    }

    /// Opens a notification.
    fn open_notification(&mut self, key: NotificationKey) -> Outcome {
        self.pages.push(Page::Notification(NotificationPage { key, mail: Load::Loading, scroll: 0 }));
        Outcome::ask(Request::Read(key))
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
        let mut page =
            NotificationsPage { list: List::default(), all: false, generation: 1, extending: false, failure: None };
        page.list.set_height(usize::from(self.size.1).saturating_sub(1));
        self.pages.push(Page::Notifications(page));
        Outcome::ask(Request::Notifications { generation: 1, all: false, anchor: NotificationAnchor::Top, rows: CHUNK })
    }

    /// Acknowledges what is not, or takes it back where all is.
    fn acknowledge(&mut self) -> Outcome {
        let subjects = self.subjects();
        if subjects.is_empty() {
            return Outcome::warn("there is nothing to acknowledge here");
        }
        let targets = self.targets();
        let who = self.who.clone();
        if subjects.iter().all(|subject| subject.is_acknowledged) {
            return Outcome::write(Write::Unacknowledge {
                keys: targets.iter().map(|target| target.key).collect(),
                who,
            });
        }
        Outcome::write(Write::Acknowledge { targets, who })
    }

    /// `n`.
    fn edit_note(&mut self) -> Outcome {
        let subjects = self.subjects();
        let about = match subjects.as_slice() {
            [] => return Outcome::warn("there is nothing to write a note on here"),
            [one] => format!("{} {}", one.provider, one.maintenance_id),
            many => format!("{} maintenances", many.len()),
        };
        let targets = subjects.iter().map(|subject| subject.target.key).collect();
        self.editor = Some(Editor::Note { field: Field::lines(&self.draft), targets, about });
        Outcome::none()
    }

    /// `u`.
    fn undo_last(&mut self) -> Outcome {
        match self.undo.pop() {
            Some(inverse) => Outcome::write(Write::Undo { inverse, who: self.who.clone() }),
            None => Outcome::warn("there is nothing to undo"),
        }
    }

    /// `/`.
    fn edit_filter(&mut self) -> Outcome {
        if self.pages.last().is_some() {
            self.pages.clear();
        }
        let before = self.query.filter.text.clone();
        self.editor = Some(Editor::Filter { field: Field::line(&before), before });
        Outcome::none()
    }

    /// `f`: the next of all, open, unacknowledged, changed; in the notifications, those that need a look or all.
    fn show_next(&mut self, now: DateTime<Utc>) -> Outcome {
        if let Some(Page::Notifications(page)) = self.pages.last_mut() {
            page.all = !page.all;
            page.generation += 1;
            page.extending = false;
            let request = Request::Notifications {
                generation: page.generation,
                all: page.all,
                anchor: NotificationAnchor::Top,
                rows: CHUNK,
            };
            return Outcome::ask(request);
        }
        let show = self.query.filter.scope;
        self.query.filter.scope =
            Show::ALL.into_iter().cycle().skip_while(|other| *other != show).nth(1).unwrap_or_default();
        self.requery(now)
    }

    /// `p`.
    fn only_provider(&mut self, now: DateTime<Utc>) -> Outcome {
        self.query.filter.provider = match self.query.filter.provider.take() {
            Some(_) => None,
            None => self.list.selected().map(|row| row.provider.clone()),
        };
        self.requery(now)
    }

    /// `]` and `[`: the neighbour of what is opened.
    fn step(&mut self, motion: Motion, now: DateTime<Utc>) -> Outcome {
        match self.pages.last() {
            Some(Page::Maintenance(_)) => {
                let before = self.list.cursor();
                self.list.move_by(motion.distance(1).unwrap_or(0));
                if self.list.cursor() == before {
                    return Outcome::warn(if motion == Motion::Down {
                        "this is the last one"
                    } else {
                        "this is the first one"
                    });
                }
                self.pages.pop();
                let requests = self.prefetch();
                self.open().and(requests)
            }
            Some(Page::Notification(_)) => {
                let below = self.pages.len().checked_sub(2).and_then(|below| self.pages.get_mut(below));
                let Some(Page::Notifications(page)) = below else { return Outcome::none() };
                page.list.move_by(motion.distance(1).unwrap_or(0));
                self.pages.pop();
                self.open()
            }
            _ => self.moved(motion, now),
        }
    }

    /// Moves through what is on top.
    pub(crate) fn moved(&mut self, motion: Motion, now: DateTime<Utc>) -> Outcome {
        let page_lines = usize::from(self.size.1).saturating_sub(1);
        match self.pages.last_mut() {
            Some(
                Page::Maintenance(MaintenancePage { scroll, .. }) | Page::Notification(NotificationPage { scroll, .. }),
            ) => {
                *scroll = match (motion, motion.distance(page_lines)) {
                    (_, Some(lines)) => scroll.saturating_add_signed(lines),
                    (Motion::Bottom, None) => usize::MAX,
                    (_, None) => 0,
                };
                Outcome::none()
            }
            Some(Page::Notifications(page)) => {
                match (motion, motion.distance(page.list.page())) {
                    (_, Some(rows)) => page.list.move_by(rows),
                    (Motion::Bottom, None) => page.list.go_to(usize::MAX),
                    (_, None) => page.list.go_to(0),
                }
                let requests = page.prefetch();
                Outcome::none().and(requests)
            }
            None => self.moved_in_list(motion, now),
        }
    }

    /// Moves through the maintenances; the ends may lie outside of what is in memory.
    fn moved_in_list(&mut self, motion: Motion, now: DateTime<Utc>) -> Outcome {
        match (motion, motion.distance(self.list.page())) {
            (_, Some(rows)) => self.list.move_by(rows),
            (Motion::Bottom, None) => {
                if self.list.reaches_end() {
                    self.list.go_to(usize::MAX);
                } else {
                    return Outcome::none().and(self.relist(Anchor::Bottom, now));
                }
            }
            (_, None) => {
                if self.list.reaches_start() {
                    self.list.go_to(0);
                } else {
                    return Outcome::none().and(self.relist(Anchor::Top, now));
                }
            }
        }
        let requests = self.prefetch();
        Outcome::none().and(requests)
    }

    /// The wheel turned by so many lines.
    pub(crate) fn wheel(&mut self, lines: isize) -> Outcome {
        match self.pages.last_mut() {
            Some(Page::Notifications(page)) => {
                page.list.scroll_by(lines);
                Outcome::none().and(page.prefetch())
            }
            Some(
                Page::Maintenance(MaintenancePage { scroll, .. }) | Page::Notification(NotificationPage { scroll, .. }),
            ) => {
                *scroll = scroll.saturating_add_signed(lines);
                Outcome::none()
            }
            None => {
                self.list.scroll_by(lines);
                Outcome::none().and(self.prefetch())
            }
        }
    }

    /// A click on a line below the title: selects the row, opens it when it was selected already.
    pub(crate) fn click(&mut self, line: usize) -> Outcome {
        if self.editor.is_some() {
            return Outcome::none();
        }
        match self.pages.last_mut() {
            None => {
                let line = line.checked_sub(super::view::list::status_rows(self));
                let Some(index) = line.and_then(|line| self.list.row_at(line)) else { return Outcome::none() };
                if index == self.list.cursor() {
                    return self.open();
                }
                self.list.go_to(index);
                Outcome::none()
            }
            Some(Page::Notifications(page)) => {
                let Some(index) = line.checked_sub(1).and_then(|line| page.list.row_at(line)) else {
                    return Outcome::none();
                };
                if index == page.list.cursor() {
                    return self.open();
                }
                page.list.go_to(index);
                Outcome::none()
            }
            Some(_) => Outcome::none(),
        }
    }

    /// Esc: what is opened, then the marks, then the filter. `None` when there was nothing to go back from.
    pub(crate) fn back(&mut self, now: DateTime<Utc>) -> Option<Outcome> {
        if self.pages.pop().is_some() || self.list.clear_marks() {
            return Some(Outcome::none());
        }
        let filter = &mut self.query.filter;
        if filter.text.is_empty() && filter.provider.is_none() {
            return None;
        }
        filter.text.clear();
        filter.provider = None;
        Some(self.requery(now))
    }

    /// `y`.
    fn copy_ids(&self) -> Outcome {
        let text = match self.pages.last() {
            Some(Page::Notifications(page)) => page.list.selected().map(|row| row.subject.clone()).unwrap_or_default(),
            Some(Page::Notification(page)) => match &page.mail {
                Load::Ready(mail) => mail.subject.clone(),
                Load::Loading | Load::Failed(_) => String::new(),
            },
            _ => self.subjects().iter().map(|subject| subject.maintenance_id.as_str()).collect::<Vec<_>>().join("\n"),
        };
        copied(text)
    }

    /// `e`.
    fn export(&self) -> Outcome {
        let keys: Vec<MaintenanceKey> = self.subjects().iter().map(|subject| subject.target.key).collect();
        if keys.is_empty() {
            Outcome::warn("there is nothing to export here")
        } else {
            Outcome::write(Write::Export(keys))
        }
    }
}

/// What a command acts on, as it was on the screen.
#[derive(Debug, Clone)]
struct Subject {
    /// Which, at which revision.
    target: Target,
    /// Its provider.
    provider: String,
    /// The provider's id.
    maintenance_id: String,
    /// Whether it is acknowledged as it is.
    is_acknowledged: bool,
}

impl Subject {
    /// A row of the list.
    fn of(row: &Row) -> Self {
        Self {
            target: Target { key: row.key.maintenance, revision: row.revision },
            provider: row.provider.clone(),
            maintenance_id: row.maintenance_id.clone(),
            is_acknowledged: matches!(row.acknowledged, Acknowledged::Yes { .. }),
        }
    }
}

/// Text for the clipboard, and the word that it was sent: no terminal acknowledges it.
pub(super) fn copied(text: String) -> Outcome {
    if text.is_empty() {
        return Outcome::warn("there is nothing to copy here");
    }
    let what = if text.lines().count() > 1 { format!("{} lines", text.lines().count()) } else { text.clone() };
    Outcome { copy: Some(text), ..Outcome::done(format!("sent to the terminal's clipboard: {what}")) }
}

impl NotificationsPage {
    /// Asks for older notifications when the cursor comes near the end of those in memory.
    pub(super) fn prefetch(&mut self) -> Vec<Request> {
        if self.extending {
            return vec![];
        }
        let Some(Want::After(row)) = self.list.wants() else { return vec![] };
        self.extending = true;
        let anchor = NotificationAnchor::After(row.key);
        vec![Request::Notifications { generation: self.generation, all: self.all, anchor, rows: CHUNK }]
    }
}

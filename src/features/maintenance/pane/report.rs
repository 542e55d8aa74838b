//! What the worker's reports do to the pane.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::opened::{Facts, Load, NotificationPage, NotificationsPage, Page, Text};
use super::query::CHUNK;
use super::{Landing, Outcome, State};
use crate::features::maintenance::store::action::Inverse;
use crate::features::maintenance::store::detail::Detail;
use crate::features::maintenance::store::edit::Refused;
use crate::features::maintenance::store::list::{Anchor, Sort, Window};
use crate::features::maintenance::store::unparsed::Notifications;
use crate::features::maintenance::store::{MaintenanceKey, NotificationKey};
use crate::features::maintenance::worker::{Done, Mail, OutboxWish, Question, Report, SourceHealth, SourceState};
use crate::trouble::Trouble;
use crate::ui::Look;

/// Actions that `u` can take back, at the most.
const UNDO_STEPS: usize = 100;

impl State {
    /// Takes in what the worker tells.
    pub(crate) fn report(&mut self, report: Report, look: &Look<'_>) -> Outcome {
        let now = look.now;
        match report {
            Report::Listed { generation, window } => self.listed(generation, window),
            Report::Extended { generation, after, window } => self.extended(generation, after, window),
            Report::ListFailed { generation, trouble } => {
                if generation == self.generation {
                    self.failure = Some(trouble);
                    self.stale = false;
                    self.extending = false;
                }
                Outcome::none()
            }
            Report::Counted { generation, counts, matches } => {
                self.counts = Some(counts);
                if generation == self.generation {
                    self.matches = Some(matches);
                }
                Outcome::none()
            }
            Report::Marked { filter, marks } => self.marked_all(&filter, marks),
            Report::MailsMarked { which, filter, window } => self.mails_marked(which, &filter, window),
            Report::Opened { key, detail } => self.opened(key, &detail),
            Report::NotificationsListed { generation, continues, window } => {
                self.notifications_listed(generation, continues, window)
            }
            Report::Read { key, mail } => {
                self.read(key, &mail);
                Outcome::none()
            }
            Report::Sources(facts) => {
                self.sources_told(facts);
                Outcome::none()
            }
            Report::Providers(providers) => {
                self.providers_told(providers);
                Outcome::none()
            }
            Report::Found { generation, rows } => {
                self.found(generation, rows);
                Outcome::none()
            }
            Report::Drafts(drafts) => {
                for (keys, text) in drafts {
                    // What was typed since counts.
                    self.drafts.entry(keys).or_insert(text);
                }
                Outcome::none()
            }
            Report::Done { done, inverse } => {
                // A look and a draft come by the way: nobody takes those for what `u` is about.
                if !matches!(done, Done::Seen | Done::Drafted { .. }) {
                    self.did_nothing = done.is_nothing();
                }
                if let Some(inverse) = inverse {
                    if self.undo.len() == UNDO_STEPS {
                        self.undo.remove(0);
                    }
                    self.undo.push(inverse);
                }
                self.done(&done, look)
            }
            Report::OfForm { form, report } => self.report_of_form(form, *report, look),
            Report::Forgotten { maintenances, notifications } => {
                let gone = format!("{} and {}", many(maintenances, "maintenance"), many(notifications, "mail"));
                Outcome::done(format!("{gone} older than the retention settings keep were forgotten"))
            }
            Report::Failed(trouble) => {
                // Whatever failed: what was not undone can be undone still.
                self.undo.extend(self.undoing.pop_front());
                Outcome::failed(trouble)
            }
            Report::RulesRead { problems } => match problems.into_iter().next() {
                Some(problem) => Outcome::failed(problem),
                None => Outcome::done(
                    "provider rules read again; <read-again> among the mails reads those by them that wait for it",
                ),
            },
            Report::CircuitsRead { circuits, problems } => {
                let outcome = match problems.into_iter().next() {
                    Some(problem) => Outcome::failed(problem),
                    None => Outcome::done(format!(
                        "{circuits} circuits known; noctui maintenance reparse marks stored mails"
                    )),
                };
                outcome.and(self.refresh(now))
            }
            Report::Changed => Outcome::none().and(self.refresh(now)),
            Report::Nautobot(state) => {
                self.nautobot = Some(*state);
                Outcome::none()
            }
            Report::Outbox(entries) => {
                self.outbox_told(&entries);
                Outcome::none()
            }
            Report::PutBack => Outcome::done("a backup was put back; sources are read anew"),
            Report::Source(state) => {
                self.source_told(state);
                Outcome::none().and(self.ask_sources())
            }
        }
    }

    /// What became of what was filled in.
    fn report_of_form(&mut self, form: u64, report: Report, look: &Look<'_>) -> Outcome {
        let asked = self.form_answered(form, &report);
        let mut outcome = self.report(report, look);
        if asked.is_some() {
            // The form tells what changed, and the footer how that is read: nothing else stands over it.
            outcome.say = None;
        }
        outcome.and(asked)
    }

    /// Rows for the window; those of an older request are too late.
    fn listed(&mut self, generation: u64, window: Window) -> Outcome {
        if generation != self.generation {
            return Outcome::none();
        }
        let focus = match self.landing {
            Landing::Stay => None,
            Landing::First => window.rows.first(),
            Landing::Last => window.rows.last(),
        };
        let focus = focus.map(|row| row.key.maintenance);
        self.stale = false;
        self.failure = None;
        self.list.set_headings(self.query.sort == Sort::Grouped);
        self.list.replace(window.rows, window.more_before, window.more_after, focus);
        self.renew_marks();
        Outcome::none().and(self.prefetch())
    }

    /// More rows at one end.
    fn extended(&mut self, generation: u64, after: bool, window: Window) -> Outcome {
        if generation != self.generation {
            return Outcome::none();
        }
        self.extending = false;
        let more = if after { window.more_after } else { window.more_before };
        self.list.extend(after, window.rows, more);
        Outcome::none().and(self.prefetch())
    }

    /// What is known of the opened maintenance, and the newest mail behind it, which stands beside it on a wide screen.
    fn opened(&mut self, key: MaintenanceKey, detail: &Result<Option<Arc<Detail>>, Trouble>) -> Outcome {
        let gone = || Trouble::new("this maintenance is no longer in the store").to_do("esc goes back to the list");
        let arrived = detail.clone().and_then(|detail| detail.ok_or_else(gone));
        let newest = arrived.as_ref().ok().and_then(|detail| detail.notifications.first()).map(|newest| newest.key);
        let mut questions = Vec::new();
        for page in &mut self.pages {
            let Page::Maintenance(page) = page else { continue };
            if page.key != key {
                continue;
            }
            page.detail = arrived.clone().into();
            page.facts = Facts::default();
            if page.mail_of != newest || page.mail.is_none() {
                page.mail_of = newest;
                questions.extend(newest.map(Question::Read));
            }
        }
        self.looked_up(key, arrived.as_deref());
        Outcome::none().and(questions)
    }

    /// A page of notifications.
    fn notifications_listed(
        &mut self,
        generation: u64,
        continues: bool,
        window: Result<Notifications, Trouble>,
    ) -> Outcome {
        let Some(page) = self.notifications_page() else { return Outcome::none() };
        if page.generation != generation {
            return Outcome::none();
        }
        page.extending = false;
        match window {
            Err(trouble) => page.failure = Some(trouble),
            Ok(window) if continues => page.list.extend(true, window.rows, window.more),
            Ok(window) => {
                page.failure = None;
                page.list.replace(window.rows, false, window.more, None);
            }
        }
        Outcome::none().and(page.prefetch())
    }

    /// The list of notifications, if it is open.
    pub(super) fn notifications_page(&mut self) -> Option<&mut NotificationsPage> {
        self.pages.iter_mut().find_map(|page| match page {
            Page::Notifications(page) => Some(page),
            Page::Maintenance(_) | Page::Notification(_) | Page::Sources(_) | Page::Outbox(_) => None,
        })
    }

    /// The content of a notification.
    fn read(&mut self, key: NotificationKey, mail: &Result<Arc<Mail>, Trouble>) {
        for page in &mut self.pages {
            match page {
                Page::Maintenance(page) if page.mail_of == Some(key) => {
                    page.mail = Some(mail.clone().into());
                    page.text = Text::default();
                }
                Page::Notification(page) if page.key == key => {
                    page.mail = mail.clone().into();
                    page.text = Text::default();
                }
                Page::Maintenance(_)
                | Page::Notification(_)
                | Page::Notifications(_)
                | Page::Sources(_)
                | Page::Outbox(_) => {}
            }
        }
    }

    /// Something was done, durably: say so, and how it is taken back.
    fn done(&mut self, done: &Done, look: &Look<'_>) -> Outcome {
        let of_targets = matches!(
            done,
            Done::Acknowledged { .. } | Done::Unacknowledged(_) | Done::Noted { .. } | Done::Exported(_)
        );
        let unseen = if of_targets { std::mem::take(&mut self.unseen_targets) } else { String::new() };
        match done {
            Done::Acknowledged { count, changed, already, by } => {
                self.clear_marks();
                acknowledged((*count, *changed, *already), &unseen, by.as_ref(), look)
            }
            Done::Unacknowledged(0) => {
                self.clear_marks();
                Outcome::warn("nothing was taken back: somebody has taken the acknowledgement back already")
            }
            Done::Unacknowledged(count) => {
                self.clear_marks();
                Outcome::done(format!("took back {}{unseen}; <undo> undoes", many(*count, "acknowledgement")))
            }
            Done::Noted { count: 0, .. } => {
                self.clear_marks();
                Outcome::warn("no note was written: what it was for is no longer in the store")
            }
            Done::Noted { keys, count, first } => {
                self.drafts.remove(keys);
                self.clear_marks();
                let on = if first.is_empty() { many(*count, "maintenance") } else { first.clone() };
                Outcome::done(format!("note written on {on}{unseen}; <undo> undoes"))
            }
            Done::Undone { inverse, count, first, is_all } => {
                self.undoing.pop_front();
                let of_mails = matches!(inverse, Inverse::Dismiss(_) | Inverse::BringBack(_) | Inverse::Unassign(_));
                let on = match first.as_str() {
                    first if *count == 1 && !first.is_empty() => first.to_owned(),
                    _ => many(*count, if of_mails { "mail" } else { "maintenance" }),
                };
                let reread =
                    of_mails || matches!(inverse, Inverse::Unaccept(_) | Inverse::Detach(_) | Inverse::Each(_));
                let mails = if reread { self.reread() } else { vec![] };
                let on = if matches!(inverse, Inverse::Unassign(_)) { String::new() } else { format!(": {on}") };
                let said = format!("undone: {}{on}", undone(inverse));
                if *is_all {
                    Outcome::done(said).and(mails)
                } else {
                    Outcome::warn(format!("{said}; what changed elsewhere since is left as it is")).and(mails)
                }
            }
            Done::NothingDone => Outcome::warn(format!("there is nothing left to undo of what {} did", self.who)),
            Done::NothingToUndo => {
                self.undoing.pop_front();
                Outcome::warn(
                    "taken back or changed elsewhere since: nothing was undone; <undo> again undoes what was before",
                )
            }
            Done::Dismissed(0) => {
                Outcome::warn("nothing was dismissed: it was read meanwhile, or dismissed by somebody")
            }
            Done::Dismissed(mails) => {
                self.clear_mail_marks();
                let text = format!("{} dismissed; <undo> undoes, <show> shows what is", many(*mails, "mail"));
                Outcome::done(text).and(self.reread())
            }
            Done::BroughtBack(0) => Outcome::warn("nothing was brought back: somebody has brought it back already"),
            Done::BroughtBack(mails) => {
                self.clear_mail_marks();
                Outcome::done(format!("{} brought back", many(*mails, "mail"))).and(self.reread())
            }
            Done::Drafted { is_news: true } => Outcome::done("the note is kept as a draft; <note> goes on with it"),
            Done::Drafted { is_news: false } | Done::Seen => Outcome::none(),
            Done::Accepted(name) => Outcome::done(format!("accepted as {name}; <undo> undoes")).and(self.reread()),
            Done::NotAccepted => {
                Outcome::warn("not accepted: it was read meanwhile, or a newer notice is known").and(self.reread())
            }
            Done::Edited { word, name } => Outcome::done(format!("{name}: {word}; <undo> undoes")).and(self.reread()),
            Done::NotEdited(why) => Outcome::warn(refused(*why)),
            Done::Assigned { address, provider, read, unread } => {
                let came = match (read, unread) {
                    (0, 0) => "its next mails are read so".to_owned(),
                    (0, unread) => format!("{} still cannot be read", many(*unread, "mail")),
                    (read, 0) => format!("{} read", many(*read, "mail")),
                    (read, unread) => format!("{} read, {unread} still cannot be", many(*read, "mail")),
                };
                Outcome::done(format!("{address} is {provider}'s: {came}; <undo> undoes")).and(self.reread())
            }
            Done::Reread { read: 0, unread } if *unread > 0 => {
                Outcome::warn(format!("{} still cannot be read", many(*unread, "mail"))).and(self.reread())
            }
            Done::Reread { read: 0, .. } => Outcome::warn("no mail waits to be read again"),
            Done::Reread { read, unread } => {
                Outcome::done(format!("{} read, {unread} still cannot be", many(*read, "mail"))).and(self.reread())
            }
            Done::Source { name, word } => Outcome::done(format!("{name}: {word}")).and(self.ask_sources()),
            Done::Outbox { what, count } => self.outbox_done(*what, *count),
            Done::Exported(path) if unseen.is_empty() => Outcome::done(format!("written to {}", path.display())),
            Done::Exported(path) => Outcome::done(format!("written{unseen}, to {}", path.display())),
        }
    }

    /// Something was done to entries of the outbox.
    fn outbox_done(&self, what: OutboxWish, count: usize) -> Outcome {
        match what {
            OutboxWish::Take if count == 0 => {
                Outcome::warn("nothing was taken over: look again, and correct it by hand").and(self.reread())
            }
            OutboxWish::Anyway if count == 0 => Outcome::warn(
                "not written: it is no longer in the outbox, or write_maintenances is not set in [nautobot]",
            ),
            _ if count == 0 => Outcome::warn("it is no longer in the outbox"),
            OutboxWish::Retry | OutboxWish::Anyway => {
                Outcome::done(format!("{} {}", entries(count), self.sent_again()))
            }
            OutboxWish::Take => Outcome::done("Nautobot's word was taken over").and(self.reread()),
            OutboxWish::Drop => Outcome::done(format!("{} taken out of the outbox", entries(count))),
        }
    }

    /// Unmarks the mails in their list.
    fn clear_mail_marks(&mut self) {
        if let Some(page) = self.notifications_page() {
            page.list.clear_marks();
        }
    }

    /// Asks anew for the mails that are opened: what became of them has changed.
    fn reread(&self) -> Vec<Question> {
        let opened = self.pages.iter().filter_map(|page| match page {
            Page::Notification(page) => Some(Question::Read(page.key)),
            Page::Maintenance(_) | Page::Notifications(_) | Page::Sources(_) | Page::Outbox(_) => None,
        });
        opened.collect()
    }

    /// Something changed: asks anew for what is on the screen. Rows that are on their way anyway are waited for.
    pub(crate) fn refresh(&mut self, now: DateTime<Utc>) -> Vec<Question> {
        let mut questions = if self.stale { vec![] } else { self.relist_here(now) };
        questions.extend(self.reopen());
        questions
    }

    /// Questions were lost: asks for everything on the screen and on its way to it.
    pub(crate) fn ask_again(&mut self, now: DateTime<Utc>) -> Vec<Question> {
        self.forget_marking();
        let mut questions = if self.stale { self.relist(Anchor::Top, now) } else { self.relist_here(now) };
        questions.extend(self.reopen());
        questions
    }

    /// Asks anew for what is opened.
    fn reopen(&mut self) -> Vec<Question> {
        let mut requests = Vec::new();
        for page in &mut self.pages {
            match page {
                Page::Maintenance(page) => requests.push(Question::Open(page.key)),
                Page::Notifications(page) => requests.push(page.relist(page.list.rows().len().max(CHUNK))),
                // A mail never changes; it is asked for until it is there.
                Page::Notification(NotificationPage { key, mail: Load::Loading, .. }) => {
                    requests.push(Question::Read(*key));
                }
                Page::Notification(_) => {}
                Page::Sources(_) => requests.push(Question::Sources),
                Page::Outbox(_) => requests.push(Question::Outbox),
            }
        }
        requests
    }

    /// Time went on: groups follow it, and a note that is being written is kept.
    pub(crate) fn tick(&mut self, now: DateTime<Utc>) -> Outcome {
        let minute = now.timestamp() / 60 != self.query.now.timestamp() / 60;
        // A row that says "over" does not stand among those under way.
        let turned = minute || self.instants().any(|instant| self.query.now < instant && instant <= now);
        let mut asked = if turned && !self.stale && self.list.is_loaded() { self.relist_here(now) } else { vec![] };
        // That a source was looked at and is complete is no news, and shows all the same.
        asked.extend(self.ask_sources().into_iter().filter(|_| minute));
        self.keep_draft(now).and(asked)
    }

    /// Asks anew how the sources are doing, where that is on the screen.
    fn ask_sources(&self) -> Vec<Question> {
        let is_open = self.pages.iter().any(|page| matches!(page, Page::Sources(_)));
        is_open.then_some(Question::Sources).into_iter().collect()
    }

    /// The worker is gone; what it was asked is asked again when it is back. Rows that are there stay readable.
    pub(crate) fn worker_stopped(&mut self, trouble: Trouble) {
        for source in &mut self.sources {
            source.health = SourceHealth::Failing(trouble.what().to_owned());
        }
        self.stale = false;
        self.extending = false;
        self.form_failed();
        self.forget_marking();
        self.undo.extend(self.undoing.drain(..).rev());
        self.failure = Some(trouble);
    }

    /// A source told how it is doing. One that the configuration dropped meanwhile may still be heard.
    fn source_told(&mut self, state: SourceState) {
        if !self.configured.contains(&state.name) {
            return;
        }
        match self.sources.iter_mut().find(|source| source.name == state.name) {
            Some(source) => *source = state,
            None => self.sources.push(state),
        }
    }
}

/// What an undo did.
fn undone(inverse: &Inverse) -> &'static str {
    match inverse {
        Inverse::Withdraw(_) => "acknowledgement taken back",
        Inverse::Reinstate(_) => "acknowledged again",
        Inverse::RemoveNotes(_) => "note removed",
        Inverse::RestoreNotes(_) => "note written again",
        Inverse::See(_) => "shown as news again",
        Inverse::Unaccept(_) => "the suggestion is no longer accepted",
        Inverse::Dismiss(_) => "dismissed again",
        Inverse::BringBack(_) => "no longer dismissed",
        Inverse::Unedit(_) => "as it was before",
        Inverse::Each(each) => each.first().map_or("taken back", undone),
        Inverse::Detach(_) => "the mail belongs to it no more",
        Inverse::Unassign(_) => {
            "the sender is whose it was before; those of its mails that said nothing are read again"
        }
    }
}

/// Why nothing was set by hand.
fn refused(why: Refused) -> &'static str {
    match why {
        Refused::Gone => "it is no longer in the store",
        Refused::Changed => "it changed while you wrote: look again",
        Refused::Same => "it is so already",
        Refused::Known => "a maintenance of this provider and id is known: <filter> finds it, <correct> corrects it",
        Refused::Backwards => "the window ends before it begins",
        Refused::Empty => "the window ends when it begins",
        Refused::Nameless => "a maintenance has a provider and an id",
        Refused::NothingSaid => "no notice says anything else than what was set by hand",
    }
}

/// `one entry`, `3 entries`.
fn entries(count: usize) -> String {
    if count == 1 { "one entry".to_owned() } else { format!("{count} entries") }
}

/// `one note`, `3 notes`.
pub(super) fn many(count: usize, one: &str) -> String {
    if count == 1 { format!("one {one}") } else { format!("{count} {one}s") }
}

/// What came of acknowledging so many, and of the rest.
fn acknowledged(
    counts: (usize, usize, usize),
    unseen: &str,
    by: Option<&(String, DateTime<Utc>)>,
    look: &Look<'_>,
) -> Outcome {
    let (count, changed, already) = counts;
    let were = |count: usize| if count == 1 { "was" } else { "were" };
    let already_so = if already > 0 { format!(", {already} {} already", were(already)) } else { String::new() };
    let rest = format!("{unseen}{already_so}");
    let by = by.map_or_else(String::new, |(who, at)| format!("by {who} {}", look.zone.short(*at, look.now)));
    match (count, changed) {
        (0, 0) if already == 1 => Outcome::warn(format!("already acknowledged {by}")),
        (0, 0) if already > 1 => Outcome::warn(format!("all {already} are acknowledged already, the last {by}")),
        (0, 0) => Outcome::warn("nothing was acknowledged: it is no longer in the store"),
        (count, 0) => Outcome::done(format!("acknowledged {}{rest}; <undo> undoes", many(count, "maintenance"))),
        (0, 1) if already == 0 => Outcome::warn("it changed while you looked: look again before you acknowledge it"),
        (0, changed) => Outcome::warn(format!("nothing was acknowledged{rest}; {changed} changed while you looked")),
        (count, changed) => Outcome::warn(format!(
            "acknowledged {}{rest}; {changed} changed while you looked and {} left alone",
            many(count, "maintenance"),
            were(changed)
        )),
    }
}

//! Requests, answered: reads side by side, writes in order.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::{Done, Mail, Question, Report, Shared, Write, aside, circuits, read, write};
use crate::clock;
use crate::features::maintenance::export;
use crate::features::maintenance::store::action::Actor;
use crate::features::maintenance::store::unparsed::NotificationAnchor;
use crate::features::maintenance::store::{MaintenanceKey, NotificationKey, detail, unparsed};
use crate::store::Error;
use crate::trouble::Trouble;

/// Writes that may wait for their turn: as many as somebody can ask for while one commit is slow.
const WRITES: usize = 64;

/// The answering half of the worker.
pub(super) struct Answers {
    /// What all share.
    shared: Shared,
    /// Reads under way.
    tasks: JoinSet<()>,
    /// The one task that writes.
    writing: JoinSet<()>,
    /// The list request under way, which a newer one replaces.
    listing: Option<AbortHandle>,
    /// The count under way, likewise.
    counting: Option<AbortHandle>,
    /// The request for mails under way, likewise.
    mails: Option<AbortHandle>,
    /// The search for one maintenance, likewise.
    finding: Option<AbortHandle>,
    /// The question for the sources, likewise.
    sources: Option<AbortHandle>,
    /// To the task that writes. Capacity [`WRITES`]; when it is full the request is refused and said to be.
    writes: mpsc::Sender<Job>,
}

impl Answers {
    /// Ready to answer.
    pub(super) fn new(shared: Shared) -> Self {
        let (writes, queue) = mpsc::channel(WRITES);
        let mut writing = JoinSet::new();
        writing.spawn(write_all(shared.clone(), queue));
        Self {
            shared,
            tasks: JoinSet::new(),
            writing,
            listing: None,
            counting: None,
            mails: None,
            finding: None,
            sources: None,
            writes,
        }
    }

    /// Answers a question in a task of its own; the answer is a report.
    pub(super) fn read(&mut self, question: Question) {
        while self.tasks.try_join_next().is_some() {}
        let shared = self.shared.clone();
        let slot = match &question {
            Question::List { .. } => Some(Slot::List),
            Question::Count { .. } => Some(Slot::Count),
            Question::Notifications { anchor: NotificationAnchor::Top, .. } => Some(Slot::Mails),
            Question::Notifications { .. }
            | Question::Extend { .. }
            | Question::Mark(_)
            | Question::MarkMails { .. }
            | Question::Open(_)
            | Question::Read(_)
            | Question::Providers
            | Question::Outbox
            | Question::Drafts { .. } => None,
            Question::Find { .. } => Some(Slot::Find),
            Question::Sources => Some(Slot::Sources),
        };
        let task = self.spawn(async move {
            if let Question::Read(key) = question {
                return Report::Read { key, mail: notification(&shared, key).await };
            }
            if question == Question::Providers {
                return aside::providers(&shared.rules.now());
            }
            let (asked, inventory) = (question.clone(), shared.inventory.now());
            let setup = Arc::clone(&shared.setup);
            let answered = shared.store.read(move |c| {
                if asked == Question::Sources {
                    return aside::sources(c, &setup.sources, clock::now());
                }
                let mut report = read::answer(c, &asked, clock::now())?;
                circuits::mark(c, &mut report, &inventory)?;
                Ok(report)
            });
            match answered.await {
                Ok(report) => report,
                Err(error) => read::failed(&question, &error),
            }
        });
        // Nobody waits for an older list or count any more: reading it stops.
        let older = match slot {
            Some(Slot::List) => self.listing.replace(task),
            Some(Slot::Count) => self.counting.replace(task),
            Some(Slot::Mails) => self.mails.replace(task),
            Some(Slot::Find) => self.finding.replace(task),
            Some(Slot::Sources) => self.sources.replace(task),
            None => None,
        };
        if let Some(older) = older {
            older.abort();
        }
    }

    /// Puts a write in the queue; it is reported once it is durable.
    pub(super) fn write(&mut self, job: Job) {
        if let Err(refused) = self.writes.try_send(job) {
            let trouble = Trouble::new("the store is busy: this was not done")
                .caused_by(&refused.to_string())
                .to_do("wait a moment and do it again");
            let form = refused.into_inner().form();
            self.spawn(async move { Report::Failed(trouble).of_form(form) });
        }
    }

    /// Runs `answer` and reports it.
    fn spawn(&mut self, answer: impl Future<Output = Report> + Send + 'static) -> AbortHandle {
        let reports = self.shared.reports.clone();
        self.tasks.spawn(async move {
            // The screen is gone when this fails; then nobody waits for the answer.
            let _ = reports.send(answer.await).await;
        })
    }

    /// Waits for what was asked for to be written, `rest` included; reads are dropped.
    pub(super) async fn finish(self, rest: impl Iterator<Item = Job>) {
        let Self { mut tasks, mut writing, writes, .. } = self;
        tasks.shutdown().await;
        for job in rest {
            // Fails when the writing task is gone, and then there is nothing more to be done.
            let _ = writes.send(job).await;
        }
        drop(writes);
        // Ends when its queue is empty.
        while writing.join_next().await.is_some() {}
    }
}

/// Questions of which only the newest is of interest.
enum Slot {
    /// For a window of the list.
    List,
    /// For the figures.
    Count,
    /// For the mails.
    Mails,
    /// For one maintenance among all.
    Find,
    /// For the sources.
    Sources,
}

/// One notification, made readable away from the threads that read.
async fn notification(shared: &Shared, key: NotificationKey) -> Result<Arc<Mail>, Trouble> {
    let opened = match shared.store.read(move |c| unparsed::notification(c, key)).await {
        Err(error) => return Err(Trouble::of(&error)),
        Ok(None) => return Err(Trouble::new("this mail is no longer in the store")),
        Ok(Some(opened)) => opened,
    };
    let made = tokio::task::spawn_blocking(move || Arc::new(read::readable(opened))).await;
    made.map_err(|panic| Trouble::new("this mail could not be made readable").caused_by(&panic.to_string()))
}

/// Something whose turn comes after what was asked for before it.
pub(super) enum Job {
    /// A change of the store.
    Write(Write),
    /// A calendar file.
    Export(Vec<MaintenanceKey>),
}

impl Job {
    /// Of which form it is, if of one.
    fn form(&self) -> Option<u64> {
        if let Self::Write(Write::OfForm { form, .. }) = self { Some(*form) } else { None }
    }
}

/// Does jobs one after the other until the queue is closed and empty. What is written is told once it is durable.
async fn write_all(shared: Shared, mut queue: mpsc::Receiver<Job>) {
    while let Some(job) = queue.recv().await {
        let form = job.form();
        let done = match job {
            Job::Write(Write::Assign { address, provider, who }) => {
                let (store, rules, inventory) = (shared.store.clone(), shared.rules.now(), shared.inventory.now());
                let actor = Actor { who, at: clock::now() };
                crate::blocking::run(move || aside::assign(&store, &rules, &inventory, address, provider, &actor)).await
            }
            Job::Write(undo @ (Write::Undo { .. } | Write::UndoLast { .. })) => {
                let (store, rules, inventory) = (shared.store.clone(), shared.rules.now(), shared.inventory.now());
                crate::blocking::run(move || aside::undo(&store, &rules, &inventory, undo, clock::now())).await
            }
            Job::Write(Write::Reread) => {
                let (store, rules, inventory) = (shared.store.clone(), shared.rules.now(), shared.inventory.now());
                crate::blocking::run(move || aside::reread(&store, &rules, &inventory)).await
            }
            Job::Write(write) => shared.store.write(move |c| write::carry_out(c, write, clock::now())).await,
            Job::Export(keys) => Ok(exported(&shared, keys, shared.setup.export_dir.clone()).await),
        };
        let report = done.unwrap_or_else(|error| Report::Failed(Trouble::of(&error)));
        let _ = shared.reports.send(report.of_form(form)).await;
    }
}

/// Writes a calendar file.
async fn exported(shared: &Shared, keys: Vec<MaintenanceKey>, dir: PathBuf) -> Report {
    let now = clock::now();
    let inventory = shared.inventory.now();
    let read = shared.store.read(move |connection| {
        let details = keys.into_iter().filter_map(|key| detail::detail(connection, key, now).transpose());
        details.map(|detail| detail.map(|detail| detail.with_standings(&inventory))).collect::<Result<Vec<_>, Error>>()
    });
    let details = match read.await {
        Ok(details) => details,
        Err(error) => return Report::Failed(Trouble::of(&error)),
    };
    let written = tokio::task::spawn_blocking(move || export::write_new(&dir, &details, now)).await;
    match written {
        Ok(Ok(path)) => Report::Done { done: Done::Exported(path), inverse: None },
        Ok(Err(error)) => Report::Failed(
            Trouble::new("the calendar file was not written")
                .caused_by(&error.to_string())
                .to_do("check the folder that noctui was started in"),
        ),
        Err(panic) => Report::Failed(Trouble::new("the calendar file was not written").caused_by(&panic.to_string())),
    }
}

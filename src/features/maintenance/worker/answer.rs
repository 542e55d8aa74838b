//! Requests, answered: reads side by side, writes in order.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::{Done, Mail, Report, Request, Shared, Target, Write};
use crate::clock;
use crate::features::maintenance::export;
use crate::features::maintenance::mail;
use crate::features::maintenance::store::action::{self, Actor};
use crate::features::maintenance::store::count::{self, Count};
use crate::features::maintenance::store::detail;
use crate::features::maintenance::store::list::{self, ListQuery};
use crate::features::maintenance::store::unparsed::{self, NotificationAnchor, Which};
use crate::features::maintenance::store::{MaintenanceKey, NotificationKey};
use crate::store::Error;
use crate::trouble::Trouble;

/// Matches counted before a number reads "1000+".
const MATCHES: usize = 1000;
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
    /// To the task that writes. Capacity [`WRITES`]; when it is full the request is refused and said to be.
    writes: mpsc::Sender<Write>,
}

impl Answers {
    /// Ready to answer.
    pub(super) fn new(shared: Shared) -> Self {
        let (writes, queue) = mpsc::channel(WRITES);
        let mut writing = JoinSet::new();
        writing.spawn(write_all(shared.clone(), queue));
        Self { shared, tasks: JoinSet::new(), writing, listing: None, counting: None, writes }
    }

    /// Answers a request to read in a task of its own; the answer is a report.
    pub(super) fn read(&mut self, request: Request) {
        while self.tasks.try_join_next().is_some() {}
        match request {
            Request::List { generation, query, anchor, before, after } => {
                let shared = self.shared.clone();
                let task = self.spawn(async move {
                    let read = shared.store.read(move |c| list::window(c, &query, &anchor, before, after)).await;
                    match read {
                        Ok(window) => Report::Listed { generation, window },
                        Err(error) => Report::ListFailed { generation, trouble: Trouble::of(&error) },
                    }
                });
                // Nobody waits for the older list any more: reading it stops.
                if let Some(older) = self.listing.replace(task) {
                    older.abort();
                }
            }
            Request::Extend { generation, query, anchor, rows, after } => {
                let shared = self.shared.clone();
                self.spawn(async move {
                    let read = shared.store.read(move |c| list::window(c, &query, &anchor, rows, rows)).await;
                    match read {
                        Ok(window) => Report::Extended { generation, after, window },
                        Err(error) => Report::ListFailed { generation, trouble: Trouble::of(&error) },
                    }
                });
            }
            Request::Count { generation, query } => {
                let shared = self.shared.clone();
                let task = self.spawn(async move {
                    match shared.store.read(move |c| counted(c, &query)).await {
                        Ok((counts, matches)) => Report::Counted { generation, counts, matches },
                        Err(error) => Report::ListFailed { generation, trouble: Trouble::of(&error) },
                    }
                });
                if let Some(older) = self.counting.replace(task) {
                    older.abort();
                }
            }
            Request::Open(key) => self.open(key),
            Request::Notifications { generation, all, anchor, rows } => {
                let shared = self.shared.clone();
                let which = if all { Which::All } else { Which::NeedALook };
                self.spawn(async move {
                    let read = shared.store.read(move |c| unparsed::notifications(c, which, anchor, rows)).await;
                    let window = read.map_err(|error| Trouble::of(&error));
                    Report::NotificationsListed { generation, continues: anchor != NotificationAnchor::Top, window }
                });
            }
            Request::Read(key) => self.open_notification(key),
            // The worker's loop deals with these itself.
            Request::Write(_) | Request::Sync => {}
        }
    }

    /// Puts a write in the queue; it is reported once it is durable.
    pub(super) fn write(&mut self, write: Write) {
        if let Err(refused) = self.writes.try_send(write) {
            let trouble = Trouble::new("the store is busy: this was not done")
                .caused_by(&refused.to_string())
                .to_do("wait a moment and do it again");
            self.spawn(async move { Report::Failed(trouble) });
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

    /// All about one maintenance.
    fn open(&mut self, key: MaintenanceKey) {
        let shared = self.shared.clone();
        self.spawn(async move {
            let now = clock::now();
            let read = shared.store.read(move |c| detail::detail(c, key, now)).await;
            Report::Opened { key, detail: read.map(|detail| detail.map(Arc::new)).map_err(|error| Trouble::of(&error)) }
        });
    }

    /// One notification, made readable away from the threads that answer.
    fn open_notification(&mut self, key: NotificationKey) {
        let shared = self.shared.clone();
        self.spawn(async move {
            let mail = match shared.store.read(move |c| unparsed::notification(c, key)).await {
                Err(error) => Err(Trouble::of(&error)),
                Ok(None) => Err(Trouble::new("this mail is no longer in the store")),
                Ok(Some(opened)) => {
                    let made = tokio::task::spawn_blocking(move || Arc::new(readable(opened))).await;
                    made.map_err(|panic| {
                        Trouble::new("this mail could not be made readable").caused_by(&panic.to_string())
                    })
                }
            };
            Report::Read { key, mail }
        });
    }

    /// Waits for what was asked for to be written, `rest` included; reads are dropped.
    pub(super) async fn finish(self, rest: impl Iterator<Item = Write>) {
        let Self { mut tasks, mut writing, writes, .. } = self;
        tasks.shutdown().await;
        for write in rest {
            // Fails when the writing task is gone, and then there is nothing more to be done.
            let _ = writes.send(write).await;
        }
        drop(writes);
        // Ends when its queue is empty.
        while writing.join_next().await.is_some() {}
    }
}

/// The figures beside the title, and how many rows match.
fn counted(connection: &rusqlite::Connection, query: &ListQuery) -> Result<(count::Counts, Count), Error> {
    let matches = list::matches(connection, query, MATCHES + 1)?;
    let n = u32::try_from(matches.min(MATCHES)).unwrap_or(u32::MAX);
    Ok((count::counts(connection, query.now)?, Count { n, and_more: matches > MATCHES }))
}

/// A notification as the screen shows it.
fn readable(opened: unparsed::Opened) -> Mail {
    let unparsed::Opened { notification, raw, .. } = opened;
    let mut readable = mail::readable(raw.as_deref().unwrap_or_default());
    match &raw {
        None => readable.lines = vec!["[the mail itself is no longer kept]".to_owned()],
        Some(raw) if (raw.len() as u64) < notification.size => {
            readable.lines.push(format!("[cut: {} of {} bytes are kept]", raw.len(), notification.size));
        }
        Some(_) => {}
    }
    Mail {
        key: notification.key,
        subject: notification.subject,
        sender: notification.sender,
        source: notification.source,
        received_at: notification.received_at,
        outcome: notification.outcome,
        reason: notification.reason,
        readable,
    }
}

/// Carries out writes one after the other until the queue is closed and empty.
async fn write_all(shared: Shared, mut queue: mpsc::Receiver<Write>) {
    while let Some(write) = queue.recv().await {
        let report = carry_out(&shared, write).await.unwrap_or_else(|error| Report::Failed(Trouble::of(&error)));
        let _ = shared.reports.send(report).await;
    }
}

/// Carries out one write. The answer comes once it is durable.
async fn carry_out(shared: &Shared, write: Write) -> Result<Report, Error> {
    let at = clock::now();
    let pairs =
        |targets: Vec<Target>| targets.into_iter().map(|target| (target.key, target.revision)).collect::<Vec<_>>();
    let (done, result) = match write {
        Write::Acknowledge { targets, who } => {
            let seen = pairs(targets);
            let result = shared.store.write(move |c| action::acknowledge(c, &seen, &Actor { who, at })).await?;
            let changed = |refusal: &action::Refusal| matches!(refusal, action::Refusal::Changed { .. });
            let refused = result.refused.iter().filter(|(_, refusal)| changed(refusal)).count();
            (Done::Acknowledged { count: result.done.len(), refused }, result)
        }
        Write::Unacknowledge { keys, who } => {
            let result = shared.store.write(move |c| action::unacknowledge(c, &keys, &Actor { who, at })).await?;
            (Done::Unacknowledged(result.done.len()), result)
        }
        Write::Note { keys, text, who } => {
            let result = shared.store.write(move |c| action::add_note(c, &keys, &text, &Actor { who, at })).await?;
            (Done::Noted(result.done.len()), result)
        }
        Write::Undo { inverse, who } => {
            let result = shared.store.write(move |c| action::undo(c, &inverse, &Actor { who, at })).await?;
            return Ok(Report::Done {
                done: if result.done.is_empty() { Done::NothingToUndo } else { Done::Undone },
                inverse: None,
            });
        }
        Write::Seen(targets) => {
            let seen = pairs(targets);
            shared.store.write(move |c| action::mark_seen(c, &seen)).await?;
            return Ok(Report::Done { done: Done::Seen, inverse: None });
        }
        Write::Export(keys) => {
            let dir = shared.setup.export_dir.clone();
            return Ok(exported(shared, keys, dir).await);
        }
    };
    Ok(Report::Done { done, inverse: result.inverse })
}

/// Writes a calendar file.
async fn exported(shared: &Shared, keys: Vec<MaintenanceKey>, dir: PathBuf) -> Report {
    let now = clock::now();
    let read = shared.store.read(move |connection| {
        keys.into_iter()
            .filter_map(|key| detail::detail(connection, key, now).transpose())
            .collect::<Result<Vec<_>, Error>>()
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

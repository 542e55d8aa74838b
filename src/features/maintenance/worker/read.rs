//! What the store says to a question: from one connection, at a given time.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::{Mail, Question, Report};
use crate::features::maintenance::guess::Suggestion;
use crate::features::maintenance::mail;
use crate::features::maintenance::nautobot::store::standing;
use crate::features::maintenance::store::action::Actor;
use crate::features::maintenance::store::count::{self, Count};
use crate::features::maintenance::store::list::{self, Anchor, Filter, ListQuery, Sort};
use crate::features::maintenance::store::unparsed::{self, NotificationAnchor};
use crate::features::maintenance::store::{detail, draft};
use crate::store::Error;
use crate::text::clean_line;
use crate::trouble::Trouble;

/// Maintenances offered to somebody who looks for one.
const FOUND: usize = 50;
/// Mails that are marked at once: their rows are kept in memory until something is done with them.
const MARKED_MAILS: usize = 10_000;
/// Lines of a mail that are shown as they came.
const RAW_LINES: usize = 5000;

/// Entries of the outbox that are listed.
const OUTBOX: usize = 2000;

/// Matches counted before a number reads "1000+".
const MATCHES: usize = 1000;

/// Answers a question.
pub(super) fn answer(connection: &Connection, question: &Question, now: DateTime<Utc>) -> Result<Report, Error> {
    Ok(match question {
        Question::List { generation, query, anchor, before, after } => Report::Listed {
            generation: *generation,
            window: list::window(connection, query, anchor, *before, *after)?,
        },
        Question::Extend { generation, query, anchor, rows, after } => Report::Extended {
            generation: *generation,
            after: *after,
            window: list::window(connection, query, anchor, *rows, *rows)?,
        },
        Question::Count { generation, query } => {
            let matches = matches(connection, query)?;
            Report::Counted { generation: *generation, counts: count::counts(connection, query.now)?, matches }
        }
        Question::Mark(query) => {
            Report::Marked { filter: query.filter.clone(), marks: Ok(list::everything(connection, query)?) }
        }
        Question::MarkMails { which, filter } => {
            let window = unparsed::notifications(connection, *which, filter, NotificationAnchor::Top, MARKED_MAILS)?;
            Report::MailsMarked { which: *which, filter: filter.clone(), window: Ok(window) }
        }
        Question::Open(key) => {
            let detail = detail::detail(connection, *key, now)?;
            Report::Opened { key: *key, detail: Ok(detail.map(Arc::new)) }
        }
        Question::Notifications { generation, which, filter, anchor, rows } => {
            let window = unparsed::notifications(connection, *which, filter, *anchor, *rows)?;
            Report::NotificationsListed {
                generation: *generation,
                continues: *anchor != NotificationAnchor::Top,
                window: Ok(window),
            }
        }
        Question::Find { generation, text } => {
            let filter = Filter { text: text.clone(), ..Filter::default() };
            let query = ListQuery { sort: Sort::Changed, filter, now };
            let window = list::window(connection, &query, &Anchor::Top, 0, FOUND)?;
            Report::Found { generation: *generation, rows: window.rows }
        }
        // These are asked of the whole worker.
        Question::Sources => Report::Sources(Ok(Vec::new())),
        Question::Providers => Report::Providers(Vec::new()),
        Question::Outbox => Report::Outbox(Ok(standing::rows(connection, now, OUTBOX)?)),
        Question::Drafts { who } => Report::Drafts(draft::drafts(connection, &Actor { who: who.clone(), at: now })?),
        Question::Read(key) => {
            let gone = || Trouble::new("this mail is no longer in the store");
            let opened = unparsed::notification(connection, *key)?;
            Report::Read { key: *key, mail: opened.map(|opened| Arc::new(readable(opened))).ok_or_else(gone) }
        }
    })
}

/// The answer to a question that the store could not answer.
pub(super) fn failed(question: &Question, error: &Error) -> Report {
    let trouble = Trouble::of(error);
    match question {
        Question::List { generation, .. }
        | Question::Extend { generation, .. }
        | Question::Count { generation, .. } => Report::ListFailed { generation: *generation, trouble },
        Question::Mark(query) => Report::Marked { filter: query.filter.clone(), marks: Err(trouble) },
        Question::MarkMails { which, filter } => {
            Report::MailsMarked { which: *which, filter: filter.clone(), window: Err(trouble) }
        }
        Question::Open(key) => Report::Opened { key: *key, detail: Err(trouble) },
        Question::Notifications { generation, anchor, .. } => Report::NotificationsListed {
            generation: *generation,
            continues: *anchor != NotificationAnchor::Top,
            window: Err(trouble),
        },
        Question::Read(key) => Report::Read { key: *key, mail: Err(trouble) },
        Question::Sources => Report::Sources(Err(trouble)),
        Question::Outbox => Report::Outbox(Err(trouble)),
        Question::Providers => Report::Providers(Vec::new()),
        Question::Find { generation, .. } => Report::Found { generation: *generation, rows: Vec::new() },
        // The list, which is asked for at the same time, tells of the trouble.
        Question::Drafts { .. } => Report::Drafts(vec![]),
    }
}

/// How many rows match.
fn matches(connection: &Connection, query: &ListQuery) -> Result<Count, Error> {
    let matches = list::matches(connection, query, MATCHES + 1)?;
    let n = u32::try_from(matches.min(MATCHES)).unwrap_or(u32::MAX);
    Ok(Count { n, and_more: matches > MATCHES })
}

/// A notification as the screen shows it.
pub(super) fn readable(opened: unparsed::Opened) -> Mail {
    let unparsed::Opened { notification, raw, .. } = opened;
    let mut readable = mail::readable(raw.as_deref().unwrap_or_default());
    if raw.is_none() {
        readable.lines = vec!["[the mail itself is no longer kept]".to_owned()];
    }
    let suggested = raw.as_deref().filter(|_| notification.outcome.needs_a_look()).and_then(Suggestion::of);
    let suggested = suggested.map(|suggestion| suggestion.whose(notification.provider.as_deref()));
    let kept = raw.as_ref().map(|raw| raw.len() as u64);
    // Of one that could not be read in the first place the reason says so.
    let cut = kept.filter(|kept| (1..notification.size).contains(kept)).map(|kept| (kept, notification.size));
    let text = String::from_utf8_lossy(raw.as_deref().unwrap_or_default());
    let lines: Vec<String> = text.lines().take(RAW_LINES).map(clean_line).collect();
    Mail {
        key: notification.key,
        subject: notification.subject,
        sender: notification.sender,
        provider: notification.provider,
        source: notification.source,
        received_at: notification.received_at,
        outcome: notification.outcome,
        reason: notification.reason,
        suggestion: suggested,
        made_at: notification.dated.unwrap_or(notification.received_at).min(notification.received_at),
        readable,
        raw: lines,
        dismissed: notification.dismissed,
        cut,
    }
}

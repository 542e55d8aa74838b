//! Mailboxes that are read over HTTPS: Gmail by its API, Microsoft 365 and Exchange Online by Graph.
//!
//! | file | what |
//! |---|---|
//! | `ask` | requests with a token, and what their answers mean: repeated where that can help |
//! | `gmail` | the Gmail API: lists, the history since, mails, labels |
//! | `graph` | Microsoft Graph: the changes of a folder since, mails, categories |
//! | `hand` | mails, fetched some at a time and handed out, the newest first |
//! | `label` | mails, labelled with what became of them |
//! | `letter` | a mail of Gmail's put together from its parts |
//!
//! Nothing is marked as seen, moved or deleted. Only where `labels` are configured a mail is labelled with what became of
//! it; the store knows which were, so that a label that could not be set is set later, and one that is wrong after rules
//! have changed is changed.

mod ask;
mod gmail;
mod graph;
mod hand;
mod label;
mod letter;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::sleep;

use self::ask::Asker;
use super::remote::{Account, CaughtUp, Fault, Seen, Session};
use super::{Desk, Mark};
use crate::config::{Service, WebMail};
use crate::trouble::Trouble;

/// How far ahead of the clock a bookmark may be: less than what [`listed_since`] goes back beyond the look before.
const AHEAD: TimeDelta = TimeDelta::hours(1);

/// A mailbox that is read over HTTPS.
#[derive(Debug, Clone)]
pub struct Mailbox {
    /// As configured.
    config: Arc<WebMail>,
    /// What is asked with.
    asker: Arc<Asker>,
}

impl Mailbox {
    /// A mailbox that nobody has asked for yet.
    #[must_use]
    pub fn new(config: &WebMail) -> Self {
        let config = Arc::new(config.clone());
        Self { asker: Arc::new(Asker::new(&config)), config }
    }

    /// The same with another first pause, for tests of what is repeated.
    #[cfg(test)]
    fn with_pause(config: &WebMail, pause: std::time::Duration) -> Self {
        let config = Arc::new(config.clone());
        Self { asker: Arc::new(Asker::new(&config).with_pause(pause)), config }
    }
}

/// The name of a mailbox in the store: whose it is and where.
#[must_use]
pub fn label(config: &WebMail) -> String {
    let service = match config.service {
        Service::Gmail => "gmail",
        Service::Microsoft => "microsoft",
    };
    format!("{service} {}", config.user)
}

impl Account for Mailbox {
    type Session = Connection;

    fn server(&self) -> String {
        self.config.url.clone()
    }

    fn has_fleeting_login(&self) -> bool {
        // The asker has tried another token already.
        false
    }

    async fn open(&self) -> Result<Connection, Fault> {
        self.asker.begin().await?;
        Ok(Connection {
            config: Arc::clone(&self.config),
            asker: Arc::clone(&self.asker),
            names: Vec::new(),
            unlabelled: HashSet::new(),
            has_unlabelled: false,
        })
    }
}

/// What is known of a mailbox while it is read.
#[derive(Debug)]
pub struct Connection {
    /// As configured.
    config: Arc<WebMail>,
    /// What is asked with.
    asker: Arc<Asker>,
    /// Labels or folders by their names, and what the service calls them.
    names: Vec<(String, String)>,
    /// Mails that could not be labelled when that was last tried.
    unlabelled: HashSet<String>,
    /// Whether there are more that were not tried yet.
    has_unlabelled: bool,
}

impl Connection {
    /// Mails of the whole mailbox that somebody wants to be asked for again; they are asked for with the first folder.
    async fn asked_again(&self, folder: &str, desk: &Desk) -> Vec<String> {
        let is_first = self.config.folders.first().is_some_and(|first| first == folder);
        if is_first { desk.asked_again().await } else { Vec::new() }
    }
}

impl Session for Connection {
    async fn catch_up(&mut self, desk: &mut Desk) -> Result<CaughtUp, Fault> {
        let config = Arc::clone(&self.config);
        // Somebody may have renamed some, and given their names to others.
        self.names.clear();
        let (mut troubles, mut keys, mut failed, mut has_read) = (Vec::new(), Vec::new(), None, false);
        for name in &config.folders {
            let read = match config.service {
                Service::Gmail => self.read_label(name, desk).await,
                Service::Microsoft => self.read_folder(name, desk).await,
            };
            match read {
                Ok(Ok(handed)) => {
                    has_read = true;
                    keys.extend(handed.keys);
                    troubles.extend(handed.trouble.map(|why| format!("folder {name}: {why}")));
                }
                // One that is gone, or that cannot be read, does not hold up the others.
                Ok(Err(why)) => troubles.push(format!("folder {name}: {why}")),
                Err(fault) if is_of_one(&fault) => {
                    troubles.push(format!("folder {name}: {}", Trouble::of(&fault).one_line()));
                    failed.get_or_insert(fault);
                }
                Err(fault) => return Err(fault),
            }
        }
        if let Some(fault) = failed.filter(|_| !has_read) {
            return Err(fault);
        }
        troubles.extend(self.label(desk, &keys).await?);
        Ok(CaughtUp { looks_every: Some(config.poll_every), is_whole: true, troubles })
    }

    async fn wait(&mut self, desk: &mut Desk) -> Result<(), Fault> {
        if std::mem::take(&mut self.has_unlabelled) {
            return Ok(());
        }
        // Cancel safety: each branch only waits.
        tokio::select! {
            () = sleep(self.config.poll_every) => {}
            () = desk.wanted() => {}
        }
        Ok(())
    }

    async fn survey(&mut self) -> Result<Vec<Seen>, Fault> {
        let config = Arc::clone(&self.config);
        let mut seen = Vec::new();
        for name in &config.folders {
            let mails = match config.service {
                Service::Gmail => self.count_label(name).await?,
                Service::Microsoft => self.count_folder(name).await?,
            };
            seen.push(Seen { folder: name.clone(), mails, is_label: false });
        }
        // Categories of Microsoft's need not be made before.
        for (_, label) in config.labels.iter().filter(|_| config.service == Service::Gmail) {
            let mails = self.count_label(label).await?;
            seen.push(Seen { folder: label.clone(), mails, is_label: true });
        }
        Ok(seen)
    }

    async fn close(self) {}
}

/// Whether a fault may be one of a single mail or folder, and not of the server.
fn is_of_one(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Refused { .. } | Fault::Forbidden { .. } | Fault::Garbled { .. } | Fault::Busy { again_in: None, .. }
    )
}

/// Since when mails are listed where nothing leads from the last look to now: as far back as is wanted, or as that look was.
/// One day more: what the service dates may come later.
fn listed_since(config: &WebMail, looked_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let wanted = now - TimeDelta::days(config.wanted.since_days?.into());
    Some(looked_at.map_or(wanted, |looked| wanted.min(looked - TimeDelta::days(1))))
}

/// What is kept of a folder: where the last look under the settings of now left off, and when the last one under any was.
async fn kept(desk: &Desk, folder: &str, now: DateTime<Utc>) -> (Option<String>, Option<DateTime<Utc>>) {
    let Some(Mark { text, is_current }) = desk.bookmark(folder).await else { return (None, None) };
    let (mark, looked_at) = undated(&text);
    // By a clock that was ahead mails may have counted as too old.
    let is_ahead = looked_at.is_some_and(|at| at > now + AHEAD);
    (is_current.then(|| mark.to_owned()).filter(|_| !is_ahead), looked_at)
}

/// A bookmark with the time of the look that it was put after.
fn dated(mark: &str, looked_at: DateTime<Utc>) -> String {
    format!("{mark} {}", looked_at.timestamp())
}

/// The same taken apart. Of one from before they had a time none is known.
fn undated(kept: &str) -> (&str, Option<DateTime<Utc>>) {
    let parts =
        kept.rsplit_once(' ').and_then(|(mark, at)| Some((mark, DateTime::from_timestamp(at.parse().ok()?, 0)?)));
    parts.map_or((kept, None), |(mark, at)| (mark, Some(at)))
}

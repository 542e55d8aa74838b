//! The demo's world: a mailbox that fills with realistic notifications, and nothing else.
//!
//! The demo is no special case. It makes a folder with a configuration and a Maildir in it; what noctui then shows went
//! through the same source, rules, store and screen as in real use. [`prepare`] writes what lies in the past,
//! [`deliver`] brings the rest while somebody watches.

mod announcement;
pub mod backends;
pub mod cli;
mod consoles;
mod deploys;
mod faults;
mod formats;
mod lab;
mod left;
mod mailbox;
mod mime;
mod nautobot;
mod story;
mod when;

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use self::mailbox::Mailbox;
use self::story::Story;
use crate::config::Flags;
use crate::trouble::Remedy;

/// Mails older than this were read by somebody already.
const READ_AFTER: TimeDelta = TimeDelta::days(1);

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder has something in it that is not ours.
    #[error("{} is not empty", folder.display())]
    NotEmpty {
        /// The folder that was named.
        folder: PathBuf,
    },
    /// The disk refused.
    #[error("cannot write the demo to {}", folder.display())]
    Disk {
        /// The demo's folder.
        folder: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The story cannot be read as a file.
    #[error("the demo's story has a mistake")]
    Syntax(#[from] toml::de::Error),
    /// The story says something that means nothing.
    #[error("the demo's story has a mistake: {0}")]
    Story(String),
    /// The simulated backends cannot be started.
    #[error("the demo's backends do not start")]
    Backend(#[source] io::Error),
    /// The simulated Nautobot cannot be started.
    #[error("the demo's Nautobot does not start")]
    Nautobot(#[source] io::Error),
    /// The simulated lab cannot be started.
    #[error("the demo's lab does not start")]
    Lab(#[source] io::Error),
}

impl Remedy for Error {
    fn remedy(&self) -> Cow<'static, str> {
        match self {
            Self::NotEmpty { folder } if folder.join("config.toml").is_file() => {
                format!("name a new folder, or look again: {}", look_again(folder))
            }
            Self::NotEmpty { .. } => return "name a new folder".into(),
            Self::Disk { .. } => return "check the folder's permissions and the space on its disk".into(),
            Self::Backend(_) | Self::Nautobot(_) => return "choose another port, or none for one that is free".into(),
            Self::Lab(_) => {
                let (first, last) = lab::PORTS;
                format!("end other demos on this machine: their forwards have the ports {first} to {last} of 127.0.0.1")
            }
            Self::Syntax(_) | Self::Story(_) => return "report this: it is a mistake in noctui".into(),
        }
        .into()
    }
}

/// A demo that is ready to be looked at.
#[derive(Debug)]
pub struct Prepared {
    /// The folder that everything is in.
    pub folder: PathBuf,
    /// The configuration file, which names the mailbox.
    pub config: PathBuf,
    /// Mails that are in the mailbox already.
    pub delivered: usize,
    /// Mails that come later.
    pub schedule: Schedule,
}

/// Mails to be delivered while somebody watches.
#[derive(Debug)]
pub struct Schedule {
    /// Where to.
    mailbox: Mailbox,
    /// In the order of their delivery.
    arrivals: Vec<Arrival>,
}

/// A mail and when it is delivered.
#[derive(Debug)]
struct Arrival {
    /// Since the start.
    after: Duration,
    /// Its file's name.
    name: String,
    /// Its content.
    mail: Vec<u8>,
}

impl Prepared {
    /// The flags with which noctui looks at this demo and touches nothing else of the user's.
    #[must_use]
    pub fn flags(&self) -> Flags {
        Flags {
            config: Some(self.config.clone()),
            data_dir: Some(self.folder.join("data")),
            state_dir: Some(self.folder.join("state")),
            cache_dir: Some(self.folder.join("cache")),
            ..Flags::default()
        }
    }
}

impl Schedule {
    /// What was scheduled; nothing stays behind.
    #[must_use]
    pub fn take(&mut self) -> Self {
        Self { mailbox: self.mailbox.clone(), arrivals: std::mem::take(&mut self.arrivals) }
    }

    /// How many mails come, and when the last one does.
    #[must_use]
    pub fn len_and_end(&self) -> (usize, Duration) {
        (self.arrivals.len(), self.arrivals.last().map_or(Duration::ZERO, |last| last.after))
    }
}

/// Makes a demo in `folder`, which must be empty or not exist, as seen from `now`. The same `now` and `seed` give the
/// same demo to the byte.
pub fn prepare(folder: &Path, now: DateTime<Utc>, seed: u64) -> Result<Prepared, Error> {
    let disk = |source| Error::Disk { folder: folder.to_owned(), source };
    let folder = std::path::absolute(folder).map_err(disk)?;
    mailbox::make_empty_folder(&folder)
        .map_err(disk)?
        .then_some(())
        .ok_or(Error::NotEmpty { folder: folder.clone() })?;
    let mailbox = Mailbox::create(folder.join("Maildir")).map_err(disk)?;
    let config = folder.join("config.toml");
    std::fs::write(&config, configuration(mailbox.path())).map_err(disk)?;

    let story = Story::built_in()?;
    let (mut delivered, mut arrivals) = (0, Vec::new());
    for (number, item) in announcement::resolve(&story, now, seed)?.iter().enumerate() {
        let (arrives, mail) = (item.arrives(), formats::mail(item));
        let name = format!("{}.{number:04}.demo", arrives.timestamp());
        match (arrives - now).to_std() {
            Ok(after) if after > Duration::ZERO => arrivals.push(Arrival { after, name, mail }),
            _ => {
                mailbox.deliver(&name, &mail, arrives < now - READ_AFTER).map_err(disk)?;
                delivered += 1;
            }
        }
    }
    Ok(Prepared { folder, config, delivered, schedule: Schedule { mailbox, arrivals } })
}

/// Delivers what comes later, each mail in its time, until `stop` is cancelled or all have come. Returns how many did.
///
/// Cancel safety: it may be dropped at any time; a mail is in the mailbox whole or not at all.
pub async fn deliver(schedule: Schedule, stop: CancellationToken) -> io::Result<usize> {
    let begun = Instant::now();
    let mut delivered = 0;
    for Arrival { after, name, mail } in schedule.arrivals {
        if stop.run_until_cancelled(sleep_until(begun + after)).await.is_none() {
            break;
        }
        let mailbox = schedule.mailbox.clone();
        tokio::task::spawn_blocking(move || mailbox.deliver(&name, &mail, false)).await??;
        delivered += 1;
    }
    Ok(delivered)
}

/// [`deliver`], with a failure in the log: what runs beside the screen has nobody else to tell.
#[must_use]
pub fn deliver_beside(schedule: Schedule, stop: CancellationToken) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        if let Err(error) = deliver(schedule, stop).await {
            tracing::warn!(%error, "the demo's mails no longer arrive");
        }
    })
}

/// The command that looks at the demo in `folder` once more, and touches nothing else of the user's either.
fn look_again(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "NOCTUI_STATE_DIR={folder}/state NOCTUI_CACHE_DIR={folder}/cache noctui --config {folder}/config.toml --data-dir \
         {folder}/data"
    )
}

/// The configuration file of the demo.
fn configuration(maildir: &Path) -> String {
    format!(
        "# Written by `noctui demo`. To look at this demo again:\n\
         #   {}\n\n\
         [[maintenance.source]]\nname = \"demo mailbox\"\nkind = \"maildir\"\npath = {}\n",
        look_again(maildir.parent().unwrap_or(maildir)),
        toml::Value::from(maildir.to_string_lossy().into_owned()),
    )
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod verdicts;

//! Both services, against servers on loopback that answer as their documentation says, and what goes wrong with them.

mod gmail;
mod google;
mod graph;
mod microsoft;
mod server;
mod whole;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::*;
use crate::config::{Grant, OAuth, Provider, Wanted};
use crate::features::maintenance::source::oauth::decoded;
use crate::features::maintenance::source::{Absences, Away, Event, Fates, Received};
use crate::secret::SecretFrom;
use crate::tls::Trust;

/// A part of a path as it was before it was put there.
fn server_decoded(part: &str) -> String {
    let fields = decoded(&format!("part={}", part.replace('+', "%2B")));
    fields.into_iter().next().unwrap_or_default().1
}

/// The pause before a request is repeated.
const PAUSE: Duration = Duration::from_millis(1);

/// A mailbox on a server at `url`, for an application that acts by itself.
fn config(service: Service, url: &str) -> WebMail {
    let provider = match service {
        Service::Gmail => Provider::Google,
        Service::Microsoft => Provider::Microsoft,
    };
    WebMail {
        service,
        url: url.to_owned(),
        trust: Trust::System,
        user: "noc@lakeside.example".to_owned(),
        oauth: OAuth {
            provider,
            grant: Grant::Application,
            client_id: "app".to_owned(),
            client_secret: Some(SecretFrom::Command(vec!["printf".to_owned(), "s3cret".to_owned()])),
            key_file: None,
            scopes: vec!["mail".to_owned()],
            extra_scopes: vec!["extra".to_owned()],
            token_url: format!("{url}/token"),
            authorize_url: String::new(),
            device_url: None,
            kept_in: PathBuf::new(),
            in_keyring: false,
        },
        folders: vec!["INBOX".to_owned()],
        wanted: Wanted {
            since_days: None,
            max_size_bytes: 1 << 20,
            sender_header: "From".to_owned(),
            senders: Vec::new(),
        },
        limit_from: Vec::new(),
        poll_every: Duration::from_mins(2),
        labels: Vec::new(),
    }
}

/// A mail from `sender`.
fn mail(sender: &str, subject: &str) -> Vec<u8> {
    format!("From: <{sender}>\r\nSubject: {subject}\r\nX-Original-Sender: other@isp.example\r\n\r\n{subject}\r\n")
        .into_bytes()
}

/// What stands for the store: what was recorded, the bookmarks, and what became of mails.
#[derive(Debug, Default)]
struct Kept {
    mails: Mutex<Vec<Received>>,
    bookmarks: Mutex<HashMap<String, String>>,
    /// Whether they were put under other settings.
    is_of_others: Mutex<bool>,
    /// By key: what became of it, and what the source was told.
    fates: Mutex<BTreeMap<String, (&'static str, Option<String>)>>,
    /// Mails that do not come.
    away: Mutex<BTreeMap<String, Away>>,
    /// Those that somebody wants to be asked for again.
    again: Mutex<Vec<String>>,
}

impl Fates for Kept {
    fn untold(&self) -> Vec<(String, &'static str, Option<String>)> {
        let fates = self.fates.lock().unwrap();
        let untold = fates.iter().filter(|(_, (is, told))| told.as_deref() != Some(is));
        untold.map(|(key, (is, told))| (key.clone(), *is, told.clone())).collect()
    }

    fn told(&self, marked: Vec<(String, &'static str)>) {
        for (key, outcome) in marked {
            self.fates.lock().unwrap().get_mut(&key).unwrap().1 = Some(outcome.to_owned());
        }
    }
}

impl Absences for Kept {
    fn away(&self) -> Vec<(String, Away)> {
        self.away.lock().unwrap().iter().map(|(key, away)| (key.clone(), *away)).collect()
    }

    fn keep(&self, changed: Vec<(String, Option<Away>)>) {
        for (key, away) in changed {
            let mut kept = self.away.lock().unwrap();
            match away {
                Some(away) => kept.insert(key, away),
                None => kept.remove(&key),
            };
        }
    }

    fn asked_again(&self) -> Vec<String> {
        self.again.lock().unwrap().clone()
    }

    fn gone(&self, keys: Vec<String>) {
        self.again.lock().unwrap().retain(|key| !keys.contains(key));
    }
}

impl Kept {
    /// The subjects of what was recorded, in its order.
    fn subjects(&self) -> Vec<String> {
        let subject = |mail: &Received| {
            let text = String::from_utf8(mail.body.clone().unwrap()).unwrap();
            text.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap_or_default().to_owned()
        };
        self.mails.lock().unwrap().iter().map(subject).collect()
    }

    /// Makes it so long ago that a folder was last looked at.
    fn last_looked(&self, days: i64) {
        let at = (crate::clock::now() - TimeDelta::days(days)).timestamp();
        for mark in self.bookmarks.lock().unwrap().values_mut() {
            let (kept, _) = mark.rsplit_once(' ').unwrap();
            *mark = format!("{kept} {at}");
        }
    }

    /// Reads a mailbox to its end once, with a connection of its own; records what it hands out.
    async fn read(self: &Arc<Self>, config: &WebMail) -> Result<CaughtUp, Fault> {
        self.catch_up(config, 1, |_| {}).await.map(|mut looks| looks.remove(0))
    }

    /// Looks so often with one connection; what was in the way each time.
    async fn looks(self: &Arc<Self>, config: &WebMail, times: usize) -> Result<Vec<Vec<String>>, Fault> {
        Ok(self.catch_up(config, times, |_| {}).await?.into_iter().map(|look| look.troubles).collect())
    }

    /// Reads a mailbox to its end twice with one connection, and does something between the two.
    async fn between(self: &Arc<Self>, config: &WebMail, work: impl FnOnce()) -> Result<(), Fault> {
        let mut work = Some(work);
        let each = |look: usize| {
            if let Some(work) = work.take_if(|_| look == 1) {
                work();
            }
        };
        self.catch_up(config, 2, each).await.map(drop)
    }

    /// Reads a mailbox to its end so often, with one connection, and does something before each look; records what it hands
    /// out.
    async fn catch_up(
        self: &Arc<Self>,
        config: &WebMail,
        times: usize,
        mut before: impl FnMut(usize),
    ) -> Result<Vec<CaughtUp>, Fault> {
        let (out, mut events) = mpsc::channel(2);
        let (wanted, asks) = watch::channel(0);
        let (handled, bookmarks) = (Arc::clone(self), Arc::clone(self));
        let handled = move |key: &str, _| handled.mails.lock().unwrap().iter().any(|mail| mail.key == key);
        let bookmarks = move |folder: &str| {
            let text = bookmarks.bookmarks.lock().unwrap().get(folder)?.clone();
            Some(Mark { text, is_current: !*bookmarks.is_of_others.lock().unwrap() })
        };
        let mut desk = Desk::new(Arc::new(handled), Arc::new(bookmarks), out, asks)
            .with_fates(Arc::clone(self) as Arc<dyn Fates>)
            .with_absences(Arc::clone(self) as Arc<dyn Absences>);
        let kept = Arc::clone(self);
        let mut recording = JoinSet::new();
        recording.spawn(async move {
            while let Some(event) = events.recv().await {
                match event {
                    Event::Received(mails) => {
                        for mail in &mails {
                            kept.fates.lock().unwrap().entry(mail.key.clone()).or_insert(("parsed", None));
                        }
                        kept.mails.lock().unwrap().extend(mails);
                    }
                    Event::Bookmark { folder, bookmark } => {
                        kept.bookmarks.lock().unwrap().insert(folder, bookmark);
                    }
                    Event::Alert(_) | Event::State(_) => {}
                }
            }
        });
        let read = async {
            let mut session = Mailbox::with_pause(config, PAUSE).open().await?;
            let mut looks = Vec::new();
            for look in 0..times {
                before(look);
                looks.push(session.catch_up(&mut desk).await?);
            }
            Ok(looks)
        };
        let read = read.await;
        drop((desk, wanted));
        recording.join_next().await;
        read
    }
}

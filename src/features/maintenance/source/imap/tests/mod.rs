//! Mailboxes on servers that say every line as it stands here: what a well-behaved server does not do on demand.

mod absent;
mod folders;
mod script;
mod strange;
mod usual;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{self, Receiver};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use self::script::Server;
use super::*;
use crate::config::{Endpoint, Login, MailTls, Wanted};
use crate::features::maintenance::source::remote::watch as watch_account;
use crate::features::maintenance::source::{Absences, Away, Mark, Received, State};
use crate::secret::SecretFrom;
use crate::tls::Trust;

/// Far beyond what any of these takes.
const DEADLINE: Duration = Duration::from_mins(1);

/// What every conversation begins with, up to where a folder is opened.
const LOGIN: &str = "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\n\
                     C: n1 AUTHENTICATE PLAIN AG5vYwBwdw==\n\
                     S: n1 OK [CAPABILITY IMAP4rev1 IDLE] welcome\n";

/// A mailbox at a port of this machine, whose password `pw` is printed by a program.
fn config(port: u16) -> Imap {
    Imap {
        server: Endpoint { host: "127.0.0.1".to_owned(), port },
        tls: MailTls::None,
        trust: Trust::System,
        user: "noc".to_owned(),
        login: Login {
            auth: Auth::Password,
            proof: Proof::Kept(SecretFrom::Command(["printf", "pw"].map(str::to_owned).to_vec())),
        },
        folders: vec!["INBOX".to_owned()],
        wanted: Wanted {
            since_days: None,
            max_size_bytes: 64 << 10,
            sender_header: "From".to_owned(),
            senders: Vec::new(),
        },
        poll_every: Duration::from_mins(1),
        idle: true,
    }
}

/// A conversation with tags that are so much higher.
fn later(conversation: &str, by: u32) -> String {
    let mut text = String::new();
    for line in conversation.lines() {
        let tag = |line: &str| line.get(4..)?.split(' ').next()?.parse::<u32>().ok();
        match tag(line).filter(|_| line.get(3..4) == Some("n")) {
            Some(tag) => {
                let rest = line.split_once(' ').unwrap().1.split_once(' ').unwrap().1;
                write!(text, "{}n{} {rest}", &line[..3], tag + by).unwrap();
            }
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

/// A mailbox that is read, and what was kept of it before.
struct Reading {
    /// The other side.
    server: Server,
    /// What is told.
    events: Receiver<Event>,
    /// Wants a look.
    wanted: watch::Sender<u64>,
    /// Ends with the value.
    _tasks: JoinSet<()>,
}

/// What stands for the store.
#[derive(Default)]
struct Kept {
    /// Mails that do not come.
    away: Mutex<BTreeMap<String, Away>>,
    /// Those that somebody wants to be asked for again.
    again: Mutex<BTreeSet<String>>,
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
        self.again.lock().unwrap().iter().cloned().collect()
    }

    fn gone(&self, keys: Vec<String>) {
        self.again.lock().unwrap().retain(|key| !keys.contains(key));
    }
}

/// What a mailbox is begun with.
#[derive(Default)]
struct Before {
    /// Keys of mails that were recorded.
    recorded: BTreeSet<String>,
    /// Bookmarks by folder.
    bookmarks: BTreeMap<String, String>,
    /// Whether they were put under other settings.
    is_of_others: bool,
    /// What is kept of mails that do not come.
    absences: Arc<Kept>,
}

impl Before {
    /// The folder INBOX, read up to this number.
    fn read_to(validity: u32, done: u32) -> Self {
        // Put now, so that it need not be put anew.
        let mark = Bookmark { validity, done, at: crate::clock::now().timestamp(), era: 0 };
        Self::marked(mark)
    }

    /// The same with this bookmark.
    fn marked(mark: Bookmark) -> Self {
        Self { bookmarks: [("INBOX".to_owned(), mark.text())].into(), ..Self::default() }
    }
}

impl Reading {
    /// Begins to read from a server that holds these conversations.
    async fn of(conversations: &[&str], piece: usize, before: Before, change: impl FnOnce(&mut Imap)) -> Self {
        let server = Server::start(conversations.iter().map(|text| (*text).to_owned()).collect(), piece).await;
        Self::with(server, before, change)
    }

    /// Begins to read from a server.
    fn with(server: Server, before: Before, change: impl FnOnce(&mut Imap)) -> Self {
        Self::within(Duration::from_secs(20), server, before, change)
    }

    /// The same with another patience.
    fn within(patience: Duration, server: Server, before: Before, change: impl FnOnce(&mut Imap)) -> Self {
        let mut config = config(server.port);
        change(&mut config);
        let (out, events) = mpsc::channel(64);
        let wanted = watch::Sender::new(0);
        let Before { recorded, bookmarks, is_of_others, absences } = before;
        let desk = Desk::new(
            Arc::new(move |key, _| recorded.contains(key)),
            Arc::new(move |folder| {
                let text = bookmarks.get(folder)?.clone();
                Some(Mark { text, is_current: !is_of_others })
            }),
            out,
            wanted.subscribe(),
        )
        .with_absences(absences);
        let mut tasks = JoinSet::new();
        let mailbox = Mailbox::new(&config).with_times(patience, Duration::from_secs(1));
        tasks.spawn(watch_account(mailbox, desk, CancellationToken::new()));
        Self { server, events, wanted, _tasks: tasks }
    }

    /// The next thing that is told.
    async fn next(&mut self) -> Event {
        timeout(DEADLINE, self.events.recv()).await.expect("something is told in time").expect("it is read")
    }

    /// What is told until the mailbox is read to its end: keys and contents of mails, and bookmarks' numbers.
    async fn read_to_the_end(&mut self) -> (Vec<(String, String)>, Vec<u32>) {
        let (mut mails, mut marks) = (Vec::new(), Vec::new());
        loop {
            match self.next().await {
                Event::Received(received) => mails.extend(received.into_iter().map(content)),
                Event::Bookmark { bookmark, .. } => marks.push(Bookmark::read(&bookmark).unwrap().done),
                Event::State(State::Watching { .. }) => return (mails, marks),
                Event::State(State::Reading { .. }) | Event::Alert(_) => {}
                Event::State(other) => panic!("{other:?}"),
            }
        }
    }

    /// Why the server cannot be read, the first time that is told; mails before it are answered, too.
    async fn read_to_trouble(&mut self) -> (Vec<(String, String)>, String, Option<Duration>) {
        let mut mails = Vec::new();
        loop {
            match self.next().await {
                Event::Received(received) => mails.extend(received.into_iter().map(content)),
                Event::State(State::Down { trouble, again_in, .. }) => return (mails, trouble.one_line(), again_in),
                Event::State(State::Failing { reason }) => return (mails, reason, Some(Duration::ZERO)),
                Event::State(State::Reading { .. } | State::Watching { .. }) | Event::Alert(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

/// The key of a mail and what it holds.
fn content(mail: Received) -> (String, String) {
    let text = match mail.body {
        Ok(body) => String::from_utf8_lossy(&body).into_owned(),
        Err(refusal) => refusal.to_string(),
    };
    (mail.key, text)
}

/// Keys and contents as they are compared.
fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
}

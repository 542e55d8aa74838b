//! Commands out, answers in: the one place that knows the library.
//!
//! async-imap reads and takes apart what the server sends. Its own commands are not used: they take a tagged `NO` to a
//! search or a fetch for an empty success, and the end of the connection for the end of the answer; neither may be mistaken
//! for "no mail". So commands are written here, and every one of them is waited for until its own tagged answer.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::time::Duration;

use async_imap::Client;
use async_imap::imap_proto::{
    AttributeValue, Capability, MailboxDatum, MessageSection, Outcome, Response, ResponseCode, SectionPath, Status,
    StatusAttribute,
};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::guard::{Guarded, Io};
use crate::blocking::caught;
use crate::features::maintenance::source::remote::Fault;
use crate::text::clean_line;

/// Characters of a server's words that are kept.
const SAID: usize = 200;

/// What an answer says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// It went well.
    Ok,
    /// It did not.
    No,
    /// It was not understood.
    Bad,
    /// Nobody need log in.
    PreAuth,
    /// The connection ends.
    Bye,
}

/// Numbers that stand in brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    /// `UIDVALIDITY`
    Validity(u32),
    /// `UIDNEXT`
    Next(u32),
}

/// A part of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// `+`: the command may go on. With what stands behind it.
    Go(String),
    /// The answer to the command with this tag is complete.
    Done {
        /// Of the command.
        tag: String,
        /// How it went.
        said: Said,
        /// In words, with the code that stands before them.
        text: String,
    },
    /// Something in between.
    Note {
        /// How it is meant.
        said: Said,
        /// The number in brackets.
        code: Option<Code>,
        /// In words.
        text: String,
    },
    /// So many mails are in the folder.
    Exists(u32),
    /// One is gone.
    Expunged,
    /// Numbers that a search has found.
    Found(Vec<u32>),
    /// Of a mail.
    Fetched(Fetched),
    /// A folder that is not selected.
    Folder {
        /// Mails in it.
        mails: Option<u32>,
        /// `UIDNEXT`
        next: Option<u32>,
        /// `UIDVALIDITY`
        validity: Option<u32>,
    },
    /// A folder's name, as the server spells it.
    Listed(String),
    /// Anything else.
    Other,
}

/// What was told of a mail: what was asked for, or a change of its flags that nobody asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fetched {
    /// Its number in the folder, for good.
    pub(super) uid: Option<u32>,
    /// Its bytes.
    pub(super) size: Option<u32>,
    /// When it was delivered, as IMAP writes times.
    pub(super) date: Option<String>,
    /// Some of its headers.
    pub(super) headers: Option<Vec<u8>>,
    /// All of it, or its beginning.
    pub(super) body: Option<Vec<u8>>,
}

/// A connection to a server.
#[derive(Debug)]
pub(super) struct Wire {
    /// Reads and takes apart.
    client: Client<Guarded>,
    /// Name and port, for messages.
    server: String,
    /// Of the last command.
    tags: u32,
    /// What the server can do, in capitals; changes with the login.
    capabilities: BTreeSet<String>,
    /// What the server wants people to read.
    alerts: VecDeque<String>,
    /// Its last words.
    bye: Option<String>,
    /// How long to wait for a part of an answer.
    patience: Duration,
}

impl Wire {
    /// A connection on which nothing was said yet.
    pub(super) fn new(io: Box<dyn Io>, server: &str, patience: Duration) -> Self {
        Self {
            client: Client::new(Guarded::new(io)),
            server: server.to_owned(),
            tags: 0,
            capabilities: BTreeSet::new(),
            alerts: VecDeque::new(),
            bye: None,
            patience,
        }
    }

    /// The connection itself, for TLS. What was read and not looked at is forgotten: nobody has proved who said it.
    pub(super) fn into_io(self) -> Box<dyn Io> {
        self.client.into_inner().into_io()
    }

    /// Name and port of the server.
    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// Whether the server can do this.
    pub(super) fn can(&self, capability: &str) -> bool {
        self.capabilities.contains(capability)
    }

    /// Whether the server has said what it can do.
    pub(super) fn has_told_capabilities(&self) -> bool {
        !self.capabilities.is_empty()
    }

    /// Forgets what the server can do.
    pub(super) fn forget_capabilities(&mut self) {
        self.capabilities.clear();
    }

    /// The next thing that the server wants people to read.
    pub(super) fn alert(&mut self) -> Option<String> {
        self.alerts.pop_front()
    }

    /// How long to wait for a part of an answer.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Sends a command and answers its tag.
    pub(super) async fn send(&mut self, command: &str) -> Result<String, Fault> {
        self.tags += 1;
        let tag = format!("n{}", self.tags);
        self.write(&Zeroizing::new(format!("{tag} {command}\r\n"))).await?;
        Ok(tag)
    }

    /// Sends what belongs to a command that was begun, with a line end behind it.
    pub(super) async fn send_on(&mut self, text: &str) -> Result<(), Fault> {
        self.write(&Zeroizing::new(format!("{text}\r\n"))).await
    }

    /// Writes what may be a secret.
    async fn write(&mut self, text: &str) -> Result<(), Fault> {
        let server = self.server.clone();
        let io = self.client.get_mut();
        let written = async {
            io.write_all(text.as_bytes()).await?;
            io.flush().await
        };
        match timeout(self.patience, written).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Fault::Closed { server, said: Some(error.to_string()) }),
            Err(_) => Err(Fault::Late { server, asked: "what it was sent".to_owned(), after: self.patience }),
        }
    }

    /// The next part of an answer. Cancel safety: what has come of it is kept for the next call.
    pub(super) async fn next(&mut self, asked: &str, within: Duration) -> Result<Told, Fault> {
        self.client.get_mut().allow();
        // The library that takes answers apart panics over some.
        let read = timeout(within, caught(self.client.read_response())).await;
        let read = read.map(|read| read.unwrap_or_else(|_| Err(io::ErrorKind::Other.into())));
        let server = || self.server.clone();
        let told = match read {
            Err(_) => return Err(self.late(asked, within)),
            Ok(Ok(None)) => return Err(self.closed(asked)),
            Ok(Err(error)) => {
                return Err(match error.kind() {
                    // The library's own error repeats what it could not read, which may be a mail.
                    io::ErrorKind::Other => self.garbled(format!("its answer to {asked}")),
                    io::ErrorKind::InvalidData => self.garbled(format!("its answer to {asked}: {error}")),
                    io::ErrorKind::UnexpectedEof => self.closed(asked),
                    _ => Fault::Closed { server: server(), said: Some(error.to_string()) },
                });
            }
            Ok(Ok(Some(response))) => {
                let response = response.parsed();
                if let Some(capabilities) = capabilities(response) {
                    self.capabilities = capabilities.iter().map(name).collect();
                }
                if let Response::Done { outcome, .. } | Response::Data { outcome, .. } = response
                    && matches!(outcome.code, Some(ResponseCode::Alert))
                    && self.alerts.len() < 10
                {
                    self.alerts.push_back(text(outcome));
                }
                told(response)
            }
        };
        if let Told::Note { said: Said::Bye, text, .. } = told {
            self.bye = Some(text.clone());
            return Err(Fault::Closed { server: self.server.clone(), said: Some(text) });
        }
        Ok(told)
    }

    /// Hands every part of the answer to a command to `take`, until it is complete; it has to be complete and to be OK.
    pub(super) async fn finish(&mut self, tag: &str, asked: &str, mut take: impl FnMut(Told)) -> Result<String, Fault> {
        loop {
            match self.next(asked, self.patience).await? {
                Told::Done { tag: done, said: Said::Ok, text } if done == tag => return Ok(text),
                Told::Done { tag: done, text, .. } => return Err(self.not_done(tag, &done, asked, &text)),
                other => take(other),
            }
        }
    }

    /// Sends a command and waits for its answer.
    pub(super) async fn ask(&mut self, command: &str, asked: &str, take: impl FnMut(Told)) -> Result<String, Fault> {
        let tag = self.send(command).await?;
        self.finish(&tag, asked, take).await
    }

    /// Nothing came for so long.
    fn late(&mut self, asked: &str, after: Duration) -> Fault {
        let short = self.short(asked, Some(after));
        short.unwrap_or_else(|| Fault::Late { server: self.server.clone(), asked: asked.to_owned(), after })
    }

    /// The connection ended.
    fn closed(&mut self, asked: &str) -> Fault {
        let short = self.short(asked, None);
        short.unwrap_or_else(|| Fault::Closed { server: self.server.clone(), said: self.bye.take() })
    }

    /// The server announced more than it sent, if it did.
    fn short(&mut self, asked: &str, after: Option<Duration>) -> Option<Fault> {
        let (announced, came) = self.client.get_mut().is_short()?;
        Some(Fault::Short { server: self.server.clone(), asked: asked.to_owned(), announced, came, after })
    }

    /// What came cannot be understood. Who has taken a command is a mail server.
    fn garbled(&self, said: String) -> Fault {
        let server = self.server.clone();
        if self.tags == 0 { Fault::Garbled { server, said } } else { Fault::Unreadable { server, said } }
    }

    /// The end of an answer is not a good one: the server said no, or speaks of a command that it was not asked, and nobody can
    /// tell of what more it speaks.
    pub(super) fn not_done(&self, tag: &str, done: &str, asked: &str, text: &str) -> Fault {
        // Of what it does not understand a server may not know the tag.
        if tag == done || done == "*" {
            self.refused(asked, text)
        } else {
            self.garbled(format!("its answer to {asked}"))
        }
    }

    /// The server said no.
    pub(super) fn refused(&self, asked: &str, text: &str) -> Fault {
        Fault::Refused { server: self.server.clone(), asked: asked.to_owned(), said: worded(text) }
    }
}

/// What a server says of a refusal, or that it says nothing.
pub(super) fn worded(text: &str) -> String {
    if text.is_empty() { "it does not say why".to_owned() } else { text.to_owned() }
}

/// What the server can do, where it says that.
fn capabilities<'r>(response: &'r Response<'_>) -> Option<&'r [Capability<'r>]> {
    match response {
        Response::Capabilities(capabilities) => Some(capabilities),
        Response::Done { outcome: Outcome { code: Some(ResponseCode::Capabilities(capabilities)), .. }, .. }
        | Response::Data { outcome: Outcome { code: Some(ResponseCode::Capabilities(capabilities)), .. }, .. } => {
            Some(capabilities)
        }
        _ => None,
    }
}

/// A capability in capitals.
fn name(capability: &Capability<'_>) -> String {
    match capability {
        Capability::Imap4rev1 => "IMAP4REV1".to_owned(),
        Capability::Auth(mechanism) => format!("AUTH={}", mechanism.to_ascii_uppercase()),
        Capability::Atom(name) => name.to_ascii_uppercase(),
    }
}

/// What the server says in words, on a line that is not too long.
fn text(outcome: &Outcome<'_>) -> String {
    let words = clean_line(outcome.information.as_deref().unwrap_or_default());
    words.trim().chars().take(SAID).collect()
}

/// How an answer is meant.
fn said(status: &Status) -> Said {
    match status {
        Status::Ok => Said::Ok,
        Status::No => Said::No,
        Status::Bad => Said::Bad,
        Status::PreAuth => Said::PreAuth,
        Status::Bye => Said::Bye,
    }
}

/// A part of an answer, in our own words.
fn told(response: &Response<'_>) -> Told {
    match response {
        Response::Continue(outcome) => Told::Go(outcome.information.as_deref().unwrap_or_default().trim().to_owned()),
        Response::Done { tag, status, outcome } => {
            Told::Done { tag: tag.0.clone(), said: said(status), text: text(outcome) }
        }
        Response::Data { status, outcome } => {
            let code = match &outcome.code {
                Some(ResponseCode::UidValidity(validity)) => Some(Code::Validity(*validity)),
                Some(ResponseCode::UidNext(next)) => Some(Code::Next(*next)),
                _ => None,
            };
            Told::Note { said: said(status), code, text: text(outcome) }
        }
        Response::Expunge(_) | Response::Vanished { earlier: false, .. } => Told::Expunged,
        Response::MailboxData(MailboxDatum::Exists(mails)) => Told::Exists(*mails),
        Response::MailboxData(MailboxDatum::Search(found)) => Told::Found(found.clone()),
        Response::MailboxData(MailboxDatum::List(listed)) => Told::Listed(clean_line(&listed.name)),
        Response::MailboxData(MailboxDatum::Status { status, .. }) => folder(status),
        Response::Fetch(_, attributes) => Told::Fetched(fetched(attributes)),
        _ => Told::Other,
    }
}

/// The numbers of a folder.
fn folder(status: &[StatusAttribute]) -> Told {
    let (mut mails, mut next, mut validity) = (None, None, None);
    for attribute in status {
        match attribute {
            StatusAttribute::Messages(number) => mails = Some(*number),
            StatusAttribute::UidNext(number) => next = Some(*number),
            StatusAttribute::UidValidity(number) => validity = Some(*number),
            _ => {}
        }
    }
    Told::Folder { mails, next, validity }
}

/// What is told of a mail.
fn fetched(attributes: &[AttributeValue<'_>]) -> Fetched {
    let mut fetched = Fetched::default();
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(uid) => fetched.uid = Some(*uid),
            AttributeValue::Rfc822Size(size) => fetched.size = Some(*size),
            AttributeValue::InternalDate(date) => fetched.date = Some(date.to_string()),
            AttributeValue::BodySection { section: None, data: Some(data), .. } => fetched.body = Some(data.to_vec()),
            AttributeValue::BodySection {
                section: Some(SectionPath::Full(MessageSection::Header)),
                data: Some(data),
                ..
            } => fetched.headers = Some(data.to_vec()),
            _ => {}
        }
    }
    fetched
}

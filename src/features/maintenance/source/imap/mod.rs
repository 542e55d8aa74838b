//! A mailbox on an IMAP server: one connection, which reads every folder to its end and then waits where mail is expected
//! most, in the first one.
//!
//! | file | what |
//! |---|---|
//! | `wire` | commands out, answers in: the one place that knows the library |
//! | `guard` | a connection that is not believed everything |
//! | `connect`, `login` | from nothing to a connection that may ask |
//! | `plan` | what is asked for, in which portions; no I/O |
//! | `folder` | one folder, read to its end |
//! | `fetch` | mails, two commands on their way at a time |
//! | `doubt` | which mail it is that the connection breaks at |
//! | `idle` | waiting until the server tells of something |
//! | `names` | folder names as IMAP writes them |
//!
//! Folders are opened by `EXAMINE`, and mails fetched by `BODY.PEEK`: nothing that others see changes. The state that is
//! kept is a [`plan::Bookmark`] for each folder. It moves when everything before it is recorded, so that mails may be
//! fetched in any order; the newest come first.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a server may say anything at any time; what nobody asked for is passed by, also what comes with a later library"
)]

mod connect;
mod doubt;
mod fetch;
mod folder;
mod guard;
mod idle;
mod login;
mod names;
pub(super) mod plan;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use self::doubt::Doubt;
use self::fetch::Left;
use self::folder::Open;
use self::plan::Bookmark;
use self::wire::Wire;
use super::oauth::Tokens;
use super::remote::{Account, CaughtUp, Fault, Seen, Session};
use super::{Desk, Event};
use crate::config::{Auth, Imap, Proof};
use crate::secret::{Secret, SecretFrom};

/// How long the server may take over any part of an answer.
const PATIENCE: Duration = Duration::from_mins(1);
/// The same for the answer to a good-bye.
const GOOD_BYE: Duration = Duration::from_secs(2);

/// A mailbox on an IMAP server.
#[derive(Debug, Clone)]
pub struct Mailbox {
    /// As configured.
    config: Arc<Imap>,
    /// What the connection broke at.
    doubt: Arc<Mutex<Doubt>>,
    /// What proves who we are.
    credentials: Arc<Credentials>,
    /// See [`PATIENCE`].
    patience: Duration,
    /// See [`idle::LONGEST`].
    longest_idle: Duration,
}

/// What proves who we are.
#[derive(Debug)]
enum Credentials {
    /// A password or a token that is kept somewhere.
    Kept(SecretFrom),
    /// Tokens that are fetched.
    Fetched(Box<Tokens>),
}

impl Mailbox {
    /// A mailbox that was never connected to.
    #[must_use]
    pub fn new(config: &Imap) -> Self {
        let credentials = match &config.login.proof {
            Proof::Kept(from) => Credentials::Kept(from.clone()),
            Proof::Fetched(oauth) => Credentials::Fetched(Box::new(Tokens::new(oauth, &config.user))),
        };
        Self {
            config: Arc::new(config.clone()),
            doubt: Arc::default(),
            credentials: Arc::new(credentials),
            patience: PATIENCE,
            longest_idle: idle::LONGEST,
        }
    }

    /// What proves who we are.
    async fn secret(&self) -> Result<Secret, Fault> {
        let from = match &*self.credentials {
            Credentials::Fetched(tokens) => return tokens.token().await,
            Credentials::Kept(from) => from,
        };
        let variable = |name: &str| std::env::var_os(name);
        let found = match self.config.login.auth {
            Auth::Password => from.fetch_password(variable).await,
            Auth::XOAuth2 | Auth::OAuthBearer => from.fetch(variable).await,
        };
        let found = found.map_err(|source| Fault::Secret { server: self.server(), setting: "password", source })?;
        if let Some(warning) = &found.warning {
            tracing::warn!(server = self.server(), "{warning}");
        }
        Ok(found.secret)
    }

    /// The same with another patience and other looks, for tests of them.
    #[cfg(test)]
    fn with_times(self, patience: Duration, longest_idle: Duration) -> Self {
        Self { patience, longest_idle, ..self }
    }
}

/// The name of a mailbox in the store: whose it is and where. Not what it is called in the configuration, so that another
/// account under an old name begins anew.
#[must_use]
pub fn label(config: &Imap) -> String {
    format!("imap {} {}", config.user, config.server)
}

impl Account for Mailbox {
    type Session = Connection;

    fn server(&self) -> String {
        self.config.server.to_string()
    }

    fn has_fleeting_login(&self) -> bool {
        match self.config.login.auth {
            Auth::Password => false,
            Auth::XOAuth2 | Auth::OAuthBearer => true,
        }
    }

    async fn open(&self) -> Result<Connection, Fault> {
        let auth = self.config.login.auth;
        // Fetched before connecting: somebody may have to touch a key, and servers do not wait for that.
        let secret = self.secret().await?;
        let mut wire = connect::connect(&self.config, self.patience).await?;
        let logged_in = login::login(&mut wire, auth, &self.config.user, &secret, self.config.server.port).await;
        match (logged_in, &*self.credentials) {
            (Err(Fault::Login { server, user, said }), Credentials::Fetched(tokens)) => {
                tokens.forget().await;
                return Err(Fault::Token { server, user, said, grant: tokens.grant() });
            }
            (logged_in, _) => logged_in?,
        }
        if wire.can("ID") {
            // Some providers show folders to those only that say who they are (RFC 2971).
            let id = format!("ID (\"name\" \"noctui\" \"version\" \"{}\")", env!("CARGO_PKG_VERSION"));
            match wire.ask(&id, "ID", drop).await {
                // Who refuses to hear it does not need it.
                Ok(_) | Err(Fault::Refused { .. }) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(Connection {
            wire,
            config: Arc::clone(&self.config),
            doubt: Arc::clone(&self.doubt),
            open: None,
            is_pushed: false,
            refused_idle: 0,
            longest_idle: self.longest_idle,
            marks: HashMap::new(),
            left: Left::default(),
        })
    }
}

/// A connection to a mailbox.
#[derive(Debug)]
pub struct Connection {
    /// To the server.
    wire: Wire,
    /// As configured.
    config: Arc<Imap>,
    /// What connections broke at.
    doubt: Arc<Mutex<Doubt>>,
    /// The folder that is open.
    open: Option<Open>,
    /// Whether the server told that there is something new in the folder that is open, and only there.
    is_pushed: bool,
    /// How often the server would not tell by itself.
    refused_idle: u32,
    /// How long the server is waited for.
    longest_idle: Duration,
    /// The bookmarks that were handed out, by folder.
    marks: HashMap<String, Bookmark>,
    /// What is left of the folder that is read.
    left: Left,
}

impl Session for Connection {
    async fn catch_up(&mut self, desk: &mut Desk) -> Result<CaughtUp, Fault> {
        let folders = Arc::clone(&self.config);
        let (mut troubles, mut withheld) = (Vec::new(), None);
        let is_pushed = std::mem::take(&mut self.is_pushed);
        // The first one last: it stays open and is waited in.
        let folders = folders.folders.iter().enumerate().rev().filter(|(index, _)| *index == 0 || !is_pushed);
        for (index, name) in folders {
            let read = self.read_folder(index, name, is_pushed, desk).await;
            while let Some(text) = self.wire.alert() {
                desk.hand_out(Event::Alert(text)).await?;
            }
            match read {
                Ok(None) => {}
                // What one folder lacks does not hold up the others.
                Ok(Some(fault)) => withheld = Some(fault),
                // One that is gone does not hold up the others, and what was read of it stays.
                Err(Fault::Refused { said, asked, .. }) if asked == folder::EXAMINE => {
                    troubles.push(format!("folder {name}: {said}"));
                }
                Err(fault) => return Err(fault),
            }
        }
        if let Some(fault) = withheld {
            return Err(fault);
        }
        let is_told = self.can_idle() && self.config.folders.len() == 1;
        Ok(CaughtUp { looks_every: (!is_told).then_some(self.config.poll_every), troubles })
    }

    async fn wait(&mut self, desk: &mut Desk) -> Result<(), Fault> {
        self.wait_for_more(desk).await
    }

    async fn survey(&mut self) -> Result<Vec<Seen>, Fault> {
        let config = Arc::clone(&self.config);
        let mut seen = Vec::new();
        for name in &config.folders {
            let mails = match self.count(name).await {
                Ok(mails) => Ok(mails),
                Err(Fault::Refused { said, .. }) => {
                    let names = self.folder_names().await?;
                    Err(format!("{said}; the folders are {}", names.join(", ")))
                }
                Err(fault) => return Err(fault),
            };
            seen.push(Seen { folder: name.clone(), mails, is_label: false });
        }
        Ok(seen)
    }

    async fn close(mut self) {
        // The server notices anyway.
        let _ = tokio::time::timeout(GOOD_BYE, self.wire.ask("LOGOUT", "LOGOUT", drop)).await;
    }
}

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
//! | `doubt` | mails that do not come though they are there |
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

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

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
use crate::trouble::Trouble;

/// How long the server may take over any part of an answer.
const PATIENCE: Duration = Duration::from_mins(1);
/// The same for the answer to a good-bye.
const GOOD_BYE: Duration = Duration::from_secs(2);
/// The pause before the next look where something is missing, the first time; each is twice as long as the one before, up to
/// the usual one.
const SOON: Duration = Duration::from_secs(1);

/// A mailbox on an IMAP server.
#[derive(Debug, Clone)]
pub struct Mailbox {
    /// As configured.
    config: Arc<Imap>,
    /// Mails that did not come.
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
        Ok(Connection {
            wire: self.connect().await?,
            mailbox: self.clone(),
            config: Arc::clone(&self.config),
            open: None,
            is_pushed: false,
            whole_by: Instant::now(),
            misses: 0,
            troubles: BTreeMap::new(),
            refused_idle: 0,
            marks: HashMap::new(),
            left: Left::default(),
        })
    }
}

impl Mailbox {
    /// Connects and logs in.
    async fn connect(&self) -> Result<Wire, Fault> {
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
        Ok(wire)
    }
}

/// A connection to a mailbox.
#[derive(Debug)]
pub struct Connection {
    /// To the server.
    wire: Wire,
    /// Whose it is, to connect again.
    mailbox: Mailbox,
    /// As configured.
    config: Arc<Imap>,
    /// The folder that is open.
    open: Option<Open>,
    /// Whether the server told that there is something new in the folder that is open, and only there.
    is_pushed: bool,
    /// When every folder is to be looked at again, whatever comes into the one that is waited in.
    whole_by: Instant,
    /// Looks at all folders in a row at which something was missing.
    misses: u32,
    /// What is wrong with folders, by their place, as of the last look at each.
    troubles: BTreeMap<usize, String>,
    /// How often the server would not tell by itself.
    refused_idle: u32,
    /// The bookmarks that were handed out, by folder.
    marks: HashMap<String, Bookmark>,
    /// What is left of the folder that is read.
    left: Left,
}

impl Session for Connection {
    async fn catch_up(&mut self, desk: &mut Desk) -> Result<CaughtUp, Fault> {
        let config = Arc::clone(&self.config);
        let is_pushed = std::mem::take(&mut self.is_pushed) && Instant::now() < self.whole_by;
        // What leaves nothing of the connection, and what none of the folders could be read for.
        let (mut broken, mut failed, mut is_any_read) = (false, None, false);
        // The first one last: it stays open and is waited in.
        let folders = config.folders.iter().enumerate().rev().filter(|(index, _)| *index == 0 || !is_pushed);
        for (index, name) in folders {
            // What one folder lacks does not hold up the others.
            if std::mem::take(&mut broken) {
                self.connect_again().await?;
            }
            let read = self.read_folder(index, name, is_pushed, desk).await;
            while let Some(text) = self.wire.alert() {
                desk.hand_out(Event::Alert(text)).await?;
            }
            let trouble = match read {
                Ok(withheld) => {
                    is_any_read = true;
                    withheld.map(|fault| Trouble::of(&fault).one_line())
                }
                // What was read of one that is gone stays.
                Err(Fault::Refused { said, asked, .. }) if asked == folder::EXAMINE => {
                    is_any_read = true;
                    Some(format!("folder {name}: {said}"))
                }
                Err(fault) if is_lost(&fault) || matches!(fault, Fault::Refused { .. }) => {
                    broken = is_lost(&fault);
                    let told = format!("folder {name}: {}", Trouble::of(&fault).one_line());
                    failed.get_or_insert(fault);
                    Some(told)
                }
                Err(fault) => return Err(fault),
            };
            match trouble {
                Some(trouble) => self.troubles.insert(index, trouble),
                None => self.troubles.remove(&index),
            };
        }
        if let Some(fault) = failed.filter(|_| !is_any_read) {
            return Err(fault);
        }
        if broken {
            self.connect_again().await?;
        }
        let usual = self.look_every();
        if !is_pushed {
            self.misses = if self.troubles.is_empty() { 0 } else { self.misses.saturating_add(1) };
            let soon = SOON.saturating_mul(2_u32.saturating_pow(self.misses.saturating_sub(1)));
            self.whole_by = Instant::now() + if self.misses == 0 { usual } else { usual.min(soon) };
        }
        let is_told = self.can_idle() && self.config.folders.len() == 1;
        Ok(CaughtUp {
            looks_every: (!is_told).then_some(self.config.poll_every),
            is_whole: !is_pushed || self.config.folders.len() == 1,
            troubles: self.troubles.values().cloned().collect(),
        })
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

impl Connection {
    /// Takes another connection in the place of one that is lost.
    async fn connect_again(&mut self) -> Result<(), Fault> {
        self.open = None;
        self.wire = self.mailbox.connect().await?;
        Ok(())
    }
}

/// Whether there is nothing left of the connection.
fn is_lost(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Closed { .. }
            | Fault::Short { .. }
            | Fault::Late { .. }
            | Fault::Garbled { .. }
            | Fault::Unreadable { .. }
    )
}

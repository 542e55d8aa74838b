//! Accounts on servers: connected to, read to the end, waited for, connected to again.
//!
//! A kind of account says how to connect ([`Account`]), and what a connection can do ([`Session`]): hand out what is new,
//! and wait until there may be more. What all of them have in common is here: the pauses between attempts, which grow; a
//! login that is refused and not tried again; the state for the header.

mod fault;
mod pace;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use self::fault::Fault;
pub(super) use self::fault::unsaid;
use self::pace::Pace;
use super::{Desk, Ended, State};
use crate::text::counted;
pub use crate::tls::TrustError;
use crate::trouble::Trouble;

/// A way to an account.
pub trait Account: Send + Sync + 'static {
    /// A connection to it.
    type Session: Session;

    /// The server, for messages.
    fn server(&self) -> String;

    /// Whether what it logs in with is made anew each time, so that a refusal is worth one more attempt.
    fn has_fleeting_login(&self) -> bool;

    /// Connects and logs in.
    fn open(&self) -> impl Future<Output = Result<Self::Session, Fault>> + Send;
}

/// A connection to an account.
pub trait Session: Send {
    /// Hands out everything that is new: mails, and behind them bookmarks.
    fn catch_up(&mut self, desk: &mut Desk) -> impl Future<Output = Result<CaughtUp, Fault>> + Send;

    /// Waits until there may be something new, or somebody wants to look.
    fn wait(&mut self, desk: &mut Desk) -> impl Future<Output = Result<(), Fault>> + Send;

    /// What there is to be read, for somebody who wants to know whether it can be.
    fn survey(&mut self) -> impl Future<Output = Result<Vec<Seen>, Fault>> + Send;

    /// Says good-bye.
    fn close(self) -> impl Future<Output = ()> + Send;
}

/// What came of reading an account to its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaughtUp {
    /// The pause between two looks; `None` where the server tells of what is new.
    pub looks_every: Option<Duration>,
    /// Whether every folder was looked at, and not only one that has news.
    pub is_whole: bool,
    /// Folders that could not be read, and why. The others were.
    pub troubles: Vec<String>,
}

/// A folder that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its name.
    pub folder: String,
    /// Mails in it, or why it cannot be read.
    pub mails: Result<u32, String>,
    /// Whether mails are marked with it, and not read from it.
    pub is_label: bool,
}

/// Hands out the mails of an account until `stop` is cancelled or the reader is gone.
///
/// Cancel safety: it only reads, so it may be dropped anywhere; what was not recorded comes again next time.
pub async fn watch<A: Account>(account: A, mut desk: Desk, stop: CancellationToken) {
    stop.run_until_cancelled(run(&account, &mut desk)).await;
}

/// Connects to an account and looks at what there is to be read.
pub async fn survey<A: Account>(account: &A) -> Result<Vec<Seen>, Fault> {
    let mut session = account.open().await?;
    let seen = session.survey().await;
    session.close().await;
    seen
}

/// Reads an account through every loss of its server.
async fn run<A: Account>(account: &A, desk: &mut Desk) -> Ended {
    let mut pace = Pace::new();
    let mut refused = false;
    loop {
        // A library that reads what the server sends may panic over it.
        let lived = AssertUnwindSafe(live(account, desk, &mut pace, &mut refused)).catch_unwind().await;
        let fault = match lived {
            Ok(Fault::Ended) => return Ended,
            Ok(fault) => fault,
            Err(_) => Fault::Unreadable { server: account.server(), said: "reading it failed, see the log".to_owned() },
        };
        if matches!(fault, Fault::Login { .. } | Fault::Token { .. })
            && account.has_fleeting_login()
            && !std::mem::replace(&mut refused, true)
        {
            continue;
        }
        let again_in =
            (!fault.is_of_login()).then(|| pace.next(Instant::now()).max(fault.again_in().unwrap_or_default()));
        let trouble = Trouble::of(&fault);
        tracing::warn!(
            server = account.server(),
            again_s = again_in.map(|pause| pause.as_secs()),
            "{}",
            trouble.one_line()
        );
        if desk.tell(State::Down { brief: fault.brief(), trouble, again_in }).await.is_err() {
            return Ended;
        }
        match again_in {
            // Cancel safety: each branch only waits.
            Some(pause) => tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = desk.wanted() => {}
            },
            None => desk.wanted().await,
        }
        refused = false;
    }
}

/// One connection, from its beginning to its end.
async fn live<A: Account>(account: &A, desk: &mut Desk, pace: &mut Pace, refused: &mut bool) -> Fault {
    let mut session = match account.open().await {
        Ok(session) => session,
        Err(fault) => return fault,
    };
    *refused = false;
    pace.connected(Instant::now());
    loop {
        match session.catch_up(desk).await {
            Ok(CaughtUp { looks_every, is_whole, troubles }) => {
                let state = match troubles.first() {
                    None => State::Watching { looks_every, is_whole },
                    Some(first) if troubles.len() == 1 => State::Failing { reason: first.clone() },
                    Some(first) => State::Failing {
                        reason: format!("{first}; and {} more", counted(troubles.len() - 1, "folder")),
                    },
                };
                if desk.tell(state).await.is_err() {
                    return Fault::Ended;
                }
            }
            Err(fault) => return fault,
        }
        if let Err(fault) = session.wait(desk).await {
            return fault;
        }
    }
}

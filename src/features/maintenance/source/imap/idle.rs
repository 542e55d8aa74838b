//! Waiting until the server tells of something (RFC 2177), or until it is time to look.

use std::time::Duration;

use futures::FutureExt as _;
use tokio::time::{Instant, sleep_until};

use super::wire::Told;
use super::{Connection, Desk};
use crate::features::maintenance::source::remote::Fault;

/// How long the server is waited for before the folder is looked at all the same. Some servers promise to tell and never
/// do, and some routers forget a connection on which nothing is said for a quarter of an hour.
pub(super) const LONGEST: Duration = Duration::from_mins(10);
/// Refusals after which the server is not asked to tell any more.
const REFUSALS: u32 = 2;

impl Connection {
    /// Whether the server tells of new mail by itself.
    pub(super) fn can_idle(&self) -> bool {
        self.config.idle && self.wire.can("IDLE") && self.refused_idle < REFUSALS
    }

    /// The pause between two looks at all folders. The server tells of one alone.
    pub(super) fn look_every(&self) -> Duration {
        let (poll, longest) = (self.config.poll_every, self.mailbox.longest_idle);
        match (self.can_idle(), self.config.folders.len()) {
            (true, 1) => longest,
            (true, _) => poll.min(longest),
            (false, _) => poll,
        }
    }

    /// Waits until there may be something new.
    pub(super) async fn wait_for_more(&mut self, desk: &mut Desk) -> Result<(), Fault> {
        // Who wants a look wants one at all folders.
        if desk.wanted().now_or_never().is_some() {
            return Ok(());
        }
        if self.open.as_ref().is_some_and(|open| open.has_grown) {
            self.is_pushed = true;
            return Ok(());
        }
        if self.can_idle() && self.open.is_some() {
            match self.idle(desk).await {
                Ok(()) => return Ok(()),
                Err(Fault::Refused { said, .. }) => {
                    self.refused_idle += 1;
                    tracing::info!(said, "the server does not tell of new mail");
                }
                Err(fault) => return Err(fault),
            }
        }
        // Cancel safety: each branch only waits.
        let end = self.whole_by.min(Instant::now() + self.config.poll_every);
        tokio::select! {
            () = sleep_until(end) => {}
            () = desk.wanted() => {}
        }
        Ok(())
    }

    /// Lets the server tell, until all folders are to be looked at: neither what it tells nor what it says to show that it
    /// lives puts that off.
    async fn idle(&mut self, desk: &mut Desk) -> Result<(), Fault> {
        let tag = self.wire.send("IDLE").await?;
        loop {
            match self.wire.next("IDLE", self.wire.patience()).await? {
                Told::Go(_) => break,
                Told::Done { text, .. } => return Err(self.wire.refused("IDLE", &text)),
                other => self.hear(&other),
            }
        }
        let mut is_wanted = false;
        while !self.has_grown() {
            let left = self.whole_by.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            // Cancel safety: what has come of an answer stays with the connection.
            let told = tokio::select! {
                biased;
                told = self.wire.next("IDLE", left) => told,
                () = desk.wanted() => {
                    is_wanted = true;
                    break;
                }
            };
            match told {
                // Nobody has ended it.
                Ok(Told::Done { text, .. }) => return Err(self.wire.refused("IDLE", &text)),
                Ok(other) => self.hear(&other),
                Err(Fault::Late { .. }) => break,
                Err(fault) => return Err(fault),
            }
        }
        self.is_pushed = self.has_grown() && !is_wanted;
        self.wire.send_on("DONE").await?;
        let open = &mut self.open;
        let take = |told| {
            if let Some(open) = open.as_mut() {
                open.hear(&told);
            }
        };
        self.wire.finish(&tag, "IDLE", take).await.map(drop)
    }

    /// Takes note of what was told.
    fn hear(&mut self, told: &Told) {
        if let Some(open) = &mut self.open {
            open.hear(told);
        }
    }

    /// Whether there are more mails than when the folder was last looked at.
    fn has_grown(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.has_grown)
    }
}

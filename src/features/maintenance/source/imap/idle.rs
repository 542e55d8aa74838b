//! Waiting until the server tells of something (RFC 2177), or until it is time to look.

use std::time::Duration;

use tokio::time::{Instant, sleep};

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

    /// Waits until there may be something new.
    pub(super) async fn wait_for_more(&mut self, desk: &mut Desk) -> Result<(), Fault> {
        let poll = self.config.poll_every;
        if self.open.as_ref().is_some_and(|open| open.has_grown) {
            self.is_pushed = true;
            return Ok(());
        }
        if self.can_idle() && self.open.is_some() {
            let longest = if self.config.folders.len() == 1 { self.longest_idle } else { poll.min(self.longest_idle) };
            match self.idle(longest, desk).await {
                Ok(()) => return Ok(()),
                Err(Fault::Refused { said, .. }) => {
                    self.refused_idle += 1;
                    tracing::info!(said, "the server does not tell of new mail");
                }
                Err(fault) => return Err(fault),
            }
        }
        // Cancel safety: each branch only waits.
        tokio::select! {
            () = sleep(poll) => {}
            () = desk.wanted() => {}
        }
        Ok(())
    }

    /// Lets the server tell, for so long in all: what it says to show that it lives does not prolong that.
    async fn idle(&mut self, longest: Duration, desk: &mut Desk) -> Result<(), Fault> {
        let tag = self.wire.send("IDLE").await?;
        loop {
            match self.wire.next("IDLE", self.wire.patience()).await? {
                Told::Go(_) => break,
                Told::Done { text, .. } => return Err(self.wire.refused("IDLE", &text)),
                other => self.hear(&other),
            }
        }
        let end = Instant::now() + longest;
        while !self.has_grown() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            // Cancel safety: what has come of an answer stays with the connection.
            let told = tokio::select! {
                biased;
                told = self.wire.next("IDLE", left) => told,
                () = desk.wanted() => break,
            };
            match told {
                // Nobody has ended it.
                Ok(Told::Done { text, .. }) => return Err(self.wire.refused("IDLE", &text)),
                Ok(other) => self.hear(&other),
                Err(Fault::Late { .. }) => break,
                Err(fault) => return Err(fault),
            }
        }
        self.is_pushed = self.has_grown();
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

//! What was typed, on its way along a line.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::features::console::unsent::Unsent;

/// What was typed and not sent yet: a line that takes no more has nothing typed into it.
const MOST: usize = 64 << 10;

/// What was typed, until the line has it.
#[derive(Debug)]
pub(in crate::features::console) struct Sending {
    /// What waits.
    pub(in crate::features::console) unsent: Unsent,
    /// Whether something was sent and may not have left yet.
    is_unflushed: bool,
}

impl Default for Sending {
    fn default() -> Self {
        Self { unsent: Unsent::new(MOST), is_unflushed: false }
    }
}

impl Sending {
    /// Whether something is still to go out.
    pub(in crate::features::console) fn waits(&self) -> bool {
        !self.unsent.is_empty() || self.is_unflushed
    }

    /// Nobody takes it any more.
    pub(in crate::features::console) fn give_up(&mut self) {
        self.unsent.give_up();
        self.is_unflushed = false;
    }

    /// Sends a piece of what waits or, where nothing does, sees to it that what was sent goes out.
    ///
    /// Cancel safety: a piece that was sent waits no more.
    pub(in crate::features::console) async fn push<W: AsyncWrite + Unpin>(&mut self, to: &mut W) -> io::Result<()> {
        if self.unsent.is_empty() {
            to.flush().await?;
            self.is_unflushed = false;
        } else {
            let length = to.write(self.unsent.bytes()).await?;
            self.unsent.sent(length);
            self.is_unflushed = true;
        }
        Ok(())
    }

    /// Sends all of it, as far as the line takes it `within` this time; whether it took all.
    pub(in crate::features::console) async fn deliver<W: AsyncWrite + Unpin>(
        &mut self,
        to: &mut W,
        within: Duration,
    ) -> bool {
        let all = async {
            while self.waits() {
                self.push(to).await?;
            }
            Ok::<(), io::Error>(())
        };
        matches!(timeout(within, all).await, Ok(Ok(())))
    }
}

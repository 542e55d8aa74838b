//! The word of whoever has looked at what was built: without it nothing is submitted that waits for a look.

use std::sync::Arc;

use tokio::sync::watch;

/// Which look at what was built has ended with a yes. What is built anew is another look, and a yes to the one before says
/// nothing about it.
#[derive(Debug, Clone)]
pub struct Agreement {
    /// The number of the look that somebody agreed to last; zero before.
    given: Arc<watch::Sender<u32>>,
    /// Whether somebody is there to be asked.
    is_asked: bool,
}

impl Default for Agreement {
    fn default() -> Self {
        Self { given: Arc::new(watch::Sender::new(0)), is_asked: true }
    }
}

impl Agreement {
    /// The yes of somebody who looked before and is not there any more: it counts for what is built first.
    #[must_use]
    pub fn beforehand() -> Self {
        Self { given: Arc::new(watch::Sender::new(1)), is_asked: false }
    }

    /// Somebody agrees to what the look of this number showed; the first one is number one.
    pub fn give(&self, look: u32) {
        self.given.send_replace(look);
    }

    /// Waits until somebody agrees to exactly this look; false where nobody will.
    ///
    /// Cancel safety: it only waits.
    pub(super) async fn to(&self, look: u32) -> bool {
        let mut given = self.given.subscribe();
        if !self.is_asked {
            return *given.borrow_and_update() == look;
        }
        // The sender is kept here, so it does not close.
        given.wait_for(|given| *given == look).await.is_ok()
    }
}

//! The word of whoever has looked at what was built: without it nothing is submitted that waits for a look.

use std::sync::Arc;

use tokio::sync::watch;

/// Which look at what was built has ended with a yes. What is built anew is another look, and a yes to the one before says
/// nothing about it.
#[derive(Debug, Clone)]
pub struct Agreement {
    /// The number of the look that somebody agreed to last; zero before.
    given: Arc<watch::Sender<u32>>,
}

impl Default for Agreement {
    fn default() -> Self {
        Self { given: Arc::new(watch::Sender::new(0)) }
    }
}

impl Agreement {
    /// Somebody agrees to what the look of this number showed; the first one is number one.
    pub fn give(&self, look: u32) {
        self.given.send_replace(look);
    }

    /// Waits until somebody agrees to exactly this look.
    ///
    /// Cancel safety: it only waits.
    pub(super) async fn to(&self, look: u32) {
        let mut given = self.given.subscribe();
        // The sender is kept here, so it does not close.
        let _open = given.wait_for(|given| *given == look).await;
    }
}

//! From the sources into the store: each mail is read by the rules and recorded, in the order in which it came.

use std::sync::Arc;

use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Report, Shared, Source, SourceHealth, SourceState};
use crate::clock;
use crate::features::maintenance::intake::Intake;
use crate::features::maintenance::source::maildir::Maildir;
use crate::features::maintenance::source::{self, Event, Handled, State};
use crate::features::maintenance::store::record;

/// Mails that are read and recorded together: enough that commits are shared, few enough that a burst of large ones
/// fits into memory.
const BATCH: usize = 16;

/// Starts one task a source, and one that reads it.
pub(super) fn start(shared: &Shared, stop: &CancellationToken, tasks: &mut JoinSet<()>) {
    for source in &shared.setup.sources {
        let (out, events) = source::channel();
        let label = label(source);
        let store = shared.store.clone();
        let handled: Handled = {
            let label = label.clone();
            // A question that cannot be answered is answered with no: recording finds duplicates again.
            Arc::new(move |key| store.read_blocking(|c| record::is_recorded(c, &label, key)).unwrap_or(false))
        };
        tasks.spawn(Maildir::new(&source.maildir).watch(handled, out, stop.clone()));
        let feed = Feed {
            shared: shared.clone(),
            label: label.clone(),
            state: SourceState {
                name: source.name.clone(),
                place: source.maildir.display().to_string(),
                health: SourceHealth::Starting,
                fresh_at: None,
                received: 0,
            },
        };
        tasks.spawn(feed.run(events, stop.clone()));
    }
}

/// The name under which a source's mails stand in the store.
fn label(source: &Source) -> String {
    format!("maildir {}", source.maildir.display())
}

/// Takes one source's mails into the store.
struct Feed {
    /// What all share.
    shared: Shared,
    /// The source's name in the store.
    label: String,
    /// What the header is told.
    state: SourceState,
}

impl Feed {
    /// Until the source ends.
    ///
    /// Cancel safety: a mail that was taken from the channel is recorded, or comes again at the next start because its
    /// key is not in the store.
    async fn run(mut self, mut events: Receiver<Event>, stop: CancellationToken) {
        self.tell().await;
        let mut batch = Vec::with_capacity(BATCH);
        while let Some(received) = stop.run_until_cancelled(events.recv_many(&mut batch, BATCH)).await {
            if received == 0 {
                return;
            }
            let mut mails = Vec::new();
            let mut news = None;
            for event in batch.drain(..) {
                match event {
                    Event::Received(mail) => mails.push(mail),
                    Event::State(state) => news = Some(state),
                }
            }
            // The rules may have changed since the last ones.
            let intake = Intake::new(self.shared.store.clone(), self.shared.rules.now(), self.shared.setup.limits);
            let intake = intake.with_inventory(self.shared.inventory.now());
            for taken in intake.take(&self.label, mails, clock::now()).await {
                match taken {
                    Ok(_) => self.state.received += 1,
                    // It comes again; the store no longer records what nobody waits for.
                    Err(_) if stop.is_cancelled() => return,
                    Err(error) => {
                        tracing::error!(%error, source = self.label, "a mail was not recorded; it comes again at the next start");
                        self.state.health = SourceHealth::Failing(error.to_string());
                        self.tell().await;
                    }
                }
            }
            if let Some(state) = news {
                self.state.health = match state {
                    State::Reading { mails } => SourceHealth::Reading(mails),
                    State::Watching { .. } => SourceHealth::Watching,
                    State::Failing { reason } => SourceHealth::Failing(reason),
                };
            }
            self.tell().await;
        }
    }

    /// Tells the header how the source is doing.
    async fn tell(&mut self) {
        if self.state.health == SourceHealth::Watching {
            self.state.fresh_at = Some(clock::now());
        }
        let _ = self.shared.reports.send(Report::Source(self.state.clone())).await;
    }
}

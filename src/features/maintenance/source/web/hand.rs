//! Mails, fetched some at a time and handed out in the order in which they were asked for.

use std::future::Future;

use futures::stream::{self, StreamExt};

use super::super::{Desk, Event, Received, State};
use crate::features::maintenance::source::remote::Fault;

/// Mails that are fetched at the same time. Exchange Online answers four requests of an application for a mailbox at once and
/// refuses a fifth; one is left for what has not ended on its side.
const AT_ONCE: usize = 3;
/// Mails that are handed out together, at the most,
const TOGETHER: usize = 64;
/// and bytes of them.
const TOGETHER_BYTES: usize = 4 << 20;

/// Fetches those of `ids` that were not recorded before and hands them out; the keys of what was handed out. `fetch` gives
/// `None` for a mail that is gone, or that nobody wants.
pub(super) async fn hand_out<F, Fut>(ids: Vec<String>, desk: &mut Desk, fetch: F) -> Result<Vec<String>, Fault>
where
    F: Fn(String) -> Fut,
    Fut: Future<Output = Result<Option<Received>, Fault>>,
{
    let new = desk.unhandled(ids, Clone::clone).await;
    if new.is_empty() {
        return Ok(Vec::new());
    }
    desk.tell(State::Reading { mails: new.len() }).await?;
    let mut fetched = std::pin::pin!(stream::iter(new).map(fetch).buffered(AT_ONCE));
    let (mut keys, mut batch, mut bytes) = (Vec::new(), Vec::new(), 0);
    while let Some(mail) = fetched.next().await {
        if let Some(mail) = mail? {
            keys.push(mail.key.clone());
            bytes += mail.body.as_ref().map_or(0, Vec::len);
            batch.push(mail);
        }
        if batch.len() >= TOGETHER || bytes >= TOGETHER_BYTES {
            desk.hand_out(Event::Received(std::mem::take(&mut batch))).await?;
            bytes = 0;
        }
    }
    if !batch.is_empty() {
        desk.hand_out(Event::Received(batch)).await?;
    }
    Ok(keys)
}

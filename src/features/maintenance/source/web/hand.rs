//! Mails, fetched some at a time and handed out in the order in which they were asked for.
//!
//! A server may have one that it cannot give: a message that it fails to turn into text, one that is held back. It must not
//! keep the others away. It is asked for at every look, and no bookmark stands behind it; after a while it is given up, as a
//! mail with a reason.

use std::collections::{BTreeMap, HashSet};
use std::future::Future;

use futures::stream::{self, StreamExt};

use super::super::{Away, Desk, Event, Received, Refusal, State};
use super::is_of_one;
use crate::clock;
use crate::features::maintenance::source::remote::Fault;

/// Mails that are fetched at the same time. Exchange Online answers four requests of an application for a mailbox at once and
/// refuses a fifth; one is left for what has not ended on its side.
pub(super) const AT_ONCE: usize = 3;
/// Mails that are handed out together, at the most,
const TOGETHER: usize = 64;
/// and bytes of them.
const TOGETHER_BYTES: usize = 4 << 20;

/// So many one after the other for which the server is busy, as it says, and it is not the mails.
const IN_A_ROW: usize = 6;

/// What came of the mails of a folder.
#[derive(Debug, Default)]
pub(super) struct Handed {
    /// Keys of what was handed out.
    pub(super) keys: Vec<String>,
    /// What to tell of those that did not come: then no bookmark may stand behind them.
    pub(super) trouble: Option<String>,
}

/// Fetches those of `ids` that were not recorded before and hands them out. `fetch` gives `None` for a mail that is gone, or
/// that nobody wants. An error is one of the server, and not of single mails. Those of `again` were given up, and somebody
/// wants them to be asked for again: they come last.
pub(super) async fn hand_out<F, Fut>(
    ids: Vec<String>,
    again: Vec<String>,
    desk: &mut Desk,
    fetch: F,
) -> Result<Handed, Fault>
where
    F: Fn(String) -> Fut,
    Fut: Future<Output = Result<Option<Received>, Fault>>,
{
    let is_again: HashSet<String> = again.iter().cloned().collect();
    let ids = ids.into_iter().filter(|id| !is_again.contains(id)).collect();
    let mut new = desk.unhandled(ids, Clone::clone).await;
    new.extend(again);
    if new.is_empty() {
        return Ok(Handed::default());
    }
    desk.tell(State::Reading { mails: new.len() }).await?;
    let mut away: BTreeMap<String, Away> = desk.away().await.into_iter().collect();
    let mut changed: Vec<(String, Option<Away>)> = Vec::new();
    let fetch = |id: String| {
        let fetched = fetch(id.clone());
        async move { (id, fetched.await) }
    };
    let mut fetched = std::pin::pin!(stream::iter(new).map(fetch).buffered(AT_ONCE));
    let (mut handed, mut batch, mut bytes) = (Handed::default(), Vec::new(), 0);
    let (mut absent, mut gone, mut has_come, mut in_a_row) = (Vec::new(), Vec::new(), false, 0);
    let mut end = None;
    while let Some((id, mail)) = fetched.next().await {
        match mail {
            Ok(mail) => {
                if away.remove(&id).is_some() {
                    changed.push((id.clone(), None));
                }
                (has_come, in_a_row) = (true, 0);
                if let Some(mail) = mail {
                    handed.keys.push(mail.key.clone());
                    bytes += mail.body.as_ref().map_or(0, Vec::len);
                    batch.push(mail);
                } else if is_again.contains(&id) {
                    gone.push(id);
                }
            }
            Err(fault) if is_of_one(&fault) => {
                in_a_row += usize::from(matches!(fault, Fault::Busy { .. }));
                absent.push((id, fault));
            }
            Err(fault) => end = Some(fault),
        }
        if batch.len() >= TOGETHER || bytes >= TOGETHER_BYTES {
            desk.hand_out(Event::Received(std::mem::take(&mut batch))).await?;
            bytes = 0;
        }
        if end.is_some() || in_a_row >= IN_A_ROW {
            break;
        }
    }
    // Where none of several came, it is the server that does not want to, or cannot.
    let is_of_several = absent.len() > 1;
    let is_the_servers =
        |fault: &Fault| is_of_several && matches!(fault, Fault::Forbidden { .. }) || in_a_row >= IN_A_ROW;
    if end.is_none() && !has_come && absent.iter().any(|(_, fault)| is_the_servers(fault)) {
        end = absent.drain(..).next().map(|(_, fault)| fault);
    }
    let (mut left, now) = (Vec::new(), clock::now());
    for (id, fault) in absent {
        // A server that says that it is busy, and gives no other mail either, says nothing of this one.
        let counts = has_come || !matches!(fault, Fault::Busy { .. });
        let mut is_given_up = false;
        if end.is_none() && counts {
            let known = away.entry(id.clone()).or_insert_with(|| Away::from(now));
            known.looks += 1;
            is_given_up = known.is_given_up(now);
            changed.push((id.clone(), Some(*known)));
        }
        if is_given_up {
            handed.keys.push(id.clone());
            let reason = format!("it does not give this mail out: {fault}");
            batch.push(Received::whole(id, None, Err(Refusal::Garbled { reason })));
        } else {
            left.push(fault);
        }
    }
    // Before what is given up is recorded: that ends it.
    desk.keep_away(changed).await;
    desk.gone(gone).await;
    if !batch.is_empty() {
        desk.hand_out(Event::Received(batch)).await?;
    }
    if let Some(fault) = end {
        return Err(fault);
    }
    handed.trouble = left.first().map(|fault| match left.len() {
        1 => format!("one mail does not come, and is asked for again: {fault}"),
        mails => format!("{mails} mails do not come, and are asked for again: {fault}"),
    });
    Ok(handed)
}

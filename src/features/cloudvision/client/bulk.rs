//! Bulk writes: cut into messages that the server takes, sent side by side, with every refused entry told.

use futures::stream::{self, StreamExt, TryStreamExt};
use prost::Message;

use super::Client;
use super::call::{Repeat, name_of};
use crate::features::cloudvision::error::{Error, too_large};

/// Bytes of entries in one message. Servers take 1 MiB as delivered; the rest is for what surrounds them.
const MESSAGE_SIZE: usize = 900 << 10;
/// Messages that are under way at once.
const SIDE_BY_SIDE: usize = 4;

impl Client {
    /// Writes `entries` in as many messages as they need. `request` makes a message of some of them, `refused` reads an
    /// answer: which entry was refused, and why.
    ///
    /// # Errors
    /// [`Error::Entries`] with every entry that was refused, or whatever ended the call.
    pub(super) async fn set_some<V, Q, A>(
        &self,
        method: &'static str,
        entries: Vec<V>,
        request: impl Fn(Vec<V>) -> Q,
        refused: impl Fn(A) -> (String, String),
    ) -> Result<(), Error>
    where
        V: Message + Clone + 'static,
        Q: Message + Clone + 'static,
        A: Message + Default + 'static,
    {
        let total = entries.len();
        let pieces = pieces(entries, MESSAGE_SIZE);
        let answers: Vec<Vec<A>> = stream::iter(pieces)
            .map(|piece| self.set_piece(method, piece, &request))
            .buffer_unordered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        let entries: Vec<_> = answers.into_iter().flatten().map(refused).collect();
        if entries.is_empty() { Ok(()) } else { Err(Error::Entries { call: name_of(method), entries, total }) }
    }

    /// Writes some entries; in smaller messages where the server turns out to take less.
    async fn set_piece<V, Q, A>(
        &self,
        method: &'static str,
        entries: Vec<V>,
        request: &impl Fn(Vec<V>) -> Q,
    ) -> Result<Vec<A>, Error>
    where
        V: Message + Clone + 'static,
        Q: Message + Clone + 'static,
        A: Message + Default + 'static,
    {
        let mut answers = Vec::new();
        let mut waiting = vec![entries];
        while let Some(entries) = waiting.pop() {
            match self.collect_of(method, request(entries.clone()), entries.len(), Repeat::Safe).await {
                Ok(more) => answers.extend::<Vec<A>>(more),
                Err(Error::TooLarge { message, .. }) if entries.len() > 1 => {
                    let (size, limit) = too_large(&message).unwrap_or((2, 1));
                    let parts = size.div_ceil(limit.max(1)).clamp(2, entries.len());
                    waiting.extend(entries.chunks(entries.len().div_ceil(parts)).map(<[V]>::to_vec));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(answers)
    }
}

/// Cuts `entries` into pieces of at most `size` bytes; an entry that is larger has a piece to itself.
fn pieces<V: Message>(entries: Vec<V>, size: usize) -> Vec<Vec<V>> {
    let mut pieces: Vec<Vec<V>> = Vec::new();
    let mut filled = 0;
    for entry in entries {
        let bytes = entry.encoded_len() + 8;
        match pieces.last_mut() {
            Some(piece) if filled + bytes <= size => piece.push(entry),
            _ => {
                pieces.push(vec![entry]);
                filled = 0;
            }
        }
        filled += bytes;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_cut_by_their_size_and_stay_in_order() {
        let entries: Vec<String> = [400, 400, 400, 5_000, 10].iter().map(|length| "x".repeat(*length)).collect();
        let lengths: Vec<Vec<usize>> =
            pieces(entries, 1_000).iter().map(|piece| piece.iter().map(String::len).collect()).collect();
        assert_eq!(lengths, [vec![400, 400], vec![400], vec![5_000], vec![10]]);
        assert_eq!(pieces(Vec::<String>::new(), 1_000), Vec::<Vec<String>>::new());
    }
}

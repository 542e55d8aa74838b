//! What of a notice goes into columns: harmless, and no longer than anybody reads.

use crate::features::maintenance::model::{Circuit, Notice};
use crate::text::clean_line;

/// Characters of an id, an address or another short field; more is cut.
const SHORT: usize = 256;
/// Characters of a summary or a reason.
const LONG: usize = 2048;
/// Circuits of one window; more than any notice seen by two orders of magnitude.
const CIRCUITS: usize = 5000;

/// The notice with its text harmless and bounded.
pub(super) fn fit(notice: &Notice) -> Notice {
    let circuit = |circuit: &Circuit| Circuit {
        circuit_id: marked(short(&circuit.circuit_id), &circuit.circuit_id),
        impact: circuit.impact,
    };
    let named = notice.circuits.len();
    let summary = if named > CIRCUITS {
        format!("[{CIRCUITS} of {named} circuits are kept] {}", notice.summary)
    } else {
        notice.summary.clone()
    };
    Notice {
        account: short(&notice.account),
        circuits: notice.circuits.iter().take(CIRCUITS).map(circuit).collect(),
        maintenance_id: short(&notice.maintenance_id),
        organizer: short(&notice.organizer),
        provider: short(&notice.provider),
        summary: long(&summary),
        uid: short(&notice.uid),
        ..notice.clone()
    }
}

/// A provider's name, which is never empty: the order by provider begins after the empty text.
pub(super) fn name(provider: &str) -> String {
    let name = short(provider);
    if name.is_empty() { "unknown".to_owned() } else { name }
}

/// A short field, made harmless.
pub(super) fn short(text: &str) -> String {
    cut(clean_line(text), SHORT)
}

/// What is left of a text, with a sign where it was cut: half an id looks like a whole one.
fn marked(mut left: String, text: &str) -> String {
    if left.chars().count() == SHORT && text.chars().nth(SHORT).is_some() {
        left.pop();
        left.push('…');
    }
    left
}

/// A long one.
pub(super) fn long(text: &str) -> String {
    cut(clean_line(text), LONG)
}

/// A Message-ID, which is compared as it came.
pub(super) fn whole(id: &str) -> String {
    cut(id.to_owned(), LONG)
}

/// `text` without what follows the first `most` characters.
fn cut(mut text: String, most: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
    }
    text
}

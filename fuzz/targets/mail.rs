//! Any bytes, taken for a mail: the whole path from there to maintenances, to the text that is shown, and to a suggestion
//! and a draft where no rule reads it. Nothing may panic, take long, or let a control character through.

#![no_main]

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use libfuzzer_sys::fuzz_target;
use noctui::features::maintenance::guess::Suggestion;
use noctui::features::maintenance::mail::readable;
use noctui::features::maintenance::model::{Notice, Verdict};
use noctui::features::maintenance::rules::Rules;

/// The rules of the binary, compiled before the first mail: what that takes is no mail's fault.
static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let rules = Rules::embedded();
    assert!(rules.check().is_empty());
    rules
});
/// Microseconds of the slowest mail so far.
static SLOWEST: AtomicU64 = AtomicU64::new(0);
/// Slower ones are told of.
const SLOW_US: u64 = 5_000;

fuzz_target!(|raw: &[u8]| {
    let rules = &*RULES;
    let begun = Instant::now();
    let reading = rules.read(raw, None);
    let took = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    if took > SLOWEST.fetch_max(took, Ordering::Relaxed).max(SLOW_US) {
        eprintln!("slowest so far: {took} us for {} bytes", raw.len());
    }
    if let Verdict::Parsed { notices, .. } = &reading.verdict {
        assert!(!notices.is_empty());
        notices.iter().for_each(check);
    }
    assert!(readable(raw).lines.iter().all(|line| is_clean(line)));
    let _ = Suggestion::of(raw);
});

/// What every notice obeys.
fn check(notice: &Notice) {
    assert!(notice.end > notice.start);
    assert!(!notice.circuits.is_empty() || notice.status.is_final());
    let texts = [&notice.account, &notice.maintenance_id, &notice.provider, &notice.summary, &notice.uid];
    assert!(
        texts.into_iter().chain(notice.circuits.iter().map(|circuit| &circuit.circuit_id)).all(|text| is_clean(text))
    );
}

/// Whether a text may be drawn.
fn is_clean(text: &str) -> bool {
    !text.contains(|c: char| c.is_control())
}

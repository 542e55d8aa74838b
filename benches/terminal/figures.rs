//! Figures and budgets, side by side.

use std::time::Duration;

/// The columns.
pub(crate) fn heading() {
    println!("{:<40} {:>9} {:>9} {:>9} {:>9} {:>12}", "", "best", "p50", "p99", "worst", "budget");
}

/// One figure, held against the most that it may be.
pub(crate) fn figure(name: &str, value: f64, unit: &str, budget: f64) {
    let verdict = verdict(value <= budget);
    println!("{name:<40} {:>9} {value:>9.2} {:>9} {:>9} {budget:>9.1} {unit:<2} {verdict}", "", "", "");
}

/// One figure without a budget.
pub(crate) fn remark(name: &str, value: f64, unit: &str) {
    println!("{name:<40} {:>9} {value:>9.2} {unit}", "");
}

/// A spread of times in milliseconds; `budget` holds for the part of them, in hundredths, that goes with it.
pub(crate) fn times(name: &str, times: &[Duration], budgets: &[(usize, f64)]) {
    let ms: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1000.0).collect();
    spread(name, ms, "ms", budgets);
}

/// A spread of any figures.
pub(crate) fn spread(name: &str, mut values: Vec<f64>, unit: &str, budgets: &[(usize, f64)]) {
    values.sort_by(f64::total_cmp);
    let part = |hundredths: usize| {
        let index = (values.len() * hundredths / 100).min(values.len().saturating_sub(1));
        values.get(index).copied().unwrap_or(f64::NAN)
    };
    let limits: Vec<String> = budgets.iter().map(|(_, limit)| format!("{limit}")).collect();
    let verdict = if budgets.is_empty() { "" } else { verdict(budgets.iter().all(|(at, limit)| part(*at) <= *limit)) };
    println!(
        "{name:<40} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>9} {unit:<2} {verdict}",
        part(0),
        part(50),
        part(99),
        part(100),
        limits.join("/"),
    );
}

/// Millions of bytes.
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn verdict(is_kept: bool) -> &'static str {
    if is_kept { "ok" } else { "MISSED" }
}

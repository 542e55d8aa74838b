//! What looks like an id.

use super::moments;

/// Longer ids are none.
const CHARS: usize = 80;

/// Whether a value can be the id of a maintenance.
pub(super) fn is_id(value: &str) -> bool {
    let count = value.chars().count();
    (3..=CHARS).contains(&count)
        && value.split_whitespace().count() <= 3
        && value.contains(|c: char| c.is_ascii_digit())
        && !moments::has_date(value)
        && !value.contains('@')
        && !value.contains("://")
}

/// Whether a value looks like a circuit: letters, digits and signs between them, and no date, address or number of a
/// telephone.
pub(super) fn is_circuit(value: &str) -> bool {
    let count = value.chars().count();
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let may_hold =
        |c: char| c.is_alphanumeric() || matches!(c, '-' | '/' | '_' | '.' | '#' | ' ' | ':' | '+' | '(' | ')');
    (4..=CHARS).contains(&count)
        && digits >= 2
        && value.chars().all(may_hold)
        && value.split_whitespace().count() <= 5
        && !value.starts_with('+')
        && !is_clock(value)
        && !moments::has_date(value)
}

/// Whether a value is a time of day.
fn is_clock(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | ' ')) && value.contains([':', '.'])
}

/// The values of a list.
pub(super) fn split(value: &str) -> impl Iterator<Item = &str> {
    value.split([',', ';', '\n', '|']).map(str::trim).filter(|value| !value.is_empty())
}

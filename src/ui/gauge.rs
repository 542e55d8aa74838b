//! How far something is, as a bar: `▕██████░░░▏`.

use super::Look;

/// A bar of `cells` cells in all for `done` of `total`; empty where there is no room for one.
pub(crate) fn gauge(look: &Look<'_>, done: usize, total: usize, cells: usize) -> String {
    let Some(inside) = cells.checked_sub(2).filter(|inside| *inside > 0) else { return String::new() };
    let full = match total {
        0 => 0,
        total if done >= total => inside,
        total => done.saturating_mul(inside) / total,
    };
    let (full_cell, empty_cell) = (look.pick("█", "#"), look.pick("░", "."));
    let [left, right] = [look.pick("▕", "["), look.pick("▏", "]")];
    format!("{left}{}{}{right}", full_cell.repeat(full), empty_cell.repeat(inside - full))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::Theme;
    use crate::ui::time::Zone;

    #[test]
    fn a_bar_is_full_only_at_the_end_and_never_wider_than_asked() {
        let theme = Theme::plain();
        let look = Look {
            theme: &theme,
            keys: &crate::ui::keys::KeyNames::default(),
            ascii: true,
            zone: Zone::Utc,
            now: chrono::DateTime::UNIX_EPOCH,
        };
        let bar = |done, total, cells| gauge(&look, done, total, cells);
        assert_eq!([bar(0, 3, 6), bar(2, 3, 6), bar(3, 3, 6)], ["[....]", "[##..]", "[####]"]);
        assert_eq!([bar(0, 0, 6), bar(9, 3, 6), bar(1, 2, 2)], ["[....]", "[####]", ""]);
        assert_eq!(bar(usize::MAX, usize::MAX, 4), "[##]");
    }
}

//! Where everything is: a pure function of the size and the model, asked by drawing, scrolling and the mouse alike.

use ratatui::layout::Rect;

use super::view::footer_rows;
use super::{Model, Pane};

/// Below this many columns or rows noctui says that there is too little room.
pub(crate) const SMALLEST: (u16, u16) = (40, 10);
/// From this many columns and rows on the panes are tiled.
const TILED: (u16, u16) = (110, 30);
/// Below this many rows what is opened needs every one of them.
const FEW_ROWS: u16 = 14;
/// Rows of a pane that has only one line to say: title and line.
const COMPACT_ROWS: u16 = 2;
/// Columns that the deploys and the changes need to say how far each is.
const BESIDE: u16 = 56;
/// Columns that are enough for the maintenances where the screen is not so wide that half of it is more.
const ENOUGH: u16 = 80;
/// Columns between two panes side by side.
const GAP: u16 = 2;

/// The parts of the screen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// One row on top.
    pub(crate) header: Rect,
    /// The row of tabs, where panes are tabs.
    pub(crate) tabs: Option<Rect>,
    /// The panes on the screen, title row included, in the order of their numbers.
    pub(crate) panes: Vec<(Pane, Rect)>,
    /// One row at the bottom; more for a notice that needs them.
    pub(crate) footer: Rect,
}

impl Layout {
    /// The pane at this column and row.
    pub(crate) fn pane_at(&self, column: u16, row: u16) -> Option<(Pane, Rect)> {
        self.panes.iter().copied().find(|(_, area)| area.contains((column, row).into()))
    }
}

/// Everything's place in `area`; `None` when that is too small for anything but saying so.
pub(crate) fn layout(model: &Model, area: Rect) -> Option<Layout> {
    arrange(model, model.zoomed, area)
}

/// Whether zooming would change anything in `area`: what is opened on a large screen has all of it anyway.
pub(crate) fn can_zoom(model: &Model, area: Rect) -> bool {
    arrange(model, true, area) != arrange(model, false, area)
}

/// The layout of a model, zoomed or not.
fn arrange(model: &Model, zoomed: bool, area: Rect) -> Option<Layout> {
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return None;
    }
    let header = Rect { height: 1, ..area };
    let rows = footer_rows(model, area.width);
    let footer = Rect { y: area.bottom() - rows, height: rows, ..area };
    let body = Rect { y: area.y + 1, height: area.height - 1 - rows, ..area };
    let large = area.width >= TILED.0 && area.height >= TILED.1;
    let alone = zoomed || model.is_opened();
    let (tabs, panes) = match (large, alone) {
        (true, false) => (None, tile(model, body)),
        (true, true) => (None, vec![(model.focus, body)]),
        // Zoomed, the pane has the row of the tabs, too; so has what is opened where there are few rows.
        (false, _) if zoomed || (alone && area.height < FEW_ROWS) => (None, vec![(model.focus, body)]),
        (false, _) => {
            let tabs = Rect { height: 1, ..body };
            let rest = Rect { y: body.y + 1, height: body.height - 1, ..body };
            (Some(tabs), vec![(model.focus, rest)])
        }
    };
    Some(Layout { header, tabs, panes, footer })
}

/// All panes at once: those with something to show share two columns, those without get one line at the bottom.
fn tile(model: &Model, body: Rect) -> Vec<(Pane, Rect)> {
    // The maintenances stay in the middle even without a source: what was imported is there, and else how to begin.
    let is_absent = |pane: &Pane| {
        *pane != Pane::Maintenances && model.settings.absent.get(*pane as usize).is_some_and(Option::is_some)
    };
    let (absent, present): (Vec<Pane>, Vec<Pane>) = Pane::ALL.into_iter().partition(is_absent);
    let strip = u16::try_from(absent.len().div_ceil(2)).unwrap_or(0) * COMPACT_ROWS;
    let upper = Rect { height: body.height - strip, ..body };
    let lower = Rect { y: upper.bottom(), height: strip, ..body };
    let (left, right): (Vec<Pane>, Vec<Pane>) =
        present.into_iter().partition(|pane| matches!(pane, Pane::Maintenances | Pane::Lab));
    let mut placed = Vec::new();
    match (left.is_empty(), right.is_empty()) {
        (false, false) => {
            // The maintenances' rows have to show impact, circuits and whether somebody has taken note.
            let wanted = upper.width.saturating_sub(BESIDE + GAP / 2).min(ENOUGH);
            let [west, east] = split(upper, wanted);
            stack(&left, west, &mut placed);
            stack(&right, east, &mut placed);
        }
        (false, true) => stack(&left, upper, &mut placed),
        (true, _) => stack(&right, upper, &mut placed),
    }
    for (index, pane) in absent.into_iter().enumerate() {
        let [west, east] = split(lower, 0);
        let column = if index % 2 == 0 { west } else { east };
        let y = lower.y + u16::try_from(index / 2).unwrap_or(0) * COMPACT_ROWS;
        placed.push((pane, Rect { y, height: COMPACT_ROWS, ..column }));
    }
    placed.sort_by_key(|(pane, _)| pane.number());
    placed
}

/// Two columns with a gap, the left one half of the width, or `wanted` where that is more.
fn split(area: Rect, wanted: u16) -> [Rect; 2] {
    let west = area.width.div_ceil(2).max(wanted).saturating_sub(GAP / 2);
    let east = area.width.saturating_sub(west + GAP);
    [Rect { width: west, ..area }, Rect { x: area.x + west + GAP, width: east, ..area }]
}

/// Panes one above the other; the first gets what the division leaves over.
fn stack(panes: &[Pane], area: Rect, placed: &mut Vec<(Pane, Rect)>) {
    let Ok(count) = u16::try_from(panes.len()) else { return };
    if count == 0 {
        return;
    }
    let each = area.height / count;
    let first = area.height - each * (count - 1);
    let mut y = area.y;
    for (index, pane) in panes.iter().enumerate() {
        let height = if index == 0 { first } else { each };
        placed.push((*pane, Rect { y, height, ..area }));
        y += height;
    }
}

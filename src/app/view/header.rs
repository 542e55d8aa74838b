//! The first line: who we are, where we work, how the backends are, what time it is; and the tabs below it.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::{Connection, Model, Pane};
use crate::ui::Look;
use crate::ui::line::{Pen, width};
use crate::ui::theme::{Role, State};

/// From so many columns the zone has its letters beside its offset.
const WIDE: u16 = 100;

/// A tab: which pane, its text, and the columns it takes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tab {
    /// The pane it leads to.
    pub(crate) pane: Pane,
    /// What it says.
    pub(crate) text: String,
    /// Where a click hits it.
    pub(crate) columns: Range<u16>,
}

/// How much a tab says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// Number, name and count.
    All,
    /// Number, name in three letters or so, count.
    Brief,
    /// The same without the count.
    Name,
    /// The number alone: with a count beside it nobody would know which is which.
    Number,
}

/// What the tabs say, the focused one and the others, from the widest screen to the smallest.
const WIDTHS: [(Says, Says); 5] = [
    (Says::All, Says::All),
    (Says::All, Says::Brief),
    (Says::All, Says::Name),
    (Says::Brief, Says::Name),
    (Says::All, Says::Number),
];

/// The tabs, with their places: they say as much as there is room for.
pub(crate) fn tabs(model: &Model) -> Vec<Tab> {
    let fits = |tabs: &Vec<Tab>| tabs.last().is_none_or(|last| last.columns.end <= model.size.0);
    let mut widths = WIDTHS.into_iter().map(|(focused, other)| tabs_that_say(model, focused, other));
    widths.find(fits).unwrap_or_else(|| tabs_that_say(model, Says::All, Says::Number))
}

/// The tabs, the focused one and the others saying so much.
fn tabs_that_say(model: &Model, focused: Says, other: Says) -> Vec<Tab> {
    let mut at = 0;
    let make = |pane: Pane| {
        let says = if model.focus == pane { focused } else { other };
        let count = || model.badge(pane).map_or_else(String::new, |count| format!(" {count}"));
        let text = match says {
            Says::All => format!("{} {}{}", pane.number(), pane.short_title(), count()),
            Says::Brief => format!("{} {}{}", pane.number(), pane.brief_title(), count()),
            Says::Name => format!("{} {}", pane.number(), pane.brief_title()),
            Says::Number => pane.number().to_string(),
        };
        // The brackets make the focused tab visible without colour.
        let text = if model.focus == pane { format!("[{text}]") } else { format!(" {text} ") };
        let from = at;
        at += u16::try_from(width(&text)).unwrap_or(u16::MAX);
        Tab { pane, text, columns: from..at }
    };
    Pane::ALL.into_iter().map(make).collect()
}

/// Draws the row of tabs.
pub(super) fn draw_tabs(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.look().theme;
    let mut pen = Pen::new(buffer, area, 0);
    for tab in tabs(model) {
        pen.text(&tab.text, theme.style(if tab.pane == model.focus { Role::Accent } else { Role::Title }));
    }
}

/// Draws what fails and the clock, as far as there is room, what fails first.
fn draw_briefly(connections: &[Connection], clock: &str, pen: &mut Pen<'_>, look: &Look<'_>) {
    let text = look.theme.style(Role::Text);
    let failing: Vec<&Connection> = connections.iter().filter(|it| it.state == State::Failed).collect();
    let wide = |connection: &Connection| width(connection.name) + width(look.glyph(connection.state));
    let states: usize = failing.iter().map(|connection| wide(connection) + 1).sum();
    let has_clock = pen.left() > states + width(clock);
    let tail = if has_clock { states + width(clock) } else { states.saturating_sub(1) };
    if pen.left() <= tail && !has_clock {
        return;
    }
    pen.skip(pen.left().saturating_sub(tail));
    for connection in failing {
        pen.text(connection.name, text).text(look.glyph(connection.state), look.theme.style(connection.state.role()));
        pen.skip(1);
    }
    if has_clock {
        pen.text(clock, text);
    }
}

/// Cells of a state: `cv ✗ offline 3m` in full, `cv✗` otherwise.
fn cells(connection: &Connection, full: bool, look: &Look<'_>) -> usize {
    let brief = width(connection.name) + width(look.glyph(connection.state));
    if full { brief + 2 + width(&connection.word) } else { brief }
}

/// Which of the states are said in full, and the cells after each: all of them where they fit into `all` cells, and where
/// they do not, those that fail, the first of them first, as far as everything fits into `room`. Nothing where not even the
/// glyphs do.
fn said(connections: &[Connection], all: usize, room: usize, look: &Look<'_>) -> Option<(Vec<bool>, usize)> {
    let takes = |full: &[bool], gap: usize| -> usize {
        connections.iter().zip(full).map(|(connection, full)| cells(connection, *full, look) + gap).sum()
    };
    let mut full = vec![true; connections.len()];
    if takes(&full, 3) <= all {
        return Some((full, 3));
    }
    full.fill(false);
    for (at, _) in connections.iter().enumerate().filter(|(_, it)| it.state == State::Failed) {
        let longer: Vec<bool> = full.iter().enumerate().map(|(index, full)| *full || index == at).collect();
        if takes(&longer, 2) <= room {
            full = longer;
        }
    }
    let gap = if full.contains(&true) { 2 } else { 1 };
    (takes(&full, gap) <= room).then_some((full, gap))
}

/// Draws the header.
pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let look = model.look();
    let text = look.theme.style(Role::Text);
    let zone = if area.width < WIDE { model.zone.brief_name(model.now) } else { model.zone.name(model.now) };
    let clock = format!("{zone} {}", model.zone.clock(model.now));
    let connections = model.connections();
    let mut pen = Pen::new(buffer, area, 0);
    pen.text("noctui", look.theme.style(Role::Title));
    if let Some(context) = model.context() {
        let role = if context.production { Role::ContextProd } else { Role::ContextLab };
        pen.text("  ", text).text(&context.name, look.theme.style(role));
    }
    if model.is_read_only() {
        pen.text("  ", text).text("READ-ONLY", look.theme.style(Role::Warning));
    }
    let room = pen.left().saturating_sub(width(&clock) + 3);
    let all = usize::from(area.width).saturating_sub(width(&clock) + 32);
    let Some((in_full, gap)) = said(&connections, all.min(room), room, &look) else {
        // No room for all of it: what fails outweighs the clock, and `c` still tells the rest.
        draw_briefly(&connections, &clock, &mut pen, &look);
        return;
    };
    let states: usize = connections.iter().zip(&in_full).map(|(it, full)| cells(it, *full, &look) + gap).sum();
    pen.skip(pen.left().saturating_sub(states + width(&clock) + 2));
    for (connection, full) in connections.iter().zip(in_full) {
        let style = look.theme.style(connection.state.role());
        let space = if full { " " } else { "" };
        pen.text(connection.name, text).text(space, text).text(look.glyph(connection.state), style);
        if full {
            pen.text(space, text).text(&connection.word, text);
        }
        pen.skip(gap);
    }
    pen.at_end(&clock, text);
    if pen.left() > 0 {
        pen.text(" ", text).text(&clock, text);
    }
}

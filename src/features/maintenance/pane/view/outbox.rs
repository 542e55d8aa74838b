//! What is to be written to Nautobot: a line an entry, and below the list why the selected one was not written yet.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::notification::reason_rows;
use crate::features::maintenance::nautobot::store::outbox;
use crate::features::maintenance::nautobot::store::standing::OutboxRow;
use crate::features::maintenance::pane::State as Pane;
use crate::features::maintenance::pane::opened::OutboxPage;
use crate::features::maintenance::worker::NautobotState;
use crate::ui::Look;
use crate::ui::line::{Pen, wrap};
use crate::ui::list::Line;
use crate::ui::page::{TextLine, Title, draw_lines, plain, trouble_lines};
use crate::ui::theme::{Role, State};

/// How many entries there are and how many maintenances differ, and why nothing is written, if nothing is.
pub(super) fn title(page: &OutboxPage, nautobot: Option<&NautobotState>) -> Title {
    let entries = page.list.rows().iter().filter(|row| matches!(row, OutboxRow::Entry(_))).count();
    let mut left = vec![(format!("outbox to Nautobot: {entries}"), Role::Accent)];
    let differing = page.list.rows().len() - entries;
    if differing > 0 {
        left.push((format!(" · {differing} otherwise there"), Role::Warning));
    }
    let held = nautobot.and_then(|nautobot| nautobot.held);
    let right = held.map(|why| (format!("nothing is written: {why}"), Role::Warning));
    Title { left, right }
}

/// Glyph and colour of where an entry stands.
fn state_of(state: outbox::State) -> State {
    match state {
        outbox::State::Waiting => State::Planned,
        outbox::State::Conflict => State::Warning,
        outbox::State::Failed => State::Failed,
    }
}

/// Draws the list, and why the selected entry is in it.
pub(super) fn draw(model: &Pane, page: &OutboxPage, look: &Look<'_>, area: Rect, buffer: &mut Buffer) {
    let muted = look.theme.style(Role::Muted);
    let inside = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    if let Some(failure) = &page.failure {
        draw_lines(&trouble_lines(failure, usize::from(area.width), look), 0, look, inside, buffer);
        return;
    }
    if page.list.rows().is_empty() {
        let text = if page.list.is_loaded() {
            "nothing waits: all that was done here is in Nautobot"
        } else {
            "reading the store …"
        };
        let mut lines = vec![plain(text, Role::Muted), plain("", Role::Text)];
        lines.extend(connection(model, look, usize::from(inside.width)));
        draw_lines(&lines, 0, look, inside, buffer);
        return;
    }
    for (y, line) in page.list.lines().into_iter().enumerate() {
        let y = u16::try_from(y).unwrap_or(u16::MAX);
        match line {
            Line::Heading(group) => _ = Pen::new(buffer, area, y).skip(1).text(group, muted),
            Line::Row(index, row) => draw_row(row, index == page.list.cursor(), look, area, y, buffer),
        }
    }
    let below = reason_rows(area.height);
    if let (Some(row), true) = (page.list.selected(), below > 0) {
        let area = Rect { y: area.bottom() - below, height: below, ..area };
        Pen::new(buffer, area, 0).repeat(look.pick("─", "-"), usize::from(area.width), muted);
        let inner = Rect { y: area.y + 1, height: below - 1, x: area.x + 1, width: area.width.saturating_sub(2) };
        let lines: Vec<_> = wrap(&reason(row, model.nautobot.as_ref(), look), usize::from(inner.width))
            .into_iter()
            .map(|line| plain(line, if waits(row) { Role::Text } else { Role::Warning }))
            .collect();
        draw_lines(&lines, 0, look, inner, buffer);
    }
}

/// How the connection to Nautobot is doing; nothing where none is configured.
pub(super) fn connection(model: &Pane, look: &Look<'_>, cells: usize) -> Vec<TextLine> {
    let Some((state, _, story)) = model.nautobot_connection(look.zone, look.now) else { return Vec::new() };
    let mut lines = Vec::new();
    for (row, text) in story.iter().enumerate() {
        for (part, line) in wrap(text.trim_start(), cells.saturating_sub(2).max(1)).into_iter().enumerate() {
            let role = if row == 0 { Role::Text } else { Role::Muted };
            let sign = if (row, part) == (0, 0) { look.glyph(state) } else { " " };
            lines.push(vec![(format!("{sign} "), state.role()), (line, role)]);
        }
    }
    lines
}

/// Whether nobody has to do anything about a row.
fn waits(row: &OutboxRow) -> bool {
    matches!(row, OutboxRow::Entry(entry) if entry.state == outbox::State::Waiting)
}

/// Why an entry was not written yet, or what differs, and what to do.
fn reason(row: &OutboxRow, nautobot: Option<&NautobotState>, look: &Look<'_>) -> String {
    let entry = match row {
        OutboxRow::Entry(entry) => entry,
        OutboxRow::Difference(difference) => {
            return format!("{}; {}", difference.reason, look.say("<open> opens it"));
        }
    };
    let held = nautobot.and_then(|nautobot| nautobot.held);
    match (entry.state, held) {
        (outbox::State::Conflict, _) if entry.kind == outbox::Kind::Note => {
            let keys = look.say("<outbox-anyway> writes ours, <outbox-drop> leaves both, <open> opens it");
            format!("{}; {keys}", entry.reason)
        }
        (outbox::State::Conflict, _) => {
            let keys = look.say(
                "<outbox-anyway> writes ours, <outbox-retry> takes theirs, <outbox-drop> leaves both, <open> opens it",
            );
            format!("{}; {keys}", entry.reason)
        }
        (_, Some(why)) => format!("it waits: {why}"),
        (_, None) if entry.reason.is_empty() => "it is written as soon as Nautobot answers".to_owned(),
        (_, None) => entry.reason.clone(),
    }
}

/// One row.
fn draw_row(row: &OutboxRow, selected: bool, look: &Look<'_>, area: Rect, y: u16, buffer: &mut Buffer) {
    let text = look.theme.style(Role::Text);
    let (state, word, kind, at, who, name) = match row {
        OutboxRow::Entry(entry) => {
            let name = format!("{} {}", entry.provider, entry.maintenance_id);
            (state_of(entry.state), entry.state.as_str(), entry.word(), entry.at, entry.who.as_str(), name)
        }
        OutboxRow::Difference(difference) => {
            let name = format!("{} {}", difference.provider, difference.maintenance_id);
            (State::Warning, "differs", "maintenance", difference.start, "", name)
        }
    };
    let mut pen = Pen::new(buffer, area, y);
    pen.skip(1).text(look.glyph(state), look.theme.style(state.role())).text(" ", text);
    pen.column(word, 8, text).skip(2);
    pen.column(kind, 15, text).skip(2);
    pen.column(&look.zone.short(at, look.now), 12, text).skip(2);
    if area.width >= 76 {
        pen.column(who, 12, text).skip(2);
    }
    if selected {
        pen.highlight(look.theme.style(Role::Selected));
    }
    pen.text(&name, text);
}

//! What lies on top, drawn in a frame over the body.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::app::Model;
use crate::app::overlay::{Confirm, Help, Overlay};
use crate::app::palette::{Offer, Palette};
use crate::app::toast::Toast;
use crate::key::Key;
use crate::logging::Severity;
use crate::ui::Look;
use crate::ui::field::Field;
use crate::ui::line::{Pen, fit, width, wrap};
use crate::ui::page::Span;
use crate::ui::theme::{Role, State as Sign};

/// Draws the topmost overlay into the middle of `body`; returns where text is being typed.
pub(super) fn draw(model: &Model, body: Rect, buffer: &mut Buffer) -> Option<Position> {
    match model.overlays.last()? {
        Overlay::Help(help) => Some(draw_help(model, help, body, buffer)),
        Overlay::Palette(palette) => Some(draw_palette(model, palette, body, buffer)),
        Overlay::Confirm(confirm) => draw_confirm(model, confirm, body, buffer),
        Overlay::Log(scroll) => {
            draw_text(model, "Log", &log_lines(model), *scroll, true, body, buffer);
            None
        }
        Overlay::Connections(scroll) => {
            draw_text(model, "Connections", &connection_lines(model), *scroll, false, body, buffer);
            None
        }
    }
}

/// An empty frame with a title, at most `columns` x `rows`, in the middle of `body`; returns its inside.
fn frame(look: &Look<'_>, title: &str, columns: u16, rows: u16, body: Rect, buffer: &mut Buffer) -> Rect {
    frame_in(look, (title, Role::Accent), columns, rows, body, buffer)
}

/// The same with a title in some role.
fn frame_in(
    look: &Look<'_>,
    (title, role): (&str, Role),
    columns: u16,
    rows: u16,
    body: Rect,
    buffer: &mut Buffer,
) -> Rect {
    let area = framed(columns, rows, body);
    let style = look.theme.style(Role::Muted);
    look.clear(area, buffer);
    let inner_width = usize::from(area.width.saturating_sub(2));
    let dash = look.pick("─", "-");
    let top = format!("{}{}{}", look.pick("┌", "+"), dash.repeat(inner_width), look.pick("┐", "+"));
    let bottom = format!("{}{}{}", look.pick("└", "+"), dash.repeat(inner_width), look.pick("┘", "+"));
    Pen::new(buffer, area, 0).text(&top, style);
    let title = crate::ui::line::fit(title, inner_width.saturating_sub(4));
    Pen::new(buffer, area, 0).skip(2).text(&format!(" {title} "), look.theme.style(role));
    Pen::new(buffer, area, area.height.saturating_sub(1)).text(&bottom, style);
    let upright = look.pick("│", "|");
    for y in 1..area.height.saturating_sub(1) {
        Pen::new(buffer, area, y).text(upright, style).skip(inner_width).text(upright, style);
    }
    inside(area)
}

/// Where a frame around at most `columns` x `rows` stands.
fn framed(columns: u16, rows: u16, body: Rect) -> Rect {
    let size = (columns.min(body.width), rows.saturating_add(2).min(body.height));
    Rect {
        x: body.x + (body.width - size.0) / 2,
        y: body.y + (body.height - size.1) / 2,
        width: size.0,
        height: size.1,
    }
}

/// What is inside of a frame.
fn inside(area: Rect) -> Rect {
    Rect { x: area.x + 2, y: area.y + 1, width: area.width.saturating_sub(4), height: area.height.saturating_sub(2) }
}

/// Columns of help and palette.
const COMMANDS: u16 = 104;
/// Rows of the palette.
const PALETTE: u16 = 18;

/// Rows of the help.
fn help_rows(help: &Help) -> u16 {
    u16::try_from(help.rows().len()).unwrap_or(u16::MAX).saturating_add(2).max(6)
}

/// Where the rows of the table stand in a frame of them: below the line in which text is typed.
fn rows_in(inside: Rect) -> Rect {
    Rect { y: inside.y + 2, height: inside.height.saturating_sub(2), ..inside }
}

/// Which row of the topmost overlay is at a place of the screen, if it has rows and one is there.
pub(super) fn row_at(model: &Model, body: Rect, column: u16, row: u16) -> Option<usize> {
    let (rows, cursor, height) = match model.overlays.last()? {
        Overlay::Help(help) => (rows_of_help(help), help.cursor, help_rows(help)),
        Overlay::Palette(palette) => (rows_of_palette(model, palette), palette.cursor, PALETTE),
        Overlay::Log(_) | Overlay::Connections(_) | Overlay::Confirm(_) => return None,
    };
    let area = rows_in(inside(framed(COMMANDS, height, body)));
    if !area.contains(Position { x: column, y: row }) {
        return None;
    }
    lines_shown(&rows, cursor, area).get(usize::from(row - area.y)).map(|line| line.index)
}

/// A line in which text is typed; returns where its cursor is.
fn draw_field(look: &Look<'_>, prompt: &str, field: &Field, area: Rect, row: u16, buffer: &mut Buffer) -> Position {
    let before = width(prompt) + width(field.before_cursor());
    let room = usize::from(area.width.saturating_sub(1));
    Pen::new(buffer, area, row)
        .text(prompt, look.theme.style(Role::Key))
        .text(field.text(), look.theme.style(Role::Text));
    let column = u16::try_from(before.min(room)).unwrap_or(0);
    Position { x: area.x + column, y: area.y + row }
}

/// Where a row of the command table is narrower than this, what a command does may take several lines.
const NARROW: u16 = 60;

/// What a command does, in lines for what so many cells leave of an area.
fn help_lines(help: &str, cells: usize, area: Rect) -> Vec<String> {
    if area.width >= NARROW {
        return vec![help.to_owned()];
    }
    wrap(help, usize::from(area.width).saturating_sub(cells + 1).max(8))
}

/// One row of the command table as it is looked up: `first` by what, in so many cells, what it does, and `last` what else
/// there is to know.
fn draw_command(
    look: &Look<'_>,
    [first, help, last]: [&str; 3],
    cells: usize,
    selected: bool,
    area: Rect,
    row: u16,
    buffer: &mut Buffer,
) {
    let mut pen = Pen::new(buffer, area, row);
    let tail = if area.width > 76 { 18 } else { 0 };
    pen.column(first, cells, look.theme.style(Role::Key)).skip(1);
    let room = pen.left().saturating_sub(tail);
    pen.column(help, room, look.theme.style(Role::Text));
    if tail > 0 {
        pen.text(last, look.theme.style(Role::Muted));
    }
    if selected {
        pen.skip(usize::from(area.width)).highlight(look.theme.style(Role::Selected));
    }
}

/// A line of the table on the screen.
struct CommandLine {
    /// Of which row it is.
    index: usize,
    /// Whether it is the first of that.
    is_first: bool,
    /// What the command does, or a part of that.
    help: String,
}

/// Cells of the first column: a long name takes its room from the help, which is cut or wrapped where there is too little.
fn first_cells(rows: &[[String; 3]], cursor: usize, area: Rect) -> usize {
    let height = usize::from(area.height);
    let near = rows.iter().skip((cursor + 1).saturating_sub(height)).take(height);
    let longest = near.map(|[first, ..]| width(first)).max().unwrap_or(0);
    let least = if area.width < NARROW { 8 } else { 16 };
    longest.clamp(least, usize::from(area.width / 2).max(least))
}

/// The lines of the table around the cursor.
fn lines_shown(rows: &[[String; 3]], cursor: usize, area: Rect) -> Vec<CommandLine> {
    let (cells, height) = (first_cells(rows, cursor, area), usize::from(area.height));
    let lines = |row: &[String; 3]| help_lines(&row[1], cells, area);
    let first = first_shown(cursor, height, |at| rows.get(at).map(lines));
    let of_row = |(index, row)| {
        let lines = lines(row).into_iter().enumerate();
        lines.map(move |(at, help)| CommandLine { index, is_first: at == 0, help })
    };
    rows.iter().enumerate().skip(first).flat_map(of_row).take(height).collect()
}

/// Rows of the table around the cursor.
fn draw_commands(model: &Model, rows: &[[String; 3]], cursor: usize, area: Rect, buffer: &mut Buffer) {
    let look = model.look();
    let cells = first_cells(rows, cursor, area);
    for (y, line) in (0..area.height).zip(lines_shown(rows, cursor, area)) {
        let Some(texts) = rows.get(line.index).filter(|_| line.is_first) else {
            draw_command(&look, ["", &line.help, ""], cells, line.index == cursor, area, y, buffer);
            continue;
        };
        draw_command(&look, [&texts[0], &line.help, &texts[2]], cells, line.index == cursor, area, y, buffer);
    }
}

/// The first row to be shown so that all lines of the one under the cursor are.
fn first_shown(cursor: usize, height: usize, lines: impl Fn(usize) -> Option<Vec<String>>) -> usize {
    let mut left = height;
    let above = (0..=cursor).rev().take_while(|at| {
        let needs = lines(*at).map_or(1, |lines| lines.len());
        let fits = needs <= left || *at == cursor;
        left = left.saturating_sub(needs);
        fits
    });
    above.last().unwrap_or(cursor)
}

/// Keys as they stand in a row.
fn written(keys: &[Key]) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// The keys of the place, as rows.
fn rows_of_help(help: &Help) -> Vec<[String; 3]> {
    let rows = help.rows().into_iter();
    rows.map(|row| [written(&row.keys), row.spec.help.to_owned(), row.spec.name.to_owned()]).collect()
}

/// The keys of the place.
fn draw_help(model: &Model, help: &Help, body: Rect, buffer: &mut Buffer) -> Position {
    let look = model.look();
    let inside = frame(&look, "Help", COMMANDS, help_rows(help), body, buffer);
    let cursor = draw_field(&look, "search: ", &help.search, inside, 0, buffer);
    draw_commands(model, &rows_of_help(help), help.cursor, rows_in(inside), buffer);
    cursor
}

/// What the palette offers, as rows.
fn rows_of_palette(model: &Model, palette: &Palette) -> Vec<[String; 3]> {
    let keys = |offer: &Offer| written(&palette.keys(offer, &model.settings.keymap));
    let row = |offer: Offer| [offer.name.clone(), offer.help.to_owned(), keys(&offer)];
    palette.matches().into_iter().map(row).collect()
}

/// The palette.
fn draw_palette(model: &Model, palette: &Palette, body: Rect, buffer: &mut Buffer) -> Position {
    let look = model.look();
    let rows = rows_of_palette(model, palette);
    let inside = frame(&look, "Command", COMMANDS, PALETTE, body, buffer);
    let cursor = draw_field(&look, ":", &palette.text, inside, 0, buffer);
    let list = rows_in(inside);
    if rows.is_empty() {
        for (row, line) in wrap(&palette.nothing(), usize::from(list.width)).iter().enumerate() {
            let row = u16::try_from(row).unwrap_or(u16::MAX);
            Pen::new(buffer, list, row).text(line, look.theme.style(Role::Muted));
        }
    }
    draw_commands(model, &rows, palette.cursor, list, buffer);
    cursor
}

/// A question. One about production looks otherwise than the others, so that nobody clicks through it.
fn draw_confirm(model: &Model, confirm: &Confirm, body: Rect, buffer: &mut Buffer) -> Option<Position> {
    const COLUMNS: u16 = 72;
    let look = model.look();
    let cells = usize::from(COLUMNS.min(body.width).saturating_sub(4));
    let title = if confirm.production { Role::ContextProd } else { Role::Accent };
    // What it is about, and where, is never cut off.
    let is_long = width(&confirm.question) > cells.saturating_sub(2);
    let head = if is_long { "Confirm" } else { &confirm.question };
    let mut lines: Vec<Span> = Vec::new();
    if is_long {
        lines.extend(wrap(&confirm.question, cells).into_iter().map(|line| (line, title)));
    }
    for (line, role) in &confirm.lines {
        lines.extend(wrap(&look.say(line), cells).into_iter().map(|line| (line, *role)));
    }
    let asks = confirm.word.as_ref().map(|word| wrap(&format!("Type {word} and enter to go on, esc to cancel"), cells));
    let asks = asks.unwrap_or_default();
    let spare = if asks.is_empty() { 3 } else { 2 };
    let rows = u16::try_from(lines.len() + asks.len() + spare).unwrap_or(u16::MAX);
    let inside = frame_in(&look, (head, title), COLUMNS, rows, body, buffer);
    let last = inside.height.saturating_sub(1);
    // What has to be typed is never pushed out by what there is to know.
    let room = usize::from(last).saturating_sub(asks.len());
    for (row, (line, role)) in lines.iter().take(room).enumerate() {
        Pen::new(buffer, inside, u16::try_from(row).unwrap_or(0)).text(line, look.theme.style(*role));
    }
    if let Some(refusal) = confirm.refusal() {
        // In the row that is kept free; where there is none, it counts more than what there is to know.
        let row = u16::try_from(room.saturating_sub(1)).unwrap_or(0);
        look.clear(Rect { y: inside.y + row, height: 1, ..inside }, buffer);
        let style = look.theme.style(Role::Warning);
        let mut pen = Pen::new(buffer, inside, row);
        pen.text(look.glyph(Sign::Warning), style).text(" ", style);
        let cells = pen.left();
        pen.text(&fit(&refusal, cells), style);
    }
    if confirm.word.is_some() {
        let from = last.saturating_sub(u16::try_from(asks.len()).unwrap_or(0));
        for (row, line) in (from..last).zip(&asks) {
            Pen::new(buffer, inside, row).text(line, look.theme.style(Role::Text));
        }
        return Some(draw_field(&look, "> ", &confirm.typed, inside, last, buffer));
    }
    Pen::new(buffer, inside, last)
        .text("y", look.theme.style(Role::Key))
        .text(" yes   ", look.theme.style(Role::Muted))
        .text("n esc", look.theme.style(Role::Key))
        .text(" no", look.theme.style(Role::Muted));
    None
}

/// A text to scroll through; from its end where the newest is what matters.
fn draw_text(
    model: &Model,
    title: &str,
    lines: &[(String, Role)],
    scroll: usize,
    from_end: bool,
    body: Rect,
    buffer: &mut Buffer,
) {
    let look = model.look();
    let columns = body.width.saturating_sub(8).max(38);
    let cells = usize::from(columns.saturating_sub(4));
    let wrapped: Vec<(String, Role)> = lines
        .iter()
        .flat_map(|(line, role)| wrap(&look.say(line), cells).into_iter().map(|line| (line, *role)))
        .collect();
    let rows = u16::try_from(wrapped.len()).unwrap_or(u16::MAX).max(1);
    let inside = frame(&look, title, columns, rows, body, buffer);
    let spare = wrapped.len().saturating_sub(usize::from(inside.height));
    let top = if from_end { spare.saturating_sub(scroll) } else { scroll.min(spare) };
    for (row, (line, role)) in wrapped.iter().skip(top).take(usize::from(inside.height)).enumerate() {
        Pen::new(buffer, inside, u16::try_from(row).unwrap_or(0)).text(line, look.theme.style(*role));
    }
}

/// The last notices and warnings, oldest first. What the footer had no room for stands here as a whole.
fn log_lines(model: &Model) -> Vec<(String, Role)> {
    let warning = |entry: &crate::logging::Entry| {
        let role = match entry.severity {
            Severity::Error => Role::Failed,
            Severity::Warning => Role::Warning,
        };
        let times = if entry.times > 1 { format!(" ({} times)", entry.times) } else { String::new() };
        (entry.at, format!("{}{times}", entry.text), role)
    };
    // What went wrong was logged, too.
    let is_new = |toast: &&Toast| model.log.newest_first().all(|entry| entry.text != toast.text);
    let notice = |toast: &Toast| (toast.at, toast.text.clone(), toast.state.role());
    let warnings = model.log.newest_first().rev().map(warning);
    let mut said: Vec<_> = warnings.chain(model.toasts.past().filter(is_new).map(notice)).collect();
    if said.is_empty() {
        return vec![("no notices and no warnings since the start".to_owned(), Role::Muted)];
    }
    said.sort_by_key(|(at, ..)| *at);
    said.into_iter().map(|(at, text, role)| (format!("{} {text}", model.zone.short(at, model.now)), role)).collect()
}

/// The state of every backend, in full.
fn connection_lines(model: &Model) -> Vec<(String, Role)> {
    let look = model.look();
    let mut lines = Vec::new();
    for connection in model.connections() {
        let title = format!("{} {} {}", look.glyph(connection.state), connection.name, connection.word);
        lines.push((title, connection.state.role()));
        lines.extend(connection.story.into_iter().map(|line| (format!("    {line}"), Role::Text)));
    }
    let nautobot = &model.settings.absent_nautobot;
    // In the order of the header.
    let [mail, others @ ..] = &model.settings.absent;
    let absent = [mail, nautobot].into_iter().chain(others).flatten();
    for absent in absent.filter_map(|text| text.lines().next()) {
        if !lines.iter().any(|(line, _)| line == absent) {
            lines.push((absent.to_owned(), Role::Muted));
        }
    }
    lines
}

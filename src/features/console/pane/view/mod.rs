//! How the pane looks. Reads the state, stores nothing.

mod details;
mod form;
mod list;
mod screen;
mod serial;
mod tabs;
pub(super) mod words;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::console::{Being, Console, Screen, Shown};
use super::editor::{Editor, For};
use super::summary::tried_again;
use super::update::UNCONFIGURED;
use super::{Page, State};
use crate::config::Pictures;
use crate::features::console::cluster::Which;
use crate::features::console::glyph::TextScreen;
use crate::features::console::rfb::Frame;
use crate::features::console::worker::Health;
use crate::ui::Look;
use crate::ui::field::Field;
use crate::ui::line::{Pen, fit, width, wrap};
use crate::ui::page::{Span, TextLine, Title, draw_lines, draw_prompt, plain, trouble_lines};
use crate::ui::theme::{Role, State as Sign};

pub(super) use details::lines as details_lines;
pub(super) use screen::pixel_at;
pub(super) use tabs::tab_at;

/// Draws the pane into `area`; returns where text is being typed.
pub(crate) fn draw(state: &State, look: &Look<'_>, focused: bool, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let cursor = match &state.page {
        Some(Page::Consoles) => draw_console(state, look, area, buffer),
        Some(Page::Details(details)) => {
            let lines = details::lines(state, look).unwrap_or_default();
            draw_lines(&lines, details.scroll, look, area, buffer);
            None
        }
        Some(Page::Form(form)) => Some(form::draw(form, look, area, buffer)),
        None => draw_list(state, look, focused, area, buffer),
    };
    match &state.editor {
        Some(Editor { purpose: For::Find, field }) => {
            Some(draw_prompt("look for this in what the machine said", field, 1, look, area, buffer))
        }
        Some(Editor { purpose: For::Password(id, hidden), .. }) => {
            let machine = state.console().filter(|console| console.id == *id).map(|console| console.target.machine());
            let title = format!("the password of {}'s screen; it is kept until noctui ends", machine.unwrap_or("it"));
            let dots = Field::line(&hidden.dots(look.pick("•", "*")));
            Some(draw_prompt(&title, &dots, 1, look, area, buffer))
        }
        _ => cursor,
    }
}

/// The list below its line of what is listed.
fn draw_list(state: &State, look: &Look<'_>, focused: bool, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let mut rows = area;
    let mut cursor = None;
    if status_rows(state) > 0 {
        cursor = draw_status(state, look, area, buffer);
        rows = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    }
    if state.list.rows().is_empty() {
        draw_empty(state, look, rows, buffer);
    } else {
        list::draw(state, look, focused, rows, buffer);
    }
    cursor
}

/// The console that is looked at, below the tabs where there are several.
fn draw_console(state: &State, look: &Look<'_>, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let console = state.console()?;
    let tabs = state.tab_rows();
    if tabs > 0 {
        tabs::draw(state, look, area, buffer);
    }
    let area = Rect { y: area.y + tabs, height: area.height.saturating_sub(tabs), ..area };
    match &console.shown {
        Shown::Serial(emulator) => {
            let sought = if state.takes_every_key() { "" } else { &state.sought };
            let cursor = serial::draw(emulator, sought, look, area, buffer);
            if console.being == Being::Opening && emulator.visible().is_empty() {
                let kept = if console.has_early() { " what was typed waits until it is open" } else { "" };
                draw_lines(&[plain(format!(" opening …{kept}"), Role::Muted)], 0, look, area, buffer);
            }
            cursor.filter(|_| state.takes_every_key() && console.is_open())
        }
        Shown::Screen(screen) => {
            match (&console.being, &screen.picture) {
                (Being::Locked { .. } | Being::Ended(_), picture) => {
                    let reason = reason(console, state.editor.is_some(), look, area.width);
                    draw_lines(&reason, 0, look, area, buffer);
                    // What was seen last stays, as far as there is room: it may say why the machine ended.
                    let rows = u16::try_from(reason.len()).unwrap_or(u16::MAX).min(area.height);
                    let below = Rect { y: area.y + rows, height: area.height - rows, ..area };
                    if let Some(picture) = picture.as_ref().filter(|_| !screen.is_blank()) {
                        screen::draw(screen, picture, (&state.sought, false), look, below, buffer);
                    }
                }
                // The picture comes after the frame, into cells that are blank.
                (_, Some(_)) if screen.is_pixels(state.view.pictures != Pictures::Cells) => {}
                (_, Some(picture)) => {
                    let sought = if state.takes_every_key() { "" } else { &state.sought };
                    screen::draw(screen, picture, (sought, state.no_typing().is_none()), look, area, buffer);
                }
                (_, None) => {
                    draw_lines(&[plain(" waiting for the first picture …", Role::Muted)], 0, look, area, buffer);
                }
            }
            None
        }
    }
}

/// Rows above the screen that is looked at, which say why it is not open any more.
pub(super) fn reason_rows(state: &State, look: &Look<'_>) -> u16 {
    let is_screen = |console: &&Console| console.is_over() && console.which() == Which::Screen;
    let lines = state.console().filter(is_screen);
    let lines = lines.map_or(0, |console| reason(console, state.editor.is_some(), look, state.size.0).len());
    u16::try_from(lines).unwrap_or(u16::MAX)
}

/// Why a screen is not open any more, or that it wants a password, and what has it back; a line is left free below where it was
/// seen.
fn reason(console: &Console, is_editing: bool, look: &Look<'_>, columns: u16) -> Vec<TextLine> {
    let (why, is_asked) = match &console.being {
        Being::Locked { why, .. } => (Some(why), is_editing),
        Being::Ended(why) => (why.as_ref(), false),
        Being::Opening | Being::Open => return vec![],
    };
    let mut lines: Vec<TextLine> = match why {
        Some(why) => trouble_lines(why, usize::from(columns.saturating_sub(2)).max(1), look),
        None => vec![plain("the screen was closed at its other end", Role::Text)],
    };
    if console.attempts > 0 {
        lines.push(plain(format!("tried again {}", times(console.attempts)), Role::Muted));
    }
    // Where it is being typed, that key is a part of it.
    if !is_asked {
        let again = if console.wants_password { "asks for the password" } else { "opens it again" };
        lines.push(plain(look.say(&format!("<console-reattach> {again}")), Role::Muted));
    }
    if matches!(&console.shown, Shown::Screen(Screen { picture: Some(_), .. })) {
        lines.push(plain(String::new(), Role::Text));
    }
    lines
}

/// `once`, `3 times`
fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// The picture that is to stand in the pane in pixels, and its cells; `None` where there is none.
pub(crate) fn picture(state: &State, area: Rect) -> Option<(Rect, Arc<Frame>, Pictures)> {
    let console = state.console().filter(|console| !console.is_over())?;
    let Shown::Screen(screen) = &console.shown else { return None };
    let by = state.view.pictures;
    let picture =
        screen.picture.as_ref().filter(|_| screen.is_pixels(by != Pictures::Cells) && state.editor.is_none())?;
    let tabs = state.tab_rows();
    let area = Rect { y: area.y + tabs, height: area.height.saturating_sub(tabs), ..area };
    Some((screen::place_of(&picture.frame, area)?, Arc::clone(&picture.frame), by))
}

/// The title of what is opened; `None` for the list, which has the pane's own.
pub(crate) fn title(state: &State, look: &Look<'_>) -> Option<Title> {
    match state.page.as_ref()? {
        Page::Details(details) => Some(details::title(state, details, look)),
        Page::Form(form) => Some(form::title(form)),
        Page::Consoles => state.console().map(|console| console_title(state, console, look)),
    }
}

/// `leaf1 · serial · lab  ● open ──── ^] leaves · ^]^] sends it`
fn console_title(state: &State, console: &Console, look: &Look<'_>) -> Title {
    let dot = look.pick(" · ", " - ");
    let what = match (&console.shown, console.which()) {
        (Shown::Screen(screen), _) if screen.is_text() && screen.is_blank() => "screen, blank",
        (Shown::Screen(screen), _) if screen.is_text() => "screen, as text",
        (Shown::Screen(_), _) => "screen",
        (_, Which::Serial | Which::Screen) => "serial",
    };
    let mut left = vec![(console.target.machine().to_owned(), Role::Accent), (format!("{dot}{what}"), Role::Muted)];
    let (sign, word) = words::console(&console.being);
    left.push((format!("  {} {word}", look.glyph(sign)), sign.role()));
    if console.being == Being::Opening && console.has_early() {
        left.push(("  keys wait".to_owned(), Role::Muted));
    }
    if console.log.is_some() && console.is_open() {
        left.push((format!("  rec {}", look.glyph(Sign::Active)), Role::Failed));
    }
    match &console.shown {
        Shown::Serial(emulator) if emulator.above() > 0 => {
            left.push((format!("  {} lines up", emulator.above()), Role::Warning));
        }
        Shown::Screen(screen) => left.extend(part(screen, state.room()).map(|part| (format!("  {part}"), Role::Muted))),
        Shown::Serial(_) => {}
    }
    let escape = state.view.escape.short();
    let (short, more) = match (&console.being, state.takes_every_key()) {
        (Being::Locked { .. }, _) if state.editor.is_some() => ("esc lets it go".to_owned(), String::new()),
        (Being::Locked { .. }, _) => (look.say("<console-reattach> asks for it").into_owned(), String::new()),
        (Being::Ended(_), false) if console.wants_password => {
            (look.say("<console-reattach> asks for it").into_owned(), String::new())
        }
        (Being::Ended(_), false) => (look.say("<console-reattach> opens it again").into_owned(), String::new()),
        (_, true) => (format!("{escape} leaves"), format!("{dot}{escape}{escape} sends it")),
        (_, false) if state.no_typing().is_some() => ("read-only: keys stay here".to_owned(), String::new()),
        (_, false) => (look.say("<console-attach> types on").into_owned(), String::new()),
    };
    // The key that leaves is seen whatever else there is to say; the rule takes a few cells.
    let room = usize::from(state.size.0).saturating_sub(8);
    let cells = |left: &[Span]| left.iter().map(|(text, _)| width(text)).sum::<usize>();
    let fits = |left: &[Span], right: &str| cells(left) + width(right) <= room;
    let long = format!("{short}{more}");
    let right = if fits(&left, &long) { long } else { short };
    while left.len() > 1 && !fits(&left, &right) {
        left.pop();
    }
    let others = cells(left.get(1..).unwrap_or_default()) + width(&right);
    if let Some((name, _)) = left.first_mut() {
        *name = fit(name, room.saturating_sub(others).max(4)).into_owned();
    }
    Title { left, right: Some((right, Role::Key)) }
}

/// The rows of a text screen that are seen, where not all of them are.
fn part(screen: &Screen, room: (u16, u16)) -> Option<String> {
    let picture = screen.picture.as_ref()?;
    if screen.is_near && !screen.is_text() {
        let (x, y) = screen.at.unwrap_or_default();
        let (width, height) = (picture.frame.width(), picture.frame.height());
        // Two pixels in a cell.
        let seen = (room.0.min(width), room.1.saturating_mul(2).min(height));
        let (x, y) = (x.min(width - seen.0), y.min(height - seen.1));
        return Some(format!("{}x{} at {x},{y} of {width}x{height}", seen.0, seen.1));
    }
    // Of a screen with nothing on it there is no part to go to.
    let is_seen_in_part = |text: &TextScreen| screen.is_text() && !screen.is_blank() && text.rows() > room.1;
    let text = picture.text.as_deref().filter(|text| is_seen_in_part(text))?;
    let (_, top) = screen.corner(text, room);
    Some(format!("rows {}-{} of {}", top + 1, top + room.1, text.rows()))
}

/// Lines above the list that say what is listed, and why it is old.
pub(super) fn status_rows(state: &State) -> usize {
    let is_editing = matches!(&state.editor, Some(Editor { purpose: For::Filter(_), .. }));
    usize::from(
        state.page.is_none()
            && (is_editing || !state.filter.is_empty() || stale(state).is_some() || state.hidden.is_some()),
    )
}

/// Why what is listed of the cluster is old.
fn stale(state: &State) -> Option<&'static str> {
    state.vms.as_ref()?;
    match state.health {
        Health::Live => None,
        Health::Connecting => Some("it is being asked again"),
        Health::Failing { word, .. } => Some(word),
    }
}

/// Draws the line above the list.
fn draw_status(state: &State, look: &Look<'_>, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let mut pen = Pen::new(buffer, area, 0);
    pen.skip(1);
    if let Some(why) = stale(state) {
        let style = look.theme.style(Role::Stale);
        pen.text(look.glyph(Sign::Stale), style).text(" the cluster's machines are not up to date: ", style);
        pen.text(why, style).text("   ", style);
    } else if let Some(hidden) = &state.hidden {
        let style = look.theme.style(Role::Warning);
        let is_filtered = !state.filter.is_empty() || state.editor.is_some();
        let why = if is_filtered { hidden.what().to_owned() } else { hidden.one_line() };
        pen.text(look.glyph(Sign::Warning), style).text(" ", style).text(&why, style).text("   ", style);
    }
    let (text, before) = match &state.editor {
        Some(Editor { field, purpose: For::Filter(_) }) => (field.text(), Some(field.before_cursor())),
        _ => (state.filter.as_str(), None),
    };
    if text.is_empty() && before.is_none() {
        return None;
    }
    let count = format!("{} of {}", state.list.rows().len(), state.rows().len());
    pen.text(&count, look.theme.style(Role::Muted)).text("   /", look.theme.style(Role::Key));
    let at = area.width.saturating_sub(u16::try_from(pen.left()).unwrap_or(0));
    pen.text(text, look.theme.style(Role::Accent));
    before.map(|before| {
        let x = at.saturating_add(u16::try_from(width(before)).unwrap_or(u16::MAX));
        Position { x: area.x + x.min(area.width.saturating_sub(1)), y: area.y }
    })
}

/// A list without rows: what would be here, how it comes, or why it cannot be had.
fn draw_empty(state: &State, look: &Look<'_>, area: Rect, buffer: &mut Buffer) {
    let cells = usize::from(area.width.saturating_sub(2)).max(1);
    let area = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(1), ..area };
    let mut lines: Vec<TextLine> = Vec::new();
    let text = match (&state.health, &state.view.cluster, &state.vms) {
        (Health::Failing { trouble, retry_at, .. }, Some(_), None) => {
            lines.extend(trouble_lines(trouble, cells, look));
            let retry = tried_again(*retry_at, look.zone, look.now, "");
            lines.push(plain(look.say(&retry), Role::Muted));
            None
        }
        (_, Some(_), None) => Some("asking the cluster …"),
        _ if !state.filter.is_empty() => Some("nothing matches; <back> clears the filter"),
        (_, Some(_), Some(_)) => {
            Some("no machines: there are none in this namespace (all_namespaces = true shows all)")
        }
        (_, None, _) if state.view.proxies.is_empty() => Some(UNCONFIGURED),
        (_, None, _) => Some("no machines: neither the token nor `machines` in [[console.proxy]] names any"),
    };
    if let Some(hidden) = &state.hidden {
        lines.extend(trouble_lines(hidden, cells, look));
    }
    lines.extend(text.into_iter().flat_map(|text| wrap(&look.say(text), cells)).map(|line| plain(line, Role::Muted)));
    for trouble in state.proxied.values().filter_map(|(_, trouble)| trouble.as_ref()) {
        lines.extend(trouble_lines(trouble, cells, look));
    }
    draw_lines(&lines, 0, look, area, buffer);
}

//! The rows: machines with what is known of them, and definitions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::words;
use crate::features::console::cluster::model::Vm;
use crate::features::console::model::{Described, Grant, Proxied, Row};
use crate::features::console::pane::{State, Tried};
use crate::ui::Look;
use crate::ui::line::{Pen, width};
use crate::ui::list::Line;
use crate::ui::theme::{Role, State as Sign};
use crate::ui::time::{age, brief_distance};

/// Names may be this short without their column becoming narrower.
const SHORT: usize = 8;

/// Columns in cells, the gaps behind them included; 0 leaves a column out.
#[derive(Debug, Clone, Copy)]
struct Columns {
    name: usize,
    state: usize,
    namespace: usize,
    node: usize,
    address: usize,
    age: usize,
}

/// The columns for so many cells where the longest name has `longest` of them.
fn columns(cells: usize, longest: usize, has_namespaces: bool) -> Columns {
    let name = |most: usize| most.min(longest.max(SHORT) + 2);
    let namespace = if has_namespaces { 16 } else { 0 };
    match cells {
        ..56 => Columns { name: name(24), state: 12, namespace: 0, node: 0, address: 0, age: 0 },
        56..80 => Columns { name: name(22), state: 14, namespace: 0, node: 0, address: 18, age: 0 },
        80..110 => Columns { name: name(24), state: 18, namespace: 0, node: 12, address: 18, age: 6 },
        _ => Columns { name: name(32), state: 20, namespace, node: 16, address: 18, age: 6 },
    }
}

/// Draws the list.
pub(super) fn draw(state: &State, look: &Look<'_>, focused: bool, area: Rect, buffer: &mut Buffer) {
    let rows = state.list.rows();
    let longest = rows.iter().map(|row| width(row.name())).max().unwrap_or(0);
    let has_namespaces = state.view.cluster.as_ref().is_some_and(|cluster| cluster.all_namespaces);
    let columns = columns(usize::from(area.width), longest, has_namespaces);
    for (y, line) in state.list.lines().into_iter().enumerate().take(usize::from(area.height)) {
        let mut pen = Pen::new(buffer, area, u16::try_from(y).unwrap_or(u16::MAX));
        match line {
            Line::Heading(text) => {
                pen.skip(1).text(text, look.theme.style(Role::Title));
            }
            Line::Row(index, row) => {
                let is_selected = index == state.list.cursor();
                draw_row(state, row, columns, look, (is_selected, focused), &mut pen);
            }
        }
    }
}

/// One row. A highlight ends behind the name, so that the state keeps its colour.
fn draw_row(
    state: &State,
    row: &Row,
    columns: Columns,
    look: &Look<'_>,
    (is_selected, focused): (bool, bool),
    pen: &mut Pen<'_>,
) {
    let style = |role| look.theme.style(role);
    let console = state.consoles.iter().find(|console| console.is_of(row));
    let (mark, role) = match console {
        Some(console) if console.is_active && console.is_over() => {
            (look.glyph(words::console(&console.being).0), words::console(&console.being).0.role())
        }
        Some(console) if console.is_active => (look.pick("▎", "*"), Role::Changed),
        Some(console) if console.is_open() => (look.pick("›", ">"), Role::Accent),
        Some(_) | None => (" ", Role::Text),
    };
    let (sign, word) = sign(state, row, look);
    let text = style(if matches!(sign, Sign::Planned) { Role::Muted } else { Role::Text });
    pen.text(mark, style(role)).text(look.glyph(sign), style(sign.role())).skip(1);
    pen.column(row.name(), columns.name.saturating_sub(2), text).skip(2);
    if is_selected {
        pen.highlight(style(if focused { Role::Selected } else { Role::SelectedUnfocused }));
    }
    let loud = matches!(sign, Sign::Failed | Sign::Warning | Sign::Paused);
    pen.column(&word, columns.state.saturating_sub(2), style(if loud { sign.role() } else { Role::Text })).skip(2);
    match row {
        Row::Vm(vm) => draw_vm(vm, columns, look, pen),
        Row::Proxied(row) => draw_proxied(row, state.tried(row), look, pen),
        Row::Definition(row) => draw_definition(row, look, pen),
    }
}

/// The glyph and the word of a row's state.
fn sign(state: &State, row: &Row, look: &Look<'_>) -> (Sign, String) {
    match row {
        Row::Vm(vm) => match state.acting.get(&vm.key()) {
            Some(action) => (Sign::Progress, action.doing().to_owned()),
            None => (words::machine(vm.being()), vm.state().to_owned()),
        },
        // A console that is open outlives its token.
        Row::Proxied(it) if state.has_open(row) && matches!(state.tried(it), Some(Tried::Reached(_))) => {
            (Sign::Active, "reached".to_owned())
        }
        Row::Proxied(row) => match (&row.grant, row.objection(look.now)) {
            (Grant::Token { .. } | Grant::Made, None) => match (state.tried(row), &row.grant) {
                (Some(Tried::Reached(_)), _) => (Sign::Active, "reached".to_owned()),
                (Some(Tried::Failed(..)), _) => (Sign::Failed, "failed".to_owned()),
                // Nobody has asked the proxy: of the machine nothing is known.
                (None, Grant::Made) => (Sign::Planned, "not tried".to_owned()),
                (None, _) => (Sign::Planned, "token good".to_owned()),
            },
            (Grant::Asked, _) => (Sign::Progress, "fetching".to_owned()),
            (Grant::None(_), _) => (Sign::Failed, "no token".to_owned()),
            (Grant::Token { .. } | Grant::Made, Some(_)) => (Sign::Warning, "not let in".to_owned()),
        },
        Row::Definition(row) => match row.refusal() {
            Some(_) => (Sign::Failed, "refused".to_owned()),
            None if row.remarks.is_empty() => (Sign::Done, "sound".to_owned()),
            None => (Sign::Warning, "sound".to_owned()),
        },
    }
}

/// What else is known of a machine of the cluster.
fn draw_vm(vm: &Vm, columns: Columns, look: &Look<'_>, pen: &mut Pen<'_>) {
    let style = |role| look.theme.style(role);
    let instance = vm.instance.as_ref();
    let mut column = |text: &str, cells: usize, role: Role| {
        if cells > 0 {
            pen.column(text, cells.saturating_sub(2), style(role)).skip(2);
        }
    };
    column(&vm.namespace, columns.namespace, Role::Muted);
    column(instance.and_then(|instance| instance.node.as_deref()).unwrap_or_default(), columns.node, Role::Text);
    column(vm.addresses().first().copied().unwrap_or_default(), columns.address, Role::Text);
    if columns.age > 0 {
        let age = vm.created().map_or_else(String::new, |at| age(at, look.now));
        pen.column_right(&age, columns.age - 2, style(Role::Muted)).skip(2);
    }
    let mut rest: Vec<&str> = Vec::new();
    rest.extend(instance.and_then(|instance| instance.guest.as_deref()));
    if vm.is_running() && !vm.is("Ready") && !vm.is_paused() {
        rest.push("not ready");
    }
    rest.extend(["MigrationRequired", "EvictionRequested"].into_iter().filter(|kind| vm.is(kind)));
    rest.extend(instance.and_then(|instance| instance.reason.as_deref()));
    rest.extend(vm.why_failed());
    pen.text(&rest.join(look.pick(" · ", " - ")), style(Role::Muted));
}

/// What is known of a machine behind a proxy.
fn draw_proxied(row: &Proxied, tried: Option<&Tried>, look: &Look<'_>, pen: &mut Pen<'_>) {
    let style = |role| look.theme.style(role);
    let what = match row.has {
        (true, true) => "serial, screen",
        (true, false) => "serial",
        (false, _) => "screen",
    };
    let dot = look.pick(" · ", " - ");
    pen.text(&format!("{what} by {}", row.proxy), style(Role::Text));
    let (text, role) = match (&row.grant, row.objection(look.now)) {
        (_, Some(why)) => (why, Role::Warning),
        (Grant::Token { expires: Some(end), .. }, None) => {
            (format!("token {}", brief_distance(chrono::DateTime::UNIX_EPOCH, *end, look.now)), Role::Muted)
        }
        (Grant::Token { expires: None, .. }, None) => ("the token never ends".to_owned(), Role::Warning),
        (Grant::Made | Grant::Asked | Grant::None(_), None) => ("tokens are made when needed".to_owned(), Role::Muted),
    };
    pen.text(dot, style(Role::Muted)).text(&text, style(role));
    if let Some(Tried::Failed(at, why)) = tried {
        let ago = age(*at, look.now);
        pen.text(dot, style(Role::Muted)).text(&format!("{ago} ago: {why}"), style(Role::Failed));
    }
}

/// What is known of a definition.
fn draw_definition(row: &Described, look: &Look<'_>, pen: &mut Pen<'_>) {
    let style = |role| look.theme.style(role);
    if let Some(why) = row.refusal() {
        pen.text(&why, style(Role::Failed));
        return;
    }
    let Ok(definition) = &row.read else { return };
    let number = |name: &str, unit: &str| {
        definition.get(name).map(|field| format!("{}{unit}", field.text())).unwrap_or_default()
    };
    let parts = [number("memory", " MB"), number("cpus", " CPUs"), number("disk", " MB of disk")];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    pen.text(&parts.join(look.pick(" · ", " - ")), style(Role::Muted));
    let ignored = row.remarks.len();
    if ignored > 0 {
        let fields = if ignored == 1 { "field is" } else { "fields are" };
        pen.text(&format!("  {ignored} {fields} not read by clients"), style(Role::Warning));
    }
}

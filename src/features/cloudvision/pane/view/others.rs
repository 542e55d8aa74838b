//! The lists above the two panes: open workspaces, devices.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Rows, draw_empty, draw_sign, words};
use crate::features::cloudvision::leftover::Standing;
use crate::features::cloudvision::model::{Device, Workspace, WorkspaceState};
use crate::features::cloudvision::pane::State;
use crate::features::cloudvision::pane::opened::Board;
use crate::ui::Look;
use crate::ui::line::width;
use crate::ui::page::Title;
use crate::ui::theme::{Role, State as Sign};
use crate::ui::time::age;

/// From so many cells on, every column has room.
const WIDE: usize = 140;
/// Cells of who made a workspace, at most.
const MAKER: usize = 12;
/// In fewer cells a sentence tells nothing.
const LEAST: usize = 12;

/// `open workspaces on PROD-EMEA`, and how many.
pub(super) fn title(state: &State, what: &str, count: usize) -> Title {
    let mut left = vec![(format!("{what} "), Role::Accent)];
    left.extend(state.badge_of_instance());
    Title { left, right: (count > 0).then(|| (count.to_string(), Role::Text)) }
}

/// Draws the workspaces that are open.
pub(super) fn draw_workspaces(
    state: &State,
    board: &Board<Workspace>,
    look: &Look<'_>,
    focused: bool,
    area: Rect,
    buffer: &mut Buffer,
) {
    if board.list.rows().is_empty() {
        let text = match state.instance().map(|instance| instance.workspaces.told_at.is_some()) {
            Some(true) if board.filter.is_empty() => "no workspace is open: nothing was left behind",
            Some(true) => "nothing matches; <back> clears the filter",
            _ => "reading the workspaces …",
        };
        return draw_empty(state, text, look, area, buffer);
    }
    let cells = usize::from(area.width);
    let called = |workspace: &Workspace| {
        if workspace.name.is_empty() { workspace.id.to_string() } else { workspace.name.clone() }
    };
    // No wider than the names are: what there is to know of each stands behind them.
    let widest = board.list.rows().iter().map(|workspace| width(&called(workspace)) + 2).max().unwrap_or_default();
    let by = |workspace: &Workspace| width(&workspace.created_by);
    let widest_by = board.list.rows().iter().map(by).max().unwrap_or_default().clamp(4, MAKER);
    let maker = if cells < WIDE { widest_by } else { MAKER };
    let room = cells.saturating_sub(3 + 11 + 8 + if cells < 60 { 0 } else { maker + 2 });
    let name = if cells < WIDE { room.min(widest.max(20)) } else { room }.min(50);
    let rows = Rows { look, focused, area };
    rows.draw(&board.list, buffer, |workspace, selected, pen| {
        let text = look.theme.style(Role::Text);
        let (sign, word) = words::workspace(workspace.state);
        // Nobody goes on with it: that stands out among what others work with, however narrow the screen is.
        let of_here = state.leftover(&workspace.id);
        let is_nobodys = of_here.as_ref().is_some_and(|it| it.standing != Standing::InUse);
        let sign = if is_nobodys { Sign::Warning } else { sign };
        // In a word as well, for there is not always room for the rest.
        let is_open = workspace.state == WorkspaceState::Pending;
        let word = of_here.as_ref().filter(|_| is_open).map_or(word, |it| it.standing.word());
        draw_sign(pen, false, sign, look);
        pen.column(word, 9, text).skip(2);
        pen.column(&called(workspace), name.saturating_sub(2), text).skip(2);
        rows.highlight(selected, pen);
        if cells >= 60 {
            pen.column(&workspace.created_by, maker, text).skip(2);
        }
        let at = workspace.modified_at.max(workspace.created_at);
        pen.column_right(&at.map_or_else(String::new, |at| age(at, look.now)), 6, text).skip(2);
        let of_here = of_here.map(|it| it.to_string());
        let mut rest: Vec<&str> = of_here.as_deref().into_iter().collect();
        if workspace.needs_rebase {
            rest.push("what is in force has moved");
        }
        if workspace.needs_build {
            // That is so after a build that failed as well.
            rest.push(if workspace.last_build.is_some() { "needs another build" } else { "not built" });
        }
        rest.extend((!workspace.description.is_empty()).then_some(workspace.description.as_str()));
        let rest = rest.join(" · ");
        if width(&rest) <= pen.left() || pen.left() >= LEAST {
            pen.text(&rest, look.theme.style(Role::Muted));
        }
    });
}

/// Draws the devices.
pub(super) fn draw_devices(
    state: &State,
    board: &Board<Device>,
    look: &Look<'_>,
    focused: bool,
    area: Rect,
    buffer: &mut Buffer,
) {
    if board.list.rows().is_empty() {
        let text = match state.instance().map(|instance| instance.devices.told_at.is_some()) {
            Some(true) if board.filter.is_empty() => "no devices: what is onboarded appears here",
            Some(true) => "nothing matches; <back> clears the filter",
            _ => "reading the inventory …",
        };
        return draw_empty(state, text, look, area, buffer);
    }
    let cells = usize::from(area.width);
    let name = cells.saturating_sub(3 + 14).clamp(8, 24);
    let rows = Rows { look, focused, area };
    rows.draw(&board.list, buffer, |device, selected, pen| {
        let text = look.theme.style(Role::Text);
        let (sign, word) = if device.streaming { (Sign::Active, "streaming") } else { (Sign::Failed, "silent") };
        draw_sign(pen, false, sign, look);
        pen.column(word, 9, text).skip(2);
        let called = if device.hostname.is_empty() { device.id.as_str() } else { &device.hostname };
        pen.column(called, name, text).skip(2);
        rows.highlight(selected, pen);
        pen.column(device.id.as_str(), 16, text).skip(2);
        pen.column(&device.model, 20, text).skip(2).column(&device.version, 14, text).skip(2);
        pen.column(&device.mac, 17, look.theme.style(Role::Muted)).skip(2);
        if device.fqdn != device.hostname {
            pen.text(&device.fqdn, look.theme.style(Role::Muted));
        }
    });
}

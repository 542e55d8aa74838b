//! A plan: what is to be changed, and what came of each.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::features::lab::act::{Change, Outcome, beside};
use crate::features::lab::pane::plan::{Item, Plan, Stage, Standing};
use crate::text::counted;
use crate::ui::Look;
use crate::ui::line::{Pen, fit, width, wrap};
use crate::ui::list::Line;
use crate::ui::page::Title;
use crate::ui::theme::{Role, State as Sign};

/// Rows above the changes.
pub(in crate::features::lab::pane) const HEAD: usize = 1;
/// Rows below them, for the whole of what a line has no room for; where there are few, all are for changes.
const FOOT: u16 = 4;
const LEAST_ROWS: u16 = 12;
/// Cells of what a change is about.
const TITLE: usize = 28;

/// Rows of so many that are not for changes.
pub(in crate::features::lab::pane) fn taken(rows: u16) -> usize {
    HEAD + usize::from(if rows >= LEAST_ROWS { FOOT } else { 0 })
}

/// What stands in the title rule.
pub(super) fn title(plan: &Plan) -> Title {
    let (wanted, done, failed) = plan.counts();
    let right = match &plan.stage {
        Stage::Drafted => (format!("{}, none done", counted(wanted, "change")), Role::Planned),
        Stage::Running(..) => (format!("{wanted} to go, <lab-stop> stops"), Role::Progress),
        Stage::Over if failed > 0 => (format!("{done} done, {failed} failed"), Role::Failed),
        Stage::Over => (format!("{done} done"), Role::Ok),
    };
    let left = vec![(plan.title.clone(), Role::Accent), (format!(" → {}", plan.lab), Role::Muted)];
    Title { left, right: Some(right) }
}

/// How a change reads: glyph, word, and what there is to say.
fn told(item: &Item) -> (Sign, &'static str, String) {
    let note = item.note.clone();
    match (&item.standing, &item.change) {
        (Standing::Wanted, Some(Change::Add(_))) => (Sign::Planned, "make", note),
        (Standing::Wanted, _) => (Sign::Planned, "delete", note),
        (Standing::LeftOut, Some(_)) => (Sign::Cancelled, "left out", note),
        (Standing::LeftOut, None) => (Sign::Cancelled, "nothing", note),
        (Standing::Begun, _) => (Sign::Progress, "asked", String::new()),
        (Standing::NotBegun, _) => (Sign::Cancelled, "not begun", String::new()),
        (Standing::Ended(Outcome::Made { forward, twin }), _) => {
            (Sign::Done, "made", format!("on {}{}", forward.port, beside(forward, *twin)))
        }
        (Standing::Ended(Outcome::Found { forward, kept: false }), _) => {
            (Sign::Done, "found", format!("there already, on {}", forward.port))
        }
        (Standing::Ended(Outcome::Found { forward, kept: true }), _) => {
            (Sign::Done, "kept", format!("made for a connection, on {}: it stays now", forward.port))
        }
        (Standing::Ended(Outcome::Stays { why, .. }), _) => (Sign::Done, "stays", why.clone()),
        (Standing::Ended(Outcome::Removed { .. }), _) => (Sign::Done, "deleted", String::new()),
        (Standing::Ended(Outcome::Mended { .. }), _) => (Sign::Done, "mended", "by the gateway's shell".to_owned()),
        (Standing::Ended(Outcome::Failed { trouble }), _) => (Sign::Failed, "failed", trouble.one_line()),
    }
}

/// Draws it.
pub(super) fn draw(plan: &Plan, look: &Look<'_>, focused: bool, area: Rect, buffer: &mut Buffer) {
    let style = |role| look.theme.style(role);
    let head = match plan.stage {
        Stage::Drafted => {
            "<lab-carry-out> carries it out after a question, <lab-leave-out> leaves one out, <back> forgets it"
        }
        Stage::Running(..) => "one after the other, as the gateway works",
        Stage::Over => "<back> goes back to the list",
    };
    Pen::new(buffer, area, 0).skip(1).text(&look.say(head), style(Role::Muted));
    let height = usize::from(area.height).saturating_sub(taken(area.height));
    let rows = Rect { y: area.y + 1, height: u16::try_from(height).unwrap_or(0), ..area };
    let longest = plan.list.rows().iter().map(|item| width(&item.title) + width(&item.port)).max().unwrap_or(0);
    let longest = longest.min(TITLE);
    draw_foot(plan, look, area, buffer);
    for (y, line) in plan.list.lines().into_iter().enumerate().take(usize::from(rows.height)) {
        let Line::Row(index, item) = line else { continue };
        let mut pen = Pen::new(buffer, rows, u16::try_from(y).unwrap_or(u16::MAX));
        let (sign, word, note) = told(item);
        pen.skip(1).text(look.glyph(sign), style(sign.role())).skip(1);
        pen.column(word, 9, style(Role::Text)).skip(2);
        let title = fit(&item.title, longest.saturating_sub(width(&item.port)));
        pen.column(&format!("{title}{}", item.port), longest, style(Role::Text)).skip(2);
        if index == plan.list.cursor() {
            pen.highlight(style(if focused { Role::Selected } else { Role::SelectedUnfocused }));
        }
        pen.text(&look.say(&note), style(if sign == Sign::Failed { Role::Failed } else { Role::Muted }));
    }
}

/// The whole of the change under the cursor, below the changes.
fn draw_foot(plan: &Plan, look: &Look<'_>, area: Rect, buffer: &mut Buffer) {
    let foot = area.height.saturating_sub(FOOT - 1);
    let (Some(item), true) = (plan.list.selected(), area.height >= LEAST_ROWS) else { return };
    let (_, word, note) = told(item);
    let colon = if note.is_empty() { "" } else { ": " };
    let text = format!("{word} {}{}{colon}{}", item.title, item.port, look.say(&note));
    let cells = usize::from(area.width.saturating_sub(2));
    for (y, line) in (foot..area.height).zip(wrap(&text, cells)) {
        Pen::new(buffer, area, y).skip(1).text(&line, look.theme.style(Role::Text));
    }
}

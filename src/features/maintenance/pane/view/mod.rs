//! How the pane looks. Reads the state, stores nothing.

pub(crate) mod list;
mod maintenance;
mod notification;
mod outbox;
mod sources;
mod typed;
mod words;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::State;
use super::editor::Editor;
use super::opened::Page;
use crate::ui::Look;
use crate::ui::page::{Title, draw_prompt};

pub(super) use maintenance::{lay_out as lay_out_maintenance, lines as maintenance_lines};
pub(super) use notification::{
    lay_out as lay_out_notification, mail_lines, raw_lines, reason_rows as notification_reason_rows,
    status_rows as mail_status_rows,
};
pub(super) use sources::lines as source_lines;
pub(super) use typed::told_of_form;

/// Draws the pane into `area`; `absent` is what to say while no source is configured and nothing is stored. Returns where
/// text is being typed.
pub(crate) fn draw(
    state: &State,
    look: &Look<'_>,
    absent: Option<&str>,
    focused: bool,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let cursor = match state.pages.last() {
        None => list::draw(state, look, absent, focused, area, buffer),
        Some(Page::Maintenance(page)) => {
            maintenance::draw(page, look, area, buffer);
            None
        }
        Some(Page::Notifications(page)) => notification::draw_list(state, page, look, area, buffer),
        Some(Page::Notification(page)) => {
            notification::draw(page, look, area, buffer);
            None
        }
        Some(Page::Sources(page)) => {
            sources::draw(state, page, look, area, buffer);
            None
        }
        Some(Page::Outbox(page)) => {
            outbox::draw(state, page, look, area, buffer);
            None
        }
    };
    match &state.editor {
        Some(Editor::Note { field, about, .. }) => {
            Some(draw_prompt(&format!("Note on {about}"), field, 3, look, area, buffer))
        }
        Some(Editor::Form(form)) => Some(typed::draw_form(form, look, area, buffer)),
        Some(Editor::Pick(picker)) => Some(typed::draw_picker(picker, look, area, buffer)),
        Some(Editor::Filter { .. }) | None => cursor,
    }
}

/// The title of what is opened; `None` for the list, which has the pane's own.
pub(crate) fn title(state: &State, look: &Look<'_>) -> Option<Title> {
    match state.pages.last()? {
        Page::Maintenance(page) => maintenance::title(page, look, usize::from(state.size.0)),
        Page::Notifications(page) => Some(notification::list_title(page)),
        Page::Notification(page) => notification::title(page, look),
        Page::Sources(page) => Some(sources::title(page)),
        Page::Outbox(page) => Some(outbox::title(page, state.nautobot.as_ref())),
    }
}

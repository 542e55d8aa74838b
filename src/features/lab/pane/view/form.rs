//! The form for a new forward.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::features::lab::model::{Protocol, component};
use crate::features::lab::pane::State;
use crate::features::lab::pane::form::{Ask, Form};
use crate::features::lab::pane::lab::LabState;
use crate::ui::Look;
use crate::ui::line::{Pen, fit, width, wrap};
use crate::ui::page::Title;
use crate::ui::theme::Role;

/// Cells of a label.
const LABEL: usize = 12;

/// What stands in the title rule.
pub(super) fn title(state: &State, form: &Form) -> Title {
    let what = match form.several.len() {
        0 => "new forward".to_owned(),
        many => format!("a forward for each of {many} machines"),
    };
    let mut left = vec![(what, Role::Accent), (" → ".to_owned(), Role::Muted)];
    left.extend(state.badge_of_lab());
    Title { left, right: None }
}

/// Draws it; returns where text is being typed.
pub(super) fn draw(state: &State, form: &Form, look: &Look<'_>, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let style = |role| look.theme.style(role);
    let mut cursor = None;
    let mut y = 1;
    if !form.several.is_empty() {
        let names: Vec<&str> = form.several.iter().map(|(name, ..)| name.as_str()).collect();
        let cells = usize::from(area.width).saturating_sub(LABEL + 2).max(8);
        for (at, line) in wrap(&names.join(", "), cells).into_iter().take(4).enumerate() {
            let label = if at == 0 { "Machines" } else { "" };
            Pen::new(buffer, area, y).skip(1).column(label, LABEL, style(Role::Muted)).text(&line, style(Role::Text));
            y += 1;
        }
    }
    for at in form.asked() {
        let Some(ask) = Ask::ALL.get(at).copied() else { continue };
        let is_current = at == form.at;
        let field = form.field(ask);
        let mut pen = Pen::new(buffer, area, y);
        pen.text(if is_current { look.pick("▸", ">") } else { " " }, style(Role::Accent));
        pen.column(ask.label(), LABEL, style(if is_current { Role::Accent } else { Role::Muted }));
        let room = pen.left();
        pen.text(&fit(field.text(), room), style(Role::Text));
        if is_current {
            let x = 1 + LABEL + width(field.before_cursor());
            let x = u16::try_from(x).unwrap_or(u16::MAX).min(area.width.saturating_sub(1));
            cursor = Some(Position { x: area.x + x, y: (area.y + y).min(area.bottom().saturating_sub(1)) });
        }
        y += 1;
    }
    y += 1;
    let said = match &form.complaint {
        Some(why) => (why.clone(), Role::Warning),
        None => (hint(state, form), Role::Muted),
    };
    let hindrance = state.lab().and_then(LabState::hindrance);
    let crowding = state.snapshot().and_then(|snapshot| snapshot.crowding());
    let warnings =
        form.warning().into_iter().chain(form.doubt(state.snapshot().as_deref())).chain(hindrance).chain(crowding);
    for (text, role) in std::iter::once(said).chain(warnings.map(|warning| (warning, Role::Warning))) {
        for line in wrap(&text, usize::from(area.width.saturating_sub(2)).max(8)) {
            Pen::new(buffer, area, y).skip(1).text(&line, style(role));
            y += 1;
        }
    }
    cursor
}

/// What helps with the field that is typed into.
fn hint(state: &State, form: &Form) -> String {
    match form.current() {
        Ask::Machine => {
            let typed = form.field(Ask::Machine).text().to_lowercase();
            let snapshot = state.snapshot();
            let names = snapshot.iter().flat_map(|snapshot| snapshot.machines.keys());
            let fitting: Vec<&str> =
                names.map(String::as_str).filter(|name| name.to_lowercase().contains(&typed)).take(12).collect();
            if fitting.is_empty() { "a machine that the lab does not know yet".to_owned() } else { fitting.join("  ") }
        }
        Ask::Address => "IPv4, as the machine has it inside of the lab".to_owned(),
        Ask::Component => "what it is decides the usual protocol, user and port".to_owned(),
        Ask::Protocol => {
            let known = component(form.field(Ask::Component).text());
            // Files go over the port for shells: they need no forward of their own.
            let own = known.protocols.iter().filter(|it| !matches!(it, Protocol::Sftp | Protocol::Scp));
            let names: Vec<&str> = own.map(|protocol| protocol.as_str()).collect();
            let usual = if names.is_empty() { "none but its console".to_owned() } else { names.join(", ") };
            format!("usual here: {usual}; ctrl-n and ctrl-p go through all of them")
        }
        Ask::Port => "any TCP port of the machine; the gateway chooses its own, usually from 50000 to 50100".to_owned(),
    }
}

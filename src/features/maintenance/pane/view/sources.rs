//! The sources: a line for each, and below them all about the one under the cursor.

use chrono::TimeDelta;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::features::maintenance::pane::State as Pane;
use crate::features::maintenance::pane::opened::SourcesPage;
use crate::features::maintenance::worker::{SourceFacts, SourceHealth};
use crate::text::clean_line;
use crate::ui::Look;
use crate::ui::line::{Pen, width, wrap};
use crate::ui::page::{TextLine, Title, draw_lines, plain, trouble_lines};
use crate::ui::theme::{Role, State};
use crate::ui::time::{age, brief};

/// Width of the labels below.
const LABEL: usize = 12;

/// What is listed.
pub(super) fn title(page: &SourcesPage) -> Title {
    let left = vec![("sources".to_owned(), Role::Accent)];
    let many = page.rows.as_ref().map_or(0, Vec::len);
    Title { left, right: (many > 0).then(|| (format!("{many} configured"), Role::Muted)) }
}

/// Draws them.
pub(super) fn draw(model: &Pane, page: &SourcesPage, look: &Look<'_>, area: Rect, buffer: &mut Buffer) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    if let Some(failure) = &page.failure {
        draw_lines(&trouble_lines(failure, usize::from(inner.width), look), 0, look, inner, buffer);
        return;
    }
    let Some(rows) = &page.rows else {
        draw_lines(&[plain("reading the store …", Role::Muted)], 0, look, inner, buffer);
        return;
    };
    if rows.is_empty() {
        let text = "no source is configured; [[maintenance.source]] in the configuration adds one";
        let lines: Vec<TextLine> =
            wrap(text, usize::from(inner.width)).into_iter().map(|line| plain(line, Role::Muted)).collect();
        let lines = with_nautobot(lines, model, look, usize::from(inner.width));
        draw_lines(&lines, 0, look, inner, buffer);
        return;
    }
    // All about one below takes its place from the list where both do not fit.
    let most = usize::from(area.height).saturating_sub(2).max(1);
    let listed = rows.len().min(most / 2 + 1).max(rows.len().min(3));
    let first = page.at.saturating_sub(listed.saturating_sub(1));
    let names = name_cells(rows, area.width);
    draw_row(None, look, names, area, 0, false, buffer);
    for (row, (index, facts)) in rows.iter().enumerate().skip(first).take(listed).enumerate() {
        let y = u16::try_from(row).unwrap_or(u16::MAX).saturating_add(1);
        draw_row(Some((model, facts)), look, names, area, y, index == page.at, buffer);
    }
    let below = u16::try_from(listed).unwrap_or(u16::MAX).saturating_add(1);
    if below < area.height {
        let rest = Rect { y: area.y + below, height: area.height - below, ..area };
        let rule = look.theme.style(Role::Muted);
        Pen::new(buffer, rest, 0).repeat(look.pick("─", "-"), usize::from(rest.width), rule);
        let inner = Rect { y: rest.y + 1, height: rest.height - 1, ..inner };
        let cells = usize::from(inner.width);
        draw_lines(&with_nautobot(about(model, page, look, names, cells), model, look, cells), 0, look, inner, buffer);
    }
}

/// The lines, and below them how Nautobot is doing, where one is configured.
fn with_nautobot(mut lines: Vec<TextLine>, model: &Pane, look: &Look<'_>, cells: usize) -> Vec<TextLine> {
    let connection = super::outbox::connection(model, look, cells);
    if !connection.is_empty() {
        lines.push(plain("", Role::Text));
        lines.extend(connection);
    }
    lines
}

/// Columns of the names: as many as the longest has, of those that the others leave.
fn name_cells(rows: &[SourceFacts], columns: u16) -> usize {
    let (least, others) = match columns {
        ..76 => (14, 0),
        76..96 => (20, 56),
        96.. => (20, 79),
    };
    let room = usize::from(columns).saturating_sub(others);
    let longest = rows.iter().map(|facts| width(&clean_line(&facts.name))).max().unwrap_or_default();
    if others == 0 { least } else { longest.clamp(least, room.max(least)) }
}

/// One source, or the titles of the columns.
fn draw_row(
    of: Option<(&Pane, &SourceFacts)>,
    look: &Look<'_>,
    names: usize,
    area: Rect,
    y: u16,
    is_selected: bool,
    buffer: &mut Buffer,
) {
    let muted = look.theme.style(Role::Muted);
    let (text, state, words) = match of {
        None => {
            let titles = ["source", "state", "last run", "next run", "mails", "to look at", "kind"];
            (muted, None, titles.map(str::to_owned))
        }
        Some((model, facts)) => {
            let (state, word) = state(model, facts);
            let unread: u64 =
                facts.outcomes.iter().filter(|(outcome, _)| outcome.needs_a_look()).map(|(_, mails)| mails).sum();
            let complete = complete(model, facts, look);
            let words = [
                facts.name.clone(),
                word,
                complete,
                next(model, facts, look),
                facts.mails.to_string(),
                if unread == 0 { String::new() } else { unread.to_string() },
                facts.kind.to_owned(),
            ];
            (look.theme.style(Role::Text), Some(state), words)
        }
    };
    let [name, word, complete, next, mails, unread, kind] = words;
    let mut pen = Pen::new(buffer, area, y);
    pen.skip(1);
    match state {
        Some(state) => pen.text(look.glyph(state), look.theme.style(state.role())).skip(1),
        None => pen.skip(2),
    };
    let wide = area.width >= 76;
    pen.column(&name, names, text).skip(2);
    pen.column(&word, if wide { 18 } else { 14 }, text).skip(2);
    pen.column_right(&complete, 9, text).skip(2);
    if area.width >= 96 {
        pen.column_right(&next, 9, text).skip(2);
    }
    pen.column_right(&mails, 7, text);
    if wide {
        pen.skip(2).column_right(&unread, 10, text);
    }
    if area.width >= 96 {
        pen.skip(2).column(&kind, 10, text);
    }
    if is_selected {
        pen.highlight(look.theme.style(Role::Selected));
    }
}

/// When a source was last read to its end.
fn complete(model: &Pane, facts: &SourceFacts, look: &Look<'_>) -> String {
    let here = model.source_state(&facts.name).and_then(|source| source.fresh_at);
    here.max(facts.known.complete_at).map_or_else(|| "never".to_owned(), |at| age(at, look.now))
}

/// When a source is read next, in a word or two.
fn next(model: &Pane, facts: &SourceFacts, look: &Look<'_>) -> String {
    if facts.known.paused.is_some() {
        return "none".to_owned();
    }
    let here = model.source_state(&facts.name);
    let at = match here.map(|source| &source.health) {
        Some(SourceHealth::Down { again_at, .. }) => match again_at {
            Some(when) => *when,
            None => return "by hand".to_owned(),
        },
        Some(SourceHealth::Waiting { again_at, .. }) => *again_at,
        Some(SourceHealth::Watching) => match here.and_then(|source| source.next_at) {
            Some(when) => when,
            None => return "on mail".to_owned(),
        },
        Some(SourceHealth::Starting | SourceHealth::Reading(_)) => return "now".to_owned(),
        Some(SourceHealth::Failing(_) | SourceHealth::Paused { .. } | SourceHealth::Standby { .. }) | None => {
            match facts.known.next_at {
                Some(when) => when,
                None => return String::new(),
            }
        }
    };
    // The screen is drawn anew by the minute.
    match at - look.now {
        left if left <= TimeDelta::zero() => "now".to_owned(),
        left if left < TimeDelta::minutes(1) => "in <1m".to_owned(),
        left if left < TimeDelta::minutes(2) => "in 1m".to_owned(),
        left => format!("in {}", brief(left)),
    }
}

/// How a source goes, in a word or two: as this process has it, else as whoever reads it told.
fn state(model: &Pane, facts: &SourceFacts) -> (State, String) {
    if facts.known.paused.is_some() {
        return (State::Warning, "paused".to_owned());
    }
    let here = model.source_state(&facts.name).map(|source| &source.health);
    match here {
        Some(SourceHealth::Failing(reason)) => (State::Failed, reason.split(':').next().unwrap_or(reason).to_owned()),
        Some(SourceHealth::Down { brief, .. }) => (State::Failed, (*brief).to_owned()),
        Some(SourceHealth::Waiting { reason, .. }) => (State::Failed, (*reason).to_owned()),
        Some(SourceHealth::Starting) => (State::Progress, "being opened".to_owned()),
        Some(SourceHealth::Reading(mails)) => (State::Progress, format!("reading {mails}")),
        Some(SourceHealth::Watching) => (State::Active, "live".to_owned()),
        Some(SourceHealth::Paused { .. } | SourceHealth::Standby { .. }) | None => match &facts.known.failed {
            Some(_) => (State::Failed, "failing elsewhere".to_owned()),
            None if facts.reader.is_some() => (State::Active, "read elsewhere".to_owned()),
            None => (State::Planned, "waiting".to_owned()),
        },
    }
}

/// All about the source under the cursor, with its name where that has more than `names` columns.
fn about(model: &Pane, page: &SourcesPage, look: &Look<'_>, names: usize, cells: usize) -> Vec<TextLine> {
    let Some(facts) = page.selected() else { return Vec::new() };
    let mut lines = Vec::new();
    let mut field = |label: &str, text: &str, role: Role| {
        let text = &look.say(text);
        for (row, line) in wrap(text, cells.saturating_sub(LABEL).max(8)).into_iter().enumerate() {
            let label = if row == 0 { label } else { "" };
            lines.push(vec![(format!("{label:<LABEL$}"), Role::Muted), (line, role)]);
        }
    };
    let here = model.source_state(&facts.name);
    let at = |at| look.zone.full(at);
    if width(&clean_line(&facts.name)) > names {
        field("Name", &clean_line(&facts.name), Role::Text);
    }
    field("Place", &facts.place, Role::Text);
    if let Some((who, when)) = &facts.known.paused {
        field("Paused", &format!("by {} {}; p reads it again", clean_line(who), at(*when)), Role::Warning);
    }
    if let Some(reader) = facts.reader.as_ref().filter(|_| facts.known.paused.is_none()) {
        field("Read by", reader, Role::Text);
    }
    let complete = here.and_then(|source| source.fresh_at).max(facts.known.complete_at);
    field(
        "Last run",
        &complete.map_or_else(|| "never to its end".to_owned(), |when| format!("complete {}", at(when))),
        Role::Text,
    );
    let failed = match here.map(|source| &source.health) {
        Some(SourceHealth::Failing(reason)) => Some(reason.clone()),
        Some(SourceHealth::Down { trouble, .. }) => Some(trouble.one_line()),
        Some(SourceHealth::Waiting { why, .. }) => Some(why.clone()),
        _ => facts.known.failed.as_ref().map(|(when, why)| format!("{}: {}", at(*when), clean_line(why))),
    };
    if let Some(failed) = failed {
        field("Error", &failed, Role::Failed);
    }
    let next = match here.map(|source| &source.health) {
        _ if facts.known.paused.is_some() => "none while it is paused".to_owned(),
        Some(SourceHealth::Down { again_at, .. }) => match again_at {
            Some(when) => format!("tried again {}", at(*when)),
            None => "not by itself: <sync> tries again".to_owned(),
        },
        Some(SourceHealth::Waiting { again_at, .. }) => format!("tried again {}", at(*again_at)),
        Some(SourceHealth::Watching) => match here.and_then(|source| source.next_at) {
            Some(when) => format!("{}; <sync> looks now", at(when)),
            None => "when new mail is told of; <sync> looks now".to_owned(),
        },
        _ => facts.known.next_at.map_or_else(|| "<sync> looks now".to_owned(), at),
    };
    field("Next run", &next, Role::Text);
    let outcomes: Vec<String> =
        facts.outcomes.iter().map(|(outcome, mails)| format!("{mails} {}", outcome.as_str())).collect();
    let kept = if outcomes.is_empty() { String::new() } else { format!(": {}", outcomes.join(", ")) };
    field("Mails", &format!("{} handed over{kept}", facts.mails), Role::Text);
    if let Some(told) = facts.given_up.told(&facts.name) {
        field("Lacking", &told, Role::Warning);
    }
    if let Some(alert) = here.and_then(|source| source.alert.as_ref()) {
        field("It says", &clean_line(alert), Role::Warning);
    }
    lines
}

/// All about the source under the cursor, for the clipboard.
pub(in crate::features::maintenance::pane) fn lines(
    model: &Pane,
    page: &SourcesPage,
    look: &Look<'_>,
) -> Vec<TextLine> {
    let mut lines = page.selected().map(|facts| plain(facts.name.clone(), Role::Title)).into_iter().collect::<Vec<_>>();
    // The name stands there already.
    lines.extend(about(model, page, look, usize::MAX, 100));
    lines
}

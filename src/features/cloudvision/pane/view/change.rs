//! A change control opened: who made and approved it, its tree of stages and actions as they run, and beside them what the
//! one under the cursor says and what it changes on its device.

use ratatui::layout::Rect;

use super::detail::{Content, Text, split};
use super::{instance_span, labelled, words};
use crate::features::cloudvision::model::{Change, ChangeState, DeviceId, Stage, StageState};
use crate::features::cloudvision::pane::State;
use crate::features::cloudvision::pane::instance::Instance;
use crate::features::cloudvision::pane::opened::ChangePage;
use crate::features::cloudvision::pane::rows::Part;
use crate::ui::Look;
use crate::ui::gauge::gauge;
use crate::ui::line::{fit, width, wrap};
use crate::ui::load::Load;
use crate::ui::page::{Span, TextLine, Title, plain, sign, trouble_lines};
use crate::ui::theme::{Role, State as Sign};
use crate::ui::time::{age, distance, span};

/// Lines of a description that stand among the facts; all of it stands beside the first part.
const NOTES: usize = 2;

/// `dc1-fabric 2026-11-21 02:31  ○ pending`, and where.
pub(super) fn title(state: &State, page: &ChangePage, look: &Look<'_>) -> Title {
    let (sign, word) = words::change(page.change.state);
    let mut left = vec![
        (words::name(&page.change).to_owned(), Role::Accent),
        (format!("  {} {word}", look.glyph(sign)), sign.role()),
        (look.pick(" → ", " > ").to_owned(), Role::Muted),
    ];
    left.extend(instance_span(state, &page.instance));
    let old = state.named(&page.instance).and_then(|it| it.stale(it.changes.told_at, state.started, look.now));
    let right = match (page.is_gone, old) {
        (true, _) => Some(("deleted".to_owned(), Role::Failed)),
        (false, Some(_)) => Some((format!("{} not up to date", look.glyph(Sign::Stale)), Role::Stale)),
        (false, None) => running(&page.change, look),
    };
    Title { left, right }
}

/// How far it is while it runs.
fn running(change: &Change, look: &Look<'_>) -> Option<Span> {
    let (done, all) = change.progress();
    (change.state == ChangeState::Running)
        .then(|| (format!("{done}/{all} {}", gauge(look, done, all, 14)), Role::Progress))
}

/// Facts, parts, text.
pub(super) fn content<'a>(page: &'a ChangePage, look: &Look<'_>, area: Rect) -> Content<'a> {
    let cells = usize::from(area.width.saturating_sub(2));
    let head = facts(&page.change, look, cells);
    let split = split(area, head.len(), &page.detail);
    let wide = usize::from(split.text.width);
    let text = match page.detail.list.selected() {
        Some(Part::General) | None => Text { head: general(&page.change, look, wide), ..Text::default() },
        Some(Part::Stage { id, device, .. }) => {
            let mut head = page.change.stages.get(id).map_or_else(
                || vec![plain("CloudVision has told nothing of this stage", Role::Muted)],
                |stage| of_stage(stage, look, wide),
            );
            if device.is_some() && !head.is_empty() {
                head.push(plain("", Role::Text));
            }
            with_diff(page, device.as_ref(), head, wide, look)
        }
        Some(Part::Device(device)) => with_diff(page, Some(device), vec![], wide, look),
    };
    Content { detail: &page.detail, split, head, focus: 0, text }
}

/// Who made it, who approved it, when it starts, what speaks against it.
fn facts(change: &Change, look: &Look<'_>, cells: usize) -> Vec<TextLine> {
    let mut lines = Vec::new();
    for check in &change.checks {
        let text = format!("{} {}", look.glyph(Sign::Warning), check.words());
        labelled("Checks", &text, cells, Role::Warning, &mut lines);
    }
    if let Some(error) = &change.error {
        labelled("Error", error, cells, Role::Failed, &mut lines);
    }
    let by = if change.created_by.is_empty() { "somebody" } else { &change.created_by };
    let at = change
        .created_at
        .map_or_else(String::new, |at| format!(", {} ({} ago)", look.zone.full(at), age(at, look.now)));
    let edited = if change.edited_by.is_empty() || change.edited_by == change.created_by {
        String::new()
    } else {
        format!(", edited by {}", change.edited_by)
    };
    labelled("Made", &format!("by {by}{at}{edited}"), cells, Role::Text, &mut lines);
    labelled("Extent", &words::extent(change), cells, Role::Text, &mut lines);
    match &change.approval {
        Some(approval) => labelled("Approved", &words::approval(approval, look), cells, Role::Ok, &mut lines),
        None if !change.state.is_over() => labelled("Approved", "by nobody", cells, Role::Muted, &mut lines),
        None => {}
    }
    if let Some(start) = &change.start {
        labelled("Started", &words::approval(start, look), cells, Role::Text, &mut lines);
    }
    if let (Some(at), false) = (change.scheduled_for, change.state.is_over()) {
        let text = format!("{} {}, {}", look.zone.full(at), look.zone.name(at), distance(at, at, look.now));
        labelled("Starts", &text, cells, Role::Accent, &mut lines);
    }
    let mut notes = Vec::new();
    labelled("Notes", &change.notes, cells, Role::Text, &mut notes);
    lines.extend(notes.into_iter().take(NOTES));
    lines
}

/// The line of a part.
pub(super) fn part(panes: &State, page: &ChangePage, part: &Part, look: &Look<'_>, cells: usize) -> Vec<Span> {
    let instance = panes.named(&page.instance);
    match part {
        Part::General => vec![("  all".to_owned(), Role::Text)],
        Part::Device(device) => vec![(format!("  {}", fit(hostname(instance, device), cells)), Role::Text)],
        Part::Stage { id, depth, device } => {
            let Some(stage) = page.change.stages.get(id) else {
                return vec![(format!("{}? {}", "  ".repeat(*depth), crate::text::clean_line(id)), Role::Muted)];
            };
            let (mark, word) = words::stage(stage.state);
            let indent = "  ".repeat((*depth).min(cells / 4));
            let mut line = vec![(indent.clone(), Role::Text), sign(look, mark)];
            let mut name =
                if stage.name.is_empty() { stage.action.clone().unwrap_or_default() } else { stage.name.clone() };
            if let Some(device) = device {
                let host = hostname(instance, device);
                if !name.contains(host) {
                    name = format!("{host}  {name}");
                }
            }
            let word = match (stage.state, stage.started, stage.ended) {
                (StageState::Completed, Some(from), Some(to)) => span(to - from),
                (StageState::Planned, ..) => String::new(),
                _ => word.to_owned(),
            };
            let room = cells.saturating_sub(width(&indent) + 2 + width(&word) + 2);
            line.push((
                format!(" {}", fit(&name, room)),
                if stage.state == StageState::Planned { Role::Muted } else { Role::Text },
            ));
            line.push(("  ".to_owned(), Role::Muted));
            line.push((word, mark.role()));
            line
        }
    }
}

/// The name of a device.
fn hostname<'a>(instance: Option<&'a Instance>, device: &'a DeviceId) -> &'a str {
    instance.map_or(device.as_str(), |instance| instance.hostname(device))
}

/// What concerns all of it: what went wrong, then the whole description.
fn general(change: &Change, look: &Look<'_>, cells: usize) -> Vec<TextLine> {
    let mut lines = Vec::new();
    for stage in change.stages.values() {
        let Some(error) = &stage.error else { continue };
        for (row, line) in
            wrap(&format!("{}: {error}", stage.name), cells.saturating_sub(2).max(8)).into_iter().enumerate()
        {
            let mark = if row == 0 { look.glyph(Sign::Failed) } else { " " };
            lines.push(vec![(format!("{mark} "), Role::Failed), (line, Role::Text)]);
        }
    }
    if !change.notes.is_empty() {
        if !lines.is_empty() {
            lines.push(plain("", Role::Text));
        }
        lines.extend(wrap(&change.notes, cells.max(8)).into_iter().map(|line| plain(line, Role::Text)));
    }
    if lines.is_empty() {
        let hint = "a stage or a device in the list shows what it does";
        lines.extend(wrap(hint, cells.max(8)).into_iter().map(|line| plain(line, Role::Muted)));
    }
    lines
}

/// What a stage says: its error, its steps.
fn of_stage(stage: &Stage, look: &Look<'_>, cells: usize) -> Vec<TextLine> {
    let mut lines = Vec::new();
    if let Some(action) = &stage.action {
        lines.push(plain(fit(action, cells).into_owned(), Role::Title));
    }
    if let Some(error) = &stage.error {
        lines.extend(wrap(error, cells.max(8)).into_iter().map(|line| plain(line, Role::Failed)));
    }
    if let Some(started) = stage.started {
        let end = match stage.ended {
            Some(ended) => format!(", took {}", span(ended - started)),
            None => String::new(),
        };
        lines.push(plain(format!("started {}{end}", look.zone.local(started).format("%H:%M:%S")), Role::Muted));
    }
    for step in &stage.steps {
        let (outcome, _) = words::stage(step.state);
        let message = if step.message.is_empty() { String::new() } else { format!(": {}", step.message) };
        let text = format!(" {}{message}", step.name);
        for (row, line) in wrap(&text, cells.saturating_sub(1).max(8)).into_iter().enumerate() {
            let mark = if row == 0 { sign(look, outcome) } else { (" ".to_owned(), Role::Text) };
            lines.push(vec![mark, (line, Role::Text)]);
        }
    }
    lines
}

/// The text with the difference on a device behind it, as far as that has arrived.
fn with_diff<'a>(
    page: &'a ChangePage,
    device: Option<&DeviceId>,
    mut head: Vec<TextLine>,
    cells: usize,
    look: &Look<'_>,
) -> Text<'a> {
    let Some(device) = device else { return Text { head, ..Text::default() } };
    match page.diffs.get(device) {
        Some(Load::Ready(lines)) if lines.is_empty() => {
            head.push(plain("it changes nothing on this device", Role::Muted));
            Text { head, ..Text::default() }
        }
        Some(Load::Ready(lines)) => Text { head, diff: lines.as_slice(), ..Text::default() },
        Some(Load::Failed(trouble)) => {
            head.extend(trouble_lines(trouble, cells.max(8), look));
            Text { head, ..Text::default() }
        }
        Some(Load::Loading) | None => {
            head.push(plain("reading the difference …", Role::Muted));
            Text { head, ..Text::default() }
        }
    }
}

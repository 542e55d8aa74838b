//! One maintenance, opened: window, circuits, summary, notes, history, and beside it the mail where there is room.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::notification::draw_mail;
use super::words;
use crate::features::maintenance::model::Status;
use crate::features::maintenance::nautobot::store::outbox;
use crate::features::maintenance::nautobot::store::standing::Absence;
use crate::features::maintenance::pane::opened::{Facts, Load, MaintenancePage};
use crate::features::maintenance::store::MOST_CIRCUITS;
use crate::features::maintenance::store::change::Change;
use crate::features::maintenance::store::detail::{Detail, SetByHand};
use crate::features::maintenance::store::event::{self, Event, EventKind, Moment, Told};
use crate::features::maintenance::store::list::Acknowledged;
use crate::ui::Look;
use crate::ui::line::{fit, width, wrap};
use crate::ui::page::{Span, TextLine, Title, draw_some, plain, sign, trouble_lines};
use crate::ui::theme::Role;
use crate::ui::time::{distance, span};

/// From this width on the mail stands beside the facts.
const SIDE_BY_SIDE: u16 = 120;
/// Width of the labels.
const LABEL: usize = 11;
/// What a title takes beside its words: its rule, blanks, and the air beside the facts.
const TITLE_SIGNS: usize = 8;
/// Cells of a provider's name in the title: longer than any, and the id has room behind it.
const PROVIDER: usize = 24;
/// The same where there is little room, at least.
const PROVIDER_LEAST: usize = 8;
/// Cells before a title's words.
const TITLE_RULE: usize = 2;
/// Circuits that stand above the summary; those of a maintenance that has more follow at the end.
const CIRCUITS: usize = 20;

/// Draws the page.
pub(super) fn draw(page: &MaintenancePage, look: &Look<'_>, area: Rect, buffer: &mut Buffer) {
    let (left, right) = split(area);
    // Both sides scroll together, each as far as it has something to show.
    let scroll = |lines: usize, area: Rect| page.scroll.min(lines.saturating_sub(usize::from(area.height)));
    let top = top(page, look, usize::from(left.width), usize::from(area.width));
    let many = top.len() + page.facts.lines.len();
    draw_some(top.iter().chain(&page.facts.lines), many, scroll(many, left), look, left, buffer);
    if let (Some(right), Some(mail)) = (right, &page.mail) {
        draw_mail(mail, &page.text, scroll(page.text.lines.len(), right), look, right, buffer);
    }
}

/// The facts on the left, the mail on the right where there is room for both.
fn split(area: Rect) -> (Rect, Option<Rect>) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    if area.width < SIDE_BY_SIDE {
        return (inner, None);
    }
    let left = Rect { width: inner.width / 2 - 2, ..inner };
    let right = Rect { x: left.right() + 3, width: inner.width - left.width - 3, ..inner };
    (left, Some(right))
}

/// `○ zayo TTN-0003456789  confirmed  outage`, and whether it is acknowledged; for so many columns.
pub(super) fn title(page: &MaintenancePage, look: &Look<'_>, columns: usize) -> Option<Title> {
    let Load::Ready(detail) = &page.detail else { return None };
    let (state, word) = words::state(detail.status, detail.start, detail.end, look.now);
    let (impact, loud) = words::impact(detail.circuits.iter().map(|circuit| circuit.impact).max());
    let acknowledged = match &detail.acknowledged {
        Acknowledged::No => ("not acknowledged".to_owned(), Role::Warning),
        Acknowledged::Yes { by, at } => (format!("acknowledged by {by} {}", look.zone.short(*at, look.now)), Role::Ok),
        Acknowledged::Before { by, at } => {
            (format!("changed since {by} acknowledged {}", look.zone.short(*at, look.now)), Role::Warning)
        }
    };
    let name = |cells| format!("{} {}", fit(&detail.provider, cells), detail.maintenance_id);
    let left = vec![
        (name(PROVIDER), Role::Accent),
        // A theme may give a role a background: the blanks have none.
        ("  ".to_owned(), Role::Muted),
        (format!("{} {word}", look.glyph(state)), state.role()),
        ("  ".to_owned(), Role::Muted),
        (impact.to_owned(), loud),
    ];
    let mut title = Title { left, right: Some(acknowledged) };
    let room = title.name_cells(columns.saturating_sub(TITLE_RULE));
    if let Some((text, _)) = title.left.first_mut().filter(|(text, _)| width(text) > room) {
        // The provider gives way to the id, which tells it from the others.
        let provider = room.saturating_sub(width(&detail.maintenance_id) + 1);
        *text = name(provider.clamp(PROVIDER_LEAST, PROVIDER));
    }
    Some(title)
}

/// The facts, line by line, for so many columns.
pub(crate) fn lines(page: &MaintenancePage, look: &Look<'_>, columns: u16) -> Vec<TextLine> {
    let cells = usize::from(columns);
    let mut lines = top(page, look, cells, cells);
    if let Load::Ready(detail) = &page.detail {
        lines.extend(facts(detail, look, cells));
    }
    lines
}

/// What comes first and follows the clock: the window; or why there is none. And what a title of so many cells has no room
/// for.
fn top(page: &MaintenancePage, look: &Look<'_>, cells: usize, of_title: usize) -> Vec<TextLine> {
    match &page.detail {
        Load::Loading => vec![plain("reading …", Role::Muted)],
        Load::Failed(trouble) => trouble_lines(trouble, cells, look),
        Load::Ready(detail) => {
            let mut lines = Vec::new();
            window(detail, look, cells, &mut lines);
            if detail.says_cancelled {
                labelled("Calendar", &doubt(detail.status), cells, Role::Warning, &mut lines);
            }
            if let Some(Title { left, right: Some((acknowledged, role)) }) = title(page, look, of_title) {
                // Where the title has no room for it.
                let taken: usize = left.iter().map(|(text, _)| width(text)).sum();
                if taken + width(&acknowledged) + TITLE_SIGNS > of_title {
                    labelled("State", &acknowledged, cells, role, &mut lines);
                }
            }
            lines
        }
    }
}

/// What to make of a calendar that is cancelled beside a status that is not.
fn doubt(status: Status) -> String {
    format!("{} without a status of its own; it stays {}", words::CALENDAR_CANCELLED, status.word())
}

/// All else. A maintenance may have thousands of circuits, so this is not made for every frame.
fn facts(detail: &Detail, look: &Look<'_>, cells: usize) -> Vec<TextLine> {
    let mut lines = Vec::new();
    let many = detail.circuits.len();
    // A few more than that are no reason to look for them elsewhere.
    let first = if many > 2 * CIRCUITS { CIRCUITS } else { many };
    circuits(detail, 0..first, cells, &mut lines);
    if many > first {
        let rest = format!("and {} more, below the history", many - first);
        labelled(" ", &rest, cells, Role::Muted, &mut lines);
    }
    if detail.may_lack_circuits() {
        let bound = format!("at most {MOST_CIRCUITS} circuits are kept: the mail may name more");
        labelled(" ", &bound, cells, Role::Warning, &mut lines);
    }
    labelled("Ticket", &detail.ticket, cells, Role::Link, &mut lines);
    labelled("Assignee", &detail.assignee, cells, Role::Text, &mut lines);
    if let Some(set) = &detail.by_hand {
        by_hand(set, look, cells, &mut lines);
    }
    labelled("Summary", &detail.summary, cells, Role::Text, &mut lines);
    labelled("Account", &detail.account, cells, Role::Text, &mut lines);
    labelled("Contact", detail.contact(), cells, Role::Link, &mut lines);
    nautobot(detail, cells, &mut lines);
    notes(detail, look, cells, &mut lines);
    history(detail, look, cells, &mut lines);
    if many > first {
        heading(&format!("The other {} circuits", many - first), &mut lines);
        circuits(detail, first..many, cells, &mut lines);
    }
    lines
}

/// What was set by hand, and what notices would make of it.
fn by_hand(set: &SetByHand, look: &Look<'_>, cells: usize, lines: &mut Vec<TextLine>) {
    let fields: Vec<&str> = set.fields.iter().map(|field| field.as_str()).collect();
    let head = format!("{} by {} {}", fields.join(", "), set.who, look.zone.short(set.at, look.now));
    let (rest, role) = match (set.is_announced, set.would_change.is_empty(), set.is_news) {
        (false, ..) => ("no notice has spoken of it", Role::Muted),
        (true, true, _) => ("no notice says otherwise", Role::Muted),
        (true, false, true) => {
            ("a later notice would change; <take-notice> takes it, <keep-mine> keeps yours:", Role::Warning)
        }
        (true, false, false) => ("the notices say otherwise; <take-notice> takes that:", Role::Muted),
    };
    labelled("By hand", &format!("{head}: {}", look.say(rest)), cells, role, lines);
    for change in &set.would_change {
        labelled(" ", &change_line(change, look), cells, role, lines);
    }
}

/// A label and a text beside it, wrapped under itself; nothing for an empty text.
fn labelled(label: &str, text: &str, cells: usize, role: Role, lines: &mut Vec<TextLine>) {
    if text.is_empty() {
        return;
    }
    for (row, line) in wrap(text, cells.saturating_sub(LABEL).max(8)).into_iter().enumerate() {
        let label = if row == 0 { label } else { "" };
        lines.push(vec![(format!("{label:<LABEL$}"), Role::Muted), (line, role)]);
    }
}

/// A heading with a blank line before it.
fn heading(text: &str, lines: &mut Vec<TextLine>) {
    lines.push(plain("", Role::Text));
    lines.push(plain(text, Role::Title));
}

/// The window, the distance, and the other windows of the same maintenance.
fn window(detail: &Detail, look: &Look<'_>, cells: usize, lines: &mut Vec<TextLine>) {
    let text = look.zone.window(detail.start, detail.end);
    labelled("Window", &text, cells, Role::Text, lines);
    let long = format!("{} long", span(detail.end - detail.start));
    let early = detail.status.ended_early(detail.end, look.now);
    let left = if early { long } else { format!("{}, {long}", distance(detail.start, detail.end, look.now)) };
    labelled(" ", &left, cells, Role::Accent, lines);
    if detail.windows.len() > 1 {
        for sibling in &detail.windows {
            let (state, word) = words::state(sibling.status, sibling.start, sibling.end, look.now);
            let this = if sibling.key == detail.key { "  this one" } else { "" };
            let text = format!(" {} {}  {word}{this}", sibling.window, look.zone.window(sibling.start, sibling.end));
            lines.push(vec![(" ".repeat(LABEL), Role::Muted), sign(look, state), (text, Role::Text)]);
        }
    }
}

/// Some of the circuits, each with what happens to it.
fn circuits(detail: &Detail, which: Range<usize>, cells: usize, lines: &mut Vec<TextLine>) {
    if detail.circuits.is_empty() {
        labelled("Circuits", "none named", cells, Role::Muted, lines);
    }
    for (row, circuit) in detail.circuits.iter().enumerate().take(which.end).skip(which.start) {
        let label = if row == 0 { "Circuits" } else { "" };
        let (word, role) = words::impact(Some(circuit.impact));
        let room = cells.saturating_sub(LABEL + 12).max(8);
        let mut parts = wrap(&circuit.circuit_id, room).into_iter();
        let first = parts.next().unwrap_or_default();
        lines.push(vec![
            (format!("{label:<LABEL$}"), Role::Muted),
            (word.to_owned(), role),
            (format!("{:1$}", "", 12_usize.saturating_sub(width(word))), Role::Text),
            (first, Role::Text),
        ]);
        lines.extend(parts.map(|part| plain(format!("{:LABEL$}            {part}", ""), Role::Text)));
        let standing = detail.standing(row);
        let role = if standing.known().is_some() { Role::Muted } else { Role::Warning };
        let remark = Some(standing.remark()).filter(|remark| !remark.is_empty());
        let remark = remark.iter().flat_map(|remark| wrap(remark, room));
        lines.extend(remark.map(|part| plain(format!("{:LABEL$}            {part}", ""), role)));
    }
}

/// What Nautobot has of it, and what waits to be written there.
fn nautobot(detail: &Detail, cells: usize, lines: &mut Vec<TextLine>) {
    let Some(known) = &detail.nautobot else { return };
    if let Some((_, name, content)) = &known.record {
        let acknowledged = if content.ack { ", acknowledged" } else { "" };
        labelled("Nautobot", &format!("{name}{acknowledged}"), cells, Role::Text, lines);
    }
    if let Some(absence) = &known.absence {
        let role = if absence.needs_somebody() { Role::Warning } else { Role::Muted };
        let text = match absence {
            // The entry below says why.
            Absence::Tried(_) => Absence::NotYet.told(),
            Absence::Failed { .. } => "not there: it could not be made".to_owned(),
            Absence::NotYet | Absence::Deleted { .. } | Absence::Unmade => absence.told(),
        };
        labelled("Nautobot", &text, cells, role, lines);
    }
    if let Some(conflict) = &known.conflict {
        labelled(" ", conflict, cells, Role::Warning, lines);
    }
    for entry in &known.outbox {
        let reason = if entry.reason.is_empty() { String::new() } else { format!(": {}", entry.reason) };
        let text = format!("outbox: {} {}{reason}", entry.kind.as_str(), entry.state.as_str());
        let role = if entry.state == outbox::State::Waiting { Role::Muted } else { Role::Warning };
        labelled(" ", &text, cells, role, lines);
    }
}

/// Who wrote what.
fn notes(detail: &Detail, look: &Look<'_>, cells: usize, lines: &mut Vec<TextLine>) {
    if detail.notes.is_empty() {
        return;
    }
    heading("Notes", lines);
    for note in &detail.notes {
        let head = format!("{}  {}", note.who, look.zone.short(note.at, look.now));
        lines.push(plain(head, Role::Muted));
        lines.extend(
            wrap(&note.text, cells.saturating_sub(2)).into_iter().map(|line| plain(format!("  {line}"), Role::Text)),
        );
    }
}

/// What happened, the newest first; of a notice that came after something that happened later it is told when it came.
fn history(detail: &Detail, look: &Look<'_>, cells: usize, lines: &mut Vec<TextLine>) {
    heading("History", lines);
    for Told { event, when, came } in event::history(&detail.events) {
        let when = match when {
            Moment::At(at) => look.zone.short(at, look.now),
            Moment::On(day) => look.zone.day(day, look.now),
        };
        let indent = 14;
        let mut told = event_lines(event, look);
        told.extend(came.map(|at| (format!("came {}", look.zone.short(at, look.now)), Role::Muted)));
        for (row, (text, role)) in told.into_iter().enumerate() {
            let when = if row == 0 { when.as_str() } else { "" };
            for (part, line) in wrap(&text, cells.saturating_sub(indent).max(8)).into_iter().enumerate() {
                let when = if part == 0 { when } else { "" };
                lines.push(vec![(format!("{when:<indent$}"), Role::Muted), (line, role)]);
            }
        }
    }
    if width(&detail.uid) > 1 {
        lines.push(plain("", Role::Text));
        labelled("UID", &format!("{} (sequence {})", detail.uid, detail.sequence), cells, Role::Muted, lines);
    }
}

/// An event in words, and what it changed.
fn event_lines(event: &Event, look: &Look<'_>) -> Vec<Span> {
    let who = event.who.as_deref().unwrap_or("somebody");
    let changes = event.changes.iter().map(|change| (change_line(change, look), Role::Text));
    let head = match event.kind {
        EventKind::FirstNotice => ("first notice".to_owned(), Role::Text),
        EventKind::Changed => return changes.collect(),
        EventKind::Unchanged => ("another notice, nothing new".to_owned(), Role::Muted),
        EventKind::Unlisted => ("no longer listed by a newer notice".to_owned(), Role::Warning),
        EventKind::Untold => {
            ("no notice tells of it any more: its mail, read again, says otherwise".to_owned(), Role::Warning)
        }
        EventKind::OutOfSequence if event.changes.is_empty() => {
            ("an older notice came late: nothing changed".to_owned(), Role::Muted)
        }
        EventKind::OutOfSequence => ("an older notice came late".to_owned(), Role::Text),
        EventKind::Acknowledged => (format!("acknowledged by {who}"), Role::Ok),
        EventKind::Unacknowledged => (format!("acknowledgement taken back by {who}"), Role::Text),
        EventKind::NoteAdded => (format!("note by {who}"), Role::Text),
        EventKind::NoteRemoved => (format!("note removed by {who}"), Role::Text),
        EventKind::Accepted => (format!("suggestion accepted by {who}"), Role::Warning),
        EventKind::FilledIn => (format!("filled in by hand by {who}, of a mail"), Role::Text),
        EventKind::Unaccepted => (format!("accepted suggestion taken back by {who}"), Role::Text),
        EventKind::Withheld => ("a notice would change what was set by hand".to_owned(), Role::Warning),
        EventKind::Made => (format!("made by hand by {who}"), Role::Text),
        EventKind::Edited => (format!("corrected by {who}"), Role::Text),
        EventKind::Unedited => (format!("made as it was before by {who}"), Role::Text),
        EventKind::Taken => (format!("what the notices say taken over by {who}"), Role::Text),
        EventKind::Kept => (format!("kept as it was set by {who}"), Role::Text),
        EventKind::Attached => (format!("a mail attached by {who}"), Role::Text),
        EventKind::Detached => (format!("an attached mail taken off by {who}"), Role::Text),
        EventKind::FromNautobot if event.changes.is_empty() => ("came from Nautobot".to_owned(), Role::Text),
        EventKind::FromNautobot => ("changed in Nautobot".to_owned(), Role::Text),
        EventKind::GoneFromNautobot => ("no longer in Nautobot".to_owned(), Role::Warning),
    };
    std::iter::once(head).chain(changes).collect()
}

/// What changed, from what to what.
fn change_line(change: &Change, look: &Look<'_>) -> String {
    let arrow = look.pick("→", "->");
    match change {
        Change::Window { from_start, from_end, to_start, to_end } => {
            let [from, to] = look.zone.moved([*from_start, *from_end], [*to_start, *to_end]);
            format!("window {from} {arrow} {to}")
        }
        Change::Status { from, to } => format!("status {} {arrow} {}", from.word(), to.word()),
        Change::CalendarCancelled => words::CALENDAR_CANCELLED.to_owned(),
        Change::CalendarNotCancelled => "the calendar no longer says cancelled".to_owned(),
        Change::CircuitAdded { circuit_id, impact } => format!("circuit added: {circuit_id} ({})", impact.word()),
        Change::CircuitRemoved { circuit_id, impact } => format!("circuit removed: {circuit_id} ({})", impact.word()),
        Change::Impact { circuit_id, from, to } => {
            format!("impact on {circuit_id}: {} {arrow} {}", from.word(), to.word())
        }
        Change::Summary { from: _, to } => format!("summary {arrow} {to}"),
        Change::Ticket { from: _, to } => format!("ticket {arrow} {}", if to.is_empty() { "none" } else { to }),
        Change::Assignee { from: _, to } => format!("assignee {arrow} {}", if to.is_empty() { "nobody" } else { to }),
        Change::Note { text } => text.clone(),
    }
}

/// Makes the lines of facts and mail, and keeps the last line of the longer side on the screen.
pub(crate) fn lay_out(page: &mut MaintenancePage, look: &Look<'_>, area: Rect) {
    let (left, right) = split(area);
    if let (Some(right), Some(Load::Ready(mail))) = (right, &page.mail) {
        page.text.lay_out(mail, false, look, usize::from(right.width));
    }
    let beside = if right.is_some() { page.text.lines.len() } else { 0 };
    let cells = usize::from(left.width);
    if let Load::Ready(detail) = &page.detail {
        let made_for = (cells, look.zone, look.ascii, look.zone.local(look.now).date());
        if page.facts.made_for != Some(made_for) {
            page.facts = Facts { made_for: Some(made_for), lines: facts(detail, look, cells) };
        }
    }
    let longest = (top(page, look, cells, usize::from(area.width)).len() + page.facts.lines.len()).max(beside);
    page.scroll = page.scroll.min(longest.saturating_sub(usize::from(left.height)));
}

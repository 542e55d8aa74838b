//! The notifications: their list, and one of them opened.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::features::maintenance::guess::Suggestion;
use crate::features::maintenance::model::Outcome;
use crate::features::maintenance::pane::State as Pane;
use crate::features::maintenance::pane::editor::{Editor, Filtered};
use crate::features::maintenance::pane::opened::{Load, NotificationPage, NotificationsPage, Text};
use crate::features::maintenance::store::unparsed::{Notification, Which};
use crate::features::maintenance::worker::Mail;
use crate::text::{bytes, clean_line};
use crate::ui::Look;
use crate::ui::line::{Pen, width, wrap};
use crate::ui::list::Line;
use crate::ui::page::{TextLine, Title, draw_lines, plain, trouble_lines};
use crate::ui::theme::{Role, State};

/// Lines below the list that tell why the selected mail was not read; none where the list itself would get too short.
pub(in crate::features::maintenance::pane) fn reason_rows(height: u16) -> u16 {
    if height < 8 { 0 } else { 4 }
}

/// Which mails are listed.
pub(super) fn list_title(page: &NotificationsPage) -> Title {
    let (what, other) = match page.which {
        Which::NeedALook => ("mails that could not be read", "<show> shows the dismissed"),
        Which::Outcome(Outcome::UnknownProvider) => {
            ("mails of unknown senders", "<show> shows those that no rule could read")
        }
        Which::Outcome(Outcome::ParsingFailed) => {
            ("mails that their rule could not read", "<show> shows all that need a look")
        }
        Which::Dismissed => ("dismissed mails", "<show> shows all"),
        Which::All | Which::Outcome(_) => ("all mails", "<show> shows those of unknown senders"),
    };
    let mut left = vec![(what.to_owned(), Role::Accent)];
    if page.list.marked() > 0 {
        left.push((format!("  {} marked", page.list.marked()), Role::Text));
    }
    Title { left, right: Some((other.to_owned(), Role::Muted)) }
}

/// Lines above the list that say what is filtered.
pub(in crate::features::maintenance::pane) fn status_rows(page: &NotificationsPage, editor: Option<&Editor>) -> u16 {
    u16::from(!page.filter.is_empty() || matches!(editor, Some(Editor::Filter { of: Filtered::Mails, .. })))
}

/// The line above the list: the filter; where it is typed, if it is.
fn draw_status(
    page: &NotificationsPage,
    editor: Option<&Editor>,
    look: &Look<'_>,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let mut pen = Pen::new(buffer, area, 0);
    let many = page.list.rows().len();
    let more = if page.list.reaches_end() { "" } else { "+" };
    pen.skip(1).text(&format!("{many}{more} listed"), look.theme.style(Role::Muted));
    pen.text("   /", look.theme.style(Role::Key));
    let at = area.width - u16::try_from(pen.left()).unwrap_or(0);
    pen.text(&page.filter, look.theme.style(Role::Accent));
    let Some(Editor::Filter { field, of: Filtered::Mails, .. }) = editor else { return None };
    let x = at.saturating_add(u16::try_from(width(field.before_cursor())).unwrap_or(u16::MAX));
    Some(Position { x: area.x + x.min(area.width.saturating_sub(1)), y: area.y })
}

/// Width of the headers' names.
const HEADER: usize = 12;

/// Draws the list of notifications, and why the selected one is in it; returns where a filter is being typed.
pub(super) fn draw_list(
    state: &Pane,
    page: &NotificationsPage,
    look: &Look<'_>,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let editor = state.editor.as_ref();
    let above = status_rows(page, editor);
    let cursor = (above > 0).then(|| draw_status(page, editor, look, area, buffer)).flatten();
    let rows = Rect { y: area.y + above, height: area.height.saturating_sub(above), ..area };
    draw_rows(state, page, look, rows, reason_rows(area.height), buffer);
    cursor
}

/// Draws the rows, and below them why the selected one is there.
fn draw_rows(state: &Pane, page: &NotificationsPage, look: &Look<'_>, area: Rect, below: u16, buffer: &mut Buffer) {
    let muted = look.theme.style(Role::Muted);
    if let Some(failure) = &page.failure {
        draw_lines(&trouble_lines(failure, usize::from(area.width), look), 0, look, inside(area), buffer);
        return;
    }
    if page.list.rows().is_empty() {
        if let (true, true, Some((name, why))) = (page.list.is_loaded(), page.filter.is_empty(), state.failing())
            && page.which != Which::Dismissed
        {
            // What is not here may be what has to be looked at.
            let text =
                format!("not every mail is here: {}: {}; <sources> says more", clean_line(name), clean_line(&why));
            let lines = wrap(&look.say(&text), usize::from(inside(area).width));
            let lines: Vec<_> = lines.into_iter().map(|line| plain(line, Role::Warning)).collect();
            draw_lines(&lines, 0, look, inside(area), buffer);
            return;
        }
        let text = match (page.list.is_loaded(), page.which) {
            (false, _) => "reading the store …",
            (true, _) if !page.filter.is_empty() => {
                "nothing matches; <back> clears the filter, <show> changes what is listed"
            }
            (true, Which::NeedALook) => "every mail was read: nothing needs a look",
            (true, Which::Outcome(Outcome::UnknownProvider)) => "every sender is known",
            (true, Which::Outcome(Outcome::ParsingFailed)) => "every mail of a known provider was read",
            (true, Which::Dismissed) => "no mail is dismissed; <dismiss> dismisses one that needs no look",
            (true, Which::All | Which::Outcome(_)) => "no mails yet",
        };
        Pen::new(buffer, area, 0).skip(1).text(&look.say(text), muted);
        return;
    }
    for (y, line) in page.list.lines().into_iter().enumerate() {
        if let Line::Row(index, row) = line {
            let y = u16::try_from(y).unwrap_or(u16::MAX);
            let marked = page.list.is_marked(&row.key);
            draw_row(row, marked, index == page.list.cursor(), look, area, y, buffer);
        }
    }
    if let (Some(row), true) = (page.list.selected(), below > 0) {
        let area = Rect { y: area.bottom() - below, height: below, ..area };
        Pen::new(buffer, area, 0).repeat(look.pick("─", "-"), usize::from(area.width), muted);
        let inner = Rect { y: area.y + 1, height: below - 1, ..inside(area) };
        let mut lines: Vec<_> =
            wrap(or(&row.subject, "(no subject)"), usize::from(inner.width)).into_iter().take(1).collect();
        let reason = if row.reason.is_empty() { "read without a problem" } else { &row.reason };
        let by = row.dismissed.as_ref().map(|dismissed| format!("{}: ", dismissed_by(dismissed, look)));
        lines.extend(wrap(&format!("{}{reason}", by.unwrap_or_default()), usize::from(inner.width)));
        let lines: Vec<_> = lines
            .into_iter()
            .enumerate()
            .map(|(row, line)| plain(line, if row == 0 { Role::Text } else { Role::Warning }))
            .collect();
        draw_lines(&lines, 0, look, inner, buffer);
    }
}

/// What the opened mail is called.
pub(super) fn title(page: &NotificationPage, look: &Look<'_>) -> Option<Title> {
    let Load::Ready(mail) = &page.mail else { return None };
    let state = outcome_state(mail.outcome);
    let left =
        vec![("mail".to_owned(), Role::Accent), (format!("  {} {}", look.glyph(state), mail.outcome), state.role())];
    Some(Title { left, right: Some((format!("received {}", look.zone.full(mail.received_at)), Role::Text)) })
}

/// Glyph and colour of an outcome.
fn outcome_state(outcome: Outcome) -> State {
    match outcome {
        Outcome::Parsed => State::Done,
        Outcome::ParsingFailed => State::Failed,
        Outcome::UnknownProvider | Outcome::UnknownCids => State::Warning,
        Outcome::Ignored => State::Planned,
        Outcome::OutOfSequence => State::Stale,
    }
}

/// By whom a mail was dismissed, and when.
fn dismissed_by((who, at): &(String, DateTime<Utc>), look: &Look<'_>) -> String {
    format!("dismissed by {who} {}", look.zone.short(*at, look.now))
}

/// A text, or what stands for one that is empty: a row without a word could not be told from none.
fn or<'t>(text: &'t str, instead: &'t str) -> &'t str {
    if text.is_empty() { instead } else { text }
}

/// One notification.
fn draw_row(
    row: &Notification,
    marked: bool,
    selected: bool,
    look: &Look<'_>,
    area: Rect,
    y: u16,
    buffer: &mut Buffer,
) {
    let text = look.theme.style(if row.dismissed.is_some() { Role::Muted } else { Role::Text });
    let state = outcome_state(row.outcome);
    let mut pen = Pen::new(buffer, area, y);
    let (mark, style) = if marked { (look.pick("▌", "+"), look.theme.style(Role::Marked)) } else { (" ", text) };
    pen.repeat(mark, 1, style);
    pen.text(look.glyph(state), look.theme.style(state.role())).text(" ", text);
    pen.column(row.outcome.as_str(), 16, text).skip(2);
    // In the smallest the subject needs the room: the order tells which is newer.
    if area.width >= 56 {
        pen.column(&look.zone.short(row.received_at, look.now), 12, text).skip(2);
    }
    if area.width >= 76 {
        pen.column(or(&row.sender, "(no sender)"), 28, text).skip(2);
    }
    if selected {
        pen.highlight(look.theme.style(Role::Selected));
    } else if marked {
        pen.highlight(look.theme.style(Role::Marked));
    }
    pen.text(or(&row.subject, "(no subject)"), text);
}

/// Draws one notification.
pub(super) fn draw(page: &NotificationPage, look: &Look<'_>, area: Rect, buffer: &mut Buffer) {
    draw_mail(&page.mail, &page.text, page.scroll, look, inside(area), buffer);
}

/// Draws a mail, or why it is not there.
pub(super) fn draw_mail(
    mail: &Load<Arc<Mail>>,
    text: &Text,
    scroll: usize,
    look: &Look<'_>,
    area: Rect,
    buffer: &mut Buffer,
) {
    match mail {
        Load::Loading => draw_lines(&[plain("reading the mail …", Role::Muted)], 0, look, area, buffer),
        Load::Failed(trouble) => {
            draw_lines(&trouble_lines(trouble, usize::from(area.width), look), 0, look, area, buffer);
        }
        Load::Ready(_) => draw_lines(&text.lines, scroll, look, area, buffer),
    }
}

/// Makes the lines, and keeps the last one on the screen.
pub(crate) fn lay_out(page: &mut NotificationPage, look: &Look<'_>, area: Rect) {
    if let Load::Ready(mail) = &page.mail {
        page.text.lay_out(mail, page.is_raw, look, usize::from(inside(area).width));
    }
    page.scroll = page.scroll.min(page.text.lines.len().saturating_sub(usize::from(area.height)));
}

/// One column of air on either side.
fn inside(area: Rect) -> Rect {
    Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }
}

/// Headers, what became of it, and its text.
pub(crate) fn mail_lines(mail: &Mail, look: &Look<'_>, cells: usize) -> Vec<TextLine> {
    let mut lines = Vec::new();
    let state = outcome_state(mail.outcome);
    lines.push(vec![
        (look.glyph(state).to_owned(), state.role()),
        (format!(" {}  from {}", mail.outcome, mail.source), Role::Text),
    ]);
    if !mail.reason.is_empty() {
        lines.extend(
            wrap(&mail.reason, cells.saturating_sub(2))
                .into_iter()
                .map(|line| plain(format!("  {line}"), Role::Warning)),
        );
    }
    if let Some(dismissed) = &mail.dismissed {
        lines.push(plain(format!("  {}", dismissed_by(dismissed, look)), Role::Muted));
    }
    if let Some(suggestion) = &mail.suggestion {
        suggested(suggestion, look, cells, &mut lines);
    }
    if let Some((kept, size)) = mail.cut {
        // Before the text, which ends where it was cut as if nothing had followed.
        let (sign, style) = (look.glyph(State::Warning), State::Warning.role());
        let said = format!("{sign} cut: the first {} of {} are kept, see raw_size_limit", bytes(kept), bytes(size));
        lines.extend(wrap(&said, cells).into_iter().map(|line| plain(line, style)));
    }
    lines.push(plain("", Role::Text));
    for (name, value) in &mail.readable.headers {
        for (row, line) in wrap(value, cells.saturating_sub(HEADER).max(8)).into_iter().enumerate() {
            let name = if row == 0 { name.as_str() } else { "" };
            lines.push(vec![(format!("{name:<HEADER$}"), Role::Muted), (line, Role::Text)]);
        }
    }
    lines.push(plain("", Role::Text));
    lines.extend(mail.readable.lines.iter().flat_map(|line| wrap(line, cells)).map(|line| plain(line, Role::Text)));
    lines
}

/// The mail as it came, line by line.
pub(crate) fn raw_lines(mail: &Mail, cells: usize) -> Vec<TextLine> {
    if mail.raw.is_empty() {
        return vec![plain("nothing of it is kept", Role::Muted)];
    }
    mail.raw.iter().flat_map(|line| wrap(line, cells)).map(|line| plain(line, Role::Text)).collect()
}

/// What the mail may be about, marked as what it is.
fn suggested(suggestion: &Suggestion, look: &Look<'_>, cells: usize, lines: &mut Vec<TextLine>) {
    let accepts = if suggestion.is_whole() { "<accept-suggestion> accepts" } else { "something is missing" };
    let head = format!("{} SUGGESTION: guessed, no rule says so; {accepts}", look.glyph(State::Warning));
    lines.push(plain("", Role::Text));
    lines.extend(wrap(&look.say(&head), cells).into_iter().map(|line| plain(line, Role::Warning)));
    for (label, value) in suggestion.lines() {
        for (row, line) in wrap(&value, cells.saturating_sub(HEADER + 2).max(8)).into_iter().enumerate() {
            let label = if row == 0 { label } else { "" };
            let role = if matches!(label, "check" | "missing") { Role::Warning } else { Role::Text };
            lines.push(vec![(format!("  {label:<HEADER$}"), Role::Muted), (line, role)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::maintenance::mail::readable;
    use crate::features::maintenance::store::NotificationKey;
    use crate::ui::keys::KeyNames;
    use crate::ui::theme::Theme;
    use crate::ui::time::Zone;

    #[test]
    fn a_suggestion_stands_above_the_mail_marked_as_a_guess() {
        let raw =
            b"From: noc@bramble.example\nSubject: Works BR-20418\n\nStart: 2026-12-03 22:00 UTC\nCircuit: AB-1234\n";
        let mail = Mail {
            key: NotificationKey(1),
            subject: String::new(),
            sender: String::new(),
            provider: None,
            source: "import".to_owned(),
            received_at: DateTime::UNIX_EPOCH,
            outcome: Outcome::UnknownProvider,
            reason: String::new(),
            suggestion: Suggestion::of(raw),
            dismissed: None,
            made_at: DateTime::UNIX_EPOCH,
            raw: vec![],
            readable: readable(raw),
            cut: None,
        };
        let theme = Theme::plain();
        let look = Look {
            theme: &theme,
            keys: &KeyNames::new([("accept-suggestion", "A".to_owned())], &[]),
            ascii: false,
            zone: Zone::Utc,
            now: DateTime::UNIX_EPOCH,
        };
        let lines: Vec<String> = mail_lines(&mail, &look, 100)
            .into_iter()
            .map(|line| line.into_iter().map(|(text, _)| text).collect::<String>())
            .collect();
        let at = lines
            .iter()
            .position(|line| line == "▲ SUGGESTION: guessed, no rule says so; something is missing")
            .unwrap();
        assert!(at < lines.iter().position(|line| line.contains("noc@bramble.example")).unwrap());
        assert!(lines.contains(&"  start       2026-12-03 22:00 UTC".to_owned()), "{lines:#?}");
        assert!(lines.contains(&"  missing     end".to_owned()), "{lines:#?}");
    }

    #[test]
    fn a_mail_that_was_cut_says_so_before_its_text() {
        let mail = |cut| Mail {
            key: NotificationKey(1),
            subject: String::new(),
            sender: String::new(),
            provider: None,
            source: "import".to_owned(),
            received_at: DateTime::UNIX_EPOCH,
            outcome: Outcome::Parsed,
            reason: String::new(),
            suggestion: None,
            dismissed: None,
            made_at: DateTime::UNIX_EPOCH,
            raw: vec![],
            readable: readable(b"Subject: x\n\nbody\n"),
            cut,
        };
        let theme = Theme::plain();
        let look = Look {
            theme: &theme,
            keys: &KeyNames::new([("accept-suggestion", "A".to_owned())], &[]),
            ascii: false,
            zone: Zone::Utc,
            now: DateTime::UNIX_EPOCH,
        };
        let lines = |cut| {
            let lines = mail_lines(&mail(cut), &look, 100).into_iter();
            lines.map(|line| line.into_iter().map(|(text, _)| text).collect::<String>()).collect::<Vec<_>>()
        };
        let said = "▲ cut: the first 10 MiB of 12.5 MiB are kept, see raw_size_limit";
        assert_eq!(lines(Some((10 << 20, 25 << 19)))[1], said);
        assert!(!lines(None).iter().any(|line| line.contains("cut")));
    }
}

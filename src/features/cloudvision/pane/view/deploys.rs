//! The list of the deploys: one line a target, above them what was left unfinished.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr as _;

use super::{Rows, draw_empty, draw_sign, words};
use crate::features::cloudvision::pane::State;
use crate::features::cloudvision::pane::loss::Loss;
use crate::features::cloudvision::pane::rows::DeployRow;
use crate::features::cloudvision::pane::run::Run;
use crate::features::cloudvision::store::journal::Ending;
use crate::features::cloudvision::worker::{Inputs, Target, Unfinished};
use crate::text::counted;
use crate::ui::Look;
use crate::ui::gauge::gauge;
use crate::ui::line::Pen;
use crate::ui::page::Span;
use crate::ui::theme::{Role, State as Sign};
use crate::ui::time::age;

/// Columns of the list in cells, the gaps behind them included; 0 leaves a column out.
#[derive(Debug, Clone, Copy)]
struct Columns {
    /// How its last or its present deployment stands.
    state: usize,
    /// The target's name.
    name: usize,
    /// How many devices.
    devices: usize,
    /// What changed since the last deployment, or how far the present one is.
    changed: usize,
    /// When the last one was.
    age: usize,
    /// Whether it waits for a look.
    protected: usize,
}

/// In fewer cells, the gap behind them included, a reason tells less than the figures in its place.
const LEAST_REASON: usize = 20;
/// In fewer cells a sentence tells nothing.
const LEAST_TOLD: usize = 12;

/// What there is to know of a target that was never deployed.
const UNCOMPARED: &str = "<deploy> compares it with what CloudVision holds first";
/// Cells of the age with the word `ago`, and its gap.
const WHOLE_AGE: usize = 9;

/// The columns for so many cells; what is left is for words.
fn columns(cells: usize) -> Columns {
    let base = Columns { state: 11, name: 20, devices: 14, changed: 15, age: WHOLE_AGE, protected: 0 };
    match cells {
        ..48 => Columns { name: cells.saturating_sub(3 + 11 + 9).max(6), devices: 0, changed: 0, ..base },
        48..56 => Columns { name: cells.saturating_sub(3 + 11 + 15 + 9).max(8), devices: 0, ..base },
        56..66 => Columns { name: cells.saturating_sub(3 + 11 + 5 + 15 + 6), devices: 5, age: 6, ..base },
        66..76 => Columns { name: cells.saturating_sub(3 + 11 + 14 + 15 + 9), ..base },
        76..110 => Columns { name: cells.saturating_sub(3 + 11 + 14 + 15 + 9 + 11).min(26), protected: 11, ..base },
        _ => Columns { name: 28, protected: 11, ..base },
    }
}

/// What a target's row says.
struct Standing {
    /// Its state.
    sign: Sign,
    /// In a word.
    word: String,
    /// What changed, or how far it is.
    changed: Span,
    /// When that was.
    age: String,
    /// More, where there is room.
    rest: Span,
}

/// How a target stands: what runs counts more than what was.
fn standing(state: &State, target: &Target, look: &Look<'_>) -> Standing {
    if let Some(run) = state.run_of(&target.name).filter(|run| run.ended.is_none()) {
        return running(run, look);
    }
    let elsewhere = state.elsewhere(target);
    let changed = match &target.inputs {
        Inputs::Reading => ("reading".to_owned(), Role::Stale),
        Inputs::Refused(_) => ("refused".to_owned(), Role::Failed),
        Inputs::Ready { changed: None, .. } => compared(target),
        Inputs::Ready { changed: Some(0), .. } => ("unchanged".to_owned(), Role::Muted),
        Inputs::Ready { changed: Some(changed), .. } => (format!("{changed} changed"), Role::Accent),
    };
    let (sign, word, age, mut rest) = match &target.last {
        None => (Sign::Planned, "never", String::new(), (String::new(), Role::Muted)),
        Some(last) => {
            let (sign, word) = words::ending(last.ending);
            let age = age_of(last.at, look);
            if sign == Sign::Failed {
                let (word, why) = words::failed_at(&last.result).unwrap_or((word, &last.result));
                (sign, word, age, (why.to_owned(), Role::Failed))
            } else {
                (sign, word, age, (last.result.clone(), Role::Muted))
            }
        }
    };
    match &target.inputs {
        Inputs::Refused(trouble) => rest = (trouble.one_line(), Role::Failed),
        Inputs::Ready { warnings, .. } if !warnings.is_empty() => {
            rest = (format!("{} {}", look.glyph(Sign::Warning), warnings.join("; ")), Role::Warning);
        }
        Inputs::Ready { changed: None, .. } if target.last.is_none() && state.run_of(&target.name).is_none() => {
            rest.0 = look.say(UNCOMPARED).into_owned();
        }
        Inputs::Ready { .. } | Inputs::Reading => {}
    }
    let has_failed = target.last.as_ref().is_some_and(|last| last.ending == Ending::Failed);
    if let Some(loss) = state.loss_of(target, look.now).filter(|loss| *loss == Loss::Deleted || !has_failed) {
        // That nothing has changed in the folder is true, and is not what counts.
        let is_same = matches!(&target.inputs, Inputs::Ready { changed: Some(0), .. });
        let changed = if is_same { ("to do again".to_owned(), Role::Warning) } else { changed };
        let is_refused = matches!(&target.inputs, Inputs::Refused(_));
        let rest = if is_refused { rest } else { (look.say(loss.words()).into_owned(), Role::Warning) };
        return Standing { sign: Sign::Warning, word: loss.word().to_owned(), changed, age, rest };
    }
    if let Some(other) = elsewhere {
        let age = age_of(other.started_at, look);
        let rest = ("another noctui is at it".to_owned(), Role::Progress);
        return Standing { sign: Sign::Progress, word: "elsewhere".to_owned(), changed, age, rest };
    }
    if let Some(lacking) = state.lacking(target) {
        let is_refused = matches!(&target.inputs, Inputs::Refused(_));
        let rest = if is_refused { rest } else { (lacking.to_owned(), Role::Warning) };
        return Standing { sign: Sign::Warning, word: "lacking".to_owned(), changed, age, rest };
    }
    Standing { sign, word: word.to_owned(), changed, age, rest }
}

/// `5m ago`
fn age_of(at: chrono::DateTime<chrono::Utc>, look: &Look<'_>) -> String {
    format!("{} ago", age(at, look.now))
}

/// What is known of a target of which CloudVision took nothing from here yet: what it holds of it, only a comparison tells.
/// That of the last deployment is in the journal, so that every noctui on the same data says the same.
fn compared(target: &Target) -> Span {
    match target.last.as_ref().and_then(|last| last.differed) {
        None => ("not compared".to_owned(), Role::Text),
        // It was deployed all the same: for its tags, or to mend the studio.
        Some(0) => ("same configs".to_owned(), Role::Muted),
        Some(differ) => (format!("{differ} differed"), Role::Accent),
    }
}

/// How far a deployment is.
fn running(run: &Run, look: &Look<'_>) -> Standing {
    let begun = run.steps.iter().filter(|line| line.sign != Sign::Planned).count();
    let (sign, word) = match run.current() {
        Some(line) => (line.sign, line.step.name()),
        None => (Sign::Progress, "begins"),
    };
    let word = match word {
        _ if run.is_cancelled => "ending",
        "change control" => "change",
        word => word,
    };
    let (done, total) = match run.building {
        Some((done, total, _)) if word == "build" => (done, total),
        _ => (begun, run.steps.len()),
    };
    let figures = format!("{done}/{total}");
    let bar = gauge(look, done, total, 13usize.saturating_sub(figures.len() + 1));
    let rest = if run.waits_since.is_some() {
        (look.say("<cv-open> shows what was built; <deploy-submit> there submits").into_owned(), Role::Warning)
    } else {
        (String::new(), Role::Muted)
    };
    Standing {
        sign,
        word: word.to_owned(),
        changed: (format!("{figures} {bar}"), sign.role()),
        age: age(run.began_at, look.now),
        rest,
    }
}

/// A target's row as text.
pub(super) fn plain_text(state: &State, row: &DeployRow, look: &Look<'_>) -> String {
    match row {
        DeployRow::Unfinished(left) => left_words(left),
        DeployRow::Target(target) => {
            let Standing { word, changed, age, rest, .. } = standing(state, target, look);
            format!("{} {word} {age} {} {}", target.name, changed.0, rest.0)
        }
    }
}

/// What was left, in words.
fn left_words(left: &Unfinished) -> String {
    let what = left.target.as_deref().unwrap_or("a folder or a request");
    let verb = if left.lives { "under way elsewhere, last seen" } else { "left" };
    format!("{what} on {}, {verb} {}", left.instance, words::phase(left.phase))
}

/// Draws the list.
pub(super) fn draw(state: &State, look: &Look<'_>, focused: bool, area: Rect, buffer: &mut Buffer) {
    if state.deploys.list.rows().is_empty() {
        let text = match (&state.targets, state.deploys.filter.is_empty()) {
            (None, _) => "reading the targets …",
            (Some(_), false) => "nothing matches; <back> clears the filter",
            (Some(targets), true) if targets.is_empty() => {
                "no target is configured: [[deploy]] in the configuration names a folder of rendered configurations"
            }
            (Some(_), true) => "no target is for this CloudVision; <instance> switches to the next one",
        };
        // What cannot be heard does not keep targets from being listed.
        if state.targets.is_some() {
            let lines: Vec<_> = crate::ui::line::wrap(&look.say(text), usize::from(area.width.saturating_sub(2)));
            for (y, line) in lines.iter().enumerate() {
                let y = u16::try_from(y).unwrap_or(u16::MAX);
                Pen::new(buffer, area, y).skip(1).text(line, look.theme.style(Role::Muted));
            }
        } else {
            draw_empty(state, text, look, area, buffer);
        }
        return;
    }
    let columns = columns(usize::from(area.width));
    let rows = Rows { look, focused, area };
    rows.draw(&state.deploys.list, buffer, |row, selected, pen| match row {
        DeployRow::Target(target) => draw_target(state, target, &columns, rows, selected, pen),
        DeployRow::Unfinished(left) => draw_unfinished(left, &columns, rows, selected, pen),
    });
}

/// One target.
fn draw_target(state: &State, target: &Target, columns: &Columns, rows: Rows<'_>, selected: bool, pen: &mut Pen<'_>) {
    let look = rows.look;
    let style = |role| look.theme.style(role);
    let standing = standing(state, target, look);
    draw_sign(pen, false, standing.sign, look);
    pen.column(&standing.word, columns.state - 2, style(Role::Text)).skip(2);
    pen.column(&target.name, columns.name.saturating_sub(2), style(Role::Text)).skip(2);
    rows.highlight(selected, pen);
    // Why it failed counts more than how much it is, and where there is no room for either, than when that was.
    let figures = columns.devices + columns.changed;
    let room = pen.left().saturating_sub(figures + columns.age + columns.protected + 1);
    let taken = [figures, figures + columns.age].into_iter().find(|cells| *cells >= LEAST_REASON);
    if let Some(taken) = taken.filter(|_| standing.sign == Sign::Failed && room < standing.rest.0.width()) {
        pen.column(&standing.rest.0, taken - 2, style(standing.rest.1)).skip(2);
        if taken == figures {
            let age = if columns.age < WHOLE_AGE { standing.age.trim_end_matches(" ago") } else { &standing.age };
            pen.column_right(age, columns.age - 1, style(Role::Text)).skip(1);
        }
        if columns.protected > 0 && target.protected {
            pen.skip(1).column("protected", columns.protected - 2, style(Role::Warning));
        }
        return;
    }
    if columns.devices > 0 {
        let devices = match &target.inputs {
            Inputs::Ready { devices, .. } if columns.devices > super::NUMBER => counted(*devices, "device"),
            Inputs::Ready { devices, .. } => devices.to_string(),
            Inputs::Reading | Inputs::Refused(_) => String::new(),
        };
        pen.column_right(&devices, columns.devices - 2, style(Role::Text)).skip(2);
    }
    if columns.changed > 0 {
        pen.column(&standing.changed.0, columns.changed - 2, style(standing.changed.1)).skip(2);
    }
    // What is said of one that was never deployed takes the room of what there is not to say of it.
    if standing.age.is_empty() && !(target.protected && columns.protected > 0) {
        if pen.left() >= LEAST_TOLD {
            pen.text(&standing.rest.0, style(standing.rest.1));
        }
        return;
    }
    // Where there is no room for it, that this is in the past goes without saying.
    let age = if columns.age < WHOLE_AGE { standing.age.trim_end_matches(" ago") } else { &standing.age };
    pen.column_right(age, columns.age - 1, style(Role::Text)).skip(1);
    // Where the words do not fit behind the column of what is protected, they take its room in rows that leave it empty.
    let (text, role) = &standing.rest;
    let is_narrow = pen.left().saturating_sub(columns.protected + 1) < text.width();
    if columns.protected > 0 && (target.protected || !is_narrow) {
        let word = if target.protected { "protected" } else { "" };
        pen.skip(1).column(word, columns.protected - 2, style(Role::Warning)).skip(1);
    }
    pen.skip(1);
    // A few letters tell nothing, but that there is something to look at.
    if text.width() <= pen.left() || pen.left() >= LEAST_TOLD || matches!(role, Role::Warning | Role::Failed) {
        pen.text(text, style(*role));
    }
}

/// What an earlier process has left, and what can be done about it.
fn draw_unfinished(left: &Unfinished, columns: &Columns, rows: Rows<'_>, selected: bool, pen: &mut Pen<'_>) {
    let look = rows.look;
    let style = |role| look.theme.style(role);
    let (sign, word) = if left.lives { (Sign::Progress, "elsewhere") } else { (Sign::Warning, "left") };
    draw_sign(pen, false, sign, look);
    pen.column(word, columns.state - 2, style(Role::Text)).skip(2);
    let name = left.target.as_deref().unwrap_or("(no target)");
    pen.column(name, columns.name.saturating_sub(2), style(Role::Text)).skip(2);
    rows.highlight(selected, pen);
    pen.text(words::phase(left.phase), style(Role::Text));
    pen.text(&format!(", {} ago", age(left.started_at, look.now)), style(Role::Muted));
    pen.skip(2).text(remedy(left), style(Role::Muted));
}

/// What can be done about what was left.
pub(super) fn remedy(left: &Unfinished) -> &'static str {
    use crate::features::cloudvision::store::journal::Phase;
    if left.lives {
        "another noctui is still at it"
    } else if left.phase.is_in_force() {
        "it is in force; its change control is under 3"
    } else if left.phase == Phase::Preparing {
        "nothing was sent; deploy it again"
    } else if left.phase == Phase::SubmitRequested {
        "whether it was submitted is not known: look in CloudVision"
    } else {
        "X abandons its workspace"
    }
}

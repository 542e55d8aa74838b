//! A row, opened: all about the machine and its forward.

use crate::features::lab::model::{self, Reach};
use crate::features::lab::pane::{Details, Page, State};
use crate::ui::Look;
use crate::ui::line::wrap;
use crate::ui::load::Load;
use crate::ui::page::{TextLine, Title, plain};
use crate::ui::theme::{Role, State as Sign};
use crate::ui::time::age;

use super::words;

/// Cells of a label.
const LABEL: usize = 11;

/// What stands in the title rule.
pub(super) fn title(state: &State, details: &Details, look: &Look<'_>) -> Title {
    let row = &details.row;
    let (sign, word) = stands(details);
    let name = if row.name.is_empty() { "?" } else { &row.name };
    let port = words::target(row);
    let mut left = vec![(format!("{name} {port}").trim_end().to_owned(), Role::Accent)];
    left.push((format!("  {} {word}", look.glyph(sign)), sign.role()));
    left.push((" → ".to_owned(), Role::Muted));
    left.extend(state.badge_of_lab());
    Title { left, right: state.lab().and_then(|lab| lab.countdown(look.now)).map(|text| (text, Role::Text)) }
}

/// The lines of what is opened; `None` where no row is.
pub(in crate::features::lab::pane) fn lines(state: &State, look: &Look<'_>) -> Option<Vec<TextLine>> {
    let Some(Page::Details(details)) = &state.page else { return None };
    let cells = usize::from(state.size.0).saturating_sub(2);
    let row = &details.row;
    let mut lines: Vec<TextLine> = Vec::new();
    let mut say = |label: &str, text: &str, role: Role| {
        if text.is_empty() {
            return;
        }
        for (at, line) in wrap(text, cells.saturating_sub(LABEL + 1).max(8)).into_iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            lines.push(vec![(format!(" {label:<LABEL$}"), Role::Muted), (line, role)]);
        }
    };
    let (sign, word) = stands(details);
    let stated = match (details.is_gone, row.note.as_str()) {
        (true, _) => format!("{word}: what stands below is as it was last"),
        (false, "") => word.to_owned(),
        (false, note) => format!("{word}: {note}"),
    };
    say("State", &format!("{} {stated}", look.glyph(sign)), sign.role());
    say("Machine", &row.name, Role::Text);
    say("Component", &row.component, Role::Text);
    say("Address", &row.address, Role::Text);
    let ping = match (row.routable, row.since) {
        (Some(true), since) => format!("the gateway's ping reaches it{}", since_words(since, look)),
        (Some(false), since) => {
            format!("the gateway's ping does not reach it{}; it may drop pings", since_words(since, look))
        }
        (None, _) if row.state == model::State::Unlisted => "the gateway pings only what it lists".to_owned(),
        (None, _) => "the gateway has not said yet whether its ping reaches it".to_owned(),
    };
    say("Routable", &ping, Role::Text);
    if let Some(power) = &row.power {
        let role = if row.is_off() { Role::Warning } else { Role::Text };
        say("Power", &format!("{}, says the inventory", model::power_words(power)), role);
    }
    if let Some(made_for) = state.lab().filter(|_| !details.is_gone).and_then(|lab| lab.temporary(row)) {
        let role = if made_for.is_left() { Role::Warning } else { Role::Text };
        say("Made for", &format!("it {}", made_for.story()), role);
    }
    if let (Some(target), Some(_)) = (row.target, row.port) {
        let to = state.address_of(row).unwrap_or_default();
        let protocol = row.protocol.unwrap_or("tcp");
        say("Forward", &format!("{to} → {}:{target} ({protocol}, TCP only)", row.address), Role::Text);
    }
    say_reach(row, &mut say);
    if let Ok(line) = state.command_line() {
        say("Command", &line, Role::Link);
    }
    if let Some(address) = state.address_there() {
        say("Then open", &address, Role::Link);
    }
    if let Some(line) = row.mending.as_deref().filter(|_| !details.is_gone) {
        let has_shell = state.lab().is_some_and(|lab| lab.view.has_shell);
        let how = match (has_shell, row.is_half) {
            (true, false) => "<lab-delete> does, in the gateway's shell",
            (true, true) => "<lab-delete> does, in the gateway's shell, and then deletes it",
            (false, _) => "on the gateway",
        };
        let how = look.say(how).into_owned();
        say("Mend", &format!("the service cannot put this right; {how}: {line}"), Role::Warning);
    }
    for (at, line) in state.lab().map(|lab| lab.token_story(look.zone, look.now)).unwrap_or_default().iter().enumerate()
    {
        say(if at == 0 { "Token" } else { "" }, line.trim(), Role::Text);
    }
    lines.push(plain(String::new(), Role::Text));
    lines.push(plain(" What was asked for this machine from here", Role::Title));
    match &details.history {
        Load::Loading => lines.push(plain(" …", Role::Muted)),
        Load::Failed(trouble) => lines.push(plain(format!(" {}", trouble.one_line()), Role::Failed)),
        Load::Ready(actions) if actions.is_empty() => lines.push(plain(" nothing", Role::Muted)),
        Load::Ready(actions) => lines.extend(actions.iter().map(|action| {
            let port = action.port.map_or_else(String::new, |port| format!(" on {port}"));
            let text = format!(
                " {}  {}  {} {}{port}  {} {}",
                look.zone.short(action.at, look.now),
                action.who,
                action.what,
                action.target,
                action.result,
                action.text
            );
            plain(text.trim_end().to_owned(), if action.result == "failed" { Role::Failed } else { Role::Text })
        })),
    }
    Some(lines)
}

/// Glyph and word of what is opened.
fn stands(details: &Details) -> (Sign, &'static str) {
    if details.is_gone { (Sign::Cancelled, "no longer there") } else { words::state(details.row.state) }
}

/// `, for 3h`
fn since_words(since: Option<chrono::DateTime<chrono::Utc>>, look: &Look<'_>) -> String {
    since.map_or_else(String::new, |at| format!(", for {} as seen from here", age(at, look.now)))
}

/// What was measured.
fn say_reach(row: &model::Row, say: &mut impl FnMut(&str, &str, Role)) {
    match &row.reach {
        None => {}
        Some(reach @ Reach::Open { banner, .. }) => {
            say("Reached", &format!("connected in {} from here", reach.words()), Role::Text);
            say("Banner", banner, Role::Text);
        }
        Some(reach) => say("Reached", &format!("{} from here", reach.words()), Role::Warning),
    }
}

//! The one table of everything a user can do: the features' slices, put together, and what is everywhere.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use super::Pane;
use crate::command::{Motion, Risk, Scope, Spec, row};
use crate::features::{cloudvision, console, lab, maintenance};
use crate::ui::keys::Subcommand;

/// Everything a user can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Leave.
    Quit,
    /// Give the shell its terminal back for a while.
    Suspend,
    /// One level up.
    Back,
    /// The keys of this place.
    Help,
    /// Every command by name.
    Palette,
    /// The last warnings.
    Log,
    /// The state of every backend.
    Connections,
    /// UTC or local time.
    TimeZone,
    /// The next theme.
    Theme,
    /// Whether noctui takes the mouse.
    Mouse,
    /// Forbid writing to backends.
    ReadOnly,
    /// Allow it again.
    ReadWrite,
    /// The next context.
    Context,
    /// Draw everything again.
    Redraw,
    /// Focus on a pane.
    Focus(Pane),
    /// Focus on the next pane.
    NextPane,
    /// Focus on the previous pane.
    PreviousPane,
    /// One pane alone, or all.
    Zoom,
    /// Through rows and lines.
    Move(Motion),
    /// Of the maintenances.
    Maintenance(maintenance::pane::Command),
    /// Of CloudVision.
    CloudVision(cloudvision::pane::Command),
    /// Of the labs.
    Lab(lab::pane::Command),
    /// Of the consoles.
    Console(console::pane::Command),
}

/// What is everywhere, on the dashboard, and in every list.
const GENERAL: &[Spec<Command>] = &[
    row(Command::Move(Motion::Down), "down", &["j", "down"], &[Scope::Moving], "", "One down"),
    row(Command::Move(Motion::Up), "up", &["k", "up"], &[Scope::Moving], "", "One up"),
    row(Command::Move(Motion::HalfDown), "half-page-down", &["ctrl-d"], &[Scope::Moving], "", "Half a page down"),
    row(Command::Move(Motion::HalfUp), "half-page-up", &["ctrl-u"], &[Scope::Moving], "", "Half a page up"),
    row(Command::Move(Motion::PageDown), "page-down", &["pgdn", "ctrl-f"], &[Scope::Moving], "", "A page down"),
    row(Command::Move(Motion::PageUp), "page-up", &["pgup", "ctrl-b"], &[Scope::Moving], "", "A page up"),
    row(Command::Move(Motion::Top), "top", &["g", "home"], &[Scope::Moving], "", "To the first"),
    row(Command::Move(Motion::Bottom), "bottom", &["G", "end"], &[Scope::Moving], "", "To the last"),
    row(Command::NextPane, "next-pane", &["tab"], &[Scope::Dashboard], "", "Focus on the next pane"),
    row(Command::PreviousPane, "previous-pane", &["shift-tab"], &[Scope::Dashboard], "", "Focus on the previous pane"),
    row(
        Command::Focus(Pane::Maintenances),
        "maintenances",
        &["1"],
        &[Scope::Dashboard],
        "",
        "Focus on the maintenances",
    ),
    row(Command::Focus(Pane::Deploys), "deploys", &["2"], &[Scope::Dashboard], "", "Focus on the deploys"),
    row(Command::Focus(Pane::Changes), "changes", &["3"], &[Scope::Dashboard], "", "Focus on the change controls"),
    row(Command::Focus(Pane::Lab), "lab", &["4"], &[Scope::Dashboard], "", "Focus on the lab's port forwards"),
    row(Command::Focus(Pane::Consoles), "consoles", &["5"], &[Scope::Dashboard], "", "Focus on the consoles"),
    row(Command::Zoom, "zoom", &["z"], &[Scope::Dashboard], "zoom", "Show the focused pane alone, or all panes"),
    row(Command::Back, "back", &["esc"], &[Scope::Global], "back", "One level up; closes what lies on top"),
    row(Command::Palette, "palette", &[":"], &[Scope::Global], "command", "Run a command by its name"),
    row(Command::Help, "help", &["?", "f1"], &[Scope::Global], "help", "Show the keys of this place"),
    row(
        Command::Connections,
        "connections",
        &["c"],
        &[Scope::Global],
        "",
        "Show the state of every backend and the age of its data",
    ),
    row(Command::Log, "log", &["ctrl-l"], &[Scope::Global], "", "Show the last notices and warnings"),
    row(Command::TimeZone, "time-zone", &["t"], &[Scope::Global], "", "Show times in UTC or in local time"),
    row(Command::Theme, "theme", &[], &[Scope::Global], "", "Switch to the next theme, or to the one that is named"),
    row(Command::Mouse, "mouse", &[], &[Scope::Global], "", "Take the mouse, or leave it to the terminal"),
    row(Command::ReadOnly, "read-only", &[], &[Scope::Global], "", "Forbid writing to backends"),
    Spec {
        command: Command::ReadWrite,
        name: "read-write",
        keys: &[],
        scopes: &[Scope::Global],
        risk: Risk::Confirm,
        writes: false,
        hint: "",
        help: "Allow writing to backends",
    },
    row(Command::Context, "context", &["C"], &[Scope::Global], "", "Switch to the next context"),
    row(Command::Redraw, "redraw", &["ctrl-r"], &[Scope::Global], "", "Draw the screen again and ask for what is new"),
    row(Command::Suspend, "suspend", &["ctrl-z"], &[Scope::Global], "", "Give the shell its terminal back; fg returns"),
    row(Command::Quit, "quit", &["q", "ctrl-c"], &[Scope::Global], "", "Leave noctui"),
];

/// Every row, in the order of help and documentation.
pub(crate) static COMMANDS: LazyLock<Vec<Spec<Command>>> = LazyLock::new(|| {
    let maintenance = maintenance::pane::COMMANDS.iter().map(|spec| spec.wrap(Command::Maintenance));
    let cloudvision = cloudvision::pane::COMMANDS.iter().map(|spec| spec.wrap(Command::CloudVision));
    let lab = lab::pane::COMMANDS.iter().map(|spec| spec.wrap(Command::Lab));
    let console = console::pane::COMMANDS.iter().map(|spec| spec.wrap(Command::Console));
    maintenance.chain(cloudvision).chain(lab).chain(console).chain(GENERAL.iter().copied()).collect()
});

/// What advice names on the command line, and the command that does the same on the screen.
pub(super) const SUBCOMMANDS: [Subcommand; 9] = [
    Subcommand { words: "change approve", command: "change-approve", place: "Changes" },
    Subcommand { words: "change start", command: "change-start", place: "Changes" },
    Subcommand { words: "change stop", command: "change-stop", place: "Changes" },
    Subcommand { words: "change delete", command: "change-delete", place: "Changes" },
    Subcommand { words: "change show", command: "cv-open", place: "Changes" },
    Subcommand { words: "change watch", command: "cv-open", place: "Changes" },
    Subcommand { words: "workspace abandon", command: "workspace-abandon", place: "the workspaces" },
    Subcommand { words: "lab remove", command: "lab-delete", place: "the lab" },
    Subcommand { words: "outbox retry", command: "outbox-retry", place: "the outbox" },
];

/// The row of this name.
pub(crate) fn by_name(name: &str) -> Option<&'static Spec<Command>> {
    COMMANDS.iter().find(|spec| spec.name == name)
}

/// The lists of the panes, in the order of their numbers.
const PANES: [Scope; 5] = [Scope::Maintenances, Scope::Deploys, Scope::Changes, Scope::Lab, Scope::Consoles];

/// What is the same wherever one is.
const COMMON: [Scope; 3] = [Scope::Moving, Scope::Dashboard, Scope::Global];

/// The key table of the README, as Markdown: each key with the commands that it runs in the lists of the panes, by name, and
/// what is the same everywhere, with what it does.
#[must_use]
pub fn overview() -> String {
    let titles: Vec<_> = PANES.iter().map(|scope| scope.title()).collect();
    let mut text = format!("| key | {} |\n| --- |{}\n", titles.join(" | "), " --- |".repeat(PANES.len()));
    let in_panes = COMMANDS.iter().filter(|spec| spec.scopes.iter().any(|scope| PANES.contains(scope)));
    let keys: BTreeSet<_> = in_panes.flat_map(|spec| spec.keys).copied().collect();
    for key in keys {
        let names = PANES.map(|scope| {
            let spec = COMMANDS.iter().find(|spec| spec.scopes.contains(&scope) && spec.keys.contains(&key));
            spec.map(|spec| spec.name).unwrap_or_default()
        });
        let _ = writeln!(text, "| `{key}` | {} |", names.join(" | "));
    }
    text.push('\n');
    text + &tables(&COMMON)
}

/// All keys, as Markdown: a table for each scope.
#[must_use]
pub fn reference() -> String {
    tables(&Scope::ALL)
}

/// A Markdown table for each of `scopes`, with all that can be done there.
fn tables(scopes: &[Scope]) -> String {
    let mut text = String::new();
    for scope in scopes {
        let _ = write!(text, "**{}**\n\n| key | command | what it does |\n| --- | --- | --- |\n", scope.title());
        for spec in COMMANDS.iter().filter(|spec| spec.scopes.contains(scope)) {
            let keys: Vec<_> = spec.keys.iter().map(|key| format!("`{key}`")).collect();
            let _ = writeln!(text, "| {} | `{}` | {} |", keys.join(" "), spec.name, spec.help);
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::key::Key;

    #[test]
    fn names_are_unique_and_kebab_case() {
        let mut seen = HashSet::new();
        for spec in COMMANDS.iter() {
            assert!(seen.insert(spec.name), "{} stands twice", spec.name);
            assert!(spec.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", spec.name);
        }
    }

    #[test]
    fn no_key_stands_twice_in_one_scope() {
        let mut seen = HashSet::new();
        for spec in COMMANDS.iter() {
            for (scope, key) in spec.scopes.iter().flat_map(|scope| spec.keys.iter().map(move |key| (scope, key))) {
                assert!(seen.insert((scope, key)), "{key} in {scope:?}: {}", spec.name);
            }
        }
    }

    #[test]
    fn every_default_key_is_a_key() {
        for key in COMMANDS.iter().flat_map(|spec| spec.keys) {
            assert!(key.parse::<Key>().is_ok(), "{key}");
        }
    }

    #[test]
    fn what_advice_names_is_there_on_the_screen_too() {
        assert!(SUBCOMMANDS.iter().all(|it| by_name(it.command).is_some_and(|spec| !spec.keys.is_empty())));
    }

    #[test]
    fn texts_fit_where_they_are_shown() {
        for spec in COMMANDS.iter() {
            assert!(spec.hint.len() <= 12, "{}: the hint is too long for the footer", spec.name);
            assert!(spec.help.len() <= 64, "{}: {} characters of help", spec.name, spec.help.len());
            assert!(!spec.help.ends_with('.') && !spec.help.is_empty(), "{}", spec.name);
        }
    }
}

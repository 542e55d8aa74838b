//! What can be done with machines and consoles: this feature's slice of the command table.

use crate::command::{Risk, Scope, Spec, row};
use crate::features::console::cluster::model::Action;

/// Everything a user can do with machines and consoles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Open the serial line, or the screen where there is none.
    Open,
    /// Open the screen.
    Screen,
    /// All about the row.
    Details,
    /// Start, stop, restart, pause, let go on.
    Act(Action),
    /// Write a definition.
    NewDefinition,
    /// Change one.
    EditDefinition,
    /// Filter the list.
    Filter,
    /// Copy the address.
    Copy,
    /// Copy the command that opens a local port.
    CopyTunnel,
    /// Ask again.
    Refresh,
    /// The consoles that are open.
    Consoles,
    /// The next row, opened.
    Next,
    /// The previous row, opened.
    Previous,
    /// Close what is opened.
    Close,
    /// Give the keyboard to the machine.
    Attach,
    /// The next console.
    NextConsole,
    /// The previous console.
    PreviousConsole,
    /// Close the console.
    Detach,
    /// Open it again.
    Reattach,
    /// Look for a text.
    Find,
    /// Look for it above.
    FindAbove,
    /// Look for it below.
    FindBelow,
    /// Copy what is seen.
    CopyScreen,
    /// Copy everything.
    CopyAll,
    /// Write everything into a file.
    Save,
    /// Tell the machine the size of the pane.
    Size,
    /// Write it down, or not.
    Log,
    /// The next way of showing a screen.
    Mode,
    /// Nearer, or farther.
    Scale,
    /// What is seen of a screen goes to the left.
    PanLeft,
    /// And to the right.
    PanRight,
    /// Press Ctrl-Alt-Del.
    ThreeFingers,
    /// Switch to a virtual console of the guest.
    VirtualConsole(u8),
}

/// The list.
const LIST: &[Scope] = &[Scope::Consoles];
/// The list, and a row opened.
const ROWS: &[Scope] = &[Scope::Consoles, Scope::Machine];
/// A row opened.
const OPENED: &[Scope] = &[Scope::Machine];
/// A console.
const CONSOLE: &[Scope] = &[Scope::Console];

/// A row that changes a machine.
const fn acting(
    action: Action,
    name: &'static str,
    key: &'static [&'static str],
    risk: Risk,
    hint: &'static str,
    help: &'static str,
) -> Spec<Command> {
    Spec { command: Command::Act(action), name, keys: key, scopes: ROWS, risk, writes: true, hint, help }
}

/// A row for a virtual console.
const fn virtual_console(number: u8, name: &'static str, help: &'static str) -> Spec<Command> {
    Spec { writes: true, ..row(Command::VirtualConsole(number), name, &[], CONSOLE, "", help) }
}

/// The rows.
pub const COMMANDS: &[Spec<Command>] = &[
    row(
        Command::Open,
        "console-open",
        &["enter"],
        ROWS,
        "console",
        "Open the serial line, or the screen if there is none",
    ),
    row(Command::Screen, "console-screen", &["v"], ROWS, "screen", "Open the screen"),
    row(Command::Details, "console-details", &["i"], LIST, "details", "Show all about the row"),
    acting(Action::Start, "vm-start", &["s"], Risk::Confirm, "start", "Start the machine"),
    acting(Action::Stop, "vm-stop", &["S"], Risk::Confirm, "stop", "Stop the machine"),
    acting(Action::Restart, "vm-restart", &["R"], Risk::Confirm, "restart", "Restart the machine"),
    acting(Action::Pause, "vm-pause", &["p"], Risk::Confirm, "pause", "Have the machine stand still"),
    acting(Action::Unpause, "vm-unpause", &["P"], Risk::None, "go on", "Let a paused machine go on"),
    row(Command::Consoles, "console-tabs", &["o"], ROWS, "open ones", "Show the consoles that are open"),
    row(Command::NewDefinition, "definition-new", &["n"], LIST, "", "Write a definition for CernVM clients"),
    row(Command::EditDefinition, "definition-edit", &["e"], ROWS, "edit", "Change the definition"),
    row(Command::Filter, "console-filter", &["/"], LIST, "filter", "Filter the machines"),
    row(Command::Copy, "console-copy", &["y"], ROWS, "copy", "Copy the machine's address"),
    row(
        Command::CopyTunnel,
        "console-copy-tunnel",
        &["Y"],
        ROWS,
        "",
        "Copy the command that opens a port for a viewer",
    ),
    row(Command::Refresh, "console-refresh", &["r"], ROWS, "", "Ask the cluster and the tokens again now"),
    row(Command::Next, "console-next-row", &["]"], OPENED, "", "The next row"),
    row(Command::Previous, "console-previous-row", &["["], OPENED, "", "The previous row"),
    row(Command::Close, "console-close", &["h", "left"], OPENED, "", "Close what is opened"),
    row(Command::Attach, "console-attach", &["enter", "i"], CONSOLE, "type", "Give the keyboard to the machine"),
    row(Command::NextConsole, "console-next", &["tab", "]"], CONSOLE, "next", "The next console that is open"),
    row(
        Command::PreviousConsole,
        "console-previous",
        &["shift-tab", "["],
        CONSOLE,
        "",
        "The previous console that is open",
    ),
    row(
        Command::Reattach,
        "console-reattach",
        &["r"],
        CONSOLE,
        "reattach",
        "Open the console again, keeping what it said",
    ),
    row(Command::Find, "console-find", &["/"], CONSOLE, "find", "Look for a text in what the machine said"),
    row(Command::FindAbove, "console-find-above", &["n"], CONSOLE, "", "Look for it further up"),
    row(Command::FindBelow, "console-find-below", &["N"], CONSOLE, "", "Look for it further down"),
    row(Command::CopyScreen, "console-copy-screen", &["y"], CONSOLE, "copy", "Copy the characters that are seen"),
    row(Command::CopyAll, "console-copy-all", &["Y"], CONSOLE, "", "Copy everything the machine said"),
    row(Command::Save, "console-save", &["W"], CONSOLE, "", "Write everything the machine said so far into a file"),
    Spec {
        writes: true,
        ..row(
            Command::Size,
            "console-size",
            &["S"],
            CONSOLE,
            "stty",
            "Type `stty` with the rows and columns of the pane",
        )
    },
    row(Command::Log, "console-log", &["w"], CONSOLE, "log", "Write what the machine says into a file, or end that"),
    row(Command::Mode, "console-mode", &["m"], CONSOLE, "mode", "Show the screen as text or as a picture"),
    row(Command::Scale, "console-scale", &["+"], CONSOLE, "scale", "Show the whole screen, or a part of it dot by dot"),
    row(Command::PanLeft, "console-left", &["h", "left"], CONSOLE, "", "Show what is left of the part that is seen"),
    row(
        Command::PanRight,
        "console-right",
        &["l", "right"],
        CONSOLE,
        "",
        "Show what is right of the part that is seen",
    ),
    Spec {
        command: Command::ThreeFingers,
        name: "console-ctrl-alt-del",
        keys: &["D"],
        scopes: CONSOLE,
        risk: Risk::Confirm,
        writes: true,
        hint: "",
        help: "Press Ctrl-Alt-Del in the machine, which restarts most",
    },
    row(Command::Detach, "console-detach", &["x"], CONSOLE, "close", "Close the console"),
    virtual_console(1, "console-first-vt", "Press Ctrl-Alt-F1 in the machine"),
    virtual_console(2, "console-second-vt", "Press Ctrl-Alt-F2 in the machine"),
    virtual_console(3, "console-third-vt", "Press Ctrl-Alt-F3 in the machine"),
    virtual_console(4, "console-fourth-vt", "Press Ctrl-Alt-F4 in the machine"),
    virtual_console(5, "console-fifth-vt", "Press Ctrl-Alt-F5 in the machine"),
    virtual_console(6, "console-sixth-vt", "Press Ctrl-Alt-F6 in the machine"),
];

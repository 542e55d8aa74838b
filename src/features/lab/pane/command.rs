//! What can be done with a lab: this feature's slice of the command table.

use crate::command::{Risk, Scope, Spec, row};

/// Everything a user can do with forwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Use the forward.
    Connect,
    /// Use it for files.
    Files,
    /// Open what the cursor is on.
    Details,
    /// Make a forward.
    New,
    /// Delete it, or those that are marked.
    Delete,
    /// Make again what was deleted.
    Undo,
    /// Propose the end of all that is of no use.
    Clean,
    /// Write the forwards into a file.
    Save,
    /// Make those of a file.
    Restore,
    /// Carry the plan out.
    Go,
    /// Do not go on with it.
    Stop,
    /// Leave a change of the plan out, or take it in again.
    Leave,
    /// Mark a row.
    Mark,
    /// Mark all, or none.
    MarkAll,
    /// Filter the list.
    Filter,
    /// Copy `HOST:PORT`.
    Copy,
    /// Copy the command that uses it.
    CopyCommand,
    /// Copy what puts it right at the gateway.
    CopyMending,
    /// The next row, opened.
    Next,
    /// The previous row, opened.
    Previous,
    /// Close what is opened.
    Close,
    /// The next lab.
    Instance,
    /// Read it again.
    Refresh,
}

/// The list.
const LIST: &[Scope] = &[Scope::Lab];
/// The list, and a forward opened.
const ROWS: &[Scope] = &[Scope::Lab, Scope::Forward];
/// A forward opened.
const OPENED: &[Scope] = &[Scope::Forward];
/// A plan.
const PLAN: &[Scope] = &[Scope::LabPlan];
/// What lies above the list.
const ABOVE: &[Scope] = &[Scope::Forward, Scope::LabPlan];
/// Everywhere.
const ALL: &[Scope] = &[Scope::Lab, Scope::Forward, Scope::LabPlan];

/// A row that writes to a lab.
const fn writing(
    command: Command,
    name: &'static str,
    keys: &'static [&'static str],
    scopes: &'static [Scope],
    risk: Risk,
    texts: [&'static str; 2],
) -> Spec<Command> {
    let [hint, help] = texts;
    Spec { command, name, keys, scopes, risk, writes: true, hint, help }
}

/// The rows.
pub const COMMANDS: &[Spec<Command>] = &[
    row(
        Command::Connect,
        "lab-connect",
        &["enter"],
        ROWS,
        "connect",
        "Connect, making the forward first if there is none",
    ),
    row(Command::Details, "lab-details", &["i"], LIST, "details", "Show all about the row"),
    writing(
        Command::New,
        "lab-new",
        &["n"],
        ROWS,
        Risk::None,
        ["new", "Make a forward, or one for each marked machine"],
    ),
    writing(
        Command::Delete,
        "lab-delete",
        &["D"],
        ROWS,
        Risk::Confirm,
        ["delete", "Delete the forward, or plan to delete the marked"],
    ),
    writing(
        Command::Undo,
        "lab-undo",
        &["u"],
        ROWS,
        Risk::Confirm,
        ["undo", "Make the forward again that was deleted last"],
    ),
    writing(
        Command::Clean,
        "lab-clean-up",
        &["X"],
        LIST,
        Risk::None,
        ["clean up", "Plan to delete what is dead, gone or duplicate"],
    ),
    row(Command::Files, "lab-files", &["f"], ROWS, "files", "Move files with sftp over the forward"),
    row(Command::Copy, "lab-copy", &["y"], ROWS, "copy", "Copy HOST:PORT"),
    row(Command::CopyCommand, "lab-copy-command", &["Y"], ROWS, "", "Copy the command that connects"),
    row(
        Command::CopyMending,
        "lab-copy-mending",
        &["R"],
        ALL,
        "mend",
        "Copy what puts it right in the gateway's shell",
    ),
    row(Command::Save, "lab-save", &["w"], LIST, "", "Write the lab's forwards into a file"),
    writing(
        Command::Restore,
        "lab-restore",
        &["o"],
        LIST,
        Risk::None,
        ["", "Plan to make the forwards of a file that are missing"],
    ),
    writing(
        Command::Go,
        "lab-carry-out",
        &["enter"],
        PLAN,
        Risk::Confirm,
        ["carry out", "Carry the plan out, one change after the other"],
    ),
    row(Command::Stop, "lab-stop", &["x"], PLAN, "stop", "Begin no further change of the plan"),
    row(
        Command::Leave,
        "lab-leave-out",
        &["space"],
        PLAN,
        "leave out",
        "Leave a change out of the plan, or take it in again",
    ),
    row(Command::Mark, "lab-mark", &["space"], LIST, "", "Mark the row for what concerns several"),
    row(Command::MarkAll, "lab-mark-all", &["*"], LIST, "", "Mark every row of the list, or none"),
    row(Command::Filter, "lab-filter", &["/"], LIST, "filter", "Filter the machines and forwards"),
    row(Command::Next, "lab-next", &["]"], OPENED, "", "The next row"),
    row(Command::Previous, "lab-previous", &["["], OPENED, "", "The previous row"),
    row(Command::Close, "lab-close", &["h", "left"], ABOVE, "", "Close what is opened"),
    row(Command::Instance, "lab-switch", &["I"], LIST, "next lab", "Show the next lab"),
    row(Command::Refresh, "lab-refresh", &["r"], ALL, "", "Read the lab again now"),
];

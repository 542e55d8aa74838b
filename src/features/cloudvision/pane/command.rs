//! What can be done with deployments, change controls, workspaces and devices: this feature's slice of the command table.

use super::Place;
use crate::command::{Risk, Scope, Spec, row};

/// What is done to a CloudVision: each is aimed at what is on the screen, and asked about as its risk demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Deploy the target, up to a change control that waits.
    Deploy,
    /// Deploy the target, then approve and start by its policy.
    DeployStart,
    /// Submit what was built and looked at.
    GoOn,
    /// End the deployment.
    Cancel,
    /// Throw a workspace away.
    Abandon,
    /// Approve the change control.
    Approve,
    /// Take the approval back.
    Unapprove,
    /// Start the change control.
    Start,
    /// Approve and start it.
    ApproveStart,
    /// Stop it.
    Stop,
    /// No longer let it start by itself.
    Unschedule,
    /// Delete it.
    Delete,
    /// Lay its stages out one after the other, or side by side.
    Arrange,
}

/// Everything a user can do in the panes of CloudVision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Do something to a CloudVision.
    Do(Deed),
    /// Let the change control start by itself: begins to type when.
    Schedule,
    /// Give it another name: begins to type it.
    Rename,
    /// Give it another description: begins to type it.
    Describe,
    /// Open the deployment's change control.
    OpenChange,
    /// Open what the cursor is on.
    Open,
    /// Close what is opened.
    Close,
    /// The next one.
    Next,
    /// The previous one.
    Previous,
    /// Filter a list, search a text.
    Filter,
    /// The next place that was searched for.
    FindNext,
    /// The previous place that was searched for.
    FindPrevious,
    /// Which change controls are listed.
    Show,
    /// Clear the sign of news.
    Seen,
    /// The workspaces that are open.
    Workspaces,
    /// The devices.
    Devices,
    /// The next CloudVision.
    Instance,
    /// Copy the id.
    Copy,
    /// Copy what is shown as text.
    CopyText,
    /// Read the folders again, and connect.
    Refresh,
}

impl Deed {
    /// The pane in which it makes sense; `None` for one that does in both.
    pub(crate) fn place(self) -> Option<Place> {
        matches!(self, Self::Deploy | Self::DeployStart | Self::GoOn | Self::Cancel).then_some(Place::Deploys)
    }
}

impl Command {
    /// The pane in which it makes sense; `None` for one that does in both.
    pub(crate) fn place(self) -> Option<Place> {
        if let Self::Do(deed) = self {
            return deed.place();
        }
        let of_changes = matches!(self, Self::Show | Self::Seen).then_some(Place::Changes);
        of_changes.or((self == Self::OpenChange).then_some(Place::Deploys))
    }
}

/// Targets, and one opened.
const TARGETS: &[Scope] = &[Scope::Deploys, Scope::Deployment];
/// One target opened.
const DEPLOYMENT: &[Scope] = &[Scope::Deployment];
/// Change controls, and one opened.
const CHANGES: &[Scope] = &[Scope::Changes, Scope::Change];
/// The list of change controls.
const CHANGE_LIST: &[Scope] = &[Scope::Changes];
/// What is opened and has texts.
const OPENED: &[Scope] = &[Scope::Deployment, Scope::Change];
/// What lies above a list.
const ABOVE: &[Scope] = &[Scope::Deployment, Scope::Change, Scope::Workspaces, Scope::Devices];
/// The lists.
const LISTS: &[Scope] = &[Scope::Deploys, Scope::Changes, Scope::Workspaces, Scope::Devices];
/// The lists of the two panes.
const HOMES: &[Scope] = &[Scope::Deploys, Scope::Changes];
/// Where Enter opens something.
const ENTERED: &[Scope] = &[Scope::Deploys, Scope::Changes, Scope::Deployment, Scope::Change];
/// Everywhere.
const ALL: &[Scope] =
    &[Scope::Deploys, Scope::Deployment, Scope::Changes, Scope::Change, Scope::Workspaces, Scope::Devices];

/// A row that writes to CloudVision.
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
    writing(
        Command::Do(Deed::GoOn),
        "deploy-submit",
        &["S"],
        DEPLOYMENT,
        Risk::TypeName,
        ["submit", "Submit the deployment that waits for a look"],
    ),
    writing(
        Command::Do(Deed::Deploy),
        "deploy",
        &["d"],
        TARGETS,
        Risk::None,
        ["deploy", "Deploy the target, up to a change control that waits"],
    ),
    writing(
        Command::Do(Deed::DeployStart),
        "deploy-start",
        &["D"],
        TARGETS,
        Risk::Confirm,
        ["and start", "Deploy the target, approve and start by its policy"],
    ),
    writing(
        Command::Do(Deed::Cancel),
        "deploy-cancel",
        &["x"],
        TARGETS,
        Risk::Confirm,
        ["cancel", "End the deployment; once submitted, delete its change"],
    ),
    writing(
        Command::Do(Deed::Abandon),
        "workspace-abandon",
        &["X"],
        &[Scope::Deploys, Scope::Deployment, Scope::Workspaces],
        Risk::Confirm,
        ["abandon", "Throw away the workspace that is open"],
    ),
    row(Command::OpenChange, "deploy-change", &["o"], TARGETS, "change", "Open the change control of the deployment"),
    writing(
        Command::Do(Deed::Approve),
        "change-approve",
        &["a"],
        CHANGES,
        Risk::Confirm,
        ["approve", "Approve the change control as it is shown"],
    ),
    writing(
        Command::Do(Deed::Unapprove),
        "change-unapprove",
        &["u"],
        CHANGES,
        Risk::Undoable,
        ["unapprove", "Take the approval back"],
    ),
    writing(
        Command::Do(Deed::Start),
        "change-start",
        &["s"],
        CHANGES,
        Risk::Confirm,
        ["start", "Start the change control on its devices"],
    ),
    writing(
        Command::Do(Deed::ApproveStart),
        "change-approve-start",
        &["S"],
        CHANGES,
        Risk::Confirm,
        ["and start", "Approve the change control as shown, and start it"],
    ),
    writing(
        Command::Do(Deed::Stop),
        "change-stop",
        &["x"],
        CHANGES,
        Risk::Confirm,
        ["stop", "Stop the change control where it is"],
    ),
    writing(
        Command::Schedule,
        "change-schedule",
        &["p"],
        CHANGES,
        Risk::None,
        ["plan", "Let the change control start by itself at a time"],
    ),
    writing(
        Command::Do(Deed::Unschedule),
        "change-unschedule",
        &["P"],
        CHANGES,
        Risk::Confirm,
        ["unplan", "No longer let the change control start by itself"],
    ),
    writing(
        Command::Do(Deed::Delete),
        "change-delete",
        &["X"],
        CHANGES,
        Risk::Confirm,
        ["delete", "Delete the change control; the mainline keeps it"],
    ),
    writing(Command::Rename, "change-name", &["e"], CHANGES, Risk::None, ["", "Give the change control another name"]),
    writing(
        Command::Describe,
        "change-describe",
        &["E"],
        CHANGES,
        Risk::None,
        ["", "Give the change control another description"],
    ),
    writing(
        Command::Do(Deed::Arrange),
        "change-order",
        &["O"],
        CHANGES,
        Risk::Confirm,
        ["order", "Run the stages one after the other, or all at once"],
    ),
    row(Command::Open, "cv-open", &["enter", "l", "right"], ENTERED, "open", "Open what the cursor is on"),
    row(Command::Close, "cv-close", &["h", "left"], ABOVE, "", "Close what is opened"),
    row(Command::Next, "cv-next", &["]"], OPENED, "", "The next device"),
    row(Command::Previous, "cv-previous", &["["], OPENED, "", "The previous device"),
    row(Command::Filter, "cv-filter", &["/"], ALL, "filter", "Filter a list (by:anna on:leaf-3a !word), search a text"),
    row(Command::FindNext, "cv-find-next", &["n"], OPENED, "", "Go to the next place that was searched for"),
    row(Command::FindPrevious, "cv-find-previous", &["N"], OPENED, "", "Go to the previous place"),
    row(
        Command::Show,
        "change-show",
        &["f"],
        CHANGE_LIST,
        "show",
        "Show all, open, pending, running or failed changes",
    ),
    row(Command::Seen, "change-seen", &["m"], CHANGE_LIST, "", "Clear the sign of news of all changes"),
    row(Command::Workspaces, "workspaces", &["w"], HOMES, "workspaces", "List the workspaces that are open"),
    row(Command::Devices, "devices", &["v"], HOMES, "devices", "List the devices and whether they stream"),
    row(Command::Instance, "instance", &["I"], LISTS, "instance", "Switch to the next CloudVision"),
    row(Command::Copy, "cv-copy", &["y"], ALL, "", "Copy the id through the terminal"),
    row(Command::CopyText, "cv-copy-text", &["Y"], ALL, "", "Copy what is shown as text, a difference above all"),
    row(Command::Refresh, "cv-refresh", &["r"], ALL, "", "Read the targets' folders again, and connect at once"),
];

//! What can be done with maintenances: this feature's slice of the command table.

use crate::command::{Risk, Scope, Spec, row};

/// Everything a user can do with maintenances and notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Open what the cursor is on.
    Open,
    /// Acknowledge, or take the acknowledgement back.
    Acknowledge,
    /// Write a note.
    Note,
    /// Undo the last action.
    Undo,
    /// Mark for a bulk action.
    Mark,
    /// Mark all rows.
    MarkAll,
    /// Clear the sign of news.
    Seen,
    /// Filter as you type.
    Filter,
    /// Which maintenances are listed.
    Show,
    /// Only those of one provider.
    Provider,
    /// The order of the list.
    Sort,
    /// The notifications, those first that need a look.
    Notifications,
    /// The mail behind the maintenance.
    OpenMail,
    /// The next one.
    Next,
    /// The previous one.
    Previous,
    /// Close what is opened.
    Close,
    /// Copy the ids.
    Copy,
    /// Copy what is known as text.
    CopyText,
    /// Write a calendar file.
    Export,
    /// Ask the sources for what is new.
    Sync,
    /// Take what is suggested for a mail as what it means.
    Accept,
    /// Nobody need look at a mail any more, or somebody has to again.
    Dismiss,
    /// The sources.
    Sources,
    /// Let a source rest, or read it again.
    Pause,
    /// A mail as it came, or readable again.
    Raw,
    /// Whose mails come from a sender.
    AssignSender,
    /// Read the mails again that could not be read.
    Reread,
    /// Make a maintenance known by hand, or say what a mail means.
    Make,
    /// Correct a maintenance.
    Edit,
    /// A mail belongs to a known maintenance.
    Attach,
    /// Take over what notices say of what was set by hand.
    Take,
    /// Keep what was set by hand.
    Keep,
    /// What is to be written to Nautobot.
    Outbox,
    /// Let an entry of the outbox be sent again.
    OutboxRetry,
    /// Send an entry of the outbox whatever Nautobot says.
    OutboxAnyway,
    /// Take an entry out of the outbox.
    OutboxDrop,
}

impl Command {
    /// Whether it acts on the row under the cursor, the marked ones or what is opened: nobody may run it who does not see
    /// them. The others show something or do the same wherever they are run.
    pub(crate) fn acts_on_what_is_shown(self) -> bool {
        match self {
            Self::Open
            | Self::Acknowledge
            | Self::Note
            | Self::Mark
            | Self::MarkAll
            | Self::Seen
            | Self::Provider
            | Self::OpenMail
            | Self::Next
            | Self::Previous
            | Self::Close
            | Self::Copy
            | Self::CopyText
            | Self::Export
            | Self::Accept
            | Self::Dismiss
            | Self::Pause
            | Self::Raw
            | Self::AssignSender
            | Self::Edit
            | Self::Attach
            | Self::Take
            | Self::Keep
            | Self::OutboxRetry
            | Self::OutboxAnyway
            | Self::OutboxDrop => true,
            Self::Undo
            | Self::Filter
            | Self::Show
            | Self::Sort
            | Self::Notifications
            | Self::Sources
            | Self::Outbox
            | Self::Make
            | Self::Reread
            | Self::Sync => false,
        }
    }
}

impl Command {
    /// Whether it acts on what is marked, where something is, or changes that.
    pub(super) fn acts_on_marks(self) -> bool {
        matches!(
            self,
            Self::Acknowledge
                | Self::Note
                | Self::Mark
                | Self::MarkAll
                | Self::Seen
                | Self::Copy
                | Self::CopyText
                | Self::Export
                | Self::Dismiss
        )
    }
}

/// The list, and one maintenance opened.
const BOTH: &[Scope] = &[Scope::Maintenances, Scope::Maintenance];
/// Where something can be done that can be undone. What is decided about the outbox cannot be, and whoever decides there does
/// not mean a note that was written elsewhere.
const UNDOABLE: &[Scope] = &[Scope::Maintenances, Scope::Maintenance, Scope::Notifications, Scope::Notification];
/// The list alone.
const LIST: &[Scope] = &[Scope::Maintenances];
/// Where sources are asked for what is new.
const SYNCED: &[Scope] = &[Scope::Maintenances, Scope::Notifications, Scope::Sources, Scope::Outbox];
/// Every list.
const LISTS: &[Scope] = &[Scope::Maintenances, Scope::Notifications];
/// What is to be written to Nautobot.
const OUTBOX: &[Scope] = &[Scope::Outbox];
/// Lists whose rows can be opened.
const OPENABLE: &[Scope] = &[Scope::Maintenances, Scope::Notifications, Scope::Outbox];
/// What lies above the list.
const ABOVE: &[Scope] = &[Scope::Maintenance, Scope::Notifications, Scope::Notification, Scope::Sources, Scope::Outbox];
/// What is opened.
const OPENED: &[Scope] = &[Scope::Maintenance, Scope::Notification];
/// Everywhere in the pane but among the sources.
const ALL: &[Scope] =
    &[Scope::Maintenances, Scope::Maintenance, Scope::Notifications, Scope::Notification, Scope::Outbox];

/// The rows.
pub const COMMANDS: &[Spec<Command>] = &[
    Spec {
        command: Command::Acknowledge,
        name: "acknowledge",
        keys: &["a"],
        scopes: BOTH,
        risk: Risk::Undoable,
        writes: false,
        hint: "acknowledge",
        help: "Acknowledge, or take the acknowledgement back",
    },
    Spec {
        command: Command::Note,
        name: "note",
        keys: &["n"],
        scopes: BOTH,
        risk: Risk::Undoable,
        writes: false,
        hint: "note",
        help: "Write a note",
    },
    Spec {
        command: Command::Accept,
        name: "accept-suggestion",
        keys: &["A"],
        scopes: &[Scope::Notification],
        risk: Risk::Undoable,
        writes: false,
        hint: "accept",
        help: "Accept what is suggested for a mail that no rule reads",
    },
    Spec {
        command: Command::Take,
        name: "take-notice",
        keys: &["T"],
        scopes: &[Scope::Maintenance],
        risk: Risk::Undoable,
        writes: false,
        hint: "take notice",
        help: "Take over what the notices say of what was set by hand",
    },
    Spec {
        command: Command::Keep,
        name: "keep-mine",
        keys: &["K"],
        scopes: &[Scope::Maintenance],
        risk: Risk::Undoable,
        writes: false,
        hint: "keep yours",
        help: "Keep what was set by hand although a later notice says otherwise",
    },
    Spec {
        command: Command::Edit,
        name: "correct",
        keys: &["E"],
        scopes: &[Scope::Maintenance],
        risk: Risk::Undoable,
        writes: false,
        hint: "correct",
        help: "Correct it by hand; set its ticket and who looks after it",
    },
    row(Command::Undo, "undo", &["u"], UNDOABLE, "undo", "Undo what was done last"),
    row(Command::Open, "open", &["enter", "l", "right"], OPENABLE, "open", "Open what the cursor is on"),
    Spec {
        command: Command::Dismiss,
        name: "dismiss",
        keys: &["d"],
        scopes: &[Scope::Notifications, Scope::Notification],
        risk: Risk::Undoable,
        writes: false,
        hint: "dismiss",
        help: "Dismiss a mail that needs no look, or bring it back",
    },
    Spec {
        command: Command::AssignSender,
        name: "assign-sender",
        keys: &["P"],
        scopes: &[Scope::Notifications, Scope::Notification],
        risk: Risk::Undoable,
        writes: false,
        hint: "provider",
        help: "Say whose the mails from this sender are, and read them again",
    },
    Spec {
        command: Command::Make,
        name: "new-maintenance",
        keys: &["N"],
        scopes: &[Scope::Maintenances, Scope::Notification],
        risk: Risk::Undoable,
        writes: false,
        hint: "by hand",
        help: "Make a maintenance known by hand; of a mail, say what it means",
    },
    Spec {
        command: Command::Attach,
        name: "attach",
        keys: &["T"],
        scopes: &[Scope::Notification],
        risk: Risk::Undoable,
        writes: false,
        hint: "attach",
        help: "Say which known maintenance the mail belongs to",
    },
    row(Command::Raw, "raw", &["v"], &[Scope::Notification], "raw", "Show the mail as it came, or readable again"),
    row(Command::OpenMail, "open-mail", &["o"], &[Scope::Maintenance], "mail", "Read the mail behind this state"),
    row(Command::Next, "next", &["]"], OPENED, "next", "Open the next one"),
    row(Command::Previous, "previous", &["["], OPENED, "previous", "Open the previous one"),
    row(Command::Close, "close", &["h", "left"], ABOVE, "", "Close what is opened"),
    row(Command::Filter, "filter", &["/"], LISTS, "filter", "Filter by words of a maintenance or mail; !word excludes"),
    row(Command::Show, "show", &["f"], LISTS, "show", "Show all or a part: open, changed; of mails: unread, dismissed"),
    row(
        Command::Notifications,
        "notifications",
        &["m"],
        LIST,
        "mails",
        "List the mails, those first that could not be read",
    ),
    row(Command::Outbox, "outbox", &["O"], LIST, "outbox", "List what is to be written to Nautobot"),
    Spec {
        command: Command::OutboxRetry,
        name: "outbox-retry",
        keys: &["t"],
        scopes: OUTBOX,
        risk: Risk::None,
        writes: true,
        hint: "try again",
        help: "Send the entry again, or take what Nautobot says in a conflict",
    },
    Spec {
        command: Command::OutboxAnyway,
        name: "outbox-anyway",
        keys: &["w"],
        scopes: OUTBOX,
        risk: Risk::Confirm,
        writes: true,
        hint: "write anyway",
        help: "Write what is in conflict, whatever Nautobot says",
    },
    Spec {
        command: Command::OutboxDrop,
        name: "outbox-drop",
        keys: &["d"],
        scopes: OUTBOX,
        risk: Risk::Confirm,
        writes: false,
        hint: "drop",
        help: "Take the entry out of the outbox: it is never sent",
    },
    row(Command::Provider, "provider", &["p"], LIST, "", "Show only the provider under the cursor, or all again"),
    row(Command::Sort, "sort", &["s"], LIST, "", "Sort by time, by latest change, or by provider"),
    row(Command::Mark, "mark", &["space"], LISTS, "mark", "Mark for a bulk action"),
    row(Command::MarkAll, "mark-all", &["*"], LISTS, "", "Mark all rows that the filter leaves, or none"),
    row(Command::Seen, "seen", &["x"], LIST, "", "Clear the sign of news without opening"),
    row(Command::Copy, "copy", &["y"], ALL, "copy", "Copy the id through the terminal"),
    row(Command::CopyText, "copy-text", &["Y"], ALL, "", "Copy what is shown as text"),
    row(Command::Export, "export", &["e"], BOTH, "export", "Write a calendar file"),
    row(Command::Sync, "sync", &["r"], SYNCED, "sync", "Ask the sources for new mail, or the one under the cursor"),
    row(Command::Sources, "sources", &["S"], LISTS, "", "List the sources: state, last run, errors, what came of them"),
    row(
        Command::Reread,
        "read-again",
        &["R"],
        &[Scope::Notifications],
        "",
        "Read all mails again that could not be read",
    ),
    row(Command::Pause, "pause-source", &["p"], &[Scope::Sources], "pause", "Let the source rest, or read it again"),
];

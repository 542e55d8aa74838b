//! What the log and the header tell of how a source is doing.

use crate::features::maintenance::worker::SourceHealth;
use crate::store::Error;

/// What the log tells of a source.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// It cannot be read, for this reason.
    Fails(String),
    /// It can be read again.
    IsBack,
}

/// What is new where a source was in one state and is in another: it is tried again and again, and told of once.
pub(super) fn news(before: &SourceHealth, now: &SourceHealth) -> Option<News> {
    let why = |health: &SourceHealth| match health {
        SourceHealth::Failing(reason) => Some(reason.clone()),
        SourceHealth::Down { trouble, .. } => Some(trouble.one_line()),
        SourceHealth::Starting
        | SourceHealth::Reading(_)
        | SourceHealth::Watching
        | SourceHealth::Paused { .. }
        | SourceHealth::Standby { .. }
        | SourceHealth::Waiting { .. } => None,
    };
    match (why(before), why(now)) {
        (before, now) if before == now => None,
        (_, Some(reason)) => Some(News::Fails(reason)),
        (_, None) => Some(News::IsBack),
    }
}

/// An error in a word or two, for the header.
pub(super) fn brief(error: &Error) -> &'static str {
    match error {
        Error::Full { .. } => "no space",
        Error::Busy { .. } => "store busy",
        Error::ReadOnly { .. } | Error::Unusable { .. } | Error::NoSharedMemory { .. } => "cannot write",
        Error::Replaced { .. } => "store replaced",
        Error::Corrupt { .. }
        | Error::Emptied { .. }
        | Error::Lost { .. }
        | Error::NotOurs { .. }
        | Error::Newer { .. }
        | Error::Superseded
        | Error::Panicked { .. }
        | Error::Closed
        | Error::TargetExists { .. }
        | Error::TargetUnusable { .. }
        | Error::NoBackup { .. }
        | Error::BackupDamaged { .. }
        | Error::NotABackup { .. }
        | Error::InUse { .. }
        | Error::Missing { .. }
        | Error::Refused { .. } => "not recorded",
    }
}

//! A workspace: changes that are not in force yet.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{BuildId, ChangeId, WorkspaceId};

/// What has become of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkspaceState {
    /// Open: it can be written to, built and submitted.
    Pending,
    /// In force.
    Submitted,
    /// Thrown away.
    Abandoned,
    /// Clashes with what is in force.
    Conflicts,
    /// Was in force, and was taken back.
    RolledBack,
    /// A state that this version of noctui does not know, by its number.
    Unknown(i32),
}

impl WorkspaceState {
    /// Whether it can still be thrown away.
    #[must_use]
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Submitted | Self::Abandoned | Self::RolledBack)
    }
}

/// A workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// What people call it.
    pub name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// What has become of it.
    pub state: WorkspaceState,
    /// Who made it; empty if that is not known.
    pub created_by: String,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was changed last.
    pub modified_at: Option<DateTime<Utc>>,
    /// Whether it was changed since its last build.
    pub needs_build: bool,
    /// Whether what is in force moved since it was made.
    pub needs_rebase: bool,
    /// Its last build.
    pub last_build: Option<BuildId>,
    /// The change controls that its submission made.
    pub changes: Vec<ChangeId>,
}

//! Workspaces of deployments from here that are not in force: which deployment made one, and whether anybody is at it still,
//! in the same words on the screen and on the command line.

use std::collections::BTreeMap;
use std::fmt;

use rusqlite::Connection;
use serde::Serialize;

use super::model::WorkspaceId;
use super::store::journal;
use crate::process::Fate;
use crate::store::Error;
use crate::text::clean_line;

/// Deployments of the journal that have ended whose workspaces are told apart, the newest.
const ASKED: usize = 200;

/// How the deployment stands that made a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Standing {
    /// It has ended, and its workspace was kept or could not be thrown away.
    Kept,
    /// A process is at it, or nobody here can tell.
    InUse,
    /// The process that was at it is no more.
    Left,
}

impl Standing {
    /// In a word, in place of that its workspace is open.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::InUse => "in use",
            Self::Left => "left",
        }
    }
}

/// The deployment that made a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Leftover {
    /// How it stands.
    pub(crate) standing: Standing,
    /// The configured target; `None` for a folder or a request.
    pub(crate) target: Option<String>,
}

impl Leftover {
    /// `a deployment of dc1`
    pub(crate) fn deployment(&self) -> String {
        match &self.target {
            Some(target) => format!("a deployment of {}", clean_line(target)),
            None => "a deployment from here".to_owned(),
        }
    }
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.standing {
            Standing::Kept => "kept by ",
            Standing::InUse => "in use by ",
            Standing::Left => "left unfinished by ",
        })?;
        f.write_str(&self.deployment())
    }
}

/// The workspaces that deployments have made and not brought into force, by whatever address: those of `server` before others.
/// Which of them are its own, and open, CloudVision knows.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn all(connection: &Connection, server: &str) -> Result<BTreeMap<WorkspaceId, Leftover>, Error> {
    let unfinished = journal::unfinished(connection)?.into_iter();
    let mut found: BTreeMap<_, _> = unfinished
        .filter(|left| !left.entry.phase.is_in_force())
        .filter_map(|left| {
            let standing = if left.fate == Fate::Dead { Standing::Left } else { Standing::InUse };
            Some((left.entry.workspace?, Leftover { standing, target: left.entry.target }))
        })
        .collect();
    for made in journal::unsubmitted(connection, server, ASKED)? {
        found.insert(made.workspace, Leftover { standing: Standing::Kept, target: made.target });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_who_made_a_workspace_and_whether_anybody_is_at_it() {
        let said =
            |standing, target: Option<&str>| Leftover { standing, target: target.map(ToOwned::to_owned) }.to_string();
        assert_eq!(said(Standing::Kept, Some("dc1")), "kept by a deployment of dc1");
        assert_eq!(said(Standing::InUse, Some("dc1")), "in use by a deployment of dc1");
        assert_eq!(said(Standing::Left, Some("d\u{1b}c1")), "left unfinished by a deployment of d␛c1");
        assert_eq!(said(Standing::Left, None), "left unfinished by a deployment from here");
    }
}

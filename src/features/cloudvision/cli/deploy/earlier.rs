//! Workspaces that deployments before this one have left open, so that nobody forgets them.

use std::time::Duration;

use tokio::time::timeout;

use crate::config::Config;
use crate::features::cloudvision::cli::connection::Connection;
use crate::features::cloudvision::model::WorkspaceId;
use crate::features::cloudvision::open_store;
use crate::features::cloudvision::store::journal::{self, Unsubmitted};
use crate::text::clean_line;

/// Deployments of the journal whose workspaces are asked about, the newest.
const ASKED: usize = 200;
/// Of those that are open, so many are named.
const NAMED: usize = 5;
/// It is an aside: nobody waits longer for it.
const WITHIN: Duration = Duration::from_secs(5);

/// Which workspaces of earlier deployments, besides that of the present one, are open still, and what can be done about
/// each: a sentence each. Where CloudVision or the store does not answer, nothing is said: what was deployed is told already.
pub(super) async fn left_open(config: &Config, connection: &Connection, own: Option<&WorkspaceId>) -> Vec<String> {
    let Ok(store) = open_store(&config.paths.data) else { return Vec::new() };
    let server = connection.instance.server.clone();
    let made = store.read(move |connection| journal::unsubmitted(connection, &server, ASKED)).await;
    let mut made = made.unwrap_or_default();
    made.retain(|made| Some(&made.workspace) != own);
    let ids: Vec<WorkspaceId> = made.iter().map(|made| made.workspace.clone()).collect();
    let found = match timeout(WITHIN, connection.client.workspaces(&ids)).await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => {
            tracing::warn!(%error, "whether earlier workspaces are open is not known");
            return Vec::new();
        }
        Err(_) => return Vec::new(),
    };
    let is_open = |made: &Unsubmitted| found.iter().any(|it| it.id == made.workspace && it.state.is_open());
    made.retain(is_open);
    let mut lines: Vec<String> = made.iter().take(NAMED).map(line).collect();
    if made.len() > NAMED {
        lines.push(format!("{} more are open: noctui workspace list", made.len() - NAMED));
    }
    lines
}

/// One of them in a sentence.
fn line(made: &Unsubmitted) -> String {
    let what = clean_line(made.target.as_deref().unwrap_or(&made.source));
    let (who, workspace) = (clean_line(&made.who), &made.workspace);
    let begun = made.started_at.format("%Y-%m-%d %H:%M UTC");
    format!(
        "the workspace of the deployment of {what} that {who} began {begun} is open still: noctui workspace show \
         {workspace}, noctui workspace abandon {workspace}"
    )
}

//! One workspace, followed from before it is made until it is left: what it is asked, and what it answers.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::leaving::gone;
use crate::features::cloudvision::client::workspace::{Asked, RequestId, WorkspaceSubscription};
use crate::features::cloudvision::client::{Client, Heard, Silence, Told};
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::{BuildId, ChangeId, WorkspaceId};
use crate::features::cloudvision::pb::Operation;
use crate::features::cloudvision::pb::workspace::{Response, ResponseCode, ResponseStatus, Workspace, WorkspaceState};
use crate::features::cloudvision::wire;
use crate::text::clean_line;

/// How long a workspace may take to answer. Builds of thousands of devices take many minutes.
const ANSWERS_WITHIN: Duration = Duration::from_hours(1);

/// The pause before a workspace that is not there yet is subscribed to again.
const MADE_WITHIN: Duration = Duration::from_millis(200);
/// It does not exist any more.
const DELETED: Failure = Failure::WorkspaceGone { what: "was deleted by somebody" };

/// A workspace that is worked on.
pub(super) struct Desk {
    /// The connection.
    client: Client,
    /// Which workspace.
    id: WorkspaceId,
    /// Open from the start to the end: no state is missed between two requests.
    subscription: WorkspaceSubscription,
    /// Whether anything was heard or seen of it: before, that there is none is no news.
    is_there: bool,
}

/// What a workspace answered to a request.
#[derive(Debug)]
pub(super) struct Answer {
    /// Whether it did it.
    pub(super) is_done: bool,
    /// Why not, as far as something can be done about it.
    pub(super) code: ResponseCode,
    /// Its words.
    pub(super) message: String,
    /// Its last build.
    pub(super) build: Option<BuildId>,
    /// Whether what is in force has moved.
    pub(super) needs_rebase: bool,
    /// Change controls that it made.
    pub(super) changes: Vec<ChangeId>,
}

impl Desk {
    /// A desk for a workspace that need not exist yet.
    pub(super) fn new(client: &Client, id: &WorkspaceId) -> Self {
        let subscription = client.follow_workspaces(Some(id));
        Self { client: client.clone(), id: id.clone(), subscription, is_there: false }
    }

    /// Makes the workspace and waits until it takes writes.
    pub(super) async fn create(&mut self, name: &str) -> Result<(), Failure> {
        let (client, id) = (self.client.clone(), self.id.clone());
        let create = async { client.create_workspace(&id, name).await.map_err(Failure::from) };
        let pending = self.until(|workspace| (workspace.state() == WorkspaceState::Pending).then_some(()));
        shown(create, pending).await
    }

    /// Asks it to do something and waits for the final answer.
    pub(super) async fn ask(&mut self, asked: Asked) -> Result<Answer, Failure> {
        self.ask_unless(asked, &CancellationToken::new()).await
    }

    /// The same, unless it is cancelled before the workspace has acknowledged that it was asked: it is not asked again then,
    /// and it may have heard it all the same.
    pub(super) async fn ask_unless(&mut self, asked: Asked, cancel: &CancellationToken) -> Result<Answer, Failure> {
        let request = RequestId::new();
        let (client, id) = (self.client.clone(), self.id.clone());
        let send = async {
            let sent = cancel.run_until_cancelled(client.ask_workspace(&id, asked, &request)).await;
            sent.ok_or(Failure::Cancelled)?.map_err(Failure::from)
        };
        let answered = self.until(|workspace| {
            let response = workspace.responses.as_ref()?.values.get(request.as_str())?;
            answer(workspace, response)
        });
        shown(send, answered).await
    }

    /// Waits until somebody ends it, for as long as that takes.
    ///
    /// Cancel safety: what it was told meanwhile is nothing that is waited for later.
    pub(super) async fn gone(&mut self) -> Failure {
        loop {
            match self.until(|_| None::<std::convert::Infallible>).await {
                Ok(never) => match never {},
                Err(gone @ Failure::WorkspaceGone { .. }) => return gone,
                // It is silent as long as nobody touches it.
                Err(Failure::Silent) => {}
                // What cannot be heard any more is told when it is asked something.
                Err(_) => return std::future::pending().await,
            }
        }
    }

    /// Follows it until `wanted` finds in it what it looks for.
    async fn until<T>(&mut self, mut wanted: impl FnMut(&Workspace) -> Option<T>) -> Result<T, Failure> {
        let deadline = Instant::now() + ANSWERS_WITHIN;
        let mut silence = Silence::default();
        loop {
            let heard = self.subscription.next_or(&mut silence, self.client.workspace_as_told(&self.id));
            let workspace = match timeout_at(deadline, heard).await.map_err(|_| Failure::Silent)? {
                // Who subscribes to one that is being made may hear that there is none.
                Err(Error::NotFound { .. }) if !self.is_there => {
                    sleep(MADE_WITHIN).await;
                    continue;
                }
                Err(error) => return Err(error.into()),
                Ok(Heard::Told(Told::Message(message))) if message.r#type() != Operation::Deleted => message.value,
                Ok(Heard::Told(Told::Message(_))) => return Err(DELETED),
                Ok(Heard::Told(Told::Opened | Told::Broken { .. })) => None,
                Ok(Heard::Seen(Ok(None))) if self.is_there => return Err(DELETED),
                Ok(Heard::Seen(Ok(seen))) => seen,
                Ok(Heard::Seen(Err(error))) => {
                    tracing::debug!(%error, "the workspace is silent, and cannot be seen");
                    None
                }
            };
            let Some(workspace) = workspace else { continue };
            self.is_there = true;
            if let Some(found) = wanted(&workspace) {
                return Ok(found);
            }
            if let Some(gone) = gone(wire::workspace_state(workspace.state)) {
                return Err(gone);
            }
        }
    }
}

/// Sends something, and waits until the workspace shows what came of it. Once it does, the answer to the call itself, which
/// may have been lost, is waited for no more: it tells nothing besides.
async fn shown<T>(
    call: impl Future<Output = Result<(), Failure>>,
    outcome: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::pin!(call, outcome);
    tokio::select! {
        biased;
        came = &mut outcome => came,
        answer = &mut call => {
            answer?;
            outcome.await
        }
    }
}

/// What a response says once it is final.
fn answer(workspace: &Workspace, response: &Response) -> Option<Answer> {
    let is_done = match response.status() {
        ResponseStatus::Success => true,
        ResponseStatus::Fail => false,
        // It is still at it.
        ResponseStatus::InProgress | ResponseStatus::Unspecified => return None,
    };
    let changes = workspace.cc_ids.clone().unwrap_or_default().values;
    Some(Answer {
        is_done,
        code: response.code(),
        message: clean_line(response.message.as_deref().unwrap_or_default()),
        build: workspace.last_build_id.clone().filter(|id| !id.is_empty()).map(BuildId::new),
        needs_rebase: workspace.needs_rebase.unwrap_or_default(),
        changes: changes.into_iter().map(ChangeId::new).collect(),
    })
}

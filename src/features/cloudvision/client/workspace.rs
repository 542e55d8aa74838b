//! Workspaces: made, asked to do something, followed, deleted; and what their builds found.

use uuid::Uuid;

use super::{Client, Repeat, Subscription, Told};
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::{BuildId, DeviceId, Workspace, WorkspaceId};
use crate::features::cloudvision::pb::Operation;
use crate::features::cloudvision::pb::fmp::RepeatedString;
use crate::features::cloudvision::pb::workspace as pb;
use crate::features::cloudvision::wire;

/// What a workspace can be asked to do. The answer comes later, in the workspace itself.
pub use pb::Request as Asked;

/// Follows workspaces.
pub type WorkspaceSubscription = Subscription<pb::WorkspaceStreamRequest, pb::WorkspaceStreamResponse>;

/// Follows the details of a build.
pub type BuildSubscription =
    Subscription<pb::WorkspaceBuildDetailsStreamRequest, pb::WorkspaceBuildDetailsStreamResponse>;

/// The number that a request is known by, so that sending it twice asks once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// One that nobody has.
    #[must_use]
    pub fn new() -> Self {
        Self(format!("req-{}", Uuid::new_v4()))
    }

    /// As it is on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self::new()
    }
}

impl WorkspaceId {
    /// The id of a workspace that does not exist yet.
    #[must_use]
    pub fn random() -> Self {
        Self::new(format!("ws-{}", Uuid::new_v4()))
    }
}

/// The key of a workspace.
fn key(id: &WorkspaceId) -> pb::WorkspaceKey {
    pb::WorkspaceKey { workspace_id: Some(id.as_str().to_owned()) }
}

impl Client {
    /// Makes a workspace; it can be written to once it is pending.
    pub async fn create_workspace(&self, id: &WorkspaceId, name: &str) -> Result<(), Error> {
        let value = pb::WorkspaceConfig { display_name: Some(name.to_owned()), ..named(id) };
        self.set_workspace(value).await
    }

    /// Asks a workspace to do something.
    pub async fn ask_workspace(&self, id: &WorkspaceId, asked: Asked, request: &RequestId) -> Result<(), Error> {
        let request_params = Some(pb::RequestParams { request_id: Some(request.as_str().to_owned()) });
        self.set_workspace(pb::WorkspaceConfig { request: asked.into(), request_params, ..named(id) }).await
    }

    /// Writes to a workspace. The same write again changes nothing: requests are known by their id.
    async fn set_workspace(&self, value: pb::WorkspaceConfig) -> Result<(), Error> {
        let request = pb::WorkspaceConfigSetRequest { value: Some(value) };
        let _answer: pb::WorkspaceConfigSetResponse =
            self.unary("/arista.workspace.v1.WorkspaceConfigService/Set", request, Repeat::Safe).await?;
        Ok(())
    }

    /// Has a workspace bring these devices what is in force, though nothing of it changes: those that run something else
    /// get a change control.
    pub async fn sync_devices(&self, id: &WorkspaceId, devices: &[DeviceId]) -> Result<(), Error> {
        let key = pb::WorkspaceSyncKey {
            workspace_id: Some(id.as_str().to_owned()),
            sync_operation: pb::SyncOperation::Config.into(),
        };
        let values = devices.iter().map(|device| device.as_str().to_owned()).collect();
        let value = pb::WorkspaceSyncConfig { key: Some(key), device_ids: Some(RepeatedString { values }) };
        let request = pb::WorkspaceSyncConfigSetRequest { value: Some(value) };
        let method = "/arista.workspace.v1.WorkspaceSyncConfigService/Set";
        let _answer: pb::WorkspaceSyncConfigSetResponse = self.unary(method, request, Repeat::Safe).await?;
        Ok(())
    }

    /// Deletes a workspace. What it has submitted stays in force.
    pub async fn delete_workspace(&self, id: &WorkspaceId) -> Result<(), Error> {
        let request = pb::WorkspaceConfigDeleteRequest { key: Some(key(id)) };
        let _answer: pb::WorkspaceConfigDeleteResponse =
            self.unary("/arista.workspace.v1.WorkspaceConfigService/Delete", request, Repeat::Safe).await?;
        Ok(())
    }

    /// A workspace, if there is one.
    pub async fn workspace(&self, id: &WorkspaceId) -> Result<Option<Workspace>, Error> {
        Ok(self.workspace_as_told(id).await?.and_then(wire::workspace))
    }

    /// The same as subscriptions tell it: with its responses.
    pub async fn workspace_as_told(&self, id: &WorkspaceId) -> Result<Option<pb::Workspace>, Error> {
        let request = pb::WorkspaceRequest { key: Some(key(id)) };
        let method = "/arista.workspace.v1.WorkspaceService/GetOne";
        match self.unary::<_, pb::WorkspaceResponse>(method, request, Repeat::Safe).await {
            Ok(answer) => Ok(answer.value),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Those of some workspaces that there are. Asking for none finds none.
    pub async fn workspaces(&self, ids: &[WorkspaceId]) -> Result<Vec<Workspace>, Error> {
        if ids.is_empty() {
            // An empty filter would be answered with all of them.
            return Ok(Vec::new());
        }
        let filter = |id| pb::Workspace { key: Some(key(id)), ..pb::Workspace::default() };
        let request = pb::WorkspaceStreamRequest { partial_eq_filter: ids.iter().map(filter).collect() };
        let messages: Vec<pb::WorkspaceStreamResponse> =
            self.collect("/arista.workspace.v1.WorkspaceService/GetAll", request, Repeat::Safe).await?;
        Ok(messages.into_iter().filter_map(|message| message.value.and_then(wire::workspace)).collect())
    }

    /// Follows one workspace, or all of them.
    #[must_use]
    pub fn follow_workspaces(&self, id: Option<&WorkspaceId>) -> WorkspaceSubscription {
        let filter = id.map(|id| pb::Workspace { key: Some(key(id)), ..pb::Workspace::default() });
        let request = pb::WorkspaceStreamRequest { partial_eq_filter: filter.into_iter().collect() };
        Subscription::new(self, "/arista.workspace.v1.WorkspaceService/Subscribe", request)
    }

    /// All workspaces.
    pub async fn all_workspaces(&self) -> Result<Vec<Workspace>, Error> {
        let request = pb::WorkspaceStreamRequest::default();
        let method = "/arista.workspace.v1.WorkspaceService/Subscribe";
        let mut stream = Subscription::<_, pb::WorkspaceStreamResponse>::new(self, method, request);
        let mut all = Vec::new();
        loop {
            match stream.next().await? {
                Told::Opened => all.clear(),
                Told::Message(message) if message.r#type() == Operation::InitialSyncComplete => return Ok(all),
                Told::Message(message) => all.extend(message.value.and_then(wire::workspace)),
                Told::Broken { error, .. } => return Err(error),
            }
        }
    }

    /// Follows what builds of a workspace find.
    #[must_use]
    pub fn follow_builds(&self, id: &WorkspaceId) -> BuildSubscription {
        let request = pb::WorkspaceBuildDetailsStreamRequest { partial_eq_filter: vec![details(id, None)] };
        Subscription::new(self, "/arista.workspace.v1.WorkspaceBuildDetailsService/Subscribe", request)
    }

    /// What a build found in each device.
    pub async fn build_details(
        &self,
        id: &WorkspaceId,
        build: &BuildId,
    ) -> Result<Vec<pb::WorkspaceBuildDetails>, Error> {
        let request = pb::WorkspaceBuildDetailsStreamRequest { partial_eq_filter: vec![details(id, Some(build))] };
        let method = "/arista.workspace.v1.WorkspaceBuildDetailsService/GetAll";
        let messages: Vec<pb::WorkspaceBuildDetailsStreamResponse> =
            self.collect(method, request, Repeat::Safe).await?;
        Ok(messages.into_iter().filter_map(|message| message.value).collect())
    }

    /// What a build found that belongs to no device.
    pub async fn build(&self, id: &WorkspaceId, build: &BuildId) -> Result<Option<pb::WorkspaceBuild>, Error> {
        let key = pb::WorkspaceBuildKey {
            workspace_id: Some(id.as_str().to_owned()),
            build_id: Some(build.as_str().to_owned()),
        };
        let request = pb::WorkspaceBuildRequest { key: Some(key) };
        let method = "/arista.workspace.v1.WorkspaceBuildService/GetOne";
        match self.unary::<_, pb::WorkspaceBuildResponse>(method, request, Repeat::Safe).await {
            Ok(answer) => Ok(answer.value),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A write to a workspace that wants nothing.
fn named(id: &WorkspaceId) -> pb::WorkspaceConfig {
    pb::WorkspaceConfig { key: Some(key(id)), ..pb::WorkspaceConfig::default() }
}

/// The details of one build of a workspace, or of all.
fn details(id: &WorkspaceId, build: Option<&BuildId>) -> pb::WorkspaceBuildDetails {
    let key = pb::WorkspaceBuildDetailsKey {
        workspace_id: Some(id.as_str().to_owned()),
        build_id: build.map(|build| build.as_str().to_owned()),
        device_id: None,
    };
    pb::WorkspaceBuildDetails { key: Some(key), ..pb::WorkspaceBuildDetails::default() }
}

//! `arista.workspace.v1`.

use tonic::{Request, Response, Status};

use super::Api;
use super::answer::{Answers, Wanted, all, messages, subscribe};
use crate::features::cloudvision::pb::workspace::workspace_build_details_service_server::WorkspaceBuildDetailsService;
use crate::features::cloudvision::pb::workspace::workspace_build_service_server::WorkspaceBuildService;
use crate::features::cloudvision::pb::workspace::workspace_config_service_server::WorkspaceConfigService;
use crate::features::cloudvision::pb::workspace::workspace_service_server::WorkspaceService;
use crate::features::cloudvision::pb::workspace::workspace_sync_config_service_server::WorkspaceSyncConfigService;
use crate::features::cloudvision::pb::workspace::{
    Workspace, WorkspaceBuild, WorkspaceBuildDetails, WorkspaceBuildDetailsStreamRequest,
    WorkspaceBuildDetailsStreamResponse, WorkspaceBuildRequest, WorkspaceBuildResponse, WorkspaceBuildStreamRequest,
    WorkspaceBuildStreamResponse, WorkspaceConfigDeleteRequest, WorkspaceConfigDeleteResponse,
    WorkspaceConfigSetRequest, WorkspaceConfigSetResponse, WorkspaceKey, WorkspaceRequest, WorkspaceResponse,
    WorkspaceStreamRequest, WorkspaceStreamResponse, WorkspaceSyncConfigSetRequest, WorkspaceSyncConfigSetResponse,
};
use crate::features::cloudvision::sim::covers::any_covers;
use crate::features::cloudvision::sim::workspace;

messages! {
    WorkspaceStreamResponse: Workspace,
    WorkspaceBuildStreamResponse: WorkspaceBuild,
    WorkspaceBuildDetailsStreamResponse: WorkspaceBuildDetails,
}

/// The id in a key.
fn id(key: Option<&WorkspaceKey>) -> &str {
    key.and_then(|key| key.workspace_id.as_deref()).unwrap_or_default()
}

#[tonic::async_trait]
impl WorkspaceService for Api {
    type GetAllStream = Answers<WorkspaceStreamResponse>;
    type SubscribeStream = Answers<WorkspaceStreamResponse>;

    async fn get_one(&self, request: Request<WorkspaceRequest>) -> Result<Response<WorkspaceResponse>, Status> {
        let mut state = self.0.state();
        let time = Some(state.now());
        let value = state.workspaces.get(id(request.get_ref().key.as_ref())).cloned();
        let value = Some(value.ok_or_else(|| Status::not_found("resource not found"))?);
        Ok(Response::new(WorkspaceResponse { value, time }))
    }

    async fn get_all(&self, request: Request<WorkspaceStreamRequest>) -> Result<Response<Self::GetAllStream>, Status> {
        let filters = request.into_inner().partial_eq_filter;
        let mut state = self.0.state();
        let time = state.now();
        Ok(all(state.workspaces.values().filter(|value| any_covers(&filters, *value)).cloned().collect(), time))
    }

    async fn subscribe(
        &self,
        request: Request<WorkspaceStreamRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let filters = request.into_inner().partial_eq_filter;
        Ok(subscribe(
            &self.0,
            Wanted {
                feed: |state| &state.workspaces,
                see: Box::new(move |value: &Workspace| any_covers(&filters, value).then(|| value.clone())),
                key: |value| Workspace { key: value.key, ..Default::default() },
            },
        ))
    }
}

#[tonic::async_trait]
impl WorkspaceConfigService for Api {
    async fn set(
        &self,
        request: Request<WorkspaceConfigSetRequest>,
    ) -> Result<Response<WorkspaceConfigSetResponse>, Status> {
        let value = request.into_inner().value;
        workspace::set(&self.0, &value.clone().unwrap_or_default())?;
        Ok(Response::new(WorkspaceConfigSetResponse { value, time: Some(self.0.state().now()) }))
    }

    async fn delete(
        &self,
        request: Request<WorkspaceConfigDeleteRequest>,
    ) -> Result<Response<WorkspaceConfigDeleteResponse>, Status> {
        let key = request.into_inner().key;
        let mut state = self.0.state();
        workspace::delete(&mut state, id(key.as_ref()))?;
        Ok(Response::new(WorkspaceConfigDeleteResponse { key, time: Some(state.now()) }))
    }
}

#[tonic::async_trait]
impl WorkspaceSyncConfigService for Api {
    async fn set(
        &self,
        request: Request<WorkspaceSyncConfigSetRequest>,
    ) -> Result<Response<WorkspaceSyncConfigSetResponse>, Status> {
        let value = request.into_inner().value;
        let mut state = self.0.state();
        workspace::sync(&mut state, &value.clone().unwrap_or_default())?;
        Ok(Response::new(WorkspaceSyncConfigSetResponse { value, time: Some(state.now()) }))
    }
}

#[tonic::async_trait]
impl WorkspaceBuildService for Api {
    type SubscribeStream = Answers<WorkspaceBuildStreamResponse>;

    async fn get_one(
        &self,
        request: Request<WorkspaceBuildRequest>,
    ) -> Result<Response<WorkspaceBuildResponse>, Status> {
        let key = request.into_inner().key.unwrap_or_default();
        let id = format!("{}/{}", key.workspace_id.unwrap_or_default(), key.build_id.unwrap_or_default());
        let mut state = self.0.state();
        let time = Some(state.now());
        let value = state.builds.get(&id).cloned();
        let value = Some(value.ok_or_else(|| Status::not_found("resource not found"))?);
        Ok(Response::new(WorkspaceBuildResponse { value, time }))
    }

    async fn subscribe(
        &self,
        request: Request<WorkspaceBuildStreamRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let filters = request.into_inner().partial_eq_filter;
        Ok(subscribe(
            &self.0,
            Wanted {
                feed: |state| &state.builds,
                see: Box::new(move |value: &WorkspaceBuild| any_covers(&filters, value).then(|| value.clone())),
                key: |value| WorkspaceBuild { key: value.key, ..Default::default() },
            },
        ))
    }
}

#[tonic::async_trait]
impl WorkspaceBuildDetailsService for Api {
    type GetAllStream = Answers<WorkspaceBuildDetailsStreamResponse>;
    type SubscribeStream = Answers<WorkspaceBuildDetailsStreamResponse>;

    async fn get_all(
        &self,
        request: Request<WorkspaceBuildDetailsStreamRequest>,
    ) -> Result<Response<Self::GetAllStream>, Status> {
        let filters = request.into_inner().partial_eq_filter;
        let mut state = self.0.state();
        let time = state.now();
        Ok(all(state.details.values().filter(|value| any_covers(&filters, *value)).cloned().collect(), time))
    }

    async fn subscribe(
        &self,
        request: Request<WorkspaceBuildDetailsStreamRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let filters = request.into_inner().partial_eq_filter;
        Ok(subscribe(
            &self.0,
            Wanted {
                feed: |state| &state.details,
                see: Box::new(move |value: &WorkspaceBuildDetails| any_covers(&filters, value).then(|| value.clone())),
                key: |value| WorkspaceBuildDetails { key: value.key, ..Default::default() },
            },
        ))
    }
}

//! `arista.configlet.v1`.

use tonic::{Request, Response, Status};

use super::Api;
use super::answer::{Answers, all, failures, messages};
use crate::features::cloudvision::pb::configlet::configlet_assignment_config_service_server::ConfigletAssignmentConfigService;
use crate::features::cloudvision::pb::configlet::configlet_assignment_service_server::ConfigletAssignmentService;
use crate::features::cloudvision::pb::configlet::configlet_config_service_server::ConfigletConfigService;
use crate::features::cloudvision::pb::configlet::configlet_service_server::ConfigletService;
use crate::features::cloudvision::pb::configlet::{
    Configlet, ConfigletAssignment, ConfigletAssignmentConfigSetRequest, ConfigletAssignmentConfigSetResponse,
    ConfigletAssignmentConfigSetSomeRequest, ConfigletAssignmentConfigSetSomeResponse,
    ConfigletAssignmentStreamRequest, ConfigletAssignmentStreamResponse, ConfigletConfigSetRequest,
    ConfigletConfigSetResponse, ConfigletConfigSetSomeRequest, ConfigletConfigSetSomeResponse, ConfigletRequest,
    ConfigletResponse, ConfigletStreamRequest, ConfigletStreamResponse,
};
use crate::features::cloudvision::sim::configlet;
use crate::features::cloudvision::sim::world::World;

messages! {
    ConfigletStreamResponse: Configlet,
    ConfigletAssignmentStreamResponse: ConfigletAssignment,
}

/// Whether the server knows bulk writes of configlets.
fn offered(world: &World) -> Result<(), Status> {
    let has = world.state().version.has_bulk_configlets();
    if has { Ok(()) } else { Err(Status::unimplemented("unknown method SetSome")) }
}

#[tonic::async_trait]
impl ConfigletService for Api {
    type GetAllStream = Answers<ConfigletStreamResponse>;

    async fn get_one(&self, request: Request<ConfigletRequest>) -> Result<Response<ConfigletResponse>, Status> {
        let mut state = self.0.state();
        let value = configlet::one(&mut state, &request.into_inner().key.unwrap_or_default());
        let value = Some(value.ok_or_else(|| Status::not_found("resource not found"))?);
        Ok(Response::new(ConfigletResponse { value, time: Some(state.now()) }))
    }

    async fn get_all(&self, request: Request<ConfigletStreamRequest>) -> Result<Response<Self::GetAllStream>, Status> {
        let mut state = self.0.state();
        let values = configlet::configlets(&mut state, &request.into_inner());
        Ok(all(values, state.now()))
    }
}

#[tonic::async_trait]
impl ConfigletConfigService for Api {
    type SetSomeStream = Answers<ConfigletConfigSetSomeResponse>;

    async fn set(
        &self,
        request: Request<ConfigletConfigSetRequest>,
    ) -> Result<Response<ConfigletConfigSetResponse>, Status> {
        let value = request.into_inner().value;
        let mut state = self.0.state();
        configlet::set(&mut state, &value.clone().unwrap_or_default())?;
        Ok(Response::new(ConfigletConfigSetResponse { value, time: Some(state.now()) }))
    }

    async fn set_some(
        &self,
        request: Request<ConfigletConfigSetSomeRequest>,
    ) -> Result<Response<Self::SetSomeStream>, Status> {
        offered(&self.0)?;
        let mut state = self.0.state();
        let mut failed = Vec::new();
        for value in request.into_inner().values {
            if let Err(status) = configlet::set(&mut state, &value) {
                failed.push(ConfigletConfigSetSomeResponse { key: value.key, error: status.message().to_owned() });
            }
        }
        Ok(failures(failed))
    }
}

#[tonic::async_trait]
impl ConfigletAssignmentService for Api {
    type GetAllStream = Answers<ConfigletAssignmentStreamResponse>;

    async fn get_all(
        &self,
        request: Request<ConfigletAssignmentStreamRequest>,
    ) -> Result<Response<Self::GetAllStream>, Status> {
        let mut state = self.0.state();
        let values = configlet::assignments(&mut state, &request.into_inner().partial_eq_filter);
        Ok(all(values, state.now()))
    }
}

#[tonic::async_trait]
impl ConfigletAssignmentConfigService for Api {
    type SetSomeStream = Answers<ConfigletAssignmentConfigSetSomeResponse>;

    async fn set(
        &self,
        request: Request<ConfigletAssignmentConfigSetRequest>,
    ) -> Result<Response<ConfigletAssignmentConfigSetResponse>, Status> {
        let value = request.into_inner().value;
        let mut state = self.0.state();
        configlet::assign(&mut state, &value.clone().unwrap_or_default())?;
        Ok(Response::new(ConfigletAssignmentConfigSetResponse { value, time: Some(state.now()) }))
    }

    async fn set_some(
        &self,
        request: Request<ConfigletAssignmentConfigSetSomeRequest>,
    ) -> Result<Response<Self::SetSomeStream>, Status> {
        offered(&self.0)?;
        let mut state = self.0.state();
        let mut failed = Vec::new();
        for value in request.into_inner().values {
            if let Err(status) = configlet::assign(&mut state, &value) {
                let error = status.message().to_owned();
                failed.push(ConfigletAssignmentConfigSetSomeResponse { key: value.key, error });
            }
        }
        Ok(failures(failed))
    }
}

//! `arista.studio.v1`.

use tonic::{Request, Response, Status};

use super::Api;
use super::answer::{Answers, all, failures, messages};
use crate::features::cloudvision::pb::studio::inputs_config_service_server::InputsConfigService;
use crate::features::cloudvision::pb::studio::inputs_service_server::InputsService;
use crate::features::cloudvision::pb::studio::{
    Inputs, InputsConfig, InputsConfigSetRequest, InputsConfigSetResponse, InputsConfigSetSomeRequest,
    InputsConfigSetSomeResponse, InputsConfigStreamRequest, InputsConfigStreamResponse, InputsRequest, InputsResponse,
    InputsStreamRequest, InputsStreamResponse,
};
use crate::features::cloudvision::sim::covers::any_covers;
use crate::features::cloudvision::sim::inputs;

messages! {
    InputsStreamResponse: Inputs,
    InputsConfigStreamResponse: InputsConfig,
}

#[tonic::async_trait]
impl InputsService for Api {
    type GetAllStream = Answers<InputsStreamResponse>;

    async fn get_one(&self, request: Request<InputsRequest>) -> Result<Response<InputsResponse>, Status> {
        let mut state = self.0.state();
        let value = inputs::one(&mut state, &request.into_inner().key.unwrap_or_default());
        let value = Some(value.ok_or_else(|| Status::not_found("resource not found"))?);
        Ok(Response::new(InputsResponse { value, time: Some(state.now()) }))
    }

    async fn get_all(&self, request: Request<InputsStreamRequest>) -> Result<Response<Self::GetAllStream>, Status> {
        let mut state = self.0.state();
        let values = inputs::all(&mut state, &request.into_inner().partial_eq_filter, self.0.inputs_limit);
        Ok(all(values, state.now()))
    }
}

#[tonic::async_trait]
impl InputsConfigService for Api {
    type GetAllStream = Answers<InputsConfigStreamResponse>;
    type SetSomeStream = Answers<InputsConfigSetSomeResponse>;

    async fn get_all(
        &self,
        request: Request<InputsConfigStreamRequest>,
    ) -> Result<Response<Self::GetAllStream>, Status> {
        let filters = request.into_inner().partial_eq_filter;
        let mut state = self.0.state();
        let edits = state.drafts.values().flat_map(|draft| draft.edits.inputs.values());
        let values = edits.filter(|edit| any_covers(&filters, *edit)).cloned().collect();
        Ok(all(values, state.now()))
    }

    async fn set(&self, request: Request<InputsConfigSetRequest>) -> Result<Response<InputsConfigSetResponse>, Status> {
        let value = request.into_inner().value;
        let mut state = self.0.state();
        inputs::set(&mut state, &value.clone().unwrap_or_default())?;
        Ok(Response::new(InputsConfigSetResponse { value, time: Some(state.now()) }))
    }

    async fn set_some(
        &self,
        request: Request<InputsConfigSetSomeRequest>,
    ) -> Result<Response<Self::SetSomeStream>, Status> {
        let mut state = self.0.state();
        let mut failed = Vec::new();
        for value in request.into_inner().values {
            if let Err(status) = inputs::set(&mut state, &value) {
                failed.push(InputsConfigSetSomeResponse { key: value.key, error: status.message().to_owned() });
            }
        }
        Ok(failures(failed))
    }
}

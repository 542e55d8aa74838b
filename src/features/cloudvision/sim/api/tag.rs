//! `arista.tag.v2`.

use tonic::{Request, Response, Status};

use super::Api;
use super::answer::{Answers, all, failures, messages};
use crate::features::cloudvision::pb::tag::tag_assignment_config_service_server::TagAssignmentConfigService;
use crate::features::cloudvision::pb::tag::tag_assignment_service_server::TagAssignmentService;
use crate::features::cloudvision::pb::tag::tag_config_service_server::TagConfigService;
use crate::features::cloudvision::pb::tag::tag_service_server::TagService;
use crate::features::cloudvision::pb::tag::{
    Tag, TagAssignment, TagAssignmentConfig, TagAssignmentConfigSetSomeRequest, TagAssignmentConfigSetSomeResponse,
    TagAssignmentConfigStreamRequest, TagAssignmentConfigStreamResponse, TagAssignmentStreamRequest,
    TagAssignmentStreamResponse, TagConfig, TagConfigSetSomeRequest, TagConfigSetSomeResponse, TagConfigStreamRequest,
    TagConfigStreamResponse, TagStreamRequest, TagStreamResponse,
};
use crate::features::cloudvision::sim::covers::any_covers;
use crate::features::cloudvision::sim::tags;

messages! {
    TagStreamResponse: Tag,
    TagConfigStreamResponse: TagConfig,
    TagAssignmentStreamResponse: TagAssignment,
    TagAssignmentConfigStreamResponse: TagAssignmentConfig,
}

#[tonic::async_trait]
impl TagService for Api {
    type GetAllStream = Answers<TagStreamResponse>;

    async fn get_all(&self, request: Request<TagStreamRequest>) -> Result<Response<Self::GetAllStream>, Status> {
        let filters = request.into_inner().partial_eq_filter;
        let mut state = self.0.state();
        let found = tags::tags(&state).into_iter().filter(|tag| any_covers(&filters, tag)).collect();
        Ok(all(found, state.now()))
    }
}

#[tonic::async_trait]
impl TagConfigService for Api {
    type GetAllStream = Answers<TagConfigStreamResponse>;
    type SetSomeStream = Answers<TagConfigSetSomeResponse>;

    async fn get_all(&self, request: Request<TagConfigStreamRequest>) -> Result<Response<Self::GetAllStream>, Status> {
        let filters = request.into_inner().partial_eq_filter;
        let mut state = self.0.state();
        let found = tags::tag_edits(&state).into_iter().filter(|edit| any_covers(&filters, edit)).collect();
        Ok(all(found, state.now()))
    }

    async fn set_some(
        &self,
        request: Request<TagConfigSetSomeRequest>,
    ) -> Result<Response<Self::SetSomeStream>, Status> {
        let mut state = self.0.state();
        let mut failed = Vec::new();
        for value in request.into_inner().values {
            if let Err(status) = tags::set_tag(&mut state, &value) {
                failed.push(TagConfigSetSomeResponse { key: value.key, error: status.message().to_owned() });
            }
        }
        Ok(failures(failed))
    }
}

#[tonic::async_trait]
impl TagAssignmentService for Api {
    type GetAllStream = Answers<TagAssignmentStreamResponse>;

    async fn get_all(
        &self,
        request: Request<TagAssignmentStreamRequest>,
    ) -> Result<Response<Self::GetAllStream>, Status> {
        let filters = request.into_inner().partial_eq_filter;
        let mut state = self.0.state();
        let found = tags::assigned(&state, self.0.long_interfaces);
        Ok(all(found.into_iter().filter(|assigned| any_covers(&filters, assigned)).collect(), state.now()))
    }
}

#[tonic::async_trait]
impl TagAssignmentConfigService for Api {
    type GetAllStream = Answers<TagAssignmentConfigStreamResponse>;
    type SetSomeStream = Answers<TagAssignmentConfigSetSomeResponse>;

    async fn get_all(
        &self,
        request: Request<TagAssignmentConfigStreamRequest>,
    ) -> Result<Response<Self::GetAllStream>, Status> {
        let filters = request.into_inner().partial_eq_filter;
        let mut state = self.0.state();
        let found = tags::assignment_edits(&state).into_iter().filter(|edit| any_covers(&filters, edit)).collect();
        Ok(all(found, state.now()))
    }

    async fn set_some(
        &self,
        request: Request<TagAssignmentConfigSetSomeRequest>,
    ) -> Result<Response<Self::SetSomeStream>, Status> {
        let mut state = self.0.state();
        let mut failed = Vec::new();
        for value in request.into_inner().values {
            if let Err(status) = tags::assign(&mut state, &value) {
                let error = status.message().to_owned();
                failed.push(TagAssignmentConfigSetSomeResponse { key: value.key, error });
            }
        }
        Ok(failures(failed))
    }
}

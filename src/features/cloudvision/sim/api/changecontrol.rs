//! `arista.changecontrol.v1`.

use tonic::{Request, Response, Status};

use super::Api;
use super::answer::{Answers, Wanted, all, messages, subscribe};
use crate::features::cloudvision::pb::changecontrol::approve_config_service_server::ApproveConfigService;
use crate::features::cloudvision::pb::changecontrol::change_control_config_service_server::ChangeControlConfigService;
use crate::features::cloudvision::pb::changecontrol::change_control_service_server::ChangeControlService;
use crate::features::cloudvision::pb::changecontrol::change_control_summary_service_server::ChangeControlSummaryService;
use crate::features::cloudvision::pb::changecontrol::{
    ApproveConfigSetRequest, ApproveConfigSetResponse, ChangeControl, ChangeControlConfigDeleteRequest,
    ChangeControlConfigDeleteResponse, ChangeControlConfigSetRequest, ChangeControlConfigSetResponse, ChangeControlKey,
    ChangeControlRequest, ChangeControlResponse, ChangeControlStreamRequest, ChangeControlStreamResponse,
    ChangeControlSummary, ChangeControlSummaryStreamRequest, ChangeControlSummaryStreamResponse, Filter,
};
use crate::features::cloudvision::sim::covers::any_covers;
use crate::features::cloudvision::sim::{change, summary};

messages! {
    ChangeControlStreamResponse: ChangeControl,
    ChangeControlSummaryStreamResponse: ChangeControlSummary,
}

/// Whether a filter of devices lets a change control through: one of its devices is named, or the filter names none.
fn has_device(filter: Option<&Filter>, control: &ChangeControl) -> bool {
    let Some(wanted) = filter.and_then(|filter| filter.device_ids.as_ref()) else { return true };
    let devices = control.device_ids.as_ref().map(|ids| ids.values.as_slice()).unwrap_or_default();
    wanted.values.is_empty() || devices.iter().any(|device| wanted.values.contains(device))
}

/// What a request for change controls sees of one.
fn see(request: &ChangeControlStreamRequest, control: &ChangeControl) -> Option<ChangeControl> {
    let seen = has_device(request.filter.as_ref(), control) && any_covers(&request.partial_eq_filter, control);
    seen.then(|| control.clone())
}

/// What a request for summaries sees of one.
fn see_summary(request: &ChangeControlSummaryStreamRequest, control: &ChangeControl) -> Option<ChangeControlSummary> {
    let summary = summary::of(control);
    let seen = has_device(request.filter.as_ref(), control) && any_covers(&request.partial_eq_filter, &summary);
    seen.then_some(summary)
}

#[tonic::async_trait]
impl ChangeControlService for Api {
    type GetAllStream = Answers<ChangeControlStreamResponse>;
    type SubscribeStream = Answers<ChangeControlStreamResponse>;

    async fn get_one(&self, request: Request<ChangeControlRequest>) -> Result<Response<ChangeControlResponse>, Status> {
        let id = request.into_inner().key.and_then(|key| key.id).unwrap_or_default();
        let mut state = self.0.state();
        let time = Some(state.now());
        let value = Some(state.changes.get(&id).cloned().ok_or_else(|| Status::not_found("resource not found"))?);
        Ok(Response::new(ChangeControlResponse { value, time }))
    }

    async fn get_all(
        &self,
        request: Request<ChangeControlStreamRequest>,
    ) -> Result<Response<Self::GetAllStream>, Status> {
        let request = request.into_inner();
        let mut state = self.0.state();
        let time = state.now();
        Ok(all(state.changes.values().filter_map(|control| see(&request, control)).collect(), time))
    }

    async fn subscribe(
        &self,
        request: Request<ChangeControlStreamRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let request = request.into_inner();
        Ok(subscribe(
            &self.0,
            Wanted {
                feed: |state| &state.changes,
                see: Box::new(move |control: &ChangeControl| see(&request, control)),
                key: |control| ChangeControl { key: control.key, ..Default::default() },
            },
        ))
    }
}

#[tonic::async_trait]
impl ChangeControlSummaryService for Api {
    type GetAllStream = Answers<ChangeControlSummaryStreamResponse>;
    type SubscribeStream = Answers<ChangeControlSummaryStreamResponse>;

    async fn get_all(
        &self,
        request: Request<ChangeControlSummaryStreamRequest>,
    ) -> Result<Response<Self::GetAllStream>, Status> {
        let request = request.into_inner();
        let mut state = self.0.state();
        summary::offered(&state)?;
        let time = state.now();
        Ok(all(state.changes.values().filter_map(|control| see_summary(&request, control)).collect(), time))
    }

    async fn subscribe(
        &self,
        request: Request<ChangeControlSummaryStreamRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let request = request.into_inner();
        summary::offered(&self.0.state())?;
        Ok(subscribe(
            &self.0,
            Wanted {
                feed: |state| &state.changes,
                see: Box::new(move |control: &ChangeControl| see_summary(&request, control)),
                key: |summary| ChangeControlSummary { key: summary.key, ..Default::default() },
            },
        ))
    }
}

#[tonic::async_trait]
impl ChangeControlConfigService for Api {
    async fn set(
        &self,
        request: Request<ChangeControlConfigSetRequest>,
    ) -> Result<Response<ChangeControlConfigSetResponse>, Status> {
        let value = request.into_inner().value;
        change::set(&self.0, &value.clone().unwrap_or_default())?;
        Ok(Response::new(ChangeControlConfigSetResponse { value, time: Some(self.0.state().now()) }))
    }

    async fn delete(
        &self,
        request: Request<ChangeControlConfigDeleteRequest>,
    ) -> Result<Response<ChangeControlConfigDeleteResponse>, Status> {
        let key: Option<ChangeControlKey> = request.into_inner().key;
        let mut state = self.0.state();
        change::delete(&mut state, key.as_ref().and_then(|key| key.id.as_deref()).unwrap_or_default())?;
        Ok(Response::new(ChangeControlConfigDeleteResponse { key, time: Some(state.now()) }))
    }
}

#[tonic::async_trait]
impl ApproveConfigService for Api {
    async fn set(
        &self,
        request: Request<ApproveConfigSetRequest>,
    ) -> Result<Response<ApproveConfigSetResponse>, Status> {
        let value = request.into_inner().value;
        let mut state = self.0.state();
        change::approve(&mut state, &value.clone().unwrap_or_default())?;
        Ok(Response::new(ApproveConfigSetResponse { value, time: Some(state.now()) }))
    }
}

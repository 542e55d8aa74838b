//! `arista.inventory.v1`.

use tonic::{Request, Response, Status};

use super::Api;
use super::answer::{Answers, Wanted, all, messages, subscribe};
use crate::features::cloudvision::pb::inventory::device_service_server::DeviceService;
use crate::features::cloudvision::pb::inventory::{Device, DeviceStreamRequest, DeviceStreamResponse};
use crate::features::cloudvision::sim::covers::any_covers;

messages!(DeviceStreamResponse: Device);

#[tonic::async_trait]
impl DeviceService for Api {
    type GetAllStream = Answers<DeviceStreamResponse>;
    type SubscribeStream = Answers<DeviceStreamResponse>;

    async fn get_all(&self, request: Request<DeviceStreamRequest>) -> Result<Response<Self::GetAllStream>, Status> {
        let filters = request.into_inner().partial_eq_filter;
        let mut state = self.0.state();
        let time = state.now();
        Ok(all(state.devices.values().filter(|device| any_covers(&filters, *device)).cloned().collect(), time))
    }

    async fn subscribe(
        &self,
        request: Request<DeviceStreamRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let filters = request.into_inner().partial_eq_filter;
        Ok(subscribe(
            &self.0,
            Wanted {
                feed: |state| &state.devices,
                see: Box::new(move |device: &Device| any_covers(&filters, device).then(|| device.clone())),
                key: |device| Device { key: device.key, ..Default::default() },
            },
        ))
    }
}

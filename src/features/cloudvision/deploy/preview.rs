//! The difference, device by device, between what is in force and what is wanted; before anything is written.

use futures::stream::{self, StreamExt, TryStreamExt};

use super::diff::diff;
use super::layout;
use super::order::DeviceDiff;
use super::plan::{ConfigPlan, DevicePlan};
use crate::features::cloudvision::client::Client;
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::Deployment;

/// Configurations that are read at once.
const SIDE_BY_SIDE: usize = 16;

/// The differences of the devices whose configuration changes, in the order of the deployment.
pub(super) async fn diffs(
    client: &Client,
    deployment: &Deployment,
    devices: &[DevicePlan],
) -> Result<Vec<DeviceDiff>, Error> {
    let changed = devices.iter().filter(|device| matches!(device.config, ConfigPlan::New | ConfigPlan::Changed));
    let of = |device: &DevicePlan| {
        let (device, client) = (device.clone(), client.clone());
        let wanted = deployment.devices.iter().find(|wanted| wanted.hostname == device.hostname);
        let new = wanted.and_then(|wanted| wanted.config.clone());
        async move {
            let old = if device.config == ConfigPlan::New {
                None
            } else {
                client.configlet_body(&layout::id(device.id.as_str())).await?
            };
            let lines = diff(&old.unwrap_or_default(), new.as_ref().map_or("", |new| new.as_str()));
            Ok::<_, Error>(DeviceDiff { device: device.id, hostname: device.hostname, lines })
        }
    };
    let reads: Vec<_> = changed.map(of).collect();
    stream::iter(reads).buffered(SIDE_BY_SIDE).try_collect().await
}

//! The inventory: which devices there are and whether they stream.

use super::{Client, Repeat, Subscription};
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::Device;
use crate::features::cloudvision::pb::inventory as pb;
use crate::features::cloudvision::wire;

/// By which of its properties a device is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sought<'a> {
    /// Serial number, system MAC address, or both at once.
    Hardware {
        /// Serial number.
        serial: Option<&'a str>,
        /// System MAC address.
        mac: Option<&'a str>,
    },
    /// Its name without the domain.
    Hostname(&'a str),
}

impl Client {
    /// The devices that are any of those looked for. Looking for none finds none.
    pub async fn devices(&self, sought: &[Sought<'_>]) -> Result<Vec<Device>, Error> {
        if sought.is_empty() {
            // An empty filter would be answered with the whole inventory.
            return Ok(Vec::new());
        }
        self.inventory(sought.iter().map(filter).collect()).await
    }

    /// All devices.
    pub async fn all_devices(&self) -> Result<Vec<Device>, Error> {
        self.inventory(Vec::new()).await
    }

    /// The devices that pass a filter.
    async fn inventory(&self, partial_eq_filter: Vec<pb::Device>) -> Result<Vec<Device>, Error> {
        let request = pb::DeviceStreamRequest { partial_eq_filter };
        let messages: Vec<pb::DeviceStreamResponse> =
            self.collect("/arista.inventory.v1.DeviceService/GetAll", request, Repeat::Safe).await?;
        Ok(messages.into_iter().filter_map(|message| wire::device(message.value?)).collect())
    }

    /// Follows all devices.
    #[must_use]
    pub fn follow_devices(&self) -> Subscription<pb::DeviceStreamRequest, pb::DeviceStreamResponse> {
        let request = pb::DeviceStreamRequest::default();
        Subscription::new(self, "/arista.inventory.v1.DeviceService/Subscribe", request)
    }
}

/// What a device has to be.
fn filter(sought: &Sought<'_>) -> pb::Device {
    let text = |text: &str| Some(text.to_owned());
    match *sought {
        Sought::Hardware { serial, mac } => pb::Device {
            key: serial.map(|serial| pb::DeviceKey { device_id: text(serial) }),
            system_mac_address: mac.and_then(text),
            ..pb::Device::default()
        },
        Sought::Hostname(hostname) => pb::Device { hostname: text(hostname), ..pb::Device::default() },
    }
}

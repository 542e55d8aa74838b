//! A device of the inventory.

use serde::{Deserialize, Serialize};

use super::DeviceId;

/// A device as CloudVision knows it. Fields that it does not know are empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Serial number.
    pub id: DeviceId,
    /// Without the domain.
    pub hostname: String,
    /// With the domain.
    pub fqdn: String,
    /// System MAC address, as written by CloudVision: `00:1c:73:00:00:01`.
    pub mac: String,
    /// As the vendor calls it.
    pub model: String,
    /// Of EOS.
    pub version: String,
    /// Whether it streams to CloudVision now; one that does not cannot be validated.
    pub streaming: bool,
}

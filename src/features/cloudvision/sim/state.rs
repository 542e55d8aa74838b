//! Everything the simulated CloudVision knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use prost_types::Timestamp;

use super::change::Plan;
use super::feed::Feed;
use super::mainline::{Author, Mainline};
use super::script::Script;
use super::version::Version;
use super::workspace::Draft;
use crate::clock;
use crate::features::cloudvision::pb::changecontrol::ChangeControl;
use crate::features::cloudvision::pb::inventory::{Device, StreamingStatus};
use crate::features::cloudvision::pb::workspace::{Workspace, WorkspaceBuild, WorkspaceBuildDetails};

/// All of it. One lock guards it, so that a write and what follows from it are seen together.
#[derive(Debug)]
pub(super) struct State {
    pub(super) version: Version,
    /// As whom every client writes.
    pub(super) user: String,
    /// By serial number.
    pub(super) devices: Feed<Device>,
    /// What runs on each device, by serial number.
    pub(super) running: BTreeMap<String, String>,
    /// What is in force.
    pub(super) mainline: Arc<Mainline>,
    pub(super) workspaces: Feed<Workspace>,
    /// What workspaces have beside what is published of them, by id.
    pub(super) drafts: BTreeMap<String, Draft>,
    /// By the ids of workspace and build.
    pub(super) builds: Feed<WorkspaceBuild>,
    /// By the ids of workspace, build and device.
    pub(super) details: Feed<WorkspaceBuildDetails>,
    /// What can be read by HTTP, by path.
    pub(super) texts: BTreeMap<String, String>,
    pub(super) changes: Feed<ChangeControl>,
    /// What change controls do, by id.
    pub(super) plans: BTreeMap<String, Plan>,
    /// What goes wrong.
    pub(super) script: Script,
    /// The time that was given out last.
    last: Timestamp,
    /// Ids that were given out.
    ids: u64,
}

impl State {
    /// An empty one.
    pub(super) fn new(version: String) -> Self {
        Self {
            version: Version(version),
            user: "noctui".to_owned(),
            devices: Feed::default(),
            running: BTreeMap::new(),
            mainline: Arc::default(),
            workspaces: Feed::default(),
            drafts: BTreeMap::new(),
            builds: Feed::default(),
            details: Feed::default(),
            texts: BTreeMap::new(),
            changes: Feed::default(),
            plans: BTreeMap::new(),
            script: Script::default(),
            last: Timestamp::default(),
            ids: 0,
        }
    }

    /// The time, to the nanosecond and never the same twice: versions of change controls are times.
    pub(super) fn now(&mut self) -> Timestamp {
        let now = timestamp(clock::now());
        let next = Timestamp { seconds: self.last.seconds, nanos: self.last.nanos + 1 };
        self.last = if (now.seconds, now.nanos) > (next.seconds, next.nanos) { now } else { carry(next) };
        self.last
    }

    /// Who writes now.
    pub(super) fn author(&mut self) -> Author {
        Author { user: self.user.clone(), time: self.now() }
    }

    /// An id that was not given out before, in the form of a UUID.
    pub(super) fn fresh_id(&mut self) -> String {
        self.ids += 1;
        let hash = super::mainline::digest(&format!("simulated {}", self.ids));
        let part = |from: usize, to: usize| hash.get(from..to).unwrap_or_default();
        format!("{}-{}-4{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
    }

    /// Whether a device streams.
    pub(super) fn is_active(&self, device: &str) -> bool {
        self.devices.get(device).is_some_and(|device| device.streaming_status() == StreamingStatus::Active)
    }

    /// What a person calls a device.
    pub(super) fn hostname(&self, device: &str) -> String {
        let name = self.devices.get(device).and_then(|device| device.hostname.clone());
        name.unwrap_or_else(|| device.to_owned())
    }
}

/// A time as it goes over the wire.
pub(super) fn timestamp(time: chrono::DateTime<chrono::Utc>) -> Timestamp {
    let nanos = i32::try_from(time.timestamp_subsec_nanos()).unwrap_or_default();
    Timestamp { seconds: time.timestamp(), nanos }
}

/// A time whose nanoseconds may be one too many.
fn carry(time: Timestamp) -> Timestamp {
    match time.nanos {
        1_000_000_000.. => Timestamp { seconds: time.seconds + 1, nanos: 0 },
        _ => time,
    }
}

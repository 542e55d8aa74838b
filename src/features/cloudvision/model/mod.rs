//! The nouns of CloudVision, and the rules about them that need no server: devices, workspaces and their builds, change
//! controls, and what somebody wants deployed.
//!
//! Text from a server or a file is harmless here already ([`crate::text`]): `wire` and `inputs` see to it. Configurations
//! are kept to the byte instead; whoever draws a line of one makes it harmless then.

mod build;
mod change;
mod deployment;
mod device;
mod id;
mod workspace;

pub use build::{BuildReport, BuildState, DeviceBuild, DiffLine, Fault, LineCounts, LineOp};
pub use change::{
    Approval, Change, ChangeAction, ChangeCheck, ChangeState, ExecutionOrder, Stage, StageState, Step, Version,
};
pub use deployment::{ConfigText, Deployment, Label, Origin, TagLabel, Wanted};
pub use device::Device;
pub use id::{BuildId, ChangeId, DeploymentId, DeviceId, WorkspaceId};
pub use workspace::{Workspace, WorkspaceState};

//! Owns the connections to every configured CloudVision: requests in, reports out.

mod protocol;

pub use protocol::{
    Delta, Health, Inputs, InstanceView, LastDeployment, Progress, Report, Request, Target, Unfinished,
};

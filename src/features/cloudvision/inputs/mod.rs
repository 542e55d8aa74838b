//! From what is on the disk or in a request to a [`Deployment`]: complete, checked, and safe to hand on. Nothing here
//! asks a server or changes anything.
//!
//! [`from_folder`] reads rendered configurations, with what an AVD project knows of their devices; [`from_request`] reads
//! CVProxy's JSON. Both tell everything that is wrong at once, each with its place, and take hostile input: sizes, counts
//! and nesting are bounded, and nothing is followed but links of the file system. They read files; call them on a thread
//! that may wait.

mod check;
mod filter;
mod folder;
mod json;
mod problem;
mod request;
mod structured;
#[cfg(test)]
mod tests;
mod tree;
mod yaml;

use super::model::Deployment;

pub use filter::Filters;
pub use folder::{Selection, from_folder};
pub use problem::{Problem, Problems};
pub use request::{Given, Request, from_request, read_request, read_request_at};

/// The largest configuration: CloudVision takes messages of one mebibyte, a configuration goes into one message whole, and
/// its names and keys need some of it.
const LARGEST_CONFIG: usize = (1 << 20) - (8 << 10);

/// The largest file that is read.
const LARGEST_FILE: u64 = 16 << 20;

/// All configurations of one deployment together.
const LARGEST_TOTAL: u64 = 512 << 20;

/// The most devices in one deployment, and the most files of one kind in a folder. CloudVision clusters end at about a
/// third of it.
const MOST_DEVICES: usize = 10_000;

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// What is wanted. The folder says nothing of change controls and of strict tags: both are left at their default for
    /// the caller to set.
    pub deployment: Deployment,
    /// What keeps nobody from going on and should be known.
    pub warnings: Vec<Problem>,
}

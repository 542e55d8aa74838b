//! Port forwards into labs: vLab's IPAM service, which maps ports of a lab's gateway to machines inside the lab.
//!
//! Written for `vlab-ipam-api` 2019.7.3 behind its front server, or asked directly. The service is strictly serial, has
//! neither paging nor bulk, answers several mistakes with pages of HTML, and its list and its firewall may disagree:
//! `model` says what is true of a forward, `client` asks, `probe` measures from here.

pub mod act;
pub(crate) mod cli;
pub mod client;
pub(crate) mod connect;
mod error;
pub mod model;
pub mod pane;
pub mod probe;
mod shell;
pub mod sim;
pub mod store;
pub(crate) mod surroundings;
mod wire;
pub mod worker;

pub use super::open_store;
pub use error::Error;

//! Consoles of virtual machines: serial lines and screens over websockets, and definitions of machines that are signed.

pub mod access;
pub(crate) mod cli;
pub mod cluster;
mod dial;
pub mod emulator;
mod error;
pub mod glyph;
pub mod keysym;
pub mod link;
pub mod model;
pub mod pane;
pub mod rfb;
pub mod sim;
pub mod token;
mod unsent;
pub mod vmcp;
pub mod worker;

pub use error::{Error, Likely};

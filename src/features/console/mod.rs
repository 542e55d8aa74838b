//! Consoles of virtual machines: serial lines and screens over websockets, and definitions of machines that are signed.

pub mod access;
pub(crate) mod cli;
mod error;
pub mod glyph;
pub mod link;
pub mod rfb;
pub mod sim;
pub mod token;
pub mod vmcp;

pub use error::Error;

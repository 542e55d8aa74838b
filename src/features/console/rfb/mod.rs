//! RFB 3.8 (RFC 6143), the protocol of VNC: a screen comes in rectangles, in encodings that the client chose.
//!
//! Own code, where a kept crate exists: vnc-rs decodes neither Hextile nor Zlib, hands out the JPEG of Tight undecoded, and
//! decides by itself when the next update is asked for, which is what a slow link needs to decide here. zlib, JPEG and DES are
//! those of kept crates.
//!
//! [`open`] shakes hands and gives a [`Viewer`], which reads, and a [`Remote`], which writes: an answer to a key never waits
//! for an update. Nothing here asks by itself: one [`Remote::ask`], one update.

mod encoding;
mod error;
mod format;
mod frame;
mod handshake;
mod remote;
#[cfg(test)]
pub(super) mod tests;
mod viewer;
mod wire;

pub use self::encoding::{Cursor, Encoding};
pub use self::error::Error;
pub use self::format::Format;
pub use self::frame::{Area, Frame};
pub(in crate::features::console) use self::handshake::response;
pub use self::handshake::{Begun, Locked, Password, Wishes, begin, open};
pub use self::remote::Remote;
pub use self::viewer::{Event, Viewer};

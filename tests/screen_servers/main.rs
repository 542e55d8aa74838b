//! Screens of real servers, pixel for pixel: Xvnc of TigerVNC and QEMU, from Debian's packages. `.ci/run` installs them; where
//! they are missing the tests say so and pass.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a server that cannot be started fails its test")]

mod qemu;
mod server;
#[path = "../support/skip.rs"]
mod skip;
mod viewing;
mod xvnc;

//! Where calls come in: TLS, who may call, what was told to go wrong, and the log of all of it.

mod calls;
mod faults;
mod gate;
mod listener;
mod response;

pub use self::calls::{Call, Calls};
pub(super) use self::faults::Faults;
pub(super) use self::listener::listen;

//! VMCP, by which a CernVM `WebAPI` client asks a web site for the definition of a machine and gets it signed.
//!
//! The client appends a salt of its own and the id of its host to an address; what answers is a JSON object with a
//! signature over its fields and the salt. [`Definition`] is what is signed, [`SigningKey`] signs it, [`Answer`] is what a
//! client gets, and [`mod@remarks`] says what it would ignore or refuse. [`serve`] answers clients, [`mod@fetch`] is one.

mod answer;
mod canonical;
mod definition;
mod error;
mod fetch;
mod folder;
mod key;
mod reading;
mod remarks;
mod request;
mod serve;
#[cfg(test)]
mod tests;

pub use self::answer::{Answer, Verdict};
pub use self::definition::{Definition, Field};
pub use self::error::{BadKey, Error};
pub use self::fetch::{Fetched, Wanted, fetch};
pub(crate) use self::folder::read_file;
pub use self::folder::{Folder, Listed, Read};
pub use self::key::{PublicKey, SigningKey};
pub use self::reading::Problem;
pub use self::remarks::{Remark, Severity, flags, remarks};
pub use self::request::{BadParameter, HostId, Salt};
pub use self::serve::{Served, Server, Settings};

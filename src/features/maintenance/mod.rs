//! Circuit maintenances: what providers announce by mail, read into the store, triaged and acknowledged.
//!
//! A *notification* is a mail as received. Parsing it with the provider rules gives *notices*: what this notification
//! says of one maintenance window. Notices are merged into *maintenances*, the state of the world as far as we know it.

pub(crate) mod cli;
pub mod ical;
pub mod model;
pub mod source;
pub mod store;

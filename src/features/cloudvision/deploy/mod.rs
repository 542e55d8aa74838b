//! A deployment: from what is wanted to a change control, through a workspace that is built and submitted.
//!
//! Reads go out together; the workspace is made only when there is something to change, and what its writes replace as a
//! whole is read again after that, since a change of what is in force is noticed only from then on. Independent writes go
//! out together. Up to the answer of the submission that makes eight steps, each of which needs the answer of the one
//! before:
//!
//! 1. version, inventory 2. configlets and containers 3. the workspace is made 4. everything is read again 5. everything is
//!    written but assignments of tags, 6. which need their tags 7. build 8. submission.
//!
//! Where every serial number is said, as AVD says them, the second goes out with the first. The sixth could go: tags that are
//! missing could be made while everything is read again; but then the workspace would be written to before the journal has
//! what is written, and that is worth more than one way to the server.

mod after;
mod agreement;
mod build;
mod compliance;
mod desk;
mod diff;
mod failure;
mod journal;
mod layout;
mod leaving;
mod lookup;
mod order;
mod plan;
mod prepare;
mod preview;
pub mod recovery;
mod run;
mod submit;
mod survey;
mod topology;
mod waiting;
mod write;

pub use agreement::Agreement;
pub use diff::diff;
pub use failure::{Failure, NotCompared};
pub use journal::{About, Journal, NotBegun, ending};
pub use leaving::abandon;
pub use lookup::{NotPlaced, Placed};
pub use order::{
    Advance, Controls, DeviceDiff, Event, Fact, Order, Outcome, Reach, Recorder, Review, Step, Unrecorded,
    WorkspaceFate,
};
pub use plan::{ConfigPlan, DevicePlan, Plan};
pub use run::run;

#[cfg(test)]
mod tests;

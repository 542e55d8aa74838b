//! What the screen asks of the worker, and what the worker tells.

mod report;
mod request;
mod write;

pub use report::{Done, Mail, Report};
pub use request::{Question, Request, Target};
pub use write::Write;

//! CloudVision's panes as their users meet them: reports and keys in, screens and requests out.

mod alike;
mod changes;
mod deploys;
mod hints;
mod hostile;
mod lacking;
pub(super) mod night;
mod screens;
mod workspaces;

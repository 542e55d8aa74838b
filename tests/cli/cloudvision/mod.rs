//! The subcommands of CloudVision that need no CloudVision.

mod audit;

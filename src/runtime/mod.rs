//! The only place that starts tasks and touches the terminal.

pub mod terminal;

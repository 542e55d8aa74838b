//! noctui: a terminal UI for network engineers on call; circuit maintenances, read from mail and triaged in one place.
//!
//! What is where: [`app`] is the user interface as a whole, [`features`] has one folder per backend, [`store`] is the
//! local `SQLite` cache, [`runtime`] is the only place that starts tasks and touches the terminal, [`ui`] draws without
//! knowing noctui, [`config`] turns what was typed into settings that are final. `ARCHITECTURE.md` has the map.

pub mod app;
pub mod blocking;
pub mod cli;
pub mod clock;
pub mod colour;
pub mod command;
pub mod config;
mod confirm;
pub mod demo;
pub mod errand;
pub mod features;
mod here;
pub mod input;
pub mod key;
mod listening;
pub mod logging;
pub mod output;
pub mod process;
mod regular;
pub mod runtime;
pub mod secret;
pub mod state;
pub mod store;
mod table;
pub mod text;
pub mod tls;
pub mod trouble;
mod ui;
mod watching;

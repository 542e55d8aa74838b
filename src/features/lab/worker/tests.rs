//! The worker against the simulated lab.

//! Deployments against the simulator.

//! The connection against the simulator: TLS, token, nodes, repetitions.

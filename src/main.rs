//! The `noctui` binary.
fn main() {}

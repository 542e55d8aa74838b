//! The `noctui` binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    noctui::cli::main()
}

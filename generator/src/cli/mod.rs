//! Arguments, files, colours and exit codes. The only module that prints.

use std::process::ExitCode;

/// Runs the command line.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}

//! The `asg-recycle` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    asg_recycle::cli::main()
}

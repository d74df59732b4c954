//! The Lambda function's entry point: `bootstrap` in the zip.

use std::process::ExitCode;

// One thread: the work is waiting for AWS, and a small function has a fraction of a processor.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    asg_recycle_handler::lambda::serve().await
}

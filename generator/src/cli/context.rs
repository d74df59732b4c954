//! What a command runs in.

use super::console::Console;
use crate::aws::Patience;
use crate::package::ProcessEnvironment;

/// The streams and the environment of the process, and what it knows of who answers.
pub(super) struct Context {
    pub(super) console: Console,
    pub(super) environment: ProcessEnvironment,
    pub(super) patience: Patience,
}

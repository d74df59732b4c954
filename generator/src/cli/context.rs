//! What a command runs in.

use super::console::Console;
use crate::package::ProcessEnvironment;

/// The streams and the environment of the process.
pub(super) struct Context {
    pub(super) console: Console,
    pub(super) environment: ProcessEnvironment,
}

//! A [`Stack`] to the files of one output format.

use std::collections::BTreeMap;

use crate::stack::Stack;

/// Generated files: path under the output folder, `/`-separated, to contents.
pub type Files = BTreeMap<String, Vec<u8>>;

/// An output format.
pub trait Format: Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;
    /// Its files.
    fn render(&self, stack: &Stack) -> Files;
}

/// Every format, in the order documented.
pub const FORMATS: &[&dyn Format] = &[];

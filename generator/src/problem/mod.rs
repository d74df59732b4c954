//! Faults as data: what is wrong, where, why, and how to mend it.

mod types;
mod text;
mod print;

pub(crate) use print::Lines;
#[cfg(feature = "operate")]
pub(crate) use text::first_few;
#[cfg(feature = "cli")]
pub(crate) use text::is_printable;
pub(crate) use text::{counted, shown};
pub use types::{Location, Problem, Problems};

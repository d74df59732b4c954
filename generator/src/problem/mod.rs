//! Faults as data: what is wrong, where, why, and how to mend it.

mod types;
mod text;
mod print;

pub(crate) use print::Lines;
pub(crate) use text::{counted, first_few, is_printable, shown};
pub use types::{Location, Problem, Problems};

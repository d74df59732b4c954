//! The strategies: one folder each under `templates/strategies/`, found by name.

mod catalog;
mod file;
mod setting;
mod types;

use std::collections::BTreeMap;

pub use catalog::Catalog;
pub(crate) use catalog::{FRAME, ROOT, line_of, yaml_fault};
pub use setting::Setting;
pub use types::{Hooks, JudgedBy, LeavingOrder, Phase, Strategy, Turns};

/// The strategies that are compiled in, by name.
pub fn all() -> &'static BTreeMap<String, Strategy> {
    Catalog::embedded().strategies()
}

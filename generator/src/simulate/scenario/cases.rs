//! The scenarios that stand beside the strategies, as they were compiled in.

use super::description::{Scenario, ScenarioError};
use crate::strategy;
use crate::template;

/// A scenario of a strategy.
#[derive(Debug, Clone)]
pub struct Case {
    /// The strategy.
    pub strategy: String,
    /// The file's name, without its ending.
    pub name: String,
    /// Its path under `templates/`.
    pub path: String,
    /// What it says.
    pub scenario: Scenario,
}

/// Every scenario, those that are for several strategies once for each.
///
/// # Errors
/// The first that cannot be read, with its path.
pub fn cases() -> Result<Vec<Case>, (String, ScenarioError)> {
    let mut found = Vec::new();
    for (strategy, said) in strategy::all() {
        for (folder, shared) in [(strategy.as_str(), false), ("_shared", true)] {
            let folder = template::folder(&format!("strategies/{folder}/cases"));
            for file in folder.into_iter().flat_map(include_dir::Dir::files) {
                let path = file.path().display().to_string();
                let text = file.contents_utf8().unwrap_or_default();
                let scenario = Scenario::parse(text).map_err(|error| (path.clone(), error))?;
                let name = file.path().file_stem().map(|stem| stem.to_string_lossy().into_owned());
                if !shared || scenario.is_for(said) {
                    let name = name.unwrap_or_default();
                    found.push(Case { strategy: strategy.clone(), name, path, scenario });
                }
            }
        }
    }
    Ok(found)
}

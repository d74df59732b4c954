//! A real group that is kept as a scenario, in a file to be changed and run.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::console::write_file;
use super::context::Context;
use super::exit_code::Failure;
use crate::output::Edits;

/// Where to keep it.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ScenarioFile {
    /// Also write the group, as it is now, as a scenario into this file, to be changed and run with `simulate --scenario`.
    #[arg(long, value_name = "FILE")]
    pub(super) write_scenario: Option<PathBuf>,
    /// Write the scenario over a file that is there.
    #[arg(long, requires = "write_scenario")]
    pub(super) force: bool,
}

impl ScenarioFile {
    /// Fails, before anything is asked, where it cannot be written.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let Some(path) = &self.write_scenario else { return Ok(()) };
        if path.as_os_str() == "-" {
            return Err(Failure::Input(
                "the report is printed there: name a file with `--write-scenario`, e.g. `./-` for one of this name".to_owned(),
            ));
        }
        if path.exists() && !self.force { Err(there_already(path)) } else { Ok(()) }
    }

    /// Writes a scenario, where one is to be kept.
    pub(super) fn keep(&self, scenario: &Value, context: &mut Context) -> Result<(), Failure> {
        let Some(path) = &self.write_scenario else { return Ok(()) };
        let text = serde_yaml::to_string(scenario)
            .map_err(|error| Failure::World(format!("the scenario cannot be written: {error}")))?;
        let edits = if self.force { Edits::Overwrite } else { Edits::Protect };
        if !write_file(path, &text, edits)? {
            return Err(there_already(path));
        }
        context.console.note(&format!("wrote {}\n", path.display()));
        Ok(())
    }
}

fn there_already(path: &Path) -> Failure {
    Failure::Input(format!("`{}` is there already: `--force` writes over it", path.display()))
}

//! Changes of the templates that a scenario has to notice, each made alone: the case that `mutants.yaml` names for it is not
//! what it should be then.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use asg_recycle::config::{self, Config};
use asg_recycle::simulate::runner::{Deployment, Detail};
use asg_recycle::simulate::scenario::Case;
use asg_recycle::strategy::Catalog;
use serde::Deserialize;

use crate::cases::all_cases;

thread_local! {
    /// Read once for all changes.
    static CASES: Vec<Case> = all_cases();
}

/// A change of a template.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mutant {
    /// What the machine does then.
    pub(crate) change: String,
    /// The template, under `templates/strategies/`.
    file: String,
    /// Text that stands in it once.
    from: String,
    /// What stands there instead.
    to: String,
    /// The case that notices, as `folder/name`.
    killed_by: String,
}

/// All of them.
pub(crate) fn mutants() -> Vec<Mutant> {
    serde_yaml::from_str(include_str!("mutants.yaml")).expect("the mutants are in order")
}

impl Mutant {
    /// What is wrong with it: it is not the change that it says, or its case does not notice it.
    pub(crate) fn unmet(&self) -> Result<(), String> {
        let catalog = self.catalog()?;
        CASES.with(|cases| {
            let named = cases.iter().filter(|case| path_of(case) == self.killed_by);
            for case in named {
                if is_noticed(&catalog, case)? {
                    return Ok(());
                }
            }
            Err(format!("{} does not notice it, or there is no such case", self.killed_by))
        })
    }

    /// The templates with the change.
    fn catalog(&self) -> Result<Catalog, String> {
        let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates/strategies");
        let text = std::fs::read_to_string(templates.join(&self.file)).map_err(|error| error.to_string())?;
        let found = text.matches(&self.from).count();
        if found != 1 {
            return Err(format!("{}: {:?} stands there {found} times, not once", self.file, self.from));
        }
        let (folder, path) = self.file.split_once('/').ok_or("a file stands in a folder")?;
        let files = BTreeMap::from([(path.to_owned(), text.replace(&self.from, &self.to))]);
        Catalog::embedded().with_folder(folder, files).map_err(|faults| faults.to_string())
    }
}

/// Whether a case is not what it should be. What the generator refuses is no change of a machine.
fn is_noticed(catalog: &Catalog, case: &Case) -> Result<bool, String> {
    let base = config::parse(b"name: asg-recycle\n").expect("a name is all that a stack needs");
    let configs = case.scenario.configs(&base).map_err(|faults| faults.to_string())?;
    let deploy = |config: Config| Deployment::build(&config.with_catalog(catalog.clone())).map(Rc::new);
    let stacks = configs.into_iter().map(deploy).collect::<Result<Vec<_>, _>>();
    let stacks = stacks.map_err(|faults| format!("the generator refuses it: {faults}"))?;
    let runner = case.scenario.runner(&stacks, &case.strategy, Detail::Plain);
    let runner = runner.map_err(|error| error.to_string())?;
    Ok(!case.scenario.unmet(&runner.finish()).is_empty())
}

/// A case as `killed_by` names it.
pub(crate) fn path_of(case: &Case) -> String {
    case.path.replace("strategies/", "").replace("/cases/", "/").replace(".yaml", "")
}

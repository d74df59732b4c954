//! A scenario: a group, what happens to it, and what is expected. Written in YAML beside the strategies.
//!
//! ```yaml
//! about: no room to double; the maximum is raised and put back
//! group: {min: 3, desired: 3, max: 3}
//! events:
//!   - at: 90s
//!     do: {kill: {which: new}}
//! expect:
//!   endings: [recycled]
//!   group: {max: 3, outdated: 0}
//! ```

mod cases;
mod expect;
mod faults;

use asg_recycle_handler::contract::{EXCLUSION_WINDOW, RECYCLE_WINDOW, STRATEGY};
use serde::Deserialize;
use serde_json::Value;

use super::invariants::OwnSizes;
use super::runner::{Deployment, Detail, Run, Runner, Setup, Stop, Trigger};
use crate::config::{self, Config};
use crate::problem::Problems;
use asg_recycle_simulator::world::script::{Script, ScriptError};
use asg_recycle_simulator::world::spec::{GroupSpec, WorldSpec};

pub use cases::{Case, cases};
pub use expect::{EndState, Expect, Lock};
pub use faults::{FAULTS, Fault};

/// A scenario as it is written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// What it shows.
    pub about: String,
    /// The strategies that it is for, where it is not all.
    pub strategies: Vec<String>,
    /// Settings that `stack.yaml` would have, as its text, the name left out.
    pub stack: String,
    /// The world, but for its groups.
    pub world: WorldSpec,
    /// The group, where there is one.
    pub group: Option<GroupSpec>,
    /// What makes the handler decide; one launch change at the beginning where this is left out.
    pub triggers: Option<Vec<Trigger>>,
    /// What happens in the world.
    pub events: Script,
    /// When executions are stopped from outside.
    pub stops: Vec<Stop>,
    /// What the group is to be put back to, where it begins as a dead execution left it.
    pub put_back_to: Option<OwnSizes>,
    /// What is expected, where anything is.
    pub expect: Option<Expect>,
}

/// A scenario that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the scenario cannot be read: {0}")]
pub struct ScenarioError(String);

impl Scenario {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// What is wrong with the text, and where.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        serde_yaml::from_str(text).map_err(|error| ScenarioError(error.to_string()))
    }

    /// Reads a tree of values.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_value(value: Value) -> Result<Self, ScenarioError> {
        serde_json::from_value(value).map_err(|error| ScenarioError(error.to_string()))
    }

    /// The configuration that it asks for.
    ///
    /// # Errors
    /// Faults of its `stack`.
    pub fn config(&self) -> Result<Config, Problems> {
        config::parse(format!("name: asg-recycle\n{}", self.stack).as_bytes())
    }

    /// Whether it is one of a strategy's.
    pub fn is_for(&self, strategy: &str) -> bool {
        self.strategies.is_empty() || self.strategies.iter().any(|name| name == strategy)
    }

    /// Sets it up for a strategy, which the groups' tags name unless they name another.
    ///
    /// # Errors
    /// If the world makes no sense.
    pub fn runner(
        &self,
        deployment: &std::rc::Rc<Deployment>,
        strategy: &str,
        detail: Detail,
    ) -> Result<Runner, ScriptError> {
        let mut world = self.world.clone();
        if let Some(group) = &self.group {
            world.groups = vec![group.clone()];
        }
        for group in &mut world.groups {
            tag(group, deployment, strategy);
        }
        let triggers = self.triggers.clone().unwrap_or_else(|| vec![Trigger::default()]);
        let put_back_to = self.put_back_to.clone();
        let setup = Setup { triggers, stops: self.stops.clone(), detail, put_back_to };
        Runner::new(deployment, world, self.events.clone(), setup)
    }

    /// Everything that a run lacks of what is expected, and every invariant that did not hold.
    pub fn unmet(&self, run: &Run) -> Vec<String> {
        let mut unmet = self.expect.as_ref().map(|expect| expect.unmet(run)).unwrap_or_default();
        unmet.extend(run.violations.iter().map(ToString::to_string));
        unmet.extend(run.refusals.iter().map(|refusal| format!("the model does not know: {refusal}")));
        unmet
    }
}

/// Gives a group the tags that a strategy needs, where it has none of its own.
fn tag(group: &mut GroupSpec, deployment: &Deployment, strategy: &str) {
    group.tags.entry(STRATEGY.key.to_owned()).or_insert_with(|| strategy.to_owned());
    let windowed = deployment.profile(strategy).is_some_and(|profile| profile.windowed);
    let has_window = [RECYCLE_WINDOW, EXCLUSION_WINDOW].iter().any(|tag| group.tags.contains_key(tag.key));
    if windowed && !has_window {
        // The world begins on a Monday at nine, UTC.
        group.tags.insert(RECYCLE_WINDOW.key.to_owned(), "09:00,17:00".to_owned());
    }
}

//! A scenario as it is written, its stacks, and how it is set up.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use asg_recycle_handler::contract::{EXCLUSION_WINDOW, RECYCLE_WINDOW, STRATEGY};
use asg_recycle_handler::spelling::nearest;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::config::{self, Config, SettingValue};
use crate::problem::{Problem, Problems};
use crate::simulate::invariants::OwnSizes;
use crate::simulate::runner::{Deployment, Detail, Run, Runner, Setup, Stop, StrategyProfile, TriggerSpec};
use crate::strategy::Strategy;

use super::expect::Expect;
use asg_recycle_simulator::time::Span;
use asg_recycle_simulator::world::alarms::AlarmState;
use asg_recycle_simulator::world::script::{Script, ScriptError};
use asg_recycle_simulator::world::spec::{GroupSpec, WorldSpec};

/// A scenario as it is written.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// What it shows.
    pub about: String,
    /// The strategies that it is for, where it is not all.
    pub strategies: Vec<String>,
    /// What a strategy has to be, where it is not for all.
    pub fits: Vec<Fit>,
    /// Settings of the strategy, by key: it is for those that have each of them, and every one of these is given them.
    pub settings: BTreeMap<String, Value>,
    /// Settings that `stack.yaml` would have, as its text, the name left out.
    pub stack: String,
    /// The stacks of the world, where it is not one: environments of the one above, or stacks of their own.
    pub stacks: Vec<StackSpec>,
    /// The world, but for its groups.
    pub world: WorldSpec,
    /// The group, where there is one.
    pub group: Option<GroupSpec>,
    /// Further groups beside that one.
    pub other_groups: Vec<GroupSpec>,
    /// What makes the handler decide; one launch change at the beginning where this is left out.
    pub triggers: Option<Vec<TriggerSpec>>,
    /// What happens in the world.
    pub events: Script,
    /// When executions are stopped from outside.
    pub stops: Vec<Stop>,
    /// When somebody redrives the first execution that failed, timed out or was stopped, so long after the beginning.
    pub redrives: Vec<Span>,
    /// What the group is to be put back to, where it begins as a dead execution left it.
    pub put_back_to: Option<OwnSizes>,
    /// What is expected, where anything is.
    pub expect: Option<Expect>,
}

/// What a strategy can be, as its `strategy.yaml` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// It keeps to no windows.
    AnyTime,
    /// The state machine decides in which order instances leave, and not AWS.
    OrdersLeaving,
    /// It recycles no group that counts its capacity in other units than instances.
    CountsInstances,
    /// It stands back where somebody else's instance refresh is active.
    StandsBack,
}

impl Fit {
    fn is_of(self, strategy: &Strategy) -> bool {
        match self {
            Self::AnyTime => !strategy.windowed,
            Self::OrdersLeaving => strategy.leaving_order.is_some(),
            Self::CountsInstances => !strategy.any_units,
            Self::StandsBack => strategy.hooks.on_active_refresh.is_none(),
        }
    }
}

/// One of several stacks.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum StackSpec {
    /// The scenario's stack, deployed for this environment.
    Environment(String),
    /// A stack of its own.
    Own(OwnStack),
}

/// A stack with settings of its own.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnStack {
    /// Its name.
    #[serde(default = "stack_name")]
    pub name: String,
    /// Settings that its `stack.yaml` would have, as its text, the name left out.
    #[serde(default)]
    pub stack: String,
}

/// Name of a stack that a scenario does not name.
const STACK_NAME: &str = "asg-recycle";

fn stack_name() -> String {
    STACK_NAME.to_owned()
}

fn parse_stack(name: &str, settings: &str) -> Result<Config, Problems> {
    config::parse(format!("name: {name}\n{settings}").as_bytes())
}

/// A scenario that cannot be read: every fault in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the scenario cannot be read: {0}")]
pub struct ScenarioError(pub Problems);

impl Scenario {
    /// Reads a tree of values.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_value(value: Value) -> Result<Self, ScenarioError> {
        serde_json::from_value(value)
            .map_err(|error| ScenarioError(Problem::new("scenario", "", error.to_string()).into()))
    }

    /// The configurations of its stacks, which are `base`'s as far as it says nothing of its own.
    ///
    /// # Errors
    /// Faults of its `stack` or of one of its `stacks`.
    pub fn configs(&self, base: &Config) -> Result<Vec<Config>, Problems> {
        let own = if self.stack.is_empty() { base.clone() } else { parse_stack(STACK_NAME, &self.stack)? };
        let config = |stack: &StackSpec| match stack {
            StackSpec::Environment(environment) => {
                let environment = environment.parse().map_err(|problem: Problem| Problems::from(problem))?;
                Ok(Config { environment, ..own.clone() })
            }
            StackSpec::Own(stack) => parse_stack(&stack.name, &stack.stack),
        };
        let mut configs = if self.stacks.is_empty() {
            vec![own]
        } else {
            self.stacks.iter().map(config).collect::<Result<_, _>>()?
        };
        for config in &mut configs {
            self.give_settings(config)?;
        }
        Ok(configs)
    }

    /// Gives its `settings` to every strategy that has each of them.
    fn give_settings(&self, config: &mut Config) -> Result<(), Problems> {
        let catalog = Arc::clone(config.catalog());
        let has_all =
            |strategy: &&Strategy| self.settings.keys().all(|key| strategy.settings.contains_key(key));
        if !self.settings.is_empty() && !catalog.strategies().values().any(|strategy| has_all(&strategy)) {
            return Err(self.settings_of_none(catalog.strategies().values()));
        }
        for strategy in catalog.strategies().values().filter(has_all) {
            for (key, value) in &self.settings {
                let value = SettingValue::deserialize(value).map_err(|error| {
                    Problem::new("scenario", format!("settings.{key}"), error.to_string())
                })?;
                config.strategies.set(&strategy.name, key, value)?;
            }
        }
        Ok(())
    }

    /// The faults of settings that no strategy has, or none has all of.
    fn settings_of_none<'a>(&self, strategies: impl Iterator<Item = &'a Strategy>) -> Problems {
        let known: BTreeSet<&str> =
            strategies.flat_map(|strategy| strategy.settings.keys().map(String::as_str)).collect();
        let unknown = self.settings.keys().filter(|key| !known.contains(key.as_str())).map(|key| {
            let problem = Problem::new("scenario", format!("settings.{key}"), "no strategy has this setting");
            match nearest(key, known.iter().copied()) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem
                    .help(format!("there are {}", known.iter().copied().collect::<Vec<_>>().join(", "))),
            }
        });
        let mut problems = Problems::default();
        problems.extend(unknown);
        if problems.is_empty() {
            problems.push(Problem::new("scenario", "settings", "no strategy has all of these"));
        }
        problems
    }

    /// Its stacks, deployed; see [`Self::configs`].
    ///
    /// # Errors
    /// Faults of a configuration, or of the templates.
    pub fn deployments(&self, base: &Config) -> Result<Vec<Rc<Deployment>>, Problems> {
        self.configs(base)?.iter().map(|config| Deployment::build(config).map(Rc::new)).collect()
    }

    /// Whether it is one of a strategy's.
    pub fn is_for(&self, strategy: &Strategy) -> bool {
        (self.strategies.is_empty() || self.strategies.contains(&strategy.name))
            && self.fits.iter().all(|fit| fit.is_of(strategy))
            && self.settings.keys().all(|key| strategy.settings.contains_key(key))
    }

    /// The strategy that its group's tag names.
    pub fn strategy_tag(&self) -> Option<&str> {
        self.group.as_ref()?.tags.get(STRATEGY.key).map(String::as_str)
    }

    /// Sets it up for a strategy, which the groups' tags name unless they name another.
    ///
    /// # Errors
    /// If the world makes no sense.
    pub fn runner(
        &self,
        deployments: &[Rc<Deployment>],
        strategy: &str,
        detail: Detail,
    ) -> Result<Runner, ScriptError> {
        let mut world = self.world.clone();
        if let Some(group) = &self.group {
            world.groups = vec![group.clone()];
        }
        world.groups.extend(self.other_groups.iter().cloned());
        for group in &mut world.groups {
            tag(group, deployments, strategy);
        }
        if world.alarms.is_empty() {
            let watched = deployments.iter().flat_map(|one| one.alarms());
            world.alarms = watched.map(|name| (name.to_owned(), AlarmState::Ok)).collect();
        }
        let triggers = self.triggers.clone().unwrap_or_else(|| vec![TriggerSpec::default()]);
        let put_back_to = self.put_back_to.clone();
        let setup = Setup {
            triggers,
            stops: self.stops.clone(),
            redrives: self.redrives.clone(),
            detail,
            put_back_to,
        };
        Runner::new(deployments, world, self.events.clone(), setup)
    }

    /// Everything that a run lacks of what is expected, and every invariant that did not hold; where there is any, also
    /// each expression that failed.
    pub fn unmet(&self, run: &Run) -> Vec<String> {
        let mut unmet = self.expect.as_ref().map(|expect| expect.unmet(run)).unwrap_or_default();
        unmet.extend(run.verdict.lines());
        if !unmet.is_empty() {
            unmet.extend(run.failed_expressions());
        }
        unmet
    }
}

/// Gives a group the tags that a strategy needs, where it has none of its own.
fn tag(group: &mut GroupSpec, deployments: &[Rc<Deployment>], strategy: &str) {
    group.tags.entry(STRATEGY.key.to_owned()).or_insert_with(|| strategy.to_owned());
    let windowed =
        deployments.iter().any(|one| one.profile(strategy).is_some_and(StrategyProfile::keeps_to_windows));
    let has_window = [RECYCLE_WINDOW, EXCLUSION_WINDOW].iter().any(|tag| group.tags.contains_key(tag.key));
    if windowed && !has_window {
        // The world begins on a Monday at nine, UTC.
        group.tags.insert(RECYCLE_WINDOW.key.to_owned(), "09:00,17:00".to_owned());
    }
}

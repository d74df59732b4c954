//! Many random groups, faults and moments, each from a seed of its own; what fails is made as small as it can be.

mod invent;
mod shrink;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::invariants::Verdict;
use super::runner::{Deployment, Detail, Run};
use super::scenario::{Scenario, StackSpec};
use crate::config::Config;
use crate::problem::Problems;

/// What a campaign found.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Campaign {
    /// The first seed; each scenario has the next one.
    pub seed: u64,
    /// How many scenarios were run.
    pub runs: u64,
    /// State transitions of all.
    pub transitions: u64,
    /// How the executions ended, and how many of them so.
    pub endings: BTreeMap<String, u64>,
    /// The first seed that ended so: it shows one of them.
    pub first_seeds: BTreeMap<String, u64>,
    /// What failed, in order of seeds.
    #[serde(skip)]
    pub failures: Vec<FailingRun>,
}

/// A scenario that failed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FailingRun {
    /// Its seed: it makes the same scenario again.
    pub seed: u64,
    /// Its strategy.
    pub strategy: String,
    /// What was wrong, each with its moment.
    pub faults: Vec<String>,
    /// The smallest scenario found that fails in the same way, as `docs/scenarios.md` has it.
    pub scenario: Value,
    /// What is wrong with that.
    pub faults_of_smallest: Vec<String>,
}

/// Which scenarios are run.
#[derive(Debug, Clone)]
pub struct CampaignPlan {
    /// The strategy, where it is not left to the seed.
    pub strategy: Option<String>,
    /// The first seed.
    pub seed: u64,
    /// How many; each has the next seed.
    pub runs: u64,
}

/// The stacks that made-up scenarios are run on.
pub struct CampaignStacks {
    own: [Rc<Deployment>; 1],
    several: Vec<Rc<Deployment>>,
}

impl CampaignStacks {
    /// Deploys what a configuration builds: once as it is, and once for each of several environments.
    ///
    /// # Errors
    /// Faults of the templates, or names that are too long for an environment.
    pub fn build(config: &Config) -> Result<Self, Problems> {
        let stacks = invent::STACKS.map(|name| StackSpec::Environment(name.to_owned())).into();
        let several = Scenario { stacks, ..Scenario::default() }.deployments(config)?;
        Ok(Self { own: [Rc::new(Deployment::build(config)?)], several })
    }

    fn of(&self, scenario: &Scenario) -> &[Rc<Deployment>] {
        if scenario.stacks.is_empty() { &self.own } else { &self.several }
    }
}

impl Campaign {
    /// Runs a plan; `done` is called after each scenario.
    pub fn run(deployments: &CampaignStacks, plan: &CampaignPlan, mut done: impl FnMut()) -> Self {
        let mut campaign = Self { seed: plan.seed, ..Self::default() };
        let alarms = alarms_of(&deployments.own);
        for seed in (0..plan.runs).map(|number| plan.seed.wrapping_add(number)) {
            let strategy = plan.strategy.clone().unwrap_or_else(|| strategy_of(deployments, seed));
            campaign.runs += 1;
            let document = invent::invent(seed, &alarms);
            match attempt(deployments, &strategy, &document) {
                Ok(run) => {
                    campaign.count(seed, &run);
                    if !run.verdict.is_sound() {
                        campaign.failures.push(fail(deployments, (seed, strategy), document, &run.verdict));
                    }
                }
                Err(reason) => campaign.failures.push(FailingRun {
                    seed,
                    strategy,
                    faults: vec![reason],
                    scenario: document,
                    faults_of_smallest: Vec::new(),
                }),
            }
            done();
        }
        campaign
    }

    fn count(&mut self, seed: u64, run: &Run) {
        self.transitions += run.totals.transitions;
        for execution in &run.executions {
            *self.endings.entry(execution.ending()).or_default() += 1;
            self.first_seeds.entry(execution.ending()).or_insert(seed);
        }
    }

    /// Adds what another found, whose seeds follow on.
    pub fn add(&mut self, other: Self) {
        self.seed = if self.runs == 0 { other.seed } else { self.seed };
        self.runs += other.runs;
        self.transitions += other.transitions;
        for (ending, count) in other.endings {
            *self.endings.entry(ending).or_default() += count;
        }
        for (ending, seed) in other.first_seeds {
            let known = self.first_seeds.entry(ending).or_insert(seed);
            *known = seed.min(*known);
        }
        self.failures.extend(other.failures);
        self.failures.sort_by_key(|failure| failure.seed);
    }
}

fn strategy_of(deployments: &CampaignStacks, seed: u64) -> String {
    let strategies: Vec<&str> = deployments.own[0].strategies().collect();
    let index = usize::try_from(seed % (strategies.len().max(1) as u64)).unwrap_or(0);
    strategies.get(index).map_or_else(String::new, |name| (*name).to_owned())
}

fn alarms_of(deployments: &[Rc<Deployment>]) -> Vec<String> {
    let names: BTreeSet<&str> = deployments.iter().flat_map(|one| one.alarms()).collect();
    names.into_iter().map(str::to_owned).collect()
}

fn attempt(deployments: &CampaignStacks, strategy: &str, document: &Value) -> Result<Run, String> {
    let scenario = Scenario::from_value(document.clone()).map_err(|error| error.to_string())?;
    let runner = scenario.runner(deployments.of(&scenario), strategy, Detail::Plain);
    Ok(runner.map_err(|error| error.to_string())?.finish())
}

fn fail(
    deployments: &CampaignStacks,
    (seed, strategy): (u64, String),
    document: Value,
    verdict: &Verdict,
) -> FailingRun {
    let kind = |verdict: &Verdict| verdict.violations.first().map(|violation| violation.invariant);
    let expected = kind(verdict);
    let fails = |candidate: &Value| {
        attempt(deployments, &strategy, candidate).is_ok_and(|run| kind(&run.verdict) == expected)
    };
    let scenario = shrink::shrink(document, fails);
    let smallest = attempt(deployments, &strategy, &scenario).map(|run| run.verdict).unwrap_or_default();
    let words = |verdict: &Verdict| verdict.first_of_each().iter().map(ToString::to_string).collect();
    FailingRun { seed, strategy, faults: words(verdict), faults_of_smallest: words(&smallest), scenario }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_seeds_have_several_stacks_and_some_several_groups_and_what_they_run_is_sound() {
        let config = Config::with_defaults("demo".parse().unwrap());
        let stacks = CampaignStacks::build(&config).expect("it has no fault");
        let has = |seed: &u64, key: &str| !invent::invent(*seed, &[])[key].is_null();
        let both = (1..1000).find(|seed| has(seed, "stacks") && has(seed, "other_groups")).expect("a seed");
        let document = invent::invent(both, &[]);
        let run = attempt(&stacks, "out-in", &document).expect("it makes sense");
        assert_eq!(run.groups.len(), 2);
        let machine = |arn: &str| arn.rsplit(':').nth(1).map(str::to_owned);
        let machines: std::collections::BTreeSet<_> =
            run.executions.iter().filter_map(|one| machine(&one.arn)).collect();
        assert_eq!(machines, ["demo-dev", "demo-qa"].map(str::to_owned).into(), "{document}");
        assert!(run.verdict.is_sound(), "seed {both}: {:?}", run.verdict.lines());
        assert!((1..20).any(|seed| !has(&seed, "stacks") && !has(&seed, "other_groups")));
    }
}

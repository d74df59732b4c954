//! Every scenario beside the strategies, run on the machine that is emitted.

use std::collections::BTreeMap;
use std::rc::Rc;

use asg_recycle::simulate::runner::{Deployment, Detail};
use asg_recycle::simulate::scenario::{Case, cases};
use asg_recycle::strategy;

/// Stacks by the text that asks for them: most scenarios share one.
#[derive(Default)]
pub(crate) struct Deployments(BTreeMap<String, Rc<Deployment>>);

impl Deployments {
    pub(crate) fn of(&mut self, case: &Case) -> Rc<Deployment> {
        let deploy = || {
            let config =
                case.scenario.config().unwrap_or_else(|problems| panic!("{}: {problems}", case.path));
            Rc::new(Deployment::of(&config).unwrap_or_else(|problems| panic!("{}: {problems}", case.path)))
        };
        Rc::clone(self.0.entry(case.scenario.stack.clone()).or_insert_with(deploy))
    }
}

pub(crate) fn all_cases() -> Vec<Case> {
    cases().unwrap_or_else(|(path, error)| panic!("{path}: {error}"))
}

/// What a case lacks of what it expects.
fn unmet(case: &Case, deployments: &mut Deployments) -> Vec<String> {
    let deployment = deployments.of(case);
    match case.scenario.stage(&deployment, &case.strategy, Detail::Plain) {
        Ok(runner) => case.scenario.unmet(&runner.finish()),
        Err(error) => vec![error.to_string()],
    }
}

#[test]
fn every_scenario_ends_as_it_says_and_breaks_no_invariant() {
    let mut deployments = Deployments::default();
    let mut failures = Vec::new();
    for case in all_cases() {
        let expect = &case.scenario.expect;
        assert!(!expect.endings.is_empty() || !expect.said.is_empty(), "{} expects nothing", case.path);
        assert!(!case.scenario.about.is_empty(), "{} does not say what it is about", case.path);
        let unmet = unmet(&case, &mut deployments);
        if !unmet.is_empty() {
            failures.push(format!("{} with {}:\n  {}", case.path, case.strategy, unmet.join("\n  ")));
        }
    }
    assert!(failures.is_empty(), "{} scenarios:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_strategy_has_scenarios() {
    let cases = all_cases();
    for name in strategy::all().keys() {
        assert!(cases.iter().filter(|case| case.strategy == *name).count() > 10, "{name}");
    }
}

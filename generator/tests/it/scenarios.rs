//! Every scenario beside the strategies, run on the machine that is emitted.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use asg_recycle::simulate::runner::{Deployment, Detail};
use asg_recycle::simulate::scenario::{Case, Expect, cases};
use asg_recycle::strategy;

use crate::outcome::Published;

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

/// What a case lacks of what it expects, and of what is published of its outcomes, which are added to those seen.
fn unmet(
    case: &Case,
    deployments: &mut Deployments,
    published: &Published,
    seen: &mut BTreeSet<String>,
) -> Vec<String> {
    let deployment = deployments.of(case);
    match case.scenario.runner(&deployment, &case.strategy, Detail::Plain) {
        Ok(runner) => {
            let run = runner.finish();
            seen.extend(run.executions.iter().map(|one| one.outcome.clone()));
            let mut unmet = case.scenario.unmet(&run);
            unmet.extend(published.faults(&run));
            unmet
        }
        Err(error) => vec![error.to_string()],
    }
}

#[test]
fn every_scenario_ends_as_it_says_and_breaks_no_invariant() {
    let mut deployments = Deployments::default();
    let (published, mut seen) = (Published::read(), BTreeSet::new());
    let mut failures = Vec::new();
    for case in all_cases() {
        let says = |expect: &Expect| !expect.endings.is_empty() || !expect.said.is_empty();
        assert!(case.scenario.expect.as_ref().is_some_and(says), "{} expects nothing", case.path);
        assert!(!case.scenario.about.is_empty(), "{} does not say what it is about", case.path);
        let unmet = unmet(&case, &mut deployments, &published, &mut seen);
        if !unmet.is_empty() {
            failures.push(format!("{} with {}:\n  {}", case.path, case.strategy, unmet.join("\n  ")));
        }
    }
    assert!(failures.is_empty(), "{} scenarios:\n{}", failures.len(), failures.join("\n"));
    let unseen: Vec<_> = published.outcomes.iter().filter(|outcome| !seen.contains(*outcome)).collect();
    assert!(unseen.is_empty(), "no scenario ends {unseen:?}");
}

#[test]
fn every_strategy_has_scenarios() {
    let cases = all_cases();
    for name in strategy::all().keys() {
        assert!(cases.iter().filter(|case| case.strategy == *name).count() > 10, "{name}");
    }
}

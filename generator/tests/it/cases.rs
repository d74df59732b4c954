//! The scenarios beside the strategies, and the stacks that they ask for.

use std::collections::BTreeMap;
use std::rc::Rc;

use asg_recycle::config;
use asg_recycle::simulate::runner::Deployment;
use asg_recycle::simulate::scenario::{Case, cases};

/// Stacks by what asks for them: most scenarios share one.
#[derive(Default)]
pub(crate) struct Deployments(BTreeMap<String, Vec<Rc<Deployment>>>);

impl Deployments {
    pub(crate) fn of(&mut self, case: &Case) -> Vec<Rc<Deployment>> {
        let base = config::parse(b"name: asg-recycle\n").expect("a name is all that a stack needs");
        let deploy = || {
            let deployed = case.scenario.deployments(&base);
            deployed.unwrap_or_else(|problems| panic!("{}: {problems}", case.path))
        };
        let asked_for =
            format!("{} {:?} {:?}", case.scenario.stack, case.scenario.stacks, case.scenario.settings);
        self.0.entry(asked_for).or_insert_with(deploy).clone()
    }
}

pub(crate) fn all_cases() -> Vec<Case> {
    cases().unwrap_or_else(|(path, error)| panic!("{path}: {error}"))
}

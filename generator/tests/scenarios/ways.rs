//! Which ways through the emitted machines all scenarios together take: every state, every rule of a Choice, every entry
//! of `Retry` and `Catch`. What none takes stands in `not_taken.yaml` with its reason.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use asg_recycle::simulate::runner::Deployment;
use asg_recycle_simulator::interpreter::Way;
use serde::Deserialize;

/// Ways by their names: those there are, and those that were taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ways(Arc<Mutex<(BTreeSet<String>, BTreeSet<String>)>>);

type Steps = Rc<RefCell<BTreeSet<(Rc<str>, Way)>>>;

/// The machines that a thread watches.
#[derive(Default)]
pub(crate) struct Watched(Vec<Machine>);

struct Machine {
    deployment: Rc<Deployment>,
    names: BTreeMap<(Rc<str>, Way), String>,
    steps: Steps,
}

impl Watched {
    /// Watches the machines of stacks, from the first time on that it gets them.
    pub(crate) fn watch(&mut self, deployments: &[Rc<Deployment>]) {
        for deployment in deployments {
            if !self.0.iter().any(|known| Rc::ptr_eq(&known.deployment, deployment)) {
                let (machine, steps) = (deployment.machine(), Steps::default());
                let noted = Rc::clone(&steps);
                machine.observe_ways(Box::new(move |state, way| {
                    noted.borrow_mut().insert((Rc::clone(state), way));
                }));
                self.0.push(Machine { deployment: Rc::clone(deployment), names: machine.ways(), steps });
            }
        }
    }

    /// Adds what was taken since to what all threads together have found.
    pub(crate) fn report(&self, to: &Ways) {
        let mut ways = to.0.lock().expect("nobody panics while holding it");
        for Machine { names, steps, .. } in &self.0 {
            let steps = steps.take();
            if !steps.is_empty() {
                ways.0.extend(names.values().cloned());
                ways.1.extend(steps.iter().filter_map(|step| names.get(step).cloned()));
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NotTaken {
    why: String,
    ways: Vec<String>,
}

impl Ways {
    /// What does not agree with the list of ways that are not taken.
    pub(crate) fn faults(&self) -> Vec<String> {
        let lists: Vec<NotTaken> =
            serde_yaml::from_str(include_str!("not_taken.yaml")).expect("the list is in order");
        let (all, taken) = &*self.0.lock().expect("every test has ended");
        let mut listed = BTreeSet::new();
        let mut faults = Vec::new();
        for NotTaken { why, ways } in &lists {
            if why.trim().is_empty() {
                faults.push(format!("no reason is given for {ways:?}"));
            }
            for way in ways {
                if !listed.insert(way) {
                    faults.push(format!("listed twice: {way}"));
                }
                if !all.contains(way) {
                    faults.push(format!("listed, and there is no such way: {way}"));
                } else if taken.contains(way) {
                    faults.push(format!("listed, and taken: {way}"));
                }
            }
        }
        let unlisted = all.difference(taken).filter(|way| !listed.contains(way));
        faults.extend(unlisted.map(|way| format!("no scenario takes it: {way}")));
        faults
    }
}

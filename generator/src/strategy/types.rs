//! What a strategy is, as far as the frame, the configuration and the stack have to know it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::setting::Setting;

/// What `strategy.yaml` in a strategy's folder says, with what it takes from the strategy that it extends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strategy {
    /// The folder's name and the tag's value.
    pub name: String,
    /// What it does, in a sentence without a final period.
    pub summary: String,
    /// What it promises about capacity, in a sentence.
    pub promise: String,
    /// Where a pause of its group lets it stand still, in words: `docs/operating.md` has them.
    pub safe_points: String,
    /// Whether its executions keep to windows given in their input.
    pub windowed: bool,
    /// Whether it recycles groups that count their capacity in weights, vCPUs or memory, too.
    pub any_units: bool,
    /// The strategy that carries out requests that name instances, where this one cannot choose which it replaces.
    pub named_by: Option<String>,
    /// The states at which the frame goes over to those of the strategy.
    pub hooks: Hooks,
    /// In which order the instances to replace leave; none where it is not the machine that decides.
    pub leaving_order: Option<LeavingOrder>,
    /// The phases that its journal goes through, by name.
    pub phases: BTreeMap<String, Phase>,
    /// Processes of a group without which it cannot do its work: where one is suspended, nothing is changed. Those that
    /// register targets count only where there is a load balancer.
    pub processes: Vec<String>,
    /// Where each instance is replaced in an execution of its own; none where it is in that of the recycle.
    pub turns: Option<Turns>,
    /// The settings by which the simulator judges a run.
    pub judged_by: JudgedBy,
    /// API calls that AWS asks the machine's role for besides those that the machine makes, by the setting that has them
    /// needed: one that is given and not empty.
    pub needs: BTreeMap<String, Vec<String>>,
    /// Its settings in `stack.yaml`, by key.
    pub settings: BTreeMap<String, Setting>,
}

/// Where the frame asks for a state of a strategy, each by the name of the first one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hooks {
    /// Before a recycle is announced, e.g. to wait for a window. Leads on to `Is it the first round?`.
    pub before_start: Option<String>,
    /// Replaces instances; every strategy has it. Leads on to `Verify`.
    pub start_at: Option<String>,
    /// Just before the first change, in a strategy that doubles. Leads on to `Double`, or to putting back.
    pub before_doubling: Option<String>,
    /// After the new instances are healthy, in a strategy that terminates the old ones later. Leads on to where the
    /// strategy goes on, or to putting back.
    pub before_leaving: Option<String>,
    /// Where somebody else's instance refresh is active. Leads on to `Describe group`. Without it a recycle stands back.
    pub on_active_refresh: Option<String>,
}

/// In which order instances leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeavingOrder {
    /// As they were chosen: one of each Availability Zone in turn.
    ZonesInTurn,
    /// One that is not healthy before all others, then who came by a recycle that did not end well, then each from the zone that has
    /// fewest instances at that moment.
    EmptiestZone,
}

/// A value of the journal's `phase`: how far the change is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Phase {
    /// Which step of a recycle it is where all goes well, from 1; none for one that is no step forward.
    pub step: Option<usize>,
    /// The state that puts back what was begun in it. Leads on to `Are sizes to be put back?`. Without one, nothing but
    /// sizes and processes is put back.
    pub put_back: Option<String>,
    /// For people: what putting back does, as half a sentence.
    pub put_back_means: Option<String>,
    /// Whether it takes back what was begun: it has until the restore's deadline, and not until the phase's own.
    pub undoes: bool,
}

/// Turns: executions in each of which one instance is replaced.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turns {
    /// The Map that runs them.
    pub state: String,
    /// The attribute of the lock item that holds the turn that is under way, JSON.
    pub attribute: String,
    /// The attribute of the lock item that holds how long turns take, JSON.
    pub pace: String,
}

/// Settings of the strategy, by what they mean to whoever judges a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JudgedBy {
    /// The setting that is the least percentage of the desired capacity that stays healthy.
    pub minimum_percent: Option<String>,
    /// The setting that is the percentage that the group may grow to.
    pub maximum_percent: Option<String>,
    /// The setting, with the word of it by which instances leave in windows only.
    pub leaves_in_windows: BTreeMap<String, String>,
}

impl JudgedBy {
    /// Every setting that is named.
    pub(super) fn settings(&self) -> impl Iterator<Item = &String> {
        self.minimum_percent.iter().chain(&self.maximum_percent).chain(self.leaves_in_windows.keys())
    }
}

/// The process of a group without which AWS runs no instance refresh.
const REFRESHES: &str = "InstanceRefresh";

impl Strategy {
    /// Whether it has AWS replace the instances, by an instance refresh.
    pub fn refreshes(&self) -> bool {
        self.processes.iter().any(|process| process == REFRESHES)
    }

    /// Its phases that are put back by a state of its own, with that state.
    pub fn put_back(&self) -> impl Iterator<Item = (&String, &String)> {
        self.phases.iter().filter_map(|(phase, how)| Some((phase, how.put_back.as_ref()?)))
    }

    /// The phases that it goes through where all goes well, in order.
    pub fn steps(&self) -> Vec<&str> {
        let mut steps: Vec<_> =
            self.phases.iter().filter_map(|(name, phase)| Some((phase.step?, name.as_str()))).collect();
        steps.sort_unstable();
        steps.into_iter().map(|(_, name)| name).collect()
    }
}

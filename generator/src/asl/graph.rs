//! The machine as its pictures have it: stages, their states, and the ways between them.

use std::collections::{BTreeMap, BTreeSet};

use asg_recycle_simulator::states_language::{Edge, Scope, StateMachine};
use serde_json::Value;

use crate::strategy::Catalog;

/// The states of a machine and the ways between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// The strategy that it is drawn for; `None` for the whole machine.
    pub strategy: Option<String>,
    /// The first state.
    pub start_at: String,
    /// The stages of the frame in their order, then the strategies; what a Map does for each item follows its stage.
    pub stages: Vec<Stage>,
}

/// States that stand in the same templates, or that run for each item of a Map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The frame's stage, such as `observe`, or the strategy.
    pub name: String,
    /// The Map state that runs them for each of its items.
    pub map: Option<String>,
    /// In the order of the templates.
    pub states: Vec<State>,
}

/// A state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Its name.
    pub name: String,
    /// `Type`, e.g. `Choice`.
    pub kind: String,
    /// What a Map runs for each item, where that is no more than one state after another.
    pub each: Vec<String>,
    /// Where it can go on to: conditions in their order, then what holds otherwise, then errors.
    pub ways: Vec<Way>,
}

/// A way from one state to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The state it leads to.
    pub to: String,
    /// When it is taken.
    pub on: On,
}

/// When a way is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum On {
    /// Always, or unless there was an error.
    Next,
    /// When this condition of a Choice holds, and none before it.
    Rule(String),
    /// When no condition of a Choice holds.
    Default,
    /// On an error.
    Error,
}

impl Graph {
    /// The graph of a definition whose states come from these stages.
    pub(super) fn of(machine: &StateMachine, homes: &[(String, Vec<String>)]) -> Self {
        let start_at = machine.scopes.first().map(|scope| scope.start_at.clone());
        let mut graph = Self { strategy: None, start_at: start_at.unwrap_or_default(), stages: Vec::new() };
        for (name, states) in homes {
            let (members, loops) = states_of(machine, 0, name, states);
            graph.stages.push(Stage { name: name.clone(), map: None, states: members });
            graph.stages.extend(loops);
        }
        graph
    }

    /// What an execution for one strategy can come to: Choices that ask for the strategy are answered, and what a journal
    /// of another strategy would have put back is left out.
    #[must_use]
    pub fn for_strategy(&self, catalog: &Catalog, name: &str) -> Self {
        let phases = |of_it: bool| {
            let strategies = catalog.strategies().values().filter(move |one| (one.name == name) == of_it);
            strategies.flat_map(|one| one.phases.keys()).collect::<BTreeSet<_>>()
        };
        let (own, foreign) = (phases(true), phases(false));
        let others: BTreeSet<_> = foreign.difference(&own).map(|phase| phase.as_str()).collect();
        let mut graph = self.clone();
        for state in graph.stages.iter_mut().flat_map(|stage| &mut stage.states) {
            state.ways.retain(|way| {
                let asked = |subject| asked(&way.on, subject);
                asked("strategy").is_none_or(|asked| asked == name)
                    && asked("journal.phase").is_none_or(|phase| !others.contains(phase))
            });
            let certain = |way: &Way| matches!(&way.on, On::Rule(rule) if *rule == format!("{{% $strategy = '{name}' %}}"));
            if let Some(at) = state.ways.iter().position(certain) {
                state.ways.truncate(at + 1);
            }
        }
        graph.keep_reachable();
        graph.strategy = Some(name.to_owned());
        graph.put_strategies_where_they_begin(catalog, name);
        graph
    }

    /// After the stage that goes over to them, so that a picture is read from its top down.
    fn put_strategies_where_they_begin(&mut self, catalog: &Catalog, name: &str) {
        let start_at = catalog.strategies().get(name).and_then(|strategy| strategy.hooks.start_at.as_ref());
        let is_own = |stage: &Stage| catalog.strategies().contains_key(&stage.name);
        let (own, mut frame): (Vec<_>, Vec<_>) = self.stages.drain(..).partition(is_own);
        let goes_over = |stage: &Stage| {
            stage.states.iter().flat_map(|state| &state.ways).any(|way| Some(&way.to) == start_at)
        };
        let place = frame.iter().position(goes_over).map_or(frame.len(), |before| before + 1);
        frame.splice(place..place, own);
        self.stages = frame;
    }

    fn keep_reachable(&mut self) {
        let states = self.stages.iter().filter(|stage| stage.map.is_none()).flat_map(|stage| &stage.states);
        let states: BTreeMap<_, _> = states.map(|state| (state.name.as_str(), state)).collect();
        let mut reached = BTreeSet::from([self.start_at.clone()]);
        let mut known = 0;
        while known < reached.len() {
            known = reached.len();
            let from = reached.iter().filter_map(|name| states.get(name.as_str()));
            let ways = from.flat_map(|state| &state.ways).filter(|way| goes_back_to_reached(way, &reached));
            let further: Vec<_> = ways.map(|way| way.to.clone()).collect();
            reached.extend(further);
        }
        for stage in &mut self.stages {
            match &stage.map {
                Some(map) if !reached.contains(map) => stage.states.clear(),
                Some(_) => {}
                None => stage.states.retain(|state| reached.contains(&state.name)),
            }
            for state in &mut stage.states {
                state.ways.retain(|way| goes_back_to_reached(way, &reached));
            }
        }
        self.stages.retain(|stage| !stage.states.is_empty());
    }
}

/// Whether a way is open: one back to the state that asked for a list is, once that state has been reached.
fn goes_back_to_reached(way: &Way, reached: &BTreeSet<String>) -> bool {
    asked(&way.on, "listing.asked_by").is_none_or(|asker| reached.contains(asker))
}

/// The value that a condition asks a variable for, where it holds for no other: alone, or as one of several that are
/// all needed.
fn asked<'a>(on: &'a On, variable: &str) -> Option<&'a str> {
    let On::Rule(rule) = on else { return None };
    if rule.contains(" or ") {
        return None;
    }
    let (_, rest) = rule.split_once(&format!("${variable} = '"))?;
    rest.split_once('\'').map(|(value, _)| value)
}

/// These states of a scope, and the stages of those Maps among them that do more than one thing after another.
fn states_of(machine: &StateMachine, scope: usize, home: &str, names: &[String]) -> (Vec<State>, Vec<Stage>) {
    let (mut states, mut loops) = (Vec::new(), Vec::new());
    for name in names {
        let Some(state) = machine.scopes[scope].states.get(name) else { continue };
        let owned =
            |inner: &Scope| inner.owner.as_ref().is_some_and(|(owner, map)| *owner == scope && map == name);
        let mut each = Vec::new();
        if let Some(inner) = machine.scopes.iter().position(owned) {
            let (within, further) = states_of(machine, inner, home, &in_order(&machine.scopes[inner]));
            if within.iter().any(|state| state.kind == "Choice") {
                loops.push(Stage { name: home.to_owned(), map: Some(name.clone()), states: within });
            } else {
                each.extend(
                    within.into_iter().flat_map(|state| std::iter::once(state.name).chain(state.each)),
                );
            }
            loops.extend(further);
        }
        let mut ways: Vec<_> = state.edges().iter().map(way).collect();
        ways.sort_by_key(|way| match way.on {
            On::Next | On::Rule(_) => 0,
            On::Default => 1,
            On::Error => 2,
        });
        states.push(State { name: name.clone(), kind: state.type_name().to_owned(), each, ways });
    }
    (states, loops)
}

fn way(edge: &Edge<'_>) -> Way {
    let on = match (edge.condition, edge.field.as_str()) {
        (Some(Value::String(condition)), _) => On::Rule(condition.clone()),
        (Some(constant), _) => On::Rule(constant.to_string()),
        (None, "Default") => On::Default,
        (None, "Next") => On::Next,
        (None, _) => On::Error,
    };
    Way { to: edge.target.to_owned(), on }
}

/// The states of a scope, the first one first, each before those that it leads on to.
fn in_order(scope: &Scope) -> Vec<String> {
    let mut order = Vec::new();
    let mut open = vec![scope.start_at.clone()];
    while let Some(name) = open.pop() {
        let Some(state) = scope.states.get(&name).filter(|_| !order.contains(&name)) else { continue };
        open.extend(state.edges().iter().rev().map(|edge| edge.target.to_owned()));
        order.push(name);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn graph() -> Graph {
        crate::asl::build(&Config::with_defaults("demo".parse().unwrap())).expect("it has no fault").graph()
    }

    fn names(graph: &Graph) -> BTreeSet<&str> {
        graph.stages.iter().flat_map(|stage| &stage.states).map(|state| state.name.as_str()).collect()
    }

    #[test]
    fn a_strategy_follows_the_stage_that_goes_over_to_it() {
        let catalog = Catalog::embedded();
        for (name, strategy) in catalog.strategies() {
            let graph = graph().for_strategy(catalog, name);
            let is_own = |stage: &Stage| catalog.strategies().contains_key(&stage.name);
            let first = graph.stages.iter().position(is_own).expect("it has states");
            let (before, after) = (&graph.stages[first - 1], &graph.stages[first..]);
            let leads = before.states.iter().flat_map(|state| &state.ways);
            assert!(leads.into_iter().any(|way| Some(&way.to) == strategy.hooks.start_at.as_ref()), "{name}");
            let own = after.iter().take_while(|stage| is_own(stage)).count();
            assert!(!after[own..].iter().any(is_own), "{name} is in two places");
        }
    }

    #[test]
    fn every_way_leads_to_a_state_of_the_graph() {
        let whole = graph();
        for graph in
            Catalog::embedded().strategies().keys().map(|name| whole.for_strategy(Catalog::embedded(), name))
        {
            let known = names(&graph);
            let ways = graph.stages.iter().flat_map(|stage| &stage.states).flat_map(|state| &state.ways);
            let lost: Vec<_> = ways.filter(|way| !known.contains(way.to.as_str())).collect();
            assert!(lost.is_empty(), "{lost:?}");
        }
    }

    #[test]
    fn the_graph_of_a_strategy_has_no_state_of_another() {
        let whole = graph();
        let of = |name: &str| {
            let graph = whole.for_strategy(Catalog::embedded(), name);
            graph.stages.into_iter().map(|stage| stage.name).collect::<BTreeSet<_>>()
        };
        let strategies: BTreeSet<_> = Catalog::embedded().strategies().keys().cloned().collect();
        let own = |name: &str| of(name).intersection(&strategies).cloned().collect::<Vec<_>>();
        assert_eq!(own("out-in"), ["out-in"]);
        assert_eq!(own("out-in-timed"), ["out-in", "out-in-timed"]);
        assert_eq!(own("in-out"), ["in-out"]);
        assert_eq!(own("instance-refresh"), ["instance-refresh"]);
        assert!(of("in-out").contains("restore"));
    }
}

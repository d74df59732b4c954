//! The API calls of a definition's tasks, held against the services' own models.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use asg_recycle_simulator::iam_policy::iam_action;
use asg_recycle_simulator::states_language::{Kind, StateMachine};
use serde::Deserialize;

use super::definition::Definition;

/// Argument names of an action.
#[derive(Debug, Deserialize)]
pub(super) struct Arguments {
    /// Those without which AWS refuses the call.
    pub required: BTreeSet<String>,
    /// The others.
    pub optional: BTreeSet<String>,
}

/// Services by name, each with its actions.
pub(super) type ServiceModel = BTreeMap<String, BTreeMap<String, Arguments>>;

/// The embedded model; `service_model/refresh.py` writes it.
pub(super) fn model() -> &'static ServiceModel {
    static MODEL: LazyLock<ServiceModel> = LazyLock::new(|| {
        serde_json::from_str(include_str!("service_model/model.json"))
            .expect("a test reads the embedded model")
    });
    &MODEL
}

/// Every call of the definition, and what a distributed Map needs to run its children.
pub(super) fn api_calls(definition: &Definition) -> BTreeSet<String> {
    of_machine(&definition.machine)
}

/// Every call of a definition that is deployed, as IAM spells it; what of it cannot be read is left out.
pub fn calls_of(definition: &str) -> BTreeSet<String> {
    of_machine(&StateMachine::read(definition).0)
}

fn of_machine(machine: &StateMachine) -> BTreeSet<String> {
    let tasks = machine.states().filter_map(|(_, _, state)| match &state.kind {
        Kind::Task { call, .. } => Some(iam_action(&call.service, &call.action)),
        _ => None,
    });
    let mut calls: BTreeSet<_> = tasks.collect();
    if machine.scopes.iter().any(|scope| scope.distributed) {
        calls.extend(
            ["states:StartExecution", "states:DescribeExecution", "states:StopExecution"].map(str::to_owned),
        );
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_model_knows_the_actions_of_its_services() {
        let terminate = &model()["autoscaling"]["terminateInstanceInAutoScalingGroup"];
        assert!(terminate.required.contains("ShouldDecrementDesiredCapacity"));
        assert!(terminate.optional.contains("InstanceId"));
    }
}

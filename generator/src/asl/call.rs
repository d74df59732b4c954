//! The API calls of a definition's tasks, held against the services' own models.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use asg_recycle_simulator::states_language::{Call, Kind, StateMachine};
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

/// A call as IAM spells it, e.g. `states:DescribeExecution`.
fn iam_action(call: &Call) -> String {
    let service = match call.service.as_str() {
        "arczonalshift" => "arc-zonal-shift",
        "elasticloadbalancingv2" => "elasticloadbalancing",
        "sfn" => "states",
        "vpclattice" => "vpc-lattice",
        same => same,
    };
    let action = match (call.service.as_str(), call.action.as_str()) {
        ("lambda", "invoke") => "InvokeFunction".to_owned(),
        (_, action) => upper_first(action),
    };
    format!("{service}:{action}")
}

fn upper_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(characters).collect()
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
        Kind::Task { call, .. } => Some(iam_action(call)),
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

    #[track_caller]
    fn iam(resource: &str, expected: &str) {
        let call = Call::parse(resource).expect(resource);
        assert_eq!(iam_action(&call), expected);
    }

    #[test]
    fn calls_are_spelt_as_iam_spells_them() {
        iam("arn:aws:states:::aws-sdk:sfn:describeExecution", "states:DescribeExecution");
        iam("arn:aws:states:::lambda:invoke", "lambda:InvokeFunction");
        iam(
            "arn:aws:states:::aws-sdk:elasticloadbalancingv2:describeTargetHealth",
            "elasticloadbalancing:DescribeTargetHealth",
        );
        iam("arn:aws:states:::aws-sdk:vpclattice:listTargets", "vpc-lattice:ListTargets");
    }

    #[test]
    fn the_embedded_model_knows_the_actions_of_its_services() {
        let terminate = &model()["autoscaling"]["terminateInstanceInAutoScalingGroup"];
        assert!(terminate.required.contains("ShouldDecrementDesiredCapacity"));
        assert!(terminate.optional.contains("InstanceId"));
    }
}

//! The API calls of a definition's tasks, held against the services' own models.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use super::definition::{Definition, State};

/// A task's resource, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// Step Functions' name of the service, e.g. `elasticloadbalancingv2`.
    pub service: String,
    /// The action in camel case, e.g. `describeTargetHealth`.
    pub action: String,
}

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

impl Call {
    /// From `arn:aws:states:::aws-sdk:autoscaling:suspendProcesses` or the optimised `...:::lambda:invoke`, in any
    /// partition.
    pub(super) fn parse(resource: &str) -> Option<Self> {
        let (_partition, path) = resource.strip_prefix("arn:")?.split_once(":states:::")?;
        let path = path.strip_prefix("aws-sdk:").unwrap_or(path);
        let (service, action) = path.split_once(':')?;
        Some(Self { service: service.to_owned(), action: action.to_owned() })
    }

    /// As IAM spells it, e.g. `states:DescribeExecution`.
    pub(super) fn iam_action(&self) -> String {
        let service = match self.service.as_str() {
            "arczonalshift" => "arc-zonal-shift",
            "elasticloadbalancingv2" => "elasticloadbalancing",
            "sfn" => "states",
            "vpclattice" => "vpc-lattice",
            same => same,
        };
        let action = match (self.service.as_str(), self.action.as_str()) {
            ("lambda", "invoke") => "InvokeFunction".to_owned(),
            (_, action) => upper_first(action),
        };
        format!("{service}:{action}")
    }
}

fn upper_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(characters).collect()
}

/// The call that a state makes.
pub(super) fn of(state: &State) -> Option<Call> {
    state.fields.get("Resource").and_then(|resource| resource.as_str()).and_then(Call::parse)
}

/// Every call of the definition, and what a distributed Map needs to run its children.
pub(super) fn api_calls(definition: &Definition) -> BTreeSet<String> {
    let mut calls: BTreeSet<String> =
        definition.states().filter_map(|(_, _, state)| of(state)).map(|call| call.iam_action()).collect();
    if definition.scopes.iter().any(|scope| scope.distributed) {
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
        assert_eq!(call.iam_action(), expected);
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

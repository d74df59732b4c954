//! The API calls of a definition's tasks, held against the services' own models.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use asg_recycle_simulator::iam_policy::iam_action;
use asg_recycle_simulator::states_language::Call;
use serde::Deserialize;
use serde_json::{Map, Value};

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

/// What a distributed Map needs to run its children.
const OF_CHILDREN: [&str; 3] = ["states:StartExecution", "states:DescribeExecution", "states:StopExecution"];

/// Every call of a definition that is deployed, as IAM spells it; what of it cannot be read is left out.
pub fn calls_of(definition: &str) -> BTreeSet<String> {
    serde_json::from_str(definition).map(|machine| api_calls(&machine)).unwrap_or_default()
}

/// Every call of a definition, or of the states of a Map or a branch, and what a distributed Map needs to run its children.
pub(super) fn api_calls(scope: &Map<String, Value>) -> BTreeSet<String> {
    let mut calls = BTreeSet::new();
    if scope.get("ProcessorConfig").is_some_and(|config| config["Mode"] == "DISTRIBUTED") {
        calls.extend(OF_CHILDREN.map(str::to_owned));
    }
    for state in scope.get("States").and_then(Value::as_object).into_iter().flat_map(Map::values) {
        let call = state["Resource"].as_str().filter(|_| state["Type"] == "Task").and_then(Call::parse);
        calls.extend(call.map(|call| iam_action(&call.service, &call.action)));
        let branches = state["Branches"].as_array().into_iter().flatten();
        let inner = branches.chain([&state["ItemProcessor"]]).filter_map(Value::as_object);
        calls.extend(inner.flat_map(api_calls));
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_found_in_maps_and_branches_too() {
        let task = |resource: &str| serde_json::json!({"Type": "Task", "Resource": format!("arn:aws:states:::{resource}")});
        let child = |mode: &str| {
            serde_json::json!({"Type": "Map", "ItemProcessor": {
                "ProcessorConfig": {"Mode": mode},
                "States": {"D": task("aws-sdk:ec2:describeInstances")},
            }})
        };
        let of = |mode: &str| {
            let branch = serde_json::json!({"States": {"C": task("lambda:invoke"), "E": {"Type": "Pass", "Resource": "x"}}});
            let parallel = serde_json::json!({"Type": "Parallel", "Branches": [branch]});
            let states =
                serde_json::json!({"A": task("aws-sdk:sfn:startExecution"), "P": parallel, "M": child(mode)});
            Vec::from_iter(calls_of(&serde_json::json!({ "States": states }).to_string()))
        };
        assert_eq!(of("INLINE"), ["ec2:DescribeInstances", "lambda:InvokeFunction", "states:StartExecution"]);
        let children = ["states:DescribeExecution", "states:StartExecution", "states:StopExecution"];
        assert_eq!(of("DISTRIBUTED")[2..], children);
        assert!(calls_of("[").is_empty() && calls_of("[]").is_empty() && calls_of("{}").is_empty());
    }

    #[test]
    fn the_embedded_model_knows_the_actions_of_its_services() {
        let terminate = &model()["autoscaling"]["terminateInstanceInAutoScalingGroup"];
        assert!(terminate.required.contains("ShouldDecrementDesiredCapacity"));
        assert!(terminate.optional.contains("InstanceId"));
    }
}

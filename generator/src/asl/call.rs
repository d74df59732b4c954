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

/// What a distributed Map needs to run its children, and to redrive them with their execution.
const OF_CHILDREN: [&str; 4] =
    ["states:StartExecution", "states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"];

/// Every call of a definition that is deployed, as IAM spells it, with the states that make it; what of it cannot be read is
/// left out.
pub fn callers_of(definition: &str) -> BTreeMap<String, BTreeSet<String>> {
    serde_json::from_str(definition).map(|machine| callers(&machine)).unwrap_or_default()
}

/// Those calls alone.
pub fn calls_of(definition: &str) -> BTreeSet<String> {
    callers_of(definition).into_keys().collect()
}

/// Every call of a definition, or of the states of a Map or a branch, with the states that make it: for what a distributed Map
/// needs to run its children, the Map.
pub(super) fn callers(scope: &Map<String, Value>) -> BTreeMap<String, BTreeSet<String>> {
    let mut callers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, state) in scope.get("States").and_then(Value::as_object).into_iter().flatten() {
        let call = state["Resource"].as_str().filter(|_| state["Type"] == "Task").and_then(Call::parse);
        let own = call.map(|call| iam_action(&call.service, &call.action));
        let is_distributed = state["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED";
        let of_children = OF_CHILDREN.iter().filter(|_| is_distributed).map(|call| (*call).to_owned());
        for call in own.into_iter().chain(of_children) {
            callers.entry(call).or_default().insert(name.clone());
        }
        let branches = state["Branches"].as_array().into_iter().flatten();
        let inner = branches.chain([&state["ItemProcessor"]]).filter_map(Value::as_object);
        for (call, states) in inner.flat_map(self::callers) {
            callers.entry(call).or_default().extend(states);
        }
    }
    callers
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
            callers_of(&serde_json::json!({ "States": states }).to_string())
        };
        let calls = |mode: &str| of(mode).into_keys().collect::<Vec<_>>();
        assert_eq!(
            calls("INLINE"),
            ["ec2:DescribeInstances", "lambda:InvokeFunction", "states:StartExecution"]
        );
        let children = [
            "states:DescribeExecution",
            "states:RedriveExecution",
            "states:StartExecution",
            "states:StopExecution",
        ];
        assert_eq!(calls("DISTRIBUTED")[2..], children);
        let making = |mode: &str, call: &str| of(mode).remove(call).into_iter().flatten().collect::<Vec<_>>();
        assert_eq!(making("INLINE", "ec2:DescribeInstances"), ["D"], "a state of a Map makes its own calls");
        assert_eq!(making("DISTRIBUTED", "states:StartExecution"), ["A", "M"]);
        assert!(callers_of("[").is_empty() && callers_of("[]").is_empty() && callers_of("{}").is_empty());
    }

    #[test]
    fn the_embedded_model_knows_the_actions_of_its_services() {
        let terminate = &model()["autoscaling"]["terminateInstanceInAutoScalingGroup"];
        assert!(terminate.required.contains("ShouldDecrementDesiredCapacity"));
        assert!(terminate.optional.contains("InstanceId"));
    }
}

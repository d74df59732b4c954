//! The world against the facts about AWS, one fact a test.

mod chaos;
mod dynamodb;
mod failures;
mod instances;
mod reads;
mod refreshes;
mod refusals;
mod scaling;
mod scripts;
mod services;
mod taken_by_others;
mod warm_pools;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::iam_policy::RolePolicies;
use crate::services::{ServiceCall, ServiceError, Services};
use crate::time::Span;

use super::World;
use super::instance::Lifecycle;
use super::script::Script;
use super::spec::{GroupSpec, Timing, WorldSpec};

pub(super) const GROUP: &str = "webops-asg-1";
pub(super) const EXECUTION: &str = "arn:aws:states:eu-west-2:123456789012:execution:recycle:one";

/// A world, and somebody who calls it.
pub(super) struct WorldFixture {
    pub(super) world: World,
}

impl WorldFixture {
    /// A world of one default group, with changes to it and events.
    pub(super) fn with(change: impl FnOnce(&mut GroupSpec), events: &str) -> Self {
        Self::of(|spec| change(&mut spec.groups[0]), events)
    }

    pub(super) fn of(change: impl FnOnce(&mut WorldSpec), events: &str) -> Self {
        let mut spec = WorldSpec::default();
        change(&mut spec);
        let script = if events.is_empty() {
            Script::default()
        } else {
            Script::parse(events).expect("events are well-formed")
        };
        Self { world: World::new(spec, script).expect("the world is well-formed") }
    }

    /// Makes the caller an execution of a machine whose role has this policy.
    pub(super) fn of_machine(&mut self, policy: &str) {
        let machine = "arn:aws:states:eu-west-2:123456789012:stateMachine:recycle";
        let now = self.world.now();
        self.world.executions.begin(EXECUTION, machine, "{}", now);
        let policy = serde_json::from_str(policy).expect("it is JSON");
        self.world.set_role(machine, Arc::new(RolePolicies::read([&policy]).expect("it is read")));
    }

    pub(super) fn plain() -> Self {
        Self::with(|_| {}, "")
    }

    pub(super) fn call(
        &mut self,
        service: &str,
        action: &str,
        arguments: &Value,
    ) -> Result<Value, ServiceError> {
        let now = self.world.now();
        let call = ServiceCall { service, action, arguments, execution_arn: EXECUTION, now };
        self.world.call(&call).result.map(Arc::unwrap_or_clone)
    }

    pub(super) fn autoscaling(&mut self, action: &str, arguments: &Value) -> Result<Value, ServiceError> {
        self.call("autoscaling", action, arguments)
    }

    /// Calls with the group's name added.
    pub(super) fn on_group(&mut self, action: &str, mut arguments: Value) -> Result<Value, ServiceError> {
        arguments["AutoScalingGroupName"] = json!(GROUP);
        self.autoscaling(action, &arguments)
    }

    pub(super) fn terminate(&mut self, id: &str, decrement: bool) -> Result<Value, ServiceError> {
        self.autoscaling(
            "terminateInstanceInAutoScalingGroup",
            &json!({"InstanceId": id, "ShouldDecrementDesiredCapacity": decrement}),
        )
    }

    pub(super) fn describe(&mut self) -> Value {
        let answer =
            self.autoscaling("describeAutoScalingGroups", &json!({"AutoScalingGroupNames": [GROUP]}));
        answer.expect("reads succeed")["AutoScalingGroups"][0].clone()
    }

    pub(super) fn wait(&mut self, seconds: u64) {
        let until = self.world.now() + Span::seconds(seconds);
        self.world.advance_to(until);
    }

    /// Lifecycle states of all instances, in order of launch.
    pub(super) fn states(&self) -> Vec<&'static str> {
        self.group().instances.iter().map(|one| one.lifecycle.as_str()).collect()
    }

    pub(super) fn in_service(&self) -> usize {
        self.group().instances.iter().filter(|one| one.lifecycle == Lifecycle::InService).count()
    }

    pub(super) fn group(&self) -> &super::Group {
        self.world.group(0).expect("there is a group")
    }

    pub(super) fn sizes(&self) -> (u32, u32, u32) {
        let sizes = self.group().sizes;
        (sizes.min, sizes.max, sizes.desired)
    }

    pub(super) fn zones(&self) -> Vec<u32> {
        self.group().live_by_zone()
    }

    pub(super) fn events(&self) -> Vec<&'static str> {
        self.world.record().changes.iter().map(|change| change.event.name()).collect()
    }

    pub(super) fn count(&self, name: &str) -> usize {
        self.events().into_iter().filter(|event| *event == name).count()
    }

    pub(super) fn machine(&mut self, id: &str) -> String {
        let filter = json!({"Filters": [{"Name": "instance-id", "Values": [id]}]});
        let answer = self.call("ec2", "describeInstances", &filter).expect("reads succeed");
        answer["Reservations"][0]["Instances"][0]["State"]["Name"].as_str().unwrap_or("unknown").to_owned()
    }

    pub(super) fn targets(&mut self) -> Vec<(String, String)> {
        let arn = self.group().load_balancers[0].id.to_string();
        let answer =
            self.call("elasticloadbalancingv2", "describeTargetHealth", &json!({"TargetGroupArn": arn}));
        let answer = answer.expect("reads succeed");
        let listed = answer["TargetHealthDescriptions"].as_array().expect("a list");
        listed
            .iter()
            .map(|one| {
                let text = |value: &Value| value.as_str().expect("text").to_owned();
                (text(&one["Target"]["Id"]), text(&one["TargetHealth"]["State"]))
            })
            .collect()
    }
}

/// The id of the n-th instance of the world.
pub(super) fn id(n: u32) -> String {
    crate::world::ids::InstanceId(n).to_string()
}

/// The cause of an error without what follows AWS's text.
pub(super) fn text(error: &ServiceError) -> &str {
    error.cause.split(" (Service:").next().unwrap_or_default()
}

/// Times that make sums easy: react 6, start 10, boot 100, health 20, drain 50, shut down 30, release 5.
pub(super) fn round_times(group: &mut GroupSpec) {
    group.timing = Timing {
        reaction_min: Span::seconds(6),
        reaction_max: Span::seconds(6),
        start: Span::seconds(10),
        boot: Span::seconds(100),
        health_lag: Span::seconds(20),
        drain: Span::seconds(50),
        shutdown: Span::seconds(30),
        release: Span::seconds(5),
        ..Timing::default()
    };
}

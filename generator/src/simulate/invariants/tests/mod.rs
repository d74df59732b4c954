//! Each invariant on a run that breaks it, and on good runs driven by hand that break none.

mod announcements;
mod capacity;
mod conduct;
mod endings;
mod outage;
mod proof;
mod sizes;

use std::collections::BTreeSet;

use asg_recycle_handler::contract::{Mode, Replace};
use serde_json::{Value, json};

use super::{Allowed, Checker, Ending, ExpectedExecution, Invariant, Promise, Violation};
use asg_recycle_simulator::services::{ServiceCall, Services as _};
use asg_recycle_simulator::time::{Moment, Span};
use asg_recycle_simulator::world::World;
use asg_recycle_simulator::world::executions::ExecutionStatus;
use asg_recycle_simulator::world::ids::InstanceId;
use asg_recycle_simulator::world::script::Script;
use asg_recycle_simulator::world::spec::{GroupSpec, WorldSpec};

const GROUP: &str = "webops-asg-1";
const MACHINE: &str = "arn:aws:states:eu-west-2:123456789012:stateMachine:recycle";
const ONE: &str = "arn:aws:states:eu-west-2:123456789012:execution:recycle:one";

/// A recycle by hand, watched.
#[derive(Clone)]
struct CheckerFixture {
    world: World,
    checker: Checker,
    /// What the strategies of its executions promise, where that is another than the group began with.
    promise: Option<Promise>,
    /// When those that its executions replace may begin to leave, where they keep to windows.
    leaves_within: Option<Vec<(Moment, Moment)>>,
}

impl CheckerFixture {
    fn of(promise: Promise, change: impl FnOnce(&mut GroupSpec), events: &str) -> Self {
        let mut spec = WorldSpec::default();
        change(&mut spec.groups[0]);
        let script =
            if events.is_empty() { Script::default() } else { Script::parse(events).expect("well-formed") };
        let world = World::new(spec, script).expect("well-formed");
        let checker = Checker::new(promise, &world, 0).expect("there is a group");
        Self { world, checker, promise: None, leaves_within: None }
    }

    /// A running execution that holds the lock.
    fn started(promise: Promise, change: impl FnOnce(&mut GroupSpec), events: &str) -> Self {
        let mut fixture = Self::of(promise, change, events);
        fixture.start(ONE, Replace::Outdated, Allowed::Always);
        fixture.lock(ONE);
        fixture
    }

    fn start(&mut self, arn: &str, replace: Replace, allowed: Allowed) {
        self.start_as(Mode::Recycle, arn, replace, allowed);
    }

    fn start_as(&mut self, mode: Mode, arn: &str, replace: Replace, allowed: Allowed) {
        let now = self.world.now();
        self.world.executions.begin(arn, MACHINE, "{}", now);
        let run = ExpectedExecution {
            arn: arn.into(),
            mode,
            replace,
            tags: Vec::new(),
            allowed,
            leaves_within: self.leaves_within.clone(),
            replaces_protected: false,
            proving: Span::seconds(60),
            launch_timeout: Span::seconds(600),
            renews_pool: true,
            promise: self.promise,
        };
        self.checker.execution_started(&self.world, run);
    }

    fn call_by(&mut self, execution: &str, service: &str, action: &str, arguments: &Value) {
        let now = self.world.now();
        let call = ServiceCall { service, action, arguments, execution_arn: execution, now };
        self.world.call(&call).result.expect("the call succeeds");
        self.checker.observe(&self.world);
    }

    fn lock(&mut self, arn: &str) {
        let item = json!({"auto_scaling_group_name": {"S": GROUP}, "held_by": {"S": arn}});
        self.call_by(arn, "dynamodb", "putItem", &json!({"TableName": "recycles", "Item": item}));
    }

    fn on_group(&mut self, action: &str, mut arguments: Value) {
        arguments["AutoScalingGroupName"] = json!(GROUP);
        self.call_by(ONE, "autoscaling", action, &arguments);
    }

    /// A call on the group that is answered with an error.
    fn refused(&mut self, action: &str, mut arguments: Value) {
        arguments["AutoScalingGroupName"] = json!(GROUP);
        let now = self.world.now();
        let service = "autoscaling";
        let call = ServiceCall { service, action, arguments: &arguments, execution_arn: ONE, now };
        self.world.call(&call).result.expect_err("the call is refused");
        self.checker.observe(&self.world);
    }

    fn terminate(&mut self, n: u32, decrement: bool) {
        let id = InstanceId(n).to_string();
        let arguments = json!({"InstanceId": id, "ShouldDecrementDesiredCapacity": decrement});
        self.call_by(ONE, "autoscaling", "terminateInstanceInAutoScalingGroup", &arguments);
    }

    fn look(&mut self) {
        self.call_by(
            ONE,
            "autoscaling",
            "describeAutoScalingGroups",
            &json!({"AutoScalingGroupNames": [GROUP]}),
        );
    }

    fn tell(&mut self, by: &str, status: &str) {
        let message = json!({"auto_scaling_group_name": GROUP, "status": status}).to_string();
        let attribute = json!({"status": {"DataType": "String", "StringValue": status}});
        let topic = self.world.spec().resources.topics[0].clone();
        let arguments = json!({"TopicArn": topic, "Message": message, "MessageAttributes": attribute});
        self.call_by(by, "sns", "publish", &arguments);
    }

    fn wait(&mut self, seconds: u64) {
        let until = self.world.now() + Span::seconds(seconds);
        self.world.advance_to(until);
        self.checker.observe(&self.world);
    }

    fn end(
        &mut self,
        arn: &str,
        status: ExecutionStatus,
        output: Option<Value>,
        error: Option<(&str, &str)>,
    ) {
        let now = self.world.now();
        self.world.executions.end(arn, status, now);
        let (error, cause) = error.map(|(error, cause)| (error.to_owned(), cause.to_owned())).unzip();
        self.checker.execution_ended(&self.world, Ending { arn: arn.into(), status, output, error, cause });
    }

    fn succeed(&mut self, outcome: &str, reason: &str) {
        self.end(ONE, ExecutionStatus::Succeeded, Some(json!({"outcome": outcome, "reason": reason})), None);
    }

    /// What was violated, the lock let go of.
    fn violated(mut self) -> Vec<Violation> {
        let holder = self.world.lock_holders(GROUP).next().map(str::to_owned);
        if let Some(holder) = holder {
            let key = json!({"auto_scaling_group_name": {"S": GROUP}});
            self.call_by(&holder, "dynamodb", "deleteItem", &json!({"TableName": "recycles", "Key": key}));
        }
        self.violated_as_it_stands()
    }

    fn violated_as_it_stands(self) -> Vec<Violation> {
        assert_eq!(self.world.record().refusals, Vec::<String>::new());
        self.checker.finish(&self.world)
    }

    /// The names of what was violated, once each.
    fn names(self) -> Vec<&'static str> {
        let names: BTreeSet<_> = self.violated().into_iter().map(|one| one.invariant).collect();
        names.into_iter().map(Invariant::name).collect()
    }
}

#[test]
fn promises_are_read_by_name_and_from_every_strategys_sentence() {
    assert_eq!("one-out".parse(), Ok(Promise::OneOut));
    for strategy in crate::strategy::all().values() {
        assert!(strategy.promise.parse::<Promise>().is_ok(), "{}: {}", strategy.name, strategy.promise);
    }
    let error = "be good".parse::<Promise>().expect_err("no promise").to_string();
    assert!(error.contains("`keeps-serving`, `one-out`, `percent`, `nothing`"), "{error}");
}

#[test]
fn every_invariant_has_a_name_and_a_sentence_of_its_own() {
    let names: BTreeSet<_> = Invariant::ALL.into_iter().map(Invariant::name).collect();
    let sentences: BTreeSet<_> = Invariant::ALL.into_iter().map(Invariant::sentence).collect();
    assert_eq!((names.len(), sentences.len()), (Invariant::ALL.len(), Invariant::ALL.len()));
}

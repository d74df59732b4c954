//! A handler with its world in memory: groups, executions, a topic, and faults to order.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use asg_recycle_handler::batch;
use asg_recycle_handler::contract::RECYCLE_ON_ASG_UPDATE;
use asg_recycle_handler::decide::StartRequest;
use asg_recycle_handler::delivery::InvocationFault;
use asg_recycle_handler::group::{Group, GroupTag, TemplateReference};
use asg_recycle_handler::invocation::Invocation;
use asg_recycle_handler::log::{Format, Level, Log};
use asg_recycle_handler::ports::{CallError, Membership, Ports, Started};
use asg_recycle_handler::rejection::Rejection;
use asg_recycle_handler::settings::Settings;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::local::function::stack_environment;

pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(20);

/// What goes wrong, by group name.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// A description that includes one of these fails with this code.
    pub(crate) describe: BTreeMap<String, &'static str>,
    /// A description that includes one of these panics.
    pub(crate) describe_panics: BTreeSet<String>,
    /// Starts that fail with this code.
    pub(crate) start: BTreeMap<String, &'static str>,
    /// Starts that panic.
    pub(crate) start_panics: BTreeSet<String>,
    /// Starts that never answer.
    pub(crate) start_hangs: BTreeSet<String>,
    /// Descriptions that never answer.
    pub(crate) describe_hangs: BTreeSet<String>,
    /// The listing of opted-in groups fails.
    pub(crate) listing: bool,
    /// Publishing fails.
    pub(crate) publish: bool,
    /// Descriptions of instances fail.
    pub(crate) instances: bool,
}

/// AWS in memory.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) groups: BTreeMap<String, Group>,
    /// The groups of instances, by their ids.
    pub(crate) members: BTreeMap<String, String>,
    pub(crate) faults: Faults,
    pub(crate) seen: Mutex<Calls>,
}

/// What was called.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    pub(crate) descriptions: Vec<Vec<String>>,
    pub(crate) listings: usize,
    pub(crate) executions: BTreeMap<String, Value>,
    pub(crate) rejections: Vec<Rejection>,
    starting: usize,
    pub(crate) starting_max: usize,
}

impl World {
    fn error(call: &'static str, code: &str) -> CallError {
        CallError { call, code: code.to_owned(), message: "as ordered".to_owned() }
    }
}

impl Ports for World {
    async fn describe(&self, names: &[String]) -> Result<Vec<Group>, CallError> {
        self.seen.lock().unwrap().descriptions.push(names.to_vec());
        assert!(!names.iter().any(|name| self.faults.describe_panics.contains(name)), "ordered to panic");
        if names.iter().any(|name| self.faults.describe_hangs.contains(name)) {
            std::future::pending::<()>().await;
        }
        match names.iter().find_map(|name| self.faults.describe.get(name)) {
            Some(code) => Err(Self::error("autoscaling:DescribeAutoScalingGroups", code)),
            None => Ok(names.iter().filter_map(|name| self.groups.get(name).cloned()).collect()),
        }
    }

    async fn describe_opted_in(&self) -> Result<Vec<Group>, CallError> {
        self.seen.lock().unwrap().listings += 1;
        if self.faults.listing {
            return Err(Self::error("autoscaling:DescribeAutoScalingGroups", "Throttling"));
        }
        let opted_in = |group: &&Group| group.tag(RECYCLE_ON_ASG_UPDATE.key).is_some();
        Ok(self.groups.values().filter(opted_in).cloned().collect())
    }

    async fn groups_of(&self, instances: &[String]) -> Result<Vec<Membership>, CallError> {
        if self.faults.instances {
            return Err(Self::error("autoscaling:DescribeAutoScalingInstances", "Throttling"));
        }
        let member = |instance: &String| {
            Some(Membership { instance: instance.clone(), group: self.members.get(instance)?.clone() })
        };
        Ok(instances.iter().filter_map(member).collect())
    }

    async fn start(&self, request: &StartRequest) -> Result<Started, CallError> {
        {
            let mut seen = self.seen.lock().unwrap();
            seen.starting += 1;
            seen.starting_max = seen.starting_max.max(seen.starting);
        }
        tokio::task::yield_now().await; // let the others start meanwhile
        self.seen.lock().unwrap().starting -= 1;
        let group = request.input["auto_scaling_group_name"].as_str().expect("a group");
        assert!(!self.faults.start_panics.contains(group), "ordered to panic");
        if self.faults.start_hangs.contains(group) {
            std::future::pending::<()>().await;
        }
        if let Some(code) = self.faults.start.get(group) {
            return Err(Self::error("states:StartExecution", code));
        }
        let executions = &mut self.seen.lock().unwrap().executions;
        if executions.contains_key(&request.name) {
            return Ok(Started::Before);
        }
        executions.insert(request.name.clone(), request.input.clone());
        Ok(Started::Now { execution_arn: request.machine.execution(&request.name) })
    }

    async fn publish(&self, rejection: &Rejection) -> Result<(), CallError> {
        if self.faults.publish {
            return Err(Self::error("sns:Publish", "InternalError"));
        }
        self.seen.lock().unwrap().rejections.push(rejection.clone());
        Ok(())
    }
}

/// The handler and its world.
pub(crate) struct Bench {
    pub(crate) world: Arc<World>,
    pub(crate) settings: Settings,
    pub(crate) level: Level,
    pub(crate) format: Format,
    output: Output,
}

#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Bench {
    /// A world with opted-in groups of these names, all following `$Latest` of one template.
    pub(crate) fn with_groups<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let groups = names.into_iter().map(|name| (name.to_owned(), group(name, "out-in"))).collect();
        Self::with(World { groups, ..World::default() })
    }

    pub(crate) fn with(world: World) -> Self {
        let settings = Settings::parse(&stack_environment()).expect("sound settings");
        Self {
            world: Arc::new(world),
            settings,
            level: Level::Info,
            format: Format::Json,
            output: Output::default(),
        }
    }

    /// The same with an instance in a group.
    pub(crate) fn with_member(mut self, instance: &str, group: &str) -> Self {
        let world = Arc::get_mut(&mut self.world).expect("nothing runs yet");
        world.members.insert(instance.to_owned(), group.to_owned());
        self
    }

    /// Orders faults.
    pub(crate) fn faulty(mut self, order: impl FnOnce(&mut Faults)) -> Self {
        order(&mut Arc::get_mut(&mut self.world).expect("nothing runs yet").faults);
        self
    }

    /// Invokes the handler with a paused clock that jumps whenever nothing else is left to do.
    pub(crate) fn invoke(&self, payload: Value) -> Result<Value, InvocationFault> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let received = Instant::now();
            let invocation = Invocation {
                request_id: "request-1".to_owned(),
                function_name: "asg-recycle-test-handler".to_owned(),
                account_id: "123456789012".to_owned(),
                now: "2026-06-01T12:00:00Z".parse().unwrap(),
                received,
                deadline: received + TIME_LIMIT,
            };
            let log = Log::new(self.level, self.format, self.output.clone());
            batch::handle(payload, &invocation, &self.settings, &self.world, &log).await
        })
    }

    /// Invokes it with a batch and returns the ids that are handed back.
    pub(crate) fn failures(&self, records: &[Value]) -> Vec<String> {
        let answer = self.invoke(json!({"Records": records})).expect("an answer");
        assert_eq!(answer.as_object().map(serde_json::Map::len), Some(1), "{answer}");
        let failures = answer["batchItemFailures"].as_array().expect("a list");
        failures.iter().map(|item| item["itemIdentifier"].as_str().expect("an id").to_owned()).collect()
    }

    /// Names of the groups for which executions exist, in order.
    pub(crate) fn recycled(&self) -> Vec<String> {
        let seen = self.world.seen.lock().unwrap();
        let group = |input: &Value| input["auto_scaling_group_name"].as_str().expect("a group").to_owned();
        let mut groups: Vec<String> = seen.executions.values().map(group).collect();
        groups.sort();
        groups
    }

    /// Everything logged, line by line.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let output = self.printed();
        output.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
    }

    /// Everything logged, as it was written.
    pub(crate) fn printed(&self) -> String {
        String::from_utf8(self.output.0.lock().unwrap().clone()).expect("UTF-8")
    }
}

pub(crate) fn group(name: &str, strategy: &str) -> Group {
    let tag =
        |key: &str, value: &str| (key.to_owned(), GroupTag { value: value.to_owned(), propagates: false });
    Group {
        name: name.to_owned(),
        tags: [tag("autorecycle_recycle_on_asg_update", "true"), tag("autorecycle_strategy", strategy)]
            .into(),
        templates: vec![TemplateReference {
            id: Some("lt-0123456789abcdef0".to_owned()),
            name: Some("web".to_owned()),
            version: Some("$Latest".to_owned()),
        }],
    }
}

/// A queue record that holds an event.
pub(crate) fn record(message_id: &str, event: &Value) -> Value {
    json!({
        "messageId": message_id,
        "receiptHandle": "handle",
        "body": event.to_string(),
        "attributes": {"ApproximateReceiveCount": "1"},
        "eventSource": "aws:sqs",
    })
}

/// A launch change of a group.
pub(crate) fn update(event_id: &str, group: &str) -> Value {
    json!({
        "account": "123456789012",
        "region": "eu-west-2",
        "detail": {
            "eventName": "UpdateAutoScalingGroup",
            "eventID": event_id,
            "requestParameters": {"autoScalingGroupName": group, "launchTemplate": {"version": "7"}},
        },
    })
}

//! What every case stands on: the stack of `examples/webops`, deployed, and a group of three instances in two
//! Availability Zones whose sizes leave no room.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::emulator::{Delivery, Emulator, Entry, Execution, Group};
use crate::run::{Run, cache_folder};

pub(crate) const GROUP: &str = "search-asg-1";
const MACHINE: &str = "machine";
/// The alarm that the example's `instance-refresh` watches.
const ALARM: &str = "webops-batch-failures";

/// An emulated AWS with the deployed stack and one group.
pub(crate) struct Stage {
    pub(crate) emulator: Emulator,
    /// The group before anything happened.
    before: Group,
    /// How much of the journal is older than the case.
    history: usize,
    events: usize,
}

/// The virtual time at which a stage was set.
#[derive(Clone, Copy)]
pub(crate) struct Now {
    /// 0 to 23, UTC.
    pub(crate) hour: u64,
}

/// The tags of a window that is open now and for long enough.
pub(crate) fn open_all_day(now: Now) -> Vec<(&'static str, String)> {
    let window = format!("{:02}:00,{:02}:00", now.hour, (now.hour + 20) % 24);
    vec![("autorecycle_recycle_window", window), ("autorecycle_time_zone", "UTC".to_owned())]
}

/// The output folder of `build examples/webops/stack.yaml`, made once.
pub(crate) fn output() -> &'static Path {
    static OUTPUT: OnceLock<PathBuf> = OnceLock::new();
    OUTPUT.get_or_init(|| {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("end-to-end");
        let (out, cache) = (folder.to_string_lossy(), cache_folder());
        Run::within(repository, &["build", "examples/webops/stack.yaml", "--force", "--out", &out])
            .env("ASG_RECYCLE_CACHE_DIR", cache)
            .ok();
        folder
    })
}

impl Stage {
    /// A stage whose group has opted in to a strategy.
    pub(crate) fn new(strategy: &str) -> Self {
        Self::new_with(strategy, |_| Vec::new())
    }

    /// A stage whose group has further tags, which may depend on the time.
    pub(crate) fn new_with(strategy: &str, further: impl Fn(Now) -> Vec<(&'static str, String)>) -> Self {
        Self::set(output(), strategy, further, &json!({}))
    }

    /// A stage whose group differs from the usual one in what the emulator's `create_group` takes.
    pub(crate) fn with_group(strategy: &str, differs: &Value) -> Self {
        Self::set(output(), strategy, |_| Vec::new(), differs)
    }

    /// The same, on a stack that was built in another folder.
    pub(crate) fn on_stack(folder: &Path, strategy: &str, differs: &Value) -> Self {
        Self::set(folder, strategy, |_| Vec::new(), differs)
    }

    fn set(
        stack: &Path,
        strategy: &str,
        further: impl Fn(Now) -> Vec<(&'static str, String)>,
        differs: &Value,
    ) -> Self {
        let mut emulator = Emulator::start();
        emulator.deploy(&stack.join("cloudformation/template.yaml"), &stack.join("handler.zip"));
        let now: String = emulator.ask("now", json!({}));
        let now = Now { hour: now[11..13].parse().expect("an RFC 3339 time") };
        let mut tags = json!({
            "autorecycle_recycle_on_asg_update": "true",
            "autorecycle_strategy": strategy,
            "autorecycle_team": "search",
        });
        for (key, value) in further(now) {
            tags[key] = value.into();
        }
        let mut group = json!({
            "name": GROUP,
            "minimum": 3,
            "maximum": 3,
            "desired": 3,
            "zones": ["eu-west-2a", "eu-west-2b"],
            "tags": tags,
            "target_groups": 1,
        });
        for (key, value) in differs.as_object().into_iter().flatten() {
            group[key] = value.clone();
        }
        emulator.order("put_alarm", json!({"name": ALARM}));
        let before: Group = emulator.ask("create_group", group);
        let history = emulator.journal().len();
        Self { emulator, before, history, events: 0 }
    }

    /// Deploys a second stack in another environment of the same account and region; its state machine.
    pub(crate) fn deploy_beside(&mut self, environment: &str) -> String {
        let template = output().join("cloudformation/template.yaml");
        let parameters = json!({
            "Environment": environment,
            "CreateLockTable": "false",
            "HandlerS3Bucket": "artifacts",
            "HandlerS3Key": "handler.zip",
        });
        self.emulator.ask("deploy_beside", json!({"template": template, "parameters": parameters}))
    }

    /// Deploys the stack in another region too, where there are no groups.
    pub(crate) fn deploy_elsewhere(&mut self, region: &str) {
        let template = output().join("cloudformation/template.yaml");
        let parameters = json!({"HandlerS3Bucket": "artifacts", "HandlerS3Key": "handler.zip"});
        self.emulator.order(
            "deploy_elsewhere",
            json!({"region": region, "template": template, "parameters": parameters}),
        );
    }

    /// Starts an execution of that machine with the input that the other stack's handler gave to an execution.
    pub(crate) fn start_beside(&mut self, machine: &str, like: &str) -> String {
        let input: Value = self.emulator.ask("input_of", json!({"execution": like}));
        self.emulator.ask("start", json!({"input": input, "machine": machine}))
    }

    /// An execution by the event of a new version, and one of a second stack that finds it under way fifteen seconds later.
    pub(crate) fn start_in_two_stacks(&mut self) -> [String; 2] {
        self.new_launch_template_version();
        let event = self.launch_event();
        let first = self.send(&event);
        let beside = self.deploy_beside("staging");
        self.emulator.order("advance", json!({"seconds": 15}));
        let second = self.start_beside(&beside, &first);
        [first, second]
    }

    /// Makes the group's instances outdated.
    pub(crate) fn new_launch_template_version(&mut self) {
        self.emulator.order("new_template_version", json!({"group": GROUP}));
    }

    /// Makes the instances outdated, sends the event of it, and lets the recycle end.
    pub(crate) fn recycle(&mut self) -> Execution {
        self.new_launch_template_version();
        let event = self.launch_event();
        let started = self.send(&event);
        self.emulator.wait(&started)
    }

    /// The event that CloudTrail makes of a new launch template version on the group.
    pub(crate) fn launch_event(&mut self) -> Value {
        let template = &self.before.launch_template.launch_template_id;
        let launch = json!({"launchTemplateId": template, "version": "$Latest"});
        self.event(
            "UpdateAutoScalingGroup",
            &json!({"autoScalingGroupName": GROUP, "launchTemplate": launch}),
        )
    }

    /// Sets a tag of the group that its instances get when they are launched.
    pub(crate) fn set_tag(&mut self, key: &str, value: &str) {
        let parameters = json!({"Tags": [{
            "ResourceId": GROUP,
            "ResourceType": "auto-scaling-group",
            "Key": key,
            "Value": value,
            "PropagateAtLaunch": true,
        }]});
        self.emulator.order("call", json!({"action": "CreateOrUpdateTags", "parameters": parameters}));
    }

    /// The event that CloudTrail makes of a tag that was set on the group.
    pub(crate) fn tag_event(&mut self, key: &str, value: &str) -> Value {
        let tag = json!({
            "resourceId": GROUP,
            "resourceType": "auto-scaling-group",
            "key": key,
            "value": value,
            "propagateAtLaunch": true,
        });
        self.event("CreateOrUpdateTags", &json!({"tags": [tag]}))
    }

    fn event(&mut self, name: &str, parameters: &Value) -> Value {
        self.events += 1;
        let id = format!("00000000-0000-4000-8000-{:012}", self.events);
        let arn = "arn:aws:sts::123456789012:assumed-role/deployer/terraform";
        json!({
            "version": "0",
            "id": id,
            "detail-type": "AWS API Call via CloudTrail",
            "source": "aws.autoscaling",
            "account": "123456789012",
            "time": "2026-11-21T10:00:00Z",
            "region": "eu-west-2",
            "resources": [],
            "detail": {
                "eventVersion": "1.11",
                "userIdentity": {
                    "type": "AssumedRole",
                    "arn": arn,
                    "accountId": "123456789012",
                    "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::123456789012:role/deployer"}},
                },
                "eventTime": "2026-11-21T10:00:00Z",
                "eventSource": "autoscaling.amazonaws.com",
                "eventName": name,
                "awsRegion": "eu-west-2",
                "requestParameters": parameters,
                "responseElements": null,
                "requestID": id,
                "eventID": id,
                "readOnly": false,
                "eventType": "AwsApiCall",
                "managementEvent": true,
                "recipientAccountId": "123456789012",
            },
        })
    }

    /// Puts an event on the bus and hands the message to the handler; the one execution that it started.
    pub(crate) fn send(&mut self, event: &Value) -> String {
        one_started(self.deliver(event))
    }

    /// Puts an event on the bus and hands the message to the handler.
    pub(crate) fn deliver(&mut self, event: &Value) -> Delivery {
        let rules = self.emulator.put_event(event);
        assert_eq!(rules.len(), 1, "one rule takes the event: {rules:?}");
        let delivery = self.emulator.deliver();
        assert_delivered(&delivery);
        delivery
    }

    /// Hands the message about an execution that died to the handler; the execution that restores after it.
    pub(crate) fn deliver_status_event(&mut self) -> String {
        let delivery = self.emulator.deliver();
        assert_delivered(&delivery);
        one_started(delivery)
    }

    /// Lets time pass until an instance meets with this, e.g. `launched`.
    pub(crate) fn wait_for(&mut self, event: &str) {
        self.emulator.order("wait_for", json!({"entry": {"event": event}}));
    }

    /// What happened since the stage was set.
    fn journal(&mut self) -> Vec<Entry> {
        self.emulator.journal().split_off(self.history)
    }

    /// The instances that began to leave since then, in order.
    pub(crate) fn leavers(&mut self) -> Vec<String> {
        let leaves = |entry: Entry| entry.is("terminating").then_some(entry.instance?);
        self.journal().into_iter().filter_map(leaves).collect()
    }

    /// The launches since then.
    pub(crate) fn launches(&mut self) -> Vec<Entry> {
        self.journal().into_iter().filter(|entry| entry.is("launched")).collect()
    }

    /// The statuses of the notifications, in order.
    pub(crate) fn statuses(&mut self) -> Vec<String> {
        let status = |notification: &crate::emulator::Notification| {
            assert_eq!(notification.message["auto_scaling_group_name"], json!(GROUP));
            assert_eq!(notification.message["status"], notification.attributes["status"]);
            notification.message["status"].as_str().expect("a status is text").to_owned()
        };
        self.emulator.notifications().iter().map(status).collect()
    }

    /// The recycle has succeeded: all replaced, all as before, and never fewer in service than promised.
    pub(crate) fn assert_recycled(&mut self, execution: &Execution, healthy_minimum: usize) {
        assert_eq!(execution.status, "SUCCEEDED", "{execution:?}");
        assert_eq!(execution.output["outcome"], json!("recycled"));
        self.assert_replaced();
        assert_eq!(self.statuses(), ["started", "recycled"]);
        for entry in self.journal() {
            assert!(entry.healthy.is_none_or(|healthy| healthy >= healthy_minimum), "{entry:?}");
        }
    }

    /// Every instance is new, serves, and stands where it should; and the group is as it was.
    pub(crate) fn assert_replaced(&mut self) {
        self.assert_as_before("after the recycle");
        let after = self.emulator.group(GROUP);
        assert_eq!(after.instances.len(), 3, "{after:?}");
        let mut zones: Vec<_> = after.instances.iter().map(|each| each.availability_zone.as_str()).collect();
        zones.sort_unstable();
        zones.dedup();
        assert_eq!(zones.len(), 2, "the new instances stand in both zones: {after:?}");
        for instance in &after.instances {
            let old = self.before.instances.iter().any(|each| each.id == instance.id);
            assert!(!old, "{instance:?} was there before");
            assert_eq!((&*instance.lifecycle_state, &*instance.health_status), ("InService", "Healthy"));
        }
    }

    /// Sizes, processes and the lock are as before, three instances live, and no role had to be asked for more. Since when instances are
    /// unproved stays where a recycle was stopped.
    pub(crate) fn assert_as_before(&mut self, when: &str) {
        let after = self.emulator.group(GROUP);
        let sizes = |group: &Group| (group.min_size, group.desired_capacity, group.max_size);
        assert_eq!(sizes(&after), sizes(&self.before), "{when}");
        assert!(after.suspended_processes.is_empty(), "{when}: {:?}", after.suspended_processes);
        let live = after.instances.iter().filter(|each| each.lifecycle_state == "InService").count();
        assert_eq!(live, 3, "{when}: {after:?}");
        let items: Vec<Value> = self.emulator.ask("locks", json!({}));
        let of_group = |item: &&Value| item["auto_scaling_group_name"]["S"].as_str() == Some(GROUP);
        assert_eq!(items.iter().find(of_group), None, "{when}");
        let denied: Vec<String> = self.emulator.ask("denied_calls", json!({}));
        assert!(denied.is_empty(), "{when}, calls that the roles do not allow: {denied:?}");
    }

    /// Nothing that belongs to the group was changed by anybody.
    pub(crate) fn assert_untouched(&mut self) {
        assert_eq!(self.emulator.group(GROUP), self.before);
        let changes: Vec<_> = self.journal().into_iter().filter(|entry| entry.call.is_some()).collect();
        assert!(changes.is_empty(), "{changes:?}");
        self.assert_as_before("after nothing");
    }

    /// The recycle has failed and undone itself: the old instances serve, the new ones are on their way out.
    pub(crate) fn assert_rolled_back(&mut self) {
        self.emulator.order("advance", json!({"seconds": 600}));
        self.assert_as_before("after the rollback");
        let after = self.emulator.group(GROUP);
        assert_eq!(after.instances, self.before.instances, "the old fleet is intact");
        for entry in self.journal() {
            assert!(entry.healthy.is_none_or(|healthy| healthy >= 3), "{entry:?}");
        }
        assert_eq!(self.statuses(), ["started", "rolled_back"]);
    }

    /// The restore that the failure's own event starts finds nothing left to do.
    pub(crate) fn assert_restore_finds_nothing(&mut self) {
        let calls = |journal: Vec<Entry>| journal.into_iter().filter(|entry| entry.call.is_some()).count();
        let before = calls(self.journal());
        let restore = self.deliver_status_event();
        let restored = self.emulator.wait(&restore);
        assert_eq!(restored.input["mode"], json!("restore"));
        assert_eq!(restored.status, "SUCCEEDED", "{restored:?}");
        assert_eq!(calls(self.journal()), before, "the restore changed something");
        self.assert_as_before("after the restore");
    }

    /// No instance was launched between the start of another's end and its termination in EC2.
    pub(crate) fn assert_no_launch_while_an_instance_ends(&mut self) {
        let mut ending = Vec::new();
        let mut ended = 0;
        for entry in self.journal() {
            let instance = entry.instance.clone();
            if entry.is("terminating") {
                ending.push(instance);
            } else if entry.is("terminated") {
                ending.retain(|each| *each != instance);
                ended += 1;
            } else if entry.is("launched") {
                assert!(ending.is_empty(), "{entry:?} while {ending:?} had not ended");
            }
        }
        assert_eq!(ended, 3, "each of the three came to its end");
        let refused: Vec<_> = self.journal().into_iter().filter(|entry| entry.error.is_some()).collect();
        assert!(refused.is_empty(), "AWS refused calls: {refused:?}");
        assert!(
            self.journal().iter().filter_map(|entry| entry.caller.as_deref()).all(|caller| caller == MACHINE)
        );
    }
}

fn assert_delivered(delivery: &Delivery) {
    assert_eq!(delivery.messages, 1, "one message was in the queue: {delivery:?}");
    assert_eq!(delivery.kind.as_deref(), Some("response"), "{delivery:?}");
    let failed = delivery.answer["batchItemFailures"].as_array();
    assert!(failed.is_none_or(Vec::is_empty), "the handler handed the message back: {delivery:?}");
    assert!(!delivery.logs.is_empty(), "the handler logged its decision");
}

fn one_started(delivery: Delivery) -> String {
    assert_eq!(delivery.started.len(), 1, "the event starts one execution: {delivery:?}");
    delivery.started.into_iter().next().expect("there is one")
}

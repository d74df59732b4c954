//! Nothing is allowed on the emulated AWS that nobody needs, and all that is needed: every call that passes is held to the
//! statements of the caller's role, by what it touches and by the tags of what it touches.

use std::path::Path;

use serde_json::json;

use super::stage::{GROUP, Stage, output};
use crate::run::{Run, cache_folder};

/// Every option that gives a role a statement.
const STACK: &str = "name: webops-recycle\n\
    notifications: {notifier_function_arn: 'arn:aws:lambda:eu-west-2:123456789012:function:notifier'}\n\
    network: {subnet_ids: [subnet-0123abcd], security_group_ids: [sg-0123abcd]}\n\
    groups: {tags: {stage: live}}\n\
    machine: {log_level: error}\n";

/// Permissions that the recycles below have no use for; that each is needed, `tests/scenarios/permissions.yaml` shows.
const OF_OTHER_RECYCLES: &[&str] = &[
    "handler Describe without autoscaling:DescribeAutoScalingInstances",
    "machine ChangeOptedInGroups without autoscaling:CancelInstanceRefresh",
    "machine ChangeOptedInGroups without autoscaling:DeleteWarmPool",
    "machine ChangeOptedInGroups without autoscaling:PutWarmPool",
    "machine ChangeOptedInGroups without autoscaling:SetDesiredCapacity",
    "machine Describe without arc-zonal-shift:GetManagedResource",
    "machine Describe without autoscaling:DescribeAutoScalingInstances",
    "machine Describe without autoscaling:DescribeLifecycleHooks",
    "machine Describe without autoscaling:DescribeWarmPool",
    "machine Describe without cloudwatch:DescribeAlarms",
    "machine RedriveChildren of another account",
    "machine RedriveChildren without states:RedriveExecution",
];

#[test]
fn without_any_one_permission_or_with_one_elsewhere_a_call_is_denied() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("every-statement");
    let (out, zip) = (folder.to_string_lossy(), output().join("handler.zip"));
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("stack.yaml"), STACK).expect("a stack");
    let build = ["build", "stack.yaml", "--force", "--out", &out, "--handler-zip", &zip.to_string_lossy()];
    Run::within(&folder, &build).env("ASG_RECYCLE_CACHE_DIR", cache_folder()).ok();
    let tags = json!({
        "autorecycle_recycle_on_asg_update": "true", "autorecycle_strategy": "out-in", "stage": "live",
    });
    let differs = json!({"tags": tags, "classic_load_balancers": 1, "lattice_target_groups": 1});
    let mut stage = Stage::on_stack(&folder, "out-in", &differs);

    // A request that the handler rejects, and announces.
    stage.set_tag("autorecycle_notify_pager_duty", "perhaps");
    let event = stage.launch_event();
    assert!(stage.deliver(&event).started.is_empty());
    let unset = json!({"Tags": [{"ResourceId": GROUP, "Key": "autorecycle_notify_pager_duty"}]});
    stage.emulator.order("call", json!({"action": "DeleteTags", "parameters": unset}));

    for strategy in ["in-out", "instance-refresh"] {
        stage.set_tag("autorecycle_strategy", strategy);
        let execution = stage.recycle();
        assert_eq!(execution.status, "SUCCEEDED", "{execution:?}");
    }
    stage.set_tag("autorecycle_strategy", "out-in");

    // A recycle that another stack's execution finds under way.
    let [first, second] = stage.start_in_two_stacks();
    stage.emulator.wait(&second);
    assert_eq!(stage.emulator.wait(&first).status, "SUCCEEDED");

    let denied: Vec<String> = stage.emulator.ask("denied_calls", json!({}));
    assert!(denied.is_empty(), "{denied:#?}");
    let unmissed: Vec<String> = stage.emulator.ask("unmissed_permissions", json!({}));
    assert_eq!(unmissed, OF_OTHER_RECYCLES);
}

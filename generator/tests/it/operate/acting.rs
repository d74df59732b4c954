//! The commands that act, with `--yes`: a recycle is started and followed, aborted, restored by hand, and refused where the group is another
//! stack's.

use serde_json::{Value, json};

use super::{
    begun, calls, held_to, newest, operate, restored_in_sight, row, status, told, until, until_it_calls,
};
use crate::end_to_end::stage::{GROUP, Stage};

#[test]
fn a_recycle_that_is_started_by_hand_is_followed_to_its_end() {
    let mut stage = Stage::new("out-in");
    operate(&mut stage, &["start", GROUP, "--strategy", "in-ot", "--yes"])
        .stderr_has("did you mean `in-out`?")
        .exits(2);
    operate(&mut stage, &["start", GROUP]).stderr_has("account 123456789012, eu-west-2").exits(2);
    operate(&mut stage, &["start", "no-such-group", "--yes"]).stderr_has("there is no group").exits(2);
    let under_way =
        operate(&mut stage, &["start", GROUP, "--replace", "all", "--dry-run", "--wait", "--every", "1s"]);
    let under_way = under_way.stdout_has("search-asg-1: dry_run").begin();
    let execution = newest(&mut stage, 1);
    stage.emulator.wait(&execution);
    under_way.exits(0);
    stage.assert_untouched();
    let under_way =
        operate(&mut stage, &["start", GROUP, "--replace", "all", "--yes", "--wait", "--every", "1s"]);
    let under_way = under_way.stdout_has("search-asg-1: recycled").begin();
    let execution = newest(&mut stage, 2);
    stage.wait_for("launched");
    operate(&mut stage, &["wait", GROUP, "--timeout", "1s", "--every", "1s"])
        .stderr_has("search-asg-1 is not at rest after 1 s")
        .exits(1);
    operate(&mut stage, &["restore", GROUP, "--yes"]).stderr_has("runs and holds").exits(2);
    let ended = stage.emulator.wait(&execution);
    assert_eq!(ended.input["replace"], json!("all"));
    under_way.exits(0);
    stage.assert_replaced();
    operate(&mut stage, &["wait", GROUP]).stdout("search-asg-1: current, last recycled\n").ok();
    operate(&mut stage, &["abort", GROUP, "--yes"]).stderr_has("no recycle of `search-asg-1` runs").exits(2);
    calls(&mut stage);
    operate(&mut stage, &["restore", GROUP, "--yes"]).stdout("search-asg-1: nothing was left changed\n").ok();
    let made: Value = stage.emulator.ask("operator_calls", json!({}));
    assert_eq!(made["autoscaling:DescribeAutoScalingGroups"], json!(1), "the group is read once: {made}");
}

/// What was started holds no lock for its first moments.
#[test]
fn who_waits_right_after_a_start_waits_for_that() {
    let mut stage = Stage::new("out-in");
    stage.new_launch_template_version();
    operate(&mut stage, &["start", GROUP, "--yes"]).ok();
    let waiting = operate(&mut stage, &["wait", GROUP, "--every", "1s"]);
    let waiting = waiting.stdout("search-asg-1: current, last recycled\n").begin();
    let watching = operate(&mut stage, &["watch", GROUP, "--every", "1s"]);
    let watching = watching.stdout_has("search-asg-1: current, last recycled\n").begin();
    until_it_calls(&mut stage, "states:DescribeExecution");
    let execution = newest(&mut stage, 1);
    stage.emulator.wait(&execution);
    waiting.exits(0);
    watching.exits(0);
}

/// Whoever followed the recycle and whoever waits for the group afterwards hear the same.
#[test]
fn what_a_recycle_left_alone_by_its_rules_is_done_for_wait_as_for_start() {
    let mut stage = Stage::new("out-in");
    let protected = stage.emulator.group(GROUP).instances[0].id.clone();
    let protect = json!({"action": "SetInstanceProtection", "parameters":
        {"AutoScalingGroupName": GROUP, "InstanceIds": [protected], "ProtectedFromScaleIn": true}});
    stage.emulator.order("call", protect);
    stage.new_launch_template_version();
    stage.emulator.order("age_template_versions", json!({"seconds": 600}));
    let why = format!("left alone: {protected}, because it is protected from scale-in");
    let start = ["start", GROUP, "--yes", "--wait", "--every", "1s", "--format", "json"];
    let under_way = operate(&mut stage, &start).stderr_has(&why).begin();
    let execution = newest(&mut stage, 1);
    stage.emulator.wait(&execution);
    let started = held_to("operation.schema.json", &under_way.exits(0).stdout);
    operate(&mut stage, &["wait", GROUP])
        .stdout(&format!("search-asg-1: outdated: {why}, last recycled\n"))
        .ok();
    operate(&mut stage, &["watch", GROUP]).stdout_has("outdated").ok();
    let waited = told(&mut stage, &["wait", GROUP, "--format", "json"], "operation");
    for key in ["outcome", "error", "reason", "execution", "console", "is_well"] {
        assert_eq!(waited[key], started[key], "{key}");
    }
    // What is asked for by a later change is not excused.
    stage.new_launch_template_version();
    operate(&mut stage, &["wait", GROUP]).stdout("search-asg-1: outdated, last recycled\n").exits(1);
}

/// What it failed with is told in the same keys by both.
#[test]
fn a_failure_is_told_by_wait_as_by_whoever_followed_it() {
    let mut stage = Stage::new("out-in");
    stage.emulator.order("fault_launches", json!({"kind": "target-unhealthy"}));
    stage.new_launch_template_version();
    let start = ["start", GROUP, "--yes", "--wait", "--every", "1s", "--format", "json"];
    let under_way = operate(&mut stage, &start).begin();
    let execution = newest(&mut stage, 1);
    assert_eq!(stage.emulator.wait(&execution).status, "FAILED");
    let started = held_to("operation.schema.json", &under_way.exits(1).stdout);
    let done = operate(&mut stage, &["wait", GROUP, "--format", "json"]).exits(1);
    let waited = held_to("operation.schema.json", &done.stdout);
    assert!(started["error"].is_string() && started["reason"].is_string(), "{started:#}");
    for key in ["outcome", "error", "reason", "execution", "console", "is_well"] {
        assert_eq!(waited[key], started[key], "{key}");
    }
}

#[test]
fn a_restore_that_ended_between_two_looks_of_abort_is_told_all_the_same() {
    let (mut stage, execution) = begun("out-in");
    let restored = format!("search-asg-1: restored: what {execution} had changed was put back\n");
    let under_way =
        operate(&mut stage, &["abort", GROUP, "--yes", "--every", "20s"]).stdout(&restored).begin();
    until_it_calls(&mut stage, "states:StopExecution");
    stage.emulator.wait(&execution);
    let restore = stage.deliver_status_event();
    assert_eq!(stage.emulator.wait(&restore).status, "SUCCEEDED");
    under_way.exits(0);
}

#[test]
fn a_recycle_that_is_aborted_is_put_back_by_the_handlers_restore() {
    for (strategy, first_change) in [("out-in", "launched"), ("in-out", "terminating")] {
        let mut stage = Stage::new(strategy);
        stage.new_launch_template_version();
        operate(&mut stage, &["start", GROUP, "--yes"]).stdout_has("started arn:aws:states").ok();
        let execution = newest(&mut stage, 1);
        stage.wait_for(first_change);
        operate(&mut stage, &["abort", GROUP]).stderr_has("puts back").stderr_has("write `--yes`").exits(2);
        let under_way = operate(&mut stage, &["abort", GROUP, "--yes", "--every", "1s"]);
        let restored = format!("search-asg-1: restored: what {execution} had changed was put back\n");
        let under_way = under_way.stderr_has("account 123456789012, eu-west-2").stdout(&restored).begin();
        restored_in_sight(&mut stage, &execution);
        under_way.exits(0);
        stage.emulator.order("advance", json!({"seconds": 600}));
        stage.assert_as_before(strategy);
    }
}

/// A group that is doubled, and whose recycle was stopped.
fn stopped_while_doubled() -> Stage {
    let (mut stage, execution) = begun("out-in");
    stage.emulator.order("stop", json!({"execution": execution}));
    stage
}

#[test]
fn what_nobody_restored_is_put_back_by_hand_from_the_journal() {
    let mut stage = stopped_while_doubled();
    let held = row(&mut stage);
    assert_eq!(held["state"], json!("held"), "{held:#}");
    operate(&mut stage, &["wait", GROUP]).stdout_has("held: its holder aborted").exits(1);
    operate(&mut stage, &["abort", GROUP, "--yes"]).stderr_has("does not run any more").exits(2);
    let skipped = " changed has not been put back: a dry run changes nothing, and is skipped\n";
    let dry = operate(&mut stage, &["start", GROUP, "--dry-run", "--wait", "--every", "1s"]);
    let dry = dry.stderr_has(skipped).stdout_has("search-asg-1: skipped").begin();
    let skipped = newest(&mut stage, 2);
    stage.emulator.wait(&skipped);
    dry.exits(1);
    let under_way = operate(&mut stage, &["restore", GROUP, "--yes", "--every", "1s"]);
    let under_way = under_way.stderr_has("the maximum 3 (is 6)").stdout_has("search-asg-1: restored").begin();
    let restore = newest(&mut stage, 3);
    let holder = |stage: &mut Stage| status(stage)["stacks"][0]["groups"][0]["held_by"].clone();
    until(&mut stage, |stage| (holder(stage) == json!(restore)).then_some(()));
    operate(&mut stage, &["abort", GROUP, "--yes"]).stderr_has("a restore already runs").exits(2);
    stage.emulator.wait(&restore);
    under_way.exits(0);
    stage.emulator.order("advance", json!({"seconds": 600}));
    stage.assert_as_before("after the restore by hand");
}

/// Of a holder that let go of the lock and not of its journal: nobody is dead, and the group is as it was left.
#[test]
fn a_journal_that_nobody_holds_is_put_back_by_hand() {
    let mut stage = stopped_while_doubled();
    let of_group = json!({"TableName": "asg-recycle-locks", "Key": {"auto_scaling_group_name": {"S": GROUP}},
        "UpdateExpression": "REMOVE held_by"});
    let order = json!({"service": "dynamodb", "call": "update_item", "parameters": of_group});
    stage.emulator.ask::<Value>("aws", order);
    let held = row(&mut stage);
    assert_eq!((&held["state"], &held["held_by"]), (&json!("held"), &json!(null)), "{held:#}");
    operate(&mut stage, &["abort", GROUP, "--yes"])
        .stderr_has("no recycle of `search-asg-1` runs; `asg-recycle restore` puts back what was left")
        .exits(2);
    operate(&mut stage, &["start", GROUP])
        .stderr_has("a journal is left: a recycle would put that back first")
        .exits(2);
    let under_way = operate(&mut stage, &["restore", GROUP, "--yes", "--every", "1s"])
        .stderr_has(
            "puts back what was left of search-asg-1\n  the minimum 3 (is 6)\n  the maximum 3 (is 6)\n",
        )
        .stdout_has("search-asg-1: restored")
        .begin();
    let restore = newest(&mut stage, 2);
    assert_eq!(stage.emulator.wait(&restore).status, "SUCCEEDED");
    under_way.exits(0);
    stage.emulator.order("advance", json!({"seconds": 600}));
    stage.assert_as_before("after the restore by hand");
}

#[test]
fn a_start_says_for_how_many_it_is_and_refuses_who_is_not_there() {
    let mut stage = Stage::new("out-in");
    let told = |stage: &mut Stage, further: &[&str], text: &str| {
        let arguments = [&["start", GROUP][..], further].concat();
        operate(stage, &arguments).stderr_has(text).exits(2);
    };
    told(&mut stage, &[], "outdated instances, none of 3 by their launch source");
    stage.new_launch_template_version();
    told(&mut stage, &[], "outdated instances, 3 of 3\n");
    told(&mut stage, &["--replace", "all"], "all instances, 3\n");
    let there = stage.emulator.group(GROUP).instances[0].id.clone();
    told(&mut stage, &["--replace", &there], &format!("with out-in: {there}\n"));
    let strange = format!("{there},i-0123");
    let refused = "not in the group `search-asg-1`: i-0123; nothing was started";
    told(&mut stage, &["--replace", &strange, "--yes"], refused);
    told(
        &mut stage,
        &["--strategy", "foo", "--yes"],
        "would not recycle `search-asg-1`: `--strategy` is `foo`",
    );
    assert_eq!(stage.emulator.ask::<Vec<Value>>("executions", json!({})).len(), 0);
}

#[test]
fn a_group_of_another_stack_is_not_acted_on() {
    let mut stage = Stage::new("out-in");
    stage.emulator.order("set_variable", json!({"name": "GROUP_NAME_PREFIXES", "value": "api-"}));
    for command in [
        "start",
        "abort",
        "restore",
        "resume",
        "pause --why x",
        "wait",
        "watch",
        "status",
        "plan",
        "report -o page.html",
    ] {
        let mut arguments: Vec<&str> = command.split(' ').chain([GROUP]).collect();
        if ["start", "abort", "restore", "resume"].contains(&command) {
            arguments.push("--yes");
        }
        operate(&mut stage, &arguments).stderr_has("is not among those that stack").exits(2);
    }
    operate(&mut stage, &["simulate", "--group", GROUP]).stderr_has("is not among those that stack").exits(2);
    operate(&mut stage, &["status"]).stdout_has("no group").ok();
    stage.assert_untouched();
}

/// After the alias was pointed back, what was deployed last serves nobody.
#[test]
fn the_settings_are_those_that_the_queue_calls() {
    let mut stage = Stage::new("out-in");
    let mut lambda = |call: &str, parameters: Value| {
        let order = json!({"service": "lambda", "call": call, "parameters": parameters});
        stage.emulator.ask::<Value>("aws", order)
    };
    let function = "webops-recycle-production-handler";
    lambda("publish_version", json!({"FunctionName": function}));
    lambda("create_alias", json!({"FunctionName": function, "Name": "live", "FunctionVersion": "1"}));
    let mapping = lambda("list_event_source_mappings", json!({}))["EventSourceMappings"][0]["UUID"].clone();
    let by_alias = format!("{function}:live");
    lambda("update_event_source_mapping", json!({"UUID": mapping, "FunctionName": by_alias}));
    stage.emulator.order("set_variable", json!({"name": "GROUP_NAME_PREFIXES", "value": "api-"}));
    operate(&mut stage, &["status"]).stdout_has(GROUP).ok();
    let order = json!({"UUID": mapping, "FunctionName": function});
    let order = json!({"service": "lambda", "call": "update_event_source_mapping", "parameters": order});
    stage.emulator.ask::<Value>("aws", order);
    let done = operate(&mut stage, &["status"]).ok();
    assert!(!done.stdout.contains(GROUP), "{}", done.stdout);
}

//! Findings of `doctor` that a test seeds besides those of `doctor.rs`: what a person does to a stack, several at once, and what is not known.

use std::path::Path;

use serde_json::{Value, json};

use super::doctor::{aws, finds, handler_beside, healthy, logged};
use super::{STACK, begun, operate};
use crate::end_to_end::stage::{GROUP, Stage, output};
use crate::run::{Run, cache_folder};

const LOCKS: &str = "asg-recycle-locks";

/// What `doctor` shows on 80 columns, with its exit code: each of these findings, and its fix below it, in this order.
fn shows(stage: &mut Stage, parts: &[&str], code: i32) {
    let mut run = operate(stage, &["doctor"]).env("COLUMNS", "80");
    for part in parts {
        run = run.stdout_has(part);
    }
    let shown = run.exits(code).stdout;
    let places: Vec<Option<usize>> = parts.iter().map(|part| shown.find(part)).collect();
    assert!(places.is_sorted(), "{parts:?} in {shown}");
    let is_wide =
        |line: &&str| line.chars().count() > 80 && line.trim_start_matches(['>', ' ']).contains(' ');
    assert_eq!(shown.lines().find(is_wide), None, "{shown}");
}

fn put_lock(stage: &mut Stage, group: &str, holder: Option<&str>, journal: &Value) {
    let mut item = json!({"auto_scaling_group_name": {"S": group}, "journal": {"S": journal.to_string()}});
    if let Some(holder) = holder {
        item["held_by"] = json!({"S": holder});
    }
    stage.emulator.order("put_lock", json!({"item": item}));
}

fn delete_lock(stage: &mut Stage, group: &str) {
    let key = json!({"auto_scaling_group_name": {"S": group}});
    aws(stage, "dynamodb", "delete_item", json!({"TableName": LOCKS, "Key": key}));
}

fn set_prefix(stage: &mut Stage, value: &str) {
    stage.emulator.order("set_variable", json!({"name": "GROUP_NAME_PREFIXES", "value": value}));
}

#[test]
fn no_trail_and_one_that_was_never_started_are_found() {
    let mut stage = Stage::new("out-in");
    finds(&mut stage, "trail: no trail logs management events in eu-west-2", "create-trail");
    let bucket = json!({"Bucket": "trail", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-2"}});
    aws(&mut stage, "s3", "create_bucket", bucket);
    let trail = json!({"Name": "management", "S3BucketName": "trail", "IsMultiRegionTrail": true});
    aws(&mut stage, "cloudtrail", "create_trail", trail);
    finds(&mut stage, "trail: no trail logs management events in eu-west-2", "start-logging");
}

/// A finding is not hidden by what cannot be known beside it, and stays one by its exit code.
#[test]
fn a_table_that_is_gone_is_found_where_launch_templates_may_not_be_read() {
    let mut stage = healthy();
    aws(&mut stage, "dynamodb", "delete_table", json!({"TableName": LOCKS}));
    let denied = json!({"action": "ec2:DescribeLaunchTemplates", "code": "UnauthorizedOperation", "message": "no", "count": 9});
    stage.emulator.order("fault_calls", denied);
    shows(
        &mut stage,
        &[
            "finding  locks: the table `asg-recycle-locks` is gone, and every lock, journal\n",
            "> deploy anew the stack that makes the table",
            "unknown  tags: ec2:DescribeLaunchTemplates is denied: no\n",
            "\"Action\": \"ec2:DescribeLaunchTemplates\"",
            "unknown  stacks: ec2:DescribeLaunchTemplates is denied: no\n",
            "1 finding, 2 could not be made\n",
        ],
        1,
    );
}

#[test]
fn what_goes_between_two_looks_is_found_and_so_is_what_a_deployment_left_out() {
    let mut stage = healthy();
    let gone = json!({"action": "events:ListTargetsByRule", "code": "ResourceNotFoundException", "message": "no", "count": 1});
    stage.emulator.order("fault_calls", gone);
    finds(&mut stage, "changes: it is not there any more", "REVERT_DRIFT");
    for (rule, sample) in [("executions", "is not there"), ("maintenance", "the stack was deployed with it")]
    {
        let name = format!("{STACK}-{rule}");
        aws(&mut stage, "events", "disable_rule", json!({"Name": name}));
        finds(&mut stage, &format!("{rule}: it is switched off"), &format!("enable-rule --name {name}"));
        let seen = aws(&mut stage, "events", "describe_rule", json!({"Name": name}));
        let targets =
            aws(&mut stage, "events", "list_targets_by_rule", json!({"Rule": name}))["Targets"].take();
        let ids: Vec<&Value> = targets.as_array().expect("targets").iter().map(|one| &one["Id"]).collect();
        aws(&mut stage, "events", "remove_targets", json!({"Rule": name, "Ids": ids}));
        aws(&mut stage, "events", "delete_rule", json!({"Name": name}));
        finds(&mut stage, sample, "REVERT_DRIFT");
        aws(&mut stage, "events", "put_rule", json!({"Name": name, "EventPattern": seen["EventPattern"]}));
        aws(&mut stage, "events", "put_targets", json!({"Rule": name, "Targets": targets}));
    }
    aws(&mut stage, "cloudwatch", "delete_alarms", json!({"AlarmNames": ["webops-batch-failures"]}));
    finds(
        &mut stage,
        "alarms: strategies watch alarms that do not exist, and refuse every start: webops-batch-failures",
        "correct `alarm_names` in stack.yaml",
    );
    stage.emulator.order("put_alarm", json!({"name": "webops-batch-failures"}));
    stage.set_tag("autorecycle_recycle_window", "25:00,02:00");
    finds(&mut stage, "tags: search-asg-1: `autorecycle_recycle_window` is `25:00,02:00`", "mend the tag");
    stage.set_tag("autorecycle_recycle_window", "22:00,02:00");
    stage.emulator.order("begin_to_delete_machine", json!({}));
    finds(&mut stage, "is gone, or is being deleted: nothing is recycled", "REVERT_DRIFT");
}

/// Only a stack that starts recycles after new versions of launch templates has a rule for them.
#[test]
fn the_rule_for_new_versions_of_launch_templates_is_missed_by_the_stack_that_was_deployed_with_it() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("with-template-rule");
    let (out, zip) = (folder.to_string_lossy(), output().join("handler.zip"));
    std::fs::create_dir_all(&folder).expect("a folder");
    let example = include_str!("../../../../examples/webops/stack.yaml");
    let with = example.replace("trigger:\n", "trigger:\n  launch_template_versions: true\n");
    std::fs::write(folder.join("stack.yaml"), with).expect("a stack");
    let build = ["build", "stack.yaml", "--force", "--out", &out, "--handler-zip", &zip.to_string_lossy()];
    Run::within(&folder, &build).env("ASG_RECYCLE_CACHE_DIR", cache_folder()).ok();
    let mut stage = logged(Stage::on_stack(&folder, "out-in", &json!({})));
    let name = format!("{STACK}-templates");
    operate(&mut stage, &["doctor"])
        .stdout_has(&format!("ok       rule {name}: on, selects a sample event"))
        .ok();
    aws(&mut stage, "events", "disable_rule", json!({"Name": name}));
    finds(&mut stage, "templates: it is switched off", &format!("enable-rule --name {name}"));
    let targets = aws(&mut stage, "events", "list_targets_by_rule", json!({"Rule": name}))["Targets"].take();
    let ids: Vec<&Value> = targets.as_array().expect("targets").iter().map(|one| &one["Id"]).collect();
    aws(&mut stage, "events", "remove_targets", json!({"Rule": name, "Ids": ids}));
    aws(&mut stage, "events", "delete_rule", json!({"Name": name}));
    let gone = "the stack was deployed with it (`trigger.launch_template_versions`): nothing starts";
    finds(&mut stage, gone, "REVERT_DRIFT");
    let mut stage = healthy();
    operate(&mut stage, &["doctor"])
        .stdout_has("(`trigger.launch_template_versions` is false)")
        .env("COLUMNS", "400")
        .ok();
}

#[test]
fn locks_of_other_versions_other_stacks_and_groups_that_are_gone_are_told_apart() {
    let mut stage = healthy();
    let journal = json!({"version": 2, "phase": "doubling", "min": 3, "max": 3, "replace": []});
    put_lock(&mut stage, GROUP, None, &json!({"version": 99}));
    finds(
        &mut stage,
        "locks: search-asg-1: a journal is left that this version cannot read",
        "deploy the version that wrote the journal, and `asg-recycle restore search-asg-1`",
    );
    let other = "arn:aws:states:eu-west-2:123456789012:execution:other:x";
    put_lock(&mut stage, GROUP, Some(other), &journal);
    shows(
        &mut stage,
        &["unknown  locks: search-asg-1: whether\n", "> ask that stack: `asg-recycle doctor --stack ...`\n"],
        3,
    );
    delete_lock(&mut stage, GROUP);
    put_lock(&mut stage, "no-such-group", None, &journal);
    finds(
        &mut stage,
        "locks: no-such-group: a journal is left and the group is gone",
        "where no other stack knows the group, delete the item `no-such-group` from the table `asg-recycle-locks`",
    );
}

#[test]
fn a_handler_of_another_stack_that_cannot_be_read_is_not_taken_for_none() {
    let mut stage = healthy();
    handler_beside(&mut stage, |variables| variables["GROUP_TAGS"] = json!("{"));
    shows(
        &mut stage,
        &[
            "unknown  stacks: which groups these are for cannot be told:\n",
            "webops-recycle-staging-handler\n",
        ],
        3,
    );
}

#[test]
fn a_recycle_whose_group_goes_its_own_way_is_found_with_what_ends_it() {
    let (mut stage, execution) = begun("out-in");
    // Of a trail nothing is asked here: there is none, which is a finding of its own.
    set_prefix(&mut stage, "api-");
    shows(
        &mut stage,
        &[
            "finding  locks: search-asg-1: a recycle runs, though the group lost its opt-in\n",
            "`asg-recycle abort\n",
        ],
        1,
    );
    stage.emulator.order("stop", json!({"execution": execution}));
    shows(
        &mut stage,
        &[
            "and the group is the stack's no more\n",
            "> make it the stack's again (`groups` in stack.yaml), then",
        ],
        1,
    );
    set_prefix(&mut stage, "");
    let (mut stage, _) = begun("out-in");
    let gone = json!({"AutoScalingGroupName": GROUP, "ForceDelete": true});
    stage.emulator.order("call", json!({"action": "DeleteAutoScalingGroup", "parameters": gone}));
    shows(
        &mut stage,
        &[
            "finding  locks: search-asg-1: a recycle runs, and the group is gone\n",
            "> it ends by itself; `asg-recycle abort search-asg-1` ends it now\n",
        ],
        1,
    );
}

//! `doctor` against the emulated AWS: each finding is seeded once and found, with what mends it.

use serde_json::{Value, json};

use super::{held_to, newest, operate};
use crate::end_to_end::stage::{GROUP, Stage};

pub(super) fn aws(stage: &mut Stage, service: &str, call: &str, parameters: Value) -> Value {
    let mut order = json!({"service": service, "call": call});
    order["parameters"] = parameters;
    stage.emulator.ask("aws", order)
}

/// A stack that nothing is wrong with.
pub(super) fn healthy() -> Stage {
    logged(Stage::new("out-in"))
}

/// The stage with a trail that logs management events.
pub(super) fn logged(mut stage: Stage) -> Stage {
    let bucket = json!({"Bucket": "trail", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-2"}});
    aws(&mut stage, "s3", "create_bucket", bucket);
    let trail = json!({"Name": "management", "S3BucketName": "trail", "IsMultiRegionTrail": true});
    aws(&mut stage, "cloudtrail", "create_trail", trail);
    aws(&mut stage, "cloudtrail", "start_logging", json!({"Name": "management"}));
    let all = json!([{"ReadWriteType": "All", "IncludeManagementEvents": true}]); // what AWS has where nobody says so
    aws(
        &mut stage,
        "cloudtrail",
        "put_event_selectors",
        json!({"TrailName": "management", "EventSelectors": all}),
    );
    stage
}

/// The only finding, which has this in it, and this in its fix.
pub(super) fn finds(stage: &mut Stage, about: &str, fix: &str) {
    let done = operate(stage, &["doctor", "--format", "json"]).exits(1);
    let report = held_to("doctor.schema.json", &done.stdout);
    let checks = report["checks"].as_array().expect("checks").iter();
    let unknown: Vec<_> = checks.clone().filter(|check| check["outcome"] == json!("not_made")).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
    let found: Vec<&Value> = checks.filter(|check| check["outcome"] == json!("finding")).collect();
    let text = |key: &str| found[0][key].as_str().expect("text").to_owned();
    assert_eq!(found.len(), 1, "{found:#?}");
    let said = format!("{}: {}", text("name"), text("about"));
    assert!(said.contains(about), "{said} lacks {about}");
    assert!(text("fix").contains(fix), "{} lacks {fix}", text("fix"));
}

#[test]
fn a_stack_that_nothing_is_wrong_with_passes_every_check() {
    let mut stage = healthy();
    let done = operate(&mut stage, &["doctor"])
        .env("COLUMNS", "80")
        .stdout_has("webops-recycle-production, account 123456789012, eu-west-2")
        .stdout_has("0 findings, 0 could not be made")
        .ok();
    assert!(done.stdout.lines().all(|line| line.chars().count() <= 80), "{}", done.stdout);
    let made: Value = stage.emulator.ask("operator_calls", json!({}));
    let policy = operate(&mut stage, &["operator-policy"]).ok().stdout;
    for action in made.as_object().expect("calls").keys() {
        assert!(policy.contains(&format!("\"{action}\"")), "{action} is not in {policy}");
    }
    let all: u64 = made.as_object().expect("calls").values().filter_map(Value::as_u64).sum();
    assert!(all <= 60, "{made:#}");
}

#[test]
fn a_trail_that_does_not_log_is_found() {
    let mut stage = healthy();
    aws(&mut stage, "cloudtrail", "stop_logging", json!({"Name": "management"}));
    finds(&mut stage, "trail: no trail logs management events in eu-west-2", "start-logging");
    aws(&mut stage, "cloudtrail", "start_logging", json!({"Name": "management"}));
    let reads = json!({"TrailName": "management", "EventSelectors": [{"ReadWriteType": "ReadOnly", "IncludeManagementEvents": true}]});
    aws(&mut stage, "cloudtrail", "put_event_selectors", reads);
    finds(&mut stage, "trail: no trail logs management events", "create-trail");
    // One that is deleted between two calls is nobody's to make again but the account's.
    let gone = json!({"action": "cloudtrail:GetTrailStatus", "code": "TrailNotFoundException", "message": "no", "count": 1});
    stage.emulator.order("fault_calls", gone);
    finds(&mut stage, "trail: no trail logs management events", "create-trail");
}

#[test]
fn rules_that_let_no_event_through_are_found() {
    let mut stage = healthy();
    let name = "webops-recycle-production-changes";
    aws(&mut stage, "events", "disable_rule", json!({"Name": name}));
    finds(&mut stage, "changes: it is switched off", &format!("aws events enable-rule --name {name}"));
    let rule = aws(&mut stage, "events", "describe_rule", json!({"Name": name}));
    aws(
        &mut stage,
        "events",
        "put_rule",
        json!({"Name": name, "EventPattern": "{\"source\": [\"aws.s3\"]}"}),
    );
    finds(&mut stage, "does not select an event that it is for", "deploy");
    aws(&mut stage, "events", "put_rule", json!({"Name": name, "EventPattern": rule["EventPattern"]}));
    aws(&mut stage, "events", "remove_targets", json!({"Rule": name, "Ids": ["events-queue"]}));
    finds(&mut stage, "does not go to the queue", "deploy");
    aws(&mut stage, "events", "delete_rule", json!({"Name": name}));
    finds(&mut stage, "changes: it is not there", "deploy");
}

#[test]
fn a_rule_that_a_stack_may_lack_is_missed_where_the_stack_was_deployed_with_it() {
    let mut stage = healthy();
    operate(&mut stage, &["doctor"]).stdout_has("templates: the stack was deployed without it").ok();
    let name = "webops-recycle-production-maintenance";
    let targets = aws(&mut stage, "events", "list_targets_by_rule", json!({"Rule": name}));
    let ids: Vec<&Value> =
        targets["Targets"].as_array().expect("targets").iter().map(|one| &one["Id"]).collect();
    aws(&mut stage, "events", "remove_targets", json!({"Rule": name, "Ids": ids}));
    aws(&mut stage, "events", "delete_rule", json!({"Name": name}));
    finds(&mut stage, "maintenance: it is not there, and the stack was deployed with it", "deploy");
    let queue =
        aws(&mut stage, "sqs", "get_queue_url", json!({"QueueName": "webops-recycle-production-events"}));
    let bare = json!({"QueueUrl": queue["QueueUrl"], "Attributes": {"Policy": ""}});
    aws(&mut stage, "sqs", "set_queue_attributes", bare);
    operate(&mut stage, &["doctor"]).stdout_has("has no policy that would tell").exits(3);
}

#[test]
fn a_handler_that_gets_no_events_is_found_and_so_are_dead_letters() {
    let mut stage = healthy();
    let mappings = aws(&mut stage, "lambda", "list_event_source_mappings", json!({}));
    let uuid = mappings["EventSourceMappings"][0]["UUID"].clone();
    aws(&mut stage, "lambda", "update_event_source_mapping", json!({"UUID": uuid, "Enabled": false}));
    finds(&mut stage, "queue: its events are not handed to the handler", "update-event-source-mapping");
    aws(&mut stage, "lambda", "delete_event_source_mapping", json!({"UUID": uuid}));
    finds(&mut stage, "queue: nothing hands its events to the handler", "deploy the stack anew");
    let mapping = &mappings["EventSourceMappings"][0];
    let anew = json!({"EventSourceArn": mapping["EventSourceArn"], "FunctionName": "webops-recycle-production-handler"});
    aws(&mut stage, "lambda", "create_event_source_mapping", anew);
    stage.emulator.order("put_dead_letter", json!({"body": "{}", "attributes": {}}));
    finds(&mut stage, "dead letters: about 1 event could not", "asg-recycle dlq list");
}

/// Whoever keeps it has the document: to deploy the stack anew would change nothing.
#[test]
fn a_role_that_somebody_else_keeps_is_looked_at_as_well() {
    let mut stage = healthy();
    let trust = json!({"Version": "2012-10-17", "Statement": []}).to_string();
    let role = json!({"RoleName": "kept", "Path": "/team/", "AssumeRolePolicyDocument": trust});
    let role = aws(&mut stage, "iam", "create_role", role)["Role"]["Arn"].clone();
    let function = json!({"FunctionName": "webops-recycle-production-handler", "Role": role});
    aws(&mut stage, "lambda", "update_function_configuration", function);
    finds(
        &mut stage,
        "role kept: may not call autoscaling:DescribeAutoScalingGroups",
        "put its document of `role-policy/` in",
    );
    let gone =
        json!({"action": "iam:SimulatePrincipalPolicy", "code": "NoSuchEntity", "message": "no", "count": 9});
    stage.emulator.order("fault_calls", gone);
    let done = operate(&mut stage, &["doctor", "--format", "json"]).exits(1);
    let report: Value = serde_json::from_str(&done.stdout).expect("a report");
    let role = |name: &str| {
        let checks = report["checks"].as_array().expect("checks");
        checks.iter().find(|check| check["name"] == json!(format!("role {name}"))).expect("a role")["fix"]
            .clone()
    };
    let (kept, own) = (role("kept"), role("webops-recycle-production-machine-eu-west-2"));
    assert!(
        kept.to_string().contains("whoever keeps the role") && kept.to_string().contains("handler_role_arn"),
        "{kept}"
    );
    assert!(own.to_string().contains("deploy the stack anew: Terraform"), "{own}");
    stage.emulator.order("clear_faults", json!({}));
    let denied = json!({"action": "iam:SimulatePrincipalPolicy", "code": "AccessDeniedException", "message": "no", "count": 9});
    stage.emulator.order("fault_calls", denied);
    let done = operate(&mut stage, &["doctor", "--format", "json"]).exits(3);
    assert!(done.stdout.contains("arn:aws:iam::123456789012:role/team/kept"), "{}", done.stdout);
    let asked = ["operator-policy", "--role", "arn:aws:iam::123456789012:role/team/kept"];
    operate(&mut stage, &asked).stdout_has("\"arn:aws:iam::123456789012:role/team/kept\"").ok();
    operate(&mut stage, &["operator-policy", "--role", "kept"]).exits(2);
    operate(&mut stage, &["operator-policy", "--account", "12"]).stderr_has("write its 12 digits").exits(2);
    operate(&mut stage, &["status", "--stack", "Web Ops"]).stderr_has("no stack's deployed name").exits(2);
}

#[test]
fn a_role_that_lacks_a_call_is_found() {
    let mut stage = healthy();
    let role = "webops-recycle-production-machine-eu-west-2";
    let deny = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Action": "autoscaling:TerminateInstanceInAutoScalingGroup", "Resource": "*"}]});
    let policy = json!({"RoleName": role, "PolicyName": "boundary", "PolicyDocument": deny.to_string()});
    aws(&mut stage, "iam", "put_role_policy", policy);
    let lacks = "may not call autoscaling:TerminateInstanceInAutoScalingGroup";
    finds(&mut stage, &format!("role {role}: {lacks}"), "boundary");
    aws(&mut stage, "iam", "delete_role_policy", json!({"RoleName": role, "PolicyName": "boundary"}));
    let handler = "webops-recycle-production-handler-eu-west-2";
    aws(&mut stage, "iam", "delete_role_policy", json!({"RoleName": handler, "PolicyName": "permissions"}));
    finds(
        &mut stage,
        &format!("role {handler}: may not call autoscaling:DescribeAutoScalingGroups"),
        "deploy",
    );
}

/// Changes the definition that is deployed.
pub(super) fn edit_definition(stage: &mut Stage, from: &str, to: &str) {
    let machine = "arn:aws:states:eu-west-2:123456789012:stateMachine:webops-recycle-production";
    let seen = aws(stage, "stepfunctions", "describe_state_machine", json!({"stateMachineArn": machine}));
    let definition = seen["definition"].as_str().expect("text");
    assert!(definition.contains(from), "the definition has no {from}");
    let changed = json!({"stateMachineArn": machine, "definition": definition.replace(from, to)});
    aws(stage, "stepfunctions", "update_state_machine", changed);
}

#[test]
fn a_notifier_that_is_gone_and_a_stack_of_another_version_are_found() {
    let mut stage = healthy();
    let notifier = "arn:aws:lambda:eu-west-2:123456789012:function:tell";
    edit_definition(
        &mut stage,
        "\"FunctionName\":\"{% '' %}\"",
        &format!("\"FunctionName\":\"{{% '{notifier}' %}}\""),
    );
    let role = "webops-recycle-production-machine-eu-west-2";
    let invoke = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": notifier}]});
    let policy = json!({"RoleName": role, "PolicyName": "notifier", "PolicyDocument": invoke.to_string()});
    aws(&mut stage, "iam", "put_role_policy", policy);
    finds(&mut stage, &format!("notifier: {notifier} does not exist"), "create it");
    edit_definition(&mut stage, notifier, "");
    let own = concat!("asg-recycle ", env!("CARGO_PKG_VERSION"), " from");
    edit_definition(&mut stage, own, "asg-recycle 0.0.9 from");
    finds(&mut stage, "version: the stack is of version 0.0.9", "UPGRADING.md");
    edit_definition(&mut stage, "asg-recycle 0.0.9 from", "asg-recycle 999.0.0 from");
    finds(&mut stage, "may not read what the stack writes", "install version 999.0.0");
    edit_definition(&mut stage, "asg-recycle 999.0.0 from", "made by hand from");
    finds(&mut stage, "version: ", "deploy the stack anew");
}

#[test]
fn locks_that_nobody_holds_and_faulty_tags_are_found() {
    let mut stage = healthy();
    let journal = json!({"version": 2, "phase": "doubling", "min": 3, "max": 3, "replace": []}).to_string();
    let item = |group: &str, holder: Option<&str>| {
        let mut item = json!({"auto_scaling_group_name": {"S": group}, "journal": {"S": journal}});
        if let Some(holder) = holder {
            item["held_by"] = json!({"S": holder});
        }
        json!({"item": item})
    };
    stage.emulator.order("put_lock", item(GROUP, None));
    finds(&mut stage, "locks: search-asg-1: a journal is left", "asg-recycle restore search-asg-1");
    let dead = "arn:aws:states:eu-west-2:123456789012:execution:webops-recycle-production:gone";
    stage.emulator.order("put_lock", item(GROUP, Some(dead)));
    finds(&mut stage, "locks: search-asg-1: its holder ended long ago", "asg-recycle restore search-asg-1");
    let key = json!({"auto_scaling_group_name": {"S": GROUP}});
    let table = json!({"TableName": "asg-recycle-locks", "Key": key});
    aws(&mut stage, "dynamodb", "delete_item", table);
    stage.emulator.order("put_lock", item("no-such-group", Some(dead)));
    finds(
        &mut stage,
        "locks: no-such-group: this stack holds its lock",
        "delete the item `no-such-group` from the table `asg-recycle-locks`",
    );
    let key = json!({"auto_scaling_group_name": {"S": "no-such-group"}});
    aws(&mut stage, "dynamodb", "delete_item", json!({"TableName": "asg-recycle-locks", "Key": key}));
    stage.set_tag("autorecycle_strategy", "in-ot");
    finds(&mut stage, "tags: search-asg-1: `autorecycle_strategy` is `in-ot`", "mend the tag");
}

#[test]
fn a_recycle_whose_group_lost_its_opt_in_tag_is_found() {
    let mut stage = healthy();
    stage.new_launch_template_version();
    operate(&mut stage, &["start", GROUP, "--yes"]).ok();
    let execution = newest(&mut stage, 1);
    stage.wait_for("launched");
    let tag = json!({"ResourceId": GROUP, "ResourceType": "auto-scaling-group", "Key": "autorecycle_recycle_on_asg_update"});
    stage.emulator.order("call", json!({"action": "DeleteTags", "parameters": {"Tags": [tag]}}));
    finds(
        &mut stage,
        "locks: search-asg-1: a recycle runs, though the group lost its opt-in tag",
        "asg-recycle abort search-asg-1",
    );
    stage.emulator.order("stop", json!({"execution": execution}));
    finds(
        &mut stage,
        "by an execution that aborted, and the group lost its opt-in tag",
        "asg-recycle restore",
    );
    let gone = json!({"AutoScalingGroupName": GROUP, "ForceDelete": true});
    stage.emulator.order("call", json!({"action": "DeleteAutoScalingGroup", "parameters": gone}));
    finds(
        &mut stage,
        "by an execution that aborted, and the group is gone",
        "delete the item `search-asg-1` from the table `asg-recycle-locks`",
    );
}

/// Makes the handler of a stack beside the own one, whose settings are changed so.
pub(super) fn handler_beside(stage: &mut Stage, changed: impl FnOnce(&mut Value)) {
    let own = json!({"FunctionName": "webops-recycle-production-handler"});
    let own = aws(stage, "lambda", "get_function_configuration", own);
    let mut variables = own["Environment"]["Variables"].clone();
    changed(&mut variables);
    let beside = json!({
        "FunctionName": "webops-recycle-staging-handler", "Runtime": "provided.al2023", "Handler": "bootstrap", "Role": own["Role"],
        "Code": {"S3Bucket": "artifacts", "S3Key": "handler.zip"}, "Environment": {"Variables": variables},
    });
    aws(stage, "lambda", "create_function", beside);
}

#[test]
fn another_stack_that_sees_the_same_groups_is_found() {
    let mut stage = healthy();
    handler_beside(&mut stage, |variables| {
        let others = variables.to_string().replace("recycle-production", "recycle-staging");
        *variables = serde_json::from_str(&others).expect("JSON");
    });
    finds(
        &mut stage,
        "stack `webops-recycle-staging` is for groups of this one too: search-asg-1",
        "`groups`",
    );
}

#[test]
fn a_check_that_cannot_be_made_is_said_and_not_counted_as_passed() {
    let mut stage = healthy();
    let fault =
        |action: &str, code: &str| json!({"action": action, "code": code, "message": "no", "count": 1});
    stage.emulator.order("fault_calls", fault("cloudtrail:DescribeTrails", "AccessDeniedException"));
    stage.emulator.order("fault_calls", fault("events:ListRules", "UnknownOperationException"));
    operate(&mut stage, &["doctor"])
        .stdout_has("unknown  trail: cloudtrail:DescribeTrails is denied: no")
        .stdout_has("\"Action\": \"cloudtrail:DescribeTrails\"")
        .stdout_has("unknown  rules: events:ListRules is refused: UnknownOperationException")
        .stdout_has("0 findings, 2 could not be made")
        .stderr_has("2 checks could not be made")
        .exits(3);
}

//! What is gone: resources of a stack that somebody deleted, and groups that were deleted while their recycle ran.

use serde_json::{Value, json};

use super::doctor::{aws, edit_definition, finds, healthy};
use super::{STACK, begun, held_to, operate, told, until_it_calls};
use crate::end_to_end::stage::{GROUP, Stage};

/// What `doctor` finds, as `name: about`, each with its fix.
fn findings(stage: &mut Stage) -> Vec<String> {
    let done = operate(stage, &["doctor", "--format", "json"]).exits(1);
    let report = held_to("doctor.schema.json", &done.stdout);
    let checks = report["checks"].as_array().expect("checks").iter();
    let found = checks.filter(|check| check["outcome"] == json!("finding"));
    let text = |check: &Value, key: &str| check[key].as_str().expect("text").to_owned();
    found
        .map(|check| {
            assert!(!text(check, "fix").is_empty(), "{check:#}");
            format!("{}: {}", text(check, "name"), text(check, "about"))
        })
        .collect()
}

#[test]
fn each_resource_of_a_stack_that_is_gone_is_found_with_what_makes_it_again() {
    let mut stage = healthy();
    aws(&mut stage, "dynamodb", "delete_table", json!({"TableName": "asg-recycle-locks"}));
    // Another stack may be the one that makes it.
    finds(
        &mut stage,
        "locks: the table `asg-recycle-locks` is gone",
        "this one, unless its `locks.create_table` is false",
    );
    let alarm = format!("{STACK}-dead-letters");
    aws(&mut stage, "cloudwatch", "delete_alarms", json!({"AlarmNames": [alarm]}));
    let topic = format!("arn:aws:sns:eu-west-2:123456789012:{STACK}-recycles");
    aws(&mut stage, "sns", "delete_topic", json!({"TopicArn": topic}));
    let role = format!("{STACK}-machine-eu-west-2");
    let policies = aws(&mut stage, "iam", "list_role_policies", json!({"RoleName": role}));
    for policy in policies["PolicyNames"].as_array().expect("names") {
        let inline = json!({"RoleName": role, "PolicyName": policy});
        aws(&mut stage, "iam", "delete_role_policy", inline);
    }
    aws(&mut stage, "iam", "delete_role", json!({"RoleName": role}));
    for queue in ["events", "events-dead"] {
        let url = aws(&mut stage, "sqs", "get_queue_url", json!({"QueueName": format!("{STACK}-{queue}")}));
        aws(&mut stage, "sqs", "delete_queue", json!({"QueueUrl": url["QueueUrl"]}));
    }
    let found = findings(&mut stage).join("\n");
    for part in [
        "queue: the queue of events is gone".to_owned(),
        "dead letters: their queue is gone".to_owned(),
        "topic: it is gone".to_owned(),
        format!("role {role}: it is gone"),
        format!("alarms: nobody is told of what these would tell, for they are gone: {alarm}"),
        "locks: the table".to_owned(),
    ] {
        assert!(found.contains(&part), "{found}\nlacks {part}");
    }
    let machine = format!("arn:aws:states:eu-west-2:123456789012:stateMachine:{STACK}");
    aws(&mut stage, "stepfunctions", "delete_state_machine", json!({"stateMachineArn": machine}));
    let found = findings(&mut stage).join("\n");
    assert!(found.contains(&format!("state machine: {machine} is gone")), "{found}");
}

#[test]
fn an_alarm_that_the_version_of_the_stack_may_not_have_is_not_gone() {
    let mut stage = healthy();
    let own = concat!("asg-recycle ", env!("CARGO_PKG_VERSION"), " from");
    let alarm = format!("{STACK}-dead-letters");
    aws(&mut stage, "cloudwatch", "delete_alarms", json!({"AlarmNames": [alarm]}));
    finds(&mut stage, &format!("they are gone: {alarm}"), "deploy the stack anew");
    edit_definition(&mut stage, own, "asg-recycle 0.0.9 from");
    finds(&mut stage, "version: the stack is of version 0.0.9", "UPGRADING.md");
    edit_definition(&mut stage, "asg-recycle 0.0.9 from", "asg-recycle 999.0.0 from");
    let seen = operate(&mut stage, &["doctor"]).stdout_has("unknown  alarms: these are not there").exits(1);
    assert!(!seen.stdout.contains("they are gone"), "{}", seen.stdout);
}

#[test]
fn a_handler_that_is_gone_is_told_from_a_stack_that_never_was() {
    let mut stage = healthy();
    operate(&mut stage, &["status", "--stack", "webops-recycle-productoin"])
        .stderr_has("as in stack.yaml; did you mean `webops-recycle-production`?\n")
        .exits(2);
    let function = format!("{STACK}-handler");
    aws(&mut stage, "lambda", "delete_function", json!({"FunctionName": function}));
    finds(&mut stage, &format!("handler: its function {function} is gone"), "deploy the stack anew");
    operate(&mut stage, &["status"])
        .stderr_has(&format!("the handler of stack `{STACK}`"))
        .stderr_has("`asg-recycle doctor` says what to do")
        .exits(3);
    // Of a stack that somebody removes its machine is there as long as executions run: that is none whose handler is gone.
    stage.emulator.order("begin_to_delete_machine", json!({}));
    operate(&mut stage, &["status"])
        .stderr_has("there is no stack")
        .stderr_lacks("is gone, its function")
        .exits(2);
}

/// A restore would fail: it is not started.
#[test]
fn a_journal_of_another_version_is_shown_and_its_restore_refused() {
    let mut stage = healthy();
    let journal = json!({"version": 99, "phase": "doubling"}).to_string();
    let item = json!({"auto_scaling_group_name": {"S": GROUP}, "journal": {"S": journal}});
    stage.emulator.order("put_lock", json!({"item": item}));
    operate(&mut stage, &["restore", GROUP, "--yes"])
        .stdout("")
        .stderr_has("has a journal that this version cannot read; nothing was done")
        .stderr_has(&journal)
        .stderr_has("deploy the version that wrote it")
        .stderr_has("delete the item `search-asg-1` from the table `asg-recycle-locks`")
        .exits(2);
    edit_definition(
        &mut stage,
        concat!("asg-recycle ", env!("CARGO_PKG_VERSION"), " from"),
        "asg-recycle 999.0.0 from",
    );
    operate(&mut stage, &["restore", GROUP, "--yes"])
        .stderr_has("install version 999.0.0 of this tool, and restore with that")
        .exits(2);
    let executions: Vec<Value> = stage.emulator.ask("executions", json!({}));
    assert!(executions.is_empty(), "{executions:?}");
}

/// Its recycle still holds the lock: that is told, ended, and read about.
#[test]
fn a_group_that_is_deleted_while_its_recycle_runs_can_still_be_asked_about() {
    let (mut stage, execution) = begun("out-in");
    let runs = format!(
        "the group `{GROUP}` is gone; {execution} still runs for it, and ends by itself: `asg-recycle abort {GROUP}` ends it now\n"
    );
    let waiting = operate(&mut stage, &["wait", GROUP, "--every", "1s"]).stderr(&runs).begin();
    until_it_calls(&mut stage, "states:ListExecutions");
    let watching = operate(&mut stage, &["watch", GROUP, "--every", "1s"]).stderr_has(&runs).begin();
    until_it_calls(&mut stage, "states:GetExecutionHistory");
    let gone = json!({"AutoScalingGroupName": GROUP, "ForceDelete": true});
    stage.emulator.order("call", json!({"action": "DeleteAutoScalingGroup", "parameters": gone}));
    watching.exits(1);
    waiting.exits(1);
    for later in ["wait", "watch", "status"] {
        operate(&mut stage, &[later, GROUP]).stdout("").stderr(&runs).exits(1);
    }
    operate(&mut stage, &["restore", GROUP, "--yes"]).stderr_has(" ends it now; nothing was done").exits(2);
    operate(&mut stage, &["report", GROUP, "-o", "gone.html"]).stderr("wrote gone.html\n").ok();
    operate(&mut stage, &["report", "serch-asg-1", "-o", "nope.html"])
        .stderr_has("there is no group `serch-asg-1`, and nothing ran for one of that name")
        .exits(2);
    let aborting = operate(&mut stage, &["abort", GROUP, "--yes", "--every", "1s"])
        .stderr_has(&format!(
            "stops {execution} (doubling); the group is gone: its restore gives the lock back, and no more"
        ))
        .stdout("search-asg-1: restored: nothing is put back: the group that was changed does not exist any more\n")
        .begin();
    until_it_calls(&mut stage, "states:StopExecution");
    assert_eq!(stage.emulator.wait(&execution).status, "ABORTED");
    let dead = format!("Its lock is held by {execution}, which does not run any more");
    for later in ["abort", "restore"] {
        operate(&mut stage, &[later, GROUP, "--yes"])
            .stderr_has(&dead)
            .stderr_has("delete the item `search-asg-1` from the table")
            .exits(2);
    }
    operate(&mut stage, &["wait", GROUP]).stderr_has(&dead).exits(1);
    let restore = stage.deliver_status_event();
    stage.emulator.wait(&restore);
    aborting.exits(0);
    operate(&mut stage, &["history", GROUP])
        .stdout_has("asg-recycle abort by arn:aws:")
        .stdout_has("user/")
        .ok();
    let history = told(&mut stage, &["history", GROUP, "--format", "json"], "history");
    let [restored, aborted] = [0, 1].map(|place| &history["executions"][place]);
    assert_eq!((&restored["trigger"], &restored["by"]), (&json!("ABORTED"), &aborted["by"]), "{history:#}");
    assert!(aborted["by"].is_string(), "{history:#}");
    operate(&mut stage, &["abort", GROUP, "--yes"]).stderr_has("there is no group").exits(2);
}

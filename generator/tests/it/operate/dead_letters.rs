//! `dlq` against the emulated AWS: what is in the dead-letter queue is told, and comes back to the handler.

use serde_json::{Value, json};

use super::{calls, held_to, operate};
use crate::end_to_end::stage::{GROUP, Stage};

fn put(stage: &mut Stage, body: &str, attributes: Value) -> String {
    let mut order = json!({"body": body});
    order["attributes"] = attributes;
    stage.emulator.ask("put_dead_letter", order)
}

#[test]
fn dead_letters_are_told_in_words_and_put_back_to_the_handler() {
    let mut stage = Stage::new("out-in");
    operate(&mut stage, &["dlq", "list"]).stdout_has("the dead-letter queue is empty").ok();
    operate(&mut stage, &["dlq", "redrive"]).stdout("nothing to put back\n").ok();
    stage.new_launch_template_version();
    let event = stage.launch_event().to_string();
    let id = put(&mut stage, &event, json!({"ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "not allowed"}));
    let unreadable = put(&mut stage, "{\"detail\": {}}", json!({}));
    let listed = operate(&mut stage, &["dlq", "list"])
        .env("COLUMNS", "80")
        .stdout_has("webops-recycle-production, account 123456789012, eu-west-2")
        .stdout_has("UpdateAutoScalingGroup of search-asg-1")
        .stdout_has("by assumed-role/deployer/terraform")
        .stdout_has("NO_PERMISSIONS: not\n  allowed")
        .stdout_has("now search-asg-1: a recycle with out-in after UpdateAutoScalingGroup, unless\n")
        .stdout_has("the handler cannot read it")
        .exits(1);
    assert!(listed.stdout.lines().all(|line| line.chars().count() <= 80), "{}", listed.stdout);
    let json = operate(&mut stage, &["dlq", "list", "--format", "json"]).exits(1);
    let report = held_to("dlq.schema.json", &json.stdout);
    assert_eq!(
        report["messages"].as_array().map(Vec::len),
        Some(2),
        "what was looked at is seen again: {report:#}"
    );
    operate(&mut stage, &["dlq", "show", &id[..8]]).stdout_has("\"requestParameters\"").ok();
    operate(&mut stage, &["dlq", "show", "nowhere"]).stderr_has("no message begins with `nowhere`").exits(2);
    operate(&mut stage, &["dlq", "redrive"]).stderr_has("account 123456789012, eu-west-2").exits(2);
    // One that cannot be read would come back: it stays unless it is named.
    operate(&mut stage, &["dlq", "redrive", "--yes"])
        .stderr_has("1 that the handler cannot read stay")
        .stderr_has(&format!("{id} is back in the queue"))
        .stdout("1 of 1 put back\n")
        .exits(1);
    let delivery = stage.emulator.deliver();
    assert_eq!((delivery.messages, delivery.started.len()), (1, 1), "{delivery:?}");
    stage.emulator.wait(&delivery.started[0]);
    stage.assert_replaced();
    operate(&mut stage, &["dlq", "redrive", &unreadable, "--yes"]).stdout("1 of 1 put back\n").ok();
    operate(&mut stage, &["dlq", "list"]).stdout_has("the dead-letter queue is empty").ok();
}

#[test]
fn nothing_is_lost_where_a_call_fails_half_way() {
    let mut stage = Stage::new("out-in");
    let event = stage.launch_event().to_string();
    put(&mut stage, &event, json!({}));
    let fault =
        |action: &str| json!({"action": action, "code": "AccessDenied", "message": "not now", "count": 1});
    stage.emulator.order("fault_calls", fault("sqs:SendMessage"));
    operate(&mut stage, &["dlq", "redrive", "--yes"])
        .stderr_has("sqs:SendMessage is denied")
        .stderr_has("\"Resource\": \"arn:aws:sqs:eu-west-2:123456789012:webops-recycle-production-events\"")
        .exits(3);
    stage.emulator.order("fault_calls", fault("sqs:DeleteMessage"));
    operate(&mut stage, &["dlq", "redrive", "--yes"]).stderr_has("and here still").exits(3);
    let twice = stage.emulator.deliver();
    assert_eq!(twice.started.len(), 1, "{twice:?}");
    calls(&mut stage);
    operate(&mut stage, &["dlq", "redrive", "--yes"]).stdout("1 of 1 put back\n").ok();
    let made: Value = stage.emulator.ask("operator_calls", json!({}));
    let policy = operate(&mut stage, &["operator-policy", "--act"]).ok().stdout;
    for action in made.as_object().expect("calls").keys() {
        let action = action.trim_end_matches("Batch");
        assert!(policy.contains(&format!("\"{action}\"")), "{action} is not in {policy}");
    }
    let again = stage.emulator.deliver();
    assert_eq!((again.messages, again.started.len()), (1, 0), "it was started already: {again:?}");
    stage.emulator.wait(&twice.started[0]);
    operate(&mut stage, &["status", "--state", "current"]).stdout_has(GROUP).ok();
    // SQS hands out ten at once, whatever the limit.
    for _ in 0..11 {
        put(&mut stage, &event, json!({}));
    }
    operate(&mut stage, &["dlq", "redrive", "--limit", "1", "--yes"])
        .stdout("10 of 10 put back\n")
        .stderr_has("about 1 more were not looked at")
        .exits(1);
}

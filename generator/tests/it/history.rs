//! `history` against the emulated AWS: a recycle, one that is stopped, and what restores after it.

use serde_json::{Value, json};

use crate::end_to_end::stage::{GROUP, Stage};
use crate::operate::{calls, newest, operate, told};

#[test]
fn what_ran_is_told_with_its_trigger_and_its_end_in_bounded_calls() {
    let mut stage = Stage::new("out-in");
    operate(&mut stage, &["history"]).stdout_has("nothing ran").ok();
    let recycled = stage.recycle();
    assert_eq!(recycled.status, "SUCCEEDED");
    stage.new_launch_template_version();
    operate(&mut stage, &["start", GROUP, "--yes"]).ok();
    let stopped = newest(&mut stage, 2);
    stage.wait_for("launched");
    stage.emulator.order("stop", json!({"execution": stopped}));
    let restore = stage.deliver_status_event();
    stage.emulator.wait(&restore);
    calls(&mut stage);
    let history = told(&mut stage, &["history", GROUP, "--format", "json"], "history");
    let made = calls(&mut stage);
    assert_eq!(history["calls"], json!(made), "{history:#}");
    assert!(
        made <= 4 + 1 + 3,
        "whose, which version the queue calls, the stack, the group, the list, and one for each execution: {made}"
    );
    let executions = history["executions"].as_array().expect("executions");
    let of = |key: &str| executions.iter().map(|one| one[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("outcome"), [json!("restored"), json!(null), json!("recycled")], "{history:#}");
    assert_eq!(of("status"), [json!("SUCCEEDED"), json!("ABORTED"), json!("SUCCEEDED")]);
    assert_eq!(of("mode"), [json!("restore"), json!("recycle"), json!("recycle")]);
    assert_eq!(of("trigger")[1..], [json!("start by hand"), json!("UpdateAutoScalingGroup")]);
    assert_eq!((&executions[2]["replaced"], &executions[2]["to_replace"]), (&json!(3), &json!(3)));
    assert!(
        executions[2]["seconds_by_phase"]["launching"].as_u64().is_some_and(|seconds| seconds >= 60),
        "{history:#}"
    );
    assert!(executions[2]["event_id"].is_string());
    operate(&mut stage, &["history", GROUP, "--who", "--cost", "--price-per-hour", "0.2"])
        .env("COLUMNS", "200")
        .stdout_has("UpdateAutoScalingGroup  assumed-role/deployer/terraform  $0.00")
        .ok();
    let costs = told(&mut stage, &["history", GROUP, "--who", "--cost", "--format", "json"], "history");
    let recycled = &costs["executions"][2];
    assert_eq!(recycled["by"], json!("arn:aws:sts::123456789012:assumed-role/deployer/terraform"));
    let transitions = recycled["transitions"].as_u64().expect("a number");
    assert!((100..1_000).contains(&transitions), "{recycled:#}");
    assert!(recycled["extra_instance_hours"].as_f64().is_some_and(|hours| hours > 0.0), "{recycled:#}");
    let by_hand = json!("arn:aws:sts::123456789012:user/moto");
    assert_eq!((&costs["executions"][0]["by"], &costs["executions"][1]["by"]), (&json!(null), &by_hand));
    let denied = json!({"action": "cloudtrail:LookupEvents", "code": "AccessDeniedException", "message": "no", "count": 1});
    stage.emulator.order("fault_calls", denied);
    operate(&mut stage, &["history", "--who"]).stderr_has("cloudtrail:LookupEvents is denied: no").exits(3);
    operate(&mut stage, &["history", GROUP])
        .stdout_has("UpdateAutoScalingGroup")
        .stdout_has(" restored: what arn:aws:states")
        .ok();
    operate(&mut stage, &["history", "--limit", "1"]).stdout_has("there are older ones").ok();
    operate(&mut stage, &["history", "no-such-group"])
        .stderr_has("there is no group `no-such-group`")
        .exits(2);
}

/// What is counted as replaced is who has left of those that were to be replaced, whatever became of the recycle.
#[test]
fn how_many_were_replaced_is_how_many_of_them_left() {
    let mut stage = Stage::new("in-out");
    let run = |stage: &mut Stage, number: usize, further: &[&str]| {
        operate(stage, &[&["start", GROUP, "--yes"][..], further].concat()).ok();
        newest(stage, number)
    };
    let first = stage.emulator.group(GROUP).instances[0].id.clone();
    let dry = run(&mut stage, 1, &["--replace", "all", "--dry-run"]);
    assert_eq!(stage.emulator.wait(&dry).status, "SUCCEEDED");
    let named = run(&mut stage, 2, &["--replace", &first]);
    assert_eq!(stage.emulator.wait(&named).status, "SUCCEEDED");
    let protected = stage.emulator.group(GROUP).instances[0].id.clone();
    let protect =
        json!({"AutoScalingGroupName": GROUP, "InstanceIds": [protected], "ProtectedFromScaleIn": true});
    stage.emulator.order("call", json!({"action": "SetInstanceProtection", "parameters": protect}));
    let all = run(&mut stage, 3, &["--replace", "all"]);
    assert_eq!(stage.emulator.wait(&all).status, "SUCCEEDED");
    let aborted = run(&mut stage, 4, &["--replace", "all"]);
    stage.wait_for("terminating");
    stage.emulator.order("stop", json!({"execution": aborted}));
    let restore = stage.deliver_status_event();
    stage.emulator.wait(&restore);
    let history = told(&mut stage, &["history", GROUP, "--format", "json"], "history");
    let rows: Vec<(&Value, &Value, &Value, &Value)> = history["executions"]
        .as_array()
        .expect("executions")
        .iter()
        .map(|one| (&one["outcome"], &one["replaced"], &one["to_replace"], &one["left_alone_count"]))
        .collect();
    let row =
        |at: usize| (rows[at].0.as_str(), rows[at].1.as_u64(), rows[at].2.as_u64(), rows[at].3.as_u64());
    assert_eq!(row(4), (Some("dry_run"), Some(0), Some(3), Some(0)), "{history:#}");
    assert_eq!(row(3), (Some("recycled"), Some(1), Some(1), Some(0)), "those that were named");
    assert_eq!(row(2), (Some("recycled"), Some(2), Some(2), Some(1)), "one may not leave");
    assert_eq!(row(1), (None, None, None, Some(0)), "whoever is stopped tells nothing");
    assert_eq!(
        row(0),
        (Some("restored"), Some(1), Some(2), Some(0)),
        "its restore tells for it: one was out"
    );
    operate(&mut stage, &["history", GROUP])
        .stdout_has(&format!("recycled: left {protected} alone: it is protected from scale-in\n"))
        .ok();
}

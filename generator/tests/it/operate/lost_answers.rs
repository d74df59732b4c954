//! Calls that change something, and whose answer is lost: what became of them is looked at, and told.

use serde_json::{Value, json};

use super::{newest, operate, restored_in_sight, until};
use crate::end_to_end::stage::{GROUP, Stage};

/// As often as a call is made at most.
const ATTEMPTS: u32 = 6;

/// Loses the answers to all attempts at the next call of an action.
fn lose(stage: &mut Stage, action: &str, carried_out: bool) {
    let order = json!({"action": action, "count": ATTEMPTS, "carried_out": carried_out});
    stage.emulator.order("lose_answers", order);
}

#[test]
fn a_start_a_stop_and_a_restore_that_were_carried_out_are_followed() {
    let mut stage = Stage::new("out-in");
    stage.new_launch_template_version();
    lose(&mut stage, "states:StartExecution", true);
    operate(&mut stage, &["start", GROUP, "--yes", "--every", "1s"])
        .stderr_has("looking whether arn:aws:states:eu-west-2:123456789012:execution:webops-recycle-production:search-")
        .stderr_has(" was started all the same\nit was started\n")
        .stdout_has("started arn:aws:states:")
        .ok();
    let executions: Vec<Value> = stage.emulator.ask("executions", json!({}));
    assert_eq!(executions.len(), 1, "one, however often it was asked for: {executions:?}");
    let execution = newest(&mut stage, 1);
    // It may have come so far while the answers were lost.
    until(&mut stage, |stage| (!stage.launches().is_empty()).then_some(()));
    stage.emulator.order("clear_faults", json!({}));
    lose(&mut stage, "states:StopExecution", true);
    stage.emulator.ask::<Value>("operator_calls", json!({}));
    let under_way = operate(&mut stage, &["abort", GROUP, "--yes", "--every", "1s"])
        .stderr_has(&format!("looking whether {execution} was stopped all the same\nit was stopped\n"))
        .stdout_has("search-asg-1: restored: what ")
        .begin();
    restored_in_sight(&mut stage, &execution);
    under_way.exits(0);
    stage.emulator.order("clear_faults", json!({}));
    stage.emulator.order("advance", json!({"seconds": 600}));
    operate(&mut stage, &["start", GROUP, "--yes"]).ok();
    let execution = newest(&mut stage, 3);
    stage.wait_for("launched");
    stage.emulator.order("stop", json!({"execution": execution}));
    // One answer only: the second attempt finds what the first one started.
    let order = json!({"action": "states:StartExecution", "count": 1});
    stage.emulator.order("lose_answers", order);
    let under_way = operate(&mut stage, &["restore", GROUP, "--yes", "--every", "1s"])
        .stdout_has(&format!("search-asg-1: restored: what {execution} had changed was put back\n"))
        .begin();
    let restore = newest(&mut stage, 4);
    assert_eq!(stage.emulator.wait(&restore).status, "SUCCEEDED");
    under_way.exits(0);
}

#[test]
fn a_pause_and_its_announcement_whose_answers_are_lost_are_told_as_they_are() {
    let mut stage = Stage::new("out-in");
    let pause = ["pause", GROUP, "--why", "incident 42", "--yes"];
    lose(&mut stage, "dynamodb:PutItem", false);
    operate(&mut stage, &pause)
        .stderr_has("dynamodb:PutItem fails at AWS: 500 Internal Server Error: no reason is given; try again")
        .stderr_has("looking whether search-asg-1 was paused all the same\n")
        .stderr_has("search-asg-1 was not paused; try again\nbroken off at search-asg-1")
        .stdout("")
        .exits(3);
    lose(&mut stage, "dynamodb:PutItem", true);
    operate(&mut stage, &pause).stdout_has("search-asg-1: paused until 20").ok();
    stage.emulator.order("clear_faults", json!({}));
    lose(&mut stage, "dynamodb:DeleteItem", true);
    operate(&mut stage, &["resume", GROUP, "--yes"])
        .stderr_has("looking whether search-asg-1 was resumed all the same\nit was resumed\n")
        .stdout_has("search-asg-1: resumed")
        .ok();
    stage.emulator.order("clear_faults", json!({}));
    let announced = |stage: &mut Stage, refusal: &str, pause: &[&str]| {
        let done = operate(stage, pause).stderr_has(refusal).exits(3);
        stage.emulator.order("clear_faults", json!({}));
        let told = super::held_to("pause.schema.json", &done.stdout)["groups"][0].clone();
        (told["change"].clone(), told["is_announced"].clone(), told["may_be_announced"].clone())
    };
    let pause = [&pause[..], &["--format", "json"]].concat();
    lose(&mut stage, "sns:Publish", true);
    let lost = "what is done may have been announced or not, for no answer came: search-asg-1: sns:Publish fails at AWS";
    assert_eq!(announced(&mut stage, lost, &pause), (json!("paused"), json!(null), json!(true)));
    let denied = json!({"action": "sns:Publish", "code": "AuthorizationError", "message": "no"});
    stage.emulator.order("fault_calls", denied);
    let refused = "what is done could not be announced: search-asg-1: sns:Publish is denied: no";
    let resume = ["resume", GROUP, "--yes", "--format", "json"];
    assert_eq!(announced(&mut stage, refused, &resume), (json!("resumed"), json!(false), json!(false)));
}

/// The second attempt is refused, since what the first one wrote stands there: nobody else changed it.
#[test]
fn a_pause_whose_first_answer_is_lost_is_not_taken_for_somebody_elses() {
    let mut stage = Stage::new("out-in");
    let lose_one = |stage: &mut Stage, action| {
        stage.emulator.order("lose_answers", json!({"action": action, "count": 1}));
    };
    let pause = ["pause", GROUP, "--why", "incident 42", "--yes", "--format", "json"];
    let resume = ["resume", GROUP, "--yes", "--format", "json"];
    let change = |stage: &mut Stage, command: &[&str]| {
        let done = operate(stage, command).ok();
        super::held_to("pause.schema.json", &done.stdout)["groups"][0]["change"].clone()
    };
    lose_one(&mut stage, "dynamodb:PutItem");
    assert_eq!(change(&mut stage, &pause), json!("paused"));
    lose_one(&mut stage, "dynamodb:DeleteItem");
    assert_eq!(change(&mut stage, &resume), json!("resumed"));
    // Where it cannot be looked at either, nobody knows.
    lose_one(&mut stage, "dynamodb:PutItem");
    let denied = json!({"action": "dynamodb:GetItem", "code": "AccessDeniedException", "message": "no"});
    stage.emulator.order("fault_calls", denied);
    operate(&mut stage, &pause)
        .stderr_has("dynamodb:GetItem is denied: no")
        .stderr_has("it is not known whether search-asg-1 was paused\nbroken off at search-asg-1")
        .exits(3);
    let locks: Vec<Value> = stage.emulator.ask("locks", json!({}));
    assert_eq!(locks.len(), 1, "it was: {locks:?}");
}

#[test]
fn what_was_not_done_and_what_nobody_knows_is_told() {
    let mut stage = Stage::new("out-in");
    stage.new_launch_template_version();
    lose(&mut stage, "states:StartExecution", false);
    let denied =
        json!({"action": "states:DescribeExecution", "code": "AccessDeniedException", "message": "no"});
    stage.emulator.order("fault_calls", denied.clone());
    let start = ["start", GROUP, "--yes", "--every", "5s", "--format", "json"];
    let done = operate(&mut stage, &start)
        .stderr_has("states:DescribeExecution is denied: no")
        .stderr_has(" was started: look with `asg-recycle status` before you try again")
        .exits(3);
    let report = super::held_to("operation.schema.json", &done.stdout);
    assert_eq!(report["is_well"], json!(false));
    let may_be = report["execution"].as_str().expect("the one that may have been started");
    assert!(may_be.contains(":webops-recycle-production:search-"), "{may_be}");
    lose(&mut stage, "states:StartExecution", false);
    operate(&mut stage, &start).stderr_has(" was not started; try again\n").exits(3);
    assert_eq!(stage.emulator.ask::<Vec<Value>>("executions", json!({})).len(), 0);
    operate(&mut stage, &["start", GROUP, "--yes"]).ok();
    stage.wait_for("launched");
    lose(&mut stage, "states:StopExecution", false);
    operate(&mut stage, &["abort", GROUP, "--yes", "--every", "5s"])
        .stderr_has(" was not stopped; try again\n")
        .exits(3);
    lose(&mut stage, "states:StopExecution", false);
    // The first look is the command's own, at what runs.
    let mut later = denied;
    later["skip"] = json!(1);
    stage.emulator.order("fault_calls", later);
    operate(&mut stage, &["abort", GROUP, "--yes"])
        .stderr_has("it is not known whether arn:aws:states:")
        .exits(3);
}

#[test]
fn a_table_that_was_made_is_made_though_no_answer_said_so() {
    let mut stage = Stage::new("out-in");
    // The second attempt finds the table of the first, and is refused.
    stage.emulator.order("lose_answers", json!({"action": "dynamodb:CreateTable", "count": 1}));
    let table = ["bootstrap-state", "--lock-table", "--yes"];
    operate(&mut stage, &table).env("ASG_RECYCLE_STACK", "").stdout_has("table terraform_locks\n").ok();
    let of_other = ["bootstrap-state", "--lock-table", "others", "--yes"];
    stage.emulator.order(
        "lose_answers",
        json!({"action": "dynamodb:CreateTable", "count": ATTEMPTS, "carried_out": false}),
    );
    let failed = operate(&mut stage, &of_other).stderr_has("dynamodb:CreateTable fails at AWS").exits(3);
    assert!(!failed.stdout.contains("done: table"), "{}", failed.stdout);
}

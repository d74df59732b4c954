//! Commands that operate a deployed stack, against the emulated AWS: the real stack, its real machine, the real handler.

mod accounts;
mod acting;
mod by_hand;
mod dead_letters;
mod doctor;
mod gone;
mod lost_answers;
mod page;
mod pauses;
mod printed;
mod seeded;
mod silence;

use std::path::Path;

use serde_json::{Value, json};

use crate::end_to_end::stage::{GROUP, Stage};
use crate::faults::assert_golden;
use crate::run::Run;
use crate::terminal::Terminal;

/// The stack of `examples/webops`, as it is deployed.
const STACK: &str = "webops-recycle-production";

/// A run of the command by the operator.
pub(crate) fn operate(stage: &mut Stage, arguments: &[&str]) -> Run {
    let endpoint: String = stage.emulator.ask("endpoint", json!({}));
    Run::new(arguments)
        .env("AWS_ACCESS_KEY_ID", "operator")
        .env("AWS_SECRET_ACCESS_KEY", "none")
        .env("AWS_REGION", "eu-west-2")
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("ASG_RECYCLE_STACK", STACK)
}

/// How many calls the operator made since this was asked last.
pub(crate) fn calls(stage: &mut Stage) -> u64 {
    let calls: std::collections::BTreeMap<String, u64> = stage.emulator.ask("operator_calls", json!({}));
    calls.values().sum()
}

/// What a command printed as JSON, held to its schema in `docs/`.
fn held_to(schema: &str, printed: &str) -> Value {
    let printed: Value = serde_json::from_str(printed).expect("JSON");
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(schema);
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).expect("it")).expect("JSON");
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource("printed", schema).expect("a resource");
    let schema = compiler.compile("printed", &mut schemas).expect("a schema");
    schemas.validate(&printed, schema).unwrap_or_else(|fault| panic!("{fault:#}\n{printed:#}"));
    printed
}

/// A status that is asked for as JSON, held to its schema.
fn status(stage: &mut Stage) -> Value {
    told(stage, &["status", "--format", "json"], "status")
}

/// What a command tells programs, held to its schema in `docs/`.
pub(crate) fn told(stage: &mut Stage, arguments: &[&str], schema: &str) -> Value {
    let done = operate(stage, arguments).ok();
    held_to(&format!("{schema}.schema.json"), &done.stdout)
}

/// Its one row. No other command may be under way: the calls of all are counted.
fn row(stage: &mut Stage) -> Value {
    calls(stage);
    let status = status(stage);
    assert_eq!(status["stacks"][0]["calls"], json!(calls(stage)), "the calls are counted: {status:#}");
    status["stacks"][0]["groups"][0].clone()
}

#[test]
fn the_schema_of_each_report_is_that_of_its_types() {
    use asg_recycle::operate::{dead_letter, doctor, fleet, fleet::operated, group, history, plan};
    for (name, schema) in [
        ("status", fleet::json_schema()),
        ("status-group", group::status::json_schema()),
        ("history", history::json_schema()),
        ("plan", plan::json_schema()),
        ("dlq", dead_letter::json_schema()),
        ("doctor", doctor::json_schema()),
        ("simulation", asg_recycle::simulate::report::json_schema()),
        ("campaign", asg_recycle::simulate::report::campaign_schema()),
        ("operation", operated::operation_schema()),
        ("pause", operated::pause_schema()),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/{name}.schema.json"));
        assert_golden(&path, &fleet::json(&schema));
    }
}

#[test]
fn status_tells_what_is_outdated_what_runs_and_how_it_ended() {
    let mut stage = Stage::new("out-in");
    assert_eq!(row(&mut stage)["state"], json!("current"));
    stage.new_launch_template_version();
    let outdated = row(&mut stage);
    assert_eq!((&outdated["state"], &outdated["outdated"]), (&json!("outdated"), &json!(3)), "{outdated:#}");
    assert!(outdated["outdated_seconds"].is_number(), "{outdated:#}");
    operate(&mut stage, &["status", "--max-age", "1d"]).stdout_has("outdated  3 of 3").ok();
    operate(&mut stage, &["status", "--state", "failed"])
        .stdout_has("\nof 1 group none is as asked for\n")
        .stdout_lacks(GROUP)
        .ok();
    operate(&mut stage, &["status", "--team", "search", "--strategy", "out-in"]).stdout_has(GROUP).ok();
    let event = stage.launch_event();
    let execution = stage.send(&event);
    stage.wait_for("launched");
    let recycling = row(&mut stage);
    assert_eq!((&recycling["state"], &recycling["detail"]), (&json!("recycling"), &json!("0 of 3")));
    assert_eq!(recycling["held_by"], json!(execution));
    stage.emulator.wait(&execution);
    let after = row(&mut stage);
    assert_eq!((&after["state"], &after["last"]), (&json!("current"), &json!("recycled")), "{after:#}");
    let heading = "webops-recycle-production, account 123456789012, eu-west-2";
    operate(&mut stage, &["status"]).stdout_has(heading).stdout_has("recycled, ").ok();
}

#[test]
fn status_exits_with_findings_where_something_is_outdated_for_too_long() {
    let mut stage = Stage::new("out-in");
    stage.new_launch_template_version();
    operate(&mut stage, &["status", "--max-age", "1h"]).ok(); // made just now
    stage.emulator.order("age_template_versions", json!({"seconds": 900_000}));
    // A gate that looks at nobody is not passed; one that finds none of the state is.
    for wrong in [["--team", "serach"], ["--strategy", "outin"]] {
        operate(&mut stage, &["status", "--max-age", "7d", wrong[0], wrong[1]])
            .stderr_has(&format!("no group is of {} `{}`", wrong[0].trim_start_matches('-'), wrong[1]))
            .exits(2);
    }
    operate(&mut stage, &["status", "--max-age", "7d", "--team", "search", "--state", "failed"]).ok();
    operate(&mut stage, &["status", "--regions", ","]).exits(2);
    operate(&mut stage, &["status", "--max-age", "7d"])
        .stdout_has("10 d 10 h")
        .stderr_has("search-asg-1 is outdated for 10 d 10 h")
        .exits(1);
}

#[test]
fn an_age_that_is_not_known_hides_none_that_is_and_is_not_called_well() {
    let mut stage = Stage::new("out-in");
    let launch = |name: &str| {
        json!({"action": "UpdateAutoScalingGroup",
            "parameters": {"AutoScalingGroupName": GROUP, "LaunchConfigurationName": name}})
    };
    stage.emulator.order("put_launch_configuration", json!({"name": "web-3", "age_seconds": 900_000}));
    stage.emulator.order("call", launch("web-3"));
    operate(&mut stage, &["status", "--max-age", "7d"])
        .stderr("search-asg-1 is outdated for 10 d 10 h\n")
        .exits(1);
    operate(&mut stage, &["status", "--max-age", "30d"]).stderr("").ok();
    stage.emulator.order("call", launch("web-4"));
    operate(&mut stage, &["status"]).stdout_has("3 of 3    ?      out-in").ok();
    let done = operate(&mut stage, &["status", "--max-age", "7d", "--format", "json"])
        .stderr_has("not known for how long it is outdated, for what it is to be launched from is not there: search-asg-1")
        .exits(3);
    let status = held_to("status.schema.json", &done.stdout);
    let row = &status["stacks"][0]["groups"][0];
    assert_eq!((&row["may_be_older"], &row["outdated_seconds"]), (&json!(true), &json!(null)));
}

#[test]
fn states_are_coloured_on_a_terminal_and_where_it_is_asked_for() {
    let mut stage = Stage::new("out-in");
    let current = "\u{1b}[32mcurrent\u{1b}[0m";
    for command in [vec!["status"], vec!["status", GROUP], vec!["watch", GROUP]] {
        let with = |choice: &[&'static str]| [&command[..], choice].concat();
        if command[0] == "status" {
            operate(&mut stage, &with(&["--color", "always"])).stdout_has(current).ok();
        }
        operate(&mut stage, &with(&[])).stdout_lacks("\u{1b}").ok();
        let shown = |run: Run| Terminal::of(run, 50, 120).end().0;
        let sent = |run: Run| Terminal::of(run, 50, 120).sent();
        assert!(sent(operate(&mut stage, &command)).contains(current), "{command:?} on a terminal");
        for run in [
            operate(&mut stage, &command).env("NO_COLOR", "1"),
            operate(&mut stage, &with(&["--color", "never"])),
        ] {
            assert!(!sent(run).contains("\u{1b}[32m"), "{command:?}");
        }
        assert!(shown(operate(&mut stage, &command)).contains("current"), "{command:?}");
    }
    let finding = "\u{1b}[1;31mfinding\u{1b}[0m  trail: ";
    operate(&mut stage, &["doctor", "--color", "always"]).stdout_has(finding).exits(1);
    operate(&mut stage, &["doctor"]).stdout_has("finding  trail: ").stdout_lacks("\u{1b}").exits(1);
}

/// The time that it takes is printed, not judged: `--nocapture` shows it.
#[test]
#[expect(clippy::disallowed_methods, reason = "it measures")]
fn five_hundred_groups_take_at_most_fifteen_calls() {
    let mut stage = Stage::new("out-in");
    stage.emulator.order("create_fleet", json!({"count": 499, "outdated": 40}));
    calls(&mut stage);
    let begun = std::time::Instant::now();
    let done = operate(&mut stage, &["status", "--format", "json"]).ok();
    println!("status of 500 groups: {:.2} s", begun.elapsed().as_secs_f64());
    let status: Value = serde_json::from_str(&done.stdout).expect("JSON");
    let groups = status["stacks"][0]["groups"].as_array().expect("groups");
    assert_eq!(groups.len(), 500);
    let outdated = || groups.iter().filter(|row| row["state"] == json!("outdated"));
    assert_eq!(outdated().count(), 40);
    let unknown: Vec<_> = outdated().filter(|row| row["may_be_older"] == json!(true)).collect();
    assert!(unknown.is_empty(), "of {} it is not known since when", unknown.len());
    let made = calls(&mut stage);
    assert!(made <= 15, "{made} calls");
    let done = operate(&mut stage, &["status"]).ok();
    assert_eq!(done.stdout.lines().count(), 502, "a line each, and what is above them");
}

#[test]
fn what_aws_refuses_is_told_with_what_would_help() {
    let mut stage = Stage::new("out-in");
    let fault = |action: &str, code: &str, count: u32| json!({"action": action, "code": code, "message": "not now", "count": count});
    stage.emulator.order("fault_calls", fault("states:ListExecutions", "ThrottlingException", 2));
    operate(&mut stage, &["status"])
        .stderr_has("AWS throttles states:ListExecutions (not now); asking again in 0.4 s")
        .stdout_has(GROUP)
        .ok();
    stage.emulator.order("fault_calls", fault("dynamodb:Scan", "AccessDeniedException", 1));
    operate(&mut stage, &["status"])
        .stderr_has("dynamodb:Scan is denied: not now")
        .stderr_has("\"Action\": \"dynamodb:Scan\"")
        .stderr_has("\"Resource\": \"arn:aws:dynamodb:eu-west-2:123456789012:table/asg-recycle-locks\"")
        .exits(3);
    stage.emulator.order("fault_calls", fault("autoscaling:DescribeAutoScalingGroups", "ExpiredToken", 1));
    operate(&mut stage, &["status"]).stderr_has("AWS does not take these credentials").exits(3);
    operate(&mut stage, &["status", "--stack", "webops-nowhere"])
        .stderr_has("there is no stack `webops-nowhere` in account 123456789012, eu-west-2")
        .exits(2);
    for asked in [&["history", "serch-asg-1"][..], &["report", "serch-asg-1", "-o", "nope.html"]] {
        operate(&mut stage, asked).stderr_has("did you mean `search-asg-1`?").exits(2);
    }
    operate(&mut stage, &["status", "--endpoint-url", "http://127.0.0.1:9"])
        .stderr_has("cannot reach http://127.0.0.1:9 for sts:GetCallerIdentity")
        .exits(3);
    operate(&mut stage, &["status"])
        .env("AWS_REGION", "")
        .env("HOME", "/nowhere")
        .stderr_has("no region")
        .exits(2);
    operate(&mut stage, &["status"]).env("ASG_RECYCLE_STACK", "").stderr_has("which stack?").exits(2);
}

#[test]
fn profiles_regions_and_roles_are_taken_as_by_the_tools_of_aws() {
    let mut stage = Stage::new("out-in");
    let config = "[profile night]\nregion = eu-west-2\n";
    let keys = "aws_access_key_id = operator\naws_secret_access_key = secret-of-the-night\n";
    let credentials = &format!("[night]\n{keys}[default]\n{keys}");
    let with_files = |run: Run| {
        let run = run.file("home/.aws/config", config).file("home/.aws/credentials", credentials);
        let home = run.folder().join("home");
        run.env("HOME", home).env("AWS_REGION", "").env("AWS_ACCESS_KEY_ID", "somebody")
    };
    let run = operate(&mut stage, &["status", "--profile", "night"]);
    let done = with_files(run).stdout_has(GROUP).ok();
    assert!(!done.stdout.contains("secret-of-the-night"));
    assert!(calls(&mut stage) > 0, "it asked with the profile's credentials");
    let run = operate(&mut stage, &["status", "--profiles", "night,default", "--regions", "eu-west-2"]);
    let heading = "webops-recycle-production, account 123456789012, eu-west-2, profile";
    with_files(run)
        .stdout_has(&format!("{heading} night\n"))
        .stdout_has(&format!("{heading} default\n"))
        .ok();
    let run =
        operate(&mut stage, &["status", "--profiles", "night, night", "--regions", "eu-west-2, eu-west-2"]);
    let done = with_files(run).ok();
    assert_eq!(done.stdout.matches(heading).count(), 1, "one that is named twice is asked once");
    let run = operate(&mut stage, &["status", "--profiles", "night,day", "--regions", "eu-west-2"]);
    with_files(run)
        .stdout_has(GROUP)
        .stdout_has("profile day, eu-west-2: not known\n")
        .stderr_has("the profile `day` cannot be used")
        .exits(2);
    calls(&mut stage);
    let role = "arn:aws:iam::123456789012:role/operator";
    operate(&mut stage, &["status", "--role-arn", role]).stdout_has(GROUP).ok();
    let made: Value = stage.emulator.ask("operator_calls", json!({}));
    assert_eq!(made["sts:AssumeRole"], json!(1), "{made}");
    assert_eq!(made["states:ListExecutions"], Value::Null, "what follows is asked by the role: {made}");
}

#[test]
fn a_region_that_cannot_be_asked_hides_no_other() {
    let mut stage = Stage::new("out-in");
    stage.deploy_elsewhere("eu-west-1");
    let both = ["status", "--regions", "eu-west-2,eu-west-1"];
    operate(&mut stage, &both)
        .stdout_has("webops-recycle-production, account 123456789012, eu-west-2\nGROUP ")
        .stdout_has(
            "webops-recycle-production, account 123456789012, eu-west-1\nno group that the stack is for carries the opt-in tag\n",
        )
        .ok();
    // The first region is asked once before the second is denied.
    let denied = json!({"action": "dynamodb:Scan", "code": "AccessDeniedException", "message": "no", "count": 1, "skip": 1});
    stage.emulator.order("fault_calls", denied.clone());
    operate(&mut stage, &both)
        .stdout_has(GROUP)
        .stdout_has("\neu-west-1: not known\n")
        .stderr_has("eu-west-1: dynamodb:Scan is denied: no")
        .stderr_has("arn:aws:dynamodb:eu-west-1:123456789012:table/asg-recycle-locks")
        .exits(3);
    stage.emulator.order("fault_calls", denied);
    let done =
        operate(&mut stage, &["status", "--regions", "eu-west-2,eu-west-1", "--format", "json"]).exits(3);
    let report = held_to("status.schema.json", &done.stdout);
    assert_eq!(report["stacks"][0]["groups"][0]["group"], json!(GROUP));
    assert_eq!(report["unknown"][0]["region"], json!("eu-west-1"), "{report:#}");
    operate(&mut stage, &["status", "--regions", "us-east-1,eu-west-2"])
        .stdout_has(GROUP)
        .stdout_has("us-east-1: not known")
        .stderr_has("there is no stack `webops-recycle-production` in account 123456789012, us-east-1")
        .exits(2);
    // What is outdated is a finding, whatever is not known besides.
    stage.new_launch_template_version();
    stage.emulator.order("age_template_versions", json!({"seconds": 900_000}));
    operate(&mut stage, &["status", "--regions", "us-east-1,eu-west-2", "--max-age", "7d"])
        .stderr_has("search-asg-1 (account 123456789012, eu-west-2) is outdated for 10 d 10 h")
        .stderr_has("us-east-1: there is no stack")
        .exits(1);
}

#[test]
fn the_operators_policy_allows_what_the_commands_ask_for() {
    let mut stage = Stage::new("out-in");
    stage.new_launch_template_version();
    operate(&mut stage, &["status"]).ok();
    operate(&mut stage, &["start", GROUP, "--yes"]).ok();
    let execution = newest(&mut stage, 1);
    stage.wait_for("launched");
    operate(&mut stage, &["status", GROUP]).ok();
    stage.emulator.order("stop", json!({"execution": execution}));
    operate(&mut stage, &["wait", GROUP]).exits(1);
    let done = operate(&mut stage, &["operator-policy", "--act"]).ok();
    let policy: Value = serde_json::from_str(&done.stdout).expect("JSON");
    let statements = policy["Statement"].as_array().expect("statements").iter();
    let allowed: Vec<&Value> =
        statements.flat_map(|one| one["Action"].as_array().expect("actions")).collect();
    let made: std::collections::BTreeMap<String, u64> = stage.emulator.ask("operator_calls", json!({}));
    assert!(made.len() > 5, "{made:?}");
    for action in made.keys() {
        assert!(allowed.contains(&&json!(action)), "{action} is not in {policy:#}");
    }
}

/// Waits, in real time, until something is so that the command under way has to do.
#[expect(clippy::disallowed_methods, reason = "another process is waited for")]
pub(crate) fn until<T>(stage: &mut Stage, mut is_so: impl FnMut(&mut Stage) -> Option<T>) -> T {
    for _ in 0..6_000 {
        if let Some(value) = is_so(stage) {
            return value;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("it did not come about in ten minutes");
}

/// Waits for a call of the command under way; those that it made before do not count.
pub(crate) fn until_it_calls(stage: &mut Stage, action: &str) {
    until(stage, |stage| {
        let made: Value = stage.emulator.ask("operator_calls", json!({}));
        made.get(action).map(drop)
    });
}

/// Lets the restore run that follows an abort which is under way, once that follows it: time stands still until then. The restore.
pub(crate) fn restored_in_sight(stage: &mut Stage, execution: &str) -> String {
    until_it_calls(stage, "states:StopExecution");
    assert_eq!(stage.emulator.wait(execution).status, "ABORTED");
    let restore = stage.deliver_status_event();
    stage.emulator.ask::<Value>("operator_calls", json!({}));
    until_it_calls(stage, "autoscaling:DescribeAutoScalingGroups"); // how far it is
    assert_eq!(stage.emulator.wait(&restore).status, "SUCCEEDED");
    restore
}

/// A recycle that a person started and that has made its first change, and its execution.
pub(crate) fn begun(strategy: &str) -> (Stage, String) {
    let mut stage = Stage::new(strategy);
    stage.new_launch_template_version();
    operate(&mut stage, &["start", GROUP, "--yes"]).ok();
    let execution = newest(&mut stage, 1);
    stage.wait_for(if strategy == "in-out" { "terminating" } else { "launched" });
    (stage, execution)
}

/// The newest execution, once there are so many.
pub(crate) fn newest(stage: &mut Stage, count: usize) -> String {
    until(stage, |stage| {
        let all: Vec<Value> = stage.emulator.ask("executions", json!({}));
        let last = all.get(count - 1)?["executionArn"].as_str().expect("text");
        Some(last.to_owned())
    })
}

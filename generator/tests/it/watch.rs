//! `watch` and `status GROUP` against the emulated AWS, in terminals of 80 and of 200 columns, and in none.

use std::path::Path;

use regex::Regex;
use serde_json::json;

use crate::end_to_end::stage::{GROUP, Stage};
use crate::faults::assert_golden;
use crate::operate::{newest, operate, told};
use crate::terminal::Terminal;

/// A stage whose machine looks as often as it may, and a recycle that has just launched its new instances; its execution.
fn recycling(strategy: &str) -> (Stage, String) {
    let always = |_| vec![("autorecycle_recycle_window", "00:00,23:59".to_owned())];
    let mut stage =
        if strategy == "out-in-timed" { Stage::new_with(strategy, always) } else { Stage::new(strategy) };
    // The stack's own settings.
    let seconds = if strategy == "in-out" { 30 } else { 15 };
    let text = |seconds| format!("\"poll_interval_seconds\": {seconds}");
    stage.emulator.order("replace_in_definition", json!({"text": text(seconds), "by": text(5)}));
    stage.new_launch_template_version();
    operate(&mut stage, &["start", GROUP, "--yes"]).ok();
    let execution = newest(&mut stage, 1);
    stage.wait_for(if strategy == "in-out" { "terminating" } else { "launched" });
    (stage, execution)
}

/// A frame without what was written above it, of which a low terminal shows the end or nothing, and without what differs from run to run:
/// ids of executions, times of day, and lengths of time, which are the machine's virtual ones against this machine's clock.
fn steady(shown: &str) -> String {
    let frame = shown.find(&format!("{GROUP}: ")).map_or(shown, |start| &shown[start..]);
    let replaced = [
        (r"search-[0-9a-f]{32}", "search-HASH"),
        (r"\d\d:\d\d:\d\d UTC", "TIME UTC"),
        (r"\b\d+ (d|h|min|s)( \d+ (h|min|s))?\b", "SPAN"),
        (r"\d{4}-\d\d-\d\dT[\d:]+Z", "MOMENT"),
        // Whether there is room for the type depends on the lengths of ages.
        (r"(?m) +(TYPE|t3\.micro)$", ""),
        (r" {3,}", "   "),
    ];
    let replaced = replaced.iter().fold(frame.to_owned(), |text, (pattern, by)| {
        Regex::new(pattern).expect("a pattern").replace_all(&text, *by).into_owned()
    });
    // The chart's width is the time since the start.
    let is_chart = |line: &&str| {
        line.contains(" |")
            || line.contains(" +-")
            || line.contains("time  ")
            || line.starts_with("in service")
    };
    replaced.lines().filter(|line| !is_chart(line)).map(|line| line.to_owned() + "\n").collect()
}

#[test]
fn a_doubling_is_watched_on_one_screen_that_is_drawn_over() {
    is_watched("out-in");
}

#[test]
fn a_doubling_in_a_window_is_watched_on_one_screen_that_is_drawn_over() {
    is_watched("out-in-timed");
}

#[test]
fn turns_are_watched_on_one_screen_that_is_drawn_over() {
    is_watched("in-out");
}

#[test]
fn a_refresh_is_watched_on_one_screen_that_is_drawn_over() {
    is_watched("instance-refresh");
}

/// Watches a recycle to its end in a narrow and in a wide terminal.
fn is_watched(strategy: &str) {
    for (columns, rows) in [(80, 40), (200, 50)] {
        let (mut stage, execution) = recycling(strategy);
        let mut terminal =
            Terminal::of(operate(&mut stage, &["watch", GROUP, "--every", "5s"]), rows, columns);
        let first = terminal.next_frame().expect("a frame");
        let golden = format!("tests/it/watch/{strategy}-{columns}.txt");
        assert_golden(&Path::new(env!("CARGO_MANIFEST_DIR")).join(golden), &steady(&first));
        assert!(first.contains("o old   x new, in service"), "{first}");
        let (link, _) = first.split_once(GROUP).expect("the group's name");
        assert!(
            columns == 80 || link.contains(".console.aws.amazon.com/states/"),
            "its link stands above:\n{first}"
        );
        stage.wait_for("in-service");
        let heading = format!("search-asg-1: recycling with {strategy}\n");
        let second = terminal.next_frame().expect("a frame");
        assert_eq!(second.matches(&heading).count(), 1, "it is drawn over:\n{second}");
        stage.emulator.wait(&execution);
        let (last, code) = terminal.end();
        assert!(last.ends_with("search-asg-1: current, last recycled\n"), "{last}");
        assert_eq!(
            (code, last.matches("webops-recycle-production, account").count()),
            (Some(0), 1),
            "{last}"
        );
    }
}

#[test]
fn a_terminal_that_becomes_narrow_shows_one_frame_still() {
    let (mut stage, execution) = recycling("in-out");
    let mut terminal = Terminal::of(operate(&mut stage, &["watch", GROUP, "--every", "5s"]), 50, 100);
    assert!(terminal.next_frame().expect("a frame").contains("recycling with in-out"));
    terminal.resize(40, 60);
    let narrow = terminal.next_frame().expect("a frame");
    assert!(narrow.contains("search-asg-1: recycling with in-out"), "{narrow}");
    assert!(narrow.lines().all(|line| line.chars().count() <= 60), "{narrow}");
    terminal.resize(12, 60);
    terminal.next_frame().expect("a frame");
    let low = terminal.next_frame().expect("a frame");
    assert!(
        low.lines().count() < 12 && low.lines().last().is_some_and(|line| line.contains("a look every")),
        "{low}"
    );
    stage.emulator.order("stop", json!({"execution": execution}));
    let (last, code) = terminal.end();
    assert!(last.contains("held: its holder aborted"), "{last}");
    assert_eq!(code, Some(1), "what `wait` would exit with");
}

#[test]
fn without_a_terminal_each_change_is_a_line_and_throttling_is_told() {
    let (mut stage, execution) = recycling("out-in");
    let fault = json!({"action": "autoscaling:DescribeScalingActivities", "code": "ThrottlingException", "message": "not now", "count": 1});
    stage.emulator.order("fault_calls", fault);
    let under_way = operate(&mut stage, &["watch", GROUP, "--every", "1s"])
        .stdout_has("search-asg-1: recycling with out-in; doubling (phase 1 of 3), launching, 0 of 3 old instances gone")
        .stdout_has("search-asg-1: current, last recycled\n")
        .stdout_lacks("\u{1b}")
        .stderr_has("note: looks every 5 s, not every 1 s: the machine looks no more often")
        .stderr_has("AWS throttles autoscaling:DescribeScalingActivities (not now); asking again in 0.4 s; a look every 10 s now")
        .begin();
    crate::operate::until(&mut stage, |stage| {
        let made: serde_json::Value = stage.emulator.ask("operator_calls", json!({}));
        made.get("states:GetExecutionHistory").map(drop)
    });
    stage.emulator.wait(&execution);
    under_way.exits(0);
}

#[test]
fn every_kind_of_load_balancer_is_asked_and_what_is_not_known_is_not_healthy() {
    let kinds = json!({"classic_load_balancers": 1, "lattice_target_groups": 1});
    let mut stage = Stage::with_group("out-in", &kinds);
    stage.new_launch_template_version();
    operate(&mut stage, &["start", GROUP, "--yes"]).ok();
    let execution = newest(&mut stage, 1);
    stage.wait_for("in-service");
    let status = told(&mut stage, &["status", GROUP, "--format", "json"], "status-group");
    let of = |status: &serde_json::Value, number: usize, key: &str| -> Vec<serde_json::Value> {
        let targets = status["instances"][number]["targets"].as_array().expect("targets");
        targets.iter().map(|target| target[key].clone()).collect()
    };
    let new =
        status["instances"].as_array().expect("instances").iter().position(|one| {
            one["to_replace"] == json!(false) && one["lifecycle_state"] == json!("InService")
        });
    let new = new.expect("a new one in service");
    assert_eq!(of(&status, 0, "kind"), [json!("target_group"), json!("classic"), json!("vpc_lattice")]);
    assert_eq!(of(&status, 0, "state"), ["healthy"; 3].map(|word| json!(word)), "{status:#}");
    assert_eq!(of(&status, new, "state"), ["initial"; 3].map(|word| json!(word)), "{status:#}");
    assert_eq!(of(&status, new, "reason"), [json!(null), json!("ELB"), json!(null)]);
    assert_eq!(
        (&status["instances"][0]["serves"], &status["instances"][new]["serves"]),
        (&json!(true), &json!(false))
    );
    let policy = operate(&mut stage, &["operator-policy"]).ok().stdout;
    for action in ["elasticloadbalancing:DescribeInstanceHealth", "vpc-lattice:ListTargets"] {
        assert!(policy.contains(action), "{action} is not in {policy}");
    }
    stage.emulator.order("fault_calls", fault("vpc-lattice:ListTargets", "AccessDeniedException", 1));
    let done = operate(&mut stage, &["status", GROUP, "--format", "json"])
        .stderr_has("vpc-lattice:ListTargets is denied: not now")
        .stderr_has("\"Resource\": \"arn:aws:vpc-lattice:eu-west-2:123456789012:targetgroup/*\"")
        .exits(3);
    let status: serde_json::Value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!(of(&status, 0, "state"), [json!("healthy"), json!("healthy"), json!("unknown")]);
    assert_eq!(status["instances"][0]["serves"], json!(false), "nobody knows");
    not_asked_is_said(&mut stage);
    stage.emulator.order("fault_calls", fault("vpc-lattice:ListTargets", "AccessDeniedException", 1));
    let mut terminal = Terminal::of(operate(&mut stage, &["watch", GROUP, "--every", "5s"]), 50, 120);
    let frame = terminal.next_frame().expect("a frame");
    assert!(frame.contains("health is unknown in part: vpc-lattice:ListTargets is denied"), "{frame}");
    assert!(frame.contains(", 0 healthy"), "{frame}");
    let second = terminal.next_frame().expect("a frame");
    assert!(!second.contains("unknown"), "{second}");
    let ended = stage.emulator.wait(&execution);
    assert_eq!(ended.status, "SUCCEEDED", "the machine asks all of them: {ended:?}");
    stage.assert_replaced();
    let (last, code) = terminal.end();
    assert!(code == Some(0) && last.contains("last recycled"), "{last}");
}

/// Faults of an operator's next calls.
fn fault(action: &str, code: &str, count: u32) -> serde_json::Value {
    json!({"action": action, "code": code, "message": "not now", "count": count})
}

/// A load balancer that does not answer, and one that is gone.
fn not_asked_is_said(stage: &mut Stage) {
    // As often as a call is made at most.
    stage
        .emulator
        .order("fault_calls", fault("elasticloadbalancing:DescribeInstanceHealth", "Throttling", 6));
    operate(stage, &["status", GROUP])
        .stdout_has("6 instances, 0 healthy, ")
        .stdout_has(" not known")
        .stdout_has("InService  unknown")
        .stderr_has("AWS throttles elasticloadbalancing:DescribeInstanceHealth")
        .stderr_has("not asked: ")
        .exits(3);
    stage.emulator.order(
        "fault_calls",
        fault("elasticloadbalancing:DescribeInstanceHealth", "LoadBalancerNotFound", 1),
    );
    operate(stage, &["status", GROUP]).stderr_has(" is gone").exits(3);
}

#[test]
fn load_balancers_beyond_ten_are_named_and_nobody_is_called_healthy_to_them() {
    let mut stage = Stage::with_group("out-in", &json!({"target_groups": 11}));
    operate(&mut stage, &["status", GROUP])
        .stdout_has("capacity   3 instances, 0 healthy, 3 not known\n")
        .stdout_has("InService  unknown")
        .stderr_has("not asked: search-asg-1-10\n")
        .exits(3);
    let mut stage = Stage::with_group("out-in", &json!({"target_groups": 10}));
    operate(&mut stage, &["status", GROUP]).stdout_has("capacity   3 instances, 3 healthy\n").stderr("").ok();
}

#[test]
fn the_status_of_a_group_tells_all_of_it() {
    let (mut stage, execution) = recycling("out-in");
    stage.emulator.order("advance", json!({"seconds": 70}));
    crate::operate::calls(&mut stage);
    let status = told(&mut stage, &["status", GROUP, "--format", "json"], "status-group");
    let made = crate::operate::calls(&mut stage);
    assert!(status["calls"] == json!(made) && made <= 15, "{made} calls: {status:#}");
    assert_eq!(status["group"]["state"], json!("recycling"));
    let recycle = &status["recycle"];
    assert_eq!((&recycle["execution"], &recycle["status"]), (&json!(execution), &json!("RUNNING")));
    assert_eq!(recycle["phase"], json!({"name": "doubling", "step": 1, "steps": 3, "doing": "launching"}));
    assert_eq!(recycle["deadlines"][0]["what"], json!("the phase has to be over"), "{recycle:#}");
    assert_eq!((&recycle["to_replace"], &recycle["replaced"]), (&json!(3), &json!(0)));
    assert!(recycle["at_state"].is_string() && recycle["console"].is_string(), "{recycle:#}");
    let instances = status["instances"].as_array().expect("instances");
    assert_eq!(instances.len(), 6);
    for (number, instance) in instances.iter().enumerate() {
        assert_eq!(instance["to_replace"], json!(number < 3), "{instance:#}");
        assert_eq!(
            instance["wants"],
            if number < 3 { json!("version 2") } else { json!(null) },
            "{instance:#}"
        );
        assert_eq!(instance["targets"][0]["name"], json!("search-asg-1"), "{instance:#}");
        assert!(instance["age_seconds"].is_number(), "{instance:#}");
    }
    operate(&mut stage, &["status", GROUP])
        .stdout_has("search-asg-1: recycling with out-in")
        .stdout_has("would undo the minimum 3 (is 6)")
        .stdout_has("https://eu-west-2.console.aws.amazon.com/states/home")
        .ok();
    operate(&mut stage, &["status", GROUP, "--team", "search"]).stderr_has("cannot be used with").exits(2);
    let denied = json!({"action": "elasticloadbalancing:DescribeTargetHealth", "code": "AccessDenied", "message": "no", "count": 1});
    stage.emulator.order("fault_calls", denied);
    operate(&mut stage, &["status", GROUP])
        .stderr_has("elasticloadbalancing:DescribeTargetHealth is denied")
        .stderr_has("\"Action\": \"elasticloadbalancing:DescribeTargetHealth\"")
        .exits(3);
}

//! `plan` against the emulated AWS: what it says of a group, and what then comes of it.

use serde_json::json;

use crate::end_to_end::stage::{GROUP, Stage};
use crate::operate::{operate, told};
use crate::run::Run;

#[test]
fn a_plan_tells_what_is_replaced_and_how_it_goes_as_it_then_does() {
    let mut stage = Stage::new("out-in");
    operate(&mut stage, &["plan", GROUP])
        .stdout_has("nothing would be replaced")
        .stdout_has("4 min until in service, assumed")
        .ok();
    // Its times are measured by what it did before.
    assert_eq!(stage.recycle().status, "SUCCEEDED");
    stage.new_launch_template_version();
    crate::operate::calls(&mut stage);
    let plan = told(&mut stage, &["plan", GROUP, "--format", "json"], "plan");
    assert_eq!(plan["calls"], json!(crate::operate::calls(&mut stage)), "{plan:#}");
    assert_eq!(
        plan["times"],
        json!({"boot_seconds": 60, "boot_measured": 3, "drain_seconds": 40, "drain_measured": 3})
    );
    let replace = plan["replace"].as_array().expect("instances");
    assert_eq!(replace.len(), 3);
    assert!(
        replace.iter().all(|one| one["has"] == json!("version 2") && one["wants"] == json!("version 3")),
        "{plan:#}"
    );
    assert_eq!(plan["refusals"], json!([]));
    let forecast = &plan["forecast"];
    assert_eq!((&forecast["endings"], &forecast["peak"]), (&json!(["recycled"]), &json!(6)), "{plan:#}");
    assert_eq!(forecast["fewest_healthy"], json!(3));
    let text = operate(&mut stage, &["plan", GROUP, "--write-scenario", "kept.yaml"])
        .env("COLUMNS", "80")
        .stdout_has("version 2  version 3")
        .stdout_has("forecast   recycled: 3 -> 6 -> 3 instances in ")
        .stderr_has("wrote kept.yaml")
        .ok();
    let kept = text.read("kept.yaml");
    operate(&mut stage, &["plan", GROUP, "--write-scenario", "-"])
        .stdout("")
        .stderr_has("name a file")
        .exits(2);
    let again = ["plan", GROUP, "--write-scenario", "kept.yaml"];
    let run = operate(&mut stage, &again).file("kept.yaml", "mine");
    let run = run.stderr_has("`kept.yaml` is there already: `--force` writes over it").exits(2);
    assert_eq!(run.read("kept.yaml"), "mine");
    let stack = format!("{}/../examples/webops/stack.yaml", env!("CARGO_MANIFEST_DIR"));
    a_kept_group_is_played(&kept, &stack);
    the_group_itself_is_played(&mut stage, &stack);
    let event = stage.launch_event();
    let started = stage.send(&event);
    let recycled = stage.emulator.wait(&started);
    let (really, forecast) = (&recycled.output["seconds"]["total"], &forecast["seconds"]);
    let (really, forecast) = (really.as_f64().expect("seconds"), forecast.as_f64().expect("seconds"));
    assert!((really - forecast).abs() < 0.2 * really, "it took {really} s, and {forecast} s were forecast");
}

/// By the group's own warm-up: its grace period would make it twice as long.
#[test]
fn a_refresh_takes_as_long_as_it_is_forecast() {
    let mut stage = Stage::new("instance-refresh");
    assert_eq!(stage.recycle().status, "SUCCEEDED");
    stage.new_launch_template_version();
    let plan = told(&mut stage, &["plan", GROUP, "--format", "json"], "plan");
    let event = stage.launch_event();
    let started = stage.send(&event);
    let recycled = stage.emulator.wait(&started);
    let (really, forecast) = (&recycled.output["seconds"]["total"], &plan["forecast"]["seconds"]);
    let (really, forecast) = (really.as_f64().expect("seconds"), forecast.as_f64().expect("seconds"));
    println!("it took {really} s, and {forecast} s were forecast");
    assert!((really - forecast).abs() < 0.2 * really, "it took {really} s, and {forecast} s were forecast");
}

#[test]
fn a_group_that_is_doubled_is_forecast_with_its_own_sizes() {
    let mut stage = Stage::new("out-in");
    stage.new_launch_template_version();
    let event = stage.launch_event();
    stage.send(&event);
    stage.wait_for("launched");
    assert_eq!(stage.emulator.group(GROUP).max_size, 6);
    let plan = told(&mut stage, &["plan", GROUP, "--format", "json"], "plan");
    let forecast = &plan["forecast"];
    assert_eq!((&forecast["endings"], &forecast["peak"]), (&json!(["recycled"]), &json!(6)), "{plan:#}");
    assert_eq!(plan["replace"].as_array().map(Vec::len), Some(3), "{plan:#}");
    let told = plan["leaves_out"].to_string();
    assert!(told.contains("taken with its own sizes, as it is after that"), "{plan:#}");
}

/// What `--write-scenario` kept is what `simulate` plays.
fn a_kept_group_is_played(kept: &str, stack: &str) {
    Run::new(&["simulate", stack, "--strategy", "out-in", "--scenario", "kept.yaml"])
        .file("kept.yaml", kept)
        .stdout_has("search-asg-1 with out-in, 3 instances, 3 outdated")
        .stdout_has("recycled: 3 -> 6 -> 3 instances")
        .ok();
    // Another strategy than the file's tag, where it is asked for; that of the file, where none is.
    Run::new(&["simulate", stack, "--strategy", "in-out", "--scenario", "kept.yaml"])
        .file("kept.yaml", kept)
        .stdout_has("search-asg-1 with in-out, 3 instances, 3 outdated")
        .stdout_has("recycled: 3 -> 3 instances")
        .ok();
    let of_in_out = kept.replace("_strategy: out-in\n", "_strategy: in-out\n");
    assert_ne!(of_in_out, kept);
    Run::new(&["simulate", stack, "--scenario", "kept.yaml"])
        .file("kept.yaml", &of_in_out)
        .stdout_has("search-asg-1 with in-out, 3 instances, 3 outdated")
        .ok();
}

/// `simulate --group`: on what is deployed, and on what a file would deploy; kept, changed and played.
fn the_group_itself_is_played(stage: &mut Stage, stack: &str) {
    let kept = operate(stage, &["simulate", "--group", GROUP, "--write-scenario", "kept.yaml"])
        .stderr_has("wrote kept.yaml")
        .ok()
        .read("kept.yaml");
    a_kept_group_is_played(&kept, stack);
    let changed = kept.replace("  max: 3\n", "  max: 5\n");
    assert_ne!(changed, kept);
    Run::new(&["simulate", stack, "--scenario", "kept.yaml"])
        .file("kept.yaml", &changed)
        .stdout_has("recycled: 3 -> 6 -> 3 instances")
        .ok();
    operate(stage, &["simulate", "--group", GROUP, "--write-scenario", "kept.yaml"])
        .file("kept.yaml", "mine")
        .stderr_has("`kept.yaml` is there already")
        .exits(2);
    Run::new(&["simulate", stack, "--write-scenario", "kept.yaml"])
        .stderr_has("name it with `--group`")
        .exits(2);
    operate(stage, &["simulate", "--group", GROUP])
        .stdout_has("search-asg-1 with out-in, 3 instances, 3 outdated")
        .stdout_has("recycled: 3 -> 6 -> 3 instances")
        .ok();
    let report =
        operate(stage, &["simulate", stack, "--group", GROUP, "--strategy", "in-out", "--format", "json"])
            .ok();
    let report: serde_json::Value = serde_json::from_str(&report.stdout).expect("JSON");
    assert_eq!(report["executions"][0]["strategy"], json!("in-out"), "another strategy is tried on it");
    let failed =
        operate(stage, &["simulate", "--group", GROUP, "--fault", "launches-fail", "--format", "json"])
            .exits(1);
    let failed: serde_json::Value = serde_json::from_str(&failed.stdout).expect("JSON");
    let again = failed["replay"].as_str().expect("a command");
    let own = "asg-recycle simulate --group search-asg-1 --stack webops-recycle-production --strategy out-in --fault launches-fail";
    assert!(again.starts_with(own), "{again}");
    // What ends it is told to the handler by the rule for the deployed machine, which is not the file's.
    operate(stage, &["simulate", "--group", GROUP, "--fault", "aborted"])
        .stdout_has("ABORTED, restored: 3 -> ")
        .stdout_has(" invariants held")
        .exits(1);
    operate(stage, &["simulate", stack, "--stack", "x"]).stderr_has("matters with `--group` only").exits(2);
    operate(stage, &["simulate", "--group", "no-such-group"]).stderr_has("there is no group").exits(2);
}

#[test]
fn instances_leave_in_the_order_that_was_planned() {
    for strategy in ["out-in", "in-out"] {
        let differs = json!({"minimum": 8, "desired": 8, "maximum": 8, "zones": ["eu-west-2a", "eu-west-2b", "eu-west-2c"]});
        let mut stage = Stage::with_group(strategy, &differs);
        stage.new_launch_template_version();
        let plan = told(&mut stage, &["plan", GROUP, "--format", "json"], "plan");
        let replace = plan["replace"].as_array().expect("instances");
        let planned: Vec<&str> = replace.iter().filter_map(|one| one["id"].as_str()).collect();
        let places: Vec<_> = replace.iter().filter_map(|one| one["place"].as_u64()).collect();
        assert_eq!(places, [1, 2, 3, 4, 5, 6, 7, 8], "{plan:#}");
        operate(&mut stage, &["plan", GROUP]).stdout_has("order      one ").stdout_has("TURN  REPLACES").ok();
        let event = stage.launch_event();
        let started = stage.send(&event);
        assert_eq!(stage.emulator.wait(&started).status, "SUCCEEDED");
        let leavers = stage.leavers();
        assert_eq!(leavers.len(), 8, "{leavers:?}");
        // Out-in terminates five at a time: no more than four can be before their turn.
        let early = if strategy == "out-in" { 4 } else { 0 };
        for (turn, leaver) in leavers.iter().enumerate() {
            let place = planned.iter().position(|one| one == leaver);
            assert!(
                place.is_some_and(|place| place <= turn + early),
                "{strategy}: {leavers:?}, planned {planned:?}"
            );
        }
    }
}

#[test]
fn a_refresh_is_planned_without_an_order_of_the_machines_own() {
    let mut stage = Stage::new("instance-refresh");
    stage.new_launch_template_version();
    let plan = told(&mut stage, &["plan", GROUP, "--format", "json"], "plan");
    assert_eq!((&plan["order"], &plan["replace"][0]["place"]), (&json!("as AWS chooses"), &json!(null)));
    // Its strategy watches an alarm.
    assert_eq!(plan["forecast"]["endings"], json!(["recycled"]), "{plan:#}");
    stage.emulator.order("put_alarm", json!({"name": "webops-batch-failures", "state": "ALARM"}));
    let plan = told(&mut stage, &["plan", GROUP, "--format", "json"], "plan");
    assert_ne!(plan["forecast"]["endings"], json!(["recycled"]), "{plan:#}");
    let refresh = json!({"action": "StartInstanceRefresh", "parameters": {"AutoScalingGroupName": GROUP}});
    stage.emulator.order("call", refresh);
    operate(&mut stage, &["plan", GROUP])
        .stdout_has("not now    an instance refresh of the group is active: ")
        .stdout_has("the instance refresh that is active")
        .ok();
}

#[test]
fn a_group_with_a_zone_shifted_away_is_refused_in_the_machines_own_words() {
    let mut stage = Stage::new("out-in");
    stage.new_launch_template_version();
    let mut planned = |zones: serde_json::Value| {
        stage.emulator.order("shift_away", json!({"group": GROUP, "zones": zones}));
        crate::operate::calls(&mut stage);
        let plan = told(&mut stage, &["plan", GROUP, "--format", "json"], "plan");
        assert_eq!(plan["calls"], json!(crate::operate::calls(&mut stage)), "{plan:#}");
        (plan["refusals"].clone(), plan["forecast"]["endings"].clone())
    };
    // One that has them enabled and none in effect.
    assert_eq!(planned(json!([])), (json!([]), json!(["recycled"])));
    let (refusals, endings) = planned(json!(["euw2-az1", "euw2-az2"]));
    assert_eq!(
        (&refusals, &endings),
        (&json!(["traffic of the group is shifted away from a zone: euw2-az2"]), &json!(["skipped"]))
    );
    operate(&mut stage, &["plan", GROUP]).stdout_has("not now    traffic of the group is shifted away").ok();
    operate(&mut stage, &["operator-policy"]).stdout_has("\"arc-zonal-shift:GetManagedResource\"").ok();
    let action = "arc-zonal-shift:GetManagedResource";
    let denied = json!({"action": action, "code": "AccessDeniedException", "message": "no", "count": 1});
    stage.emulator.order("fault_calls", denied);
    operate(&mut stage, &["plan", GROUP]).stderr_has(&format!("{action} is denied: no")).exits(3);
    let event = stage.launch_event();
    let started = stage.send(&event);
    let ended = stage.emulator.wait(&started);
    assert_eq!((&ended.output["outcome"], &ended.output["reason"]), (&json!("skipped"), &refusals[0]));
}

#[test]
fn a_group_without_a_strategy_is_planned_as_nothing_and_simulated_with_one_that_is_said() {
    let mut stage = Stage::new("out-in");
    let bare = json!({"name": "bare-asg-1", "minimum": 1, "maximum": 2, "desired": 1, "zones": ["eu-west-2a"], "tags": {}});
    stage.emulator.order("create_group", bare);
    operate(&mut stage, &["plan", "bare-asg-1"]).stdout_has("with no strategy").ok();
    operate(&mut stage, &["simulate", "--group", "bare-asg-1"])
        .stderr_has("`bare-asg-1` names no strategy by the tag `autorecycle_strategy`: write `--strategy`")
        .exits(2);
    operate(&mut stage, &["simulate", "--group", "bare-asg-1", "--strategy", "in-out"])
        .stdout_has("bare-asg-1 with in-out")
        .stdout_has("nothing was started")
        .exits(1); // it has not opted in
}

#[test]
fn a_plan_says_what_speaks_against_it() {
    let mut stage = Stage::new("out-in");
    stage.new_launch_template_version();
    let protect = json!({"AutoScalingGroupName": GROUP, "ProtectedFromScaleIn": true,
        "InstanceIds": [stage.emulator.group(GROUP).instances[0].id]});
    stage.emulator.order("call", json!({"action": "SetInstanceProtection", "parameters": protect}));
    let suspend = json!({"AutoScalingGroupName": GROUP, "ScalingProcesses": ["Launch"]});
    stage.emulator.order("call", json!({"action": "SuspendProcesses", "parameters": suspend}));
    let suspended = "these processes of the group are suspended: Launch; out-in needs them";
    let plan = told(&mut stage, &["plan", GROUP, "--format", "json"], "plan");
    assert_eq!(plan["refusals"], json!([suspended]));
    stage.set_tag("autorecycle_recycle_on_asg_update", "false");
    operate(&mut stage, &["plan", GROUP])
        .stdout_has("not now    ")
        .stdout_has(" alone: it is protected from scale-in")
        .stdout_has("forecast   nothing was started")
        .ok();
    let denied = json!({"action": "autoscaling:DescribeLifecycleHooks", "code": "AccessDenied", "message": "no", "count": 1});
    stage.emulator.order("fault_calls", denied);
    operate(&mut stage, &["plan", GROUP]).stderr_has("autoscaling:DescribeLifecycleHooks is denied").exits(3);
}

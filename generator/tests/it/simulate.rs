//! `simulate` as people and programs call it.

use asg_recycle::simulate::scenario::FAULTS;
use asg_recycle::strategy;
use serde_json::Value;

use crate::run::{Done, Run};

const STACK: &str = "name: web\n";

fn simulate(arguments: &[&str]) -> Run {
    Run::new(&[&["simulate", "stack.yaml"], arguments].concat()).file("stack.yaml", STACK)
}

fn json(done: &Done) -> Value {
    serde_json::from_str(&done.stdout).expect("the report is JSON")
}

#[test]
fn what_a_group_cannot_be_is_told_in_words() {
    for (arguments, told) in [
        (
            &["--window", "22:00,04:00"][..],
            "`out-in` looks at no window, so `--window` would change nothing; `--strategy out-in-timed`",
        ),
        (&["--boot", "-4m"], "`-4m` is no length of time"),
        (&["--min", "-1"], "-1 is not in 0..=10000"),
        (&["--seed", "abc"], "write a whole number from 0 to 18446744073709551615"),
    ] {
        let all = [&["simulate", "stack.yaml"][..], arguments].concat();
        Run::new(&all).file("stack.yaml", "name: demo\n").stderr_has(told).exits(2);
    }
}

#[test]
fn a_recycle_is_told_with_times_chart_totals_and_price() {
    let done = simulate(&["--instances", "2", "--boot", "60s", "--drain", "1m30s", "--seed", "7"])
        .stdout_has("with out-in, 2 instances, 2 outdated\nrecycled: 2 -> 4 -> 2 instances in ")
        .stdout_has(", never fewer than 2 healthy; ")
        .stdout_has("begins                    Mon 2026-01-05 09:00:00 UTC\n")
        .stdout_has("never-below-promise, never-above-allowed, ")
        .stdout_has("o old   # new")
        .stdout_has("healthy  2")
        .stdout_has("1:10  group    2 instances are in service: 3, 4")
        .stdout_has("takes the lock\n")
        .stdout_has("at $0.025 per 1,000 (Standard workflows")
        .stdout_has("invariants held")
        .stderr("")
        .ok();
    let service =
        done.stdout.lines().find(|line| line.starts_with("  autoscaling")).expect("a row a service");
    assert!(service.contains(" reads, ") && service.ends_with(" mutations"), "{service}");
}

#[test]
fn a_report_for_programs_says_the_same() {
    let report = json(&simulate(&["--strategy", "in-out", "--instances", "1", "--format", "json"]).ok());
    assert_eq!(report["executions"][0]["outcome"], "recycled");
    assert_eq!(report["sound"], true);
    let reads = report["totals"]["calls"]["autoscaling"]["reads"].as_u64();
    assert!(reads.is_some_and(|reads| reads > 0), "{}", report["totals"]);
    assert_eq!(report["totals"]["dollars_per_thousand_transitions"], 0.025);
}

#[test]
fn a_drawing_shows_the_groups_and_how_it_ended() {
    let done = simulate(&["--svg", "run.svg", "--instances", "1"]).ok();
    let drawing = done.read("run.svg");
    for part in ["<svg ", ">recycled</tspan>", ">leaving</text>", "</svg>\n"] {
        assert!(drawing.contains(part), "{part}");
    }
    // A folder that is missing is made; where a file stands, none can be.
    assert!(
        simulate(&["--svg", "new/run.svg", "--instances", "1"]).ok().read("new/run.svg").contains("<svg ")
    );
    simulate(&["--svg", "stack.yaml/run.svg", "--instances", "1"])
        .stderr_has("cannot make the folder `stack.yaml`")
        .exits(3);
}

#[test]
fn a_recycle_that_fails_is_a_finding_with_its_reason_in_full() {
    simulate(&["--instances", "1", "--fault", "launches-fail"])
        .stdout_has("Recycle.LaunchFailed")
        .stdout_has("We currently do not have sufficient m6g.large capacity")
        .exits(1);
}

#[test]
fn values_that_make_no_sense_are_bad_usage() {
    for (arguments, said) in [
        (&["--boot", "soon"][..], "`soon` is no length of time"),
        (&["--drain", "90"], "`90` is no length of time"),
        (&["--instances", "-1"], "-1 is not in 0..=2000"),
        (&["--instances", "2001"], "2001 is not in 0..=2000"),
        (&["--desired", "2001"], "'--desired <N>': 2001 is not in 0..=2000"),
        (&["--desired", "2", "--instances", "2"], "cannot be used with"),
        (&["--scenario", "window-closed", "--desired", "2"], "cannot be used with"),
        (&["--campaign", "0"], "0 is not in 1..="),
        (&["--fault", "gremlins"], "possible values: old-instance-dies"),
        (&["--campaign", "2", "--instances", "2"], "cannot be used with"),
        (&["--seed", "one"], "write a whole number from 0"),
    ] {
        simulate(arguments).stdout("").stderr_has(said).stderr_has("--help").exits(2);
    }
    let names = strategy::all().keys().cloned().collect::<Vec<_>>().join(", ");
    simulate(&["--strategy", "sideways"]).stdout("").stderr_has(&format!("there are: {names}")).exits(2);
    simulate(&["--scenario", "gone.yaml"]).stdout("").stderr_has("`gone.yaml` is no file").exits(2);
    simulate(&["--strategy", "outin"]).stderr_has("did you mean `out-in`?").exits(2);
    simulate(&["--scenario", "never-healty"]).stderr_has("no scenario of out-in; did you mean `").exits(2);
    simulate(&["--min", "5"]).stderr_has("no group has these sizes: min 5, desired 3, max 6").exits(2);
    simulate(&["--desired", "5", "--max", "4"])
        .stderr_has("no group has these sizes: min 5, desired 5, max 4")
        .exits(2);
    for (arguments, said) in [
        (["--at", "noon"], "`noon` is no time: write `21:30`"),
        (["--zones", "99"], "write a number from 1 to 8"),
        (["--price-per-hour", "cheap"], "`cheap` is no price"),
    ] {
        simulate(&arguments).stdout("").stderr_has(said).exits(2);
    }
}

#[test]
fn all_faults_of_a_scenario_are_told_with_their_places() {
    let faulty = "gruop: {}\ngroup: {min: one}\nevents:\n  - at: 5s\n    do: {kil: {}}\n";
    simulate(&["--scenario", "odd.yaml"])
        .file("odd.yaml", faulty)
        .stdout("")
        .stderr_has("odd.yaml:1:1\n")
        .stderr_has("did you mean `group`?")
        .stderr_has("odd.yaml:2:14\n")
        .stderr_has("did you mean `kill`?")
        .stderr_has("error: 3 faults in odd.yaml")
        .exits(2);
    simulate(&["--scenario", "odd.yaml"]).file("odd.yaml", "").stderr_has("the file has no keys").exits(2);
    simulate(&["--scenario", "odd.yaml"]).file("odd.yaml", "a: [b").stderr_has("odd.yaml:1:").exits(2);
}

#[test]
fn a_scenario_that_does_not_do_what_it_says_is_told_of() {
    for (scenario, strategy, told, code) in [
        ("settings: {zone_chang: refuse}", "out-in", "no strategy has this setting", 2),
        ("settings: {zone_chang: refuse}", "out-in", "did you mean `zone_change`?", 2),
        (
            "settings: {zone_change: refuse, proving_second: 1}",
            "in-out",
            "did you mean `proving_seconds`?",
            2,
        ),
        (
            "settings: {zone_change: refuse}",
            "out-in",
            "the scenario is not for `out-in`; it is for `in-out`",
            2,
        ),
        (
            "stops: [{at_state: Nowhere}]",
            "out-in",
            "no execution was stopped at `Nowhere`: none came there",
            0,
        ),
        (
            "events: [{after_call: {action: deletePolicy}, do: delete_group}]",
            "out-in",
            "event 1 did not happen: it waits for a call of `deletePolicy`, which did not come",
            0,
        ),
        (
            "events: [{after_event: {event: launched, nth: 90}, do: delete_group}]",
            "out-in",
            "event 1 did not happen: it waits for the event `launched` number 90, which did not come",
            0,
        ),
        ("triggers: []", "out-in", "exit code 1: an execution did not end well, or none was started", 1),
    ] {
        simulate(&["--strategy", strategy, "--scenario", "s.yaml"])
            .file("s.yaml", scenario)
            .stderr_has(told)
            .exits(code);
    }
}

#[test]
fn an_event_that_changes_nothing_is_told_of() {
    for (event, why) in [
        ("fail_calls: {service: elb}", "no call that it is for was made"),
        ("set_sizes: {max: 1}", "AWS refuses these sizes beside those of the group"),
        ("kill: {which: new}", "no such instance is there"),
        ("fail_launches: {zone: mars-1a}", "the group is not in this zone"),
    ] {
        simulate(&["--strategy", "out-in", "--scenario", "s.yaml"])
            .file("s.yaml", &format!("events: [{{at: 1s, do: {{{event}}}}}]"))
            .stderr_has(&format!("event 1 changed nothing: {why}"))
            .ok();
    }
}

#[test]
fn the_alarms_that_a_stack_watches_are_there_unless_a_scenario_names_some() {
    let watching = "name: web\nstrategies: {out-in: {alarm_names: [web-5xx]}}\n";
    let run = |scenario: &str| {
        Run::new(&["simulate", "stack.yaml", "--scenario", "s.yaml"])
            .file("stack.yaml", watching)
            .file("s.yaml", scenario)
    };
    run("about: nothing of alarms").stdout_has("recycled").ok();
    run("world: {alarms: {other: OK}}").stdout_has("these alarms do not exist: web-5xx").exits(1);
}

#[test]
fn the_group_is_as_the_arguments_describe_it() {
    let arguments = [
        "--desired",
        "4",
        "--min",
        "2",
        "--max",
        "20",
        "--zones",
        "a,b",
        "--target-groups",
        "0",
        "--at",
        "21:30",
    ];
    let done = simulate(&[&arguments[..], &["--price-per-hour", "0.5"]].concat())
        .stdout_has("recycled: 4 -> 8 -> 4 instances")
        .stdout_has(" at $0.5 an hour")
        .stdout_has("min-max  2-20 ")
        .stdout_has("Mon 2026-01-05 21:30:00 UTC")
        .ok();
    assert!(!done.stdout.contains("elasticloadbalancingv2"), "{}", done.stdout);
    let window =
        ["--strategy", "out-in-timed", "--window", "22:00,23:00", "--at", "21:30", "--format", "json"];
    let report = json(&simulate(&window).ok());
    let first = report["groups"][0]["history"]
        .as_array()
        .and_then(|history| history.iter().find(|one| one["new"].as_u64() > Some(0))?["at"].as_f64());
    assert!(first.is_some_and(|seconds| (1800.0..2400.0).contains(&seconds)), "{first:?}");
    let replay = report["replay"].as_str().unwrap_or_default();
    assert!(replay.contains("--window 22:00,23:00 --at 2026-01-05T21:30:00.000Z"), "{replay}");
    let invariants = report["invariants"].as_array().map(Vec::len);
    assert_eq!(invariants, Some(asg_recycle::simulate::invariants::Invariant::ALL.len()));
}

#[test]
fn a_report_fits_the_terminal() {
    for columns in [60, 80, 120, 200] {
        let done =
            simulate(&["--instances", "12", "--fault", "scale-out"]).env("COLUMNS", columns.to_string()).ok();
        let widest = done.stdout.lines().map(|line| line.chars().count()).max();
        assert!(widest.is_some_and(|widest| widest <= columns), "{columns}: {widest:?}\n{}", done.stdout);
        let axis = done.stdout.lines().find(|line| line.starts_with("      0 +"));
        assert_eq!(axis.map(str::len), Some(columns), "the chart uses what there is");
    }
}

#[test]
fn scenarios_are_listed_and_their_schema_is_printed() {
    simulate(&["--list", "--strategy", "in-out"]).stdout_has("scaling-policy-in").ok();
    let schema: Value = serde_json::from_str(&Run::new(&["schema", "--scenario"]).ok().stdout).expect("JSON");
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("scenario.json", schema).expect("a schema");
    let schema = compiler.compile("scenario.json", &mut schemas).expect("a sound schema");
    let mut seen = 0;
    for (path, text) in crate::papers::files(".yaml").filter(|(path, _)| path.contains("/cases/")) {
        let Ok(scenario) = serde_yaml::from_str::<Value>(text) else { continue };
        if asg_recycle::simulate::scenario::Scenario::parse(text).is_ok() {
            seen += 1;
            schemas.validate(&scenario, schema).unwrap_or_else(|error| panic!("{path}: {error}"));
        }
    }
    assert!(seen > 100, "{seen} scenarios");
    let wrong = serde_json::json!({"group": {"zoness": 1}});
    assert!(schemas.validate(&wrong, schema).is_err());
}

#[test]
fn an_execution_that_was_stopped_is_a_finding() {
    simulate(&["--fault", "aborted"]).stdout_has("ABORTED").exits(1);
}

#[test]
fn help_tells_of_every_fault() {
    let help = Run::new(&["simulate", "--help"]).ok().stdout;
    let words: String = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for fault in FAULTS {
        assert!(words.contains(&format!("{}: {}", fault.name, fault.summary)), "{}", fault.name);
    }
}

#[test]
fn a_campaign_names_its_seeds_and_each_replays_alone() {
    let done = simulate(&["--campaign", "3", "--seed", "5"]).stdout_has("3 scenarios, seeds 5 to 7").ok();
    let of = |seed: &str, runs: &str| {
        json(
            &done
                .then(&["simulate", "stack.yaml", "--campaign", runs, "--seed", seed, "--format", "json"])
                .ok(),
        )
    };
    let whole = of("5", "3");
    assert_eq!(whole["seed"], 5);
    let alone: u64 = ["5", "6", "7"].iter().filter_map(|seed| of(seed, "1")["transitions"].as_u64()).sum();
    assert_eq!(whole["transitions"], alone);
    assert_eq!(of("5", "3"), whole);
}

#[test]
fn a_run_that_is_not_as_expected_ends_with_the_command_that_gives_it_again() {
    let failing = || {
        simulate(&["--scenario", "it's odd.yaml", "--strategy", "in-out", "--seed", "9"])
            .file("it's odd.yaml", "{group: {min: 1, desired: 1, max: 2}, expect: {endings: [up_to_date]}}\n")
    };
    failing()
        .stdout_has("not as expected: endings: expected [\"up_to_date\"], found [\"recycled\"]")
        .stdout_has(&format!(
            "again, with asg-recycle {} and the stack.yaml whose SHA-256 is ",
            asg_recycle::VERSION
        ))
        .stdout_has(
            r"asg-recycle simulate stack.yaml --strategy in-out --scenario 'it'\''s odd.yaml' --seed 9",
        )
        .exits(1);
    let report = json(&simulate(&["--instances", "1", "--boot", "1m", "--format", "json"]).ok());
    let command = "asg-recycle simulate stack.yaml --strategy out-in --instances 1 --boot 60000ms --drain 330000ms --seed 1";
    assert_eq!(report["replay"], command);
}

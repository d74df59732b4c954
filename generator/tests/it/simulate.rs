//! `simulate` as people and programs call it.

use asg_recycle::simulate::scenario::FAULTS;
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
fn a_recycle_is_told_with_times_chart_totals_and_price() {
    let done = simulate(&["--instances", "2", "--boot", "60s", "--drain", "1m30s", "--seed", "7"])
        .stdout_has("with out-in, 2 instances, 2 outdated")
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
    simulate(&["--svg", "no/folder/run.svg", "--instances", "1"]).stderr_has("cannot write").exits(3);
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
        (&["--campaign", "0"], "0 is not in 1..="),
        (&["--fault", "gremlins"], "possible values: old-instance-dies"),
        (&["--campaign", "2", "--instances", "2"], "cannot be used with"),
        (&["--seed", "one"], "invalid digit"),
    ] {
        simulate(arguments).stdout("").stderr_has(said).stderr_has("--help").exits(2);
    }
    simulate(&["--strategy", "sideways"])
        .stdout("")
        .stderr_has("there are: in-out, instance-refresh, out-in")
        .exits(2);
    simulate(&["--scenario", "gone.yaml"]).stdout("").stderr_has("`gone.yaml` is no file").exits(2);
    simulate(&["--scenario", "odd.yaml"]).file("odd.yaml", "gruop: {}\n").stderr_has("gruop").exits(2);
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

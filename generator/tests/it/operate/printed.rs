//! What commands print for programs: each that takes `--format json` has a schema on the page of the commands, and what it really
//! prints is held to that.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::{held_to, newest, operate, restored_in_sight};
use crate::end_to_end::stage::{GROUP, Stage};
use crate::run::Run;

/// The table of the page: a command, and the schema of what it prints.
fn documented() -> BTreeMap<String, String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operating.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let row = |line: &str| {
        let (commands, schema) = line.strip_prefix("| `")?.split_once(" | [")?;
        let schema = schema.split_once(".schema.json]")?.0.to_owned();
        let commands: Vec<String> =
            commands.split(", ").map(|command| command.trim_matches('`').to_owned()).collect();
        Some((commands, schema))
    };
    let rows: Vec<_> = page.lines().filter_map(row).collect();
    rows.into_iter()
        .flat_map(|(commands, schema)| commands.into_iter().map(move |one| (one, schema.clone())))
        .collect()
}

/// The names below `Commands:` in a help text.
fn subcommands(words: &[&str]) -> Vec<String> {
    let mut arguments = words.to_vec();
    arguments.push("--help");
    let help = Run::new(&arguments).ok().stdout;
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let names =
        list.lines().take_while(|line| line.starts_with("  ")).filter(|line| !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// The commands about a deployed stack, which take its name, each with its help.
pub(super) fn about_a_stack() -> Vec<(String, String)> {
    let mut commands: Vec<String> = Vec::new();
    for name in subcommands(&[]) {
        let below = subcommands(&[&name]);
        if below.is_empty() {
            commands.push(name);
        } else {
            commands.extend(below.into_iter().map(|one| format!("{name} {one}")));
        }
    }
    let with_help = |command: String| {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let help = Run::new(&words).ok().stdout;
        (command, help)
    };
    let commands = commands.into_iter().map(with_help);
    let commands: Vec<_> = commands.filter(|(_, help)| help.contains("--stack <STACK>")).collect();
    assert!(commands.len() >= 15, "{commands:?}");
    commands
}

#[test]
fn every_command_about_a_stack_that_prints_json_has_its_schema_on_the_page() {
    let documented = documented();
    for (command, _) in about_a_stack().iter().filter(|(_, help)| help.contains("--format <FORMAT>")) {
        let is_documented = documented.keys().any(|row| row.split(" GROUP").next() == Some(command));
        assert!(is_documented, "`{command}` prints JSON, and docs/operating.md names no schema of it");
    }
}

/// Runs a command with `--format json`; what it printed, held to the schema that the page names.
fn printed(
    stage: &mut Stage,
    (left, row): (&mut BTreeMap<String, String>, &str),
    words: &[&str],
    code: i32,
) -> Value {
    let schema = left.remove(row).unwrap_or_else(|| panic!("the page has no `{row}`, or it was run already"));
    let mut arguments = words.to_vec();
    arguments.extend(["--format", "json"]);
    let done = operate(stage, &arguments).exits(code);
    held_to(&format!("{schema}.schema.json"), &done.stdout)
}

#[test]
fn a_campaign_with_a_failure_is_as_its_schema_says() {
    use asg_recycle::simulate::campaign::{Campaign, FailingRun};
    use asg_recycle::simulate::report::{Replay, campaign_json};
    let failure = FailingRun {
        seed: 7,
        strategy: "in-out".to_owned(),
        faults: vec!["at 0:05: the minimum stays".to_owned()],
        scenario: json!({"group": {"min": 1}}),
        faults_of_smallest: Vec::new(),
    };
    let campaign = Campaign { seed: 5, runs: 3, failures: vec![failure], ..Campaign::default() };
    let replay = Replay {
        version: asg_recycle::VERSION,
        file: "stack.yaml".to_owned(),
        digest: "00".to_owned(),
        arguments: Vec::new(),
    };
    let told = serde_json::to_string(&campaign_json(&campaign, &replay)).expect("JSON");
    let told = held_to("campaign.schema.json", &told);
    let again = "asg-recycle simulate stack.yaml --campaign 1 --seed 7 --strategy in-out";
    assert_eq!(told["failures"][0]["replay"], json!(again));
}

#[test]
fn what_commands_really_print_is_as_their_schemas_say() {
    let mut stage = Stage::new("out-in");
    let left = &mut documented();
    stage.new_launch_template_version();
    printed(&mut stage, (left, "status"), &["status"], 0);
    printed(&mut stage, (left, "plan"), &["plan", GROUP], 0);
    let paused = printed(&mut stage, (left, "pause"), &["pause", GROUP, "--why", "x", "--yes"], 0);
    assert_eq!(
        (&paused["groups"][0]["change"], &paused["groups"][0]["is_announced"]),
        (&json!("paused"), &json!(true))
    );
    assert_eq!(paused["groups"][0]["paused"]["why"], json!("x"));
    let resumed = printed(&mut stage, (left, "resume"), &["resume", GROUP, "--yes"], 0);
    assert_eq!(
        (&resumed["groups"][0]["change"], &resumed["groups"][0]["paused"]),
        (&json!("resumed"), &json!(null))
    );
    let started = printed(&mut stage, (left, "start"), &["start", GROUP, "--yes"], 0);
    let execution = newest(&mut stage, 1);
    assert_eq!(
        (&started["execution"], &started["outcome"]),
        (&json!(execution), &json!(null)),
        "it is not followed"
    );
    stage.wait_for("launched");
    printed(&mut stage, (left, "status GROUP"), &["status", GROUP], 0);
    let waited = printed(&mut stage, (left, "wait"), &["wait", GROUP, "--timeout", "1s", "--every", "1s"], 1);
    assert_eq!((&waited["is_well"], &waited["state"]), (&json!(false), &json!(null)), "the time is up");
    let aborting = left.remove("abort").expect("the page has it");
    let under_way =
        operate(&mut stage, &["abort", GROUP, "--yes", "--every", "1s", "--format", "json"]).begin();
    let restore = restored_in_sight(&mut stage, &execution);
    let aborted = held_to(&format!("{aborting}.schema.json"), &under_way.exits(0).stdout);
    assert_eq!((&aborted["stopped"], &aborted["execution"]), (&json!(execution), &json!(restore)));
    assert_eq!((&aborted["outcome"], &aborted["is_well"]), (&json!("restored"), &json!(true)));
    let nothing = printed(&mut stage, (left, "restore"), &["restore", GROUP, "--yes"], 0);
    assert_eq!((&nothing["execution"], &nothing["is_well"]), (&json!(null), &json!(true)));
    // Of a group at rest one line, of which each is a whole status.
    let watched = printed(&mut stage, (left, "watch"), &["watch", GROUP], 1);
    assert_eq!(watched["group"]["state"], json!("outdated"));
    printed(&mut stage, (left, "history"), &["history"], 0);
    printed(&mut stage, (left, "doctor"), &["doctor"], 1);
    let event = stage.launch_event().to_string();
    let id: String = stage.emulator.ask("put_dead_letter", json!({"body": event, "attributes": {}}));
    printed(&mut stage, (left, "dlq list"), &["dlq", "list"], 1);
    printed(&mut stage, (left, "dlq show"), &["dlq", "show", &id], 0);
    let put = printed(&mut stage, (left, "dlq redrive"), &["dlq", "redrive", "--yes"], 0);
    assert_eq!(put["put_back"][&id], json!("done"));
    printed(&mut stage, (left, "simulate"), &["simulate", "--group", GROUP], 0);
    let stack = format!("{}/../examples/webops/stack.yaml", env!("CARGO_MANIFEST_DIR"));
    let campaign = ["simulate", &*stack, "--campaign", "2", "--seed", "5"];
    let campaign = printed(&mut stage, (left, "simulate --campaign"), &campaign, 0);
    assert_eq!((&campaign["runs"], &campaign["failures"]), (&json!(2), &json!([])));
    assert!(left.is_empty(), "never run: {left:?}");
}

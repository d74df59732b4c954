//! `explain`: whatever a stack is rendered to has its answer, and the answer is that of the files.

use std::collections::BTreeSet;

use asg_recycle::explain::{Explanation, Explanations, ThingKind};
use asg_recycle::{AsgRecycle, FORMATS, OutputFormat, config};
use regex::Regex;
use serde_json::Value;

use crate::run::Run;

/// Every option on; the handler is a zip in one and an image in the other.
const OPTIONS: &str = "name: web
environment: test
region: eu-west-2
tags: {team: web}
handler: {allowed_step_functions: [other], reserved_concurrency: 20, log_level: debug}
trigger: {launch_template_versions: true, scheduled_maintenance: true}
groups: {name_prefixes: [web-], tags: {stage: live}}
machine: {log_level: error}
notifications:
  slack_channel: recycles
  notifier_function_arn: arn:aws:lambda:eu-west-2:123456789012:function:notify
  pager_duty: true
alarms:
  action_arns: [arn:aws:sns:eu-west-2:123456789012:alarms]
  runbook_url: https://runbooks.example.com/recycle
  silence_hours: 24
  lock_held_hours: 24
  dashboard: true
permissions: {boundary_arn: arn:aws:iam::123456789012:policy/boundary, role_path: /web/}
network: {subnet_ids: [subnet-0123abcd], security_group_ids: [sg-0123abcd]}
tracing: {enabled: true}
encryption: {customer_key: true}
locks: {create_table: false}
logs: {retention_days: 90}
strategies: {instance-refresh: {alarm_names: [web-5xx]}}
";

fn stacks() -> [AsgRecycle; 3] {
    let more = |handler: &str, destination: &str| {
        let text = OPTIONS.replace("log_level: debug}", &format!("log_level: debug, {handler}}}"));
        let arn = format!("'arn:aws:{destination}'").replace('R', "eu-west-2:123456789012");
        text.replace("retention_days: 90}", &format!("retention_days: 90, destination_arn: {arn}}}"))
    };
    let signing = "arn:aws:lambda:eu-west-2:123456789012:code-signing-config:csc-0123456789abcdef0";
    let zip = more(&format!("code_signing_config_arn: '{signing}'"), "kinesis:R:stream/logs");
    let zip = zip.replace(
        "role_path: /web/}",
        "role_path: /web/, machine_role_arn: 'arn:aws:iam::123456789012:role/m'}",
    );
    let image = more("alias: live", "lambda:R:function:logs") + "package: {kind: image}\n";
    ["name: web\n", &zip, &image].map(|text| {
        let config = config::parse(text.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
        AsgRecycle::from_config(config).expect("it has no fault")
    })
}

/// Those of a kind by a name.
fn of_kind<'a>(all: &'a Explanations, kind: ThingKind, name: &str) -> Vec<&'a Explanation> {
    all.find(name).into_iter().filter(|one| one.kind == kind).collect()
}

/// What a pattern's first group finds in what a format writes, beneath a heading where there is one.
fn found(files: &[(String, String)], file: &str, heading: Option<&str>, pattern: &str) -> BTreeSet<String> {
    let text = files.iter().find(|(path, _)| path == file).map(|(_, text)| text.as_str()).expect(file);
    let text = heading.map_or(text, |heading| {
        let (_, below) = text.split_once(&format!("\n{heading}:\n")).expect(heading);
        let end =
            Regex::new(r"(?m)^\S").expect("a pattern").find(below).map_or(below.len(), |next| next.start());
        &below[..end]
    });
    let pattern = Regex::new(pattern).expect("a pattern");
    pattern.captures_iter(text).map(|found| found[1].to_owned()).collect()
}

fn written(stack: &AsgRecycle, format: &dyn OutputFormat) -> Vec<(String, String)> {
    let files = stack.synth(format).into_iter();
    files.map(|(path, text)| (path, String::from_utf8(text).expect("text"))).collect()
}

/// Every action in a list of actions, in whichever format.
fn actions(files: &[(String, String)]) -> BTreeSet<String> {
    let action = Regex::new(r"[a-z0-9-]+:(?:[A-Z][A-Za-z]*\*?|\*)").expect("a pattern");
    let mut found = BTreeSet::new();
    for (_, text) in files.iter().filter(|(path, _)| !path.ends_with(".asl.json")) {
        let mut is_list = false;
        for line in text.lines().map(str::trim) {
            let name = line.trim_start_matches(['"', '-', ' ']);
            if name.starts_with("Action") {
                is_list = true;
            } else if ["Resource", "Condition", "Principal", "Sid", "}"]
                .iter()
                .any(|end| name.starts_with(end))
            {
                is_list = false;
            }
            if is_list {
                found.extend(action.find_iter(line).map(|one| one.as_str().to_owned()));
            }
        }
    }
    found
}

#[test]
fn whatever_is_deployed_has_its_answer_in_every_format() {
    for stack in stacks() {
        let all = Explanations::of(&stack);
        for format in FORMATS {
            let files = written(&stack, *format);
            let in_bytes = stack.synth(*format);
            let resources = format.emitted(&in_bytes);
            assert!(resources.len() > 25, "{} of {format:?}", resources.len());
            for one in resources {
                let kinds = [ThingKind::Resource, ThingKind::Alarm];
                let found: Vec<_> =
                    kinds.iter().flat_map(|kind| of_kind(&all, *kind, &one.address)).collect();
                let [answer] = found.as_slice() else { panic!("{}: {found:?}", one.address) };
                assert!(
                    answer.purpose.ends_with('.'),
                    "{}: `explain/purposes.rs` says what it is for",
                    one.address
                );
                let place = format!("{}:{}, as {}", one.file, one.line, one.address);
                let places: Vec<_> = answer.facts.iter().filter(|fact| fact.about == "stands in").collect();
                assert!(places.iter().any(|fact| fact.says == [place.as_str()]), "{place}: {places:?}");
            }
            let actions = actions(&files);
            assert!(actions.len() > 90, "{}", actions.len());
            for action in actions {
                let found = of_kind(&all, ThingKind::Action, &action);
                assert!(found.len() == 1 && !found[0].facts.is_empty(), "{action}: {found:?}");
            }
            let is_terraform = format.description().name == "terraform";
            let [variables, outputs] = if is_terraform {
                [
                    found(&files, "terraform/variables.tf", None, r#"(?m)^variable "(\w+)""#),
                    found(&files, "terraform/outputs.tf", None, r#"(?m)^output "(\w+)""#),
                ]
            } else {
                ["Parameters", "Outputs"].map(|heading| {
                    found(&files, "cloudformation/template.yaml", Some(heading), r"(?m)^  (\w+):$")
                })
            };
            assert!(variables.len() > 10 && outputs.len() > 20, "{format:?}: {variables:?} {outputs:?}");
            for (kind, names) in [(ThingKind::Parameter, variables), (ThingKind::Output, outputs)] {
                for name in names {
                    assert_eq!(of_kind(&all, kind, &name).len(), 1, "{kind:?} {name}");
                }
            }
        }
    }
}

#[test]
fn every_purpose_is_one_of_something_and_every_statement_says_why() {
    let explained = stacks().map(|stack| Explanations::of(&stack));
    let said: BTreeSet<&str> =
        explained.iter().flat_map(Explanations::all).map(|one| one.purpose.as_str()).collect();
    let purposes = include_str!("../../src/explain/purposes.rs");
    let rows = purposes.matches("    purpose(").count();
    let of_resources =
        explained.iter().flat_map(Explanations::all).filter(|one| one.kind == ThingKind::Resource);
    let sentences: BTreeSet<&str> =
        of_resources.map(|one| one.purpose.rsplit(": ").next().unwrap_or_default()).collect();
    // Each sentence is of one row; alarms have their own.
    assert!(sentences.len() + 1 >= rows, "{} of {rows} rows: {sentences:#?}", sentences.len());
    assert!(said.len() > 60);
    for one in explained.iter().flat_map(Explanations::all).filter(|one| one.kind == ThingKind::Statement) {
        assert!(one.purpose.ends_with('.'), "`because` says why {} is there", one.name);
    }
}

#[test]
fn a_parameter_names_the_key_that_its_default_comes_from() {
    let [least, all, _] = stacks().map(|stack| Explanations::of(&stack));
    let default = |of: &Explanations, name: &str| {
        let found = of_kind(of, ThingKind::Parameter, name);
        let fact = |about: &str| {
            found.first()?.facts.iter().find(|fact| fact.about == about).map(|fact| fact.says.clone())
        };
        (fact("default"), fact("stack.yaml"))
    };
    let mut with_key = 0;
    for one in all.all().iter().filter(|one| one.kind == ThingKind::Parameter) {
        let (given, key) = default(&all, &one.name);
        if key.is_some_and(|says| says[0].starts_with('`')) {
            assert_ne!(default(&least, &one.name).0, given, "{}: its key sets it", one.name);
            let is_named = |path: &str| one.name == path || one.other_names.iter().any(|name| name == path);
            assert!(config::keys().any(|key| is_named(&key.path)), "{one:?}");
            with_key += 1;
        }
    }
    assert!(with_key > 10, "{with_key}");
}

#[test]
fn an_action_says_who_calls_it_where_and_on_what() {
    let stack = Run::new(&["explain", "stack.yaml", "autoscaling:UpdateAutoScalingGroup"]);
    let done = stack.file("stack.yaml", "name: web\n").env("COLUMNS", "80").stderr("").ok();
    for part in [
        "allowed by    `ChangeOptedInGroups` of the state machine's role",
        "autoScalingGroup:*:autoScalingGroupName/*",
        "aws:ResourceTag/autorecycle_recycle_on_asg_update",
        "`Double`",
    ] {
        assert!(done.stdout.contains(part), "{part}: {}", done.stdout);
    }
    let alarm = done.then(&["explain", "stack.yaml", "web-production-recycles-failed"]).ok();
    assert!(alarm.stdout.contains("runbook       docs/runbook.md#recycles-failed"), "{}", alarm.stdout);
    let address = done.then(&["explain", "stack.yaml", "module.asg_recycle.aws_sqs_queue.events"]).ok();
    assert!(address.stdout.contains("EventsQueue"), "{}", address.stdout);
    let all = done.then(&["explain", "stack.yaml", "--format", "json"]).ok();
    let all: Vec<Value> = serde_json::from_str(&all.stdout).expect("JSON");
    let listed = done.then(&["explain", "stack.yaml"]).ok();
    for one in &all {
        let name = one["name"].as_str().expect("a name");
        let mut words = listed.stdout.lines().flat_map(|line| line.trim().split(", ")).flat_map(|part| {
            let part = part.trim_end_matches(',');
            [part].into_iter().chain(part.split(' '))
        });
        assert!(words.any(|word| word == name), "{name}");
    }
    done.then(&["explain", "stack.yaml", "recycles_faild"])
        .stdout("")
        .stderr_has(
            "there is no `recycles_faild` in what `stack.yaml` deploys; did you mean `recycles_failed`?",
        )
        .exits(2);
}

#[test]
fn a_state_is_found_in_its_template_by_the_name_that_an_operator_sees() {
    let [stack, ..] = stacks();
    let all = Explanations::of(&stack);
    let definition: Value = serde_json::from_str(&stack.machine().definition).expect("JSON");
    let templates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let part = Regex::new("<<.*?>>").expect("a pattern");
    let mut glued = 0;
    for name in names_of_states(&definition["States"]) {
        let found = of_kind(&all, ThingKind::State, &name);
        let [state] = found.as_slice() else { panic!("{name}: {found:?}") };
        let says = |about: &str| {
            let fact = state.facts.iter().find(|fact| fact.about == about);
            fact.map(|fact| fact.says.join(", "))
        };
        let place = says("template").unwrap_or_else(|| panic!("{name} has no place"));
        let (file, line) = place.rsplit_once(':').expect("FILE:LINE");
        let text = std::fs::read_to_string(templates.join(file)).expect(file);
        let line = text.lines().nth(line.parse::<usize>().expect("a number") - 1).expect("a line").trim();
        let key = line.split_once("\": ").map_or(line, |(key, _)| key).trim_start_matches('"');
        let parts: Vec<_> = part.split(key).map(regex::escape).collect();
        let key = Regex::new(&format!("^{}$", parts.join(".*"))).expect("a pattern");
        assert!(key.is_match(&name), "{name}: {place} is `{line}`");
        if parts.len() > 1 {
            glued += 1;
            assert!(says("used in").is_some() || file.ends_with(".asl.json.j2"), "{name}: {place}");
        }
        assert!(says("part of").is_some(), "{name}");
    }
    assert!(glued > 100, "{glued}");
    let run = Run::new(&["explain", "stack.yaml", "describe to prove at the end"]);
    run.file("stack.yaml", "name: web\n").stdout_has("Describe to prove at the end (state)\n").ok();
}

/// With those that a Map runs for each item.
fn names_of_states(states: &Value) -> Vec<String> {
    let states = states.as_object().expect("states");
    let inner = states.values().filter_map(|state| state["ItemProcessor"].get("States"));
    states.keys().cloned().chain(inner.flat_map(names_of_states)).collect()
}

#[test]
fn what_a_role_of_somebody_elses_needs_is_not_said_to_be_allowed() {
    let [_, given, _] = stacks().map(|stack| Explanations::of(&stack));
    let about = |action: &str| {
        let found = of_kind(&given, ThingKind::Action, action);
        let facts = found.iter().flat_map(|one| &one.facts);
        facts.map(|fact| (fact.about.to_string(), fact.says.join("\n"))).collect::<Vec<_>>()
    };
    let machines = about("autoscaling:UpdateAutoScalingGroup");
    let kept = "`ChangeOptedInGroups` of the role `arn:aws:iam::123456789012:role/m`, which somebody else keeps \
                (role-policy/machine.json): ";
    assert!(
        machines.iter().any(|(word, says)| word == "needed by" && says.starts_with(kept)),
        "{machines:?}"
    );
    assert!(machines.iter().all(|(word, _)| word != "allowed by"), "{machines:?}");
    let handlers = about("sqs:ReceiveMessage");
    assert!(
        handlers.iter().any(|(word, _)| word == "allowed by"),
        "its role is the stack's own: {handlers:?}"
    );
}

#[test]
fn an_alarm_tells_the_stacks_own_topic_where_its_key_lets_it() {
    for (key, told) in [
        ("true", "arn:aws:sns:eu-west-2:ACCOUNT:web-production-recycles"),
        ("false", "nobody, unless `alarm_action_arns` is given"),
    ] {
        let text = format!("name: web\nregion: eu-west-2\nencryption: {{customer_key: {key}}}\n");
        let config = config::parse(text.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
        let all = Explanations::of(&AsgRecycle::from_config(config).expect("it has no fault"));
        let alarm = of_kind(&all, ThingKind::Alarm, "recycles_failed");
        let tells: Vec<_> =
            alarm.iter().flat_map(|one| &one.facts).filter(|fact| fact.about == "tells").collect();
        assert_eq!(tells.iter().map(|fact| fact.says.join(" ")).collect::<Vec<_>>(), [told], "{key}");
    }
}

#[test]
fn what_the_role_keeps_for_the_former_version_is_told_by_its_folder() {
    let done = Run::new(&["generate", "stack.yaml", "--out", "out"]).file("stack.yaml", "name: web\n").ok();
    let manifest = done.folder.join("out/manifest.json");
    let mut record: Value = serde_json::from_str(&done.read("out/manifest.json")).expect("JSON");
    record["version"] = "0.0.1".into();
    record["stack"]["api_calls"].as_array_mut().expect("calls").push("autoscaling:EnterStandby".into());
    std::fs::write(&manifest, record.to_string()).expect("a manifest");
    let thing = "autoscaling:EnterStandby";
    done.then(&["explain", "stack.yaml", thing, "--out", "nowhere"])
        .stdout("")
        .stderr_has("`nowhere` holds no stack that asg-recycle generated")
        .exits(2);
    done.then(&["explain", "stack.yaml", thing]).stderr_has("there is no").exits(2);
    done.then(&["explain", "stack.yaml", thing, "--out", "out"])
        .stdout_has("called by     executions of the former version; no state calls it any more")
        .ok();
}

#[test]
fn what_a_service_does_in_a_roles_name_is_nobodys_call() {
    let [_, all, _] = stacks().map(|stack| Explanations::of(&stack));
    for action in
        ["logs:PutLogEvents", "ec2:CreateNetworkInterface", "xray:PutTraceSegments", "sqs:ReceiveMessage"]
    {
        let found = of_kind(&all, ThingKind::Action, action);
        let callers = found
            .iter()
            .flat_map(|one| &one.facts)
            .filter(|fact| ["called by", "in states"].contains(&fact.about));
        assert_eq!(callers.count(), 0, "{action}: {found:?}");
    }
    // The machine looks at interfaces, and Lambda does in the handler's name.
    let found = of_kind(&all, ThingKind::Action, "ec2:DescribeNetworkInterfaces");
    let says = |about: &str| found[0].facts.iter().filter(|fact| fact.about == about).count();
    assert_eq!(says("called by"), 0, "{found:?}");
}

#[test]
fn the_page_shows_what_the_command_prints() {
    let page = include_str!("../../../docs/explain.md");
    let (_, shown) = page
        .split_once("```console\n$ asg-recycle explain examples/minimal/stack.yaml ")
        .expect("it shows one");
    let (thing, shown) = shown.split_once('\n').expect("what it prints");
    let (shown, _) = shown.split_once("```").expect("its end");
    let minimal = include_str!("../../../examples/minimal/stack.yaml");
    Run::new(&["explain", "stack.yaml", thing])
        .file("stack.yaml", minimal)
        .env("COLUMNS", "80")
        .stdout(shown)
        .ok();
}

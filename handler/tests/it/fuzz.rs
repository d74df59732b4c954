//! Input that nobody would send: arbitrary bytes, the events of `templates/events/` with anything in them changed, and any tags.
//! The cases are the same in every run.

use std::collections::BTreeMap;
use std::fs;

use asg_recycle_handler::contract::TAGS;
use asg_recycle_handler::event;
use asg_recycle_handler::group::{Group, GroupTag};
use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::bench::{Bench, World, group, record, update};
use crate::local::function::stack_environment;

const SEED: u64 = 4;
/// Batches of ten records each.
const BATCHES: usize = 1_000;

/// Texts that events hold, and some that they should not.
const TEXTS: &[&str] = &[
    "",
    " ",
    "web-asg-1",
    "api-asg-1",
    "UpdateAutoScalingGroup",
    "CreateOrUpdateTags",
    "DeleteTags",
    "CreateLaunchTemplateVersion",
    "ModifyLaunchTemplate",
    "ABORTED",
    "FAILED",
    "autoscaling.amazonaws.com",
    "$Latest",
    "$Default",
    "true",
    "FALSE",
    "123456789012",
    "arn:aws:states:eu-west-2:123456789012:stateMachine:asg-recycle-test",
    "arn:aws:states:::stateMachine:",
    "{\"auto_scaling_group_name\": \"web-asg-1\"}",
    "{\"mode\": \"restore\"}",
    "[[[[",
    "\u{0}",
    "\u{202e}größe\n",
    "-asg-",
];

fn events() -> Vec<Value> {
    let folder = format!("{}/../templates/events", env!("CARGO_MANIFEST_DIR"));
    let files = fs::read_dir(folder).expect("the events").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = files.collect();
    files.sort(); // the order of a folder is not the same everywhere
    files.iter().map(|file| serde_json::from_slice(&fs::read(file).expect("a file")).expect("JSON")).collect()
}

/// Places of a value, as JSON pointers; its own is the first.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            let key = |key: &String| key.replace('~', "~0").replace('/', "~1");
            fields.iter().for_each(|(name, value)| places(value, &format!("{at}/{}", key(name)), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(place, item)| places(item, &format!("{at}/{place}"), found));
        }
        _ => {}
    }
}

fn anything(random: &mut Rng, depth: usize) -> Value {
    match random.usize(..if depth == 0 { 7 } else { 9 }) {
        0 => Value::Null,
        1 => json!(random.bool()),
        2 => json!(-1),
        3 => json!(1e300),
        4 => json!(u64::MAX),
        5 => json!("x".repeat(random.usize(..600))),
        6 => json!(TEXTS[random.usize(..TEXTS.len())]),
        7 => (0..random.usize(..4)).map(|_| anything(random, depth - 1)).collect(),
        _ => {
            let field = |random: &mut Rng| {
                (TEXTS[random.usize(..TEXTS.len())].to_owned(), anything(random, depth - 1))
            };
            Value::Object((0..random.usize(..4)).map(|_| field(random)).collect::<Map<_, _>>())
        }
    }
}

/// Changes one place of an event: another value, one of another event, nothing, or twice as much.
fn mutate(event: &mut Value, others: &[Value], random: &mut Rng) {
    let mut found = Vec::new();
    places(event, "", &mut found);
    let place = found[random.usize(..found.len())].clone();
    match random.usize(..4) {
        0 => *event.pointer_mut(&place).expect("found there") = anything(random, 3),
        1 => {
            let other = others[random.usize(..others.len())].clone();
            let mut theirs = Vec::new();
            places(&other, "", &mut theirs);
            let piece = other.pointer(&theirs[random.usize(..theirs.len())]).expect("found there").clone();
            *event.pointer_mut(&place).expect("found there") = piece;
        }
        2 => match event.pointer_mut(&place).expect("found there") {
            Value::Object(fields) => {
                let keys: Vec<String> = fields.keys().cloned().collect();
                if !keys.is_empty() {
                    fields.remove(&keys[random.usize(..keys.len())]);
                }
            }
            other => *other = Value::Null,
        },
        _ => match event.pointer_mut(&place).expect("found there") {
            Value::Array(items) => items.extend(items.clone()),
            Value::String(text) => text.push_str(TEXTS[random.usize(..TEXTS.len())]),
            _ => {}
        },
    }
}

/// An event's text with up to three changes, and now and then one in its bytes.
fn text(events: &[Value], random: &mut Rng) -> String {
    let mut event = events[random.usize(..events.len())].clone();
    for _ in 0..random.usize(..4) {
        mutate(&mut event, events, random);
    }
    let mut bytes = event.to_string().into_bytes();
    if random.usize(..8) == 0 {
        let place = random.usize(..bytes.len());
        bytes[place] = random.u8(..);
    }
    if random.usize(..16) == 0 {
        bytes.truncate(random.usize(..bytes.len()));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A group of that name whose tags ask for nothing, each in another way.
fn bystander(name: &str, random: &mut Rng) -> Group {
    let mut group = group(name, "out-in");
    let value = |value: &str| GroupTag { value: value.to_owned(), propagates: true };
    let opt_in = "autorecycle_recycle_on_asg_update".to_owned();
    match random.usize(..5) {
        0 => drop(group.tags.remove(&opt_in)),
        1 => drop(group.tags.insert(opt_in, value("False"))),
        2 => drop(group.tags.insert(opt_in, value(["", "yes", "1", "on", "tru\u{435}"][random.usize(..5)]))),
        3 => drop(group.tags.remove("autorecycle_strategy")),
        _ => drop(group.tags.insert("autorecycle_strategy".to_owned(), value("out in"))),
    }
    group
}

#[test]
fn arbitrary_bytes_are_an_error_and_no_panic() {
    let mut random = Rng::with_seed(SEED);
    let alphabet = b"{}[]\",:\\untrue0129.e+-\xc3\xa9\xff \n";
    let mut understood = 0;
    for _ in 0..20_000 {
        let length = random.usize(..80);
        let any = random.bool();
        let byte = |random: &mut Rng| {
            let place = random.usize(..if any { 256 } else { alphabet.len() });
            if any { u8::try_from(place).expect("a byte") } else { alphabet[place] }
        };
        let bytes: Vec<u8> = (0..length).map(|_| byte(&mut random)).collect();
        understood += usize::from(event::parse(&String::from_utf8_lossy(&bytes), "123456789012").is_ok());
    }
    assert_eq!(understood, 0);
    for opening in ["[", "{\"detail\":"] {
        event::parse(&opening.repeat(100_000), "123456789012").expect_err("it is too deep");
    }
}

#[test]
fn changed_events_panic_nowhere_and_start_nothing_on_a_group_that_did_not_opt_in() {
    let events = events();
    let mut random = Rng::with_seed(SEED);
    let (mut restores, mut failures) = (0, 0);
    for _ in 0..BATCHES {
        let groups: BTreeMap<_, _> = ["web-asg-1", "api-asg-1", "job-asg-1"]
            .map(|name| (name.to_owned(), bystander(name, &mut random)))
            .into();
        let bench = Bench::with(World { groups, ..World::default() });
        let texts: Vec<String> = (0..10).map(|_| text(&events, &mut random)).collect();
        let record = |(place, text): (usize, &String)| json!({"messageId": place.to_string(), "body": text});
        let records: Vec<Value> = texts.iter().enumerate().map(record).collect();
        failures += bench.failures(&records).len();
        for line in bench.lines() {
            let reason = line["reason"].as_str().unwrap_or_default();
            assert!(!reason.contains("panicked"), "{line}: {texts:#?}");
        }
        for input in bench.world.seen.lock().expect("no panic").executions.values() {
            assert_eq!(input["mode"], "restore", "{input}: {texts:#?}");
            restores += 1;
        }
    }
    let records = BATCHES * 10;
    assert!(
        failures > records / 20 && failures < records / 2,
        "{failures} of {records} fail: too tame or too wild"
    );
    assert!(restores > 0, "no dead execution came through");
}

/// Values of tags, sound ones and others.
const VALUES: &[&str] = &[
    "true",
    "TRUE",
    "False",
    "",
    "maybe",
    "out-in",
    "out-in-timed",
    "blue-green",
    "22:00,04:00",
    "Mon-Fri/Sun 09:30:01,16:00",
    "04:00,04:00:00",
    "\u{ff12}2:00,04:00",
    "Mon-\u{e9}t\u{e9} 1:00,2:00",
    ",",
    "Europe/London",
    "australia/lord_howe",
    "Mars/Base",
    "größe \u{1f980}",
];

#[test]
fn any_tags_panic_nowhere_and_only_sound_ones_start() {
    let mut random = Rng::with_seed(SEED);
    let (mut starts, mut rejections) = (0, 0);
    for round in 0..2_000 {
        let mut group = group("web-asg-1", "out-in");
        for tag in TAGS.iter().filter(|_| random.usize(..8) == 0).collect::<Vec<_>>() {
            let value = VALUES[random.usize(..VALUES.len())].to_owned();
            group.tags.insert(tag.key.to_owned(), GroupTag { value, propagates: false });
        }
        let bench =
            Bench::with(World { groups: [(group.name.clone(), group.clone())].into(), ..World::default() });
        let event = update(&round.to_string(), "web-asg-1");
        assert!(bench.failures(&[record("m", &event)]).is_empty(), "{group:?}");
        let seen = bench.world.seen.lock().expect("no panic");
        let is = |key: &str, values: &[&str]| {
            group.tag(key).is_none_or(|text| values.contains(&text.to_ascii_lowercase().as_str()))
        };
        if !seen.executions.is_empty() {
            assert!(is("autorecycle_recycle_on_asg_update", &["true"]), "{group:?}");
            assert!(is("autorecycle_strategy", &["out-in", "out-in-timed"]), "{group:?}");
            assert!(is("autorecycle_dry_run", &["true", "false"]), "{group:?}");
            assert!(is("autorecycle_time_zone", &["europe/london", "australia/lord_howe"]), "{group:?}");
            assert!(is("autorecycle_step_function_name", &[]), "{group:?}");
        }
        starts += seen.executions.len();
        rejections += seen.rejections.len();
    }
    assert!(starts > 200 && rejections > 200, "{starts} starts, {rejections} rejections: no variety");
}

#[test]
fn a_changed_death_restores_only_what_this_stacks_machine_left() {
    let events = events();
    let death = events.iter().find(|event| event.pointer("/detail/executionArn").is_some()).expect("a death");
    let mut random = Rng::with_seed(SEED);
    let machine = &stack_environment()["STATE_MACHINE_ARN"];
    let mut restores = 0;
    for _ in 0..BATCHES {
        let mut event = death.clone();
        (0..=random.usize(..3)).for_each(|_| mutate(&mut event, &events, &mut random));
        let bench = Bench::with_groups([]);
        bench.failures(&[json!({"messageId": "m", "body": event.to_string()})]);
        let seen = bench.world.seen.lock().expect("no panic");
        if let Some(input) = seen.executions.values().next() {
            let of = event.pointer("/detail/stateMachineArn").and_then(Value::as_str).expect("a machine");
            assert!(of == machine || of.starts_with(&format!("{machine}:")), "{event}");
            assert_eq!(input["mode"], "restore", "{event}");
            assert!(
                input["auto_scaling_group_name"].as_str().is_some_and(|name| !name.is_empty()),
                "{event}"
            );
            restores += 1;
        }
    }
    assert!(restores > BATCHES / 10, "{restores} of {BATCHES} came through");
}

//! The published JSON Schema of the execution input, against the inputs that are started.

use std::collections::BTreeSet;

use asg_recycle_handler::contract::{AskedFor, ExecutionInput, TriggerRecord, Window};
use boon::{Compiler, Schemas};
use serde_json::{Value, json};

use crate::bench::{Bench, World, group, update};

fn schema() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/execution-input.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect(path)).expect("JSON")
}

/// What breaks the schema in a value; `None` where nothing does.
fn violation(schema: &Value, value: &Value) -> Option<String> {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("https://asg-recycle/input", schema.clone()).expect("it is a schema");
    let input = compiler.compile("https://asg-recycle/input", &mut schemas).expect("it is a schema");
    schemas.validate(value, input).err().map(|error| format!("{error:#}\n  in {value}"))
}

/// An input of each kind: bare, with every optional tag and windows, and a restore of that.
fn inputs() -> Vec<Value> {
    let mut full = group("full-asg-1", "out-in-timed");
    for (key, value) in [
        ("slack_monitoring_channel", "#web"),
        ("notify_pager_duty", "TRUE"),
        ("team", "web"),
        ("step_function_name", "blue-green"),
        ("dry_run", "False"),
        ("recycle_window", "22:00,04:00"),
    ] {
        let tag = asg_recycle_handler::group::GroupTag { value: value.to_owned(), propagates: false };
        full.tags.insert(format!("autorecycle_{key}"), tag);
    }
    let groups = [("full-asg-1".to_owned(), full), ("bare-asg-1".to_owned(), group("bare-asg-1", "out-in"))];
    let mut bench = Bench::with(World { groups: groups.into(), ..World::default() });
    bench.settings.allowed_step_functions.insert("blue-green".to_owned());
    for name in ["full-asg-1", "bare-asg-1"] {
        bench.invoke(update(name, name)).expect("an answer");
    }
    let input = bench
        .world
        .seen
        .lock()
        .unwrap()
        .executions
        .values()
        .find(|input| input["component"] == "full")
        .cloned();
    let restore = json!({"id": "death", "detail": {
        "executionArn": "arn:dead", "status": "ABORTED", "input": input.expect("an input").to_string(),
        "stateMachineArn": "arn:aws:states:eu-west-2:123456789012:stateMachine:asg-recycle-test",
    }});
    bench.invoke(restore).expect("an answer");
    bench.world.seen.lock().unwrap().executions.values().cloned().collect()
}

#[test]
fn every_input_is_as_the_schema_says_and_has_no_key_that_it_leaves_out() {
    let schema = schema();
    let known = schema["properties"].as_object().expect("properties");
    let mut inputs = inputs();
    assert_eq!(inputs.len(), 3);
    let mut by_hand = inputs[0].clone();
    by_hand["despite_alarms"] = json!("true"); // no event asks for that
    inputs.push(by_hand);
    for input in &inputs {
        assert_eq!(violation(&schema, input), None);
        assert!(input.as_object().expect("an object").keys().all(|key| known.contains_key(key)), "{input}");
    }
    for key in known.keys() {
        assert!(inputs.iter().any(|input| input.get(key).is_some()), "no input has `{key}`");
    }
}

/// The names of all fields of a type: it does not compile while one is left out, or is not there.
macro_rules! fields {
    ($type:ident: $($field:ident)*) => {{
        let _ = |value: $type| { let $type { $($field: _),* } = value; };
        BTreeSet::from([$(stringify!($field)),*])
    }};
}

/// What the state machine reads is held to the schema by the generator's tests: a key that stood only in the type would
/// reach nobody.
#[test]
fn every_field_of_the_contract_is_a_key_of_the_schema() {
    let schema = schema();
    let properties = &schema["properties"];
    let input = fields!(ExecutionInput: account_id success_channel component auto_scaling_group_name emoji strategy
        monitoring_slack_channel notify_pager_duty team step_function_name dry_run despite_alarms version mode replace asked_for windows
        trigger restore_attempt);
    let asked_for = fields!(AskedFor: at launch_template launch_configuration template_version tags);
    let window = fields!(Window: opens_at closes_at);
    let trigger = fields!(TriggerRecord: event_name event_id execution_arn by);
    for (fields, published) in [
        (input, properties),
        (asked_for, &properties["asked_for"]["properties"]),
        (window, &properties["windows"]["items"]["properties"]),
        (trigger, &properties["trigger"]["properties"]),
    ] {
        let published: BTreeSet<_> =
            published.as_object().expect("properties").keys().map(String::as_str).collect();
        assert_eq!(fields, published);
    }
}

#[test]
fn the_schema_finds_fault_with_a_wrong_input() {
    let schema = schema();
    let sound = inputs().remove(0);
    for (key, wrong) in [
        ("account_id", json!("12")),
        ("component", json!("")),
        ("dry_run", json!(true)),
        ("despite_alarms", json!("yes")),
        ("notify_pager_duty", json!("yes")),
        ("version", json!("1")),
        ("mode", json!("other")),
        ("windows", json!([{"opens_at": "tomorrow", "closes_at": "2026-06-01T12:00:00Z"}])),
        ("trigger", json!({"event_name": "x", "other": 1})),
        ("trigger", json!({})),
        ("asked_for", json!({"at": "yesterday"})),
        ("asked_for", json!({"at": "2026-06-01T12:00:00Z", "tags": {"release": 7}})),
        ("asked_for", json!({"at": "2026-06-01T12:00:00Z", "other": 1})),
    ] {
        let mut input = sound.clone();
        input[key] = wrong;
        assert!(violation(&schema, &input).is_some(), "{input}");
    }
}

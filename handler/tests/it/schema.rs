//! The published JSON Schema of the execution input, against the inputs that are started.

use serde_json::{Value, json};

use crate::bench::{Bench, World, group, update};

fn schema() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/execution-input.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect(path)).expect("JSON")
}

/// Where and how a value breaks a schema, for the keywords that ours uses; a keyword that it does not know is a panic.
fn violations(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut demand =
        |holds: bool, what: &str| found.extend((!holds).then(|| format!("{at}: {what}: {value}")));
    let text = value.as_str().unwrap_or_default();
    let has = |key: &Value| value.get(key.as_str().expect("a key")).is_some();
    let bound = |bound: &Value| usize::try_from(bound.as_u64().expect("a bound")).expect("a small bound");
    let mut nested = Vec::new();
    for (keyword, rule) in schema.as_object().expect("a schema") {
        match keyword.as_str() {
            "$schema" | "title" | "description" => {}
            "type" => demand(rule == type_of(value), "type"),
            "const" => demand(rule == value, "const"),
            "enum" => demand(rule.as_array().expect("a list").contains(value), "enum"),
            "minLength" => demand(text.chars().count() >= bound(rule), "minLength"),
            "maxLength" => demand(text.chars().count() <= bound(rule), "maxLength"),
            "required" => demand(rule.as_array().expect("a list").iter().all(has), "required"),
            "format" => demand(text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok(), "format"),
            "pattern" if rule == "^[0-9]{12}$" => {
                demand(text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()), "pattern");
            }
            "pattern" if rule.as_str().is_some_and(|rule| rule.starts_with("^([Tt]")) => {
                demand(["true", "false"].contains(&text.to_ascii_lowercase().as_str()), "pattern");
            }
            "properties" => {
                for (key, schema) in rule.as_object().expect("properties") {
                    nested.extend(value.get(key).map(|value| (schema, value, format!("{at}/{key}"))));
                }
            }
            "additionalProperties" if rule == false => {
                let known = schema["properties"].as_object().expect("properties");
                demand(
                    value.as_object().is_some_and(|value| value.keys().all(|key| known.contains_key(key))),
                    "keys",
                );
            }
            "items" => nested
                .extend(value.as_array().into_iter().flatten().map(|value| (rule, value, at.to_owned()))),
            other => panic!("{at}: the keyword `{other}: {rule}` is not known here"),
        }
    }
    found.extend(nested.into_iter().flat_map(|(schema, value, at)| violations(schema, value, &at)));
    found
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Object(_) => "object",
        Value::Array(_) => "array",
        Value::String(_) => "string",
        _ => "other",
    }
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
    let inputs = inputs();
    assert_eq!(inputs.len(), 3);
    for input in &inputs {
        assert_eq!(violations(&schema, input, ""), Vec::<String>::new());
        assert!(input.as_object().expect("an object").keys().all(|key| known.contains_key(key)), "{input}");
    }
    for key in known.keys() {
        assert!(inputs.iter().any(|input| input.get(key).is_some()), "no input has `{key}`");
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
        ("notify_pager_duty", json!("yes")),
        ("version", json!("1")),
        ("mode", json!("other")),
        ("windows", json!([{"opens_at": "tomorrow", "closes_at": "2026-06-01T12:00:00Z"}])),
        ("trigger", json!({"event_name": "x", "other": 1})),
        ("trigger", json!({})),
    ] {
        let mut input = sound.clone();
        input[key] = wrong;
        assert!(!violations(&schema, &input, "").is_empty(), "{input}");
    }
}

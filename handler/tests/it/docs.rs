//! The names that `docs/handler.md` promises, against those of the code.

use asg_recycle_handler::contract::{API_CALLS, TAGS, VARIABLES};
use asg_recycle_handler::log::NAMESPACE;
use serde_json::Value;

use crate::bench::{Bench, record, update};

/// The part of the page under a heading.
fn section(heading: &str) -> &'static str {
    let page = include_str!("../../../docs/handler.md");
    let start = page.find(&format!("\n## {heading}\n")).expect(heading);
    let rest = &page[start + 4..];
    rest.find("\n## ").map_or(rest, |end| &rest[..end])
}

/// The first cells of a section's tables, as far as they are names.
fn names(section: &str) -> Vec<&str> {
    let cells = section.lines().filter_map(|line| line.strip_prefix('|')?.split('|').next());
    let quoted = cells
        .flat_map(|cell| cell.split(',').filter_map(|name| name.trim().strip_prefix('`')?.strip_suffix('`')));
    quoted.collect()
}

fn logged() -> Vec<Value> {
    let bench = Bench::with_groups(["web-asg-1"]);
    assert!(bench.failures(&[record("m-1", &update("e-1", "web-asg-1"))]).is_empty());
    bench.lines()
}

fn sorted<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort_unstable();
    names
}

#[test]
fn log_fields_and_metrics_are_those_that_are_written() {
    let lines = logged();
    let decision = lines.iter().find(|line| line["message"] == "decision").expect("a decision");
    let fields = decision.as_object().expect("an object").keys().map(String::as_str);
    assert_eq!(sorted(names(section("Logs"))), sorted(fields));
    let metrics = lines.iter().find(|line| line.get("_aws").is_some()).expect("metrics");
    let text = section("Metrics");
    for name in metrics.as_object().expect("an object").keys().filter(|name| *name != "_aws") {
        assert!(text.contains(&format!("`{name}`")), "{name} is not in the page");
    }
    assert!(text.contains(&format!("`{NAMESPACE}`")));
}

#[test]
fn payload_keys_are_those_of_the_schema() {
    let schema = include_str!("../../../docs/execution-input.schema.json");
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    let keys = schema["properties"].as_object().expect("properties").keys().map(String::as_str);
    assert_eq!(sorted(names(section("Payload"))), sorted(keys));
}

#[test]
fn settings_tags_and_calls_are_all_named() {
    let settings = section("Settings");
    for variable in VARIABLES {
        assert!(settings.contains(&format!("`{}`", variable.name)), "{}", variable.name);
    }
    assert_eq!(names(section("Tags")), TAGS.iter().map(|tag| tag.key).collect::<Vec<_>>());
    let page = include_str!("../../../docs/handler.md");
    for call in API_CALLS {
        assert!(page.contains(&format!("`{call}`")), "{call}");
    }
}

//! The format of scenarios as a JSON Schema and as a page, both made from the types that read them.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::description::Scenario;

const INTRODUCTION: &str = "\
<!-- Written from the types in generator/src/simulate/scenario/ and generator/simulator/src/world/; do not edit. -->
# Scenarios

A scenario is a YAML file for `asg-recycle simulate stack.yaml --scenario FILE`, or `local --offline`: a group, what happens
to it, and what is expected of the run. `asg-recycle simulate stack.yaml --list` shows those that come with a strategy, in
`templates/strategies/*/cases/`; `asg-recycle schema --scenario` prints the JSON Schema, for editors. All faults of a file are
told at once, each with its place.

```yaml
about: no room to double, and an instance dies on the way
group: {min: 3, desired: 3, max: 3, zones: [eu-west-2a, eu-west-2b]}
events:
  - at: 90s
    do: {kill: {which: new}}
expect:
  endings: [recycled]
  group: {max: 3, outdated: 0}
```

Every key may be left out unless its row says otherwise. A run without `expect` is to recycle; one with it is to end as
`endings` says, and the command exits with 1 where it does not, or where an invariant does not hold.
";

/// The JSON Schema of a scenario.
pub fn json_schema() -> Value {
    schemars::schema_for!(Scenario).to_value()
}

/// The reference of every key. `docs/scenarios.md` holds it.
pub fn reference() -> String {
    let schema = json_schema();
    let mut text = INTRODUCTION.to_owned();
    text += "\n## The file\n";
    push(&mut text, &schema);
    for (name, definition) in schema.get("$defs").and_then(Value::as_object).into_iter().flatten() {
        let _ = write!(text, "\n## {name}\n\n{}\n", described(definition)); // text takes text
        push(&mut text, definition);
    }
    text
}

fn push(text: &mut String, schema: &Value) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        text.push_str("\n| key | takes | meaning |\n|---|---|---|\n");
        for (key, value) in properties {
            let needed = if required.contains(&key.as_str()) { "; needed" } else { "" };
            let _ = writeln!(text, "| `{key}` | {}{needed} | {} |", takes(value), described(value));
        }
    }
    let variants = ["oneOf", "anyOf"].iter().filter_map(|key| schema.get(*key)?.as_array()).flatten();
    let mut rows = variants.flat_map(variant).peekable();
    if rows.peek().is_some() {
        text.push_str("\n| word | takes | meaning |\n|---|---|---|\n");
        rows.for_each(|row| text.push_str(&row));
    }
}

/// The rows of one alternative: a word, words, or a word with something after it.
fn variant(schema: &Value) -> Vec<String> {
    let about = described(schema);
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let row = |(word, value): (&String, &Value)| format!("| `{word}` | {} | {about} |\n", takes(value));
        return properties.iter().map(row).collect();
    }
    let words = schema.get("enum").and_then(Value::as_array).into_iter().flatten().chain(schema.get("const"));
    let words: Vec<String> =
        words.filter_map(Value::as_str).map(|word| format!("| `{word}` | | {about} |\n")).collect();
    if words.is_empty() && schema.get("$ref").or(schema.get("type")).is_some_and(|kind| kind != "null") {
        return vec![format!("| | {} | {about} |\n", takes(schema))];
    }
    words
}

/// The description, in one line that a table takes.
fn described(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
        .replace("[`", "`")
        .replace("`]", "`")
}

/// What a key takes, in words.
fn takes(schema: &Value) -> String {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    for key in ["anyOf", "oneOf", "allOf"] {
        let parts = schema.get(key).and_then(Value::as_array).into_iter().flatten();
        let parts: Vec<String> =
            parts.filter(|part| part.get("type") != Some(&"null".into())).map(takes).collect();
        if !parts.is_empty() {
            return parts.join(" or ");
        }
    }
    let of = |key: &str| schema.get(key).filter(|inner| inner.is_object()).map(takes);
    let kinds = match schema.get("type") {
        Some(Value::String(kind)) => vec![kind.as_str()],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    match kinds.iter().find(|kind| **kind != "null") {
        Some(&"string") => "text".to_owned(),
        Some(&"integer") => "a whole number".to_owned(),
        Some(&"boolean") => "`true` or `false`".to_owned(),
        Some(&"array") => format!("a list of {}", of("items").unwrap_or_else(|| "values".to_owned())),
        Some(&"object") => match schema.get("properties").and_then(Value::as_object) {
            Some(fields) => keys(fields),
            None => format!("a map to {}", of("additionalProperties").unwrap_or_else(|| "values".to_owned())),
        },
        _ => "any value".to_owned(),
    }
}

fn keys(fields: &Map<String, Value>) -> String {
    let each = fields.iter().map(|(name, value)| format!("`{name}`: {}", takes(value)));
    each.collect::<Vec<_>>().join(", ")
}

//! Values as YAML for CloudFormation: references become intrinsic functions.

use std::collections::BTreeMap;

use super::print::pascal;
use crate::stack::parameter::ParameterKey;
use crate::stack::value::{Attribute, Reference, Resource, ResourceKind, Value, When};

/// Spaces that a level is indented by.
const STEP: usize = 2;

/// What parameters override: the value that holds where they are left empty.
pub(super) type Overridden = BTreeMap<ParameterKey, Value>;

/// Prints values of one stack.
#[derive(Debug, Clone, Copy)]
pub(super) struct Printer<'a> {
    /// The stack's name.
    pub(super) name: &'a str,
    /// What stands in the template and is overridden where a parameter is given.
    pub(super) overridden: &'a Overridden,
}

impl Printer<'_> {
    /// What follows a key and its colon: a blank and one line, or lines indented by `indent` spaces.
    pub(super) fn after_key(&self, value: &Value, indent: usize) -> String {
        match self.inline(value) {
            Some(line) => format!(" {line}"),
            None => format!("\n{}", self.block(value, indent)),
        }
    }

    fn block(&self, value: &Value, indent: usize) -> String {
        let pad = " ".repeat(indent);
        let lines: Vec<String> = match value {
            Value::Map(entries) => entries
                .iter()
                .map(|(key, value)| format!("{pad}{}:{}", scalar(key), self.after_key(value, indent + STEP)))
                .collect(),
            Value::List(items) => {
                items.iter().map(|item| format!("{pad}- {}", self.item_of(item, indent))).collect()
            }
            other => vec![format!("{pad}{}", self.flow(other))],
        };
        lines.join("\n")
    }

    /// What follows an item's dash and blank.
    fn item_of(&self, item: &Value, indent: usize) -> String {
        self.inline(item).unwrap_or_else(|| self.block(item, indent + STEP).trim_start().to_owned())
    }

    /// The value on one line, unless it is better spread over several.
    fn inline(&self, value: &Value) -> Option<String> {
        match value {
            Value::Text(text) => Some(scalar(text)),
            Value::Map(entries) if !entries.is_empty() => None,
            Value::List(items)
                if !items.iter().all(|item| matches!(item, Value::Number(_) | Value::Bool(_))) =>
            {
                None
            }
            other => Some(self.flow(other)),
        }
    }

    /// The value in flow style, which JSON is part of: without references it is JSON.
    pub(super) fn flow(&self, value: &Value) -> String {
        match value {
            Value::Text(text) => quoted(text),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            Value::List(items) => {
                format!("[{}]", items.iter().map(|item| self.flow(item)).collect::<Vec<_>>().join(", "))
            }
            Value::Map(entries) if entries.is_empty() => "{}".to_owned(),
            Value::Map(entries) => {
                let entry = |(key, value): &(String, Value)| format!("{}: {}", quoted(key), self.flow(value));
                format!("{{ {} }}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
            Value::Reference(reference) => self.intrinsic(reference),
            Value::Joined(parts) => self.joined(parts),
            Value::When(when) => self.conditional(when),
        }
    }

    /// `Fn::Sub` reads parameters as they are given, so what they override is put in by name.
    fn joined(&self, parts: &[Value]) -> String {
        let text: String = parts.iter().map(|part| self.part(part)).collect();
        let own = parts.iter().filter_map(|part| match part {
            Value::Reference(reference @ Reference::Parameter(key)) if self.overridden.contains_key(key) => {
                Some(format!("{}: {}", parameter_name(*key), self.intrinsic(reference)))
            }
            _ => None,
        });
        let own: Vec<String> = own.collect();
        if own.is_empty() {
            return substituted(&text);
        }
        format!("{{ \"Fn::Sub\": [{}, {{ {} }}] }}", quoted(&text), own.join(", "))
    }

    /// A part of the text of `Fn::Sub`.
    fn part(&self, part: &Value) -> String {
        match part {
            Value::Text(text) => text.replace("${", "${!"),
            Value::Reference(reference) => self.placeholder(reference),
            other => panic!("joined values are texts and references, not {other:?}"),
        }
    }

    fn intrinsic(&self, reference: &Reference) -> String {
        match reference {
            Reference::Parameter(key) => match self.overridden.get(key) {
                Some(value) => {
                    choice(&overrides_name(*key), &referred(&parameter_name(*key)), &self.flow(value))
                }
                None => referred(&parameter_name(*key)),
            },
            Reference::Prefix => substituted(&self.placeholder(reference)),
            Reference::Partition => referred("AWS::Partition"),
            Reference::Region => referred("AWS::Region"),
            Reference::Account => referred("AWS::AccountId"),
            Reference::Attribute(resource, attribute) => {
                let id = logical_id(resource);
                match attribute_name(resource.kind, *attribute) {
                    Some(name) => format!("{{ \"Fn::GetAtt\": [{id}, {name}] }}"),
                    None => referred(&id),
                }
            }
        }
    }

    /// The reference within `Fn::Sub`.
    fn placeholder(&self, reference: &Reference) -> String {
        match reference {
            Reference::Parameter(key) => format!("${{{}}}", parameter_name(*key)),
            Reference::Prefix => format!("{}-${{{}}}", self.name, parameter_name(ParameterKey::Environment)),
            Reference::Partition => "${AWS::Partition}".to_owned(),
            Reference::Region => "${AWS::Region}".to_owned(),
            Reference::Account => "${AWS::AccountId}".to_owned(),
            Reference::Attribute(resource, attribute) => {
                let id = logical_id(resource);
                match attribute_name(resource.kind, *attribute) {
                    Some(name) => format!("${{{id}.{name}}}"),
                    None => format!("${{{id}}}"),
                }
            }
        }
    }

    fn conditional(&self, when: &When) -> String {
        let otherwise =
            when.otherwise.as_ref().map_or_else(|| referred("AWS::NoValue"), |value| self.flow(value));
        choice(&condition_name(when.given), &self.flow(&when.then), &otherwise)
    }
}

/// A value as the text of JSON, what is referred to put in as text: for what CloudFormation takes as JSON in a string.
pub(super) fn json_text(value: &Value) -> Value {
    let quoted = |parts: Vec<Value>| {
        let mark = || Value::from("\"");
        Value::joined([mark()].into_iter().chain(parts).chain([mark()]))
    };
    let escaped = |text: &str| {
        let json = serde_json::Value::from(text).to_string();
        Value::from(&json[1..json.len() - 1])
    };
    let separated = |items: Vec<Value>, (open, close): (&str, &str)| {
        let comma = |at: usize| Value::from(if at == 0 { "" } else { "," });
        let items = items.into_iter().enumerate().flat_map(|(at, item)| [comma(at), item]);
        Value::joined([open.into()].into_iter().chain(items).chain([close.into()]))
    };
    match value {
        Value::Text(text) => quoted(vec![escaped(text)]),
        Value::Number(number) => number.to_string().into(),
        Value::Bool(truth) => truth.to_string().into(),
        Value::List(items) => separated(items.iter().map(json_text).collect(), ("[", "]")),
        Value::Map(entries) => {
            let entry = |(key, value): &(String, Value)| {
                Value::joined([quoted(vec![escaped(key)]), ":".into(), json_text(value)])
            };
            separated(entries.iter().map(entry).collect(), ("{", "}"))
        }
        Value::Joined(parts) => quoted(
            parts
                .iter()
                .map(|part| match part {
                    Value::Text(text) => escaped(text),
                    other => other.clone(),
                })
                .collect(),
        ),
        Value::Reference(_) => quoted(vec![value.clone()]),
        Value::When(_) => panic!("a text cannot choose what is in it: {value:?}"),
    }
}

/// Text, in quotes where YAML would read something else.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:, ()".contains(c);
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let ends_well = text.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '.' || c == ')');
    let word = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
        .contains(&text.to_ascii_lowercase().as_str());
    if starts_well && ends_well && !word && text.chars().all(plain) && !text.contains(": ") {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// JSON's strings are YAML's double-quoted ones.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn substituted(text: &str) -> String {
    format!("{{ \"Fn::Sub\": {} }}", quoted(text))
}

fn choice(condition: &str, then: &str, otherwise: &str) -> String {
    format!("{{ \"Fn::If\": [{condition}, {then}, {otherwise}] }}")
}

fn referred(name: &str) -> String {
    let name = if name.contains("::") { quoted(name) } else { name.to_owned() };
    format!("{{ Ref: {name} }}")
}

/// The name of a parameter.
pub(super) fn parameter_name(key: ParameterKey) -> String {
    pascal(key.as_str())
}

/// The condition that an optional parameter is given.
pub(super) fn condition_name(key: ParameterKey) -> String {
    format!("Has{}", parameter_name(key))
}

/// The condition that a parameter overrides what stands in the template.
pub(super) fn overrides_name(key: ParameterKey) -> String {
    format!("Overrides{}", parameter_name(key))
}

/// Stable: another id would be another resource.
pub(super) fn logical_id(resource: &Resource) -> String {
    let kind = match resource.kind {
        ResourceKind::Function => "Function",
        ResourceKind::Key => "Key",
        ResourceKind::LogGroup => "LogGroup",
        ResourceKind::Machine => "Machine",
        ResourceKind::Queue => "Queue",
        ResourceKind::Role => "Role",
        ResourceKind::Rule => "Rule",
        ResourceKind::Topic => "Topic",
    };
    format!("{}{kind}", pascal(&resource.label))
}

/// The attribute for `Fn::GetAtt`; nothing where it is what `Ref` gives.
fn attribute_name(kind: ResourceKind, attribute: Attribute) -> Option<&'static str> {
    match (kind, attribute) {
        (ResourceKind::Machine | ResourceKind::Topic, Attribute::Arn)
        | (
            ResourceKind::Function
            | ResourceKind::Key
            | ResourceKind::LogGroup
            | ResourceKind::Role
            | ResourceKind::Rule,
            Attribute::Name,
        )
        | (_, Attribute::Url) => None,
        (_, Attribute::Arn) => Some("Arn"),
        (ResourceKind::Machine, Attribute::Name) => Some("Name"),
        (ResourceKind::Queue, Attribute::Name) => Some("QueueName"),
        (ResourceKind::Topic, Attribute::Name) => Some("TopicName"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::value::{EVENTS_QUEUE, MACHINE};

    #[track_caller]
    fn check(value: impl Into<Value>, expected: &str) {
        check_overriding(&Overridden::new(), value, expected);
    }

    #[track_caller]
    fn check_overriding(overridden: &Overridden, value: impl Into<Value>, expected: &str) {
        let printer = Printer { name: "demo", overridden };
        assert_eq!(printer.after_key(&value.into(), 2), expected);
    }

    #[test]
    fn words_that_yaml_reads_otherwise_are_quoted() {
        check("sqs:SendMessage", " sqs:SendMessage");
        check("2012-10-17", " \"2012-10-17\"");
        check("On", " \"On\"");
        check("a: b", " \"a: b\"");
        check("", " \"\"");
        check("*", " \"*\"");
    }

    #[test]
    fn references_are_intrinsic_functions() {
        check(EVENTS_QUEUE.arn(), " { \"Fn::GetAtt\": [EventsQueue, Arn] }");
        check(EVENTS_QUEUE.url(), " { Ref: EventsQueue }");
        check(MACHINE.arn(), " { Ref: RecycleMachine }");
        check(Value::prefixed("-x"), " { \"Fn::Sub\": \"demo-${Environment}-x\" }");
    }

    #[test]
    fn text_within_a_substitution_is_never_read_as_a_reference() {
        let value = Value::joined(["${x} in ".into(), Reference::Region.into()]);
        check(value, " { \"Fn::Sub\": \"${!x} in ${AWS::Region}\" }");
    }

    #[test]
    fn an_optional_property_is_left_out_where_nothing_is_given() {
        check(
            Value::optional(ParameterKey::RunbookUrl),
            " { \"Fn::If\": [HasRunbookUrl, { Ref: RunbookUrl }, { Ref: \"AWS::NoValue\" }] }",
        );
        check(
            Value::or_empty(ParameterKey::RunbookUrl),
            " { \"Fn::If\": [HasRunbookUrl, { Ref: RunbookUrl }, \"\"] }",
        );
    }

    #[test]
    fn what_a_parameter_overrides_stands_in_the_template() {
        let overridden = Overridden::from([(ParameterKey::RunbookUrl, "https://x".into())]);
        let given = "{ \"Fn::If\": [OverridesRunbookUrl, { Ref: RunbookUrl }, \"https://x\"] }";
        let value = Value::or_empty(ParameterKey::RunbookUrl);
        check_overriding(&overridden, value, &format!(" {{ \"Fn::If\": [HasRunbookUrl, {given}, \"\"] }}"));
        let joined = Value::joined(["See ".into(), Value::parameter(ParameterKey::RunbookUrl)]);
        let expected = format!(" {{ \"Fn::Sub\": [\"See ${{RunbookUrl}}\", {{ RunbookUrl: {given} }}] }}");
        check_overriding(&overridden, joined, &expected);
    }

    #[test]
    fn lists_of_maps_hang_on_their_dashes() {
        let item = Value::map([("a", Value::from(1)), ("b", Value::list(["x"]))]);
        check(
            Value::list([item.clone(), item]),
            "\n  - a: 1\n    b:\n      - x\n  - a: 1\n    b:\n      - x",
        );
    }
}

//! What can be asked of a state: where it goes, what it assigns, and every text in it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::types::{Kind, Rule, State, StateMachine};

/// A way from one state to another.
#[derive(Debug)]
pub struct Edge<'a> {
    /// Where it is written: `Next`, `Choices[0].Next`, `Default`, `Catch[1].Next`.
    pub field: String,
    /// The condition of a Choice's rule, as it is written.
    pub condition: Option<&'a Value>,
    /// The state it names.
    pub target: &'a str,
    /// What is assigned on this way.
    pub assign: &'a Map<String, Value>,
}

/// A text somewhere in a state.
#[derive(Debug)]
pub struct Text<'a> {
    /// Where it stands, as people write it: `Choices[0].Condition`.
    pub place: String,
    /// It.
    pub text: &'a str,
}

impl StateMachine {
    /// Every state with its name and the index of its scope.
    pub fn states(&self) -> impl Iterator<Item = (usize, &str, &State)> {
        self.scopes.iter().enumerate().flat_map(|(index, scope)| {
            scope.states.iter().map(move |(name, state)| (index, name.as_str(), state))
        })
    }
}

impl State {
    /// `Type`.
    pub fn type_name(&self) -> &str {
        self.fields.get("Type").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether an execution, or an iteration, can end here.
    pub fn is_end(&self) -> bool {
        self.next.is_none() && !matches!(self.kind, Kind::Choice { .. })
    }

    /// The rules of a Choice.
    pub fn rules(&self) -> &[Rule] {
        match &self.kind {
            Kind::Choice { rules, .. } => rules,
            _ => &[],
        }
    }

    /// Where it can go on to: what holds without an error, then errors.
    pub fn edges(&self) -> Vec<Edge<'_>> {
        let default = match &self.kind {
            Kind::Choice { default, .. } => default.as_ref(),
            _ => None,
        };
        let own = self
            .next
            .as_ref()
            .map(|next| ("Next", next))
            .into_iter()
            .chain(default.map(|to| ("Default", to)));
        let own = own.map(|(field, target)| Edge {
            field: field.to_owned(),
            condition: None,
            target,
            assign: &self.assign,
        });
        let rules = self.rules().iter().enumerate().map(|(index, rule)| Edge {
            field: format!("Choices[{index}].Next"),
            condition: Some(&rule.condition),
            target: &rule.next,
            assign: &rule.assign,
        });
        let catchers = self.catchers.iter().enumerate().map(|(index, catcher)| Edge {
            field: format!("Catch[{index}].Next"),
            condition: None,
            target: &catcher.next,
            assign: &catcher.assign,
        });
        own.chain(rules).chain(catchers).collect()
    }

    /// What it assigns, way by way.
    pub fn assigns(&self) -> impl Iterator<Item = &Map<String, Value>> {
        let rules = self.rules().iter().map(|rule| &rule.assign);
        let catchers = self.catchers.iter().map(|catcher| &catcher.assign);
        rules.chain(catchers).chain([&self.assign])
    }

    /// Every variable that it assigns on some way, with what.
    pub fn assignments(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.assigns().flatten().map(|(name, value)| (name.as_str(), value))
    }

    /// Every variable that it assigns on some way.
    pub fn assigned(&self) -> BTreeSet<&str> {
        self.assignments().map(|(name, _)| name).collect()
    }

    /// Every text in its fields, without those of the scopes inside it.
    pub fn texts(&self) -> Vec<Text<'_>> {
        self.fields.iter().flat_map(|(field, value)| texts(field, value)).collect()
    }
}

/// Every text in a value that stands at this place.
pub fn texts<'a>(place: &str, value: &'a Value) -> Vec<Text<'a>> {
    let mut texts = Vec::new();
    collect(value, &mut place.to_owned(), &mut texts);
    texts
}

fn collect<'a>(value: &'a Value, place: &mut String, texts: &mut Vec<Text<'a>>) {
    let length = place.len();
    match value {
        Value::String(text) => texts.push(Text { place: place.clone(), text }),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                place.push('[');
                place.push_str(&index.to_string());
                place.push(']');
                collect(item, place, texts);
                place.truncate(length);
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                place.push('.');
                place.push_str(key);
                collect(value, place, texts);
                place.truncate(length);
            }
        }
        _ => {}
    }
}

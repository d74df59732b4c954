//! Values of properties and the references between resources, in no format's words.

use std::borrow::Cow;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, serializing_for_value};
use serde::{Serialize, Serializer};

use super::parameter_key::ParameterKey;

/// The value of a property, as far as it is known before the stack is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", remote = "Self")]
pub enum Value {
    /// Text, as it is.
    Text(String),
    /// A whole number, in the unit that the property has.
    Number(u64),
    /// `true` or `false`.
    Bool(bool),
    /// A list.
    List(Vec<Value>),
    /// Names to values, in the order to print.
    Map(Vec<(String, Value)>),
    /// What something turns out to be once it is deployed.
    Reference(Reference),
    /// Text with references in it: texts and references only.
    Joined(Vec<Value>),
    /// One value where an optional parameter is given, another or nothing where it is not.
    When(Box<When>),
}

/// A choice on whether an optional parameter is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct When {
    /// The optional parameter that decides.
    pub given: ParameterKey,
    /// The value where it is given.
    pub then: Value,
    /// The value where it is not; the property is left out where there is none.
    pub otherwise: Option<Value>,
}

/// Something that is known only when the stack is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// The value of a parameter.
    Parameter(ParameterKey),
    /// What every name starts with: the stack's name and the environment.
    Prefix,
    /// `aws`, `aws-cn` or `aws-us-gov`.
    Partition,
    /// The region deployed to.
    Region,
    /// The account deployed to.
    Account,
    /// An attribute of another resource.
    Attribute(Resource, Attribute),
}

/// A resource that others refer to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resource {
    /// The kind of resource, which says what its attributes are called.
    pub kind: ResourceKind,
    /// Its label among those of its kind, in snake case. Each format builds its own stable name from it.
    pub label: Cow<'static, str>,
}

/// The kinds of resources that others refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum ResourceKind {
    Function,
    Key,
    LogGroup,
    Machine,
    Queue,
    Role,
    Rule,
    Topic,
}

/// An attribute of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// Its ARN; of a log group, the ARN of all its streams, which ends in `:*`.
    Arn,
    /// Its name; of a state machine, what follows the last `:` of its ARN; of a key its id.
    Name,
    /// Its URL: queues only.
    Url,
}

const fn resource(kind: ResourceKind, label: &'static str) -> Resource {
    Resource { kind, label: Cow::Borrowed(label) }
}

/// The queue of events.
pub const EVENTS_QUEUE: Resource = resource(ResourceKind::Queue, "events");
/// The queue of what could not be delivered or handled.
pub const DEAD_LETTERS_QUEUE: Resource = resource(ResourceKind::Queue, "dead_letters");
/// The Lambda function that decides.
pub const FUNCTION: Resource = resource(ResourceKind::Function, "handler");
/// The state machine that recycles.
pub const MACHINE: Resource = resource(ResourceKind::Machine, "recycle");
/// The topic that recycles are announced on.
pub const TOPIC: Resource = resource(ResourceKind::Topic, "recycles");
/// The role of the Lambda function.
pub const HANDLER_ROLE: Resource = resource(ResourceKind::Role, "handler");
/// The state machine's role.
pub const MACHINE_ROLE: Resource = resource(ResourceKind::Role, "machine");
/// The role by which CloudWatch Logs sends the logs on.
pub const LOG_SENDER_ROLE: Resource = resource(ResourceKind::Role, "log_sender");
/// The role of what looks for how long locks have been held.
pub const LOCK_WATCH_ROLE: Resource = resource(ResourceKind::Role, "lock_watch");
/// The stack's own key.
pub const KEY: Resource = resource(ResourceKind::Key, "stack");
/// The handler's log group.
pub const HANDLER_LOGS: Resource = resource(ResourceKind::LogGroup, "handler");
/// The state machine's log group.
pub const MACHINE_LOGS: Resource = resource(ResourceKind::LogGroup, "machine");

impl Resource {
    /// The rule with this label.
    pub fn rule(label: &'static str) -> Self {
        resource(ResourceKind::Rule, label)
    }

    /// A reference to its ARN; see [`Attribute::Arn`].
    pub fn arn(&self) -> Value {
        Value::Reference(Reference::Attribute(self.clone(), Attribute::Arn))
    }

    /// Its name; of a state machine, what follows the last `:` of its ARN.
    pub fn name(&self) -> Value {
        Value::Reference(Reference::Attribute(self.clone(), Attribute::Name))
    }

    /// A reference to its URL: of queues only.
    pub fn url(&self) -> Value {
        Value::Reference(Reference::Attribute(self.clone(), Attribute::Url))
    }
}

impl Value {
    /// A list.
    pub fn list<V: Into<Self>>(items: impl IntoIterator<Item = V>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }

    /// A map, in the order given.
    pub fn map<K: Into<String>, V: Into<Self>>(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }

    /// Texts and references end to end; neighbouring texts become one and empty ones go.
    pub fn joined(parts: impl IntoIterator<Item = Value>) -> Self {
        let mut joined: Vec<Self> = Vec::new();
        let parts = parts.into_iter().filter(|part| *part != Self::Text(String::new()));
        for part in parts {
            match (joined.last_mut(), part) {
                (_, Self::Joined(inner)) => joined.extend(inner),
                (Some(Self::Text(before)), Self::Text(text)) => before.push_str(&text),
                (_, part) => joined.push(part),
            }
        }
        match <[Self; 1]>::try_from(joined) {
            Ok([only]) => only,
            Err(joined) => Self::Joined(joined),
        }
    }

    /// The value of a parameter.
    pub fn parameter(key: ParameterKey) -> Self {
        Self::Reference(Reference::Parameter(key))
    }

    /// The value of an optional parameter; the property is left out where it is not given.
    pub fn optional(key: ParameterKey) -> Self {
        Self::When(Box::new(When { given: key, then: Self::parameter(key), otherwise: None }))
    }

    /// The value of an optional parameter, or empty text.
    pub fn or_empty(key: ParameterKey) -> Self {
        Self::when(key, Self::parameter(key), Self::from(""))
    }

    /// One value where an optional parameter is given and another where it is not.
    pub fn when(given: ParameterKey, then: Self, otherwise: Self) -> Self {
        Self::When(Box::new(When { given, then, otherwise: Some(otherwise) }))
    }

    /// A name: the prefix, then a suffix.
    pub fn prefixed(suffix: &str) -> Self {
        Self::joined([Reference::Prefix.into(), suffix.into()])
    }

    /// An ARN of this account and region by name, for what cannot be referred to without going in a circle.
    pub fn regional_arn(service: &str, resource: impl IntoIterator<Item = Value>) -> Self {
        let head = [
            "arn:".into(),
            Reference::Partition.into(),
            format!(":{service}:").into(),
            Reference::Region.into(),
            ":".into(),
            Reference::Account.into(),
            ":".into(),
        ];
        Self::joined(head.into_iter().chain(resource))
    }
}

/// Templates are handed a value whole, for they only pass it on to what prints it: taken apart for them and put together again, values
/// took a tenth of all that `generate` does.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializing_for_value() {
            minijinja::Value::from_object(self.clone()).serialize(serializer)
        } else {
            Value::serialize(self, serializer) // what is derived
        }
    }
}

impl Object for Value {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    /// Its text where it is one: prose says names without quotes.
    fn get_value(self: &Arc<Self>, key: &minijinja::Value) -> Option<minijinja::Value> {
        match (&**self, key.as_str()) {
            (Self::Text(text), Some("text")) => Some(text.into()),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<Reference> for Value {
    fn from(reference: Reference) -> Self {
        Self::Reference(reference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_texts_are_joined_into_one() {
        let joined = Value::joined(["a".into(), "b".into(), Reference::Region.into(), "".into(), "c".into()]);
        assert_eq!(joined, Value::Joined(vec!["ab".into(), Reference::Region.into(), "c".into()]));
    }

    #[test]
    fn one_part_alone_needs_no_joining() {
        assert_eq!(Value::joined(["a".into(), "b".into()]), Value::from("ab"));
        assert_eq!(Value::joined([Reference::Region.into()]), Value::Reference(Reference::Region));
    }

    #[test]
    fn a_value_survives_the_template_engine() {
        let value = Value::map([
            ("z", Value::optional(ParameterKey::RunbookUrl)),
            ("a", Value::list([EVENTS_QUEUE.arn(), Value::prefixed("-x"), true.into(), 3.into()])),
        ]);
        let passed = minijinja::Value::from(minijinja::value::Serde(&value));
        assert_eq!(passed.downcast_object_ref(), Some(&value));
        assert_eq!(
            serde_json::json!(Value::list([EVENTS_QUEUE.arn()]))["list"][0]["reference"]["attribute"][1],
            "arn"
        );
    }
}

//! What the values of a stack turn out to be in one account and region, its parameters at their defaults.

use serde_json::{Map, Value as Json};

use super::Stack;
use super::parameter::ParameterKey;
use super::value::{Attribute, EVENTS_QUEUE, Reference, Resource, ResourceKind, Value};

/// An account and a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: &'a str,
    /// The region's name.
    pub region: &'a str,
    /// The account's 12 digits.
    pub account: &'a str,
}

impl Stack {
    /// A value as it is deployed at a place; `None` where the property is left out.
    pub fn resolve(&self, value: &Value, place: Place<'_>) -> Option<Json> {
        let all = |values: &[Value]| values.iter().filter_map(|one| self.resolve(one, place)).collect();
        match value {
            Value::Text(text) => Some(text.as_str().into()),
            Value::Number(number) => Some((*number).into()),
            Value::Bool(truth) => Some((*truth).into()),
            Value::List(items) => Some(Json::Array(all(items))),
            Value::Map(entries) => {
                let resolved =
                    entries.iter().filter_map(|(name, one)| Some((name.clone(), self.resolve(one, place)?)));
                Some(Json::Object(resolved.collect::<Map<_, _>>()))
            }
            Value::Reference(reference) => self.refer(reference, place),
            Value::Joined(_) => Some(self.text(value, place).into()),
            Value::When(when) => match (self.is_given(when.given, place), &when.otherwise) {
                (true, _) => self.resolve(&when.then, place),
                (false, Some(otherwise)) => self.resolve(otherwise, place),
                (false, None) => None,
            },
        }
    }

    /// A text as it is deployed at a place; empty for a value that is left out or is no text.
    pub fn text(&self, value: &Value, place: Place<'_>) -> String {
        match value {
            Value::Joined(parts) => parts.iter().map(|part| self.text(part, place)).collect(),
            other => self
                .resolve(other, place)
                .and_then(|resolved| resolved.as_str().map(str::to_owned))
                .unwrap_or_default(),
        }
    }

    fn default(&self, key: ParameterKey, place: Place<'_>) -> Option<Json> {
        let parameter = self.parameters.iter().find(|parameter| parameter.key == key)?;
        self.resolve(parameter.default.as_ref()?, place)
    }

    /// As both formats decide it: a list without items is not given.
    fn is_given(&self, key: ParameterKey, place: Place<'_>) -> bool {
        self.default(key, place).is_some_and(|default| default != Json::Array(Vec::new()))
    }

    fn refer(&self, reference: &Reference, place: Place<'_>) -> Option<Json> {
        let text = match reference {
            Reference::Parameter(key) => return self.default(*key, place),
            Reference::Prefix => {
                let environment = self.text(&Value::parameter(ParameterKey::Environment), place);
                format!("{}-{environment}", self.name)
            }
            Reference::Partition => place.partition.to_owned(),
            Reference::Region => place.region.to_owned(),
            Reference::Account => place.account.to_owned(),
            Reference::Attribute(resource, Attribute::Name) => self.name_of(resource, place),
            Reference::Attribute(resource, Attribute::Arn) => self.arn_of(resource, place),
            Reference::Attribute(resource, Attribute::Url) => format!(
                "https://sqs.{}.amazonaws.com/{}/{}",
                place.region,
                place.account,
                self.name_of(resource, place)
            ),
        };
        Some(text.into())
    }

    fn name_of(&self, resource: &Resource, place: Place<'_>) -> String {
        let sender = self.log_subscriptions.as_ref().and_then(|all| all.sender.as_ref());
        let watch = self.lock_watch.as_ref().map(|watch| &watch.role);
        let mut roles = [&self.iam.handler, &self.iam.machine].into_iter().chain(sender).chain(watch);
        let named = match resource.kind {
            ResourceKind::Function => Some(&self.function.name),
            ResourceKind::Key => None, // AWS names it
            ResourceKind::LogGroup => {
                self.logs.iter().find(|one| one.resource == *resource).map(|one| &one.name)
            }
            ResourceKind::Machine => Some(&self.machine.name),
            ResourceKind::Queue if *resource == EVENTS_QUEUE => Some(&self.queue.events.name),
            ResourceKind::Queue => Some(&self.queue.dead_letters.name),
            ResourceKind::Role => roles.find(|one| one.resource == *resource).map(|one| &one.name),
            ResourceKind::Rule => {
                self.rules.iter().find(|one| one.label == resource.label).map(|one| &one.name)
            }
            ResourceKind::Topic => Some(&self.topic.name),
        };
        named.map(|value| self.text(value, place)).unwrap_or_default()
    }

    fn arn_of(&self, resource: &Resource, place: Place<'_>) -> String {
        let name = self.name_of(resource, place);
        let Place { partition, region, account } = place;
        let regional =
            |service: &str, rest: &str| format!("arn:{partition}:{service}:{region}:{account}:{rest}{name}");
        match resource.kind {
            ResourceKind::Function => regional("lambda", "function:"),
            ResourceKind::Key => regional("kms", "key/"),
            ResourceKind::LogGroup => regional("logs", "log-group:") + ":*",
            ResourceKind::Machine => regional("states", "stateMachine:"),
            ResourceKind::Queue => regional("sqs", ""),
            ResourceKind::Role => {
                let path = self.text(&Value::parameter(ParameterKey::RolePath), place);
                let path = if path.is_empty() { "/" } else { &path };
                format!("arn:{partition}:iam::{account}:role{path}{name}")
            }
            ResourceKind::Rule => regional("events", "rule/"),
            ResourceKind::Topic => regional("sns", ""),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::Config;
    use crate::construct::AsgRecycle;

    const HERE: Place<'static> = Place { partition: "aws", region: "eu-west-2", account: "123456789012" };

    fn stack() -> AsgRecycle {
        let mut config = Config::with_defaults("demo".parse().unwrap());
        config.environment = "test".parse().unwrap();
        config.handler.allowed_step_functions = vec!["other".parse().unwrap()].try_into().unwrap();
        AsgRecycle::from_config(config).expect("it builds")
    }

    #[test]
    fn the_handlers_environment_is_resolved_to_what_it_reads() {
        let recycle = stack();
        let stack = recycle.stack();
        let environment = stack.resolve(&stack.function.environment, HERE).expect("there is one");
        let machine = "arn:aws:states:eu-west-2:123456789012:stateMachine:demo-test";
        assert!(environment.as_object().is_some_and(|all| all.values().any(|value| value == machine)));
        let roles = "arn:aws:iam::123456789012:role/demo-test-handler-eu-west-2,\
                     arn:aws:iam::123456789012:role/demo-test-machine-eu-west-2";
        assert!(
            environment.as_object().is_some_and(|all| all.values().any(|value| value == roles)),
            "{environment}"
        );
    }

    #[test]
    fn a_value_of_a_parameter_that_is_not_given_is_left_out() {
        let recycle = stack();
        assert_eq!(recycle.stack().resolve(&Value::optional(ParameterKey::RunbookUrl), HERE), None);
        assert_eq!(
            recycle.stack().resolve(&Value::or_empty(ParameterKey::RunbookUrl), HERE),
            Some(json!(""))
        );
        assert_eq!(
            recycle.stack().resolve(&Value::list([Value::optional(ParameterKey::RunbookUrl)]), HERE),
            Some(json!([]))
        );
    }

    #[test]
    fn a_list_without_items_is_not_given() {
        let recycle = stack();
        let told = Value::when(
            ParameterKey::AlarmActionArns,
            Value::parameter(ParameterKey::AlarmActionArns),
            "otherwise".into(),
        );
        assert_eq!(recycle.stack().resolve(&told, HERE), Some(json!("otherwise")));
    }
}

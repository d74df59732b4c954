//! What a stack describes, read from the `Stack` itself. What the templates state and the model does not, such as that
//! a queue is encrypted, stands here once.

use std::collections::BTreeMap;

use asg_recycle::stack::value::{Attribute, Reference, Resource, ResourceKind, Value as Model};
use asg_recycle::stack::{
    Alarm, Code, EventRule, LogGroup, MetricFilter, Policy, Queue, Repository, Role, Stack,
};
use serde_json::{Map, Value, json};

use super::{Inventory, Optional};

/// The resources that a deployment makes.
pub(super) fn inventory(stack: &Stack, optional: Optional) -> Inventory {
    let seen = Seen { stack, optional };
    let mut all = vec![seen.function(), seen.event_source(), seen.machine(), seen.table()];
    all.extend(stack.repository.iter().map(|repository| seen.repository(repository)));
    all.extend(stack.rules.iter().map(|rule| seen.rule(rule)));
    all.extend(seen.queues());
    all.extend(seen.topic());
    all.extend(seen.keys());
    all.extend(seen.roles());
    all.extend(seen.function_alias());
    all.extend(seen.log_subscriptions());
    all.extend(seen.lock_watch());
    all.extend(seen.dashboard());
    all.extend(stack.logs.iter().map(|group| seen.log_group(group)));
    all.extend(stack.metric_filters.iter().map(|filter| seen.metric_filter(filter)));
    all.extend(stack.alarms.iter().map(|alarm| seen.alarm(alarm)));
    all.into_iter().map(|(id, properties)| (id, without_nothing(properties))).collect()
}

/// The values of the outputs by name.
pub(super) fn outputs(stack: &Stack) -> BTreeMap<String, Value> {
    let outputs = stack.outputs.iter();
    outputs.map(|output| (output.key.to_owned(), value(stack, &output.value))).collect()
}

/// A value where every optional parameter is given.
pub(super) fn value(stack: &Stack, value: &Model) -> Value {
    Seen { stack, optional: Optional::Given }.value(value)
}

/// What is not given is left out.
fn without_nothing(mut properties: Value) -> Value {
    let map = properties.as_object_mut().expect("properties are a map");
    map.retain(|_, value| !value.is_null());
    if map.get("tags").and_then(Value::as_object).is_some_and(Map::is_empty) {
        map.remove("tags");
    }
    properties
}

/// A stack as it is deployed.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) stack: &'a Stack,
    optional: Optional,
}

pub(super) type Found = (String, Value);

impl Seen<'_> {
    /// The value, or nothing.
    pub(super) fn value(self, value: &Model) -> Value {
        match value {
            Model::Text(text) => text.as_str().into(),
            Model::Number(number) => (*number).into(),
            Model::Bool(truth) => (*truth).into(),
            Model::List(items) => {
                items.iter().map(|item| self.value(item)).filter(|item| !item.is_null()).collect()
            }
            Model::Map(entries) => {
                let entries = entries.iter().map(|(name, value)| (name.clone(), self.value(value)));
                entries.filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>().into()
            }
            Model::Reference(reference) => self.reference(reference),
            Model::Joined(parts) => {
                let parts = parts.iter().map(|part| self.value(part));
                parts.map(|part| part.as_str().expect("parts are text").to_owned()).collect::<String>().into()
            }
            Model::When(when) => {
                let given = !self.value(&Model::parameter(when.given)).is_null();
                match &when.otherwise {
                    _ if given => self.value(&when.then),
                    Some(otherwise) => self.value(otherwise),
                    None => Value::Null,
                }
            }
        }
    }

    fn reference(self, reference: &Reference) -> Value {
        let token = match reference {
            Reference::Parameter(key) => {
                let parameter = self.stack.parameters.iter().find(|each| each.key == *key);
                return self.optional.value(parameter.expect("it is a parameter")).unwrap_or(Value::Null);
            }
            Reference::Prefix => format!("{}-{{environment}}", self.stack.name),
            Reference::Partition => "{partition}".to_owned(),
            Reference::Region => "{region}".to_owned(),
            Reference::Account => "{account}".to_owned(),
            Reference::Attribute(resource, attribute) => attribute_of(resource, *attribute),
        };
        token.into()
    }

    /// A key, or nothing.
    pub(super) fn key(self, arn: Option<&Model>) -> Value {
        arn.map_or(Value::Null, |arn| self.value(arn))
    }

    fn keys(self) -> Vec<Found> {
        let Some(key) = &self.stack.key else { return Vec::new() };
        let mut tags = json!(self.stack.tags);
        tags[key.tag.0] = self.value(&key.tag.1);
        let properties = json!({
            "description": key.description,
            "rotated": true,
            "deletion_days": key.deletion_days,
            "policy": self.policy(&key.policy),
            "tags": tags,
        });
        let alias = json!({ "name": self.value(&key.alias), "key": "{key.stack.name}" });
        vec![("key.stack".to_owned(), properties), ("alias.stack".to_owned(), alias)]
    }

    pub(super) fn policy(self, policy: &Policy) -> Value {
        self.value(&policy.to_value())
    }

    fn rule(self, rule: &EventRule) -> Found {
        let target = &rule.target;
        let properties = json!({
            "name": self.value(&rule.name),
            "description": rule.description,
            "pattern": self.value(&rule.pattern),
            "target_id": target.id,
            "target_arn": self.value(&target.arn),
            "dead_letter_arn": self.value(&target.dead_letter_arn),
            "retry_attempts_max": target.retry_attempts_max,
            "event_age_seconds_max": target.event_age_seconds_max,
            "tags": self.stack.tags,
        });
        (format!("rule.{}", rule.label), properties)
    }

    fn queues(self) -> [Found; 4] {
        let queues = &self.stack.queue;
        let queue = |queue: &Queue, name: &str, settings: Value| {
            let properties = json!({
                "name": self.value(&queue.name),
                "visibility_timeout_seconds": queue.visibility_timeout_seconds,
                "retention_seconds": queue.retention_seconds,
                "encrypted": queue.key_arn.is_none().then_some(true),
                "key": self.key(queue.key_arn.as_ref()),
                "tags": self.stack.tags,
                name: settings,
            });
            properties
        };
        let policy = |queue: &Queue, label: &str| json!({ "queue_url": format!("{{queue.{label}.url}}"), "policy": self.policy(&queue.policy) });
        let dead_letters = json!({
            "deadLetterTargetArn": self.value(&queues.dead_letters.arn),
            "maxReceiveCount": queues.receive_count_max,
        });
        let dead_letters_of = json!({
            "redrivePermission": "byQueue",
            "sourceQueueArns": [self.value(&queues.dead_letters_of_arn)],
        });
        [
            ("queue.events".to_owned(), queue(&queues.events, "dead_letters", dead_letters)),
            (
                "queue.dead_letters".to_owned(),
                queue(&queues.dead_letters, "dead_letters_of", dead_letters_of),
            ),
            ("queue_policy.events".to_owned(), policy(&queues.events, "events")),
            ("queue_policy.dead_letters".to_owned(), policy(&queues.dead_letters, "dead_letters")),
        ]
    }

    fn function(self) -> Found {
        let function = &self.stack.function;
        let (zip, image) = match &function.code {
            Code::Zip(zip) => (Some(zip), None),
            Code::Image { uri } => (None, Some(uri)),
        };
        let properties = json!({
            "name": self.value(&function.name),
            "description": function.description,
            "role_arn": self.value(&function.role_arn),
            "package_type": image.map(|_| "Image"),
            "image_uri": image.map(|uri| self.value(uri)),
            "runtime": zip.map(|zip| zip.runtime),
            "handler": zip.map(|zip| zip.handler),
            "architectures": [function.architecture],
            "memory_megabytes": function.memory_megabytes,
            "timeout_seconds": function.timeout_seconds,
            "reserved_concurrency": function.reserved_concurrency,
            "s3_bucket": zip.map(|_| "{handler_s3_bucket}"),
            "s3_key": zip.map(|_| "{handler_s3_key}"),
            "environment": self.value(&function.environment),
            "log_format": "JSON",
            "log_level": self.value(&function.log_level),
            "log_group": self.value(&function.log_group),
            "tracing": function.tracing,
            "subnet_ids": function.network.as_ref().map(|network| self.value(&network.subnet_ids)),
            "security_group_ids": function.network.as_ref().map(|network| self.value(&network.security_group_ids)),
            "key": self.key(function.key_arn.as_ref()),
            "code_signing_config_arn": self.key(function.code_signing_config_arn.as_ref()),
            "published": function.alias.as_ref().map(|_| true),
            "tags": self.stack.tags,
        });
        ("function.handler".to_owned(), properties)
    }

    fn repository(self, repository: &Repository) -> Found {
        let properties = json!({
            "name": repository.name,
            "tag_mutability": "IMMUTABLE",
            "scanned": true,
            "encryption": "AES256",
            "lifecycle": self.value(&repository.lifecycle),
            "policy": self.policy(&repository.policy),
            "tags": self.stack.tags,
        });
        ("repository.handler".to_owned(), properties)
    }

    fn event_source(self) -> Found {
        let source = &self.stack.function.source;
        let called = if self.stack.function.alias.is_some() { "function_alias" } else { "function" };
        let properties = json!({
            "queue_arn": self.value(&source.queue_arn),
            "function_arn": format!("{{{called}.handler.arn}}"),
            "batch_size": source.batch_size,
            "batching_window_seconds": source.batching_window_seconds,
            "concurrency_max": source.concurrency_max,
            "response_types": ["ReportBatchItemFailures"],
            "tags": self.stack.tags,
        });
        ("event_source.events".to_owned(), properties)
    }

    fn machine(self) -> Found {
        let machine = &self.stack.machine;
        let mut definition = machine.definition.to_string();
        for (name, value) in self.value(&machine.substitutions).as_object().expect("a map") {
            let value = value.as_str().expect("names and ARNs are text");
            definition = definition.replace(&format!("${{{name}}}"), value);
        }
        let properties = json!({
            "name": self.value(&machine.name),
            "type": "STANDARD",
            "role_arn": self.value(&machine.role_arn),
            "definition": definition,
            "log_level": machine.log_level,
            "logs_data": true,
            "log_group_arn": self.value(&machine.log_group_arn),
            "tracing": machine.tracing,
            "tags": self.stack.tags,
        });
        ("machine.recycle".to_owned(), properties)
    }

    fn table(self) -> Found {
        let table = &self.stack.lock;
        let properties = json!({
            "name": self.value(&table.name),
            "billing_mode": "PAY_PER_REQUEST",
            "hash_key": table.hash_key,
            "attribute": table.hash_key,
            "attribute_type": "S",
            "deletion_protection": self.value(&table.deletion_protection),
            "recoverable": true,
            "encrypted": true,
            "key": self.key(table.key_arn.as_ref()),
            "tags": self.stack.tags,
        });
        ("table.locks".to_owned(), properties)
    }

    fn topic(self) -> Vec<Found> {
        let topic = &self.stack.topic;
        let properties = json!({
            "name": self.value(&topic.name),
            "display_name": self.value(&topic.display_name),
            "key": self.value(&topic.key),
            "tags": self.stack.tags,
        });
        let policy = json!({ "topic_arn": self.value(&topic.arn), "policy": self.policy(&topic.policy) });
        let mut found =
            vec![("topic.recycles".to_owned(), properties), ("topic_policy.recycles".to_owned(), policy)];
        let endpoint = self.value(&topic.pager.endpoint);
        if !endpoint.is_null() {
            let pager = json!({
                "topic_arn": self.value(&topic.arn),
                "protocol": "https",
                "endpoint": endpoint,
                "filter": self.value(&topic.pager.filter),
                "filter_scope": "MessageAttributes",
            });
            found.push(("subscription.pager_duty".to_owned(), pager));
        }
        found
    }

    fn roles(self) -> Vec<Found> {
        let iam = &self.stack.iam;
        let roles = [&iam.handler, &iam.machine].into_iter().filter(|role| role.given_arn.is_none());
        let mut found: Vec<Found> = roles.map(|role| self.role(role)).collect();
        if iam.machine.given_arn.is_none() {
            let notifier = json!({
                "name": iam.notifier.name,
                "role_name": attribute_of(&iam.machine.resource, Attribute::Name),
                "policy": self.policy(&iam.notifier.document),
            });
            found.push(("role_policy.notifier".to_owned(), notifier));
        }
        found
    }

    pub(super) fn role(self, role: &Role) -> Found {
        let properties = json!({
            "name": self.value(&role.name),
            "description": role.description,
            "path": self.value(&role.path),
            "boundary": self.value(&role.boundary),
            "trust": self.policy(&role.trust),
            "policy_name": role.policy.name,
            "policy": self.policy(&role.policy.document),
            "tags": self.stack.tags,
        });
        (format!("role.{}", role.resource.label), properties)
    }

    fn log_group(self, group: &LogGroup) -> Found {
        let properties = json!({
            "name": self.value(&group.name),
            "retention_days": self.value(&group.retention_days),
            "key": self.key(group.key_arn.as_ref()),
            "tags": self.stack.tags,
        });
        (format!("log_group.{}", group.resource.label), properties)
    }

    fn metric_filter(self, filter: &MetricFilter) -> Found {
        let properties = json!({
            "name": filter.name,
            "log_group_name": self.value(&filter.log_group),
            "pattern": filter.pattern,
            "metric": filter.metric,
            "namespace": self.value(&filter.namespace),
            "counts": "1",
        });
        (format!("metric_filter.{}", filter.label), properties)
    }

    fn alarm(self, alarm: &Alarm) -> Found {
        let dimensions = alarm.dimension.iter().map(|(name, of)| ((*name).to_owned(), self.value(of)));
        let dimensions: Map<_, _> = dimensions.collect();
        let properties = json!({
            "name": self.value(&alarm.name),
            "description": self.value(&alarm.description),
            "namespace": self.value(&alarm.namespace),
            "metric": alarm.metric,
            "dimensions": (!dimensions.is_empty()).then_some(dimensions),
            "statistic": alarm.statistic,
            "period_seconds": alarm.period_seconds,
            "evaluation_periods": alarm.evaluation_periods,
            "threshold": alarm.threshold,
            "comparison": alarm.comparison,
            "missing_data": alarm.missing_data,
            "action_arns": self.value(&alarm.action_arns),
            "clear_arns": self.value(&alarm.action_arns),
            "tags": self.stack.tags,
        });
        (format!("alarm.{}", alarm.label), properties)
    }
}

/// The ARN of a log group stands for all its streams.
pub(super) fn attribute_of(resource: &Resource, attribute: Attribute) -> String {
    let [kind, attribute_name] = [json!(resource.kind), json!(attribute)]
        .map(|word| word.as_str().expect("it is written as a word").to_owned());
    let streams =
        if (resource.kind, attribute) == (ResourceKind::LogGroup, Attribute::Arn) { ":*" } else { "" };
    format!("{{{kind}.{}.{attribute_name}}}{streams}", resource.label)
}

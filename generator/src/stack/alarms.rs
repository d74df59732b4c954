//! An alarm for every way in which an event or a recycle can fail.

use serde::Serialize;

use super::parameter::ParameterKey;
use super::queue::Queues;
use super::rule::EventRule;
use super::value::{DEAD_LETTERS_QUEUE, EVENTS_QUEUE, FUNCTION, MACHINE, TOPIC, Value};

/// An alarm that fires when the statistic of one period reaches the threshold. Silence is health: none of the
/// metrics is published when nothing happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alarm {
    /// Its label among the alarms.
    pub label: String,
    /// Its name, unique in the account and region.
    pub name: Value,
    /// What happened, what to do, and the runbook where there is one.
    pub description: Value,
    /// The service that publishes the metric, e.g. `AWS/SQS`.
    pub namespace: &'static str,
    /// The metric's name, as the service spells it.
    pub metric: &'static str,
    /// Which resource's metric: the dimension's name and value.
    pub dimension: (&'static str, Value),
    /// How a period's data points become one.
    pub statistic: &'static str,
    /// Value from which it fires.
    pub threshold: u32,
    /// How threshold and value are compared.
    pub comparison: &'static str,
    /// Length of a period.
    pub period_seconds: u32,
    /// Periods that all have to reach the threshold.
    pub evaluation_periods: u32,
    /// What a period without data means.
    pub missing_data: &'static str,
    /// ARNs told when it fires and when it clears.
    pub action_arns: Value,
}

const PERIOD_SECONDS: u32 = 300;

/// An event may wait this long before somebody is told, even where the handler's time limit is short.
const QUEUE_AGE_SECONDS_MIN: u32 = 900;

/// What is watched on one resource.
struct Watched {
    namespace: &'static str,
    dimension: (&'static str, Value),
}

pub(super) fn alarms(rules: &[EventRule], queue: &Queues) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    alarms.extend(function());
    alarms.extend(queues(queue));
    alarms.extend(rules.iter().flat_map(deliveries));
    alarms.extend(machine());
    alarms.extend(topic());
    alarms
}

fn function() -> [Alarm; 2] {
    let function = Watched { namespace: "AWS/Lambda", dimension: ("FunctionName", FUNCTION.name()) };
    [
        function.counts(
            "handler_errors",
            "Errors",
            "The handler failed; its events are tried again. Read its log.",
        ),
        function.counts(
            "handler_throttles",
            "Throttles",
            "The handler was throttled; its events wait. Look at the account's and its own concurrency.",
        ),
    ]
}

fn queues(queue: &Queues) -> [Alarm; 2] {
    let events = Watched { namespace: "AWS/SQS", dimension: ("QueueName", EVENTS_QUEUE.name()) };
    let dead = Watched { namespace: "AWS/SQS", dimension: ("QueueName", DEAD_LETTERS_QUEUE.name()) };
    let age = events.counts(
        "queue_age",
        "ApproximateAgeOfOldestMessage",
        "An event has waited too long: the handler is not keeping up or keeps failing. Read its log.",
    );
    let depth = dead.counts(
        "dead_letters",
        "ApproximateNumberOfMessagesVisible",
        "An event could not be handled. Read the dead letter and the handler's log, then redrive it.",
    );
    // One failed attempt hides a message for the visibility timeout and is no reason to wake anybody.
    let threshold = QUEUE_AGE_SECONDS_MIN.max(2 * queue.events.visibility_timeout_seconds);
    [Alarm { statistic: "Maximum", threshold, ..age }, Alarm { statistic: "Maximum", ..depth }]
}

fn deliveries(rule: &EventRule) -> [Alarm; 2] {
    let watched = Watched { namespace: "AWS/Events", dimension: ("RuleName", rule.resource().name()) };
    [
        watched.counts(
            &format!("{}_undelivered", rule.label),
            "FailedInvocations",
            "EventBridge could not deliver an event to the queue. Look at the queue's policy and the dead letters.",
        ),
        watched.counts(
            &format!("{}_lost", rule.label),
            "InvocationsFailedToBeSentToDlq",
            "EventBridge lost an event: neither queue took it. Look at the policies of both queues.",
        ),
    ]
}

fn machine() -> [Alarm; 4] {
    let machine = Watched { namespace: "AWS/States", dimension: ("StateMachineArn", MACHINE.arn()) };
    [
        machine.counts(
            "recycles_failed",
            "ExecutionsFailed",
            "A recycle failed. Read its execution's error and cause.",
        ),
        machine.counts(
            "recycles_timed_out",
            "ExecutionsTimedOut",
            "A recycle timed out. A restore follows by itself; see that the group is as it should be.",
        ),
        machine.counts(
            "recycles_aborted",
            "ExecutionsAborted",
            "A recycle was stopped. A restore follows by itself; see that the group is as it should be.",
        ),
        machine.counts(
            "recycles_throttled",
            "ExecutionThrottled",
            "Step Functions throttled recycles. Look at the account's state transition quota.",
        ),
    ]
}

fn topic() -> [Alarm; 1] {
    let topic = Watched { namespace: "AWS/SNS", dimension: ("TopicName", TOPIC.name()) };
    [topic.counts(
        "notifications_failed",
        "NumberOfNotificationsFailed",
        "A notification did not reach a subscriber. Look at the topic's subscriptions.",
    )]
}

impl Watched {
    /// An alarm that fires at the first occurrence.
    fn counts(&self, label: &str, metric: &'static str, story: &str) -> Alarm {
        let with_runbook = [story.into(), " Runbook: ".into(), Value::parameter(ParameterKey::RunbookUrl)];
        Alarm {
            label: label.to_owned(),
            name: Value::prefixed(&format!("-{}", label.replace('_', "-"))),
            description: Value::when(ParameterKey::RunbookUrl, Value::joined(with_runbook), story.into()),
            namespace: self.namespace,
            metric,
            dimension: self.dimension.clone(),
            statistic: "Sum",
            threshold: 1,
            comparison: "GreaterThanOrEqualToThreshold",
            period_seconds: PERIOD_SECONDS,
            evaluation_periods: 1,
            missing_data: "notBreaching",
            action_arns: Value::optional(ParameterKey::AlarmActionArns),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, TimeoutSeconds};
    use crate::stack::{queue, rule};

    fn of(config: &Config) -> Vec<Alarm> {
        let rules = rule::rules(config);
        alarms(&rules, &queue::queues(config, &rules))
    }

    #[test]
    fn every_rule_has_an_alarm_for_events_undelivered_and_lost() {
        let mut config = Config::with_defaults("demo".parse().unwrap());
        config.trigger.launch_template_versions = true;
        let labels: Vec<String> = of(&config).into_iter().map(|alarm| alarm.label).collect();
        for rule in rule::rules(&config) {
            assert!(labels.contains(&format!("{}_undelivered", rule.label)), "{labels:?}");
            assert!(labels.contains(&format!("{}_lost", rule.label)), "{labels:?}");
        }
    }

    #[test]
    fn the_queue_may_age_by_two_attempts_of_a_slow_handler() {
        let mut config = Config::with_defaults("demo".parse().unwrap());
        let threshold = |config: &Config| {
            of(config).into_iter().find(|alarm| alarm.label == "queue_age").unwrap().threshold
        };
        assert_eq!(threshold(&config), 900);
        config.handler.timeout_seconds = TimeoutSeconds::new(900).unwrap();
        assert_eq!(threshold(&config), 10_800);
    }

    #[test]
    fn no_two_alarms_share_a_label() {
        let labels: Vec<String> =
            of(&Config::with_defaults("demo".parse().unwrap())).into_iter().map(|each| each.label).collect();
        let distinct: std::collections::BTreeSet<&String> = labels.iter().collect();
        assert_eq!(distinct.len(), labels.len());
    }
}

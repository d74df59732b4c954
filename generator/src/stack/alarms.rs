//! An alarm for every way in which an event or a recycle can fail.

use serde::Serialize;

use super::parameter::ParameterKey;
use super::queue::Queues;
use super::rule::EventRule;
use super::value::{DEAD_LETTERS_QUEUE, EVENTS_QUEUE, FUNCTION, MACHINE, TOPIC, Value};
use super::{lock_watch, metric};
use crate::config::{Config, LockHeldHours, SilenceHours};
use crate::names;

/// An alarm that fires when the statistic of each of its periods meets the threshold. None of the metrics is published
/// when nothing happens; but for the alarm on silence, that is health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alarm {
    /// Its label among the alarms.
    pub label: String,
    /// Its name, unique in the account and region.
    pub name: Value,
    /// What happened and what to do: sentences.
    pub story: String,
    /// The same, and the runbook where there is one.
    pub description: Value,
    /// The heading of the runbook that says what it means and what to do.
    pub anchor: String,
    /// The service that publishes the metric, e.g. `AWS/SQS`.
    pub namespace: Value,
    /// The metric's name, as the service spells it.
    pub metric: &'static str,
    /// Which resource's metric: the dimension's name and value. What is counted in a log has none.
    pub dimension: Option<(&'static str, Value)>,
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

/// Length of the periods of alarms, and of the charts that show what they watch.
pub(super) const PERIOD_SECONDS: u32 = 300;

/// An event may wait this long before somebody is told, even where the handler's time limit is short.
const QUEUE_AGE_SECONDS_MIN: u32 = 900;

/// Failed calls to the table of locks in one period of which somebody is told.
const LOCKS_FAILED_MAX: u32 = 3;

/// What is watched on one resource.
struct Watched {
    namespace: Value,
    dimension: Option<(&'static str, Value)>,
}

pub(super) fn alarms(config: &Config, rules: &[EventRule], queue: &Queues) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    alarms.extend(function(config));
    alarms.extend(queues(queue));
    alarms.extend(rules.iter().flat_map(deliveries));
    alarms.extend(machine());
    alarms.extend(locks());
    alarms.extend(topic());
    alarms.extend(metric::are_failures_logged(config).then(logged).into_iter().flatten());
    alarms.extend(config.alarms.silence_hours.zip(rules.first()).map(|(hours, rule)| silence(hours, rule)));
    alarms.extend(config.alarms.lock_held_hours.map(lock_held));
    if config.encryption.customer_key {
        // CloudWatch cannot publish to a topic that is encrypted with AWS's key (fact I3).
        let default = Value::list([TOPIC.arn()]);
        let key = ParameterKey::AlarmActionArns;
        let told = Value::when(key, Value::parameter(key), default);
        for alarm in &mut alarms {
            alarm.action_arns = told.clone();
        }
    }
    alarms
}

fn function(config: &Config) -> [Alarm; 4] {
    let function = Watched::of(metric::OF_FUNCTIONS, FUNCTION.name());
    let decisions = Watched::of(metric::OF_DECISIONS, FUNCTION.name());
    let slow = function.counts(
        "handler_slow",
        metric::FUNCTION_DURATION,
        "The handler took four fifths of its time limit. What is not done in time comes again. Read its log.",
    );
    [
        function.counts(
            "handler_errors",
            metric::FUNCTION_ERRORS,
            "The handler failed; its events are tried again. Read its log.",
        ),
        function.counts(
            "handler_throttles",
            metric::FUNCTION_THROTTLES,
            "The handler was throttled; its events wait. Look at the account's and its own concurrency.",
        ),
        // Lambda measures in milliseconds.
        Alarm { statistic: "Maximum", threshold: config.handler.timeout_seconds.get() * 800, ..slow },
        decisions.counts(
            "events_rejected",
            metric::REJECTED,
            "A group's tags are at fault: it is not recycled until they are mended. The handler's log names group and tag.",
        ),
    ]
}

fn queues(queue: &Queues) -> [Alarm; 2] {
    let events = Watched::of(metric::OF_QUEUES, EVENTS_QUEUE.name());
    let dead = Watched::of(metric::OF_QUEUES, DEAD_LETTERS_QUEUE.name());
    let age = events.counts(
        "queue_age",
        metric::OLDEST_MESSAGE,
        "An event has waited too long: the handler is not keeping up or keeps failing. Read its log.",
    );
    let depth = dead.counts(
        "dead_letters",
        metric::MESSAGES_VISIBLE,
        "An event could not be handled. Read the dead letter and the handler's log, then redrive it.",
    );
    // One failed attempt hides a message for the visibility timeout and is no reason to wake anybody.
    let threshold = QUEUE_AGE_SECONDS_MIN.max(2 * queue.events.visibility_timeout_seconds);
    [Alarm { statistic: "Maximum", threshold, ..age }, Alarm { statistic: "Maximum", ..depth }]
}

fn deliveries(rule: &EventRule) -> [Alarm; 2] {
    let watched = Watched::of(metric::OF_RULES, rule.resource().name());
    [
        watched.counts(
            &format!("{}_undelivered", rule.label),
            metric::RULE_FAILED,
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
    let machine = Watched::of(metric::OF_MACHINES, MACHINE.arn());
    [
        machine.counts(
            "recycles_failed",
            metric::EXECUTIONS_FAILED,
            "A recycle failed. Read its execution's error and cause.",
        ),
        machine.counts(
            "recycles_timed_out",
            metric::EXECUTIONS_TIMED_OUT,
            "A recycle timed out. A restore follows by itself; see that the group is as it should be.",
        ),
        machine.counts(
            "recycles_aborted",
            metric::EXECUTIONS_ABORTED,
            "A recycle was stopped. A restore follows by itself; see that the group is as it should be.",
        ),
        machine.counts(
            "recycles_throttled",
            "ExecutionThrottled",
            "Step Functions throttled recycles. Look at the account's state transition quota.",
        ),
    ]
}

/// A refused condition is no fault: it is how the lock is taken once.
fn locks() -> [Alarm; 1] {
    let table = Watched::of(metric::OF_TABLES, names::LOCK_TABLE.into());
    [table.counts(
        "locks_throttled",
        metric::WRITES_THROTTLED,
        "DynamoDB refuses writes to the table of locks; recycles and restores wait.",
    )]
}

fn topic() -> [Alarm; 1] {
    let topic = Watched::of(metric::OF_TOPICS, TOPIC.name());
    [topic.counts(
        "notifications_failed",
        metric::NOTIFICATIONS_FAILED,
        "A notification did not reach a subscriber. Look at the topic's subscriptions.",
    )]
}

/// What is counted in the machine's log.
fn logged() -> [Alarm; 2] {
    let machine = Watched { namespace: metric::namespace(), dimension: None };
    let locks = machine.counts(
        "locks_failed",
        metric::LOCKS_FAILED,
        "Recycles cannot read or write the table of locks. The execution's history has the error.",
    );
    [
        machine.counts(
            "notifications_refused",
            metric::REFUSED,
            "The topic or the notifier refused a message of a recycle, which went on without it. The execution's output says why.",
        ),
        // A call that fails once is made again.
        Alarm { threshold: LOCKS_FAILED_MAX, ..locks },
    ]
}

/// EventBridge counts nothing where nothing happens, so here no data is what fires it.
fn silence(hours: SilenceHours, rule: &EventRule) -> Alarm {
    let watched = Watched::of(metric::OF_RULES, rule.resource().name());
    let alarm = watched.counts(
        "silence",
        metric::RULE_TRIGGERED,
        "No change that may call for a recycle was seen for longer than it should: see that a trail logs management events in the region.",
    );
    Alarm {
        comparison: "LessThanThreshold",
        period_seconds: 3600,
        evaluation_periods: hours.get(),
        missing_data: "breaching",
        ..alarm
    }
}

/// What does not look any more tells nothing, and that is no better than a lock that is held too long.
fn lock_held(hours: LockHeldHours) -> Alarm {
    let watched = Watched { namespace: metric::namespace(), dimension: None };
    let alarm = watched.counts(
        "lock_held",
        lock_watch::METRIC,
        "A group has been held for longer than it should, or nobody looks any more: see what holds it, and whether that still runs.",
    );
    Alarm {
        statistic: "Maximum",
        threshold: hours.get() * 3600,
        period_seconds: 3600,
        missing_data: "breaching",
        ..alarm
    }
}

impl Watched {
    fn of((namespace, dimension): metric::Source, value: Value) -> Self {
        Self { namespace: namespace.into(), dimension: Some((dimension, value)) }
    }

    /// An alarm that fires at the first occurrence.
    fn counts(&self, label: &str, metric: &'static str, story: &str) -> Alarm {
        let anchor = label.replace('_', "-");
        let url = Value::parameter(ParameterKey::RunbookUrl);
        let runbook = Value::joined([story.into(), " Runbook: ".into(), url, format!("#{anchor}").into()]);
        let own = format!("{story} Runbook: docs/runbook.md#{anchor} beside what was deployed.");
        Alarm {
            label: label.to_owned(),
            name: Value::prefixed(&format!("-{anchor}")),
            story: story.to_owned(),
            description: Value::when(ParameterKey::RunbookUrl, runbook, own.into()),
            anchor,
            namespace: self.namespace.clone(),
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
        alarms(config, &rules, &queue::queues(config, &rules))
    }

    #[test]
    fn the_runbook_says_of_every_alarm_whether_capacity_is_at_risk_and_what_to_do() {
        let page = include_str!("../../../docs/runbook.md");
        let (_, alarms) = page.split_once("\n# The alarms\n").expect("the alarms' part");
        for section in alarms.split("\n## ").skip(1) {
            let (heading, text) = section.split_once('\n').expect("what follows the heading");
            let is_as_another = text.trim_start().starts_with("As [");
            assert!(is_as_another || text.to_lowercase().contains("capacity"), "{heading}");
            assert!(is_as_another || text.contains("Do**:"), "{heading}");
        }
    }

    #[test]
    fn the_runbook_has_a_heading_for_every_alarm_and_for_no_other() {
        let page = include_str!("../../../docs/runbook.md");
        let (_, headings) = page.split_once("\n# The alarms\n").expect("the alarms' part");
        let mut told: Vec<&str> = headings.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let mut config = Config::with_defaults("demo".parse().unwrap());
        config.trigger.launch_template_versions = true;
        config.alarms.silence_hours = SilenceHours::new(168).ok();
        config.alarms.lock_held_hours = LockHeldHours::new(24).ok();
        let mut anchors: Vec<String> = of(&config).into_iter().map(|alarm| alarm.anchor).collect();
        told.sort_unstable();
        anchors.sort_unstable();
        assert_eq!(told, anchors);
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
    fn alarms_reach_the_stacks_own_topic_where_its_key_lets_them() {
        let mut config = Config::with_defaults("demo".parse().unwrap());
        assert_eq!(of(&config)[0].action_arns, Value::optional(ParameterKey::AlarmActionArns));
        config.encryption.customer_key = true;
        for alarm in of(&config) {
            let shown = format!("{:?}", alarm.action_arns);
            assert!(shown.contains("AlarmActionArns") && shown.contains("recycles"), "{shown}");
        }
        let topic = crate::stack::topic::topic(&config);
        let policy = serde_json::to_string(&topic.policy).unwrap();
        assert!(policy.contains("cloudwatch.amazonaws.com") && policy.contains("-*"), "{policy}");
        let logs = crate::stack::logs::groups(&config);
        let names = logs.into_iter().map(|group| group.name);
        let key = crate::stack::key::key(&config, names);
        let key = key.expect("it was asked for");
        let policy = serde_json::to_string(&key.policy).unwrap();
        assert!(policy.contains("cloudwatch.amazonaws.com") && policy.contains("-*"), "{policy}");
    }

    /// The handler's tests hold its page to what it writes.
    #[test]
    fn rejections_are_counted_as_the_handler_says() {
        let page = include_str!("../../../docs/handler.md");
        let (namespace, dimension) = metric::OF_DECISIONS;
        assert!(page.contains(&format!("namespace `{namespace}`,\ndimension `{dimension}`")));
        assert!(page.contains(&format!("`{}`, `Failed` (decisions)", metric::REJECTED)));
    }

    #[test]
    fn no_two_alarms_share_a_label() {
        let labels: Vec<String> =
            of(&Config::with_defaults("demo".parse().unwrap())).into_iter().map(|each| each.label).collect();
        let distinct: std::collections::BTreeSet<&String> = labels.iter().collect();
        assert_eq!(distinct.len(), labels.len());
    }
}

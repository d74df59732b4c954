//! A dashboard of what the runbook asks for, where `stack.yaml` asks for one.

use serde::Serialize;

use super::alarms::{Alarm, PERIOD_SECONDS};
use super::lock_watch;
use super::metric;
use super::rule::EventRule;
use super::value::{DEAD_LETTERS_QUEUE, EVENTS_QUEUE, FUNCTION, MACHINE, Reference, TOPIC, Value};
use crate::config::Config;
use crate::names;

/// A dashboard of CloudWatch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dashboard {
    /// Its name, unique in the account: dashboards are shared by all regions.
    pub name: Value,
    /// What is on it, which CloudWatch takes as JSON.
    pub body: Value,
}

/// Width of the whole, in CloudWatch's columns, and of one of three charts beside each other.
const WHOLE: u32 = 24;
const THIRD: u32 = WHOLE / 3;

/// Height of a chart, in CloudWatch's rows.
const HEIGHT: u32 = 6;

/// A metric: namespace, name, the dimension's name and value, how a period's data points become one.
type Line = (Value, &'static str, Option<(&'static str, Value)>, &'static str);

pub(super) fn dashboard(config: &Config, rules: &[EventRule], alarms: &[Alarm]) -> Option<Dashboard> {
    let widgets = || {
        let charts = charts(config, rules).into_iter().zip(0..);
        let charts = charts.map(|((title, lines), at)| chart(title, lines, at));
        [all_of(alarms)].into_iter().chain(charts).collect::<Vec<_>>()
    };
    config.alarms.dashboard.then(|| Dashboard {
        name: Value::joined([Reference::Prefix.into(), "-".into(), Reference::Region.into()]),
        body: Value::map([("widgets", Value::list(widgets()))]),
    })
}

/// In the order in which an event goes.
fn charts(config: &Config, rules: &[EventRule]) -> Vec<(&'static str, Vec<Line>)> {
    let of =
        |(namespace, dimension): metric::Source, value: Value, names: &[(&'static str, &'static str)]| {
            let line = |(name, statistic): &(&'static str, &'static str)| {
                (Value::from(namespace), *name, Some((dimension, value.clone())), *statistic)
            };
            names.iter().map(line).collect::<Vec<Line>>()
        };
    let sums = |names: &[&'static str]| names.iter().map(|name| (*name, "Sum")).collect::<Vec<_>>();
    let rules = rules.iter().flat_map(|rule| {
        of(metric::OF_RULES, rule.resource().name(), &sums(&[metric::RULE_TRIGGERED, metric::RULE_FAILED]))
    });
    let waiting = [(metric::OLDEST_MESSAGE, "Maximum")];
    let visible = [(metric::MESSAGES_VISIBLE, "Maximum")];
    let queue = of(metric::OF_QUEUES, EVENTS_QUEUE.name(), &waiting);
    let dead = of(metric::OF_QUEUES, DEAD_LETTERS_QUEUE.name(), &visible);
    let calls = of(
        metric::OF_FUNCTIONS,
        FUNCTION.name(),
        &sums(&["Invocations", metric::FUNCTION_ERRORS, metric::FUNCTION_THROTTLES]),
    );
    let duration = of(metric::OF_FUNCTIONS, FUNCTION.name(), &[(metric::FUNCTION_DURATION, "Maximum")]);
    let decisions = sums(&["EventsSeen", "Started", "Skipped", metric::REJECTED, "Failed"]);
    let executions = [
        "ExecutionsStarted",
        "ExecutionsSucceeded",
        metric::EXECUTIONS_FAILED,
        metric::EXECUTIONS_ABORTED,
        metric::EXECUTIONS_TIMED_OUT,
    ];
    let throttled = of(metric::OF_TABLES, names::LOCK_TABLE.into(), &sums(&[metric::WRITES_THROTTLED]));
    let own = |name, statistic| (metric::namespace(), name, None, statistic);
    let failed = metric::are_failures_logged(config).then(|| own(metric::LOCKS_FAILED, "Sum"));
    let refused = metric::are_failures_logged(config).then(|| own(metric::REFUSED, "Sum"));
    let held = config.alarms.lock_held_hours.map(|_| own(lock_watch::METRIC, "Maximum"));
    let told = sums(&["NumberOfMessagesPublished", metric::NOTIFICATIONS_FAILED]);
    let told = of(metric::OF_TOPICS, TOPIC.name(), &told);
    vec![
        ("Events that the rules saw", rules.collect()),
        ("Events that wait, in seconds, and dead letters", [queue, dead].concat()),
        ("The handler", calls),
        ("Its longest run, in milliseconds", duration),
        ("What it decided", of(metric::OF_DECISIONS, FUNCTION.name(), &decisions)),
        ("Recycles", of(metric::OF_MACHINES, MACHINE.arn(), &sums(&executions))),
        ("Locks", throttled.into_iter().chain(failed).chain(held).collect()),
        ("Notifications", told.into_iter().chain(refused).collect()),
    ]
}

/// Whether each alarm is on.
fn all_of(alarms: &[Alarm]) -> Value {
    let arn = |alarm: &Alarm| Value::regional_arn("cloudwatch", ["alarm:".into(), alarm.name.clone()]);
    widget(
        "alarm",
        (0, 0, WHOLE),
        [("title", "Alarms".into()), ("alarms", Value::list(alarms.iter().map(arn)))],
    )
}

/// The chart that is this one of all.
fn chart(title: &str, lines: Vec<Line>, at: u32) -> Value {
    let line = |(namespace, name, dimension, statistic): Line| {
        let dimension = dimension.into_iter().flat_map(|(name, value)| [name.into(), value]);
        let how = Value::map([("stat", statistic)]);
        Value::list([namespace, name.into()].into_iter().chain(dimension).chain([how]))
    };
    let place = (at % 3 * THIRD, HEIGHT + at / 3 * HEIGHT, THIRD);
    widget(
        "metric",
        place,
        [
            ("title", title.into()),
            ("region", Reference::Region.into()),
            ("view", "timeSeries".into()),
            ("period", PERIOD_SECONDS.into()),
            ("metrics", Value::list(lines.into_iter().map(line))),
        ],
    )
}

fn widget<const N: usize>(
    kind: &str,
    (x, y, width): (u32, u32, u32),
    properties: [(&str, Value); N],
) -> Value {
    Value::map([
        ("type", kind.into()),
        ("x", x.into()),
        ("y", y.into()),
        ("width", width.into()),
        ("height", HEIGHT.into()),
        ("properties", Value::map(properties)),
    ])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::LockHeldHours;
    use crate::construct::AsgRecycle;
    use crate::stack::Place;

    /// What an alarm watches is what whoever it wakes looks at.
    #[test]
    fn what_alarms_watch_is_on_the_dashboard_and_no_chart_lies_on_another() {
        let mut config = Config::with_defaults("demo".parse().unwrap());
        config.alarms.dashboard = true;
        config.alarms.lock_held_hours = LockHeldHours::new(24).ok();
        let recycle = AsgRecycle::from_config(config).expect("it builds");
        let stack = recycle.stack();
        let place = Place { partition: "aws", region: "eu-west-2", account: "123456789012" };
        let dashboard = stack.dashboard.as_ref().expect("it is asked for");
        let body = stack.resolve(&dashboard.body, place).expect("there is one");
        let widgets = body["widgets"].as_array().expect("widgets");
        assert_eq!(widgets[0]["properties"]["alarms"].as_array().expect("alarms").len(), stack.alarms.len());
        let lines =
            || widgets[1..].iter().flat_map(|one| one["properties"]["metrics"].as_array().expect("metrics"));
        let shown: BTreeSet<(&str, &str)> =
            lines().map(|line| (line[0].as_str().expect("text"), line[1].as_str().expect("text"))).collect();
        for alarm in stack.alarms.iter().filter(|alarm| !UNSHOWN.contains(&alarm.metric)) {
            let namespace = stack.text(&alarm.namespace, place);
            assert!(shown.contains(&(&*namespace, alarm.metric)), "{namespace} {}", alarm.metric);
        }
        let places: BTreeSet<String> =
            widgets.iter().map(|one| format!("{},{}", one["x"], one["y"])).collect();
        assert_eq!(places.len(), widgets.len());
    }

    /// Rare enough to be looked for where the alarm says.
    const UNSHOWN: &[&str] = &["InvocationsFailedToBeSentToDlq", "ExecutionThrottled"];

    /// What services publish by one dimension, as their pages on monitoring with CloudWatch list it.
    const PUBLISHED: [(metric::Source, &[&str]); 6] = [
        (
            metric::OF_RULES,
            &[
                "DeadLetterInvocations",
                "FailedInvocations",
                "Invocations",
                "InvocationsFailedToBeSentToDlq",
                "InvocationsSentToDlq",
                "MatchedEvents",
                "ThrottledRules",
                "TriggeredRules",
            ],
        ),
        (
            metric::OF_QUEUES,
            &[
                "ApproximateAgeOfOldestMessage",
                "ApproximateNumberOfMessagesDelayed",
                "ApproximateNumberOfMessagesNotVisible",
                "ApproximateNumberOfMessagesVisible",
                "NumberOfEmptyReceives",
                "NumberOfMessagesDeleted",
                "NumberOfMessagesReceived",
                "NumberOfMessagesSent",
                "SentMessageSize",
            ],
        ),
        (
            metric::OF_FUNCTIONS,
            &[
                "ConcurrentExecutions",
                "Duration",
                "Errors",
                "Invocations",
                "PostRuntimeExtensionsDuration",
                "Throttles",
            ],
        ),
        (
            metric::OF_MACHINES,
            &[
                "ExecutionThrottled",
                "ExecutionTime",
                "ExecutionsAborted",
                "ExecutionsFailed",
                "ExecutionsStarted",
                "ExecutionsSucceeded",
                "ExecutionsTimedOut",
            ],
        ),
        (
            metric::OF_TABLES,
            &[
                "ConditionalCheckFailedRequests",
                "ConsumedReadCapacityUnits",
                "ConsumedWriteCapacityUnits",
                "ReadThrottleEvents",
                "WriteThrottleEvents",
            ],
        ),
        (
            metric::OF_TOPICS,
            &[
                "NumberOfMessagesPublished",
                "NumberOfNotificationsDelivered",
                "NumberOfNotificationsFailed",
                "NumberOfNotificationsFilteredOut",
                "PublishSize",
            ],
        ),
    ];

    /// An alarm on a metric that nobody publishes never goes off.
    #[test]
    fn what_alarms_watch_and_charts_show_is_published() {
        let mut config = Config::with_defaults("demo".parse().unwrap());
        config.alarms.dashboard = true;
        config.alarms.lock_held_hours = LockHeldHours::new(24).ok();
        let recycle = AsgRecycle::from_config(config.clone()).expect("it builds");
        let stack = recycle.stack();
        let alarms = stack.alarms.iter().map(|alarm| (&alarm.namespace, alarm.metric, &alarm.dimension));
        let charts = charts(&config, &stack.rules);
        let lines = charts.iter().flat_map(|(_, lines)| lines);
        let lines = lines.map(|(namespace, name, dimension, _)| (namespace, *name, dimension));
        let watch =
            serde_json::to_string(&stack.lock_watch.as_ref().expect("it is asked for").definition).unwrap();
        let decisions = include_str!("../../../docs/handler.md");
        let mut asked = 0;
        for (namespace, name, dimension) in alarms.chain(lines) {
            let by = dimension.as_ref().map(|(by, _)| *by);
            let of_service =
                |(service, of): &metric::Source| *namespace == Value::from(*service) && by == Some(*of);
            let is_published = if *namespace == metric::namespace() {
                let filtered = stack.metric_filters.iter().any(|filter| filter.metric == name);
                by.is_none() && (filtered || watch.contains(name))
            } else if of_service(&metric::OF_DECISIONS) {
                decisions.contains(&format!("`{name}`"))
            } else {
                PUBLISHED.iter().any(|(source, names)| of_service(source) && names.contains(&name))
            };
            assert!(
                is_published,
                "{namespace:?} {name} by {by:?}: nobody publishes it, or `PUBLISHED` lacks what its service's page lists"
            );
            asked += 1;
        }
        assert!(asked > 40, "{asked}");
    }
}

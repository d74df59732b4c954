//! What is counted in the logs, where no service counts it by itself.

use serde::Serialize;

use super::value::{MACHINE_LOGS, Reference, Value};
use crate::config::{Config, MachineLogLevel};

/// A count of the events of a log group that match a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MetricFilter {
    /// Its label among the filters.
    pub label: &'static str,
    /// Its name within the log group.
    pub name: &'static str,
    /// Name of the log group.
    pub log_group: Value,
    /// Which events it counts, in the language of CloudWatch Logs.
    pub pattern: &'static str,
    /// The metric's namespace: the stack's own, for a filter gives its metric no dimension.
    pub namespace: Value,
    /// The metric's name.
    pub metric: &'static str,
}

/// Where metrics of a service are found: its namespace, and the dimension that names a resource.
pub(super) type Source = (&'static str, &'static str);
pub(super) const OF_RULES: Source = ("AWS/Events", "RuleName");
pub(super) const OF_QUEUES: Source = ("AWS/SQS", "QueueName");
pub(super) const OF_FUNCTIONS: Source = ("AWS/Lambda", "FunctionName");
pub(super) const OF_MACHINES: Source = ("AWS/States", "StateMachineArn");
pub(super) const OF_TABLES: Source = ("AWS/DynamoDB", "TableName");
pub(super) const OF_TOPICS: Source = ("AWS/SNS", "TopicName");
/// What the handler counts of its decisions.
pub(super) const OF_DECISIONS: Source = ("AsgRecycle", "FunctionName");

// Metrics that alarms watch and the dashboard shows, as their services spell them.
pub(super) const RULE_TRIGGERED: &str = "TriggeredRules";
pub(super) const RULE_FAILED: &str = "FailedInvocations";
pub(super) const OLDEST_MESSAGE: &str = "ApproximateAgeOfOldestMessage";
pub(super) const MESSAGES_VISIBLE: &str = "ApproximateNumberOfMessagesVisible";
pub(super) const FUNCTION_ERRORS: &str = "Errors";
pub(super) const FUNCTION_THROTTLES: &str = "Throttles";
pub(super) const FUNCTION_DURATION: &str = "Duration";
pub(super) const REJECTED: &str = "Rejected";
pub(super) const EXECUTIONS_FAILED: &str = "ExecutionsFailed";
pub(super) const EXECUTIONS_ABORTED: &str = "ExecutionsAborted";
pub(super) const EXECUTIONS_TIMED_OUT: &str = "ExecutionsTimedOut";
pub(super) const WRITES_THROTTLED: &str = "WriteThrottleEvents";
pub(super) const NOTIFICATIONS_FAILED: &str = "NumberOfNotificationsFailed";

/// The metric of messages that the topic or the notifier function refused.
pub(super) const REFUSED: &str = "NotificationsRefused";

/// The metric of calls to the table of locks that failed, but for conditions that did not hold: these are how a lock is taken.
pub(super) const LOCKS_FAILED: &str = "LockCallsFailed";

/// The namespace of what is counted in the stack's logs.
pub(super) fn namespace() -> Value {
    Value::joined(["AsgRecycle/".into(), Reference::Prefix.into()])
}

/// What counts refused notifications, and the alarm that tells of them.
pub(super) const NOTIFICATIONS_REFUSED: &str = "notifications-refused";

/// Whether Step Functions logs errors that are caught.
pub(super) fn are_failures_logged(config: &Config) -> bool {
    matches!(config.machine.log_level, MachineLogLevel::All | MachineLogLevel::Error)
}

pub(super) fn filters(config: &Config) -> Vec<MetricFilter> {
    let refused = MetricFilter {
        label: "notifications_refused",
        name: NOTIFICATIONS_REFUSED,
        log_group: MACHINE_LOGS.name(),
        // A task that failed or took too long, whoever caught it: `publish` is SNS' action, `invoke` Lambda's.
        pattern: r#"{ (($.type = "TaskFailed") || ($.type = "TaskTimedOut")) && (($.details.resource = "publish") || ($.details.resource = "invoke")) }"#,
        namespace: namespace(),
        metric: REFUSED,
    };
    let locks = MetricFilter {
        label: "locks_failed",
        name: "locks-failed",
        pattern: r#"{ (($.type = "TaskFailed") || ($.type = "TaskTimedOut")) && ($.details.resourceType = "*dynamodb") && ($.details.error != "*ConditionalCheckFailedException") && ($.details.error != "*TransactionCanceledException") }"#,
        metric: LOCKS_FAILED,
        ..refused.clone()
    };
    if are_failures_logged(config) { vec![refused, locks] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use regex::Regex;

    #[test]
    fn no_metric_is_spelt_both_where_it_is_watched_and_where_it_is_shown() {
        let spelt = |source: &'static str| -> BTreeSet<&'static str> {
            let code = source.split("#[cfg(test)]").next().unwrap_or_default();
            let names = Regex::new(r#""[A-Z][A-Za-z/]+""#).expect("it is a pattern");
            names.find_iter(code).map(|found| found.as_str()).collect()
        };
        let (alarms, dashboard) = (spelt(include_str!("alarms.rs")), spelt(include_str!("dashboard.rs")));
        let both: Vec<_> = alarms.intersection(&dashboard).copied().collect();
        assert_eq!(both, ["\"Maximum\"", "\"Sum\""], "how data points become one is said of each");
    }
}

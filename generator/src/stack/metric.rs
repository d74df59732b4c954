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

/// The metric of messages that the topic or the notifier function refused.
pub(super) const REFUSED: &str = "NotificationsRefused";

/// The metric of calls to the table of locks that failed, but for conditions that did not hold: these are how a lock is taken.
pub(super) const LOCKS_FAILED: &str = "LockCallsFailed";

/// The namespace of what is counted in the stack's logs.
pub(super) fn namespace() -> Value {
    Value::joined(["AsgRecycle/".into(), Reference::Prefix.into()])
}

/// Whether Step Functions logs errors that are caught.
pub(super) fn are_failures_logged(config: &Config) -> bool {
    matches!(config.machine.log_level, MachineLogLevel::All | MachineLogLevel::Error)
}

pub(super) fn filters(config: &Config) -> Vec<MetricFilter> {
    let refused = MetricFilter {
        label: "notifications_refused",
        name: "notifications-refused",
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

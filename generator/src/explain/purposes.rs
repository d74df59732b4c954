//! What each resource is for. A test holds this to what is rendered, both ways.

/// What a resource is for, wherever it is described.
#[derive(Debug)]
pub(super) struct Purpose {
    /// Its names in the formats; `*` stands for its label.
    addresses: &'static [&'static str],
    /// Sentences.
    pub(super) why: &'static str,
}

const fn purpose(addresses: &'static [&'static str], why: &'static str) -> Purpose {
    Purpose { addresses, why }
}

/// Of two that fit a name the first counts.
pub(super) const PURPOSES: &[Purpose] = &[
    purpose(
        &["aws_cloudwatch_event_rule.lock_watch", "LockWatchRule"],
        "Has the table of locks looked into every quarter of an hour, for the alarm `lock_held`.",
    ),
    purpose(
        &["aws_cloudwatch_event_target.lock_watch"],
        "Starts the state machine that looks into the table of locks.",
    ),
    purpose(
        &["aws_cloudwatch_event_rule.*", "*Rule"],
        "Selects on the account's default bus what the handler has to decide on.",
    ),
    purpose(
        &["aws_cloudwatch_event_target.*"],
        "Sends what the rule of that name selects to the queue of events, and to the dead letters what cannot be delivered.",
    ),
    purpose(
        &["aws_sqs_queue.events", "EventsQueue"],
        "Holds events until the handler has decided on them, and gives them again where it failed.",
    ),
    purpose(
        &["aws_sqs_queue.dead_letters", "DeadLettersQueue"],
        "Keeps for 14 days what could not be delivered or handled, to be looked at and put back.",
    ),
    purpose(
        &["aws_sqs_queue_policy.*", "*QueuePolicy"],
        "Lets the stack's rules send to the queue of that name, and nobody without TLS.",
    ),
    purpose(
        &["aws_lambda_function.handler", "HandlerFunction"],
        "Decides for each event which group is recycled, and starts the execution. It changes no group.",
    ),
    purpose(
        &["HandlerVersion"],
        "Publishes a version of the handler whenever its description says another thing: what the alias points to.",
    ),
    purpose(
        &["aws_lambda_alias.handler", "HandlerFunctionAlias"],
        "What the queue calls. An upgrade of the handler is rolled back by pointing it to a former version.",
    ),
    purpose(
        &["aws_lambda_permission.*", "*Permission"],
        "Lets CloudWatch Logs hand the events of that log group to the function that `logs.destination_arn` names.",
    ),
    purpose(
        &["aws_lambda_event_source_mapping.events", "EventsSource"],
        "Hands the events of the queue to the handler, in batches of which each event fails alone.",
    ),
    purpose(
        &["aws_sfn_state_machine.recycle", "RecycleMachine"],
        "Replaces the instances of a group, and puts back what it changed. An execution recycles one group.",
    ),
    purpose(
        &["aws_sfn_state_machine.lock_watch", "LockWatchMachine"],
        "Reads which executions hold groups, asks since when they run, and tells CloudWatch the longest time.",
    ),
    purpose(
        &["aws_dynamodb_table.locks", "LocksTable"],
        "Holds for each group that is being recycled its lock and the journal of what is to be put back. All stacks of an \
         account and region share it, so that one recycle at a time runs for a group.",
    ),
    purpose(
        &["aws_kms_key.stack", "StackKey"],
        "Encrypts the queues, the topic, the table, the logs and the function's environment, and lets alarms reach the topic.",
    ),
    purpose(&["aws_kms_alias.stack", "StackAlias"], "Gives the key a name that people can read."),
    purpose(
        &["aws_sns_topic.recycles", "RecyclesTopic"],
        "Tells whoever subscribes how recycles begin and end.",
    ),
    purpose(
        &["aws_sns_topic_policy.recycles", "RecyclesTopicPolicy"],
        "Says who may publish and subscribe to the topic.",
    ),
    purpose(
        &["aws_sns_topic_subscription.pager_duty", "PagerDutySubscription"],
        "Pages for every end that is no success, of groups that ask for it. It is there where a deployment is given `pager_duty_endpoint`, and always with `notifications.pager_duty`.",
    ),
    purpose(
        &["aws_iam_role_policy.notifier", "NotifierPolicy"],
        "Lets the state machine hand messages to the notifier function, where `notifier_function_arn` is given. Where \
         it is not, it denies all such calls, so that there is a policy in both cases: whether the ARN is given need not be known \
         before it is deployed.",
    ),
    purpose(
        &["aws_iam_role_policy.*"],
        "What the role of that name may do: computed from the calls that are made, and nothing besides.",
    ),
    purpose(
        &["aws_iam_role.*", "*Role"],
        "What its service acts as. What it may do is computed from the calls that are made.",
    ),
    purpose(
        &["aws_cloudwatch_log_group.*", "*LogGroup"],
        "Keeps what the handler, or the state machine, logs, for as long as `log_retention_days` says.",
    ),
    purpose(
        &["aws_cloudwatch_log_metric_filter.*", "*Filter"],
        "Counts in the state machine's log what no service counts by itself; the alarm of that name looks at it.",
    ),
    purpose(
        &["aws_cloudwatch_log_subscription_filter.*", "*Subscription"],
        "Sends every event of that log group where `logs.destination_arn` says, besides keeping it.",
    ),
    purpose(
        &["aws_cloudwatch_dashboard.stack", "StackDashboard"],
        "Shows the alarms and what they watch, in the order in which an event goes.",
    ),
    purpose(&["aws_cloudwatch_metric_alarm.*", "*Alarm"], "An alarm."),
    purpose(
        &["aws_ecr_repository.handler", "HandlerRepository"],
        "Holds the handler's images. It is deployed before the stack and apart from it.",
    ),
    purpose(
        &["aws_ecr_lifecycle_policy.handler"],
        "Removes images that nobody needs: those without a tag, and the oldest of too many.",
    ),
    purpose(&["aws_ecr_repository_policy.handler"], "Lets Lambda pull the images."),
    purpose(
        &["terraform_data.deployment"],
        "Notes which environment, region and account a state is of, so that a plan with another one's state is refused.",
    ),
];

impl Purpose {
    /// The row of an address with the label that the address has, in small letters without separators; the same in each format.
    pub(super) fn of(address: &str) -> Option<(usize, String)> {
        let label = |pattern: &&str| {
            let (before, after) = pattern.split_once('*')?;
            address.strip_prefix(before)?.strip_suffix(after).filter(|label| !label.is_empty())
        };
        PURPOSES.iter().enumerate().find_map(|(row, purpose)| {
            if purpose.addresses.contains(&address) {
                return Some((row, String::new()));
            }
            Some((row, folded(purpose.addresses.iter().find_map(label)?)))
        })
    }
}

/// A label as any format writes it.
pub(super) fn folded(label: &str) -> String {
    label.chars().filter(|one| *one != '_').flat_map(char::to_lowercase).collect()
}

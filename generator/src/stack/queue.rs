//! The queue between the rules and the handler, and the one for what cannot be delivered or handled.

use serde::Serialize;

use super::key;
use super::policy::{Policy, Principal, Statement};
use super::rule::EventRule;
use super::value::{DEAD_LETTERS_QUEUE, EVENTS_QUEUE, Resource, Value};
use crate::config::Config;
use crate::config::limits::{EVENTS_RETENTION_SECONDS, VISIBILITY_PER_TIMEOUT};
use crate::names;

/// The queue that the handler reads, and where its failures go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Queues {
    /// What the rules select.
    pub events: Queue,
    /// What could not be delivered or handled.
    pub dead_letters: Queue,
    /// Deliveries of one event before it goes to the dead letters.
    pub receive_count_max: u32,
    /// ARN of the queue whose dead letters these are, by name: the queues refer to each other.
    pub dead_letters_of_arn: Value,
}

/// One queue, encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Queue {
    /// Its name, unique in the account and region.
    pub name: Value,
    /// Its ARN, by which policies and targets name it.
    pub arn: Value,
    /// How long a received message stays hidden from others, 0 to 43,200.
    pub visibility_timeout_seconds: u32,
    /// How long a message is kept, 60 to 1,209,600.
    pub retention_seconds: u32,
    /// ARN of the key that encrypts it; SQS's own where there is none.
    pub key_arn: Option<Value>,
    /// Who may use it.
    pub policy: Policy,
}

/// The longest that SQS keeps anything.
const DEAD_LETTERS_RETENTION_SECONDS: u32 = 14 * 86_400;

pub(super) fn queues(config: &Config, rules: &[EventRule]) -> Queues {
    let visibility_timeout_seconds = VISIBILITY_PER_TIMEOUT * config.handler.timeout_seconds.get()
        + config.queue.batching_window_seconds.get();
    let events = names::QUEUE.suffix;
    Queues {
        events: Queue {
            name: Value::prefixed(events),
            arn: EVENTS_QUEUE.arn(),
            visibility_timeout_seconds,
            retention_seconds: EVENTS_RETENTION_SECONDS,
            key_arn: key::arn(config),
            policy: policy(&EVENTS_QUEUE, rules),
        },
        dead_letters: Queue {
            name: Value::prefixed(names::DEAD_LETTER_QUEUE.suffix),
            arn: DEAD_LETTERS_QUEUE.arn(),
            visibility_timeout_seconds,
            retention_seconds: DEAD_LETTERS_RETENTION_SECONDS,
            key_arn: key::arn(config),
            policy: policy(&DEAD_LETTERS_QUEUE, rules),
        },
        receive_count_max: config.queue.max_receive_count.get(),
        dead_letters_of_arn: Value::regional_arn("sqs", [Value::prefixed(events)]),
    }
}

/// The rules may send, over TLS only. The dead letters take from the rules what the rules cannot deliver.
fn policy(queue: &Resource, rules: &[EventRule]) -> Policy {
    let sources = rules.iter().map(|rule| rule.resource().arn());
    Policy::new([
        Statement::deny_insecure_transport("sqs:*", queue.arn()),
        Statement::allow("AllowRules")
            .principal(Principal::Service("events.amazonaws.com"))
            .actions(["sqs:SendMessage"])
            .resources([queue.arn()])
            .condition("ArnEquals", "aws:SourceArn", Value::list(sources))
            .because("The stack's rules send events, and what they could not deliver."),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{BatchingWindowSeconds, TimeoutSeconds};

    #[test]
    fn messages_stay_hidden_for_six_time_limits_and_the_batching_window() {
        let mut config = Config::with_defaults("demo".parse().unwrap());
        config.handler.timeout_seconds = TimeoutSeconds::new(40).unwrap();
        config.queue.batching_window_seconds = BatchingWindowSeconds::new(7).unwrap();
        assert_eq!(queues(&config, &[]).events.visibility_timeout_seconds, 247);
    }

    #[test]
    fn the_longest_time_limit_still_makes_a_legal_visibility_timeout() {
        let mut config = Config::with_defaults("demo".parse().unwrap());
        config.handler.timeout_seconds = TimeoutSeconds::new(900).unwrap();
        config.queue.batching_window_seconds = BatchingWindowSeconds::new(300).unwrap();
        assert!(queues(&config, &[]).events.visibility_timeout_seconds <= 43_200);
    }
}

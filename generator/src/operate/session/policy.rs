//! The least policy of an operator: what the commands' calls touch, and nothing else.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::operation::{OPERATIONS, Touches};
use crate::names;
use crate::operate::pause::KEY_PREFIX;
use crate::operate::place::StackPlace;

impl StackPlace {
    /// What a call touches, as IAM names it.
    pub fn resource(&self, touches: Touches) -> String {
        let Self { stack, account, region } = self;
        let arn = |service: &str, rest: &str| {
            format!("arn:{}:{service}:{region}:{account}:{rest}", names::partition(region))
        };
        match touches {
            Touches::Everything => "*".to_owned(),
            Touches::Function => arn("lambda", &format!("function:{stack}{}", names::FUNCTION.suffix)),
            Touches::StateMachine => arn("states", &format!("stateMachine:{stack}")),
            Touches::StackExecutions => arn("states", &format!("execution:{stack}:*")),
            Touches::LockTable | Touches::Pauses => arn("dynamodb", &format!("table/{}", names::LOCK_TABLE)),
            Touches::Topic => arn("sns", &format!("{stack}{}", names::TOPIC.suffix)),
            Touches::EventsQueue => arn("sqs", &format!("{stack}{}", names::QUEUE.suffix)),
            Touches::Rules => arn("events", &format!("rule/{stack}-*")),
            Touches::Roles => format!("arn:{}:iam::{account}:role/*{stack}-*", names::partition(region)),
            Touches::LatticeTargetGroups => arn("vpc-lattice", "targetgroup/*"),
            Touches::DeadLetterQueue => arn("sqs", &format!("{stack}{}", names::DEAD_LETTER_QUEUE.suffix)),
        }
    }

    /// The URL of one of the stack's queues.
    pub fn queue_url(&self, queue: names::ResourceName) -> String {
        let Self { stack, account, region } = self;
        format!("https://sqs.{region}.{}/{account}/{stack}{}", names::domain(region), queue.suffix)
    }

    /// All that calls which touch this may touch, with the roles that somebody else keeps for the stack.
    fn resources(&self, touches: Touches, given_roles: &[String]) -> Vec<String> {
        let one = self.resource(touches);
        match touches {
            // By the alias that the queue calls, too.
            Touches::Function => vec![one.clone(), format!("{one}:*")],
            Touches::Roles => [one].into_iter().chain(given_roles.iter().cloned()).collect(),
            _ => vec![one],
        }
    }

    /// The policy for looking, and for acting too where `acts`. The roles are ARNs of those that the stack was given and did not make.
    pub fn operator_policy(&self, acts: bool, given_roles: &[String]) -> Value {
        let mut statements: BTreeMap<(bool, Touches), Vec<String>> = BTreeMap::new();
        for operation in OPERATIONS.iter().filter(|operation| acts || !operation.acts) {
            statements.entry((operation.acts, operation.touches)).or_default().push(operation.action.iam());
        }
        let statement = |((acts, touches), mut actions): ((bool, Touches), Vec<String>)| {
            actions.sort();
            let sid = format!("{}{touches:?}", if acts { "Change" } else { "Read" });
            let resources = self.resources(touches, given_roles);
            let resources = if let [one] = &resources[..] { json!(one) } else { json!(resources) };
            let mut statement =
                json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources});
            if let Some(condition) = condition(touches) {
                statement["Condition"] = condition;
            }
            statement
        };
        let statements: Vec<Value> = statements.into_iter().map(statement).collect();
        json!({"Version": "2012-10-17", "Statement": statements})
    }
}

/// What a statement asks besides of a call that touches this.
pub fn condition(touches: Touches) -> Option<Value> {
    let keys = format!("{KEY_PREFIX}*");
    (touches == Touches::Pauses).then(|| json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [keys]}}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> StackPlace {
        StackPlace {
            stack: "web-production".to_owned(),
            region: "eu-west-2".to_owned(),
            account: "123456789012".to_owned(),
        }
    }

    fn actions(policy: &Value) -> Vec<String> {
        let statements = policy["Statement"].as_array().expect("statements");
        let actions = statements.iter().flat_map(|one| one["Action"].as_array().expect("actions"));
        actions.map(|action| action.as_str().expect("text").to_owned()).collect()
    }

    #[test]
    fn who_looks_may_change_nothing_and_who_acts_may_do_all_that_commands_do() {
        let reading = actions(&place().operator_policy(false, &[]));
        let acting = actions(&place().operator_policy(true, &[]));
        assert_eq!(acting.len(), OPERATIONS.len());
        for operation in OPERATIONS {
            let action = operation.action.iam();
            assert!(acting.contains(&action));
            assert_eq!(reading.contains(&action), !operation.acts, "{action}");
        }
    }

    #[test]
    fn calls_are_limited_to_the_stack() {
        let policy = place().operator_policy(true, &[]);
        let stop = policy["Statement"].as_array().expect("statements").iter();
        let stop = stop.clone().find(|one| one["Sid"] == "ChangeStackExecutions").expect("one that stops");
        assert_eq!(stop["Resource"], "arn:aws:states:eu-west-2:123456789012:execution:web-production:*");
    }

    #[test]
    fn what_a_stack_was_given_and_what_its_queue_calls_is_in_the_policy() {
        let given = ["arn:aws:iam::123456789012:role/team/handler".to_owned()];
        let policy = place().operator_policy(false, &given);
        let of = |sid: &str| {
            let statements = policy["Statement"].as_array().expect("statements");
            statements.iter().find(|one| one["Sid"] == sid).expect("it is there")["Resource"].clone()
        };
        assert_eq!(of("ReadRoles"), json!(["arn:aws:iam::123456789012:role/*web-production-*", given[0]]));
        let function = "arn:aws:lambda:eu-west-2:123456789012:function:web-production-handler";
        assert_eq!(of("ReadFunction"), json!([function, format!("{function}:*")]));
    }

    #[test]
    fn who_may_pause_may_write_no_lock() {
        let policy = place().operator_policy(true, &[]);
        let writes = policy["Statement"].as_array().expect("statements").iter().filter(|one| {
            let actions = one["Action"].to_string();
            ["PutItem", "DeleteItem", "UpdateItem"].iter().any(|action| actions.contains(action))
        });
        let conditions: Vec<&Value> = writes.map(|one| &one["Condition"]).collect();
        let pauses = json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["pause:*"]}});
        assert_eq!(conditions, [&pauses]);
    }
}

//! What the roles need, as documents: for roles that somebody else keeps, and for who writes a boundary.

use super::format::Files;
use crate::names;
use crate::stack::parameter::ParameterKey;
use crate::stack::value::Value;
use crate::stack::{Place, Policy, Role, Stack};

/// Their folder in the output.
const FOLDER: &str = "role-policy";

/// Every role's policy, and who assumes it, in the region and environment of `stack.yaml`; nothing where the stack makes them all
/// and nothing bounds them.
pub(super) fn files(stack: &Stack) -> Files {
    let [handler, machine] = [&stack.iam.handler, &stack.iam.machine];
    let boundary = stack.guide.boundary_arn.as_deref();
    let account = [handler.given_arn.as_deref(), machine.given_arn.as_deref(), boundary];
    let mut accounts = account.iter().flatten().filter_map(|arn| arn.split(':').nth(4));
    let Some(account) = accounts.next() else { return Files::new() };
    let place = Place {
        partition: names::partition(&stack.guide.region),
        region: &stack.guide.region,
        // A boundary of AWS's own says nothing of the account.
        account: if account == "aws" { "*" } else { account },
    };
    let has_notifier = stack.resolve(&Value::optional(ParameterKey::NotifierFunctionArn), place).is_some();
    let notifier = has_notifier.then_some(&stack.iam.notifier.document);
    let print = |policy: &Policy| {
        let document = stack.resolve(&policy.to_value(), place).unwrap_or_default();
        format!("{document:#}\n").into_bytes()
    };
    let documents = |role: &Role, besides: Option<&Policy>| {
        let statements = [&role.policy.document].into_iter().chain(besides);
        let permissions = Policy::new(statements.flat_map(|policy| policy.statements.clone()));
        let label = &role.resource.label;
        [
            (format!("{FOLDER}/{label}.json"), print(&permissions)),
            (format!("{FOLDER}/{label}-trust.json"), print(&role.trust)),
        ]
    };
    let sender = stack.log_subscriptions.iter().filter_map(|all| all.sender.as_ref());
    let others = sender.chain(stack.lock_watch.iter().map(|watch| &watch.role));
    let of_others = others.flat_map(|role| documents(role, None));
    documents(handler, None).into_iter().chain(documents(machine, notifier)).chain(of_others).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;
    use crate::config::{Config, LockHeldHours};
    use crate::construct::AsgRecycle;

    fn documents(change: fn(&mut Config)) -> Files {
        let mut config = Config::with_defaults("demo".parse().unwrap());
        change(&mut config);
        files(AsgRecycle::from_config(config).expect("it builds").stack())
    }

    #[test]
    fn a_role_that_is_given_is_told_what_it_needs_in_the_account_that_it_is_of() {
        assert_eq!(documents(|_| {}), Files::new());
        let all = documents(|config| {
            config.permissions.machine_role_arn = "arn:aws:iam::210987654321:role/team/recycler".parse().ok();
            config.notifications.notifier_function_arn =
                "arn:aws:lambda:eu-west-2:210987654321:function:slack".parse().ok();
        });
        let read = |path: &str| serde_json::from_slice::<Json>(&all[path]).expect("JSON");
        let machine = read("role-policy/machine.json").to_string();
        for needed in [
            "arn:aws:dynamodb:eu-west-2:210987654321:table/asg-recycle-locks",
            "arn:aws:lambda:eu-west-2:210987654321:function:slack",
            "arn:aws:sns:eu-west-2:210987654321:demo-production-recycles",
            "autoscaling:TerminateInstanceInAutoScalingGroup",
        ] {
            assert!(machine.contains(needed), "{needed}: {machine}");
        }
        assert!(read("role-policy/machine-trust.json").to_string().contains("states.amazonaws.com"));
        assert!(read("role-policy/handler.json").to_string().contains("demo-production-events"));
    }

    #[test]
    fn a_boundary_is_told_what_it_has_to_leave() {
        let all = documents(|config| {
            config.permissions.boundary_arn = "arn:aws:iam::aws:policy/PowerUserAccess".parse().ok();
        });
        assert_eq!(all.len(), 4);
        let machine = String::from_utf8(all["role-policy/machine.json"].clone()).expect("text");
        assert!(machine.contains("arn:aws:sns:eu-west-2:*:demo-production-recycles"), "{machine}");
    }

    #[test]
    fn a_boundary_is_told_of_every_role_that_it_bounds() {
        let all = documents(|config| {
            config.permissions.boundary_arn = "arn:aws:iam::123456789012:policy/boundary".parse().ok();
            config.alarms.lock_held_hours = LockHeldHours::new(24).ok();
            config.logs.destination_arn = "arn:aws:kinesis:eu-west-2:123456789012:stream/logs".parse().ok();
        });
        for (path, needed) in [
            ("role-policy/lock_watch.json", "cloudwatch:PutMetricData"),
            ("role-policy/lock_watch-trust.json", "events.amazonaws.com"),
            ("role-policy/log_sender.json", "kinesis.eu-west-2.amazonaws.com"),
            ("role-policy/log_sender-trust.json", "logs.amazonaws.com"),
        ] {
            let text = String::from_utf8_lossy(&all[path]);
            assert!(text.contains(needed), "{path}: {text}");
        }
    }
}

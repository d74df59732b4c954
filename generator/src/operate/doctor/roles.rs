//! What is asked of IAM about a stack's roles: whether each may make the calls of what runs in it.

use std::collections::{BTreeMap, BTreeSet};

use asg_recycle_handler::contract::{API_CALLS, RECYCLE_ON_ASG_UPDATE};
use asg_recycle_handler::settings::Settings;
use serde_json::{Value, json};

use super::StackCheck;
use super::fixes::RoleKeeper;
use super::gone;
use crate::aws::AwsError;
use crate::operate::answers::group::MachineAnswer;
use crate::operate::answers::surroundings::Simulated;
use crate::operate::doctor;
use crate::operate::session::StackSession;
use crate::operate::session::operation::{SIMULATE_ROLE, Touches};
use crate::stack::{CallScope, scope_of};
use crate::{asl, names};

/// What Lambda's mapping asks of the handler's role.
const RECEIVE_CALLS: &[&str] = &["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];

/// What a role is called where the stack makes it, and the key of `stack.yaml` that names one which somebody else keeps.
type Own = (names::ResourceName, &'static str);
const HANDLER: Own = (names::HANDLER_ROLE, "permissions.handler_role_arn");
const MACHINE: Own = (names::MACHINE_ROLE, "permissions.machine_role_arn");

/// Whether the roles of the handler and of the machine may make each call of theirs; of a group that is there, where one is.
pub fn roles(
    session: &StackSession,
    machine: &MachineAnswer,
    notifier: Option<&str>,
    group: Option<&str>,
) -> Vec<StackCheck> {
    let machine_calls = asl::calls_of(&machine.definition);
    let handler_calls: BTreeSet<String> = API_CALLS.iter().map(ToString::to_string).collect();
    let of_handler = (&session.handler_role, HANDLER, &handler_calls, RECEIVE_CALLS);
    let of_machine = (&machine.role_arn, MACHINE, &machine_calls, &[][..]);
    let check = |(role, (own, key), calls, receive): (&String, Own, &BTreeSet<String>, &[&str])| {
        let denied = denied(session, role, calls, receive, notifier, group);
        let made = format!("/{}{}-{}", session.place.stack, own.suffix, session.place.region);
        let keeper = if role.ends_with(&made) { RoleKeeper::Stack } else { RoleKeeper::Somebody(key) };
        let check = denied.map(|(asked, denied)| doctor::role(role, keeper, asked, &denied));
        check.unwrap_or_else(|error| {
            // One that cannot be asked about has to be named in full, for the policy of whoever asks.
            let name = if error.is_gone() { role.rsplit('/').next().unwrap_or(role) } else { role };
            let gone = ("it is gone: what runs in it can do nothing", &*keeper.again());
            gone::of_error(&format!("role {name}"), gone, &error)
        })
    };
    [of_handler, of_machine].into_iter().map(check).collect()
}

/// How many calls a role was asked about, and those that it may not make; asked for together as far as they touch the same.
fn denied(
    session: &StackSession,
    role: &str,
    calls: &BTreeSet<String>,
    receive: &[&str],
    notifier: Option<&str>,
    group: Option<&str>,
) -> Result<(usize, Vec<String>), AwsError> {
    let mut touched: BTreeMap<(String, bool), Vec<&str>> = BTreeMap::new();
    for call in calls {
        let scope = scope_of(call).unwrap_or(CallScope::Everything);
        if let Some(resource) = resource(session, scope, notifier, group) {
            touched.entry((resource, scope == CallScope::OptedInGroups)).or_default().push(call);
        }
    }
    if !receive.is_empty() {
        touched.insert((session.place.resource(Touches::EventsQueue), false), receive.to_vec());
    }
    let (mut asked, mut denied) = (0, Vec::new());
    for ((resource, is_group), actions) in touched {
        let mut arguments = json!({
            "PolicySourceArn": role, "ActionNames": actions, "ResourceArns": [resource], "MaxItems": 1_000,
        });
        if is_group {
            arguments["ContextEntries"] = tags_of_a_group(&session.settings);
        }
        let answer: Simulated = session.ask_about(&SIMULATE_ROLE, role, &arguments)?;
        asked += actions.len();
        denied.extend(
            doctor::refused(&actions, &answer)
                .map_err(|reason| AwsError::Unreadable { action: SIMULATE_ROLE.action.iam(), reason })?,
        );
    }
    denied.sort();
    Ok((asked, denied))
}

/// Something that a call of this scope touches; none where the stack does not make it.
fn resource(
    session: &StackSession,
    scope: CallScope,
    notifier: Option<&str>,
    group: Option<&str>,
) -> Option<String> {
    let place = &session.place;
    let arn = |service: &str, rest: &str| {
        let partition = names::partition(&place.region);
        format!("arn:{partition}:{service}:{}:{}:{rest}", place.region, place.account)
    };
    Some(match scope {
        CallScope::Everything => "*".to_owned(),
        CallScope::OptedInGroups => {
            let prefix = session.settings.groups.name_prefixes.first();
            let name =
                group.map_or_else(|| format!("{}group", prefix.map_or("", |prefix| prefix)), str::to_owned);
            arn(
                "autoscaling",
                &format!("autoScalingGroup:00000000-0000-0000-0000-000000000000:autoScalingGroupName/{name}"),
            )
        }
        CallScope::LatticeTargetGroups => arn("vpc-lattice", "targetgroup/tg-00000000000000000"),
        CallScope::Locks => place.resource(Touches::LockTable),
        CallScope::Topic => session.settings.topic_arn.clone(),
        CallScope::Notifier => notifier?.to_owned(),
        CallScope::Machines => session.settings.machine.to_string(),
        CallScope::Executions | CallScope::Holders => session.settings.machine.execution("doctor"),
        CallScope::Children => {
            arn("states", &format!("execution:{}/Map:doctor", session.settings.machine.name()))
        }
        CallScope::ExecutionEvents => {
            arn("events", "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule")
        }
    })
}

/// What the policies ask of a group's tags, as a group of the stack has them.
fn tags_of_a_group(settings: &Settings) -> Value {
    let opted_in = [(RECYCLE_ON_ASG_UPDATE.key, "true")].into_iter();
    let chosen = settings.groups.tags.iter().map(|(key, value)| (&**key, &**value));
    let entry = |(key, value): (&str, &str)| {
        let name = format!("aws:ResourceTag/{key}");
        json!({"ContextKeyName": name, "ContextKeyType": "string", "ContextKeyValues": [value]})
    };
    opted_in.chain(chosen).map(entry).collect()
}

//! The two roles. What they may do is computed from the calls that the handler and the state machine make.

use std::collections::{BTreeMap, BTreeSet};

use asg_recycle_handler::contract;
use serde::Serialize;

use super::grant::{GRANTS, Scope, scope_of};
use super::lock;
use super::network;
use super::parameter::ParameterKey;
use super::policy::{Policy, Principal, Statement};
use super::value::{
    EVENTS_QUEUE, HANDLER_LOGS, HANDLER_ROLE, MACHINE_ROLE, Reference, Resource, TOPIC, Value,
};
use crate::asl::{self, Machine};
use crate::config::{Config, StateMachineName};
use crate::names;
use crate::problem::{Problem, Problems};

/// The roles of the two that act, and what each may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Iam {
    /// The role of the Lambda function.
    pub handler: Role,
    /// The state machine's role.
    pub machine: Role,
    /// What the state machine may do besides where a notifier is given, and what is denied to it where none is.
    pub notifier: RolePolicy,
}

/// A role that one service assumes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Role {
    /// What others refer to it by.
    pub resource: Resource,
    /// Its name; the region is in it, for IAM is shared by all regions.
    pub name: Value,
    /// Whose role it is.
    pub description: &'static str,
    /// Its IAM path, a parameter of the stack.
    pub path: Value,
    /// The policy that bounds it.
    pub boundary: Value,
    /// Who may assume it.
    pub trust: Policy,
    /// What it may do.
    pub policy: RolePolicy,
    /// Its ARN, where somebody else keeps it and the stack makes none.
    pub given_arn: Option<String>,
}

/// A policy of a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RolePolicy {
    /// Its name within the role.
    pub name: &'static str,
    /// What it permits, and nothing beside.
    pub document: Policy,
}

/// Who makes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Handler,
    Machine,
}

/// X-Ray's own calls, of a function and of a state machine that are traced.
const TRACE: &[&str] = &["xray:PutTelemetryRecords", "xray:PutTraceSegments"];
const TRACE_SAMPLED: &[&str] = &[
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
];

/// What Step Functions asks of a machine's role before it logs to a log group.
const DELIVER_LOGS: &[&str] = &[
    "logs:CreateLogDelivery",
    "logs:CreateLogStream",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutLogEvents",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
];

/// Computes the roles, or names every call that no grant covers.
pub(super) fn iam(config: &Config, machine: &Machine) -> Result<Iam, Problems> {
    let of_handler = contract::API_CALLS.iter().copied();
    let of_machine = machine.api_calls.iter().map(String::as_str);
    let mut problems = Problems::default();
    let handler_calls = by_scope(of_handler, &mut problems);
    let mut machine_calls = by_scope(of_machine, &mut problems);
    let notifier_calls = machine_calls.remove(&Scope::Notifier).into_iter();
    let may_tell = |calls| {
        statement(Scope::Notifier, &calls, Caller::Machine, config).needing(ParameterKey::NotifierFunctionArn)
    };
    let notifier: Vec<Statement> = notifier_calls.map(may_tell).collect();
    let iam = Iam {
        handler: handler(statements(&handler_calls, Caller::Handler, config), config),
        machine: self::machine(statements(&machine_calls, Caller::Machine, config), config),
        notifier: RolePolicy { name: "notifier", document: Policy::new(notifier) },
    };
    problems.or_ok(iam).map_err(|problems| asl::at_their_calls(problems, config, machine))
}

type Calls<'a> = BTreeMap<Scope, BTreeSet<&'a str>>;

fn by_scope<'a>(calls: impl Iterator<Item = &'a str>, problems: &mut Problems) -> Calls<'a> {
    let mut scopes = Calls::new();
    for call in calls {
        match scope_of(call) {
            Some(scope) => {
                scopes.entry(scope).or_default().insert(call);
            }
            None => problems.push(unknown(call)),
        }
    }
    scopes
}

fn unknown(call: &str) -> Problem {
    Problem::new("unknown-api-call", call, format!("no permission is known for the API call `{call}`"))
        .help("say in `generator/src/stack/grant.rs` what the call may touch")
}

fn statements(calls: &Calls<'_>, caller: Caller, config: &Config) -> Vec<Statement> {
    calls.iter().map(|(scope, calls)| statement(*scope, calls, caller, config)).collect()
}

fn statement(scope: Scope, calls: &BTreeSet<&str>, caller: Caller, config: &Config) -> Statement {
    let grant = GRANTS.iter().find(|grant| grant.scope == scope).expect("every scope has its grant");
    let statement = Statement::allow(grant.sid)
        .actions(calls.iter().copied())
        .resources(resources(scope, caller, config))
        .because(grant.why);
    if scope != Scope::OptedInGroups {
        return statement;
    }
    let of_tag = |key: &str| format!("aws:ResourceTag/{key}");
    let opted_in = of_tag(contract::RECYCLE_ON_ASG_UPDATE.key);
    config
        .groups
        .tags
        .iter()
        .fold(statement.condition("Null", &opted_in, "false".into()), |statement, (key, value)| {
            statement.condition("StringEquals", &of_tag(key), (&**value).into())
        })
}

fn resources(scope: Scope, caller: Caller, config: &Config) -> Vec<Value> {
    match scope {
        Scope::Everything => everything(),
        Scope::OptedInGroups => groups(config),
        Scope::LatticeTargetGroups => vec![Value::regional_arn("vpc-lattice", ["targetgroup/*".into()])],
        Scope::Locks => vec![lock::arn()],
        Scope::Topic => vec![TOPIC.arn()],
        Scope::Notifier => notifier(),
        Scope::Machines => machines(caller, config),
        Scope::Executions => vec![executions(":*"), executions("/*:*")],
        Scope::Children => vec![executions("/*:*")],
        Scope::Holders => vec![Value::regional_arn("states", ["execution:*".into()])],
        Scope::ExecutionEvents => vec![Value::regional_arn(
            "events",
            ["rule/StepFunctionsGetEventsForStepFunctionsExecutionRule".into()],
        )],
    }
}

/// The groups of the stack, as far as their names tell.
fn groups(config: &Config) -> Vec<Value> {
    let named = |prefix: &str| {
        let name = format!("autoScalingGroup:*:autoScalingGroupName/{prefix}*");
        Value::regional_arn("autoscaling", [name.into()])
    };
    let prefixes = &config.groups.name_prefixes;
    if prefixes.is_empty() { vec![named("")] } else { prefixes.iter().map(|prefix| named(prefix)).collect() }
}

fn everything() -> Vec<Value> {
    vec!["*".into()]
}

/// Unqualified, and every version and alias of it.
pub(super) fn notifier() -> Vec<Value> {
    let arn = Value::parameter(ParameterKey::NotifierFunctionArn);
    vec![arn.clone(), Value::joined([arn, ":*".into()])]
}

/// By name: the state machine refers to its role.
fn machines(caller: Caller, config: &Config) -> Vec<Value> {
    let machine = |name| Value::regional_arn("states", ["stateMachine:".into(), name]);
    let own = machine(Value::prefixed(names::MACHINE.suffix));
    let allowed: &[StateMachineName] = match caller {
        Caller::Handler => &config.handler.allowed_step_functions,
        Caller::Machine => &[],
    };
    [own].into_iter().chain(allowed.iter().map(|name| machine((&**name).into()))).collect()
}

/// Executions of the machine: with `:*` those started as such, with `/*:*` those that run the items of a map.
fn executions(rest: &str) -> Value {
    let name = Value::prefixed(names::MACHINE.suffix);
    Value::regional_arn("states", ["execution:".into(), name, rest.into()])
}

fn handler(computed: Vec<Statement>, config: &Config) -> Role {
    let mut own = vec![
        Statement::allow("ReceiveEvents")
            .actions(["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"])
            .resources([EVENTS_QUEUE.arn()])
            .because("Lambda takes events from the queue in the function's name."),
        Statement::allow("WriteLogs")
            .actions(["logs:CreateLogStream", "logs:PutLogEvents"])
            .resources([HANDLER_LOGS.arn()])
            .because("Lambda writes the function's log in its name."),
    ];
    own.extend(trace(TRACE, config));
    own.extend(config.network.is_given().then(network::attach).into_iter().flatten());
    let trust = assume("lambda.amazonaws.com", "StringEqualsIfExists"); // not documented that Lambda always says it
    let description = "What the asg-recycle handler may do";
    let role =
        role(HANDLER_ROLE, &names::HANDLER_ROLE, description, [trust], computed.into_iter().chain(own));
    Role { given_arn: config.permissions.handler_role_arn.as_ref().map(ToString::to_string), ..role }
}

/// X-Ray has no resources to limit its calls to.
fn trace(actions: &[&str], config: &Config) -> Option<Statement> {
    let statement = || {
        Statement::allow("Trace")
            .actions(actions.iter().copied())
            .resources(everything())
            .because("Sends traces to X-Ray, while `tracing.enabled` is true.")
    };
    config.tracing.enabled.then(statement)
}

/// Lets executions that the former version began tell the notifier that it had.
pub(super) fn keep_notifier(iam: &mut Iam, arn: &str) {
    for statement in &mut iam.notifier.document.statements {
        statement.kept = vec![arn.into(), format!("{arn}:*").into()];
    }
}

/// Lets Lambda remove the network interfaces of a function that has left its VPC just now.
pub(super) fn keep_network(handler: &mut Role) {
    let statements = &mut handler.policy.document.statements;
    let kept = network::attach();
    if statements.iter().all(|statement| statement.sid != kept[0].sid) {
        statements.extend(kept);
    }
}

fn machine(computed: Vec<Statement>, config: &Config) -> Role {
    let deliver = Statement::allow("DeliverLogs")
        .actions(DELIVER_LOGS.iter().copied())
        .resources(everything())
        .because("Step Functions asks for it before it logs to a log group; AWS limits it to no resource.");
    let own = [deliver].into_iter().chain(trace(TRACE_SAMPLED, config));
    // Any of the account's machines in the region: which ARN the children of a distributed Map come with is not documented.
    let machines = Value::regional_arn("states", ["*".into()]);
    let trust =
        assume("states.amazonaws.com", "StringEquals").condition("ArnLike", "aws:SourceArn", machines);
    let description = "What the asg-recycle state machine may do";
    let role =
        role(MACHINE_ROLE, &names::MACHINE_ROLE, description, [trust], computed.into_iter().chain(own));
    Role { given_arn: config.permissions.machine_role_arn.as_ref().map(ToString::to_string), ..role }
}

/// Lets a service assume the role on behalf of this account only.
fn assume(service: &'static str, operator: &'static str) -> Statement {
    Statement::allow("Assume")
        .principal(Principal::Service(service))
        .actions(["sts:AssumeRole"])
        .condition(operator, "aws:SourceAccount", Reference::Account.into())
        .because("The service acts as the role, for this account only.")
}

pub(super) fn role(
    resource: Resource,
    name: &names::ResourceName,
    description: &'static str,
    trust: impl IntoIterator<Item = Statement>,
    statements: impl Iterator<Item = Statement>,
) -> Role {
    let suffix = Value::from(name.suffix);
    Role {
        resource,
        name: Value::joined([Reference::Prefix.into(), suffix, "-".into(), Reference::Region.into()]),
        description,
        path: Value::parameter(ParameterKey::RolePath),
        boundary: Value::optional(ParameterKey::PermissionsBoundaryArn),
        trust: Policy::new(trust),
        policy: RolePolicy { name: "permissions", document: Policy::new(statements) },
        given_arn: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_calls(calls: &[&str]) -> Result<Iam, Problems> {
        let config = Config::with_defaults("demo".parse().unwrap());
        let api_calls = calls.iter().map(|call| (*call).to_owned()).collect();
        iam(&config, &Machine { api_calls, ..asl::build(&config).unwrap() })
    }

    fn find<'a>(role: &'a Role, sid: &str) -> Option<&'a Statement> {
        role.policy.document.statements.iter().find(|statement| statement.sid == sid)
    }

    #[test]
    fn the_machine_may_make_its_own_calls_and_no_others() {
        let iam = with_calls(&["autoscaling:SuspendProcesses"]).unwrap();
        let change = find(&iam.machine, "ChangeOptedInGroups").unwrap();
        assert_eq!(change.actions, ["autoscaling:SuspendProcesses"]);
        assert_eq!(find(&iam.machine, "KeepLocks"), None);
        assert_eq!(find(&iam.handler, "ChangeOptedInGroups"), None);
    }

    #[test]
    fn groups_are_changed_only_where_the_tag_is_present_with_any_value() {
        let iam = with_calls(&["autoscaling:SuspendProcesses"]).unwrap();
        let change = find(&iam.machine, "ChangeOptedInGroups").unwrap();
        let key = "aws:ResourceTag/autorecycle_recycle_on_asg_update".to_owned();
        assert_eq!(change.conditions, [("Null", key, Value::from("false"))]);
    }

    #[test]
    fn groups_of_other_stacks_are_not_changed() {
        let mut config = Config::with_defaults("demo".parse().unwrap());
        config.groups.name_prefixes =
            ["web-", "api-"].map(|prefix| prefix.parse().unwrap()).to_vec().try_into().unwrap();
        for (key, value) in [("stage", "live"), ("team", "web")] {
            config.groups.tags.insert(key, value.parse().unwrap()).unwrap();
        }
        let calls = BTreeSet::from(["autoscaling:SuspendProcesses"]);
        let statement = statement(Scope::OptedInGroups, &calls, Caller::Machine, &config);
        let shown = format!("{:?}", statement.resources);
        assert!(
            shown.contains("autoScalingGroupName/web-*") && shown.contains("autoScalingGroupName/api-*"),
            "{shown}"
        );
        let printed = serde_json::to_string(&Policy::new([statement])).unwrap();
        assert_eq!(printed.matches("StringEquals").count(), 1, "one operator, both tags: {printed}");
        assert!(
            printed.contains("aws:ResourceTag/stage") && printed.contains("aws:ResourceTag/team"),
            "{printed}"
        );
    }

    #[test]
    fn every_call_without_a_grant_is_named() {
        let problems = with_calls(&["ec2:RunInstances", "sns:Publish", "s3:GetObject"]).unwrap_err();
        let named: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(named, ["ec2:RunInstances", "s3:GetObject"]);
    }

    #[test]
    fn what_the_function_runs_may_not_touch_its_network() {
        let mut config = Config::with_defaults("demo".parse().unwrap());
        let role = |config: &Config| iam(config, &asl::build(config).unwrap()).unwrap().handler;
        assert_eq!(find(&role(&config), "AttachNetwork"), None);
        config.network.subnet_ids = vec!["subnet-0123abcd".parse().unwrap()].try_into().unwrap();
        let role = role(&config);
        let [attach, deny] = ["AttachNetwork", "DenyNetworkToCode"].map(|sid| find(&role, sid).unwrap());
        assert_eq!(attach.actions, deny.actions);
        assert_eq!(deny.conditions[0].1, "lambda:SourceFunctionArn");
    }

    #[test]
    fn the_notifier_is_granted_apart_from_the_rest() {
        let iam = with_calls(&["lambda:InvokeFunction"]).unwrap();
        assert_eq!(find(&iam.machine, "InvokeNotifier"), None);
        assert_eq!(iam.notifier.document.statements[0].actions, ["lambda:InvokeFunction"]);
    }

    #[test]
    fn the_handler_may_start_the_machines_that_a_tag_may_name() {
        let mut config = Config::with_defaults("demo".parse().unwrap());
        config.handler.allowed_step_functions = vec!["teams-own".parse().unwrap()].try_into().unwrap();
        assert_eq!(machines(Caller::Handler, &config).len(), 2);
        assert_eq!(machines(Caller::Machine, &config).len(), 1);
    }
}

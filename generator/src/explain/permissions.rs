//! Statements of policies and the actions in them, of the stack's own policies and of those for whoever deploys it.

use std::collections::{BTreeMap, BTreeSet};

use asg_recycle_handler::contract;

use super::explanation::{Explanation, ThingKind};
use super::rendered::{InFormat, Rendered};
use crate::asl;
use crate::construct::AsgRecycle;
use crate::operate::session::operation::OPERATIONS;
use crate::render::{DeployerNeed, deployer_needs};
use crate::stack::{Effect, Policy, Principal, Role, Stack, Statement, scope_of};

/// A policy with what it belongs to.
struct Held<'a> {
    /// In words.
    holder: &'static str,
    /// In words, of a role that somebody else keeps: the stack makes no such policy.
    given: Option<String>,
    /// The resources that it stands in, as Terraform names them.
    addresses: &'static [&'static str],
    /// Whose code makes the calls that it allows, where that is ours.
    caller: Option<Caller>,
    policy: &'a Policy,
}

impl Held<'_> {
    fn holder(&self) -> &str {
        self.given.as_deref().unwrap_or(self.holder)
    }
}

/// Whose code makes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Handler,
    Machine,
}

fn held<'a>(
    holder: &'static str,
    addresses: &'static [&'static str],
    caller: Option<Caller>,
    policy: &'a Policy,
) -> Held<'a> {
    Held { holder, given: None, addresses, caller, policy }
}

/// What handler and machine may do, and who may act as them, whoever keeps their roles.
fn of_callers(stack: &Stack) -> [Held<'_>; 5] {
    let iam = &stack.iam;
    let given = |role: &Role, file: &str| {
        let arn = role.given_arn.as_ref()?;
        Some(format!("the role `{arn}`, which somebody else keeps (role-policy/{file}.json)"))
    };
    let handler = &["aws_iam_role.handler", "aws_iam_role_policy.handler"];
    let machine = &["aws_iam_role.machine", "aws_iam_role_policy.machine"];
    let notifier = &["aws_iam_role_policy.notifier"];
    let [by_handler, by_machine] = [Some(Caller::Handler), Some(Caller::Machine)];
    let where_given = "the state machine's role, where `notifier_function_arn` is given";
    [
        Held {
            given: given(&iam.handler, "handler"),
            ..held("the handler's role", handler, by_handler, &iam.handler.policy.document)
        },
        Held {
            given: given(&iam.machine, "machine"),
            ..held("the state machine's role", machine, by_machine, &iam.machine.policy.document)
        },
        Held {
            given: given(&iam.machine, "machine"),
            ..held(where_given, notifier, by_machine, &iam.notifier.document)
        },
        Held {
            given: given(&iam.handler, "handler-trust"),
            ..held("the trust of the handler's role", &handler[..1], None, &iam.handler.trust)
        },
        Held {
            given: given(&iam.machine, "machine-trust"),
            ..held("the trust of the state machine's role", &machine[..1], None, &iam.machine.trust)
        },
    ]
}

/// Every policy of the stack.
fn policies(stack: &Stack) -> Vec<Held<'_>> {
    let mut all: Vec<Held<'_>> = of_callers(stack).into();
    all.extend([
        held(
            "the policy of the queue of events",
            &["aws_sqs_queue_policy.events"],
            None,
            &stack.queue.events.policy,
        ),
        held(
            "the policy of the dead-letter queue",
            &["aws_sqs_queue_policy.dead_letters"],
            None,
            &stack.queue.dead_letters.policy,
        ),
        held("the policy of the topic", &["aws_sns_topic_policy.recycles"], None, &stack.topic.policy),
    ]);
    let sender = stack.log_subscriptions.iter().filter_map(|all| all.sender.as_ref()).flat_map(|role| {
        let addresses = &["aws_iam_role.log_sender", "aws_iam_role_policy.log_sender"];
        [
            held("the role that sends the logs on", addresses, None, &role.policy.document),
            held("the trust of the role that sends the logs on", &addresses[..1], None, &role.trust),
        ]
    });
    let watch = stack.lock_watch.iter().flat_map(|watch| {
        let addresses = &["aws_iam_role.lock_watch", "aws_iam_role_policy.lock_watch"];
        [
            held("the role of the watch over locks", addresses, None, &watch.role.policy.document),
            held("the trust of the role of the watch over locks", &addresses[..1], None, &watch.role.trust),
        ]
    });
    all.extend(sender.chain(watch));
    all.extend(
        stack.key.iter().map(|key| held("the policy of the key", &["aws_kms_key.stack"], None, &key.policy)),
    );
    all.extend(stack.repository.iter().map(|repository| {
        held("the policy of the repository", &["aws_ecr_repository_policy.handler"], None, &repository.policy)
    }));
    all
}

/// The names of the statements that stand in a resource.
pub(super) fn statements_of(stack: &Stack, address: &str) -> Vec<String> {
    let held = policies(stack).into_iter().filter(|held| held.addresses.contains(&address));
    held.flat_map(|held| held.policy.statements.iter().map(|one| one.sid.clone())).collect()
}

/// Every statement, then every action.
pub(super) fn explained(rendered: &Rendered<'_>, recycle: &AsgRecycle) -> Vec<Explanation> {
    let callers = Callers::of(recycle);
    let mut actions: BTreeMap<String, Explanation> = BTreeMap::new();
    let mut statements = Vec::new();
    for held in policies(rendered.stack) {
        for statement in &held.policy.statements {
            statements.push(explained_statement(rendered, &held, statement));
            for action in &statement.actions {
                let one = actions.entry(action.clone()).or_insert_with(|| begun(action));
                let word = match (statement.effect, &held.given) {
                    (Effect::Allow, None) => "allowed by",
                    (Effect::Allow, Some(_)) => "needed by",
                    (Effect::Deny, _) => "forbidden by",
                };
                one.tell(word, [format!("`{}` of {}: {}", statement.sid, held.holder(), statement.why)]);
                tell_reach(rendered, statement, one);
                if statement.effect == Effect::Allow {
                    callers.tell(action, held.caller, one);
                }
            }
        }
    }
    for need in needs(rendered) {
        let one = actions.entry(need.action.to_owned()).or_insert_with(|| begun(need.action));
        let types = need.types.join(", ");
        one.tell("deployers", [format!("`{}` of {}, for {types}", need.sid, need.file)]);
    }
    for operation in OPERATIONS {
        if let Some(one) = actions.get_mut(&operation.action.iam()) {
            let act = if operation.acts { " --act" } else { "" };
            one.tell(
                "operators",
                [format!("`asg-recycle operator-policy{act}` allows it: commands make it, too")],
            );
        }
    }
    statements.extend(deployer_statements(rendered));
    statements.into_iter().chain(actions.into_values()).collect()
}

fn begun(action: &str) -> Explanation {
    Explanation::new(ThingKind::Action, action, "")
}

/// Whom a statement is about, what it touches, and when it holds.
fn tell_reach(rendered: &Rendered<'_>, statement: &Statement, one: &mut Explanation) {
    one.tell("about", statement.principal.iter().map(|principal| whom(rendered, principal)));
    one.tell("on", statement.resources.iter().flat_map(|resource| rendered.shown(resource)));
    let condition = |(operator, key, value): &(&str, String, _)| {
        format!("{key} {operator} {}", rendered.shown(value).join(" or "))
    };
    one.tell("only where", statement.conditions.iter().map(condition));
}

fn explained_statement(rendered: &Rendered<'_>, held: &Held<'_>, statement: &Statement) -> Explanation {
    let mut one = Explanation::new(ThingKind::Statement, statement.sid.clone(), statement.why);
    one.tell("stands in", [held.holder()]);
    one.tell(
        match statement.effect {
            Effect::Allow => "allows",
            Effect::Deny => "forbids",
        },
        statement.actions.iter().cloned(),
    );
    tell_reach(rendered, statement, &mut one);
    one
}

fn whom(rendered: &Rendered<'_>, principal: &Principal) -> String {
    match principal {
        Principal::Anyone => "everybody".to_owned(),
        Principal::Service(name) => (*name).to_owned(),
        Principal::RegionalService { name, domain } => {
            format!("{name}.{}.{domain}", rendered.stack.guide.region)
        }
        Principal::Aws(value) => rendered.shown(value).join(", "),
    }
}

/// Who makes which calls.
struct Callers {
    of_machine: BTreeMap<String, BTreeSet<String>>,
    needed: Vec<(String, String)>,
}

impl Callers {
    fn of(recycle: &AsgRecycle) -> Self {
        let of_machine = asl::callers_of(&recycle.machine().definition);
        Self { of_machine, needed: asl::needed(recycle.config()).into_iter().collect() }
    }

    /// Tells who makes a call that a role allows; nobody of ours where a service makes it in the role's name.
    fn tell(&self, action: &str, caller: Option<Caller>, one: &mut Explanation) {
        match caller {
            // A call may be the code's in one statement, and a service's in another.
            Some(Caller::Handler) if contract::API_CALLS.contains(&action) => {
                one.tell("called by", ["the handler's code"]);
            }
            Some(Caller::Machine) if scope_of(action).is_some() => {
                let states: Vec<String> = self
                    .of_machine
                    .get(action)
                    .into_iter()
                    .flatten()
                    .map(|state| format!("`{state}`"))
                    .collect();
                let needed = self.needed.iter().filter(|(call, _)| call == action);
                let settings: Vec<String> = needed.map(|(_, by)| format!("`{by}`")).collect();
                if states.is_empty() && settings.is_empty() {
                    one.tell("called by", ["executions of the former version; no state calls it any more"]);
                }
                one.tell("in states", states);
                one.tell("because of", settings);
            }
            _ => {}
        }
    }
}

/// What whoever deploys has to be allowed, in every format.
fn needs(rendered: &Rendered<'_>) -> Vec<DeployerNeed> {
    let of = |in_format: &InFormat| {
        deployer_needs(rendered.stack, in_format.format.description(), &in_format.resources)
    };
    rendered.formats.iter().flat_map(of).collect()
}

fn deployer_statements(rendered: &Rendered<'_>) -> Vec<Explanation> {
    let mut statements: BTreeMap<(String, String), BTreeSet<&str>> = BTreeMap::new();
    for need in needs(rendered) {
        statements.entry((need.sid, need.file)).or_default().insert(need.action);
    }
    let explained = |((sid, file), actions): ((String, String), BTreeSet<&str>)| {
        let purpose = "What whoever deploys the stack has to be allowed, and nothing besides.";
        let mut one = Explanation::new(ThingKind::Statement, sid, purpose);
        one.tell("stands in", [file]);
        one.tell("allows", actions);
        one
    };
    statements.into_iter().map(explained).collect()
}

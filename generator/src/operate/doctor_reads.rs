//! What is asked of AWS to tell whether a stack can do its work. A check that AWS does not answer is not made, and counts for nothing.

use std::collections::{BTreeMap, BTreeSet};

use asg_recycle_handler::contract::{API_CALLS, RECYCLE_ON_ASG_UPDATE};
use asg_recycle_handler::settings::Settings;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::answers::SeenGroup;
use super::dead_letter_reads;
use super::doctor::{self, RoleKeeper, StackCheck, counted};
use super::doctor_answers::{
    FunctionsPage, ListedFunction, MappingsAnswer, PatternTested, QueueAnswer, RulesPage, SeenRule,
    Simulated, TargetsAnswer, TrailSelectors, TrailStatus, TrailsAnswer,
};
use super::doctor_locks;
use super::doctor_notifier;
use super::fleet::{self, FleetFacts};
use super::group_answers::MachineAnswer;
use super::operation::{
    DESCRIBE_STATE_MACHINE, DESCRIBE_TRAILS, LIST_FUNCTIONS, LIST_MAPPINGS, LIST_RULES, LIST_TARGETS,
    READ_QUEUE, SIMULATE_ROLE, TEST_PATTERN, TRAIL_SELECTORS, TRAIL_STATUS, Touches,
};
use super::reads;
use super::session::StackSession;
use crate::aws::AwsError;
use crate::samples::{self, SampleValue};
use crate::stack::{CallScope, scope_of};
use crate::{asl, names};

/// Pages of any list that are read at most.
const PAGES_MAX: usize = 50;
/// What Lambda's mapping asks of the handler's role.
const RECEIVE_CALLS: &[&str] = &["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];
/// The rules, each with a sample event that it has to select, and the key of `stack.yaml` without which a stack lacks it.
const RULES: &[(names::ResourceName, &str, Option<&str>)] = &[
    (names::CHANGES_RULE, "update-launch-template", None),
    (names::TEMPLATES_RULE, "create-template-version", Some("trigger.launch_template_versions")),
    (names::MAINTENANCE_RULE, "maintenance-scheduled", Some("trigger.scheduled_maintenance")),
    (names::EXECUTIONS_RULE, "execution-aborted", None),
];

/// Looks at all that a stack needs.
pub fn checks(session: &StackSession, own_version: &str, now: Timestamp) -> Vec<StackCheck> {
    let one = |name: &str, made: Result<StackCheck, AwsError>| {
        made.unwrap_or_else(|error| StackCheck::not_made(name, &error))
    };
    let many = |name: &str, made: Result<Vec<StackCheck>, AwsError>| {
        made.unwrap_or_else(|error| vec![StackCheck::not_made(name, &error)])
    };
    let mut checks = vec![one("trail", trail(session))];
    checks.extend(many("rules", rules(session)));
    checks.push(one("queue", queue(session)));
    checks.push(one("dead letters", dead_letters(session)));
    let facts = reads::fleet(session, session.calls_made() + reads::FLEET_CALLS_MAX);
    let functions = functions(session);
    let sample = facts.as_ref().ok().and_then(|facts| facts.groups.first()).map(|group| group.name.clone());
    match session.ask::<MachineAnswer>(
        &DESCRIBE_STATE_MACHINE,
        &json!({"stateMachineArn": session.settings.machine.to_string()}),
    ) {
        Err(error) => {
            checks.extend(["version", "roles", "notifier"].map(|name| StackCheck::not_made(name, &error)));
        }
        Ok(machine) => {
            checks.push(doctor::version(&machine.definition, own_version));
            let notifier = doctor_notifier::of(&machine.definition);
            checks.extend(roles(session, &machine, notifier.arn(), sample.as_deref()));
            checks.push(match &functions {
                Ok((there, is_all)) => doctor_notifier::there(&notifier, &session.place, (there, *is_all)),
                Err(error) => StackCheck::not_made("notifier", error),
            });
        }
    }
    match facts {
        Err(error) => {
            checks.extend(["locks", "tags", "stacks"].map(|name| StackCheck::not_made(name, &error)));
        }
        Ok(mut facts) => {
            let others = look_at_locks(session, &mut facts);
            let rows = fleet::rows(&facts, &session.settings, now);
            let locks = others.map(|others| doctor_locks::locks(&rows, &facts, &others, &session.settings));
            checks.extend(many("locks", locks));
            checks.extend(doctor::tags(&rows));
            checks.extend(many("stacks", functions.map(|(there, _)| stacks(session, &there, &facts))));
        }
    }
    checks
}

/// Looks at every holder of a lock that may be the stack's, however many calls that takes; the groups of locks that are none of the
/// stack's opted-in ones, as far as they exist.
fn look_at_locks(session: &StackSession, facts: &mut FleetFacts) -> Result<Vec<SeenGroup>, AwsError> {
    let holders = doctor_locks::holders(facts);
    let strays: Vec<String> = doctor_locks::strays(facts).map(|lock| lock.group.clone()).collect();
    reads::look_at_holders(session, (facts, holders), || true)?;
    reads::groups_named(session, &strays)
}

fn trail(session: &StackSession) -> Result<StackCheck, AwsError> {
    let region = &session.place.region;
    let answer: TrailsAnswer = session.ask(&DESCRIBE_TRAILS, &json!({"includeShadowTrails": true}))?;
    let mut unknown = None;
    for trail in answer.trails.iter().filter(|trail| trail.is_multi_region || trail.home_region == *region) {
        let logs = || -> Result<bool, AwsError> {
            let status: TrailStatus = session.ask(&TRAIL_STATUS, &json!({"Name": trail.arn}))?;
            let selectors =
                || session.ask::<TrailSelectors>(&TRAIL_SELECTORS, &json!({"TrailName": trail.arn}));
            Ok(status.is_logging && doctor::logs_changes(&selectors()?))
        };
        match logs() {
            Ok(true) => {
                return Ok(StackCheck::passed(
                    "trail",
                    format!("`{}` logs changes of groups here", trail.name),
                ));
            }
            Ok(false) => {}
            Err(error) => unknown = Some(error),
        }
    }
    // One that could not be looked at, such as the organisation's, may be the one that does.
    unknown.map_or_else(
        || {
            let about = format!("no trail logs management events in {region}: EventBridge gets no calls, so nothing starts");
            let fix = "make one, or switch one on: `aws cloudtrail create-trail --is-multi-region-trail ...`, then `start-logging`";
            Ok(StackCheck::finding("trail", about, fix))
        },
        Err,
    )
}

fn rules(session: &StackSession) -> Result<Vec<StackCheck>, AwsError> {
    let stack = &session.place.stack;
    let arguments = json!({"NamePrefix": format!("{stack}-")});
    let pages: Vec<RulesPage> = session.pages(&LIST_RULES, arguments, PAGES_MAX, |page: &RulesPage| {
        Some(("NextToken", json!(page.next_token.clone()?)))
    })?;
    let seen: Vec<SeenRule> = pages.into_iter().flat_map(|page| page.rules).collect();
    let is_there = |rule: &names::ResourceName| {
        let name = format!("{stack}{}", rule.suffix);
        seen.iter().any(|one| one.name == name)
    };
    let asks = RULES.iter().any(|(rule, _, asked_by)| asked_by.is_some() && !is_there(rule));
    let sources = if asks { Some(deployed_rules(session)) } else { None };
    let check = |(rule, sample, asked_by): &(names::ResourceName, &str, Option<&str>)| {
        let name = format!("{stack}{}", rule.suffix);
        let seen = seen.iter().find(|one| one.name == name);
        let made = || -> Result<StackCheck, AwsError> {
            let seen = match (seen, asked_by) {
                (Some(seen), _) => seen,
                (None, None) => return Ok(doctor::rule(&name, None, false, &[], "")),
                (None, Some(key)) => {
                    return Ok(match &sources {
                        Some(Err(error)) => StackCheck::not_made(&format!("rule {name}"), error),
                        Some(Ok(sources)) => doctor::optional_rule(&name, key, sources.as_deref()),
                        None => doctor::optional_rule(&name, key, None),
                    });
                }
            };
            let event = sample_event(session, sample);
            let arguments = json!({"EventPattern": seen.event_pattern, "Event": event.to_string()});
            let tested: PatternTested = session.ask(&TEST_PATTERN, &arguments)?;
            let targets: TargetsAnswer = session.ask(&LIST_TARGETS, &json!({"Rule": name}))?;
            let targets: Vec<String> = targets.targets.into_iter().map(|target| target.arn).collect();
            let queue = session.place.resource(Touches::EventsQueue);
            Ok(doctor::rule(&name, Some(seen), tested.result, &targets, &queue))
        };
        made().unwrap_or_else(|error| StackCheck::not_made(&format!("rule {name}"), &error))
    };
    Ok(RULES.iter().map(check).collect())
}

/// The policy of the queue of events, which names the rules that the stack was deployed with; none where it has none.
fn deployed_rules(session: &StackSession) -> Result<Option<String>, AwsError> {
    let arguments = json!({"QueueUrl": session.place.queue_url(names::QUEUE), "AttributeNames": ["Policy"]});
    let mut answer: QueueAnswer = session.ask(&READ_QUEUE, &arguments)?;
    Ok(answer.attributes.remove("Policy"))
}

/// A sample event as it would come to this stack.
fn sample_event(session: &StackSession, sample: &str) -> Value {
    let place = &session.place;
    let values = [("account", &place.account), ("region", &place.region), ("machine", &place.stack)];
    let values: Vec<SampleValue> =
        values.iter().filter_map(|(name, value)| SampleValue::new(name, value).ok()).collect();
    samples::event(sample, &values).unwrap_or_default()
}

fn queue(session: &StackSession) -> Result<StackCheck, AwsError> {
    let function = format!("{}{}", session.place.stack, names::FUNCTION.suffix);
    let queue = session.place.resource(Touches::EventsQueue);
    let answer: MappingsAnswer = session.ask(&LIST_MAPPINGS, &json!({"EventSourceArn": queue}))?;
    Ok(match answer.event_source_mappings.iter().find(|mapping| mapping.function_arn.contains(&function)) {
        None => {
            StackCheck::finding("queue", "nothing hands its events to the handler", "deploy the stack anew")
        }
        Some(mapping) if !["Enabled", "Enabling", "Creating", "Updating"].contains(&&*mapping.state) => {
            let about = format!(
                "its events are not handed to the handler: the mapping is {}",
                mapping.state.to_lowercase()
            );
            StackCheck::finding(
                "queue",
                about,
                format!("aws lambda update-event-source-mapping --uuid {} --enabled", mapping.uuid),
            )
        }
        Some(_) => StackCheck::passed("queue", "its events are handed to the handler"),
    })
}

fn dead_letters(session: &StackSession) -> Result<StackCheck, AwsError> {
    Ok(match dead_letter_reads::count(session)? {
        0 => StackCheck::passed("dead letters", "none"),
        count => {
            let about = format!("about {} could not be delivered or handled", counted(count, "event"));
            StackCheck::finding("dead letters", about, "asg-recycle dlq list")
        }
    })
}

fn roles(
    session: &StackSession,
    machine: &MachineAnswer,
    notifier: Option<&str>,
    group: Option<&str>,
) -> Vec<StackCheck> {
    let machine_calls = asl::calls_of(&machine.definition);
    let handler_calls: BTreeSet<String> = API_CALLS.iter().map(ToString::to_string).collect();
    let of_handler = (&session.handler_role, names::HANDLER_ROLE, &handler_calls, RECEIVE_CALLS);
    let of_machine = (&machine.role_arn, names::MACHINE_ROLE, &machine_calls, &[][..]);
    let check = |(role, own, calls, receive): (&String, names::ResourceName, &BTreeSet<String>, &[&str])| {
        let denied = denied(session, role, calls, receive, notifier, group);
        let made = format!("/{}{}-{}", session.place.stack, own.suffix, session.place.region);
        let keeper = if role.ends_with(&made) { RoleKeeper::Stack } else { RoleKeeper::Somebody };
        let check = denied.map(|(asked, denied)| doctor::role(role, keeper, asked, &denied));
        check.unwrap_or_else(|error| StackCheck::not_made(&format!("role {role}"), &error))
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

/// Every function that is here, by pages; and whether those are all.
fn functions(session: &StackSession) -> Result<(Vec<ListedFunction>, bool), AwsError> {
    let next = |page: &FunctionsPage| page.next_marker.clone().filter(|marker| !marker.is_empty());
    let pages: Vec<FunctionsPage> =
        session.pages(&LIST_FUNCTIONS, json!({"MaxItems": "50"}), PAGES_MAX, |page: &FunctionsPage| {
            Some(("Marker", json!(next(page)?)))
        })?;
    let is_all = pages.last().is_none_or(|page| next(page).is_none());
    Ok((pages.into_iter().flat_map(|page| page.functions).collect(), is_all))
}

fn stacks(session: &StackSession, functions: &[ListedFunction], facts: &FleetFacts) -> Vec<StackCheck> {
    let own = format!("{}{}", session.place.stack, names::FUNCTION.suffix);
    let others = functions.iter().filter(|function| function.function_name != own);
    let (mut read, mut unread) = (Vec::new(), Vec::new());
    for function in others {
        let name = &function.function_name;
        match function.as_handler().map(Settings::parse) {
            Some(Ok(settings)) => {
                read.push((name.strip_suffix(names::FUNCTION.suffix).unwrap_or(name).to_owned(), settings));
            }
            Some(Err(_)) => unread.push(name.clone()),
            None if function.may_be_a_handler() => unread.push(name.clone()),
            None => {}
        }
    }
    doctor::stacks(&read, &unread, facts)
}

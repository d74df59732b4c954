//! What is asked of AWS to tell whether a stack can do its work. A check that AWS does not answer is not made, and counts for nothing.

use asg_recycle_handler::settings::Settings;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::StackCheck;
use super::fixes;
use super::gone::{self, OwnAlarms};
use super::locks;
use super::notifier;
use super::roles;
use crate::aws::AwsError;
use crate::names;
use crate::operate::answers::group::MachineAnswer;
use crate::operate::answers::surroundings::{
    FunctionsPage, ListedFunction, MappingsAnswer, PatternTested, QueueAnswer, RulesPage, SeenRule,
    TargetsAnswer, TrailSelectors, TrailStatus, TrailsAnswer,
};
use crate::operate::answers::{NoAnswer, SeenGroup};
use crate::operate::dead_letter;
use crate::operate::doctor;
use crate::operate::fleet::reads;
use crate::operate::fleet::{self, FleetFacts};
use crate::operate::place::StackPlace;
use crate::operate::plan;
use crate::operate::session::StackSession;
use crate::operate::session::operation::{
    DESCRIBE_STATE_MACHINE, DESCRIBE_TRAILS, LIST_FUNCTIONS, LIST_MAPPINGS, LIST_RULES, LIST_TARGETS,
    READ_QUEUE, READ_TOPIC, TEST_PATTERN, TRAIL_SELECTORS, TRAIL_STATUS, Touches,
};
use crate::problem::counted;
use crate::samples::{self, SampleValue};

/// Pages of any list that are read at most.
const PAGES_MAX: usize = 50;
/// The rules, each with a sample event that it has to select, and the key of `stack.yaml` without which a stack lacks it.
const RULES: &[(names::ResourceName, &str, Option<&str>)] = &[
    (names::CHANGES_RULE, "update-launch-template", None),
    (names::TEMPLATES_RULE, "create-template-version", Some("trigger.launch_template_versions")),
    (names::MAINTENANCE_RULE, "maintenance-scheduled", Some("trigger.scheduled_maintenance")),
    (names::EXECUTIONS_RULE, "execution-aborted", None),
];

/// Looks at all that a stack needs.
pub fn checks(session: &StackSession, own_version: &str, now: Timestamp) -> Vec<StackCheck> {
    let one = |name: &str, gone: &str, made: Result<StackCheck, AwsError>| {
        made.unwrap_or_else(|error| gone::of_error(name, (gone, fixes::AGAIN), &error))
    };
    let many = |name: &str, made: Result<Vec<StackCheck>, AwsError>| {
        made.unwrap_or_else(|error| vec![StackCheck::not_made(name, &error)])
    };
    let mut checks = vec![trail(session).unwrap_or_else(|error| StackCheck::not_made("trail", &error))];
    checks.extend(many("rules", rules(session)));
    checks.push(one("queue", "the queue of events is gone: no event reaches the handler", queue(session)));
    let lost = "their queue is gone: what cannot be delivered or handled is lost";
    checks.push(one("dead letters", lost, dead_letters(session)));
    checks.push(one("topic", "it is gone: nobody is told of recycles and their failures", topic(session)));
    let groups = reads::own_groups(session);
    let functions = session.list(&LIST_FUNCTIONS, json!({"MaxItems": "50"}), PAGES_MAX, FunctionsPage::read);
    let sample = groups.as_ref().ok().and_then(|groups| groups.first()).map(|group| group.name.clone());
    checks.extend(machine(session, own_version, (&functions, sample.as_deref())));
    match groups {
        Err(error) => {
            checks.extend(["locks", "tags", "stacks"].map(|name| StackCheck::not_made(name, &error)));
        }
        Ok(groups) => checks.extend(fleet_checks(session, groups, functions, now)),
    }
    checks
}

/// Every function that is here.
type FunctionsHere = Result<Vec<ListedFunction>, AwsError>;

/// What is to be said of the machine as it is deployed, and of what is known by its definition.
fn machine(
    session: &StackSession,
    own_version: &str,
    (functions, group): (&FunctionsHere, Option<&str>),
) -> Vec<StackCheck> {
    let arn = session.settings.machine.to_string();
    let seen: Result<MachineAnswer, AwsError> =
        session.ask(&DESCRIBE_STATE_MACHINE, &json!({"stateMachineArn": arn}));
    let gone = || StackCheck::finding("state machine", gone::machine(&arn), fixes::AGAIN);
    let machine = match seen {
        Err(error) if error.is_gone() => return vec![gone()],
        Err(error) => {
            let names = ["version", "roles", "notifier", "alarms"];
            return names.map(|name| StackCheck::not_made(name, &error)).into();
        }
        Ok(machine) if machine.is_being_deleted() => return vec![gone()],
        Ok(machine) => machine,
    };
    let mut checks = vec![doctor::version(&machine.definition, own_version)];
    let notifier = notifier::of(&machine.definition);
    checks.extend(roles::roles(session, &machine, notifier.arn(), group));
    checks.push(match functions {
        Ok(there) => notifier::there(&notifier, &session.place, there),
        Err(error) => StackCheck::not_made("notifier", error),
    });
    let alarms = alarms(session, &machine.definition, own_version);
    checks.extend(alarms.unwrap_or_else(|error| vec![StackCheck::not_made("alarms", &error)]));
    checks
}

/// What is to be said of the stack's groups: their locks, their tags, and other stacks that see them.
fn fleet_checks(
    session: &StackSession,
    groups: Vec<SeenGroup>,
    functions: FunctionsHere,
    now: Timestamp,
) -> Vec<StackCheck> {
    let locks = reads::locks_and_pauses(session);
    let gone = gone::table(names::LOCK_TABLE);
    let failed = |error: &AwsError| gone::of_error("locks", (&gone, fixes::TABLE_AGAIN), error);
    let unlocked = locks.as_ref().err().map(failed);
    let executions = match reads::executions(session) {
        // They are gone with their machine, which is told of there.
        Err(error) if error.is_gone() => Ok(Vec::new()),
        executions => executions,
    };
    let unlocked =
        unlocked.or_else(|| executions.as_ref().err().map(|error| StackCheck::not_made("locks", error)));
    let known = (groups, locks.unwrap_or_default(), executions.unwrap_or_default());
    let calls_max = session.calls_made() + reads::FLEET_CALLS_MAX;
    let mut facts = match reads::fleet_of(session, known, calls_max) {
        Ok(facts) => facts,
        Err(error) => {
            let locks = unlocked.unwrap_or_else(|| StackCheck::not_made("locks", &error));
            let others = ["tags", "stacks"].map(|name| StackCheck::not_made(name, &error));
            return std::iter::once(locks).chain(others).collect();
        }
    };
    let others = if unlocked.is_none() { look_at_locks(session, &mut facts) } else { Ok(Vec::new()) };
    let rows = fleet::rows(&facts, &session.settings, now);
    let mut checks = match (unlocked, others) {
        (Some(unlocked), _) => vec![unlocked],
        (None, Err(error)) => vec![StackCheck::not_made("locks", &error)],
        (None, Ok(others)) => locks::locks(&rows, &facts, &others, &session.settings),
    };
    checks.extend(doctor::tags(&rows));
    let seen = functions.map(|there| stacks(session, &there, &facts));
    checks.extend(seen.unwrap_or_else(|error| vec![StackCheck::not_made("stacks", &error)]));
    checks
}

/// Looks at every holder of a lock that may be the stack's, however many calls that takes; the groups of locks that are none of the
/// stack's opted-in ones, as far as they exist.
fn look_at_locks(session: &StackSession, facts: &mut FleetFacts) -> Result<Vec<SeenGroup>, AwsError> {
    let holders = locks::holders(facts);
    let strays: Vec<String> = locks::strays(facts).map(|lock| lock.group.clone()).collect();
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
            // One that was deleted a moment ago logs nothing, and is not the stack's to make again.
            Err(error) if error.is("TrailNotFoundException") => {}
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
    let seen: Vec<SeenRule> = session.list(&LIST_RULES, arguments, PAGES_MAX, |page: RulesPage| {
        (page.rules, reads::token("NextToken", page.next_token))
    })?;
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
            let event = match sample_event(&session.place, sample) {
                Ok(event) => event,
                Err(reason) => {
                    let about = format!("this tool has no event to try it with: {reason}");
                    return Ok(StackCheck::unknown(&format!("rule {name}"), about, "install the tool anew"));
                }
            };
            let arguments = json!({"EventPattern": seen.event_pattern, "Event": event.to_string()});
            let tested: PatternTested = session.ask(&TEST_PATTERN, &arguments)?;
            let targets: TargetsAnswer = session.ask(&LIST_TARGETS, &json!({"Rule": name}))?;
            let targets: Vec<String> = targets.targets.into_iter().map(|target| target.arn).collect();
            let queue = session.place.resource(Touches::EventsQueue);
            Ok(doctor::rule(&name, Some(seen), tested.result, &targets, &queue))
        };
        made().unwrap_or_else(|error| {
            let gone = ("it is not there any more", fixes::AGAIN);
            gone::of_error(&format!("rule {name}"), gone, &error)
        })
    };
    Ok(RULES.iter().map(check).collect())
}

/// The policy of the queue of events, which names the rules that the stack was deployed with; none where it has none.
fn deployed_rules(session: &StackSession) -> Result<Option<String>, AwsError> {
    let arguments = json!({"QueueUrl": session.place.queue_url(names::QUEUE), "AttributeNames": ["Policy"]});
    match session.ask::<QueueAnswer>(&READ_QUEUE, &arguments) {
        Err(error) if error.is_gone() => Ok(None), // which is told of by itself
        answer => Ok(answer?.attributes.remove("Policy")),
    }
}

/// A sample event as it would come to this stack; one that is none would be selected by no rule.
fn sample_event(place: &StackPlace, sample: &str) -> Result<Value, String> {
    let values = [("account", &place.account), ("region", &place.region), ("machine", &place.stack)];
    let values: Result<Vec<SampleValue>, String> =
        values.iter().map(|(name, value)| SampleValue::new(name, value)).collect();
    samples::event(sample, &values?)
}

fn queue(session: &StackSession) -> Result<StackCheck, AwsError> {
    let function = format!("{}{}", session.place.stack, names::FUNCTION.suffix);
    let queue = session.place.resource(Touches::EventsQueue);
    let answer: MappingsAnswer = session.ask(&LIST_MAPPINGS, &json!({"EventSourceArn": queue}))?;
    // A mapping outlives its queue.
    let asked = json!({"QueueUrl": session.place.queue_url(names::QUEUE), "AttributeNames": ["QueueArn"]});
    session.ask::<QueueAnswer>(&READ_QUEUE, &asked)?;
    Ok(match answer.event_source_mappings.iter().find(|mapping| mapping.function_arn.contains(&function)) {
        None => StackCheck::finding("queue", "nothing hands its events to the handler", fixes::AGAIN),
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
    Ok(match dead_letter::reads::count(session)? {
        0 => StackCheck::passed("dead letters", "none"),
        count => {
            let about = format!("about {} could not be delivered or handled", counted(count, "event"));
            StackCheck::finding("dead letters", about, "asg-recycle dlq list")
        }
    })
}

fn topic(session: &StackSession) -> Result<StackCheck, AwsError> {
    let arn = &session.settings.topic_arn;
    session.ask::<NoAnswer>(&READ_TOPIC, &json!({"TopicArn": arn}))?;
    Ok(StackCheck::passed("topic", "it is there"))
}

/// Whether the alarms are there that every stack of the version has, and those that its strategies watch.
fn alarms(session: &StackSession, definition: &str, own_version: &str) -> Result<Vec<StackCheck>, AwsError> {
    let version = doctor::version_of(definition);
    let own = OwnAlarms::of(&session.place.stack, version.as_deref(), own_version);
    let watched = plan::reads::watched_alarms(definition);
    let seen = plan::reads::alarms_named(session, &own.names.union(&watched).cloned().collect())?;
    Ok(gone::alarms(&own, &watched, &seen))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_an_event_to_be_tried_with() {
        let place = |account: &str| StackPlace {
            stack: "web-production".to_owned(),
            account: account.to_owned(),
            region: "eu-west-2".to_owned(),
        };
        for (rule, sample, _) in RULES {
            let event = sample_event(&place("123456789012"), sample).expect("a sample");
            assert_eq!(event["account"], "123456789012", "{}", rule.suffix);
        }
        assert!(sample_event(&place("123456789012"), "no-such-sample").is_err());
        assert!(sample_event(&place(""), RULES[0].1).is_err());
    }
}

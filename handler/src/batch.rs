//! One invocation: records in, decisions taken together, failures out record by record.
//!
//! Every step may fail for one record without touching another: reading it, describing its groups, deciding, and
//! acting; a panic counts as a failure. What is not done when the function's time is nearly over is handed back.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use crate::bounded;
use crate::decide::{self, Decision, Skip, StartRequest, Trigger};
use crate::delivery::{Delivery, InvocationFault};
use crate::event::{Cause, Event, Subject};
use crate::invocation::{Invocation, Outcome};
use crate::log::{Level, Log};
use crate::lookup::{Followers, Lookup, Wanted};
use crate::ports::{CALLS_MAX, CallError, Ports, Started};
use crate::rejection::Rejection;
use crate::report::{Place, Report};
use crate::settings::Settings;

/// What a decision asks to be done.
#[derive(Debug, Clone)]
enum Act {
    Start(StartRequest),
    Publish(Rejection),
}

/// An act that went well.
enum Acted {
    Started(StartRequest, Started),
    Published(Rejection),
}

/// Handles an invocation and returns its answer.
pub async fn handle<P: Ports>(
    payload: Value,
    invocation: &Invocation,
    settings: &Settings,
    ports: &Arc<P>,
    log: &Log,
) -> Result<Value, InvocationFault> {
    let delivery = Delivery::read(payload)?;
    let mut report = Report::new(invocation, log, delivery.len());
    let events = read(&delivery, invocation, log, &mut report);
    let lookup = look_up(&events, settings, ports, invocation.deadline).await;
    let mut acts = Vec::new();
    for (place, event) in events {
        match guarded(|| triggers(event, &lookup, settings)) {
            Err(outcome) => report.conclude(&place, &outcome),
            Ok(triggers) => {
                for trigger in triggers {
                    let place = place.of_group(trigger.cause.group());
                    match guarded(|| decide_on(&trigger, &lookup, invocation.now, settings)) {
                        Err(outcome) => report.conclude(&place, &outcome),
                        Ok(act) => acts.push((place, act)),
                    }
                }
            }
        }
    }
    perform(acts, ports, invocation.deadline, &mut report).await;
    report.answer(&delivery)
}

fn read(delivery: &Delivery, invocation: &Invocation, log: &Log, report: &mut Report) -> Vec<(Place, Event)> {
    let mut events = Vec::new();
    for record in 0..delivery.len() {
        if log.enables(Level::Debug) {
            log.note(Level::Debug, invocation.now, "event", &delivery.text(record));
        }
        let place = Place::new(record, delivery.message_id(record));
        let event = guarded(|| {
            let event = delivery.event(record, &invocation.account_id);
            event.map_err(|malformed| Outcome::Fail(malformed.to_string()))
        });
        match event {
            Ok(event) => events.push((place.of_event(event.source.event_id.as_deref()), event)),
            Err(outcome) => report.conclude(&place, &outcome),
        }
    }
    events
}

/// Asks for every group of the batch that cannot be decided on without a look.
async fn look_up<P: Ports>(
    events: &[(Place, Event)],
    settings: &Settings,
    ports: &Arc<P>,
    deadline: Instant,
) -> Lookup {
    let wanted =
        events.iter().flat_map(|(_, event)| guarded(|| Ok(groups(event, settings))).unwrap_or_default());
    let names = wanted.collect();
    let ours = events.iter().map(|(_, event)| event);
    let ours = ours.filter(|event| decide::screen_source(&event.source, settings).is_none());
    let mut instances = BTreeSet::new();
    let mut followers = Followers::Unwanted;
    for event in ours {
        match &event.subject {
            Subject::Template(_) => followers = Followers::Wanted,
            Subject::Instances(ids) => instances.extend(ids.iter().cloned()),
            Subject::Causes(_) | Subject::Nothing(_) => {}
        }
    }
    Lookup::run(ports, Wanted { names, instances, followers }, deadline).await
}

fn groups(event: &Event, settings: &Settings) -> Vec<String> {
    let Subject::Causes(causes) = &event.subject else { return Vec::new() };
    let triggers = causes.iter().map(|cause| Trigger { source: event.source.clone(), cause: cause.clone() });
    let open = triggers.filter(|trigger| decide::screen(trigger, settings).is_none());
    open.filter_map(|trigger| trigger.cause.group().map(str::to_owned)).collect()
}

/// One trigger for each group of an event, the followers of a launch template found.
fn triggers(event: Event, lookup: &Lookup, settings: &Settings) -> Result<Vec<Trigger>, Outcome> {
    let Event { source, subject } = event;
    let screened =
        || decide::screen_source(&source, settings).map_or(Ok(()), |skip| Err(Outcome::Skip(skip)));
    let causes = match subject {
        Subject::Causes(causes) => causes,
        Subject::Nothing(nothing) => return Err(Outcome::Skip(Skip::Nothing(nothing))),
        Subject::Template(change) => {
            screened()?;
            some(lookup.followers(&change), Skip::NoFollower)?
        }
        Subject::Instances(ids) => {
            screened()?;
            some(lookup.groups_of(&ids), Skip::NoGroupOfInstances)?
        }
    };
    Ok(causes.into_iter().map(|cause| Trigger { source: source.clone(), cause }).collect())
}

/// The causes that were found, of which there has to be one.
fn some(found: Result<Vec<Cause>, String>, otherwise: Skip) -> Result<Vec<Cause>, Outcome> {
    let causes = found.map_err(Outcome::Fail)?;
    if causes.is_empty() { Err(Outcome::Skip(otherwise)) } else { Ok(causes) }
}

fn decide_on(
    trigger: &Trigger,
    lookup: &Lookup,
    now: Timestamp,
    settings: &Settings,
) -> Result<Act, Outcome> {
    let looked_up = trigger.cause.group().filter(|_| decide::screen(trigger, settings).is_none());
    let group = looked_up.map_or(Ok(None), |name| lookup.group(name)).map_err(Outcome::Fail)?;
    match decide::decide(trigger, group, now, settings) {
        Decision::Skip(skip) => Err(Outcome::Skip(skip)),
        Decision::Start(request) => Ok(Act::Start(request)),
        Decision::Reject(rejection) => Ok(Act::Publish(rejection)),
    }
}

async fn perform<P: Ports>(
    acts: Vec<(Place, Act)>,
    ports: &Arc<P>,
    deadline: Instant,
    report: &mut Report<'_>,
) {
    let jobs = acts.iter().map(|(_, act)| make(Arc::clone(ports), act.clone())).collect();
    let done = |index: usize, result: Result<Result<Acted, CallError>, bounded::Interrupted>| {
        let (place, act) = &acts[index];
        match result.map_err(|why| why.to_string()).and_then(|made| made.map_err(|error| error.to_string())) {
            Ok(Acted::Started(request, started)) => report.start(place, &request, started),
            Ok(Acted::Published(rejection)) => report.reject(place, &rejection),
            Err(failure) => report.conclude(place, &Outcome::Fail(act.failure(&failure))),
        }
    };
    bounded::run(jobs, CALLS_MAX, deadline, done).await;
}

async fn make<P: Ports>(ports: Arc<P>, act: Act) -> Result<Acted, CallError> {
    match act {
        Act::Start(request) => {
            let started = ports.start(&request).await?;
            Ok(Acted::Started(request, started))
        }
        Act::Publish(rejection) => {
            ports.publish(&rejection).await?;
            Ok(Acted::Published(rejection))
        }
    }
}

impl Act {
    /// What is logged when it failed: a rejection's reason is not lost though nobody was told.
    fn failure(&self, failure: &str) -> String {
        match self {
            Self::Start(_) => failure.to_owned(),
            Self::Publish(rejection) => format!("{failure}; to be published: {}", rejection.reason()),
        }
    }
}

/// Turns a panic into a failure of the one thing that panicked.
fn guarded<T>(work: impl FnOnce() -> Result<T, Outcome>) -> Result<T, Outcome> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        Err(Outcome::Fail(format!("panicked: {}", bounded::panic_text(panic.as_ref()))))
    })
}

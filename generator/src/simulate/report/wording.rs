//! What calls and changes are called in a timeline.

use serde_json::Value;

use asg_recycle_simulator::world::ids::InstanceId;
use asg_recycle_simulator::world::record::{Author, CallRecord, GroupEvent, Sizes, TerminationCause};

/// How a line is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Plain,
    /// Something from outside, or in the way.
    Warning,
    /// A good end.
    Good,
    /// A bad end.
    Bad,
}

/// What a line says, before lines of a kind are joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phrase {
    /// As it stands.
    Text(String, Tone),
    /// Something about an instance: text with `{}` for the instances, for one and for many.
    About { instance: InstanceId, one: &'static str, many: &'static str, tone: Tone },
    /// A text of which there may be many: how often is said after it.
    Repeated(String, Tone),
}

/// What a call of an execution is called; `None` for what is not worth a line.
pub(super) fn of_call(call: &CallRecord) -> Option<Phrase> {
    let arguments = &call.arguments;
    let text = |pointer: &str| arguments.pointer(pointer).and_then(Value::as_str);
    let said = match &*call.action {
        "terminateInstanceInAutoScalingGroup" if call.answer.is_ok() => {
            let instance = InstanceId::parse(text("/InstanceId")?)?;
            let keeps = arguments.get("ShouldDecrementDesiredCapacity") == Some(&Value::Bool(false));
            let (one, many) = if keeps {
                ("terminates instance {}", "terminates {n} instances: {}")
            } else {
                ("terminates instance {} with its place", "terminates {n} instances with their places: {}")
            };
            return Some(Phrase::About { instance, one, many, tone: Tone::Plain });
        }
        "terminateInstanceInAutoScalingGroup" => {
            format!("terminates instance {}", InstanceId::parse(text("/InstanceId")?)?.0)
        }
        action => call_in_words(action, arguments)?,
    };
    Some(match &call.answer {
        Ok(_) => Phrase::Text(said, Tone::Plain),
        // A condition that does not hold is an answer.
        Err(error) if error.name.ends_with("ConditionalCheckFailedException") => {
            Phrase::Text(format!("{said}: refused, the condition does not hold"), Tone::Plain)
        }
        Err(error) => {
            let lost = if call.lost { ", though it is done" } else { "" };
            Phrase::Repeated(format!("{said}: {}{lost}", shortened(&error.cause)), Tone::Warning)
        }
    })
}

/// What a call of an execution is called, but for terminations; `None` for what is not worth a line.
pub fn call_in_words(action: &str, arguments: &Value) -> Option<String> {
    let status = || arguments.pointer("/MessageAttributes/status/StringValue").and_then(Value::as_str);
    Some(match action {
        "updateAutoScalingGroup" | "setDesiredCapacity" => sizes(arguments),
        "suspendProcesses" => format!("suspends {}", processes(arguments)),
        "resumeProcesses" => format!("resumes {}", processes(arguments)),
        "putItem" => "takes the lock".to_owned(),
        "deleteItem" if is_of_the_unproved(arguments) => "forgets since when some are unproved".to_owned(),
        "deleteItem" => "lets go of the lock".to_owned(),
        "updateItem" => of_update(arguments)?,
        "publish" => format!("announces: {}", status().unwrap_or("?")),
        "startExecution" => "starts a successor".to_owned(),
        "startInstanceRefresh" => "starts an instance refresh".to_owned(),
        "cancelInstanceRefresh" => "cancels the instance refresh".to_owned(),
        _ => return None,
    })
}

/// Whether a call is about since when instances are unproved, which is an item of its own beside the lock.
fn is_of_the_unproved(arguments: &Value) -> bool {
    let key = arguments.pointer("/Key/auto_scaling_group_name/S").and_then(Value::as_str);
    key.is_some_and(|key| key.starts_with("unproved:"))
}

fn of_update(arguments: &Value) -> Option<String> {
    let value = |name: &str| arguments.pointer(&format!("/ExpressionAttributeValues/{name}/S"))?.as_str();
    if let Some(journal) = value(":journal") {
        let journal: Value = serde_json::from_str(journal).ok()?;
        let phase = journal.get("phase").and_then(Value::as_str).unwrap_or("?");
        return Some(format!("writes its journal: {phase}"));
    }
    if value(":rerun").is_some() {
        return Some("asks the holder of the lock for another round".to_owned());
    }
    if value(":failure").is_some() {
        return Some("notes why the turn failed".to_owned());
    }
    if is_of_the_unproved(arguments) {
        return Some("notes since when some are unproved".to_owned());
    }
    let expression = arguments.get("UpdateExpression").and_then(Value::as_str).unwrap_or_default();
    let names_a_holder = value(":holder").is_some();
    Some(match expression {
        expression if expression.contains("SET turn") => "notes whose turn it is".to_owned(),
        expression if expression.contains("held_by") && names_a_holder => "takes the lock over".to_owned(),
        expression if expression.contains("held_by") => "takes the lock".to_owned(),
        expression if expression.contains("rerun") => "takes up the request for another round".to_owned(),
        expression if expression.starts_with("SET started") => "notes its start".to_owned(),
        expression if expression.starts_with("SET ended") => "notes how it ends".to_owned(),
        "REMOVE started, ended" => "notes that its end is told".to_owned(),
        _ => "clears its journal".to_owned(),
    })
}

fn sizes(arguments: &Value) -> String {
    let named = [("MinSize", "minimum"), ("MaxSize", "maximum"), ("DesiredCapacity", "desired capacity")];
    let set = named.iter().filter_map(|(key, name)| Some(format!("{name} to {}", arguments.get(key)?)));
    let set: Vec<String> = set.collect();
    format!("sets the {}", set.join(", the "))
}

fn processes(arguments: &Value) -> String {
    let listed = arguments.get("ScalingProcesses").and_then(Value::as_array);
    let names: Vec<&str> = listed.into_iter().flatten().filter_map(Value::as_str).collect();
    names.join(", ")
}

/// The first sentence of an error's cause, without the SDK's addition.
pub fn shortened(cause: &str) -> String {
    let cause = cause.split(" (Service:").next().unwrap_or(cause);
    let short: String = cause.chars().take(110).collect();
    if short.len() < cause.len() { format!("{short}...") } else { short }
}

/// What a change of a group is called; `None` for what a call's line says already.
pub(super) fn of_change(event: &GroupEvent) -> Option<Phrase> {
    let about =
        |instance: &InstanceId, one, many, tone| Phrase::About { instance: *instance, one, many, tone };
    Some(match event {
        GroupEvent::Launched(id) => {
            about(id, "launches instance {}", "launches {n} instances: {}", Tone::Plain)
        }
        GroupEvent::LaunchFailed(message) => {
            Phrase::Repeated(format!("a launch fails: {}", shortened(message)), Tone::Warning)
        }
        GroupEvent::InService(id) => {
            about(id, "instance {} is in service", "{n} instances are in service: {}", Tone::Plain)
        }
        GroupEvent::TargetsHealthy(id) => about(
            id,
            "instance {} passes its health checks",
            "{n} instances pass their health checks: {}",
            Tone::Plain,
        ),
        GroupEvent::MarkedUnhealthy(id) => about(
            id,
            "instance {} is marked unhealthy",
            "{n} instances are marked unhealthy: {}",
            Tone::Warning,
        ),
        GroupEvent::HeldByHook(id) => {
            about(id, "a hook holds instance {}", "hooks hold {n} instances: {}", Tone::Plain)
        }
        GroupEvent::Ec2Terminated(_)
        | GroupEvent::Terminating { cause: TerminationCause::Execution(_), .. } => {
            return None;
        }
        GroupEvent::Terminating { instance, cause, .. } => {
            let (one, many) = of_cause(cause);
            about(instance, one, many, Tone::Warning)
        }
        GroupEvent::Left(id) => about(id, "instance {} has left", "{n} instances have left: {}", Tone::Plain),
        GroupEvent::Disrupted { instance, .. } => {
            about(instance, "instance {} is struck", "{n} instances are struck: {}", Tone::Warning)
        }
        GroupEvent::Sized { by, before, after, .. } => return of_sizes(by, *before, *after),
        GroupEvent::Suspended { by: Author::Execution(_), .. } => return None,
        GroupEvent::Suspended { .. } => warning("somebody suspends or resumes processes"),
        GroupEvent::LaunchSourceChanged => warning("somebody changes what it launches from"),
        GroupEvent::RefreshStarted(_) => Phrase::Text("an instance refresh begins".to_owned(), Tone::Plain),
        GroupEvent::RefreshEnded(status) => {
            Phrase::Text(format!("the instance refresh ends: {status}"), Tone::Plain)
        }
        GroupEvent::Changed(what) if what.contains(' ') => {
            Phrase::Repeated((*what).to_owned(), Tone::Warning)
        }
        GroupEvent::Changed(what) => warning(&format!("somebody changes {what}")),
        GroupEvent::PoolConfigured => warning("somebody configures the warm pool"),
        GroupEvent::Deleting => warning("somebody deletes the group"),
        GroupEvent::Deleted => warning("the group is gone"),
        GroupEvent::MadeAgain => warning("another group is made under its name"),
    })
}

fn warning(text: &str) -> Phrase {
    Phrase::Text(text.to_owned(), Tone::Warning)
}

fn of_cause(cause: &TerminationCause) -> (&'static str, &'static str) {
    match cause {
        TerminationCause::Execution(_) => ("instance {} is terminated", "{n} instances are terminated: {}"),
        TerminationCause::ScaleIn => ("scales in instance {}", "scales in {n} instances: {}"),
        TerminationCause::Rebalance => ("rebalances instance {} away", "rebalances {n} instances away: {}"),
        TerminationCause::Unhealthy => ("replaces instance {}", "replaces {n} instances: {}"),
        TerminationCause::LaunchAbandoned => ("gives up instance {}", "gives up {n} instances: {}"),
        TerminationCause::Somebody => {
            ("somebody terminates instance {}", "somebody terminates {n} instances: {}")
        }
        TerminationCause::Lifetime => ("replaces old instance {}", "replaces {n} old instances: {}"),
        TerminationCause::AtRisk => ("lets instance {} at risk go", "lets {n} instances at risk go: {}"),
        TerminationCause::InstanceRefresh => ("refreshes instance {}", "refreshes {n} instances: {}"),
        TerminationCause::GroupDeleted => ("deletes instance {}", "deletes {n} instances: {}"),
    }
}

fn of_sizes(by: &Author, before: Sizes, after: Sizes) -> Option<Phrase> {
    let named = [
        ("minimum", before.min, after.min),
        ("maximum", before.max, after.max),
        ("desired", before.desired, after.desired),
    ];
    let changed = named.iter().filter(|(_, before, after)| before != after);
    let changed: Vec<String> =
        changed.map(|(name, before, after)| format!("{name} {before} -> {after}")).collect();
    let text = changed.join(", ");
    match by {
        Author::World => Some(Phrase::Text(format!("somebody scales: {text}"), Tone::Warning)),
        // A termination with its place says what it does.
        Author::Execution(_) if before.min == after.min && before.max == after.max => None,
        Author::Execution(_) => Some(Phrase::Text(text, Tone::Plain)),
    }
}

//! What happened, in order: who did what, with lines of a kind joined.

use std::collections::BTreeMap;

use crate::simulate::runner::{ExecutionReport, LogEntry, LogEvent, Run};
use asg_recycle_simulator::time::{Moment, Span};
use asg_recycle_simulator::world::ids::InstanceId;

use super::wording::{Phrase, Tone, of_call, of_change, shortened};

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// The handler.
    Handler,
    /// An execution, by its index; the number is left out where there is only one.
    Execution {
        /// `recycle` or `restore`.
        mode: String,
        /// From 1, in order of starts.
        number: Option<usize>,
    },
    /// A group and what is around it; the name is left out where there is only one.
    Group(Option<String>),
}

/// A line of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When; of several that were joined, the first.
    pub at: Moment,
    /// Who.
    pub actor: Actor,
    /// What.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
}

impl std::fmt::Display for Actor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Handler => out.write_str("handler"),
            Self::Execution { mode, number: None } => out.write_str(mode),
            Self::Execution { mode, number: Some(number) } => write!(out, "{mode} {number}"),
            Self::Group(None) => out.write_str("group"),
            Self::Group(Some(name)) => out.write_str(name),
        }
    }
}

/// Things of a kind no further apart than this are one line.
const JOINED: Span = Span::seconds(45);

/// One thing that happened.
struct SpokenAt {
    at: Moment,
    actor: Actor,
    phrase: Phrase,
}

/// The lines of a run.
pub fn timeline(run: &Run) -> Vec<Line> {
    let mut said = from_log(run);
    said.extend(from_calls(run));
    said.extend(from_changes(run));
    said.sort_by_key(|one| one.at); // stable: causes come before effects of the same moment
    join(said)
}

fn actor(run: &Run, execution: usize) -> Actor {
    let number = (run.executions.len() > 1).then_some(execution + 1);
    let mode = run.executions.get(execution).map_or_else(String::new, |one| one.mode.clone());
    Actor::Execution { mode, number }
}

fn from_log(run: &Run) -> Vec<SpokenAt> {
    run.log.iter().filter_map(|entry| of_entry(run, entry)).collect()
}

fn of_entry(run: &Run, entry: &LogEntry) -> Option<SpokenAt> {
    let report = |execution: &usize| run.executions.get(*execution);
    let (actor, text, tone) = match &entry.event {
        LogEvent::Passed { event, reason } => {
            (Actor::Handler, format!("{event}: starts nothing: {reason}"), Tone::Plain)
        }
        LogEvent::Rejected { event, reason } => {
            (Actor::Handler, format!("{event}: refuses: {reason}"), Tone::Bad)
        }
        LogEvent::Began { execution, event: Some(event) } => {
            (Actor::Handler, format!("{event}: starts {}", began(report(execution)?)), Tone::Plain)
        }
        LogEvent::Began { execution, event: None } => {
            (actor(run, *execution), format!("begins: {}", began(report(execution)?)), Tone::Plain)
        }
        LogEvent::AlreadyBegan { name } => {
            (Actor::Handler, format!("{name} has been started already"), Tone::Plain)
        }
        LogEvent::Stopped { execution, state } => {
            (actor(run, *execution), format!("is stopped by somebody in the state `{state}`"), Tone::Warning)
        }
        LogEvent::Redriven { execution, state } => {
            (actor(run, *execution), format!("is redriven by somebody in the state `{state}`"), Tone::Warning)
        }
        LogEvent::Entered { .. } => return None,
        LogEvent::Retrying { execution, state, failure, delay } => {
            let text = format!(
                "`{state}` tries again in {} s: {}",
                delay.0.div_ceil(1000),
                shortened(&failure.cause)
            );
            (actor(run, *execution), text, Tone::Warning)
        }
        LogEvent::Caught { execution, state, failure, template } => {
            let place = template.as_ref().map_or_else(String::new, |line| format!(", {line}"));
            (actor(run, *execution), format!("`{state}` failed: {}{place}", failure.error), Tone::Warning)
        }
        LogEvent::Ended { execution } => {
            let report = report(execution)?;
            let reason = if report.reason.is_empty() {
                String::new()
            } else {
                format!(": {}", shortened(&report.reason))
            };
            let good = report.status == "SUCCEEDED";
            (
                actor(run, *execution),
                format!("ends {}{reason}", report.ending()),
                if good { Tone::Good } else { Tone::Bad },
            )
        }
    };
    let phrase = match tone {
        Tone::Warning => Phrase::Repeated(text, tone),
        _ => Phrase::Text(text, tone),
    };
    Some(SpokenAt { at: entry.at, actor, phrase })
}

fn began(report: &ExecutionReport) -> String {
    let what = if report.replace == "all" { "every instance" } else { "what is outdated" };
    match report.mode.as_str() {
        "restore" => format!("{}, to put back what is left changed", report.name()),
        _ => format!("{}, {} of {what}", report.name(), report.strategy),
    }
}

fn from_calls(run: &Run) -> Vec<SpokenAt> {
    let indices: BTreeMap<&str, usize> =
        run.executions.iter().enumerate().map(|(index, one)| (one.arn.as_str(), index)).collect();
    let of_call = |call: &std::sync::Arc<asg_recycle_simulator::world::record::CallRecord>| {
        let root = run.world.executions.root_of(&call.execution);
        let actor = actor(run, *indices.get(root)?);
        Some(SpokenAt { at: call.moment, actor, phrase: of_call(call)? })
    };
    run.world.record().calls.iter().filter_map(of_call).collect()
}

fn from_changes(run: &Run) -> Vec<SpokenAt> {
    let name = |index: usize| {
        let many = run.groups.len() > 1;
        run.groups.get(index).filter(|_| many).map(|group| group.name.clone())
    };
    let changes = run.world.record().changes.iter();
    let said = changes.filter_map(|change| {
        let phrase = of_change(&change.event)?;
        Some(SpokenAt { at: change.moment, actor: Actor::Group(name(change.group)), phrase })
    });
    said.collect()
}

/// What has been joined so far.
struct Open {
    said: SpokenAt,
    instances: Vec<InstanceId>,
    times: usize,
    last: Moment,
}

fn join(said: Vec<SpokenAt>) -> Vec<Line> {
    let mut open: Vec<Open> = Vec::new();
    for one in said {
        let joins = |known: &&mut Open| {
            let alike = match (&known.said.phrase, &one.phrase) {
                (Phrase::About { one: a, .. }, Phrase::About { one: b, .. }) => a == b,
                (Phrase::Repeated(a, _), Phrase::Repeated(b, _)) => without_figures(a) == without_figures(b),
                _ => false,
            };
            alike && known.said.actor == one.actor && one.at - known.last <= JOINED
        };
        // Only with what stands last, or before other things that are joined themselves.
        let recent = open.iter_mut().rev().take(4).find(joins);
        let instance = if let Phrase::About { instance, .. } = one.phrase { Some(instance) } else { None };
        if let Some(known) = recent {
            known.instances.extend(instance);
            known.times += 1;
            known.last = one.at;
        } else {
            let (instances, last) = (instance.into_iter().collect(), one.at);
            open.push(Open { said: one, instances, times: 1, last });
        }
    }
    open.into_iter().map(Open::close).collect()
}

/// Delays differ from try to try.
fn without_figures(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_ascii_digit()).collect()
}

impl Open {
    fn close(self) -> Line {
        let (text, tone) = match self.said.phrase {
            Phrase::Repeated(text, tone) if self.times > 1 => {
                (format!("{text} ({} times)", self.times), tone)
            }
            Phrase::Text(text, tone) | Phrase::Repeated(text, tone) => (text, tone),
            Phrase::About { one, tone, .. } if self.instances.len() == 1 => {
                (one.replace("{}", &listed(&self.instances)), tone)
            }
            Phrase::About { many, tone, .. } => {
                let count = self.instances.len().to_string();
                (many.replace("{n}", &count).replace("{}", &listed(&self.instances)), tone)
            }
        };
        Line { at: self.said.at, actor: self.said.actor, text, tone }
    }
}

/// Instances by their numbers, with runs of them as ranges: `1-3, 5`.
fn listed(instances: &[InstanceId]) -> String {
    let mut numbers: Vec<u32> = instances.iter().map(|id| id.0).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let text = ranges.iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first}-{last}"),
    });
    text.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_are_listed_in_ranges() {
        let ids =
            |numbers: &[u32]| listed(&numbers.iter().map(|number| InstanceId(*number)).collect::<Vec<_>>());
        assert_eq!(ids(&[3, 1, 2]), "1-3");
        assert_eq!(ids(&[1, 2, 5]), "1, 2, 5");
        assert_eq!(ids(&[7]), "7");
    }

    #[test]
    fn things_of_a_kind_and_near_in_time_are_one_line() {
        let said = |seconds: u64, instance: u32| SpokenAt {
            at: Moment(seconds * 1000),
            actor: Actor::Group(None),
            phrase: Phrase::About {
                instance: InstanceId(instance),
                one: "launches {}",
                many: "launches {n}: {}",
                tone: Tone::Plain,
            },
        };
        let lines = join(vec![said(0, 1), said(1, 2), said(300, 3)]);
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["launches 2: 1, 2", "launches 3"]);
    }
}

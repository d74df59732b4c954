//! A real run as a page shows it: from the execution's history, and from what Auto Scaling tells that the group did. Pure.

use std::collections::BTreeMap;

use asg_recycle_simulator::time::{Moment, Span};
use asg_recycle_simulator::world::record::Sample;
use jiff::Timestamp;
use serde_json::Value;

use crate::operate::answers::SeenGroup;
use crate::operate::answers::execution::{SeenExecution, status_in_words};
use crate::operate::answers::group::{HistoryEvent, SeenActivity, TaskDetails};
use crate::operate::console_link::execution_link;
use crate::operate::fleet;
use crate::operate::group::capacity::{self, Stay};
use crate::operate::place::StackPlace;
use crate::page::{
    ExecutionOnPage, Figure, GroupOnPage, Lane, RunPage, Standing, TimelineRow, cost, left_alone, listed,
    phases,
};
use crate::simulate::report::{
    CapacityPanel, Tone, call_in_words, capacity_svg, extra_instance_hours, shortened, words,
};

/// What is kept of an execution.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// What it was asked for, and what it said of itself.
    pub execution: SeenExecution,
    /// Its history, oldest first.
    pub events: Vec<HistoryEvent>,
    /// What its group did since it began, newest first.
    pub activities: Vec<SeenActivity>,
    /// Whether these are all.
    pub has_all_activities: bool,
    /// Its group as it is now, where it is there.
    pub group: Option<SeenGroup>,
}

/// How a group was when the execution looked at it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Look {
    min: u32,
    desired: u32,
    max: u32,
    suspended: Vec<String>,
}

impl Recorded {
    /// The strategy that it was asked for.
    pub fn strategy(&self) -> String {
        self.execution.asked("strategy").unwrap_or_default()
    }

    fn group_name(&self) -> String {
        self.execution.asked("auto_scaling_group_name").unwrap_or_default()
    }

    fn began(&self) -> Timestamp {
        fleet::moment(self.execution.start_date).unwrap_or_default()
    }

    /// How many states it entered, which is what Step Functions charges for, tries beyond the first of a state left out.
    pub fn transitions(&self) -> u64 {
        self.events.iter().filter(|event| event.state_entered_event_details.is_some()).count() as u64
    }

    /// Hours of instances beyond as many as at the beginning, as far as it is known what the group did.
    pub fn extra_instance_hours(&self, now: Timestamp) -> Option<f64> {
        let until = self.until(now);
        let samples = self.samples(&BTreeMap::new(), (self.began(), until));
        let is_known = self.group.is_some() && self.has_all_activities;
        is_known.then(|| extra_instance_hours(&samples, capacity::moment(until)))
    }

    /// When it ended, or now; where this machine's clock is behind that of AWS, its newest event.
    fn until(&self, now: Timestamp) -> Timestamp {
        let newest = self.events.last().map_or(now, |event| fleet::moment(event.timestamp).unwrap_or(now));
        self.execution.stop_date.and_then(fleet::moment).unwrap_or(now.max(newest)).max(self.began())
    }

    /// What a page tells of it.
    pub fn page(&self, place: &StackPlace, now: Timestamp) -> RunPage {
        let (began, until) = (self.began(), self.until(now));
        let (name, strategy) = (self.group_name(), self.strategy());
        let looks = self.looks();
        let samples = self.samples(&looks, (began, until));
        let (ending, is_good) = (self.ending(), ["SUCCEEDED", "RUNNING"].contains(&&*self.execution.status));
        let sentence = self.sentence(&samples, (began, until));
        let panel = CapacityPanel {
            name: &name,
            strategy: &strategy,
            endings: ending.clone(),
            is_good,
            history: &samples,
            has_sizes: !looks.is_empty(),
            has_checks: false,
            broken: Vec::new(),
        };
        let period = (capacity::moment(began), capacity::moment(until));
        let chart = capacity_svg(&[panel], period, &format!("{name}: {sentence}"));
        let reason = self.execution.why();
        let tone = if is_good { Tone::Plain } else { Tone::Bad };
        let so_far = if self.execution.stop_date.is_some() { "long" } else { "so far" };
        RunPage {
            title: format!("{name} with {strategy}"),
            kind: format!(
                "An execution of stack {place}, from {began:.0}, {} {so_far}; told by asg-recycle {}.",
                words(period.1 - period.0),
                crate::VERSION
            ),
            remarks: self.remarks(&place.region, began),
            findings: reason.into_iter().map(|reason| (tone, reason)).collect(),
            period,
            chart,
            figures_of: ("at its first look".to_owned(), "now".to_owned()),
            groups: vec![self.of_group(&name, sentence, looks.values().next(), until)],
            executions: vec![self.of_execution(ending, is_good)],
            timeline: self.timeline(),
            entered: self.entered(),
            again: None,
        }
    }

    /// What the page cannot know, and where more is to be seen.
    fn remarks(&self, region: &str, began: Timestamp) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.group.is_none() {
            remarks.push("The group is gone: what it did, and how large it is, is not known.".to_owned());
        } else if !self.has_all_activities {
            let oldest = self.activities.last().map_or(began.to_string(), |one| one.start_time.clone());
            remarks.push(format!("What the group did before {oldest} was not read: instances from before then are missing here."));
        }
        let strategy = self.strategy();
        if crate::strategy::all().get(&strategy).is_some_and(|known| known.turns.is_some()) {
            remarks.push(format!(
                "Each turn of {strategy} is an execution of its own, whose states and calls are not shown here."
            ));
        }
        remarks.push(
            "Capacity and lanes are what Auto Scaling tells of launches and terminations; whether an instance passed the checks of \
             its targets meanwhile is not kept."
                .to_owned(),
        );
        if let Some(link) = execution_link(region, &self.execution.execution_arn) {
            remarks.push(format!("In the console: {link}"));
        }
        remarks
    }

    fn ending(&self) -> String {
        let outcome = self.execution.said("outcome");
        let error = self.execution.error.clone().filter(|error| !error.is_empty());
        match (outcome, error) {
            (Some(outcome), Some(error)) => format!("{outcome} {error}"),
            (Some(outcome), None) => outcome,
            (None, Some(error)) => error,
            (None, None) => status_in_words(&self.execution.status),
        }
    }

    fn sentence(&self, samples: &[(Moment, Sample)], (began, until): (Timestamp, Timestamp)) -> String {
        let took = words(capacity::moment(until) - capacity::moment(began));
        let account = self.execution.account().unwrap_or_default();
        let count = |key: &str| account.pointer(&format!("/counts/{key}")).and_then(Value::as_u64);
        let replaced = match (count("replaced"), count("to_replace")) {
            (Some(replaced), Some(of)) => format!(", {replaced} of {of} replaced"),
            _ => String::new(),
        };
        let live = || samples.iter().map(|(_, sample)| sample.live);
        let fewest = samples.iter().map(|(_, sample)| sample.serving).min();
        let sizes = match (live().next(), live().max(), live().next_back(), fewest) {
            (Some(first), Some(most), Some(last), Some(fewest)) => {
                format!(": {first} -> {most} -> {last} instances, never fewer than {fewest} in service")
            }
            _ => String::new(),
        };
        format!("{}{sizes}{replaced}, in {took}", self.ending())
    }

    /// The instances that the execution saw when it looked first: a launch that is noted of these was before, whatever its second.
    fn there_at_first(&self) -> Vec<String> {
        let mut answers = self.events.iter().filter_map(described);
        let listed = answers.next().and_then(|group| group.get("Instances").cloned());
        let listed = listed.as_ref().and_then(Value::as_array).into_iter().flatten();
        listed.filter_map(|one| one.get("InstanceId")?.as_str()).map(str::to_owned).collect()
    }

    /// How the group was at each look of the execution.
    fn looks(&self) -> BTreeMap<Moment, Look> {
        let mut looks = BTreeMap::new();
        for event in &self.events {
            if let Some((look, at)) = described(event).as_ref().and_then(look).zip(moment_of(event)) {
                looks.insert(at, look);
            }
        }
        looks
    }

    /// The capacity from launches and terminations, with the sizes that the looks saw.
    fn samples(
        &self,
        looks: &BTreeMap<Moment, Look>,
        (began, until): (Timestamp, Timestamp),
    ) -> Vec<(Moment, Sample)> {
        let Some(group) = &self.group else { return Vec::new() };
        let counted = capacity::samples(group, &self.activities, (began, until), &self.there_at_first());
        let counts: BTreeMap<Moment, Sample> = counted.into_iter().collect();
        let mut moments: Vec<Moment> = counts.keys().chain(looks.keys()).copied().collect();
        moments.sort_unstable();
        moments.dedup();
        let first = looks.values().next();
        let sample = |at: Moment| {
            let sample = counts.range(..=at).next_back().map(|(_, sample)| *sample).unwrap_or_default();
            let look = looks.range(..=at).next_back().map(|(_, look)| look).or(first);
            let sized =
                |look: &Look| Sample { min: look.min, desired: look.desired, max: look.max, ..sample };
            (at, look.map_or(sample, sized))
        };
        let first_moment = capacity::moment(began);
        moments.into_iter().filter(|at| *at >= first_moment).map(sample).collect()
    }

    fn of_group(&self, name: &str, sentence: String, first: Option<&Look>, until: Timestamp) -> GroupOnPage {
        let now = self.group.as_ref();
        let figure = |what, before: fn(&Look) -> String, after: fn(&SeenGroup) -> String| Figure {
            what,
            before: first.map(before),
            after: now.map(after),
        };
        GroupOnPage {
            name: name.to_owned(),
            sentence,
            figures: vec![
                figure("minimum", |look| look.min.to_string(), |group| group.min_size.to_string()),
                figure(
                    "desired capacity",
                    |look| look.desired.to_string(),
                    |group| group.desired_capacity.to_string(),
                ),
                figure("maximum", |look| look.max.to_string(), |group| group.max_size.to_string()),
                figure(
                    "suspended processes",
                    |look| listed(&look.suspended.iter().map(String::as_str).collect::<Vec<_>>()),
                    |group| {
                        let processes = group.suspended_processes.list.iter();
                        listed(&processes.map(|one| &*one.process_name).collect::<Vec<_>>())
                    },
                ),
            ],
            lanes: self.lanes(until),
        }
    }

    /// The lanes of the instances that were there until then, in order of launch.
    fn lanes(&self, until: Timestamp) -> Vec<Lane> {
        let Some(group) = &self.group else { return Vec::new() };
        let stays = capacity::stays(group, &self.activities, self.began(), &self.there_at_first());
        let mut there: Vec<(String, Stay)> =
            stays.into_iter().filter(|(_, stay)| stay.launched.is_none_or(|at| at < until)).collect();
        there.sort_by(|(one, stay), (other, of_other)| (stay.launched, one).cmp(&(of_other.launched, other)));
        there.into_iter().map(|(name, stay)| Lane { name, changes: changes(&stay, self.began()) }).collect()
    }

    fn of_execution(&self, ending: String, is_good: bool) -> ExecutionOnPage {
        let account = self.execution.account().unwrap_or_default();
        let (left_alone, left_alone_more) = left_alone(&account);
        let mode = self.execution.asked("mode").unwrap_or_default();
        let trigger = self.execution.trigger("event_name").map(|trigger| format!(", after {trigger}"));
        let arn = &self.execution.execution_arn;
        let successor = match self.execution.said("continued_by") {
            Some(by) => format!("; {by} goes on for it"),
            None => String::new(),
        };
        ExecutionOnPage {
            name: arn.rsplit(':').next().unwrap_or(arn).to_owned(),
            ending,
            is_good,
            purpose: format!("{mode} of {}{}{successor}", self.group_name(), trigger.unwrap_or_default()),
            reason: self.execution.why().unwrap_or_default(),
            phases: phases(&account),
            cost: cost(self.transitions()),
            left_alone,
            left_alone_more,
        }
    }

    fn entered(&self) -> Vec<(Moment, String)> {
        let entered = |event: &HistoryEvent| {
            let state = event.state_entered_event_details.as_ref()?;
            Some((moment_of(event)?, state.name.clone()))
        };
        self.events.iter().filter_map(entered).collect()
    }

    /// What it called, and what the group did.
    fn timeline(&self) -> Vec<TimelineRow> {
        let actor = self.execution.asked("mode").unwrap_or_default();
        let called = self.events.iter().filter_map(|event| {
            let (text, tone) = told(event)?;
            Some(TimelineRow { at: moment_of(event)?, actor: actor.clone(), text, tone })
        });
        let there = self.there_at_first();
        let is_earlier = |activity: &SeenActivity| {
            activity.is_launch() && there.iter().any(|id| activity.description.contains(&**id))
        };
        let did = self.activities.iter().rev().filter(|one| !is_earlier(one)).filter_map(|activity| {
            let at = activity.start_time.parse::<Timestamp>().ok()?;
            let until = self.execution.stop_date.and_then(fleet::moment);
            if at < self.began() || until.is_some_and(|until| at > until) {
                return None;
            }
            let (text, tone) = done(activity, at);
            Some(TimelineRow { at: capacity::moment(at), actor: "group".to_owned(), text, tone })
        });
        let mut rows: Vec<TimelineRow> = called.chain(did).collect();
        rows.sort_by_key(|row| row.at); // stable: what is of one moment stays in its order
        if let Some(ended) = self.execution.stop_date.and_then(fleet::moment) {
            let tone = if self.execution.status == "SUCCEEDED" { Tone::Good } else { Tone::Bad };
            let text = format!("ends {}", self.ending());
            rows.push(TimelineRow { at: capacity::moment(ended), actor, text, tone });
        }
        rows
    }
}

fn moment_of(event: &HistoryEvent) -> Option<Moment> {
    fleet::moment(event.timestamp).map(capacity::moment)
}

/// The group that a call was answered with, where it described one.
fn described(event: &HistoryEvent) -> Option<Value> {
    let answer = event.task_succeeded_event_details.as_ref()?.output.as_ref()?;
    let answer: Value = serde_json::from_str(answer).ok()?;
    answer.pointer("/AutoScalingGroups/0").cloned()
}

/// A group as a look of the machine saw it.
fn look(group: &Value) -> Option<Look> {
    let size = |key: &str| group.get(key)?.as_u64()?.try_into().ok();
    let list = |key: &str| group.get(key).and_then(Value::as_array).into_iter().flatten();
    let processes = list("SuspendedProcesses").filter_map(|one| one.get("ProcessName")?.as_str());
    Some(Look {
        min: size("MinSize")?,
        desired: size("DesiredCapacity")?,
        max: size("MaxSize")?,
        suspended: processes.map(str::to_owned).collect(),
    })
}

/// From when on an instance stood how.
fn changes(stay: &Stay, began: Timestamp) -> Vec<(Moment, Option<Standing>)> {
    let from_the_first =
        stay.launched.is_none_or(|at| at < began) && stay.in_service.is_none_or(|at| at < began);
    let first = if from_the_first { Some((began, Some(Standing::InService))) } else { None };
    let then = [
        (stay.launched, Some(Standing::Pending)),
        (stay.in_service, Some(Standing::InService)),
        (stay.leaves, Some(Standing::Leaving)),
        (stay.gone, None),
    ];
    let then = then.into_iter().filter_map(|(at, standing)| Some((at.filter(|at| *at >= began)?, standing)));
    first.into_iter().chain(then).map(|(at, standing)| (capacity::moment(at), standing)).collect()
}

/// An event of the history in words; `None` for what is not worth a row.
fn told(event: &HistoryEvent) -> Option<(String, Tone)> {
    if let Some(TaskDetails { resource, parameters, .. }) = &event.task_scheduled_event_details {
        let arguments: Value = serde_json::from_str(parameters.as_ref()?).ok()?;
        if resource == "terminateInstanceInAutoScalingGroup" {
            let keeps = arguments.get("ShouldDecrementDesiredCapacity") == Some(&Value::Bool(false));
            let with = if keeps { "" } else { " with its place" };
            let id = arguments.get("InstanceId")?.as_str()?;
            return Some((format!("terminates {id}{with}"), Tone::Plain));
        }
        return Some((call_in_words(resource, &arguments)?, Tone::Plain));
    }
    let TaskDetails { resource, error, cause, .. } = event.task_failed_event_details.as_ref()?;
    let (error, cause) = (error.as_deref().unwrap_or_default(), cause.as_deref().unwrap_or_default());
    // A condition that does not hold is an answer.
    let is_answer = error.ends_with("ConditionalCheckFailedException");
    let tone = if is_answer { Tone::Plain } else { Tone::Warning };
    Some((format!("{resource}: {error}: {}", shortened(cause)), tone))
}

/// What a group did, in words.
fn done(activity: &SeenActivity, began: Timestamp) -> (String, Tone) {
    let ended = activity.end_time.as_ref().and_then(|at| at.parse::<Timestamp>().ok());
    let took = ended.map(|at| {
        words(Span(u64::try_from(at.as_millisecond() - began.as_millisecond()).unwrap_or_default()))
    });
    let description = activity.description.split("  ").next().unwrap_or_default();
    match (&*activity.status_code, took) {
        ("Successful", Some(took)) => (format!("{description}; done after {took}"), Tone::Plain),
        ("Failed" | "Cancelled", _) => {
            (format!("{}; {}", activity.description, activity.status_code.to_lowercase()), Tone::Warning)
        }
        _ => (format!("{description}; not done yet"), Tone::Plain),
    }
}

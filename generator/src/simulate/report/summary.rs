//! A group's run in one sentence: how large, how long, how few were healthy, and what it cost in instances.

use super::style::words;
use crate::simulate::runner::{GroupReport, Run};
use asg_recycle_simulator::time::{Moment, Span};
use asg_recycle_simulator::world::record::Sample;

/// What became of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupSummary {
    /// Instances that it wanted at the beginning.
    pub before: u32,
    /// Most that were pending or in service.
    pub peak: u32,
    /// Those at the end.
    pub after: u32,
    /// Instances that were in service and passed every check at the beginning.
    pub healthy_before: u32,
    /// Fewest of them.
    pub healthy_min: u32,
    /// How long there were fewer than at the beginning, in all.
    pub below: Span,
    /// From the beginning to the end of the last execution.
    pub took: Span,
    /// What ran, or was on its way out, besides as many as at the beginning: hours of one instance.
    pub extra_instance_hours: f64,
    /// How the executions of the group ended.
    pub endings: Vec<String>,
}

impl GroupSummary {
    /// Of a group of a run.
    pub fn of(run: &Run, group: &GroupReport) -> Self {
        let first = group.first();
        let mut below = Span(0);
        for (sample, span) in periods(&group.history, run.ended_at) {
            if sample.serving < first.serving {
                below = Span(below.0 + span.0);
            }
        }
        let during = || periods(&group.history, run.ended_at).map(|(sample, _)| sample).chain([first]);
        let of_group = run.executions.iter().filter(|execution| execution.group == group.name);
        Self {
            before: first.desired,
            peak: during().map(|sample| sample.live).max().unwrap_or(0),
            after: group.last().live,
            healthy_before: first.serving,
            healthy_min: during().map(|sample| sample.serving).min().unwrap_or(0),
            below,
            took: run.duration(),
            extra_instance_hours: extra_instance_hours(&group.history, run.ended_at),
            endings: of_group.map(crate::simulate::runner::ExecutionReport::ending).collect(),
        }
    }

    /// The sentence; with what the instances cost where the price of one for an hour is given.
    pub fn sentence(&self, dollars_per_hour: Option<f64>) -> String {
        let Self { before, peak, after, healthy_before, healthy_min, .. } = self;
        let endings =
            if self.endings.is_empty() { "nothing was started".to_owned() } else { self.endings.join(", ") };
        let took = words(self.took);
        if *before == 0 && *peak == 0 {
            return format!(
                "{endings}: the group has no instances, so there is nothing to recycle; known after {took}"
            );
        }
        let sizes = if peak > before {
            format!("{before} -> {peak} -> {after}")
        } else {
            format!("{before} -> {after}")
        };
        let healthy = if self.below == Span(0) {
            format!("never fewer than {healthy_min} healthy")
        } else {
            let below = words(Span(self.below.0.max(1000)));
            format!(
                "at the fewest {healthy_min} of {healthy_before} healthy, and fewer than {healthy_before} for {below}"
            )
        };
        let extra = format!("{:.1} extra instance-hours", self.extra_instance_hours);
        let price = dollars_per_hour
            .map(|each| format!(", ${:.2} at ${each} an hour", self.extra_instance_hours * each));
        format!("{endings}: {sizes} instances in {took}, {healthy}; {extra}{}", price.unwrap_or_default())
    }
}

/// What ran, or was on its way out, besides as many as at the beginning: hours of one instance.
pub fn extra_instance_hours(history: &[(Moment, Sample)], ended_at: Moment) -> f64 {
    let first = history.first().map(|(_, sample)| sample.live).unwrap_or_default();
    let extra = |(sample, span): (Sample, Span)| {
        f64::from((sample.live + sample.terminating).saturating_sub(first)) * hours(span)
    };
    periods(history, ended_at).map(extra).sum()
}

/// The figures of a group, each with how long it had them.
fn periods(history: &[(Moment, Sample)], ended_at: Moment) -> impl Iterator<Item = (Sample, Span)> {
    let ends = history.iter().skip(1).map(|(moment, _)| *moment).chain([ended_at]);
    let begun = history.iter().take_while(move |(moment, _)| *moment <= ended_at);
    begun.zip(ends).map(move |((began, sample), end)| (*sample, end.min(ended_at) - *began))
}

#[expect(clippy::cast_precision_loss, reason = "a run has far fewer than 2^52 milliseconds")]
fn hours(span: Span) -> f64 {
    span.0 as f64 / 3_600_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary() -> GroupSummary {
        GroupSummary {
            before: 12,
            peak: 24,
            after: 12,
            healthy_before: 12,
            healthy_min: 12,
            below: Span(0),
            took: Span::seconds(623),
            extra_instance_hours: 2.04,
            endings: vec!["recycled".to_owned()],
        }
    }

    #[test]
    fn a_doubling_is_one_sentence() {
        assert_eq!(
            summary().sentence(Some(0.2)),
            "recycled: 12 -> 24 -> 12 instances in 10 min 23 s, never fewer than 12 healthy; 2.0 extra instance-hours, \
             $0.41 at $0.2 an hour"
        );
    }

    #[test]
    fn a_group_without_instances_is_told_to_have_none() {
        let nothing = GroupSummary { before: 0, peak: 0, after: 0, took: Span::seconds(2), ..summary() };
        let empty = GroupSummary { endings: vec!["empty".to_owned()], ..nothing };
        let told = "empty: the group has no instances, so there is nothing to recycle; known after 2 s";
        assert_eq!(empty.sentence(Some(0.2)), told);
        assert!(GroupSummary { peak: 2, ..empty }.sentence(None).starts_with("empty: 0 -> 2 -> 0 instances"));
    }

    #[test]
    fn a_dip_is_told_with_its_length() {
        let dip = GroupSummary { peak: 12, healthy_min: 11, below: Span::seconds(13), ..summary() };
        assert_eq!(
            dip.sentence(None),
            "recycled: 12 -> 12 instances in 10 min 23 s, at the fewest 11 of 12 healthy, and fewer than 12 for 13 s; \
             2.0 extra instance-hours"
        );
    }

    #[test]
    fn extra_instances_are_counted_while_they_run_and_the_last_figures_until_the_end() {
        let sample = |live, terminating, serving| Sample {
            live,
            terminating,
            serving,
            desired: 1,
            ..Sample::default()
        };
        let group = GroupReport {
            name: "web".to_owned(),
            strategy: String::new(),
            history: vec![
                (Moment(0), sample(1, 0, 1)),
                (Moment(3_600_000), sample(2, 0, 0)),
                (Moment(7_200_000), sample(1, 1, 1)),
            ],
            is_present: true,
            zones: std::collections::BTreeMap::default(),
            suspended: Vec::new(),
        };
        let all: Vec<_> =
            periods(&group.history, Moment(9_000_000)).map(|(_, span)| span.0 / 60_000).collect();
        assert_eq!(all, [60, 60, 30]);
        let short: Vec<_> =
            periods(&group.history, Moment(5_400_000)).map(|(_, span)| span.0 / 60_000).collect();
        assert_eq!(short, [60, 30]);
    }
}

//! The capacity of a group over time, from what it did: Auto Scaling tells when each instance was launched and terminated, and
//! `simulate`'s chart draws it. Sizes of the past are not known.

use std::collections::{BTreeMap, BTreeSet};

use asg_recycle_simulator::time::Moment;
use asg_recycle_simulator::world::record::Sample;
use jiff::Timestamp;

use crate::operate::answers::SeenGroup;
use crate::operate::answers::group::SeenActivity;

/// An instance's time in the group; what is absent was before the time that is looked at, or is still to come.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::operate) struct Stay {
    pub(in crate::operate) launched: Option<Timestamp>,
    pub(in crate::operate) in_service: Option<Timestamp>,
    /// Whether it was launched within that time.
    is_newcomer: bool,
    pub(in crate::operate) leaves: Option<Timestamp>,
    pub(in crate::operate) gone: Option<Timestamp>,
}

/// How many instances a group had from `since` to `now`, at each moment at which that changed. Old are those that were there before, and
/// those that are `replaced`. Those that serve are those in service, for nobody keeps who passed the checks of its targets when.
pub fn samples(
    group: &SeenGroup,
    activities: &[SeenActivity],
    (since, now): (Timestamp, Timestamp),
    replaced: &[String],
) -> Vec<(Moment, Sample)> {
    let stays = stays(group, activities, since, replaced);
    let changes = stays.values().flat_map(|stay| [stay.launched, stay.in_service, stay.leaves, stay.gone]);
    let mut moments: BTreeSet<Timestamp> = changes.flatten().filter(|at| *at > since && *at < now).collect();
    moments.insert(since);
    let past = moments.into_iter().map(|at| (moment(at), at_moment(stays.values(), at)));
    let mut samples: Vec<(Moment, Sample)> = past.collect();
    samples.push((moment(now), at_moment(stays.values(), now)));
    samples
}

/// A moment as the chart has it.
pub fn moment(at: Timestamp) -> Moment {
    Moment(u64::try_from(at.as_millisecond()).unwrap_or_default())
}

/// When each instance was there, by its id.
pub(in crate::operate) fn stays(
    group: &SeenGroup,
    activities: &[SeenActivity],
    since: Timestamp,
    replaced: &[String],
) -> BTreeMap<String, Stay> {
    let mut stays: BTreeMap<String, Stay> = BTreeMap::new();
    for activity in activities {
        let Some((id, began)) = instance_of(activity).zip(activity.start_time.parse::<Timestamp>().ok())
        else {
            continue;
        };
        let ended = activity.end_time.as_ref().and_then(|at| at.parse::<Timestamp>().ok());
        if ended.is_some_and(|ended| ended < since) {
            continue;
        }
        // Others, such as detachments and standby, do not tell when an instance was there.
        if !activity.is_launch() && !activity.is_termination() {
            continue;
        }
        let stay = stays.entry(id.to_owned()).or_default();
        if activity.is_launch() {
            if replaced.iter().any(|old| old == id) {
                continue; // what is replaced was there at first
            }
            stay.is_newcomer = is_later(began, since);
            stay.launched = Some(if stay.is_newcomer { began } else { began.min(since) });
            let has_failed = ["Failed", "Cancelled"].contains(&&*activity.status_code);
            stay.in_service = ended.filter(|_| activity.status_code == "Successful");
            if has_failed {
                (stay.leaves, stay.gone) = (ended.or(Some(began)), ended.or(Some(began)));
            }
        } else {
            stay.leaves = Some(began);
            stay.gone = ended;
        }
    }
    // Who is not in the group, and was not seen to leave, was not there: activities of long ago may be open for ever.
    let is_member = |id: &str| group.instances.list.iter().any(|one| one.id == id);
    stays.retain(|id, stay| stay.leaves.is_some() || is_member(id));
    // An instance that is there and did nothing meanwhile was there all the time.
    for instance in &group.instances.list {
        let stay = stays.entry(instance.id.clone()).or_default();
        if instance.is_leaving() && stay.leaves.is_none() {
            stay.leaves = Some(since);
        }
    }
    stays
}

/// Whether something began after a recycle did. Where one of the two is told in whole seconds, what is of the same second is not
/// later: no recycle launches in its first second, for it asks a dozen times before it changes anything.
fn is_later(began: Timestamp, since: Timestamp) -> bool {
    let is_exact = |at: Timestamp| at.subsec_nanosecond() != 0;
    if is_exact(began) && is_exact(since) { began >= since } else { began.as_second() > since.as_second() }
}

/// The instance that an activity is about: `Launching a new EC2 instance: i-...`.
pub(in crate::operate) fn instance_of(activity: &SeenActivity) -> Option<&str> {
    let id = activity.description.split_whitespace().find(|word| word.starts_with("i-"))?;
    Some(id.trim_end_matches(['.', ',', ';']))
}

fn at_moment<'a>(stays: impl Iterator<Item = &'a Stay>, at: Timestamp) -> Sample {
    let mut sample = Sample::default();
    for stay in stays.filter(|stay| stay.launched.is_none_or(|launched| launched <= at)) {
        if stay.leaves.is_some_and(|leaves| leaves <= at) {
            sample.terminating += u32::from(stay.gone.is_none_or(|gone| gone > at));
            continue;
        }
        sample.live += 1;
        sample.old += u32::from(!stay.is_newcomer);
        sample.new += u32::from(stay.is_newcomer);
        let serves = !stay.is_newcomer || stay.in_service.is_some_and(|since| since <= at);
        sample.serving += u32::from(serves);
    }
    sample
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::answers::SeenInstance;

    fn at(minute: u32) -> Timestamp {
        format!("2026-01-05T09:{minute:02}:00Z").parse().expect("a time")
    }

    fn activity(description: &str, began: u32, ended: Option<u32>) -> SeenActivity {
        SeenActivity {
            description: description.to_owned(),
            status_code: if ended.is_some() { "Successful" } else { "InProgress" }.to_owned(),
            start_time: at(began).to_string(),
            end_time: ended.map(|minute| at(minute).to_string()),
        }
    }

    #[test]
    fn what_was_launched_in_the_second_in_which_the_recycle_began_was_there_before() {
        let of = |launched: &str, since: &str| {
            let launch = SeenActivity {
                start_time: format!("2026-01-05T09:00:{launched}Z"),
                end_time: Some(at(1).to_string()),
                ..activity("Launching a new EC2 instance: i-1", 0, Some(1))
            };
            let mut group = SeenGroup::default();
            group.instances.list = vec![SeenInstance { id: "i-1".to_owned(), ..SeenInstance::default() }];
            let since = format!("2026-01-05T09:00:{since}Z").parse().expect("a time");
            let told = samples(&group, &[launch], (since, at(2)), &[]);
            let mut told: Vec<_> = told.iter().map(|(_, sample)| (sample.old, sample.new)).collect();
            told.dedup();
            told
        };
        let (there, came) = ([(1, 0)], [(0, 0), (0, 1)]);
        assert_eq!(of("05", "05"), there);
        assert_eq!(of("05.9", "05"), there, "begun before the recycle, of which the second is known");
        assert_eq!(of("05", "05.2"), there);
        assert_eq!(of("05.1", "05.2"), there);
        assert_eq!(of("05.3", "05.2"), came, "both are known to the millisecond");
        assert_eq!(of("06", "05.9"), came);
        assert_eq!(of("06", "05"), came);
    }

    #[test]
    fn what_is_no_member_and_never_left_meanwhile_was_not_there() {
        let mut group = SeenGroup::default();
        group.instances.list = vec![SeenInstance { id: "i-2".to_owned(), ..SeenInstance::default() }];
        let activities = [
            activity("Terminating EC2 instance: i-3", 6, Some(7)),
            activity("Launching a new EC2 instance: i-1", 1, None),
            activity("Launching a new EC2 instance: i-2", 1, None),
            activity("Launching a new EC2 instance: i-3", 1, None),
        ];
        let told = samples(&group, &activities, (at(5), at(10)), &[]);
        let told: Vec<(u32, u32)> = told.iter().map(|(_, sample)| (sample.old, sample.terminating)).collect();
        assert_eq!(told, [(2, 0), (1, 1), (1, 0), (1, 0)], "the first one left before the recycle began");
    }

    #[test]
    fn what_never_came_or_only_left_is_not_counted() {
        let failed = SeenActivity {
            status_code: "Failed".to_owned(),
            ..activity("Launching a new EC2 instance: i-1", 2, Some(3))
        };
        let activities = [
            failed,
            activity("Detaching EC2 instance: i-2", 4, Some(5)),
            activity("Moving EC2 instance to Standby: i-3", 4, Some(5)),
            activity("Launching a new EC2 instance into warm pool: i-4", 4, Some(5)),
            activity("Terminating EC2 instance from warm pool: i-5", 4, Some(5)),
        ];
        let told = samples(&SeenGroup::default(), &activities, (at(0), at(10)), &[]);
        let live: Vec<(u64, u32)> =
            told.iter().map(|(moment, sample)| ((moment.0 / 60_000) % 60, sample.live)).collect();
        assert_eq!(live, [(0, 0), (2, 1), (3, 0), (10, 0)]);
    }

    #[test]
    fn capacity_is_told_from_launches_and_terminations() {
        let instance = |id: &str, state: &str| SeenInstance {
            id: id.to_owned(),
            lifecycle_state: state.to_owned(),
            ..SeenInstance::default()
        };
        let mut group = SeenGroup::default();
        group.instances.list =
            vec![instance("i-1", "Terminating"), instance("i-2", "InService"), instance("i-3", "Pending")];
        let activities = [
            activity("Terminating EC2 instance: i-1 - Waiting For ELB Connection Draining.", 8, None),
            activity("Launching a new EC2 instance: i-3", 7, None),
            activity("Launching a new EC2 instance: i-2", 2, Some(4)),
            activity("Launching a new EC2 instance.  Status Reason: no capacity", 1, Some(1)),
            activity("Terminating EC2 instance: i-0", 1, Some(3)),
        ];
        let told = samples(&group, &activities, (at(0), at(10)), &[]);
        let figures = |sample: &Sample| (sample.old, sample.new, sample.serving, sample.terminating);
        let told: Vec<_> =
            told.iter().map(|(moment, sample)| ((moment.0 / 60_000) % 60, figures(sample))).collect();
        assert_eq!(
            told,
            [
                (0, (2, 0, 2, 0)),
                (1, (1, 0, 1, 1)),
                (2, (1, 1, 1, 1)),
                (3, (1, 1, 1, 0)),
                (4, (1, 1, 2, 0)),
                (7, (1, 2, 2, 0)),
                (8, (0, 2, 1, 1)),
                (10, (0, 2, 1, 1)),
            ]
        );
    }
}

//! Which instance a group terminates when it has too many: balance over the zones comes before every policy.

use crate::random::Random;
use crate::time::Moment;
use crate::world::ids::InstanceId;
use crate::world::spec::TerminationPolicy;

use super::group::Group;
use super::instance::{Instance, Lifecycle, Origin};
use super::launch::{LaunchSource, LaunchTemplates};

const HOUR_MILLIS: u64 = 3_600_000;

/// The next one to go; `None` where every instance is protected.
pub(crate) fn choose(
    group: &Group,
    templates: &LaunchTemplates,
    now: Moment,
    random: &Random,
) -> Option<InstanceId> {
    let candidates: Vec<&Instance> = group.instances.iter().filter(|one| may_go(one)).collect();
    if let Some(spare) = launched_for_those_at_risk(group, &candidates) {
        return Some(spare);
    }
    let live = group.live_by_zone();
    let fullest = candidates.iter().map(|one| live[one.zone]).max()?;
    let mut left: Vec<&Instance> = candidates.into_iter().filter(|one| live[one.zone] == fullest).collect();
    for policy in &group.termination_policies {
        narrow(&mut left, *policy, group, templates, now);
    }
    let last = u64::try_from(left.len()).unwrap_or(1) - 1;
    let drawn = usize::try_from(random.between(0, last)).unwrap_or(0);
    left.get(drawn).map(|one| one.id)
}

/// The last one that was launched while instances were at risk and is not in service: it is what the group has too many where an
/// instance refresh has begun since, for which no more are launched for those at risk.
fn launched_for_those_at_risk(group: &Group, candidates: &[&Instance]) -> Option<InstanceId> {
    let begun = group.active_refresh().is_some() && !group.at_risk.is_empty();
    let booting = candidates.iter().filter(|one| begun && one.lifecycle != Lifecycle::InService);
    booting.max_by_key(|one| (one.launched_at, one.id)).map(|one| one.id)
}

/// Protection begins in service.
fn may_go(instance: &Instance) -> bool {
    instance.lifecycle.is_counted() && !(instance.lifecycle == Lifecycle::InService && instance.protected)
}

fn narrow(
    left: &mut Vec<&Instance>,
    policy: TerminationPolicy,
    group: &Group,
    templates: &LaunchTemplates,
    now: Moment,
) {
    match policy {
        TerminationPolicy::Default | TerminationPolicy::AllocationStrategy => {
            keep_lowest(left, |one| configuration_age(one, group));
            keep_lowest(left, |one| template_age(one, group, templates));
            keep_lowest(left, |one| to_next_hour(one, now));
        }
        TerminationPolicy::OldestLaunchTemplate => {
            keep_lowest(left, |one| template_age(one, group, templates));
        }
        TerminationPolicy::OldestLaunchConfiguration => {
            keep_lowest(left, |one| configuration_age(one, group));
        }
        TerminationPolicy::ClosestToNextInstanceHour => keep_lowest(left, |one| to_next_hour(one, now)),
        TerminationPolicy::NewestInstance => keep_lowest(left, |one| u64::MAX - one.launched_at.0),
        TerminationPolicy::OldestInstance => keep_lowest(left, |one| one.launched_at.0),
    }
}

fn keep_lowest(left: &mut Vec<&Instance>, rank: impl Fn(&Instance) -> u64) {
    let Some(lowest) = left.iter().map(|one| rank(one)).min() else { return };
    left.retain(|one| rank(one) == lowest);
}

/// Instances of a launch configuration that is not the group's go first.
fn configuration_age(instance: &Instance, group: &Group) -> u64 {
    match (&instance.origin, &group.launch) {
        (Origin::Configuration(own), LaunchSource::Configuration(current)) => u64::from(own == current),
        (Origin::Configuration(_), _) => 0,
        (Origin::Template { .. }, _) => 1,
    }
}

/// Those of another template go first, then those of a lower version; the current version goes last.
fn template_age(instance: &Instance, group: &Group, templates: &LaunchTemplates) -> u64 {
    match &instance.origin {
        Origin::Configuration(_) => 0,
        Origin::Template { .. } if group.launch.is_current(templates, instance) => u64::MAX,
        Origin::Template { template, .. } if !group.launches_from(template) => 0,
        Origin::Template { version, .. } => u64::from(*version),
    }
}

fn to_next_hour(instance: &Instance, now: Moment) -> u64 {
    HOUR_MILLIS - (now - instance.launched_at).0 % HOUR_MILLIS
}

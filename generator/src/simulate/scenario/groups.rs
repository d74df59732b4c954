//! Groups of a scenario that no Auto Scaling group can be, each fault with its place: what their types alone do not refuse.

use asg_recycle_simulator::world::launch::Version;
use asg_recycle_simulator::world::spec::{GroupSpec, LaunchSpec};

use super::description::Scenario;
use crate::config::values::Values;
use crate::problem::{Problem, Problems};

/// Every fault of the groups of a scenario that was read from `whole`.
pub(super) fn sound(scenario: &Scenario, whole: &Values) -> Problems {
    let mut problems = Problems::default();
    if let Some(group) = &scenario.group {
        check("group", group, whole, &mut problems);
    }
    let listed = [("other_groups", &scenario.other_groups), ("world.groups", &scenario.world.groups)];
    for (list, groups) in listed {
        for (index, group) in groups.iter().enumerate() {
            check(&format!("{list}.{index}"), group, whole, &mut problems);
        }
    }
    problems.sort_by_place();
    problems
}

/// What is wrong with one group, which is at `path`.
fn check(path: &str, group: &GroupSpec, whole: &Values, problems: &mut Problems) {
    let mut tell = |key: &str, reason: String, help: String| {
        let pointer = format!("/{}", path.replace('.', "/"));
        let place = whole.places.get(&format!("{pointer}/{key}")).or_else(|| whole.places.get(&pointer));
        let problem = Problem::new("scenario", format!("{path}.{key}"), reason).help(help);
        problems.push(match place {
            Some(place) => problem.at(place.value),
            None => problem,
        });
    };
    let GroupSpec { min, desired, max, .. } = *group;
    if !(min <= desired && desired <= max) {
        let written = |key: &&str| whole.places.contains_key(&format!("/{}/{key}", path.replace('.', "/")));
        let key = ["desired", "max", "min"].into_iter().find(written).unwrap_or("desired");
        let known = GroupSpec::default();
        tell(
            key,
            format!("the sizes of `{path}` contradict each other: min {min}, desired {desired}, max {max}"),
            format!(
                "min <= desired <= max has to hold; what is not written is min {}, desired {}, max {}",
                known.min, known.desired, known.max
            ),
        );
    }
    if group.zones.is_empty() {
        let help = "a group has at least one Availability Zone".to_owned();
        tell("zones", format!("`{path}.zones` is empty"), help);
    }
    if let Some(version) = templates(&group.launch).find(|version| Version::parse(Some(version)).is_none()) {
        let reason = format!("the version `{version}` of the launch template of `{path}` is none");
        tell("launch", reason, "write a number, `$Latest` or `$Default`".to_owned());
    }
}

/// The versions of launch templates that a group launches from.
fn templates(launch: &LaunchSpec) -> impl Iterator<Item = &str> {
    let (first, overrides) = match launch {
        LaunchSpec::Template(template) => (Some(template), &[][..]),
        LaunchSpec::Configuration(_) => (None, &[][..]),
        LaunchSpec::Mixed { template, overrides } => (Some(template), &overrides[..]),
    };
    let own = overrides.iter().filter_map(|one| one.template.as_ref());
    first.into_iter().chain(own).map(|template| template.version.as_str())
}

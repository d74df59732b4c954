//! A real group as a scenario that `simulate` runs: its sizes, zones, hooks, load balancers, launch source, tags and times. Pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use asg_recycle_handler::contract::RECYCLE_ON_ASG_UPDATE;
use asg_recycle_simulator::world::ids::InstanceId;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::facts::{PlanFacts, Times};
use crate::operate::answers::group::SeenActivity;
use crate::operate::answers::planned::{GroupSettings, SeenHook};
use crate::operate::answers::{SeenGroup, TemplateSpecification};
use crate::operate::deployed;
use crate::operate::fleet::outdated::{TemplateAliases, outdated};
use crate::operate::group::load_balancers::{LoadBalancer, LoadBalancerKind};
use crate::operate::lock::Sizes;
use crate::operate::place::StackPlace;

/// Times that are taken where the group has done nothing of the kind lately; in seconds, as `simulate` takes them.
const BOOT_SECONDS: u64 = 240;
const DRAIN_SECONDS: u64 = 330;
/// From the end of draining until an instance has left, at most.
const SHUTDOWN_SECONDS: u64 = 30;
/// From launch to running in EC2, at most.
const START_SECONDS: u64 = 15;

/// How an instance's id begins, and how long it is.
const ID_BEGINS: &str = "i-";
const ID_LENGTH: usize = 19;

/// The scenario of a group, as a file that can be kept and changed.
pub fn scenario(facts: &PlanFacts, place: &StackPlace, now: Timestamp) -> Option<Value> {
    let group = &put_back(facts)?;
    let at = now.strftime("%Y-%m-%dT%H:%M:%SZ");
    let about = format!("{} of stack {place}, as it was at {at}.", group.name);
    Some(json!({
        "about": about,
        "stack": stack_text(&facts.definition),
        "world": {"starts_at": now.as_millisecond(), "templates": templates(group, &facts.fleet.aliases),
            "alarms": facts.alarms},
        "group": spec(group, facts),
    }))
}

/// The group as it is once what a recycle changed is put back, for a recycle puts back first: with sizes and processes of its own, and
/// without the new instances that have no place then. As it is now where nothing is changed; none where there is no group.
pub fn put_back(facts: &PlanFacts) -> Option<SeenGroup> {
    let mut group = facts.fleet.groups.first()?.clone();
    let Some(lock) = facts.fleet.locks.get(&group.name).filter(|lock| lock.journal.is_some()) else {
        return Some(group);
    };
    let (min, desired, max) = (group.min_size, group.desired_capacity, group.max_size);
    let own = lock.own_sizes(Sizes { min, desired, max });
    (group.min_size, group.desired_capacity, group.max_size) = (own.min, own.desired, own.max);
    let suspended = lock.journal.as_ref().map(|journal| &*journal.suspended).unwrap_or_default();
    group.suspended_processes.list.retain(|one| !suspended.contains(&one.process_name));
    let seated = Seated::of(&group, &facts.fleet.aliases);
    let places = usize::try_from(own.desired).unwrap_or(usize::MAX);
    let kept = places.saturating_sub(seated.protected.len() + seated.outdated.len());
    let without: Vec<String> = seated.current.iter().skip(kept).map(|&id| id.to_owned()).collect();
    group.instances.list.retain(|one| !without.contains(&one.id));
    Some(group)
}

/// The settings of the deployed strategies, as the text of a `stack.yaml`. Every value is JSON, which YAML is a superset of.
fn stack_text(definition: &str) -> String {
    let settings = deployed::settings(definition);
    let mut text = "strategies:\n".to_owned();
    let is_set = |value: &&Value| !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty());
    for (strategy, settings) in &settings {
        let _ = writeln!(text, "  {strategy}:"); // text takes text
        for (key, value) in settings.iter().filter(|(_, value)| is_set(value)) {
            let _ = writeln!(text, "    {key}: {value}");
        }
    }
    if settings.is_empty() { String::new() } else { text }
}

fn spec(group: &SeenGroup, facts: &PlanFacts) -> Value {
    let settings = &facts.settings;
    let seated = Seated::of(group, &facts.fleet.aliases);
    let balancers = LoadBalancer::of(group);
    let of_kind = |kind| balancers.iter().filter(|one| one.kind == kind).count();
    let opted_in = RECYCLE_ON_ASG_UPDATE.key;
    let tags = group.tags.list.iter().filter(|tag| tag.key != opted_in && !tag.key.starts_with("aws:"));
    let tags: BTreeMap<&String, &String> = tags.map(|tag| (&tag.key, &tag.value)).collect();
    let times = times(&facts.activities);
    let shutdown = SHUTDOWN_SECONDS.min(times.drain_seconds);
    let seconds = |seconds: u64| format!("{seconds}s");
    let mut spec = json!({
        "name": group.name,
        "min": group.min_size,
        "max": group.max_size,
        "desired": group.desired_capacity,
        "zones": group.availability_zones.list,
        "launch": launch(group),
        "current_instances": seated.current.len() + seated.missing(group),
        "protected_instances": seated.protected.len(),
        "standby_instances": seated.standby.len(),
        "target_groups": of_kind(LoadBalancerKind::TargetGroup),
        "classic_load_balancers": of_kind(LoadBalancerKind::Classic),
        "lattice_target_groups": of_kind(LoadBalancerKind::VpcLattice),
        "health_check": if settings.health_check_type.contains("EL") { "ELB" } else { "EC2" },
        "grace": seconds(settings.health_check_grace_period),
        "suspended": group.suspended_processes.list.iter().map(|one| &one.process_name).collect::<Vec<_>>(),
        "tags": tags,
        "opted_in": tag(group, opted_in),
        "termination_policies": policies(settings),
        "protects_new_instances": settings.new_instances_protected_from_scale_in,
        "warm_pool": settings.warm_pool_size.unwrap_or(0),
        "timing": {
            "start": seconds(START_SECONDS.min(times.boot_seconds)),
            "boot": seconds(times.boot_seconds),
            "drain": seconds(times.drain_seconds - shutdown),
            "shutdown": seconds(shutdown),
        },
    });
    let units = settings.desired_capacity_type.as_ref().filter(|units| !units.is_empty());
    for (key, value) in [
        ("warmup", settings.default_instance_warmup.map(|warmup| json!(seconds(warmup)))),
        ("capacity_type", units.map(|units| json!(units))),
        ("launch_hook", hook(&facts.hooks, "LAUNCHING")),
        ("terminate_hook", hook(&facts.hooks, "TERMINATING")),
        ("shifted_away_from", facts.shifted_away.first().map(|zone| json!(zone))),
    ] {
        if let Some(value) = value {
            spec[key] = value;
        }
    }
    spec
}

/// A group's instances, those that leave apart, in the order in which the model has their like.
#[derive(Debug, Default)]
struct Seated<'a> {
    /// Outdated and protected from scale-in: whether a current one is protected makes no difference to a recycle.
    protected: Vec<&'a str>,
    /// Outdated, and nothing besides.
    outdated: Vec<&'a str>,
    current: Vec<&'a str>,
    standby: Vec<&'a str>,
}

impl<'a> Seated<'a> {
    fn of(group: &'a SeenGroup, aliases: &TemplateAliases) -> Self {
        let old = outdated(group, aliases);
        let mut seated = Self::default();
        for one in group.instances.list.iter().filter(|one| !one.is_leaving()) {
            let seats = if one.lifecycle_state.contains("Standby") {
                &mut seated.standby
            } else if old.iter().all(|old| old.id != one.id) {
                &mut seated.current
            } else if one.protected_from_scale_in {
                &mut seated.protected
            } else {
                &mut seated.outdated
            };
            seats.push(&one.id);
        }
        seated
    }

    /// Places that nobody has: whoever is launched into them is current. Where instances count for other than one, no place is known.
    fn missing(&self, group: &SeenGroup) -> usize {
        let policy = group.mixed_instances_policy.as_ref();
        let mut types = policy.into_iter().flat_map(|policy| &policy.launch_template.overrides.list);
        if types.any(|one| one.weighted_capacity.as_ref().is_some_and(|weight| weight != "1")) {
            return 0;
        }
        let places = usize::try_from(group.desired_capacity).unwrap_or(usize::MAX);
        places.saturating_sub(self.protected.len() + self.outdated.len() + self.current.len())
    }
}

/// What the model says of a group, with the ids that its instances have: the model counts them from one.
pub fn with_real_ids(text: &str, group: &SeenGroup, aliases: &TemplateAliases) -> String {
    const NOBODY_YET: &str = "an instance launched meanwhile";
    let seated = Seated::of(group, aliases);
    let missing = vec![NOBODY_YET; seated.missing(group)];
    let Seated { protected, outdated, current, standby } = seated;
    let ids = [protected, outdated, current, missing, standby].concat();
    let (mut told, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(ID_BEGINS) {
        let (before, from) = rest.split_at(at);
        let id = from.get(..ID_LENGTH).and_then(InstanceId::parse);
        let real = id.map(|InstanceId(number)| {
            let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
            place.and_then(|place| ids.get(place)).copied().unwrap_or(NOBODY_YET)
        });
        let length = if real.is_some() { ID_LENGTH } else { ID_BEGINS.len() };
        told = told + before + real.unwrap_or(ID_BEGINS);
        rest = &from[length..];
    }
    told + rest
}

fn tag<'a>(group: &'a SeenGroup, key: &str) -> Option<&'a str> {
    group.tags.list.iter().find(|tag| tag.key == key).map(|tag| &*tag.value)
}

/// The launch source; the model has one kind each for a launch template, a launch configuration and a mixed instances policy.
fn launch(group: &SeenGroup) -> Value {
    if let Some(name) = &group.launch_configuration_name {
        return json!({"configuration": name});
    }
    let version = |one: &TemplateSpecification| {
        let version = one.version.as_deref().filter(|version| !version.is_empty()).unwrap_or("$Default");
        json!({"id": one.id, "version": version})
    };
    match (&group.mixed_instances_policy, &group.launch_template) {
        (Some(policy), _) => {
            let mixed = &policy.launch_template;
            let of_type = |one: &crate::operate::answers::TypeOverride| {
                let mut of_type = Map::from_iter([("type".to_owned(), json!(one.instance_type.as_ref()?))]);
                let own = one.launch_template_specification.as_ref();
                of_type.extend(own.map(|own| ("template".to_owned(), version(own))));
                Some(Value::Object(of_type))
            };
            let overrides: Vec<Value> = mixed.overrides.list.iter().filter_map(of_type).collect();
            if overrides.is_empty() {
                return json!({"template": version(&mixed.launch_template_specification)});
            }
            json!({"mixed": {"template": version(&mixed.launch_template_specification), "overrides": overrides}})
        }
        (None, Some(template)) => json!({"template": version(template)}),
        (None, None) => json!({"template": {}}),
    }
}

/// The versions that there are of each launch template, as far as that is known.
fn templates(group: &SeenGroup, aliases: &TemplateAliases) -> Value {
    let mut templates: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for template in group.templates() {
        let Some(id) = template.id.clone() else { continue };
        let number = template.version.as_deref().and_then(|version| version.parse::<u64>().ok());
        let known = aliases.get(&id).map(|one| (one.latest_version_number, one.default_version_number));
        // What is older needs a number below; the model's outdated instances have one.
        let (latest, default) = known.unwrap_or((number.unwrap_or(2), number.unwrap_or(2)));
        let before = templates.get(&id).map_or(0, |(latest, _)| *latest);
        templates.insert(id, (latest.max(number.unwrap_or(0)).max(before).max(2), default));
    }
    let spec = |(id, (latest, default))| (id, json!({"latest": latest, "default": default}));
    Value::Object(templates.into_iter().map(spec).collect())
}

fn policies(settings: &GroupSettings) -> Vec<&str> {
    let known = [
        "Default",
        "AllocationStrategy",
        "OldestLaunchTemplate",
        "OldestLaunchConfiguration",
        "ClosestToNextInstanceHour",
        "NewestInstance",
        "OldestInstance",
    ];
    let policies = settings.termination_policies.list.iter().map(|policy| &**policy);
    let policies: Vec<&str> = policies.filter(|policy| known.contains(policy)).collect();
    if policies.is_empty() { vec!["Default"] } else { policies }
}

/// A hook on launches or terminations; the time that it takes is within that of a launch or a termination.
fn hook(hooks: &[SeenHook], transition: &str) -> Option<Value> {
    let hook = hooks.iter().find(|hook| hook.lifecycle_transition.ends_with(transition))?;
    let default_result = if hook.default_result == "CONTINUE" { "continue" } else { "abandon" };
    let heartbeat = format!("{}s", hook.heartbeat_timeout);
    Some(json!({"takes": "1s", "heartbeat": heartbeat, "default_result": default_result}))
}

/// How long launches and terminations took lately, by the median.
pub fn times(activities: &[SeenActivity]) -> Times {
    let lengths = |is_of_kind: fn(&SeenActivity) -> bool| {
        let of_kind = activities.iter().filter(|one| is_of_kind(one) && one.status_code == "Successful");
        let length = |one: &SeenActivity| {
            let at = |text: &str| text.parse::<Timestamp>().ok().map(Timestamp::as_second);
            u64::try_from(at(one.end_time.as_ref()?)? - at(&one.start_time)?).ok()
        };
        let mut lengths: Vec<u64> = of_kind.filter_map(length).collect();
        lengths.sort_unstable();
        lengths
    };
    let (launches, terminations) = (lengths(SeenActivity::is_launch), lengths(SeenActivity::is_termination));
    let median = |lengths: &[u64]| lengths.get(lengths.len() / 2).copied();
    Times {
        boot_seconds: median(&launches).unwrap_or(BOOT_SECONDS).max(1),
        boot_measured: launches.len(),
        drain_seconds: median(&terminations).unwrap_or(DRAIN_SECONDS).max(1),
        drain_measured: terminations.len(),
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;

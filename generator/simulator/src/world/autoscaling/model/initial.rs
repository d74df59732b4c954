//! The groups as a world begins with them, their instances in service.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::time::{Moment, Span};
use crate::world::ids::InstanceId;
use crate::world::record::Sizes;
use crate::world::script::ScriptError;
use crate::world::spec::{GroupSpec, WorldSpec};

use super::fleet::Fleet;
use super::group::{Group, GroupPhase};
use super::instance::{Application, Ec2State, Health, Instance, Lifecycle, Origin, Target};
use super::launch::{LaunchSource, LaunchTemplate, LaunchTemplates, Recipe};
use super::load_balancer::{self, Registration};
use super::state::AutoScaling;
use super::warm_pool::{PoolConfiguration, Pooled, WarmPool};

/// How long the first instances have been in service when a world begins.
const AGE: Span = Span::seconds(86_400);

/// Groups and launch templates as described.
///
/// # Errors
/// A group whose sizes contradict each other, or that launches from nothing.
pub(crate) fn initial_groups(spec: &WorldSpec) -> Result<AutoScaling, ScriptError> {
    let now = spec.start();
    let named = spec.templates.iter().map(|(id, one)| {
        let name = if one.name.is_empty() { format!("name-{id}") } else { one.name.clone() };
        let template =
            LaunchTemplate { name: name.into(), latest: one.latest, default: one.default, is_deleted: false };
        (Arc::from(id.as_str()), template)
    });
    let templates: LaunchTemplates = named.collect();
    let opt_in_tag = spec.resources.opt_in_tag.as_str();
    let mut counter = 0;
    let groups = spec.groups.iter().map(|one| group(one, (&templates, opt_in_tag), now, &mut counter));
    let groups: Vec<Group> = groups.collect::<Result<_, _>>()?;
    let fleet = Fleet::new(groups, spec.read_lag.by);
    let service = AutoScaling::new(fleet, templates, (opt_in_tag, now), counter);
    Ok(AutoScaling {
        instance_quota: spec.instance_quota,
        terminated_twice: spec.terminated_twice,
        ..service
    })
}

fn sizes(spec: &GroupSpec) -> Result<Sizes, ScriptError> {
    let sizes = Sizes { min: spec.min, max: spec.max, desired: spec.desired };
    if !(sizes.min <= sizes.desired && sizes.desired <= sizes.max) || spec.zones.is_empty() {
        let reason = format!("group {} needs min <= desired <= max and at least one zone", spec.name);
        return Err(ScriptError::Spec { reason });
    }
    Ok(sizes)
}

fn tags(spec: &GroupSpec, opt_in_tag: &str) -> BTreeMap<Arc<str>, Arc<str>> {
    let opt_in = spec.opted_in.as_ref().map(|value| (opt_in_tag.into(), value.as_str().into()));
    texts(&spec.tags).into_iter().chain(opt_in).collect()
}

fn launch(spec: &GroupSpec) -> Result<LaunchSource, ScriptError> {
    LaunchSource::described(&spec.launch).ok_or_else(|| ScriptError::Spec {
        reason: format!(
            "a launch template version of group {} is neither a number, nor $Latest, nor $Default",
            spec.name
        ),
    })
}

fn group(
    spec: &GroupSpec,
    (templates, opt_in_tag): (&LaunchTemplates, &str),
    now: Moment,
    counter: &mut u32,
) -> Result<Group, ScriptError> {
    let launch = launch(spec)?;
    let load_balancers = load_balancer::described(spec);
    let mut group = Group {
        name: spec.name.as_str().into(),
        phase: GroupPhase::Present,
        sizes: sizes(spec)?,
        zones: spec.zones.iter().map(|zone| zone.as_str().into()).collect(),
        launch,
        suspended: spec.suspended.iter().copied().collect::<BTreeSet<_>>(),
        suspended_at: BTreeMap::new(),
        tags: tags(spec, opt_in_tag),
        registrations: load_balancer::registrations(&load_balancers, spec.ports.max(1)),
        load_balancers,
        held_targets: None,
        health_check: spec.health_check,
        grace: spec.grace,
        warmup: spec.warmup,
        termination_policies: spec.termination_policies.clone(),
        protects_new_instances: spec.protects_new_instances,
        launches_before_terminating: spec.launches_before_terminating,
        launch_hook: spec.launch_hook,
        terminate_hook: spec.terminate_hook,
        warm_pool: None,
        capacity_type: spec.capacity_type.as_deref().map(Into::into),
        operator: spec.operator.as_deref().map(Into::into),
        shifted_away_from: spec.shifted_away_from.as_deref().map(Into::into),
        timing: spec.timing,
        created_at: Moment(now.0.saturating_sub(AGE.0)),
        predecessors: 0,
        replaced_by: None,
        instances: Vec::new(),
        departed: VecDeque::new(),
        activities: Vec::new(),
        refreshes: Vec::new(),
        rebalancing: 0,
        at_risk: Vec::new(),
        surge: 0,
        launches: 0,
        launch_failures: 0,
        no_launch_before: Moment(0),
        resized: "".into(),
        reconciles_at: None,
        first_new: InstanceId(0),
    };
    populate(&mut group, spec, templates, counter)?;
    group.first_new = InstanceId(*counter + 1);
    if spec.warm_pool > 0 {
        group.warm_pool = Some(filled_pool(&group, spec, templates, counter)?);
    }
    Ok(group)
}

/// Puts the first instances into a group: the desired capacity in service, the last of them current, and those in standby.
/// A pool of that size, filled before the launch source was what it is.
fn filled_pool(
    group: &Group,
    spec: &GroupSpec,
    templates: &LaunchTemplates,
    counter: &mut u32,
) -> Result<WarmPool, ScriptError> {
    let mut instances = Vec::new();
    for number in 0..spec.warm_pool {
        let place = number as usize;
        let recipe = group.launch.recipe(templates, place).ok_or_else(|| unknown_template(spec))?;
        let current = number < spec.current_in_warm_pool;
        let origin = if current { recipe.origin } else { recipe.origin.outdated() };
        *counter += 1;
        instances.push(Pooled {
            id: InstanceId(*counter),
            zone: place % group.zones.len(),
            recipe: Recipe { origin, ..recipe },
            tags: Arc::new(group.tags.clone()),
            ready_at: group.created_at,
        });
    }
    let configuration = PoolConfiguration {
        min_size: spec.warm_pool,
        max_prepared: Some(spec.desired),
        state: "Stopped".into(),
        reuse_on_scale_in: None,
    };
    Ok(WarmPool { configuration, instances, leaves_until: None })
}

fn unknown_template(spec: &GroupSpec) -> ScriptError {
    ScriptError::Spec {
        reason: format!("group {} launches from a template that the world does not have", spec.name),
    }
}

fn populate(
    group: &mut Group,
    spec: &GroupSpec,
    templates: &LaunchTemplates,
    counter: &mut u32,
) -> Result<(), ScriptError> {
    let mut units = 0;
    while units < spec.desired {
        let current = spec.desired - units <= spec.current_instances;
        units += seat(group, spec, templates, counter, (Lifecycle::InService, current))?.max(1);
    }
    for _ in 0..spec.standby_instances {
        seat(group, spec, templates, counter, (Lifecycle::Standby, false))?;
    }
    Ok(())
}

/// Puts one in, current or not; the units of capacity that it has.
fn seat(
    group: &mut Group,
    spec: &GroupSpec,
    templates: &LaunchTemplates,
    counter: &mut u32,
    (lifecycle, current): (Lifecycle, bool),
) -> Result<u32, ScriptError> {
    let recipe = group.launch.recipe(templates, group.launches).ok_or_else(|| unknown_template(spec))?;
    let ordinal = u32::try_from(group.launches).unwrap_or(u32::MAX);
    let target = |one: &Registration| match lifecycle {
        Lifecycle::InService => one.first_state(&group.load_balancers, Target::Healthy),
        _ => Target::Unregistered,
    };
    let targets = group.registrations.iter().map(target).collect();
    let born = group.created_at + Span::seconds(u64::from(ordinal));
    *counter += 1;
    group.instances.push(Instance {
        id: InstanceId(*counter),
        zone: group.launches % group.zones.len(),
        instance_type: recipe.instance_type,
        weight: recipe.weight,
        origin: if current { recipe.origin } else { recipe.origin.outdated() },
        tags: Arc::new(spec.instance_tags.as_ref().map_or_else(|| group.tags.clone(), texts)),
        lifecycle,
        ec2_state: Ec2State::Running,
        health: Health::Healthy,
        application: Application::Works,
        targets,
        protected: ordinal < spec.protected_instances,
        launched_at: born,
        in_service_at: Some(born + Span::seconds(300)),
        cause: None,
        activity: None,
    });
    group.launches += 1;
    Ok(recipe.weight)
}

impl Origin {
    /// The same source in an older state.
    fn outdated(self) -> Self {
        match self {
            Self::Template { template, version: 1 } => Self::Template { template, version: 9999 },
            Self::Template { template, version } => Self::Template { template, version: version - 1 },
            Self::Configuration(name) => Self::Configuration(format!("{name}-previous").into()),
        }
    }
}

fn texts(of: &BTreeMap<String, String>) -> BTreeMap<Arc<str>, Arc<str>> {
    of.iter().map(|(key, value)| (key.as_str().into(), value.as_str().into())).collect()
}

//! Builds a world from its description, with its instances in service.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::time::{Moment, Span};

use super::World;
use super::answers::Answers;
use super::effects::{Effect, Effects};
use super::executions::Executions;
use super::faults::Faults;
use super::fleet::Fleet;
use super::group::{Group, Phase};
use super::instance::{Application, Health, Instance, InstanceId, Lifecycle, Machine, Target};
use super::launch::{LaunchSource, Override, Template, TemplateVersion, Templates, Version};
use super::messages::Messages;
use super::record::{Record, Sizes};
use super::script::{Script, ScriptError};
use super::spec::{GroupSpec, LaunchSpec, TemplateVersionSpec, WorldSpec};
use crate::random::Random;

/// How long the first instances have been in service when a world begins.
const AGE: Span = Span::seconds(86_400);

impl World {
    /// A world that begins as described and in which the script's entries happen.
    pub fn new(spec: WorldSpec, script: Script) -> Result<Self, ScriptError> {
        let now = spec.start();
        let templates: Templates = spec
            .templates
            .iter()
            .map(|(id, one)| {
                let name: Arc<str> =
                    if one.name.is_empty() { format!("name-{id}").into() } else { one.name.as_str().into() };
                (Arc::from(id.as_str()), Template { name, latest: one.latest, default: one.default })
            })
            .collect();
        let mut counter = 0;
        let groups =
            spec.groups.iter().map(|one| group(one, (&templates, &spec.opt_in_tag), now, &mut counter));
        let groups: Vec<Group> = groups.collect::<Result<_, _>>()?;
        script.check(&groups)?;
        let mut world = Self {
            now,
            random: Random::seeded(spec.seed),
            effects: Effects::default(),
            fleet: Fleet::new(groups, spec.read_lag.by),
            answers: Answers::default(),
            templates,
            table: BTreeMap::new(),
            executions: Executions::default(),
            messages: Messages::default(),
            script: Arc::new(script),
            waiting: Vec::new(),
            faults: Faults::default(),
            record: Record::default(),
            launch_faults: Vec::new(),
            launches_broken_until: Moment(0),
            launch_hook_stuck_until: Moment(0),
            terminate_hook_stuck_until: Moment(0),
            instances: counter,
            activities: 0,
            refreshes: 0,
            requests: 0,
            spec: Arc::new(spec),
        };
        world.plan_script();
        for index in world.fleet.indices() {
            world.effects.at(now, Effect::Reconcile(index));
            world.fleet.edit(index, now).reconciles_at = Some(now);
        }
        Ok(world)
    }
}

fn group(
    spec: &GroupSpec,
    (templates, opt_in_tag): (&Templates, &str),
    now: Moment,
    counter: &mut u32,
) -> Result<Group, ScriptError> {
    let launch = launch_source(&spec.launch).ok_or_else(|| ScriptError::Spec {
        reason: format!(
            "a launch template version of group {} is neither a number, nor $Latest, nor $Default",
            spec.name
        ),
    })?;
    let sizes = Sizes { min: spec.min, max: spec.max, desired: spec.desired };
    if !(sizes.min <= sizes.desired && sizes.desired <= sizes.max) || spec.zones.is_empty() {
        let reason = format!("group {} needs min <= desired <= max and at least one zone", spec.name);
        return Err(ScriptError::Spec { reason });
    }
    let mut tags: BTreeMap<Arc<str>, Arc<str>> =
        spec.tags.iter().map(|(key, value)| (key.as_str().into(), value.as_str().into())).collect();
    if let Some(value) = &spec.opted_in {
        tags.insert(opt_in_tag.into(), value.as_str().into());
    }
    let mut group = Group {
        name: spec.name.as_str().into(),
        phase: Phase::Present,
        sizes,
        zones: spec.zones.iter().map(|zone| zone.as_str().into()).collect(),
        launch,
        suspended: spec.suspended.iter().copied().collect::<BTreeSet<_>>(),
        tags,
        target_groups: (1..=spec.target_groups).map(|n| target_group_arn(&spec.name, n)).collect(),
        health_check: spec.health_check,
        grace: spec.grace,
        termination_policies: spec.termination_policies.clone(),
        protects_new_instances: spec.protects_new_instances,
        launch_hook: spec.launch_hook,
        terminate_hook: spec.terminate_hook,
        warm_pool: spec.warm_pool,
        capacity_type: spec.capacity_type.as_deref().map(Into::into),
        timing: spec.timing,
        created_at: Moment(now.0.saturating_sub(AGE.0)),
        instances: Vec::new(),
        departed: VecDeque::new(),
        activities: Vec::new(),
        refreshes: Vec::new(),
        rebalancing: 0,
        surge: 0,
        launches: 0,
        launch_failures: 0,
        no_launch_before: Moment(0),
        reconciles_at: None,
        first_new: InstanceId(0),
    };
    populate(&mut group, spec, templates, counter)?;
    group.first_new = InstanceId(*counter + 1);
    Ok(group)
}

/// Puts the first instances into a group: the desired capacity in service, the last of them current, and those in standby.
fn populate(
    group: &mut Group,
    spec: &GroupSpec,
    templates: &Templates,
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
    templates: &Templates,
    counter: &mut u32,
    (lifecycle, current): (Lifecycle, bool),
) -> Result<u32, ScriptError> {
    let recipe = group.launch.recipe(templates, group.launches).ok_or_else(|| ScriptError::Spec {
        reason: format!("group {} launches from a template that the world does not have", spec.name),
    })?;
    let ordinal = u32::try_from(group.launches).unwrap_or(u32::MAX);
    let target = if lifecycle == Lifecycle::InService { Target::Healthy } else { Target::Unregistered };
    let born = group.created_at + Span::seconds(u64::from(ordinal));
    *counter += 1;
    group.instances.push(Instance {
        id: InstanceId(*counter),
        zone: group.launches % group.zones.len(),
        instance_type: recipe.instance_type,
        weight: recipe.weight,
        origin: if current { recipe.origin } else { recipe.origin.outdated() },
        lifecycle,
        machine: Machine::Running,
        health: Health::Healthy,
        application: Application::Works,
        targets: vec![target; group.target_groups.len()],
        protected: ordinal < spec.protected_instances,
        launched_at: born,
        in_service_at: Some(born + Span::seconds(300)),
        cause: None,
        activity: None,
    });
    group.launches += 1;
    Ok(recipe.weight)
}

impl super::instance::Origin {
    /// The same source in an older state.
    fn outdated(self) -> Self {
        match self {
            Self::Template { template, version: 1 } => Self::Template { template, version: 9999 },
            Self::Template { template, version } => Self::Template { template, version: version - 1 },
            Self::Configuration(name) => Self::Configuration(format!("{name}-previous").into()),
        }
    }
}

/// What a group launches from; `None` where a version cannot be read.
pub(super) fn launch_source(spec: &LaunchSpec) -> Option<LaunchSource> {
    Some(match spec {
        LaunchSpec::Template(template) => LaunchSource::Template(template_version(template)?),
        LaunchSpec::Configuration(name) => LaunchSource::Configuration(name.as_str().into()),
        LaunchSpec::Mixed { template, overrides } => LaunchSource::Mixed {
            template: template_version(template)?,
            overrides: overrides
                .iter()
                .map(|one| {
                    let template = match &one.template {
                        Some(template) => Some(template_version(template)?),
                        None => None,
                    };
                    Some(Override {
                        instance_type: one.instance_type.as_str().into(),
                        weight: one.weight,
                        template,
                    })
                })
                .collect::<Option<_>>()?,
        },
    })
}

fn template_version(spec: &TemplateVersionSpec) -> Option<TemplateVersion> {
    Some(TemplateVersion { template: spec.id.as_str().into(), version: Version::parse(Some(&spec.version))? })
}

/// ARN of the n-th target group of a group.
pub(super) fn target_group_arn(group: &str, n: u32) -> Arc<str> {
    format!("arn:aws:elasticloadbalancing:eu-west-2:123456789012:targetgroup/{group}-{n}/{n:016x}").into()
}

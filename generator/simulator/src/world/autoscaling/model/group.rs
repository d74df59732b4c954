//! A group: its settings, its instances and its figures.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::time::Moment;
use crate::world::ids::InstanceId;
use crate::world::interventions::{InstanceFilter, SizeChange};
use crate::world::processes::Process;
use crate::world::record::{Sample, Sizes};
use crate::world::spec::{HealthCheck, HookSpec, TerminationPolicy, Timing};

use super::activity::Activity;
use super::instance::{Health, Instance, Lifecycle};
use super::launch::{LaunchSource, LaunchTemplates};
use super::load_balancer::{HeldTargets, LoadBalancer, Registration};
use super::refresh::Refresh;
use super::warm_pool::{Pooled, WarmPool};

/// Whether a group is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupPhase {
    /// It is.
    Present,
    /// It is being deleted.
    Deleting,
    /// It is not.
    Deleted,
}

/// A group.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its name.
    pub name: Arc<str>,
    /// Whether it is there.
    pub phase: GroupPhase,
    /// Minimum, maximum and desired capacity.
    pub sizes: Sizes,
    /// Names of its zones.
    pub zones: Vec<Arc<str>>,
    /// What it launches from.
    pub launch: LaunchSource,
    /// Its suspended processes.
    pub suspended: BTreeSet<Process>,
    /// Since when they are, of those that were not from the start.
    pub suspended_at: BTreeMap<Process, Moment>,
    /// Its tags.
    pub tags: BTreeMap<Arc<str>, Arc<str>>,
    /// What sends its instances their traffic.
    pub load_balancers: Vec<LoadBalancer>,
    /// Where each of its instances is registered, load balancer by load balancer.
    pub registrations: Vec<Registration>,
    /// Targets that stay in one state for a time.
    pub held_targets: Option<HeldTargets>,
    /// Which checks count.
    pub health_check: HealthCheck,
    /// Its health check grace period.
    pub grace: crate::time::Span,
    /// Its default instance warm-up, where it has one.
    pub warmup: Option<crate::time::Span>,
    /// How it chooses what to terminate.
    pub termination_policies: Vec<TerminationPolicy>,
    /// Whether what it launches is protected.
    pub protects_new_instances: bool,
    /// Whether its maintenance policy has another launched before one that is unhealthy is terminated.
    pub launches_before_terminating: bool,
    /// Its hook on launches.
    pub launch_hook: Option<HookSpec>,
    /// Its hook on terminations.
    pub terminate_hook: Option<HookSpec>,
    /// Its warm pool, also one whose deletion has come to an end.
    pub warm_pool: Option<WarmPool>,
    /// What it counts its capacity in, where AWS says so.
    pub capacity_type: Option<Arc<str>>,
    /// The service that alone may change it.
    pub operator: Option<Arc<str>>,
    /// The zone from which a zonal shift has taken its traffic.
    pub shifted_away_from: Option<Arc<str>>,
    /// Its times.
    pub timing: Timing,
    /// When it was created.
    pub created_at: Moment,
    /// How many groups of its name there were before it.
    pub predecessors: u32,
    /// Sizes of the group that is made under its name once it is deleted.
    pub replaced_by: Option<SizeChange>,
    /// Its instances by id.
    pub instances: Vec<Instance>,
    /// Those that left it and that EC2 still knows.
    pub departed: VecDeque<Instance>,
    /// Its scaling activities, oldest first.
    pub activities: Vec<Activity>,
    /// Its instance refreshes, oldest first.
    pub refreshes: Vec<Refresh>,
    /// Instances it is to have above its desired capacity while it evens out its zones.
    pub rebalancing: u32,
    /// Instances that EC2 may take back soon, for which it launches others first.
    pub at_risk: Vec<InstanceId>,
    /// Units of capacity it is to have above its desired capacity for an instance refresh.
    pub surge: u32,
    /// How many launches it has made, which decides the type of the next one.
    pub launches: usize,
    /// Failed launches in a row.
    pub launch_failures: u32,
    /// No launch is tried before.
    pub no_launch_before: Moment,
    /// Why its desired capacity was changed since Auto Scaling last looked at it, in the words of activities.
    pub resized: Arc<str>,
    /// When Auto Scaling looks at it next, where that is decided.
    pub reconciles_at: Option<Moment>,
    /// Instances from this one on are new.
    pub first_new: InstanceId,
}

impl Group {
    /// Why an activity is begun: what is said of the desired capacity comes first.
    pub fn because(&self, why: &str) -> String {
        if self.resized.is_empty() { why.to_owned() } else { format!("{}  {why}", self.resized) }
    }

    /// The instance with that id, in the group.
    pub fn instance(&self, id: InstanceId) -> Option<&Instance> {
        let position = self.instances.binary_search_by_key(&id, |instance| instance.id).ok()?;
        Some(&self.instances[position])
    }

    /// The same, to be changed.
    pub fn instance_mut(&mut self, id: InstanceId) -> Option<&mut Instance> {
        let position = self.instances.binary_search_by_key(&id, |instance| instance.id).ok()?;
        Some(&mut self.instances[position])
    }

    /// Whether an instance is one of those that a script means.
    pub fn fits(&self, which: InstanceFilter, instance: &Instance) -> bool {
        match which {
            InstanceFilter::Any => true,
            InstanceFilter::Old => instance.id < self.first_new,
            InstanceFilter::New => instance.id >= self.first_new,
            InstanceFilter::Pending => instance.id >= self.first_new && instance.lifecycle.is_pending(),
        }
    }

    /// The pool, where there is one at this moment.
    pub fn pool_at(&self, now: Moment) -> Option<&WarmPool> {
        self.warm_pool.as_ref().filter(|pool| pool.is_there(now))
    }

    /// Whether a process runs.
    pub fn runs(&self, process: Process) -> bool {
        !self.suspended.contains(&process)
    }

    /// Units of capacity that count towards the desired capacity.
    pub fn capacity(&self) -> u32 {
        self.instances.iter().filter(|one| one.lifecycle.is_counted()).map(|one| one.weight).sum()
    }

    /// Units of capacity that Auto Scaling brings the group to.
    pub fn wanted(&self) -> u32 {
        self.sizes.desired + self.surge + self.extra_beside()
    }

    /// Live instances in each zone.
    pub fn live_by_zone(&self) -> Vec<u32> {
        let mut live = vec![0; self.zones.len()];
        for instance in self.instances.iter().filter(|one| one.lifecycle.is_counted()) {
            live[instance.zone] += 1;
        }
        live
    }

    /// Whether it carries a tag, whatever its value.
    pub fn has_tag(&self, key: &str) -> bool {
        self.tags.contains_key(key)
    }

    /// Whether what it launches from means another version by itself when `template` changes.
    pub fn launches_from(&self, template: &str) -> bool {
        match &self.launch {
            LaunchSource::Template(spec) => *spec.template == *template,
            LaunchSource::Configuration(_) => false,
            LaunchSource::Mixed { template: spec, overrides } => {
                let own = overrides.iter().filter_map(|one| one.template.as_ref());
                own.chain([spec]).any(|spec| *spec.template == *template)
            }
        }
    }

    /// Its figures.
    pub fn sample(&self, templates: &LaunchTemplates) -> Sample {
        let Sizes { min, max, desired } = self.sizes;
        let mut sample = Sample { min, max, desired, ..Sample::default() };
        let pool = self.warm_pool.iter().filter(|pool| pool.leaves_until.is_none());
        for Pooled { recipe, .. } in pool.flat_map(|pool| &pool.instances) {
            let current = self.launch.would_launch(templates, &recipe.instance_type, &recipe.origin);
            sample.pooled += 1;
            sample.pool_outdated += u32::from(!current);
        }
        for instance in &self.instances {
            if instance.lifecycle.is_terminating() {
                sample.terminating += 1;
            }
            if !instance.lifecycle.is_counted() {
                continue;
            }
            sample.live += 1;
            sample.units += instance.weight;
            sample.in_service += u32::from(instance.lifecycle == Lifecycle::InService);
            let healthy = instance.lifecycle == Lifecycle::InService && instance.health == Health::Healthy;
            sample.healthy += u32::from(healthy);
            sample.healthy_units += if healthy { instance.weight } else { 0 };
            sample.serving += u32::from(instance.serves());
            sample.old += u32::from(instance.id < self.first_new);
            sample.new += u32::from(instance.id >= self.first_new);
            sample.outdated += u32::from(!self.launch.is_current(templates, instance));
        }
        sample
    }
}

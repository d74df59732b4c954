//! What a world begins as: groups, templates, times and how AWS behaves. Read from scenario files and built by code.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::time::{Moment, Span};

use super::alarms::AlarmState;
use super::errors::ErrorNames;
use super::processes::Process;
use super::resources::Resources;

pub use super::timing::Timing;

/// A whole world.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WorldSpec {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// When it begins, in milliseconds since the epoch.
    pub starts_at: u64,
    /// Its groups.
    pub groups: Vec<GroupSpec>,
    /// Launch templates by id.
    pub templates: BTreeMap<String, TemplateSpec>,
    /// How reads lag behind writes.
    pub read_lag: ReadLag,
    /// How long a call takes.
    pub latency: Span,
    /// How the names of Auto Scaling's errors begin.
    pub error_names: ErrorNames,
    /// What is answered where an instance that is on its way out is to be terminated.
    pub terminated_twice: TerminatedTwice,
    /// Whether the record keeps what reads answered.
    pub keep_answers: KeepAnswers,
    /// Items that are in every table from the start: their attributes, all texts, by their key.
    pub lock_items: BTreeMap<String, BTreeMap<String, String>>,
    /// How many instances the account may have in all groups; as many as it likes where this is left out.
    pub instance_quota: Option<u32>,
    /// States of its alarms, by their names; where none is named, those that its stacks watch are there, and `OK`.
    pub alarms: BTreeMap<String, AlarmState>,
    /// What is deployed in it; no scenario says so.
    #[serde(skip)]
    pub resources: Resources,
}

/// What Auto Scaling answers where an instance that is on its way out already is to be terminated: AWS does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TerminatedTwice {
    /// An error: an activity is in progress.
    #[default]
    Refused,
    /// The activity by which it goes, and no second place is taken.
    Answered,
}

impl Default for WorldSpec {
    fn default() -> Self {
        Self {
            seed: 1,
            starts_at: 1_767_603_600_000, // a Monday, 2026-01-05T09:00:00Z
            groups: vec![GroupSpec::default()],
            templates: BTreeMap::from([(DEFAULT_TEMPLATE.to_owned(), TemplateSpec::default())]),
            read_lag: ReadLag::default(),
            latency: Span(100),
            error_names: ErrorNames::default(),
            terminated_twice: TerminatedTwice::default(),
            keep_answers: KeepAnswers::default(),
            lock_items: BTreeMap::new(),
            instance_quota: None,
            alarms: BTreeMap::new(),
            resources: Resources::default(),
        }
    }
}

impl WorldSpec {
    /// When it begins.
    pub fn start(&self) -> Moment {
        Moment(self.starts_at)
    }
}

/// What the record keeps of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeepAnswers {
    /// Those of calls that change something, and all errors: enough for every invariant, and cheap.
    #[default]
    OfWrites,
    /// All.
    OfAll,
}

/// Reads that show the state before recent writes.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReadLag {
    /// How far back a late read looks.
    pub by: Span,
    /// How many reads in a hundred are late.
    pub percent: u8,
}

/// Id of the template that a default world has.
pub const DEFAULT_TEMPLATE: &str = "lt-00000000000000001";

/// A launch template.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TemplateSpec {
    /// Its name; the id with `name-` before it where it is empty.
    pub name: String,
    /// Its newest version.
    pub latest: u32,
    /// Its default version.
    pub default: u32,
}

impl Default for TemplateSpec {
    fn default() -> Self {
        Self { name: String::new(), latest: 2, default: 2 }
    }
}

/// A group.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GroupSpec {
    /// Its name.
    pub name: String,
    /// Minimum size.
    pub min: u32,
    /// Maximum size.
    pub max: u32,
    /// Desired capacity.
    pub desired: u32,
    /// Names of its Availability Zones.
    pub zones: Vec<String>,
    /// What it launches from.
    pub launch: LaunchSpec,
    /// How many of the instances that are there at the start are current; the others are outdated.
    pub current_instances: u32,
    /// How many of them, from the first, are protected from scale-in.
    pub protected_instances: u32,
    /// How many instances it has in standby besides, all outdated.
    pub standby_instances: u32,
    /// Number of target groups it is attached to.
    pub target_groups: u32,
    /// How many it is attached to besides, which no listener uses.
    pub unused_target_groups: u32,
    /// Number of classic load balancers.
    pub classic_load_balancers: u32,
    /// Number of target groups of VPC Lattice.
    pub lattice_target_groups: u32,
    /// At how many ports each instance is a target, in each target group.
    pub ports: u16,
    /// Which checks count.
    pub health_check: HealthCheck,
    /// How long after it came into service a failed load-balancer check does not count.
    pub grace: Span,
    /// Its default instance warm-up, after which an instance counts in a refresh; none where the health check grace period does.
    pub warmup: Option<Span>,
    /// Processes that are suspended from the start.
    pub suspended: Vec<Process>,
    /// Its tags besides the one that opts it in.
    pub tags: BTreeMap<String, String>,
    /// Tags that the instances carry that are there at the start, where they are not the group's.
    pub instance_tags: Option<BTreeMap<String, String>>,
    /// Value of the tag that opts it in; without one it does not carry the tag.
    pub opted_in: Option<String>,
    /// How it chooses what to terminate.
    pub termination_policies: Vec<TerminationPolicy>,
    /// Whether what it launches is protected from scale-in.
    pub protects_new_instances: bool,
    /// Whether its maintenance policy has another launched before one that is unhealthy is terminated.
    pub launches_before_terminating: bool,
    /// Its hook on launches.
    pub launch_hook: Option<HookSpec>,
    /// Its hook on terminations.
    pub terminate_hook: Option<HookSpec>,
    /// Size of its warm pool, which feeds launches and is filled again.
    pub warm_pool: u32,
    /// How many of the instances that are in it at the start are current; the others are outdated.
    pub current_in_warm_pool: u32,
    /// What it counts its capacity in, where AWS says so: `units`, `vcpu` or `memory-mib`.
    pub capacity_type: Option<String>,
    /// The service that alone may change it, where there is one.
    pub operator: Option<String>,
    /// The zone from which a zonal shift has taken its traffic, where there is one.
    pub shifted_away_from: Option<String>,
    /// Its times.
    pub timing: Timing,
}

impl Default for GroupSpec {
    fn default() -> Self {
        Self {
            name: "webops-asg-1".to_owned(),
            min: 3,
            max: 6,
            desired: 3,
            zones: ["eu-west-2a", "eu-west-2b", "eu-west-2c"].map(str::to_owned).to_vec(),
            launch: LaunchSpec::default(),
            current_instances: 0,
            protected_instances: 0,
            standby_instances: 0,
            target_groups: 1,
            unused_target_groups: 0,
            classic_load_balancers: 0,
            lattice_target_groups: 0,
            ports: 1,
            health_check: HealthCheck::Elb,
            grace: Span::seconds(300),
            warmup: None,
            suspended: Vec::new(),
            tags: BTreeMap::new(),
            instance_tags: None,
            opted_in: Some("true".to_owned()),
            termination_policies: vec![TerminationPolicy::Default],
            protects_new_instances: false,
            launches_before_terminating: false,
            launch_hook: None,
            terminate_hook: None,
            warm_pool: 0,
            current_in_warm_pool: 0,
            capacity_type: None,
            operator: None,
            shifted_away_from: None,
            timing: Timing::default(),
        }
    }
}

/// What a group launches from.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LaunchSpec {
    /// A launch template.
    Template(TemplateVersionSpec),
    /// A launch configuration, by name.
    Configuration(String),
    /// A mixed instances policy.
    Mixed {
        /// The template of types without one of their own.
        template: TemplateVersionSpec,
        /// The types.
        overrides: Vec<OverrideSpec>,
    },
}

impl Default for LaunchSpec {
    fn default() -> Self {
        Self::Template(TemplateVersionSpec::default())
    }
}

/// A template and which version of it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TemplateVersionSpec {
    /// The template's id.
    pub id: String,
    /// A number, `$Latest` or `$Default`.
    pub version: String,
}

impl Default for TemplateVersionSpec {
    fn default() -> Self {
        Self { id: DEFAULT_TEMPLATE.to_owned(), version: "2".to_owned() }
    }
}

/// A type of a mixed instances policy.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverrideSpec {
    /// The type.
    #[serde(rename = "type")]
    pub instance_type: String,
    /// Units of capacity an instance of it counts for.
    #[serde(default)]
    pub weight: Option<u32>,
    /// A template of its own.
    #[serde(default)]
    pub template: Option<TemplateVersionSpec>,
}

/// Which checks decide an instance's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum HealthCheck {
    /// The machine's state.
    Ec2,
    /// That, and the load balancer's.
    Elb,
}

/// How a group chooses what to terminate, within the zone that has most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum TerminationPolicy {
    /// Oldest launch configuration, then oldest template version, then nearest to the next billing hour.
    Default,
    /// As `Default` here: On-Demand and Spot are not told apart.
    AllocationStrategy,
    /// Oldest template version.
    OldestLaunchTemplate,
    /// Oldest launch configuration.
    OldestLaunchConfiguration,
    /// Nearest to the next billing hour.
    ClosestToNextInstanceHour,
    /// Launched last.
    NewestInstance,
    /// Launched first.
    OldestInstance,
}

impl TerminationPolicy {
    /// As Auto Scaling writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "Default",
            Self::AllocationStrategy => "AllocationStrategy",
            Self::OldestLaunchTemplate => "OldestLaunchTemplate",
            Self::OldestLaunchConfiguration => "OldestLaunchConfiguration",
            Self::ClosestToNextInstanceHour => "ClosestToNextInstanceHour",
            Self::NewestInstance => "NewestInstance",
            Self::OldestInstance => "OldestInstance",
        }
    }
}

/// A lifecycle hook.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HookSpec {
    /// How long until it is completed.
    pub takes: Span,
    /// With what; a termination goes on either way.
    pub completed_with: HookResult,
    /// How long it holds an instance when nothing completes it.
    pub heartbeat: Span,
    /// What happens then.
    pub default_result: HookResult,
    /// Whether an abandoned termination retains the instance for ever.
    pub retains: bool,
}

impl Default for HookSpec {
    fn default() -> Self {
        Self {
            takes: Span::seconds(20),
            completed_with: HookResult::Continue,
            heartbeat: Span::seconds(3600),
            default_result: HookResult::Abandon,
            retains: false,
        }
    }
}

/// How a hook ends when nothing completes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HookResult {
    /// The launch is given up; a termination goes on.
    Abandon,
    /// As if it had been completed.
    Continue,
}

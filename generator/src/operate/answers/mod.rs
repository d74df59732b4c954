//! What AWS answers, as far as it is read. What an answer leaves out is empty.

pub mod execution;
pub mod group;
pub mod planned;
pub mod surroundings;

use std::collections::BTreeMap;

use asg_recycle_handler::group::{Group, GroupTag, TemplateReference};
use serde::Deserialize;

/// A list as Auto Scaling writes it.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Members<T> {
    /// The items.
    #[serde(rename = "member", default = "Vec::new")]
    pub list: Vec<T>,
}

/// A list as EC2 writes it.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Items<T> {
    /// The items.
    #[serde(rename = "item", default = "Vec::new")]
    pub list: Vec<T>,
}

/// A page of groups.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct GroupsPage {
    /// The groups.
    pub auto_scaling_groups: Members<SeenGroup>,
    /// Where the next page begins.
    pub next_token: Option<String>,
}

/// A group.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct SeenGroup {
    /// Its name.
    #[serde(rename = "AutoScalingGroupName")]
    pub name: String,
    /// Its minimum.
    pub min_size: u32,
    /// Its maximum.
    pub max_size: u32,
    /// Its desired capacity.
    pub desired_capacity: u32,
    /// Its zones.
    pub availability_zones: Members<String>,
    /// ARNs of its target groups.
    #[serde(rename = "TargetGroupARNs")]
    pub target_groups: Members<String>,
    /// Names of its classic load balancers.
    pub load_balancer_names: Members<String>,
    /// What sends it traffic: VPC Lattice's target groups, and perhaps the others again.
    pub traffic_sources: Members<TrafficSource>,
    /// Its instances.
    pub instances: Members<SeenInstance>,
    /// Its tags.
    pub tags: Members<SeenTag>,
    /// Processes that are suspended.
    pub suspended_processes: Members<SuspendedProcess>,
    /// What it launches from, one of three.
    pub launch_template: Option<TemplateSpecification>,
    /// What it launches from, one of three.
    pub launch_configuration_name: Option<String>,
    /// What it launches from, one of three.
    pub mixed_instances_policy: Option<MixedPolicy>,
}

/// What sends traffic to a group.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct TrafficSource {
    /// An ARN; of a classic load balancer its name.
    pub identifier: String,
}

/// An instance of a group.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct SeenInstance {
    /// Its id.
    #[serde(rename = "InstanceId")]
    pub id: String,
    /// Its type.
    pub instance_type: String,
    /// Its zone.
    pub availability_zone: String,
    /// E.g. `InService`.
    pub lifecycle_state: String,
    /// `Healthy` or `Unhealthy`.
    pub health_status: String,
    /// Whether scale-in leaves it alone.
    pub protected_from_scale_in: bool,
    /// What it was launched from.
    pub launch_template: Option<TemplateSpecification>,
    /// What it was launched from.
    pub launch_configuration_name: Option<String>,
}

impl SeenInstance {
    /// Whether it is on its way out of the group.
    pub fn is_leaving(&self) -> bool {
        self.lifecycle_state.starts_with("Terminat") || self.lifecycle_state.starts_with("Detach")
    }
}

/// A tag of a group.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct SeenTag {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Whether new instances get it.
    pub propagate_at_launch: bool,
}

/// A process that does not run.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct SuspendedProcess {
    /// E.g. `Launch`.
    pub process_name: String,
}

/// A launch template and a version of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct TemplateSpecification {
    /// `lt-...`
    #[serde(rename = "LaunchTemplateId")]
    pub id: Option<String>,
    /// Its name.
    #[serde(rename = "LaunchTemplateName")]
    pub name: Option<String>,
    /// A number, `$Latest` or `$Default`; absent means `$Default`.
    pub version: Option<String>,
}

/// A mixed instances policy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct MixedPolicy {
    /// What it launches from.
    pub launch_template: MixedTemplates,
}

/// The launch templates of a mixed instances policy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct MixedTemplates {
    /// For every type without one of its own.
    pub launch_template_specification: TemplateSpecification,
    /// The types.
    pub overrides: Members<TypeOverride>,
}

/// A type of instances in a mixed instances policy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct TypeOverride {
    /// E.g. `m6g.large`; absent where a policy chooses types by what they have.
    pub instance_type: Option<String>,
    /// What instances of the type are launched from.
    pub launch_template_specification: Option<TemplateSpecification>,
    /// Units of capacity of one instance.
    pub weighted_capacity: Option<String>,
}

impl SeenGroup {
    /// Every launch template that it launches from.
    pub fn templates(&self) -> impl Iterator<Item = &TemplateSpecification> {
        let mixed = self.mixed_instances_policy.as_ref().map(|policy| &policy.launch_template);
        let overrides = mixed.into_iter().flat_map(|mixed| &mixed.overrides.list);
        let overrides = overrides.filter_map(|one| one.launch_template_specification.as_ref());
        let own = self.launch_template.iter();
        own.chain(mixed.map(|mixed| &mixed.launch_template_specification)).chain(overrides)
    }

    /// The group as the handler sees it.
    pub fn as_handler_sees_it(&self) -> Group {
        let tag = |tag: &SeenTag| {
            (tag.key.clone(), GroupTag { value: tag.value.clone(), propagates: tag.propagate_at_launch })
        };
        let reference = |template: &TemplateSpecification| TemplateReference {
            id: template.id.clone(),
            name: template.name.clone(),
            version: template.version.clone(),
        };
        Group {
            name: self.name.clone(),
            tags: self.tags.list.iter().map(tag).collect(),
            templates: self.templates().map(reference).collect(),
        }
    }
}

/// A page of launch templates.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TemplatesPage {
    /// The launch templates.
    pub launch_templates: Items<SeenTemplate>,
    /// Where the next page begins.
    pub next_token: Option<String>,
}

/// A launch template.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SeenTemplate {
    /// `lt-...`
    pub launch_template_id: String,
    /// What `$Default` means.
    pub default_version_number: u64,
    /// What `$Latest` means.
    pub latest_version_number: u64,
}

/// Some versions of one launch template, or a page of those of all.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TemplateVersions {
    /// The versions.
    pub launch_template_version_set: Items<TemplateVersionSeen>,
    /// Where the next page begins.
    pub next_token: Option<String>,
}

/// A version of a launch template.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TemplateVersionSeen {
    /// `lt-...`
    pub launch_template_id: String,
    /// Its number.
    pub version_number: u64,
    /// When it was made, RFC 3339.
    pub create_time: String,
}

/// A page of the table of locks.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct LocksPage {
    /// The items.
    pub items: Vec<BTreeMap<String, AttributeText>>,
    /// Where the next page begins.
    pub last_evaluated_key: Option<serde_json::Value>,
}

/// One item of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct LockAnswer {
    /// The item, where there is one.
    pub item: Option<BTreeMap<String, AttributeText>>,
}

/// An attribute; all that are read are text.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AttributeText {
    /// Its text.
    #[serde(rename = "S")]
    pub text: Option<String>,
}

/// Whose credentials they are.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Identity {
    /// The account's 12 digits.
    pub account: String,
    /// Who.
    pub arn: String,
}

/// The configuration of a function.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct FunctionAnswer {
    /// Its environment.
    pub environment: FunctionEnvironment,
    /// ARN of its role.
    pub role: String,
}

/// The environment of a function.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct FunctionEnvironment {
    /// Why the variables cannot be read: they are encrypted by a key that the caller may not use.
    pub error: Option<EnvironmentRefusal>,
    /// The variables.
    pub variables: BTreeMap<String, String>,
}

/// Why a function's variables cannot be read.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct EnvironmentRefusal {
    /// What Lambda says.
    pub message: String,
}

/// An answer of which nothing is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NoAnswer {}

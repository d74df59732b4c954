//! `DescribeAutoScalingGroups`.

use serde_json::{Map, Value, json};

use crate::time::Moment;
use crate::world::arguments::Arguments;
use crate::world::autoscaling::model::group::{Group, GroupPhase};
use crate::world::autoscaling::model::instance::{Instance, Origin};
use crate::world::autoscaling::model::launch::{LaunchSource, LaunchTemplates, Override, TemplateVersion};
use crate::world::autoscaling::model::load_balancer::LoadBalancerKind;
use crate::world::autoscaling::model::state::AutoScaling;
use crate::world::autoscaling::model::warm_pool::{PoolConfiguration, WarmPool};
use crate::world::errors::AwsError;
use crate::world::processes::Process;
use crate::world::request::Request;
use crate::world::spec::HealthCheck;

const DEFAULT_PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 100;

/// Groups by name, or all. A name that is not there is no error: the answer is without it.
pub(crate) fn groups(service: &AutoScaling, request: &Request<'_>) -> Result<Value, AwsError> {
    let known = ["AutoScalingGroupNames", "MaxRecords", "NextToken", "IncludeInstances", "Filters"];
    let arguments = Arguments::of(request.action, request.arguments, &known)?;
    let names = arguments.texts("AutoScalingGroupNames")?;
    let with_instances = arguments.flag_if_given("IncludeInstances")?.unwrap_or(true);
    let page = page_size(&arguments)?;
    let first = match arguments.text_if_given("NextToken")? {
        None => 0,
        Some(token) => token.parse().map_err(|_| invalid_token())?,
    };
    let filters = filters(&arguments)?;
    let found =
        service.fleet.indices().map(|index| service.fleet.as_of(index, request.seen_at)).filter(|group| {
            group.phase != GroupPhase::Deleted
                && (names.is_empty() || names.contains(&&*group.name))
                && filters.iter().all(|filter| filter.fits(group))
        });
    let mut found = found.skip(first);
    let described = |group| describe(group, &service.templates, request.seen_at, with_instances);
    let described: Vec<Value> = found.by_ref().take(page).map(described).collect();
    let mut answer = Map::new();
    answer.insert("AutoScalingGroups".into(), Value::Array(described));
    if found.next().is_some() {
        answer.insert("NextToken".into(), json!((first + page).to_string()));
    }
    Ok(Value::Object(answer))
}

pub(super) fn page_size(arguments: &Arguments<'_>) -> Result<usize, AwsError> {
    let records = arguments.count_if_given("MaxRecords")?.unwrap_or(DEFAULT_PAGE);
    if !(1..=LARGEST_PAGE).contains(&records) {
        return Err(AwsError::validation(format!(
            "1 validation error detected: Value '{records}' at 'maxRecords' failed to satisfy constraint: \
             Member must have value less than or equal to {LARGEST_PAGE}"
        )));
    }
    Ok(usize::try_from(records).unwrap_or(usize::MAX))
}

pub(super) fn invalid_token() -> AwsError {
    AwsError::Modelled {
        name: "InvalidNextTokenException",
        status: 400,
        message: "The token is invalid".to_owned(),
    }
}

/// A filter on tags: several values are alternatives, several filters all have to fit.
struct Filter<'a> {
    name: &'a str,
    values: Vec<&'a str>,
}

impl Filter<'_> {
    fn fits(&self, group: &Group) -> bool {
        let listed = |text: &str| self.values.contains(&text);
        match self.name.strip_prefix("tag:") {
            Some(key) => group.tags.get(key).is_some_and(|value| listed(value)),
            None if self.name == "tag-key" => group.tags.keys().any(|key| listed(key)),
            None => group.tags.values().any(|value| listed(value)),
        }
    }
}

fn filters<'a>(arguments: &Arguments<'a>) -> Result<Vec<Filter<'a>>, AwsError> {
    let filter = |(name, values): (&'a str, Vec<&'a str>)| {
        if !(name.starts_with("tag:") || ["tag-key", "tag-value"].contains(&name)) {
            return Err(AwsError::validation(format!("Invalid filter name: {name}")));
        }
        Ok(Filter { name, values })
    };
    arguments.filters()?.into_iter().map(filter).collect()
}

/// Fields of an answer, in order.
pub(super) type Fields = Map<String, Value>;

fn put(fields: &mut Fields, key: &str, value: Value) {
    fields.insert(key.to_owned(), value);
}

fn texts<'a>(items: impl IntoIterator<Item = &'a str>) -> Value {
    items.into_iter().map(Value::from).collect()
}

/// Why a process is suspended, and since when, to the second (fact A27).
fn suspension(group: &Group, process: Process) -> String {
    let since = group.suspended_at.get(&process).copied().unwrap_or(group.created_at);
    format!("User suspended at {}Z", since.to_string().split('.').next().unwrap_or_default())
}

/// A group as the integration gives it.
fn describe(group: &Group, templates: &LaunchTemplates, now: Moment, with_instances: bool) -> Value {
    let mut fields = Map::with_capacity(28);
    put_settings(&mut fields, group, templates);
    if with_instances {
        let instances = group.instances.iter().map(|one| Value::Object(instance(one, group, templates)));
        put(&mut fields, "Instances", instances.collect());
    }
    put(&mut fields, "CreatedTime", json!(group.created_at.to_string()));
    let suspended = group.suspended.iter().map(
        |process| json!({"ProcessName": process.as_str(), "SuspensionReason": suspension(group, *process)}),
    );
    put(&mut fields, "SuspendedProcesses", suspended.collect());
    put(&mut fields, "VPCZoneIdentifier", json!(subnets(group.zones.len())));
    put(&mut fields, "EnabledMetrics", json!([]));
    if group.phase == GroupPhase::Deleting {
        put(&mut fields, "Status", json!("Delete in progress"));
    }
    put(&mut fields, "Tags", group.tags.iter().map(|(key, value)| tag(&group.name, key, value)).collect());
    put(&mut fields, "TerminationPolicies", texts(group.termination_policies.iter().map(|one| one.as_str())));
    put(&mut fields, "NewInstancesProtectedFromScaleIn", json!(group.protects_new_instances));
    put(&mut fields, "ServiceLinkedRoleARN", json!(SERVICE_LINKED_ROLE));
    put_optional(&mut fields, group, now);
    let sources = group.load_balancers.iter();
    let sources = sources.map(|one| json!({"Identifier": &*one.id, "Type": one.kind.as_str()}));
    put(&mut fields, "TrafficSources", sources.collect());
    Value::Object(fields)
}

fn put_settings(fields: &mut Fields, group: &Group, templates: &LaunchTemplates) {
    put(fields, "AutoScalingGroupName", json!(&*group.name));
    put(fields, "AutoScalingGroupARN", json!(arn(&group.name, group.predecessors)));
    let (key, source) = launch_source(&group.launch, templates);
    put(fields, key, source);
    put(fields, "MinSize", json!(group.sizes.min));
    put(fields, "MaxSize", json!(group.sizes.max));
    put(fields, "DesiredCapacity", json!(group.sizes.desired));
    put(fields, "DefaultCooldown", json!(300));
    put(fields, "AvailabilityZones", texts(group.zones.iter().map(|zone| &**zone)));
    let of_kind = |kind| group.load_balancers.iter().filter(move |one| one.kind == kind).map(|one| &*one.id);
    put(fields, "LoadBalancerNames", texts(of_kind(LoadBalancerKind::Classic)));
    put(fields, "TargetGroupARNs", texts(of_kind(LoadBalancerKind::TargetGroup)));
    put(fields, "HealthCheckType", json!(if group.health_check == HealthCheck::Elb { "ELB" } else { "EC2" }));
    put(fields, "HealthCheckGracePeriod", json!(group.grace.0 / 1000));
}

/// What AWS leaves out of most groups.
fn put_optional(fields: &mut Fields, group: &Group, now: Moment) {
    if let Some(warmup) = group.warmup {
        put(fields, "DefaultInstanceWarmup", json!(warmup.0 / 1000));
    }
    if let Some(pool) = group.pool_at(now) {
        put(fields, "WarmPoolConfiguration", warm_pool_configuration(pool));
        put(fields, "WarmPoolSize", json!(pool.instances.len()));
    }
    if let Some(operator) = &group.operator {
        put(fields, "Operator", json!({"Principal": &**operator}));
    }
    if group.shifted_away_from.is_some() {
        let policy = json!({"ZonalShiftEnabled": true, "ImpairedZoneHealthCheckBehavior": "IgnoreUnhealthy"});
        put(fields, "AvailabilityZoneImpairmentPolicy", policy);
    }
    if let Some(capacity_type) = &group.capacity_type {
        put(fields, "DesiredCapacityType", json!(&**capacity_type));
    }
}

/// How a warm pool is configured, and whether it is being deleted.
pub(super) fn warm_pool_configuration(pool: &WarmPool) -> Value {
    let PoolConfiguration { min_size, max_prepared, state, reuse_on_scale_in } = &pool.configuration;
    let mut described = json!({"MinSize": min_size, "PoolState": &**state});
    if let Some(prepared) = max_prepared {
        described["MaxGroupPreparedCapacity"] = json!(prepared);
    }
    if let Some(reuse) = reuse_on_scale_in {
        described["InstanceReusePolicy"] = json!({"ReuseOnScaleIn": reuse});
    }
    if pool.leaves_until.is_some() {
        described["Status"] = json!("PendingDelete");
    }
    described
}

fn tag(group: &str, key: &str, value: &str) -> Value {
    json!({
        "ResourceId": group, "ResourceType": "auto-scaling-group", "Key": key, "Value": value, "PropagateAtLaunch": true,
    })
}

const SERVICE_LINKED_ROLE: &str =
    "arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";

/// The ARN of the group of that name before which there were so many: its id is another each time.
pub(crate) fn arn(name: &str, predecessors: u32) -> String {
    format!(
        "arn:aws:autoscaling:eu-west-2:123456789012:autoScalingGroup:\
         11111111-2222-4333-8444-{:012}:autoScalingGroupName/{name}",
        555_555_555_555_u64 + u64::from(predecessors)
    )
}

fn subnets(zones: usize) -> String {
    let ids: Vec<String> = (1..=zones).map(|n| format!("subnet-{n:017x}")).collect();
    ids.join(",")
}

fn template(spec: &TemplateVersion, templates: &LaunchTemplates) -> Value {
    described_template(&spec.template, spec.version.text(), templates)
}

fn described_template(id: &str, version: String, templates: &LaunchTemplates) -> Value {
    let mut fields = Map::with_capacity(3);
    fields.insert("LaunchTemplateId".into(), json!(id));
    if let Some(template) = templates.get(id) {
        fields.insert("LaunchTemplateName".into(), json!(&*template.name));
    }
    fields.insert("Version".into(), Value::String(version));
    Value::Object(fields)
}

/// The field that tells what is launched from, and its value.
pub(super) fn launch_source(source: &LaunchSource, templates: &LaunchTemplates) -> (&'static str, Value) {
    match source {
        LaunchSource::Template(spec) => ("LaunchTemplate", template(spec, templates)),
        LaunchSource::Configuration(name) => ("LaunchConfigurationName", json!(&**name)),
        LaunchSource::Mixed { template: spec, overrides } => {
            ("MixedInstancesPolicy", mixed_policy(spec, overrides, templates))
        }
    }
}

fn mixed_policy(spec: &TemplateVersion, overrides: &[Override], templates: &LaunchTemplates) -> Value {
    let overrides: Vec<Value> = overrides
        .iter()
        .map(|one| {
            let mut fields = Map::new();
            fields.insert("InstanceType".into(), json!(&*one.instance_type));
            if let Some(weight) = one.weight {
                fields.insert("WeightedCapacity".into(), json!(weight.to_string()));
            }
            if let Some(own) = &one.template {
                fields.insert("LaunchTemplateSpecification".into(), template(own, templates));
            }
            Value::Object(fields)
        })
        .collect();
    json!({
        "LaunchTemplate": {"LaunchTemplateSpecification": template(spec, templates), "Overrides": overrides},
        "InstancesDistribution": {
            "OnDemandAllocationStrategy": "prioritized", "OnDemandBaseCapacity": 0,
            "OnDemandPercentageAboveBaseCapacity": 100, "SpotAllocationStrategy": "lowest-price", "SpotInstancePools": 2,
        },
    })
}

/// An instance as the description of its group gives it.
pub(super) fn instance(one: &Instance, group: &Group, templates: &LaunchTemplates) -> Fields {
    let mut fields = Map::with_capacity(9);
    let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
    put("InstanceId", Value::String(one.id.to_string()));
    put("InstanceType", json!(&*one.instance_type));
    put("AvailabilityZone", json!(&*group.zones[one.zone]));
    put("LifecycleState", json!(one.lifecycle.as_str()));
    put("HealthStatus", json!(one.health.as_str()));
    match &one.origin {
        Origin::Configuration(name) => put("LaunchConfigurationName", json!(&**name)),
        Origin::Template { template, version } => {
            put("LaunchTemplate", described_template(template, version.to_string(), templates))
        }
    };
    put("ProtectedFromScaleIn", json!(one.protected));
    let weighted = matches!(&group.launch, LaunchSource::Mixed { overrides, .. } if overrides.iter().any(|o| o.weight.is_some()));
    if weighted {
        put("WeightedCapacity", json!(one.weight.to_string()));
    }
    fields
}

//! `DescribeWarmPool`, `PutWarmPool` and `DeleteWarmPool`: what waits beside a group.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::time::Span;
use crate::world::arguments::Arguments;
use crate::world::autoscaling::model::group::Group;
use crate::world::autoscaling::model::instance::Origin;
use crate::world::autoscaling::model::state::AutoScaling;
use crate::world::autoscaling::model::warm_pool::{PoolConfiguration, Pooled, WarmPool};
use crate::world::context::Context;
use crate::world::errors::AwsError;
use crate::world::record::GroupEvent;
use crate::world::request::Request;
use crate::world::schedule::ScheduledEvent;

use super::{describe, group_to_change, group_to_read};

/// Most instances of a page.
const PAGE: u32 = 50;
/// How long a pool's instances take to go with it.
const DELETION: Span = Span::seconds(120);
/// What an instance of a pool waits as.
const STATES: [&str; 3] = ["Stopped", "Running", "Hibernated"];

/// The pool of a group, page by page.
pub(crate) fn describe(service: &AutoScaling, request: &Request<'_>) -> Result<Value, AwsError> {
    let arguments = Arguments::of(
        request.action,
        request.arguments,
        &["AutoScalingGroupName", "MaxRecords", "NextToken"],
    )?;
    let records = arguments.count_if_given("MaxRecords")?.unwrap_or(PAGE);
    if !(1..=PAGE).contains(&records) {
        return Err(AwsError::validation(format!(
            "1 validation error detected: Value '{records}' at 'maxRecords': at most {PAGE}"
        )));
    }
    let from: usize = match arguments.text_if_given("NextToken")? {
        None => 0,
        Some(token) => token.parse().map_err(|_| AwsError::validation("The token is not valid"))?,
    };
    let index = group_to_read(service, request, arguments.text("AutoScalingGroupName")?)?;
    let group = service.fleet.as_of(index, request.seen_at);
    let Some(pool) = group.pool_at(request.seen_at) else { return Ok(json!({"Instances": []})) };
    let until = from.saturating_add(records as usize).min(pool.instances.len());
    let page = pool.instances.get(from..until).unwrap_or_default();
    let instances: Vec<Value> = page.iter().map(|one| instance(group, pool, one, request)).collect();
    let mut answer =
        json!({"Instances": instances, "WarmPoolConfiguration": describe::warm_pool_configuration(pool)});
    if until < pool.instances.len() {
        answer["NextToken"] = json!(until.to_string());
    }
    Ok(answer)
}

fn instance(group: &Group, pool: &WarmPool, one: &Pooled, request: &Request<'_>) -> Value {
    let state = match pool.leaves_until {
        Some(_) => "Terminating",
        None if one.ready_at > request.seen_at => "Pending",
        None => &*pool.configuration.state,
    };
    let mut described = json!({
        "InstanceId": one.id.to_string(), "InstanceType": &*one.recipe.instance_type,
        "AvailabilityZone": &*group.zones[one.zone], "LifecycleState": format!("Warmed:{state}"),
        "HealthStatus": "Healthy", "ProtectedFromScaleIn": false,
    });
    match &one.recipe.origin {
        Origin::Configuration(name) => described["LaunchConfigurationName"] = json!(&**name),
        Origin::Template { template, version } => {
            described["LaunchTemplate"] =
                json!({"LaunchTemplateId": &**template, "Version": version.to_string()});
        }
    }
    described
}

/// Makes a pool, or changes how one is configured.
pub(crate) fn put(
    service: &mut AutoScaling,
    context: &mut Context,
    request: &Request<'_>,
) -> Result<Value, AwsError> {
    let keys =
        ["AutoScalingGroupName", "MinSize", "MaxGroupPreparedCapacity", "PoolState", "InstanceReusePolicy"];
    let arguments = Arguments::of(request.action, request.arguments, &keys)?;
    let index = group_to_change(service, request, &arguments)?;
    let state = arguments.text_if_given("PoolState")?.unwrap_or("Stopped");
    if !STATES.contains(&state) {
        return Err(AwsError::validation(format!("Invalid pool state: {state}")));
    }
    let reuse = request.arguments.pointer("/InstanceReusePolicy/ReuseOnScaleIn").and_then(Value::as_bool);
    let configuration = PoolConfiguration {
        min_size: arguments.count_if_given("MinSize")?.unwrap_or(0),
        max_prepared: arguments.count_if_given("MaxGroupPreparedCapacity")?,
        state: Arc::from(state),
        reuse_on_scale_in: reuse,
    };
    let now = context.now;
    let there = service.fleet.get(index).pool_at(now);
    if there.is_some_and(|pool| pool.leaves_until.is_some()) {
        return Err(AwsError::validation("You cannot change a warm pool while it is being deleted"));
    }
    let instances = there.map(|pool| pool.instances.clone()).unwrap_or_default();
    service.fleet.edit(index, now).warm_pool =
        Some(WarmPool { configuration, instances, leaves_until: None });
    service.note(context, index, GroupEvent::Changed("a warm pool is made"));
    service.reconcile_soon(context, index);
    Ok(json!({}))
}

/// Deletes the pool, with its instances where `ForceDelete` says so.
pub(crate) fn delete(
    service: &mut AutoScaling,
    context: &mut Context,
    request: &Request<'_>,
) -> Result<Value, AwsError> {
    let arguments =
        Arguments::of(request.action, request.arguments, &["AutoScalingGroupName", "ForceDelete"])?;
    let index = group_to_change(service, request, &arguments)?;
    let now = context.now;
    let Some(pool) = service.fleet.get(index).pool_at(now) else {
        return Err(AwsError::validation("No warm pool found for this group"));
    };
    let forced = request.arguments.get("ForceDelete").and_then(Value::as_bool) == Some(true);
    if !forced && !pool.instances.is_empty() {
        let message = "The warm pool has instances".to_owned();
        return Err(AwsError::Modelled { name: "ResourceInUseException", status: 400, message });
    }
    if let Some(pool) = service.fleet.edit(index, now).warm_pool.as_mut() {
        pool.leaves_until.get_or_insert(now + DELETION);
    }
    context.schedule(now + DELETION, ScheduledEvent::PoolGone(index));
    service.note(context, index, GroupEvent::Changed("a warm pool is deleted"));
    Ok(json!({}))
}

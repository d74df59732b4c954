//! Elastic Load Balancing: the health of targets.

use serde_json::{Map, Value, json};

use crate::world::ids::InstanceId;

use super::arguments::Arguments;
use super::autoscaling::model::instance::Target;
use super::autoscaling::model::state::AutoScaling;
use super::errors::AwsError;
use super::request::Request;

/// The targets of a target group, all or those named.
pub(crate) fn describe_target_health(
    service: &AutoScaling,
    request: &Request<'_>,
) -> Result<Value, AwsError> {
    let arguments = Arguments::of(request.action, request.arguments, &["TargetGroupArn", "Targets"])?;
    let arn = arguments.text("TargetGroupArn")?;
    let found = service.fleet.indices().find_map(|index| {
        let group = service.fleet.as_of(index, request.seen_at);
        let position = group.target_groups.iter().position(|one| **one == *arn)?;
        Some((group, position))
    });
    let (group, position) = found.ok_or_else(|| AwsError::Modelled {
        name: "TargetGroupNotFoundException",
        status: 400,
        message: format!("Target groups '{arn}' not found"),
    })?;
    let state_of = |id: InstanceId| {
        let target = group.instance(id).and_then(|one| one.targets.get(position)).copied();
        target.unwrap_or(Target::Unregistered)
    };
    let described: Vec<Value> =
        match arguments.get("Targets").and_then(Value::as_array).filter(|list| !list.is_empty()) {
            Some(named) => named
                .iter()
                .map(|one| {
                    let id = one
                        .get("Id")
                        .and_then(Value::as_str)
                        .ok_or_else(|| AwsError::refused("a target needs an Id"))?;
                    Ok(describe(id, InstanceId::parse(id).map_or(Target::Unregistered, state_of)))
                })
                .collect::<Result<_, AwsError>>()?,
            None => group
                .instances
                .iter()
                .filter(|one| state_of(one.id) != Target::Unregistered)
                .map(|one| describe(&one.id.to_string(), state_of(one.id)))
                .collect(),
        };
    Ok(json!({"TargetHealthDescriptions": described}))
}

fn describe(id: &str, target: Target) -> Value {
    let (reason, description) = match target {
        Target::Healthy => (None, None),
        Target::Initial => (Some("Elb.RegistrationInProgress"), Some("Target registration is in progress")),
        Target::Unhealthy => (Some("Target.FailedHealthChecks"), Some("Health checks failed")),
        Target::Draining => {
            (Some("Target.DeregistrationInProgress"), Some("Target deregistration is in progress"))
        }
        Target::Unregistered => {
            (Some("Target.NotRegistered"), Some("Target is not registered to the target group"))
        }
    };
    let mut health = Map::new();
    health.insert("State".into(), json!(target.as_str().unwrap_or("unused")));
    if let (Some(reason), Some(description)) = (reason, description) {
        health.insert("Reason".into(), json!(reason));
        health.insert("Description".into(), json!(description));
    }
    json!({"Target": {"Id": id, "Port": 8080}, "HealthCheckPort": "8080", "TargetHealth": health})
}

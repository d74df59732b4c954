//! Elastic Load Balancing and VPC Lattice: the health of targets, each kind in its own words.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::world::ids::InstanceId;

use super::arguments::Arguments;
use super::autoscaling::model::group::Group;
use super::autoscaling::model::instance::{Instance, Target};
use super::autoscaling::model::load_balancer::LoadBalancerKind;
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
    let found = Targets::of(service, request, LoadBalancerKind::TargetGroup, arn);
    let targets = found.ok_or_else(|| AwsError::Modelled {
        name: "TargetGroupNotFoundException",
        status: 400,
        message: format!("Target groups '{arn}' not found"),
    })?;
    let described: Vec<Value> = targets
        .asked(&arguments, "Targets", "Id")?
        .iter()
        .map(|one| describe(one, &service.refusal))
        .collect();
    Ok(json!({"TargetHealthDescriptions": described}))
}

/// The instances of a classic load balancer, all or those named. One that drains is `InService` until it has.
pub(crate) fn describe_instance_health(
    service: &AutoScaling,
    request: &Request<'_>,
) -> Result<Value, AwsError> {
    let arguments = Arguments::of(request.action, request.arguments, &["LoadBalancerName", "Instances"])?;
    let name = arguments.text("LoadBalancerName")?;
    let found = Targets::of(service, request, LoadBalancerKind::Classic, name);
    let targets = found.ok_or_else(|| AwsError::Modelled {
        name: "AccessPointNotFoundException",
        status: 400,
        message: format!("There is no ACTIVE Load Balancer named '{name}'"),
    })?;
    let state = |one: &Listed| {
        let (state, reason, description) = match one.target {
            Target::Healthy | Target::Unused | Target::Unchecked => ("InService", "N/A", "N/A"),
            Target::Draining => ("InService", "N/A", "Instance deregistration currently in progress."),
            Target::Initial => ("OutOfService", "ELB", "Instance registration is still in progress."),
            Target::Unavailable => ("Unknown", "N/A", "A transient error occurred. Please try again later."),
            Target::Unregistered => {
                ("OutOfService", "Instance", "Instance is not currently registered with the LoadBalancer.")
            }
            Target::Unhealthy | Target::UnhealthyDraining => (
                "OutOfService",
                "Instance",
                "Instance has failed at least the UnhealthyThreshold number of health checks consecutively.",
            ),
        };
        json!({"InstanceId": one.id, "State": state, "ReasonCode": reason, "Description": description})
    };
    let states: Vec<Value> =
        targets.asked(&arguments, "Instances", "InstanceId")?.iter().map(state).collect();
    Ok(json!({"InstanceStates": states}))
}

/// Most targets of VPC Lattice that can be asked for by name, and most in one answer.
const LATTICE_NAMED_MAX: usize = 20;
const LATTICE_PAGE_MAX: u32 = 100;

/// The targets of a target group of VPC Lattice, all or those named, a page at a time. Those that are not registered are left out.
pub(crate) fn list_targets(service: &AutoScaling, request: &Request<'_>) -> Result<Value, AwsError> {
    let known = ["TargetGroupIdentifier", "Targets", "MaxResults", "NextToken"];
    let arguments = Arguments::of(request.action, request.arguments, &known)?;
    let arn = arguments.text("TargetGroupIdentifier")?;
    let found = Targets::of(service, request, LoadBalancerKind::Lattice, arn);
    let targets = found.ok_or_else(|| AwsError::Modelled {
        name: "ResourceNotFoundException",
        status: 404,
        message: format!("Target group {arn} not found"),
    })?;
    let invalid = |message: &str| AwsError::Modelled {
        name: "ValidationException",
        status: 400,
        message: message.to_owned(),
    };
    let size = arguments.count_if_given("MaxResults")?.unwrap_or(LATTICE_PAGE_MAX);
    if !(1..=LATTICE_PAGE_MAX).contains(&size) {
        return Err(invalid("MaxResults has to be between 1 and 100"));
    }
    let named = arguments.get("Targets").and_then(Value::as_array).map_or(0, Vec::len);
    if named > LATTICE_NAMED_MAX {
        return Err(invalid("Targets has at most 20 items"));
    }
    let first: usize = match arguments.text_if_given("NextToken")? {
        None => 0,
        Some(token) => token.parse().map_err(|_| invalid("The token is invalid"))?,
    };
    let mut asked = targets.asked(&arguments, "Targets", "Id")?;
    asked.retain(|one| one.target != Target::Unregistered);
    let status = |one: &Listed| {
        let status = match one.target {
            Target::Healthy => "HEALTHY",
            Target::Initial => "INITIAL",
            Target::Unhealthy | Target::UnhealthyDraining => "UNHEALTHY",
            Target::Draining => "DRAINING",
            Target::Unavailable | Target::Unchecked => "UNAVAILABLE",
            Target::Unused | Target::Unregistered => "UNUSED",
        };
        json!({"Id": one.id, "Port": one.port, "Status": status})
    };
    let last = first + usize::try_from(size).unwrap_or(usize::MAX);
    let mut answer = Map::new();
    answer.insert("Items".into(), asked.iter().take(last).skip(first).map(status).collect());
    if asked.len() > last {
        answer.insert("NextToken".into(), json!(last.to_string()));
    }
    Ok(Value::Object(answer))
}

/// A target as it is listed.
struct Listed {
    id: String,
    port: u16,
    target: Target,
}

/// The targets of one load balancer.
struct Targets<'a> {
    group: &'a Group,
    load_balancer: usize,
}

impl<'a> Targets<'a> {
    fn of(service: &'a AutoScaling, request: &Request<'_>, kind: LoadBalancerKind, id: &str) -> Option<Self> {
        service.fleet.indices().find_map(|index| {
            let group = service.fleet.as_of(index, request.seen_at);
            let load_balancer =
                group.load_balancers.iter().position(|one| one.kind == kind && *one.id == *id)?;
            Some(Self { group, load_balancer })
        })
    }

    /// Those that the call names, each whether it is registered or not; without names all that are.
    fn asked(&self, arguments: &Arguments<'_>, list: &str, key: &str) -> Result<Vec<Listed>, AwsError> {
        let Some(named) = arguments.get(list).and_then(Value::as_array).filter(|named| !named.is_empty())
        else {
            let all = self.group.instances.iter().flat_map(|one| self.listed(&one.id.to_string(), Some(one)));
            return Ok(all.filter(|one| one.target != Target::Unregistered).collect());
        };
        let mut asked = Vec::new();
        for one in named {
            let id = one.get(key).and_then(Value::as_str);
            let id = id.ok_or_else(|| AwsError::refused(format!("a target needs {key}")))?;
            let instance = InstanceId::parse(id).and_then(|id| self.group.instance(id));
            asked.extend(self.listed(id, instance));
        }
        Ok(asked)
    }

    /// An instance at each of its ports.
    fn listed(&self, id: &str, instance: Option<&Instance>) -> Vec<Listed> {
        let places = self.group.registrations.iter().enumerate();
        let here = places.filter(|(_, one)| one.load_balancer == self.load_balancer);
        let target = |at: usize| instance.and_then(|one| one.targets.get(at)).copied();
        here.map(|(at, one)| Listed {
            id: id.to_owned(),
            port: one.port,
            target: target(at).unwrap_or(Target::Unregistered),
        })
        .collect()
    }
}

/// A target as Elastic Load Balancing describes it.
fn describe(one: &Listed, refusal: &(Arc<str>, Arc<str>)) -> Value {
    let (state, reason, description) = match one.target {
        Target::Healthy => ("healthy", None, ""),
        Target::Initial => {
            ("initial", Some("Elb.RegistrationInProgress"), "Target registration is in progress")
        }
        Target::Unhealthy => ("unhealthy", Some(&*refusal.0), &*refusal.1),
        Target::UnhealthyDraining => {
            ("unhealthy.draining", Some("Target.FailedHealthChecks"), "Health checks failed")
        }
        Target::Draining => {
            ("draining", Some("Target.DeregistrationInProgress"), "Target deregistration is in progress")
        }
        Target::Unregistered => {
            ("unused", Some("Target.NotRegistered"), "Target is not registered to the target group")
        }
        Target::Unused => (
            "unused",
            Some("Target.NotInUse"),
            "Target group is not configured to receive traffic from the load balancer",
        ),
        Target::Unchecked => (
            "unavailable",
            Some("Target.HealthCheckDisabled"),
            "Health checks are disabled for this target group",
        ),
        Target::Unavailable => (
            "unavailable",
            Some("Elb.InternalError"),
            "Target health is unavailable due to an internal error",
        ),
    };
    let mut health = Map::new();
    health.insert("State".into(), json!(state));
    if let Some(reason) = reason {
        health.insert("Reason".into(), json!(reason));
        health.insert("Description".into(), json!(description));
    }
    let port = one.port;
    json!({"Target": {"Id": one.id, "Port": port}, "HealthCheckPort": port.to_string(), "TargetHealth": health})
}

//! `TerminateInstanceInAutoScalingGroup`, for one instance and for a batch.

use serde_json::{Map, Value, json};

use crate::world::arguments::Arguments;
use crate::world::autoscaling::model::activity::{activity_id, on_request};
use crate::world::autoscaling::model::group::Group;
use crate::world::autoscaling::model::instance::Lifecycle;
use crate::world::autoscaling::model::state::AutoScaling;
use crate::world::context::Context;
use crate::world::errors::AwsError;
use crate::world::ids::GroupIndex;
use crate::world::ids::InstanceId;
use crate::world::record::{Resized, Sizes, TerminationCause};
use crate::world::request::Request;
use crate::world::spec::TerminatedTwice;

use super::{allow_change, author, group_to_change};

const LARGEST_BATCH: usize = 100;

/// Takes instances out; protection from scale-in does not stop it.
pub(crate) fn terminate(
    service: &mut AutoScaling,
    context: &mut Context,
    request: &Request<'_>,
) -> Result<Value, AwsError> {
    let known = ["InstanceId", "InstanceIds", "AutoScalingGroupName", "ShouldDecrementDesiredCapacity"];
    let arguments = Arguments::of(request.action, request.arguments, &known)?;
    let decrements = arguments.flag("ShouldDecrementDesiredCapacity")?;
    let (one, batch) = (arguments.text_if_given("InstanceId")?, arguments.texts("InstanceIds")?);
    match (one, batch.is_empty()) {
        (Some(text), true) => {
            let id = managed(service, request, text, None)?;
            let index = service.fleet.holder_of(id).ok_or_else(|| unknown_instance(text))?;
            let activities = take_out(service, context, request, index, &[id], decrements)?;
            Ok(json!({"Activity": activities.into_iter().next()}))
        }
        (None, false) => {
            let index = group_to_change(service, request, &arguments)?;
            if batch.len() > LARGEST_BATCH {
                return Err(AwsError::validation(format!(
                    "1 validation error detected: Value at 'instanceIds' failed to satisfy constraint: Member must have \
                     length less than or equal to {LARGEST_BATCH}"
                )));
            }
            let ids = batch
                .iter()
                .map(|text| managed(service, request, text, Some(index)))
                .collect::<Result<Vec<_>, _>>()?;
            Ok(json!({"Activities": take_out(service, context, request, index, &ids, decrements)?}))
        }
        _ => Err(AwsError::refused(format!("{} needs either InstanceId or InstanceIds", request.action))),
    }
}

/// An instance that is in a group, in this one where it is given.
fn managed(
    service: &AutoScaling,
    request: &Request<'_>,
    text: &str,
    within: Option<GroupIndex>,
) -> Result<InstanceId, AwsError> {
    let found = InstanceId::parse(text).and_then(|id| Some((id, service.fleet.holder_of(id)?)));
    let (id, index) = found
        .filter(|(id, index)| {
            service.fleet.get(*index).instance(*id).is_some() && within.is_none_or(|only| only == *index)
        })
        .ok_or_else(|| unknown_instance(text))?;
    allow_change(service, request, index)?;
    Ok(id)
}

fn unknown_instance(text: &str) -> AwsError {
    AwsError::validation(format!("Instance Id not found - No managed instance found for instance ID: {text}"))
}

/// The units of capacity that each instance holds, none where one is on its way out already; an error where that is refused.
fn units_of(
    group: &Group,
    ids: &[InstanceId],
    terminated_twice: TerminatedTwice,
) -> Result<Vec<Option<u32>>, AwsError> {
    let mut units = Vec::new();
    for id in ids {
        let Some(instance) = group.instance(*id) else {
            units.push(None);
            continue;
        };
        let is_leaving = instance.lifecycle.is_terminating();
        if is_leaving && terminated_twice == TerminatedTwice::Answered {
            units.push(None);
            continue;
        }
        if is_leaving || instance.lifecycle == Lifecycle::Detaching {
            let number = instance
                .activity
                .and_then(|at| group.activities.get(at))
                .map_or(0, |activity| activity.number);
            return Err(AwsError::Modelled {
                name: "ScalingActivityInProgressException",
                status: 400,
                message: format!(
                    "Scaling activity {} is in progress and blocks this action",
                    activity_id(number)
                ),
            });
        }
        let is_aside = matches!(instance.lifecycle, Lifecycle::Standby | Lifecycle::EnteringStandby);
        units.push(Some(if is_aside { 0 } else { instance.weight }));
    }
    Ok(units)
}

fn take_out(
    service: &mut AutoScaling,
    context: &mut Context,
    request: &Request<'_>,
    index: GroupIndex,
    ids: &[InstanceId],
    decrements: bool,
) -> Result<Vec<Value>, AwsError> {
    let group = service.fleet.get(index);
    let units = units_of(group, ids, service.terminated_twice)?;
    let Sizes { min, desired, .. } = group.sizes;
    if decrements && units.iter().any(Option::is_some) {
        let taken: u32 = units.iter().flatten().sum();
        if desired < min + taken {
            return Err(AwsError::validation(format!(
                "Currently, desiredSize equals minSize ({min}). Terminating instance without replacement will violate \
                 group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's \
                 min size."
            )));
        }
        let sizes = Sizes { desired: desired - taken, ..group.sizes };
        service.resize(context, index, sizes, author(request), Resized::WithAnInstance);
    }
    let mut before = desired;
    for (id, units) in ids.iter().zip(units).filter_map(|(id, units)| Some((id, units?))) {
        let cause = TerminationCause::Execution(request.execution.clone());
        let after = if decrements { before - units } else { before };
        let why = on_request(context.now, "instance was taken out of service", before, after);
        service.take_out(context, index, *id, cause, &why);
        before = after;
    }
    service.reconcile_soon(context, index);
    let group = service.fleet.get(index);
    Ok(ids
        .iter()
        .filter_map(|id| {
            let at = group.instance(*id)?.activity?;
            group.activities.get(at).map(|activity| activity.describe(&group.name))
        })
        .map(without_end)
        .collect())
}

/// The activity as it was when it began: a call answers before anything has come of it.
fn without_end(activity: Value) -> Value {
    let Value::Object(fields) = activity else { return activity };
    let mut kept: Map<String, Value> = fields.into_iter().filter(|(key, _)| key != "EndTime").collect();
    kept.insert("StatusCode".into(), json!("InProgress"));
    kept.insert("Progress".into(), json!(0));
    Value::Object(kept)
}

//! `SetInstanceProtection`.

use serde_json::{Value, json};

use crate::world::arguments::Arguments;
use crate::world::autoscaling::model::state::AutoScaling;
use crate::world::context::Context;
use crate::world::errors::AwsError;
use crate::world::ids::InstanceId;
use crate::world::record::GroupEvent;
use crate::world::request::Request;

use super::group_to_change;

const LARGEST_BATCH: usize = 50;

/// Protects instances from scale-in, or no longer.
pub(crate) fn set(
    service: &mut AutoScaling,
    context: &mut Context,
    request: &Request<'_>,
) -> Result<Value, AwsError> {
    let known = ["AutoScalingGroupName", "InstanceIds", "ProtectedFromScaleIn"];
    let arguments = Arguments::of(request.action, request.arguments, &known)?;
    let index = group_to_change(service, request, &arguments)?;
    let protected = arguments.flag("ProtectedFromScaleIn")?;
    let texts = arguments.texts("InstanceIds")?;
    if texts.len() > LARGEST_BATCH {
        return Err(AwsError::Modelled {
            name: "LimitExceededException",
            status: 400,
            message: format!("The number of instances in a request is limited to {LARGEST_BATCH}."),
        });
    }
    let group = service.fleet.get(index);
    let ids = texts.iter().map(|text| {
        let id = InstanceId::parse(text).filter(|id| group.instance(*id).is_some());
        id.ok_or_else(|| {
            AwsError::validation(format!(
                "The instance {text} is not part of Auto Scaling group {}.",
                group.name
            ))
        })
    });
    let ids: Vec<InstanceId> = ids.collect::<Result<_, _>>()?;
    for id in ids {
        service.change(context, index, id, |one| one.protected = protected);
    }
    service.note(context, index, GroupEvent::Changed("protection"));
    service.reconcile_soon(context, index);
    Ok(json!({}))
}

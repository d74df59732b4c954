//! `SetInstanceProtection`.

use serde_json::{Value, json};

use crate::world::World;
use crate::world::actions::Request;
use crate::world::arguments::Arguments;
use crate::world::errors::AwsError;
use crate::world::instance::InstanceId;
use crate::world::record::Happening;

use super::group_to_change;

const LARGEST_BATCH: usize = 50;

/// Protects instances from scale-in, or no longer.
pub(in crate::world) fn set(world: &mut World, request: &Request<'_>) -> Result<Value, AwsError> {
    let known = ["AutoScalingGroupName", "InstanceIds", "ProtectedFromScaleIn"];
    let arguments = Arguments::of(request.action, request.arguments, &known)?;
    let index = group_to_change(world, request, &arguments)?;
    let protected = arguments.flag("ProtectedFromScaleIn")?;
    let texts = arguments.texts("InstanceIds")?;
    if texts.len() > LARGEST_BATCH {
        return Err(AwsError::Modelled {
            name: "LimitExceededException",
            status: 400,
            message: format!("The number of instances in a request is limited to {LARGEST_BATCH}."),
        });
    }
    let group = world.fleet.get(index);
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
        world.change(index, id, |one| one.protected = protected);
    }
    world.note(index, Happening::Changed("protection"));
    world.reconcile_soon(index);
    Ok(json!({}))
}

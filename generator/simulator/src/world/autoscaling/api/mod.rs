//! Auto Scaling's API: one file per family of actions. Each rejects what AWS rejects before it changes anything.

pub(crate) mod activities;
pub(crate) mod describe;
pub(crate) mod hooks;
pub(crate) mod instances;
pub(crate) mod protection;
pub(crate) mod refreshes;
pub(crate) mod sizes;
pub(crate) mod suspension;
pub(crate) mod terminate;
pub(crate) mod warm_pool;

use crate::world::arguments::Arguments;
use crate::world::autoscaling::model::group::GroupPhase;
use crate::world::autoscaling::model::state::AutoScaling;
use crate::world::errors::AwsError;
use crate::world::ids::GroupIndex;
use crate::world::injected_failures::access_denied;
use crate::world::record::Author;
use crate::world::request::Request;

/// The group that `AutoScalingGroupName` names, as a read at this moment finds it.
fn group_to_read(service: &AutoScaling, request: &Request<'_>, name: &str) -> Result<GroupIndex, AwsError> {
    let there = |index: &GroupIndex| {
        let group = service.fleet.as_of(*index, request.seen_at);
        &*group.name == name && group.phase != GroupPhase::Deleted
    };
    service.fleet.indices().find(there).ok_or_else(|| not_found(name))
}

/// The group that `AutoScalingGroupName` names, where the caller may change it.
fn group_to_change(
    service: &AutoScaling,
    request: &Request<'_>,
    arguments: &Arguments<'_>,
) -> Result<GroupIndex, AwsError> {
    let name = arguments.text("AutoScalingGroupName")?;
    let index = service.fleet.find(name).ok_or_else(|| not_found(name))?;
    allow_change(service, request, index)?;
    Ok(index)
}

/// Nobody but its operator may change a group that has one, and nobody one that is being deleted.
fn allow_change(service: &AutoScaling, request: &Request<'_>, index: GroupIndex) -> Result<(), AwsError> {
    let group = service.fleet.get(index);
    if group.operator.is_some() {
        return Err(access_denied("autoscaling", request.action));
    }
    match group.phase {
        GroupPhase::Present => Ok(()),
        GroupPhase::Deleting | GroupPhase::Deleted => {
            Err(AwsError::validation("The AutoScaling group may not be modified while it is pending delete"))
        }
    }
}

fn not_found(name: &str) -> AwsError {
    AwsError::validation(format!("AutoScalingGroup name not found - AutoScalingGroup '{name}' not found"))
}

fn author(request: &Request<'_>) -> Author {
    Author::Execution(request.execution.clone())
}

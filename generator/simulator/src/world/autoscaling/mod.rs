//! Auto Scaling's API: one file per family of actions. Each rejects what AWS rejects before it changes anything.

pub(super) mod activities;
pub(super) mod describe;
pub(super) mod hooks;
pub(super) mod instances;
pub(super) mod protection;
pub(super) mod refreshes;
pub(super) mod sizes;
pub(super) mod suspension;
pub(super) mod terminate;

use serde_json::Value;

use super::World;
use super::actions::Request;
use super::arguments::Arguments;
use super::errors::AwsError;
use super::faults::access_denied;
use super::group::Phase;
use super::instance::InstanceId;
use super::record::{Author, GroupIndex};

/// The group that `AutoScalingGroupName` names, as a read at this moment finds it.
fn group_to_read(world: &World, request: &Request<'_>, name: &str) -> Result<GroupIndex, AwsError> {
    let there = |index: &GroupIndex| {
        let group = world.fleet.as_of(*index, request.seen_at);
        &*group.name == name && group.phase != Phase::Deleted
    };
    world.fleet.indices().find(there).ok_or_else(|| not_found(name))
}

/// The group that `AutoScalingGroupName` names, where the caller may change it.
fn group_to_change(
    world: &World,
    request: &Request<'_>,
    arguments: &Arguments<'_>,
) -> Result<GroupIndex, AwsError> {
    let name = arguments.text("AutoScalingGroupName")?;
    let index = world.fleet.find(name).ok_or_else(|| not_found(name))?;
    allow_change(world, request, index)?;
    Ok(index)
}

/// The role of the machine may change only a group that carries the tag; nobody may change one that is being deleted.
fn allow_change(world: &World, request: &Request<'_>, index: GroupIndex) -> Result<(), AwsError> {
    let group = world.fleet.get(index);
    if !group.has_tag(&world.spec.opt_in_tag) {
        return Err(access_denied("autoscaling", request.action));
    }
    match group.phase {
        Phase::Present => Ok(()),
        Phase::Deleting | Phase::Deleted => {
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

impl World {
    /// The group that a call's arguments name, by itself or by an instance of it.
    pub(super) fn group_named_by(&self, arguments: &Value) -> Option<GroupIndex> {
        if let Some(name) = arguments.get("AutoScalingGroupName").and_then(Value::as_str) {
            return self.fleet.find(name);
        }
        let id = InstanceId::parse(arguments.get("InstanceId")?.as_str()?)?;
        self.fleet.holder_of(id)
    }
}

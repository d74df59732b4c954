//! `SuspendProcesses` and `ResumeProcesses`. An empty list means every process, as AWS has it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::World;
use crate::world::actions::Request;
use crate::world::arguments::Arguments;
use crate::world::effects::{Effect, Step};
use crate::world::errors::AwsError;
use crate::world::processes::{Process, listed_or_all};
use crate::world::record::{Author, GroupIndex, Happening};

use super::{author, group_to_change};

/// Suspends the processes listed.
pub(in crate::world) fn suspend(world: &mut World, request: &Request<'_>) -> Result<Value, AwsError> {
    let (index, processes) = read(world, request)?;
    let mut after = world.fleet.get(index).suspended.clone();
    after.extend(processes);
    world.set_suspended(index, after, author(request));
    Ok(json!({}))
}

/// Resumes the processes listed.
pub(in crate::world) fn resume(world: &mut World, request: &Request<'_>) -> Result<Value, AwsError> {
    let (index, processes) = read(world, request)?;
    let after = world.fleet.get(index).suspended.difference(&processes).copied().collect();
    world.set_suspended(index, after, author(request));
    Ok(json!({}))
}

fn read(world: &World, request: &Request<'_>) -> Result<(GroupIndex, BTreeSet<Process>), AwsError> {
    let arguments =
        Arguments::of(request.action, request.arguments, &["AutoScalingGroupName", "ScalingProcesses"])?;
    let index = group_to_change(world, request, &arguments)?;
    let named = arguments.texts("ScalingProcesses")?.into_iter().map(|name| {
        Process::named(name).ok_or_else(|| AwsError::validation(format!("Invalid scaling process: {name}")))
    });
    Ok((index, listed_or_all(&named.collect::<Result<Vec<_>, _>>()?)))
}

impl World {
    /// Sets which processes are suspended. What a resumed process missed is caught up on.
    pub(in crate::world) fn set_suspended(
        &mut self,
        index: GroupIndex,
        after: BTreeSet<Process>,
        by: Author,
    ) {
        let now = self.now;
        let group = self.fleet.edit(index, now);
        let before = std::mem::replace(&mut group.suspended, after.clone());
        if before == after {
            return;
        }
        if before.contains(&Process::HealthCheck) && !after.contains(&Process::HealthCheck) {
            let checked_at = now + group.timing.health_check;
            let ids: Vec<_> = group.instances.iter().map(|one| one.id).collect();
            for id in ids {
                self.effects.at(checked_at, Effect::Step(index, id, Step::CheckHealth));
            }
        }
        self.note(index, Happening::Suspended { by, before, after });
        self.reconcile_soon(index);
    }
}

//! How a warm pool feeds launches, and is filled.

use std::sync::Arc;

use crate::world::context::Context;
use crate::world::ids::{GroupIndex, InstanceId};
use crate::world::interventions::PoolChange;
use crate::world::processes::Process;
use crate::world::record::GroupEvent;

use super::activity::{Activity, ActivityStatus};
use super::state::AutoScaling;
use super::warm_pool::{PoolConfiguration, Pooled};

impl AutoScaling {
    /// Takes an instance out of the pool that is ready, one of that zone first, and no other where zones are evened out.
    pub(crate) fn take_from_pool(
        &mut self,
        context: &Context,
        group: GroupIndex,
        zone: usize,
    ) -> Option<Pooled> {
        let now = context.now;
        let looked_at = self.fleet.get(group);
        let pool = looked_at.warm_pool.as_ref().filter(|pool| pool.leaves_until.is_none())?;
        let ready = |one: &&Pooled| one.ready_at <= now && (looked_at.rebalancing == 0 || one.zone == zone);
        let chosen = pool.instances.iter().filter(ready).min_by_key(|one| (one.zone != zone, one.id))?.id;
        let instances = &mut self.fleet.edit(group, now).warm_pool.as_mut()?.instances;
        let position = instances.iter().position(|one| one.id == chosen)?;
        Some(instances.remove(position))
    }

    /// Launches into the pool what is missing there, from what the group launches from now, and lets go of what is too much.
    pub(crate) fn fill_pool(&mut self, context: &mut Context, group: GroupIndex) {
        let now = context.now;
        let looked_at = self.fleet.get(group);
        let Some(pool) = looked_at.warm_pool.as_ref().filter(|pool| pool.leaves_until.is_none()) else {
            return;
        };
        let PoolConfiguration { min_size, max_prepared, .. } = pool.configuration;
        let prepared = max_prepared.unwrap_or(looked_at.sizes.max).saturating_sub(looked_at.sizes.desired);
        let wanted = usize::try_from(prepared.max(min_size)).unwrap_or(usize::MAX);
        let (held, boot) = (pool.instances.len(), looked_at.timing.boot);
        if held > wanted
            && let Some(pool) = self.fleet.edit(group, now).warm_pool.as_mut()
        {
            pool.instances.truncate(wanted);
        }
        for number in held..wanted {
            let looked_at = self.fleet.get(group);
            let Some(zone) =
                looked_at.warm_pool.as_ref().and_then(|pool| pool.emptiest_of(looked_at.zones.len()))
            else {
                break;
            };
            let recipe = looked_at.launch.recipe(&self.templates, number);
            let fails = self.launch_failure(now, &looked_at.zones[zone]).is_some();
            let Some(recipe) = recipe.filter(|_| looked_at.runs(Process::Launch) && !fails) else { break };
            self.instances += 1;
            let id = InstanceId(self.instances);
            let mut activity =
                Activity::pool_launch(self.next_activity(), id, now, "a warm pool was to be filled.");
            activity.end(now + boot, ActivityStatus::Successful, None);
            let edited = self.fleet.edit(group, now);
            let tags = Arc::new(edited.tags.clone());
            edited.activities.push(activity);
            if let Some(pool) = edited.warm_pool.as_mut() {
                pool.instances.push(Pooled { id, zone, recipe, tags, ready_at: now + boot });
            }
        }
        if self.fleet.get(group).warm_pool.as_ref().map(|pool| pool.instances.len()) != Some(held) {
            self.note(context, group, GroupEvent::Changed("its warm pool is filled"));
        }
    }

    /// Its owner configures the pool otherwise; one that is being deleted takes no configuration.
    pub(crate) fn configure_pool(&mut self, context: &mut Context, group: GroupIndex, change: PoolChange) {
        let pool = self.fleet.edit(group, context.now).warm_pool.as_mut();
        if let Some(pool) = pool.filter(|pool| pool.leaves_until.is_none()) {
            pool.configuration.min_size = change.min_size;
            self.note(context, group, GroupEvent::PoolConfigured);
            self.reconcile_soon(context, group);
        } else {
            context.changes_nothing("the group has no warm pool");
        }
    }

    /// The deletion of a pool has come to an end.
    pub(crate) fn pool_gone(&mut self, context: &mut Context, group: GroupIndex) {
        let now = context.now;
        let gone = self.fleet.get(group).warm_pool.as_ref().is_some_and(|pool| !pool.is_there(now));
        if gone {
            self.fleet.edit(group, now).warm_pool = None;
            self.note(context, group, GroupEvent::Changed("its warm pool is gone"));
        }
    }
}

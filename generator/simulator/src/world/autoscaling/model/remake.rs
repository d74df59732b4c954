//! A group that is deleted, and another that is made under its name.

use std::collections::BTreeSet;

use crate::world::context::Context;
use crate::world::ids::{GroupIndex, InstanceId};
use crate::world::interventions::SizeChange;
use crate::world::record::GroupEvent;

use super::group::GroupPhase;
use super::scaling::bounded;
use super::state::AutoScaling;

impl AutoScaling {
    /// The group is gone; where somebody meant to replace it, the next one is made.
    pub(crate) fn deleted(&mut self, context: &mut Context, group: GroupIndex) {
        self.fleet.edit(group, context.now).phase = GroupPhase::Deleted;
        self.note(context, group, GroupEvent::Deleted);
        if let Some(sizes) = self.fleet.edit(group, context.now).replaced_by.take() {
            self.make_again(context, group, sizes);
        }
    }

    /// Another group under its name: of the same settings and tags, with nothing suspended and without a past or a warm pool. Sizes that
    /// contradict each other make none.
    fn make_again(&mut self, context: &mut Context, group: GroupIndex, change: SizeChange) {
        let first_new = InstanceId(self.instances + 1);
        let made = self.fleet.edit(group, context.now);
        let Ok(sizes) = bounded(made.sizes, change.min, change.max, change.desired) else { return };
        made.phase = GroupPhase::Present;
        made.sizes = sizes;
        made.predecessors += 1;
        made.created_at = context.now;
        made.suspended = BTreeSet::new();
        made.suspended_at.clear();
        made.warm_pool = None;
        made.activities.clear();
        made.refreshes.clear();
        (made.rebalancing, made.surge, made.launch_failures) = (0, 0, 0);
        made.at_risk.clear();
        made.no_launch_before = context.now;
        made.resized = "".into();
        made.first_new = first_new;
        self.note(context, group, GroupEvent::MadeAgain);
        self.reconcile_soon(context, group);
    }
}

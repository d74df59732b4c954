//! Who takes over has proved itself before those that it replaces leave.

use asg_recycle_simulator::time::Moment;
use asg_recycle_simulator::world::World;
use asg_recycle_simulator::world::group::Group;
use asg_recycle_simulator::world::instance::Instance;

use super::sizes::BETWEEN_LOOK_AND_WRITE;
use super::{Checker, Known, Promise};

impl Known {
    /// Whether an instance came into service for the execution, and has not been for as long as it has to be by then.
    pub(super) fn is_proving(&self, instance: &Instance, by: Moment) -> bool {
        let came = |at: Moment| self.started_at <= at && at <= by && at + self.run.proving > by;
        instance.in_service_at.is_some_and(came)
    }
}

impl Checker {
    /// What is wrong, in words, where an execution has just let one leave, its first or a later one, that served: without those that have not
    /// been in service for long enough there are fewer left than promised. Where the whole group is doubled that is decided once, for all
    /// that leave, so what comes into service after the first has left only makes up for others.
    pub(super) fn unproved(
        &self,
        world: &World,
        group: &Group,
        root: &str,
        moment: Moment,
        is_first: bool,
    ) -> Option<String> {
        let known = self.runs.iter().find(|known| *known.run.arn == *root)?;
        let judged_at = match self.capacity.promise() {
            Promise::KeepsServing => known.let_leave_at?,
            Promise::OneOut if !is_first => moment,
            _ => return None,
        };
        let is_unproved = |one: &&Instance| known.is_proving(one, judged_at);
        let serving = group.instances.iter().filter(|one| one.serves());
        let (unproved, proved): (Vec<_>, Vec<_>) = serving.partition(is_unproved);
        // Who died a moment ago, and who came for it, nobody can have seen.
        let unseen = world.spec().read_lag.by.0 + BETWEEN_LOOK_AND_WRITE.0;
        let unseen = self.gone.iter().filter(|at| at.0 + unseen >= judged_at.0).count();
        let floor = self.capacity.floor().saturating_sub(u32::try_from(unseen).unwrap_or(u32::MAX));
        let left = u32::try_from(proved.len()).unwrap_or(u32::MAX);
        (left < floor && !unproved.is_empty()).then(|| {
            format!(
                "{} serve that have been in service for less than {} seconds, and without them {left}, at least {floor} promised",
                unproved.len(),
                known.run.proving.0 / 1000
            )
        })
    }
}

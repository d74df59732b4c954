//! What is known of a world's groups before anything happens in it.

use std::rc::Rc;

use super::deployment::Deployment;
use crate::simulate::invariants::{Checker, Promise};
use asg_recycle_simulator::world::World;
use asg_recycle_simulator::world::group::Group;
use asg_recycle_simulator::world::ids::GroupIndex;
use asg_recycle_simulator::world::record::Sample;

/// One checker for each group, for the promise of its strategy.
pub(super) fn checkers(deployments: &[Rc<Deployment>], world: &World) -> Vec<Checker> {
    let checker = |(index, group): (GroupIndex, &Group)| {
        // Stacks of one world may be configured otherwise; a group is held to what the first of them promises.
        let profile = deployments.iter().find_map(|deployment| deployment.profile(strategy_of(group)));
        let promise = profile.map_or(Promise::Nothing, |profile| profile.promise);
        Checker::new(promise, world, index)
    };
    world.groups().enumerate().filter_map(checker).collect()
}

/// The figures of every group.
pub(super) fn samples(world: &World) -> Vec<Sample> {
    world.groups().map(|group| group.sample(world.templates())).collect()
}

/// The strategy that a group's tag names.
pub(super) fn strategy_of(group: &Group) -> &str {
    group.tags.get(asg_recycle_handler::contract::STRATEGY.key).map(|value| &**value).unwrap_or_default()
}

//! The groups, and for late reads what they were a moment ago. A group is shared until it changes, so that copying a
//! world is cheap.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::time::{Moment, Span};
use crate::world::ids::GroupIndex;

use super::group::{Group, GroupPhase};

/// All groups, by index.
#[derive(Debug, Clone)]
pub(crate) struct Fleet {
    groups: Vec<Arc<Group>>,
    /// How often any of them was edited.
    edits: u64,
    /// Each group before a change, and when that was; empty where no read is ever late.
    past: VecDeque<(Moment, GroupIndex, Arc<Group>)>,
    lag: Span,
}

impl Fleet {
    /// Groups whose reads may lag by as much as `lag`.
    pub(crate) fn new(groups: Vec<Group>, lag: Span) -> Self {
        Self { groups: groups.into_iter().map(Arc::new).collect(), edits: 0, past: VecDeque::new(), lag }
    }

    /// A group as it is.
    pub(crate) fn get(&self, group: GroupIndex) -> &Group {
        &self.groups[group]
    }

    /// A group, to be changed at `now`.
    pub(crate) fn edit(&mut self, group: GroupIndex, now: Moment) -> &mut Group {
        if self.lag > Span(0) {
            while self.past.front().is_some_and(|(at, ..)| *at + self.lag < now) {
                self.past.pop_front();
            }
            let kept =
                self.past.iter().rev().take_while(|(at, ..)| *at == now).any(|(_, kept, _)| *kept == group);
            if !kept {
                self.past.push_back((now, group, self.groups[group].clone()));
            }
        }
        self.edits += 1;
        Arc::make_mut(&mut self.groups[group])
    }

    /// How often any group was edited: while this stays the same, so do they.
    pub(crate) fn edits(&self) -> u64 {
        self.edits
    }

    /// A group as it was at `moment`, or the oldest that is remembered.
    pub(crate) fn as_of(&self, group: GroupIndex, moment: Moment) -> &Group {
        let before_next_change = self.past.iter().find(|(at, kept, _)| *kept == group && *at > moment);
        before_next_change.map_or(&self.groups[group], |(_, _, kept)| kept)
    }

    /// The index of the group with that name that was not deleted.
    pub(crate) fn find(&self, name: &str) -> Option<GroupIndex> {
        self.groups.iter().position(|group| &*group.name == name && group.phase != GroupPhase::Deleted)
    }

    /// The index of the group that has, or had, an instance.
    pub(crate) fn holder_of(&self, id: crate::world::ids::InstanceId) -> Option<GroupIndex> {
        let knows =
            |group: &Group| group.instance(id).is_some() || group.departed.iter().any(|one| one.id == id);
        self.groups.iter().position(|group| knows(group))
    }

    /// Indices of all groups.
    pub(crate) fn indices(&self) -> std::ops::Range<GroupIndex> {
        0..self.groups.len()
    }
}

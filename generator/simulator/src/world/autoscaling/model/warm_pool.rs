//! A group's warm pool: instances that are launched beforehand, stopped, and put into service when one is needed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::time::Moment;
use crate::world::ids::InstanceId;

use super::launch::Recipe;

/// How a pool is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolConfiguration {
    /// Fewest instances in it.
    pub min_size: u32,
    /// How many instances group and pool hold together, where that is not the group's maximum.
    pub max_prepared: Option<u32>,
    /// What its instances wait as: `Stopped`, `Running` or `Hibernated`.
    pub state: Arc<str>,
    /// Whether instances go back to it when the group shrinks, where that is said. The model does not do it.
    pub reuse_on_scale_in: Option<bool>,
}

/// A pool.
#[derive(Debug, Clone)]
pub struct WarmPool {
    /// How it is configured.
    pub configuration: PoolConfiguration,
    /// What waits in it, in the order in which it came.
    pub instances: Vec<Pooled>,
    /// Until when its deletion takes, where it is being deleted.
    pub leaves_until: Option<Moment>,
}

/// An instance that waits.
#[derive(Debug, Clone)]
pub struct Pooled {
    /// Its id, which it keeps.
    pub id: InstanceId,
    /// Its zone, by index in the group's.
    pub zone: usize,
    /// What it was launched from.
    pub recipe: Recipe,
    /// The tags that it was launched with.
    pub tags: Arc<BTreeMap<Arc<str>, Arc<str>>>,
    /// When it is ready to be put into service.
    pub ready_at: Moment,
}

impl WarmPool {
    /// The first of so many zones in which fewest wait, as a pool is filled.
    pub fn emptiest_of(&self, zones: usize) -> Option<usize> {
        (0..zones).min_by_key(|zone| self.instances.iter().filter(|one| one.zone == *zone).count())
    }

    /// Whether it is there: not deleted to the end.
    pub fn is_there(&self, now: Moment) -> bool {
        self.leaves_until.is_none_or(|until| until > now)
    }
}

//! Groups and instances, and the rules by which they change.

pub mod activity;
mod checks;
pub(crate) mod fleet;
pub mod group;
mod initial;
pub mod instance;
mod intervene;
pub mod launch;
pub(crate) mod load_balancer;
mod lifecycle;
mod pooling;
pub mod refresh;
mod refreshing;
mod remake;
pub(crate) mod scale_in;
mod scaling;
pub(crate) mod state;
mod taking;
pub mod warm_pool;

pub(crate) use initial::initial_groups;
pub(crate) use scaling::bounded;

//! One group: how it stands in full, its load balancers, the recycle that runs in it, and how an operator sees that.

pub mod capacity;
pub mod load_balancers;
pub mod phases;
pub mod reads;
pub mod screen;
pub mod status;
pub mod target_reads;
pub mod turn;

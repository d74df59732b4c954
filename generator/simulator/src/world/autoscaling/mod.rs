//! Auto Scaling: what a caller may ask of it, and what it does by itself.

pub(crate) mod api;
pub(crate) mod model;

//! A run as one HTML page that needs nothing else: figures, capacity, instances as lanes, timeline, and the machine with what was
//! entered. What is known of a simulated run comes from [`of_run`], what is known of a real one from `operate`.

mod html;
mod lanes;
mod of_run;
mod types;

pub use lanes::{Lane, Standing};
pub use of_run::of_run;
#[cfg(feature = "operate")]
pub(crate) use of_run::{cost, left_alone, listed, phases};
pub use types::{ExecutionOnPage, Figure, GroupOnPage, RunPage, TimelineRow};

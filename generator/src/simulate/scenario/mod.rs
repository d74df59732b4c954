//! A scenario: a group, what happens to it, and what is expected. Written in YAML beside the strategies.
//!
//! ```yaml
//! about: no room to double; the maximum is raised and put back
//! group: {min: 3, desired: 3, max: 3}
//! events:
//!   - at: 90s
//!     do: {kill: {which: new}}
//! expect:
//!   endings: [recycled]
//!   group: {max: 3, outdated: 0}
//! ```

mod cases;
mod description;
mod expect;
mod faults;
mod groups;
mod read;
mod reference;

pub use cases::{Case, cases};
pub use description::{OwnStack, Scenario, ScenarioError, StackSpec};
pub use expect::{EndState, Expect, Lock};
pub use faults::{FAULTS, Fault};
pub use reference::{json_schema, reference};

//! A definition in the Amazon States Language as typed states: what the interpreter runs, and what the generator checks and
//! draws. Which fields and types there are, which must be there and which targets and names are allowed, stands here and
//! nowhere else. The subset is what the generator emits: `JSONata` mode, Standard workflows, API calls by SDK integrations.

mod fields;
mod types;
mod walk;
mod reader;

pub use types::{
    Call, Catcher, Jitter, Kind, NAME_LENGTH_MAX, Refusal, Retrier, Rule, Scope, State, StateMachine,
};
pub use walk::{Edge, Text, texts};

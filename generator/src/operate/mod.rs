//! A deployed stack, looked at and acted on: what is outdated, what is happening, how to stop it, how to put it right.
//!
//! The stack is known by its deployed name alone: its function's environment holds all that the handler knows, so that what is
//! decided here is the handler's own decision. Nothing but `session` and what is named `reads` asks AWS, and that by [`crate::aws`].

pub mod answers;
pub mod capacity;
pub mod console_link;
pub mod deployed;
pub mod endings;
pub mod dead_letter;
pub mod dead_letter_reads;
pub mod doctor;
pub mod doctor_answers;
pub mod doctor_fixes;
pub mod doctor_gone;
pub mod doctor_locks;
pub mod doctor_notifier;
pub mod doctor_reads;
pub mod doctor_roles;
pub mod execution_cost;
pub mod fleet;
pub mod group_answers;
pub mod group_reads;
pub mod group_status;
pub mod history;
pub mod history_reads;
pub mod leaving;
pub mod load_balancers;
pub mod lock;
pub mod made_reads;
pub mod model;
pub mod operated;
pub mod operation;
pub mod outdated;
pub mod pause;
pub mod phases;
pub mod place;
pub mod plan;
pub mod plan_answers;
pub mod plan_facts;
pub mod plan_reads;
pub mod plan_text;
pub mod policy;
pub mod reads;
pub mod recorded;
pub mod recorded_reads;
pub mod request;
pub mod screen;
pub mod session;
pub mod span;
pub mod table;
pub mod target_reads;
pub mod turn;

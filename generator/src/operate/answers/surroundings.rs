//! What AWS answers about a stack's surroundings, as far as it is read. What an answer leaves out is empty.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{FunctionEnvironment, Members};
use crate::names;

/// The trails that are there, those of the organisation among them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TrailsAnswer {
    /// The trails.
    #[serde(rename = "trailList")]
    pub trails: Vec<SeenTrail>,
}

/// A trail.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct SeenTrail {
    /// Its name.
    #[serde(rename = "Name")]
    pub name: String,
    /// Its ARN.
    #[serde(rename = "TrailARN")]
    pub arn: String,
    /// Where it was made.
    #[serde(rename = "HomeRegion")]
    pub home_region: String,
    /// Whether it logs every region.
    #[serde(rename = "IsMultiRegionTrail")]
    pub is_multi_region: bool,
}

/// How a trail stands.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct TrailStatus {
    /// Whether it logs.
    pub is_logging: bool,
}

/// What a trail logs, in one of two forms.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct TrailSelectors {
    /// The former form.
    pub event_selectors: Vec<EventSelector>,
    /// The later one.
    pub advanced_event_selectors: Vec<AdvancedSelector>,
}

/// What a trail logs, by kinds.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct EventSelector {
    /// `All`, `WriteOnly` or `ReadOnly`.
    pub read_write_type: String,
    /// Whether calls that manage resources are logged.
    pub include_management_events: bool,
}

/// What a trail logs, by fields; all of them hold.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct AdvancedSelector {
    /// The fields.
    pub field_selectors: Vec<FieldSelector>,
}

/// A field, and what it has to be.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct FieldSelector {
    /// E.g. `eventCategory`.
    pub field: String,
    /// One of these.
    pub equals: Vec<String>,
    /// None of these.
    pub not_equals: Vec<String>,
}

/// A page of rules.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct RulesPage {
    /// The rules.
    pub rules: Vec<SeenRule>,
    /// Where the next page begins.
    pub next_token: Option<String>,
}

/// A rule.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct SeenRule {
    /// Its name.
    pub name: String,
    /// `ENABLED`, or that with more, or `DISABLED`.
    pub state: String,
    /// What it selects, JSON.
    pub event_pattern: String,
}

/// Where a rule's events go.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct TargetsAnswer {
    /// The targets.
    pub targets: Vec<RuleTargetSeen>,
}

/// A target of a rule.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct RuleTargetSeen {
    /// Its ARN.
    pub arn: String,
}

/// Whether a pattern selects an event.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct PatternTested {
    /// Whether it does.
    pub result: bool,
}

/// What a role may do.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Simulated {
    /// One for each action.
    pub evaluation_results: Members<SimulatedAction>,
    /// Whether there are more than were told.
    pub is_truncated: bool,
}

/// Whether a role may do something.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct SimulatedAction {
    /// The action, as IAM spells it.
    pub eval_action_name: String,
    /// `allowed`, `implicitDeny` or `explicitDeny`.
    pub eval_decision: String,
}

/// A page of functions.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct FunctionsPage {
    /// The functions.
    pub functions: Vec<ListedFunction>,
    /// Where the next page begins.
    pub next_marker: Option<String>,
}

impl FunctionsPage {
    /// Its functions, and the argument that asks for the next page.
    pub fn read(self) -> (Vec<ListedFunction>, Option<(&'static str, Value)>) {
        let next = self.next_marker.filter(|marker| !marker.is_empty());
        (self.functions, next.map(|marker| ("Marker", json!(marker))))
    }
}

/// A function in a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ListedFunction {
    /// Its name.
    pub function_name: String,
    /// Its environment.
    pub environment: FunctionEnvironment,
}

impl ListedFunction {
    /// Whether it has the name of a handler, and variables that may not be read.
    pub fn may_be_a_handler(&self) -> bool {
        self.environment.error.is_some() && self.function_name.ends_with(names::FUNCTION.suffix)
    }

    /// Its variables, where it has those of a handler.
    pub fn as_handler(&self) -> Option<&BTreeMap<String, String>> {
        let variables = &self.environment.variables;
        ["STATE_MACHINE_ARN", "OWN_ROLE_ARNS"]
            .iter()
            .all(|name| variables.contains_key(*name))
            .then_some(variables)
    }
}

/// Calls that were recorded.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct TrailEvents {
    /// The calls.
    pub events: Vec<TrailEvent>,
}

/// A call that was recorded.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct TrailEvent {
    /// All that is recorded of it, JSON.
    pub cloud_trail_event: String,
}

/// Attributes of a queue.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct QueueAnswer {
    /// Their values by their names.
    pub attributes: BTreeMap<String, String>,
}

/// What feeds a function.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct MappingsAnswer {
    /// The mappings.
    pub event_source_mappings: Vec<SeenMapping>,
}

/// A mapping of a queue to a function.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct SeenMapping {
    /// What it is known by.
    #[serde(rename = "UUID")]
    pub uuid: String,
    /// The function.
    pub function_arn: String,
    /// E.g. `Enabled`.
    pub state: String,
}

//! Both formats describe the same stack: each is read and evaluated on its own, and the results have to be equal.

mod cloudformation;
mod correspondence;
mod terraform;

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use asg_recycle::asl::{self, Placeholder};
use asg_recycle::config::{
    BatchingWindowSeconds, Config, PermissionsSection, ReservedConcurrency, TagChanges,
};
use asg_recycle::problem::Problem;
use asg_recycle::render::{self, CloudFormation, Files, Format, Terraform};
use asg_recycle::stack::parameter::{Group, ParameterKind};
use asg_recycle::stack::{PackageFacts, Parameter, Stack};
use asg_recycle_handler::contract;
use serde_json::{Value, json};

/// Resources by the template's logical id: their CloudFormation type and properties, with every reference as text
/// like `{EventsQueue.Arn}`, every parameter as text like `{environment}`, and what is left out left out.
type Inventory = BTreeMap<String, (String, Value)>;

/// Longest event pattern that EventBridge takes without a raised quota, in characters.
const EVENT_PATTERN_LENGTH_MAX: usize = 2048;

/// Whether optional parameters are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Optional {
    Given,
    Absent,
}

impl Optional {
    /// What a parameter stands for: nothing where it is optional and not given.
    fn value(self, parameter: &Parameter) -> Option<Value> {
        let token = format!("{{{}}}", parameter.key.as_str());
        match parameter.kind {
            _ if parameter.optional && self == Self::Absent => None,
            ParameterKind::TextList => Some(json!([token])),
            ParameterKind::TextMap | ParameterKind::Text | ParameterKind::Number | ParameterKind::Bool => {
                Some(token.into())
            }
        }
    }
}

fn everything() -> Config {
    let mut config = Config::with_defaults(fitting("webops-recycle"));
    config.trigger.launch_template_versions = true;
    config.trigger.tag_changes = TagChanges::All;
    config.handler.reserved_concurrency = ReservedConcurrency::new(10).ok();
    config.handler.allowed_step_functions =
        vec![fitting("teams-own"), fitting("teams-other")].try_into().expect("they differ");
    config.queue.batching_window_seconds = BatchingWindowSeconds::new(5).expect("it is within bounds");
    config.notifications.slack_channel = Some(fitting("webops"));
    config.alarms.runbook_url = Some(fitting("https://example.com/runbook?a=$(b)%7Bc%7D'"));
    config.permissions = PermissionsSection { boundary_arn: None, role_path: fitting("/webops/") };
    config.tags.insert("team", fitting("web: ops")).expect("AWS takes it");
    config.tags.insert("cost-centre", fitting("yes")).expect("AWS takes it");
    config
}

fn fitting<T: FromStr<Err = Problem>>(text: &str) -> T {
    text.parse().unwrap_or_else(|problem| panic!("{problem}"))
}

fn stacks() -> [Stack; 3] {
    let package = PackageFacts {
        sha256_hex: "ab".repeat(32),
        sha256_base64: "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=".to_owned(),
    };
    let stack = |config: &Config, package| {
        let machine = asl::build(config).expect("the machine is sound");
        Stack::new(config, &machine, package).expect("every call has its permission")
    };
    let default = Config::with_defaults(fitting("asg-recycle"));
    [stack(&default, None), stack(&default, Some(&package)), stack(&everything(), Some(&package))]
}

fn inventories(stack: &Stack, optional: Optional) -> (Inventory, Inventory) {
    let terraform = terraform::resources(stack, optional);
    (
        correspondence::as_cloudformation(terraform),
        cloudformation::Template::of(stack).resources(stack, optional),
    )
}

#[test]
fn both_formats_describe_the_same_resources_with_the_same_properties() {
    for stack in &stacks() {
        for optional in [Optional::Given, Optional::Absent] {
            let (terraform, cloudformation) = inventories(stack, optional);
            let ids = |inventory: &Inventory| inventory.keys().cloned().collect::<BTreeSet<_>>();
            assert_eq!(ids(&terraform), ids(&cloudformation), "{}, {optional:?}", stack.name);
            for (id, resource) in &terraform {
                assert_eq!(resource, &cloudformation[id], "{id} of {}, {optional:?}", stack.name);
            }
        }
    }
}

#[test]
fn a_notifier_and_a_pager_exist_only_where_they_are_given() {
    for stack in &stacks() {
        for id in ["NotifierPolicy", "PagerDutySubscription"] {
            assert!(inventories(stack, Optional::Given).0.contains_key(id), "{id}");
            assert!(!inventories(stack, Optional::Absent).0.contains_key(id), "{id}");
        }
    }
}

#[test]
fn both_formats_tell_the_same_outputs() {
    for stack in &stacks() {
        let terraform = terraform::outputs(stack);
        assert_eq!(terraform, cloudformation::Template::of(stack).outputs(stack));
        assert_eq!(terraform.len(), stack.outputs.len());
    }
}

/// A zip in a file and a map of tags are beyond CloudFormation's parameters.
#[test]
fn both_formats_offer_the_same_parameters_with_the_same_defaults() {
    for stack in &stacks() {
        let mut variables = terraform::variables(stack);
        for parameter in &stack.parameters {
            let only_in_terraform =
                parameter.group == Group::PackageFromFile || parameter.kind == ParameterKind::TextMap;
            let variable = variables.get(parameter.key.as_str()).expect("every parameter is a variable");
            assert_eq!(variable.description, parameter.description);
            if only_in_terraform {
                variables.remove(parameter.key.as_str());
            }
        }
        assert_eq!(variables, cloudformation::Template::of(stack).parameters());
    }
}

#[test]
fn both_formats_embed_the_very_same_definition() {
    for stack in &stacks() {
        let definition = stack.machine.definition.as_str();
        assert_eq!(render::shared(stack)["state_machine.asl.json"], definition.as_bytes());
        assert_eq!(Terraform.render(stack)["terraform/state_machine.asl.json"], definition.as_bytes());
        assert_eq!(cloudformation::Template::of(stack).definition(), definition);
    }
}

/// That both fill them alike is part of their describing the same resources.
#[test]
fn both_formats_fill_every_placeholder_of_the_definition() {
    for stack in &stacks() {
        for placeholder in Placeholder::ALL {
            let written = format!("${{{}}}", placeholder.as_str());
            assert!(stack.machine.definition.contains(&written), "{written}");
        }
        for optional in [Optional::Given, Optional::Absent] {
            let (terraform, cloudformation) = inventories(stack, optional);
            for inventory in [terraform, cloudformation] {
                let filled =
                    inventory["RecycleMachine"].1["DefinitionString"].as_str().expect("text").to_owned();
                assert!(!filled.contains("${"), "{filled}");
                let notifier = filled.contains("{notifier_function_arn}");
                assert_eq!(notifier, optional == Optional::Given, "an absent notifier is empty text");
            }
        }
    }
}

#[test]
fn the_handler_gets_exactly_the_variables_that_it_reads() {
    let expected: BTreeSet<&str> = contract::VARIABLES.iter().map(|variable| variable.name).collect();
    for stack in &stacks() {
        let (terraform, _) = inventories(stack, Optional::Given);
        let set = terraform["HandlerFunction"].1["Environment"]["Variables"].as_object().expect("a map");
        assert_eq!(set.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected);
    }
}

#[test]
fn every_event_pattern_fits_the_quota() {
    for stack in &stacks() {
        let (terraform, _) = inventories(stack, Optional::Given);
        let rules = terraform.iter().filter(|(_, (kind, _))| kind == "AWS::Events::Rule");
        for (id, (_, properties)) in rules {
            let pattern = properties["EventPattern"].to_string();
            assert!(pattern.len() <= EVENT_PATTERN_LENGTH_MAX, "{id}: {} characters", pattern.len());
        }
    }
}

#[test]
fn every_file_says_first_that_it_is_generated_and_from_what() {
    for stack in &stacks() {
        let formats = [Terraform.render(stack), CloudFormation.render(stack), render::shared(stack)];
        for (path, contents) in formats.into_iter().flat_map(Files::into_iter) {
            let text = String::from_utf8(contents).expect("files are text");
            let first = text.lines().next().unwrap_or_default();
            let says = first.contains(env!("CARGO_PKG_VERSION"))
                && first.contains("stack.yaml")
                && first.contains("Do not edit");
            assert!(says || path.strip_suffix(".json").is_some(), "{path}: {first}"); // JSON has no comments
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{path} ends with one line break");
        }
    }
}

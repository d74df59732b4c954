//! Every format describes the stack and nothing else: its files are read and evaluated on their own, and the results
//! have to be what the `Stack` says.

mod addresses;
mod beyond_forms;
mod cloudformation;
mod cloudformation_kinds;
mod correspondence;
mod expected;
mod expected_options;
mod refusals;
mod terraform;
mod terraform_kinds;

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use asg_recycle::asl::{self, Placeholder};
use asg_recycle::config::{
    BatchingWindowSeconds, Config, LockHeldHours, PackageKind, ReservedConcurrency, SilenceHours, TagChanges,
};
use asg_recycle::problem::Problem;
use asg_recycle::render::{self, FORMATS, Files, View};
use asg_recycle::stack::parameter::{ParameterKey, ParameterKind};
use asg_recycle::stack::{PackageDigest, Parameter, Stack};
use asg_recycle_handler::contract;
use serde_json::{Value, json};

/// Resources by kind and label, as in `queue.events`, with their properties in the stack's words: every reference as
/// text like `{queue.events.arn}`, every parameter as text like `{environment}`, and what is left out left out.
type Inventory = BTreeMap<String, Value>;

/// A parameter as a format declares it.
#[derive(Debug, PartialEq, Eq)]
struct ParameterSeen {
    description: String,
    /// The default as text, lists with commas; empty for nothing, absent where a value has to be given.
    default: Option<String>,
}

/// How the files of a format are read back.
struct Reader {
    format: &'static str,
    inventory: fn(&Stack, Optional) -> Inventory,
    /// By name in snake case.
    outputs: fn(&Stack) -> BTreeMap<String, Value>,
    /// By the format's own name.
    parameters: fn(&Stack) -> BTreeMap<String, ParameterSeen>,
    /// The definition as embedded, before anything is put in.
    definition: fn(&Stack) -> String,
    /// What its parameters refuse.
    refuses: fn(&Files) -> refusals::Refuses,
}

/// One for each of [`FORMATS`], in that order.
const READERS: &[Reader] = &[
    Reader {
        format: "terraform",
        inventory: terraform::inventory,
        outputs: terraform::outputs,
        parameters: terraform::parameters,
        definition: terraform::definition,
        refuses: refusals::by_terraform,
    },
    Reader {
        format: "cloudformation",
        inventory: cloudformation::inventory,
        outputs: cloudformation::outputs,
        parameters: cloudformation::parameters,
        definition: cloudformation::definition,
        refuses: refusals::by_cloudformation,
    },
];

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
    config.groups.name_prefixes = vec![fitting("web-"), fitting("api-")].try_into().expect("they differ");
    config.groups.tags.insert("stage", fitting("live")).expect("AWS takes it");
    config.groups.tags.insert("cost centre", fitting("4711")).expect("AWS takes it");
    config.queue.batching_window_seconds = BatchingWindowSeconds::new(5).expect("it is within bounds");
    config.notifications.slack_channel = Some(fitting("webops"));
    config.notifications.notifier_function_arn =
        Some(fitting("arn:aws:lambda:eu-west-2:123456789012:function:notifier"));
    config.alarms.runbook_url = Some(fitting("https://example.com/runbook?a=$(b)%7Bc%7D'"));
    config.alarms.silence_hours = SilenceHours::new(24).ok();
    config.alarms.dashboard = true;
    config.alarms.lock_held_hours = LockHeldHours::new(48).ok();
    config.network.subnet_ids =
        vec![fitting("subnet-0123abcd"), fitting("subnet-4567abcd")].try_into().expect("they differ");
    config.network.security_group_ids = vec![fitting("sg-0123abcd")].try_into().expect("it is one");
    config.handler.alias = Some(fitting("live"));
    config.handler.code_signing_config_arn =
        Some(fitting("arn:aws:lambda:eu-west-2:123456789012:code-signing-config:csc-0123456789abcdef0"));
    config.logs.destination_arn = Some(fitting("arn:aws:kinesis:eu-west-2:123456789012:stream/logs"));
    config.tracing.enabled = false;
    config.encryption.customer_key = true;
    config.permissions.role_path = fitting("/webops/");
    config.tags.insert("team", fitting("web: ops")).expect("AWS takes it");
    config.tags.insert("cost-centre", fitting("yes")).expect("AWS takes it");
    config
}

fn fitting<T: FromStr<Err = Problem>>(text: &str) -> T {
    text.parse().unwrap_or_else(|problem| panic!("{problem}"))
}

fn stacks() -> Vec<Stack> {
    let package = PackageDigest::of(b"a zip");
    let stack = |config: &Config, package| {
        let machine = asl::build(config).expect("the machine is sound");
        Stack::new(config, &machine, package).expect("every call has its permission")
    };
    let default = Config::with_defaults(fitting("asg-recycle"));
    let mut image = everything();
    image.package.kind = PackageKind::Image;
    image.handler.code_signing_config_arn = None;
    let mut given = everything();
    given.handler.alias = None;
    let role = |name: &str| fitting(&format!("arn:aws:iam::123456789012:role/{name}"));
    (given.permissions.handler_role_arn, given.permissions.machine_role_arn) =
        (Some(role("h")), Some(role("m")));
    let mut kept = Config::with_defaults(fitting("asg-recycle"));
    kept.permissions.clone_from(&given.permissions);
    kept.permissions.role_path = fitting("/");
    image.logs.destination_arn = Some(fitting("arn:aws:lambda:eu-west-2:123456789012:function:logs"));
    vec![
        stack(&default, None),
        stack(&default, Some(&package)),
        stack(&everything(), Some(&package)),
        stack(&image, Some(&package)),
        stack(&given, Some(&package)),
        stack(&kept, Some(&package)),
    ]
}

/// A value as text: nothing is empty, and a list has commas.
fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[test]
fn every_format_has_its_reader() {
    let formats: Vec<&str> = FORMATS.iter().map(|format| format.description().name).collect();
    let readers: Vec<&str> = READERS.iter().map(|reader| reader.format).collect();
    assert_eq!(formats, readers);
}

#[test]
fn every_format_describes_the_resources_of_the_stack_and_no_others() {
    for stack in &stacks() {
        for optional in [Optional::Given, Optional::Absent] {
            let expected = expected::inventory(stack, optional);
            for Reader { format, inventory, .. } in READERS {
                let found = inventory(stack, optional);
                let ids = |inventory: &Inventory| inventory.keys().cloned().collect::<BTreeSet<_>>();
                assert_eq!(ids(&found), ids(&expected), "{format} of {}, {optional:?}", stack.name);
                for (id, resource) in &found {
                    assert_eq!(resource, &expected[id], "{id} in {format} of {}, {optional:?}", stack.name);
                }
            }
        }
    }
}

#[test]
fn every_format_tells_the_outputs_of_the_stack() {
    for stack in &stacks() {
        let expected = expected::outputs(stack);
        for Reader { format, outputs, .. } in READERS {
            assert_eq!(outputs(stack), expected, "{format}");
        }
    }
}

#[test]
fn every_format_declares_the_parameters_that_it_offers() {
    for stack in &stacks() {
        for (format, reader) in FORMATS.iter().zip(READERS) {
            let declared = (reader.parameters)(stack);
            let offered = stack.parameters.iter().filter_map(|each| Some((each, format.offer(each)?)));
            let offered: BTreeMap<_, _> =
                offered.map(|(each, offer)| (offer.name.clone(), (each, offer))).collect();
            assert_eq!(declared.keys().collect::<Vec<_>>(), offered.keys().collect::<Vec<_>>());
            for (name, found) in &declared {
                let (parameter, offer) = &offered[name];
                assert!(found.description.starts_with(parameter.description), "{name}");
                assert_eq!(found.default.is_none(), offer.required, "{name} in {}", reader.format);
                let default = offer.own_default.as_ref().or(parameter.default.as_ref());
                let expected = default.map(|value| text_of(&expected::value(stack, value)));
                // Where the default is in the template's values, the description says so.
                let (shown, expected) =
                    (found.default.clone().unwrap_or_default(), expected.unwrap_or_default());
                let says = found.description.contains(&format!("Empty for {expected}"));
                assert!(shown == expected || (shown.is_empty() && says), "{name} in {}", reader.format);
            }
        }
    }
}

/// By CloudFormation, a default of the template that is deployed anew would lose to the one of the first deployment.
#[test]
fn an_upgrade_brings_what_the_new_stack_says() {
    let all = stacks();
    let (former, new) = (&all[1], &all[2]);
    let upgraded = cloudformation::upgraded(new, former);
    assert_eq!(upgraded, cloudformation::upgraded(new, new));
    let function = &upgraded["function.handler"];
    assert_eq!(function["environment"]["SLACK_CHANNEL"], "webops");
    assert_ne!(upgraded, cloudformation::upgraded(former, former));
}

/// Parameters that make something else of the function, and of no version.
const NOT_VERSIONED: &[(ParameterKey, &str)] = &[
    (ParameterKey::Environment, "another one is another stack"),
    (ParameterKey::RolePath, "CloudFormation refuses another path"),
    (ParameterKey::CodeSigningConfigArn, "it is the function's, and no version's"),
    (ParameterKey::HandlerS3Bucket, "a zip's key names its content"),
];

/// CloudFormation publishes a version where its description is another one, and not by itself: what the description does not
/// tell would be deployed, and never run.
#[test]
fn whatever_changes_the_function_publishes_a_version() {
    for stack in &stacks()[2..4] {
        let (function, description) = cloudformation::versioned(stack, None);
        let mut told = 0;
        for parameter in &stack.parameters {
            let key = parameter.key;
            if NOT_VERSIONED.iter().any(|(known, _)| *known == key) {
                continue;
            }
            let (changed, published) = cloudformation::versioned(stack, Some(key));
            assert_eq!(changed == function, published == description, "{key:?}: {published}");
            told += usize::from(changed != function);
        }
        assert_eq!(told, 4, "level, channel, runbook, and the zip or image");
    }
}

#[test]
fn every_format_embeds_the_very_same_definition() {
    for stack in &stacks() {
        let definition = &*stack.machine.definition;
        let parsed = |text: &[u8]| serde_json::from_slice::<Value>(text).expect("it is JSON");
        let readable = &render::shared(&View::of(stack))["state_machine.asl.json"];
        assert_eq!(parsed(readable), parsed(definition.as_bytes()));
        for reader in READERS {
            assert_eq!((reader.definition)(stack), definition, "{}", reader.format);
        }
    }
}

/// That every format fills them is part of its describing the stack's resources.
#[test]
fn the_stack_fills_every_placeholder_of_the_definition() {
    for stack in &stacks() {
        for placeholder in Placeholder::ALL {
            let written = format!("${{{}}}", placeholder.as_str());
            assert!(stack.machine.definition.contains(&written), "{written}");
        }
        for optional in [Optional::Given, Optional::Absent] {
            let inventory = expected::inventory(stack, optional);
            let filled = inventory["machine.recycle"]["definition"].as_str().expect("text");
            assert!(!filled.contains("${"), "{filled}");
            let notifier = filled.contains("{notifier_function_arn}");
            assert_eq!(notifier, optional == Optional::Given, "an absent notifier is empty text");
        }
    }
}

#[test]
fn the_handler_gets_exactly_the_variables_that_it_reads() {
    let expected: BTreeSet<&str> = contract::VARIABLES.iter().map(|variable| variable.name).collect();
    for stack in &stacks() {
        let inventory = expected::inventory(stack, Optional::Given);
        let set = inventory["function.handler"]["environment"].as_object().expect("a map");
        assert_eq!(set.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected);
    }
}

#[test]
fn every_event_pattern_fits_the_quota() {
    for stack in &stacks() {
        let inventory = expected::inventory(stack, Optional::Given);
        for (id, properties) in inventory.iter().filter(|(id, _)| id.starts_with("rule.")) {
            let pattern = properties["pattern"].to_string();
            assert!(pattern.len() <= EVENT_PATTERN_LENGTH_MAX, "{id}: {} characters", pattern.len());
        }
    }
}

#[test]
fn every_file_says_first_that_it_is_generated_and_from_what() {
    for stack in &stacks() {
        let files =
            FORMATS.iter().map(|format| format.render(stack)).chain([render::shared(&View::of(stack))]);
        for (path, contents) in files.flat_map(Files::into_iter) {
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

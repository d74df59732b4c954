//! The least policy of whoever deploys a stack in one format: what creating, changing and removing each type of resource
//! in the files asks of them.

mod row;
mod place;
mod code;
mod messages;
mod keys;
mod roles;
mod watching;
mod formats;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use self::code::{NETWORK, SIGNED};
use self::place::NamePlace;
use self::row::{Row, TouchedArns};
use super::emitted::Emitted;
use super::format::{Description, Files};
use crate::stack::Stack;

/// Their folder in the output.
const FOLDER: &str = "deployer-policy";

/// Every type of resource that a stack may have, and the formats themselves: the calls of Terraform's provider and of
/// `CloudFormation`'s handlers that create, read, change and remove it.
fn all_rows() -> impl Iterator<Item = &'static Row> {
    [code::ROWS, messages::ROWS, keys::ROWS, roles::ROWS, watching::ROWS, formats::ROWS].into_iter().flatten()
}

/// The policies for what is deployed, under the name of its format: of who looks, and of who changes besides. One that held
/// both would be longer than IAM takes.
pub(super) fn policies(stack: &Stack, format: &Description, emitted: &[Emitted]) -> Files {
    let place = NamePlace::of(stack);
    let rows = rows(&place, format, emitted);
    let policy = |actions_of: ActionsOf| {
        let mut statements: BTreeMap<TouchedArns, BTreeSet<&str>> = BTreeMap::new();
        for row in rows.iter().filter(|row| !actions_of(row).is_empty()) {
            statements.entry(row.touches).or_default().extend(actions_of(row));
        }
        let statements = statements.iter().map(|(touches, actions)| place.statement(*touches, actions));
        let statements: Vec<Value> = statements.collect();
        format!("{:#}\n", json!({ "Version": "2012-10-17", "Statement": statements })).into_bytes()
    };
    POLICIES.iter().map(|(name, actions_of)| (file(format.name, name), policy(*actions_of))).collect()
}

type ActionsOf = fn(&Row) -> &'static [&'static str];

/// What the policies of a format are called, and what of a row stands in each.
const POLICIES: &[(&str, ActionsOf)] = &[("read", |row| row.reads), ("change", |row| row.changes)];

fn file(format: &str, policy: &str) -> String {
    format!("{FOLDER}/{format}-{policy}.json")
}

/// The rows of what a format deploys.
fn rows(place: &NamePlace, format: &Description, emitted: &[Emitted]) -> Vec<&'static Row> {
    let types = types(format, emitted);
    let is_asked = |row: &&Row| row.types.iter().any(|one| types.contains(*one)) && place.has(row.touches);
    all_rows().filter(is_asked).collect()
}

/// An action that whoever deploys a stack has to be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployerNeed {
    /// As IAM spells it.
    pub action: &'static str,
    /// The policy that allows it, by its path under the output folder.
    pub file: String,
    /// The statement there.
    pub sid: String,
    /// What asks for it: types of resources, or the format itself.
    pub types: Vec<&'static str>,
}

/// What each action of a format's policies is for.
pub fn deployer_needs(stack: &Stack, format: &Description, emitted: &[Emitted]) -> Vec<DeployerNeed> {
    let place = NamePlace::of(stack);
    let types = types(format, emitted);
    let of_row = |row: &'static Row| {
        let asking: Vec<_> = row.types.iter().copied().filter(|one| types.contains(*one)).collect();
        let of_policy = move |(name, actions_of): &(&str, ActionsOf)| {
            let need = |action: &&'static str| DeployerNeed {
                action,
                file: file(format.name, name),
                sid: format!("{:?}", row.touches),
                types: asking.clone(),
            };
            actions_of(row).iter().map(need).collect::<Vec<_>>()
        };
        POLICIES.iter().flat_map(of_policy).collect::<Vec<_>>()
    };
    rows(&place, format, emitted).into_iter().flat_map(of_row).collect()
}

/// Every type of resource that is deployed, as the format spells it, what asks for more of a function than its type does, and the
/// format.
fn types(format: &Description, emitted: &[Emitted]) -> BTreeSet<String> {
    let begins = [(format.function_in_vpc, NETWORK), (format.function_signed, SIGNED)];
    let more = |one: &Emitted| {
        let asks = |line: &str| begins.iter().find(|(begins, _)| line.trim().starts_with(begins));
        one.text.lines().filter_map(asks).map(|(_, what)| (*what).to_owned()).collect::<Vec<_>>()
    };
    let kinds = emitted.iter().map(|one| one.kind.clone()).chain([format.name.to_owned()]);
    kinds.chain(emitted.iter().flat_map(more)).collect()
}

#[cfg(test)]
mod tests {
    use super::formats::{CLOUDFORMATION, TERRAFORM};
    use super::*;
    use crate::config::{Config, LockHeldHours, PackageKind};
    use crate::render::FORMATS;
    use crate::render::OutputFormat;
    use crate::{asl, stack};

    /// Longest managed policy that IAM takes, white space not counted.
    const POLICY_LENGTH_MAX: usize = 6144;

    fn stacks() -> [Stack; 2] {
        let mut all = Config::with_defaults("webops-recycle".parse().unwrap());
        all.encryption.customer_key = true;
        all.trigger.launch_template_versions = true;
        all.package.kind = PackageKind::Image;
        all.network.subnet_ids = vec!["subnet-0123abcd".parse().unwrap()].try_into().unwrap();
        all.handler.alias = Some("live".parse().unwrap());
        all.alarms.dashboard = true;
        all.alarms.lock_held_hours = LockHeldHours::new(24).ok();
        all.logs.destination_arn =
            Some("arn:aws:kinesis:eu-west-2:123456789012:stream/logs".parse().unwrap());
        let least = Config::with_defaults("demo".parse().unwrap());
        [least, all].map(|config| {
            stack::Stack::new(&config, &asl::build(&config).unwrap(), None).expect("it is sound")
        })
    }

    #[test]
    fn every_type_of_resource_has_its_actions_and_every_row_its_resource() {
        let mut all = BTreeSet::from([TERRAFORM.to_owned(), CLOUDFORMATION.to_owned()]);
        let mut other = Config::with_defaults("demo".parse().unwrap());
        other.logs.destination_arn =
            Some("arn:aws:lambda:eu-west-2:123456789012:function:f".parse().unwrap());
        other.handler.code_signing_config_arn = Some(
            "arn:aws:lambda:eu-west-2:123456789012:code-signing-config:csc-0123456789abcdef0"
                .parse()
                .unwrap(),
        );
        let other = stack::Stack::new(&other, &asl::build(&other).unwrap(), None).expect("it is sound");
        for stack in stacks().into_iter().chain([other]) {
            for format in FORMATS {
                all.extend(types(format.description(), &format.emitted(&format.render(&stack))));
            }
        }
        all.remove("terraform_data"); // nothing of AWS's
        assert!(all.len() > 30, "{all:?}");
        let known: BTreeSet<String> = all_rows().flat_map(|row| row.types).map(ToString::to_string).collect();
        assert_eq!(all, known, "`render/deployer/` says what each type asks for");
    }

    #[test]
    fn a_policy_fits_what_iam_takes_and_holds_what_the_stack_has() {
        let [least, all] = stacks();
        for format in FORMATS {
            let name = format.description().name;
            let of = |stack: &Stack, what: &str| {
                let text = format.render(stack).remove(&format!("{FOLDER}/{name}-{what}.json"));
                let text = String::from_utf8(text.expect("it is there")).expect("it is text");
                let length = text.chars().filter(|character| !character.is_whitespace()).count();
                assert!(length <= POLICY_LENGTH_MAX, "{name}-{what}: {length}");
                text
            };
            let [least_read, all_read] = [&least, &all].map(|stack| of(stack, "read"));
            let [least, all] = [&least, &all].map(|stack| of(stack, "change"));
            assert!(!least.contains("kms:CreateKey") && all.contains("kms:CreateKey"), "{name}");
            assert!(!least.contains("ecr:") && all.contains("ecr:CreateRepository"), "{name}");
            assert!(least.contains("states:CreateStateMachine") && least.contains("stateMachine:demo-*"));
            assert!(
                !least_read.contains("CreateStateMachine") && all_read.contains("ecr:DescribeRepositories")
            );
        }
    }

    #[test]
    fn roles_are_made_with_their_boundary_only() {
        let mut config = Config::with_defaults("demo".parse().unwrap());
        let boundary = "arn:aws:iam::123456789012:policy/boundary";
        let makes_roles = |config: &Config| {
            let stack = stack::Stack::new(config, &asl::build(config).unwrap(), None).expect("it is sound");
            let of_format = |format: &&dyn OutputFormat| {
                let path = format!("{FOLDER}/{}-change.json", format.description().name);
                let policy: Value = serde_json::from_slice(&format.render(&stack)[&path]).expect("JSON");
                let statements = policy["Statement"].as_array().expect("statements").clone();
                let is_making = |one: &&Value| one["Action"].to_string().contains("\"iam:CreateRole\"");
                let making = statements.iter().find(is_making).expect("it makes roles");
                (making["Condition"].clone(), policy.to_string().contains("DeleteRolePermissionsBoundary"))
            };
            FORMATS.iter().map(of_format).collect::<Vec<_>>()
        };
        for (condition, can_unbind) in makes_roles(&config) {
            assert!(condition.is_null() && can_unbind, "{condition}");
        }
        config.permissions.boundary_arn = Some(boundary.parse().unwrap());
        for (condition, can_unbind) in makes_roles(&config) {
            assert_eq!(condition, json!({ "StringEquals": { "iam:PermissionsBoundary": boundary } }));
            assert!(!can_unbind);
        }
    }

    #[test]
    fn an_action_is_in_one_statement_of_a_kind_only() {
        let mut seen = BTreeSet::new();
        for Row { reads, changes, touches, types } in all_rows() {
            for action in reads.iter().chain(*changes) {
                assert!(seen.insert((*action, *touches, *types)), "{action} of {types:?} twice");
            }
        }
    }
}

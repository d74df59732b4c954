//! The least policy of whoever deploys a stack in one format: what creating, changing and removing each type of resource
//! in the files asks of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::deployer_row::{Row, TouchedArns};
use super::deployer_rows::{NETWORK, ROWS, SIGNED};
use super::emitted::Emitted;
use super::format::Files;
use crate::names;
use crate::stack::parameter::ParameterKey;
use crate::stack::value::Value as StackValue;
use crate::stack::{KEY_TAG, Stack};

/// Stands for a bucket of the deployer's, as in the README.
const BUCKET: &str = "BUCKET";

/// Their folder in the output.
const FOLDER: &str = "deployer-policy";

/// The policies for what is deployed, under the name of its format: of who looks, and of who changes besides. One that held
/// both would be longer than IAM takes.
pub(super) fn policies(stack: &Stack, format: &str, emitted: &[Emitted]) -> Files {
    let place = Place::of(stack);
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
    POLICIES.iter().map(|(name, actions_of)| (file(format, name), policy(*actions_of))).collect()
}

type ActionsOf = fn(&Row) -> &'static [&'static str];

/// What the policies of a format are called, and what of a row stands in each.
const POLICIES: &[(&str, ActionsOf)] = &[("read", |row| row.reads), ("change", |row| row.changes)];

fn file(format: &str, policy: &str) -> String {
    format!("{FOLDER}/{format}-{policy}.json")
}

/// The rows of what a format deploys.
fn rows(place: &Place, format: &str, emitted: &[Emitted]) -> Vec<&'static Row> {
    let mut types = types(emitted);
    types.insert(format.to_owned());
    let is_asked = |row: &&Row| row.types.iter().any(|one| types.contains(*one)) && place.has(row.touches);
    ROWS.iter().filter(is_asked).collect()
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
pub fn deployer_needs(stack: &Stack, format: &str, emitted: &[Emitted]) -> Vec<DeployerNeed> {
    let place = Place::of(stack);
    let mut types = types(emitted);
    types.insert(format.to_owned());
    let of_row = |row: &'static Row| {
        let asking: Vec<_> = row.types.iter().copied().filter(|one| types.contains(*one)).collect();
        let of_policy = move |(name, actions_of): &(&str, ActionsOf)| {
            let need = |action: &&'static str| DeployerNeed {
                action,
                file: file(format, name),
                sid: format!("{:?}", row.touches),
                types: asking.clone(),
            };
            actions_of(row).iter().map(need).collect::<Vec<_>>()
        };
        POLICIES.iter().flat_map(of_policy).collect::<Vec<_>>()
    };
    rows(&place, format, emitted).into_iter().flat_map(of_row).collect()
}

/// What lines begin with that ask for more of a function than its type does.
const MORE: &[(&str, &str)] = &[
    ("vpc_config {", NETWORK),
    ("VpcConfig:", NETWORK),
    ("code_signing_config_arn ", SIGNED),
    ("CodeSigningConfigArn: {", SIGNED),
];

/// Every type of resource that is deployed, as the format spells it.
fn types(emitted: &[Emitted]) -> BTreeSet<String> {
    let more = |one: &Emitted| {
        let asks = |line: &str| MORE.iter().find(|(begins, _)| line.trim().starts_with(begins));
        one.text.lines().filter_map(asks).map(|(_, what)| (*what).to_owned()).collect::<Vec<_>>()
    };
    emitted.iter().map(|one| one.kind.clone()).chain(emitted.iter().flat_map(more)).collect()
}

/// What the names of a stack's resources begin with, whatever the environment, and where they are.
struct Place {
    partition: &'static str,
    /// What the names of services end in.
    domain: &'static str,
    /// In every environment.
    prefix: String,
    role_path: String,
    /// ARN of the policy that bounds both roles.
    boundary: Option<String>,
    repository: String,
    /// Name of the function that gets the logs.
    log_receiver: Option<String>,
    /// Whether CloudWatch Logs sends the logs by a role.
    sends_logs: bool,
    /// ARNs of the roles that somebody else keeps.
    given_roles: Vec<String>,
    /// Whether the stack makes any role itself.
    makes_roles: bool,
    /// Whether a rule starts a state machine by a role.
    has_watch: bool,
}

impl Place {
    fn of(stack: &Stack) -> Self {
        let path = stack.parameters.iter().find(|parameter| parameter.key == ParameterKey::RolePath);
        let path = path.and_then(|parameter| match &parameter.default {
            Some(StackValue::Text(path)) => Some(path.clone()),
            _ => None,
        });
        Self {
            partition: names::partition(&stack.guide.region),
            domain: names::domain(&stack.guide.region),
            prefix: names::prefix(&stack.name, "*"),
            role_path: path.unwrap_or_else(|| "/".to_owned()),
            boundary: stack.guide.boundary_arn.clone(),
            repository: format!("{}{}", stack.name, names::REPOSITORY_SUFFIX),
            log_receiver: stack.log_subscriptions.as_ref().and_then(|all| all.function.clone()),
            given_roles: [&stack.iam.handler, &stack.iam.machine]
                .into_iter()
                .filter_map(|role| role.given_arn.clone())
                .collect(),
            makes_roles: stack.guide.makes_roles,
            has_watch: stack.lock_watch.is_some(),
            sends_logs: stack.log_subscriptions.as_ref().is_some_and(|all| all.sender.is_some()),
        }
    }

    /// Whoever may take the boundary away is not bounded by it.
    fn has(&self, touches: TouchedArns) -> bool {
        touches != TouchedArns::RoleUnbounding || self.boundary.is_none()
    }

    /// In every region and, since a policy of an account's own gives nothing of another's, in every account.
    fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:*:*:{resource}", self.partition)
    }

    fn statement(&self, touches: TouchedArns, actions: &BTreeSet<&str>) -> Value {
        let mut statement = json!({
            "Sid": format!("{touches:?}"),
            "Effect": "Allow",
            "Action": actions,
            "Resource": self.resources(touches),
        });
        if let Some(condition) = self.condition(touches) {
            statement["Condition"] = condition;
        }
        statement
    }

    fn resources(&self, touches: TouchedArns) -> Vec<String> {
        let Self { partition, prefix, role_path, repository, .. } = self;
        let one = |service: &str, resource: String| vec![self.arn(service, &resource)];
        match touches {
            TouchedArns::Everything | TouchedArns::FunctionsSources | TouchedArns::NewKeys => {
                vec!["*".to_owned()]
            }
            TouchedArns::Alarms => one("cloudwatch", format!("alarm:{prefix}")),
            TouchedArns::Bucket => vec![format!("arn:{partition}:s3:::{BUCKET}")],
            TouchedArns::BucketObjects => vec![format!("arn:{partition}:s3:::{BUCKET}/*")],
            TouchedArns::BucketLocks => vec![format!("arn:{partition}:s3:::{BUCKET}/*.tflock")],
            TouchedArns::Dashboards => vec![format!("arn:{partition}:cloudwatch::*:dashboard/{prefix}")],
            TouchedArns::EventSources => one("lambda", "event-source-mapping:*".to_owned()),
            TouchedArns::Functions => one("lambda", format!("function:{prefix}")),
            TouchedArns::Keys => vec![self.arn("kms", "key/*"), self.arn("kms", &format!("alias/{prefix}"))],
            TouchedArns::KeysOfStacks | TouchedArns::KeysThroughServices => one("kms", "key/*".to_owned()),
            TouchedArns::LockTable => one("dynamodb", format!("table/{}", names::LOCK_TABLE)),
            TouchedArns::LogGroups => self.log_groups(),
            TouchedArns::LogSubscriptions => {
                let mut all = self.log_groups();
                let is_elsewhere = !self.sends_logs && self.log_receiver.is_none();
                all.extend(is_elsewhere.then(|| self.arn("logs", "destination:*")));
                all
            }
            TouchedArns::LogReceiver => {
                let name = self.log_receiver.as_deref().unwrap_or_default();
                one("lambda", format!("function:{name}"))
            }
            TouchedArns::Machines => one("states", format!("stateMachine:{prefix}")),
            TouchedArns::Queues => one("sqs", prefix.clone()),
            TouchedArns::Repository => one("ecr", format!("repository/{repository}")),
            TouchedArns::Roles | TouchedArns::RolePermissions | TouchedArns::RoleUnbounding => {
                vec![format!("arn:{partition}:iam::*:role{role_path}{prefix}")]
            }
            TouchedArns::RolesOfServices => {
                let own = format!("arn:{partition}:iam::*:role{role_path}{prefix}");
                self.makes_roles.then_some(own).into_iter().chain(self.given_roles.clone()).collect()
            }
            TouchedArns::Rules => one("events", format!("rule/{prefix}")),
            TouchedArns::SigningConfigs => one("lambda", "code-signing-config:*".to_owned()),
            TouchedArns::Stacks => one("cloudformation", format!("stack/{prefix}/*")),
            TouchedArns::Topics => one("sns", prefix.clone()),
        }
    }

    fn log_groups(&self) -> Vec<String> {
        ["/aws/lambda/", "/aws/vendedlogs/states/"]
            .map(|folder| self.arn("logs", &format!("log-group:{folder}{}", self.prefix)))
            .to_vec()
    }

    /// Where the tag of keys names a stack of this name, in any environment.
    fn tagged(&self, condition_key: &str) -> Value {
        json!({ "StringLike": { (format!("{condition_key}/{KEY_TAG}")): self.prefix } })
    }

    fn condition(&self, touches: TouchedArns) -> Option<Value> {
        match touches {
            TouchedArns::FunctionsSources => {
                let functions = self.arn("lambda", &format!("function:{}", self.prefix));
                Some(json!({ "ArnLike": { "lambda:FunctionArn": functions } }))
            }
            TouchedArns::KeysOfStacks => Some(self.tagged("aws:ResourceTag")),
            TouchedArns::NewKeys => {
                let mut condition = self.tagged("aws:RequestTag");
                // Whoever may tag any key could make it the stack's own.
                condition["Null"] = json!({ "kms:ResourceAliases": "true" });
                Some(condition)
            }
            TouchedArns::KeysThroughServices => {
                let services = ["dynamodb", "lambda"].map(|service| format!("{service}.*.{}", self.domain));
                Some(json!({ "StringLike": { "kms:ViaService": services } }))
            }
            TouchedArns::RolePermissions => {
                let boundary = self.boundary.as_ref()?;
                Some(json!({ "StringEquals": { "iam:PermissionsBoundary": boundary } }))
            }
            TouchedArns::RolesOfServices => {
                let services = ["lambda.amazonaws.com", "states.amazonaws.com"].into_iter();
                let logs = self.sends_logs.then_some("logs.amazonaws.com");
                let events = self.has_watch.then_some("events.amazonaws.com");
                let services: Vec<&str> = services.chain(logs).chain(events).collect();
                Some(json!({ "StringEquals": { "iam:PassedToService": services } }))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::deployer_rows::{CLOUDFORMATION, TERRAFORM};
    use super::super::format::OutputFormat;
    use super::*;
    use crate::config::{Config, LockHeldHours, PackageKind};
    use crate::render::FORMATS;
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
                all.extend(types(&format.emitted(&format.render(&stack))));
            }
        }
        all.remove("terraform_data"); // nothing of AWS's
        assert!(all.len() > 30, "{all:?}");
        let known: BTreeSet<String> =
            ROWS.iter().flat_map(|row| row.types).map(ToString::to_string).collect();
        assert_eq!(all, known, "`render/deployer_rows.rs` says what each type asks for");
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
        for Row { reads, changes, touches, types } in ROWS {
            for action in reads.iter().chain(*changes) {
                assert!(seen.insert((*action, *touches, *types)), "{action} of {types:?} twice");
            }
        }
    }
}

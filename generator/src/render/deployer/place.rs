//! What each statement of a policy is limited to: ARNs and conditions.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::row::TouchedArns;
use crate::names;
use crate::stack::parameter::ParameterKey;
use crate::stack::value::Value as StackValue;
use crate::stack::{KEY_TAG, Stack};

/// Stands for a bucket of the deployer's, as in the README.
const BUCKET: &str = "BUCKET";

/// What the names of a stack's resources begin with, whatever the environment, and where they are.
pub(super) struct NamePlace {
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

impl NamePlace {
    pub(super) fn of(stack: &Stack) -> Self {
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
    pub(super) fn has(&self, touches: TouchedArns) -> bool {
        touches != TouchedArns::RoleUnbounding || self.boundary.is_none()
    }

    /// In every region and, since a policy of an account's own gives nothing of another's, in every account.
    fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:*:*:{resource}", self.partition)
    }

    pub(super) fn statement(&self, touches: TouchedArns, actions: &BTreeSet<&str>) -> Value {
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

//! Whether the role of whoever calls allows the call: the policies of the machines' roles, on what the call touches.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::iam_policy::{Decision, PermissionRequest, RolePolicies};

use super::actions::Action;
use super::autoscaling::api::describe::arn as arn_of_group;
use super::autoscaling::model::state::AutoScaling;
use super::executions::Executions;
use super::record::Access;

/// What the role of each machine allows, by the machine's ARN. A machine of which nothing is known may make every call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Authorization {
    roles: Arc<BTreeMap<String, Arc<RolePolicies>>>,
}

/// What a call touches, and what conditions may ask of it.
pub(crate) struct Touched {
    pub(crate) resource: String,
    context: BTreeMap<String, String>,
}

impl Touched {
    /// Something that no condition asks of.
    pub(crate) fn resource(resource: String) -> Self {
        Self { resource, context: BTreeMap::new() }
    }

    /// What a call touches; nothing where it names nothing that there is, which gets the service's own refusal.
    pub(crate) fn by(action: &Action, arguments: &Value, autoscaling: &AutoScaling) -> Option<Self> {
        let text = |name: &str| arguments.get(name).and_then(Value::as_str);
        let resource = match (action.service, action.name) {
            ("autoscaling", _) if action.access == Access::Write => {
                let group = autoscaling.fleet.get(autoscaling.group_named_by(arguments)?);
                let tag = |(key, value): (&Arc<str>, &Arc<str>)| {
                    (format!("aws:ResourceTag/{key}"), value.to_string())
                };
                let context = group.tags.iter().map(tag).collect();
                return Some(Self { resource: arn_of_group(&group.name, group.predecessors), context });
            }
            ("dynamodb", _) => {
                format!("arn:aws:dynamodb:eu-west-2:123456789012:table/{}", text("TableName")?)
            }
            ("sns", _) => text("TopicArn")?.to_owned(),
            ("lambda", _) => text("FunctionName")?.to_owned(),
            ("sfn", "startExecution") => text("StateMachineArn")?.to_owned(),
            ("sfn", _) => text("ExecutionArn").filter(|arn| arn.starts_with("arn:"))?.to_owned(),
            ("vpclattice", _) => text("TargetGroupIdentifier")?.to_owned(),
            _ => "*".to_owned(),
        };
        Some(Self::resource(resource))
    }
}

impl Authorization {
    pub(crate) fn of(roles: BTreeMap<String, Arc<RolePolicies>>) -> Self {
        Self { roles: Arc::new(roles) }
    }

    pub(crate) fn set(&mut self, machine_arn: &str, role: Arc<RolePolicies>) {
        Arc::make_mut(&mut self.roles).insert(machine_arn.to_owned(), role);
    }

    /// What the role of an execution's machine says of an action.
    pub(crate) fn decide(
        &self,
        executions: &Executions,
        execution: &str,
        action: &str,
        touched: &Touched,
    ) -> Decision {
        let machine = executions.get(execution).map(|one| &*one.machine_arn);
        let Some(role) = machine.and_then(|machine| self.roles.get(machine)) else {
            return Decision::Allowed;
        };
        let Touched { resource, context } = touched;
        role.decide(&PermissionRequest { action, resource, context })
    }
}

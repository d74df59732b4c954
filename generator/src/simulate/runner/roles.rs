//! What the roles of a simulated stack allow: the policies that are emitted.

use std::collections::BTreeMap;
use std::sync::Arc;

use asg_recycle_simulator::iam_policy::{Decision, PermissionRequest, RolePolicies};

use crate::problem::Problem;
use crate::stack::{Place, RolePolicy, Stack};

/// The roles of a stack.
#[derive(Debug, Clone)]
pub struct Roles {
    /// What the machine may do, of notifiers too.
    pub machine: Arc<RolePolicies>,
    /// What the handler may do.
    pub handler: Arc<RolePolicies>,
}

impl Roles {
    pub(super) fn of(stack: &Stack, place: Place<'_>) -> Result<Self, Problem> {
        let iam = &stack.iam;
        let machine = [&iam.machine.policy, &iam.notifier];
        Ok(Self {
            machine: read(stack, place, machine)?,
            handler: read(stack, place, [&iam.handler.policy])?,
        })
    }

    /// Why the handler may not make a call; `None` where it may.
    pub(super) fn handler_denial(&self, action: &str, resource: &str) -> Option<String> {
        let decision =
            self.handler.decide(&PermissionRequest { action, resource, context: &BTreeMap::new() });
        (decision != Decision::Allowed)
            .then(|| format!("the handler's role does not allow {action} on {resource}"))
    }
}

fn read<'a>(
    stack: &Stack,
    place: Place<'_>,
    policies: impl IntoIterator<Item = &'a RolePolicy>,
) -> Result<Arc<RolePolicies>, Problem> {
    let resolved = policies.into_iter().filter_map(|one| stack.resolve(&one.document.to_value(), place));
    let documents: Vec<_> = resolved.collect();
    let read = RolePolicies::read(&documents);
    read.map(Arc::new).map_err(|error| Problem::new("iam-policy", "/iam", error.to_string()))
}

//! Nothing is allowed that nobody needs: whatever one action is taken from a role, a run shows that it is missed.
//! `permissions.yaml` names the run, or says why none can show it. That all is allowed which is needed, every scenario shows.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use asg_recycle::config::{self, Config};
use asg_recycle::simulate::invariants::Invariant;
use asg_recycle::simulate::runner::{Deployment, Detail, Roles};
use asg_recycle::simulate::scenario::Scenario;
use asg_recycle_simulator::iam_policy::RolePolicies;
use serde::Deserialize;

use crate::cases::all_cases;
use crate::mutants::path_of;

/// Every option that gives a role a statement.
const STACK: &str = "name: asg-recycle\n\
    notifications: {notifier_function_arn: 'arn:aws:lambda:eu-west-2:123456789012:function:notifier'}\n\
    network: {subnet_ids: [subnet-0123abcd], security_group_ids: [sg-0123abcd]}\n";

/// Statements by id, each with its actions and what shows them.
type Shown = BTreeMap<String, BTreeMap<String, Shows>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    machine: Shown,
    handler: Shown,
    not_shown: Vec<NotShown>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Shows {
    /// A case, as `folder/name`.
    Case(String),
    /// A scenario of `out-in`.
    Own(serde_json::Value),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NotShown {
    role: String,
    statement: String,
    reason: String,
}

/// An action of a statement of a role, and what shows that it is needed.
pub(crate) struct Permission {
    role: &'static str,
    statement: String,
    action: String,
    shows: Shows,
}

fn table() -> Table {
    serde_yaml::from_str(include_str!("permissions.yaml")).expect("the table is in order")
}

fn base() -> Config {
    config::parse(STACK.as_bytes()).expect("the stack has no fault")
}

/// Those that can be shown.
pub(crate) fn permissions() -> Vec<Permission> {
    let Table { machine, handler, .. } = table();
    let of_role = |role, shown: Shown| {
        shown.into_iter().flat_map(move |(statement, actions)| {
            actions.into_iter().map(move |(action, shows)| Permission {
                role,
                statement: statement.clone(),
                action,
                shows,
            })
        })
    };
    of_role("machine", machine).chain(of_role("handler", handler)).collect()
}

/// What the roles allow that the table does not have, and what it has beside.
pub(crate) fn faults_of_table() -> Vec<String> {
    let deployment = Deployment::build(&base()).unwrap_or_else(|problems| panic!("{problems}"));
    let roles = deployment.roles().expect("a stack that is built has its roles");
    let not_shown = table().not_shown;
    let mut listed: BTreeSet<String> = permissions().iter().map(Permission::name).collect();
    let mut faults: Vec<String> = Vec::new();
    let mut unshown: BTreeSet<(&str, &str)> =
        not_shown.iter().map(|one| (one.role.as_str(), one.statement.as_str())).collect();
    faults.extend(
        not_shown
            .iter()
            .filter(|one| one.reason.is_empty())
            .map(|one| format!("{}: no reason", one.statement)),
    );
    let listed_without = unshown.clone();
    for (role, policies) in [("machine", &roles.machine), ("handler", &roles.handler)] {
        for (statement, action) in policies.allowed_actions() {
            let name = named(role, statement, action);
            unshown.remove(&(role, statement));
            if !listed.remove(&name) && !listed_without.contains(&(role, statement)) {
                faults.push(format!("{name} is allowed, and nothing shows that it is needed"));
            }
        }
    }
    faults.extend(listed.into_iter().map(|name| format!("{name} is listed, and not allowed")));
    faults
        .extend(unshown.into_iter().map(|(role, statement)| format!("{role} has no statement {statement}")));
    faults
}

fn named(role: &str, statement: &str, action: &str) -> String {
    format!("{role} {statement} {action}")
}

impl Permission {
    pub(crate) fn name(&self) -> String {
        named(self.role, &self.statement, &self.action)
    }

    /// What is wrong with it: nothing is missed without it, or something is with it.
    pub(crate) fn unmet(&self) -> Result<(), String> {
        let runs = self.runs();
        if runs.is_empty() {
            return Err("there is no such case".to_owned());
        }
        let mut is_missed = false;
        for (strategy, scenario) in runs {
            let with = denials(&strategy, &scenario, Deployment::clone)?;
            if !with.is_empty() {
                return Err(format!("with it: {}", with.join("; ")));
            }
            is_missed |= denials(&strategy, &scenario, |whole| self.taken_from(whole))?
                .iter()
                .any(|denial| denial.contains(&format!("does not allow {} on", self.action)));
        }
        if is_missed { Ok(()) } else { Err("nothing is missed without it".to_owned()) }
    }

    fn runs(&self) -> Vec<(String, Scenario)> {
        match &self.shows {
            Shows::Case(path) => {
                let named = all_cases().into_iter().filter(|case| path_of(case) == *path);
                named.map(|case| (case.strategy, case.scenario)).collect()
            }
            Shows::Own(value) => {
                let scenario = Scenario::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}"));
                vec![("out-in".to_owned(), scenario)]
            }
        }
    }

    fn taken_from(&self, whole: &Deployment) -> Deployment {
        let less = |role: &RolePolicies| Arc::new(role.without(&self.statement, &self.action));
        let roles = whole.roles().cloned().expect("a stack that is built has its roles");
        whole.clone().with_roles(match self.role {
            "machine" => Roles { machine: less(&roles.machine), ..roles },
            _ => Roles { handler: less(&roles.handler), ..roles },
        })
    }
}

/// What no role allowed in a run.
fn denials(
    strategy: &str,
    scenario: &Scenario,
    change: impl Fn(&Deployment) -> Deployment,
) -> Result<Vec<String>, String> {
    let configs = scenario.configs(&base()).map_err(|faults| faults.to_string())?;
    let stacks = configs.iter().map(|config| Deployment::build(config).map(|whole| Rc::new(change(&whole))));
    let stacks = stacks.collect::<Result<Vec<_>, _>>().map_err(|faults| faults.to_string())?;
    let runner = scenario.runner(&stacks, strategy, Detail::Plain).map_err(|error| error.to_string())?;
    let violations = runner.finish().verdict.violations;
    let denied = violations.into_iter().filter(|one| one.invariant == Invariant::Permitted);
    Ok(denied.map(|one| one.detail).collect())
}

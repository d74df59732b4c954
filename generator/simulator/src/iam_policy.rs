//! IAM policies, as far as ours go: whether the policies of a role allow a call.
//!
//! A statement applies where one of its actions, one of its resources and all of its conditions fit; a denial is stronger
//! than whatever allows. What is not read here, such as `NotAction`, is refused by its name, so that no policy is taken
//! for a wider or narrower one.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The policies of a role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RolePolicies {
    statements: Vec<Statement>,
}

/// What a policy has that is not read here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy cannot be read at `{place}`: {reason}")]
pub struct PolicyError {
    /// The statement's id, or its number, and the key.
    pub place: String,
    /// What is wrong.
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Statement {
    sid: String,
    denies: bool,
    actions: Vec<String>,
    resources: Vec<String>,
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    operator: Operator,
    key: String,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    /// The key is absent, or, with `false`, present.
    Null,
    /// One of the texts, to the letter.
    StringEquals,
    /// An ARN that fits one of the patterns; IAM takes `ArnEquals` and `ArnLike` for the same.
    Arn,
}

/// A call that asks for permission.
#[derive(Debug, Clone, Copy)]
pub struct PermissionRequest<'a> {
    /// As IAM spells it, e.g. `autoscaling:SuspendProcesses`.
    pub action: &'a str,
    /// ARN of what it touches; `*` where the action has no resources to name.
    pub resource: &'a str,
    /// What conditions may ask for, by key.
    pub context: &'a BTreeMap<String, String>,
}

/// What a role's policies say of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// A statement allows it, and none denies it.
    Allowed,
    /// A statement denies it, whatever allows it.
    Denied,
    /// A statement would allow it, were it not for a condition.
    ConditionNotMet,
    /// No statement is about this action on this resource.
    NotAllowed,
}

impl RolePolicies {
    /// Reads policy documents.
    ///
    /// # Errors
    /// The first thing in them that is not of the subset above.
    pub fn read<'a>(documents: impl IntoIterator<Item = &'a Value>) -> Result<Self, PolicyError> {
        let mut statements = Vec::new();
        for document in documents {
            let Some(Value::Array(listed)) = document.get("Statement") else {
                return Err(refused("Statement", "it is no list"));
            };
            for statement in listed {
                statements.push(Statement::read(statement)?);
            }
        }
        Ok(Self { statements })
    }

    /// What they say of a call.
    pub fn decide(&self, asked: &PermissionRequest<'_>) -> Decision {
        let about: Vec<&Statement> =
            self.statements.iter().filter(|one| one.is_about(asked.action, asked.resource)).collect();
        let holds = |denies: bool| about.iter().any(|one| one.denies == denies && one.holds(asked.context));
        match (holds(true), holds(false)) {
            (true, _) => Decision::Denied,
            (false, true) => Decision::Allowed,
            (false, false) if about.iter().any(|one| !one.denies) => Decision::ConditionNotMet,
            (false, false) => Decision::NotAllowed,
        }
    }

    /// What they allow, each action with the id of its statement.
    pub fn allowed_actions(&self) -> impl Iterator<Item = (&str, &str)> {
        let allowing = self.statements.iter().filter(|one| !one.denies);
        allowing.flat_map(|one| one.actions.iter().map(|action| (one.sid.as_str(), action.as_str())))
    }

    /// The same without an action of a statement, and without the statement where that was its only one.
    #[must_use]
    pub fn without(&self, sid: &str, action: &str) -> Self {
        let mut statements = self.statements.clone();
        for statement in statements.iter_mut().filter(|one| one.sid == sid) {
            statement.actions.retain(|one| one != action);
        }
        statements.retain(|one| !one.actions.is_empty());
        Self { statements }
    }
}

impl Statement {
    fn read(statement: &Value) -> Result<Self, PolicyError> {
        let Value::Object(fields) = statement else { return Err(refused("Statement", "it is no object")) };
        let sid = fields.get("Sid").and_then(Value::as_str).unwrap_or_default();
        let known = ["Sid", "Effect", "Action", "Resource", "Condition"];
        if let Some(other) = fields.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(refused(&format!("{sid}/{other}"), "it is not known here"));
        }
        let denies = match fields.get("Effect").and_then(Value::as_str) {
            Some("Allow") => false,
            Some("Deny") => true,
            _ => return Err(refused(&format!("{sid}/Effect"), "it is neither Allow nor Deny")),
        };
        Ok(Self {
            sid: sid.to_owned(),
            denies,
            actions: texts(fields, "Action", sid)?,
            resources: texts(fields, "Resource", sid)?,
            conditions: conditions(fields.get("Condition"), sid)?,
        })
    }

    fn is_about(&self, action: &str, resource: &str) -> bool {
        let action = action.to_lowercase();
        let acts = self.actions.iter().any(|pattern| fits(&pattern.to_lowercase(), &action));
        acts && self.resources.iter().any(|pattern| fits(pattern, resource))
    }

    fn holds(&self, context: &BTreeMap<String, String>) -> bool {
        self.conditions.iter().all(|one| one.holds(context.get(&one.key).map(String::as_str)))
    }
}

impl Condition {
    fn holds(&self, found: Option<&str>) -> bool {
        match self.operator {
            Operator::Null => self.values.iter().any(|absent| (absent == "true") == found.is_none()),
            Operator::StringEquals => found.is_some_and(|found| self.values.iter().any(|one| one == found)),
            Operator::Arn => found.is_some_and(|found| self.values.iter().any(|one| fits(one, found))),
        }
    }
}

fn conditions(block: Option<&Value>, sid: &str) -> Result<Vec<Condition>, PolicyError> {
    let empty = Map::new();
    let mut conditions = Vec::new();
    for (operator, keys) in block.and_then(Value::as_object).unwrap_or(&empty) {
        let place = format!("{sid}/Condition/{operator}");
        let operator = match operator.as_str() {
            "Null" => Operator::Null,
            "StringEquals" => Operator::StringEquals,
            "ArnEquals" | "ArnLike" => Operator::Arn,
            _ => return Err(refused(&place, "the operator is not known here")),
        };
        let keys = keys.as_object().ok_or_else(|| refused(&place, "it is no object"))?;
        for key in keys.keys() {
            conditions.push(Condition { operator, key: key.clone(), values: texts(keys, key, &place)? });
        }
    }
    Ok(conditions)
}

/// A text or a list of texts.
fn texts(fields: &Map<String, Value>, key: &str, place: &str) -> Result<Vec<String>, PolicyError> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let found = match fields.get(key) {
        Some(Value::Array(items)) => items.iter().map(text).collect(),
        Some(one) => text(one).map(|one| vec![one]),
        None => None,
    };
    found.ok_or_else(|| refused(&format!("{place}/{key}"), "it is neither a text nor a list of texts"))
}

fn refused(place: &str, reason: &str) -> PolicyError {
    PolicyError { place: place.to_owned(), reason: reason.to_owned() }
}

/// Whether a text fits a pattern, in which `*` stands for any characters and `?` for one.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(one) if *one == b'?' || *one == text[t] => (p, t) = (p + 1, t + 1),
            _ => match star {
                // The last star takes one character more.
                Some((at, taken)) => {
                    (p, t) = (at + 1, taken + 1);
                    star = Some((at, taken + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|rest| *rest == b'*')
}

/// A call of Step Functions as IAM spells it: `sfn` and `describeExecution` are `states:DescribeExecution`.
pub fn iam_action(service: &str, action: &str) -> String {
    let service_prefix = match service {
        "arczonalshift" => "arc-zonal-shift",
        "elasticloadbalancingv2" => "elasticloadbalancing",
        "sfn" => "states",
        "vpclattice" => "vpc-lattice",
        same => same,
    };
    let mut letters = action.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    match (service, action) {
        ("lambda", "invoke") => "lambda:InvokeFunction".to_owned(),
        _ => format!("{service_prefix}:{first}{}", letters.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn role(statements: &Value) -> RolePolicies {
        RolePolicies::read([&json!({"Version": "2012-10-17", "Statement": statements})]).expect("it is read")
    }

    #[track_caller]
    fn decides(
        role: &RolePolicies,
        (action, resource): (&str, &str),
        tags: &[(&str, &str)],
        meant: Decision,
    ) {
        let context =
            tags.iter().map(|(key, value)| (format!("aws:ResourceTag/{key}"), (*value).to_owned())).collect();
        assert_eq!(
            role.decide(&PermissionRequest { action, resource, context: &context }),
            meant,
            "{action} {resource}"
        );
    }

    #[test]
    fn a_statement_applies_where_action_resource_and_every_condition_fit() {
        let role = role(&json!([{
            "Sid": "Change", "Effect": "Allow", "Action": ["autoscaling:Suspend*"], "Resource": ["arn:*:group/web-*"],
            "Condition": {
                "Null": {"aws:ResourceTag/opted_in": "false"}, "StringEquals": {"aws:ResourceTag/stage": ["live", "test"]},
            },
        }]));
        let call = ("autoscaling:SuspendProcesses", "arn:aws:group/web-1");
        let both = [("opted_in", ""), ("stage", "test")];
        decides(&role, call, &both, Decision::Allowed);
        decides(&role, ("AutoScaling:suspendprocesses", call.1), &both, Decision::Allowed);
        decides(&role, call, &both[..1], Decision::ConditionNotMet);
        decides(&role, call, &both[1..], Decision::ConditionNotMet);
        decides(&role, call, &[("opted_in", "true"), ("stage", "tester")], Decision::ConditionNotMet);
        decides(&role, (call.0, "arn:aws:group/api-1"), &both, Decision::NotAllowed);
        decides(&role, ("autoscaling:ResumeProcesses", call.1), &both, Decision::NotAllowed);
    }

    #[test]
    fn a_denial_is_stronger_than_what_allows() {
        let both = role(&json!([
            {"Sid": "All", "Effect": "Allow", "Action": "s3:*", "Resource": "*"},
            {"Sid": "No", "Effect": "Deny", "Action": "s3:Put?bject", "Resource": "*"},
        ]));
        decides(&both, ("s3:PutObject", "*"), &[], Decision::Denied);
        decides(&both, ("s3:GetObject", "arn:aws:s3:::b/k"), &[], Decision::Allowed);
    }

    #[test]
    fn a_call_without_a_resource_needs_a_statement_on_everything() {
        let one =
            role(&json!([{"Sid": "One", "Effect": "Allow", "Action": "a:B", "Resource": "arn:aws:a:::b"}]));
        decides(&one, ("a:B", "*"), &[], Decision::NotAllowed);
        assert_eq!(one.allowed_actions().collect::<Vec<_>>(), [("One", "a:B")]);
        assert_eq!(one.without("One", "a:B"), RolePolicies::default());
        assert_eq!(one.without("Two", "a:B"), one);
    }

    #[test]
    fn stars_take_as_much_as_is_needed() {
        for (pattern, text, is_meant) in [
            ("*", "", true),
            ("a*b*c", "axxbxbc", true),
            ("a*b*c", "axxbxbcd", false),
            ("execution:x:*", "execution:x/child:1", false),
            ("a?", "a", false),
            ("a**", "a", true),
        ] {
            assert_eq!(fits(pattern, text), is_meant, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_not_read_is_refused_by_its_name() {
        let with = |key: &str, value: Value| {
            let mut statement = json!({"Sid": "S", "Effect": "Allow", "Action": "a:B", "Resource": "*"});
            statement[key] = value;
            RolePolicies::read([&json!({"Statement": [statement]})]).expect_err(key).to_string()
        };
        assert!(with("NotAction", json!("a:C")).contains("`S/NotAction`"));
        assert!(with("Effect", json!("allow")).contains("`S/Effect`"));
        assert!(with("Resource", json!(5)).contains("`S/Resource`"));
        assert!(with("Condition", json!({"Bool": {"a": "true"}})).contains("`S/Condition/Bool`"));
    }

    #[test]
    fn calls_are_spelt_as_iam_spells_them() {
        for (service, action, meant) in [
            ("sfn", "describeExecution", "states:DescribeExecution"),
            ("lambda", "invoke", "lambda:InvokeFunction"),
            ("elasticloadbalancingv2", "describeTargetHealth", "elasticloadbalancing:DescribeTargetHealth"),
            ("vpclattice", "listTargets", "vpc-lattice:ListTargets"),
        ] {
            assert_eq!(iam_action(service, action), meant);
        }
    }
}

//! IAM policy documents.

use serde::Serialize;

use super::parameter_key::ParameterKey;
use super::value::{Reference, Value};

/// A policy document, of a role, a queue or a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its statements, in the order printed.
    pub statements: Vec<Statement>,
}

/// One statement: who may do what to which resources, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Unique within the policy; says what it is for.
    pub sid: String,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// Who: in resource and trust policies only.
    pub principal: Option<Principal>,
    /// The API calls, as `service:Action`; `*` stands for any.
    pub actions: Vec<String>,
    /// What they may touch; none in trust policies.
    pub resources: Vec<Value>,
    /// Operator, key and value.
    pub conditions: Vec<(&'static str, String, Value)>,
    /// The optional parameter without which it is about what is [kept](Self::kept) alone, and where nothing is, denies the same of everything,
    /// which no other statement allows either: so that a format has a policy, and needs not know before it deploys whether there is
    /// something to allow.
    pub needs: Option<ParameterKey>,
    /// What it is about besides, whether or not that parameter is given.
    pub kept: Vec<Value>,
    /// Why it is there: a sentence with its period. No policy holds it.
    pub why: &'static str,
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Permits what no other statement forbids.
    Allow,
    /// Forbids, whatever else permits it.
    Deny,
}

/// Who a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Everybody, also outside the account.
    Anyone,
    /// An AWS service, by its domain.
    Service(&'static str),
    /// An AWS service whose domain has the region in it.
    RegionalService {
        /// What its domain begins with.
        name: &'static str,
        /// What its domain ends with, after the region.
        domain: String,
    },
    /// An account or role.
    Aws(Value),
}

/// The language version that every policy of today names.
const VERSION: &str = "2012-10-17";

impl Policy {
    /// A policy of these statements.
    pub fn new(statements: impl IntoIterator<Item = Statement>) -> Self {
        Self { statements: statements.into_iter().collect() }
    }

    /// The document, as IAM reads it.
    pub fn to_value(&self) -> Value {
        let statements = Value::list(self.statements.iter().map(Statement::to_value));
        Value::map([("Version", VERSION.into()), ("Statement", statements)])
    }
}

/// Templates see the document.
impl Serialize for Policy {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl Statement {
    /// A statement that allows.
    pub fn allow(sid: &str) -> Self {
        Self::new(sid, Effect::Allow)
    }

    /// A statement that denies.
    pub fn deny(sid: &str) -> Self {
        Self::new(sid, Effect::Deny)
    }

    /// Denies everybody what is not done over TLS.
    pub fn deny_insecure_transport(action: &str, resource: Value) -> Self {
        Self::deny("DenyInsecureTransport")
            .principal(Principal::Anyone)
            .actions([action])
            .resources([resource])
            .condition("Bool", "aws:SecureTransport", "false".into())
            .because("Nothing reaches it but over TLS.")
    }

    fn new(sid: &str, effect: Effect) -> Self {
        Self {
            sid: sid.to_owned(),
            effect,
            principal: None,
            actions: Vec::new(),
            resources: Vec::new(),
            conditions: Vec::new(),
            needs: None,
            kept: Vec::new(),
            why: "",
        }
    }

    /// Says why it is there.
    #[must_use]
    pub fn because(self, why: &'static str) -> Self {
        Self { why, ..self }
    }

    /// Sets whom it is about.
    #[must_use]
    pub fn principal(self, principal: Principal) -> Self {
        Self { principal: Some(principal), ..self }
    }

    /// Sets the API calls.
    #[must_use]
    pub fn actions<A: Into<String>>(self, actions: impl IntoIterator<Item = A>) -> Self {
        Self { actions: actions.into_iter().map(Into::into).collect(), ..self }
    }

    /// Sets what they may touch.
    #[must_use]
    pub fn resources(self, resources: impl IntoIterator<Item = Value>) -> Self {
        Self { resources: resources.into_iter().collect(), ..self }
    }

    /// Adds a condition; all of them have to hold.
    #[must_use]
    pub fn condition(mut self, operator: &'static str, key: &str, value: Value) -> Self {
        self.conditions.push((operator, key.to_owned(), value));
        self
    }

    /// Lets it deny the same of everything where the optional parameter is not given.
    #[must_use]
    pub fn needing(self, parameter: ParameterKey) -> Self {
        Self { needs: Some(parameter), ..self }
    }

    fn to_value(&self) -> Value {
        let without = |value: Value, otherwise: Value| match self.needs {
            Some(parameter) => Value::when(parameter, value, otherwise),
            None => value,
        };
        let effect = match self.effect {
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
        };
        let denied = if self.kept.is_empty() { "Deny" } else { effect };
        let mut entries = vec![("Sid", Value::from(self.sid.as_str()))];
        entries.push((
            "Effect",
            if denied == effect { effect.into() } else { without(effect.into(), denied.into()) },
        ));
        if let Some(principal) = &self.principal {
            entries.push(("Principal", principal.to_value()));
        }
        entries.push(("Action", Value::list(self.actions.iter().map(String::as_str))));
        if !self.resources.is_empty() {
            let resources = Value::list(self.resources.iter().chain(&self.kept).cloned());
            let kept = if self.kept.is_empty() {
                Value::list(["*"])
            } else {
                Value::list(self.kept.iter().cloned())
            };
            entries.push(("Resource", without(resources, kept)));
        }
        if !self.conditions.is_empty() {
            entries.push(("Condition", self.condition_block()));
        }
        Value::map(entries)
    }
}

impl Statement {
    /// The conditions by operator, which a policy names once.
    fn condition_block(&self) -> Value {
        let mut operators: Vec<(&str, Vec<(&str, Value)>)> = Vec::new();
        for (operator, key, value) in &self.conditions {
            let entry = (key.as_str(), value.clone());
            match operators.iter_mut().find(|(known, _)| known == operator) {
                Some((_, entries)) => entries.push(entry),
                None => operators.push((operator, vec![entry])),
            }
        }
        Value::map(operators.into_iter().map(|(operator, entries)| (operator, Value::map(entries))))
    }
}

impl Principal {
    /// The account deployed to: its own policies decide.
    pub fn account() -> Self {
        let arn = ["arn:".into(), Reference::Partition.into(), ":iam::".into(), Reference::Account.into()];
        Self::Aws(Value::joined(arn.into_iter().chain([":root".into()])))
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Anyone => "*".into(),
            Self::Service(name) => Value::map([("Service", *name)]),
            Self::RegionalService { name, domain } => {
                let parts =
                    [format!("{name}.").into(), Reference::Region.into(), format!(".{domain}").into()];
                Value::map([("Service", Value::joined(parts))])
            }
            Self::Aws(arn) => Value::map([("AWS", arn.clone())]),
        }
    }
}

//! The parameters of the CloudFormation template.
//!
//! On an update CloudFormation keeps the value that a parameter had over a new default, so a default in the template would
//! be the one of the first deployment for ever. What `stack.yaml` says stands in the template instead, and a parameter
//! overrides it: left empty, as it is by default, the template's own value holds, whatever the client sends.

use serde::Serialize;

use super::print::bounded;
use super::refusals::Never;
use super::yaml::{self, Overridden};
use crate::stack::Parameter;
use crate::stack::parameter::{Check, ParameterKey, ParameterKind};
use crate::stack::value::{Reference, Value};

/// What takes away the template's own value of an optional parameter. A secret takes it too, which then is not given: clients that ask
/// for one without showing what is typed, as `sam deploy --guided` does, take no empty answer.
const NONE: &str = "none";

/// A parameter as the template declares it.
#[derive(Debug, Serialize)]
pub(super) struct TemplateParameter {
    name: String,
    description: String,
    kind: &'static str,
    /// Absent where a value has to be given.
    default: Option<Value>,
    pattern: Option<String>,
    length_max: Option<usize>,
    values: Option<Value>,
    constraint: Option<String>,
    /// Whether its value is a secret.
    secret: bool,
}

impl TemplateParameter {
    /// `never` is what its values may not be although they have its form.
    pub(super) fn new(parameter: &Parameter, never: Option<Never>) -> Self {
        let (mut pattern, mut length_max, mut values, mut constraint) = (None, None, None, None);
        let own = own_value(parameter);
        let can_be_empty = parameter.optional || own.is_some();
        match &parameter.check {
            Check::Any | Check::TagKeys | Check::Region { .. } => {}
            Check::Pattern { pattern: inner, length_max: most, meaning } => {
                // Of a list, CloudFormation cannot count the items; it refuses the alarms instead.
                length_max = most.filter(|_| parameter.kind != ParameterKind::TextList);
                let inner = never
                    .as_ref()
                    .map_or_else(|| inner.clone(), |one| format!("(?!{}$){inner}", one.pattern));
                let (shape, others) = match (can_be_empty, can_be_taken_away(parameter)) {
                    (true, true) => (format!("({NONE}|{inner})?"), ", `none`, or nothing"),
                    (true, false) => (format!("({inner})?"), ", or nothing"),
                    (false, _) => (inner, ""),
                };
                pattern = Some(format!("^{shape}$"));
                let bounded = bounded(meaning, *most, parameter.kind);
                let never = never.map(|one| format!(", and {}", one.says)).unwrap_or_default();
                constraint = Some(format!("must be {bounded}{others}{never}"));
            }
            Check::OneOf(each) => values = Some(each.iter().map(text).collect::<Vec<_>>()),
        }
        if parameter.kind == ParameterKind::Bool {
            values = Some(["true", "false"].map(str::to_owned).to_vec());
        }
        if let (Some(values), true) = (&mut values, can_be_empty) {
            values.insert(0, String::new());
        }
        Self {
            name: yaml::parameter_name(parameter.key),
            description: description(parameter),
            kind: if parameter.kind == ParameterKind::TextList { "CommaDelimitedList" } else { "String" },
            default: default(parameter).map(Value::from),
            pattern,
            length_max,
            values: values.map(Value::list),
            constraint,
            secret: parameter.secret,
        }
    }
}

/// The default as the template declares it; nothing where a value has to be given.
pub(super) fn default(parameter: &Parameter) -> Option<String> {
    match &parameter.default {
        Some(value) if is_fixed_at_creation(parameter) => Some(text(value)),
        Some(_) => Some(String::new()),
        None => parameter.optional.then(String::new),
    }
}

/// Whether it keeps its first value, because another one would replace every resource.
fn is_fixed_at_creation(parameter: &Parameter) -> bool {
    parameter.key == ParameterKey::Environment
}

/// The template's own value, which the parameter overrides.
fn own_value(parameter: &Parameter) -> Option<Value> {
    let is_nothing = |value: &Value| matches!(value, Value::List(items) if items.is_empty());
    match &parameter.default {
        _ if is_fixed_at_creation(parameter) => None,
        _ if own_default(parameter).is_some() => own_default(parameter),
        value => value.clone().filter(|value| !is_nothing(value)),
    }
}

/// The value where none is given, where it is not the stack's default.
pub(super) fn own_default(parameter: &Parameter) -> Option<Value> {
    // A first deployment that fails could not be rolled back: CloudFormation would have to delete a table that is
    // protected from it. Afterwards the table's deletion policy keeps it.
    (parameter.key == ParameterKey::DeletionProtection).then(|| false.into())
}

fn can_be_taken_away(parameter: &Parameter) -> bool {
    parameter.optional && (parameter.secret || own_value(parameter).is_some())
}

fn description(parameter: &Parameter) -> String {
    let said = parameter.description;
    match own_value(parameter) {
        Some(value) if can_be_taken_away(parameter) => {
            format!("{said} Empty for {}, `{NONE}` for none.", text(&value))
        }
        Some(value) => format!("{said} Empty for {}.", text(&value)),
        None => said.to_owned(),
    }
}

/// As the value of a parameter: a list is text with commas.
fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::List(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => panic!("a parameter is {other:?}"),
    }
}

/// What the parameters override.
pub(super) fn overridden<'a>(parameters: impl Iterator<Item = &'a Parameter>) -> Overridden {
    let values = parameters.filter(|each| !is_asked_in_conditions(each));
    values.filter_map(|each| Some((each.key, of_here(each, own_value(each)?)))).collect()
}

/// The ARN of a function or a role stands where checkers want no partition written out: it is that of the stack in any case.
fn of_here(parameter: &Parameter, value: Value) -> Value {
    let Value::Text(arn) = &value else { return value };
    let is_arn = matches!(
        parameter.key,
        ParameterKey::NotifierFunctionArn | ParameterKey::HandlerRoleArn | ParameterKey::MachineRoleArn
    );
    match arn.split(':').nth(1).filter(|_| is_arn) {
        Some(partition) => {
            let rest = arn[format!("arn:{partition}").len()..].to_owned();
            Value::joined(["arn:".into(), Value::Reference(Reference::Partition), rest.into()])
        }
        None => value,
    }
}

/// Whether it is read by a condition alone, which cannot choose between values.
fn is_asked_in_conditions(parameter: &Parameter) -> bool {
    parameter.key == ParameterKey::CreateLockTable
}

/// A condition on one parameter: whether it is, or is not, one of these texts.
#[derive(Debug, Serialize)]
pub(super) struct Condition {
    name: String,
    parameter: String,
    is_list: bool,
    is_not: bool,
    texts: Vec<&'static str>,
}

impl Condition {
    /// Those that the template needs on a parameter.
    pub(super) fn of(parameter: &Parameter) -> Vec<Self> {
        let own = own_value(parameter);
        let condition = |name: String, is_not: bool, texts: &[&'static str]| Self {
            name,
            parameter: yaml::parameter_name(parameter.key),
            is_list: parameter.kind == ParameterKind::TextList,
            is_not,
            texts: texts.to_vec(),
        };
        if is_asked_in_conditions(parameter) {
            let creates = own == Some(Value::Bool(true));
            return vec![condition(
                "CreatesLockTable".to_owned(),
                creates,
                if creates { &["false"] } else { &["true"] },
            )];
        }
        let mut conditions = Vec::new();
        if parameter.optional {
            let nothing: &[_] = match &own {
                Some(_) => &[NONE],
                None if can_be_taken_away(parameter) => &["", NONE],
                None => &[""],
            };
            conditions.push(condition(yaml::condition_name(parameter.key), true, nothing));
        }
        if own.is_some() {
            conditions.push(condition(yaml::overrides_name(parameter.key), true, &[""]));
        }
        conditions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// CloudFormation has to be able to delete the table again where the first deployment fails.
    #[test]
    fn a_first_deployment_protects_no_table_from_being_rolled_back() {
        let config = Config::with_defaults("demo".parse().unwrap());
        let recycle = crate::construct::AsgRecycle::from_config(config).unwrap();
        let parameters = &recycle.stack().parameters;
        let own = parameters.iter().find(|one| one.key == ParameterKey::DeletionProtection).unwrap();
        assert_eq!(own_default(own), Some(false.into()));
    }
}

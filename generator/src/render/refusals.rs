//! What the template refuses of its parameters beyond their forms, before anything is made.
//!
//! A template that AWS does not take would be the worst of all, so only what `CloudFormation`'s guide has in these places stands
//! there (fact T3): no condition that takes a text apart.

use serde::Serialize;

use super::yaml;
use crate::names;
use crate::stack::parameter::{ParameterKey, ParameterKind};
use crate::stack::value::Value;
use crate::stack::{Parameter, Stack};

/// A value of `stack.yaml` that names a thing of one region, as a rule of the template.
#[derive(Debug, Serialize)]
pub(super) struct OfOneRegion {
    /// The name of the rule.
    rule: String,
    /// The parameter that overrides the value.
    parameter: String,
    /// The region of the value.
    region: String,
    /// The key of `stack.yaml`.
    setting: &'static str,
    /// Whether the parameter can say that there is none.
    can_be_none: bool,
}

/// The rules of a stack. Of lists there are none, for AWS refuses what is in them while it deploys.
pub(super) fn of_one_region(stack: &Stack) -> Vec<OfOneRegion> {
    let rule = |parameter: &Parameter| {
        let parameter =
            Some(parameter).filter(|one| one.key.is_regional() && one.kind == ParameterKind::Text)?;
        let Some(Value::Text(arn)) = &parameter.default else { return None };
        let name = yaml::parameter_name(parameter.key);
        Some(OfOneRegion {
            rule: format!("RegionOf{name}"),
            parameter: name,
            region: arn.split(':').nth(3)?.to_owned(),
            setting: parameter.key.setting()?,
            can_be_none: parameter.optional,
        })
    };
    stack.parameters.iter().filter_map(rule).collect()
}

/// What a parameter's values may not be although they have its form: a pattern, and how to say it.
#[derive(Debug)]
pub(super) struct Never {
    pub(super) pattern: String,
    pub(super) says: &'static str,
}

/// An alarm's action is never a topic of this stack that AWS's key encrypts, whichever environment or region it is of.
pub(super) fn never(parameter: &Parameter, stack: &Stack) -> Option<Never> {
    (parameter.key == ParameterKey::AlarmActionArns && stack.key.is_none()).then(|| Never {
        pattern: format!("arn:.*:{}", names::topics_of(&stack.name)),
        says: "no topic of this stack, which AWS's key encrypts: CloudWatch cannot publish to it",
    })
}

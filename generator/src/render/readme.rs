//! The output folder's `README.md`: exact commands for the person who deploys the stack.

use minijinja::context;
use serde::Serialize;

use super::{environment, hcl, print, seen, yaml};
use crate::stack::parameter::{Group, ParameterKind};
use crate::stack::value::Value;
use crate::stack::{Parameter, Stack};

const TEMPLATE: &str = "readme/README.md.j2";

/// Renders it.
pub(super) fn render(stack: &Stack) -> String {
    let environment = environment("hcl", hcl::expression);
    let parameters: Vec<Row> = stack.parameters.iter().map(Row::new).collect();
    let context = context! { parameters => seen(parameters), ..seen(stack) };
    print(&environment, TEMPLATE, &context)
}

/// A row of the table of parameters.
#[derive(Debug, Serialize)]
struct Row {
    variable: &'static str,
    /// Its name in the CloudFormation template; absent where that has none.
    parameter: Option<String>,
    default: String,
    description: &'static str,
}

impl Row {
    fn new(parameter: &Parameter) -> Self {
        let in_template =
            parameter.group != Group::PackageFromFile && parameter.kind != ParameterKind::TextMap;
        Self {
            variable: parameter.key.as_str(),
            parameter: in_template.then(|| yaml::parameter_name(parameter.key)),
            default: default(parameter),
            description: parameter.description,
        }
    }
}

fn default(parameter: &Parameter) -> String {
    match &parameter.default {
        Some(Value::Text(text)) if text.is_empty() => "none".to_owned(),
        Some(Value::Text(text)) => format!("`{text}`"),
        Some(Value::Map(entries)) if entries.is_empty() => "none".to_owned(),
        Some(Value::List(items)) if items.is_empty() => "none".to_owned(),
        Some(Value::Map(_) | Value::List(_)) => "from `stack.yaml`".to_owned(),
        Some(value) => format!("`{}`", hcl::expression(value, 0)),
        None if parameter.optional => "none".to_owned(),
        None if parameter.group == Group::PackageFromBucket => "has to be given to CloudFormation".to_owned(),
        None => "has to be given".to_owned(),
    }
}

//! Reads the emitted Terraform module and evaluates it the way Terraform would, with texts like `{EventsQueue.Arn}`
//! for what is known only once it is deployed.

use std::collections::BTreeMap;

use asg_recycle::render::{Files, Format, Terraform};
use asg_recycle::stack::Stack;
use asg_recycle::stack::parameter::ParameterKind;
use hcl::eval::{Context, Evaluate, FuncArgs, FuncDef, ParamType};
use hcl::{Block, Body};
use serde_json::{Map, Value, json};

use super::correspondence::logical_id;
use super::{Optional, cloudformation};

/// Resources by type and label, with their arguments; blocks are arguments that hold maps.
pub(super) type Resources = BTreeMap<(String, String), Map<String, Value>>;

/// Arguments that say how to deploy and not what.
const META_ARGUMENTS: &[&str] = &["count", "depends_on"];

/// What the resources of the module are.
pub(super) fn resources(stack: &Stack, optional: Optional) -> Resources {
    let module = Module::of(stack);
    let context = module.context(stack, optional);
    let blocks = module.blocks("resource");
    let existing = blocks.filter(|block| attribute(block, "count", &context) != Some(json!(0)));
    let mut resources: Resources =
        existing.map(|block| (labels(block), arguments(block.body(), &context))).collect();
    for arguments in resources.values_mut() {
        module.fill_definition(arguments);
    }
    resources
}

/// The values of the outputs by name.
pub(super) fn outputs(stack: &Stack) -> BTreeMap<String, Value> {
    let module = Module::of(stack);
    let context = module.context(stack, Optional::Given);
    let value = |block: &Block| attribute(block, "value", &context).expect("an output has a value");
    module.blocks("output").map(|block| (cloudformation::pascal(&label(block)), value(block))).collect()
}

/// A variable or parameter, without what only its format knows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Variable {
    /// What it sets.
    pub(super) description: String,
    /// The default as text; none where there is nothing or something has to be given.
    pub(super) default: Option<String>,
}

/// The variables by name.
pub(super) fn variables(stack: &Stack) -> BTreeMap<String, Variable> {
    let module = Module::of(stack);
    let context = Context::new();
    let variable = |block: &Block| Variable {
        description: attribute(block, "description", &context).map(|text| plain(&text)).unwrap_or_default(),
        default: attribute(block, "default", &context)
            .map(|value| plain(&value))
            .filter(|text| !text.is_empty()),
    };
    module.blocks("variable").map(|block| (label(block), variable(block))).collect()
}

/// A default as CloudFormation writes it: all text, and lists with commas.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// The emitted module.
struct Module {
    bodies: Vec<Body>,
    files: Files,
}

impl Module {
    fn of(stack: &Stack) -> Self {
        let files = Terraform.render(stack);
        let in_module = |path: &&String| path.starts_with("terraform/") && path.strip_suffix(".tf").is_some();
        let text = |path: &String| String::from_utf8(files[path].clone()).expect("files are text");
        let body = |path: &String| hcl::parse(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let bodies = files.keys().filter(in_module).map(body).collect();
        Self { bodies, files }
    }

    fn blocks<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.bodies.iter().flat_map(Body::blocks).filter(move |block| block.identifier() == kind)
    }

    fn context(&self, stack: &Stack, optional: Optional) -> Context<'static> {
        let mut context = Context::new();
        let variables = stack.parameters.iter().map(|parameter| {
            let value = match parameter.kind {
                ParameterKind::TextMap => Some(json!(stack.tags)), // CloudFormation's tags are those of stack.yaml
                _ => optional.value(parameter),
            };
            (parameter.key.as_str().to_owned(), value.unwrap_or(Value::Null))
        });
        declare(&mut context, "var", &Value::Object(variables.collect()));
        declare(&mut context, "path", &json!({ "module": "terraform" }));
        declare(
            &mut context,
            "data",
            &json!({
                "aws_partition": { "current": { "partition": "{partition}" } },
                "aws_region": { "current": { "region": "{region}" } },
                "aws_caller_identity": { "current": { "account_id": "{account}" } },
            }),
        );
        declare_functions(&mut context);
        for locals in self.blocks("locals") {
            let values = arguments(locals.body(), &context);
            declare(&mut context, "local", &Value::Object(values));
        }
        for (kind, labelled) in self.attributes() {
            declare(&mut context, &kind, &Value::Object(labelled));
        }
        context
    }

    /// What other resources may refer to, by type.
    fn attributes(&self) -> BTreeMap<String, Map<String, Value>> {
        let mut by_type: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        for block in self.blocks("resource") {
            let (kind, label) = labels(block);
            let Some(id) = logical_id(&kind, &label) else { continue };
            let attributes = json!({
                "arn": format!("{{{id}.Arn}}"),
                "name": format!("{{{id}.Name}}"),
                "function_name": format!("{{{id}.Name}}"),
                "id": format!("{{{id}.Name}}"),
                "url": format!("{{{id}.Url}}"),
            });
            by_type.entry(kind).or_default().insert(label, attributes);
        }
        by_type
    }

    /// Does what `templatefile` does.
    fn fill_definition(&self, arguments: &mut Map<String, Value>) {
        if let Some(definition) = arguments.get_mut("definition") {
            let path = definition["file"].as_str().expect("a path is text");
            let mut text = String::from_utf8(self.files[path].clone()).expect("the definition is text");
            for (name, value) in definition["substitutions"].as_object().expect("a map") {
                text =
                    text.replace(&format!("${{{name}}}"), value.as_str().expect("names and ARNs are text"));
            }
            *definition = text.into();
        }
    }
}

/// `jsonencode` keeps its structure, so that what it holds can be compared.
fn declare_functions(context: &mut Context<'static>) {
    let jsonencode = |args: FuncArgs| Ok(args[0].clone());
    let templatefile = |args: FuncArgs| {
        let [file, substitutions] = [args[0].clone(), args[1].clone()];
        Ok(hcl::Value::from_iter([("file", file), ("substitutions", substitutions)]))
    };
    let coalesce = |args: FuncArgs| {
        let given = args.variadic_args().find(|value| !value.is_null());
        given.cloned().ok_or_else(|| "nothing to coalesce".to_owned())
    };
    context.declare_func("jsonencode", FuncDef::builder().param(ParamType::Any).build(jsonencode));
    let parameters = [ParamType::String, ParamType::Any];
    context.declare_func("templatefile", FuncDef::builder().params(parameters).build(templatefile));
    let any = ParamType::Any;
    context.declare_func("coalesce", FuncDef::builder().variadic_param(any).build(coalesce));
}

fn declare(context: &mut Context<'static>, name: &str, value: &Value) {
    let value: hcl::Value = serde_json::from_value(value.clone()).expect("JSON is a subset");
    context.declare_var(name, value);
}

fn arguments(body: &Body, context: &Context<'_>) -> Map<String, Value> {
    let attributes = body.attributes().filter(|attribute| !META_ARGUMENTS.contains(&attribute.key()));
    let attributes =
        attributes.map(|attribute| (attribute.key().to_owned(), evaluated(attribute.expr(), context)));
    let blocks =
        body.blocks().map(|block| (block.identifier().to_owned(), arguments(block.body(), context).into()));
    attributes.chain(blocks).filter(|(_, value)| !value.is_null()).collect()
}

fn attribute(block: &Block, name: &str, context: &Context<'_>) -> Option<Value> {
    let mut attributes = block.body().attributes();
    attributes.find(|attribute| attribute.key() == name).map(|attribute| evaluated(attribute.expr(), context))
}

fn evaluated(expression: &hcl::Expression, context: &Context<'_>) -> Value {
    let value = expression.evaluate(context).unwrap_or_else(|error| panic!("{error} in {expression:?}"));
    serde_json::to_value(value).expect("HCL values are JSON")
}

fn labels(block: &Block) -> (String, String) {
    match block.labels() {
        [kind, label] => (kind.as_str().to_owned(), label.as_str().to_owned()),
        labels => panic!("a resource has a type and a label, not {labels:?}"),
    }
}

fn label(block: &Block) -> String {
    match block.labels() {
        [label] => label.as_str().to_owned(),
        labels => panic!("one label expected, not {labels:?}"),
    }
}

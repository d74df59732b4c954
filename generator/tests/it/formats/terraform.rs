//! Reads the emitted Terraform module and evaluates it the way Terraform would, with texts like `{EventsQueue.Arn}`
//! for what is known only once it is deployed.

use std::collections::BTreeMap;

use asg_recycle::render::{Files, OutputFormat as _, Terraform};
use asg_recycle::stack::Stack;
use asg_recycle::stack::parameter::{ParameterKey, ParameterKind};
use hcl::eval::{Context, Evaluate, FuncArgs, FuncDef, ParamType};
use hcl::{Block, Body};
use serde_json::{Map, Value, json};

use super::correspondence::Kind;
use super::terraform_kinds::{KINDS, PARTS};
use super::{Inventory, Optional, ParameterSeen, text_of};

/// Resources by type and label, with their arguments; blocks are arguments that hold maps.
type Resources = BTreeMap<(String, String), Map<String, Value>>;

/// What Terraform keeps for itself, in its state: AWS never hears of it.
const TERRAFORMS_OWN: &str = "terraform_data";

/// The local that refuses another deployment's state, of which nothing else is made; see `foreign::states`.
const OF_THE_STATE: &str = "is_own_state";

/// Arguments that say how to deploy and where, and not what.
const META_ARGUMENTS: &[&str] = &["count", "depends_on", "region"];

/// The folders of the modules that make resources.
const MODULE: &str = "terraform/";
const REPOSITORY: &str = "terraform-repository/";

/// The resources of the modules, in the stack's words.
pub(super) fn inventory(stack: &Stack, optional: Optional) -> Inventory {
    [MODULE, REPOSITORY].iter().flat_map(|folder| resources(stack, optional, folder)).collect()
}

fn resources(stack: &Stack, optional: Optional, folder: &str) -> Inventory {
    let module = Module::in_folder(stack, folder);
    let context = module.context(stack, optional);
    let blocks = module.blocks("resource");
    let existing = blocks.filter(|block| {
        labels(block).0 != TERRAFORMS_OWN && attribute(block, "count", &context) != Some(json!(0))
    });
    let mut resources: Resources =
        existing.map(|block| (labels(block), arguments(block.body(), &context))).collect();
    for arguments in resources.values_mut() {
        module.fill_definition(arguments);
    }
    let translated = |((own, label), arguments): ((String, String), Map<String, Value>)| {
        let kind = kind(&own);
        (format!("{}.{label}", kind.name), kind.translated(&label, arguments.into()))
    };
    whole(resources).into_iter().map(translated).collect()
}

/// Puts the parts into what they belong to.
fn whole(mut resources: Resources) -> Resources {
    for (part, whole) in PARTS {
        let labels: Vec<String> =
            resources.keys().filter(|(of, _)| of == whole).map(|(_, label)| label.clone()).collect();
        for label in labels {
            let key = ((*part).to_owned(), label.clone());
            let mut arguments = resources.remove(&key).unwrap_or_else(|| panic!("{key:?} is missing"));
            arguments.retain(|name, _| !["rule", "role", "repository"].contains(&name.as_str())); // the whole itself
            let whole = resources.get_mut(&((*whole).to_owned(), label)).expect("it was just listed");
            whole.insert((*part).to_owned(), arguments.into());
        }
    }
    resources
}

fn kind(own: &str) -> &'static Kind {
    KINDS.iter().find(|kind| kind.own == own).unwrap_or_else(|| panic!("no stack speaks of {own}"))
}

/// The values of the outputs by name.
pub(super) fn outputs(stack: &Stack) -> BTreeMap<String, Value> {
    let module = Module::of(stack);
    let context = module.context(stack, Optional::Given);
    let value = |block: &Block| attribute(block, "value", &context).expect("an output has a value");
    module.blocks("output").map(|block| (label(block), value(block))).collect()
}

/// The variables by name.
pub(super) fn parameters(stack: &Stack) -> BTreeMap<String, ParameterSeen> {
    let module = Module::of(stack);
    let context = Context::new();
    let variable = |block: &Block| ParameterSeen {
        description: attribute(block, "description", &context).map(|text| text_of(&text)).unwrap_or_default(),
        default: attribute(block, "default", &context).map(|value| text_of(&value)),
    };
    module.blocks("variable").map(|block| (label(block), variable(block))).collect()
}

/// The definition that the module reads, before anything is put in.
pub(super) fn definition(stack: &Stack) -> String {
    let mut files = Terraform.render(stack);
    let definition = files.remove("terraform/state_machine.asl.json").expect("it lies in the module");
    String::from_utf8(definition).expect("the definition is text")
}

/// The emitted module.
struct Module {
    bodies: Vec<Body>,
    files: Files,
}

impl Module {
    fn of(stack: &Stack) -> Self {
        Self::in_folder(stack, MODULE)
    }

    fn in_folder(stack: &Stack, folder: &str) -> Self {
        let files = Terraform.render(stack);
        // Not the examples below it, which call the module.
        let in_module = |path: &&String| {
            let name = path.strip_prefix(folder).and_then(|name| name.strip_suffix(".tf"));
            name.is_some_and(|name| !name.contains('/'))
        };
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
                ParameterKind::TextMap => Some(json!(stack.tags)), // those of stack.yaml
                _ if parameter.key == ParameterKey::CreateLockTable => Some(json!(true)), // decides what there is
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
        // Each may refer to those above it.
        let mut values = Map::new();
        for local in self.blocks("locals").flat_map(|locals| locals.body().attributes()) {
            if local.key() == OF_THE_STATE {
                continue;
            }
            values.insert(local.key().to_owned(), evaluated(local.expr(), &context));
            declare(&mut context, "local", &Value::Object(values.clone()));
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
            let Some(known) = KINDS.iter().find(|known| known.own == kind) else { continue };
            let id = format!("{}.{label}", known.name);
            let attributes = json!({
                "arn": format!("{{{id}.arn}}"),
                "name": format!("{{{id}.name}}"),
                "function_name": format!("{{{id}.name}}"),
                "id": format!("{{{id}.name}}"),
                "key_id": format!("{{{id}.name}}"),
                "url": format!("{{{id}.url}}"),
                "version": format!("{{{id}.version}}"),
            });
            by_type.entry(kind).or_default().insert(label, attributes);
        }
        by_type
    }

    /// Does what `templatefile` does.
    fn fill_definition(&self, arguments: &mut Map<String, Value>) {
        if let Some(definition) = arguments.get_mut("definition").filter(|value| value.get("file").is_some())
        {
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
    let first = |args: FuncArgs| args.variadic_args().next().cloned().ok_or_else(|| "nothing".to_owned());
    let hash = |_: FuncArgs| Ok(hcl::Value::from("a hash"));
    let merge = |args: FuncArgs| {
        let entries = args.variadic_args().filter_map(hcl::Value::as_object).flatten();
        Ok(hcl::Value::Object(entries.map(|(key, value)| (key.clone(), value.clone())).collect()))
    };
    let length = |args: FuncArgs| Ok(hcl::Value::from(args[0].as_array().map_or(0, Vec::len)));
    context.declare_func("length", FuncDef::builder().param(ParamType::Any).build(length));
    let same = |args: FuncArgs| Ok(args[0].clone());
    context.declare_func("nonsensitive", FuncDef::builder().param(ParamType::Any).build(same));
    context.declare_func("try", FuncDef::builder().variadic_param(ParamType::Any).build(first));
    context.declare_func("filebase64sha256", FuncDef::builder().param(ParamType::Any).build(hash));
    context.declare_func("jsonencode", FuncDef::builder().param(ParamType::Any).build(jsonencode));
    let parameters = [ParamType::String, ParamType::Any];
    context.declare_func("templatefile", FuncDef::builder().params(parameters).build(templatefile));
    let any = ParamType::Any;
    context.declare_func("merge", FuncDef::builder().variadic_param(ParamType::Any).build(merge));
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

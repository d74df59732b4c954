//! Reads the emitted CloudFormation template and evaluates its intrinsic functions, with texts like
//! `{EventsQueue.Arn}` for what is known only once it is deployed.

use std::collections::BTreeMap;

use asg_recycle::render::{CloudFormation, OutputFormat as _};
use asg_recycle::stack::Stack;
use asg_recycle::stack::parameter::{Parameter, ParameterKey};
use asg_recycle::stack::value::Value as StackValue;
use serde_json::{Map, Value};

use super::cloudformation_kinds::{KINDS, NOUNS};
use super::correspondence::{Kind, from_pairs};
use super::{Inventory, Optional, ParameterSeen, text_of};

/// A version of the handler.
const VERSION: &str = "version.handler";

/// The template that makes the repository of the handler's images.
const REPOSITORY: &str = "cloudformation/repository.yaml";

/// The resources of the templates, in the stack's words.
pub(super) fn inventory(stack: &Stack, optional: Optional) -> Inventory {
    let templates = [Some(Template::of(stack)), Template::read(stack, REPOSITORY)];
    templates.iter().flatten().flat_map(|template| template.inventory(stack, optional)).collect()
}

/// The values of the outputs by name.
pub(super) fn outputs(stack: &Stack) -> BTreeMap<String, Value> {
    Template::of(stack).outputs(stack)
}

/// The parameters by name.
pub(super) fn parameters(stack: &Stack) -> BTreeMap<String, ParameterSeen> {
    Template::of(stack).parameters()
}

/// The definition in the template, before anything is put in.
pub(super) fn definition(stack: &Stack) -> String {
    let template = Template::of(stack);
    let machine = &section(&template.0, "Resources")["RecycleMachine"]["Properties"];
    machine["DefinitionString"].as_str().expect("text").to_owned()
}

/// What the template makes where one parameter has this value, and the others what they have by default.
pub(super) fn made_with(stack: &Stack, parameter: &str, given: &str) -> Inventory {
    let template = Template::of(stack);
    let default = |parameter: &Value| parameter.get("Default").cloned().unwrap_or_else(|| "asked".into());
    let parameters = section(&template.0, "Parameters").iter();
    let mut world =
        template.world_of(parameters.map(|(name, one)| (name.clone(), Some(default(one)))).collect());
    world.parameters.insert(parameter.to_owned(), Some(given.into()));
    template.inventory_in(&world)
}

/// The resources of the template where every parameter keeps what it had when a former stack was deployed with what it
/// asked for alone, as CloudFormation's clients keep it.
pub(super) fn upgraded(stack: &Stack, former: &Stack) -> Inventory {
    let former = Template::of(former);
    let default = |parameter: &Value| parameter.get("Default").cloned().unwrap_or_else(|| "asked".into());
    let template = Template::of(stack);
    // What is new has its default.
    let kept = section(&template.0, "Parameters").iter().chain(section(&former.0, "Parameters"));
    let world = template.world_of(kept.map(|(name, one)| (name.clone(), Some(default(one)))).collect());
    template.inventory_in(&world)
}

/// The function's properties, and the description of its version, where a parameter has another value.
pub(super) fn versioned(stack: &Stack, changed: Option<ParameterKey>) -> (Value, Value) {
    let template = Template::of(stack);
    let mut world = template.world(stack, Optional::Given);
    if let Some(key) = changed {
        world.parameters.insert(pascal(key.as_str()), Some("another".into()));
    }
    let of = |id: &str| world.evaluated(&section(&template.0, "Resources")[id]["Properties"]).expect("a map");
    (of("HandlerFunction"), of("HandlerVersion")["Description"].clone())
}

/// The emitted template.
struct Template(Value);

impl Template {
    /// Renders and reads it.
    fn of(stack: &Stack) -> Self {
        Self::read(stack, "cloudformation/template.yaml").expect("there is one")
    }

    fn read(stack: &Stack, path: &str) -> Option<Self> {
        let mut files = CloudFormation.render(stack);
        let text = String::from_utf8(files.remove(path)?).expect("the template is text");
        Some(Self(serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{error}"))))
    }

    /// Its resources, those left out whose condition is false.
    fn inventory(&self, stack: &Stack, optional: Optional) -> Inventory {
        self.inventory_in(&self.world(stack, optional))
    }

    fn inventory_in(&self, world: &World<'_>) -> Inventory {
        let entries = section(&self.0, "Resources").iter();
        let existing = entries.filter(|(_, resource)| {
            resource.get("Condition").is_none_or(|condition| world.holds(condition.as_str().expect("a name")))
        });
        let resource = |(id, resource): (&String, &Value)| {
            let kind = kind(resource["Type"].as_str().expect("a type"));
            let properties = world.evaluated(&resource["Properties"]).expect("a map");
            let properties = with_json(world.with_definition(properties));
            let properties = kind.translated(id, properties);
            (format!("{}.{}", kind.name, label(kind, id)), maps_for_pairs(properties))
        };
        let mut all: Inventory = existing.map(resource).collect();
        // Terraform publishes a version with the function itself.
        if let (Some(_), Some(function)) = (all.remove(VERSION), all.get_mut("function.handler")) {
            function["published"] = true.into();
        }
        all
    }

    /// The values of its outputs by name.
    fn outputs(&self, stack: &Stack) -> BTreeMap<String, Value> {
        let world = self.world(stack, Optional::Given);
        let value = |output: &Value| world.evaluated(&output["Value"]).expect("an output has a value");
        section(&self.0, "Outputs").iter().map(|(name, output)| (snake(name), value(output))).collect()
    }

    /// Its parameters by name.
    fn parameters(&self) -> BTreeMap<String, ParameterSeen> {
        let variable = |parameter: &Value| ParameterSeen {
            description: text_of(&parameter["Description"]),
            default: parameter.get("Default").map(text_of),
        };
        let parameters = section(&self.0, "Parameters").iter();
        parameters.map(|(name, parameter)| (name.clone(), variable(parameter))).collect()
    }

    fn world(&self, stack: &Stack, optional: Optional) -> World<'_> {
        let values = stack.parameters.iter().map(|each| (pascal(each.key.as_str()), given(each, optional)));
        self.world_of(values.collect())
    }

    fn world_of(&self, parameters: BTreeMap<String, Option<Value>>) -> World<'_> {
        let types = section(&self.0, "Resources").iter();
        World {
            parameters,
            types: types
                .map(|(id, resource)| (id.as_str(), resource["Type"].as_str().expect("a type")))
                .collect(),
            conditions: self.0["Conditions"].as_object(),
        }
    }
}

fn section<'a>(template: &'a Value, name: &str) -> &'a Map<String, Value> {
    template[name].as_object().unwrap_or_else(|| panic!("the template has {name}"))
}

/// What intrinsic functions see.
struct World<'a> {
    /// None where an optional parameter is not given.
    parameters: BTreeMap<String, Option<Value>>,
    types: BTreeMap<&'a str, &'a str>,
    conditions: Option<&'a Map<String, Value>>,
}

impl World<'_> {
    /// The value; none where it is `AWS::NoValue`.
    fn evaluated(&self, value: &Value) -> Option<Value> {
        match value {
            Value::Object(map) => match map.iter().next() {
                Some((name, argument)) if map.len() == 1 && (name == "Ref" || name.starts_with("Fn::")) => {
                    self.called(name, argument)
                }
                _ => {
                    let entry = |(key, value): (&String, &Value)| Some((key.clone(), self.evaluated(value)?));
                    Some(Value::Object(map.iter().filter_map(entry).collect()))
                }
            },
            Value::Array(items) => Some(items.iter().filter_map(|item| self.evaluated(item)).collect()),
            other => Some(other.clone()),
        }
    }

    fn called(&self, function: &str, argument: &Value) -> Option<Value> {
        match (function, argument) {
            ("Ref", Value::String(name)) if name == "AWS::NoValue" => None,
            ("Ref", Value::String(name)) => Some(self.referred(name)),
            ("Fn::GetAtt", Value::Array(path)) => {
                let [id, attribute] = [0, 1].map(|index| path[index].as_str().expect("text"));
                Some(self.attribute(id, attribute).into())
            }
            ("Fn::Sub", Value::String(text)) => Some(self.substituted(text, &Map::new()).into()),
            ("Fn::Sub", Value::Array(call)) => {
                let own = self.evaluated(&call[1])?;
                let text = call[0].as_str().expect("text");
                Some(self.substituted(text, own.as_object().expect("a map")).into())
            }
            ("Fn::If", Value::Array(choice)) => {
                let holds = self.holds(choice[0].as_str().expect("a name"));
                self.evaluated(if holds { &choice[1] } else { &choice[2] })
            }
            ("Fn::Not", Value::Array(inner)) => {
                Some((self.evaluated(&inner[0])? == Value::Bool(false)).into())
            }
            ("Fn::Or", Value::Array(each)) => {
                Some(each.iter().any(|one| self.evaluated(one) == Some(Value::Bool(true))).into())
            }
            ("Fn::Equals", Value::Array(sides)) => {
                Some((self.evaluated(&sides[0])? == self.evaluated(&sides[1])?).into())
            }
            ("Fn::Split", Value::Array(call)) => {
                let text = self.evaluated(&call[1])?;
                let parts = text.as_str().expect("text").split(call[0].as_str().expect("text"));
                Some(parts.collect())
            }
            // Of a parameter's token there is one part only.
            ("Fn::Select", Value::Array(call)) => {
                let at = usize::try_from(call[0].as_u64().expect("a number")).expect("a small one");
                let parts = self.evaluated(&call[1])?;
                parts.get(at).or(parts.get(0)).cloned()
            }
            ("Fn::Join", Value::Array(call)) => match self.evaluated(&call[1])? {
                Value::Array(items) => {
                    let texts: Vec<&str> = items.iter().map(|item| item.as_str().expect("text")).collect();
                    Some(texts.join(call[0].as_str().expect("text")).into())
                }
                text => Some(text),
            },
            _ => panic!("{function} of {argument}"),
        }
    }

    fn holds(&self, condition: &str) -> bool {
        let conditions = self.conditions.expect("the template has conditions");
        let definition = conditions.get(condition).unwrap_or_else(|| panic!("no condition {condition}"));
        self.evaluated(definition) == Some(Value::Bool(true))
    }

    /// A parameter that is not given is empty text.
    fn referred(&self, name: &str) -> Value {
        match (name, self.parameters.get(name)) {
            ("AWS::Partition", _) => "{partition}".into(),
            ("AWS::Region", _) => "{region}".into(),
            ("AWS::AccountId", _) => "{account}".into(),
            (_, Some(value)) => value.clone().unwrap_or_else(|| "".into()),
            (id, None) => self.attribute(id, "Ref").into(),
        }
    }

    fn attribute(&self, id: &str, attribute: &str) -> String {
        let kind = self.types.get(id).unwrap_or_else(|| panic!("nothing is called {id}"));
        meaning(kind, id, attribute)
    }

    /// A state machine's properties with its substitutions put into its definition, as Step Functions does; others as
    /// they are.
    fn with_definition(&self, mut properties: Value) -> Value {
        let substitutions = properties.as_object_mut().and_then(|map| map.remove("DefinitionSubstitutions"));
        if let Some(Value::Object(own)) = substitutions {
            let text = properties["DefinitionString"].as_str().expect("text");
            properties["DefinitionString"] = self.substituted(text, &own).into();
        }
        properties
    }

    /// Names of `own` come before those of the template.
    fn substituted(&self, text: &str, own: &Map<String, Value>) -> String {
        let mut pieces = text.split("${");
        let mut substituted = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (name, rest) = piece.split_once('}').expect("a placeholder is closed");
            if let Some(literal) = name.strip_prefix('!') {
                substituted.extend(["${", literal, "}"]);
            } else if let Some(value) = own.get(name) {
                substituted.push_str(value.as_str().expect("text"));
            } else if let Some((id, attribute)) = name.split_once('.') {
                substituted.push_str(&self.attribute(id, attribute));
            } else {
                substituted.push_str(self.referred(name).as_str().expect("text"));
            }
            substituted.push_str(rest);
        }
        substituted
    }
}

fn kind(own: &str) -> &'static Kind {
    KINDS.iter().find(|kind| kind.own == own).unwrap_or_else(|| panic!("no stack speaks of {own}"))
}

/// What ends the logical id of a kind, and what `Ref` gives.
fn noun(kind: &Kind) -> (&'static str, &'static str) {
    let found = NOUNS.iter().find(|(name, ..)| *name == kind.name);
    found.map(|(_, noun, reference)| (*noun, *reference)).expect("every kind has its noun")
}

/// The label within a logical id.
fn label(kind: &Kind, id: &str) -> String {
    let label = id.strip_suffix(noun(kind).0).unwrap_or_else(|| panic!("{id} does not end in its kind"));
    snake(label)
}

/// What an attribute of a resource stands for.
fn meaning(own: &str, id: &str, attribute: &str) -> String {
    let kind = kind(own);
    let meant = match attribute {
        "Ref" => noun(kind).1.to_owned(),
        "QueueName" | "TopicName" => "name".to_owned(),
        other => other.to_lowercase(),
    };
    // The ARN of a log group ends in `:*` here.
    let streams = if kind.name == "log_group" && meant == "arn" { ":*" } else { "" };
    let name = if kind.name == "version" { "function" } else { kind.name };
    format!("{{{name}.{}.{meant}}}{streams}", label(kind, id))
}

/// A repository's lifecycle and a dashboard are text in the template, which ECR and CloudWatch read as JSON.
fn with_json(mut properties: Value) -> Value {
    for path in ["/LifecyclePolicy/LifecyclePolicyText", "/DashboardBody"] {
        if let Some(text) = properties.pointer_mut(path) {
            *text = serde_json::from_str(text.as_str().expect("text")).expect("JSON");
        }
    }
    properties
}

/// CloudFormation writes tags and dimensions as lists of pairs.
fn maps_for_pairs(mut properties: Value) -> Value {
    for (name, key) in [("tags", "Key"), ("dimensions", "Name")] {
        if let Some(list) = properties.get_mut(name) {
            *list = from_pairs(list, key);
        }
    }
    properties
}

/// The words of a snake-case name, each with a capital, run together.
fn pascal(snake: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    snake.split('_').map(word).collect()
}

fn snake(pascal: &str) -> String {
    let mut snake = String::new();
    for character in pascal.chars() {
        if character.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(character.to_lowercase());
    }
    snake
}

/// The value of a parameter; that of one which decides what there is has to be a real one.
fn given(parameter: &Parameter, optional: Optional) -> Option<Value> {
    if parameter.key == ParameterKey::CreateLockTable {
        Some("true".into())
    } else {
        let value = optional.value(parameter);
        // What stack.yaml says is taken away by a word.
        let is_said = parameter.default.as_ref().is_some_and(|value| *value != StackValue::List(Vec::new()));
        value.or_else(|| is_said.then(|| "none".into()))
    }
}

//! Expressions and templates to values, over the variables and `$states` of a moment.

use std::cell::RefCell;
use std::rc::Rc;

use jsonata_core::evaluator::{Context, Evaluator, EvaluatorOptions};
use jsonata_core::value::JValue;

use super::data::{SizedValue, Variables, map_of, object_of, text_bytes, type_name};
use super::failure::Failure;
use super::functions::{self, EvaluationEnvironment};
use super::memo::Memoized;
use super::observer::{Evaluation, EvaluationObserver};
use super::template::{Template, Whole};
use crate::expression::{Expression, StatesUse};
use crate::random::Random;
use crate::time::Moment;

/// The one evaluator of a program. What it compiles for an expression is kept for the next evaluation.
pub(super) struct Engine {
    evaluator: RefCell<Evaluator>,
    environment: Rc<EvaluationEnvironment>,
    /// Is told of every evaluation.
    pub observer: RefCell<Option<EvaluationObserver>>,
}

/// What a field is evaluated over.
pub(super) struct Sources<'a> {
    pub variables: &'a Variables,
    pub input: &'a JValue,
    pub result: Option<&'a JValue>,
    pub error_output: Option<&'a JValue>,
    /// Makes the context object; most expressions do not read it.
    pub context: &'a dyn Fn() -> JValue,
    pub now: Moment,
    pub random: &'a Random,
}

impl Sources<'_> {
    fn states(&self, reads: StatesUse) -> JValue {
        let mut fields = map_of(4);
        if reads.input {
            fields.insert("input".to_owned(), self.input.clone());
        }
        if let Some(result) = self.result.filter(|_| reads.result) {
            fields.insert("result".to_owned(), result.clone());
        }
        if let Some(error_output) = self.error_output.filter(|_| reads.error_output) {
            fields.insert("errorOutput".to_owned(), error_output.clone());
        }
        if reads.context {
            fields.insert("context".to_owned(), (self.context)());
        }
        object_of(fields)
    }

    /// Everything that a pure expression can read.
    fn sources<'s>(&'s self, expression: &Expression) -> Vec<Option<&'s JValue>> {
        let mut sources: Vec<_> =
            expression.variables().iter().map(|name| self.variables.get(name)).collect();
        if let Some(reads) = expression.states() {
            sources.push(reads.input.then_some(self.input));
            sources.push(self.result.filter(|_| reads.result));
            sources.push(self.error_output.filter(|_| reads.error_output));
        }
        sources
    }

    /// The object that an expression's tree binds its names from.
    fn bound(&self, expression: &Expression) -> JValue {
        let names = expression.variables();
        if names.is_empty() && expression.states().is_none() {
            return JValue::Undefined;
        }
        let mut fields = map_of(names.len() + 1);
        for name in names {
            if let Some(value) = self.variables.get(name) {
                fields.insert(name.clone(), value.clone());
            }
        }
        if let Some(reads) = expression.states() {
            fields.insert("states".to_owned(), self.states(reads));
        }
        object_of(fields)
    }
}

/// How deep an expression may nest, calls of its own functions included (docs/aws.md, fact J3).
const DEPTH_MAX: usize = 100;
/// What one evaluation may hold, as far as it shows: a text of so many bytes (fact J3).
const EVALUATION_BYTES_MAX: usize = 6_990_256;
/// The longest sequence, which fills that: each item takes eight bytes.
const SEQUENCE_LENGTH_MAX: usize = EVALUATION_BYTES_MAX / 8;
/// The block and the binding that [`Expression`] puts around what is written.
const DEPTH_OF_BINDING: usize = 1;

/// What Step Functions refuses, an evaluation here refuses too. Its bound in time is not modelled: time is virtual.
fn bounds() -> EvaluatorOptions {
    EvaluatorOptions {
        max_stack_depth: Some(DEPTH_MAX + DEPTH_OF_BINDING),
        max_sequence_length: Some(SEQUENCE_LENGTH_MAX),
        ..EvaluatorOptions::default()
    }
}

/// An object of the given fields.
pub(super) fn object<const N: usize>(fields: [(&str, JValue); N]) -> JValue {
    let mut map = map_of(N);
    map.extend(fields.into_iter().map(|(key, value)| (key.to_owned(), value)));
    object_of(map)
}

impl Engine {
    pub(super) fn new() -> Self {
        let evaluator = |environment: &Rc<EvaluationEnvironment>| {
            let mut evaluator = Evaluator::with_options(Context::new(), bounds());
            functions::register(&mut evaluator, environment);
            evaluator
        };
        let environment = |inner| Rc::new(EvaluationEnvironment::new(inner, Random::seeded(0)));
        // What is asked for items reads neither clock nor chance, and asks for no items in turn.
        let environment = environment(evaluator(&environment(Evaluator::new())));
        let evaluator = evaluator(&environment);
        Self { evaluator: RefCell::new(evaluator), environment, observer: RefCell::default() }
    }

    /// The value of a field.
    pub(super) fn field(
        &self,
        name: &str,
        template: &Template,
        over: &Sources<'_>,
    ) -> Result<SizedValue, Failure> {
        match template {
            Template::Constant(constant) => Ok(constant.clone()),
            Template::Expression(remembering) => {
                let expression = &remembering.expression;
                let sources = if expression.is_pure() { over.sources(expression) } else { Vec::new() };
                remembering.value(&sources, || self.expression(name, remembering, over))
            }
            Template::Array(items) => {
                let mut values = Vec::with_capacity(items.len());
                let mut bytes = 2 + items.len().saturating_sub(1);
                for (index, item) in items.iter().enumerate() {
                    let item = self.field(&format!("{name}[{index}]"), item, over)?;
                    bytes += item.bytes;
                    values.push(item.value);
                }
                Ok(SizedValue { value: JValue::array(values), bytes })
            }
            Template::Object(fields) => {
                let mut map = map_of(fields.len());
                let mut bytes = 2 + fields.len().saturating_sub(1);
                for (key, field) in fields {
                    let field = self.field(key, field, over)?;
                    bytes += text_bytes(key) + 1 + field.bytes;
                    map.insert(key.clone(), field.value);
                }
                Ok(SizedValue { value: object_of(map), bytes })
            }
        }
    }

    /// The value of a field that must be a boolean.
    pub(super) fn boolean(
        &self,
        name: &str,
        template: &Template,
        over: &Sources<'_>,
    ) -> Result<bool, Failure> {
        let value = self.field(name, template, over)?.value;
        value.as_bool().ok_or_else(|| unexpected_type(name, template, "boolean", &value))
    }

    /// The value of a field that must be a text.
    pub(super) fn text(
        &self,
        name: &str,
        template: &Template,
        over: &Sources<'_>,
    ) -> Result<Rc<str>, Failure> {
        let value = self.field(name, template, over)?.value;
        value.as_rc_str().cloned().ok_or_else(|| unexpected_type(name, template, "string", &value))
    }

    /// The value of a field that must be a whole number within bounds.
    pub(super) fn whole(&self, name: &str, whole: &Whole, over: &Sources<'_>) -> Result<u32, Failure> {
        let value = self.field(name, whole.template(), over)?.value;
        whole.of(&value).ok_or_else(|| unexpected_type(name, whole.template(), "integer", &value))
    }

    fn expression(
        &self,
        name: &str,
        remembering: &Memoized,
        over: &Sources<'_>,
    ) -> Result<SizedValue, Failure> {
        let expression = &remembering.expression;
        self.environment.steps.replace(Rc::clone(&remembering.steps));
        self.environment.now.set(over.now);
        self.environment.random.continue_from(over.random);
        let bound = over.bound(expression);
        let evaluated = self.evaluator.borrow_mut().evaluate(expression.tree(), &bound);
        let evaluated = evaluated.map_err(|error| error.message().to_owned());
        over.random.continue_from(&self.environment.random);
        let source = expression.source();
        if let Some(observer) = &*self.observer.borrow() {
            let evaluated = evaluated.as_ref().map_err(String::as_str);
            observer(&Evaluation { source, now: over.now, bound: &bound, evaluated });
        }
        let said = |what: String| {
            Failure::query(format!(
                "The JSONata expression '{source}' specified for the field '{name}' {what}"
            ))
        };
        let value = evaluated.map_err(|error| said(format!("threw an error during evaluation. {error}")))?;
        if value.as_str().is_some_and(|text| text.len() > EVALUATION_BYTES_MAX) {
            return Err(said("threw an error during evaluation. Its memory limit is exceeded.".to_owned()));
        }
        if value.is_undefined() {
            return Err(said("returned nothing (undefined).".to_owned()));
        }
        SizedValue::from_expression(value).map_err(|kind| said(format!("returned {kind}, which is no JSON.")))
    }
}

fn unexpected_type(name: &str, template: &Template, expected: &str, value: &JValue) -> Failure {
    let source = match template {
        Template::Expression(remembering) => remembering.expression.source(),
        _ => "",
    };
    Failure::query(format!(
        "The JSONata expression '{source}' specified for the field '{name}' returned an unexpected result type. \
         Expected '{expected}', but was '{}' for value: {}",
        type_name(value),
        super::data::to_json(value)
    ))
}

/// An array that a field must be.
pub(super) fn array(name: &str, template: Option<&Template>, value: &JValue) -> Result<Vec<JValue>, Failure> {
    match (value, template) {
        (JValue::Array(items), _) => Ok(items.to_vec()),
        (other, Some(template)) => Err(unexpected_type(name, template, "array", other)),
        (other, None) => {
            let kind = type_name(other);
            Err(Failure::query(format!(
                "The state's input is iterated over, but it is no array: it is '{kind}'."
            )))
        }
    }
}

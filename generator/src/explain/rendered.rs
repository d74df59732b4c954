//! A stack and what it is rendered to.

use crate::construct::AsgRecycle;
use crate::names;
use crate::render::{Emitted, FORMATS, Files, OutputFormat};
use crate::stack::value::Value;
use crate::stack::{Place, Stack};

/// A format with the files that it makes of the stack, and the resources in them.
pub(super) struct InFormat {
    pub(super) format: &'static dyn OutputFormat,
    pub(super) resources: Vec<Emitted>,
}

/// A stack and what it is rendered to.
pub(super) struct Rendered<'a> {
    pub(super) stack: &'a Stack,
    /// The same, with every parameter given: what depends on one is shown, too.
    given: Stack,
    pub(super) formats: Vec<InFormat>,
}

impl<'a> Rendered<'a> {
    pub(super) fn of(recycle: &'a AsgRecycle) -> Self {
        let stack = recycle.stack();
        let mut given = stack.clone();
        for parameter in &mut given.parameters {
            let name = Value::from(format!("<{}>", parameter.key.as_str()));
            match &parameter.default {
                None => parameter.default = Some(name),
                Some(Value::List(items)) if items.is_empty() => {
                    parameter.default = Some(Value::list([name]));
                }
                Some(_) => {}
            }
        }
        let in_format = |format: &&'static dyn OutputFormat| {
            let files: Files = recycle.synth(*format);
            InFormat { format: *format, resources: format.emitted(&files) }
        };
        Self { stack, given, formats: FORMATS.iter().map(in_format).collect() }
    }

    /// A value in words, with parameters at their defaults, or by name where they have none.
    pub(super) fn shown(&self, value: &Value) -> Vec<String> {
        self.shown_of(&self.given, value)
    }

    /// The same, where nothing is given besides the defaults.
    pub(super) fn shown_by_default(&self, value: &Value) -> Vec<String> {
        self.shown_of(self.stack, value)
    }

    fn shown_of(&self, stack: &Stack, value: &Value) -> Vec<String> {
        let region = &self.stack.guide.region;
        let place = Place { partition: names::partition(region), region, account: "ACCOUNT" };
        match stack.resolve(value, place) {
            None => Vec::new(),
            Some(serde_json::Value::String(text)) => vec![text],
            Some(serde_json::Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
                .collect(),
            Some(other) => vec![other.to_string()],
        }
    }
}

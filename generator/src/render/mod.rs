//! A [`Stack`] to the files of one output format.

mod cloudformation;
mod hcl;
mod readme;
mod terraform;
mod yaml;

use std::collections::BTreeMap;

use minijinja::Environment;
use minijinja::value::{Serde, ValueKind};
use serde::{Deserialize, Serialize};

use crate::stack::Stack;
use crate::stack::value::Value;
use crate::template;

pub use cloudformation::CloudFormation;
pub use terraform::Terraform;

/// Generated files: path under the output folder, `/`-separated, to contents.
pub type Files = BTreeMap<String, Vec<u8>>;

/// An output format.
pub trait Format: Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;
    /// Its files.
    fn render(&self, stack: &Stack) -> Files;
}

/// Every format, in the order documented.
pub const FORMATS: &[&dyn Format] = &[&Terraform, &CloudFormation];

/// The files that belong to no format: the state machine's definition, which every format embeds unchanged, and
/// the `README.md` for the person who deploys the stack.
pub fn shared(stack: &Stack) -> Files {
    let definition = (stack.machine.file.to_owned(), stack.machine.definition.clone().into_bytes());
    let readme = ("README.md".to_owned(), readme::render(stack).into_bytes());
    Files::from([definition, readme])
}

/// A template environment in which `filter` prints values: `value | filter` or `value | filter(indent)`.
fn environment(
    filter: &'static str,
    print: impl Fn(&Value, usize) -> String + Send + Sync + 'static,
) -> Environment<'static> {
    let mut environment = template::environment();
    environment.add_filter(filter, move |value: minijinja::Value, indent: Option<usize>| {
        read(value).map(|value| print(&value, indent.unwrap_or_default()))
    });
    environment
}

/// Templates see plain texts, numbers and truth values of the model as well as its [`Value`]s.
fn read(value: minijinja::Value) -> Result<Value, minijinja::Error> {
    match value.kind() {
        ValueKind::String => Ok(Value::Text(value.to_string())),
        ValueKind::Bool => Ok(Value::Bool(value.is_true())),
        ValueKind::Number => u64::try_from(value).map(Value::Number),
        _ => Value::deserialize(value),
    }
}

/// What templates see of something.
fn seen(thing: impl Serialize) -> minijinja::Value {
    Serde(thing).into()
}

/// What a parameter's values have to be, with their greatest length.
fn bounded(meaning: &str, length_max: Option<usize>) -> String {
    match length_max {
        Some(most) => format!("{meaning}, at most {most} characters"),
        None => meaning.to_owned(),
    }
}

/// Prints one template.
///
/// # Panics
/// If the template is faulty or absent: templates are compiled in, so the first test to render meets it.
fn print(environment: &Environment<'_>, name: &str, context: &minijinja::Value) -> String {
    let printed = environment.get_template(name).and_then(|template| template.render(context));
    printed.unwrap_or_else(|error| panic!("{}", innermost(&error)))
}

/// The fault itself, without the includes that led to it.
fn innermost(error: &minijinja::Error) -> String {
    let mut error: &dyn std::error::Error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    format!("{error:#}")
}

/// The words of a snake-case name, each with a capital, run together.
fn pascal(snake: &str) -> String {
    snake.split('_').map(capitalised).collect()
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().into_iter().flat_map(char::to_uppercase).chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_pascal_case() {
        assert_eq!(pascal("handler_s3_bucket"), "HandlerS3Bucket");
        assert_eq!(pascal("events"), "Events");
    }
}

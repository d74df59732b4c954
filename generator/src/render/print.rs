//! How templates are printed: the environment, what they see, and the words that every format needs.

use minijinja::value::{Serde, ValueKind};
use minijinja::{Environment, Error, ErrorKind};
use serde::Serialize;

use crate::stack::parameter::ParameterKind;
use crate::stack::value::Value;
use crate::template;

/// The folder of the templates of what people read.
pub(super) const GUIDES: &str = "readme";

/// A template environment for a folder's templates in which `filter` prints values: `value | filter` or
/// `value | filter(indent)`.
pub(super) fn environment(
    folder: &'static str,
    filter: &'static str,
    print: impl Fn(&Value, usize) -> String + Send + Sync + 'static,
) -> Environment<'static> {
    let mut environment = template::compiled(folder);
    environment.add_filter(filter, move |value: minijinja::Value, indent: Option<usize>| {
        let indent = indent.unwrap_or_default();
        match value.downcast_object_ref() {
            Some(value) => Ok(print(value, indent)),
            None => plain(value).map(|value| print(&value, indent)),
        }
    });
    environment
}

/// Templates see plain texts, numbers and truth values of the model as well as its [`Value`]s.
fn plain(value: minijinja::Value) -> Result<Value, minijinja::Error> {
    match value.kind() {
        ValueKind::String => Ok(Value::Text(value.to_string())),
        ValueKind::Bool => Ok(Value::Bool(value.is_true())),
        ValueKind::Number => u64::try_from(value).map(Value::Number),
        kind => Err(Error::new(ErrorKind::InvalidOperation, format!("{kind} is no value of the model"))),
    }
}

/// What templates see of something.
pub(super) fn seen(thing: impl Serialize) -> minijinja::Value {
    Serde(thing).into()
}

/// What a parameter's values have to be, with their greatest length.
pub(super) fn bounded(meaning: &str, length_max: Option<usize>, kind: ParameterKind) -> String {
    match length_max {
        Some(most) if kind == ParameterKind::TextList => format!("{meaning}, at most {most} of them"),
        Some(most) => format!("{meaning}, at most {most} characters"),
        None => meaning.to_owned(),
    }
}

/// Prints one template.
///
/// # Panics
/// If the template is faulty or absent: templates are compiled in, so the first test to render meets it.
pub(super) fn print(environment: &Environment<'_>, name: &str, context: &minijinja::Value) -> String {
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
pub(super) fn pascal(snake: &str) -> String {
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

//! Values as HCL expressions, laid out as `terraform fmt` wants them.

use crate::stack::parameter::ParameterKey;
use crate::stack::value::{Attribute, Reference, Resource, ResourceKind, Value, When};

/// Longest line that a list is kept on, in characters.
const LINE_LENGTH_MAX: usize = 100;

/// Spaces that a level is indented by.
const STEP: usize = 2;

/// An expression. Lines after the first are indented by `indent` spaces, and further where they are nested.
pub(super) fn expression(value: &Value, indent: usize) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::List(items) => list(items, indent),
        Value::Map(entries) => map(entries, indent),
        Value::Reference(reference) => match address(reference) {
            (address, "") => address,
            (address, rest) => format!("\"${{{address}}}{rest}\""),
        },
        Value::Joined(parts) => format!("\"{}\"", parts.iter().map(part).collect::<String>()),
        Value::When(when) => conditional(when, indent),
    }
}

/// A Terraform variable.
pub(super) fn variable(key: ParameterKey) -> String {
    format!("var.{}", key.as_str())
}

/// Text in quotes: nothing in it is read as an escape or a template.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

fn escaped(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    escaped.replace("${", "$${").replace("%{", "%%{")
}

fn part(part: &Value) -> String {
    match part {
        Value::Text(text) => escaped(text),
        Value::Reference(reference) => {
            let (address, rest) = address(reference);
            format!("${{{address}}}{rest}")
        }
        other => format!("${{{}}}", expression(other, 0)),
    }
}

fn conditional(when: &When, indent: usize) -> String {
    let variable = variable(when.given);
    if when.otherwise.is_none() && when.then == Value::parameter(when.given) {
        return variable; // null leaves the argument out
    }
    let otherwise = when.otherwise.as_ref().map_or("null".to_owned(), |value| expression(value, indent));
    let absent =
        if when.given.is_list() { format!("length({variable}) == 0") } else { format!("{variable} == null") };
    format!("{absent} ? {otherwise} : {}", expression(&when.then, indent))
}

fn list(items: &[Value], indent: usize) -> String {
    let printed: Vec<String> = items.iter().map(|item| expression(item, indent + STEP)).collect();
    let line = format!("[{}]", printed.join(", "));
    if !line.contains('\n') && indent + line.len() <= LINE_LENGTH_MAX {
        return line;
    }
    let pad = " ".repeat(indent + STEP);
    format!("[\n{pad}{},\n{}]", printed.join(&format!(",\n{pad}")), " ".repeat(indent))
}

/// One entry stands on the line, unless there is another map in it.
fn map(entries: &[(String, Value)], indent: usize) -> String {
    if entries.is_empty() {
        return "{}".to_owned();
    }
    let lines =
        entries.iter().map(|(name, value)| format!("{} = {}", key(name), expression(value, indent + STEP)));
    let lines: Vec<String> = lines.collect();
    if let ([line], [(_, value)]) = (&lines[..], entries)
        && !line.contains('\n')
        && !matches!(value, Value::Map(_))
    {
        return format!("{{ {line} }}");
    }
    let pad = " ".repeat(indent + STEP);
    format!("{{\n{pad}{}\n{}}}", lines.join(&format!("\n{pad}")), " ".repeat(indent))
}

fn key(name: &str) -> String {
    let identifier = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic());
    // Words of the language: `{ for ...` would begin an expression.
    let is_word = matches!(name, "for" | "if" | "in" | "null" | "true" | "false");
    if starts_well && !is_word && name.chars().all(identifier) { name.to_owned() } else { quoted(name) }
}

/// What refers to it, and text that follows that.
fn address(reference: &Reference) -> (String, &'static str) {
    match reference {
        Reference::Parameter(key) => (variable(*key), ""),
        Reference::Prefix => ("local.prefix".to_owned(), ""),
        Reference::Partition => ("data.aws_partition.current.partition".to_owned(), ""),
        Reference::Region => ("data.aws_region.current.region".to_owned(), ""),
        Reference::Account => ("data.aws_caller_identity.current.account_id".to_owned(), ""),
        Reference::Attribute(resource, attribute) => {
            let (name, rest) = attribute_name(resource.kind, *attribute);
            (format!("{}.{name}", resource_address(resource)), rest)
        }
    }
}

/// Type and label: stable, for others may move or import it by this.
pub(super) fn resource_address(resource: &Resource) -> String {
    let kind = match resource.kind {
        ResourceKind::Function => "aws_lambda_function",
        ResourceKind::Key => "aws_kms_key",
        ResourceKind::LogGroup => "aws_cloudwatch_log_group",
        ResourceKind::Machine => "aws_sfn_state_machine",
        ResourceKind::Queue => "aws_sqs_queue",
        ResourceKind::Role => "aws_iam_role",
        ResourceKind::Rule => "aws_cloudwatch_event_rule",
        ResourceKind::Topic => "aws_sns_topic",
    };
    format!("{kind}.{}", resource.label)
}

fn attribute_name(kind: ResourceKind, attribute: Attribute) -> (&'static str, &'static str) {
    match (kind, attribute) {
        (ResourceKind::LogGroup, Attribute::Arn) => ("arn", ":*"),
        (_, Attribute::Arn) => ("arn", ""),
        (ResourceKind::Function, Attribute::Name) => ("function_name", ""),
        (ResourceKind::Key, Attribute::Name) => ("key_id", ""),
        (_, Attribute::Name) => ("name", ""),
        (_, Attribute::Url) => ("url", ""),
    }
}

/// Aligns the equals signs of neighbouring one-line arguments, as `terraform fmt` does.
pub(super) fn aligned(text: &str) -> String {
    let mut aligned = String::with_capacity(text.len());
    let mut run: Vec<Argument<'_>> = Vec::new();
    for line in text.lines() {
        match Argument::read(line) {
            Some(argument) if run.last().is_none_or(|last| last.indent() == argument.indent()) => {
                run.push(argument);
            }
            argument => {
                flush(&mut run, &mut aligned);
                match argument {
                    Some(argument) => run.push(argument),
                    None => aligned.extend([line, "\n"]),
                }
            }
        }
    }
    flush(&mut run, &mut aligned);
    aligned
}

fn flush(run: &mut Vec<Argument<'_>>, text: &mut String) {
    let width = run.iter().map(Argument::columns).max().unwrap_or_default();
    for argument in run.drain(..) {
        let padding = " ".repeat(width - argument.columns());
        text.extend([argument.name, &padding, " = ", argument.value, "\n"]);
    }
}

/// Where the quotation mark is that ends a text.
fn quote_at(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, character)| {
        let ends = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        ends.then_some(at)
    })
}

/// A line that holds one whole argument.
struct Argument<'a> {
    /// With its indentation.
    name: &'a str,
    value: &'a str,
}

impl<'a> Argument<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let indent = line.len() - line.trim_start().len();
        let length = match line[indent..].strip_prefix('"') {
            Some(rest) => quote_at(rest)? + 2,
            None => line[indent..].find(' ')?,
        };
        let (name, rest) = line.split_at(indent + length);
        let value = rest.strip_prefix(" = ")?;
        let is_name = length > 0 && (line[indent..].starts_with('"') || !name.contains('"'));
        (is_name && !value.ends_with(['{', '[', '('])).then_some(Self { name, value })
    }

    /// Columns that the name takes with its indentation.
    fn columns(&self) -> usize {
        self.name.chars().count()
    }

    fn indent(&self) -> usize {
        self.name.len() - self.name.trim_start().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::value::{EVENTS_QUEUE, MACHINE_LOGS};

    #[track_caller]
    fn check(value: impl Into<Value>, expected: &str) {
        assert_eq!(expression(&value.into(), 0), expected);
    }

    #[test]
    fn text_is_never_read_as_a_template() {
        check("a \"b\" ${c} %{d} \\e", r#""a \"b\" $${c} %%{d} \\e""#);
    }

    #[test]
    fn references_are_addresses() {
        check(EVENTS_QUEUE.url(), "aws_sqs_queue.events.url");
        check(Value::prefixed("-x"), "\"${local.prefix}-x\"");
        check(MACHINE_LOGS.arn(), "\"${aws_cloudwatch_log_group.machine.arn}:*\"");
    }

    #[test]
    fn an_optional_argument_is_null_where_nothing_is_given() {
        check(Value::optional(ParameterKey::RunbookUrl), "var.runbook_url");
        check(Value::or_empty(ParameterKey::RunbookUrl), "var.runbook_url == null ? \"\" : var.runbook_url");
    }

    #[test]
    fn keys_are_quoted_where_they_are_no_identifiers() {
        check(Value::map([("plain", 1), ("aws:SourceArn", 2)]), "{\n  plain = 1\n  \"aws:SourceArn\" = 2\n}");
        check(Value::map([("for", 1)]), "{ \"for\" = 1 }");
    }

    #[test]
    fn neighbouring_arguments_are_aligned_and_blocks_part_them() {
        let text = "  a = 1\n  long_name = \"x = y\"\n  policy = jsonencode({\n    b = 1\n  })\n  c = 2\n";
        let expected =
            "  a         = 1\n  long_name = \"x = y\"\n  policy = jsonencode({\n    b = 1\n  })\n  c = 2\n";
        assert_eq!(aligned(text), expected);
    }

    #[test]
    fn keys_in_quotes_are_aligned_whatever_is_in_them() {
        let text = "  \"a b\" = 1\n  \"a = \\\"b\" = 2\n  \"\u{dc}\u{dc}\u{dc}\" = \"x\"\n  c = 3\n";
        let expected =
            "  \"a b\"     = 1\n  \"a = \\\"b\" = 2\n  \"\u{dc}\u{dc}\u{dc}\"     = \"x\"\n  c         = 3\n";
        assert_eq!(aligned(text), expected);
    }
}

//! What the state machine tells the outside: published messages and invoked functions.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::time::Moment;

use super::arguments::Arguments;
use super::context::Context;
use super::errors::AwsError;
use super::request::Request;

/// A message.
#[derive(Debug, Clone)]
pub struct Message {
    /// When.
    pub moment: Moment,
    /// ARN of the topic, or the function's name.
    pub to: String,
    /// The subject of a published message.
    pub subject: Option<String>,
    /// The body: a published message's text, or a function's payload.
    pub body: Value,
    /// A published message's attributes.
    pub attributes: Value,
    /// The texts of a published message by the protocol whose subscribers get it, `default` among them; none where all get the body.
    pub by_protocol: BTreeMap<String, String>,
}

/// All messages, in order, and whom they can be sent to.
#[derive(Debug, Clone)]
pub struct Messages {
    /// Those published.
    pub published: Vec<Message>,
    /// Those that functions were invoked with.
    pub invoked: Vec<Message>,
    /// ARNs of topics that exist.
    topics: Vec<String>,
    /// Names or ARNs of functions that exist.
    functions: Vec<String>,
}

impl Messages {
    /// Nothing said yet, to those who can be reached.
    pub(crate) fn new(topics: Vec<String>, functions: Vec<String>) -> Self {
        Self { published: Vec::new(), invoked: Vec::new(), topics, functions }
    }
}

/// Longest subject, in characters.
const SUBJECT_MAX: usize = 100;

/// Publishes to a topic.
pub(crate) fn publish(
    messages: &mut Messages,
    context: &Context,
    request: &Request<'_>,
) -> Result<Value, AwsError> {
    let known = ["TopicArn", "Message", "Subject", "MessageAttributes", "MessageStructure"];
    let arguments = Arguments::of(request.action, request.arguments, &known)?;
    let topic = arguments.text("TopicArn")?;
    let body = arguments.text("Message")?;
    let by_protocol = match arguments.text_if_given("MessageStructure")? {
        Some("json") if !body.is_empty() => texts(body)?,
        _ => BTreeMap::new(),
    };
    let body = by_protocol.get("default").map_or(body, String::as_str);
    let subject = arguments.text_if_given("Subject")?;
    let attributes = arguments.get("MessageAttributes").cloned().unwrap_or_else(|| json!({}));
    if !messages.topics.iter().any(|one| one == topic) {
        return Err(AwsError::Modelled {
            name: "NotFoundException",
            status: 404,
            message: "Topic does not exist".to_owned(),
        });
    }
    if body.is_empty() {
        return Err(invalid("Empty message"));
    }
    let good = |text: &str| {
        let printable = text.chars().all(|c| c.is_ascii() && !c.is_ascii_control());
        printable && !text.is_empty() && !text.starts_with(' ') && text.len() <= SUBJECT_MAX
    };
    if subject.is_some_and(|subject| !good(subject)) {
        return Err(invalid("Subject"));
    }
    check_attributes(&attributes)?;
    messages.published.push(Message {
        moment: context.now,
        to: topic.to_owned(),
        subject: subject.map(str::to_owned),
        body: body.into(),
        attributes,
        by_protocol: by_protocol.clone(),
    });
    Ok(json!({"MessageId": format!("00000000-0000-4000-8000-{:012x}", request.number)}))
}

/// The texts of a structure; AWS takes none without the one for whom it has nothing else (fact N4).
fn texts(message: &str) -> Result<BTreeMap<String, String>, AwsError> {
    let texts: Option<BTreeMap<String, String>> = serde_json::from_str(message).ok();
    let texts = texts.filter(|texts| texts.contains_key("default"));
    texts.ok_or_else(|| invalid("Message Structure - No default entry in JSON message body"))
}

fn check_attributes(attributes: &Value) -> Result<(), AwsError> {
    let fields = attributes.as_object().ok_or_else(|| AwsError::refused("MessageAttributes is no object"))?;
    for (name, attribute) in fields {
        let attribute =
            Arguments::of("a message attribute", attribute, &["DataType", "StringValue", "BinaryValue"])?;
        attribute.text("DataType")?;
        if attribute.text_if_given("StringValue")?.is_some_and(str::is_empty) {
            return Err(AwsError::Modelled {
                name: "InvalidParameterValueException",
                status: 400,
                message: format!(
                    "The message attribute '{name}' must contain non-empty message attribute value for message \
                     attribute type 'String'."
                ),
            });
        }
    }
    Ok(())
}

fn invalid(what: &str) -> AwsError {
    let message = format!("Invalid parameter: {what}");
    AwsError::Modelled { name: "InvalidParameterException", status: 400, message }
}

/// Invokes a function.
pub(crate) fn invoke(
    messages: &mut Messages,
    context: &Context,
    request: &Request<'_>,
) -> Result<Value, AwsError> {
    let arguments = Arguments::of(
        request.action,
        request.arguments,
        &["FunctionName", "InvocationType", "Payload", "Qualifier"],
    )?;
    let name = arguments.text("FunctionName")?;
    if !messages.functions.iter().any(|one| one == name) {
        let message = format!("Function not found: {name}");
        return Err(AwsError::Modelled { name: "ResourceNotFoundException", status: 404, message });
    }
    let status = if arguments.text_if_given("InvocationType")? == Some("Event") { 202 } else { 200 };
    messages.invoked.push(Message {
        moment: context.now,
        to: name.to_owned(),
        subject: None,
        body: arguments.get("Payload").cloned().unwrap_or_else(|| json!({})),
        attributes: json!({}),
        by_protocol: BTreeMap::new(),
    });
    Ok(json!({"StatusCode": status, "Payload": {}}))
}

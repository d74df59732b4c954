//! The three services that the handler calls, as they go over the wire: forms and XML of Auto Scaling and SNS, JSON of Step
//! Functions. What is asked is handed on; nothing is answered here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};

use serde_json::{Map, Value, json};

use super::account::{AwsCall, ServiceFault};
use crate::http::{self, Call, PortError, Reply};
use crate::markup::escaped;

/// Longest request, in bytes: what Step Functions takes, and then some.
const REQUEST_MAX: u64 = 1 << 20;

/// Serves the account's endpoint on a port of its own; `ask` waits for its answers.
///
/// # Errors
/// If no port is to be had.
pub fn serve(
    ask: impl Fn(AwsCall) -> Result<Value, ServiceFault> + Send + Sync + 'static,
) -> Result<SocketAddr, PortError> {
    http::serve((Ipv4Addr::LOCALHOST, 0).into(), REQUEST_MAX, move |call| answer(call, &ask))
}

fn answer(call: &Call, ask: &dyn Fn(AwsCall) -> Result<Value, ServiceFault>) -> Reply {
    let body = String::from_utf8_lossy(&call.body);
    if let Some(target) = call.header("x-amz-target") {
        let action = target.rsplit('.').next().unwrap_or(target).to_owned();
        let arguments = serde_json::from_str(&body).unwrap_or(Value::Null);
        return match ask(AwsCall { action, arguments }) {
            Ok(answer) => Reply::json(200, answer),
            Err(ServiceFault { code, message }) => {
                Reply::json(400, json!({"__type": code, "message": message}))
            }
        };
    }
    let form = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let (action, arguments) = read(&form);
    match ask(AwsCall { action: action.clone(), arguments }) {
        Ok(answer) => {
            let mut text = format!("<{action}Response><{action}Result>");
            write_xml(&answer, &mut text);
            let _ = write!(text, "</{action}Result></{action}Response>"); // text takes text
            Reply::xml(200, text)
        }
        Err(ServiceFault { code, message }) => Reply::xml(
            400,
            format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{}</Message></Error>\
                 <RequestId>1</RequestId></ErrorResponse>",
                escaped(&message)
            ),
        ),
    }
}

/// A form as the arguments that the modelled services read.
fn read(form: &BTreeMap<String, String>) -> (String, Value) {
    let mut arguments = Map::new();
    for key in ["AutoScalingGroupNames", "InstanceIds"] {
        let texts = members(form, &format!("{key}.member"));
        if !texts.is_empty() {
            arguments.insert(key.to_owned(), json!(texts));
        }
    }
    let filter = |number: usize| {
        let name = form.get(&format!("Filters.member.{number}.Name"))?;
        Some(
            json!({"Name": name, "Values": members(form, &format!("Filters.member.{number}.Values.member"))}),
        )
    };
    let filters: Vec<Value> = (1..).map_while(filter).collect();
    if !filters.is_empty() {
        arguments.insert("Filters".to_owned(), Value::Array(filters));
    }
    for key in ["MaxRecords", "IncludeInstances", "NextToken", "Subject", "Message"] {
        let Some(text) = form.get(key) else { continue };
        let is_typed = ["MaxRecords", "IncludeInstances"].contains(&key);
        let typed = is_typed.then(|| serde_json::from_str(text).ok()).flatten();
        arguments.insert(key.to_owned(), typed.unwrap_or_else(|| json!(text)));
    }
    (form.get("Action").cloned().unwrap_or_default(), Value::Object(arguments))
}

fn members(form: &BTreeMap<String, String>, prefix: &str) -> Vec<String> {
    (1..).map_while(|number| form.get(&format!("{prefix}.{number}")).cloned()).collect()
}

/// A value as the content of an element; items of a list are elements `member`.
fn write_xml(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let _ = write!(text, "<{name}>");
                write_xml(field, text);
                let _ = write!(text, "</{name}>");
            }
        }
        Value::Array(items) => {
            for item in items {
                text.push_str("<member>");
                write_xml(item, text);
                text.push_str("</member>");
            }
        }
        Value::String(plain) => text.push_str(&escaped(plain)),
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) => text.push_str(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_into_arguments_with_their_types() {
        let body = "Action=DescribeAutoScalingGroups&Version=2011-01-01&AutoScalingGroupNames.member.1=a+b%26c\
                    &InstanceIds.member.1=i-1&InstanceIds.member.2=i-2&IncludeInstances=false&MaxRecords=100&Filters.member.1.Name=tag-key&Filters.member.1.Values.member.1=x";
        let form = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let (action, arguments) = read(&form);
        assert_eq!(action, "DescribeAutoScalingGroups");
        let filters = json!([{"Name": "tag-key", "Values": ["x"]}]);
        assert_eq!(
            arguments,
            json!({
                "AutoScalingGroupNames": ["a b&c"], "InstanceIds": ["i-1", "i-2"], "IncludeInstances": false, "MaxRecords": 100,
                "Filters": filters,
            })
        );
    }

    #[test]
    fn values_are_written_as_elements() {
        let mut text = String::new();
        write_xml(&json!({"A": [{"B": "x<&>"}, {"B": 2}], "C": null, "D": true}), &mut text);
        let expected =
            "<A><member><B>x&lt;&amp;&gt;</B></member><member><B>2</B></member></A><C></C><D>true</D>";
        assert_eq!(text, expected);
    }
}

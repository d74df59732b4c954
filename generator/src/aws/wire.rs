//! Calls and answers as they go over the wire: JSON, forms and XML. Pure.

use oxhttp::model::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::service::{AwsAction, Protocol};

/// A call, ready to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

/// Writes a call; `arguments` is an object, spelt as the service spells them.
pub(super) fn write(action: &AwsAction, arguments: &Value) -> Written {
    let (headers, body) = match action.service.protocol {
        Protocol::Json { version, target } => (
            vec![
                ("content-type", format!("application/x-amz-json-{version}")),
                ("x-amz-target", format!("{target}.{}", action.name)),
            ],
            arguments.to_string(),
        ),
        Protocol::Query { version } => form(action, version, ".member", arguments),
        Protocol::Ec2 { version } => form(action, version, "", arguments),
        Protocol::Path if action.method == "POST" => {
            (vec![("content-type", "application/json".to_owned())], "{}".to_owned())
        }
        Protocol::Path => (Vec::new(), String::new()),
    };
    Written { method: action.method, path: path(action, arguments), headers, body: body.into_bytes() }
}

/// The path with its arguments, each as one segment; those that it has no place for are its query.
fn path(action: &AwsAction, arguments: &Value) -> String {
    let mut path = action.path.to_owned();
    if action.service.protocol != Protocol::Path {
        return path;
    }
    let mut query = String::new();
    for (key, value) in arguments.as_object().into_iter().flatten() {
        let value = form_urlencoded::byte_serialize(value.as_str().unwrap_or_default().as_bytes());
        let (place, value) = (format!("{{{key}}}"), value.collect::<String>().replace('+', "%20"));
        if path.contains(&place) {
            path = path.replace(&place, &value);
        } else {
            query = format!("{query}{}{key}={value}", if query.is_empty() { '?' } else { '&' });
        }
    }
    path + &query
}

fn form(
    action: &AwsAction,
    version: &str,
    member: &str,
    arguments: &Value,
) -> (Vec<(&'static str, String)>, String) {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", action.name).append_pair("Version", version);
    let mut pairs = Vec::new();
    flatten("", member, arguments, &mut pairs);
    form.extend_pairs(pairs);
    let kind = "application/x-www-form-urlencoded; charset=utf-8".to_owned();
    (vec![("content-type", kind)], form.finish())
}

/// Values as pairs of a form: `Filters.member.1.Name`, or in EC2's way `Filter.1.Name`.
fn flatten(name: &str, member: &str, value: &Value, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                let inside = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                flatten(&inside, member, field, pairs);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                flatten(&format!("{name}{member}.{}", index + 1), member, item, pairs);
            }
        }
        Value::String(text) => pairs.push((name.to_owned(), text.clone())),
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) => pairs.push((name.to_owned(), value.to_string())),
    }
}

/// Reads an answer that is no error; what it is not is said.
pub(super) fn read<T: DeserializeOwned>(action: &AwsAction, body: &[u8]) -> Result<T, String> {
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    let strange = |why: String| format!("{why}; it begins with `{}`", beginning(text));
    let is_answer = text.contains(&format!("<{}Response", action.name));
    match action.service.protocol {
        Protocol::Json { .. } | Protocol::Path => {
            // An action that answers nothing may do so with an empty body.
            let text = if text.trim().is_empty() { "{}" } else { text };
            serde_json::from_str(text).map_err(|error| strange(error.to_string()))
        }
        // Every field of an answer may be left out, so a page of somebody else would be read as an empty one.
        Protocol::Query { .. } | Protocol::Ec2 { .. } if !is_answer => {
            Err(strange("it is no answer of AWS".to_owned()))
        }
        Protocol::Query { .. } => {
            let inside = element(text, &format!("{}Result", action.name)).unwrap_or(text);
            quick_xml::de::from_str(inside).map_err(|error| error.to_string())
        }
        Protocol::Ec2 { .. } => quick_xml::de::from_str(text).map_err(|error| error.to_string()),
    }
}

/// What an answer begins with, in one line.
fn beginning(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.trim_start().chars().take(60).map(plain).collect::<String>().trim_end().to_owned()
}

/// The first element of a name, with its tags.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let begins = text.find(&format!("<{name}>")).or_else(|| text.find(&format!("<{name} ")))?;
    let end = format!("</{name}>");
    let length = text[begins..].find(&end)? + end.len();
    Some(&text[begins..begins + length])
}

/// An error as a service words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) message: String,
}

/// `<ErrorResponse><Error>` of the form's services, `<Response><Errors><Error>` of EC2's.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct XmlRefusal {
    #[serde(rename = "Error")]
    error: XmlError,
    #[serde(rename = "Errors")]
    errors: XmlErrors,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct XmlErrors {
    #[serde(rename = "Error")]
    error: XmlError,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct XmlError {
    code: String,
    message: String,
}

/// Reads an error; one without a code has the status for one.
pub(super) fn refusal(action: &AwsAction, status: u16, headers: &HeaderMap, body: &[u8]) -> Refusal {
    let text = String::from_utf8_lossy(body);
    let (code, message) = match action.service.protocol {
        Protocol::Json { .. } | Protocol::Path => json_error(headers, &text),
        Protocol::Query { .. } | Protocol::Ec2 { .. } => {
            let read = quick_xml::de::from_str::<XmlRefusal>(&text).unwrap_or_default();
            let error = if read.error.code.is_empty() { read.errors.error } else { read.error };
            (error.code, error.message)
        }
    };
    Refusal { code: code_or_status(code, status), message: message.trim().to_owned() }
}

/// The code of an error; where the service gives none the status in words, e.g. `503 Service Unavailable`.
pub(super) fn code_or_status(code: String, status: u16) -> String {
    let in_words = || StatusCode::from_u16(status).map_or(status.to_string(), |status| status.to_string());
    if code.is_empty() { in_words() } else { code }
}

/// Code and message of an error as S3 words it: `<Error>` is the whole document.
pub(crate) fn s3_error(body: &[u8]) -> (String, String) {
    let error: XmlError = quick_xml::de::from_str(&String::from_utf8_lossy(body)).unwrap_or_default();
    (error.code, error.message)
}

/// `{"__type": "com.amazon.coral.service#AccessDeniedException", "message": ...}`, or the code in a header.
fn json_error(headers: &HeaderMap, text: &str) -> (String, String) {
    let read: Value = serde_json::from_str(text).unwrap_or_default();
    let said = |key: &str| read.get(key).and_then(Value::as_str);
    let header = headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    let code = said("__type").or(header).or_else(|| said("code")).unwrap_or_default();
    let code = code.rsplit('#').next().unwrap_or_default();
    let code = code.split(':').next().unwrap_or_default();
    (code.to_owned(), said("message").or_else(|| said("Message")).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::service::{AUTO_SCALING, EC2, LAMBDA, STATES, VPC_LATTICE};

    const GROUPS: AwsAction = AwsAction::repeatable(AUTO_SCALING, "DescribeAutoScalingGroups");
    const TEMPLATES: AwsAction = AwsAction::repeatable(EC2, "DescribeLaunchTemplates");
    const EXECUTION: AwsAction = AwsAction::repeatable(STATES, "DescribeExecution");

    fn body(action: &AwsAction, arguments: &Value) -> String {
        String::from_utf8(write(action, arguments).body).expect("text")
    }

    #[test]
    fn lists_are_numbered_as_the_service_has_it() {
        let arguments =
            json!({"MaxRecords": 100, "Filters": [{"Name": "tag-key", "Values": ["a b", "c&d"]}]});
        assert_eq!(
            body(&GROUPS, &arguments),
            "Action=DescribeAutoScalingGroups&Version=2011-01-01&MaxRecords=100&Filters.member.1.Name=tag-key\
             &Filters.member.1.Values.member.1=a+b&Filters.member.1.Values.member.2=c%26d"
        );
        assert_eq!(
            body(&TEMPLATES, &json!({"LaunchTemplateId": ["lt-1", "lt-2"], "NextToken": null})),
            "Action=DescribeLaunchTemplates&Version=2016-11-15&LaunchTemplateId.1=lt-1&LaunchTemplateId.2=lt-2"
        );
    }

    #[test]
    fn json_names_its_action_in_a_header_and_a_path_holds_its_arguments() {
        let written = write(&EXECUTION, &json!({"executionArn": "arn:x"}));
        assert_eq!(written.headers[1].1, "AWSStepFunctions.DescribeExecution");
        assert_eq!(written.body, br#"{"executionArn":"arn:x"}"#);
        let function = AwsAction::path(LAMBDA, "GetFunction", "/functions/{FunctionName}/configuration");
        let written = write(&function, &json!({"FunctionName": "a b"}));
        assert_eq!((written.method, &*written.path), ("GET", "/functions/a%20b/configuration"));
        let functions = AwsAction::path(LAMBDA, "ListFunctions", "/functions/");
        let written = write(&functions, &json!({"Marker": "a/b", "MaxItems": "50"}));
        assert_eq!(written.path, "/functions/?Marker=a%2Fb&MaxItems=50");
        let targets = AwsAction::posted(VPC_LATTICE, "ListTargets", "/targetgroups/{id}/listtargets");
        let written = write(&targets, &json!({"id": "tg-0", "maxResults": "100"}));
        assert_eq!(
            (written.method, &*written.path),
            ("POST", "/targetgroups/tg-0/listtargets?maxResults=100")
        );
        assert_eq!(written.body, b"{}");
    }

    #[test]
    fn answers_are_read_from_the_result_or_the_whole() {
        #[derive(Debug, Deserialize)]
        struct Named {
            #[serde(rename = "Name")]
            name: String,
        }
        let xml = "<?xml version=\"1.0\"?><DescribeAutoScalingGroupsResponse xmlns=\"http://x\">\
                   <DescribeAutoScalingGroupsResult><Name>a &amp; b</Name></DescribeAutoScalingGroupsResult>\
                   <ResponseMetadata/></DescribeAutoScalingGroupsResponse>";
        assert_eq!(read::<Named>(&GROUPS, xml.as_bytes()).expect("read").name, "a & b");
        let xml = "<DescribeLaunchTemplatesResponse><Name>c</Name></DescribeLaunchTemplatesResponse>";
        assert_eq!(read::<Named>(&TEMPLATES, xml.as_bytes()).expect("read").name, "c");
        assert_eq!(read::<Named>(&EXECUTION, br#"{"Name": "d"}"#).expect("read").name, "d");
        assert!(read::<Named>(&EXECUTION, b"").is_err());
        let page = b"\n<!doctype html>\n<title>Log in</title>";
        let strange = "it is no answer of AWS; it begins with `<!doctype html> <title>Log in</title>`";
        for action in [&GROUPS, &TEMPLATES] {
            assert_eq!(read::<Value>(action, page), Err(strange.to_owned()), "whoever answers so is not AWS");
        }
        assert!(
            read::<Named>(&EXECUTION, page)
                .is_err_and(|why| why.ends_with("it begins with `<!doctype html> <title>Log in</title>`"))
        );
    }

    #[test]
    fn errors_are_read_in_every_spelling() {
        let none = HeaderMap::new();
        let of = |action, body: &str| refusal(action, 400, &none, body.as_bytes());
        let expected = Refusal { code: "AccessDenied".to_owned(), message: "not you".to_owned() };
        let query = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not you</Message>\
                     </Error><RequestId>1</RequestId></ErrorResponse>";
        assert_eq!(of(&GROUPS, query), expected);
        let ec2 = "<Response><Errors><Error><Code>AccessDenied</Code><Message>not you</Message></Error></Errors>\
                   <RequestID>1</RequestID></Response>";
        assert_eq!(of(&TEMPLATES, ec2), expected);
        assert_eq!(of(&EXECUTION, r#"{"__type":"x.y#AccessDenied","message":"not you"}"#), expected);
        let mut headers = HeaderMap::new();
        headers.insert("x-amzn-errortype", "AccessDenied:http://x".parse().expect("a header"));
        assert_eq!(refusal(&EXECUTION, 403, &headers, br#"{"Message":"not you"}"#), expected);
        assert_eq!(of(&GROUPS, "gateway time-out").code, "400 Bad Request");
        assert_eq!(refusal(&EXECUTION, 500, &none, b"").code, "500 Internal Server Error");
    }
}

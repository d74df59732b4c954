//! The words of the three services as they go over the wire: form-encoded requests and XML answers of Auto Scaling and
//! SNS, JSON of Step Functions.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use super::http::Reply;

/// The fields of a form-encoded body.
pub(crate) fn form(body: &str) -> BTreeMap<String, String> {
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (decoded(key), decoded(value))).collect()
}

/// The values under `<prefix>.1`, `<prefix>.2` and so on.
pub(crate) fn members(form: &BTreeMap<String, String>, prefix: &str) -> Vec<String> {
    (1..).map_while(|number| form.get(&format!("{prefix}.{number}")).cloned()).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next(), rest.next()].map(|digit| digit.expect("two digits") as char);
                let digits: String = digits.into_iter().collect();
                bytes.push(u8::from_str_radix(&digits, 16).expect("hexadecimal digits"));
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A group as Auto Scaling describes it: its tags, and the launch template that it launches from.
pub(crate) fn group(name: &str, tags: &BTreeMap<String, String>, template: &str, version: &str) -> String {
    let mut text = format!(
        "<member><AutoScalingGroupName>{}</AutoScalingGroupName><LaunchTemplate><LaunchTemplateName>{}\
         </LaunchTemplateName><Version>{}</Version></LaunchTemplate><Tags>",
        escaped(name),
        escaped(template),
        escaped(version)
    );
    for (key, value) in tags {
        let (key, value) = (escaped(key), escaped(value));
        write!(
            text,
            "<member><Key>{key}</Key><Value>{value}</Value><PropagateAtLaunch>false</PropagateAtLaunch></member>"
        )
        .expect("text takes text");
    }
    text + "</Tags></member>"
}

/// One page of groups.
pub(crate) fn groups(members: &str, next_token: Option<&str>) -> Reply {
    let token = next_token.map(|token| format!("<NextToken>{token}</NextToken>")).unwrap_or_default();
    let body = format!(
        "<DescribeAutoScalingGroupsResponse xmlns=\"http://autoscaling.amazonaws.com/doc/2011-01-01/\">\
         <DescribeAutoScalingGroupsResult><AutoScalingGroups>{members}</AutoScalingGroups>{token}\
         </DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>"
    );
    Reply::xml(200, body)
}

/// An execution that was started.
pub(crate) fn started(execution_arn: &str) -> Reply {
    Reply::json(200, json!({"executionArn": execution_arn, "startDate": 1.0}).to_string())
}

/// A message that was published.
pub(crate) fn published() -> Reply {
    let body = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>1\
                </MessageId></PublishResult></PublishResponse>";
    Reply::xml(200, body.to_owned())
}

/// An error as the services that speak XML put it.
pub(crate) fn query_error(status: u16, code: &str) -> Reply {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>as ordered</Message></Error>\
         <RequestId>1</RequestId></ErrorResponse>"
    );
    Reply::xml(status, body)
}

/// An error as Step Functions puts it.
pub(crate) fn json_error(status: u16, code: &str) -> Reply {
    let body =
        json!({"__type": format!("com.amazonaws.swf.service.v2.model#{code}"), "message": "as ordered"});
    Reply::json(status, body.to_string())
}
